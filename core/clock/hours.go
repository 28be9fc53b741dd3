package clock

import "time"

// hours counts a period in hours: on instants, so that no change of clocks, weekend or holiday moves it.
func (c *count) hours() {
	length := time.Duration(c.period.Amount) * time.Hour
	c.result.Target = c.begin.Add(length)
	c.explain(&c.result.Target, c.Rule.Citation,
		"Target: %s, counted as elapsed time, so that no change of clocks, weekend or holiday moves it.", c.given())

	begin := c.begin
	if c.Rule.Counting == CountReg1182 {
		begin = endOfHour(c.begin)
		text := "The hour of the event is not counted: for the limit the period begins when that local hour ends."
		if begin.Equal(c.begin) {
			text = "The hour of the event is not counted, and the event is of the full hour: the period begins with it."
		}
		c.explain(&begin, "Reg. 1182/71 art 3(1)", "%s", text)
	}
	limit := begin.Add(length)
	c.result.Limit = &limit
	if c.Rule.Counting == CountReg1182 {
		c.explain(&limit, "Reg. 1182/71 art 3(2)(a), 3(4)",
			"Limit: the period ends with its last hour; a period in hours does not roll over weekends or holidays.")
	} else {
		c.explain(&limit, c.Rule.Citation, "Limit: the same instant, because no part of an hour is left out.")
	}
}

// given is the period and what gives it: a provision, or the clause of an agreement.
func (c *count) given() string { return c.period.String() + " (" + c.Rule.Citation + ")" }

// endOfHour is the instant at which the local hour of the event ends, or the event itself when it falls exactly
// on the hour. Hours are those of the wall clock in t's zone: truncating in UTC would be wrong in zones that stand
// at half or quarter hours. Where the clocks change within the hour, it ends after sixty elapsed minutes or at the
// next full hour that the changed clock shows, whichever is earlier, so that it never lasts longer than an hour.
func endOfHour(t time.Time) time.Time {
	into := time.Duration(t.Minute())*time.Minute + time.Duration(t.Second())*time.Second + time.Duration(t.Nanosecond())
	if into == 0 {
		return t
	}
	end := t.Add(time.Hour - into)
	// The bounds of t itself would not do: on the last day of a leap year time gives their end as that day's beginning.
	if change, _ := end.ZoneBounds(); change.After(t) {
		if sooner := endOfHour(change); sooner.Before(end) {
			return sooner
		}
	}
	return end
}
