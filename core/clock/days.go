package clock

import (
	"fmt"
	"slices"
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
	nominal := c.lastDay(first, allowed)
	paused, open := c.pausedDays(nominal)
	target, limit = target.AddDays(max(paused-1, 0)), limit.AddDays(paused)

	c.result.Target = c.rule.CutOff.on(target, c.Zone)
	period := c.period.String() + " given by " + c.giver()
	if shorter := c.periodOf(strict); shorter != c.period {
		period = shorter.String() + ", a stricter reading of " + c.giver()
	}
	c.explain(&c.result.Target, c.rule.Citation, "Target: %s, %s; the last day is %s%s.", period, c.convention(strict), named(target), c.untilCutOff())
	end := c.rule.CutOff.on(limit, c.Zone)
	if limit != target {
		c.explain(&end, c.rule.Citation, "Limit: %s, %s; the last day is %s.", c.period, c.convention(allowed), named(limit))
	}
	c.result.Limit = &end
	c.roll(first, limit)
	c.relieve()
	if c.rule.Direction == DirectionNotBefore {
		c.result.Target = *c.result.Limit
		c.explain(c.result.Limit, c.rule.Citation, "Not before: acting is too early until this day is over.")
	}
	if open {
		c.result.Limit = nil
		c.explain(nil, c.rule.Pause.Citation, "The clarification has not come: the clock stands still, and its limit cannot be told before.")
	}
}

// withhold takes the limit back where it rests on days of which nobody knows yet whether they are days off.
func (c *count) withhold() {
	if !c.unknown {
		return
	}
	c.result.Limit, c.result.Provisional = nil, true
	advice := "the target looks at weekends alone"
	if c.rule.Direction == DirectionBackward {
		advice += ", so act earlier"
	}
	c.explain(nil, "", "Calendar provisional: %s speaks of the days from %s to %s only; %s, and the limit is withheld.",
		c.Calendar.Name, c.Calendar.KnownFrom, c.Calendar.KnownUntil, advice)
}

// lastDay is the last day of the period whose event is of the first day, before anything rolls.
func (c *count) lastDay(first Date, how reading) Date {
	period, counting := c.periodOf(how), c.countingOf(how)
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

// periodOf is the period under a reading: the stricter one stands for the rule's own, not for that of an extension or a
// circumstance. A waiting period has no stricter reading, since a shorter one would be laxer.
func (c *count) periodOf(how reading) Period {
	if how == strict && c.rule.Direction != DirectionNotBefore && c.rule.Strict.Period != (Period{}) && c.period == c.rule.Period {
		return c.rule.Strict.Period
	}
	return c.period
}

func (c *count) countingOf(how reading) Convention {
	if how == strict && c.rule.Direction != DirectionNotBefore && c.rule.Strict.Counting != "" {
		return c.rule.Strict.Counting
	}
	return c.rule.Counting
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

// works asks the calendar, and keeps in mind that it was asked about a day it does not know.
func (c *count) works(day Date, how reading) bool {
	c.unknown = c.unknown || !c.Calendar.knows(day)
	return c.Calendar.works(day, how)
}

// roll moves a limit that falls on a day off, and gives a period of days its two working days.
func (c *count) roll(first, last Date) {
	if c.rule.Roll == RollNone {
		return
	}
	if c.Calendar.none() {
		c.explain(nil, "", "No calendar was named, so nothing is rolled over days off.")
		return
	}
	end := last
	if !c.works(end, allowed) {
		end = c.workingDays(end, 1, 1, allowed)
		c.moveLimit(end, c.rollCitation(), fmt.Sprintf("Limit: %s is a day off (%s), so the period ends with the next working day, %s.",
			named(last), c.Calendar.off(last), named(end)))
	}
	if c.rule.Counting != CountReg1182 || c.period.Unit != UnitCalendarDay || c.period.Amount < 2 {
		return
	}
	if second := c.workingDays(first, 2, 1, allowed); end.Before(second) {
		c.moveLimit(second, "Reg. 1182/71 art 3(5)", fmt.Sprintf("Limit: a period of two days or more holds at least two working days; the second is %s.", named(second)))
	}
}

func (c *count) moveLimit(day Date, cite, text string) {
	end := c.rule.CutOff.on(day, c.Zone)
	c.result.Limit = &end
	c.explain(&end, cite, "%s", text)
}

func (c *count) rollCitation() string {
	if c.rule.Counting == CountReg1182 {
		return "Reg. 1182/71 art 3(4)"
	}
	return c.rule.Citation
}

// relieve moves a limit that falls on a day off for those who may use the relief.
func (c *count) relieve() {
	relief := c.rule.Relief
	if relief == nil || c.Options[relief.Option] != "true" || c.Calendar.none() {
		return
	}
	last := DateIn(*c.result.Limit, c.Zone)
	if c.works(last, allowed) {
		return
	}
	next := c.workingDays(last, 1, 1, allowed)
	end := next.endIn(c.Zone)
	if relief.Roll == RollNoonNextWorkingDay {
		end = TimeOfDay("12:00").on(next, c.Zone)
	}
	c.result.Limit = &end
	c.explain(&end, relief.Citation, "Limit: %s is a day off (%s), and whoever may use the relief has until noon of the next working day, %s.",
		named(last), c.Calendar.off(last), named(next))
}

// pausedDays counts the days that do not count, and says whether the pause has no end yet.
func (c *count) pausedDays(nominal Date) (days int, open bool) {
	pause := c.rule.Pause
	if pause == nil {
		return 0, false
	}
	asked, wasAsked := c.Facts[pause.Asked]
	if !wasAsked {
		return 0, false
	}
	from := DateIn(asked, c.Zone)
	switch right := c.Options[OptionRight]; {
	case !slices.Contains(pause.Rights, right):
		c.explain(nil, pause.Citation, "The clarification pauses nothing: the law knows that for %q only, and the request is about %q.", pause.Rights, right)
		return 0, false
	case from.Before(pause.From):
		c.explain(nil, pause.Citation, "The clarification pauses nothing: the law knows that from %s only.", pause.From)
		return 0, false
	case nominal.Before(from):
		c.explain(nil, pause.Citation, "The clarification pauses nothing: it was asked for on %s, when the period was over.", named(from))
		return 0, false
	}
	answered, wasAnswered := c.Facts[pause.Answered]
	if !wasAnswered {
		return 0, true
	}
	days = from.DaysUntil(DateIn(answered, c.Zone)) + 1
	c.explain(nil, pause.Citation, "%d days do not count, from the day of asking to the day of the answer, both included; for the target one less, as if the clock ran on the day of the answer.", days)
	return days, false
}

// convention says in words how days are counted.
func (c *count) convention(how reading) string {
	counting := c.countingOf(how)
	begin := named(DateIn(c.begin, c.Zone))
	switch {
	case counting == CountDayOfEvent:
		return "with " + begin + ", the day of the event, as the first day"
	case c.period.Unit == UnitMonth:
		return "to the date of " + begin + " or the month's last day where it is missing"
	case c.period.Unit == UnitBusinessDay:
		days := "working days by calendar " + c.Calendar.Name
		if how == strict && len(c.Calendar.Closed) > 0 {
			days += ", its closing days among them,"
		}
		return days + " after " + begin + ", the day of the event, which is not counted"
	default:
		return "after " + begin + ", the day of the event, which is not counted"
	}
}

func (c *count) untilCutOff() string {
	if c.rule.CutOff == "" {
		return ""
	}
	return ", until " + string(c.rule.CutOff)
}

// named is a date as people read it.
func named(d Date) string { return d.Weekday().String() + " " + d.String() }
