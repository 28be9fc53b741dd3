package s3

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"golang.org/x/sync/errgroup"

	"github.com/atlascloudai/docket/erasure"
)

// grace is how long ago a lock may have ended and still be why a store refused.
const grace = 5 * time.Minute

// batchSize is how many objects of different keys one call deletes: the protocol takes a thousand, and calls share the waiting.
const batchSize = 250

// Erase deletes versions and delete markers by their ids, many in one call, and aborts uploads. A store says that it
// deleted a version that was not there, too: Erased means what the contract says, that the store confirmed, and an order
// that is repeated gets the same answer. Absent is only what a store itself calls missing. Markers go after versions, and
// one that hides a version which is held stays with it: without its marker the version would be read again.
func (s *Store) Erase(ctx context.Context, order erasure.Order) ([]erasure.Result, error) {
	all, err := artefacts(order)
	if err != nil {
		return nil, err
	}
	results := map[artefact]erasure.Result{}
	of := map[kind][]artefact{}
	for _, a := range all {
		of[a.kind] = append(of[a.kind], a)
	}
	for _, a := range of[upload] {
		if results[a], err = s.abort(ctx, a); err != nil {
			return nil, err
		}
	}
	if err := s.deleteAll(ctx, of[version], results); err != nil {
		return nil, err
	}
	held := map[string]erasure.Result{}
	for _, a := range of[version] {
		if results[a].Outcome == erasure.Held {
			held[a.key] = results[a]
		}
	}
	free := slices.DeleteFunc(of[marker], func(a artefact) bool {
		result, hides := held[a.key]
		if hides {
			results[a] = result
		}
		return hides
	})
	if err := s.deleteAll(ctx, free, results); err != nil {
		return nil, err
	}
	ordered := make([]erasure.Result, len(all))
	for i, a := range all {
		ordered[i] = results[a]
	}
	return ordered, nil
}

// deleteAll deletes in batches, and writes into results what was answered. A store works through a call one by one, so some
// calls run side by side; never two about one key, whose versions a store has to put in order anew with every deletion.
func (s *Store) deleteAll(ctx context.Context, objects []artefact, results map[artefact]erasure.Result) error {
	slices.SortStableFunc(objects, func(a, b artefact) int { return cmp.Compare(a.key, b.key) })
	calls, ctx := errgroup.WithContext(ctx)
	calls.SetLimit(lookers)
	var writing sync.Mutex
	for len(objects) > 0 {
		end := min(batchSize, len(objects))
		for end < len(objects) && objects[end].key == objects[end-1].key {
			end++
		}
		lane := objects[:end]
		objects = objects[end:]
		calls.Go(func() error {
			for batch := range slices.Chunk(lane, storePage) {
				answered := map[artefact]erasure.Result{}
				if err := s.deleteBatch(ctx, batch, answered); err != nil {
					return err
				}
				writing.Lock()
				maps.Copy(results, answered)
				writing.Unlock()
			}
			return nil
		})
	}
	return calls.Wait()
}

func (s *Store) abort(ctx context.Context, a artefact) (erasure.Result, error) {
	_, err := s.client.AbortMultipartUpload(ctx, &awss3.AbortMultipartUploadInput{Bucket: &s.bucket, Key: &a.key, UploadId: &a.id})
	switch {
	case err == nil:
		return erasure.Result{Outcome: erasure.Erased}, nil
	case code(err) == "NoSuchUpload":
		return erasure.Result{Outcome: erasure.Absent}, nil
	default:
		return erasure.Result{}, failed("abort a multipart upload", err)
	}
}

// deleteBatch writes into results what one call answers about each object.
func (s *Store) deleteBatch(ctx context.Context, batch []artefact, results map[artefact]erasure.Result) error {
	asked := map[place]artefact{}
	deletion := &types.Delete{Quiet: aws.Bool(false)}
	for _, a := range batch {
		asked[place{a.key, a.id}] = a
		deletion.Objects = append(deletion.Objects, types.ObjectIdentifier{Key: &a.key, VersionId: &a.id})
	}
	answer, err := s.client.DeleteObjects(ctx, &awss3.DeleteObjectsInput{Bucket: &s.bucket, Delete: deletion}, withMD5)
	if err != nil {
		return failed("delete versions", err)
	}
	answered := func(key, id *string) place {
		return place{aws.ToString(key), cmp.Or(aws.ToString(id), "null")} // some stores leave that id out
	}
	for _, deleted := range answer.Deleted {
		if a, ok := asked[answered(deleted.Key, deleted.VersionId)]; ok {
			results[a] = erasure.Result{Outcome: erasure.Erased}
		}
	}
	for _, refused := range answer.Errors {
		a, ok := asked[answered(refused.Key, refused.VersionId)]
		if !ok {
			continue
		}
		if results[a], err = s.refused(ctx, a, aws.ToString(refused.Code)); err != nil {
			return err
		}
	}
	for _, a := range batch {
		if _, ok := results[a]; !ok {
			return broken("the store answered a deletion without a word about one of the objects")
		}
	}
	return nil
}

// refused says what it means that the store did not delete one object of a batch.
func (s *Store) refused(ctx context.Context, a artefact, code string) (erasure.Result, error) {
	switch code {
	case "NoSuchVersion", "NoSuchKey":
		return erasure.Result{Outcome: erasure.Absent}, nil
	case "AccessDenied", "ObjectLocked", "InvalidRequest": // as different stores call a lock
		// A lock may end between the refusal and this question, and the store's clock need not be ours.
		lock, err := s.lockOn(ctx, a, time.Now().Add(-grace))
		if err != nil {
			return erasure.Result{}, err
		}
		if lock.stands {
			return erasure.Result{Outcome: erasure.Held, Until: lock.until, Detail: lock.detail}, nil
		}
	}
	return erasure.Result{}, &erasure.Error{Class: classOf(code, 0), Detail: "cannot delete a version: the store answered " + code}
}
