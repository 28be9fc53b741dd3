package pager_test

import (
	"context"
	"encoding/base64"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/atlascloudai/docket/core/problem"
	"github.com/atlascloudai/docket/notifications"
	"github.com/atlascloudai/docket/notifications/pager"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func secretOf(letter string) string {
	return "whsec_" + base64.StdEncoding.EncodeToString([]byte(strings.Repeat(letter, 32)))
}

func sampleEvent() pager.Event {
	return pager.Event{
		ID: "raise-0192f0c1-7a4e-7c33", At: time.Date(2026, 11, 2, 9, 0, 0, 0, time.FixedZone("", 3600)),
		Kind: "deadline_near", Case: "INC-7K3F", CaseURL: "https://docket.example.com/cases/INC-7K3F",
		Milestone: "25%", Step: 2, Count: 37, DueAt: time.Date(2026, 11, 3, 9, 0, 0, 0, time.UTC),
	}
}

// received is one request as the receiver saw it.
type received struct {
	method string
	header http.Header
	body   []byte
}

// receiver is an on-call service that answers as it is told.
type receiver struct {
	*httptest.Server
	mu   sync.Mutex
	seen []received
}

func receive(t testing.TB, answer http.HandlerFunc) *receiver {
	t.Helper()
	r := &receiver{}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		body, _ := io.ReadAll(q.Body)
		r.mu.Lock()
		r.seen = append(r.seen, received{q.Method, q.Header.Clone(), body})
		r.mu.Unlock()
		answer(w, q)
	}))
	t.Cleanup(r.Close)
	return r
}

func status(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
}

func pagerTo(t testing.TB, address string, change func(*pager.Config)) *pager.Pager {
	t.Helper()
	cfg := pager.Config{URL: address, Secret: secretOf("a"), Timeout: 10 * time.Second, AllowPrivate: true}
	if change != nil {
		change(&cfg)
	}
	p, err := pager.New(cfg)
	require.NoError(t, err)
	return p
}

func TestAPageIsSignedAsStandardWebhooksPrescribes(t *testing.T) {
	t.Parallel()
	r := receive(t, status(http.StatusAccepted))
	answer := pagerTo(t, r.URL, nil).Page(context.Background(), sampleEvent())
	require.Equal(t, notifications.Accepted, answer.Outcome, answer.Reason)
	require.Equal(t, notifications.OK, answer.Class)
	require.Equal(t, 202, answer.Code)
	require.Equal(t, "202 Accepted", answer.Reply)
	require.Equal(t, "127.0.0.1", answer.Host)

	require.Len(t, r.seen, 1)
	got := r.seen[0]
	require.Equal(t, http.MethodPost, got.method)
	require.Equal(t, "application/json", got.header.Get("Content-Type"))
	require.Equal(t, sampleEvent().ID, got.header.Get("webhook-id"))
	oracle, err := standardwebhooks.NewWebhook(secretOf("a"))
	require.NoError(t, err)
	require.NoError(t, oracle.Verify(got.body, got.header))

	stranger, err := standardwebhooks.NewWebhook(secretOf("z"))
	require.NoError(t, err)
	require.Error(t, stranger.Verify(got.body, got.header))
	require.Error(t, oracle.Verify(append(got.body, ' '), got.header))
}

func TestDuringRotationBothSecretsVerify(t *testing.T) {
	t.Parallel()
	r := receive(t, status(http.StatusOK))
	verifies := func(secret string, got received) bool {
		oracle, err := standardwebhooks.NewWebhook(secret)
		require.NoError(t, err)
		return oracle.Verify(got.body, got.header) == nil
	}
	rotating := pagerTo(t, r.URL, func(c *pager.Config) { c.Secret, c.PreviousSecret = secretOf("n"), secretOf("o") })
	rotating.Page(context.Background(), sampleEvent())
	require.True(t, verifies(secretOf("n"), r.seen[0]))
	require.True(t, verifies(secretOf("o"), r.seen[0]))

	after := pagerTo(t, r.URL, func(c *pager.Config) { c.Secret = secretOf("n") })
	after.Page(context.Background(), sampleEvent())
	require.True(t, verifies(secretOf("n"), r.seen[1]))
	require.False(t, verifies(secretOf("o"), r.seen[1]), "the old secret has ended")
}

func TestEveryAttemptHasTheSameIdAndBody(t *testing.T) {
	t.Parallel()
	r := receive(t, status(http.StatusServiceUnavailable))
	p := pagerTo(t, r.URL, nil)
	for range 3 {
		require.Equal(t, notifications.Deferred, p.Page(context.Background(), sampleEvent()).Outcome)
	}
	for _, again := range r.seen[1:] {
		require.Equal(t, r.seen[0].body, again.body)
		require.Equal(t, r.seen[0].header.Get("webhook-id"), again.header.Get("webhook-id"))
	}
}

func TestThePageSaysWhatItMustAndNoMore(t *testing.T) {
	t.Parallel()
	body, err := sampleEvent().Body()
	require.NoError(t, err)
	require.JSONEq(t, `{"type":"docket.raise","timestamp":"2026-11-02T08:00:00Z","data":{
		"id":"raise-0192f0c1-7a4e-7c33","kind":"deadline_near","case":"INC-7K3F",
		"case_url":"https://docket.example.com/cases/INC-7K3F","milestone":"25%","step":2,"count":37,
		"due_at":"2026-11-03T09:00:00Z","drill":false,"restricted":false}}`, string(body))

	restricted := sampleEvent()
	restricted.Restricted = true
	body, err = restricted.Body()
	require.NoError(t, err)
	require.NotContains(t, string(body), "7K3F", "a restricted case does not exist for others")

	for field, change := range map[string]func(*pager.Event){
		"id":        func(e *pager.Event) { e.ID = "two words" },
		"at":        func(e *pager.Event) { e.At = time.Time{} },
		"kind":      func(e *pager.Event) { e.Kind = "Ada Example called" },
		"milestone": func(e *pager.Event) { e.Milestone = "line\nbreak" },
		"case":      func(e *pager.Event) { e.Case = "breach at Example Ltd" },
		"case_url":  func(e *pager.Event) { e.CaseURL = "https://docket.example.com/?token=abc" },
	} {
		event := sampleEvent()
		change(&event)
		_, err := event.Body()
		var refused *problem.Error
		require.ErrorAs(t, err, &refused, field)
		require.Equal(t, field, refused.Field)

		answer := pagerTo(t, "http://127.0.0.1:9", nil).Page(context.Background(), event)
		require.Equal(t, notifications.Refused, answer.Outcome, "the same event can never be sent")
	}
}

func TestAWrongConfigurationIsNamed(t *testing.T) {
	t.Parallel()
	good := pager.Config{URL: "https://pager.example.com/hook", Secret: secretOf("a")}
	_, err := pager.New(good)
	require.NoError(t, err)
	for name, c := range map[string]struct {
		field  string
		change func(*pager.Config)
	}{
		"plain http":       {"url", func(c *pager.Config) { c.URL = "http://pager.example.com/" }},
		"no host":          {"url", func(c *pager.Config) { c.URL = "https:///hook" }},
		"another scheme":   {"url", func(c *pager.Config) { c.URL = "file:///etc/passwd" }},
		"a user":           {"url", func(c *pager.Config) { c.URL = "https://127.0.0.1@pager.example.com/" }},
		"no secret":        {"secret", func(c *pager.Config) { c.Secret = "" }},
		"a short secret":   {"secret", func(c *pager.Config) { c.Secret = "whsec_c2hvcnQ=" }},
		"no prefix":        {"secret", func(c *pager.Config) { c.Secret = strings.TrimPrefix(secretOf("a"), "whsec_") }},
		"a broken old one": {"previous_secret", func(c *pager.Config) { c.PreviousSecret = "whsec_%%%" }},
	} {
		cfg := good
		c.change(&cfg)
		_, err := pager.New(cfg)
		var refused *problem.Error
		require.ErrorAs(t, err, &refused, name)
		require.Equal(t, c.field, refused.Field, name)
	}
}

func TestWithoutAnAddressNobodyIsPagedAndThatIsSaid(t *testing.T) {
	t.Parallel()
	p, err := pager.New(pager.Config{})
	require.NoError(t, err)
	answer := p.Page(context.Background(), sampleEvent())
	require.Equal(t, notifications.Deferred, answer.Outcome)
	require.Equal(t, notifications.Config, answer.Class)
}

func TestThePingIsOneGet(t *testing.T) {
	t.Parallel()
	r := receive(t, status(http.StatusOK))
	p, err := pager.New(pager.Config{AllowPrivate: true})
	require.NoError(t, err)
	require.Equal(t, notifications.Accepted, p.Ping(context.Background(), r.URL+"/alive").Outcome)
	require.Len(t, r.seen, 1)
	require.Equal(t, http.MethodGet, r.seen[0].method)
	require.Empty(t, r.seen[0].body)
	require.Empty(t, r.seen[0].header.Get("webhook-signature"))

	strict, err := pager.New(pager.Config{})
	require.NoError(t, err)
	answer := strict.Ping(context.Background(), r.URL)
	require.Equal(t, notifications.Config, answer.Class)
	require.Len(t, r.seen, 1)
}
