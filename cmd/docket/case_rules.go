package main

import (
	"context"
	"io"

	"github.com/atlascloudai/docket/desk"
)

type newerRulesCmd struct {
	caseArg
}

// Run shows what would change. Looking changes nothing.
func (c *newerRulesCmd) Run(ctx context.Context, p *caseCmd, out io.Writer) error {
	return list(ctx, &p.Remote, paging{}, out, c.path("newer-rules"), nil, "RULE\tTARGET\tLIMIT\tNEW TARGET\tNEW LIMIT\tDUTY\t", func(v desk.NewerView) []string {
		return []string{v.Rule + yes(v.Gone, " (gone)"), when(v.Target), when(v.Limit), when(v.NewTarget), when(v.NewLimit), v.Duty.String()}
	})
}

type estimateCmd struct {
	caseArg
	Paging paging `embed:""`
}

// Run lists the estimates.
func (c *estimateCmd) Run(ctx context.Context, p *caseCmd, out io.Writer) error {
	return list(ctx, &p.Remote, c.Paging, out, c.path("estimates"), nil, "CUSTOMER\tRULE\tPROVISION\tTO\tTOLD\tESTIMATE\tLIMIT\t", func(v desk.EstimateView) []string {
		told := when(v.ToldAt)
		if told == "" {
			told = "not yet, counted from now"
		}
		return []string{v.Customer, v.Rule, v.Citation, v.Recipient, told, when(&v.Target), when(v.Limit)}
	})
}
