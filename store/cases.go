package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/audit"
	"github.com/atlascloudai/docket/core/cases/incident"
)

// Case is one row of cases. Now is case time: the database's clock plus the case's offset.
type Case struct {
	ID             uuid.UUID
	Kind           string
	Code           string
	Status         string
	State          json.RawMessage
	Sealed         []byte
	SummaryVersion int
	Restricted     bool
	Drill          bool
	Offset         time.Duration
	PackVersion    string
	OpenedAt       time.Time
	NextSeq        int64
	Head           []byte
	HeadAt         *time.Time
	Now            time.Time
	// KEK and Wrapped are the case's data key.
	KEK     string
	Wrapped []byte
}

const caseColumns = `c.id, c.kind, c.code, c.status, c.state, c.sealed, c.summary_version, c.restricted, c.drill,
	c.clock_offset, c.pack_version, c.opened_at, c.next_seq, c.head, c.head_at, clock_timestamp() + c.clock_offset, y.kek, coalesce(y.wrapped, '')`

const caseSelect = `SELECT ` + caseColumns + ` FROM cases c JOIN data_key y ON y.scope = c.id `

func scanCase(row pgx.Row) (Case, error) {
	var c Case
	err := row.Scan(&c.ID, &c.Kind, &c.Code, &c.Status, &c.State, &c.Sealed, &c.SummaryVersion, &c.Restricted, &c.Drill,
		&c.Offset, &c.PackVersion, &c.OpenedAt, &c.NextSeq, &c.Head, &c.HeadAt, &c.Now, &c.KEK, &c.Wrapped)
	return c, err
}

// InsertCase writes a new case with an empty chain.
func (tx *Tx) InsertCase(ctx context.Context, c Case) error {
	_, err := tx.Exec(ctx, `INSERT INTO cases (id, kind, code, status, state, sealed, restricted, drill, pack_version, opened_at, head)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
		c.ID, c.Kind, c.Code, c.Status, c.State, c.Sealed, c.Restricted, c.Drill, c.PackVersion, c.OpenedAt, c.Head)
	if err != nil {
		return fmt.Errorf("cannot insert the case: %w", err)
	}
	return nil
}

// Now is the database's clock, for what has no case yet.
func (tx *Tx) Now(ctx context.Context) (now time.Time, err error) {
	err = tx.QueryRow(ctx, `SELECT clock_timestamp()`).Scan(&now)
	return now, err
}

// Case reads a case as the actor sees it.
func (tx *Tx) Case(ctx context.Context, actor access.Actor, id uuid.UUID) (Case, error) {
	who, all := viewer(actor)
	c, err := scanCase(tx.QueryRow(ctx, caseSelect+`WHERE c.id = $3 AND `+sees, who, all, id))
	return c, one(err, "case")
}

// CaseByCode finds a case by the short code that people say.
func (tx *Tx) CaseByCode(ctx context.Context, actor access.Actor, code string) (Case, error) {
	who, all := viewer(actor)
	c, err := scanCase(tx.QueryRow(ctx, caseSelect+`WHERE c.code = $3 AND `+sees, who, all, code))
	return c, one(err, "case")
}

// LockCase takes the case's lock and then its time, once for the transaction.
func (tx *Tx) LockCase(ctx context.Context, actor access.Actor, id uuid.UUID) (Case, error) {
	who, all := viewer(actor)
	var c Case
	batch := &pgx.Batch{}
	batch.Queue(`SELECT FROM cases c WHERE c.id = $3 AND `+sees+` FOR UPDATE OF c`, who, all, id)
	batch.Queue(caseSelect+`WHERE c.id = $3 AND `+sees, who, all, id).QueryRow(func(row pgx.Row) (err error) {
		c, err = scanCase(row)
		return err
	})
	err := tx.SendBatch(ctx, batch).Close()
	return c, one(err, "case")
}

// SaveCase writes back what a decision changed, appends its entries to the chain and, where there are any, rings. The
// caller holds the case's lock.
func (tx *Tx) SaveCase(ctx context.Context, c *Case, entries []audit.Entry, bell Bell) error {
	batch := &pgx.Batch{}
	if err := queueEntries(batch, c, entries); err != nil {
		return err
	}
	batch.Queue(`UPDATE cases SET status = $2, state = $3, sealed = $4, summary_version = $5, restricted = $6,
		clock_offset = $7, next_seq = $8, head = $9, head_at = $10 WHERE id = $1`,
		c.ID, c.Status, c.State, c.Sealed, c.SummaryVersion, c.Restricted, c.Offset, c.NextSeq, c.Head, c.HeadAt)
	if len(entries) > 0 {
		queueRing(batch, bell)
	}
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("cannot save the case: %w", err)
	}
	return nil
}

// CaseFilter narrows a list of cases.
type CaseFilter struct {
	Status string
	// Before is the id of the last case of the page before; the list runs from the newest.
	Before uuid.UUID
	Limit  int
}

// Cases lists cases as the actor sees them, newest first, by keyset.
func (tx *Tx) Cases(ctx context.Context, actor access.Actor, f CaseFilter) ([]Case, error) {
	who, all := viewer(actor)
	before := f.Before
	if before == uuid.Nil {
		before = uuid.Max
	}
	rows, err := tx.Query(ctx, caseSelect+`
		WHERE c.id < $3 AND ($4 = '' OR c.status = $4) AND `+sees+` ORDER BY c.id DESC LIMIT $5`, who, all, before, f.Status, f.Limit)
	if err != nil {
		return nil, fmt.Errorf("cannot list cases: %w", err)
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (Case, error) { return scanCase(row) })
}

// SetMembers says who sees a restricted case.
func (tx *Tx) SetMembers(ctx context.Context, caseID uuid.UUID, members []uuid.UUID) error {
	if _, err := tx.Exec(ctx, `DELETE FROM case_member WHERE case_id = $1`, caseID); err != nil {
		return fmt.Errorf("cannot replace the members: %w", err)
	}
	_, err := tx.Exec(ctx, `INSERT INTO case_member SELECT $1, unnest($2::uuid[]) ON CONFLICT DO NOTHING`, caseID, members)
	if err != nil {
		return fmt.Errorf("cannot write the members: %w", err)
	}
	return nil
}

// AddMember lets one more person see a restricted case.
func (tx *Tx) AddMember(ctx context.Context, caseID, member uuid.UUID) error {
	_, err := tx.Exec(ctx, `INSERT INTO case_member VALUES ($1, $2) ON CONFLICT DO NOTHING`, caseID, member)
	if err != nil {
		return fmt.Errorf("cannot write the member: %w", err)
	}
	return nil
}

// Counts reads what a decision about an incident has to know of the tables.
func (tx *Tx) Counts(ctx context.Context, caseID uuid.UUID) (incident.Counts, error) {
	n, err := scanCounts(tx.QueryRow(ctx, counts, caseID))
	if err != nil {
		return n, fmt.Errorf("cannot count what the case holds: %w", err)
	}
	return n, nil
}

const counts = `SELECT
		d.open, d.proposed, (SELECT count(*) FROM duty WHERE case_id = $1 AND governs = 'undecided'),
		coalesce((SELECT id::text FROM duty WHERE case_id = $1 AND state IN ('proposed', 'required') ORDER BY limit_at NULLS LAST, id LIMIT 1), ''), w.drafts, coalesce(w.first::text, ''),
		(SELECT count(*) FROM campaign WHERE case_id = $1 AND state IN ('running', 'paused')),
		(SELECT count(*) FROM delivery WHERE case_id = $1 AND state = 'unknown'),
		(SELECT count(*) FROM raise WHERE case_id = $1 AND acknowledged_at IS NULL),
		(SELECT count(*) FROM exemption WHERE case_id = $1 AND review_since IS NOT NULL)
		FROM (SELECT count(*) AS open, count(*) FILTER (WHERE state = 'proposed') AS proposed
			FROM duty WHERE case_id = $1 AND state IN ('proposed', 'required')) d,
		(SELECT count(*) AS drafts, (array_agg(id))[1] AS first FROM notice
			WHERE case_id = $1 AND state IN ('draft', 'awaiting_approval', 'approved')) w`

func scanCounts(row pgx.Row) (n incident.Counts, err error) {
	err = row.Scan(&n.OpenDuties, &n.ProposedDuties, &n.UndecidedStarts, &n.FirstOpenDuty, &n.DraftNotices, &n.FirstDraft,
		&n.RunningCampaigns, &n.UnknownOutcomes, &n.OpenRaises, &n.ExemptionsToReview)
	return n, err
}

// Entry is one stored line of the timeline.
type Entry struct {
	audit.Entry
	// XID and Feed order entries over all cases for the outgoing feed.
	XID  uint64
	Feed int64
	// Drill says in the feed that the case is an exercise.
	Drill bool
}

// queueEntries appends entries to the case's chain and moves its head.
func queueEntries(batch *pgx.Batch, c *Case, entries []audit.Entry) error {
	tip := audit.Tip{Case: c.ID.String(), Seq: c.NextSeq - 1}
	copy(tip.Hash[:], c.Head)
	if c.HeadAt != nil {
		tip.RecordedAt = *c.HeadAt
	}
	for _, draft := range entries {
		e, err := tip.Append(draft)
		if err != nil {
			return err
		}
		batch.Queue(`INSERT INTO timeline (case_id, seq, happened_at, recorded_at, kind, actor, body, sealed, prev, hash)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
			c.ID, e.Seq, e.HappenedAt, e.RecordedAt, e.Kind, e.Actor, e.Body, e.Sealed, e.Prev[:], e.Hash[:])
		tip = e.Tip()
	}
	c.NextSeq, c.Head, c.HeadAt = tip.Seq+1, tip.Hash[:], &tip.RecordedAt
	return nil
}

const entryColumns = `t.case_id::text, t.seq, t.happened_at, t.recorded_at, t.kind, t.actor, t.body, t.sealed, t.prev, t.hash,
	t.xid::text::bigint, t.feed`

func scanEntry(row pgx.CollectableRow) (Entry, error) {
	var e Entry
	err := e.scan(row)
	return e, err
}

// scan reads a row of entryColumns, and what stands behind them.
func (e *Entry) scan(row pgx.CollectableRow, more ...any) error {
	var prev, hash []byte
	err := row.Scan(append([]any{&e.Case, &e.Seq, &e.HappenedAt, &e.RecordedAt, &e.Kind, &e.Actor, &e.Body, &e.Sealed, &prev, &hash, &e.XID, &e.Feed}, more...)...)
	if err == nil {
		e.Prev, err = audit.ReadDigest(prev)
	}
	if err == nil {
		e.Hash, err = audit.ReadDigest(hash)
	}
	e.HappenedAt, e.RecordedAt = e.HappenedAt.UTC(), e.RecordedAt.UTC()
	return err
}

// Timeline reads a case's entries after a sequence number.
func (tx *Tx) Timeline(ctx context.Context, caseID uuid.UUID, after int64, limit int) ([]Entry, error) {
	rows, err := tx.Query(ctx, `SELECT `+entryColumns+` FROM timeline t WHERE t.case_id = $1 AND t.seq > $2 ORDER BY t.seq LIMIT $3`, caseID, after, limit)
	if err != nil {
		return nil, fmt.Errorf("cannot read the timeline: %w", err)
	}
	return pgx.CollectRows(rows, scanEntry)
}

// Feed reads entries over all cases that the actor sees, in commit order after a cursor. Entries of
// transactions that are still running are held back, so that a reader who follows the cursor misses none.
func (tx *Tx) Feed(ctx context.Context, actor access.Actor, xid uint64, feed int64, limit int) ([]Entry, error) {
	who, all := viewer(actor)
	rows, err := tx.Query(ctx, `SELECT `+entryColumns+`, c.drill FROM timeline t JOIN cases c ON c.id = t.case_id
		WHERE (t.xid, t.feed) > ($3::text::xid8, $4) AND t.xid < pg_snapshot_xmin(pg_current_snapshot()) AND `+sees+`
		ORDER BY t.xid, t.feed LIMIT $5`, who, all, fmt.Sprint(xid), feed, limit)
	if err != nil {
		return nil, fmt.Errorf("cannot read the feed: %w", err)
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (e Entry, err error) {
		err = e.scan(row, &e.Drill)
		return e, err
	})
}

// Access records that somebody read a restricted case.
func (tx *Tx) Access(ctx context.Context, actor access.Actor, caseID uuid.UUID, kind string) error {
	who, _ := viewer(actor)
	_, err := tx.Exec(ctx, `INSERT INTO access_event (case_id, principal_id, kind) VALUES ($1, $2, $3)`, caseID, who, kind)
	if err != nil {
		return fmt.Errorf("cannot record the access: %w", err)
	}
	return nil
}
