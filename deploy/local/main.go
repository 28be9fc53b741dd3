// Command docket-temporal is a whole Temporal server with its web UI in one
// process, for one machine: development, the demo and tests. It keeps what it
// knows in one SQLite file, or in memory. Docket's workflows hold nothing but
// ids, so the file may be thrown away at any time while the server is stopped.
//
// It is its own Go module so that the product does not carry the server's
// dependencies.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"go.temporal.io/server/common/headers"
)

// version is the build's own stamp; the Makefile sets it.
var version = "unstamped"

// options are the command line, validated.
type options struct {
	ip        string
	port      int
	uiPort    int
	database  string
	namespace string
	logLevel  string
}

const memory = ":memory:"

func main() {
	opt, err := parse(os.Args[1:], os.Stdout)
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err == nil {
		syscall.Umask(0o077) // what workflows say is for their owner alone
		err = run(opt)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "docket-temporal:", err)
		os.Exit(1)
	}
}

func parse(args []string, out io.Writer) (options, error) {
	var opt options
	flags := flag.NewFlagSet("docket-temporal", flag.ContinueOnError)
	flags.SetOutput(out)
	flags.StringVar(&opt.ip, "ip", "127.0.0.1", "loopback `address` to listen on; the server asks nobody for a password, so no other is accepted")
	flags.IntVar(&opt.port, "port", 7233, "gRPC `port`; 0 takes a free one")
	flags.IntVar(&opt.uiPort, "ui-port", 8233, "web UI `port`; 0 takes a free one, -1 leaves the web UI out")
	flags.StringVar(&opt.database, "db", memory, "SQLite `file`, made when it does not exist; "+memory+" keeps everything in memory and forgets it at the end")
	flags.StringVar(&opt.namespace, "namespace", "docket", "`name` of the namespace to make when it does not exist (closed workflows are kept for seven days); others may be registered through the API")
	flags.StringVar(&opt.logLevel, "log-level", "error", "`level` from which the server's log goes to standard error: debug, info, warn, error")
	stamp := flags.Bool("version", false, "print the version and end")
	flags.Usage = func() {
		fmt.Fprint(out, `docket-temporal runs a Temporal server with its web UI on this machine.

When it answers, it prints one line on standard output:
  ready grpc=127.0.0.1:PORT ui=http://127.0.0.1:PORT
(without ui=... when the web UI is left out). It ends on SIGTERM and SIGINT and,
when its standard input is a pipe, as soon as that pipe is closed: a parent that
holds the other end cannot leave it behind.

Flags:
`)
		flags.PrintDefaults()
	}
	if err := flags.Parse(args); err != nil {
		return opt, err
	}
	switch {
	case *stamp:
		fmt.Fprintf(out, "docket-temporal %s (Temporal %s)\n", version, headers.ServerVersion)
		return opt, flag.ErrHelp
	case flags.NArg() > 0:
		return opt, fmt.Errorf("unexpected argument %q; see --help", flags.Arg(0))
	case !isLoopback(opt.ip):
		return opt, fmt.Errorf("--ip %s is not a loopback address; this server asks nobody for a password", opt.ip)
	case opt.port < 0 || opt.port > 65535:
		return opt, fmt.Errorf("--port %d is not a port", opt.port)
	case opt.uiPort < -1 || opt.uiPort > 65535:
		return opt, fmt.Errorf("--ui-port %d is not a port", opt.uiPort)
	case opt.database == "":
		return opt, errors.New("--db is empty; name a file or " + memory)
	case opt.namespace == "":
		return opt, errors.New("--namespace is empty")
	}
	return opt, nil
}

// run serves until a signal or the end of the inherited pipe.
func run(opt options) error {
	end := make(chan os.Signal, 1)
	signal.Notify(end, syscall.SIGTERM, syscall.SIGINT)
	orphaned := pipeClosed(os.Stdin)

	started := make(chan error, 1)
	var srv *server
	go func() {
		var err error
		srv, err = start(opt)
		started <- err
	}()
	select {
	case err := <-started:
		if err != nil {
			return err
		}
	case <-end:
		return nil // nothing was promised yet, and the file survives a process that vanishes
	case <-orphaned:
		return nil
	}
	fmt.Println(srv.ready())

	select {
	case <-end:
	case <-orphaned:
	}
	srv.stop(3 * time.Second)
	return nil
}

// pipeClosed is closed when f is a pipe and its writing end is gone. It never
// is for a terminal or /dev/null, so that the server can be started by hand.
func pipeClosed(f *os.File) <-chan struct{} {
	info, err := f.Stat()
	if err != nil || info.Mode()&os.ModeNamedPipe == 0 {
		return nil
	}
	closed := make(chan struct{})
	go func() {
		_, _ = io.Copy(io.Discard, f)
		close(closed)
	}()
	return closed
}
