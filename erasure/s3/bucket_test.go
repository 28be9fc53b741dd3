package s3_test

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/estate"
	"github.com/atlascloudai/docket/erasure"
	"github.com/atlascloudai/docket/erasure/s3"
	"github.com/atlascloudai/docket/testkit"
)

// bucket is one test's own on a real server, seen past the store under test.
type bucket struct {
	*awss3.Client
	url, name string
}

// newBucket makes a bucket; with versions unless it is plain, with locks where a test asks for them.
func newBucket(t testing.TB, url string, make func(*awss3.CreateBucketInput), versions types.BucketVersioningStatus) bucket {
	t.Helper()
	client := awss3.New(awss3.Options{
		Region: "us-east-1", BaseEndpoint: &url, UsePathStyle: true,
		Credentials: credentials.NewStaticCredentialsProvider(testkit.S3Root.AccessKey, testkit.S3Root.SecretKey, ""),
	})
	b := bucket{client, url, "b-" + strings.ToLower(rand.Text())}
	input := &awss3.CreateBucketInput{Bucket: &b.name}
	if make != nil {
		make(input)
	}
	_, err := client.CreateBucket(t.Context(), input)
	require.NoError(t, err)
	if versions != "" {
		_, err = client.PutBucketVersioning(t.Context(), &awss3.PutBucketVersioningInput{
			Bucket: &b.name, VersioningConfiguration: &types.VersioningConfiguration{Status: versions},
		})
		require.NoError(t, err)
	}
	return b
}

func versioned(t testing.TB) bucket {
	return newBucket(t, testkit.SharedS3(t), nil, types.BucketVersioningStatusEnabled)
}

func withLocks(t testing.TB) bucket {
	return newBucket(t, testkit.SharedS3(t), func(in *awss3.CreateBucketInput) { in.ObjectLockEnabledForBucket = aws.Bool(true) }, "")
}

// declared is the bucket as an estate says it, with one collection.
func (b bucket) declared(prefix string) estate.Store {
	return estate.Store{ID: "files", Kind: estate.S3, Bucket: b.name, Collections: []estate.Collection{{Name: "uploads", Prefix: prefix}}}
}

func (b bucket) open(t testing.TB, as testkit.S3Account) *s3.Store {
	t.Helper()
	store, err := s3.Open(t.Context(), s3.Options{Endpoint: b.url, Region: "us-east-1", AccessKey: as.AccessKey, SecretKey: as.SecretKey}, b.declared(tenants))
	require.NoError(t, err)
	t.Cleanup(store.Close)
	return store
}

func (b bucket) put(t testing.TB, key, body string) string {
	t.Helper()
	out, err := b.PutObject(t.Context(), &awss3.PutObjectInput{Bucket: &b.name, Key: &key, Body: strings.NewReader(body)})
	require.NoError(t, err)
	return aws.ToString(out.VersionId)
}

// hide deletes without a version id: with versions, a delete marker is what it leaves.
func (b bucket) hide(t testing.TB, key string) {
	t.Helper()
	_, err := b.DeleteObject(t.Context(), &awss3.DeleteObjectInput{Bucket: &b.name, Key: &key})
	require.NoError(t, err)
}

// leaveUpload begins an upload, sends a part, and finishes nothing.
func (b bucket) leaveUpload(t testing.TB, key string) {
	t.Helper()
	begun, err := b.CreateMultipartUpload(t.Context(), &awss3.CreateMultipartUploadInput{Bucket: &b.name, Key: &key})
	require.NoError(t, err)
	_, err = b.UploadPart(t.Context(), &awss3.UploadPartInput{
		Bucket: &b.name, Key: &key, UploadId: begun.UploadId, PartNumber: aws.Int32(1), Body: bytes.NewReader(make([]byte, 1024)),
	})
	require.NoError(t, err)
}

// truth is all that lies in the bucket, by the key of its item, with its bytes.
func (b bucket) truth(t testing.TB) map[string]string {
	t.Helper()
	found := map[string]string{}
	name := func(parts ...string) string {
		text, err := json.Marshal(parts)
		require.NoError(t, err)
		return string(text)
	}
	// The server's own pages may repeat a version; that is no matter to a map.
	for in := (&awss3.ListObjectVersionsInput{Bucket: &b.name}); ; {
		page, err := b.ListObjectVersions(t.Context(), in)
		require.NoError(t, err)
		for _, v := range page.Versions {
			out, err := b.GetObject(t.Context(), &awss3.GetObjectInput{Bucket: &b.name, Key: v.Key, VersionId: v.VersionId})
			require.NoError(t, err)
			body, err := io.ReadAll(out.Body)
			require.NoError(t, err)
			_ = out.Body.Close()
			found[name(*v.Key, *v.VersionId, "version")] = fmt.Sprintf("%s %s", body, v.LastModified)
		}
		for _, m := range page.DeleteMarkers {
			found[name(*m.Key, *m.VersionId, "marker")] = m.LastModified.String()
		}
		if !aws.ToBool(page.IsTruncated) {
			break
		}
		in.KeyMarker, in.VersionIdMarker = page.NextKeyMarker, page.NextVersionIdMarker
	}
	uploads, err := b.ListMultipartUploads(t.Context(), &awss3.ListMultipartUploadsInput{Bucket: &b.name})
	require.NoError(t, err)
	for _, u := range uploads.Uploads {
		found[name(*u.Key, *u.UploadId, "upload")] = u.Initiated.String()
	}
	return found
}

const tenants = "t/{tenant_id}/"

func query(b bucket, prefix string, ids ...string) erasure.Query {
	return erasure.Query{Collection: b.declared(prefix).Collections[0], Matches: []erasure.Match{{Field: "tenant_id", Values: ids}}}
}

// walk locates everything, in pages.
func walk(t testing.TB, store erasure.Store, q erasure.Query, limit int) (items []erasure.Item) {
	t.Helper()
	for cursor := ""; ; {
		page, err := store.Locate(t.Context(), q, cursor, limit)
		require.NoError(t, err)
		if page.End {
			require.Empty(t, page.Items)
			return items
		}
		items, cursor = append(items, page.Items...), page.Next
	}
}

func order(q erasure.Query, items []erasure.Item) erasure.Order {
	return erasure.Order{ID: "order-1", Collection: q.Collection, Items: items}
}
