package main

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/api"
	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/problem"
	"github.com/atlascloudai/docket/desk"
)

const (
	aCase   = "01960000-0000-7000-8000-000000000001"
	anID    = "01960000-0000-7000-8000-000000000009"
	aDigest = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
)

// typed is what a command line printed, on both of its outputs, and its exit code.
type typed struct {
	out, problems string
	code          int
}

func enter(t *testing.T, args ...string) typed {
	t.Helper()
	var out, problems bytes.Buffer
	code := execute(t.Context(), args, strings.NewReader(""), &out, &problems)
	return typed{out.String(), problems.String(), code}
}

// emptyDesk knows one token and panics when it is asked for anything else: a request that gets so
// far was routed, admitted and found valid by the API.
type emptyDesk struct{ api.Desk }

func (emptyDesk) Authenticate(context.Context, string) (access.Actor, error) {
	return access.Actor{ID: anID, Kind: access.Person, Roles: access.Roles(), Scopes: access.Scopes()}, nil
}

// Every command sends what the API takes: the address, the method, the body.
func TestEveryCommandIsWhatTheAPITakes(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	notice, wave, receipt := filepath.Join(folder, "notice.yaml"), filepath.Join(folder, "wave.yaml"), filepath.Join(folder, "receipt.pdf")
	skeleton := enter(t, "case", "notice", "skeleton", "--language", "en,de")
	require.Zero(t, skeleton.code, skeleton.problems)
	require.NoError(t, os.WriteFile(notice, []byte(skeleton.out), 0o600))
	require.NoError(t, os.WriteFile(wave, []byte("- customer: ACME-1\n  touched: [customer_content]\n"), 0o600))
	require.NoError(t, os.WriteFile(receipt, []byte("received"), 0o600))
	out := filepath.Join(folder, "export.json")

	upstream := filepath.Join(folder, "upstream.yaml")
	require.NoError(t, os.WriteFile(upstream, []byte("who: Sample Models Inc.\ntold_us_at: 2026-06-01T09:30:00+02:00\nzone: UTC\nevidence: their mail\n"), 0o600))

	taken(t, "case", map[string]string{
		"open Leak --severity high --breach --drill --detected-at 2026-06-01T09:30:00+02:00": "POST /v1/cases",
		"list --status active":                  "GET /v1/cases",
		"show C":                                "GET /v1/cases/C",
		"triage C --severity high":              "POST /v1/cases/C/triage",
		"dismiss C --verdict benign --reason r": "POST /v1/cases/C/dismiss",
		"declare C --commander a.example":       "POST /v1/cases/C/declare",
		"parties C":                             "GET /v1/cases/C/parties",
		"parties C --customer ACME-1,ACME-2 --touched availability":                   "POST /v1/cases/C/parties",
		"parties C --governs found --reason r --file " + wave:                         "POST /v1/cases/C/parties",
		"aware C --at 2026-06-01T09:30:00+02:00 --zone UTC --evidence e":              "POST /v1/cases/C/starts",
		"aware C --controller --at 2026-06-01T09:30:00+02:00 --zone UTC --evidence e": "POST /v1/cases/C/starts",
		"aware C --candidate I --evidence e --reason r":                               "POST /v1/cases/C/starts",
		"start C payment_made --at 2026-06-01T09:30:00+02:00 --zone UTC --evidence e": "POST /v1/cases/C/starts",
		"newer-rules C":         "GET /v1/cases/C/newer-rules",
		"estimates C --limit 3": "GET /v1/cases/C/estimates",
		"candidate C ticket --at 2026-06-01T09:30:00+02:00 --zone UTC --evidence e": "POST /v1/cases/C/candidates",
		"candidates C": "GET /v1/cases/C/candidates",
		"upstream C --who w --told-us-at 2026-06-01T09:30:00+02:00 --zone UTC --evidence e": "POST /v1/cases/C/upstream",
		"risk C high_risk --reason r":                                      "POST /v1/cases/C/risk",
		"duty confirm-exemption C I --reason r":                            "POST /v1/cases/C/duties/review-exemptions",
		"duty require-again C --rule gdpr-33-1 --reason r":                 "POST /v1/cases/C/duties/review-exemptions",
		"open Leak --upstream " + upstream:                                 "POST /v1/cases",
		"confirm C --at 2026-06-01T09:30:00+02:00 --zone UTC --evidence e": "POST /v1/cases/C/starts",
		"rule-out C --reason r":                                            "POST /v1/cases/C/rule-out",
		"technical C contained --note n":                                   "POST /v1/cases/C/technical",
		"resolve C --recovery r":                                           "POST /v1/cases/C/resolve",
		"review C --note n --waive":                                        "POST /v1/cases/C/review",
		"close C":                                                          "POST /v1/cases/C/close",
		"reopen C --reason r":                                              "POST /v1/cases/C/reopen",
		"assign C b.example":                                               "POST /v1/cases/C/assign",
		"restrict C a.example b.example":                                   "POST /v1/cases/C/restriction",
		"summary C --if-version 3 --title x --summary y":                   "PUT /v1/cases/C/summary",
		"advance C":                             "POST /v1/cases/C/clock",
		"timeline C --limit 3":                  "GET /v1/cases/C/timeline",
		"duties C --state proposed":             "GET /v1/cases/C/duties",
		"duty show C I":                         "GET /v1/cases/C/duties/I",
		"duty decide C I --required --reason r": "POST /v1/cases/C/duties/decide",
		"duty decide C --rule gdpr-33-1 --not-required --reason r": "POST /v1/cases/C/duties/decide",
		"duty choose-start C incident --reason r":                  "POST /v1/cases/C/duties/choose-start",
		"duty waive C I --exemption e --reason r":                  "POST /v1/cases/C/duties/I/waive",
		"duty pack C I": "GET /v1/cases/C/duties/I/pack",
		"duty file C I --filed-at 2026-06-01T09:30:00+02:00 --zone UTC --how phone --reference r --receipt " + receipt: "POST /v1/cases/C/duties/I/file",
		"notices C":                                       "GET /v1/cases/C/notices",
		"notice draft C --file " + notice:                 "POST /v1/cases/C/notices",
		"notice draft C --from I":                         "POST /v1/cases/C/notices",
		"notice show C I":                                 "GET /v1/cases/C/notices/I",
		"notice edit C I --if-version 3 --file " + notice: "PUT /v1/cases/C/notices/I",
		"notice submit C I":                               "POST /v1/cases/C/notices/I/submit",
		"notice preview C I --index 2":                    "GET /v1/cases/C/notices/I/preview",
		"notice preview C I --delay-reason en=a;b --print-delay-reason":                                            "POST /v1/cases/C/notices/I/preview",
		"notice delay-reason C I --reason x":                                                                       "POST /v1/cases/C/notices/I/delay-reason",
		"notice approve C I --digest " + aDigest + " --delay-reason en=x --delay-reason de=y --print-delay-reason": "POST /v1/cases/C/notices/I/approve",
		"notice draft C --update --from I":                                                                         "POST /v1/cases/C/notices",
		"duty file C I --filed-at 2026-06-01T09:30:00+02:00 --zone UTC --how phone --reference r --reasons-follow-by 2026-06-03T09:30:00+02:00 --unknown nature=2026-06-02T09:30:00+02:00 --receipt " + receipt: "POST /v1/cases/C/duties/I/file",
		"notice approve C I --digest " + aDigest:                               "POST /v1/cases/C/notices/I/approve",
		"notice test C I --to counsel@example.com --recipient 2":               "POST /v1/cases/C/notices/I/test",
		"notice release C I --first 100":                                       "POST /v1/cases/C/notices/I/release",
		"notice release C I --lane bulk":                                       "POST /v1/cases/C/notices/I/release",
		"notice withdraw C I --reason r":                                       "POST /v1/cases/C/notices/I/withdraw",
		"campaign pause C I --reason r":                                        "POST /v1/cases/C/campaigns/I/pause",
		"campaign resume C I --reason r":                                       "POST /v1/cases/C/campaigns/I/resume",
		"campaign stop C I --reason r":                                         "POST /v1/cases/C/campaigns/I/stop",
		"deliveries C --state refused":                                         "GET /v1/cases/C/deliveries",
		"delivery show C I":                                                    "GET /v1/cases/C/deliveries/I",
		"delivery settle C I resend --reason r":                                "POST /v1/cases/C/deliveries/I/settle",
		"delivery acknowledge C I --at 2026-06-01T09:30:00+02:00 --evidence e": "POST /v1/cases/C/deliveries/I/acknowledge",
		"delivery confirm-filing C I --reason r":                               "POST /v1/cases/C/deliveries/I/confirm-filing",
		"privilege circle C a.example":                                         "PUT /v1/cases/C/privileged/circle",
		"privilege circle C --alone":                                           "PUT /v1/cases/C/privileged/circle",
		"privilege circle C":                                                   "GET /v1/cases/C/privileged/circle",
		"privilege add C --kind request --file " + receipt:                     "POST /v1/cases/C/privileged",
		"privilege list C":                                                     "GET /v1/cases/C/privileged",
		"privilege read C I":                                                   "GET /v1/cases/C/privileged/I",
		"export-for-counsel C --content --out " + out:                          "GET /v1/cases/C/counsel",
		"hold place C --review-at 2027-06-01T09:30:00+02:00 --reason r":        "POST /v1/cases/C/holds",
		"hold release C I --reason r":                                          "POST /v1/cases/C/holds/I/release",
		"hold list C":                                                          "GET /v1/cases/C/holds",
		"shred C --ground erasure_order":                                       "POST /v1/cases/C/shred",
		"raises C":                                                             "GET /v1/cases/C/raises",
		"acknowledge C I --note n":                                             "POST /v1/cases/C/raises/I/acknowledge",
	})
}

// taken holds command lines to the requests that they are to send; C is a case and I the id of a part.
func taken(t *testing.T, room string, want map[string]string) {
	t.Helper()
	for line, want := range want {
		t.Run(line, func(t *testing.T) {
			t.Parallel()
			var asked string
			behind := api.New(api.Options{Desk: emptyDesk{}, Logger: slog.New(slog.DiscardHandler), Sign: func(string, []byte) (string, error) { return "", nil }})
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				asked = r.Method + " " + r.URL.Path
				behind.ServeHTTP(w, r)
			}))
			t.Cleanup(server.Close)
			args := []string{room, "--url", server.URL, "--token", "dkt_a_b"}
			for _, word := range strings.Fields(line) {
				switch word {
				case "C":
					word = aCase
				case "I":
					word = anID
				}
				args = append(args, word)
			}
			got := enter(t, args...)
			require.Contains(t, got.problems, "Internal error")
			require.Equal(t, 1, got.code)
			require.Equal(t, strings.NewReplacer("/C", "/"+aCase, "/I", "/"+anID).Replace(want), asked)
		})
	}
}

// scripted answers each request with the next answer, and the last one for ever.
func scripted(t *testing.T, answers ...func(http.ResponseWriter, *http.Request)) (url string, keys *[]string) {
	t.Helper()
	keys = &[]string{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		*keys = append(*keys, r.Header.Get("Idempotency-Key"))
		answers[min(len(*keys), len(answers))-1](w, r)
	}))
	t.Cleanup(server.Close)
	return server.URL, keys
}

func says(status int, body any, headers ...string) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(status)
		content, err := json.Marshal(body)
		if err == nil {
			_, err = w.Write(content)
		}
		if err != nil {
			panic(err)
		}
	}
}

func cut(w http.ResponseWriter, _ *http.Request) { panic(http.ErrAbortHandler) }

var closed = desk.Receipt{Case: uuid.MustParse(aCase), Code: "INC-7K3F", Status: "closed", Entry: 12}

// A decision whose answer was lost is asked again with the same key, as is one that the server is
// busy with, until it is answered.
func TestDecisionsAreRepeatedWithOneKey(t *testing.T) {
	t.Parallel()
	url, keys := scripted(t, cut,
		says(503, api.Problem{Code: problem.Unavailable}), says(409, api.Problem{Code: problem.InFlight}), says(200, closed))
	got := enter(t, "case", "close", "INC-7K3F", "--url", url, "--retry", "30s")
	require.Zero(t, got.code, got.problems)
	require.Contains(t, got.out, "INC-7K3F is closed, timeline entry 12")
	require.Len(t, *keys, 4)
	require.Len(t, (*keys)[0], 36)
	for _, key := range *keys {
		require.Equal(t, (*keys)[0], key)
	}
}

// A refusal is final: it is printed with every blocker and its remedy, and the exit code is 1.
func TestRefusalsNameTheRemedy(t *testing.T) {
	t.Parallel()
	url, keys := scripted(t, says(409, api.Problem{Code: problem.Conflict, Title: "The case does not allow this now", Detail: "the case does not allow this now", Blockers: []problem.Blocker{
		{Code: "open_duties", Detail: "meet or waive them", Ref: anID, Count: 3}, {Code: "review_missing", Detail: "finish or waive the review"},
	}}))
	got := enter(t, "case", "close", "INC-7K3F", "--url", url)
	require.Equal(t, "docket: The case does not allow this now\n  open_duties (3): meet or waive them ["+anID+"]\n  review_missing: finish or waive the review\n", got.problems)
	require.Equal(t, 1, got.code)
	require.Len(t, *keys, 1)
}

// Nobody there: the exit code is 3, and the key is told by which to ask again without harm.
func TestUnreachableTellsTheKey(t *testing.T) {
	t.Parallel()
	url, _ := scripted(t, cut)
	got := enter(t, "case", "close", "INC-7K3F", "--url", url, "--retry", "0s", "--idempotency-key", "my-key-0001")
	require.Equal(t, 3, got.code)
	require.Contains(t, got.problems, "--idempotency-key my-key-0001")
	require.Equal(t, 3, enter(t, "case", "list", "--url", "http://127.0.0.1:1", "--retry", "0s").code)
	// Something else answers there: a proxy's page is no answer of Docket's.
	for _, answer := range []func(http.ResponseWriter, *http.Request){says(200, "<html>"), says(502, "bad gateway"), says(302, "", "Location", "http://elsewhere.example/")} {
		url, _ = scripted(t, answer)
		require.Equal(t, 3, enter(t, "case", "show", "INC-7K3F", "--url", url, "--retry", "0s").code)
	}
}

func TestWrongUseIsExitCodeTwo(t *testing.T) {
	t.Parallel()
	for _, line := range []string{
		"case parties INC-7K3F --file /no/such/file.yaml",
		"case aware INC-7K3F --at 2026-06-01T09:30:00Z --zone UTC --evidence e --controller --suspected",
		"case aware INC-7K3F --at 2026-06-01T09:30:00 --zone UTC --evidence e",
		"case aware INC-7K3F",
		"case start INC-7K3F filing_submitted --at 2026-06-01T09:30:00Z --zone UTC --evidence e",
		"case notice skeleton --template none",
		"case duty show INC-7K3F not-an-id",
		"audit verify",
		"case nonsense",
	} {
		got := enter(t, strings.Fields(line)...)
		require.Equal(t, 2, got.code, "%s: %s", line, got.problems)
		require.NotEmpty(t, got.problems)
	}
}

// A list goes on over its pages; a name cannot steer the terminal or forge a row.
func TestListsAreTables(t *testing.T) {
	t.Parallel()
	first := desk.Page[desk.CaseView]{Items: []desk.CaseView{{Code: "INC-1111", Title: "a\x1b[2Jb\nINC-9999"}}, Next: "more"}
	second := desk.Page[desk.CaseView]{Items: []desk.CaseView{{Code: "INC-2222", Title: "two", Drill: true}}}
	url, keys := scripted(t, says(200, first), says(200, second))
	got := enter(t, "case", "list", "--url", url, "--all")
	require.Zero(t, got.code, got.problems)
	require.Len(t, *keys, 2)
	require.Equal(t, 3, strings.Count(got.out, "\n"), got.out)
	require.NotContains(t, got.out, "\x1b")
	require.Contains(t, got.out, "two (drill)")

	url, _ = scripted(t, says(200, first))
	require.Contains(t, enter(t, "case", "list", "--url", url).out, "--cursor more")
	var page desk.Page[desk.CaseView]
	require.NoError(t, json.Unmarshal([]byte(enter(t, "case", "list", "--url", url, "--json").out), &page))
	require.Equal(t, first, page)
}

// A chain that does not hold is named, and the exit code is 1 although the question was answered.
func TestVerifyNamesWhatDoesNotHold(t *testing.T) {
	t.Parallel()
	good := desk.VerifyView{OK: true, Entries: 7, Head: aDigest}
	bad := desk.VerifyView{Entries: 3, Head: aDigest, Problem: "entry 3 was changed"}
	url, _ := scripted(t, says(200, desk.Page[desk.CaseView]{Items: []desk.CaseView{{Code: "INC-1111"}, {Code: "INC-2222"}}}), says(200, good), says(200, bad))
	got := enter(t, "audit", "verify", "--all", "--url", url)
	require.Equal(t, 1, got.code)
	require.Equal(t, "docket: 1 of 2 chains do not hold\n", got.problems)
	require.Contains(t, got.out, "INC-1111  7 entries")
	require.Contains(t, got.out, "INC-2222  3 entries, 0 sealed pages, 0 ledger rows, head 0123456789abcdef…  DOES NOT HOLD: entry 3 was changed")
	url, _ = scripted(t, says(200, good))
	got = enter(t, "audit", "verify", "INC-1111", "--url", url)
	require.Zero(t, got.code)
	require.Contains(t, got.out, "1 chains checked, all hold")
}

// An import prints what is to be mended; with errors nothing was imported and the exit code is 1.
func TestImportReportsWhatToMend(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "customers.csv")
	require.NoError(t, os.WriteFile(file, []byte("ref,name\n"), 0o600))
	url, _ := scripted(t, says(200, api.ImportReport{Errors: []api.ImportFinding{{File: "customers.csv", Line: 2, Field: "zone", Customer: "ACME-1", Text: "is no IANA zone"}}}))
	got := enter(t, "agreement", "import", file, "--url", url)
	require.Equal(t, 1, got.code)
	require.Equal(t, "error  customers.csv:2 ACME-1 zone: is no IANA zone\n", got.out)
	url, _ = scripted(t, says(200, api.ImportReport{Imported: true, Gaps: []api.ImportFinding{{Text: "no address"}}}))
	got = enter(t, "agreement", "import", file, "--url", url)
	require.Zero(t, got.code)
	require.Contains(t, got.out, "imported, with 1 gaps and 0 contradictions")
}

func TestExplainPrintsTheReasons(t *testing.T) {
	t.Parallel()
	url, _ := scripted(t, func(w http.ResponseWriter, r *http.Request) {
		require.Equal(t, "/v1/customers/ACME%2F1/agreements/incident-notice", r.URL.EscapedPath())
		says(200, map[string]any{"customer": "ACME/1", "kind": "incident-notice", "text": "Within 36 hours.", "why": []map[string]string{{"text": "the DPA prevails", "cite": "DPA 12.1"}}})(w, r)
	})
	got := enter(t, "agreement", "explain", "ACME/1", "incident-notice", "--url", url)
	require.Zero(t, got.code, got.problems)
	require.Equal(t, "Within 36 hours.\n  - the DPA prevails [DPA 12.1]\n", got.out)
}
