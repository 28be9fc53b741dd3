// Package auth says who stands behind an HTTP request and whether their token was made for what
// it asks. It decides nothing about a case: roles on a case and its state are the desk's.
package auth

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/problem"
)

// Mark is how every API token begins, so that people and scanners recognise a leaked one.
const Mark = "dkt_"

// longestToken bounds what is looked up; a real token has less than half of it.
const longestToken = 200

// urlNames are the names under which clients put credentials into addresses (RFC 6750 section 2.3).
var urlNames = []string{"access_token", "api_key", "apikey", "authorization", "token"}

// Token reads the bearer token of a request (RFC 6750 section 2.1). A token in the address is
// refused as invalid whatever else the request carries, because addresses end up in logs; a missing
// or malformed one is unauthenticated.
func Token(r *http.Request) (string, error) {
	if inAddress(r) {
		return "", problem.InvalidField("Authorization", "a credential in the address is never accepted: revoke it if it was real, and send the header Authorization: Bearer")
	}
	values := r.Header.Values("Authorization")
	if len(values) != 1 {
		return "", problem.New(problem.Unauthenticated, "send one header Authorization: Bearer with an API token")
	}
	scheme, token, _ := strings.Cut(values[0], " ")
	if !strings.EqualFold(scheme, "Bearer") || !strings.HasPrefix(token, Mark) || len(token) > longestToken || strings.ContainsAny(token, " ,\t") {
		return "", problem.New(problem.Unauthenticated, "send one header Authorization: Bearer with an API token")
	}
	return token, nil
}

func inAddress(r *http.Request) bool {
	if strings.Contains(r.URL.Path, Mark) || strings.Contains(r.URL.RawQuery, Mark) {
		return true
	}
	for name := range r.URL.Query() {
		if slices.Contains(urlNames, strings.ToLower(name)) {
			return true
		}
	}
	return false
}

// Admit refuses early what no case could allow: a token without the scope of any of the actions, or
// a machine where every one of them needs a named person. Roles are left to the desk, which knows
// those that are assigned on the case. No action at all is refused to everybody.
func Admit(actor access.Actor, actions ...access.Action) error {
	if actor.ID == "" {
		return problem.New(problem.Unauthenticated, "nobody is authenticated")
	}
	refusal := problem.New(problem.Forbidden, "this is not open to anybody")
	for _, action := range actions {
		row, ok := access.PermissionFor(action)
		switch {
		case !ok || len(row.Roles) == 0 || actor.Kind == access.Worker:
		case !slices.Contains(actor.Scopes, row.Scope):
			refusal = problem.New(problem.Forbidden, "%s needs a token with the scope %s", action, row.Scope)
		case row.Person && actor.Kind != access.Person:
			refusal = problem.New(problem.Forbidden, "%s needs a named person; a machine's token cannot do it", action)
		default:
			return nil
		}
	}
	return refusal
}

type key struct{}

// With is ctx with the actor of the request.
func With(ctx context.Context, actor access.Actor) context.Context {
	return context.WithValue(ctx, key{}, actor)
}

// Actor is whoever stands behind the request; the zero Actor, whom every desk refuses, if nobody does.
func Actor(ctx context.Context) access.Actor {
	actor, _ := ctx.Value(key{}).(access.Actor)
	return actor
}
