package main

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
	"golang.org/x/sync/errgroup"

	"github.com/atlascloudai/docket/testkit"
	"github.com/atlascloudai/docket/testkit/scale"
	"github.com/atlascloudai/docket/workflows/contract"
)

const (
	// sleepers is how many processes sleep; each is woken again as soon as it has heard.
	sleepers = 64
	// wakesFor is the length of a round.
	wakesFor = 5 * time.Second
	// perWake is the most history events that one wake may add.
	perWake = 10
	bell    = "bell"
)

// wakes is R5: wakes a second of cases, from the fact's bell in the database to the answer that nothing is due, over
// those of a workflow that is signalled and calls one local activity that does nothing.
func wakes(t *stand, h *testkit.House, _ int) ratio {
	engine := testkit.NewEngine(t, h, testkit.EngineOptions{})
	engine.StartWorker(t)
	customer := scale.Customers(t, h, 1)[0]
	cases := make([]uuid.UUID, 0, sleepers)
	for range sleepers {
		opened := h.Declared(t)
		h.Aware(t, opened.Case, time.Now().Add(-time.Hour))
		h.Parties(t, opened.Case, customer) // who is owed a notice is a timer, so that the process stays
		cases = append(cases, opened.Case)
	}
	engine.Quiet(t)
	pool, err := pgxpool.New(t.ctx, h.Database.App)
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	floor := newDozers(t)
	return ratio{
		name: "R5 workflow tax", unit: "wakes/s", target: 0.9,
		floor: func() float64 { return floor.round(t) },
		product: func() float64 {
			defer engine.Quiet(t)
			return ring(t, pool)
		},
		note: func() string {
			events := eventsPerWake(t, engine.Client, contract.IncidentID(cases[0]))
			verdict := "met"
			if events > perWake {
				verdict = "MISSED"
			}
			return fmt.Sprintf("%.1f history events a wake (at most %d)  %s", events, perWake, verdict)
		},
	}
}

// ring raises the bell of every case that has heard the last one, for one round.
func ring(t *stand, pool *pgxpool.Pool) float64 {
	rung := int64(0)
	begin := time.Now()
	for next := time.NewTicker(20 * time.Millisecond); time.Since(begin) < wakesFor; <-next.C {
		tag, err := pool.Exec(t.ctx, `UPDATE bell SET seq = seq + 1, raised_at = clock_timestamp() WHERE kind = $1 AND seq = heard`, contract.Incident)
		require.NoError(t, err)
		rung += tag.RowsAffected()
	}
	took := time.Since(begin)
	var unheard int64
	require.NoError(t, pool.QueryRow(t.ctx, `SELECT count(*) FROM bell WHERE kind = $1 AND seq > heard`, contract.Incident).Scan(&unheard))
	return float64(rung-unheard) / took.Seconds()
}

// dozers are the floor's workflows.
type dozers struct {
	client client.Client
	ids    []string
	woken  chan string
	count  atomic.Int64
}

func newDozers(t *stand) *dozers {
	d := &dozers{woken: make(chan string, sleepers)}
	var err error
	d.client, err = client.Dial(client.Options{
		HostPort: testkit.SharedTemporal(t), Namespace: "docket", Logger: sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler)),
	})
	require.NoError(t, err)
	t.Cleanup(d.client.Close)
	queue := "bench-" + uuid.NewString()[:8]
	w := worker.New(d.client, queue, worker.Options{MaxConcurrentLocalActivityExecutionSize: 8})
	w.RegisterWorkflowWithOptions(d.doze, workflow.RegisterOptions{Name: "doze"})
	w.RegisterActivity(d.stir)
	require.NoError(t, w.Start())
	t.Cleanup(w.Stop)
	for range sleepers {
		id := "doze/" + uuid.NewString()
		_, err := d.client.ExecuteWorkflow(t.ctx, client.StartWorkflowOptions{ID: id, TaskQueue: queue}, "doze")
		require.NoError(t, err)
		t.Cleanup(func() { _ = d.client.TerminateWorkflow(context.Background(), id, "", "the measurement has ended") })
		d.ids = append(d.ids, id)
	}
	return d
}

// doze sleeps until it is signalled, and calls one local activity.
func (d *dozers) doze(ctx workflow.Context) error {
	signals := workflow.GetSignalChannel(ctx, bell)
	ctx = workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{StartToCloseTimeout: 5 * time.Second})
	id := workflow.GetInfo(ctx).WorkflowExecution.ID
	for {
		signals.Receive(ctx, nil)
		if err := workflow.ExecuteLocalActivity(ctx, d.stir, id).Get(ctx, nil); err != nil {
			return err
		}
	}
}

func (d *dozers) stir(_ context.Context, id string) error {
	d.count.Add(1)
	d.woken <- id
	return nil
}

// signalAtOnce is how many signals are under way, as many as the relay's rings.
const signalAtOnce = 8

// round signals everybody, and each again when it was woken.
func (d *dozers) round(t *stand) float64 {
	ctx, end := context.WithTimeout(t.ctx, wakesFor)
	defer end()
	begin, before := time.Now(), d.count.Load()
	due := make(chan string, sleepers)
	for _, id := range d.ids {
		due <- id
	}
	var asleep atomic.Int64
	var signallers errgroup.Group
	for range signalAtOnce {
		signallers.Go(func() error {
			for {
				select {
				case id := <-due:
					if err := d.client.SignalWorkflow(t.ctx, id, "", bell, nil); err != nil {
						return err
					}
					asleep.Add(1)
				case id := <-d.woken:
					asleep.Add(-1)
					due <- id
				case <-ctx.Done():
					return nil
				}
			}
		})
	}
	require.NoError(t, signallers.Wait())
	rate := float64(d.count.Load()-before) / time.Since(begin).Seconds()
	for range asleep.Load() { // who was signalled at last
		<-d.woken
	}
	return rate
}

// eventsPerWake is how many events a process has in its history for each bell that it heard.
func eventsPerWake(t *stand, c client.Client, workflowID string) float64 {
	events, bells := 0, 0
	history := c.GetWorkflowHistory(t.ctx, workflowID, "", false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for history.HasNext() {
		event, err := history.Next()
		require.NoError(t, err)
		events++
		if event.EventType == enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED {
			bells++
		}
	}
	require.NotZero(t, bells)
	return float64(events) / float64(bells)
}
