package local

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The test binary starts itself again as a parent that can be killed.
const (
	parentEnv = "DOCKET_LOCAL_TEST_PARENT" // what the parent starts
	placeEnv  = "DOCKET_LOCAL_TEST_PLACE"  // on which directory or file
)

func TestMain(m *testing.M) {
	if what := os.Getenv(parentEnv); what != "" {
		if err := beParent(what, os.Getenv(placeEnv)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		select {} // until killed
	}
	os.Exit(m.Run())
}

// beParent starts something and prints its process id.
func beParent(what, place string) error {
	ctx := context.Background()
	switch what {
	case "postgres", "postgres that dies with its parent":
		p, err := StartPostgres(ctx, PostgresOptions{
			Dir:           place,
			Settings:      small(),
			DieWithParent: what != "postgres",
		})
		if err != nil {
			return err
		}
		fmt.Println(p.PID())
	case "temporal":
		t, err := StartTemporal(ctx, TemporalOptions{DB: place, UIPort: -1})
		if err != nil {
			return err
		}
		fmt.Println(t.PID())
	}
	return nil
}

// startParent returns the parent and the process id of what it started.
func startParent(t *testing.T, what, place string) (parent *exec.Cmd, child int) {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	parent = exec.Command(self)
	parent.Env = append(os.Environ(), parentEnv+"="+what, placeEnv+"="+place)
	parent.Stderr = os.Stderr
	out, err := parent.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, parent.Start())
	t.Cleanup(func() { _ = parent.Process.Kill(); _ = parent.Wait() })
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err, "the parent did not start %s", what)
	child, err = strconv.Atoi(strings.TrimSpace(line))
	require.NoError(t, err)
	t.Cleanup(func() { _ = syscall.Kill(child, syscall.SIGKILL) })
	return parent, child
}

// kill is kill -9.
func kill(t *testing.T, parent *exec.Cmd) {
	t.Helper()
	require.NoError(t, parent.Process.Kill())
	_ = parent.Wait() // it reports the signal
}

// requireEnds waits until the process has ended.
func requireEnds(t *testing.T, pid int) {
	t.Helper()
	left, err := adopt(pid)
	if err != nil {
		return
	}
	select {
	case <-left.done:
	case <-time.After(20 * time.Second):
		require.FailNow(t, "it still runs", "process %d", pid)
	}
}

// small are settings for many clusters beside each other that nobody will miss.
func small() map[string]string {
	settings := Throwaway()
	settings["shared_buffers"], settings["max_connections"] = "16MB", "20"
	return settings
}

// quiet is a logger for the SDK: a worker that ends reports each cut poll.
func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

func within(t *testing.T, limit time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	t.Cleanup(cancel)
	return ctx
}
