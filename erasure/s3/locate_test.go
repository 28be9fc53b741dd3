package s3_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/erasure"
	"github.com/atlascloudai/docket/testkit"
)

// Stores that are asked to encode keys do, as Amazon's; the key of the item is the object's own.
func TestLocatesEncodedKeys(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		query := r.URL.Query()
		switch {
		case query.Has("uploads"):
			_, _ = fmt.Fprint(w, `<ListMultipartUploadsResult><EncodingType>url</EncodingType></ListMultipartUploadsResult>`)
		case query.Get("encoding-type") == "url" && query.Get("prefix") == "t/1/" && !query.Has("key-marker"):
			_, _ = fmt.Fprint(w, `<ListVersionsResult><EncodingType>url</EncodingType>
				<Version><Key>t/1/a+b%2Bc%25%01</Key><VersionId>v</VersionId></Version></ListVersionsResult>`)
		default:
			_, _ = fmt.Fprint(w, `<ListVersionsResult><EncodingType>url</EncodingType></ListVersionsResult>`)
		}
	}))
	defer server.Close()
	b := bucket{url: server.URL, name: "files"}
	items := walk(t, b.open(t, testkit.S3Root), query(b, tenants, "1"), 10)
	require.Equal(t, []erasure.Item{{Key: `["t/1/a b+c%\u0001","v","version"]`}}, items)
}

// Several people of one query are located one after the other, each to its own end.
func TestLocatesSeveralPrefixes(t *testing.T) {
	t.Parallel()
	b := versioned(t)
	for _, key := range []string{"t/1/a", "t/1/b", "t/10/a", "t/2/a", "t/3/a"} {
		b.put(t, key, "x")
	}
	b.leaveUpload(t, "t/1/a")
	store, q := b.open(t, testkit.S3Root), query(b, tenants, "3", "1", "2", "1", "nobody")
	q.Fields = []string{"content"}
	for limit := 1; limit < 7; limit++ {
		items := walk(t, store, q, limit)
		require.Len(t, items, 5, "pages of %d", limit)
		content, ok := items[0].Values["content"].(map[string]any)
		require.True(t, ok)
		require.EqualValues(t, 1, content["size"])
		require.NotNil(t, content["modified"])
	}
	q.Fields = []string{"email"}
	_, err := store.Locate(t.Context(), q, "", 10)
	require.Equal(t, erasure.Mismatch, class(t, err))
}
