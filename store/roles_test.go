package store_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/problem"
	"github.com/atlascloudai/docket/store"
	"github.com/atlascloudai/docket/testkit"
)

// insufficientPrivilege is PostgreSQL's code for what a role may not do.
const insufficientPrivilege = "42501"

func connect(t *testing.T, dsn string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

// Not even a hole in the product lets anybody rewrite what was tried, answered, decided or read.
func TestTheApplicationsRoleCanOnlyAppendToLedgerAndAudit(t *testing.T) {
	t.Parallel()
	h := testkit.NewHouse(t)
	h.Declared(t)
	app := connect(t, h.Database.App)
	for table, column := range map[string]string{
		"timeline": "kind", "delivery_event": "kind", "page_seal": "seq", "access_event": "kind", "unmatched_report": "reason",
		"duty_due": "reason", "notice_version": "version", "reconciliation": "quarantine_reason", "candidate": "kind",
		"privilege": "scope", "privileged": "kind", "legal_hold": "review_at", "legal_hold_release": "released_at",
	} {
		for _, statement := range []string{
			"UPDATE " + table + " SET " + column + " = " + column, "DELETE FROM " + table, "TRUNCATE " + table,
		} {
			_, err := app.Exec(t.Context(), statement)
			var refusal *pgconn.PgError
			require.ErrorAs(t, err, &refusal, statement)
			require.Equal(t, insufficientPrivilege, refusal.Code, statement)
		}
		_, err := app.Exec(t.Context(), "SELECT * FROM "+table)
		require.NoError(t, err)
	}
	for _, table := range []string{
		"cases", "duty", "party", "fact", "delivery", "notice", "campaign", "raise", "installation", "customer", "contact", "bell", "data_key",
	} {
		_, err := app.Exec(t.Context(), "DELETE FROM "+table)
		var refusal *pgconn.PgError
		require.ErrorAs(t, err, &refusal, table)
		require.Equal(t, insufficientPrivilege, refusal.Code, table)
	}
}

func TestTheApplicationsRoleOwnsNothingAndMakesNothing(t *testing.T) {
	t.Parallel()
	h := testkit.NewHouse(t)
	app := connect(t, h.Database.App)
	for _, statement := range []string{
		"CREATE TABLE loot (x int)", "DROP TABLE timeline", "ALTER TABLE timeline DISABLE TRIGGER ALL", "ALTER TABLE timeline ADD COLUMN x int",
		"GRANT UPDATE ON timeline TO docket_app", "SET ROLE docket_owner", "CREATE ROLE loot",
		"CREATE FUNCTION loot() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'",
	} {
		if statement == "GRANT UPDATE ON timeline TO docket_app" {
			_, _ = app.Exec(t.Context(), statement) // PostgreSQL warns and grants nothing.
			var may bool
			require.NoError(t, app.QueryRow(t.Context(), `SELECT has_table_privilege('docket_app', 'timeline', 'UPDATE')`).Scan(&may))
			require.False(t, may)
			continue
		}
		_, err := app.Exec(t.Context(), statement)
		require.Error(t, err, statement)
	}
}

func TestADatabaseThatIsAwayIsUnavailableAndSaysWhenToComeAgain(t *testing.T) {
	t.Parallel()
	_, err := store.Open(t.Context(), store.Options{DSN: "postgres://nobody@127.0.0.1:1/nothing"})
	require.Error(t, err)

	h := testkit.NewHouse(t)
	owner := connect(t, testkit.Superuser(t))
	_, err = owner.Exec(t.Context(), `ALTER DATABASE "`+h.Database.Name+`" ALLOW_CONNECTIONS false`)
	require.NoError(t, err)
	_, err = owner.Exec(t.Context(), `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1`, h.Database.Name)
	require.NoError(t, err)
	var refusal *problem.Error
	require.Eventually(t, func() bool {
		err := h.Store.Do(t.Context(), func(tx *store.Tx) error { _, err := tx.Now(t.Context()); return err })
		return problem.CodeOf(err) == problem.Unavailable && errors.As(err, &refusal)
	}, 10*time.Second, 20*time.Millisecond)
	require.Positive(t, refusal.RetryAfter)
	_, err = owner.Exec(t.Context(), `ALTER DATABASE "`+h.Database.Name+`" ALLOW_CONNECTIONS true`)
	require.NoError(t, err)
	require.Eventually(t, func() bool { return h.Store.Ping(t.Context()) == nil }, 10*time.Second, 20*time.Millisecond, "it is there again without a restart")
}

// A busy API cannot silence the watchdog and the bells: they have connections of their own.
func TestTheReserveWorksWhileEveryOtherConnectionIsBusy(t *testing.T) {
	t.Parallel()
	h := testkit.NewHouse(t)
	s, err := store.Open(t.Context(), store.Options{DSN: h.Database.App, Conns: 2, Reserve: 1})
	require.NoError(t, err)
	defer s.Close()
	held, let := make(chan struct{}), make(chan struct{})
	done := make(chan error, 2)
	for range 2 {
		go func() {
			done <- s.Do(context.Background(), func(*store.Tx) error { held <- struct{}{}; <-let; return nil })
		}()
	}
	<-held
	<-held
	require.NoError(t, s.Reserved(t.Context(), func(tx *store.Tx) error { _, err := tx.Unraised(t.Context(), time.Minute); return err }))
	close(let)
	require.NoError(t, <-done)
	require.NoError(t, <-done)
}

// A thousand facts before the next ring are one ring; what was not heard rings again; what was heard does not.
func TestManyFactsAreOneRing(t *testing.T) {
	t.Parallel()
	h := testkit.NewHouse(t)
	bell := store.Bell{WorkflowID: "incident/x", Kind: "incident", Subject: uuid.New(), Case: uuid.New(), Queue: "case"}
	ring := func(n int) {
		require.NoError(t, h.Store.Do(t.Context(), func(tx *store.Tx) error {
			for range n {
				if err := tx.Ring(t.Context(), bell); err != nil {
					return err
				}
			}
			return nil
		}))
	}
	rung := func() (heard []store.Bell) {
		require.NoError(t, h.Store.Reserved(t.Context(), func(tx *store.Tx) error {
			_, err := tx.Rings(t.Context(), 100, func(b store.Bell) error { heard = append(heard, b); return nil })
			return err
		}))
		return heard
	}
	ring(1000)
	first := rung()
	require.Len(t, first, 1)
	require.EqualValues(t, 1000, first[0].Seq)
	ring(10)
	require.Empty(t, rung(), "while a ring is unanswered further facts do not ring")
	require.NoError(t, h.Store.Do(t.Context(), func(tx *store.Tx) error { return tx.Heard(t.Context(), bell.WorkflowID, 1000, nil) }))
	again := rung()
	require.Len(t, again, 1, "what came after what was heard rings")
	require.EqualValues(t, 1010, again[0].Seq)
	require.NoError(t, h.Store.Do(t.Context(), func(tx *store.Tx) error { return tx.Heard(t.Context(), bell.WorkflowID, 1010, nil) }))
	require.Empty(t, rung())

	past := time.Now().Add(-time.Second)
	require.NoError(t, h.Store.Do(t.Context(), func(tx *store.Tx) error { return tx.Heard(t.Context(), bell.WorkflowID, 1010, &past) }))
	require.Len(t, rung(), 1, "and what wants to be woken is")
}

func TestADrawNeverExceedsTheBudget(t *testing.T) {
	t.Parallel()
	h := testkit.NewHouse(t)
	draw := func(account string, n int) (drawn int) {
		require.NoError(t, h.Store.Do(t.Context(), func(tx *store.Tx) (err error) { drawn, err = tx.Draw(t.Context(), "email", account, n); return err }))
		return drawn
	}
	require.Equal(t, 10, draw("urgent", 10), "an account without a budget has no limit")
	require.NoError(t, h.Store.Do(t.Context(), func(tx *store.Tx) error { return tx.SetBudget(t.Context(), "email", "urgent", 0.001, 15) }))
	require.Equal(t, 10, draw("urgent", 10))
	require.Equal(t, 5, draw("urgent", 10))
	require.Zero(t, draw("urgent", 10))
	require.Equal(t, 10, draw("bulk", 10), "another account draws from its own")
}
