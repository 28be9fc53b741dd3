package estate

import (
	"cmp"
	"maps"
	"slices"

	"github.com/atlascloudai/docket/core/problem"
)

// Target is a collection that a request reaches.
type Target struct {
	Address Address `json:"address"`
	// Store is the store without its collections.
	Store      Store      `json:"store"`
	Collection Collection `json:"collection"`
	// Paths are the ways to its records; a record is meant where any of them leads to it.
	Paths []Path `json:"paths"`
	// LocateAfter are the targets that are located before this one, EraseAfter those that are erased and verified before it.
	// Targets without a relation may run side by side.
	LocateAfter []Address `json:"locate_after,omitempty"`
	EraseAfter  []Address `json:"erase_after,omitempty"`
	// Lead are the fields that other targets need of its records; they are captured when it is located.
	Lead []string `json:"lead,omitempty"`
}

// Path is one way to a target's records: by an identity, or by a field of another target.
type Path struct {
	// Field is the field that is compared; the name in the braces of an S3 collection's prefix; the kind of identity for a
	// manual collection that is found by one.
	Field string `json:"field"`
	// Identity is the kind of identifier whose verified values are looked for; "" if the values come from another target.
	Identity string `json:"identity,omitempty"`
	// From and FromField are the target and the field of its located records whose values are looked for.
	From      Address `json:"from,omitempty"`
	FromField string  `json:"from_field,omitempty"`
}

// Unreached is a collection that a request does not look into; plan, letter and certificate tell it.
type Unreached struct {
	Address Address `json:"address"`
	// Why and Instead are the estate's words for a collection that is not searchable. Both are empty for one that could be
	// searched, and to which none of the request's identifiers leads.
	Why     string `json:"why,omitempty"`
	Instead string `json:"instead,omitempty"`
}

// Identities are the kinds of identifier by which the estate finds people, sorted.
func (e Estate) Identities() []string {
	kinds := map[string]bool{}
	for _, p := range e.places() {
		for _, f := range p.collection.Fields {
			kinds[f.Identity] = true
		}
		if name, found := p.brace(); found && p.collection.field(name) == nil {
			kinds[name] = true
		}
	}
	delete(kinds, "")
	return slices.Sorted(maps.Keys(kinds))
}

// Order is what a request with these kinds of identifier reaches, each target after those of its LocateAfter, and by its
// address where nothing else decides. Children are found by their parents' rows; a parent is found by a child's values if the
// reference's direction says so, or, without a direction, if the child has an identity of its own and nothing else leads to the
// parent. A parent that was found without a direction does not lead back to what was found before it, so locating never
// loops. Only PostgreSQL and HTTP stores answer with fields that lead on. Whichever way a reference is followed, a child is
// erased before its parent, and a root after everything but other roots and what it refers to itself. A record's reference to its own collection is not followed.
// A cycle is a problem.Conflict that names it; Validate finds those of the whole estate beforehand.
func (e Estate) Order(identities []string) ([]Target, error) {
	g := newGraph(e)
	g.reach(identities)
	g.linkErasure()
	if ring := g.ring(Target.locatedAfter); ring != nil {
		return nil, problem.Blocked(problem.Blocker{Code: LocateCycle, Detail: cycleDetail(ring, "located")})
	}
	if ring := g.ring(Target.erasedAfter); ring != nil {
		return nil, problem.Blocked(problem.Blocker{Code: EraseCycle, Detail: cycleDetail(ring, "erased")})
	}
	return g.sorted(), nil
}

// Unreached are the collections that a request with these kinds of identifier does not look into, in the order of the estate.
func (e Estate) Unreached(identities []string) []Unreached {
	g := newGraph(e)
	g.reach(identities)
	var unreached []Unreached
	for _, p := range g.places {
		if g.targets[p.address] != nil {
			continue
		}
		u := Unreached{Address: p.address}
		if told := p.collection.NotSearchable; told != nil {
			u.Why, u.Instead = told.Why, told.Instead
		}
		unreached = append(unreached, u)
	}
	return unreached
}

// sorted are the targets as Order promises them, in a graph without a cycle.
func (g *graph) sorted() []Target {
	ordered := make([]Target, 0, len(g.targets))
	done := map[Address]bool{}
	waiting := slices.Sorted(maps.Keys(g.targets))
	for len(waiting) > 0 {
		next := slices.IndexFunc(waiting, func(a Address) bool {
			return !slices.ContainsFunc(g.targets[a].LocateAfter, func(b Address) bool { return !done[b] })
		})
		t := *g.targets[waiting[next]]
		t.Paths = unique(t.Paths, func(a, b Path) int {
			return cmp.Or(cmp.Compare(a.Field, b.Field), cmp.Compare(a.Identity, b.Identity), cmp.Compare(a.From, b.From), cmp.Compare(a.FromField, b.FromField))
		})
		t.LocateAfter, t.EraseAfter = unique(t.LocateAfter, cmp.Compare[Address]), unique(t.EraseAfter, cmp.Compare[Address])
		t.Lead = unique(t.Lead, cmp.Compare[string])
		ordered = append(ordered, t)
		done[t.Address] = true
		waiting = slices.Delete(waiting, next, next+1)
	}
	return ordered
}

func unique[T comparable](list []T, compare func(a, b T) int) []T {
	slices.SortFunc(list, compare)
	return slices.Compact(list)
}
