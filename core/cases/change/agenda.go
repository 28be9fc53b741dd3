package change

import (
	"time"

	"github.com/atlascloudai/docket/core/cases"
)

// The stages of a change's process.
const (
	// StageDates counts the dates of those who were told since.
	StageDates cases.Stage = "dates"
	// StageTake lets the change take effect for those whose windows are over.
	StageTake cases.Stage = "take"
	// StageStatus takes the status that the customers have come to.
	StageStatus cases.Stage = "status"
)

// Next is what the rows say of a change, beside its counts.
type Next struct {
	// Undated were told, and their dates are not counted yet.
	Undated int
	// Raise is when the next milestone passes: a last sending date, an open objection, the day of sending.
	Raise, Escalate, Page *time.Time
}

// Agenda says what a change's process does now. Nothing is ever sent by it.
func Agenda(s State, counts Counts, next Next, now time.Time) cases.Agenda {
	var agenda cases.Agenda
	agenda.Due(cases.Stage("raise"), next.Raise, now)
	agenda.Due(cases.Stage("escalate"), next.Escalate, now)
	agenda.Due(cases.Stage("page"), next.Page, now)
	if next.Undated > 0 {
		agenda.Stages = append(agenda.Stages, StageDates)
		return agenda
	}
	if s.Status != Sending && s.Status != ObjectionWindow {
		return agenda
	}
	agenda.Due(StageTake, counts.Opens, now)
	carried, _, err := Apply(Decision{State: s, Counts: counts, Now: now}, Carry{})
	if err == nil && carried.Status != s.Status {
		agenda.Stages = append(agenda.Stages, StageStatus)
	}
	return agenda
}
