// Package docket_test walks the house: which room imports which.
package docket_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "github.com/atlascloudai/docket/"

// arrows says what each room may import of ours; the longest prefix of a folder is its room. The picture
// is in docs/architecture.md. "*" may import everything.
var arrows = map[string][]string{
	"core/problem":      {},
	"core/clock":        {"core/problem"},
	"core/duty":         {"core/clock", "core/problem"},
	"core/duty/sheet":   {"core/duty", "core/clock", "core/letters", "core/problem"},
	"core/packs":        {"core/clock", "core/duty", "core/problem"},
	"core/access":       {"core/problem"},
	"core/letters":      {"core/duty", "core/clock", "core/problem"},
	"core/audit":        {"core/problem"},
	"core/cells":        {},
	"core/textdiff":     {},
	"core/changelog":    {"core/textdiff", "core/problem"},
	"core/noticepage":   {},
	"core/export":       {"core/cells", "core/estate"},
	"core/register":     {"core/audit", "core/cells"},
	"core/certificate":  {"core/audit"},
	"core/seal":         {"core/problem"},
	"core/estate":       {"core/certificate", "core/problem"},
	"core/erasing":      {"core/estate"},
	"erasure":           {"erasure", "core"},
	"core/cases":        {"core/cases", "core/clock", "core/duty", "core/packs", "core/access", "core/letters", "core/problem"},
	"store":             {"core"},
	"migrations":        {},
	"desk":              {"store", "core"},
	"workflows":         {"workflows/contract", "workflows/process"},
	"activities":        {"desk", "store", "notifications", "erasure", "workflows/contract", "core"},
	"worker":            {"workflows", "activities", "desk", "store", "core"},
	"notifications":     {"notifications", "core"},
	"inbound":           {"core"},
	"api":               {"api", "desk", "core"},
	"config":            {"core"},
	"local":             {"local"},
	"samples":           {},
	"testkit":           {"*"},
	"cmd/docket":        {"*"},
	"cmd/docket/client": {"core", "api"},
	"cmd/docket/drill":  {"core", "desk", "local"},
}

func TestArrowsRunOneWay(t *testing.T) {
	looked := map[string]bool{}
	err := filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := entry.Name()
		if entry.IsDir() && path != "." && (strings.HasPrefix(name, ".") || name == "testdata" || name == "bin" || name == "deploy" || name == "docs") {
			return filepath.SkipDir
		}
		if entry.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		folder := filepath.ToSlash(filepath.Dir(path))
		room := roomOf(folder)
		require.NotEmpty(t, room, "%s is in no room: give it one in docs/architecture.md and here", folder)
		looked[room] = true
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		require.NoError(t, err)
		for _, imported := range file.Imports {
			target, err := strconv.Unquote(imported.Path.Value)
			require.NoError(t, err)
			if ours, ok := strings.CutPrefix(target, module); ok && !mayImport(room, ours) {
				t.Errorf("%s (room %s) imports %s: this arrow runs back", path, room, ours)
			}
			if strings.HasPrefix(room, "core/") {
				require.NotContains(t, []string{"net", "net/http", "database/sql", "os", "os/exec"}, target, "%s: core does no I/O", path)
			}
		}
		return nil
	})
	require.NoError(t, err)
	for room := range arrows {
		require.True(t, looked[room], "the room %s holds nothing: take it out of the picture", room)
	}
}

// Whoever breaks into what answers people finds no code that deletes in a store of the estate: no way along the arrows leads
// from the API or the inbound mail to the rooms that hold it.
func TestArrowsKeepErasingAwayFromWhatAnswersPeople(t *testing.T) {
	reached := map[string]bool{}
	var follow func(string)
	follow = func(room string) {
		if reached[room] {
			return
		}
		reached[room] = true
		for _, allowed := range arrows[room] {
			follow(allowed)
		}
	}
	for _, room := range []string{"api", "inbound", "desk"} {
		follow(room)
	}
	require.True(t, reached["store"], "the way is followed")
	for room := range reached {
		require.NotEqual(t, "*", room)
		require.NotContains(t, []string{"erasure", "activities", "worker"}, strings.Split(room, "/")[0], "reached from what answers people")
	}
}

// roomOf is the longest room that a folder lies in.
func roomOf(folder string) (room string) {
	for candidate := range arrows {
		if (folder == candidate || strings.HasPrefix(folder, candidate+"/")) && len(candidate) > len(room) {
			room = candidate
		}
	}
	return room
}

func mayImport(room, target string) bool {
	if target == room && strings.HasPrefix(room, "core/") {
		return true // A part of a room may import the room.
	}
	for _, allowed := range arrows[room] {
		if allowed == "*" || target == allowed || strings.HasPrefix(target, allowed+"/") {
			return true
		}
	}
	return false
}
