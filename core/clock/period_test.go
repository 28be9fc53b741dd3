package clock_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/atlascloudai/docket/core/clock"
	"github.com/atlascloudai/docket/core/problem"
)

func TestParsePeriodReadsWhatAgreementsWrite(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]clock.Period{
		"48 hours":         clock.Hours(48),
		"1 hour":           clock.Hours(1),
		" 72  Hours ":      clock.Hours(72),
		"30 days":          {Amount: 30, Unit: clock.UnitCalendarDay},
		"30 calendar days": {Amount: 30, Unit: clock.UnitCalendarDay},
		"10 business days": {Amount: 10, Unit: clock.UnitBusinessDay},
		"3 working days":   {Amount: 3, Unit: clock.UnitBusinessDay},
		"1 month":          {Amount: 1, Unit: clock.UnitMonth},
		"87600 hours":      clock.Hours(87_600),
	} {
		period, err := clock.ParsePeriod(text)
		require.NoError(t, err, text)
		require.Equal(t, want, period, text)
	}
}

func TestParsePeriodRefusesWhatIsNoPeriod(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", " ", "soon", "hours", "48", "48hours", "48h", "-1 hours", "0 hours", "-0 hours", "+48 hours", "048 hours", "4.5 hours",
		"1e3 hours", "0x10 hours", "48 hours 30 minutes", "48 moons", "87601 hours", "9223372036854775807 hours",
		"99999999999999999999 hours", "121 months", "without undue delay", "0 none", "none", "٤٨ hours",
	} {
		_, err := clock.ParsePeriod(text)
		require.Equal(t, "period", refusal(t, err).Field, text)
	}
}

func TestParsePeriodReadsBackWhatStringWrites(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		period, err := clock.ParsePeriod(rapid.String().Draw(t, "text"))
		if err != nil {
			period = clock.Period{
				Amount: rapid.IntRange(1, 120).Draw(t, "amount"),
				Unit: rapid.SampledFrom([]clock.Unit{
					clock.UnitHour, clock.UnitCalendarDay, clock.UnitBusinessDay, clock.UnitMonth,
				}).Draw(t, "unit"),
			}
		}
		again, err := clock.ParsePeriod(period.String())
		require.NoError(t, err)
		require.Equal(t, period, again)
		require.Positive(t, again.Amount)
	})
}

// refusal is the *problem.Error that err must be.
func refusal(t require.TestingT, err error) *problem.Error {
	var refused *problem.Error
	require.ErrorAs(t, err, &refused)
	return refused
}
