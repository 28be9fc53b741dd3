package duty_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/clock"
	"github.com/atlascloudai/docket/core/duty"
	"github.com/atlascloudai/docket/core/packs"
)

func TestTheExplanationNamesClauseDatesContactsAndWhatGaveWay(t *testing.T) {
	t.Parallel()
	agreements := set(document("Master Agreement", duty.EnterpriseAgreement, "2025-01-10"), term("Master Agreement", 72),
		document("DPA", duty.DPA, "2025-01-12"), term("DPA", 24))
	agreements.Accepted = map[string]time.Time{"DPA": incident.AddDate(-1, 0, 0)}
	subject := content("chat")
	resolved := duty.Resolve(agreements, subject)
	due, err := duty.Due(resolved, duty.Starts{clock.StartAwareProcessor: incident}, time.UTC, pack(t), pack(t).Rule)
	require.NoError(t, err)
	proven := incident.AddDate(0, -1, 0)
	text := duty.Explain(duty.Question{
		Customer: duty.Customer{Ref: "C-1004", Language: "de"}, Set: agreements, Subject: subject, Resolution: resolved, Clock: &due,
		Contacts: []duty.Contact{{ID: "c-1", Role: duty.RoleIncidentNotice, LastProven: &proven}, {ID: "c-2", Role: duty.RoleAccount}},
	})
	for _, promised := range []string{
		"C-1004  incident-notice  as of 2026-11-09T14:30:00Z",
		"DPA, version 1.0 (executed 2025-01-12), section 7.2, page 4",
		"accepted    2025-11-09",
		"within 24 hours, starting when the processor became aware (start word aware_processor, rule dpa-incident)",
		"acceptance on email, by any of the contacts",
		"incident_notice: c-1 (de, last proven 2026-10-09)",
		"due         2026-11-10T14:30:00Z",
		"Master Agreement, version 1.0 (executed 2025-01-10), section 7.2, page 4: within 72 hours",
		"the DPA prevails over the Enterprise Agreement",
	} {
		require.Contains(t, text, promised)
	}
	require.NotContains(t, text, "c-2", "a contact that the term does not name is not told")
}

func TestTheExplanationSaysWhatIsMissing(t *testing.T) {
	t.Parallel()
	nothing := content("chat")
	nothing.Touched = []duty.Touch{duty.Availability}
	require.Contains(t, duty.Explain(duty.Question{Subject: nothing, Resolution: duty.Resolve(duty.Set{}, nothing)}), "owed        nothing")

	subject := content("chat")
	resolved := duty.Resolve(set(document("dpa", duty.DPA, "2025-01-10"), term("dpa", 0)), subject)
	waiting, err := duty.Due(resolved, nil, time.UTC, pack(t), pack(t).Rule)
	require.NoError(t, err)
	text := duty.Explain(duty.Question{Subject: subject, Resolution: resolved, Clock: &waiting})
	require.Contains(t, text, "without undue delay, no number")
	require.Contains(t, text, "waits for the word aware_processor")
	require.Contains(t, text, "incident_notice: none; add one")
}

func TestTheLastResortIsWhatThePublishedPolicySays(t *testing.T) {
	t.Parallel()
	policy, err := packs.Policy()
	require.NoError(t, err)
	section, found := policy.Section(duty.PolicyTerm().Clause)
	require.True(t, found)
	require.Equal(t, policy.ID, duty.PolicyDocument().ID)
	require.Equal(t, policy.Title, duty.PolicyDocument().Title)
	promised := section.Terms[0]
	require.Equal(t, packs.TermIncidentNotice, promised.Kind)
	require.Equal(t, promised.Rule, duty.PolicyTerm().Rule)
	require.Equal(t, promised.Start, duty.PolicyTerm().Start)
	require.Equal(t, []duty.Touch{duty.Touch(promised.Scope)}, duty.PolicyTerm().Scope.Touched)
	require.Nil(t, promised.UpTo)
}
