// Package contract is the signed contract of docs/erasure-contract.yaml, for both sides: what is asked and answered, how
// it is signed, and a handler for the service that answers. A team writes a Service and mounts Handler.
package contract

import (
	"time"

	"github.com/atlascloudai/docket/core/estate"
	"github.com/atlascloudai/docket/erasure"
)

// The types of messages. A signature covers the body alone, so each body says which call it belongs to: none can be
// replayed to another path, and no question can be held up as its own answer.
const (
	TypeLocate      = "erasure.locate.v1"
	TypeLocated     = "erasure.located.v1"
	TypeErase       = "erasure.erase.v1"
	TypeErased      = "erasure.erased.v1"
	TypeVerify      = "erasure.verify.v1"
	TypeVerified    = "erasure.verified.v1"
	TypeCollections = "erasure.collections.v1"
)

// The paths below the service's base.
const (
	PathLocate      = "/locate"
	PathErase       = "/erase"
	PathVerify      = "/verify"
	PathCollections = "/collections"
)

// The limits that both sides hold each other to.
const (
	// MaxBody bounds a body, in bytes.
	MaxBody = 4 << 20
	// MaxItems bounds the items of a page and the keys of an order.
	MaxItems = 1000
	// MaxKey bounds a key, in bytes.
	MaxKey = 1024
	// MaxDetail bounds the words about a hold, in bytes.
	MaxDetail = 500
	// Tolerance is how far a timestamp may be from the reader's clock.
	Tolerance = 5 * time.Minute
)

// Locate asks for the records where any of the matches holds: those whose keys come after After in the order of their
// bytes ("" is the start), at most Limit of them and no more than fit in MaxBody, with the values of Fields.
type Locate struct {
	Type       string   `json:"type"`
	Collection string   `json:"collection"`
	Matches    []Match  `json:"matches"`
	Fields     []string `json:"fields"`
	After      string   `json:"after"`
	Limit      int      `json:"limit"`
}

// Match says that a field holds one of some values.
type Match struct {
	Field  string   `json:"field"`
	Values []string `json:"values"`
}

// Located is one page, in the order of its keys. Only an empty page says that there is nothing more.
type Located struct {
	Type  string `json:"type"`
	Items []Item `json:"items"`
}

// Item is one record with the values that were asked for, all of them, null where it has none.
type Item struct {
	Key    string         `json:"key"`
	Values map[string]any `json:"values"`
}

// Order asks to erase (TypeErase), or how far that came (TypeVerify).
type Order struct {
	Type string `json:"type"`
	// Order is the same whenever the same page is tried again. What it has erased before is answered as erased again.
	Order      string `json:"order"`
	Collection string `json:"collection"`
	// Mask are the fields to mask; with any, the records stay. Without, they are deleted.
	Mask []Masking `json:"mask"`
	Keys []string  `json:"keys"`
}

// Masking says what to write into a field: null, the SHA-256 of the value, its HMAC-SHA-256 under a secret that the
// service keeps, or the fixed Value.
type Masking struct {
	Field string          `json:"field"`
	With  estate.MaskWith `json:"with"`
	Value string          `json:"value,omitempty"`
}

// Erased has one result for each key of the order, in its order.
type Erased struct {
	Type    string   `json:"type"`
	Order   string   `json:"order"`
	Results []Result `json:"results"`
}

// Result is what became of one record: erased (masked, where fields are masked), absent, accepted for later, or held by
// a lock of the service's own, until when, in words without personal data.
type Result struct {
	Key     string          `json:"key"`
	Outcome erasure.Outcome `json:"outcome"`
	Until   *time.Time      `json:"until,omitempty"`
	Detail  string          `json:"detail,omitempty"`
}

// Verified has one finding for each key of the order, in its order, read by another path than Erase wrote by.
type Verified struct {
	Type     string    `json:"type"`
	Order    string    `json:"order"`
	Findings []Finding `json:"findings"`
}

// Finding is what is true of a record now: gone (or every ordered field masked), residue, pending with the time to ask
// again, or held with the time when that ends.
type Finding struct {
	Key     string        `json:"key"`
	State   erasure.State `json:"state"`
	Until   *time.Time    `json:"until,omitempty"`
	RetryAt *time.Time    `json:"retry_at,omitempty"`
}
