package api

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/desk"
)

// byCode are the routes for people without a token; a mailed code is asked for instead.
var byCode = []string{"GET /export/:id", "HEAD /export/:id", "POST /export/:id"}

// copyDesk hands out one copy for one code.
type copyDesk struct {
	Desk
	cut  error
	asks int
}

func (d *copyDesk) FetchExport(_ context.Context, id uuid.UUID, code string, to io.Writer) error {
	if d.asks++; id != theCase || code != "ABCDEFGHJK" {
		return desk.ErrCode
	}
	_, err := io.WriteString(to, strings.Repeat("a file ", 10_000))
	return errors.Join(err, d.cut)
}

func postCode(t *testing.T, server *httptest.Server, id, code string) *http.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+"/export/"+id, strings.NewReader("code="+code))
	require.NoError(t, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	answer, err := server.Client().Do(r)
	require.NoError(t, err)
	t.Cleanup(func() { _ = answer.Body.Close() })
	return answer
}

// A link that is opened changes nothing and tells nothing; a code is posted, and gets a file that nobody keeps or guesses at.
// A copy that breaks is cut, never ended.
func TestACopyIsShownByGetAndFetchedByPost(t *testing.T) {
	t.Parallel()
	copies := &copyDesk{}
	server := httptest.NewServer(New(Options{Desk: copies}))
	t.Cleanup(server.Close)
	var pages []string
	for _, id := range []string{theCase.String(), uuid.NewString(), "nonsense"} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+"/export/"+id, nil)
		require.NoError(t, err)
		answer, err := server.Client().Do(r)
		require.NoError(t, err)
		body, err := io.ReadAll(answer.Body)
		require.NoError(t, err)
		require.NoError(t, answer.Body.Close())
		require.Equal(t, http.StatusOK, answer.StatusCode)
		require.Contains(t, answer.Header.Get("Content-Security-Policy"), "form-action 'self'")
		pages = append(pages, string(body))
	}
	require.Equal(t, pages[0], pages[1])
	require.Equal(t, pages[0], pages[2])
	require.Zero(t, copies.asks)

	for _, wrong := range [][2]string{{theCase.String(), "wrong"}, {theCase.String(), ""}, {uuid.NewString(), "ABCDEFGHJK"}, {"nonsense", "ABCDEFGHJK"}} {
		answer := postCode(t, server, wrong[0], wrong[1])
		require.Equal(t, http.StatusForbidden, answer.StatusCode)
		body, err := io.ReadAll(answer.Body)
		require.NoError(t, err)
		require.Contains(t, string(body), "this code is not valid")
	}

	head, err := server.Client().Head(server.URL + "/export/" + theCase.String())
	require.NoError(t, err)
	require.NoError(t, head.Body.Close())
	require.Equal(t, http.StatusOK, head.StatusCode, "a mail scanner looks and takes nothing")

	answer := postCode(t, server, theCase.String(), "abcde-fghj+k") // As people type it.
	body, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	require.Len(t, body, 70_000)
	require.Equal(t, "application/zip", answer.Header.Get("Content-Type"))
	require.Equal(t, `attachment; filename="export.zip"`, answer.Header.Get("Content-Disposition"))
	require.Equal(t, "no-store", answer.Header.Get("Cache-Control"))
	require.Equal(t, "nosniff", answer.Header.Get("X-Content-Type-Options"))

	copies.cut = errors.New("the database went away")
	answer = postCode(t, server, theCase.String(), "ABCDEFGHJK")
	_, err = io.ReadAll(answer.Body)
	require.Error(t, err)
}
