package email

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"net/textproto"
	"os"
	"strconv"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"github.com/atlascloudai/docket/notifications"
)

// session is one connection that has said hello, and is encrypted and logged in
// where it has to be.
type session struct {
	client *smtp.Client
	conn   net.Conn
	tls    string // version and cipher, or ""
	sent   int    // messages tried on it
}

// failure is why there is no session.
type failure struct {
	at     stage
	answer notifications.Answer
}

func deferred(at stage, class notifications.Class, format string, args ...any) *failure {
	return &failure{at: at, answer: notifications.Answer{
		Outcome: notifications.Deferred, Class: class, Reason: fmt.Sprintf(format, args...),
	}}
}

func enhancedText(e smtp.EnhancedCode) string {
	return strconv.Itoa(e[0]) + "." + strconv.Itoa(e[1]) + "." + strconv.Itoa(e[2])
}

// dial opens a session with one host, over the first of its addresses that answers.
func (c *Channel) dial(ctx context.Context, host, port string) (*session, *failure) {
	addresses := []string{host}
	if _, err := netip.ParseAddr(host); err != nil {
		found, err := c.config.Resolver.LookupHost(ctx, host)
		if err != nil || len(found) == 0 {
			return nil, deferred(atHello, lost(ctx, notifications.DNS), "the server's address was not found")
		}
		addresses = found[:min(len(found), maxAddresses)]
	}
	last := deferred(atHello, notifications.Connect, "no address to connect to")
	for _, address := range addresses {
		addr, err := netip.ParseAddr(address)
		if err != nil {
			continue
		}
		if !c.mayDial(addr, port) {
			last = deferred(atHello, notifications.Config, "the server is not one of the hosts that may be dialled")
			continue
		}
		dialer := net.Dialer{Timeout: c.config.ConnectTimeout}
		conn, err := dialer.DialContext(ctx, "tcp", net.JoinHostPort(address, port))
		if err != nil {
			class := notifications.Connect
			if timedOut(err) {
				class = notifications.Timeout
			}
			last = deferred(atHello, lost(ctx, class), "no connection could be opened")
			continue
		}
		s, failed := c.open(ctx, conn, host)
		if failed == nil {
			return s, nil
		}
		conn.Close()
		last = failed
		if ctx.Err() != nil {
			break
		}
	}
	return nil, last
}

// open makes a session of a fresh connection. Whoever calls closes conn on failure.
func (c *Channel) open(ctx context.Context, conn net.Conn, host string) (*session, *failure) {
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()

	if c.config.Transport == Relay && c.config.RelayImplicitTLS {
		encrypted, failed := c.handshake(ctx, conn, host)
		if failed != nil {
			return nil, failed
		}
		return c.greet(ctx, encrypted, nil, encrypted)
	}
	plain, failed := c.greet(ctx, conn, nil, nil)
	if failed != nil {
		return nil, failed
	}
	if offered, _ := plain.client.Extension("STARTTLS"); !offered {
		if !c.config.AllowPlaintext {
			return nil, deferred(atTLS, notifications.TLS, "the server offers no STARTTLS, and nothing is sent unencrypted")
		}
		if c.config.Username != "" {
			return nil, deferred(atLogin, notifications.Config, "the server offers no STARTTLS, and no password is sent unencrypted")
		}
		return plain, nil
	}
	if failed := c.startTLS(ctx, conn); failed != nil {
		return nil, failed
	}
	encrypted, failed := c.handshake(ctx, conn, host)
	if failed != nil {
		return nil, failed
	}
	return c.greet(ctx, encrypted, []byte("220 greeted before STARTTLS\r\n"), encrypted)
}

// startTLS asks for TLS on the bare connection. go-smtp would do it only together
// with an EHLO under the name "localhost". What the server says after its 220 and
// before the handshake was not protected, so it ends the attempt.
func (c *Channel) startTLS(ctx context.Context, conn net.Conn) *failure {
	if err := conn.SetDeadline(time.Now().Add(c.config.CommandTimeout)); err != nil {
		return c.broken(ctx, atTLS, err)
	}
	if _, err := io.WriteString(conn, "STARTTLS\r\n"); err != nil {
		return c.broken(ctx, atTLS, err)
	}
	buffered := bufio.NewReader(io.LimitReader(conn, maxReplyBytes))
	if _, _, err := textproto.NewReader(buffered).ReadResponse(220); err != nil {
		var refusal *textproto.Error
		if errors.As(err, &refusal) {
			return &failure{at: atTLS, answer: c.judged(atTLS, &smtp.SMTPError{Code: refusal.Code, Message: refusal.Msg})}
		}
		return c.broken(ctx, atTLS, err)
	}
	if buffered.Buffered() > 0 {
		return deferred(atTLS, notifications.TLS, "the server spoke between STARTTLS and the handshake")
	}
	return nil
}

// handshake demands a certificate for the host's name.
func (c *Channel) handshake(ctx context.Context, conn net.Conn, host string) (*tls.Conn, *failure) {
	config := &tls.Config{}
	if c.config.TLS != nil {
		config = c.config.TLS.Clone()
	}
	config.ServerName = host
	config.MinVersion = max(config.MinVersion, tls.VersionTLS12)
	encrypted := tls.Client(conn, config)
	bounded, cancel := context.WithTimeout(ctx, c.config.ConnectTimeout)
	defer cancel()
	if err := encrypted.HandshakeContext(bounded); err != nil {
		return nil, deferred(atTLS, lost(ctx, notifications.TLS), "no TLS connection that proves the server's name: %s", c.cleaned(err.Error()))
	}
	return encrypted, nil
}

// greet says hello over a connection, and logs in where a name is configured and
// the connection is encrypted.
func (c *Channel) greet(ctx context.Context, conn net.Conn, greeting []byte, encrypted *tls.Conn) (*session, *failure) {
	client := smtp.NewClient(&wire{Conn: conn, limit: c.config.DataTimeout, greeting: greeting})
	client.CommandTimeout = c.config.CommandTimeout
	client.SubmissionTimeout = c.config.DataTimeout
	if err := client.Hello(c.config.HeloName); err != nil {
		return nil, c.broken(ctx, atHello, err)
	}
	s := &session{client: client, conn: conn}
	if encrypted == nil {
		return s, nil
	}
	state := encrypted.ConnectionState()
	s.tls = tls.VersionName(state.Version) + " " + tls.CipherSuiteName(state.CipherSuite)
	if c.config.Username == "" {
		return s, nil
	}
	var mechanism sasl.Client
	switch {
	case client.SupportsAuth(sasl.Plain):
		mechanism = sasl.NewPlainClient("", c.config.Username, string(c.config.Password))
	case client.SupportsAuth(sasl.Login):
		mechanism = sasl.NewLoginClient(c.config.Username, string(c.config.Password))
	default:
		return nil, deferred(atLogin, notifications.Config, "the relay offers neither AUTH PLAIN nor AUTH LOGIN")
	}
	if err := client.Auth(mechanism); err != nil {
		return nil, c.broken(ctx, atLogin, err)
	}
	return s, nil
}

// broken is an error before the message was sent, so that it cannot have been taken.
func (c *Channel) broken(ctx context.Context, at stage, err error) *failure {
	var refusal *smtp.SMTPError
	if errors.As(err, &refusal) {
		return &failure{at: at, answer: c.judged(at, refusal)}
	}
	class := lossClass(err)
	return deferred(at, lost(ctx, class), "%s", lossReason(class))
}

// lost gives the class of a failure, which is the caller's own doing where the
// caller has withdrawn.
func lost(ctx context.Context, class notifications.Class) notifications.Class {
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return notifications.Timeout
	case ctx.Err() != nil:
		return notifications.Cancelled
	default:
		return class
	}
}

// lossClass tells silence, a lost connection and nonsense apart.
func lossClass(err error) notifications.Class {
	var nonsense textproto.ProtocolError
	switch {
	case timedOut(err):
		return notifications.Timeout
	case errors.As(err, &nonsense), errors.Is(err, errReplyTooLong), errors.Is(err, smtp.ErrTooLongLine):
		return notifications.Protocol
	default:
		return notifications.Cut
	}
}

func lossReason(class notifications.Class) string {
	switch class {
	case notifications.Timeout:
		return "the server fell silent"
	case notifications.Protocol:
		return "the server did not speak SMTP"
	default:
		return "the connection was lost"
	}
}

func timedOut(err error) bool {
	var timeout net.Error
	return errors.Is(err, os.ErrDeadlineExceeded) || errors.As(err, &timeout) && timeout.Timeout()
}

// quit takes leave in a second at most and closes the connection.
func (s *session) quit() {
	s.client.CommandTimeout = time.Second
	_ = s.client.Quit() // the connection ends either way
	s.conn.Close()
}
