package postgres

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"

	"github.com/atlascloudai/docket/core/estate"
	"github.com/atlascloudai/docket/erasure"
)

// column is a column as the catalog knows it.
type column struct {
	name string
	// kind is the type without its length and, for a domain, the type under it, so that a cast never cuts a value to
	// another's; exact is the type as declared.
	kind, exact string
	// category is pg_type.typcategory: A arrays, S strings.
	category string
	notNull  bool
	// length is the most characters, 0 without a bound.
	length int
	// position is the place in the primary key, from 0; -1 outside it.
	position int
}

func (c column) quoted() string { return "t." + quote(c.name) }

func (c column) isText() bool { return c.category == "S" }

// table is a table as the catalog knows it.
type table struct {
	schema, name string
	// partitioned tables hold their rows in partitions. Another table's heirs (INHERITS) are tables of their own, whose keys
	// may repeat its keys.
	partitioned bool
	columns     map[string]column
	// order are the columns' names as the table has them.
	order []string
	key   []column
}

// String is the name as SQL has it.
func (t table) String() string { return quote(t.schema, t.name) }

// rows are the table's rows in a statement.
func (t table) rows() string {
	if t.partitioned {
		return t.String() + " AS t"
	}
	return "ONLY " + t.String() + " AS t"
}

const columnsOf = `
	SELECT c.relname, c.relkind = 'p', a.attname, format_type(y.oid, -1), format_type(a.atttypid, a.atttypmod), y.typcategory::text, a.attnotnull,
		CASE WHEN y.oid IN ('varchar'::regtype, 'bpchar'::regtype) THEN greatest(CASE own.typtype WHEN 'd' THEN own.typtypmod ELSE a.atttypmod END - 4, 0) WHEN y.oid = 'name'::regtype THEN 63 ELSE 0 END,
		coalesce((SELECT p.n - 1 FROM pg_index i, unnest(i.indkey::int2[]) WITH ORDINALITY AS p(attribute, n)
			WHERE i.indrelid = c.oid AND i.indisprimary AND p.attribute = a.attnum AND p.n <= i.indnkeyatts), -1)
	FROM pg_class c JOIN pg_namespace s ON s.oid = c.relnamespace
		JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
		JOIN pg_type own ON own.oid = a.atttypid
		JOIN pg_type y ON y.oid = CASE WHEN own.typtype <> 'd' THEN own.oid ELSE (
			WITH RECURSIVE under(type) AS (SELECT own.typbasetype
				UNION ALL SELECT d.typbasetype FROM under JOIN pg_type d ON d.oid = under.type WHERE d.typtype = 'd')
			SELECT under.type FROM under JOIN pg_type b ON b.oid = under.type WHERE b.typtype <> 'd') END
	WHERE s.nspname = $1 AND c.relkind IN ('r', 'p') AND %s
	ORDER BY c.relname, a.attnum`

var (
	columnsOfOne = fmt.Sprintf(columnsOf, "c.relname = $2")
	// Partitions belong to their table, an extension's tables to it.
	columnsOfAll = fmt.Sprintf(columnsOf, "NOT c.relispartition AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')")
)

// tables reads the tables that a statement over the catalog means.
func tables(ctx context.Context, tx pgx.Tx, statement, schema string, args ...any) (map[string]*table, error) {
	rows, err := tx.Query(ctx, statement, append([]any{schema}, args...)...)
	if err != nil {
		return nil, err
	}
	all := map[string]*table{}
	var name string
	var partitioned bool
	var c column
	_, err = pgx.ForEachRow(rows, []any{&name, &partitioned, &c.name, &c.kind, &c.exact, &c.category, &c.notNull, &c.length, &c.position}, func() error {
		t := all[name]
		if t == nil {
			t = &table{schema: schema, name: name, partitioned: partitioned, columns: map[string]column{}}
			all[name] = t
		}
		t.columns[c.name], t.order = c, append(t.order, c.name)
		if c.position >= 0 {
			t.key = append(t.key, c)
			slices.SortFunc(t.key, func(a, b column) int { return cmp.Compare(a.position, b.position) })
		}
		return nil
	})
	return all, err
}

// table reads the collection's table, whose primary key must be what the estate says, if it says one.
func (s *Store) table(ctx context.Context, tx pgx.Tx, c estate.Collection) (*table, error) {
	if c.Name == "" {
		return nil, mismatch("a collection without a name")
	}
	all, err := tables(ctx, tx, columnsOfOne, s.schema, c.Name)
	if err != nil {
		return nil, err
	}
	t := all[c.Name]
	switch {
	case t == nil:
		return nil, mismatch("there is no table %s that this role can see", quote(s.schema, c.Name))
	case len(t.key) == 0:
		return nil, mismatch("table %s has no primary key: a record cannot be named", t)
	case len(c.Key) > 0 && !slices.Equal(c.Key, t.keyNames()):
		return nil, mismatch("the primary key of table %s is not the estate's: it is (%s)", t, strings.Join(t.keyNames(), ", "))
	}
	return t, nil
}

func (t table) keyNames() (names []string) {
	for _, c := range t.key {
		names = append(names, c.name)
	}
	return names
}

// column is a column of the table, or why there is none.
func (t table) column(name string) (column, error) {
	c, ok := t.columns[name]
	if !ok {
		return c, mismatch("table %s has no column %s", t, quote(name))
	}
	return c, nil
}

// keyText is a record's key as an item and a cursor carry it.
func keyText(values []string) string {
	text, err := json.Marshal(values)
	if err != nil {
		panic(fmt.Sprintf("strings have a JSON form: %v", err))
	}
	return string(text)
}

// keyValues are the values of a key's text.
func (t table) keyValues(text string) (values []string, err error) {
	// The usual key is one plain text, and there are very many of them.
	if plain := strings.TrimSuffix(strings.TrimPrefix(text, `["`), `"]`); len(t.key) == 1 && len(plain) == len(text)-4 && isPlain(plain) {
		return []string{plain}, nil
	}
	if err := json.Unmarshal([]byte(text), &values); err != nil || len(values) != len(t.key) {
		return nil, mismatch("a key of table %s is not a JSON array of %d texts", t, len(t.key))
	}
	return values, nil
}

// isPlain says that a text is the same inside JSON.
func isPlain(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == '"' || r == '\\' || r >= utf8.RuneSelf })
}

// named are an order's items as one relation k of a statement: a column k0, k1… for each column of the key, and n, which
// counts from 1. They are in the order of their keys, so that two orders lock the rows that they share in the same order;
// item says which item a number means.
type named struct {
	table   *table
	columns [][]string
	item    []int
}

func (t *table) named(items []erasure.Item) (named, error) {
	k := named{table: t, columns: make([][]string, len(t.key))}
	for i := range items {
		k.item = append(k.item, i)
	}
	slices.SortFunc(k.item, func(a, b int) int {
		// The shorter first: so numbers are in their own order, and rows that lie together are met together.
		return cmp.Or(cmp.Compare(len(items[a].Key), len(items[b].Key)), strings.Compare(items[a].Key, items[b].Key))
	})
	for at, i := range k.item {
		if at > 0 && items[i].Key == items[k.item[at-1]].Key {
			return k, mismatch("an order names a record of table %s twice", t)
		}
		values, err := t.keyValues(items[i].Key)
		if err != nil {
			return k, err
		}
		for c, value := range values {
			k.columns[c] = append(k.columns[c], value)
		}
	}
	return k, nil
}

// relation is k, with columns of further texts v0, v1….
func (k named) relation(args *arguments, further ...[]*string) string {
	var arrays, names []string
	for i, values := range k.columns {
		arrays, names = append(arrays, args.add(values)+"::text[]"), append(names, fmt.Sprintf("k%d", i))
	}
	for i, values := range further {
		arrays, names = append(arrays, args.add(values)+"::text[]"), append(names, fmt.Sprintf("v%d", i))
	}
	return fmt.Sprintf("unnest(%s) WITH ORDINALITY AS k(%s, n)", strings.Join(arrays, ", "), strings.Join(names, ", "))
}

// joins says that a row of the table is one of k.
func (k named) joins() string {
	return list(k.table.key, " AND ", func(i int, c column) string { return fmt.Sprintf("%s = k.k%d::%s", c.quoted(), i, c.kind) })
}
