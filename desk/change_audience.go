package desk

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/cases/change"
	"github.com/atlascloudai/docket/core/clock"
	"github.com/atlascloudai/docket/core/duty"
	"github.com/atlascloudai/docket/core/problem"
	"github.com/atlascloudai/docket/store"
)

// ruleChange is the rule of the duty to tell one customer of a change: its target is the customer's last sending date.
const ruleChange = "dpa-subprocessor-notice"

// counted is whom a change reaches now, in the order of the customers' ids, and what each one's dates rest on.
type counted struct {
	audience change.Audience
	rows     []store.ChangeCustomer
	bases    map[string]basisOfDates
}

// basisOfDates is what customers with the same terms share.
type basisOfDates struct {
	resolution    duty.Resolution
	evidence, why json.RawMessage
}

// audienceNow counts whom a change reaches by the agreements and customers as they are now. It writes nothing.
func (d *Desk) audienceNow(ctx context.Context, w *work) (counted, error) {
	s := w.change
	about := s.About()
	walk, err := d.walk(ctx, w.Tx, ChangeInput{Kind: string(s.Kind), Planned: s.Planned, SentAt: s.SendBy, Services: about.Services, Providers: about.Providers,
		Regions: about.Regions, Emergency: about.Emergency})
	if err != nil {
		return counted{}, err
	}
	found := counted{audience: change.Audience{At: w.c.Now}, bases: map[string]basisOfDates{}}
	var total ChangeDates
	whys := map[string]json.RawMessage{}
	err = walk.each(ctx, w.Tx, func(c store.Customer, own ownDates) error {
		total.add(own)
		key := "change/" + digestOfTerms(own.terms)
		if _, known := found.bases[key]; !known {
			basis, err := walk.basis(own)
			if err != nil {
				return err
			}
			found.bases[key] = basis
		}
		why, known := whys[own.key]
		if !known {
			if why, err = json.Marshal(own.Why); err != nil {
				return err
			}
			whys[own.key] = why
		}
		effective := own.Effective.UTC()
		found.rows = append(found.rows, store.ChangeCustomer{
			Case: w.c.ID, Customer: c.ID, Ref: c.Ref, Subject: s.Subject, Services: s.Services, Zone: own.zone, Resolution: key, LastSending: own.LastSending.UTC(),
			SaidEffective: effective, SaidCloses: utc(own.WindowCloses), SaidUntil: utc(own.TerminationUntil),
			Effective: effective, WindowCloses: utc(own.WindowCloses), TerminationUntil: utc(own.TerminationUntil), Provisional: own.Provisional, Why: why,
		})
		return nil
	})
	if err != nil {
		return counted{}, err
	}
	slices.SortFunc(found.rows, func(a, b store.ChangeCustomer) int { return bytes.Compare(a.Customer[:], b.Customer[:]) })
	found.audience.Customers, found.audience.Late, found.audience.Digest = total.Customers, total.Late, digestOfAudience(found.rows)
	found.audience.FirstLastSending, found.audience.LastEffective = utc(total.FirstLastSending), utc(total.LastEffective)
	return found, nil
}

// digestOfTerms names terms by all that they say, so that a later import of other words under the same ids is another basis.
func digestOfTerms(terms duty.ChangeTerms) string {
	said, err := json.Marshal(terms)
	if err != nil {
		panic(err) // Plain strings and numbers.
	}
	sum := sha256.Sum256(said)
	return hex.EncodeToString(sum[:16])
}

// digestOfAudience binds customers, what a gateway asks about them by, and everything that their letters say of dates.
func digestOfAudience(rows []store.ChangeCustomer) string {
	sum := sha256.New()
	for _, c := range rows {
		fmt.Fprintf(sum, "%s %s %q %s %s %s %s %s\n", c.Customer, c.Subject, c.Services, c.Resolution, instant(&c.LastSending), instant(&c.SaidEffective), instant(c.SaidCloses), instant(c.SaidUntil))
	}
	return hex.EncodeToString(sum.Sum(nil))
}

func instant(at *time.Time) string {
	if at == nil {
		return "-"
	}
	return at.UTC().Format(time.RFC3339Nano)
}

// basis is what the duties of customers with these terms share. The first term about notice says how it is met.
func (w *changeWalk) basis(own ownDates) (basisOfDates, error) {
	first := own.terms.Notice[0]
	first.Rule = ruleChange
	b := basisOfDates{resolution: duty.Resolution{Owed: true, Term: first, Document: w.book.documents[first.Document], Candidates: termsOf(own.terms)}}
	asked := asks{Notify: first.Notify, Channels: first.Channels, Contacts: cmp.Or(first.Contacts, duty.AnyContact), Meets: cmp.Or(first.Meets, duty.Acceptance)}
	if len(asked.Notify) == 0 {
		asked.Notify = []duty.ContactRole{duty.RolePrivacy, duty.RoleAccount}
	}
	if len(asked.Channels) == 0 {
		asked.Channels = []duty.Channel{duty.Email, duty.ByHand}
	}
	var err error
	if b.evidence, err = json.Marshal(asked); err != nil {
		return b, err
	}
	why := reasons{Clause: own.clauses[0], Document: first.Document, Steps: own.back}
	if len(own.clauses) > 1 {
		why.Why = []string{"Every term in force about the change counts: " + strings.Join(own.clauses, "; ") + "."}
	}
	b.why, err = json.Marshal(why)
	return b, err
}

// termsIn are the terms about a change that a resolution was made from.
func termsIn(r duty.Resolution) (terms duty.ChangeTerms) {
	for _, term := range r.Candidates {
		switch term.Kind {
		case duty.ChangeNotice:
			terms.Notice = append(terms.Notice, term)
		case duty.ObjectionWindow:
			terms.Objection = append(terms.Objection, term)
		case duty.ObjectionResolution:
			terms.Resolution = append(terms.Resolution, term)
		case duty.TerminationWindow:
			terms.Termination = append(terms.Termination, term)
		}
	}
	return terms
}

// count writes down whom the change reaches and opens what each is owed: to be told by its last sending date. Who is reached no more
// is owed nothing; whose dates moved has another clock. Nobody was told yet.
func (d *Desk) count(ctx context.Context, w *work) (Receipt, error) {
	now, err := d.audienceNow(ctx, w)
	if err != nil {
		return Receipt{}, err
	}
	if err := w.decideChange(ctx, change.Count{Audience: now.audience}); err != nil {
		return Receipt{}, err
	}
	before, err := w.everyCustomer(ctx)
	if err != nil {
		return Receipt{}, err
	}
	var added, moved []store.ChangeCustomer
	for _, c := range now.rows {
		was, known := before[c.Customer]
		c.Duty = was.Duty
		switch delete(before, c.Customer); {
		case !known:
			added = append(added, c)
		case was.Resolution != c.Resolution: // Other terms: another duty.
			added, before[c.Customer] = append(added, c), was
		default:
			moved = append(moved, c)
		}
	}
	gone := make([]uuid.UUID, 0, len(before))
	for id := range before {
		gone = append(gone, id)
	}
	slices.SortFunc(gone, func(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) })
	if len(gone) > 0 {
		if err := w.LeaveOut(ctx, w.c.ID, gone); err != nil {
			return Receipt{}, err
		}
		w.write("duties.decided", time.Time{}, map[string]any{"required": false, "count": len(gone)}, nil)
	}
	clocks, dues := clocks{}, newDues()
	if err := d.moveSending(ctx, w, moved, clocks, dues); err != nil {
		return Receipt{}, err
	}
	if err := d.tellAlso(ctx, w, now, added, clocks, dues); err != nil {
		return Receipt{}, err
	}
	resolutions := map[string][]byte{}
	for key, basis := range now.bases {
		if resolutions[key], err = json.Marshal(basis.resolution); err != nil {
			return Receipt{}, err
		}
	}
	err = firstError(w.KeepResolutions(ctx, resolutions), dues.seal(w), w.AddMilestones(ctx, w.c.ID, clocks.milestones(w.c.Now)))
	if err == nil && len(added) >= chunk {
		err = w.RefreshStatistics(ctx)
	}
	return Receipt{Count: len(now.rows)}, err
}

// everyCustomer are all customers of the change as they were counted last.
func (w *work) everyCustomer(ctx context.Context) (map[uuid.UUID]store.ChangeCustomer, error) {
	all := map[uuid.UUID]store.ChangeCustomer{}
	var after uuid.UUID
	for {
		page, err := w.ChangeCustomers(ctx, w.c.ID, after, chunk)
		if err != nil || len(page) == 0 {
			return all, err
		}
		for _, c := range page {
			all[c.Customer], after = c, c.Customer
		}
	}
}

// tellAlso opens what newly reached customers are owed.
func (d *Desk) tellAlso(ctx context.Context, w *work, now counted, added []store.ChangeCustomer, clocks clocks, dues *dues) error {
	who, err := uuid.Parse(w.actor.ID)
	if err != nil {
		return err
	}
	for part := range slices.Chunk(added, chunk) {
		parties, duties := make([]store.Party, 0, len(part)), make([]store.Duty, 0, len(part))
		for i := range part {
			c := &part[i]
			basis := now.bases[c.Resolution]
			party := store.Party{ID: newID(), Case: w.c.ID, Wave: 1, Kind: string(duty.PartyCustomer), Customer: &c.Customer, Body: json.RawMessage(`{"touched":[]}`),
				Certainty: string(duty.Confirmed), RecordedAt: w.c.Now, RecordedBy: who}
			one := store.Duty{
				ID: newID(), Case: w.c.ID, Party: party.ID, Customer: &c.Customer, Counterparty: "customer/" + c.Customer.String(), Rule: ruleChange,
				Term: basis.resolution.Term.ID, StartWord: string(clock.StartChangeEffective), Resolution: c.Resolution, Governs: governsIncident,
				State: "required", Evidence: basis.evidence, Why: basis.why, CreatedAt: w.c.Now,
			}
			w.due(&one, c.LastSending)
			c.Duty = one.ID
			parties, duties = append(parties, party), append(duties, one)
			clocks.add(one)
			dues.add(one, "opened")
		}
		if err := firstError(w.InsertParties(ctx, parties), w.InsertDuties(ctx, duties, dues.page, "opened"), w.InsertChangeCustomers(ctx, part)); err != nil {
			return err
		}
	}
	return nil
}

// due gives a duty its clock: from now to the last sending date, or overdue from the start.
func (w *work) due(one *store.Duty, lastSending time.Time) {
	started := w.c.Now
	if lastSending.Before(started) {
		started = lastSending
	}
	one.StartedAt, one.Target = utc(&started), utc(&lastSending)
}

// movedSending is why the clock of a duty to tell of a change moved.
const movedSending = "the last sending date was counted anew"

// moveSending moves the clocks of those whose last sending date is another one now.
func (d *Desk) moveSending(ctx context.Context, w *work, known []store.ChangeCustomer, clocks clocks, dues *dues) error {
	var moved []store.Duty
	for part := range slices.Chunk(known, chunk) {
		if err := w.RecountChangeCustomers(ctx, part); err != nil {
			return err
		}
		lastSending := map[uuid.UUID]time.Time{}
		for _, c := range part {
			lastSending[c.Duty] = c.LastSending
		}
		duties, err := w.LockDuties(ctx, w.c.ID, store.DutyFilter{IDs: ids(part, func(c store.ChangeCustomer) uuid.UUID { return c.Duty }), Limit: len(part)})
		if err != nil {
			return err
		}
		for _, one := range duties {
			if one.Target == nil || !one.Target.Equal(lastSending[one.ID]) {
				w.due(&one, lastSending[one.ID])
				moved = append(moved, one)
			}
		}
	}
	slices.SortFunc(moved, func(a, b store.Duty) int { return bytes.Compare(a.ID[:], b.ID[:]) })
	for _, one := range moved {
		clocks.add(one)
		dues.add(one, movedSending)
	}
	return w.MoveDuties(ctx, moved, dues.page, movedSending, w.c.Now)
}

// sendChange freezes the audience when sending begins: everybody who is reached today was counted, with the dates that were approved.
// What the change log says is public from then on, and the notice that this one corrects is over.
func (d *Desk) sendChange(ctx context.Context, w *work, customers int) error {
	first := w.change.FrozenAt == nil
	if first {
		now, err := d.audienceNow(ctx, w)
		if err != nil {
			return err
		}
		if w.change.Audience == nil || now.audience.Digest != w.change.Audience.Digest {
			return problem.Blocked(problem.Blocker{Code: "audience_changed", Detail: "customers, agreements or what customers use changed since the audience was counted: count it anew, preview and approve"})
		}
	}
	if err := w.decideChange(ctx, change.Send{Customers: customers}); err != nil || !first {
		return err
	}
	if w.change.Corrects != "" {
		earlier, err := uuid.Parse(w.change.Corrects)
		if err != nil {
			return fmt.Errorf("cannot read what is corrected: %w", err)
		}
		_, err = d.locked(ctx, w.Tx, w.actor, earlier, func(old *work) (Receipt, error) {
			return Receipt{}, firstError(old.decideChange(ctx, change.Correct{By: w.c.ID.String()}), d.carryAnswers(ctx, old, w), d.ended(ctx, old))
		})
		if err != nil {
			return err
		}
	}
	return d.publish(ctx, w)
}

// ProlongChange names a later day by which the notice leaves, for those who were not told yet: their letters say dates counted from it,
// and another approval is needed. Who was told keeps its dates.
func (d *Desk) ProlongChange(ctx context.Context, actor access.Actor, key string, id uuid.UUID, in ProlongInput) (Receipt, error) {
	return d.onChange(ctx, actor, key, access.ChangeWork, id, in, func(w *work) (Receipt, error) {
		if err := w.decideChange(ctx, change.Prolong{SendBy: in.SendBy, Reason: in.Reason}); err != nil {
			return Receipt{}, err
		}
		all, err := w.everyCustomer(ctx)
		if err != nil {
			return Receipt{}, err
		}
		bodies, err := w.Resolutions(ctx, ids(slices.Collect(maps.Values(all)), func(c store.ChangeCustomer) string { return c.Resolution }))
		if err != nil {
			return Receipt{}, err
		}
		var untold []store.ChangeCustomer
		rows := make([]store.ChangeCustomer, 0, len(all))
		for _, c := range all {
			if c.SentAt == nil && c.MetAt == nil {
				if err := d.sayAnew(w.change, &c, bodies[c.Resolution]); err != nil {
					return Receipt{}, err
				}
				untold = append(untold, c)
			}
			rows = append(rows, c)
		}
		slices.SortFunc(rows, func(a, b store.ChangeCustomer) int { return bytes.Compare(a.Customer[:], b.Customer[:]) })
		counted := *w.change.Audience
		counted.Digest, counted.At = digestOfAudience(rows), w.c.Now
		for _, c := range untold {
			counted.LastEffective = latest(counted.LastEffective, &c.SaidEffective)
		}
		w.change.Audience = &counted
		w.write("change.audience", time.Time{}, counted, nil)
		return Receipt{Count: len(untold)}, firstError(w.RecountChangeCustomers(ctx, untold), w.VoidApprovals(ctx, w.c.ID), d.publish(ctx, w))
	})
}

// sayAnew counts what one customer's letter says from the day by which it leaves.
func (d *Desk) sayAnew(s change.State, c *store.ChangeCustomer, body []byte) error {
	own, err := d.datesAt(*c, s.Planned, body, s.SendBy)
	if err != nil {
		return err
	}
	c.SaidEffective, c.SaidCloses, c.SaidUntil = own.Effective.UTC(), utc(own.WindowCloses), utc(own.TerminationUntil)
	c.Effective, c.WindowCloses, c.TerminationUntil, c.Provisional = c.SaidEffective, c.SaidCloses, c.SaidUntil, own.Provisional
	c.Why, err = json.Marshal(own.Why)
	return err
}
