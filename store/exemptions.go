package store

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// Exemption says that people found a duty not to be owed.
type Exemption struct {
	Duty uuid.UUID
	// Code is the ground of a waiver; nil where the duty was decided not to be required.
	Code *string
	// ReviewSince is when facts changed that nobody has looked at it again for; nil where it stands.
	ReviewSince *time.Time
}

// Exempt writes that a duty is not owed.
func (tx *Tx) Exempt(ctx context.Context, caseID, duty uuid.UUID, code *string) error {
	if _, err := tx.Exec(ctx, `INSERT INTO exemption (duty_id, case_id, code) VALUES ($1, $2, $3)`, duty, caseID, code); err != nil {
		return fmt.Errorf("cannot write the exemption: %w", err)
	}
	return nil
}

// Exemptions reads those of a case by duty: of these duties, or of all if none is named.
func (tx *Tx) Exemptions(ctx context.Context, caseID uuid.UUID, duties []uuid.UUID) (map[uuid.UUID]Exemption, error) {
	rows, err := tx.Query(ctx, `SELECT duty_id, code, review_since FROM exemption
		WHERE case_id = $1 AND (cardinality($2::uuid[]) = 0 OR duty_id = ANY($2))`, caseID, orEmpty(duties))
	if err != nil {
		return nil, fmt.Errorf("cannot read the exemptions: %w", err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Exemption])
	byDuty := make(map[uuid.UUID]Exemption, len(found))
	for _, e := range found {
		byDuty[e.Duty] = e
	}
	return byDuty, err
}

// ReviewExemptions marks every exemption of a case as due to be looked at again, and answers how many there are.
func (tx *Tx) ReviewExemptions(ctx context.Context, caseID uuid.UUID, since time.Time) (int, error) {
	tag, err := tx.Exec(ctx, `UPDATE exemption SET review_since = coalesce(review_since, $2) WHERE case_id = $1`, caseID, since)
	if err != nil {
		return 0, fmt.Errorf("cannot mark the exemptions: %w", err)
	}
	return int(tag.RowsAffected()), nil
}

// ConfirmExemptions writes that exemptions stand on the facts as they are now.
func (tx *Tx) ConfirmExemptions(ctx context.Context, duties []uuid.UUID) error {
	if _, err := tx.Exec(ctx, `UPDATE exemption SET review_since = NULL WHERE duty_id = ANY($1)`, duties); err != nil {
		return fmt.Errorf("cannot confirm the exemptions: %w", err)
	}
	return nil
}

// EndExemptions removes exemptions of duties that are required again.
func (tx *Tx) EndExemptions(ctx context.Context, duties []uuid.UUID) error {
	if _, err := tx.Exec(ctx, `DELETE FROM exemption WHERE duty_id = ANY($1)`, duties); err != nil {
		return fmt.Errorf("cannot end the exemptions: %w", err)
	}
	return nil
}
