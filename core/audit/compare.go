package audit

// Standing says how a database stands to the heads that were published from it.
type Standing string

// The standings, from good to bad.
const (
	// Equal: every published head is in the database, which may have gone on since.
	Equal Standing = "equal"
	// Behind: the database lacks entries that were published: it is older than the
	// publication (restored, rolled back, truncated). It must start quarantined.
	Behind Standing = "behind"
	// Fork: a published entry is there with another hash: history was rewritten, or
	// two databases have written under one name. It must start quarantined.
	Fork Standing = "fork"
)

// Finding is one case whose chain does not hold what was published.
type Finding struct {
	// Published is the head outside the database.
	Published Head
	// Standing is Behind or Fork.
	Standing Standing
	// Tip is the number of the newest entry in the database, 0 if the case is not there.
	Tip int64
}

// Comparison is the answer of CompareHeads.
type Comparison struct {
	// Standing is the worst over all cases.
	Standing Standing
	// Behind and Forked count the cases.
	Behind, Forked int
	// Findings are the first of them, at most MaxFindings.
	Findings []Finding
}

// MaxFindings bounds what a comparison lists; the counts are complete.
const MaxFindings = 20

// CompareHeads holds published heads against a database. current answers for a
// case: the number of its newest entry, the stored hash of entry seq (looked at
// only where tip >= seq), and whether the case is there at all. A chain that
// grew since the publication is equal where it passes through the published head.
//
// It compares stored hashes only; whether they fit the stored fields is for a
// Verifier to say.
func CompareHeads(published []Head, current func(caseID string, seq int64) (tip int64, hash Digest, ok bool)) Comparison {
	comparison := Comparison{Standing: Equal}
	for _, head := range published {
		tip, hash, ok := current(head.Case, head.Seq)
		if !ok {
			tip = 0
		}
		switch {
		case tip < head.Seq:
			comparison.Behind++
			comparison.add(Finding{Published: head, Standing: Behind, Tip: tip})
		case hash != head.Hash:
			comparison.Forked++
			comparison.add(Finding{Published: head, Standing: Fork, Tip: tip})
		}
	}
	switch {
	case comparison.Forked > 0:
		comparison.Standing = Fork
	case comparison.Behind > 0:
		comparison.Standing = Behind
	}
	return comparison
}

func (c *Comparison) add(f Finding) {
	if len(c.Findings) < MaxFindings {
		c.Findings = append(c.Findings, f)
	}
}
