package main

import (
	"context"

	"github.com/google/uuid"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/desk"
)

// authority files by hand with the authority, and a second person confirms.
func (p demonstration) authority(ctx context.Context) error {
	p.act("The authority, where the company is controller")
	duties, err := p.Duties(ctx)
	if err != nil {
		return err
	}
	for _, d := range duties {
		if d.Customer != "" || d.State == "met" {
			continue
		}
		_, err := p.Desk.DecideDuties(ctx, p.As(access.LegalCounsel), "", p.Case, desk.DecideInput{Duties: []uuid.UUID{d.ID}, Required: true, Reason: "a risk is not unlikely"})
		if err != nil {
			return err
		}
		view, err := p.View(ctx)
		if err != nil {
			return err
		}
		filed, err := p.Desk.FileByHand(ctx, p.As(access.PrivacyLead), "", p.Case, d.ID, desk.FileInput{
			FiledAt: view.Now, Zone: "Europe/Dublin", How: "web form of the authority", Reference: "BN-26-0042", Receipt: []byte("receipt of the web form"),
		})
		if err != nil {
			return err
		}
		if _, err := p.Desk.ConfirmFiling(ctx, p.As(access.LegalCounsel), "", p.Case, *filed.ID, desk.ReasonInput{Reason: "receipt read"}); err != nil {
			return err
		}
		p.Say("  %s: required, filed by hand, receipt confirmed by a second person", d.Counterparty)
	}
	return nil
}

// acknowledgements records the replies of customers whose agreements ask for one.
func (p demonstration) acknowledgements(ctx context.Context) error {
	duties, err := p.Duties(ctx)
	if err != nil {
		return err
	}
	deliveries, err := p.Deliveries(ctx)
	if err != nil {
		return err
	}
	for _, d := range duties {
		if d.State == "met" || d.Follows != nil { // A reply answers everything that the customer was sent.
			continue
		}
		for _, one := range deliveries {
			if one.Customer != d.Customer || one.AcceptedAt == nil {
				continue
			}
			view, err := p.View(ctx)
			if err != nil {
				return err
			}
			_, err = p.Desk.AcknowledgeDelivery(ctx, p.As(access.CommsLead), "", p.Case, one.ID, desk.AcknowledgeInput{At: view.Now, Evidence: "reply by mail: received"})
			if err != nil {
				return err
			}
		}
		p.Say("  %s: its agreement asks for an acknowledgement; the replies are recorded", d.Customer)
	}
	return nil
}

// resolve ends the technical work, reviews and closes.
func (p demonstration) resolve(ctx context.Context) error {
	p.act("Resolved, reviewed, closed")
	for _, milestone := range []string{"contained", "eradicated", "recovered"} {
		if _, err := p.Desk.RecordTechnical(ctx, p.As(access.IncidentCommander), "", p.Case, desk.TechnicalInput{Milestone: milestone, Note: "cache flushed, key fixed"}); err != nil {
			return err
		}
	}
	if _, err := p.Desk.Resolve(ctx, p.As(access.IncidentCommander), "", p.Case, desk.ResolveInput{Recovery: "fixed build on all regions"}); err != nil {
		return err
	}
	if _, err := p.Desk.Review(ctx, p.As(access.IncidentCommander), "", p.Case, desk.ReviewInput{Note: "cache keys are now typed"}); err != nil {
		return err
	}
	if err := p.SendingEnds(ctx); err != nil {
		return err
	}
	closed, err := p.Desk.Close(ctx, p.As(access.PrivacyLead), "", p.Case, desk.CloseInput{})
	if err != nil {
		return err
	}
	p.Say("  %s is %s", p.Code, closed.Status)
	return nil
}
