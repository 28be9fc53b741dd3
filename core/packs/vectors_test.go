package packs_test

import (
	"bufio"
	"encoding/json"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/packs"
)

// TestTheWorkedVectorsHold asks each of the 78 vectors as `docket clock due` is asked, and compares instants and the
// offset they are shown with.
func TestTheWorkedVectorsHold(t *testing.T) {
	t.Parallel()
	vectors := readVectors(t)
	require.Len(t, vectors, 78)
	pack := load(t)
	for id, vector := range vectors {
		t.Run(id, func(t *testing.T) {
			t.Parallel()
			require.NotEmpty(t, vector.expect)
			line, answered := pack.AnswerLine(vector.question)
			require.True(t, answered, string(line))
			answer := map[string]any{}
			require.NoError(t, json.Unmarshal(line, &answer))
			for name, want := range vector.expect {
				require.Equal(t, want, answer[name], "%s: %s", name, line)
			}
			require.Equal(t, id, answer["id"])
			require.Equal(t, pack.Version, answer["rule_version"])
		})
	}
}

// TestAContractClockAcrossTheAutumnChangeIsNotAnHourLate is the dangerous direction: the same wall time two days
// later would be 49 hours.
func TestAContractClockAcrossTheAutumnChangeIsNotAnHourLate(t *testing.T) {
	t.Parallel()
	answer := answer(t, `{"id":"autumn","rule":"dpa-incident","at":"2026-10-31T21:00:00-07:00","zone":"America/Los_Angeles",
		"calendar":"NONE","period":"48 hours"}`)
	require.Equal(t, "2026-11-02T20:00:00-08:00", *answer.Target)
	require.Equal(t, "2026-11-02T20:00:00-08:00", *answer.Limit)
}

type vector struct {
	question []byte
	expect   map[string]string
}

func readVectors(t require.TestingT) map[string]vector {
	file, err := os.Open("../../testdata/clock-vectors.jsonl")
	require.NoError(t, err)
	defer file.Close()
	vectors := map[string]vector{}
	for lines := bufio.NewScanner(file); lines.Scan(); {
		members := map[string]json.RawMessage{}
		require.NoError(t, json.Unmarshal(lines.Bytes(), &members))
		var id string
		var read vector
		require.NoError(t, json.Unmarshal(members["id"], &id))
		require.NoError(t, json.Unmarshal(members["expect"], &read.expect))
		for _, commentary := range []string{"expect", "cite", "note"} {
			delete(members, commentary)
		}
		read.question, err = json.Marshal(members)
		require.NoError(t, err)
		vectors[id] = read
	}
	return vectors
}

func load(t require.TestingT) *packs.Pack {
	pack, err := packs.Load()
	require.NoError(t, err)
	return pack
}

// answer asks one question that must be answered.
func answer(t require.TestingT, question string) packs.Answer {
	line, answered := load(t).AnswerLine([]byte(question))
	require.True(t, answered, string(line))
	var answer packs.Answer
	require.NoError(t, json.Unmarshal(line, &answer))
	return answer
}

// instant is a JSON instant in seconds.
func instant(t require.TestingT, text any) int64 {
	at, err := time.Parse(time.RFC3339, text.(string))
	require.NoError(t, err)
	return at.Unix()
}
