package desk

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/cases/change"
	"github.com/atlascloudai/docket/core/clock"
	"github.com/atlascloudai/docket/core/duty"
	"github.com/atlascloudai/docket/core/problem"
	"github.com/atlascloudai/docket/store"
)

// ChangeInput is a change that is thought of.
type ChangeInput struct {
	Kind      string    `json:"kind" enum:"policy,subprocessor,provider,retention,region" doc:"What changes"`
	Planned   time.Time `json:"planned" doc:"When it is to take effect"`
	SentAt    time.Time `json:"sent_at" doc:"When the notice would leave; now if zero"`
	Services  []string  `json:"services,omitempty" maxItems:"50" doc:"Services that change; all if empty"`
	Providers []string  `json:"providers,omitempty" maxItems:"50" doc:"Providers that are replaced; customers that use none of them are left out"`
	Regions   []string  `json:"regions,omitempty" maxItems:"50" doc:"Regions that change; customers of other regions are left out"`
	Emergency bool      `json:"emergency,omitempty" doc:"On the emergency path of agreements that have one"`
}

// ChangeDates are the dates of a change that is thought of: of all customers together, and of each.
type ChangeDates struct {
	Customers int `json:"customers" doc:"Customers whom it reaches"`
	// ByDefault have no term about it: the company's own notice period holds.
	ByDefault int `json:"by_default" doc:"Of them, those without a term about it: the company's own notice period holds"`
	Late      int `json:"late" doc:"Of them, those whose last sending date lies before the sending: for them it takes effect later"`
	// FirstLastSending is the earliest last sending date of all, LastEffective the latest effective date.
	FirstLastSending *time.Time              `json:"first_last_sending,omitempty" doc:"The earliest last sending date: what leaves by then takes effect for everybody as planned"`
	LastEffective    *time.Time              `json:"last_effective,omitempty" doc:"When it could take effect for everybody at once: the latest of all effective dates"`
	Page             Page[CustomerDatesView] `json:"page" doc:"Each customer's own dates"`
}

// CustomerDatesView are one customer's own dates.
type CustomerDatesView struct {
	Customer         string       `json:"customer" doc:"Account reference"`
	Clauses          []string     `json:"clauses" doc:"Clauses that count, or company default"`
	LastSending      time.Time    `json:"last_sending" doc:"Last instant at which the notice may leave for the change to take effect as planned"`
	WindowCloses     *time.Time   `json:"window_closes,omitempty" doc:"Last instant of its window to object"`
	TerminationUntil *time.Time   `json:"termination_until,omitempty" doc:"Last instant at which it may terminate because of the change"`
	Effective        time.Time    `json:"effective" doc:"First instant at which the change may take effect for it"`
	Provisional      bool         `json:"provisional,omitempty" doc:"A calendar does not reach far enough: it may be later"`
	Why              []clock.Step `json:"why" doc:"How the dates came about"`
}

// companyDefault is what stands for a clause where no agreement speaks.
const companyDefault = "company default"

// ownNotice is the notice period of customers whose agreements say nothing about a change: the company's own.
func (d *Desk) ownNotice() duty.Term {
	return duty.Term{ID: "company-default", Kind: duty.ChangeNotice, Period: &clock.Period{Amount: d.changeNotice, Unit: clock.UnitCalendarDay}, Clause: companyDefault}
}

// ChangeDates says whom a change would have to be told by when, and from when it could take effect for each. It decides
// nothing. The summary is over all customers, the page after a cursor.
func (d *Desk) ChangeDates(ctx context.Context, actor access.Actor, in ChangeInput, cursor string, limit int) (dates ChangeDates, err error) {
	if err := access.May(actor, access.AgreementRead); err != nil {
		return dates, err
	}
	if !slices.Contains(duty.ChangeKinds, duty.ChangeKind(in.Kind)) {
		return dates, problem.InvalidField("kind", "must be one of %v", duty.ChangeKinds)
	}
	if in.Planned.IsZero() {
		return dates, problem.InvalidField("planned", "say when the change is to take effect")
	}
	err = d.store.Read(ctx, func(tx *store.Tx) error {
		if in.SentAt.IsZero() {
			if in.SentAt, err = tx.Now(ctx); err != nil {
				return err
			}
		}
		walk, err := d.walk(ctx, tx, in)
		if err != nil {
			return err
		}
		dates, err = walk.all(ctx, tx, cursor, size(limit))
		return err
	})
	return dates, err
}

// changeWalk counts the dates of every customer that a change reaches. Customers with the same agreements in one zone share them.
type changeWalk struct {
	desk  *Desk
	in    ChangeInput
	about duty.About
	book  *book
	known map[string]ownDates
}

// walk begins the count of a change, by the agreements in force when it would be sent.
func (d *Desk) walk(ctx context.Context, tx *store.Tx, in ChangeInput) (*changeWalk, error) {
	book, err := openBook(ctx, tx, in.SentAt)
	return &changeWalk{desk: d, in: in, book: book, known: map[string]ownDates{}, about: duty.About{
		Kind: duty.ChangeKind(in.Kind), Services: in.Services, Providers: in.Providers, Regions: in.Regions, Emergency: in.Emergency}}, err
}

func (w *changeWalk) all(ctx context.Context, tx *store.Tx, cursor string, limit int) (all ChangeDates, err error) {
	err = w.each(ctx, tx, func(c store.Customer, own ownDates) error {
		all.add(own)
		if c.Ref > cursor && len(all.Page.Items) <= limit {
			all.Page.Items = append(all.Page.Items, CustomerDatesView{Customer: c.Ref, Clauses: own.clauses, LastSending: own.LastSending, WindowCloses: own.WindowCloses,
				TerminationUntil: own.TerminationUntil, Effective: own.Effective, Provisional: own.Provisional, Why: own.Why})
		}
		return nil
	})
	all.Page = pageOf(all.Page.Items, limit, func(v CustomerDatesView) string { return v.Customer })
	return all, err
}

// each calls f for every customer whom the change reaches, in the order of their references.
func (w *changeWalk) each(ctx context.Context, tx *store.Tx, f func(store.Customer, ownDates) error) error {
	for after := ""; ; {
		customers, err := tx.Customers(ctx, after, chunk)
		if err != nil || len(customers) == 0 {
			return err
		}
		after = customers[len(customers)-1].Ref
		accepted, err := tx.Acceptances(ctx, ids(customers, func(c store.Customer) uuid.UUID { return c.ID }))
		if err != nil {
			return err
		}
		for _, c := range customers {
			customer, err := customerOf(c)
			if err != nil {
				return err
			}
			if !w.about.Reaches(customer) {
				continue
			}
			own, err := w.of(customer, accepted[c.ID])
			if err == nil {
				err = f(c, own)
			}
			if err != nil {
				return err
			}
		}
	}
}

// ownDates are one customer's dates, counted from the instant of sending, and what they rest on.
type ownDates struct {
	change.Dates
	// clauses are those that count, terms what they say, key names both and the zone; back is how the last sending date came about.
	clauses []string
	terms   duty.ChangeTerms
	key     string
	zone    string
	back    []clock.Step
}

// of are one customer's dates.
func (w *changeWalk) of(customer duty.Customer, accepted map[string]time.Time) (ownDates, error) {
	terms := duty.TermsAbout(w.book.set(accepted), w.about, w.in.SentAt)
	if len(terms.Notice) == 0 {
		terms.Notice = []duty.Term{w.desk.ownNotice()}
	}
	zone := cmp.Or(customer.Zone, "UTC")
	key := zone
	all := termsOf(terms)
	for _, term := range all {
		key += "\x00" + term.ID
	}
	if own, known := w.known[key]; known {
		return own, nil
	}
	own := ownDates{terms: terms, key: key, zone: zone, clauses: []string{}}
	for _, term := range all {
		clause := term.Clause
		if document := w.book.documents[term.Document]; document.Title != "" {
			clause = clauseOf(duty.Resolution{Term: term, Document: document})
		}
		own.clauses = append(own.clauses, clause)
	}
	counter, err := w.desk.counter(terms, w.in.Planned, zone)
	if err != nil {
		return own, err
	}
	before, err := counter.Dates(nil)
	if err != nil {
		return own, err
	}
	own.back = before.Why
	own.Dates, err = counter.Dates(&w.in.SentAt)
	w.known[key] = own
	return own, err
}

// termsOf are all terms about a change that count for a customer.
func termsOf(terms duty.ChangeTerms) []duty.Term {
	return slices.Concat(terms.Notice, terms.Objection, terms.Resolution, terms.Termination)
}

// counter counts the dates of customers with these terms.
func (d *Desk) counter(terms duty.ChangeTerms, planned time.Time, zone string) (change.Counter, error) {
	home, err := d.pack.Zone(zone)
	return change.Counter{Terms: terms, Planned: planned, Home: home, Places: d.pack, Rules: d.pack.Rule}, err
}

func (all *ChangeDates) add(own ownDates) {
	all.Customers++
	if slices.Contains(own.clauses, companyDefault) {
		all.ByDefault++
	}
	if own.SentAt.After(own.LastSending) {
		all.Late++
	}
	if all.FirstLastSending == nil || own.LastSending.Before(*all.FirstLastSending) {
		all.FirstLastSending = &own.LastSending
	}
	if all.LastEffective == nil || own.Effective.After(*all.LastEffective) {
		all.LastEffective = &own.Effective
	}
}
