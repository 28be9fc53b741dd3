package main

import (
	"flag"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the transcripts of docs/legal-time.md anew")

// legalTime is the document whose transcripts are played again.
const legalTime = "../../docs/legal-time.md"

var (
	transcript = regexp.MustCompile("(?s)```console\n\\$ docket (clock [^\n]*)\n(.*?)```\n")
	typedWord  = regexp.MustCompile(`"[^"]*"|\S+`)
)

// TestClockTranscriptsOfLegalTimeAreReal runs every command of the document and compares what it says, word by word.
func TestClockTranscriptsOfLegalTimeAreReal(t *testing.T) {
	t.Parallel()
	text := string(must(os.ReadFile(legalTime)))
	real := transcript.ReplaceAllStringFunc(text, func(block string) string {
		line := transcript.FindStringSubmatch(block)[1]
		var args []string
		for _, word := range typedWord.FindAllString(line, -1) {
			args = append(args, strings.Trim(word, `"`))
		}
		said := typing(t, args...)
		require.Zero(t, said.code, "%s: %s", line, said.problems)
		return "```console\n$ docket " + line + "\n" + said.out + "```\n"
	})
	require.Greater(t, len(transcript.FindAllString(text, -1)), 15)
	require.Equal(t, strings.Count(text, "```console"), len(transcript.FindAllString(text, -1)), "every transcript is played")
	if *update {
		require.NoError(t, os.WriteFile(legalTime, []byte(real), 0o644))
		return
	}
	require.Equal(t, text, real, "go test ./cmd/docket -run Transcripts -update writes them anew; read what changed")
}
