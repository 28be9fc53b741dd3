package main

import (
	"bytes"
	"encoding/json"
	"os"

	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/packs"
	"github.com/atlascloudai/docket/testkit"
)

// clockRepeats is how often a round goes through the worked vectors.
const clockRepeats = 40

// clockDue is lines a second of `docket clock due` over a bare JSON decode and encode of the same lines: what legal time
// and its explanation cost on top of reading and writing.
func clockDue(t *stand, _ *testkit.House, _ int) ratio {
	text, err := os.ReadFile("testdata/clock-vectors.jsonl")
	require.NoError(t, err)
	var lines [][]byte
	for line := range bytes.Lines(text) {
		members := map[string]any{}
		require.NoError(t, json.Unmarshal(line, &members))
		for _, commentary := range []string{"expect", "cite", "note"} {
			delete(members, commentary)
		}
		question, err := json.Marshal(members)
		require.NoError(t, err)
		lines = append(lines, question)
	}
	pack, err := packs.Load()
	require.NoError(t, err)
	all := func(each func([]byte)) float64 {
		return perSecond(clockRepeats*len(lines), func() {
			for range clockRepeats {
				for _, line := range lines {
					each(line)
				}
			}
		})
	}
	return ratio{
		name: "clock due", unit: "lines/s", target: 0.3,
		floor: func() float64 {
			return all(func(line []byte) {
				members := map[string]any{}
				if json.Unmarshal(line, &members) == nil {
					_, _ = json.Marshal(members)
				}
			})
		},
		product: func() float64 {
			return all(func(line []byte) { pack.AnswerLine(line) })
		},
	}
}
