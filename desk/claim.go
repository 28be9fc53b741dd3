package desk

import (
	"context"
	"errors"

	"github.com/google/uuid"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/cases/campaign"
	"github.com/atlascloudai/docket/core/duty"
	"github.com/atlascloudai/docket/core/letters"
	"github.com/atlascloudai/docket/core/problem"
	"github.com/atlascloudai/docket/store"
)

// Claim takes up to n recipients that are due and makes everything their messages are made from. Claims of
// senders that never came back are taken over first: what was not begun is planned again, what was begun is
// unknown. A deadline notice is then sent again, marked as a possible duplicate; a lost one would be worse.
func (d *Desk) Claim(ctx context.Context, campaignID, page uuid.UUID, n int) ([]Job, error) {
	for {
		jobs, err := d.claim(ctx, campaignID, page, n)
		if errors.Is(err, errPageSealed) {
			return nil, nil
		}
		if errors.Is(err, errSendByPassed) {
			return nil, d.holdLate(ctx, campaignID)
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
		if late, err := pastSendBy(c, p); err != nil || late {
			return firstError(err, errSendByPassed)
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
	if p.State == string(campaign.Stopped) || w.c.Kind == KindChange {
		one.State = "unknown" // Nobody sends it again by itself: a person finds out.
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
	n, err := tx.NoticeText(ctx, p.Notice, p.Version)
	if err != nil {
		return nil, err
	}
	text, err := textOf(key, n)
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
		if plan.Letter != nil {
			job.Letter = *plan.Letter
			jobs = append(jobs, job)
			continue
		}
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

// Release gives back what a page claimed and did not begin.
func (d *Desk) Release(ctx context.Context, page uuid.UUID) error {
	return d.store.Do(ctx, func(tx *store.Tx) error { return tx.Release(ctx, page) })
}
