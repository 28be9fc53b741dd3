package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
)

// version is the first byte of everything sealed, and part of what is authenticated.
const version byte = 1

// Overhead is how many bytes longer sealed bytes are than the plain ones:
// version, nonce (96 bits, random), tag (128 bits).
const Overhead = 1 + nonceSize + 16

const nonceSize = 12

// Key is the data key of one scope. It never prints itself.
//
// A random 96-bit nonce is safe for 2^32 seals under one key (NIST SP 800-38D,
// section 8.3); a scope is one case, which stays far below.
type Key struct{ material *material }

// material is behind a pointer, because fmt prints the fields of a struct that
// holds a Key without asking the Key, but follows no pointer there.
type material struct {
	raw  []byte
	aead cipher.AEAD
}

func newKey(raw []byte) Key {
	return Key{&material{raw: raw, aead: newAEAD(derive(raw, "docket content v1"))}}
}

// Seal seals plain bytes for one place. aad names that place (for example
// "notice_text:body:" and the row's id); Open needs the same words, so that a
// ciphertext moved to another row or column does not open.
//
// Sealing with a Key that came from nowhere is a programming error and panics:
// content must never be stored because nobody looked at an error.
func (k Key) Seal(aad string, plain []byte) []byte {
	if k.material == nil {
		panic("seal: Seal called on an empty Key")
	}
	return sealWith(k.material.aead, aad, plain)
}

// Open opens what Seal sealed for the same place. Errors: ErrShredded for an
// empty Key, ErrTampered for anything that was not sealed with this key for this place.
func (k Key) Open(aad string, sealed []byte) ([]byte, error) {
	if k.material == nil {
		return nil, ErrShredded
	}
	return openWith(k.material.aead, aad, sealed)
}

// SealJSON seals a value as JSON for one place.
func (k Key) SealJSON(aad string, value any) ([]byte, error) {
	plain, err := json.Marshal(value)
	if err != nil {
		return nil, fmt.Errorf("cannot encode sealed value: %w", err)
	}
	return k.Seal(aad, plain), nil
}

// OpenJSON opens what SealJSON sealed into the value that into points to.
// Errors as for Open.
func (k Key) OpenJSON(aad string, sealed []byte, into any) error {
	plain, err := k.Open(aad, sealed)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(plain, into); err != nil {
		return fmt.Errorf("cannot decode sealed value: %w", err)
	}
	return nil
}

// CommitKey is a key for Commit that is derived from this data key: what it
// commits to can no longer be guessed once the data key is shredded.
func (k Key) CommitKey(purpose string) CommitKey {
	if k.material == nil {
		panic("seal: CommitKey called on an empty Key")
	}
	return newCommitKey(k.material.raw, "docket commitment v1 "+purpose)
}

// Format keeps the key out of every fmt verb.
func (k Key) Format(state fmt.State, _ rune) { _, _ = io.WriteString(state, "seal.Key(hidden)") }

// LogValue keeps the key out of logs.
func (k Key) LogValue() slog.Value { return slog.StringValue("seal.Key(hidden)") }

func newAEAD(key []byte) cipher.AEAD {
	block, err := aes.NewCipher(key)
	if err != nil {
		panic("seal: " + err.Error()) // the length is ours, never the caller's
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		panic("seal: " + err.Error())
	}
	return aead
}

// derive makes a key for one purpose from another key (HKDF-SHA-256, RFC 5869).
func derive(key []byte, purpose string) []byte {
	derived, err := hkdf.Key(sha256.New, key, nil, purpose, KeySize)
	if err != nil {
		panic("seal: " + err.Error()) // only for an output longer than 8,160 bytes
	}
	return derived
}

// random never fails: since Go 1.24 crypto/rand ends the process instead.
func random(n int) []byte {
	out := make([]byte, n)
	_, _ = rand.Read(out)
	return out
}

// sealWith writes version, nonce, ciphertext and tag.
func sealWith(aead cipher.AEAD, aad string, plain []byte) []byte {
	out := make([]byte, 0, Overhead+len(plain))
	out = append(out, version)
	out = append(out, random(nonceSize)...)
	return aead.Seal(out, out[1:1+nonceSize], plain, authenticated(aad))
}

func openWith(aead cipher.AEAD, aad string, sealed []byte) ([]byte, error) {
	if len(sealed) < Overhead || sealed[0] != version {
		return nil, ErrTampered
	}
	plain, err := aead.Open([]byte{}, sealed[1:1+nonceSize], sealed[1+nonceSize:], authenticated(aad))
	if err != nil {
		return nil, ErrTampered
	}
	return plain, nil
}

func authenticated(aad string) []byte { return append([]byte{version}, aad...) }
