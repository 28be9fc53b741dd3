package certificate

import (
	"bytes"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/atlascloudai/docket/core/audit"
)

// Type is the JWS type (RFC 7515, section 4.1.9) of a certificate.
const Type = "docket-certificate+jws"

// ErrCertificate: the file is not what was signed, or not the whole chain of one certificate up to some version.
var ErrCertificate = errors.New("the certificate does not hold")

// Sign is one version as a compact JWS, a line of a file without its end; it refuses what Validate refuses. Instants are
// cut to microseconds in UTC.
func Sign(c Certificate, sign audit.Signer) (string, error) {
	c = c.stored()
	if err := c.Validate(); err != nil {
		return "", fmt.Errorf("cannot sign certificate: %w", err)
	}
	payload, err := json.Marshal(c)
	if err != nil {
		return "", fmt.Errorf("cannot encode certificate: %w", err)
	}
	signed, err := sign(Type, payload)
	if err != nil {
		return "", fmt.Errorf("cannot sign certificate: %w", err)
	}
	return signed, nil
}

// Verify reads a file of versions 1 to n, each a JWS and a line feed. keys are the public keys by kid, retired ones
// included. Errors wrap ErrCertificate. That no later version exists, the file cannot say.
func Verify(file []byte, keys map[string]ed25519.PublicKey) ([]Certificate, error) {
	text, whole := strings.CutSuffix(string(file), "\n")
	if !whole {
		return nil, fmt.Errorf("%w: it does not end with a line feed", ErrCertificate)
	}
	var versions []Certificate
	var previous audit.Digest
	for line := range strings.SplitSeq(text, "\n") {
		c, err := open(line, keys)
		if err == nil {
			err = follows(versions, c, previous)
		}
		if err != nil {
			return nil, fmt.Errorf("%w: line %d: %w", ErrCertificate, len(versions)+1, err)
		}
		versions, previous = append(versions, c), audit.FileDigest(line)
	}
	return versions, nil
}

func open(line string, keys map[string]ed25519.PublicKey) (Certificate, error) {
	var c Certificate
	payload, err := audit.OpenJWS(keys, Type, line)
	if err != nil {
		return c, err
	}
	if err := json.Unmarshal(payload, &c); err != nil {
		return c, err
	}
	// One spelling alone: members that are unknown or stand twice, and white space, do not survive.
	if again, err := json.Marshal(c.stored()); err != nil || !bytes.Equal(again, payload) {
		return c, errors.New("its payload is not written as Docket writes it")
	}
	return c, c.Validate()
}

func follows(versions []Certificate, c Certificate, previous audit.Digest) error {
	if c.Version != len(versions)+1 || c.Previous != previous {
		return fmt.Errorf("version %d does not continue the line before", c.Version)
	}
	if len(versions) == 0 {
		return nil
	}
	last := versions[len(versions)-1]
	switch {
	case c.ID != last.ID || c.Request != last.Request || c.Right != last.Right || !c.ReceivedAt.Equal(last.ReceivedAt):
		return errors.New("it is of another request than the line before")
	case c.IssuedAt.Before(last.IssuedAt) || c.Chain.Seq < last.Chain.Seq:
		return errors.New("it is older than the line before")
	}
	return nil
}

// stored is the certificate with its instants as they are written.
func (c Certificate) stored() Certificate {
	c.IssuedAt, c.ReceivedAt = instant(c.IssuedAt), instant(c.ReceivedAt)
	c.Targets = slices.Clone(c.Targets)
	for i := range c.Targets {
		t := &c.Targets[i]
		t.AcceptedAt, t.ErasedAt, t.VerifiedAt = optional(t.AcceptedAt), optional(t.ErasedAt), optional(t.VerifiedAt)
		t.Residuals = slices.Clone(t.Residuals)
		for j := range t.Residuals {
			r := &t.Residuals[j]
			r.Until, r.Reviewed = optional(r.Until), optional(r.Reviewed)
		}
	}
	return c
}

func instant(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

func optional(t *time.Time) *time.Time {
	if t == nil {
		return nil
	}
	return new(instant(*t))
}
