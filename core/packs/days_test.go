package packs

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/atlascloudai/docket/core/clock"
)

// TestEasterAgreesWithAnotherMethod compares with the anonymous Gregorian algorithm (Meeus, Astronomical Algorithms).
func TestEasterAgreesWithAnotherMethod(t *testing.T) {
	t.Parallel()
	for year := 1583; year <= 9999; year++ {
		a, b, c := year%19, year/100, year%100
		h := (19*a + b - b/4 - (b-(b+8)/25+1)/3 + 15) % 30
		l := (32 + 2*(b%4) + 2*(c/4) - h - c%4) % 7
		m := (a + 11*h + 22*l) / 451
		n := h + l - 7*m + 114
		require.Equal(t, clock.Date{Year: year, Month: time.Month(n / 31), Day: n%31 + 1}, easterSunday(year))
	}
}

func TestADayIsReadAsItIsWritten(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]map[int]string{
		"01-06":                       {2026: "2026-01-06"},
		"02-29":                       {2027: "", 2028: "2028-02-29"},
		"2025-05-08":                  {2024: "", 2025: "2025-05-08", 2026: ""},
		"easter":                      {2026: "2026-04-05"},
		"easter-2":                    {2026: "2026-04-03", 2027: "2027-03-26"},
		"easter+60":                   {2026: "2026-06-04"},
		"first monday of june":        {2026: "2026-06-01"},
		"fourth thursday of november": {2026: "2026-11-26", 2029: "2029-11-22"},
		"last monday of may":          {2026: "2026-05-25", 2027: "2027-05-31"},
		"last monday of december":     {2026: "2026-12-28"},
		// Victoria Day where 25 May is itself a Monday: the one before.
		"monday before 05-25":    {2026: "2026-05-18", 2027: "2027-05-24"},
		"wednesday before 11-23": {2026: "2026-11-18", 2027: "2027-11-17"},
		// Midsummer Day on the first and on the last day it can have.
		"saturday from 06-20": {2026: "2026-06-20", 2027: "2027-06-26"},
		"02-01 if friday, otherwise first monday of february": {2030: "2030-02-01", 2026: "2026-02-02"},
	} {
		on, err := parseDay(text)
		require.NoError(t, err, text)
		for year, want := range want {
			day, exists := on(year)
			require.Equal(t, want != "", exists, "%s in %d", text, year)
			if exists {
				require.Equal(t, want, day.String(), "%s in %d", text, year)
			}
		}
	}
}

func TestWhatIsNoDayIsRefused(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", "soon", "1-1", "13-01", "02-30", "00-00", "2025-02-29", "0000-01-01", "easter+", "easter+1000", "easter -2",
		"fifth monday of may", "first holiday of may", "first monday of spring", "last monday", "funday before 05-25",
		"monday before 05-32", "monday before easter", "monday after 05-25", "02-01 if rainy, otherwise 02-02",
		"02-01 if friday, otherwise soon", "soon if friday, otherwise 02-01", "02-01 if friday", "01-01\n",
	} {
		_, err := parseDay(text)
		require.Error(t, err, text)
	}
}

// TestNoTextMakesTheReaderOfDaysPanic gives it words that look like days.
func TestNoTextMakesTheReaderOfDaysPanic(t *testing.T) {
	t.Parallel()
	word := rapid.OneOf(rapid.SampledFrom([]string{
		"first", "last", "monday", "of", "may", "before", "from", "if", "friday,", "otherwise", "easter", "easter+7", "01-01",
		"02-29", "2025-05-08",
	}), rapid.String())
	rapid.Check(t, func(t *rapid.T) {
		text := ""
		for i, word := range rapid.SliceOfN(word, 1, 9).Draw(t, "words") {
			if i > 0 {
				text += " "
			}
			text += word
		}
		if on, err := parseDay(text); err == nil {
			day, exists := on(rapid.IntRange(1583, 9999).Draw(t, "year"))
			require.True(t, !exists || !day.IsZero())
		}
	})
}
