package main

import (
	"context"
	"io"
	"time"

	"github.com/google/uuid"

	"github.com/atlascloudai/docket/cmd/docket/client"
	"github.com/atlascloudai/docket/desk"
)

type candidateListCmd struct {
	caseArg
}

// Run lists candidates.
func (c *candidateListCmd) Run(ctx context.Context, p *caseCmd, out io.Writer) error {
	return list(ctx, &p.Remote, paging{}, out, c.path("candidates"), nil, "AT\tKIND\tEVIDENCE\tRECORDED\tID\t", func(v desk.CandidateView) []string {
		return []string{when(&v.At), v.Kind, v.Evidence, when(&v.RecordedAt), v.ID.String()}
	})
}

type caseCandidateCmd struct {
	caseArg
	Kind     string    `arg:"" enum:"first_alert,ticket,report,finding,other" help:"What it is: ${enum}."`
	At       time.Time `required:"" help:"When, with its offset."`
	Zone     string    `required:"" env:"DOCKET_ZONE" help:"IANA zone in which it was said."`
	Evidence string    `required:"" help:"What shows it."`
}

// Run records the candidate.
func (c *caseCandidateCmd) Run(ctx context.Context, p *caseCmd, out io.Writer) error {
	return decide(ctx, &p.Remote, out, client.Call{Path: c.path("candidates"), Body: desk.CandidateInput{Kind: c.Kind, At: c.At, Zone: c.Zone, Evidence: c.Evidence}})
}

type caseUpstreamCmd struct {
	caseArg
	Who       string     `required:"" help:"Who told us."`
	AwareAt   *time.Time `help:"When they became aware, with its offset, if they said so."`
	ToldUsAt  time.Time  `required:"" help:"When they told us, with its offset."`
	Zone      string     `required:"" env:"DOCKET_ZONE" help:"IANA zone in which it was said."`
	Reference string     `help:"Their reference."`
	Evidence  string     `required:"" help:"What shows it: their message, and who read it."`
	Reason    string     `help:"Why an earlier record is corrected."`
}

// Run records what upstream said.
func (c *caseUpstreamCmd) Run(ctx context.Context, p *caseCmd, out io.Writer) error {
	return decide(ctx, &p.Remote, out, client.Call{Path: c.path("upstream"), Body: desk.UpstreamInput{
		Who: c.Who, AwareAt: c.AwareAt, ToldUsAt: c.ToldUsAt, Zone: c.Zone, Reference: c.Reference, Evidence: c.Evidence, Reason: c.Reason,
	}})
}

type caseRiskCmd struct {
	caseArg
	Risk string `arg:"" enum:"unlikely,risk,high_risk" help:"The risk to people: ${enum}."`
	reasonFlag
}

// Run records the assessment.
func (c *caseRiskCmd) Run(ctx context.Context, p *caseCmd, out io.Writer) error {
	return decide(ctx, &p.Remote, out, client.Call{Path: c.path("risk"), Body: desk.RiskInput{Risk: c.Risk, Reason: c.Reason}})
}

// exemptFlags say which exempted duties are looked at again.
type exemptFlags struct {
	caseArg
	Duties []uuid.UUID `arg:"" optional:"" help:"Ids of duties; or --rule."`
	Rule   string      `help:"All exempted duties of this rule."`
	reasonFlag
}

func (f exemptFlags) review(ctx context.Context, p *caseCmd, out io.Writer, required bool) error {
	return decide(ctx, &p.Remote, out, client.Call{Path: f.path("duties", "review-exemptions"), Body: desk.ExemptionInput{
		Rule: f.Rule, Duties: f.Duties, Required: required, Reason: f.Reason,
	}})
}

type dutyConfirmExemptionCmd struct {
	exemptFlags
}

// Run confirms that the exemptions stand.
func (c *dutyConfirmExemptionCmd) Run(ctx context.Context, p *caseCmd, out io.Writer) error {
	return c.review(ctx, p, out, false)
}

type dutyRequireAgainCmd struct {
	exemptFlags
}

// Run makes the duties required again.
func (c *dutyRequireAgainCmd) Run(ctx context.Context, p *caseCmd, out io.Writer) error {
	return c.review(ctx, p, out, true)
}
