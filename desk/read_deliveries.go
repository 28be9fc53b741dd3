package desk

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/cases"
	"github.com/atlascloudai/docket/core/seal"
	"github.com/atlascloudai/docket/store"
)

// Deliveries lists a case's deliveries.
func (d *Desk) Deliveries(ctx context.Context, actor access.Actor, caseID uuid.UUID, state, cursor string, limit int) (page Page[DeliveryView], err error) {
	from, err := after(cursor)
	if err != nil {
		return page, err
	}
	err = d.read(ctx, actor, access.CaseRead, caseID, func(tx *store.Tx, c store.Case, _ seal.Key) error {
		deliveries, err := tx.Deliveries(ctx, c.ID, store.DeliveryFilter{State: state, After: from, Limit: size(limit) + 1})
		if err != nil {
			return err
		}
		var of []uuid.UUID
		for _, one := range deliveries {
			if one.Customer != nil {
				of = append(of, *one.Customer)
			}
		}
		customers, err := tx.CustomersByID(ctx, of)
		if err != nil {
			return err
		}
		views := make([]DeliveryView, 0, len(deliveries))
		for _, one := range deliveries {
			view := deliveryView(one)
			if one.Customer != nil {
				view.Customer = customers[*one.Customer].Ref
			}
			views = append(views, view)
		}
		page = pageOf(views, size(limit), func(v DeliveryView) string { return v.ID.String() })
		return nil
	})
	return page, err
}

// Delivery reads one delivery with what was tried and answered.
func (d *Desk) Delivery(ctx context.Context, actor access.Actor, caseID, deliveryID uuid.UUID) (view DeliveryView, err error) {
	err = d.read(ctx, actor, access.CaseRead, caseID, func(tx *store.Tx, c store.Case, key seal.Key) error {
		one, err := tx.Delivery(ctx, c.ID, deliveryID)
		if err != nil {
			return err
		}
		view = deliveryView(one)
		if one.Customer != nil {
			customers, err := tx.CustomersByID(ctx, []uuid.UUID{*one.Customer})
			if err != nil {
				return err
			}
			view.Customer = customers[*one.Customer].Ref
		}
		events, err := tx.Events(ctx, deliveryID)
		for _, e := range events {
			row := EventView{At: e.At, Attempt: e.Attempt, Kind: e.Kind, Body: e.Body}
			if e.Sealed != nil {
				var said words
				if err := key.OpenJSON(deliveryPlace(one.ID)+"/words", e.Sealed, &said); err != nil {
					return fmt.Errorf("cannot open a reply: %w", err)
				}
				row.Reply, row.Host, row.QueueID, row.Reason = said.Reply, said.Host, said.QueueID, said.Reason
			}
			view.Events = append(view.Events, row)
		}
		return err
	})
	return view, err
}

func deliveryView(d store.Delivery) DeliveryView {
	view := DeliveryView{
		ID: d.ID, Notice: d.Notice, Channel: d.Channel, Transport: d.Transport, Rank: d.Rank, State: d.State, Evidence: evidenceOf(d), Attempt: d.Attempt,
		AcceptedAt: utc(d.AcceptedAt), HandedOnAt: utc(d.HandedOnAt), DeliveredAt: utc(d.DeliveredAt), AcknowledgedAt: utc(d.AcknowledgedAt),
		BouncedAt: utc(d.BouncedAt), PossibleDuplicate: d.PossibleDuplicate,
	}
	if d.Code != nil {
		view.Code = *d.Code
	}
	if d.Class != nil {
		view.Class = *d.Class
	}
	if d.State == "planned" || d.State == "deferred" {
		view.NextAt = utc(&d.NextAt)
	}
	return view
}

// evidenceOf is the rung of the evidence ladder that is really held, never a higher one.
func evidenceOf(d store.Delivery) string {
	switch {
	case d.AcknowledgedAt != nil:
		return "E5"
	case d.State == "complained":
		return "B3"
	case d.BouncedAt != nil || d.State == "refused":
		return "B2"
	case d.DeliveredAt != nil:
		return "E3"
	case d.AcceptedAt != nil:
		return "E2b"
	case d.HandedOnAt != nil:
		return "E2a"
	case d.State == "deferred":
		return "B1"
	case d.Attempt > 0:
		return "E1"
	default:
		return "E0"
	}
}

// Raises lists who was raised for what, and who took it.
func (d *Desk) Raises(ctx context.Context, actor access.Actor, caseID uuid.UUID) (views []RaiseView, err error) {
	err = d.read(ctx, actor, access.CaseRead, caseID, func(tx *store.Tx, c store.Case, _ seal.Key) error {
		raises, err := tx.Raises(ctx, c.ID)
		for _, r := range raises {
			view := RaiseView{
				ID: r.ID, Kind: r.Kind, DueAt: r.DueAt.UTC(), RecordedAt: r.RecordedAt.UTC(), Count: r.Count, Step: r.Step,
				Roles: cases.Escalation(r.Kind)[r.Step].Roles, NextStepAt: utc(r.NextStepAt), AcknowledgedAt: utc(r.AcknowledgedAt), PagesOpen: r.PagesOpen, LedBy: r.LedBy,
			}
			if r.AcknowledgedBy != nil {
				view.AcknowledgedBy = r.AcknowledgedBy.String()
			}
			views = append(views, view)
		}
		return err
	})
	return views, err
}
