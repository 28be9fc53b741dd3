package store

import (
	"context"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// ErasureEvent is one row of the ledger of erasing.
type ErasureEvent struct {
	ID     int64
	Case   uuid.UUID
	Target uuid.UUID
	Page   uuid.UUID
	At     time.Time
	Kind   string
	Body   []byte
}

// Bytes is the row as the chain vouches for it.
func (e ErasureEvent) Bytes() []byte {
	b := append([]byte{}, e.Target[:]...)
	b = binary.BigEndian.AppendUint64(b, uint64(e.At.UnixMicro()))
	b = binary.BigEndian.AppendUint16(b, uint16(len(e.Kind)))
	return append(append(b, e.Kind...), e.Body...)
}

// InsertErasureEvent appends to the ledger.
func (tx *Tx) InsertErasureEvent(ctx context.Context, e ErasureEvent) error {
	_, err := tx.Exec(ctx, `INSERT INTO erasure_event (case_id, target_id, page, at, kind, body) VALUES ($1, $2, $3, $4, $5, $6)`, e.Case, e.Target, e.Page, e.At, e.Kind, e.Body)
	if err != nil {
		return fmt.Errorf("cannot write the ledger: %w", err)
	}
	return nil
}

// EachErasureEvent calls f for every row of one page of the ledger.
func (tx *Tx) EachErasureEvent(ctx context.Context, page uuid.UUID, f func(ErasureEvent) error) error {
	rows, err := tx.Query(ctx, `SELECT id, case_id, target_id, page, at, kind, body FROM erasure_event WHERE page = $1 ORDER BY id`, page)
	if err != nil {
		return fmt.Errorf("cannot read the ledger: %w", err)
	}
	var e ErasureEvent
	_, err = pgx.ForEachRow(rows, []any{&e.ID, &e.Case, &e.Target, &e.Page, &e.At, &e.Kind, &e.Body}, func() error { return f(e) })
	return err
}

// EachErasureOf calls f for every row of the ledger about one target.
func (tx *Tx) EachErasureOf(ctx context.Context, target uuid.UUID, f func(ErasureEvent) error) error {
	rows, err := tx.Query(ctx, `SELECT id, case_id, target_id, page, at, kind, body FROM erasure_event WHERE target_id = $1 ORDER BY id`, target)
	if err != nil {
		return fmt.Errorf("cannot read the ledger: %w", err)
	}
	var e ErasureEvent
	_, err = pgx.ForEachRow(rows, []any{&e.ID, &e.Case, &e.Target, &e.Page, &e.At, &e.Kind, &e.Body}, func() error { return f(e) })
	return err
}

// UnsealedErasures are pages of the ledger that no entry vouches for.
func (tx *Tx) UnsealedErasures(ctx context.Context, caseID uuid.UUID) ([]uuid.UUID, error) {
	rows, err := tx.Query(ctx, `SELECT DISTINCT page FROM erasure_event e WHERE case_id = $1 AND NOT EXISTS (SELECT FROM erasure_seal s WHERE s.page = e.page) ORDER BY page`, caseID)
	if err != nil {
		return nil, fmt.Errorf("cannot read what is not sealed: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
}

// SealErasures notes which entry vouches for a page of the ledger.
func (tx *Tx) SealErasures(ctx context.Context, page, caseID uuid.UUID, seq int64) error {
	_, err := tx.Exec(ctx, `INSERT INTO erasure_seal (page, case_id, seq) VALUES ($1, $2, $3)`, page, caseID, seq)
	if err != nil {
		return fmt.Errorf("cannot seal the ledger: %w", err)
	}
	return nil
}
