package desk_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/problem"
	"github.com/atlascloudai/docket/desk"
)

func filedInput(at time.Time) desk.FileInput {
	return desk.FileInput{FiledAt: at, Zone: "Europe/Dublin", How: "portal", Reference: "DPC-2026-4711", Receipt: []byte("receipt of the portal")}
}

// authority proposes the duty to the lead authority and answers it.
func (r *room) authority() desk.DutyView {
	r.t.Helper()
	_, err := r.Desk.RecordParties(r.ctx, r.As(access.PrivacyLead), "", r.Case, desk.PartiesInput{Parties: []desk.PartyInput{
		{Kind: "account_holders", Touched: []string{"account_data"}, People: map[string]int{"DE": 4200, "FR": 2600}},
	}})
	require.NoError(r.t, err)
	return r.duties()["authority/lead SA IE"]
}

func TestAFilingMeetsADutyOnceASecondPersonConfirmsIt(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.start("aware_controller", r.ago(50*time.Hour), "")
	owed := r.authority()
	filedAt := r.ago(time.Hour)
	_, err := r.Desk.FileByHand(r.ctx, r.As(access.PrivacyLead), "", r.Case, owed.ID, filedInput(r.now().Add(time.Hour)))
	code(t, problem.Invalid, err)
	filed, err := r.Desk.FileByHand(r.ctx, r.As(access.PrivacyLead), "", r.Case, owed.ID, filedInput(filedAt))
	require.NoError(t, err)
	require.Equal(t, "proposed", r.duty("authority/lead SA IE").State, "a filing that nobody confirmed meets nothing")

	confirm := func(role access.Role) error {
		_, err := r.Desk.ConfirmFiling(r.ctx, r.As(role), "", r.Case, *filed.ID, desk.ReasonInput{Reason: "the receipt was read"})
		return err
	}
	r.unchanged(func() { code(t, problem.Forbidden, confirm(access.PrivacyLead)) })
	require.NoError(t, confirm(access.LegalCounsel))
	met := r.duty("authority/lead SA IE")
	require.Equal(t, "met", met.State)
	require.Equal(t, filedAt.UTC(), *met.MetAt, "it counts from when it was filed")
	require.False(t, met.Late)
	refused(t, confirm(access.LegalCounsel), "nothing_to_confirm")
	require.Subset(t, r.kinds(), []string{"duty.filed", "duty.filing_confirmed"})
}

func TestALateFilingIsRecordedAsLate(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.start("aware_controller", r.ago(80*time.Hour), "")
	owed := r.authority()
	in := filedInput(r.ago(time.Minute))
	r.unchanged(func() {
		_, err := r.Desk.FileByHand(r.ctx, r.As(access.PrivacyLead), "k", r.Case, owed.ID, in)
		names(t, "delay_reason", err)
	})
	in.DelayReason = "reasons follow by Friday"
	filed, err := r.Desk.FileByHand(r.ctx, r.As(access.PrivacyLead), "k", r.Case, owed.ID, in)
	require.NoError(t, err)
	_, err = r.Desk.ConfirmFiling(r.ctx, r.As(access.CommsLead), "", r.Case, *filed.ID, desk.ReasonInput{Reason: "read"})
	require.NoError(t, err)
	require.True(t, r.duty("authority/lead SA IE").Late)
	entries := r.entries("duty.filed")
	require.Len(t, entries, 1)
	require.Contains(t, string(entries[0].Body), `"late":true`)
	require.Contains(t, string(entries[0].Content), in.DelayReason)
}

// The law asks an explanation for an authority; a customer is told late without one.
func TestAFilingInTimeOrWithACustomerNeedsNoReason(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.start("aware_controller", r.ago(80*time.Hour), "")
	_, err := r.Desk.FileByHand(r.ctx, r.As(access.PrivacyLead), "", r.Case, r.authority().ID, filedInput(r.ago(10*time.Hour)))
	require.NoError(t, err, "what counts is when it was filed")
	r.start("aware_processor", r.ago(80*time.Hour), "")
	_, err = r.Desk.RecordParties(r.ctx, r.As(access.LegalCounsel), "", r.Case, desk.PartiesInput{Governs: "incident", Reason: "x",
		Parties: []desk.PartyInput{{Customer: "C-1001", Touched: []string{"customer_content"}}}})
	require.NoError(t, err)
	_, err = r.Desk.FileByHand(r.ctx, r.As(access.PrivacyLead), "", r.Case, r.duty("C-1001").ID, filedInput(r.now()))
	require.NoError(t, err)
}

func TestAFilingOnAChannelThatTheAgreementDoesNotCountMeetsNothing(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.Aware(t, r.Case, r.ago(time.Hour))
	r.Parties(t, r.Case, "C-1001")
	filed, err := r.Desk.FileByHand(r.ctx, r.As(access.PrivacyLead), "", r.Case, r.duty("C-1001").ID, filedInput(r.now()))
	require.NoError(t, err)
	_, err = r.Desk.ConfirmFiling(r.ctx, r.As(access.CommsLead), "", r.Case, *filed.ID, desk.ReasonInput{Reason: "read"})
	require.NoError(t, err)
	require.Equal(t, "required", r.duty("C-1001").State, "a call is a copy where the agreement names e-mail")
}

func TestWhatWasMetByHandStaysMetWhateverHappensToMail(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.Aware(t, r.Case, r.ago(time.Hour))
	r.Parties(t, r.Case, "C-1001")
	r.query(`UPDATE duty SET evidence = jsonb_set(evidence, '{channels}', '["email", "by_hand"]')`)
	campaign := r.Released(t, r.Case)
	filed, err := r.Desk.FileByHand(r.ctx, r.As(access.PrivacyLead), "", r.Case, r.duty("C-1001").ID, filedInput(r.now()))
	require.NoError(t, err)
	_, err = r.Desk.ConfirmFiling(r.ctx, r.As(access.CommsLead), "", r.Case, *filed.ID, desk.ReasonInput{Reason: "read"})
	require.NoError(t, err)
	require.Equal(t, "met", r.duty("C-1001").State)
	r.send(campaign, "direct", all(refusedBy(550)))
	require.Equal(t, "met", r.duty("C-1001").State)
}

func TestAWaivedDutyIsOverAndSaysWhy(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.Aware(t, r.Case, r.ago(time.Hour))
	r.Parties(t, r.Case, "C-1001")
	owed := r.duty("C-1001")
	waive := desk.WaiveInput{Exemption: "customer_consent", Reason: "they wrote that they know"}
	_, err := r.Desk.WaiveDuty(r.ctx, r.As(access.CommsLead), "", r.Case, owed.ID, waive)
	code(t, problem.Forbidden, err)
	_, err = r.Desk.WaiveDuty(r.ctx, r.As(access.PrivacyLead), "", r.Case, owed.ID, waive)
	require.NoError(t, err)
	again, err := r.Desk.WaiveDuty(r.ctx, r.As(access.PrivacyLead), "", r.Case, owed.ID, waive)
	require.NoError(t, err)
	require.True(t, again.Pending, "one person saying it twice is one person")
	require.Equal(t, "required", r.duty("C-1001").State)
	_, err = r.Desk.WaiveDuty(r.ctx, r.As(access.LegalCounsel), "", r.Case, owed.ID, waive)
	require.NoError(t, err)
	waived := r.duty("C-1001")
	require.Equal(t, "waived", waived.State)
	require.Equal(t, "ended", waived.Clock)
	require.Equal(t, "customer_consent", waived.Exemption.Code)
	require.NotEmpty(t, waived.Exemption.Source)
	entry := r.entries("duty.waived")[0]
	require.Contains(t, string(entry.Body), "customer_consent")
	require.Contains(t, string(entry.Body), r.As(access.PrivacyLead).ID)
	require.Equal(t, r.As(access.LegalCounsel).ID, entry.Actor)
	require.Contains(t, string(entry.Content), waive.Reason)
	r.verified()
}
