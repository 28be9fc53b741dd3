// Package mail is the local mail server. It plays the recipients' own MX for the
// one-machine stack and for tests: it takes mail for everybody, keeps and lists
// what it received, refuses and falls silent as scripted, and sends delivery
// reports about what it kept. It never passes a message on.
package mail

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"regexp"
	"sync"
	"time"

	"github.com/emersion/go-smtp"
	"golang.org/x/net/netutil"
)

// Options say what the server is. Zero values are usable.
type Options struct {
	// Addr and HTTPAddr are where it listens for mail and for readers. Both
	// default to "127.0.0.1:0", a free port.
	Addr, HTTPAddr string
	// Dir keeps messages, script and certificate over restarts; "" keeps them in memory.
	Dir string
	// Domain is the name it greets with. Defaults to "mx.docket.test".
	Domain string
	// TLS offers STARTTLS with this certificate. By default the server makes one,
	// valid for Domain, Hosts and this machine; CAPool verifies it.
	TLS *tls.Config
	// Hosts are further names on the certificate that it makes.
	Hosts []string
	// NoTLS offers no STARTTLS.
	NoTLS bool
	// DSN offers delivery status notifications (RFC 3461). They are then sent by
	// Bounce and Delivered only, never by themselves.
	DSN bool
	// DigestOnly keeps no content, for runs of many messages. It excludes Dir.
	DigestOnly bool
	// Canary is searched for in each message, encoded parts included, so that a
	// test sees whose values a message holds even where its content is not kept.
	Canary *regexp.Regexp
	// BounceTo is the host:port of the listener for the return paths' domain.
	BounceTo string
	// MaxMessageBytes refuses larger messages. Defaults to 10 MiB.
	MaxMessageBytes int64
	// MaxConnections makes further ones wait. Defaults to 500.
	MaxConnections int
	// Timeout is how long a client may take for one command or one message's
	// data. Defaults to 1 minute. Scripted silence lasts until a side hangs up.
	Timeout time.Duration
	// Log takes what went wrong, without addresses. Defaults to slog.Default().
	Log *slog.Logger
}

const (
	maxRecipients = 100  // RFC 5321 section 4.5.3.1.8 asks for at least that many
	maxLine       = 2000 // twice RFC 5321 section 4.5.3.1.6
)

// Server is a running mail server.
type Server struct {
	options Options
	script  script
	store   *store
	rules   ruleFile
	pool    *x509.CertPool
	pem     []byte

	mailAt, httpAt net.Listener
	smtp           *smtp.Server
	web            *http.Server
	running        sync.WaitGroup
	closing        chan struct{}
	once           sync.Once
}

// Start starts a server that runs until ctx is done or Close is called.
func Start(ctx context.Context, options Options) (*Server, error) {
	options = options.withDefaults()
	s := &Server{options: options, rules: ruleFile{dir: options.Dir}, closing: make(chan struct{})}
	var err error
	if s.store, err = openStore(options.Dir, options.DigestOnly); err != nil {
		return nil, err
	}
	if err := s.listen(ctx); err != nil {
		s.shut()
		return nil, err
	}
	context.AfterFunc(ctx, s.shut)
	return s, nil
}

func (s *Server) listen(ctx context.Context) error {
	given, err := s.rules.read()
	if err != nil {
		return err
	}
	if err := s.script.replace(given); err != nil {
		return fmt.Errorf("cannot use the kept script: %w", err)
	}
	config := s.options.TLS
	if config == nil && !s.options.NoTLS {
		c, err := certificate(s.options.Dir, append([]string{s.options.Domain}, s.options.Hosts...))
		if err != nil {
			return err
		}
		config, s.pool, s.pem = c.config(), c.pool(), c.certPEM
	}
	var open net.ListenConfig
	if s.mailAt, err = open.Listen(ctx, "tcp", s.options.Addr); err != nil {
		return fmt.Errorf("cannot listen for mail: %w", err)
	}
	if s.httpAt, err = open.Listen(ctx, "tcp", s.options.HTTPAddr); err != nil {
		return fmt.Errorf("cannot listen for readers of mail: %w", err)
	}
	s.smtp = s.newSMTP(config)
	s.web = &http.Server{
		Handler: s.pages(), ReadHeaderTimeout: 10 * time.Second, ReadTimeout: time.Minute,
		WriteTimeout: time.Minute, IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10,
		ErrorLog: slog.NewLogLogger(s.options.Log.Handler(), slog.LevelDebug),
	}
	door := &greeter{netutil.LimitListener(s.mailAt, s.options.MaxConnections), s}
	s.running.Go(func() {
		if err := s.smtp.Serve(door); err != nil && !errors.Is(err, net.ErrClosed) {
			s.options.Log.Error("local mail server stopped", "error", err)
		}
	})
	s.running.Go(func() {
		if err := s.web.Serve(s.httpAt); err != nil && !errors.Is(err, http.ErrServerClosed) {
			s.options.Log.Error("local mail pages stopped", "error", err)
		}
	})
	return nil
}

func (s *Server) newSMTP(config *tls.Config) *smtp.Server {
	server := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) {
		return &session{server: s, conn: c}, nil
	}))
	server.Domain = s.options.Domain
	server.TLSConfig = config
	server.EnableDSN = s.options.DSN
	server.EnableSMTPUTF8 = true
	server.MaxRecipients = maxRecipients
	server.MaxMessageBytes = s.options.MaxMessageBytes
	server.MaxLineLength = maxLine
	server.ReadTimeout = s.options.Timeout
	server.WriteTimeout = s.options.Timeout
	server.ErrorLog = eventLog{s.options.Log}
	return server
}

// Addr is the host:port for mail, HTTPAddr the one for readers, and URL the page.
func (s *Server) Addr() string { return s.mailAt.Addr().String() }

// HTTPAddr is the host:port of the pages.
func (s *Server) HTTPAddr() string { return s.httpAt.Addr().String() }

// URL is the page that lists what was received.
func (s *Server) URL() string { return "http://" + s.HTTPAddr() + "/" }

// CAPool verifies the certificate that the server made; nil when it was given one or none.
func (s *Server) CAPool() *x509.CertPool { return s.pool }

// CertificatePEM is that certificate for the configuration of another process. In
// Dir it is the file cert.pem.
func (s *Server) CertificatePEM() []byte { return s.pem }

// Rules replaces the script, and forgets how far each recipient had come in it.
// A rule that makes no sense is refused by its number, and nothing is changed.
func (s *Server) Rules(rules ...Rule) error { return s.changeScript(s.script.replace, rules) }

// AddRules puts rules behind those of the script.
func (s *Server) AddRules(rules ...Rule) error { return s.changeScript(s.script.add, rules) }

func (s *Server) changeScript(change func([]Rule) error, rules []Rule) error {
	s.rules.mu.Lock()
	defer s.rules.mu.Unlock()
	if err := change(rules); err != nil {
		return err
	}
	return s.rules.write(s.script.current())
}

// Messages are all that were received, in the order of arrival.
func (s *Server) Messages() []Message { return s.store.messages(0, 0, nil) }

// Data is a message as it was received. It fails where only digests are kept.
func (s *Server) Data(id int64) ([]byte, error) { return s.store.data(id) }

// WaitFor waits until at least n messages were received and returns them all. When
// ctx ends before, it returns those that there are, and the reason.
func (s *Server) WaitFor(ctx context.Context, n int) ([]Message, error) {
	for {
		have, grown := s.store.count()
		if have >= n {
			return s.Messages(), nil
		}
		select {
		case <-grown:
		case <-s.closing:
			return s.Messages(), errClosed
		case <-ctx.Done():
			return s.Messages(), fmt.Errorf("cannot wait for %d messages, %d came: %w", n, have, ctx.Err())
		}
	}
}

// Close ends all connections and waits for both listeners.
func (s *Server) Close() error {
	s.shut()
	s.running.Wait()
	return nil
}

func (s *Server) shut() {
	s.once.Do(func() {
		close(s.closing)
		if s.smtp != nil {
			_ = s.smtp.Close()
			_ = s.web.Close()
		}
		for _, l := range []net.Listener{s.mailAt, s.httpAt} {
			if l != nil {
				_ = l.Close()
			}
		}
		if err := s.store.close(); err != nil {
			s.options.Log.Error("cannot close the kept mail", "error", err)
		}
	})
}

func (o Options) withDefaults() Options {
	if o.Addr == "" {
		o.Addr = "127.0.0.1:0"
	}
	if o.HTTPAddr == "" {
		o.HTTPAddr = "127.0.0.1:0"
	}
	if o.Domain == "" {
		o.Domain = "mx.docket.test"
	}
	if o.MaxMessageBytes <= 0 {
		o.MaxMessageBytes = 10 << 20
	}
	if o.MaxConnections <= 0 {
		o.MaxConnections = 500
	}
	if o.Timeout <= 0 {
		o.Timeout = time.Minute
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	return o
}

// eventLog passes on what kind of error go-smtp met, without addresses.
type eventLog struct{ log *slog.Logger }

func (e eventLog) Printf(format string, _ ...any) { e.log.Debug("local mail", "event", format) }
func (e eventLog) Println(...any)                 { e.log.Debug("local mail") }
