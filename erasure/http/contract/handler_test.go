package contract_test

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/estate"
	"github.com/atlascloudai/docket/erasure"
	"github.com/atlascloudai/docket/erasure/http/contract"
)

func secretOf(letter string) string {
	return "whsec_" + base64.StdEncoding.EncodeToString([]byte(strings.Repeat(letter, 32)))
}

// counting is a service that counts what reached it and answers for every key.
type counting struct {
	calls int
	err   error
}

func (c *counting) Locate(context.Context, contract.Locate) ([]contract.Item, error) {
	c.calls++
	return nil, c.err
}

func (c *counting) Erase(_ context.Context, order contract.Order) ([]contract.Result, error) {
	c.calls++
	results := make([]contract.Result, len(order.Keys))
	for i, key := range order.Keys {
		results[i] = contract.Result{Key: key, Outcome: erasure.Erased}
	}
	return results, c.err
}

func (c *counting) Verify(_ context.Context, order contract.Order) ([]contract.Finding, error) {
	c.calls++
	findings := make([]contract.Finding, len(order.Keys))
	for i, key := range order.Keys {
		findings[i] = contract.Finding{Key: key, State: erasure.Gone}
	}
	return findings, c.err
}

var collections = []contract.Collection{{Name: "notes", Fields: []contract.Field{
	{Name: "email", Searchable: true, Masks: []estate.MaskWith{estate.Null}}, {Name: "text"},
}}}

const (
	locate = `{"type":"erasure.locate.v1","collection":"notes","matches":[{"field":"email","values":["ana@example.test"]}],"fields":["text"],"after":"","limit":10}`
	erase  = `{"type":"erasure.erase.v1","order":"o-1","collection":"notes","mask":[],"keys":["n-1"]}`
	verify = `{"type":"erasure.verify.v1","order":"o-1","collection":"notes","mask":[],"keys":["n-1"]}`
)

// bench is a handler with a service, and whoever asks it.
type bench struct {
	t       *testing.T
	service *counting
	handler http.Handler
}

func newBench(t *testing.T) bench {
	service := &counting{}
	handler, err := contract.Handler(collections, service, secretOf("a"))
	require.NoError(t, err)
	return bench{t, service, handler}
}

// ask signs a body under an id, and may spoil the request.
func (b bench) ask(id, path, body string, spoil ...func(*http.Request)) *httptest.ResponseRecorder {
	method := http.MethodPost
	if path == contract.PathCollections {
		method = http.MethodGet
	}
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	sign(b.t, r.Header, "a", id, time.Now(), body)
	for _, spoil := range spoil {
		spoil(r)
	}
	w := httptest.NewRecorder()
	b.handler.ServeHTTP(w, r)
	require.NotContains(b.t, w.Body.String(), "ana@example.test")
	return w
}

// sign signs with the specification's own library, as any other client would.
func sign(t *testing.T, header http.Header, letter, id string, at time.Time, body string) {
	wh, err := standardwebhooks.NewWebhook(secretOf(letter))
	require.NoError(t, err)
	signature, err := wh.Sign(id, at, []byte(body))
	require.NoError(t, err)
	keys, err := contract.NewKeys(secretOf(letter))
	require.NoError(t, err)
	keys.Sign(header, id, at, []byte(body))
	require.Equal(t, signature, header.Get("webhook-signature"))
}

func TestOnlyWhatIsSignedNowReachesTheService(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	at := func(letter string, off time.Duration) func(*http.Request) {
		return func(r *http.Request) { sign(t, r.Header, letter, "m-1", time.Now().Add(off), erase) }
	}
	for name, spoil := range map[string]func(*http.Request){
		"unsigned":          func(r *http.Request) { r.Header.Del("webhook-signature") },
		"another secret":    at("b", 0),
		"a slow clock":      at("a", -6*time.Minute),
		"a fast clock":      at("a", 6*time.Minute),
		"another time":      func(r *http.Request) { r.Header.Set("webhook-timestamp", "1") },
		"another id":        func(r *http.Request) { r.Header.Set("webhook-id", "m-2") },
		"another body":      func(r *http.Request) { r.Body = http.NoBody },
		"an empty id":       func(r *http.Request) { sign(t, r.Header, "a", "", time.Now(), erase) },
		"another algorithm": func(r *http.Request) { r.Header.Set("webhook-signature", "v0,"+strings.Repeat("A", 44)) },
	} {
		w := b.ask("m-1", contract.PathErase, erase, spoil)
		require.Equal(t, http.StatusUnauthorized, w.Code, name)
		require.Empty(t, w.Header().Get("webhook-signature"), name)
	}
	require.Zero(t, b.service.calls)
	require.Equal(t, http.StatusOK, b.ask("m-1", contract.PathErase, erase).Code)
	require.Equal(t, http.StatusOK, b.ask("m-2", contract.PathErase, erase, func(r *http.Request) {
		sign(t, r.Header, "a", "m-2", time.Now().Add(-4*time.Minute), erase)
	}).Code, "a clock may be four minutes off")
}

func TestAnIdIsGoodForOneMessage(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	require.Equal(t, http.StatusOK, b.ask("m-1", contract.PathErase, erase).Code)
	require.Equal(t, http.StatusConflict, b.ask("m-1", contract.PathErase, erase).Code, "played again")
	require.Equal(t, http.StatusConflict, b.ask("m-1", contract.PathVerify, verify).Code, "another body under the same id")
	require.Equal(t, 1, b.service.calls)
}

func TestAnIdIsKeptForAsLongAsItsMessageIsBelieved(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.ask("begins a generation of ids", contract.PathErase, erase)
		time.Sleep(2 * contract.Tolerance)
		header := http.Header{}
		sign(t, header, "a", "m-1", time.Now().Add(contract.Tolerance), erase) // by a fast clock
		again := func(r *http.Request) { r.Header = header.Clone() }
		require.Equal(t, http.StatusOK, b.ask("m-1", contract.PathErase, erase, again).Code)
		time.Sleep(time.Second)
		b.ask("begins the next", contract.PathErase, erase)
		time.Sleep(2*contract.Tolerance - time.Second)
		require.Equal(t, http.StatusConflict, b.ask("m-1", contract.PathErase, erase, again).Code, "believed, and known")
		time.Sleep(time.Second)
		require.Equal(t, http.StatusUnauthorized, b.ask("m-1", contract.PathErase, erase, again).Code, "no longer believed")
	})
}

func TestAMessageIsGoodForItsOwnPathOnly(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for path, body := range map[string]string{
		contract.PathErase: verify, contract.PathVerify: erase, contract.PathLocate: erase, contract.PathCollections: erase,
	} {
		require.Equal(t, http.StatusUnprocessableEntity, b.ask(path, path, body).Code, path)
	}
	require.Equal(t, http.StatusUnprocessableEntity, b.ask("m-1", contract.PathErase, "").Code)
	require.Equal(t, http.StatusNotFound, b.ask("m-2", "/other", erase).Code)
	require.Equal(t, http.StatusMethodNotAllowed, b.ask("m-3", contract.PathErase, erase, func(r *http.Request) { r.Method = http.MethodGet }).Code)
	require.Zero(t, b.service.calls)
}

func TestNonsenseDoesNotReachTheService(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for i, change := range []struct {
		path, body, old, new string
		status               int
	}{
		{contract.PathLocate, locate, `"notes"`, `"letters"`, 404},
		{contract.PathErase, erase, `"notes"`, `"letters"`, 404},
		{contract.PathVerify, verify, `"notes"`, `""`, 404},
		{contract.PathLocate, locate, `["ana@example.test"]`, `[]`, 422},
		{contract.PathLocate, locate, `["ana@example.test"]`, `["ana@example.test",""]`, 422},
		{contract.PathLocate, locate, `[{"field":"email","values":["ana@example.test"]}]`, `[]`, 422},
		{contract.PathLocate, locate, `"field":"email"`, `"field":"text"`, 422},
		{contract.PathLocate, locate, `["text"]`, `["password"]`, 422},
		{contract.PathLocate, locate, `"limit":10`, `"limit":0`, 422},
		{contract.PathLocate, locate, `"limit":10`, `"limit":1001`, 422},
		{contract.PathLocate, locate, `"limit":10`, `"limit":10,"all":true`, 422},
		{contract.PathErase, erase, `"o-1"`, `""`, 422},
		{contract.PathErase, erase, `"mask":[],`, ``, 422}, // What was forgotten must not mean to delete.
		{contract.PathErase, erase, `"mask":[]`, `"mask":[{"field":"email","with":"hash"}]`, 422},
		{contract.PathErase, erase, `"mask":[]`, `"mask":[{"field":"text","with":"null"}]`, 422},
		{contract.PathErase, erase, `["n-1"]`, `[]`, 422},
		{contract.PathErase, erase, `["n-1"]`, `[""]`, 422},
		{contract.PathErase, erase, `["n-1"]`, `["n-1"` + strings.Repeat(`,"n-1"`, 1000) + `]`, 422},
		{contract.PathErase, erase, `["n-1"]`, `["` + strings.Repeat("k", contract.MaxBody) + `"]`, 413},
	} {
		body := strings.Replace(change.body, change.old, change.new, 1)
		require.NotEqual(t, change.body, body)
		require.Equal(t, change.status, b.ask(string(rune('a'+i)), change.path, body).Code, "%.200s", body)
	}
	require.Zero(t, b.service.calls)
}

func TestAServiceThatFailsIsNoAnswer(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.service.err = errors.New("no connection for ana@example.test")
	w := b.ask("m-1", contract.PathErase, erase)
	require.Equal(t, http.StatusInternalServerError, w.Code)
	require.Empty(t, w.Header().Get("webhook-signature"))
}
