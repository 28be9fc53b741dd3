package activities_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

	"github.com/atlascloudai/docket/activities"
	"github.com/atlascloudai/docket/core/letters"
	"github.com/atlascloudai/docket/core/problem"
	"github.com/atlascloudai/docket/desk"
	"github.com/atlascloudai/docket/notifications"
	"github.com/atlascloudai/docket/workflows/contract"
)

// ledger plays the desk for one campaign: rows and what was written to them, in order.
type ledger struct {
	activities.CampaignDesk

	mu       sync.Mutex
	planned  []desk.Job
	claimed  map[uuid.UUID]desk.Job
	begun    map[uuid.UUID]string
	ended    map[uuid.UUID]desk.Answer
	released int
	seals    int
	// away makes the next writes of outcomes fail: the database is restarting.
	away int
	// stolen are rows that another sender holds, paused that the campaign may not go on.
	stolen map[uuid.UUID]bool
	paused bool
}

func newLedger(n int) *ledger {
	l := &ledger{claimed: map[uuid.UUID]desk.Job{}, begun: map[uuid.UUID]string{}, ended: map[uuid.UUID]desk.Answer{}, stolen: map[uuid.UUID]bool{}}
	for i := range n {
		l.planned = append(l.planned, desk.Job{
			Delivery: uuid.New(), Attempt: 1, Channel: "email", ID: fmt.Sprintf("notice-%d", i), To: fmt.Sprintf("security@customer-%d.test", i),
			Letter: letters.Letter{Subject: "Notice", Text: "Text", Language: "en"}, Instant: time.Date(2026, 5, 4, 3, 0, 0, 0, time.UTC),
		})
	}
	return l
}

func (l *ledger) Claim(_ context.Context, _, page uuid.UUID, n int) ([]desk.Job, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	jobs := l.planned[:min(n, len(l.planned))]
	l.planned = l.planned[len(jobs):]
	for i := range jobs {
		jobs[i].Page = page
		l.claimed[jobs[i].Delivery] = jobs[i]
	}
	return jobs, nil
}

func (l *ledger) Begin(ctx context.Context, job desk.Job, digest [32]byte, transport string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.paused || l.stolen[job.Delivery] {
		return problem.New(problem.Conflict, "not yours")
	}
	if ctx.Err() != nil || digest == [32]byte{} {
		return errors.New("begun without a digest or after the end")
	}
	l.begun[job.Delivery] = transport
	return nil
}

func (l *ledger) Finish(ctx context.Context, job desk.Job, answer desk.Answer) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if l.away > 0 {
		l.away--
		return problem.New(problem.Unavailable, "the database does not answer")
	}
	l.ended[job.Delivery] = answer
	delete(l.claimed, job.Delivery)
	return nil
}

func (l *ledger) Release(_ context.Context, page uuid.UUID) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for id, job := range l.claimed {
		if job.Page == page && l.begun[id] == "" {
			delete(l.claimed, id)
			l.planned = append(l.planned, job)
			l.released++
		}
	}
	return nil
}

func (l *ledger) Seal(context.Context, uuid.UUID) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.seals++
	return nil
}

// wire plays a channel: it keeps what it sent, and answers as scripted.
type wire struct {
	mu     sync.Mutex
	sent   []string
	delay  time.Duration
	answer notifications.Answer
}

func (*wire) Name() string { return "email" }

func (*wire) Prepare(o notifications.Outbound) (notifications.Prepared, error) {
	if strings.Contains(o.To, " ") {
		return notifications.Prepared{}, problem.InvalidField("to", "is no address")
	}
	return notifications.Prepared{Outbound: o, Bytes: []byte(o.Text), Digest: [32]byte{1}}, nil
}

func (w *wire) Send(ctx context.Context, p notifications.Prepared) notifications.Answer {
	if w.delay > 0 {
		select {
		case <-time.After(w.delay):
		case <-ctx.Done():
			return notifications.Answer{Outcome: notifications.Deferred, Class: notifications.Cancelled}
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sent = append(w.sent, p.Outbound.ID)
	return w.answer
}

// page runs the activity once, on a clock of its own; stop is the worker's stop channel, or nil.
func page(t *testing.T, l *ledger, w *wire, stop chan struct{}) (contract.Done, error) {
	suite := testsuite.WorkflowTestSuite{}
	suite.SetLogger(quiet{})
	env := suite.NewTestActivityEnvironment()
	if stop != nil {
		env.SetWorkerStopChannel(stop)
	}
	a := &activities.Campaign{
		Desk: l, Channels: map[string]activities.Sender{"email": {Channel: w, Transport: "direct"}},
		ReturnToken: uuid.UUID.String, Log: slog.New(slog.DiscardHandler),
	}
	env.RegisterActivity(a.SendPage)
	value, err := env.ExecuteActivity(a.SendPage, contract.Subject{ID: uuid.New()})
	var done contract.Done
	if err == nil {
		require.NoError(t, value.Get(&done))
	}
	return done, err
}

var accepted = notifications.Answer{Outcome: notifications.Accepted, Class: notifications.OK, Code: 250}

// Every claimed recipient is begun before it is sent, sent once, and finished; then the page is sealed.
func TestAPageSendsEachRecipientOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, w := newLedger(200), &wire{answer: accepted}
		done, err := page(t, l, w, nil)
		require.NoError(t, err)
		require.Equal(t, 200, done.Count)
		require.Len(t, l.ended, 200)
		require.Len(t, w.sent, 200)
		require.Equal(t, 1, l.seals)
		for id, answer := range l.ended {
			require.Equal(t, "direct", l.begun[id])
			require.Equal(t, desk.Answer{Outcome: "accepted", Class: "ok", Code: 250}, answer)
		}
	})
}

// A page ends after 500 rows; the rest is the next page's.
func TestAPageEndsAfter500Rows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLedger(730)
		done, err := page(t, l, &wire{answer: accepted}, nil)
		require.NoError(t, err)
		require.Equal(t, 500, done.Count)
		require.Len(t, l.planned, 230)
	})
}

// A page ends after twenty seconds: what was claimed and not begun is given back, what was begun is finished.
func TestAPageEndsAfterTwentySeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, begun := newLedger(400), time.Now()
		done, err := page(t, l, &wire{answer: accepted, delay: 3 * time.Second}, nil)
		require.NoError(t, err)
		require.Less(t, time.Since(begun), 30*time.Second)
		require.Equal(t, done.Count, len(l.ended))
		require.Equal(t, 400, len(l.ended)+len(l.planned))
		require.Positive(t, l.released)
		require.Empty(t, l.claimed)
	})
}

// A worker that stops claims no more, commits what is under way, and gives back the rest: no row is left held.
func TestAStoppingWorkerLeavesNoRowHeld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, stop := newLedger(100), make(chan struct{})
		time.AfterFunc(7*time.Second, func() { close(stop) })
		_, err := page(t, l, &wire{answer: accepted, delay: 5 * time.Second}, stop)
		require.NoError(t, err)
		require.Empty(t, l.claimed)
		require.Len(t, l.ended, len(l.begun), "what was begun has an outcome")
		require.Less(t, len(l.begun), 20)
		require.Equal(t, 1, l.seals)
	})
}

// Rows that are not ours any more, or that a pause came before, are skipped without a byte.
func TestWhatMayNotBeBegunIsNotSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, w := newLedger(10), &wire{answer: accepted}
		l.stolen[l.planned[3].Delivery] = true
		done, err := page(t, l, w, nil)
		require.NoError(t, err)
		require.Equal(t, 9, done.Count)
		require.NotContains(t, w.sent, "notice-3")
	})
}

// An outcome is kept through a restart of the database, without a second sending.
func TestAnOutcomeOutlivesARestartOfTheDatabase(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, w := newLedger(8), &wire{answer: accepted}
		l.away = 20
		done, err := page(t, l, w, nil)
		require.NoError(t, err)
		require.Equal(t, 8, done.Count)
		require.Len(t, w.sent, 8)
	})
}

// Where an outcome cannot be written the row stays in flight for its lease to end: it is not sent again from here.
func TestAnOutcomeThatCannotBeWrittenIsNeverSentAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, w := newLedger(1), &wire{answer: accepted}
		l.away = 1000
		_, err := page(t, l, w, nil)
		require.Error(t, err)
		require.Len(t, w.sent, 1)
		require.Len(t, l.claimed, 1)
		require.Zero(t, l.released)
	})
}

// A message that cannot be made is finished as refused and blocks nobody.
func TestPoisonIsRefusedAndBlocksNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, w := newLedger(5), &wire{answer: accepted}
		l.planned[0].Poison = "the customer has no name"
		l.planned[1].To = "no address"
		poisoned := []uuid.UUID{l.planned[0].Delivery, l.planned[1].Delivery}
		done, err := page(t, l, w, nil)
		require.NoError(t, err)
		require.Equal(t, 5, done.Count)
		require.Len(t, w.sent, 3)
		for _, id := range poisoned {
			require.Equal(t, "refused", l.ended[id].Outcome)
			require.Empty(t, l.begun[id])
		}
	})
}

// A channel that this worker does not have puts its rows off and lets the others go.
func TestAMissingChannelPutsOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, w := newLedger(3), &wire{answer: accepted}
		l.planned[1].Channel = "webhook"
		put := l.planned[1].Delivery
		_, err := page(t, l, w, nil)
		require.NoError(t, err)
		require.Len(t, w.sent, 2)
		require.Equal(t, "deferred", l.ended[put].Outcome)
	})
}

// Errors reach the workflow as a type and codes; what a domain error says in words stays outside Temporal.
func TestErrorsCarryCodesOnly(t *testing.T) {
	for _, c := range []struct {
		err       error
		kind      string
		retryable bool
	}{
		{problem.New(problem.Conflict, "customer ada@example.com was changed"), "conflict", false},
		{problem.Missing("case"), "not_found", false},
		{problem.New(problem.Unavailable, "the database at 10.0.0.7 is away"), "unavailable", true},
		{errors.New("duplicate key (address)=(ada@example.com)"), "internal", true},
	} {
		env := (&testsuite.WorkflowTestSuite{}).NewTestActivityEnvironment()
		a := &activities.Case{Desk: failing{err: c.err}}
		env.RegisterActivity(a.RaiseDue)
		_, err := env.ExecuteActivity(a.RaiseDue, contract.Subject{ID: uuid.New()})
		var typed *temporal.ApplicationError
		require.ErrorAs(t, err, &typed)
		require.Equal(t, c.kind, typed.Type())
		require.Equal(t, c.retryable, !typed.NonRetryable())
		require.NotContains(t, err.Error(), "ada@")
		require.NotContains(t, err.Error(), "10.0")
	}
}

type failing struct {
	activities.CaseDesk
	err error
}

func (f failing) RaiseDue(context.Context, uuid.UUID) (int, error) { return 0, f.err }

// quiet drops the SDK's log.
type quiet struct{}

func (quiet) Debug(string, ...any) {}
func (quiet) Info(string, ...any)  {}
func (quiet) Warn(string, ...any)  {}
func (quiet) Error(string, ...any) {}
