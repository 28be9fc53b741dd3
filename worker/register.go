package worker

import (
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/atlascloudai/docket/activities"
	"github.com/atlascloudai/docket/workflows/campaign"
	"github.com/atlascloudai/docket/workflows/contract"
	"github.com/atlascloudai/docket/workflows/incident"
)

// RegisterWorkflows registers every workflow under its name in the contract, also on a replayer.
func RegisterWorkflows(r worker.WorkflowRegistry) {
	r.RegisterWorkflowWithOptions(incident.Workflow, workflow.RegisterOptions{Name: contract.Incident})
	r.RegisterWorkflowWithOptions(campaign.Workflow, workflow.RegisterOptions{Name: contract.Campaign})
}

// RegisterCase registers the activities of an incident's process.
func RegisterCase(r worker.ActivityRegistry, a *activities.Case) {
	r.RegisterActivityWithOptions(a.Next, activity.RegisterOptions{Name: contract.NextCase})
	r.RegisterActivityWithOptions(a.RaiseDue, activity.RegisterOptions{Name: contract.RaiseDue})
	r.RegisterActivityWithOptions(a.EscalateDue, activity.RegisterOptions{Name: contract.EscalateDue})
	r.RegisterActivityWithOptions(a.SendPages, activity.RegisterOptions{Name: contract.SendPages})
}

// RegisterCampaign registers the activities of a campaign's process.
func RegisterCampaign(r worker.ActivityRegistry, a *activities.Campaign) {
	r.RegisterActivityWithOptions(a.Next, activity.RegisterOptions{Name: contract.NextCampaign})
	r.RegisterActivityWithOptions(a.SendPage, activity.RegisterOptions{Name: contract.SendPage})
	r.RegisterActivityWithOptions(a.Seal, activity.RegisterOptions{Name: contract.SealPages})
	r.RegisterActivityWithOptions(a.Finish, activity.RegisterOptions{Name: contract.FinishCampaign})
}
