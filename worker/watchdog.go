package worker

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"github.com/atlascloudai/docket/activities"
)

// WatchDesk is what the watchdog asks of the desk. *desk.Desk is one.
type WatchDesk interface {
	// Overdue are the cases with a milestone, a step or a page that came due more than grace ago and that nobody acted upon.
	Overdue(ctx context.Context, grace time.Duration) ([]uuid.UUID, error)
	RaiseDue(ctx context.Context, caseID uuid.UUID) (int, error)
	EscalateDue(ctx context.Context, caseID uuid.UUID) (int, error)
}

const (
	lookTimeout = 10 * time.Second
	// caseTimeout bounds what the watchdog does for one case before it looks again.
	caseTimeout = time.Minute
	// casesAtOnce keeps one pager that does not answer from holding up every other case.
	casesAtOnce = 4
	// pingEvery is how often the dead man's switch hears from us, and pingTimeout bounds one ping.
	pingEvery   = time.Minute
	pingTimeout = 15 * time.Second
	// staleAfter is when a look at the database says nothing any more.
	staleAfter = 2 * time.Minute
)

// Watchdog raises what no workflow raised. It needs the database and the pager, and no Temporal: it runs
// beside the API as well as beside the workers. Raises have a unique key, so everybody together raises once.
type Watchdog struct {
	Desk WatchDesk
	// Pages sends pages of real cases and of drills, so it needs both lines.
	Pages *activities.Pages
	// Every is the time between looks, 15 seconds if zero; Grace is how long the workflows have, 30 seconds if zero.
	Every, Grace time.Duration
	// Ping tells the dead man's switch that somebody watches; nil for none. It is called once a minute, and
	// only after a look at the database that succeeded: silence is the alarm.
	Ping func(context.Context) error
	Log  *slog.Logger

	// seen is when the last look succeeded, in Unix nanoseconds; zero when it failed.
	seen atomic.Int64
}

// Run watches until ctx ends.
func (w *Watchdog) Run(ctx context.Context) error {
	every, grace := w.Every, w.Grace
	if every <= 0 {
		every = 15 * time.Second
	}
	if grace <= 0 {
		grace = 30 * time.Second
	}
	var both errgroup.Group
	both.Go(func() error {
		for ok := true; ok; ok = sleep(ctx, every) {
			w.look(ctx, grace)
		}
		return nil
	})
	if w.Ping != nil {
		both.Go(func() error {
			for sleep(ctx, pingEvery) {
				w.ping(ctx)
			}
			return nil
		})
	}
	return both.Wait()
}

// look is one round: what is overdue is raised, escalated and paged. A case that fails is looked at again
// next time and holds up no other.
func (w *Watchdog) look(ctx context.Context, grace time.Duration) {
	bounded, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	overdue, err := w.Desk.Overdue(bounded, grace)
	if err != nil {
		w.seen.Store(0)
		if ctx.Err() == nil {
			w.Log.Error("watchdog cannot see the database", "error", err)
		}
		return
	}
	w.seen.Store(time.Now().UnixNano())
	var cases errgroup.Group
	cases.SetLimit(casesAtOnce)
	for _, id := range overdue {
		cases.Go(func() error {
			w.act(ctx, id)
			return nil
		})
	}
	_ = cases.Wait()
}

func (w *Watchdog) act(ctx context.Context, id uuid.UUID) {
	ctx, cancel := context.WithTimeout(ctx, caseTimeout)
	defer cancel()
	log := w.Log.With("case", id)
	raised, err := w.Desk.RaiseDue(ctx, id)
	if err != nil {
		log.Error("watchdog cannot raise", "error", err)
	}
	escalated, err := w.Desk.EscalateDue(ctx, id)
	if err != nil {
		log.Error("watchdog cannot escalate", "error", err)
	}
	paged, err := w.Pages.SendDue(ctx, id)
	if err != nil {
		log.Error("watchdog cannot page", "error", err)
	}
	if raised+escalated+paged > 0 {
		log.Warn("watchdog did what no workflow had done", "raised", raised, "escalated", escalated, "paged", paged)
	}
}

func (w *Watchdog) ping(ctx context.Context) {
	seen := w.seen.Load()
	if seen == 0 || time.Since(time.Unix(0, seen)) > staleAfter {
		w.Log.Error("dead man's switch is not told: the last look at the database failed")
		return
	}
	ctx, cancel := context.WithTimeout(ctx, pingTimeout)
	defer cancel()
	if err := w.Ping(ctx); err != nil {
		w.Log.Warn("dead man's switch did not answer", "error", err)
	}
}
