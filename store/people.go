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

// TokenByPrefix finds a token that is neither revoked nor expired, with its holder who is not disabled.
func (tx *Tx) TokenByPrefix(ctx context.Context, prefix string) (t Token, err error) {
	err = tx.QueryRow(ctx, `SELECT t.id, t.prefix, t.hash, t.scopes, t.expires_at, p.id, p.handle, p.kind, p.roles
		FROM token t JOIN principal p ON p.id = t.principal_id
		WHERE t.prefix = $1 AND t.revoked_at IS NULL AND p.disabled_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > clock_timestamp())`, prefix).
		Scan(&t.ID, &t.Prefix, &t.Hash, &t.Scopes, &t.ExpiresAt, &t.Principal.ID, &t.Principal.Handle, &t.Principal.Kind, &t.Principal.Roles)
	return t, one(err, "token")
}

// TouchToken notes that a token was used, at most once a minute.
func (tx *Tx) TouchToken(ctx context.Context, id uuid.UUID) error {
	_, err := tx.Exec(ctx, `UPDATE token SET last_used_at = clock_timestamp() WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < clock_timestamp() - interval '1 minute')`, id)
	return err
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

// TryKey takes the key's lock without waiting; false: the same key is being worked on right now.
func (tx *Tx) TryKey(ctx context.Context, principal uuid.UUID, key string) (ok bool, err error) {
	err = tx.QueryRow(ctx, `SELECT pg_try_advisory_xact_lock(hashtextextended($1 || '/' || $2, 0))`, principal.String(), key).Scan(&ok)
	return ok, err
}

// KeyUsed reads what a key was used for; nil if it is new.
func (tx *Tx) KeyUsed(ctx context.Context, principal uuid.UUID, key string) (*Used, error) {
	var u Used
	err := tx.QueryRow(ctx, `SELECT operation, body_digest, receipt FROM idempotency WHERE principal_id = $1 AND key = $2`, principal, key).
		Scan(&u.Operation, &u.Digest, &u.Receipt)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read the idempotency key: %w", err)
	}
	return &u, nil
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
