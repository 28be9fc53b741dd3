package duty

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/atlascloudai/docket/core/clock"
)

// Subject is what happened to one customer, as far as agreements look at it.
type Subject struct {
	// Kind of term that is asked for, e.g. IncidentNotice.
	Kind string
	// Service that was affected; empty while it is not known, which no term may
	// take as a reason to apply less.
	Service string
	// Touched is what the incident reached; empty while that is not known, which
	// likewise is no reason to apply less.
	Touched []Touch
	// At is the instant whose agreements count.
	At time.Time
}

// Overridden is a term that applied and gave way.
type Overridden struct {
	Term     Term
	Document Document
	// Why says what prevailed over it and by which order.
	Why string
}

// Resolution says which term governs, and why. It holds nothing of a single
// customer, so that customers with one Key share one Resolution; the date on
// which a customer accepted standard terms is in its Set.
type Resolution struct {
	// Owed is false where no term applies; Why then says so, and the rest is empty.
	Owed bool
	// Term governs, with the Document that holds it. Where Candidates has more
	// than one entry it is the strictest as far as it can be told without
	// instants: Due settles it.
	Term     Term
	Document Document
	// LastResort: no agreement in force speaks, so the published policy does.
	LastResort bool
	// Overrode lists the terms that applied and gave way.
	Overrode []Overridden
	// Disputed: terms of equal rank differ and no clause decides. The earlier
	// target governs until counsel chooses with a reason.
	Disputed bool
	// Candidates are the terms that nothing prevails over, the strictest first.
	// The earliest target among them governs. There is more than one if they
	// differ with nothing to decide (Disputed), or if they speak of different
	// things that were all touched.
	Candidates []Term
	// Why explains, a sentence per line of thought. It names no customer.
	Why []string
}

// Resolve finds the term that governs a subject. For each thing that was touched
// it looks at the terms in force that speak of it, because only those can be in
// conflict: there the one prevails whose document no other prevails over, by
// amendments, then precedence clauses of documents in force, then the default
// order. Where none prevails the result is Disputed. Where no agreement speaks,
// the policy's section 12 is the last resort.
func Resolve(set Set, subject Subject) Resolution {
	binding := set.InForce(subject.At).withPolicy(subject.Kind)
	var resolution Resolution
	var candidates []candidate
	for _, term := range binding.Terms {
		if term.Kind != subject.Kind {
			continue
		}
		document, _ := binding.document(term.Document)
		if reason := term.Scope.misses(subject); reason != "" {
			resolution.Why = append(resolution.Why, cite(term, document)+" does not apply: "+reason)
			continue
		}
		candidates = append(candidates, set.candidate(term, document, subject))
	}
	if len(candidates) == 0 {
		resolution.Why = append(resolution.Why, "no "+subject.Kind+" is owed under any agreement in force; law may bind in addition")
		return resolution
	}
	slices.SortStableFunc(candidates, stricter)
	resolution.settle(binding, candidates, subject)
	return resolution
}

// settle chooses among the terms that apply, the strictest first, and records what gave way.
func (r *Resolution) settle(binding Set, candidates []candidate, subject Subject) {
	prevails := make(map[string]bool)
	for _, touch := range subject.touched() {
		top, _ := binding.undominated(speakOf(touch, candidates))
		for _, c := range top {
			prevails[c.term.ID] = true
		}
		r.dispute(top)
	}
	var governing []candidate
	for _, c := range candidates {
		same := slices.IndexFunc(governing, func(g candidate) bool { return !differ(g.term, c.term) })
		switch {
		case !prevails[c.term.ID]:
			r.Overrode = append(r.Overrode, Overridden{c.term, c.document, binding.defeat(c, candidates, prevails)})
		case same >= 0:
			r.Overrode = append(r.Overrode, Overridden{c.term, c.document, "it promises the same as " + cite(governing[same].term, governing[same].document)})
		default:
			governing = append(governing, c)
			r.Candidates = append(r.Candidates, c.term)
		}
	}
	r.Owed, r.Term, r.Document = true, governing[0].term, governing[0].document
	r.LastResort = !slices.ContainsFunc(governing, func(c candidate) bool { return c.document.Kind != Policy })
	r.tell(governing, subject)
}

// dispute records that terms which speak of one thing differ with nothing to
// decide between them. Two promises of one document that differ in scope are
// both meant.
func (r *Resolution) dispute(top []candidate) {
	for i, a := range top {
		for _, b := range top[i+1:] {
			bothMeant := a.document.ID == b.document.ID && !reflect.DeepEqual(a.term.Scope, b.term.Scope)
			if bothMeant || !differ(a.term, b.term) {
				continue
			}
			r.Disputed = true
			why := cite(a.term, a.document) + " and " + cite(b.term, b.document) +
				" differ and no clause decides: the earlier target governs until counsel chooses with a reason"
			if !slices.Contains(r.Why, why) {
				r.Why = append(r.Why, why)
			}
		}
	}
}

// tell puts what governs before the reasons, and what a reader must know about it after them.
func (r *Resolution) tell(governing []candidate, subject Subject) {
	first := cite(r.Term, r.Document) + " governs: " + promise(r.Term)
	r.Why = append([]string{first}, r.Why...)
	for _, c := range governing[1:] {
		if !r.Disputed {
			r.Why = append(r.Why, cite(c.term, c.document)+" is owed as well ("+promise(c.term)+"): the earlier target governs")
		}
	}
	if r.LastResort {
		r.Why = append(r.Why, "last resort: no agreement in force speaks of it, so the published policy does")
	}
	if len(subject.Touched) == 0 {
		r.Why = append(r.Why, "what was touched is not recorded: every term counts until it is")
	}
	if subject.Service == "" && slices.ContainsFunc(r.Candidates, func(t Term) bool { return len(t.Scope.Services) > 0 }) {
		r.Why = append(r.Why, "the affected service is not recorded: a term for named services counts, and relaxes nothing")
	}
}

// touched is what was touched, or everything while nothing is recorded.
func (s Subject) touched() []Touch {
	if len(s.Touched) == 0 {
		return Touches
	}
	return s.Touched
}

func speakOf(touch Touch, candidates []candidate) []candidate {
	var speaking []candidate
	for _, c := range candidates {
		if len(c.term.Scope.Touched) == 0 || slices.Contains(c.term.Scope.Touched, touch) {
			speaking = append(speaking, c)
		}
	}
	return speaking
}

// defeat says what prevailed over a term, and why; a term that itself governs
// is named before one that gave way too.
func (s Set) defeat(loser candidate, candidates []candidate, prevails map[string]bool) string {
	indirect := ""
	for _, winner := range candidates {
		why, wins := s.beats(winner, loser)
		sentence := cite(winner.term, winner.document) + " prevails: " + why
		if wins && prevails[winner.term.ID] {
			return sentence
		}
		if wins && indirect == "" {
			indirect = sentence
		}
	}
	return indirect
}

// misses says why a scope does not cover the subject, or nothing if it does.
func (s Scope) misses(subject Subject) string {
	if len(s.Services) > 0 && subject.Service != "" && !slices.Contains(s.Services, subject.Service) {
		return fmt.Sprintf("it binds for %s only, and %s was affected", strings.Join(s.Services, ", "), subject.Service)
	}
	touches := func(t Touch) bool { return slices.Contains(s.Touched, t) }
	if len(s.Touched) > 0 && !slices.ContainsFunc(subject.touched(), touches) {
		return fmt.Sprintf("it speaks of %s, and the incident touched %s", join(s.Touched), join(subject.Touched))
	}
	return ""
}

// differ says whether two terms ask for different things. Where they stand does not matter.
func differ(a, b Term) bool {
	for _, t := range []*Term{&a, &b} {
		t.ID, t.Document, t.Clause, t.Page = "", "", "", 0
		t.Scope, t.EffectiveFrom, t.EffectiveTo = Scope{}, nil, nil
		t.Notify, t.Channels, t.Content = sorted(t.Notify), sorted(t.Channels), sorted(t.Content)
	}
	return !reflect.DeepEqual(a, b)
}

// stricter orders candidates by what can be told without instants: a number
// before words, the shorter period, the earlier start word, the later document.
func stricter(a, b candidate) int {
	if a.term.Period != nil && b.term.Period != nil {
		if c := cmp.Compare(shortest(*a.term.Period), shortest(*b.term.Period)); c != 0 {
			return c
		}
	} else if c := cmp.Compare(numbered(b.term), numbered(a.term)); c != 0 {
		return c
	}
	return cmp.Or(
		cmp.Compare(earliness(a.term.Start), earliness(b.term.Start)),
		compareDates(b.document, a.document),
		cmp.Compare(a.term.ID, b.term.ID),
	)
}

// earliness is where a start word stands in the usual course of an incident.
// Words that are not in it come last.
func earliness(word clock.StartWord) int {
	course := []clock.StartWord{
		clock.StartNoticed, clock.StartSuspected, clock.StartDiscoveredConstructive,
		clock.StartAwareProcessor, clock.StartAwareController, clock.StartConfirmedProcessor,
	}
	if i := slices.Index(course, word); i >= 0 {
		return i
	}
	return len(course)
}

// shortest is the least time that a period can take, in hours.
func shortest(period clock.Period) int {
	hours := map[clock.Unit]int{clock.UnitHour: 1, clock.UnitCalendarDay: 23, clock.UnitBusinessDay: 23, clock.UnitMonth: 28 * 24}
	return period.Amount * hours[period.Unit]
}

func numbered(t Term) int {
	if t.Period != nil {
		return 1
	}
	return 0
}

func sorted[T cmp.Ordered](list []T) []T {
	return slices.Sorted(slices.Values(list))
}

func join[T ~string](list []T) string {
	if len(list) == 0 {
		return "nothing recorded"
	}
	words := make([]string, len(list))
	for i, word := range list {
		words[i] = strings.ReplaceAll(string(word), "_", " ")
	}
	return strings.Join(words, ", ")
}
