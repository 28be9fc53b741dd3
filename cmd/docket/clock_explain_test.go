package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestClockExplainTellsEveryStepWithItsProvision(t *testing.T) {
	t.Parallel()
	said := typing(t, "clock", "explain", "gdpr-33-1", "--at", "2026-10-23T09:15:00+02:00", "--zone", "Europe/Berlin", "--calendar", "DE")
	require.Zero(t, said.code, said.problems)
	for _, line := range []string{
		"Target   Mon 2026-10-26T08:15:00+01:00\n", "Limit    Mon 2026-10-26T09:00:00+01:00\n",
		" 1. The clock starts when the controller became aware: start word aware_controller. [GDPR art 33(1)]\n    → Fri 2026-10-23T09:15:00+02:00\n",
		"[Reg. 1182/71 art 3(1)]\n", "[Reg. 1182/71 art 3(2)(a), 3(4)]\n", "zone Europe/Berlin; calendar DE",
	} {
		require.Contains(t, said.out, line)
	}
	require.True(t, strings.HasSuffix(said.out, "Engineering, not legal advice.\n"))
}

func TestClockExplainTakesTheRulesOwnPlaceAndElseSaysThatItTookUTC(t *testing.T) {
	t.Parallel()
	own := typing(t, "clock", "explain", "sec-8k-1-05", "--at", "2026-11-25T11:00:00-05:00")
	require.Zero(t, own.code, own.problems)
	require.Contains(t, own.out, "zone America/New_York; calendar US-FED")
	require.Contains(t, own.out, "Wed 2026-12-02T17:30:00-05:00")
	require.NotContains(t, own.out, "none was given")

	elsewhere := typing(t, "clock", "explain", "sec-8k-1-05", "--at", "2026-11-25T11:00:00-05:00", "--calendar", "NONE", "--zone", "America/Chicago")
	require.Contains(t, elsewhere.out, "zone America/Chicago; calendar NONE")

	neither := typing(t, "clock", "explain", "gdpr-12-3", "--at", "2026-09-01T10:00:00+02:00")
	require.Zero(t, neither.code, neither.problems)
	require.Contains(t, neither.out, "UTC, because none was given and the rule fixes none")
	require.Contains(t, neither.out, "nothing is rolled over days off")
}

func TestClockExplainSaysWhatAnInstantIsWorth(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]struct {
		args []string
		said []string
	}{
		"no number":           {[]string{"gdpr-33-2", "--at", "2026-09-08T22:30:00Z"}, []string{"2026-09-09T22:30:00Z, the company's own\n", "none: no number is given\n"}},
		"outer limit":         {[]string{"hipaa-164-404", "--at", "2026-03-03T15:00:00Z"}, []string{"the company's own\n", "Sat 2026-05-02T23:59:59Z\n"}},
		"counted back":        {[]string{"dpa-subprocessor-notice", "--at", "2027-01-25T00:00:00Z", "--period", "30 days"}, []string{"sent after these instants is too late\n"}},
		"waiting":             {[]string{"dpa-objection-window", "--at", "2027-01-25T00:00:00Z", "--period", "30 days"}, []string{"waiting period"}},
		"beyond the calendar": {[]string{"uk-gdpr-12-3", "--at", "2027-12-14T10:00:00Z"}, []string{"withheld: the calendar does not reach that far\n", "Calendar provisional"}},
		"paused": {
			[]string{"uk-gdpr-12-3", "--at", "2026-06-01T12:00:00Z", "--option", "right=access", "--fact", "clarification_asked=2026-06-08T12:00:00Z"},
			[]string{"open: the clock stands still\n"},
		},
		"two facts": {
			[]string{"uk-gdpr-12-3", "--at", "2026-06-01T12:00:00Z", "--option", "right=access", "--fact", "clarification_asked=2026-06-08T12:00:00Z", "--fact", "clarification_received=2026-06-15T12:00:00Z"},
			[]string{"Thu 2026-07-09T23:59:59+01:00\n"},
		},
		"as it read before": {[]string{"uk-pecr-breach", "--at", "2025-08-19T10:00:00Z"}, []string{"It says  no later than 24 hours", "PECR reg. 5A; Reg. (EU) 611/2013 art 2(2)"}},
		"unverified":        {[]string{"iowa-715d-3-respond", "--at", "2026-08-19T10:00:00Z"}, []string{"Unadopted: ", "Confidence G: "}},
		"no law yet":        {[]string{"gdpr-33-1-omnibus", "--at", "2026-08-19T10:00:00Z", "--option", "include_not_in_force=true"}, []string{"Not in force: "}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			said := typing(t, append([]string{"clock", "explain"}, want.args...)...)
			require.Zero(t, said.code, said.problems)
			for _, text := range want.said {
				require.Contains(t, said.out, text)
			}
		})
	}
}

func TestClockExplainRefusesAndNamesTheField(t *testing.T) {
	t.Parallel()
	const at = "2026-09-08T22:30:00+02:00"
	for field, args := range map[string][]string{
		"rule: no rule \"gdpr-33\"":   {"gdpr-33", "--at", at},
		"rule: rule gdpr-33-1-omnib":  {"gdpr-33-1-omnibus", "--at", at},
		"at: ":                        {"gdpr-33-1", "--at", "2026-09-08T22:30:00"},
		"missing flags: --at":         {"gdpr-33-1"},
		"zone: ":                      {"gdpr-33-1", "--at", at, "--zone", "Berlin"},
		"calendar: ":                  {"gdpr-33-1", "--at", at, "--calendar", "Berlin"},
		"period: is missing":          {"dpa-incident", "--at", at},
		"period: \"two days\"":        {"dpa-incident", "--at", at, "--period", "two days"},
		"period: rule gdpr-33-1":      {"gdpr-33-1", "--at", at, "--period", "96 hours"},
		"facts.rumour: ":              {"dora-initial", "--at", at, "--fact", "rumour=" + at},
		"facts.aware: \"yesterday\"":  {"dora-initial", "--at", at, "--fact", "aware=yesterday"},
		"facts.aware: lies after":     {"dora-initial", "--at", at, "--fact", "aware=2026-09-09T08:00:00Z"},
		"options.extended: ":          {"gdpr-33-1", "--at", at, "--option", "extended=true"},
		"options.right: ":             {"gdpr-12-3", "--at", at, "--option", "right=silence"},
		"facts.clarification_asked: ": {"uk-gdpr-12-3", "--at", at, "--fact", "clarification_received=" + at},
	} {
		t.Run(field, func(t *testing.T) {
			t.Parallel()
			said := typing(t, append([]string{"clock", "explain"}, args...)...)
			require.Equal(t, 2, said.code)
			require.Contains(t, said.problems, field)
			require.NotContains(t, said.out, "Target")
		})
	}
}

// typing runs a command in this process.
func typing(t *testing.T, args ...string) typed {
	t.Helper()
	var out, problems bytes.Buffer
	code := execute(t.Context(), args, strings.NewReader(""), &out, &problems)
	return typed{out.String(), problems.String(), code}
}
