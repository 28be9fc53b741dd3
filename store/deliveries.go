package store

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// Delivery is one notice version to one contact on one channel.
type Delivery struct {
	ID                uuid.UUID
	Case              uuid.UUID
	Campaign          *uuid.UUID
	Notice            *uuid.UUID
	Version           int
	Duty              *uuid.UUID
	Customer          *uuid.UUID
	Contact           *uuid.UUID
	Channel           string
	Rank              int
	State             string
	Language          string
	Sealed            []byte
	Deadline          *time.Time
	Claim             *uuid.UUID
	LeaseUntil        *time.Time
	NextAt            time.Time
	Attempt           int
	FirstAttemptAt    *time.Time
	Digest            []byte
	PossibleDuplicate bool
	Transport         string
	HandedOnAt        *time.Time
	AcceptedAt        *time.Time
	DeliveredAt       *time.Time
	AcknowledgedAt    *time.Time
	BouncedAt         *time.Time
	FiledAt           *time.Time
	FiledBy           *uuid.UUID
	FilingConfirmedAt *time.Time
	Code              *int
	Class             *string
}

const deliveryColumns = `d.id, d.case_id, d.campaign_id, d.notice_id, d.version, d.duty_id, d.customer_id, d.contact_id, d.channel, d.rank, d.state,
	d.language, d.sealed, d.deadline, d.claim, d.lease_until, d.next_at, d.attempt, d.first_attempt_at, d.digest, d.possible_duplicate, d.transport,
	d.handed_on_at, d.accepted_at, d.delivered_at, d.acknowledged_at, d.bounced_at, d.filed_at, d.filed_by, d.filing_confirmed_at, d.code, d.class`

func scanDelivery(row pgx.CollectableRow) (d Delivery, err error) {
	err = row.Scan(&d.ID, &d.Case, &d.Campaign, &d.Notice, &d.Version, &d.Duty, &d.Customer, &d.Contact, &d.Channel, &d.Rank, &d.State,
		&d.Language, &d.Sealed, &d.Deadline, &d.Claim, &d.LeaseUntil, &d.NextAt, &d.Attempt, &d.FirstAttemptAt, &d.Digest, &d.PossibleDuplicate, &d.Transport,
		&d.HandedOnAt, &d.AcceptedAt, &d.DeliveredAt, &d.AcknowledgedAt, &d.BouncedAt, &d.FiledAt, &d.FiledBy, &d.FilingConfirmedAt, &d.Code, &d.Class)
	return d, err
}

// InsertDeliveries writes planned deliveries by COPY.
func (tx *Tx) InsertDeliveries(ctx context.Context, deliveries []Delivery) error {
	_, err := tx.CopyFrom(ctx, pgx.Identifier{"delivery"},
		[]string{"id", "case_id", "campaign_id", "notice_id", "version", "duty_id", "customer_id", "contact_id", "channel", "rank", "state",
			"language", "sealed", "deadline", "next_at", "transport", "filed_at", "filed_by"},
		pgx.CopyFromSlice(len(deliveries), func(i int) ([]any, error) {
			d := deliveries[i]
			return []any{d.ID, d.Case, d.Campaign, d.Notice, d.Version, d.Duty, d.Customer, d.Contact, d.Channel, d.Rank, d.State,
				d.Language, d.Sealed, d.Deadline, d.NextAt, d.Transport, d.FiledAt, d.FiledBy}, nil
		}))
	if err != nil {
		return fmt.Errorf("cannot insert the deliveries: %w", err)
	}
	return nil
}

// DeliveryFilter narrows a list of deliveries.
type DeliveryFilter struct {
	State string
	After uuid.UUID
	Limit int
}

// Deliveries lists a case's deliveries by id, by keyset.
func (tx *Tx) Deliveries(ctx context.Context, caseID uuid.UUID, f DeliveryFilter) ([]Delivery, error) {
	rows, err := tx.Query(ctx, `SELECT `+deliveryColumns+` FROM delivery d WHERE d.case_id = $1 AND d.id > $2 AND ($3 = '' OR d.state = $3)
		ORDER BY d.id LIMIT $4`, caseID, f.After, f.State, f.Limit)
	if err != nil {
		return nil, fmt.Errorf("cannot list the deliveries: %w", err)
	}
	return pgx.CollectRows(rows, scanDelivery)
}

// Delivery reads one delivery of a case.
func (tx *Tx) Delivery(ctx context.Context, caseID, id uuid.UUID) (Delivery, error) {
	rows, err := tx.Query(ctx, `SELECT `+deliveryColumns+` FROM delivery d WHERE d.case_id = $1 AND d.id = $2`, caseID, id)
	if err != nil {
		return Delivery{}, fmt.Errorf("cannot read the delivery: %w", err)
	}
	d, err := pgx.CollectExactlyOneRow(rows, scanDelivery)
	return d, one(err, "delivery")
}

// LockDelivery reads a delivery by its id alone and locks it, for what came back for it.
func (tx *Tx) LockDelivery(ctx context.Context, id uuid.UUID) (Delivery, error) {
	rows, err := tx.Query(ctx, `SELECT `+deliveryColumns+` FROM delivery d WHERE d.id = $1 FOR UPDATE`, id)
	if err != nil {
		return Delivery{}, fmt.Errorf("cannot lock the delivery: %w", err)
	}
	d, err := pgx.CollectExactlyOneRow(rows, scanDelivery)
	return d, one(err, "delivery")
}

// DeliveriesOf lists what was planned and done for a customer (or by hand for one duty) in a case.
func (tx *Tx) DeliveriesOf(ctx context.Context, caseID uuid.UUID, customer, duty *uuid.UUID) ([]Delivery, error) {
	rows, err := tx.Query(ctx, `SELECT `+deliveryColumns+` FROM delivery d WHERE d.case_id = $1 AND (d.customer_id = $2 OR d.duty_id = $3) ORDER BY d.rank, d.id`,
		caseID, customer, duty)
	if err != nil {
		return nil, fmt.Errorf("cannot read the customer's deliveries: %w", err)
	}
	return pgx.CollectRows(rows, scanDelivery)
}

// DeliveriesOfNotice are the deliveries of one notice.
func (tx *Tx) DeliveriesOfNotice(ctx context.Context, caseID, notice uuid.UUID) ([]Delivery, error) {
	rows, err := tx.Query(ctx, `SELECT `+deliveryColumns+` FROM delivery d WHERE d.case_id = $1 AND d.notice_id = $2 ORDER BY d.id`, caseID, notice)
	if err != nil {
		return nil, fmt.Errorf("cannot read the notice's deliveries: %w", err)
	}
	return pgx.CollectRows(rows, scanDelivery)
}

// SetDelivery writes what may change about a delivery.
func (tx *Tx) SetDelivery(ctx context.Context, d Delivery) error {
	_, err := tx.Exec(ctx, `UPDATE delivery SET state = $2, claim = $3, lease_until = $4, next_at = $5, attempt = $6, first_attempt_at = $7, digest = $8,
		possible_duplicate = $9, transport = $10, handed_on_at = $11, accepted_at = $12, delivered_at = $13, acknowledged_at = $14, bounced_at = $15,
		filed_at = $16, filing_confirmed_at = $17, code = $18, class = $19 WHERE id = $1`,
		d.ID, d.State, d.Claim, d.LeaseUntil, d.NextAt, d.Attempt, d.FirstAttemptAt, d.Digest, d.PossibleDuplicate, d.Transport, d.HandedOnAt, d.AcceptedAt,
		d.DeliveredAt, d.AcknowledgedAt, d.BouncedAt, d.FiledAt, d.FilingConfirmedAt, d.Code, d.Class)
	if err != nil {
		return fmt.Errorf("cannot write the delivery: %w", err)
	}
	return nil
}

// HasLapsed says whether a sender of a campaign never came back for what it claimed.
func (tx *Tx) HasLapsed(ctx context.Context, campaignID uuid.UUID) (lapsed bool, err error) {
	err = tx.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM delivery WHERE campaign_id = $1 AND claim IS NOT NULL AND lease_until < clock_timestamp())`, campaignID).Scan(&lapsed)
	if err != nil {
		return false, fmt.Errorf("cannot look for lapsed claims: %w", err)
	}
	return lapsed, nil
}

// Lapsed takes over, for a lease of its own, the claims of senders that never came back: begun attempts and those not begun.
func (tx *Tx) Lapsed(ctx context.Context, campaignID, page uuid.UUID, lease time.Duration, limit int) ([]Delivery, error) {
	rows, err := tx.Query(ctx, `WITH lapsed AS (SELECT id FROM delivery WHERE campaign_id = $1 AND claim IS NOT NULL AND lease_until < clock_timestamp()
			ORDER BY lease_until LIMIT $3 FOR UPDATE SKIP LOCKED)
		UPDATE delivery d SET claim = $2, lease_until = clock_timestamp() + $4::interval FROM lapsed WHERE d.id = lapsed.id RETURNING `+deliveryColumns,
		campaignID, page, limit, lease)
	if err != nil {
		return nil, fmt.Errorf("cannot take over lapsed claims: %w", err)
	}
	return pgx.CollectRows(rows, scanDelivery)
}

// Claim takes up to n recipients that are due, for one lease, in the name of a page.
func (tx *Tx) Claim(ctx context.Context, campaignID, page uuid.UUID, now time.Time, lease time.Duration, n int) ([]Delivery, error) {
	rows, err := tx.Query(ctx, `WITH due AS (SELECT id FROM delivery WHERE campaign_id = $1 AND state IN ('planned', 'deferred') AND next_at <= $3
			ORDER BY next_at, id LIMIT $4 FOR UPDATE SKIP LOCKED)
		UPDATE delivery d SET state = 'claimed', claim = $2, lease_until = clock_timestamp() + $5::interval,
			first_attempt_at = coalesce(d.first_attempt_at, $3) FROM due WHERE d.id = due.id RETURNING `+deliveryColumns,
		campaignID, page, now, n, lease)
	if err != nil {
		return nil, fmt.Errorf("cannot claim recipients: %w", err)
	}
	return pgx.CollectRows(rows, scanDelivery)
}

// ErrNotOurs: the row is no longer this sender's, or its campaign does not run.
var ErrNotOurs = errors.New("the claim does not hold")

// sent closes a batch whose first statement must have changed exactly one row.
func sent(results pgx.BatchResults, what string) error {
	tag, err := results.Exec()
	if closing := results.Close(); err == nil {
		err = closing
	}
	if err != nil {
		return fmt.Errorf("cannot %s: %w", what, err)
	}
	if tag.RowsAffected() != 1 {
		return ErrNotOurs
	}
	return nil
}

// Finish commits what the other side said to an attempt, where the claim still holds.
func (tx *Tx) Finish(ctx context.Context, d Delivery, page uuid.UUID, event Event) error {
	batch := &pgx.Batch{}
	batch.Queue(`UPDATE delivery SET state = CASE WHEN acknowledged_at IS NULL THEN $3 ELSE 'acknowledged' END, claim = NULL, lease_until = NULL, next_at = $4, possible_duplicate = $5,
			handed_on_at = $6, accepted_at = $7, code = $8, class = $9 WHERE id = $1 AND claim = $2`,
		d.ID, page, d.State, d.NextAt, d.PossibleDuplicate, d.HandedOnAt, d.AcceptedAt, d.Code, d.Class)
	queueEvent(batch, event)
	return sent(tx.SendBatch(ctx, batch), "finish the attempt")
}

// Release gives back what a page claimed and did not begin.
func (tx *Tx) Release(ctx context.Context, page uuid.UUID) error {
	_, err := tx.Exec(ctx, `UPDATE delivery SET state = CASE WHEN attempt = 0 THEN 'planned' ELSE 'deferred' END, claim = NULL, lease_until = NULL
		WHERE claim = $1 AND state = 'claimed'`, page)
	if err != nil {
		return fmt.Errorf("cannot release the page: %w", err)
	}
	return nil
}

// CancelPlanned ends what a stopped campaign did not send.
func (tx *Tx) CancelPlanned(ctx context.Context, campaignID uuid.UUID) (int, error) {
	tag, err := tx.Exec(ctx, `UPDATE delivery SET state = 'cancelled', claim = NULL, lease_until = NULL
		WHERE campaign_id = $1 AND state IN ('planned', 'deferred', 'claimed', 'reserve')`, campaignID)
	if err != nil {
		return 0, fmt.Errorf("cannot cancel what was not sent: %w", err)
	}
	return int(tag.RowsAffected()), nil
}

// Event is one row of the ledger: what was tried, what was answered.
type Event struct {
	ID       int64
	Delivery uuid.UUID
	Case     uuid.UUID
	Page     uuid.UUID
	Attempt  int
	At       time.Time
	Kind     string
	Body     []byte
	Sealed   []byte
}

func queueEvent(batch *pgx.Batch, e Event) {
	batch.Queue(`INSERT INTO delivery_event (delivery_id, case_id, page, attempt, at, kind, body, sealed) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		e.Delivery, e.Case, e.Page, e.Attempt, e.At.UTC().Truncate(time.Microsecond), e.Kind, e.Body, e.Sealed)
}

// InsertEvent appends to the ledger what did not come from a sender.
func (tx *Tx) InsertEvent(ctx context.Context, e Event) error {
	batch := &pgx.Batch{}
	queueEvent(batch, e)
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("cannot append to the ledger: %w", err)
	}
	return nil
}

const eventColumns = `id, delivery_id, case_id, page, attempt, at, kind, body, sealed`

func scanEvent(row pgx.CollectableRow) (e Event, err error) {
	err = row.Scan(&e.ID, &e.Delivery, &e.Case, &e.Page, &e.Attempt, &e.At, &e.Kind, &e.Body, &e.Sealed)
	e.At = e.At.UTC()
	return e, err
}

// Events lists the ledger's rows of one delivery.
func (tx *Tx) Events(ctx context.Context, delivery uuid.UUID) ([]Event, error) {
	rows, err := tx.Query(ctx, `SELECT `+eventColumns+` FROM delivery_event WHERE delivery_id = $1 ORDER BY id`, delivery)
	if err != nil {
		return nil, fmt.Errorf("cannot read the ledger: %w", err)
	}
	return pgx.CollectRows(rows, scanEvent)
}

// EachOfPage calls f for every ledger row of a page, in their order.
func (tx *Tx) EachOfPage(ctx context.Context, page uuid.UUID, f func(Event) error) error {
	rows, err := tx.Query(ctx, `SELECT `+eventColumns+` FROM delivery_event WHERE page = $1 ORDER BY id`, page)
	if err != nil {
		return fmt.Errorf("cannot read the page: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		e, err := scanEvent(rows)
		if err != nil {
			return fmt.Errorf("cannot read the page: %w", err)
		}
		if err := f(e); err != nil {
			return err
		}
	}
	return rows.Err()
}

// Unmatched records mail that came back and belongs to nothing that was sent.
func (tx *Tx) Unmatched(ctx context.Context, digest []byte, reason string) error {
	_, err := tx.Exec(ctx, `INSERT INTO unmatched_report (digest, reason) VALUES ($1, $2)`, digest, reason)
	if err != nil {
		return fmt.Errorf("cannot record the unmatched report: %w", err)
	}
	return nil
}

// Bytes is the row as the chain vouches for it: every stored value, each with its length.
func (e Event) Bytes() []byte {
	var b []byte
	for _, part := range [][]byte{e.Delivery[:], e.Case[:], []byte(e.Kind), e.Body, e.Sealed} {
		b = binary.BigEndian.AppendUint64(b, uint64(len(part)))
		b = append(b, part...)
	}
	b = binary.BigEndian.AppendUint64(b, uint64(e.Attempt))
	return binary.BigEndian.AppendUint64(b, uint64(e.At.UnixMicro()))
}

// DeliveriesOfDuties lists what was planned and done for duties, by the notice released for them or by hand.
func (tx *Tx) DeliveriesOfDuties(ctx context.Context, caseID uuid.UUID, duties []uuid.UUID) (map[uuid.UUID][]Delivery, error) {
	// Duty by duty, each way by its own index (LIMIT keeps the planner from joining otherwise): asked as one join, every
	// duty would be held against every delivery of the case.
	rows, err := tx.Query(ctx, `SELECT y.id, `+deliveryColumns+` FROM duty y, LATERAL (
			(SELECT * FROM delivery x WHERE x.duty_id = y.id AND x.case_id = $1 LIMIT 1000)
			UNION ALL (SELECT * FROM delivery x WHERE x.case_id = $1 AND x.customer_id = y.customer_id AND x.notice_id = y.notice_id
				AND x.duty_id IS DISTINCT FROM y.id LIMIT 1000)) d
		WHERE y.id = ANY($2) ORDER BY y.id, d.rank, d.id`, caseID, duties)
	if err != nil {
		return nil, fmt.Errorf("cannot read the duties' deliveries: %w", err)
	}
	defer rows.Close()
	of := map[uuid.UUID][]Delivery{}
	for rows.Next() {
		var duty uuid.UUID
		d, err := scanDelivery(behind{rows, &duty})
		if err != nil {
			return nil, fmt.Errorf("cannot read the duties' deliveries: %w", err)
		}
		of[duty] = append(of[duty], d)
	}
	return of, rows.Err()
}

// behind scans one more column in front of a row.
type behind struct {
	pgx.CollectableRow
	first any
}

// Scan implements pgx.CollectableRow.
func (b behind) Scan(into ...any) error {
	return b.CollectableRow.Scan(append([]any{b.first}, into...)...)
}

// EventsOf lists the ledger's rows of deliveries.
func (tx *Tx) EventsOf(ctx context.Context, deliveries []uuid.UUID) (map[uuid.UUID][]Event, error) {
	rows, err := tx.Query(ctx, `SELECT `+eventColumns+` FROM delivery_event WHERE delivery_id = ANY($1) ORDER BY id`, deliveries)
	if err != nil {
		return nil, fmt.Errorf("cannot read the ledger: %w", err)
	}
	found, err := pgx.CollectRows(rows, scanEvent)
	of := make(map[uuid.UUID][]Event, len(deliveries))
	for _, e := range found {
		of[e.Delivery] = append(of[e.Delivery], e)
	}
	return of, err
}
