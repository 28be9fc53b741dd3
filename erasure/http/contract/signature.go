package contract

import (
	"encoding/base64"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// Keys sign and verify messages as Standard Webhooks 1.0 prescribes. The first signs; any of them verifies, so that a
// secret can be changed on one side after the other.
type Keys []*standardwebhooks.Webhook

// NewKeys reads secrets: "whsec_" and 24 to 64 bytes in base64. Its errors repeat none.
func NewKeys(secrets ...string) (Keys, error) {
	if len(secrets) == 0 {
		return nil, errors.New("cannot read the secret: there is none")
	}
	keys := make(Keys, len(secrets))
	for i, secret := range secrets {
		encoded, found := strings.CutPrefix(secret, "whsec_")
		raw, err := base64.StdEncoding.DecodeString(encoded)
		if !found || err != nil || len(raw) < 24 || len(raw) > 64 {
			return nil, errors.New("cannot read the secret: it must be whsec_ and 24 to 64 bytes in base64")
		}
		if keys[i], err = standardwebhooks.NewWebhookRaw(raw); err != nil {
			return nil, errors.New("cannot read the secret: the signer refuses it")
		}
	}
	return keys, nil
}

// Sign sets the three headers of a message. An answer is signed with the id of its question, which binds it to that.
func (k Keys) Sign(header http.Header, id string, at time.Time, body []byte) {
	signature, _ := k[0].Sign(id, at, body) // an HMAC has no way to fail
	header.Set(standardwebhooks.HeaderWebhookID, id)
	header.Set(standardwebhooks.HeaderWebhookTimestamp, strconv.FormatInt(at.Unix(), 10))
	header.Set(standardwebhooks.HeaderWebhookSignature, signature)
}

// The reasons why a message is not believed.
var (
	// ErrSignature: it is not signed, or not by one of the keys.
	ErrSignature = errors.New("the signature does not match: compare the secrets of both sides")
	// ErrTimestamp: it is signed, and from another time than now.
	ErrTimestamp = errors.New("the timestamp is more than five minutes off: compare the clocks of both sides")
)

// Verify returns nil, ErrSignature or ErrTimestamp.
func (k Keys) Verify(header http.Header, body []byte) error {
	for _, key := range k {
		switch err := key.Verify(body, header); {
		case err == nil:
			return nil
		case key.VerifyIgnoringTimestamp(body, header) == nil:
			return ErrTimestamp
		}
	}
	return ErrSignature
}
