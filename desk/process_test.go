package desk_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/desk"
)

func (r *room) next(heard int64) desk.Next {
	r.t.Helper()
	next, err := r.Desk.NextCase(r.ctx, r.Case, heard)
	require.NoError(r.t, err)
	return next
}

func (r *room) heard() int64 {
	return scan[int64](r.t, r.Database.Superuser, `SELECT heard FROM bell WHERE workflow_id = $1`, desk.KindIncident+"/"+r.Case.String())
}

func TestAProcessAsksUntilNothingIsDueAndThenSleepsUntilTheNextInstant(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.Aware(t, r.Case, r.ago(time.Hour))
	r.Parties(t, r.Case, "C-1008")
	r.advance(12 * time.Hour)

	next := r.next(0)
	require.Equal(t, []string{"raise"}, next.Stages)
	require.Nil(t, next.WakeAt)
	require.Zero(t, r.heard(), "what was not acted on is not yet heard")
	r.raiseDue()
	next = r.next(0)
	require.Equal(t, []string{"page"}, next.Stages)
	for _, page := range r.pages() {
		require.NoError(t, r.Desk.PageAnswered(r.ctx, page, desk.PageAnswer{Taken: true, Code: 202}))
	}
	next = r.next(next.Heard)
	require.Empty(t, next.Stages)
	require.NotNil(t, next.WakeAt)
	require.Equal(t, next.Heard, r.heard(), "with nothing to do, looking was acting")
	// In an hour of the case the raise goes to its next step; a drill's clock runs ahead of the real one.
	require.WithinDuration(t, time.Now().Add(time.Hour), *next.WakeAt, time.Minute)

	_, err := r.Desk.RecordTechnical(r.ctx, r.As(access.Responder), "", r.Case, desk.TechnicalInput{Milestone: "contained"})
	require.NoError(t, err)
	require.Greater(t, r.next(next.Heard).Heard, next.Heard, "a new fact rings")
}

// A sender that was lost between the other side's acceptance and our commit leaves an unknown outcome: a deadline
// notice goes again with the same bytes, and says that it may arrive twice.
func TestWhatALostSenderHadBegunIsSentAgainAndMarked(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.Aware(t, r.Case, r.ago(time.Hour))
	r.Parties(t, r.Case, "C-1001", "C-1002")
	campaign := r.Released(t, r.Case)
	lost, err := r.Desk.Claim(r.ctx, campaign, uuid.New(), 10)
	require.NoError(t, err)
	require.Len(t, lost, 2)
	begun := lost[0]
	require.NoError(t, r.Desk.Begin(r.ctx, begun, [32]byte{1}, "direct"))
	none, err := r.Desk.Claim(r.ctx, campaign, uuid.New(), 10)
	require.NoError(t, err)
	require.Empty(t, none, "while the lease holds nobody else sends")

	r.query(`UPDATE delivery SET lease_until = clock_timestamp() - interval '1 second' WHERE claim IS NOT NULL`)
	again, err := r.Desk.Claim(r.ctx, campaign, uuid.New(), 10)
	require.NoError(t, err)
	require.Len(t, again, 2)
	refused(t, r.Desk.Finish(r.ctx, begun, accepted), "not_ours")
	for _, job := range again {
		if job.Delivery == begun.Delivery {
			require.Equal(t, begun.ID, job.ID, "the same Message-ID")
			require.Equal(t, begun.Instant, job.Instant)
			require.Equal(t, begun.Letter, job.Letter)
			require.Equal(t, [32]byte{1}, job.Digest)
			require.Equal(t, 2, job.Attempt)
		} else {
			require.Equal(t, 1, job.Attempt, "what was not begun was not tried")
		}
		require.NoError(t, r.Desk.Begin(r.ctx, job, [32]byte{1}, "direct"))
		require.NoError(t, r.Desk.Finish(r.ctx, job, accepted))
	}
	require.NoError(t, r.Desk.Seal(r.ctx, campaign))
	duplicates := 0
	for _, ref := range []string{"C-1001", "C-1002"} {
		one := r.deliveries(ref)[0]
		require.Equal(t, "accepted", one.State)
		if one.PossibleDuplicate {
			duplicates++
			require.Equal(t, begun.Delivery, one.ID)
		}
	}
	require.Equal(t, 1, duplicates)
	view, err := r.Desk.Delivery(r.ctx, r.As(access.Auditor), r.Case, begun.Delivery)
	require.NoError(t, err)
	var kinds []string
	for _, e := range view.Events {
		kinds = append(kinds, e.Kind)
	}
	require.Equal(t, []string{"in_flight", "unknown", "in_flight", "accepted"}, kinds)
	ok, problem := r.verify()
	require.True(t, ok, problem)
}

func TestASealedPageTakesNoMoreRows(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.Aware(t, r.Case, r.ago(time.Hour))
	r.Parties(t, r.Case, "C-1001", "C-1002")
	campaign, page := r.Released(t, r.Case), uuid.New()
	jobs, err := r.Desk.Claim(r.ctx, campaign, page, 1)
	require.NoError(t, err)
	require.NoError(t, r.Desk.Begin(r.ctx, jobs[0], [32]byte{1}, "direct"))
	require.NoError(t, r.Desk.Finish(r.ctx, jobs[0], accepted))
	require.NoError(t, r.Desk.Seal(r.ctx, campaign))
	late, err := r.Desk.Claim(r.ctx, campaign, page, 1)
	require.NoError(t, err)
	require.Empty(t, late)
	require.Equal(t, 1, r.send(campaign, "direct", all(accepted)), "another page goes on")
	ok, problem := r.verify()
	require.True(t, ok, problem)
}

func TestAMessageThatCannotBeMadeDoesNotHoldOthersUp(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.Aware(t, r.Case, r.ago(time.Hour))
	r.Parties(t, r.Case, "C-1001", "C-1002")
	campaign := r.Released(t, r.Case)
	jobs, err := r.Desk.Claim(r.ctx, campaign, uuid.New(), 10)
	require.NoError(t, err)
	jobs[0].Poison = "the letter cannot be rendered: invalid"
	for _, job := range jobs {
		require.NoError(t, r.Desk.Begin(r.ctx, job, [32]byte{1}, "direct"))
		require.NoError(t, r.Desk.Finish(r.ctx, job, accepted))
	}
	states := map[string]int{}
	for _, ref := range []string{"C-1001", "C-1002"} {
		states[r.deliveries(ref)[0].State]++
	}
	require.Equal(t, map[string]int{"refused": 1, "accepted": 1}, states)
}
