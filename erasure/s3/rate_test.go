package s3_test

import (
	"fmt"
	"testing"

	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/atlascloudai/docket/testkit"
)

// BenchmarkErase is locating and erasing in pages; BenchmarkBare a loop that lists and deletes as many in bare calls.
func BenchmarkErase(b *testing.B) {
	bucket := versioned(b)
	store, q := bucket.open(b, testkit.S3Root), query(bucket, tenants, "1")
	benchmarkObjects(b, bucket, func() {
		for cursor := ""; ; {
			page, err := store.Locate(b.Context(), q, cursor, 1000)
			require.NoError(b, err)
			if page.End {
				return
			}
			_, err = store.Erase(b.Context(), order(q, page.Items))
			require.NoError(b, err)
			cursor = page.Next
		}
	})
}

func BenchmarkBare(b *testing.B) {
	bucket := versioned(b)
	prefix := "t/1/"
	benchmarkObjects(b, bucket, func() {
		for {
			page, err := bucket.ListObjectVersions(b.Context(), &awss3.ListObjectVersionsInput{Bucket: &bucket.name, Prefix: &prefix})
			require.NoError(b, err)
			if len(page.Versions) == 0 {
				return
			}
			deletion := &types.Delete{}
			for _, v := range page.Versions {
				deletion.Objects = append(deletion.Objects, types.ObjectIdentifier{Key: v.Key, VersionId: v.VersionId})
			}
			_, err = bucket.DeleteObjects(b.Context(), &awss3.DeleteObjectsInput{Bucket: &bucket.name, Delete: deletion})
			require.NoError(b, err)
		}
	})
}

func benchmarkObjects(b *testing.B, bucket bucket, erase func()) {
	const objects = 5000
	for b.Loop() {
		b.StopTimer()
		var puts errgroup.Group
		puts.SetLimit(8)
		for i := range objects {
			puts.Go(func() error {
				key := fmt.Sprintf("t/1/%05d", i)
				_, err := bucket.PutObject(b.Context(), &awss3.PutObjectInput{Bucket: &bucket.name, Key: &key})
				return err
			})
		}
		require.NoError(b, puts.Wait())
		b.StartTimer()
		erase()
	}
	b.ReportMetric(objects*float64(b.N)/b.Elapsed().Seconds(), "objects/s")
}
