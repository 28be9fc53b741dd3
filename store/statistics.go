package store

import (
	"context"
	"fmt"
)

// RefreshStatistics tells the planner of very many rows that this transaction wrote: parties, duties, deliveries.
func (tx *Tx) RefreshStatistics(ctx context.Context) error {
	if _, err := tx.Exec(ctx, `SELECT refresh_statistics()`); err != nil {
		return fmt.Errorf("cannot refresh the statistics: %w", err)
	}
	return nil
}
