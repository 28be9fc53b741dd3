package store

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/cases/request"
)

// Identity is one identifier that a request names.
type Identity struct {
	ID         uuid.UUID
	Case       uuid.UUID
	Kind       string
	Sealed     []byte
	Commit     []byte
	State      string
	Method     string
	VerifiedAt *time.Time
	RecordedAt time.Time
}

// InsertIdentity adds an identifier to a request; one that it names already stays as it is.
func (tx *Tx) InsertIdentity(ctx context.Context, i Identity) error {
	_, err := tx.Exec(ctx, `INSERT INTO identity (id, case_id, kind, sealed, commit, state, method, verified_at, recorded_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (case_id, kind, commit) DO NOTHING`,
		i.ID, i.Case, i.Kind, i.Sealed, i.Commit, i.State, i.Method, i.VerifiedAt, i.RecordedAt)
	if err != nil {
		return fmt.Errorf("cannot insert the identity: %w", err)
	}
	return nil
}

// Identities are all identifiers of a request, in the order in which they were named.
func (tx *Tx) Identities(ctx context.Context, caseID uuid.UUID) ([]Identity, error) {
	rows, err := tx.Query(ctx, `SELECT id, case_id, kind, sealed, commit, state, method, verified_at, recorded_at FROM identity WHERE case_id = $1 ORDER BY id`, caseID)
	if err != nil {
		return nil, fmt.Errorf("cannot read the identities: %w", err)
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (i Identity, err error) {
		err = row.Scan(&i.ID, &i.Case, &i.Kind, &i.Sealed, &i.Commit, &i.State, &i.Method, &i.VerifiedAt, &i.RecordedAt)
		return i, err
	})
}

// SetIdentity writes how far an identity was shown.
func (tx *Tx) SetIdentity(ctx context.Context, id uuid.UUID, state, method string, verifiedAt *time.Time) error {
	_, err := tx.Exec(ctx, `UPDATE identity SET state = $2, method = $3, verified_at = $4 WHERE id = $1`, id, state, method, verifiedAt)
	if err != nil {
		return fmt.Errorf("cannot write the identity: %w", err)
	}
	return nil
}

// What a mailed code is good for.
const (
	ForIdentity = "identity"
	ForExport   = "export"
)

// Challenge is one mailed code.
type Challenge struct {
	ID       uuid.UUID
	Identity uuid.UUID
	Case     uuid.UUID
	// Purpose is what the code is good for: ForIdentity or ForExport.
	Purpose   string
	Hash      []byte
	AskedAt   time.Time
	ExpiresAt time.Time
	Tries     int
	UsedAt    *time.Time
}

// InsertChallenge writes a new code; those mailed before to the same identity for the same purpose end with it.
func (tx *Tx) InsertChallenge(ctx context.Context, c Challenge) error {
	batch := &pgx.Batch{}
	batch.Queue(`UPDATE challenge SET expires_at = $2 WHERE identity_id = $1 AND purpose = $3 AND used_at IS NULL AND expires_at > $2`, c.Identity, c.AskedAt, c.Purpose)
	batch.Queue(`INSERT INTO challenge (id, identity_id, case_id, purpose, secret_hash, asked_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		c.ID, c.Identity, c.Case, c.Purpose, c.Hash, c.AskedAt, c.ExpiresAt)
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("cannot insert the challenge: %w", err)
	}
	return nil
}

// LatestChallenge is the newest code of an identity for a purpose; nil where none was mailed.
func (tx *Tx) LatestChallenge(ctx context.Context, identity uuid.UUID, purpose string) (*Challenge, error) {
	rows, err := tx.Query(ctx, `SELECT id, identity_id, case_id, purpose, secret_hash, asked_at, expires_at, tries, used_at FROM challenge
		WHERE identity_id = $1 AND purpose = $2 ORDER BY id DESC LIMIT 1`, identity, purpose)
	if err != nil {
		return nil, fmt.Errorf("cannot read the challenge: %w", err)
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (c Challenge, err error) {
		err = row.Scan(&c.ID, &c.Identity, &c.Case, &c.Purpose, &c.Hash, &c.AskedAt, &c.ExpiresAt, &c.Tries, &c.UsedAt)
		return c, err
	})
	if err != nil || len(all) == 0 {
		return nil, err
	}
	return &all[0], nil
}

// TryChallenge counts one try, and notes the use where it was right.
func (tx *Tx) TryChallenge(ctx context.Context, id uuid.UUID, used *time.Time) error {
	_, err := tx.Exec(ctx, `UPDATE challenge SET tries = tries + 1, used_at = $2 WHERE id = $1`, id, used)
	if err != nil {
		return fmt.Errorf("cannot count the try: %w", err)
	}
	return nil
}

// ChallengeCase finds the case and the identity of a mailed link.
func (tx *Tx) ChallengeCase(ctx context.Context, id uuid.UUID) (caseID, identity uuid.UUID, err error) {
	err = tx.QueryRow(ctx, `SELECT case_id, identity_id FROM challenge WHERE id = $1`, id).Scan(&caseID, &identity)
	return caseID, identity, one(err, "code")
}

// SharedWith are the cases, other than one, in which an identity of it was verified too: requests of the same person.
func (tx *Tx) SharedWith(ctx context.Context, caseID uuid.UUID) ([]uuid.UUID, error) {
	rows, err := tx.Query(ctx, `SELECT DISTINCT other.case_id FROM identity mine JOIN identity other USING (kind, commit)
		WHERE mine.case_id = $1 AND mine.state = 'verified' AND other.state = 'verified' AND other.case_id <> $1 ORDER BY 1`, caseID)
	if err != nil {
		return nil, fmt.Errorf("cannot read who asked before: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
}

// LockLinking lets one transaction at a time link duplicates: what it reads of the other request is what others have linked.
func (tx *Tx) LockLinking(ctx context.Context) error {
	if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtextextended('link', 8))`); err != nil {
		return fmt.Errorf("cannot wait for other links: %w", err)
	}
	return nil
}

// ShownBeyond counts the identities that were verified in a request and not in another.
func (tx *Tx) ShownBeyond(ctx context.Context, caseID, other uuid.UUID) (n int, err error) {
	err = tx.QueryRow(ctx, `SELECT count(*) FROM identity mine WHERE case_id = $1 AND state = 'verified'
		AND NOT EXISTS (SELECT FROM identity o WHERE o.case_id = $2 AND o.kind = mine.kind AND o.commit = mine.commit AND o.state = 'verified')`, caseID, other).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("cannot compare the identities: %w", err)
	}
	return n, nil
}

// requestCounts counts by request; $1 are their ids, $2 the case instant of each.
const requestCounts = `SELECT r.id, i.identities, i.verified, i.asked, t.targets, t.locating, t.failed, t.erasing, t.checking, t.waiting, t.kept, t.gone, t.first_failed, s.seen, d.open, d.due
	FROM unnest($1::uuid[], $2::timestamptz[]) AS r(id, now),
	LATERAL (SELECT coalesce(sum(g.items), 0)::bigint AS seen FROM target o JOIN target_page g ON g.target_id = o.id WHERE o.case_id = r.id AND g.state IN ('verified', 'attested')) s,
	LATERAL (SELECT count(*) AS open, min(coalesce(limit_at, target)) AS due FROM duty WHERE case_id = r.id AND state IN ('proposed', 'required')) d,
	LATERAL (SELECT count(*) AS identities, count(*) FILTER (WHERE state = 'verified') AS verified,
			count(*) FILTER (WHERE state = 'asked' AND EXISTS (SELECT FROM challenge x WHERE x.identity_id = identity.id AND x.purpose = 'identity' AND x.used_at IS NULL AND x.expires_at > r.now)) AS asked
		FROM identity WHERE case_id = r.id) i,
	LATERAL (SELECT count(*) AS targets, count(*) FILTER (WHERE state = 'locating') AS locating,
			count(*) FILTER (WHERE error_class IS NOT NULL AND state <> 'done') AS failed,
			count(*) FILTER (WHERE error_class IS NULL AND state = 'working' AND p.erasing) AS erasing,
			count(*) FILTER (WHERE error_class IS NULL AND (state = 'sweeping' OR state = 'working' AND NOT p.erasing)) AS checking,
			count(*) FILTER (WHERE error_class IS NULL AND state = 'resting' AND p.locked) AS waiting,
			count(*) FILTER (WHERE error_class IS NULL AND state = 'resting' AND NOT p.locked) AS kept,
			count(*) FILTER (WHERE state = 'done') AS gone,
			coalesce(min(address) FILTER (WHERE error_class IS NOT NULL AND state <> 'done'), '') AS first_failed
		FROM target, LATERAL (SELECT EXISTS (SELECT FROM target_page g WHERE g.target_id = target.id AND g.state IN ('located', 'tried')) AS erasing,
			EXISTS (SELECT FROM target_page g WHERE g.target_id = target.id AND g.state = 'kept' AND g.ground = 'store_lock') AS locked) p
		WHERE case_id = r.id) t`

// RequestCounts reads what a decision about a request has to know of the tables.
func (tx *Tx) RequestCounts(ctx context.Context, caseID uuid.UUID, now time.Time) (request.Counts, error) {
	all, err := tx.CountsOfRequests(ctx, []uuid.UUID{caseID}, []time.Time{now})
	return all[caseID], err
}

// CountsOfRequests counts for several requests at once, each at an instant of its own.
func (tx *Tx) CountsOfRequests(ctx context.Context, ids []uuid.UUID, now []time.Time) (map[uuid.UUID]request.Counts, error) {
	rows, err := tx.Query(ctx, requestCounts, ids, now)
	if err != nil {
		return nil, fmt.Errorf("cannot count what the requests hold: %w", err)
	}
	all := make(map[uuid.UUID]request.Counts, len(ids))
	var id uuid.UUID
	var n request.Counts
	_, err = pgx.ForEachRow(rows, []any{&id, &n.Identities, &n.Verified, &n.Asked, &n.Targets, &n.Locating, &n.Failed, &n.Erasing,
		&n.Checking, &n.Waiting, &n.Kept, &n.Gone, &n.FirstFailed, &n.Seen, &n.OpenDuties, &n.AnswerDue}, func() error {
		all[id] = n
		n = request.Counts{}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("cannot count what the requests hold: %w", err)
	}
	return all, nil
}

// WorklistFilter narrows the worklist of requests.
type WorklistFilter struct {
	Statuses []string
	Assignee string
	Right    string
	// AfterDue and After are the last row of the page before.
	AfterDue *time.Time
	After    uuid.UUID
	Limit    int
}

// WorklistRow is one request with the clock that comes next.
type WorklistRow struct {
	Case Case
	// Due is the earliest instant of an open duty; nil where none is open.
	Due *time.Time
}

// Worklist lists requests by their next clock, those without one last.
func (tx *Tx) Worklist(ctx context.Context, actor access.Actor, f WorklistFilter) ([]WorklistRow, error) {
	who, all := viewer(actor)
	rows, err := tx.Query(ctx, `SELECT `+caseColumns+`, w.due FROM cases c JOIN data_key y ON y.scope = c.id,
		LATERAL (SELECT min(coalesce(d.limit_at, d.target)) AS due FROM duty d WHERE d.case_id = c.id AND d.state IN ('proposed', 'required')) w
		WHERE c.kind = 'request' AND `+sees+` AND (cardinality($3::text[]) = 0 OR c.status = ANY($3)) AND ($4 = '' OR c.state->>'assignee' = $4) AND ($8 = '' OR c.state->>'right' = $8)
			AND ($5::timestamptz IS NULL AND $6 = '00000000-0000-0000-0000-000000000000'::uuid
				OR (coalesce(w.due, 'infinity'), c.id) > (coalesce($5, 'infinity'), $6))
		ORDER BY coalesce(w.due, 'infinity'), c.id LIMIT $7`, who, all, orEmpty(f.Statuses), f.Assignee, f.AfterDue, f.After, f.Limit, f.Right)
	if err != nil {
		return nil, fmt.Errorf("cannot list requests: %w", err)
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (r WorklistRow, err error) {
		r.Case, err = scanCase(behindCase{row, &r.Due})
		return r, err
	})
}

// behindCase scans one more column behind a case's.
type behindCase struct {
	pgx.CollectableRow
	more any
}

func (b behindCase) Scan(into ...any) error { return b.CollectableRow.Scan(append(into, b.more)...) }

// InsertCertificate keeps one version of a certificate.
func (tx *Tx) InsertCertificate(ctx context.Context, caseID uuid.UUID, version int, at time.Time, jws []byte) error {
	_, err := tx.Exec(ctx, `INSERT INTO certificate (case_id, version, issued_at, jws) VALUES ($1, $2, $3, $4)`, caseID, version, at, jws)
	if err != nil {
		return fmt.Errorf("cannot keep the certificate: %w", err)
	}
	return nil
}

// Certificates are all versions of a request's certificate, the first first.
func (tx *Tx) Certificates(ctx context.Context, caseID uuid.UUID) ([][]byte, error) {
	rows, err := tx.Query(ctx, `SELECT jws FROM certificate WHERE case_id = $1 ORDER BY version`, caseID)
	if err != nil {
		return nil, fmt.Errorf("cannot read the certificates: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowTo[[]byte])
}

// Unlink takes out of a request every keyed hash by which its people or their records could be found again. What must not come
// back stays suppressed, and no longer says by which request.
func (tx *Tx) Unlink(ctx context.Context, caseID uuid.UUID) error {
	batch := &pgx.Batch{}
	batch.Queue(`UPDATE identity SET commit = uuid_send(id) WHERE case_id = $1`, caseID)
	batch.Queue(`UPDATE owner_task SET subject = '' WHERE case_id = $1`, caseID)
	batch.Queue(`DELETE FROM target_key k USING target t WHERE t.id = k.target_id AND t.case_id = $1`, caseID)
	batch.Queue(`UPDATE suppression SET case_id = $2 WHERE case_id = $1`, caseID, uuid.Nil)
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("cannot take the hashes out: %w", err)
	}
	return nil
}

// Suppress keeps keyed hashes of identifiers that must not come back.
func (tx *Tx) Suppress(ctx context.Context, caseID uuid.UUID, at time.Time, identities []Identity) error {
	for _, i := range identities {
		_, err := tx.Exec(ctx, `INSERT INTO suppression (kind, commit, case_id, placed_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`, i.Kind, i.Commit, caseID, at)
		if err != nil {
			return fmt.Errorf("cannot suppress: %w", err)
		}
	}
	return nil
}

// Suppressed finds the request by which an identifier was erased; false where none stands.
func (tx *Tx) Suppressed(ctx context.Context, kind string, commit []byte) (caseID uuid.UUID, found bool, err error) {
	rows, err := tx.Query(ctx, `SELECT case_id FROM suppression WHERE kind = $1 AND commit = $2 AND lifted_at IS NULL ORDER BY placed_at DESC LIMIT 1`, kind, commit)
	if err != nil {
		return caseID, false, fmt.Errorf("cannot look for a suppression: %w", err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
	if err != nil || len(ids) == 0 {
		return caseID, false, err
	}
	return ids[0], true, nil
}

// SuppressedAmong are those of some identifiers for which a suppression stands, as kind/commitment.
func (tx *Tx) SuppressedAmong(ctx context.Context, kinds []string, commits [][]byte) (map[string]bool, error) {
	rows, err := tx.Query(ctx, `SELECT convert_to(s.kind || '/', 'UTF8') || s.commit FROM suppression s JOIN unnest($1::text[], $2::bytea[]) asked (kind, commit) USING (kind, commit)
		WHERE s.lifted_at IS NULL`, kinds, commits)
	if err != nil {
		return nil, fmt.Errorf("cannot look for suppressions: %w", err)
	}
	return setOf(rows)
}

// Unsuppress lifts what stands for an identifier, and answers the requests that had placed it: the person signed up anew.
func (tx *Tx) Unsuppress(ctx context.Context, kind string, commit []byte, at time.Time) ([]uuid.UUID, error) {
	rows, err := tx.Query(ctx, `UPDATE suppression SET lifted_at = $3 WHERE kind = $1 AND commit = $2 AND lifted_at IS NULL RETURNING case_id`, kind, commit, at)
	if err != nil {
		return nil, fmt.Errorf("cannot lift the suppression: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
}
