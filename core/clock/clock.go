// Package clock is legal time: from a rule, an event and a zone it derives when a duty is due, and why.
//
// Every clock has two instants. The target is the strict reading: people are raised on it. The limit is what the
// regime's own way of counting allows: lateness is measured on it. Nothing that relaxes a limit (a weekend, a holiday,
// an hour that is not counted) ever moves a target. A rule without a number ("without undue delay") has a target of the
// company's own and no limit at all; where the days off of a place are not known yet, the limit is withheld.
//
// The package is pure: no clock is read and no file opened, and holidays, zones and rules are inputs.
package clock

import (
	"fmt"
	"time"

	"github.com/atlascloudai/docket/core/problem"
)

// The options that any rule may know; others are named by the rule's own terms.
const (
	// OptionIncludeNotInForce ("true" or "false") computes a rule outside its validity, and says so.
	OptionIncludeNotInForce = "include_not_in_force"
	// OptionInternalTarget is a period in hours, e.g. "12 hours", in place of the rule's own internal target.
	// Only a rule without a number, or with an outer limit only, takes it.
	OptionInternalTarget = "internal_target"
	// OptionExtended ("true" or "false") says that the period was extended, by a notice given in time.
	OptionExtended = "extended"
	// OptionRight is the right that a person's request is about, one of Rights.
	OptionRight = "right"
)

// Request asks when a duty is due.
type Request struct {
	// Rule is the clock to run.
	Rule Rule
	// At is the instant of the event that Rule.Start names.
	At time.Time
	// Zone is where the act must be done; it decides what a local hour and a local day are and how instants are shown.
	Zone *time.Location
	// Calendar is the calendar of the place where the act must be done.
	Calendar Calendar
	// Period is the agreement's period. It is given exactly when Rule.FromContract is set.
	Period *Period
	// Facts are further instants that a rule weighs, by the names in Facts.
	Facts map[string]time.Time
	// Options are named choices; see the Option constants and the rule's terms.
	Options map[string]string
}

// Result says when a duty is due. Instants are in the requested zone. The end of a day is its last microsecond.
type Result struct {
	// Target is the strict reading, or the company's own target where Internal is set. For a deadline it is never
	// after Limit, for a not-before clock never before it.
	Target time.Time
	// Limit is the last permitted instant (of a not-before clock, the last at which acting is still too early); nil
	// where the law or the agreement gives none, where days off are not known, or while a pause has no end.
	Limit *time.Time
	// Internal says that Target is the company's own: the law or the agreement gives no number, or an outer limit only.
	Internal bool
	// Provisional says that the calendar does not reach far enough to tell the limit.
	Provisional bool
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
	c := newCount(request)
	if err := c.choosePeriod(); err != nil {
		return Result{}, err
	}
	c.explainStart()
	c.findBegin()
	switch {
	case c.period.Unit == UnitNone:
		c.explain(nil, c.rule.Citation, "The rule gives no number; it says %q, so there is no limit.", c.rule.Words)
	case c.rule.Direction == DirectionBackward:
		c.back()
	case c.period.Unit == UnitHour:
		c.hours()
	default:
		c.days()
	}
	c.withhold()
	c.cap()
	c.ownTarget()
	c.explainStanding()
	if c.result.Target.Year() > 9999 || c.result.Limit != nil && c.result.Limit.Year() > 9999 {
		return Result{}, problem.InvalidField("at", "the clock would end after the year 9999")
	}
	if c.result.Target.Year() < 1 {
		return Result{}, problem.InvalidField("at", "the clock would end before the year 1")
	}
	return c.result, nil
}

// count is one computation on its way.
type count struct {
	Request
	// rule is the rule as it read on the day of the event.
	rule Rule
	// at is the event, begin the instant from which the period is counted.
	at, begin time.Time
	period    Period
	result    Result
	// unknown says that a day was looked at of which the calendar does not speak.
	unknown bool
}

func newCount(request Request) *count {
	at := request.At.Round(0).In(request.Zone) // Round drops a monotonic reading.
	return &count{
		Request: request, rule: request.Rule.On(DateIn(at, request.Zone)), at: at, begin: at,
		result: Result{RuleVersion: request.Rule.PackVersion, ZoneData: request.Rule.ZoneData, Why: make([]Step, 0, 8)},
	}
}

// choosePeriod finds the period to count: the agreement's, the rule's, or that of an extension or a circumstance.
func (c *count) choosePeriod() error {
	c.period = c.rule.Period
	if c.rule.FromContract {
		c.period = *c.Request.Period
	}
	chosen := ""
	choose := func(option string, period Period) error {
		if c.Options[option] != "true" {
			return nil
		}
		if chosen != "" {
			return problem.InvalidField("options."+option, "stands beside %s, and the rule gives no period for both", chosen)
		}
		c.period, chosen = period, option
		return nil
	}
	if c.rule.Extension != nil {
		if err := choose(OptionExtended, c.rule.Extension.Period); err != nil {
			return err
		}
	}
	for _, variant := range c.rule.Variants {
		if err := choose(variant.Option, variant.Period); err != nil {
			return err
		}
	}
	return nil
}

// findBegin finds the instant from which the period is counted: the event, unless the rule starts it anew, starts it at
// the end of the year, or knows no duty before the event has lasted.
func (c *count) findBegin() {
	day := DateIn(c.at, c.Zone)
	if reset := c.rule.Reset; reset != nil {
		for _, name := range reset.Facts {
			if at, given := c.Facts[name]; given && at.After(c.begin) && !day.Before(reset.From) {
				c.begin = at.Round(0).In(c.Zone)
				c.explain(&c.begin, reset.Citation, "The period begins anew with the fact %s: the latest of the event and this fact counts, nothing is paused.", name)
			}
		}
	}
	if after := c.rule.ArisesAfter; after != (Period{}) {
		c.begin = c.begin.Add(time.Duration(after.Amount) * time.Hour)
		c.explain(&c.begin, c.rule.Citation, "There is a duty only once it has lasted for %s.", after)
	}
	if c.rule.FromYearEnd {
		c.begin = Date{Year: c.begin.Year(), Month: time.December, Day: 31}.endIn(c.Zone)
		c.explain(&c.begin, c.rule.Citation, "The period is counted from the end of the calendar year of the event.")
	}
}

// cap lets the earlier of two clocks govern.
func (c *count) cap() {
	cap := c.rule.Cap
	if cap == nil {
		return
	}
	from, given := c.Facts[cap.Fact]
	if !given {
		c.explain(nil, cap.Citation, "The rule also ends %s after the fact %s, which was not given: give it, for it can only make the clock shorter.", cap.Period, cap.Fact)
		return
	}
	bound := from.Add(time.Duration(cap.Period.Amount) * time.Hour).In(c.Zone)
	switch {
	case cap.UnlessPassed && c.at.After(bound):
		c.explain(&bound, cap.Citation, "The event came more than %s after the fact %s, so that this second limit does not apply.", cap.Period, cap.Fact)
	case c.result.Limit != nil && bound.Before(*c.result.Limit):
		c.result.Limit = &bound
		if bound.Before(c.result.Target) {
			c.result.Target = bound
		}
		c.explain(&bound, cap.Citation, "Limit: %s from the fact %s come earlier and govern.", cap.Period, cap.Fact)
	default:
		c.explain(&bound, cap.Citation, "%s from the fact %s come later and change nothing.", cap.Period, cap.Fact)
	}
}

// ownTarget sets the company's own target where the duty has no number.
func (c *count) ownTarget() {
	if c.rule.HasNumber() && !c.rule.OuterLimit {
		return
	}
	own := c.rule.InternalTarget
	if text, given := c.Options[OptionInternalTarget]; given {
		own, _ = ParsePeriod(text)
	}
	at := c.begin.Add(time.Duration(own.Amount) * time.Hour)
	if c.rule.OuterLimit {
		c.explain(nil, c.rule.Citation, "The number is an outer limit; the duty itself is %q.", c.rule.Words)
	}
	if c.rule.HasNumber() && !at.Before(c.result.Target) {
		return // The strict reading is earlier than the company's own target.
	}
	c.result.Target, c.result.Internal = at, true
	c.explain(&at, "", "Internal target: %s, the company's own; it is not a legal limit.", own)
}

func (c *count) explain(instant *time.Time, cite, format string, args ...any) {
	text := format
	if len(args) > 0 {
		text = fmt.Sprintf(format, args...)
	}
	step := Step{Text: text, Cite: cite}
	if instant != nil {
		kept := *instant
		step.Instant = &kept
	}
	c.result.Why = append(c.result.Why, step)
}
