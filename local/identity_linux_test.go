package local

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// PostgreSQL refuses to run as root. Whoever we are, it must come out as somebody else.
func TestPostgresNeverRunsAsRoot(t *testing.T) {
	t.Parallel()
	dir := newDir(t)
	bin, err := findPostgres("")
	require.NoError(t, err)
	as, err := chooseIdentity(dir, bin)
	require.NoError(t, err)

	if os.Geteuid() != 0 {
		require.Equal(t, dir, as.dir)
		require.Zero(t, as.attributes().Cloneflags, "an ordinary user runs it directly")
		return
	}
	// The way out where the kernel refuses user namespaces.
	fallback, err := asUserPostgres(dir)
	require.NoError(t, err)
	require.NoError(t, makeFallback(fallback))
	require.True(t, strings.HasPrefix(fallback.dir, fallbackDir))
	p := &Postgres{opt: PostgresOptions{Dir: dir, Settings: small(), Log: io.Discard}, bin: bin, as: fallback}
	require.NoError(t, p.locate())
	require.NoError(t, p.initialize(within(t, time.Minute)))
	require.NoError(t, p.launch(within(t, time.Minute)))
	t.Cleanup(func() { require.NoError(t, p.Discard()) })
	require.Equal(t, "1", ask(t, p.DSN("postgres"), "SELECT '1'"))
	require.NoError(t, p.Stop(within(t, 20*time.Second)))
	require.Empty(t, postgresIn(p.cluster))

	// The next start stays with the cluster there is.
	next, err := chooseIdentity(dir, bin)
	require.NoError(t, err)
	require.Equal(t, fallback.dir, next.dir)
	require.NoFileExists(t, filepath.Join(dir, "PG_VERSION"))
}
