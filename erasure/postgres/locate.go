package postgres

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/atlascloudai/docket/core/estate"
	"github.com/atlascloudai/docket/erasure"
)

// Locate reads on from the key where the page before it ended; it meets every row that was there all along exactly once,
// whatever is erased in between. A column of arrays is searched by each element. Values are compared as the column's type
// compares: text by its case, but for mail addresses where the estate does not say otherwise. An item's values are nil for NULL, JSON (with json.Number) for arrays and json, else text.
func (s *Store) Locate(ctx context.Context, q erasure.Query, cursor string, limit int) (page erasure.Page, err error) {
	if limit < 1 {
		return page, mismatch("a page holds at least one record")
	}
	err = inTransaction(ctx, s.work, snapshot, func(tx pgx.Tx) error {
		t, err := s.table(ctx, tx, q.Collection)
		if err != nil {
			return err
		}
		statement, args, fields, err := t.page(q, cursor, limit)
		if err != nil {
			return err
		}
		// Planned for this person each time: the plan for people with few rows would sort all rows of one with a million for
		// every page.
		rows, err := tx.Query(ctx, statement, append([]any{pgx.QueryExecModeCacheDescribe}, args...)...)
		if err != nil {
			return err
		}
		page.Items, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (erasure.Item, error) { return t.item(row, fields) })
		return err
	})
	if err != nil {
		return erasure.Page{}, err
	}
	if page.End = len(page.Items) == 0; !page.End {
		page.Next = page.Items[len(page.Items)-1].Key
	}
	return page, nil
}

// page is the statement that reads one page, and the columns that it reads after the key's.
func (t *table) page(q erasure.Query, cursor string, limit int) (statement string, args arguments, fields []column, err error) {
	where, err := t.means(q, &args)
	if err != nil {
		return "", nil, nil, err
	}
	for _, name := range q.Fields {
		field, err := t.column(name)
		if err != nil {
			return "", nil, nil, err
		}
		fields = append(fields, field)
	}
	key := list(t.key, ", ", func(_ int, c column) string { return c.quoted() })
	if cursor != "" {
		last, err := t.keyValues(cursor)
		if err != nil {
			return "", nil, nil, err
		}
		where += fmt.Sprintf(" AND (%s) > (%s)", key, list(t.key, ", ", func(i int, c column) string { return args.add(last[i]) + "::text::" + c.kind }))
	}
	read := list(append(t.key[:len(t.key):len(t.key)], fields...), ", ", func(i int, c column) string {
		if i >= len(t.key) && c.isStructured() {
			return "to_jsonb(" + c.quoted() + ")::text"
		}
		return c.quoted() + "::text"
	})
	return fmt.Sprintf("SELECT %s FROM %s WHERE %s ORDER BY %s LIMIT %s", read, t.rows(), where, key, args.add(limit)), args, fields, nil
}

// means says which rows a query's matches mean.
func (t *table) means(q erasure.Query, args *arguments) (string, error) {
	if len(q.Matches) == 0 {
		return "", mismatch("a query of table %s says nothing to look for", t)
	}
	var any []string
	for _, match := range q.Matches {
		c, err := t.column(match.Field)
		if err != nil {
			return "", err
		}
		if len(match.Values) == 0 {
			return "", mismatch("a query of table %s has no value for column %s", t, quote(c.name))
		}
		for _, value := range match.Values {
			if strings.TrimSpace(value) == "" {
				return "", mismatch("a query of table %s has an empty value for column %s", t, quote(c.name))
			}
		}
		column, kind, values := c.quoted(), c.kind, match.Values
		if t.ignoresCase(q.Collection, c) {
			column, kind, values = "lower("+column+"::text)", "text", lowered(values)
			if c.category == "A" {
				column, kind = column+"::text[]", "text[]"
			}
		}
		if c.category == "A" {
			any = append(any, fmt.Sprintf("%s && %s::text[]::%s", column, args.add(values), kind))
		} else {
			any = append(any, fmt.Sprintf("%s = ANY(%s::text[]::%s[])", column, args.add(values), kind))
		}
	}
	return "(" + strings.Join(any, " OR ") + ")", nil
}

func lowered(values []string) []string {
	lower := make([]string, len(values))
	for i, value := range values {
		lower[i] = strings.ToLower(value)
	}
	return lower
}

// ignoresCase says whether a column is compared without regard to case by the estate's word; one of type citext does so itself.
func (t *table) ignoresCase(collection estate.Collection, c column) bool {
	return (c.category == "S" || c.category == "A") && !strings.Contains(c.kind, "citext") &&
		slices.ContainsFunc(collection.Fields, func(f estate.Field) bool { return f.Name == c.name && f.IgnoresCase() })
}

// isStructured says that a value is read as JSON: arrays (embeddings), json. All else is read as its text, which no reader
// of numbers can round to another's.
func (c column) isStructured() bool {
	return c.category == "A" || c.kind == "json" || c.kind == "jsonb"
}

func (t *table) item(row pgx.CollectableRow, fields []column) (item erasure.Item, err error) {
	texts := make([]*string, len(t.key)+len(fields))
	into := make([]any, len(texts))
	for i := range texts {
		into[i] = &texts[i]
	}
	if err := row.Scan(into...); err != nil {
		return item, err
	}
	key := make([]string, len(t.key))
	for i := range key {
		key[i] = *texts[i]
	}
	item.Key = keyText(key)
	for i, field := range fields {
		if item.Values == nil {
			item.Values = map[string]any{}
		}
		if item.Values[field.name], err = field.value(texts[len(t.key)+i]); err != nil {
			return item, err
		}
	}
	return item, nil
}

// value is what an item carries of a column.
func (c column) value(text *string) (value any, err error) {
	switch {
	case text == nil:
		return nil, nil
	case !c.isStructured():
		return *text, nil
	}
	decoder := json.NewDecoder(strings.NewReader(*text))
	decoder.UseNumber()
	err = decoder.Decode(&value)
	return value, err
}
