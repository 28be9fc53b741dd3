package clock

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// reading is how strictly a rule is read.
type reading int

const (
	// strict is the reading of the target: no relaxation counts.
	strict reading = iota
	// allowed is the reading of the limit: everything that the regime allows counts.
	allowed
)

// days counts a period in calendar days, business days or months: on the civil dates of the zone.
func (c *count) days() {
	first := DateIn(c.begin, c.Zone)
	target, limit := c.lastDay(first, strict), c.lastDay(first, allowed)
	paused := c.pausedDays(first, limit)
	short := max(paused-1, 0)
	target, limit = target.AddDays(short), limit.AddDays(paused)

	c.result.Target = c.Rule.CutOff.on(target, c.Zone)
	period := c.given()
	if read, _ := c.reads(strict); read != c.period {
		period = read.String() + " as the strict reading of " + period
	}
	c.explain(&c.result.Target, c.Rule.Citation, "Target: %s, %s%s; the last day is %s%s.",
		period, c.convention(strict)+c.leftOut(first, target, strict), besides(short), named(target), c.untilCutOff())
	end := c.Rule.CutOff.on(limit, c.Zone)
	c.result.Limit = &end
	if limit != target && c.sure() {
		c.explain(&end, c.Rule.Citation, "Limit: %s, %s%s; the last day is %s.", c.period, c.convention(allowed)+c.leftOut(first, limit, allowed), besides(paused), named(limit))
	}
	c.roll(first, limit)
}

// waitOut makes a not-before clock's target its limit: nothing relaxes a waiting period.
func (c *count) waitOut() {
	if c.Rule.Direction != DirectionNotBefore || c.result.Limit == nil {
		return
	}
	c.result.Target = *c.result.Limit
	c.explain(&c.result.Target, c.Rule.Citation, "Not before: acting is too early until this is over.")
}

// sure says that the limit, as it is counted, will not be withheld.
func (c *count) sure() bool { return !c.unknown && !c.paused }

// withhold takes the limit back where it rests on days of which nobody knows yet whether they are days off, or while
// a pause has no end.
func (c *count) withhold() {
	if c.paused {
		c.result.Limit = nil
		c.explain(nil, c.Rule.Pause.Citation, "The clarification has not come: the clock stands still, and its limit cannot be told before.")
	}
	if !c.unknown {
		return
	}
	c.result.Limit, c.result.Provisional = nil, true
	advice := "the target looks at weekends alone"
	switch c.Rule.Direction {
	case DirectionBackward:
		advice += ", so act earlier"
	case DirectionNotBefore:
		advice += ", so wait longer"
	}
	c.explain(nil, "", "Calendar provisional: %s speaks of the days from %s to %s only; %s, and the limit is withheld.",
		c.Calendar.Name, c.Calendar.KnownFrom, c.Calendar.KnownUntil, advice)
}

// reads is the period and the way of counting it by a reading.
func (c *count) reads(how reading) (Period, Convention) {
	period, counting, stricter := c.period, c.Rule.Counting, c.Rule.Strict
	if how == allowed || c.Rule.Direction == DirectionNotBefore {
		return period, counting
	}
	if stricter.Period != (Period{}) && period == c.Rule.Period {
		period = stricter.Period
	}
	return period, cmp.Or(stricter.Counting, counting)
}

// lastDay is the last day of the period whose event is of the first day, before anything rolls.
func (c *count) lastDay(first Date, how reading) Date {
	period, counting := c.reads(how)
	if counting == CountDayOfEvent {
		first = first.AddDays(-1)
	}
	switch period.Unit {
	case UnitMonth:
		if counting == CountDayOfEvent {
			return first.AddDays(1).AddMonths(period.Amount).AddDays(-1)
		}
		return first.AddMonths(period.Amount)
	case UnitBusinessDay:
		return c.workingDays(first, period.Amount, 1, how)
	default:
		return first.AddDays(period.Amount)
	}
}

// workingDays is the n-th working day after a day (step 1) or before it (step -1).
func (c *count) workingDays(day Date, n, step int, how reading) Date {
	for n > 0 {
		if day = day.AddDays(step); c.works(day, how) {
			n--
		}
	}
	return day
}

// leftOut names the holidays that a count of business days left out on its way.
func (c *count) leftOut(first, last Date, how reading) string {
	if c.period.Unit != UnitBusinessDay {
		return ""
	}
	var off []string
	for day := first.AddDays(1); day.Before(last); day = day.AddDays(1) {
		if !c.Calendar.works(day, how) && !slices.Contains(c.Calendar.Weekend, day.Weekday()) {
			off = append(off, named(day)+" ("+c.Calendar.off(day)+")")
		}
	}
	if len(off) == 0 {
		return ""
	}
	return ", leaving out weekends and " + strings.Join(off, ", ")
}

// works asks the calendar, and keeps in mind that it was asked about a day it does not know.
func (c *count) works(day Date, how reading) bool {
	c.unknown = c.unknown || !c.Calendar.knows(day)
	return c.Calendar.works(day, how)
}

// roll moves a limit that falls on a day off, and gives a period of days its two working days.
func (c *count) roll(first, last Date) {
	switch {
	case c.Rule.Roll == RollNone && c.Rule.Direction == DirectionNotAfter && c.result.Limit.Equal(c.result.Target):
		c.moveLimit(*c.result.Limit, c.Rule.Citation, "Limit: the same instant; the rule does not move it over days off.")
		return
	case c.Rule.Roll == RollNone:
		return
	case c.Calendar.none():
		c.moveLimit(*c.result.Limit, "", "Limit: %s; no calendar was named, so nothing rolls over days off.", named(last))
		return
	}
	end, cite := last, c.Rule.Citation
	if c.Rule.Counting == CountReg1182 {
		cite = "Reg. 1182/71 art 3(4)"
	}
	if c.works(last, allowed) {
		c.moveLimit(*c.result.Limit, cite, "Limit: %s is a working day by calendar %s, so nothing rolls.", named(last), c.Calendar.Name)
	} else {
		end = c.workingDays(last, 1, 1, allowed)
		c.moveLimit(c.rolled(c.Rule.Roll, end), cite, "Limit: %s is a day off (%s), so the period ends %s the next working day, %s.",
			named(last), c.Calendar.off(last), c.Rule.Roll.at(), named(end))
	}
	if c.Rule.Counting != CountReg1182 || c.period.Unit != UnitCalendarDay || c.period.Amount < 2 {
		return
	}
	if second := c.workingDays(first, 2, 1, allowed); end.Before(second) {
		c.moveLimit(c.Rule.CutOff.on(second, c.Zone), "Reg. 1182/71 art 3(5)", "Limit: a period of two days or more holds at least two working days; the second is %s.", named(second))
	}
}

// rolled is when a period ends that was rolled to a day.
func (c *count) rolled(roll Roll, day Date) time.Time {
	if roll == RollNoonNextWorkingDay {
		return TimeOfDay("12:00").on(day, c.Zone)
	}
	return c.Rule.CutOff.on(day, c.Zone)
}

// at says in words when of the day to which it moved the period ends.
func (r Roll) at() string {
	if r == RollNoonNextWorkingDay {
		return "at noon of"
	}
	return "with"
}

// moveLimit sets the limit, and says so unless the calendar does not reach far enough to be sure.
func (c *count) moveLimit(end time.Time, cite, format string, args ...any) {
	c.result.Limit = &end
	if c.sure() {
		c.explain(&end, cite, format, args...)
	}
}

// relieve moves a limit that falls on a day off, for those who may use the relief.
func (c *count) relieve() {
	relief := c.Rule.Relief
	if relief == nil || c.result.Limit == nil || c.Options[relief.Option] != "true" {
		return
	}
	last := DateIn(*c.result.Limit, c.Zone)
	switch {
	case c.Calendar.none():
		c.explain(nil, relief.Citation, "The relief changes nothing: no calendar was named.")
	case c.works(last, allowed):
		if c.sure() {
			c.explain(nil, relief.Citation, "The relief changes nothing: %s is a working day by calendar %s.", named(last), c.Calendar.Name)
		}
	default:
		next := c.workingDays(last, 1, 1, allowed)
		c.moveLimit(c.rolled(relief.Roll, next), relief.Citation, "Limit: %s is a day off (%s); for whoever may use the relief the period ends %s the next working day, %s.",
			named(last), c.Calendar.off(last), relief.Roll.at(), named(next))
	}
}

// pausedDays counts the days of the period, which begins with first and ends with last, that do not count.
func (c *count) pausedDays(first, last Date) int {
	pause := c.Rule.Pause
	if pause == nil {
		return 0
	}
	asked, wasAsked := c.Facts[pause.Asked]
	if !wasAsked {
		return 0
	}
	answered, wasAnswered := c.Facts[pause.Answered]
	from, until := DateIn(asked, c.Zone), DateIn(answered, c.Zone)
	nothing := ""
	switch right := c.Options[OptionRight]; {
	case right == "":
		nothing = fmt.Sprintf("the law knows that for %s only, and the right that the request is about was not given", strings.Join(pause.Rights, ", "))
	case !slices.Contains(pause.Rights, right):
		nothing = fmt.Sprintf("the law knows that for %s only, and the request is about %s", strings.Join(pause.Rights, ", "), right)
	case from.Before(pause.From):
		nothing = "the law knows that from " + pause.From.String() + " only"
	case last.Before(from):
		nothing = "it was asked for on " + named(from) + ", after the last day of the period, " + named(last)
	case wasAnswered && until.Before(first):
		nothing = "it came before the period began"
	}
	switch {
	case nothing != "":
		c.explain(nil, pause.Citation, "The clarification pauses nothing: %s.", nothing)
		return 0
	case !wasAnswered:
		c.paused = true
		return 0
	case from.Before(first):
		from = first // What lies before the period is no part of it.
	}
	days := from.DaysUntil(until) + 1
	c.explain(nil, pause.Citation, "%d days of the period, from %s to %s, both included, do not count; for the target one less, as if the clock ran on the day of the answer.",
		days, named(from), named(until))
	return days
}

// besides are the days that a pause adds, in words.
func besides(paused int) string {
	switch paused {
	case 0:
		return ""
	case 1:
		return ", and 1 day that does not count"
	}
	return fmt.Sprintf(", and %d days that do not count", paused)
}

// convention says in words how days are counted.
func (c *count) convention(how reading) string {
	_, counting := c.reads(how)
	begin := named(DateIn(c.begin, c.Zone))
	switch {
	case counting == CountDayOfEvent:
		return "with " + begin + " as the first day"
	case c.period.Unit == UnitMonth:
		return "to the same date as " + begin + ", or the month's last day where it is missing"
	case c.period.Unit == UnitBusinessDay:
		return "working days by calendar " + c.Calendar.Name + " after " + begin + ", which is not counted"
	default:
		return "after " + begin + ", which is not counted"
	}
}

func (c *count) untilCutOff() string {
	if c.Rule.CutOff == "" {
		return ""
	}
	return ", until " + string(c.Rule.CutOff)
}

// named is a date as people read it.
func named(d Date) string { return d.Weekday().String() + " " + d.String() }
