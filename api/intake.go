package api

import (
	"context"

	"github.com/google/uuid"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/desk"
)

// intake puts on the router what requests share: agents, and holds on records.
func (s *surface) intake() {
	opens(s, post("/v1/agents", "recordAgent", "Record an authorised agent with what authorises it", access.RequestVerify).makes(), Desk.RecordAgent)
	part(s, post("/v1/agents/{id}/revoke", "revokeAgent", "End an agent's authorisation: it opens no more requests", access.RequestVerify), withoutKey(Desk.RevokeAgent))
	opens(s, post("/v1/record-holds", "placeRecordHold", "Keep a record, or a whole collection, from being destroyed for any request", access.RequestHold).makes(), Desk.PlaceRecordHold)
	register(s, get("/v1/agents", "listAgents", "List agents with what authorises them", access.RequestVerify), whole(s, Desk.Agents))
	register(s, get("/v1/record-holds", "listRecordHolds", "List holds on records, those that stand first", access.RequestHold), whole(s, Desk.RecordHolds))
	part(s, post("/v1/record-holds/{id}/review", "reviewRecordHold", "Record that counsel looked at a hold again and that it stands, until another review date", access.RequestHold), Desk.ReviewRecordHold)
	part(s, post("/v1/record-holds/{id}/release", "releaseRecordHold", "End a hold on records: the requests that waited for it go on by themselves", access.RequestHold), Desk.ReleaseRecordHold)
}

// withoutKey is a decision that does nothing twice by itself.
func withoutKey(do func(Desk, context.Context, access.Actor, uuid.UUID) (desk.Receipt, error)) func(Desk, context.Context, access.Actor, string, uuid.UUID, NoInput) (desk.Receipt, error) {
	return func(d Desk, ctx context.Context, actor access.Actor, _ string, id uuid.UUID, _ NoInput) (desk.Receipt, error) {
		return do(d, ctx, actor, id)
	}
}

// whole is a list outside any case that comes in one page.
func whole[T any](s *surface, read func(Desk, context.Context, access.Actor) ([]T, error)) func(context.Context, access.Actor, *struct{}) (*answer[desk.Page[T]], error) {
	return func(ctx context.Context, actor access.Actor, _ *struct{}) (*answer[desk.Page[T]], error) {
		items, err := read(s.desk, ctx, actor)
		return page(desk.Page[T]{Items: append([]T{}, items...)}, err)
	}
}
