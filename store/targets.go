package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/atlascloudai/docket/core/cases/request"
	"github.com/atlascloudai/docket/core/problem"
)

// The states of a target.
const (
	TargetLocating = "locating"
	TargetLocated  = "located"
	TargetWorking  = "working"
	TargetSweeping = "sweeping"
	TargetResting  = "resting"
	TargetDone     = "done"
)

// Target is one collection of the estate for one request.
type Target struct {
	ID          uuid.UUID
	Case        uuid.UUID
	Address     string
	Kind        string
	Class       string
	Spec        json.RawMessage
	Estate      string
	State       string
	Cursor      []byte
	Sweeps      int
	Located     int64
	Total       int64
	Attempt     int
	NextAt      time.Time
	ErrorClass  *string
	ErrorDetail *string
	AcceptedAt  *time.Time
	ErasedAt    *time.Time
	VerifiedAt  *time.Time
}

const targetColumns = `t.id, t.case_id, t.address, t.kind, t.class, t.spec, t.estate, t.state, t.cursor, t.sweeps, t.located, t.total, t.attempt, t.next_at,
	t.error_class, t.error_detail, t.accepted_at, t.erased_at, t.verified_at`

func scanTarget(row pgx.CollectableRow) (t Target, err error) {
	err = row.Scan(&t.ID, &t.Case, &t.Address, &t.Kind, &t.Class, &t.Spec, &t.Estate, &t.State, &t.Cursor, &t.Sweeps, &t.Located, &t.Total, &t.Attempt, &t.NextAt,
		&t.ErrorClass, &t.ErrorDetail, &t.AcceptedAt, &t.ErasedAt, &t.VerifiedAt)
	return t, err
}

// LayOut writes the targets of a plan in the place of those of the plan before.
func (tx *Tx) LayOut(ctx context.Context, caseID uuid.UUID, targets []Target) error {
	batch := &pgx.Batch{}
	batch.Queue(`DELETE FROM target_key k USING target t WHERE t.id = k.target_id AND t.case_id = $1`, caseID)
	batch.Queue(`DELETE FROM target_page WHERE case_id = $1`, caseID)
	batch.Queue(`DELETE FROM target WHERE case_id = $1`, caseID)
	for _, t := range targets {
		batch.Queue(`INSERT INTO target (id, case_id, address, kind, class, spec, estate, state, next_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
			t.ID, caseID, t.Address, t.Kind, t.Class, t.Spec, t.Estate, t.State, t.NextAt)
	}
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("cannot lay the targets out: %w", err)
	}
	return nil
}

// Targets are all targets of a request.
func (tx *Tx) Targets(ctx context.Context, caseID uuid.UUID) ([]Target, error) {
	rows, err := tx.Query(ctx, `SELECT `+targetColumns+` FROM target t WHERE t.case_id = $1 ORDER BY t.address`, caseID)
	if err != nil {
		return nil, fmt.Errorf("cannot read the targets: %w", err)
	}
	return pgx.CollectRows(rows, scanTarget)
}

// ClaimTarget takes a target for one worker; nil where another holds it, it is not due, or another goes before it: also one
// that was just found to lead to more.
func (tx *Tx) ClaimTarget(ctx context.Context, id, claim uuid.UUID, now time.Time, lease time.Duration) (*Target, error) {
	rows, err := tx.Query(ctx, `UPDATE target t SET claim = $2, lease_until = clock_timestamp() + $4
		WHERE t.id = $1 AND t.state <> 'done' AND t.next_at <= $3 AND (t.claim IS NULL OR t.claim = $2 OR t.lease_until < clock_timestamp())
			AND `+ready+`
		RETURNING `+targetColumns, id, claim, now, lease)
	if err != nil {
		return nil, fmt.Errorf("cannot claim the target: %w", err)
	}
	all, err := pgx.CollectRows(rows, scanTarget)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	return &all[0], nil
}

// SetTarget writes what one worker came to, where its claim still holds, and counts its lease anew.
func (tx *Tx) SetTarget(ctx context.Context, t Target, claim uuid.UUID, lease time.Duration) error {
	tag, err := tx.Exec(ctx, `UPDATE target SET state = $3, cursor = $4, sweeps = $5, located = $6, total = $7, attempt = $8, next_at = $9, error_class = $10,
			error_detail = $11, accepted_at = $12, erased_at = $13, verified_at = $14,
			lease_until = clock_timestamp() + $15 WHERE id = $1 AND claim = $2`,
		t.ID, claim, t.State, t.Cursor, t.Sweeps, t.Located, t.Total, t.Attempt, t.NextAt, t.ErrorClass, t.ErrorDetail, t.AcceptedAt, t.ErasedAt, t.VerifiedAt, lease)
	if err != nil {
		return fmt.Errorf("cannot write the target: %w", err)
	}
	if tag.RowsAffected() == 0 {
		return problem.Blocked(problem.Blocker{Code: "not_ours", Detail: "another worker holds the target"})
	}
	return nil
}

// ReleaseTarget gives a claim back.
func (tx *Tx) ReleaseTarget(ctx context.Context, id, claim uuid.UUID) error {
	_, err := tx.Exec(ctx, `UPDATE target SET claim = NULL, lease_until = NULL WHERE id = $1 AND claim = $2`, id, claim)
	if err != nil {
		return fmt.Errorf("cannot release the target: %w", err)
	}
	return nil
}

// BeginTargets lets located targets be worked on.
func (tx *Tx) BeginTargets(ctx context.Context, caseID uuid.UUID, now time.Time) error {
	_, err := tx.Exec(ctx, `UPDATE target SET state = 'working', next_at = $2, attempt = 0 WHERE case_id = $1 AND state = 'located'`, caseID, now)
	if err != nil {
		return fmt.Errorf("cannot begin the targets: %w", err)
	}
	return nil
}

// SweepBehind lets what records of an address lead to be looked for once more, and counts those targets. What only its
// owner can look through is not asked again.
func (tx *Tx) SweepBehind(ctx context.Context, caseID uuid.UUID, address string, now time.Time) (int, error) {
	tag, err := tx.Exec(ctx, `UPDATE target SET state = 'sweeping', cursor = NULL, sweeps = sweeps + 1, next_at = $3
		WHERE case_id = $1 AND state IN ('resting', 'done') AND kind <> 'manual' AND spec->'locate_after' ? $2`, caseID, address, now)
	if err != nil {
		return 0, fmt.Errorf("cannot look behind what was found: %w", err)
	}
	return int(tag.RowsAffected()), nil
}

// WakeTarget makes a target, and what it has still to do, due now: a person asks for another try, or a hold ended.
func (tx *Tx) WakeTarget(ctx context.Context, id uuid.UUID, now time.Time) error {
	batch := &pgx.Batch{}
	batch.Queue(`UPDATE target SET next_at = least(next_at, $2), state = CASE WHEN state = 'resting' THEN 'working' ELSE state END
		WHERE id = $1 AND state <> 'done'`, id, now)
	batch.Queue(`UPDATE target_page SET next_at = $2 WHERE target_id = $1 AND state IN ('located', 'tried', 'erased') AND next_at > $2`, id, now)
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("cannot wake the target: %w", err)
	}
	return nil
}

// LockTargetsAt locks every target at an address that is not done: no worker divides one of their pages meanwhile.
func (tx *Tx) LockTargetsAt(ctx context.Context, address string) error {
	_, err := tx.Exec(ctx, `SELECT FROM target WHERE address = $1 AND state <> 'done' ORDER BY id FOR UPDATE`, address)
	if err != nil {
		return fmt.Errorf("cannot lock the targets: %w", err)
	}
	return nil
}

// ready says that nothing a target waits for stands before it: what leads to it was located, and what has to go before it
// is gone or rests.
const ready = `(CASE t.state WHEN 'locating' THEN NOT EXISTS (SELECT FROM target o WHERE o.case_id = t.case_id AND o.state = 'locating' AND t.spec->'locate_after' ? o.address)
	WHEN 'located' THEN false WHEN 'done' THEN false
	ELSE NOT EXISTS (SELECT FROM target o WHERE o.case_id = t.case_id AND o.state NOT IN ('resting', 'done') AND t.spec->'erase_after' ? o.address) END)`

// NextOfRequest reads when a request's process has to look again.
func (tx *Tx) NextOfRequest(ctx context.Context, caseID uuid.UUID, offset time.Duration, now time.Time) (next request.Next, err error) {
	if next.Next, err = tx.Next(ctx, caseID, offset); err != nil {
		return next, err
	}
	var any bool
	err = tx.QueryRow(ctx, `SELECT count(*) > 0, min(greatest(t.next_at, t.lease_until + $2)) FILTER (WHERE `+ready+`) FROM target t WHERE t.case_id = $1`, caseID, offset).
		Scan(&any, &next.Target)
	if err != nil {
		return next, fmt.Errorf("cannot read what the targets wait for: %w", err)
	}
	err = tx.QueryRow(ctx, `SELECT min(d.started_at + (d.target - d.started_at) * 2 / 3) FROM duty d WHERE d.case_id = $1 AND d.counterparty = 'person/requester'
		AND d.state IN ('proposed', 'required') AND d.rule NOT LIKE '%acknowledge%'
		AND NOT EXISTS (SELECT FROM notice n WHERE n.case_id = $1 AND n.kind IN ('person/answer', 'person/denial', 'person/export_ready') AND n.state <> 'withdrawn')`, caseID).Scan(&next.Draft)
	if err != nil {
		return next, fmt.Errorf("cannot read when an answer has to be drafted: %w", err)
	}
	if !any { // The plan's targets are not laid out yet.
		next.Target = &now
	}
	err = tx.QueryRow(ctx, `SELECT min(h.review_at) FROM record_hold h WHERE `+unreviewed, caseID, now).Scan(&next.Review)
	if err != nil {
		return next, fmt.Errorf("cannot read when a hold is looked at again: %w", err)
	}
	err = tx.QueryRow(ctx, `SELECT min(o.due_at) FROM owner_task o WHERE `+unreminded, caseID).Scan(&next.Remind)
	if err != nil {
		return next, fmt.Errorf("cannot read when an owner is reminded: %w", err)
	}
	return next, nil
}

// DueTargets are the targets that can be worked on side by side now.
func (tx *Tx) DueTargets(ctx context.Context, caseID uuid.UUID, now time.Time) ([]uuid.UUID, error) {
	rows, err := tx.Query(ctx, `SELECT t.id FROM target t WHERE t.case_id = $1 AND t.next_at <= $2 AND (t.lease_until IS NULL OR t.lease_until < clock_timestamp()) AND `+ready+`
		ORDER BY t.next_at, t.id LIMIT 100`, caseID, now)
	if err != nil {
		return nil, fmt.Errorf("cannot read the targets that are due: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
}

// TargetByID reads one target.
func (tx *Tx) TargetByID(ctx context.Context, id uuid.UUID) (Target, error) {
	rows, err := tx.Query(ctx, `SELECT `+targetColumns+` FROM target t WHERE t.id = $1`, id)
	if err != nil {
		return Target{}, fmt.Errorf("cannot read the target: %w", err)
	}
	t, err := pgx.CollectExactlyOneRow(rows, scanTarget)
	return t, one(err, "target")
}
