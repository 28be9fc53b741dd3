package postgres

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"

	"github.com/atlascloudai/docket/core/estate"
)

// masked is how a hashed value looks: it says what it is, and is not hashed again.
const (
	maskedPrefix  = "masked:"
	maskedPattern = "^" + maskedPrefix + "[0-9a-f]{64}$"
	maskedLength  = len(maskedPrefix) + 2*sha256.Size
)

var masked = regexp.MustCompile(maskedPattern)

// mask is a column that is masked.
type mask struct {
	column
	estate.Mask
}

// masks are the columns of the table that the collection masks.
func (t *table) masks(c estate.Collection) (all []mask, err error) {
	for _, field := range c.Fields {
		if field.Mask == nil {
			continue
		}
		m := mask{Mask: *field.Mask}
		if m.column, err = t.column(field.Name); err != nil {
			return nil, err
		}
		if code, why := m.impossible(); code != "" {
			return nil, mismatch("column %s of table %s cannot be masked: %s", quote(field.Name), t, why)
		}
		all = append(all, m)
	}
	if len(all) == 0 && c.Strategy == estate.MaskFields {
		return nil, mismatch("the estate masks records of table %s and says no field to mask", t)
	}
	return all, nil
}

// impossible says why the mask cannot be written, with the code of a finding.
func (m mask) impossible() (code, why string) {
	switch {
	case m.position >= 0:
		return "masked_key", "it is part of the primary key, which names the record: mask other fields, or delete"
	case m.With == estate.Null && m.notNull:
		return "masked_not_null", "it must not be null: use another mask"
	case m.isDigest() && !m.isText():
		return "masked_type", fmt.Sprintf("a hash is text and it is %s: use null or a fixed value", m.exact)
	case m.isDigest() && m.length > 0 && m.length < maskedLength:
		return "masked_length", fmt.Sprintf("a hash has %d characters and it holds %d: use null or a fixed value", maskedLength, m.length)
	case m.With != estate.Null && m.With != estate.Fixed && !m.isDigest():
		return "masked_with", "the estate names a mask that does not exist: use null, hash, hmac or fixed"
	}
	return "", ""
}

func (m mask) isDigest() bool { return m.With == estate.Hash || m.With == estate.HMAC }

// digest is what stands in the place of a value; null and what is a digest already stay.
func (m mask) digest(value *string, key []byte) *string {
	if value == nil || masked.MatchString(*value) {
		return value
	}
	sum := sha256.New()
	if m.With == estate.HMAC {
		sum = hmac.New(sha256.New, key)
	}
	sum.Write([]byte(*value))
	return new(maskedPrefix + hex.EncodeToString(sum.Sum(nil)))
}

// holds says whether a row's column holds its mask.
func (m mask) holds(args *arguments) string {
	switch m.With {
	case estate.Null:
		return m.quoted() + " IS NULL"
	case estate.Fixed:
		return fmt.Sprintf("%s::text IS NOT DISTINCT FROM %s::text::%s::text", m.quoted(), args.add(m.Value), m.exact)
	}
	return fmt.Sprintf("(%s IS NULL OR %s::text ~ '%s')", m.quoted(), m.quoted(), maskedPattern)
}
