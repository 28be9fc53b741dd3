package duty

import (
	"cmp"
	"fmt"
	"time"

	"github.com/atlascloudai/docket/core/clock"
	"github.com/atlascloudai/docket/core/problem"
)

// Starts holds the start facts recorded so far, by the word that agreements use.
// A party found later may have its own.
type Starts map[clock.StartWord]time.Time

// Rules finds a rule by its id in the rule pack that the case began with.
type Rules func(id string) (clock.Rule, bool)

// WithInternalTarget finds the same rules, with the company's own target where
// a rule toward its customers gives no number. Other rules keep the pack's: one
// that says "immediately" is not stretched.
func (r Rules) WithInternalTarget(target clock.Period) Rules {
	return func(id string) (clock.Rule, bool) {
		rule, found := r(id)
		if found && !rule.HasNumber() && rule.Role == clock.RoleProcessor {
			rule.InternalTarget = target
		}
		return rule, found
	}
}

// Places finds zones and calendars by their names in the rule pack.
type Places interface {
	Zone(name string) (*time.Location, error)
	Calendar(name string) (clock.Calendar, error)
}

// Clock is the time of one duty. It waits until its start word is recorded: the
// duty exists before that, without an instant.
type Clock struct {
	// Waiting is the start word that is not recorded yet, empty once the clock runs.
	Waiting clock.StartWord
	// Term is the term whose target governs.
	Term Term
	// Start is the recorded instant of Term.Start.
	Start time.Time
	// Target is the instant to act by: the earliest over all candidates.
	Target time.Time
	// Limit is the instant on which lateness is measured: the earliest over all
	// candidates that give one, nil if none does.
	Limit *time.Time
	// Internal says that Target is the company's own, because the clause has no number.
	Internal bool
	// RuleVersion and ZoneData name what the instants were computed with.
	RuleVersion string
	ZoneData    string
	// Why tells step by step how the instants came about.
	Why []clock.Step
}

// Due computes the clock of a resolved duty. home is the customer's zone, in which
// days are counted where the term names no place. With several candidates
// the earliest target of those that run governs. Errors are *problem.Error: on
// field "rule" if the pack lacks it, else those of clock.Compute.
func Due(resolution Resolution, starts Starts, home *time.Location, places Places, rules Rules) (Clock, error) {
	if !resolution.Owed {
		return Clock{}, problem.New(problem.Invalid, "nothing is owed, so there is no clock")
	}
	var running []Clock
	waiting := make([]clock.Step, 0, len(resolution.Candidates))
	for _, term := range resolution.Candidates {
		at, recorded := starts[term.Start]
		if !recorded {
			waiting = append(waiting, clock.Step{
				Text: fmt.Sprintf("The clock of term %s has not started: it waits for the word %s.", term.ID, term.Start),
			})
			continue
		}
		one, err := dueOf(term, at, starts, home, places, rules)
		if err != nil {
			return Clock{}, err
		}
		running = append(running, one)
	}
	if len(running) == 0 {
		return Clock{Waiting: resolution.Term.Start, Term: resolution.Term, Why: waiting}, nil
	}
	governing := earliest(running)
	governing.Why = append(governing.Why, waiting...)
	return governing, nil
}

// dueOf computes the clock of one term. The clause says which event starts it,
// whatever the rule's own start word is.
func dueOf(term Term, at time.Time, starts Starts, home *time.Location, places Places, rules Rules) (Clock, error) {
	rule, found := rules(term.Rule)
	if !found {
		return Clock{}, problem.InvalidField("rule", "the rule pack has no rule %q, which term %s names", term.Rule, term.ID)
	}
	if rule.Start != term.Start {
		rule.Start, rule.Follows = term.Start, ""
	}
	if rule.FromContract && term.Period == nil {
		rule = withoutNumber(rule)
	}
	request := clock.Request{Rule: rule, At: at, Zone: home, Calendar: clock.NoCalendar, Period: term.Period, Options: term.Options}
	var err error
	if term.Zone != "" {
		if request.Zone, err = places.Zone(term.Zone); err != nil {
			return Clock{}, err
		}
	}
	if term.Calendar != "" {
		if request.Calendar, err = places.Calendar(term.Calendar); err != nil {
			return Clock{}, err
		}
	}
	if aware, known := starts.aware(); known && rule.Cap != nil && rule.Cap.Fact == clock.FactAware && !aware.After(at) {
		request.Facts = map[string]time.Time{clock.FactAware: aware}
	}
	result, err := clock.Compute(request)
	if err != nil {
		return Clock{}, fmt.Errorf("cannot compute the clock of term %s: %w", term.ID, err)
	}
	return Clock{
		Term: term, Start: at, Target: result.Target, Limit: result.Limit, Internal: result.Internal,
		RuleVersion: result.RuleVersion, ZoneData: result.ZoneData, Why: result.Why,
	}, nil
}

// withoutNumber is a rule whose number stands in a contract that is not on record (an insurance policy): no limit is
// claimed, and the target is the company's own.
func withoutNumber(rule clock.Rule) clock.Rule {
	rule.FromContract, rule.Period, rule.InternalTarget = false, clock.Period{Unit: clock.UnitNone}, clock.Hours(24)
	rule.Words = cmp.Or(rule.Words, "as the contract says")
	return rule
}

// aware is the company's first awareness, whatever it was aware of.
func (s Starts) aware() (first time.Time, known bool) {
	for word, at := range s {
		if word.Aware() && (!known || at.Before(first)) {
			first, known = at, true
		}
	}
	return first, known
}

// earliest is the clock whose target comes first, with the earliest limit of all.
func earliest(running []Clock) Clock {
	governing, limit := running[0], running[0].Limit
	for _, other := range running[1:] {
		if other.Target.Before(governing.Target) {
			governing = other
		}
		if other.Limit != nil && (limit == nil || other.Limit.Before(*limit)) {
			limit = other.Limit
		}
	}
	governing.Limit = limit
	for _, other := range running {
		if other.Term.ID != governing.Term.ID {
			at := other.Target
			governing.Why = append(governing.Why, clock.Step{
				Text: fmt.Sprintf("Term %s gives the target %s; the earlier governs.", other.Term.ID, at.Format(time.RFC3339)), Instant: &at,
			})
		}
	}
	return governing
}
