// Package clock is legal time: from a rule, an event and a zone it derives when a duty is due, and why.
//
// Every clock has two instants. The target is the strict reading, elapsed time from the event: people are raised
// on it. The limit is what the regime's own way of counting allows: lateness is measured on it. Nothing that
// relaxes a limit ever moves a target. A rule without a number ("without undue delay") has a target of the
// company's own and no limit at all.
//
// The package is pure: no clock is read and no file opened, and holidays, zones and rules are inputs.
// It computes hours; other units are laid as types and refused by name.
package clock

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/atlascloudai/docket/core/problem"
)

// The options that hour clocks know.
const (
	// OptionIncludeNotInForce ("true" or "false") computes a rule outside its validity, and says so.
	OptionIncludeNotInForce = "include_not_in_force"
	// OptionInternalTarget is a period in hours, e.g. "12 hours", in place of the rule's own internal target.
	// Only a rule without a number takes it.
	OptionInternalTarget = "internal_target"
)

// Request asks when a duty is due.
type Request struct {
	// Rule is the clock to run.
	Rule Rule
	// At is the instant of the event that Rule.Start names.
	At time.Time
	// Zone is where the act must be done; it decides what a local hour is and how instants are shown.
	Zone *time.Location
	// Calendar is the calendar of the place where the act must be done.
	Calendar Calendar
	// Period is the agreement's period. It is given exactly when Rule.FromContract is set.
	Period *Period
	// Facts are further instants that a rule weighs, by name. No hour clock takes any.
	Facts map[string]time.Time
	// Options are named choices; see the Option constants.
	Options map[string]string
}

// Result says when a duty is due. Instants are in the requested zone.
type Result struct {
	// Target is the strict reading, or the company's own target where Internal is set.
	Target time.Time
	// Limit is the last permitted instant, never before Target; nil where the law or the agreement gives none.
	Limit *time.Time
	// Internal says that Target is the company's own: the law or the agreement gives no number.
	Internal bool
	// RuleVersion is the version of the rule pack.
	RuleVersion string
	// ZoneData is the IANA release by which the zone was read.
	ZoneData string
	// Why tells step by step how the instants came about.
	Why []Step
}

// Step is one sentence of an explanation.
type Step struct {
	// Text is the sentence.
	Text string `json:"text"`
	// Cite is the provision it rests on, if it rests on one.
	Cite string `json:"cite,omitempty"`
	// Instant is the instant that the step arrives at, if it arrives at one.
	Instant *time.Time `json:"instant,omitempty"`
}

// Compute derives target and limit. A refusal is a *problem.Error whose Field names the part of the request:
// "rule", "at", "zone", "calendar", "period", "facts.NAME" or "options.NAME". It never panics.
func Compute(request Request) (Result, error) {
	if err := check(request); err != nil {
		return Result{}, err
	}
	rule, at := request.Rule, request.At.Round(0).In(request.Zone) // Round drops a monotonic reading.
	period, internal, err := periodOf(request)
	if err != nil {
		return Result{}, err
	}
	result := Result{
		Internal:    internal,
		RuleVersion: rule.PackVersion,
		ZoneData:    rule.ZoneData,
		Why:         []Step{startStep(rule, at)},
	}
	if internal {
		result.countInternal(rule, at, period)
	} else {
		result.countHours(rule, at, period)
	}
	if year := result.latest().Year(); year > 9999 {
		return Result{}, problem.InvalidField("at", "the clock would end in the year %d, after 9999", year)
	}
	result.Why = append(result.Why, standing(request)...)
	return result, nil
}

// check refuses what no clock can be run on.
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
	if year := request.At.In(request.Zone).Year(); request.At.IsZero() || year < 1 || year > 9999 {
		return problem.InvalidField("at", "is missing or outside the years 1 to 9999")
	}
	if rule.Direction != DirectionNotAfter {
		return problem.InvalidField("rule", "rule %s counts %s; this version computes deadlines only", rule.ID, rule.Direction)
	}
	if names := slices.Sorted(maps.Keys(request.Facts)); len(names) > 0 {
		return problem.InvalidField("facts."+names[0], "rule %s takes no fact of this name", rule.ID)
	}
	return checkOptions(request)
}

func checkOptions(request Request) error {
	rule := request.Rule
	for _, name := range slices.Sorted(maps.Keys(request.Options)) {
		value := request.Options[name]
		switch {
		case name == OptionIncludeNotInForce:
			if value != "true" && value != "false" {
				return problem.InvalidField("options."+name, "is true or false, not %q", value)
			}
		case name == OptionInternalTarget && !rule.HasNumber():
		default:
			return problem.InvalidField("options."+name, "rule %s takes no option of this name", rule.ID)
		}
	}
	if reason := notInForce(request); reason != "" && request.Options[OptionIncludeNotInForce] != "true" {
		return problem.InvalidField("rule", "rule %s %s; it is computed with the option %s only", rule.ID, reason, OptionIncludeNotInForce)
	}
	return nil
}

// notInForce says why the rule does not apply on the day of the event, or "".
func notInForce(request Request) string {
	rule, day := request.Rule, DateIn(request.At, request.Zone)
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

// periodOf is the period to count, and whether it is the company's own.
func periodOf(request Request) (Period, bool, error) {
	rule := request.Rule
	switch {
	case rule.FromContract && request.Period == nil:
		return Period{}, false, problem.InvalidField("period", "is missing; rule %s takes it from the contract", rule.ID)
	case rule.FromContract && request.Period.Unit == UnitNone:
		return Period{}, false, problem.InvalidField("period", "has no number; a contract without one is a rule of its own")
	case !rule.FromContract && request.Period != nil:
		return Period{}, false, problem.InvalidField("period", "rule %s takes none from outside", rule.ID)
	case !rule.HasNumber():
		period, err := internalTarget(request)
		return period, true, err
	}
	period, field := rule.Period, "rule"
	if rule.FromContract {
		period, field = *request.Period, "period"
	}
	if err := period.Validate(); err != nil {
		return Period{}, false, err
	}
	if period.Unit != UnitHour {
		return Period{}, false, problem.InvalidField(field, "%s is counted in units of %s, which this version does not compute yet; only hours are", period, period.Unit)
	}
	return period, false, nil
}

func internalTarget(request Request) (Period, error) {
	text, given := request.Options[OptionInternalTarget]
	if !given {
		return request.Rule.InternalTarget, nil
	}
	period, err := ParsePeriod(text)
	if err != nil || period.Unit != UnitHour {
		return Period{}, problem.InvalidField("options."+OptionInternalTarget, "%q is not a period in hours, e.g. \"12 hours\"", text)
	}
	return period, nil
}

// latest is the last instant of the result.
func (r *Result) latest() time.Time {
	if r.Limit != nil {
		return *r.Limit
	}
	return r.Target
}
