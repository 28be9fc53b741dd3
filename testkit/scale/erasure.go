package scale

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"strconv"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/testsuite"

	"github.com/atlascloudai/docket/activities"
	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/cases/request"
	"github.com/atlascloudai/docket/core/estate"
	"github.com/atlascloudai/docket/desk"
	"github.com/atlascloudai/docket/erasure"
	"github.com/atlascloudai/docket/erasure/postgres"
	"github.com/atlascloudai/docket/store"
	"github.com/atlascloudai/docket/testkit"
	"github.com/atlascloudai/docket/workflows/contract"
)

// Live is a company's own database of accounts and what they wrote.
type Live struct {
	// Conn is past Docket.
	Conn *pgx.Conn
	// DSN is how the erasing worker reaches it.
	DSN string
}

const liveSchema = `CREATE SCHEMA live; SET search_path = live;
	CREATE TABLE accounts (account_id bigint PRIMARY KEY, email text NOT NULL);
	CREATE TABLE prompts (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, account_id bigint NOT NULL REFERENCES accounts, at timestamptz NOT NULL DEFAULT now(), body text NOT NULL);
	CREATE INDEX ON prompts (account_id);`

// Application is how an estate says what lies in a Live.
var Application = estate.Store{ID: "app", Kind: estate.Postgres, Schema: "live", Collections: []estate.Collection{
	{Name: "accounts", Class: estate.Account, Root: true, Key: []string{"account_id"}, Fields: []estate.Field{{Name: "account_id", Identity: "account_id"}, {Name: "email"}}},
	{Name: "prompts", Class: estate.CustomerContent, Key: []string{"id"}, Fields: []estate.Field{
		{Name: "id"}, {Name: "account_id", References: &estate.Reference{Collection: "app/accounts", Field: "account_id"}}, {Name: "at"}, {Name: "body"}}},
}}

// NewLive makes the tables in a database.
func NewLive(t testing.TB, dsn string) Live {
	t.Helper()
	conn, err := pgx.Connect(context.Background(), dsn)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	l := Live{Conn: conn, DSN: dsn}
	l.run(t, liveSchema)
	return l
}

func (l Live) run(t testing.TB, statement string, args ...any) {
	t.Helper()
	_, err := l.Conn.Exec(context.Background(), statement, args...)
	require.NoError(t, err)
}

// Account writes an account that wrote n prompts, which lie between those of another that stays.
func (l Live) Account(t testing.TB, account int64, n int) {
	t.Helper()
	l.run(t, `INSERT INTO accounts VALUES ($1, 'someone@example.test'), (0, 'other@example.test') ON CONFLICT DO NOTHING`, account)
	l.run(t, `INSERT INTO prompts (account_id, body) SELECT CASE WHEN g % 2 = 0 THEN $1 ELSE 0 END, repeat(md5(g::text), 4) FROM generate_series(1, 2 * $2::int) g`, account, n)
	l.run(t, `VACUUM ANALYZE accounts, prompts`)
}

// Prompts is how many prompts an account has left.
func (l Live) Prompts(t testing.TB, account int64) (n int) {
	t.Helper()
	require.NoError(t, l.Conn.QueryRow(context.Background(), `SELECT count(*) FROM prompts WHERE account_id = $1`, account).Scan(&n))
	return n
}

// Place is the only place of an estate.
type Place struct{ erasure.Store }

// Open implements activities.Stores.
func (p Place) Open(context.Context, string, uuid.UUID) (erasure.Store, error) { return p.Store, nil }

// AsDeclared implements activities.Stores.
func (p Place) AsDeclared(context.Context, string, uuid.UUID) error { return nil }

// Worker carries requests out, in the order in which their process would.
type Worker struct {
	*desk.Desk
	Place Place
}

// Eraser is a desk's options for an estate of one store, where one person approves however much and nobody has to wait.
func Eraser(h *testkit.House, declared estate.Store) desk.Options {
	o := h.Options
	o.Estate = &estate.Estate{Version: "1", Stores: []estate.Store{declared}}
	o.Bounds = request.Bounds{Records: 1 << 40, Accounts: 1, Share: 1000}
	o.Cooling = time.Nanosecond
	return o
}

// Ask opens the erasure of an account, whose holder logged in, and asks for its plan.
func (w Worker) Ask(t testing.TB, h *testkit.House, account int64) uuid.UUID {
	t.Helper()
	ctx := context.Background()
	opened, err := w.OpenRequest(ctx, h.As(access.Responder), "", desk.RequestInput{
		Right: "erasure", Country: "DE", Channel: "api", Identities: []desk.IdentityInput{{Kind: "account_id", Value: strconv.FormatInt(account, 10)}}, Drill: true,
	})
	require.NoError(t, err)
	view := w.view(t, h, opened.Case)
	_, err = w.VerifyIdentity(ctx, h.As(access.PrivacyLead), "", opened.Case, view.Identities[0].ID, desk.VerifyInput{Method: "login", LoginAt: new(time.Now().Add(-time.Minute)), Evidence: "logged in"})
	require.NoError(t, err)
	_, err = w.ScopeRequest(ctx, h.As(access.Responder), "", opened.Case)
	require.NoError(t, err)
	return opened.Case
}

func (w Worker) view(t testing.TB, h *testkit.House, caseID uuid.UUID) desk.RequestView {
	t.Helper()
	view, err := w.Request(context.Background(), h.As(access.PrivacyLead), caseID.String())
	require.NoError(t, err)
	return view
}

// Begin approves a plan and carries the request to where erasing begins.
func (w Worker) Begin(t testing.TB, h *testkit.House, caseID uuid.UUID) {
	t.Helper()
	_, err := w.ApprovePlan(context.Background(), h.As(access.PrivacyLead), "", caseID, desk.DigestInput{Digest: w.view(t, h, caseID).State.Plan.Digest})
	require.NoError(t, err)
	require.NoError(t, w.Carry(t, caseID, contract.StageStart))
}

// Carry carries a request out until a stage is done, or nothing is due. Its error is that of a worker who was lost.
func (w Worker) Carry(t testing.TB, caseID uuid.UUID, last string) error {
	t.Helper()
	work := &activities.Request{Desk: w.Desk, Stores: w.Place, Log: slog.New(slog.DiscardHandler)}
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(quiet{})
	env := suite.NewTestActivityEnvironment()
	env.RegisterActivity(work.WorkTarget)
	ctx := context.Background()
	for heard := int64(0); ; {
		next, err := w.NextRequest(ctx, caseID, heard)
		require.NoError(t, err)
		if heard = next.Heard; len(next.Stages) == 0 {
			require.Empty(t, last, "the request comes to rest before its stage")
			return nil
		}
		for _, stage := range next.Stages {
			switch stage {
			case contract.StageTargets:
				due, err := w.DueTargets(ctx, caseID)
				require.NoError(t, err)
				for _, id := range due {
					if _, err := env.ExecuteActivity(work.WorkTarget, contract.Target{Case: caseID, ID: id}); err != nil {
						return err
					}
				}
			case contract.StagePlan:
				_, err = w.MakePlan(ctx, caseID)
			case contract.StageStart:
				_, err = w.StartErasing(ctx, caseID)
			case contract.StageCarry:
				_, err = w.CarryRequest(ctx, caseID)
			default:
				require.Fail(t, "a stage that nothing asked for", stage)
			}
			require.NoError(t, err)
			if stage == last {
				return nil
			}
		}
	}
}

// Gone requires that a request ended with everything seen to be gone, and that its chain vouches for its ledger.
func (w Worker) Gone(t testing.TB, h *testkit.House, caseID uuid.UUID) {
	t.Helper()
	require.Equal(t, "completed", w.view(t, h, caseID).Status)
	checked, err := w.VerifyCase(context.Background(), h.As(access.Auditor), caseID)
	require.NoError(t, err)
	require.True(t, checked.OK, checked.Problem)
}

// Erasing is one request of one number of located records, and what each stage took.
type Erasing struct {
	Records int
	// Locate finds everything and makes the plan; Erase carries it out and sees that all is gone.
	Locate, Erase Cost
}

// Stages are what a run took, by name.
func (e Erasing) Stages() map[string]Cost {
	return map[string]Cost{"locate": e.Locate, "erase": e.Erase}
}

// String is a run as one reads it.
func (e Erasing) String() string {
	text := fmt.Sprintf("%d records\n", e.Records)
	for _, name := range []string{"locate", "erase"} {
		c, each := e.Stages()[name], e.Stages()[name].Per(e.Records)
		text += fmt.Sprintf("  %-8s %7.1f s (%.0f records/s), each %.4f commits, %.1f buffers, %.0f allocations; largest live heap %.1f MiB, resident %.1f MiB\n",
			name, c.Seconds, 1/each.Seconds, each.Commits, each.Buffers, each.Allocations, float64(c.Peak)/(1<<20), float64(c.Resident)/(1<<20))
	}
	return text
}

// PlayErasure plays it. The worker that erases is lost in the middle, after its store did what was asked and before the answer
// was kept; another one goes on.
func PlayErasure(t testing.TB, n int) Erasing {
	t.Helper()
	// Garbage is collected often, so that the worst moment is seen in a short run as in a long one.
	defer debug.SetGCPercent(debug.SetGCPercent(10))
	h, live := testkit.NewHouse(t), NewLive(t, testkit.NewDatabase(t).Superuser)
	if n < 100_000 {
		still(t, h, "target", "target_page", "erasure_event")
	}
	live.Account(t, 1, n)
	run := Erasing{Records: n + 1}
	h.Store.Close()
	stage := func(work func(Worker, func())) Cost {
		return measure(t, h.Database, func() {
			s, err := store.Open(context.Background(), store.Options{DSN: h.Database.App, Conns: 10, Reserve: 1})
			require.NoError(t, err)
			defer s.Close()
			place, err := postgres.Open(context.Background(), live.DSN, Application, postgres.Options{})
			require.NoError(t, err)
			defer place.Close()
			o := Eraser(h, Application)
			o.Store = s
			work(Worker{Desk: desk.New(o), Place: Place{Store: place}}, s.Close)
		})
	}
	var asked uuid.UUID
	run.Locate = stage(func(w Worker, _ func()) {
		asked = w.Ask(t, h, 1)
		require.NoError(t, w.Carry(t, asked, contract.StagePlan))
	})
	run.Erase = stage(func(w Worker, end func()) {
		w.Begin(t, h, asked)
		w.Place.Store = &lost{Store: w.Place.Store, left: n / 2, end: end}
		require.Error(t, w.Carry(t, asked, ""), "the worker is lost")
	})
	left := live.Prompts(t, 1)
	require.Greater(t, left, 0)
	require.Less(t, left, n)
	testkit.Execute(t, h.Database.Superuser, `UPDATE target SET lease_until = clock_timestamp()`) // as time does
	rest := stage(func(w Worker, _ func()) { require.NoError(t, w.Carry(t, asked, "")) })
	stage(func(w Worker, _ func()) { w.Gone(t, h, asked) })
	run.Erase = run.Erase.and(rest)
	require.Zero(t, live.Prompts(t, 1))
	require.Equal(t, n, live.Prompts(t, 0))
	return run
}

// lost is a place whose worker ends with an answer that it could not keep, once so many records were erased.
type lost struct {
	erasure.Store
	left int
	end  func()
}

// Erase erases, and then ends the worker if it is time.
func (l *lost) Erase(ctx context.Context, order erasure.Order) ([]erasure.Result, error) {
	results, err := l.Store.Erase(ctx, order)
	if l.left -= len(results); l.left <= 0 {
		l.end()
	}
	return results, err
}
