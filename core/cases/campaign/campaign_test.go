package campaign_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/atlascloudai/docket/core/cases"
	"github.com/atlascloudai/docket/core/cases/campaign"
)

var now = time.Date(2026, 3, 9, 22, 0, 0, 0, time.UTC)

func in(d time.Duration) *time.Time { at := now.Add(d); return &at }

func TestTheAgendaOfACampaign(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		next   campaign.Next
		stages []cases.Stage
		wake   *time.Time
	}{
		"recipients are due":                  {next: campaign.Next{State: campaign.Running, Outstanding: true, Send: in(-1)}, stages: []cases.Stage{campaign.StageSend}},
		"a recipient is tried later":          {next: campaign.Next{State: campaign.Running, Outstanding: true, Send: in(time.Hour)}, wake: in(time.Hour)},
		"a sender holds the last":             {next: campaign.Next{State: campaign.Running, Outstanding: true, Lease: in(time.Minute)}, wake: in(time.Minute)},
		"a sender never came back":            {next: campaign.Next{State: campaign.Running, Outstanding: true, Send: in(time.Hour), Lease: in(-1)}, stages: []cases.Stage{campaign.StageSend}},
		"a page waits for its seal":           {next: campaign.Next{State: campaign.Running, Outstanding: true, Send: in(time.Hour), Unsealed: true}, stages: []cases.Stage{campaign.StageSeal}, wake: in(time.Hour)},
		"nobody is left to try":               {next: campaign.Next{State: campaign.Running}, stages: []cases.Stage{campaign.StageFinish}},
		"the last page, then the end":         {next: campaign.Next{State: campaign.Running, Unsealed: true}, stages: []cases.Stage{campaign.StageSeal, campaign.StageFinish}},
		"paused sends nothing":                {next: campaign.Next{State: campaign.Paused, Outstanding: true, Send: in(-1)}},
		"paused takes over lost claims":       {next: campaign.Next{State: campaign.Paused, Outstanding: true, Send: in(-1), Lease: in(-1)}, stages: []cases.Stage{campaign.StageSend}},
		"paused seals all the same":           {next: campaign.Next{State: campaign.Paused, Outstanding: true, Send: in(-1), Unsealed: true}, stages: []cases.Stage{campaign.StageSeal}},
		"stopped ends only what is under way": {next: campaign.Next{State: campaign.Stopped, Outstanding: true, Lease: in(time.Minute)}, wake: in(time.Minute)},
		"done does nothing":                   {next: campaign.Next{State: campaign.Done}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			agenda := campaign.Agenda(c.next, now)
			require.Equal(t, c.stages, agenda.Stages)
			require.Equal(t, c.wake, agenda.Wake)
		})
	}
}

// Tries is the story of a recipient that is deferred every time, up to an end.
func tries(first time.Time, deadline *time.Time, waits []time.Duration, end time.Time) []time.Time {
	at := []time.Time{first}
	for attempt := 1; at[len(at)-1].Before(end); attempt++ {
		var wait time.Duration
		if len(waits) > 0 {
			wait = waits[attempt%len(waits)]
		}
		at = append(at, campaign.Retry(first, at[len(at)-1], deadline, attempt, wait))
	}
	return at
}

func TestADeferredRecipientIsAlwaysTriedOnceMoreBeforeTimeRunsShort(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		span := time.Duration(rapid.Int64Range(int64(time.Second), int64(100*time.Hour)).Draw(t, "span"))
		deadline := now.Add(span)
		waits := rapid.SliceOfN(rapid.Map(rapid.IntRange(0, 48*60), func(n int) time.Duration { return time.Duration(n) * time.Minute }), 0, 4).Draw(t, "waits")
		all := tries(now, &deadline, waits, deadline.Add(time.Hour))
		for i, at := range all[1:] {
			require.True(t, at.After(all[i]), "a next try lies after now")
		}
		for name, mark := range map[string]time.Time{"last 25 %": deadline.Add(-span / 4), "last 10 %": deadline.Add(-span / 10)} {
			for i, at := range all[1:] {
				require.False(t, all[i].Before(mark) && at.After(mark), "no pause, not even one that was asked for, skips the begin of the %s: %s, %s", name, all[i], at)
			}
		}
	})
}

func TestTheDeadlineEndsNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		late := time.Duration(rapid.Int64Range(0, int64(1000*time.Hour)).Draw(t, "late"))
		attempt := rapid.IntRange(1, 100_000).Draw(t, "attempt")
		next := campaign.Retry(now.Add(-48*time.Hour), now.Add(late), &now, attempt, 0)
		require.True(t, next.After(now.Add(late)))
		require.LessOrEqual(t, next.Sub(now.Add(late)), 30*time.Minute, "a late notice is worth more than none: it goes on at least every half hour")
	})
}

func TestWithoutADeadlinePausesOnlyGrowUpToHalfAnHour(t *testing.T) {
	t.Parallel()
	before := time.Duration(0)
	for attempt := 1; attempt <= 50; attempt++ {
		pause := campaign.Retry(now, now, nil, attempt, 0).Sub(now)
		require.GreaterOrEqual(t, pause, before)
		require.LessOrEqual(t, pause, 30*time.Minute)
		before = pause
	}
	require.Equal(t, 30*time.Minute, before)
	require.Equal(t, time.Minute, campaign.Retry(now, now, nil, 1, 0).Sub(now))
}

func TestWhatTheOtherSideAsksForIsWaitedWhereTimeAllows(t *testing.T) {
	t.Parallel()
	deadline := now.Add(48 * time.Hour)
	require.Equal(t, now.Add(2*time.Hour), campaign.Retry(now, now, &deadline, 1, 2*time.Hour))
	require.Equal(t, now.Add(36*time.Hour), campaign.Retry(now, now, &deadline, 1, 40*time.Hour), "but not past the last quarter")
	require.Equal(t, now.Add(time.Minute), campaign.Retry(now, now, &deadline, 1, time.Second), "nor less than our own pause")
}
