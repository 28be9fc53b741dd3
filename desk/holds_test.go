package desk_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/problem"
	"github.com/atlascloudai/docket/desk"
)

// closed is a closed case with something privileged in it.
func closed(t testing.TB) *room {
	t.Helper()
	r := newRoom(t)
	advised(t, r)
	r.closeCase()
	return r
}

func (r *room) hold(reason string) uuid.UUID {
	r.t.Helper()
	receipt, err := r.Desk.PlaceHold(r.ctx, r.As(access.LegalCounsel), "", r.Case, desk.HoldInput{Reason: reason, ReviewAt: r.now().Add(90 * 24 * time.Hour)})
	require.NoError(r.t, err)
	return *receipt.ID
}

func (r *room) letGo(hold uuid.UUID) {
	r.t.Helper()
	_, err := r.Desk.ReleaseHold(r.ctx, r.As(access.LegalCounsel), "", r.Case, hold, desk.ReasonInput{Reason: "the matter is settled"})
	require.NoError(r.t, err)
}

func (r *room) shred(role access.Role) (desk.Receipt, error) {
	return r.Desk.ShredCase(r.ctx, r.As(role), "", r.Case, desk.ShredInput{Ground: "retention_over"})
}

// keys is how many of the case's keys still open something.
func (r *room) keys() int {
	return scan[int](r.t, r.Database.Superuser, `SELECT count(*)::int FROM data_key WHERE wrapped IS NOT NULL
		AND scope IN (SELECT $1::uuid UNION ALL SELECT scope FROM privilege WHERE case_id = $1)`, r.Case)
}

func TestAHeldCaseIsNotShreddedAndAReleasedOneIs(t *testing.T) {
	t.Parallel()
	r := closed(t)
	first, second := r.hold("Okapi v. us"), r.hold("the authority asks")
	_, err := r.shred(access.PrivacyLead)
	refused(t, err, "legal_hold")
	r.letGo(first)
	_, err = r.shred(access.PrivacyLead)
	refused(t, err, "legal_hold")
	require.Equal(t, 2, r.keys())
	r.letGo(second)
	_, err = r.Desk.ReleaseHold(r.ctx, r.As(access.LegalCounsel), "", r.Case, second, desk.ReasonInput{Reason: "again"})
	refused(t, err, "already_released")

	receipt, err := r.shred(access.PrivacyLead)
	require.NoError(t, err)
	require.True(t, receipt.Pending)
	receipt, err = r.shred(access.PrivacyLead)
	require.NoError(t, err)
	require.True(t, receipt.Pending, "one person saying it twice is one person")
	require.Equal(t, 2, r.keys())
	receipt, err = r.shred(access.SecurityLead)
	require.NoError(t, err)
	require.False(t, receipt.Pending)
	require.Zero(t, r.keys(), "what is privileged is erased with the rest")

	ok, said := r.verify()
	require.True(t, ok, said)
	require.Contains(t, r.kinds(), "case.shredded")
	_, err = r.Desk.Holds(r.ctx, r.As(access.LegalCounsel), r.Case)
	refused(t, err, "case_shredded")
}

func TestWhoMayPlaceReleaseAndShred(t *testing.T) {
	t.Parallel()
	r := closed(t)
	in := desk.HoldInput{Reason: "Okapi v. us", ReviewAt: r.now().Add(time.Hour)}
	for _, role := range access.Roles() {
		if role == access.LegalCounsel || role == access.PrivacyLead { // who stands in for counsel
			continue
		}
		_, err := r.Desk.PlaceHold(r.ctx, r.As(role), "", r.Case, in)
		code(t, problem.Forbidden, err)
		_, err = r.Desk.ReleaseHold(r.ctx, r.As(role), "", r.Case, uuid.New(), desk.ReasonInput{Reason: "x"})
		code(t, problem.Forbidden, err)
		_, err = r.shred(role)
		code(t, problem.Forbidden, err)
	}
	counsel := r.As(access.LegalCounsel)
	_, err := r.Desk.PlaceHold(r.ctx, counsel, "", r.Case, desk.HoldInput{Reason: "x", ReviewAt: r.now().Add(-time.Second)})
	names(t, "review_at", err)
	_, err = r.Desk.PlaceHold(r.ctx, counsel, "", r.Case, desk.HoldInput{ReviewAt: r.now().Add(time.Hour)})
	names(t, "reason", err)
	_, err = r.Desk.ReleaseHold(r.ctx, counsel, "", r.Case, uuid.New(), desk.ReasonInput{Reason: "x"})
	code(t, problem.NotFound, err)
	_, err = r.Desk.ShredCase(r.ctx, r.As(access.PrivacyLead), "", r.Case, desk.ShredInput{Ground: "bored"})
	names(t, "ground", err)
	open := newRoom(t)
	_, err = open.shred(access.PrivacyLead)
	refused(t, err, "wrong_status")
}

// A hold is placed and seen at any time; its review comes up on its date.
func TestAHoldIsSeenWithItsReason(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	hold := r.hold("Okapi v. us")
	holds, err := r.Desk.Holds(r.ctx, r.As(access.Auditor), r.Case)
	require.NoError(t, err)
	require.Len(t, holds, 1)
	require.Equal(t, "Okapi v. us", holds[0].Reason)
	require.Equal(t, "legal_counsel", holds[0].PlacedBy)
	require.False(t, holds[0].ReviewDue)
	r.advance(91 * 24 * time.Hour)
	holds, err = r.Desk.Holds(r.ctx, r.As(access.Auditor), r.Case)
	require.NoError(t, err)
	require.True(t, holds[0].ReviewDue)
	r.letGo(hold)
	holds, err = r.Desk.Holds(r.ctx, r.As(access.Auditor), r.Case)
	require.NoError(t, err)
	require.False(t, holds[0].ReviewDue)
	require.Equal(t, "the matter is settled", holds[0].ReleaseReason)
	ok, said := r.verify()
	require.True(t, ok, said)
}

// Whoever began an erasure did not know of a hold, or of what came after a re-opening.
func TestAFirstWordDoesNotOutliveAHoldOrAReopening(t *testing.T) {
	t.Parallel()
	for name, between := range map[string]func(*room){
		"a hold": func(r *room) { r.letGo(r.hold("Okapi v. us")) },
		"a re-opening": func(r *room) {
			_, err := r.Desk.Reopen(r.ctx, r.As(access.IncidentCommander), "", r.Case, desk.ReasonInput{Reason: "a further bucket"})
			require.NoError(r.t, err)
			r.closeCase()
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := closed(t)
			_, err := r.shred(access.PrivacyLead)
			require.NoError(t, err)
			between(r)
			_, err = r.shred(access.SecurityLead)
			code(t, problem.Forbidden, err)
			require.Equal(t, 2, r.keys())
		})
	}
}

// Not even a hole in the product shreds what is held: the database refuses, for the case's key and for the circle's.
func TestTheDatabaseItselfKeepsWhatIsHeld(t *testing.T) {
	t.Parallel()
	r := closed(t)
	other := closed(t)
	hold := r.hold("Okapi v. us")
	scope := scan[uuid.UUID](t, r.Database.Superuser, `SELECT scope FROM privilege WHERE case_id = $1`, r.Case)
	for name, dsn := range map[string]string{"the application": r.Database.App, "the owner": r.Database.Owner, "the superuser": r.Database.Superuser} {
		conn, err := pgx.Connect(t.Context(), dsn)
		require.NoError(t, err)
		defer conn.Close(context.Background())
		for _, key := range []uuid.UUID{r.Case, scope} {
			for _, statement := range []string{
				`UPDATE data_key SET wrapped = NULL WHERE scope = $1`, `UPDATE data_key SET wrapped = '' WHERE scope = $1`, `UPDATE data_key SET wrapped = '\x00' WHERE scope = $1`,
				`UPDATE data_key SET scope = gen_random_uuid() WHERE scope = $1`, `UPDATE data_key SET kek = 'gone' WHERE scope = $1`, `DELETE FROM data_key WHERE scope = $1`,
				`WITH x AS (SELECT $1::uuid) UPDATE data_key SET wrapped = NULL`,
			} {
				_, err := conn.Exec(t.Context(), statement, key)
				var refusal *pgconn.PgError
				require.ErrorAs(t, err, &refusal, "%s: %s", name, statement)
				require.Contains(t, []string{"DKH01", "42501"}, refusal.Code, "%s: %s: %s", name, statement, refusal.Message)
			}
		}
	}
	for _, statement := range []string{`TRUNCATE data_key CASCADE`, `TRUNCATE legal_hold CASCADE`} {
		owner, err := pgx.Connect(t.Context(), r.Database.Owner)
		require.NoError(t, err)
		_, err = owner.Exec(t.Context(), statement)
		var refusal *pgconn.PgError
		require.ErrorAs(t, err, &refusal, statement)
		require.Equal(t, "DKH01", refusal.Code, statement)
		require.NoError(t, owner.Close(t.Context()))
	}
	require.Equal(t, 2, r.keys())
	conn, err := pgx.Connect(t.Context(), r.Database.App)
	require.NoError(t, err)
	defer conn.Close(context.Background())
	for _, statement := range []string{
		`DELETE FROM legal_hold`, `UPDATE legal_hold SET case_id = case_id`, `DELETE FROM legal_hold_release`, `UPDATE privilege SET scope = scope`, `DELETE FROM privilege`,
		`UPDATE privileged SET kind = kind`, `DELETE FROM privileged`, `TRUNCATE data_key`, `ALTER TABLE data_key DISABLE TRIGGER ALL`, `DROP FUNCTION keep_held_key() CASCADE`,
	} {
		_, err := conn.Exec(t.Context(), statement)
		require.Error(t, err, statement)
	}
	_, err = other.shred(access.PrivacyLead)
	require.NoError(t, err)
	_, err = other.shred(access.LegalCounsel)
	require.NoError(t, err, "a hold keeps its own case")

	// A release without a decision frees the key, and the chain tells.
	_, err = conn.Exec(t.Context(), `INSERT INTO legal_hold_release VALUES ($1, now(), gen_random_uuid(), '\x00')`, hold)
	require.NoError(t, err)
	ok, said := r.verify()
	require.False(t, ok)
	require.Contains(t, said, "legal holds")
}

// A hold that is being placed and a shredding that is under way wait for each other: the one that is later sees the first.
func TestAHoldAndAShreddingMeetInTheDatabase(t *testing.T) {
	t.Parallel()
	r := closed(t)
	connection := func() *pgx.Conn {
		conn, err := pgx.Connect(t.Context(), r.Database.App)
		require.NoError(t, err)
		t.Cleanup(func() { _ = conn.Close(context.Background()) })
		return conn
	}
	placing, shredding := connection(), connection()
	tx, err := placing.Begin(t.Context())
	require.NoError(t, err)
	_, err = tx.Exec(t.Context(), `INSERT INTO legal_hold VALUES (gen_random_uuid(), $1, now(), gen_random_uuid(), now(), '\x00')`, r.Case)
	require.NoError(t, err)
	done := make(chan error, 1)
	go func() {
		_, err := shredding.Exec(context.Background(), `UPDATE data_key SET wrapped = NULL WHERE scope = $1`, r.Case)
		done <- err
	}()
	require.Eventually(t, func() bool {
		return scan[bool](t, r.Database.Superuser, `SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock')`)
	}, 10*time.Second, 10*time.Millisecond, "the shredding waits")
	require.NoError(t, tx.Commit(t.Context()))
	var refusal *pgconn.PgError
	require.ErrorAs(t, <-done, &refusal)
	require.Equal(t, "DKH01", refusal.Code)
	require.Equal(t, 2, r.keys())
}

// An erased case stays in lists, on its timeline and in the register, without words, and nobody's list breaks over it.
func TestAnErasedCaseKeepsItsPlace(t *testing.T) {
	t.Parallel()
	r := closed(t)
	for _, role := range []access.Role{access.PrivacyLead, access.LegalCounsel} {
		_, err := r.shred(role)
		require.NoError(t, err)
	}
	list, err := r.Desk.Cases(r.ctx, r.As(access.Observer), "", "", 0)
	require.NoError(t, err)
	require.Len(t, list.Items, 1)
	require.True(t, list.Items[0].Erased)
	require.Empty(t, list.Items[0].Title)
	timeline, err := r.Desk.Timeline(r.ctx, r.As(access.Observer), r.Case, "", 500)
	require.NoError(t, err)
	for _, e := range timeline.Items {
		require.Empty(t, e.Content)
	}
	_, err = r.Desk.Reopen(r.ctx, r.As(access.IncidentCommander), "", r.Case, desk.ReasonInput{Reason: "x"})
	refused(t, err, "case_shredded")
	_, err = r.Desk.PrivilegeLog(r.ctx, r.As(access.LegalCounsel), r.Case, "", 0)
	refused(t, err, "case_shredded")
	_, err = r.Desk.PlaceHold(r.ctx, r.As(access.LegalCounsel), "", r.Case, desk.HoldInput{Reason: "too late", ReviewAt: time.Now().Add(100 * 24 * time.Hour)})
	refused(t, err, "case_shredded")

	breach := inEarnest(t, r.House, desk.OpenInput{SuspectedBreach: true, Title: "Lynx", Summary: "Lynx"})
	breach.Aware(t, breach.Case, breach.ago(time.Hour))
	_, err = r.Desk.RecordUpstream(r.ctx, r.As(access.Responder), "", breach.Case, desk.UpstreamInput{
		Who: "Lynx Inc.", ToldUsAt: breach.ago(time.Hour), Zone: "UTC", Reference: "Lynx-1", Evidence: "a mail of Lynx",
	})
	require.NoError(t, err)
	breach.closeCase()
	for _, role := range []access.Role{access.PrivacyLead, access.LegalCounsel} {
		_, err := breach.shred(role)
		require.NoError(t, err)
	}
	breaches, file := book(t, r.House, r.As(access.Auditor))
	require.True(t, breaches[breach.Code].Erased)
	require.Equal(t, "aware", breaches[breach.Code].Assessment)
	require.Len(t, breaches[breach.Code].Instants, 3)
	require.Len(t, breaches[breach.Code].Candidates, 1)
	require.NotContains(t, file, "Lynx")
}

// A key that was emptied, or a hold that was written, behind the product's back is found.
func TestErasuresAndHoldsThatNobodyDecidedAreFound(t *testing.T) {
	t.Parallel()
	for statement, finding := range map[string]string{
		`UPDATE data_key SET wrapped = NULL WHERE scope = $1`:                                               "shredded",
		`UPDATE data_key SET wrapped = NULL WHERE scope = (SELECT scope FROM privilege WHERE case_id = $1)`: "shredded",
		`INSERT INTO legal_hold VALUES (gen_random_uuid(), $1, now(), gen_random_uuid(), now(), '\x00')`:    "legal holds",
	} {
		r := closed(t)
		r.tamper(statement)
		ok, said := r.verify()
		require.False(t, ok, statement)
		require.Contains(t, said, finding)
	}
}
