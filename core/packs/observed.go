package packs

import (
	"time"

	"github.com/atlascloudai/docket/core/clock"
)

// observance is what a law does for a holiday that falls on a weekend.
type observance string

const (
	// fridayOrMonday observes a Saturday on the Friday before and a Sunday on the Monday after (5 USC § 6103(b),
	// Executive Order 11582).
	fridayOrMonday observance = "friday or monday"
	// monday observes a Sunday on the Monday after and lets a Saturday be (California Government Code § 6701).
	monday observance = "monday"
	// nextWeekday substitutes the next day from Monday to Friday that is no holiday (United Kingdom, Australia).
	nextWeekday observance = "next weekday"
	// nextDay substitutes the next day that is no holiday for a Sunday (Japan, Act 178 of 1948 art 3(2)).
	nextDay observance = "next day"
	// dayBefore keeps a Sunday's holiday on the Saturday before, and not on the Sunday (King's Day in the Netherlands).
	dayBefore observance = "day before"
)

var observances = []observance{fridayOrMonday, monday, nextWeekday, nextDay, dayBefore}

// substitute is the day that is off besides a holiday's own. taken says which days are holidays already.
func (o observance) substitute(day clock.Date, taken func(clock.Date) bool) (clock.Date, bool) {
	saturday, sunday := day.Weekday() == time.Saturday, day.Weekday() == time.Sunday
	switch {
	case o == fridayOrMonday && saturday:
		return day.AddDays(-1), true
	case (o == fridayOrMonday || o == monday) && sunday:
		return day.AddDays(1), true
	case o == nextWeekday && (saturday || sunday):
		return nextWhere(day, func(d clock.Date) bool {
			return d.Weekday() != time.Saturday && d.Weekday() != time.Sunday && !taken(d)
		}), true
	case o == nextDay && sunday:
		return nextWhere(day, func(d clock.Date) bool { return !taken(d) }), true
	default:
		return clock.Date{}, false
	}
}

// kept is the day on which the holiday itself is kept.
func (o observance) kept(day clock.Date) clock.Date {
	if o == dayBefore && day.Weekday() == time.Sunday {
		return day.AddDays(-1)
	}
	return day
}

func nextWhere(day clock.Date, free func(clock.Date) bool) clock.Date {
	for {
		if day = day.AddDays(1); free(day) {
			return day
		}
	}
}

// daysOff are the days of holidays that occur, with the days between two of them if those have a name, and with what
// is observed for those on a weekend. The days already off count as holidays and are among them.
func daysOff(found []occurrence, between string, already map[clock.Date]string) map[clock.Date]string {
	off := make(map[clock.Date]string, len(already)+len(found))
	for day, name := range already {
		off[day] = name
	}
	for _, o := range found {
		addDay(off, o.holiday.observed.kept(o.day), o.holiday.name)
	}
	// Only holidays themselves have days between them, and no substitutes.
	if between != "" {
		for _, o := range found {
			middle := o.day.AddDays(1)
			if off[middle] == "" && isDayOf(found, middle.AddDays(1)) {
				off[middle] = between
			}
		}
	}
	taken := func(day clock.Date) bool { return off[day] != "" }
	for _, o := range found {
		if day, moved := o.holiday.observed.substitute(o.day, taken); moved {
			addDay(off, day, o.holiday.name+" (substitute day)")
		}
	}
	return off
}

// addDay adds a day off; two holidays on one day are both named.
func addDay(off map[clock.Date]string, day clock.Date, name string) {
	if other := off[day]; other != "" && other != name {
		name = other + ", " + name
	}
	off[day] = name
}

func isDayOf(found []occurrence, day clock.Date) bool {
	for _, o := range found {
		if o.day == day {
			return true
		}
	}
	return false
}
