// Package erasing holds the words in which Docket and the places where personal data lives speak of records: what is asked for,
// what was located, what is to be erased, what a store confirmed and what another path saw. It is pure.
package erasing

import (
	"fmt"
	"time"

	"github.com/atlascloudai/docket/core/estate"
)

// Query asks for the records of one collection that are about a person.
type Query struct {
	Collection estate.Collection
	// Matches are alternatives: a record is meant where any of them holds.
	Matches []Match
	// Fields are read with each record: those that references lead on by, or all that an export shows.
	Fields []string
}

// Match says that a field holds one of some values. For an S3 collection the field is the name in the prefix's braces, for a
// manual one the kind of identity.
type Match struct {
	Field  string   `json:"field"`
	Values []string `json:"values"`
}

// Item is one record.
type Item struct {
	// Key names the record in its collection: a JSON array of its key's values as text, an object's key.
	Key string `json:"key"`
	// Values are the fields that were asked for.
	Values map[string]any `json:"values,omitempty"`
}

// Page is one page of what was located.
type Page struct {
	Items []Item
	// Next asks for the page after it.
	Next string
	// End says that the store answered with an empty page: there is nothing after it. An end with items is no proof and
	// does not occur.
	End bool
}

// Order is what is to be erased or verified: one page of one target.
type Order struct {
	// ID is the same whenever the same page is tried again.
	ID         string
	Collection estate.Collection
	// Keep says that the records stay on a ground, and only the fields with a mask are masked.
	Keep  bool
	Items []Item
}

// Masks says whether the order masks fields and keeps the records.
func (o Order) Masks() bool { return o.Keep || o.Collection.Strategy == estate.MaskFields }

// Outcome is what the store confirmed about one item. None of them says that the item is gone: Verify does.
type Outcome string

// The outcomes of erasing an item.
const (
	// Erased: the store confirmed that it deleted the record.
	Erased Outcome = "erased"
	// Masked: the store confirmed that it overwrote the fields.
	Masked Outcome = "masked"
	// Absent: the store said that there was no such record.
	Absent Outcome = "absent"
	// Accepted: the other side took the order and will carry it out; Verify asks how far it came.
	Accepted Outcome = "accepted"
	// Held: the store refuses while a lock or a hold of its own stands.
	Held Outcome = "held"
)

// Result is an outcome with what the store said about it.
type Result struct {
	Outcome Outcome
	// Until is when a hold of the store's own ends, where it says so.
	Until *time.Time
	// Detail is the store's own words about a hold, without personal data.
	Detail string
}

// State is what verification saw of one item.
type State string

// What verification sees.
const (
	// Gone: the other path does not find the record; or finds it with every field masked.
	Gone State = "gone"
	// Residue: it is still there, or a field still has its value.
	Residue State = "residue"
	// Pending: the other side has not finished.
	Pending State = "pending"
	// StillHeld: a lock or hold of the store's own keeps it.
	StillHeld State = "held"
	// Attested: a person says that it is gone, with evidence and a second person's check. Never called verified.
	Attested State = "attested"
)

// Finding is what verification saw of an item.
type Finding struct {
	State State
	// Until is when a hold of the store's own ends.
	Until *time.Time
	// RetryAt is when the other side said to look again at what is pending.
	RetryAt *time.Time
	// Evidence digests what the other path answered; it goes into the certificate.
	Evidence []byte
}

// Class is a class of error, as people and the agenda see it.
type Class string

// The classes of errors.
const (
	// Transient: away, busy, timed out; the same call may succeed later.
	Transient Class = "transient"
	// Refused: the store knows us and does not let us (credentials, permissions).
	Refused Class = "refused"
	// Mismatch: the store is not what the estate says (a missing table, column, bucket or resource).
	Mismatch Class = "mismatch"
	// Broken: the other side answered against its contract.
	Broken Class = "broken"
)

// Error is a failure of a store. Detail names no record and holds no value.
type Error struct {
	Class  Class
	Detail string
	// RetryAt is when the other side said to come again.
	RetryAt *time.Time
	Cause   error
}

// Error is the class and the detail; the cause's own text may repeat a value and stays out.
func (e *Error) Error() string { return fmt.Sprintf("%s: %s", e.Class, e.Detail) }

// Unwrap is the cause.
func (e *Error) Unwrap() error { return e.Cause }
