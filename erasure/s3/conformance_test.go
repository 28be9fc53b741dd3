package s3_test

import (
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/atlascloudai/docket/core/estate"
	"github.com/atlascloudai/docket/erasure"
	"github.com/atlascloudai/docket/erasure/conformance"
	"github.com/atlascloudai/docket/testkit"
)

// A bucket with versions holds the promises of every kind.
func TestConformanceWithVersions(t *testing.T) {
	conformance.Run(t, func(t *testing.T) conformance.Bench { return bench(t, versioned(t)) })
}

// So does one without.
func TestConformanceWithoutVersions(t *testing.T) {
	conformance.Run(t, func(t *testing.T) conformance.Bench { return bench(t, newBucket(t, testkit.SharedS3(t), nil, "")) })
}

// And one whose versions were switched off again.
func TestConformanceSuspended(t *testing.T) {
	conformance.Run(t, func(t *testing.T) conformance.Bench {
		return bench(t, newBucket(t, testkit.SharedS3(t), nil, types.BucketVersioningStatusSuspended))
	})
}

func bench(t *testing.T, b bucket) conformance.Bench {
	return conformance.Bench{
		Store:    b.open(t, testkit.S3Root),
		Declared: b.declared(tenants),
		Person:   []erasure.Match{{Field: "tenant_id", Values: []string{"1"}}},
		Fields:   []string{"content"},
		Plant: func(t testing.TB, n int) {
			have := b.truth(t)
			for i := range n {
				key := fmt.Sprintf("t/1/%03d", i)
				if !holds(have, key) {
					b.put(t, key, "hers")
				}
			}
		},
		Others: func(t testing.TB, n int) {
			for i := range n {
				b.put(t, fmt.Sprintf("t/10/%d", i), "another's")
				b.put(t, fmt.Sprintf("t/1-%d", i), "another's")
			}
			b.leaveUpload(t, "t/10/parts")
		},
		Truth: b.truth,
		Missing: func(t testing.TB) (erasure.Store, estate.Store) {
			lost := b
			lost.name = b.name + "-lost"
			return lost.open(t, testkit.S3Root), lost.declared(tenants)
		},
		Forged: []string{
			`["t/1/000"]`,
			`["t/1/000","","version"]`,
			`["t/1/000","null","everything"]`,
			`["t/","null","version"]`,
			`["other/1/000","null","version"]`,
			`{"key":"t/1/000"}`,
			`null`,
		},
	}
}

// holds says whether anything lies under a key.
func holds(truth map[string]string, key string) bool {
	for item := range truth {
		if len(item) > len(key)+3 && item[2:len(key)+3] == key+`"` {
			return true
		}
	}
	return false
}
