// Package manual is the kind "manual": a system that only its owner can reach. Its other side is a person: locating
// answers one item that stands for whatever the owner will find, erasing opens a task, and the end is the owner's word with
// evidence that a second person checked. It is attested and never called verified.
package manual

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/atlascloudai/docket/core/estate"
	"github.com/atlascloudai/docket/erasure"
)

// Store is one system as a request sees it. It is safe for concurrent use where its tasks are.
type Store struct {
	declared estate.Store
	tasks    Tasks
}

var _ erasure.Store = (*Store)(nil)

// New is the store that the estate declares, with the tasks of one request.
func New(declared estate.Store, tasks Tasks) *Store { return &Store{declared, tasks} }

// Close has nothing to let go of.
func (s *Store) Close() {}

// Locate answers one item per collection, whose key digests who is meant and whose values are their identities by kind;
// then the empty page. Once it was checked that nothing of them is left there is none. Query.Fields are not read: only the
// owner sees them.
func (s *Store) Locate(ctx context.Context, q erasure.Query, cursor string, limit int) (erasure.Page, error) {
	collection, err := s.collection(q.Collection.Name)
	if err != nil {
		return erasure.Page{}, err
	}
	if limit < 1 {
		return erasure.Page{}, fail(erasure.Mismatch, "limit must be at least 1")
	}
	who, err := identitiesOf(q.Matches, collection)
	if err != nil {
		return erasure.Page{}, err
	}
	subject := who.key(collection.Name)
	settled, err := s.tasks.Settled(ctx, s.declared.ID, collection.Name, subject)
	switch {
	case err != nil:
		return erasure.Page{}, away(err)
	case cursor != "" && cursor != subject:
		return erasure.Page{}, fail(erasure.Mismatch, "the cursor is not one of this query's")
	case settled, cursor == subject:
		return erasure.Page{End: true}, nil
	}
	return erasure.Page{Items: []erasure.Item{{Key: subject, Values: who.values()}}, Next: subject}, nil
}

// Erase opens the order's task, or finds it: the owner is asked once however often the order comes. An order without
// items asks nobody.
func (s *Store) Erase(ctx context.Context, order erasure.Order) ([]erasure.Result, error) {
	if len(order.Items) == 0 {
		return nil, nil
	}
	task, err := s.task(order)
	if err != nil {
		return nil, err
	}
	if err := s.tasks.Open(ctx, task); err != nil {
		return nil, away(err)
	}
	return []erasure.Result{{Outcome: erasure.Accepted}}, nil
}

// Verify asks how far the order's task came: residue where nobody was asked, pending while anything of the owner's word,
// its evidence and the second person's check is missing, then attested with the evidence's digest.
func (s *Store) Verify(ctx context.Context, order erasure.Order) ([]erasure.Finding, error) {
	if len(order.Items) == 0 {
		return nil, nil
	}
	task, err := s.task(order)
	if err != nil {
		return nil, err
	}
	status, err := s.tasks.Status(ctx, task.Order)
	if err != nil {
		return nil, away(err)
	}
	seen := sha256.Sum256([]byte(task.Order + " " + string(status.State)))
	finding := erasure.Finding{Evidence: seen[:]}
	switch status.State {
	case NotAsked:
		finding.State = erasure.Residue
	case Open:
		finding.State = erasure.Pending
	case Attested:
		if len(status.Evidence) == 0 {
			return nil, fail(erasure.Broken, "the task is attested without evidence")
		}
		finding.State, finding.Evidence = erasure.Attested, status.Evidence
	default:
		return nil, fail(erasure.Broken, "the task is in a state that nobody knows")
	}
	return []erasure.Finding{finding}, nil
}

// Check finds what keeps a task from reaching its owner or the owner from finding anybody.
func (s *Store) Check(_ context.Context, declared estate.Store) (findings []estate.Finding, _ error) {
	add := func(at, code, detail string) {
		findings = append(findings, estate.Finding{At: at, Code: code, Detail: detail})
	}
	if declared.Owner == "" {
		add(declared.ID, "no_owner", "nobody answers for the system: name its owner")
	}
	for _, collection := range declared.Collections {
		at := declared.ID + "/" + collection.Name
		if collection.NotSearchable == nil && !slices.ContainsFunc(collection.Fields, func(f estate.Field) bool { return f.Identity != "" }) {
			add(at, "no_identity", "the owner has nothing to look by: give a field an identity, or say why it is not_searchable")
		}
		if collection.Strategy == estate.MaskFields && len(masks(collection)) == 0 {
			add(at, "no_mask", "the owner is to mask and no field has a mask: say which and how")
		}
	}
	return findings, nil
}

// task is an order as its owner gets it. An item whose key is not the digest of its identities was not located here.
func (s *Store) task(order erasure.Order) (Task, error) {
	collection, err := s.collection(order.Collection.Name)
	if err != nil {
		return Task{}, err
	}
	switch {
	case order.ID == "":
		return Task{}, fail(erasure.Mismatch, "the order has no id")
	case len(order.Items) > 1:
		return Task{}, fail(erasure.Mismatch, "an order to a person has one item, as it was located")
	case !slices.Contains([]estate.Strategy{"", estate.Delete, estate.MaskFields}, order.Collection.Strategy):
		return Task{}, fail(erasure.Mismatch, "strategy must be delete or mask")
	}
	who, err := identitiesIn(order.Items[0].Values)
	if err != nil {
		return Task{}, err
	}
	task := Task{
		Order: order.ID, Store: s.declared.ID, Owner: s.declared.Owner, Collection: collection.Name,
		Subject: order.Items[0].Key, Identities: who.matches(), Keep: order.Keep,
	}
	if task.Subject != who.key(collection.Name) {
		return Task{}, fail(erasure.Mismatch, "the item's key does not fit its identities: locate anew")
	}
	if order.Masks() {
		if task.Masks = masks(order.Collection); len(task.Masks) == 0 { // A task without masks deletes.
			return Task{}, fail(erasure.Mismatch, "no field has a mask: declare which are masked")
		}
	}
	return task, nil
}

func (s *Store) collection(name string) (estate.Collection, error) {
	i := slices.IndexFunc(s.declared.Collections, func(c estate.Collection) bool { return c.Name == name })
	if i < 0 {
		return estate.Collection{}, fail(erasure.Mismatch, "the estate declares no such collection of the store")
	}
	return s.declared.Collections[i], nil
}

func masks(c estate.Collection) (masked []estate.Field) {
	for _, field := range c.Fields {
		if field.Mask != nil {
			masked = append(masked, field)
		}
	}
	return masked
}

func fail(class erasure.Class, detail string, args ...any) error {
	return &erasure.Error{Class: class, Detail: fmt.Sprintf(detail, args...)}
}

// away is any failure of the tasks: the same call may succeed later.
func away(err error) error {
	return &erasure.Error{Class: erasure.Transient, Detail: "the tasks of system owners cannot be read or written now", Cause: err}
}

// identities are the sorted values by kind.
type identities map[string][]string

func identitiesOf(matches []erasure.Match, c estate.Collection) (identities, error) {
	who := identities{}
	for i, match := range matches {
		if !slices.ContainsFunc(c.Fields, func(f estate.Field) bool { return match.Field != "" && f.Identity == match.Field }) {
			return nil, fail(erasure.Mismatch, "matches[%d].field is not a kind of identity of the collection: declare it in the estate", i)
		}
		if len(match.Values) == 0 {
			return nil, fail(erasure.Mismatch, "matches[%d].values must not be empty", i)
		}
		who[match.Field] = append(who[match.Field], match.Values...)
	}
	return who.checked()
}

// identitiesIn reads an item's values, also after they went through JSON.
func identitiesIn(values map[string]any) (identities, error) {
	text, err := json.Marshal(values)
	var who identities
	if err != nil || json.Unmarshal(text, &who) != nil {
		return nil, fail(erasure.Mismatch, "the item does not carry the identities that it was located by: locate anew")
	}
	return who.checked()
}

func (who identities) checked() (identities, error) {
	if len(who) == 0 {
		return nil, fail(erasure.Mismatch, "there is no identity to look by")
	}
	for kind, values := range who {
		if len(values) == 0 || slices.ContainsFunc(values, func(v string) bool { return strings.TrimSpace(v) == "" || !utf8.ValidString(v) }) {
			return nil, fail(erasure.Mismatch, "a value of the identity %s is empty or no text", kind)
		}
		who[kind] = slices.Compact(slices.Sorted(slices.Values(values)))
	}
	return who, nil
}

// key is the same for the same people in whatever order they are named.
func (who identities) key(collection string) string {
	text, _ := json.Marshal([]any{collection, who}) // maps of strings in the order of their keys cannot fail
	digest := sha256.Sum256(text)
	return hex.EncodeToString(digest[:])
}

func (who identities) values() map[string]any {
	values := map[string]any{}
	for kind, of := range who {
		values[kind] = of
	}
	return values
}

func (who identities) matches() (matches []erasure.Match) {
	for _, kind := range slices.Sorted(maps.Keys(who)) {
		matches = append(matches, erasure.Match{Field: kind, Values: who[kind]})
	}
	return matches
}
