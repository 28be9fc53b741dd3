package store

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// RecordHold keeps one record, or a whole collection, from being destroyed.
type RecordHold struct {
	ID         uuid.UUID
	Address    string
	Commit     []byte
	Ground     string
	PlacedAt   time.Time
	PlacedBy   uuid.UUID
	ApprovedBy *uuid.UUID
	ReviewAt   time.Time
	Until      *time.Time
	Sealed     []byte
	ReleasedAt *time.Time
	ReleasedBy *uuid.UUID
}

const holdColumns = `id, address, commit, ground, placed_at, placed_by, approved_by, review_at, until_at, sealed, released_at, released_by`

func scanRecordHold(row pgx.CollectableRow) (h RecordHold, err error) {
	err = row.Scan(&h.ID, &h.Address, &h.Commit, &h.Ground, &h.PlacedAt, &h.PlacedBy, &h.ApprovedBy, &h.ReviewAt, &h.Until, &h.Sealed, &h.ReleasedAt, &h.ReleasedBy)
	return h, err
}

// InsertRecordHold places a hold.
func (tx *Tx) InsertRecordHold(ctx context.Context, h RecordHold) error {
	_, err := tx.Exec(ctx, `INSERT INTO record_hold (`+holdColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
		h.ID, h.Address, h.Commit, h.Ground, h.PlacedAt, h.PlacedBy, h.ApprovedBy, h.ReviewAt, h.Until, h.Sealed, h.ReleasedAt, h.ReleasedBy)
	if err != nil {
		return fmt.Errorf("cannot place the hold: %w", err)
	}
	return nil
}

// RecordHold reads one hold, locked.
func (tx *Tx) RecordHold(ctx context.Context, id uuid.UUID) (RecordHold, error) {
	rows, err := tx.Query(ctx, `SELECT `+holdColumns+` FROM record_hold WHERE id = $1 FOR UPDATE`, id)
	if err != nil {
		return RecordHold{}, fmt.Errorf("cannot read the hold: %w", err)
	}
	h, err := pgx.CollectExactlyOneRow(rows, scanRecordHold)
	return h, one(err, "hold")
}

// RecordHolds lists holds, those that stand first.
func (tx *Tx) RecordHolds(ctx context.Context, limit int) ([]RecordHold, error) {
	rows, err := tx.Query(ctx, `SELECT `+holdColumns+` FROM record_hold ORDER BY released_at IS NOT NULL, id DESC LIMIT $1`, limit)
	if err != nil {
		return nil, fmt.Errorf("cannot list the holds: %w", err)
	}
	return pgx.CollectRows(rows, scanRecordHold)
}

// SetRecordHold writes who approved or released a hold, and when it is looked at again.
func (tx *Tx) SetRecordHold(ctx context.Context, h RecordHold) error {
	_, err := tx.Exec(ctx, `UPDATE record_hold SET approved_by = $2, released_at = $3, released_by = $4, review_at = $5 WHERE id = $1`, h.ID, h.ApprovedBy, h.ReleasedAt, h.ReleasedBy, h.ReviewAt)
	if err != nil {
		return fmt.Errorf("cannot write the hold: %w", err)
	}
	return nil
}

// AnyHolding says whether any hold stands on a record of a collection, or on all of it.
func (tx *Tx) AnyHolding(ctx context.Context, address string, now time.Time) (any bool, err error) {
	err = tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM record_hold WHERE address = $1 AND released_at IS NULL AND (until_at IS NULL OR until_at > $2))`, address, now).Scan(&any)
	if err != nil {
		return false, fmt.Errorf("cannot read the holds: %w", err)
	}
	return any, nil
}

// Holding are the holds that stand at an instant on any of some records of a collection, by their keys' commitments; a hold
// on the whole collection stands under the empty one.
func (tx *Tx) Holding(ctx context.Context, address string, commits [][]byte, now time.Time) (map[string]RecordHold, error) {
	rows, err := tx.Query(ctx, `SELECT `+holdColumns+` FROM record_hold WHERE address = $1 AND (commit = ANY($2) OR commit = '') AND released_at IS NULL
		AND (until_at IS NULL OR until_at > $3) ORDER BY id`, address, commits, now)
	if err != nil {
		return nil, fmt.Errorf("cannot read the holds: %w", err)
	}
	holds, err := pgx.CollectRows(rows, scanRecordHold)
	of := make(map[string]RecordHold, len(holds))
	for _, h := range holds {
		of[string(h.Commit)] = h
	}
	return of, err
}

// CasesAt are the requests that have not ended their work on an address, and whose chain can still be written to.
func (tx *Tx) CasesAt(ctx context.Context, address string) ([]uuid.UUID, error) {
	rows, err := tx.Query(ctx, `SELECT DISTINCT t.case_id FROM target t JOIN data_key y ON y.scope = t.case_id
		WHERE t.address = $1 AND t.state <> 'done' AND length(y.wrapped) > 0 ORDER BY t.case_id`, address)
	if err != nil {
		return nil, fmt.Errorf("cannot read which requests work there: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
}

// CasesHeldBy are the cases with records that a hold keeps.
func (tx *Tx) CasesHeldBy(ctx context.Context, hold uuid.UUID) ([]uuid.UUID, error) {
	rows, err := tx.Query(ctx, `SELECT DISTINCT case_id FROM target_page WHERE hold_id = $1 AND state = 'held' ORDER BY case_id`, hold)
	if err != nil {
		return nil, fmt.Errorf("cannot read what is held: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
}

// PagesHeldBy are the pages that a hold keeps.
func (tx *Tx) PagesHeldBy(ctx context.Context, hold uuid.UUID) ([]TargetPage, error) {
	rows, err := tx.Query(ctx, `SELECT `+pageColumns+` FROM target_page p WHERE p.hold_id = $1 AND p.state = 'held' ORDER BY p.id FOR UPDATE`, hold)
	if err != nil {
		return nil, fmt.Errorf("cannot read what is held: %w", err)
	}
	return pgx.CollectRows(rows, scanTargetPage)
}

// reviewKey is the key of the raise about a review date; unreviewed are the holds h that stand at $2, keep records of the request
// $1, and whose review date nobody was raised about.
const (
	reviewKey  = `'hold_review@' || h.id || '@' || extract(epoch FROM h.review_at)`
	unreviewed = `h.released_at IS NULL AND (h.until_at IS NULL OR h.until_at > $2)
		AND EXISTS (SELECT FROM target_page p WHERE p.hold_id = h.id AND p.state = 'held' AND p.case_id = $1)
		AND NOT EXISTS (SELECT FROM raise r WHERE r.case_id = $1 AND r.key = ` + reviewKey + `)`
)

// DueReview is a hold whose review date has come.
type DueReview struct {
	// Key is the key of the raise about it.
	Key string
	At  time.Time
	// Records of the request are kept by it.
	Records int
}

// DueReviews are the holds on records of a request that counsel has to look at again.
func (tx *Tx) DueReviews(ctx context.Context, caseID uuid.UUID, now time.Time) ([]DueReview, error) {
	rows, err := tx.Query(ctx, `SELECT `+reviewKey+`, h.review_at, (SELECT sum(items)::int FROM target_page p WHERE p.hold_id = h.id AND p.state = 'held' AND p.case_id = $1)
		FROM record_hold h WHERE h.review_at <= $2 AND `+unreviewed+` ORDER BY h.review_at, h.id`, caseID, now)
	if err != nil {
		return nil, fmt.Errorf("cannot read which holds are due for review: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[DueReview])
}
