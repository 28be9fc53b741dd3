package desk_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/atlascloudai/docket/activities"
	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/erasing"
	"github.com/atlascloudai/docket/core/estate"
	"github.com/atlascloudai/docket/core/problem"
	"github.com/atlascloudai/docket/desk"
	"github.com/atlascloudai/docket/erasure"
	"github.com/atlascloudai/docket/erasure/postgres"
)

// Whatever an estate looks like, however its places fail and whatever people do meanwhile: a request ends in a state that is
// true. Completed means that nothing of the person is left; what is left has a hold or a ground; nobody else's row changed;
// nothing was erased before its approval and the cooling-off, none after it succeeded, and children before their parents.
// Run more draws with -rapid.checks=1000.
func TestWhateverFailsAnErasureEndsInAStateThatIsTrue(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	n := 0
	rapid.Check(t, func(r *rapid.T) {
		n++
		w := drawWorld(r, c, fmt.Sprintf("draw-%d", n))
		w.play()
	})
}

const subject = "ana@example.test"

// drawn is one table of a drawn estate. Each row has a unique uid that its children repeat, and a column who that the estate does
// not know: whose the row truly is.
type drawn struct {
	estate.Collection
	parents  []int
	composed bool
	bound    bool // by foreign keys to its parents
}

func (d drawn) emails() bool { return d.Fields[1].Identity != "" }

// world is one draw: an estate with real tables, what goes wrong with it, and what people do.
type world struct {
	r      *rapid.T
	c      *counter
	schema string
	tables []drawn
	place  erasure.Store
	// faults are used up call by call; behind the last, nothing goes wrong any more.
	faults []string
	// back is how often somebody writes rows back into each table while it is looked at.
	back    []int
	desk    *desk.Desk
	dead    bool
	done    map[string]bool
	holds   map[string]uuid.UUID
	stopped bool // by a foreign key of a row that a hold keeps
	before  []string
	// advanced counts big steps: a drill goes ten years at most.
	advanced int
}

func drawWorld(r *rapid.T, c *counter, name string) *world {
	w := &world{r: r, c: c, schema: strings.ReplaceAll(name, "-", "_"), done: map[string]bool{}, holds: map[string]uuid.UUID{}}
	for i := range rapid.IntRange(1, 5).Draw(r, "tables") {
		w.tables = append(w.tables, drawTable(r, name, i))
	}
	w.create()
	w.fill()
	declared := estate.Estate{Version: name, Stores: []estate.Store{{ID: name, Kind: estate.Postgres, Schema: w.schema}}}
	for _, table := range w.tables {
		declared.Stores[0].Collections = append(declared.Stores[0].Collections, table.Collection)
	}
	require.Empty(r, declared.Validate())
	options := c.Options
	options.Estate = &declared
	w.desk = desk.New(options)
	place, err := postgres.Open(c.ctx, c.Database.Superuser, declared.Stores[0], postgres.Options{})
	require.NoError(r, err)
	r.Cleanup(place.Close)
	w.place = place
	w.faults = rapid.SliceOfN(rapid.SampledFrom([]string{"", "", "", "", "before", "after", "refused", "dies", "dies_after"}), 0, 40).Draw(r, "faults")
	w.back = rapid.SliceOfN(rapid.IntRange(0, 2), len(w.tables), len(w.tables)).Draw(r, "comes back")
	c.Desk = w.desk
	c.work = &activities.Request{Desk: mortal{w.desk, w}, Stores: openers{name: func() (erasure.Store, error) { return w, nil }}, Log: slog.New(slog.DiscardHandler)}
	return w
}

func drawTable(r *rapid.T, store string, i int) drawn {
	draw := func(what string) bool { return rapid.Bool().Draw(r, fmt.Sprintf("%s of %d", what, i)) }
	t := drawn{Collection: estate.Collection{Name: fmt.Sprintf("c%d", i), Class: estate.Account, Root: i == 0, Key: []string{"uid"}}}
	if t.composed = draw("composite key"); t.composed {
		t.Key = []string{"a", "b"}
	}
	t.Fields = []estate.Field{{Name: "uid"}, {Name: "email"}, {Name: "a"}, {Name: "b"}, {Name: "at"}, {Name: "note"}}
	if i == 0 || draw("own identity") {
		t.Fields[1].Identity = "email"
	}
	if i > 0 {
		t.parents = rapid.SliceOfNDistinct(rapid.IntRange(0, i-1), 1, min(i, 2), rapid.ID).Draw(r, fmt.Sprintf("parents of %d", i))
		for _, p := range t.parents {
			t.Fields = append(t.Fields, estate.Field{Name: fmt.Sprintf("r%d", p), References: reference(fmt.Sprintf("%s/c%d", store, p), "uid")})
		}
		switch rapid.SampledFrom([]string{"delete", "delete", "mask", "keep", "keep_masked"}).Draw(r, fmt.Sprintf("strategy of %d", i)) {
		case "mask":
			t.Strategy = estate.MaskFields
			t.Fields[1].Mask, t.Fields[5].Mask = &estate.Mask{With: estate.Null}, &estate.Mask{With: estate.Fixed, Value: "-"}
		case "keep_masked":
			t.Fields[5].Mask = &estate.Mask{With: estate.Null}
			fallthrough
		case "keep":
			t.Retention = &estate.Retention{Ground: "tax_law", Words: "kept for five years", Period: "P5Y", From: "at"}
		default:
			t.bound = draw("foreign keys")
		}
	}
	return t
}

func (w *world) exec(statement string, args ...any) {
	_, err := w.c.live.Exec(w.c.ctx, statement, args...)
	require.NoError(w.r, err, statement)
}

func (w *world) name(i int) string { return fmt.Sprintf("%s.c%d", w.schema, i) }

func (w *world) create() {
	w.exec("CREATE SCHEMA " + w.schema)
	for i, t := range w.tables {
		key := "uid bigint PRIMARY KEY, a bigint NOT NULL, b text NOT NULL"
		if t.composed {
			key = "uid bigint NOT NULL UNIQUE, a bigint, b text, PRIMARY KEY (a, b)"
		}
		columns := key + ", email text, at date NOT NULL, note text, who text NOT NULL"
		for _, p := range t.parents {
			columns += fmt.Sprintf(", r%d bigint", p)
			if t.bound {
				columns += " REFERENCES " + w.name(p) + " (uid)"
			}
		}
		w.exec("CREATE TABLE " + w.name(i) + " (" + columns + ")")
		w.exec("CREATE INDEX ON " + w.name(i) + " (lower(email))")
		for _, p := range t.parents {
			w.exec(fmt.Sprintf("CREATE INDEX ON %s (r%d)", w.name(i), p))
		}
		w.exec("CREATE TABLE " + w.name(i) + "_was (LIKE " + w.name(i) + ")")
	}
}

// fill gives everybody rows; each is led to by a row of the same person or by its own address.
func (w *world) fill() {
	uid := 0
	for _, who := range []string{subject, "ben@example.test", "cas@example.test"} {
		of := make([][]int, len(w.tables))
		for i, t := range w.tables {
			for k := range rapid.IntRange(0, 3).Draw(w.r, fmt.Sprintf("rows of %s in %d", who, i)) {
				columns, values, led := []string{"uid", "a", "b", "at", "note", "who"}, []any{uid, uid % 3, fmt.Sprint("k", uid), time.Date(rapid.SampledFrom([]int{2012, 2023}).Draw(w.r, "year"), 5, 1, 0, 0, 0, 0, time.UTC), "call " + who, who}, false
				if t.emails() {
					columns, values, led = append(columns, "email"), append(values, who), true
				}
				for _, p := range t.parents {
					if len(of[p]) > 0 {
						columns, values, led = append(columns, fmt.Sprintf("r%d", p)), append(values, of[p][k%len(of[p])]), true
					}
				}
				if !led {
					continue
				}
				marks := make([]string, len(values))
				for m := range marks {
					marks[m] = fmt.Sprintf("$%d", m+1)
				}
				w.exec("INSERT INTO "+w.name(i)+" ("+strings.Join(columns, ", ")+") VALUES ("+strings.Join(marks, ", ")+")", values...)
				of[i] = append(of[i], uid)
				uid++
			}
		}
	}
	for i := range w.tables {
		w.exec(fmt.Sprintf("INSERT INTO %[1]s_was SELECT * FROM %[1]s", w.name(i)))
	}
	w.before = w.others()
}

// others are all rows of everybody else.
func (w *world) others() (rows []string) {
	for i := range w.tables {
		rows = append(rows, w.texts(fmt.Sprintf("SELECT x::text FROM %s x WHERE who <> '%s' ORDER BY 1", w.name(i), subject))...)
	}
	return rows
}

func (w *world) texts(query string) []string {
	rows, err := w.c.live.Query(w.c.ctx, query)
	require.NoError(w.r, err)
	all, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(w.r, err)
	return all
}

func (w *world) count(query string, args ...any) (n int) {
	require.NoError(w.r, w.c.live.QueryRow(w.c.ctx, query, args...).Scan(&n), query)
	return n
}

// fault is what goes wrong with the next call.
func (w *world) fault() (f string) {
	if len(w.faults) > 0 {
		f, w.faults = w.faults[0], w.faults[1:]
	}
	return f
}

// call is one call to the place, with what goes wrong.
func (w *world) call(op, collection string, f func() error) error {
	fault := w.fault()
	switch fault {
	case "dies":
		w.dead = true
		fallthrough
	case "before":
		return &erasure.Error{Class: erasure.Transient, Detail: "no answer"}
	case "refused":
		return &erasure.Error{Class: erasure.Refused, Detail: "not today"}
	}
	if err := f(); err != nil {
		refused, ok := errors.AsType[*erasure.Error](err)
		w.stopped = true
		require.True(w.r, ok && op == "erase" && len(w.holds) > 0 && strings.Contains(refused.Detail, "still refer"), "%s of %s: %v", op, collection, err)
		return err
	}
	switch fault {
	case "dies_after":
		w.dead = true
		fallthrough
	case "after":
		return &erasure.Error{Class: erasure.Transient, Detail: "the answer was lost"}
	}
	if i := slices.IndexFunc(w.tables, func(t drawn) bool { return t.Name == collection }); op == "verify" && w.back[i] > 0 {
		w.back[i]--
		w.comesBack(i)
	}
	return nil
}

// comesBack writes rows of the person back into a table, and with each the rows that it leads to: what is written behind
// everything that was looked at for the last time nobody can find.
func (w *world) comesBack(table int) {
	back := map[int][]string{}
	for i, t := range w.tables {
		led, exists := []string{}, []string{"true"}
		if i == table {
			led = append(led, "true")
		}
		for _, p := range t.parents {
			if len(back[p]) > 0 {
				led = append(led, fmt.Sprintf("x.r%d IN (%s)", p, strings.Join(back[p], ", ")))
			}
			if t.bound {
				exists = append(exists, fmt.Sprintf("(x.r%[1]d IS NULL OR EXISTS (SELECT FROM %[2]s p WHERE p.uid = x.r%[1]d))", p, w.name(p)))
			}
		}
		if len(led) == 0 || t.Strategy == estate.MaskFields {
			continue
		}
		back[i] = w.texts(fmt.Sprintf("INSERT INTO %[1]s SELECT x.* FROM %[1]s_was x WHERE who = '%[2]s' AND (%[3]s) AND %[4]s ON CONFLICT DO NOTHING RETURNING uid::text",
			w.name(i), subject, strings.Join(led, " OR "), strings.Join(exists, " AND ")))
	}
}

func (w *world) Locate(ctx context.Context, q erasure.Query, cursor string, limit int) (page erasure.Page, err error) {
	err = w.call("locate", q.Collection.Name, func() error { page, err = w.place.Locate(ctx, q, cursor, min(limit, 2)); return err })
	return page, err
}

func (w *world) Erase(ctx context.Context, order erasure.Order) (results []erasure.Result, err error) {
	require.Equal(w.r, 1, w.count(`SELECT count(*) FROM public.cases WHERE id = $1 AND (state->'plan'->>'approved_by') IS NOT NULL
		AND (state->>'begun_at')::timestamptz >= (state->>'cool_until')::timestamptz AND (state->>'cool_until')::timestamptz <= clock_timestamp() + clock_offset`, w.c.Case), "erased before approval and cooling-off")
	require.False(w.r, w.done[order.ID], "an order was given again after it had succeeded")
	err = w.call("erase", order.Collection.Name, func() error { results, err = w.place.Erase(ctx, order); return err })
	return results, err
}

func (w *world) Verify(ctx context.Context, order erasure.Order) (findings []erasure.Finding, err error) {
	err = w.call("verify", order.Collection.Name, func() error { findings, err = w.place.Verify(ctx, order); return err })
	return findings, err
}

func (w *world) Check(ctx context.Context, s estate.Store) ([]estate.Finding, error) {
	return w.place.Check(ctx, s)
}
func (w *world) Close() {}

// mortal is a worker that may die between a call and its record; the next one comes when its lease is over.
type mortal struct {
	*desk.Desk
	w *world
}

func (m mortal) DueTargets(ctx context.Context, caseID uuid.UUID) ([]uuid.UUID, error) {
	if m.w.dead {
		m.w.dead = false
		m.w.exec(`UPDATE public.target SET lease_until = clock_timestamp() - interval '1 second' WHERE case_id = $1 AND claim IS NOT NULL`, caseID)
	}
	return m.Desk.DueTargets(ctx, caseID)
}

func (m mortal) NextStep(ctx context.Context, target, claim uuid.UUID) (*desk.Step, error) {
	if m.w.dead {
		return nil, nil
	}
	return m.Desk.NextStep(ctx, target, claim)
}

func (m mortal) alive(f func() error) error {
	if m.w.dead {
		return nil
	}
	return f()
}

func (m mortal) StepLocated(ctx context.Context, step *desk.Step, page erasing.Page) error {
	return m.alive(func() error { return m.Desk.StepLocated(ctx, step, page) })
}

func (m mortal) StepErased(ctx context.Context, step *desk.Step, results []erasing.Result) error {
	return m.alive(func() error {
		err := m.Desk.StepErased(ctx, step, results)
		m.w.done[step.Order.ID] = err == nil
		return err
	})
}

func (m mortal) StepVerified(ctx context.Context, step *desk.Step, findings []erasing.Finding) error {
	return m.alive(func() error {
		// What was written back, and what only stays for a time, may be ordered again.
		if step.Order.Keep || slices.ContainsFunc(findings, func(f erasing.Finding) bool { return f.State == erasing.Residue }) {
			delete(m.w.done, step.Order.ID)
		}
		return m.Desk.StepVerified(ctx, step, findings)
	})
}

func (m mortal) StepFailed(ctx context.Context, step *desk.Step, class, detail string, retryAt *time.Time) error {
	return m.alive(func() error { return m.Desk.StepFailed(ctx, step, class, detail, retryAt) })
}

func (m mortal) EndSteps(ctx context.Context, caseID, target, claim uuid.UUID) error {
	return m.alive(func() error { return m.Desk.EndSteps(ctx, caseID, target, claim) })
}

// settles lets time pass until nothing goes wrong any more and nothing changes.
func (w *world) settles() {
	for range 60 {
		w.c.runs()
		status := w.c.view().Status
		if !w.dead && len(w.faults) == 0 && slices.Contains([]string{"awaiting_approval", "completed", "completed_with_retention", "cancelled", "denied"}, status) {
			return
		}
		if w.dead {
			w.exec(`UPDATE public.target SET lease_until = clock_timestamp() - interval '1 second' WHERE case_id = $1 AND claim IS NOT NULL`, w.c.Case)
		}
		if status == "awaiting_approval" {
			return
		}
		if status == "restricting" {
			w.c.advance(73 * time.Hour)
			continue
		}
		if slices.Contains([]string{"completed", "completed_with_retention"}, status) {
			return
		}
		if status == "action_required" && w.stopped && len(w.faults) == 0 && len(w.holds) > 0 {
			return
		}
		w.c.advance(61 * time.Minute)
	}
}

func (w *world) play() {
	c, r := w.c, w.r
	c.asks("erasure", subject)
	c.proves()
	_, err := c.Desk.ScopeRequest(c.ctx, c.As(access.Responder), "", c.Case)
	require.NoError(r, err)
	w.settles()
	view := c.view()
	require.Equal(r, "awaiting_approval", view.Status, "%+v", view.Targets)
	for _, wide := range []access.Role{access.PrivacyLead, access.LegalCounsel} {
		if c.view().Status == "awaiting_approval" {
			_, err = c.Desk.SamplePlan(c.ctx, c.As(wide), c.Case)
			require.NoError(r, err)
			_, err = c.Desk.ApprovePlan(c.ctx, c.As(wide), "", c.Case, desk.DigestInput{Digest: view.State.Plan.Digest})
			require.NoError(r, err)
		}
	}
	for _, act := range rapid.SliceOfN(rapid.SampledFrom([]string{"run", "run", "cool", "hour", "hold", "hold", "hold_all", "release", "retry", "cancel", "deny", "years", "settle"}), 0, 8).Draw(r, "acts") {
		w.act(act)
	}
	w.settles()
	w.isTrue()
	for len(w.holds) > 0 {
		w.act("release")
	}
	w.settles()
	w.isTrue()
}

func (w *world) act(what string) {
	c, r := w.c, w.r
	conflict := func(_ desk.Receipt, err error) {
		if err != nil {
			require.Equal(r, problem.Conflict, problem.CodeOf(err), "%s: %v", what, err)
		}
	}
	switch what {
	case "run":
		c.runs()
	case "cool":
		c.advance(73 * time.Hour)
		c.runs()
	case "hour":
		c.advance(time.Hour)
		c.runs()
	case "years":
		if w.advanced++; w.advanced > 4 {
			return
		}
		c.advance(2 * 365 * 24 * time.Hour)
		c.runs()
	case "settle":
		w.settles()
	case "hold", "hold_all":
		i := rapid.IntRange(0, len(w.tables)-1).Draw(r, "held table")
		key := ""
		if what == "hold" {
			keys := w.texts(fmt.Sprintf("SELECT %s FROM %s WHERE who = '%s' ORDER BY uid", w.keyText(i), w.name(i), subject))
			if len(keys) == 0 {
				return
			}
			key = rapid.SampledFrom(keys).Draw(r, "held key")
		}
		address := strings.ReplaceAll(w.schema, "_", "-") + "/" + w.tables[i].Name
		if _, held := w.holds[address+key]; held {
			return
		}
		w.holds[address+key] = *c.holds(address, key).ID
	case "release":
		for at, id := range w.holds {
			_, err := c.Desk.ReleaseRecordHold(c.ctx, c.As(access.LegalCounsel), "", id, desk.ReasonInput{Reason: "over"})
			require.NoError(r, err)
			delete(w.holds, at)
			break
		}
	case "retry":
		for _, t := range c.view().Targets {
			conflict(c.Desk.RetryTarget(c.ctx, c.As(access.Responder), "", c.Case, t.ID))
		}
		c.runs()
	case "cancel":
		conflict(c.Desk.CancelRequest(c.ctx, c.As(access.PrivacyLead), "", c.Case, desk.ReasonInput{Reason: "no longer wanted"}))
	case "deny":
		conflict(c.Desk.DenyRequest(c.ctx, c.As(access.PrivacyLead), "", c.Case, desk.DenyInput{Reason: "excessive", Words: "asked daily"}))
	}
}

func (w *world) keyText(i int) string {
	if w.tables[i].composed {
		return `format('["%s","%s"]', a, b)`
	}
	return `format('["%s"]', uid)`
}

// isTrue holds the status against the tables.
func (w *world) isTrue() {
	c, r := w.c, w.r
	view := c.view()
	require.Equal(r, w.before, w.others(), "somebody else's row changed")
	c.verified()
	left, unnamed := 0, 0
	for i, t := range w.tables {
		rows := fmt.Sprintf("FROM %s WHERE who = '%s'", w.name(i), subject)
		if view.Status == "cancelled" || view.Status == "denied" {
			require.Equal(r, w.count("SELECT count(*) FROM "+w.name(i)+"_was WHERE who = $1", subject), w.count("SELECT count(*) "+rows), "a request that was not begun erased")
			continue
		}
		masked := "true"
		switch {
		case t.Strategy == estate.MaskFields:
			masked = "NOT (note = '-' AND email IS NULL)"
		case t.Retention != nil && t.Fields[5].Mask != nil:
			masked = "NOT (note IS NULL AND at + interval '5 years' > now)"
		case t.Retention != nil:
			masked = "NOT (at + interval '5 years' > now)"
		}
		address := strings.ReplaceAll(w.schema, "_", "-") + "/" + t.Name
		now := "(SELECT clock_timestamp() + clock_offset AS now FROM public.cases WHERE id = $1) n"
		plain := w.count(fmt.Sprintf("SELECT count(*) FROM %s x, %s WHERE who = '%s' AND %s AND NOT ($2 OR %s = ANY($3))", w.name(i), now, subject, masked, w.keyText(i)),
			c.Case, w.holds[address] != uuid.Nil, w.heldKeys(address))
		unnamed += plain
		if t.Strategy == estate.MaskFields {
			left += w.count("SELECT count(*) " + rows + " AND note <> '-'")
		} else {
			left += w.count("SELECT count(*) " + rows)
		}
	}
	switch view.Status {
	case "completed":
		require.Zero(r, left, "completed, and something is left: %+v", view.Targets)
	case "completed_with_retention":
		require.NotZero(r, left, "nothing is kept: %+v", view.Targets)
		require.Zero(r, unnamed, "something is left that nothing keeps: %+v", view.Targets)
	case "cancelled", "denied":
	case "action_required":
		require.True(r, w.stopped && len(w.holds) > 0, "nothing goes wrong any more, and it is not done: %+v", view.Targets)
	default:
		r.Fatalf("it ends %s: %+v", view.Status, view.Targets)
	}
}

func (w *world) heldKeys(address string) []string {
	keys := []string{}
	for at := range w.holds {
		if key, found := strings.CutPrefix(at, address); found && key != "" {
			keys = append(keys, key)
		}
	}
	return keys
}
