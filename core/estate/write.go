package estate

import (
	"bytes"
	"fmt"
	"slices"

	"go.yaml.in/yaml/v3"
)

// Write is the estate as YAML that Read reads back, with a comment wherever a person has to decide: a version, an owner, a class,
// how a person is found in a collection, which record is the root. Findings of reading are not written.
func Write(e Estate) ([]byte, error) {
	var root yaml.Node
	if err := root.Encode(e); err != nil {
		return nil, fmt.Errorf("cannot write estate: %w", err)
	}
	if e.Version == "" {
		member(&root, "version").LineComment = "decide: a version of your own, kept with every plan"
	}
	all := member(&root, "stores").Content
	lost := map[Address]bool{}
	for _, u := range e.Unreached(e.Identities()) {
		lost[u.Address] = true
	}
	for i, s := range e.Stores {
		if s.Owner == "" {
			all[i].HeadComment = "decide: owner, the handle of the person who answers for this store"
		}
		if s.Kind == Postgres && !slices.ContainsFunc(s.Collections, func(c Collection) bool { return c.Root }) {
			all[i].HeadComment = joined(all[i].HeadComment, "decide: root: true for the table that leads to all others, e.g. the accounts; it is erased last")
		}
		for j, c := range s.Collections {
			node := member(all[i], "collections").Content[j]
			if c.Class == "" {
				member(node, "class").LineComment = "decide: one of " + words(Classes)
			}
			if lost[AddressOf(s.ID, c.Name)] && c.NotSearchable == nil {
				node.HeadComment = "decide: how a person is found here: an identity or a reference at a field, or not_searchable with why and instead;\nleave the collection out if it holds nothing about people"
			}
			if c.NotSearchable != nil && (c.NotSearchable.Why == "" || c.NotSearchable.Instead == "") {
				node.HeadComment = "decide: in not_searchable, why nobody can look here by an identifier, and what is done instead"
			}
		}
	}
	var out bytes.Buffer
	encoder := yaml.NewEncoder(&out)
	encoder.SetIndent(2)
	if err := encoder.Encode(&root); err != nil {
		return nil, fmt.Errorf("cannot write estate: %w", err)
	}
	return out.Bytes(), nil
}

// member is the value of a mapping's member, which is there.
func member(mapping *yaml.Node, name string) *yaml.Node {
	for i := 0; i < len(mapping.Content); i += 2 {
		if mapping.Content[i].Value == name {
			return mapping.Content[i+1]
		}
	}
	panic("the estate is encoded without " + name)
}

func joined(a, b string) string {
	if a == "" {
		return b
	}
	return a + "\n" + b
}
