package seal

import (
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"log/slog"
)

// CommitKey is a key for commitments only. It never prints itself.
type CommitKey struct{ mac *[]byte } // a pointer for the reason given at material

func newCommitKey(secret []byte, purpose string) CommitKey {
	mac := derive(secret, purpose)
	return CommitKey{&mac}
}

// NewCommitKey derives a commitment key for one purpose (for example
// "contact address") from the look-up secret. Another purpose gives unrelated
// commitments, so that two tables cannot be joined by them. The look-up secret
// does not rotate with the keyring: an address must stay findable.
func NewCommitKey(secret []byte, purpose string) (CommitKey, error) {
	if len(secret) != KeySize {
		return CommitKey{}, fmt.Errorf("the look-up secret has %d bytes, not %d", len(secret), KeySize)
	}
	if purpose == "" {
		return CommitKey{}, errors.New("cannot derive commitment key: it needs a purpose")
	}
	return newCommitKey(secret, "docket look-up v1 "+purpose), nil
}

// DeriveKey is a key in bytes for one purpose, from the look-up secret, for code
// that signs by itself (bounce addresses). Another purpose gives an unrelated key.
func DeriveKey(secret []byte, purpose string) ([]byte, error) {
	if len(secret) != KeySize {
		return nil, fmt.Errorf("the look-up secret has %d bytes, not %d", len(secret), KeySize)
	}
	if purpose == "" {
		return nil, errors.New("cannot derive key: it needs a purpose")
	}
	return derive(secret, "docket derived key v1 "+purpose), nil
}

// Commit stands for a value without showing it (HMAC-SHA-256): equal values
// give equal commitments, and without the key a value can be neither read nor
// guessed. The caller normalises first (an address to its lower-case form).
func Commit(key CommitKey, value string) [32]byte {
	if key.mac == nil {
		panic("seal: Commit called with an empty CommitKey")
	}
	mac := hmac.New(sha256.New, *key.mac)
	_, _ = io.WriteString(mac, value)
	return [32]byte(mac.Sum(nil))
}

// Format keeps the key out of every fmt verb.
func (k CommitKey) Format(state fmt.State, _ rune) {
	_, _ = io.WriteString(state, "seal.CommitKey(hidden)")
}

// LogValue keeps the key out of logs.
func (k CommitKey) LogValue() slog.Value { return slog.StringValue("seal.CommitKey(hidden)") }
