package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"
)

// schema is what the catalog knows of one schema.
type schema struct {
	name   string
	tables map[string]*table
	// unsearched are what holds rows and is no table: materialised views and foreign tables.
	unsearched []string
	// leading are the columns by which an index over all rows begins, as "table.column", or expressions, as "table.lower(column)".
	leading []string
	keys    []foreignKey
}

// foreignKey is a foreign key from or to the schema, in the order of its columns.
type foreignKey struct {
	name                   string
	fromSchema, from       string
	toSchema, to           string
	fromColumns, toColumns []string
	// cascades: deleting takes the referring rows along; clears: it empties their reference.
	cascades, clears bool
}

const unsearchedOf = `SELECT c.relname FROM pg_class c JOIN pg_namespace s ON s.oid = c.relnamespace
	WHERE s.nspname = $1 AND c.relkind IN ('m', 'f') AND NOT c.relispartition ORDER BY 1`

const leadingOf = `SELECT DISTINCT c.relname || '.' || coalesce(a.attname, replace(replace(pg_get_indexdef(i.indexrelid, 1, true), '::text', ''), '"', ''))
	FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace s ON s.oid = c.relnamespace
		LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = i.indkey[0] AND a.attnum > 0
	WHERE s.nspname = $1 AND i.indisvalid AND i.indpred IS NULL`

const keysOf = `
	SELECT k.conname, fs.nspname, f.relname, ts.nspname, t.relname, k.confdeltype = 'c', k.confdeltype IN ('n', 'd'),
		(SELECT array_agg(a.attname::text ORDER BY n) FROM unnest(k.conkey) WITH ORDINALITY AS u(attribute, n)
			JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.attribute),
		(SELECT array_agg(a.attname::text ORDER BY n) FROM unnest(k.confkey) WITH ORDINALITY AS u(attribute, n)
			JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = u.attribute)
	FROM pg_constraint k JOIN pg_class f ON f.oid = k.conrelid JOIN pg_namespace fs ON fs.oid = f.relnamespace
		JOIN pg_class t ON t.oid = k.confrelid JOIN pg_namespace ts ON ts.oid = t.relnamespace
	WHERE k.contype = 'f' AND k.conparentid = 0 AND $1 IN (fs.nspname, ts.nspname)
	ORDER BY f.relname, k.conname`

// live reads a schema.
func live(ctx context.Context, tx pgx.Tx, name string) (schema, error) {
	s := schema{name: name}
	var err error
	if s.tables, err = tables(ctx, tx, columnsOfAll, name); err != nil {
		return s, err
	}
	if s.unsearched, err = texts(ctx, tx, unsearchedOf, name); err != nil {
		return s, err
	}
	if s.leading, err = texts(ctx, tx, leadingOf, name); err != nil {
		return s, err
	}
	rows, err := tx.Query(ctx, keysOf, name)
	if err != nil {
		return s, err
	}
	s.keys, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (k foreignKey, err error) {
		return k, row.Scan(&k.name, &k.fromSchema, &k.from, &k.toSchema, &k.to, &k.cascades, &k.clears, &k.fromColumns, &k.toColumns)
	})
	return s, err
}

func texts(ctx context.Context, tx pgx.Tx, statement string, args ...any) ([]string, error) {
	rows, err := tx.Query(ctx, statement, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}
