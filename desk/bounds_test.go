package desk_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/desk"
)

func TestATitleIsOneLineOfText(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.unchanged(func() {
		for _, title := range []string{"", "   ", "\u00a0", "two\nlines", "a bell\a", "\t"} {
			_, err := r.Desk.Open(r.ctx, r.As(access.Responder), "k", desk.OpenInput{Title: title})
			names(t, "title", err)
			_, err = r.Desk.EditSummary(r.ctx, r.As(access.IncidentCommander), "k", r.Case, desk.SummaryInput{Title: title, IfMatch: 1})
			names(t, "title", err)
		}
	})
	_, err := r.Desk.EditSummary(r.ctx, r.As(access.IncidentCommander), "", r.Case, desk.SummaryInput{Title: "Speicher war öffentlich", IfMatch: 1})
	require.NoError(t, err)
}

func TestADrillsClockIsMovedByTenYearsAtMost(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.unchanged(func() {
		for _, years := range []int{11, 500} {
			to := r.now().AddDate(years, 0, 0)
			_, err := r.Desk.AdvanceClock(r.ctx, r.As(access.IncidentCommander), "k", r.Case, desk.AdvanceInput{To: &to})
			names(t, "to", err)
		}
	})
	to := r.now().AddDate(9, 0, 0)
	_, err := r.Desk.AdvanceClock(r.ctx, r.As(access.IncidentCommander), "", r.Case, desk.AdvanceInput{To: &to})
	require.NoError(t, err)
}
