package s3_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/atlascloudai/docket/core/estate"
	"github.com/atlascloudai/docket/erasure"
	"github.com/atlascloudai/docket/testkit"
)

// All that lies under a person's prefix goes, old versions, delete markers and parts of unfinished uploads included, and
// whoever has a name that begins alike keeps every byte.
func TestErasesVersionsMarkersAndUploads(t *testing.T) {
	t.Parallel()
	b := versioned(t)
	for _, key := range []string{"t/10/a", "t/11", "t/1-a/b", "t/2/1/a", "T/1/a"} {
		b.put(t, key, "another's")
	}
	b.hide(t, "t/10/a")
	b.leaveUpload(t, "t/10/a")
	others := b.truth(t)

	for _, key := range []string{"t/1/a", "t/1/a b+c%2F&ä?#.txt", "t/1/a-b/c", "t/1/deep/er/x"} {
		for _, body := range []string{"first", "second", "third"} {
			b.put(t, key, body)
		}
	}
	b.hide(t, "t/1/a")
	b.put(t, "t/1/a", "back again")
	b.hide(t, "t/1/deep/er/x")
	b.leaveUpload(t, "t/1/a")
	b.leaveUpload(t, "t/1/a")
	b.leaveUpload(t, "t/1/never-an-object")

	store, q := b.open(t, testkit.S3Root), query(b, tenants, "1")
	for _, limit := range []int{1, 3, 1000} {
		require.Len(t, walk(t, store, q, limit), 13+2+3, "pages of %d", limit)
	}
	all := order(q, walk(t, store, q, 1000))
	findings, err := store.Verify(t.Context(), all)
	require.NoError(t, err)
	for i, finding := range findings {
		require.Equal(t, erasure.Residue, finding.State, all.Items[i].Key)
	}
	results, err := store.Erase(t.Context(), all)
	require.NoError(t, err)
	for _, result := range results {
		require.Equal(t, erasure.Result{Outcome: erasure.Erased}, result)
	}
	findings, err = store.Verify(t.Context(), all)
	require.NoError(t, err)
	for _, finding := range findings {
		require.Equal(t, erasure.Gone, finding.State)
		require.Len(t, finding.Evidence, 32)
	}
	require.Equal(t, others, b.truth(t))

	// The answer was lost, and the order comes again: the server knows nothing of uploads that are gone.
	results, err = store.Erase(t.Context(), all)
	require.NoError(t, err)
	for i, result := range results {
		want := erasure.Erased
		if kindOf(t, all.Items[i]) == "upload" {
			want = erasure.Absent
		}
		require.Equal(t, want, result.Outcome)
	}
	require.Equal(t, others, b.truth(t))
}

// A collection of single objects means each key and nothing that begins with it.
func TestErasesOneKey(t *testing.T) {
	t.Parallel()
	b := versioned(t)
	for _, key := range []string{"avatars/1.png.bak", "avatars/11.png", "avatars/1.pn"} {
		b.put(t, key, "another's")
	}
	others := b.truth(t)
	b.put(t, "avatars/1.png", "old")
	b.put(t, "avatars/1.png", "new")
	b.hide(t, "avatars/1.png")
	store, q := b.open(t, testkit.S3Root), query(b, "avatars/{tenant_id}.png", "1", "3")
	require.Len(t, walk(t, store, q, 1), 3)
	page, err := store.Locate(t.Context(), q, `{"prefix":"avatars/1.png","key":"avatars/1.png.bak"}`, 10)
	require.NoError(t, err)
	require.Len(t, page.Items, 3)
	_, err = store.Erase(t.Context(), order(q, walk(t, store, q, 10)))
	require.NoError(t, err)
	require.Equal(t, others, b.truth(t))
}

// More than one call of the protocol can list or delete, most of it versions of one key.
func TestErasesThousands(t *testing.T) {
	t.Parallel()
	const n = 1105
	b := versioned(t)
	b.put(t, "t/10/a", "another's")
	others := b.truth(t)
	var puts errgroup.Group
	puts.SetLimit(8)
	for i := range n {
		key := "t/1/many-versions"
		if i < 100 {
			key = fmt.Sprintf("t/1/%d", i)
		}
		puts.Go(func() error {
			_, err := b.PutObject(t.Context(), &awss3.PutObjectInput{Bucket: &b.name, Key: &key})
			return err
		})
	}
	require.NoError(t, puts.Wait())

	store, q := b.open(t, testkit.S3Root), query(b, tenants, "1")
	seen := map[string]bool{}
	for _, item := range walk(t, store, q, 400) {
		require.False(t, seen[item.Key], "a record came twice")
		seen[item.Key] = true
	}
	require.Len(t, seen, n)
	all := order(q, walk(t, store, q, 2*n))
	results, err := store.Erase(t.Context(), all)
	require.NoError(t, err)
	require.Len(t, results, n)
	findings, err := store.Verify(t.Context(), all)
	require.NoError(t, err)
	require.Len(t, findings, n)
	for _, finding := range findings {
		require.Equal(t, erasure.Gone, finding.State)
	}
	require.Equal(t, others, b.truth(t))
}

// What a lock keeps is held until its date, or without one under a legal hold; it is seen as held, nothing else of the
// order waits for it, and it goes with the same order once the lock has ended. Even an account that could bypass it does not.
func TestHeldByALock(t *testing.T) {
	t.Parallel()
	b := withLocks(t)
	until := time.Now().Add(3 * time.Second).Truncate(time.Second).UTC()
	governed, on := b.put(t, "t/1/governed", "x"), b.put(t, "t/1/on-hold", "x")
	b.put(t, "t/1/free", "x")
	b.hide(t, "t/1/on-hold")
	_, err := b.PutObjectRetention(t.Context(), &awss3.PutObjectRetentionInput{
		Bucket: &b.name, Key: aws.String("t/1/governed"), VersionId: &governed,
		Retention: &types.ObjectLockRetention{Mode: types.ObjectLockRetentionModeGovernance, RetainUntilDate: &until},
	})
	require.NoError(t, err)
	hold := func(status types.ObjectLockLegalHoldStatus) {
		_, err := b.PutObjectLegalHold(t.Context(), &awss3.PutObjectLegalHoldInput{
			Bucket: &b.name, Key: aws.String("t/1/on-hold"), VersionId: &on, LegalHold: &types.ObjectLockLegalHold{Status: status},
		})
		require.NoError(t, err)
	}
	hold(types.ObjectLockLegalHoldStatusOn)

	store, q := b.open(t, testkit.S3Root), query(b, tenants, "1")
	all := order(q, walk(t, store, q, 10))
	results, err := store.Erase(t.Context(), all)
	require.NoError(t, err)
	require.Equal(t, []erasure.Result{
		{Outcome: erasure.Erased},
		{Outcome: erasure.Held, Until: &until, Detail: "object lock, GOVERNANCE"},
		{Outcome: erasure.Held, Detail: "legal hold"},
		{Outcome: erasure.Held, Detail: "legal hold"}, // the marker, without which it would be read again
	}, results)
	findings, err := store.Verify(t.Context(), all)
	require.NoError(t, err)
	require.Equal(t, erasure.Gone, findings[0].State)
	require.Equal(t, erasure.StillHeld, findings[1].State)
	require.Equal(t, until, findings[1].Until.UTC())
	require.Equal(t, erasure.StillHeld, findings[2].State)
	require.Nil(t, findings[2].Until)
	require.Equal(t, erasure.StillHeld, findings[3].State)

	hold(types.ObjectLockLegalHoldStatusOff)
	testkit.Await(t, "the retention ended", func() bool {
		results, err = store.Erase(t.Context(), all)
		require.NoError(t, err)
		return results[1].Outcome == erasure.Erased
	})
	require.False(t, time.Now().Before(until))
	require.Equal(t, erasure.Erased, results[2].Outcome)
	require.Empty(t, b.truth(t))
}

// Objects cannot be masked: an order that says so is refused before anything is deleted.
func TestObjectsAreNotMasked(t *testing.T) {
	t.Parallel()
	b := versioned(t)
	b.put(t, "t/1/a", "x")
	before := b.truth(t)
	store, q := b.open(t, testkit.S3Root), query(b, tenants, "1")
	keep, mask := order(q, walk(t, store, q, 10)), order(q, walk(t, store, q, 10))
	keep.Keep, mask.Collection.Strategy = true, estate.MaskFields
	for _, refused := range []erasure.Order{keep, mask} {
		_, err := store.Erase(t.Context(), refused)
		require.Equal(t, erasure.Mismatch, class(t, err))
	}
	require.Equal(t, before, b.truth(t))
}

// kindOf is what an item is.
func kindOf(t *testing.T, item erasure.Item) string {
	var parts []string
	require.NoError(t, json.Unmarshal([]byte(item.Key), &parts))
	return parts[2]
}
