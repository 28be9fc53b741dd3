package store

import (
	"context"
	"fmt"

	"github.com/google/uuid"
)

// WipeTargets empties every page of located records of a request, where locating stood and the keys; counts stay. A worker that
// still locates loses its claim first, so that nothing comes in behind.
func (tx *Tx) WipeTargets(ctx context.Context, caseID uuid.UUID) error {
	for _, statement := range []string{
		`UPDATE target SET cursor = NULL, claim = NULL, lease_until = NULL, state = 'located', error_class = NULL, error_detail = NULL WHERE case_id = $1`,
		`UPDATE target_page SET sealed = '' WHERE case_id = $1`,
		`DELETE FROM target_key k USING target t WHERE t.id = k.target_id AND t.case_id = $1`,
	} {
		if _, err := tx.Exec(ctx, statement, caseID); err != nil {
			return fmt.Errorf("cannot wipe what was gathered: %w", err)
		}
	}
	return nil
}

// Unwiped counts the pages of a request that hold records.
func (tx *Tx) Unwiped(ctx context.Context, caseID uuid.UUID) (pages int, err error) {
	if err = tx.QueryRow(ctx, `SELECT count(*) FROM target_page WHERE case_id = $1 AND sealed <> ''`, caseID).Scan(&pages); err != nil {
		return 0, fmt.Errorf("cannot count what was gathered: %w", err)
	}
	return pages, nil
}
