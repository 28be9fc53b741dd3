package estate

import (
	"maps"
	"regexp"
	"slices"
)

// place is a collection with where it stands.
type place struct {
	address    Address
	store      Store
	collection Collection
}

func (e Estate) places() []place {
	var all []place
	for _, s := range e.Stores {
		for _, c := range s.Collections {
			all = append(all, place{AddressOf(s.ID, c.Name), s, c})
		}
	}
	return all
}

// AddressOf is the address of a store's collection.
func AddressOf(store, collection string) Address { return Address(store + "/" + collection) }

// field is the collection's field of that name, or nil.
func (c Collection) field(name string) *Field {
	if i := slices.IndexFunc(c.Fields, func(f Field) bool { return f.Name == name }); i >= 0 {
		return &c.Fields[i]
	}
	return nil
}

var braces = regexp.MustCompile(`\{([^{}]*)\}`)

// brace is the name in the braces of the prefix.
func (p place) brace() (string, bool) {
	if p.store.Kind != S3 {
		return "", false
	}
	found := braces.FindStringSubmatch(p.collection.Prefix)
	if found == nil {
		return "", false
	}
	return found[1], true
}

// comparable says whether a store can be asked for the field: of an S3 collection only the name in its braces.
func (p place) comparable(field string) bool {
	name, _ := p.brace()
	return p.store.Kind != S3 || name == field
}

// tells says whether the store answers with fields of its records, so that they can lead on.
func (p place) tells() bool { return p.store.Kind == Postgres || p.store.Kind == HTTP }

// edge leads from one collection's located records to another's.
type edge struct {
	from, to   Address
	path       Path
	unprompted bool // Upward, although no direction says so.
}

type graph struct {
	places  []place
	edges   []edge
	targets map[Address]*Target
}

func newGraph(e Estate) *graph {
	g := &graph{places: e.places(), targets: map[Address]*Target{}}
	searchable := map[Address]place{}
	for _, p := range g.places {
		if p.collection.NotSearchable == nil {
			searchable[p.address] = p
		}
	}
	for _, child := range g.places {
		for _, f := range child.collection.Fields {
			if f.References == nil || f.References.Collection == child.address {
				continue
			}
			parent, known := searchable[f.References.Collection]
			if _, is := searchable[child.address]; !is || !known {
				continue
			}
			if f.References.Direction != To && parent.tells() && child.comparable(f.Name) {
				g.edges = append(g.edges, edge{parent.address, child.address, Path{Field: f.Name, From: parent.address, FromField: f.References.Field}, false})
			}
			if f.References.Direction != From && child.tells() && parent.comparable(f.References.Field) {
				g.edges = append(g.edges, edge{child.address, parent.address, Path{Field: f.References.Field, From: child.address, FromField: f.Name}, f.References.Direction != To})
			}
		}
	}
	return g
}

// reach makes targets of what the identities lead to, in two rounds: first by what is declared; then upward from what has an
// identity of its own to parents that are left. An edge from the second round into the first is not used.
func (g *graph) reach(identities []string) {
	var identified, parents []Address
	for _, p := range g.places {
		for _, path := range p.identified(identities) {
			t := g.target(p.address)
			t.Paths = append(t.Paths, path)
			identified = append(identified, p.address)
		}
	}
	g.follow(identified)
	first := maps.Clone(g.targets)
	for _, e := range g.edges {
		if e.unprompted && slices.Contains(identified, e.from) && first[e.to] == nil {
			g.use(e)
			parents = append(parents, e.to)
		}
	}
	g.follow(parents)
	for _, p := range g.places {
		if t := g.targets[p.address]; t != nil {
			for _, before := range p.collection.After {
				if g.targets[before] != nil {
					t.LocateAfter = append(t.LocateAfter, before)
				}
			}
		}
	}
}

// follow uses the declared edges that lead on from what this round begins with.
func (g *graph) follow(found []Address) {
	earlier := maps.Clone(g.targets)
	for _, address := range found {
		delete(earlier, address)
	}
	seen := map[Address]bool{}
	for len(found) > 0 {
		at := found[0]
		found = found[1:]
		if seen[at] {
			continue
		}
		seen[at] = true
		for _, e := range g.edges {
			if e.from == at && !e.unprompted && earlier[e.to] == nil {
				g.use(e)
				found = append(found, e.to)
			}
		}
	}
}

func (g *graph) use(e edge) {
	to, from := g.target(e.to), g.target(e.from)
	to.Paths = append(to.Paths, e.path)
	to.LocateAfter = append(to.LocateAfter, e.from)
	from.Lead = append(from.Lead, e.path.FromField)
}

func (g *graph) target(address Address) *Target {
	if t := g.targets[address]; t != nil {
		return t
	}
	p := g.places[slices.IndexFunc(g.places, func(p place) bool { return p.address == address })]
	t := &Target{Address: address, Store: p.store, Collection: p.collection}
	t.Store.Collections = nil
	g.targets[address] = t
	return t
}

// identified are the paths by the identities themselves.
func (p place) identified(identities []string) []Path {
	if p.collection.NotSearchable != nil {
		return nil
	}
	var paths []Path
	for _, f := range p.collection.Fields {
		if f.Identity == "" || !slices.Contains(identities, f.Identity) || !p.comparable(f.Name) {
			continue
		}
		path := Path{Field: f.Name, Identity: f.Identity}
		if p.store.Kind == Manual {
			path.Field = f.Identity
		}
		paths = append(paths, path)
	}
	if name, found := p.brace(); found && p.collection.field(name) == nil && slices.Contains(identities, name) {
		paths = append(paths, Path{Field: name, Identity: name})
	}
	return paths
}

// linkErasure says which targets are erased before which.
func (g *graph) linkErasure() {
	for _, p := range g.places {
		t := g.targets[p.address]
		if t == nil {
			continue
		}
		for _, f := range p.collection.Fields {
			if f.References != nil && f.References.Collection != p.address && g.targets[f.References.Collection] != nil {
				parent := g.targets[f.References.Collection]
				parent.EraseAfter = append(parent.EraseAfter, p.address)
			}
		}
		for _, before := range p.collection.EraseAfter {
			if g.targets[before] != nil {
				t.EraseAfter = append(t.EraseAfter, before)
			}
		}
	}
	outliving := g.outliving()
	for _, root := range g.targets {
		for address, other := range g.targets {
			if root.Collection.Root && !other.Collection.Root && !outliving[address] {
				root.EraseAfter = append(root.EraseAfter, address)
			}
		}
	}
}

// outliving are the targets that have to be erased after a root: what it refers to.
func (g *graph) outliving() map[Address]bool {
	var found []Address
	for address, t := range g.targets {
		if t.Collection.Root {
			found = append(found, address)
		}
	}
	after := map[Address]bool{}
	for ; len(found) > 0; found = found[1:] {
		for address, t := range g.targets {
			if !after[address] && slices.Contains(t.EraseAfter, found[0]) {
				after[address] = true
				found = append(found, address)
			}
		}
	}
	return after
}
