package desk

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/cases"
	"github.com/atlascloudai/docket/core/cases/campaign"
	"github.com/atlascloudai/docket/core/problem"
	"github.com/atlascloudai/docket/core/seal"
	"github.com/atlascloudai/docket/store"
)

// Begin commits, before the first byte that can have an effect, that an attempt is in flight.
func (d *Desk) Begin(ctx context.Context, job Job, digest [32]byte, transport string) error {
	body, err := json.Marshal(map[string]any{"digest": hex.EncodeToString(digest[:]), "transport": transport})
	if err != nil {
		return err
	}
	return notOurs(d.store.Begin(ctx, job.Delivery, job.Page, digest[:], transport, d.lease, body))
}

func notOurs(err error) error {
	if errors.Is(err, store.ErrNotOurs) {
		return problem.Blocked(problem.Blocker{Code: "not_ours", Detail: "the claim has lapsed, the campaign does not run, or the bytes differ from the first attempt's"})
	}
	return err
}

// Finish commits what the other side said, where the claim still holds, and weighs it against what is owed.
// Only trouble takes the case's lock: a refusal opens the next contact and raises people.
func (d *Desk) Finish(ctx context.Context, job Job, a Answer) error {
	if job.Poison != "" {
		a = Answer{Outcome: "refused", Class: "poison", Reply: job.Poison}
	}
	if a.Outcome == "refused" || a.Outcome == "unknown" {
		_, err := d.process(ctx, access.DeliveryRecord, job.Case, func(w *work) (int, error) {
			one, err := d.finish(ctx, w.Tx, w.c, w.key, job, a)
			if err != nil {
				return 0, err
			}
			return 0, d.trouble(ctx, w, one, a)
		})
		return notOurs(err)
	}
	if a.Outcome == "accepted" || a.Outcome == "handed_on" {
		return notOurs(d.taken(ctx, job, a))
	}
	return notOurs(d.store.Do(ctx, func(tx *store.Tx) error {
		c, err := tx.Case(ctx, Docket, job.Case)
		if err != nil {
			return err
		}
		_, err = d.finish(ctx, tx, c, job.key, job, a)
		return err
	}))
}

// taken is what becomes of nearly every attempt: it asks the database as little as that can be done with.
func (d *Desk) taken(ctx context.Context, job Job, a Answer) error {
	event, err := d.event(job.row, job.Page, time.Time{}, a, &job.key)
	if err != nil {
		return err
	}
	bounced, err := d.store.Take(ctx, store.Taken{
		Delivery: job.Delivery, Case: job.Case, Page: job.Page, Customer: job.row.Customer, Duty: job.row.Duty, Outcome: a.Outcome, Code: a.Code, Class: a.Class,
		Body: event.Body, Sealed: event.Sealed,
	}, func(duties []store.Duty, deliveries []store.Delivery) (changed []store.Duty, err error) {
		for _, one := range duties {
			concern := slices.DeleteFunc(slices.Clone(deliveries), func(x store.Delivery) bool { return !same(x.Customer, one.Customer) && !same(x.Duty, &one.ID) })
			moved, err := settle(&one, concern)
			if err != nil {
				return nil, err
			}
			if moved {
				changed = append(changed, one)
			}
		}
		return changed, nil
	})
	if err != nil || !bounced {
		return err
	}
	// It came back while it was still being handed over: what was taken was not kept.
	_, err = d.process(ctx, access.DeliveryRecord, job.Case, func(w *work) (int, error) {
		return 0, d.trouble(ctx, w, job.row, Answer{Outcome: "refused"})
	})
	return err
}

func same(a, b *uuid.UUID) bool { return a != nil && b != nil && *a == *b }

func (d *Desk) finish(ctx context.Context, tx *store.Tx, c store.Case, key seal.Key, job Job, a Answer) (store.Delivery, error) {
	one, err := tx.Delivery(ctx, job.Case, job.Delivery)
	if err != nil {
		return one, err
	}
	one.Code, one.Class = &a.Code, &a.Class
	switch a.Outcome {
	case "refused":
		one.State = "refused"
	case "deferred", "unknown":
		// Never sent again by the sender itself: when its time comes, the row is claimed like any other.
		one.State = "deferred"
		one.PossibleDuplicate = one.PossibleDuplicate || a.Outcome == "unknown"
		first := c.Now
		if one.FirstAttemptAt != nil {
			first = *one.FirstAttemptAt
		}
		one.NextAt = campaign.Retry(first, c.Now, one.Deadline, max(one.Attempt, 1), a.RetryAfter)
		if a.Class == withdrawn {
			one.NextAt = c.Now // We stopped it ourselves before anything was sent: it is still due.
		}
		if p, err := tx.Campaign(ctx, job.Campaign); err != nil {
			return one, err
		} else if p.State == string(campaign.Stopped) {
			// Nobody sends it again: what was deferred was not sent, what is unknown a person finds out.
			one.State = map[string]string{"deferred": "cancelled", "unknown": "unknown"}[a.Outcome]
		} else if a.Outcome == "unknown" && c.Kind == KindChange {
			one.State = "unknown" // No hour is lost by asking first: a person finds out, or has it sent again.
		}
	default:
		return one, fmt.Errorf("cannot finish the attempt: %q is no outcome", a.Outcome)
	}
	event, err := d.event(one, job.Page, c.Now, a, &key)
	if err != nil {
		return one, err
	}
	if err := tx.Finish(ctx, one, job.Page, event); err != nil {
		return one, err
	}
	if a.Outcome == "deferred" || a.Outcome == "unknown" {
		return one, nil
	}
	return one, d.weigh(ctx, tx, one)
}

// withdrawn is the class of an attempt that our own side gave up before anything was sent (notifications.Cancelled).
const withdrawn = "cancelled"

// event is the ledger's row of an answer: codes in clear, the other side's words and names sealed.
func (d *Desk) event(one store.Delivery, page uuid.UUID, at time.Time, a Answer, key *seal.Key) (store.Event, error) {
	body, err := json.Marshal(map[string]any{
		"class": a.Class, "code": a.Code, "enhanced": a.Enhanced, "tls": a.TLS, "next_at": one.NextAt.UTC(),
	})
	e := store.Event{Delivery: one.ID, Case: one.Case, Page: page, Attempt: one.Attempt, At: at, Kind: a.Outcome, Body: body}
	said := words{Reply: a.Reply, Host: a.Host, QueueID: a.QueueID, Reason: a.Reason}
	if err == nil && key != nil && said != (words{}) {
		e.Sealed, err = key.SealJSON(deliveryPlace(one.ID)+"/words", said)
	}
	return e, err
}

// words are what the other side said and who it was: a host's name may name the customer.
type words struct {
	Reply   string `json:"reply,omitempty"`
	Host    string `json:"host,omitempty"`
	QueueID string `json:"queue_id,omitempty"`
	Reason  string `json:"reason,omitempty"`
}

// trouble opens the next contact of a customer whose contact refused, and raises people.
func (d *Desk) trouble(ctx context.Context, w *work, one store.Delivery, a Answer) error {
	raise := store.Raise{Key: cases.RaiseUnknown + "@" + one.ID.String(), Kind: cases.RaiseUnknown, DueAt: w.c.Now, Count: 1}
	if a.Outcome == "refused" {
		raise.Key, raise.Kind = cases.RaiseRefused+"@"+one.ID.String(), cases.RaiseRefused
		opened, left, err := d.openNext(ctx, w, one)
		if err != nil {
			return err
		}
		if !opened && !left {
			raise.Key, raise.Kind = cases.RaiseUnreachable+"@"+one.ID.String(), cases.RaiseUnreachable
		}
	}
	return d.raise(ctx, w, raise)
}

// openNext plans the next rank of a customer's contacts, if what it is owed is still open and nobody of
// the ranks before is left to try. left says that somebody still is.
func (d *Desk) openNext(ctx context.Context, w *work, one store.Delivery) (opened, left bool, err error) {
	if one.Customer == nil {
		return false, false, nil // A letter to one person has one address.
	}
	duties, err := w.LockDutiesOf(ctx, one.Case, one.Customer, nil)
	if err != nil {
		return false, false, err
	}
	open := false
	for _, owed := range duties {
		open = open || owed.State != "met" && same(owed.Notice, one.Notice)
	}
	deliveries, err := w.DeliveriesOf(ctx, one.Case, one.Customer, nil)
	if err != nil || !open {
		return false, !open, err
	}
	deliveries = slices.DeleteFunc(deliveries, func(x store.Delivery) bool { return !same(x.Notice, one.Notice) })
	next := -1
	for _, other := range deliveries {
		switch other.State {
		case "planned", "claimed", "in_flight", "deferred", "handed_on":
			left = true
		case "reserve":
			if next < 0 || other.Rank < next {
				next = other.Rank
			}
		}
	}
	if !left && next < 0 {
		// Nobody is left to try: another notice, to other contacts, may be released for what is owed.
		return false, false, w.FreeDuties(ctx, one.Case, *one.Customer, *one.Notice)
	}
	if left {
		return false, true, nil
	}
	for _, other := range deliveries {
		if other.State != "reserve" || other.Rank != next {
			continue
		}
		other.State, other.NextAt = "planned", w.c.Now
		if err := w.SetDelivery(ctx, other); err != nil {
			return false, false, err
		}
		if err := d.resume(ctx, w, *other.Campaign); err != nil {
			return false, false, err
		}
		w.write("delivery.next_contact", time.Time{}, map[string]any{"after": one.ID, "opened": other.ID, "rank": next}, nil)
		opened = true
	}
	return opened, false, nil
}

// resume lets a campaign that had ended run again for what came back to it.
func (d *Desk) resume(ctx context.Context, w *work, id uuid.UUID) error {
	p, err := w.Campaign(ctx, id)
	if err != nil {
		return err
	}
	if p.State == string(campaign.Done) {
		if err := w.SetCampaign(ctx, id, string(campaign.Running), nil); err != nil {
			return err
		}
	}
	return w.Ring(ctx, campaignBell(w.c, p, w.trace))
}
