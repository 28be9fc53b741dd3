package desk_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/problem"
	"github.com/atlascloudai/docket/desk"
	"github.com/atlascloudai/docket/testkit"
)

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
