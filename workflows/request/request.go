// Package request is the life of a data subject request as its process carries it out. Which stage comes when is decided by
// core/cases/request; here is how each is done. Nothing is erased here that people did not approve, and no letter is sent.
package request

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/atlascloudai/docket/workflows/contract"
	"github.com/atlascloudai/docket/workflows/process"
)

// linger is how long a request without anything to come waits for the bell before its process ends.
const linger = 24 * time.Hour

// Workflow is the process of one request.
func Workflow(ctx workflow.Context, subject contract.Process) error {
	return process.Life{
		Type:   contract.Request,
		Next:   contract.NextRequest,
		Stage:  stage,
		Linger: linger,
	}.Run(ctx, subject)
}

func stage(name string) process.Stage {
	switch name {
	case contract.StageTargets:
		// Places that wait for no other are located, erased and verified side by side.
		return sideBySide
	case contract.StagePlan:
		// Everything was located: people get a plan to approve.
		return process.InDatabase(contract.MakePlan)
	case contract.StageStart:
		// The cooling-off is over: the snapshot is closed, and destructive calls are allowed.
		return process.InDatabase(contract.StartErasing)
	case contract.StageDraft:
		// The last third of the period has begun: an answer is drafted from what is true.
		return process.InDatabase(contract.DraftAnswer)
	case contract.StageCarry:
		// The places have come to another status; an end that says what was done gets its certificate.
		return process.InDatabase(contract.CarryRequest)
	case contract.StageWipe:
		// The export was fetched, or its period is over: what was gathered is emptied.
		return process.InDatabase(contract.WipeExport)
	case contract.StageReview:
		// Counsel said to look again at a hold by now: counsel is raised.
		return process.InDatabase(contract.ReviewHolds)
	case contract.StageRemind:
		// A system's owner was to be done by now: people are raised again.
		return process.InDatabase(contract.RemindOwners)
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

// sideBySide works on every place that is due. One that fails holds no other back.
func sideBySide(ctx workflow.Context, subject contract.Subject) (done contract.Done, err error) {
	var due contract.Targets
	if err := process.Local(ctx, contract.DueTargets, subject, &due); err != nil {
		return done, err
	}
	working := make([]workflow.Future, 0, len(due.IDs))
	for _, id := range due.IDs {
		working = append(working, process.World(ctx, contract.WorkTarget, 5*time.Minute, contract.Target{Case: subject.ID, ID: id}))
	}
	for _, one := range working {
		var moved contract.Done
		if failed := one.Get(ctx, &moved); failed != nil && err == nil {
			err = failed
		}
		done.Count += moved.Count
	}
	return done, err
}
