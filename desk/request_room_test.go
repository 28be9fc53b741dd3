package desk_test

import (
	"context"
	"log/slog"
	"regexp"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/testsuite"

	"github.com/atlascloudai/docket/activities"
	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/estate"
	"github.com/atlascloudai/docket/core/problem"
	"github.com/atlascloudai/docket/desk"
	"github.com/atlascloudai/docket/erasure"
	"github.com/atlascloudai/docket/erasure/postgres"
	"github.com/atlascloudai/docket/testkit"
	"github.com/atlascloudai/docket/workflows/contract"
)

// counter is a house with an estate of its own: a real database in which people have accounts.
type counter struct {
	*testkit.House
	t    testing.TB
	ctx  context.Context
	live *pgx.Conn
	// stores are the places of the estate; a test may put another in the place of one.
	stores openers
	work   *activities.Request
	Case   uuid.UUID
	// pages went to people on call.
	pages []desk.PageJob
}

// openers opens places by name.
type openers map[string]func() (erasure.Store, error)

func (o openers) Open(_ context.Context, id string, _ uuid.UUID) (erasure.Store, error) {
	return o[id]()
}

func (o openers) AsDeclared(context.Context, string, uuid.UUID) error { return nil }

const liveSchema = `
CREATE TABLE accounts (account_id bigint PRIMARY KEY, email text NOT NULL, recovery text, name text);
CREATE INDEX ON accounts (lower(email));
CREATE TABLE prompts (id bigint PRIMARY KEY, account_id bigint NOT NULL REFERENCES accounts, body text, embedding real[]);
CREATE INDEX ON prompts (account_id);
CREATE TABLE tickets (id bigint PRIMARY KEY, account_id bigint NOT NULL, body text);
CREATE INDEX ON tickets (account_id);
CREATE TABLE invoices (id bigint PRIMARY KEY, account_id bigint NOT NULL, issued date NOT NULL, amount int NOT NULL, note text);
CREATE INDEX ON invoices (account_id);
INSERT INTO accounts VALUES (1, 'ana@example.test', 'ana.old@example.test', 'Ana'), (2, 'ben@example.test', NULL, 'Ben'), (10, 'cas@example.test', NULL, 'Cas');
INSERT INTO prompts SELECT g, CASE WHEN g % 3 = 0 THEN 1 WHEN g % 3 = 1 THEN 2 ELSE 10 END, 'prompt ' || g, ARRAY[0.5, g] FROM generate_series(1, 30) g;
INSERT INTO tickets VALUES (1, 1, 'a'), (2, 1, 'b'), (3, 1, 'c'), (4, 2, 'd');
INSERT INTO invoices VALUES (1, 1, '2015-03-01', 10, 'call Ana'), (2, 1, '2024-03-01', 20, 'call Ana'), (3, 2, '2024-03-01', 30, 'call Ben');`

func reference(collection, field string) *estate.Reference {
	return &estate.Reference{Collection: estate.Address(collection), Field: field}
}

// liveEstate is the map of that database.
func liveEstate() estate.Estate {
	return estate.Estate{Version: "1", Stores: []estate.Store{{ID: "app", Kind: estate.Postgres, Schema: "live", Collections: []estate.Collection{
		{Name: "accounts", Class: estate.Account, Root: true, Key: []string{"account_id"}, Fields: []estate.Field{
			{Name: "account_id", Identity: "account_id"}, {Name: "email", Identity: "email"}, {Name: "recovery", Identity: "email"}, {Name: "name"}}},
		{Name: "prompts", Class: estate.CustomerContent, Key: []string{"id"}, Fields: []estate.Field{
			{Name: "id"}, {Name: "account_id", References: reference("app/accounts", "account_id")}, {Name: "body"}, {Name: "embedding"}}},
		{Name: "tickets", Class: estate.Account, Key: []string{"id"}, Fields: []estate.Field{
			{Name: "id"}, {Name: "account_id", References: reference("app/accounts", "account_id")}, {Name: "body"}}},
		{Name: "invoices", Class: estate.Billing, Key: []string{"id"}, Retention: &estate.Retention{Ground: "tax_law", Words: "invoices are kept for ten years for the tax authorities", Period: "P10Y", From: "issued", YearEnd: true},
			Fields: []estate.Field{{Name: "id"}, {Name: "account_id", References: reference("app/accounts", "account_id")}, {Name: "issued"}, {Name: "amount"}, {Name: "note", Mask: &estate.Mask{With: estate.Null}}}},
	}}}}
}

func newCounter(t testing.TB) *counter {
	t.Helper()
	c := &counter{House: testkit.NewHouse(t), t: t, ctx: t.Context()}
	var err error
	c.live, err = pgx.Connect(c.ctx, c.Database.Superuser)
	require.NoError(t, err)
	t.Cleanup(func() { c.live.Close(context.Background()) })
	_, err = c.live.Exec(c.ctx, `CREATE SCHEMA live; SET search_path = live; `+liveSchema)
	require.NoError(t, err)
	declared := liveEstate()
	c.Options.Estate = &declared
	c.Desk = desk.New(c.Options)
	place, err := postgres.Open(c.ctx, c.Database.Superuser, declared.Stores[0], postgres.Options{})
	require.NoError(t, err)
	t.Cleanup(place.Close)
	c.stores = openers{"app": func() (erasure.Store, error) { return place, nil }}
	c.work = &activities.Request{Desk: c.Desk, Stores: c.stores, Log: slog.New(slog.DiscardHandler)}
	return c
}

// asks opens a request that names a mail address.
func (c *counter) asks(right, email string) desk.Receipt {
	c.t.Helper()
	done, err := c.Desk.OpenRequest(c.ctx, c.As(access.Responder), "", desk.RequestInput{
		Right: right, Country: "DE", Channel: "api", Name: "Ana", Identities: []desk.IdentityInput{{Kind: "email", Value: email}}, Drill: true,
	})
	require.NoError(c.t, err)
	c.Case = done.Case
	return done
}

func (c *counter) view() desk.RequestView {
	c.t.Helper()
	view, err := c.Desk.Request(c.ctx, c.As(access.PrivacyLead), c.Case.String())
	require.NoError(c.t, err)
	return view
}

// proves types the code that was mailed to the first identity.
func (c *counter) proves() {
	c.t.Helper()
	challenge, code := c.mailed()
	require.NoError(c.t, c.Desk.ProveIdentity(c.ctx, challenge, code))
	require.Equal(c.t, "verified", c.view().Identities[0].State)
}

var mailedCode = regexp.MustCompile(`\b[2-9A-HJ-NP-TV-Z]{10}\b`)

// mailed is the newest challenge with the code that its letter shows.
func (c *counter) mailed() (challenge uuid.UUID, code string) {
	c.t.Helper()
	c.jobs(func(job desk.Job) {
		if found := mailedCode.FindString(job.Letter.Text); found != "" {
			code = found
		}
	})
	challenge = scan[uuid.UUID](c.t, c.Database.Superuser, `SELECT id FROM challenge WHERE case_id = $1 ORDER BY id DESC LIMIT 1`, c.Case)
	require.NotEmpty(c.t, code)
	return challenge, code
}

// jobs sends every letter that waits, and the other side accepts each.
func (c *counter) jobs(see func(desk.Job)) {
	c.t.Helper()
	for _, sending := range scanAll[uuid.UUID](c.t, c.Database.Superuser, `SELECT id FROM campaign WHERE case_id = $1 AND state = 'running'`, c.Case) {
		page := uuid.New()
		jobs, err := c.Desk.Claim(c.ctx, sending, page, 10)
		require.NoError(c.t, err)
		for _, job := range jobs {
			see(job)
			require.NoError(c.t, c.Desk.Begin(c.ctx, job, [32]byte{1}, "direct"))
			require.NoError(c.t, c.Desk.Finish(c.ctx, job, desk.Answer{Outcome: "accepted", Code: 250}))
		}
		require.NoError(c.t, c.Desk.Seal(c.ctx, sending))
		require.NoError(c.t, c.Desk.FinishCampaign(c.ctx, sending))
	}
}

// runs carries the request's process out until nothing is due, as its workflow would.
func (c *counter) runs() {
	c.t.Helper()
	heard := int64(0)
	for range 200 {
		next, err := c.Desk.NextRequest(c.ctx, c.Case, heard)
		require.NoError(c.t, err)
		if heard = next.Heard; len(next.Stages) == 0 {
			return
		}
		for _, stage := range next.Stages {
			c.stage(stage)
		}
	}
	c.t.Fatal("the process of the request does not come to rest")
}

func (c *counter) stage(name string) {
	c.t.Helper()
	subject := contract.Subject{ID: c.Case}
	var err error
	switch name {
	case contract.StageTargets:
		var due contract.Targets
		due, err = c.work.DueTargets(c.ctx, subject)
		for _, id := range due.IDs {
			c.target(id)
		}
	case contract.StagePlan:
		_, err = c.Desk.MakePlan(c.ctx, c.Case)
	case contract.StageStart:
		_, err = c.Desk.StartErasing(c.ctx, c.Case)
	case contract.StageDraft:
		_, err = c.Desk.DraftAnswer(c.ctx, c.Case)
	case contract.StageCarry:
		_, err = c.Desk.CarryRequest(c.ctx, c.Case)
	case contract.StageWipe:
		_, err = c.Desk.WipeExport(c.ctx, c.Case)
	case contract.StageReview:
		_, err = c.Desk.ReviewHolds(c.ctx, c.Case)
	case contract.StageRemind:
		_, err = c.Desk.RemindOwners(c.ctx, c.Case)
	case contract.StageRaise:
		_, err = c.Desk.RaiseDue(c.ctx, c.Case)
	case contract.StageEscalate:
		_, err = c.Desk.EscalateDue(c.ctx, c.Case)
	case contract.StagePage:
		var jobs []desk.PageJob
		jobs, err = c.Desk.ClaimPages(c.ctx, c.Case, 50)
		c.pages = append(c.pages, jobs...)
		for _, job := range jobs {
			require.NoError(c.t, c.Desk.PageAnswered(c.ctx, job, desk.PageAnswer{Taken: true, Code: 202}))
		}
	default:
		c.t.Fatalf("no stage %q", name)
	}
	if problem.CodeOf(err) != problem.Conflict {
		require.NoError(c.t, err)
	}
}

// advance moves the request's clock forward.
func (c *counter) advance(d time.Duration) {
	c.t.Helper()
	to := scan[time.Time](c.t, c.Database.Superuser, `SELECT clock_timestamp() + clock_offset FROM cases WHERE id = $1`, c.Case).Add(d)
	_, err := c.Desk.AdvanceClock(c.ctx, c.As(access.PrivacyLead), "", c.Case, desk.AdvanceInput{To: &to})
	require.NoError(c.t, err)
}

// planned brings an erasure to a plan that waits for approval.
func (c *counter) planned() desk.RequestView {
	c.t.Helper()
	c.proves()
	_, err := c.Desk.ScopeRequest(c.ctx, c.As(access.Responder), "", c.Case)
	require.NoError(c.t, err)
	c.runs()
	return c.view()
}

// approves approves the plan that stands, by the privacy lead.
func (c *counter) approves() {
	c.t.Helper()
	_, err := c.Desk.ApprovePlan(c.ctx, c.As(access.PrivacyLead), "", c.Case, desk.DigestInput{Digest: c.view().State.Plan.Digest})
	require.NoError(c.t, err)
}

func (c *counter) rows(table, where string) int64 {
	c.t.Helper()
	return scan[int64](c.t, c.Database.Superuser, `SELECT count(*) FROM live.`+table+` WHERE `+where)
}

// target works on one target, as the worker's activity does.
func (c *counter) target(id uuid.UUID) {
	c.t.Helper()
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(log.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	env := suite.NewTestActivityEnvironment()
	env.RegisterActivity(c.work.WorkTarget)
	_, err := env.ExecuteActivity(c.work.WorkTarget, contract.Target{Case: c.Case, ID: id})
	require.NoError(c.t, err)
}

func scanAll[T any](t testing.TB, dsn, statement string, args ...any) []T {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	require.NoError(t, err)
	defer conn.Close(context.Background())
	rows, err := conn.Query(t.Context(), statement, args...)
	require.NoError(t, err)
	all, err := pgx.CollectRows(rows, pgx.RowTo[T])
	require.NoError(t, err)
	return all
}
