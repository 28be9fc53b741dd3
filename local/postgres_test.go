package local

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
)

// startPostgres starts a cluster that is gone at the end of the test.
func startPostgres(t *testing.T, opt PostgresOptions) *Postgres {
	t.Helper()
	if opt.Settings == nil {
		opt.Settings = small()
	}
	p, err := StartPostgres(within(t, time.Minute), opt)
	require.NoError(t, err)
	t.Cleanup(func() {
		require.NoError(t, p.Discard())
		require.Empty(t, postgresIn(p.cluster), "a process was left behind")
	})
	return p
}

func newDir(t *testing.T) string {
	t.Helper()
	return filepath.Join(t.TempDir(), "postgres")
}

// newSocketDir is a short one that the test takes away, for starts that fail.
func newSocketDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "docket-")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	return dir
}

func execute(t *testing.T, p *Postgres, statements ...string) {
	t.Helper()
	ctx := within(t, 20*time.Second)
	conn, err := pgx.Connect(ctx, p.DSN("postgres"))
	require.NoError(t, err)
	defer func() { _ = conn.Close(ctx) }()
	for _, statement := range statements {
		_, err := conn.Exec(ctx, statement)
		require.NoError(t, err, statement)
	}
}

func ask(t *testing.T, dsn, query string) string {
	t.Helper()
	ctx := within(t, 20*time.Second)
	conn, err := pgx.Connect(ctx, dsn)
	require.NoError(t, err)
	defer func() { _ = conn.Close(ctx) }()
	var answer string
	require.NoError(t, conn.QueryRow(ctx, query).Scan(&answer), query)
	return answer
}

func TestPostgresKeepsItsDataOverAStopAndLeavesNoProcess(t *testing.T) {
	t.Parallel()
	dir := newDir(t)
	// What an initdb that was killed leaves behind is no cluster and in nobody's way.
	require.NoError(t, os.MkdirAll(filepath.Join(dir+".new", "base"), 0o700))

	p := startPostgres(t, PostgresOptions{Dir: dir})
	execute(t, p, "CREATE TABLE kept (word text)", "INSERT INTO kept VALUES ('yes')")
	require.NoError(t, p.Stop(within(t, 20*time.Second)))
	require.Empty(t, postgresIn(p.cluster))
	requireEnds(t, p.PID())
	require.NoError(t, p.Stop(t.Context()), "stopping twice is harmless")

	again := startPostgres(t, PostgresOptions{Dir: dir})
	require.Equal(t, "yes", ask(t, again.DSN("postgres"), "SELECT word FROM kept"))
	require.NoError(t, again.Stop(within(t, 20*time.Second)))
}

func TestPostgresIsSafeAndPrivateByDefault(t *testing.T) {
	t.Parallel()
	p := startPostgres(t, PostgresOptions{Dir: newDir(t), Settings: map[string]string{"shared_buffers": "16MB"}})
	for setting, value := range map[string]string{
		"fsync":                   "on",
		"full_page_writes":        "on",
		"synchronous_commit":      "on",
		"data_checksums":          "on",
		"listen_addresses":        "",
		"server_encoding":         "UTF8",
		"lc_collate":              "C",
		"TimeZone":                "UTC",
		"log_error_verbosity":     "terse",
		"unix_socket_directories": p.socket,
	} {
		require.Equal(t, value, ask(t, p.DSN("postgres"), "SELECT current_setting('"+setting+"')"), setting)
	}
	for _, place := range []string{p.socket, p.cluster} {
		info, err := os.Stat(place)
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o700), info.Mode().Perm(), place)
	}
	execute(t, p, `CREATE ROLE clerk LOGIN`)
	require.Equal(t, "clerk", ask(t, p.DSNAs("postgres", "clerk"), "SELECT current_user::text"))
}

func TestPostgresOfAKilledParentIsTakenOverAndStopped(t *testing.T) {
	t.Parallel()
	dir := newDir(t)
	parent, pid := startParent(t, "postgres", dir)
	kill(t, parent)

	var said bytes.Buffer
	p := startPostgres(t, PostgresOptions{Dir: dir, Log: &said})
	require.Equal(t, pid, p.PID(), "the same server goes on")
	require.Contains(t, said.String(), "taking over")
	require.Equal(t, "1", ask(t, p.DSN("postgres"), "SELECT '1'"))

	require.NoError(t, p.Stop(within(t, 20*time.Second)))
	requireEnds(t, pid)
	require.Empty(t, postgresIn(p.cluster))
}

func TestPostgresCanDieWithItsParent(t *testing.T) {
	t.Parallel()
	dir := newDir(t)
	parent, pid := startParent(t, "postgres that dies with its parent", dir)
	kill(t, parent)
	requireEnds(t, pid)

	p := startPostgres(t, PostgresOptions{Dir: dir})
	require.NotEqual(t, pid, p.PID())
}

func TestPostgresLosesNothingCommittedWhenItIsHurt(t *testing.T) {
	t.Parallel()
	p := startPostgres(t, PostgresOptions{Dir: newDir(t)})
	execute(t, p, "CREATE TABLE kept (n int)")
	for n, hurt := range []struct {
		how string
		do  func() error
	}{
		{"stopped hard", p.StopHard},
		{"killed", p.Kill},
		{"its postmaster alone killed", func() error { return syscall.Kill(p.PID(), syscall.SIGKILL) }},
		{"not at all", func() error { return nil }},
	} {
		execute(t, p, fmt.Sprintf("INSERT INTO kept VALUES (%d)", n))
		pid := p.PID()
		require.NoError(t, hurt.do(), hurt.how)
		require.NoError(t, p.Restart(within(t, time.Minute)), hurt.how)
		require.NotEqual(t, pid, p.PID(), hurt.how)
		require.Equal(t, fmt.Sprint(n+1), ask(t, p.DSN("postgres"), "SELECT count(*)::text FROM kept"), hurt.how)
	}
}

func TestPostgresExitIsSeen(t *testing.T) {
	t.Parallel()
	p := startPostgres(t, PostgresOptions{Dir: newDir(t)})
	select {
	case <-p.Exited():
		require.FailNow(t, "it runs")
	default:
	}
	require.NoError(t, p.Kill())
	select {
	case <-p.Exited():
	case <-time.After(10 * time.Second):
		require.FailNow(t, "its end was not seen")
	}
}

func TestPostgresDirectoryBelongsToOneAtATime(t *testing.T) {
	t.Parallel()
	dir := newDir(t)
	first := startPostgres(t, PostgresOptions{Dir: dir})
	_, err := StartPostgres(t.Context(), PostgresOptions{Dir: dir})
	require.ErrorContains(t, err, "another process of Docket holds it")
	require.Equal(t, "1", ask(t, first.DSN("postgres"), "SELECT '1'"), "the first is not disturbed")
}

func TestPostgresIgnoresAPidFileOfSomebodyElse(t *testing.T) {
	t.Parallel()
	dir := newDir(t)
	p := startPostgres(t, PostgresOptions{Dir: dir})
	text, err := os.ReadFile(filepath.Join(p.cluster, "postmaster.pid"))
	require.NoError(t, err)
	require.NoError(t, p.Stop(within(t, 20*time.Second)))

	// After a restart of the machine the number belongs to another living process: here, to us.
	_, rest, _ := strings.Cut(string(text), "\n")
	stale := fmt.Sprintf("%d\n%s", os.Getpid(), rest)
	require.NoError(t, os.WriteFile(filepath.Join(p.cluster, "postmaster.pid"), []byte(stale), 0o600))
	// So does the one beside the socket.
	require.NoError(t, os.Mkdir(p.socket, 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(p.socket, ".s.PGSQL."+p.port+".lock"), []byte(stale), 0o600))

	again := startPostgres(t, PostgresOptions{Dir: dir})
	require.NotEqual(t, os.Getpid(), again.PID())
}

func TestPostgresThatCannotStartSaysWhyAndLeavesNothing(t *testing.T) {
	t.Parallel()
	dir := newDir(t)
	_, err := StartPostgres(within(t, time.Minute), PostgresOptions{Dir: dir, SocketDir: newSocketDir(t), Settings: map[string]string{"fsync": "off", "shared_buffers": "no number"}})
	require.ErrorContains(t, err, "shared_buffers")

	p := startPostgres(t, PostgresOptions{Dir: dir})
	require.NoError(t, p.Stop(within(t, 20*time.Second)))
	require.NoError(t, os.WriteFile(filepath.Join(p.cluster, "PG_VERSION"), []byte("9\n"), 0o600))
	_, err = StartPostgres(within(t, time.Minute), PostgresOptions{Dir: dir})
	require.ErrorContains(t, err, "install postgresql-9")
	require.Empty(t, postgresIn(p.cluster))
}

func TestPostgresRefusesASocketDirectoryThatOthersCanOpen(t *testing.T) {
	t.Parallel()
	open := t.TempDir()
	require.NoError(t, os.Chmod(open, 0o755))
	_, err := StartPostgres(within(t, time.Minute), PostgresOptions{Dir: newDir(t), SocketDir: open, Settings: small()})
	require.ErrorContains(t, err, "mode 0700")

	long := filepath.Join(t.TempDir(), strings.Repeat("long", 25))
	_, err = StartPostgres(within(t, time.Minute), PostgresOptions{Dir: newDir(t), SocketDir: long, Settings: small()})
	require.ErrorContains(t, err, "shorter directory")
}
