package desk

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/atlascloudai/docket/core/clock"
	"github.com/atlascloudai/docket/core/duty"
	"github.com/atlascloudai/docket/store"
)

// asks is what a duty's readable column says about how it is met.
type asks struct {
	Notify   []duty.ContactRole `json:"notify,omitempty"`
	Channels []duty.Channel     `json:"channels"`
	Contacts duty.ContactsRule  `json:"contacts"`
	Meets    duty.Evidence      `json:"meets"`
}

// openings is what a wave opened.
type openings struct {
	duties, undecided int
	// unadopted names the rules that would propose a duty and that nobody has adopted.
	unadopted []string
}

// ledger derives and opens duties in one decision, by the law and the starts.
type ledger struct {
	*work
	desk    *Desk
	law     *law
	deriver *deriver
	// book is the agreements, known what is open already: both are read where duties are opened.
	book  *book
	known map[string]bool
	// resolved is what this decision resolved, by the key under which it is kept.
	resolved map[string]duty.Resolution
}

func (d *Desk) ledger(ctx context.Context, w *work, starts map[string]time.Time) (*ledger, error) {
	law, err := d.law(ctx, w.Tx, w.c.PackVersion)
	if err != nil {
		return nil, err
	}
	return &ledger{work: w, desk: d, law: law, deriver: d.deriver(law, starts, w.c.Now), known: map[string]bool{}, resolved: map[string]duty.Resolution{}}, nil
}

// recall reads what is owed already to these customers, and to everybody who is none.
func (l *ledger) recall(ctx context.Context, customers []uuid.UUID) error {
	known, err := l.KnownDuties(ctx, l.c.ID, customers)
	maps.Copy(l.known, known)
	return err
}

// basis says which duties are opened.
type basis int

const (
	// byAgreement: under agreements and laws.
	byAgreement basis = iota
	// byLaw: what laws ask for alone. What was agreed since the case began opens nothing by the way.
	byLaw
	// asSupplier: only what laws ask of whoever serves the customers.
	asSupplier
)

// openDuties opens what new parties are owed: by agreement for customers, by proposal for authorities.
func (d *Desk) openDuties(ctx context.Context, w *work, parties []store.Party, customers map[uuid.UUID]store.Customer, under basis, governs string) (openings, error) {
	var all openings
	starts, err := w.Starts(ctx, w.c.ID)
	if err != nil {
		return all, err
	}
	l, err := d.ledger(ctx, w, starts)
	if err != nil {
		return all, err
	}
	if err := l.recall(ctx, slices.Collect(maps.Keys(customers))); err != nil {
		return all, err
	}
	if under == byAgreement && len(customers) > 0 {
		if l.book, err = openBook(ctx, w.Tx, w.c.OpenedAt); err != nil {
			return all, err
		}
	}
	clocks := clocks{}
	dues := newDues()
	unadopted := map[string]bool{}
	write := func(duties []store.Duty) error {
		for _, owed := range duties {
			clocks.add(owed)
			dues.add(owed, "opened")
			all.duties++
			if owed.Governs == governsUndecided {
				all.undecided++
			}
		}
		return w.InsertDuties(ctx, duties, dues.page, "opened")
	}
	for part := range slices.Chunk(parties, chunk) {
		var accepted map[uuid.UUID]map[string]time.Time
		if l.book != nil {
			if accepted, err = l.acceptances(ctx, part); err != nil {
				return all, err
			}
		}
		duties := make([]store.Duty, 0, len(part))
		for _, p := range part {
			if p.Customer == nil {
				continue
			}
			owed, err := l.toCustomer(p, customers[*p.Customer], accepted[*p.Customer], governs, unadopted)
			if err != nil {
				return all, err
			}
			duties = append(duties, owed...)
		}
		if err := write(duties); err != nil {
			return all, err
		}
	}
	if len(parties) > 0 && under != asSupplier {
		owed, err := l.underLaw(ctx, governs, unadopted)
		if err == nil {
			err = write(owed)
		}
		if err != nil {
			return all, err
		}
	}
	if err := l.keepResolutions(ctx); err != nil {
		return all, err
	}
	if err := dues.seal(w); err != nil {
		return all, err
	}
	all.unadopted = slices.Sorted(maps.Keys(unadopted))
	if all.duties >= chunk {
		if err := w.RefreshStatistics(ctx); err != nil {
			return all, err
		}
	}
	return all, w.AddMilestones(ctx, w.c.ID, clocks.milestones(w.c.Now))
}

func (l *ledger) acceptances(ctx context.Context, parties []store.Party) (map[uuid.UUID]map[string]time.Time, error) {
	var of []uuid.UUID
	for _, p := range parties {
		if p.Customer != nil {
			of = append(of, *p.Customer)
		}
	}
	return l.Acceptances(ctx, of)
}

// toCustomer is what one customer is owed: under its agreements, and under laws that bind its supplier.
func (l *ledger) toCustomer(p store.Party, c store.Customer, accepted map[string]time.Time, governs string, unadopted map[string]bool) ([]store.Duty, error) {
	customer, err := customerOf(c)
	if err != nil {
		return nil, err
	}
	duties, err := l.asSupplier(p, c, customer, governs, unadopted)
	if err != nil || l.book == nil {
		return duties, err
	}
	key, resolution, err := l.resolve(p, accepted)
	if err != nil || !resolution.Owed {
		return duties, err
	}
	owed, isNew, err := l.row(p, key, resolution, "customer/"+c.ID.String(), "required")
	if err != nil || !isNew {
		return duties, err
	}
	owed.Customer = &c.ID
	err = l.deriver.set(&owed, key, resolution, customer.Zone, p, governs)
	return append(duties, undecided(owed)), err
}

func (l *ledger) resolve(p store.Party, accepted map[string]time.Time) (string, duty.Resolution, error) {
	var body partyBody
	if err := json.Unmarshal(p.Body, &body); err != nil {
		return "", duty.Resolution{}, fmt.Errorf("cannot read the party: %w", err)
	}
	key, resolution := l.book.owed(accepted, p.Service, body.Touched)
	return key, resolution, nil
}

// row is a new duty without its clock; false where the same is owed already.
func (l *ledger) row(p store.Party, resolved string, resolution duty.Resolution, counterparty, state string) (store.Duty, bool, error) {
	term := resolution.Term
	l.resolved[resolved] = resolution
	if key := counterparty + "/" + term.ID; l.known[key] {
		return store.Duty{}, false, nil
	} else {
		l.known[key] = true
	}
	meets, err := json.Marshal(asks{Notify: term.Notify, Channels: term.Channels, Contacts: term.Contacts, Meets: term.Meets})
	return store.Duty{
		ID: newID(), Case: l.c.ID, Party: p.ID, Counterparty: counterparty, Rule: term.Rule, Term: term.ID, StartWord: string(term.Start),
		Resolution: resolved, State: state, Disputed: resolution.Disputed, Evidence: meets, CreatedAt: l.c.Now,
	}, true, err
}

// undecided marks a duty whose start counsel has to choose: it runs and pages, and is proposed until then.
func undecided(d store.Duty) store.Duty {
	if d.Governs == governsUndecided {
		d.State, d.Disputed = "proposed", true
	}
	return d
}

// rederive derives again every clock that a start word starts; the earlier instants stay readable.
func (d *Desk) rederive(ctx context.Context, w *work, starts map[string]time.Time, filter store.DutyFilter, governs, reason string) (int, error) {
	l, err := d.ledger(ctx, w, starts)
	if err != nil {
		return 0, err
	}
	clocks := clocks{}
	dues := newDues()
	moved := 0
	filter.Limit = chunk
	for {
		duties, err := w.LockDuties(ctx, w.c.ID, filter)
		if err != nil || len(duties) == 0 {
			return moved, firstError(err, dues.seal(w), w.AddMilestones(ctx, w.c.ID, clocks.milestones(w.c.Now)))
		}
		filter.After = duties[len(duties)-1].ID
		before := slices.Clone(duties)
		if err := l.rederive(ctx, duties, governs); err != nil {
			return 0, err
		}
		changed := make([]store.Duty, 0, len(duties))
		for i, one := range duties {
			if sameClock(before[i], one) {
				continue
			}
			changed = append(changed, one)
			dues.add(one, reason)
			if one.State == "proposed" || one.State == "required" {
				clocks.add(one)
			}
		}
		if err := w.MoveDuties(ctx, changed, dues.page, reason, w.c.Now); err != nil {
			return 0, err
		}
		moved += len(changed)
	}
}

func sameClock(a, b store.Duty) bool {
	same := func(x, y *time.Time) bool { return x == y || x != nil && y != nil && x.Equal(*y) }
	return same(a.StartedAt, b.StartedAt) && same(a.Target, b.Target) && same(a.Limit, b.Limit) && a.Governs == b.Governs && a.State == b.State
}

// rederive derives clocks from the terms as they were resolved when the duties were opened: what was agreed or
// imported since moves no running clock.
func (l *ledger) rederive(ctx context.Context, duties []store.Duty, governs string) error {
	parties, err := l.PartiesByID(ctx, ids(duties, func(d store.Duty) uuid.UUID { return d.Party }))
	if err != nil {
		return err
	}
	zones, err := l.zones(ctx, duties)
	if err != nil {
		return err
	}
	if err := l.readResolutions(ctx, duties); err != nil {
		return err
	}
	for i := range duties {
		one := &duties[i]
		if one.StartWord == startPromised {
			continue // What was promised is due when it was promised.
		}
		choice := governs
		if choice == "" {
			choice = one.Governs
		}
		if one.StartedAt == nil && one.Governs == governsIncident && governs == "" {
			choice = "" // Its clock has not run yet: now is its birth.
		}
		zone := "UTC"
		if one.Customer != nil {
			zone = zones[*one.Customer]
		}
		was, resolution := one.Governs, l.resolved[one.Resolution]
		if err := l.deriver.set(one, one.Resolution, resolution, zone, parties[one.Party], choice); err != nil {
			return err
		}
		if was == governsUndecided && one.Governs != governsUndecided {
			// What law asks stays proposed: a person confirms it.
			if one.Disputed = resolution.Disputed; resolution.Term.Kind == duty.IncidentNotice && one.State == "proposed" {
				one.State = "required"
			}
		}
		if one.State == "required" && one.Governs == governsUndecided {
			*one = undecided(*one)
		}
	}
	return nil
}

// zones are the zones of the customers of duties.
func (l *ledger) zones(ctx context.Context, duties []store.Duty) (map[uuid.UUID]string, error) {
	var of []uuid.UUID
	for _, one := range duties {
		if one.Customer != nil {
			of = append(of, *one.Customer)
		}
	}
	customers, err := l.CustomersByID(ctx, of)
	zones := make(map[uuid.UUID]string, len(customers))
	for id, c := range customers {
		customer, err := customerOf(c)
		if err != nil {
			return nil, err
		}
		zones[id] = customer.Zone
	}
	return zones, err
}

func (l *ledger) keepResolutions(ctx context.Context) error {
	bodies := make(map[string][]byte, len(l.resolved))
	for key, resolution := range l.resolved {
		body, err := json.Marshal(resolution)
		if err != nil {
			return fmt.Errorf("cannot keep what was resolved: %w", err)
		}
		bodies[key] = body
	}
	return l.KeepResolutions(ctx, bodies)
}

func (l *ledger) readResolutions(ctx context.Context, duties []store.Duty) error {
	var missing []string
	for _, one := range duties {
		if _, known := l.resolved[one.Resolution]; !known && !slices.Contains(missing, one.Resolution) {
			missing = append(missing, one.Resolution)
		}
	}
	bodies, err := l.Resolutions(ctx, missing)
	if err != nil {
		return err
	}
	for _, key := range missing {
		var resolution duty.Resolution
		if err := json.Unmarshal(bodies[key], &resolution); err != nil {
			return fmt.Errorf("cannot read what was resolved: %w", err)
		}
		l.resolved[key] = resolution
	}
	return nil
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// clocks collects the distinct clocks of duties: duties that share a clock share its milestones.
type clocks map[clockKey]store.Duty

type clockKey struct{ started, target, limit int64 }

func (c clocks) add(d store.Duty) {
	if d.StartedAt == nil || d.Target == nil {
		return
	}
	key := clockKey{started: d.StartedAt.UnixMicro(), target: d.Target.UnixMicro()}
	if d.Limit != nil {
		key.limit = d.Limit.UnixMicro()
	}
	c[key] = d
}

// milestones are those still ahead, the deadlines that passed, and of the shares of the way that passed only the
// last: whoever joins a clock late is told once how late it is.
func (c clocks) milestones(now time.Time) []store.Milestone {
	var milestones []store.Milestone
	for _, d := range c {
		all := clock.Milestones(*d.StartedAt, *d.Target, d.Limit)
		passed := 0
		for passed < len(all) && !all[passed].At.After(now) {
			passed++
		}
		for i, m := range all {
			deadline := m.Kind == clock.MilestoneTarget || m.Kind == clock.MilestoneLimit
			if i < passed-1 && !deadline {
				continue
			}
			milestones = append(milestones, store.Milestone{Kind: string(m.Kind), At: m.At, StartedAt: *d.StartedAt, Target: *d.Target, Limit: d.Limit})
		}
	}
	return milestones
}

// rederiveCapped derives again the clocks that are bounded by awareness though another word starts them
// (Del. Reg. (EU) 2025/301 art 5(1)(a)).
func (d *Desk) rederiveCapped(ctx context.Context, w *work, starts map[string]time.Time, reason string) (int, error) {
	law, err := d.law(ctx, w.Tx, w.c.PackVersion)
	if err != nil {
		return 0, err
	}
	moved := 0
	for _, rule := range law.list {
		if rule.Cap == nil || rule.Cap.Fact != clock.FactAware {
			continue
		}
		n, err := d.rederive(ctx, w, starts, store.DutyFilter{Rule: rule.ID, States: []string{"proposed", "required", "met"}}, "", reason)
		if err != nil {
			return moved, err
		}
		moved += n
	}
	return moved, nil
}
