package api

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/atlascloudai/docket/core/problem"
)

// Codes that only HTTP knows; the others are core/problem's.
const (
	// PreconditionRequired: a text may only be edited by whoever says which version they read (RFC 6585 section 3).
	PreconditionRequired problem.Code = "precondition_required"
	// MethodNotAllowed: the address exists, the method does not.
	MethodNotAllowed problem.Code = "method_not_allowed"
	// UnsupportedMediaType: the body is of a type that this address does not read.
	UnsupportedMediaType problem.Code = "unsupported_media_type"
	// Internal: a fault of ours. The log has it under the problem's instance.
	Internal problem.Code = "internal"
)

// statuses is the one place where a refusal becomes an HTTP status.
var statuses = map[problem.Code]int{
	problem.Invalid:         http.StatusBadRequest,
	problem.Unauthenticated: http.StatusUnauthorized,
	problem.Forbidden:       http.StatusForbidden,
	problem.NotFound:        http.StatusNotFound,
	problem.Conflict:        http.StatusConflict,
	problem.InFlight:        http.StatusConflict,
	problem.Mismatch:        http.StatusUnprocessableEntity,
	problem.Stale:           http.StatusPreconditionFailed,
	problem.TooLarge:        http.StatusRequestEntityTooLarge,
	problem.RateLimited:     http.StatusTooManyRequests,
	problem.Unavailable:     http.StatusServiceUnavailable,
	PreconditionRequired:    http.StatusPreconditionRequired,
	MethodNotAllowed:        http.StatusMethodNotAllowed,
	UnsupportedMediaType:    http.StatusUnsupportedMediaType,
	Internal:                http.StatusInternalServerError,
}

var titles = map[problem.Code]string{
	problem.Invalid:         "The request is not valid",
	problem.Unauthenticated: "Nobody is authenticated",
	problem.Forbidden:       "Not permitted",
	problem.NotFound:        "Not found",
	problem.Conflict:        "The case does not allow this now",
	problem.InFlight:        "The same request is being worked on",
	problem.Mismatch:        "The idempotency key belongs to another request",
	problem.Stale:           "The text was changed since it was read",
	problem.TooLarge:        "The body is too large",
	problem.RateLimited:     "Too many requests",
	problem.Unavailable:     "A part that is needed is away",
	PreconditionRequired:    "Say which version was read",
	MethodNotAllowed:        "The method is not allowed here",
	UnsupportedMediaType:    "The body is of another type",
	Internal:                "Internal error",
}

// waits is what Retry-After says where the refusal names no time itself.
var waits = map[problem.Code]time.Duration{
	problem.InFlight:    time.Second,
	problem.RateLimited: time.Second,
	problem.Unavailable: 5 * time.Second,
}

// Problem is every refusal of this API (RFC 9457).
type Problem struct {
	Type     string            `json:"type" format:"uri" example:"docket:problem:conflict" doc:"Stable URI of the kind of problem: docket:problem: and the code"`
	Title    string            `json:"title" doc:"The kind of problem in words"`
	Status   int               `json:"status" doc:"HTTP status"`
	Detail   string            `json:"detail" doc:"What is wrong with this request, and the remedy"`
	Instance string            `json:"instance,omitempty" format:"uri" doc:"Id of the request, as in the log and in the header Request-Id"`
	Code     problem.Code      `json:"code" example:"conflict" doc:"Stable code of the kind of problem"`
	Field    string            `json:"field,omitempty" example:"parties[0].kind" doc:"The part of the input that is wrong; the first if there are several"`
	Errors   []FieldError      `json:"errors,omitempty" doc:"Every part of the input that is wrong, at most 20"`
	Blockers []problem.Blocker `json:"blockers,omitempty" doc:"Why the state refuses; nothing was changed"`

	headers http.Header
}

// FieldError is one part of the input that is wrong.
type FieldError struct {
	Field  string `json:"field" doc:"Path of the field, or name of the parameter or header"`
	Detail string `json:"detail" doc:"What is wrong with it"`
}

// mostErrors bounds the list of a refused bulk request.
const mostErrors = 20

// Error implements error.
func (p *Problem) Error() string { return p.Detail }

// GetStatus is the HTTP status, for huma.
func (p *Problem) GetStatus() int { return p.Status }

// GetHeaders are Retry-After and its like, for huma.
func (p *Problem) GetHeaders() http.Header { return p.headers }

// ContentType makes JSON a problem document, for huma.
func (p *Problem) ContentType(string) string { return "application/problem+json" }

func newProblem(code problem.Code, detail string) *Problem {
	p := &Problem{
		Type: "docket:problem:" + string(code), Title: titles[code], Status: statuses[code],
		Detail: detail, Code: code, headers: http.Header{},
	}
	if wait, ok := waits[code]; ok {
		p.retryAfter(wait)
	}
	if code == problem.Unauthenticated {
		p.headers.Set("WWW-Authenticate", `Bearer realm="docket"`)
	}
	return p
}

// retryAfter rounds up to whole seconds, as RFC 9110 section 10.2.3 wants them.
func (p *Problem) retryAfter(wait time.Duration) {
	p.headers.Set("Retry-After", strconv.Itoa(int(math.Ceil(wait.Seconds()))))
}

// problemOf is the one place where an error becomes a problem. What is no refusal comes out as an
// internal error that says nothing of its cause.
func problemOf(err error) *Problem {
	if p, ok := errors.AsType[*Problem](err); ok {
		return p
	}
	if e, ok := errors.AsType[*problem.Error](err); ok && statuses[e.Code] != 0 {
		p := newProblem(e.Code, e.Detail)
		p.Field, p.Blockers = e.Field, e.Blockers
		if e.Field != "" {
			p.Errors = []FieldError{{Field: e.Field, Detail: e.Detail}}
		}
		if e.RetryAfter > 0 {
			p.retryAfter(e.RetryAfter)
		}
		return p
	}
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return newProblem(problem.TooLarge, "the body is larger than this address takes")
	}
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return newProblem(problem.Unavailable, "the answer took too long; ask again with the same Idempotency-Key, which does nothing twice")
	}
	return newProblem(Internal, "internal error")
}

// validationProblem is huma's own refusal of an input, in the form of all other refusals.
func validationProblem(status int, message string, errs ...error) huma.StatusError {
	switch {
	case status >= http.StatusInternalServerError:
		return newProblem(Internal, "internal error")
	case status == http.StatusUnsupportedMediaType:
		return newProblem(UnsupportedMediaType, "send the body as application/json")
	case status == http.StatusRequestEntityTooLarge:
		return newProblem(problem.TooLarge, "the body is larger than this address takes")
	}
	p := newProblem(problem.Invalid, message)
	for _, err := range errs {
		if err == nil {
			continue
		}
		fault := FieldError{Detail: err.Error()}
		if e, ok := err.(huma.ErrorDetailer); ok {
			// The value is left out: it may be personal data, and whoever sent it has it.
			detail := e.ErrorDetail()
			fault = fieldError(detail.Location, detail.Message)
		}
		p.Errors = append(p.Errors, fault)
	}
	if len(p.Errors) == 0 {
		return p
	}
	first := p.Errors[0]
	p.Field, p.Detail = first.Field, strings.TrimPrefix(first.Field+": "+first.Detail, ": ")
	if more := len(p.Errors) - 1; more > 0 {
		p.Detail += fmt.Sprintf(" (and %d more)", more)
	}
	p.Errors = p.Errors[:min(len(p.Errors), mostErrors)]
	return p
}

// fieldError names a field as the desk's refusals do: by its path in the body, or by the name of the parameter.
func fieldError(location, message string) FieldError {
	field := location
	if location == "body" {
		field = ""
	}
	for _, part := range []string{"body.", "query.", "path.", "header."} {
		if rest, ok := strings.CutPrefix(location, part); ok {
			field = rest
			break
		}
	}
	// huma places a missing property at its parent and names it in the sentence only.
	if rest, ok := strings.CutPrefix(message, "expected required property "); ok {
		if name, ok := strings.CutSuffix(rest, " to be present"); ok {
			return FieldError{Field: strings.TrimPrefix(field+"."+name, "."), Detail: "is required"}
		}
	}
	if rest, ok := strings.CutPrefix(message, unreadable); ok {
		name, detail, _ := strings.Cut(rest, ": ")
		return FieldError{Field: name, Detail: detail}
	}
	if message == "unexpected property" {
		return FieldError{Field: field, Detail: "is not a field of this request"}
	}
	return FieldError{Field: field, Detail: message}
}
