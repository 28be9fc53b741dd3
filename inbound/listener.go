package inbound

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/atlascloudai/docket/core/letters"
)

// Config says where the listener listens and what it puts up with. A limit that
// is zero has its default; none can be switched off.
type Config struct {
	// Addr is the TCP address, e.g. ":25" or "127.0.0.1:0".
	Addr string
	// Domain is the domain of the return paths. Mail for any other is refused.
	Domain string
	// Key is the return-path key (see letters.ReturnToken), at least letters.MinReturnKey bytes.
	Key []byte
	// PreviousKeys still match: a bounce may come days after the key was rotated.
	PreviousKeys [][]byte
	// Intake are the addresses at which people write to the company's privacy office,
	// and Letters takes what they write; without Letters none is accepted.
	Intake  []string
	Letters IntakeRecorder
	// Own are the addresses that Docket writes from: mail from them is a loop.
	Own []string
	// TLS offers STARTTLS when set.
	TLS *tls.Config
	// Log takes what happened, without addresses or content. Defaults to slog.Default().
	Log *slog.Logger

	// MaxMessageBytes is the size over which a message is refused. Defaults to 25 MiB, what people's mail programs send at
	// most: a letter may come with scanned pages. How much is kept of one does not depend on it.
	MaxMessageBytes int64
	// MaxConnections is how many connections may be open; further ones get 421. Defaults to 100.
	MaxConnections int
	// MaxPerHost is how many of them one remote address may hold. Defaults to 20.
	MaxPerHost int
	// CommandTimeout is how long the peer may take for one command, and for one
	// message's data. Defaults to 3 minutes (RFC 5321 section 4.5.3.2.5).
	CommandTimeout time.Duration
	// SessionTimeout ends a connection whatever it is doing. Defaults to 5 minutes.
	SessionTimeout time.Duration
	// CommitTimeout is how long the recorder may take before the peer is told to
	// come again. Defaults to 20 seconds.
	CommitTimeout time.Duration
}

// maxRecipients is one: then the one reply to DATA answers for one commit. A
// client with more return paths sends the message again for each (RFC 5321
// section 4.5.3.1.10).
const maxRecipients = 1

// maxLine is the longest line, command or text, in bytes: twice what RFC 5321
// section 4.5.3.1.6 asks for.
const maxLine = 2000

// maxParsing is how many messages may be parsed at once: a header of many short
// fields takes many times its bytes while it is being read.
const maxParsing = 4

// Listener is a running SMTP listener for the bounce domain.
type Listener struct {
	door   *door
	served chan struct{}
	cancel context.CancelFunc
}

// Start listens on cfg.Addr until ctx is done or Close is called, and hands what
// comes to the recorder. It fails when the address is taken or the configuration
// lacks a domain or a key that is long enough.
func Start(ctx context.Context, cfg Config, recorder Recorder) (*Listener, error) {
	if cfg.Domain == "" {
		return nil, errors.New("cannot start the bounce listener: no domain")
	}
	for _, key := range cfg.keys() {
		if len(key) < letters.MinReturnKey {
			return nil, fmt.Errorf("cannot start the bounce listener: a return-path key has fewer than %d bytes", letters.MinReturnKey)
		}
	}
	cfg = cfg.withDefaults()
	tcp, err := (&net.ListenConfig{}).Listen(ctx, "tcp", cfg.Addr)
	if err != nil {
		return nil, fmt.Errorf("cannot listen for bounces: %w", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	parsing := make(chan struct{}, maxParsing)
	server := smtp.NewServer(smtp.BackendFunc(func(conn *smtp.Conn) (smtp.Session, error) {
		return &session{ctx: ctx, cfg: cfg, recorder: recorder, conn: conn, parsing: parsing}, nil
	}))
	server.Domain = cfg.Domain
	server.TLSConfig = cfg.TLS
	server.MaxRecipients = maxRecipients
	server.MaxMessageBytes = cfg.MaxMessageBytes
	server.MaxLineLength = maxLine
	server.ReadTimeout = cfg.CommandTimeout
	server.WriteTimeout = cfg.CommandTimeout
	server.ErrorLog = quietLog{cfg.Log}

	l := &Listener{door: newDoor(tcp, cfg), served: make(chan struct{}), cancel: cancel}
	go func() {
		defer close(l.served)
		if err := server.Serve(l.door); err != nil && !errors.Is(err, net.ErrClosed) {
			cfg.Log.Error("bounce listener stopped", "error", err)
		}
	}()
	context.AfterFunc(ctx, func() { _ = l.door.shut(ctx) })
	return l, nil
}

// Addr is the address it listens on.
func (l *Listener) Addr() net.Addr { return l.door.Addr() }

// Close takes no more connections, gives those that are open until ctx is done,
// and then cuts them. A message that was not answered yet comes again.
func (l *Listener) Close(ctx context.Context) error {
	err := l.door.shut(ctx)
	l.cancel()
	<-l.served
	if err != nil {
		return fmt.Errorf("cannot stop the bounce listener: %w", err)
	}
	return nil
}

func (c Config) keys() [][]byte {
	return append([][]byte{c.Key}, c.PreviousKeys...)
}

func (c Config) withDefaults() Config {
	if c.Log == nil {
		c.Log = slog.Default()
	}
	if c.MaxMessageBytes <= 0 {
		c.MaxMessageBytes = 25 << 20
	}
	if c.MaxConnections <= 0 {
		c.MaxConnections = 100
	}
	if c.MaxPerHost <= 0 {
		c.MaxPerHost = 20
	}
	if c.CommandTimeout <= 0 {
		c.CommandTimeout = 3 * time.Minute
	}
	if c.SessionTimeout <= 0 {
		c.SessionTimeout = 5 * time.Minute
	}
	if c.CommitTimeout <= 0 {
		c.CommitTimeout = 20 * time.Second
	}
	return c
}

// quietLog passes on that go-smtp met an error, not with whom or over what:
// addresses and content of mail do not belong in a log.
type quietLog struct{ log *slog.Logger }

func (q quietLog) Printf(format string, v ...any) {
	attrs := []any{"event", format}
	if strings.HasPrefix(format, "panic") && len(v) > 0 {
		attrs = append(attrs, "stack", v[len(v)-1])
	}
	q.log.Warn("bounce listener", attrs...)
}

func (q quietLog) Println(...any) { q.log.Warn("bounce listener") }
