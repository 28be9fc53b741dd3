package inbound_test

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/inbound"
)

// patience bounds how long a test waits for what must happen.
const patience = 20 * time.Second

// raw is a client that may break every rule of the protocol.
type raw struct {
	net.Conn
	replies *bufio.Reader
}

func knock(t testing.TB, l *inbound.Listener) *raw {
	t.Helper()
	conn, err := net.Dial("tcp", l.Addr().String())
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	require.NoError(t, conn.SetDeadline(time.Now().Add(patience)))
	return &raw{conn, bufio.NewReader(conn)}
}

// reply reads one reply, however many lines it has.
func (c *raw) reply() (string, error) {
	for {
		line, err := c.replies.ReadString('\n')
		if err != nil || len(line) < 4 || line[3] != '-' {
			return strings.TrimSpace(line), err
		}
	}
}

func (c *raw) say(t testing.TB, want, format string, args ...any) {
	t.Helper()
	_, err := fmt.Fprintf(c, format+"\r\n", args...)
	require.NoError(t, err)
	got, err := c.reply()
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(got, want), "%q does not begin with %q", got, want)
}

// toData brings the session to where the message begins.
func (c *raw) toData(t testing.TB) {
	t.Helper()
	greeting, err := c.reply()
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(greeting, "220"), greeting)
	c.say(t, "250", "EHLO attacker.example")
	c.say(t, "250", "MAIL FROM:<>")
	c.say(t, "250", "RCPT TO:<%s>", returnPath())
	c.say(t, "354", "DATA")
}

// requireCut waits until the other side has ended the connection.
func requireCut(t testing.TB, conn net.Conn) {
	t.Helper()
	require.NoError(t, conn.SetReadDeadline(time.Now().Add(patience)))
	_, err := io.Copy(io.Discard, conn)
	require.False(t, errors.Is(err, os.ErrDeadlineExceeded), "the connection is still open")
}

// grown is how much more the heap held at its fullest while attack ran.
func grown(attack func()) uint64 {
	var before, now runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	peak, done := before.HeapInuse, make(chan struct{})
	go func() {
		defer close(done)
		attack()
	}()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			runtime.ReadMemStats(&now)
			peak = max(peak, now.HeapInuse)
		case <-done:
			return peak - before.HeapInuse
		}
	}
}

const muchMemory = 48 << 20

// The memory tests do not run in parallel: they measure the whole process.

func TestAHugeMessageIsRefusedInLittleMemory(t *testing.T) {
	for _, transfer := range []string{"DATA", "BDAT"} {
		t.Run(transfer, func(t *testing.T) {
			sink := &ledger{}
			l := listen(t, sink, nil)
			line := bytes.Repeat([]byte("x"), 998)
			block := bytes.Repeat(append(line, '\r', '\n'), 1000)

			require.Less(t, grown(func() {
				c := knock(t, l)
				c.toData(t)
				for range 200 { // 200 MB
					if transfer == "BDAT" {
						if _, err := fmt.Fprintf(c, "BDAT %d\r\n", len(block)); err != nil {
							return
						}
					}
					if _, err := c.Write(block); err != nil {
						return // cut off: that is an answer, too
					}
				}
				_, _ = c.Write([]byte(".\r\n"))
				requireCut(t, c)
			}), uint64(muchMemory))
			require.True(t, sink.empty())
		})
	}
}

func TestAMessageOverTheLimitGetsItsReply(t *testing.T) {
	sink := &ledger{}
	l := listen(t, sink, func(c *inbound.Config) { c.MaxMessageBytes = 64 << 10 })
	body := strings.Repeat(strings.Repeat("x", 70)+"\r\n", 1500)
	refused := refusal(t, deliver(t, l, "", returnPath(), "Subject: big\r\n\r\n"+body))
	require.Equal(t, 552, refused.Code)
	require.True(t, sink.empty())
}

// A scan is larger than anything else that people send. Its words are found before it and after it, and the scan is not kept.
func TestALetterWithScannedPagesIsTakenInLittleMemory(t *testing.T) {
	const privacy = "privacy@example.com"
	page := "--b\r\nContent-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\n" + strings.Repeat(strings.Repeat("A", 76)+"\r\n", 60_000)
	words := "--b\r\nContent-Type: text/plain\r\n\r\nPlease delete my data.\r\n"
	for name, parts := range map[string]string{"before": words + strings.Repeat(page, 5), "after": strings.Repeat(page, 5) + words} {
		t.Run(name, func(t *testing.T) {
			sink, letters := &ledger{}, &tray{}
			l := listen(t, sink, func(c *inbound.Config) { c.Intake, c.Letters = []string{privacy}, letters })
			message := "From: ann@example.test\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" + parts + "--b--\r\n"
			require.Greater(t, len(message), 20<<20)
			require.Less(t, grown(func() { require.NoError(t, deliver(t, l, "ann@example.test", privacy, message)) }), uint64(muchMemory))
			require.Len(t, letters.letters, 1)
			require.Equal(t, "Please delete my data.", letters.letters[0].Text)
			require.Equal(t, sha256.Sum256([]byte(message)), letters.letters[0].Digest)
		})
	}
}

func TestAMillionHeaderFieldsAreRefusedInLittleMemory(t *testing.T) {
	for name, fields := range map[string]int{"over the message's limit": 1_000_000, "under it": 200_000} {
		t.Run(name, func(t *testing.T) {
			sink := &ledger{}
			l := listen(t, sink, nil)
			var code int
			require.Less(t, grown(func() {
				message := strings.Repeat("a:\r\n", fields) + "\r\nbody\r\n"
				code = refusal(t, deliver(t, l, "", returnPath(), message)).Code
			}), uint64(muchMemory))
			require.Contains(t, []int{552, 554}, code)
			require.True(t, sink.empty())
		})
	}
}

func TestHeaderFieldsInsideAPartAreBoundedToo(t *testing.T) {
	sink := &ledger{}
	l := listen(t, sink, nil)
	message := "Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\n" +
		strings.Repeat("a:\r\n", 200_000) + "\r\n--b--\r\n"
	require.Less(t, grown(func() { require.NoError(t, deliver(t, l, "", returnPath(), message)) }), uint64(muchMemory))
	require.Equal(t, []string{inbound.ReasonUnreadable}, sink.unmatched)
}

func TestNestedPartsAreNotFollowed(t *testing.T) {
	sink := &ledger{}
	l := listen(t, sink, nil)
	var message strings.Builder
	message.WriteString("From: a@customer.example\r\n")
	for i := range 1000 {
		fmt.Fprintf(&message, "Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n", i, i)
	}
	message.WriteString("Content-Type: text/plain\r\n\r\ndeep down\r\n")
	for i := range 1000 {
		fmt.Fprintf(&message, "--b%d--\r\n", 999-i)
	}
	require.Less(t, grown(func() {
		require.NoError(t, deliver(t, l, "a@customer.example", returnPath(), message.String()))
	}), uint64(muchMemory))
	require.Equal(t, inbound.HumanReply, sink.reports[0].Kind)
	require.Empty(t, sink.reports[0].Text)
}

func TestTenThousandRecipientsAreOne(t *testing.T) {
	sink := &ledger{}
	l := listen(t, sink, nil)
	require.Less(t, grown(func() {
		c := knock(t, l)
		_, err := c.reply()
		require.NoError(t, err)
		c.say(t, "250", "EHLO attacker.example")
		c.say(t, "250", "MAIL FROM:<>")
		c.say(t, "250", "RCPT TO:<%s>", returnPath())
		for range 10_000 {
			c.say(t, "452", "RCPT TO:<%s>", returnPath())
		}
		c.say(t, "354", "DATA")
		c.say(t, "250", "%s.", failedReport)
	}), uint64(muchMemory))
	require.Len(t, sink.reports, 1)
}

func TestALineThatIsTooLongEndsTheConnection(t *testing.T) {
	t.Parallel()
	for name, inData := range map[string]bool{"command": false, "text": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sink := &ledger{}
			c := knock(t, listen(t, sink, nil))
			if inData {
				c.toData(t)
			}
			_, err := c.Write([]byte(strings.Repeat("x", 2001) + "\r\n.\r\n"))
			require.NoError(t, err)
			requireCut(t, c)
			require.True(t, sink.empty())
		})
	}
}

func TestASlowPeerIsCutOff(t *testing.T) {
	t.Parallel()
	for name, inData := range map[string]bool{"drips a command": false, "drips its message": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sink := &ledger{}
			c := knock(t, listen(t, sink, func(cfg *inbound.Config) { cfg.CommandTimeout = time.Second }))
			if inData {
				c.toData(t)
			}
			drip := time.NewTicker(20 * time.Millisecond)
			defer drip.Stop()
			started := time.Now()
			for range drip.C {
				if _, err := c.Write([]byte("x")); err != nil {
					break
				}
				require.Less(t, time.Since(started), patience, "nobody cut it off")
			}
			require.True(t, sink.empty())
		})
	}
}

func TestATalkativePeerIsCutOffAtTheSessionsEnd(t *testing.T) {
	t.Parallel()
	c := knock(t, listen(t, &ledger{}, func(cfg *inbound.Config) { cfg.SessionTimeout = 200 * time.Millisecond }))
	_, err := c.reply()
	require.NoError(t, err)
	started := time.Now()
	for err == nil {
		require.Less(t, time.Since(started), patience, "nobody cut it off")
		if _, err = c.Write([]byte("NOOP\r\n")); err == nil {
			_, err = c.reply()
		}
	}
}

func TestTheRestOfABrokenMessageIsNotTakenForCommands(t *testing.T) {
	t.Parallel()
	sink := &ledger{}
	l := listen(t, sink, func(cfg *inbound.Config) { cfg.CommandTimeout = time.Second })
	c := knock(t, l)
	c.toData(t)
	_, err := c.Write([]byte("Subject: first half\r\n\r\n"))
	require.NoError(t, err)
	// The server gives up waiting. What follows would be a whole new message.
	var heard bytes.Buffer
	_, _ = io.Copy(&heard, c.replies)
	_, _ = fmt.Fprintf(c, "MAIL FROM:<>\r\nRCPT TO:<%s>\r\nDATA\r\n%s.\r\n", returnPath(), failedReport)
	requireCut(t, c)
	require.NotContains(t, heard.String(), "250")
	require.True(t, sink.empty())
}

func TestAThousandIdleConnectionsLeaveRoomAgain(t *testing.T) {
	sink := &ledger{}
	l := listen(t, sink, func(cfg *inbound.Config) { cfg.MaxConnections = 50 })
	require.Less(t, grown(func() {
		greetings := map[string]int{}
		var held []*raw
		for range 1000 {
			c := knock(t, l)
			greeting, err := c.reply()
			require.NoError(t, err)
			greetings[greeting[:3]]++
			held = append(held, c)
		}
		require.Equal(t, map[string]int{"220": 50, "421": 950}, greetings)
		for _, c := range held {
			require.NoError(t, c.Close())
		}
	}), uint64(muchMemory))
	require.Eventually(t, func() bool { return deliver(t, l, "", returnPath(), failedReport) == nil },
		patience, 10*time.Millisecond)
}

func TestOneHostCannotTakeAllTheRoom(t *testing.T) {
	t.Parallel()
	l := listen(t, &ledger{}, func(cfg *inbound.Config) { cfg.MaxPerHost = 2 })
	greetings := map[string]int{}
	for range 5 {
		greeting, err := knock(t, l).reply()
		require.NoError(t, err)
		greetings[greeting[:3]]++
	}
	require.Equal(t, map[string]int{"220": 2, "421": 3}, greetings)

	other, err := (&net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 2)}}).Dial("tcp", l.Addr().String())
	require.NoError(t, err)
	defer other.Close()
	greeting, err := bufio.NewReader(other).ReadString('\n')
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(greeting, "220"), greeting)
}
