package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/atlascloudai/docket/core/audit"
)

// Installation is which installation a database belongs to.
type Installation struct {
	ID               uuid.UUID
	SystemIdentifier string
	Timeline         int
	QuarantinedAt    *time.Time
	Reason           *string
	HeadsSequence    int64
	HeadsDigest      []byte
}

// Cluster is the identity of the database that answers: its cluster's identifier with its own number in it, and
// the cluster's timeline. A restored dump has another identifier, a promoted copy another timeline.
func (tx *Tx) Cluster(ctx context.Context) (system string, timeline int, err error) {
	err = tx.QueryRow(ctx, `SELECT s.system_identifier || '/' || d.oid, c.timeline_id
		FROM pg_control_system() s, pg_control_checkpoint() c, pg_database d WHERE d.datname = current_database()`).Scan(&system, &timeline)
	if err != nil {
		return "", 0, fmt.Errorf("cannot read the cluster's identity: %w", err)
	}
	return system, timeline, nil
}

// Installation reads the installation row; nil before the first start.
func (tx *Tx) Installation(ctx context.Context) (*Installation, error) {
	var i Installation
	err := tx.QueryRow(ctx, `SELECT id, system_identifier, timeline, quarantined_at, quarantine_reason, heads_sequence, heads_digest FROM installation`).
		Scan(&i.ID, &i.SystemIdentifier, &i.Timeline, &i.QuarantinedAt, &i.Reason, &i.HeadsSequence, &i.HeadsDigest)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read the installation: %w", err)
	}
	return &i, nil
}

// Install writes the installation row on the first start; later calls change nothing.
func (tx *Tx) Install(ctx context.Context, i Installation) error {
	_, err := tx.Exec(ctx, `INSERT INTO installation (id, system_identifier, timeline) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`, i.ID, i.SystemIdentifier, i.Timeline)
	if err != nil {
		return fmt.Errorf("cannot write the installation: %w", err)
	}
	return nil
}

// Quarantine stops every sending; the first reason stays.
func (tx *Tx) Quarantine(ctx context.Context, reason string) error {
	_, err := tx.Exec(ctx, `UPDATE installation SET quarantined_at = clock_timestamp(), quarantine_reason = $1 WHERE quarantined_at IS NULL`, reason)
	if err != nil {
		return fmt.Errorf("cannot quarantine: %w", err)
	}
	return nil
}

// Reconciliation is the record of a quarantine's end.
type Reconciliation struct {
	ID, By uuid.UUID
	// Reason is what the quarantine was for.
	Reason string
	// HeadsSequence is the newest published file then, HeadsDigest its digest.
	HeadsSequence int64
	HeadsDigest   []byte
	Sealed        []byte
}

// Reconcile ends a quarantine: this database is the installation from now on, and all its chains are published anew.
func (tx *Tx) Reconcile(ctx context.Context, system string, timeline int, r Reconciliation) error {
	batch := &pgx.Batch{}
	batch.Queue(`INSERT INTO reconciliation (id, principal_id, quarantine_reason, heads_sequence, sealed) VALUES ($1, $2, $3, $4, $5)`,
		r.ID, r.By, r.Reason, r.HeadsSequence, r.Sealed)
	batch.Queue(`UPDATE installation SET quarantined_at = NULL, quarantine_reason = NULL, system_identifier = $1, timeline = $2,
		heads_sequence = $3, heads_digest = $4`, system, timeline, r.HeadsSequence, r.HeadsDigest)
	batch.Queue(`UPDATE cases SET published = 0 WHERE published > 0`)
	// What waited through the quarantine goes on now, not when it next looks.
	batch.Queue(`UPDATE bell SET seq = seq + 1, rung = least(rung, heard), ring_after = NULL,
		raised_at = CASE WHEN seq = heard THEN clock_timestamp() ELSE raised_at END WHERE seq > heard OR wake_at IS NOT NULL`)
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("cannot end the quarantine: %w", err)
	}
	return nil
}

// BeginsAnew says whether nothing was published since a quarantine was ended.
func (tx *Tx) BeginsAnew(ctx context.Context) (anew bool, err error) {
	err = tx.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM reconciliation r JOIN installation i ON r.heads_sequence = i.heads_sequence)`).Scan(&anew)
	if err != nil {
		return false, fmt.Errorf("cannot read the reconciliations: %w", err)
	}
	return anew, nil
}

// LockHeads takes the one right to publish, without waiting.
func (tx *Tx) LockHeads(ctx context.Context) (*Installation, error) {
	var i Installation
	err := tx.QueryRow(ctx, `SELECT id, system_identifier, timeline, quarantined_at, quarantine_reason, heads_sequence, heads_digest FROM installation FOR UPDATE SKIP LOCKED`).
		Scan(&i.ID, &i.SystemIdentifier, &i.Timeline, &i.QuarantinedAt, &i.Reason, &i.HeadsSequence, &i.HeadsDigest)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("cannot lock the installation: %w", err)
	}
	return &i, nil
}

// MovedHeads are the ends of the chains that grew since they were last published.
func (tx *Tx) MovedHeads(ctx context.Context) ([]audit.Head, error) {
	rows, err := tx.Query(ctx, `SELECT id::text, next_seq - 1, head FROM cases WHERE next_seq - 1 > published ORDER BY id`)
	if err != nil {
		return nil, fmt.Errorf("cannot read the heads: %w", err)
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (h audit.Head, err error) {
		var hash []byte
		if err := row.Scan(&h.Case, &h.Seq, &hash); err != nil {
			return h, err
		}
		h.Hash, err = audit.ReadDigest(hash)
		return h, err
	})
}

// Tip is the number of a case's newest entry; false if the case is not there.
func (tx *Tx) Tip(ctx context.Context, caseID string) (tip int64, ok bool, err error) {
	err = tx.QueryRow(ctx, `SELECT next_seq - 1 FROM cases WHERE id = $1`, caseID).Scan(&tip)
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, false, nil
	}
	return tip, err == nil, err
}

// HashAt reads the hash of one entry, to hold it against a published head.
func (tx *Tx) HashAt(ctx context.Context, caseID string, seq int64) (hash []byte, err error) {
	err = tx.QueryRow(ctx, `SELECT hash FROM timeline WHERE case_id = $1 AND seq = $2`, caseID, seq).Scan(&hash)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	return hash, err
}

// HeadsPublished notes the newest published file and the heads in it.
func (tx *Tx) HeadsPublished(ctx context.Context, sequence int64, digest []byte, heads []audit.Head) error {
	batch := &pgx.Batch{}
	batch.Queue(`UPDATE installation SET heads_sequence = $1, heads_digest = $2`, sequence, digest)
	for _, h := range heads {
		batch.Queue(`UPDATE cases SET published = $2 WHERE id = $1 AND published < $2`, h.Case, h.Seq)
	}
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("cannot note the published heads: %w", err)
	}
	return nil
}

// InsertDataKey writes the wrapped data key of a scope.
func (tx *Tx) InsertDataKey(ctx context.Context, scope uuid.UUID, kek string, wrapped []byte) error {
	_, err := tx.Exec(ctx, `INSERT INTO data_key (scope, kek, wrapped) VALUES ($1, $2, $3)`, scope, kek, wrapped)
	if err != nil {
		return fmt.Errorf("cannot write the data key: %w", err)
	}
	return nil
}

// DataKey reads the wrapped data key of a scope.
func (tx *Tx) DataKey(ctx context.Context, scope uuid.UUID) (kek string, wrapped []byte, err error) {
	err = tx.QueryRow(ctx, `SELECT kek, coalesce(wrapped, '') FROM data_key WHERE scope = $1`, scope).Scan(&kek, &wrapped)
	return kek, wrapped, one(err, "data key")
}

// Status is what the engine says of itself to its operators.
type Status struct {
	Duties          map[string]int
	Deliveries      map[string]int
	OldestUnclaimed time.Duration
	OldestUnheard   time.Duration
	OpenRaises      int
}

// Status counts open duties by the state of their clocks, deliveries by state, and the oldest waiting work. Drills count in nothing,
// and restricted cases do not exist for whoever reads figures.
func (tx *Tx) Status(ctx context.Context) (Status, error) {
	s := Status{Duties: map[string]int{}, Deliveries: map[string]int{}}
	for query, into := range map[string]map[string]int{
		`SELECT CASE WHEN d.target IS NULL THEN 'waiting' WHEN coalesce(d.limit_at, d.target) < clock_timestamp() THEN 'overdue'
				WHEN clock_timestamp() >= d.started_at + (d.target - d.started_at) * 0.75 THEN 'at_risk' ELSE 'on_track' END, count(*)::int
			FROM duty d JOIN cases c ON c.id = d.case_id WHERE d.state IN ('proposed', 'required') AND NOT c.drill AND NOT c.restricted GROUP BY 1`: s.Duties,
		`SELECT d.state, count(*)::int FROM delivery d JOIN cases c ON c.id = d.case_id WHERE NOT c.drill AND NOT c.restricted GROUP BY 1`: s.Deliveries,
	} {
		rows, err := tx.Query(ctx, query)
		if err != nil {
			return s, fmt.Errorf("cannot read the status: %w", err)
		}
		var name string
		var n int
		if _, err := pgx.ForEachRow(rows, []any{&name, &n}, func() error { into[name] = n; return nil }); err != nil {
			return s, fmt.Errorf("cannot read the status: %w", err)
		}
	}
	err := tx.QueryRow(ctx, `SELECT
		coalesce((SELECT clock_timestamp() - min(d.next_at) FROM delivery d JOIN campaign p ON p.id = d.campaign_id JOIN cases c ON c.id = d.case_id
			WHERE d.state IN ('planned', 'deferred') AND p.state = 'running' AND d.next_at <= clock_timestamp() AND NOT c.drill), '0'),
		coalesce((SELECT clock_timestamp() - min(b.raised_at) FROM bell b JOIN cases c ON c.id = b.case_id WHERE b.seq > b.heard AND NOT c.drill), '0'),
		(SELECT count(*)::int FROM raise r JOIN cases c ON c.id = r.case_id WHERE r.acknowledged_at IS NULL AND NOT c.drill AND NOT c.restricted)`).
		Scan(&s.OldestUnclaimed, &s.OldestUnheard, &s.OpenRaises)
	if err != nil {
		return s, fmt.Errorf("cannot read the status: %w", err)
	}
	return s, nil
}
