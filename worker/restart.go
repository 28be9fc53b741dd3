package worker

import (
	"context"
	"errors"
	"fmt"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
)

// RestartWorkflows terminates the running workflow of every process whose id begins with prefix ("" for
// all) and rings it, so that it begins again from the database with the code of the workers that run now.
// It says how many it rang. What was under way is finished by its worker and counted once: the rows hold
// it, not the workflow.
func RestartWorkflows(ctx context.Context, c client.Client, bells Bells, queuePrefix, prefix string) (int, error) {
	all, err := bells.Of(ctx, prefix)
	if err != nil {
		return 0, err
	}
	for i, bell := range all {
		err := c.TerminateWorkflow(ctx, bell.WorkflowID, "", "restarted by an operator; it goes on from the database")
		if _, none := errors.AsType[*serviceerror.NotFound](err); err != nil && !none {
			return i, fmt.Errorf("cannot terminate %s: %w", bell.WorkflowID, err)
		}
		if err := ring(ctx, c, queuePrefix, bell); err != nil {
			return i, err
		}
	}
	return len(all), nil
}
