package store

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// Notice is one notice of a case; its text is in its versions.
type Notice struct {
	ID         uuid.UUID
	Case       uuid.UUID
	Kind       string
	State      string
	Version    int
	CreatedAt  time.Time
	ApprovedBy *uuid.UUID
	ApprovedAt *time.Time
	Approval   []byte
	// DelayReason is why it comes late, where the approver has that printed; sealed.
	DelayReason []byte
	// FollowUp: it keeps what earlier notices promised.
	FollowUp bool
	// Sealed is the text of the current version.
	Sealed []byte
}

const noticeSelect = `SELECT n.id, n.case_id, n.kind, n.state, n.version, n.created_at, n.approved_by, n.approved_at, n.approval_digest, n.delay_sealed, n.follow_up, v.sealed
	FROM notice n JOIN notice_version v ON v.notice_id = n.id AND v.version = n.version `

func scanNotice(row pgx.CollectableRow) (n Notice, err error) {
	err = row.Scan(&n.ID, &n.Case, &n.Kind, &n.State, &n.Version, &n.CreatedAt, &n.ApprovedBy, &n.ApprovedAt, &n.Approval, &n.DelayReason, &n.FollowUp, &n.Sealed)
	return n, err
}

// InsertNotice writes a draft with its first version.
func (tx *Tx) InsertNotice(ctx context.Context, n Notice, by uuid.UUID) error {
	_, err := tx.Exec(ctx, `INSERT INTO notice (id, case_id, kind, state, version, created_at, follow_up) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		n.ID, n.Case, n.Kind, n.State, n.Version, n.CreatedAt, n.FollowUp)
	if err != nil {
		return fmt.Errorf("cannot insert the notice: %w", err)
	}
	return tx.InsertNoticeVersion(ctx, n, by, n.CreatedAt)
}

// InsertNoticeVersion writes the text of the notice's current version; versions are never changed.
func (tx *Tx) InsertNoticeVersion(ctx context.Context, n Notice, by uuid.UUID, at time.Time) error {
	_, err := tx.Exec(ctx, `INSERT INTO notice_version (notice_id, version, sealed, edited_by, edited_at) VALUES ($1, $2, $3, $4, $5)`,
		n.ID, n.Version, n.Sealed, by, at)
	if err != nil {
		return fmt.Errorf("cannot insert the notice's version: %w", err)
	}
	return nil
}

// UpdateNotice writes state, version and approval.
func (tx *Tx) UpdateNotice(ctx context.Context, n Notice) error {
	_, err := tx.Exec(ctx, `UPDATE notice SET state = $2, version = $3, approved_by = $4, approved_at = $5, approval_digest = $6, delay_sealed = $7 WHERE id = $1`,
		n.ID, n.State, n.Version, n.ApprovedBy, n.ApprovedAt, n.Approval, n.DelayReason)
	if err != nil {
		return fmt.Errorf("cannot update the notice: %w", err)
	}
	return nil
}

// VoidApprovals takes back every approval of a case's notices that were not released.
func (tx *Tx) VoidApprovals(ctx context.Context, caseID uuid.UUID) error {
	_, err := tx.Exec(ctx, `UPDATE notice SET state = 'awaiting_approval', approved_by = NULL, approved_at = NULL, approval_digest = NULL, delay_sealed = NULL
		WHERE case_id = $1 AND state = 'approved'`, caseID)
	if err != nil {
		return fmt.Errorf("cannot take the approvals back: %w", err)
	}
	return nil
}

// Notice reads one notice of a case with its current text.
func (tx *Tx) Notice(ctx context.Context, caseID, id uuid.UUID) (Notice, error) {
	rows, err := tx.Query(ctx, noticeSelect+`WHERE n.case_id = $1 AND n.id = $2`, caseID, id)
	if err != nil {
		return Notice{}, fmt.Errorf("cannot read the notice: %w", err)
	}
	n, err := pgx.CollectExactlyOneRow(rows, scanNotice)
	return n, one(err, "notice")
}

// NoticeText reads the text of one version, for a message that is made from it.
func (tx *Tx) NoticeText(ctx context.Context, id uuid.UUID, version int) (Notice, error) {
	n := Notice{ID: id, Version: version}
	err := tx.QueryRow(ctx, `SELECT n.delay_sealed, v.sealed FROM notice_version v JOIN notice n ON n.id = v.notice_id WHERE v.notice_id = $1 AND v.version = $2`,
		id, version).Scan(&n.DelayReason, &n.Sealed)
	return n, one(err, "notice")
}

// Notices lists a case's notices.
func (tx *Tx) Notices(ctx context.Context, caseID uuid.UUID) ([]Notice, error) {
	rows, err := tx.Query(ctx, noticeSelect+`WHERE n.case_id = $1 ORDER BY n.id`, caseID)
	if err != nil {
		return nil, fmt.Errorf("cannot list the notices: %w", err)
	}
	return pgx.CollectRows(rows, scanNotice)
}

// Editors are everybody who wrote any version of a notice: none of them may approve it.
func (tx *Tx) Editors(ctx context.Context, id uuid.UUID) ([]uuid.UUID, error) {
	rows, err := tx.Query(ctx, `SELECT DISTINCT edited_by FROM notice_version WHERE notice_id = $1`, id)
	if err != nil {
		return nil, fmt.Errorf("cannot read the notice's editors: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
}

// Owed is one contact of one customer who is owed a notice, with everything its letter needs.
type Owed struct {
	Duty, Customer, Contact uuid.UUID
	Ref                     string
	CustomerBody            []byte
	CustomerSealed          []byte
	ContactRole             string
	Language                string
	ContactSealed           []byte
	KEK                     string
	Wrapped                 []byte
	Term                    string
	Why                     []byte
	Evidence                []byte
	Target                  *time.Time
	PartyBody               []byte
	Party                   uuid.UUID
	// LateAfter is the earliest legal limit of what the customer is owed, nil where nothing has one.
	LateAfter *time.Time
}

// freeDuties are open duties for which a notice may be released: none was, or it reaches nobody more, or it is this one.
const freeDuties = `d.case_id = $1 AND d.state IN ('proposed', 'required') AND (d.notice_id IS NULL OR d.notice_over OR d.notice_id = $2)`

// itsAudience narrows customers, grouped with what they are owed, to those whom the notice is for: an update for those who
// are owed nothing but what they were promised, any other for everybody else. Whoever was not reached gets the whole notice.
const itsAudience = ` GROUP BY d.customer_id HAVING bool_and(d.start_word = 'promised') = (SELECT follow_up FROM notice WHERE id = $2) `

// Owed lists every contact of the next customers whose notice is owed and not yet released (or is released by
// this very notice), ordered by customer and contact; a customer without a contact comes once with a zero
// Contact. It takes customers after an id, in pages, so that memory does not grow with them.
func (tx *Tx) Owed(ctx context.Context, caseID, notice, after uuid.UUID, customers int) ([]Owed, error) {
	rows, err := tx.Query(ctx, `WITH next AS (SELECT d.customer_id, min(d.limit_at) AS late_after FROM duty d WHERE `+freeDuties+` AND d.customer_id > $3`+itsAudience+`
			ORDER BY d.customer_id LIMIT $4)
		SELECT DISTINCT ON (c.id, k.id) d.id, c.id, coalesce(k.id, '00000000-0000-0000-0000-000000000000'), c.ref, c.body, c.sealed,
			coalesce(k.role, ''), coalesce(k.language, ''), k.sealed, y.kek, y.wrapped, d.term_id, d.why, d.evidence, d.target, p.body, p.id, next.late_after
		FROM next JOIN duty d ON d.customer_id = next.customer_id
		JOIN customer c ON c.id = d.customer_id JOIN data_key y ON y.scope = c.id JOIN party p ON p.id = d.party_id
		LEFT JOIN contact k ON k.customer_id = c.id AND k.ended_at IS NULL AND k.channel = 'email'
		WHERE `+freeDuties+` ORDER BY c.id, k.id, d.target NULLS LAST, d.id`, caseID, notice, after, customers)
	if err != nil {
		return nil, fmt.Errorf("cannot read who is owed the notice: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[Owed])
}

// Wants is what customers who are owed a notice together ask of its content.
type Wants struct {
	// Lists are the elements that the agreements of their open duties list; an empty one where an agreement lists none.
	Lists [][]string
	// Customers is how many they are, Clause that of the first.
	Customers int
	Clause    string
	// Passed: the limit, or the target of what has no limit, lies behind one of them.
	Passed bool
}

// Wants reads which lists of elements those who are owed a notice have, as their terms were frozen with their duties.
// Customers with the same lists are one row: agreements differ far less than customers do.
func (tx *Tx) Wants(ctx context.Context, caseID, notice uuid.UUID, now time.Time) ([]Wants, error) {
	rows, err := tx.Query(ctx, `SELECT to_jsonb(lists), count(*), (array_agg(clause ORDER BY first))[1], bool_or(passed) FROM (
			SELECT array_agg(DISTINCT jsonb_path_query_array(r.body, '$.Candidates[*].Content[*] ? (@ != null)')) AS lists, min(d.id::text) AS first,
				(array_agg(d.why->>'clause' ORDER BY d.id))[1] AS clause, coalesce(bool_or(coalesce(d.limit_at, d.target) < $3), false) AS passed
			FROM duty d JOIN resolution r ON r.key = d.resolution WHERE `+freeDuties+` AND d.customer_id IS NOT NULL`+itsAudience+`) owed
		GROUP BY lists ORDER BY min(first)`, caseID, notice, now)
	if err != nil {
		return nil, fmt.Errorf("cannot read what the notice has to say: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[Wants])
}

// LateCustomers counts the customers for whom the legal limit passed before this notice reached them; while it is not
// released, those for whom it will have.
func (tx *Tx) LateCustomers(ctx context.Context, n Notice, released bool, now time.Time) (count int, err error) {
	err = tx.QueryRow(ctx, `SELECT count(*) FROM (SELECT FROM duty d WHERE d.case_id = $1 AND d.customer_id IS NOT NULL
			AND (d.notice_id = $2 OR NOT $3 AND (d.notice_id IS NULL OR d.notice_over))`+itsAudience+`
			AND bool_or(d.late OR d.state IN ('proposed', 'required') AND d.limit_at < $4)) late`, n.Case, n.ID, released, now).Scan(&count)
	if err != nil {
		return 0, fmt.Errorf("cannot count who is told late: %w", err)
	}
	return count, nil
}

// Assign says that this notice is the one released for what these customers are owed.
func (tx *Tx) Assign(ctx context.Context, caseID, notice uuid.UUID, customers []uuid.UUID) error {
	_, err := tx.Exec(ctx, `UPDATE duty SET notice_id = $2, notice_over = false WHERE case_id = $1 AND customer_id = ANY($3)
		AND state IN ('proposed', 'required') AND (notice_id IS NULL OR notice_over)`, caseID, notice, customers)
	if err != nil {
		return fmt.Errorf("cannot assign the notice to its duties: %w", err)
	}
	return nil
}

// OwedToPeople lists the open duties to people that a notice is for: an update for what was promised, any other for the rest.
func (tx *Tx) OwedToPeople(ctx context.Context, caseID, notice uuid.UUID) ([]Duty, error) {
	rows, err := tx.Query(ctx, dutySelect+`WHERE `+freeDuties+` AND d.customer_id IS NULL AND d.counterparty LIKE 'people/%'
		AND (d.start_word = 'promised') = (SELECT follow_up FROM notice WHERE id = $2) ORDER BY d.id`, caseID, notice)
	if err != nil {
		return nil, fmt.Errorf("cannot read what is owed to people: %w", err)
	}
	return pgx.CollectRows(rows, scanDuty)
}

// AssignByHand says that this notice is the one released for these duties. It is sent by hand, so that another may be
// released after it.
func (tx *Tx) AssignByHand(ctx context.Context, notice uuid.UUID, duties []uuid.UUID) error {
	if _, err := tx.Exec(ctx, `UPDATE duty SET notice_id = $1, notice_over = true WHERE id = ANY($2)`, notice, duties); err != nil {
		return fmt.Errorf("cannot assign the notice to its duties: %w", err)
	}
	return nil
}

// FreeDuties lets another notice be released for what a customer is still owed after this one. Until then it stays the one
// that was released for it: whoever acknowledges it after all has been told.
func (tx *Tx) FreeDuties(ctx context.Context, caseID, customer, notice uuid.UUID) error {
	_, err := tx.Exec(ctx, `UPDATE duty SET notice_over = true WHERE case_id = $1 AND customer_id = $2 AND notice_id = $3
		AND state IN ('proposed', 'required')`, caseID, customer, notice)
	if err != nil {
		return fmt.Errorf("cannot free the duties: %w", err)
	}
	return nil
}

// Unassign frees the duties whose customers a stopped campaign did not reach, so that another notice can.
func (tx *Tx) Unassign(ctx context.Context, caseID, campaignID uuid.UUID) error {
	_, err := tx.Exec(ctx, `UPDATE duty d SET notice_over = true FROM campaign c WHERE c.id = $2 AND d.case_id = $1 AND d.notice_id = c.notice_id
		AND d.state IN ('proposed', 'required') AND NOT EXISTS (SELECT 1 FROM delivery x WHERE x.campaign_id = c.id AND x.customer_id = d.customer_id
			AND x.state NOT IN ('cancelled', 'refused', 'bounced'))`, caseID, campaignID)
	if err != nil {
		return fmt.Errorf("cannot free the duties: %w", err)
	}
	return nil
}

// NoticeTexts reads the stored texts of every version of a case's notices, as "notice/version", and the printed reasons
// of their delay, as "notice/delay_reason".
func (tx *Tx) NoticeTexts(ctx context.Context, caseID uuid.UUID) (map[string][]byte, error) {
	rows, err := tx.Query(ctx, `SELECT n.id::text || '/' || v.version, v.sealed FROM notice n JOIN notice_version v ON v.notice_id = n.id WHERE n.case_id = $1
		UNION ALL SELECT id::text || '/delay_reason', delay_sealed FROM notice WHERE case_id = $1 AND delay_sealed IS NOT NULL`, caseID)
	if err != nil {
		return nil, fmt.Errorf("cannot read the notices' texts: %w", err)
	}
	texts := map[string][]byte{}
	var name string
	var sealed []byte
	_, err = pgx.ForEachRow(rows, []any{&name, &sealed}, func() error { texts[name] = append([]byte(nil), sealed...); return nil })
	return texts, err
}
