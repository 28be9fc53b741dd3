package testkit

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"
)

const (
	// patience bounds every wait for something that has to happen; a machine may be slow, so it is long.
	patience = 90 * time.Second
	// glance is the wait between two looks.
	glance = 25 * time.Millisecond
)

// Await waits until something is to be seen, and fails with its name when it never is.
func Await(t testing.TB, what string, seen func() bool) {
	t.Helper()
	limit := time.NewTimer(patience)
	defer limit.Stop()
	next := time.NewTicker(glance)
	defer next.Stop()
	for !seen() {
		select {
		case <-next.C:
		case <-limit.C:
			require.FailNow(t, "did not happen: "+what)
		}
	}
}

// Count reads one number from the engine's database; -1 while the database does not answer.
func (e *Engine) Count(t testing.TB, sql string, args ...any) int {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	n := -1
	err := e.look.QueryRow(ctx, sql, args...).Scan(&n)
	if wrong, ok := errors.AsType[*pgconn.PgError](err); ok && strings.HasPrefix(wrong.Code, "42") {
		require.NoError(t, err, "cannot count: %s", sql) // the statement itself is wrong
	}
	if err != nil {
		return -1
	}
	return n
}

// AwaitCount waits until a query counts n.
func (e *Engine) AwaitCount(t testing.TB, what string, n int, sql string, args ...any) {
	t.Helper()
	seen := 0
	defer func() {
		if t.Failed() {
			t.Logf("%s: expected %d, last seen %d", what, n, seen)
		}
	}()
	Await(t, what, func() bool {
		seen = e.Count(t, sql, args...)
		return seen == n
	})
}

// waiting counts what an engine has still to do by itself: facts not heard, deadlines not raised, pages not
// taken, recipients due or under way, sendings not ended, outcomes not sealed, and of notices of change dates not
// counted, windows over without effect, statuses not carried. What comes due later, or waits for a person, is not in it.
const waiting = `SELECT
	(SELECT count(*) FROM bell WHERE seq > heard)
	+ (SELECT count(*) FROM milestone m JOIN cases c ON c.id = m.case_id WHERE m.raised_at IS NULL AND m.at <= clock_timestamp() + c.clock_offset)
	+ (SELECT count(*) FROM raise r JOIN cases c ON c.id = r.case_id WHERE r.acknowledged_at IS NULL AND r.next_step_at <= clock_timestamp() + c.clock_offset)
	+ (SELECT count(*) FROM page WHERE answered_at IS NULL)
	+ (SELECT count(*) FROM delivery WHERE claim IS NOT NULL)
	+ (SELECT count(*) FROM delivery d JOIN campaign p ON p.id = d.campaign_id JOIN cases c ON c.id = d.case_id
		WHERE p.state = 'running' AND d.state IN ('planned', 'deferred') AND d.next_at <= clock_timestamp() + c.clock_offset)
	+ (SELECT count(*) FROM campaign p WHERE p.state = 'running' AND NOT EXISTS (SELECT 1 FROM delivery d
		WHERE d.campaign_id = p.id AND d.state IN ('planned', 'deferred', 'claimed', 'in_flight')))
	+ (SELECT count(DISTINCT page) FROM delivery_event e WHERE NOT EXISTS (SELECT 1 FROM page_seal s WHERE s.page = e.page))
	+ (SELECT count(*) FROM change_customer k JOIN duty d ON d.id = k.duty_id WHERE k.sent_at IS DISTINCT FROM d.met_at)
	+ (SELECT count(*) FROM change_customer k JOIN cases c ON c.id = k.case_id WHERE c.status IN ('sending', 'objection_window') AND c.state->>'mode' = 'switchable'
		AND k.taken_at IS NULL AND k.sent_at IS NOT NULL AND NOT k.provisional AND k.answer NOT IN ('objected', 'accommodated', 'customer_terminates')
		AND k.effective <= clock_timestamp() + c.clock_offset)
	+ (SELECT count(*) FROM cases c WHERE c.kind = 'change' AND c.status = 'sending'
		AND NOT EXISTS (SELECT 1 FROM campaign p WHERE p.case_id = c.id AND NOT p.test AND p.state IN ('running', 'paused'))
		AND EXISTS (SELECT 1 FROM change_customer k WHERE k.case_id = c.id AND k.sent_at IS NOT NULL))
	+ (SELECT count(*) FROM cases c WHERE c.kind = 'change' AND c.status = 'objection_window' AND NOT EXISTS (SELECT 1 FROM change_customer k
		WHERE k.case_id = c.id AND (k.answer = 'objected' OR k.taken_at IS NULL AND k.answer NOT IN ('accommodated', 'customer_terminates'))))`

// Quiet waits until the engine has nothing left to do by itself at the present case instants.
func (e *Engine) Quiet(t testing.TB) {
	t.Helper()
	e.AwaitCount(t, "the engine has done everything that was due", 0, waiting)
}
