package worker

import (
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/atlascloudai/docket/activities"
	"github.com/atlascloudai/docket/workflows/campaign"
	"github.com/atlascloudai/docket/workflows/change"
	"github.com/atlascloudai/docket/workflows/contract"
	"github.com/atlascloudai/docket/workflows/incident"
	"github.com/atlascloudai/docket/workflows/request"
)

// RegisterWorkflows registers every workflow under its name in the contract, also on a replayer.
func RegisterWorkflows(r worker.WorkflowRegistry) {
	r.RegisterWorkflowWithOptions(incident.Workflow, workflow.RegisterOptions{Name: contract.Incident})
	r.RegisterWorkflowWithOptions(request.Workflow, workflow.RegisterOptions{Name: contract.Request})
	r.RegisterWorkflowWithOptions(change.Workflow, workflow.RegisterOptions{Name: contract.Change})
	r.RegisterWorkflowWithOptions(campaign.Workflow, workflow.RegisterOptions{Name: contract.Campaign})
}

// RegisterCase registers the activities of an incident's process.
func RegisterCase(r worker.ActivityRegistry, a *activities.Case) {
	r.RegisterActivityWithOptions(a.Next, activity.RegisterOptions{Name: contract.NextCase})
	r.RegisterActivityWithOptions(a.RaiseDue, activity.RegisterOptions{Name: contract.RaiseDue})
	r.RegisterActivityWithOptions(a.EscalateDue, activity.RegisterOptions{Name: contract.EscalateDue})
	r.RegisterActivityWithOptions(a.SendPages, activity.RegisterOptions{Name: contract.SendPages})
}

// RegisterRequest registers the activities of a request's process; those that raise and page are the case's.
func RegisterRequest(r worker.ActivityRegistry, a *activities.Request) {
	r.RegisterActivityWithOptions(a.Next, activity.RegisterOptions{Name: contract.NextRequest})
	r.RegisterActivityWithOptions(a.DueTargets, activity.RegisterOptions{Name: contract.DueTargets})
	r.RegisterActivityWithOptions(a.WorkTarget, activity.RegisterOptions{Name: contract.WorkTarget})
	r.RegisterActivityWithOptions(a.MakePlan, activity.RegisterOptions{Name: contract.MakePlan})
	r.RegisterActivityWithOptions(a.StartErasing, activity.RegisterOptions{Name: contract.StartErasing})
	r.RegisterActivityWithOptions(a.DraftAnswer, activity.RegisterOptions{Name: contract.DraftAnswer})
	r.RegisterActivityWithOptions(a.CarryRequest, activity.RegisterOptions{Name: contract.CarryRequest})
	r.RegisterActivityWithOptions(a.WipeExport, activity.RegisterOptions{Name: contract.WipeExport})
	r.RegisterActivityWithOptions(a.RemindOwners, activity.RegisterOptions{Name: contract.RemindOwners})
	r.RegisterActivityWithOptions(a.ReviewHolds, activity.RegisterOptions{Name: contract.ReviewHolds})
}

// RegisterChange registers the activities of a notice of change's process; those that raise and page are the case's.
func RegisterChange(r worker.ActivityRegistry, a *activities.Change) {
	r.RegisterActivityWithOptions(a.Next, activity.RegisterOptions{Name: contract.NextChange})
	r.RegisterActivityWithOptions(a.CountDates, activity.RegisterOptions{Name: contract.CountDates})
	r.RegisterActivityWithOptions(a.TakeEffect, activity.RegisterOptions{Name: contract.TakeEffect})
	r.RegisterActivityWithOptions(a.CarryChange, activity.RegisterOptions{Name: contract.CarryChange})
	r.RegisterActivityWithOptions(a.RaiseObjections, activity.RegisterOptions{Name: contract.RaiseObjections})
}

// RegisterCampaign registers the activities of a campaign's process.
func RegisterCampaign(r worker.ActivityRegistry, a *activities.Campaign) {
	r.RegisterActivityWithOptions(a.Next, activity.RegisterOptions{Name: contract.NextCampaign})
	r.RegisterActivityWithOptions(a.SendPage, activity.RegisterOptions{Name: contract.SendPage})
	r.RegisterActivityWithOptions(a.Seal, activity.RegisterOptions{Name: contract.SealPages})
	r.RegisterActivityWithOptions(a.Finish, activity.RegisterOptions{Name: contract.FinishCampaign})
}
