package desk

import (
	"context"

	"github.com/google/uuid"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/cases/incident"
	"github.com/atlascloudai/docket/core/duty"
)

// AssessRisk records one more version of the assessment of the risk to people. Where it differs from the one before, the
// duties to authorities are proposed again over everybody who is recorded, and exemptions are looked at again. What was
// proposed already stays for a person to decide.
func (d *Desk) AssessRisk(ctx context.Context, actor access.Actor, key string, caseID uuid.UUID, in RiskInput) (Receipt, error) {
	return d.command(ctx, actor, key, access.IncidentRisk, caseID, in, func(w *work) (Receipt, error) {
		before := w.state.Risk
		if err := w.apply(ctx, incident.AssessRisk{Risk: duty.Risk(in.Risk), Reason: in.Reason}); err != nil || w.state.Risk == before {
			return Receipt{}, err
		}
		opened, err := d.propose(ctx, w)
		if err != nil {
			return Receipt{}, err
		}
		return Receipt{Count: opened}, d.factsChanged(ctx, w, "risk")
	})
}

// propose proposes duties for every recorded party of whose data the company may be controller; those that are known
// are left as they are. It answers how many it opened.
func (d *Desk) propose(ctx context.Context, w *work) (int, error) {
	opened, undecided, after := 0, 0, uuid.Nil
	for {
		parties, err := w.ControlledParties(ctx, w.c.ID, after, chunk)
		if err != nil {
			return 0, err
		}
		if len(parties) == 0 {
			break
		}
		after = parties[len(parties)-1].ID
		these, err := d.openDuties(ctx, w, parties, nil, byLaw, "")
		if err != nil {
			return 0, err
		}
		opened, undecided = opened+these.duties, undecided+these.undecided
	}
	if undecided > 0 {
		return opened, d.raise(ctx, w, undecidedRaise(w, undecided))
	}
	return opened, nil
}
