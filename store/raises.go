package store

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/atlascloudai/docket/core/cases/incident"
)

// Milestone is an instant at which the duties of one clock are raised.
type Milestone struct {
	Kind      string
	At        time.Time
	StartedAt time.Time
	Target    time.Time
	Limit     *time.Time
}

// AddMilestones writes the milestones of clocks; duties that share a clock share them. One that was raised before
// a duty joined the clock, or before another clock came to the same instant, is raised once more: nobody has been told of
// that duty.
func (tx *Tx) AddMilestones(ctx context.Context, caseID uuid.UUID, milestones []Milestone) error {
	batch := &pgx.Batch{}
	for _, m := range milestones {
		batch.Queue(`INSERT INTO milestone (case_id, kind, at, started_at, target, limit_at, generation)
			SELECT $1, $2, $3, $4, $5, $6, 1 + coalesce(max(generation), 0) FROM milestone WHERE case_id = $1 AND kind = $2 AND at = $3 AND raised_at IS NOT NULL
			ON CONFLICT (case_id, kind, started_at, target, limit_at)
			DO UPDATE SET raised_at = NULL, generation = excluded.generation WHERE milestone.raised_at IS NOT NULL`,
			caseID, m.Kind, m.At, m.StartedAt, m.Target, m.Limit)
	}
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("cannot write the milestones: %w", err)
	}
	return nil
}

// DueMilestone is a kind of milestone at one instant, with the open duties it concerns.
type DueMilestone struct {
	Kind  string
	At    time.Time
	Count int
	// Generation is how often it has come due, counted from 1: once more for duties that joined later.
	Generation int
	// Concerns is how many open duties all that came due together concerns, each counted once.
	Concerns int
}

// TakeDueMilestones marks what has passed as raised and answers, per distinct instant and kind, how many
// open duties it concerns; zero where they all were met in time.
func (tx *Tx) TakeDueMilestones(ctx context.Context, caseID uuid.UUID, now time.Time) ([]DueMilestone, error) {
	rows, err := tx.Query(ctx, `WITH due AS (
			UPDATE milestone SET raised_at = $2 WHERE case_id = $1 AND raised_at IS NULL AND at <= $2
			RETURNING kind, at, started_at, target, limit_at, generation)
		SELECT kind, at, coalesce(sum((SELECT count(*) FROM duty d WHERE d.case_id = $1 AND d.state IN ('proposed', 'required')
			AND d.started_at = due.started_at AND d.target = due.target AND d.limit_at IS NOT DISTINCT FROM due.limit_at)), 0)::int, max(generation)
			, (SELECT count(*) FROM duty d WHERE d.case_id = $1 AND d.state IN ('proposed', 'required') AND EXISTS (SELECT 1 FROM due
				WHERE d.started_at = due.started_at AND d.target = due.target AND d.limit_at IS NOT DISTINCT FROM due.limit_at))::int
		FROM due GROUP BY kind, at ORDER BY at, kind`, caseID, now)
	if err != nil {
		return nil, fmt.Errorf("cannot take the due milestones: %w", err)
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (m DueMilestone, err error) {
		err = row.Scan(&m.Kind, &m.At, &m.Count, &m.Generation, &m.Concerns)
		return m, err
	})
}

// Next reads the earliest instants, in case time, at which something of an incident comes due.
func (tx *Tx) Next(ctx context.Context, caseID uuid.UUID, offset time.Duration) (incident.Next, error) {
	var next incident.Next
	err := tx.QueryRow(ctx, `SELECT
		(SELECT min(at) FROM milestone WHERE case_id = $1 AND raised_at IS NULL),
		(SELECT min(next_step_at) FROM raise WHERE case_id = $1 AND acknowledged_at IS NULL),
		(SELECT min(greatest(next_at, coalesce(lease_until, next_at))) + $2 FROM page WHERE case_id = $1 AND answered_at IS NULL)`, caseID, offset).
		Scan(&next.Milestone, &next.Step, &next.Page)
	if err != nil {
		return next, fmt.Errorf("cannot read what comes due: %w", err)
	}
	return next, nil
}

// Raise is one thing that people were raised for.
type Raise struct {
	ID             uuid.UUID
	Case           uuid.UUID
	Key            string
	Kind           string
	DueAt          time.Time
	Count          int
	RecordedAt     time.Time
	RecordedBy     string
	Step           int
	NextStepAt     *time.Time
	AcknowledgedAt *time.Time
	AcknowledgedBy *uuid.UUID
	PagesOpen      int
	// LedBy is the raise with which this one was missed: that one is paged and acknowledged for both.
	LedBy *uuid.UUID
	// Concerns is how many duties it and all that it leads are about; nil where it leads none.
	Concerns *int
}

// InsertRaise writes a raise unless one with its key exists: everybody who notices raises, together once.
func (tx *Tx) InsertRaise(ctx context.Context, r Raise) (bool, error) {
	tag, err := tx.Exec(ctx, `INSERT INTO raise (id, case_id, key, kind, due_at, count, recorded_at, recorded_by, step, next_step_at, led_by, concerns)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT (case_id, key) DO NOTHING`,
		r.ID, r.Case, r.Key, r.Kind, r.DueAt, r.Count, r.RecordedAt, r.RecordedBy, r.Step, r.NextStepAt, r.LedBy, r.Concerns)
	if err != nil {
		return false, fmt.Errorf("cannot insert the raise: %w", err)
	}
	return tag.RowsAffected() == 1, nil
}

const raiseSelect = `SELECT r.id, r.case_id, r.key, r.kind, r.due_at, r.count, r.recorded_at, r.recorded_by, r.step, r.next_step_at,
	r.acknowledged_at, r.acknowledged_by, (SELECT count(*) FROM page p WHERE p.raise_id = r.id AND p.answered_at IS NULL), r.led_by, r.concerns FROM raise r `

func scanRaise(row pgx.CollectableRow) (r Raise, err error) {
	err = row.Scan(&r.ID, &r.Case, &r.Key, &r.Kind, &r.DueAt, &r.Count, &r.RecordedAt, &r.RecordedBy, &r.Step, &r.NextStepAt,
		&r.AcknowledgedAt, &r.AcknowledgedBy, &r.PagesOpen, &r.LedBy, &r.Concerns)
	return r, err
}

// Raises lists a case's raises.
func (tx *Tx) Raises(ctx context.Context, caseID uuid.UUID) ([]Raise, error) {
	rows, err := tx.Query(ctx, raiseSelect+`WHERE r.case_id = $1 ORDER BY r.due_at, r.id`, caseID)
	if err != nil {
		return nil, fmt.Errorf("cannot list the raises: %w", err)
	}
	return pgx.CollectRows(rows, scanRaise)
}

// Raise reads one raise of a case.
func (tx *Tx) Raise(ctx context.Context, caseID, id uuid.UUID) (Raise, error) {
	rows, err := tx.Query(ctx, raiseSelect+`WHERE r.case_id = $1 AND r.id = $2`, caseID, id)
	if err != nil {
		return Raise{}, fmt.Errorf("cannot read the raise: %w", err)
	}
	r, err := pgx.CollectExactlyOneRow(rows, scanRaise)
	return r, one(err, "raise")
}

// StepsDue are the raises of a case that nobody acknowledged in time.
func (tx *Tx) StepsDue(ctx context.Context, caseID uuid.UUID, now time.Time) ([]Raise, error) {
	rows, err := tx.Query(ctx, raiseSelect+`WHERE r.case_id = $1 AND r.acknowledged_at IS NULL AND r.next_step_at <= $2 ORDER BY r.next_step_at, r.id`, caseID, now)
	if err != nil {
		return nil, fmt.Errorf("cannot read the due steps: %w", err)
	}
	return pgx.CollectRows(rows, scanRaise)
}

// SetRaise writes a raise's step and acknowledgement; whoever takes it has taken what it leads too.
func (tx *Tx) SetRaise(ctx context.Context, r Raise) error {
	_, err := tx.Exec(ctx, `WITH led AS (UPDATE raise SET acknowledged_at = $4, acknowledged_by = $5 WHERE led_by = $1 AND acknowledged_at IS NULL)
		UPDATE raise SET step = $2, next_step_at = $3, acknowledged_at = $4, acknowledged_by = $5 WHERE id = $1`,
		r.ID, r.Step, r.NextStepAt, r.AcknowledgedAt, r.AcknowledgedBy)
	if err != nil {
		return fmt.Errorf("cannot write the raise: %w", err)
	}
	return nil
}

// Page is one page of one step of a raise to one channel.
type Page struct {
	ID       uuid.UUID
	Raise    uuid.UUID
	Case     uuid.UUID
	Step     int
	Channel  string
	Roles    []string
	Attempts int
	// Of the raise and the case, for whoever sends it.
	Code  string
	Kind  string
	DueAt time.Time
	Count int
	Drill bool
	// Restricted says that only a named circle may know of the case.
	Restricted bool
}

// InsertPage opens a page, to be sent at once.
func (tx *Tx) InsertPage(ctx context.Context, p Page) error {
	_, err := tx.Exec(ctx, `INSERT INTO page (id, raise_id, case_id, step, channel, roles, next_at) VALUES ($1, $2, $3, $4, $5, $6, clock_timestamp())
		ON CONFLICT DO NOTHING`, p.ID, p.Raise, p.Case, p.Step, p.Channel, p.Roles)
	if err != nil {
		return fmt.Errorf("cannot open the page: %w", err)
	}
	return nil
}

// ClaimPages leases open pages whose time has come, of one case or (uuid.Nil) of any, for half a minute.
func (tx *Tx) ClaimPages(ctx context.Context, caseID uuid.UUID, limit int) ([]Page, error) {
	rows, err := tx.Query(ctx, `WITH mine AS (
			SELECT p.id FROM page p WHERE p.answered_at IS NULL AND p.next_at <= clock_timestamp()
			AND (p.lease_until IS NULL OR p.lease_until < clock_timestamp()) AND ($1 = '00000000-0000-0000-0000-000000000000'::uuid OR p.case_id = $1)
			AND NOT EXISTS (SELECT 1 FROM installation WHERE quarantined_at IS NOT NULL)
			ORDER BY p.next_at LIMIT $2 FOR UPDATE SKIP LOCKED)
		UPDATE page p SET lease_until = clock_timestamp() + interval '30 seconds', attempts = attempts + 1
		FROM mine, raise r, cases c WHERE p.id = mine.id AND r.id = p.raise_id AND c.id = p.case_id
		RETURNING p.id, p.raise_id, p.case_id, p.step, p.channel, p.roles, p.attempts, c.code, r.kind, r.due_at, coalesce(r.concerns, r.count), c.drill, c.restricted`, caseID, limit)
	if err != nil {
		return nil, fmt.Errorf("cannot claim pages: %w", err)
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (p Page, err error) {
		err = row.Scan(&p.ID, &p.Raise, &p.Case, &p.Step, &p.Channel, &p.Roles, &p.Attempts, &p.Code, &p.Kind, &p.DueAt, &p.Count, &p.Drill, &p.Restricted)
		return p, err
	})
}

// EndPages ends the pages of a raise that somebody has taken: nobody else is to be woken for it.
func (tx *Tx) EndPages(ctx context.Context, raise uuid.UUID) error {
	_, err := tx.Exec(ctx, `UPDATE page SET answered_at = clock_timestamp(), class = 'acknowledged' WHERE raise_id = $1 AND answered_at IS NULL`, raise)
	if err != nil {
		return fmt.Errorf("cannot end the pages: %w", err)
	}
	return nil
}

// PageAnswered notes what the channel said. A page that was not taken is tried again, ever less often up to
// five minutes, for as long as the raise is open.
func (tx *Tx) PageAnswered(ctx context.Context, id uuid.UUID, taken bool, code int, class string) error {
	_, err := tx.Exec(ctx, `UPDATE page SET lease_until = NULL, code = $3, class = $4, answered_at = CASE WHEN $2 THEN clock_timestamp() END,
		next_at = CASE WHEN $2 THEN next_at ELSE clock_timestamp() + least(interval '5 minutes', interval '2 seconds' * (1 << least(attempts, 8))) END
		WHERE id = $1 AND answered_at IS NULL`, id, taken, code, class)
	if err != nil {
		return fmt.Errorf("cannot note the page's answer: %w", err)
	}
	return nil
}

// Unraised are cases in which something passed more than grace ago and nobody acted on it: for the watchdog.
func (tx *Tx) Unraised(ctx context.Context, grace time.Duration) ([]uuid.UUID, error) {
	rows, err := tx.Query(ctx, `SELECT m.case_id FROM milestone m JOIN cases c ON c.id = m.case_id
			WHERE m.raised_at IS NULL AND m.at <= clock_timestamp() + c.clock_offset - $1::interval
		UNION SELECT r.case_id FROM raise r JOIN cases c ON c.id = r.case_id
			WHERE r.acknowledged_at IS NULL AND r.next_step_at <= clock_timestamp() + c.clock_offset - $1::interval
		UNION SELECT p.case_id FROM page p WHERE p.answered_at IS NULL AND p.next_at <= clock_timestamp() - $1::interval
			AND (p.lease_until IS NULL OR p.lease_until < clock_timestamp())`, grace)
	if err != nil {
		return nil, fmt.Errorf("cannot look for what nobody raised: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
}
