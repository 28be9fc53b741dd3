package audit

import (
	"crypto/ed25519"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Trail follows the published heads files from the first one on and keeps the
// newest head of every case. It is what an outsider holds against a database.
type Trail struct {
	keys   map[string]ed25519.PublicKey
	last   Heads
	digest Digest
	heads  map[string]Head
}

// NewTrail begins before the first file. keys are the public keys by kid.
func NewTrail(keys map[string]ed25519.PublicKey) *Trail {
	return &Trail{keys: keys, heads: map[string]Head{}}
}

// Add checks the next file: signature, place in the trail, one installation,
// time that does not go back, and no chain that got shorter or changed at the
// same length, unless the file says that it begins anew. A file that is refused
// leaves the trail as it was. Errors wrap ErrHeads.
func (t *Trail) Add(jws string) error {
	next, err := VerifyJWS(t.keys, jws)
	if err != nil {
		return err
	}
	switch {
	case next.Sequence != t.last.Sequence+1:
		return fmt.Errorf("%w: file %d follows file %d", ErrHeads, next.Sequence, t.last.Sequence)
	case next.PreviousDigest != t.digest:
		return fmt.Errorf("%w: file %d continues another file %d", ErrHeads, next.Sequence, t.last.Sequence)
	case t.last.Sequence > 0 && next.Installation != t.last.Installation:
		return fmt.Errorf("%w: file %d is of installation %s, the files before are of %s", ErrHeads, next.Sequence, next.Installation, t.last.Installation)
	case next.At.Before(t.last.At):
		return fmt.Errorf("%w: file %d is older than file %d", ErrHeads, next.Sequence, t.last.Sequence)
	}
	if next.Anew {
		t.heads = map[string]Head{}
	}
	for _, head := range next.Heads {
		before, known := t.heads[head.Case]
		if known && (head.Seq < before.Seq || head.Seq == before.Seq && head.Hash != before.Hash) {
			return fmt.Errorf("%w: file %d takes back entry %d of case %s", ErrHeads, next.Sequence, before.Seq, head.Case)
		}
	}
	for _, head := range next.Heads {
		t.heads[head.Case] = head
	}
	t.last, t.digest = next, FileDigest(jws)
	return nil
}

// Last is the newest file, without its heads; its Sequence is 0 before the first.
func (t *Trail) Last() Heads {
	last := t.last
	last.Heads = nil
	return last
}

// Digest is what the next file must carry as PreviousDigest.
func (t *Trail) Digest() Digest { return t.digest }

// Heads are the newest published heads of all cases, sorted by case.
func (t *Trail) Heads() []Head {
	return slices.SortedFunc(maps.Values(t.heads), func(a, b Head) int { return strings.Compare(a.Case, b.Case) })
}
