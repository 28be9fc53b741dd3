package desk_test

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"net/url"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/audit"
	"github.com/atlascloudai/docket/core/packs"
	"github.com/atlascloudai/docket/core/problem"
	"github.com/atlascloudai/docket/desk"
	"github.com/atlascloudai/docket/store"
)

// outside is the place where signed heads are published, other storage than the database.
type outside struct {
	t     testing.TB
	key   ed25519.PrivateKey
	files map[int64]string
}

func newOutside(t testing.TB) *outside {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	return &outside{t: t, key: key, files: map[int64]string{}}
}

func (o *outside) sign(heads audit.Heads) (string, error) { return audit.Sign(o.key, "test", heads) }

func (o *outside) put(sequence int64, jws string) error {
	o.files[sequence] = jws
	return nil
}

func (o *outside) publish(d *desk.Desk) int64 {
	o.t.Helper()
	sequence, err := d.PublishHeads(o.t.Context(), o.sign, o.put)
	require.NoError(o.t, err)
	return sequence
}

// trail follows every file from the first one on.
func (o *outside) trail() *audit.Trail {
	o.t.Helper()
	trail := audit.NewTrail(map[string]ed25519.PublicKey{"test": o.key.Public().(ed25519.PublicKey)})
	for sequence := int64(1); sequence <= int64(len(o.files)); sequence++ {
		require.NoError(o.t, trail.Add(o.files[sequence]))
	}
	return trail
}

func (r *room) guard(trail *audit.Trail) string {
	r.t.Helper()
	reason, err := r.Desk.Guard(r.ctx, trail)
	require.NoError(r.t, err)
	return reason
}

func TestHeadsArePublishedWhenAChainGrewAndEachFileFollowsTheOneBefore(t *testing.T) {
	t.Parallel()
	r, o := newRoom(t), newOutside(t)
	require.EqualValues(t, 1, o.publish(r.Desk))
	require.Zero(t, o.publish(r.Desk), "nothing new is written where nothing is new")
	r.advance(time.Hour)
	other := r.Declared(t)
	require.EqualValues(t, 2, o.publish(r.Desk))
	heads := map[string]int64{}
	for _, head := range o.trail().Heads() {
		heads[head.Case] = head.Seq
	}
	require.Equal(t, map[string]int64{r.Case.String(): int64(len(r.kinds())), other.Case.String(): 3}, heads)
	require.Empty(t, r.guard(o.trail()))
}

func TestAFileWhoseNumberTheDatabaseNeverLearntIsNoReasonToStop(t *testing.T) {
	t.Parallel()
	r, o := newRoom(t), newOutside(t)
	o.publish(r.Desk)
	r.advance(time.Hour)
	_, err := r.Desk.PublishHeads(t.Context(), o.sign, func(sequence int64, jws string) error {
		_ = o.put(sequence, jws)
		return errors.New("the process died")
	})
	require.Error(t, err)
	require.Len(t, o.files, 2)
	require.Empty(t, r.guard(o.trail()))
	require.EqualValues(t, 2, o.publish(r.Desk), "its number is used again")
	require.Empty(t, r.guard(o.trail()))
}

// waiting is a room with a recipient and a page that are due.
func waiting(t *testing.T) (r *room, campaign uuid.UUID) {
	r = newRoom(t)
	r.Aware(t, r.Case, r.ago(13*time.Hour))
	r.Parties(t, r.Case, "C-1008")
	campaign = r.Released(t, r.Case)
	require.Positive(t, r.raiseDue())
	return r, campaign
}

// quiet wants that nothing leaves while people go on working.
func (r *room) quiet(campaign uuid.UUID) {
	r.t.Helper()
	jobs, err := r.Desk.Claim(r.ctx, campaign, uuid.New(), 10)
	require.NoError(r.t, err)
	require.Empty(r.t, jobs)
	require.Empty(r.t, r.pages())
	status, err := r.Desk.Status(r.ctx, r.As(access.Admin))
	require.NoError(r.t, err)
	require.NotEmpty(r.t, status.Quarantine)
	_, err = r.Desk.RecordTechnical(r.ctx, r.As(access.Responder), "", r.Case, desk.TechnicalInput{Milestone: "contained"})
	require.NoError(r.t, err, "people work")
}

// rollBack takes the newest entries of the case away, as a restore of an older state would.
func (r *room) rollBack(entries int) {
	r.t.Helper()
	keep := len(r.kinds()) - entries
	r.query(`DELETE FROM timeline WHERE case_id = $1 AND seq > $2`, r.Case, keep)
	r.query(`UPDATE cases SET next_seq = $2 + 1, published = least(published, $2), head = (SELECT hash FROM timeline WHERE case_id = $1 AND seq = $2) WHERE id = $1`, r.Case, keep)
}

func TestADatabaseOlderThanWhatWasPublishedSendsNothingUntilAnOperatorReconciles(t *testing.T) {
	t.Parallel()
	r, campaign := waiting(t)
	o := newOutside(t)
	o.publish(r.Desk)
	require.Empty(t, r.guard(o.trail()))
	r.rollBack(2)
	ok, finding := r.verify()
	require.True(t, ok, "the older state is whole in itself: %s", finding)
	require.Contains(t, r.guard(o.trail()), "chains end before what was published")
	r.quiet(campaign)
	require.Zero(t, o.publish(r.Desk), "nor is anything published over what was")
	require.NotEmpty(t, r.guard(o.trail()), "a restart changes nothing")

	code(t, problem.Forbidden, r.Desk.Reconcile(r.ctx, r.As(access.IncidentCommander), "checked", o.trail()))
	code(t, problem.Invalid, r.Desk.Reconcile(r.ctx, r.As(access.Admin), "", o.trail()))
	require.NoError(t, r.Desk.Reconcile(r.ctx, r.As(access.Admin), "the old machine is off", o.trail()))
	refused(t, r.Desk.Reconcile(r.ctx, r.As(access.Admin), "again", o.trail()), "not_quarantined")
	require.Empty(t, r.guard(o.trail()), "the next start goes on")
	require.EqualValues(t, 2, o.publish(r.Desk))
	require.Empty(t, r.guard(o.trail()), "and so does the one after the next publication")
	require.Len(t, r.pages(), 2)
	require.Positive(t, r.send(campaign, "direct", all(accepted)))
}

func TestWhatWasBegunBeforeTheQuarantineIsNotBegunAgainInIt(t *testing.T) {
	t.Parallel()
	r, campaign := waiting(t)
	jobs, err := r.Desk.Claim(r.ctx, campaign, uuid.New(), 1)
	require.NoError(t, err)
	require.NotEmpty(t, jobs)
	r.query(`UPDATE installation SET system_identifier = '1/1'`)
	require.NotEmpty(t, r.guard(newOutside(t).trail()))
	refused(t, r.Desk.Begin(r.ctx, jobs[0], [32]byte{1}, "direct"), "not_ours")
}

func TestAnotherClusterTimelineOrInstallationStartsQuarantined(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		statement string
		reason    string
	}{
		"restored into another cluster": {`UPDATE installation SET system_identifier = '7300000000000000000/5'`, "its cluster is not the one"},
		"a promoted copy":               {`UPDATE installation SET timeline = timeline + 1`, "its timeline is not the one"},
		"another installation's heads":  {`UPDATE installation SET id = gen_random_uuid()`, "another installation's"},
		"files the database never made": {`UPDATE installation SET heads_sequence = 0, heads_digest = NULL`, "older than the newest published heads"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, campaign := waiting(t)
			o := newOutside(t)
			o.publish(r.Desk)
			r.advance(time.Minute)
			o.publish(r.Desk)
			r.query(c.statement)
			require.Contains(t, r.guard(o.trail()), c.reason)
			r.quiet(campaign)
		})
	}
}

func TestPublishedHeadsThatCannotBeFollowedQuarantine(t *testing.T) {
	t.Parallel()
	r, campaign := waiting(t)
	require.Contains(t, r.guard(nil), "cannot be followed")
	r.quiet(campaign)
}

func TestARewrittenChainIsFoundByWhatWasPublished(t *testing.T) {
	t.Parallel()
	r, campaign := waiting(t)
	o := newOutside(t)
	o.publish(r.Desk)
	seq := len(r.kinds())
	r.rollBack(1)
	_, err := r.Desk.RecordTechnical(r.ctx, r.As(access.Responder), "", r.Case, desk.TechnicalInput{Milestone: "eradicated"})
	require.NoError(t, err)
	require.Len(t, r.kinds(), seq, "another entry stands where the published one stood")
	require.Contains(t, r.guard(o.trail()), "1 differ from it")
	r.quiet(campaign)
}

// A dump that is restored beside the original must not send what the original sends.
func TestACloneOfTheDatabaseStartsQuarantined(t *testing.T) {
	t.Parallel()
	r, campaign := waiting(t)
	o := newOutside(t)
	o.publish(r.Desk)
	r.Store.Close()
	clone := "docket_clone_" + uuid.NewString()[:8]
	superuser := r.Database.Superuser
	postgres := at(superuser, "postgres")
	query(t, postgres, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1`, r.Database.Name)
	query(t, postgres, `CREATE DATABASE `+clone+` TEMPLATE `+pgx.Identifier{r.Database.Name}.Sanitize())
	s, err := store.Open(t.Context(), store.Options{DSN: at(r.Database.App, clone), Conns: 4, Reserve: 2})
	require.NoError(t, err)
	t.Cleanup(func() {
		s.Close()
		conn, err := pgx.Connect(context.Background(), postgres)
		require.NoError(t, err)
		defer conn.Close(context.Background())
		_, err = conn.Exec(context.Background(), `DROP DATABASE `+clone+` WITH (FORCE)`)
		require.NoError(t, err)
	})
	pack, err := packs.Load()
	require.NoError(t, err)
	copied := &room{House: r.House, t: t, ctx: r.ctx, Case: r.Case, Code: r.Code}
	copied.Desk = desk.New(desk.Options{Store: s, Keys: r.Keys, Pack: pack})
	require.Contains(t, copied.guard(o.trail()), "restored or copied")
	copied.quiet(campaign)
}

// at is the address of another database of the same cluster.
func at(dsn, database string) string {
	u, err := url.Parse(dsn)
	if err != nil {
		panic(err)
	}
	u.Path = "/" + database
	return u.String()
}
