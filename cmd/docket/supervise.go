package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strconv"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/atlascloudai/docket/local"
)

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
	if err := s.plant.reach(&o); err != nil {
		return err
	}
	parts, ctx := errgroup.WithContext(ctx)
	parts.Go(func() error { return s.plant.serve(ctx) })
	parts.Go(func() error { return s.plant.work(ctx, o) })
	parts.Go(func() error { return s.supervise(ctx) })
	return parts.Wait()
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

// ready waits until the API answers.
func (s *stack) ready(ctx context.Context) error {
	deadline := time.Now().Add(30 * time.Second)
	for time.Now().Before(deadline) {
		if conn, err := net.DialTimeout("tcp", s.at.api, time.Second); err == nil {
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

// supervise starts PostgreSQL and Temporal again when they end by themselves. Each start has an exit of
// its own, so it is asked for anew in every round.
func (s *stack) supervise(ctx context.Context) error {
	for {
		var err error
		select {
		case <-ctx.Done():
			return nil
		case <-s.postgres.Exited():
			err = s.again(ctx, "PostgreSQL", s.postgres.Restart)
		case <-s.temporal.Exited():
			err = s.again(ctx, "Temporal", s.restartTemporal)
		}
		if err != nil {
			return err
		}
	}
}

// patience is how often a part is started again before the stack gives up; the pauses double from a second.
const patience = 5

// again starts a part until it is up.
func (s *stack) again(ctx context.Context, part string, start func(context.Context) error) error {
	s.log.Error("a part ended; starting it again", "part", part)
	for try, pause := 1, time.Second; ; try, pause = try+1, 2*pause {
		err := start(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case err == nil:
			s.log.Info("the part is up again", "part", part)
			return nil
		case try == patience:
			return fmt.Errorf("cannot start %s again: %w", part, err)
		}
		s.log.Error("the part does not start yet", "part", part, "error", err)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pause):
		}
	}
}

// restartTemporal brings it back at the same addresses, where the workers and people look for it.
func (s *stack) restartTemporal(ctx context.Context) error {
	ui, err := url.Parse(s.temporal.UIURL)
	if err != nil {
		return fmt.Errorf("cannot read the web UI's address: %w", err)
	}
	return s.startTemporal(ctx, local.TemporalOptions{Port: portNumber(s.temporal.HostPort), UIPort: portNumber(ui.Host)})
}

func portNumber(hostPort string) int {
	_, text, _ := net.SplitHostPort(hostPort)
	port, _ := strconv.Atoi(text) // 0 takes a free one
	return port
}

// stop ends every part, the ones that need others first.
func (s *stack) stop(out io.Writer) {
	if s.postgres == nil {
		s.logFile.Close()
		return
	}
	fmt.Fprintln(out, "stopping …")
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if s.plant != nil {
		s.plant.close()
	}
	var failed []error
	if s.temporal != nil {
		failed = append(failed, s.temporal.Stop(ctx))
	}
	if s.estate != nil {
		failed = append(failed, s.estate.stop(ctx))
	}
	if s.pager != nil {
		failed = append(failed, s.pager.Stop())
	}
	if s.mail != nil {
		failed = append(failed, s.mail.Close())
	}
	if s.throwaway {
		failed = append(failed, s.postgres.Discard())
	} else {
		failed = append(failed, s.signOut(), s.postgres.Stop(ctx))
	}
	if err := errors.Join(failed...); err != nil {
		fmt.Fprintln(out, "while stopping:", err)
	}
	s.logFile.Close()
}
