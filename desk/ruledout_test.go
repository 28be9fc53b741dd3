package desk_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/cases"
	"github.com/atlascloudai/docket/desk"
)

// A party that was not affected after all is owed nothing more; found again, it is owed again.
func TestAPartyThatWasNotAffectedIsOwedNothing(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.Aware(t, r.Case, r.ago(time.Hour))
	r.Parties(t, r.Case, "C-1001", "C-1002")
	parties, err := r.Desk.Parties(r.ctx, r.As(access.PrivacyLead), r.Case, "", 10)
	require.NoError(t, err)
	ruleOut := func(customer string) (desk.Receipt, error) {
		for _, p := range parties.Items {
			if p.Customer == customer {
				return r.Desk.RuleOutParty(r.ctx, r.As(access.PrivacyLead), "", r.Case, p.ID, desk.ReasonInput{Reason: "another account id"})
			}
		}
		return desk.Receipt{}, nil
	}
	receipt, err := ruleOut("C-1001")
	require.NoError(t, err)
	require.Equal(t, 1, receipt.Count)
	require.Equal(t, "not_required", r.duty("C-1001").State)
	require.Equal(t, "required", r.duty("C-1002").State)
	_, err = ruleOut("C-1001")
	refused(t, err, "ruled_out_already")
	verified, err := r.Desk.VerifyCase(r.ctx, r.As(access.Auditor), r.Case)
	require.NoError(t, err)
	require.True(t, verified.OK, verified.Problem)

	require.Equal(t, 1, r.Parties(t, r.Case, "C-1001").Count)
	view, err := r.Desk.Case(r.ctx, r.As(access.PrivacyLead), r.Case.String())
	require.NoError(t, err)
	require.Equal(t, 2, view.Counts.OpenDuties)
}

// A party that was told and is then ruled out gets a follow-up, not silence: somebody is raised to write it.
func TestAPartyThatWasToldAndIsRuledOutIsNotLeftInSilence(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.Aware(t, r.Case, r.ago(time.Hour))
	r.Parties(t, r.Case, "C-1001")
	r.sendTo(r.Released(t, r.Case), desk.Answer{Outcome: "accepted", Code: 250, Class: "ok"})
	parties, err := r.Desk.Parties(r.ctx, r.As(access.PrivacyLead), r.Case, "", 10)
	require.NoError(t, err)
	_, err = r.Desk.RuleOutParty(r.ctx, r.As(access.PrivacyLead), "", r.Case, parties.Items[0].ID, desk.ReasonInput{Reason: "another account id"})
	require.NoError(t, err)
	require.Equal(t, "met", r.duty("C-1001").State, "what was told stays visible")
	require.Len(t, r.raises(cases.RaiseFollowUp), 1)
}
