package desk

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/audit"
	"github.com/atlascloudai/docket/core/problem"
	"github.com/atlascloudai/docket/core/register"
	"github.com/atlascloudai/docket/store"
)

// breachPage is how many cases of the register are read at once.
const breachPage = 50

// Register writes the register of breaches (GDPR art. 33(5)), as the actor sees it, to where it is given: everything as of
// one instant, read and written in pages. It is complete once Register returns without an error. Drills are not in it, and
// of a restricted case nothing says that it exists, but to its members.
func (d *Desk) Register(ctx context.Context, actor access.Actor, format string, sign audit.Signer, to io.Writer) error {
	if err := access.May(actor, access.RegisterExport); err != nil {
		return err
	}
	if format != "json" && format != "csv" {
		return problem.InvalidField("format", "must be json or csv")
	}
	// Traces are written before anything is read, so that the reading itself holds no writer up.
	var traced []uuid.UUID
	err := d.store.Do(ctx, func(tx *store.Tx) (err error) {
		traced, err = tx.TraceBreaches(ctx, actor, string(access.RegisterExport))
		return err
	})
	if err != nil {
		return err
	}
	return d.store.Read(ctx, func(tx *store.Tx) error {
		head, err := registerHead(ctx, tx, actor)
		if err != nil {
			return err
		}
		book, err := register.Open(format, to, head)
		if err != nil {
			return err
		}
		after := uuid.Nil
		for {
			breaches, err := tx.Breaches(ctx, actor, traced, after, breachPage)
			if err != nil {
				return err
			}
			for _, c := range breaches {
				after = c.ID
				if err := d.enter(ctx, tx, c, head.At, book); err != nil {
					return err
				}
			}
			if len(breaches) < breachPage {
				return book.Close(sign)
			}
		}
	})
}

func registerHead(ctx context.Context, tx *store.Tx, actor access.Actor) (register.Head, error) {
	head := register.Head{Format: register.Version, ExportedBy: actor.ID}
	i, err := tx.Installation(ctx)
	if err != nil {
		return head, err
	}
	if i == nil {
		return head, problem.New(problem.Unavailable, "the installation was never started")
	}
	now, err := tx.Now(ctx)
	head.Installation, head.At = i.ID.String(), now.UTC().Truncate(time.Microsecond)
	return head, err
}

// enter writes one case into a register: what its chain tells, then its duties.
func (d *Desk) enter(ctx context.Context, tx *store.Tx, c store.Case, now time.Time, book register.Book) error {
	told, err := d.tell(ctx, tx, c)
	if err != nil {
		return err
	}
	if err := book.Breach(told.breach); err != nil {
		return fmt.Errorf("cannot write the register: %w", err)
	}
	filter := store.DutyFilter{Limit: maxPageSize}
	for {
		duties, err := tx.Duties(ctx, c.ID, filter)
		if err != nil {
			return err
		}
		these, of := make([]uuid.UUID, 0, len(duties)), make([]uuid.UUID, 0, len(duties))
		for _, one := range duties {
			if these = append(these, one.ID); one.Customer != nil {
				of = append(of, *one.Customer)
			}
		}
		customers, err := tx.CustomersByID(ctx, of)
		if err != nil {
			return err
		}
		earlier, err := tx.EarlierDues(ctx, these)
		if err != nil {
			return err
		}
		for _, one := range duties {
			filter.After = one.ID
			line, err := told.duty(one, now)
			if err != nil {
				return err
			}
			if one.Customer != nil {
				line.OwedTo = customers[*one.Customer].Ref
			}
			for _, due := range earlier[one.ID] {
				line.Earlier = append(line.Earlier, register.Due{Target: utc(due.Target), Limit: utc(due.Limit), Reason: due.Reason, RecordedAt: due.RecordedAt.UTC()})
			}
			if err := book.Duty(line); err != nil {
				return fmt.Errorf("cannot write the register: %w", err)
			}
		}
		if len(duties) < maxPageSize {
			return nil
		}
	}
}

// duty is one duty as the register says it. How late it is counts against its limit: a target of our own is no law's.
func (t *telling) duty(one store.Duty, now time.Time) (register.Duty, error) {
	var why reasons
	if err := json.Unmarshal(one.Why, &why); err != nil {
		return register.Duty{}, fmt.Errorf("cannot read why the duty exists: %w", err)
	}
	line := register.Duty{
		ID: one.ID.String(), OwedTo: one.Counterparty, Clause: why.Clause, Rule: one.Rule, State: one.State, Clock: clockView(one, now),
		StartedAt: utc(one.StartedAt), Target: utc(one.Target), Limit: utc(one.Limit), MetAt: utc(one.MetAt), DelayReasons: t.delays[one.ID.String()],
	}
	ended := now
	if one.MetAt != nil {
		ended = *one.MetAt
	}
	if counts := one.State == "met" || one.State == "required" || one.State == "proposed"; counts && one.Limit != nil && ended.After(*one.Limit) {
		line.Late, line.LateSeconds = true, int64(ended.Sub(*one.Limit)/time.Second)
		if one.Notice != nil {
			line.DelayReasons = slices.Concat(line.DelayReasons, t.approved[one.Notice.String()], t.late[one.Notice.String()])
		}
	}
	if waived, ok := t.waived[one.ID.String()]; ok {
		line.Exemption, line.Reason = waived.Exemption, waived.Reason
	}
	return line, nil
}
