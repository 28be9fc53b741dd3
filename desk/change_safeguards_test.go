package desk_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/problem"
	"github.com/atlascloudai/docket/core/textdiff"
	"github.com/atlascloudai/docket/desk"
	"github.com/atlascloudai/docket/testkit"
)

// An exercise ends no real notice: it corrects exercises alone.
func TestAnExerciseTakesNoRealNoticesPlace(t *testing.T) {
	t.Parallel()
	a := announces(t, func(in *desk.OpenChangeInput) { in.Drill = false })
	a.judged()
	a.sends(a.released(), nil)
	a.runs()
	in := newProvider()
	in.Corrects = a.Case.String()
	_, err := a.Desk.OpenChange(a.ctx, a.As(access.CommsLead), "", in)
	require.Equal(t, "corrects", refusalOf(err).Field)
	in.Drill = false
	_, err = a.Desk.OpenChange(a.ctx, a.As(access.CommsLead), "", in)
	require.NoError(t, err)
}

// What is still prepared closes no gateway that a notice before it opened.
func TestAPreparedChangeClosesNothing(t *testing.T) {
	t.Parallel()
	a := announces(t, nil)
	a.judged()
	a.sends(a.released(), nil)
	a.runs()
	a.later(300 * day)
	require.True(t, a.may("C-1001").May)
	opened, err := a.Desk.OpenChange(a.ctx, a.As(access.CommsLead), "", newProvider())
	require.NoError(t, err)
	a.Case = opened.Case
	a.judged()
	require.True(t, a.may("C-1001").May, "nobody has sent it")
	a.sends(a.released(), nil)
	a.runs()
	require.False(t, a.may("C-1001").May, "the newest that was sent decides")
}

// A gateway that names no service hears no yes from a change of some services alone.
func TestAQuestionWithoutAServiceIsNotAnsweredByOneServicesChange(t *testing.T) {
	t.Parallel()
	a := announces(t, func(in *desk.OpenChangeInput) { in.Services = []string{"image-studio"} })
	a.judged()
	a.sends(a.released(), nil)
	a.runs()
	a.later(300 * day)
	require.False(t, a.may("C-1015").May)
	require.Contains(t, a.may("C-1015").Why, "name the one")
	a.comes()
	require.False(t, a.may("T-00001").May)
}

// What a gateway asks by is held against the chain, too.
func TestWhatAGatewayAsksByIsHeldAgainstTheChain(t *testing.T) {
	t.Parallel()
	a := announces(t, nil)
	a.judged()
	a.verified()
	for _, spoil := range []string{`subject = 'other-models'`, `services = '{chat-api}'`} {
		testkit.Execute(t, a.Database.Superuser, `CREATE TABLE kept AS TABLE change_customer; UPDATE change_customer SET `+spoil)
		verified, err := a.Desk.VerifyCase(a.ctx, a.As(access.Auditor), a.Case)
		require.NoError(t, err)
		require.False(t, verified.OK, spoil)
		testkit.Execute(t, a.Database.Superuser, `TRUNCATE change_customer; INSERT INTO change_customer TABLE kept; DROP TABLE kept`)
	}
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

// A window is the customer's to the end of its last microsecond; a word of the next one is late.
func TestAWindowIsTheCustomersToTheEndOfItsLastMicrosecond(t *testing.T) {
	t.Parallel()
	a := announces(t, nil)
	a.judged()
	a.sends(a.released(), nil)
	a.runs()
	closes := *a.customers()["C-1008"].WindowCloses
	a.later(300 * day)
	object := func(at time.Time) error {
		_, err := a.Desk.RecordObjection(a.ctx, a.As(access.CommsLead), "", a.Case, "C-1008", desk.ObjectionInput{At: at, Words: "no", Evidence: "letter"})
		return err
	}
	require.Equal(t, "window_over", blockerOf(object(closes.Add(time.Microsecond))))
	require.NoError(t, object(closes.Add(999*time.Nanosecond)))
	require.Equal(t, closes, *a.customers()["C-1008"].AnsweredAt)
	require.False(t, a.may("C-1008").May, "it came in time, and is recorded late")
	_, err := a.Desk.ArchiveChange(a.ctx, a.As(access.PrivacyLead), "", a.Case)
	require.Equal(t, "not_settled", blockerOf(err), "its objection has no end")
	a.verified()
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

// A preview and a test are read by others than the recipient: the link in them answers for nobody, also after the release.
func TestALinkInATestAnswersForNobody(t *testing.T) {
	t.Parallel()
	a := announces(t, nil)
	a.judged()
	notice := a.approved()
	preview, err := a.Desk.Preview(a.ctx, a.As(access.CommsLead), a.Case, notice, 2)
	require.NoError(t, err)
	receipt, err := a.Desk.TestNotice(a.ctx, a.As(access.CommsLead), "", a.Case, notice, desk.TestNoticeInput{Address: "comms@example.test", Recipient: 2})
	require.NoError(t, err)
	tested := a.sends(*receipt.ID, nil)
	released, err := a.Desk.ReleaseNotice(a.ctx, a.As(access.CommsLead), "", a.Case, notice, desk.ReleaseInput{})
	require.NoError(t, err)
	sent := a.sends(*released.ID, nil)
	a.runs()
	for _, link := range []string{tokenIn(t, desk.Job{Letter: preview.Letter}), tokenIn(t, tested[0])} {
		_, err := a.Desk.NoticePage(a.ctx, link)
		require.Equal(t, problem.NotFound, problem.CodeOf(err))
	}
	_, err = a.Desk.NoticePage(a.ctx, tokenIn(t, sent[0]))
	require.NoError(t, err)
}

// A text that was withdrawn was never in force: nothing is held against it, and no page says from when it was.
func TestAWithdrawnTextWasNeverInForce(t *testing.T) {
	t.Parallel()
	text := func(says string) func(*desk.OpenChangeInput) {
		return func(in *desk.OpenChangeInput) { in.Document, in.Text = "subprocessors", says }
	}
	a := announces(t, text("Old Models\n"))
	a.judged()
	a.released()
	next := func(says string) {
		in := newProvider()
		text(says)(&in)
		opened, err := a.Desk.OpenChange(a.ctx, a.As(access.CommsLead), "", in)
		require.NoError(t, err)
		a.Case = opened.Case
	}
	next("Wrong Models\n")
	a.judged()
	a.released()
	_, err := a.Desk.WithdrawChange(a.ctx, a.As(access.LegalCounsel), "", a.Case, desk.ReasonInput{Reason: "a wrong name"})
	require.NoError(t, err)
	next("Old Models\nNew Models\n")
	require.Equal(t, 3, a.view().Version)
	var shown strings.Builder
	require.NoError(t, textdiff.Text(&shown, a.view().Diff, 3))
	require.Contains(t, shown.String(), "New Models")
	require.NotContains(t, shown.String(), "Wrong Models", "what never held is not taken out")
	a.judged()
	a.released()
	log, err := a.Desk.ChangeLog(a.ctx)
	require.NoError(t, err)
	require.Equal(t, 1, log.Entries[0].Before)
	versions := log.Documents[0].Versions
	require.NotNil(t, versions[0].Effective)
	require.Nil(t, versions[1].Effective)
	require.NotNil(t, versions[2].Effective)
}

// Between a correction and its letter a customer's page says that another notice comes, and never that the change does not.
func TestAPageBeforeItsCorrectionArrivesSaysThatOneComes(t *testing.T) {
	t.Parallel()
	a := announces(t, nil)
	a.judged()
	sent := a.sends(a.released(), nil)
	a.runs()
	in := newProvider()
	in.Corrects = a.Case.String()
	opened, err := a.Desk.OpenChange(a.ctx, a.As(access.CommsLead), "", in)
	require.NoError(t, err)
	a.Case = opened.Case
	a.judged()
	a.released()
	page, err := a.Desk.NoticePage(a.ctx, tokenIn(t, sent[0]))
	require.NoError(t, err)
	require.True(t, page.Corrected)
	require.False(t, page.MayObject)
}

// A later day of sending is read in the change log at once, and a change that ended takes effect for nobody.
func TestAProlongedChangeIsPublishedAnewAndAnEndedOneIsNotTaken(t *testing.T) {
	t.Parallel()
	a := announces(t, nil)
	a.judged()
	a.sends(a.released(), func(desk.Job) bool { return true })
	a.runs()
	_, err := a.Desk.ProlongChange(a.ctx, a.As(access.CommsLead), "", a.Case, desk.ProlongInput{SendBy: time.Now().Add(40 * day), Reason: "the relay was down"})
	require.NoError(t, err)
	log, err := a.Desk.ChangeLog(a.ctx)
	require.NoError(t, err)
	require.Equal(t, *a.view().LastEffective, *log.Entries[0].EffectiveLast)
	_, err = a.Desk.WithdrawChange(a.ctx, a.As(access.LegalCounsel), "", a.Case, desk.ReasonInput{Reason: "it does not come"})
	require.NoError(t, err)
	_, err = a.Desk.TakeChange(a.ctx, a.As(access.LegalCounsel), "", a.Case, "C-1001", desk.ReasonInput{Reason: "r"})
	require.Equal(t, "wrong_status", blockerOf(err))
}

// A correction ends no objection, takes back nothing that was promised, and forgets nobody whom it leaves out.
func TestACorrectionKeepsWhatCustomersAnswered(t *testing.T) {
	t.Parallel()
	a := announces(t, nil)
	a.judged()
	sent := a.sends(a.released(), nil)
	a.runs()
	object := func(customer string) {
		_, err := a.Desk.RecordObjection(a.ctx, a.As(access.CommsLead), "", a.Case, customer, desk.ObjectionInput{At: time.Now(), Words: "not with our data", Evidence: "letter"})
		require.NoError(t, err)
	}
	object("C-1001")
	object("C-1004")
	end := func(customer, how string) {
		_, err := a.Desk.EndObjection(a.ctx, a.As(access.CommsLead), "", a.Case, customer, desk.EndObjectionInput{End: how, Reason: "by phone"})
		require.NoError(t, err)
	}
	end("C-1004", "accommodated")
	old, told := a.Case, a.view().Told
	in := newProvider()
	in.Corrects, in.Services = old.String(), []string{"image-studio"}
	opened, err := a.Desk.OpenChange(a.ctx, a.As(access.CommsLead), "", in)
	require.NoError(t, err)
	a.Case = opened.Case
	a.judged()
	a.sends(a.released(), nil)
	a.runs()
	customers := a.customers()
	require.Equal(t, "not with our data", customers["C-1001"].Words)
	require.Equal(t, 1, scan[int](t, a.Database.Superuser, `SELECT count(*) FROM raise WHERE case_id = $1 AND kind = 'change_objection'`, a.Case))
	left := told - len(customers)
	require.Positive(t, left)
	require.Equal(t, left, scan[int](t, a.Database.Superuser, `SELECT count FROM raise WHERE case_id = $1 AND kind = 'told_party_ruled_out'`, old))
	for _, job := range sent {
		page, err := a.Desk.NoticePage(a.ctx, tokenIn(t, job))
		require.NoError(t, err)
		require.False(t, page.Corrected)
	}
	a.later(300 * day)
	may := func(customer string) bool {
		view, err := a.Desk.May(a.ctx, a.As(access.Integration), desk.MayInput{Subject: "example-models", Customer: customer, Service: "image-studio"})
		require.NoError(t, err)
		return view.May
	}
	require.False(t, may("C-1001"))
	require.False(t, may("C-1004"))
	require.Equal(t, "objection_window", a.view().Status, "an objection is open")
	end("C-1001", "withdrawn")
	a.runs()
	require.True(t, may("C-1001"))
	require.Equal(t, "effective", a.view().Status)
	a.verified()
	a.Case = old
	a.later(300 * day)
	require.Zero(t, scan[int](t, a.Database.Superuser, `SELECT count(*) FROM raise WHERE case_id = $1 AND kind = 'change_objection_overdue'`, old))
	a.verified()
}

// A correction that counsel finds not material takes no notice's place: what it would have corrected stays in the log and in the banner.
func TestACorrectionThatIsNotMaterialTakesNoNoticesPlace(t *testing.T) {
	t.Parallel()
	a := announces(t, nil)
	a.judged()
	a.sends(a.released(), nil)
	a.runs()
	old := a.Case
	in := newProvider()
	in.Corrects = old.String()
	opened, err := a.Desk.OpenChange(a.ctx, a.As(access.CommsLead), "", in)
	require.NoError(t, err)
	a.Case = opened.Case
	_, err = a.Desk.SubmitChange(a.ctx, a.As(access.CommsLead), "", a.Case)
	require.NoError(t, err)
	_, err = a.Desk.JudgeChange(a.ctx, a.As(access.LegalCounsel), "", a.Case, desk.JudgeInput{Reason: "a typing error"})
	require.NoError(t, err)
	log, err := a.Desk.ChangeLog(a.ctx)
	require.NoError(t, err)
	require.Nil(t, log.CorrectedBy(old))
	a.Case = old
	require.Equal(t, "objection_window", a.view().Status)
}

// Two drafts of one document do not overlook each other: the second is written anew from what the first published.
func TestADraftFromAnEarlierVersionIsNotPublished(t *testing.T) {
	t.Parallel()
	a := announces(t, func(in *desk.OpenChangeInput) { in.Document, in.Text = "subprocessors", "Example Models\n" })
	in := newProvider()
	in.Document, in.Text = "subprocessors", "Sample Models\n"
	other, err := a.Desk.OpenChange(a.ctx, a.As(access.CommsLead), "", in)
	require.NoError(t, err)
	a.judged()
	a.released()
	first := a.Case
	a.Case = other.Case
	a.judged()
	notice := a.approved()
	require.Equal(t, "document_moved", blockerOf(second(a.Desk.ReleaseNotice(a.ctx, a.As(access.CommsLead), "", a.Case, notice, desk.ReleaseInput{}))))
	_, err = a.Desk.ReviseChange(a.ctx, a.As(access.CommsLead), "", a.Case, desk.ReasonInput{Reason: "the list has moved on"})
	require.NoError(t, err)
	in.Text = "Example Models\nSample Models\n"
	_, err = a.Desk.EditChange(a.ctx, a.As(access.CommsLead), "", a.Case, in)
	require.NoError(t, err)
	a.judged()
	a.approves(notice)
	require.NoError(t, second(a.Desk.ReleaseNotice(a.ctx, a.As(access.CommsLead), "", a.Case, notice, desk.ReleaseInput{})))
	a.verified()
	a.Case = first
	a.verified()

	testkit.Execute(t, a.Database.Superuser, `UPDATE change_entry SET body = jsonb_set(body, '{title}', '"Nothing changes"') WHERE case_id = '`+first.String()+`'`)
	verified, err := a.Desk.VerifyCase(a.ctx, a.As(access.Auditor), first)
	require.NoError(t, err)
	require.Contains(t, verified.Problem, "the change log")
}

// A sending that lasts beyond the day from which its letters count is held, and people are raised: nobody reads dates that have gone by.
func TestASendingIsHeldOnceItsDayHasPassed(t *testing.T) {
	t.Parallel()
	a := announces(t, nil)
	a.judged()
	campaign := a.released()
	page := uuid.Must(uuid.NewV7())
	jobs, err := a.Desk.Claim(a.ctx, campaign, page, 3)
	require.NoError(t, err)
	require.Len(t, jobs, 3)
	a.later(3 * day)
	for range 2 {
		jobs, err = a.Desk.Claim(a.ctx, campaign, page, 3)
		require.NoError(t, err)
		require.Empty(t, jobs)
	}
	require.Equal(t, "paused", scan[string](t, a.Database.Superuser, `SELECT state FROM campaign WHERE id = $1`, campaign))
	require.Equal(t, 1, scan[int](t, a.Database.Superuser, `SELECT count(*) FROM raise WHERE case_id = $1 AND kind = 'change_send_by_passed'`, a.Case))
}

// The agreement's time to find a way is the customer's too: an objection is waived after it, and not when the window closes.
func TestAnObjectionIsNotWaivedWhileAWayIsLookedFor(t *testing.T) {
	t.Parallel()
	a := announces(t, nil)
	a.judged()
	a.sends(a.released(), nil)
	a.runs()
	a.later(25 * day)
	at := scan[time.Time](t, a.Database.Superuser, `SELECT clock_timestamp() + clock_offset FROM cases WHERE id = $1`, a.Case)
	_, err := a.Desk.RecordObjection(a.ctx, a.As(access.CommsLead), "", a.Case, "C-1008", desk.ObjectionInput{At: at, Words: "no", Evidence: "letter"})
	require.NoError(t, err)
	waive := func() error {
		_, err := a.Desk.EndObjection(a.ctx, a.As(access.LegalCounsel), "", a.Case, "C-1008", desk.EndObjectionInput{End: "waived", Reason: "no way was found"})
		return err
	}
	a.later(10 * day)
	require.Equal(t, "resolution_open", blockerOf(waive()))
	a.later(30 * day)
	require.NoError(t, waive())
	require.Empty(t, wordsFor(a, access.Auditor), "who reads cases does not read what customers wrote")
	require.Equal(t, "no", wordsFor(a, access.CommsLead))
	a.verified()
}

func wordsFor(a *announcement, role access.Role) string {
	page, err := a.Desk.ChangeCustomers(a.ctx, a.As(role), a.Case, desk.ChangeCustomersFilter{State: "waiting", Limit: 100})
	require.NoError(a.t, err)
	for _, c := range page.Items {
		if c.Customer == "C-1008" {
			return c.Words
		}
	}
	require.Fail(a.t, "C-1008 is not waiting")
	return ""
}

// What counsel called not material may be used from the planned day on; whoever wrote it does not judge it.
func TestWhatIsNotMaterialMayBeUsedFromItsDayOn(t *testing.T) {
	t.Parallel()
	a := announces(t, nil)
	writer := a.Person(t, "writer", access.CommsLead, access.LegalCounsel)
	_, err := a.Desk.EditChange(a.ctx, writer, "", a.Case, newProvider())
	require.NoError(t, err)
	_, err = a.Desk.SubmitChange(a.ctx, a.As(access.CommsLead), "", a.Case)
	require.NoError(t, err)
	_, err = a.Desk.JudgeChange(a.ctx, writer, "", a.Case, desk.JudgeInput{Reason: "r"})
	require.Equal(t, problem.Forbidden, problem.CodeOf(err))
	_, err = a.Desk.JudgeChange(a.ctx, a.As(access.LegalCounsel), "", a.Case, desk.JudgeInput{Reason: "it sees no customer's data"})
	require.NoError(t, err)
	require.False(t, a.may("C-1001").May)
	a.later(61 * day)
	require.True(t, a.may("C-1001").May)
	require.Contains(t, a.may("C-1001").Why, "not material")
}

// Who was left untold by a late bounce is sent the notice again though the change has taken effect for all; the link of somebody who is
// no contact any more answers for nobody.
func TestALateBounceIsFollowedByAnotherNotice(t *testing.T) {
	t.Parallel()
	a := announces(t, nil)
	a.judged()
	sent := a.sends(a.released(), nil)
	a.runs()
	a.later(300 * day)
	require.Equal(t, "effective", a.view().Status)
	var halcyon desk.Job
	for _, job := range sent {
		if job.To == "dpo@halcyon.test" {
			halcyon = job
		}
	}
	require.NoError(t, a.Desk.Report(a.ctx, halcyon.Delivery, desk.ReportInput{Kind: "bounced", Status: "5.1.1", At: time.Now(), Digest: [32]byte{7}}))
	a.runs()
	require.False(t, a.may("C-1008").May)
	require.Empty(t, a.sends(scan[uuid.UUID](t, a.Database.Superuser, `SELECT id FROM campaign WHERE state = 'running'`), nil), "its next contact's letter would say dates that have gone by")
	_, err := a.Desk.StopCampaign(a.ctx, a.As(access.CommsLead), "", a.Case, scan[uuid.UUID](t, a.Database.Superuser, `SELECT id FROM campaign WHERE state = 'paused'`), desk.ReasonInput{Reason: "sent anew"})
	require.NoError(t, err)
	now := scan[time.Time](t, a.Database.Superuser, `SELECT clock_timestamp() + clock_offset FROM cases WHERE id = $1`, a.Case)
	_, err = a.Desk.ProlongChange(a.ctx, a.As(access.CommsLead), "", a.Case, desk.ProlongInput{SendBy: now.Add(5 * day), Reason: "it came back"})
	require.NoError(t, err)
	again := a.sends(a.released(), nil)
	require.NotEmpty(t, again)
	a.runs()
	require.Equal(t, "effective", a.view().Status)
	require.False(t, a.may("C-1008").May, "its windows run anew")
	a.later(100 * day)
	require.True(t, a.may("C-1008").May)
	a.verified()

	testkit.Execute(t, a.Database.Superuser, `UPDATE contact SET ended_at = clock_timestamp()`)
	require.Equal(t, problem.NotFound, problem.CodeOf(second(a.Desk.NoticePage(a.ctx, tokenIn(t, again[0])))))
}
