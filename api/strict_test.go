package api

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/atlascloudai/docket/core/problem"
)

// What strict lets through, Go's decoder reads too; what Go's encoder writes, strict lets through.
func TestStrictAgreesWithTheDecoder(t *testing.T) {
	t.Parallel()
	value := rapid.OneOf(
		rapid.Just[any](nil), rapid.Map(rapid.Bool(), func(b bool) any { return b }),
		rapid.Map(rapid.Float64Range(-1e300, 1e300), func(f float64) any { return f }),
		rapid.Map(rapid.StringMatching(`[ -~äß✓]*`), func(s string) any { return s }),
	)
	rapid.Check(t, func(t *rapid.T) {
		object := rapid.MapOf(rapid.StringMatching(`[a-z]{0,3}`), rapid.SliceOf(value)).Draw(t, "object")
		body, err := json.Marshal(object)
		require.NoError(t, err)
		require.NoError(t, strict(body))
		if len(body) > 0 {
			at := rapid.IntRange(0, len(body)-1).Draw(t, "at")
			body[at] = rapid.Byte().Draw(t, "byte")
		}
		if strict(body) == nil {
			require.True(t, json.Valid(body), "%s", body)
		}
	})
}

// A name given twice is found at any depth, and nowhere else.
func TestStrictFindsDuplicatesAtAnyDepth(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		depth := rapid.IntRange(0, deepest-2).Draw(t, "depth")
		inner := `{"k":1,"l":2}`
		wrap := func(s string) []byte {
			return []byte(strings.Repeat(`{"a":`, depth) + s + strings.Repeat(`}`, depth))
		}
		require.NoError(t, strict(wrap(inner)))
		err := strict(wrap(`{"k":1,"l":2,"k":3}`))
		require.Equal(t, problem.Invalid, problem.CodeOf(err))
		require.ErrorContains(t, err, strings.TrimPrefix(strings.Repeat(".a", depth)+".k", ".")+":")
	})
	require.ErrorContains(t, strict([]byte(strings.Repeat("[", deepest+1))), "deeper")
	require.NoError(t, strict([]byte(strings.Repeat("[", deepest)+strings.Repeat("]", deepest))))
}
