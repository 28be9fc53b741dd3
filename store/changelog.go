package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/atlascloudai/docket/core/access"
)

// DocumentVersion is one published text of a document.
type DocumentVersion struct {
	Name        string
	Number      int
	Case        uuid.UUID
	PublishedAt time.Time
	EffectiveAt time.Time
	Text        string
	Digest      []byte
	// Withdrawn says that its change did not come: it was published, and never in force. It is read, and not written.
	Withdrawn bool
}

// NewestVersion is the newest published version of a document; nil where there is none.
func (tx *Tx) NewestVersion(ctx context.Context, name string) (*DocumentVersion, error) {
	return tx.oneVersion(ctx, `WHERE v.name = $1 ORDER BY v.number DESC LIMIT 1`, name)
}

// VersionBefore is the version of a document that one of a number takes the place of: the newest before it that was not withdrawn; nil
// where there is none.
func (tx *Tx) VersionBefore(ctx context.Context, name string, number int) (*DocumentVersion, error) {
	return tx.oneVersion(ctx, `WHERE v.name = $1 AND v.number < $2 AND a.status <> 'withdrawn' ORDER BY v.number DESC LIMIT 1`, name, number)
}

func (tx *Tx) oneVersion(ctx context.Context, where string, args ...any) (*DocumentVersion, error) {
	rows, err := tx.Query(ctx, versionSelect+where, args...)
	if err != nil {
		return nil, fmt.Errorf("cannot read the document: %w", err)
	}
	v, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[DocumentVersion])
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	return &v, err
}

const versionSelect = `SELECT v.name, v.number, v.case_id, v.published_at, v.effective_at, v.text, v.digest, a.status = 'withdrawn'
	FROM document_version v JOIN cases a ON a.id = v.case_id `

// Versions are all published versions of all documents, newest first.
func (tx *Tx) Versions(ctx context.Context) ([]DocumentVersion, error) {
	rows, err := tx.Query(ctx, versionSelect+`ORDER BY v.name, v.number DESC`)
	if err != nil {
		return nil, fmt.Errorf("cannot read the documents: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[DocumentVersion])
}

// InsertVersion publishes a version; a number is used once.
func (tx *Tx) InsertVersion(ctx context.Context, v DocumentVersion) error {
	_, err := tx.Exec(ctx, `INSERT INTO document_version (name, number, case_id, published_at, effective_at, text, digest) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		v.Name, v.Number, v.Case, v.PublishedAt, v.EffectiveAt, v.Text, v.Digest)
	if err != nil {
		return fmt.Errorf("cannot publish the version: %w", err)
	}
	return nil
}

// ChangeEntry is one entry of the public change log.
type ChangeEntry struct {
	Case        uuid.UUID
	PublishedAt time.Time
	UpdatedAt   time.Time
	Body        json.RawMessage
}

// PublishEntry writes an entry; one that is there keeps the instant of its publication.
func (tx *Tx) PublishEntry(ctx context.Context, e ChangeEntry) error {
	_, err := tx.Exec(ctx, `INSERT INTO change_entry (case_id, published_at, updated_at, body) VALUES ($1, $2, $2, $3)
		ON CONFLICT (case_id) DO UPDATE SET updated_at = excluded.updated_at, body = excluded.body WHERE change_entry.body <> excluded.body`, e.Case, e.PublishedAt, e.Body)
	if err != nil {
		return fmt.Errorf("cannot publish the entry: %w", err)
	}
	return nil
}

// ChangeEntries are the entries of the public change log, newest first.
func (tx *Tx) ChangeEntries(ctx context.Context) ([]ChangeEntry, error) {
	rows, err := tx.Query(ctx, `SELECT case_id, published_at, updated_at, body FROM change_entry ORDER BY published_at DESC, case_id DESC`)
	if err != nil {
		return nil, fmt.Errorf("cannot read the change log: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[ChangeEntry])
}

// NoticeLink is whose page a link leads to.
type NoticeLink struct {
	Hash                    []byte
	Case, Customer, Contact uuid.UUID
}

// InsertLinks writes the links of letters that are about to leave; one that is there stays.
func (tx *Tx) InsertLinks(ctx context.Context, links []NoticeLink) error {
	batch := &pgx.Batch{}
	for _, l := range links {
		batch.Queue(`INSERT INTO notice_link (hash, case_id, customer_id, contact_id) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`, l.Hash, l.Case, l.Customer, l.Contact)
	}
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("cannot write the links: %w", err)
	}
	return nil
}

// Link finds whose page a link leads to; that of a contact who is one no more leads nowhere.
func (tx *Tx) Link(ctx context.Context, hash []byte) (l NoticeLink, err error) {
	err = tx.QueryRow(ctx, `SELECT l.hash, l.case_id, l.customer_id, l.contact_id FROM notice_link l JOIN contact k ON k.id = l.contact_id WHERE l.hash = $1 AND k.ended_at IS NULL`, hash).Scan(&l.Hash, &l.Case, &l.Customer, &l.Contact)
	return l, one(err, "notice")
}

// CorrectedFrom are the notices of change that stand in one line of corrections with a case, newest first, itself included.
func (tx *Tx) CorrectedFrom(ctx context.Context, caseID uuid.UUID) ([]uuid.UUID, error) {
	rows, err := tx.Query(ctx, `WITH RECURSIVE line AS (
			SELECT id, state FROM cases WHERE id = $1
			UNION SELECT c.id, c.state FROM cases c JOIN line l ON c.kind = 'change' AND (c.id::text = l.state->>'corrects' OR c.id::text = l.state->>'corrected_by'))
		SELECT id FROM line ORDER BY id DESC`, caseID)
	if err != nil {
		return nil, fmt.Errorf("cannot follow the corrections: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
}

// LettersTo are the deliveries of some cases to one contact that were begun, newest first.
func (tx *Tx) LettersTo(ctx context.Context, cases []uuid.UUID, contact uuid.UUID) ([]Delivery, error) {
	rows, err := tx.Query(ctx, `SELECT `+deliveryColumns+` FROM delivery d WHERE d.case_id = ANY($1) AND d.contact_id = $2 AND d.attempt > 0 ORDER BY d.first_attempt_at DESC, d.id DESC`, cases, contact)
	if err != nil {
		return nil, fmt.Errorf("cannot read the letters: %w", err)
	}
	return pgx.CollectRows(rows, scanDelivery)
}

// ChangesList lists notices of change as the actor sees them, newest first, before one; status and kind narrow them.
func (tx *Tx) ChangesList(ctx context.Context, actor access.Actor, status, kind string, before uuid.UUID, limit int) ([]Case, error) {
	who, all := viewer(actor)
	rows, err := tx.Query(ctx, caseSelect+`
		WHERE c.kind = 'change' AND ($3 = '' OR c.status = $3) AND ($4 = '' OR c.state->>'kind' = $4) AND c.id < $5 AND `+sees+` ORDER BY c.id DESC LIMIT $6`,
		who, all, status, kind, before, limit)
	if err != nil {
		return nil, fmt.Errorf("cannot list the changes: %w", err)
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (Case, error) { return scanCase(row) })
}
