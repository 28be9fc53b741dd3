package worker_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/client"

	"github.com/atlascloudai/docket/activities"
	"github.com/atlascloudai/docket/local"
	"github.com/atlascloudai/docket/worker"
	"github.com/atlascloudai/docket/workflows/contract"
)

// perWake is the most history events that one workflow task may add (design, "What grows").
const perWake = 10

func startServer(t *testing.T, port int) *local.Temporal {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	server, err := local.StartTemporal(ctx, local.TemporalOptions{DB: local.TemporalInMemory, Port: port, UIPort: -1})
	require.NoError(t, err)
	t.Cleanup(server.Kill)
	return server
}

// startWorker runs a worker for the town until the test ends.
func startWorker(t *testing.T, hostPort string, w *town) client.Client {
	return startDesk(t, hostPort, w, w)
}

// startDesk runs a worker for a desk and its bells until the test ends.
func startDesk(t *testing.T, hostPort string, d worker.Desk, bells worker.Bells) client.Client {
	options := client.Options{HostPort: hostPort, Namespace: "docket", Identity: "docket-test"}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() {
		ended <- worker.Run(ctx, worker.Options{
			Temporal: options, Desk: d, Bells: bells,
			Channels: senders(), DrillChannels: senders(),
			Line: &activities.Line{Pager: sink{}}, DrillLine: &activities.Line{Pager: sink{}},
			ReturnToken: uuid.UUID.String, BuildID: "test", StopTimeout: 5 * time.Second, Log: silent(),
		})
	}()
	t.Cleanup(func() {
		cancel()
		select {
		case err := <-ended:
			require.NoError(t, err)
		case <-time.After(30 * time.Second):
			require.Fail(t, "the worker did not stop")
		}
	})
	c, err := worker.Dial(options, silent())
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}

// history is what Temporal holds of a process, or nothing before its first bell.
func history(t *testing.T, c client.Client, workflowID string) (events []*historypb.HistoryEvent) {
	pages := c.GetWorkflowHistory(t.Context(), workflowID, "", false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for pages.HasNext() {
		event, err := pages.Next()
		if err != nil {
			return nil
		}
		events = append(events, event)
	}
	return events
}

// asleep waits until the workflow has taken its newest task and set a timer, and returns its history.
func asleep(t *testing.T, c client.Client, workflowID string) (events []*historypb.HistoryEvent) {
	require.Eventually(t, func() bool {
		events = history(t, c, workflowID)
		return len(events) > 0 && events[len(events)-1].EventType == enumspb.EVENT_TYPE_TIMER_STARTED
	}, 30*time.Second, 20*time.Millisecond)
	return events
}

// wakes counts the events that each workflow task added, from the one that woke it on.
func wakes(events []*historypb.HistoryEvent) (counts []int) {
	for i, event := range events {
		if event.EventType == enumspb.EVENT_TYPE_WORKFLOW_TASK_STARTED {
			counts = append(counts, 0)
		}
		if len(counts) > 0 && i > 0 {
			counts[len(counts)-1]++
		}
	}
	return counts
}

// A case is raised and paged at its milestones, an idle bell costs at most ten events, and so does every task.
func TestWakesStayBelowTenEvents(t *testing.T) {
	server, w := startServer(t, 0), newTown()
	c := startWorker(t, server.HostPort, w)
	id := contract.IncidentID(w.caseID)
	w.fact(id, "", func() {
		w.milestones = []time.Time{time.Now().Add(time.Second), time.Now().Add(2 * time.Second), time.Now().Add(time.Hour)}
	})
	w.await(t, "both milestones are raised and paged", func() bool { return len(w.raised) == 2 && w.pages == 0 })
	w.await(t, "the process heard everything", w.quiet(id))

	before := len(asleep(t, c, id))
	w.fact(id, "", func() {})
	w.await(t, "the bell was heard", w.quiet(id))
	events := asleep(t, c, id)
	require.LessOrEqual(t, len(events)-before, perWake, "an idle wake")
	for _, count := range wakes(events) {
		require.LessOrEqual(t, count, perWake)
	}
	t.Logf("idle wake: %d events, tasks: %v", len(events)-before, wakes(events))
}

// A campaign is sent in pages, finished, and its process completes; a later bell begins it again.
func TestACampaignCompletesAndTheNextBellBeginsItAgain(t *testing.T) {
	server, w := startServer(t, 0), newTown()
	c := startWorker(t, server.HostPort, w)
	id := contract.CampaignID(w.campaignID)
	for round := 1; round <= 2; round++ {
		w.fact(id, "", func() { w.recipients, w.finished = 40, false })
		w.await(t, "everybody was notified", func() bool { return w.sent == 40*round && w.finished })
		w.await(t, "the process heard everything", w.quiet(id))
		require.NoError(t, c.GetWorkflow(t.Context(), id, "").Get(t.Context(), nil))
	}
}

// Temporal away at the start, and later lost with everything it knew: the process goes on both times.
func TestTemporalMayBeAwayAndMayForget(t *testing.T) {
	ports, err := local.FreePorts(1)
	require.NoError(t, err)
	w := newTown()
	id := contract.IncidentID(w.caseID)
	startWorker(t, fmt.Sprintf("127.0.0.1:%d", ports[0]), w)
	w.fact(id, "", func() { w.milestones = []time.Time{time.Now()} })

	server := startServer(t, ports[0])
	w.await(t, "the milestone is raised once Temporal is there", func() bool { return len(w.raised) == 1 && w.pages == 0 })
	w.await(t, "the process heard everything", w.quiet(id))

	w.mu.Lock()
	w.milestones = []time.Time{time.Now().Add(4 * time.Second)}
	w.bells[id].wake = &w.milestones[0]
	w.mu.Unlock()
	server.Kill()
	startServer(t, ports[0])
	w.await(t, "the next milestone is raised by a server that knows nothing", func() bool { return len(w.raised) == 2 })
}

// A worker that never saw Temporal stops like any other, with bells waiting.
func TestAWorkerStopsWhileTemporalIsAway(t *testing.T) {
	ports, err := local.FreePorts(1)
	require.NoError(t, err)
	w := newTown()
	startWorker(t, fmt.Sprintf("127.0.0.1:%d", ports[0]), w)
	id := contract.IncidentID(w.caseID)
	w.fact(id, "", func() {})
	w.await(t, "the relay tried", func() bool { return w.bells[id].rung > 0 })
}

// An operator's restart ends the run and begins another, which goes on from the database.
func TestRestartedWorkflowsGoOnFromTheDatabase(t *testing.T) {
	server, w := startServer(t, 0), newTown()
	c := startWorker(t, server.HostPort, w)
	id := contract.IncidentID(w.caseID)
	w.fact(id, "", func() { w.milestones = []time.Time{time.Now().Add(3 * time.Second)} })
	w.await(t, "the process heard the fact", w.quiet(id))
	asleep(t, c, id)
	first := c.GetWorkflow(t.Context(), id, "").GetRunID()

	n, err := worker.RestartWorkflows(t.Context(), c, w, "", contract.Incident+"/")
	require.NoError(t, err)
	require.Equal(t, 1, n)
	w.await(t, "the milestone is raised by the new run", func() bool { return len(w.raised) == 1 })
	require.NotEqual(t, first, c.GetWorkflow(t.Context(), id, "").GetRunID())
}

// The trace of the decision that rang reaches what the process then does, for the first bell and for the next.
func TestTheTraceOfADecisionReachesItsActivities(t *testing.T) {
	server, w := startServer(t, 0), newTown()
	startWorker(t, server.HostPort, w)
	id := contract.IncidentID(w.caseID)
	for _, decision := range []string{"0af7651916cd43dd8448eb211c80319c", "4bf92f3577b34da6a3ce929d0e0e4736"} {
		w.fact(id, "00-"+decision+"-b7ad6b7169203331-01", func() {})
		w.await(t, "the process heard the fact", w.quiet(id))
		w.mu.Lock()
		require.Equal(t, decision, w.traces[len(w.traces)-1])
		w.mu.Unlock()
	}
}
