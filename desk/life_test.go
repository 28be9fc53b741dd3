package desk_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/desk"
)

// sampleRefs are all sample customers.
func sampleRefs() []string {
	var refs []string
	for i := 1001; i <= 1015; i++ {
		refs = append(refs, fmt.Sprintf("C-%d", i))
	}
	return refs
}

// An incident goes from its opening to delivered notices and a closed case, and its chain verifies.
func TestAnIncidentReachesEveryAffectedCustomer(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.Aware(t, r.Case, r.ago(time.Hour))
	require.Equal(t, 15, r.Parties(t, r.Case, sampleRefs()...).Count)
	duties := r.duties()
	require.Len(t, duties, 15)
	for ref, owed := range duties {
		require.Equal(t, "required", owed.State, ref)
		require.Equal(t, "on_track", owed.Clock, ref)
		require.NotEmpty(t, owed.Clause, ref)
	}

	campaign := r.Released(t, r.Case)
	require.Positive(t, r.send(campaign, "direct", all(accepted)))
	view, err := r.Desk.Case(r.ctx, r.As(access.Auditor), r.Code)
	require.NoError(t, err)
	require.Equal(t, 1, view.Counts.OpenDuties, "one agreement asks for an acknowledgement of all its contacts")
	for ref, owed := range r.duties() {
		if ref != "C-1011" {
			require.Equal(t, "met", owed.State, ref)
			require.False(t, owed.Late, ref)
		}
	}
	for _, one := range r.deliveries("C-1011") {
		_, err := r.Desk.AcknowledgeDelivery(r.ctx, r.As(access.CommsLead), "", r.Case, one.ID, desk.AcknowledgeInput{At: r.now(), Evidence: "they called back"})
		require.NoError(t, err)
	}
	require.Equal(t, "met", r.duty("C-1011").State)

	r.closeCase()
	verified, err := r.Desk.VerifyCase(r.ctx, r.As(access.Auditor), r.Case)
	require.NoError(t, err)
	require.True(t, verified.OK, verified.Problem)
	require.Equal(t, int64(len(r.kinds())), verified.Entries)
	require.GreaterOrEqual(t, verified.Pages, 3)
}

// closeCase resolves, reviews and closes.
func (r *room) closeCase() {
	r.t.Helper()
	_, err := r.Desk.RecordTechnical(r.ctx, r.As(access.Responder), "", r.Case, desk.TechnicalInput{Milestone: "contained", Note: "bucket made private"})
	require.NoError(r.t, err)
	_, err = r.Desk.Resolve(r.ctx, r.As(access.IncidentCommander), "", r.Case, desk.ResolveInput{Recovery: "policy restored"})
	require.NoError(r.t, err)
	_, err = r.Desk.Review(r.ctx, r.As(access.IncidentCommander), "", r.Case, desk.ReviewInput{Note: "two actions"})
	require.NoError(r.t, err)
	receipt, err := r.Desk.Close(r.ctx, r.As(access.PrivacyLead), "", r.Case, desk.CloseInput{})
	require.NoError(r.t, err)
	require.Equal(r.t, "closed", receipt.Status)
}
