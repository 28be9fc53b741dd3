package clock

import (
	"slices"
	"time"

	"github.com/atlascloudai/docket/core/problem"
)

// Strict is a stricter reading of the same text. What is zero is read as the rule says.
type Strict struct {
	// Period is the shorter period.
	Period Period
	// Counting is the stricter convention, e.g. CountDayOfEvent where the text says "begins on the day".
	Counting Convention
}

// TimeOfDay is a local time as HH:MM.
type TimeOfDay string

// on is the instant of that time on a day.
func (t TimeOfDay) on(d Date, zone *time.Location) time.Time {
	at, err := time.Parse("15:04", string(t))
	if err != nil {
		return d.endIn(zone)
	}
	return time.Date(d.Year, d.Month, d.Day, at.Hour(), at.Minute(), 0, 0, zone)
}

// Relief is a roll that only those may use who say so by an option.
type Relief struct {
	// Option is the option's name, e.g. "weekend_relief".
	Option string
	// Roll is what then happens on a day off, to periods in hours too.
	Roll Roll
	// Citation is the provision.
	Citation string
}

// Cap bounds a clock by a period from another fact: the earlier of both governs.
type Cap struct {
	// Fact is the fact's name, e.g. "aware".
	Fact string
	// Period runs from the fact, in hours.
	Period Period
	// UnlessPassed lets the cap fall where the event came only after it (Del. Reg. 2025/301 art 5(2)).
	UnlessPassed bool
	// Citation is the provision.
	Citation string
}

// Extension makes the period longer for whoever gave notice of it in time.
type Extension struct {
	// Period is the whole period from the original start, e.g. 3 months for one that is extended by two.
	Period Period
	// Notice is the id of the rule that says by when the notice of extension is given, "" where none is.
	Notice string
	// Citation is the provision.
	Citation string
}

// Variant is the period for a circumstance that whoever asks states by an option.
type Variant struct {
	// Option is the option's name, e.g. "small_agent".
	Option string
	// Period stands in place of the rule's.
	Period Period
	// Citation is the provision.
	Citation string
}

// Reset starts the period anew with the latest of the event and the facts (UK GDPR art 12A(2)).
type Reset struct {
	// Facts are the names of the facts.
	Facts []string
	// From is the first day on which the law knew it.
	From Date
	// Citation is the provision.
	Citation string
}

// Pause leaves out the days from one fact to another, both included (UK GDPR art 12A(5)).
type Pause struct {
	// Asked and Answered are the names of the facts.
	Asked, Answered string
	// Rights are those for which the law knows it.
	Rights []string
	// From is the first day on which the law knew it.
	From Date
	// Citation is the provision.
	Citation string
}

// Delay is what an authority may ask for (e.g. law enforcement, 45 CFR 164.412).
type Delay struct {
	// Ground says in words who may ask for it, and when.
	Ground string
	// Written bounds a written request, in days; zero means the time that the request states.
	Written Period
	// Oral bounds a request made orally; zero means that none counts.
	Oral Period
	// Citation is the provision.
	Citation string
}

// Earlier is how a rule read before: the law changed, and an event of that time is counted by it.
type Earlier struct {
	// Validity is when it read so.
	Validity Validity
	// Words, Period and InternalTarget are as in Rule.
	Words          string
	Period         Period
	InternalTarget Period
	// Citation is the provision as it stood.
	Citation string
}

// On is the rule as it read on a day: with the numbers and words of that time, where it keeps them.
func (r Rule) On(day Date) Rule {
	for _, was := range r.Earlier {
		if day.Before(r.Validity.From) && !day.Before(was.Validity.From) && !was.Validity.To.Before(day) {
			r.Words, r.Period, r.InternalTarget, r.Citation = was.Words, was.Period, was.InternalTarget, was.Citation
			r.Validity, r.OuterLimit, r.Earlier = was.Validity, false, nil
			return r
		}
	}
	return r
}

// The facts that rules weigh. Any of them may be told to any rule: a rule that does not weigh it says so.
const (
	// FactAware is when the company became aware of the incident.
	FactAware = "aware"
	// FactIdentityConfirmed is when the information that shows who asks arrived.
	FactIdentityConfirmed = "identity_confirmed"
	// FactClarificationAsked and FactClarificationReceived bound the wait for a clarification that is really needed.
	FactClarificationAsked    = "clarification_asked"
	FactClarificationReceived = "clarification_received"
)

// Facts are the names of the facts.
var Facts = []string{FactAware, FactClarificationAsked, FactClarificationReceived, FactIdentityConfirmed}

// Rights are the rights that a person's request can be about, as the option "right" names them.
var Rights = []string{"access", "portability", "rectification", "erasure", "restriction", "objection", "opt_out"}

// validateTerms refuses terms that contradict the rule. Errors name the pack's field.
func (r Rule) validateTerms() error {
	if r.CutOff != "" {
		if _, err := time.Parse("15:04", string(r.CutOff)); err != nil {
			return problem.InvalidField("cut_off", "%q is not a local time, e.g. \"17:30\"", string(r.CutOff))
		}
	}
	periods := map[string]Period{"strict.period": r.Strict.Period, "arises_after": r.ArisesAfter}
	if r.Strict.Counting != "" && !slices.Contains(conventions, string(r.Strict.Counting)) {
		return problem.InvalidField("strict.counting", "%q is none of %q", r.Strict.Counting, conventions)
	}
	if r.Relief != nil && (r.Relief.Option == "" || r.Relief.Roll == RollNone || r.Relief.Roll == "") {
		return problem.InvalidField("relief", "names an option and what rolls")
	}
	if r.Cap != nil {
		periods["cap.period"] = r.Cap.Period
		if r.Cap.Period.Unit != UnitHour || !slices.Contains(Facts, r.Cap.Fact) {
			return problem.InvalidField("cap", "is a period in hours from one of the facts %q", Facts)
		}
	}
	if r.Extension != nil {
		periods["extension.period"] = r.Extension.Period
		if r.Extension.Period.Unit != r.Period.Unit || r.Extension.Period.Amount <= r.Period.Amount {
			return problem.InvalidField("extension.period", "is the whole period from the start, longer than the rule's and in its unit")
		}
	}
	for _, variant := range r.Variants {
		periods["variants.period"] = variant.Period
		if variant.Option == "" || variant.Period.Unit != r.Period.Unit {
			return problem.InvalidField("variants", "each names an option and a period in the rule's unit")
		}
	}
	if r.Reset != nil {
		for _, fact := range r.Reset.Facts {
			if !slices.Contains(Facts, fact) {
				return problem.InvalidField("reset.facts", "%q is none of %q", fact, Facts)
			}
		}
	}
	if p := r.Pause; p != nil && (!slices.Contains(Facts, p.Asked) || !slices.Contains(Facts, p.Answered) || len(p.Rights) == 0) {
		return problem.InvalidField("pause", "names the facts between which it lasts and the rights it is for")
	}
	for _, was := range r.Earlier {
		if err := was.Period.Validate(); err != nil {
			return problem.InvalidField("earlier.period", "%v", err)
		}
		if was.Validity.To.IsZero() || !was.Validity.To.Before(r.Validity.From) {
			return problem.InvalidField("earlier.validity", "ends before the rule's own begins")
		}
		if was.Period.Unit == UnitNone && (was.Words == "" || was.InternalTarget.Unit != UnitHour) {
			return problem.InvalidField("earlier.internal_target", "without a number it needs words and an internal target in hours")
		}
	}
	for field, period := range periods {
		if period == (Period{}) {
			continue
		}
		if err := period.Validate(); err != nil || period.Unit == UnitNone {
			return problem.InvalidField(field, "%s is no period", period)
		}
	}
	return nil
}
