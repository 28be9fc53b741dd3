package desk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/cases"
	"github.com/atlascloudai/docket/core/cases/campaign"
	"github.com/atlascloudai/docket/core/cases/change"
	"github.com/atlascloudai/docket/core/duty"
	"github.com/atlascloudai/docket/core/problem"
	"github.com/atlascloudai/docket/store"
)

// some is how many customers one decision about a change takes on, named how many of them one entry of the chain names. The process
// looks at the whole change between two decisions, so few of them are better; each takes a second at most.
const (
	some  = 2000
	named = 500
)

// NextChange answers a notice of change's process.
func (d *Desk) NextChange(ctx context.Context, caseID uuid.UUID, heard int64) (Next, error) {
	return d.next(ctx, KindChange+"/"+caseID.String(), heard, func(tx *store.Tx) (cases.Agenda, store.Case, error) {
		c, err := tx.Case(ctx, Docket, caseID)
		if err != nil {
			return cases.Agenda{}, c, err
		}
		var state change.State
		if err := json.Unmarshal(c.State, &state); err != nil {
			return cases.Agenda{}, c, fmt.Errorf("cannot read the change's state: %w", err)
		}
		totals, err := tx.ChangeTotals(ctx, c.ID, state.Mode, c.Now)
		if err != nil {
			return cases.Agenda{}, c, err
		}
		next, err := tx.NextOfChange(ctx, c.ID, c.Offset)
		return change.Agenda(state, totals.Counts, next, c.Now), c, err
	})
}

// dated is what the chain says of one customer's dates.
type dated struct {
	Customer    uuid.UUID  `json:"customer"`
	Sent        *time.Time `json:"sent,omitempty"`
	Closes      *time.Time `json:"closes,omitempty"`
	Until       *time.Time `json:"until,omitempty"`
	Effective   time.Time  `json:"effective"`
	Provisional bool       `json:"provisional,omitempty"`
}

func datesOf(c store.ChangeCustomer) dated {
	return dated{Customer: c.Customer, Sent: utc(c.SentAt), Closes: utc(c.WindowCloses), Until: utc(c.TerminationUntil), Effective: c.Effective.UTC(), Provisional: c.Provisional}
}

// CountDates counts the dates of those who were told since, from the instant that the evidence shows. What their letters say stands
// where it is later. Who turned out not to have been told has none.
func (d *Desk) CountDates(ctx context.Context, caseID uuid.UUID) (int, error) {
	return d.process(ctx, access.ChangeTake, caseID, func(w *work) (int, error) {
		these, err := w.Undated(ctx, w.c.ID, some)
		if err != nil || len(these) == 0 {
			return 0, err
		}
		resolutions, err := w.Resolutions(ctx, ids(these, func(c store.ChangeCustomer) string { return c.Resolution }))
		if err != nil {
			return 0, err
		}
		said := make([]dated, 0, len(these))
		for i := range these {
			c := &these[i]
			c.SentAt, c.Effective, c.WindowCloses, c.TerminationUntil, c.Provisional = utc(c.MetAt), c.SaidEffective, c.SaidCloses, c.SaidUntil, false
			if c.MetAt == nil {
				c.TakenAt = nil // What it was told came back: nothing holds for it yet.
			} else if err := d.dateFrom(w, c, resolutions[c.Resolution]); err != nil {
				return 0, err
			}
			said = append(said, datesOf(*c))
		}
		for part := range slices.Chunk(said, named) {
			w.write("change.dated", time.Time{}, map[string]any{"customers": part}, nil)
		}
		return len(these), w.SetChangeCustomers(ctx, these)
	})
}

// dateFrom counts one customer's dates from when it was told.
func (d *Desk) dateFrom(w *work, c *store.ChangeCustomer, body []byte) error {
	own, err := d.datesAt(*c, w.change.Planned, body, *c.MetAt)
	if err != nil {
		return err
	}
	c.Effective = latest(&c.SaidEffective, &own.Effective).UTC()
	c.WindowCloses, c.TerminationUntil = utc(latest(c.SaidCloses, own.WindowCloses)), utc(latest(c.SaidUntil, own.TerminationUntil))
	c.Provisional = own.Provisional
	c.Why, err = json.Marshal(own.Why)
	return err
}

// datesAt counts one customer's dates from an instant of sending, by the terms that its row was resolved from.
func (d *Desk) datesAt(c store.ChangeCustomer, planned time.Time, body []byte, sent time.Time) (change.Dates, error) {
	var resolved duty.Resolution
	if err := json.Unmarshal(body, &resolved); err != nil {
		return change.Dates{}, fmt.Errorf("cannot read what was resolved: %w", err)
	}
	counter, err := d.counter(termsIn(resolved), planned, c.Zone)
	if err != nil {
		return change.Dates{}, err
	}
	return counter.Dates(&sent)
}

// latest is the later of two instants; nil where neither is known.
func latest(a, b *time.Time) *time.Time {
	if a == nil || b != nil && b.After(*a) {
		return b
	}
	return a
}

// TakeEffect lets the change take effect for those whose notice periods and windows are over and who are not held back.
func (d *Desk) TakeEffect(ctx context.Context, caseID uuid.UUID) (int, error) {
	return d.process(ctx, access.ChangeTake, caseID, func(w *work) (int, error) {
		if w.change.Status.Ended() { // Withdrawn since the process looked.
			return 0, nil
		}
		these, err := w.Ready(ctx, w.c.ID, w.c.Now, some)
		if err != nil || len(these) == 0 {
			return 0, err
		}
		var all *change.Together
		if w.change.Mode == change.AtOnce {
			totals, err := w.ChangeTotals(ctx, w.c.ID, w.change.Mode, w.c.Now)
			if err != nil {
				return 0, err
			}
			all = &totals.Together
		}
		ready := these[:0]
		for _, c := range these {
			if c.Stands().Ready(w.c.Now, all) {
				ready = append(ready, c)
			}
		}
		if len(ready) == 0 {
			return 0, nil
		}
		return len(ready), w.take(ctx, ready)
	})
}

// take writes that the change holds for customers from now on.
func (w *work) take(ctx context.Context, these []store.ChangeCustomer) error {
	for i := range these {
		these[i].TakenAt = utc(&w.c.Now)
	}
	for part := range slices.Chunk(these, named) {
		w.write("change.taken", time.Time{}, map[string]any{"customers": ids(part, func(c store.ChangeCustomer) uuid.UUID { return c.Customer })}, nil)
	}
	return w.SetChangeCustomers(ctx, these)
}

// TakeChange is a person's word that the dates of a customer hold which rest on a calendar that did not reach far enough: the change takes
// effect for it, or, where it is for all at once, waits for it no longer.
func (d *Desk) TakeChange(ctx context.Context, actor access.Actor, key string, id uuid.UUID, customer string, in ReasonInput) (Receipt, error) {
	return d.onChange(ctx, actor, key, access.ChangeJudge, id, map[string]any{"take": customer, "in": in}, func(w *work) (Receipt, error) {
		if err := w.decideChange(ctx, change.Working{What: "taking effect"}); err != nil {
			return Receipt{}, err
		}
		c, err := w.ChangeCustomer(ctx, w.c.ID, customer)
		if err != nil {
			return Receipt{}, err
		}
		if stands := c.Stands(); !stands.Provisional {
			return Receipt{}, problem.Blocked(problem.Blocker{Code: "not_provisional", Ref: customer, Detail: "its dates are known: the change takes effect by itself after them"})
		} else if stands.Provisional = false; !stands.Ready(w.c.Now, nil) {
			return Receipt{}, problem.Blocked(problem.Blocker{Code: "too_early", Ref: customer, Detail: "what is known of its dates is not over, or it is held back: " + stands.May(w.change.Mode).Why})
		}
		c.Provisional = false
		w.write("change.taken_by_hand", time.Time{}, map[string]any{"customer": c.Customer}, map[string]any{"reason": in.Reason})
		w.write("change.dated", time.Time{}, map[string]any{"customers": []dated{datesOf(c)}}, nil)
		if w.change.Mode == change.AtOnce {
			return Receipt{Count: 1}, w.SetChangeCustomers(ctx, []store.ChangeCustomer{c})
		}
		return Receipt{Count: 1}, w.take(ctx, []store.ChangeCustomer{c})
	})
}

// CarryChange takes the status that the customers have come to.
func (d *Desk) CarryChange(ctx context.Context, caseID uuid.UUID) (int, error) {
	return d.process(ctx, access.ChangeTake, caseID, func(w *work) (int, error) {
		before := w.change.Status
		if err := w.decideChange(ctx, change.Carry{}); err != nil || w.change.Status == before {
			return 0, err
		}
		return 1, d.publish(ctx, w)
	})
}

// RaiseObjections raises people about objections that were to have an end by now: a person decides what becomes of them.
func (d *Desk) RaiseObjections(ctx context.Context, caseID uuid.UUID) (int, error) {
	return d.process(ctx, access.RaiseOpen, caseID, func(w *work) (int, error) {
		overlong, err := w.Overlong(ctx, w.c.ID, w.c.Now)
		for _, c := range overlong {
			err = firstError(err, d.raise(ctx, w, store.Raise{Key: c.ObjectionKey(), Kind: cases.RaiseObjectionOverdue, DueAt: *c.ResolveBy, Count: 1}))
		}
		return len(overlong), err
	})
}

// ended ends what a change that does not come has under way: its sendings stop, who was not told is owed nothing more, and people
// are raised to write to those who were.
func (d *Desk) ended(ctx context.Context, w *work) error {
	running, err := w.RunningCampaigns(ctx, w.c.ID)
	if err != nil {
		return err
	}
	for _, p := range running {
		if _, err := w.stop(ctx, p); err != nil {
			return err
		}
	}
	ended, err := w.EndOwed(ctx, w.c.ID)
	if err != nil {
		return err
	}
	if ended > 0 {
		w.write("duties.decided", time.Time{}, map[string]any{"required": false, "count": ended}, nil)
	}
	totals, err := w.ChangeTotals(ctx, w.c.ID, w.change.Mode, w.c.Now)
	if err != nil || w.change.FrozenAt == nil {
		return err
	}
	told := totals.Told
	if w.change.CorrectedBy != "" { // The others are told by the correction.
		if told, err = w.LeftOut(ctx, w.c.ID, w.change.CorrectedBy); err != nil {
			return err
		}
	}
	if told > 0 {
		err = d.raise(ctx, w, store.Raise{Key: cases.RaiseFollowUp + "@withdrawn", Kind: cases.RaiseFollowUp, DueAt: w.c.Now, Count: told})
	}
	return firstError(err, d.publish(ctx, w))
}

// errSendByPassed says that a sending of a notice of change is to be held: its letters say dates that are counted from a day gone by.
var errSendByPassed = errors.New("the day by which the notice leaves has passed")

// pastSendBy says whether nothing of a sending may leave any more because its letters' day has passed; a test says no dates to anybody.
func pastSendBy(c store.Case, p store.Campaign) (bool, error) {
	if c.Kind != KindChange || p.Test {
		return false, nil
	}
	var state change.State
	if err := json.Unmarshal(c.State, &state); err != nil {
		return false, fmt.Errorf("cannot read the change's state: %w", err)
	}
	return c.Now.After(state.SendBy), nil
}

// holdLate holds such a sending, and raises people.
func (d *Desk) holdLate(ctx context.Context, campaignID uuid.UUID) error {
	p, err := d.campaign(ctx, campaignID)
	if err != nil {
		return err
	}
	_, err = d.process(ctx, access.DeliveryRecord, p.Case, func(w *work) (int, error) {
		p, err := w.Campaign(ctx, campaignID)
		if err != nil || p.State != string(campaign.Running) || !w.c.Now.After(w.change.SendBy) {
			return 0, err
		}
		w.write("campaign.paused", time.Time{}, map[string]any{"campaign": campaignID, "send_by_passed": w.change.SendBy}, nil)
		raise := store.Raise{Key: cases.RaiseSendByPassed + "@" + campaignID.String(), Kind: cases.RaiseSendByPassed, DueAt: w.c.Now, Count: 1}
		return 1, firstError(w.SetCampaign(ctx, campaignID, string(campaign.Paused), nil), d.raise(ctx, w, raise))
	})
	return err
}
