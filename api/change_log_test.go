package api

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"html"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/changelog"
	"github.com/atlascloudai/docket/core/problem"
)

const (
	anEntry   = "/changes/01960000-0000-7000-8000-0000000000e1"
	aDocument = "/changes/documents/retention%20policy"
	// The line ends and the blank line at the begin are what a careless hand would lose.
	firstText = "\nContent is kept for 7 days.\r\n"
)

// publish is a bench whose change log has one entry, and one document in two versions.
func publish(t *testing.T) *bench {
	t.Helper()
	b := setup(t)
	ahead := time.Now().AddDate(0, 2, 0)
	b.desk.log = changelog.Log{
		Company: "Example", Base: b.url + "/changes",
		Entries: []changelog.Entry{{
			ID: uuid.MustParse(strings.TrimPrefix(anEntry, "/changes/")), Published: time.Now().AddDate(0, -2, 0), Kind: "policy_change", Title: "Content is kept for longer",
			Material: true, Reason: "It is longer.", EffectiveFrom: &ahead, EffectiveLast: &ahead, Document: "retention policy", Version: 2, Before: 1,
		}},
		Documents: []changelog.Document{{Name: "retention policy", Title: "Retention policy", Versions: []changelog.Version{
			{Number: 2, Published: time.Now(), Text: "Content is kept for 30 days.\n"},
			{Number: 1, Published: time.Now().AddDate(-1, 0, 0), Text: firstText},
		}}},
	}
	return b
}

// unnamed asks without a token.
func (b *bench) unnamed(method, path string, headers ...string) response {
	return b.ask(method, path, "", append([]string{"Authorization", ""}, headers...)...)
}

// Whoever asks gets each part of the log, is told for how long it holds, and is sent no byte of what they have.
func TestTheChangeLogIsForEverybody(t *testing.T) {
	t.Parallel()
	b := publish(t)
	const page, closed = "text/html; charset=utf-8", "default-src 'none'; frame-ancestors 'none'; sandbox"
	for _, c := range []struct{ path, kind, keep, policy string }{
		{"/changes", page, "public, max-age=300", changelog.SecurityPolicy},
		{anEntry, page, "public, max-age=300", changelog.SecurityPolicy},
		{aDocument, page, "public, max-age=300", changelog.SecurityPolicy},
		{aDocument + "/1", page, "public, max-age=300", changelog.SecurityPolicy},
		{aDocument + "/1.txt", "text/plain; charset=utf-8", "public, max-age=31536000, immutable", closed},
		{"/changes/feed.json", "application/feed+json", "public, max-age=300", closed},
		{"/changes/feed.atom", "application/atom+xml", "public, max-age=300", closed},
		{"/v1/banner", "application/json", "public, max-age=300", closed},
	} {
		r := b.unnamed("GET", c.path)
		require.Equal(t, 200, r.StatusCode, c.path)
		require.Equal(t, c.kind, r.Header.Get("Content-Type"), c.path)
		require.Equal(t, c.keep, r.Header.Get("Cache-Control"), c.path)
		require.Equal(t, c.policy, r.Header.Get("Content-Security-Policy"), c.path)
		require.Equal(t, "nosniff", r.Header.Get("X-Content-Type-Options"), c.path)
		require.Equal(t, c.path == "/v1/banner", r.Header.Get("Access-Control-Allow-Origin") == "*", c.path)
		sum := sha256.Sum256(r.body)
		tag := `"` + hex.EncodeToString(sum[:]) + `"`
		require.Equal(t, tag, r.Header.Get("ETag"), c.path)

		head := b.unnamed("HEAD", c.path)
		require.Equal(t, 200, head.StatusCode, c.path)
		require.Empty(t, head.body, c.path)
		for _, name := range []string{"Content-Type", "Content-Length", "Cache-Control", "Content-Security-Policy", "ETag"} {
			require.Equal(t, r.Header.Get(name), head.Header.Get(name), "%s %s", c.path, name)
		}
		for _, method := range []string{"GET", "HEAD"} {
			for _, known := range []string{tag, "W/" + tag, `"other", ` + tag, "*"} {
				same := b.unnamed(method, c.path, "If-None-Match", known)
				require.Equal(t, 304, same.StatusCode, "%s %s", c.path, known)
				require.Empty(t, same.body)
				require.Equal(t, tag, same.Header.Get("ETag"))
				require.Equal(t, c.keep, same.Header.Get("Cache-Control"))
			}
		}
		require.Equal(t, 200, b.unnamed("GET", c.path, "If-None-Match", `"other"`).StatusCode, c.path)
		b.problem(b.unnamed("POST", c.path), 405, MethodNotAllowed)
	}
}

// Every address that the pages, the feeds and the banner name is there.
func TestEveryAddressOfTheChangeLogLeadsSomewhere(t *testing.T) {
	t.Parallel()
	b := publish(t)
	seen := map[string]bool{}
	var follow func(path string)
	follow = func(path string) {
		if seen[path] {
			return
		}
		seen[path] = true
		r := b.unnamed("GET", path)
		require.Equal(t, 200, r.StatusCode, path)
		for _, found := range regexp.MustCompile(regexp.QuoteMeta(b.url)+`(/[^"'&<\\]*)`).FindAllStringSubmatch(html.UnescapeString(string(r.body)), -1) {
			follow(found[1])
		}
	}
	follow("/changes")
	for _, path := range []string{anEntry, aDocument, aDocument + "/1", aDocument + "/1.txt", aDocument + "/2", aDocument + "/2.txt", "/changes/feed.json", "/changes/feed.atom"} {
		require.True(t, seen[path], path)
	}
	follow("/v1/banner")
}

// What curl gets is byte for byte what the page's digest is over.
func TestAVersionIsTheBytesOfItsDigest(t *testing.T) {
	t.Parallel()
	b := publish(t)
	text := b.unnamed("GET", aDocument+"/1.txt")
	require.Equal(t, firstText, string(text.body))
	sum := sha256.Sum256(text.body)
	require.Contains(t, string(b.unnamed("GET", aDocument+"/1").body), "<code>sha-256:"+hex.EncodeToString(sum[:])+"</code>")
	require.Equal(t, `"`+hex.EncodeToString(sum[:])+`"`, text.Header.Get("ETag"))
}

func TestFeedsAreWhatTheirTypesSay(t *testing.T) {
	t.Parallel()
	b := publish(t)
	var feed struct{ Items []struct{ URL string } }
	require.NoError(t, json.Unmarshal(b.unnamed("GET", "/changes/feed.json").body, &feed))
	require.Equal(t, b.url+anEntry, feed.Items[0].URL)
	var atom struct {
		XMLName xml.Name   `xml:"http://www.w3.org/2005/Atom feed"`
		Entries []struct{} `xml:"entry"`
	}
	require.NoError(t, xml.Unmarshal(b.unnamed("GET", "/changes/feed.atom").body, &atom))
	require.Len(t, atom.Entries, 1)
}

func TestTheBannerIsReadByTheirPages(t *testing.T) {
	t.Parallel()
	b := publish(t)
	var banner bannerView
	require.NoError(t, json.Unmarshal(b.unnamed("GET", "/v1/banner", "Origin", "https://app.example").body, &banner))
	require.Len(t, banner.Notices, 1)
	require.Equal(t, "Content is kept for longer", banner.Notices[0].Title)
	require.Equal(t, b.url+anEntry, banner.Notices[0].URL)

	none := setup(t)
	require.JSONEq(t, `{"notices":[]}`, string(none.unnamed("GET", "/v1/banner").body))
}

// People are shown a page that says nothing of what was asked for, programs a problem. Nobody keeps either.
func TestWhatIsNotInTheLogIsNotThere(t *testing.T) {
	t.Parallel()
	b := publish(t)
	var pages []string
	for _, path := range []string{
		"/changes/mallory", "/changes/documents", "/changes/" + uuid.NewString(), "/changes/urn:uuid:" + strings.TrimPrefix(anEntry, "/changes/"), strings.ReplaceAll(anEntry, "-", ""),
		"/changes/documents/mallory", "/changes/documents/mallory/1", aDocument + "/3", aDocument + "/01", aDocument + "/+1", aDocument + "/mallory", aDocument + "/99999999999999999999",
	} {
		r := b.unnamed("GET", path)
		require.Equal(t, 404, r.StatusCode, path)
		require.Equal(t, "text/html; charset=utf-8", r.Header.Get("Content-Type"), path)
		require.Equal(t, "no-store", r.Header.Get("Cache-Control"), path)
		require.Empty(t, r.Header.Get("ETag"), path)
		pages = append(pages, string(r.body))
		require.Equal(t, pages[0], string(r.body), path)
		require.Equal(t, 404, b.unnamed("HEAD", path).StatusCode, path)
	}
	require.Contains(t, pages[0], "There is nothing at this address.")
	for _, path := range []string{aDocument + "/3.txt", aDocument + "/x.txt", aDocument + "/1.txt.txt", "/changes/documents/mallory/1.txt"} {
		b.problem(b.unnamed("GET", path), 404, problem.NotFound)
	}
	require.NotContains(t, b.log.String(), "mallory")
}

// A fault is told to the log alone, and is over as soon as its cause is.
func TestAFaultOfTheChangeLogIsNotKept(t *testing.T) {
	t.Parallel()
	b := publish(t)
	b.desk.err = errInside
	r := b.unnamed("GET", "/changes")
	require.Equal(t, 500, r.StatusCode)
	require.Equal(t, "no-store", r.Header.Get("Cache-Control"))
	require.Contains(t, string(r.body), "Please try again later.")
	require.NotContains(t, string(r.body), "db-7")
	require.Contains(t, b.log.String(), "db-7")
	b.problem(b.unnamed("GET", "/changes/feed.json"), 500, Internal)
	b.desk.err = problem.New(problem.Unavailable, "the database is away")
	banner := b.unnamed("GET", "/v1/banner")
	b.problem(banner, 503, problem.Unavailable)
	require.NotEmpty(t, banner.Header.Get("Retry-After"))
	require.Equal(t, "*", banner.Header.Get("Access-Control-Allow-Origin"), "a page can read why")
	b.desk.err = nil
	require.Equal(t, 200, b.unnamed("GET", "/changes").StatusCode)
}

// However many ask, the database is asked once in ten seconds; what was published since is shown after that.
func TestABurstAsksTheDatabaseOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		behind := &fakeDesk{}
		handler := New(Options{Desk: behind, Logger: slog.New(slog.DiscardHandler)})
		get := func(path string) string {
			recorder := httptest.NewRecorder()
			handler.ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, path, nil))
			return recorder.Body.String()
		}
		var burst sync.WaitGroup
		for range 50 {
			for _, path := range []string{"/changes", "/changes/feed.json", "/v1/banner", "/changes/none"} {
				burst.Go(func() { get(path) })
			}
		}
		burst.Wait()
		require.Equal(t, 1, behind.logAsked)

		behind.log.Entries = []changelog.Entry{{Title: "A new provider"}}
		time.Sleep(logAge - time.Nanosecond)
		require.NotContains(t, get("/changes"), "A new provider")
		require.Equal(t, 1, behind.logAsked)
		time.Sleep(time.Nanosecond)
		require.Contains(t, get("/changes"), "A new provider")
		require.Equal(t, 2, behind.logAsked)
	})
}
