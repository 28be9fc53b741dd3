// Package testkit is what tests start and compare with: a database per test, one PostgreSQL and one
// Temporal server per run, the local mail server, and the oracle that holds ledger, mail and timeline
// against each other.
package testkit

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/local"
	"github.com/atlascloudai/docket/migrations"
)

// Superuser is the address of the PostgreSQL that tests share: the one that the environment names
// (`make test` starts it), else one of this test binary's own, which ends with it.
func Superuser(t testing.TB) string {
	t.Helper()
	if shared := os.Getenv("DOCKET_TEST_POSTGRES"); shared != "" {
		return shared
	}
	dsn, err := own()
	require.NoError(t, err)
	return dsn
}

var own = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "docket-test-")
	if err != nil {
		return "", err
	}
	cluster, err := local.StartPostgres(context.Background(), local.PostgresOptions{
		Dir: filepath.Join(dir, "pg"), Settings: local.Throwaway(), DieWithParent: true,
	})
	if err != nil {
		return "", err
	}
	discardOwn = func() error { return errors.Join(cluster.Discard(), os.RemoveAll(dir)) }
	return cluster.DSN("postgres"), nil
})

// discardOwn takes the binary's own cluster away with its files; Main calls it. Without Main the server ends with the
// binary and its files stay in the temporary directory.
var discardOwn = func() error { return nil }

// Database is one test's own database, migrated.
type Database struct {
	Name       string
	App, Owner string
	Superuser  string
}

// NewDatabase clones the migrated template for one test and drops the clone after it.
func NewDatabase(t testing.TB) Database {
	t.Helper()
	return newDatabaseIn(t, Superuser(t))
}

func newDatabaseIn(t testing.TB, superuser string) Database {
	t.Helper()
	template, err := template(superuser)
	require.NoError(t, err)
	name := "docket_" + uuid.NewString()[:13]
	Execute(t, superuser, "CREATE DATABASE "+pgx.Identifier{name}.Sanitize()+" TEMPLATE "+template+" OWNER "+migrations.OwnerRole)
	t.Cleanup(func() { Execute(t, superuser, "DROP DATABASE "+pgx.Identifier{name}.Sanitize()+" WITH (FORCE)") })
	return Database{Name: name, App: as(superuser, migrations.AppRole, name), Owner: as(superuser, migrations.OwnerRole, name), Superuser: as(superuser, "", name)}
}

var templates sync.Map

// template makes the migrated database that tests clone, once per cluster and schema.
func template(superuser string) (string, error) {
	make, _ := templates.LoadOrStore(superuser, sync.OnceValues(func() (string, error) { return newTemplate(superuser) }))
	return make.(func() (string, error))()
}

func newTemplate(superuser string) (string, error) {
	ctx := context.Background()
	schema, err := migrations.Digest()
	if err != nil {
		return "", err
	}
	name := fmt.Sprintf("docket_template_%x", sha256.Sum256(schema))[:30]
	conn, err := pgx.Connect(ctx, superuser)
	if err != nil {
		return "", err
	}
	defer conn.Close(ctx)
	// Test binaries run side by side: one makes the template, the others wait.
	if _, err := conn.Exec(ctx, `SELECT pg_advisory_lock(hashtext('docket test template'))`); err != nil {
		return "", err
	}
	var ready bool
	if err := conn.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM pg_database WHERE datname = $1 AND datistemplate)`, name).Scan(&ready); err != nil || ready {
		return name, err
	}
	if err := migrations.Bootstrap(ctx, superuser, name); err != nil {
		return "", err
	}
	if _, err := migrations.Up(ctx, as(superuser, migrations.OwnerRole, name)); err != nil {
		return "", err
	}
	_, err = conn.Exec(ctx, "ALTER DATABASE "+name+" IS_TEMPLATE true")
	return name, err
}

// as is the same cluster's address for another role and database; "" keeps the role.
func as(dsn, role, database string) string {
	u, err := url.Parse(dsn)
	if err != nil {
		panic(err)
	}
	if role != "" {
		u.User = url.User(role)
	}
	u.Path = "/" + database
	query := u.Query()
	if query.Has("user") && role != "" {
		query.Set("user", role)
		u.RawQuery = query.Encode()
	}
	return u.String()
}

// Execute runs one statement at an address.
func Execute(t testing.TB, dsn, statement string) {
	t.Helper()
	conn, err := pgx.Connect(context.Background(), dsn)
	require.NoError(t, err)
	defer conn.Close(context.Background())
	_, err = conn.Exec(context.Background(), statement)
	require.NoError(t, err)
}

// NewCluster starts a PostgreSQL of one test's own, for tests that hurt it. Its superuser's address is
// DSN("postgres").
func NewCluster(t testing.TB) *local.Postgres {
	t.Helper()
	dir, err := os.MkdirTemp("", "docket-cluster-") // a short path: a socket's has few bytes
	require.NoError(t, err)
	settings := local.Throwaway()
	settings["shared_buffers"], settings["max_connections"] = "32MB", "100"
	cluster, err := local.StartPostgres(context.Background(), local.PostgresOptions{Dir: filepath.Join(dir, "pg"), Settings: settings, DieWithParent: true})
	require.NoError(t, err)
	t.Cleanup(func() {
		require.NoError(t, cluster.Discard())
		require.NoError(t, os.RemoveAll(dir))
	})
	return cluster
}
