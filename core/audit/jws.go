package audit

import (
	"crypto"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"

	"github.com/go-jose/go-jose/v4"
)

// KeyID names a public signing key: its JWK thumbprint (RFC 7638, SHA-256) in base64url.
func KeyID(public ed25519.PublicKey) string {
	thumbprint, err := (&jose.JSONWebKey{Key: public}).Thumbprint(crypto.SHA256)
	if err != nil {
		panic("audit: " + err.Error()) // only for a key type that is not Ed25519
	}
	return base64.RawURLEncoding.EncodeToString(thumbprint)
}

// Signer signs a payload as SignJWS does, with the installation's key.
type Signer func(typ string, payload []byte) (string, error)

// SignJWS signs a payload as a compact JWS (RFC 7515) with EdDSA (RFC 8037). typ says what is signed (section 4.1.9), so
// that nothing else signed by the same key can pass for it; kid lets a verifier find the key, see KeyID.
func SignJWS(key ed25519.PrivateKey, kid, typ string, payload []byte) (string, error) {
	options := (&jose.SignerOptions{}).WithType(jose.ContentType(typ)).WithHeader("kid", kid)
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.EdDSA, Key: key}, options)
	if err != nil {
		return "", err
	}
	signed, err := signer.Sign(payload)
	if err != nil {
		return "", err
	}
	return signed.CompactSerialize()
}

// OpenJWS gives back the payload of what SignJWS signed as typ. keys are the public keys by kid. It takes exactly the
// text that was made: base64url has several spellings of the same bytes, and a changed letter is a change.
func OpenJWS(keys map[string]ed25519.PublicKey, typ, jws string) ([]byte, error) {
	signed, err := jose.ParseSignedCompact(jws, []jose.SignatureAlgorithm{jose.EdDSA})
	if err != nil {
		return nil, err
	}
	if again, err := signed.CompactSerialize(); err != nil || again != jws {
		return nil, errors.New("the signature is not written as it was made")
	}
	header := signed.Signatures[0].Protected
	key, ok := keys[header.KeyID]
	if !ok {
		return nil, fmt.Errorf("no public key %q", header.KeyID)
	}
	if said := header.ExtraHeaders[jose.HeaderType]; said != typ {
		return nil, fmt.Errorf("its type is %q, not %q", said, typ)
	}
	payload, err := signed.Verify(key)
	if err != nil {
		return nil, fmt.Errorf("the signature is not by key %q", header.KeyID)
	}
	return payload, nil
}
