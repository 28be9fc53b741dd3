package clock_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/atlascloudai/docket/core/clock"
)

func TestMilestonesOfAClock(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 6, 12, 13, 20, 0, 0, time.UTC)
	after := func(d time.Duration) time.Time { return start.Add(d) }
	limit := func(d time.Duration) *time.Time { at := start.Add(d); return &at }
	fractions := []clock.Milestone{
		{Kind: clock.MilestoneHalf, At: after(36 * time.Hour)},
		{Kind: clock.MilestoneThreeQuarters, At: after(54 * time.Hour)},
		{Kind: clock.MilestoneNineTenths, At: after(64*time.Hour + 48*time.Minute)},
	}
	target := clock.Milestone{Kind: clock.MilestoneTarget, At: after(72 * time.Hour)}
	for name, clockCase := range map[string]struct {
		target time.Time
		limit  *time.Time
		want   []clock.Milestone
	}{
		"target and limit are one instant: it is the limit": {
			after(72 * time.Hour), limit(72 * time.Hour),
			append(fractions[:3:3], clock.Milestone{Kind: clock.MilestoneLimit, At: after(72 * time.Hour)}),
		},
		"the limit comes later: both": {
			after(72 * time.Hour), limit(72*time.Hour + 40*time.Minute),
			append(fractions[:3:3], target, clock.Milestone{Kind: clock.MilestoneLimit, At: after(72*time.Hour + 40*time.Minute)}),
		},
		"the law gives no number: no limit": {
			after(72 * time.Hour), nil,
			append(fractions[:3:3], target),
		},
		"fractions of a second are rounded down": {
			after(time.Second), nil,
			[]clock.Milestone{
				{Kind: clock.MilestoneHalf, At: start},
				{Kind: clock.MilestoneThreeQuarters, At: start},
				{Kind: clock.MilestoneNineTenths, At: start},
				{Kind: clock.MilestoneTarget, At: after(time.Second)},
			},
		},
		"born overdue: nothing lies on the way": {
			after(-time.Hour), limit(-time.Hour),
			[]clock.Milestone{{Kind: clock.MilestoneLimit, At: after(-time.Hour)}},
		},
	} {
		require.Equal(t, clockCase.want, clock.Milestones(start, clockCase.target, clockCase.limit), name)
	}
}

func TestMilestonesComeInOrderAndWithinTheClock(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		start := time.Unix(rapid.Int64Range(-1e10, 1e11).Draw(t, "start"), 0)
		target := start.Add(time.Duration(rapid.Int64Range(1, 1<<62).Draw(t, "way")))
		limit := target.Add(time.Duration(rapid.Int64Range(0, int64(time.Hour)).Draw(t, "relaxation")))
		milestones := clock.Milestones(start, target, &limit)
		require.Equal(t, clock.MilestoneLimit, milestones[len(milestones)-1].Kind)
		for i, milestone := range milestones {
			require.False(t, milestone.At.Before(start))
			require.False(t, milestone.At.After(limit))
			require.True(t, i == 0 || !milestone.At.Before(milestones[i-1].At))
		}
	})
}
