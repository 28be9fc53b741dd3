package main

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/desk"
)

// authority files by hand with the authority, and a second person confirms.
func (p *player) authority(ctx context.Context) error {
	p.act("The authority, where the company is controller")
	duties, err := p.duties(ctx)
	if err != nil {
		return err
	}
	for _, d := range duties {
		if d.Customer != "" || d.State == "met" {
			continue
		}
		_, err := p.plant.desk.DecideDuties(ctx, p.as(access.LegalCounsel), "", p.id, desk.DecideInput{Duties: []uuid.UUID{d.ID}, Required: true, Reason: "a risk is not unlikely"})
		if err != nil {
			return err
		}
		view, err := p.view(ctx)
		if err != nil {
			return err
		}
		filed, err := p.plant.desk.FileByHand(ctx, p.as(access.PrivacyLead), "", p.id, d.ID, desk.FileInput{
			FiledAt: view.Now, Zone: "Europe/Dublin", How: "web form of the authority", Reference: "BN-26-0042", Receipt: []byte("receipt of the web form"),
		})
		if err != nil {
			return err
		}
		if _, err := p.plant.desk.ConfirmFiling(ctx, p.as(access.LegalCounsel), "", p.id, *filed.ID, desk.ReasonInput{Reason: "receipt read"}); err != nil {
			return err
		}
		p.say("  %s: required, filed by hand, receipt confirmed by a second person", d.Counterparty)
	}
	return nil
}

// acknowledgements records the replies of customers whose agreements ask for one.
func (p *player) acknowledgements(ctx context.Context) error {
	duties, err := p.duties(ctx)
	if err != nil {
		return err
	}
	page, err := p.plant.desk.Deliveries(ctx, p.as(access.CommsLead), p.id, "", "", 500)
	if err != nil {
		return err
	}
	for _, d := range duties {
		if d.State == "met" || d.Follows != nil { // A reply answers everything that the customer was sent.
			continue
		}
		for _, one := range page.Items {
			if one.Customer != d.Customer || one.AcceptedAt == nil {
				continue
			}
			view, err := p.view(ctx)
			if err != nil {
				return err
			}
			_, err = p.plant.desk.AcknowledgeDelivery(ctx, p.as(access.CommsLead), "", p.id, one.ID, desk.AcknowledgeInput{At: view.Now, Evidence: "reply by mail: received"})
			if err != nil {
				return err
			}
		}
		p.say("  %s: its agreement asks for an acknowledgement; the replies are recorded", d.Customer)
	}
	return nil
}

// resolve ends the technical work, reviews and closes.
func (p *player) resolve(ctx context.Context) error {
	p.act("Resolved, reviewed, closed")
	for _, milestone := range []string{"contained", "eradicated", "recovered"} {
		if _, err := p.plant.desk.RecordTechnical(ctx, p.as(access.IncidentCommander), "", p.id, desk.TechnicalInput{Milestone: milestone, Note: "cache flushed, key fixed"}); err != nil {
			return err
		}
	}
	if _, err := p.plant.desk.Resolve(ctx, p.as(access.IncidentCommander), "", p.id, desk.ResolveInput{Recovery: "fixed build on all regions"}); err != nil {
		return err
	}
	if _, err := p.plant.desk.Review(ctx, p.as(access.IncidentCommander), "", p.id, desk.ReviewInput{Note: "cache keys are now typed"}); err != nil {
		return err
	}
	if err := p.campaignsEnd(ctx); err != nil {
		return err
	}
	closed, err := p.plant.desk.Close(ctx, p.as(access.PrivacyLead), "", p.id, desk.CloseInput{})
	if err != nil {
		return err
	}
	p.say("  %s is %s", p.code, closed.Status)
	return nil
}

// campaignsEnd waits until the sending has noted its own end.
func (p *player) campaignsEnd(ctx context.Context) error {
	deadline := time.Now().Add(time.Minute)
	for time.Now().Before(deadline) {
		view, err := p.view(ctx)
		if err != nil || view.Counts.RunningCampaigns == 0 {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
	return errors.New("the sending does not end")
}
