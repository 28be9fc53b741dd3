package desk_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/desk"
	"github.com/atlascloudai/docket/testkit"
)

// finding records one customer's service with what was found to be touched.
func (r *room) finding(ref, service string, touched ...string) desk.Receipt {
	r.t.Helper()
	receipt, err := r.Desk.RecordParties(r.ctx, r.As(access.PrivacyLead), "", r.Case, desk.PartiesInput{
		Parties: []desk.PartyInput{{Customer: ref, Service: service, Touched: touched}},
	})
	require.NoError(r.t, err)
	return receipt
}

func TestACustomerFoundToBeMoreAffectedIsOwedWhatThatBrings(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.Aware(t, r.Case, r.ago(time.Hour))
	require.Equal(t, 1, r.finding("C-1001", "chat-api", "operational_metadata").Count)
	require.Empty(t, r.duties(), "nobody promised them a notice about that")
	again := r.finding("C-1001", "chat-api", "operational_metadata")
	require.Equal(t, []int{0, 1}, []int{again.Count, again.Skipped})

	require.Equal(t, 1, r.finding("C-1001", "chat-api", "customer_personal_data").Count)
	require.Equal(t, "required", r.duty("C-1001").State)
	for _, known := range []string{"operational_metadata", "customer_personal_data"} {
		again := r.finding("C-1001", "chat-api", known)
		require.Equal(t, []int{0, 1}, []int{again.Count, again.Skipped}, known)
	}
	require.Len(t, r.duties(), 1)
}

// twice is a customer who is owed two notices: one for the service that its addendum names, one under the standard
// terms. The first was sent and accepted; the second is released and not sent yet.
func twice(t *testing.T) (r *room, first, second uuid.UUID) {
	r = newRoom(t)
	r.Aware(t, r.Case, r.ago(time.Hour))
	r.finding("C-1013", "chat-api", "customer_content")
	first = r.Released(t, r.Case)
	r.send(first, "direct", all(accepted))
	r.finding("C-1013", "video-studio", "customer_content")
	return r, first, r.Released(t, r.Case)
}

// terms are the duties by their terms.
func (r *room) terms() map[string]desk.DutyView {
	r.t.Helper()
	page, err := r.Desk.Duties(r.ctx, r.As(access.PrivacyLead), r.Case, "", "", 500)
	require.NoError(r.t, err)
	terms := map[string]desk.DutyView{}
	for _, one := range page.Items {
		terms[one.Term] = one
	}
	return terms
}

// states are the states of duties by their terms.
func (r *room) states() map[string]string {
	r.t.Helper()
	states := map[string]string{}
	for term, one := range r.terms() {
		states[term] = one.State
	}
	return states
}

// sendTo is send with the addresses it went to, all answered alike.
func (r *room) sendTo(campaign uuid.UUID, answer desk.Answer) (to []string) {
	r.t.Helper()
	r.send(campaign, "direct", func(job desk.Job) desk.Answer { to = append(to, job.To); return answer })
	return to
}

const zdr, standard = "zdr-marigold-incident", "standard-terms-2025-incident"

func TestADutyIsMetByTheNoticeThatWasReleasedForItOnly(t *testing.T) {
	t.Parallel()
	r, _, second := twice(t)
	require.NoError(t, r.acknowledge(r.deliveries("C-1013")[0].ID, r.now()))
	require.Equal(t, map[string]string{zdr: "met", standard: "required"}, r.states())
	r.send(second, "direct", all(accepted))
	require.Equal(t, map[string]string{zdr: "met", standard: "met"}, r.states())
}

func TestANoticeFallsBackOnItsOwnContactsWhateverBecomesOfAnother(t *testing.T) {
	t.Parallel()
	t.Run("another is on its way", func(t *testing.T) {
		t.Parallel()
		r, first, _ := twice(t)
		require.NoError(t, r.Desk.Report(r.ctx, r.deliveries("C-1013")[0].ID, bounce(1)))
		require.Equal(t, []string{"soc@marigold.test"}, r.sendTo(first, accepted))
		require.Equal(t, map[string]string{zdr: "met", standard: "required"}, r.states())
	})
	t.Run("another has contacts in reserve", func(t *testing.T) {
		t.Parallel()
		r, first, second := twice(t)
		require.Equal(t, []string{"csirt@marigold.test", "soc@marigold.test"}, r.sendTo(second, refusedBy(550)))
		require.Empty(t, r.sendTo(first, accepted), "that one was told what the first notice says")
	})
	t.Run("another is still owed", func(t *testing.T) {
		t.Parallel()
		r, first, _ := twice(t)
		told := r.deliveries("C-1013")[0].ID
		require.NoError(t, r.acknowledge(told, r.now()))
		require.NoError(t, r.Desk.Report(r.ctx, told, bounce(1)))
		require.Empty(t, r.sendTo(first, accepted), "what this one was for has been acknowledged")
	})
	t.Run("another reached nobody", func(t *testing.T) {
		t.Parallel()
		r, first, second := twice(t)
		require.NoError(t, r.Desk.Report(r.ctx, r.deliveries("C-1013")[0].ID, bounce(1)))
		r.send(first, "direct", all(refusedBy(550)))
		require.Len(t, r.raises("customer_unreachable"), 1)

		under := *r.terms()[standard].Notice
		r.Released(t, r.Case)
		require.NotEqual(t, under, *r.terms()[zdr].Notice, "a third is released for what the first was for")
		require.Equal(t, under, *r.terms()[standard].Notice, "the second goes on")
		further := r.draft(access.CommsLead, testkit.Text())
		require.NoError(t, r.submit(further))
		refused(t, r.approve(access.PrivacyLead, further, r.digest(further)), "no_recipients")

		require.Equal(t, []string{"csirt@marigold.test"}, r.sendTo(second, accepted))
		require.Equal(t, map[string]string{zdr: "required", standard: "met"}, r.states())
	})
}

// The duty waits for another notice by then, and still the customer has said that it knows.
func TestAnAcknowledgementOfWhatWasTakenForLostMeetsTheDuty(t *testing.T) {
	t.Parallel()
	r, _ := sentTo(t, "C-1002", "direct", refusedBy(550))
	require.Len(t, r.raises("customer_unreachable"), 1)
	require.NoError(t, r.acknowledge(r.deliveries("C-1002")[0].ID, r.now()))
	require.Equal(t, "met", r.duty("C-1002").State)
}

// Its mail server may report the failure over one connection before it says 250 over the other.
func TestABounceDuringAnAttemptIsNotOutvotedByItsAcceptance(t *testing.T) {
	t.Parallel()
	for ref, next := range map[string][]string{"C-1010": {"contrats@juniper.test"}, "C-1002": nil} {
		for transport, answer := range map[string]desk.Answer{"direct": accepted, "relay": {Outcome: "handed_on", Code: 250}} {
			t.Run(ref+" "+transport, func(t *testing.T) {
				t.Parallel()
				r := newRoom(t)
				r.Aware(t, r.Case, r.ago(time.Hour))
				r.Parties(t, r.Case, ref)
				campaign := r.Released(t, r.Case)
				jobs, err := r.Desk.Claim(r.ctx, campaign, uuid.New(), 10)
				require.NoError(t, err)
				require.Len(t, jobs, 1)
				require.NoError(t, r.Desk.Begin(r.ctx, jobs[0], [32]byte{1}, transport))
				require.NoError(t, r.Desk.Report(r.ctx, jobs[0].Delivery, bounce(1)))
				require.NoError(t, r.Desk.Finish(r.ctx, jobs[0], answer))

				require.Equal(t, "bounced", r.deliveries(ref)[0].State)
				require.Equal(t, "required", r.duty(ref).State)
				require.Len(t, r.raises("delivery_refused"), 1)
				if next == nil {
					require.Len(t, r.raises("customer_unreachable"), 1)
				}
				require.Equal(t, next, r.sendTo(campaign, accepted))
			})
		}
	}
}

// Behind a relay nothing was met yet that the bounce could re-open.
func TestABounceBehindARelayThatLeavesNobodyRaisesPeople(t *testing.T) {
	t.Parallel()
	r, _ := sentTo(t, "C-1002", "relay", desk.Answer{Outcome: "handed_on", Code: 250})
	require.NoError(t, r.Desk.Report(r.ctx, r.deliveries("C-1002")[0].ID, bounce(1)))
	require.Len(t, r.raises("customer_unreachable"), 1)
}

func TestABounceOfAnEarlierAttemptDoesNotTakeBackALaterAcceptance(t *testing.T) {
	t.Parallel()
	r, campaign := sentTo(t, "C-1002", "direct", unknown)
	one := r.deliveries("C-1002")[0]
	require.NoError(t, r.Desk.Report(r.ctx, one.ID, bounce(1)))
	require.NoError(t, r.settle(one.ID, "resend"))
	require.Equal(t, 1, r.send(campaign, "direct", all(accepted)))
	require.Equal(t, "accepted", r.deliveries("C-1002")[0].State)
}

func TestAnAnswerThatWasSeenIsNotSettledAsAccepted(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]desk.Answer{"451": {Outcome: "deferred", Code: 451, Class: "transient"}, "550": refusedBy(550)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, _ := sentTo(t, "C-1002", "direct", answer)
			one := r.deliveries("C-1002")[0]
			require.False(t, one.PossibleDuplicate)
			r.unchanged(func() { refused(t, r.settle(one.ID, "accepted"), "answer_was_seen") })
			require.NoError(t, r.settle(one.ID, "resend"), "it can be sent again")
		})
	}
	t.Run("none was seen", func(t *testing.T) {
		t.Parallel()
		r, _ := sentTo(t, "C-1002", "direct", unknown)
		require.NoError(t, r.settle(r.deliveries("C-1002")[0].ID, "accepted"))
	})
}

func TestAReleaseSaysWhomItCannotReach(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.reimport("C-1002-notice,C-1002,incident_notice,email,security@borealis.test,,2025-08-19\n", "")
	r.Aware(t, r.Case, r.ago(time.Hour))
	r.Parties(t, r.Case, "C-1001", "C-1002")
	receipt, err := r.Desk.ReleaseNotice(r.ctx, r.As(access.CommsLead), "", r.Case, r.Approved(t, r.Case), desk.ReleaseInput{})
	require.NoError(t, err)
	require.Equal(t, []int{1, 1}, []int{receipt.Count, receipt.Skipped})
	raised := r.raises("customer_unreachable")
	require.Len(t, raised, 1)
	require.Equal(t, 1, raised[0].Count)
	require.Nil(t, r.duty("C-1002").Notice, "it still waits for a notice")

	released := r.entries("notice.released")
	require.Len(t, released, 1)
	require.Contains(t, string(released[0].Body), `"without_address":1`)
	r.reimport("security@borealis.test", "soc@borealis.test")
	require.Equal(t, []string{"soc@borealis.test"}, r.sendTo(r.Released(t, r.Case), accepted))
}

// contacts is how many contacts a customer has now.
func (r *room) contacts(ref string) int {
	r.t.Helper()
	page, err := r.Desk.Customers(r.ctx, r.As(access.LegalCounsel), "", 500)
	require.NoError(r.t, err)
	for _, one := range page.Items {
		if one.Ref == ref {
			return one.Contacts
		}
	}
	return 0
}

func TestOneMailboxUnderTwoRolesIsToldOnceAndAtOnce(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.reimport("security@cobalt.example.com", "Billing@cobalt.example.com")
	require.Equal(t, 2, r.contacts("C-1003"))
	r.Aware(t, r.Case, r.ago(time.Hour))
	r.Parties(t, r.Case, "C-1003")
	campaign := r.Released(t, r.Case)
	told := r.deliveries("C-1003")
	require.Len(t, told, 1)
	require.Equal(t, 0, told[0].Rank)
	require.Len(t, r.sendTo(campaign, accepted), 1)
}

func TestAContactThatIsNoLongerNamedEndsThoughItsAddressHasAnotherRole(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.reimport("security@cobalt.example.com", "billing@cobalt.example.com")
	require.Equal(t, 2, r.contacts("C-1003"))
	r.reimport("C-1003-notice,C-1003,incident_notice,email,security@cobalt.example.com,,2025-11-11\n", "")
	require.Equal(t, 1, r.contacts("C-1003"))
}
