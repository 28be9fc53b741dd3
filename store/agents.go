package store

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// Agent is somebody who asks for others.
type Agent struct {
	ID         uuid.UUID
	Sealed     []byte
	RecordedAt time.Time
	RecordedBy uuid.UUID
	ValidUntil time.Time
	RevokedAt  *time.Time
}

// InsertAgent records an agent.
func (tx *Tx) InsertAgent(ctx context.Context, a Agent) error {
	_, err := tx.Exec(ctx, `INSERT INTO agent (id, sealed, recorded_at, recorded_by, valid_until) VALUES ($1, $2, $3, $4, $5)`, a.ID, a.Sealed, a.RecordedAt, a.RecordedBy, a.ValidUntil)
	if err != nil {
		return fmt.Errorf("cannot insert the agent: %w", err)
	}
	return nil
}

// Agent reads one agent.
func (tx *Tx) Agent(ctx context.Context, id uuid.UUID) (a Agent, err error) {
	err = tx.QueryRow(ctx, `SELECT id, sealed, recorded_at, recorded_by, valid_until, revoked_at FROM agent WHERE id = $1`, id).
		Scan(&a.ID, &a.Sealed, &a.RecordedAt, &a.RecordedBy, &a.ValidUntil, &a.RevokedAt)
	return a, one(err, "agent")
}

// Agents lists agents, those recorded last first.
func (tx *Tx) Agents(ctx context.Context, limit int) ([]Agent, error) {
	rows, err := tx.Query(ctx, `SELECT id, sealed, recorded_at, recorded_by, valid_until, revoked_at FROM agent ORDER BY id DESC LIMIT $1`, limit)
	if err != nil {
		return nil, fmt.Errorf("cannot list the agents: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[Agent])
}

// RevokeAgent ends an agent's authorisation.
func (tx *Tx) RevokeAgent(ctx context.Context, id uuid.UUID) error {
	err := tx.QueryRow(ctx, `UPDATE agent SET revoked_at = coalesce(revoked_at, clock_timestamp()) WHERE id = $1 RETURNING id`, id).Scan(&id)
	return one(err, "agent")
}
