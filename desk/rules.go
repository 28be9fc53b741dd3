package desk

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/clock"
	"github.com/atlascloudai/docket/core/duty"
	"github.com/atlascloudai/docket/core/problem"
	"github.com/atlascloudai/docket/core/seal"
	"github.com/atlascloudai/docket/store"
)

// RuleView is one rule of the pack, with who adopted it.
type RuleView struct {
	ID         string `json:"id" doc:"Id of the rule, e.g. gdpr-33-1"`
	Regime     string `json:"regime" doc:"Law or kind of agreement"`
	Citation   string `json:"citation" doc:"Provision that gives the period"`
	Recipient  string `json:"recipient" doc:"Who must be told"`
	StartWord  string `json:"start_word" doc:"What starts its clock"`
	Period     string `json:"period" doc:"How long it runs, or no number"`
	Confidence string `json:"confidence" doc:"V: read in its source. V2: in secondary sources only. G: general knowledge"`
	InForce    bool   `json:"in_force" doc:"It is law now"`
	Adopted    bool   `json:"adopted" doc:"A case opens duties from it"`
	AdoptedBy  string `json:"adopted_by,omitempty" doc:"Who made it the company's own"`
	AdoptedOn  string `json:"adopted_on,omitempty" doc:"On which date"`
	Note       string `json:"note,omitempty" doc:"What is easily got wrong"`
}

// RulesView is the rule pack in use.
type RulesView struct {
	Version string     `json:"version" doc:"Version of the rule pack"`
	Rules   []RuleView `json:"rules" doc:"Its rules, by id"`
}

// Rules lists the rules in use with who adopted what.
func (d *Desk) Rules(ctx context.Context, actor access.Actor) (view RulesView, err error) {
	if err := access.May(actor, access.RuleRead); err != nil {
		return view, err
	}
	err = d.store.Read(ctx, func(tx *store.Tx) error {
		law, err := d.law(ctx, tx, d.pack.Version)
		if err != nil {
			return err
		}
		view.Version = law.version
		for _, r := range law.list {
			one := RuleView{
				ID: r.ID, Regime: r.Regime, Citation: r.Citation, Recipient: r.Recipient, StartWord: string(r.Start), Period: r.Period.String(),
				Confidence: string(r.Confidence), InForce: r.InForce, Adopted: r.Adoption != nil, Note: r.Note,
			}
			if r.FromContract {
				one.Period = "from the contract"
			}
			if r.Adoption != nil {
				one.AdoptedBy, one.AdoptedOn = r.Adoption.By, r.Adoption.On.String()
			}
			view.Rules = append(view.Rules, one)
		}
		return nil
	})
	return view, err
}

// AdoptInput makes a rule the company's own, or takes that back.
type AdoptInput struct {
	Adopted bool   `json:"adopted" doc:"Whether cases open duties from it"`
	Reason  string `json:"reason" minLength:"1" maxLength:"5000" doc:"What was read and by whom it was judged; part of the record"`
}

// AdoptRule records that a named person made a rule the company's own, with the date and a reason. It is proposed
// in the incidents that are open, and in those to come; when it is taken back, duties that are open stay.
func (d *Desk) AdoptRule(ctx context.Context, actor access.Actor, rule string, in AdoptInput) error {
	if err := access.May(actor, access.RuleAdopt); err != nil {
		return err
	}
	found, known := d.pack.Rule(rule)
	if !known {
		return problem.Missing("rule " + rule)
	}
	if in.Adopted && !found.InForce {
		return problem.Blocked(problem.Blocker{Code: "not_in_force", Ref: rule, Detail: "the rule is not law; it can be computed when it is named, and opens no duty"})
	}
	who, err := uuid.Parse(actor.ID)
	if err != nil {
		return problem.New(problem.Forbidden, "only a person adopts a rule")
	}
	var open []uuid.UUID
	err = d.store.Do(ctx, func(tx *store.Tx) error {
		id := newID()
		key, err := d.newKey(ctx, tx, id)
		if err != nil {
			return err
		}
		if open, err = tx.OpenCases(ctx, KindIncident); err != nil {
			return err
		}
		return tx.InsertAdoption(ctx, store.Adoption{
			ID: id, Rule: rule, PackVersion: d.pack.Version, Adopted: in.Adopted, By: who, Sealed: key.Seal("adoption/"+id.String(), []byte(in.Reason)),
		})
	})
	if err != nil || !in.Adopted {
		return err
	}
	// An incident that is open now may owe what the rule asks for. Whoever adopts may not see the case: Docket proposes.
	for _, id := range open {
		if _, err := d.process(ctx, access.DutyPropose, id, func(w *work) (int, error) { return d.proposeToAll(ctx, w, found.Start) }); err != nil {
			return fmt.Errorf("the rule is adopted, and not yet proposed everywhere (adopt it again): %w", err)
		}
	}
	return nil
}

// NewerView is what the newest rules would change about a duty of a case that began with older ones.
type NewerView struct {
	Duty   uuid.UUID  `json:"duty" doc:"Id of the duty"`
	Rule   string     `json:"rule" doc:"Its rule"`
	Target *time.Time `json:"target,omitempty" doc:"Target under the case's rules"`
	Limit  *time.Time `json:"limit,omitempty" doc:"Limit under the case's rules"`
	// NewTarget and NewLimit are under the newest rules.
	NewTarget *time.Time `json:"new_target,omitempty" doc:"Target under the newest rules"`
	NewLimit  *time.Time `json:"new_limit,omitempty" doc:"Limit under the newest rules"`
	Gone      bool       `json:"gone,omitempty" doc:"The newest pack has no such rule"`
}

// NewerRules says what the newest pack would change about a case's open duties. The case keeps its own.
func (d *Desk) NewerRules(ctx context.Context, actor access.Actor, caseID uuid.UUID) (views []NewerView, err error) {
	err = d.read(ctx, actor, access.CaseRead, caseID, func(tx *store.Tx, c store.Case, _ seal.Key) error {
		views = []NewerView{}
		if c.PackVersion == d.pack.Version {
			return nil
		}
		newest, err := d.law(ctx, tx, d.pack.Version)
		if err != nil {
			return err
		}
		starts, err := tx.Starts(ctx, c.ID)
		if err != nil {
			return err
		}
		l := &ledger{work: &work{Tx: tx, c: c}, desk: d, law: newest, deriver: d.deriver(newest, starts, c.Now), resolved: map[string]duty.Resolution{}}
		filter := store.DutyFilter{States: []string{"proposed", "required"}, Limit: chunk}
		for {
			duties, err := tx.Duties(ctx, c.ID, filter)
			if err != nil || len(duties) == 0 {
				return err
			}
			filter.After = duties[len(duties)-1].ID
			changed, err := l.newer(ctx, duties)
			if err != nil {
				return err
			}
			views = append(views, changed...)
		}
	})
	return views, err
}

func (l *ledger) newer(ctx context.Context, duties []store.Duty) ([]NewerView, error) {
	if err := l.readResolutions(ctx, duties); err != nil {
		return nil, err
	}
	var views []NewerView
	again := make([]store.Duty, 0, len(duties))
	for _, one := range duties {
		if one.StartWord == startPromised {
			continue // A promise's instant is its own: no rule gives it.
		}
		gone := slices.ContainsFunc(l.resolved[one.Resolution].Candidates, func(t duty.Term) bool { _, known := l.law.rules[t.Rule]; return !known })
		if !gone {
			again = append(again, one)
			continue
		}
		views = append(views, NewerView{Duty: one.ID, Rule: one.Rule, Target: utc(one.Target), Limit: utc(one.Limit), Gone: true})
	}
	before := append([]store.Duty(nil), again...)
	if err := l.rederive(ctx, again, ""); err != nil {
		return nil, err
	}
	for i, one := range again {
		if !sameClock(before[i], one) {
			views = append(views, NewerView{
				Duty: one.ID, Rule: one.Rule, Target: utc(before[i].Target), Limit: utc(before[i].Limit), NewTarget: utc(one.Target), NewLimit: utc(one.Limit),
			})
		}
	}
	return views, nil
}

// EstimateView is the clock of a customer's own regulator, if it started at our notice. It is no duty of ours and
// nothing is ever sent for it.
type EstimateView struct {
	Customer  string       `json:"customer" doc:"Account reference"`
	Rule      string       `json:"rule" doc:"Rule that may bind the customer"`
	Citation  string       `json:"citation" doc:"Its provision"`
	Recipient string       `json:"recipient" doc:"Whom the customer may have to tell"`
	ToldAt    *time.Time   `json:"told_at,omitempty" doc:"When we told the customer; absent while we have not, and the estimate counts from now"`
	Target    time.Time    `json:"target" doc:"Estimate, if theirs started at our notice"`
	Limit     *time.Time   `json:"limit,omitempty" doc:"Estimate of the limit; absent where there is no number or days off are not known"`
	Why       []clock.Step `json:"why" doc:"How the estimate came about"`
}

// Estimates shows, for the customers that a case affects, the clocks of their own regulators as far as their profiles tell.
func (d *Desk) Estimates(ctx context.Context, actor access.Actor, caseID uuid.UUID, cursor string, limit int) (page Page[EstimateView], err error) {
	from, err := after(cursor)
	if err != nil {
		return page, err
	}
	err = d.read(ctx, actor, access.CaseRead, caseID, func(tx *store.Tx, c store.Case, _ seal.Key) error {
		law, err := d.law(ctx, tx, c.PackVersion)
		if err != nil {
			return err
		}
		told, err := tx.Told(ctx, c.ID, from, size(limit))
		if err != nil {
			return err
		}
		for _, t := range told {
			views, err := d.estimate(law, t, c.Now)
			if err != nil {
				return err
			}
			page.Items = append(page.Items, views...)
		}
		if len(told) == size(limit) {
			page.Next = told[len(told)-1].Customer.ID.String()
		}
		return nil
	})
	return page, err
}

// estimate computes what a customer's own regulators may want, from our notice on.
func (d *Desk) estimate(law *law, told store.Told, now time.Time) ([]EstimateView, error) {
	customer, err := customerOf(told.Customer)
	if err != nil {
		return nil, err
	}
	var views []EstimateView
	for _, rule := range duty.Estimates(customer, law.list) {
		request := clock.Request{Rule: rule, At: now, Calendar: clock.NoCalendar, Options: map[string]string{clock.OptionIncludeNotInForce: "true"}}
		if told.At != nil {
			request.At = *told.At
		}
		zone := rule.Zone
		if zone == "" {
			zone = customer.Zone
		}
		if request.Zone, err = d.pack.Zone(zone); err != nil {
			return nil, err
		}
		if rule.Calendar != "" {
			if request.Calendar, err = d.pack.Calendar(rule.Calendar); err != nil {
				return nil, err
			}
		}
		result, err := clock.Compute(request)
		if err != nil {
			return nil, fmt.Errorf("cannot estimate rule %s: %w", rule.ID, err)
		}
		views = append(views, EstimateView{
			Customer: customer.Ref, Rule: rule.ID, Citation: rule.Citation, Recipient: rule.Recipient, ToldAt: utc(told.At),
			Target: result.Target.UTC(), Limit: utc(result.Limit), Why: result.Why,
		})
	}
	return views, nil
}
