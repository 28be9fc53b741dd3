package desk

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/cases"
	"github.com/atlascloudai/docket/core/cases/incident"
	"github.com/atlascloudai/docket/core/duty"
	"github.com/atlascloudai/docket/core/problem"
	"github.com/atlascloudai/docket/store"
)

// partyBody is what a party's readable column holds: codes and numbers only.
type partyBody struct {
	Touched []duty.Touch     `json:"touched"`
	People  map[string]int   `json:"people,omitempty"`
	Numbers map[string]int64 `json:"numbers,omitempty"`
	From    *time.Time       `json:"from,omitempty"`
	To      *time.Time       `json:"to,omitempty"`
}

// RecordParties records one wave of affected parties and opens what they are owed: by agreement for
// customers, by proposal for authorities. Parties and duties that exist are left as they are.
func (d *Desk) RecordParties(ctx context.Context, actor access.Actor, key string, caseID uuid.UUID, in PartiesInput) (Receipt, error) {
	if in.Governs != "" {
		if err := access.May(actor, access.DutyChooseStart); err != nil {
			return Receipt{}, err
		}
		if in.Reason == "" {
			return Receipt{}, problem.InvalidField("reason", "say why that instant governs")
		}
	}
	return d.command(ctx, actor, key, access.IncidentParties, caseID, in, func(w *work) (Receipt, error) {
		if err := w.apply(ctx, incident.Parties{}); err != nil {
			return Receipt{}, err
		}
		parties, customers, err := d.newParties(ctx, w, in)
		if err != nil {
			return Receipt{}, err
		}
		if err := w.InsertParties(ctx, parties); err != nil {
			return Receipt{}, err
		}
		opened, err := d.openDuties(ctx, w, parties, customers, byAgreement, in.Governs)
		if err != nil {
			return Receipt{}, err
		}
		w.write("parties.recorded", time.Time{}, map[string]any{
			"wave": w.state.Waves, "parties": len(parties), "given": len(in.Parties), "duties": opened.duties, "unadopted": opened.unadopted, "skipped": len(in.Parties) - len(parties),
			"undecided": opened.undecided, "governs": in.Governs,
		}, map[string]any{"reason": in.Reason})
		if opened.undecided > 0 {
			err = d.raise(ctx, w, undecidedRaise(w, opened.undecided))
		}
		if err == nil && len(parties) > 0 {
			err = d.factsChanged(ctx, w, "parties")
		}
		return Receipt{Count: len(parties), Skipped: len(in.Parties) - len(parties)}, err
	})
}

// RuleOutParty says that a party was not affected after all. What is still owed for it ends as not required; what it
// was told stays visible, and somebody is raised to write a follow-up: silence is no answer to a notice.
func (d *Desk) RuleOutParty(ctx context.Context, actor access.Actor, key string, caseID, partyID uuid.UUID, in ReasonInput) (Receipt, error) {
	return d.command(ctx, actor, key, access.IncidentPartyRuleOut, caseID, within(partyID, in), func(w *work) (Receipt, error) {
		if err := w.apply(ctx, incident.Working{What: "ruling a party out"}); err != nil {
			return Receipt{}, err
		}
		party, err := w.LockParty(ctx, w.c.ID, partyID)
		if err != nil {
			return Receipt{}, err
		}
		if party.Certainty == string(duty.RuledOut) {
			return Receipt{}, problem.Blocked(problem.Blocker{Code: "ruled_out_already", Ref: partyID.String(), Detail: "the party was ruled out before"})
		}
		ended, told, err := w.RuleOut(ctx, party)
		if err != nil {
			return Receipt{}, err
		}
		unsupported, err := d.endUnsupported(ctx, w)
		if err != nil {
			return Receipt{}, err
		}
		ended += unsupported
		w.write("party.ruled_out", time.Time{}, map[string]any{"party": partyID, "told": told}, map[string]any{"reason": in.Reason})
		if ended > 0 {
			w.write("duties.decided", time.Time{}, map[string]any{"party": partyID, "required": false, "count": ended}, nil)
		}
		if told {
			raise := store.Raise{Key: cases.RaiseFollowUp + "@" + partyID.String(), Kind: cases.RaiseFollowUp, DueAt: w.c.Now, Count: 1}
			if err := d.raise(ctx, w, raise); err != nil {
				return Receipt{}, err
			}
		}
		return Receipt{ID: &partyID, Count: ended}, w.RingCase(ctx, w.c.ID)
	})
}

// newParties checks a wave and makes its rows; customers come along for the duties.
func (d *Desk) newParties(ctx context.Context, w *work, in PartiesInput) ([]store.Party, map[uuid.UUID]store.Customer, error) {
	who, err := uuid.Parse(w.actor.ID)
	if err != nil {
		return nil, nil, err
	}
	byRef, err := customersOf(ctx, w.Tx, in.Parties)
	if err != nil {
		return nil, nil, err
	}
	known, err := w.knownParties(ctx, ids(slices.Collect(maps.Values(byRef)), func(c store.Customer) uuid.UUID { return c.ID }))
	if err != nil {
		return nil, nil, err
	}
	parties := make([]store.Party, 0, len(in.Parties))
	customers := make(map[uuid.UUID]store.Customer, len(in.Parties))
	for i, p := range in.Parties {
		field := func(name string) string { return fmt.Sprintf("parties[%d].%s", i, name) }
		party := store.Party{
			ID: newID(), Case: w.c.ID, Wave: w.state.Waves, Kind: p.Kind, Service: p.Service, Certainty: p.Certainty,
			RecordedAt: w.c.Now, RecordedBy: who,
		}
		if party.Kind == "" {
			party.Kind = string(duty.PartyCustomer)
		}
		if party.Certainty == "" {
			party.Certainty = string(duty.Confirmed)
		}
		body := partyBody{People: p.People, Numbers: p.Numbers, From: p.From, To: p.To}
		for _, touched := range p.Touched {
			if !slices.Contains(duty.Touches, duty.Touch(touched)) {
				return nil, nil, problem.InvalidField(field("touched"), "%q is none of %v", touched, duty.Touches)
			}
			body.Touched = append(body.Touched, duty.Touch(touched))
		}
		switch {
		case party.Kind == string(duty.PartyCustomer):
			c, found := byRef[p.Customer]
			if !found {
				return nil, nil, problem.InvalidField(field("customer"), "there is no customer %q; import it first", p.Customer)
			}
			party.Customer = &c.ID
			customers[c.ID] = c
		case p.Customer != "":
			return nil, nil, problem.InvalidField(field("customer"), "only a party of kind customer names one")
		}
		if party.Customer != nil && !known.adds(*party.Customer, party.Service, &body) {
			continue // Recorded already, with all of this.
		}
		if party.Body, err = json.Marshal(body); err != nil {
			return nil, nil, err
		}
		if p.Evidence != "" {
			if party.Sealed, err = w.key.SealJSON(partyPlace(party.ID), p.Evidence); err != nil {
				return nil, nil, err
			}
		}
		parties = append(parties, party)
	}
	return parties, customers, nil
}

// knownParties is what was found to be touched so far, by customer and service.
type knownParties map[string][]duty.Touch

func (w *work) knownParties(ctx context.Context, customers []uuid.UUID) (knownParties, error) {
	recorded, err := w.KnownParties(ctx, w.c.ID, customers)
	known := make(knownParties, len(recorded))
	for _, p := range recorded {
		known[p.Customer.String()+"/"+p.Service] = as[duty.Touch](p.Touched)
	}
	return known, err
}

// adds says whether a finding is new: another customer or service, or one found to be more affected than was
// known. What was touched before stays part of it.
func (k knownParties) adds(customer uuid.UUID, service string, body *partyBody) bool {
	key := customer.String() + "/" + service
	before, known := k[key]
	all := slices.Clone(before)
	for _, touched := range body.Touched {
		if !slices.Contains(all, touched) {
			all = append(all, touched)
		}
	}
	if known && len(all) == len(before) {
		return false
	}
	k[key], body.Touched = all, all
	return true
}

func customersOf(ctx context.Context, tx *store.Tx, parties []PartyInput) (map[string]store.Customer, error) {
	byRef := make(map[string]store.Customer, len(parties))
	refs := make([]string, 0, chunk)
	flush := func() error {
		found, err := tx.CustomersByRef(ctx, refs)
		for ref, c := range found {
			byRef[ref] = c
		}
		refs = refs[:0]
		return err
	}
	for _, p := range parties {
		if p.Customer == "" {
			continue
		}
		if refs = append(refs, p.Customer); len(refs) == chunk {
			if err := flush(); err != nil {
				return nil, err
			}
		}
	}
	return byRef, flush()
}
