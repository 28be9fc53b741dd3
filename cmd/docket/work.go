package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"github.com/atlascloudai/docket/config"
	"github.com/atlascloudai/docket/core/problem"
	"github.com/atlascloudai/docket/desk"
	"github.com/atlascloudai/docket/inbound"
	"github.com/atlascloudai/docket/worker"
)

// workerCmd runs workers, or restarts workflows.
type workerCmd struct {
	Run     workerRunCmd     `cmd:"" default:"1" help:"Carry out what people decided: workflows, sending, bells, watchdog, signed heads."`
	Restart workerRestartCmd `cmd:"" name:"restart-workflows" help:"Terminate running workflows and ring them: they go on from the database with the code that runs now."`
}

type workerRunCmd struct{}

// Run implements docket worker run.
func (workerRunCmd) Run(ctx context.Context) error {
	c, err := config.Load()
	if err != nil {
		return err
	}
	p, err := open(ctx, c)
	if err != nil {
		return err
	}
	defer p.close()
	mail, err := p.mail(nil, nil)
	if err != nil {
		return err
	}
	o, err := p.working(exits{mail: mail})
	if err != nil {
		return err
	}
	if err := p.reach(&o); err != nil {
		return err
	}
	return p.work(ctx, o)
}

// work runs the worker and, where one is configured, the listener for what comes back, until ctx ends.
func (p *plant) work(ctx context.Context, o worker.Options) error {
	parts, ctx := errgroup.WithContext(ctx)
	parts.Go(func() error { return worker.Run(ctx, o) })
	if address := p.config.Bounce.Listen; address != "" {
		encrypted, err := bounceTLS(p.config.Bounce)
		if err != nil {
			return err
		}
		listener, err := inbound.Start(ctx, inbound.Config{
			Addr: address, Domain: p.config.Bounce.Domain, Key: p.returnKey, TLS: encrypted, Log: p.log,
			Intake: p.config.Intake.Addresses, Letters: recorder{p.desk, p.config.Dev}, Own: []string{p.config.Mail.FromAddress},
		}, recorder{p.desk, p.config.Dev})
		if err != nil {
			return err
		}
		parts.Go(func() error {
			<-ctx.Done()
			return listener.Close(context.WithoutCancel(ctx))
		})
	}
	return parts.Wait()
}

// bounceTLS is what the listener offers STARTTLS with; nil offers none.
func bounceTLS(b config.Bounce) (*tls.Config, error) {
	if b.CertFile == "" {
		return nil, nil
	}
	pair, err := tls.LoadX509KeyPair(b.CertFile, b.KeyFile)
	if err != nil {
		return nil, fmt.Errorf("cannot read the bounce listener's certificate: %w", err)
	}
	return &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}, nil
}

// recorder hands what came back to the desk.
type recorder struct {
	desk *desk.Desk
	// drills says that what letters open are exercises.
	drills bool
}

// RecordReport implements inbound.Recorder.
func (r recorder) RecordReport(ctx context.Context, in inbound.Report) error {
	id, err := uuid.Parse(in.DeliveryID)
	if err != nil {
		return r.desk.Unmatched(ctx, in.MessageDigest, "return path names no delivery")
	}
	words := in.Diagnostic
	if in.Text != "" {
		words = in.Text
	}
	err = r.desk.Report(ctx, id, desk.ReportInput{Kind: string(in.Kind), Status: in.Status, At: in.At, Words: words, Digest: in.MessageDigest})
	if problem.CodeOf(err) == problem.NotFound {
		return r.desk.Unmatched(ctx, in.MessageDigest, "no such delivery")
	}
	return err
}

// RecordUnmatched implements inbound.Recorder.
func (r recorder) RecordUnmatched(ctx context.Context, digest [32]byte, reason string) error {
	return r.desk.Unmatched(ctx, digest, reason)
}

// RecordLetter implements inbound.IntakeRecorder.
func (r recorder) RecordLetter(ctx context.Context, in inbound.Letter) error {
	return r.desk.TakeLetter(ctx, desk.LetterMail{
		From: in.From, Name: in.FromName, Subject: in.Subject, Text: in.Text, MessageID: in.MessageID, Answers: in.Answers, Digest: in.Digest, ReceivedAt: in.At, Drill: r.drills,
	})
}

type workerRestartCmd struct {
	Prefix string `arg:"" optional:"" help:"Only processes whose id begins with this, e.g. incident/ or campaign/; all if left out."`
}

// Run implements docket worker restart-workflows.
func (r workerRestartCmd) Run(ctx context.Context, out io.Writer) error {
	c, err := config.Load()
	if err != nil {
		return err
	}
	p, err := open(ctx, c)
	if err != nil {
		return err
	}
	defer p.store.Close()
	o, err := p.working(exits{})
	if err != nil {
		return err
	}
	temporal, err := worker.Dial(o.Temporal, p.log)
	if err != nil {
		return err
	}
	defer temporal.Close()
	n, err := worker.RestartWorkflows(ctx, temporal, o.Bells, o.QueuePrefix, r.Prefix)
	fmt.Fprintf(out, "restarted %d processes\n", n)
	return err
}
