package audit_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/atlascloudai/docket/core/audit"
)

func signingKey(b byte) (ed25519.PrivateKey, string) {
	key := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{b}, ed25519.SeedSize))
	return key, audit.KeyID(key.Public().(ed25519.PublicKey))
}

func publicKeys(seeds ...byte) map[string]ed25519.PublicKey {
	keys := map[string]ed25519.PublicKey{}
	for _, b := range seeds {
		key, kid := signingKey(b)
		keys[kid] = key.Public().(ed25519.PublicKey)
	}
	return keys
}

func file(sequence int64, previous audit.Digest, heads ...audit.Head) audit.Heads {
	return audit.Heads{
		Installation: "01890a5d-1111-7000-8000-000000000001", SystemIdentifier: "7300000000000000001",
		At: started.Add(time.Duration(sequence) * time.Minute), Sequence: sequence, PreviousDigest: previous, Heads: heads,
	}
}

func sign(t require.TestingT, heads audit.Heads) string {
	key, kid := signingKey(1)
	jws, err := audit.Sign(key, kid, heads)
	require.NoError(t, err)
	return jws
}

func caseHead(c string, seq int64, b byte) audit.Head {
	return audit.Head{Case: c, Seq: seq, Hash: audit.Digest{b}}
}

// Heads verify with the public key alone, and come back as they were.
func TestSignedHeadsComeBack(t *testing.T) {
	in := file(1, audit.Digest{}, caseHead("b", 2, 2), caseHead("a", 1, 1))
	out, err := audit.VerifyJWS(publicKeys(1), sign(t, in)+"\n")
	require.NoError(t, err)
	require.Equal(t, file(1, audit.Digest{}, caseHead("a", 1, 1), caseHead("b", 2, 2)), out)
	require.Equal(t, "b", in.Heads[0].Case, "the caller's heads are left alone")
}

// No changed character of a signed file verifies as anything else.
func TestChangedHeadsAreRefused(t *testing.T) {
	jws := sign(t, file(1, audit.Digest{}, caseHead("a", 1, 1)))
	want, err := audit.VerifyJWS(publicKeys(1), jws)
	require.NoError(t, err)
	rapid.Check(t, func(t *rapid.T) {
		changed := []byte(jws)
		changed[rapid.IntRange(0, len(jws)-1).Draw(t, "at")] = rapid.SampledFrom([]byte("ABCabc019-_.{")).Draw(t, "to")
		got, err := audit.VerifyJWS(publicKeys(1), string(changed))
		if err == nil {
			// The spare bits of a base64 group may differ; what is read may not.
			require.Equal(t, want, got)
			return
		}
		require.ErrorIs(t, err, audit.ErrHeads)
	})
}

// Unknown keys, other algorithms and other kinds of documents do not pass.
func TestForeignSignaturesAreRefused(t *testing.T) {
	key, kid := signingKey(1)
	payload, err := json.Marshal(file(1, audit.Digest{}))
	require.NoError(t, err)
	signed := func(alg jose.SignatureAlgorithm, key any, typ string, payload []byte) string {
		signer, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: key}, (&jose.SignerOptions{}).WithType(jose.ContentType(typ)).WithHeader("kid", kid))
		require.NoError(t, err)
		jws, err := signer.Sign(payload)
		require.NoError(t, err)
		compact, err := jws.CompactSerialize()
		require.NoError(t, err)
		return compact
	}
	none := base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, `{"alg":"none","kid":%q,"typ":%q}`, kid, audit.HeadsType)) +
		"." + base64.RawURLEncoding.EncodeToString(payload) + "."
	other, _ := signingKey(2)
	for name, c := range map[string]struct{ jws, want string }{
		"empty":                       {"", "heads file refused"},
		"no algorithm":                {none, "heads file refused"},
		"public key as HMAC secret":   {signed(jose.HS256, []byte(key.Public().(ed25519.PublicKey)), audit.HeadsType, payload), "heads file refused"},
		"another key under that id":   {signed(jose.EdDSA, other, audit.HeadsType, payload), "the signature is not by key"},
		"another kind of document":    {signed(jose.EdDSA, key, "certificate+json", payload), "its type is"},
		"no JSON":                     {signed(jose.EdDSA, key, audit.HeadsType, []byte("heads")), "heads file refused"},
		"a document that is no heads": {signed(jose.EdDSA, key, audit.HeadsType, []byte("{}")), "no installation"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := audit.VerifyJWS(publicKeys(1), c.jws)
			require.ErrorIs(t, err, audit.ErrHeads)
			require.ErrorContains(t, err, c.want)
		})
	}
	_, err = audit.VerifyJWS(publicKeys(2), sign(t, file(1, audit.Digest{})))
	require.ErrorContains(t, err, "no public key")
	_, err = audit.VerifyJWS(publicKeys(1, 2), sign(t, file(1, audit.Digest{})))
	require.NoError(t, err, "retired keys stay useful")
}

// Heads that could not be checked later are never signed.
func TestSignRefusals(t *testing.T) {
	key, kid := signingKey(1)
	for name, c := range map[string]struct {
		change func(*audit.Heads)
		want   string
	}{
		"no installation":       {func(h *audit.Heads) { h.Installation = "" }, "no installation"},
		"no database":           {func(h *audit.Heads) { h.SystemIdentifier = "" }, "no database"},
		"no instant":            {func(h *audit.Heads) { h.At = time.Time{} }, "no instant"},
		"sequence 0":            {func(h *audit.Heads) { h.Sequence = 0 }, "the first is 1"},
		"first with a previous": {func(h *audit.Heads) { h.PreviousDigest = audit.Digest{1} }, "only the first"},
		"second without":        {func(h *audit.Heads) { h.Sequence = 2 }, "only the first"},
		"empty chain":           {func(h *audit.Heads) { h.Heads = []audit.Head{{Case: "a"}} }, "incomplete"},
		"a case twice":          {func(h *audit.Heads) { h.Heads = []audit.Head{caseHead("a", 1, 1), caseHead("a", 2, 2)} }, "two heads"},
	} {
		t.Run(name, func(t *testing.T) {
			heads := file(1, audit.Digest{})
			c.change(&heads)
			_, err := audit.Sign(key, kid, heads)
			require.ErrorContains(t, err, strings.TrimSpace(c.want))
		})
	}
}

// The trail keeps the newest head of every case, also of those a later file leaves out.
func TestTrailKeepsTheNewestHeads(t *testing.T) {
	trail := audit.NewTrail(publicKeys(1))
	require.NoError(t, trail.Add(sign(t, file(1, trail.Digest(), caseHead("a", 1, 1), caseHead("b", 1, 2)))))
	require.NoError(t, trail.Add(sign(t, file(2, trail.Digest(), caseHead("b", 5, 3), caseHead("c", 1, 4)))))
	require.Equal(t, []audit.Head{caseHead("a", 1, 1), caseHead("b", 5, 3), caseHead("c", 1, 4)}, trail.Heads())
	require.EqualValues(t, 2, trail.Last().Sequence)
}

// A file that is missing, replaced, of another installation, back in time or
// that takes entries back is refused, and the trail can go on with the right one.
func TestTrailRefusals(t *testing.T) {
	first := sign(t, file(1, audit.Digest{}, caseHead("a", 3, 1)))
	replaced := sign(t, file(1, audit.Digest{}, caseHead("a", 4, 9)))
	next := audit.FileDigest(first)
	changed := func(change func(*audit.Heads)) audit.Heads {
		heads := file(2, next, caseHead("a", 4, 2))
		change(&heads)
		return heads
	}
	for name, c := range map[string]struct {
		second audit.Heads
		want   string
	}{
		"a file is missing":       {changed(func(h *audit.Heads) { h.Sequence = 3 }), "file 3 follows file 1"},
		"the first was replaced":  {changed(func(h *audit.Heads) { h.PreviousDigest = audit.FileDigest(replaced) }), "continues another file 1"},
		"of another installation": {changed(func(h *audit.Heads) { h.Installation = "another" }), "of installation another"},
		"back in time":            {changed(func(h *audit.Heads) { h.At = started }), "older than file 1"},
		"a chain got shorter":     {changed(func(h *audit.Heads) { h.Heads = []audit.Head{caseHead("a", 2, 1)} }), "takes back entry 3 of case a"},
		"fork at the same length": {changed(func(h *audit.Heads) { h.Heads = []audit.Head{caseHead("a", 3, 7)} }), "takes back entry 3 of case a"},
	} {
		t.Run(name, func(t *testing.T) {
			trail := audit.NewTrail(publicKeys(1))
			require.NoError(t, trail.Add(first))
			err := trail.Add(sign(t, c.second))
			require.ErrorIs(t, err, audit.ErrHeads)
			require.ErrorContains(t, err, c.want)
			require.NoError(t, trail.Add(sign(t, changed(func(*audit.Heads) {}))))
		})
	}
	require.ErrorContains(t, audit.NewTrail(publicKeys(1)).Add(sign(t, changed(func(*audit.Heads) {}))), "file 2 follows file 0")
}

// A database is equal to its published heads or ahead of them, behind them, or a fork.
func TestCompareHeads(t *testing.T) {
	database := map[string][]audit.Entry{caseID: chain(t, 5)}
	current := func(c string, seq int64) (int64, audit.Digest, bool) {
		entries, ok := database[c]
		if !ok || seq > int64(len(entries)) {
			return int64(len(entries)), audit.Digest{}, ok
		}
		return int64(len(entries)), entries[seq-1].Hash, true
	}
	entries := chain(t, 9)
	forged := audit.Head{Case: caseID, Seq: 4, Hash: audit.Digest{4}}
	for name, c := range map[string]struct {
		published []audit.Head
		want      audit.Comparison
	}{
		"nothing published": {nil, audit.Comparison{Standing: audit.Equal}},
		"at the head":       {[]audit.Head{head(entries[4])}, audit.Comparison{Standing: audit.Equal}},
		"gone on since":     {[]audit.Head{head(entries[2])}, audit.Comparison{Standing: audit.Equal}},
		"restored from an older backup": {[]audit.Head{head(entries[8])}, audit.Comparison{
			Standing: audit.Behind, Behind: 1, Findings: []audit.Finding{{Published: head(entries[8]), Standing: audit.Behind, Tip: 5}},
		}},
		"the case is not there at all": {[]audit.Head{caseHead("new", 1, 1)}, audit.Comparison{
			Standing: audit.Behind, Behind: 1, Findings: []audit.Finding{{Published: caseHead("new", 1, 1), Standing: audit.Behind}},
		}},
		"rewritten below the tip, and another case behind": {[]audit.Head{caseHead("new", 1, 1), forged}, audit.Comparison{
			Standing: audit.Fork, Behind: 1, Forked: 1,
			Findings: []audit.Finding{{Published: caseHead("new", 1, 1), Standing: audit.Behind}, {Published: forged, Standing: audit.Fork, Tip: 5}},
		}},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, c.want, audit.CompareHeads(c.published, current)) })
	}
}

// The list of findings is bounded; the counts are not.
func TestCompareHeadsIsBounded(t *testing.T) {
	var published []audit.Head
	for i := range 1000 {
		published = append(published, caseHead(fmt.Sprint(i), 1, 1))
	}
	comparison := audit.CompareHeads(published, func(string, int64) (int64, audit.Digest, bool) { return 0, audit.Digest{}, false })
	require.Equal(t, 1000, comparison.Behind)
	require.Len(t, comparison.Findings, audit.MaxFindings)
}

// A digest is written as hexadecimal digits and read back strictly.
func TestDigestText(t *testing.T) {
	digest := audit.Digest{0xab, 31: 0xcd}
	text, err := json.Marshal(digest)
	require.NoError(t, err)
	require.Equal(t, `"ab`+strings.Repeat("00", 30)+`cd"`, string(text))
	read, err := audit.ReadDigest(digest[:])
	require.NoError(t, err)
	require.Equal(t, digest, read)
	for _, stored := range [][]byte{nil, digest[:31], append(digest[:], 0)} {
		_, err := audit.ReadDigest(stored)
		require.ErrorContains(t, err, "not 32")
	}
	var back audit.Digest
	require.NoError(t, json.Unmarshal(text, &back))
	require.Equal(t, digest, back)
	require.Error(t, json.Unmarshal([]byte(`"ab"`), &back))
	require.Error(t, json.Unmarshal([]byte(`"`+strings.Repeat("zz", 32)+`"`), &back))
}

// A file that begins anew may take back what the files before it vouched for, and stands for all chains from then on.
func TestATrailGoesOnAfterAReconciliation(t *testing.T) {
	trail := audit.NewTrail(publicKeys(1))
	first := sign(t, file(1, audit.Digest{}, caseHead("a", 9, 9), caseHead("b", 3, 3)))
	require.NoError(t, trail.Add(first))
	back := file(2, trail.Digest(), caseHead("a", 4, 4))
	require.ErrorIs(t, trail.Add(sign(t, back)), audit.ErrHeads)
	back.Anew = true
	require.NoError(t, trail.Add(sign(t, back)))
	require.Equal(t, []audit.Head{caseHead("a", 4, 4)}, trail.Heads())
	require.ErrorIs(t, trail.Add(sign(t, file(3, trail.Digest(), caseHead("a", 2, 2)))), audit.ErrHeads, "the next file may not")
}
