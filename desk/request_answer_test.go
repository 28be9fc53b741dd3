package desk_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/activities"
	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/estate"
	"github.com/atlascloudai/docket/core/problem"
	"github.com/atlascloudai/docket/desk"
	"github.com/atlascloudai/docket/erasure"
	"github.com/atlascloudai/docket/erasure/places"
)

// drafted is the text of an answer drafted now.
func (c *counter) drafted() string {
	c.t.Helper()
	_, err := c.Desk.DraftLetter(c.ctx, c.As(access.Responder), "", c.Case, desk.LetterInput{Kind: "answer"})
	require.NoError(c.t, err)
	letters, err := c.Desk.Letters(c.ctx, c.As(access.PrivacyLead), c.Case)
	require.NoError(c.t, err)
	return letters[len(letters)-1].Text
}

func TestAnAnswerDoesNotSayThatNothingIsHeldWhereNobodyLooked(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	c.asks("erasure", "ana@example.test")
	require.Contains(t, c.drafted(), "We did not search yet")
	c.proves()
	require.Contains(t, c.drafted(), "We are still searching")
	_, err := c.Desk.ScopeRequest(c.ctx, c.As(access.Responder), "", c.Case)
	require.NoError(t, err)
	require.Contains(t, c.drafted(), "We are still searching")
	c.runs()
	require.Contains(t, c.drafted(), "- account and support, app/accounts: records: 1; under way; we write again once it is gone\n")

	c.asks("erasure", "nobody@example.test")
	c.planned()
	require.Contains(t, c.drafted(), "We hold nothing about you.")
}

func TestAnAnswerAboutACopySaysWhatIsHeld(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	c.asks("access", "ana@example.test")
	c.planned()
	text := c.drafted()
	require.Contains(t, text, "What we hold about you")
	require.Contains(t, text, "- what you sent to or made with the service, app/prompts: records: 10\n")
	require.NotContains(t, text, "hold nothing")
	require.Contains(t, text, "complain to a data protection authority", "GDPR art 12(4)")
}

// withOwner is a counter whose estate has a system that only its owner can reach.
func withOwner(t *testing.T) *counter {
	t.Helper()
	c := newCounter(t)
	declared := liveEstate()
	declared.Stores = append(declared.Stores, estate.Store{ID: "crm", Kind: estate.Manual, Owner: "dora", Collections: []estate.Collection{
		{Name: "contacts", Class: estate.Account, Fields: []estate.Field{{Name: "email", Identity: "email"}}}}})
	c.Options.Estate = &declared
	c.Desk = desk.New(c.Options)
	c.work.Desk = c.Desk
	byHand := places.New(declared, nil, activities.OwnerTasks{Desk: c.Desk}, nil)
	c.stores["crm"] = func() (erasure.Store, error) { return byHand.Open(context.Background(), "crm", c.Case) }
	return c
}

// What is not gone yet says what it waits for, and until when where somebody is to be done by then; what stays says its
// ground in the person's language, and quotes the provision.
func TestAnAnswerSaysWhatTheRestWaitsFor(t *testing.T) {
	t.Parallel()
	c := withOwner(t)
	done, err := c.Desk.OpenRequest(c.ctx, c.As(access.Responder), "", desk.RequestInput{
		Right: "erasure", Country: "DE", Language: "de", Channel: "api", Identities: []desk.IdentityInput{{Kind: "email", Value: "ana@example.test"}}, Drill: true,
	})
	require.NoError(t, err)
	c.Case = done.Case
	c.planned()
	c.approves()
	c.advance(73 * time.Hour)
	working := c.stores["app"]
	c.stores["app"] = func() (erasure.Store, error) { return nil, &erasure.Error{Class: erasure.Transient, Detail: "away"} }
	c.runs()
	text := c.drafted()
	due := scan[time.Time](t, c.Database.Superuser, `SELECT due_at FROM owner_task WHERE case_id = $1`, c.Case)
	require.Contains(t, text, "- Konto und Support, crm/contacts: Datensätze: 1; bis zum "+germanDay(due)+"; wer das System betreibt, ist damit befasst\n")
	require.Contains(t, text, "- Konto und Support, app/tickets: Datensätze: 3; das System hat es bisher nicht zugelassen")

	c.stores["app"] = working
	c.advance(time.Hour)
	c.runs()
	require.Contains(t, c.drafted(), "- Abrechnung, app/invoices: Datensätze: 1; der Grund: Steuerrecht (invoices are kept for ten years for the tax authorities); bleibt bis zum 1. Januar 2035\n")
}

func germanDay(at time.Time) string {
	months := []string{"Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November", "Dezember"}
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		panic(err)
	}
	local := at.In(berlin)
	return local.Format("2. ") + months[local.Month()-1] + local.Format(" 2006")
}

// An installation that cannot sign its letters says what is to be set, and takes nothing in that it could not answer.
func TestAnInstallationWithoutANameSaysWhatToSet(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	c.Options.CompanyName = ""
	c.Desk = desk.New(c.Options)
	_, err := c.Desk.OpenRequest(c.ctx, c.As(access.Responder), "", desk.RequestInput{Right: "erasure", Country: "DE", Identities: []desk.IdentityInput{{Kind: "email", Value: "ana@example.test"}}})
	require.Equal(t, problem.Unavailable, problem.CodeOf(err))
	require.ErrorContains(t, err, "DOCKET_COMPANY_NAME")
	require.Zero(t, scan[int](t, c.Database.Superuser, `SELECT count(*) FROM cases`))
}

// The identifiers of a task are shown once; whoever's answer was lost is shown them again for the same key, and nobody else.
func TestATasksIdentifiersAreShownOnceAndALostAnswerIsRepeated(t *testing.T) {
	t.Parallel()
	c := withOwner(t)
	c.asks("erasure", "ana@example.test")
	c.planned()
	c.approves()
	c.advance(73 * time.Hour)
	c.runs()
	tasks, err := c.Desk.Tasks(c.ctx, c.As(access.Responder), c.Case)
	require.NoError(t, err)
	overdue := func() int {
		return scan[int](t, c.Database.Superuser, `SELECT count(*) FROM raise WHERE case_id = $1 AND kind = 'owner_task_overdue'`, c.Case)
	}
	require.Zero(t, overdue())
	c.advance(tasks[0].DueAt.Sub(c.view().Received) - 73*time.Hour + time.Minute)
	c.runs()
	c.runs()
	require.Equal(t, 1, overdue(), "whoever took it up is reminded, once")
	show := func(as access.Role, key string) (desk.TaskView, error) {
		return c.Desk.ShowTask(c.ctx, c.As(as), key, c.Case, tasks[0].ID)
	}
	first, err := show(access.Responder, "one")
	require.NoError(t, err)
	require.Equal(t, []string{"ana@example.test"}, first.Identities[0].Values)
	again, err := show(access.Responder, "one")
	require.NoError(t, err)
	require.Equal(t, first, again)
	require.Equal(t, 1, scan[int](t, c.Database.Superuser, `SELECT count(*) FROM timeline WHERE case_id = $1 AND kind = 'task.shown'`, c.Case))
	for _, one := range []struct {
		as  access.Role
		key string
	}{{access.Responder, "two"}, {access.Responder, ""}, {access.PrivacyLead, "one"}} {
		_, err := show(one.as, one.key)
		require.Equal(t, "shown_before", refusalOf(err).Blockers[0].Code)
	}
	stored := scan[string](t, c.Database.Superuser, `SELECT coalesce(string_agg(k::text, ''), '') FROM idempotency k`)
	require.NotContains(t, stored, "ana@example.test")
}

// The answer to a letter that was unclear meets what is owed for what it turned out to ask for, and not what was counted before.
func TestTheAnswerToALetterThatWasReadLaterMeetsWhatIsOwed(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	require.NoError(t, c.Desk.TakeLetter(c.ctx, desk.LetterMail{From: "ana@example.test", Subject: "Hello", Text: "what about my data?", MessageID: "1@example.test", ReceivedAt: time.Now(), Drill: true}))
	c.Case = scan[uuid.UUID](t, c.Database.Superuser, `SELECT id FROM cases`)
	_, err := c.Desk.ReadRequest(c.ctx, c.As(access.PrivacyLead), "", c.Case, desk.ReadInput{Right: "opt_out", Country: "US-CA"})
	require.NoError(t, err)
	c.jobs(func(desk.Job) {})
	_, err = c.Desk.DoneRequest(c.ctx, c.As(access.Responder), "", c.Case, desk.DoneInput{Evidence: "switched off"})
	require.NoError(t, err)
	c.drafted()
	letters, err := c.Desk.Letters(c.ctx, c.As(access.PrivacyLead), c.Case)
	require.NoError(t, err)
	answer := letters[len(letters)-1]
	_, err = c.Desk.ApproveLetter(c.ctx, c.As(access.PrivacyLead), "", c.Case, answer.ID, desk.DigestInput{Digest: answer.Digest})
	require.NoError(t, err)
	c.jobs(func(desk.Job) {})
	require.Equal(t, "met", c.owed("ccpa-7026-opt-out").State)
	require.Zero(t, c.view().Counts.OpenDuties)
	c.verified()
}

// What an earlier request left behind on a ground is held, though the account that led to it is gone: whoever asks again is not
// told that there is nothing.
func TestAnAnswerTellsWhatAnEarlierRequestKeeps(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	c.asks("erasure", "ana@example.test")
	c.planned()
	c.approves()
	c.advance(73 * time.Hour)
	c.runs()
	require.Equal(t, "completed_with_retention", c.view().Status)
	first := c.Case
	for _, right := range []string{"erasure", "access"} {
		c.asks(right, "ana@example.test")
		require.NotContains(t, c.drafted(), "app/invoices", "nobody was shown to be the person")
		require.Zero(t, c.planned().State.Plan.Located)
		text := c.drafted()
		require.NotContains(t, text, "hold nothing")
		require.Contains(t, text, "app/invoices: records: 1; the reason: tax law (invoices are kept for ten years for the tax authorities); kept until 1 January 2035\n")
	}
	c.asks("access", "ben@example.test")
	c.planned()
	require.NotContains(t, c.drafted(), "2035")
	c.Case = first
	c.verified()
}

// A draft that nobody approved before the request ended is withdrawn: the next one, drafted at once where it is due, says what is
// true now.
func TestADraftFromBeforeTheEndIsNotSent(t *testing.T) {
	t.Parallel()
	for end, says := range map[string]string{"completed_with_retention": "app/tickets: records: 3; ", "denied": "asked daily"} {
		c := newCounter(t)
		c.asks("erasure", "ana@example.test")
		c.planned()
		c.advance(22 * 24 * time.Hour)
		c.runs()
		stale := c.newest()
		require.Equal(t, "answer awaiting_approval", stale.Kind+" "+stale.State)
		if end == "denied" {
			_, err := c.Desk.DenyRequest(c.ctx, c.As(access.PrivacyLead), "", c.Case, desk.DenyInput{Reason: "excessive", Words: "asked daily"})
			require.NoError(t, err)
		} else {
			c.approves()
			c.advance(73 * time.Hour)
		}
		c.runs()
		require.Equal(t, end, c.view().Status)
		_, err := c.Desk.ApproveLetter(c.ctx, c.As(access.PrivacyLead), "", c.Case, stale.ID, desk.DigestInput{Digest: stale.Digest})
		require.Equal(t, problem.Conflict, problem.CodeOf(err))
		fresh := c.newest()
		require.Equal(t, "awaiting_approval", fresh.State)
		require.Contains(t, fresh.Text, says)
		require.NotContains(t, fresh.Text, "under way")
		_, err = c.Desk.ApproveLetter(c.ctx, c.As(access.PrivacyLead), "", c.Case, fresh.ID, desk.DigestInput{Digest: fresh.Digest})
		require.NoError(t, err)
		c.jobs(func(desk.Job) {})
		require.Zero(t, c.view().Counts.OpenDuties)
		c.verified()
	}
}
