package desk

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/clock"
	"github.com/atlascloudai/docket/core/problem"
)

// ClarificationInput records that the person was asked what they mean, or that their answer came.
type ClarificationInput struct {
	What     string     `json:"what" enum:"asked,received" doc:"asked: the person was asked what they mean; received: their answer came"`
	At       *time.Time `json:"at,omitempty" doc:"When; now if absent"`
	Evidence string     `json:"evidence" minLength:"1" maxLength:"5000" doc:"What was asked and why it is needed, or what was answered, and what shows it"`
}

// ClarifyRequest records a clarification, and counts the request's clocks anew: the rule knows whether it stops them, which the
// UK GDPR alone lets it, for access (art 12A(5)). Recorded again, an instant stands in the place of the earlier one.
func (d *Desk) ClarifyRequest(ctx context.Context, actor access.Actor, key string, caseID uuid.UUID, in ClarificationInput) (Receipt, error) {
	return d.onRequest(ctx, actor, key, access.RequestWork, caseID, in, func(w *work) (Receipt, error) {
		word, known := map[string]string{"asked": clock.FactClarificationAsked, "received": clock.FactClarificationReceived}[in.What]
		if !known {
			return Receipt{}, problem.InvalidField("what", "must be asked or received")
		}
		if in.Evidence == "" {
			return Receipt{}, problem.InvalidField("evidence", "say what was asked and why it is needed, or what was answered, and what shows it")
		}
		who, err := uuid.Parse(w.actor.ID)
		if err != nil {
			return Receipt{}, err
		}
		owed, err := w.answerDuty(ctx)
		if err != nil {
			return Receipt{}, err
		}
		if owed == nil || owed.State != "required" {
			return Receipt{}, problem.Blocked(problem.Blocker{Code: "not_owed", Detail: "no answer is owed any more, so nothing can wait for the person"})
		}
		starts, err := w.Starts(ctx, w.c.ID)
		if err != nil {
			return Receipt{}, err
		}
		at := w.c.Now
		if in.At != nil {
			at = in.At.UTC()
		}
		asked, wasAsked := starts[clock.FactClarificationAsked]
		answered, wasAnswered := starts[clock.FactClarificationReceived]
		switch {
		case at.After(w.c.Now):
			return Receipt{}, problem.InvalidField("at", "lies in the future")
		case at.Before(starts[requestReceived]):
			return Receipt{}, problem.InvalidField("at", "lies before the request")
		case in.What == "received" && !wasAsked:
			return Receipt{}, problem.InvalidField("what", "record first when the person was asked")
		case in.What == "received" && at.Before(asked):
			return Receipt{}, problem.InvalidField("at", "lies before the person was asked")
		case in.What == "asked" && wasAnswered && at.After(answered):
			return Receipt{}, problem.InvalidField("at", "lies after the person's answer: a clock is stopped for one clarification only")
		}
		w.write("clarification."+in.What, at, struct{}{}, map[string]any{"evidence": in.Evidence})
		return Receipt{}, firstError(w.fact(ctx, word, at, who), d.recount(ctx, w, word))
	})
}
