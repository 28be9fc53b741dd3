package acceptance_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/desk"
	"github.com/atlascloudai/docket/local/mail"
	"github.com/atlascloudai/docket/testkit"
)

// batch is the most that may be under way in a sending when it is held (activities: claimAtOnce).
const batch = 32

// underWay is a sending to 200 customers whose servers take their time, once 40 of them have it.
func underWay(t *testing.T) (e *testkit.Engine, caseID, campaign uuid.UUID) {
	t.Helper()
	h := testkit.NewHouse(t)
	e = testkit.NewEngine(t, h, testkit.EngineOptions{Lease: 20 * time.Second})
	customers := h.ImportCustomers(t, 200)
	require.NoError(t, e.Mail.Rules(mail.Rule{To: "*", Answers: []string{"slow:100ms"}}))
	caseID = affected(t, h, customers)
	campaign = h.Released(t, caseID)
	e.StartWorker(t)
	testkit.Await(t, "the sending is under way", func() bool { return len(e.Notices()) >= 40 })
	return e, caseID, campaign
}

// begun counts the attempts of a sending that are in the ledger.
func begun(t *testing.T, e *testkit.Engine) int {
	t.Helper()
	return e.Count(t, `SELECT count(*) FROM delivery_event WHERE kind = 'in_flight'`)
}

var reason = desk.ReasonInput{Reason: "a wrong number in the text"}

// A paused sending sends no more than the batch that was under way, and goes on where it was when it is resumed.
func TestAPausedSendingHoldsWithinOneBatch(t *testing.T) {
	t.Parallel()
	e, caseID, campaign := underWay(t)
	_, err := e.Desk.PauseCampaign(context.Background(), e.As(access.Responder), "", caseID, campaign, reason)
	require.NoError(t, err)
	atPause := begun(t, e)
	e.Quiet(t)
	require.LessOrEqual(t, begun(t, e)-atPause, batch)
	held := len(e.Notices())
	require.Less(t, held, 200)
	require.Equal(t, 200-held, e.Count(t, `SELECT count(*) FROM delivery WHERE state = 'planned'`))

	_, err = e.Desk.ResumeCampaign(context.Background(), e.As(access.CommsLead), "", caseID, campaign, desk.ReasonInput{Reason: "the number is right"})
	require.NoError(t, err)
	e.Quiet(t)
	require.Equal(t, 200, len(e.Notices()))
	testkit.Check(t, e.House, e.Mail)
}

// A stopped sending sends no more than the batch that was under way, and never goes on; what it did not send stays
// owed, and another notice reaches exactly those.
func TestAStoppedSendingEndsWithinOneBatchAndTheRestStaysOwed(t *testing.T) {
	t.Parallel()
	e, caseID, campaign := underWay(t)
	_, err := e.Desk.StopCampaign(context.Background(), e.As(access.CommsLead), "", caseID, campaign, reason)
	require.NoError(t, err)
	atStop := begun(t, e)
	e.Quiet(t)
	require.LessOrEqual(t, begun(t, e)-atStop, batch)
	sent := len(e.Notices())
	require.Less(t, sent, 200)
	testkit.Check(t, e.House, e.Mail)
	_, err = e.Desk.ResumeCampaign(context.Background(), e.As(access.CommsLead), "", caseID, campaign, reason)
	require.Error(t, err)

	owed := 0
	for _, one := range duties(t, e.House, caseID) {
		if one.State == "required" {
			owed++
		}
	}
	require.Equal(t, 200-sent, owed)
	e.Released(t, caseID)
	e.Quiet(t)
	told := map[string]int{}
	for _, m := range e.Notices() {
		told[m.To[0]]++
	}
	require.Len(t, told, 200)
	require.Equal(t, 200, len(e.Notices()), "nobody was told twice")
	testkit.Check(t, e.House, e.Mail)
}

// A sending is stopped while its sender dies with a message under way: nobody sends it again, what became of it is
// shown as unknown, and a person who found out settles it.
func TestAStoppedSendingLeavesWhatItsDeadSenderDidToAPerson(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	h := testkit.NewHouse(t)
	e := testkit.NewEngine(t, h, testkit.EngineOptions{})
	customers := h.ImportCustomers(t, 3)
	caseID := affected(t, h, customers)
	sender := slowly(t, e, caseID, customers)
	_, err := h.Desk.StopCampaign(ctx, h.As(access.CommsLead), "", caseID, onlyCampaign(t, h, caseID), reason)
	require.NoError(t, err)
	sender.Kill()
	e.StartWorker(t)
	e.Quiet(t)

	d := ofCustomer(t, h, caseID, customers[0])
	require.Equal(t, "unknown", d.State)
	require.Equal(t, []string{"in_flight", "unknown"}, kinds(d))
	require.Equal(t, 1, copiesFor(e, customers[0]))
	require.Equal(t, 1, raises(t, h, caseID)["delivery_unknown"])
	testkit.Check(t, h, e.Mail)

	_, err = h.Desk.SettleDelivery(ctx, h.As(access.PrivacyLead), "", caseID, d.ID, desk.SettleInput{Outcome: "accepted", Reason: "they confirmed by phone"})
	require.NoError(t, err)
	for _, owed := range duties(t, h, caseID) {
		require.Equal(t, "met", owed.State, owed.Customer)
	}
	testkit.Check(t, h, e.Mail)
}
