package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/audit"
	"github.com/atlascloudai/docket/core/changelog"
	"github.com/atlascloudai/docket/core/duty/sheet"
	"github.com/atlascloudai/docket/core/letters"
	"github.com/atlascloudai/docket/core/problem"
	"github.com/atlascloudai/docket/desk"
)

// The tokens that the fake desk knows.
const (
	anyone  = "dkt_anyone_secret"  // a person with every scope
	nothing = "dkt_nothing_secret" // a person with no scope
	machine = "dkt_machine_secret" // a machine with every scope
)

// theCase is the one case that exists, under the code INC-7K3F.
var theCase = uuid.MustParse("01960000-0000-7000-8000-000000000001")

// fakeDesk answers what the desk would, as far as a test needs it; any other call panics.
type fakeDesk struct {
	Desk
	// err is what every command and read is refused with, if set.
	err error
	// The last call.
	actor access.Actor
	key   string
	id    uuid.UUID
	part  uuid.UUID
	in    any
	files map[string][]byte
	// hold keeps an export until it returns.
	hold func()

	// stands is whether mailed links can be used, codes what was tried.
	stands bool
	codes  []string

	// log is what is public, logAsked how often it was asked for.
	log      changelog.Log
	logAsked int

	quarantine string
	ping       error
	status     desk.StatusView
}

func (f *fakeDesk) note(actor access.Actor, key string, id uuid.UUID, in any) (desk.Receipt, error) {
	f.actor, f.key, f.id, f.in = actor, key, id, in
	made := uuid.MustParse("01960000-0000-7000-8000-0000000000aa")
	return desk.Receipt{Case: theCase, Code: "INC-7K3F", Status: "triage", Entry: 2, ID: &made}, f.err
}

func (f *fakeDesk) Authenticate(_ context.Context, token string) (access.Actor, error) {
	person := access.Actor{ID: "01960000-0000-7000-8000-0000000000f1", Kind: access.Person, Handle: "a.example", Roles: access.Roles(), Scopes: access.Scopes()}
	switch token {
	case anyone:
		return person, nil
	case machine:
		person.Kind = access.Machine
		return person, nil
	case nothing:
		person.Scopes = nil
		return person, nil
	}
	return access.Actor{}, problem.New(problem.Unauthenticated, "the token is not valid")
}

func (f *fakeDesk) Open(_ context.Context, a access.Actor, key string, in desk.OpenInput) (desk.Receipt, error) {
	return f.note(a, key, uuid.Nil, in)
}

func (f *fakeDesk) Triage(_ context.Context, a access.Actor, key string, id uuid.UUID, in desk.TriageInput) (desk.Receipt, error) {
	return f.note(a, key, id, in)
}

func (f *fakeDesk) RecordParties(_ context.Context, a access.Actor, key string, id uuid.UUID, in desk.PartiesInput) (desk.Receipt, error) {
	return f.note(a, key, id, in)
}

func (f *fakeDesk) Close(_ context.Context, a access.Actor, key string, id uuid.UUID, in desk.CloseInput) (desk.Receipt, error) {
	return f.note(a, key, id, in)
}

func (f *fakeDesk) DecideDuties(_ context.Context, a access.Actor, key string, id uuid.UUID, in desk.DecideInput) (desk.Receipt, error) {
	return f.note(a, key, id, in)
}

func (f *fakeDesk) EditSummary(_ context.Context, a access.Actor, key string, id uuid.UUID, in desk.SummaryInput) (desk.Receipt, error) {
	r, err := f.note(a, key, id, in)
	r.Version = in.IfMatch + 1
	return r, err
}

func (f *fakeDesk) RuleOutParty(_ context.Context, a access.Actor, key string, id, part uuid.UUID, in desk.ReasonInput) (desk.Receipt, error) {
	f.part = part
	return f.note(a, key, id, in)
}

func (f *fakeDesk) WaiveDuty(_ context.Context, a access.Actor, key string, id, part uuid.UUID, in desk.WaiveInput) (desk.Receipt, error) {
	f.part = part
	return f.note(a, key, id, in)
}

func (f *fakeDesk) FileByHand(_ context.Context, a access.Actor, key string, id, part uuid.UUID, in desk.FileInput) (desk.Receipt, error) {
	f.part = part
	return f.note(a, key, id, in)
}

func (f *fakeDesk) DraftNotice(_ context.Context, a access.Actor, key string, id uuid.UUID, in desk.NoticeInput) (desk.Receipt, error) {
	return f.note(a, key, id, in)
}

func (f *fakeDesk) EditNotice(_ context.Context, a access.Actor, key string, id, part uuid.UUID, in desk.EditNoticeInput) (desk.Receipt, error) {
	f.part = part
	return f.note(a, key, id, in)
}

func (f *fakeDesk) Case(_ context.Context, a access.Actor, ref string) (desk.CaseView, error) {
	f.actor = a
	if f.err != nil {
		return desk.CaseView{}, f.err
	}
	if ref != "INC-7K3F" && ref != theCase.String() {
		return desk.CaseView{}, access.NoCase()
	}
	return desk.CaseView{ID: theCase, Code: "INC-7K3F", SummaryVersion: 3}, nil
}

func (f *fakeDesk) Cases(_ context.Context, a access.Actor, status, cursor string, limit int) (desk.Page[desk.CaseView], error) {
	f.actor, f.in = a, []any{status, cursor, limit}
	return desk.Page[desk.CaseView]{}, f.err
}

func (f *fakeDesk) Notices(context.Context, access.Actor, uuid.UUID) ([]desk.NoticeView, error) {
	return nil, f.err
}

func (f *fakeDesk) ByHand(context.Context, access.Actor, uuid.UUID, uuid.UUID) (desk.Draft, error) {
	return desk.Draft{Letter: letters.Letter{Text: "Dear <b>"}, Duty: desk.DutyView{Clause: "DPA 7.2"}}, f.err
}

func (f *fakeDesk) Explain(_ context.Context, _ access.Actor, ref, kind, service string) (desk.ExplainView, error) {
	f.in = []any{ref, kind, service}
	return desk.ExplainView{Customer: ref, Kind: kind}, f.err
}

func (f *fakeDesk) ChangeDates(_ context.Context, _ access.Actor, in desk.ChangeInput, cursor string, limit int) (desk.ChangeDates, error) {
	f.in = []any{in, cursor, limit}
	return desk.ChangeDates{}, f.err
}

func (f *fakeDesk) ChangeLog(context.Context) (changelog.Log, error) {
	f.logAsked++
	return f.log, f.err
}

func (f *fakeDesk) ImportAgreements(_ context.Context, _ access.Actor, files map[string][]byte) (sheet.Report, error) {
	f.files = files
	return sheet.Report{Gaps: []sheet.Finding{{File: "customers.csv", Line: 3, Text: "give the customer a notice address"}}}, f.err
}

func (f *fakeDesk) OpenRequest(_ context.Context, a access.Actor, key string, in desk.RequestInput) (desk.Receipt, error) {
	r, err := f.note(a, key, uuid.Nil, in)
	r.ID = nil
	return r, err
}

func (f *fakeDesk) OpenRequests(_ context.Context, a access.Actor, key string, all []desk.RequestInput) ([]desk.BatchResult, error) {
	done, err := f.note(a, key, uuid.Nil, all)
	return []desk.BatchResult{{Receipt: &done}, {Index: 1, Problem: problem.InvalidField("reply_to", "is not one mail address")}}, err
}

func (f *fakeDesk) AssignRequest(_ context.Context, a access.Actor, key string, id uuid.UUID, in desk.AssigneeInput) (desk.Receipt, error) {
	return f.note(a, key, id, in)
}

func (f *fakeDesk) ScopeRequest(_ context.Context, a access.Actor, key string, id uuid.UUID) (desk.Receipt, error) {
	return f.note(a, key, id, nil)
}

func (f *fakeDesk) RetryTarget(_ context.Context, a access.Actor, key string, id, part uuid.UUID) (desk.Receipt, error) {
	f.part = part
	return f.note(a, key, id, nil)
}

func (f *fakeDesk) Requests(_ context.Context, a access.Actor, in desk.WorklistInput) (desk.Page[desk.RequestView], error) {
	f.actor, f.in = a, in
	return desk.Page[desk.RequestView]{}, f.err
}

func (f *fakeDesk) Certificates(context.Context, access.Actor, uuid.UUID) ([]byte, error) {
	return []byte("a.b.c\nd.e.f\n"), f.err
}

func (f *fakeDesk) ChallengeStands(context.Context, uuid.UUID) (bool, error) { return f.stands, f.err }

// theCode is the one code that counts.
const theCode = "ABCDEFGH23"

func (f *fakeDesk) ProveIdentity(_ context.Context, _ uuid.UUID, code string) error {
	f.codes = append(f.codes, code)
	if f.err != nil || code == theCode {
		return f.err
	}
	return desk.ErrCode
}

func (f *fakeDesk) Ping(context.Context) error                 { return f.ping }
func (f *fakeDesk) Quarantine(context.Context) (string, error) { return f.quarantine, nil }

func (f *fakeDesk) Reconcile(_ context.Context, _ access.Actor, reason string, trail *audit.Trail) error {
	f.in = []any{reason, trail}
	return f.err
}

func (f *fakeDesk) Status(_ context.Context, a access.Actor) (desk.StatusView, error) {
	f.actor = a
	return f.status, f.err
}

// bench is an API over HTTP with a fake desk behind it.
type bench struct {
	t    *testing.T
	desk *fakeDesk
	url  string
	log  *bytes.Buffer
}

func setup(t *testing.T, change ...func(*Options)) *bench {
	t.Helper()
	b := &bench{t: t, desk: &fakeDesk{}, log: &bytes.Buffer{}}
	o := Options{Desk: b.desk, Logger: slog.New(slog.NewJSONHandler(b.log, nil)), Timeout: 10 * time.Second}
	for _, c := range change {
		c(&o)
	}
	server := httptest.NewServer(New(o))
	t.Cleanup(server.Close)
	b.url = server.URL
	return b
}

// response is what came back, read whole.
type response struct {
	*http.Response
	body []byte
}

// ask sends a request as anyone; headers are pairs and may replace the token.
func (b *bench) ask(method, path, body string, headers ...string) response {
	b.t.Helper()
	request, err := http.NewRequestWithContext(b.t.Context(), method, b.url+path, strings.NewReader(body))
	require.NoError(b.t, err)
	request.Header.Set("Authorization", "Bearer "+anyone)
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
		if headers[i+1] == "" {
			request.Header.Del(headers[i])
		}
	}
	answer, err := http.DefaultClient.Do(request)
	require.NoError(b.t, err)
	defer answer.Body.Close()
	content, err := io.ReadAll(answer.Body)
	require.NoError(b.t, err)
	return response{answer, content}
}

// problem reads a refusal and holds it to what every refusal promises.
func (b *bench) problem(r response, status int, code problem.Code) Problem {
	b.t.Helper()
	require.Equal(b.t, status, r.StatusCode, string(r.body))
	require.Equal(b.t, "application/problem+json", r.Header.Get("Content-Type"))
	decoder := json.NewDecoder(bytes.NewReader(r.body))
	decoder.DisallowUnknownFields()
	var p Problem
	require.NoError(b.t, decoder.Decode(&p))
	require.Equal(b.t, code, p.Code, string(r.body))
	require.Equal(b.t, "docket:problem:"+string(code), p.Type)
	require.Equal(b.t, status, p.Status)
	require.NotEmpty(b.t, p.Title)
	require.NotEmpty(b.t, p.Detail)
	require.Equal(b.t, "urn:uuid:"+r.Header.Get("Request-Id"), p.Instance)
	return p
}

var errInside = errors.New(`cannot read the case: pq: relation "cases" on db-7.internal`)
