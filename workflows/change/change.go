// Package change is the life of a notice of change as its process carries it out. Which stage comes when is decided by
// core/cases/change; here is how each is done. Nothing is sent here, and nothing takes effect that somebody holds back.
package change

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/atlascloudai/docket/workflows/contract"
	"github.com/atlascloudai/docket/workflows/process"
)

// linger is how long a change without anything to come waits for the bell before its process ends.
const linger = 24 * time.Hour

// Workflow is the process of one notice of change.
func Workflow(ctx workflow.Context, subject contract.Process) error {
	return process.Life{
		Type:   contract.Change,
		Next:   contract.NextChange,
		Stage:  stage,
		Linger: linger,
	}.Run(ctx, subject)
}

func stage(name string) process.Stage {
	switch name {
	case contract.StageDates:
		// Customers were told: their windows are counted from when they were.
		return process.InDatabase(contract.CountDates)
	case contract.StageTake:
		// Windows are over: the change takes effect for those whom nothing holds back.
		return process.InDatabase(contract.TakeEffect)
	case contract.StageStatus:
		// Everybody was told, or it took effect for everybody.
		return process.InDatabase(contract.CarryChange)
	case contract.StageObjections:
		// The time to find a way after an objection is over: people decide.
		return process.InDatabase(contract.RaiseObjections)
	case contract.StageRaise:
		return process.InDatabase(contract.RaiseDue)
	case contract.StageEscalate:
		return process.InDatabase(contract.EscalateDue)
	case contract.StagePage:
		return process.InTheWorld(contract.SendPages, 5*time.Minute)
	default:
		return nil
	}
}
