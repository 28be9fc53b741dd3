package main

import (
	"context"
	"time"

	"github.com/atlascloudai/docket/core/access"
)

// nearlyMiss moves the clock while nobody approves, until the shortest deadline is nearly missed.
func (p demonstration) nearlyMiss(ctx context.Context) error {
	p.act("Nobody approves. Docket raises people, and sends nothing")
	for {
		view, err := p.View(ctx)
		if err != nil {
			return err
		}
		if view.NextMilestone == nil || view.NextDue == nil || view.NextDue.Sub(*view.NextMilestone) < time.Hour {
			break
		}
		if err := p.Advance(ctx, nil); err != nil {
			return err
		}
		// The commander takes the early raises, so that only the last one goes up the chain.
		if err := p.Answer(ctx, p.As(access.IncidentCommander), "seen", "half", "three_quarters"); err != nil {
			return err
		}
	}
	if err := p.Answer(ctx, p.As(access.ExecutiveSponsor), "calling the privacy lead"); err != nil {
		return err
	}
	p.Say("  the executive sponsor takes it; the escalation stops")
	return nil
}
