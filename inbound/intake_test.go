package inbound

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

func TestALetterIsRead(t *testing.T) {
	t.Parallel()
	for name, one := range map[string]struct{ message, from, called, text string }{
		"plain":              {"From: Ann <Ann@example.test>\r\n\r\nPlease delete", "ann@example.test", "Ann", "Please delete"},
		"Latin-1":            {"From: a@example.test\r\nContent-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nl=F6schen", "a@example.test", "", "löschen"},
		"HTML":               {"From: a@example.test\r\nContent-Type: text/html\r\n\r\n<style>x</style><script>y</script><p>Hi &amp; bye</p>", "a@example.test", "", "Hi & bye"},
		"alternative":        {"From: a@example.test\r\nContent-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\n<b>no</b>\r\n--b\r\nContent-Type: text/plain\r\n\r\nyes\r\n--b--\r\n", "a@example.test", "", "yes"},
		"no From":            {"Subject: x\r\n\r\nhi", "envelope@example.test", "", "hi"},
		"two From":           {"From: a@example.test\r\nFrom: b@example.test\r\n\r\nhi", "envelope@example.test", "", "hi"},
		"several addresses":  {"From: a@example.test, b@example.test\r\n\r\nhi", "envelope@example.test", "", "hi"},
		"a header in a name": {"From: =?utf-8?q?x=0D=0ABcc:_y?= <a@example.test>\r\n\r\nhi", "envelope@example.test", "", "hi"},
		"a turned name":      {"From: =?utf-8?q?x=E2=80=AEy?= <a@example.test>\r\n\r\nhi", "a@example.test", "xy", "hi"},
	} {
		letter, auto, err := readLetter([]byte(one.message), "envelope@example.test")
		require.NoError(t, err, name)
		require.False(t, auto, name)
		require.Equal(t, [3]string{one.from, one.called, one.text}, [3]string{letter.From, letter.FromName, letter.Text}, name)
	}
}

func TestMachinesWriteNoLetters(t *testing.T) {
	t.Parallel()
	for _, mark := range []string{"Auto-Submitted: auto-replied", "Precedence: bulk", "List-Id: <l.example.test>", "X-Auto-Response-Suppress: All", "Content-Type: multipart/report; boundary=b"} {
		_, auto, err := readLetter([]byte("From: a@example.test\r\n"+mark+"\r\n\r\ndelete"), "a@example.test")
		require.NoError(t, err)
		require.True(t, auto, mark)
	}
	_, auto, err := readLetter([]byte("From: a@example.test\r\n\r\ndelete"), "")
	require.NoError(t, err)
	require.True(t, auto)
}

// FuzzReadLetter: whatever a stranger sends, reading it ends and stays within its limits.
func FuzzReadLetter(f *testing.F) {
	f.Add([]byte("From: a@example.test\r\nContent-Type: text/html\r\n\r\n<p"), "a@example.test")
	f.Add([]byte("Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c"), "")
	f.Add([]byte("From: a@example.test\r\n\r\n"+strings.Repeat("x", 20<<10)), "a@example.test")
	f.Fuzz(func(t *testing.T, raw []byte, envelope string) {
		letter, _, err := readLetter(raw, envelope)
		if err != nil {
			return
		}
		for value, limit := range map[string]int{letter.From: 330, letter.FromName: maxNameBytes, letter.Subject: maxValueBytes, letter.MessageID: maxValueBytes, letter.Text: maxTextBytes} {
			if len(value) > limit || !utf8.ValidString(value) {
				t.Fatalf("value of %d bytes", len(value))
			}
		}
	})
}
