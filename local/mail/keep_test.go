package mail_test

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/emersion/go-smtp"
	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/local/mail"
)

func tlsTo(s *mail.Server) *tls.Config {
	return &tls.Config{RootCAs: s.CAPool(), ServerName: "localhost"}
}

func TestWhatWasReceivedIsThereAfterARestart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	kept := func(o *mail.Options) { o.Dir = dir }
	first := start(t, kept)
	require.NoError(t, first.Rules(mail.Rule{To: "gone@customer.example", Answers: []string{"550 5.1.1 gone"}}))
	for i := range 3 {
		require.NoError(t, deliver(first, recipient, fmt.Sprintf("%s\r\nNumber %d\r\n", letter, i)))
	}
	before := received(t, first, 3)
	require.NoError(t, first.Close())

	second := start(t, kept)
	require.Equal(t, before, second.Messages())
	for i := range 3 {
		data, err := second.Data(int64(i) + 1)
		require.NoError(t, err)
		require.Contains(t, string(data), fmt.Sprintf("Number %d", i))
	}
	require.Equal(t, "550 5.1.1", attempt(second, "gone@customer.example"), "the script is kept, too")
	require.NoError(t, deliver(second, recipient, letter))
	require.Equal(t, int64(4), received(t, second, 4)[3].ID)

	c, err := smtp.DialStartTLS(second.Addr(), tlsTo(first))
	require.NoError(t, err, "a client that trusts the first server's certificate trusts the second")
	require.NoError(t, c.Noop())
	require.NoError(t, c.Close())
	onDisk, err := os.ReadFile(filepath.Join(dir, "cert.pem"))
	require.NoError(t, err)
	require.Equal(t, second.CertificatePEM(), onDisk)

	renamed := start(t, func(o *mail.Options) { o.Dir, o.Domain = dir, "mx.renamed.example" })
	require.NotEqual(t, onDisk, renamed.CertificatePEM(), "another name needs another certificate")
}

func TestWhatAKilledServerLeftHalfWrittenIsCutOff(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first := start(t, func(o *mail.Options) { o.Dir = dir })
	require.NoError(t, deliver(first, recipient, letter))

	// What a process leaves that is killed now, having written a second message's
	// bytes and half of its line. The first server still runs.
	left := t.TempDir()
	for name, more := range map[string]string{"messages.data": "Subject: half", "messages.jsonl": `{"id":2,"fr`} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(left, name), append(text, more...), 0o600))
	}
	second := start(t, func(o *mail.Options) { o.Dir = left })
	require.Len(t, second.Messages(), 1)
	require.NoError(t, deliver(second, recipient, letter+"again\r\n"))
	require.NoError(t, second.Close())

	third := start(t, func(o *mail.Options) { o.Dir = left })
	require.Len(t, third.Messages(), 2)
	data, err := third.Data(2)
	require.NoError(t, err)
	require.Equal(t, letter+"again\r\n", string(data))
}

func TestAFolderThatMakesNoSenseIsSaidSo(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{"messages.jsonl": "not JSON\n", "rules.json": "[{\"to\":\"*\"}]"} {
		dir := t.TempDir()
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
		_, err := mail.Start(context.Background(), mail.Options{Dir: dir})
		require.Error(t, err, name)
	}
	_, err := mail.Start(context.Background(), mail.Options{Dir: t.TempDir(), DigestOnly: true})
	require.Error(t, err)
}

func TestOnlyDigestsAreKeptWhereThatIsAskedFor(t *testing.T) {
	t.Parallel()
	s := start(t, func(o *mail.Options) {
		o.DigestOnly, o.Canary = true, regexp.MustCompile(`CANARY-[0-9]+`)
	})
	require.NoError(t, deliver(s, recipient, letter+"CANARY-7\r\n"))
	m := received(t, s, 1)[0]
	require.Empty(t, m.Subject)
	require.NotZero(t, m.Digest)
	require.Equal(t, "notice-1@docket.example", m.MessageID)
	require.Equal(t, []string{"CANARY-7"}, m.Canaries)
	_, err := s.Data(1)
	require.Error(t, err)
}

func TestCanariesAreFoundInEncodedPartsToo(t *testing.T) {
	t.Parallel()
	s := start(t, func(o *mail.Options) { o.Canary = regexp.MustCompile(`CANARY-[0-9]+`) })
	message := strings.ReplaceAll(`Subject: for CANARY-1
MIME-Version: 1.0
Content-Type: multipart/alternative; boundary=b

--b
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: quoted-printable

The line is broken just where the number is, as it may be: CANARY=
-2 and again CANARY-2
--b
Content-Type: text/html; charset=utf-8
Content-Transfer-Encoding: base64

`+base64.StdEncoding.EncodeToString([]byte("<p>CANARY-3</p>"))+`
--b--
`, "\n", "\r\n")
	require.NoError(t, deliver(s, recipient, message))
	require.NoError(t, deliver(s, recipient, "no header, only CANARY-4\r\n"))
	messages := received(t, s, 2)
	require.ElementsMatch(t, []string{"CANARY-1", "CANARY-2", "CANARY-3"}, messages[0].Canaries)
	require.Equal(t, []string{"CANARY-4"}, messages[1].Canaries)
}
