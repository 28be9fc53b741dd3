package desk

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/atlascloudai/docket/core/cases"
	"github.com/atlascloudai/docket/core/cases/campaign"
	"github.com/atlascloudai/docket/core/cases/incident"
	"github.com/atlascloudai/docket/core/cases/request"
	"github.com/atlascloudai/docket/store"
)

// slack is how long after its own timer a process is rung, in case the process was lost.
const slack = 5 * time.Second

// NextCase answers an incident's process: what is due, and when to ask again.
func (d *Desk) NextCase(ctx context.Context, caseID uuid.UUID, heard int64) (Next, error) {
	return d.next(ctx, KindIncident+"/"+caseID.String(), heard, func(tx *store.Tx) (cases.Agenda, store.Case, error) {
		c, err := tx.Case(ctx, Docket, caseID)
		if err != nil {
			return cases.Agenda{}, c, err
		}
		next, err := tx.Next(ctx, c.ID, c.Offset)
		return incident.Agenda(next, c.Now), c, err
	})
}

// NextRequest answers a request's process.
func (d *Desk) NextRequest(ctx context.Context, caseID uuid.UUID, heard int64) (Next, error) {
	return d.next(ctx, KindRequest+"/"+caseID.String(), heard, func(tx *store.Tx) (cases.Agenda, store.Case, error) {
		c, err := tx.Case(ctx, Docket, caseID)
		if err != nil {
			return cases.Agenda{}, c, err
		}
		var state request.State
		if err := json.Unmarshal(c.State, &state); err != nil {
			return cases.Agenda{}, c, fmt.Errorf("cannot read the request's state: %w", err)
		}
		counts, err := tx.RequestCounts(ctx, c.ID, c.Now)
		if err != nil {
			return cases.Agenda{}, c, err
		}
		next, err := tx.NextOfRequest(ctx, c.ID, c.Offset, c.Now)
		return request.Agenda(state, counts, next, c.Now), c, err
	})
}

// NextCampaign answers a sending's process.
func (d *Desk) NextCampaign(ctx context.Context, campaignID uuid.UUID, heard int64) (Next, error) {
	return d.next(ctx, KindCampaign+"/"+campaignID.String(), heard, func(tx *store.Tx) (cases.Agenda, store.Case, error) {
		p, err := tx.Campaign(ctx, campaignID)
		if err != nil {
			return cases.Agenda{}, store.Case{}, err
		}
		c, err := tx.Case(ctx, Docket, p.Case)
		if err != nil {
			return cases.Agenda{}, c, err
		}
		next, err := tx.NextOfCampaign(ctx, p, c.Offset)
		return campaign.Agenda(next, c.Now), c, err
	})
}

// next reads the bell before the rows: a fact that comes in between rings again. What a process says it
// heard is confirmed only once it has acted; with nothing to do, looking was acting.
func (d *Desk) next(ctx context.Context, workflowID string, heard int64, look func(*store.Tx) (cases.Agenda, store.Case, error)) (Next, error) {
	var next Next
	err := d.store.Do(ctx, func(tx *store.Tx) error {
		seq, err := tx.BellSeq(ctx, workflowID)
		if err != nil {
			return err
		}
		agenda, c, err := look(tx)
		if err != nil {
			return err
		}
		next = Next{Heard: seq}
		for _, stage := range agenda.Stages {
			next.Stages = append(next.Stages, string(stage))
		}
		if len(next.Stages) > 0 {
			// The process may die on the way: then it is rung after half a minute.
			again := c.Now.Add(-c.Offset + 30*time.Second)
			return tx.Heard(ctx, workflowID, heard, &again)
		}
		var rung *time.Time
		if agenda.Wake != nil {
			wake := agenda.Wake.Add(-c.Offset)
			late := wake.Add(slack)
			next.WakeAt, rung = &wake, &late
		}
		return tx.Heard(ctx, workflowID, seq, rung)
	})
	return next, err
}
