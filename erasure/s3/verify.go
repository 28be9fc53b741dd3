package s3

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws/middleware"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"golang.org/x/sync/errgroup"

	"github.com/atlascloudai/docket/erasure"
)

// lookers bounds how many keys are looked at side by side.
const lookers = 8

// fewPages is how many pages of a list are read before each key is asked for by itself.
const fewPages = 3

// Verify asks for each artefact itself by its id, and for the list of what lies under its key. Gone is said only where
// both say so: either may be behind the other.
func (s *Store) Verify(ctx context.Context, order erasure.Order) ([]erasure.Finding, error) {
	all, err := artefacts(order)
	if err != nil {
		return nil, err
	}
	listed, err := s.listed(ctx, all)
	if err != nil {
		return nil, err
	}
	by := map[string][]int{} // by key
	for i, a := range all {
		by[a.key] = append(by[a.key], i)
	}
	findings := make([]erasure.Finding, len(all))
	looks, ctx := errgroup.WithContext(ctx)
	looks.SetLimit(lookers)
	for _, places := range by {
		looks.Go(func() (err error) {
			var held *erasure.Finding
			for _, i := range places {
				if findings[i], err = s.look(ctx, all[i], listed[place{all[i].key, all[i].id}]); err != nil {
					return err
				}
				if findings[i].State == erasure.StillHeld {
					held = &findings[i]
				}
			}
			for _, i := range places {
				// Erase left the marker to hide what is held.
				if held != nil && all[i].kind == marker && findings[i].State == erasure.Residue {
					findings[i].State, findings[i].Until = held.State, held.Until
				}
			}
			return nil
		})
	}
	if err := looks.Wait(); err != nil {
		return nil, err
	}
	return findings, nil
}

// listed are those of some artefacts that the bucket's lists still show. What lies between the first of their keys and the last
// is mostly gone: a few pages of what their keys begin with show it. Where more lies there, each key is asked for by itself.
func (s *Store) listed(ctx context.Context, all []artefact) (map[place]bool, error) {
	shown := map[place]bool{}
	for _, uploads := range []bool{false, true} {
		list, asked, keys := s.listVersions, map[place]bool{}, []string{}
		if uploads {
			list = s.listUploads
		}
		for _, a := range all {
			if (a.kind == upload) == uploads {
				asked[place{a.key, a.id}], keys = true, append(keys, a.key)
			}
		}
		if len(asked) == 0 {
			continue
		}
		see := func(e entry) {
			if at := (place{e.key, e.id}); asked[at] {
				shown[at] = true
			}
		}
		slices.Sort(keys)
		done, err := through(ctx, list, keys[0], keys[len(keys)-1], see)
		if err != nil {
			return nil, err
		}
		if done {
			continue
		}
		if err := s.underEach(ctx, list, slices.Compact(keys), see); err != nil {
			return nil, err
		}
	}
	return shown, nil
}

// through calls see with what lies under what two keys begin with alike, as far as the later one; done says that a few pages
// held it all.
func through(ctx context.Context, list listing, first, last string, see func(entry)) (done bool, err error) {
	alike := 0
	for alike < len(first) && alike < len(last) && first[alike] == last[alike] {
		alike++
	}
	for alike > 0 && alike < len(first) && !utf8.RuneStart(first[alike]) {
		alike--
	}
	if alike == 0 { // Nobody needs the right to list the whole bucket.
		return false, nil
	}
	after := place{}
	for range fewPages {
		entries, next, err := list(ctx, first[:alike], after)
		if err != nil {
			return false, err
		}
		for _, e := range entries {
			see(e)
		}
		if next == nil || next.key > last {
			return true, nil
		}
		after = *next
	}
	return false, nil
}

// underEach calls see with what lies under each of some keys.
func (s *Store) underEach(ctx context.Context, list listing, keys []string, see func(entry)) error {
	looks, ctx := errgroup.WithContext(ctx)
	looks.SetLimit(lookers)
	var seeing sync.Mutex
	for _, key := range keys {
		looks.Go(func() error {
			return under(ctx, list, key, func(e entry) {
				seeing.Lock()
				defer seeing.Unlock()
				see(e)
			})
		})
	}
	return looks.Wait()
}

// look asks for one artefact and weighs the answer with what the list says.
func (s *Store) look(ctx context.Context, a artefact, listed bool) (erasure.Finding, error) {
	answer, err := s.ask(ctx, a)
	if err != nil {
		return erasure.Finding{}, err
	}
	finding := erasure.Finding{State: erasure.Gone}
	if listed || answer.StatusCode != http.StatusNotFound {
		lock, err := s.lockOn(ctx, a, time.Now())
		if err != nil {
			return erasure.Finding{}, err
		}
		finding.State, finding.Until = erasure.Residue, lock.until
		if lock.stands {
			finding.State = erasure.StillHeld
		}
	}
	// The request id is the store's own and cannot be guessed, and so nobody finds a key by trying digests.
	evidence, err := json.Marshal([]any{
		a.key, a.id, a.kind, listed, answer.StatusCode, answer.Header.Get("Date"), answer.Header.Get("X-Amz-Request-Id"),
	})
	sum := sha256.Sum256(evidence)
	finding.Evidence = sum[:]
	return finding, err
}

// ask is the store's answer about one artefact: it is there (200, or 405 for a delete marker), or it is not (404).
func (s *Store) ask(ctx context.Context, a artefact) (*smithyhttp.Response, error) {
	if a.kind == upload {
		out, err := s.client.ListParts(ctx, &awss3.ListPartsInput{Bucket: &s.bucket, Key: &a.key, UploadId: &a.id})
		if err != nil {
			return missing(err, "look for a multipart upload")
		}
		return middleware.GetRawResponse(out.ResultMetadata).(*smithyhttp.Response), nil
	}
	out, err := s.client.HeadObject(ctx, &awss3.HeadObjectInput{Bucket: &s.bucket, Key: &a.key, VersionId: &a.id})
	if err != nil {
		return missing(err, "look for a version")
	}
	return middleware.GetRawResponse(out.ResultMetadata).(*smithyhttp.Response), nil
}

// missing takes an error for the answer that it is.
func missing(err error, call string) (*smithyhttp.Response, error) {
	answer, ok := errors.AsType[*smithyhttp.ResponseError](err)
	if !ok || answer.Response == nil || answer.HTTPStatusCode() != http.StatusNotFound && answer.HTTPStatusCode() != http.StatusMethodNotAllowed {
		return nil, failed(call, err)
	}
	return answer.Response, nil
}
