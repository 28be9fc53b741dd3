package postgres

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/atlascloudai/docket/core/estate"
)

// The codes of what Check finds between an estate and a live schema; those of masks are in mask.go.
const (
	UnknownTable    = "unknown_table"
	UnknownColumn   = "unknown_column"
	NoPrimaryKey    = "no_primary_key"
	DifferentKey    = "different_key"
	Unindexed       = "unindexed"
	UndeclaredTable = "undeclared_table"
	// UndeclaredColumn is a live column that the estate says nothing of.
	UndeclaredColumn = "undeclared_column"
	// UndeclaredReference is a foreign key that no reference of the estate tells.
	UndeclaredReference = "undeclared_reference"
	// UnmatchedReference is a reference inside the store that no foreign key holds, between columns of two types.
	UnmatchedReference = "unmatched_reference"
	// UndeclaredCascade is a deletion that takes rows of a table along that the estate does not name.
	UndeclaredCascade = "undeclared_cascade"
	// KeptRefers is a row that the estate keeps and that refers to one that it deletes, which cannot go before it.
	KeptRefers = "kept_refers"
	// CascadeOntoKept is a deletion that takes rows along that the estate keeps.
	CascadeOntoKept = "cascade_onto_kept"
)

// Check compares the estate's store with its live schema and finds everything that differs, in the order of the estate.
func (s *Store) Check(ctx context.Context, declared estate.Store) (findings []estate.Finding, err error) {
	err = inTransaction(ctx, s.work, snapshot, func(tx pgx.Tx) error {
		live, err := live(ctx, tx, schemaOf(declared))
		findings = (&comparison{declared: declared, live: live}).run()
		return err
	})
	if err != nil {
		return nil, err
	}
	return findings, nil
}

// comparison holds an estate's store against the live schema.
type comparison struct {
	declared estate.Store
	live     schema
	findings []estate.Finding
}

func (c *comparison) run() []estate.Finding {
	for _, collection := range c.declared.Collections {
		switch t := c.live.tables[collection.Name]; {
		case collection.NotSearchable != nil && (t != nil || slices.Contains(c.live.unsearched, collection.Name)):
			// Nobody reads it; that it is there and named is all there is to compare.
		case t == nil:
			c.find(collection.Name, "", UnknownTable, "there is no such table in schema %s: correct the name, or take the collection out", quote(c.live.name))
		default:
			c.key(collection, t)
			c.fields(collection, t)
			c.undeclaredColumns(collection, t)
		}
	}
	for _, k := range c.live.keys {
		c.foreignKey(k)
	}
	for _, name := range slices.Concat(slices.Sorted(maps.Keys(c.live.tables)), c.live.unsearched) {
		if c.collection(name) == nil {
			c.find(name, "", UndeclaredTable, "say what it holds: add a collection, with not_searchable where nobody can look")
		}
	}
	return c.findings
}

func (c *comparison) find(table, column, code, detail string, args ...any) {
	at := c.declared.ID + "/" + table
	if column != "" {
		at += "." + column
	}
	c.findings = append(c.findings, estate.Finding{At: at, Code: code, Detail: fmt.Sprintf(detail, args...)})
}

func (c *comparison) collection(name string) *estate.Collection {
	at := slices.IndexFunc(c.declared.Collections, func(one estate.Collection) bool { return one.Name == name })
	if at < 0 {
		return nil
	}
	return &c.declared.Collections[at]
}

func (c *comparison) key(collection estate.Collection, t *table) {
	switch live := t.keyNames(); {
	case len(live) == 0:
		c.find(t.name, "", NoPrimaryKey, "a record cannot be named: give the table a primary key")
	case !slices.Equal(collection.Key, live):
		c.find(t.name, "", DifferentKey, "the primary key is [%s]: write it as key", strings.Join(live, ", "))
	}
}

func (c *comparison) fields(collection estate.Collection, t *table) {
	for _, field := range collection.Fields {
		live, ok := t.columns[field.Name]
		if !ok {
			c.find(t.name, field.Name, UnknownColumn, "there is no such column: correct the name, or take the field out")
			continue
		}
		searched := field.Identity != "" || field.References != nil
		switch {
		case !searched:
		case t.ignoresCase(collection, live) && live.category == "S":
			if !slices.Contains(c.live.leading, t.name+".lower("+strings.ReplaceAll(field.Name, `"`, "")+")") {
				c.find(t.name, field.Name, Unindexed, "looking for a mail address reads the whole table: create an index on lower(column), or write match: exact where they are stored in lower case")
			}
		case !slices.Contains(c.live.leading, t.name+"."+field.Name):
			c.find(t.name, field.Name, Unindexed, "looking for a person reads the whole table: create an index that begins with the column")
		}
		if field.Mask != nil {
			if code, why := (mask{column: live, Mask: *field.Mask}).impossible(); code != "" {
				c.find(t.name, field.Name, code, "%s", why)
			}
		}
		if field.References != nil && !c.held(collection, field) && !c.alike(live, *field.References) {
			c.find(t.name, field.Name, UnmatchedReference, "no foreign key holds the reference, and the columns are of two types: give both one type, so that their values are written alike")
		}
	}
	if kept := collection.Retention; kept != nil {
		if _, ok := t.columns[kept.From]; !ok {
			c.find(t.name, kept.From, UnknownColumn, "the retention counts from a column that does not exist: correct from")
		}
	}
}

func (c *comparison) undeclaredColumns(collection estate.Collection, t *table) {
	for _, name := range t.order {
		if !slices.Contains(collection.Key, name) && !slices.ContainsFunc(collection.Fields, func(f estate.Field) bool { return f.Name == name }) {
			c.find(t.name, name, UndeclaredColumn, "say what it holds: add it to fields")
		}
	}
}

// held says whether a foreign key holds a reference; one into another store cannot be held.
func (c *comparison) held(collection estate.Collection, field estate.Field) bool {
	if !strings.HasPrefix(string(field.References.Collection), c.declared.ID+"/") {
		return true
	}
	return slices.ContainsFunc(c.live.keys, func(k foreignKey) bool {
		return k.fromSchema == c.live.name && k.from == collection.Name && c.tells(k, field)
	})
}

// alike says whether a column and the one that it refers to are of one type. What the estate keeps outlives what it refers to,
// so that no foreign key can hold it.
func (c *comparison) alike(child column, r estate.Reference) bool {
	_, name, _ := strings.Cut(string(r.Collection), "/")
	parent := c.live.tables[name]
	return parent != nil && parent.columns[r.Field].kind == child.kind
}

// tells says whether a field's reference is one of the pairs of a foreign key.
func (c *comparison) tells(k foreignKey, field estate.Field) bool {
	for i, name := range k.fromColumns {
		if r := field.References; r != nil && field.Name == name && r.Field == k.toColumns[i] && k.toSchema == c.live.name &&
			string(r.Collection) == c.declared.ID+"/"+k.to {
			return true
		}
	}
	return false
}

func (c *comparison) foreignKey(k foreignKey) {
	var child, parent *estate.Collection
	if k.fromSchema == c.live.name {
		child = c.collection(k.from)
	}
	if k.toSchema == c.live.name {
		parent = c.collection(k.to)
	}
	if child != nil && !slices.ContainsFunc(child.Fields, func(f estate.Field) bool { return c.tells(k, f) }) {
		c.find(k.from, strings.Join(k.fromColumns, ","), UndeclaredReference, "foreign key %s refers to %s (%s): add references, which also gives the order",
			quote(k.name), quote(k.toSchema, k.to), strings.Join(k.toColumns, ", "))
	}
	if parent == nil {
		return
	}
	kept := child != nil && (child.Retention != nil || child.Strategy == estate.MaskFields)
	switch {
	case !k.cascades && kept && !k.clears && parent.Strategy != estate.MaskFields && parent.NotSearchable == nil:
		c.find(k.to, "", KeptRefers, "rows of %s that the estate keeps refer to it (foreign key %s), so that it cannot be deleted before they go: make the key ON DELETE SET NULL, or mask this table",
			quote(k.fromSchema, k.from), quote(k.name))
	case !k.cascades:
	case child == nil:
		c.find(k.to, "", UndeclaredCascade, "deleting takes rows of %s along (foreign key %s): add that table to the estate", quote(k.fromSchema, k.from), quote(k.name))
	case kept:
		c.find(k.to, "", CascadeOntoKept, "deleting takes rows of %s along (foreign key %s), which the estate keeps: make it ON DELETE RESTRICT or SET NULL",
			quote(k.fromSchema, k.from), quote(k.name))
	}
}
