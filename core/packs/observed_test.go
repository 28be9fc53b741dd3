package packs

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/atlascloudai/docket/core/clock"
)

// TestASubstituteIsNoDayThatIsOffAlready draws runs of holidays that are substituted and looks at each weekend among them.
func TestASubstituteIsNoDayThatIsOffAlready(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		start := clock.Date{Year: 2026, Month: time.December, Day: 1}.AddDays(rapid.IntRange(0, 40).Draw(t, "start"))
		length := rapid.IntRange(1, 12).Draw(t, "length")
		how := rapid.SampledFrom([]observance{nextWeekday, nextDay}).Draw(t, "how")
		var found []occurrence
		moving := 0
		for i := range length {
			day := start.AddDays(i)
			found = append(found, occurrence{holiday: &holiday{name: "holiday", observed: how}, day: day})
			if day.Weekday() == time.Sunday || day.Weekday() == time.Saturday && how == nextWeekday {
				moving++
			}
		}
		off := daysOff(found, "", nil)
		require.Len(t, off, length+moving, "each holiday on a weekend gives one more day off")
		for day, name := range off {
			if how == nextWeekday && name == "holiday (substitute day)" {
				require.NotContains(t, []time.Weekday{time.Saturday, time.Sunday}, day.Weekday())
			}
		}
	})
}

// TestWhatIsNotObservedElsewhereStaysOnItsDay holds for every form on the five days of work.
func TestWhatIsNotObservedElsewhereStaysOnItsDay(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		day := clock.Date{Year: 2024, Month: time.January, Day: 1}.AddDays(rapid.IntRange(0, 2500).Draw(t, "day"))
		how := rapid.SampledFrom(append([]observance{""}, observances...)).Draw(t, "how")
		_, moved := how.substitute(day, func(clock.Date) bool { return false })
		atWork := day.Weekday() != time.Saturday && day.Weekday() != time.Sunday
		if atWork {
			require.False(t, moved)
			require.Equal(t, day, how.kept(day))
		}
	})
}
