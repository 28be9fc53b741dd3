package store

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// Page is one page of located records.
type TargetPage struct {
	ID     uuid.UUID
	Target uuid.UUID
	Case   uuid.UUID
	Number int
	// Sealed are the records; nil where they were not read, and SetTargetPage leaves them as they are then.
	Sealed     []byte
	Digest     []byte
	Items      int
	State      string
	Keep       bool
	Ground     *string
	Words      *string
	Until      *time.Time
	Hold       *uuid.UUID
	Tries      int
	Residues   int
	Erased     int
	Masked     int
	Absent     int
	TriedAt    *time.Time
	AcceptedAt *time.Time
	ErasedAt   *time.Time
	VerifiedAt *time.Time
	Evidence   []byte
	NextAt     time.Time
}

const pageColumns = pageNumber + `p.sealed, ` + pageFacts

const (
	pageNumber = `p.id, p.target_id, p.case_id, p.number, `
	pageFacts  = `p.digest, p.items, p.state, p.keep, p.ground, p.words, p.until_at, p.hold_id, p.tries, p.residues,
	p.erased, p.masked, p.absent, p.tried_at, p.accepted_at, p.erased_at, p.verified_at, p.evidence, p.next_at`
)

func scanTargetPage(row pgx.CollectableRow) (p TargetPage, err error) {
	err = row.Scan(&p.ID, &p.Target, &p.Case, &p.Number, &p.Sealed, &p.Digest, &p.Items, &p.State, &p.Keep, &p.Ground, &p.Words, &p.Until, &p.Hold, &p.Tries, &p.Residues,
		&p.Erased, &p.Masked, &p.Absent, &p.TriedAt, &p.AcceptedAt, &p.ErasedAt, &p.VerifiedAt, &p.Evidence, &p.NextAt)
	return p, err
}

// InsertTargetPage writes one page behind those that the target has.
func (tx *Tx) InsertTargetPage(ctx context.Context, p TargetPage) error {
	_, err := tx.Exec(ctx, `INSERT INTO target_page (id, target_id, case_id, number, sealed, digest, items, state, keep, ground, words, until_at, hold_id, next_at)
		SELECT $1, $2, $3, coalesce(max(number), 0) + 1, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13 FROM target_page WHERE target_id = $2`,
		p.ID, p.Target, p.Case, p.Sealed, p.Digest, p.Items, p.State, p.Keep, p.Ground, p.Words, p.Until, p.Hold, p.NextAt)
	if err != nil {
		return fmt.Errorf("cannot keep what was located: %w", err)
	}
	return nil
}

// SetTargetPage writes what became of a page.
func (tx *Tx) SetTargetPage(ctx context.Context, p TargetPage) error {
	_, err := tx.Exec(ctx, `UPDATE target_page SET sealed = coalesce($2, sealed), digest = $3, items = $4, state = $5, keep = $6, ground = $7, words = $8, until_at = $9, hold_id = $10, tries = $11,
			residues = $12, erased = $13, masked = $14, absent = $15, tried_at = $16, accepted_at = $17, erased_at = $18, verified_at = $19, evidence = $20, next_at = $21
		WHERE id = $1`,
		p.ID, p.Sealed, p.Digest, p.Items, p.State, p.Keep, p.Ground, p.Words, p.Until, p.Hold, p.Tries, p.Residues, p.Erased, p.Masked, p.Absent, p.TriedAt,
		p.AcceptedAt, p.ErasedAt, p.VerifiedAt, p.Evidence, p.NextAt)
	if err != nil {
		return fmt.Errorf("cannot write the page: %w", err)
	}
	return nil
}

// DuePage is the first page of a target that has work to do; nil where none has. What stays comes back on its date. What was tried comes first, so that an
// answer that was lost is asked for before anything new.
func (tx *Tx) DuePage(ctx context.Context, target uuid.UUID, now time.Time) (*TargetPage, error) {
	rows, err := tx.Query(ctx, `SELECT `+pageColumns+` FROM target_page p WHERE p.target_id = $1 AND p.next_at <= $2 AND p.state NOT IN ('verified', 'attested')
		ORDER BY p.state = 'tried' DESC, p.state = 'located' DESC, p.number LIMIT 1 FOR UPDATE`, target, now)
	if err != nil {
		return nil, fmt.Errorf("cannot read the next page: %w", err)
	}
	all, err := pgx.CollectRows(rows, scanTargetPage)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	return &all[0], nil
}

// TargetPage reads one page without its records, locked.
func (tx *Tx) TargetPage(ctx context.Context, id uuid.UUID) (TargetPage, error) {
	rows, err := tx.Query(ctx, `SELECT `+pageNumber+`NULL::bytea, `+pageFacts+` FROM target_page p WHERE p.id = $1 FOR UPDATE`, id)
	if err != nil {
		return TargetPage{}, fmt.Errorf("cannot read the page: %w", err)
	}
	p, err := pgx.CollectExactlyOneRow(rows, scanTargetPage)
	return p, one(err, "page")
}

// PageAfter is the first page of an address behind a number, for what references lead on to; nil behind the last.
func (tx *Tx) PageAfter(ctx context.Context, caseID uuid.UUID, address string, number int) (*TargetPage, error) {
	rows, err := tx.Query(ctx, `SELECT `+pageColumns+` FROM target_page p JOIN target t ON t.id = p.target_id
		WHERE t.case_id = $1 AND t.address = $2 AND p.number > $3 ORDER BY p.number LIMIT 1`, caseID, address, number)
	if err != nil {
		return nil, fmt.Errorf("cannot read what was located: %w", err)
	}
	all, err := pgx.CollectRows(rows, scanTargetPage)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	return &all[0], nil
}

// EachPage calls f for every page of a target, in order, one at a time.
func (tx *Tx) EachPage(ctx context.Context, caseID uuid.UUID, address string, f func(TargetPage) error) error {
	for number := 0; ; {
		page, err := tx.PageAfter(ctx, caseID, address, number)
		if err != nil || page == nil {
			return err
		}
		if err := f(*page); err != nil {
			return err
		}
		number = page.Number
	}
}

// PageSum is what a target's pages come to.
type PageSum struct {
	Target                           uuid.UUID
	State                            string
	Ground                           *string
	Words                            *string
	Until                            *time.Time
	Hold                             *uuid.UUID
	Keep                             bool
	Pages                            int
	Items, Erased, Masked, Absent    int64
	AcceptedAt, ErasedAt, VerifiedAt *time.Time
}

// PageSums are the pages of a request, added up by target, state and what keeps them.
func (tx *Tx) PageSums(ctx context.Context, caseID uuid.UUID) ([]PageSum, error) {
	rows, err := tx.Query(ctx, `SELECT target_id, state, ground, words, until_at, hold_id, keep, count(*), sum(items), sum(erased), sum(masked), sum(absent), max(accepted_at), max(erased_at), max(verified_at)
		FROM target_page WHERE case_id = $1 GROUP BY target_id, state, ground, words, until_at, hold_id, keep ORDER BY target_id, state, until_at, hold_id`, caseID)
	if err != nil {
		return nil, fmt.Errorf("cannot add the pages up: %w", err)
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (s PageSum, err error) {
		err = row.Scan(&s.Target, &s.State, &s.Ground, &s.Words, &s.Until, &s.Hold, &s.Keep, &s.Pages, &s.Items, &s.Erased, &s.Masked, &s.Absent, &s.AcceptedAt, &s.ErasedAt, &s.VerifiedAt)
		return s, err
	})
}

// PageDigests calls f with the digest of every page of a request, by address and number: what a plan is bound to.
func (tx *Tx) PageDigests(ctx context.Context, caseID uuid.UUID, f func(address string, number int, digest []byte)) error {
	rows, err := tx.Query(ctx, `SELECT t.address, p.number, p.digest FROM target t JOIN target_page p ON p.target_id = t.id
		WHERE t.case_id = $1 ORDER BY t.address, p.number`, caseID)
	if err != nil {
		return fmt.Errorf("cannot read the plan: %w", err)
	}
	var address string
	var number int
	var digest []byte
	_, err = pgx.ForEachRow(rows, []any{&address, &number, &digest}, func() error { f(address, number, digest); return nil })
	return err
}

// NewKeys notes the keys of records of a target and answers those that it did not hold.
func (tx *Tx) NewKeys(ctx context.Context, target uuid.UUID, commits [][]byte) (map[string]bool, error) {
	rows, err := tx.Query(ctx, `INSERT INTO target_key (target_id, commit, stays) SELECT $1, unnest($2::bytea[]), false ON CONFLICT DO NOTHING RETURNING commit`, target, commits)
	if err != nil {
		return nil, fmt.Errorf("cannot note the keys: %w", err)
	}
	return setOf(rows)
}

// Staying are those of some keys of records that stay in a target.
func (tx *Tx) Staying(ctx context.Context, target uuid.UUID, commits [][]byte) (map[string]bool, error) {
	rows, err := tx.Query(ctx, `SELECT commit FROM target_key WHERE target_id = $1 AND commit = ANY($2) AND stays`, target, commits)
	if err != nil {
		return nil, fmt.Errorf("cannot read the keys: %w", err)
	}
	return setOf(rows)
}

func setOf(rows pgx.Rows) (map[string]bool, error) {
	set := map[string]bool{}
	var commit []byte
	_, err := pgx.ForEachRow(rows, []any{&commit}, func() error { set[string(commit)] = true; return nil })
	return set, err
}

// Stay notes that records stay in a target, or no longer do.
func (tx *Tx) Stay(ctx context.Context, target uuid.UUID, commits [][]byte, stays bool) error {
	_, err := tx.Exec(ctx, `INSERT INTO target_key (target_id, commit, stays) SELECT $1, unnest($2::bytea[]), $3 ON CONFLICT (target_id, commit) DO UPDATE SET stays = excluded.stays`, target, commits, stays)
	if err != nil {
		return fmt.Errorf("cannot note what stays: %w", err)
	}
	return nil
}

// ForgetKeys lets a sweep find again whatever does not stay.
func (tx *Tx) ForgetKeys(ctx context.Context, target uuid.UUID) error {
	_, err := tx.Exec(ctx, `DELETE FROM target_key WHERE target_id = $1 AND NOT stays`, target)
	if err != nil {
		return fmt.Errorf("cannot forget the keys: %w", err)
	}
	return nil
}

// PagesAhead says what a target's pages wait for: the earliest instant of those that are still to be erased or verified, and
// of those that stay; nil where there are none.
func (tx *Tx) PagesAhead(ctx context.Context, target uuid.UUID) (working, staying *time.Time, err error) {
	err = tx.QueryRow(ctx, `SELECT min(next_at) FILTER (WHERE state IN ('located', 'tried', 'erased')), min(next_at) FILTER (WHERE state IN ('kept', 'held'))
		FROM target_page WHERE target_id = $1`, target).Scan(&working, &staying)
	if err != nil {
		return nil, nil, fmt.Errorf("cannot read what is ahead: %w", err)
	}
	return working, staying, nil
}

// TargetInstants are the last instants at which a target's pages were accepted and erased.
func (tx *Tx) TargetInstants(ctx context.Context, target uuid.UUID) (accepted, erased *time.Time, err error) {
	err = tx.QueryRow(ctx, `SELECT max(accepted_at), max(erased_at) FROM target_page WHERE target_id = $1`, target).Scan(&accepted, &erased)
	if err != nil {
		return nil, nil, fmt.Errorf("cannot read the instants: %w", err)
	}
	return accepted, erased, nil
}
