package store

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/atlascloudai/docket/core/cases/incident"
)

// Standing is what the tables say of a case besides its row.
type Standing struct {
	Counts incident.Counts
	// NextInstant is as NextInstant reads it.
	NextInstant *time.Time
	// DueNow is how much is due and has not been carried out yet: milestones, steps, pages, recipients.
	DueNow int
	// NextDue is the earliest target of an open duty.
	NextDue *time.Time
}

// Standing reads it in one round trip.
func (tx *Tx) Standing(ctx context.Context, caseID uuid.UUID, offset time.Duration) (s Standing, err error) {
	batch := &pgx.Batch{}
	batch.Queue(counts, caseID).QueryRow(func(row pgx.Row) (err error) { s.Counts, err = scanCounts(row); return err })
	batch.Queue(nextInstant, caseID, offset).QueryRow(func(row pgx.Row) error { return row.Scan(&s.NextInstant) })
	batch.Queue(dueNow, caseID, offset).QueryRow(func(row pgx.Row) error { return row.Scan(&s.DueNow) })
	batch.Queue(nextDue, caseID).QueryRow(func(row pgx.Row) error { return row.Scan(&s.NextDue) })
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return s, fmt.Errorf("cannot read how the case stands: %w", err)
	}
	return s, nil
}

// NextInstant is the earliest case instant ahead at which anything of a case happens by itself: a milestone,
// a step of an escalation, a recipient's next try. The player of a drill moves the clock there.
func (tx *Tx) NextInstant(ctx context.Context, caseID uuid.UUID, offset time.Duration) (at *time.Time, err error) {
	err = tx.QueryRow(ctx, nextInstant, caseID, offset).Scan(&at)
	if err != nil {
		return nil, fmt.Errorf("cannot look ahead: %w", err)
	}
	return at, nil
}

// Recipients are looked for sending by sending, whose index holds those that are not at an end only.
const (
	nextInstant = `SELECT min(at) FROM (
			SELECT at FROM milestone WHERE case_id = $1 AND raised_at IS NULL
			UNION ALL SELECT next_step_at FROM raise WHERE case_id = $1 AND acknowledged_at IS NULL
			UNION ALL SELECT (SELECT min(d.next_at) FROM delivery d WHERE d.campaign_id = c.id AND d.state IN ('planned', 'deferred')
				AND d.next_at > clock_timestamp() + $2::interval) FROM campaign c WHERE c.case_id = $1 AND c.state = 'running') ahead
		WHERE at > clock_timestamp() + $2::interval`
	dueNow = `WITH t AS (SELECT clock_timestamp() + $2::interval AS now)
		SELECT (SELECT count(*) FROM milestone, t WHERE case_id = $1 AND raised_at IS NULL AND at <= t.now)
			+ (SELECT count(*) FROM raise, t WHERE case_id = $1 AND acknowledged_at IS NULL AND next_step_at <= t.now)
			+ (SELECT count(*) FROM page WHERE case_id = $1 AND answered_at IS NULL)
			+ (SELECT coalesce(sum((SELECT count(*) FROM delivery d WHERE d.campaign_id = c.id AND d.claim IS NOT NULL)
				+ (SELECT count(*) FROM delivery d, t WHERE d.campaign_id = c.id AND d.state IN ('planned', 'deferred') AND d.next_at <= t.now)), 0)
				FROM campaign c WHERE c.case_id = $1 AND c.state = 'running')::bigint`
	nextDue = `SELECT min(target) FROM duty WHERE case_id = $1 AND state IN ('proposed', 'required')`
)
