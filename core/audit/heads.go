package audit

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// HeadsType is the "typ" of a signed heads file (RFC 7515, section 4.1.9), so
// that nothing else signed by the same key can pass for one.
const HeadsType = "docket-heads+json"

// Head is the end of one case's chain: enough to notice that anything before it
// was changed, removed or added.
type Head struct {
	// Case is the id of the case.
	Case string `json:"case"`
	// Seq is the number of the newest entry.
	Seq int64 `json:"seq"`
	// Hash is the hash of that entry.
	Hash Digest `json:"hash"`
}

// Heads is one published file: the ends of the chains at one instant. Each file
// names the one before it, so that a missing or replaced file is noticed. A
// file may leave out chains that have not moved since the file before it.
type Heads struct {
	// Installation is the id of the installation row.
	Installation string `json:"installation"`
	// SystemIdentifier is PostgreSQL's own id of the cluster and the number of the database
	// in it; a copy of the files has the same one, a database restored from a dump another.
	SystemIdentifier string `json:"system_identifier"`
	// At is when the heads were read, in UTC.
	At time.Time `json:"at"`
	// Sequence counts the published files of the installation from 1, without gaps.
	Sequence int64 `json:"sequence"`
	// PreviousDigest is FileDigest of the file before; zero for the first.
	PreviousDigest Digest `json:"previous_digest"`
	// Anew says that an operator reconciled a restored or copied database: the files before vouch for nothing
	// that is in it, and this one holds every chain that it has.
	Anew bool `json:"anew,omitempty"`
	// Heads are sorted by case.
	Heads []Head `json:"heads"`
}

// ErrHeads: the signed heads are not what this installation published.
var ErrHeads = errors.New("heads file refused")

// Sign writes heads as a compact JWS (RFC 7515) with EdDSA (RFC 8037). kid goes
// into the header so that a verifier finds the key; see KeyID.
func Sign(key ed25519.PrivateKey, kid string, heads Heads) (string, error) {
	if err := heads.check(); err != nil {
		return "", fmt.Errorf("cannot sign heads: %w", err)
	}
	heads.At = stored(heads.At)
	heads.Heads = slices.Clone(heads.Heads)
	slices.SortFunc(heads.Heads, func(a, b Head) int { return strings.Compare(a.Case, b.Case) })
	payload, err := json.Marshal(heads)
	if err != nil {
		return "", fmt.Errorf("cannot encode heads: %w", err)
	}
	signed, err := SignJWS(key, kid, HeadsType, payload)
	if err != nil {
		return "", fmt.Errorf("cannot sign heads: %w", err)
	}
	return signed, nil
}

// VerifyJWS checks the signature and form of a heads file. keys are the public
// keys by kid, retired ones included. Errors wrap ErrHeads.
func VerifyJWS(keys map[string]ed25519.PublicKey, jws string) (Heads, error) {
	payload, err := OpenJWS(keys, HeadsType, strings.TrimSpace(jws))
	if err != nil {
		return Heads{}, fmt.Errorf("%w: %w", ErrHeads, err)
	}
	var heads Heads
	if err := json.Unmarshal(payload, &heads); err != nil {
		return Heads{}, fmt.Errorf("%w: %w", ErrHeads, err)
	}
	if err := heads.check(); err != nil {
		return Heads{}, fmt.Errorf("%w: %w", ErrHeads, err)
	}
	return heads, nil
}

// FileDigest is how the next file names this one: the hash of the compact JWS
// without surrounding white space.
func FileDigest(jws string) Digest { return sha256.Sum256([]byte(strings.TrimSpace(jws))) }

func (h Heads) check() error {
	switch {
	case h.Installation == "" || h.SystemIdentifier == "":
		return errors.New("it names no installation or no database")
	case h.At.IsZero():
		return errors.New("it has no instant")
	case h.Sequence < 1:
		return fmt.Errorf("its sequence is %d, the first is 1", h.Sequence)
	case (h.Sequence == 1) != h.PreviousDigest.IsZero():
		return fmt.Errorf("file %d: only the first file has no file before it", h.Sequence)
	}
	seen := make(map[string]bool, len(h.Heads))
	for _, head := range h.Heads {
		if head.Case == "" || head.Seq < 1 || head.Hash.IsZero() {
			return fmt.Errorf("the head of case %q is incomplete", head.Case)
		}
		if seen[head.Case] {
			return fmt.Errorf("case %s has two heads", head.Case)
		}
		seen[head.Case] = true
	}
	return nil
}
