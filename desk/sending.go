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
	"github.com/atlascloudai/docket/core/audit"
	"github.com/atlascloudai/docket/core/cases"
	"github.com/atlascloudai/docket/core/cases/campaign"
	"github.com/atlascloudai/docket/core/cases/incident"
	"github.com/atlascloudai/docket/core/duty"
	"github.com/atlascloudai/docket/core/letters"
	"github.com/atlascloudai/docket/core/problem"
	"github.com/atlascloudai/docket/core/seal"
	"github.com/atlascloudai/docket/store"
)

// slack is how long after its own timer a process is rung, in case the process was lost.
const slack = 5 * time.Second

// NextCase answers an incident's process: what is due, and when to ask again.
func (d *Desk) NextCase(ctx context.Context, caseID uuid.UUID, heard int64) (Next, error) {
	return d.next(ctx, KindIncident+"/"+caseID.String(), heard, func(tx *store.Tx) (cases.Agenda, store.Case, error) {
		c, err := tx.Case(ctx, Docket, caseID)
		if err != nil {
			return cases.Agenda{}, c, err
		}
		next, err := tx.Next(ctx, c.ID, c.Offset)
		return incident.Agenda(next, c.Now), c, err
	})
}

// NextCampaign answers a sending's process.
func (d *Desk) NextCampaign(ctx context.Context, campaignID uuid.UUID, heard int64) (Next, error) {
	return d.next(ctx, KindCampaign+"/"+campaignID.String(), heard, func(tx *store.Tx) (cases.Agenda, store.Case, error) {
		p, err := tx.Campaign(ctx, campaignID)
		if err != nil {
			return cases.Agenda{}, store.Case{}, err
		}
		c, err := tx.Case(ctx, Docket, p.Case)
		if err != nil {
			return cases.Agenda{}, c, err
		}
		next, err := tx.NextOfCampaign(ctx, p, c.Offset)
		return campaign.Agenda(next, c.Now), c, err
	})
}

// next reads the bell before the rows: a fact that comes in between rings again. What a process says it
// heard is confirmed only once it has acted; with nothing to do, looking was acting.
func (d *Desk) next(ctx context.Context, workflowID string, heard int64, look func(*store.Tx) (cases.Agenda, store.Case, error)) (Next, error) {
	var next Next
	err := d.store.Do(ctx, func(tx *store.Tx) error {
		seq, err := tx.BellSeq(ctx, workflowID)
		if err != nil {
			return err
		}
		agenda, c, err := look(tx)
		if err != nil {
			return err
		}
		next = Next{Heard: seq}
		for _, stage := range agenda.Stages {
			next.Stages = append(next.Stages, string(stage))
		}
		if len(next.Stages) > 0 {
			// The process may die on the way: then it is rung after half a minute.
			again := c.Now.Add(-c.Offset + 30*time.Second)
			return tx.Heard(ctx, workflowID, heard, &again)
		}
		var rung *time.Time
		if agenda.Wake != nil {
			wake := agenda.Wake.Add(-c.Offset)
			late := wake.Add(slack)
			next.WakeAt, rung = &wake, &late
		}
		return tx.Heard(ctx, workflowID, seq, rung)
	})
	return next, err
}

// Claim takes up to n recipients that are due and makes everything their messages are made from. Claims of
// senders that never came back are taken over first: what was not begun is planned again, what was begun is
// unknown. A deadline notice is then sent again, marked as a possible duplicate; a lost one would be worse.
func (d *Desk) Claim(ctx context.Context, campaignID, page uuid.UUID, n int) ([]Job, error) {
	for {
		jobs, err := d.claim(ctx, campaignID, page, n)
		if errors.Is(err, errPageSealed) {
			return nil, nil
		}
		if !errors.Is(err, errLapsed) {
			return jobs, err
		}
		taken, err := d.takeOver(ctx, campaignID, page, n)
		if errors.Is(err, errPageSealed) || err == nil && taken == 0 {
			return nil, nil // Somebody else is at it.
		}
		if err != nil {
			return nil, err
		}
	}
}

// errLapsed says that the claims of a lost sender come first. Taking them over is a decision of its own: people are
// told of what is unknown now, and that takes the case's lock before any recipient's.
var errLapsed = errors.New("a lost sender's claims have lapsed")

func (d *Desk) claim(ctx context.Context, campaignID, page uuid.UUID, n int) (jobs []Job, err error) {
	err = d.store.Do(ctx, func(tx *store.Tx) error {
		p, err := tx.Campaign(ctx, campaignID)
		if err != nil {
			return err
		}
		c, err := tx.Case(ctx, Docket, p.Case)
		if err != nil {
			return err
		}
		i, err := tx.Installation(ctx)
		if err != nil {
			return err
		}
		if i != nil && i.QuarantinedAt != nil {
			return nil
		}
		if lapsed, err := tx.HasLapsed(ctx, campaignID); err != nil {
			return err
		} else if lapsed {
			return errLapsed
		}
		if p.State != string(campaign.Running) {
			return nil
		}
		if n, err = tx.Draw(ctx, string(duty.Email), p.Lane, n); err != nil || n == 0 {
			return err
		}
		claimed, err := tx.Claim(ctx, campaignID, page, c.Now, d.lease, n)
		if err != nil || len(claimed) == 0 {
			return err
		}
		if err := openPage(ctx, tx, page, campaignID); err != nil {
			return err
		}
		jobs, err = d.jobs(ctx, tx, c, p, page, claimed)
		return err
	})
	return jobs, err
}

// errPageSealed undoes a claim under a page that was sealed while its sender held nothing: a sealed page takes no
// more rows, and the next page begins where this one could not go on.
var errPageSealed = errors.New("the page is sealed")

func openPage(ctx context.Context, tx *store.Tx, page, campaignID uuid.UUID) error {
	open, err := tx.OpenPage(ctx, page, campaignID)
	if err == nil && !open {
		err = errPageSealed
	}
	return err
}

// takeOver ends the claims of senders that never came back, and says how many: what was not begun is planned again,
// what was begun is unknown, and people are told.
func (d *Desk) takeOver(ctx context.Context, campaignID, page uuid.UUID, n int) (int, error) {
	p, err := d.campaign(ctx, campaignID)
	if err != nil {
		return 0, err
	}
	return d.process(ctx, access.DeliveryRecord, p.Case, func(w *work) (int, error) {
		p, err := w.Campaign(ctx, campaignID)
		if err != nil {
			return 0, err
		}
		lapsed, err := w.Lapsed(ctx, campaignID, page, d.lease, n)
		if err != nil || len(lapsed) == 0 {
			return 0, err
		}
		if err := openPage(ctx, w.Tx, page, campaignID); err != nil {
			return 0, err
		}
		for _, one := range lapsed {
			if err := d.lost(ctx, w, p, page, one); err != nil {
				return 0, err
			}
		}
		return len(lapsed), nil
	})
}

// lost ends the claim of a lost sender on one recipient.
func (d *Desk) lost(ctx context.Context, w *work, p store.Campaign, page uuid.UUID, one store.Delivery) error {
	begun := one.State == "in_flight"
	one.State, one.NextAt = "planned", w.c.Now
	if one.Attempt > 0 {
		one.State = "deferred"
	}
	if !begun {
		one.Claim, one.LeaseUntil = nil, nil
		return w.SetDelivery(ctx, one)
	}
	one.PossibleDuplicate = true
	if p.State == string(campaign.Stopped) {
		one.State = "unknown" // Nobody sends it again: a person finds out.
	}
	answer := Answer{Outcome: "unknown", Class: "sender_lost"}
	event, err := d.event(one, page, w.c.Now, answer, nil)
	if err != nil {
		return err
	}
	if err := w.Finish(ctx, one, page, event); err != nil {
		return err
	}
	return d.trouble(ctx, w, one, answer)
}

func (d *Desk) jobs(ctx context.Context, tx *store.Tx, c store.Case, p store.Campaign, page uuid.UUID, claimed []store.Delivery) ([]Job, error) {
	key, err := d.caseKey(c)
	if err != nil {
		return nil, err
	}
	sealed, err := tx.NoticeText(ctx, p.Notice, p.Version)
	if err != nil {
		return nil, err
	}
	text, err := textOf(key, store.Notice{ID: p.Notice, Version: p.Version, Sealed: sealed})
	if err != nil {
		return nil, err
	}
	jobs := make([]Job, 0, len(claimed))
	for _, one := range claimed {
		job := Job{
			Delivery: one.ID, Campaign: p.ID, Case: c.ID, Page: page, Attempt: one.Attempt + 1, Channel: one.Channel, ID: one.ID.String(),
			Instant: one.FirstAttemptAt.UTC(),
		}
		copy(job.Digest[:], one.Digest)
		job.row, job.key = one, key
		job.row.Sealed, job.row.Attempt = nil, job.Attempt
		var plan planned
		if err := key.OpenJSON(deliveryPlace(one.ID), one.Sealed, &plan); err != nil {
			return nil, err
		}
		job.To = plan.Address
		values, err := d.located(plan.Values)
		if err == nil {
			job.Letter, err = letters.Render(text, values, job.Instant)
		}
		if err != nil { // One message that cannot be made must not hold the others up.
			job.Poison = "the letter cannot be rendered: " + string(problem.CodeOf(err))
		}
		jobs = append(jobs, job)
	}
	return jobs, nil
}

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
		Delivery: job.Delivery, Case: job.Case, Page: job.Page, Customer: job.row.Customer, Outcome: a.Outcome, Code: a.Code, Class: a.Class,
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
		if p, err := tx.Campaign(ctx, job.Campaign); err != nil {
			return one, err
		} else if p.State == string(campaign.Stopped) {
			// Nobody sends it again: what was deferred was not sent, what is unknown a person finds out.
			one.State = map[string]string{"deferred": "cancelled", "unknown": "unknown"}[a.Outcome]
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

// event is the ledger's row of an answer: what machines may read in clear, the other side's words sealed.
func (d *Desk) event(one store.Delivery, page uuid.UUID, at time.Time, a Answer, key *seal.Key) (store.Event, error) {
	body, err := json.Marshal(map[string]any{
		"class": a.Class, "code": a.Code, "enhanced": a.Enhanced, "host": a.Host, "tls": a.TLS, "queue_id": a.QueueID, "reason": a.Reason, "next_at": one.NextAt.UTC(),
	})
	e := store.Event{Delivery: one.ID, Case: one.Case, Page: page, Attempt: one.Attempt, At: at, Kind: a.Outcome, Body: body}
	if err == nil && a.Reply != "" && key != nil {
		e.Sealed = key.Seal(deliveryPlace(one.ID)+"/reply", []byte(a.Reply))
	}
	return e, err
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
			raise.Kind = cases.RaiseUnreachable
		}
	}
	return d.raise(ctx, w, raise)
}

// openNext plans the next rank of a customer's contacts, if what it is owed is still open and nobody of
// the ranks before is left to try. left says that somebody still is.
func (d *Desk) openNext(ctx context.Context, w *work, one store.Delivery) (opened, left bool, err error) {
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
		return false, false, w.FreeDuties(ctx, one.Case, *one.Customer)
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

// Release gives back what a page claimed and did not begin.
func (d *Desk) Release(ctx context.Context, page uuid.UUID) error {
	return d.store.Do(ctx, func(tx *store.Tx) error { return tx.Release(ctx, page) })
}

// Seal vouches in the case's chain for the ledger rows of every page that no sender holds any more.
func (d *Desk) Seal(ctx context.Context, campaignID uuid.UUID) error {
	p, err := d.campaign(ctx, campaignID)
	if err != nil {
		return err
	}
	_, err = d.process(ctx, access.DeliveryRecord, p.Case, func(w *work) (int, error) {
		pages, err := w.UnsealedPages(ctx, campaignID)
		for _, page := range pages {
			if err := w.seal(ctx, page, &campaignID); err != nil {
				return 0, err
			}
		}
		return len(pages), err
	})
	return err
}

// seal writes one entry with the page's counts by outcome and the hash over its stored rows.
func (w *work) seal(ctx context.Context, page uuid.UUID, campaignID *uuid.UUID) error {
	vouched, err := sealOf(ctx, w.Tx, page)
	if err != nil {
		return err
	}
	if vouched.Rows == 0 {
		return w.ForgetPage(ctx, page)
	}
	w.write("deliveries.sealed", time.Time{}, vouched, nil)
	return w.SealPage(ctx, page, w.c.ID, campaignID, w.c.NextSeq+int64(len(w.events))-1)
}

func sealOf(ctx context.Context, tx *store.Tx, page uuid.UUID) (audit.PageSeal, error) {
	digest, counts, err := digestPage(ctx, tx, page)
	if err != nil {
		return audit.PageSeal{}, err
	}
	return digest.Seal(counts)
}

// pagePrefix names the table whose rows a sealed page holds.
const pagePrefix = "delivery_event/"

func pageName(page uuid.UUID) string { return pagePrefix + page.String() }

// FinishCampaign ends a sending when nobody is left to try, and its notice is released.
func (d *Desk) FinishCampaign(ctx context.Context, campaignID uuid.UUID) error {
	p, err := d.campaign(ctx, campaignID)
	if err != nil {
		return err
	}
	_, err = d.process(ctx, access.DeliveryRecord, p.Case, func(w *work) (int, error) {
		p, err := w.Campaign(ctx, campaignID)
		if err != nil || p.State != string(campaign.Running) {
			return 0, err
		}
		next, err := w.NextOfCampaign(ctx, p, w.c.Offset)
		if err != nil || next.Outstanding {
			return 0, err
		}
		return 0, w.endCampaign(ctx, p, campaign.Done)
	})
	return err
}

func (d *Desk) campaign(ctx context.Context, id uuid.UUID) (p store.Campaign, err error) {
	err = d.store.Do(ctx, func(tx *store.Tx) error { p, err = tx.Campaign(ctx, id); return err })
	return p, err
}

// endCampaign notes how a sending ended, with its counts.
func (w *work) endCampaign(ctx context.Context, p store.Campaign, state campaign.State) error {
	if err := w.SetCampaign(ctx, p.ID, string(state), &w.c.Now); err != nil {
		return err
	}
	all, err := w.CampaignCounts(ctx, w.c.ID)
	if err != nil {
		return err
	}
	counts := map[string]int{}
	for _, c := range all {
		if c.Campaign == p.ID && c.Delivery != "" {
			counts[c.Delivery] = c.Count
		}
	}
	n, err := w.Notice(ctx, w.c.ID, p.Notice)
	if err != nil {
		return err
	}
	n.State = noticeReleased
	w.write("campaign."+string(state), time.Time{}, map[string]any{"campaign": p.ID, "notice": p.Notice, "counts": counts}, nil)
	return w.UpdateNotice(ctx, n)
}
