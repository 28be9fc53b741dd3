package desk_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/desk"
)

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
