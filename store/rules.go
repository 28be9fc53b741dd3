package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// KeepPack writes a version of the rule pack, unless it is kept already.
func (tx *Tx) KeepPack(ctx context.Context, version string, body json.RawMessage) error {
	_, err := tx.Exec(ctx, `INSERT INTO rule_pack (version, body) VALUES ($1, $2) ON CONFLICT DO NOTHING`, version, body)
	if err != nil {
		return fmt.Errorf("cannot keep the rule pack: %w", err)
	}
	return nil
}

// Pack reads a kept version of the rule pack.
func (tx *Tx) Pack(ctx context.Context, version string) (body json.RawMessage, err error) {
	err = tx.QueryRow(ctx, `SELECT body FROM rule_pack WHERE version = $1`, version).Scan(&body)
	return body, one(err, "rule pack "+version)
}

// Adoption is one decision to make a rule the company's own, or to take that back.
type Adoption struct {
	ID          uuid.UUID
	Rule        string
	PackVersion string
	Adopted     bool
	At          time.Time
	By          uuid.UUID
	Handle      string
	Sealed      []byte
}

// InsertAdoption records one.
func (tx *Tx) InsertAdoption(ctx context.Context, a Adoption) error {
	_, err := tx.Exec(ctx, `INSERT INTO rule_adoption (id, rule, pack_version, adopted, principal_id, sealed) VALUES ($1, $2, $3, $4, $5, $6)`,
		a.ID, a.Rule, a.PackVersion, a.Adopted, a.By, a.Sealed)
	if err != nil {
		return fmt.Errorf("cannot record the adoption: %w", err)
	}
	return nil
}

// Adoptions lists the newest decision about each rule that people decided about.
func (tx *Tx) Adoptions(ctx context.Context) ([]Adoption, error) {
	rows, err := tx.Query(ctx, `SELECT DISTINCT ON (a.rule) a.id, a.rule, a.pack_version, a.adopted, a.at, a.principal_id, p.handle, a.sealed
		FROM rule_adoption a JOIN principal p ON p.id = a.principal_id ORDER BY a.rule, a.at DESC, a.id DESC`)
	if err != nil {
		return nil, fmt.Errorf("cannot read the adoptions: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[Adoption])
}

// Told is a customer that a case affects, and when it was first told.
type Told struct {
	Customer Customer
	At       *time.Time
}

// Told lists the customers that a case affects after an id, with the instant that first met a duty toward each.
func (tx *Tx) Told(ctx context.Context, caseID, after uuid.UUID, limit int) ([]Told, error) {
	rows, err := tx.Query(ctx, `SELECT c.id, c.ref, c.body, t.at FROM (
			SELECT p.customer_id AS id, (SELECT min(d.met_at) FROM duty d WHERE d.case_id = $1 AND d.customer_id = p.customer_id AND d.state = 'met') AS at
			FROM (SELECT DISTINCT customer_id FROM party WHERE case_id = $1 AND customer_id > $2 AND certainty <> 'ruled_out' ORDER BY 1 LIMIT $3) p) t
		JOIN customer c ON c.id = t.id ORDER BY c.id`, caseID, after, limit)
	if err != nil {
		return nil, fmt.Errorf("cannot read who was told: %w", err)
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (t Told, err error) {
		err = row.Scan(&t.Customer.ID, &t.Customer.Ref, &t.Customer.Body, &t.At)
		return t, err
	})
}

// OpenCases lists the ids of the cases of a kind that have not ended.
func (tx *Tx) OpenCases(ctx context.Context, kind string) ([]uuid.UUID, error) {
	rows, err := tx.Query(ctx, `SELECT id FROM cases WHERE kind = $1 AND status NOT IN ('closed', 'dismissed') ORDER BY id`, kind)
	if err != nil {
		return nil, fmt.Errorf("cannot list the open cases: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
}
