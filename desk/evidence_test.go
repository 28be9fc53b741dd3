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

// sentTo is a room in which one customer's notice was sent and answered.
func sentTo(t *testing.T, ref, transport string, answer desk.Answer) (*room, uuid.UUID) {
	r := newRoom(t)
	r.Aware(t, r.Case, r.ago(time.Hour))
	r.Parties(t, r.Case, ref)
	campaign := r.Released(t, r.Case)
	r.send(campaign, transport, all(answer))
	return r, campaign
}

func bounce(n byte) desk.ReportInput {
	return desk.ReportInput{Kind: "bounced", Status: "5.1.1", Words: "no such mailbox", Digest: [32]byte{n}}
}

func (r *room) acknowledge(id uuid.UUID, at time.Time) error {
	_, err := r.Desk.AcknowledgeDelivery(r.ctx, r.As(access.CommsLead), "", r.Case, id, desk.AcknowledgeInput{At: at, Evidence: "their reply"})
	return err
}

func TestOnlyTheRecipientsOwnServerAccepts(t *testing.T) {
	t.Parallel()
	direct, _ := sentTo(t, "C-1001", "direct", accepted)
	require.Equal(t, "met", direct.duty("C-1001").State)
	require.Equal(t, "E2b", direct.deliveries("C-1001")[0].Evidence)
	require.NotEmpty(t, direct.duty("C-1001").MetBy)

	relay, _ := sentTo(t, "C-1001", "relay", desk.Answer{Outcome: "handed_on", Code: 250, Reply: "250 queued"})
	require.Equal(t, "required", relay.duty("C-1001").State, "our own relay's 250 proves nothing of the recipient")
	one := relay.deliveries("C-1001")[0]
	require.Equal(t, "handed_on", one.State)
	require.Equal(t, "E2a", one.Evidence)
	require.NoError(t, relay.Desk.Report(relay.ctx, one.ID, desk.ReportInput{Kind: "delivered", Status: "2.0.0", Digest: [32]byte{7}}))
	require.Equal(t, "met", relay.duty("C-1001").State, "a delivery report does")
	require.Equal(t, "delivered", relay.deliveries("C-1001")[0].State)
}

func TestARelaysHandOverMeetsWhereTheAgreementAsksForDispatchOnly(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.Aware(t, r.Case, r.ago(time.Hour))
	r.Parties(t, r.Case, "C-1001")
	r.query(`UPDATE duty SET evidence = jsonb_set(evidence, '{meets}', '"dispatch"')`)
	r.send(r.Released(t, r.Case), "relay", all(desk.Answer{Outcome: "handed_on", Code: 250}))
	require.Equal(t, "met", r.duty("C-1001").State)
}

func TestWhereEveryContactMustAcknowledgeNothingLessMeets(t *testing.T) {
	t.Parallel()
	r, _ := sentTo(t, "C-1011", "direct", accepted)
	deliveries := r.deliveries("C-1011")
	require.Len(t, deliveries, 2)
	require.Equal(t, "required", r.duty("C-1011").State)
	require.NoError(t, r.acknowledge(deliveries[0].ID, r.now()))
	require.Equal(t, "required", r.duty("C-1011").State)
	last := r.now().Truncate(time.Microsecond)
	require.NoError(t, r.acknowledge(deliveries[1].ID, last))
	met := r.duty("C-1011")
	require.Equal(t, "met", met.State)
	require.Equal(t, last.UTC(), *met.MetAt, "it is met when the last of them has")

	r.advance(100 * time.Hour)
	require.NoError(t, r.acknowledge(deliveries[1].ID, r.now()))
	require.Equal(t, met, r.duty("C-1011"), "the first acknowledgement counts: a second makes nothing late")
}

func TestAnAcknowledgementLiesBetweenTheSendingAndNow(t *testing.T) {
	t.Parallel()
	r, _ := sentTo(t, "C-1001", "direct", accepted)
	one := r.deliveries("C-1001")[0]
	r.unchanged(func() {
		code(t, problem.Invalid, r.acknowledge(one.ID, r.now().Add(time.Hour)))
		code(t, problem.Invalid, r.acknowledge(one.ID, r.now().Add(-time.Hour)))
		code(t, problem.NotFound, r.acknowledge(uuid.New(), r.now()))
	})
}

func TestALateBounceReopensTheDutyAlsoOnAClosedCaseAndRaisesOnce(t *testing.T) {
	t.Parallel()
	r, _ := sentTo(t, "C-1002", "direct", accepted)
	r.closeCase()
	one := r.deliveries("C-1002")[0]
	require.NoError(t, r.Desk.Report(r.ctx, one.ID, bounce(1)))
	reopened := r.duty("C-1002")
	require.Equal(t, "required", reopened.State)
	require.Nil(t, reopened.MetAt)
	require.Equal(t, "bounced", r.deliveries("C-1002")[0].State)
	require.Equal(t, "B2", r.deliveries("C-1002")[0].Evidence)
	require.Contains(t, r.kinds(), "duty.reopened")
	require.Len(t, r.raises("customer_unreachable"), 1, "no contact is left")

	r.unchanged(func() { require.NoError(t, r.Desk.Report(r.ctx, one.ID, bounce(1)), "the same report again") })
	view, err := r.Desk.Case(r.ctx, r.As(access.Auditor), r.Code)
	require.NoError(t, err)
	require.Equal(t, "closed", view.Status)
	require.Equal(t, 1, view.Counts.OpenDuties)
}

func TestABounceAfterTheDeadlineRecordsThatItWasMissed(t *testing.T) {
	t.Parallel()
	r, _ := sentTo(t, "C-1002", "direct", accepted)
	limit := *r.duty("C-1002").Limit
	r.advance(60 * time.Hour)
	_, err := r.Desk.RaiseDue(r.ctx, r.Case)
	require.NoError(t, err)
	require.Empty(t, r.raises("limit"))
	require.NoError(t, r.Desk.Report(r.ctx, r.deliveries("C-1002")[0].ID, bounce(1)))
	_, err = r.Desk.RaiseDue(r.ctx, r.Case)
	require.NoError(t, err)
	missed := r.raises("limit")
	require.Len(t, missed, 1)
	require.Equal(t, limit, missed[0].DueAt)
	require.Empty(t, r.raises("half"), "what only warned of it is past")
}

func TestABounceOpensTheNextContact(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.Aware(t, r.Case, r.ago(time.Hour))
	r.Parties(t, r.Case, "C-1010") // Its account contact is told where the notice address cannot be reached.
	campaign := r.Released(t, r.Case)
	require.Equal(t, 1, r.send(campaign, "direct", all(accepted)))
	deliveries := r.deliveries("C-1010")
	require.Equal(t, "reserve", deliveries[1].State)
	require.NoError(t, r.Desk.Report(r.ctx, deliveries[0].ID, bounce(1)))
	require.Len(t, r.raises("duty_reopened"), 1)
	var to []string
	r.send(campaign, "direct", func(job desk.Job) desk.Answer { to = append(to, job.To); return accepted })
	require.Equal(t, []string{"contrats@juniper.test"}, to)
	require.Equal(t, "met", r.duty("C-1010").State)
}

func TestARefusalOpensTheNextContactAndRaisesPeople(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.Aware(t, r.Case, r.ago(time.Hour))
	r.Parties(t, r.Case, "C-1010")
	var to []string
	r.send(r.Released(t, r.Case), "direct", func(job desk.Job) desk.Answer {
		if to = append(to, job.To); len(to) == 1 {
			return refusedBy(550)
		}
		return accepted
	})
	require.Equal(t, []string{"alerte@juniper.test", "contrats@juniper.test"}, to)
	require.Equal(t, "met", r.duty("C-1010").State)
	require.Len(t, r.raises("delivery_refused"), 1)
	require.Equal(t, "refused", r.deliveries("C-1010")[0].State, "failed is never shown as sent")
}

func TestWhereNobodyIsLeftToTryAnotherNoticeCanBeReleased(t *testing.T) {
	t.Parallel()
	r, _ := sentTo(t, "C-1002", "direct", refusedBy(550))
	require.Equal(t, "required", r.duty("C-1002").State)
	require.Len(t, r.raises("customer_unreachable"), 1)
	r.reimport("security@borealis.test", "soc@borealis.test")
	var to []string
	r.send(r.Released(t, r.Case), "direct", func(job desk.Job) desk.Answer { to = append(to, job.To); return accepted })
	require.Equal(t, []string{"soc@borealis.test"}, to)
	require.Equal(t, "met", r.duty("C-1002").State)
}

func TestAReportThatCameBeforeChangesNothing(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"delivered", "relayed", "bounced", "delayed", "complaint", "auto_reply", "human_reply"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			r, _ := sentTo(t, "C-1002", "direct", accepted)
			id := r.deliveries("C-1002")[0].ID
			in := desk.ReportInput{Kind: kind, Words: "what they wrote", Digest: [32]byte{1}}
			require.NoError(t, r.Desk.Report(r.ctx, id, in))
			require.Contains(t, r.kinds(), "delivery."+kind)
			r.unchanged(func() { require.NoError(t, r.Desk.Report(r.ctx, id, in)) })
		})
	}
}

func TestAReportForWhatWasNeverSentChangesNoDelivery(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.Aware(t, r.Case, r.ago(time.Hour))
	r.Parties(t, r.Case, "C-1002")
	campaign := r.Released(t, r.Case)
	page := uuid.New()
	_, err := r.Desk.Claim(r.ctx, campaign, page, 1)
	require.NoError(t, err)
	require.NoError(t, r.Desk.Release(r.ctx, page))
	before := r.deliveries("C-1002")
	require.NoError(t, r.Desk.Report(r.ctx, before[0].ID, bounce(1)))
	require.Equal(t, before, r.deliveries("C-1002"))
	require.Equal(t, 1, scan[int](t, r.Database.Superuser, `SELECT count(*)::int FROM unmatched_report`))
	code(t, problem.NotFound, r.Desk.Report(r.ctx, uuid.New(), bounce(1)))
}

// What comes back while the sender has not yet committed its answer is not lost.
func TestAReportDuringAnAttemptIsKept(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.Aware(t, r.Case, r.ago(time.Hour))
	r.Parties(t, r.Case, "C-1002")
	jobs, err := r.Desk.Claim(r.ctx, r.Released(t, r.Case), uuid.New(), 1)
	require.NoError(t, err)
	require.NoError(t, r.Desk.Begin(r.ctx, jobs[0], [32]byte{1}, "relay"))
	require.NoError(t, r.Desk.Report(r.ctx, jobs[0].Delivery, desk.ReportInput{Kind: "delivered", Digest: [32]byte{1}}))
	require.NoError(t, r.Desk.Finish(r.ctx, jobs[0], desk.Answer{Outcome: "handed_on", Code: 250}))
	require.Equal(t, "met", r.duty("C-1002").State)
	require.NotNil(t, r.deliveries("C-1002")[0].DeliveredAt)
}

// An acknowledged message is never sent again, whatever its attempt that is under way ends with.
func TestAnAcknowledgementDuringAnAttemptEndsTheDelivery(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.Aware(t, r.Case, r.ago(time.Hour))
	r.Parties(t, r.Case, "C-1002")
	campaign := r.Released(t, r.Case)
	jobs, err := r.Desk.Claim(r.ctx, campaign, uuid.New(), 1)
	require.NoError(t, err)
	require.NoError(t, r.Desk.Begin(r.ctx, jobs[0], [32]byte{1}, "direct"))
	require.NoError(t, r.acknowledge(jobs[0].Delivery, r.now()))
	require.NoError(t, r.Desk.Finish(r.ctx, jobs[0], desk.Answer{Outcome: "deferred", Code: 451}))
	require.Equal(t, "acknowledged", r.deliveries("C-1002")[0].State)
	r.advance(time.Hour)
	again, err := r.Desk.Claim(r.ctx, campaign, uuid.New(), 1)
	require.NoError(t, err)
	require.Empty(t, again)
	require.Equal(t, "met", r.duty("C-1002").State)
}
