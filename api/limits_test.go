package api

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/problem"
	"github.com/atlascloudai/docket/desk"
)

// A body over its limit is refused, declared or not; only bulk input may be large.
func TestBodyIsBounded(t *testing.T) {
	t.Parallel()
	b := setup(t, func(o *Options) { o.BodyLimit = 3 << 20 })
	big := `{"recovery":"` + strings.Repeat("x", ordinaryBody) + `"}`
	b.problem(b.ask("POST", "/v1/cases/INC-7K3F/resolve", big), 413, problem.TooLarge)
	b.problem(b.ask("POST", "/v1/cases/INC-7K3F/resolve", big, "Transfer-Encoding", "chunked"), 413, problem.TooLarge)
	wave := `{"parties":[` + strings.Repeat(`{"customer":"ACME-1","touched":["customer_content"]},`, 30_000) + `{"customer":"ACME-1","touched":["customer_content"]}]}`
	require.Greater(t, len(wave), ordinaryBody)
	r := b.ask("POST", "/v1/cases/INC-7K3F/parties", wave)
	require.Equal(t, 200, r.StatusCode)
	require.Len(t, b.desk.in.(desk.PartiesInput).Parties, 30_001)
	b.problem(b.ask("POST", "/v1/cases/INC-7K3F/parties", strings.Repeat(" ", 3<<20)+"{}"), 413, problem.TooLarge)
}

// Nesting costs stack and time in every decoder behind us; it ends at the first one too many.
func TestDeepNestingIsRefusedQuickly(t *testing.T) {
	t.Parallel()
	b := setup(t)
	began := time.Now()
	p := b.problem(b.ask("POST", "/v1/cases/INC-7K3F/parties", strings.Repeat(`{"parties":[`, 100_000)), 400, problem.Invalid)
	require.Contains(t, p.Detail, "deeper")
	require.Less(t, time.Since(began), 2*time.Second)
}

func TestOtherMediaTypesAreRefused(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for _, kind := range []string{"text/plain", "application/xml", "application/x-www-form-urlencoded", "application/json; charset=utf-16", "nonsense;;"} {
		b.problem(b.ask("POST", triagePath, "{}", "Content-Type", kind), 415, UnsupportedMediaType)
	}
	require.Equal(t, 200, b.ask("POST", triagePath, "{}", "Content-Type", "application/json; charset=UTF-8").StatusCode)
}

// X-Forwarded-For is believed from named proxies only; by default there is none.
func TestProxiesAreTrustedByNameOnly(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		proxies []string
		want    string
	}{
		{nil, "192.0.2.1"},
		{[]string{}, "192.0.2.1"},
		{[]string{"198.51.100.0/24"}, "192.0.2.1"},
		{[]string{"192.0.2.0/24"}, "203.0.113.9"},
	} {
		e := engine(c.proxies)
		e.GET("/", func(g *gin.Context) { g.String(200, g.ClientIP()) })
		request := httptest.NewRequest("GET", "/", nil)
		request.RemoteAddr = "192.0.2.1:4711"
		request.Header.Set("X-Forwarded-For", "203.0.113.9")
		request.Header.Set("X-Real-Ip", "203.0.113.8")
		recorder := httptest.NewRecorder()
		e.ServeHTTP(recorder, request)
		require.Equal(t, c.want, recorder.Body.String(), "%v", c.proxies)
	}
	require.Panics(t, func() { engine([]string{"not an address"}) })
}

// The log has the route, the status and ids; never the address, the query, the body or a handle.
func TestLogHasNoPersonalData(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.ask("GET", "/v1/cases/INC-7K3F?cursor=mallory%40example.com", "")
	b.ask("POST", "/v1/cases", `{"title":"Mallory"}`, "Idempotency-Key", "key-0001", "User-Agent", "Mallory")
	log := b.log.String()
	require.Contains(t, log, `"route":"/v1/cases/:case"`)
	require.Contains(t, log, `"actor":"01960000-0000-7000-8000-0000000000f1"`)
	for _, personal := range []string{"allory", "a.example", "127.0.0.1", "INC-7K3F", "key-0001"} {
		require.NotContains(t, log, personal)
	}
}

func TestHealthSaysNoMoreThanItMust(t *testing.T) {
	t.Parallel()
	schema := errors.New("schema 12 is newer than this program knows")
	b := setup(t, func(o *Options) { o.Ready = func(context.Context) error { return schema } })
	require.JSONEq(t, `{"status":"ok"}`, string(b.ask("GET", "/healthz", "", "Authorization", "").body))
	r := b.ask("GET", "/readyz", "", "Authorization", "")
	require.Equal(t, 503, r.StatusCode)
	require.JSONEq(t, `{"ready":false,"database":"ok","schema":"unfit","quarantined":false}`, string(r.body))

	b = setup(t)
	b.desk.quarantine = "another system_identifier"
	r = b.ask("GET", "/readyz", "", "Authorization", "")
	require.Equal(t, 200, r.StatusCode)
	require.JSONEq(t, `{"ready":true,"database":"ok","schema":"ok","quarantined":true}`, string(r.body))

	b.desk.ping = errInside
	r = b.ask("GET", "/readyz", "", "Authorization", "")
	require.Equal(t, 503, r.StatusCode)
	require.JSONEq(t, `{"ready":false,"database":"away","schema":"unknown","quarantined":false}`, string(r.body))
	require.Equal(t, 200, b.ask("GET", "/healthz", "", "Authorization", "").StatusCode)
}

// A client that never finishes its request is let go of.
func TestSlowClientsAreLetGo(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	server := Server(listener.Addr().String(), New(Options{Desk: &fakeDesk{}}), 200*time.Millisecond, slog.New(slog.DiscardHandler))
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	t.Cleanup(func() {
		require.NoError(t, server.Close())
		require.ErrorIs(t, <-served, http.ErrServerClosed)
	})
	client, err := net.Dial("tcp", listener.Addr().String())
	require.NoError(t, err)
	defer client.Close()
	require.NoError(t, client.SetDeadline(time.Now().Add(10*time.Second)))
	_, err = fmt.Fprintf(client, "POST %s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Length: 100\r\n\r\n{", triagePath, anyone)
	require.NoError(t, err)
	answer, err := http.ReadResponse(bufio.NewReader(client), nil)
	require.NoError(t, err)
	require.Equal(t, 503, answer.StatusCode)
	_, err = io.Copy(io.Discard, client)
	require.NoError(t, err, "the connection was not closed")
}

func TestMetricsAreCountsAndAges(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.ask("GET", "/v1/cases", "")
	require.Equal(t, 404, b.ask("GET", "/metrics", "").StatusCode, "the public listener has no metrics")
	b.desk.status = desk.StatusView{}
	scrape := func() string {
		recorder := httptest.NewRecorder()
		Metrics(b.desk).ServeHTTP(recorder, httptest.NewRequest("GET", "/metrics", nil))
		require.Equal(t, 200, recorder.Code)
		return recorder.Body.String()
	}
	text := scrape()
	require.Contains(t, text, "docket_database_up 1")
	require.Contains(t, text, `docket_http_requests_total{method="GET",route="/v1/cases",status="200"}`)
	require.Contains(t, text, "docket_oldest_unheard_bell_seconds 0")
	b.desk.err = errInside
	text = scrape()
	require.Contains(t, text, "docket_database_up 0")
	require.NotContains(t, text, "docket_oldest_unheard_bell_seconds 0")
}
