package testkit

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/letters"
	"github.com/atlascloudai/docket/core/seal"
	"github.com/atlascloudai/docket/desk"
	"github.com/atlascloudai/docket/local/mail"
)

// Check is the oracle: it holds the ledger, the mail that the other side received and the timeline of every
// case against each other, and fails with every difference. It reads the tables by statements of its own, so
// that what the product believes of itself is compared with what is there. It checks that
//
//   - N1: every delivery has come to an end or is tried again at a known instant, and no dead sender holds one;
//   - N2: the other side has as many copies as were accepted, one more at most for each attempt that ended unseen;
//   - N3: all copies of one delivery are the same bytes, those whose digest is stored, under one Message-ID;
//   - N4: nothing arrived that the ledger did not hold as in flight before;
//   - N5: nobody is shown another customer, or the case's own code;
//   - N6: no rung of evidence is shown that the ledger does not hold;
//   - N7: nothing left before its approval and release, while it was held, or after its stop;
//   - N8: the campaign's end, the seals and the report count what the ledger holds and what arrived;
//
// that every chain verifies, every raise stands in its timeline once at the instant that it is about, every met duty
// has its proof at that instant, and no duty is met without one or born overdue without a recorded choice.
//
// Call it when nothing is under way (Engine.Quiet).
func Check(t testing.TB, h *House, received *mail.Server) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	conn, err := pgx.Connect(ctx, h.Database.Superuser)
	require.NoError(t, err)
	defer conn.Close(context.Background())
	o := &oracle{house: h, mail: received, conn: conn}
	require.NoError(t, o.load(ctx), "the oracle cannot read")
	o.copies()
	for _, id := range o.order {
		o.delivery(o.deliveries[id])
	}
	o.letters()
	for _, c := range o.cases {
		o.timeline(c)
		o.duties(c)
		require.NoError(t, o.views(ctx, c), "the oracle cannot read case %s", c.id)
	}
	if n := len(o.differences); n > 0 {
		const shown = 25
		require.Failf(t, "ledger, mail and timeline differ", "%d differences:\n%s", n, strings.Join(o.differences[:min(n, shown)], "\n"))
	}
}

// oracle is what one check reads.
type oracle struct {
	house *House
	mail  *mail.Server
	conn  *pgx.Conn

	now         time.Time
	cases       []*ledgerCase
	deliveries  map[uuid.UUID]*ledgerDelivery
	order       []uuid.UUID
	pages       map[uuid.UUID]bool
	customers   map[uuid.UUID]person
	differences []string
}

func (o *oracle) differ(check, format string, args ...any) {
	o.differences = append(o.differences, check+": "+fmt.Sprintf(format, args...))
}

// ledgerCase is one case with everything in it.
type ledgerCase struct {
	id      uuid.UUID
	code    string
	offset  time.Duration
	key     seal.Key
	entries []ledgerEntry
	raises  []ledgerRaise
	duties  []ledgerDuty
	// events counts the ledger's rows by kind.
	events    map[string]int64
	campaigns map[uuid.UUID]string
}

// ledgerEntry is one line of the timeline.
type ledgerEntry struct {
	seq                int64
	happened, recorded time.Time
	kind               string
	body               map[string]any
}

// refers says whether the entry's body names an id under a key.
func (e ledgerEntry) refers(key string, id uuid.UUID) bool { return e.body[key] == id.String() }

// ledgerDelivery is one delivery, its attempts, and the copies that the other side received.
type ledgerDelivery struct {
	id                                  uuid.UUID
	of                                  *ledgerCase
	campaign, notice, customer, contact *uuid.UUID
	channel, state, transport           string
	rank, attempt                       int
	claimed                             bool
	lease, deadline, filed, confirmed   *time.Time
	next                                time.Time
	digest                              []byte
	possibleDuplicate                   bool
	duty                                *uuid.UUID
	events                              []ledgerEvent
	copies                              []mail.Message
	address                             string
	values                              letters.Values
}

// ledgerEvent is one row of the ledger.
type ledgerEvent struct {
	attempt int
	at      time.Time
	kind    string
	body    map[string]any
	reply   bool
}

// of counts the delivery's events of some kinds.
func (d *ledgerDelivery) count(kinds ...string) (n int) {
	for _, e := range d.events {
		if slices.Contains(kinds, e.kind) {
			n++
		}
	}
	return n
}

// first is the instant of the earliest event of a kind.
func (d *ledgerDelivery) first(kinds ...string) *time.Time {
	for _, e := range d.events {
		if slices.Contains(kinds, e.kind) {
			return &e.at
		}
	}
	return nil
}

// wall unwinds a drill's clock: the real instant of an instant in case time.
func (c *ledgerCase) wall(at time.Time) time.Time {
	moved := time.Duration(0)
	for _, e := range c.entries {
		if e.kind != "clock.advanced" {
			continue
		}
		to, err := time.Parse(time.RFC3339Nano, fmt.Sprint(e.body["to"]))
		if err == nil && !at.Before(to) && to.After(e.recorded) {
			moved += to.Sub(e.recorded)
		}
	}
	return at.Add(-moved)
}

func (o *oracle) load(ctx context.Context) error {
	o.deliveries, o.pages, o.customers = map[uuid.UUID]*ledgerDelivery{}, map[uuid.UUID]bool{}, map[uuid.UUID]person{}
	if err := o.conn.QueryRow(ctx, `SELECT clock_timestamp()`).Scan(&o.now); err != nil {
		return err
	}
	for _, step := range []func(context.Context) error{o.loadCases, o.loadTimelines, o.loadDeliveries, o.loadEvents, o.loadDuties, o.loadPeople} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// each runs f for every row of a query.
func (o *oracle) each(ctx context.Context, sql string, scan []any, f func() error) error {
	rows, err := o.conn.Query(ctx, sql)
	if err != nil {
		return err
	}
	_, err = pgx.ForEachRow(rows, scan, f)
	return err
}

func (o *oracle) caseOf(id uuid.UUID) *ledgerCase {
	i := slices.IndexFunc(o.cases, func(c *ledgerCase) bool { return c.id == id })
	return o.cases[i]
}

func (o *oracle) loadCases(ctx context.Context) error {
	var c ledgerCase
	var kek string
	var wrapped []byte
	err := o.each(ctx, `SELECT c.id, c.code, c.clock_offset, k.kek, k.wrapped FROM cases c JOIN data_key k ON k.scope = c.id ORDER BY c.id`,
		[]any{&c.id, &c.code, &c.offset, &kek, &wrapped}, func() (err error) {
			one := c
			one.events, one.campaigns = map[string]int64{}, map[uuid.UUID]string{}
			one.key, err = o.house.Keys.Unwrap(c.id.String(), seal.Wrapped{KEK: kek, Bytes: wrapped})
			o.cases = append(o.cases, &one)
			return err
		})
	if err != nil {
		return err
	}
	var id, of uuid.UUID
	var state string
	err = o.each(ctx, `SELECT id, case_id, state FROM campaign`, []any{&id, &of, &state}, func() error {
		o.caseOf(of).campaigns[id] = state
		return nil
	})
	if err != nil {
		return err
	}
	return o.each(ctx, `SELECT id FROM page`, []any{&id}, func() error { o.pages[id] = true; return nil })
}

func (o *oracle) loadTimelines(ctx context.Context) error {
	var of uuid.UUID
	var e ledgerEntry
	var body []byte
	err := o.each(ctx, `SELECT case_id, seq, happened_at, recorded_at, kind, body FROM timeline ORDER BY case_id, seq`,
		[]any{&of, &e.seq, &e.happened, &e.recorded, &e.kind, &body}, func() error {
			one := e
			one.body = map[string]any{}
			c := o.caseOf(of)
			c.entries = append(c.entries, one)
			return json.Unmarshal(body, &one.body)
		})
	if err != nil {
		return err
	}
	var r ledgerRaise
	return o.each(ctx, `SELECT case_id, id, kind, due_at FROM raise`, []any{&of, &r.id, &r.kind, &r.due}, func() error {
		c := o.caseOf(of)
		c.raises = append(c.raises, r)
		return nil
	})
}

func (o *oracle) loadDeliveries(ctx context.Context) error {
	var d ledgerDelivery
	var of uuid.UUID
	var sealed []byte
	return o.each(ctx, `SELECT id, case_id, campaign_id, notice_id, customer_id, contact_id, duty_id, channel, state, transport, rank, attempt,
			claim IS NOT NULL, lease_until, deadline, filed_at, filing_confirmed_at, next_at, digest, possible_duplicate, sealed FROM delivery ORDER BY id`,
		[]any{&d.id, &of, &d.campaign, &d.notice, &d.customer, &d.contact, &d.duty, &d.channel, &d.state, &d.transport, &d.rank, &d.attempt,
			&d.claimed, &d.lease, &d.deadline, &d.filed, &d.confirmed, &d.next, &d.digest, &d.possibleDuplicate, &sealed}, func() error {
			one := d
			one.of = o.caseOf(of)
			o.deliveries[d.id], o.order = &one, append(o.order, d.id)
			if d.campaign == nil {
				return nil // made by hand: it holds a filing, not a letter
			}
			var plan struct {
				Address string         `json:"address"`
				Values  letters.Values `json:"values"`
			}
			err := one.of.key.OpenJSON("delivery/"+d.id.String(), sealed, &plan)
			one.address, one.values = plan.Address, plan.Values
			return err
		})
}

func (o *oracle) loadEvents(ctx context.Context) error {
	var of uuid.UUID
	var e ledgerEvent
	var body []byte
	return o.each(ctx, `SELECT delivery_id, attempt, at, kind, body, sealed IS NOT NULL FROM delivery_event ORDER BY id`,
		[]any{&of, &e.attempt, &e.at, &e.kind, &body, &e.reply}, func() error {
			one := e
			one.body = map[string]any{}
			d, ok := o.deliveries[of]
			if !ok {
				o.differ("N4", "the ledger has a row of %s, which is no delivery", of)
				return nil
			}
			d.events = append(d.events, one)
			d.of.events[e.kind]++
			return json.Unmarshal(body, &one.body)
		})
}

// views compares what people are shown with what is held.
func (o *oracle) views(ctx context.Context, c *ledgerCase) error {
	auditor := o.house.As(access.Auditor)
	verified, err := o.house.Desk.VerifyCase(ctx, auditor, c.id)
	if err != nil {
		return err
	}
	if !verified.OK {
		o.differ("chain", "case %s does not verify: %s", c.id, verified.Problem)
	}
	for cursor := ""; ; {
		page, err := o.house.Desk.Deliveries(ctx, auditor, c.id, "", cursor, 500)
		if err != nil {
			return err
		}
		for _, view := range page.Items {
			o.shown(o.deliveries[view.ID], view)
		}
		if cursor = page.Next; cursor == "" {
			break
		}
	}
	notices, err := o.house.Desk.Notices(ctx, auditor, c.id)
	if err != nil {
		return err
	}
	for _, notice := range notices {
		for _, summary := range notice.Campaigns {
			o.reported("the notice's report", summary.ID, summary.Counts)
		}
	}
	return nil
}

// shown is N6: the rung that is shown is one that the ledger holds.
func (o *oracle) shown(d *ledgerDelivery, view desk.DeliveryView) {
	if d.campaign == nil {
		return
	}
	held := map[string][]string{
		"E5": {"acknowledged"}, "E3": {"delivered", "relayed"}, "E2b": {"accepted", "settled_accepted"}, "E2a": {"handed_on"}, "E1": {"in_flight"},
		"B3": {"complaint"}, "B2": {"refused", "bounced", "settled_refused"}, "B1": {"deferred", "unknown"},
	}
	if kinds, ok := held[view.Evidence]; ok && d.count(kinds...) == 0 {
		o.differ("N6", "delivery %s shows %s and the ledger holds no %v", d.id, view.Evidence, kinds)
	}
	if view.State == "accepted" && d.count("accepted", "settled_accepted") == 0 {
		o.differ("N6", "delivery %s is shown as accepted and nobody said so", d.id)
	}
}
