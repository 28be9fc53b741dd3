package audit

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash"
)

// Digest is a SHA-256 hash. In JSON and in text it is 64 hexadecimal digits.
type Digest [sha256.Size]byte

// ReadDigest reads stored bytes. It refuses another length, so that bytes which
// somebody cut or added cannot pass for the hash they were.
func ReadDigest(stored []byte) (Digest, error) {
	if len(stored) != len(Digest{}) {
		return Digest{}, fmt.Errorf("cannot read digest: %d bytes are stored, not %d", len(stored), len(Digest{}))
	}
	return Digest(stored), nil
}

// String is the digest as 64 hexadecimal digits.
func (d Digest) String() string { return hex.EncodeToString(d[:]) }

// IsZero tells whether the digest was never set.
func (d Digest) IsZero() bool { return d == Digest{} }

// MarshalText implements encoding.TextMarshaler.
func (d Digest) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler; it wants exactly 64 hexadecimal digits.
func (d *Digest) UnmarshalText(text []byte) error {
	if len(text) != hex.EncodedLen(len(d)) {
		return fmt.Errorf("a digest has %d hexadecimal digits, not %d", hex.EncodedLen(len(d)), len(text))
	}
	if _, err := hex.Decode(d[:], text); err != nil {
		return fmt.Errorf("cannot read digest: %w", err)
	}
	return nil
}

// fields feeds a hash so that no two different lists of fields give the same
// stream: every field is preceded by its length in eight bytes, and the stream
// begins with the name and version of what is being hashed.
type fields struct{ hash hash.Hash }

func newFields(what string) fields {
	f := fields{sha256.New()}
	f.text(what)
	return f
}

func (f fields) number(n int64) {
	_, _ = f.hash.Write(binary.BigEndian.AppendUint64(nil, uint64(n))) // a hash never fails to write
}

func (f fields) bytes(b []byte) {
	f.number(int64(len(b)))
	_, _ = f.hash.Write(b)
}

func (f fields) text(s string) { f.bytes([]byte(s)) }

// optional keeps "absent" and "present but empty" apart.
func (f fields) optional(b []byte) {
	if b == nil {
		f.number(-1)
		return
	}
	f.bytes(b)
}

func (f fields) sum() Digest { return Digest(f.hash.Sum(nil)) }
