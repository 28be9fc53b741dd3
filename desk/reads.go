package desk

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/cases"
	"github.com/atlascloudai/docket/core/duty"
	"github.com/atlascloudai/docket/core/problem"
	"github.com/atlascloudai/docket/core/seal"
	"github.com/atlascloudai/docket/store"
)

const (
	pageSize    = 50
	maxPageSize = 500
)

func size(limit int) int {
	if limit <= 0 {
		return pageSize
	}
	return min(limit, maxPageSize)
}

// after reads a cursor that is an id.
func after(cursor string) (uuid.UUID, error) {
	if cursor == "" {
		return uuid.Nil, nil
	}
	id, err := uuid.Parse(cursor)
	if err != nil {
		return uuid.Nil, problem.InvalidField("cursor", "give back the cursor of the page before, unchanged")
	}
	return id, nil
}

// pageOf makes a page of what was read with a limit one above the page's size.
func pageOf[T any](items []T, size int, cursor func(T) string) Page[T] {
	if len(items) <= size {
		return Page[T]{Items: append([]T{}, items...)}
	}
	return Page[T]{Items: items[:size], Next: cursor(items[size-1])}
}

// Case reads a case by its id or by the short code that people say.
func (d *Desk) Case(ctx context.Context, actor access.Actor, ref string) (view CaseView, err error) {
	if err := access.May(actor, access.CaseRead); err != nil {
		return view, err
	}
	err = d.store.Do(ctx, func(tx *store.Tx) error {
		var c store.Case
		if id, notID := uuid.Parse(ref); notID == nil {
			c, err = tx.Case(ctx, actor, id)
		} else {
			c, err = tx.CaseByCode(ctx, actor, strings.ToUpper(ref))
		}
		if err != nil {
			return err
		}
		return d.opened(ctx, tx, actor, access.CaseRead, c, func(tx *store.Tx, c store.Case, key seal.Key) error {
			if view, err = caseView(c, key); err != nil {
				return err
			}
			standing, err := tx.Standing(ctx, c.ID, c.Offset)
			view.Counts, view.NextMilestone, view.DueNow, view.NextDue = standing.Counts, standing.NextInstant, standing.DueNow, standing.NextDue
			return err
		})
	})
	return view, err
}

func caseView(c store.Case, key seal.Key) (CaseView, error) {
	view := CaseView{
		ID: c.ID, Code: c.Code, Kind: c.Kind, Status: c.Status, SummaryVersion: c.SummaryVersion, Restricted: c.Restricted, Drill: c.Drill,
		Now: c.Now.UTC(), OpenedAt: c.OpenedAt.UTC(), PackVersion: c.PackVersion, Entries: c.NextSeq - 1,
	}
	var words content
	if err := key.OpenJSON(casePlace(c.ID), c.Sealed, &words); err != nil {
		return view, fmt.Errorf("cannot open the case: %w", err)
	}
	view.Title, view.Summary = words.Title, words.Summary
	return view, json.Unmarshal(c.State, &view.State)
}

// Cases lists the cases that the actor sees, the newest first.
func (d *Desk) Cases(ctx context.Context, actor access.Actor, status, cursor string, limit int) (page Page[CaseView], err error) {
	if err := access.May(actor, access.CaseRead); err != nil {
		return page, err
	}
	before, err := after(cursor)
	if err != nil {
		return page, err
	}
	err = d.store.Do(ctx, func(tx *store.Tx) error {
		found, err := tx.Cases(ctx, actor, store.CaseFilter{Status: status, Before: before, Limit: size(limit) + 1})
		if err != nil {
			return err
		}
		views := make([]CaseView, 0, len(found))
		for _, c := range found {
			if c.Restricted && actor.Kind != access.Worker {
				if err := tx.Access(ctx, actor, c.ID, "case.list"); err != nil {
					return err
				}
			}
			key, err := d.caseKey(c)
			if err != nil {
				return err
			}
			view, err := caseView(c, key)
			if err != nil {
				return err
			}
			views = append(views, view)
		}
		page = pageOf(views, size(limit), func(v CaseView) string { return v.ID.String() })
		return nil
	})
	return page, err
}

// Timeline reads a case's chain, the first entry first.
func (d *Desk) Timeline(ctx context.Context, actor access.Actor, caseID uuid.UUID, cursor string, limit int) (page Page[EntryView], err error) {
	seq := int64(0)
	if cursor != "" {
		if seq, err = strconv.ParseInt(cursor, 10, 64); err != nil {
			return page, problem.InvalidField("cursor", "give back the cursor of the page before, unchanged")
		}
	}
	err = d.read(ctx, actor, access.CaseRead, caseID, func(tx *store.Tx, c store.Case, key seal.Key) error {
		entries, err := tx.Timeline(ctx, c.ID, seq, size(limit)+1)
		if err != nil {
			return err
		}
		views := make([]EntryView, 0, len(entries))
		for _, e := range entries {
			view := entryView(e)
			if e.Sealed != nil {
				if view.Content, err = key.Open(timelinePlace(c.ID, e.Kind), e.Sealed); err != nil {
					return fmt.Errorf("cannot open entry %d: %w", e.Seq, err)
				}
			}
			views = append(views, view)
		}
		page = pageOf(views, size(limit), func(v EntryView) string { return strconv.FormatInt(v.Seq, 10) })
		return nil
	})
	return page, err
}

func entryView(e store.Entry) EntryView {
	return EntryView{
		Case: uuid.MustParse(e.Case), Seq: e.Seq, HappenedAt: e.HappenedAt, RecordedAt: e.RecordedAt, Kind: e.Kind, Actor: e.Actor,
		Body: json.RawMessage(e.Body), Hash: hex.EncodeToString(e.Hash[:]), Cursor: fmt.Sprintf("%d.%d", e.XID, e.Feed),
	}
}

// Feed reads what happened over all cases that the actor sees, after a cursor: ids and instants, no content.
// Who follows the cursor misses nothing.
func (d *Desk) Feed(ctx context.Context, actor access.Actor, cursor string, limit int) (page Page[EntryView], err error) {
	if err := access.May(actor, access.FeedRead); err != nil {
		return page, err
	}
	var xid uint64
	var feed int64
	if cursor != "" {
		if n, err := fmt.Sscanf(cursor, "%d.%d", &xid, &feed); n != 2 || err != nil {
			return page, problem.InvalidField("cursor", "give back the cursor of the last entry that was read, unchanged")
		}
	}
	err = d.store.Read(ctx, func(tx *store.Tx) error {
		entries, err := tx.Feed(ctx, actor, xid, feed, size(limit))
		page.Items = make([]EntryView, 0, len(entries))
		page.Next = cursor
		for _, e := range entries {
			view := entryView(e)
			page.Items, page.Next = append(page.Items, view), view.Cursor
		}
		return err
	})
	return page, err
}

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
			Disputed: one.Disputed, Notice: one.Notice, MetAt: utc(one.MetAt), Late: one.Late, Why: one.Why,
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
				words, err := key.Open(deliveryPlace(one.ID)+"/reply", e.Sealed)
				if err != nil {
					return fmt.Errorf("cannot open a reply: %w", err)
				}
				row.Reply = string(words)
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
				Roles: cases.Escalation(r.Kind)[r.Step].Roles, NextStepAt: utc(r.NextStepAt), AcknowledgedAt: utc(r.AcknowledgedAt), PagesOpen: r.PagesOpen,
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

// Customers lists customers by reference.
func (d *Desk) Customers(ctx context.Context, actor access.Actor, cursor string, limit int) (page Page[CustomerView], err error) {
	if err := access.May(actor, access.CustomerRead); err != nil {
		return page, err
	}
	err = d.store.Read(ctx, func(tx *store.Tx) error {
		customers, err := tx.Customers(ctx, cursor, size(limit)+1)
		if err != nil {
			return err
		}
		views := make([]CustomerView, 0, len(customers))
		for _, c := range customers {
			known, err := customerOf(c)
			if err != nil {
				return err
			}
			ref, name, err := d.nameOf(c)
			if err != nil {
				return err
			}
			views = append(views, CustomerView{ID: c.ID, Ref: ref, Name: name, Plan: known.Plan, Language: known.Language, Zone: known.Zone, Contacts: c.Contacts})
		}
		page = pageOf(views, size(limit), func(v CustomerView) string { return v.Ref })
		return nil
	})
	return page, err
}

// Explain says what a customer is owed under its agreements, by when, under which clause and why.
func (d *Desk) Explain(ctx context.Context, actor access.Actor, ref, kind, service string) (view ExplainView, err error) {
	if err := access.May(actor, access.AgreementRead); err != nil {
		return view, err
	}
	if kind != duty.IncidentNotice {
		return view, problem.InvalidField("kind", "the one kind of term is %s", duty.IncidentNotice)
	}
	err = d.store.Read(ctx, func(tx *store.Tx) error {
		found, err := tx.CustomersByRef(ctx, []string{ref})
		if err != nil {
			return err
		}
		c, ok := found[ref]
		if !ok {
			return problem.Missing("customer")
		}
		now, err := tx.Now(ctx)
		if err != nil {
			return err
		}
		b, err := openBook(ctx, tx, now)
		if err != nil {
			return err
		}
		accepted, err := tx.Acceptances(ctx, []uuid.UUID{c.ID})
		if err != nil {
			return err
		}
		customer, err := customerOf(c)
		if err != nil {
			return err
		}
		contacts, err := tx.Contacts(ctx, c.ID)
		if err != nil {
			return err
		}
		question := duty.Question{
			Customer: customer, Set: b.set(accepted[c.ID]), Subject: duty.Subject{Kind: kind, Service: service, At: now},
		}
		_, question.Resolution = b.owed(accepted[c.ID], service, nil)
		for _, k := range contacts {
			question.Contacts = append(question.Contacts, duty.Contact{ID: k.ID.String(), Role: duty.ContactRole(k.Role), Language: k.Language, LastProven: k.LastProvenAt})
		}
		view = ExplainView{Customer: ref, Kind: kind, Text: duty.Explain(question)}
		return nil
	})
	return view, err
}
