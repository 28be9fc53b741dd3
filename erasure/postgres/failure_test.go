package postgres_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/estate"
	"github.com/atlascloudai/docket/erasure"
	"github.com/atlascloudai/docket/erasure/postgres"
	"github.com/atlascloudai/docket/testkit"
)

func requireClass(t testing.TB, class erasure.Class, err error, says ...any) {
	t.Helper()
	failure, ok := errors.AsType[*erasure.Error](err)
	require.True(t, ok, "not a store's error: %v %v", err, says)
	require.Equal(t, class, failure.Class, "%s %v", failure.Detail, says)
	require.NotContains(t, err.Error(), ana)
}

func TestAStoreThatCannotBeReachedSaysWhy(t *testing.T) {
	t.Parallel()
	database := testkit.NewDatabase(t)
	for name, is := range map[string]struct {
		dsn   string
		class erasure.Class
	}{
		"an address that cannot be read": {"postgres://" + ana + ":%zz@/", erasure.Refused},
		"nobody there":                   {"postgres://docket@127.0.0.1:1/docket", erasure.Transient},
		"no such database":               {database.Superuser + "&dbname=no_such_database", erasure.Mismatch},
		"no such role":                   {database.Superuser + "&user=no_such_role", erasure.Refused},
	} {
		_, err := postgres.Open(t.Context(), is.dsn, estate.Store{}, postgres.Options{})
		requireClass(t, is.class, err, name)
		_, err = postgres.Draft(t.Context(), is.dsn, "")
		requireClass(t, is.class, err, name)
	}
}

// A policy that hides rows from the role would make them absent.
func TestRowsThatAPolicyHidesAreAnErrorAndNoAbsence(t *testing.T) {
	t.Parallel()
	database := testkit.NewDatabase(t)
	s := openShop(t, database, `CREATE TABLE notes (id int PRIMARY KEY, email text); INSERT INTO notes VALUES (1, 'ana@example.test')`)
	notes := estate.Collection{Name: "notes", Key: []string{"id"}}
	query := erasure.Query{Collection: notes, Matches: []erasure.Match{{Field: "email", Values: []string{ana}}}}
	order := erasure.Order{ID: "1", Collection: notes, Items: []erasure.Item{{Key: `["1"]`}}}
	store, err := postgres.Open(t.Context(), database.App, s.estate(notes), postgres.Options{})
	require.NoError(t, err)
	t.Cleanup(store.Close)

	refused := func() {
		_, err := store.Locate(t.Context(), query, "", 10)
		requireClass(t, erasure.Refused, err)
		_, err = store.Erase(t.Context(), order)
		requireClass(t, erasure.Refused, err)
		_, err = store.Verify(t.Context(), order)
		requireClass(t, erasure.Refused, err)
	}
	refused() // no right to read
	s.run(t, `DO $$ BEGIN EXECUTE format('GRANT USAGE ON SCHEMA %I TO PUBLIC', current_schema()); END $$; GRANT ALL ON notes TO PUBLIC; ALTER TABLE notes ENABLE ROW LEVEL SECURITY`)
	refused() // a policy that shows nothing
}

func TestALockThatAnotherHoldsIsTransient(t *testing.T) {
	t.Parallel()
	s, _, order, _ := oneTicket(t)
	store, err := postgres.Open(t.Context(), s.dsn, s.estate(tickets()), postgres.Options{LockTimeout: time.Millisecond, StatementTimeout: time.Minute})
	require.NoError(t, err)
	t.Cleanup(store.Close)
	s.run(t, `BEGIN; SELECT 1 FROM "Support ""Tickets" FOR UPDATE`)
	_, err = store.Erase(t.Context(), order(tickets()))
	requireClass(t, erasure.Transient, err)
	s.run(t, `ROLLBACK`)
	results, err := store.Erase(t.Context(), order(tickets()))
	require.NoError(t, err)
	require.Equal(t, []erasure.Outcome{erasure.Erased}, outcomes(results))
}

// The connections that verify cannot write, and may be another role's, which reads alone.
func TestVerifyingNeedsNoRightToWrite(t *testing.T) {
	t.Parallel()
	database := testkit.NewDatabase(t)
	s := openShop(t, database, `CREATE TABLE notes (id int PRIMARY KEY, email text); INSERT INTO notes VALUES (1, 'ana@example.test');
		DO $$ BEGIN EXECUTE format('GRANT USAGE ON SCHEMA %I TO PUBLIC', current_schema()); END $$; GRANT SELECT ON notes TO PUBLIC`)
	notes := estate.Collection{Name: "notes", Key: []string{"id"}}
	store, err := postgres.Open(t.Context(), s.dsn, s.estate(notes), postgres.Options{VerifyDSN: database.App})
	require.NoError(t, err)
	t.Cleanup(store.Close)
	order := erasure.Order{ID: "1", Collection: notes, Items: located(t, store, notes, "email", nil, ana)}
	require.Equal(t, []erasure.State{erasure.Residue}, states(t, store, order))
	_, err = store.Erase(t.Context(), order)
	require.NoError(t, err)
	require.Equal(t, []erasure.State{erasure.Gone}, states(t, store, order))
}

// A connection that is cut while rows are being erased leaves all of them or none, and the same order again finishes.
func TestAConnectionThatIsCutLeavesTheOrderToBeTriedAgain(t *testing.T) {
	t.Parallel()
	s, _, order, store := oneTicket(t)
	const waiting = `pg_stat_activity WHERE datname = current_database() AND application_name = 'docket-erasure' AND wait_event_type = 'Lock'`
	s.run(t, `BEGIN; SELECT 1 FROM "Support ""Tickets" FOR UPDATE`)
	cut := make(chan error)
	go func() {
		_, err := store.Erase(context.WithoutCancel(t.Context()), order(tickets()))
		cut <- err
	}()
	testkit.Await(t, "the erasing waits for the lock", func() bool { return s.count(t, waiting) == 1 })
	s.run(t, "SELECT pg_terminate_backend(pid) FROM "+waiting)
	requireClass(t, erasure.Transient, <-cut)
	s.run(t, "ROLLBACK")
	require.Equal(t, []erasure.State{erasure.Residue}, states(t, store, order(tickets())))
	results, err := store.Erase(t.Context(), order(tickets()))
	require.NoError(t, err)
	require.Equal(t, []erasure.Outcome{erasure.Erased}, outcomes(results))
}
