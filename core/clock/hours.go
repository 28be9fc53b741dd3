package clock

import (
	"fmt"
	"time"
)

// countHours sets the two instants of a period in hours.
func (r *Result) countHours(rule Rule, at time.Time, period Period) {
	length := time.Duration(period.Amount) * time.Hour
	given := rule.Citation
	if rule.FromContract {
		given = "the agreement (" + rule.Citation + ")"
	}
	r.Target = at.Add(length)
	r.explain(&r.Target, rule.Citation,
		"Target: %s given by %s, counted as elapsed time from the event, so that no change of clocks, weekend or holiday moves it.", period, given)

	begin := at
	if rule.Counting == CountReg1182 {
		begin = endOfHour(at)
		r.explain(&begin, "Reg. 1182/71 art 3(1)",
			"The hour of the event is not counted: for the limit the period begins when that local hour ends.")
	}
	limit := begin.Add(length)
	r.Limit = &limit
	if rule.Counting == CountReg1182 {
		r.explain(&limit, "Reg. 1182/71 art 3(2)(a), 3(4)",
			"Limit: the period ends with its last hour; a period in hours does not roll over weekends or holidays.")
		return
	}
	r.explain(&limit, rule.Citation, "Limit: the same instant, because the rule counts from the event itself.")
}

// countInternal sets the company's own target for a duty that has no number.
func (r *Result) countInternal(rule Rule, at time.Time, period Period) {
	r.Target = at.Add(time.Duration(period.Amount) * time.Hour)
	r.explain(nil, rule.Citation, "The rule gives no number; it says %q, so there is no limit.", rule.Words)
	r.explain(&r.Target, "", "Internal target: %s, the company's own; it is not a legal limit.", period)
}

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
	if _, change := t.ZoneBounds(); !change.IsZero() && change.Before(end) {
		if sooner := endOfHour(change); sooner.Before(end) {
			return sooner
		}
	}
	return end
}

// startStep says which event the clock hangs on.
func startStep(rule Rule, at time.Time) Step {
	stage := ""
	if rule.Stage != "" {
		stage = fmt.Sprintf(" (%s)", rule.Stage)
	}
	return Step{
		Text:    fmt.Sprintf("The clock starts when %s%s: start word %s.", rule.Start.Happening(), stage, rule.Start),
		Cite:    rule.Citation,
		Instant: &at,
	}
}

// standing says what a reader must know about the rule itself before relying on the instants.
func standing(request Request) []Step {
	rule := request.Rule
	var steps []Step
	say := func(format string, args ...any) {
		steps = append(steps, Step{Text: fmt.Sprintf(format, args...)})
	}
	if reason := notInForce(request); reason != "" {
		say("Not in force: rule %s %s; computed because it was asked for.", rule.ID, reason)
	}
	if rule.Adoption == nil {
		say("Unadopted: nobody has adopted rule %s, so no case opens a duty from it.", rule.ID)
	}
	switch rule.Confidence {
	case ConfidenceSecondary:
		say("Confidence V2: read in secondary sources only.")
	case ConfidenceGeneral:
		say("Confidence G: general knowledge, not verified.")
	}
	say("Local time by IANA release %s, zone %s; calendar %s plays no part in a period of hours.",
		rule.ZoneData, request.Zone, request.Calendar.Name)
	return steps
}

func (r *Result) explain(instant *time.Time, cite, format string, args ...any) {
	step := Step{Text: fmt.Sprintf(format, args...), Cite: cite}
	if instant != nil {
		kept := *instant
		step.Instant = &kept
	}
	r.Why = append(r.Why, step)
}
