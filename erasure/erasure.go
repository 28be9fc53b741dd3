// Package erasure is the room of places where personal data lives: locate, erase, verify. Each kind of store is one folder
// that implements Store and passes erasure/conformance; adding one touches no other room.
//
// What holds for every kind: Locate pages until the store itself answers with an empty page. Erase is idempotent. Verify reads
// by another path than Erase wrote by. Memory is bounded by a page. A missing table, bucket or resource is an error and
// never an absence.
package erasure

import (
	"context"

	"github.com/atlascloudai/docket/core/erasing"
	"github.com/atlascloudai/docket/core/estate"
)

// Store is one place, opened.
type Store interface {
	// Locate answers one page of the records that a query means, in the order of their keys; cursor is "" for the first page
	// and Page.Next after it. Every item of an answer is in the store at that moment.
	Locate(ctx context.Context, q Query, cursor string, limit int) (Page, error)
	// Erase carries out an order, as the collection's strategy says; there is one result per item, in their order. The same
	// order may come again after an answer that was lost.
	Erase(ctx context.Context, order Order) ([]Result, error)
	// Verify looks for an order's items by another path; there is one finding per item, in their order.
	Verify(ctx context.Context, order Order) ([]Finding, error)
	// Check compares what the estate says of the store with the live store.
	Check(ctx context.Context, declared estate.Store) ([]estate.Finding, error)
	// Close lets go of the store.
	Close()
}

// Sized is a store that knows about how many records a collection holds, so that a plan can say which share of it it reaches.
type Sized interface {
	// Size is an estimate; zero where the store does not know.
	Size(ctx context.Context, collection estate.Collection) (int64, error)
}

// The words of core/erasing, so that a kind of store needs to import this room alone.
type (
	Query   = erasing.Query
	Match   = erasing.Match
	Item    = erasing.Item
	Page    = erasing.Page
	Order   = erasing.Order
	Outcome = erasing.Outcome
	Result  = erasing.Result
	State   = erasing.State
	Finding = erasing.Finding
	Class   = erasing.Class
	Error   = erasing.Error
)

// The outcomes, states and classes of core/erasing.
const (
	Erased   = erasing.Erased
	Masked   = erasing.Masked
	Absent   = erasing.Absent
	Accepted = erasing.Accepted
	Held     = erasing.Held

	Gone      = erasing.Gone
	Residue   = erasing.Residue
	Pending   = erasing.Pending
	StillHeld = erasing.StillHeld
	Attested  = erasing.Attested

	Transient = erasing.Transient
	Refused   = erasing.Refused
	Mismatch  = erasing.Mismatch
	Broken    = erasing.Broken
)
