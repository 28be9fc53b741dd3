package desk

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/atlascloudai/docket/core/cases/request"
	"github.com/atlascloudai/docket/core/clock"
	"github.com/atlascloudai/docket/core/duty"
	"github.com/atlascloudai/docket/core/problem"
	"github.com/atlascloudai/docket/store"
)

// The start words and facts of a request's clocks.
const (
	requestReceived = string(clock.StartRequestReceived)
	toRequester     = "person/requester"
)

// owe opens what a request makes the company owe: an answer, and where the law asks for it an acknowledgement.
func (d *Desk) owe(ctx context.Context, w *work, received time.Time) error {
	who, err := uuid.Parse(w.actor.ID)
	if err != nil {
		who = uuid.Nil // Docket itself took it from the mail.
	}
	party := store.Party{ID: newID(), Case: w.c.ID, Wave: 1, Kind: "person", Body: json.RawMessage(`{}`), Certainty: string(duty.Confirmed), RecordedAt: w.c.Now, RecordedBy: who}
	if err := w.InsertParties(ctx, []store.Party{party}); err != nil {
		return err
	}
	if err := w.fact(ctx, requestReceived, received, who); err != nil {
		return err
	}
	rules, err := d.rulesOf(ctx, w)
	if err != nil {
		return err
	}
	return d.oweUnder(ctx, w, rules, party.ID)
}

// oweUnder opens a duty to the person under each of some rules.
func (d *Desk) oweUnder(ctx context.Context, w *work, rules []string, party uuid.UUID) (err error) {
	var duties []store.Duty
	for _, rule := range rules {
		owed := store.Duty{
			ID: newID(), Case: w.c.ID, Party: party, Counterparty: toRequester, Rule: rule, Term: rule, StartWord: requestReceived, Governs: governsIncident,
			State: "required", CreatedAt: w.c.Now,
		}
		if owed.Evidence, err = json.Marshal(asks{Channels: []duty.Channel{duty.Email, duty.ByHand}, Contacts: duty.AnyContact, Meets: duty.Acceptance}); err != nil {
			return err
		}
		if err := d.requestClock(ctx, w, &owed); err != nil {
			return err
		}
		duties = append(duties, owed)
	}
	return w.openNow(ctx, duties)
}

// oweInstead opens what a request makes the company owe now that it is known what it asks for, and ends what it does not.
func (d *Desk) oweInstead(ctx context.Context, w *work) error {
	rules, err := d.rulesOf(ctx, w)
	if err != nil {
		return err
	}
	duties, err := w.LockDuties(ctx, w.c.ID, store.DutyFilter{States: []string{"required"}, Limit: chunk})
	if err != nil {
		return err
	}
	party := duties[0].Party
	for _, owed := range duties {
		if i := slices.Index(rules, owed.Rule); i >= 0 {
			rules = slices.Delete(rules, i, i+1)
			continue
		}
		owed.State = "superseded"
		if err := w.SetDuty(ctx, owed); err != nil {
			return err
		}
	}
	return firstError(d.oweUnder(ctx, w, rules, party), d.recount(ctx, w, "what is asked for was read"))
}

// rulesOf are the rules by which a request is counted. Where nobody has adopted the regime's own, the person is given what
// the company gives under the GDPR, and the entry says so: a request is never without a clock.
func (d *Desk) rulesOf(ctx context.Context, w *work) ([]string, error) {
	law, err := d.law(ctx, w.Tx, w.c.PackVersion)
	if err != nil {
		return nil, err
	}
	profile, _ := request.ProfileOf(w.request.Regime)
	var rules, unadopted []string
	acknowledge := profile.Acknowledge[w.request.Right]
	if w.request.Instructed != "" { // The controller knows what it instructed, and the person hears from it.
		acknowledge = ""
	}
	for _, id := range []string{profile.Rule(w.request.Right), acknowledge} {
		if id == "" {
			continue
		}
		if rule, known := law.rule(id); known && rule.Adoption != nil && rule.InForce {
			rules = append(rules, id)
			continue
		}
		if unadopted = append(unadopted, id); id != acknowledge {
			general, _ := request.ProfileOf(request.GDPR)
			rules = append(rules, general.Answer)
		}
	}
	if len(unadopted) > 0 {
		w.write("rules.unadopted", time.Time{}, map[string]any{"rules": unadopted, "counted_by": rules}, nil)
	}
	return rules, nil
}

// openNow writes duties that a decision opened, with what the chain vouches for.
func (w *work) openNow(ctx context.Context, duties []store.Duty) error {
	clocks, dues := clocks{}, newDues()
	for _, owed := range duties {
		clocks.add(owed)
		dues.add(owed, "opened")
	}
	return firstError(w.InsertDuties(ctx, duties, dues.page, "opened"), dues.seal(w), w.AddMilestones(ctx, w.c.ID, clocks.milestones(w.c.Now)))
}

// fact records a start fact or another instant that the request's clocks weigh; an earlier record of it is superseded.
func (w *work) fact(ctx context.Context, word string, at time.Time, who uuid.UUID) error {
	id := newID()
	w.write("start.recorded", at, map[string]any{"word": word, "at": at.UTC(), "zone": "UTC"}, nil)
	return w.RecordFact(ctx, store.Fact{ID: id, Case: w.c.ID, Word: word, HappenedAt: at, Zone: "UTC", RecordedAt: w.c.Now, RecordedBy: who, Sealed: w.key.Seal(factPlace(id), []byte("{}"))})
}

// requestClock derives the clock of one duty of a request from the facts on record: receipt, identity, clarification,
// extension. The rule knows which of them it weighs.
func (d *Desk) requestClock(ctx context.Context, w *work, owed *store.Duty) error {
	law, err := d.law(ctx, w.Tx, w.c.PackVersion)
	if err != nil {
		return err
	}
	rule, known := law.rule(owed.Rule)
	if !known {
		return problem.InvalidField("regime", "the rule pack of this request has no rule %s", owed.Rule)
	}
	facts, err := w.Starts(ctx, w.c.ID)
	if err != nil {
		return err
	}
	received := facts[requestReceived]
	facts = maps.Clone(facts)
	maps.DeleteFunc(facts, func(word string, _ time.Time) bool { return !requestFacts[word] })
	place := duty.PlaceOf(w.request.Country, d.company)
	if rule.Zone != "" {
		place = duty.Place{Zone: rule.Zone, Calendar: rule.Calendar}
	}
	asked := clock.Request{Rule: rule, At: received, Calendar: clock.NoCalendar, Facts: facts, Options: map[string]string{}}
	if asked.Zone, err = d.pack.Zone(place.Zone); err != nil {
		return err
	}
	if place.Calendar != "" {
		if asked.Calendar, err = d.pack.Calendar(place.Calendar); err != nil {
			return err
		}
	}
	if rule.Start == clock.StartRequestReceived && slices.Contains(clock.Rights, string(w.request.Right)) {
		asked.Options[clock.OptionRight] = string(w.request.Right)
	}
	if w.request.Extended && rule.Knows(clock.OptionExtended) {
		asked.Options[clock.OptionExtended] = "true"
	}
	result, err := clock.Compute(asked)
	if err != nil {
		return fmt.Errorf("cannot count by %s: %w", owed.Rule, err)
	}
	if result, err = w.noLater(law, asked, result); err != nil {
		return err
	}
	owed.StartedAt, owed.Target, owed.Limit, owed.Internal = utc(&received), utc(&result.Target), utc(result.Limit), result.Internal
	owed.Why, err = json.Marshal(reasons{Clause: rule.Citation, Why: []string{"the person asked for " + string(w.request.Right)}, Steps: result.Why})
	return err
}

// noLater is a result, or that of the regime's own rule where nobody has adopted it, the request is counted by the GDPR's instead, and the
// own is over first: what nobody adopted yet may bind all the same.
func (w *work) noLater(law *law, asked clock.Request, result clock.Result) (clock.Result, error) {
	general, _ := request.ProfileOf(request.GDPR)
	profile, _ := request.ProfileOf(w.request.Regime)
	own, known := law.rule(profile.Rule(w.request.Right))
	if asked.Rule.ID != general.Answer || own.ID == asked.Rule.ID || !known || !own.HasNumber() {
		return result, nil
	}
	asked.Rule, asked.Options = own, maps.Clone(asked.Options)
	if !own.Knows(clock.OptionExtended) {
		delete(asked.Options, clock.OptionExtended)
	}
	theirs, err := clock.Compute(asked)
	if err != nil || !theirs.Target.Before(result.Target) {
		return result, nil // A rule that cannot be counted for this right says nothing.
	}
	return theirs, nil
}

// requestFacts are the instants that rules of requests weigh.
var requestFacts = map[string]bool{clock.FactIdentityConfirmed: true, clock.FactClarificationAsked: true, clock.FactClarificationReceived: true}

// recount derives every open clock of a request anew after a fact that rules may weigh; earlier instants stay readable.
func (d *Desk) recount(ctx context.Context, w *work, reason string) error {
	duties, err := w.LockDuties(ctx, w.c.ID, store.DutyFilter{States: []string{"proposed", "required", "met"}, Limit: chunk})
	if err != nil {
		return err
	}
	clocks, dues := clocks{}, newDues()
	var moved []store.Duty
	for _, owed := range duties {
		if owed.Counterparty != toRequester {
			continue
		}
		before := owed
		if err := d.requestClock(ctx, w, &owed); err != nil {
			return err
		}
		if sameClock(before, owed) {
			continue
		}
		moved = append(moved, owed)
		clocks.add(owed)
		dues.add(owed, reason)
	}
	return firstError(w.MoveDuties(ctx, moved, dues.page, reason, w.c.Now), dues.seal(w), w.AddMilestones(ctx, w.c.ID, clocks.milestones(w.c.Now)))
}
