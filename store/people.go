package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// Principal is a person or a machine that may hold tokens.
type Principal struct {
	ID     uuid.UUID
	Handle string
	Kind   string
	Roles  []string
}

// Token is a stored API token: its prefix in clear, its secret as a hash only.
type Token struct {
	ID        uuid.UUID
	Principal Principal
	Prefix    string
	Hash      []byte
	Scopes    []string
	ExpiresAt *time.Time
}

// InsertPrincipal writes a person or machine.
func (tx *Tx) InsertPrincipal(ctx context.Context, p Principal) error {
	_, err := tx.Exec(ctx, `INSERT INTO principal (id, handle, kind, roles) VALUES ($1, $2, $3, $4)`, p.ID, p.Handle, p.Kind, p.Roles)
	return err
}

// PrincipalByHandle finds a person or machine by handle.
func (tx *Tx) PrincipalByHandle(ctx context.Context, handle string) (p Principal, err error) {
	err = tx.QueryRow(ctx, `SELECT id, handle, kind, roles FROM principal WHERE handle = $1 AND disabled_at IS NULL`, handle).
		Scan(&p.ID, &p.Handle, &p.Kind, &p.Roles)
	return p, one(err, "person "+handle)
}

// InsertToken writes a token.
func (tx *Tx) InsertToken(ctx context.Context, t Token) error {
	_, err := tx.Exec(ctx, `INSERT INTO token (id, principal_id, prefix, hash, scopes, expires_at) VALUES ($1, $2, $3, $4, $5, $6)`,
		t.ID, t.Principal.ID, t.Prefix, t.Hash, t.Scopes, t.ExpiresAt)
	if err != nil {
		return fmt.Errorf("cannot write the token: %w", err)
	}
	return nil
}

// TokenByPrefix finds a token that is neither revoked nor expired, with its holder who is not disabled. stale: its use was
// not noted for a minute.
func (s *Store) TokenByPrefix(ctx context.Context, prefix string) (t Token, stale bool, err error) {
	err = s.pool.QueryRow(ctx, `SELECT t.id, t.prefix, t.hash, t.scopes, t.expires_at, p.id, p.handle, p.kind, p.roles,
			t.last_used_at IS NULL OR t.last_used_at < clock_timestamp() - interval '1 minute'
		FROM token t JOIN principal p ON p.id = t.principal_id
		WHERE t.prefix = $1 AND t.revoked_at IS NULL AND p.disabled_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > clock_timestamp())`, prefix).
		Scan(&t.ID, &t.Prefix, &t.Hash, &t.Scopes, &t.ExpiresAt, &t.Principal.ID, &t.Principal.Handle, &t.Principal.Kind, &t.Principal.Roles, &stale)
	return t, stale, away(one(err, "token"))
}

// TouchToken notes that a token was used.
func (s *Store) TouchToken(ctx context.Context, id uuid.UUID) error {
	_, err := s.pool.Exec(ctx, `UPDATE token SET last_used_at = clock_timestamp() WHERE id = $1`, id)
	return away(err)
}

// RevokeToken ends a token at once.
func (tx *Tx) RevokeToken(ctx context.Context, prefix string) (bool, error) {
	tag, err := tx.Exec(ctx, `UPDATE token SET revoked_at = clock_timestamp() WHERE prefix = $1 AND revoked_at IS NULL`, prefix)
	return tag.RowsAffected() == 1, err
}

// Used is what an idempotency key was used for.
type Used struct {
	Operation string
	Digest    []byte
	Receipt   []byte
}

// TakeKey takes the key's lock without waiting, and reads what the key was used for, nil if it is new. Not free: the same
// key is being worked on right now.
func (tx *Tx) TakeKey(ctx context.Context, principal uuid.UUID, key string) (free bool, used *Used, err error) {
	batch := &pgx.Batch{}
	batch.Queue(`SELECT pg_try_advisory_xact_lock(hashtextextended($1 || '/' || $2, 0))`, principal.String(), key).
		QueryRow(func(row pgx.Row) error { return row.Scan(&free) })
	batch.Queue(`SELECT operation, body_digest, receipt FROM idempotency WHERE principal_id = $1 AND key = $2`, principal, key).
		QueryRow(func(row pgx.Row) error {
			var u Used
			err := row.Scan(&u.Operation, &u.Digest, &u.Receipt)
			if errors.Is(err, pgx.ErrNoRows) {
				return nil
			}
			used = &u
			return err
		})
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return false, nil, fmt.Errorf("cannot take the idempotency key: %w", err)
	}
	return free, used, nil
}

// UseKey notes what a key was used for.
func (tx *Tx) UseKey(ctx context.Context, principal uuid.UUID, key string, u Used) error {
	_, err := tx.Exec(ctx, `INSERT INTO idempotency (principal_id, key, operation, body_digest, receipt) VALUES ($1, $2, $3, $4, $5)`,
		principal, key, u.Operation, u.Digest, u.Receipt)
	if err != nil {
		return fmt.Errorf("cannot note the idempotency key: %w", err)
	}
	return nil
}
