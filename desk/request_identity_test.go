package desk_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/problem"
	"github.com/atlascloudai/docket/desk"
)

// Nothing is searched, approved, linked or carried out for somebody who was not shown to be the person.
func TestNothingHappensForAnUnverifiedIdentity(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	first := c.asks("erasure", "ana@example.test")
	c.asks("erasure", "ana@example.test")
	for name, act := range map[string]func() error{
		"scope": func() error {
			_, err := c.Desk.ScopeRequest(c.ctx, c.As(access.PrivacyLead), "", c.Case)
			return err
		},
		"link": func() error {
			_, err := c.Desk.LinkRequest(c.ctx, c.As(access.PrivacyLead), "", c.Case, desk.DuplicateInput{Of: first.Code})
			return err
		},
		"done": func() error {
			_, err := c.Desk.DoneRequest(c.ctx, c.As(access.PrivacyLead), "", c.Case, desk.DoneInput{Evidence: "by hand"})
			return err
		},
		"approve": func() error {
			_, err := c.Desk.ApprovePlan(c.ctx, c.As(access.PrivacyLead), "", c.Case, desk.DigestInput{Digest: strings.Repeat("0", 64)})
			return err
		},
	} {
		require.Equal(t, problem.Conflict, problem.CodeOf(act()), name)
	}
	c.runs()
	require.Equal(t, "verifying_identity", c.view().Status)
	require.Empty(t, c.view().Targets)
}

// A4: what was only named is neither searched for nor touched, whoever it belongs to.
func TestAnIdentityThatWasOnlyNamedIsLeftOut(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	done, err := c.Desk.OpenRequest(c.ctx, c.As(access.Responder), "", desk.RequestInput{
		Right: "erasure", Country: "DE", Drill: true,
		Identities: []desk.IdentityInput{{Kind: "email", Value: "ana@example.test"}, {Kind: "account_id", Value: "2"}},
	})
	require.NoError(t, err)
	c.Case = done.Case
	c.planned()
	c.approves()
	c.advance(73 * time.Hour)
	c.runs()
	require.Equal(t, "completed_with_retention", c.view().Status)
	require.EqualValues(t, 1, c.rows("accounts", "account_id = 2"))
	require.EqualValues(t, 10, c.rows("prompts", "account_id = 2"))
	require.Equal(t, "named", c.view().Identities[1].State)
}

// A mailed code is used once, within its time, and tried a few times only; every refusal says the same.
func TestACodeIsUsedOnceInItsTimeAndTriedAFewTimesOnly(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	c.asks("erasure", "ana@example.test")
	challenge, code := c.mailed()
	require.ErrorIs(t, c.Desk.ProveIdentity(c.ctx, uuid.New(), code), desk.ErrCode)
	for range 4 {
		require.ErrorIs(t, c.Desk.ProveIdentity(c.ctx, challenge, "0000000000"), desk.ErrCode)
	}
	stands, err := c.Desk.ChallengeStands(c.ctx, challenge)
	require.NoError(t, err)
	require.True(t, stands)
	require.NoError(t, c.Desk.ProveIdentity(c.ctx, challenge, code))
	require.ErrorIs(t, c.Desk.ProveIdentity(c.ctx, challenge, code), desk.ErrCode, "it is used once")

	c.asks("erasure", "ben@example.test")
	challenge, code = c.mailed()
	for range 5 {
		require.ErrorIs(t, c.Desk.ProveIdentity(c.ctx, challenge, "0000000000"), desk.ErrCode)
	}
	require.ErrorIs(t, c.Desk.ProveIdentity(c.ctx, challenge, code), desk.ErrCode, "it is locked")
	require.Equal(t, "locked", c.view().Identities[0].State)

	c.asks("erasure", "cas@example.test")
	challenge, code = c.mailed()
	c.advance(73 * time.Hour)
	require.ErrorIs(t, c.Desk.ProveIdentity(c.ctx, challenge, code), desk.ErrCode, "it has expired")
	_, err = c.Desk.LapseRequest(c.ctx, c.As(access.PrivacyLead), "", c.Case, desk.ReasonInput{Reason: "never answered"})
	require.NoError(t, err)
	require.Equal(t, "expired", c.view().Status)
}

// A3: only between requests that each showed the same identity is one a duplicate of the other.
func TestOnlyVerifiedRequestsOfTheSamePersonAreLinked(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	first := c.asks("erasure", "ana@example.test")
	c.proves()
	other := c.asks("erasure", "ben@example.test")
	c.proves()
	c.asks("erasure", "ana@example.test")
	c.proves()
	require.Equal(t, []string{first.Code}, c.view().SameAs)
	_, err := c.Desk.LinkRequest(c.ctx, c.As(access.PrivacyLead), "", c.Case, desk.DuplicateInput{Of: other.Code})
	require.Equal(t, problem.Conflict, problem.CodeOf(err))
	_, err = c.Desk.LinkRequest(c.ctx, c.As(access.PrivacyLead), "", c.Case, desk.DuplicateInput{Of: first.Code})
	require.NoError(t, err)
	require.Equal(t, &desk.LinkedView{Code: first.Code, Status: "scoping"}, c.view().Repeats, "where it stands")
	require.Equal(t, "duplicate", c.view().Status)
}

// 150 requests of one agent are each taken or refused by themselves; asked again with the same key, none is taken twice.
func TestABatchOfAnAgentHasAResultPerRequest(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	agent, err := c.Desk.RecordAgent(c.ctx, c.As(access.PrivacyLead), "", desk.AgentInput{
		Name: "Mandates GmbH", Authorisation: "signed mandates, checked on file", ReplyTo: "cases@agent.test", ValidUntil: time.Now().Add(time.Hour),
	})
	require.NoError(t, err)
	var batch []desk.RequestInput
	for i := range 150 {
		in := desk.RequestInput{Right: "erasure", Country: "US-CA", Channel: "agent", Agent: agent.ID, Identities: []desk.IdentityInput{{Kind: "email", Value: fmt.Sprintf("p%d@example.test", i)}}}
		if i == 70 {
			in.Identities[0].Value = "not an address"
		}
		batch = append(batch, in)
	}
	results, err := c.Desk.OpenRequests(c.ctx, c.As(access.Responder), "batch-1", batch)
	require.NoError(t, err)
	again, err := c.Desk.OpenRequests(c.ctx, c.As(access.Responder), "batch-1", batch)
	require.NoError(t, err)
	require.Equal(t, results, again)
	for i, result := range results {
		require.Equal(t, i == 70, result.Problem != nil, i)
	}
	require.EqualValues(t, 149, scan[int64](t, c.Database.Superuser, `SELECT count(*) FROM cases WHERE kind = 'request'`))

	_, err = c.Desk.RevokeAgent(c.ctx, c.As(access.PrivacyLead), *agent.ID)
	require.NoError(t, err)
	_, err = c.Desk.OpenRequest(c.ctx, c.As(access.Responder), "", batch[0])
	require.Equal(t, problem.Invalid, problem.CodeOf(err))
}

// An identity that is shown while a plan is made was not searched for: the plan is made anew, with it.
func TestAnIdentityThatIsShownMeanwhileIsSearchedFor(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	place := c.trouble()
	place.before = failing("locate", "tickets")
	done, err := c.Desk.OpenRequest(c.ctx, c.As(access.Responder), "", desk.RequestInput{
		Right: "erasure", Country: "DE", Drill: true,
		Identities: []desk.IdentityInput{{Kind: "email", Value: "ana@example.test"}, {Kind: "account_id", Value: "2"}},
	})
	require.NoError(t, err)
	c.Case = done.Case
	c.planned()
	_, err = c.Desk.VerifyIdentity(c.ctx, c.As(access.PrivacyLead), "", c.Case, c.view().Identities[1].ID, desk.VerifyInput{Method: "call_back", Evidence: "answered"})
	require.NoError(t, err)
	place.before = nil
	c.advance(time.Hour)
	c.runs()
	require.Equal(t, "no_plan", c.view().Blocker)
	_, err = c.Desk.ScopeRequest(c.ctx, c.As(access.Responder), "", c.Case)
	require.NoError(t, err)
	c.runs()
	require.EqualValues(t, 1+10+3+2+1+10+1+1, c.view().State.Plan.Located)
}

// A duplicate is covered by the request that it repeats: one that has not ended, and that knows every identity that was shown.
func TestADuplicateIsCoveredByTheRequestThatItRepeats(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	first := c.asks("erasure", "ana@example.test")
	c.proves()
	done, err := c.Desk.OpenRequest(c.ctx, c.As(access.Responder), "", desk.RequestInput{
		Right: "erasure", Country: "DE", Drill: true,
		Identities: []desk.IdentityInput{{Kind: "email", Value: "ana@example.test"}, {Kind: "account_id", Value: "10"}},
	})
	require.NoError(t, err)
	c.Case = done.Case
	c.proves()
	_, err = c.Desk.VerifyIdentity(c.ctx, c.As(access.PrivacyLead), "", c.Case, c.view().Identities[1].ID, desk.VerifyInput{Method: "call_back", Evidence: "answered"})
	require.NoError(t, err)
	link := func() error {
		_, err := c.Desk.LinkRequest(c.ctx, c.As(access.PrivacyLead), "", c.Case, desk.DuplicateInput{Of: first.Code})
		return err
	}
	refused(t, link(), "more_identities")
	_, err = c.Desk.CancelRequest(c.ctx, c.As(access.PrivacyLead), "", first.Case, desk.ReasonInput{Reason: "changed their mind"})
	require.NoError(t, err)
	refused(t, link(), "ended")
}

// Two requests of one person that are linked to each other at once: one is the duplicate, and the other is carried out.
func TestTwoRequestsAreNotEachOthersDuplicate(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	for range 3 {
		one := c.asks("erasure", "ana@example.test")
		c.proves()
		other := c.asks("erasure", "ana@example.test")
		c.proves()
		linked := make([]error, 2)
		var both sync.WaitGroup
		for i, pair := range [][2]desk.Receipt{{one, other}, {other, one}} {
			both.Go(func() {
				_, linked[i] = c.Desk.LinkRequest(c.ctx, c.As(access.PrivacyLead), "", pair[0].Case, desk.DuplicateInput{Of: pair[1].Code})
			})
		}
		both.Wait()
		require.False(t, linked[0] == nil && linked[1] == nil, "nobody would carry either out")
		require.True(t, linked[0] == nil || linked[1] == nil, linked)
	}
}

// A3: whoever asked twice is told by both answers what became of the one that was carried out.
func TestTheAnswerToADuplicateTellsWhatBecameOfTheOther(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	first := c.asks("erasure", "ana@example.test")
	c.planned()
	again := c.asks("erasure", "ana@example.test")
	c.proves()
	_, err := c.Desk.LinkRequest(c.ctx, c.As(access.PrivacyLead), "", again.Case, desk.DuplicateInput{Of: first.Code})
	require.NoError(t, err)
	require.Contains(t, c.drafted(), "- account and support, app/tickets: records: 3; under way")
	c.Case = first.Case
	c.approves()
	c.advance(73 * time.Hour)
	c.runs()
	told := c.drafted()
	c.Case = again.Case
	require.Equal(t, strings.ReplaceAll(told, first.Code, again.Code), c.drafted())
	require.Contains(t, told, "kept for ten years")
	c.verified()
}

// What a person asks is not covered by an exercise, which may erase nothing.
func TestAnExerciseIsNobodysCanonicalRequest(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	exercise := c.asks("erasure", "ana@example.test")
	c.proves()
	done, err := c.Desk.OpenRequest(c.ctx, c.As(access.Responder), "", desk.RequestInput{Right: "erasure", Country: "DE", Identities: []desk.IdentityInput{{Kind: "email", Value: "ana@example.test"}}})
	require.NoError(t, err)
	c.Case = done.Case
	c.proves()
	_, err = c.Desk.LinkRequest(c.ctx, c.As(access.PrivacyLead), "", c.Case, desk.DuplicateInput{Of: exercise.Code})
	refused(t, err, "not_the_same")
	require.Equal(t, "scoping", c.view().Status)
}

// A document is looked at by decision only, and is not kept: without the word that it was deleted it shows nothing.
func TestADocumentIsDeletedAfterTheCheck(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	c.asks("access", "ana@example.test")
	who := c.view().Identities[0].ID
	in := desk.VerifyInput{Method: "document", Evidence: "an identity card, seen by two"}
	_, err := c.Desk.VerifyIdentity(c.ctx, c.As(access.PrivacyLead), "", c.Case, who, in)
	require.Equal(t, "document_deleted", refusalOf(err).Field)
	in.DocumentDeleted = true
	_, err = c.Desk.VerifyIdentity(c.ctx, c.As(access.Integration), "", c.Case, who, in)
	require.Equal(t, problem.Forbidden, problem.CodeOf(err), "a machine looks at no document")
	require.Equal(t, "asked", c.view().Identities[0].State)
	_, err = c.Desk.VerifyIdentity(c.ctx, c.As(access.PrivacyLead), "", c.Case, who, in)
	require.NoError(t, err)
	require.Equal(t, "document", c.view().Identities[0].Method)
}
