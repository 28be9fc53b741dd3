// Package change counts every customer's own dates in a notice of change: until when it may leave, when the customer's windows
// close, and from when the change may take effect.
package change

import (
	"time"

	"github.com/atlascloudai/docket/core/clock"
	"github.com/atlascloudai/docket/core/duty"
)

// Dates are one customer's own. Instants are in the customer's zone; ends of days are their last microsecond.
type Dates struct {
	// LastSending is the last instant at which the notice may leave for the change to take effect when it is planned to: a
	// target, which the terms' own limits never lie before. It is counted backward and never rolls later.
	LastSending time.Time
	// SentAt is when the notice was given; nil before. The rest is counted from it, and is empty before.
	SentAt *time.Time
	// WindowCloses is the last instant at which the customer may object, TerminationUntil the last at which it may terminate
	// because of the change; nil where no agreement gives such a window.
	WindowCloses, TerminationUntil *time.Time
	// Effective is the first instant at which the change may take effect for this customer: as planned, or after every period.
	Effective time.Time
	// Provisional says that a calendar does not reach far enough: Effective may lie later, so nothing takes effect by itself.
	Provisional bool
	// Why tells step by step how the instants came about.
	Why []clock.Step
}

// Counter counts one customer's dates.
type Counter struct {
	// Terms are what its agreements say; one of Terms.Notice at least, be it the company's own default.
	Terms duty.ChangeTerms
	// Planned is when the change is to take effect.
	Planned time.Time
	// Home is the customer's zone.
	Home   *time.Location
	Places duty.Places
	Rules  duty.Rules
}

// Dates counts them, from the instant at which the notice was given where it was. Refusals are those of duty.Due.
func (c Counter) Dates(sent *time.Time) (Dates, error) {
	dates := Dates{SentAt: sent, Effective: c.Planned.In(c.Home)}
	waits := append(append([]duty.Term(nil), c.Terms.Notice...), c.Terms.Objection...)
	for _, term := range waits {
		counted, err := c.count(term, noticeRule, clock.StartChangeEffective, c.Planned)
		if err != nil {
			return Dates{}, err
		}
		if dates.Why = append(dates.Why, counted.Why...); dates.LastSending.IsZero() || counted.Target.Before(dates.LastSending) {
			dates.LastSending = counted.Target
		}
	}
	if sent == nil {
		return dates, nil
	}
	dates.Why = nil
	for _, term := range append(waits, c.Terms.Termination...) {
		counted, err := c.count(term, waitRule, clock.StartNoticeSent, *sent)
		if err != nil {
			return Dates{}, err
		}
		dates.Why, dates.Provisional = append(dates.Why, counted.Why...), dates.Provisional || counted.Limit == nil
		if term.Kind == duty.TerminationWindow { // It may be used after the change, too.
			dates.TerminationUntil = later(dates.TerminationUntil, counted.Target)
			continue
		}
		if term.Kind == duty.ObjectionWindow {
			dates.WindowCloses = later(dates.WindowCloses, counted.Target)
		}
		if first := counted.Target.Add(time.Microsecond); first.After(dates.Effective) {
			dates.Effective = first
		}
	}
	return dates, nil
}

// The two sides of one period: counted back from the change, and counted on from the sending. What is sent by the one is over
// by the other.
const (
	noticeRule = "dpa-subprocessor-notice"
	waitRule   = "policy-change-notice"
)

// count counts a term's period by a rule.
func (c Counter) count(term duty.Term, rule string, start clock.StartWord, at time.Time) (duty.Clock, error) {
	term.Rule, term.Start = rule, start
	one := duty.Resolution{Owed: true, Term: term, Candidates: []duty.Term{term}}
	return duty.Due(one, duty.Starts{start: at}, c.Home, c.Places, c.Rules)
}

func later(a *time.Time, b time.Time) *time.Time {
	if a != nil && a.After(b) {
		return a
	}
	return &b
}
