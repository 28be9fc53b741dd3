// Package example is a small service that implements the erasure contract: a newsletter that keeps its subscribers in one
// JSON file. It shows what a team writes; the signed calls around it are contract.Handler.
package example

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"sync"

	"github.com/atlascloudai/docket/core/estate"
	"github.com/atlascloudai/docket/erasure"
	"github.com/atlascloudai/docket/erasure/http/contract"
)

// Collection is the one collection of the newsletter.
const Collection = "subscribers"

// Collections is what the newsletter says of itself.
func Collections() []contract.Collection {
	masks := []estate.MaskWith{estate.Null, estate.Fixed}
	return []contract.Collection{{Name: Collection, Fields: []contract.Field{
		{Name: "email", Searchable: true, Masks: masks},
		{Name: "account_id", Searchable: true},
		{Name: "name", Masks: masks},
	}}}
}

// Subscriber is one record: the values of its fields, nil where masked.
type Subscriber map[string]any

// Newsletter is the service. It works in memory and writes the file after each change; Verify reads the file.
type Newsletter struct {
	path string
	mu   sync.Mutex
	data data
}

var _ contract.Service = (*Newsletter)(nil)

type data struct {
	Subscribers map[string]Subscriber `json:"subscribers"`
	// Done is what each order did to each record, so that a repeated order is answered as the first one was.
	Done map[string]map[string]erasure.Outcome `json:"done"`
}

// Open reads the file at path, which need not exist yet.
func Open(path string) (*Newsletter, error) {
	data, err := read(path)
	if err != nil {
		return nil, err
	}
	return &Newsletter{path: path, data: data}, nil
}

func read(path string) (data, error) {
	empty := data{Subscribers: map[string]Subscriber{}, Done: map[string]map[string]erasure.Outcome{}}
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return empty, nil
	}
	if err == nil {
		err = json.Unmarshal(text, &empty)
	}
	if err != nil {
		return data{}, fmt.Errorf("cannot read subscribers: %w", err)
	}
	return empty, nil
}

// write puts a whole file in the place of the old one, so that a kill leaves one of the two.
func (n *Newsletter) write() error {
	text, err := json.Marshal(n.data)
	if err == nil {
		err = os.WriteFile(n.path+".new", text, 0o600)
	}
	if err == nil {
		err = os.Rename(n.path+".new", n.path)
	}
	if err != nil {
		return fmt.Errorf("cannot write subscribers: %w", err)
	}
	return nil
}

// Put adds a subscriber, or replaces it.
func (n *Newsletter) Put(key string, s Subscriber) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.data.Subscribers[key] = s
	return n.write()
}

// Locate answers the next subscribers after a key, in the order of their keys.
func (n *Newsletter) Locate(_ context.Context, ask contract.Locate) ([]contract.Item, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	var page []contract.Item
	for _, key := range slices.Sorted(maps.Keys(n.data.Subscribers)) {
		subscriber := n.data.Subscribers[key]
		if key <= ask.After || !subscriber.meant(ask.Matches) {
			continue
		}
		if len(page) == ask.Limit {
			break
		}
		values := map[string]any{}
		for _, field := range ask.Fields {
			values[field] = subscriber[field]
		}
		page = append(page, contract.Item{Key: key, Values: values})
	}
	return page, nil
}

func (s Subscriber) meant(matches []contract.Match) bool {
	return slices.ContainsFunc(matches, func(m contract.Match) bool {
		value, text := s[m.Field].(string)
		return text && slices.Contains(m.Values, value)
	})
}

// Erase deletes or masks what is there, and answers for the rest what the same order did before.
func (n *Newsletter) Erase(_ context.Context, order contract.Order) ([]contract.Result, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	done := n.data.Done[order.Order]
	if done == nil {
		done = map[string]erasure.Outcome{}
		n.data.Done[order.Order] = done
	}
	results := make([]contract.Result, len(order.Keys))
	for i, key := range order.Keys {
		subscriber, there := n.data.Subscribers[key]
		switch {
		case there && len(order.Mask) > 0:
			masked := maps.Clone(subscriber)
			for _, mask := range order.Mask {
				masked[mask.Field] = written(mask)
			}
			n.data.Subscribers[key], done[key] = masked, erasure.Masked
		case there:
			delete(n.data.Subscribers, key)
			done[key] = erasure.Erased
		case done[key] == "":
			done[key] = erasure.Absent
		}
		results[i] = contract.Result{Key: key, Outcome: done[key]}
	}
	return results, n.write() // Nothing is confirmed that is not on the disk.
}

// Verify reads the file anew: it sees what was kept, not what this process believes.
func (n *Newsletter) Verify(_ context.Context, order contract.Order) ([]contract.Finding, error) {
	kept, err := read(n.path)
	if err != nil {
		return nil, err
	}
	findings := make([]contract.Finding, len(order.Keys))
	for i, key := range order.Keys {
		findings[i] = contract.Finding{Key: key, State: erasure.Gone}
		if subscriber, there := kept.Subscribers[key]; there && !subscriber.masked(order.Mask) {
			findings[i].State = erasure.Residue
		}
	}
	return findings, nil
}

func (s Subscriber) masked(masks []contract.Masking) bool {
	return len(masks) > 0 && !slices.ContainsFunc(masks, func(m contract.Masking) bool { return s[m.Field] != written(m) })
}

// written is what masking writes: null or the fixed value.
func written(mask contract.Masking) any {
	if mask.With == estate.Fixed {
		return mask.Value
	}
	return nil
}
