package letters

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/google/uuid"
)

// ReturnPrefix begins the local part of every return path, so that the mail
// server can route all of them to the bounce listener with one rule
// (subaddressing, RFC 5233).
const ReturnPrefix = "b+"

// MinReturnKey is the fewest bytes a return-path key may have. A shorter key
// signs nothing: anybody could forge a bounce.
const MinReturnKey = 16

// returnMAC is how many bytes of the HMAC a token carries. Eighty bits cannot be
// guessed through a mail server, and 2+32+1+20 characters stay below the 64 that
// a local part may have (RFC 5321 section 4.5.3.1.1).
const returnMAC = 10

// ReturnToken is the part of a return path that names one delivery and proves
// that we issued it: the delivery's UUID in hex, a hyphen, and the hex of the
// first ten bytes of HMAC-SHA256(key, the UUID's canonical text).
// It is "" when deliveryID is no UUID or the key is shorter than MinReturnKey;
// a message must not be sent with such a return path.
func ReturnToken(key []byte, deliveryID string) string {
	id, err := uuid.Parse(deliveryID)
	if err != nil || len(key) < MinReturnKey {
		return ""
	}
	return hex.EncodeToString(id[:]) + "-" + hex.EncodeToString(signReturn(key, id))
}

// ReturnAddress is the envelope sender of one delivery, unique to it (VERP), or
// "" where ReturnToken is.
func ReturnAddress(key []byte, deliveryID, domain string) string {
	token := ReturnToken(key, deliveryID)
	if token == "" || domain == "" {
		return ""
	}
	return ReturnPrefix + token + "@" + domain
}

// ParseReturn reads the local part of a return path ("b+<token>") and returns the
// delivery's id as canonical UUID text. It is not ok when the form is another or
// the HMAC is not ours. Upper case is accepted, because some mail servers change it.
func ParseReturn(key []byte, localPart string) (deliveryID string, ok bool) {
	token, found := strings.CutPrefix(strings.ToLower(localPart), ReturnPrefix)
	if !found || len(key) < MinReturnKey {
		return "", false
	}
	name, mac, found := strings.Cut(token, "-")
	if !found || len(name) != hex.EncodedLen(len(uuid.UUID{})) {
		return "", false
	}
	raw, err := hex.DecodeString(name)
	if err != nil {
		return "", false
	}
	given, err := hex.DecodeString(mac)
	if err != nil {
		return "", false
	}
	id := uuid.UUID(raw)
	if !hmac.Equal(given, signReturn(key, id)) {
		return "", false
	}
	return id.String(), true
}

func signReturn(key []byte, id uuid.UUID) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(id.String()))
	return h.Sum(nil)[:returnMAC]
}
