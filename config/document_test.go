package config_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/config"
)

var update = flag.Bool("update", false, "write docs/configuration.md")

const document = "../docs/configuration.md"

// docs/configuration.md shows every variable as it is.
func TestConfigurationIsDocumented(t *testing.T) {
	text := configuration()
	if *update {
		require.NoError(t, os.WriteFile(document, []byte(text), 0o644))
	}
	stored, err := os.ReadFile(document)
	require.NoError(t, err)
	require.Equal(t, text, string(stored), "run: go test ./config -update")
}

// Every variable says what it is for, and no two have one name.
func TestEveryVariableIsDescribed(t *testing.T) {
	seen := map[string]bool{}
	for _, v := range config.Variables() {
		require.Regexp(t, `^DOCKET_[A-Z][A-Z_]*[A-Z]$`, v.Name)
		require.Regexp(t, `^[A-Za-z0-9].*\.$`, v.Doc, v.Name)
		require.False(t, seen[v.Name], v.Name)
		require.False(t, v.Required && v.Default != "", "%s is required and has a default", v.Name)
		seen[v.Name] = true
	}
	require.Greater(t, len(seen), 50)
}

func configuration() string {
	var b strings.Builder
	b.WriteString(`# Configuration

This page is generated from the tags of ` + "`config.Config`" + ` (` + "`go test ./config -update`" + `). Everything is read from the environment
once, when a process starts; all problems are told at once, each with the variable and the remedy. A variable marked *secret* can
be given in a file instead: ` + "`DOCKET_X_FILE`" + ` names the file that holds ` + "`DOCKET_X`" + `. Lists are comma-separated, in a file also one
entry a line.

Keys are files in ` + "`DOCKET_KEYS_DIR`" + `: ` + "`<id>.key`" + ` holds 32 bytes in base64, ` + "`current`" + ` the id of the key that new data keys are
wrapped with; ` + "`payload/`" + ` holds the keyring for Temporal's payloads in the same form; ` + "`lookup.secret`" + ` and ` + "`signing.pem`" + ` lie beside
them. Nobody but the owner may read them. ` + "`docket keys check`" + ` says what is there and what is wrong.
`)
	group := "none yet"
	for _, v := range config.Variables() {
		if v.Group != group {
			group = v.Group
			title := group
			if title == "" {
				title = "General"
			}
			fmt.Fprintf(&b, "\n## %s\n\n| variable | default | what it is for |\n|---|---|---|\n", title)
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", v.Name, standard(v), v.Doc)
	}
	return b.String()
}

// standard is what holds where the variable is not set.
func standard(v config.Variable) string {
	var words []string
	switch {
	case v.Required:
		words = append(words, "**required**")
	case v.Default != "":
		words = append(words, "`"+v.Default+"`")
	}
	if v.Secret {
		words = append(words, "*secret*")
	}
	return strings.Join(words, ", ")
}
