package postgres_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/estate"
	"github.com/atlascloudai/docket/erasure"
	"github.com/atlascloudai/docket/erasure/postgres"
	"github.com/atlascloudai/docket/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

const ana = "ana@example.test"

var maskingKey = []byte("a masking key of the tests, only")

// shop is a schema of a test's own, read and written past the store by the superuser.
type shop struct {
	dsn, schema string
	conn        *pgx.Conn
}

func openShop(t testing.TB, database testkit.Database, ddl string) shop {
	t.Helper()
	s := shop{dsn: database.Superuser, schema: "Shop " + uuid.NewString()[:8]}
	conn, err := pgx.Connect(t.Context(), s.dsn)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close(t.Context()) })
	s.conn = conn
	quoted := pgx.Identifier{s.schema}.Sanitize()
	s.run(t, "CREATE SCHEMA "+quoted)
	s.run(t, "SET search_path = "+quoted+", extensions; SET timezone = 'UTC'; SET datestyle = 'ISO'")
	s.run(t, ddl)
	return s
}

func (s shop) run(t testing.TB, statements string, args ...any) {
	t.Helper()
	_, err := s.conn.Exec(t.Context(), statements, args...)
	require.NoError(t, err)
}

func (s shop) count(t testing.TB, from string) (n int) {
	t.Helper()
	require.NoError(t, s.conn.QueryRow(t.Context(), "SELECT count(*) FROM "+from).Scan(&n))
	return n
}

func (s shop) estate(collections ...estate.Collection) estate.Store {
	return estate.Store{ID: "shop", Kind: estate.Postgres, Schema: s.schema, Collections: collections}
}

func (s shop) open(t testing.TB, collections ...estate.Collection) *postgres.Store {
	t.Helper()
	store, err := postgres.Open(t.Context(), s.dsn, s.estate(collections...), postgres.Options{MaskingKey: maskingKey})
	require.NoError(t, err)
	t.Cleanup(store.Close)
	return store
}

// truth reads every row of a table by its key as an item carries it.
func (s shop) truth(t testing.TB, table string, key ...string) map[string]string {
	t.Helper()
	rows, err := s.conn.Query(t.Context(), fmt.Sprintf("SELECT ARRAY[%s::text], t::text FROM %s t", strings.Join(key, "::text,"), table))
	require.NoError(t, err)
	all := map[string]string{}
	var values []string
	var row string
	_, err = pgx.ForEachRow(rows, []any{&values, &row}, func() error {
		text, err := json.Marshal(values)
		all[string(text)] = row
		return err
	})
	require.NoError(t, err)
	return all
}

// located are all items of a table that hold a value.
func located(t testing.TB, store erasure.Store, c estate.Collection, field string, fields []string, values ...string) []erasure.Item {
	t.Helper()
	page, err := store.Locate(t.Context(), erasure.Query{Collection: c, Matches: []erasure.Match{{Field: field, Values: values}}, Fields: fields}, "", 1000)
	require.NoError(t, err)
	return page.Items
}

func outcomes(results []erasure.Result) (all []erasure.Outcome) {
	for _, result := range results {
		all = append(all, result.Outcome)
	}
	return all
}

func states(t testing.TB, store erasure.Store, order erasure.Order) (all []erasure.State) {
	t.Helper()
	findings, err := store.Verify(t.Context(), order)
	require.NoError(t, err)
	for _, finding := range findings {
		all = append(all, finding.State)
	}
	return all
}
