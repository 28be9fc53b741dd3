package s3_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/estate"
	"github.com/atlascloudai/docket/testkit"
)

func codes(findings []estate.Finding) (codes []string) {
	for _, finding := range findings {
		codes = append(codes, finding.At+" "+finding.Code)
	}
	return codes
}

// Every kind of difference between the estate and the bucket is found, and people's names in it are not repeated.
func TestCheckFindsDifferences(t *testing.T) {
	t.Parallel()
	b := withLocks(t)
	_, err := b.PutObjectLockConfiguration(t.Context(), &awss3.PutObjectLockConfigurationInput{
		Bucket: &b.name,
		ObjectLockConfiguration: &types.ObjectLockConfiguration{
			ObjectLockEnabled: types.ObjectLockEnabledEnabled,
			Rule:              &types.ObjectLockRule{DefaultRetention: &types.DefaultRetention{Mode: types.ObjectLockRetentionModeGovernance, Days: aws.Int32(7)}},
		},
	})
	require.NoError(t, err)
	for _, key := range []string{"t/1/a", "logs/2026/a", "hidden/a", "ana@example.test/a", "backups/a", "top-level.txt"} {
		b.put(t, key, "x")
	}
	b.hide(t, "hidden/a")
	declared := b.declared(tenants)
	declared.Collections = append(declared.Collections,
		estate.Collection{Name: "open", Prefix: "logs/{tenant_id}"},
		estate.Collection{Name: "masked", Prefix: "logs/{tenant_id}/", Strategy: estate.MaskFields},
		estate.Collection{Name: "backups", Prefix: "backups/", NotSearchable: &estate.NotSearchable{Why: "one file a day", Instead: "expires after 35 days"}},
	)
	findings, err := b.open(t, testkit.S3Root).Check(t.Context(), declared)
	require.NoError(t, err)
	require.Equal(t, []string{
		"files/open invalid_prefix", "files/masked invalid_strategy", "files undeclared_prefix", "files undeclared_prefix", "files object_lock",
	}, codes(findings))
	require.Contains(t, findings[2].Detail, `"hidden/"`)
	require.Contains(t, findings[3].Detail, "2 more")
	require.Contains(t, findings[4].Detail, "7 days")
	require.Len(t, estate.Wrong(findings), 4, "a lock is waited for, and refuses no request")
}

// What the credentials may not read is said, each permission by itself.
func TestCheckFindsMissingPermissions(t *testing.T) {
	t.Parallel()
	b := versioned(t)
	b.allow(t, "s3:GetBucketVersioning")
	findings, err := b.open(t, testkit.S3User).Check(t.Context(), b.declared(tenants))
	require.NoError(t, err)
	require.Equal(t, []string{"files missing_permission", "files missing_permission", "files missing_permission"}, codes(findings))
}

// A bucket that allows locks and gives none by itself is no finding.
func TestCheckTakesABucketThatAllowsLocks(t *testing.T) {
	t.Parallel()
	b := withLocks(t)
	b.put(t, "t/1/a", "x")
	findings, err := b.open(t, testkit.S3Root).Check(t.Context(), b.declared(tenants))
	require.NoError(t, err)
	require.Empty(t, findings)
}
