package desk

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/atlascloudai/docket/core/clock"
	"github.com/atlascloudai/docket/core/duty"
	"github.com/atlascloudai/docket/core/problem"
	"github.com/atlascloudai/docket/store"
)

// law is the rules by which a case is decided: those of the pack that it began with, adopted as people have decided since.
type law struct {
	version string
	rules   map[string]clock.Rule
	list    []clock.Rule
	// toCustomers are those under which a supplier may owe its customers.
	toCustomers []clock.Rule
}

// law reads the rules of a pack's version: this binary's own, or those that were kept when a case began with them. Where
// they were not kept, it is this binary's own, and its version says so.
func (d *Desk) law(ctx context.Context, tx *store.Tx, version string) (*law, error) {
	list := d.pack.Rules()
	if version != d.pack.Version {
		body, err := tx.Pack(ctx, version)
		switch {
		case problem.CodeOf(err) == problem.NotFound:
			version = d.pack.Version // Nobody kept it: a clock under a law does not wait for a file.
		case err != nil:
			return nil, err
		default:
			list = nil
			if err := json.Unmarshal(body, &list); err != nil {
				return nil, fmt.Errorf("cannot read rule pack %s: %w", version, err)
			}
		}
	}
	adoptions, err := tx.Adoptions(ctx)
	if err != nil {
		return nil, err
	}
	l := &law{version: version, rules: make(map[string]clock.Rule, len(list)), list: list}
	for i := range list {
		for _, a := range adoptions {
			if a.Rule == list[i].ID {
				list[i].Adoption = nil
				if a.Adopted {
					list[i].Adoption = &clock.Adoption{By: a.Handle, On: clock.DateIn(a.At, time.UTC)}
				}
			}
		}
		l.rules[list[i].ID] = list[i]
		if list[i].Binds.To == clock.ToCustomer && list[i].Start.OfIncident() {
			l.toCustomers = append(l.toCustomers, list[i])
		}
	}
	return l, nil
}

func (l *law) rule(id string) (clock.Rule, bool) {
	rule, known := l.rules[id]
	return rule, known
}

// keepPack keeps the pack with which a case begins, once per version.
func (d *Desk) keepPack(ctx context.Context, tx *store.Tx) error {
	if d.packKept.Load() {
		return nil
	}
	body, err := json.Marshal(d.pack.Rules())
	if err != nil {
		return fmt.Errorf("cannot keep the rule pack: %w", err)
	}
	return tx.KeepPack(ctx, d.pack.Version, body)
}

// underLaw proposes what the company owes under laws to others than its customers. A rule that nobody has adopted opens
// nothing and is named instead.
func (l *ledger) underLaw(ctx context.Context, governs string, unadopted map[string]bool) ([]store.Duty, error) {
	situation, groups, err := l.situation(ctx)
	if err != nil {
		return nil, err
	}
	var duties []store.Duty
	for _, proposal := range duty.Propose(l.desk.company, situation, l.law.list) {
		if !l.asked(l.law.rules[proposal.Rule].Start) {
			continue
		}
		if !proposal.Adopted {
			unadopted[proposal.Rule] = true
			continue
		}
		if l.known[counterpartyOf(proposal)+"/"+proposal.Rule] {
			continue
		}
		of, err := l.first(ctx, proposal, situation, groups)
		if err != nil {
			return nil, err
		}
		owed, isNew, err := l.proposed(of, proposal, governs)
		if err != nil {
			return nil, err
		}
		if isNew {
			duties = append(duties, owed)
		}
	}
	return duties, nil
}

// counterpartyOf is to whom a proposal is owed, as duties say it.
func counterpartyOf(p duty.Proposal) string { return string(p.To) + "/" + p.Name }

// first is the party with which a proposal came about: the group that, with those recorded before it, gives it, or the
// first party of the case where no group is needed. A later wave takes no part in what was owed without it.
func (l *ledger) first(ctx context.Context, proposal duty.Proposal, situation duty.Situation, groups []store.Party) (store.Party, error) {
	same := func(p duty.Proposal) bool {
		return p.Rule == proposal.Rule && p.Name == proposal.Name && p.To == proposal.To
	}
	all := situation.Groups
	for n := 1; n <= len(groups); n++ {
		situation.Groups = all[:n]
		if slices.ContainsFunc(duty.Propose(l.desk.company, situation, l.law.list), same) {
			return groups[n-1], nil
		}
	}
	first, err := l.Parties(ctx, l.c.ID, uuid.Nil, 1)
	if err == nil && len(first) == 0 {
		err = fmt.Errorf("cannot propose %s: the case has no party", proposal.Rule)
	}
	if err != nil {
		return store.Party{}, err
	}
	return first[0], nil
}

// asked says whether a rule that starts with the word asks for anything yet.
func (l *ledger) asked(word clock.StartWord) bool {
	_, recorded := l.deriver.starts[word]
	return recorded || !word.Contingent()
}

// proposeToAll proposes again over every party, customers included, what starts with a word: once it is recorded that only
// some incidents know it, and once a rule that starts with it is adopted. It answers how many duties it opened.
func (d *Desk) proposeToAll(ctx context.Context, w *work, word clock.StartWord) (int, error) {
	law, err := d.law(ctx, w.Tx, w.c.PackVersion)
	if err != nil || !slices.ContainsFunc(law.list, func(r clock.Rule) bool { return r.Start == word && r.Adoption != nil }) {
		return 0, err
	}
	opened, after, under := 0, uuid.Nil, byLaw
	for {
		parties, err := w.Parties(ctx, w.c.ID, after, chunk)
		if err != nil || len(parties) == 0 {
			return opened, err
		}
		after = parties[len(parties)-1].ID
		parties = slices.DeleteFunc(parties, func(p store.Party) bool { return p.Certainty == string(duty.RuledOut) })
		var of []uuid.UUID
		for _, p := range parties {
			if p.Customer != nil {
				of = append(of, *p.Customer)
			}
		}
		customers, err := w.CustomersByID(ctx, of)
		if err != nil {
			return opened, err
		}
		these, err := d.openDuties(ctx, w, parties, customers, under, "")
		if err != nil {
			return opened, err
		}
		opened, under = opened+these.duties, asSupplier
	}
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

// situation is what laws look at: what was reached, and the groups of people whose data the company controls.
func (l *ledger) situation(ctx context.Context) (duty.Situation, []store.Party, error) {
	touched, groups, err := l.Reached(ctx, l.c.ID)
	if err != nil {
		return duty.Situation{}, nil, err
	}
	situation := duty.Situation{Impact: duty.Impact{Risk: l.state.Risk}, Touched: as[duty.Touch](touched)}
	for _, p := range groups {
		var body partyBody
		if err := json.Unmarshal(p.Body, &body); err != nil {
			return duty.Situation{}, nil, fmt.Errorf("cannot read the party: %w", err)
		}
		situation.Groups = append(situation.Groups, duty.Party{
			Kind: duty.PartyKind(p.Kind), Touched: body.Touched, Certainty: duty.Certainty(p.Certainty), People: body.People,
		})
	}
	return situation, groups, nil
}

// proposed is the duty of a proposal; false where the same is owed already.
func (l *ledger) proposed(p store.Party, proposal duty.Proposal, governs string) (store.Duty, bool, error) {
	resolution := l.statutory(l.law.rules[proposal.Rule], proposal.Place, proposal.Why)
	key := l.key(resolution, proposal.Place, proposal.Why)
	owed, isNew, err := l.row(p, key, resolution, counterpartyOf(proposal), "proposed")
	if err != nil || !isNew {
		return owed, false, err
	}
	err = l.deriver.set(&owed, key, resolution, "UTC", p, governs)
	return undecided(owed), true, err
}

// asSupplier proposes what laws ask of whoever serves this customer.
func (l *ledger) asSupplier(p store.Party, c store.Customer, customer duty.Customer, governs string, unadopted map[string]bool) ([]store.Duty, error) {
	var body partyBody
	if err := json.Unmarshal(p.Body, &body); err != nil {
		return nil, fmt.Errorf("cannot read the party: %w", err)
	}
	var duties []store.Duty
	for _, rule := range duty.OwedToCustomer(l.desk.company, customer, body.Touched, l.law.toCustomers) {
		if !l.asked(rule.Start) {
			continue
		}
		if rule.Adoption == nil {
			unadopted[rule.ID] = true
			continue
		}
		place := duty.Place{Zone: rule.Zone, Calendar: rule.Calendar}
		resolution := l.statutory(rule, place, "the law binds whoever serves this customer: its profile or the company's says so")
		key := l.key(resolution, place, "supplier")
		owed, isNew, err := l.row(p, key, resolution, "customer/"+c.ID.String(), "proposed")
		if err != nil {
			return nil, err
		}
		if !isNew {
			continue
		}
		owed.Customer = &c.ID
		if err := l.deriver.set(&owed, key, resolution, customer.Zone, p, governs); err != nil {
			return nil, err
		}
		duties = append(duties, undecided(owed))
	}
	return duties, nil
}

// statutory is a duty that the law itself gives, in the form in which agreements give theirs.
func (l *ledger) statutory(rule clock.Rule, place duty.Place, why string) duty.Resolution {
	term := duty.Term{
		ID: rule.ID, Kind: string(rule.Binds.To), Start: rule.Start, Rule: rule.ID, Channels: []duty.Channel{duty.ByHand}, Contacts: duty.AnyContact,
		Meets: duty.Acceptance, Clause: rule.Citation, Zone: place.Zone, Calendar: place.Calendar,
	}
	if rule.Binds.To == clock.ToCustomer {
		term.Channels, term.Notify = []duty.Channel{duty.Email, duty.ByHand}, []duty.ContactRole{duty.RoleIncidentNotice}
	}
	options := map[string]string{}
	for _, option := range l.desk.company.Circumstances {
		if rule.Knows(option) {
			options[option] = "true"
		}
	}
	if rule.FromContract { // Its number is not on record: the target is our own.
		options[clock.OptionInternalTarget] = clock.Hours(int(l.desk.internal.Hours())).String()
	}
	if len(options) > 0 {
		term.Options = options
	}
	return duty.Resolution{Owed: true, Term: term, Candidates: []duty.Term{term}, Why: []string{why}}
}

// endUnsupported ends duties to authorities, to people and to others whose party was ruled out and that nothing else in the
// case gives: no other group, and no trait of the company's. What something gives stays as it is, with its state and clock.
func (d *Desk) endUnsupported(ctx context.Context, w *work) (ended int, err error) {
	duties, err := w.Unsupported(ctx, w.c.ID)
	if err != nil || len(duties) == 0 {
		return 0, err
	}
	l, err := d.ledger(ctx, w, nil)
	if err != nil {
		return 0, err
	}
	situation, _, err := l.situation(ctx)
	if err != nil {
		return 0, err
	}
	if situation.Risk = duty.RiskHigh; len(situation.Touched) == 0 { // What a lower risk would not ask for, a person decides.
		situation.Touched = []duty.Touch{"nothing"}
	}
	given := map[string]bool{}
	for _, proposal := range duty.Propose(d.company, situation, l.law.list) {
		given[counterpartyOf(proposal)+" "+proposal.Rule] = true
	}
	for _, one := range duties {
		root := one
		for root.Follows != nil {
			if root, err = w.LockDuty(ctx, w.c.ID, *root.Follows); err != nil {
				return 0, err
			}
		}
		if given[root.Counterparty+" "+root.Rule] {
			continue
		}
		if one.State = "not_required"; one.Governs == governsUndecided {
			one.Governs = governsFound
		}
		if err := w.SetDuty(ctx, one); err != nil {
			return 0, err
		}
		ended++
	}
	return ended, nil
}

// key names what a law gives: by which pack, at which place, in which circumstances of the company, and why.
func (l *ledger) key(resolution duty.Resolution, place duty.Place, why string) string {
	parts := []string{l.law.version, resolution.Term.Rule, place.Zone, place.Calendar}
	for _, option := range slices.Sorted(maps.Keys(resolution.Term.Options)) {
		parts = append(parts, option+"="+resolution.Term.Options[option])
	}
	return strings.Join(append(parts, why), "/")
}

// follow opens the stages whose earlier one was submitted, and moves those earlier whose earlier one turns out to have
// been submitted earlier. A submission that is taken back moves nothing: a clock never goes later for it.
func (d *Desk) follow(ctx context.Context, w *work) error {
	law, err := d.law(ctx, w.Tx, w.c.PackVersion)
	if err != nil {
		return err
	}
	next := map[string][]clock.Rule{}
	for _, rule := range law.list {
		// A stage without a number to the same addressee ("in phases") is a promise that the filing itself makes, with its
		// own instant.
		phase := !rule.HasNumber() && rule.Binds.To == law.rules[rule.Follows].Binds.To
		if rule.Follows != "" && !phase && rule.Adoption != nil && rule.InForce {
			next[rule.Follows] = append(next[rule.Follows], rule)
		}
	}
	stages, err := w.Stages(ctx, w.c.ID, slices.Collect(maps.Keys(next)))
	if err != nil || len(stages) == 0 {
		return err
	}
	l := &ledger{work: w, desk: d, law: law, deriver: d.deriver(law, nil, w.c.Now), known: map[string]bool{}, resolved: map[string]duty.Resolution{}}
	var customers []uuid.UUID
	for _, stage := range stages {
		if stage.Met.Customer != nil {
			customers = append(customers, *stage.Met.Customer)
		}
	}
	if err := l.recall(ctx, customers); err != nil {
		return err
	}
	clocks, dues := clocks{}, newDues()
	var opened, moved []store.Duty
	for _, stage := range stages {
		for _, rule := range next[stage.Met.Rule] {
			i := slices.IndexFunc(stage.Next, func(d store.Duty) bool { return d.Rule == rule.ID })
			if i < 0 {
				one, isNew, err := l.stage(ctx, stage.Met, rule)
				if err != nil {
					return err
				}
				if isNew {
					opened = append(opened, one)
				}
			} else if one := stage.Next[i]; one.ChainedAt == nil || stage.Met.MetAt.Before(*one.ChainedAt) {
				one.ChainedAt = stage.Met.MetAt
				if err := l.readResolutions(ctx, []store.Duty{one}); err != nil {
					return err
				}
				if err := l.deriver.set(&one, one.Resolution, l.resolved[one.Resolution], "UTC", store.Party{}, governsIncident); err != nil {
					return err
				}
				moved = append(moved, one)
			}
		}
	}
	for _, one := range opened {
		clocks.add(one)
		dues.add(one, "opened")
	}
	for _, one := range moved {
		clocks.add(one)
		dues.add(one, submittedEarlier)
	}
	if err := w.InsertDuties(ctx, opened, dues.page, "opened"); err != nil {
		return err
	}
	if err := w.MoveDuties(ctx, moved, dues.page, submittedEarlier, w.c.Now); err != nil {
		return err
	}
	if len(opened)+len(moved) > 0 {
		w.write("duties.followed", time.Time{}, map[string]any{"opened": ids(opened, dutyID), "moved": ids(moved, dutyID)}, nil)
	}
	return firstError(l.keepResolutions(ctx), dues.seal(w), w.AddMilestones(ctx, w.c.ID, clocks.milestones(w.c.Now)))
}

// submittedEarlier is why a stage's clock moved.
const submittedEarlier = "the stage before was submitted earlier"

func dutyID(d store.Duty) uuid.UUID { return d.ID }

// stage is the next stage of a duty that was met: owed to the same party at the same place, from the submission on. It is
// required like the one before it, unless the law asks for more than that one did.
func (l *ledger) stage(ctx context.Context, met store.Duty, rule clock.Rule) (store.Duty, bool, error) {
	if err := l.readResolutions(ctx, []store.Duty{met}); err != nil {
		return store.Duty{}, false, err
	}
	earlier := l.resolved[met.Resolution].Term
	place := duty.Place{Zone: earlier.Zone, Calendar: earlier.Calendar}
	if rule.Zone != "" {
		place = duty.Place{Zone: rule.Zone, Calendar: rule.Calendar}
	}
	counterparty, state := met.Counterparty, "required"
	if met.Customer == nil && rule.Binds.To != l.law.rules[met.Rule].Binds.To {
		counterparty = string(rule.Binds.To) + "/" + cmp.Or(rule.Addressee, rule.Regime)
	}
	if rule.Binds.AtLeast > 0 || rule.Binds.HighRisk {
		state = "proposed"
	}
	why := fmt.Sprintf("it follows %s, which was submitted", l.law.rules[met.Rule].Citation)
	resolution := l.statutory(rule, place, why)
	key := l.key(resolution, place, "stage")
	one, isNew, err := l.row(store.Party{ID: met.Party}, key, resolution, counterparty, state)
	if err != nil || !isNew {
		return one, false, err
	}
	one.Customer, one.Follows, one.ChainedAt = met.Customer, &met.ID, met.MetAt
	err = l.deriver.set(&one, key, resolution, "UTC", store.Party{}, governsIncident)
	return one, true, err
}
