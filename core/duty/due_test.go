package duty_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/atlascloudai/docket/core/clock"
	"github.com/atlascloudai/docket/core/duty"
	"github.com/atlascloudai/docket/core/packs"
	"github.com/atlascloudai/docket/core/problem"
)

func pack(t require.TestingT) *packs.Pack {
	p, err := packs.Load()
	require.NoError(t, err)
	return p
}

func zone(t require.TestingT, name string) *time.Location {
	location, err := pack(t).Zone(name)
	require.NoError(t, err)
	return location
}

func instant(text string) time.Time {
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		panic(err)
	}
	return at
}

func TestTheClockOfATermRunsFromItsOwnStartWord(t *testing.T) {
	t.Parallel()
	confirmed := term("dpa", 72)
	confirmed.Start = clock.StartConfirmedProcessor
	losAngeles := zone(t, "America/Los_Angeles")
	aware, confirmation := instant("2026-03-07T21:00:00-08:00"), instant("2026-03-08T12:00:00-07:00")
	starts := duty.Starts{clock.StartAwareProcessor: aware, clock.StartConfirmedProcessor: confirmation}

	cases := map[string]struct {
		term   duty.Term
		target time.Time
		limit  bool
		words  bool
	}{
		"48 hours after awareness, across a change of clocks": {term("dpa", 48), instant("2026-03-09T22:00:00-07:00"), true, false},
		"72 hours after confirmation":                         {confirmed, confirmation.Add(72 * time.Hour), true, false},
		"without undue delay: an internal target":             {term("dpa", 0), aware.Add(24 * time.Hour), false, true},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			resolved := duty.Resolve(set(document("dpa", duty.DPA, "2025-01-10"), c.term), content("chat"))
			due, err := duty.Due(resolved, starts, losAngeles, pack(t), pack(t).Rule)
			require.NoError(t, err)
			require.Empty(t, due.Waiting)
			require.Equal(t, c.target.UTC(), due.Target.UTC())
			require.Equal(t, c.limit, due.Limit != nil)
			require.Equal(t, c.words, due.Internal)
			require.Equal(t, pack(t).Version, due.RuleVersion)
			require.NotEmpty(t, due.Why)
			require.Contains(t, due.Why[0].Text, string(c.term.Start), "the explanation names the clause's own start word")
		})
	}
}

func TestWithoutItsStartFactTheDutyExistsAndItsClockWaits(t *testing.T) {
	t.Parallel()
	confirmed := term("dpa", 24)
	confirmed.Start = clock.StartConfirmedProcessor
	resolved := duty.Resolve(set(document("dpa", duty.DPA, "2025-01-10"), confirmed), content("chat"))
	due, err := duty.Due(resolved, duty.Starts{clock.StartAwareProcessor: incident}, time.UTC, pack(t), pack(t).Rule)
	require.NoError(t, err)
	require.Equal(t, clock.StartConfirmedProcessor, due.Waiting)
	require.True(t, due.Target.IsZero())
	require.Nil(t, due.Limit)
	require.Contains(t, fmt.Sprint(due.Why), "waits for the word confirmed_processor")
}

func TestInADisputeTheEarlierTargetGovernsWhateverStartedFirst(t *testing.T) {
	t.Parallel()
	late := term("dpa-2", 24)
	late.Start = clock.StartConfirmedProcessor
	resolved := duty.Resolve(set(
		document("dpa-1", duty.DPA, "2025-01-10"), term("dpa-1", 36), document("dpa-2", duty.DPA, "2025-02-10"), late,
	), content("chat"))
	require.True(t, resolved.Disputed)
	due := func(confirmedAfter int) duty.Clock {
		got, err := duty.Due(resolved, duty.Starts{
			clock.StartAwareProcessor:     incident,
			clock.StartConfirmedProcessor: *hour(confirmedAfter),
		}, time.UTC, pack(t), pack(t).Rule)
		require.NoError(t, err)
		return got
	}
	require.Equal(t, *hour(29), due(5).Target, "confirmed soon: 24 hours after it come first")
	require.Equal(t, "dpa-2", due(5).Term.Document)
	require.Equal(t, *hour(36), due(20).Target, "confirmed late: 36 hours after awareness come first")
	require.Equal(t, "dpa-1", due(20).Term.Document)
	require.Contains(t, fmt.Sprint(due(20).Why), "the earlier governs")

	waiting, err := duty.Due(resolved, duty.Starts{clock.StartAwareProcessor: incident}, time.UTC, pack(t), pack(t).Rule)
	require.NoError(t, err)
	require.Equal(t, *hour(36), waiting.Target, "one clock runs while the other waits")
	require.Contains(t, fmt.Sprint(waiting.Why), "has not started")
}

func TestADisputeNeverEndsLaterThanOneOfItsTerms(t *testing.T) {
	t.Parallel()
	rules := duty.Rules(pack(t).Rule)
	rapid.Check(t, func(t *rapid.T) {
		resolved := duty.Resolve(anySet(t), anySubject(t))
		if !resolved.Owed {
			return
		}
		starts := duty.Starts{clock.StartAwareProcessor: incident}
		if rapid.Bool().Draw(t, "confirmed") {
			starts[clock.StartConfirmedProcessor] = *hour(rapid.IntRange(0, 50).Draw(t, "after"))
		}
		whole, err := duty.Due(resolved, starts, time.UTC, pack(t), rules)
		require.NoError(t, err)
		for _, candidate := range resolved.Candidates {
			alone, err := duty.Due(duty.Resolution{Owed: true, Term: candidate, Candidates: []duty.Term{candidate}}, starts, time.UTC, pack(t), rules)
			require.NoError(t, err)
			if alone.Waiting != "" {
				continue
			}
			require.Empty(t, whole.Waiting)
			require.False(t, whole.Target.After(alone.Target))
			require.True(t, alone.Limit == nil || whole.Limit != nil && !whole.Limit.After(*alone.Limit))
		}
	})
}

func TestTheCompanysOwnTargetReplacesThePacksOnlyWhereThereIsNoNumber(t *testing.T) {
	t.Parallel()
	own := duty.Rules(pack(t).Rule).WithInternalTarget(clock.Hours(12))
	starts := duty.Starts{clock.StartAwareProcessor: incident}
	for hours, target := range map[int]int{0: 12, 48: 48} {
		resolved := duty.Resolve(set(document("dpa", duty.DPA, "2025-01-10"), term("dpa", hours)), content("chat"))
		due, err := duty.Due(resolved, starts, time.UTC, pack(t), own)
		require.NoError(t, err)
		require.Equal(t, *hour(target), due.Target)
	}
}

func TestARuleThatThePackLacksIsNamed(t *testing.T) {
	t.Parallel()
	unknown := term("dpa", 48)
	unknown.Rule = "dpa-of-the-moon"
	resolved := duty.Resolve(set(document("dpa", duty.DPA, "2025-01-10"), unknown), content("chat"))
	_, err := duty.Due(resolved, duty.Starts{clock.StartAwareProcessor: incident}, time.UTC, pack(t), pack(t).Rule)
	require.Equal(t, problem.Invalid, problem.CodeOf(err))
	require.ErrorContains(t, err, "dpa-of-the-moon")

	_, err = duty.Due(duty.Resolution{}, nil, time.UTC, pack(t), pack(t).Rule)
	require.ErrorContains(t, err, "nothing is owed")
}
