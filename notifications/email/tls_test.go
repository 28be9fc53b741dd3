package email_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/notifications"
	"github.com/atlascloudai/docket/notifications/email"
)

func contextOf(t *testing.T) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	return ctx, cancel
}

func TestNothingIsSentWithoutAnEncryptedConnectionThatProvesTheName(t *testing.T) {
	ca, stranger := newAuthority(t), newAuthority(t)
	valid := time.Now().Add(time.Hour)
	for name, certificate := range map[string]*tls.Certificate{
		"no STARTTLS":            nil,
		"an unknown authority":   stranger.issue(t, valid, "mx.recipient.test"),
		"another name":           ca.issue(t, valid, "mx.other.test"),
		"an expired certificate": ca.issue(t, time.Now().Add(-time.Hour), "mx.recipient.test"),
	} {
		// Plaintext being allowed changes only the first row: a handshake that failed
		// is never followed by plaintext.
		for _, allowed := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, plaintext allowed: %t", name, allowed), func(t *testing.T) {
				m := serve(t, "127.0.0.1:0", certificate)
				c := trusting(t, ca, m, func(c *email.Config) {
					c.AllowPlaintext, c.OnlyHosts = allowed, []string{"127.0.0.1"}
				})
				answer := send(t, c, outbound("notices@recipient.test"))
				if allowed && certificate == nil {
					require.Equal(t, notifications.Accepted, answer.Outcome)
					require.Empty(t, answer.TLS)
					return
				}
				require.Equal(t, notifications.Deferred, answer.Outcome)
				require.Equal(t, notifications.TLS, answer.Class)
				require.Equal(t, "mx.recipient.test", answer.Host)
				require.NotEmpty(t, answer.Reason)
				require.Empty(t, m.messages())
			})
		}
	}
}

func TestWordsSlippedInBeforeTheHandshakeEndTheAttempt(t *testing.T) {
	port := listen(t, "127.0.0.1:0", func(c net.Conn) {
		lines := bufio.NewScanner(c)
		fmt.Fprint(c, "220 hello\r\n")
		for lines.Scan() {
			if strings.HasPrefix(lines.Text(), "EHLO") {
				fmt.Fprint(c, "250-hello\r\n250 starttls\r\n")
				continue
			}
			fmt.Fprint(c, "220 go on\r\n250 injected\r\n")
		}
	})
	c := channel(t, func(c *email.Config) { c.Port = port })
	answer := send(t, c, outbound("notices@recipient.test"))
	require.Equal(t, notifications.Deferred, answer.Outcome)
	require.Equal(t, notifications.TLS, answer.Class)
}

func TestTheRelayIsLoggedInToOverTLSOnly(t *testing.T) {
	ca := newAuthority(t)
	certificate := ca.issue(t, time.Now().Add(time.Hour), "mx.recipient.test")
	relay := func(m *mailbox, password email.Secret) func(*email.Config) {
		return func(c *email.Config) {
			c.Transport, c.RelayAddr = email.Relay, "mx.recipient.test:"+m.port(t)
			c.Username, c.Password = "docket", password
		}
	}
	t.Run("with the right password it is handed on", func(t *testing.T) {
		m := serve(t, "127.0.0.1:0", certificate)
		require.Equal(t, notifications.HandedOn, send(t, trusting(t, ca, m, relay(m, secret)), outbound("notices@recipient.test")).Outcome)
		require.Equal(t, []string{"docket"}, m.logins)
	})
	t.Run("a wrong password is our fault and not the recipient's", func(t *testing.T) {
		m := serve(t, "127.0.0.1:0", certificate)
		answer := send(t, trusting(t, ca, m, relay(m, "wrong-password")), outbound("notices@recipient.test"))
		require.Equal(t, notifications.Deferred, answer.Outcome)
		require.Equal(t, notifications.Config, answer.Class)
		require.Equal(t, 535, answer.Code)
		require.NotContains(t, fmt.Sprintf("%+v", answer), "wrong-password", "the server repeated it")
		require.Empty(t, m.messages())
	})
	t.Run("without TLS the password stays here", func(t *testing.T) {
		m := serve(t, "127.0.0.1:0", nil)
		m.server.AllowInsecureAuth = true
		answer := send(t, trusting(t, ca, m, relay(m, secret), func(c *email.Config) {
			c.AllowPlaintext, c.OnlyHosts = true, []string{"localhost"}
		}), outbound("notices@recipient.test"))
		require.Equal(t, notifications.Config, answer.Class)
		require.Empty(t, m.logins)
	})
	t.Run("TLS from the first byte", func(t *testing.T) {
		var asked atomic.Value
		port := listen(t, "127.0.0.1:0", func(c net.Conn) {
			s := tls.Server(c, &tls.Config{Certificates: []tls.Certificate{*certificate}})
			fmt.Fprint(s, "220 hello\r\n")
			lines := bufio.NewScanner(s)
			for lines.Scan() {
				asked.Store(lines.Text())
				fmt.Fprint(s, "554 no\r\n")
			}
		})
		c := channel(t, func(c *email.Config) {
			c.TLS = &tls.Config{RootCAs: ca.pool}
			c.Transport, c.RelayAddr, c.RelayImplicitTLS = email.Relay, "mx.recipient.test:"+port, true
		})
		answer := send(t, c, outbound("notices@recipient.test"))
		require.Equal(t, "EHLO out.sender.test", asked.Load())
		require.Equal(t, notifications.Deferred, answer.Outcome, "our own relay's no is not the recipient's")
		require.Equal(t, notifications.Config, answer.Class)
	})
}

func TestSecretsDoNotPrint(t *testing.T) {
	config := email.Config{Username: "docket", Password: secret}
	for _, format := range []string{"%v", "%+v", "%#v", "%s"} {
		require.NotContains(t, fmt.Sprintf(format, config.Password), secret)
		require.NotContains(t, fmt.Sprintf(format, config), secret)
	}
}

func TestAnExtensionCountsInAnyCase(t *testing.T) {
	mail := make(chan string, 2)
	for _, advertised := range []string{"dsn", "Dsn", "x-none"} {
		port := listen(t, "127.0.0.1:0", func(c net.Conn) {
			lines := bufio.NewScanner(c)
			fmt.Fprint(c, "220 hello\r\n")
			for lines.Scan() {
				switch {
				case strings.HasPrefix(lines.Text(), "EHLO"):
					fmt.Fprintf(c, "250-mx.recipient.test\r\n250-SIZE 1000000\r\n250 %s\r\n", advertised)
				case strings.HasPrefix(lines.Text(), "MAIL"):
					mail <- lines.Text()
					fmt.Fprint(c, "250 ok\r\n")
				case lines.Text() == "DATA":
					fmt.Fprint(c, "354 go on\r\n")
				case lines.Text() == ".", strings.HasPrefix(lines.Text(), "RCPT"):
					fmt.Fprint(c, "250 ok\r\n")
				}
			}
		})
		c := channel(t, func(c *email.Config) {
			c.Port, c.AllowPlaintext, c.OnlyHosts = port, true, []string{"127.0.0.1:" + port}
		})
		answer := send(t, c, outbound("notices@recipient.test"))
		require.Equal(t, notifications.Accepted, answer.Outcome)
		line := <-mail
		if advertised == "x-none" {
			require.False(t, answer.DSNRequested, "the answer says that no receipt will come")
			require.NotContains(t, line, "ENVID")
			continue
		}
		require.True(t, answer.DSNRequested)
		require.Contains(t, line, "ENVID="+outbound("").ID)
	}
}
