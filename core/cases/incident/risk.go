package incident

import (
	"github.com/atlascloudai/docket/core/duty"
	"github.com/atlascloudai/docket/core/problem"
)

// AssessRisk records one more version of the assessment of the risk to people. Only "unlikely" frees a controller
// from telling the authority (GDPR art. 33(1)); the reason is the documentation that art. 33(5) asks for.
type AssessRisk struct {
	Risk   duty.Risk
	Reason string
}

func (c AssessRisk) decide(d *Decision) error {
	if err := d.in("assessing the risk", New, InTriage, Active, Resolved); err != nil {
		return err
	}
	switch c.Risk {
	case duty.RiskUnlikely, duty.RiskLikely, duty.RiskHigh:
	default:
		return problem.InvalidField("risk", "must be unlikely, risk or high_risk")
	}
	if err := needReason(c.Reason); err != nil {
		return err
	}
	d.write("risk.assessed", d.Now, map[string]any{
		"risk": c.Risk, "before": d.State.Risk, "version": d.State.RiskVersion + 1, "proposed": d.Counts.ProposedDuties,
	}, map[string]any{"reason": c.Reason})
	d.State.Risk, d.State.RiskVersion = c.Risk, d.State.RiskVersion+1
	return nil
}
