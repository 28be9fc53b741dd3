package clock

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/atlascloudai/docket/core/problem"
)

// Unit is what a period is counted in. Each unit is computed by its own rules:
// hours on instants, days and months on civil dates in the regime's zone.
type Unit string

// The units.
const (
	// UnitHour is sixty elapsed minutes; weekends, holidays and clock changes do not matter to it.
	UnitHour Unit = "hour"
	// UnitCalendarDay is a civil day; holidays lie inside the period.
	UnitCalendarDay Unit = "calendar_day"
	// UnitBusinessDay is a working day of a named calendar.
	UnitBusinessDay Unit = "business_day"
	// UnitMonth is a civil month, ending on the same date or, where that is missing, on the month's last day.
	UnitMonth Unit = "month"
	// UnitNone is a duty without a number ("without undue delay"): it has no legal limit, only an internal target.
	UnitNone Unit = "none"
)

// words gives each unit the spellings that agreements use; the first is the one we print.
var words = map[Unit][]string{
	UnitHour:        {"hour", "hours"},
	UnitCalendarDay: {"day", "days", "calendar day", "calendar days"},
	UnitBusinessDay: {"business day", "business days", "working day", "working days"},
	UnitMonth:       {"month", "months"},
}

// longest is the greatest amount accepted per unit, ten years each. Longer periods do not
// occur in notification law; a greater number is a typing error, and refusing it keeps all
// arithmetic far from overflow.
var longest = map[Unit]int{
	UnitHour:        87_600,
	UnitCalendarDay: 3_653,
	UnitBusinessDay: 2_610,
	UnitMonth:       120,
}

// Period is a length of legal time: an amount of one unit, e.g. 72 hours.
// The amount is at least 1, except for UnitNone, whose amount is 0.
type Period struct {
	Amount int
	Unit   Unit
}

// Hours is a period of n elapsed hours.
func Hours(n int) Period { return Period{Amount: n, Unit: UnitHour} }

// ParsePeriod reads a period as agreements write it: "48 hours", "30 days", "30 calendar days",
// "10 business days", "1 month". Zero, negative, fractional, padded or longer than ten years is
// refused with a *problem.Error that names the field "period".
func ParsePeriod(text string) (Period, error) {
	number, word, _ := strings.Cut(strings.Join(strings.Fields(strings.ToLower(text)), " "), " ")
	amount, err := strconv.Atoi(number)
	if err != nil || strconv.Itoa(amount) != number {
		return Period{}, problem.InvalidField("period",
			"%q is not a period; write a whole number and a unit, e.g. \"48 hours\" or \"30 days\"", text)
	}
	for unit, spellings := range words {
		if slices.Contains(spellings, word) {
			period := Period{Amount: amount, Unit: unit}
			return period, period.Validate()
		}
	}
	return Period{}, problem.InvalidField("period",
		"%q has no known unit; use hours, days, business days or months", text)
}

// Validate refuses a period that no clock can run on: an unknown unit, an amount below 1 or above
// ten years, or an amount where there is no number. Errors are *problem.Error on field "period".
func (p Period) Validate() error {
	if p.Unit == UnitNone {
		if p.Amount != 0 {
			return problem.InvalidField("period", "a duty without a number has no amount, not %d", p.Amount)
		}
		return nil
	}
	most, known := longest[p.Unit]
	switch {
	case !known:
		return problem.InvalidField("period", "unknown unit %q", string(p.Unit))
	case p.Amount < 1:
		return problem.InvalidField("period", "a period is at least 1 %s, not %d", words[p.Unit][0], p.Amount)
	case p.Amount > most:
		return problem.InvalidField("period", "%d %s is more than ten years (%d)", p.Amount, words[p.Unit][1], most)
	}
	return nil
}

// String writes the period so that ParsePeriod reads it back; a duty without a number is "no number".
func (p Period) String() string {
	spellings, known := words[p.Unit]
	switch {
	case p.Unit == UnitNone:
		return "no number"
	case !known:
		return fmt.Sprintf("%d %s", p.Amount, string(p.Unit))
	case p.Amount == 1:
		return "1 " + spellings[0]
	}
	return fmt.Sprintf("%d %s", p.Amount, spellings[1])
}
