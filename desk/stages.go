package desk

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/atlascloudai/docket/core/clock"
	"github.com/atlascloudai/docket/core/duty"
	"github.com/atlascloudai/docket/store"
)

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
