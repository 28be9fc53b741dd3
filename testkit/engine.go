package testkit

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"

	"github.com/atlascloudai/docket/core/estate"
	"github.com/atlascloudai/docket/local"
	"github.com/atlascloudai/docket/local/mail"
	"github.com/atlascloudai/docket/worker"
	"github.com/atlascloudai/docket/worker/codec"
)

// Engine is a house at work: workers on a real Temporal server, with the local mail server in the place of
// every recipient's own and the local pager in the place of the team's. Workers are started by the test.
type Engine struct {
	*House
	Mail  *mail.Server
	Pager *local.Pager
	// Client sees the engine's processes on Temporal, through the codec.
	Client client.Client
	// Log is what the workers logged, as JSON lines.
	Log *Transcript

	crew crew
	look *pgxpool.Pool
}

// EngineOptions is what differs between tests. The zero value is the usual engine.
type EngineOptions struct {
	// Temporal is a server of the test's own; nil for the shared one.
	Temporal *Temporal
	// Lease is how long a sender's claim holds; 2 seconds if zero. It must be longer than any attempt.
	Lease time.Duration
	// SilenceLimit bounds every wait for the mail server; 30 seconds if zero.
	SilenceLimit time.Duration
	// WatchEvery and WatchGrace are the watchdog's; it stays out of the way unless they are set.
	WatchEvery, WatchGrace time.Duration
	// Debug logs everything.
	Debug bool
	// Estate is where requests of people look, Connections the file that says how the workers reach it.
	Estate      *estate.Estate
	Connections string
}

// NewEngine puts an engine around a house, without a worker.
func NewEngine(t testing.TB, h *House, o EngineOptions) *Engine {
	t.Helper()
	orElse := func(d *time.Duration, usual time.Duration) {
		if *d == 0 {
			*d = usual
		}
	}
	orElse(&o.Lease, 2*time.Second)
	orElse(&o.SilenceLimit, 30*time.Second)
	orElse(&o.WatchEvery, time.Hour)
	orElse(&o.WatchGrace, time.Hour)
	e := &Engine{House: h, Log: &Transcript{}}
	var err error
	e.Mail, err = mail.Start(context.Background(), mail.Options{Log: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, e.Mail.Close()) })
	e.Pager, err = local.StartPager(context.Background(), "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, e.Pager.Stop()) })
	e.crew = crew{
		Database: h.Database.App, Key: h.key, Signing: h.Signing, Payload: randomKey(), Return: randomKey(), DKIM: randomKey(),
		Namespace: namespace, Prefix: "test-" + uuid.NewString()[:8], Mail: e.Mail.Addr(), Roots: e.Mail.CertificatePEM(),
		Pager: e.Pager.URL, PagerSecret: pagerSecret(), OnCall: OnCall, Lease: o.Lease, Stop: 5 * time.Second,
		CommandTimeout: o.SilenceLimit, DataTimeout: o.SilenceLimit, WatchEvery: o.WatchEvery, WatchGrace: o.WatchGrace,
		Connections: 20, MaxConnectionsPerHost: 8, Debug: o.Debug, Drills: h.Options.Drills, Estate: o.Estate, Stores: o.Connections,
	}
	if o.Temporal != nil {
		e.crew.Temporal = o.Temporal.HostPort
	} else {
		e.crew.Temporal = SharedTemporal(t)
	}
	options, err := e.crew.temporal()
	require.NoError(t, err)
	e.Client, err = worker.Dial(options, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	t.Cleanup(e.Client.Close)
	e.look, err = pgxpool.New(context.Background(), h.Database.App)
	require.NoError(t, err)
	t.Cleanup(e.look.Close)
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the workers logged, at the end:\n%s", e.Log.tail(6000))
		}
	})
	return e
}

// Notices are the messages that customers received, in the order of their arrival: without the copies of pages.
func (e *Engine) Notices() (notices []mail.Message) {
	for _, m := range e.Mail.Messages() {
		if m.To[0] != OnCall {
			notices = append(notices, m)
		}
	}
	return notices
}

// TemporalAddress is the host:port of the engine's Temporal server, and PayloadCodec what its payloads are
// encrypted with: for tests that read what is stored there.
func (e *Engine) TemporalAddress() string { return e.crew.Temporal }

// PayloadCodec decrypts what the engine's workers hand to Temporal.
func (e *Engine) PayloadCodec(t testing.TB) converter.PayloadCodec {
	t.Helper()
	keys, err := e.crew.payloadKeys()
	require.NoError(t, err)
	return codec.NewPayloadCodec(keys)
}

// OnCall is where the copies of pages go by mail.
const OnCall = "oncall@docket.example.test"

// Worker is a worker within the test's process.
type Worker struct {
	cancel context.CancelFunc
	ended  chan error
}

// StartWorker starts a worker, which stops with the test at the latest.
func (e *Engine) StartWorker(t testing.TB) *Worker {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	w := &Worker{cancel: cancel, ended: make(chan error, 1)}
	go func() { w.ended <- e.crew.run(ctx, e.crew.logger(e.Log)) }()
	t.Cleanup(func() { w.Stop(t) })
	return w
}

// Stop lets the worker end what is under way, and waits for its end.
func (w *Worker) Stop(t testing.TB) {
	t.Helper()
	if w.cancel == nil {
		return
	}
	w.cancel()
	w.cancel = nil
	select {
	case err := <-w.ended:
		require.NoError(t, err)
	case <-time.After(time.Minute):
		require.FailNow(t, "the worker does not stop")
	}
}

// Process is a worker in a process of its own.
type Process struct {
	cmd  *exec.Cmd
	pipe io.Closer
}

// SpawnWorker starts a worker as a process, which ends with the test at the latest. The package's TestMain
// must be Main.
func (e *Engine) SpawnWorker(t testing.TB) *Process {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	given, err := json.Marshal(e.crew)
	require.NoError(t, err)
	p := &Process{cmd: exec.Command(self)}
	p.cmd.Env = append(os.Environ(), crewEnv+"="+string(given))
	p.cmd.Stdout, p.cmd.Stderr = e.Log, e.Log
	p.pipe, err = p.cmd.StdinPipe()
	require.NoError(t, err)
	require.NoError(t, p.cmd.Start())
	t.Cleanup(p.Kill)
	return p
}

// Kill is kill -9. It returns when the process is gone.
func (p *Process) Kill() {
	if p.cmd.ProcessState != nil {
		return
	}
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait()
	_ = p.pipe.Close()
}

// Freeze stops the process where it stands (SIGSTOP), Thaw lets it go on.
func (p *Process) Freeze(t testing.TB) {
	t.Helper()
	require.NoError(t, p.cmd.Process.Signal(syscall.SIGSTOP))
}

// Thaw lets a frozen process go on.
func (p *Process) Thaw(t testing.TB) {
	t.Helper()
	require.NoError(t, p.cmd.Process.Signal(syscall.SIGCONT))
}

// Debug logs everything into a transcript.
func Debug(to *Transcript) *slog.Logger {
	return slog.New(slog.NewJSONHandler(to, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// Transcript keeps what is written to it. It is safe for concurrent use.
type Transcript struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write implements io.Writer.
func (l *Transcript) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

// String is everything that was written.
func (l *Transcript) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func (l *Transcript) tail(n int) string {
	text := l.String()
	if len(text) > n {
		return fmt.Sprintf("… (%d bytes before)\n%s", len(text)-n, text[len(text)-n:])
	}
	return text
}
