package activities

import (
	"context"

	"github.com/google/uuid"

	"github.com/atlascloudai/docket/core/estate"
	"github.com/atlascloudai/docket/desk"
	"github.com/atlascloudai/docket/erasure/manual"
)

// OwnerTasks are the desk as the keeper of the tasks that systems' owners are given.
type OwnerTasks struct{ *desk.Desk }

// OpenTask opens the task of an order, or leaves the one that is there as it is.
func (t OwnerTasks) OpenTask(ctx context.Context, caseID uuid.UUID, task manual.Task) error {
	asked := desk.OwnerTask{Order: task.Order, Store: task.Store, Collection: task.Collection, Owner: task.Owner, Subject: task.Subject, Identities: task.Identities, Keep: task.Keep}
	for _, field := range task.Masks {
		if asked.Masks == nil {
			asked.Masks = map[string]string{}
		}
		asked.Masks[field.Name] = string(field.Mask.With)
		if field.Mask.With == estate.Fixed {
			asked.Masks[field.Name] += ": " + field.Mask.Value
		}
	}
	return t.Desk.OpenTask(ctx, caseID, asked)
}
