package desk_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/problem"
	"github.com/atlascloudai/docket/desk"
	"github.com/atlascloudai/docket/testkit"
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

// A change at once waits for the last of all windows, for whoever was not told, and for whoever objects.
func TestAChangeAtOnceTakesEffectForAllTogether(t *testing.T) {
	t.Parallel()
	a := announces(t, func(in *desk.OpenChangeInput) { in.Mode = "at_once" })
	a.judged()
	a.sends(a.released(), nil)
	a.runs()
	last := *a.view().LastEffective
	_, err := a.Desk.RecordObjection(a.ctx, a.As(access.CommsLead), "", a.Case, "C-1008", desk.ObjectionInput{At: time.Now(), Words: "no", Evidence: "letter"})
	require.NoError(t, err)
	a.later(time.Until(last) - day)
	require.Zero(t, a.view().Taken, "whatever each one's own dates say")
	require.False(t, a.may("C-1001").May)
	a.later(3 * day)
	require.Zero(t, a.view().Taken, "an objection holds it back from all")
	_, err = a.Desk.EndObjection(a.ctx, a.As(access.CommsLead), "", a.Case, "C-1008", desk.EndObjectionInput{End: "customer_terminates", Reason: "letter of the 3rd"})
	require.NoError(t, err)
	a.runs()
	require.Equal(t, 14, a.view().Taken)
	require.Equal(t, "effective", a.view().Status)
	require.True(t, a.may("C-1001").May)
	require.False(t, a.may("C-1008").May)
	a.comes()
	asked := a.may("T-00001")
	require.True(t, asked.May, asked.Why)
	require.Contains(t, asked.Why, "announced before the customer came")
	require.False(t, a.may("C-9999").May)
	a.verified()
}

// Counsel may think again before anybody was told: what was counted as owed is owed to nobody.
func TestAChangeJudgedAnewIsOwedToNobody(t *testing.T) {
	t.Parallel()
	a := announces(t, nil)
	a.judged()
	require.Equal(t, 15, scan[int](t, a.Database.Superuser, `SELECT count(*) FROM duty WHERE state = 'required'`))
	_, err := a.Desk.JudgeChange(a.ctx, a.As(access.LegalCounsel), "", a.Case, desk.JudgeInput{Reason: "the provider only translates our own pages"})
	require.NoError(t, err)
	require.Equal(t, "archived", a.view().Status)
	require.Zero(t, scan[int](t, a.Database.Superuser, `SELECT count(*) FROM duty WHERE state = 'required'`))
	a.verified()
}

// An installation that has no address for customers' pages says what is to be set, and takes no change in that it could not tell.
func TestAnInstallationWithoutAnAddressSaysWhatToSetForChanges(t *testing.T) {
	t.Parallel()
	a := announces(t, nil)
	a.Options.PublicURL = ""
	_, err := desk.New(a.Options).OpenChange(a.ctx, a.As(access.CommsLead), "", newProvider())
	require.Equal(t, problem.Unavailable, problem.CodeOf(err))
	require.ErrorContains(t, err, "DOCKET_PUBLIC_URL")
}

// For whom a change at once never takes effect, nobody waits: neither for its calendar, nor for its letter that came back.
func TestNobodyWaitsForWhoIsSpared(t *testing.T) {
	t.Parallel()
	a := announces(t, func(in *desk.OpenChangeInput) { in.Mode = "at_once" })
	a.judged()
	sent := a.sends(a.released(), nil)
	a.runs()
	for _, customer := range []string{"C-1008", "C-1009"} {
		_, err := a.Desk.RecordObjection(a.ctx, a.As(access.CommsLead), "", a.Case, customer, desk.ObjectionInput{At: time.Now(), Words: "no", Evidence: "letter"})
		require.NoError(t, err)
		_, err = a.Desk.EndObjection(a.ctx, a.As(access.CommsLead), "", a.Case, customer, desk.EndObjectionInput{End: "customer_terminates", Reason: "letter"})
		require.NoError(t, err)
	}
	for _, job := range sent {
		if job.To == "dpo@halcyon.test" {
			require.NoError(t, a.Desk.Report(a.ctx, job.Delivery, desk.ReportInput{Kind: "bounced", Status: "5.1.1", At: time.Now(), Digest: [32]byte{7}}))
		}
	}
	testkit.Execute(t, a.Database.Superuser, `UPDATE change_customer SET provisional = true WHERE customer_id = (SELECT id FROM customer WHERE ref = 'C-1009')`)
	a.runs()
	require.Equal(t, "spared", a.customers()["C-1008"].State)
	a.later(300 * day)
	require.Equal(t, 13, a.view().Taken)
	require.Equal(t, "effective", a.view().Status)
}

// A restricted notice of change is listed for those alone who see it, and who read it leaves a trace.
func TestARestrictedChangeIsListedForItsMembersAlone(t *testing.T) {
	t.Parallel()
	a := announces(t, nil)
	_, err := a.Desk.Restrict(a.ctx, a.As(access.LegalCounsel), "", a.Case, desk.RestrictInput{Restricted: true})
	require.NoError(t, err)
	listed := func(role access.Role) int {
		page, err := a.Desk.Changes(a.ctx, a.As(role), desk.ChangeFilter{})
		require.NoError(t, err)
		return len(page.Items)
	}
	require.Zero(t, listed(access.CommsLead))
	_, err = a.Desk.Change(a.ctx, a.As(access.CommsLead), a.Case)
	require.Equal(t, problem.NotFound, problem.CodeOf(err))
	require.Equal(t, 1, listed(access.LegalCounsel))
	before := scan[int](t, a.Database.Superuser, `SELECT count(*) FROM access_event`)
	a.view()
	require.Equal(t, before+1, scan[int](t, a.Database.Superuser, `SELECT count(*) FROM access_event`))
}
