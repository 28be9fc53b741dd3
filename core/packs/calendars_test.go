package packs

import (
	"maps"
	"slices"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/atlascloudai/docket/core/clock"
)

// TestNoCalendarLosesItsName holds the names that a question may give.
func TestNoCalendarLosesItsName(t *testing.T) {
	t.Parallel()
	require.Equal(t, []string{
		"AT", "AU", "BE", "BR", "BR+PF", "CA",
		"DE", "DE-BB", "DE-BE", "DE-BW", "DE-BY", "DE-HB", "DE-HE", "DE-HH", "DE-MV", "DE-NI", "DE-NW", "DE-RP", "DE-SH", "DE-SL",
		"DE-SN", "DE-ST", "DE-TH",
		"ES", "FR", "GB-ENG", "GB-NIR", "GB-SCT", "IE", "IT", "JP", "JP-ADM", "LU", "NL", "NONE", "PL", "PT", "SE", "US-CA", "US-FED",
	}, slices.Sorted(maps.Keys(loadedCalendars(t))))
}

func TestTheCalendarWithoutAPlaceHasNoDays(t *testing.T) {
	t.Parallel()
	require.Equal(t, clock.NoCalendar, loadedCalendars(t)["NONE"])
}

// TestACalendarSaysHowFarItIsKnown: what a law computes is known to the end of 2030, what is announced as far as it was.
func TestACalendarSaysHowFarItIsKnown(t *testing.T) {
	t.Parallel()
	announced := []string{"BR+PF", "GB-ENG", "GB-NIR", "GB-SCT", "JP", "JP-ADM"}
	for name, calendar := range loadedCalendars(t) {
		if name == clock.NoCalendar.Name {
			continue
		}
		until := clock.Date{Year: 2030, Month: time.December, Day: 31}
		if slices.Contains(announced, name) {
			until.Year = 2027
		}
		require.Equal(t, clock.Date{Year: 2024, Month: time.January, Day: 1}, calendar.KnownFrom, name)
		require.Equal(t, until, calendar.KnownUntil, name)
		require.Equal(t, name, calendar.Name)
		require.NotEmpty(t, calendar.Place, name)
	}
}

func TestOnlyCanadaWorksOnSaturdays(t *testing.T) {
	t.Parallel()
	for name, calendar := range loadedCalendars(t) {
		require.Contains(t, calendar.Weekend, time.Sunday, name)
		require.Equal(t, name != "CA", slices.Contains(calendar.Weekend, time.Saturday), name)
	}
}

func TestACalendarNamesDaysItKnowsAndNoOthers(t *testing.T) {
	t.Parallel()
	for name, calendar := range loadedCalendars(t) {
		for _, days := range []map[clock.Date]string{calendar.Holidays, calendar.Closed} {
			for day, holiday := range days {
				require.False(t, day.Before(calendar.KnownFrom), "%s: %s", name, day)
				require.False(t, calendar.KnownUntil.Before(day), "%s: %s", name, day)
				require.NotEmpty(t, holiday, "%s: %s", name, day)
			}
		}
		for day := range calendar.Closed {
			require.Empty(t, calendar.Holidays[day], "%s: %s is holiday and closed", name, day)
		}
	}
}

// TestEveryYearHasItsHolidays would see a rule that ends or begins where it should not.
func TestEveryYearHasItsHolidays(t *testing.T) {
	t.Parallel()
	for name, calendar := range loadedCalendars(t) {
		perYear := map[int]int{}
		for day := range calendar.Holidays {
			perYear[day.Year]++
		}
		for year := calendar.KnownFrom.Year; name != clock.NoCalendar.Name && year <= calendar.KnownUntil.Year; year++ {
			require.GreaterOrEqual(t, perYear[year], 7, "%s in %d", name, year)
			require.LessOrEqual(t, perYear[year], 27, "%s in %d", name, year)
		}
	}
}

func TestWhatExtendsACalendarHasAllItsDays(t *testing.T) {
	t.Parallel()
	calendars := loadedCalendars(t)
	for name, calendar := range calendars {
		base := map[string]string{"JP-ADM": "JP", "BR+PF": "BR"}[name]
		if len(name) > 3 && name[:3] == "DE-" {
			base = "DE"
		}
		if base == "" {
			continue
		}
		require.Equal(t, calendars[base].Weekend, calendar.Weekend, name)
		for day := range calendars[base].Holidays {
			if !calendar.KnownUntil.Before(day) {
				require.NotEmpty(t, calendar.Holidays[day], "%s: %s", name, day)
			}
		}
	}
}

// TestABrokenCalendarIsRefusedWithFileCalendarAndField changes one text of the good file at a time.
func TestABrokenCalendarIsRefusedWithFileCalendarAndField(t *testing.T) {
	t.Parallel()
	const austria = "known: {from: 2024-01-01, until: 2030-12-31}\n    # Left out: Good Friday and 24 December, over"
	for change, want := range map[[2]string]SchemaError{
		{"  - name: AT", "  - label: AT"}:                                {Rule: "#1", Field: "label"},
		{"  - name: AT", "  - name: Austria"}:                            {Rule: "Austria", Field: "name"},
		{"  - name: AT", "  - name: NONE"}:                               {Rule: "NONE", Field: "name"},
		{"  - name: AU", "  - name: AT"}:                                 {Rule: "AT", Field: "name"},
		{"    place: Austria", "    place: \"\""}:                        {Rule: "AT", Field: "place"},
		{"    place: Austria", "    place: Austria\n    place: Austria"}: {Rule: "AT", Field: "place"},
		{"    place: Austria", "    place: Austria\n    zone: Vienna"}:   {Rule: "AT", Field: "zone"},
		{"    source: Feiertagsruhegesetz", "    law: Feiertagsgesetz"}:  {Rule: "AT", Field: "law"},
		{"    source: Code du travail art L3133-1\n", ""}:                {Rule: "FR", Field: "source"},
		{"    source: FTG M-V § 2", "    source: \"\""}:                  {Rule: "DE-MV", Field: "source"},

		{austria, "# over"}: {Rule: "AT", Field: "known"},
		{austria, "known: {from: 2024-01-01}\n    # over"}:                      {Rule: "AT", Field: "known.until"},
		{austria, "known: {from: 2024-01-01, until: soon}\n    # over"}:         {Rule: "AT", Field: "known.until"},
		{austria, "known: {from: 2024-01-01, until: \"\"}\n    # over"}:         {Rule: "AT", Field: "known.until"},
		{austria, "known: {from: \"\", until: 2030-12-31}\n    # over"}:         {Rule: "AT", Field: "known.from"},
		{austria, "known: {from: 2024-01-01, until: 2023-12-31}\n    # over"}:   {Rule: "AT", Field: "known.until"},
		{austria, "known: {from: 2024-01-01, until: 9999-12-31}\n    # over"}:   {Rule: "AT", Field: "known.until"},
		{austria, "known: {from: 2024-01-01, til: 2030-12-31}\n    # over"}:     {Rule: "AT", Field: "known.til"},
		{austria, "known: always\n    # over"}:                                  {Rule: "AT", Field: "known"},
		{"until: 2027-12-31, note: the portaria", "until: 2031-12-31, note: a"}: {Rule: "BR+PF", Field: "known"},

		{"weekend: [sunday]", "weekend: [funday]"}:         {Rule: "CA", Field: "weekend"},
		{"weekend: [sunday]", "weekend: [sunday, sunday]"}: {Rule: "CA", Field: "weekend"},
		{"weekend: [sunday]", "weekend: sunday"}:           {Rule: "CA", Field: "weekend"},
		{"weekend: [sunday]", "weekend: [monday, tuesday, wednesday, thursday, friday, saturday, sunday]"}: {
			Rule: "CA", Field: "weekend"},

		// A calendar extends what is above it, so that none extends itself, alone or by a detour.
		{"extends: BR\n", "extends: BR+PF\n"}:                                            {Rule: "BR+PF", Field: "extends"},
		{"extends: BR\n", "extends: XX\n"}:                                               {Rule: "BR+PF", Field: "extends"},
		{"extends: BR\n", "extends: NONE\n"}:                                             {Rule: "BR+PF", Field: "extends"},
		{"    place: \"Germany, nationwide\"", "    extends: DE-BB\n    place: Germany"}: {Rule: "DE", Field: "extends"},

		{"on: 10-26", "on: 10-32"}:                                     {Rule: "AT", Field: "holidays.National Day.on"},
		{"on: 10-26", "on: soon"}:                                      {Rule: "AT", Field: "holidays.National Day.on"},
		{"on: 10-26", "on: []"}:                                        {Rule: "AT", Field: "holidays.National Day.on"},
		{"on: 10-26", "on: [10-26, soon]"}:                             {Rule: "AT", Field: "holidays.National Day.on"},
		{"on: 10-26", "on: [[10-26]]"}:                                 {Rule: "AT", Field: "holidays.National Day.on"},
		{"on: 10-26", "on: {day: 10-26}"}:                              {Rule: "AT", Field: "holidays.National Day.on"},
		{"on: 10-26", "on: ~"}:                                         {Rule: "AT", Field: "holidays.National Day.on"},
		{"on: 10-26", "at: 10-26"}:                                     {Rule: "AT", Field: "holidays.National Day.at"},
		{"{name: National Day, on: 10-26}", "{name: National Day}"}:    {Rule: "AT", Field: "holidays.National Day.on"},
		{"{name: National Day, on: 10-26}", "{name: \"\", on: 10-26}"}: {Rule: "AT", Field: "holidays.#9.name"},
		{"{name: National Day, on: 10-26}", "{on: 10-26}"}:             {Rule: "AT", Field: "holidays.#9.name"},
		{"{name: National Day, on: 10-26}", "10-26"}:                   {Rule: "AT", Field: "holidays.#9"},
		{"from: 2025}", "from: ever}"}:                                 {Rule: "PL", Field: "holidays.Christmas Eve.from"},
		{"from: 2025}", "from: 2025, until: 2024}"}:                    {Rule: "PL", Field: "holidays.Christmas Eve.until"},
		{"observed: day before", "observed: the day before"}:           {Rule: "NL", Field: "holidays.King's Day.observed"},
		{"on: easter-48", "on: carnival"}:                              {Rule: "BR+PF", Field: "closed.Carnival Monday.on"},

		{"calendars:\n  - name", "extra: 1\ncalendars:\n  - name"}: {Field: "extra"},
		{"calendars:\n  - name", "calendars: [\n  - name"}:         {},
	} {
		pack := &Pack{calendars: map[string]clock.Calendar{}}
		err := pack.readCalendars(changed(t, "calendars.yaml", change[0], change[1]))
		var broken *SchemaError
		require.ErrorAs(t, err, &broken, "%q", change)
		require.Equal(t, "calendars.yaml", broken.File, "%q", change)
		require.Equal(t, want.Rule, broken.Rule, "%q: %v", change, err)
		require.Equal(t, want.Field, broken.Field, "%q: %v", change, err)
		require.NotEmpty(t, broken.Detail)
	}
}

// TestNoFileOfCalendarsMakesTheReaderPanic puts words of the good file together at random.
func TestNoFileOfCalendarsMakesTheReaderPanic(t *testing.T) {
	t.Parallel()
	value := rapid.SampledFrom([]string{
		"", "AT", "DE", "NONE", "[]", "{}", "[{}]", "[{name: Day, on: easter}]", "[{name: Day, on: 02-29, observed: next day}]",
		"{from: 2024-01-01, until: 2030-12-31}", "{from: 0001-01-01, until: 0002-01-01}", "[saturday]", "&a [*a]", "*b", "!!null x",
	})
	keys := []string{"name", "place", "source", "known", "extends", "weekend", "holidays", "closed", "between"}
	rapid.Check(t, func(t *rapid.T) {
		text := "calendars:\n"
		for range rapid.IntRange(0, 3).Draw(t, "calendars") {
			text += "  - name: " + rapid.SampledFrom([]string{"AT", "DE", "DE-BE"}).Draw(t, "name") + "\n"
			for _, key := range rapid.Permutation(keys).Draw(t, "keys")[:rapid.IntRange(0, len(keys)).Draw(t, "number")] {
				if key != "name" {
					text += "    " + key + ": " + value.Draw(t, key) + "\n"
				}
			}
		}
		pack := &Pack{calendars: map[string]clock.Calendar{}}
		if err := pack.readCalendars(fstest.MapFS{"calendars.yaml": {Data: []byte(text)}}); err != nil {
			var broken *SchemaError
			require.ErrorAs(t, err, &broken)
		}
	})
}

// BenchmarkReadCalendars shows what the days cost at start: milliseconds.
func BenchmarkReadCalendars(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		pack := &Pack{calendars: map[string]clock.Calendar{}}
		if err := pack.readCalendars(embedded); err != nil {
			b.Fatal(err)
		}
	}
}

// loadedCalendars are the calendars of the embedded pack.
func loadedCalendars(t *testing.T) map[string]clock.Calendar {
	t.Helper()
	pack := &Pack{calendars: map[string]clock.Calendar{}}
	require.NoError(t, pack.readCalendars(embedded))
	return pack.calendars
}
