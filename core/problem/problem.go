// Package problem is the one small set of errors that leave Docket's domain.
// A surface maps a Code once: the API to an HTTP status (RFC 9457), an activity
// to a Temporal application error, the command line to an exit code.
package problem

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Code says which kind of refusal this is. Codes are stable: clients match on them.
type Code string

// The codes, each with the one meaning it may carry.
const (
	// Invalid: the input itself is wrong; Field names the part and Detail the remedy.
	Invalid Code = "invalid"
	// Unauthenticated: no valid credential came with the request.
	Unauthenticated Code = "unauthenticated"
	// Forbidden: the actor is known and may not do this.
	Forbidden Code = "forbidden"
	// NotFound: it does not exist, or does not exist for this actor.
	NotFound Code = "not_found"
	// Conflict: the state refuses; Blockers say why. Nothing was changed.
	Conflict Code = "conflict"
	// InFlight: the same idempotency key is being worked on right now.
	InFlight Code = "in_flight"
	// Mismatch: the idempotency key was used before with another body.
	Mismatch Code = "mismatch"
	// Stale: the text was changed by somebody else since it was read (If-Match).
	Stale Code = "stale"
	// TooLarge: the body is over the limit.
	TooLarge Code = "too_large"
	// RateLimited: too many requests; RetryAfter says when to come again.
	RateLimited Code = "rate_limited"
	// Unavailable: a part that is needed is away; RetryAfter may say when to come again.
	Unavailable Code = "unavailable"
)

// Blocker is one reason why a state refuses a command, for machines and people.
type Blocker struct {
	// Code is stable, e.g. "open_duties".
	Code string `json:"code" doc:"Stable code of the reason"`
	// Detail is a sentence that names the remedy. It carries no personal data.
	Detail string `json:"detail" doc:"What stands in the way, and what removes it"`
	// Ref is an id of the thing in the way, if it is one thing.
	Ref string `json:"ref,omitempty" doc:"Id of the thing in the way"`
	// Count is how many things of this kind stand in the way, if more than one.
	Count int `json:"count,omitempty" doc:"How many such things there are"`
}

// Error is a refusal that may be shown to whoever asked.
type Error struct {
	Code       Code
	Detail     string
	Field      string
	Blockers   []Blocker
	RetryAfter time.Duration
}

// Error implements error.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(string(e.Code))
	if e.Field != "" {
		b.WriteString(" " + e.Field)
	}
	if e.Detail != "" {
		b.WriteString(": " + e.Detail)
	}
	for _, blocker := range e.Blockers {
		b.WriteString("; " + blocker.Code + ": " + blocker.Detail)
	}
	return b.String()
}

// New returns a refusal with a detail that names the remedy.
func New(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Detail: fmt.Sprintf(format, args...)}
}

// InvalidField refuses one field of the input and names the remedy.
func InvalidField(field, format string, args ...any) *Error {
	return &Error{Code: Invalid, Field: field, Detail: fmt.Sprintf(format, args...)}
}

// Blocked refuses a command because of the state. It needs at least one blocker.
func Blocked(blockers ...Blocker) *Error {
	return &Error{Code: Conflict, Detail: "the case does not allow this now", Blockers: blockers}
}

// Missing answers for what does not exist, and in the same words for what this actor may not see.
func Missing(what string) *Error {
	return &Error{Code: NotFound, Detail: what + " not found"}
}

// CodeOf is the code of the first *Error in err's chain, or "" for an internal error.
func CodeOf(err error) Code {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return ""
}
