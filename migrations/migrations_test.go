package migrations_test

import (
	"context"
	"os"
	"os/exec"
	"sync"
	"testing"

	"net/url"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/migrations"
	"github.com/atlascloudai/docket/testkit"
)

// empty is a database that nobody has migrated, by its owner's and its superuser's address.
func empty(t *testing.T) (owner, superuser string) {
	t.Helper()
	cluster := testkit.Superuser(t)
	name := "docket_empty_" + uuid.NewString()[:8]
	require.NoError(t, migrations.Bootstrap(t.Context(), cluster, name))
	t.Cleanup(func() {
		conn, err := pgx.Connect(context.Background(), cluster)
		require.NoError(t, err)
		defer conn.Close(context.Background())
		_, err = conn.Exec(context.Background(), "DROP DATABASE "+name+" WITH (FORCE)")
		require.NoError(t, err)
	})
	return address(t, cluster, migrations.OwnerRole, name), address(t, cluster, "", name)
}

func address(t *testing.T, cluster, role, database string) string {
	t.Helper()
	u, err := url.Parse(cluster)
	require.NoError(t, err)
	u.Path = "/" + database
	if role != "" {
		u.User = url.User(role)
		if query := u.Query(); query.Has("user") {
			query.Set("user", role)
			u.RawQuery = query.Encode()
		}
	}
	return u.String()
}

func check(t *testing.T, dsn string) error {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	require.NoError(t, err)
	defer conn.Close(context.Background())
	return migrations.Check(t.Context(), conn)
}

func TestMigratingTwiceChangesNothingTheSecondTime(t *testing.T) {
	t.Parallel()
	owner, superuser := empty(t)
	require.ErrorContains(t, check(t, superuser), "docket migrate", "a database without a schema says what to do")
	applied, err := migrations.Up(t.Context(), owner)
	require.NoError(t, err)
	newest, err := migrations.Newest()
	require.NoError(t, err)
	require.Equal(t, newest, applied[len(applied)-1])
	require.NoError(t, check(t, owner))
	again, err := migrations.Up(t.Context(), owner)
	require.NoError(t, err)
	require.Empty(t, again)
}

// dsnOfChild makes this test binary a second process that only migrates.
const dsnOfChild = "DOCKET_TEST_MIGRATE"

func TestMain(m *testing.M) {
	if dsn := os.Getenv(dsnOfChild); dsn != "" {
		if _, err := migrations.Up(context.Background(), dsn); err != nil {
			_, _ = os.Stderr.WriteString(err.Error())
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func TestProcessesThatMigrateTogetherApplyEachMigrationOnce(t *testing.T) {
	t.Parallel()
	owner, superuser := empty(t)
	var group sync.WaitGroup
	outputs := make([]string, 3)
	failures := make([]error, 3)
	for i := range outputs {
		group.Go(func() {
			child := exec.CommandContext(t.Context(), os.Args[0])
			child.Env = append(os.Environ(), dsnOfChild+"="+owner)
			output, err := child.CombinedOutput()
			outputs[i], failures[i] = string(output), err
		})
	}
	group.Wait()
	for i, err := range failures {
		require.NoError(t, err, outputs[i])
	}
	conn, err := pgx.Connect(t.Context(), superuser)
	require.NoError(t, err)
	defer conn.Close(context.Background())
	var twice int
	require.NoError(t, conn.QueryRow(t.Context(), `SELECT count(*) - count(DISTINCT version_id) FROM goose_db_version`).Scan(&twice))
	require.Zero(t, twice)
	require.NoError(t, check(t, owner))
}

func TestASchemaOfAnotherReleaseIsRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ statement, says string }{
		"newer": {`INSERT INTO goose_db_version (version_id, is_applied) SELECT max(version_id) + 1, true FROM goose_db_version`, "run the newer release"},
		"older": {`DELETE FROM goose_db_version WHERE version_id = (SELECT max(version_id) FROM goose_db_version)`, "docket migrate"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			database := testkit.NewDatabase(t)
			require.NoError(t, check(t, database.App))
			conn, err := pgx.Connect(t.Context(), database.Superuser)
			require.NoError(t, err)
			defer conn.Close(context.Background())
			_, err = conn.Exec(t.Context(), c.statement)
			require.NoError(t, err)
			require.ErrorContains(t, check(t, database.App), c.says)
		})
	}
}

func TestBootstrappingWhatIsThereLeavesIt(t *testing.T) {
	t.Parallel()
	cluster := testkit.Superuser(t)
	database := testkit.NewDatabase(t)
	require.NoError(t, migrations.Bootstrap(t.Context(), cluster, database.Name))
	require.NoError(t, check(t, database.App))
}
