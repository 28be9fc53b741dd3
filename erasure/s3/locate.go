package s3

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/atlascloudai/docket/erasure"
)

// content is the one field that can be asked for: what a listing says of an artefact's content.
const content = "content"

// cursor is where locating goes on: behind an artefact of one of the two lists of one prefix. It names the artefact and
// not a place of the store's, since what lies there may be erased before the next page is asked for, and stores need not
// find their way from a version that is gone.
type cursor struct {
	Prefix  string `json:"prefix"`
	Uploads bool   `json:"uploads"`
	Key     string `json:"key"`
	ID      string `json:"id"`
}

// Locate answers versions and delete markers, then unfinished uploads, of each prefix, by key and id. The end is said
// when every list that was left answered with nothing.
func (s *Store) Locate(ctx context.Context, q erasure.Query, from string, limit int) (erasure.Page, error) {
	steps, err := steps(q, from, limit)
	if err != nil {
		return erasure.Page{}, err
	}
	var page erasure.Page
	last := steps[0]
	for _, step := range steps {
		list := s.listVersions
		if step.Uploads {
			list = s.listUploads
		}
		found, err := behind(ctx, list, step, template(q.Collection.Prefix).exact(), limit-len(page.Items))
		if err != nil {
			return erasure.Page{}, err
		}
		for _, e := range found {
			item := e.item()
			if len(q.Fields) > 0 {
				item.Values = map[string]any{content: map[string]any{"kind": e.kind, "size": aws.ToInt64(e.size), "modified": e.modified}}
			}
			page.Items = append(page.Items, item)
			last = cursor{step.Prefix, step.Uploads, e.key, e.id}
		}
		if len(page.Items) == limit {
			break
		}
	}
	if page.End = len(page.Items) == 0; page.End {
		return page, nil
	}
	text, err := json.Marshal(last)
	page.Next = string(text)
	return page, err
}

// steps are the lists that are left from a cursor on, the first one from where the cursor says.
func steps(q erasure.Query, from string, limit int) (left []cursor, err error) {
	if limit < 1 {
		return nil, mismatch("a page of %d items cannot be asked for", limit)
	}
	for _, field := range q.Fields {
		if field != content {
			return nil, mismatch("objects have no field but %q", content)
		}
	}
	prefixes, err := template(q.Collection.Prefix).prefixes(q.Matches)
	if err != nil {
		return nil, err
	}
	for _, prefix := range prefixes {
		left = append(left, cursor{Prefix: prefix}, cursor{Prefix: prefix, Uploads: true})
	}
	if from == "" {
		return left, nil
	}
	var at cursor
	if err := json.Unmarshal([]byte(from), &at); err != nil {
		return nil, mismatch("the cursor is not one of this query's")
	}
	here := slices.Index(left, cursor{Prefix: at.Prefix, Uploads: at.Uploads})
	if here < 0 || !strings.HasPrefix(at.Key, at.Prefix) {
		return nil, mismatch("the cursor is not one of this query's")
	}
	left = left[here:]
	left[0] = at
	return left, nil
}

// behind is what a list holds under the cursor's prefix behind its artefact, in order, at most limit entries. A key is
// always read whole and in our own order: stores list versions by time and in pages that may end within a key, and only
// keys are a place that they all find again. A key with more than a thousand versions is therefore read once a page.
func behind(ctx context.Context, list listing, at cursor, exact bool, limit int) (found []entry, err error) {
	if exact {
		return rest(ctx, list, at.Prefix, at.ID, limit)
	}
	if at.Key != "" {
		if found, err = rest(ctx, list, at.Key, at.ID, limit); err != nil {
			return nil, err
		}
	}
	done := at.Key
	for after := (place{key: done}); len(found) < limit; {
		entries, next, err := list(ctx, at.Prefix, after)
		if err != nil {
			return nil, err
		}
		// Some stores begin behind a key, some at it.
		entries = slices.DeleteFunc(entries, func(e entry) bool { return e.key <= done })
		if next == nil {
			found = append(found, entries...)
			break
		}
		after = *next
		if len(entries) == 0 {
			continue
		}
		last := entries[len(entries)-1].key
		for _, e := range entries {
			if e.key < last {
				found = append(found, e)
			}
		}
		if len(found) < limit {
			of, err := rest(ctx, list, last, "", limit-len(found))
			if err != nil {
				return nil, err
			}
			found = append(found, of...)
		}
		done, after = last, place{key: last}
	}
	return found[:min(limit, len(found))], nil
}

// rest are the first entries of a key behind an id, at most limit.
func rest(ctx context.Context, list listing, key, id string, limit int) (found []entry, err error) {
	first := func() {
		slices.SortFunc(found, inOrder)
		found = slices.CompactFunc(found, func(a, b entry) bool { return a.id == b.id })
		found = found[:min(limit, len(found))]
	}
	err = under(ctx, list, key, func(e entry) {
		if e.id > id {
			found = append(found, e)
		}
		if len(found) > limit+storePage {
			first()
		}
	})
	first()
	return found, err
}
