package desk_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/access"
)

// What was agreed or imported since a clock began moves it neither at once nor with the next correction.
func TestALongerPeriodImportedLaterMovesNoLimitLater(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	aware := r.ago(2 * time.Hour)
	r.start("aware_processor", aware, "")
	r.Parties(t, r.Case, "C-1001")
	first := *r.duty("C-1001").Limit
	r.reimport("period: 48 hours", "period: 96 hours")
	require.Equal(t, first, *r.duty("C-1001").Limit)

	earlier := aware.Add(-3 * time.Hour)
	r.start("aware_processor", earlier, "an older alert was found")
	require.Equal(t, earlier.Add(48*time.Hour).UTC(), *r.duty("C-1001").Limit)
	r.Parties(t, r.Case, "C-1002")
	require.Equal(t, earlier.Add(96*time.Hour).UTC(), *r.duty("C-1002").Limit, "a duty opened now has the terms of now")
}

// Two people agree on moving an instant from where it stands. Where it was moved in between, the first word was
// about something else.
func TestAWordOnALaterAwarenessIsAboutTheInstantThatStoodThen(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	aware := r.ago(10 * time.Hour)
	r.start("aware_processor", aware, "")
	r.Parties(t, r.Case, "C-1001")
	later := startInput("aware_processor", aware.Add(4*time.Hour), "the alert was another customer's")
	says := func(role access.Role) bool {
		receipt, err := r.Desk.RecordStart(r.ctx, r.As(role), "", r.Case, later)
		require.NoError(t, err)
		return !receipt.Pending
	}
	require.False(t, says(access.PrivacyLead))
	earlier := aware.Add(-20 * time.Hour)
	r.start("aware_processor", earlier, "an older alert was found")

	require.False(t, says(access.LegalCounsel), "nobody has agreed to move it from there")
	require.Equal(t, earlier.Add(48*time.Hour).UTC(), *r.duty("C-1001").Limit)
	require.True(t, says(access.PrivacyLead))
	require.Equal(t, later.At.Add(48*time.Hour).UTC(), *r.duty("C-1001").Limit)
}
