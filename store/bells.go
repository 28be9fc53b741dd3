package store

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// Bell is one durable process: a case or a campaign.
type Bell struct {
	WorkflowID string
	Kind       string
	Subject    uuid.UUID
	Case       uuid.UUID
	Queue      string
	Seq        int64
	// Trace is the W3C traceparent of the decision that rang last.
	Trace string
}

// Ring says that a process has news. A new process is made by its first ring. A thousand rings before
// the next answer are one; none is lost, because it is part of the fact's own transaction.
func (tx *Tx) Ring(ctx context.Context, b Bell) error {
	batch := &pgx.Batch{}
	queueRing(batch, b)
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("cannot ring: %w", err)
	}
	return nil
}

func queueRing(batch *pgx.Batch, b Bell) {
	batch.Queue(`INSERT INTO bell (workflow_id, kind, subject, case_id, queue, trace) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (workflow_id) DO UPDATE SET seq = bell.seq + 1, trace = excluded.trace,
			raised_at = CASE WHEN bell.seq = bell.heard THEN clock_timestamp() ELSE bell.raised_at END`,
		b.WorkflowID, b.Kind, b.Subject, b.Case, b.Queue, b.Trace)
}

// RingCase rings every process of a case, for a fact that concerns them all.
func (tx *Tx) RingCase(ctx context.Context, caseID uuid.UUID) error {
	_, err := tx.Exec(ctx, `UPDATE bell SET seq = seq + 1, raised_at = CASE WHEN seq = heard THEN clock_timestamp() ELSE raised_at END
		WHERE case_id = $1`, caseID)
	if err != nil {
		return fmt.Errorf("cannot ring the case: %w", err)
	}
	return nil
}

// Rings takes bells that are to be rung now and calls ring for each; a bell whose ringing failed is tried
// again later. While a ring is unanswered, further facts do not ring again until the pause has passed.
func (tx *Tx) Rings(ctx context.Context, limit int, ring func(Bell) error) (int, error) {
	rows, err := tx.Query(ctx, `SELECT workflow_id, kind, subject, case_id, queue, seq, trace FROM bell
		WHERE (seq > heard AND (rung <= heard OR ring_after <= clock_timestamp()))
		   OR (wake_at <= clock_timestamp() AND (ring_after IS NULL OR ring_after <= clock_timestamp()))
		ORDER BY raised_at LIMIT $1 FOR UPDATE SKIP LOCKED`, limit)
	if err != nil {
		return 0, fmt.Errorf("cannot read bells: %w", err)
	}
	bells, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (b Bell, err error) {
		err = row.Scan(&b.WorkflowID, &b.Kind, &b.Subject, &b.Case, &b.Queue, &b.Seq, &b.Trace)
		return b, err
	})
	if err != nil {
		return 0, fmt.Errorf("cannot read bells: %w", err)
	}
	batch := &pgx.Batch{}
	var failed error
	for _, b := range bells {
		rung := b.Seq
		if err := ring(b); err != nil {
			failed = err
			rung = -1
		}
		// The pause doubles with every unanswered ring, from two seconds to a minute.
		batch.Queue(`UPDATE bell SET rung = greatest(rung, $2), rung_at = clock_timestamp(), rings = least(rings + 1, 10),
			ring_after = clock_timestamp() + least(interval '1 minute', interval '2 seconds' * (1 << least(rings, 5)))
			WHERE workflow_id = $1`, b.WorkflowID, rung)
	}
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return 0, fmt.Errorf("cannot note the rings: %w", err)
	}
	return len(bells), failed
}

// BellSeq is the newest fact's number of a process.
func (tx *Tx) BellSeq(ctx context.Context, workflowID string) (seq int64, err error) {
	err = tx.QueryRow(ctx, `SELECT seq FROM bell WHERE workflow_id = $1`, workflowID).Scan(&seq)
	return seq, one(err, "process")
}

// Heard notes up to which fact a process has acted, and when it wants to be woken.
func (tx *Tx) Heard(ctx context.Context, workflowID string, heard int64, wake *time.Time) error {
	_, err := tx.Exec(ctx, `UPDATE bell SET heard = greatest(heard, $2), wake_at = $3, rings = 0,
		ring_after = CASE WHEN greatest(heard, $2) >= rung THEN NULL ELSE ring_after END WHERE workflow_id = $1`, workflowID, heard, wake)
	if err != nil {
		return fmt.Errorf("cannot note what was heard: %w", err)
	}
	return nil
}

// Bells lists processes whose ids begin with prefix, for the operator who restarts their workflows.
func (tx *Tx) Bells(ctx context.Context, prefix string) ([]Bell, error) {
	rows, err := tx.Query(ctx, `SELECT workflow_id, kind, subject, case_id, queue, seq, trace FROM bell WHERE starts_with(workflow_id, $1) ORDER BY workflow_id`, prefix)
	if err != nil {
		return nil, fmt.Errorf("cannot list processes: %w", err)
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (b Bell, err error) {
		err = row.Scan(&b.WorkflowID, &b.Kind, &b.Subject, &b.Case, &b.Queue, &b.Seq, &b.Trace)
		return b, err
	})
}
