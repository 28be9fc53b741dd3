package acceptance_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/testkit"
)

// Every worker is down from before a limit until an hour and a half after it. When they are back, the lateness
// stands in the timeline at the instant of the limit, it was raised once although watchdogs and workflows all
// looked, and a notice still goes out, marked as late.
func TestADeadlineThatPassesWhileEveryWorkerIsDownIsRecordedAtItsInstant(t *testing.T) {
	t.Parallel()
	h := testkit.NewHouse(t)
	e := testkit.NewEngine(t, h, testkit.EngineOptions{WatchEvery: 100 * time.Millisecond, WatchGrace: time.Millisecond})
	customers := h.ImportCustomers(t, 10)
	first := e.StartWorker(t)
	caseID := affected(t, h, customers)
	e.Quiet(t)
	first.Stop(t)

	limits := map[time.Time]int{}
	var last time.Time
	for _, owed := range duties(t, h, caseID) {
		require.NotNil(t, owed.Limit)
		limits[*owed.Limit]++
		if owed.Limit.After(last) {
			last = *owed.Limit
		}
	}
	require.Len(t, limits, 3, "24, 48 and 72 hours")
	back := last.Add(90 * time.Minute)
	advanceTo(t, h, caseID, back)
	require.Empty(t, raises(t, h, caseID))

	e.StartWorker(t)
	e.SpawnWorker(t)
	e.Quiet(t)
	views, err := h.Desk.Raises(context.Background(), h.As(access.Auditor), caseID)
	require.NoError(t, err)
	passed, leading := map[time.Time]int{}, 0
	for _, r := range views {
		require.False(t, r.RecordedAt.Before(back), "%s was noticed when the workers were back", r.Kind)
		if r.Kind == "limit" {
			passed[r.DueAt] += r.Count
			require.Subset(t, r.Roles, []string{"privacy_lead", "executive_sponsor"})
		}
		if r.LedBy == nil {
			leading++
		}
	}
	require.Equal(t, limits, passed, "every limit is raised at its own instant, with the number of its duties")
	overdue := map[time.Time]int{}
	timeline, err := h.Desk.Timeline(context.Background(), h.As(access.Auditor), caseID, "", 500)
	require.NoError(t, err)
	for _, entry := range timeline.Items {
		if entry.Kind == "duty.overdue" {
			overdue[entry.HappenedAt]++
		}
	}
	for limit := range limits {
		require.Equal(t, 1, overdue[limit], "the timeline says once that %s passed", limit)
	}
	paged := map[string]int{}
	for _, page := range e.Pager.Pages() {
		paged[page.ID]++
	}
	require.Equal(t, 1, leading, "what was missed while everything was down is raised once and together")
	require.Len(t, paged, 1, "and paged once")
	for id, n := range paged {
		require.Equal(t, 1, n, "page %s", id)
	}

	h.Released(t, caseID)
	e.Quiet(t)
	for _, owed := range duties(t, h, caseID) {
		require.Equal(t, "met", owed.State)
		require.True(t, owed.Late)
		require.True(t, owed.MetAt.After(*owed.Limit))
	}
	require.Equal(t, len(customers), len(e.Notices()))
	testkit.Check(t, h, e.Mail)
}
