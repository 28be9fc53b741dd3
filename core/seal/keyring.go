// Package seal keeps content unreadable without a key that can be destroyed.
//
// Every scope (a case, the register of customers) has a data key. The data key
// is stored next to the content, wrapped by a key-encryption key that lives in
// a file outside the database. Destroying the wrapped data key erases the
// content everywhere it was copied to, backups included, while the audit chain,
// which is computed over ciphertext, stays verifiable.
//
// The package does no I/O; config reads the key files.
package seal

import (
	"bytes"
	"crypto/cipher"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
)

// KeySize is the length in bytes of every key in this package (AES-256).
const KeySize = 32

// The errors a caller can act on.
var (
	// ErrShredded: the data key was destroyed on purpose; the content is erased for good.
	ErrShredded = errors.New("the data key was destroyed: the content is erased")
	// ErrUnknownKey: the key-encryption key of that id is not in the keyring.
	// The content is intact; it can be read again when the key file is back.
	ErrUnknownKey = errors.New("the key-encryption key is not in the keyring")
	// ErrTampered: the bytes, their scope or their place are not the ones that were sealed.
	ErrTampered = errors.New("the sealed bytes do not belong here or were changed")
)

var keyID = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`)

// CheckKeyID refuses an id that cannot be a file name and a metadata value in
// every place where keys are named: lower-case letters, digits and hyphens,
// 1 to 63 characters, beginning with a letter or digit.
func CheckKeyID(id string) error {
	if !keyID.MatchString(id) {
		return fmt.Errorf("key id %q: use 1 to 63 lower-case letters, digits and hyphens, beginning with a letter or digit", id)
	}
	return nil
}

// Keyring holds key-encryption keys by id. New keys are wrapped with the
// current one; the others are kept for as long as something is wrapped by them.
// A Keyring does not change and may be used by many goroutines.
type Keyring struct {
	current string
	keys    map[string]encryptionKey
}

// encryptionKey is one key-encryption key, split by purpose so that bytes
// sealed for one purpose can never be opened for the other.
type encryptionKey struct {
	wrap   cipher.AEAD
	direct cipher.AEAD
}

// NewKeyring builds a keyring from ids and KeySize bytes each; current names the
// key that new data keys are wrapped with. It refuses keys of another length,
// keys of zero bytes only, and the same key under two ids.
func NewKeyring(current string, keys map[string][]byte) (*Keyring, error) {
	ring := &Keyring{current: current, keys: make(map[string]encryptionKey, len(keys))}
	if _, ok := keys[current]; !ok {
		return nil, fmt.Errorf("the current key %q is not among the keys %v", current, slices.Sorted(maps.Keys(keys)))
	}
	seen := make(map[string]string, len(keys))
	for _, id := range slices.Sorted(maps.Keys(keys)) {
		raw := keys[id]
		if err := CheckKeyID(id); err != nil {
			return nil, err
		}
		if len(raw) != KeySize {
			return nil, fmt.Errorf("key %q has %d bytes, not %d", id, len(raw), KeySize)
		}
		if bytes.Equal(raw, make([]byte, KeySize)) {
			return nil, fmt.Errorf("key %q is all zero bytes: it was never generated", id)
		}
		if other, twice := seen[string(raw)]; twice {
			return nil, fmt.Errorf("keys %q and %q are the same key: rotating between them protects nothing", other, id)
		}
		seen[string(raw)] = id
		ring.keys[id] = encryptionKey{
			wrap:   newAEAD(derive(raw, "docket key wrapping v1")),
			direct: newAEAD(derive(raw, "docket direct sealing v1")),
		}
	}
	return ring, nil
}

// Current is the id of the key that new data keys are wrapped with.
func (r *Keyring) Current() string { return r.current }

// IDs are the ids of all keys, sorted.
func (r *Keyring) IDs() []string { return slices.Sorted(maps.Keys(r.keys)) }

// Has tells whether the keyring can unwrap what was wrapped by the key of that id.
func (r *Keyring) Has(id string) bool {
	_, ok := r.keys[id]
	return ok
}

// Wrapped is a data key as it is stored: unreadable without the key-encryption key named KEK.
type Wrapped struct {
	// KEK is the id of the key-encryption key.
	KEK string
	// Bytes is the sealed data key. Empty means shredded.
	Bytes []byte
}

// Shredded tells whether the data key was destroyed.
func (w Wrapped) Shredded() bool { return len(w.Bytes) == 0 }

// NewDataKey makes a fresh data key for a scope (for example "case:" and the
// case's id) and wraps it with the current key. The wrapped form opens for that
// scope only, so it cannot be moved to another row.
func (r *Keyring) NewDataKey(scope string) (Key, Wrapped, error) {
	if scope == "" {
		return Key{}, Wrapped{}, errors.New("cannot make data key: it needs a scope")
	}
	raw := random(KeySize)
	return newKey(raw), r.wrap(scope, raw), nil
}

// Unwrap gives the data key of a scope back. Errors: ErrShredded, ErrUnknownKey, ErrTampered.
func (r *Keyring) Unwrap(scope string, w Wrapped) (Key, error) {
	raw, err := r.unwrap(scope, w)
	if err != nil {
		return Key{}, err
	}
	return newKey(raw), nil
}

// Rewrap wraps the same data key with the current key, for rotation. The
// content stays as it is. It answers w itself where w is current already.
func (r *Keyring) Rewrap(scope string, w Wrapped) (Wrapped, error) {
	raw, err := r.unwrap(scope, w)
	if err != nil {
		return Wrapped{}, fmt.Errorf("cannot rewrap data key: %w", err)
	}
	if w.KEK == r.current {
		return w, nil
	}
	return r.wrap(scope, raw), nil
}

// Seal seals bytes directly under the current key and answers its id, which the
// caller keeps in clear beside the bytes. It is meant for short-lived bytes
// without a scope of their own (payloads in Temporal), not for content.
func (r *Keyring) Seal(aad string, plain []byte) (id string, sealed []byte) {
	return r.current, sealWith(r.keys[r.current].direct, aad, plain)
}

// Open opens what Seal sealed under the key of that id. Errors: ErrUnknownKey, ErrTampered.
func (r *Keyring) Open(id, aad string, sealed []byte) ([]byte, error) {
	key, ok := r.keys[id]
	if !ok {
		return nil, fmt.Errorf("%w: %q", ErrUnknownKey, id)
	}
	return openWith(key.direct, aad, sealed)
}

func (r *Keyring) wrap(scope string, raw []byte) Wrapped {
	return Wrapped{KEK: r.current, Bytes: sealWith(r.keys[r.current].wrap, scope, raw)}
}

func (r *Keyring) unwrap(scope string, w Wrapped) ([]byte, error) {
	if w.Shredded() {
		return nil, ErrShredded
	}
	key, ok := r.keys[w.KEK]
	if !ok {
		return nil, fmt.Errorf("%w: %q", ErrUnknownKey, w.KEK)
	}
	raw, err := openWith(key.wrap, scope, w.Bytes)
	if err != nil {
		return nil, err
	}
	if len(raw) != KeySize {
		return nil, ErrTampered
	}
	return raw, nil
}
