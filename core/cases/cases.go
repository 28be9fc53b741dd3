// Package cases holds what every kind of case shares: the events that a decision
// writes to the timeline, the stages that a process carries out, and the chain of
// people a passed milestone raises.
package cases

import "time"

// Event is one line of the timeline that a decision writes.
type Event struct {
	// Kind is stable, e.g. "incident.declared".
	Kind string
	// HappenedAt is when it happened in case time; zero means the decision's instant.
	HappenedAt time.Time
	// Body holds ids, codes and instants only: it is readable by anybody who sees the case.
	Body any
	// Content is free text, names and evidence: sealed under the case's data key.
	Content any
}

// Stage is one thing that a process has to carry out now, by name. A workflow knows how.
type Stage string

// Agenda is what is due now, in order, and the case instant at which to look again; nil means only when the bell rings.
type Agenda struct {
	Stages []Stage
	Wake   *time.Time
}

// Due adds the stage when its instant has come, and else keeps the instant as a time to wake.
func (a *Agenda) Due(stage Stage, at *time.Time, now time.Time) {
	switch {
	case at == nil:
	case !at.After(now):
		a.Stages = append(a.Stages, stage)
	case a.Wake == nil || at.Before(*a.Wake):
		a.Wake = at
	}
}

// Span keeps the first and the last instant at which something was recorded; a correction never loses the first.
type Span struct {
	First *time.Time `json:"first,omitempty"`
	Last  *time.Time `json:"last,omitempty"`
}

// Mark records one more instant.
func (s *Span) Mark(at time.Time) {
	if s.First == nil {
		s.First = &at
	}
	s.Last = &at
}
