package acceptance_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/desk"
	"github.com/atlascloudai/docket/testkit"
	"github.com/atlascloudai/docket/workflows/contract"
)

// history is what Temporal holds of a case's process.
func history(t *testing.T, e *testkit.Engine, caseID uuid.UUID) (events []*historypb.HistoryEvent) {
	t.Helper()
	pages := e.Client.GetWorkflowHistory(t.Context(), contract.IncidentID(caseID), "", false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for pages.HasNext() {
		event, err := pages.Next()
		require.NoError(t, err)
		events = append(events, event)
	}
	return events
}

// asleep waits until a case's process has set its timer, and returns its history.
func asleep(t *testing.T, e *testkit.Engine, caseID uuid.UUID) (events []*historypb.HistoryEvent) {
	t.Helper()
	testkit.Await(t, "the process sleeps", func() bool {
		events = history(t, e, caseID)
		return events[len(events)-1].EventType == enumspb.EVENT_TYPE_TIMER_STARTED
	})
	return events
}

func ofType(events []*historypb.HistoryEvent, kind enumspb.EventType) (n int) {
	for _, event := range events {
		if event.EventType == kind {
			n++
		}
	}
	return n
}

// Ten thousand facts about one case, recorded while every worker is down, are one ring, one question and at most
// ten events of history; so is one fact.
func TestTenThousandFactsAreOneWake(t *testing.T) {
	t.Parallel()
	const facts = 10_000
	h := testkit.NewHouse(t)
	e := testkit.NewEngine(t, h, testkit.EngineOptions{})
	caseID := affected(t, h, h.ImportCustomers(t, 1))
	first := e.StartWorker(t)
	e.Quiet(t)
	before := len(asleep(t, e, caseID))
	first.Stop(t)

	heard := e.Count(t, `SELECT heard FROM bell WHERE case_id = $1`, caseID)
	for i := range facts {
		_, err := h.Desk.EditSummary(context.Background(), h.As(access.IncidentCommander), "", caseID, desk.SummaryInput{
			Title: "Storage bucket was public", Summary: "what is known by now", IfMatch: i + 1,
		})
		require.NoError(t, err)
	}
	require.Equal(t, heard+facts, e.Count(t, `SELECT seq FROM bell WHERE case_id = $1`, caseID))
	e.StartWorker(t)
	e.AwaitCount(t, "the process heard every fact", heard+facts, `SELECT heard FROM bell WHERE case_id = $1`, caseID)

	wake := asleep(t, e, caseID)[before:]
	require.Equal(t, 1, ofType(wake, enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED), "rings")
	require.Equal(t, 1, ofType(wake, enumspb.EVENT_TYPE_MARKER_RECORDED), "questions")
	require.LessOrEqual(t, len(wake), 10, "events of the wake")

	before += len(wake)
	_, err := h.Desk.RecordTechnical(context.Background(), h.As(access.Responder), "", caseID, desk.TechnicalInput{Milestone: "contained"})
	require.NoError(t, err)
	e.AwaitCount(t, "the process heard one more", heard+facts+1, `SELECT heard FROM bell WHERE case_id = $1`, caseID)
	require.LessOrEqual(t, len(asleep(t, e, caseID))-before, 10, "events of an idle wake")

	verified := time.Now()
	testkit.Check(t, h, e.Mail)
	t.Logf("the oracle read %d entries in %s", facts, time.Since(verified).Round(time.Millisecond))
}
