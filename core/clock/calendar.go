package clock

import (
	"slices"
	"time"
)

// Calendar is the days off of the place where an act must be done (Reg. 1182/71 art 2(1)): what a clock rolls over and
// what it leaves out when it counts business days. Hours neither roll nor skip days.
type Calendar struct {
	// Name is the calendar's name in the rule pack, e.g. "NONE", "DE", "GB-ENG", "US-FED".
	Name string
	// Place says in words which days it holds, e.g. "Germany, nationwide".
	Place string
	// Source is the law that makes the days.
	Source string
	// Weekend are the days off of every week.
	Weekend []time.Weekday
	// Holidays are the public holidays, by date, with their names.
	Holidays map[Date]string
	// Closed are days on which an authority keeps its doors closed without their being public holidays. They may move
	// a limit later; a target never rests on them.
	Closed map[Date]string
	// KnownFrom and KnownUntil are the first and the last day that the calendar speaks of. Outside, the days off are
	// not known: targets look at weekends only and limits are withheld.
	KnownFrom, KnownUntil Date
}

// saturdayAndSunday are the weekend of most places.
var saturdayAndSunday = []time.Weekday{time.Saturday, time.Sunday}

// NoCalendar stands where no place is named: nothing rolls, and business days are Monday to Friday.
var NoCalendar = Calendar{Name: "NONE", Place: "no place named: nothing rolls, business days are Monday to Friday", Weekend: saturdayAndSunday}

// none says that no place is named, so that there is nothing to roll by.
func (c Calendar) none() bool { return c.Name == NoCalendar.Name }

// knows says whether the calendar speaks of a day.
func (c Calendar) knows(d Date) bool {
	return c.none() || !d.Before(c.KnownFrom) && !c.KnownUntil.Before(d)
}

// works says whether people work on the day: it is neither weekend nor holiday, nor, for a limit, a closing day.
func (c Calendar) works(d Date, reading reading) bool {
	if slices.Contains(c.Weekend, d.Weekday()) || c.Holidays[d] != "" {
		return false
	}
	return reading == strict || c.Closed[d] == ""
}

// off says in words why nobody works on the day.
func (c Calendar) off(d Date) string {
	for _, name := range []string{c.Holidays[d], c.Closed[d]} {
		if name != "" {
			return name
		}
	}
	return d.Weekday().String()
}
