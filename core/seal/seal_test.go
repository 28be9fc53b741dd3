package seal_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/atlascloudai/docket/core/seal"
)

func kek(b byte) []byte { return bytes.Repeat([]byte{b}, seal.KeySize) }

func ring(t require.TestingT, current string, ids ...string) *seal.Keyring {
	keys := map[string][]byte{}
	for _, id := range ids {
		keys[id] = kek(id[len(id)-1])
	}
	r, err := seal.NewKeyring(current, keys)
	require.NoError(t, err)
	return r
}

func dataKey(t require.TestingT, r *seal.Keyring, scope string) (seal.Key, seal.Wrapped) {
	key, wrapped, err := r.NewDataKey(scope)
	require.NoError(t, err)
	return key, wrapped
}

// What was sealed for a place opens at that place, with a key that was stored in between.
func TestContentComesBack(t *testing.T) {
	r := ring(t, "k1", "k1")
	rapid.Check(t, func(t *rapid.T) {
		scope := rapid.StringN(1, 20, -1).Draw(t, "scope")
		aad := rapid.String().Draw(t, "aad")
		plain := rapid.SliceOf(rapid.Byte()).Draw(t, "plain")
		key, wrapped := dataKey(t, r, scope)
		sealed := key.Seal(aad, plain)
		require.Len(t, sealed, len(plain)+seal.Overhead)
		again, err := r.Unwrap(scope, wrapped)
		require.NoError(t, err)
		got, err := again.Open(aad, sealed)
		require.NoError(t, err)
		require.Equal(t, plain, got)
	})
}

// Any changed bit, any lost byte, any other place or key is noticed.
func TestChangedOrMovedContentDoesNotOpen(t *testing.T) {
	r := ring(t, "k1", "k1")
	key, wrapped := dataKey(t, r, "case:1")
	other, _ := dataKey(t, r, "case:1")
	rapid.Check(t, func(t *rapid.T) {
		plain := rapid.SliceOf(rapid.Byte()).Draw(t, "plain")
		sealed := key.Seal("column:row", plain)
		_, err := key.Open("column:other", sealed)
		require.ErrorIs(t, err, seal.ErrTampered)
		_, err = other.Open("column:row", sealed)
		require.ErrorIs(t, err, seal.ErrTampered)
		_, err = key.Open("column:row", sealed[:rapid.IntRange(0, len(sealed)-1).Draw(t, "cut")])
		require.ErrorIs(t, err, seal.ErrTampered)
		changed := bytes.Clone(sealed)
		changed[rapid.IntRange(0, len(sealed)-1).Draw(t, "at")] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
		_, err = key.Open("column:row", changed)
		require.ErrorIs(t, err, seal.ErrTampered)

		moved := seal.Wrapped{KEK: wrapped.KEK, Bytes: bytes.Clone(wrapped.Bytes)}
		moved.Bytes[rapid.IntRange(0, len(moved.Bytes)-1).Draw(t, "key at")] ^= 1
		_, err = r.Unwrap("case:1", moved)
		require.ErrorIs(t, err, seal.ErrTampered)
	})
	_, err := r.Unwrap("case:2", wrapped)
	require.ErrorIs(t, err, seal.ErrTampered)
}

// Equal content never looks equal.
func TestSealingTwiceDiffers(t *testing.T) {
	key, _ := dataKey(t, ring(t, "k1", "k1"), "case:1")
	require.NotEqual(t, key.Seal("a", []byte("same")), key.Seal("a", []byte("same")))
}

// A shredded key says so, and is told apart from a key file that is away.
func TestShreddedIsNotAway(t *testing.T) {
	r := ring(t, "k1", "k1")
	key, wrapped := dataKey(t, r, "case:1")
	sealed := key.Seal("a", []byte("text"))

	_, err := r.Unwrap("case:1", seal.Wrapped{KEK: wrapped.KEK})
	require.ErrorIs(t, err, seal.ErrShredded)
	_, err = r.Rewrap("case:1", seal.Wrapped{})
	require.ErrorIs(t, err, seal.ErrShredded)
	_, err = seal.Key{}.Open("a", sealed)
	require.ErrorIs(t, err, seal.ErrShredded)

	_, err = ring(t, "k2", "k2").Unwrap("case:1", wrapped)
	require.ErrorIs(t, err, seal.ErrUnknownKey)
	require.ErrorContains(t, err, `"k1"`)
}

// Content is never stored by mistake without a key.
func TestSealingWithoutAKeyPanics(t *testing.T) {
	require.Panics(t, func() { seal.Key{}.Seal("a", []byte("text")) })
	require.Panics(t, func() { seal.Key{}.CommitKey("x") })
	require.Panics(t, func() { seal.Commit(seal.CommitKey{}, "x") })
}

// Rotation: rewrapped under the new key, the old key file can go and content still opens.
func TestRotation(t *testing.T) {
	old := ring(t, "k1", "k1")
	key, wrapped := dataKey(t, old, "case:1")
	sealed := key.Seal("a", []byte("text"))

	both := ring(t, "k2", "k1", "k2")
	rewrapped, err := both.Rewrap("case:1", wrapped)
	require.NoError(t, err)
	require.Equal(t, "k2", rewrapped.KEK)
	same, err := both.Rewrap("case:1", rewrapped)
	require.NoError(t, err)
	require.Equal(t, rewrapped, same)

	again, err := ring(t, "k2", "k2").Unwrap("case:1", rewrapped)
	require.NoError(t, err)
	plain, err := again.Open("a", sealed)
	require.NoError(t, err)
	require.Equal(t, "text", string(plain))
	_, err = both.Rewrap("case:2", wrapped)
	require.ErrorIs(t, err, seal.ErrTampered)
}

// Direct sealing opens by the id that it answered, and never as a wrapped data key.
func TestDirectSealing(t *testing.T) {
	r := ring(t, "k2", "k1", "k2")
	id, sealed := r.Seal("payload", []byte("ids"))
	require.Equal(t, "k2", id)
	plain, err := r.Open(id, "payload", sealed)
	require.NoError(t, err)
	require.Equal(t, "ids", string(plain))
	_, err = r.Open("k1", "payload", sealed)
	require.ErrorIs(t, err, seal.ErrTampered)
	_, err = r.Open("k9", "payload", sealed)
	require.ErrorIs(t, err, seal.ErrUnknownKey)

	_, asKey := r.Seal("case:1", kek('z'))
	_, err = r.Unwrap("case:1", seal.Wrapped{KEK: "k2", Bytes: asKey})
	require.ErrorIs(t, err, seal.ErrTampered)
}

// JSON values come back whole, and say so when they do not fit.
func TestJSON(t *testing.T) {
	key, _ := dataKey(t, ring(t, "k1", "k1"), "case:1")
	type contact struct{ Name, Address string }
	in := contact{"Sample Person", "sample@customer.example"}
	sealed, err := key.SealJSON("contact:1", in)
	require.NoError(t, err)
	require.NotContains(t, string(sealed), "Sample")
	var out contact
	require.NoError(t, key.OpenJSON("contact:1", sealed, &out))
	require.Equal(t, in, out)
	require.ErrorIs(t, key.OpenJSON("contact:2", sealed, &out), seal.ErrTampered)
	var number int
	require.ErrorContains(t, key.OpenJSON("contact:1", sealed, &number), "cannot decode sealed value")
	_, err = key.SealJSON("contact:1", func() {})
	require.ErrorContains(t, err, "cannot encode sealed value")
}

// Keyrings that protect nothing are refused, with the reason.
func TestKeyringRefusals(t *testing.T) {
	for name, c := range map[string]struct {
		current string
		keys    map[string][]byte
		want    string
	}{
		"no keys":        {"k1", nil, "not among"},
		"current absent": {"k2", map[string][]byte{"k1": kek(1)}, "not among"},
		"short":          {"k1", map[string][]byte{"k1": kek(1)[:31]}, "31 bytes"},
		"long":           {"k1", map[string][]byte{"k1": append(kek(1), 1)}, "33 bytes"},
		"zero":           {"k1", map[string][]byte{"k1": make([]byte, 32)}, "all zero"},
		"twice":          {"k1", map[string][]byte{"k1": kek(1), "k2": kek(1)}, "the same key"},
		"id":             {"../k1", map[string][]byte{"../k1": kek(1)}, "lower-case letters"},
		"upper-case id":  {"K1", map[string][]byte{"K1": kek(1)}, "lower-case letters"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := seal.NewKeyring(c.current, c.keys)
			require.ErrorContains(t, err, c.want)
		})
	}
	_, _, err := ring(t, "k1", "k1").NewDataKey("")
	require.ErrorContains(t, err, "scope")
	require.Equal(t, []string{"k1", "k2"}, ring(t, "k2", "k2", "k1").IDs())
}

// Keys show up in no text, log or JSON.
func TestKeysHideThemselves(t *testing.T) {
	r := ring(t, "k1", "k1")
	key, _ := dataKey(t, r, "case:1")
	commit, err := seal.NewCommitKey(kek('s'), "address")
	require.NoError(t, err)
	type holder struct {
		key    seal.Key
		commit seal.CommitKey
	}
	held := holder{key, commit}
	require.NotRegexp(t, `\d+ \d+ \d+|0x[0-9a-f]{1,2},`, fmt.Sprintf("%+v %#v %v", held, held, &held), "no list of key bytes")
	for _, value := range []any{key, &key, commit} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%q"} {
			require.Contains(t, fmt.Sprintf(verb, value), "(hidden)")
		}
		var log bytes.Buffer
		slog.New(slog.NewJSONHandler(&log, nil)).Info("key", "key", value)
		require.NotContains(t, log.String(), "raw")
		encoded, err := json.Marshal(value)
		require.NoError(t, err)
		require.Equal(t, "{}", string(encoded))
	}
}

// An address is found again by its commitment; other purposes and secrets are unrelated.
func TestCommitments(t *testing.T) {
	secret := kek('s')
	address, err := seal.NewCommitKey(secret, "contact address")
	require.NoError(t, err)
	verp, err := seal.NewCommitKey(secret, "bounce address")
	require.NoError(t, err)
	elsewhere, err := seal.NewCommitKey(kek('t'), "contact address")
	require.NoError(t, err)
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.String().Draw(t, "a"), rapid.String().Draw(t, "b")
		require.Equal(t, a == b, seal.Commit(address, a) == seal.Commit(address, b))
		require.NotEqual(t, seal.Commit(address, a), seal.Commit(verp, a))
		require.NotEqual(t, seal.Commit(address, a), seal.Commit(elsewhere, a))
	})
	_, err = seal.NewCommitKey(secret[:16], "x")
	require.ErrorContains(t, err, "16 bytes")
	_, err = seal.NewCommitKey(secret, "")
	require.ErrorContains(t, err, "purpose")
}

// A derived key is the same at every start, and another one for every purpose and secret.
func TestDerivedKeys(t *testing.T) {
	derived := func(secret byte, purpose string) string {
		key, err := seal.DeriveKey(kek(secret), purpose)
		require.NoError(t, err)
		require.Len(t, key, seal.KeySize)
		return string(key)
	}
	require.Equal(t, derived('s', "bounce"), derived('s', "bounce"))
	require.NotEqual(t, derived('s', "bounce"), derived('s', "link"))
	require.NotEqual(t, derived('s', "bounce"), derived('t', "bounce"))
	_, err := seal.DeriveKey(kek('s')[:31], "bounce")
	require.ErrorContains(t, err, "31 bytes")
	_, err = seal.DeriveKey(kek('s'), "")
	require.ErrorContains(t, err, "purpose")
}

// A case's own commitments survive a rotation, and differ from another case's.
func TestCaseCommitments(t *testing.T) {
	r := ring(t, "k1", "k1")
	key, wrapped := dataKey(t, r, "case:1")
	again, err := r.Unwrap("case:1", wrapped)
	require.NoError(t, err)
	other, _ := dataKey(t, r, "case:2")
	require.Equal(t, seal.Commit(key.CommitKey("privileged"), "text"), seal.Commit(again.CommitKey("privileged"), "text"))
	require.NotEqual(t, seal.Commit(key.CommitKey("privileged"), "text"), seal.Commit(other.CommitKey("privileged"), "text"))
}

// What an earlier release wrote opens in every later one.
func TestFormatVersion1StaysReadable(t *testing.T) {
	wrapped := unhex(t, "01f2f228f2f9b11c41688340c6f445327cf2b8f42bc215a2961f6e6fa94649853e56ccde96c140536f72ec10abfc064b765202555f51fc92f3696e51b9")
	sealed := unhex(t, "019545782afe3cde107755177d525456287a0dbf8308fca272f1b8e3addb1508ce7b0d5a05e45b098a47ff")
	key, err := ring(t, "k1", "k1").Unwrap("case:1", seal.Wrapped{KEK: "k1", Bytes: wrapped})
	require.NoError(t, err)
	plain, err := key.Open("notice:body", sealed)
	require.NoError(t, err)
	require.Equal(t, "kept for years", string(plain))
}

func unhex(t *testing.T, text string) []byte {
	raw, err := hex.DecodeString(text)
	require.NoError(t, err)
	return raw
}
