package local

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

// server is a program of deploy/ that prints one line "ready ..." when it answers. It ends with this process, however
// this process ends: it holds one end of a pipe whose other end only we have.
type server struct {
	process *process
	pipe    io.Closer
}

// findServer is the path of a program that make builds: what the variable names, else the file beside the running
// program, else bin/ of the Go module around the working directory. The error names the target that builds it.
func findServer(name, variable, target string) (string, error) {
	if named := os.Getenv(variable); named != "" {
		if _, err := exec.LookPath(named); err != nil {
			return "", fmt.Errorf("cannot use the server that %s names: %w", variable, err)
		}
		return named, nil
	}
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
	return "", fmt.Errorf("%s is not built; run `%s`, or name it in %s (looked for %s)", name, target, variable, strings.Join(places, ", "))
}

// startServer starts cmd and returns its ready line. A start that fails says why in the server's own words and leaves no
// process.
func startServer(ctx context.Context, cmd *exec.Cmd, log io.Writer) (*server, string, error) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // a Ctrl-C in our terminal is for us
	said := &lastWords{}
	cmd.Stderr = io.MultiWriter(said, log)
	pipe, err := cmd.StdinPipe()
	if err != nil {
		return nil, "", err
	}
	stdout, out, err := os.Pipe()
	if err != nil {
		_ = pipe.Close()
		return nil, "", err
	}
	cmd.Stdout = out
	child, err := launch(cmd)
	_ = out.Close()
	if err != nil {
		_, _ = pipe.Close(), stdout.Close()
		return nil, "", err
	}
	s := &server{process: child, pipe: pipe}
	line, err := s.await(ctx, stdout)
	if err != nil {
		s.Kill()
		return nil, "", fmt.Errorf("%w%s", err, said)
	}
	return s, line, nil
}

// await reads the server's ready line, and goes on reading so that the server
// can never block on its standard output.
func (s *server) await(ctx context.Context, stdout *os.File) (string, error) {
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
		return line, nil
	case <-s.process.done:
		return "", errEnded
	case <-ctx.Done():
		return "", ctx.Err()
	case <-limit.C:
		return "", fmt.Errorf("it did not answer within %s", startLimit)
	}
}

// Exited is closed when the server has ended, for whatever reason.
func (s *server) Exited() <-chan struct{} { return s.process.done }

// PID is the server's process id, for tests that hurt it.
func (s *server) PID() int { return s.process.pid }

// Stop ends the server by closing its pipe and waits. When ctx ends first the
// server is killed and the error says so; its files stay whole either way.
func (s *server) Stop(ctx context.Context) error {
	_ = s.pipe.Close()
	select {
	case <-s.process.done:
		return nil
	case <-ctx.Done():
		s.Kill()
		return fmt.Errorf("the server did not stop in time and was killed: %w", ctx.Err())
	}
}

// Kill ends the server by SIGKILL and waits.
func (s *server) Kill() {
	s.process.signal(syscall.SIGKILL)
	<-s.process.done
	_ = s.pipe.Close()
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
