// Package process is the life that every durable process shares: ask what is due, carry it out, say
// what was heard, sleep until the instant or the bell. It holds ids and instants only, so that it can be
// ended at any point and begun again from the database.
package process

import (
	"errors"
	"fmt"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/atlascloudai/docket/workflows/contract"
)

const (
	// shortest keeps a process from spinning where the database's clock is behind this one.
	shortest = time.Second
	// firstPause and longestPause bound the wait after stages that were due and moved nothing.
	firstPause   = 2 * time.Second
	longestPause = time.Minute
)

// Stage carries one stage out.
type Stage func(workflow.Context, contract.Subject) (contract.Done, error)

// Life describes one kind of process.
type Life struct {
	// Type is the workflow's type, which continues as new under its own name.
	Type string
	// Next is the name of the activity that says what is due.
	Next string
	// Stage finds how a stage is carried out, by its name; nil for a name that this build does not know.
	Stage func(name string) Stage
	// Linger is how long the process waits for the bell while nothing is to come. Then it ends; the next
	// bell begins it again.
	Linger time.Duration
}

// Run lives it. It ends without error when nothing is to come, or continues as new with the id alone.
func (life Life) Run(ctx workflow.Context, subject contract.Process) error {
	bell := workflow.GetSignalChannel(ctx, contract.Bell)
	heard, pause := int64(0), firstPause
	for {
		// Every bell that rang before the question is answered by it.
		for bell.ReceiveAsync(nil) {
		}
		var next contract.Next
		if err := Local(ctx, life.Next, contract.Ask{ID: subject.ID, Heard: heard}, &next); err != nil {
			return err
		}
		moved, err := life.carryOut(ctx, contract.Subject(subject), next.Stages)
		if err != nil {
			return err
		}
		// With something to do, what was heard is confirmed by the next question, after it was done; an
		// answer that says "nothing" has confirmed itself.
		heard = next.Heard
		switch {
		case workflow.GetInfo(ctx).GetContinueAsNewSuggested():
			// What was heard and not yet confirmed is told to the next run again: the row remembers.
			return workflow.NewContinueAsNewError(ctx, life.Type, subject)
		case moved > 0:
			pause = firstPause
			continue
		case len(next.Stages) > 0:
			// It was due and moved nothing: somebody else is at it, or it may not go on yet.
			if _, err := awaitBell(ctx, bell, pause); err != nil {
				return err
			}
			pause = min(2*pause, longestPause)
			continue
		}
		pause = firstPause
		rang, err := awaitBell(ctx, bell, life.rest(ctx, next.WakeAt))
		if err != nil {
			return err
		}
		if !rang && bell.Len() == 0 && next.WakeAt == nil {
			// A fact that comes between the answer and this end is a row still unheard: the relay rings
			// until a run has heard it.
			return nil
		}
	}
}

// carryOut carries the stages out in their order and counts what they moved.
func (life Life) carryOut(ctx workflow.Context, subject contract.Subject, names []string) (moved int, err error) {
	for _, name := range names {
		stage := life.Stage(name)
		if stage == nil {
			// The task is retried until a worker that knows the stage takes it; failing the process would
			// end what only an older build cannot do.
			workflow.GetLogger(ctx).Error("this build does not know the stage; a newer worker has to carry it out", "stage", name)
			panic(fmt.Sprintf("stage %q is not known to this build", name))
		}
		done, err := stage(ctx, subject)
		if refused, ok := errors.AsType[*temporal.ApplicationError](err); ok && refused.Type() == contract.Conflict {
			workflow.GetLogger(ctx).Info("the state changed meanwhile; asking again", "stage", name)
			continue
		}
		if err != nil {
			return moved, fmt.Errorf("cannot carry out stage %s: %w", name, err)
		}
		moved += done.Count
	}
	return moved, nil
}

// rest is how long to sleep when nothing is due.
func (life Life) rest(ctx workflow.Context, wakeAt *time.Time) time.Duration {
	if wakeAt == nil {
		return life.Linger
	}
	return max(wakeAt.Sub(workflow.Now(ctx)), shortest)
}

// awaitBell sleeps for d or until the bell rings, and says whether it rang.
func awaitBell(ctx workflow.Context, bell workflow.ReceiveChannel, d time.Duration) (bool, error) {
	if d <= 0 {
		return bell.Len() > 0, nil
	}
	return workflow.AwaitWithTimeout(ctx, d, func() bool { return bell.Len() > 0 })
}
