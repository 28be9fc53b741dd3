package store

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// Candidate is an instant of a case that awareness may be counted from.
type Candidate struct {
	ID         uuid.UUID
	Case       uuid.UUID
	Kind       string
	At         time.Time
	Zone       string
	RecordedAt time.Time
	RecordedBy uuid.UUID
	Sealed     []byte
}

// InsertCandidate writes a candidate.
func (tx *Tx) InsertCandidate(ctx context.Context, c Candidate) error {
	_, err := tx.Exec(ctx, `INSERT INTO candidate (id, case_id, kind, at, zone, recorded_at, recorded_by, sealed) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		c.ID, c.Case, c.Kind, c.At, c.Zone, c.RecordedAt, c.RecordedBy, c.Sealed)
	if err != nil {
		return fmt.Errorf("cannot record the candidate: %w", err)
	}
	return nil
}

// Candidates are those of a case, in the order in which they were recorded.
func (tx *Tx) Candidates(ctx context.Context, caseID uuid.UUID) ([]Candidate, error) {
	rows, err := tx.Query(ctx, `SELECT id, case_id, kind, at, zone, recorded_at, recorded_by, sealed FROM candidate WHERE case_id = $1 ORDER BY id`, caseID)
	if err != nil {
		return nil, fmt.Errorf("cannot list the candidates: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[Candidate])
}
