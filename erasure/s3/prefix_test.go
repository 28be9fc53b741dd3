package s3

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/erasure"
)

// Every combination of the values is one prefix, and nothing else is.
func TestPrefixesOfValues(t *testing.T) {
	t.Parallel()
	prefixes, err := template("t/{tenant}/u/{user}/").prefixes([]erasure.Match{
		{Field: "user", Values: []string{"b", "a"}}, {Field: "tenant", Values: []string{"1"}}, {Field: "user", Values: []string{"a"}},
	})
	require.NoError(t, err)
	require.Equal(t, []string{"t/1/u/a/", "t/1/u/b/"}, prefixes)
}

// A value that could mean more than its own segment is refused and repeated nowhere.
func TestValuesThatCouldMeanMore(t *testing.T) {
	t.Parallel()
	for _, value := range []string{"", "/", "1/", "../secret", "..", ".", "1\x00", "1\n", "{tenant}", "secret}", "\xff", "secret\u200b"} {
		_, err := template("t/{tenant}/").prefixes([]erasure.Match{{Field: "tenant", Values: []string{"1", value}}})
		require.Error(t, err, "%q", value)
		require.NotContains(t, err.Error(), "secret")
	}
}

// A template without a name, or with an open end, means nobody.
func TestTemplatesThatCouldMeanEverybody(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "/", "t/", "t/1/", "t/{}/", "t/{tenant", "t/{tenant}", "t/tenant}/", "{{tenant}}/"} {
		_, err := template(text).prefixes([]erasure.Match{{Field: "tenant", Values: []string{"1"}}})
		require.Error(t, err, "%q", text)
		_, err = template(text).pattern()
		require.Error(t, err, "%q", text)
	}
}

// An item of an order lies under the template, or is not the collection's.
func TestPatternOfKeys(t *testing.T) {
	t.Parallel()
	for key, within := range map[string]bool{
		"a.b/1/x": true, "a.b/1/x/y\nz": true, "a.b/1/": true,
		"a.b/1": false, "a.b//x": false, "aXb/1/x": false, "z/a.b/1/x": false, "": false,
	} {
		pattern, err := template("a.b/{id}/").pattern()
		require.NoError(t, err)
		require.Equal(t, within, pattern.MatchString(key), "%q", key)
	}
	pattern, err := template("avatars/{id}.png").pattern()
	require.NoError(t, err)
	require.True(t, pattern.MatchString("avatars/1.png"))
	require.False(t, pattern.MatchString("avatars/1.png.bak"))
	require.False(t, pattern.MatchString("avatars/1.png\n"))
}
