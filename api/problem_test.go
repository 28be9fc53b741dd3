package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/problem"
)

const triagePath = "/v1/cases/01960000-0000-7000-8000-000000000001/triage"

// Every refusal of the desk comes out as one status and one code.
func TestEveryCodeHasItsStatus(t *testing.T) {
	t.Parallel()
	for code, want := range map[problem.Code]struct {
		status int
		wait   string
	}{
		problem.Invalid:         {400, ""},
		problem.Unauthenticated: {401, ""},
		problem.Forbidden:       {403, ""},
		problem.NotFound:        {404, ""},
		problem.Conflict:        {409, ""},
		problem.InFlight:        {409, "1"},
		problem.Mismatch:        {422, ""},
		problem.Stale:           {412, ""},
		problem.TooLarge:        {413, ""},
		problem.RateLimited:     {429, "1"},
		problem.Unavailable:     {503, "5"},
	} {
		t.Run(string(code), func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			b.desk.err = problem.New(code, "the remedy")
			r := b.ask("POST", triagePath, `{"severity":"high"}`)
			require.Equal(t, "the remedy", b.problem(r, want.status, code).Detail)
			require.Equal(t, want.wait, r.Header.Get("Retry-After"))
		})
	}
}

// A conflict names every blocker, so that a person and a program can remove it.
func TestConflictNamesItsBlockers(t *testing.T) {
	t.Parallel()
	b := setup(t)
	blockers := []problem.Blocker{{Code: "open_duties", Detail: "three duties are open; meet or waive them", Ref: "01960000-0000-7000-8000-000000000009", Count: 3}}
	b.desk.err = fmt.Errorf("cannot close: %w", problem.Blocked(blockers...))
	p := b.problem(b.ask("POST", "/v1/cases/"+theCase.String()+"/close", ""), 409, problem.Conflict)
	require.Empty(t, p.Field)
	require.Equal(t, blockers, p.Blockers)
}

func TestRetryAfterIsTheRefusalsOwnRoundedUp(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.desk.err = &problem.Error{Code: problem.RateLimited, Detail: "slower", RetryAfter: 2500 * time.Millisecond}
	require.Equal(t, "3", b.ask("POST", triagePath, "{}").Header.Get("Retry-After"))
}

// What is no refusal says nothing of its cause to the caller, and all of it to the log.
func TestInternalErrorsStayInside(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.desk.err = errInside
	r := b.ask("POST", triagePath, "{}")
	p := b.problem(r, 500, Internal)
	require.Equal(t, "internal error", p.Detail)
	require.NotContains(t, string(r.body), "db-7")
	require.Contains(t, b.log.String(), "db-7.internal")
	require.Contains(t, b.log.String(), r.Header.Get("Request-Id"))
}

// A panic is an internal error too; the log has where, and not what the value quotes.
func TestPanicIsAnInternalError(t *testing.T) {
	t.Parallel()
	b := setup(t)
	// The fake has no such method: the call goes through a nil interface.
	r := b.ask("GET", "/v1/feed", "")
	b.problem(r, 500, Internal)
	require.Contains(t, b.log.String(), `"panic"`)
	require.Contains(t, b.log.String(), "nil pointer")
}

func TestTooSlowIsUnavailable(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.desk.err = fmt.Errorf("cannot triage: %w", context.DeadlineExceeded)
	b.problem(b.ask("POST", triagePath, "{}"), 503, problem.Unavailable)
}

func TestUnknownAddressAndMethod(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.problem(b.ask("GET", "/v1/nothing", ""), 404, problem.NotFound)
	r := b.ask("DELETE", "/v1/cases", "")
	b.problem(r, 405, MethodNotAllowed)
	require.Contains(t, r.Header.Get("Allow"), http.MethodPost)
	b.problem(b.ask("GET", "/v1/cases/", ""), 404, problem.NotFound)
}

// What huma refuses reads like what the desk refuses, and names the field in the same way.
func TestInputIsRefusedByField(t *testing.T) {
	t.Parallel()
	const open, parties = "/v1/cases", "/v1/cases/INC-7K3F/parties"
	for name, c := range map[string]struct {
		method, path, body, field, says string
	}{
		"missing":           {"POST", open, `{}`, "title", "is required"},
		"no body":           {"POST", open, ``, "title", "is required"},
		"too long":          {"POST", open, `{"title":"` + strings.Repeat("x", 201) + `"}`, "title", "length <= 200"},
		"not of the enum":   {"POST", open, `{"title":"x","severity":"purple"}`, "severity", "one of"},
		"unknown":           {"POST", open, `{"title":"x","status":"closed"}`, "status", "is not a field"},
		"wrong case":        {"POST", open, `{"title":"x","Title":"y"}`, "Title", "is not a field"},
		"wrong type":        {"POST", open, `{"title":7}`, "title", "expected string"},
		"time without zone": {"POST", open, `{"title":"x","detected_at":"2026-06-01T10:00:00"}`, "detected_at", "RFC 3339"},
		"nested":            {"POST", parties, `{"parties":[{"touched":["availability"]},{"touched":[]}]}`, "parties[1].touched", ">= 1"},
		"nested missing":    {"POST", parties, `{"parties":[{}]}`, "parties[0].touched", "is required"},
		"nested unknown":    {"POST", parties, `{"parties":[{"touched":["availability"],"deadline":"x"}]}`, "parties[0].deadline", "is not a field"},
		"number too large":  {"POST", parties, `{"parties":[{"touched":["availability"],"numbers":{"people":1e30}}]}`, "parties.numbers", "cannot be kept"},
		"uuid in the body":  {"POST", "/v1/cases/INC-7K3F/duties/decide", `{"required":true,"reason":"r","duties":["x"]}`, "duties[0]", "uuid"},
		"uuid in the path":  {"POST", "/v1/cases/INC-7K3F/duties/x/waive", `{"exemption":"e","reason":"r"}`, "id", "invalid"},
		"query":             {"GET", "/v1/cases?limit=0", ``, "limit", ">= 1"},
		"query unknown":     {"GET", "/v1/cases?limti=3", ``, "limti", "unknown query parameter"},
		"base64":            {"POST", "/v1/cases/INC-7K3F/duties/01960000-0000-7000-8000-000000000009/file", `{"filed_at":"2026-06-01T10:00:00Z","zone":"UTC","how":"phone","reference":"r","receipt":"!!"}`, "receipt", "base64"},
		"not an object":     {"POST", open, `[]`, "", "expected object"},
		"duplicate":         {"POST", open, `{"title":"x","title":"y"}`, "title", "given twice"},
		"duplicate, nested": {"POST", parties, `{"parties":[{"touched":[]},{"kind":"group","kind":"customer"}]}`, "parties[1].kind", "given twice"},
		"not a number":      {"POST", open, `{"title":NaN}`, "title", "not valid JSON"},
		"endless number":    {"POST", open, `{"title":1e400}`, "title", "number"},
		"cut off":           {"POST", open, `{"title":"x"`, "title", "early"},
		"two values":        {"POST", open, `{"title":"x"}{}`, "", "more than one"},
		"not UTF-8":         {"POST", open, "{\"title\":\"\xff\"}", "", "UTF-8"},
		"a zero":            {"POST", open, `{"title":"a\u0000b"}`, "title", "U+0000"},
		"address not UTF-8": {"GET", "/v1/cases/%ff", ``, "", "UTF-8"},
		"address with zero": {"GET", "/v1/cases?status=%00", ``, "", "UTF-8"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			p := b.problem(b.ask(c.method, c.path, c.body, "Idempotency-Key", "0123456789"), 400, problem.Invalid)
			require.Equal(t, c.field, p.Field, "%+v", p)
			require.Contains(t, p.Detail, c.says)
			if c.field != "" && p.Errors != nil {
				require.Equal(t, c.field, p.Errors[0].Field)
			}
			require.Nil(t, b.desk.in, "the desk was asked")
		})
	}
}

// A refused bulk request names the first faults and how many there are.
func TestManyFaultsMakeAShortProblem(t *testing.T) {
	t.Parallel()
	b := setup(t)
	list := make([]struct{}, 500)
	body, err := json.Marshal(map[string]any{"parties": list})
	require.NoError(t, err)
	p := b.problem(b.ask("POST", "/v1/cases/INC-7K3F/parties", string(body)), 400, problem.Invalid)
	require.Len(t, p.Errors, mostErrors)
	require.Contains(t, p.Detail, "and 499 more")
}
