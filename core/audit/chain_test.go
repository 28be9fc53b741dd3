package audit_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/atlascloudai/docket/core/audit"
)

const caseID = "01890a5d-ac96-774b-bcce-b302099a8057"

var started = time.Date(2026, 3, 2, 9, 0, 0, 123_456_000, time.UTC)

// chain is a sound chain of n entries with bodies of several keys.
func chain(t require.TestingT, n int) []audit.Entry {
	entries := make([]audit.Entry, 0, n)
	tip := audit.NewTip(caseID)
	for i := range n {
		entry := audit.Entry{
			HappenedAt: started.Add(time.Duration(i) * time.Minute),
			RecordedAt: started.Add(time.Duration(i)*time.Minute + time.Second),
			Kind:       "incident.parties",
			Actor:      "01890a5d-0000-7000-8000-000000000001",
			Body:       fmt.Appendf(nil, `{"wave":%d,"parties":[%d,%d]}`, i, i+1, i+2),
		}
		if i%2 == 0 {
			entry.Sealed = fmt.Appendf(nil, "ciphertext %d", i)
		}
		entry, err := tip.Append(entry)
		require.NoError(t, err)
		entries = append(entries, entry)
		tip = entry.Tip()
	}
	return entries
}

func verify(entries []audit.Entry, published ...audit.Head) error {
	v := audit.NewVerifier(caseID)
	for _, head := range published {
		v.Expect(head)
	}
	for _, entry := range entries {
		if err := v.Add(entry); err != nil {
			return err
		}
	}
	return v.Finish()
}

func head(e audit.Entry) audit.Head { return audit.Head{Case: e.Case, Seq: e.Seq, Hash: e.Hash} }

func requireBroken(t require.TestingT, err error, seq int64, reasons ...audit.Reason) {
	var broken *audit.Broken
	require.ErrorAs(t, err, &broken)
	require.Equal(t, seq, broken.Seq, broken.Error())
	require.Contains(t, reasons, broken.Reason, broken.Error())
}

// An untouched chain of any length verifies, against every head that it ever had.
func TestSoundChainVerifies(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		entries := chain(t, rapid.IntRange(0, 30).Draw(t, "n"))
		var published []audit.Head
		for _, e := range entries {
			if rapid.Bool().Draw(t, "published") {
				published = append(published, head(e), head(e))
			}
		}
		require.NoError(t, verify(entries, rapid.Permutation(published).Draw(t, "order")...))
	})
}

// Every attack on a stored chain is found, and the first bad entry is named.
func TestAttacksAreNamed(t *testing.T) {
	type attack struct {
		name    string
		do      func(entries []audit.Entry, i int) []audit.Entry // i is a position with one behind and one before it
		bad     func(i int) int64                                // number of the first bad entry
		reasons []audit.Reason
	}
	here := func(i int) int64 { return int64(i) + 1 }
	next := func(i int) int64 { return int64(i) + 2 }
	edit := func(change func(*audit.Entry)) func([]audit.Entry, int) []audit.Entry {
		return func(entries []audit.Entry, i int) []audit.Entry {
			change(&entries[i])
			return entries
		}
	}
	wrongHash := []audit.Reason{audit.WrongHash}
	attacks := []attack{
		{"update of the body", edit(func(e *audit.Entry) { e.Body = []byte(`{"wave":99}`) }), here, wrongHash},
		{"JSON keys in another order", edit(func(e *audit.Entry) { e.Body = reordered(e.Body) }), here, wrongHash},
		{"JSON with other white space", edit(func(e *audit.Entry) { e.Body = append(e.Body, ' ') }), here, wrongHash},
		{"update of the kind", edit(func(e *audit.Entry) { e.Kind = "incident.dismissed" }), here, wrongHash},
		{"kind and actor shifted", edit(func(e *audit.Entry) { e.Kind, e.Actor = e.Kind+e.Actor[:1], e.Actor[1:] }), here, wrongHash},
		{"another actor", edit(func(e *audit.Entry) { e.Actor = "01890a5d-0000-7000-8000-000000000002" }), here, wrongHash},
		{"moved instant", edit(func(e *audit.Entry) { e.HappenedAt = e.HappenedAt.Add(time.Microsecond) }), here, wrongHash},
		{"moved recording", edit(func(e *audit.Entry) { e.RecordedAt = e.RecordedAt.Add(time.Microsecond) }), here, wrongHash},
		{"other ciphertext", edit(func(e *audit.Entry) { e.Sealed = []byte("other") }), here, wrongHash},
		{"ciphertext emptied or added", edit(func(e *audit.Entry) {
			if e.Sealed == nil {
				e.Sealed = []byte{}
			} else {
				e.Sealed = nil
			}
		}), here, wrongHash},
		{"update with its own hash redone", edit(func(e *audit.Entry) { e.Body = []byte(`{}`); e.Hash = e.Sum() }), next, []audit.Reason{audit.WrongPrevious}},
		{"hash overwritten", edit(func(e *audit.Entry) { e.Hash[0] ^= 1 }), here, wrongHash},
		{"previous overwritten", edit(func(e *audit.Entry) { e.Prev[0] ^= 1 }), here, []audit.Reason{audit.WrongPrevious}},
		{"entry of another case", edit(func(e *audit.Entry) { e.Case = "01890a5d-ffff-774b-bcce-b302099a8057" }), here, []audit.Reason{audit.WrongCase}},
		{"sub-microsecond instant", edit(func(e *audit.Entry) { e.HappenedAt = e.HappenedAt.Add(time.Nanosecond) }), here, []audit.Reason{audit.WrongTime}},
		{"delete", func(entries []audit.Entry, i int) []audit.Entry {
			return slices.Delete(entries, i, i+1)
		}, here, []audit.Reason{audit.Gap}},
		{"delete and close the gap", func(entries []audit.Entry, i int) []audit.Entry {
			entries = slices.Delete(entries, i, i+1)
			for j := i; j < len(entries); j++ {
				entries[j].Seq--
			}
			return entries
		}, here, []audit.Reason{audit.WrongPrevious}},
		{"drop of everything up to an entry", func(entries []audit.Entry, i int) []audit.Entry {
			return entries[i:]
		}, func(int) int64 { return 1 }, []audit.Reason{audit.Gap}},
		{"swap of two rows in place", func(entries []audit.Entry, i int) []audit.Entry {
			entries[i], entries[i+1] = entries[i+1], entries[i]
			return entries
		}, here, []audit.Reason{audit.Gap}},
		{"swap of two rows' contents", func(entries []audit.Entry, i int) []audit.Entry {
			a, b := entries[i], entries[i+1]
			entries[i].Body, entries[i].Kind, entries[i].Hash = b.Body, b.Kind, b.Hash
			entries[i+1].Body, entries[i+1].Kind, entries[i+1].Hash = a.Body, a.Kind, a.Hash
			return entries
		}, here, wrongHash},
		{"swap of two rows with their numbers", func(entries []audit.Entry, i int) []audit.Entry {
			entries[i], entries[i+1] = entries[i+1], entries[i]
			entries[i].Seq, entries[i+1].Seq = entries[i+1].Seq, entries[i].Seq
			return entries
		}, here, []audit.Reason{audit.WrongPrevious}},
		{"insert of a second row of one number", func(entries []audit.Entry, i int) []audit.Entry {
			return slices.Insert(entries, i+1, entries[i])
		}, here, []audit.Reason{audit.Order}},
		{"insert in the middle, numbered on", func(entries []audit.Entry, i int) []audit.Entry {
			forged := entries[i]
			forged.Body = []byte(`{"forged":true}`)
			forged.Hash = forged.Sum()
			entries = slices.Insert(entries, i, forged)
			for j := i + 1; j < len(entries); j++ {
				entries[j].Seq++
			}
			return entries
		}, next, []audit.Reason{audit.WrongPrevious}},
	}
	for _, a := range attacks {
		t.Run(a.name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				entries := chain(t, rapid.IntRange(3, 20).Draw(t, "n"))
				i := rapid.IntRange(1, len(entries)-2).Draw(t, "at")
				requireBroken(t, verify(a.do(entries, i)), a.bad(i), a.reasons...)
			})
		})
	}
}

func reordered(body []byte) []byte {
	var fields struct {
		Parties json.RawMessage `json:"parties"`
		Wave    json.RawMessage `json:"wave"`
	}
	if err := json.Unmarshal(body, &fields); err != nil {
		panic(err)
	}
	out, _ := json.Marshal(fields)
	return out
}

// What a chain alone cannot show, a head that was published outside does.
func TestPublishedHeadsShowWhatTheChainCannot(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		entries := chain(t, rapid.IntRange(2, 20).Draw(t, "n"))
		published := head(entries[len(entries)-1])
		keep := rapid.IntRange(0, len(entries)-1).Draw(t, "keep")

		truncated := slices.Clone(entries[:keep])
		require.NoError(t, verify(truncated))
		requireBroken(t, verify(truncated, published), int64(keep)+1, audit.Truncated)

		// The tail is written anew from there, sound in itself.
		tip := audit.NewTip(caseID)
		if keep > 0 {
			tip = truncated[keep-1].Tip()
		}
		rewritten := slices.Clone(truncated)
		for _, e := range entries[keep:] {
			e.Body = append([]byte(`{"forged":true,`), e.Body[1:]...)
			e, err := tip.Append(e)
			require.NoError(t, err)
			rewritten = append(rewritten, e)
			tip = e.Tip()
		}
		require.NoError(t, verify(rewritten))
		requireBroken(t, verify(rewritten, published), published.Seq, audit.Rewritten)
		requireBroken(t, verify(rewritten, published, head(entries[keep])), int64(keep)+1, audit.Rewritten)
	})
}

// Heads of other cases and of empty chains ask nothing of this chain.
func TestForeignHeadsAreNoConcern(t *testing.T) {
	require.NoError(t, verify(chain(t, 3), audit.Head{Case: "another", Seq: 9}, audit.Head{Case: caseID}))
}

// A recording that goes back in time is found even where all hashes fit.
func TestRecordingNeverGoesBack(t *testing.T) {
	entries := chain(t, 2)
	entries[1].RecordedAt = entries[0].RecordedAt.Add(-time.Microsecond)
	entries[1].Hash = entries[1].Sum()
	requireBroken(t, verify(entries), 2, audit.WrongTime)
	entries[1].RecordedAt = time.Time{}
	entries[1].Hash = entries[1].Sum()
	requireBroken(t, verify(entries), 2, audit.WrongTime)
}

// A broken chain stays broken: later sound entries do not hide the first bad one.
func TestFirstFindingStands(t *testing.T) {
	entries := chain(t, 5)
	entries[1].Kind = "changed"
	v := audit.NewVerifier(caseID)
	require.NoError(t, v.Add(entries[0]))
	for _, e := range entries[1:] {
		requireBroken(t, v.Add(e), 2, audit.WrongHash)
	}
	requireBroken(t, v.Finish(), 2, audit.WrongHash)
	require.Equal(t, head(entries[0]), v.Head())
}

// Appending cuts instants to what the database keeps, whatever zone they came in.
func TestAppendStoresWhatTheDatabaseKeeps(t *testing.T) {
	zone := time.FixedZone("somewhere", 5*3600)
	given := started.Add(789 * time.Nanosecond).In(zone)
	entry, err := audit.NewTip(caseID).Append(audit.Entry{HappenedAt: given, RecordedAt: given, Kind: "case.opened", Actor: "a"})
	require.NoError(t, err)
	require.Equal(t, started, entry.HappenedAt)
	require.Equal(t, audit.Genesis(caseID), entry.Prev)
	require.EqualValues(t, 1, entry.Seq)
	require.NoError(t, verify([]audit.Entry{entry}))
}

// A database clock that steps back refuses no decision and breaks no chain.
func TestClockStepBackKeepsTheOrder(t *testing.T) {
	first := chain(t, 1)[0]
	second, err := first.Tip().Append(audit.Entry{HappenedAt: started, RecordedAt: started.Add(-time.Hour), Kind: "k", Actor: "a"})
	require.NoError(t, err)
	require.Equal(t, first.RecordedAt, second.RecordedAt)
	require.NoError(t, verify([]audit.Entry{first, second}))
}

// An entry that could not be read later is refused before it is stored.
func TestAppendRefusals(t *testing.T) {
	sound := audit.Entry{HappenedAt: started, RecordedAt: started, Kind: "k", Actor: "a"}
	for name, c := range map[string]struct {
		tip    audit.Tip
		change func(*audit.Entry)
		want   string
	}{
		"no tip":       {audit.Tip{Case: caseID}, func(*audit.Entry) {}, "no tip"},
		"another case": {audit.NewTip(caseID), func(e *audit.Entry) { e.Case = "another" }, "another case"},
		"no kind":      {audit.NewTip(caseID), func(e *audit.Entry) { e.Kind = "" }, "a kind and an actor"},
		"no actor":     {audit.NewTip(caseID), func(e *audit.Entry) { e.Actor = "" }, "a kind and an actor"},
		"no instant":   {audit.NewTip(caseID), func(e *audit.Entry) { e.HappenedAt = time.Time{} }, "both its instants"},
	} {
		t.Run(name, func(t *testing.T) {
			entry := sound
			c.change(&entry)
			_, err := c.tip.Append(entry)
			require.ErrorContains(t, err, c.want)
		})
	}
}

// The encoding is fixed: chains of an earlier release verify in a later one. The
// values were computed by a second implementation, from the description alone.
func TestEncodingVersion1StaysTheSame(t *testing.T) {
	entries := chain(t, 2)
	require.Equal(t, "008dad308212568ef95aed49462edb3797bab8b34715795db7694e22d3e9a95a", audit.Genesis(caseID).String())
	require.Equal(t, "b5d93d77a84443d9b8e4e6dc4af71a9f16455415ec24f19104c510c4ea3caaee", entries[0].Hash.String())
	require.Equal(t, "021f495898ce274b9c0979ad856699697b5e0afa6798de6924c6683af4860e93", entries[1].Hash.String())
}
