// Package audit makes a case's story tamper-evident. Every decision is one
// Entry in the case's hash chain; pages of append-only rows are vouched for by
// one entry each; the heads of all chains are signed together and published
// outside the database, so that a rewritten or rolled-back database is noticed.
//
// What is hashed is the stored bytes: ciphertext where a field is sealed. A
// shredded key therefore leaves every chain verifiable, and a verifier needs no
// secret at all.
package audit

import (
	"errors"
	"time"
)

// The names and versions at the beginning of every hashed stream. A new
// encoding gets a new name; the old one stays readable.
const (
	genesisFormat = "docket.audit.genesis.v1"
	entryFormat   = "docket.audit.entry.v1"
)

// Entry is one decision or fact in the chain of one case.
type Entry struct {
	// Case is the id (UUID) of the case whose chain this is.
	Case string
	// Seq counts the entries of the case from 1, without gaps.
	Seq int64
	// HappenedAt is the instant of the fact itself: the server's receipt, or given
	// by a person with evidence. Clocks count from it. Microseconds.
	HappenedAt time.Time
	// RecordedAt is the instant of recording; it never goes back within a chain. Microseconds.
	RecordedAt time.Time
	// Kind is the stable name of the fact, for example "incident.declared".
	Kind string
	// Actor is the id of who decided, never a name or an address.
	Actor string
	// Body is what may stay readable for ever (JSON by construction, ids and
	// instants only). It is stored and hashed as these very bytes, never as jsonb.
	Body []byte
	// Sealed is the ciphertext of what may be erased, nil if there is none.
	Sealed []byte
	// Prev is the Hash of the entry before, or Genesis for the first.
	Prev Digest
	// Hash is Sum of this entry.
	Hash Digest
}

// Genesis is the Prev of a case's first entry. It binds the chain to its case.
func Genesis(caseID string) Digest {
	f := newFields(genesisFormat)
	f.text(caseID)
	return f.sum()
}

// Sum is the hash that the entry's other fields call for. Instants count in
// microseconds, which is what PostgreSQL keeps.
func (e Entry) Sum() Digest {
	f := newFields(entryFormat)
	f.text(e.Case)
	f.number(e.Seq)
	f.number(e.HappenedAt.UnixMicro())
	f.number(e.RecordedAt.UnixMicro())
	f.text(e.Kind)
	f.text(e.Actor)
	f.bytes(e.Body)
	f.optional(e.Sealed)
	f.bytes(e.Prev[:])
	return f.sum()
}

// Tip is the end of a chain, all that is needed to append to it.
type Tip struct {
	// Case is the id of the case.
	Case string
	// Seq is the number of the newest entry, 0 for an empty chain.
	Seq int64
	// Hash is the hash of the newest entry, Genesis for an empty chain.
	Hash Digest
	// RecordedAt is when the newest entry was recorded; zero for an empty chain.
	RecordedAt time.Time
}

// NewTip is the end of a chain that has no entry yet.
func NewTip(caseID string) Tip { return Tip{Case: caseID, Hash: Genesis(caseID)} }

// Tip is the end of the chain once this entry is stored.
func (e Entry) Tip() Tip {
	return Tip{Case: e.Case, Seq: e.Seq, Hash: e.Hash, RecordedAt: e.RecordedAt}
}

// Append gives the entry its place behind the tip: case, number, previous hash
// and hash. The caller stores exactly what is returned, while it holds the
// case's lock. Instants are cut to microseconds. Where the database's clock
// stepped back since the newest entry, RecordedAt is the newest entry's: the
// order of recording is the chain's, and a clock step must not refuse a decision.
func (t Tip) Append(e Entry) (Entry, error) {
	if t.Case == "" || t.Hash.IsZero() {
		return Entry{}, errors.New("cannot append entry: the chain has no tip (use NewTip for an empty chain)")
	}
	if e.Case != "" && e.Case != t.Case {
		return Entry{}, errors.New("cannot append entry: it belongs to another case")
	}
	if e.Kind == "" || e.Actor == "" {
		return Entry{}, errors.New("cannot append entry: it needs a kind and an actor")
	}
	if e.HappenedAt.IsZero() || e.RecordedAt.IsZero() {
		return Entry{}, errors.New("cannot append entry: it needs both its instants")
	}
	e.Case, e.Seq, e.Prev = t.Case, t.Seq+1, t.Hash
	e.HappenedAt, e.RecordedAt = stored(e.HappenedAt), stored(e.RecordedAt)
	if e.RecordedAt.Before(t.RecordedAt) {
		e.RecordedAt = stored(t.RecordedAt)
	}
	e.Hash = e.Sum()
	return e, nil
}

// stored is an instant as PostgreSQL gives it back.
func stored(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }
