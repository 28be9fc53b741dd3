package s3

import (
	"cmp"
	"context"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// storePage is the most that the protocol gives, or takes, in one call.
const storePage = 1000

// entry is an artefact as a listing shows it.
type entry struct {
	artefact
	size     *int64
	modified *time.Time
}

// listing is one of the two lists that a bucket has: versions with delete markers, or unfinished uploads. It answers what
// lies under a prefix after a place, and the place after that; next is nil at the list's end.
type listing func(ctx context.Context, prefix string, after place) (entries []entry, next *place, err error)

// place is a store's own: a key, or a key and an id.
type place struct{ key, id string }

func (s *Store) listVersions(ctx context.Context, prefix string, after place) ([]entry, *place, error) {
	answer, err := s.client.ListObjectVersions(ctx, &awss3.ListObjectVersionsInput{
		Bucket: &s.bucket, Prefix: &prefix, KeyMarker: given(after.key), VersionIdMarker: given(after.id),
		MaxKeys: aws.Int32(storePage), EncodingType: types.EncodingTypeUrl,
	})
	if err != nil {
		return nil, nil, failed("list versions", err)
	}
	var entries []entry
	for _, v := range answer.Versions {
		entries = append(entries, entry{artefact{aws.ToString(v.Key), aws.ToString(v.VersionId), version}, v.Size, v.LastModified})
	}
	for _, m := range answer.DeleteMarkers {
		entries = append(entries, entry{artefact{aws.ToString(m.Key), aws.ToString(m.VersionId), marker}, nil, m.LastModified})
	}
	return checked(prefix, after, entries, aws.ToBool(answer.IsTruncated), answer.EncodingType, place{aws.ToString(answer.NextKeyMarker), aws.ToString(answer.NextVersionIdMarker)})
}

func (s *Store) listUploads(ctx context.Context, prefix string, after place) ([]entry, *place, error) {
	answer, err := s.client.ListMultipartUploads(ctx, &awss3.ListMultipartUploadsInput{
		Bucket: &s.bucket, Prefix: &prefix, KeyMarker: given(after.key), UploadIdMarker: given(after.id),
		MaxUploads: aws.Int32(storePage), EncodingType: types.EncodingTypeUrl,
	})
	if err != nil {
		return nil, nil, failed("list multipart uploads", err)
	}
	var entries []entry
	for _, u := range answer.Uploads {
		entries = append(entries, entry{artefact{aws.ToString(u.Key), aws.ToString(u.UploadId), upload}, nil, u.Initiated})
	}
	return checked(prefix, after, entries, aws.ToBool(answer.IsTruncated), answer.EncodingType, place{aws.ToString(answer.NextKeyMarker), aws.ToString(answer.NextUploadIdMarker)})
}

// checked holds a store's answer to the protocol, decodes its keys, and puts it in order: by key, then by id.
func checked(prefix string, after place, entries []entry, truncated bool, encoding types.EncodingType, next place) ([]entry, *place, error) {
	decode := func(key string) (string, error) {
		if encoding != types.EncodingTypeUrl {
			return key, nil
		}
		return url.QueryUnescape(key)
	}
	for i := range entries {
		key, err := decode(entries[i].key)
		if err != nil || !utf8.ValidString(key) || !strings.HasPrefix(key, prefix) || entries[i].id == "" {
			return nil, nil, broken("the store lists what was not asked for, or what cannot be named")
		}
		if i > 0 && entries[i].kind == entries[i-1].kind && key < entries[i-1].key {
			return nil, nil, broken("the store does not list by key")
		}
		entries[i].key = key
	}
	slices.SortFunc(entries, inOrder)
	if !truncated {
		return entries, nil, nil
	}
	key, err := decode(next.key)
	if err != nil || key == "" || key < after.key || key == after.key && next.id == after.id {
		return nil, nil, broken("the store says that its list goes on, and not where")
	}
	return entries, &place{key, next.id}, nil
}

// under calls see with every entry of exactly one key, page by page in the store's own order.
func under(ctx context.Context, list listing, key string, see func(entry)) error {
	for after := (place{}); ; {
		entries, next, err := list(ctx, key, after)
		if err != nil {
			return err
		}
		for _, e := range entries {
			if e.key == key {
				see(e)
			}
		}
		// A key comes before those that it begins.
		if next == nil || next.key != key {
			return nil
		}
		after = *next
	}
}

// given is nil for a parameter that is not sent.
func given(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

func inOrder(a, b entry) int { return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.id, b.id)) }
