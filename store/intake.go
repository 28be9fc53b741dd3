package store

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// IntakeMail is one letter to the privacy address.
type IntakeMail struct {
	ID             uuid.UUID
	Commit, Digest []byte
	Case           *uuid.UUID
	State          string
	ReceivedAt     time.Time
}

// KnowsMail says whether a letter with the commitment was taken before. Equal letters wait for each other until the
// transaction ends.
func (tx *Tx) KnowsMail(ctx context.Context, commit []byte) (known bool, err error) {
	if _, err = tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtextextended(encode($1::bytea, 'hex'), 7))`, commit); err == nil {
		err = tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM intake_mail WHERE commit = $1)`, commit).Scan(&known)
	}
	if err != nil {
		return false, fmt.Errorf("cannot look for the letter: %w", err)
	}
	return known, nil
}

// InsertMail records a letter.
func (tx *Tx) InsertMail(ctx context.Context, m IntakeMail) error {
	_, err := tx.Exec(ctx, `INSERT INTO intake_mail (id, commit, digest, case_id, state, received_at) VALUES ($1, $2, $3, $4, $5, $6)`,
		m.ID, m.Commit, m.Digest, m.Case, m.State, m.ReceivedAt)
	if err != nil {
		return fmt.Errorf("cannot record the letter: %w", err)
	}
	return nil
}

// RequestsAnswered are the requests that a letter answers, by the deliveries or codes it names, where the sender's
// commitment is one of the request's mail addresses; newest first.
func (tx *Tx) RequestsAnswered(ctx context.Context, deliveries []uuid.UUID, codes []string, commit []byte) ([]uuid.UUID, error) {
	rows, err := tx.Query(ctx, `SELECT c.id FROM cases c WHERE (c.code = ANY($2) OR c.id IN (SELECT case_id FROM delivery WHERE id = ANY($1)))
		AND EXISTS (SELECT FROM identity i WHERE i.case_id = c.id AND i.kind = 'email' AND i.commit = $3) ORDER BY c.id DESC`, deliveries, codes, commit)
	if err != nil {
		return nil, fmt.Errorf("cannot read what the letter answers: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
}
