package desk

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/atlascloudai/docket/core/clock"
	"github.com/atlascloudai/docket/core/duty"
	"github.com/atlascloudai/docket/store"
)

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
