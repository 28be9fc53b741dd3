package acceptance_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/desk"
	"github.com/atlascloudai/docket/testkit"
)

// 500 customers are found in three waves, the third after the first notice has gone out and every limit that
// counts from the incident has passed. Nobody is told twice, and no duty is born overdue: what the third wave's
// clocks count from is a recorded choice.
func TestThreeWavesAreToldOnceAndLateFindingsAreAChoice(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	h := testkit.NewHouse(t)
	e := testkit.NewEngine(t, h, testkit.EngineOptions{Lease: 30 * time.Second})
	customers := h.ImportCustomers(t, 500)
	refs := testkit.Refs(customers)
	e.StartWorker(t)
	caseID := affected(t, h, customers[:300])
	// Who was recorded before is handed in again, as people do.
	require.Equal(t, 150, h.Parties(t, caseID, refs[250:450]...).Count)
	h.Released(t, caseID)
	e.Quiet(t)
	require.Equal(t, 450, len(e.Notices()))
	require.Equal(t, 1, e.Count(t, `SELECT count(*) FROM campaign WHERE state = 'done'`))

	advanceTo(t, h, caseID, time.Now().Add(80*time.Hour))
	require.Equal(t, 50, h.Parties(t, caseID, refs[400:]...).Count)
	now := time.Now().Add(80 * time.Hour)
	waiting := 0
	for _, owed := range duties(t, h, caseID) {
		if owed.State == "met" {
			continue
		}
		waiting++
		require.Equal(t, "undecided", owed.Governs)
		require.Equal(t, "proposed", owed.State)
		require.True(t, owed.Limit.After(now), "nobody chose that it is overdue")
	}
	require.Equal(t, 50, waiting)
	e.Quiet(t)
	require.Equal(t, 1, raises(t, h, caseID)["start_undecided"])
	require.Zero(t, raises(t, h, caseID)["limit"])

	chosen, err := h.Desk.ChooseStart(ctx, h.As(access.LegalCounsel), "", caseID, desk.ChooseStartInput{Governs: "found", Reason: "they could not be known before"})
	require.NoError(t, err)
	require.Equal(t, 50, chosen.Count)
	h.Released(t, caseID)
	e.Quiet(t)

	told := map[string]int{}
	for _, m := range e.Notices() {
		told[m.To[0]]++
	}
	require.Len(t, told, len(customers))
	for address, n := range told {
		require.Equal(t, 1, n, address)
	}
	for _, owed := range duties(t, h, caseID) {
		require.Equal(t, "met", owed.State, owed.Customer)
		require.False(t, owed.Late, owed.Customer)
	}
	testkit.Check(t, h, e.Mail)
}
