package api

import (
	"bytes"
	"context"
	"encoding/json"
	"mime/multipart"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/audit"
	"github.com/atlascloudai/docket/core/problem"
	"github.com/atlascloudai/docket/desk"
)

// A command reaches the desk with who, which case, which key and what; the receipt comes back.
func TestCommandReachesTheDesk(t *testing.T) {
	t.Parallel()
	for _, ref := range []string{"INC-7K3F", theCase.String()} {
		b := setup(t)
		r := b.ask("POST", "/v1/cases/"+ref+"/triage", `{"severity":"high","suspected_breach":true}`, "Idempotency-Key", "key-0001")
		require.Equal(t, 200, r.StatusCode, string(r.body))
		require.Equal(t, "01960000-0000-7000-8000-0000000000f1", b.desk.actor.ID)
		require.Equal(t, theCase, b.desk.id)
		require.Equal(t, "key-0001", b.desk.key)
		require.Equal(t, desk.TriageInput{Severity: "high", SuspectedBreach: true}, b.desk.in)
		var done desk.Receipt
		require.NoError(t, json.Unmarshal(r.body, &done))
		require.Equal(t, "triage", done.Status)
	}
}

func TestCommandOnAPartReachesTheDesk(t *testing.T) {
	t.Parallel()
	b := setup(t)
	r := b.ask("POST", "/v1/cases/INC-7K3F/duties/01960000-0000-7000-8000-000000000009/waive", `{"exemption":"none","reason":"withdrawn"}`)
	require.Equal(t, 200, r.StatusCode, string(r.body))
	require.Equal(t, theCase, b.desk.id)
	require.Equal(t, "01960000-0000-7000-8000-000000000009", b.desk.part.String())
}

// A case that does not exist for the actor is not found, whatever is asked of it.
func TestUnknownCaseIsNotFound(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for _, path := range []string{"/v1/cases/INC-0000", "/v1/cases/INC-0000/duties", "/v1/cases/INC-0000/verify"} {
		require.Equal(t, "case not found", b.problem(b.ask("GET", path, ""), 404, problem.NotFound).Detail)
	}
	require.Equal(t, "case not found", b.problem(b.ask("POST", "/v1/cases/INC-0000/close", ""), 404, problem.NotFound).Detail)
}

// What makes a new thing says where it is, and is not made without a key.
func TestWhatMakesAThingNeedsAKey(t *testing.T) {
	t.Parallel()
	b := setup(t)
	file := `{"filed_at":"2026-06-01T10:00:00Z","zone":"UTC","how":"phone","reference":"r","receipt":"AAAA"}`
	for path, body := range map[string]string{
		"/v1/cases":                  `{"title":"x"}`,
		"/v1/cases/INC-7K3F/notices": `{}`,
		"/v1/cases/INC-7K3F/duties/01960000-0000-7000-8000-000000000009/file": file,
	} {
		p := b.problem(b.ask("POST", path, body), 400, problem.Invalid)
		require.Equal(t, "Idempotency-Key", p.Field)
	}
	require.Nil(t, b.desk.in)
	for _, key := range []string{"short", "with a space", strings.Repeat("x", 256), "ümlaut-key"} {
		p := b.problem(b.ask("POST", "/v1/cases", `{"title":"x"}`, "Idempotency-Key", key), 400, problem.Invalid)
		require.Equal(t, "Idempotency-Key", p.Field)
	}
	r := b.ask("POST", "/v1/cases", `{"title":"x"}`, "Idempotency-Key", "key-0001")
	require.Equal(t, 201, r.StatusCode)
	require.Equal(t, "/v1/cases/"+theCase.String(), r.Header.Get("Location"))
	r = b.ask("POST", "/v1/cases/INC-7K3F/notices", `{}`, "Idempotency-Key", "key-0001")
	require.Equal(t, 201, r.StatusCode)
	require.Equal(t, "/v1/cases/"+theCase.String()+"/notices/01960000-0000-7000-8000-0000000000aa", r.Header.Get("Location"))
	require.Equal(t, 200, b.ask("POST", "/v1/cases/INC-7K3F/duties/01960000-0000-7000-8000-000000000009/file", file, "Idempotency-Key", "key-0001").StatusCode)
}

// A text is edited only by whoever says which version they have read.
func TestEditNeedsTheVersionThatWasRead(t *testing.T) {
	t.Parallel()
	b := setup(t)
	read := b.ask("GET", "/v1/cases/INC-7K3F", "")
	require.Equal(t, `"3"`, read.Header.Get("ETag"))
	const body, notice = `{"title":"x","summary":""}`, `{"content":{"template":"t","template_version":1,"version":1,"languages":{},"fallback":"en"}}`
	p := b.problem(b.ask("PUT", "/v1/cases/INC-7K3F/summary", body), 428, PreconditionRequired)
	require.Equal(t, "If-Match", p.Field)
	b.problem(b.ask("PUT", "/v1/cases/INC-7K3F/notices/01960000-0000-7000-8000-000000000009", notice), 428, PreconditionRequired)
	for _, tag := range []string{`*`, `3`, `W/"3"`, `"x"`, `"-1"`, `"3", "4"`} {
		p := b.problem(b.ask("PUT", "/v1/cases/INC-7K3F/summary", body, "If-Match", tag), 400, problem.Invalid)
		require.Equal(t, "If-Match", p.Field)
	}
	require.Nil(t, b.desk.in)
	r := b.ask("PUT", "/v1/cases/INC-7K3F/summary", body, "If-Match", read.Header.Get("ETag"))
	require.Equal(t, 200, r.StatusCode)
	require.Equal(t, desk.SummaryInput{Title: "x", IfMatch: 3}, b.desk.in)
	require.Equal(t, `"4"`, r.Header.Get("ETag"))
	require.Equal(t, 200, b.ask("PUT", "/v1/cases/INC-7K3F/notices/01960000-0000-7000-8000-000000000009", notice, "If-Match", `"7"`).StatusCode)
	require.Equal(t, 7, b.desk.in.(desk.EditNoticeInput).IfMatch)
}

func TestListsArePagesAndNeverNull(t *testing.T) {
	t.Parallel()
	b := setup(t)
	r := b.ask("GET", "/v1/cases?status=active&cursor=abc&limit=7", "")
	require.JSONEq(t, `{"items":[]}`, string(r.body))
	require.Equal(t, []any{"active", "abc", 7}, b.desk.in)
	require.JSONEq(t, `{"items":[]}`, string(b.ask("GET", "/v1/cases/INC-7K3F/notices", "").body))
	b.ask("GET", "/v1/cases", "")
	require.Equal(t, []any{"", "", 50}, b.desk.in)
}

// A customer's reference may hold what an address has to escape.
func TestReferencesAreUnescaped(t *testing.T) {
	t.Parallel()
	b := setup(t)
	r := b.ask("GET", "/v1/customers/ACME%2FEU%20%26%20Co/agreements/incident-notice?service=vault", "")
	require.Equal(t, 200, r.StatusCode, string(r.body))
	require.Equal(t, []any{"ACME/EU & Co", "incident-notice", "vault"}, b.desk.in)
	require.NotContains(t, b.log.String(), "ACME")
	require.NotContains(t, b.log.String(), "vault")
}

// What was written by others runs nowhere and stays in no cache.
func TestAnswersAreDataOnly(t *testing.T) {
	t.Parallel()
	b := setup(t)
	r := b.ask("GET", "/v1/cases/INC-7K3F/duties/01960000-0000-7000-8000-000000000009/pack", "", "Accept", "text/html")
	require.Equal(t, 200, r.StatusCode)
	require.Contains(t, string(r.body), "DPA 7.2")
	require.Equal(t, "application/json", r.Header.Get("Content-Type"))
	require.Equal(t, "nosniff", r.Header.Get("X-Content-Type-Options"))
	require.Equal(t, "no-store", r.Header.Get("Cache-Control"))
	require.Contains(t, r.Header.Get("Content-Security-Policy"), "default-src 'none'")
}

// A quarantine ends only where the published heads can be read.
func TestReconcileNeedsThePublishedHeads(t *testing.T) {
	t.Parallel()
	const reason = `{"reason":"the old database is switched off"}`
	b := setup(t)
	b.problem(b.ask("POST", "/v1/reconcile", reason), 503, problem.Unavailable)
	require.Nil(t, b.desk.in)
	trail := audit.NewTrail(nil)
	b = setup(t, func(o *Options) { o.Published = func(context.Context) (*audit.Trail, error) { return trail, nil } })
	require.Equal(t, 204, b.ask("POST", "/v1/reconcile", reason).StatusCode)
	require.Equal(t, []any{"the old database is switched off", trail}, b.desk.in)
	b = setup(t, func(o *Options) { o.Published = func(context.Context) (*audit.Trail, error) { return nil, errInside } })
	b.problem(b.ask("POST", "/v1/reconcile", reason), 500, Internal)
}

// The files of an import come as a form or as JSON; the desk sees the same.
func TestImportTakesAFormOrJSON(t *testing.T) {
	t.Parallel()
	const path = "/v1/agreements/import"
	b := setup(t)
	var form bytes.Buffer
	writer := multipart.NewWriter(&form)
	part, err := writer.CreateFormFile("f", "customers.csv")
	require.NoError(t, err)
	_, err = part.Write([]byte("ref,name\n"))
	require.NoError(t, err)
	require.NoError(t, writer.Close())
	want := map[string][]byte{"customers.csv": []byte("ref,name\n")}

	r := b.ask("POST", path, form.String(), "Content-Type", writer.FormDataContentType())
	require.Equal(t, 200, r.StatusCode, string(r.body))
	require.Equal(t, want, b.desk.files)
	require.JSONEq(t, `{"imported":true,"errors":[],"gaps":[{"file":"customers.csv","line":3,"text":"give the customer a notice address"}],"contradictions":[]}`, string(r.body))

	b.desk.files = nil
	r = b.ask("POST", path, `{"files":{"customers.csv":"cmVmLG5hbWUK"}}`, "Content-Type", "application/json")
	require.Equal(t, 200, r.StatusCode, string(r.body))
	require.Equal(t, want, b.desk.files)

	for name, c := range map[string][2]string{
		"no files":       {"application/json", `{"files":{}}`},
		"not base64":     {"application/json", `{"files":{"a.csv":"!"}}`},
		"other field":    {"application/json", `{"files":{"a.csv":""},"x":1}`},
		"no parts":       {"multipart/form-data; boundary=x", "--x--\r\n"},
		"no form":        {"multipart/form-data; boundary=x", "hello"},
		"no boundary":    {"multipart/form-data", "hello"},
		"part, no name":  {"multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nb\r\n--x--\r\n"},
		"duplicate name": {"application/json", `{"files":{"a.csv":"","a.csv":""}}`},
	} {
		b.desk.files = nil
		b.problem(b.ask("POST", path, c[1], "Content-Type", c[0]), 400, problem.Invalid)
		require.Nil(t, b.desk.files, name)
	}
}
