package desk

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/problem"
	"github.com/atlascloudai/docket/core/seal"
	"github.com/atlascloudai/docket/store"
)

// Duties lists a case's duties with their clocks as they stand now.
func (d *Desk) Duties(ctx context.Context, actor access.Actor, caseID uuid.UUID, state, cursor string, limit int) (page Page[DutyView], err error) {
	from, err := after(cursor)
	if err != nil {
		return page, err
	}
	filter := store.DutyFilter{After: from, Limit: size(limit) + 1}
	if state != "" {
		filter.States = []string{state}
	}
	err = d.read(ctx, actor, access.CaseRead, caseID, func(tx *store.Tx, c store.Case, _ seal.Key) error {
		views, err := d.dutyViews(ctx, tx, c, filter)
		page = pageOf(views, size(limit), func(v DutyView) string { return v.ID.String() })
		return err
	})
	return page, err
}

// Duty reads one duty with every due instant that it ever had.
func (d *Desk) Duty(ctx context.Context, actor access.Actor, caseID, dutyID uuid.UUID) (view DutyView, err error) {
	err = d.read(ctx, actor, access.CaseRead, caseID, func(tx *store.Tx, c store.Case, _ seal.Key) error {
		views, err := d.dutyViews(ctx, tx, c, store.DutyFilter{IDs: []uuid.UUID{dutyID}, Limit: 1})
		if err != nil {
			return err
		}
		if len(views) == 0 {
			return problem.Missing("duty")
		}
		view = views[0]
		history, err := tx.DueHistory(ctx, dutyID)
		for _, h := range history {
			view.History = append(view.History, DueView{StartedAt: utc(h.StartedAt), Target: utc(h.Target), Limit: utc(h.Limit), Reason: h.Reason, RecordedAt: h.RecordedAt.UTC()})
		}
		return err
	})
	return view, err
}

func (d *Desk) dutyViews(ctx context.Context, tx *store.Tx, c store.Case, filter store.DutyFilter) ([]DutyView, error) {
	duties, err := tx.Duties(ctx, c.ID, filter)
	if err != nil {
		return nil, err
	}
	var of []uuid.UUID
	for _, one := range duties {
		if one.Customer != nil {
			of = append(of, *one.Customer)
		}
	}
	customers, err := tx.CustomersByID(ctx, of)
	if err != nil {
		return nil, err
	}
	views := make([]DutyView, 0, len(duties))
	for _, one := range duties {
		view := DutyView{
			ID: one.ID, Party: one.Party, Counterparty: one.Counterparty, Rule: one.Rule, Term: one.Term, StartWord: one.StartWord, Governs: one.Governs,
			StartedAt: utc(one.StartedAt), Target: utc(one.Target), Limit: utc(one.Limit), Internal: one.Internal, Clock: clockView(one, c.Now), State: one.State,
			Disputed: one.Disputed, Notice: one.Notice, Follows: one.Follows, MetAt: utc(one.MetAt), Late: one.Late, Why: one.Why,
		}
		var why reasons
		if err := json.Unmarshal(one.Why, &why); err != nil {
			return nil, fmt.Errorf("cannot read why the duty exists: %w", err)
		}
		view.Clause = why.Clause
		if one.MetBy != nil {
			view.MetBy = *one.MetBy
		}
		if one.Customer != nil {
			if view.Customer, view.Name, err = d.nameOf(customers[*one.Customer]); err != nil {
				return nil, err
			}
		}
		views = append(views, view)
	}
	return views, nil
}

func (d *Desk) nameOf(c store.Customer) (ref, name string, err error) {
	key, err := d.keys.Unwrap(c.ID.String(), seal.Wrapped{KEK: c.KEK, Bytes: c.Wrapped})
	if err != nil {
		return c.Ref, "", fmt.Errorf("cannot open the key of customer %s: %w", c.Ref, err)
	}
	plain, err := key.Open(customerPlace(c.ID), c.Sealed)
	return c.Ref, string(plain), err
}

// clockView is how a clock stands at an instant. It is a view: never stored.
func clockView(d store.Duty, now time.Time) string {
	switch {
	case d.State != "proposed" && d.State != "required":
		return "ended"
	case d.StartedAt == nil || d.Target == nil:
		return "waiting"
	case d.Limit != nil && now.After(*d.Limit), d.Limit == nil && now.After(*d.Target):
		return "overdue"
	case now.Sub(*d.StartedAt) >= d.Target.Sub(*d.StartedAt)*3/4:
		return "at_risk"
	default:
		return "on_track"
	}
}

// Parties lists a case's affected parties.
func (d *Desk) Parties(ctx context.Context, actor access.Actor, caseID uuid.UUID, cursor string, limit int) (page Page[PartyView], err error) {
	from, err := after(cursor)
	if err != nil {
		return page, err
	}
	err = d.read(ctx, actor, access.CaseRead, caseID, func(tx *store.Tx, c store.Case, key seal.Key) error {
		parties, err := tx.Parties(ctx, c.ID, from, size(limit)+1)
		if err != nil {
			return err
		}
		var of []uuid.UUID
		for _, p := range parties {
			if p.Customer != nil {
				of = append(of, *p.Customer)
			}
		}
		customers, err := tx.CustomersByID(ctx, of)
		if err != nil {
			return err
		}
		views := make([]PartyView, 0, len(parties))
		for _, p := range parties {
			var body partyBody
			if err := json.Unmarshal(p.Body, &body); err != nil {
				return fmt.Errorf("cannot read the party: %w", err)
			}
			view := PartyView{ID: p.ID, Wave: p.Wave, Kind: p.Kind, Service: p.Service, People: body.People, Numbers: body.Numbers, Certainty: p.Certainty, FoundAt: p.RecordedAt.UTC()}
			for _, touched := range body.Touched {
				view.Touched = append(view.Touched, string(touched))
			}
			if p.Customer != nil {
				view.Customer = customers[*p.Customer].Ref
			}
			if p.Sealed != nil {
				if err := key.OpenJSON(partyPlace(p.ID), p.Sealed, &view.Evidence); err != nil {
					return err
				}
			}
			views = append(views, view)
		}
		page = pageOf(views, size(limit), func(v PartyView) string { return v.ID.String() })
		return nil
	})
	return page, err
}
