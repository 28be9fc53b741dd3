package worker

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"golang.org/x/sync/errgroup"

	"github.com/atlascloudai/docket/store"
	"github.com/atlascloudai/docket/workflows/contract"
)

const (
	bellsAtOnce = 100
	ringsAtOnce = 8
	ringTimeout = 5 * time.Second
	// busyPoll and idlePoll are the shortest and the longest wait after a look that found nothing.
	busyPoll = 250 * time.Millisecond
	idlePoll = time.Second
	// awayPoll is the longest wait between looks while Temporal or the database is away.
	awayPoll = 5 * time.Second
)

// Bells are the rows that the relay rings. StoreBells reads them from Docket's database.
type Bells interface {
	// Take takes up to limit bells that are to be rung now. Each comes again after a pause until a process has
	// heard it, so a ring that is lost after this is rung again.
	Take(ctx context.Context, limit int) ([]store.Bell, error)
	// Of lists all processes whose ids begin with prefix.
	Of(ctx context.Context, prefix string) ([]store.Bell, error)
}

// StoreBells reads bells over the connections that are reserved for them.
func StoreBells(s *store.Store) Bells { return storeBells{s} }

type storeBells struct{ store *store.Store }

// Take implements Bells. The rows are locked for this short transaction only: a person's command rings the
// same row, and must never wait for Temporal.
func (b storeBells) Take(ctx context.Context, limit int) (bells []store.Bell, err error) {
	err = b.store.Reserved(ctx, func(tx *store.Tx) error {
		bells = bells[:0]
		_, err := tx.Rings(ctx, limit, func(bell store.Bell) error {
			bells = append(bells, bell)
			return nil
		})
		return err
	})
	return bells, err
}

// Of implements Bells.
func (b storeBells) Of(ctx context.Context, prefix string) (bells []store.Bell, err error) {
	err = b.store.Reserved(ctx, func(tx *store.Tx) error {
		bells, err = tx.Bells(ctx, prefix)
		return err
	})
	return bells, err
}

// Relay carries bells from the database to Temporal. Any number of relays may run: a bell that is rung
// twice wakes its process once more and changes nothing.
type Relay struct {
	Client      client.Client
	Bells       Bells
	QueuePrefix string
	Log         *slog.Logger
}

// Run rings until ctx ends. While Temporal is away it takes no bells, so that none has to sit out the pause
// of a ring that could not succeed.
func (r *Relay) Run(ctx context.Context) error {
	wait, away := time.Duration(0), false
	for sleep(ctx, wait) {
		n, err := r.round(ctx, away)
		switch {
		case err != nil && ctx.Err() == nil:
			if !away {
				r.Log.Warn("bells are not rung for now", "error", err)
			}
			away, wait = true, min(max(2*wait, busyPoll), awayPoll)
			continue
		case err == nil && away:
			r.Log.Info("bells are rung again")
		}
		away = false
		if n > 0 {
			wait = 0 // While these were rung, others may have been raised.
			continue
		}
		wait = min(max(2*wait, busyPoll), idlePoll)
	}
	return nil
}

// round takes one batch and rings it. After a failure it first asks whether Temporal answers at all.
func (r *Relay) round(ctx context.Context, probe bool) (int, error) {
	bounded, cancel := context.WithTimeout(ctx, ringTimeout)
	defer cancel()
	if probe {
		if _, err := r.Client.CheckHealth(bounded, &client.CheckHealthRequest{}); err != nil {
			return 0, fmt.Errorf("cannot reach Temporal: %w", err)
		}
	}
	bells, err := r.Bells.Take(bounded, bellsAtOnce)
	if err != nil {
		return 0, fmt.Errorf("cannot take bells: %w", err)
	}
	rings := errgroup.Group{}
	rings.SetLimit(ringsAtOnce)
	for _, bell := range bells {
		rings.Go(func() error { return ring(ctx, r.Client, r.QueuePrefix, bell) })
	}
	return len(bells), rings.Wait()
}

// ring wakes the bell's process, or begins it where none runs.
func ring(ctx context.Context, c client.Client, prefix string, bell store.Bell) error {
	workflowType, subject, err := contract.ParseID(bell.WorkflowID)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(withTrace(ctx, bell.Trace), ringTimeout)
	defer cancel()
	_, err = c.SignalWithStartWorkflow(ctx, bell.WorkflowID, contract.Bell, nil, client.StartWorkflowOptions{
		TaskQueue:             contract.Queue(prefix, bell.Queue),
		WorkflowIDReusePolicy: enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
	}, workflowType, contract.Process{ID: subject})
	if err != nil {
		return fmt.Errorf("cannot ring %s: %w", bell.WorkflowID, err)
	}
	return nil
}

// sleep waits and says whether ctx still holds.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}
