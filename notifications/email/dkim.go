package email

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// DKIMKey is a key that signs messages (RFC 6376; Ed25519 by RFC 8463).
//
// To rotate, add the new key with a Since in the near future and keep the old one
// until the last message that was begun before it has ended: which key signs is
// decided by the message's instant, so that a resend has the same bytes.
type DKIMKey struct {
	// Domain is the signing domain (d=); it should be From's or one above it.
	Domain string
	// Selector finds the public key at Selector._domainkey.Domain (s=).
	Selector string
	// Signer is an RSA key of 2048 bits or more, or an Ed25519 key.
	Signer crypto.Signer
	// Since is from when on the key signs; zero means from the beginning. Of
	// several keys of one algorithm the newest one signs.
	Since time.Time
}

// signedTwice are named once more than they occur, so that a signature breaks when
// somebody adds a second one (RFC 6376 section 8.15).
var signedTwice = []string{"From", "To", "Subject", "Date", "Message-ID", "Reply-To", "Content-Type"}

// sign puts the signatures of the keys in use at an instant above the message: at
// most one RSA and one Ed25519.
//
// The signing is our own because the library's puts the present time into t=,
// which would change the bytes of every resend. The library's verifier is the
// judge of it in the tests.
func (c *Channel) sign(message []byte, at time.Time) ([]byte, error) {
	newest := map[string]DKIMKey{}
	for _, key := range c.config.DKIM {
		known, found := newest[key.algorithm()]
		if key.inUse(at) && (!found || !key.Since.Before(known.Since)) {
			newest[key.algorithm()] = key
		}
	}
	var signatures []byte
	for _, algorithm := range []string{"rsa-sha256", "ed25519-sha256"} {
		key, found := newest[algorithm]
		if !found {
			continue
		}
		signature, err := key.signature(message, at)
		if err != nil {
			return nil, fmt.Errorf("cannot sign message: %w", err)
		}
		signatures = append(signatures, signature...)
	}
	return append(signatures, message...), nil
}

// inUse says whether a key signs at an instant, if no newer one does.
func (k DKIMKey) inUse(at time.Time) bool { return !k.Since.After(at) }

func (k DKIMKey) algorithm() string {
	if _, ok := k.Signer.Public().(ed25519.PublicKey); ok {
		return "ed25519-sha256"
	}
	return "rsa-sha256"
}

// signature is the DKIM-Signature field over all header fields and the body, both
// in relaxed form (RFC 6376 section 3.4).
func (k DKIMKey) signature(message []byte, at time.Time) ([]byte, error) {
	head, body, _ := bytes.Cut(message, []byte("\r\n\r\n"))
	fields := splitFields(string(head) + "\r\n")
	bodyHash := sha256.Sum256(relaxedBody(body))

	var names []string
	sum := sha256.New()
	for _, f := range slices.Backward(fields) { // a name is taken from the bottom up
		names = append(names, f.name)
		sum.Write([]byte(relaxedField(f.name, f.value) + "\r\n"))
	}
	names = append(names, signedTwice...)
	value := fmt.Sprintf(" v=1; a=%s; c=relaxed/relaxed; d=%s;\r\n\ts=%s; t=%s;\r\n\th=%s;\r\n\tbh=%s;\r\n\tb=",
		k.algorithm(), k.Domain, k.Selector, strconv.FormatInt(at.Unix(), 10),
		strings.Join(names, ":\r\n\t "), base64.StdEncoding.EncodeToString(bodyHash[:]))
	sum.Write([]byte(relaxedField("DKIM-Signature", value)))

	var hash crypto.Hash = crypto.SHA256
	if k.algorithm() == "ed25519-sha256" {
		hash = 0 // RFC 8463 section 3: PureEdDSA over the digest
	}
	// Both algorithms are deterministic: PKCS #1 v1.5 and Ed25519 use no randomness.
	raw, err := k.Signer.Sign(rand.Reader, sum.Sum(nil), hash)
	if err != nil {
		return nil, err
	}
	var folded strings.Builder
	for encoded := base64.StdEncoding.EncodeToString(raw); encoded != ""; {
		n := min(72, len(encoded))
		folded.WriteString("\r\n\t " + encoded[:n])
		encoded = encoded[n:]
	}
	return []byte("DKIM-Signature:" + value + folded.String() + "\r\n"), nil
}

// splitFields takes a header apart; a field keeps its folds.
func splitFields(head string) []field {
	var fields []field
	for line := range strings.SplitSeq(strings.TrimSuffix(head, "\r\n"), "\r\n") {
		if line != "" && (line[0] == ' ' || line[0] == '\t') {
			fields[len(fields)-1].value += "\r\n" + line
			continue
		}
		name, value, _ := strings.Cut(line, ":")
		fields = append(fields, field{name, value})
	}
	return fields
}

// relaxedField is RFC 6376 section 3.4.2, without the CRLF at its end.
func relaxedField(name, value string) string {
	words := strings.FieldsFunc(value, func(r rune) bool { return r == ' ' || r == '\t' || r == '\r' || r == '\n' })
	return strings.ToLower(strings.TrimRight(name, " \t")) + ":" + strings.Join(words, " ")
}

// relaxedBody is RFC 6376 section 3.4.4.
func relaxedBody(body []byte) []byte {
	var out []byte
	blank := 0
	for line := range bytes.SplitSeq(bytes.TrimSuffix(body, []byte("\r\n")), []byte("\r\n")) {
		line = bytes.TrimRight(line, " \t")
		if len(line) == 0 {
			blank++
			continue
		}
		for ; blank > 0; blank-- {
			out = append(out, "\r\n"...)
		}
		space := false
		for _, b := range line {
			if b == ' ' || b == '\t' {
				space = true
				continue
			}
			if space {
				out = append(out, ' ')
				space = false
			}
			out = append(out, b)
		}
		out = append(out, "\r\n"...)
	}
	return out
}
