package clock

import "time"

// back counts a period backward from its event: the last instant at which something may still be sent. Whole days lie
// between the day of sending and the day of the event, so that what is sent by the limit may take effect at the event:
// the not-before clock of the same period, started by the sending, is over by then.
func (c *count) back() {
	if c.period.Unit == UnitHour {
		c.result.Target = c.begin.Add(-time.Duration(c.period.Amount) * time.Hour)
		limit := c.result.Target
		c.result.Limit = &limit
		c.explain(&limit, c.Rule.Citation, "Target and limit: %s, counted back from the event as elapsed time.", c.given())
		return
	}
	// The period has to be over when the day of the event begins.
	last := DateIn(c.begin, c.Zone).AddDays(-1)
	target := last.AddDays(-c.period.Amount)
	limit := target
	switch c.period.Unit {
	case UnitMonth:
		target, limit = last.AddMonths(-c.period.Amount), last.AddMonths(-c.period.Amount)
		if last.Day == last.lastOfMonth() {
			limit.Day = limit.lastOfMonth() // From each of the month's last days the period ends on this one.
		}
	case UnitBusinessDay:
		limit = c.workingDays(last.AddDays(1), c.period.Amount, -1, allowed).AddDays(-1)
		target = limit
	}
	c.result.Target = target.endIn(c.Zone)
	end := limit.endIn(c.Zone)
	c.result.Limit = &end
	name := "Target and limit"
	switch {
	case c.unknown:
		name = "Target"
	case target != limit:
		name = "Limit"
		c.explain(&c.result.Target, c.Rule.Citation, "Target: the same date as the day before the event, %s, counted back; %s.", named(last), named(target))
	}
	c.explain(&end, c.Rule.Citation, "%s: %s, which lie in full between the day of sending, %s at the latest, and the day of the event; counted backward, nothing rolls later.",
		name, c.given(), named(limit))
}
