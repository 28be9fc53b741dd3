package s3

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// However a store pages its list (within a key too, in whatever order of versions, from its marker on or from behind it),
// and whatever of the pages before was erased meanwhile, every entry comes once, in order, and the end is an empty page.
func TestEveryListIsWalkedWhole(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var held []entry
		for _, key := range rapid.SliceOfDistinct(rapid.StringMatching(`t/1/[ab/]{1,3}`), rapid.ID).Draw(t, "keys") {
			for _, id := range rapid.SliceOfNDistinct(rapid.StringMatching(`[a-f]`), 1, 6, rapid.ID).Draw(t, "ids of "+key) {
				held = append(held, entry{artefact: artefact{key, id, version}})
			}
		}
		// By key, and within a key as it comes.
		slices.SortStableFunc(held, func(a, b entry) int { return strings.Compare(a.key, b.key) })
		want := slices.SortedFunc(slices.Values(held), inOrder)
		size := rapid.IntRange(1, 7).Draw(t, "the store's page")
		limit := rapid.IntRange(1, 7).Draw(t, "our page")
		inclusive := rapid.Bool().Draw(t, "the store begins at a key")
		erasing := rapid.Bool().Draw(t, "erased between pages")
		list := func(_ context.Context, prefix string, after place) (found []entry, next *place, err error) {
			behindID := after.id == ""
			for _, e := range held {
				switch {
				case !strings.HasPrefix(e.key, prefix) || e.key < after.key:
				case e.key == after.key && after.id == "" && !inclusive:
				case e.key == after.key && !behindID:
					behindID = e.id == after.id
				default:
					if len(found) == size {
						next = &place{found[size-1].key, found[size-1].id}
						slices.SortFunc(found, inOrder)
						return found, next, nil
					}
					found = append(found, e)
				}
			}
			slices.SortFunc(found, inOrder)
			return found, nil, nil
		}
		var got []entry
		for at := (cursor{Prefix: "t/1/"}); ; {
			page, err := behind(t.Context(), list, at, false, limit)
			require.NoError(t, err)
			require.LessOrEqual(t, len(page), limit)
			if len(page) == 0 {
				break
			}
			got = append(got, page...)
			last := page[len(page)-1]
			at.Key, at.ID = last.key, last.id
			if erasing {
				held = slices.DeleteFunc(slices.Clone(held), func(e entry) bool { return slices.Contains(page, e) })
			}
		}
		require.Equal(t, fmt.Sprint(want), fmt.Sprint(got))
	})
}
