package acceptance_test

import (
	"cmp"
	"context"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/desk"
	"github.com/atlascloudai/docket/local/mail"
	"github.com/atlascloudai/docket/testkit"
)

// gates name what a change's process writes at each stage, for a gate to hold it there.
var gates = map[string]string{
	"dates":  `change_customer FOR EACH ROW WHEN (OLD.sent_at IS DISTINCT FROM NEW.sent_at)`,
	"take":   `change_customer FOR EACH ROW WHEN (OLD.taken_at IS DISTINCT FROM NEW.taken_at)`,
	"status": `cases FOR EACH ROW WHEN (OLD.status <> NEW.status AND NEW.status IN ('objection_window', 'effective'))`,
}

// gate holds the database's write of one stage back, in the middle of its transaction.
type gate struct {
	t    *testing.T
	conn *pgx.Conn
}

func shut(t *testing.T, h *testkit.House, stage string) *gate {
	t.Helper()
	conn, err := pgx.Connect(context.Background(), h.Database.Superuser)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	g := &gate{t, conn}
	g.run(`CREATE OR REPLACE FUNCTION gate() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_advisory_xact_lock(4711); RETURN NEW; END'`)
	g.run(`SELECT pg_advisory_lock(4711)`)
	g.run(`CREATE TRIGGER gate BEFORE UPDATE ON ` + gates[stage] + ` EXECUTE FUNCTION gate()`)
	return g
}

func (g *gate) run(sql string) {
	g.t.Helper()
	_, err := g.conn.Exec(context.Background(), sql)
	require.NoError(g.t, err)
}

// reached waits until somebody stands before the gate.
func (g *gate) reached() {
	g.t.Helper()
	testkit.Await(g.t, "the process is in the middle of the stage", func() bool {
		var n int
		err := g.conn.QueryRow(context.Background(), `SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 4711 AND NOT granted
			AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`).Scan(&n)
		return err == nil && n > 0
	})
}

func (g *gate) open(stage string) {
	g.t.Helper()
	table, _, _ := strings.Cut(gates[stage], " ")
	g.run(`SELECT pg_advisory_unlock(4711)`)
	g.run(`DROP TRIGGER gate ON ` + table)
}

// ended is how one customer stands at the end of a change.
type ended struct {
	state, closes, until, effective string
	copies                          int
}

// lived is a change of 24 customers lived through to its end by a worker that is killed at a stage; "" for one that lives.
func lived(t *testing.T, strike string) map[string]ended {
	t.Helper()
	ctx := context.Background()
	h := testkit.NewChangeHouse(t)
	customers := h.ImportChangeCustomers(t, 24)
	e := testkit.NewEngine(t, h, testkit.EngineOptions{})
	worker := e.SpawnWorker(t)
	a := announces(t, e, customers)
	killedAt := func(stage string, begin func()) {
		t.Helper()
		if stage != strike {
			begin()
			e.Quiet(t)
			return
		}
		g := shut(t, h, stage)
		begin()
		if stage == "dates" { // After the sending: everybody has it, and nobody's dates are counted.
			e.AwaitCount(t, "everybody has it", len(customers), `SELECT count(*) FROM delivery WHERE state = 'accepted'`)
			require.Zero(t, e.Count(t, `SELECT count(*) FROM change_customer WHERE sent_at IS NOT NULL`))
		}
		g.reached()
		worker.Kill()
		g.open(stage)
		worker = e.SpawnWorker(t)
		e.Quiet(t)
	}
	released := func() { e.ChangeReleased(t, a.id, 0) }
	lost := customers[0]
	switch strike {
	case "sending":
		require.NoError(t, e.Mail.Rules(mail.Rule{To: lost.Address, Answers: []string{"slow:30s", "250"}}))
		released()
		testkit.Await(t, "the slow server has the message", func() bool { return copiesFor(e, lost.Customer) == 1 })
		e.AwaitCount(t, "the others have it", len(customers)-1, `SELECT count(*) FROM delivery WHERE state = 'accepted'`)
		worker.Kill()
		worker = e.SpawnWorker(t)
		e.AwaitCount(t, "whether one has it nobody knows", 1, `SELECT count(*) FROM delivery WHERE state = 'unknown' AND claim IS NULL`)
		e.Quiet(t)
		// Nothing is sent twice by itself: a person looks, and finds that it arrived.
		require.Equal(t, 1, a.view(t).Untold)
		require.Equal(t, 1, raises(t, h, a.id)["delivery_unknown"])
		d := ofCustomer(t, h, a.id, lost.Customer)
		require.Equal(t, []string{"in_flight", "unknown"}, kinds(d))
		require.True(t, d.PossibleDuplicate)
		_, err := h.Desk.SettleDelivery(ctx, h.As(access.PrivacyLead), "", a.id, d.ID, desk.SettleInput{Outcome: "accepted", Reason: "they wrote that they have it"})
		require.NoError(t, err)
		e.Quiet(t)
	case "status":
		killedAt("status", released)
	default:
		killedAt("dates", released)
	}
	require.Equal(t, "objection_window", a.view(t).Status)
	a.holds(t, 1, nil)
	a.on(t, 20, nil)
	killedAt("take", func() { advanceTo(t, h, a.id, a.days.noon(37)) })
	a.holds(t, 37, nil)
	a.on(t, 97, nil)
	killedAt("status", func() { advanceTo(t, h, a.id, a.days.noon(200)) })
	a.holds(t, 200, nil)
	require.Equal(t, "effective", a.view(t).Status)
	for _, kind := range []string{"change.dated", "change.taken"} {
		require.Equal(t, len(customers), e.Count(t, `SELECT count(*) FROM timeline, jsonb_array_elements(convert_from(body, 'UTF8')::jsonb->'customers') WHERE kind = $1`, kind), "%s names everybody once", kind)
	}
	for _, kind := range []string{"change.told", "change.effective"} {
		require.Equal(t, 1, e.Count(t, `SELECT count(*) FROM timeline WHERE kind = $1`, kind), kind)
	}
	a.letters(t)
	testkit.Check(t, h, e.Mail)
	ends, at := map[string]ended{}, func(at *time.Time) string {
		if at == nil {
			return ""
		}
		return at.UTC().Format(time.RFC3339Nano)
	}
	copies := map[string]int{}
	for _, m := range e.Notices() {
		copies[m.To[0]]++
	}
	stands := a.stands(t)
	for _, c := range customers {
		s := stands[c.Ref]
		ends[c.Ref] = ended{s.State, at(s.WindowCloses), at(s.TerminationUntil), at(&s.Effective), copies[c.Address] + copies[c.Second]}
	}
	return ends
}

// A worker is killed in the middle of each stage of a change's life: while a message is on its way, before dates are counted, before the
// change is taken to have taken effect, before its status is carried. Another worker brings it to the same end as one that nobody killed:
// everybody was told once, nobody was left out, and what nobody saw the end of waited for a person.
func TestAChangeWhoseWorkerIsKilledAtAnyStageComesToTheSameEnd(t *testing.T) {
	t.Parallel()
	stages := []string{"", "sending", "dates", "take", "status"}
	ends := make([]map[string]ended, len(stages))
	t.Run("stages", func(t *testing.T) {
		for i, stage := range stages {
			t.Run("killed at "+cmp.Or(stage, "none"), func(t *testing.T) {
				t.Parallel()
				ends[i] = lived(t, stage)
			})
		}
	})
	if t.Failed() {
		return
	}
	for ref, end := range ends[0] {
		require.Equal(t, "taken", end.state, ref)
		require.Equal(t, 1, end.copies, ref)
	}
	for i, stage := range stages {
		require.Equal(t, ends[0], ends[i], stage)
	}
}
