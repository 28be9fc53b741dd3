package estate

import (
	"maps"
	"slices"
	"strings"
)

func (t Target) locatedAfter() []Address { return t.LocateAfter }

func (t Target) erasedAfter() []Address { return t.EraseAfter }

// ring is a cycle of the targets, or nil.
func (g *graph) ring(after func(Target) []Address) []Address {
	links := map[Address][]Address{}
	for address, t := range g.targets {
		links[address] = after(*t)
	}
	return cycle(links)
}

// cycle is one ring of addresses, each after the next and the last after the first, or nil; it begins with the smallest.
func cycle(after map[Address][]Address) []Address {
	const open, closed = 1, 2
	state := map[Address]int{}
	var trail, ring []Address
	var visit func(Address)
	visit = func(a Address) {
		if state[a] == open {
			ring = slices.Clone(trail[slices.Index(trail, a):])
		}
		if ring != nil || state[a] != 0 {
			return
		}
		state[a] = open
		trail = append(trail, a)
		for _, before := range slices.Sorted(slices.Values(after[a])) {
			visit(before)
		}
		trail = trail[:len(trail)-1]
		state[a] = closed
	}
	for _, a := range slices.Sorted(maps.Keys(after)) {
		visit(a)
	}
	if ring == nil {
		return nil
	}
	least := slices.Index(ring, slices.Min(ring))
	return append(ring[least:], ring[:least]...)
}

func cycleDetail(ring []Address, done string) string {
	names := make([]string, 0, len(ring)+1)
	for _, a := range append(ring, ring[0]) {
		names = append(names, string(a))
	}
	return "each would be " + done + " after the next: " + strings.Join(names, " → ") + "; take one of these references or orders away"
}
