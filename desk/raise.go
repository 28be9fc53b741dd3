package desk

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/cases"
	"github.com/atlascloudai/docket/core/clock"
	"github.com/atlascloudai/docket/core/problem"
	"github.com/atlascloudai/docket/store"
)

// raise opens a raise and its first pages, unless one with its key is there: whoever notices, it is raised once. What
// another raise leads is written down and not paged.
func (d *Desk) raise(ctx context.Context, w *work, r store.Raise) error {
	_, err := d.raised(ctx, w, r)
	return err
}

// raised is raise, and says whether the raise is new.
func (d *Desk) raised(ctx context.Context, w *work, r store.Raise) (fresh bool, err error) {
	step := cases.Escalation(r.Kind)[0]
	r.Case, r.RecordedAt, r.RecordedBy = w.c.ID, w.c.Now, w.actor.ID
	if r.ID == uuid.Nil {
		r.ID = newID()
	}
	if step.Then > 0 && r.LedBy == nil {
		next := w.c.Now.Add(step.Then)
		r.NextStepAt = &next
	}
	if fresh, err = w.InsertRaise(ctx, r); err != nil || !fresh {
		return false, err
	}
	kind := "raise.opened"
	if r.Kind == string(clock.MilestoneLimit) {
		kind = "duty.overdue" // Recorded as of the due instant, whenever it was noticed.
	}
	body := map[string]any{"raise": r.ID, "kind": r.Kind, "count": r.Count, "roles": step.Roles}
	if r.LedBy != nil {
		delete(body, "roles")
		body["led_by"] = r.LedBy
	}
	w.write(kind, r.DueAt, body, nil)
	if r.LedBy != nil {
		return true, nil
	}
	return true, d.pages(ctx, w, r, step)
}

func (d *Desk) pages(ctx context.Context, w *work, r store.Raise, step cases.Step) error {
	for _, channel := range d.pageChannels {
		page := store.Page{ID: newID(), Raise: r.ID, Case: w.c.ID, Step: r.Step, Channel: channel, Roles: step.Roles}
		if err := w.InsertPage(ctx, page); err != nil {
			return err
		}
	}
	return nil
}

func undecidedRaise(w *work, count int) store.Raise {
	return store.Raise{Key: fmt.Sprintf("%s@wave-%d", cases.RaiseUndecided, w.state.Waves), Kind: cases.RaiseUndecided, DueAt: w.c.Now, Count: count}
}

// RaiseDue raises what passed and what nobody has been told of: one raise per kind and distinct instant, with the number
// of open duties it concerns. Where several instants passed unnoticed, because nothing ran, people are raised once for all
// of them: the gravest leads. It answers how many milestones it took, those of duties that were met before included:
// whoever asks goes on at once where something was taken.
func (d *Desk) RaiseDue(ctx context.Context, caseID uuid.UUID) (int, error) {
	return d.process(ctx, access.RaiseOpen, caseID, func(w *work) (int, error) {
		due, err := w.TakeDueMilestones(ctx, w.c.ID, w.c.Now)
		if err != nil {
			return 0, err
		}
		// Every duty of a clock that is left out was met before.
		open := slices.DeleteFunc(slices.Clone(due), func(m store.DueMilestone) bool { return m.Count == 0 })
		raises, concerns := raisesOf(open)
		var leader *uuid.UUID
		for _, r := range raises {
			if r.LedBy = leader; leader == nil {
				r.Concerns = concerns
			}
			fresh, err := d.raised(ctx, w, r)
			if err != nil {
				return 0, err
			}
			if concerns != nil && leader == nil && fresh { // One that was raised before leads nobody: it is not paged again.
				leader = &r.ID
			}
		}
		return len(due), nil
	})
}

// raisesOf makes a raise of each milestone. Where several instants passed, the one that leads is the first, and concerns
// is how many duties all of them are about; else it is nil, and each stands for itself.
func raisesOf(due []store.DueMilestone) (raises []store.Raise, concerns *int) {
	raises = make([]store.Raise, 0, len(due))
	for _, m := range due {
		key := m.Kind + "@" + m.At.UTC().Format(time.RFC3339Nano)
		if m.Generation > 1 {
			key += "/" + strconv.Itoa(m.Generation) // For duties that joined after it was raised.
		}
		raises = append(raises, store.Raise{ID: newID(), Key: key, Kind: m.Kind, DueAt: m.At, Count: m.Count})
	}
	if len(due) == 0 || due[0].At.Equal(due[len(due)-1].At) {
		return raises, nil
	}
	slices.SortStableFunc(raises, func(a, b store.Raise) int {
		return cmp.Or(clock.MilestoneKind(b.Kind).Gravity()-clock.MilestoneKind(a.Kind).Gravity(), b.DueAt.Compare(a.DueAt))
	})
	return raises, &due[0].Concerns
}

// EscalateDue takes raises that nobody acknowledged in time to their next step.
func (d *Desk) EscalateDue(ctx context.Context, caseID uuid.UUID) (int, error) {
	return d.process(ctx, access.RaiseOpen, caseID, func(w *work) (int, error) {
		due, err := w.StepsDue(ctx, w.c.ID, w.c.Now)
		if err != nil {
			return 0, err
		}
		for _, r := range due {
			chain := cases.Escalation(r.Kind)
			at := *r.NextStepAt
			r.NextStepAt = nil
			if r.Step+1 < len(chain) {
				r.Step++
				step := chain[r.Step]
				if step.Then > 0 {
					next := at.Add(step.Then)
					r.NextStepAt = &next
				}
				w.write("raise.escalated", at, map[string]any{"raise": r.ID, "step": r.Step, "roles": step.Roles}, nil)
				if err := d.pages(ctx, w, r, step); err != nil {
					return 0, err
				}
			}
			if err := w.SetRaise(ctx, r); err != nil {
				return 0, err
			}
		}
		return len(due), nil
	})
}

// process is a decision of Docket's own worker.
func (d *Desk) process(ctx context.Context, action access.Action, caseID uuid.UUID, f func(*work) (int, error)) (int, error) {
	var n int
	_, err := d.command(ctx, Docket, "", action, caseID, nil, func(w *work) (Receipt, error) {
		var err error
		n, err = f(w)
		return Receipt{}, err
	})
	return n, err
}

// AcknowledgeRaise says that somebody took it; its escalation ends.
func (d *Desk) AcknowledgeRaise(ctx context.Context, actor access.Actor, key string, caseID, raiseID uuid.UUID, in AnswerInput) (Receipt, error) {
	return d.command(ctx, actor, key, access.RaiseAcknowledge, caseID, within(raiseID, in), func(w *work) (Receipt, error) {
		r, err := w.Raise(ctx, w.c.ID, raiseID)
		if err != nil {
			return Receipt{}, err
		}
		if r.AcknowledgedAt != nil {
			return Receipt{}, problem.Blocked(problem.Blocker{Code: "already_acknowledged", Ref: raiseID.String(), Detail: "somebody has taken it already"})
		}
		who, err := uuid.Parse(actor.ID)
		if err != nil {
			return Receipt{}, err
		}
		r.AcknowledgedAt, r.AcknowledgedBy, r.NextStepAt = &w.c.Now, &who, nil
		w.write("raise.acknowledged", time.Time{}, map[string]any{"raise": r.ID, "kind": r.Kind}, map[string]any{"note": in.Note})
		if err := w.EndPages(ctx, r.ID); err != nil {
			return Receipt{}, err
		}
		return Receipt{ID: &raiseID}, w.SetRaise(ctx, r)
	})
}

// ClaimPages takes open pages whose time has come, of one case or (uuid.Nil) of any.
func (d *Desk) ClaimPages(ctx context.Context, caseID uuid.UUID, limit int) ([]PageJob, error) {
	var jobs []PageJob
	err := d.store.Reserved(ctx, func(tx *store.Tx) error {
		pages, err := tx.ClaimPages(ctx, caseID, limit)
		for _, p := range pages {
			jobs = append(jobs, PageJob{
				ID: p.ID, Raise: p.Raise, Case: p.Case, Code: p.Code, Channel: p.Channel, Kind: p.Kind, DueAt: p.DueAt.UTC(), Count: p.Count,
				Step: p.Step, Roles: p.Roles, Drill: p.Drill, Restricted: p.Restricted, Attempt: p.Attempts,
			})
		}
		return err
	})
	return jobs, err
}

// PageAnswered notes what the pager or mail server said; a page that was not taken stays open and is tried again.
func (d *Desk) PageAnswered(ctx context.Context, job PageJob, a PageAnswer) error {
	return d.store.Reserved(ctx, func(tx *store.Tx) error { return tx.PageAnswered(ctx, job.ID, a.Taken, a.Code, a.Class) })
}

// Overdue are the cases in which something came due more than grace ago and nobody acted: what the watchdog looks for.
func (d *Desk) Overdue(ctx context.Context, grace time.Duration) (cases []uuid.UUID, err error) {
	err = d.store.Reserved(ctx, func(tx *store.Tx) error { cases, err = tx.Unraised(ctx, grace); return err })
	return cases, err
}

// subjected is a command's input together with the id of what it is about.
type subjected struct {
	Subject uuid.UUID
	In      any
}

func within(id uuid.UUID, in any) subjected { return subjected{id, in} }
