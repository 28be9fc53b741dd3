package api

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/problem"
)

// open are the only addresses that answer without a token, and what they answer to a request that says nothing.
var open = map[string]int{
	"GET /healthz": 200, "GET /readyz": 200, "GET /openapi.json": 200, "GET /openapi.yaml": 200,
	"GET /identity/:id": 200, "HEAD /identity/:id": 200, "POST /identity/:id": 403,
	"GET /changes": 200, "HEAD /changes": 200, "GET /changes/feed.json": 200, "HEAD /changes/feed.json": 200,
	"GET /changes/feed.atom": 200, "HEAD /changes/feed.atom": 200, "GET /changes/:id": 404, "HEAD /changes/:id": 404,
	"GET /changes/documents/:name": 404, "HEAD /changes/documents/:name": 404,
	"GET /changes/documents/:name/:number": 404, "HEAD /changes/documents/:name/:number": 404,
	"GET /v1/banner": 200, "HEAD /v1/banner": 200,
	"GET /notice/:token": 200, "HEAD /notice/:token": 200, "POST /notice/:token": 415,
}

// operations are all operations of the document by method and path, in gin's way of writing it.
func operations(s *surface) map[string]*huma.Operation {
	all := map[string]*huma.Operation{}
	for path, item := range s.huma.OpenAPI().Paths {
		for method, op := range map[string]*huma.Operation{"GET": item.Get, "POST": item.Post, "PUT": item.Put, "DELETE": item.Delete, "PATCH": item.Patch} {
			if op != nil {
				all[method+" "+regexp.MustCompile(`\{(\w+)\}`).ReplaceAllString(path, ":$1")] = op
			}
		}
	}
	return all
}

// address fills the parameters of a route.
func address(path string) string {
	return strings.NewReplacer(":case", theCase.String(), ":id", "01960000-0000-7000-8000-000000000009", ":ref", "ACME-1", ":kind", "incident-notice", ":prefix", "abc").Replace(path)
}

// Every route on the router is in the document, names its rows of the permission table, and asks
// for a token; nothing else is open but what is listed here. Of what is open, the document has the banner alone.
func TestEveryRouteHasItsPermission(t *testing.T) {
	t.Parallel()
	s := build(Options{Desk: &fakeDesk{}})
	documented := operations(s)
	for _, r := range s.engine.Routes() {
		name := r.Method + " " + r.Path
		op, ok := documented[name]
		if open[name] != 0 || slices.Contains(byCode, name) {
			require.Equal(t, name == "GET /v1/banner", ok, name)
			if ok {
				require.Empty(t, op.Security, name)
				delete(documented, name)
			}
			continue
		}
		require.True(t, ok, "%s is not in the OpenAPI document", name)
		delete(documented, name)
		require.NotEmpty(t, op.Security, name)
		actions, _ := op.Extensions["x-docket-actions"].([]string)
		require.NotEmpty(t, actions, "%s names no action", name)
		for _, action := range actions {
			row, known := access.PermissionFor(access.Action(action))
			require.True(t, known, "%s names %s, which has no row in the permission table", name, action)
			require.NotEmpty(t, row.Roles, "%s names %s, which is the worker's", name, action)
		}
	}
	require.Empty(t, documented, "in the document and not on the router")
}

// Every action that people and machines may do has a route; what has none is listed here.
func TestEveryActionHasItsRoute(t *testing.T) {
	t.Parallel()
	// The chain is read as the case's timeline; the desk has no command that rules out one party.
	without := []access.Action{access.AuditRead}
	var routed []access.Action
	for _, op := range operations(build(Options{Desk: &fakeDesk{}})) {
		actions, _ := op.Extensions["x-docket-actions"].([]string) // What is for everybody names none.
		for _, action := range actions {
			routed = append(routed, access.Action(action))
		}
	}
	for _, action := range access.Actions() {
		if row, _ := access.PermissionFor(action); len(row.Roles) > 0 && !slices.Contains(without, action) {
			require.Contains(t, routed, action)
		}
	}
}

// Each route, asked by nobody, by an unknown token, by a token without its scope, and with the token
// in the address: refused before the desk is asked for anything.
func TestEveryRouteAsksForItsToken(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for _, r := range build(Options{Desk: &fakeDesk{}}).engine.Routes() {
		name := r.Method + " " + r.Path
		if slices.Contains(byCode, name) {
			continue
		}
		if open[name] != 0 {
			require.Equal(t, open[name], b.ask(r.Method, r.Path, "", "Authorization", "").StatusCode, name)
			continue
		}
		nobody := b.ask(r.Method, address(r.Path), "{}", "Authorization", "")
		b.problem(nobody, 401, problem.Unauthenticated)
		require.Equal(t, `Bearer realm="docket"`, nobody.Header.Get("WWW-Authenticate"), name)
		b.problem(b.ask(r.Method, address(r.Path), "{}", "Authorization", "Bearer dkt_unknown_secret"), 401, problem.Unauthenticated)
		p := b.problem(b.ask(r.Method, address(r.Path), "{}", "Authorization", "Bearer "+nothing), 403, problem.Forbidden)
		require.Contains(t, p.Detail, "scope", name)
		p = b.problem(b.ask(r.Method, address(r.Path)+"?access_token="+anyone, "{}"), 400, problem.Invalid)
		require.Equal(t, "Authorization", p.Field, name)
		require.Empty(t, b.desk.actor.ID, name)
	}
	require.NotContains(t, b.log.String(), "secret")
}

func TestTokensAreReadFromOneHeaderOnly(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for _, value := range []string{"Basic dkt_anyone_secret", "Bearer", "Bearer ", "Bearer other_anyone", "Bearer dkt_a b", "Bearer dkt_" + strings.Repeat("x", 300), anyone} {
		b.problem(b.ask("GET", "/v1/cases", "", "Authorization", value), 401, problem.Unauthenticated)
	}
	require.Equal(t, 200, b.ask("GET", "/v1/cases", "", "Authorization", "bearer "+anyone).StatusCode)
	for _, path := range []string{"/v1/cases?cursor=" + anyone, "/v1/cases?Token=x", "/v1/cases/" + anyone} {
		b.problem(b.ask("GET", path, ""), 400, problem.Invalid)
	}
}

// A machine is turned away where a named person is needed.
func TestMachinesDoWhatMachinesMay(t *testing.T) {
	t.Parallel()
	b := setup(t)
	p := b.problem(b.ask("POST", "/v1/cases/INC-7K3F/close", "", "Authorization", "Bearer "+machine), 403, problem.Forbidden)
	require.Contains(t, p.Detail, "named person")
	require.Equal(t, 200, b.ask("POST", triagePath, "{}", "Authorization", "Bearer "+machine).StatusCode)
}
