package postgres

import (
	"context"

	"github.com/atlascloudai/docket/core/estate"
	"github.com/atlascloudai/docket/erasure"
)

var _ erasure.Sized = (*Store)(nil)

const sizeOf = `SELECT coalesce(sum(greatest(c.reltuples, 0)), 0)::bigint FROM pg_class c, (SELECT to_regclass(format('%I.%I', $1::text, $2::text)) AS id) t
	WHERE c.relkind = 'r' AND (c.oid = t.id OR c.oid IN (SELECT relid FROM pg_partition_tree(t.id) WHERE isleaf))`

// Size is the planner's estimate of a table's rows, those of its partitions together; zero before the first ANALYZE.
func (s *Store) Size(ctx context.Context, collection estate.Collection) (size int64, err error) {
	if err := s.witness.QueryRow(ctx, sizeOf, s.schema, collection.Name).Scan(&size); err != nil {
		return 0, failure(err)
	}
	return size, nil
}
