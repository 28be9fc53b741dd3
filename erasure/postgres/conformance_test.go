package postgres_test

import (
	"testing"

	"github.com/atlascloudai/docket/core/estate"
	"github.com/atlascloudai/docket/erasure"
	"github.com/atlascloudai/docket/erasure/conformance"
	"github.com/atlascloudai/docket/testkit"
)

// ddlTickets is a table as most are, with names that need quotes.
const ddlTickets = `CREATE TABLE "Support ""Tickets" (
	id bigint PRIMARY KEY, email text NOT NULL, phone varchar(80), "select" text NOT NULL, embedding real[], note jsonb, score numeric(8,2) NOT NULL DEFAULT 0.5);
	CREATE INDEX ON "Support ""Tickets" (lower(email)); CREATE INDEX ON "Support ""Tickets" (phone)`

func tickets() estate.Collection {
	return estate.Collection{Name: `Support "Tickets`, Class: estate.Account, Key: []string{"id"}, Fields: []estate.Field{
		{Name: "email", Identity: "email"}, {Name: "phone", Identity: "phone"}, {Name: "select"}, {Name: "embedding"}, {Name: "note"}, {Name: "score"},
	}}
}

func ticketsMasked() estate.Collection {
	c := tickets()
	c.Strategy = estate.MaskFields
	for i, mask := range []estate.Mask{
		{With: estate.Hash}, {With: estate.HMAC}, {With: estate.Fixed, Value: "removed"}, {With: estate.Null}, {With: estate.Fixed, Value: `{}`}, {With: estate.Fixed, Value: "0"},
	} {
		c.Fields[i].Mask = &mask
	}
	return c
}

func TestATableHoldsToTheConformance(t *testing.T) {
	t.Parallel()
	database := testkit.NewDatabase(t)
	conformance.Run(t, func(t *testing.T) conformance.Bench {
		s := openShop(t, database, ddlTickets)
		const insert = `INSERT INTO "Support ""Tickets" SELECT `
		masked := ticketsMasked()
		return conformance.Bench{
			Store:    s.open(t),
			Declared: s.estate(tickets()),
			Masked:   &masked,
			Person:   []erasure.Match{{Field: "email", Values: []string{ana, "ana.other@example.test"}}, {Field: "phone", Values: []string{"+1 555 0100"}}},
			Fields:   []string{"phone", "select", "embedding", "note", "score"},
			// Every record is meant by one of the matches, or by more; keys sort otherwise as numbers than as text.
			Plant: func(t testing.TB, n int) {
				s.run(t, insert+`9 + n * 3, CASE n % 3 WHEN 0 THEN $2::text WHEN 1 THEN 'ana.other@example.test' ELSE 'old@example.test' END,
					CASE WHEN n % 3 <> 1 THEN '+1 555 0100' END, 'help ' || n, ARRAY[0.5, n]::real[], '{"a": 1}' FROM generate_series(0, $1::int - 1) n ON CONFLICT DO NOTHING`, n, ana)
			},
			Others: func(t testing.TB, n int) {
				s.run(t, insert+`10 + n * 3, 'x' || $2::text, '+1 555 010', 'hello', NULL, 'null' FROM generate_series(0, $1::int - 1) n`, n, ana)
			},
			Truth: func(t testing.TB) map[string]string { return s.truth(t, `"Support ""Tickets"`, "id") },
			Missing: func(t testing.TB) (erasure.Store, estate.Store) {
				missing := tickets()
				missing.Name = "no such table"
				return s.open(t), s.estate(missing)
			},
			Forged: []string{"9", `[9]`, `[]`, `["9","10"]`, `["9 OR true"]`, `[null]`, `{"id":9}`, `["%"]`},
		}
	})
}

// A partitioned table with a key of four columns of awkward types, one of them compared as its extension says.
func TestAPartitionedTableWithACompositeKeyHoldsToTheConformance(t *testing.T) {
	t.Parallel()
	database := testkit.NewDatabase(t)
	testkit.Execute(t, database.Superuser, "CREATE SCHEMA extensions; CREATE EXTENSION citext SCHEMA extensions")
	// Another default of the database must not write keys otherwise.
	testkit.Execute(t, database.Superuser, `ALTER DATABASE "`+database.Name+`" SET timezone = 'Asia/Kolkata'`)
	testkit.Execute(t, database.Superuser, `ALTER DATABASE "`+database.Name+`" SET datestyle = 'SQL, DMY'`)
	conformance.Run(t, func(t *testing.T) conformance.Bench {
		s := openShop(t, database, `
			CREATE TYPE mood AS ENUM ('zealous', 'ample');
			CREATE TABLE events (at timestamptz, kind mood, code char(4), mail citext, body text, PRIMARY KEY (kind, at, code, mail) INCLUDE (body)) PARTITION BY RANGE (at);
			CREATE TABLE events_old PARTITION OF events FOR VALUES FROM (MINVALUE) TO ('2026-01-01 00:00:03.5Z');
			CREATE TABLE events_new PARTITION OF events FOR VALUES FROM ('2026-01-01 00:00:03.5Z') TO (MAXVALUE);
			CREATE INDEX ON events (mail)`)
		events := estate.Collection{Name: "events", Class: estate.OperationalMetadata, Key: []string{"kind", "at", "code", "mail"}, Fields: []estate.Field{{Name: "mail", Identity: "email"}, {Name: "body"}}}
		const insert = `INSERT INTO events SELECT '2026-01-01Z'::timestamptz + n * interval '1.000001 s', (ARRAY['zealous', 'ample'])[1 + n % 2]::mood, `
		return conformance.Bench{
			Store:    s.open(t),
			Declared: s.estate(events),
			Person:   []erasure.Match{{Field: "mail", Values: []string{ana}}},
			Fields:   []string{"body"},
			Plant: func(t testing.TB, n int) {
				s.run(t, insert+`'a"<', CASE n % 2 WHEN 0 THEN upper($2::text) ELSE $2::text END, 'body' FROM generate_series(0, $1::int - 1) n ON CONFLICT DO NOTHING`, n, ana)
			},
			Others: func(t testing.TB, n int) {
				s.run(t, insert+`'b', 'x' || $2::text, 'body' FROM generate_series(0, $1::int - 1) n`, n, ana)
			},
			Truth: func(t testing.TB) map[string]string { return s.truth(t, "events", events.Key...) },
			Missing: func(t testing.TB) (erasure.Store, estate.Store) {
				lost := s
				lost.schema = "no such schema"
				return lost.open(t), lost.estate(events)
			},
			Forged: []string{`["zealous"]`, `["nonsense","2026-01-01","b","x"]`},
		}
	})
}
