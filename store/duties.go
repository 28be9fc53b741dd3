package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// Party is one affected party of a case.
type Party struct {
	ID         uuid.UUID
	Case       uuid.UUID
	Wave       int
	Kind       string
	Customer   *uuid.UUID
	Service    string
	Body       json.RawMessage
	Sealed     []byte
	Certainty  string
	RecordedAt time.Time
	RecordedBy uuid.UUID
}

var partyColumns = []string{"id", "case_id", "wave", "kind", "customer_id", "service", "body", "sealed", "certainty", "recorded_at", "recorded_by"}

// InsertParties writes a wave.
func (tx *Tx) InsertParties(ctx context.Context, parties []Party) error {
	_, err := tx.CopyFrom(ctx, pgx.Identifier{"party"}, partyColumns, pgx.CopyFromSlice(len(parties), func(i int) ([]any, error) {
		p := parties[i]
		return []any{p.ID, p.Case, p.Wave, p.Kind, p.Customer, p.Service, p.Body, p.Sealed, p.Certainty, p.RecordedAt, p.RecordedBy}, nil
	}))
	if err != nil {
		return fmt.Errorf("cannot insert the parties: %w", err)
	}
	return nil
}

const partySelect = `SELECT id, case_id, wave, kind, customer_id, service, body, sealed, certainty, recorded_at, recorded_by FROM party `

func scanParty(row pgx.CollectableRow) (p Party, err error) {
	err = row.Scan(&p.ID, &p.Case, &p.Wave, &p.Kind, &p.Customer, &p.Service, &p.Body, &p.Sealed, &p.Certainty, &p.RecordedAt, &p.RecordedBy)
	return p, err
}

// Parties lists a case's parties after an id.
func (tx *Tx) Parties(ctx context.Context, caseID, after uuid.UUID, limit int) ([]Party, error) {
	rows, err := tx.Query(ctx, partySelect+`WHERE case_id = $1 AND id > $2 ORDER BY id LIMIT $3`, caseID, after, limit)
	if err != nil {
		return nil, fmt.Errorf("cannot list the parties: %w", err)
	}
	return pgx.CollectRows(rows, scanParty)
}

// ControlledParties lists a case's parties of whose data the company may be controller, after an id.
func (tx *Tx) ControlledParties(ctx context.Context, caseID, after uuid.UUID, limit int) ([]Party, error) {
	rows, err := tx.Query(ctx, partySelect+`WHERE case_id = $1 AND id > $2 AND customer_id IS NULL AND certainty <> 'ruled_out' ORDER BY id LIMIT $3`, caseID, after, limit)
	if err != nil {
		return nil, fmt.Errorf("cannot list the parties: %w", err)
	}
	return pgx.CollectRows(rows, scanParty)
}

// KnownParty is what is recorded of a customer and service: everything that was found to be touched so far.
type KnownParty struct {
	Customer uuid.UUID
	Service  string
	Touched  []string
}

// KnownParties lists, of these customers, the services of a case that are recorded already.
func (tx *Tx) KnownParties(ctx context.Context, caseID uuid.UUID, customers []uuid.UUID) ([]KnownParty, error) {
	rows, err := tx.Query(ctx, `SELECT customer_id, service, array_agg(DISTINCT t.touch) FROM party, jsonb_array_elements_text(body->'touched') AS t(touch)
		WHERE case_id = $1 AND customer_id = ANY($2) AND certainty <> 'ruled_out' GROUP BY customer_id, service`, caseID, orEmpty(customers))
	if err != nil {
		return nil, fmt.Errorf("cannot read the known parties: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[KnownParty])
}

// Duty is one duty and its clock.
type Duty struct {
	ID           uuid.UUID
	Case         uuid.UUID
	Party        uuid.UUID
	Customer     *uuid.UUID
	Counterparty string
	Rule         string
	Term         string
	StartWord    string
	// Resolution is the key of the term that governs, as it was resolved when the duty was opened.
	Resolution string
	Governs    string
	StartedAt  *time.Time
	Target     *time.Time
	Limit      *time.Time
	Internal   bool
	State      string
	Disputed   bool
	Evidence   json.RawMessage
	Why        json.RawMessage
	Notice     *uuid.UUID
	MetAt      *time.Time
	MetBy      *string
	Late       bool
	CreatedAt  time.Time
	// Follows is the duty that this one follows: a stage after it, which its submission at ChainedAt starts, or what was
	// promised when it was met.
	Follows   *uuid.UUID
	ChainedAt *time.Time
	// DelayedUntil is until when an authority asked to wait.
	DelayedUntil *time.Time
}

const dutySelect = `SELECT d.id, d.case_id, d.party_id, d.customer_id, d.counterparty, d.rule, d.term_id, d.start_word, d.resolution, d.governs,
	d.started_at, d.target, d.limit_at, d.internal, d.state, d.disputed, d.evidence, d.why, d.notice_id, d.met_at, d.met_by, d.late, d.created_at,
	d.follows, d.chained_at, d.delayed_until
	FROM duty d `

func scanDuty(row pgx.CollectableRow) (d Duty, err error) {
	err = row.Scan(&d.ID, &d.Case, &d.Party, &d.Customer, &d.Counterparty, &d.Rule, &d.Term, &d.StartWord, &d.Resolution, &d.Governs,
		&d.StartedAt, &d.Target, &d.Limit, &d.Internal, &d.State, &d.Disputed, &d.Evidence, &d.Why, &d.Notice, &d.MetAt, &d.MetBy, &d.Late, &d.CreatedAt,
		&d.Follows, &d.ChainedAt, &d.DelayedUntil)
	return d, err
}

// InsertDuties writes new duties with their first due instants and milestones, by COPY.
// A hundred thousand take about a second.
func (tx *Tx) InsertDuties(ctx context.Context, duties []Duty, page uuid.UUID, reason string) error {
	_, err := tx.CopyFrom(ctx, pgx.Identifier{"duty"},
		[]string{"id", "case_id", "party_id", "customer_id", "counterparty", "rule", "term_id", "start_word", "resolution", "governs", "started_at",
			"target", "limit_at", "internal", "state", "disputed", "evidence", "why", "created_at", "follows", "chained_at"},
		pgx.CopyFromSlice(len(duties), func(i int) ([]any, error) {
			d := duties[i]
			return []any{d.ID, d.Case, d.Party, d.Customer, d.Counterparty, d.Rule, d.Term, d.StartWord, d.Resolution, d.Governs, d.StartedAt,
				d.Target, d.Limit, d.Internal, d.State, d.Disputed, d.Evidence, d.Why, d.CreatedAt, d.Follows, d.ChainedAt}, nil
		}))
	if err != nil {
		return fmt.Errorf("cannot insert the duties: %w", err)
	}
	_, err = tx.CopyFrom(ctx, pgx.Identifier{"duty_due"},
		[]string{"duty_id", "seq", "case_id", "started_at", "target", "limit_at", "reason", "recorded_at", "page"},
		pgx.CopyFromSlice(len(duties), func(i int) ([]any, error) {
			d := duties[i]
			return []any{d.ID, 1, d.Case, d.StartedAt, d.Target, d.Limit, reason, d.CreatedAt, page}, nil
		}))
	if err != nil {
		return fmt.Errorf("cannot insert the due instants: %w", err)
	}
	return nil
}

// LockParty reads one party of a case and locks it.
func (tx *Tx) LockParty(ctx context.Context, caseID, id uuid.UUID) (Party, error) {
	rows, err := tx.Query(ctx, partySelect+`WHERE case_id = $1 AND id = $2 FOR UPDATE`, caseID, id)
	if err != nil {
		return Party{}, fmt.Errorf("cannot read the party: %w", err)
	}
	p, err := pgx.CollectExactlyOneRow(rows, scanParty)
	return p, one(err, "party")
}

// RuleOut writes that a party was not affected. What its customer is owed passes to another standing party of the same
// customer, if there is one; else it ends as not required, and what was not sent yet is not sent. It answers how many
// duties ended, and whether somebody had been told: the customer, or an authority by hand.
func (tx *Tx) RuleOut(ctx context.Context, p Party) (ended int, told bool, err error) {
	if _, err = tx.Exec(ctx, `UPDATE party SET certainty = 'ruled_out' WHERE id = $1`, p.ID); err != nil {
		return 0, false, fmt.Errorf("cannot rule the party out: %w", err)
	}
	if p.Customer == nil {
		err = tx.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM duty d JOIN delivery v ON v.duty_id = d.id WHERE d.case_id = $1 AND d.party_id = $2)`, p.Case, p.ID).Scan(&told)
		return 0, told, err
	}
	if _, err = tx.Exec(ctx, `UPDATE duty d SET party_id = o.id FROM party o WHERE d.party_id = $2 AND d.customer_id = $3 AND d.state IN ('proposed', 'required')
		AND o.case_id = $1 AND o.customer_id = $3 AND o.certainty <> 'ruled_out'`, p.Case, p.ID, p.Customer); err != nil {
		return 0, false, fmt.Errorf("cannot pass the duties on: %w", err)
	}
	tag, err := tx.Exec(ctx, `UPDATE duty SET state = 'not_required', governs = CASE governs WHEN 'undecided' THEN 'found' ELSE governs END
		WHERE party_id = $1 AND customer_id = $2 AND state IN ('proposed', 'required')`, p.ID, p.Customer)
	if err != nil {
		return 0, false, fmt.Errorf("cannot end the duties: %w", err)
	}
	if _, err = tx.Exec(ctx, `UPDATE delivery SET state = 'cancelled', claim = NULL, lease_until = NULL WHERE case_id = $1 AND customer_id = $2
		AND state IN ('planned', 'claimed', 'reserve') AND attempt = 0
		AND NOT EXISTS (SELECT 1 FROM duty WHERE case_id = $1 AND customer_id = $2 AND state IN ('proposed', 'required'))`, p.Case, p.Customer); err != nil {
		return 0, false, fmt.Errorf("cannot cancel what was not sent: %w", err)
	}
	err = tx.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM delivery WHERE case_id = $1 AND customer_id = $2 AND attempt > 0)`, p.Case, p.Customer).Scan(&told)
	return int(tag.RowsAffected()), told, err
}

// Unsupported lists the open duties of a case to others than customers whose party was ruled out, each after those that
// it follows.
func (tx *Tx) Unsupported(ctx context.Context, caseID uuid.UUID) ([]Duty, error) {
	rows, err := tx.Query(ctx, dutySelect+`JOIN party p ON p.id = d.party_id WHERE d.case_id = $1 AND d.customer_id IS NULL
		AND d.state IN ('proposed', 'required') AND p.certainty = 'ruled_out' ORDER BY d.id FOR UPDATE OF d`, caseID)
	if err != nil {
		return nil, fmt.Errorf("cannot list what nothing supports: %w", err)
	}
	return pgx.CollectRows(rows, scanDuty)
}

// PartiesByID reads parties by their ids.
func (tx *Tx) PartiesByID(ctx context.Context, ids []uuid.UUID) (map[uuid.UUID]Party, error) {
	rows, err := tx.Query(ctx, partySelect+`WHERE id = ANY($1)`, ids)
	if err != nil {
		return nil, fmt.Errorf("cannot read the parties: %w", err)
	}
	found, err := pgx.CollectRows(rows, scanParty)
	byID := make(map[uuid.UUID]Party, len(found))
	for _, p := range found {
		byID[p.ID] = p
	}
	return byID, err
}

// KeepResolutions writes what was resolved, by key; the same key always stands for the same.
func (tx *Tx) KeepResolutions(ctx context.Context, resolutions map[string][]byte) error {
	batch := &pgx.Batch{}
	for key, body := range resolutions {
		batch.Queue(`INSERT INTO resolution (key, body) VALUES ($1, $2) ON CONFLICT DO NOTHING`, key, body)
	}
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("cannot keep what was resolved: %w", err)
	}
	return nil
}

// Resolutions reads what was resolved, by key.
func (tx *Tx) Resolutions(ctx context.Context, keys []string) (map[string]json.RawMessage, error) {
	rows, err := tx.Query(ctx, `SELECT key, body FROM resolution WHERE key = ANY($1)`, keys)
	if err != nil {
		return nil, fmt.Errorf("cannot read what was resolved: %w", err)
	}
	found := map[string]json.RawMessage{}
	var key string
	var body []byte
	_, err = pgx.ForEachRow(rows, []any{&key, &body}, func() error { found[key] = append(json.RawMessage(nil), body...); return nil })
	return found, err
}

// DutyFilter narrows a list of duties.
type DutyFilter struct {
	// States that count; all if empty.
	States []string
	// Word narrows to duties whose clock a start word starts: that of the term that governs, or of one beside it.
	Word string
	// Beside are the resolutions that have such a term beside the one that governs (see StartedBy).
	Beside []string
	// Rule, Governs and IDs narrow further where they are set.
	Rule    string
	Governs string
	IDs     []uuid.UUID
	After   uuid.UUID
	Limit   int
}

// Duties lists a case's duties by id, by keyset.
func (tx *Tx) Duties(ctx context.Context, caseID uuid.UUID, f DutyFilter) ([]Duty, error) {
	return tx.duties(ctx, caseID, f, "")
}

// LockDuties is Duties for a decision about them: an outcome that a sender commits at the same time, without the
// case's lock, is waited for and not overwritten.
func (tx *Tx) LockDuties(ctx context.Context, caseID uuid.UUID, f DutyFilter) ([]Duty, error) {
	return tx.duties(ctx, caseID, f, " FOR UPDATE OF d")
}

func (tx *Tx) duties(ctx context.Context, caseID uuid.UUID, f DutyFilter, lock string) ([]Duty, error) {
	rows, err := tx.Query(ctx, dutySelect+`WHERE d.case_id = $1 AND d.id > $2
		AND (cardinality($3::text[]) = 0 OR d.state = ANY($3)) AND ($4 = '' OR d.start_word = $4 OR d.resolution = ANY($9)) AND ($5 = '' OR d.rule = $5)
		AND ($6 = '' OR d.governs = $6) AND (cardinality($7::uuid[]) = 0 OR d.id = ANY($7)) ORDER BY d.id LIMIT $8`+lock,
		caseID, f.After, orEmpty(f.States), f.Word, f.Rule, f.Governs, orEmpty(f.IDs), f.Limit, orEmpty(f.Beside))
	if err != nil {
		return nil, fmt.Errorf("cannot list the duties: %w", err)
	}
	return pgx.CollectRows(rows, scanDuty)
}

// StartedBy lists the resolutions of a case's duties of which some term is started by a word.
func (tx *Tx) StartedBy(ctx context.Context, caseID uuid.UUID, word string) ([]string, error) {
	rows, err := tx.Query(ctx, `SELECT key FROM resolution WHERE key IN (SELECT DISTINCT resolution FROM duty WHERE case_id = $1 AND start_word <> $2)
		AND body->'Candidates' @> jsonb_build_array(jsonb_build_object('Start', $2::text))`, caseID, word)
	if err != nil {
		return nil, fmt.Errorf("cannot read which terms the word starts: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

func orEmpty[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}

// KnownDuties are the duties of a case to these customers, and to everybody who is none, as "counterparty/term", but for
// those that ended with a party that was ruled out. What people found not to be owed is known: it is looked at again when
// facts change, not opened a second time.
func (tx *Tx) KnownDuties(ctx context.Context, caseID uuid.UUID, customers []uuid.UUID) (map[string]bool, error) {
	rows, err := tx.Query(ctx, `SELECT counterparty || '/' || term_id FROM duty WHERE case_id = $1 AND (customer_id IS NULL OR customer_id = ANY($2))
		AND (state <> 'not_required' OR id IN (SELECT duty_id FROM exemption WHERE case_id = $1))`, caseID, orEmpty(customers))
	if err != nil {
		return nil, fmt.Errorf("cannot read the known duties: %w", err)
	}
	keys, err := pgx.CollectRows(rows, pgx.RowTo[string])
	known := make(map[string]bool, len(keys))
	for _, key := range keys {
		known[key] = true
	}
	return known, err
}

// LockDuty reads one duty of a case for a decision about it.
func (tx *Tx) LockDuty(ctx context.Context, caseID, id uuid.UUID) (Duty, error) {
	rows, err := tx.Query(ctx, dutySelect+`WHERE d.case_id = $1 AND d.id = $2 FOR UPDATE OF d`, caseID, id)
	if err != nil {
		return Duty{}, fmt.Errorf("cannot lock the duty: %w", err)
	}
	d, err := pgx.CollectExactlyOneRow(rows, scanDuty)
	return d, one(err, "duty")
}

// LockDutiesOf locks what a customer (or, by its id, one duty) is still owed or was told, so that
// two outcomes for it are weighed one after the other.
func (tx *Tx) LockDutiesOf(ctx context.Context, caseID uuid.UUID, customer, duty *uuid.UUID) ([]Duty, error) {
	rows, err := tx.Query(ctx, lockDutiesOf, caseID, customer, duty)
	if err != nil {
		return nil, fmt.Errorf("cannot lock the duties: %w", err)
	}
	return pgx.CollectRows(rows, scanDuty)
}

const lockDutiesOf = dutySelect + `WHERE d.case_id = $1 AND (d.customer_id = $2 OR d.id = $3)
	AND d.state IN ('proposed', 'required', 'met') ORDER BY d.id FOR UPDATE OF d`

// SetDuty writes what may change about a duty: its state and what met it.
func (tx *Tx) SetDuty(ctx context.Context, d Duty) error {
	batch := &pgx.Batch{}
	queueDuty(batch, d)
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("cannot write the duty: %w", err)
	}
	return nil
}

func queueDuty(batch *pgx.Batch, d Duty) {
	batch.Queue(`UPDATE duty SET state = $2, met_at = $3, met_by = $4, late = $5, governs = $6, disputed = $7, notice_id = $8 WHERE id = $1`,
		d.ID, d.State, d.MetAt, d.MetBy, d.Late, d.Governs, d.Disputed, d.Notice)
}

// MoveDuties writes newly derived clocks; the earlier instants stay in duty_due.
func (tx *Tx) MoveDuties(ctx context.Context, duties []Duty, page uuid.UUID, reason string, now time.Time) error {
	batch := &pgx.Batch{}
	for _, d := range duties {
		batch.Queue(`UPDATE duty SET started_at = $2, target = $3, limit_at = $4, internal = $5, why = $6, governs = $7, state = $8, disputed = $9, late = $10,
			chained_at = $11, delayed_until = $12 WHERE id = $1`,
			d.ID, d.StartedAt, d.Target, d.Limit, d.Internal, d.Why, d.Governs, d.State, d.Disputed, d.Late, d.ChainedAt, d.DelayedUntil)
		batch.Queue(`INSERT INTO duty_due (duty_id, seq, case_id, started_at, target, limit_at, reason, recorded_at, page)
			SELECT $1, max(seq) + 1, $2, $3, $4, $5, $6, $7, $8 FROM duty_due WHERE duty_id = $1`,
			d.ID, d.Case, d.StartedAt, d.Target, d.Limit, reason, now, page)
	}
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("cannot move the duties' clocks: %w", err)
	}
	return nil
}

// EachDue calls f for every due instant that one decision derived, in the order of their duties.
func (tx *Tx) EachDue(ctx context.Context, page uuid.UUID, f func(duty uuid.UUID, due Due) error) error {
	rows, err := tx.Query(ctx, `SELECT duty_id, started_at, target, limit_at, reason, recorded_at FROM duty_due WHERE page = $1 ORDER BY duty_id`, page)
	if err != nil {
		return fmt.Errorf("cannot read the due instants: %w", err)
	}
	var id uuid.UUID
	var due Due
	_, err = pgx.ForEachRow(rows, []any{&id, &due.StartedAt, &due.Target, &due.Limit, &due.Reason, &due.RecordedAt}, func() error { return f(id, due) })
	return err
}

// LatestDue reads the newest due instants of duties.
func (tx *Tx) LatestDue(ctx context.Context, duties []uuid.UUID) (map[uuid.UUID]Due, error) {
	rows, err := tx.Query(ctx, `SELECT DISTINCT ON (duty_id) duty_id, started_at, target, limit_at, reason, recorded_at
		FROM duty_due WHERE duty_id = ANY($1) ORDER BY duty_id, seq DESC`, duties)
	if err != nil {
		return nil, fmt.Errorf("cannot read the due instants: %w", err)
	}
	latest := make(map[uuid.UUID]Due, len(duties))
	var id uuid.UUID
	var due Due
	_, err = pgx.ForEachRow(rows, []any{&id, &due.StartedAt, &due.Target, &due.Limit, &due.Reason, &due.RecordedAt}, func() error { latest[id] = due; return nil })
	return latest, err
}

// Due is one due instant a duty had.
type Due struct {
	StartedAt  *time.Time
	Target     *time.Time
	Limit      *time.Time
	Reason     string
	RecordedAt time.Time
}

// DueHistory lists every due instant a duty had, the first one first.
func (tx *Tx) DueHistory(ctx context.Context, duty uuid.UUID) ([]Due, error) {
	rows, err := tx.Query(ctx, `SELECT started_at, target, limit_at, reason, recorded_at FROM duty_due WHERE duty_id = $1 ORDER BY seq`, duty)
	if err != nil {
		return nil, fmt.Errorf("cannot read the due instants: %w", err)
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (d Due, err error) {
		err = row.Scan(&d.StartedAt, &d.Target, &d.Limit, &d.Reason, &d.RecordedAt)
		return d, err
	})
}

// Fact is a start fact of a case.
type Fact struct {
	ID         uuid.UUID
	Case       uuid.UUID
	Word       string
	HappenedAt time.Time
	Zone       string
	RecordedAt time.Time
	RecordedBy uuid.UUID
	Sealed     []byte
}

// Starts are the start facts of a case that stand, by word.
func (tx *Tx) Starts(ctx context.Context, caseID uuid.UUID) (map[string]time.Time, error) {
	rows, err := tx.Query(ctx, `SELECT word, happened_at FROM fact WHERE case_id = $1 AND party_id IS NULL AND NOT superseded`, caseID)
	if err != nil {
		return nil, fmt.Errorf("cannot read the start facts: %w", err)
	}
	starts := map[string]time.Time{}
	var word string
	var at time.Time
	_, err = pgx.ForEachRow(rows, []any{&word, &at}, func() error { starts[word] = at; return nil })
	return starts, err
}

// RecordFact writes a start fact and marks the one before it superseded.
func (tx *Tx) RecordFact(ctx context.Context, f Fact) error {
	if _, err := tx.Exec(ctx, `UPDATE fact SET superseded = true WHERE case_id = $1 AND party_id IS NULL AND word = $2 AND NOT superseded`, f.Case, f.Word); err != nil {
		return fmt.Errorf("cannot supersede the fact: %w", err)
	}
	_, err := tx.Exec(ctx, `INSERT INTO fact (id, case_id, word, happened_at, zone, recorded_at, recorded_by, sealed) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		f.ID, f.Case, f.Word, f.HappenedAt, f.Zone, f.RecordedAt, f.RecordedBy, f.Sealed)
	if err != nil {
		return fmt.Errorf("cannot record the fact: %w", err)
	}
	return nil
}

// Reached reads what a case's incident reached, at whomever, and its parties that are no customers: what laws look at.
func (tx *Tx) Reached(ctx context.Context, caseID uuid.UUID) (touched []string, groups []Party, err error) {
	err = tx.QueryRow(ctx, `SELECT coalesce(array_agg(DISTINCT t.touch), '{}') FROM party, jsonb_array_elements_text(body->'touched') AS t(touch)
		WHERE case_id = $1 AND certainty <> 'ruled_out'`, caseID).Scan(&touched)
	if err != nil {
		return nil, nil, fmt.Errorf("cannot read what was reached: %w", err)
	}
	rows, err := tx.Query(ctx, partySelect+`WHERE case_id = $1 AND customer_id IS NULL AND certainty <> 'ruled_out' ORDER BY id`, caseID)
	if err != nil {
		return nil, nil, fmt.Errorf("cannot read the groups: %w", err)
	}
	groups, err = pgx.CollectRows(rows, scanParty)
	return touched, groups, err
}

// Stage is a duty that was met and what follows it already, if anything does.
type Stage struct {
	Met Duty
	// Next are the duties that follow it.
	Next []Duty
}

// Stages reads the duties under rules that other stages follow, and those that follow them.
func (tx *Tx) Stages(ctx context.Context, caseID uuid.UUID, rules []string) ([]Stage, error) {
	rows, err := tx.Query(ctx, dutySelect+`WHERE d.case_id = $1 AND d.rule = ANY($2) AND d.state = 'met' ORDER BY d.id FOR UPDATE OF d`, caseID, rules)
	if err != nil {
		return nil, fmt.Errorf("cannot read the stages: %w", err)
	}
	met, err := pgx.CollectRows(rows, scanDuty)
	if err != nil {
		return nil, err
	}
	stages := make([]Stage, 0, len(met))
	for _, one := range met {
		rows, err := tx.Query(ctx, dutySelect+`WHERE d.case_id = $1 AND d.follows = $2 ORDER BY d.id FOR UPDATE OF d`, caseID, one.ID)
		if err != nil {
			return nil, fmt.Errorf("cannot read what follows: %w", err)
		}
		next, err := pgx.CollectRows(rows, scanDuty)
		if err != nil {
			return nil, err
		}
		stages = append(stages, Stage{Met: one, Next: next})
	}
	return stages, nil
}

// OpenBeside counts the open duties of a case other than one.
func (tx *Tx) OpenBeside(ctx context.Context, caseID, duty uuid.UUID) (n int, err error) {
	err = tx.QueryRow(ctx, `SELECT count(*) FROM duty WHERE case_id = $1 AND id <> $2 AND state IN ('proposed', 'required')`, caseID, duty).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("cannot count the open duties: %w", err)
	}
	return n, nil
}

// FirstOralDelay is when an authority first asked orally to wait with a duty; nil where none did.
func (tx *Tx) FirstOralDelay(ctx context.Context, caseID, duty uuid.UUID) (at *time.Time, err error) {
	err = tx.QueryRow(ctx, `SELECT min(e.happened_at) FROM (SELECT happened_at, convert_from(body, 'UTF8')::jsonb AS body FROM timeline
		WHERE case_id = $1 AND kind = 'duty.delayed') e WHERE e.body->>'duty' = $2 AND e.body->>'form' = 'oral'`, caseID, duty.String()).Scan(&at)
	if err != nil {
		return nil, fmt.Errorf("cannot read the requests to wait: %w", err)
	}
	return at, nil
}
