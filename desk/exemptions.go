package desk

import (
	"context"
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

// WaiveDuty ends a duty without meeting it, on a ground that its rule knows. One person proposes, another approves.
func (d *Desk) WaiveDuty(ctx context.Context, actor access.Actor, key string, caseID, dutyID uuid.UUID, in WaiveInput) (Receipt, error) {
	return d.command(ctx, actor, key, access.DutyWaive, caseID, within(dutyID, in), func(w *work) (Receipt, error) {
		one, err := w.openDuty(ctx, dutyID)
		if err != nil {
			return Receipt{}, err
		}
		if _, err := duty.Exempt(one.Rule, in.Exemption, in.Instead); err != nil {
			return Receipt{}, err
		}
		err = w.apply(ctx, incident.Waive{Duty: dutyID.String(), Exemption: in.Exemption, Reason: in.Reason, Instead: in.Instead})
		if err != nil || w.pending() {
			return Receipt{ID: &dutyID, Pending: true}, err
		}
		one.State = "waived"
		if err := w.SetDuty(ctx, one); err != nil {
			return Receipt{}, err
		}
		return Receipt{ID: &dutyID}, w.Exempt(ctx, w.c.ID, dutyID, &in.Exemption)
	})
}

// factsChanged has every exemption of the case looked at again, once for each change: it was decided on other facts.
func (d *Desk) factsChanged(ctx context.Context, w *work, what string) error {
	w.state.DropWaivers()
	count, err := w.Tx.ReviewExemptions(ctx, w.c.ID, w.c.Now)
	if err != nil || count == 0 {
		return err
	}
	w.write("exemptions.review_due", time.Time{}, map[string]any{"changed": what, "count": count}, nil)
	return d.raise(ctx, w, store.Raise{
		Key: fmt.Sprintf("%s@entry-%d", cases.RaiseExemptionReview, w.c.NextSeq), Kind: cases.RaiseExemptionReview, DueAt: w.c.Now, Count: count,
	})
}

// ReviewExemptions looks at exemptions again: they stand on the facts as they are now, or the duties are required again.
// Their clocks have run on: they are what the facts give, as if nobody had ever exempted them.
func (d *Desk) ReviewExemptions(ctx context.Context, actor access.Actor, key string, caseID uuid.UUID, in ExemptionInput) (Receipt, error) {
	if in.Rule == "" && len(in.Duties) == 0 {
		return Receipt{}, problem.InvalidField("rule", "name a rule, or the duties")
	}
	return d.command(ctx, actor, key, access.DutyReviewExemption, caseID, in, func(w *work) (Receipt, error) {
		if err := w.apply(ctx, incident.Working{What: "looking at exemptions again"}); err != nil {
			return Receipt{}, err
		}
		exempt, err := w.Exemptions(ctx, w.c.ID, in.Duties)
		if err != nil {
			return Receipt{}, err
		}
		if !in.Required {
			maps.DeleteFunc(exempt, func(_ uuid.UUID, e store.Exemption) bool { return e.ReviewSince == nil })
		}
		var duties []store.Duty
		if len(exempt) > 0 {
			these := store.DutyFilter{IDs: slices.Collect(maps.Keys(exempt)), Rule: in.Rule, Limit: len(exempt)}
			if duties, err = w.LockDuties(ctx, w.c.ID, these); err != nil {
				return Receipt{}, err
			}
		}
		if len(duties) == 0 {
			return Receipt{}, problem.Blocked(problem.Blocker{Code: "nothing_to_review", Detail: "no exempted duty matches; see the list of duties"})
		}
		if in.Required {
			return Receipt{Count: len(duties)}, d.requireAgain(ctx, w, duties, exempt, in.Reason)
		}
		w.write("exemptions.confirmed", time.Time{}, map[string]any{"rule": in.Rule, "count": len(duties)}, map[string]any{"reason": in.Reason})
		return Receipt{Count: len(duties)}, w.ConfirmExemptions(ctx, ids(duties, func(one store.Duty) uuid.UUID { return one.ID }))
	})
}

func (d *Desk) requireAgain(ctx context.Context, w *work, duties []store.Duty, exempt map[uuid.UUID]store.Exemption, reason string) error {
	for _, one := range duties {
		w.write("duty.required_again", time.Time{}, map[string]any{"duty": one.ID, "was": one.State, "review": exempt[one.ID].ReviewSince != nil}, map[string]any{"reason": reason})
		one.State = "required"
		if err := w.SetDuty(ctx, one); err != nil {
			return err
		}
	}
	these := ids(duties, func(one store.Duty) uuid.UUID { return one.ID })
	if err := w.EndExemptions(ctx, these); err != nil {
		return err
	}
	starts, err := w.Starts(ctx, w.c.ID)
	if err != nil {
		return err
	}
	// What moved while they were exempt is caught up on; milestones that passed meanwhile are raised as of their instants.
	if _, err := d.rederive(ctx, w, starts, store.DutyFilter{IDs: these}, "", "required again"); err != nil {
		return err
	}
	duties, err = w.Duties(ctx, w.c.ID, store.DutyFilter{IDs: these, Limit: len(these)})
	if err != nil {
		return err
	}
	clocks := clocks{}
	for _, one := range duties {
		clocks.add(one)
	}
	return w.AddMilestones(ctx, w.c.ID, clocks.milestones(w.c.Now))
}

// exemptionView is the ground of a waived duty, with its provision and its term of the Data Privacy Vocabulary.
func exemptionView(e store.Exemption) *ExemptionView {
	if e.Code == nil {
		return nil
	}
	ground, _ := duty.ExemptionOf(*e.Code)
	return &ExemptionView{Code: *e.Code, Source: ground.Source, DPV: ground.DPV}
}
