package email_test

import (
	"bufio"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/notifications"
	"github.com/atlascloudai/docket/notifications/email"
)

func TestOneConnectionServesManyMessages(t *testing.T) {
	ca := newAuthority(t)
	m := serve(t, "127.0.0.1:0", ca.issue(t, time.Now().Add(time.Hour), "mx.recipient.test"))
	c := trusting(t, ca, m)
	m.on("nobody@recipient.test", act{rcpt: &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such user"}})
	for i := range 10 {
		require.Equal(t, notifications.Accepted, send(t, c, outbound(fmt.Sprintf("n%d@recipient.test", i))).Outcome)
		require.Equal(t, notifications.Refused, send(t, c, outbound("nobody@recipient.test")).Outcome)
	}
	require.Equal(t, 1, m.listener.count(), "a refused recipient does not cost the connection")
	for i, e := range m.messages() {
		require.Equal(t, fmt.Sprintf("n%d@recipient.test", i), e.to)
	}
}

func TestAConnectionIsReplacedAfterItsShareOfMessages(t *testing.T) {
	ca := newAuthority(t)
	m := serve(t, "127.0.0.1:0", ca.issue(t, time.Now().Add(time.Hour), "mx.recipient.test"))
	c := trusting(t, ca, m, func(c *email.Config) { c.MaxPerConn = 2 })
	for range 6 {
		require.Equal(t, notifications.Accepted, send(t, c, outbound("notices@recipient.test")).Outcome)
	}
	require.Equal(t, 3, m.listener.count())
}

func TestAKeptConnectionThatDiedIsReplacedOnceAndTheMessageGoesOnce(t *testing.T) {
	ca := newAuthority(t)
	m := serve(t, "127.0.0.1:0", ca.issue(t, time.Now().Add(time.Hour), "mx.recipient.test"))
	c := trusting(t, ca, m)
	require.Equal(t, notifications.Accepted, send(t, c, outbound("a@recipient.test")).Outcome)
	m.listener.mu.Lock()
	require.NoError(t, m.listener.conns[0].Close())
	m.listener.mu.Unlock()
	require.Equal(t, notifications.Accepted, send(t, c, outbound("b@recipient.test")).Outcome)
	require.Len(t, m.messages(), 2)
	require.Equal(t, 2, m.listener.count())
}

func TestAKeptConnectionThatIsEndedPolitelyIsReplacedToo(t *testing.T) {
	var mu sync.Mutex
	connections, messages := 0, 0
	port := listen(t, "127.0.0.1:0", func(c net.Conn) {
		mu.Lock()
		connections++
		mu.Unlock()
		lines := bufio.NewScanner(c)
		fmt.Fprint(c, "220 hello\r\n")
		for mails := 0; lines.Scan(); {
			switch {
			case strings.HasPrefix(lines.Text(), "MAIL"):
				if mails++; mails > 1 {
					fmt.Fprint(c, "421 4.4.2 one is enough\r\n")
					return
				}
				fmt.Fprint(c, "250 ok\r\n")
			case lines.Text() == "DATA":
				fmt.Fprint(c, "354 go on\r\n")
			case lines.Text() == ".":
				mu.Lock()
				messages++
				mu.Unlock()
				fmt.Fprint(c, "250 ok\r\n")
			case strings.HasPrefix(lines.Text(), "RCPT"), strings.HasPrefix(lines.Text(), "EHLO"):
				fmt.Fprint(c, "250 ok\r\n")
			}
		}
	})
	c := channel(t, func(c *email.Config) { c.Port, c.AllowPlaintext, c.OnlyHosts = port, true, []string{"127.0.0.1"} })
	for range 3 {
		require.Equal(t, notifications.Accepted, send(t, c, outbound("notices@recipient.test")).Outcome)
	}
	mu.Lock()
	defer mu.Unlock()
	require.Equal(t, 3, connections)
	require.Equal(t, 3, messages)
}

func TestIdleConnectionsEndByThemselves(t *testing.T) {
	ca := newAuthority(t)
	m := serve(t, "127.0.0.1:0", ca.issue(t, time.Now().Add(time.Hour), "mx.recipient.test"))
	c := trusting(t, ca, m, func(c *email.Config) { c.IdleTimeout = time.Millisecond })
	require.Equal(t, notifications.Accepted, send(t, c, outbound("notices@recipient.test")).Outcome)
	m.listener.mu.Lock()
	first := m.listener.conns[0]
	m.listener.mu.Unlock()
	require.Eventually(t, func() bool { // the server has closed its side when ours said QUIT
		return first.SetDeadline(time.Now()) != nil
	}, 5*time.Second, 5*time.Millisecond)
}

func TestASilentHostHoldsUpNobodyElse(t *testing.T) {
	ca := newAuthority(t)
	m := serve(t, "127.0.0.1:0", ca.issue(t, time.Now().Add(time.Hour), "mx.recipient.test"))
	release := make(chan struct{})
	listen(t, "127.0.0.2:"+m.port(t), func(net.Conn) { <-release })
	dns := oneExchanger("127.0.0.1")
	dns.mx["hole.test"] = []*net.MX{{Host: "mx.hole.test.", Pref: 1}}
	dns.hosts["mx.hole.test"] = []string{"127.0.0.2"}
	c := trusting(t, ca, m, func(c *email.Config) {
		c.Resolver, c.MaxConnsPerHost = dns, 2
		c.CommandTimeout, c.AttemptTimeout = time.Minute, time.Minute
	})
	p, err := c.Prepare(outbound("notices@hole.test"))
	require.NoError(t, err)
	ctx, cancel := contextOf(t)
	answers := make(chan notifications.Answer, 8)
	for range 8 {
		go func() { answers <- c.Send(ctx, p) }()
	}
	for range 20 {
		require.Equal(t, notifications.Accepted, send(t, c, outbound("notices@recipient.test")).Outcome)
	}
	cancel()
	for range 8 {
		require.Equal(t, notifications.Cancelled, (<-answers).Class)
	}
	close(release)
}

func TestManySendersShareAHost(t *testing.T) {
	ca := newAuthority(t)
	m := serve(t, "127.0.0.1:0", ca.issue(t, time.Now().Add(time.Hour), "mx.recipient.test"))
	c := trusting(t, ca, m)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for j := range 10 {
				o := outbound(fmt.Sprintf("n%d-%d@recipient.test", i, j))
				p, err := c.Prepare(o)
				if err != nil {
					t.Error(err)
					return
				}
				if a := c.Send(t.Context(), p); a.Outcome != notifications.Accepted {
					t.Errorf("%+v", a)
				}
			}
		})
	}
	wg.Wait()
	require.LessOrEqual(t, m.listener.count(), 4)
	seen := map[string]int{}
	for _, e := range m.messages() {
		seen[e.to]++
	}
	require.Len(t, seen, 80)
}

func TestAnAttemptAsAWholeIsBounded(t *testing.T) {
	port := listen(t, "127.0.0.1:0", func(c net.Conn) { _, _ = c.Read(make([]byte, 1)) })
	c := channel(t, func(c *email.Config) {
		c.Port, c.CommandTimeout, c.AttemptTimeout = port, time.Hour, 50*time.Millisecond
	})
	answer := send(t, c, outbound("notices@recipient.test"))
	require.Equal(t, notifications.Deferred, answer.Outcome)
	require.Equal(t, notifications.Timeout, answer.Class)
}

func TestAServerThatStopsReadingTheMessageIsUnknown(t *testing.T) {
	release := make(chan struct{})
	t.Cleanup(func() { close(release) })
	port := listen(t, "127.0.0.1:0", func(c net.Conn) {
		lines := bufio.NewReader(c)
		fmt.Fprint(c, "220 hello\r\n")
		for {
			line, err := lines.ReadString('\n')
			if err != nil {
				return
			}
			if line == "DATA\r\n" {
				fmt.Fprint(c, "354 go on\r\n")
				<-release
				return
			}
			fmt.Fprint(c, "250 ok\r\n")
		}
	})
	c := channel(t, func(c *email.Config) {
		c.Port, c.AllowPlaintext, c.OnlyHosts, c.MaxMessage = port, true, []string{"127.0.0.1"}, 64<<20
		c.DataTimeout = 200 * time.Millisecond
	})
	o := outbound("notices@recipient.test")
	o.Text = strings.Repeat("a line that fills the buffers of the network\n", 400_000)
	answer := send(t, c, o)
	require.Equal(t, notifications.Unknown, answer.Outcome)
	require.Equal(t, notifications.Timeout, answer.Class)
}

func TestAServerThatNeverStopsTalkingIsCutOff(t *testing.T) {
	port := listen(t, "127.0.0.1:0", func(c net.Conn) {
		line := []byte("220-" + strings.Repeat("x", 900) + "\r\n")
		for {
			if _, err := c.Write(line); err != nil {
				return
			}
		}
	})
	c := channel(t, func(c *email.Config) { c.Port, c.CommandTimeout = port, time.Minute })
	answer := send(t, c, outbound("notices@recipient.test"))
	require.Equal(t, notifications.Deferred, answer.Outcome)
	require.Equal(t, notifications.Protocol, answer.Class)
}

var _ notifications.Channel = (*email.Channel)(nil)
