package desk_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/problem"
	"github.com/atlascloudai/docket/desk"
)

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
