package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/atlascloudai/docket/core/cases/change"
)

// ChangeCustomer is where one customer stands in a notice of change.
type ChangeCustomer struct {
	Case, Customer, Duty uuid.UUID
	// Ref is the customer's reference; it is read, and not written.
	Ref         string
	Subject     string
	Services    []string
	Zone        string
	Resolution  string
	LastSending time.Time
	// SaidEffective, SaidCloses and SaidUntil are what letters say.
	SaidEffective         time.Time
	SaidCloses, SaidUntil *time.Time
	// What holds: counted from SentAt where that is known.
	SentAt                         *time.Time
	Effective                      time.Time
	WindowCloses, TerminationUntil *time.Time
	Provisional                    bool
	Why                            json.RawMessage
	Answer                         string
	AnsweredAt, ResolveBy          *time.Time
	// Sealed are the words of its answer.
	Sealed  []byte
	TakenAt *time.Time
	// MetAt is when the evidence shows that it was told, as its duty says now; it is read, and not written.
	MetAt *time.Time
}

// Stands is the customer as core/cases/change decides about it.
func (c ChangeCustomer) Stands() change.Customer {
	return change.Customer{
		Dates: change.Dates{LastSending: c.LastSending, SentAt: c.SentAt, WindowCloses: c.WindowCloses, TerminationUntil: c.TerminationUntil,
			Effective: c.Effective, Provisional: c.Provisional},
		Answer: change.Answer(c.Answer), AnsweredAt: c.AnsweredAt, ResolveBy: c.ResolveBy, TakenAt: c.TakenAt,
	}
}

const changeSelect = `SELECT k.case_id, k.customer_id, k.duty_id, c.ref, k.subject, k.services, k.zone, k.resolution, k.last_sending, k.said_effective, k.said_closes, k.said_until,
	k.sent_at, k.effective, k.window_closes, k.termination_until, k.provisional, k.why, k.answer, k.answered_at, k.resolve_by, k.sealed, k.taken_at, d.met_at
	FROM change_customer k JOIN customer c ON c.id = k.customer_id JOIN duty d ON d.id = k.duty_id `

func scanChangeCustomer(row pgx.CollectableRow) (c ChangeCustomer, err error) {
	err = row.Scan(&c.Case, &c.Customer, &c.Duty, &c.Ref, &c.Subject, &c.Services, &c.Zone, &c.Resolution, &c.LastSending, &c.SaidEffective, &c.SaidCloses, &c.SaidUntil,
		&c.SentAt, &c.Effective, &c.WindowCloses, &c.TerminationUntil, &c.Provisional, &c.Why, &c.Answer, &c.AnsweredAt, &c.ResolveBy, &c.Sealed, &c.TakenAt, &c.MetAt)
	return c, err
}

func (tx *Tx) changeCustomers(ctx context.Context, where string, args ...any) ([]ChangeCustomer, error) {
	rows, err := tx.Query(ctx, changeSelect+where, args...)
	if err != nil {
		return nil, fmt.Errorf("cannot read the change's customers: %w", err)
	}
	return pgx.CollectRows(rows, scanChangeCustomer)
}

// InsertChangeCustomers writes customers that a change reaches, by COPY.
func (tx *Tx) InsertChangeCustomers(ctx context.Context, customers []ChangeCustomer) error {
	_, err := tx.CopyFrom(ctx, pgx.Identifier{"change_customer"},
		[]string{"case_id", "customer_id", "duty_id", "subject", "services", "zone", "resolution", "last_sending", "said_effective", "said_closes", "said_until",
			"effective", "window_closes", "termination_until", "provisional", "why"},
		pgx.CopyFromSlice(len(customers), func(i int) ([]any, error) {
			c := customers[i]
			return []any{c.Case, c.Customer, c.Duty, c.Subject, orEmpty(c.Services), c.Zone, c.Resolution, c.LastSending, c.SaidEffective, c.SaidCloses, c.SaidUntil,
				c.Effective, c.WindowCloses, c.TerminationUntil, c.Provisional, c.Why}, nil
		}))
	if err != nil {
		return fmt.Errorf("cannot insert the change's customers: %w", err)
	}
	return nil
}

// RecountChangeCustomers writes anew what was counted for customers whom nobody told yet.
func (tx *Tx) RecountChangeCustomers(ctx context.Context, customers []ChangeCustomer) error {
	batch := &pgx.Batch{}
	for _, c := range customers {
		batch.Queue(`UPDATE change_customer SET subject = $3, services = $4, zone = $5, resolution = $6, last_sending = $7, said_effective = $8, said_closes = $9, said_until = $10,
			effective = $11, window_closes = $12, termination_until = $13, provisional = $14, why = $15 WHERE case_id = $1 AND customer_id = $2`,
			c.Case, c.Customer, c.Subject, orEmpty(c.Services), c.Zone, c.Resolution, c.LastSending, c.SaidEffective, c.SaidCloses, c.SaidUntil,
			c.Effective, c.WindowCloses, c.TerminationUntil, c.Provisional, c.Why)
	}
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("cannot write the change's customers: %w", err)
	}
	return nil
}

// LeaveOut takes customers out of a change that reaches them no more: what they were owed ends as not required.
func (tx *Tx) LeaveOut(ctx context.Context, caseID uuid.UUID, customers []uuid.UUID) error {
	batch := &pgx.Batch{}
	batch.Queue(`DELETE FROM change_customer WHERE case_id = $1 AND customer_id = ANY($2)`, caseID, customers)
	batch.Queue(`UPDATE duty SET state = 'not_required' WHERE case_id = $1 AND customer_id = ANY($2) AND state IN ('proposed', 'required')`, caseID, customers)
	batch.Queue(`UPDATE party SET certainty = 'ruled_out' WHERE case_id = $1 AND customer_id = ANY($2)`, caseID, customers)
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("cannot leave the customers out: %w", err)
	}
	return nil
}

// EndOwed ends what is still owed in a case as not required, and counts it.
func (tx *Tx) EndOwed(ctx context.Context, caseID uuid.UUID) (int, error) {
	tag, err := tx.Exec(ctx, `UPDATE duty SET state = 'not_required' WHERE case_id = $1 AND state IN ('proposed', 'required')`, caseID)
	if err != nil {
		return 0, fmt.Errorf("cannot end what is owed: %w", err)
	}
	return int(tag.RowsAffected()), nil
}

// ChangeCustomers lists a change's customers after one, by their ids.
func (tx *Tx) ChangeCustomers(ctx context.Context, caseID, after uuid.UUID, limit int) ([]ChangeCustomer, error) {
	return tx.changeCustomers(ctx, `WHERE k.case_id = $1 AND k.customer_id > $2 ORDER BY k.customer_id LIMIT $3`, caseID, after, limit)
}

// ChangeCustomersByRef lists a change's customers after a reference.
func (tx *Tx) ChangeCustomersByRef(ctx context.Context, caseID uuid.UUID, after string, limit int) ([]ChangeCustomer, error) {
	return tx.changeCustomers(ctx, `WHERE k.case_id = $1 AND c.ref > $2 ORDER BY c.ref LIMIT $3`, caseID, after, limit)
}

// ChangeCustomersOf reads some customers of a change.
func (tx *Tx) ChangeCustomersOf(ctx context.Context, caseID uuid.UUID, customers []uuid.UUID) (map[uuid.UUID]ChangeCustomer, error) {
	found, err := tx.changeCustomers(ctx, `WHERE k.case_id = $1 AND k.customer_id = ANY($2)`, caseID, customers)
	by := make(map[uuid.UUID]ChangeCustomer, len(found))
	for _, c := range found {
		by[c.Customer] = c
	}
	return by, err
}

// ChangeCustomer reads one customer of a change by its reference.
func (tx *Tx) ChangeCustomer(ctx context.Context, caseID uuid.UUID, ref string) (ChangeCustomer, error) {
	found, err := tx.changeCustomers(ctx, `WHERE k.case_id = $1 AND c.ref = $2`, caseID, ref)
	if err == nil && len(found) == 0 {
		return ChangeCustomer{}, one(pgx.ErrNoRows, "customer of the change")
	}
	if err != nil {
		return ChangeCustomer{}, err
	}
	return found[0], nil
}

// HeldBack lists those from whom an answer holds a change back.
func (tx *Tx) HeldBack(ctx context.Context, caseID uuid.UUID) ([]ChangeCustomer, error) {
	return tx.changeCustomers(ctx, `WHERE k.case_id = $1 AND k.answer IN ('objected', 'accommodated', 'customer_terminates') ORDER BY k.customer_id`, caseID)
}

// LeftOut counts those who were told of a change and are not reached by the one that takes its place.
func (tx *Tx) LeftOut(ctx context.Context, caseID uuid.UUID, by string) (n int, err error) {
	err = tx.QueryRow(ctx, `SELECT count(*) FROM change_customer k WHERE k.case_id = $1 AND k.sent_at IS NOT NULL
		AND NOT EXISTS (SELECT FROM change_customer n WHERE n.case_id = $2::uuid AND n.customer_id = k.customer_id)`, caseID, by).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("cannot count whom the correction leaves out: %w", err)
	}
	return n, nil
}

// undated are those who were told, or turned out not to be, since their dates were counted.
const undated = `k.case_id = $1 AND k.sent_at IS DISTINCT FROM d.met_at`

// Undated lists them.
func (tx *Tx) Undated(ctx context.Context, caseID uuid.UUID, limit int) ([]ChangeCustomer, error) {
	return tx.changeCustomers(ctx, `WHERE `+undated+` ORDER BY k.customer_id LIMIT $2`, caseID, limit)
}

// Ready lists those for whom the change could take effect by an instant, as far as each customer's own row says.
func (tx *Tx) Ready(ctx context.Context, caseID uuid.UUID, now time.Time, limit int) ([]ChangeCustomer, error) {
	return tx.changeCustomers(ctx, `WHERE k.case_id = $1 AND `+opening+` AND k.effective <= $2 ORDER BY k.effective, k.customer_id LIMIT $3`, caseID, now, limit)
}

// opening are those for whom the change takes effect with time alone.
const opening = `k.taken_at IS NULL AND k.sent_at IS NOT NULL AND NOT k.provisional AND k.answer NOT IN ('objected', 'accommodated', 'customer_terminates')`

// spared are those for whom the change never takes effect: nobody waits for them.
const spared = `k.answer IN ('accommodated', 'customer_terminates')`

// Overlong lists the objections that were to have an end by an instant and that nobody was raised about.
func (tx *Tx) Overlong(ctx context.Context, caseID uuid.UUID, now time.Time) ([]ChangeCustomer, error) {
	return tx.changeCustomers(ctx, `WHERE k.case_id = $1 AND `+unraised+` AND k.resolve_by <= $2 ORDER BY k.customer_id`, caseID, now)
}

// ObjectionKey is the key of the raise about an objection that was to have an end.
func (c ChangeCustomer) ObjectionKey() string {
	return fmt.Sprintf("objection_overdue@%s/%d", c.Customer, c.ResolveBy.UnixMicro())
}

const unraised = `k.answer = 'objected' AND NOT EXISTS (SELECT FROM raise r WHERE r.case_id = k.case_id
	AND r.key = 'objection_overdue@' || k.customer_id || '/' || (extract(epoch FROM k.resolve_by) * 1000000)::bigint)`

// SetChangeCustomers writes dates, answers and since when the change holds.
func (tx *Tx) SetChangeCustomers(ctx context.Context, customers []ChangeCustomer) error {
	batch := &pgx.Batch{}
	for _, c := range customers {
		batch.Queue(`UPDATE change_customer SET sent_at = $3, effective = $4, window_closes = $5, termination_until = $6, provisional = $7, why = $8, answer = $9, answered_at = $10,
			resolve_by = $11, sealed = $12, taken_at = $13 WHERE case_id = $1 AND customer_id = $2`,
			c.Case, c.Customer, c.SentAt, c.Effective, c.WindowCloses, c.TerminationUntil, c.Provisional, c.Why, c.Answer, c.AnsweredAt, c.ResolveBy, c.Sealed, c.TakenAt)
	}
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("cannot write the change's customers: %w", err)
	}
	return nil
}

// ChangeTotals are the counts of a change, and what its customers wait for together.
type ChangeTotals struct {
	change.Counts
	Together change.Together
}

// ChangeTotals counts a change's customers at an instant.
func (tx *Tx) ChangeTotals(ctx context.Context, caseID uuid.UUID, mode change.Mode, now time.Time) (t ChangeTotals, err error) {
	var first, last *time.Time
	err = tx.QueryRow(ctx, `SELECT count(*), count(*) FILTER (WHERE k.sent_at IS NOT NULL), count(*) FILTER (WHERE k.sent_at IS NULL AND NOT `+spared+`),
			count(*) FILTER (WHERE `+opening+`), count(*) FILTER (WHERE k.answer = 'objected'), count(*) FILTER (WHERE `+spared+`),
			count(*) FILTER (WHERE k.taken_at IS NOT NULL AND k.answer NOT IN ('objected', 'accommodated', 'customer_terminates')),
			count(*) FILTER (WHERE k.provisional AND k.sent_at IS NOT NULL AND k.taken_at IS NULL AND NOT `+spared+`),
			min(k.effective) FILTER (WHERE `+opening+`), max(k.effective) FILTER (WHERE NOT `+spared+`),
			(SELECT count(*) FROM campaign p WHERE p.case_id = $1 AND NOT p.test AND p.state IN ('running', 'paused'))
		FROM change_customer k WHERE k.case_id = $1`, caseID).
		Scan(&t.Customers, &t.Told, &t.Untold, &t.Waiting, &t.Objected, &t.Spared, &t.Taken, &t.Provisional, &first, &last, &t.Sendings)
	if err != nil {
		return t, fmt.Errorf("cannot count the change's customers: %w", err)
	}
	t.Together = change.Together{Untold: t.Untold, Objected: t.Objected, Provisional: t.Provisional}
	if last != nil {
		t.Together.Latest = *last
	}
	if t.Opens = first; mode == change.AtOnce {
		if t.Opens = nil; first != nil && t.Untold+t.Objected+t.Provisional == 0 {
			t.Opens = last
		}
	}
	return t, nil
}

// NextOfChange reads what the rows say of a change's process.
func (tx *Tx) NextOfChange(ctx context.Context, caseID uuid.UUID, offset time.Duration) (next change.Next, err error) {
	if next.Next, err = tx.Next(ctx, caseID, offset); err != nil {
		return next, err
	}
	// Counted, not looked for: PostgreSQL expects to find one soon, and would go through everybody one by one where there is none.
	err = tx.QueryRow(ctx, `SELECT (SELECT count(*) FROM change_customer k JOIN duty d ON d.id = k.duty_id WHERE d.case_id = $1 AND `+undated+`) > 0,
		(SELECT min(k.resolve_by) FROM change_customer k WHERE k.case_id = $1 AND `+unraised+`)`, caseID).Scan(&next.Undated, &next.Objection)
	if err != nil {
		return next, fmt.Errorf("cannot read what the change does next: %w", err)
	}
	return next, nil
}

// Asked is what a gateway's question finds: the newest change about the subject that reaches the customer.
type Asked struct {
	ChangeCustomer
	Mode change.Mode
	Code string
}

// MayUse finds the newest notice of change about a subject that a customer is in, for a service; nil where there is none. One that is
// still prepared takes no place of one that was sent. It is one read of one index, and looks at no notice that has ended without effect,
// nor at exercises unless they are all there is.
func (tx *Tx) MayUse(ctx context.Context, subject, ref, service string, drills bool) (*Asked, error) {
	var a Asked
	var mode string
	err := tx.QueryRow(ctx, `SELECT k.services, k.sent_at, k.effective, k.provisional, k.answer, k.taken_at, a.state->>'mode', a.code
		FROM customer c JOIN change_customer k ON k.customer_id = c.id JOIN cases a ON a.id = k.case_id
		WHERE c.ref = $1 AND k.subject = $2 AND k.subject <> '' AND ($3 = '' OR k.services = '{}' OR $3 = ANY(k.services)) AND a.status <> 'withdrawn' AND (NOT a.drill OR $4)
		ORDER BY a.state ? 'frozen_at' DESC, k.case_id DESC LIMIT 1`, ref, subject, service, drills).
		Scan(&a.Services, &a.SentAt, &a.Effective, &a.Provisional, &a.Answer, &a.TakenAt, &mode, &a.Code)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("cannot ask about the change: %w", err)
	}
	a.Mode = change.Mode(mode)
	return &a, nil
}

// TookEffect finds the newest change about a subject that holds for a customer without having told it: one that was announced before the
// customer came and has taken effect for everybody it reached, since it agreed knowing of it; or one that counsel called not material,
// from its planned instant on. Empty where there is none, or the customer is not known.
func (tx *Tx) TookEffect(ctx context.Context, subject, ref, service string, drills bool) (code string, since *time.Time, material, known bool, err error) {
	err = tx.QueryRow(ctx, `SELECT coalesce(a.code, ''), a.since, coalesce(a.material, false) FROM customer c LEFT JOIN LATERAL (
			SELECT code, (state->'judged'->>'material')::boolean AS material, (state->>CASE WHEN state->'judged'->>'material' = 'true' THEN 'effective_at' ELSE 'planned' END)::timestamptz AS since
			FROM cases WHERE kind = 'change' AND state->>'subject' = $1 AND (NOT drill OR $3) AND (NOT state ? 'services' OR state->'services' ? $4)
				AND (state ? 'effective_at' AND (state->>'frozen_at')::timestamptz < c.created_at
					OR status = 'archived' AND state->'judged'->>'material' = 'false' AND (state->>'planned')::timestamptz <= clock_timestamp() + clock_offset)
			ORDER BY opened_at DESC LIMIT 1) a ON true
		WHERE c.ref = $2`, subject, ref, drills, service).Scan(&code, &since, &material)
	if errors.Is(err, pgx.ErrNoRows) {
		return "", nil, false, false, nil
	}
	if err != nil {
		return "", nil, false, false, fmt.Errorf("cannot ask about the change: %w", err)
	}
	return code, since, material, true, nil
}

// Acknowledged is when customers of a case first acknowledged a notice of it.
func (tx *Tx) Acknowledged(ctx context.Context, caseID uuid.UUID, customers []uuid.UUID) (map[uuid.UUID]*time.Time, error) {
	rows, err := tx.Query(ctx, `SELECT customer_id, min(acknowledged_at) FROM delivery WHERE case_id = $1 AND customer_id = ANY($2) AND acknowledged_at IS NOT NULL GROUP BY 1`, caseID, customers)
	if err != nil {
		return nil, fmt.Errorf("cannot read who acknowledged: %w", err)
	}
	first := map[uuid.UUID]*time.Time{}
	var id uuid.UUID
	var at time.Time
	_, err = pgx.ForEachRow(rows, []any{&id, &at}, func() error { t := at; first[id] = &t; return nil })
	return first, err
}
