package clock

import (
	"time"

	"github.com/atlascloudai/docket/core/problem"
)

// Date is a civil date without a zone: what a statute means by "from 1 January 2026".
// The zero Date means that no date is given.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// ParseDate reads a date as YYYY-MM-DD. The error is a *problem.Error on field "date".
func ParseDate(text string) (Date, error) {
	at, err := time.Parse(time.DateOnly, text)
	if err != nil || at.Year() == 0 {
		return Date{}, problem.InvalidField("date", "%q is not a date; write YYYY-MM-DD", text)
	}
	return DateIn(at, time.UTC), nil
}

// DateIn is the civil date that the calendar on the wall of a zone shows at an instant.
func DateIn(at time.Time, zone *time.Location) Date {
	year, month, day := at.In(zone).Date()
	return Date{Year: year, Month: month, Day: day}
}

// IsZero says whether no date is given.
func (d Date) IsZero() bool { return d == Date{} }

// Before says whether d lies before other.
func (d Date) Before(other Date) bool {
	if d.Year != other.Year {
		return d.Year < other.Year
	}
	if d.Month != other.Month {
		return d.Month < other.Month
	}
	return d.Day < other.Day
}

// AddDays is the date n days later, or earlier where n is negative.
func (d Date) AddDays(n int) Date {
	return DateIn(time.Date(d.Year, d.Month, d.Day+n, 0, 0, 0, 0, time.UTC), time.UTC)
}

// AddMonths is the same date n months later, or the last day of that month where the date is missing
// (Reg. 1182/71 art 3(2)(c)): 31 January and one month is 28 or 29 February, never 3 March.
func (d Date) AddMonths(n int) Date {
	first := DateIn(time.Date(d.Year, d.Month+time.Month(n), 1, 0, 0, 0, 0, time.UTC), time.UTC)
	first.Day = min(d.Day, first.lastOfMonth())
	return first
}

// DaysUntil is how many days lie from d to other: 1 from a day to the next one.
func (d Date) DaysUntil(other Date) int {
	return int(other.midnight().Sub(d.midnight()) / (24 * time.Hour))
}

// Weekday is the day of the week.
func (d Date) Weekday() time.Weekday { return d.midnight().Weekday() }

// lastOfMonth is the number of the month's last day.
func (d Date) lastOfMonth() int { return time.Date(d.Year, d.Month+1, 0, 0, 0, 0, 0, time.UTC).Day() }

func (d Date) midnight() time.Time { return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC) }

// String writes the date as YYYY-MM-DD, or "" if none is given.
func (d Date) String() string {
	if d.IsZero() {
		return ""
	}
	return d.midnight().Format(time.DateOnly)
}

// beginIn is the first instant at which the wall of a zone shows the date. Where clocks go forward over midnight the day
// begins with the change; where they go back over it, it begins the first time.
func (d Date) beginIn(zone *time.Location) time.Time {
	// No zone was ever further from UTC than 16 hours.
	for at := d.midnight().Add(-16 * time.Hour).In(zone); ; {
		_, offset := at.Zone()
		begin := d.midnight().Add(-time.Duration(offset) * time.Second).In(zone)
		if begin.Before(at) {
			begin = at
		}
		if _, there := begin.Zone(); there == offset {
			return begin
		}
		_, change := at.ZoneBounds()
		if !change.After(at) { // Where a rule of the zone data takes over, the bounds can lie on the instant itself.
			change = at.Add(time.Minute)
		}
		at = change
	}
}

// endIn is the last microsecond at which the wall of a zone shows the date: what is done by then is done on that day.
// A microsecond is the finest instant that is stored.
func (d Date) endIn(zone *time.Location) time.Time {
	return d.AddDays(1).beginIn(zone).Add(-time.Microsecond)
}
