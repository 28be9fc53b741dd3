package api

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write docs/openapi.json anew")

// The document is checked in, so that a change of the interface is seen in review.
// Run the test with -update after a change that is meant.
func TestDocumentIsTheOneInDocs(t *testing.T) {
	t.Parallel()
	b := setup(t)
	r := b.ask("GET", "/openapi.json", "", "Authorization", "")
	require.Equal(t, "application/openapi+json", r.Header.Get("Content-Type"))
	var pretty bytes.Buffer
	require.NoError(t, json.Indent(&pretty, r.body, "", "  "))
	pretty.WriteByte('\n')
	if *update {
		require.NoError(t, os.WriteFile("../docs/openapi.json", pretty.Bytes(), 0o644))
	}
	golden, err := os.ReadFile("../docs/openapi.json")
	require.NoError(t, err)
	require.Equal(t, string(golden), pretty.String(), "run: go test ./api -run Document -update")
	require.Contains(t, string(b.ask("GET", "/openapi.yaml", "", "Authorization", "").body), "openapi: 3.1.0")
}

// Every reference leads somewhere, every parameter of a path is described, every operation has a
// name of its own, a success and a problem (OpenAPI 3.1.0 sections 4.8.8 to 4.8.16).
func TestDocumentHoldsTogether(t *testing.T) {
	t.Parallel()
	b := setup(t)
	var document struct {
		OpenAPI string `json:"openapi"`
		Info    struct{ Title, Version string }
		Paths   map[string]map[string]struct {
			OperationID string `json:"operationId"`
			Summary     string
			Tags        []string
			Parameters  []struct {
				Name, In string
				Required bool
				Schema   map[string]any
			}
			Responses map[string]struct {
				Description string
				Content     map[string]any
			}
		}
		Components struct {
			Schemas         map[string]map[string]any
			SecuritySchemes map[string]any `json:"securitySchemes"`
		}
	}
	body := b.ask("GET", "/openapi.json", "").body
	require.NoError(t, json.Unmarshal(body, &document))
	require.Equal(t, "3.1.0", document.OpenAPI)
	require.NotEmpty(t, document.Info.Version)
	require.Contains(t, document.Components.SecuritySchemes, "token")
	for _, ref := range regexp.MustCompile(`"\$ref":"([^"]+)"`).FindAllStringSubmatch(string(body), -1) {
		name, ok := strings.CutPrefix(ref[1], "#/components/schemas/")
		require.True(t, ok, ref[1])
		require.Contains(t, document.Components.Schemas, name)
	}
	names := map[string]bool{}
	for path, item := range document.Paths {
		for method, op := range item {
			require.NotEmpty(t, op.OperationID)
			require.False(t, names[op.OperationID], "%s twice", op.OperationID)
			names[op.OperationID] = true
			require.NotEmpty(t, op.Summary, op.OperationID)
			described := map[string]bool{}
			for _, p := range op.Parameters {
				require.NotEmpty(t, p.Schema, "%s %s", op.OperationID, p.Name)
				if p.In == "path" || p.Name == "If-Match" {
					require.True(t, p.Required, "%s %s", op.OperationID, p.Name)
				}
				described[p.In+" "+p.Name] = true
			}
			for _, name := range regexp.MustCompile(`\{(\w+)\}`).FindAllStringSubmatch(path, -1) {
				require.True(t, described["path "+name[1]], "%s %s: %s", method, path, name[1])
			}
			require.Contains(t, op.Responses["default"].Content, "application/problem+json", op.OperationID)
			require.Len(t, op.Responses, 2, op.OperationID)
		}
	}
}
