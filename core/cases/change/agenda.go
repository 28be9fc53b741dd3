package change

import (
	"time"

	"github.com/atlascloudai/docket/core/cases"
	"github.com/atlascloudai/docket/core/cases/incident"
)

// The stages of a change's process, beside those that raise, escalate and page.
const (
	// StageDates counts the dates of those who were told since.
	StageDates cases.Stage = "dates"
	// StageTake lets the change take effect for those whose windows are over.
	StageTake cases.Stage = "take"
	// StageStatus takes the status that the customers have come to.
	StageStatus cases.Stage = "status"
	// StageObjections raises people about objections whose time to find a way is over.
	StageObjections cases.Stage = "objections"
)

// Next is what the rows say of a change, beside its counts.
type Next struct {
	// Undated says that somebody was told, or turned out not to be, and the dates are not counted from it yet.
	Undated bool
	// Objection is when the next objection is to have an end.
	Objection *time.Time
	incident.Next
}

// Agenda says what a change's process does now. It sends nothing.
func Agenda(s State, counts Counts, next Next, now time.Time) cases.Agenda {
	agenda := incident.Agenda(next.Next, now)
	if next.Undated {
		agenda.Stages = append(agenda.Stages, StageDates)
		return agenda
	}
	if !s.Status.Ended() { // What does not come needs no way around it.
		agenda.Due(StageObjections, next.Objection, now)
	}
	if s.Status != Sending && s.Status != ObjectionWindow && s.Status != Effective {
		return agenda
	}
	agenda.Due(StageTake, counts.Opens, now)
	carried, _, err := Apply(Decision{State: s, Counts: counts, Now: now}, Carry{})
	if err == nil && carried.Status != s.Status {
		agenda.Stages = append(agenda.Stages, StageStatus)
	}
	return agenda
}
