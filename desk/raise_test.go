package desk_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/desk"
)

func (r *room) raiseDue() int {
	r.t.Helper()
	n, err := r.Desk.RaiseDue(r.ctx, r.Case)
	require.NoError(r.t, err)
	return n
}

func (r *room) escalate() int {
	r.t.Helper()
	n, err := r.Desk.EscalateDue(r.ctx, r.Case)
	require.NoError(r.t, err)
	return n
}

func (r *room) pages() []desk.PageJob {
	r.t.Helper()
	jobs, err := r.Desk.ClaimPages(r.ctx, r.Case, 100)
	require.NoError(r.t, err)
	return jobs
}

func TestAMilestoneIsRaisedOncePerInstantWithItsCount(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	aware := r.ago(time.Hour)
	r.Aware(t, r.Case, aware)
	r.Parties(t, r.Case, "C-1001", "C-1002", "C-1003", "C-1008")
	require.Zero(t, r.raiseDue(), "nothing has passed yet")

	r.advance(12 * time.Hour) // Half of 24 hours: one customer.
	require.Equal(t, 1, r.raiseDue())
	r.advance(12 * time.Hour) // Half of 48 hours: three; and the end of the 24.
	require.Equal(t, 4, r.raiseDue(), "on the way it passed three quarters and nine tenths of the 24 too")
	halves := r.raises("half")
	require.Len(t, halves, 2)
	require.Equal(t, []int{1, 3}, []int{halves[0].Count, halves[1].Count})
	require.Equal(t, aware.Add(24*time.Hour).Truncate(time.Second), halves[1].DueAt.Truncate(time.Second))
	require.Zero(t, r.raiseDue(), "whoever looks again raises nothing")
	require.Len(t, r.pages(), 4, "each goes to the pager, with mail as a copy; what passed together goes once")
}

func TestWhatWasMissedDuringAStandstillIsRaisedOnceAndTogether(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	aware := r.ago(time.Hour)
	r.Aware(t, r.Case, aware)
	r.Parties(t, r.Case, "C-1001", "C-1002", "C-1003", "C-1008")
	r.advance(100 * time.Hour) // Nothing ran.
	require.Equal(t, 8, r.raiseDue())
	pages := r.pages()
	require.Len(t, pages, 2, "one page to the pager and its copy by mail")
	require.Equal(t, "limit", pages[0].Kind, "the gravest leads")
	require.Equal(t, 4, pages[0].Count, "each duty is counted once, however many instants it passed")
	all, err := r.Desk.Raises(r.ctx, r.As(access.Observer), r.Case)
	require.NoError(t, err)
	marks := map[time.Time]int{}
	var leader uuid.UUID
	for _, one := range all {
		if one.Kind == "limit" {
			marks[one.DueAt] = one.Count
		}
		if one.LedBy == nil {
			require.Equal(t, uuid.Nil, leader, "one leads")
			leader = one.ID
		}
	}
	require.Equal(t, map[time.Time]int{aware.Add(24 * time.Hour).UTC(): 1, aware.Add(48 * time.Hour).UTC(): 3}, marks, "the overdue marks stand at the due instants")
	require.Len(t, r.entries("duty.overdue"), 2)

	_, err = r.Desk.AcknowledgeRaise(r.ctx, r.As(access.PrivacyLead), "", r.Case, leader, desk.AnswerInput{Note: "on it"})
	require.NoError(t, err)
	all, err = r.Desk.Raises(r.ctx, r.As(access.Observer), r.Case)
	require.NoError(t, err)
	for _, one := range all {
		require.NotNil(t, one.AcknowledgedAt, "who takes the leading one has taken all")
	}
	require.Zero(t, r.raiseDue())
}

func TestAMissedDeadlineIsRecordedAtItsInstantWheneverItWasNoticed(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	aware := r.ago(time.Hour)
	r.Aware(t, r.Case, aware)
	r.Parties(t, r.Case, "C-1008")
	r.advance(500 * time.Hour) // Every worker was down.
	r.raiseDue()
	missed := r.raises("limit")
	require.Len(t, missed, 1)
	require.Equal(t, aware.Add(24*time.Hour).UTC(), missed[0].DueAt)
	require.Equal(t, []string{"privacy_lead", "executive_sponsor"}, missed[0].Roles)
	page, err := r.Desk.Timeline(r.ctx, r.As(access.Auditor), r.Case, "", 500)
	require.NoError(t, err)
	var overdue []desk.EntryView
	for _, e := range page.Items {
		if e.Kind == "duty.overdue" {
			overdue = append(overdue, e)
		}
	}
	require.Len(t, overdue, 1)
	require.Equal(t, aware.Add(24*time.Hour).UTC(), overdue[0].HappenedAt)
	require.True(t, overdue[0].RecordedAt.After(overdue[0].HappenedAt.Add(400*time.Hour)))
	require.Equal(t, "overdue", r.duty("C-1008").Clock)

	r.send(r.Released(t, r.Case), "direct", all(accepted))
	require.True(t, r.duty("C-1008").Late, "nothing blocks a late notice from going, and late it stays")
}

func TestAMilestoneOfDutiesThatAreMetRaisesNobody(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.Aware(t, r.Case, r.ago(time.Hour))
	r.Parties(t, r.Case, "C-1001")
	r.send(r.Released(t, r.Case), "direct", all(accepted))
	r.advance(100 * time.Hour)
	require.Equal(t, 4, r.raiseDue(), "they are taken, so that the process goes on at once")
	require.Zero(t, r.raiseDue())
	all, err := r.Desk.Raises(r.ctx, r.As(access.Observer), r.Case)
	require.NoError(t, err)
	require.Empty(t, all)
}

func TestAnEscalationGoesOnUntilSomebodyAcknowledges(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.Aware(t, r.Case, r.ago(22*time.Hour))
	r.Parties(t, r.Case, "C-1008")
	r.raiseDue()
	nearly := func() desk.RaiseView { return r.raises("nine_tenths")[0] }
	require.Equal(t, []string{"privacy_lead", "comms_lead"}, nearly().Roles)
	require.Zero(t, r.escalate(), "they have a quarter of an hour")
	r.advance(16 * time.Minute)
	require.Equal(t, 1, r.escalate(), "the warnings before it go to the next after an hour only")
	require.Equal(t, []string{"incident_commander", "legal_counsel"}, nearly().Roles)
	require.Equal(t, 1, nearly().Step)

	_, err := r.Desk.AcknowledgeRaise(r.ctx, r.As(access.IncidentCommander), "", r.Case, nearly().ID, desk.AnswerInput{Note: "on it"})
	require.NoError(t, err)
	require.Nil(t, nearly().NextStepAt)
	require.Equal(t, r.As(access.IncidentCommander).ID, nearly().AcknowledgedBy)
	require.Zero(t, nearly().PagesOpen, "nobody else is woken for what somebody has taken")
	for _, page := range r.pages() {
		require.NotEqual(t, nearly().ID, page.Raise)
	}
	_, err = r.Desk.AcknowledgeRaise(r.ctx, r.As(access.PrivacyLead), "", r.Case, nearly().ID, desk.AnswerInput{})
	refused(t, err, "already_acknowledged")
	r.advance(time.Hour)
	r.escalate()
	require.Equal(t, 1, nearly().Step)
}

func TestNobodysAnswerLeadsToTheLastStepAndNoFurther(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.Aware(t, r.Case, r.ago(22*time.Hour))
	r.Parties(t, r.Case, "C-1008")
	r.raiseDue()
	r.advance(24 * time.Hour)
	for r.escalate() > 0 {
		require.Less(t, len(r.kinds()), 100)
	}
	last := r.raises("nine_tenths")[0]
	require.Equal(t, []string{"executive_sponsor"}, last.Roles)
	require.Equal(t, 2, last.Step)
	require.Nil(t, last.NextStepAt)
}

func TestAPageThatWasNotTakenStaysOpenAndOneThatWasIsNotSentAgain(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.Aware(t, r.Case, r.ago(13*time.Hour))
	r.Parties(t, r.Case, "C-1008")
	require.Equal(t, 1, r.raiseDue())
	jobs := r.pages()
	require.Len(t, jobs, 2)
	require.Empty(t, r.pages(), "what one process has claimed no other sends")
	require.NoError(t, r.Desk.PageAnswered(r.ctx, jobs[0], desk.PageAnswer{Taken: true, Code: 202}))
	require.NoError(t, r.Desk.PageAnswered(r.ctx, jobs[1], desk.PageAnswer{Code: 503, Class: "busy"}))
	require.Equal(t, 1, r.raises("half")[0].PagesOpen)
	require.Eventually(t, func() bool {
		again := r.pages()
		return len(again) == 1 && again[0].ID == jobs[1].ID && again[0].Attempt == 2
	}, 20*time.Second, 50*time.Millisecond)
}

func TestTheWatchdogSeesWhatNobodyRaised(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.Aware(t, r.Case, r.ago(13*time.Hour))
	overdue := func() []uuid.UUID {
		cases, err := r.Desk.Overdue(r.ctx, time.Minute)
		require.NoError(t, err)
		return cases
	}
	require.Empty(t, overdue())
	r.Parties(t, r.Case, "C-1008")
	require.Equal(t, []uuid.UUID{r.Case}, overdue())
	r.raiseDue()
	require.Empty(t, overdue(), "its pages are young yet")
}

func TestOnlyADrillsClockIsMovedAndOnlyForward(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	real, err := r.Desk.Open(r.ctx, r.As(access.Responder), "", desk.OpenInput{Title: "Bucket was public"})
	require.NoError(t, err)
	ahead, past := r.now().Add(time.Hour), r.now().Add(-time.Hour)
	r.unchanged(func() {
		_, err := r.Desk.AdvanceClock(r.ctx, r.As(access.IncidentCommander), "k", real.Case, desk.AdvanceInput{To: &ahead})
		refused(t, err, "not_a_drill")
		_, err = r.Desk.AdvanceClock(r.ctx, r.As(access.IncidentCommander), "k", r.Case, desk.AdvanceInput{To: &past})
		code(t, "invalid", err)
		_, err = r.Desk.AdvanceClock(r.ctx, r.As(access.IncidentCommander), "k", r.Case, desk.AdvanceInput{})
		refused(t, err, "nothing_ahead")
	})
	r.Aware(t, r.Case, r.ago(time.Hour))
	r.Parties(t, r.Case, "C-1008")
	before := r.now()
	_, err = r.Desk.AdvanceClock(r.ctx, r.As(access.IncidentCommander), "", r.Case, desk.AdvanceInput{})
	require.NoError(t, err)
	require.WithinDuration(t, before.Add(11*time.Hour), r.now(), time.Minute, "without an instant it goes to the next milestone")
	require.Equal(t, 1, r.raiseDue())
}

func TestADrillAppearsInNoFigure(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.Aware(t, r.Case, r.ago(30*time.Hour))
	r.Parties(t, r.Case, "C-1008")
	r.raiseDue()
	r.Released(t, r.Case)
	status, err := r.Desk.Status(r.ctx, r.As(access.Admin))
	require.NoError(t, err)
	require.Empty(t, status.Duties)
	require.Empty(t, status.Deliveries)
	require.Zero(t, status.OpenRaises)
}
