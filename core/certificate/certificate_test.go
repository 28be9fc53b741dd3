package certificate

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/atlascloudai/docket/core/audit"
)

var (
	key  = ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, ed25519.SeedSize))
	kid  = audit.KeyID(key.Public().(ed25519.PublicKey))
	keys = map[string]ed25519.PublicKey{kid: key.Public().(ed25519.PublicKey)}
	day  = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
)

func signer(typ string, payload []byte) (string, error) { return audit.SignJWS(key, kid, typ, payload) }

func sample() Certificate {
	digest := audit.Digest(sha256.Sum256([]byte("sample")))
	return Certificate{
		ID: "01a21fca-7e14-7c45-99f5-9e2e910c1d84", Request: "DSR-7K3F", Version: 1, IssuedAt: day.Add(time.Hour), Right: "erasure", Regime: "gdpr",
		Outcome: CompletedWithRetention, EstateVersion: "2026-03", PlanDigest: digest, ReceivedAt: day, Chain: Head{Seq: 9, Hash: digest},
		Targets: []Target{
			{
				Address: "billing/invoices", Kind: "postgres", Class: "billing", Method: Deleted, Located: 5, Erased: 3, Kept: 2, Verification: Verified, EvidenceDigest: digest,
				AcceptedAt: &day, ErasedAt: &day, VerifiedAt: &day, Residuals: []Residual{{Count: 2, Ground: "tax_law", Words: "§ 147 AO", Until: new(day.AddDate(10, 0, 0))}},
			},
			{Address: "crm/contacts", Kind: "manual", Class: "account", Method: AttestedByPerson, Located: 1, Erased: 1, Verification: Attested, EvidenceDigest: digest, AcceptedAt: &day, ErasedAt: &day},
		},
		Unsearched: []Unsearched{{Address: "archive/backups", Why: "one encrypted file", Instead: "expires after 35 days"}},
	}
}

func chain(t testing.TB, n int) []string {
	var lines []string
	c := sample()
	for range n {
		line, err := Sign(c, signer)
		require.NoError(t, err)
		lines = append(lines, line)
		c.Version, c.Previous = c.Version+1, audit.FileDigest(line)
	}
	return lines
}

func file(lines ...string) []byte { return []byte(strings.Join(lines, "\n") + "\n") }

func TestOneChangedByteIsSeen(t *testing.T) {
	t.Parallel()
	whole := file(chain(t, 2)...)
	versions, err := Verify(whole, keys)
	require.NoError(t, err)
	require.Len(t, versions, 2)
	for at := range whole {
		changed := bytes.Clone(whole)
		changed[at] ^= 1
		_, err := Verify(changed, keys)
		require.ErrorIs(t, err, ErrCertificate, "byte %d", at)
	}
}

func TestOnlyAWholeChainByAKnownKeyHolds(t *testing.T) {
	t.Parallel()
	l := chain(t, 3)
	other := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	payload := must(json.Marshal(sample()))(t)
	foreign := must(audit.SignJWS(other, kid, Type, payload))(t)
	wrongKid := must(audit.SignJWS(key, "other", Type, payload))(t)
	wrongType := must(audit.SignJWS(key, kid, audit.HeadsType, payload))(t)
	spaced := must(signer(Type, append([]byte(" "), payload...)))(t)
	twice := must(signer(Type, bytes.Replace(payload, []byte(`{`), []byte(`{"version":1,`), 1)))(t)
	unknown := must(signer(Type, bytes.Replace(payload, []byte(`{`), []byte(`{"more":1,`), 1)))(t)
	_, body, _ := strings.Cut(l[0], ".")
	for name, bad := range map[string][]byte{
		"empty": nil, "a line feed": []byte("\n"), "first dropped": file(l[1], l[2]), "middle dropped": file(l[0], l[2]), "swapped": file(l[1], l[0]),
		"twice": file(l[0], l[0]), "trailing": append(file(l...), '\n'), "carriage return": file(l[0] + "\r"), "foreign key": file(foreign), "kid": file(wrongKid),
		"type": file(wrongType), "white space": file(spaced), "member twice": file(twice), "unknown member": file(unknown),
		"none": file("eyJhbGciOiJub25lIn0." + body), "HS256": file("eyJhbGciOiJIUzI1NiJ9." + body),
	} {
		_, err := Verify(bad, keys)
		require.ErrorIs(t, err, ErrCertificate, name)
	}
}

func must[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T { require.NoError(t, err); return v }
}

func TestNothingIsSignedThatItsNumbersDeny(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(*Certificate){
		"completed with kept":   func(c *Certificate) { c.Outcome = Completed },
		"no until":              func(c *Certificate) { c.Targets[0].Residuals[0].Until = nil },
		"no ground":             func(c *Certificate) { c.Targets[0].Residuals[0].Ground = "" },
		"verified by a person":  func(c *Certificate) { c.Targets[1].Verification, c.Targets[1].VerifiedAt = Verified, &day },
		"attested at verified":  func(c *Certificate) { c.Targets[1].VerifiedAt = &day },
		"verified before":       func(c *Certificate) { c.Targets[0].VerifiedAt = new(day.Add(-1)) },
		"mail address in words": func(c *Certificate) { c.Unsearched[0].Why = "of ada@example.test" },
		"no evidence":           func(c *Certificate) { c.Targets[0].EvidenceDigest = audit.Digest{} },
		"no targets":            func(c *Certificate) { c.Targets, c.Outcome = nil, Completed },
		"a target twice":        func(c *Certificate) { c.Targets[1].Address = c.Targets[0].Address },
	} {
		c := sample()
		spoil(&c)
		_, err := Sign(c, signer)
		require.Error(t, err, name)
	}
}

func TestValidCountsRoundTripAndBrokenOnesAreRefused(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		count := rapid.Int64Range(0, 1<<40)
		c := sample()
		x := &c.Targets[0]
		x.Erased, x.Masked, x.Absent = count.Draw(r, "erased"), count.Draw(r, "masked"), count.Draw(r, "absent")
		x.Located = x.Erased + x.Masked + x.Absent + x.Kept
		line, err := Sign(c, signer)
		require.NoError(r, err)
		read, err := Verify(file(line), keys)
		require.NoError(r, err)
		require.Equal(r, []Certificate{c}, read)
		x.Located += rapid.Int64().Filter(func(n int64) bool { return n != 0 }).Draw(r, "off by")
		_, err = Sign(c, signer)
		require.Error(r, err)
	})
}

// Every text is of a type with a form; a bare string could hold a person's name.
func TestNoTextIsFree(t *testing.T) {
	t.Parallel()
	var walk func(reflect.Type)
	walk = func(x reflect.Type) {
		switch {
		case x == reflect.TypeFor[time.Time]() || x == reflect.TypeFor[audit.Digest]():
		case x.Kind() == reflect.Pointer || x.Kind() == reflect.Slice:
			walk(x.Elem())
		case x.Kind() == reflect.Struct:
			for i := range x.NumField() {
				walk(x.Field(i).Type)
			}
		case x.Kind() == reflect.String:
			require.Contains(t, []string{"ID", "Reference", "Code", "Address", "Label", "Words", "Outcome", "Method", "Verification"}, x.Name())
		default:
			require.Contains(t, []reflect.Kind{reflect.Int, reflect.Int64}, x.Kind())
		}
	}
	walk(reflect.TypeFor[Certificate]())
}

func FuzzVerify(f *testing.F) {
	f.Add(file(chain(f, 2)...))
	f.Fuzz(func(t *testing.T, data []byte) {
		if versions, err := Verify(data, keys); err == nil {
			require.NotEmpty(t, versions)
		}
	})
}
