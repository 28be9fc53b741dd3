package incident

import (
	"time"

	"github.com/atlascloudai/docket/core/cases"
)

// The stages of an incident's process.
const (
	// StageRaise: a clock passed a milestone that nobody has been told of.
	StageRaise cases.Stage = "raise"
	// StageEscalate: a raise was not acknowledged in time and goes to its next step.
	StageEscalate cases.Stage = "escalate"
	// StagePage: pages wait to be sent.
	StagePage cases.Stage = "page"
)

// Next holds the earliest instants, in case time, at which something of the incident comes due.
type Next struct {
	Milestone *time.Time
	Step      *time.Time
	Page      *time.Time
}

// Agenda is the life of an incident as its process sees it: raise what passed, escalate what
// nobody answered, page whom that concerns. Deadlines only raise; nothing here sends a notice.
func Agenda(next Next, now time.Time) cases.Agenda {
	var agenda cases.Agenda
	agenda.Due(StageRaise, next.Milestone, now)
	agenda.Due(StageEscalate, next.Step, now)
	agenda.Due(StagePage, next.Page, now)
	return agenda
}
