package mail

import (
	"crypto/sha256"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"github.com/emersion/go-smtp"
)

// errHungUp ends a command whose connection the script has closed. Nobody reads it.
var errHungUp = errors.New("closed as scripted")

var (
	replyBroken = &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 4, 2}, Message: "message not received to its end"}
	replyFull   = &smtp.SMTPError{Code: 452, EnhancedCode: smtp.EnhancedCode{4, 3, 1}, Message: "cannot keep the message"}
)

// session is one SMTP session and the transaction that goes on in it.
type session struct {
	server   *Server
	conn     *smtp.Conn
	from     string
	envelope string
	to       []string
	atData   act // what the script wants when the message comes
}

// Mail begins a transaction.
func (s *session) Mail(from string, opts *smtp.MailOptions) error {
	if err := s.perform(s.server.script.next(AtMail, "")); err != nil {
		return err
	}
	s.from = from
	if opts != nil {
		s.envelope = opts.EnvelopeID
	}
	return nil
}

// Rcpt takes every recipient that the script does not refuse.
func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	a := s.server.script.next(AtRcpt, to)
	if a.kind != oblige && a.at == AtData {
		if s.atData.kind == oblige {
			s.atData = a // of several recipients the first scripted one decides
		}
	} else if err := s.perform(a); err != nil {
		return err
	}
	s.to = append(s.to, to)
	return nil
}

// Data takes the message and keeps it before the answer.
func (s *session) Data(r io.Reader) error {
	if s.atData.kind == cutUnread || s.atData.kind == cut {
		return s.perform(s.atData)
	}
	data, err := io.ReadAll(r)
	if err != nil {
		if errors.Is(err, smtp.ErrDataTooLarge) {
			return smtp.ErrDataTooLarge
		}
		// What is still to come would be taken for commands (go-smtp issue 196).
		s.hangUp()
		return replyBroken
	}
	if s.atData.kind == reply {
		return s.perform(s.atData)
	}
	m := Message{
		From: s.from, To: append([]string(nil), s.to...), EnvelopeID: s.envelope,
		ReceivedAt: time.Now().UTC(), Size: int64(len(data)), Digest: sha256.Sum256(data),
		Answered: s.atData.kind != cutUnreplied && s.atData.kind != silent,
	}
	if state, ok := s.conn.TLSConnectionState(); ok {
		m.TLS = tls.VersionName(state.Version)
	}
	inspect(&m, data, s.server.options)
	if _, err := s.server.store.add(m, data); err != nil {
		s.server.options.Log.Error("cannot keep a message", "error", err)
		return replyFull
	}
	return s.perform(s.atData)
}

// perform does what the script wants at this point. nil goes on as usual.
func (s *session) perform(a act) error {
	switch a.kind {
	case reply:
		if a.reply.Code == 421 {
			return s.sayAndHangUp(a.reply)
		}
		return a.reply
	case cut, cutUnread, cutUnreplied:
		s.hangUp()
		return errHungUp
	case silent:
		s.hold()
		return errHungUp
	case slow:
		select {
		case <-time.After(a.delay):
		case <-s.server.closing:
			return errHungUp
		}
	}
	return nil
}

// sayAndHangUp gives a reply that ends the session (421, RFC 5321 section 3.8),
// which go-smtp would give and go on.
func (s *session) sayAndHangUp(e *smtp.SMTPError) error {
	_, _ = io.WriteString(s.conn.Conn(), wire(e))
	s.hangUp()
	return errHungUp
}

// hangUp closes the connection below TLS, so that the peer sees no orderly end.
func (s *session) hangUp() { _ = below(s.conn.Conn()).Close() }

// hold says nothing until the peer hangs up or the server ends.
func (s *session) hold() {
	conn := below(s.conn.Conn())
	_ = conn.SetReadDeadline(time.Time{})
	_, _ = io.Copy(io.Discard, conn)
	_ = conn.Close()
}

// Reset forgets the transaction.
func (s *session) Reset() {
	s.from, s.envelope, s.to, s.atData = "", "", nil, act{}
}

// Logout has nothing to give back.
func (s *session) Logout() error { return nil }

func below(conn net.Conn) net.Conn {
	if secure, ok := conn.(*tls.Conn); ok {
		return secure.NetConn()
	}
	return conn
}

func wire(e *smtp.SMTPError) string {
	code := e.EnhancedCode
	if code == (smtp.EnhancedCode{}) {
		code[0] = e.Code / 100
	}
	return fmt.Sprintf("%d %d.%d.%d %s\r\n", e.Code, code[0], code[1], code[2], e.Message)
}

// greeter scripts what comes before the first command. go-smtp greets by itself,
// in the connection's own goroutine, so the script takes the place of that write.
type greeter struct {
	net.Listener
	server *Server
}

// Accept returns connections that greet as scripted.
func (g *greeter) Accept() (net.Conn, error) {
	conn, err := g.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &greeted{Conn: conn, server: g.server}, nil
}

type greeted struct {
	net.Conn
	server *Server
	first  sync.Once
}

func (g *greeted) Write(b []byte) (int, error) {
	var scripted error
	g.first.Do(func() { scripted = g.greet() })
	if scripted != nil {
		return 0, scripted
	}
	return g.Conn.Write(b)
}

func (g *greeted) greet() error {
	a := g.server.script.next(AtGreeting, "")
	switch a.kind {
	case reply:
		_, _ = io.WriteString(g.Conn, wire(a.reply))
		_ = g.Conn.Close()
		return errHungUp
	case silent:
		_ = g.Conn.SetReadDeadline(time.Time{})
		_, _ = io.Copy(io.Discard, g.Conn)
		_ = g.Conn.Close()
		return errHungUp
	case slow:
		select {
		case <-time.After(a.delay):
			_ = g.Conn.SetWriteDeadline(time.Now().Add(g.server.options.Timeout))
		case <-g.server.closing:
			return errHungUp
		}
	case oblige:
	default:
		_ = g.Conn.Close()
		return errHungUp
	}
	return nil
}
