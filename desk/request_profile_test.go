package desk_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/cases/request"
	"github.com/atlascloudai/docket/core/problem"
	"github.com/atlascloudai/docket/desk"
)

// Every regime counts every right by a rule that the pack knows, and where nobody adopted it by the GDPR's: no request is ever
// without a clock for its answer.
func TestEveryRightHasItsClockUnderEveryRegime(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	earlier := c.opens(desk.RequestInput{Right: "opt_out", Country: "DE"})
	for _, regime := range request.Regimes() {
		profile, _ := request.ProfileOf(regime)
		for _, country := range profile.Countries {
			require.Equal(t, regime, request.RegimeOf(country))
		}
		for right, rule := range profile.Acknowledge {
			_, known := c.Options.Pack.Rule(rule)
			require.True(t, known, "%s %s: no rule %s", regime, right, rule)
		}
		for _, right := range request.Rights() {
			rule := profile.Rule(right)
			written, known := c.Options.Pack.Rule(rule)
			require.True(t, known, "%s %s: no rule %s", regime, right, rule)
			in := desk.RequestInput{Right: string(right), Regime: string(regime)}
			if right.Linked() {
				in.Concerns = earlier.Code
			}
			c.opens(in)
			if written.Adoption == nil {
				rule = "gdpr-12-3"
			}
			owed := c.owed(rule)
			require.Equal(t, "required", owed.State)
			require.NotNil(t, owed.Target, "%s %s: also where the law names no number", regime, right)
			require.NotNil(t, c.view().Due)
		}
	}
}

// What is no erasure and no copy is a person's task with the same clock; an appeal, a complaint and an authority's inquiry are
// linked to the request that they are about, and search nothing.
func TestWhatAPersonCarriesOutIsATaskWithTheSameClock(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	earlier := c.opens(desk.RequestInput{Right: "erasure", Country: "DE"})
	for _, right := range []string{"rectification", "restriction", "objection", "appeal", "complaint", "authority_inquiry"} {
		in := desk.RequestInput{Right: right, Country: "DE"}
		if request.Right(right).Linked() {
			in.Identities, in.Drill = []desk.IdentityInput{{Kind: "email", Value: "ana@example.test"}}, true
			for _, wrong := range []string{"", "REQ-NONE1"} {
				in.Concerns = wrong
				c.unchanged(right, func() {
					_, err := c.Desk.OpenRequest(c.ctx, c.As(access.Responder), "", in)
					names(t, "concerns", err)
				})
			}
			in.Concerns = earlier.Code
		}
		c.opens(in)
		if request.Right(right).NeedsIdentity() {
			require.Equal(t, "verifying_identity", c.view().Status, right)
			c.proves()
		} else {
			require.Equal(t, earlier.Case.String(), c.view().State.Concerns)
		}
		require.Equal(t, "in_hand", c.view().Status, right)
		_, err := c.Desk.ScopeRequest(c.ctx, c.As(access.Responder), "", c.Case)
		refused(t, err, "not_searched")
		_, err = c.Desk.DoneRequest(c.ctx, c.As(access.Responder), "", c.Case, desk.DoneInput{Evidence: "corrected, ticket 12"})
		require.NoError(t, err)
		require.Equal(t, "completed", c.view().Status)
		require.Equal(t, 1, c.view().Counts.OpenDuties, "that it was done is not yet an answer")
	}
}

// A request that has ended is never taken up again. An appeal, a complaint, an authority's inquiry and a letter that answers it are
// requests of their own, the first three linked to it, each with its clock; what was decided stays as it is.
func TestAnEndedRequestIsFollowedAndNeverReopened(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	c.brings("denied")
	ended := c.view()
	c.unchanged("reopen", func() {
		_, err := c.Desk.Reopen(c.ctx, c.As(access.PrivacyLead), "", ended.ID, desk.ReasonInput{Reason: "the person wrote again"})
		code(t, problem.NotFound, err)
	})
	for _, right := range []string{"appeal", "complaint", "authority_inquiry"} {
		c.opens(desk.RequestInput{Right: right, Country: "DE", Concerns: ended.Code})
		require.Equal(t, ended.ID.String(), c.view().State.Concerns)
		require.Equal(t, "in_hand", c.view().Status)
		require.NotNil(t, c.view().Due)
	}
	require.NoError(t, c.Desk.TakeLetter(c.ctx, desk.LetterMail{From: "ana@example.test", Subject: "Re: " + ended.Code, Text: "Look at it again", MessageID: "1@example.test", ReceivedAt: time.Now()}))
	require.Equal(t, 1, scan[int](t, c.Database.Superuser, `SELECT count(*) FROM cases WHERE kind = 'request' AND state->>'right' = 'unclear'`), "it waits to be read, with a clock")
	c.Case = ended.ID
	require.Equal(t, ended.State, c.view().State)
	c.verified()
}

// A login counts for a quarter of an hour; a document is deleted after the check; a machine attests logins and nothing else.
func TestAnIdentityIsShownByOtherMeansWithinTheirBounds(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	c.opens(desk.RequestInput{Right: "erasure", Country: "DE", Identities: []desk.IdentityInput{{Kind: "account_id", Value: "1"}}})
	at := func(ago time.Duration) *time.Time { return new(time.Now().Add(-ago)) }
	id := c.view().Identities[0].ID
	for field, inputs := range map[string][]desk.VerifyInput{
		"login_at":         {{Method: "login", Evidence: "session 7"}, {Method: "login", Evidence: "session 7", LoginAt: at(16 * time.Minute)}, {Method: "login", Evidence: "session 7", LoginAt: at(-time.Hour)}},
		"document_deleted": {{Method: "document", Evidence: "passport seen by dora"}},
		"evidence":         {{Method: "call_back"}},
		"method":           {{Method: "guess", Evidence: "x"}, {Method: "instruction", Evidence: "x"}, {Method: "mailed_code", Evidence: "x"}},
	} {
		for _, in := range inputs {
			c.unchanged(field, func() {
				_, err := c.Desk.VerifyIdentity(c.ctx, c.As(access.PrivacyLead), "", c.Case, id, in)
				names(t, field, err)
			})
		}
	}
	machine := c.As(access.PrivacyLead)
	machine.Kind = access.Machine
	c.unchanged("machine", func() {
		_, err := c.Desk.VerifyIdentity(c.ctx, machine, "", c.Case, id, desk.VerifyInput{Method: "document", Evidence: "seen", DocumentDeleted: true})
		code(t, problem.Forbidden, err)
	})
	_, err := c.Desk.VerifyIdentity(c.ctx, c.As(access.PrivacyLead), "", c.Case, id, desk.VerifyInput{Method: "login", Evidence: "session 7", LoginAt: at(14 * time.Minute)})
	require.NoError(t, err)
	require.Equal(t, "login", c.view().Identities[0].Method)

	c.opens(desk.RequestInput{Right: "erasure", Country: "DE", Identities: []desk.IdentityInput{{Kind: "account_id", Value: "2"}}})
	_, err = c.Desk.VerifyIdentity(c.ctx, c.As(access.PrivacyLead), "", c.Case, c.view().Identities[0].ID, desk.VerifyInput{Method: "document", Evidence: "seen by dora", DocumentDeleted: true})
	require.NoError(t, err)
	require.True(t, slices.ContainsFunc(c.view().Identities, func(i desk.IdentityView) bool { return i.State == "verified" && i.Method == "document" }))
}

// A role's address, or one of the company's own people, takes a second approver.
func TestARolesOrAColleaguesAddressIsBeyondTheBounds(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"info@customer.test", "ana@own.test", "support+eu@customer.test"} {
		c := newCounter(t)
		c.Options.StaffDomains = []string{"own.test"}
		c.Desk = desk.New(c.Options)
		c.work.Desk = c.Desk
		c.asks("erasure", address)
		c.planned()
		require.NotEmpty(t, c.view().State.Plan.Wide, address)
	}
}
