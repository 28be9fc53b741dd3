package clock

import (
	"fmt"
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

// String writes the date as YYYY-MM-DD, or "" if none is given.
func (d Date) String() string {
	if d.IsZero() {
		return ""
	}
	return fmt.Sprintf("%04d-%02d-%02d", d.Year, d.Month, d.Day)
}
