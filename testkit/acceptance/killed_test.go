package acceptance_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/desk"
	"github.com/atlascloudai/docket/local/mail"
	"github.com/atlascloudai/docket/testkit"
)

// slowly lets a sender send to customers, the first of whose servers keeps the message and then takes its time to say
// so. It waits until that server has the message, and everybody else's has said so.
func slowly(t *testing.T, e *testkit.Engine, caseID uuid.UUID, customers []testkit.Customer) *testkit.Process {
	t.Helper()
	require.NoError(t, e.Mail.Rules(mail.Rule{To: customers[0].Address, Answers: []string{"slow:30s", "250"}}))
	e.Released(t, caseID)
	sender := e.SpawnWorker(t)
	testkit.Await(t, "the slow server has the message", func() bool { return copiesFor(e, customers[0]) == 1 })
	e.AwaitCount(t, "the others have it", len(customers)-1, `SELECT count(*) FROM delivery WHERE state = 'accepted'`)
	return sender
}

func copiesFor(e *testkit.Engine, c testkit.Customer) (n int) {
	for _, m := range e.Mail.Messages() {
		if m.To[0] == c.Address {
			n++
		}
	}
	return n
}

// ofCustomer is the delivery to a customer's first contact.
func ofCustomer(t *testing.T, h *testkit.House, caseID uuid.UUID, c testkit.Customer) desk.DeliveryView {
	t.Helper()
	for _, d := range deliveries(t, h, caseID) {
		if d.Customer == c.Ref && d.Rank == 0 {
			return d
		}
	}
	require.FailNow(t, "there is no delivery to "+c.Ref)
	return desk.DeliveryView{}
}

func kinds(d desk.DeliveryView) (all []string) {
	for _, e := range d.Events {
		all = append(all, e.Kind)
	}
	return all
}

// A worker that is killed between the other side's acceptance and our commit leaves an attempt whose end nobody
// saw: it is unknown, a person is told, and the notice goes out once more with the same bytes.
func TestAWorkerKilledBeforeItsCommitLeavesAnUnknownAttempt(t *testing.T) {
	t.Parallel()
	h := testkit.NewHouse(t)
	e := testkit.NewEngine(t, h, testkit.EngineOptions{})
	customers := h.ImportCustomers(t, 12)
	caseID := affected(t, h, customers)
	sender := slowly(t, e, caseID, customers)
	sender.Kill()
	e.StartWorker(t)
	e.Quiet(t)

	d := ofCustomer(t, h, caseID, customers[0])
	require.Equal(t, []string{"in_flight", "unknown", "in_flight", "accepted"}, kinds(d))
	require.Equal(t, "accepted", d.State)
	require.True(t, d.PossibleDuplicate)
	require.Equal(t, 2, copiesFor(e, customers[0]))
	require.Equal(t, map[string]int{"delivery_unknown": 1}, raises(t, h, caseID))
	testkit.Check(t, h, e.Mail)
}

// A worker that stood still past its lease and then goes on does not overwrite what another did meanwhile.
func TestAWorkerThatStoodStillPastItsLeaseChangesNothing(t *testing.T) {
	t.Parallel()
	h := testkit.NewHouse(t)
	e := testkit.NewEngine(t, h, testkit.EngineOptions{})
	customers := h.ImportCustomers(t, 12)
	caseID := affected(t, h, customers)
	sender := slowly(t, e, caseID, customers)
	sender.Freeze(t)
	e.StartWorker(t)
	e.Quiet(t)
	taken := ofCustomer(t, h, caseID, customers[0])
	require.Equal(t, []string{"in_flight", "unknown", "in_flight", "accepted"}, kinds(taken))

	sender.Thaw(t)
	testkit.Await(t, "the late sender heard that its claim is gone", func() bool { return strings.Contains(e.Log.String(), "outcome came too late") })
	require.Equal(t, taken, ofCustomer(t, h, caseID, customers[0]))
	e.Quiet(t)
	testkit.Check(t, h, e.Mail)
}

// A stopping worker ends what it began: nothing is left unknown, and what it had not begun another worker sends.
func TestAStoppingWorkerLeavesNothingUnknown(t *testing.T) {
	t.Parallel()
	h := testkit.NewHouse(t)
	e := testkit.NewEngine(t, h, testkit.EngineOptions{Lease: 30 * time.Second})
	customers := h.ImportCustomers(t, 100)
	require.NoError(t, e.Mail.Rules(mail.Rule{To: "*", Answers: []string{"slow:100ms"}}))
	caseID := affected(t, h, customers)
	h.Released(t, caseID)
	first := e.StartWorker(t)
	testkit.Await(t, "the sending is under way", func() bool { return len(e.Notices()) >= 30 })
	first.Stop(t)
	require.Zero(t, e.Count(t, `SELECT count(*) FROM delivery WHERE claim IS NOT NULL`))
	require.Less(t, len(e.Notices()), len(customers))
	e.StartWorker(t)
	e.Quiet(t)
	sendAll(t, e, caseID) // An attempt that was withdrawn in time is tried again like any other.
	require.Equal(t, len(customers), len(e.Notices()))
	require.Zero(t, e.Count(t, `SELECT count(*) FROM delivery_event WHERE kind = 'unknown'`))
	testkit.Check(t, h, e.Mail)
}
