package api

import (
	"context"
	"time"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/desk"
)

// changes puts notices of change on the router.
func (s *surface) changes() {
	register(s, get("/v1/changes/dates", "changeDates", "Say whom a change would have to be told by when, and from when it could take effect for each", access.AgreementRead),
		func(ctx context.Context, actor access.Actor, in *changeDatesInput) (*answer[desk.ChangeDates], error) {
			dates, err := s.desk.ChangeDates(ctx, actor, desk.ChangeInput{Kind: in.Kind, Planned: in.Planned, SentAt: in.SentAt, Services: in.Services,
				Providers: in.Providers, Regions: in.Regions, Emergency: in.Emergency}, in.Cursor, in.Limit)
			if err != nil {
				return nil, err
			}
			return &answer[desk.ChangeDates]{Body: dates}, nil
		})
}

type changeDatesInput struct {
	PageParams
	Kind      string    `query:"kind" required:"true" enum:"policy,subprocessor,provider,retention,region" doc:"What changes"`
	Planned   time.Time `query:"planned" required:"true" doc:"When it is to take effect"`
	SentAt    time.Time `query:"sent_at" doc:"When the notice would leave; now if absent"`
	Services  []string  `query:"services" maxItems:"50" doc:"Services that change, comma-separated; all if absent"`
	Providers []string  `query:"providers" maxItems:"50" doc:"Providers that are replaced: customers that use none of them are left out"`
	Regions   []string  `query:"regions" maxItems:"50" doc:"Regions that change: customers of other regions are left out"`
	Emergency bool      `query:"emergency" doc:"On the emergency path of agreements that have one"`
}
