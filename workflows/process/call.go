package process

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/atlascloudai/docket/workflows/contract"
)

// forEver retries what is away until it is back. What must not be retried is typed non-retryable by the activity.
var forEver = temporal.RetryPolicy{InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: time.Minute}

// Local calls an activity that only asks or writes the database and takes less than five seconds. It
// costs one event of history, so that a process may wake often.
func Local(ctx workflow.Context, name string, in, out any) error {
	policy := forEver
	ctx = workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{
		StartToCloseTimeout:    5 * time.Second,
		ScheduleToCloseTimeout: 10 * 365 * 24 * time.Hour, // else one start's timeout would bound the retries too
		RetryPolicy:            &policy,
	})
	return workflow.ExecuteLocalActivity(ctx, name, in).Get(ctx, out)
}

// InDatabase is a stage that only writes the database.
func InDatabase(activity string) Stage {
	return func(ctx workflow.Context, subject contract.Subject) (done contract.Done, err error) {
		err = Local(ctx, activity, subject, &done)
		return done, err
	}
}

// InTheWorld is a stage that speaks to others: one attempt may take limit, and shows by heartbeats that it lives.
func InTheWorld(activity string, limit time.Duration) Stage {
	return func(ctx workflow.Context, subject contract.Subject) (done contract.Done, err error) {
		err = World(ctx, activity, limit, subject).Get(ctx, &done)
		return done, err
	}
}

// World begins one activity that speaks to others.
func World(ctx workflow.Context, activity string, limit time.Duration, in any) workflow.Future {
	policy := forEver
	return workflow.ExecuteActivity(workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout: limit,
		HeartbeatTimeout:    30 * time.Second,
		RetryPolicy:         &policy,
		// A cancelled process still learns what its sender did.
		WaitForCancellation: true,
	}), activity, in)
}
