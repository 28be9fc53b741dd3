package clock

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/atlascloudai/docket/core/problem"
)

// check refuses what no clock can be run on, and whatever would be accepted without being weighed.
func check(request Request) error {
	rule := request.Rule
	if err := rule.Validate(); err != nil {
		return problem.InvalidField("rule", "rule %q is not usable: %v", rule.ID, err)
	}
	if request.Zone == nil {
		return problem.InvalidField("zone", "is missing; name an IANA zone, e.g. \"Europe/Berlin\"")
	}
	if request.Calendar.Name == "" {
		return problem.InvalidField("calendar", "is missing; name one, or \"NONE\"")
	}
	if !sensible(request.At, request.Zone) {
		return problem.InvalidField("at", "is missing or outside the years 1 to 9999")
	}
	for _, checked := range []func(Request) error{checkPeriod, checkFacts, checkOptions} {
		if err := checked(request); err != nil {
			return err
		}
	}
	return nil
}

func sensible(at time.Time, zone *time.Location) bool {
	year := at.In(zone).Year()
	return !at.IsZero() && year >= 1 && year <= 9999
}

func checkPeriod(request Request) error {
	rule := request.Rule
	switch {
	case !rule.FromContract && request.Period != nil:
		return problem.InvalidField("period", "rule %s takes none from outside", rule.ID)
	case !rule.FromContract:
		return nil
	case request.Period == nil:
		return problem.InvalidField("period", "is missing; rule %s takes it from the contract", rule.ID)
	case request.Period.Unit == UnitNone:
		return problem.InvalidField("period", "has no number; a contract without one is a rule of its own")
	}
	return request.Period.Validate()
}

// checkFacts wants facts of known names, in an order in which they can have happened.
func checkFacts(request Request) error {
	for _, name := range slices.Sorted(maps.Keys(request.Facts)) {
		if !slices.Contains(Facts, name) {
			return problem.InvalidField("facts."+name, "is no fact that any rule weighs; they are %q", Facts)
		}
		if !sensible(request.Facts[name], request.Zone) {
			return problem.InvalidField("facts."+name, "is outside the years 1 to 9999")
		}
	}
	rule := request.Rule
	if rule.Cap != nil && request.Facts[rule.Cap.Fact].After(request.At) {
		return problem.InvalidField("facts."+rule.Cap.Fact, "lies after the event; %s comes first", rule.Cap.Fact)
	}
	if rule.Pause == nil {
		return nil
	}
	asked, wasAsked := request.Facts[rule.Pause.Asked]
	answered, wasAnswered := request.Facts[rule.Pause.Answered]
	switch {
	case wasAsked && asked.Before(request.At):
		return problem.InvalidField("facts."+rule.Pause.Asked, "lies before the event; a request cannot be clarified before it came")
	case wasAnswered && !wasAsked:
		return problem.InvalidField("facts."+rule.Pause.Asked, "is missing; %s was given", rule.Pause.Answered)
	case wasAnswered && answered.Before(asked):
		return problem.InvalidField("facts."+rule.Pause.Answered, "lies before %s", rule.Pause.Asked)
	}
	return nil
}

func checkOptions(request Request) error {
	for _, name := range slices.Sorted(maps.Keys(request.Options)) {
		if err := checkOption(request.Rule, name, request.Options[name]); err != nil {
			return err
		}
	}
	if reason := notInForce(request); reason != "" && request.Options[OptionIncludeNotInForce] != "true" {
		return problem.InvalidField("rule", "rule %s %s; it is computed with the option %s only", request.Rule.ID, reason, OptionIncludeNotInForce)
	}
	return nil
}

func checkOption(rule Rule, name, value string) error {
	field := "options." + name
	switch {
	case name == OptionInternalTarget && (rule.OuterLimit || !rule.HasNumber()):
		if period, err := ParsePeriod(value); err != nil || period.Unit != UnitHour {
			return problem.InvalidField(field, "%q is not a period in hours, e.g. \"12 hours\"", value)
		}
		return nil
	case name == OptionRight && (rule.Start == StartRequestReceived || rule.Pause != nil):
		if !slices.Contains(Rights, value) {
			return problem.InvalidField(field, "%q is none of %q", value, Rights)
		}
		return nil
	case !rule.Knows(name):
		return problem.InvalidField(field, "rule %s takes no option of this name", rule.ID)
	case value != "true" && value != "false":
		return problem.InvalidField(field, "is true or false, not %q", value)
	}
	return nil
}

// Knows says whether the rule takes an option that is true or false.
func (r Rule) Knows(option string) bool {
	return option == OptionIncludeNotInForce || option == OptionExtended && r.Extension != nil || r.Relief != nil && option == r.Relief.Option ||
		slices.ContainsFunc(r.Variants, func(v Variant) bool { return v.Option == option })
}

// notInForce says why the rule does not apply on the day of the event, or "".
func notInForce(request Request) string {
	day := DateIn(request.At, request.Zone)
	rule := request.Rule.On(day)
	switch {
	case !rule.InForce:
		return "is not in force"
	case day.Before(rule.Validity.From):
		return fmt.Sprintf("applies from %s, the event is of %s", rule.Validity.From, day)
	case !rule.Validity.To.IsZero() && rule.Validity.To.Before(day):
		return fmt.Sprintf("applied until %s, the event is of %s", rule.Validity.To, day)
	}
	return ""
}
