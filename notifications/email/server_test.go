package email_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"io"
	"math/big"
	"net"
	"net/mail"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/notifications/conformance"
)

// mailbox is a mail server over TCP that answers each recipient as scripted.
type mailbox struct {
	server   *smtp.Server
	listener *counting
	host     string // the name its certificate proves
	quiet    chan struct{}

	mu     sync.Mutex
	script map[string]*act // by recipient
	took   []envelope
	logins []string
	plain  int // messages that came unencrypted
}

// envelope is one message that the server took, whatever it then said.
type envelope struct {
	from, to string
	mail     smtp.MailOptions
	rcpt     smtp.RcptOptions
	data     []byte
}

// act is what happens to one recipient's messages; nil fields mean yes.
type act struct {
	mail, rcpt, data error
	cut, silent      bool
	hook             func() // runs when the message has been read
}

type counting struct {
	net.Listener
	mu    sync.Mutex
	conns []net.Conn
}

func (l *counting) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err == nil {
		l.mu.Lock()
		l.conns = append(l.conns, c)
		l.mu.Unlock()
	}
	return c, err
}

func (l *counting) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.conns)
}

// serve starts a server on an address of its own; with a certificate it offers
// STARTTLS.
func serve(t *testing.T, address string, certificate *tls.Certificate, options ...func(*smtp.Server)) *mailbox {
	t.Helper()
	listener, err := net.Listen("tcp", address)
	require.NoError(t, err)
	m := &mailbox{listener: &counting{Listener: listener}, script: map[string]*act{}, quiet: make(chan struct{})}
	m.server = smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) {
		return &visit{mailbox: m, conn: c}, nil
	}))
	m.server.Domain = "mx.recipient.test"
	m.server.EnableDSN = true
	m.server.ReadTimeout, m.server.WriteTimeout = 10*time.Second, 10*time.Second
	m.server.ErrorLog = discard{}
	if certificate != nil {
		m.server.TLSConfig = &tls.Config{Certificates: []tls.Certificate{*certificate}}
	}
	for _, option := range options {
		option(m.server)
	}
	done := make(chan struct{})
	go func() { defer close(done); _ = m.server.Serve(m.listener) }()
	t.Cleanup(func() {
		close(m.quiet)
		_ = m.server.Close()
		_ = listener.Close() // a server that had not begun does not know it
		<-done
	})
	return m
}

type discard struct{}

func (discard) Printf(string, ...any) {}
func (discard) Println(...any)        {}

func (m *mailbox) addr() string { return m.listener.Addr().String() }

func (m *mailbox) port(t *testing.T) string {
	_, port, err := net.SplitHostPort(m.addr())
	require.NoError(t, err)
	return port
}

func (m *mailbox) on(to string, a act) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.script[to] = &a
}

func (m *mailbox) messages() []envelope {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]envelope(nil), m.took...)
}

func (m *mailbox) copies() []conformance.Copy {
	var all []conformance.Copy
	for _, e := range m.messages() {
		id := ""
		if parsed, err := mail.ReadMessage(bytes.NewReader(e.data)); err == nil {
			id = parsed.Header.Get("Message-ID")
		}
		all = append(all, conformance.Copy{ID: id, Bytes: e.data})
	}
	return all
}

// visit is one connection.
type visit struct {
	mailbox *mailbox
	conn    *smtp.Conn
	from    string
	opts    smtp.MailOptions
	now     []envelope
}

func (v *visit) act(to string) act {
	v.mailbox.mu.Lock()
	defer v.mailbox.mu.Unlock()
	if a := v.mailbox.script[to]; a != nil {
		return *a
	}
	return act{}
}

func (v *visit) Reset()        { v.now = nil }
func (v *visit) Logout() error { return nil }

func (v *visit) Mail(from string, opts *smtp.MailOptions) error {
	v.from, v.opts, v.now = from, *opts, nil
	return v.act("").mail
}

func (v *visit) Rcpt(to string, opts *smtp.RcptOptions) error {
	if err := v.act(to).rcpt; err != nil {
		return err
	}
	v.now = append(v.now, envelope{from: v.from, to: to, mail: v.opts, rcpt: *opts})
	return nil
}

func (v *visit) Data(r io.Reader) error {
	data, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	if len(v.now) != 1 {
		return errors.New("a transaction had more than one recipient")
	}
	e := v.now[0]
	e.data = data
	a := v.act(e.to)
	if a.hook != nil {
		a.hook()
	}
	if a.data != nil {
		return a.data
	}
	v.mailbox.mu.Lock()
	v.mailbox.took = append(v.mailbox.took, e)
	if _, encrypted := v.conn.TLSConnectionState(); !encrypted {
		v.mailbox.plain++
	}
	v.mailbox.mu.Unlock()
	if a.cut {
		_ = v.conn.Conn().Close()
	}
	if a.silent {
		<-v.mailbox.quiet
	}
	return &smtp.SMTPError{Code: 250, EnhancedCode: smtp.EnhancedCode{2, 0, 0}, Message: "Ok: queued as 4QX7T1"}
}

func (v *visit) AuthMechanisms() []string { return []string{sasl.Plain} }

func (v *visit) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, username, password string) error {
		v.mailbox.mu.Lock()
		v.mailbox.logins = append(v.mailbox.logins, username)
		v.mailbox.mu.Unlock()
		if password != secret {
			return &smtp.SMTPError{Code: 535, EnhancedCode: smtp.EnhancedCode{5, 7, 8}, Message: "no: " + password}
		}
		return nil
	}), nil
}

// authority is a certificate authority of the tests' own.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pool *x509.CertPool
}

func newAuthority(t *testing.T) *authority {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Test authority"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	require.NoError(t, err)
	cert, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	pool := x509.NewCertPool()
	pool.AddCert(cert)
	return &authority{cert: cert, key: key, pool: pool}
}

// issue certifies names until the given instant.
func (a *authority) issue(t *testing.T, until time.Time, names ...string) *tls.Certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber: big.NewInt(2), DNSNames: names,
		NotBefore: time.Now().Add(-2 * time.Hour), NotAfter: until,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}, a.cert, key.Public(), a.key)
	require.NoError(t, err)
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}
