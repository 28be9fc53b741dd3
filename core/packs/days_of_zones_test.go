package packs_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/atlascloudai/docket/core/clock"
)

// TestADayEndsWhereTheWallOfItsZoneSaysSo holds the days whose end a plain midnight would get wrong.
func TestADayEndsWhereTheWallOfItsZoneSaysSo(t *testing.T) {
	t.Parallel()
	for name, day := range map[string]struct{ zone, at, end string }{
		"midnight is skipped, the day before ends at the change": {"America/Sao_Paulo", "2018-11-02T12:00:00-03:00", "2018-11-03T23:59:59-03:00"},
		"the day that begins at one":                             {"America/Sao_Paulo", "2018-11-03T12:00:00-03:00", "2018-11-04T23:59:59-02:00"},
		"clocks go back over midnight: the day has 25 hours":     {"America/Sao_Paulo", "2018-02-16T12:00:00-02:00", "2018-02-17T23:59:59-03:00"},
		"midnight comes twice: the day before ends the first":    {"America/Havana", "2026-10-30T12:00:00-04:00", "2026-10-31T23:59:59-04:00"},
		"a day that never was":                                   {"Pacific/Apia", "2011-12-28T12:00:00-10:00", "2011-12-29T23:59:59-10:00"},
		"the last day of a year":                                 {"Africa/Casablanca", "2024-12-30T12:00:00+01:00", "2024-12-31T23:59:59+01:00"},
	} {
		got := answer(t, `{"id":"d","rule":"dpa-objection-window","at":"`+day.at+`","zone":"`+day.zone+`","calendar":"NONE","period":"1 day"}`)
		require.Equal(t, day.end, *got.Limit, name)
	}
}

// TestEveryDayOfEveryZoneEnds asks for days near changes of clocks and ends of years, where bounds are easily missed.
func TestEveryDayOfEveryZoneEnds(t *testing.T) {
	t.Parallel()
	rule, _ := load(t).Rule("dpa-objection-window")
	rapid.Check(t, func(t *rapid.T) {
		zone, at := drawZone(t, zoneNames(t)), drawInstant(t)
		switch _, change := at.In(zone).ZoneBounds(); rapid.IntRange(0, 2).Draw(t, "near") {
		case 0:
			at = time.Date(at.Year(), time.December, 31, 0, 0, 0, 0, time.UTC)
		case 1:
			if !change.IsZero() {
				at = change.AddDate(0, 0, -1)
			}
		}
		period := clock.Period{Amount: 1, Unit: clock.UnitCalendarDay}
		result, err := clock.Compute(clock.Request{Rule: rule, At: at, Zone: zone, Calendar: clock.NoCalendar, Period: &period})
		require.NoError(t, err)
		next := clock.DateIn(at, zone).AddDays(1)
		ends, after := clock.DateIn(*result.Limit, zone), clock.DateIn(result.Limit.Add(time.Microsecond), zone)
		require.True(t, ends == next || ends.Before(next), "%s in %s", next, zone)
		require.False(t, after.Before(next.AddDays(1)), "the next microsecond is of a later day")
	})
}
