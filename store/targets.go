package store

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/atlascloudai/docket/core/cases/request"
	"github.com/atlascloudai/docket/core/problem"
)

// The states of a target.
const (
	TargetLocating = "locating"
	TargetLocated  = "located"
	TargetWorking  = "working"
	TargetSweeping = "sweeping"
	TargetResting  = "resting"
	TargetDone     = "done"
)

// Target is one collection of the estate for one request.
type Target struct {
	ID          uuid.UUID
	Case        uuid.UUID
	Address     string
	Kind        string
	Class       string
	Spec        json.RawMessage
	Estate      string
	State       string
	Cursor      []byte
	Sweeps      int
	Located     int64
	Total       int64
	Attempt     int
	NextAt      time.Time
	ErrorClass  *string
	ErrorDetail *string
	AcceptedAt  *time.Time
	ErasedAt    *time.Time
	VerifiedAt  *time.Time
}

const targetColumns = `t.id, t.case_id, t.address, t.kind, t.class, t.spec, t.estate, t.state, t.cursor, t.sweeps, t.located, t.total, t.attempt, t.next_at,
	t.error_class, t.error_detail, t.accepted_at, t.erased_at, t.verified_at`

func scanTarget(row pgx.CollectableRow) (t Target, err error) {
	err = row.Scan(&t.ID, &t.Case, &t.Address, &t.Kind, &t.Class, &t.Spec, &t.Estate, &t.State, &t.Cursor, &t.Sweeps, &t.Located, &t.Total, &t.Attempt, &t.NextAt,
		&t.ErrorClass, &t.ErrorDetail, &t.AcceptedAt, &t.ErasedAt, &t.VerifiedAt)
	return t, err
}

// LayOut writes the targets of a plan in the place of those of the plan before.
func (tx *Tx) LayOut(ctx context.Context, caseID uuid.UUID, targets []Target) error {
	batch := &pgx.Batch{}
	batch.Queue(`DELETE FROM target_key k USING target t WHERE t.id = k.target_id AND t.case_id = $1`, caseID)
	batch.Queue(`DELETE FROM target_page WHERE case_id = $1`, caseID)
	batch.Queue(`DELETE FROM target WHERE case_id = $1`, caseID)
	for _, t := range targets {
		batch.Queue(`INSERT INTO target (id, case_id, address, kind, class, spec, estate, state, next_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
			t.ID, caseID, t.Address, t.Kind, t.Class, t.Spec, t.Estate, t.State, t.NextAt)
	}
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("cannot lay the targets out: %w", err)
	}
	return nil
}

// Targets are all targets of a request.
func (tx *Tx) Targets(ctx context.Context, caseID uuid.UUID) ([]Target, error) {
	rows, err := tx.Query(ctx, `SELECT `+targetColumns+` FROM target t WHERE t.case_id = $1 ORDER BY t.address`, caseID)
	if err != nil {
		return nil, fmt.Errorf("cannot read the targets: %w", err)
	}
	return pgx.CollectRows(rows, scanTarget)
}

// ClaimTarget takes a target for one worker; nil where another holds it, it is not due, or another goes before it: also one
// that was just found to lead to more.
func (tx *Tx) ClaimTarget(ctx context.Context, id, claim uuid.UUID, now time.Time, lease time.Duration) (*Target, error) {
	rows, err := tx.Query(ctx, `UPDATE target t SET claim = $2, lease_until = clock_timestamp() + $4
		WHERE t.id = $1 AND t.state <> 'done' AND t.next_at <= $3 AND (t.claim IS NULL OR t.claim = $2 OR t.lease_until < clock_timestamp())
			AND `+ready+`
		RETURNING `+targetColumns, id, claim, now, lease)
	if err != nil {
		return nil, fmt.Errorf("cannot claim the target: %w", err)
	}
	all, err := pgx.CollectRows(rows, scanTarget)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	return &all[0], nil
}

// SetTarget writes what one worker came to, where its claim still holds, and counts its lease anew.
func (tx *Tx) SetTarget(ctx context.Context, t Target, claim uuid.UUID, lease time.Duration) error {
	tag, err := tx.Exec(ctx, `UPDATE target SET state = $3, cursor = $4, sweeps = $5, located = $6, total = $7, attempt = $8, next_at = $9, error_class = $10,
			error_detail = $11, accepted_at = $12, erased_at = $13, verified_at = $14,
			lease_until = clock_timestamp() + $15 WHERE id = $1 AND claim = $2`,
		t.ID, claim, t.State, t.Cursor, t.Sweeps, t.Located, t.Total, t.Attempt, t.NextAt, t.ErrorClass, t.ErrorDetail, t.AcceptedAt, t.ErasedAt, t.VerifiedAt, lease)
	if err != nil {
		return fmt.Errorf("cannot write the target: %w", err)
	}
	if tag.RowsAffected() == 0 {
		return problem.Blocked(problem.Blocker{Code: "not_ours", Detail: "another worker holds the target"})
	}
	return nil
}

// ReleaseTarget gives a claim back.
func (tx *Tx) ReleaseTarget(ctx context.Context, id, claim uuid.UUID) error {
	_, err := tx.Exec(ctx, `UPDATE target SET claim = NULL, lease_until = NULL WHERE id = $1 AND claim = $2`, id, claim)
	if err != nil {
		return fmt.Errorf("cannot release the target: %w", err)
	}
	return nil
}

// BeginTargets lets located targets be worked on.
func (tx *Tx) BeginTargets(ctx context.Context, caseID uuid.UUID, now time.Time) error {
	_, err := tx.Exec(ctx, `UPDATE target SET state = 'working', next_at = $2, attempt = 0 WHERE case_id = $1 AND state = 'located'`, caseID, now)
	if err != nil {
		return fmt.Errorf("cannot begin the targets: %w", err)
	}
	return nil
}

// SweepBehind lets what records of an address lead to be looked for once more, and counts those targets. What only its
// owner can look through is not asked again.
func (tx *Tx) SweepBehind(ctx context.Context, caseID uuid.UUID, address string, now time.Time) (int, error) {
	tag, err := tx.Exec(ctx, `UPDATE target SET state = 'sweeping', cursor = NULL, sweeps = sweeps + 1, next_at = $3
		WHERE case_id = $1 AND state IN ('resting', 'done') AND kind <> 'manual' AND spec->'locate_after' ? $2`, caseID, address, now)
	if err != nil {
		return 0, fmt.Errorf("cannot look behind what was found: %w", err)
	}
	return int(tag.RowsAffected()), nil
}

// WakeTarget makes a target, and what it has still to do, due now: a person asks for another try, or a hold ended.
func (tx *Tx) WakeTarget(ctx context.Context, id uuid.UUID, now time.Time) error {
	batch := &pgx.Batch{}
	batch.Queue(`UPDATE target SET next_at = least(next_at, $2), state = CASE WHEN state = 'resting' THEN 'working' ELSE state END
		WHERE id = $1 AND state <> 'done'`, id, now)
	batch.Queue(`UPDATE target_page SET next_at = $2 WHERE target_id = $1 AND state IN ('located', 'tried', 'erased') AND next_at > $2`, id, now)
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("cannot wake the target: %w", err)
	}
	return nil
}

// LockTargetsAt locks every target at an address that is not done: no worker divides one of their pages meanwhile.
func (tx *Tx) LockTargetsAt(ctx context.Context, address string) error {
	_, err := tx.Exec(ctx, `SELECT FROM target WHERE address = $1 AND state <> 'done' ORDER BY id FOR UPDATE`, address)
	if err != nil {
		return fmt.Errorf("cannot lock the targets: %w", err)
	}
	return nil
}

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

// RecordHold keeps one record, or a whole collection, from being destroyed.
type RecordHold struct {
	ID         uuid.UUID
	Address    string
	Commit     []byte
	Ground     string
	PlacedAt   time.Time
	PlacedBy   uuid.UUID
	ApprovedBy *uuid.UUID
	ReviewAt   time.Time
	Until      *time.Time
	Sealed     []byte
	ReleasedAt *time.Time
	ReleasedBy *uuid.UUID
}

const holdColumns = `id, address, commit, ground, placed_at, placed_by, approved_by, review_at, until_at, sealed, released_at, released_by`

func scanRecordHold(row pgx.CollectableRow) (h RecordHold, err error) {
	err = row.Scan(&h.ID, &h.Address, &h.Commit, &h.Ground, &h.PlacedAt, &h.PlacedBy, &h.ApprovedBy, &h.ReviewAt, &h.Until, &h.Sealed, &h.ReleasedAt, &h.ReleasedBy)
	return h, err
}

// InsertRecordHold places a hold.
func (tx *Tx) InsertRecordHold(ctx context.Context, h RecordHold) error {
	_, err := tx.Exec(ctx, `INSERT INTO record_hold (`+holdColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
		h.ID, h.Address, h.Commit, h.Ground, h.PlacedAt, h.PlacedBy, h.ApprovedBy, h.ReviewAt, h.Until, h.Sealed, h.ReleasedAt, h.ReleasedBy)
	if err != nil {
		return fmt.Errorf("cannot place the hold: %w", err)
	}
	return nil
}

// RecordHold reads one hold, locked.
func (tx *Tx) RecordHold(ctx context.Context, id uuid.UUID) (RecordHold, error) {
	rows, err := tx.Query(ctx, `SELECT `+holdColumns+` FROM record_hold WHERE id = $1 FOR UPDATE`, id)
	if err != nil {
		return RecordHold{}, fmt.Errorf("cannot read the hold: %w", err)
	}
	h, err := pgx.CollectExactlyOneRow(rows, scanRecordHold)
	return h, one(err, "hold")
}

// RecordHolds lists holds, those that stand first.
func (tx *Tx) RecordHolds(ctx context.Context, limit int) ([]RecordHold, error) {
	rows, err := tx.Query(ctx, `SELECT `+holdColumns+` FROM record_hold ORDER BY released_at IS NOT NULL, id DESC LIMIT $1`, limit)
	if err != nil {
		return nil, fmt.Errorf("cannot list the holds: %w", err)
	}
	return pgx.CollectRows(rows, scanRecordHold)
}

// SetRecordHold writes who approved or released a hold, and when it is looked at again.
func (tx *Tx) SetRecordHold(ctx context.Context, h RecordHold) error {
	_, err := tx.Exec(ctx, `UPDATE record_hold SET approved_by = $2, released_at = $3, released_by = $4, review_at = $5 WHERE id = $1`, h.ID, h.ApprovedBy, h.ReleasedAt, h.ReleasedBy, h.ReviewAt)
	if err != nil {
		return fmt.Errorf("cannot write the hold: %w", err)
	}
	return nil
}

// AnyHolding says whether any hold stands on a record of a collection, or on all of it.
func (tx *Tx) AnyHolding(ctx context.Context, address string, now time.Time) (any bool, err error) {
	err = tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM record_hold WHERE address = $1 AND released_at IS NULL AND (until_at IS NULL OR until_at > $2))`, address, now).Scan(&any)
	if err != nil {
		return false, fmt.Errorf("cannot read the holds: %w", err)
	}
	return any, nil
}

// Holding are the holds that stand at an instant on any of some records of a collection, by their keys' commitments; a hold
// on the whole collection stands under the empty one.
func (tx *Tx) Holding(ctx context.Context, address string, commits [][]byte, now time.Time) (map[string]RecordHold, error) {
	rows, err := tx.Query(ctx, `SELECT `+holdColumns+` FROM record_hold WHERE address = $1 AND (commit = ANY($2) OR commit = '') AND released_at IS NULL
		AND (until_at IS NULL OR until_at > $3) ORDER BY id`, address, commits, now)
	if err != nil {
		return nil, fmt.Errorf("cannot read the holds: %w", err)
	}
	holds, err := pgx.CollectRows(rows, scanRecordHold)
	of := make(map[string]RecordHold, len(holds))
	for _, h := range holds {
		of[string(h.Commit)] = h
	}
	return of, err
}

// CasesAt are the requests that have not ended their work on an address, and whose chain can still be written to.
func (tx *Tx) CasesAt(ctx context.Context, address string) ([]uuid.UUID, error) {
	rows, err := tx.Query(ctx, `SELECT DISTINCT t.case_id FROM target t JOIN data_key y ON y.scope = t.case_id
		WHERE t.address = $1 AND t.state <> 'done' AND length(y.wrapped) > 0 ORDER BY t.case_id`, address)
	if err != nil {
		return nil, fmt.Errorf("cannot read which requests work there: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
}

// CasesHeldBy are the cases with records that a hold keeps.
func (tx *Tx) CasesHeldBy(ctx context.Context, hold uuid.UUID) ([]uuid.UUID, error) {
	rows, err := tx.Query(ctx, `SELECT DISTINCT case_id FROM target_page WHERE hold_id = $1 AND state = 'held' ORDER BY case_id`, hold)
	if err != nil {
		return nil, fmt.Errorf("cannot read what is held: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
}

// PagesHeldBy are the pages that a hold keeps.
func (tx *Tx) PagesHeldBy(ctx context.Context, hold uuid.UUID) ([]TargetPage, error) {
	rows, err := tx.Query(ctx, `SELECT `+pageColumns+` FROM target_page p WHERE p.hold_id = $1 AND p.state = 'held' ORDER BY p.id FOR UPDATE`, hold)
	if err != nil {
		return nil, fmt.Errorf("cannot read what is held: %w", err)
	}
	return pgx.CollectRows(rows, scanTargetPage)
}

// ready says that nothing a target waits for stands before it: what leads to it was located, and what has to go before it
// is gone or rests.
const ready = `(CASE t.state WHEN 'locating' THEN NOT EXISTS (SELECT FROM target o WHERE o.case_id = t.case_id AND o.state = 'locating' AND t.spec->'locate_after' ? o.address)
	WHEN 'located' THEN false WHEN 'done' THEN false
	ELSE NOT EXISTS (SELECT FROM target o WHERE o.case_id = t.case_id AND o.state NOT IN ('resting', 'done') AND t.spec->'erase_after' ? o.address) END)`

// NextOfRequest reads when a request's process has to look again.
func (tx *Tx) NextOfRequest(ctx context.Context, caseID uuid.UUID, offset time.Duration, now time.Time) (next request.Next, err error) {
	if next.Next, err = tx.Next(ctx, caseID, offset); err != nil {
		return next, err
	}
	var any bool
	err = tx.QueryRow(ctx, `SELECT count(*) > 0, min(greatest(t.next_at, t.lease_until + $2)) FILTER (WHERE `+ready+`) FROM target t WHERE t.case_id = $1`, caseID, offset).
		Scan(&any, &next.Target)
	if err != nil {
		return next, fmt.Errorf("cannot read what the targets wait for: %w", err)
	}
	err = tx.QueryRow(ctx, `SELECT min(d.started_at + (d.target - d.started_at) * 2 / 3) FROM duty d WHERE d.case_id = $1 AND d.counterparty = 'person/requester'
		AND d.state IN ('proposed', 'required') AND d.rule NOT LIKE '%acknowledge%'
		AND NOT EXISTS (SELECT FROM notice n WHERE n.case_id = $1 AND n.kind IN ('person/answer', 'person/denial', 'person/export_ready') AND n.state <> 'withdrawn')`, caseID).Scan(&next.Draft)
	if err != nil {
		return next, fmt.Errorf("cannot read when an answer has to be drafted: %w", err)
	}
	if !any { // The plan's targets are not laid out yet.
		next.Target = &now
	}
	err = tx.QueryRow(ctx, `SELECT min(h.review_at) FROM record_hold h WHERE `+unreviewed, caseID, now).Scan(&next.Review)
	if err != nil {
		return next, fmt.Errorf("cannot read when a hold is looked at again: %w", err)
	}
	err = tx.QueryRow(ctx, `SELECT min(o.due_at) FROM owner_task o WHERE `+unreminded, caseID).Scan(&next.Remind)
	if err != nil {
		return next, fmt.Errorf("cannot read when an owner is reminded: %w", err)
	}
	return next, nil
}

// reviewKey is the key of the raise about a review date; unreviewed are the holds h that stand at $2, keep records of the request
// $1, and whose review date nobody was raised about.
const (
	reviewKey  = `'hold_review@' || h.id || '@' || extract(epoch FROM h.review_at)`
	unreviewed = `h.released_at IS NULL AND (h.until_at IS NULL OR h.until_at > $2)
		AND EXISTS (SELECT FROM target_page p WHERE p.hold_id = h.id AND p.state = 'held' AND p.case_id = $1)
		AND NOT EXISTS (SELECT FROM raise r WHERE r.case_id = $1 AND r.key = ` + reviewKey + `)`
)

// DueReview is a hold whose review date has come.
type DueReview struct {
	// Key is the key of the raise about it.
	Key string
	At  time.Time
	// Records of the request are kept by it.
	Records int
}

// DueReviews are the holds on records of a request that counsel has to look at again.
func (tx *Tx) DueReviews(ctx context.Context, caseID uuid.UUID, now time.Time) ([]DueReview, error) {
	rows, err := tx.Query(ctx, `SELECT `+reviewKey+`, h.review_at, (SELECT sum(items)::int FROM target_page p WHERE p.hold_id = h.id AND p.state = 'held' AND p.case_id = $1)
		FROM record_hold h WHERE h.review_at <= $2 AND `+unreviewed+` ORDER BY h.review_at, h.id`, caseID, now)
	if err != nil {
		return nil, fmt.Errorf("cannot read which holds are due for review: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[DueReview])
}

// DueTargets are the targets that can be worked on side by side now.
func (tx *Tx) DueTargets(ctx context.Context, caseID uuid.UUID, now time.Time) ([]uuid.UUID, error) {
	rows, err := tx.Query(ctx, `SELECT t.id FROM target t WHERE t.case_id = $1 AND t.next_at <= $2 AND (t.lease_until IS NULL OR t.lease_until < clock_timestamp()) AND `+ready+`
		ORDER BY t.next_at, t.id LIMIT 100`, caseID, now)
	if err != nil {
		return nil, fmt.Errorf("cannot read the targets that are due: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
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

// TargetByID reads one target.
func (tx *Tx) TargetByID(ctx context.Context, id uuid.UUID) (Target, error) {
	rows, err := tx.Query(ctx, `SELECT `+targetColumns+` FROM target t WHERE t.id = $1`, id)
	if err != nil {
		return Target{}, fmt.Errorf("cannot read the target: %w", err)
	}
	t, err := pgx.CollectExactlyOneRow(rows, scanTarget)
	return t, one(err, "target")
}
