package activities

import (
	"context"
	"errors"
	"fmt"

	"go.temporal.io/sdk/temporal"

	"github.com/atlascloudai/docket/core/problem"
)

// final are the refusals that the same question would meet again.
var final = map[problem.Code]bool{
	problem.Invalid:         true,
	problem.Unauthenticated: true,
	problem.Forbidden:       true,
	problem.NotFound:        true,
	problem.Conflict:        true,
	problem.Mismatch:        true,
	problem.Stale:           true,
	problem.TooLarge:        true,
}

// refusal is err as a workflow sees it: an application error whose type is the problem's code, or
// "internal". It is retried unless the same question would be refused again. Its text is made of what was
// asked, codes and field names only: it lies in Temporal's history, where no content may be.
func refusal(asked string, err error) error {
	if err == nil {
		return nil
	}
	refused, ok := errors.AsType[*problem.Error](err)
	if !ok {
		return temporal.NewApplicationError(fmt.Sprintf("cannot %s: %s", asked, nature(err)), "internal")
	}
	text := fmt.Sprintf("cannot %s: %s", asked, refused.Code)
	if refused.Field != "" {
		text += " " + refused.Field
	}
	for _, blocker := range refused.Blockers {
		text += "; " + blocker.Code
	}
	options := temporal.ApplicationErrorOptions{NonRetryable: final[refused.Code]}
	if refused.Code == problem.RateLimited {
		options.NextRetryDelay = refused.RetryAfter
	}
	return temporal.NewApplicationErrorWithOptions(text, string(refused.Code), options)
}

// nature says what kind of internal error it is. The error's own text stays here: a database's message may
// repeat the value it refused.
func nature(err error) string {
	var sql interface{ SQLState() string }
	switch {
	case errors.As(err, &sql):
		return "database error " + sql.SQLState()
	case errors.Is(err, context.DeadlineExceeded):
		return "no answer in time"
	case errors.Is(err, context.Canceled):
		return "cancelled"
	default:
		return "internal error"
	}
}
