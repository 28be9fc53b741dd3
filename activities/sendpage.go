package activities

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"github.com/atlascloudai/docket/core/problem"
	"github.com/atlascloudai/docket/desk"
	"github.com/atlascloudai/docket/notifications"
)

const (
	// pageRows and pageTime end a page, whichever is first (design: a page is 500 rows or 20 seconds).
	pageRows = 500
	pageTime = 20 * time.Second
	// claimAtOnce is how many rows one claim takes; a paused campaign has no more than this under way.
	claimAtOnce = 32
	// sendAtOnce is how many attempts of a page run at the same time.
	sendAtOnce = 8
	// refill is the wait after an empty claim, in which a rate's budget grows. Two empty claims end the page.
	refill = time.Second
	// stepTimeout bounds one claim and one begin.
	stepTimeout = 10 * time.Second
	// sendTimeout bounds one attempt over all its servers; every channel has shorter limits of its own.
	sendTimeout = 10 * time.Minute
)

// sendPage is the loop of one page: claim, send, and at the end give back what was not begun and seal. When
// running ends (the worker stops, the process is withdrawn) it claims no more and finishes what is under way.
func (a *Campaign) sendPage(running context.Context, campaign uuid.UUID) (int, error) {
	page := uuid.New()
	var finished atomic.Int64
	sending, ctx := errgroup.WithContext(running)
	sending.SetLimit(sendAtOnce)
	claimed, end := 0, time.Now().Add(pageTime)
	var failed error
	for empty := 0; claimed < pageRows && time.Now().Before(end) && ctx.Err() == nil; {
		jobs, err := a.claim(ctx, campaign, page, min(claimAtOnce, pageRows-claimed))
		if err != nil {
			failed = err
			break
		}
		if len(jobs) == 0 {
			// A page that never had anything ends at once; else it waits once for its rate's budget.
			if empty++; claimed == 0 || empty == 2 || !pause(ctx, refill) {
				break
			}
			continue
		}
		empty, claimed = 0, claimed+len(jobs)
		for _, job := range jobs {
			if ctx.Err() != nil || time.Now().After(end) {
				break
			}
			sending.Go(func() error {
				done, err := a.deliver(ctx, job)
				if done {
					finished.Add(1)
				}
				return err
			})
		}
	}
	failed = errors.Join(failed, sending.Wait())
	if claimed > 0 || failed != nil {
		failed = errors.Join(failed, a.end(running, campaign, page))
	}
	return int(finished.Load()), failed
}

// claim is not cut off by a stop: rows that were claimed and not heard of would wait for their lease.
func (a *Campaign) claim(ctx context.Context, campaign, page uuid.UUID, n int) ([]desk.Job, error) {
	bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), stepTimeout)
	defer cancel()
	jobs, err := a.Desk.Claim(bounded, campaign, page, n)
	if err != nil {
		return nil, fmt.Errorf("cannot claim recipients: %w", err)
	}
	return jobs, nil
}

// deliver makes one attempt for one recipient: the bytes, in_flight committed, the sending, the outcome
// committed. What was begun is never begun again from here: where its outcome cannot be written the lease
// lapses, and the row becomes unknown.
func (a *Campaign) deliver(ctx context.Context, job desk.Job) (finished bool, err error) {
	if ctx.Err() != nil {
		return false, nil
	}
	sender, ok := a.Channels[job.Channel]
	if !ok {
		a.Log.Error("this worker has no such channel; the delivery is put off", "delivery", job.Delivery, "channel", job.Channel)
		return a.finish(ctx, job, desk.Answer{Outcome: string(notifications.Deferred), Class: string(notifications.Config)})
	}
	prepared, unfit := a.prepare(sender, job)
	if unfit != nil {
		return a.finish(ctx, job, *unfit)
	}
	switch err := a.begin(ctx, job, prepared.Digest, sender.Transport); {
	case problem.CodeOf(err) == problem.Conflict:
		a.Log.Info("recipient skipped: not ours any more, or the campaign may not go on", "delivery", job.Delivery, "campaign", job.Campaign)
		return false, nil
	case err != nil:
		return false, fmt.Errorf("cannot begin delivery %s: %w", job.Delivery, err)
	}
	// From here on the attempt is made to its end. A stop reaches the channel, which heeds it only while
	// nothing can have had an effect, and says so.
	attempt, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	answer := sender.Channel.Send(attempt, prepared)
	return a.finish(ctx, job, desk.Answer{
		Outcome: string(answer.Outcome), Class: string(answer.Class), Code: answer.Code, Enhanced: answer.Enhanced,
		Reply: answer.Reply, Reason: answer.Reason, Host: answer.Host, TLS: answer.TLS, QueueID: answer.QueueID, RetryAfter: answer.RetryAfter,
	})
}

// begin is not cut off by a stop: whether it was committed must be known.
func (a *Campaign) begin(ctx context.Context, job desk.Job, digest [32]byte, transport string) error {
	bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), stepTimeout)
	defer cancel()
	return a.Desk.Begin(bounded, job, digest, transport)
}

// prepare makes the message, or says why it cannot be made: such a row is finished as refused, so that it
// neither blocks the page nor comes back.
func (a *Campaign) prepare(sender Sender, job desk.Job) (notifications.Prepared, *desk.Answer) {
	if job.Poison != "" {
		return notifications.Prepared{}, &desk.Answer{Outcome: string(notifications.Refused), Class: string(notifications.Config), Reply: job.Poison}
	}
	prepared, err := sender.Channel.Prepare(notifications.Outbound{
		ID:          job.ID,
		To:          job.To,
		Subject:     job.Letter.Subject,
		Text:        job.Letter.Text,
		HTML:        job.Letter.HTML,
		Language:    job.Letter.Language,
		Instant:     job.Instant,
		ReturnToken: a.ReturnToken(job.Delivery),
	})
	if err != nil {
		return notifications.Prepared{}, &desk.Answer{Outcome: string(notifications.Refused), Class: string(notifications.Config), Reply: "the message cannot be made: " + err.Error()}
	}
	return prepared, nil
}

// finish writes the outcome. A row that somebody else holds by now is theirs to finish.
func (a *Campaign) finish(ctx context.Context, job desk.Job, answer desk.Answer) (bool, error) {
	err := insist(ctx, func(ctx context.Context) error { return a.Desk.Finish(ctx, job, answer) })
	switch {
	case err == nil:
		return true, nil
	case problem.CodeOf(err) == problem.Conflict:
		a.Log.Warn("outcome came too late: the lease had lapsed", "delivery", job.Delivery, "attempt", job.Attempt, "outcome", answer.Outcome)
		return false, nil
	default:
		a.Log.Error("outcome could not be written; the delivery becomes unknown", "delivery", job.Delivery, "attempt", job.Attempt, "outcome", answer.Outcome)
		return false, fmt.Errorf("cannot finish delivery %s: %w", job.Delivery, err)
	}
}

// end gives back what was not begun and seals the page, also while the worker stops.
func (a *Campaign) end(ctx context.Context, campaign, page uuid.UUID) error {
	if err := insist(ctx, func(ctx context.Context) error { return a.Desk.Release(ctx, page) }); err != nil {
		return fmt.Errorf("cannot release page %s: %w", page, err)
	}
	if err := insist(ctx, func(ctx context.Context) error { return a.Desk.Seal(ctx, campaign) }); err != nil {
		return fmt.Errorf("cannot seal page %s: %w", page, err)
	}
	return nil
}

// pause waits and says whether ctx still holds.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
