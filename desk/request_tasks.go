package desk

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"time"

	"github.com/google/uuid"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/cases"
	"github.com/atlascloudai/docket/core/erasing"
	"github.com/atlascloudai/docket/core/problem"
	"github.com/atlascloudai/docket/core/seal"
	"github.com/atlascloudai/docket/store"
)

// OwnerTask is what the owner of a system is asked to do.
type OwnerTask struct {
	// Order names it; Subject digests the collection and the identities.
	Order, Store, Collection, Owner, Subject string
	Identities                               []erasing.Match
	// Masks names the fields to mask, with how; without any the records are to be deleted.
	Masks map[string]string
	// Keep says that the records stay on a ground, and not because they are always masked.
	Keep bool
}

// taskContent is what a task's sealed column holds.
type taskContent struct {
	Identities []erasing.Match   `json:"identities"`
	Masks      map[string]string `json:"masks,omitempty"`
	Keep       bool              `json:"keep,omitempty"`
}

func taskPlace(id uuid.UUID) string     { return "owner_task/" + id.String() }
func evidencePlace(id uuid.UUID) string { return "owner_task_evidence/" + id.String() }

func (d *Desk) subjectCommit(subject string) []byte {
	commit := seal.Commit(d.lookup, "subject/"+subject)
	return commit[:]
}

// OpenTask opens the task of an order, due halfway to the answer, and raises whoever looks after such tasks; one that is open
// stays as it is.
func (d *Desk) OpenTask(ctx context.Context, caseID uuid.UUID, in OwnerTask) error {
	_, err := d.process(ctx, access.RequestRecord, caseID, func(w *work) (int, error) {
		id := newID()
		t := store.OwnerTask{ID: id, Case: w.c.ID, Address: in.Store + "/" + in.Collection, Order: in.Order, Subject: d.subjectCommit(in.Subject), Owner: in.Owner,
			OpenedAt: w.c.Now, DueAt: w.c.Now.Add(7 * 24 * time.Hour)}
		if owed, err := w.answerDuty(ctx); err != nil {
			return 0, err
		} else if owed != nil && owed.Target != nil {
			t.DueAt = w.c.Now.Add(max(0, owed.Target.Sub(w.c.Now)/2))
		}
		var err error
		if t.Sealed, err = w.key.SealJSON(taskPlace(id), taskContent{Identities: in.Identities, Masks: in.Masks, Keep: in.Keep}); err != nil {
			return 0, err
		}
		fresh, err := w.OpenTask(ctx, t)
		if err != nil || !fresh {
			return 0, err
		}
		w.write("task.opened", time.Time{}, map[string]any{"task": id, "address": t.Address, "owner": t.Owner, "due_at": t.DueAt.UTC()}, nil)
		return 1, d.raise(ctx, w, store.Raise{Key: cases.RaiseTask + "@" + id.String(), Kind: cases.RaiseTask, DueAt: w.c.Now, Count: 1})
	})
	return err
}

// RemindOwners raises people about tasks that were to be done by now, whoever took them up.
func (d *Desk) RemindOwners(ctx context.Context, caseID uuid.UUID) (int, error) {
	return d.process(ctx, access.RaiseOpen, caseID, func(w *work) (int, error) {
		overdue, err := w.OverdueTasks(ctx, w.c.ID, w.c.Now)
		for _, one := range overdue {
			err = firstError(err, d.raise(ctx, w, store.Raise{Key: one.Key, Kind: cases.RaiseTaskOverdue, DueAt: one.Due, Count: 1}))
		}
		return len(overdue), err
	})
}

// TaskAttested says whether the task of an order was carried out and checked, with the digest of its evidence; known is false
// where there is no such task.
func (d *Desk) TaskAttested(ctx context.Context, order string) (digest []byte, attested, known bool, err error) {
	err = d.store.Do(ctx, func(tx *store.Tx) error {
		t, err := tx.TaskOfOrder(ctx, order)
		if err == nil && t != nil {
			digest, attested, known = t.Digest, t.CheckedAt != nil, true
		}
		return err
	})
	return digest, attested, known, err
}

// TaskSettled says whether the request has an attested task about a subject in a collection.
func (d *Desk) TaskSettled(ctx context.Context, caseID uuid.UUID, address, subject string) (settled bool, err error) {
	err = d.store.Do(ctx, func(tx *store.Tx) error {
		t, err := tx.AttestedTask(ctx, caseID, address, d.subjectCommit(subject))
		settled = t != nil
		return err
	})
	return settled, err
}

// TaskView is one task of a system's owner.
type TaskView struct {
	ID         uuid.UUID         `json:"id" doc:"Id of the task"`
	Address    string            `json:"address" doc:"store/collection of the estate"`
	Owner      string            `json:"owner" doc:"Handle of who answers for the system"`
	State      string            `json:"state" doc:"open, sent_back, to_be_checked, attested"`
	DueAt      time.Time         `json:"due_at" doc:"When it is due, well before the answer to the person"`
	ShownAt    *time.Time        `json:"shown_at,omitempty" doc:"When its identifiers were shown"`
	DoneAt     *time.Time        `json:"done_at,omitempty" doc:"When the owner said that it is done"`
	CheckedAt  *time.Time        `json:"checked_at,omitempty" doc:"When a second person checked it"`
	Evidence   string            `json:"evidence_digest,omitempty" doc:"SHA-256 of the evidence"`
	Identities []erasing.Match   `json:"identities,omitempty" doc:"Who is meant; shown once"`
	Masks      map[string]string `json:"masks,omitempty" doc:"Fields to mask, and how; shown with the identifiers"`
	Keep       bool              `json:"keep,omitempty" doc:"The records stay on a ground for a time; shown with the identifiers"`
}

func taskView(t store.OwnerTask) TaskView {
	view := TaskView{ID: t.ID, Address: t.Address, Owner: t.Owner, State: "open", DueAt: t.DueAt, ShownAt: t.ShownAt, DoneAt: t.DoneAt, CheckedAt: t.CheckedAt, Evidence: hex.EncodeToString(t.Digest)}
	switch {
	case t.CheckedAt != nil:
		view.State = "attested"
	case t.DoneAt != nil:
		view.State = "to_be_checked"
	case t.SentBackAt != nil:
		view.State = "sent_back"
	}
	return view
}

// Tasks lists the tasks of a request, without their identifiers.
func (d *Desk) Tasks(ctx context.Context, actor access.Actor, caseID uuid.UUID) (views []TaskView, err error) {
	err = d.read(ctx, actor, access.RequestTask, caseID, func(tx *store.Tx, c store.Case, _ seal.Key) error {
		tasks, err := tx.Tasks(ctx, c.ID)
		for _, t := range tasks {
			views = append(views, taskView(t))
		}
		return err
	})
	return views, err
}

// ShowTask shows the identifiers of a task, once; that it did is recorded. Whoever's answer was lost asks again with the same key.
func (d *Desk) ShowTask(ctx context.Context, actor access.Actor, key string, caseID, taskID uuid.UUID) (view TaskView, err error) {
	who, err := uuid.Parse(actor.ID)
	if err != nil {
		return view, problem.New(problem.Forbidden, "only people are shown identifiers")
	}
	_, err = d.onRequest(ctx, actor, key, access.RequestTask, caseID, within(taskID, "show"), func(w *work) (Receipt, error) {
		t, err := w.LockTask(ctx, w.c.ID, taskID)
		if err != nil {
			return Receipt{}, err
		}
		if t.ShownAt != nil {
			return Receipt{}, problem.Blocked(problem.Blocker{Code: "shown_before", Ref: taskID.String(), Detail: "its identifiers were shown before; send the task back to have them shown again"})
		}
		t.ShownAt, t.ShownTo = &w.c.Now, &who
		w.write("task.shown", time.Time{}, map[string]any{"task": t.ID}, nil)
		return Receipt{ID: &t.ID}, w.SetTask(ctx, t)
	})
	if err != nil {
		return view, err
	}
	// A receipt holds no identifiers: they are read for whom they were shown to.
	err = d.read(ctx, actor, access.RequestTask, caseID, func(tx *store.Tx, c store.Case, key seal.Key) error {
		t, err := tx.LockTask(ctx, c.ID, taskID)
		if err != nil {
			return err
		}
		if t.ShownTo == nil || *t.ShownTo != who || t.CheckedAt != nil {
			return problem.Blocked(problem.Blocker{Code: "shown_before", Ref: taskID.String(), Detail: "its identifiers were shown before, and the task has moved on"})
		}
		var content taskContent
		if err := key.OpenJSON(taskPlace(t.ID), t.Sealed, &content); err != nil {
			return err
		}
		view = taskView(t)
		view.Identities, view.Masks, view.Keep = content.Identities, content.Masks, content.Keep
		return nil
	})
	return view, err
}

// TaskDoneInput is an owner's word.
type TaskDoneInput struct {
	Evidence []byte `json:"evidence" minLength:"1" maxLength:"5000000" doc:"What shows it, e.g. an export before and after or a screenshot, base64"`
	Words    string `json:"words" minLength:"1" maxLength:"5000" doc:"What was done; or that nothing was there"`
}

// TaskDone records the owner's word with its evidence. Another person checks it.
func (d *Desk) TaskDone(ctx context.Context, actor access.Actor, key string, caseID, taskID uuid.UUID, in TaskDoneInput) (Receipt, error) {
	return d.onTask(ctx, actor, key, access.RequestTask, caseID, taskID, in, func(w *work, t *store.OwnerTask, who uuid.UUID) error {
		switch {
		case t.DoneAt != nil:
			return problem.Blocked(problem.Blocker{Code: "done_before", Ref: taskID.String(), Detail: "it waits for its check"})
		case len(in.Evidence) == 0:
			return problem.InvalidField("evidence", "upload what shows it")
		case in.Words == "":
			return problem.InvalidField("words", "say what was done, or that nothing was there")
		case t.ShownAt == nil:
			return problem.Blocked(problem.Blocker{Code: "not_shown", Ref: taskID.String(), Detail: "nobody was shown who is meant"})
		}
		sum := sha256.Sum256(in.Evidence)
		t.DoneAt, t.DoneBy, t.Digest, t.Evidence = &w.c.Now, &who, sum[:], w.key.Seal(evidencePlace(t.ID), in.Evidence)
		w.write("task.done", time.Time{}, map[string]any{"task": t.ID, "evidence": hex.EncodeToString(sum[:])}, map[string]any{"words": in.Words})
		return nil
	})
}

// TaskCheckInput is the second person's word.
type TaskCheckInput struct {
	Accepted bool   `json:"accepted" doc:"The evidence shows what the owner says; else the task goes back"`
	Reason   string `json:"reason" minLength:"1" maxLength:"5000" doc:"What was looked at, or what is missing"`
}

// CheckTask accepts an owner's word as a second person, or sends the task back; its identifiers may then be shown again.
func (d *Desk) CheckTask(ctx context.Context, actor access.Actor, key string, caseID, taskID uuid.UUID, in TaskCheckInput) (Receipt, error) {
	return d.onTask(ctx, actor, key, access.RequestWork, caseID, taskID, in, func(w *work, t *store.OwnerTask, who uuid.UUID) error {
		switch {
		case in.Reason == "":
			return problem.InvalidField("reason", "say what was looked at, or what is missing")
		case !in.Accepted:
			t.DoneAt, t.DoneBy, t.Evidence, t.Digest, t.ShownAt, t.ShownTo, t.SentBackAt = nil, nil, nil, nil, nil, nil, &w.c.Now
			w.write("task.sent_back", time.Time{}, map[string]any{"task": t.ID}, map[string]any{"reason": in.Reason})
			return nil
		case t.DoneAt == nil:
			return problem.Blocked(problem.Blocker{Code: "not_done", Ref: taskID.String(), Detail: "the owner has not said that it is done"})
		case *t.DoneBy == who:
			return problem.New(problem.Forbidden, "whoever did it cannot check it; a second person does")
		}
		t.CheckedAt, t.CheckedBy = &w.c.Now, &who
		w.write("task.attested", time.Time{}, map[string]any{"task": t.ID, "evidence": hex.EncodeToString(t.Digest)}, map[string]any{"reason": in.Reason})
		return w.WakeTask(ctx, t.Order, w.c.Now)
	})
}

// onTask decides one command about one task and writes it back.
func (d *Desk) onTask(ctx context.Context, actor access.Actor, key string, action access.Action, caseID, taskID uuid.UUID, in any, f func(*work, *store.OwnerTask, uuid.UUID) error) (Receipt, error) {
	return d.onRequest(ctx, actor, key, action, caseID, within(taskID, in), func(w *work) (Receipt, error) {
		who, err := uuid.Parse(actor.ID)
		if err != nil {
			return Receipt{}, errors.New("a task is a person's")
		}
		t, err := w.LockTask(ctx, w.c.ID, taskID)
		if err != nil {
			return Receipt{}, err
		}
		if t.CheckedAt != nil {
			return Receipt{}, problem.Blocked(problem.Blocker{Code: "attested_before", Ref: taskID.String(), Detail: "the task was carried out and checked"})
		}
		if err := f(w, &t, who); err != nil {
			return Receipt{}, err
		}
		return Receipt{ID: &taskID}, w.SetTask(ctx, t)
	})
}
