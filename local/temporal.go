package local

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// TemporalVersion is the version of the server that deploy/local embeds.
const TemporalVersion = "1.32.1"

// TemporalInMemory is the TemporalOptions.DB of a server that forgets everything at its end.
const TemporalInMemory = ":memory:"

// TemporalFile is where the server of this version keeps what it knows below dir.
// Another version takes another file; the old one may be deleted.
func TemporalFile(dir string) string {
	return filepath.Join(dir, "temporal-"+TemporalVersion+".db")
}

// TemporalOptions describe an embedded Temporal server.
type TemporalOptions struct {
	// Binary is docket-temporal; "" looks for it with FindTemporal.
	Binary string
	// DB is the server's SQLite file (TemporalFile), or TemporalInMemory.
	DB string
	// Namespace is made when it does not exist; "" means "docket".
	Namespace string
	// Port is for gRPC; 0 takes a free one.
	Port int
	// UIPort is for the web UI; 0 takes a free one, -1 leaves the web UI out.
	UIPort int
	// Log receives the server's own log (errors); nil drops it.
	Log io.Writer
}

// Temporal is a running embedded server. It ends with this process, however this
// process ends: it holds one end of a pipe whose other end only we have.
type Temporal struct {
	// HostPort is where gRPC answers.
	HostPort string
	// UIURL is the web UI, "" when it was left out.
	UIURL string
	// Namespace exists on the server.
	Namespace string

	process *process
	pipe    io.Closer
}

// FindTemporal is the path of docket-temporal: what DOCKET_TEMPORAL_BINARY names,
// else the file beside the running program, else bin/ of the Go module around the
// working directory. The error says how to build it.
func FindTemporal() (string, error) {
	if named := os.Getenv("DOCKET_TEMPORAL_BINARY"); named != "" {
		if _, err := exec.LookPath(named); err != nil {
			return "", fmt.Errorf("cannot use the Temporal server that DOCKET_TEMPORAL_BINARY names: %w", err)
		}
		return named, nil
	}
	const name = "docket-temporal"
	var places []string
	if self, err := os.Executable(); err == nil {
		places = append(places, filepath.Join(filepath.Dir(self), name))
	}
	if dir, err := os.Getwd(); err == nil {
		for ; ; dir = filepath.Dir(dir) {
			if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
				places = append(places, filepath.Join(dir, "bin", name))
				break
			}
			if dir == filepath.Dir(dir) {
				break
			}
		}
	}
	for _, place := range places {
		if path, err := exec.LookPath(place); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("the Temporal server is not built; run `make temporal`, or name it in DOCKET_TEMPORAL_BINARY (looked for %s)", strings.Join(places, ", "))
}

// StartTemporal starts the server and returns when it answers. A start that
// fails says why in the server's own words and leaves no process; a file that
// cannot be used may be deleted, since Docket's workflows hold nothing but ids.
func StartTemporal(ctx context.Context, opt TemporalOptions) (*Temporal, error) {
	if opt.Namespace == "" {
		opt.Namespace = "docket"
	}
	if opt.Log == nil {
		opt.Log = io.Discard
	}
	args, err := opt.arguments()
	if err != nil {
		return nil, err
	}
	if opt.Binary == "" {
		if opt.Binary, err = FindTemporal(); err != nil {
			return nil, err
		}
	}
	cmd := exec.Command(opt.Binary, args...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // a Ctrl-C in our terminal is for us
	said := &lastWords{}
	cmd.Stderr = io.MultiWriter(said, opt.Log)
	pipe, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("cannot start the Temporal server: %w", err)
	}
	stdout, out, err := os.Pipe()
	if err != nil {
		_ = pipe.Close()
		return nil, fmt.Errorf("cannot start the Temporal server: %w", err)
	}
	cmd.Stdout = out
	child, err := launch(cmd)
	_ = out.Close()
	if err != nil {
		_, _ = pipe.Close(), stdout.Close()
		return nil, fmt.Errorf("cannot start the Temporal server %s: %w", opt.Binary, err)
	}
	t := &Temporal{Namespace: opt.Namespace, process: child, pipe: pipe}
	if err := t.await(ctx, stdout); err != nil {
		t.Kill()
		return nil, fmt.Errorf("cannot start the Temporal server: %w%s", err, said)
	}
	return t, nil
}

// arguments checks the file's place and gives every port a number of our choice.
func (opt TemporalOptions) arguments() ([]string, error) {
	if opt.DB == "" {
		return nil, errors.New("cannot start the Temporal server: no database file is named")
	}
	if opt.DB != TemporalInMemory {
		if err := os.MkdirAll(filepath.Dir(opt.DB), 0o700); err != nil {
			return nil, fmt.Errorf("cannot make the place for Temporal's file: %w", err)
		}
		info, err := os.Stat(opt.DB)
		if err == nil && !info.Mode().IsRegular() || err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("cannot use %s as Temporal's file", opt.DB)
		}
	}
	free, err := FreePorts(2)
	if err != nil {
		return nil, err
	}
	if opt.Port == 0 {
		opt.Port = free[0]
	}
	if opt.UIPort == 0 {
		opt.UIPort = free[1]
	}
	return []string{
		"--ip", "127.0.0.1",
		"--port", strconv.Itoa(opt.Port),
		"--ui-port", strconv.Itoa(opt.UIPort),
		"--db", opt.DB,
		"--namespace", opt.Namespace,
	}, nil
}

// await reads the server's ready line, and goes on reading so that the server
// can never block on its standard output.
func (t *Temporal) await(ctx context.Context, stdout *os.File) error {
	lines := make(chan string, 1)
	go func() {
		defer func() { _ = stdout.Close() }()
		reader := bufio.NewReader(stdout)
		for {
			line, err := reader.ReadString('\n')
			if strings.HasPrefix(line, "ready ") {
				lines <- line
				break
			}
			if err != nil {
				return
			}
		}
		_, _ = io.Copy(io.Discard, reader)
	}()
	limit := time.NewTimer(startLimit)
	defer limit.Stop()
	select {
	case line := <-lines:
		return t.read(line)
	case <-t.process.done:
		return errEnded
	case <-ctx.Done():
		return ctx.Err()
	case <-limit.C:
		return fmt.Errorf("it did not answer within %s", startLimit)
	}
}

// read takes the addresses from "ready grpc=HOST:PORT ui=URL".
func (t *Temporal) read(line string) error {
	for _, word := range strings.Fields(line)[1:] {
		if hostPort, ok := strings.CutPrefix(word, "grpc="); ok {
			t.HostPort = hostPort
		}
		if url, ok := strings.CutPrefix(word, "ui="); ok {
			t.UIURL = url
		}
	}
	if _, _, err := net.SplitHostPort(t.HostPort); err != nil {
		return fmt.Errorf("it said %q instead of where it answers: %w", strings.TrimSpace(line), err)
	}
	return nil
}

// Exited is closed when the server has ended, for whatever reason.
func (t *Temporal) Exited() <-chan struct{} { return t.process.done }

// PID is the server's process id, for tests that hurt it.
func (t *Temporal) PID() int { return t.process.pid }

// Stop ends the server by closing its pipe and waits. When ctx ends first the
// server is killed and the error says so; its file stays whole either way.
func (t *Temporal) Stop(ctx context.Context) error {
	_ = t.pipe.Close()
	select {
	case <-t.process.done:
		return nil
	case <-ctx.Done():
		t.Kill()
		return fmt.Errorf("the Temporal server did not stop in time and was killed: %w", ctx.Err())
	}
}

// Kill ends the server by SIGKILL and waits.
func (t *Temporal) Kill() {
	t.process.signal(syscall.SIGKILL)
	<-t.process.done
	_ = t.pipe.Close()
}

// lastWords keeps the end of what a child said, for the error.
type lastWords struct {
	mu   sync.Mutex
	text []byte
}

// Write implements io.Writer.
func (w *lastWords) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.text = append(w.text, p...)
	w.text = w.text[max(0, len(w.text)-2048):]
	return len(p), nil
}

// String is "" or begins with a line end.
func (w *lastWords) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.text) == 0 {
		return ""
	}
	return "\n" + strings.TrimSpace(string(w.text))
}
