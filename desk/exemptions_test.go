package desk_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/cases"
	"github.com/atlascloudai/docket/core/problem"
	"github.com/atlascloudai/docket/desk"
)

const leadSA = "authority/lead SA IE"

// risk assesses it as counsel.
func (r *room) risk(risk string) desk.Receipt {
	r.t.Helper()
	receipt, err := r.Desk.AssessRisk(r.ctx, r.As(access.LegalCounsel), "", r.Case, desk.RiskInput{Risk: risk, Reason: "what was weighed"})
	require.NoError(r.t, err)
	return receipt
}

// accounts records a wave of account holders, of whose data the company is controller.
func (r *room) accounts() {
	r.t.Helper()
	_, err := r.Desk.RecordParties(r.ctx, r.As(access.PrivacyLead), "", r.Case, desk.PartiesInput{Parties: []desk.PartyInput{
		{Kind: "account_holders", Touched: []string{"account_data"}, People: map[string]int{"IE": 40}},
	}})
	require.NoError(r.t, err)
}

func (r *room) review(in desk.ExemptionInput) (desk.Receipt, error) {
	in.Reason = "what was looked at"
	return r.Desk.ReviewExemptions(r.ctx, r.As(access.LegalCounsel), "", r.Case, in)
}

// notRequired decides that the authority need not be told.
func (r *room) notRequired() {
	r.t.Helper()
	_, err := r.Desk.DecideDuties(r.ctx, r.As(access.LegalCounsel), "", r.Case, desk.DecideInput{Rule: "gdpr-33-1", Reason: "no personal data"})
	require.NoError(r.t, err)
}

func TestAnUnlikelyRiskProposesNothingAndARaisedOneDoes(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.start("aware_controller", r.ago(time.Hour), "")
	_, err := r.Desk.AssessRisk(r.ctx, r.As(access.IncidentCommander), "", r.Case, desk.RiskInput{Risk: "unlikely", Reason: "x"})
	code(t, problem.Forbidden, err)
	r.risk("unlikely")
	r.accounts()
	require.Empty(t, r.duties())

	raised := r.risk("high_risk")
	require.Equal(t, 2, raised.Count, "the authority, and at a high risk the people themselves (GDPR art. 34)")
	require.Equal(t, "proposed", r.duty("people/people affected").State)
	require.Equal(t, 2, r.view().State.RiskVersion)
	require.Equal(t, "proposed", r.duty(leadSA).State)
	require.EqualValues(t, "high_risk", r.view().State.Risk)
	require.Zero(t, r.risk("high_risk").Count, "the same assessment again opens nothing")

	lowered := r.risk("unlikely")
	require.Zero(t, lowered.Count)
	require.Equal(t, "proposed", r.duty(leadSA).State, "what was proposed is for a person to decide")
	require.Equal(t, 2, r.view().Counts.ProposedDuties)
	assessed := r.entries("risk.assessed")
	require.Len(t, assessed, 4)
	require.Contains(t, string(assessed[3].Body), `"before":"high_risk"`)
	require.Contains(t, string(assessed[3].Body), `"proposed":2`)
	r.verified()
}

// What one group's ruling out ends is still owed for another group that stands.
func TestRulingAGroupOutLeavesWhatAnotherGroupGives(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.start("aware_controller", r.ago(time.Hour), "")
	before := r.authority()
	r.accounts()
	parties, err := r.Desk.Parties(r.ctx, r.As(access.PrivacyLead), r.Case, "", 10)
	require.NoError(t, err)
	ruleOut := func(party uuid.UUID) {
		_, err := r.Desk.RuleOutParty(r.ctx, r.As(access.PrivacyLead), "", r.Case, party, desk.ReasonInput{Reason: "test accounts"})
		require.NoError(t, err)
	}
	ruleOut(parties.Items[0].ID)
	open, err := r.Desk.Duties(r.ctx, r.As(access.PrivacyLead), r.Case, "proposed", "", 10)
	require.NoError(t, err)
	require.Len(t, open.Items, 1)
	require.Equal(t, before.Limit, open.Items[0].Limit, "on the same clock")
	ruleOut(parties.Items[1].ID)
	require.Zero(t, r.view().Counts.OpenDuties)
	r.verified()
}

func TestADutyIsWaivedOnlyOnAGroundThatItsRuleKnows(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.Aware(t, r.Case, r.ago(time.Hour))
	r.Parties(t, r.Case, "C-1001")
	owed := r.authority()
	waive := func(id uuid.UUID, exemption string) error {
		_, err := r.Desk.WaiveDuty(r.ctx, r.As(access.LegalCounsel), "k", r.Case, id, desk.WaiveInput{Exemption: exemption, Reason: "x"})
		return err
	}
	r.unchanged(func() {
		names(t, "exemption", waive(owed.ID, "law_enforcement"))
		err := waive(r.duty("C-1001").ID, "risk_unlikely")
		names(t, "exemption", err)
		require.ErrorContains(t, err, "customer_consent, not_in_scope")
	})
	r.waive(owed.ID, "risk_unlikely")
	require.Equal(t, "justifications:RightsFreedomsImpactUnlikely", r.duty(leadSA).Exemption.DPV)
}

// What was found not to be owed was found so on facts. Each change of them has it looked at again, once.
func TestEachChangeOfTheFactsHasExemptionsLookedAtAgain(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(r *room){
		"new parties":     func(r *room) { r.Parties(r.t, r.Case, "C-1003") },
		"more people":     func(r *room) { r.accounts() },
		"a changed start": func(r *room) { r.start("aware_processor", r.ago(2*time.Hour), "an older alert") },
		"a changed risk":  func(r *room) { r.risk("high_risk") },
		"re-opened": func(r *room) {
			r.closeCase()
			_, err := r.Desk.Reopen(r.ctx, r.As(access.IncidentCommander), "", r.Case, desk.ReasonInput{Reason: "a further bucket"})
			require.NoError(r.t, err)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRoom(t)
			r.Aware(t, r.Case, r.ago(time.Hour))
			r.Parties(t, r.Case, "C-1001")
			r.authority()
			r.notRequired()
			r.waive(r.duty("C-1001").ID, "customer_consent")
			require.Empty(t, r.duty("C-1001").Review)

			change(r)
			for _, ref := range []string{"C-1001", leadSA} {
				require.Equal(t, "due", r.duty(ref).Review, ref)
				require.Equal(t, "ended", r.duty(ref).Clock, "until a person says otherwise it stands")
			}
			raised := r.raises(cases.RaiseExemptionReview)
			require.Len(t, raised, 1)
			require.Equal(t, 2, raised[0].Count)
			require.Equal(t, []string{"legal_counsel"}, raised[0].Roles)
			require.Equal(t, 2, r.view().Counts.ExemptionsToReview)
			r.verified()

			r.risk("risk")
			require.Len(t, r.raises(cases.RaiseExemptionReview), 2, "once for each change")
			confirmed, err := r.review(desk.ExemptionInput{Duties: ids(r.duty("C-1001"), r.duty(leadSA))})
			require.NoError(t, err)
			require.Equal(t, 2, confirmed.Count)
			require.Empty(t, r.duty(leadSA).Review)
			require.Zero(t, r.view().Counts.ExemptionsToReview)
			r.verified()
			_, err = r.review(desk.ExemptionInput{Rule: "gdpr-33-1"})
			refused(t, err, "nothing_to_review")
		})
	}
}

func TestACaseIsNotClosedOnExemptionsThatNobodyLookedAtAgain(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.start("aware_controller", r.ago(time.Hour), "")
	r.authority()
	r.notRequired()
	r.risk("risk")
	_, err := r.Desk.RecordTechnical(r.ctx, r.As(access.Responder), "", r.Case, desk.TechnicalInput{Milestone: "contained"})
	require.NoError(t, err)
	_, err = r.Desk.Resolve(r.ctx, r.As(access.IncidentCommander), "", r.Case, desk.ResolveInput{Recovery: "restored"})
	require.NoError(t, err)
	_, err = r.Desk.Review(r.ctx, r.As(access.IncidentCommander), "", r.Case, desk.ReviewInput{Note: "done"})
	require.NoError(t, err)
	_, err = r.Desk.Close(r.ctx, r.As(access.PrivacyLead), "", r.Case, desk.CloseInput{})
	refused(t, err, "exemptions_to_review")
	_, err = r.review(desk.ExemptionInput{Rule: "gdpr-33-1"})
	require.NoError(t, err)
	_, err = r.Desk.Close(r.ctx, r.As(access.PrivacyLead), "", r.Case, desk.CloseInput{})
	require.NoError(t, err)
}

// The clock of a duty that is required again is what the facts give: being exempt moved nothing (invariant 1), and what
// passed meanwhile was overdue at its own instant.
func TestADutyThatIsRequiredAgainHasTheClockItAlwaysHad(t *testing.T) {
	t.Parallel()
	for state, exempt := range map[string]func(r *room){
		"not_required": func(r *room) { r.notRequired() },
		"waived":       func(r *room) { r.waive(r.duty(leadSA).ID, "risk_unlikely") },
	} {
		t.Run(state, func(t *testing.T) {
			t.Parallel()
			r := newRoom(t)
			r.start("aware_controller", r.ago(time.Hour), "")
			r.authority()
			before := r.duty(leadSA)
			exempt(r)
			require.Equal(t, state, r.duty(leadSA).State)
			r.advance(80 * time.Hour)
			r.raiseDue()
			require.Empty(t, r.raises("limit"), "nobody is raised for what is not owed")

			_, err := r.review(desk.ExemptionInput{Rule: "gdpr-33-1", Required: true})
			require.NoError(t, err)
			after := r.duty(leadSA)
			require.Equal(t, "required", after.State)
			require.Equal(t, "overdue", after.Clock)
			require.Nil(t, after.Exemption)
			require.Equal(t, before.StartedAt, after.StartedAt)
			require.Equal(t, before.Target, after.Target)
			require.Equal(t, before.Limit, after.Limit)
			require.Equal(t, before.History, after.History)
			r.verified()
			require.Positive(t, r.raiseDue())
			require.Equal(t, *before.Limit, r.raises("limit")[0].DueAt)
			require.Equal(t, *before.Limit, r.entries("duty.overdue")[0].HappenedAt)

			filed, err := r.Desk.FileByHand(r.ctx, r.As(access.PrivacyLead), "", r.Case, after.ID, lateInput(r.now()))
			require.NoError(t, err)
			_, err = r.Desk.ConfirmFiling(r.ctx, r.As(access.LegalCounsel), "", r.Case, *filed.ID, desk.ReasonInput{Reason: "read"})
			require.NoError(t, err)
			require.Equal(t, "met", r.duty(leadSA).State)
			require.True(t, r.duty(leadSA).Late)
			r.verified()
		})
	}
}

func lateInput(at time.Time) desk.FileInput {
	in := filedInput(at)
	in.DelayReason = "it was taken for exempt"
	return in
}

// A start that was corrected while a duty was exempt holds for it too.
func TestADutyThatIsRequiredAgainCatchesUpWithACorrectedStart(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	aware := r.ago(time.Hour)
	r.start("aware_controller", aware, "")
	r.authority()
	r.waive(r.duty(leadSA).ID, "risk_unlikely")
	earlier := aware.Add(-20 * time.Hour)
	r.start("aware_controller", earlier, "an older alert")
	_, err := r.review(desk.ExemptionInput{Duties: ids(r.duty(leadSA)), Required: true})
	require.NoError(t, err)
	require.Equal(t, earlier.Add(72*time.Hour).UTC(), *r.duty(leadSA).Target)
	require.Len(t, r.duty(leadSA).History, 2)
	r.verified()
}

// A first word on a waiver was said on facts; when they change it is said again.
func TestAProposedWaiverFallsWithTheFactsItWasMadeOn(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.start("aware_controller", r.ago(time.Hour), "")
	owed := r.authority()
	waive := func(role access.Role) desk.Receipt {
		receipt, err := r.Desk.WaiveDuty(r.ctx, r.As(role), "", r.Case, owed.ID, desk.WaiveInput{Exemption: "risk_unlikely", Reason: "encrypted"})
		require.NoError(t, err)
		return receipt
	}
	require.True(t, waive(access.PrivacyLead).Pending)
	r.risk("high_risk")
	require.True(t, waive(access.LegalCounsel).Pending)
	require.Equal(t, "proposed", r.duty(leadSA).State)
	require.False(t, waive(access.PrivacyLead).Pending)
}

func TestADecisionThatIsChangedBehindTheProductsBackIsFound(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ statement, finding string }{
		"another ground":        {`UPDATE exemption SET code = 'not_in_scope' WHERE case_id = $1`, "is not waived as the chain records"},
		"a review hushed up":    {`UPDATE exemption SET review_since = NULL WHERE case_id = $1`, "are to be looked at again"},
		"a removed exemption":   {`DELETE FROM exemption WHERE case_id = $1`, "are to be looked at again"},
		"a back edge":           {`UPDATE duty SET state = 'required' WHERE case_id = $1 AND state = 'waived'`, "is not waived as the chain records"},
		"a moved candidate":     {`UPDATE candidate SET at = at + interval '1 hour' WHERE case_id = $1`, "is not the one that the chain records"},
		"an invented candidate": {`INSERT INTO candidate SELECT gen_random_uuid(), case_id, kind, at, zone, recorded_at, recorded_by, sealed FROM candidate WHERE case_id = $1`, "2 candidates are stored"},
		"a hidden candidate":    {`DELETE FROM candidate WHERE case_id = $1`, "0 candidates are stored"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRoom(t)
			r.candidate("first_alert", r.ago(2*time.Hour))
			r.start("aware_controller", r.ago(time.Hour), "then it was clear")
			r.waive(r.authority().ID, "risk_unlikely")
			r.risk("risk")
			r.verified()
			r.tamper(c.statement)
			ok, problem := r.verify()
			require.False(t, ok)
			require.Contains(t, problem, c.finding)
		})
	}
}
