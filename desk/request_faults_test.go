package desk_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/problem"
	"github.com/atlascloudai/docket/desk"
	"github.com/atlascloudai/docket/erasure"
)

// troubled is a real place that can be made to fail on the way there and on the way back, and that counts who asked it to erase.
type troubled struct {
	erasure.Store
	mu      sync.Mutex
	before  func(op, collection string) error
	after   func(op, collection string) error
	deletes map[string]int
}

func (s *troubled) around(op, collection string, call func() error) error {
	s.mu.Lock()
	before, after := s.before, s.after
	if op == "erase" {
		s.deletes[collection]++
	}
	s.mu.Unlock()
	if before != nil {
		if err := before(op, collection); err != nil {
			return err
		}
	}
	if err := call(); err != nil || after == nil {
		return err
	}
	return after(op, collection)
}

func (s *troubled) Locate(ctx context.Context, q erasure.Query, cursor string, limit int) (page erasure.Page, err error) {
	err = s.around("locate", q.Collection.Name, func() error { page, err = s.Store.Locate(ctx, q, cursor, limit); return err })
	return page, err
}

func (s *troubled) Erase(ctx context.Context, order erasure.Order) (results []erasure.Result, err error) {
	err = s.around("erase", order.Collection.Name, func() error { results, err = s.Store.Erase(ctx, order); return err })
	return results, err
}

func (s *troubled) Verify(ctx context.Context, order erasure.Order) (findings []erasure.Finding, err error) {
	err = s.around("verify", order.Collection.Name, func() error { findings, err = s.Store.Verify(ctx, order); return err })
	return findings, err
}

// trouble puts a troubled place in the place of the estate's.
func (c *counter) trouble() *troubled {
	c.t.Helper()
	place, err := c.stores["app"]()
	require.NoError(c.t, err)
	s := &troubled{Store: place, deletes: map[string]int{}}
	c.stores["app"] = func() (erasure.Store, error) { return s, nil }
	return s
}

// failing fails one operation on one collection.
func failing(op, collection string) func(string, string) error {
	return func(o, c string) error {
		if o == op && c == collection {
			return &erasure.Error{Class: erasure.Transient, Detail: "no answer"}
		}
		return nil
	}
}

func (c *counter) targetOf(address string) desk.TargetView {
	c.t.Helper()
	for _, t := range c.view().Targets {
		if t.Address == address {
			return t
		}
	}
	c.t.Fatalf("no target %s", address)
	return desk.TargetView{}
}

// A1: one place fails for good; the others are done, each asked exactly once, and the row that leads to the others stays.
// Once it is mended, only it is asked again, and the root goes last.
func TestAPlaceThatFailsHoldsBackNobodyElseAndCanBeRetriedAlone(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	place := c.trouble()
	c.asks("erasure", "ana@example.test")
	c.planned()
	c.approves()
	place.before = failing("erase", "tickets")
	c.advance(73 * time.Hour)
	c.runs()
	view := c.view()
	require.Equal(t, "action_required", view.Status)
	require.Equal(t, "team", view.Waiting)
	failed := c.targetOf("app/tickets")
	require.Equal(t, "transient", failed.Error)
	require.NotNil(t, failed.NextAt)
	require.EqualValues(t, 1, c.rows("accounts", "account_id = 1"), "the row that leads to the others goes last")
	require.Zero(t, c.rows("prompts", "account_id = 1"))
	before := map[string]int{"prompts": place.deletes["prompts"], "invoices": place.deletes["invoices"]}

	place.before = nil
	_, err := c.Desk.RetryTarget(c.ctx, c.As(access.Responder), "", c.Case, failed.ID)
	require.NoError(t, err)
	c.runs()
	require.Equal(t, "completed_with_retention", c.view().Status)
	require.Equal(t, before["prompts"], place.deletes["prompts"], "what was done is not asked again")
	require.Equal(t, before["invoices"], place.deletes["invoices"])
	require.Zero(t, c.rows("accounts", "account_id = 1"))
	_, err = c.Desk.RetryTarget(c.ctx, c.As(access.Responder), "", c.Case, failed.ID)
	require.Equal(t, problem.Conflict, problem.CodeOf(err), "what has not failed is not retried")
	c.verified()
}

// A2: what could not be looked for is never absent: there is no plan before it was located, and once it is sealed it is
// found though the row that led to it has gone since.
func TestWhatCannotBeLookedForIsNeverAbsent(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	place := c.trouble()
	place.before = failing("locate", "tickets")
	c.asks("erasure", "ana@example.test")
	require.Equal(t, "scoping", c.planned().Status)
	require.Equal(t, "transient", c.targetOf("app/tickets").Error)
	_, err := c.Desk.ApprovePlan(c.ctx, c.As(access.PrivacyLead), "", c.Case, desk.DigestInput{Digest: fmt.Sprintf("%064d", 0)})
	require.Equal(t, problem.Conflict, problem.CodeOf(err))

	place.before = nil
	_, err = c.Desk.RetryTarget(c.ctx, c.As(access.Responder), "", c.Case, c.targetOf("app/tickets").ID)
	require.NoError(t, err)
	c.runs()
	c.approves()
	_, err = c.live.Exec(c.ctx, `UPDATE live.accounts SET email = 'someone.else@example.test', recovery = NULL WHERE account_id = 1`)
	require.NoError(t, err)
	c.advance(73 * time.Hour)
	c.runs()
	require.Equal(t, "completed_with_retention", c.view().Status)
	require.Zero(t, c.rows("prompts", "account_id = 1")+c.rows("tickets", "account_id = 1"))
}

// A10: the answer to a deletion is lost. The next try finds nothing there, and the ledger says that it was erased then.
func TestAnAnswerThatWasLostCountsAsErased(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	place := c.trouble()
	c.asks("erasure", "ana@example.test")
	c.planned()
	c.approves()
	place.after = failing("erase", "tickets")
	c.advance(73 * time.Hour)
	c.runs()
	require.Zero(t, c.rows("tickets", "account_id = 1"), "it was done")
	require.Equal(t, "action_required", c.view().Status, "and nobody saw it")
	place.after = nil
	c.advance(time.Hour)
	c.runs()
	require.Equal(t, "completed_with_retention", c.view().Status)
	erased := scan[int64](t, c.Database.Superuser, `SELECT sum(erased) FROM target_page p JOIN target t ON t.id = p.target_id WHERE t.case_id = $1 AND t.address = 'app/tickets'`, c.Case)
	require.EqualValues(t, 3, erased)
	c.verified()
}

// A record that somebody writes back while it is being erased is found by the last look, and goes too.
func TestWhatComesBackMeanwhileIsErasedToo(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	place := c.trouble()
	c.asks("erasure", "ana@example.test")
	c.planned()
	c.approves()
	back := 0
	place.after = func(op, collection string) error {
		if op == "verify" && collection == "tickets" && back < 2 {
			back++
			_, err := c.live.Exec(c.ctx, `INSERT INTO live.tickets VALUES ($1, 1, 'again')`, 100+back)
			return err
		}
		return nil
	}
	c.advance(73 * time.Hour)
	c.runs()
	require.Equal(t, "completed_with_retention", c.view().Status)
	require.Equal(t, 2, back)
	require.Zero(t, c.rows("tickets", "account_id = 1"))
}

// An account that is written back while it is being erased leads to records of its own: they are found too, and go before it.
func TestWhatAnAccountThatComesBackLeadsToIsErasedToo(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	place := c.trouble()
	c.asks("erasure", "ana@example.test")
	c.planned()
	c.approves()
	back := false
	place.after = func(op, collection string) error {
		if op == "verify" && collection == "accounts" && !back {
			back = true
			_, err := c.live.Exec(c.ctx, `INSERT INTO live.accounts VALUES (77, 'ana@example.test'); INSERT INTO live.prompts VALUES (77, 77, 'again'); INSERT INTO live.tickets VALUES (77, 77, 'again')`)
			return err
		}
		return nil
	}
	c.advance(73 * time.Hour)
	c.runs()
	require.True(t, back)
	require.Equal(t, "completed_with_retention", c.view().Status)
	require.Zero(t, c.rows("accounts", "account_id = 77")+c.rows("prompts", "account_id = 77")+c.rows("tickets", "account_id = 77"))
	c.verified()
}

// What comes back as often as it is erased waits for a person, whose retry is made at once; a request that was ended is not
// tried again.
func TestARetryIsMadeAtOnceAndOnlyOfARequestThatGoesOn(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	place := c.trouble()
	c.asks("erasure", "ana@example.test")
	c.planned()
	c.approves()
	place.after = func(op, collection string) error {
		if op == "erase" && collection == "tickets" {
			_, err := c.live.Exec(c.ctx, `INSERT INTO live.tickets VALUES (1, 1, 'a')`)
			return err
		}
		return nil
	}
	c.advance(73 * time.Hour)
	for range 3 {
		c.runs()
		c.advance(time.Hour)
	}
	c.runs()
	require.Equal(t, "residue", c.targetOf("app/tickets").Error)
	tries := place.deletes["tickets"]
	place.after = nil
	_, err := c.Desk.RetryTarget(c.ctx, c.As(access.Responder), "", c.Case, c.targetOf("app/tickets").ID)
	require.NoError(t, err)
	c.runs()
	require.Equal(t, tries+1, place.deletes["tickets"])
	require.Equal(t, "completed_with_retention", c.view().Status)

	place.before = failing("locate", "tickets")
	c.asks("erasure", "ben@example.test")
	c.planned()
	failed := c.targetOf("app/tickets")
	_, err = c.Desk.CancelRequest(c.ctx, c.As(access.PrivacyLead), "", c.Case, desk.ReasonInput{Reason: "changed their mind"})
	require.NoError(t, err)
	_, err = c.Desk.RetryTarget(c.ctx, c.As(access.Responder), "", c.Case, failed.ID)
	refused(t, err, "wrong_status")
}
