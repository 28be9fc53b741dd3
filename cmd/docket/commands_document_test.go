package main

import (
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
	"github.com/stretchr/testify/require"
)

// written is a command of Docket as a reader copies it from a block of a document; a comment or a file that takes its
// output does not belong to it.
var written = regexp.MustCompile(`(?m)^(?:\$ )?(?:bin/)?docket (.*?)(?: +#.*| +[>|] .*)?$`)

// elided is the identifier that a document leaves for its reader to fill in.
var elided = regexp.MustCompile(`^(?:[0-9a-f]{4}…|ID|\$NOTICE|\$CAMPAIGN)$`)

// TestEveryCommandInTheDocumentsIsOne holds README and docs to the commands and flags that exist.
func TestEveryCommandInTheDocumentsIsOne(t *testing.T) {
	t.Parallel()
	documents, err := filepath.Glob("../../docs/*.md")
	require.NoError(t, err)
	found := 0
	for _, document := range append(documents, "../../README.md") {
		for i, block := range strings.Split(string(must(os.ReadFile(document))), "```") {
			if i%2 == 0 {
				continue // Between blocks, where people are told of commands, not shown them.
			}
			for _, line := range written.FindAllStringSubmatch(strings.ReplaceAll(block, "\\\n", " "), -1) {
				var args []string
				for _, word := range typedWord.FindAllString(line[1], -1) {
					args = append(args, elided.ReplaceAllString(strings.Trim(word, `"`), "01a21fca-7e14-7c45-99f5-9e2e910c1d84"))
				}
				var c cli
				parser := kong.Must(&c, kong.Vars{"version": version, "start_words": startWords()}, kong.Writers(io.Discard, io.Discard), kong.Exit(func(int) {}))
				_, err := parser.Parse(args)
				require.NoError(t, err, "%s: docket %s", document, line[1])
				found++
			}
		}
	}
	require.Greater(t, found, 40)
}
