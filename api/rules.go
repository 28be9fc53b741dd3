package api

import (
	"context"

	"github.com/google/uuid"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/desk"
)

// rules puts the rule pack on the router: what is in force, who adopted it, and what it means for a case.
func (s *surface) rules() {
	register(s, get("/v1/rules", "listRules", "List the rules of the pack, with who adopted them", access.RuleRead),
		func(ctx context.Context, actor access.Actor, _ *struct{}) (*answer[desk.RulesView], error) {
			view, err := s.desk.Rules(ctx, actor)
			if err != nil {
				return nil, err
			}
			return &answer[desk.RulesView]{Body: view}, nil
		})
	adopt := post("/v1/rules/{rule}/adoption", "adoptRule", "Make a rule the company's own, or take that back", access.RuleAdopt)
	adopt.status = 204
	register(s, adopt, func(ctx context.Context, actor access.Actor, in *adoptInput) (*struct{}, error) {
		return nil, s.desk.AdoptRule(ctx, actor, in.Rule, in.Body)
	})
	register(s, get(oneCase+"/newer-rules", "newerRules", "Say what the newest rules would change about a case that keeps older ones", access.CaseRead),
		func(ctx context.Context, actor access.Actor, in *CaseParam) (*answer[desk.Page[desk.NewerView]], error) {
			id, err := s.resolve(ctx, actor, in.Case)
			if err != nil {
				return nil, err
			}
			views, err := s.desk.NewerRules(ctx, actor, id)
			return page(desk.Page[desk.NewerView]{Items: views}, err)
		})
	register(s, get(oneCase+"/estimates", "listEstimates", "Estimate the clocks of customers' own regulators, if theirs started at our notice", access.CaseRead),
		func(ctx context.Context, actor access.Actor, in *estimatesInput) (*answer[desk.Page[desk.EstimateView]], error) {
			id, err := s.resolve(ctx, actor, in.Case)
			if err != nil {
				return nil, err
			}
			return page(s.desk.Estimates(ctx, actor, id, in.Cursor, in.Limit))
		})
}

type adoptInput struct {
	Rule string `path:"rule" maxLength:"120" doc:"Id of the rule"`
	Body desk.AdoptInput
}

type estimatesInput struct {
	CaseParam
	PageParams
}

// law is the rules and what they mean for a case.
type law interface {
	Rules(ctx context.Context, actor access.Actor) (desk.RulesView, error)
	AdoptRule(ctx context.Context, actor access.Actor, rule string, in desk.AdoptInput) error
	NewerRules(ctx context.Context, actor access.Actor, caseID uuid.UUID) ([]desk.NewerView, error)
	Estimates(ctx context.Context, actor access.Actor, caseID uuid.UUID, cursor string, limit int) (desk.Page[desk.EstimateView], error)
}
