package desk_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/desk"
)

func (r *room) settle(id uuid.UUID, outcome string) error {
	_, err := r.Desk.SettleDelivery(r.ctx, r.As(access.CommsLead), "", r.Case, id, desk.SettleInput{Outcome: outcome, Reason: "they were called"})
	return err
}

var unknown = desk.Answer{Outcome: "unknown", Class: "cut"}

func TestAnUnknownOutcomeIsSettledByAPerson(t *testing.T) {
	t.Parallel()
	for outcome, want := range map[string]string{"accepted": "met", "refused": "required", "resend": "met"} {
		t.Run(outcome, func(t *testing.T) {
			t.Parallel()
			r, campaign := sentTo(t, "C-1002", "direct", unknown)
			one := r.deliveries("C-1002")[0]
			require.Equal(t, "deferred", one.State)
			require.True(t, one.PossibleDuplicate)
			require.Len(t, r.raises("delivery_unknown"), 1)
			require.NoError(t, r.settle(one.ID, outcome))
			require.Equal(t, map[string]int{"accepted": 0, "refused": 0, "resend": 1}[outcome], r.send(campaign, "direct", all(accepted)))
			require.Equal(t, want, r.duty("C-1002").State)
			require.Contains(t, r.kinds(), "delivery.settled_"+outcome)
		})
	}
}

func TestWhatAPersonFoundRefusedGoesToTheNextContact(t *testing.T) {
	t.Parallel()
	r, campaign := sentTo(t, "C-1010", "direct", unknown)
	require.NoError(t, r.settle(r.deliveries("C-1010")[0].ID, "refused"))
	var to []string
	r.send(campaign, "direct", func(job desk.Job) desk.Answer { to = append(to, job.To); return accepted })
	require.Equal(t, []string{"contrats@juniper.test"}, to)
}

func TestWhatTheOtherSideTookIsNotSettledOtherwise(t *testing.T) {
	t.Parallel()
	r, _ := sentTo(t, "C-1002", "direct", accepted)
	id := r.deliveries("C-1002")[0].ID
	r.unchanged(func() {
		for _, outcome := range []string{"accepted", "refused", "resend"} {
			refused(t, r.settle(id, outcome), "not_to_settle")
		}
	})
}

func TestWhatIsUnderWayIsNotSettled(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.Aware(t, r.Case, r.ago(time.Hour))
	r.Parties(t, r.Case, "C-1002")
	jobs, err := r.Desk.Claim(r.ctx, r.Released(t, r.Case), uuid.New(), 1)
	require.NoError(t, err)
	require.NoError(t, r.Desk.Begin(r.ctx, jobs[0], [32]byte{1}, "direct"))
	r.unchanged(func() { refused(t, r.settle(jobs[0].Delivery, "resend"), "not_to_settle") })
}

func TestAStoppedSendingSendsNothingMoreAndLetsAnotherNoticeGo(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.Aware(t, r.Case, r.ago(time.Hour))
	r.Parties(t, r.Case, "C-1001", "C-1002")
	campaign := r.Released(t, r.Case)
	jobs, err := r.Desk.Claim(r.ctx, campaign, uuid.New(), 1)
	require.NoError(t, err)
	require.NoError(t, r.Desk.Begin(r.ctx, jobs[0], [32]byte{1}, "direct"))
	require.NoError(t, r.Desk.Finish(r.ctx, jobs[0], refusedBy(550)))
	_, err = r.Desk.StopCampaign(r.ctx, r.As(access.CommsLead), "", r.Case, campaign, desk.ReasonInput{Reason: "the text is wrong"})
	require.NoError(t, err)
	refused(t, r.settle(jobs[0].Delivery, "resend"), "wrong_campaign_state")
	require.Zero(t, r.send(campaign, "direct", all(accepted)))
	require.Equal(t, 2, r.send(r.Released(t, r.Case), "direct", all(accepted)))
	for ref, owed := range r.duties() {
		require.Equal(t, "met", owed.State, ref)
	}
}

func TestAPausedSendingHoldsBackUntilItIsResumed(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.Aware(t, r.Case, r.ago(time.Hour))
	r.Parties(t, r.Case, "C-1001")
	campaign := r.Released(t, r.Case)
	page := uuid.New()
	jobs, err := r.Desk.Claim(r.ctx, campaign, page, 1)
	require.NoError(t, err)
	why := desk.ReasonInput{Reason: "counsel reads it once more"}
	_, err = r.Desk.PauseCampaign(r.ctx, r.As(access.Responder), "", r.Case, campaign, why)
	require.NoError(t, err)
	refused(t, r.Desk.Begin(r.ctx, jobs[0], [32]byte{1}, "direct"), "not_ours")
	require.NoError(t, r.Desk.Release(r.ctx, page))
	require.Zero(t, r.send(campaign, "direct", all(accepted)))
	_, err = r.Desk.ResumeCampaign(r.ctx, r.As(access.CommsLead), "", r.Case, campaign, why)
	require.NoError(t, err)
	require.Equal(t, 1, r.send(campaign, "direct", all(accepted)))
}

// A resend carries the bytes of the first attempt, or it is none.
func TestAResendWithOtherBytesIsRefused(t *testing.T) {
	t.Parallel()
	r, campaign := sentTo(t, "C-1002", "direct", unknown)
	require.NoError(t, r.settle(r.deliveries("C-1002")[0].ID, "resend"))
	jobs, err := r.Desk.Claim(r.ctx, campaign, uuid.New(), 1)
	require.NoError(t, err)
	require.Equal(t, [32]byte{1}, jobs[0].Digest)
	require.Equal(t, 2, jobs[0].Attempt)
	refused(t, r.Desk.Begin(r.ctx, jobs[0], [32]byte{2}, "direct"), "not_ours")
	require.NoError(t, r.Desk.Begin(r.ctx, jobs[0], [32]byte{1}, "direct"))
}
