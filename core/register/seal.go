package register

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"strings"

	"github.com/atlascloudai/docket/core/audit"
	"github.com/atlascloudai/docket/core/cells"
)

// SealType is the "typ" of the signature on a register's last line, so that nothing else signed by the same key can pass for it.
const SealType = "docket-register+json"

// Seal is what is signed: that these bytes are what the installation wrote. It stands on the file's last line and is about
// every byte before that line.
type Seal struct {
	// What is "register", or the name of another document in this form; Form is json or csv.
	What string `json:"what"`
	Form string `json:"form"`
	Head
	Breaches int          `json:"breaches"`
	Bytes    int64        `json:"bytes"`
	SHA256   audit.Digest `json:"sha256"`
}

// ErrRegister: the file is not what was exported.
var ErrRegister = errors.New("register refused")

// sheet is a file that is hashed as it is written. The first error stays.
type sheet struct {
	to    io.Writer
	seal  Seal
	hash  hash.Hash
	count int
	err   error
}

func newSheet(to io.Writer, what, form string, head Head) sheet {
	return sheet{to: to, seal: Seal{What: what, Form: form, Head: head}, hash: sha256.New()}
}

func (s *sheet) text(text string) {
	if s.err != nil {
		return
	}
	_, _ = io.WriteString(s.hash, text) // a hash never fails to write
	s.seal.Bytes += int64(len(text))
	_, s.err = io.WriteString(s.to, text)
}

// sign writes the last line.
func (s *sheet) sign(sign audit.Signer) error {
	if s.err != nil {
		return s.err
	}
	s.seal.Breaches, s.seal.SHA256 = s.count, audit.Digest(s.hash.Sum(nil))
	payload, err := json.Marshal(s.seal)
	if err != nil {
		return err
	}
	jws, err := sign(SealType, payload)
	if err != nil {
		return fmt.Errorf("cannot sign the register: %w", err)
	}
	_, err = io.WriteString(s.to, lastLine(s.seal.Form, jws))
	return err
}

// lastLine carries the signature so that the file stays one JSON document, or CSV of one shape.
func lastLine(form, jws string) string {
	if form == "csv" {
		last := make([]string, len(columns))
		last[1], last[2] = "signature", jws
		return cells.Line(last)
	}
	return `"signature":"` + jws + `"}` + "\n"
}

// longestLast is more than a last line ever has.
const longestLast = 16 << 10

// Read holds a file against its own last line and gives its seal and the signature, which it does not check: enough to
// see that a file arrived whole.
func Read(file io.ReaderAt, size int64) (seal Seal, jws string, err error) {
	tail := make([]byte, min(size, longestLast))
	if _, err := file.ReadAt(tail, size-int64(len(tail))); err != nil && !errors.Is(err, io.EOF) {
		return seal, "", fmt.Errorf("cannot read the register: %w", err)
	}
	cut := bytes.LastIndexByte(bytes.TrimRight(tail, "\r\n"), '\n') + 1
	last := string(tail[cut:])
	jws = token(last)
	parts := strings.Split(jws, ".")
	if len(parts) != 3 {
		return seal, "", fmt.Errorf("%w: its last line carries no signature: it was cut off, or is no register", ErrRegister)
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err == nil {
		err = json.Unmarshal(payload, &seal)
	}
	if err != nil {
		return seal, "", fmt.Errorf("%w: what its last line signs cannot be read", ErrRegister)
	}
	if last != lastLine(seal.Form, jws) {
		return seal, "", fmt.Errorf("%w: its last line is not as it was written", ErrRegister)
	}
	body := size - int64(len(last))
	digest := sha256.New()
	if _, err := io.Copy(digest, io.NewSectionReader(file, 0, body)); err != nil {
		return seal, "", fmt.Errorf("cannot read the register: %w", err)
	}
	if body != seal.Bytes || audit.Digest(digest.Sum(nil)) != seal.SHA256 {
		return seal, "", fmt.Errorf("%w: it is not, byte for byte, what was signed", ErrRegister)
	}
	return seal, jws, nil
}

// Verify is Read with the signature checked against the public keys by id. It needs nothing but the file and the key.
// Errors wrap ErrRegister where the file is at fault.
func Verify(file io.ReaderAt, size int64, keys map[string]ed25519.PublicKey) (Seal, error) {
	seal, jws, err := Read(file, size)
	if err != nil {
		return Seal{}, err
	}
	if _, err := audit.OpenJWS(keys, SealType, jws); err != nil {
		return Seal{}, fmt.Errorf("%w: %w", ErrRegister, err)
	}
	return seal, nil
}

// token finds the signature in a last line: the longest run of the letters of a compact JWS.
func token(last string) (longest string) {
	for _, run := range strings.FieldsFunc(last, func(r rune) bool {
		return !strings.ContainsRune("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.", r)
	}) {
		if len(run) > len(longest) {
			longest = run
		}
	}
	return longest
}
