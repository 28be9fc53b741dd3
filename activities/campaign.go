package activities

import (
	"context"
	"log/slog"

	"github.com/google/uuid"

	"github.com/atlascloudai/docket/desk"
	"github.com/atlascloudai/docket/notifications"
	"github.com/atlascloudai/docket/workflows/contract"
)

// CampaignDesk is what the process of a campaign asks of the desk. *desk.Desk is one.
type CampaignDesk interface {
	// NextCampaign confirms what was heard and answers with what is due.
	NextCampaign(ctx context.Context, campaignID uuid.UUID, heard int64) (desk.Next, error)
	// Claim takes up to n due recipients for this page, lapsed leases included. Nothing: none is due, or none may go now.
	Claim(ctx context.Context, campaignID, page uuid.UUID, n int) ([]desk.Job, error)
	// Begin commits that an attempt is in flight, before its first byte. problem.Conflict: it must not be made.
	Begin(ctx context.Context, job desk.Job, digest [32]byte, transport string) error
	// Finish commits what the attempt came to, where the page still holds the row.
	Finish(ctx context.Context, job desk.Job, answer desk.Answer) error
	// Release gives back what the page claimed and did not begin.
	Release(ctx context.Context, page uuid.UUID) error
	// Seal seals ended pages into the case's chain.
	Seal(ctx context.Context, campaignID uuid.UUID) error
	// FinishCampaign ends a campaign with nothing left to try. problem.Conflict: there is something again.
	FinishCampaign(ctx context.Context, campaignID uuid.UUID) error
}

// Sender is one way out: a channel, and how its transport is written in the ledger.
type Sender struct {
	Channel notifications.Channel
	// Transport is "direct" or "relay" for mail, and decides what a 250 means.
	Transport string
}

// Campaign are the activities of a campaign's process.
type Campaign struct {
	Desk CampaignDesk
	// Channels are the ways out by their name. The worker of the queue drill is given sinks only.
	Channels map[string]Sender
	// ReturnToken makes a delivery's return path from its id.
	ReturnToken func(delivery uuid.UUID) string
	Log         *slog.Logger
}

// Next says what is due for the campaign now.
func (a *Campaign) Next(ctx context.Context, in contract.Ask) (contract.Next, error) {
	next, err := a.Desk.NextCampaign(ctx, in.ID, in.Heard)
	return contract.Next(next), refusal("ask what is due", err)
}

// SendPage sends one page of recipients.
func (a *Campaign) SendPage(ctx context.Context, in contract.Subject) (contract.Done, error) {
	defer alive(ctx)()
	running, cancel := whileRunning(ctx)
	defer cancel()
	n, err := a.sendPage(running, in.ID)
	return contract.Done{Count: n}, refusal("send a page", err)
}

// Seal seals pages whose sender was lost before it could.
func (a *Campaign) Seal(ctx context.Context, in contract.Subject) (contract.Done, error) {
	defer alive(ctx)()
	err := a.Desk.Seal(ctx, in.ID)
	return contract.Done{Count: 1}, refusal("seal", err)
}

// Finish ends the campaign.
func (a *Campaign) Finish(ctx context.Context, in contract.Subject) (contract.Done, error) {
	err := a.Desk.FinishCampaign(ctx, in.ID)
	return contract.Done{Count: 1}, refusal("finish", err)
}
