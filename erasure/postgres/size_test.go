package postgres_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/estate"
	"github.com/atlascloudai/docket/erasure/postgres"
	"github.com/atlascloudai/docket/testkit"
)

// A table's size is the planner's estimate, over all of its partitions; before anybody analysed it, it is not known.
func TestTheSizeOfATableIsAboutItsRows(t *testing.T) {
	t.Parallel()
	dsn := testkit.NewDatabase(t).Superuser
	testkit.Execute(t, dsn, `CREATE SCHEMA live; CREATE TABLE live.plain AS SELECT g AS id FROM generate_series(1, 500) g; CREATE TABLE live.fresh (id int);
		CREATE TABLE live.parted (id int) PARTITION BY RANGE (id);
		CREATE TABLE live.low PARTITION OF live.parted FOR VALUES FROM (0) TO (100); CREATE TABLE live.high PARTITION OF live.parted FOR VALUES FROM (100) TO (1000);
		INSERT INTO live.parted SELECT generate_series(1, 300); ANALYZE live.plain; ANALYZE live.low; ANALYZE live.high`)
	s, err := postgres.Open(t.Context(), dsn, estate.Store{ID: "live", Kind: estate.Postgres, Schema: "live"}, postgres.Options{})
	require.NoError(t, err)
	t.Cleanup(s.Close)
	for table, rows := range map[string]int64{"plain": 500, "parted": 300, "fresh": 0, "none": 0} {
		size, err := s.Size(t.Context(), estate.Collection{Name: table})
		require.NoError(t, err, table)
		require.Equal(t, rows, size, table)
	}
}
