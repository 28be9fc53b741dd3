package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/atlascloudai/docket/config"
	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/local"
	"github.com/atlascloudai/docket/local/mail"
	"github.com/atlascloudai/docket/migrations"
)

// devCmd is the whole stack on one machine.
type devCmd struct {
	Dir  string `default:".docket" help:"Where the stack keeps its data."`
	Demo bool   `help:"Import sample customers and play an incident through."`
	Once bool   `help:"With --demo: stop after playing; exit code 0 or 1."`
}

// Run implements docket dev.
func (d devCmd) Run(ctx context.Context, out io.Writer) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stack, err := d.start(ctx, out)
	if err != nil {
		return err
	}
	defer stack.stop(out)
	parts, running := errgroup.WithContext(ctx)
	parts.Go(func() error { return stack.run(running) })
	if err := stack.ready(running); err != nil {
		cancel()
		return errors.Join(err, parts.Wait())
	}
	stack.print(out)
	if d.Demo {
		played := stack.demo(running, out)
		if d.Once || played != nil {
			cancel()
			return errors.Join(played, parts.Wait())
		}
	}
	fmt.Fprintln(out, "\nRunning. Ctrl-C stops everything; the next start goes on from here.")
	return parts.Wait()
}

// stack is what docket dev supervises.
type stack struct {
	dir      string
	log      *slog.Logger
	logFile  *os.File
	postgres *local.Postgres
	temporal *local.Temporal
	mail     *mail.Server
	pager    *local.Pager
	plant    *plant
	apiURL   string
	token    string
}

const devDatabase = "docket"

// start brings every part up, the ones that others need first.
func (d devCmd) start(ctx context.Context, out io.Writer) (_ *stack, err error) {
	dir, err := filepath.Abs(d.Dir)
	if err != nil {
		return nil, err
	}
	for _, part := range []string{"", "publish", "mail"} {
		if err := os.MkdirAll(filepath.Join(dir, part), 0o700); err != nil {
			return nil, fmt.Errorf("cannot make the data directory: %w", err)
		}
	}
	s := &stack{dir: dir}
	if s.logFile, err = os.OpenFile(filepath.Join(dir, "docket.log"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600); err != nil {
		return nil, err
	}
	s.log = slog.New(slog.NewJSONHandler(s.logFile, nil))
	defer func() {
		if err != nil {
			s.stop(out)
		}
	}()
	fmt.Fprintln(out, "starting PostgreSQL …")
	if s.postgres, err = local.StartPostgres(ctx, local.PostgresOptions{Dir: filepath.Join(dir, "postgres"), Log: s.logFile}); err != nil {
		return nil, err
	}
	if err = migrations.Bootstrap(ctx, s.postgres.DSN("postgres"), devDatabase); err != nil {
		return nil, err
	}
	if _, err = migrations.Up(ctx, s.postgres.DSNAs(devDatabase, migrations.OwnerRole)); err != nil {
		return nil, err
	}
	ports, err := local.FreePorts(2)
	if err != nil {
		return nil, err
	}
	bounce := fmt.Sprintf("127.0.0.1:%d", ports[0])
	if s.mail, err = mail.Start(context.WithoutCancel(ctx), mail.Options{Dir: filepath.Join(dir, "mail"), BounceTo: bounce, Log: s.log}); err != nil {
		return nil, err
	}
	if s.pager, err = local.StartPager(ctx, "127.0.0.1:0"); err != nil {
		return nil, err
	}
	fmt.Fprintln(out, "starting Temporal …")
	if err = s.startTemporal(ctx); err != nil {
		return nil, err
	}
	api := fmt.Sprintf("127.0.0.1:%d", ports[1])
	s.apiURL = "http://" + api
	if err = newKeys(filepath.Join(dir, "keys")); err != nil {
		return nil, err
	}
	c, err := config.Read(s.environment(api, bounce))
	if err != nil {
		return nil, err
	}
	if s.plant, err = openWith(ctx, c, s.log); err != nil {
		return nil, err
	}
	s.token, err = s.devToken(ctx)
	return s, err
}

func (s *stack) startTemporal(ctx context.Context) error {
	binary, err := local.FindTemporal()
	if err != nil {
		return err
	}
	s.temporal, err = local.StartTemporal(ctx, local.TemporalOptions{Binary: binary, DB: local.TemporalFile(s.dir), Namespace: "docket", Log: s.logFile})
	return err
}

// environment is the configuration of the stack: it talks to nothing but its own parts on this machine.
func (s *stack) environment(api, bounce string) map[string]string {
	return map[string]string{
		"DOCKET_DEV": "true", "DOCKET_PUBLIC_URL": s.apiURL, "DOCKET_KEYS_DIR": filepath.Join(s.dir, "keys"),
		"DOCKET_PUBLISH_DIR": filepath.Join(s.dir, "publish"), "DOCKET_DATABASE_URL": s.postgres.DSNAs(devDatabase, migrations.AppRole),
		"DOCKET_TEMPORAL_ADDRESS": s.temporal.HostPort, "DOCKET_TEMPORAL_NAMESPACE": s.temporal.Namespace, "DOCKET_API_LISTEN": api,
		"DOCKET_METRICS_LISTEN": "", "DOCKET_MAIL_FROM_NAME": "Atlas Cloud AI Incident Response", "DOCKET_MAIL_FROM_ADDRESS": "incident@notices.docket.test",
		"DOCKET_MAIL_ONLY_HOSTS": s.mail.Addr(), "DOCKET_MAIL_MX_PORT": portOf(s.mail.Addr()), "DOCKET_BOUNCE_DOMAIN": "bounces.docket.test",
		"DOCKET_BOUNCE_LISTEN": bounce, "DOCKET_PAGER_URL": s.pager.URL, "DOCKET_PAGER_SECRETS": s.pagerSecret(), "DOCKET_PAGER_COPY_TO": "oncall@docket.test",
		"DOCKET_COMPANY_MAIN_ESTABLISHMENT": "IE", "DOCKET_WATCHDOG_INTERVAL": "5s",
	}
}

func portOf(address string) string {
	_, port, _ := net.SplitHostPort(address)
	return port
}

// pagerSecret is made once and kept, so that a page that is tried again is signed the same.
func (s *stack) pagerSecret() string {
	path := filepath.Join(s.dir, "pager.secret")
	if kept, err := os.ReadFile(path); err == nil {
		return string(kept)
	}
	secret := newPagerSecret()
	if err := os.WriteFile(path, []byte(secret), 0o600); err != nil {
		s.log.Warn("the pager's secret is not kept", "error", err)
	}
	return secret
}

// devToken is the token of one person who may do everything, for whoever tries the stack out.
func (s *stack) devToken(ctx context.Context) (string, error) {
	path := filepath.Join(s.dir, "token")
	if kept, err := os.ReadFile(path); err == nil {
		if _, err := s.plant.desk.Authenticate(ctx, string(kept)); err == nil {
			return string(kept), nil
		}
	}
	token, err := s.plant.desk.Enroll(ctx, "dev", "person", access.Roles())
	if err != nil {
		return "", err
	}
	return token, os.WriteFile(path, []byte(token), 0o600)
}

// everywhere resolves every domain to the one local mail server.
type everywhere struct{}

// LookupMX implements email.Resolver.
func (everywhere) LookupMX(context.Context, string) ([]*net.MX, error) {
	return []*net.MX{{Host: "mx.docket.test.", Pref: 10}}, nil
}

// LookupHost implements email.Resolver.
func (everywhere) LookupHost(context.Context, string) ([]string, error) {
	return []string{"127.0.0.1"}, nil
}

// run serves and works until ctx ends, and starts again what died.
func (s *stack) run(ctx context.Context) error {
	mail, err := s.plant.mail(everywhere{}, s.mail.CAPool())
	if err != nil {
		return err
	}
	o, err := s.plant.working(exits{mail: mail, drillMail: mail})
	if err != nil {
		return err
	}
	parts, ctx := errgroup.WithContext(ctx)
	parts.Go(func() error { return s.plant.serve(ctx) })
	parts.Go(func() error { return s.plant.work(ctx, o) })
	parts.Go(func() error { return s.supervise(ctx) })
	return parts.Wait()
}

// supervise starts PostgreSQL and Temporal again when they end by themselves.
func (s *stack) supervise(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-s.postgres.Exited():
			s.log.Error("PostgreSQL ended; starting it again")
			if err := s.postgres.Restart(ctx); err != nil && ctx.Err() == nil {
				return fmt.Errorf("cannot start PostgreSQL again: %w", err)
			}
		case <-s.temporal.Exited():
			s.log.Error("Temporal ended; starting it again")
			if err := s.restartTemporal(ctx); err != nil && ctx.Err() == nil {
				return fmt.Errorf("cannot start Temporal again: %w", err)
			}
		}
	}
}

// restartTemporal brings it back at the same address, where the workers look for it.
func (s *stack) restartTemporal(ctx context.Context) error {
	binary, err := local.FindTemporal()
	if err != nil {
		return err
	}
	again, err := local.StartTemporal(ctx, local.TemporalOptions{
		Binary: binary, DB: local.TemporalFile(s.dir), Namespace: "docket", Log: s.logFile, Port: portNumber(s.temporal.HostPort),
	})
	if err == nil {
		s.temporal = again
	}
	return err
}

func portNumber(hostPort string) (port int) {
	_, text, _ := net.SplitHostPort(hostPort)
	fmt.Sscan(text, &port)
	return port
}

// ready waits until the API answers.
func (s *stack) ready(ctx context.Context) error {
	deadline := time.Now().Add(30 * time.Second)
	for time.Now().Before(deadline) {
		if conn, err := net.DialTimeout("tcp", s.apiURL[len("http://"):], time.Second); err == nil {
			return conn.Close()
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
	return errors.New("the API does not answer; see " + s.logFile.Name())
}

// print says where everything is.
func (s *stack) print(out io.Writer) {
	fmt.Fprintf(out, `
API           %s   (OpenAPI: %s/openapi.json)
token         %s   (in %s)
Temporal UI   %s
mail received %s
pager         %s
log           %s

Try:  export DOCKET_URL=%s DOCKET_TOKEN=$(cat %s)
      bin/docket case list
`, s.apiURL, s.apiURL, s.token, filepath.Join(s.dir, "token"), s.temporal.UIURL, s.mail.URL(), s.pager.URL, s.logFile.Name(),
		s.apiURL, filepath.Join(s.dir, "token"))
}

// stop ends every part, the ones that need others first.
func (s *stack) stop(out io.Writer) {
	fmt.Fprintln(out, "stopping …")
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if s.plant != nil {
		s.plant.store.Close()
	}
	var failed []error
	if s.temporal != nil {
		failed = append(failed, s.temporal.Stop(ctx))
	}
	if s.pager != nil {
		failed = append(failed, s.pager.Stop())
	}
	if s.mail != nil {
		failed = append(failed, s.mail.Close())
	}
	if s.postgres != nil {
		failed = append(failed, s.postgres.Stop(ctx))
	}
	if err := errors.Join(failed...); err != nil {
		fmt.Fprintln(out, "while stopping:", err)
	}
	s.logFile.Close()
}
