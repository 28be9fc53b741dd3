package httpstore_test

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/erasure"
	httpstore "github.com/atlascloudai/docket/erasure/http"
	"github.com/atlascloudai/docket/erasure/http/contract"
	"github.com/atlascloudai/docket/erasure/http/example"
)

var ana = erasure.Query{
	Collection: subscribers(), Fields: []string{"name"},
	Matches: []erasure.Match{{Field: "email", Values: []string{"ana@example.test"}}},
}

func order(keys ...string) erasure.Order {
	order := erasure.Order{ID: "o-1", Collection: subscribers()}
	for _, key := range keys {
		order.Items = append(order.Items, erasure.Item{Key: key})
	}
	return order
}

func failed(t *testing.T, class erasure.Class, err error) *erasure.Error {
	t.Helper()
	failure, ok := errors.AsType[*erasure.Error](err)
	require.True(t, ok, "%v", err)
	require.Equal(t, class, failure.Class, failure.Detail)
	require.NotContains(t, failure.Error(), "ana@")
	return failure
}

// every makes each of the three calls and requires the same failure of each.
func every(t *testing.T, s *httpstore.Store, class erasure.Class) (last *erasure.Error) {
	t.Helper()
	page, err := s.Locate(t.Context(), ana, "", 10)
	failed(t, class, err)
	require.False(t, page.End)
	_, err = s.Erase(t.Context(), order("s-1"))
	failed(t, class, err)
	_, err = s.Verify(t.Context(), order("s-1"))
	return failed(t, class, err)
}

// answering signs a fixed body as the answer to whatever is asked; before may spoil the answer.
func answering(t *testing.T, body string, before ...func(http.Header)) http.Handler {
	keys, err := contract.NewKeys(secretOf("a"))
	require.NoError(t, err)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		keys.Sign(w.Header(), r.Header.Get("webhook-id"), time.Now(), []byte(body))
		for _, spoil := range before {
			spoil(w.Header())
		}
		_, _ = io.WriteString(w, body)
	})
}

func TestAStatusIsAClassOfError(t *testing.T) {
	t.Parallel()
	for status, class := range map[int]erasure.Class{
		201: erasure.Broken, 204: erasure.Broken, 302: erasure.Broken, 304: erasure.Broken,
		400: erasure.Mismatch, 404: erasure.Mismatch, 405: erasure.Mismatch, 410: erasure.Mismatch, 413: erasure.Mismatch, 422: erasure.Mismatch,
		401: erasure.Refused, 403: erasure.Refused,
		408: erasure.Transient, 409: erasure.Transient, 425: erasure.Transient, 429: erasure.Transient,
		500: erasure.Transient, 502: erasure.Transient, 503: erasure.Transient, 504: erasure.Transient,
	} {
		s := open(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "/elsewhere")
			w.WriteHeader(status)
		}))
		require.Nil(t, every(t, s, class).RetryAt)
	}
}

func TestAServiceSaysWhenToComeAgain(t *testing.T) {
	t.Parallel()
	now := time.Now()
	for header, want := range map[string]time.Time{
		"90": now.Add(90 * time.Second),
		now.Add(2 * time.Hour).UTC().Format(http.TimeFormat): now.Add(2 * time.Hour),
		"999999999": now.Add(24 * time.Hour), // Nobody puts a request off for years.
	} {
		s := open(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", header)
			w.WriteHeader(http.StatusTooManyRequests)
		}))
		require.WithinDuration(t, want, *every(t, s, erasure.Transient).RetryAt, time.Minute, header)
	}
	findings, err := open(t, answering(t, `{"type":"erasure.verified.v1","order":"o-1","findings":[
		{"key":"s-1","state":"pending","retry_at":"2200-01-01T00:00:00Z"}, {"key":"s-2","state":"held","until":"2200-01-01T00:00:00Z"}]}`)).
		Verify(t.Context(), order("s-1", "s-2"))
	require.NoError(t, err)
	require.WithinDuration(t, now.Add(24*time.Hour), *findings[0].RetryAt, time.Minute)
	require.Equal(t, 2200, findings[1].Until.Year())
}

func TestAnAnswerAgainstTheContractIsBroken(t *testing.T) {
	t.Parallel()
	many := strings.TrimSuffix(strings.Repeat(`{"key":"s-1","values":{"name":null}},`, 11), ",")
	for _, body := range []string{
		``, `null`, `[]`, `{}`, `{"items":[]}`, `not json`, `<html>login</html>`,
		`{"type":"erasure.located.v1"}`, `{"type":"erasure.located.v1","items":null}`, `{"type":"erasure.located.v2","items":[]}`,
		`{"type":"erasure.located.v1","items":[]} {}`, `{"type":"erasure.located.v1","items":[],"more":true}`,
		`{"type":"erasure.located.v1","items":[` + many + `]}`,
		`{"type":"erasure.located.v1","items":[{"key":"","values":{"name":null}}]}`,
		`{"type":"erasure.located.v1","items":[{"key":7,"values":{"name":null}}]}`,
		`{"type":"erasure.located.v1","items":[{"key":"` + strings.Repeat("k", 1025) + `","values":{"name":null}}]}`,
		`{"type":"erasure.located.v1","items":[{"key":"s-1","values":{}}]}`,
		`{"type":"erasure.located.v1","items":[{"key":"s-1","values":{"name":"Ana","secret":"x"}}]}`,
		`{"type":"erasure.located.v1","items":[{"key":"s-2","values":{"name":null}},{"key":"s-1","values":{"name":null}}]}`,
		`{"type":"erasure.located.v1","items":[{"key":"s-1","values":{"name":null}},{"key":"s-1","values":{"name":null}}]}`,
	} {
		page, err := open(t, answering(t, body)).Locate(t.Context(), ana, "", 10)
		failed(t, erasure.Broken, err)
		require.False(t, page.End, "%.100s", body)
	}
	for _, results := range []string{
		``, `{"key":"s-1","outcome":"erased"}`, // one is missing
		`{"key":"s-1","outcome":"erased"},{"key":"s-2","outcome":"erased"},{"key":"s-3","outcome":"erased"}`,
		`{"key":"s-1","outcome":"erased"},{"key":"s-9","outcome":"erased"}`,
		`{"key":"s-2","outcome":"erased"},{"key":"s-1","outcome":"erased"}`,
		`{"key":"s-1","outcome":"erased"},{"key":"s-2","outcome":"masked"}`,
		`{"key":"s-1","outcome":"erased"},{"key":"s-2","outcome":"fine"}`,
		`{"key":"s-1","outcome":"erased"},{"key":"s-2"}`,
		`{"key":"s-1","outcome":"erased"},{"key":"s-2","outcome":"erased","detail":"Ana has left"}`,
		`{"key":"s-1","outcome":"erased"},{"key":"s-2","outcome":"held","detail":"` + strings.Repeat("d", 501) + `"}`,
		`{"key":"s-1","outcome":"erased"},{"key":"s-2","outcome":"held","until":"soon"}`,
	} {
		_, err := open(t, answering(t, `{"type":"erasure.erased.v1","order":"o-1","results":[`+results+`]}`)).Erase(t.Context(), order("s-1", "s-2"))
		failed(t, erasure.Broken, err)
	}
	for _, findings := range []string{
		``, `{"key":"s-9","state":"gone"}`, `{"key":"s-1","state":"attested"}`, `{"key":"s-1","state":"Gone"}`, `{"key":"s-1"}`,
		`{"key":"s-1","state":"gone"},{"key":"s-1","state":"gone"}`,
		`{"key":"s-1","state":"gone","retry_at":"2026-12-01T00:00:00Z"}`, `{"key":"s-1","state":"gone","until":"2026-12-01T00:00:00Z"}`,
	} {
		_, err := open(t, answering(t, `{"type":"erasure.verified.v1","order":"o-1","findings":[`+findings+`]}`)).Verify(t.Context(), order("s-1"))
		failed(t, erasure.Broken, err)
	}
	huge := strings.Repeat(" ", contract.MaxBody) + `{"type":"erasure.located.v1","items":[]}`
	_, err := open(t, answering(t, huge)).Locate(t.Context(), ana, "", 10)
	require.ErrorContains(t, failed(t, erasure.Broken, err), "bytes")
	for _, head := range []string{`"erasure.erased.v1","order":"o-2"`, `"erasure.erased.v2","order":"o-1"`, `"erasure.verified.v1","order":"o-1"`} {
		_, err := open(t, answering(t, `{"type":`+head+`,"results":[{"key":"s-1","outcome":"erased"}]}`)).Erase(t.Context(), order("s-1"))
		failed(t, erasure.Broken, err)
	}
	for _, head := range []string{`"erasure.verified.v1","order":"o-2"`, `"erasure.verified.v2","order":"o-1"`, `"erasure.verify.v1","order":"o-1"`} {
		_, err := open(t, answering(t, `{"type":`+head+`,"findings":[{"key":"s-1","state":"gone"}]}`)).Verify(t.Context(), order("s-1"))
		failed(t, erasure.Broken, err)
	}
	_, err = open(t, answering(t, `{"type":"erasure.collections.v2","collections":[]}`)).Check(t.Context(), subscribersStore())
	failed(t, erasure.Broken, err)
}

func TestWhatWasToBeMaskedMustNotBeAnsweredAsErased(t *testing.T) {
	t.Parallel()
	kept := order("s-1")
	kept.Collection = *masked()
	_, err := open(t, answering(t, `{"type":"erasure.erased.v1","order":"o-1","results":[{"key":"s-1","outcome":"erased"}]}`)).Erase(t.Context(), kept)
	failed(t, erasure.Broken, err)
	kept.Collection.Fields = subscribers().Fields
	service, _ := newsletter(t)
	require.NoError(t, service.Put("s-1", example.Subscriber{"email": "ana@example.test"}))
	_, err = open(t, serve(t, service)).Erase(t.Context(), kept)
	failed(t, erasure.Mismatch, err) // An order to mask nothing would be one to delete.
}

func TestAnAnswerThatIsNotSignedForTheQuestionIsNeverAnAbsence(t *testing.T) {
	t.Parallel()
	empty := `{"type":"erasure.located.v1","items":[]}`
	sign := func(letter, id string, at time.Time, body string) func(http.Header) {
		keys, err := contract.NewKeys(secretOf(letter))
		require.NoError(t, err)
		return func(h http.Header) {
			if id == "" {
				id = h.Get("webhook-id")
			}
			keys.Sign(h, id, at, []byte(body))
		}
	}
	page, err := open(t, answering(t, empty)).Locate(t.Context(), ana, "", 10)
	require.NoError(t, err)
	require.True(t, page.End, "the same answer, well signed")
	for name, spoil := range map[string]func(http.Header){
		"unsigned":         func(h http.Header) { h.Del("webhook-signature") },
		"without a time":   func(h http.Header) { h.Del("webhook-timestamp") },
		"another secret":   sign("b", "", time.Now(), empty),
		"another question": sign("a", "another", time.Now(), empty),
		"tampered":         sign("a", "", time.Now(), strings.Replace(empty, "[]", `[{"key":"s-1"}]`, 1)),
		"an old answer":    sign("a", "", time.Now().Add(-6*time.Minute), empty),
		"a future answer":  sign("a", "", time.Now().Add(6*time.Minute), empty),
		"the id alone":     func(h http.Header) { h.Set("webhook-id", "another") },
		"another version": func(h http.Header) {
			h.Set("webhook-signature", "v1a"+strings.TrimPrefix(h.Get("webhook-signature"), "v1"))
		},
	} {
		page, err := open(t, answering(t, empty, spoil)).Locate(t.Context(), ana, "", 10)
		failed(t, erasure.Broken, err)
		require.False(t, page.End, name)
	}
}

func TestAQuestionHeldUpAsItsOwnAnswerIsBroken(t *testing.T) {
	t.Parallel()
	every(t, open(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		for _, name := range []string{"webhook-id", "webhook-timestamp", "webhook-signature"} {
			w.Header().Set(name, r.Header.Get(name))
		}
		_, _ = w.Write(body)
	})), erasure.Broken)
}

func TestASecretIsChangedOnOneSideAfterTheOther(t *testing.T) {
	t.Parallel()
	service, _ := newsletter(t)
	both, err := contract.Handler(example.Collections(), service, secretOf("a"), secretOf("b"))
	require.NoError(t, err)
	newAt := func(s string) func(*httpstore.Config) { return func(c *httpstore.Config) { c.Secret = s } }
	for _, s := range []*httpstore.Store{
		open(t, both),
		open(t, both, newAt(secretOf("b")), func(c *httpstore.Config) { c.PreviousSecret = secretOf("a") }),
	} {
		_, err := s.Locate(t.Context(), ana, "", 10)
		require.NoError(t, err)
	}
	every(t, open(t, both, newAt(secretOf("c"))), erasure.Refused)
	every(t, open(t, both, newAt(secretOf("b"))), erasure.Broken) // It does not know who signs with the old one.
}

func TestAServiceThatNeverEndsIsBroken(t *testing.T) {
	t.Parallel()
	walk := func(s *httpstore.Store) (err error) {
		var page erasure.Page
		for pages := 0; pages < 50 && err == nil; pages++ {
			page, err = s.Locate(t.Context(), ana, page.Next, 10)
		}
		return err
	}
	// It answers the same page again, or goes in a circle.
	failed(t, erasure.Broken, walk(open(t, answering(t, `{"type":"erasure.located.v1","items":[{"key":"s-1","values":{"name":null}}]}`))))

	// It invents a new record for every question.
	endless := &inventor{}
	bounded := func(c *httpstore.Config) { c.MaxLocated = 25 }
	failed(t, erasure.Broken, walk(open(t, serve(t, endless), bounded)))
	require.Equal(t, 26, endless.said)
}

// inventor answers one new record for every question.
type inventor struct {
	contract.Service
	said int
}

func (i *inventor) Locate(_ context.Context, _ contract.Locate) ([]contract.Item, error) {
	i.said++
	return []contract.Item{{Key: fmt.Sprintf("%09d", i.said), Values: map[string]any{"name": nil}}}, nil
}

func TestAnAnswerThatWasLostIsGivenAgain(t *testing.T) {
	t.Parallel()
	service, path := newsletter(t)
	require.NoError(t, service.Put("s-1", example.Subscriber{"email": "ana@example.test"}))
	lost := true
	real := serve(t, service)
	s := open(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !lost {
			real.ServeHTTP(w, r)
			return
		}
		lost = false
		real.ServeHTTP(httptest.NewRecorder(), r)
		panic(http.ErrAbortHandler) // The service did it, and the connection drops.
	}))
	_, err := s.Erase(t.Context(), order("s-1"))
	failed(t, erasure.Transient, err)

	erased := []erasure.Result{{Outcome: erasure.Erased}}
	results, err := s.Erase(t.Context(), order("s-1"))
	require.NoError(t, err)
	require.Equal(t, erased, results)

	again, err := example.Open(path) // The service, too, is started anew.
	require.NoError(t, err)
	results, err = open(t, serve(t, again)).Erase(t.Context(), order("s-1"))
	require.NoError(t, err)
	require.Equal(t, erased, results)
	other := order("s-1")
	other.ID = "o-2"
	results, err = s.Erase(t.Context(), other)
	require.NoError(t, err)
	require.Equal(t, erasure.Absent, results[0].Outcome, "another order did not erase it")
}

func TestAServiceThatIsSlowOrAwayIsTransient(t *testing.T) {
	t.Parallel()
	hung := make(chan struct{})
	s := open(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.WriteHeader(http.StatusOK)
		w.(http.Flusher).Flush() // The head comes, the body never does.
		<-hung
	}), func(c *httpstore.Config) { c.Timeout = 50 * time.Millisecond })
	t.Cleanup(func() { close(hung) })
	every(t, s, erasure.Transient)

	away := httptest.NewServer(http.NotFoundHandler())
	away.Close()
	every(t, open(t, nil, func(c *httpstore.Config) { c.URL = away.URL }), erasure.Transient)
	every(t, open(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		_, _ = io.Copy(w, bytes.NewReader([]byte("{")))
	})), erasure.Transient)
}

func TestNumbersComeAsTheyAreWritten(t *testing.T) {
	t.Parallel()
	page, err := open(t, answering(t, `{"type":"erasure.located.v1","items":[{"key":"s-1","values":{"name":9007199254740993}}]}`)).
		Locate(t.Context(), ana, "", 10)
	require.NoError(t, err)
	require.Equal(t, json.Number("9007199254740993"), page.Items[0].Values["name"])
}

func TestWhereAQuestionMayGo(t *testing.T) {
	t.Parallel()
	for address, allowed := range map[string]bool{
		"https://helpdesk.example.test/erasure": true, "http://localhost:8080": true, "http://127.0.0.1:1/x": true, "http://[::1]:1": true,
		"http://helpdesk.example.test": false, "http://127.0.0.1.example.test": false, "ftp://localhost": false, "": false, "localhost": false,
		"https://u:p@helpdesk.example.test": false, "https://helpdesk.example.test/?q=1": false, "https:helpdesk": false,
	} {
		_, err := httpstore.Open(httpstore.Config{URL: address, Secret: secretOf("a")})
		require.Equal(t, allowed, err == nil, address)
	}
	_, err := httpstore.Open(httpstore.Config{URL: "http://helpdesk.example.test", Secret: secretOf("a"), AllowPlain: true})
	require.NoError(t, err)
	for _, secret := range []string{"", "whsec_", "whsec_c2hvcnQ=", "plain", strings.TrimPrefix(secretOf("a"), "whsec_")} {
		_, err := httpstore.Open(httpstore.Config{URL: "https://helpdesk.example.test", Secret: secret})
		require.ErrorContains(t, err, "whsec_ and 24 to 64 bytes")
	}

	service, _ := newsletter(t)
	server := httptest.NewTLSServer(serve(t, service))
	t.Cleanup(server.Close)
	every(t, open(t, nil, func(c *httpstore.Config) { c.URL = server.URL }), erasure.Mismatch)
	trusted := x509.NewCertPool()
	trusted.AddCert(server.Certificate())
	_, err = open(t, nil, func(c *httpstore.Config) { c.URL, c.RootCAs = server.URL+"/", trusted }).Locate(t.Context(), ana, "", 10)
	require.NoError(t, err)
}
