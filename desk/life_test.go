package desk_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/problem"
	"github.com/atlascloudai/docket/desk"
	"github.com/atlascloudai/docket/testkit"
)

// An incident goes from its opening to delivered notices and a closed case, and its chain verifies.
func TestAnIncidentReachesEveryAffectedCustomer(t *testing.T) {
	ctx := context.Background()
	h := testkit.NewHouse(t)
	h.ImportSamples(t)
	opened := h.Declared(t)
	h.Aware(t, opened.Case, time.Now().Add(-time.Hour))
	var refs []string
	for i := 1001; i <= 1015; i++ {
		refs = append(refs, fmt.Sprintf("C-%d", i))
	}
	wave := h.Parties(t, opened.Case, refs...)
	require.Equal(t, 15, wave.Count)
	duties, err := h.Desk.Duties(ctx, h.As(access.PrivacyLead), opened.Case, "", "", 100)
	require.NoError(t, err)
	for _, d := range duties.Items {
		t.Log(d.Customer, d.Name, d.Clause, d.Target, d.Limit, d.Internal, d.Clock, d.State)
	}
	require.Len(t, duties.Items, 15)

	// Nothing leaves before it is released, and closing names what is in the way.
	_, err = h.Desk.Close(ctx, h.As(access.PrivacyLead), "", opened.Case, desk.CloseInput{})
	require.Equal(t, problem.Conflict, problem.CodeOf(err), "%v", err)

	campaign := h.Released(t, opened.Case)
	page := uuid.New()
	for {
		jobs, err := h.Desk.Claim(ctx, campaign, page, 10)
		require.NoError(t, err)
		if len(jobs) == 0 {
			break
		}
		for _, job := range jobs {
			require.Empty(t, job.Poison)
			require.NoError(t, h.Desk.Begin(ctx, job, [32]byte{1}, "direct"))
			require.NoError(t, h.Desk.Finish(ctx, job, desk.Answer{Outcome: "accepted", Code: 250, Class: "ok", Reply: "250 queued"}))
		}
	}
	require.NoError(t, h.Desk.Seal(ctx, campaign))
	next, err := h.Desk.NextCampaign(ctx, campaign, 0)
	require.NoError(t, err)
	require.Equal(t, []string{"finish"}, next.Stages)
	require.NoError(t, h.Desk.FinishCampaign(ctx, campaign))

	view, err := h.Desk.Case(ctx, h.As(access.Auditor), opened.Code)
	require.NoError(t, err)
	t.Logf("%+v", view.Counts)
	verified, err := h.Desk.VerifyCase(ctx, h.As(access.Auditor), opened.Case)
	require.NoError(t, err)
	require.True(t, verified.OK, verified.Problem)
	t.Logf("%+v", verified)
}
