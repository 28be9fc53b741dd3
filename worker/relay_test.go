package worker_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/store"
	"github.com/atlascloudai/docket/testkit"
	"github.com/atlascloudai/docket/worker"
	"github.com/atlascloudai/docket/workflows/contract"
)

// On the real rows: a thousand facts are one ring; a taken bell does not hold up the next fact, comes back
// while nobody has heard it, and stays quiet once somebody has.
func TestBellsInTheDatabase(t *testing.T) {
	house := testkit.NewHouse(t)
	ctx := context.Background()
	caseID := house.Declared(t).Case
	id := contract.IncidentID(caseID)
	bells := worker.StoreBells(house.Store)
	ring := func() {
		require.NoError(t, house.Store.Do(ctx, func(tx *store.Tx) error { return tx.RingCase(ctx, caseID) }))
	}
	for range 1000 {
		ring()
	}
	taken, err := bells.Take(ctx, 100)
	require.NoError(t, err)
	require.Len(t, taken, 1)
	require.Equal(t, id, taken[0].WorkflowID)
	require.GreaterOrEqual(t, taken[0].Seq, int64(1000))

	bounded, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	require.NoError(t, house.Store.Do(bounded, func(tx *store.Tx) error { return tx.RingCase(bounded, caseID) }), "a fact does not wait for a ring")
	taken, err = bells.Take(ctx, 100)
	require.NoError(t, err)
	require.Empty(t, taken, "an unanswered ring has its pause")
	require.Eventually(t, func() bool {
		taken, err = bells.Take(ctx, 100)
		return err == nil && len(taken) == 1
	}, 15*time.Second, 100*time.Millisecond, "a lost ring is rung again")

	next, err := house.Desk.NextCase(ctx, caseID, taken[0].Seq)
	require.NoError(t, err)
	require.Equal(t, taken[0].Seq, next.Heard)
	all, err := bells.Of(ctx, contract.Incident+"/")
	require.NoError(t, err)
	require.Len(t, all, 1)
}

// On the real desk: an incident's process hears its facts through a real Temporal server.
func TestAnIncidentIsHeardThroughTemporal(t *testing.T) {
	house, server := testkit.NewHouse(t), startServer(t, 0)
	caseID := house.Declared(t).Case
	c := startDesk(t, server.HostPort, house.Desk, worker.StoreBells(house.Store))
	asleep(t, c, contract.IncidentID(caseID))
	status, err := house.Desk.Status(context.Background(), house.As(access.Admin))
	require.NoError(t, err)
	require.Zero(t, status.OldestUnheard)
	_, err = uuid.Parse(c.GetWorkflow(t.Context(), contract.IncidentID(caseID), "").GetRunID())
	require.NoError(t, err)
}
