package desk

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/cases/incident"
	"github.com/atlascloudai/docket/core/duty"
	"github.com/atlascloudai/docket/core/problem"
	"github.com/atlascloudai/docket/store"
)

// DecideDuties confirms proposed duties as required or not, in bulk per rule.
func (d *Desk) DecideDuties(ctx context.Context, actor access.Actor, key string, caseID uuid.UUID, in DecideInput) (Receipt, error) {
	if in.Rule == "" && len(in.Duties) == 0 {
		return Receipt{}, problem.InvalidField("rule", "name a rule, or the duties")
	}
	return d.command(ctx, actor, key, access.DutyDecide, caseID, in, func(w *work) (Receipt, error) {
		if err := w.apply(ctx, incident.Working{What: "deciding about duties"}); err != nil {
			return Receipt{}, err
		}
		filter := store.DutyFilter{States: []string{"proposed"}, Rule: in.Rule, IDs: in.Duties, Limit: chunk}
		decided := 0
		for {
			duties, err := w.LockDuties(ctx, w.c.ID, filter)
			if err != nil {
				return Receipt{}, err
			}
			for _, one := range duties {
				filter.After = one.ID
				if one.Governs == governsUndecided {
					continue // Its start has to be chosen first.
				}
				if one.State = "required"; !in.Required {
					one.State = "not_required"
				}
				if err := w.SetDuty(ctx, one); err != nil {
					return Receipt{}, err
				}
				if !in.Required {
					if err := w.Exempt(ctx, w.c.ID, one.ID, nil); err != nil {
						return Receipt{}, err
					}
				}
				decided++
			}
			if len(duties) < chunk {
				break
			}
		}
		if decided == 0 {
			return Receipt{}, problem.Blocked(problem.Blocker{Code: "nothing_proposed", Detail: "no proposed duty matches; see the list of duties"})
		}
		w.write("duties.decided", time.Time{}, map[string]any{"rule": in.Rule, "required": in.Required, "count": decided}, map[string]any{"reason": in.Reason})
		return Receipt{Count: decided}, nil
	})
}

// ChooseStart is counsel's choice of the instant that later-found parties' clocks count from.
func (d *Desk) ChooseStart(ctx context.Context, actor access.Actor, key string, caseID uuid.UUID, in ChooseStartInput) (Receipt, error) {
	if in.Governs != governsIncident && in.Governs != governsFound {
		return Receipt{}, problem.InvalidField("governs", "must be incident or found")
	}
	return d.command(ctx, actor, key, access.DutyChooseStart, caseID, in, func(w *work) (Receipt, error) {
		starts, err := w.Starts(ctx, w.c.ID)
		if err != nil {
			return Receipt{}, err
		}
		moved, err := d.rederive(ctx, w, starts, store.DutyFilter{Governs: governsUndecided, IDs: in.Duties}, in.Governs, "start chosen: "+in.Governs)
		if err != nil {
			return Receipt{}, err
		}
		if moved == 0 {
			return Receipt{}, problem.Blocked(problem.Blocker{Code: "nothing_undecided", Detail: "no duty waits for this choice"})
		}
		w.write("duties.start_chosen", time.Time{}, map[string]any{"governs": in.Governs, "count": moved}, map[string]any{"reason": in.Reason})
		return Receipt{Count: moved}, nil
	})
}

func (w *work) openDuty(ctx context.Context, id uuid.UUID) (store.Duty, error) {
	one, err := w.LockDuty(ctx, w.c.ID, id)
	if err == nil && one.State != "proposed" && one.State != "required" {
		err = problem.Blocked(problem.Blocker{Code: "duty_ended", Ref: id.String(), Detail: "the duty is " + one.State + " already"})
	}
	return one, err
}

// filing is what the sealed column of a delivery by hand holds.
type filing struct {
	How       string `json:"how"`
	Reference string `json:"reference"`
	Zone      string `json:"zone"`
	Receipt   []byte `json:"receipt"`
}

// FileByHand records a filing that a person made; it meets the duty once a second person confirms.
func (d *Desk) FileByHand(ctx context.Context, actor access.Actor, key string, caseID, dutyID uuid.UUID, in FileInput) (Receipt, error) {
	if _, err := d.pack.Zone(in.Zone); err != nil {
		return Receipt{}, err
	}
	return d.command(ctx, actor, key, access.DutyFile, caseID, within(dutyID, in), func(w *work) (Receipt, error) {
		owed, err := w.openDuty(ctx, dutyID)
		if err != nil {
			return Receipt{}, err
		}
		if in.FiledAt.After(w.c.Now) {
			return Receipt{}, problem.InvalidField("filed_at", "lies in the future")
		}
		late := owed.Limit != nil && in.FiledAt.After(*owed.Limit)
		reasonsOwed := late && owed.Customer == nil
		if reasonsOwed && in.DelayReason == "" && in.ReasonsFollowBy == nil {
			return Receipt{}, problem.InvalidField("delay_reason", "it is filed after the limit: give the reasons, or say in reasons_follow_by when they follow")
		}
		if err := in.promised(reasonsOwed); err != nil {
			return Receipt{}, err
		}
		who, err := uuid.Parse(actor.ID)
		if err != nil {
			return Receipt{}, err
		}
		id := newID()
		sealed, err := w.key.SealJSON(deliveryPlace(id), filing{How: in.How, Reference: in.Reference, Zone: in.Zone, Receipt: in.Receipt})
		if err != nil {
			return Receipt{}, err
		}
		err = w.InsertDeliveries(ctx, []store.Delivery{{
			ID: id, Case: w.c.ID, Duty: &dutyID, Channel: string(duty.ByHand), State: "filed", Sealed: sealed, NextAt: w.c.Now,
			Transport: string(duty.Manual), FiledAt: utc(&in.FiledAt), FiledBy: &who,
		}})
		if err != nil {
			return Receipt{}, err
		}
		promised, err := w.follow(ctx, owed, id, in)
		receipt := sha256.Sum256(in.Receipt)
		w.write("duty.filed", in.FiledAt, map[string]any{
			"duty": dutyID, "delivery": id, "late": late, "receipt": hex.EncodeToString(receipt[:]), "promised": promised, "reasons_follow_by": utc(in.ReasonsFollowBy),
		}, map[string]any{"how": in.How, "reference": in.Reference, "delay_reason": in.DelayReason})
		return Receipt{ID: &id}, err
	})
}

// ConfirmFiling is the second person's word on a filing made by hand.
func (d *Desk) ConfirmFiling(ctx context.Context, actor access.Actor, key string, caseID, deliveryID uuid.UUID, in ReasonInput) (Receipt, error) {
	return d.command(ctx, actor, key, access.DutyConfirmFiling, caseID, within(deliveryID, in), func(w *work) (Receipt, error) {
		one, err := w.delivery(ctx, deliveryID)
		if err != nil {
			return Receipt{}, err
		}
		if one.FiledBy == nil || one.FilingConfirmedAt != nil {
			return Receipt{}, problem.Blocked(problem.Blocker{Code: "nothing_to_confirm", Ref: deliveryID.String(), Detail: "it is no filing that waits for a second person"})
		}
		if one.FiledBy.String() == actor.ID {
			return Receipt{}, problem.New(problem.Forbidden, "whoever filed cannot confirm the filing; a second person does")
		}
		one.FilingConfirmedAt, one.State = &w.c.Now, "confirmed"
		if err := w.SetDelivery(ctx, one); err != nil {
			return Receipt{}, err
		}
		w.write("duty.filing_confirmed", time.Time{}, map[string]any{"delivery": deliveryID}, map[string]any{"reason": in.Reason})
		return Receipt{ID: &deliveryID}, firstError(d.weigh(ctx, w.Tx, one), d.follow(ctx, w))
	})
}

// weigh holds what was delivered against what the agreement asks, for everything that the delivery's
// customer (or, by hand, its one duty) is owed. A late bounce re-opens what had been met.
func (d *Desk) weigh(ctx context.Context, tx *store.Tx, of store.Delivery) error {
	_, err := d.weighed(ctx, tx, of)
	return err
}

func (d *Desk) weighed(ctx context.Context, tx *store.Tx, of store.Delivery) (reopened []store.Duty, err error) {
	duties, err := tx.LockDutiesOf(ctx, of.Case, of.Customer, of.Duty)
	if err != nil {
		return nil, err
	}
	for _, one := range duties {
		deliveries, err := tx.DeliveriesOf(ctx, of.Case, one.Customer, &one.ID)
		if err != nil {
			return nil, err
		}
		was := one.State
		changed, err := settle(&one, deliveries)
		if err != nil {
			return nil, err
		}
		if !changed {
			continue
		}
		if err := tx.SetDuty(ctx, one); err != nil {
			return nil, err
		}
		if was == "met" && one.State != "met" {
			reopened = append(reopened, one)
		}
	}
	return reopened, nil
}

// settle writes into a duty what the deliveries that concern it come to, and says whether that changed it.
func settle(one *store.Duty, deliveries []store.Delivery) (changed bool, err error) {
	met, at, by, err := meets(*one, deliveries)
	if err != nil {
		return false, err
	}
	was := one.State == "met"
	switch {
	case met && (!was || one.MetAt == nil || !one.MetAt.Equal(at)):
		one.State, one.MetAt, one.MetBy = "met", &at, &by
		one.Late = one.Limit != nil && at.After(*one.Limit)
	case !met && was:
		one.State, one.MetAt, one.MetBy, one.Late = "required", nil, nil, false
		*one = undecided(*one)
	default:
		return false, nil
	}
	return true, nil
}

// concerns says whether a delivery can meet a duty: it carries the notice that was released for it, or was made by
// hand for it. What was sent before the duty existed, or about something else, meets nothing.
func concerns(d store.Delivery, one store.Duty) bool {
	return same(d.Duty, &one.ID) || same(d.Notice, one.Notice)
}

func meets(one store.Duty, deliveries []store.Delivery) (bool, time.Time, string, error) {
	var asked asks
	if err := json.Unmarshal(one.Evidence, &asked); err != nil {
		return false, time.Time{}, "", fmt.Errorf("cannot read what meets the duty: %w", err)
	}
	terms := duty.Terms{Channels: asked.Channels, Contacts: asked.Contacts, Evidence: asked.Meets}
	states := make([]duty.DeliveryState, 0, len(deliveries))
	for _, d := range deliveries {
		if !concerns(d, one) {
			continue
		}
		contact := d.ID.String()
		if d.Contact != nil {
			contact = d.Contact.String()
			if d.Rank == 0 && asked.Contacts == duty.AllContacts {
				terms.Owed = append(terms.Owed, contact)
			}
		}
		states = append(states, duty.DeliveryState{
			Contact: contact, Channel: duty.Channel(d.Channel), Transport: duty.Transport(d.Transport), DispatchedAt: d.FirstAttemptAt,
			HandedOnAt: d.HandedOnAt, AcceptedAt: d.AcceptedAt, DeliveredAt: d.DeliveredAt, AcknowledgedAt: d.AcknowledgedAt,
			BouncedAt: d.BouncedAt, FiledAt: d.FiledAt, FilingConfirmedAt: d.FilingConfirmedAt,
		})
	}
	met, at, by := duty.Meets(terms, states)
	proofs, err := json.Marshal(by)
	return met, at, string(proofs), err
}
