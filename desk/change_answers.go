package desk

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/cases"
	"github.com/atlascloudai/docket/core/cases/change"
	"github.com/atlascloudai/docket/core/clock"
	"github.com/atlascloudai/docket/core/duty"
	"github.com/atlascloudai/docket/core/problem"
	"github.com/atlascloudai/docket/core/seal"
	"github.com/atlascloudai/docket/store"
)

// changeWords are what a customer said, and how its objection ended; sealed.
type changeWords struct {
	Name     string `json:"name,omitempty"`
	Words    string `json:"words,omitempty"`
	Evidence string `json:"evidence,omitempty"`
	End      string `json:"end,omitempty"`
}

func answerPlace(caseID, customer uuid.UUID) string {
	return "change_answer/" + caseID.String() + "/" + customer.String()
}

// RecordObjection records an objection that came by other ways than the customer's page. The instant at which it reached the company
// counts, whenever it is recorded.
func (d *Desk) RecordObjection(ctx context.Context, actor access.Actor, key string, id uuid.UUID, customer string, in ObjectionInput) (Receipt, error) {
	return d.onChange(ctx, actor, key, access.ChangeAnswer, id, map[string]any{"customer": customer, "in": in}, func(w *work) (Receipt, error) {
		if in.At.IsZero() || in.At.After(w.c.Now) {
			return Receipt{}, problem.InvalidField("at", "say when the objection reached the company; it lies in the future or is missing")
		}
		c, err := w.ChangeCustomer(ctx, w.c.ID, customer)
		if err != nil {
			return Receipt{}, err
		}
		at := in.At.UTC().Truncate(time.Microsecond) // A window's last instant is a microsecond; what lies within it came in time.
		return Receipt{Count: 1}, d.object(ctx, w, c, at, changeWords{Words: in.Words, Evidence: in.Evidence})
	})
}

// object holds the change back from one customer, opens the time to find a way, and raises people.
func (d *Desk) object(ctx context.Context, w *work, c store.ChangeCustomer, at time.Time, said changeWords) error {
	if err := w.decideChange(ctx, change.Working{What: "objecting"}); err != nil {
		return err
	}
	stands, err := c.Stands().Object(at)
	if err != nil {
		return err
	}
	bodies, err := w.Resolutions(ctx, []string{c.Resolution})
	if err != nil {
		return err
	}
	by, err := d.resolveBy(w, c, bodies[c.Resolution], at)
	if err != nil {
		return err
	}
	c.Answer, c.AnsweredAt, c.ResolveBy = string(stands.Answer), utc(stands.AnsweredAt), &by
	if c.Sealed, err = w.key.SealJSON(answerPlace(w.c.ID, c.Customer), said); err != nil {
		return err
	}
	w.write("change.answered", at, map[string]any{"customer": c.Customer, "answer": c.Answer, "resolve_by": by}, said)
	raise := store.Raise{Key: fmt.Sprintf("%s@%s/%d", cases.RaiseObjection, c.Customer, at.UnixMicro()), Kind: cases.RaiseObjection, DueAt: w.c.Now, Count: 1}
	return firstError(w.SetChangeCustomers(ctx, []store.ChangeCustomer{c}), d.raise(ctx, w, raise))
}

// carryAnswers carries over what holds a notice back from customers to the one that takes its place: a correction ends no objection and
// takes nothing back that was promised.
func (d *Desk) carryAnswers(ctx context.Context, from, to *work) error {
	held, err := from.HeldBack(ctx, from.c.ID)
	if err != nil {
		return err
	}
	rows, err := to.ChangeCustomersOf(ctx, to.c.ID, ids(held, func(c store.ChangeCustomer) uuid.UUID { return c.Customer }))
	if err != nil {
		return err
	}
	for _, was := range held {
		c, reached := rows[was.Customer]
		if !reached {
			continue
		}
		var said changeWords
		if err := from.key.OpenJSON(answerPlace(from.c.ID, c.Customer), was.Sealed, &said); err != nil {
			return err
		}
		c.Answer, c.AnsweredAt, c.ResolveBy = was.Answer, was.AnsweredAt, was.ResolveBy
		if c.Sealed, err = to.key.SealJSON(answerPlace(to.c.ID, c.Customer), said); err != nil {
			return err
		}
		to.write("change.answered", *c.AnsweredAt, map[string]any{"customer": c.Customer, "answer": c.Answer, "resolve_by": c.ResolveBy, "carried_from": from.c.ID}, said)
		if err := to.SetChangeCustomers(ctx, []store.ChangeCustomer{c}); err != nil {
			return err
		}
		if change.Answer(c.Answer) != change.Objected {
			continue
		}
		raise := store.Raise{Key: fmt.Sprintf("%s@%s/%d", cases.RaiseObjection, c.Customer, c.AnsweredAt.UnixMicro()), Kind: cases.RaiseObjection, DueAt: to.c.Now, Count: 1}
		if err := d.raise(ctx, to, raise); err != nil {
			return err
		}
	}
	return nil
}

// resolveBy is by when a way is to be found: by the agreement's own period, else by the end of the customer's window.
func (d *Desk) resolveBy(w *work, c store.ChangeCustomer, body []byte, at time.Time) (time.Time, error) {
	var resolved duty.Resolution
	if err := json.Unmarshal(body, &resolved); err != nil {
		return at, fmt.Errorf("cannot read what was resolved: %w", err)
	}
	by := *latest(c.WindowCloses, &at)
	home, err := d.pack.Zone(c.Zone)
	if err != nil {
		return at, err
	}
	for _, term := range termsIn(resolved).Resolution {
		term.Rule, term.Start = cmp.Or(term.Rule, "dpa-objection-resolution"), cmp.Or(term.Start, clock.StartComplaintReceived)
		due, err := duty.Due(duty.Resolution{Owed: true, Term: term, Candidates: []duty.Term{term}}, duty.Starts{term.Start: at}, home, d.pack, d.pack.Rule)
		if err != nil {
			return at, err
		}
		by = *latest(&by, &due.Target)
	}
	return by.UTC().Truncate(time.Microsecond), nil
}

// EndObjection ends an objection, in one of the ways that the agreement knows.
func (d *Desk) EndObjection(ctx context.Context, actor access.Actor, key string, id uuid.UUID, customer string, in EndObjectionInput) (Receipt, error) {
	return d.onChange(ctx, actor, key, access.ChangeAnswer, id, map[string]any{"customer": customer, "in": in}, func(w *work) (Receipt, error) {
		if in.Reason == "" {
			return Receipt{}, problem.InvalidField("reason", "say why, and what shows it")
		}
		c, err := w.ChangeCustomer(ctx, w.c.ID, customer)
		if err != nil {
			return Receipt{}, err
		}
		stands, err := c.Stands().End(change.Answer(in.End), w.c.Now)
		if err != nil {
			return Receipt{}, err
		}
		var said changeWords
		if err := w.key.OpenJSON(answerPlace(w.c.ID, c.Customer), c.Sealed, &said); err != nil {
			return Receipt{}, err
		}
		said.End = in.Reason
		if c.Sealed, err = w.key.SealJSON(answerPlace(w.c.ID, c.Customer), said); err != nil {
			return Receipt{}, err
		}
		c.Answer, c.AnsweredAt = string(stands.Answer), utc(stands.AnsweredAt)
		w.write("change.answered", time.Time{}, map[string]any{"customer": c.Customer, "answer": c.Answer, "resolve_by": c.ResolveBy}, map[string]any{"reason": in.Reason})
		return Receipt{Count: 1}, w.SetChangeCustomers(ctx, []store.ChangeCustomer{c})
	})
}

// ChangeCustomers lists where customers stand in a notice of change.
func (d *Desk) ChangeCustomers(ctx context.Context, actor access.Actor, id uuid.UUID, f ChangeCustomersFilter) (page Page[ChangeCustomerView], err error) {
	views := []ChangeCustomerView{}
	err = d.readChange(ctx, actor, id, func(w *work) error {
		for cursor := f.Cursor; len(views) <= size(f.Limit); {
			these, err := w.ChangeCustomersByRef(ctx, w.c.ID, cursor, chunk)
			if err != nil || len(these) == 0 {
				return err
			}
			cursor = these[len(these)-1].Ref
			shown, err := w.customerViews(ctx, these, f.State, size(f.Limit)+1-len(views))
			if err != nil {
				return err
			}
			views = append(views, shown...)
		}
		return nil
	})
	return pageOf(views, size(f.Limit), func(v ChangeCustomerView) string { return v.Customer }), err
}

// customerViews shows customers in a state, up to a number of them.
func (w *work) customerViews(ctx context.Context, these []store.ChangeCustomer, state string, limit int) (views []ChangeCustomerView, err error) {
	var shown []store.ChangeCustomer
	for _, c := range these {
		if len(shown) < limit && (state == "" || stands(c, w.c.Now) == state) {
			shown = append(shown, c)
		}
	}
	if len(shown) == 0 {
		return nil, nil
	}
	bodies, err := w.Resolutions(ctx, ids(shown, func(c store.ChangeCustomer) string { return c.Resolution }))
	if err != nil {
		return nil, err
	}
	documents, _, err := w.Agreements(ctx)
	if err != nil {
		return nil, err
	}
	acknowledged, err := w.Acknowledged(ctx, w.c.ID, ids(shown, func(c store.ChangeCustomer) uuid.UUID { return c.Customer }))
	if err != nil {
		return nil, err
	}
	for _, c := range shown {
		view := ChangeCustomerView{
			Customer: c.Ref, LastSending: c.LastSending.UTC(), State: stands(c, w.c.Now), SentAt: utc(c.SentAt), WindowCloses: utc(c.WindowCloses),
			TerminationUntil: utc(c.TerminationUntil), Effective: c.Effective.UTC(), Provisional: c.Provisional, Answer: c.Answer, AnsweredAt: utc(c.AnsweredAt),
			ResolveBy: utc(c.ResolveBy), TakenAt: utc(c.TakenAt), AcknowledgedAt: utc(acknowledged[c.Customer]),
		}
		if view.Clauses, err = clausesIn(bodies[c.Resolution], documents); err != nil {
			return nil, err
		}
		if err := json.Unmarshal(c.Why, &view.Why); err != nil {
			return nil, fmt.Errorf("cannot read why the dates are so: %w", err)
		}
		if len(c.Sealed) > 0 && w.key != (seal.Key{}) && access.May(w.actor, access.ChangeAnswer) == nil {
			var said changeWords
			if err := w.key.OpenJSON(answerPlace(w.c.ID, c.Customer), c.Sealed, &said); err != nil {
				return nil, err
			}
			view.Words = said.Words
		}
		views = append(views, view)
	}
	return views, nil
}

// clausesIn cites the terms that a resolution was made from.
func clausesIn(body []byte, documents map[string]json.RawMessage) (clauses []string, err error) {
	var resolved duty.Resolution
	if err := json.Unmarshal(body, &resolved); err != nil {
		return nil, fmt.Errorf("cannot read what was resolved: %w", err)
	}
	for _, term := range resolved.Candidates {
		var document duty.Document
		if held := documents[term.Document]; held != nil {
			if err := json.Unmarshal(held, &document); err != nil {
				return nil, fmt.Errorf("cannot read document %s: %w", term.Document, err)
			}
		}
		clauses = append(clauses, clauseOf(duty.Resolution{Term: term, Document: document}))
	}
	return clauses, nil
}

// stands is where a customer stands, in one word.
func stands(c store.ChangeCustomer, now time.Time) string {
	switch answer := change.Answer(c.Answer); {
	case answer == change.Objected:
		return "objected"
	case answer.Blocks():
		return "spared"
	case c.TakenAt != nil:
		return "taken"
	case c.SentAt == nil:
		return "untold"
	case !now.Before(c.Effective):
		return "ready"
	}
	return "waiting"
}

// May answers a gateway: whether something may be used for a customer, since or from when, and why. Who asks about what nobody was
// told of is told no.
func (d *Desk) May(ctx context.Context, actor access.Actor, in MayInput) (view MayView, err error) {
	if err := access.May(actor, access.ChangeAsk); err != nil {
		return view, err
	}
	if in.Subject == "" {
		return view, problem.InvalidField("subject", "name the code of the provider, sub-processor or region")
	}
	if in.Customer == "" {
		return view, problem.InvalidField("customer", "name the customer's account reference")
	}
	err = d.store.Read(ctx, func(tx *store.Tx) error {
		asked, err := tx.MayUse(ctx, in.Subject, in.Customer, in.Service, d.drills)
		if err != nil {
			return err
		}
		if asked != nil {
			verdict := asked.Stands().May(asked.Mode)
			if verdict.May && in.Service == "" && len(asked.Services) > 0 {
				verdict = change.Verdict{Why: "the change is of some services alone: name the one that would use it"}
			}
			view = MayView{May: verdict.May, From: utc(verdict.From), Why: verdict.Why, Change: asked.Code}
			return nil
		}
		code, since, material, known, err := tx.TookEffect(ctx, in.Subject, in.Customer, in.Service, d.drills)
		switch {
		case err != nil:
			return err
		case !known:
			view.Why = "there is no such customer"
		case code != "" && !material:
			view = MayView{May: true, From: utc(since), Why: "counsel called the change not material, and its planned instant has come", Change: code}
		case code != "":
			view = MayView{May: true, From: utc(since), Why: "it was announced before the customer came, and has taken effect for everybody", Change: code}
		default:
			view.Why = "no notice of change about it reaches the customer"
		}
		return nil
	})
	return view, err
}
