package store

import (
	"context"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/atlascloudai/docket/core/access"
)

// Privileged is one thing that counsel marked privileged. Its words are sealed under the circle's own key.
type Privileged struct {
	ID         uuid.UUID
	Case       uuid.UUID
	At         time.Time
	Author     uuid.UUID
	Kind       string
	Basis      string
	Sealed     []byte
	Commitment []byte
}

// Bytes is the row as the chain vouches for it: each field behind its length.
func (p Privileged) Bytes() []byte {
	var b []byte
	for _, field := range [][]byte{p.ID[:], p.Author[:], []byte(p.Kind), []byte(p.Basis), p.Sealed, p.Commitment} {
		b = append(binary.BigEndian.AppendUint32(b, uint32(len(field))), field...)
	}
	return binary.BigEndian.AppendUint64(b, uint64(p.At.UnixMicro()))
}

// PrivilegeScope is the key scope of a case's privileged content. For whoever is not in the circle it is not found, in the
// same words as where there is no circle.
func (tx *Tx) PrivilegeScope(ctx context.Context, actor access.Actor, caseID uuid.UUID) (scope uuid.UUID, err error) {
	who, _ := viewer(actor)
	err = tx.QueryRow(ctx, `SELECT p.scope FROM privilege p JOIN privilege_member m USING (case_id) WHERE p.case_id = $1 AND m.principal_id = $2`, caseID, who).Scan(&scope)
	return scope, one(err, "legal circle")
}

// HasCircle says whether a case has a legal circle, whoever is in it.
func (tx *Tx) HasCircle(ctx context.Context, caseID uuid.UUID) (has bool, err error) {
	err = tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM privilege WHERE case_id = $1)`, caseID).Scan(&has)
	return has, err
}

// InsertCircle gives a case a legal circle with a key scope of its own.
func (tx *Tx) InsertCircle(ctx context.Context, caseID, scope uuid.UUID) error {
	if _, err := tx.Exec(ctx, `INSERT INTO privilege (case_id, scope) VALUES ($1, $2)`, caseID, scope); err != nil {
		return fmt.Errorf("cannot write the legal circle: %w", err)
	}
	return nil
}

// SetCircle says who is in a case's legal circle.
func (tx *Tx) SetCircle(ctx context.Context, caseID uuid.UUID, members []uuid.UUID) error {
	if _, err := tx.Exec(ctx, `DELETE FROM privilege_member WHERE case_id = $1`, caseID); err != nil {
		return fmt.Errorf("cannot replace the legal circle: %w", err)
	}
	if _, err := tx.Exec(ctx, `INSERT INTO privilege_member SELECT $1, unnest($2::uuid[]) ON CONFLICT DO NOTHING`, caseID, members); err != nil {
		return fmt.Errorf("cannot write the legal circle: %w", err)
	}
	return nil
}

// Circle lists who is in a case's legal circle, by id.
func (tx *Tx) Circle(ctx context.Context, caseID uuid.UUID) ([]uuid.UUID, error) {
	rows, err := tx.Query(ctx, `SELECT principal_id FROM privilege_member WHERE case_id = $1 ORDER BY principal_id`, caseID)
	if err != nil {
		return nil, fmt.Errorf("cannot read the legal circle: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
}

// NotMembers are those of some people who do not see a restricted case.
func (tx *Tx) NotMembers(ctx context.Context, caseID uuid.UUID, people []uuid.UUID) ([]uuid.UUID, error) {
	rows, err := tx.Query(ctx, `SELECT unnest($2::uuid[]) EXCEPT SELECT principal_id FROM case_member WHERE case_id = $1`, caseID, people)
	if err != nil {
		return nil, fmt.Errorf("cannot read the members: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
}

// EntriesOf reads a case's entries of one kind, the first one first.
func (tx *Tx) EntriesOf(ctx context.Context, caseID uuid.UUID, kind string) ([]Entry, error) {
	rows, err := tx.Query(ctx, `SELECT `+entryColumns+` FROM timeline t WHERE t.case_id = $1 AND t.kind = $2 ORDER BY t.seq`, caseID, kind)
	if err != nil {
		return nil, fmt.Errorf("cannot read the timeline: %w", err)
	}
	return pgx.CollectRows(rows, scanEntry)
}

// Handles reads what people are called, by id.
func (tx *Tx) Handles(ctx context.Context, people []uuid.UUID) (map[uuid.UUID]string, error) {
	rows, err := tx.Query(ctx, `SELECT id, handle FROM principal WHERE id = ANY($1)`, people)
	if err != nil {
		return nil, fmt.Errorf("cannot read the handles: %w", err)
	}
	handles := map[uuid.UUID]string{}
	var id uuid.UUID
	var handle string
	_, err = pgx.ForEachRow(rows, []any{&id, &handle}, func() error { handles[id] = handle; return nil })
	return handles, err
}

// InsertPrivileged writes what was marked privileged; it is never changed.
func (tx *Tx) InsertPrivileged(ctx context.Context, p Privileged) error {
	_, err := tx.Exec(ctx, `INSERT INTO privileged (id, case_id, at, author, kind, basis, sealed, commitment) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		p.ID, p.Case, p.At, p.Author, p.Kind, p.Basis, p.Sealed, p.Commitment)
	if err != nil {
		return fmt.Errorf("cannot write what is privileged: %w", err)
	}
	return nil
}

// Privileged lists what was marked privileged in a case after an id, the oldest first.
func (tx *Tx) Privileged(ctx context.Context, caseID, after uuid.UUID, limit int) ([]Privileged, error) {
	rows, err := tx.Query(ctx, `SELECT id, case_id, at, author, kind, basis, sealed, commitment FROM privileged
		WHERE case_id = $1 AND id > $2 ORDER BY id LIMIT $3`, caseID, after, limit)
	if err != nil {
		return nil, fmt.Errorf("cannot read what is privileged: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[Privileged])
}

// PrivilegedItem reads one thing that was marked privileged.
func (tx *Tx) PrivilegedItem(ctx context.Context, caseID, id uuid.UUID) (Privileged, error) {
	rows, err := tx.Query(ctx, `SELECT id, case_id, at, author, kind, basis, sealed, commitment FROM privileged WHERE case_id = $1 AND id = $2`, caseID, id)
	if err != nil {
		return Privileged{}, fmt.Errorf("cannot read what is privileged: %w", err)
	}
	p, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[Privileged])
	return p, one(err, "privileged item")
}
