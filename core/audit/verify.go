package audit

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// Reason says in one word why a chain is broken. Reasons are stable.
type Reason string

// The reasons, each with the finding it stands for.
const (
	// WrongCase: the entry belongs to the chain of another case.
	WrongCase Reason = "wrong_case"
	// Gap: one or more entries are missing before the next stored one.
	Gap Reason = "gap"
	// Order: the entry's number was there already, or comes after a higher one.
	Order Reason = "order"
	// WrongPrevious: the entry does not continue the one before it.
	WrongPrevious Reason = "wrong_previous"
	// WrongHash: the stored fields do not give the stored hash: a field was changed.
	WrongHash Reason = "wrong_hash"
	// WrongTime: an instant is missing or finer than a microsecond, or recording went back in time.
	WrongTime Reason = "wrong_time"
	// Truncated: entries that a published head vouches for are no longer there.
	Truncated Reason = "truncated"
	// Rewritten: the chain is sound in itself, but is not the one that was published.
	Rewritten Reason = "rewritten"
)

// Broken names the first entry at which a chain stops being the one that was written.
type Broken struct {
	// Case is the id of the case.
	Case string
	// Seq is the number of the first bad entry.
	Seq int64
	// Reason is the kind of finding.
	Reason Reason
	// Detail is one sentence for a person; it holds numbers and hashes only.
	Detail string
}

// Error implements error.
func (b *Broken) Error() string {
	return fmt.Sprintf("case %s: entry %d: %s: %s", b.Case, b.Seq, b.Reason, b.Detail)
}

// Verifier checks one chain entry by entry, in the order of Seq. It re-hashes
// every stored value and keeps nothing but the end of the chain, so a chain of
// any length takes the same memory.
type Verifier struct {
	tip      Tip
	expected []Head
	broken   *Broken
}

// NewVerifier begins at the genesis of a case's chain.
func NewVerifier(caseID string) *Verifier { return &Verifier{tip: NewTip(caseID)} }

// Expect adds a head that was published outside the database; the chain must
// pass through it. Heads of other cases are ignored. Expect comes before Add.
func (v *Verifier) Expect(published Head) {
	if published.Case != v.tip.Case || published.Seq < 1 {
		return
	}
	at, _ := slices.BinarySearchFunc(v.expected, published.Seq, func(h Head, seq int64) int { return cmp.Compare(h.Seq, seq) })
	v.expected = slices.Insert(v.expected, at, published)
}

// Add checks the next stored entry. The error is a *Broken naming the first bad
// entry; once a chain is broken, every further Add and Finish repeats it.
func (v *Verifier) Add(e Entry) error {
	if v.broken == nil {
		v.broken = v.examine(e)
	}
	if v.broken != nil {
		return v.broken
	}
	v.tip = e.Tip()
	return nil
}

// Finish says that no entry follows, which only a published head can doubt.
func (v *Verifier) Finish() error {
	if v.broken == nil && len(v.expected) > 0 {
		v.broken = v.fault(v.tip.Seq+1, Truncated, "the chain ends at %d, but entry %d was published", v.tip.Seq, v.expected[len(v.expected)-1].Seq)
	}
	if v.broken != nil {
		return v.broken
	}
	return nil
}

// Head is the end of what was verified so far.
func (v *Verifier) Head() Head { return Head{Case: v.tip.Case, Seq: v.tip.Seq, Hash: v.tip.Hash} }

func (v *Verifier) examine(e Entry) *Broken {
	next := v.tip.Seq + 1
	switch {
	case e.Case != v.tip.Case:
		return v.fault(next, WrongCase, "the entry belongs to case %s", e.Case)
	case e.Seq > next:
		return v.fault(next, Gap, "the next stored entry is %d", e.Seq)
	case e.Seq < next:
		return v.fault(e.Seq, Order, "it follows entry %d", v.tip.Seq)
	case e.Prev != v.tip.Hash:
		return v.fault(next, WrongPrevious, "it continues %s, the entry before it is %s", e.Prev, v.tip.Hash)
	case e.Sum() != e.Hash:
		return v.fault(next, WrongHash, "its fields give %s, stored is %s", e.Sum(), e.Hash)
	}
	if detail := timeFault(e, v.tip); detail != "" {
		return v.fault(next, WrongTime, "%s", detail)
	}
	for len(v.expected) > 0 && v.expected[0].Seq == next {
		published := v.expected[0]
		v.expected = v.expected[1:]
		if published.Hash != e.Hash {
			return v.fault(next, Rewritten, "published was %s, stored is %s", published.Hash, e.Hash)
		}
	}
	return nil
}

func timeFault(e Entry, before Tip) string {
	switch {
	case e.HappenedAt.IsZero() || e.RecordedAt.IsZero():
		return "an instant is missing"
	case !e.HappenedAt.Equal(stored(e.HappenedAt)) || !e.RecordedAt.Equal(stored(e.RecordedAt)):
		return "an instant is finer than a microsecond and cannot have been stored"
	case e.RecordedAt.Before(before.RecordedAt):
		return fmt.Sprintf("recorded at %s, before the entry before it", e.RecordedAt.UTC().Format(time.RFC3339Nano))
	}
	return ""
}

func (v *Verifier) fault(seq int64, reason Reason, format string, args ...any) *Broken {
	return &Broken{Case: v.tip.Case, Seq: seq, Reason: reason, Detail: fmt.Sprintf(format, args...)}
}
