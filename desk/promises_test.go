package desk_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/letters"
	"github.com/atlascloudai/docket/desk"
	"github.com/atlascloudai/docket/testkit"
)

// notYetKnown is a complete notice that says by when some elements will be known.
func notYetKnown(by map[string]time.Time) letters.Notice {
	text := testkit.Text()
	for element, at := range by {
		text.Languages["en"].Elements[element] = letters.Fill{State: letters.NotYetKnown, By: &at}
	}
	return text
}

// sent drafts, approves, releases and sends a notice.
func (r *room) sent(in desk.NoticeInput) uuid.UUID {
	r.t.Helper()
	drafted, err := r.Desk.DraftNotice(r.ctx, r.As(access.CommsLead), "", r.Case, in)
	require.NoError(r.t, err)
	notice := *drafted.ID
	require.NoError(r.t, r.submit(notice))
	require.NoError(r.t, r.approve(access.PrivacyLead, notice, r.digest(notice)))
	require.NoError(r.t, r.release(notice))
	r.send(r.sending(notice), "direct", all(accepted))
	return notice
}

// promising is a room in which two customers were told what is not yet known, and by when it will be.
func promising(t *testing.T) (r *room, notice uuid.UUID, by time.Time) {
	r = newRoom(t)
	r.Aware(t, r.Case, r.ago(time.Hour))
	r.Parties(t, r.Case, "C-1001", "C-1003")
	by = r.now().Add(30 * time.Hour).Truncate(time.Microsecond).UTC()
	text := notYetKnown(map[string]time.Time{letters.LikelyConsequences: by, letters.Nature: by.Add(time.Hour)})
	return r, r.sent(desk.NoticeInput{Content: &text}), by
}

func TestWhatANoticeLeavesOpenIsADutyToEachWhoWasTold(t *testing.T) {
	t.Parallel()
	r, notice, by := promising(t)
	require.Len(t, r.duties(), 4, "one to each customer, however many contacts it has")
	for _, customer := range []string{"C-1001", "C-1003"} {
		told, owed := r.duty(customer), r.duty(customer+" promised-update")
		require.Equal(t, "met", told.State)
		require.Equal(t, "required", owed.State, "the notice that made the promise does not keep it")
		require.Equal(t, told.ID, *owed.Follows)
		require.Equal(t, "promise/"+notice.String(), owed.Term)
		require.Equal(t, []time.Time{by, by}, []time.Time{*owed.Target, *owed.Limit}, "by the earliest instant that was promised")
		require.Contains(t, owed.Clause, "nature, likely_consequences")
		require.Contains(t, string(owed.Why), "likely_consequences was not yet known")
		require.Len(t, owed.History, 1)
	}
	ok, problem := r.verify()
	require.True(t, ok, problem)
	_, err := r.Desk.Close(r.ctx, r.As(access.PrivacyLead), "", r.Case, desk.CloseInput{})
	require.ErrorContains(t, err, "open_duties", "the case stays open for it")

	r.advance(31 * time.Hour)
	_, err = r.Desk.RaiseDue(r.ctx, r.Case)
	require.NoError(t, err)
	raised := r.raises("limit")
	require.Len(t, raised, 1, "both share the clock")
	require.Equal(t, 2, raised[0].Count)
	require.Equal(t, by, raised[0].DueAt.UTC())
	require.Equal(t, "overdue", r.duty("C-1001 promised-update").Clock)
}

func TestThePromiseIsKeptByTheNextUpdate(t *testing.T) {
	t.Parallel()
	r, first, by := promising(t)
	plain := r.draft(access.CommsLead, testkit.Text())
	require.NoError(t, r.submit(plain))
	refused(t, r.approve(access.PrivacyLead, plain, r.digest(plain)), "no_recipients")

	lacking := saying(letters.Nature)
	drafted, err := r.Desk.DraftNotice(r.ctx, r.As(access.CommsLead), "", r.Case, desk.NoticeInput{Content: &lacking, Update: true})
	require.NoError(t, err)
	found := blockers(t, r.submit(*drafted.ID))
	require.Len(t, found, 1, "an update says what was promised, and need not say the rest again")
	require.Equal(t, 2, found["en/likely_consequences"].Count)
	require.Contains(t, found["en/likely_consequences"].Detail, "promised in "+first.String())

	r.advance(20 * time.Hour)
	text := saying(letters.Nature, letters.LikelyConsequences)
	drafted, err = r.Desk.DraftNotice(r.ctx, r.As(access.CommsLead), "", r.Case, desk.NoticeInput{Content: &text, Update: true})
	require.NoError(t, err)
	require.NoError(t, r.submit(*drafted.ID))
	preview, err := r.Desk.Preview(r.ctx, r.As(access.PrivacyLead), r.Case, *drafted.ID, 0)
	require.NoError(t, err)
	require.Contains(t, preview.Letter.Text, "under Standard Data Processing Terms 2025.2, 7.1", "a letter cites the agreement, not our own promise")
	require.NoError(t, r.approve(access.PrivacyLead, *drafted.ID, preview.Digest))
	require.NoError(t, r.release(*drafted.ID))
	r.send(r.sending(*drafted.ID), "direct", all(accepted))
	for _, customer := range []string{"C-1001", "C-1003"} {
		kept := r.duty(customer + " promised-update")
		require.Equal(t, "met", kept.State)
		require.False(t, kept.Late)
		require.True(t, kept.MetAt.Before(by))
		require.Equal(t, first, *r.duty(customer).Notice)
	}
	ok, problem := r.verify()
	require.True(t, ok, problem)
}

// A promise that is put off is another promise.
func TestAnUpdateMayPromiseAgain(t *testing.T) {
	t.Parallel()
	r, _, by := promising(t)
	text := notYetKnown(map[string]time.Time{letters.LikelyConsequences: by.Add(48 * time.Hour)})
	second := r.sent(desk.NoticeInput{Content: &text, Update: true})
	page, err := r.Desk.Duties(r.ctx, r.As(access.PrivacyLead), r.Case, "required", "", 500)
	require.NoError(t, err)
	require.Len(t, page.Items, 2)
	for _, one := range page.Items {
		require.Equal(t, "promise/"+second.String(), one.Term)
		require.Equal(t, by.Add(48*time.Hour), *one.Limit)
	}
	ok, problem := r.verify()
	require.True(t, ok, problem)
}

// Whoever was told hears of a later wave nothing, and the later wave is owed the whole notice.
func TestANoticeToALaterWaveLeavesPromisesToTheEarlierOnesAlone(t *testing.T) {
	t.Parallel()
	r, _, _ := promising(t)
	r.Parties(t, r.Case, "C-1002")
	text := testkit.Text()
	r.sent(desk.NoticeInput{Content: &text})
	require.Equal(t, "met", r.duty("C-1002").State)
	require.Len(t, r.deliveries("C-1001"), 1)
	require.Equal(t, "required", r.duty("C-1001 promised-update").State)
	require.NotContains(t, r.duties(), "C-1002 promised-update", "this notice leaves nothing open")
}

func TestSendingAgainPromisesNothingTwice(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.Aware(t, r.Case, r.ago(time.Hour))
	r.Parties(t, r.Case, "C-1001")
	text := notYetKnown(map[string]time.Time{letters.Nature: r.now().Add(30 * time.Hour)})
	notice := r.draft(access.CommsLead, text)
	require.NoError(t, r.submit(notice))
	require.NoError(t, r.approve(access.PrivacyLead, notice, r.digest(notice)))
	require.NoError(t, r.release(notice))
	r.send(r.sending(notice), "direct", all(refusedBy(550)))
	_, err := r.Desk.SettleDelivery(r.ctx, r.As(access.CommsLead), "", r.Case, r.deliveries("C-1001")[0].ID, desk.SettleInput{Outcome: "resend", Reason: "they repaired it"})
	require.NoError(t, err)
	r.send(r.sending(notice), "direct", all(accepted))
	require.Len(t, r.duties(), 2)
	require.Equal(t, "met", r.duty("C-1001").State)
	require.Equal(t, "required", r.duty("C-1001 promised-update").State)
}

// Who was not reached has nothing to be updated: the next whole notice goes there, and keeps the promise as well.
func TestWhoeverWasNotReachedGetsTheWholeNotice(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.Aware(t, r.Case, r.ago(time.Hour))
	r.Parties(t, r.Case, "C-1001", "C-1002")
	text := notYetKnown(map[string]time.Time{letters.Nature: r.now().Add(30 * time.Hour)})
	notice := r.draft(access.CommsLead, text)
	require.NoError(t, r.submit(notice))
	require.NoError(t, r.approve(access.PrivacyLead, notice, r.digest(notice)))
	require.NoError(t, r.release(notice))
	r.send(r.sending(notice), "direct", func(job desk.Job) desk.Answer {
		if job.To == "security@borealis.test" {
			return refusedBy(550)
		}
		return accepted
	})
	r.reimport("security@borealis.test", "soc@borealis.test")
	update := saying(letters.Nature)
	r.sent(desk.NoticeInput{Content: &update, Update: true})
	require.Equal(t, "met", r.duty("C-1001 promised-update").State)
	require.Equal(t, "required", r.duty("C-1002 promised-update").State)
	whole := testkit.Text()
	r.sent(desk.NoticeInput{Content: &whole})
	require.Equal(t, "met", r.duty("C-1002").State)
	require.Equal(t, "met", r.duty("C-1002 promised-update").State)
	ok, problem := r.verify()
	require.True(t, ok, problem)
}

func TestAnEarlierAwarenessMovesNoPromise(t *testing.T) {
	t.Parallel()
	r, _, by := promising(t)
	r.start("aware_processor", r.ago(40*time.Hour), "an older alert")
	require.Equal(t, by, *r.duty("C-1001 promised-update").Limit)
	require.True(t, r.duty("C-1001").Target.Before(by))
}

func TestAPromiseThatWasTamperedWithIsFound(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ statement, finding string }{
		"moved":   {`UPDATE duty SET target = target + interval '1 day', limit_at = limit_at + interval '1 day' WHERE case_id = $1 AND follows IS NOT NULL`, "instants"},
		"removed": {`DELETE FROM duty_due USING duty d WHERE d.id = duty_id AND d.case_id = $1 AND d.follows IS NOT NULL; DELETE FROM duty WHERE case_id = $1 AND follows IS NOT NULL`, "rows"},
		"hidden":  {`UPDATE duty SET start_word = 'aware_processor' WHERE case_id = $1 AND follows IS NOT NULL`, "promises"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, _, _ := promising(t)
			r.tamper(c.statement)
			ok, problem := r.verify()
			require.False(t, ok)
			require.Contains(t, problem, c.finding)
		})
	}
}

// What an authority was told as not yet known is due to it as well (GDPR art. 33(4)).
func TestWhatAFilingLeavesOpenIsADutyToTheAuthority(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.start("aware_controller", r.ago(10*time.Hour), "")
	owed := r.authority()
	in := filedInput(r.ago(time.Hour))
	in.Unknown = []letters.Promise{{Element: "weather", By: r.now()}}
	file := func(id uuid.UUID) (desk.Receipt, error) {
		return r.Desk.FileByHand(r.ctx, r.As(access.PrivacyLead), "", r.Case, id, in)
	}
	r.unchanged(func() {
		_, err := file(owed.ID)
		names(t, "unknown[0].element", err)
		in.Unknown = []letters.Promise{{Element: letters.LikelyConsequences, By: in.FiledAt}}
		_, err = file(owed.ID)
		names(t, "unknown[0].by", err)
	})
	by := r.now().Add(72 * time.Hour).Truncate(time.Microsecond).UTC()
	r.Parties(t, r.Case, "C-1012") // The text that was approved for a customer serves for the filing.
	r.Aware(t, r.Case, r.ago(time.Hour))
	text := saying(agreed...)
	text.Languages["en"].Elements[letters.LikelyConsequences] = letters.Fill{State: letters.NotYetKnown, By: &by}
	notice := r.draft(access.CommsLead, text)
	require.NoError(t, r.submit(notice))
	require.NoError(t, r.approve(access.PrivacyLead, notice, r.digest(notice)))
	pack, err := r.Desk.ByHand(r.ctx, r.As(access.PrivacyLead), r.Case, owed.ID)
	require.NoError(t, err)
	require.Equal(t, []string{letters.CategoriesAndNumbers}, pack.Lacks, "what GDPR art. 33(3) asks and the letter does not say")
	require.Equal(t, []letters.Promise{{Element: letters.LikelyConsequences, By: by}}, pack.Unknown)

	in.Unknown = []letters.Promise{{Element: letters.LikelyConsequences, By: by.Add(time.Hour)}, {Element: letters.CategoriesAndNumbers, By: by}}
	filed, err := file(owed.ID)
	require.NoError(t, err)
	const promised = "authority/lead SA IE promised-update"
	follow := r.duty(promised)
	require.Equal(t, owed.ID, *follow.Follows)
	require.Equal(t, by, *follow.Limit)
	require.Equal(t, "promise/"+filed.ID.String(), follow.Term)

	in = filedInput(r.now())
	update, err := file(follow.ID)
	require.NoError(t, err)
	_, err = r.Desk.ConfirmFiling(r.ctx, r.As(access.CommsLead), "", r.Case, *update.ID, desk.ReasonInput{Reason: "read"})
	require.NoError(t, err)
	require.Equal(t, "met", r.duty(promised).State)
	ok, problem := r.verify()
	require.True(t, ok, problem)
}
