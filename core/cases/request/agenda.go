package request

import (
	"time"

	"github.com/atlascloudai/docket/core/cases"
	"github.com/atlascloudai/docket/core/cases/incident"
)

// The stages of a request's process beside those that raise, escalate and page.
const (
	// StageTargets: targets are to be located, erased or verified.
	StageTargets cases.Stage = "targets"
	// StagePlan: everything was located and the plan can be made.
	StagePlan cases.Stage = "plan"
	// StageStart: the cooling-off is over.
	StageStart cases.Stage = "start"
	// StageDraft: the last third of the period has begun and no answer is drafted.
	StageDraft cases.Stage = "draft"
	// StageCarry: the targets have come to another status; an end gets its certificate.
	StageCarry cases.Stage = "carry"
	// StageWipe: what was gathered for an export has to be emptied.
	StageWipe cases.Stage = "wipe"
	// StageReview: counsel is to look again at a hold that keeps records.
	StageReview cases.Stage = "review"
	// StageRemind: a task of a system's owner was to be done by now.
	StageRemind cases.Stage = "remind"
)

// Next holds the earliest instants, in case time, at which something of the request comes due.
type Next struct {
	incident.Next
	// Target is when a target has work to do.
	Target *time.Time
	// Draft is when an answer has to be drafted at the latest.
	Draft *time.Time
	// Review is the earliest review date of a hold that keeps records, and for which nobody was raised.
	Review *time.Time
	// Remind is the earliest due date of an owner's task that is not done, and about which nobody was reminded.
	Remind *time.Time
}

// Agenda is the life of a request as its process sees it. Deadlines only raise; what is erased was approved.
func Agenda(s State, c Counts, next Next, now time.Time) cases.Agenda {
	agenda := incident.Agenda(next.Next, now)
	locating := s.Status == Scoping && s.Plan != nil
	if locating && c.Targets > 0 && c.Locating == 0 {
		agenda.Due(StagePlan, &now, now)
	}
	if locating || s.BegunAt != nil {
		agenda.Due(StageTargets, next.Target, now)
	}
	if s.Status == Restricting {
		agenda.Due(StageStart, s.CoolUntil, now)
	}
	agenda.Due(StageDraft, next.Draft, now)
	if s.BegunAt != nil && (Standing(c) != s.Status || s.Uncertified(c)) {
		agenda.Due(StageCarry, &now, now)
	}
	agenda.Due(StageWipe, s.wipeAt(now), now)
	agenda.Due(StageReview, next.Review, now)
	agenda.Due(StageRemind, next.Remind, now)
	return agenda
}
