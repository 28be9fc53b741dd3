// Package incident is the life of an incident's case as its process carries it out. Which stage comes
// when is decided by core/cases/incident; here is how each is done. Deadlines only raise people: no
// stage sends, files or approves anything.
package incident

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/atlascloudai/docket/workflows/contract"
	"github.com/atlascloudai/docket/workflows/process"
)

// linger is how long a case without anything to come waits for the bell before its process ends.
const linger = 24 * time.Hour

// Workflow is the process of one case.
func Workflow(ctx workflow.Context, subject contract.Process) error {
	return process.Life{
		Type:   contract.Incident,
		Next:   contract.NextCase,
		Stage:  stage,
		Linger: linger,
	}.Run(ctx, subject)
}

func stage(name string) process.Stage {
	switch name {
	case contract.StageRaise:
		// A clock passed a milestone: whom it concerns gets a raise, and every raise its pages.
		return process.InDatabase(contract.RaiseDue)
	case contract.StageEscalate:
		// Nobody acknowledged in time: the raise goes to its next step.
		return process.InDatabase(contract.EscalateDue)
	case contract.StagePage:
		// Pages go out to the pager and to the mail copies until the other side has taken them.
		return process.InTheWorld(contract.SendPages, 5*time.Minute)
	default:
		return nil
	}
}
