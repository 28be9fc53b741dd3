package clock_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/clock"
)

// FuzzParsePeriod holds that a period is refused by name or read as one that can be counted, and reads back what it
// writes: none is negative, none endless.
func FuzzParsePeriod(f *testing.F) {
	for _, text := range []string{"48 hours", "1 month", "10 business days", "-3 days", "soon", "0 hours", "99999999999999999999 days", "١ day", "1e3 hours"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		period, err := clock.ParsePeriod(text)
		if err != nil {
			require.Equal(t, "period", refusal(t, err).Field)
			return
		}
		require.Positive(t, period.Amount)
		require.NoError(t, period.Validate())
		again, err := clock.ParsePeriod(period.String())
		require.NoError(t, err)
		require.Equal(t, period, again)
	})
}

// FuzzCompute holds that no instant, amount, unit, direction, roll or convention makes a clock panic, run for ever or
// stand on the wrong side of its event.
func FuzzCompute(f *testing.F) {
	f.Add(int64(1_790_000_000), int64(0), 30, uint8(1), uint8(0), uint8(1), uint8(1), false)
	f.Add(int64(-62_135_596_800), int64(1), 120, uint8(3), uint8(2), uint8(0), uint8(2), true)
	f.Add(int64(253_402_300_799), int64(999_999_999), 2610, uint8(2), uint8(1), uint8(2), uint8(3), true)
	units := []clock.Unit{clock.UnitHour, clock.UnitCalendarDay, clock.UnitBusinessDay, clock.UnitMonth}
	directions := []clock.Direction{clock.DirectionNotAfter, clock.DirectionNotBefore, clock.DirectionBackward}
	rolls := []clock.Roll{clock.RollNone, clock.RollNextWorkingDay, clock.RollNoonNextWorkingDay}
	countings := []clock.Convention{clock.CountElapsed, clock.CountReg1182, clock.CountDayAfter, clock.CountDayOfEvent}
	place := clock.Calendar{
		Name: "XX", Place: "a place of Sundays and one holiday", Weekend: []time.Weekday{time.Sunday},
		Holidays:  map[clock.Date]string{{Year: 2026, Month: time.May, Day: 25}: "Whit Monday"},
		KnownFrom: clock.Date{Year: 2024, Month: time.January, Day: 1}, KnownUntil: clock.Date{Year: 2030, Month: time.December, Day: 31},
	}
	f.Fuzz(func(t *testing.T, seconds, nanoseconds int64, amount int, unit, direction, roll, counting uint8, named bool) {
		rule := contract()
		rule.Validity.From = clock.Date{}
		rule.Direction, rule.Roll = directions[int(direction)%len(directions)], rolls[int(roll)%len(rolls)]
		rule.Counting = countings[int(counting)%len(countings)]
		period := clock.Period{Amount: amount, Unit: units[int(unit)%len(units)]}
		request := ask(rule)
		request.At, request.Period = time.Unix(seconds, nanoseconds), &period
		if named {
			request.Calendar = place
		}
		result, err := clock.Compute(request)
		if err != nil {
			require.NotEmpty(t, refusal(t, err).Field)
			return
		}
		if result.Limit == nil {
			require.True(t, result.Provisional)
			return
		}
		switch rule.Direction {
		case clock.DirectionNotAfter:
			require.False(t, result.Target.After(*result.Limit))
		case clock.DirectionNotBefore:
			require.False(t, result.Target.Before(*result.Limit))
		case clock.DirectionBackward:
			require.True(t, result.Limit.Before(request.At))
		}
	})
}
