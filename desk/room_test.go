package desk_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/problem"
	"github.com/atlascloudai/docket/desk"
	"github.com/atlascloudai/docket/testkit"
)

// These tests share nothing and wait for the database most of the time.
func TestMain(m *testing.M) {
	// Each draw is an estate of its own, and the same few are drawn each time; more, and others, with -rapid.checks=1000 -rapid.seed=0.
	for name, value := range map[string]string{"rapid.checks": "8", "rapid.seed": "20261128"} {
		if err := flag.Set(name, value); err != nil {
			panic(err)
		}
	}
	flag.Parse()
	if err := flag.Set("test.parallel", "6"); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

// room is a house with the sample customers and one declared incident, a drill.
type room struct {
	*testkit.House
	t    testing.TB
	ctx  context.Context
	Case uuid.UUID
	Code string
}

func newRoom(t testing.TB) *room {
	t.Helper()
	return roomIn(t, testkit.NewHouse(t))
}

func roomIn(t testing.TB, h *testkit.House) *room {
	t.Helper()
	h.ImportSamples(t)
	opened := h.Declared(t)
	return &room{House: h, t: t, ctx: t.Context(), Case: opened.Case, Code: opened.Code}
}

// now is the case's own time.
func (r *room) now() time.Time {
	r.t.Helper()
	view, err := r.Desk.Case(r.ctx, r.As(access.PrivacyLead), r.Case.String())
	require.NoError(r.t, err)
	return view.Now
}

// ago is an instant of the case, with the precision that a database keeps.
func (r *room) ago(d time.Duration) time.Time {
	r.t.Helper()
	return r.now().Add(-d).Truncate(time.Microsecond)
}

// advance moves the drill's clock forward.
func (r *room) advance(d time.Duration) {
	r.t.Helper()
	to := r.now().Add(d)
	_, err := r.Desk.AdvanceClock(r.ctx, r.As(access.IncidentCommander), "", r.Case, desk.AdvanceInput{To: &to})
	require.NoError(r.t, err)
}

// all are the duties of the case.
func (r *room) all() []desk.DutyView {
	r.t.Helper()
	page, err := r.Desk.Duties(r.ctx, r.As(access.PrivacyLead), r.Case, "", "", 500)
	require.NoError(r.t, err)
	return page.Items
}

// duties are the duties by the reference of whom they are owed to: a customer's, or the counterparty; a promise with its rule.
func (r *room) duties() map[string]desk.DutyView {
	r.t.Helper()
	byRef := map[string]desk.DutyView{}
	for _, one := range r.all() {
		ref := one.Customer
		if ref == "" {
			ref = one.Counterparty
		}
		if one.Follows != nil {
			ref += " " + one.Rule
		}
		require.NotContains(r.t, byRef, ref)
		byRef[ref] = one
	}
	return byRef
}

// duty is one customer's duty with its history.
func (r *room) duty(ref string) desk.DutyView {
	r.t.Helper()
	view, err := r.Desk.Duty(r.ctx, r.As(access.PrivacyLead), r.Case, r.duties()[ref].ID)
	require.NoError(r.t, err)
	return view
}

// deliveries are the deliveries to a customer, in the order of their ranks.
func (r *room) deliveries(ref string) []desk.DeliveryView {
	r.t.Helper()
	page, err := r.Desk.Deliveries(r.ctx, r.As(access.CommsLead), r.Case, "", "", 500)
	require.NoError(r.t, err)
	var found []desk.DeliveryView
	for _, one := range page.Items {
		if one.Customer == ref {
			found = append(found, one)
		}
	}
	return found
}

// raises are the raises of one kind.
func (r *room) raises(kind string) []desk.RaiseView {
	r.t.Helper()
	all, err := r.Desk.Raises(r.ctx, r.As(access.PrivacyLead), r.Case)
	require.NoError(r.t, err)
	var found []desk.RaiseView
	for _, one := range all {
		if one.Kind == kind {
			found = append(found, one)
		}
	}
	return found
}

// kinds are the kinds of the timeline's entries, in order.
func (r *room) kinds() []string {
	r.t.Helper()
	page, err := r.Desk.Timeline(r.ctx, r.As(access.PrivacyLead), r.Case, "", 500)
	require.NoError(r.t, err)
	var kinds []string
	for _, e := range page.Items {
		kinds = append(kinds, e.Kind)
	}
	return kinds
}

// entries are the timeline's entries of one kind.
func (r *room) entries(kind string) []desk.EntryView {
	r.t.Helper()
	page, err := r.Desk.Timeline(r.ctx, r.As(access.Auditor), r.Case, "", 500)
	require.NoError(r.t, err)
	var found []desk.EntryView
	for _, e := range page.Items {
		if e.Kind == kind {
			found = append(found, e)
		}
	}
	return found
}

// start records a start word as the privacy lead.
func (r *room) start(word string, at time.Time, reason string) desk.Receipt {
	r.t.Helper()
	receipt, err := r.Desk.RecordStart(r.ctx, r.As(access.PrivacyLead), "", r.Case, startInput(word, at, reason))
	require.NoError(r.t, err)
	return receipt
}

func startInput(word string, at time.Time, reason string) desk.StartInput {
	return desk.StartInput{Word: word, At: at, Zone: "Europe/Berlin", Evidence: "alert 4711", Reason: reason}
}

// waive ends a duty under an exemption: one person proposes, another approves.
func (r *room) waive(owed uuid.UUID, exemption string) {
	r.t.Helper()
	in := desk.WaiveInput{Exemption: exemption, Reason: "they wrote so"}
	proposed, err := r.Desk.WaiveDuty(r.ctx, r.As(access.PrivacyLead), "", r.Case, owed, in)
	require.NoError(r.t, err)
	require.True(r.t, proposed.Pending)
	approved, err := r.Desk.WaiveDuty(r.ctx, r.As(access.LegalCounsel), "", r.Case, owed, in)
	require.NoError(r.t, err)
	require.False(r.t, approved.Pending)
}

// verified wants the chain, and every row that it is held against, to be sound.
func (r *room) verified() {
	r.t.Helper()
	ok, problem := r.verify()
	require.True(r.t, ok, problem)
}

// accepted is the answer of a recipient's own server that took the message.
var accepted = desk.Answer{Outcome: "accepted", Code: 250, Class: "ok", Reply: "250 2.0.0 queued"}

func refusedBy(code int) desk.Answer {
	return desk.Answer{Outcome: "refused", Code: code, Class: "address", Enhanced: "5.1.1", Reply: fmt.Sprintf("%d 5.1.1 no such user", code)}
}

// send plays the sender of a campaign until nothing is due, and ends it as its process would.
func (r *room) send(campaign uuid.UUID, transport string, answer func(desk.Job) desk.Answer) int {
	r.t.Helper()
	page, sent := uuid.New(), 0
	for {
		jobs, err := r.Desk.Claim(r.ctx, campaign, page, 10)
		require.NoError(r.t, err)
		if len(jobs) == 0 {
			break
		}
		for _, job := range jobs {
			require.NoError(r.t, r.Desk.Begin(r.ctx, job, [32]byte{1}, transport))
			require.NoError(r.t, r.Desk.Finish(r.ctx, job, answer(job)))
			sent++
		}
	}
	require.NoError(r.t, r.Desk.Seal(r.ctx, campaign))
	require.NoError(r.t, r.Desk.FinishCampaign(r.ctx, campaign))
	return sent
}

// all answers every recipient alike.
func all(a desk.Answer) func(desk.Job) desk.Answer { return func(desk.Job) desk.Answer { return a } }

// query runs a statement as the cluster's superuser, behind the product's back.
func (r *room) query(statement string, args ...any) {
	r.t.Helper()
	query(r.t, r.Database.Superuser, statement, args...)
}

func query(t testing.TB, dsn, statement string, args ...any) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	require.NoError(t, err)
	defer conn.Close(context.Background())
	_, err = conn.Exec(t.Context(), statement, args...)
	require.NoError(t, err)
}

func scan[T any](t testing.TB, dsn, statement string, args ...any) T {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	require.NoError(t, err)
	defer conn.Close(context.Background())
	var value T
	require.NoError(t, conn.QueryRow(t.Context(), statement, args...).Scan(&value))
	return value
}

// rows is every row of every table as text.
func rows(t testing.TB, dsn string) map[string][]string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	require.NoError(t, err)
	defer conn.Close(context.Background())
	tables, err := conn.Query(t.Context(), `SELECT tablename FROM pg_tables WHERE schemaname = 'public'`)
	require.NoError(t, err)
	names, err := pgx.CollectRows(tables, pgx.RowTo[string])
	require.NoError(t, err)
	require.Greater(t, len(names), 20)
	found := map[string][]string{}
	for _, name := range names {
		content, err := conn.Query(t.Context(), `SELECT x::text FROM `+pgx.Identifier{name}.Sanitize()+` x ORDER BY 1`)
		require.NoError(t, err)
		found[name], err = pgx.CollectRows(content, pgx.RowTo[string])
		require.NoError(t, err)
	}
	return found
}

// unchanged runs f and wants every row of every table to be as before.
func (r *room) unchanged(f func()) {
	r.t.Helper()
	before := rows(r.t, r.Database.Superuser)
	f()
	require.Equal(r.t, before, rows(r.t, r.Database.Superuser), "a refusal changes nothing")
}

// refused wants a conflict with these blockers, each with its remedy.
func refused(t testing.TB, err error, codes ...string) {
	t.Helper()
	var refusal *problem.Error
	require.ErrorAs(t, err, &refusal)
	require.Equal(t, problem.Conflict, refusal.Code, "%v", err)
	var got []string
	for _, blocker := range refusal.Blockers {
		require.NotEmpty(t, blocker.Detail)
		got = append(got, blocker.Code)
	}
	require.Equal(t, codes, got)
}

// code wants a refusal of one code.
func code(t testing.TB, want problem.Code, err error) {
	t.Helper()
	require.Equal(t, want, problem.CodeOf(err), "%v", err)
}

// names wants a refusal of the input that names this field.
func names(t testing.TB, field string, err error) {
	t.Helper()
	var refusal *problem.Error
	require.ErrorAs(t, err, &refusal)
	require.Equal(t, problem.Invalid, refusal.Code)
	require.Equal(t, field, refusal.Field)
}

// inline puts an id where a statement says $1, for several statements at once.
func inline(statement string, id uuid.UUID) string {
	return strings.ReplaceAll(statement, "$1", "'"+id.String()+"'")
}
