package desk_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/problem"
	"github.com/atlascloudai/docket/desk"
)

func ids(duties ...desk.DutyView) []uuid.UUID {
	var out []uuid.UUID
	for _, d := range duties {
		out = append(out, d.ID)
	}
	return out
}

func TestAuthoritiesAreProposedOnlyWhereTheCompanyIsController(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.Aware(t, r.Case, r.ago(time.Hour))
	r.Parties(t, r.Case, "C-1001")
	require.Len(t, r.duties(), 1, "for customers' content the company is processor and tells customers")

	owed := r.authority()
	require.Equal(t, "proposed", owed.State)
	require.Equal(t, "gdpr-33-1", owed.Rule)
	require.Equal(t, "waiting", owed.Clock, "it waits for the controller's awareness, not the processor's")
	aware := r.ago(time.Minute)
	r.start("aware_controller", aware, "")
	owed = r.duty("authority/lead SA IE")
	require.Equal(t, aware.Add(72*time.Hour).UTC(), *owed.Target, "an unconfirmed proposal runs its clock")
	require.Equal(t, aware.Truncate(time.Hour).Add(73*time.Hour).UTC(), *owed.Limit, "the hour of the event does not count (Regulation 1182/71, article 3(1))")
	require.Equal(t, "proposed", owed.State)
}

func TestWhatNobodyHasAdoptedOpensNothingAndIsNamed(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	_, err := r.Desk.RecordParties(r.ctx, r.As(access.PrivacyLead), "", r.Case, desk.PartiesInput{Parties: []desk.PartyInput{
		{Kind: "account_holders", Touched: []string{"account_data"}, People: map[string]int{"GB": 3100}},
	}})
	require.NoError(t, err)
	for counterparty := range r.duties() {
		require.NotContains(t, counterparty, "ICO")
	}
	page, err := r.Desk.Timeline(r.ctx, r.As(access.Auditor), r.Case, "", 500)
	require.NoError(t, err)
	require.Contains(t, string(page.Items[len(page.Items)-1].Body), `"unadopted":["uk-gdpr-33-1"]`)
}

func TestProposalsAreDecidedInBulkPerRule(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		required bool
		state    string
	}{{true, "required"}, {false, "not_required"}} {
		t.Run(c.state, func(t *testing.T) {
			t.Parallel()
			r := newRoom(t)
			r.Aware(t, r.Case, r.ago(time.Hour))
			r.authority()
			r.Parties(t, r.Case, "C-1001")
			in := desk.DecideInput{Rule: "gdpr-33-1", Required: c.required, Reason: "the assessment of this morning"}
			_, err := r.Desk.DecideDuties(r.ctx, r.As(access.IncidentCommander), "", r.Case, in)
			code(t, problem.Forbidden, err)
			receipt, err := r.Desk.DecideDuties(r.ctx, r.As(access.LegalCounsel), "", r.Case, in)
			require.NoError(t, err)
			require.Equal(t, 1, receipt.Count)
			require.Equal(t, c.state, r.duty("authority/lead SA IE").State)
			require.Equal(t, "required", r.duty("C-1001").State, "other rules' duties are left alone")
			_, err = r.Desk.DecideDuties(r.ctx, r.As(access.LegalCounsel), "", r.Case, in)
			refused(t, err, "nothing_proposed")
		})
	}
}

func TestADutyToAnAuthorityIsNeverMetByMailToACustomer(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.Aware(t, r.Case, r.ago(time.Hour))
	r.authority()
	r.Parties(t, r.Case, "C-1001")
	r.send(r.Released(t, r.Case), "direct", all(accepted))
	require.Equal(t, "met", r.duty("C-1001").State)
	require.Equal(t, "proposed", r.duty("authority/lead SA IE").State)
}
