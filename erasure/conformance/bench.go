// Package conformance holds every kind of store to the same promises: that locating ends only at a proven empty page, that
// erasing touches what was ordered and nothing else however often it is tried, that verifying sees what is there, and that
// what is missing, cancelled or nonsense is an error and never an absence. A kind's tests call Run with the real store
// against a real other side.
package conformance

import (
	"context"
	"errors"
	"maps"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/estate"
	"github.com/atlascloudai/docket/erasure"
)

// Bench is an opened store with a place of its own behind it, which nothing else touches. It cleans up with the test.
type Bench struct {
	Store erasure.Store
	// Declared is the place as an estate says it; the first collection is the one that is tried, and is deleted from.
	Declared estate.Store
	// Person means the person's records and nobody else's.
	Person []erasure.Match
	// Fields are read with each record; none where the kind reads none.
	Fields []string
	// Plant puts the person's first n records there, the same ones every time: it puts back what was erased.
	Plant func(t testing.TB, n int)
	// Others puts n records of other people there, among them the nearest misses that the kind knows (t/10/ beside t/1/).
	Others func(t testing.TB, n int)
	// Truth reads every record of the collection, the person's and others', by the key of its item, with all that it
	// holds, past the store.
	Truth func(t testing.TB) map[string]string
	// Missing is the same store where the collection's table, bucket or resource does not exist. Nil only for a kind whose
	// collections cannot be missing.
	Missing func(t testing.TB) (erasure.Store, estate.Store)
	// Forged are keys that no record of the collection can have; "" is always tried.
	Forged []string
	// Most bounds how many records of a person the kind can hold; 0 is no bound.
	Most int
	// Masked is the collection with a strategy that masks; nil for a kind that cannot mask.
	Masked *estate.Collection
	// Settle carries out what the other side accepted. Nil for a kind that has erased when Erase answers.
	Settle func(t testing.TB)
	// Attested says that the kind's end is a person's word (erasure.Attested) and not what another path saw.
	Attested bool
}

func (b Bench) collection() estate.Collection { return b.Declared.Collections[0] }

func (b Bench) query() erasure.Query {
	return erasure.Query{Collection: b.collection(), Matches: b.Person, Fields: b.Fields}
}

func (b Bench) order(items []erasure.Item) erasure.Order {
	return erasure.Order{ID: "order-1", Collection: b.collection(), Items: items}
}

// scene is a bench with others' records and some of the person's.
type scene struct {
	Bench
	// others and person are the records of each as the third way reads them.
	others, person map[string]string
}

// set plants n records of the person (or the most there can be) among others'.
func (b Bench) set(t *testing.T, n int) scene {
	b.Others(t, 5)
	others := b.Truth(t)
	require.NotEmpty(t, others, "a place without other people proves nothing")
	if b.Most > 0 {
		n = min(n, b.Most)
	}
	b.Plant(t, n)
	person := b.Truth(t)
	for key, record := range others {
		require.Equal(t, record, person[key], "planting changed another's record")
		delete(person, key)
	}
	require.Len(t, person, n)
	return scene{Bench: b, others: others, person: person}
}

// walk locates everything in pages of at most limit.
func (s scene) walk(t *testing.T, limit int) (items []erasure.Item) {
	t.Helper()
	for page := range s.pages(t, limit) {
		items = append(items, page.Items...)
	}
	return items
}

// pages asks for page after page until the store proves the end, and holds each to what a page may say.
func (s scene) pages(t *testing.T, limit int) func(func(erasure.Page) bool) {
	t.Helper()
	return func(yield func(erasure.Page) bool) {
		for cursor, asked := "", 0; ; asked++ {
			require.LessOrEqual(t, asked, len(s.person)+2, "the pages do not end")
			page, err := s.Store.Locate(t.Context(), s.query(), cursor, limit)
			require.NoError(t, err)
			require.LessOrEqual(t, len(page.Items), limit)
			if page.End {
				require.Empty(t, page.Items, "only an empty page proves the end")
				return
			}
			require.NotEmpty(t, page.Items, "an empty page is the end and says so")
			require.NotEmpty(t, page.Next, "a page with records leads on")
			require.NotEqual(t, cursor, page.Next)
			cursor = page.Next
			if !yield(page) {
				return
			}
		}
	}
}

// untouched requires that others' records are what they were, to the byte, and that of the person's only these are there.
func (s scene) untouched(t *testing.T, left map[string]string) {
	t.Helper()
	want := maps.Clone(s.others)
	maps.Copy(want, left)
	require.Equal(t, want, s.Truth(t))
}

// erase carries out an order and requires one of the outcomes for each item; an asynchronous kind may accept instead.
func (s scene) erase(t *testing.T, order erasure.Order, outcomes ...erasure.Outcome) {
	t.Helper()
	results, err := s.Store.Erase(t.Context(), order)
	require.NoError(t, err)
	require.Len(t, results, len(order.Items))
	if s.Settle != nil {
		outcomes = append(outcomes, erasure.Accepted)
	}
	for _, result := range results {
		require.Contains(t, outcomes, result.Outcome)
	}
}

// settle lets an asynchronous other side finish.
func (s scene) settle(t *testing.T) {
	t.Helper()
	if s.Settle != nil {
		s.Settle(t)
	}
}

// sees requires one of the states for each item.
func (s scene) sees(t *testing.T, order erasure.Order, states ...erasure.State) {
	t.Helper()
	findings, err := s.Store.Verify(t.Context(), order)
	require.NoError(t, err)
	require.Len(t, findings, len(order.Items))
	for _, finding := range findings {
		require.Contains(t, states, finding.State)
		require.NotEmpty(t, finding.Evidence, "a finding has its evidence")
	}
}

// end is what verification sees once an order was carried out.
func (s scene) end() erasure.State {
	if s.Attested {
		return erasure.Attested
	}
	return erasure.Gone
}

// fails requires an error that names no value of the person.
func (s scene) fails(t *testing.T, err error) {
	t.Helper()
	require.Error(t, err)
	for _, match := range s.Person {
		for _, value := range match.Values {
			// A short value ("1") is part of any text.
			if len(value) > 3 {
				require.NotContains(t, strings.ToLower(err.Error()), strings.ToLower(value))
			}
		}
	}
}

// classed requires a store's error of a class.
func (s scene) classed(t *testing.T, class erasure.Class, err error) {
	t.Helper()
	s.fails(t, err)
	failure, ok := errors.AsType[*erasure.Error](err)
	require.True(t, ok, "not a store's error: %v", err)
	require.Equal(t, class, failure.Class, failure.Detail)
	require.NotEmpty(t, failure.Detail)
}

// withdrawn is a context that is over.
func withdrawn(t *testing.T) context.Context {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}
