package postgres_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/estate"
	"github.com/atlascloudai/docket/erasure/postgres"
	"github.com/atlascloudai/docket/samples"
	"github.com/atlascloudai/docket/testkit"
)

// The sample company's database is as its estate says: also its invoices, which outlive their accounts, so that no foreign key
// can hold what they refer to.
func TestTheSampleEstateFitsItsDatabase(t *testing.T) {
	t.Parallel()
	s := openShop(t, testkit.NewDatabase(t), samples.Shop())
	sample, err := estate.Read(samples.Estate())
	require.NoError(t, err)
	declared := sample.Stores[0]
	declared.Schema = s.schema
	findings, err := s.open(t).Check(t.Context(), declared)
	require.NoError(t, err)
	require.Empty(t, findings)

	s.run(t, "ALTER TABLE invoices ALTER account_id TYPE text")
	findings, err = s.open(t).Check(t.Context(), declared)
	require.NoError(t, err)
	require.Len(t, findings, 1)
	require.Equal(t, postgres.UnmatchedReference, findings[0].Code)
}
