package register_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/csv"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/atlascloudai/docket/core/audit"
	"github.com/atlascloudai/docket/core/register"
)

var noon = time.Date(2026, 3, 9, 12, 0, 0, 0, time.UTC)

// signer is an installation's key pair.
type signer struct {
	sign audit.Signer
	keys map[string]ed25519.PublicKey
}

func newSigner(t require.TestingT) signer {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	id := audit.KeyID(public)
	return signer{
		sign: func(typ string, payload []byte) (string, error) { return audit.SignJWS(private, id, typ, payload) },
		keys: map[string]ed25519.PublicKey{id: public},
	}
}

var head = register.Head{Format: register.Version, Installation: "01960000-0000-7000-8000-000000000001", At: noon, ExportedBy: "01960000-0000-7000-8000-000000000002"}

// written is a register of two breaches, the words in them given.
func written(t require.TestingT, format string, s signer, words ...string) []byte {
	words = append(words, "", "", "")
	later := noon.Add(time.Hour)
	var file bytes.Buffer
	book, err := register.Open(format, &file, head)
	require.NoError(t, err)
	require.NoError(t, book.Breach(register.Breach{
		Case: "c1", Code: "INC-7K3F", Status: "closed", Title: words[0], Summary: words[1], DetectedAt: noon, Assessment: "aware",
		Instants:  []register.Instant{{Word: "aware_processor", State: "standing", At: noon, Zone: "UTC", RecordedAt: later, Earlier: &later, Evidence: words[2], Entry: 4}},
		Affected:  []register.Affected{{Wave: 1, Kind: "group", Touched: []string{"account_data"}, Parties: 1, People: map[string]int64{"FR": 5, "DE": 10}}},
		Decisions: []register.Decision{{Decision: "waived", At: noon, Exemption: "encrypted", Entry: 9}},
	}))
	require.NoError(t, book.Duty(register.Duty{ID: "d1", OwedTo: "authority/IE", Clause: "GDPR art 33(1)", State: "met", MetAt: &later, Late: true, LateSeconds: 90, DelayReasons: []string{words[0]}}))
	require.NoError(t, book.Duty(register.Duty{ID: "d2", OwedTo: "C-1001", State: "waived", Exemption: "encrypted", Earlier: []register.Due{{Reason: "opened", RecordedAt: noon}}}))
	require.NoError(t, book.Breach(register.Breach{Case: "c2", Code: "INC-9ZZZ", Assessment: "ruled_out", Erased: true}))
	require.NoError(t, book.Close(s.sign))
	return file.Bytes()
}

func verify(file []byte, s signer) (register.Seal, error) {
	return register.Verify(bytes.NewReader(file), int64(len(file)), s.keys)
}

var formats = []string{"json", "csv"}

func TestAnExportVerifiesWithItsKeyAloneAndWithNoOther(t *testing.T) {
	t.Parallel()
	s := newSigner(t)
	for _, format := range formats {
		file := written(t, format, s, "A bucket was public")
		seal, err := verify(file, s)
		require.NoError(t, err)
		require.Equal(t, 2, seal.Breaches)
		require.Equal(t, "register", seal.What)
		require.Equal(t, head, seal.Head)
		_, err = verify(file, newSigner(t))
		require.ErrorIs(t, err, register.ErrRegister)
	}
}

// Every single byte counts, those of the signature's own line included.
func TestOneChangedByteAnywhereIsFound(t *testing.T) {
	t.Parallel()
	s := newSigner(t)
	for _, format := range formats {
		file := written(t, format, s, "A bucket was public")
		for i := range file {
			for _, bit := range []byte{1, 0x20} {
				changed := bytes.Clone(file)
				changed[i] ^= bit
				_, err := verify(changed, s)
				require.ErrorIs(t, err, register.ErrRegister, "%s: byte %d of %q", format, i, file[max(0, i-20):min(len(file), i+20)])
			}
		}
		for _, cut := range []int{0, 1, 2, len(file) / 2, len(file) - 1} {
			_, err := verify(file[:cut], s)
			require.ErrorIs(t, err, register.ErrRegister, "%s cut at %d", format, cut)
		}
		other := written(t, format, s, "Another bucket")
		last := bytes.LastIndexByte(bytes.TrimRight(other, "\r\n"), '\n') + 1
		for name, changed := range map[string][]byte{
			"the same twice": slices.Concat(file, file), "another behind it": slices.Concat(file, other), "another's signature": slices.Concat(file[:len(file)-len(other)+last], other[last:]),
		} {
			_, err := verify(changed, s)
			require.ErrorIs(t, err, register.ErrRegister, "%s: %s", format, name)
		}
		for _, more := range []string{"\n", "\r\n", " ", "x"} {
			_, err := verify(append(bytes.Clone(file), more...), s)
			require.ErrorIs(t, err, register.ErrRegister)
			_, err = verify(append([]byte(more), file...), s)
			require.ErrorIs(t, err, register.ErrRegister)
		}
	}
}

// What else the same key signed is no register.
func TestAnotherSignatureOfTheSameKeyDoesNotPass(t *testing.T) {
	t.Parallel()
	s := newSigner(t)
	other := signer{keys: s.keys, sign: func(_ string, payload []byte) (string, error) { return s.sign(audit.HeadsType, payload) }}
	for _, format := range formats {
		_, err := verify(written(t, format, other), s)
		require.ErrorIs(t, err, register.ErrRegister)
	}
}

func TestTheJSONFormIsOneDocument(t *testing.T) {
	t.Parallel()
	s := newSigner(t)
	var read struct {
		Register register.Head
		Breaches []struct {
			register.Breach
			Duties []register.Duty
		}
		Signature string
	}
	require.NoError(t, json.Unmarshal(written(t, "json", s, "A \"bucket\"\nwas public"), &read))
	require.Equal(t, head, read.Register)
	require.Len(t, read.Breaches, 2)
	require.Equal(t, "A \"bucket\"\nwas public", read.Breaches[0].Title)
	require.Len(t, read.Breaches[0].Duties, 2)
	require.Empty(t, read.Breaches[1].Duties)
	require.EqualValues(t, 90, read.Breaches[0].Duties[0].LateSeconds)
	require.NotEmpty(t, read.Signature)

	var empty bytes.Buffer
	book, err := register.Open("json", &empty, head)
	require.NoError(t, err)
	require.NoError(t, book.Close(s.sign))
	require.NoError(t, json.Unmarshal(empty.Bytes(), &read))
	_, err = verify(empty.Bytes(), s)
	require.NoError(t, err)
}

// No cell that others wrote is a formula in a spreadsheet, in whatever locale, and the file stays RFC 4180.
func TestNoCellOfTheCSVFormIsAFormula(t *testing.T) {
	t.Parallel()
	s := newSigner(t)
	for _, hostile := range []string{
		`=cmd|' /C calc'!A0`, `+1+1`, `-2+3`, `@SUM(1)`, "\t=1+1", "\r=1+1", "\n=1+1", "\tx", "\rx", ` =1+1`, "\u00a0=1", "＝1+1", `x";=1+1`, `x;=1`, "x\n=1", `",=1`, `"=1`, "a\r\n@b", `'=1`,
		"﹦1+1", "\u22121+1", "\u200b=1", "\ufeff@x", "\v=1", "x\n\u2003\u00ad+1", "\u2028=1", ";\u200e－1",
	} {
		file := written(t, "csv", s, hostile, hostile, hostile)
		_, err := verify(file, s)
		require.NoError(t, err)
		rows := records(t, file)
		for _, cells := range rows {
			for _, cell := range cells {
				harmless(t, cell)
			}
		}
		require.Contains(t, strings.ReplaceAll(rows[1][2], "'", ""), strings.ReplaceAll(strings.ReplaceAll(hostile, "\r\n", "\n"), "'", ""), "the words are kept")
		// Where the list separator is another, quotes end elsewhere.
		for _, part := range strings.FieldsFunc(string(file), func(r rune) bool { return r == ';' || r == '\n' || r == '\t' }) {
			harmless(t, part)
		}
	}
}

func harmless(t require.TestingT, cell string) {
	if seen := strings.TrimLeft(cell, " \v\f\u00a0\u200b\ufeff\u2003\u00ad\u2028\u200e"); seen != "" {
		require.NotContains(t, "=+-@\t\r＝＋－＠﹦﹢﹣﹫−", string([]rune(seen)[:1]), "%q", cell)
	}
}

func records(t require.TestingT, file []byte) [][]string {
	reader := csv.NewReader(bytes.NewReader(file)) // it refuses lines of different lengths
	rows, err := reader.ReadAll()
	require.NoError(t, err)
	return rows
}

// Whatever the words are, a reader of RFC 4180 finds each in its own cell and verification holds.
func TestAnyWordsKeepTheirCell(t *testing.T) {
	t.Parallel()
	s := newSigner(t)
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.StringMatching("[a-z\",;\n\t=+@' \u00e4\u2028-]{0,40}")
		title, summary := words.Draw(t, "title"), words.Draw(t, "summary")
		file := written(t, "csv", s, title, summary)
		rows := records(t, file)
		require.Equal(t, "signature", rows[len(rows)-1][1])
		column := map[string]int{}
		for i, name := range rows[0] {
			column[name] = i
		}
		bare := func(s string) string { return strings.ReplaceAll(s, "'", "") }
		require.Equal(t, bare(title), bare(rows[1][column["what"]]))
		require.Equal(t, bare(summary), bare(rows[1][column["text"]]))
		_, err := verify(file, s)
		require.NoError(t, err)
		var document map[string]any
		require.NoError(t, json.Unmarshal(written(t, "json", s, title, summary), &document))
	})
}

// A place that is full is an error, never a file that looks finished.
func TestAFullDiskIsNoRegister(t *testing.T) {
	t.Parallel()
	s := newSigner(t)
	for _, format := range formats {
		for _, room := range []int{0, 100, 500, 1200} {
			full := &limited{room: room}
			book, err := register.Open(format, full, head)
			if err == nil {
				_ = book.Breach(register.Breach{Title: strings.Repeat("x", 600)})
				_ = book.Duty(register.Duty{})
				err = book.Close(s.sign)
			}
			require.ErrorIs(t, err, errFull, "%s %d", format, room)
			_, err = verify(full.Bytes(), s)
			require.Error(t, err)
		}
	}
	_, err := register.Open("xlsx", &bytes.Buffer{}, head)
	require.ErrorContains(t, err, "json and csv")
}

var errFull = errors.New("no space left")

type limited struct {
	bytes.Buffer
	room int
}

func (l *limited) Write(p []byte) (int, error) {
	if l.Len()+len(p) > l.room {
		return 0, errFull
	}
	return l.Buffer.Write(p)
}

func (l *limited) WriteString(s string) (int, error) { return l.Write([]byte(s)) }
