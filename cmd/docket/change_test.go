package main

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/textdiff"
	"github.com/atlascloudai/docket/desk"
)

const aChange = `kind: subprocessor
title: Sample Models Inc. answers prompts
summary: Prompts of the chat service are answered there too.
subject: sample-models
planned: 2027-02-01T00:00:00+01:00
send_by: 2026-12-20T12:00:00+01:00
`

// Every command sends what the API takes: the address, the method, the body.
func TestEveryChangeCommandIsWhatTheAPITakes(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	file, text := filepath.Join(folder, "change.yaml"), filepath.Join(folder, "policy.txt")
	require.NoError(t, os.WriteFile(file, []byte(aChange), 0o600))
	require.NoError(t, os.WriteFile(text, []byte("Content is kept for up to 30 days.\n"), 0o600))
	flags := "--title t --summary s --planned 2027-02-01T00:00:00+01:00 --send-by 2026-12-20T12:00:00+01:00"
	taken(t, "change", map[string]string{
		"open --file " + file: "POST /v1/changes",
		"open --kind policy --document terms --drill --corrects CHG-7K3FM --text-file " + text + " " + flags:                         "POST /v1/changes",
		"open --kind provider --subject p --mode at_once --service chat --replaces old-models --replaces older --region eu " + flags: "POST /v1/changes",
		"edit C --file " + file + " --text-file " + text:                                                                             "PUT /v1/changes/C",
		"list --status draft --kind policy --limit 3":                                                                                "GET /v1/changes",
		"show C":       "GET /v1/changes/C",
		"diff C --all": "GET /v1/changes/C/diff",
		"dates --kind policy --planned 2027-02-01T00:00:00+01:00": "GET /v1/changes/dates",
		"submit C":                          "POST /v1/changes/C/submit",
		"judge C --material --reason r":     "POST /v1/changes/C/judge",
		"judge C --not-material --reason r": "POST /v1/changes/C/judge",
		"hasten C --clause 5.5 --reason r":  "POST /v1/changes/C/hasten",
		"audience C":                        "POST /v1/changes/C/audience",
		"revise C --reason r":               "POST /v1/changes/C/revise",
		"withdraw C --reason r":             "POST /v1/changes/C/withdraw",
		"archive C":                         "POST /v1/changes/C/archive",
		"customers C --state objected":      "GET /v1/changes/C/customers",
		"objection C ACME-1 --at 2026-12-24T12:00:00Z --words no --evidence e": "POST /v1/changes/C/customers/ACME-1/objection",
		"end-objection C ACME-1 customer_terminates --reason r":                "POST /v1/changes/C/customers/ACME-1/objection/end",
		"take C ACME-1 --reason r":                                             "POST /v1/changes/C/customers/ACME-1/take",
		"may sample-models ACME-1 --service chat":                              "GET /v1/may",
	})
}

func TestWrongUseOfChangesIsExitCodeTwo(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "list.yaml")
	require.NoError(t, os.WriteFile(file, []byte("- kind: policy\n"), 0o600))
	for _, line := range []string{
		"change open",
		"change open --kind policy --title t",
		"change open --kind tax --file " + file,
		"change open --kind policy --file " + file,
		"change open --file /no/such/file.yaml",
		"change open --file " + file + " --text-file " + file,
		"change judge CHG-7K3FM --reason r",
		"change judge CHG-7K3FM --material --not-material --reason r",
		"change end-objection CHG-7K3FM ACME-1 objected --reason r",
		"change customers CHG-7K3FM --state happy",
		"change may sample-models",
	} {
		got := enter(t, strings.Fields(line)...)
		require.Equal(t, 2, got.code, "%s: %s", line, got.problems)
	}
}

// The text of a document stands in a file of its own, whichever way the rest is said.
func TestADocumentIsSentAsItStandsInItsFile(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	file, text := filepath.Join(folder, "change.yaml"), filepath.Join(folder, "policy.txt")
	require.NoError(t, os.WriteFile(file, []byte(aChange), 0o600))
	require.NoError(t, os.WriteFile(text, []byte("§ 1\n\n\tkept: \"30\" days\n"), 0o600))
	var sent []desk.OpenChangeInput
	url, _ := scripted(t, func(w http.ResponseWriter, r *http.Request) {
		var in desk.OpenChangeInput
		require.NoError(t, json.NewDecoder(r.Body).Decode(&in))
		sent = append(sent, in)
		says(201, desk.Receipt{Code: "CHG-7K3FM", Status: "draft"})(w, r)
	})
	for _, said := range [][]string{
		{"--file", file},
		{"--kind", "subprocessor", "--title", "Sample Models Inc. answers prompts", "--summary", "Prompts of the chat service are answered there too.",
			"--subject", "sample-models", "--planned", "2027-02-01T00:00:00+01:00", "--send-by", "2026-12-20T12:00:00+01:00"},
	} {
		got := enter(t, append([]string{"change", "open", "--url", url, "--text-file", text}, said...)...)
		require.Zero(t, got.code, got.problems)
		require.Contains(t, got.out, "CHG-7K3FM is draft")
	}
	require.Equal(t, "§ 1\n\n\tkept: \"30\" days\n", sent[0].Text)
	require.Equal(t, sent[0], sent[1], "a file and flags say the same")
}

// A notice of change is shown with its dates, with how its customers do, and with what it waits for.
func TestAChangeIsShownWhole(t *testing.T) {
	t.Parallel()
	url, _ := scripted(t, says(200, desk.ChangeView{
		ID: uuid.MustParse(aCase), Code: "CHG-7K3FM", Status: "objection_window", Kind: "retention", Title: "a\x1b[2Jb", Summary: "kept\nlonger", Mode: "switchable",
		Document: "data-retention-policy", Version: 3, Material: new(true), Reason: "data is kept longer", Corrects: "CHG-1111",
		Planned: *instant(12), SendBy: *instant(9), FrozenAt: instant(8), LastEffective: instant(23),
		Customers: 9, Told: 8, Untold: 1, Late: 2, Waiting: 3, Objected: 4, Spared: 5, Taken: 6, Provisional: 7, Stale: true,
	}))
	got := enter(t, "change", "show", "CHG-7K3FM", "--url", url)
	require.Zero(t, got.code, got.problems)
	require.NotContains(t, got.out, "\x1b")
	for _, want := range []string{
		"data-retention-policy, version 3\n", "yes: data is kept longer\n", "CHG-1111\n", "\nkept\nlonger\n",
		"Send by               2026-06-01 09:00:00Z\n", "For all at once from  2026-06-01 23:00:00Z\n",
		"\n9          8     1       2     3        4         5       6      7\n",
		"docket change audience counts it anew", "Too late for the plan: 2.", "Not told: 1.", "Objections without an end: 4.", "Provisional: 7.",
	} {
		require.Contains(t, got.out, want)
	}
	require.NotContains(t, got.out, "docket change judge")

	// Before counsel's word there is nobody to count, and the word is what it waits for.
	url, _ = scripted(t, says(200, desk.ChangeView{Code: "CHG-7K3FM", Status: "in_review"}))
	got = enter(t, "change", "show", "CHG-7K3FM", "--url", url)
	require.Contains(t, got.out, "docket change judge")
	require.NotContains(t, got.out, "Material")
	require.NotContains(t, got.out, "CUSTOMERS")
}

func TestADiffIsShownInSigns(t *testing.T) {
	t.Parallel()
	before, after := "a\nb\nc\nkept for 7 days\n", "a\nb\nc\nkept for 30 days\x1b\n"
	url, _ := scripted(t, says(200, desk.Page[textdiff.Line]{Items: textdiff.Between(before, after)}))
	require.Equal(t, "…\n  c\n- kept for 7 days\n+ kept for 30 days\uFFFD\n  \n", enter(t, "change", "diff", "CHG-7K3FM", "--context", "1", "--url", url).out)
	require.Contains(t, enter(t, "change", "diff", "CHG-7K3FM", "--all", "--url", url).out, "  a\n  b\n  c\n- ")
	url, _ = scripted(t, says(200, desk.Page[textdiff.Line]{Items: []textdiff.Line{}}))
	require.Equal(t, "No document gets another version.\n", enter(t, "change", "diff", "CHG-7K3FM", "--url", url).out)
}

func TestCustomersOfAChangeAreATable(t *testing.T) {
	t.Parallel()
	url, _ := scripted(t, func(w http.ResponseWriter, r *http.Request) {
		require.Equal(t, "objected", r.URL.Query().Get("state"))
		says(200, desk.Page[desk.ChangeCustomerView]{Items: []desk.ChangeCustomerView{
			{Customer: "ACME-1", State: "objected", LastSending: *instant(1), SentAt: instant(2), WindowCloses: instant(3), Effective: *instant(4), AcknowledgedAt: instant(5), Answer: "objected", AnsweredAt: instant(6), ResolveBy: instant(7)},
			{Customer: "ACME-2", State: "waiting", LastSending: *instant(1), SentAt: instant(2), Effective: *instant(4), Provisional: true, AcknowledgedAt: instant(5)},
		}})(w, r)
	})
	got := enter(t, "change", "customers", "CHG-7K3FM", "--state", "objected", "--url", url)
	require.Zero(t, got.code, got.problems)
	at := func(hour int) string { return instant(hour).Format("2006-01-02 15:04:05Z") }
	rows := strings.Split(got.out, "\n")
	require.Equal(t, "ACME-1 objected "+at(1)+" "+at(2)+" "+at(3)+" "+at(4)+" objected "+at(6)+", a way by "+at(7), strings.Join(strings.Fields(rows[1]), " "))
	require.Equal(t, "ACME-2 waiting "+at(1)+" "+at(2)+" "+at(4)+" or later acknowledged "+at(5), strings.Join(strings.Fields(rows[2]), " "))
}

// A gateway's script reads the exit code: 0 is yes, and everything else is not, whether the answer is no or there is none.
func TestOnlyYesIsExitCodeZero(t *testing.T) {
	t.Parallel()
	since := time.Date(2027, 2, 1, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		answer desk.MayView
		code   int
		out    string
	}{
		{desk.MayView{May: true, From: &since, Why: "every window is over", Change: "CHG-7K3FM"}, 0, "yes, since 2027-02-01 00:00:00Z: every window is over (CHG-7K3FM)\n"},
		{desk.MayView{From: &since, Why: "its window runs", Change: "CHG-7K3FM"}, 1, "no, expected from 2027-02-01 00:00:00Z: its window runs (CHG-7K3FM)\n"},
		{desk.MayView{Why: "nobody told the customer of it\x1b"}, 1, "no: nobody told the customer of it\uFFFD\n"},
	} {
		url, _ := scripted(t, func(w http.ResponseWriter, r *http.Request) {
			require.Equal(t, "customer=ACME%2F1&service=chat&subject=sample-models", r.URL.RawQuery)
			says(200, c.answer)(w, r)
		})
		args := []string{"change", "may", "sample-models", "ACME/1", "--service", "chat", "--url", url}
		got := enter(t, args...)
		require.Equal(t, c.code, got.code, got.problems)
		require.Equal(t, c.out, got.out)
		got = enter(t, append(args, "--json")...)
		require.Equal(t, c.code, got.code, "in JSON too")
		require.Contains(t, got.out, `"why"`)
	}
	url, _ := scripted(t, cut)
	require.Equal(t, 3, enter(t, "change", "may", "sample-models", "ACME-1", "--url", url, "--retry", "0s").code)
	url, _ = scripted(t, says(200, "yes"))
	require.Equal(t, 3, enter(t, "change", "may", "sample-models", "ACME-1", "--url", url).code)
}
