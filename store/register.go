package store

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/atlascloudai/docket/core/access"
)

// isBreach is which cases the register holds: incidents in earnest that were ever assessed as a breach or suspected to be
// one. Start facts count beside the state, so that no single changed row takes a breach out.
const isBreach = `(c.kind = 'incident' AND NOT c.drill AND (c.state->>'assessment' <> 'not_assessed'
	OR EXISTS (SELECT FROM fact f WHERE f.case_id = c.id AND f.word IN ('suspected', 'aware_processor', 'aware_controller'))))`

// TraceBreaches records that the actor reads every restricted breach that he sees, and answers which.
func (tx *Tx) TraceBreaches(ctx context.Context, actor access.Actor, kind string) ([]uuid.UUID, error) {
	who, all := viewer(actor)
	rows, err := tx.Query(ctx, `INSERT INTO access_event (case_id, principal_id, kind) SELECT c.id, $1, $3 FROM cases c
		WHERE c.restricted AND `+isBreach+` AND `+sees+` RETURNING case_id`, who, all, kind)
	if err != nil {
		return nil, fmt.Errorf("cannot record the access: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
}

// Breaches lists the cases of the register as the actor sees them, the oldest first, by keyset. A restricted one is among
// them only if its reading was traced.
func (tx *Tx) Breaches(ctx context.Context, actor access.Actor, traced []uuid.UUID, after uuid.UUID, limit int) ([]Case, error) {
	who, all := viewer(actor)
	rows, err := tx.Query(ctx, caseSelect+`WHERE c.id > $3 AND `+isBreach+` AND `+sees+` AND (NOT c.restricted OR c.id = ANY($4)) ORDER BY c.id LIMIT $5`,
		who, all, after, orEmpty(traced), limit)
	if err != nil {
		return nil, fmt.Errorf("cannot list the breaches: %w", err)
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (Case, error) { return scanCase(row) })
}

// AffectedCustomers counts the customers of a case that are not ruled out.
func (tx *Tx) AffectedCustomers(ctx context.Context, caseID uuid.UUID) (n int, err error) {
	err = tx.QueryRow(ctx, `SELECT count(DISTINCT customer_id)::int FROM party WHERE case_id = $1 AND certainty <> 'ruled_out'`, caseID).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("cannot count the customers: %w", err)
	}
	return n, nil
}

// EarlierDues reads the due instants that duties had before the newest.
func (tx *Tx) EarlierDues(ctx context.Context, duties []uuid.UUID) (map[uuid.UUID][]Due, error) {
	rows, err := tx.Query(ctx, `SELECT duty_id, started_at, target, limit_at, reason, recorded_at FROM duty_due d WHERE duty_id = ANY($1)
		AND seq < (SELECT max(seq) FROM duty_due l WHERE l.duty_id = d.duty_id) ORDER BY duty_id, seq`, duties)
	if err != nil {
		return nil, fmt.Errorf("cannot read the due instants: %w", err)
	}
	found := map[uuid.UUID][]Due{}
	var id uuid.UUID
	var due Due
	_, err = pgx.ForEachRow(rows, []any{&id, &due.StartedAt, &due.Target, &due.Limit, &due.Reason, &due.RecordedAt}, func() error {
		found[id] = append(found[id], due)
		return nil
	})
	return found, err
}
