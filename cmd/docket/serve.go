package main

import (
	"context"
	"errors"
	"net"
	"net/http"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/atlascloudai/docket/api"
	"github.com/atlascloudai/docket/config"
	"github.com/atlascloudai/docket/core/audit"
	"github.com/atlascloudai/docket/migrations"
	"github.com/atlascloudai/docket/worker"
)

// serveCmd runs the API and the watchdog. It holds nothing that sends notices or deletes.
type serveCmd struct{}

// Run implements docket serve.
func (serveCmd) Run(ctx context.Context) error {
	c, err := config.Load()
	if err != nil {
		return err
	}
	p, err := open(ctx, c)
	if err != nil {
		return err
	}
	defer p.store.Close()
	mail, err := p.mail(nil, nil)
	if err != nil {
		return err
	}
	line, err := p.line(mail)
	if err != nil {
		return err
	}
	ping, err := p.ping()
	if err != nil {
		return err
	}
	watchdog := worker.Options{Desk: p.desk, Line: line, WatchEvery: c.Watchdog.Interval, Ping: ping, Log: p.log}.Watchdog()
	parts, ctx := errgroup.WithContext(ctx)
	parts.Go(func() error { return watchdog.Run(ctx) })
	parts.Go(func() error { return p.serve(ctx) })
	return parts.Wait()
}

// serve answers requests and, on a listener of its own, metrics, until ctx ends.
func (p *plant) serve(ctx context.Context) error {
	c := p.config
	proxies := make([]string, 0, len(c.API.TrustedProxies))
	for _, proxy := range c.API.TrustedProxies {
		proxies = append(proxies, proxy.String())
	}
	handler := api.New(api.Options{
		Desk: p.desk, TrustedProxies: proxies, BodyLimit: c.API.BodyLimit, Timeout: c.API.RequestTimeout, Logger: p.log,
		Ready:     p.ready,
		Published: func(context.Context) (*audit.Trail, error) { return p.heads.Read() },
		Company:   c.Company.Name,
		Sign:      p.heads.Sign,
	})
	parts, ctx := errgroup.WithContext(ctx)
	parts.Go(func() error {
		return p.listen(ctx, api.Server(c.API.Listen, handler, c.API.RequestTimeout, p.log))
	})
	if c.Metrics.Listen != "" {
		metrics := http.NewServeMux()
		metrics.Handle("GET /metrics", api.Metrics(p.desk))
		parts.Go(func() error {
			return p.listen(ctx, &http.Server{Addr: c.Metrics.Listen, Handler: metrics, ReadHeaderTimeout: 5 * time.Second})
		})
	}
	return parts.Wait()
}

// ready says whether the schema still fits. That the next release has migrated it is no reason to stop answering:
// for the length of a deploy two releases run side by side.
func (p *plant) ready(ctx context.Context) error {
	err := migrations.Check(ctx, p.store)
	if errors.Is(err, migrations.ErrNewer) {
		return nil
	}
	return err
}

// listen serves until ctx ends and then lets what is in hand finish.
func (p *plant) listen(ctx context.Context, server *http.Server) error {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", server.Addr)
	if err != nil {
		return err
	}
	p.log.Info("listening", "address", listener.Addr().String())
	stopped := make(chan error, 1)
	go func() {
		<-ctx.Done()
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), p.config.API.ShutdownTimeout)
		defer cancel()
		stopped <- server.Shutdown(last)
	}()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return <-stopped
}
