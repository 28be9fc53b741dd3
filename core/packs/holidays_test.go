package packs

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/clock"
)

// places says by name which days people work and which they do not, in the years that matter most.
var places = map[string]struct{ off, works string }{
	"AT": {
		off:   "2026-01-06 2026-05-25 2026-06-04 2026-10-26 2026-12-08 2027-05-06",
		works: "2026-04-03 2026-12-24",
	},
	"AU": {
		// 26 January 2025 was a Sunday, Christmas 2027 and New Year 2028 are Saturdays.
		off:   "2025-01-27 2026-01-26 2026-04-03 2026-04-06 2026-12-28 2027-12-27 2027-12-28 2028-01-03",
		works: "2026-04-27 2026-06-08 2026-12-29",
	},
	"BE": {
		off:   "2026-05-14 2026-05-25 2026-07-21 2026-11-11 2027-03-29",
		works: "2026-04-03 2026-05-15 2026-11-02 2028-12-26",
	},
	"BR": {
		off:   "2026-04-03 2026-04-21 2026-09-07 2026-10-12 2026-11-02 2024-11-20 2026-11-20",
		works: "2027-02-08 2027-02-09 2027-02-10 2026-06-04 2026-10-28",
	},
	"CA": {
		// 1 July 2029 is a Sunday, and Saturday is a working day.
		off:   "2026-04-06 2026-05-18 2027-05-24 2026-07-01 2029-07-02 2026-09-07 2026-09-30 2026-10-12 2026-11-11 2026-11-29",
		works: "2026-11-28 2026-08-03 2026-12-26 2026-12-28 2027-12-27 2028-01-03",
	},
	"DE": {
		off:   "2026-04-03 2026-05-01 2026-05-14 2026-05-25 2025-10-03 2025-12-26",
		works: "2026-01-06 2026-06-04 2025-05-08 2025-10-31 2026-12-24",
	},
	"DE-BB": {off: "2025-10-31 2026-05-25", works: "2024-03-08 2026-06-04"},
	"DE-BE": {off: "2025-05-08 2027-03-08", works: "2024-05-08 2026-05-08 2025-10-31"},
	"DE-BW": {off: "2026-01-06 2026-06-04 2027-11-01", works: "2025-10-31 2025-08-15"},
	"DE-BY": {off: "2026-01-06 2026-06-04 2027-11-01", works: "2025-10-31 2025-08-15"},
	"DE-HB": {off: "2025-10-31", works: "2025-05-08 2026-06-04"},
	"DE-HE": {off: "2026-06-04", works: "2026-01-06 2027-11-01"},
	"DE-HH": {off: "2025-10-31", works: "2026-06-04"},
	"DE-MV": {off: "2027-03-08 2025-10-31", works: "2025-05-08 2026-06-04"},
	"DE-NI": {off: "2025-10-31", works: "2026-06-04"},
	"DE-NW": {off: "2026-06-04 2027-11-01", works: "2026-01-06"},
	"DE-RP": {off: "2026-06-04 2027-11-01", works: "2026-01-06"},
	"DE-SH": {off: "2025-10-31", works: "2026-06-04"},
	"DE-SL": {off: "2026-06-04 2025-08-15 2027-11-01", works: "2026-01-06"},
	"DE-SN": {off: "2025-10-31 2026-11-18 2027-11-17", works: "2026-06-04 2026-11-25"},
	"DE-ST": {off: "2026-01-06 2025-10-31", works: "2026-06-04"},
	"DE-TH": {off: "2027-09-20 2025-10-31", works: "2026-06-04"},
	"ES": {
		off:   "2026-01-06 2026-04-03 2026-10-12 2026-12-08",
		works: "2026-04-02 2026-04-06 2026-11-02 2026-12-07",
	},
	"FR": {
		off:   "2026-05-08 2026-05-14 2026-05-25 2026-07-14 2026-11-11",
		works: "2026-04-03 2025-12-26",
	},
	"GB-ENG": {
		off:   "2026-04-03 2026-04-06 2026-05-04 2026-05-25 2026-08-31 2026-12-25 2026-12-28 2027-12-27 2027-12-28",
		works: "2026-12-29 2026-01-02 2026-06-15 2026-08-03 2026-11-30 2027-12-29",
	},
	"GB-NIR": {
		off:   "2026-03-17 2026-04-06 2026-07-13 2027-07-12 2026-08-31 2026-12-28",
		works: "2026-07-14 2026-06-15 2026-11-30",
	},
	"GB-SCT": {
		// 2 January 2027 is a Saturday, 30 November 2024 was one.
		off:   "2026-01-02 2027-01-04 2026-06-15 2026-08-03 2026-11-30 2024-12-02 2026-12-28",
		works: "2026-04-06 2026-08-31 2025-06-16",
	},
	"IE": {
		off:   "2026-02-02 2030-02-01 2026-03-17 2026-04-06 2026-05-04 2026-06-01 2026-08-03 2026-10-26",
		works: "2026-04-03 2030-02-04 2024-03-18 2026-12-28 2027-12-27",
	},
	"IT": {
		off:   "2026-01-06 2025-04-25 2026-06-02 2027-10-04 2026-12-08",
		works: "2025-10-03 2024-10-04 2026-04-03 2026-05-25",
	},
	"JP": {
		off:   "2024-09-23 2025-05-06 2026-05-06 2026-09-21 2026-09-22 2026-09-23 2027-03-22 2026-11-23",
		works: "2026-01-02 2026-12-29 2027-09-21 2027-09-22 2026-05-07",
	},
	"JP-ADM": {
		off:   "2026-01-02 2026-12-29 2026-12-30 2026-12-31 2026-09-22",
		works: "2026-12-28 2027-01-04",
	},
	"LU": {
		off:   "2025-05-09 2026-06-23 2026-05-25 2025-12-26",
		works: "2026-04-03 2026-11-02",
	},
	"NL": {
		off:   "2026-04-03 2026-04-27 2026-05-05 2027-05-05 2025-12-26",
		works: "2025-04-28 2026-05-15 2026-11-11",
	},
	"PL": {
		off:   "2026-01-06 2026-06-04 2026-11-11 2025-12-24 2026-12-24",
		works: "2024-12-24 2026-04-03 2026-05-25",
	},
	"PT": {
		off:   "2026-04-03 2025-04-25 2026-06-04 2026-06-10 2026-10-05 2026-12-01 2026-12-08",
		works: "2026-02-17 2026-04-06",
	},
	"SE": {
		off:   "2026-01-06 2026-06-19 2027-06-25 2025-06-06 2026-12-24 2026-12-31",
		works: "2026-05-25 2026-10-30 2026-06-18",
	},
	"US-CA": {
		// 11 November 2028 is a Saturday, 4 July 2027 a Sunday.
		off:   "2026-03-31 2027-07-05 2028-11-10 2026-11-26 2026-11-27",
		works: "2026-07-03 2027-12-24 2027-12-31 2026-06-19 2026-10-12 2026-02-12",
	},
	"US-FED": {
		off:   "2026-01-19 2026-06-19 2026-07-03 2026-10-12 2026-11-11 2026-11-26 2027-07-05 2027-12-24 2027-12-31",
		works: "2026-11-27 2026-12-24 2026-07-06 2029-01-19",
	},
}

func TestTheDaysOffAreThoseOfTheLaw(t *testing.T) {
	t.Parallel()
	for name, calendar := range loadedCalendars(t) {
		if name == clock.NoCalendar.Name || name == "BR+PF" {
			continue
		}
		place, named := places[name]
		require.True(t, named, name)
		for _, day := range days(t, place.off) {
			require.True(t, isOff(calendar, day), "%s: %s is a day off", name, day)
		}
		for _, day := range days(t, place.works) {
			require.False(t, isOff(calendar, day), "%s: people work on %s", name, day)
		}
	}
}

func TestGoodFridayIsAWorkingDayInIreland(t *testing.T) {
	t.Parallel()
	goodFriday := days(t, "2026-04-03")[0]
	calendars := loadedCalendars(t)
	require.False(t, isOff(calendars["IE"], goodFriday))
	require.True(t, isOff(calendars["GB-NIR"], goodFriday))
}

func TestTheEightiethAnniversaryWasADayOffInBerlinAlone(t *testing.T) {
	t.Parallel()
	day := days(t, "2025-05-08")[0]
	for name, calendar := range loadedCalendars(t) {
		if strings.HasPrefix(name, "DE") {
			require.Equal(t, name == "DE-BE", isOff(calendar, day), name)
		}
	}
}

func TestCorpusChristiIsADayOffInSixLaender(t *testing.T) {
	t.Parallel()
	day := days(t, "2027-05-27")[0]
	var off []string
	for name, calendar := range loadedCalendars(t) {
		if strings.HasPrefix(name, "DE") && isOff(calendar, day) {
			off = append(off, name)
		}
	}
	require.ElementsMatch(t, []string{"DE-BW", "DE-BY", "DE-HE", "DE-NW", "DE-RP", "DE-SL"}, off)
}

func TestCaliforniaWorksTheFridayBeforeASaturdayInJuly(t *testing.T) {
	t.Parallel()
	day := days(t, "2026-07-03")[0]
	calendars := loadedCalendars(t)
	require.False(t, isOff(calendars["US-CA"], day))
	require.True(t, isOff(calendars["US-FED"], day))
}

// TestCarnivalClosesTheAuthorityAndIsNoHoliday keeps the optional days from a target.
func TestCarnivalClosesTheAuthorityAndIsNoHoliday(t *testing.T) {
	t.Parallel()
	calendars := loadedCalendars(t)
	for _, day := range days(t, "2027-02-08 2027-02-09 2027-05-27 2026-02-16 2026-02-17 2026-06-04") {
		require.NotEmpty(t, calendars["BR+PF"].Closed[day], day)
		require.False(t, isOff(calendars["BR+PF"], day), day)
		require.Empty(t, calendars["BR"].Closed[day], day)
	}
	ashWednesday := days(t, "2027-02-10")[0]
	require.Empty(t, calendars["BR+PF"].Closed[ashWednesday])
}

func TestASubstituteDayNamesItsHoliday(t *testing.T) {
	t.Parallel()
	calendars := loadedCalendars(t)
	require.Equal(t, "Boxing Day (substitute day)", calendars["GB-ENG"].Holidays[days(t, "2026-12-28")[0]])
	require.Equal(t, "Day between two national holidays", calendars["JP"].Holidays[days(t, "2026-09-22")[0]])
	// Ascension Day and Europe Day fell together in 2024.
	require.Equal(t, "Europe Day, Ascension Day", calendars["LU"].Holidays[days(t, "2024-05-09")[0]])
}

// TestKingsDayIsNotKeptOnASunday has the Saturday in its place.
func TestKingsDayIsNotKeptOnASunday(t *testing.T) {
	t.Parallel()
	netherlands := loadedCalendars(t)["NL"]
	require.Empty(t, netherlands.Holidays[days(t, "2025-04-27")[0]])
	require.Equal(t, "King's Day", netherlands.Holidays[days(t, "2025-04-26")[0]])
}

// isOff says whether a day is weekend or holiday.
func isOff(calendar clock.Calendar, day clock.Date) bool {
	return slices.Contains(calendar.Weekend, day.Weekday()) || calendar.Holidays[day] != ""
}

// days reads dates with spaces between them.
func days(t *testing.T, text string) []clock.Date {
	t.Helper()
	var dates []clock.Date
	for _, word := range strings.Fields(text) {
		date, err := clock.ParseDate(word)
		require.NoError(t, err)
		dates = append(dates, date)
	}
	return dates
}
