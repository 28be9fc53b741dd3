package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/atlascloudai/docket/core/cases/incident"
)

// Hold is one legal hold on a case; it stands until it has a release.
type Hold struct {
	ID         uuid.UUID
	Case       uuid.UUID
	PlacedAt   time.Time
	PlacedBy   uuid.UUID
	ReviewAt   time.Time
	Sealed     []byte
	ReleasedAt *time.Time
	ReleasedBy *uuid.UUID
	// Release is why it was released, sealed.
	Release []byte
}

// PlaceHold writes a hold. It waits for a shredding of the case that is under way.
func (tx *Tx) PlaceHold(ctx context.Context, h Hold) error {
	_, err := tx.Exec(ctx, `INSERT INTO legal_hold (id, case_id, placed_at, placed_by, review_at, sealed) VALUES ($1, $2, $3, $4, $5, $6)`,
		h.ID, h.Case, h.PlacedAt, h.PlacedBy, h.ReviewAt, h.Sealed)
	if err != nil {
		return fmt.Errorf("cannot place the hold: %w", err)
	}
	return nil
}

// ReleaseHold writes the release of a hold.
func (tx *Tx) ReleaseHold(ctx context.Context, hold uuid.UUID, at time.Time, by uuid.UUID, sealed []byte) error {
	_, err := tx.Exec(ctx, `INSERT INTO legal_hold_release (hold_id, released_at, released_by, sealed) VALUES ($1, $2, $3, $4)`, hold, at, by, sealed)
	if err != nil {
		return fmt.Errorf("cannot release the hold: %w", err)
	}
	return nil
}

// Holds lists every hold that was ever placed on a case, the first one first.
func (tx *Tx) Holds(ctx context.Context, caseID uuid.UUID) ([]Hold, error) {
	rows, err := tx.Query(ctx, `SELECT h.id, h.case_id, h.placed_at, h.placed_by, h.review_at, h.sealed, r.released_at, r.released_by, r.sealed
		FROM legal_hold h LEFT JOIN legal_hold_release r ON r.hold_id = h.id WHERE h.case_id = $1 ORDER BY h.id`, caseID)
	if err != nil {
		return nil, fmt.Errorf("cannot list the holds: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[Hold])
}

// Scopes are the key scopes of a case: its own, and that of its privileged content where it has any.
func (tx *Tx) Scopes(ctx context.Context, caseID uuid.UUID) ([]uuid.UUID, error) {
	rows, err := tx.Query(ctx, `SELECT $1::uuid UNION ALL SELECT scope FROM privilege WHERE case_id = $1`, caseID)
	if err != nil {
		return nil, fmt.Errorf("cannot read the key scopes: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
}

// heldKey is the code that the schema raises when a hold keeps a key (migration 3).
const heldKey = "DKH01"

// Shred empties the data key of a scope: what it sealed can no longer be opened from this database. It is the one statement
// that does so, and the database refuses it while a legal hold stands.
func (tx *Tx) Shred(ctx context.Context, scope uuid.UUID) error {
	_, err := tx.Exec(ctx, `UPDATE data_key SET wrapped = NULL, shredded_at = clock_timestamp() WHERE scope = $1 AND wrapped IS NOT NULL`, scope)
	if said, ok := errors.AsType[*pgconn.PgError](err); ok && said.Code == heldKey {
		return incident.Held(1)
	}
	if err != nil {
		return fmt.Errorf("cannot shred the key: %w", err)
	}
	return nil
}

// Shredded says whether any key of a case was emptied, and whether all were.
func (tx *Tx) Shredded(ctx context.Context, caseID uuid.UUID) (some, all bool, err error) {
	err = tx.QueryRow(ctx, `SELECT bool_or(wrapped IS NULL), bool_and(wrapped IS NULL) FROM data_key
		WHERE scope IN (SELECT $1::uuid UNION ALL SELECT scope FROM privilege WHERE case_id = $1)`, caseID).Scan(&some, &all)
	if err != nil {
		return false, false, fmt.Errorf("cannot read the case's keys: %w", err)
	}
	return some, all, nil
}
