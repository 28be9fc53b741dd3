package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/atlascloudai/docket/config"
	"github.com/atlascloudai/docket/core/packs"
	"github.com/atlascloudai/docket/local"
	"github.com/atlascloudai/docket/local/mail"
	"github.com/atlascloudai/docket/migrations"
)

// devCmd is the whole stack on one machine.
type devCmd struct {
	Dir  string `default:".docket" help:"Where the stack keeps its data."`
	Demo bool   `help:"Import sample customers and play an incident, a deletion request and a notice of change through."`
	Once bool   `help:"With --demo: stop after playing; exit code 0 or 1."`
}

// Run implements docket dev.
func (d devCmd) Run(ctx context.Context, out io.Writer) error {
	return whileUp(ctx, out, &stack{dir: d.Dir, sample: d.Demo}, func(ctx context.Context, s *stack) error {
		s.print(out)
		if d.Demo {
			if err := s.demo(ctx, out); err != nil || d.Once {
				return err
			}
		}
		fmt.Fprintln(out, "\nRunning. Ctrl-C stops everything; the next start goes on from here.")
		<-ctx.Done()
		return nil
	})
}

// whileUp brings a stack up, does something with it, and takes it down however that ends.
func whileUp(ctx context.Context, out io.Writer, s *stack, do func(context.Context, *stack) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	out = newLifeline(out, cancel)
	err := s.start(ctx, out)
	if ctx.Err() != nil {
		return errors.New("stopped before everything was up")
	}
	if err != nil {
		return err
	}
	defer s.stop(out)
	parts, running := errgroup.WithContext(ctx)
	parts.Go(func() error { return s.run(running) })
	if err = s.step(out, "API and worker", func() error { return s.ready(running) }); err == nil {
		err = do(running, s)
	}
	cancel()
	return errors.Join(err, parts.Wait())
}

// lifeline writes to whoever watches and ends the stack in order when nobody does any more (`docket dev | head`).
// To die of the broken pipe, as is usual, would leave PostgreSQL behind.
type lifeline struct {
	out io.Writer
	cut func()
}

func newLifeline(out io.Writer, cut func()) lifeline {
	// Asked for, the signal no longer kills; the write itself says what happened.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	return lifeline{out, cut}
}

// Write implements io.Writer.
func (l lifeline) Write(p []byte) (int, error) {
	n, err := l.out.Write(p)
	if errors.Is(err, syscall.EPIPE) {
		l.cut()
	}
	return n, err
}

// stack is what docket dev supervises.
type stack struct {
	// dir is where it keeps its data. That of a throwaway need not survive this process.
	dir       string
	throwaway bool
	// traits are what the company is, for laws that hang duties on it.
	traits []string
	// pack is the rules to go by; nil for those that the binary carries.
	pack     *packs.Pack
	log      *slog.Logger
	logFile  *os.File
	began    time.Time
	postgres *local.Postgres
	temporal *local.Temporal
	mail     *mail.Server
	pager    *local.Pager
	// sample says that the fictional company's estate is brought up; estate is that, once it is.
	sample bool
	estate *sampleEstate
	plant  *plant
	at     addresses
	token  string
}

// addresses are where the parts of this process listen, each host:port.
type addresses struct{ api, metrics, bounce string }

const (
	devDatabase  = "docket"
	devNamespace = "docket"
	// devMailDomain is where the stack's notices come from and what signs them.
	devMailDomain = "notices.docket.test"
)

// start brings every part up, the ones that others need first, and says how long each took.
func (s *stack) start(ctx context.Context, out io.Writer) (err error) {
	binary, err := local.FindTemporal()
	if err != nil {
		return err
	}
	withoutPostgresVariables()
	s.began = time.Now()
	if s.dir, err = filepath.Abs(s.dir); err != nil {
		return err
	}
	if err := s.openDir(); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			s.stop(out)
		}
	}()
	fmt.Fprintln(out, "starting in", s.dir)
	if s.at, err = freeAddresses(); err != nil {
		return err
	}
	for _, part := range []struct {
		name  string
		start func() error
	}{
		{"PostgreSQL", func() error { return s.startPostgres(ctx) }},
		{"schema", func() error { return s.migrate(ctx) }},
		{"mail server, pager", func() error { return s.startSinks(ctx) }},
		{"sample estate", func() error { return s.startEstate(ctx) }},
		{"Temporal", func() error { return s.startTemporal(ctx, local.TemporalOptions{Binary: binary}) }},
		{"keys, configuration", func() error { return s.open(ctx) }},
	} {
		if err = s.step(out, part.name, part.start); err != nil {
			return err
		}
	}
	return nil
}

// step does one part of the start and says how long it took.
func (s *stack) step(out io.Writer, name string, do func() error) error {
	fmt.Fprintf(out, "  %-20s", name)
	begin := time.Now()
	if err := do(); err != nil {
		fmt.Fprintln(out, "failed")
		return err
	}
	fmt.Fprintf(out, "%5.1f s\n", time.Since(begin).Seconds())
	return nil
}

// openDir makes the data directory, for nobody but its owner, and the log in it.
func (s *stack) openDir() error {
	for _, part := range []string{"", "publish", "mail", "keys"} {
		if err := os.MkdirAll(filepath.Join(s.dir, part), 0o700); err != nil {
			return fmt.Errorf("cannot make the data directory: %w", err)
		}
	}
	var err error
	if s.logFile, err = os.OpenFile(filepath.Join(s.dir, "docket.log"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600); err != nil {
		return fmt.Errorf("cannot open the log: %w", err)
	}
	s.log = slog.New(slog.NewJSONHandler(s.logFile, nil))
	return nil
}

func (s *stack) startPostgres(ctx context.Context) (err error) {
	o := local.PostgresOptions{Dir: filepath.Join(s.dir, "postgres"), Log: s.logFile}
	if s.throwaway {
		o.Settings, o.DieWithParent = local.Throwaway(), true
	}
	s.postgres, err = local.StartPostgres(ctx, o)
	if errors.Is(err, local.ErrHeld) {
		return fmt.Errorf("a stack runs on %s already%s; use that one, stop it, or name another directory with --dir", s.dir, s.whoRuns())
	}
	if err != nil {
		return err
	}
	return s.signIn()
}

func (s *stack) migrate(ctx context.Context) error {
	if err := migrations.Bootstrap(ctx, s.postgres.DSN("postgres"), devDatabase); err != nil {
		return err
	}
	_, err := migrations.Up(ctx, s.postgres.DSNAs(devDatabase, migrations.OwnerRole))
	return err
}

func (s *stack) startSinks(ctx context.Context) (err error) {
	if s.mail, err = mail.Start(context.WithoutCancel(ctx), mail.Options{Dir: filepath.Join(s.dir, "mail"), BounceTo: s.at.bounce, Log: s.log}); err != nil {
		return err
	}
	s.pager, err = local.StartPager(context.WithoutCancel(ctx), "127.0.0.1:0")
	return err
}

func (s *stack) startTemporal(ctx context.Context, o local.TemporalOptions) error {
	o.DB, o.Namespace, o.Log = local.TemporalFile(s.dir), devNamespace, s.logFile
	started, err := local.StartTemporal(ctx, o)
	if err == nil {
		s.temporal = started
	}
	return err
}

// open puts API and worker together from the stack's own configuration.
func (s *stack) open(ctx context.Context) error {
	if err := s.makeKeys(); err != nil {
		return err
	}
	secret, err := s.pagerSecret()
	if err != nil {
		return err
	}
	c, err := config.Read(s.environment(secret))
	if err != nil {
		return err
	}
	if s.pack == nil {
		if s.pack, err = packs.Load(); err != nil {
			return err
		}
	}
	if s.plant, err = openWith(ctx, c, s.pack, s.log); err != nil {
		return err
	}
	if s.token, err = s.devToken(ctx, "dev", s.tokenFile()); err == nil {
		_, err = s.devToken(ctx, "dev-second", s.secondTokenFile())
	}
	return err
}

// print says where everything is.
func (s *stack) print(out io.Writer) {
	fmt.Fprintf(out, `up after %.1f s

API           %s   (described in docs/api.md and at %s/openapi.json)
token         %s   (in %s; a second person's, for approvals, in %s)
metrics       http://%s/metrics
Temporal UI   %s
mail received %s   (refuse, delay or cut: POST rules to %srules)
pager         %s
log           %s

Try:  export DOCKET_URL=%s DOCKET_TOKEN=$(cat %s)
      bin/docket case list
`, time.Since(s.began).Seconds(), s.url(), s.url(), s.token, s.tokenFile(), s.secondTokenFile(), s.at.metrics, s.temporal.UIURL, s.mail.URL(), s.mail.URL(),
		s.pager.URL, s.logFile.Name(), s.url(), s.tokenFile())
	if s.sample {
		fmt.Fprintf(out, "      export DOCKET_ESTATE=%s DOCKET_ESTATE_CONNECTIONS=%s\n      bin/docket estate check\n", filepath.Join(s.dir, "estate.yaml"), filepath.Join(s.dir, "connections.yaml"))
	}
}
