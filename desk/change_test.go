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

// What somebody changes behind the desk's back is found: a date, an answer, since when a change holds, a published text.
func TestAChangeIsHeldAgainstItsChain(t *testing.T) {
	t.Parallel()
	a := announces(t, func(in *desk.OpenChangeInput) { in.Document, in.Text = "subprocessors", "Example Models\n" })
	a.judged()
	a.sends(a.released(), nil)
	a.runs()
	a.later(61 * day)
	a.verified()
	for _, spoil := range []string{
		`UPDATE change_customer SET effective = effective - interval '1 day' WHERE customer_id = (SELECT id FROM customer WHERE ref = 'C-1008')`,
		`UPDATE change_customer SET said_closes = said_closes - interval '1 day' WHERE customer_id = (SELECT id FROM customer WHERE ref = 'C-1008')`,
		`UPDATE change_customer SET answer = 'withdrawn' WHERE customer_id = (SELECT id FROM customer WHERE ref = 'C-1008')`,
		`UPDATE change_customer SET taken_at = clock_timestamp() WHERE customer_id = (SELECT id FROM customer WHERE ref = 'C-1008')`,
		`DELETE FROM change_customer WHERE customer_id = (SELECT id FROM customer WHERE ref = 'C-1001')`,
		`UPDATE document_version SET text = 'Somebody else' || E'\n'`,
	} {
		testkit.Execute(t, a.Database.Superuser, `CREATE TABLE kept AS TABLE change_customer; CREATE TABLE kept_text AS TABLE document_version`)
		testkit.Execute(t, a.Database.Superuser, spoil)
		verified, err := a.Desk.VerifyCase(a.ctx, a.As(access.Auditor), a.Case)
		require.NoError(t, err)
		require.False(t, verified.OK, spoil)
		testkit.Execute(t, a.Database.Superuser, `TRUNCATE change_customer, document_version; INSERT INTO change_customer TABLE kept; INSERT INTO document_version TABLE kept_text; DROP TABLE kept, kept_text`)
		a.verified()
	}
}

// A correction says what it corrects, takes the place of what was sent, and the old text stays readable behind both links.
func TestACorrectionTakesThePlaceOfWhatWasSent(t *testing.T) {
	t.Parallel()
	a := announces(t, nil)
	a.judged()
	first := a.sends(a.released(), nil)
	a.runs()
	old := a.Case
	in := newProvider()
	in.Title, in.Corrects = "Example Models becomes a sub-processor in March", a.view().Code
	opened, err := a.Desk.OpenChange(a.ctx, a.As(access.CommsLead), "", in)
	require.NoError(t, err)
	a.Case = opened.Case
	a.judged()
	second := a.sends(a.released(), nil)
	a.runs()
	require.Len(t, second, len(first))
	require.Contains(t, second[0].Letter.Text, "takes the place of")
	require.Equal(t, a.view().Code, a.may("C-1001").Change, "the newest decides")
	corrected, err := a.Desk.Change(a.ctx, a.As(access.LegalCounsel), old)
	require.NoError(t, err)
	require.Equal(t, "withdrawn", corrected.Status)
	for _, job := range []desk.Job{first[0], second[0]} {
		page, err := a.Desk.NoticePage(a.ctx, tokenIn(t, job))
		require.NoError(t, err)
		require.Len(t, page.Versions, 2)
		require.False(t, page.Versions[0].Superseded)
		require.True(t, page.Versions[1].Superseded)
		require.False(t, page.Withdrawn)
	}
	log, err := a.Desk.ChangeLog(a.ctx)
	require.NoError(t, err)
	require.Equal(t, old, *log.Entries[0].Corrects)
	a.verified()
	a.Case = old
	a.verified()
}

// A change that does not come is told on everybody's page; what was under way stops, and who was told is written to.
func TestAWithdrawnChangeOpensForNobody(t *testing.T) {
	t.Parallel()
	a := announces(t, nil)
	a.judged()
	receipt, err := a.Desk.ReleaseNotice(a.ctx, a.As(access.CommsLead), "", a.Case, a.approved(), desk.ReleaseInput{First: 4})
	require.NoError(t, err)
	sent := a.sends(*receipt.ID, nil)
	require.Len(t, sent, 4, "the first slice; the rest waits")
	a.runs()
	require.Equal(t, "sending", a.view().Status)
	_, err = a.Desk.WithdrawChange(a.ctx, a.As(access.LegalCounsel), "", a.Case, desk.ReasonInput{Reason: "the contract fell through"})
	require.NoError(t, err)
	a.later(300 * day)
	require.Equal(t, "withdrawn", a.view().Status)
	require.False(t, a.may("C-1001").May)
	page, err := a.Desk.NoticePage(a.ctx, tokenIn(t, sent[0]))
	require.NoError(t, err)
	require.True(t, page.Withdrawn)
	require.False(t, page.MayObject)
	require.Equal(t, 1, scan[int](t, a.Database.Superuser, `SELECT count(*) FROM raise WHERE case_id = $1 AND kind = 'told_party_ruled_out' AND count = 4`, a.Case))
	require.Zero(t, scan[int](t, a.Database.Superuser, `SELECT count(*) FROM campaign WHERE state IN ('running', 'paused')`))
	a.verified()
}

// A customer's page shows its own dates and letters and no other's, takes one objection and one acknowledgement, and a link that nobody
// was sent leads nowhere.
func TestACustomersPageIsItsOwn(t *testing.T) {
	t.Parallel()
	a := announces(t, nil)
	a.judged()
	preview := a.sends(a.released(), nil)
	a.runs()
	var halcyon desk.Job
	for _, job := range preview {
		if job.To == "dpo@halcyon.test" {
			halcyon = job
		}
	}
	token := tokenIn(t, halcyon)
	page, err := a.Desk.NoticePage(a.ctx, token)
	require.NoError(t, err)
	require.Contains(t, page.Customer, "Halcyon")
	require.Equal(t, halcyon.Letter.Text, page.Versions[0].Text)
	require.Equal(t, *a.customers()["C-1008"].WindowCloses, *page.WindowCloses)
	require.True(t, page.MayObject)
	for range 2 {
		page, err = a.Desk.AnswerNotice(a.ctx, token, desk.NoticeAnswer{Acknowledge: true})
		require.NoError(t, err)
	}
	acknowledged := *page.AcknowledgedAt
	require.Equal(t, "words", refusalOf(second(a.Desk.AnswerNotice(a.ctx, token, desk.NoticeAnswer{Object: true, Name: "Dana"}))).Field)
	page, err = a.Desk.AnswerNotice(a.ctx, token, desk.NoticeAnswer{Object: true, Name: "Dana", Words: "not with our data"})
	require.NoError(t, err)
	require.Equal(t, "objected", page.Answer)
	require.Equal(t, acknowledged, *page.AcknowledgedAt)
	require.Equal(t, "answered", blockerOf(second(a.Desk.AnswerNotice(a.ctx, token, desk.NoticeAnswer{Object: true, Name: "Dana", Words: "again"}))))
	require.Equal(t, 1, scan[int](t, a.Database.Superuser, `SELECT count(*) FROM raise WHERE case_id = $1 AND kind = 'change_objection'`, a.Case))
	for _, forged := range []string{"", "x", token[:len(token)-1], token + "A"} {
		require.Equal(t, problem.NotFound, problem.CodeOf(second(a.Desk.NoticePage(a.ctx, forged))))
	}
	a.verified()
}

// A test goes to the company's own people alone, says that it is one, and carries out nothing.
func TestATestGoesToTheCompanyAloneAndCarriesOutNothing(t *testing.T) {
	t.Parallel()
	a := announces(t, nil)
	a.judged()
	notice := a.approved()
	test := func(address string, recipient int) (desk.Receipt, error) {
		return a.Desk.TestNotice(a.ctx, a.As(access.CommsLead), "", a.Case, notice, desk.TestNoticeInput{Address: address, Recipient: recipient})
	}
	require.Equal(t, "address", refusalOf(second(test("dpo@halcyon.test", 0))).Field)
	require.Equal(t, "recipient", refusalOf(second(test("comms@example.test", 1000))).Field)
	receipt, err := test("comms@example.test", 2)
	require.NoError(t, err)
	sent := a.sends(*receipt.ID, nil)
	require.Len(t, sent, 1)
	require.Contains(t, sent[0].Letter.Subject, "[TEST] ")
	a.runs()
	require.Equal(t, "approved", a.view().Status)
	require.Zero(t, a.view().Told)
	require.Zero(t, scan[int](t, a.Database.Superuser, `SELECT count(*) FROM duty WHERE state = 'met'`))
	a.verified()
}

// Whether a lost sender's message arrived, a person finds out: a notice of change is never sent twice by itself.
func TestAnUnknownOutcomeOfAChangeWaitsForAPerson(t *testing.T) {
	t.Parallel()
	a := announces(t, nil)
	a.judged()
	campaign := a.released()
	jobs, err := a.Desk.Claim(a.ctx, campaign, uuid.Must(uuid.NewV7()), 1)
	require.NoError(t, err)
	require.NoError(t, a.Desk.Begin(a.ctx, jobs[0], [32]byte{1}, "direct"))
	require.NoError(t, a.Desk.Finish(a.ctx, jobs[0], desk.Answer{Outcome: "unknown", Class: "timeout"}))
	for _, job := range a.sends(campaign, nil) {
		require.NotEqual(t, jobs[0].Delivery, job.Delivery)
	}
	a.runs()
	require.Equal(t, 1, a.view().Untold)
	_, err = a.Desk.SettleDelivery(a.ctx, a.As(access.PrivacyLead), "", a.Case, jobs[0].Delivery, desk.SettleInput{Outcome: "accepted", Reason: "they answered"})
	require.NoError(t, err)
	a.runs()
	require.Zero(t, a.view().Untold)
	a.verified()
}

// A sending that was stopped half way is shown exactly; the rest is told anew, by another approval and dates of its own, and who was told
// keeps its dates.
func TestTheRestOfAStoppedSendingIsToldAnew(t *testing.T) {
	t.Parallel()
	a := announces(t, nil)
	a.judged()
	receipt, err := a.Desk.ReleaseNotice(a.ctx, a.As(access.CommsLead), "", a.Case, a.approved(), desk.ReleaseInput{First: 6})
	require.NoError(t, err)
	told := a.sends(*receipt.ID, nil)
	a.runs()
	before := a.customers()
	prolong := func(by time.Time) error {
		_, err := a.Desk.ProlongChange(a.ctx, a.As(access.CommsLead), "", a.Case, desk.ProlongInput{SendBy: by, Reason: "a wrong number in the text"})
		return err
	}
	require.Equal(t, "sending", blockerOf(prolong(time.Now().Add(9*day))), "the rest is paused, and could still leave")
	rest := scan[uuid.UUID](t, a.Database.Superuser, `SELECT id FROM campaign WHERE state = 'paused'`)
	a.later(3 * day)
	_, err = a.Desk.ResumeCampaign(a.ctx, a.As(access.CommsLead), "", a.Case, rest, desk.ReasonInput{Reason: "go on"})
	require.Equal(t, "send_by_passed", blockerOf(err), "its letters would say dates that have gone by")
	stopped, err := a.Desk.StopCampaign(a.ctx, a.As(access.CommsLead), "", a.Case, rest, desk.ReasonInput{Reason: "too late"})
	require.NoError(t, err)
	require.NotZero(t, stopped.Count)
	a.runs()
	require.Equal(t, 6, a.view().Told)
	require.Equal(t, 9, a.view().Untold)
	require.Equal(t, "objection_window", a.view().Status)

	text := changeText()
	drafted, err := a.Desk.DraftNotice(a.ctx, a.As(access.CommsLead), "", a.Case, desk.NoticeInput{Content: &text})
	require.NoError(t, err)
	_, err = a.Desk.SubmitNotice(a.ctx, a.As(access.CommsLead), "", a.Case, *drafted.ID, desk.SubmitInput{})
	require.NoError(t, err)
	a.approves(*drafted.ID)
	release := func() (desk.Receipt, error) {
		return a.Desk.ReleaseNotice(a.ctx, a.As(access.CommsLead), "", a.Case, *drafted.ID, desk.ReleaseInput{})
	}
	require.Equal(t, "send_by_passed", blockerOf(second(release())))
	require.NoError(t, prolong(time.Now().Add(9*day)))
	require.Error(t, second(release()), "the approval was of other dates")
	a.approves(*drafted.ID)
	again, err := release()
	require.NoError(t, err)
	sent := a.sends(*again.ID, nil)
	require.GreaterOrEqual(t, len(sent), 9, "some name two contacts")
	for _, job := range sent {
		for _, earlier := range told {
			require.NotEqual(t, earlier.To, job.To)
		}
	}
	a.runs()
	require.Zero(t, a.view().Untold)
	for ref, c := range a.customers() {
		if was := before[ref]; was.SentAt != nil {
			require.Equal(t, was.Effective, c.Effective, ref)
			require.Equal(t, was.WindowCloses, c.WindowCloses, ref)
		}
	}
	a.verified()
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

// The emergency path counts the shorter notice of those agreements alone that have one, names its clause, and is no writer's to take.
func TestTheEmergencyPathNamesItsClause(t *testing.T) {
	t.Parallel()
	a := announces(t, func(in *desk.OpenChangeInput) { in.Planned = time.Now().AddDate(0, 0, 20) })
	a.judged()
	before := a.customers()
	_, err := a.Desk.HastenChange(a.ctx, a.As(access.LegalCounsel), "", a.Case, desk.HastenInput{Clause: "5.5", Reason: "the provider before was breached"})
	require.NoError(t, err)
	require.Equal(t, "5.5", a.view().Emergency)
	after := a.customers()
	require.True(t, after["C-1008"].LastSending.After(before["C-1008"].LastSending), "five days instead of ninety")
	require.Equal(t, before["C-1001"].LastSending, after["C-1001"].LastSending, "it has no such clause")
	a.released()
	a.verified()
}

// A draft shows what is new against the version in force; what was published stays as it was.
func TestADraftIsHeldAgainstTheVersionInForce(t *testing.T) {
	t.Parallel()
	a := announces(t, func(in *desk.OpenChangeInput) {
		in.Kind, in.Subject, in.Document, in.Text = "policy", "", "data-retention-policy", "We keep content for seven days.\nWe keep logs for a year.\n"
	})
	_, err := a.Desk.SubmitChange(a.ctx, a.As(access.CommsLead), "", a.Case)
	require.NoError(t, err)
	_, err = a.Desk.JudgeChange(a.ctx, a.As(access.LegalCounsel), "", a.Case, desk.JudgeInput{Reason: "the first version on record"})
	require.NoError(t, err)
	in := newProvider()
	in.Kind, in.Subject, in.Document, in.Text = "policy", "", "data-retention-policy", "We keep content for ten days.\nWe keep logs for a year.\n"
	opened, err := a.Desk.OpenChange(a.ctx, a.As(access.CommsLead), "", in)
	require.NoError(t, err)
	first := a.Case
	a.Case = opened.Case
	view := a.view()
	require.Equal(t, 2, view.Version)
	var shown strings.Builder
	require.NoError(t, textdiff.Text(&shown, view.Diff, 3))
	require.Contains(t, shown.String(), "- We keep content for")
	require.Contains(t, shown.String(), "+ We keep content for")
	log, err := a.Desk.ChangeLog(a.ctx)
	require.NoError(t, err)
	require.Len(t, log.Documents[0].Versions, 1, "a draft is nobody's to read")
	a.judged()
	a.released()
	log, err = a.Desk.ChangeLog(a.ctx)
	require.NoError(t, err)
	require.Len(t, log.Documents[0].Versions, 2)
	require.Equal(t, 1, log.Entries[0].Before)
	a.verified()
	a.Case = first
	require.Equal(t, 1, a.view().Version)
	a.verified()
	_, err = a.Desk.Case(a.ctx, a.As(access.Auditor), a.view().Code)
	require.NoError(t, err)
	cases, err := a.Desk.Cases(a.ctx, a.As(access.Auditor), "archived", "", 10)
	require.NoError(t, err)
	require.Len(t, cases.Items, 1)
}

// A bounce after the acceptance takes the dates back that were counted from it: the customer was not told.
func TestABounceTakesTheDatesBack(t *testing.T) {
	t.Parallel()
	a := announces(t, nil)
	a.judged()
	sent := a.sends(a.released(), nil)
	a.runs()
	require.Zero(t, a.view().Untold)
	for _, job := range sent {
		if job.To == "dpo@halcyon.test" {
			require.NoError(t, a.Desk.Report(a.ctx, job.Delivery, desk.ReportInput{Kind: "bounced", Status: "5.1.1", At: time.Now(), Digest: [32]byte{7}}))
		}
	}
	a.runs()
	require.Equal(t, "untold", a.customers()["C-1008"].State)
	a.later(200 * day)
	require.False(t, a.may("C-1008").May)
	require.Equal(t, "objection_window", a.view().Status)
	a.verified()

	// Also where it had taken effect: the gateway says no again.
	require.True(t, a.may("C-1001").May)
	for _, job := range sent {
		if strings.HasSuffix(job.To, "@alder-finch.test") {
			require.NoError(t, a.Desk.Report(a.ctx, job.Delivery, desk.ReportInput{Kind: "bounced", Status: "5.1.1", At: time.Now(), Digest: [32]byte{8}}))
		}
	}
	a.runs()
	require.False(t, a.may("C-1001").May)
	require.Equal(t, "the customer was not told of the change yet", a.may("C-1001").Why)
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

// Whoever no address reaches is told by hand: the letter has dates of its own counted from now, and the customer's windows run from when two
// people say that it was handed over.
func TestWhoeverCannotBeReachedIsToldByHand(t *testing.T) {
	t.Parallel()
	a := announces(t, nil)
	a.judged()
	a.sends(a.released(), func(job desk.Job) bool { return strings.HasSuffix(job.To, "@oxbow.example.com") })
	a.runs()
	require.Equal(t, "untold", a.customers()["C-1015"].State)
	a.later(40 * day)
	owed := scan[uuid.UUID](t, a.Database.Superuser, `SELECT d.id FROM duty d JOIN customer c ON c.id = d.customer_id WHERE c.ref = 'C-1015'`)
	draft, err := a.Desk.ByHand(a.ctx, a.As(access.CommsLead), a.Case, owed)
	require.NoError(t, err)
	require.Empty(t, draft.Lacks)
	require.Contains(t, draft.Letter.Text, "Your dates")
	require.Contains(t, draft.Letter.Text, "/changes/"+a.Case.String())
	handed := scan[time.Time](t, a.Database.Superuser, `SELECT clock_timestamp() + clock_offset FROM cases WHERE id = $1`, a.Case)
	filed, err := a.Desk.FileByHand(a.ctx, a.As(access.CommsLead), "", a.Case, owed, desk.FileInput{FiledAt: handed, Zone: "UTC", How: "courier", Reference: "signed by the desk", Receipt: []byte("slip")})
	require.NoError(t, err)
	_, err = a.Desk.ConfirmFiling(a.ctx, a.As(access.PrivacyLead), "", a.Case, *filed.ID, desk.ReasonInput{Reason: "the slip was read"})
	require.NoError(t, err)
	a.runs()
	theirs := a.customers()["C-1015"]
	require.WithinDuration(t, handed, *theirs.SentAt, time.Second)
	require.True(t, theirs.Effective.After(handed.Add(30*day)))
	a.later(120 * day)
	require.True(t, a.may("C-1015").May)
	a.verified()
}

// A change of one service opens nothing for another, and reaches nobody who does not use it.
func TestAChangeOfOneServiceOpensNothingForAnother(t *testing.T) {
	t.Parallel()
	a := announces(t, func(in *desk.OpenChangeInput) { in.Services = []string{"image-studio"} })
	a.judged()
	a.sends(a.released(), nil)
	a.runs()
	a.later(300 * day)
	require.Equal(t, "effective", a.view().Status)
	may := func(customer, service string) bool {
		view, err := a.Desk.May(a.ctx, a.As(access.Integration), desk.MayInput{Subject: "example-models", Customer: customer, Service: service})
		require.NoError(t, err)
		return view.May
	}
	require.Less(t, a.view().Customers, 15)
	require.True(t, may("C-1015", "image-studio"))
	require.False(t, may("C-1015", "chat-api"), "it uses it, and was told of another")
	a.comes()
	require.True(t, may("T-00001", "image-studio"))
	require.False(t, may("T-00001", "chat-api"))
}

// A first slice that holds everybody leaves nothing behind that waits for a person.
func TestAFirstSliceOfEverybodyLeavesNoSendingBehind(t *testing.T) {
	t.Parallel()
	a := announces(t, nil)
	a.judged()
	receipt, err := a.Desk.ReleaseNotice(a.ctx, a.As(access.CommsLead), "", a.Case, a.approved(), desk.ReleaseInput{First: 15})
	require.NoError(t, err)
	require.NotEmpty(t, a.sends(*receipt.ID, nil))
	a.runs()
	require.Equal(t, "objection_window", a.view().Status)
	a.verified()
}
