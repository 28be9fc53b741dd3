package letters_test

import (
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/atlascloudai/docket/core/letters"
)

const sampleDelivery = "0192f0c1-7a4e-7c33-9d52-3f1d2a6b8e10"

var returnKey = []byte("0123456789abcdef0123456789abcdef")

func TestAReturnPathNamesItsDelivery(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		key := rapid.SliceOfN(rapid.Byte(), letters.MinReturnKey, 64).Draw(t, "key")
		id := uuid.UUID(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "id")).String()

		address := letters.ReturnAddress(key, id, "bounces.example.com")
		local, domain, found := strings.Cut(address, "@")
		require.True(t, found)
		require.Equal(t, "bounces.example.com", domain)
		require.LessOrEqual(t, len(local), 64, "RFC 5321 section 4.5.3.1.1")

		for _, spelling := range []string{local, strings.ToUpper(local)} {
			got, ok := letters.ParseReturn(key, spelling)
			require.True(t, ok)
			require.Equal(t, id, got)
		}
	})
}

func TestAChangedReturnPathIsNotOurs(t *testing.T) {
	t.Parallel()
	genuine := letters.ReturnPrefix + letters.ReturnToken(returnKey, sampleDelivery)
	rapid.Check(t, func(t *rapid.T) {
		at := rapid.IntRange(0, len(genuine)-1).Draw(t, "at")
		put := rapid.SampledFrom(strings.Split("0123456789abcdef-+zg", "")).Draw(t, "put")
		forged := genuine[:at] + put + genuine[at+1:]
		if forged == genuine {
			return
		}
		_, ok := letters.ParseReturn(returnKey, forged)
		require.False(t, ok, forged)
	})
}

func TestTheFormOfAReturnPathIsFixed(t *testing.T) {
	t.Parallel()
	token := letters.ReturnToken(returnKey, sampleDelivery)
	require.Equal(t, "0192f0c17a4e7c339d523f1d2a6b8e10-7c1e3e4c04c6d3e4e93a", token,
		"tokens in mail that is out already must stay readable")
	require.Equal(t, token, letters.ReturnToken(returnKey, strings.ToUpper(sampleDelivery)))

	for _, local := range []string{
		"", "b+", token, "b+" + token + "00", "b+" + token[:40], "b+" + strings.Replace(token, "-", "", 1),
		"c+" + token, "b+" + strings.Replace(token, "0192f0c1", "0192f0c1-", 1),
	} {
		_, ok := letters.ParseReturn(returnKey, local)
		require.False(t, ok, local)
	}
	_, ok := letters.ParseReturn([]byte("another key, just as long as it."), "b+"+token)
	require.False(t, ok, "another key signs nothing of ours")
}

func TestWithoutAKeyOrAnIdThereIsNoReturnPath(t *testing.T) {
	t.Parallel()
	require.Empty(t, letters.ReturnToken(returnKey[:8], sampleDelivery))
	require.Empty(t, letters.ReturnToken(returnKey, "not-a-uuid"))
	require.Empty(t, letters.ReturnAddress(returnKey, sampleDelivery, ""))
	_, ok := letters.ParseReturn(nil, "b+"+letters.ReturnToken(returnKey, sampleDelivery))
	require.False(t, ok)
}
