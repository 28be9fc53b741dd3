package local

import (
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
// process ends.
type Temporal struct {
	// HostPort is where gRPC answers.
	HostPort string
	// UIURL is the web UI, "" when it was left out.
	UIURL string
	// Namespace exists on the server.
	Namespace string

	*server
}

// FindTemporal is the path of docket-temporal: what DOCKET_TEMPORAL_BINARY names,
// else the file beside the running program, else bin/ of the Go module around the
// working directory. The error says how to build it.
func FindTemporal() (string, error) {
	return findServer("docket-temporal", "DOCKET_TEMPORAL_BINARY", "make temporal")
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
	if opt.Binary == "" {
		found, err := FindTemporal()
		if err != nil {
			return nil, err
		}
		opt.Binary = found
	}
	var child *server
	var line string
	err := onFreePorts(func() error {
		args, err := opt.arguments()
		if err == nil {
			child, line, err = startServer(ctx, exec.Command(opt.Binary, args...), opt.Log)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("cannot start the Temporal server %s: %w", opt.Binary, err)
	}
	t := &Temporal{Namespace: opt.Namespace, server: child}
	if err := t.read(line); err != nil {
		t.Kill()
		return nil, fmt.Errorf("cannot start the Temporal server: %w", err)
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
