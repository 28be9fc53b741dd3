package main

import (
	"context"
	"io"
	"time"

	"github.com/google/uuid"

	"github.com/atlascloudai/docket/cmd/docket/client"
	"github.com/atlascloudai/docket/desk"
)

// recordHoldCmd is about holds on records, of whatever person.
type recordHoldCmd struct {
	Place   recordHoldPlaceCmd   `cmd:"" help:"Keep a record, or a whole collection, from being destroyed."`
	List    recordHoldListCmd    `cmd:"" help:"List holds with their review dates, those that stand first."`
	Review  recordHoldReviewCmd  `cmd:"" help:"Record that counsel looked at a hold again and that it stands, until another review date."`
	Release recordHoldReleaseCmd `cmd:"" help:"End a hold: the requests that waited for it go on by themselves."`
}

type recordHoldPlaceCmd struct {
	Address  string     `arg:"" help:"store/collection of the estate."`
	Record   string     `help:"Key of the record as a sample of the plan shows it; a key of one value may stand alone; absent: every record of the collection."`
	Ground   string     `required:"" help:"Code of the ground (GDPR art 17(3)), e.g. legal_claims."`
	ReviewAt time.Time  `required:"" help:"When counsel looks at it again, with its offset."`
	Until    *time.Time `help:"When it ends by itself, with its offset."`
	reasonFlag
}

// Run places the hold.
func (c *recordHoldPlaceCmd) Run(ctx context.Context, p *requestCmd, out io.Writer) error {
	return decide(ctx, &p.Remote, out, client.Call{Path: "/v1/record-holds", Body: desk.RecordHoldInput{
		Address: c.Address, Key: c.Record, Ground: c.Ground, Reason: c.Reason, ReviewAt: c.ReviewAt, Until: c.Until,
	}})
}

type recordHoldReviewCmd struct {
	Hold     uuid.UUID `arg:"" help:"Id of the hold."`
	ReviewAt time.Time `required:"" help:"When counsel looks at it again, with its offset."`
	reasonFlag
}

// Run records the review.
func (c *recordHoldReviewCmd) Run(ctx context.Context, p *requestCmd, out io.Writer) error {
	return decide(ctx, &p.Remote, out, client.Call{Path: client.Path("v1", "record-holds", c.Hold.String(), "review"), Body: desk.HoldReviewInput{Reason: c.Reason, ReviewAt: c.ReviewAt}})
}

type recordHoldReleaseCmd struct {
	Hold uuid.UUID `arg:"" help:"Id of the hold."`
	reasonFlag
}

// Run releases.
func (c *recordHoldReleaseCmd) Run(ctx context.Context, p *requestCmd, out io.Writer) error {
	return decide(ctx, &p.Remote, out, client.Call{Path: client.Path("v1", "record-holds", c.Hold.String(), "release"), Body: desk.ReasonInput{Reason: c.Reason}})
}

type recordHoldListCmd struct{}

// Run lists holds.
func (recordHoldListCmd) Run(ctx context.Context, p *requestCmd, out io.Writer) error {
	return list(ctx, &p.Remote, paging{}, out, "/v1/record-holds", nil, "HOLD\tPLACE\tKEEPS\tGROUND\tREVIEW\tUNTIL\tRELEASED\tREASON\t", func(v desk.RecordHoldView) []string {
		keeps := "one record"
		if v.Whole {
			keeps = "everything"
		}
		return []string{v.ID.String(), v.Address, keeps, v.Ground, when(&v.ReviewAt) + yes(v.ReviewDue, " (due)"), when(v.Until), when(v.ReleasedAt), v.Reason}
	})
}
