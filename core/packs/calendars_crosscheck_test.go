package packs

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/rickar/cal/v2"
	"github.com/rickar/cal/v2/at"
	"github.com/rickar/cal/v2/au"
	"github.com/rickar/cal/v2/be"
	"github.com/rickar/cal/v2/br"
	"github.com/rickar/cal/v2/ca"
	"github.com/rickar/cal/v2/de"
	"github.com/rickar/cal/v2/es"
	"github.com/rickar/cal/v2/fr"
	"github.com/rickar/cal/v2/gb"
	"github.com/rickar/cal/v2/ie"
	"github.com/rickar/cal/v2/it"
	"github.com/rickar/cal/v2/jp"
	"github.com/rickar/cal/v2/nl"
	"github.com/rickar/cal/v2/pl"
	"github.com/rickar/cal/v2/se"
	"github.com/rickar/cal/v2/us"
	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/clock"
)

// elsewhere are the calendars that another hand wrote down. Several lists stand for a calendar that holds what all of
// them hold.
var elsewhere = map[string][][]*cal.Holiday{
	"AT": {at.Holidays},
	"AU": {
		au.HolidaysACT, au.HolidaysNSW, au.HolidaysNT, au.HolidaysQLD, au.HolidaysSA, au.HolidaysTAS, au.HolidaysVIC,
		au.HolidaysWA,
	},
	"BE": {be.Holidays}, "BR": {br.Holidays}, "CA": {ca.Holidays}, "ES": {es.Holidays}, "FR": {fr.Holidays},
	"GB-ENG": {gb.Holidays}, "IE": {ie.Holidays}, "IT": {it.Holidays}, "JP": {jp.Holidays}, "NL": {nl.Holidays},
	"PL": {pl.Holidays}, "SE": {se.Holidays}, "US-FED": {us.Holidays},
	"DE": {de.Holidays}, "DE-BB": {de.HolidaysBB}, "DE-BE": {de.HolidaysBE}, "DE-BW": {de.HolidaysBW},
	"DE-BY": {de.HolidaysBY}, "DE-HB": {de.HolidaysHB}, "DE-HE": {de.HolidaysHE}, "DE-HH": {de.HolidaysHH},
	"DE-MV": {de.HolidaysMV}, "DE-NI": {de.HolidaysNI}, "DE-NW": {de.HolidaysNW}, "DE-RP": {de.HolidaysRP},
	"DE-SH": {de.HolidaysSH}, "DE-SL": {de.HolidaysSL}, "DE-SN": {de.HolidaysSN}, "DE-ST": {de.HolidaysST},
	"DE-TH": {de.HolidaysTH},
}

// difference is a set of days that one side alone has off, and why ours is right to differ.
type difference struct {
	ours, theirs []string
	because      string
}

var knownDifferences = map[string][]difference{
	"BR": {
		{
			theirs: []string{
				"2024-02-13", "2025-03-04", "2026-02-17", "2027-02-09", "2028-02-29", "2029-02-13", "2030-03-05",
				"2024-05-30", "2025-06-19", "2026-06-04", "2027-05-27", "2028-06-15", "2029-05-31", "2030-06-20",
			},
			because: "Carnival and Corpus Christi are optional closing days, which BR+PF has, and no national holidays",
		},
		{
			ours:    []string{"2024-11-20", "2025-11-20", "2026-11-20", "2028-11-20", "2029-11-20", "2030-11-20"},
			because: "Lei 14.759/2023 is newer than their list",
		},
	},
	"CA": {
		{
			theirs:  []string{"2024-08-05", "2025-08-04", "2026-08-03", "2027-08-02", "2028-08-07", "2029-08-06", "2030-08-05"},
			because: "the civic holiday of August is provincial",
		},
		{
			theirs: []string{
				"2024-12-26", "2025-12-26", "2026-12-26", "2026-12-28", "2027-12-28", "2028-12-26", "2029-12-26", "2030-12-26",
			},
			because: "the Interpretation Act does not name Boxing Day",
		},
		{
			theirs: []string{
				"2027-12-27", "2028-01-03", "2028-07-03", "2028-10-02", "2028-11-13", "2029-10-01", "2029-11-12",
			},
			because: "the Interpretation Act moves nothing from a weekend, and the Holidays Act Canada Day from a Sunday alone",
		},
	},
	"DE-BE": {{ours: []string{"2025-05-08"}, because: "a day for one year, which their list lacks"}},
	"DE-MV": {{
		ours:    []string{"2024-03-08", "2027-03-08", "2028-03-08", "2029-03-08", "2030-03-08"},
		because: "a holiday since 2023, which their list lacks",
	}},
	"ES": {{
		theirs:  []string{"2027-01-06", "2028-01-06"},
		because: "the autonomous communities may replace Epiphany, and the lists after 2026 were not read",
	}},
	"IT": {{
		ours:    []string{"2027-10-04", "2028-10-04", "2029-10-04", "2030-10-04"},
		because: "Law 151/2025 is newer than their list",
	}},
	"PL": {{
		ours:    []string{"2025-12-24", "2026-12-24", "2027-12-24", "2029-12-24", "2030-12-24"},
		because: "a holiday since 2025, which their list lacks",
	}},
}

// TestEveryDifferenceToAnotherCalendarHasItsReason fails for a difference that is not listed, and for a listed one that
// is none any more.
func TestEveryDifferenceToAnotherCalendarHasItsReason(t *testing.T) {
	t.Parallel()
	calendars := loadedCalendars(t)
	for name := range knownDifferences {
		require.Contains(t, elsewhere, name)
	}
	for _, name := range slices.Sorted(maps.Keys(elsewhere)) {
		require.Contains(t, calendars, name)
		listed := map[string]string{}
		for _, difference := range knownDifferences[name] {
			require.NotEmpty(t, difference.because)
			for _, day := range difference.ours {
				listed[day] = "ours"
			}
			for _, day := range difference.theirs {
				listed[day] = "theirs"
			}
		}
		require.Equal(t, listed, differences(calendars[name], elsewhere[name]), name)
	}
}

// differences says for each day of the week's work on which the two disagree which side has it off.
func differences(ours clock.Calendar, theirs [][]*cal.Holiday) map[string]string {
	found := map[string]string{}
	for day := ours.KnownFrom; !ours.KnownUntil.Before(day); day = day.AddDays(1) {
		if slices.Contains(ours.Weekend, day.Weekday()) {
			continue
		}
		switch offHere, offThere := ours.Holidays[day] != "", offEverywhere(theirs, day); {
		case offHere && !offThere:
			found[day.String()] = "ours"
		case offThere && !offHere:
			found[day.String()] = "theirs"
		}
	}
	return found
}

func offEverywhere(lists [][]*cal.Holiday, day clock.Date) bool {
	for _, holidays := range lists {
		other := cal.Calendar{Holidays: holidays}
		kept, observed, _ := other.IsHoliday(time.Date(day.Year, day.Month, day.Day, 12, 0, 0, 0, cal.DefaultLoc))
		if !kept && !observed {
			return false
		}
	}
	return true
}
