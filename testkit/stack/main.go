// Command stack runs a command between a PostgreSQL and a Temporal server that
// were started for it, and that all test binaries of one `go test ./...` share:
//
//	stack [-no-temporal] -- COMMAND ARGS…
//
// The command finds them in its environment: DOCKET_TEST_POSTGRES is the URL of
// the database postgres as superuser, DOCKET_TEST_TEMPORAL is host:port. Both end
// with the command, and with stack itself however it ends. The exit code is the
// command's, 128 plus its number when a signal ended it, 125 when the stack
// itself could not start.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"syscall"
	"time"

	"github.com/atlascloudai/docket/local"
)

// errStack is the exit code for a stack that does not come up.
const errStack = 125

func main() {
	// The kernel ends the command when the thread that started it ends (endWithUs).
	runtime.LockOSThread()
	os.Exit(run(os.Args[1:]))
}

func run(args []string) int {
	flags := flag.NewFlagSet("stack", flag.ContinueOnError)
	noTemporal := flags.Bool("no-temporal", false, "start PostgreSQL alone")
	flags.Usage = func() {
		fmt.Fprintln(flags.Output(), "usage: stack [-no-temporal] -- COMMAND ARGS…")
		flags.PrintDefaults()
	}
	err := flags.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err != nil || flags.NArg() == 0 {
		flags.Usage()
		return errStack
	}
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)

	s, err := start(signals, !*noTemporal)
	if err != nil {
		fmt.Fprintln(os.Stderr, "stack:", err)
		return errStack
	}
	code := command(flags.Args(), s.env, signals)
	if err := s.stop(); err != nil {
		fmt.Fprintln(os.Stderr, "stack:", err)
		return max(code, 1)
	}
	return code
}

// servers is what was started, and where the command finds it.
type servers struct {
	dir      string
	postgres *local.Postgres
	temporal *local.Temporal
	env      []string
}

// start brings the servers up; a signal cuts it short. What came up before an
// error is stopped again.
func start(signals <-chan os.Signal, withTemporal bool) (_ *servers, err error) {
	ctx, cancel := context.WithTimeoutCause(context.Background(), 2*time.Minute, errors.New("the servers did not start within two minutes"))
	defer cancel()
	up := make(chan struct{})
	defer close(up)
	go func() {
		select {
		case <-signals:
			cancel()
		case <-up:
		}
	}()

	s := &servers{}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.stop())
		}
	}()
	if s.dir, err = os.MkdirTemp("", "docket-stack-"); err != nil {
		return s, fmt.Errorf("cannot make a place for the servers: %w", err)
	}
	s.postgres, err = local.StartPostgres(ctx, local.PostgresOptions{
		Dir:           filepath.Join(s.dir, "postgres"),
		Settings:      local.Throwaway(),
		DieWithParent: true,
	})
	if err != nil {
		return s, err
	}
	s.env = append(s.env, "DOCKET_TEST_POSTGRES="+s.postgres.DSN("postgres"))
	if !withTemporal {
		s.env = append(s.env, "DOCKET_TEST_TEMPORAL=") // Not that of a stack around this one.
		return s, nil
	}
	s.temporal, err = local.StartTemporal(ctx, local.TemporalOptions{DB: local.TemporalInMemory, UIPort: -1})
	if err != nil {
		return s, err
	}
	s.env = append(s.env, "DOCKET_TEST_TEMPORAL="+s.temporal.HostPort)
	return s, nil
}

// stop ends whatever runs and takes its files away.
func (s *servers) stop() error {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	var errs []error
	if s.temporal != nil {
		errs = append(errs, s.temporal.Stop(ctx))
	}
	if s.postgres != nil {
		errs = append(errs, s.postgres.Discard())
	}
	if s.dir != "" {
		errs = append(errs, os.RemoveAll(s.dir))
	}
	return errors.Join(errs...)
}

// command runs args in a process group of its own and returns its exit code. The
// first signal is passed on to the whole group, a second one kills it; whatever
// the command leaves running in its group is killed at the end.
func command(args, env []string, signals <-chan os.Signal) int {
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.Env = append(os.Environ(), env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	endWithUs(cmd)
	if err := cmd.Start(); err != nil {
		fmt.Fprintf(os.Stderr, "stack: cannot start the command: %v\n", err)
		return errStack
	}
	group := -cmd.Process.Pid
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	defer func() { _ = syscall.Kill(group, syscall.SIGKILL) }()

	for told := false; ; told = true {
		select {
		case sig := <-signals:
			number, ok := sig.(syscall.Signal)
			if told || !ok {
				number = syscall.SIGKILL
			} else {
				fmt.Fprintf(os.Stderr, "stack: %s; stopping (once more to kill)\n", sig)
			}
			_ = syscall.Kill(group, number)
		case err := <-ended:
			return exitCode(cmd, err)
		}
	}
}

func exitCode(cmd *exec.Cmd, err error) int {
	if err == nil {
		return 0
	}
	if status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return 128 + int(status.Signal())
	}
	return max(cmd.ProcessState.ExitCode(), 1)
}
