// Package campaign is the sending of one approved notice as its process carries it out: page after page
// of recipients while any are due, seals over what came of them, and an end. The rows are the truth; a
// paused, stopped or finished campaign has nothing due, so its process ends, and the next bell (a resume,
// a late bounce, a next contact) begins it again.
package campaign

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/atlascloudai/docket/workflows/contract"
	"github.com/atlascloudai/docket/workflows/process"
)

// pageLimit bounds one page: twenty seconds of claiming, then the end of the slowest attempt under way.
const pageLimit = 15 * time.Minute

// Workflow is the process of one campaign.
func Workflow(ctx workflow.Context, subject contract.Process) error {
	return process.Life{
		Type:  contract.Campaign,
		Next:  contract.NextCampaign,
		Stage: stage,
	}.Run(ctx, subject)
}

func stage(name string) process.Stage {
	switch name {
	case contract.StageSend:
		// Recipients are due: a sender takes one page of them. While more are due, this stage comes again.
		return process.InTheWorld(contract.SendPage, pageLimit)
	case contract.StageSeal:
		// A page ended without its seal, because its sender was lost.
		return process.InTheWorld(contract.SealPages, time.Minute)
	case contract.StageFinish:
		// Every recipient has come to an end.
		return process.InDatabase(contract.FinishCampaign)
	default:
		return nil
	}
}
