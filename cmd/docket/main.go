// Command docket is the whole of Docket in one binary: the one-machine stack, the API, the worker,
// and the client of the API.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
)

// version is the build's, stamped by make.
var version = "unstamped"

// cli is every command; its tags are the help text.
type cli struct {
	Dev          devCmd          `cmd:"" help:"Bring the whole stack up on this machine, and keep it up until Ctrl-C."`
	Drill        drillCmd        `cmd:"" help:"Play a scenario through on an advanced clock: what would have been due, sent, late and missed."`
	Serve        serveCmd        `cmd:"" help:"Run the API, with its watchdog."`
	Worker       workerCmd       `cmd:"" help:"Run the workers, or restart workflows."`
	Migrate      migrateCmd      `cmd:"" help:"Bring the database's schema to this build's version."`
	Case         caseCmd         `cmd:"" help:"Work on cases, through the API."`
	Request      requestCmd      `cmd:"" help:"Work on requests of people: erasure, access and the rest, through the API."`
	Change       changeCmd       `cmd:"" help:"Work on notices of change, through the API."`
	Agreement    agreementCmd    `cmd:"" help:"Import and explain agreements, through the API."`
	Clock        clockCmd        `cmd:"" help:"Ask legal clocks when something is due."`
	Audit        auditCmd        `cmd:"" help:"Check that a case's story was not changed."`
	Register     registerCmd     `cmd:"" help:"Export the register of breaches, and check an export without a server."`
	Certificate  certificateCmd  `cmd:"" help:"Check the certificate of an erasure without a server."`
	Keys         keysCmd         `cmd:"" help:"Make and check keys."`
	Config       configCmd       `cmd:"" help:"Check the configuration of this environment."`
	Estate       estateCmd       `cmd:"" help:"Check, draft and explain the map of where personal data lives."`
	People       peopleCmd       `cmd:"" help:"Enrol the first people, for whoever holds the database."`
	Installation installationCmd `cmd:"" help:"Look at the engine, or end a quarantine, through the API."`
	Doctor       doctorCmd       `cmd:"" help:"Look at everything an installation needs, and name what is wrong."`

	Version kong.VersionFlag `help:"Print the version."`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	os.Exit(execute(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// execute is main with its surroundings given. Exit codes: 0 done, 1 refused, 2 a fault of whoever typed,
// 3 the installation is not reachable.
func execute(ctx context.Context, args []string, in io.Reader, out, problems io.Writer) int {
	var c cli
	exit := -1
	parser := kong.Must(&c, kong.Name("docket"), kong.Description("Docket keeps promises that have a deadline."), kong.UsageOnError(),
		kong.Vars{"version": version, "start_words": startWords()}, kong.Writers(out, problems), kong.Exit(func(code int) { exit = code }),
		kong.BindTo(ctx, (*context.Context)(nil)), kong.BindTo(in, (*io.Reader)(nil)), kong.BindTo(out, (*io.Writer)(nil)))
	parsed, err := parser.Parse(args)
	if exit >= 0 {
		return exit
	}
	if err != nil {
		parser.Errorf("%s", err)
		return 2
	}
	if err := parsed.Run(); err != nil {
		fmt.Fprintln(problems, "docket:", err)
		var coded interface{ ExitCode() int }
		if errors.As(err, &coded) {
			return coded.ExitCode()
		}
		return 1
	}
	return 0
}
