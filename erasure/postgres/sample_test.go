package postgres_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/estate"
	"github.com/atlascloudai/docket/erasure/postgres"
	"github.com/atlascloudai/docket/samples"
	"github.com/atlascloudai/docket/testkit"
)

// The sample estate describes its database: all that the check finds are references that no key holds, since tickets and
// invoices outlive their accounts.
func TestTheSampleEstateFitsItsDatabase(t *testing.T) {
	t.Parallel()
	s := openShop(t, testkit.NewDatabase(t), samples.Shop())
	read, err := estate.Read(samples.Estate())
	require.NoError(t, err)
	declared := read.Stores[0]
	declared.Schema = s.schema
	findings, err := s.open(t).Check(t.Context(), declared)
	require.NoError(t, err)
	for _, finding := range findings {
		require.Equal(t, postgres.UnmatchedReference, finding.Code, finding)
	}
}
