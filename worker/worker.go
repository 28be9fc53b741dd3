// Package worker puts a worker together: one SDK worker per task queue, the relay that rings, and the
// watchdog. It starts while Temporal is away and goes on when Temporal is back.
package worker

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/google/uuid"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
	"golang.org/x/sync/errgroup"

	"github.com/atlascloudai/docket/activities"
	"github.com/atlascloudai/docket/workflows/contract"
)

// Desk is all that a worker asks of the desk. *desk.Desk is one.
type Desk interface {
	activities.CaseDesk
	activities.CampaignDesk
	activities.RequestDesk
	activities.ChangeDesk
	activities.PageDesk
	WatchDesk
}

// Options is what a worker is put together from.
type Options struct {
	// Temporal says where Temporal is (HostPort, Namespace, TLS, credentials) and carries the codec's
	// DataConverter and FailureConverter. The worker adds what it needs itself.
	Temporal client.Options
	Desk     Desk
	Bells    Bells
	// Channels are the ways out of real cases, DrillChannels those of drills: sinks only.
	Channels, DrillChannels map[string]activities.Sender
	// Stores are the places of the estate, DrillStores those that drills may reach: never the real ones.
	Stores, DrillStores activities.Stores
	// Line is where pages of real cases go out, DrillLine where those of drills go.
	Line, DrillLine *activities.Line
	// ReturnToken makes a delivery's return path from its id.
	ReturnToken func(delivery uuid.UUID) string
	// Ping tells the dead man's switch that somebody watches; nil for none.
	Ping func(context.Context) error
	// WatchEvery and WatchGrace are the watchdog's; zero for its defaults.
	WatchEvery, WatchGrace time.Duration
	// QueuePrefix is put before every task queue's name, so that installations may share a namespace.
	QueuePrefix string
	// BuildID names the build, usually by its commit.
	BuildID string
	// StopTimeout is how long an activity under way may take to end when the worker stops; 30 seconds if zero.
	StopTimeout time.Duration
	// Heads publishes the signed ends of all chains; nil where another process does.
	Heads *Heads
	Log   *slog.Logger
}

// slots are how many activities of one queue run at once. Every queue has its own, so that bulk mail can
// take nothing from incident mail. A sender's activity is a page and has several connections.
var slots = map[string]int{
	contract.QueueCase:   16,
	contract.QueueUrgent: 8,
	contract.QueueBulk:   4,
	contract.QueueDrill:  8,
}

// Dial makes a client that connects when it is first used, and again whenever Temporal was away.
func Dial(o client.Options, logger *slog.Logger) (client.Client, error) {
	o.Logger = log.NewStructuredLogger(logger)
	o.ContextPropagators = append([]workflow.ContextPropagator{tracing{}}, o.ContextPropagators...)
	c, err := client.NewLazyClient(o)
	if err != nil {
		return nil, fmt.Errorf("cannot make the Temporal client: %w", err)
	}
	return c, nil
}

// Run works until ctx ends; then it takes nothing new, ends what is under way within StopTimeout, and returns.
func Run(ctx context.Context, o Options) error {
	if o.StopTimeout <= 0 {
		o.StopTimeout = 30 * time.Second
	}
	c, err := Dial(o.Temporal, o.Log)
	if err != nil {
		return err
	}
	defer c.Close()
	var parts errgroup.Group
	for _, queue := range contract.Queues() {
		parts.Go(func() error { return o.serve(ctx, c, queue) })
	}
	relay := Relay{Client: c, Bells: o.Bells, QueuePrefix: o.QueuePrefix, Log: o.Log}
	parts.Go(func() error { return relay.Run(ctx) })
	watchdog := o.Watchdog()
	parts.Go(func() error { return watchdog.Run(ctx) })
	if o.Heads != nil {
		parts.Go(func() error { return o.Heads.Run(ctx) })
	}
	return parts.Wait()
}

// Watchdog is the watchdog of these options, which needs neither Temporal nor Bells nor Channels.
func (o Options) Watchdog() *Watchdog {
	return &Watchdog{
		Desk:  o.Desk,
		Pages: &activities.Pages{Desk: o.Desk, Real: o.Line, Drill: o.DrillLine, Log: o.Log},
		Every: o.WatchEvery,
		Grace: o.WatchGrace,
		Ping:  o.Ping,
		Log:   o.Log,
	}
}

// serve keeps one queue's worker running: it is started again until Temporal answers, and after an error
// that ended it (a namespace that is gone until Temporal has made it again).
func (o Options) serve(ctx context.Context, c client.Client, queue string) error {
	logger := o.Log.With("queue", queue)
	for wait := time.Duration(0); sleep(ctx, wait); wait = min(max(2*wait, busyPoll), awayPoll) {
		fatal := make(chan error, 1)
		w := o.build(c, queue, func(err error) { fatal <- err })
		if err := w.Start(); err != nil {
			logger.Warn("worker does not start yet", "error", err)
			continue
		}
		logger.Info("worker started")
		select {
		case <-ctx.Done():
			w.Stop()
			return nil
		case err := <-fatal:
			logger.Error("worker ended; starting it again", "error", err)
			w.Stop()
			wait = 0
		}
	}
	return nil
}

// build makes the worker of one queue. What a queue is for decides what it may reach: only drill's has the
// sinks, and it has nothing else.
func (o Options) build(c client.Client, queue string, ended func(error)) worker.Worker {
	w := worker.New(c, contract.Queue(o.QueuePrefix, queue), worker.Options{
		MaxConcurrentActivityExecutionSize:      slots[queue],
		MaxConcurrentLocalActivityExecutionSize: slots[queue],
		WorkerStopTimeout:                       o.StopTimeout,
		WorkflowPanicPolicy:                     worker.BlockWorkflow,
		DisableRegistrationAliasing:             true,
		// A machine that is short of processors is no deadlock.
		DeadlockDetectionTimeout: 5 * time.Second,
		DeploymentOptions:        worker.DeploymentOptions{Version: worker.WorkerDeploymentVersion{DeploymentName: "docket", BuildID: o.BuildID}},
		OnFatalError:             ended,
	})
	RegisterWorkflows(w)
	pages := activities.Pages{Desk: o.Desk, Real: o.Line, Log: o.Log}
	channels, stores := o.Channels, o.Stores
	if queue == contract.QueueDrill {
		pages.Real, pages.Drill = nil, o.DrillLine
		channels, stores = o.DrillChannels, o.DrillStores
	}
	RegisterCase(w, &activities.Case{Desk: o.Desk, Pages: pages})
	RegisterRequest(w, &activities.Request{Desk: o.Desk, Stores: stores, Log: o.Log})
	RegisterChange(w, &activities.Change{Desk: o.Desk})
	RegisterCampaign(w, &activities.Campaign{Desk: o.Desk, Channels: channels, ReturnToken: o.ReturnToken, Log: o.Log})
	return w
}
