package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/desk"
)

// nearlyMiss moves the clock while nobody approves, until the shortest deadline is nearly missed.
func (p *player) nearlyMiss(ctx context.Context) error {
	p.act("Nobody approves. Docket raises people, and sends nothing")
	for {
		view, err := p.view(ctx)
		if err != nil {
			return err
		}
		if view.NextMilestone == nil || view.NextDue == nil || view.NextDue.Sub(*view.NextMilestone) < time.Hour {
			break
		}
		if err := p.advance(ctx); err != nil {
			return err
		}
		if err := p.acknowledgeEarly(ctx); err != nil {
			return err
		}
	}
	raises, err := p.plant.desk.Raises(ctx, p.as(access.PrivacyLead), p.id)
	if err != nil {
		return err
	}
	for _, r := range raises {
		if r.AcknowledgedAt == nil {
			if _, err := p.plant.desk.AcknowledgeRaise(ctx, p.as(access.ExecutiveSponsor), "", p.id, r.ID, desk.AnswerInput{Note: "calling the privacy lead"}); err != nil {
				return err
			}
		}
	}
	p.say("  the executive sponsor takes it; the escalation stops")
	return nil
}

// acknowledgeEarly lets the commander take the early raises, so that only the last one goes up the chain.
func (p *player) acknowledgeEarly(ctx context.Context) error {
	raises, err := p.plant.desk.Raises(ctx, p.as(access.PrivacyLead), p.id)
	if err != nil {
		return err
	}
	for _, r := range raises {
		if r.AcknowledgedAt == nil && (r.Kind == "half" || r.Kind == "three_quarters") {
			if _, err := p.plant.desk.AcknowledgeRaise(ctx, p.as(access.IncidentCommander), "", p.id, r.ID, desk.AnswerInput{Note: "seen"}); err != nil {
				return err
			}
		}
	}
	return nil
}

// advance moves the clock to the next milestone, waits until everything due is carried out, and tells what happened.
func (p *player) advance(ctx context.Context) error {
	before, err := p.raiseCount(ctx)
	if err != nil {
		return err
	}
	if _, err := p.plant.desk.AdvanceClock(ctx, p.as(access.IncidentCommander), "", p.id, desk.AdvanceInput{}); err != nil {
		return err
	}
	view, err := p.settle(ctx)
	if err != nil {
		return err
	}
	raises, err := p.plant.desk.Raises(ctx, p.as(access.PrivacyLead), p.id)
	if err != nil {
		return err
	}
	told := false
	for _, r := range raises[min(before, len(raises)):] {
		told = true
		p.say("  +%-8s %-15s %2d duties → %s", since(view.Now, p.began), r.Kind, r.Count, strings.Join(r.Roles, ", "))
	}
	for _, r := range raises {
		if !told && r.AcknowledgedAt == nil && r.Step > 0 {
			p.say("  +%-8s not answered    → %s", since(view.Now, p.began), strings.Join(r.Roles, ", "))
			break
		}
	}
	return nil
}

func (p *player) raiseCount(ctx context.Context) (int, error) {
	raises, err := p.plant.desk.Raises(ctx, p.as(access.PrivacyLead), p.id)
	return len(raises), err
}

// settle waits until nothing that is due waits any more.
func (p *player) settle(ctx context.Context) (desk.CaseView, error) {
	deadline := time.Now().Add(2 * time.Minute)
	for {
		view, err := p.view(ctx)
		if err != nil || view.DueNow == 0 {
			return view, err
		}
		if time.Now().After(deadline) {
			return view, fmt.Errorf("%d things are due and nobody carries them out", view.DueNow)
		}
		select {
		case <-ctx.Done():
			return view, ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
}
