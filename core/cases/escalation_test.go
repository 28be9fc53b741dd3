package cases_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/cases"
)

var kinds = []string{
	"half", "three_quarters", "nine_tenths", "target", "limit",
	cases.RaiseRefused, cases.RaiseUnreachable, cases.RaiseUnknown, cases.RaiseUndecided, cases.RaiseReopened,
}

func TestEveryRaiseGoesToRealRolesAndOnlyItsLastStepIsTheLast(t *testing.T) {
	t.Parallel()
	for _, kind := range kinds {
		chain := cases.Escalation(kind)
		require.GreaterOrEqual(t, len(chain), 2, "%s: somebody stands behind the first", kind)
		for i, step := range chain {
			require.NotEmpty(t, step.Roles)
			for _, role := range step.Roles {
				require.True(t, access.Role(role).Valid(), role)
			}
			require.Equal(t, i == len(chain)-1, step.Then == 0, "%s step %d", kind, i)
		}
	}
}

func TestTheNearerTheDeadlineTheFasterItGoesOn(t *testing.T) {
	t.Parallel()
	require.Less(t, cases.Escalation("nine_tenths")[0].Then, cases.Escalation("half")[0].Then)
	for _, kind := range []string{"target", "limit"} {
		require.Contains(t, cases.Escalation(kind)[0].Roles, "executive_sponsor", "a missed deadline reaches the sponsor at once")
	}
}

func TestAnAgendaWakesAtTheEarliestInstantAhead(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 9, 22, 0, 0, 0, time.UTC)
	sooner, later := now.Add(time.Minute), now.Add(time.Hour)
	var agenda cases.Agenda
	agenda.Due("never", nil, now)
	agenda.Due("later", &later, now)
	agenda.Due("sooner", &sooner, now)
	agenda.Due("now", &now, now)
	require.Equal(t, []cases.Stage{"now"}, agenda.Stages)
	require.Equal(t, &sooner, agenda.Wake)
}
