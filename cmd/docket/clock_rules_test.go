package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/packs"
)

func TestClockRulesListsEveryRuleOrThoseThatAreAskedFor(t *testing.T) {
	t.Parallel()
	pack, err := packs.Load()
	require.NoError(t, err)
	listed := func(args ...string) map[string][]string {
		t.Helper()
		said := typing(t, append([]string{"clock", "rules"}, args...)...)
		require.Zero(t, said.code, said.problems)
		lines := strings.Split(strings.TrimSpace(said.out), "\n")
		require.Contains(t, lines[0], "STARTS WHEN")
		require.Contains(t, lines[len(lines)-1], "of pack "+pack.Version)
		require.Contains(t, lines[len(lines)-1], "not legal advice")
		rules := map[string][]string{}
		for _, line := range lines[1 : len(lines)-1] {
			words := strings.Fields(line)
			rules[words[0]] = words
		}
		return rules
	}
	require.Len(t, listed(), len(pack.Rules()))

	words := listed("nis2", "FINAL")
	require.Contains(t, words, "nis2-final-report")
	require.NotContains(t, words, "nis2-early-warning")
	require.Contains(t, listed("superintendent"), "nydfs-500-17-a", "the recipient counts too")

	for id := range listed("--start", "payment_made") {
		rule, _ := pack.Rule(id)
		require.EqualValues(t, "payment_made", rule.Start)
	}
	require.NotEmpty(t, listed("--start", "payment_made"))
	for _, label := range []string{"V", "V2", "G"} {
		rules := listed("--confidence", label)
		require.NotEmpty(t, rules)
		for id := range rules {
			rule, _ := pack.Rule(id)
			require.EqualValues(t, label, rule.Confidence)
		}
	}
	unadopted := listed("--unadopted")
	require.Contains(t, unadopted, "in-cert-in")
	require.Contains(t, unadopted["circia-covered-incident"], "force", "what is no law says so")
	require.NotContains(t, unadopted, "gdpr-33-1")
	require.Empty(t, listed("no such words"))
	require.Len(t, listed("--unadopted", "--confidence", "V2", "--start", "fix_available"), 1, "every condition holds")
}

func TestClockRulesRefusesAnUnknownChoice(t *testing.T) {
	t.Parallel()
	for said, args := range map[string][]string{
		"start: \"awareness\"": {"--start", "awareness"}, "--confidence": {"--confidence", "sure"}, "--diff": {"--diff", "/no/such/folder"},
	} {
		refused := typing(t, append([]string{"clock", "rules"}, args...)...)
		require.Equal(t, 2, refused.code)
		require.Contains(t, refused.problems, said)
	}
}

func TestClockRulesPrintsARuleAsThePackWritesIt(t *testing.T) {
	t.Parallel()
	one := typing(t, "clock", "rules", "gdpr-33-2", "--yaml")
	require.Zero(t, one.code, one.problems)
	require.True(t, strings.HasPrefix(one.out, "# rules/eu.yaml\n  - id: gdpr-33-2\n    regime: GDPR\n"), one.out)
	require.Contains(t, one.out, "    note: >-\n")
	require.Equal(t, 1, strings.Count(one.out, "- id: "), "the id is exact")
	require.Greater(t, strings.Count(typing(t, "clock", "rules", "--yaml", "nis2").out, "- id: "), 5)
}

func TestClockRulesSaysWhatAnotherPackChanges(t *testing.T) {
	t.Parallel()
	same := typing(t, "clock", "rules", "--diff", copyOfPack(t))
	require.Zero(t, same.code, same.problems)
	require.Regexp(t, `^0 changes from pack \S+ to pack \S+\n$`, same.out)

	folder := copyOfPack(t)
	rewrite(t, filepath.Join(folder, "rules/eu.yaml"), "period: 72 hours", "period: 96 hours")
	rewrite(t, filepath.Join(folder, "calendars.yaml"), "{name: National Day, on: 10-26}", "{name: National Day, on: 10-26, until: 2029}")
	rewrite(t, filepath.Join(folder, "pack.yaml"), "version: 20", "version: 2099.01.0\n# 20")
	file := filepath.Join(folder, "rules/switzerland.yaml")
	text := string(must(os.ReadFile(file)))
	require.NoError(t, os.WriteFile(file, []byte(strings.Replace(text, "id: ch-fadp-24-processor", "id: ch-fadp-24-other", 1)), 0o600))
	said := typing(t, "clock", "rules", "--diff", folder)
	require.Zero(t, said.code, said.problems)
	lines := strings.Split(strings.TrimSpace(said.out), "\n")
	require.Equal(t, []string{
		"ch-fadp-24-other  is new (FADP art 24(3))",
		"ch-fadp-24-processor  is gone (FADP art 24(3))",
		"gdpr-33-1  period: 72 hours → 96 hours",
		"calendar AT  2030-10-26: National Day → none",
	}, lines[:len(lines)-1])
	require.Regexp(t, `^4 changes from pack \S+ to pack 2099\.01\.0$`, lines[len(lines)-1])
}

func TestClockRulesNamesWhatIsBrokenInAPack(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ file, from, to, said string }{
		"rule":     {"rules/eu.yaml", "    period: 72 hours", "    period: 72 moons", "rules/eu.yaml: gdpr-33-1: field period: "},
		"nested":   {"rules/eu.yaml", "cap: {fact: aware", "cap: {fact: rumour", "rules/eu.yaml: dora-initial: field cap: "},
		"key":      {"rules/switzerland.yaml", "    role: controller", "    rolle: controller", "rules/switzerland.yaml: ch-fadp-24: field rolle: unknown key"},
		"calendar": {"calendars.yaml", "on: easter+39", "on: easter+later", "calendars.yaml: AT: field holidays.Ascension Day.on: "},
		"version":  {"pack.yaml", "version: 20", "version: one\n# 20", "pack.yaml: field version: "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder := copyOfPack(t)
			rewrite(t, filepath.Join(folder, c.file), c.from, c.to)
			said := typing(t, "clock", "rules", "--diff", folder)
			require.Equal(t, 2, said.code)
			require.Contains(t, said.problems, c.said)
		})
	}
	empty := typing(t, "clock", "rules", "--diff", t.TempDir())
	require.Equal(t, 2, empty.code)
	require.Contains(t, empty.problems, "pack.yaml")
}

// copyOfPack is a folder with the data of core/packs, laid out as there.
func copyOfPack(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	source := os.DirFS("../../core/packs")
	require.NoError(t, fs.WalkDir(source, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(name) == ".go" || strings.HasPrefix(name, "testdata") {
			return err
		}
		to := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
			return err
		}
		return os.WriteFile(to, must(fs.ReadFile(source, name)), 0o600)
	}))
	return folder
}

// rewrite changes the first place in a file that reads so.
func rewrite(t *testing.T, file, from, to string) {
	t.Helper()
	text := string(must(os.ReadFile(file)))
	require.Contains(t, text, from)
	require.NoError(t, os.WriteFile(file, []byte(strings.Replace(text, from, to, 1)), 0o600))
}
