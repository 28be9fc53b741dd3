// Package places opens the stores of an estate by their ids: each once, when it is first asked for, by the connection that a
// file gives it. A store that people look after is made for each request, with the tasks of whoever keeps them.
package places

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"github.com/atlascloudai/docket/core/estate"
	"github.com/atlascloudai/docket/erasure"
	"github.com/atlascloudai/docket/erasure/manual"
)

// TaskKeeper keeps the tasks of systems' owners.
type TaskKeeper interface {
	// OpenTask opens the task of an order for a request, or leaves the one that is there as it is.
	OpenTask(ctx context.Context, caseID uuid.UUID, task manual.Task) error
	// TaskAttested says whether an order's task was carried out and checked, with the digest of its evidence; known is
	// false where there is no such task.
	TaskAttested(ctx context.Context, order string) (digest []byte, attested, known bool, err error)
	// TaskSettled says whether the request has an attested task about a subject in a collection, store/collection.
	TaskSettled(ctx context.Context, caseID uuid.UUID, address, subject string) (bool, error)
}

// Places are the stores of an estate. They are safe for concurrent use until Close.
type Places struct {
	connections Connections
	keeper      TaskKeeper
	maskingKey  []byte
	places      map[string]*place
}

// place is a store of the estate, and what it was opened as.
type place struct {
	declared estate.Store
	// turn is held by whoever opens the store or closes it.
	turn   chan struct{}
	opened erasure.Store
	// checked is when the live store was last found to be as declared.
	checked atomic.Pointer[time.Time]
}

// fresh is how long a store that was found to be as declared counts as such.
const fresh = time.Minute

// New is an estate with the connections to its stores. maskingKey is the key of estate.HMAC. Nothing is opened yet;
// Connections.Fit tells beforehand which stores could not be. keeper may be nil where no store is asked about a request.
func New(declared estate.Estate, connections Connections, keeper TaskKeeper, maskingKey []byte) *Places {
	p := &Places{connections: connections, keeper: keeper, maskingKey: maskingKey, places: map[string]*place{}}
	for _, store := range declared.Stores {
		p.places[store.ID] = &place{declared: store, turn: make(chan struct{}, 1)}
	}
	return p
}

// Open answers the store of that id, opened; it stays open until Close, and whoever asked does not close it. A store that
// could not be opened is tried again by the next call. Errors are *erasure.Error.
func (p *Places) Open(ctx context.Context, id string, caseID uuid.UUID) (erasure.Store, error) {
	place := p.places[id]
	if place == nil {
		return nil, refused("the estate has no store " + id + ": a plan that names it was made from another estate; bring the store back, or plan anew")
	}
	if place.declared.Kind == estate.Manual {
		return manual.New(place.declared, tasks{p.keeper, caseID}), nil
	}
	connection, there := p.connections[id]
	if !there {
		return nil, refused(noConnection(place.declared))
	}
	if connection.kind() != place.declared.Kind {
		return nil, refused(wrongConnection(place.declared))
	}
	select {
	case place.turn <- struct{}{}:
		defer func() { <-place.turn }()
	case <-ctx.Done():
		return nil, &erasure.Error{Class: erasure.Transient, Detail: "the store " + id + " was not open in time", Cause: ctx.Err()}
	}
	if place.opened == nil {
		opened, err := connection.open(ctx, place.declared, p.maskingKey)
		if err != nil {
			return nil, inStoresWords(id, err)
		}
		place.opened = opened
	}
	return place.opened, nil
}

// AsDeclared holds the estate against the live store of that id, once a minute at most: nil where it is as declared. Errors
// are *erasure.Error: erasure.Mismatch where it is not.
func (p *Places) AsDeclared(ctx context.Context, id string, caseID uuid.UUID) error {
	store, err := p.Open(ctx, id, caseID)
	if err != nil {
		return err
	}
	place := p.places[id]
	if at := place.checked.Load(); at != nil && time.Since(*at) < fresh {
		return nil
	}
	findings, err := store.Check(ctx, place.declared)
	if err != nil {
		return err
	}
	if wrong := estate.Wrong(findings); len(wrong) > 0 {
		return &erasure.Error{Class: erasure.Mismatch, Detail: fmt.Sprintf("the store %s is not as the estate says, so that people could be missed (%d findings; docket estate check tells all): %s: %s",
			id, len(wrong), wrong[0].At, wrong[0].Detail)}
	}
	now := time.Now()
	place.checked.Store(&now)
	return nil
}

// Close closes what was opened.
func (p *Places) Close() {
	for _, place := range p.places {
		place.turn <- struct{}{}
		if place.opened != nil {
			place.opened.Close()
			place.opened = nil
		}
		<-place.turn
	}
}

func refused(detail string) error { return &erasure.Error{Class: erasure.Refused, Detail: detail} }

// inStoresWords makes an error of a store's connection one that stages and people understand.
func inStoresWords(id string, err error) error {
	if _, ok := errors.AsType[*erasure.Error](err); ok {
		return err
	}
	return &erasure.Error{Class: erasure.Refused, Detail: "the connection of " + id + " cannot be used: " + err.Error(), Cause: err}
}

// tasks are the tasks of one request.
type tasks struct {
	keeper TaskKeeper
	caseID uuid.UUID
}

var _ manual.Tasks = tasks{}

// Open implements manual.Tasks.
func (t tasks) Open(ctx context.Context, task manual.Task) error {
	return t.keeper.OpenTask(ctx, t.caseID, task)
}

// Status implements manual.Tasks.
func (t tasks) Status(ctx context.Context, order string) (manual.Status, error) {
	digest, attested, known, err := t.keeper.TaskAttested(ctx, order)
	switch {
	case err != nil:
		return manual.Status{}, err
	case !known:
		return manual.Status{State: manual.NotAsked}, nil
	case !attested:
		return manual.Status{State: manual.Open}, nil
	}
	return manual.Status{State: manual.Attested, Evidence: digest}, nil
}

// Settled implements manual.Tasks.
func (t tasks) Settled(ctx context.Context, store, collection, subject string) (bool, error) {
	return t.keeper.TaskSettled(ctx, t.caseID, string(estate.AddressOf(store, collection)), subject)
}
