package packs

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/clock"
)

func TestThePolicyShipsSectionBySection(t *testing.T) {
	t.Parallel()
	policy, err := Policy()
	require.NoError(t, err)
	var numbers []string
	for _, section := range policy.Sections {
		numbers = append(numbers, section.Number)
		require.NotEmpty(t, section.Says)
		require.NotEmpty(t, section.Means)
	}
	require.Equal(t, strings.Fields("1 2.1 2.2 3.1 3.2 4.1 4.2 5 6 7 8 9 10 11 12 13 14"), numbers)
}

func TestThePolicyPromisesNoticeOfConfirmedIncidentsWithoutANumber(t *testing.T) {
	t.Parallel()
	policy, err := Policy()
	require.NoError(t, err)
	incidents, ok := policy.Section("12")
	require.True(t, ok)
	require.Equal(t, []PolicyTerm{{
		Kind: TermIncidentNotice, Rule: "dpa-incident-no-number", Start: clock.StartConfirmedProcessor, Scope: "customer_personal_data",
	}}, incidents.Terms)

	retention, ok := policy.Section("3.1")
	require.True(t, ok)
	require.Equal(t, clock.Period{Amount: 7, Unit: clock.UnitCalendarDay}, *retention.Terms[0].UpTo)

	_, ok = policy.Section("15")
	require.False(t, ok)
}

func TestABrokenPolicyIsRefusedWithSectionAndField(t *testing.T) {
	t.Parallel()
	pack, err := Load()
	require.NoError(t, err)
	whole, err := embedded.ReadFile(policyFile)
	require.NoError(t, err)
	for change, field := range map[[2]string]string{
		{"rule: dpa-incident-no-number", "rule: no-such-rule"}: "sections[12].terms.rule",
		{"start: confirmed_processor", "start: whenever"}:      "sections[12].terms.start",
		{"up_to: 7 days", "up_to: a week"}:                     "sections[3.1].terms.up_to",
		{"kind: precedence", "kind: courtesy"}:                 "sections[1].terms.kind",
		{"publisher:", "author:"}:                              "author",
		{`number: "2.2"`, `number: "2.1"`}:                     "sections.number",
	} {
		_, err := readPolicy(policyFile, []byte(strings.Replace(string(whole), change[0], change[1], 1)), pack)
		var broken *SchemaError
		require.ErrorAs(t, err, &broken, "%q", change)
		require.Equal(t, policyFile, broken.File)
		require.Equal(t, field, broken.Field, "%v", err)
	}
}
