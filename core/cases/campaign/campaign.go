// Package campaign is the sending of one approved notice to its recipients as a pure
// machine: what is due, when it ends, and when a deferred recipient is tried again.
package campaign

import (
	"time"

	"github.com/atlascloudai/docket/core/cases"
)

// State of a campaign.
type State string

// States of a campaign. A stopped campaign does not run again; a done one does when a next contact is opened.
const (
	Running State = "running"
	Paused  State = "paused"
	Stopped State = "stopped"
	Done    State = "done"
)

// The stages of a campaign's process.
const (
	// StageSend: recipients are due; a sender takes a page of them.
	StageSend cases.Stage = "send"
	// StageSeal: pages of outcomes wait to be sealed into the case's chain.
	StageSeal cases.Stage = "seal"
	// StageFinish: nothing is left to try.
	StageFinish cases.Stage = "finish"
)

// Next is what the rows say of a campaign.
type Next struct {
	State State
	// Outstanding says that a recipient is not at an end.
	Outstanding bool
	// Send is the earliest case instant at which a recipient may be tried.
	Send *time.Time
	// Lease is the earliest case instant at which a sender's claim that was never ended lapses.
	Lease *time.Time
	// Unsealed says that a page of outcomes is not sealed and nobody holds it.
	Unsealed bool
}

// Agenda says what a campaign's process does now.
func Agenda(next Next, now time.Time) cases.Agenda {
	var agenda cases.Agenda
	// A claim that lapsed is taken over also while nothing is sent: nobody waits for an outcome for ever.
	send := next.Lease
	if next.State == Running {
		send = earliest(next.Send, next.Lease)
	}
	agenda.Due(StageSend, send, now)
	if next.Unsealed {
		agenda.Stages = append(agenda.Stages, StageSeal)
	}
	if next.State == Running && !next.Outstanding {
		agenda.Stages = append(agenda.Stages, StageFinish)
	}
	return agenda
}

func earliest(a, b *time.Time) *time.Time {
	if a == nil || (b != nil && b.Before(*a)) {
		return b
	}
	return a
}
