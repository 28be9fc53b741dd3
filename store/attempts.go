package store

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// The two commits of every attempt. There is one of each for every recipient, so each takes as few round trips to
// the database as it can. A claim is compared with IS NOT DISTINCT FROM, which no index answers: among the claims of a
// large sending the planner would sometimes look for the row there.

// Begin commits, before the first byte that can have an effect, that an attempt is in flight, and that the ledger says
// so, in the case's own time. It holds only while the claim does, the campaign runs, nothing is quarantined, and the bytes are those of the
// first attempt; else ErrNotOurs. One statement is its own transaction.
func (s *Store) Begin(ctx context.Context, id, page uuid.UUID, digest []byte, transport string, lease time.Duration, body []byte) error {
	tag, err := s.pool.Exec(ctx, `WITH begun AS (
			UPDATE delivery d SET state = 'in_flight', attempt = d.attempt + 1, digest = $3, transport = $4,
				begun_at = clock_timestamp() + c.clock_offset, lease_until = clock_timestamp() + $5::interval
			FROM campaign p, cases c WHERE d.id = $1 AND d.claim IS NOT DISTINCT FROM $2 AND d.state = 'claimed' AND (d.digest IS NULL OR d.digest = $3)
			AND p.id = d.campaign_id AND p.state = 'running' AND c.id = d.case_id
			AND NOT EXISTS (SELECT 1 FROM installation WHERE quarantined_at IS NOT NULL)
			RETURNING d.id, d.case_id, d.attempt, clock_timestamp() + c.clock_offset AS at)
		INSERT INTO delivery_event (delivery_id, case_id, page, attempt, at, kind, body)
		SELECT id, case_id, $2, attempt, at, 'in_flight', $6 FROM begun`, id, page, digest, transport, lease, body)
	if err != nil {
		return away(fmt.Errorf("cannot begin the attempt: %w", err))
	}
	if tag.RowsAffected() != 1 {
		return ErrNotOurs
	}
	return nil
}

// Taken is an attempt that the other side, or our own relay, took.
type Taken struct {
	Delivery, Case, Page uuid.UUID
	Customer, Duty       *uuid.UUID
	// Outcome is accepted or handed_on.
	Outcome string
	Code    int
	Class   string
	// Body and Sealed are the ledger's row.
	Body, Sealed []byte
}

// Take commits that an attempt was taken, where the claim still holds (else ErrNotOurs), at the case's own time. In the
// same transaction weigh is given what the customer is owed, locked, and every delivery to it, and answers with the
// duties that changed. bounced says that the message came back while it was under way: then it counts as taken when the
// attempt began, and the bounce takes that back.
func (s *Store) Take(ctx context.Context, t Taken, weigh func([]Duty, []Delivery) ([]Duty, error)) (bounced bool, err error) {
	var duties []Duty
	var deliveries []Delivery
	err = s.inTwoTrips(ctx, func(batch *pgx.Batch) {
		batch.Queue(`WITH now AS MATERIALIZED (SELECT clock_timestamp() + clock_offset AS at FROM cases WHERE id = $3),
			taken AS (UPDATE delivery d SET state = CASE WHEN d.acknowledged_at IS NOT NULL THEN 'acknowledged' WHEN d.bounced_at >= d.begun_at THEN 'bounced' ELSE $4 END, claim = NULL, lease_until = NULL,
				accepted_at = CASE WHEN $4 = 'accepted' THEN CASE WHEN d.bounced_at >= d.begun_at THEN d.begun_at ELSE now.at END ELSE d.accepted_at END,
				handed_on_at = CASE WHEN $4 = 'handed_on' THEN CASE WHEN d.bounced_at >= d.begun_at THEN d.begun_at ELSE now.at END ELSE d.handed_on_at END, code = $5, class = $6
				FROM now WHERE d.id = $1 AND d.claim IS NOT DISTINCT FROM $2 AND d.case_id = $3 RETURNING d.attempt, now.at)
			INSERT INTO delivery_event (delivery_id, case_id, page, attempt, at, kind, body, sealed)
			SELECT $1, $3, $2, attempt, at, $4, $7, $8 FROM taken`, t.Delivery, t.Page, t.Case, t.Outcome, t.Code, t.Class, t.Body, t.Sealed).
			Exec(func(tag pgconn.CommandTag) error {
				if tag.RowsAffected() != 1 {
					return ErrNotOurs
				}
				return nil
			})
		batch.Queue(lockDutiesOf, t.Case, t.Customer, t.Duty).Query(collect(&duties, scanDuty))
		// What was sent to the customer, and what was filed by hand for what it is owed: two questions, each with its own
		// index. Asked as one, every delivery of the case would be looked at.
		batch.Queue(`SELECT `+deliveryColumns+` FROM delivery d WHERE d.case_id = $1 AND d.customer_id = $2 ORDER BY d.rank, d.id`,
			t.Case, t.Customer).Query(collect(&deliveries, scanDelivery))
		// LIMIT keeps the planner from joining: after a large release, while nothing is analysed yet, it would read all deliveries.
		batch.Queue(`SELECT `+deliveryColumns+` FROM duty y, LATERAL (SELECT * FROM delivery x WHERE x.duty_id = y.id LIMIT 1000) d
			WHERE y.case_id = $1 AND y.customer_id = $2 AND d.customer_id IS DISTINCT FROM y.customer_id`,
			t.Case, t.Customer).Query(collect(&deliveries, scanDelivery))
		if t.Duty != nil { // A letter to one person.
			batch.Queue(`SELECT `+deliveryColumns+` FROM delivery d WHERE d.duty_id = $1`, t.Duty).Query(collect(&deliveries, scanDelivery))
		}
	}, func(batch *pgx.Batch) error {
		for _, one := range deliveries {
			bounced = bounced || one.ID == t.Delivery && one.State == "bounced"
		}
		changed, err := weigh(duties, deliveries)
		for _, one := range changed {
			queueDuty(batch, one)
		}
		return err
	})
	return bounced, err
}

// inTwoTrips runs a transaction whose begin travels with what it asks, and whose end with what it writes.
func (s *Store) inTwoTrips(ctx context.Context, ask func(*pgx.Batch), write func(*pgx.Batch) error) error {
	return away(s.pool.AcquireFunc(ctx, func(conn *pgxpool.Conn) error {
		asked := &pgx.Batch{}
		asked.Queue(`BEGIN`)
		ask(asked)
		err := conn.SendBatch(ctx, asked).Close()
		if err == nil {
			written := &pgx.Batch{}
			if err = write(written); err == nil {
				written.Queue(`COMMIT`)
				err = conn.SendBatch(ctx, written).Close()
			}
		}
		if err != nil && !conn.Conn().IsClosed() {
			// A connection that cannot do this is not kept by the pool.
			_, _ = conn.Exec(context.WithoutCancel(ctx), `ROLLBACK`)
		}
		return err
	}))
}

// collect puts the rows of a batch's query behind those of a slice.
func collect[T any](into *[]T, scan func(pgx.CollectableRow) (T, error)) func(pgx.Rows) error {
	return func(rows pgx.Rows) error {
		found, err := pgx.CollectRows(rows, scan)
		*into = append(*into, found...)
		return err
	}
}
