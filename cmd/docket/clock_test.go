package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const (
	question = `{"id":"%","rule":"gdpr-33-1","at":"2026-10-23T09:15:00+02:00","zone":"Europe/Berlin","calendar":"DE"}`
	unknown  = `{"id":"%","rule":"no-such-rule","at":"2026-10-23T09:15:00+02:00","zone":"Europe/Berlin","calendar":"DE"}`
)

func TestClockDueAnswersEveryLineInItsPlace(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	in := strings.Join([]string{
		called("a", question), called("b", unknown), "", "no JSON", strings.Repeat(" ", longestQuestion) + called("long", question),
		called("c", question),
	}, "\n")
	err := (&dueCmd{}).Run(strings.NewReader(in), &out)
	var some *unanswered
	require.ErrorAs(t, err, &some)
	require.Equal(t, 1, some.ExitCode())
	require.EqualError(t, err, "3 of 5 questions could not be answered; see their error lines")

	var lines []map[string]any
	for decoder := json.NewDecoder(&out); decoder.More(); {
		line := map[string]any{}
		require.NoError(t, decoder.Decode(&line))
		lines = append(lines, line)
	}
	require.Len(t, lines, 5)
	require.Equal(t, "2026-10-26T08:15:00+01:00", lines[0]["target"])
	require.Equal(t, "b", lines[1]["id"])
	require.Equal(t, "rule", lines[1]["error"].(map[string]any)["field"])
	require.Equal(t, "too_large", lines[3]["error"].(map[string]any)["code"])
	require.Equal(t, "c", lines[4]["id"])
	require.Equal(t, "2026-10-26T09:00:00+01:00", lines[4]["limit"])
}

func TestClockDueSucceedsWhenEveryLineIsAnswered(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	require.NoError(t, (&dueCmd{}).Run(strings.NewReader(called("a", question)+"\r\n"), &out))
	require.Equal(t, 1, strings.Count(out.String(), "\n"))
	out.Reset()
	require.NoError(t, (&dueCmd{}).Run(strings.NewReader(""), &out))
	require.Empty(t, out.String())
}

func TestClockDueAnswersBeforeTheNextQuestionIsAsked(t *testing.T) {
	t.Parallel()
	ask, in := io.Pipe()
	out, answer := io.Pipe()
	ended := make(chan error, 1)
	go func() { ended <- (&dueCmd{}).Run(ask, answer) }()
	answers := bufio.NewReader(out)
	for _, id := range []string{"a", "b"} {
		_, err := io.WriteString(in, called(id, question)+"\n")
		require.NoError(t, err)
		line, err := answers.ReadString('\n')
		require.NoError(t, err)
		require.Contains(t, line, `{"id":"`+id+`","target":"2026-10-26T08:15:00+01:00"`)
	}
	require.NoError(t, in.Close())
	require.NoError(t, <-ended)
}

func TestClockDueReportsABrokenOutput(t *testing.T) {
	t.Parallel()
	closed, out := io.Pipe()
	require.NoError(t, closed.Close())
	err := (&dueCmd{}).Run(strings.NewReader(called("a", question)), out)
	require.ErrorIs(t, err, io.ErrClosedPipe)
}

func called(id, question string) string { return strings.Replace(question, "%", id, 1) }
