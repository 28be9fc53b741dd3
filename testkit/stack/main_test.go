package main

import (
	"bufio"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
)

// The test binary is the stack command when it is started with this set.
const beStack = "DOCKET_STACK_TEST"

func TestMain(m *testing.M) {
	if os.Getenv(beStack) != "" {
		main()
	}
	os.Exit(m.Run())
}

// stack is the stack command with files below dir alone.
func stack(t *testing.T, dir string, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), self, args...)
	cmd.Env = append(os.Environ(), beStack+"=1", "TMPDIR="+dir)
	cmd.Stderr = os.Stderr
	return cmd
}

// shortDir is one in which a socket's path still fits.
func shortDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	return dir
}

func TestStackPassesTheExitCodeOnAndLeavesNoFile(t *testing.T) {
	t.Parallel()
	for script, code := range map[string]int{
		"exit 0":        0,
		"exit 7":        7,
		"kill -KILL $$": 137,
		// Both servers are named; PostgreSQL alone is with -no-temporal.
		`test -n "$DOCKET_TEST_POSTGRES" -a -z "$DOCKET_TEST_TEMPORAL"`: 0,
	} {
		dir := shortDir(t)
		cmd := stack(t, dir, "-no-temporal", "--", "sh", "-c", script)
		_ = cmd.Run()
		require.Equal(t, code, cmd.ProcessState.ExitCode(), script)
		left, err := filepath.Glob(filepath.Join(dir, "*"))
		require.NoError(t, err)
		require.Empty(t, left, script)
	}
}

func TestStackThatCannotStartItsCommandSaysSo(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{}, {"-nonsense"}, {"-no-temporal", "--", "/no/such/command"}} {
		cmd := stack(t, shortDir(t), args...)
		cmd.Stderr = nil
		_ = cmd.Run()
		require.Equal(t, errStack, cmd.ProcessState.ExitCode(), args)
	}
}

// running is a stack whose command waits, and what can be seen of it.
type running struct {
	stack              *exec.Cmd
	command, child     int
	postgres, temporal string
}

// startRunning starts a stack over a command with a child, both of which wait.
func startRunning(t *testing.T) running {
	t.Helper()
	r := running{stack: stack(t, shortDir(t), "--", "sh", "-c",
		`sleep 1000 & echo "$$ $! $DOCKET_TEST_POSTGRES $DOCKET_TEST_TEMPORAL"; wait`)}
	out, err := r.stack.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, r.stack.Start())
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err, "the command did not start")
	words := strings.Fields(line)
	require.Len(t, words, 4)
	r.command, err = strconv.Atoi(words[0])
	require.NoError(t, err)
	r.child, err = strconv.Atoi(words[1])
	require.NoError(t, err)
	t.Cleanup(func() { _ = syscall.Kill(-r.command, syscall.SIGKILL) })
	r.postgres, r.temporal = words[2], words[3]
	require.True(t, r.postgresAnswers(t))
	require.True(t, r.temporalAnswers())
	return r
}

func (r running) postgresAnswers(t *testing.T) bool {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), r.postgres)
	if err != nil {
		return false
	}
	return conn.Close(t.Context()) == nil
}

func (r running) temporalAnswers() bool {
	conn, err := net.Dial("tcp", r.temporal)
	if err != nil {
		return false
	}
	return conn.Close() == nil
}

func TestStackEndsEverythingOnASignal(t *testing.T) {
	t.Parallel()
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		r := startRunning(t)
		require.NoError(t, r.stack.Process.Signal(sig))
		_ = r.stack.Wait()
		require.NotZero(t, r.stack.ProcessState.ExitCode(), sig)
		require.False(t, r.postgresAnswers(t), sig)
		require.False(t, r.temporalAnswers(), sig)
		require.True(t, ended(r.command), "the command")
		require.True(t, ended(r.child), "what the command left behind")
	}
}

func TestStackThatIsKilledLeavesNothingRunning(t *testing.T) {
	t.Parallel()
	r := startRunning(t)
	require.NoError(t, r.stack.Process.Kill())
	_ = r.stack.Wait()
	require.Eventually(t, func() bool {
		return !r.postgresAnswers(t) && !r.temporalAnswers() && ended(r.command)
	}, 20*time.Second, 20*time.Millisecond)
}

// ended also counts a zombie that nobody reaps.
func ended(pid int) bool {
	stat, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	return err != nil || strings.Contains(string(stat), ") Z ")
}
