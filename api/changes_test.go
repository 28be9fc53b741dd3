package api

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/problem"
	"github.com/atlascloudai/docket/core/textdiff"
	"github.com/atlascloudai/docket/desk"
)

func (f *fakeDesk) OpenChange(_ context.Context, a access.Actor, key string, in desk.OpenChangeInput) (desk.Receipt, error) {
	r, err := f.note(a, key, uuid.Nil, in)
	r.ID = nil
	return r, err
}

func (f *fakeDesk) Change(_ context.Context, a access.Actor, id uuid.UUID) (desk.ChangeView, error) {
	f.actor, f.id = a, id
	return desk.ChangeView{ID: id, Code: "CHG-7K3F", Diff: textdiff.Between("kept\n7 days", "kept\n30 days")}, f.err
}

func (f *fakeDesk) Changes(_ context.Context, a access.Actor, in desk.ChangeFilter) (desk.Page[desk.ChangeSummary], error) {
	f.actor, f.in = a, in
	return desk.Page[desk.ChangeSummary]{}, f.err
}

func (f *fakeDesk) ChangeCustomers(_ context.Context, a access.Actor, id uuid.UUID, in desk.ChangeCustomersFilter) (desk.Page[desk.ChangeCustomerView], error) {
	f.actor, f.id, f.in = a, id, in
	return desk.Page[desk.ChangeCustomerView]{}, f.err
}

func (f *fakeDesk) May(_ context.Context, a access.Actor, in desk.MayInput) (desk.MayView, error) {
	f.actor, f.in = a, in
	return desk.MayView{Why: "the customer objected"}, f.err
}

func (f *fakeDesk) TestNotice(_ context.Context, a access.Actor, key string, id, part uuid.UUID, in desk.TestNoticeInput) (desk.Receipt, error) {
	f.part = part
	return f.note(a, key, id, in)
}

func (f *fakeDesk) EditChange(_ context.Context, a access.Actor, key string, id uuid.UUID, in desk.OpenChangeInput) (desk.Receipt, error) {
	return f.note(a, key, id, in)
}

func (f *fakeDesk) JudgeChange(_ context.Context, a access.Actor, key string, id uuid.UUID, in desk.JudgeInput) (desk.Receipt, error) {
	return f.note(a, key, id, in)
}

func (f *fakeDesk) HastenChange(_ context.Context, a access.Actor, key string, id uuid.UUID, in desk.HastenInput) (desk.Receipt, error) {
	return f.note(a, key, id, in)
}

func (f *fakeDesk) ReviseChange(_ context.Context, a access.Actor, key string, id uuid.UUID, in desk.ReasonInput) (desk.Receipt, error) {
	return f.note(a, key, id, in)
}

func (f *fakeDesk) ProlongChange(_ context.Context, a access.Actor, key string, id uuid.UUID, in desk.ProlongInput) (desk.Receipt, error) {
	return f.note(a, key, id, in)
}

func (f *fakeDesk) WithdrawChange(_ context.Context, a access.Actor, key string, id uuid.UUID, in desk.ReasonInput) (desk.Receipt, error) {
	return f.note(a, key, id, in)
}

func (f *fakeDesk) SubmitChange(_ context.Context, a access.Actor, key string, id uuid.UUID) (desk.Receipt, error) {
	return f.note(a, key, id, nil)
}

func (f *fakeDesk) CountAudience(_ context.Context, a access.Actor, key string, id uuid.UUID) (desk.Receipt, error) {
	return f.note(a, key, id, nil)
}

func (f *fakeDesk) ArchiveChange(_ context.Context, a access.Actor, key string, id uuid.UUID) (desk.Receipt, error) {
	return f.note(a, key, id, nil)
}

func (f *fakeDesk) TakeChange(_ context.Context, a access.Actor, key string, id uuid.UUID, ref string, in desk.ReasonInput) (desk.Receipt, error) {
	return f.note(a, key, id, []any{ref, in})
}

func (f *fakeDesk) RecordObjection(_ context.Context, a access.Actor, key string, id uuid.UUID, ref string, in desk.ObjectionInput) (desk.Receipt, error) {
	return f.note(a, key, id, []any{ref, in})
}

func (f *fakeDesk) EndObjection(_ context.Context, a access.Actor, key string, id uuid.UUID, ref string, in desk.EndObjectionInput) (desk.Receipt, error) {
	return f.note(a, key, id, []any{ref, in})
}

const (
	change   = `{"kind":"subprocessor","title":"t","summary":"s","subject":"sample-models","planned":"2027-02-01T00:00:00+01:00","send_by":"2026-12-20T12:00:00+01:00"}`
	theDraft = "/v1/changes/INC-7K3F"
)

// A notice of change is opened once for its key, and the answer says where it is.
func TestAChangeIsOpenedOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	p := b.problem(b.ask("POST", "/v1/changes", change), 400, problem.Invalid)
	require.Equal(t, "Idempotency-Key", p.Field)
	r := b.ask("POST", "/v1/changes", change, "Idempotency-Key", "my-key-0001")
	require.Equal(t, 201, r.StatusCode, string(r.body))
	require.Equal(t, "/v1/changes/"+theCase.String(), r.Header.Get("Location"))
	require.Equal(t, "my-key-0001", b.desk.key)
	opened := b.desk.in.(desk.OpenChangeInput)
	require.Equal(t, "sample-models", opened.Subject)
	require.True(t, opened.Planned.Equal(time.Date(2027, 1, 31, 23, 0, 0, 0, time.UTC)))
	require.Equal(t, 200, b.ask("PUT", theDraft, change).StatusCode)
	require.Equal(t, theCase, b.desk.id)
	for _, wrong := range []string{`{}`, `{"kind":"tax","title":"t","summary":"s","planned":"2027-02-01T00:00:00Z","send_by":"2026-12-20T12:00:00Z"}`,
		`{"kind":"policy","title":"t","summary":"s","planned":"tomorrow","send_by":"2026-12-20T12:00:00Z"}`} {
		b.problem(b.ask("PUT", theDraft, wrong), 400, problem.Invalid)
	}
}

// Every decision takes what it needs and nothing else, and finds its case by the code.
func TestDecisionsAboutAChange(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		what, body string
		in         any
		refused    []string
	}{
		{"submit", ``, nil, []string{`{"reason":"r"}`}},
		{"judge", `{"material":false,"reason":"a typing error"}`, desk.JudgeInput{Reason: "a typing error"}, []string{`{"reason":"r"}`, `{"material":true}`, `{"material":true,"reason":""}`}},
		{"hasten", `{"clause":"5.5","reason":"r"}`, desk.HastenInput{Clause: "5.5", Reason: "r"}, []string{`{"reason":"r"}`}},
		{"audience", ``, nil, []string{`{"customers":1}`}},
		{"revise", `{"reason":"r"}`, desk.ReasonInput{Reason: "r"}, []string{`{}`}},
		{"prolong", `{"send_by":"2027-01-20T11:00:00Z","reason":"r"}`, desk.ProlongInput{SendBy: time.Date(2027, 1, 20, 11, 0, 0, 0, time.UTC), Reason: "r"}, []string{`{}`, `{"reason":"r"}`}},
		{"withdraw", `{"reason":"r"}`, desk.ReasonInput{Reason: "r"}, []string{`{}`}},
		{"archive", ``, nil, []string{`{"reason":"r"}`}},
		{"customers/ACME%2F1/objection", `{"at":"2026-12-24T12:00:00Z","words":"no","evidence":"their letter"}`,
			[]any{"ACME/1", desk.ObjectionInput{At: time.Date(2026, 12, 24, 12, 0, 0, 0, time.UTC), Words: "no", Evidence: "their letter"}}, []string{`{"words":"no"}`}},
		{"customers/ACME-1/objection/end", `{"end":"waived","reason":"r"}`, []any{"ACME-1", desk.EndObjectionInput{End: "waived", Reason: "r"}}, []string{`{"end":"objected","reason":"r"}`}},
		{"customers/ACME-1/take", `{"reason":"r"}`, []any{"ACME-1", desk.ReasonInput{Reason: "r"}}, []string{`{}`}},
	} {
		b := setup(t)
		for _, body := range c.refused {
			b.problem(b.ask("POST", theDraft+"/"+c.what, body), 400, problem.Invalid)
			require.Empty(t, b.desk.actor.ID, c.what)
		}
		r := b.ask("POST", theDraft+"/"+c.what, c.body, "Idempotency-Key", "my-key-0001")
		require.Equal(t, 200, r.StatusCode, "%s: %s", c.what, r.body)
		require.Equal(t, c.in, b.desk.in, c.what)
		require.Equal(t, theCase, b.desk.id, c.what)
		require.Equal(t, "my-key-0001", b.desk.key, c.what)
		b.problem(b.ask("POST", theDraft+"/"+c.what, c.body, "Authorization", "Bearer "+machine), 403, problem.Forbidden)
		b.problem(b.ask("POST", "/v1/changes/CHG-0000/"+c.what, c.body), 404, problem.NotFound)
	}
}

func TestChangesAndTheirCustomersAreNarrowed(t *testing.T) {
	t.Parallel()
	b := setup(t)
	r := b.ask("GET", "/v1/changes?status=objection_window&kind=policy&cursor=x&limit=3", "")
	require.JSONEq(t, `{"items":[]}`, string(r.body))
	require.Equal(t, desk.ChangeFilter{Status: "objection_window", Kind: "policy", Cursor: "x", Limit: 3}, b.desk.in)
	r = b.ask("GET", theDraft+"/customers?state=objected&cursor=x&limit=3", "")
	require.JSONEq(t, `{"items":[]}`, string(r.body))
	require.Equal(t, desk.ChangeCustomersFilter{State: "objected", Cursor: "x", Limit: 3}, b.desk.in)
	require.Equal(t, theCase, b.desk.id)
	b.problem(b.ask("GET", theDraft+"/customers?state=happy", ""), 400, problem.Invalid)
	r = b.ask("GET", "/v1/changes/dates?kind=policy&planned=2027-02-01T00:00:00Z", "")
	require.Equal(t, 200, r.StatusCode, "the address of the dates is not a case: %s", r.body)
	require.Equal(t, 200, b.ask("GET", theDraft, "").StatusCode)
	b.problem(b.ask("GET", "/v1/changes/CHG-0000", ""), 404, problem.NotFound)
}

// The diff comes in lines and pieces, from which both versions can be put together again.
func TestADiffIsReadByMachinesToo(t *testing.T) {
	t.Parallel()
	b := setup(t)
	r := b.ask("GET", theDraft+"/diff", "")
	require.Equal(t, 200, r.StatusCode, string(r.body))
	var page desk.Page[textdiff.Line]
	require.NoError(t, json.Unmarshal(r.body, &page))
	require.Equal(t, textdiff.Between("kept\n7 days", "kept\n30 days"), page.Items)
	require.Contains(t, string(r.body), `{"op":"same","spans":[{"op":"same","text":"kept"}]}`)
}

// A gateway is a machine, asks by codes and is answered with the reason; an answer no is an answer.
func TestAGatewayAsks(t *testing.T) {
	t.Parallel()
	b := setup(t)
	r := b.ask("GET", "/v1/may?subject=sample-models&customer=ACME%2F1&service=chat", "", "Authorization", "Bearer "+machine)
	require.Equal(t, 200, r.StatusCode, string(r.body))
	require.JSONEq(t, `{"may":false,"why":"the customer objected"}`, string(r.body))
	require.Equal(t, desk.MayInput{Subject: "sample-models", Customer: "ACME/1", Service: "chat"}, b.desk.in)
	for _, missing := range []string{"subject=x", "customer=x", "subject=x&customer=", "subject=x&customer=y&provider=z"} {
		b.problem(b.ask("GET", "/v1/may?"+missing, ""), 400, problem.Invalid)
	}
}

// A test of a notice goes out once for its key: repeated, it would be another mail.
func TestATestOfANoticeIsSentOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	part := "01960000-0000-7000-8000-000000000009"
	path := "/v1/cases/INC-7K3F/notices/" + part + "/test"
	p := b.problem(b.ask("POST", path, `{"address":"counsel@example.com"}`), 400, problem.Invalid)
	require.Equal(t, "Idempotency-Key", p.Field)
	r := b.ask("POST", path, `{"address":"counsel@example.com","recipient":2}`, "Idempotency-Key", "my-key-0001")
	require.Equal(t, 200, r.StatusCode, string(r.body))
	require.Equal(t, desk.TestNoticeInput{Address: "counsel@example.com", Recipient: 2}, b.desk.in)
	require.Equal(t, part, b.desk.part.String())
}
