package store

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// OwnerTask is what the owner of a system is asked to do for one request.
type OwnerTask struct {
	ID         uuid.UUID
	Case       uuid.UUID
	Address    string
	Order      string
	Subject    []byte
	Owner      string
	Sealed     []byte
	OpenedAt   time.Time
	DueAt      time.Time
	ShownAt    *time.Time
	ShownTo    *uuid.UUID
	DoneAt     *time.Time
	DoneBy     *uuid.UUID
	Evidence   []byte
	Digest     []byte
	SentBackAt *time.Time
	CheckedAt  *time.Time
	CheckedBy  *uuid.UUID
}

const taskColumns = `id, case_id, address, order_id, subject, owner, sealed, opened_at, due_at, shown_at, shown_to, done_at, done_by, evidence, digest, sent_back_at, checked_at, checked_by`

func scanTask(row pgx.CollectableRow) (t OwnerTask, err error) {
	err = row.Scan(&t.ID, &t.Case, &t.Address, &t.Order, &t.Subject, &t.Owner, &t.Sealed, &t.OpenedAt, &t.DueAt, &t.ShownAt, &t.ShownTo, &t.DoneAt, &t.DoneBy, &t.Evidence,
		&t.Digest, &t.SentBackAt, &t.CheckedAt, &t.CheckedBy)
	return t, err
}

// OpenTask writes a task, unless its order has one; it says whether it is new.
func (tx *Tx) OpenTask(ctx context.Context, t OwnerTask) (bool, error) {
	tag, err := tx.Exec(ctx, `INSERT INTO owner_task (id, case_id, address, order_id, subject, owner, sealed, opened_at, due_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
		ON CONFLICT (order_id) DO NOTHING`, t.ID, t.Case, t.Address, t.Order, t.Subject, t.Owner, t.Sealed, t.OpenedAt, t.DueAt)
	if err != nil {
		return false, fmt.Errorf("cannot open the task: %w", err)
	}
	return tag.RowsAffected() == 1, nil
}

// TaskOfOrder is the task of an order; nil where there is none.
func (tx *Tx) TaskOfOrder(ctx context.Context, order string) (*OwnerTask, error) {
	return tx.task(ctx, `order_id = $1`, order)
}

// AttestedTask is a task about a subject that was attested for a request; nil where there is none.
func (tx *Tx) AttestedTask(ctx context.Context, caseID uuid.UUID, address string, subject []byte) (*OwnerTask, error) {
	return tx.task(ctx, `case_id = $1 AND address = $2 AND subject = $3 AND checked_at IS NOT NULL`, caseID, address, subject)
}

func (tx *Tx) task(ctx context.Context, where string, args ...any) (*OwnerTask, error) {
	rows, err := tx.Query(ctx, `SELECT `+taskColumns+` FROM owner_task WHERE `+where+` LIMIT 1`, args...)
	if err != nil {
		return nil, fmt.Errorf("cannot read the task: %w", err)
	}
	all, err := pgx.CollectRows(rows, scanTask)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	return &all[0], nil
}

// LockTask reads one task of a case for a decision about it.
func (tx *Tx) LockTask(ctx context.Context, caseID, id uuid.UUID) (OwnerTask, error) {
	rows, err := tx.Query(ctx, `SELECT `+taskColumns+` FROM owner_task WHERE case_id = $1 AND id = $2 FOR UPDATE`, caseID, id)
	if err != nil {
		return OwnerTask{}, fmt.Errorf("cannot read the task: %w", err)
	}
	t, err := pgx.CollectExactlyOneRow(rows, scanTask)
	return t, one(err, "task")
}

// Tasks are the tasks of a request.
func (tx *Tx) Tasks(ctx context.Context, caseID uuid.UUID) ([]OwnerTask, error) {
	rows, err := tx.Query(ctx, `SELECT `+taskColumns+` FROM owner_task WHERE case_id = $1 ORDER BY id`, caseID)
	if err != nil {
		return nil, fmt.Errorf("cannot list the tasks: %w", err)
	}
	return pgx.CollectRows(rows, scanTask)
}

// SetTask writes what became of a task.
func (tx *Tx) SetTask(ctx context.Context, t OwnerTask) error {
	_, err := tx.Exec(ctx, `UPDATE owner_task SET shown_at = $2, shown_to = $3, done_at = $4, done_by = $5, evidence = $6, digest = $7, sent_back_at = $8, checked_at = $9, checked_by = $10
		WHERE id = $1`, t.ID, t.ShownAt, t.ShownTo, t.DoneAt, t.DoneBy, t.Evidence, t.Digest, t.SentBackAt, t.CheckedAt, t.CheckedBy)
	if err != nil {
		return fmt.Errorf("cannot write the task: %w", err)
	}
	return nil
}

// WakeTask makes the pages that wait for a task's order due now.
func (tx *Tx) WakeTask(ctx context.Context, order string, now time.Time) error {
	batch := &pgx.Batch{}
	batch.Queue(`UPDATE target_page SET next_at = $2 WHERE id::text = $1 AND state = 'erased'`, order, now)
	batch.Queue(`UPDATE target SET next_at = least(next_at, $2) WHERE id = (SELECT target_id FROM target_page WHERE id::text = $1)`, order, now)
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("cannot wake what waits for the task: %w", err)
	}
	return nil
}

// overdueKey is the key of the raise about a task's due date; unreminded are the tasks o of the request $1 that are not done, and
// about whose due date nobody was raised.
const (
	overdueKey = `'owner_task_overdue@' || o.id || '@' || extract(epoch FROM coalesce(o.sent_back_at, o.due_at))`
	unreminded = `o.case_id = $1 AND o.done_at IS NULL AND NOT EXISTS (SELECT FROM raise r WHERE r.case_id = $1 AND r.key = ` + overdueKey + `)`
)

// OverdueTask is a task that was to be done by an instant.
type OverdueTask struct {
	// Key is the key of the raise about it.
	Key string
	Due time.Time
}

// OverdueTasks are the tasks of a request that are not done and were to be.
func (tx *Tx) OverdueTasks(ctx context.Context, caseID uuid.UUID, now time.Time) ([]OverdueTask, error) {
	rows, err := tx.Query(ctx, `SELECT `+overdueKey+`, o.due_at FROM owner_task o WHERE o.due_at <= $2 AND `+unreminded+` ORDER BY o.due_at, o.id`, caseID, now)
	if err != nil {
		return nil, fmt.Errorf("cannot read which tasks are overdue: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[OverdueTask])
}
