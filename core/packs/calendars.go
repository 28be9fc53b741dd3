package packs

import (
	"fmt"
	"io/fs"
	"maps"
	"regexp"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/atlascloudai/docket/core/clock"
)

// calendarName is the form of a calendar's name: a country, then its parts or the set of days, as in DE, GB-ENG or BR+PF.
var calendarName = regexp.MustCompile(`^[A-Z]{2}([-+][A-Z]{2,3})?$`)

// longestKnown is how many years a calendar may speak of: nobody knows the days off further ahead.
const longestKnown = 20

// readCalendars reads the calendars and works out their days. The one without a place is in every pack.
func (p *Pack) readCalendars(files fs.FS) error {
	const file = "calendars.yaml"
	var nodes []yaml.Node
	if err := readFile(files, file, fields{"calendars": &nodes}); err != nil {
		return err
	}
	p.calendars[clock.NoCalendar.Name] = clock.NoCalendar
	for i := range nodes {
		calendar, broken := readCalendar(&nodes[i], p.calendars)
		if broken != nil {
			broken.Rule = calendar.Name
			if calendar.Name == "" {
				broken.Rule = fmt.Sprintf("#%d", i+1)
			}
			return broken.in(file)
		}
		p.calendars[calendar.Name] = calendar
	}
	return nil
}

// readCalendar reads one calendar, which may extend one of those above it: so no calendar can extend itself by a
// detour. The calendar it returns beside an error has as much as was read.
func readCalendar(node *yaml.Node, above map[string]clock.Calendar) (clock.Calendar, *SchemaError) {
	var calendar clock.Calendar
	var extends, between string
	var known, weekend yaml.Node
	var holidays, closed []yaml.Node
	keys := fields{
		"name": &calendar.Name, "place": &calendar.Place, "source": &calendar.Source, "extends": &extends, "known": &known,
		"weekend": &weekend, "holidays": &holidays, "closed": &closed, "between": &between,
	}
	if broken := keys.read(node, "extends", "known", "weekend", "holidays", "closed", "between"); broken != nil {
		return calendar, broken
	}
	_, twice := above[calendar.Name]
	switch {
	case calendar.Name == clock.NoCalendar.Name:
		return calendar, &SchemaError{Field: "name", Detail: "the calendar without a place is no pack's to write"}
	case !calendarName.MatchString(calendar.Name):
		return calendar, &SchemaError{Field: "name", Detail: fmt.Sprintf("%q is not written as DE, GB-ENG or BR+PF", calendar.Name)}
	case twice:
		return calendar, &SchemaError{Field: "name", Detail: "another calendar has the same name"}
	case calendar.Place == "":
		return calendar, &SchemaError{Field: "place", Detail: "is empty"}
	case calendar.Source == "":
		return calendar, &SchemaError{Field: "source", Detail: "is empty"}
	}
	base, broken := extended(extends, above)
	if broken != nil {
		return calendar, broken
	}
	if broken := readKnown(&known, base, &calendar).under("known"); broken != nil {
		return calendar, broken
	}
	if broken := readWeekend(&weekend, base, &calendar).under("weekend"); broken != nil {
		return calendar, broken
	}
	return calendar, fill(&calendar, base, holidays, closed, between)
}

// extended is the calendar that another one extends, or the zero Calendar.
func extended(name string, above map[string]clock.Calendar) (clock.Calendar, *SchemaError) {
	base, found := above[name]
	if name != "" && (!found || name == clock.NoCalendar.Name) {
		return base, &SchemaError{Field: "extends", Detail: fmt.Sprintf("%q is no calendar with days that is given above this one", name)}
	}
	return base, nil
}

// readKnown reads the days that the calendar speaks of. They lie within those of the calendar that it extends.
func readKnown(node *yaml.Node, base clock.Calendar, calendar *clock.Calendar) *SchemaError {
	if node.Kind == 0 {
		if base.Name == "" {
			return &SchemaError{Detail: "missing"}
		}
		calendar.KnownFrom, calendar.KnownUntil = base.KnownFrom, base.KnownUntil
		return nil
	}
	// The note is for the readers of the file.
	var note string
	if broken := (fields{"from": date(&calendar.KnownFrom), "until": date(&calendar.KnownUntil), "note": &note}).read(node, "note"); broken != nil {
		return broken
	}
	from, until := calendar.KnownFrom, calendar.KnownUntil
	switch {
	case calendar.KnownUntil.Before(calendar.KnownFrom):
		return &SchemaError{Field: "until", Detail: fmt.Sprintf("%s is before %s", until, from)}
	case calendar.KnownFrom.Year+longestKnown <= calendar.KnownUntil.Year:
		return &SchemaError{Field: "until", Detail: fmt.Sprintf("is more than %d years ahead of %s", longestKnown, from)}
	case base.Name != "" && (calendar.KnownFrom.Before(base.KnownFrom) || base.KnownUntil.Before(calendar.KnownUntil)):
		return &SchemaError{Detail: fmt.Sprintf("%s speaks of %s to %s only", base.Name, base.KnownFrom, base.KnownUntil)}
	default:
		return nil
	}
}

// readWeekend reads the days off of every week, which are those of the calendar that it extends or Saturday and Sunday.
func readWeekend(node *yaml.Node, base clock.Calendar, calendar *clock.Calendar) *SchemaError {
	if node.Kind == 0 {
		calendar.Weekend = clock.NoCalendar.Weekend
		if base.Name != "" {
			calendar.Weekend = base.Weekend
		}
		return nil
	}
	var names []string
	if err := node.Decode(&names); err != nil {
		return &SchemaError{Detail: err.Error()}
	}
	seen := map[time.Weekday]bool{}
	for _, name := range names {
		weekday, err := parseWeekday(name)
		if err != nil {
			return &SchemaError{Detail: err.Error()}
		}
		seen[weekday] = true
		calendar.Weekend = append(calendar.Weekend, weekday)
	}
	// A week off without end would leave no day to roll a limit to.
	if len(seen) != len(names) || len(seen) == 7 {
		return &SchemaError{Detail: "names a day twice, or all seven"}
	}
	return nil
}

// fill works out the calendar's days.
func fill(calendar *clock.Calendar, base clock.Calendar, holidays, closed []yaml.Node, between string) *SchemaError {
	// What is observed may lie in another year than its holiday: New Year's Day 2028 on 31 December 2027.
	firstYear, lastYear := calendar.KnownFrom.Year-1, calendar.KnownUntil.Year+1
	public, broken := readHolidays("holidays", holidays)
	if broken != nil {
		return broken
	}
	shut, broken := readHolidays("closed", closed)
	if broken != nil {
		return broken
	}
	calendar.Holidays = daysOff(occurrences(public, firstYear, lastYear), between, base.Holidays)
	calendar.Closed = daysOff(occurrences(shut, firstYear, lastYear), "", base.Closed)
	keepKnown(calendar.Holidays, *calendar)
	keepKnown(calendar.Closed, *calendar)
	maps.DeleteFunc(calendar.Closed, func(day clock.Date, _ string) bool { return calendar.Holidays[day] != "" })
	return nil
}

// keepKnown takes out the days that the calendar does not speak of.
func keepKnown(days map[clock.Date]string, calendar clock.Calendar) {
	maps.DeleteFunc(days, func(day clock.Date, _ string) bool {
		return day.Before(calendar.KnownFrom) || calendar.KnownUntil.Before(day)
	})
}
