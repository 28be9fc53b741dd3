package manual

import (
	"context"

	"github.com/atlascloudai/docket/core/estate"
	"github.com/atlascloudai/docket/erasure"
)

// Tasks are the tasks of one request, with whoever keeps them. Their errors are tried again later, and so is a call whose
// context is over.
type Tasks interface {
	// Open opens the task of an order, or leaves the one that is there as it is, whatever its state. It answers once the
	// task is kept; two calls at once open one.
	Open(ctx context.Context, task Task) error
	// Status is how far the task of an order came; NotAsked where there is none.
	Status(ctx context.Context, order string) (Status, error)
	// Settled says that the request has an attested task without masks about the subject in the collection: it was
	// deleted, or was not there, and nobody is asked again. What was masked is still there, to be deleted when its ground ends.
	Settled(ctx context.Context, store, collection, subject string) (bool, error)
}

// Task is what the owner of a system is asked to do.
type Task struct {
	// Order is the order's id; it names the task.
	Order string
	// Store and Collection say where, in the estate's words; Owner is the handle of who answers for the store.
	Store, Collection, Owner string
	// Subject digests the collection and the identities. It can be guessed from them, so it is kept as they are.
	Subject string
	// Identities are who is meant, by kind of identity: personal data, shown to the owner and sealed at rest.
	Identities []erasure.Match
	// Masks are the fields to mask and how; the records stay then. Without any they are to be deleted.
	Masks []estate.Field
	// Keep says that the records stay on a ground, and not because the collection always masks.
	Keep bool
}

// State is how far a task came, as far as erasing needs to know it.
type State string

// The states of a task.
const (
	// NotAsked: there is no task.
	NotAsked State = "not_asked"
	// Open: the owner has not answered, the evidence is not there, or no second person accepted it; also when it was
	// sent back.
	Open State = "open"
	// Attested: the owner says that it is done, or that nothing was there, with evidence, and a second person checked it.
	Attested State = "attested"
)

// Status is a state, and the digest of the evidence behind an attested one.
type Status struct {
	State    State
	Evidence []byte
}
