package desk_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/problem"
	"github.com/atlascloudai/docket/desk"
)

const day = 24 * time.Hour

// A change goes from a draft to its end: every customer is told in its own words of date, holds it back by its own window, and a gateway
// says yes only after both.
func TestAChangeIsToldAndTakesEffectInEveryCustomersOwnTime(t *testing.T) {
	t.Parallel()
	a := announces(t, nil)
	require.Equal(t, "no notice of change about it reaches the customer", a.may("C-1001").Why)
	a.judged()
	view := a.view()
	require.Equal(t, "in_review", view.Status)
	require.Equal(t, 15, view.Customers)
	require.False(t, view.Stale)
	require.Equal(t, "the customer was not told of the change yet", a.may("C-1001").Why)
	campaign := a.released()
	require.Equal(t, "sending", a.view().Status)
	letters := map[string]desk.Job{}
	for _, job := range a.sends(campaign, nil) {
		letters[job.To] = job
		require.Contains(t, job.Letter.Text, "https://privacy.example.test/notice/")
	}
	require.NotEmpty(t, letters)
	a.runs()
	view = a.view()
	require.Equal(t, "objection_window", view.Status)
	require.Equal(t, view.Customers, view.Told)
	alder := a.customers()["C-1001"]
	require.Equal(t, "waiting", alder.State)
	require.NotNil(t, alder.WindowCloses)
	require.Equal(t, alder.Effective, *a.may("C-1001").From)
	require.False(t, a.may("C-1001").May)

	a.later(61 * day)
	require.True(t, a.may("C-1001").May)
	require.False(t, a.may("C-1008").May, "90 days")
	require.Equal(t, "objection_window", a.view().Status)
	a.later(150 * day)
	require.True(t, a.may("C-1008").May)
	require.Equal(t, "effective", a.view().Status)
	_, err := a.Desk.ArchiveChange(a.ctx, a.As(access.PrivacyLead), "", a.Case)
	require.NoError(t, err)
	a.verified()
}

// An objection holds the change back from its customer alone, whatever the time, until a person ends it; nobody waives an open window.
func TestAnObjectionHoldsTheChangeBackUntilAPersonEndsIt(t *testing.T) {
	t.Parallel()
	a := announces(t, nil)
	a.judged()
	a.sends(a.released(), nil)
	a.runs()
	at := time.Now()
	object := func(customer string) error {
		_, err := a.Desk.RecordObjection(a.ctx, a.As(access.CommsLead), "", a.Case, customer, desk.ObjectionInput{At: at, Words: "we may not use it", Evidence: "letter"})
		return err
	}
	require.NoError(t, object("C-1008"))
	require.NoError(t, object("C-1009"))
	require.Equal(t, "answered", blockerOf(object("C-1008")))
	require.Equal(t, "no_window", blockerOf(object("C-1015")), "nothing was agreed")
	require.Equal(t, 2, a.view().Objected)
	end := func(customer, how string) error {
		_, err := a.Desk.EndObjection(a.ctx, a.As(access.CommsLead), "", a.Case, customer, desk.EndObjectionInput{End: how, Reason: "by phone"})
		return err
	}
	require.Equal(t, "window_open", blockerOf(end("C-1008", "waived")))
	require.NoError(t, end("C-1009", "customer_terminates"))
	a.later(200 * day)
	require.False(t, a.may("C-1008").May)
	require.False(t, a.may("C-1009").May)
	require.True(t, a.may("C-1001").May)
	require.Equal(t, "objection_window", a.view().Status, "an objection is open")
	require.Equal(t, 1, scan[int](t, a.Database.Superuser, `SELECT count(*) FROM raise WHERE case_id = $1 AND kind = 'change_objection_overdue'`, a.Case))
	require.NoError(t, end("C-1008", "waived"))
	a.runs()
	require.True(t, a.may("C-1008").May)
	require.Equal(t, "effective", a.view().Status)
	require.Equal(t, "we may not use it", a.customers()["C-1008"].Words)
	a.verified()
}

// Whoever signs, leaves or changes what it uses after the count makes the approval void: nothing leaves that nobody approved.
func TestAnAudienceThatChangedIsCountedAndApprovedAnew(t *testing.T) {
	t.Parallel()
	a := announces(t, nil)
	a.judged()
	notice := a.approved()
	before := a.view()
	a.comes()
	require.True(t, a.view().Stale)
	release := func() error {
		_, err := a.Desk.ReleaseNotice(a.ctx, a.As(access.CommsLead), "", a.Case, notice, desk.ReleaseInput{})
		return err
	}
	require.Equal(t, "audience_changed", blockerOf(release()))
	_, err := a.Desk.CountAudience(a.ctx, a.As(access.CommsLead), "", a.Case)
	require.NoError(t, err)
	require.Equal(t, "in_review", a.view().Status)
	require.Equal(t, before.Customers+1, a.view().Customers)
	require.Equal(t, "approval_void", blockerOf(release()))
	a.approves(notice)
	require.NoError(t, release())
	a.verified()
}

// What is not material is told by the change log alone, and nobody is written to.
func TestWhatIsNotMaterialIsPublishedAndSentToNobody(t *testing.T) {
	t.Parallel()
	a := announces(t, func(in *desk.OpenChangeInput) {
		in.Kind, in.Document, in.Text, in.Subject = "policy", "data-retention-policy", "We keep content for seven days.\n", ""
	})
	_, err := a.Desk.SubmitChange(a.ctx, a.As(access.CommsLead), "", a.Case)
	require.NoError(t, err)
	_, err = a.Desk.JudgeChange(a.ctx, a.As(access.LegalCounsel), "", a.Case, desk.JudgeInput{Reason: "a typing error"})
	require.NoError(t, err)
	require.Equal(t, "archived", a.view().Status)
	require.Zero(t, scan[int](t, a.Database.Superuser, `SELECT count(*) FROM duty`))
	log, err := a.Desk.ChangeLog(a.ctx)
	require.NoError(t, err)
	require.Len(t, log.Entries, 1)
	require.Equal(t, "We keep content for seven days.\n", log.Documents[0].Versions[0].Text)
	require.Equal(t, "Data retention policy", log.Documents[0].Title)
	require.False(t, log.Entries[0].Material)
	a.verified()
}

// The writer judges and approves nothing, and a draft says which field is wrong.
func TestAChangeNeedsASecondPersonAndACompleteDraft(t *testing.T) {
	t.Parallel()
	a := announces(t, nil)
	both := a.Person(t, "both", access.CommsLead, access.LegalCounsel)
	_, err := a.Desk.SubmitChange(a.ctx, both, "", a.Case)
	require.NoError(t, err)
	_, err = a.Desk.JudgeChange(a.ctx, both, "", a.Case, desk.JudgeInput{Material: true, Reason: "r"})
	require.Equal(t, problem.Forbidden, problem.CodeOf(err))
	for field, spoil := range map[string]func(*desk.OpenChangeInput){
		"kind": func(in *desk.OpenChangeInput) { in.Kind = "weather" }, "subject": func(in *desk.OpenChangeInput) { in.Subject = "" },
		"send_by": func(in *desk.OpenChangeInput) { in.SendBy = time.Now().Add(-time.Hour) }, "planned": func(in *desk.OpenChangeInput) { in.Planned = time.Time{} },
		"text": func(in *desk.OpenChangeInput) { in.Document = "policy" }, "mode": func(in *desk.OpenChangeInput) { in.Mode = "slowly" },
		"corrects": func(in *desk.OpenChangeInput) { in.Corrects = a.Case.String() }, "title": func(in *desk.OpenChangeInput) { in.Title = " " },
	} {
		in := newProvider()
		spoil(&in)
		_, err := a.Desk.OpenChange(a.ctx, a.As(access.CommsLead), "", in)
		require.Equal(t, field, refusalOf(err).Field, field)
	}
	_, err = a.Desk.OpenChange(a.ctx, a.As(access.Integration), "", newProvider())
	require.Equal(t, problem.Forbidden, problem.CodeOf(err))
}
