package audit_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/atlascloudai/docket/core/audit"
)

type row struct {
	id, outcome string
	stored      []byte
}

func page(n int) []row {
	rows := make([]row, n)
	for i := range rows {
		rows[i] = row{fmt.Sprint(i + 1), []string{"accepted", "refused"}[i%2], fmt.Appendf(nil, "row %d", i)}
	}
	return rows
}

func read(name string, rows []row) (*audit.RowsDigest, map[string]int64) {
	digest, counts := audit.NewRowsDigest(name), map[string]int64{}
	for _, r := range rows {
		digest.Add(r.id, r.stored)
		counts[r.outcome]++
	}
	return digest, counts
}

func sealed(t require.TestingT, name string, rows []row) audit.PageSeal {
	digest, counts := read(name, rows)
	seal, err := digest.Seal(counts)
	require.NoError(t, err)
	return seal
}

// One entry vouches for every row of its page, also after it was stored as JSON.
func TestPageSealVouchesForEveryRow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows := page(rapid.IntRange(0, 40).Draw(t, "n"))
		body, err := json.Marshal(sealed(t, "delivery_events/7", rows))
		require.NoError(t, err)
		var seal audit.PageSeal
		require.NoError(t, json.Unmarshal(body, &seal))
		require.NoError(t, seal.Check(read("delivery_events/7", rows)))
		require.Error(t, seal.Check(read("delivery_events/8", rows)), "another page")
		if len(rows) < 2 {
			return
		}
		i := rapid.IntRange(0, len(rows)-2).Draw(t, "at")
		for name, changed := range map[string][]row{
			"update":  slices.Replace(slices.Clone(rows), i, i+1, row{rows[i].id, rows[i].outcome, []byte("forged")}),
			"id":      slices.Replace(slices.Clone(rows), i, i+1, row{"999", rows[i].outcome, rows[i].stored}),
			"outcome": slices.Replace(slices.Clone(rows), i, i+1, row{rows[i].id, "unknown", rows[i].stored}),
			"delete":  slices.Delete(slices.Clone(rows), i, i+1),
			"insert":  slices.Insert(slices.Clone(rows), i, row{"0", "accepted", nil}),
			"swap":    slices.Replace(slices.Clone(rows), i, i+2, rows[i+1], rows[i]),
			"shifted": slices.Replace(slices.Clone(rows), i, i+1, row{rows[i].id + "r", rows[i].outcome, rows[i].stored[1:]}),
		} {
			require.Error(t, seal.Check(read("delivery_events/7", changed)), name)
		}
	})
}

// A seal whose outcomes do not add up to its rows is never written.
func TestSealCountsAddUp(t *testing.T) {
	digest, counts := read("p", page(3))
	counts["accepted"]++
	_, err := digest.Seal(counts)
	require.ErrorContains(t, err, "add up to 4, rows are 3")
}
