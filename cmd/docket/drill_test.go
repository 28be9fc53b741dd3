package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/cmd/docket/drill"
	"github.com/atlascloudai/docket/testkit"
)

// story is a scenario of the team's own: one customer whom nobody tells.
const story = `title: Nobody does anything
teaches: what silence comes to
begins: "03:00"
agreements: new
steps:
  - {do: open, title: Something, severity: high, breach: true}
  - {do: triage, severity: high}
  - {do: declare}
  - {do: start, word: aware_processor}
  - {do: parties, customers: [X-1], touched: [customer_content]}
ends: +9h
expect: {missed: 1}
`

const newAgreement = `documents:
  - id: new-dpa
    kind: dpa
    title: Data Processing Agreement
    version: draft
    customer: X-1
    executed: 2026-01-05
    terms:
      - {id: new-incident, start: aware_processor, touched: [customer_content], period: 8 hours, notify: [incident_notice], channels: [email], meets: acceptance, clause: "7"}
customers:
  - {ref: X-1, name: Sample Ltd, plan: standard, language: en, zone: Europe/London, services: [chat-api], regions: [eu-west], contacts: [{id: X-1-notice, role: incident_notice, address: incidents@sample.test, last_proven: 2026-01-05}]}
`

// writes puts a story and its agreements into a folder and answers the story's path.
func writes(t *testing.T, text string) string {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, "new"), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "new", "agreement.yaml"), []byte(newAgreement), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "story.yaml"), []byte(text), 0o600))
	return filepath.Join(dir, "story.yaml")
}

// A drill plays on a stack of its own, says in its exit code whether all went as expected, and leaves nothing.
func TestADrillSaysWhetherItWentAsExpected(t *testing.T) {
	t.Parallel()
	place := t.TempDir()
	here := map[string]string{"TMPDIR": place}
	went := run(t, here, "drill", writes(t, story))
	require.Zero(t, went.code, went.problems)
	require.Contains(t, went.out, "opened as a drill")
	require.Regexp(t, `\+8h00m +limit +1 duty +→ privacy_lead, executive_sponsor`, went.out)
	require.Regexp(t, `X-1 +Data Processing Agreement draft, 7 .*missed: open for 1h00m past its limit`, went.out)
	require.Contains(t, went.out, drill.Limits)

	failed := run(t, here, "drill", "--json", writes(t, strings.Replace(story, "missed: 1", "met: 1", 1)))
	require.Equal(t, 1, failed.code)
	require.Contains(t, failed.problems, "story.yaml:12: met: 0, expected 1")
	var report drill.Report
	require.NoError(t, json.Unmarshal([]byte(failed.out), &report), failed.out)
	require.True(t, report.Drill)
	require.Equal(t, drill.Missed, report.Duties[0].State)

	left, err := os.ReadDir(place)
	require.NoError(t, err)
	require.Empty(t, left)
	require.Empty(t, processesIn(t, place))
}

// A rule pack is tried before it is trusted: the same story by its rules, on a stack of its own only.
func TestADrillTriesAnotherRulePack(t *testing.T) {
	t.Parallel()
	folder := copyOfPack(t)
	rewrite(t, filepath.Join(folder, "pack.yaml"), "version: 20", "version: 2099.01.0\n# 20")
	rewrite(t, filepath.Join(folder, "rules/eu.yaml"), "within 24 hours\n    period: 24 hours", "within 6 hours\n    period: 6 hours")
	text := strings.NewReplacer("agreements: new", "agreements: new\ncompany: nis2-entity", "word: aware_processor", "word: aware_significant",
		"expect: {missed: 1}", "expect: {due: [{to: NIS2 CSIRT, clause: 23(4)(a), limit: +6h, state: missed}]}").Replace(story)
	went := run(t, map[string]string{"TMPDIR": t.TempDir()}, "drill", "--rules", folder, writes(t, text))
	require.Zero(t, went.code, went.problems)

	for says, args := range map[string][]string{
		"leave --dir out": {"--rules", folder, "--dir", t.TempDir(), "tabletop"}, "pack.yaml": {"--rules", t.TempDir(), "tabletop"},
		"no other case": {"--dir", t.TempDir(), writes(t, strings.Replace(story, "steps:", "adopts: in-cert-in\nsteps:", 1))},
	} {
		refused := enter(t, append([]string{"drill"}, args...)...)
		require.Equal(t, 2, refused.code, says)
		require.Contains(t, refused.problems, says)
	}
}

// Ctrl-C ends a drill wherever it is, and leaves no process and no file.
func TestADrillEndsOnASignal(t *testing.T) {
	t.Parallel()
	place := t.TempDir()
	for _, moment := range []string{"PostgreSQL", "opened as a drill"} {
		out := &said{}
		cmd := docket(t, map[string]string{"TMPDIR": place}, "drill", "clock-change")
		cmd.Stdout, cmd.Stderr = out, out
		require.NoError(t, cmd.Start())
		testkit.Await(t, "the drill is under way", func() bool { return strings.Contains(out.String(), moment) })
		require.NoError(t, cmd.Process.Signal(syscall.SIGINT))
		require.Error(t, cmd.Wait())
		require.Equal(t, 1, cmd.ProcessState.ExitCode(), out)
		require.Contains(t, out.String(), "docket: stopped before ")
		require.Empty(t, processesIn(t, place))
		left, err := os.ReadDir(place)
		require.NoError(t, err)
		require.Empty(t, left)
	}
}

// The shipped scenarios are listed by name, and what cannot be played is refused before anything starts.
func TestDrillsAreListedAndBadOnesRefused(t *testing.T) {
	t.Parallel()
	list := enter(t, "drill", "--list")
	require.Zero(t, list.code, list.problems)
	require.Len(t, strings.Split(strings.TrimSpace(list.out), "\n"), 5)
	require.Regexp(t, `(?m)^clock-change +Eleven clocks over two changes of the clock$`, list.out)
	for _, one := range []struct{ scenario, says string }{
		{"", "name a scenario: a file, or one of docket drill --list"},
		{"nothing", `there is no scenario "nothing": name a file, or one of docket drill --list`},
		{filepath.Join(t.TempDir(), "nothing.yaml"), "name a file"},
		{writes(t, strings.Replace(story, "declare", "shout", 1)), `story.yaml:8: do: "shout" is no command`},
	} {
		args := []string{"drill"}
		if one.scenario != "" {
			args = append(args, one.scenario)
		}
		refused := enter(t, args...)
		require.Equal(t, 2, refused.code)
		require.Contains(t, refused.problems, one.says)
	}
}
