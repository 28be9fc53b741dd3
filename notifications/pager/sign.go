package pager

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"
)

// secretPrefix marks a symmetric signing secret (Standard Webhooks, "Signature scheme").
const secretPrefix = "whsec_"

// signingKey decodes a secret. Standard Webhooks asks for 24 to 64 bytes.
func signingKey(secret string) ([]byte, error) {
	encoded, found := strings.CutPrefix(secret, secretPrefix)
	if !found {
		return nil, errors.New("must begin with whsec_")
	}
	key, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil || len(key) < 24 || len(key) > 64 {
		return nil, errors.New("must hold 24 to 64 bytes in base64 after whsec_")
	}
	return key, nil
}

// signatures is the webhook-signature header: one "v1" signature per key, parted
// by blanks, so that a receiver with either secret can verify.
func signatures(keys [][]byte, id string, at time.Time, body []byte) string {
	signed := make([]string, 0, len(keys))
	for _, key := range keys {
		h := hmac.New(sha256.New, key)
		_, _ = fmt.Fprintf(h, "%s.%d.%s", id, at.Unix(), body)
		signed = append(signed, "v1,"+base64.StdEncoding.EncodeToString(h.Sum(nil)))
	}
	return strings.Join(signed, " ")
}
