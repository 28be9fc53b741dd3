package activities

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"github.com/atlascloudai/docket/core/problem"
	"github.com/atlascloudai/docket/desk"
	"github.com/atlascloudai/docket/notifications"
	"github.com/atlascloudai/docket/notifications/pager"
)

// PageDesk is what the sending of pages asks of the desk. *desk.Desk is one.
type PageDesk interface {
	// ClaimPages takes up to limit due pages of a case (uuid.Nil: of any case) for a while.
	ClaimPages(ctx context.Context, caseID uuid.UUID, limit int) ([]desk.PageJob, error)
	// PageAnswered writes what the other side said.
	PageAnswered(ctx context.Context, job desk.PageJob, answer desk.PageAnswer) error
}

// Pager reaches whoever is on call through one webhook. *pager.Pager is one.
type Pager interface {
	Page(ctx context.Context, event pager.Event) notifications.Answer
}

var _ Pager = (*pager.Pager)(nil)

// Line is where pages go out.
type Line struct {
	// Pager takes the pages of channel "pager"; nil defers them.
	Pager Pager
	// Mail takes the copies of channel "mail" and is the address they go to; a nil Channel defers them.
	Mail Mailbox
	// CaseURL is the console's address of a case with its code put for %s, or "".
	CaseURL string
}

// Pages sends the pages of cases. Real cases and drills have lines of their own, and a worker is given only
// the line of its queue: without a line a page is not sent.
type Pages struct {
	Desk        PageDesk
	Real, Drill *Line
	Log         *slog.Logger
}

const (
	// pagesAtOnce is how many pages one claim takes and sends side by side.
	pagesAtOnce = 16
	// pageTimeout bounds one attempt to send a page.
	pageTimeout = 45 * time.Second
	// answerTimeout bounds the writing of an outcome, the database's restart included.
	answerTimeout = 25 * time.Second
)

// errNoLine is a page of a drill at a worker of real cases, or the reverse.
var errNoLine = problem.New(problem.Forbidden, "this worker has no line for this kind of case")

// SendDue sends the due pages of a case (uuid.Nil: of any case) and says how many the other side took. A page
// that was not taken is claimed again later, by this process or another.
func (p *Pages) SendDue(ctx context.Context, caseID uuid.UUID) (taken int, err error) {
	for ctx.Err() == nil {
		jobs, err := p.Desk.ClaimPages(ctx, caseID, pagesAtOnce)
		if err != nil {
			return taken, fmt.Errorf("cannot claim pages: %w", err)
		}
		if len(jobs) == 0 {
			return taken, nil
		}
		n, err := p.sendAll(ctx, jobs)
		taken += n
		if err != nil {
			return taken, err
		}
	}
	return taken, nil
}

// sendAll sends several pages side by side, so that a mail server that says nothing holds up no pager.
func (p *Pages) sendAll(ctx context.Context, jobs []desk.PageJob) (int, error) {
	var taken atomic.Int64
	failed := make([]error, len(jobs))
	var sending errgroup.Group
	for i, job := range jobs {
		sending.Go(func() error {
			ok, err := p.send(ctx, job)
			if ok {
				taken.Add(1)
			}
			failed[i] = err
			return nil
		})
	}
	_ = sending.Wait()
	return int(taken.Load()), errors.Join(failed...)
}

// send makes one attempt and writes its outcome, which a worker's stop does not cut off.
func (p *Pages) send(ctx context.Context, job desk.PageJob) (taken bool, err error) {
	line := p.Real
	if job.Drill {
		line = p.Drill
	}
	if line == nil {
		return false, errNoLine
	}
	attempt, cancel := context.WithTimeout(ctx, pageTimeout)
	defer cancel()
	answer := line.send(attempt, job)
	if answer.Outcome != notifications.Accepted && answer.Outcome != notifications.HandedOn {
		p.Log.Warn("page was not taken", "page", job.ID, "case", job.Case, "channel", job.Channel, "outcome", answer.Outcome, "class", answer.Class, "attempt", job.Attempt)
	} else {
		taken = true
	}
	err = insist(ctx, func(ctx context.Context) error {
		return p.Desk.PageAnswered(ctx, job, desk.PageAnswer{Taken: taken, Code: answer.Code, Class: string(answer.Class)})
	})
	if err != nil {
		return taken, fmt.Errorf("cannot write what became of page %s: %w", job.ID, err)
	}
	return taken, nil
}

func (l *Line) send(ctx context.Context, job desk.PageJob) notifications.Answer {
	nobody := notifications.Answer{Outcome: notifications.Deferred, Class: notifications.Config, Reason: "nothing is configured for this channel", At: time.Now()}
	switch {
	case job.Channel == "pager" && l.Pager != nil:
		return l.Pager.Page(ctx, l.event(job))
	case job.Channel == "mail" && l.Mail.Channel != nil:
		return l.Mail.send(ctx, l.event(job))
	default:
		return nobody
	}
}

func (l *Line) event(job desk.PageJob) pager.Event {
	event := pager.Event{ID: job.ID.String(), At: job.DueAt, Kind: job.Kind, Case: job.Code, Step: job.Step, Count: job.Count, Drill: job.Drill, Restricted: job.Restricted}
	if l.CaseURL != "" {
		event.CaseURL = fmt.Sprintf(l.CaseURL, job.Code)
	}
	return event
}
