package main

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/api"
	"github.com/atlascloudai/docket/core/cases/request"
	"github.com/atlascloudai/docket/core/problem"
	"github.com/atlascloudai/docket/desk"
)

// Every command sends what the API takes: the address, the method, the body.
func TestEveryRequestCommandIsWhatTheAPITakes(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	one, many, evidence := filepath.Join(folder, "one.yaml"), filepath.Join(folder, "many.yaml"), filepath.Join(folder, "evidence.png")
	require.NoError(t, os.WriteFile(one, []byte("right: erasure\nidentities:\n  - {kind: email, value: jo.sample@example.com}\n"), 0o600))
	require.NoError(t, os.WriteFile(many, []byte("- right: erasure\n  identities:\n    - {kind: email, value: jo.sample@example.com}\n"), 0o600))
	require.NoError(t, os.WriteFile(evidence, []byte("seen"), 0o600))
	requests := filepath.Join(folder, "many.csv")
	require.NoError(t, os.WriteFile(requests, []byte("right,email,received_at,evidence\nerasure,jo.sample@example.com,2026-06-01T09:30:00+02:00,postmark\n"), 0o600))
	taken(t, "request", map[string]string{
		"open erasure --identity email=jo.sample@example.com --identity account_id=a-1 --country DE --drill --channel phone": "POST /v1/requests",
		"open access --identity email=jo.sample@example.com --received-at 2026-06-01T09:30:00+02:00 --evidence e --agent I":  "POST /v1/requests",
		"open --file " + one: "POST /v1/requests",
		"batch " + many:      "POST /v1/requests/batch",
		"list --all":         "GET /v1/requests",
		"list --status executing,verifying --assignee a.example": "GET /v1/requests",
		"show C":                    "GET /v1/requests/C",
		"timeline C":                "GET /v1/cases/C/timeline",
		"assign C --to a.example":   "POST /v1/requests/C/assign",
		"assign C C --to a.example": "POST /v1/requests/actions",
		"ask C I":                   "POST /v1/requests/C/identities/I/ask",
		"verify C I --method login --login-at 2026-06-01T09:30:00+02:00 --evidence e": "POST /v1/requests/C/identities/I/verify",
		"verify C I --method document --document-deleted --evidence e":                "POST /v1/requests/C/identities/I/verify",
		"scope C":                             "POST /v1/requests/C/scope",
		"scope C C":                           "POST /v1/requests/actions",
		"sample C":                            "POST /v1/requests/C/sample",
		"approve C":                           "GET /v1/requests/C",
		"approve C --digest " + aDigest:       "POST /v1/requests/C/approve",
		"care C --reason r":                   "POST /v1/requests/C/care",
		"deny C --reason excessive --words w": "POST /v1/requests/C/deny",
		"cancel C --reason r":                 "POST /v1/requests/C/cancel",
		"lapse C --reason r":                  "POST /v1/requests/C/lapse",
		"done C --evidence e":                 "POST /v1/requests/C/done",
		"clarify C asked --at 2026-06-01T09:30:00+02:00 --evidence e": "POST /v1/requests/C/clarification",
		"duplicate C --of REQ-7K3FM":                                  "POST /v1/requests/C/duplicate",
		"controller C --customer ACME-1 --evidence e":                 "POST /v1/requests/C/controller",
		"forward C --customer ACME-1 --evidence e --may-name":         "POST /v1/requests/C/forward",
		"retry C I":                              "POST /v1/requests/C/targets/I/retry",
		"letters C":                              "GET /v1/requests/C/letters",
		"letter draft C denial --words w":        "POST /v1/requests/C/letters",
		"letter approve C I --digest " + aDigest: "POST /v1/requests/C/letters/I/approve",
		"tasks C":                                "GET /v1/requests/C/tasks",
		"task show C I":                          "POST /v1/requests/C/tasks/I/show",
		"task done C I --words w --evidence " + evidence:                                  "POST /v1/requests/C/tasks/I/done",
		"task check C I --send-back --reason r":                                           "POST /v1/requests/C/tasks/I/check",
		"certificate C " + filepath.Join(folder, "c.jws"):                                 "GET /v1/requests/C/certificate",
		"read C erasure --country DE":                                                     "POST /v1/requests/C/read",
		"dismiss C --reason r":                                                            "POST /v1/requests/C/dismiss",
		"release C --include app/keys.label --digest " + aDigest:                          "POST /v1/requests/C/release",
		"offer C --reason r":                                                              "POST /v1/requests/C/offer",
		"agent record --name n --authorisation a --valid-until 2027-06-01T09:30:00+02:00": "POST /v1/agents",
		"agent revoke I":                                                                  "POST /v1/agents/I/revoke",
		"agent list":                                                                      "GET /v1/agents",
		"hold list":                                                                       "GET /v1/record-holds",
		"batch " + requests:                                                               "POST /v1/requests/batch",
		"hold place crm/people --record k --ground legal_claims --review-at 2027-06-01T09:30:00Z --reason r": "POST /v1/record-holds",
		"hold release I --reason r":                                 "POST /v1/record-holds/I/release",
		"hold review I --review-at 2027-06-01T09:30:00Z --reason r": "POST /v1/record-holds/I/review",
	})
}

func instant(hour int) *time.Time {
	return new(time.Date(2026, 6, 1, hour, 0, 0, 0, time.UTC))
}

// aRequest is one whose places stand differently.
func aRequest() desk.RequestView {
	return desk.RequestView{
		ID: uuid.MustParse(aCase), Code: "REQ-7K3FM", Right: "erasure", Status: "executing", Waiting: "stores", Words: "please\x1b[2J",
		State: request.State{Plan: &request.Plan{Digest: aDigest, Located: 9, Erase: 5, Mask: 1, Keep: 3, Wide: []string{"accounts"},
			Unsearched: []request.Unsearched{{Address: "app/logs", Why: "no identifier", Instead: "they expire"}, {Address: "shop/orders"}}}},
		Identities: []desk.IdentityView{{Kind: "email", Value: "jo.sample@example.com", State: "verified", Method: "mailed_code"}},
		Targets: []desk.TargetView{
			{Address: "crm/people", State: "resting", Located: 8, Erase: 4, Mask: 1, Keep: 3, Gone: 4, AcceptedAt: instant(8), ErasedAt: instant(9), VerifiedAt: instant(10),
				Kept: []desk.KeptView{{Records: 2, Ground: "legal_obligation", Words: "invoices", Until: instant(23)}, {Records: 1, Ground: "legal_claims", Hold: new(uuid.MustParse(anID))}}},
			{Address: "search/people", State: "working", Located: 1, Erase: 1, Error: "rate_limited", Detail: "429", Attempt: 3, NextAt: instant(11), WaitsFor: []string{"crm/people"}},
		},
	}
}

// A request is shown with its three instants, what stays and until when, and what failed with its next try.
func TestARequestIsShownWhole(t *testing.T) {
	t.Parallel()
	url, _ := scripted(t, says(200, aRequest()))
	got := enter(t, "request", "show", "REQ-7K3FM", "--url", url)
	require.Zero(t, got.code, got.problems)
	require.NotContains(t, got.out, "\x1b")
	for _, want := range []string{
		"jo.sample@example.com  verified  mailed_code",
		"2026-06-01 08:00:00Z  2026-06-01 09:00:00Z  2026-06-01 10:00:00Z",
		"crm/people keeps 2 until 2026-06-01 23:00:00Z: legal_obligation (invoices)\n",
		"crm/people keeps 1 until the hold " + anID + " is released: legal_claims\n",
		"search/people failed 3 times in a row: rate_limited: 429; next try 2026-06-01 11:00:00Z\n",
		"search/people goes after crm/people\n",
	} {
		require.Contains(t, got.out, want)
	}
}

// A sample says of every record that stays why it does.
func TestASampleSaysWhatStays(t *testing.T) {
	t.Parallel()
	url, _ := scripted(t, says(200, desk.Page[desk.SampleView]{Items: []desk.SampleView{
		{Address: "crm/people", Key: `["1"]`, Values: map[string]any{"name": "Jo"}},
		{Address: "crm/people", Key: `["2"]`, Kept: &desk.KeptView{Records: 1, Ground: "legal_claims", Hold: new(uuid.MustParse(anID))}},
	}}))
	got := enter(t, "request", "sample", "REQ-7K3FM", "--url", url)
	require.Zero(t, got.code, got.problems)
	require.Equal(t, "crm/people [\"1\"]  name=Jo\ncrm/people [\"2\"]  stays until the hold "+anID+" is released: legal_claims\n", got.out)
}

// A plan is approved by the digest that was shown; showing it approves nothing.
func TestAPlanIsShownBeforeItIsApproved(t *testing.T) {
	t.Parallel()
	url, _ := scripted(t, func(w http.ResponseWriter, r *http.Request) {
		require.Equal(t, http.MethodGet, r.Method)
		says(200, aRequest())(w, r)
	})
	got := enter(t, "request", "approve", "REQ-7K3FM", "--url", url)
	require.Zero(t, got.code, got.problems)
	require.Contains(t, got.out, "Needs a second approval  accounts")
	require.Contains(t, got.out, "--digest "+aDigest)
	require.Contains(t, got.out, "app/logs is not looked into: no identifier; instead: they expire\n")
	require.Contains(t, got.out, "shop/orders is not looked into: none of the identifiers leads there\n")
}

func TestTheWorklistIsATable(t *testing.T) {
	t.Parallel()
	url, _ := scripted(t, func(w http.ResponseWriter, r *http.Request) {
		require.Equal(t, []string{"executing", "verifying"}, r.URL.Query()["status"])
		says(200, desk.Page[desk.RequestView]{Items: []desk.RequestView{{Code: "REQ-7K3FM", Right: "access", Status: "executing", Waiting: "stores", Blocker: "executing", Due: instant(9), Assignee: "a.example"}}})(w, r)
	})
	got := enter(t, "request", "list", "--status", "executing,verifying", "--url", url)
	require.Zero(t, got.code, got.problems)
	require.Equal(t, []string{"REQ-7K3FM", "access", "executing", "stores", "executing", "2026-06-01", "09:00:00Z", "a.example"}, strings.Fields(strings.Split(got.out, "\n")[1]))
}

// One refused request of a batch is named with its remedy, and the exit code is 1 although the others were recorded.
func TestABatchNamesWhatWasRefused(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "many.json")
	require.NoError(t, os.WriteFile(file, []byte(`[]`), 0o600))
	url, keys := scripted(t, says(200, desk.Page[api.BatchItem]{Items: []api.BatchItem{
		{Index: 0, Receipt: &desk.Receipt{Code: "REQ-7K3FM", Status: "received"}},
		{Index: 1, Problem: &api.Problem{Code: problem.Invalid, Title: "The request is not valid", Detail: "is not one mail address"}},
	}}))
	got := enter(t, "request", "batch", file, "--url", url, "--idempotency-key", "my-key-0001")
	require.Equal(t, 1, got.code)
	require.Equal(t, "docket: 1 of 2 were refused\n", got.problems)
	require.Contains(t, got.out, "REQ-7K3FM")
	require.Contains(t, got.out, "is not one mail address")
	require.Equal(t, []string{"my-key-0001"}, *keys)
}

func TestACertificateIsWrittenAsItWasSigned(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "certificate.jws")
	url, _ := scripted(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("a.b.c\nd.e.f\n")) })
	got := enter(t, "request", "certificate", "REQ-7K3FM", file, "--url", url)
	require.Zero(t, got.code, got.problems)
	require.Contains(t, got.out, "2 versions")
	require.Equal(t, "a.b.c\nd.e.f\n", string(must(os.ReadFile(file))))
}

func TestWrongUseOfRequestsIsExitCodeTwo(t *testing.T) {
	t.Parallel()
	for _, line := range []string{
		"request open erasure",
		"request open erasure --identity jo.sample@example.com",
		"request batch /no/such/file.yaml",
		"request task check REQ-7K3FM " + anID + " --reason r",
		"request task check REQ-7K3FM " + anID + " --accept --send-back --reason r",
		"request deny REQ-7K3FM --reason because --words w",
	} {
		got := enter(t, strings.Fields(line)...)
		require.Equal(t, 2, got.code, "%s: %s", line, got.problems)
	}
}

// A table of requests says what a list in YAML would; what it cannot mean is named with its line, and nothing is sent.
func TestATableOfRequests(t *testing.T) {
	t.Parallel()
	read, err := requestsOf([]byte("\ufeffright,country,email,identity.crm_id,received_at,evidence,words\nerasure,DE,jo.sample@example.com,7,2026-06-01T09:30:00+02:00,postmark,\"all, please\"\naccess,,,8,,,\n"))
	require.NoError(t, err)
	require.JSONEq(t, `[{"right": "erasure", "country": "DE", "received_at": "2026-06-01T09:30:00+02:00", "evidence": "postmark", "words": "all, please",
		"identities": [{"kind": "email", "value": "jo.sample@example.com"}, {"kind": "crm_id", "value": "7"}]}, {"right": "access", "identities": [{"kind": "crm_id", "value": "8"}]}]`, string(read))
	for text, says := range map[string]string{
		"":                                     "no line of column names",
		"right,langauge,email\n":               `no column "langauge"`,
		"right,email\nerasure\n":               "line 2",
		"right,email\nerasure,\n":              "line 2: it names nobody",
		"right,email,received_at\ne,a@b.c,x\n": "line 2: received_at is an instant",
		"right,email,agent\ne,a@b.c,x\n":       "line 2: agent is the id",
		"right,email\n\"erasure,a@b.c\n":       "line",
	} {
		_, err := requestsOf([]byte(text))
		require.ErrorContains(t, err, says)
	}
}
