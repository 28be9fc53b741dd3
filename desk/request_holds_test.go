package desk_test

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/cases/request"
	"github.com/atlascloudai/docket/core/estate"
	"github.com/atlascloudai/docket/core/problem"
	"github.com/atlascloudai/docket/desk"
	"github.com/atlascloudai/docket/testkit"
)

func (c *counter) holds(address, key string) desk.Receipt {
	c.t.Helper()
	held, err := c.Desk.PlaceRecordHold(c.ctx, c.As(access.LegalCounsel), "", desk.RecordHoldInput{
		Address: address, Key: key, Ground: "legal_claims", Reason: "a claim is before the court", ReviewAt: time.Now().Add(90 * 24 * time.Hour),
	})
	require.NoError(c.t, err)
	return held
}

// refusesHolds says that a hold which can mean no record is refused, with the field that is to be put right.
func (c *counter) refusesHolds(address, key, field string) {
	c.t.Helper()
	c.unchanged(address+" "+key, func() {
		_, err := c.Desk.PlaceRecordHold(c.ctx, c.As(access.LegalCounsel), "", desk.RecordHoldInput{
			Address: address, Key: key, Ground: "legal_claims", Reason: "a claim is before the court", ReviewAt: time.Now().Add(90 * 24 * time.Hour),
		})
		refused, ok := errors.AsType[*problem.Error](err)
		require.True(c.t, ok, "%v", err)
		require.Equal(c.t, field, refused.Field)
	})
}

// A hold keeps what counsel means, also where the key is written as people see it in the database; one that would keep nothing
// is refused before the record is gone.
func TestAHoldThatWouldKeepNothingIsRefused(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	c.asks("erasure", "ana@example.test")
	c.planned()
	c.approves()
	for _, key := range []string{`["2","b"]`, `[]`} {
		c.refusesHolds("app/tickets", key, "key")
	}
	for _, address := range []string{"app/ticket", "app", "tickets"} {
		c.refusesHolds(address, "2", "address")
	}
	c.holds("app/tickets", "2")
	c.advance(73 * time.Hour)
	c.runs()
	require.EqualValues(t, 1, c.rows("tickets", "account_id = 1 AND id = 2"))
}

// A5: a hold keeps exactly its record, also one that was placed after the approval; when it is released the same request
// goes on by itself.
func TestAHoldKeepsExactlyItsRecordAndItsReleaseResumesTheRequest(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	c.asks("erasure", "ana@example.test")
	c.planned()
	c.approves()
	held := c.holds("app/tickets", `["2"]`)
	c.refusesHolds("app/elsewhere", "", "address")
	placed := scanAll[string](t, c.Database.Superuser, `SELECT convert_from(body, 'UTF8')::jsonb->>'hold' FROM timeline WHERE case_id = $1 AND kind = 'hold.record_placed'`, c.Case)
	require.Equal(t, []string{held.ID.String()}, placed, "the chain of a request that works there says so, without the record")
	c.advance(73 * time.Hour)
	c.runs()
	require.Equal(t, "completed_with_retention", c.view().Status)
	require.EqualValues(t, 1, c.rows("tickets", "account_id = 1 AND id = 2 AND body = 'b'"))
	require.EqualValues(t, 1, c.rows("tickets", "account_id = 1"))
	require.Zero(t, c.rows("accounts", "account_id = 1"), "the account does not stay because a ticket does")
	kept := c.targetOf("app/tickets").Kept
	require.Len(t, kept, 1)
	require.Equal(t, "legal_claims", kept[0].Ground)
	require.Equal(t, held.ID, kept[0].Hold)

	released, err := c.Desk.ReleaseRecordHold(c.ctx, c.As(access.LegalCounsel), "", *held.ID, desk.ReasonInput{Reason: "the claim was settled"})
	require.NoError(t, err)
	require.Equal(t, 1, released.Count)
	c.runs()
	require.Zero(t, c.rows("tickets", "account_id = 1"))
	require.Empty(t, c.targetOf("app/tickets").Kept)
	require.Equal(t, "completed_with_retention", c.view().Status, "the invoice stays")
	_, err = c.Desk.ReleaseRecordHold(c.ctx, c.As(access.LegalCounsel), "", *held.ID, desk.ReasonInput{Reason: "the claim was settled"})
	require.Equal(t, problem.Conflict, problem.CodeOf(err))
	c.verified()
}

// A hold on a whole collection keeps all of it, whoever asks.
func TestAHoldOnACollectionKeepsAllOfIt(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	c.holds("app/tickets", "")
	c.asks("erasure", "ana@example.test")
	c.planned()
	c.approves()
	c.advance(73 * time.Hour)
	c.runs()
	require.EqualValues(t, 3, c.rows("tickets", "account_id = 1"))
	require.Equal(t, "completed_with_retention", c.view().Status)
}

// Holds and agents are listed with what people decide by: review dates that have come, authorisations that end.
func TestHoldsAndAgentsAreListed(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	soon := time.Now().Add(time.Hour)
	_, err := c.Desk.PlaceRecordHold(c.ctx, c.As(access.LegalCounsel), "", desk.RecordHoldInput{Address: "app/tickets", Ground: "legal_claims", Reason: "matter 7", ReviewAt: soon})
	require.NoError(t, err)
	testkit.Execute(t, c.Database.Superuser, `UPDATE record_hold SET placed_at = placed_at - interval '2 hours', review_at = review_at - interval '2 hours'`)
	placed, err := c.Desk.PlaceRecordHold(c.ctx, c.As(access.LegalCounsel), "", desk.RecordHoldInput{Address: "app/invoices", Key: `["1"]`, Ground: "tax_law", Reason: "audit", ReviewAt: soon})
	require.NoError(t, err)
	_, err = c.Desk.ReleaseRecordHold(c.ctx, c.As(access.LegalCounsel), "", *placed.ID, desk.ReasonInput{Reason: "over"})
	require.NoError(t, err)
	holds, err := c.Desk.RecordHolds(c.ctx, c.As(access.LegalCounsel))
	require.NoError(t, err)
	require.Len(t, holds, 2)
	require.Equal(t, "matter 7", holds[0].Reason, "what stands comes first")
	require.True(t, holds[0].Whole && holds[0].ReviewDue)
	require.True(t, !holds[1].Whole && !holds[1].ReviewDue && holds[1].ReleasedAt != nil)

	_, err = c.Desk.RecordAgent(c.ctx, c.As(access.PrivacyLead), "", desk.AgentInput{Name: "Sample Agents", Authorisation: "mandate of 1 May", ValidUntil: soon})
	require.NoError(t, err)
	agents, err := c.Desk.Agents(c.ctx, c.As(access.PrivacyLead))
	require.NoError(t, err)
	require.Equal(t, "mandate of 1 May", agents[0].Authorisation)
	for _, read := range []func(access.Actor) error{
		func(a access.Actor) error { _, err := c.Desk.RecordHolds(c.ctx, a); return err },
		func(a access.Actor) error { _, err := c.Desk.Agents(c.ctx, a); return err },
	} {
		require.Equal(t, problem.Forbidden, problem.CodeOf(read(c.As(access.CommsLead))))
	}
}

// The receipt of what belongs to no case names none.
func TestAReceiptOfAHoldOrAnAgentNamesNoCase(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	held := c.holds("app/tickets", "2")
	agent, err := c.Desk.RecordAgent(c.ctx, c.As(access.PrivacyLead), "", desk.AgentInput{Name: "Sample Agents", Authorisation: "mandate of 1 May", ValidUntil: time.Now().Add(time.Hour)})
	require.NoError(t, err)
	released, err := c.Desk.ReleaseRecordHold(c.ctx, c.As(access.LegalCounsel), "", *held.ID, desk.ReasonInput{Reason: "settled"})
	require.NoError(t, err)
	revoked, err := c.Desk.RevokeAgent(c.ctx, c.As(access.PrivacyLead), *agent.ID)
	require.NoError(t, err)
	for _, receipt := range []desk.Receipt{held, agent, released, revoked} {
		written, err := json.Marshal(receipt)
		require.NoError(t, err)
		require.JSONEq(t, `{"id": "`+receipt.ID.String()+`"}`, string(written))
	}
}

// On its review date counsel is raised, once, for every request whose records a hold keeps; a hold that still stands gets a
// next date, and is raised about again.
func TestCounselIsRaisedOnTheReviewDateOfAHold(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	c.asks("erasure", "ana@example.test")
	c.planned()
	c.approves()
	held := c.holds("app/tickets", `["2"]`)
	c.advance(73 * time.Hour)
	c.runs()
	raised := func() int {
		return scan[int](t, c.Database.Superuser, `SELECT count(*) FROM raise WHERE case_id = $1 AND kind = 'hold_review' AND count = 1`, c.Case)
	}
	require.Zero(t, raised())
	c.advance(90 * 24 * time.Hour)
	c.runs()
	c.runs()
	require.Equal(t, 1, raised())
	require.EqualValues(t, 1, c.rows("tickets", "account_id = 1"), "a date that passed releases nothing")

	review := func(at time.Time) error {
		_, err := c.Desk.ReviewRecordHold(c.ctx, c.As(access.LegalCounsel), "", *held.ID, desk.HoldReviewInput{Reason: "the claim is still there", ReviewAt: at})
		return err
	}
	require.Equal(t, "review_at", refusalOf(review(time.Now().Add(-time.Hour))).Field)
	require.NoError(t, review(time.Now().Add(200*24*time.Hour)))
	c.runs()
	require.Equal(t, 1, raised())
	c.advance(110 * 24 * time.Hour)
	c.runs()
	require.Equal(t, 2, raised())
	_, err := c.Desk.ReleaseRecordHold(c.ctx, c.As(access.LegalCounsel), "", *held.ID, desk.ReasonInput{Reason: "settled"})
	require.NoError(t, err)
	require.Equal(t, "already_released", refusalOf(review(time.Now().Add(time.Hour))).Blockers[0].Code)
	c.verified()
}

// Whoever approves a plan sees what stays, on which ground and until when, and where nobody looks.
func TestAPlanSaysWhatStaysAndWhereNobodyLooks(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	declared := liveEstate()
	declared.Stores[0].Collections = append(declared.Stores[0].Collections, estate.Collection{Name: "logs", Class: estate.OperationalMetadata,
		NotSearchable: &estate.NotSearchable{Why: "they carry no identifier", Instead: "they expire"}})
	c.Options.Estate = &declared
	c.Desk = desk.New(c.Options)
	c.work.Desk = c.Desk
	held := c.holds("app/tickets", "2")
	c.asks("erasure", "ana@example.test")
	plan := c.planned().State.Plan
	require.EqualValues(t, 2, plan.Keep)
	require.Equal(t, []request.Unsearched{{Address: "app/logs", Why: "they carry no identifier", Instead: "they expire"}}, plan.Unsearched)
	tickets, invoices := c.targetOf("app/tickets"), c.targetOf("app/invoices")
	require.EqualValues(t, 2, tickets.Erase)
	require.Equal(t, []desk.KeptView{{Records: 1, Ground: "legal_claims", Words: "legal claims, GDPR art 17(3)(e)", Hold: held.ID}}, tickets.Kept)
	require.EqualValues(t, 1, invoices.Erase)
	until := time.Date(2035, 1, 1, 0, 0, 0, 0, time.UTC)
	require.Equal(t, []desk.KeptView{{Records: 1, Ground: "tax_law", Words: "invoices are kept for ten years for the tax authorities", Until: &until}}, invoices.Kept)
	c.holds("app/prompts", "")
	require.EqualValues(t, 10, c.targetOf("app/prompts").Keep, "also a hold of after the plan")
}

// Whoever approves a wide plan as the second person sees in the sample what goes and what stays: which record a hold keeps, and
// which the estate keeps.
func TestASampleShowsWhatAHoldKeepsAsHeld(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	c.asks("erasure", "ana@example.test")
	c.planned()
	held := c.holds("app/prompts", "30") // Placed after the plan, on the last of ten records.
	sample, err := c.Desk.SamplePlan(c.ctx, c.As(access.LegalCounsel), c.Case)
	require.NoError(t, err)
	stays, goes := map[string]desk.KeptView{}, map[string]int{}
	for _, one := range sample {
		if one.Kept != nil {
			stays[one.Address+" "+one.Key] = *one.Kept
		} else {
			goes[one.Address]++
		}
	}
	until := time.Date(2035, 1, 1, 0, 0, 0, 0, time.UTC)
	require.Equal(t, map[string]desk.KeptView{
		`app/prompts ["30"]`: {Records: 1, Ground: "legal_claims", Words: "legal claims, GDPR art 17(3)(e)", Hold: held.ID},
		`app/invoices ["2"]`: {Records: 1, Ground: "tax_law", Words: "invoices are kept for ten years for the tax authorities", Until: &until},
	}, stays)
	require.Equal(t, map[string]int{"app/accounts": 1, "app/prompts": 3, "app/tickets": 3, "app/invoices": 1}, goes)

	c.asks("access", "ana@example.test")
	c.planned()
	sample, err = c.Desk.SamplePlan(c.ctx, c.As(access.LegalCounsel), c.Case)
	require.NoError(t, err)
	for _, one := range sample {
		require.Nil(t, one.Kept, "a copy leaves everything where it is")
	}
}

// newest is the letter that was drafted last.
func (c *counter) newest() desk.LetterView {
	c.t.Helper()
	letters, err := c.Desk.Letters(c.ctx, c.As(access.PrivacyLead), c.Case)
	require.NoError(c.t, err)
	return letters[len(letters)-1]
}

// A hold that ends by itself lets the same request go on, without anybody's word.
func TestAHoldEndsByItselfAndTheRequestGoesOn(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	c.asks("erasure", "ana@example.test")
	c.planned()
	c.approves()
	until := time.Now().Add(40 * 24 * time.Hour)
	_, err := c.Desk.PlaceRecordHold(c.ctx, c.As(access.LegalCounsel), "", desk.RecordHoldInput{
		Address: "app/tickets", Key: "2", Ground: "legal_claims", Reason: "a claim is before the court", ReviewAt: time.Now().Add(90 * 24 * time.Hour), Until: &until,
	})
	require.NoError(t, err)
	c.advance(73 * time.Hour)
	c.runs()
	require.EqualValues(t, 1, c.rows("tickets", "account_id = 1"))
	require.Equal(t, 1, c.view().State.Certificate)
	drafted, err := c.Desk.DraftLetter(c.ctx, c.As(access.Responder), "", c.Case, desk.LetterInput{Kind: "answer"})
	require.NoError(t, err)
	_, err = c.Desk.ApproveLetter(c.ctx, c.As(access.PrivacyLead), "", c.Case, *drafted.ID, desk.DigestInput{Digest: c.newest().Digest})
	require.NoError(t, err)
	c.jobs(func(desk.Job) {})
	c.advance(41 * 24 * time.Hour)
	c.runs()
	require.Zero(t, c.rows("tickets", "account_id = 1"))
	require.Equal(t, 2, c.view().State.Certificate, "the certificate gains a version")
	letter := c.newest()
	require.Equal(t, "supplement", letter.Kind, "whoever was answered hears of it")
	require.Equal(t, "awaiting_approval", letter.State)
	require.NotContains(t, letter.Text, "art. 17(3)(e)")
	c.verified()
}
