package conformance

import (
	"runtime"
	"slices"
	"sync"
	"testing"
	"weak"

	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/erasure"
)

// Run checks all promises, each on a bench of its own, side by side.
func Run(t *testing.T, open func(t *testing.T) Bench) {
	for _, promise := range []struct {
		name string
		hold func(t *testing.T, b Bench)
	}{
		{"locating reaches every record once and ends at an empty page", locatesAll},
		{"somebody unknown is an empty page", locatesNobody},
		{"erasing a page moves no other page", erasesWhileLocating},
		{"nothing of a page is held once it was answered", holdsNoPage},
		{"erasing touches nothing else and can be repeated", erasesOnce},
		{"an order that was half carried out is finished", finishesHalf},
		{"the same order twice at once is one erasure", erasesTwiceAtOnce},
		{"an order without items does nothing", erasesNothing},
		{"a record that was put back is seen", seesPutBack},
		{"masking keeps the record and can be repeated", masks},
		{"what is missing is an error and never an absence", missing},
		{"a withdrawn call is an error and erases nothing", withdraws},
		{"nonsense is refused and never means everything", refusesNonsense},
		{"the estate that describes the store has no findings", checks},
	} {
		t.Run(promise.name, func(t *testing.T) {
			t.Parallel()
			promise.hold(t, open(t))
		})
	}
}

func locatesAll(t *testing.T, b Bench) {
	s := b.set(t, 12)
	for _, limit := range []int{1, 5, 12, 100} {
		seen := map[string]bool{}
		for _, item := range s.walk(t, limit) {
			require.False(t, seen[item.Key], "a record came twice")
			require.Contains(t, s.person, item.Key, "another's record, or none")
			seen[item.Key] = true
			for _, field := range b.Fields {
				require.Contains(t, item.Values, field)
			}
		}
		require.Len(t, seen, len(s.person), "pages of %d", limit)
	}
}

func locatesNobody(t *testing.T, b Bench) {
	page, err := b.set(t, 0).Store.Locate(t.Context(), b.query(), "", 10)
	require.NoError(t, err)
	require.True(t, page.End)
	require.Empty(t, page.Items)
}

func erasesWhileLocating(t *testing.T, b Bench) {
	s := b.set(t, 12)
	for page := range s.pages(t, 5) {
		s.erase(t, s.order(page.Items), erasure.Erased)
	}
	s.settle(t)
	s.untouched(t, nil)
}

func holdsNoPage(t *testing.T, b Bench) {
	s := b.set(t, 60)
	var before []weak.Pointer[erasure.Item]
	for page := range s.pages(t, 10) {
		runtime.GC()
		for _, item := range before {
			require.Nil(t, item.Value(), "a page that was answered is still in memory")
		}
		before = append(before, weak.Make(&page.Items[0]))
	}
}

func erasesOnce(t *testing.T, b Bench) {
	s := b.set(t, 7)
	order := s.order(s.walk(t, 100))
	s.sees(t, order, erasure.Residue)
	s.erase(t, order, erasure.Erased)
	if s.Settle != nil {
		s.sees(t, order, erasure.Pending, s.end())
	}
	s.settle(t)
	s.sees(t, order, s.end())
	s.untouched(t, nil)

	s.erase(t, order, erasure.Erased, erasure.Absent)
	s.settle(t)
	s.sees(t, order, s.end())
	s.untouched(t, nil)
	require.Empty(t, s.walk(t, 100))
}

func finishesHalf(t *testing.T, b Bench) {
	s := b.set(t, 7)
	all := s.order(s.walk(t, 100))
	half := all
	half.ID, half.Items = "order-0", all.Items[:len(all.Items)/2]
	s.erase(t, half, erasure.Erased)
	s.settle(t)
	left := map[string]string{}
	for _, item := range all.Items[len(half.Items):] {
		left[item.Key] = s.person[item.Key]
	}
	s.untouched(t, left)

	s.erase(t, all, erasure.Erased, erasure.Absent)
	s.settle(t)
	s.sees(t, all, s.end())
	s.untouched(t, nil)
}

func erasesTwiceAtOnce(t *testing.T, b Bench) {
	s := b.set(t, 12)
	order := s.order(s.walk(t, 100))
	backwards := order
	backwards.Items = slices.Clone(order.Items)
	slices.Reverse(backwards.Items)
	var errs [2]error
	var calls sync.WaitGroup
	for i, order := range []erasure.Order{order, backwards} {
		calls.Go(func() { _, errs[i] = s.Store.Erase(t.Context(), order) })
	}
	calls.Wait()
	for _, err := range errs {
		if err != nil {
			s.classed(t, erasure.Transient, err)
		}
	}
	s.erase(t, order, erasure.Erased, erasure.Absent)
	s.settle(t)
	s.sees(t, order, s.end())
	s.untouched(t, nil)
}

func erasesNothing(t *testing.T, b Bench) {
	s := b.set(t, 3)
	if results, err := s.Store.Erase(t.Context(), s.order(nil)); err == nil {
		require.Empty(t, results)
	}
	s.settle(t)
	s.untouched(t, s.person)
}

func seesPutBack(t *testing.T, b Bench) {
	s := b.set(t, 5)
	order := s.order(s.walk(t, 100))
	s.erase(t, order, erasure.Erased)
	s.settle(t)
	s.sees(t, order, s.end())
	s.Plant(t, 1)
	findings, err := s.Store.Verify(t.Context(), order)
	require.NoError(t, err)
	back := s.Truth(t)
	for i, item := range order.Items {
		want := s.end()
		if _, there := back[item.Key]; there && !s.Attested { // what a person attested stands until a new order
			want = erasure.Residue
		}
		require.Equal(t, want, findings[i].State)
	}
}

func masks(t *testing.T, b Bench) {
	if b.Masked == nil {
		t.Skip("this kind cannot mask")
	}
	s := b.set(t, 5)
	order := s.order(s.walk(t, 100))
	order.Collection = *b.Masked
	s.sees(t, order, erasure.Residue)
	s.erase(t, order, erasure.Masked)
	s.settle(t)
	s.sees(t, order, s.end())
	masked := s.Truth(t)
	require.Len(t, masked, len(s.others)+len(s.person), "masking keeps every record")
	for key, record := range s.person {
		require.NotEqual(t, record, masked[key])
	}
	for key, record := range s.others {
		require.Equal(t, record, masked[key])
	}

	s.erase(t, order, erasure.Masked)
	s.settle(t)
	s.sees(t, order, s.end())
	require.Equal(t, masked, s.Truth(t), "masking twice is masking once")

	keep := s.order(order.Items)
	keep.ID, keep.Keep, keep.Collection.Fields = "order-2", true, b.Masked.Fields
	s.sees(t, keep, s.end())
}

func missing(t *testing.T, b Bench) {
	if b.Missing == nil {
		t.Skip("a collection of this kind cannot be missing")
	}
	s := b.set(t, 3)
	order := s.order(s.walk(t, 100))
	lost, declared := b.Missing(t)
	query := s.query()
	query.Collection, order.Collection = declared.Collections[0], declared.Collections[0]

	_, err := lost.Locate(t.Context(), query, "", 10)
	s.classed(t, erasure.Mismatch, err)
	_, err = lost.Erase(t.Context(), order)
	s.classed(t, erasure.Mismatch, err)
	_, err = lost.Verify(t.Context(), order)
	s.classed(t, erasure.Mismatch, err)
	s.untouched(t, s.person)

	findings, err := lost.Check(t.Context(), declared)
	require.NoError(t, err)
	require.NotEmpty(t, findings, "the estate names what is not there")
}

func withdraws(t *testing.T, b Bench) {
	s := b.set(t, 3)
	order := s.order(s.walk(t, 100))
	_, err := s.Store.Locate(withdrawn(t), s.query(), "", 10)
	s.fails(t, err)
	_, err = s.Store.Erase(withdrawn(t), order)
	s.fails(t, err)
	s.settle(t)
	s.untouched(t, s.person)
	_, err = s.Store.Verify(withdrawn(t), order)
	s.fails(t, err)
}

func refusesNonsense(t *testing.T, b Bench) {
	s := b.set(t, 3)
	order := s.order(s.walk(t, 100))
	field := s.Person[0].Field
	for name, matches := range map[string][]erasure.Match{
		"no matches":               nil,
		"no values":                {{Field: field}},
		"an empty value":           {{Field: field, Values: []string{""}}},
		"an empty value among any": {{Field: field, Values: append([]string{""}, s.Person[0].Values...)}},
		"no field":                 {{Values: s.Person[0].Values}},
		"an unknown field":         {{Field: "no_such_field", Values: s.Person[0].Values}},
		"no values beside others":  append([]erasure.Match{{Field: field}}, s.Person...),
	} {
		query := s.query()
		query.Matches = matches
		page, err := s.Store.Locate(t.Context(), query, "", 10)
		s.fails(t, err)
		require.Empty(t, page.Items, name)
	}
	for _, limit := range []int{0, -1} {
		_, err := s.Store.Locate(t.Context(), s.query(), "", limit)
		s.fails(t, err)
	}
	// A cursor that no page gave leads nowhere or to the person, never to others.
	for _, cursor := range []string{"nonsense", `["1"]`, "%", "\x00"} {
		if page, err := s.Store.Locate(t.Context(), s.query(), cursor, 10); err == nil {
			for _, item := range page.Items {
				require.Contains(t, s.person, item.Key)
			}
		}
	}
	for _, key := range append([]string{""}, s.Forged...) {
		forged := s.order(append(slices.Clone(order.Items), erasure.Item{Key: key}))
		_, err := s.Store.Erase(t.Context(), forged)
		s.fails(t, err)
		_, err = s.Store.Verify(t.Context(), forged)
		s.fails(t, err)
	}
	unknown := order
	unknown.Collection.Strategy = "burn"
	_, err := s.Store.Erase(t.Context(), unknown)
	s.fails(t, err)
	s.settle(t)
	s.untouched(t, s.person)
}

func checks(t *testing.T, b Bench) {
	findings, err := b.Store.Check(t.Context(), b.Declared)
	require.NoError(t, err)
	require.Empty(t, findings)
}
