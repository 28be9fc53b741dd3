package drill

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Expectation is what a story is expected to come to. What it does not mention may be as it likes.
type Expectation struct {
	located
	// Duties is how many there are; the next ones how many of them stand so.
	Duties  *int `yaml:"duties,omitempty"`
	Met     *int `yaml:"met,omitempty"`
	Late    *int `yaml:"late,omitempty"`
	Missed  *int `yaml:"missed,omitempty"`
	Waiting *int `yaml:"waiting,omitempty"`
	Open    *int `yaml:"open,omitempty"`
	// Raised counts raises by kind, Mails deliveries by state; what is not there counts 0.
	Raised map[string]int `yaml:"raised,omitempty"`
	Mails  map[string]int `yaml:"mails,omitempty"`
	// Due is what is due to whom and when, Raises who was raised about which instant.
	Due    []expectedDuty  `yaml:"due,omitempty"`
	Raises []expectedRaise `yaml:"raises,omitempty"`
}

type expectedDuty struct {
	located
	To string `yaml:"to"`
	// Clause is a part of the clause, where somebody is owed more than one thing.
	Clause string  `yaml:"clause,omitempty"`
	Target *Moment `yaml:"target,omitempty"`
	Limit  *Moment `yaml:"limit,omitempty"`
	State  State   `yaml:"state,omitempty"`
}

type expectedRaise struct {
	located
	Kind   string `yaml:"kind"`
	About  Moment `yaml:"about"`
	Duties *int   `yaml:"duties,omitempty"`
}

// unmet names every expectation that a report does not meet, with its line.
func (e Expectation) unmet(r Report, file string, began time.Time) (failed []string) {
	fail := func(line int, format string, args ...any) {
		failed = append(failed, fmt.Sprintf("%s:%d: ", file, line)+fmt.Sprintf(format, args...))
	}
	number := func(field string, expected *int, got int) {
		if expected != nil && *expected != got {
			fail(e.lines[field], "%s: %d, expected %d", field, got, *expected)
		}
	}
	number("duties", e.Duties, len(r.Duties))
	for _, one := range []struct {
		state    State
		expected *int
	}{{Met, e.Met}, {Late, e.Late}, {Missed, e.Missed}, {Waiting, e.Waiting}, {Open, e.Open}} {
		number(string(one.state), one.expected, r.Totals[one.state])
	}
	counts := func(field string, expected, got map[string]int) {
		for _, kind := range slices.Sorted(maps.Keys(expected)) {
			if expected[kind] != got[kind] {
				fail(e.lines[field], "%s: %d %s, expected %d", field, got[kind], kind, expected[kind])
			}
		}
	}
	counts("raised", e.Raised, r.Raised)
	counts("mails", e.Mails, r.Mails)
	for _, want := range e.Due {
		want.unmet(r, began, func(format string, args ...any) { fail(want.lines[""], "due to "+want.To+": "+format, args...) })
	}
	for _, want := range e.Raises {
		about := want.About.In(began)
		count, found := 0, false
		for _, raise := range r.Raises {
			if raise.Kind == want.Kind && same(raise.DueAt, about) {
				count, found = count+raise.Count, true
			}
		}
		switch {
		case !found:
			fail(want.lines[""], "raises: nobody was raised for %s at %s", want.Kind, r.full(about))
		case want.Duties != nil && *want.Duties != count:
			fail(want.lines[""], "raises: %s at %s is about %d duties, expected %d", want.Kind, r.full(about), count, *want.Duties)
		}
	}
	return failed
}

func (w expectedDuty) unmet(r Report, began time.Time, fail func(string, ...any)) {
	found := false
	for _, d := range r.Duties {
		if d.To != w.To || !strings.Contains(d.Clause, w.Clause) {
			continue
		}
		found = true
		for _, instant := range []struct {
			name string
			want *Moment
			got  *time.Time
		}{{"target", w.Target, d.Target}, {"limit", w.Limit, d.Limit}} {
			switch {
			case instant.want == nil:
			case instant.got == nil:
				fail("it has no %s, expected %s", instant.name, r.full(instant.want.In(began)))
			case !same(*instant.got, instant.want.In(began)):
				fail("its %s is %s, expected %s", instant.name, r.full(*instant.got), r.full(instant.want.In(began)))
			}
		}
		if w.State != "" && w.State != d.State {
			fail("it is %s, expected %s", d.State, w.State)
		}
	}
	if !found {
		fail("nothing is owed to it")
	}
}

// same compares to the minute: a story's clock runs on by itself while it is played, so that what counts from an act
// (a party that is found) is off by as long as the playing took.
func same(a, b time.Time) bool { return a.Sub(b).Abs() < time.Minute }

func (r Report) full(at time.Time) string { return at.In(r.zone).Format(time.RFC3339) }
