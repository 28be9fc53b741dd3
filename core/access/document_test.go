package access_test

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/access"
)

var update = flag.Bool("update", false, "write docs/permissions.md")

const document = "../../docs/permissions.md"

// docs/permissions.md shows the table as it is.
func TestPermissionsAreDocumented(t *testing.T) {
	text := permissions(t)
	if *update {
		require.NoError(t, os.WriteFile(document, []byte(text), 0o644))
	}
	stored, err := os.ReadFile(document)
	require.NoError(t, err)
	require.Equal(t, text, string(stored), "run: go test ./core/access -update")
}

func permissions(t *testing.T) string {
	actions, meaning := declared(t, "action.go", "Action")
	_, roleMeaning := declared(t, "actor.go", "Role")
	_, scopeMeaning := declared(t, "permission.go", "Scope")
	var b strings.Builder
	b.WriteString(`# Who may do what

This page is generated from the permission table in ` + "`core/access`" + ` (` + "`go test ./core/access -update`" + `). One of the roles
is enough; the token must also carry the scope. *Person* asks for a named person, so that no machine's token does. *Worker* is
Docket itself. What depends on a case's state, such as a second person, is decided there and not in this table. A restricted case
is not found by anyone who is not its member, whatever the roles.

## Actions

| action | what it is | roles | scope | person | worker |
|---|---|---|---|---|---|
`)
	for _, action := range actions {
		row, ok := access.PermissionFor(access.Action(action))
		require.True(t, ok, action)
		roles := strings.Join(words(row.Roles), ", ")
		if len(row.Roles) == len(access.Roles()) {
			roles = "every role"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s | %s |\n",
			action, sentence(meaning[action]), roles, code(string(row.Scope)), mark(row.Person), mark(row.Worker))
	}
	b.WriteString("\n## Roles\n\n| role | who | stands in for it |\n|---|---|---|\n")
	for _, role := range access.Roles() {
		stand := words(access.Deputies()[role])
		slices.Sort(stand)
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", role, sentence(roleMeaning[string(role)]), strings.Join(stand, ", "))
	}
	b.WriteString("\n## Scopes\n\n| scope | what a token with it is for |\n|---|---|\n")
	for _, scope := range access.Scopes() {
		fmt.Fprintf(&b, "| `%s` | %s |\n", scope, sentence(scopeMeaning[string(scope)]))
	}
	return b.String()
}

// sentence is a doc comment without the constant's name in front and on one line.
func sentence(comment string) string {
	line := strings.Join(strings.Fields(comment), " ")
	_, rest, _ := strings.Cut(line, " ")
	return strings.ToUpper(rest[:1]) + rest[1:]
}

func code(text string) string {
	if text == "" {
		return ""
	}
	return "`" + text + "`"
}

func mark(yes bool) string {
	if yes {
		return "yes"
	}
	return ""
}
