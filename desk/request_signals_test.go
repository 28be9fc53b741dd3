package desk_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/estate"
	"github.com/atlascloudai/docket/core/problem"
	"github.com/atlascloudai/docket/desk"
	"github.com/atlascloudai/docket/erasure"
	"github.com/atlascloudai/docket/erasure/postgres"
)

// signalling is a counter whose accounts say how a request is to be handled.
func signalling(t *testing.T) *counter {
	t.Helper()
	c := newCounter(t)
	c.ImportSamples(t)
	_, err := c.live.Exec(c.ctx, `ALTER TABLE accounts ADD sole_owner_of text, ADD investigated boolean NOT NULL DEFAULT false, ADD customer_ref text`)
	require.NoError(t, err)
	declared := liveEstate()
	accounts := &declared.Stores[0].Collections[0]
	accounts.Fields = append(accounts.Fields, estate.Field{Name: "sole_owner_of", Signal: estate.SoleOwner},
		estate.Field{Name: "investigated", Signal: estate.AbuseInvestigation}, estate.Field{Name: "customer_ref", Signal: estate.Controller})
	require.Empty(t, declared.Validate())
	c.Options.Estate = &declared
	c.Desk = desk.New(c.Options)
	c.work.Desk = c.Desk
	place, err := postgres.Open(c.ctx, c.Database.Superuser, declared.Stores[0], postgres.Options{})
	require.NoError(t, err)
	t.Cleanup(place.Close)
	c.stores["app"] = func() (erasure.Store, error) { return place, nil }
	return c
}

func (c *counter) says(column, value string) {
	c.t.Helper()
	_, err := c.live.Exec(c.ctx, `UPDATE accounts SET `+column+` = $1 WHERE account_id = 1`, value)
	require.NoError(c.t, err)
}

func TestAnAccountThatSaysNothingIsErasedWithoutMoreAdo(t *testing.T) {
	t.Parallel()
	c := signalling(t)
	c.says("sole_owner_of", "")
	c.asks("erasure", "ana@example.test")
	require.Empty(t, c.planned().State.Care)
	c.approves()
	require.Equal(t, "restricting", c.view().Status)
}

// A sole owner and an account that is looked into go to a person, whoever took the request and whatever they knew.
func TestWhatTheAccountsDataSaysGoesToAPerson(t *testing.T) {
	t.Parallel()
	c := signalling(t)
	c.says("sole_owner_of", "org-7")
	c.asks("erasure", "ana@example.test")
	view := c.planned()
	require.Equal(t, []string{"sole_owner"}, view.State.Care)
	_, err := c.Desk.ApprovePlan(c.ctx, c.As(access.PrivacyLead), "", c.Case, desk.DigestInput{Digest: view.State.Plan.Digest})
	require.Contains(t, refusalOf(err).Blockers[0].Code, "care_needed")
	_, err = c.Desk.CareRequest(c.ctx, c.As(access.LegalCounsel), "", c.Case, desk.ReasonInput{Reason: "the organisation was handed over"})
	require.NoError(t, err)

	// A copy for a sole owner leaves nobody without an owner.
	erasing := c.Case
	c.asks("access", "ana@example.test")
	require.Empty(t, c.planned().State.Care)
	c.Case = erasing

	// It is looked into since: who looked at the one looks at the other as well.
	c.says("investigated", "true")
	_, err = c.Desk.ScopeRequest(c.ctx, c.As(access.Responder), "", c.Case)
	require.NoError(t, err)
	c.runs()
	view = c.view()
	require.Equal(t, []string{"sole_owner", "abuse_investigation"}, view.State.Care)
	_, err = c.Desk.ApprovePlan(c.ctx, c.As(access.PrivacyLead), "", c.Case, desk.DigestInput{Digest: view.State.Plan.Digest})
	require.Contains(t, refusalOf(err).Blockers[0].Code, "care_needed")
	_, err = c.Desk.CareRequest(c.ctx, c.As(access.LegalCounsel), "", c.Case, desk.ReasonInput{Reason: "the case is closed"})
	require.NoError(t, err)
	c.approves()
	c.verified()
}

// Where the account's data shows the controller, the search ends there, nothing located is kept, and the customer is owed the
// request within two business days.
func TestTheAccountsDataShowsTheController(t *testing.T) {
	t.Parallel()
	for _, right := range []string{"erasure", "access"} {
		c := signalling(t)
		c.says("customer_ref", "C-1008")
		c.asks(right, "ana@example.test")
		view := c.planned()
		require.Equal(t, "scoping", view.Status)
		require.Equal(t, []string{"controller"}, view.State.Care)
		require.Nil(t, view.State.Plan)
		require.Empty(t, view.Targets)
		require.Zero(t, scan[int](t, c.Database.Superuser, `SELECT count(*) FROM target_page WHERE case_id = $1`, c.Case))
		require.Equal(t, 2, view.Counts.OpenDuties, "to answer the person, and to forward to the customer")
		require.Equal(t, "controller_shown", scan[string](t, c.Database.Superuser, `SELECT kind FROM raise WHERE case_id = $1 AND kind LIKE 'contr%'`, c.Case))
		_, err := c.Desk.ScopeRequest(c.ctx, c.As(access.Responder), "", c.Case)
		require.Equal(t, "controller_shown", refusalOf(err).Blockers[0].Code)
		c.runs()
		_, err = c.Desk.ForwardRequest(c.ctx, c.As(access.PrivacyLead), "", c.Case, desk.ForwardInput{Customer: "C-1008"})
		require.NoError(t, err)
		c.jobs(func(desk.Job) {})
		require.Equal(t, "forwarded_to_controller", c.view().Status)
		require.Zero(t, c.view().Counts.OpenDuties)
		require.EqualValues(t, 10, c.rows("prompts", "account_id = 1"))
		c.verified()
	}
}

// A reference that is nobody's raises people; whoever finds that the data is the company's own says so, and the plan goes on.
func TestAControllerThatNobodyKnowsIsAPersonsDecision(t *testing.T) {
	t.Parallel()
	c := signalling(t)
	c.says("customer_ref", "tenant-4711")
	c.asks("erasure", "ana@example.test")
	view := c.planned()
	require.Equal(t, []string{"controller"}, view.State.Care)
	require.Equal(t, 1, view.Counts.OpenDuties)
	_, err := c.Desk.CareRequest(c.ctx, c.As(access.LegalCounsel), "", c.Case, desk.ReasonInput{Reason: "the tenant left; the account is our own user's"})
	require.NoError(t, err)
	_, err = c.Desk.ScopeRequest(c.ctx, c.As(access.Responder), "", c.Case)
	require.NoError(t, err)
	c.runs()
	c.approves()
	c.advance(73 * time.Hour)
	c.runs()
	require.Equal(t, "completed_with_retention", c.view().Status)
	require.Zero(t, c.rows("accounts", "account_id = 1"))
	c.verified()
}

// A controller's instruction runs the same engine. Its people are never written to, and nobody's word but the controller's
// counts for it.
func TestAControllersInstructionIsCarriedOutAndItsPeopleAreNotWrittenTo(t *testing.T) {
	t.Parallel()
	c := signalling(t)
	c.says("customer_ref", "C-1008")
	instruction := desk.RequestInput{Right: "erasure", Country: "DE", InstructedBy: "C-1008", Words: "erase our end user", Drill: true,
		Identities: []desk.IdentityInput{{Kind: "email", Value: "ana@example.test"}}}
	refused := func(field string, change func(*desk.RequestInput)) {
		in := instruction
		change(&in)
		_, err := c.Desk.OpenRequest(c.ctx, c.As(access.Responder), "", in)
		require.Equal(t, field, refusalOf(err).Field)
	}
	refused("instructed_by", func(in *desk.RequestInput) { in.InstructedBy = "C-0000" })
	refused("reply_to", func(in *desk.RequestInput) { in.ReplyTo = "Ana@example.test" })
	done, err := c.Desk.OpenRequest(c.ctx, c.As(access.Responder), "", instruction)
	require.NoError(t, err)
	c.Case = done.Case
	who := c.view().Identities[0].ID
	_, err = c.Desk.AskIdentity(c.ctx, c.As(access.Responder), "", c.Case, who)
	require.Equal(t, "instructed", refusalOf(err).Blockers[0].Code)
	_, err = c.Desk.ScopeRequest(c.ctx, c.As(access.Responder), "", c.Case)
	require.Equal(t, problem.Conflict, problem.CodeOf(err), "an instruction that nobody confirmed searches nothing")
	verify := func(method string) error {
		_, err := c.Desk.VerifyIdentity(c.ctx, c.As(access.PrivacyLead), "", c.Case, who, desk.VerifyInput{Method: method, Evidence: "ticket of the customer's privacy contact, called back"})
		return err
	}
	require.Equal(t, "method", refusalOf(verify("call_back")).Field)
	require.NoError(t, verify("instruction"))
	_, err = c.Desk.ScopeRequest(c.ctx, c.As(access.Responder), "", c.Case)
	require.NoError(t, err)
	c.runs()
	require.Empty(t, c.view().State.Care, "the controller that the data shows is the one who instructs")
	c.approves()
	c.advance(73 * time.Hour)
	c.runs()
	require.Equal(t, "completed_with_retention", c.view().Status)
	text := c.drafted()
	require.Contains(t, text, "You instructed us")
	require.NotContains(t, text, "complain")
	letters, err := c.Desk.Letters(c.ctx, c.As(access.PrivacyLead), c.Case)
	require.NoError(t, err)
	require.Len(t, letters, 1)
	require.Equal(t, "dpo@halcyon.test", letters[0].To)
	_, err = c.Desk.ApproveLetter(c.ctx, c.As(access.PrivacyLead), "", c.Case, letters[0].ID, desk.DigestInput{Digest: letters[0].Digest})
	require.NoError(t, err)
	c.jobs(func(job desk.Job) { require.Equal(t, "dpo@halcyon.test", job.To) })
	require.Zero(t, c.view().Counts.OpenDuties)
	c.verified()

	// Another customer's data is not its to have erased, nor is the company's own.
	_, err = c.live.Exec(c.ctx, `UPDATE accounts SET customer_ref = 'C-1009' WHERE account_id = 2`)
	require.NoError(t, err)
	for _, address := range []string{"ben@example.test", "cas@example.test"} {
		other := instruction
		other.Identities = []desk.IdentityInput{{Kind: "email", Value: address}}
		done, err = c.Desk.OpenRequest(c.ctx, c.As(access.Responder), "", other)
		require.NoError(t, err)
		c.Case = done.Case
		who = c.view().Identities[0].ID
		require.NoError(t, verify("instruction"))
		_, err = c.Desk.ScopeRequest(c.ctx, c.As(access.Responder), "", c.Case)
		require.NoError(t, err)
		c.runs()
		require.Equal(t, []string{"controller"}, c.view().State.Care, address)
		require.Nil(t, c.view().State.Plan)
	}
	require.EqualValues(t, 2, c.rows("accounts", "account_id <> 1"))
}

// refusalOf is what a refusal says, with one empty blocker where it names none.
func refusalOf(err error) (refused problem.Error) {
	if found, ok := errors.AsType[*problem.Error](err); ok {
		refused = *found
	}
	if len(refused.Blockers) == 0 {
		refused.Blockers = []problem.Blocker{{}}
	}
	return refused
}

// Whoever looked at an account looked at that one: another that an identity leads to afterwards is looked at as well.
func TestWhoeverLookedLooksAgainOnceAnotherIdentityIsShown(t *testing.T) {
	t.Parallel()
	c := signalling(t)
	c.says("sole_owner_of", "org-7")
	_, err := c.live.Exec(c.ctx, `UPDATE accounts SET sole_owner_of = 'org-8' WHERE account_id = 2`)
	require.NoError(t, err)
	c.opens(desk.RequestInput{Right: "erasure", Country: "DE", Identities: []desk.IdentityInput{{Kind: "email", Value: "ana@example.test"}, {Kind: "account_id", Value: "2"}}})
	require.Equal(t, []string{"sole_owner"}, c.planned().State.Care)
	_, err = c.Desk.CareRequest(c.ctx, c.As(access.LegalCounsel), "", c.Case, desk.ReasonInput{Reason: "the organisation was handed over"})
	require.NoError(t, err)
	require.NoError(t, c.showsTheOther())
	_, err = c.Desk.ScopeRequest(c.ctx, c.As(access.Responder), "", c.Case)
	require.NoError(t, err)
	c.runs()
	_, err = c.Desk.ApprovePlan(c.ctx, c.As(access.PrivacyLead), "", c.Case, desk.DigestInput{Digest: c.view().State.Plan.Digest})
	refused(t, err, "care_needed")
	c.verified()
}

// A copy that a controller instructs is offered to the controller: the person is never written to.
func TestACopyThatAControllerInstructsGoesToTheController(t *testing.T) {
	t.Parallel()
	c := signalling(t)
	c.says("customer_ref", "C-1001")
	c.opens(desk.RequestInput{Right: "access", Country: "DE", InstructedBy: "C-1001", ReplyTo: "dpo@halcyon.test"})
	_, err := c.Desk.VerifyIdentity(c.ctx, c.As(access.PrivacyLead), "", c.Case, c.view().Identities[0].ID, desk.VerifyInput{Method: "instruction", Evidence: "called back"})
	require.NoError(t, err)
	_, err = c.Desk.ScopeRequest(c.ctx, c.As(access.Responder), "", c.Case)
	require.NoError(t, err)
	c.runs()
	c.releases()
	code := ""
	c.jobs(func(job desk.Job) {
		require.Equal(t, "dpo@halcyon.test", job.To)
		code = mailedCode.FindString(job.Letter.Text)
	})
	_, err = c.fetches(scan[uuid.UUID](t, c.Database.Superuser, `SELECT id FROM challenge WHERE case_id = $1`, c.Case), code)
	require.NoError(t, err)
	require.Zero(t, c.view().Counts.OpenDuties)
	c.verified()
}

// A controller's instruction is acknowledged to nobody: what California asks for is the controller's to tell the person.
func TestAnInstructionOwesThePersonNoAcknowledgement(t *testing.T) {
	t.Parallel()
	c := signalling(t)
	c.opens(desk.RequestInput{Right: "erasure", Country: "US-CA", InstructedBy: "C-1001"})
	require.Equal(t, "required", c.owed("ccpa-7021-respond").State)
	require.Equal(t, 1, c.view().Counts.OpenDuties)
}
