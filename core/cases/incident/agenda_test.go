package incident_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/cases"
	"github.com/atlascloudai/docket/core/cases/incident"
)

func TestTheAgendaOfAnIncidentIsWhatPassedInOrderAndElseTheEarliestInstantToWake(t *testing.T) {
	t.Parallel()
	in := func(d time.Duration) *time.Time { at := now.Add(d); return &at }
	for name, c := range map[string]struct {
		next   incident.Next
		stages []cases.Stage
		wake   *time.Time
	}{
		"nothing is ahead":                {next: incident.Next{}},
		"a milestone is ahead":            {next: incident.Next{Milestone: in(time.Hour)}, wake: in(time.Hour)},
		"a milestone is now":              {next: incident.Next{Milestone: in(0)}, stages: []cases.Stage{incident.StageRaise}},
		"a milestone passed":              {next: incident.Next{Milestone: in(-time.Hour)}, stages: []cases.Stage{incident.StageRaise}},
		"nobody acknowledged":             {next: incident.Next{Step: in(-time.Minute)}, stages: []cases.Stage{incident.StageEscalate}},
		"a page waits":                    {next: incident.Next{Page: in(-time.Second)}, stages: []cases.Stage{incident.StagePage}},
		"all at once":                     {next: incident.Next{Milestone: in(-1), Step: in(-1), Page: in(-1)}, stages: []cases.Stage{incident.StageRaise, incident.StageEscalate, incident.StagePage}},
		"the earliest of what is ahead":   {next: incident.Next{Milestone: in(3 * time.Hour), Step: in(time.Hour), Page: in(2 * time.Hour)}, wake: in(time.Hour)},
		"one passed and others are ahead": {next: incident.Next{Milestone: in(5 * time.Hour), Step: in(-1), Page: in(2 * time.Hour)}, stages: []cases.Stage{incident.StageEscalate}, wake: in(2 * time.Hour)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			agenda := incident.Agenda(c.next, now)
			require.Equal(t, c.stages, agenda.Stages)
			require.Equal(t, c.wake, agenda.Wake)
		})
	}
}
