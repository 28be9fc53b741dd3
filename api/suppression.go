package api

import (
	"context"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/desk"
)

type checkInput struct {
	Body desk.SuppressionInput
}

type liftInput struct {
	KeyHeader
	Body desk.LiftInput
}

// suppression puts what must not come back on the router.
func (s *surface) suppression() {
	register(s, post("/v1/suppression/check", "checkSuppressed", "Ask which identifiers were erased for their person and must not be written back", access.SuppressionCheck),
		func(ctx context.Context, actor access.Actor, in *checkInput) (*answer[desk.Page[desk.SuppressionFlag]], error) {
			flags, err := s.desk.CheckSuppressed(ctx, actor, in.Body)
			return page(desk.Page[desk.SuppressionFlag]{Items: flags}, err)
		})
	register(s, post("/v1/suppression/lift", "liftSuppression", "Let an identifier be written again: its person signed up anew", access.SuppressionLift),
		func(ctx context.Context, actor access.Actor, in *liftInput) (*receiptAnswer, error) {
			done, err := s.desk.LiftSuppression(ctx, actor, in.Key, in.Body)
			if err != nil {
				return nil, err
			}
			return receipt(done), nil
		})
}
