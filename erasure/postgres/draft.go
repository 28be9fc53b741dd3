package postgres

import (
	"context"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/atlascloudai/docket/core/estate"
)

// Guess ends every class and identity of a draft that a person has to look at: no estate loads before each was confirmed by
// taking the mark away, or corrected.
const Guess = "?"

// Draft writes down a live schema as the beginning of an estate: tables, primary keys, columns, and references from foreign
// keys are what the database says; classes and identities are guessed from names and end in Guess. Errors are *erasure.Error.
func Draft(ctx context.Context, dsn, schema string) (store estate.Store, err error) {
	pool, err := connect(ctx, dsn, Options{}, true)
	if err != nil {
		return store, err
	}
	defer pool.Close()
	store = estate.Store{Kind: estate.Postgres, Schema: schema}
	schema = schemaOf(store)
	err = inTransaction(ctx, pool, snapshot, func(tx pgx.Tx) error {
		if err := tx.QueryRow(ctx, "SELECT current_database()").Scan(&store.ID); err != nil {
			return err
		}
		live, err := live(ctx, tx, schema)
		if err == nil && len(live.tables) == 0 {
			err = mismatch("schema %s has no table that this role can see", quote(schema))
		}
		store.ID = strings.Trim(notInIDs.ReplaceAllString(strings.ToLower(store.ID), "-"), "-")
		for _, name := range slices.Sorted(maps.Keys(live.tables)) {
			store.Collections = append(store.Collections, live.draft(store.ID, live.tables[name]))
		}
		return err
	})
	if err != nil {
		return estate.Store{}, err
	}
	return store, nil
}

var notInIDs = regexp.MustCompile(`[^a-z0-9]+`)

func (s schema) draft(store string, t *table) estate.Collection {
	c := estate.Collection{Name: t.name, Key: t.keyNames(), Class: estate.Class(guessed(classes, t.name)) + Guess}
	for _, name := range t.order {
		field := estate.Field{Name: name, References: s.reference(store, t.name, name)}
		if field.References == nil {
			// users.id is what others call user_id.
			if name == "id" && len(t.key) == 1 {
				name = strings.TrimSuffix(t.name, "s") + "_id"
			}
			if identity := guessed(identities, name); identity != "" {
				field.Identity = identity + Guess
			}
		}
		c.Fields = append(c.Fields, field)
	}
	return c
}

// reference is where a foreign key inside the schema leads from a column, if one does.
func (s schema) reference(store, table, column string) *estate.Reference {
	for _, k := range s.keys {
		at := slices.Index(k.fromColumns, column)
		if at >= 0 && k.fromSchema == s.name && k.from == table && k.toSchema == s.name {
			return &estate.Reference{Collection: estate.Address(store + "/" + k.to), Field: k.toColumns[at]}
		}
	}
	return nil
}

// hint reads a guess from a name.
type hint struct {
	name  *regexp.Regexp
	means string
}

var identities = []hint{
	{regexp.MustCompile(`(?i)e_?mail`), "email"},
	{regexp.MustCompile(`(?i)phone|mobile|msisdn`), "phone"},
	{regexp.MustCompile(`(?i)account_?id$`), "account_id"},
	{regexp.MustCompile(`(?i)user_?id$`), "user_id"},
}

var classes = []hint{
	{regexp.MustCompile(`(?i)invoice|bill|payment|charge|subscription|refund`), string(estate.Billing)},
	{regexp.MustCompile(`(?i)log|event|session|metric|audit|usage|trace`), string(estate.OperationalMetadata)},
	{regexp.MustCompile(`(?i)account|user|profile|ticket|support|contact|member`), string(estate.Account)},
	{regexp.MustCompile(``), string(estate.CustomerContent)},
}

func guessed(hints []hint, name string) string {
	for _, h := range hints {
		if h.name.MatchString(name) {
			return h.means
		}
	}
	return ""
}
