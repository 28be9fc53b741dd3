package certificate

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

var (
	idForm        = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)
	referenceForm = regexp.MustCompile(`^[A-Z]{2,8}-[0-9A-Z]{3,16}$`)
	codeForm      = regexp.MustCompile(`^[a-z][a-z0-9_]{0,63}$`)
	addressForm   = regexp.MustCompile(`^[a-z0-9][a-z0-9-]*/[A-Za-z0-9_][A-Za-z0-9_.-]*$`)
	labelForm     = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)
)

// Validate refuses a certificate that claims what its numbers deny. Errors name the field and no value.
func (c Certificate) Validate() error {
	switch {
	case !idForm.MatchString(string(c.ID)):
		return errors.New("id: it is a UUID in small letters")
	case !referenceForm.MatchString(string(c.Request)):
		return errors.New("request: it is the case's public reference")
	case c.Version < 1 || (c.Version == 1) != c.Previous.IsZero():
		return errors.New("previous: version 1 has none, every later version has one")
	case !codeForm.MatchString(string(c.Right)) || !codeForm.MatchString(string(c.Regime)):
		return errors.New("right, regime: each is a code")
	case !c.EstateVersion.Valid():
		return errors.New("estate_version: it is letters, digits, dots, hyphens")
	case c.PlanDigest.IsZero() || c.Chain.Seq < 1 || c.Chain.Hash.IsZero():
		return errors.New("plan_digest, chain: both are needed")
	case c.ReceivedAt.IsZero() || c.IssuedAt.Before(c.ReceivedAt):
		return errors.New("issued_at: it is not before received_at")
	}
	if len(c.Targets) == 0 {
		return errors.New("targets: a certificate without any would say completed of nothing")
	}
	seen := map[Address]bool{}
	for i, u := range c.Unsearched {
		if !u.Address.Valid() || seen[u.Address] || !u.Why.Valid() || !u.Instead.Valid() {
			return fmt.Errorf("unsearched[%d]: it has an address of its own, why and instead", i)
		}
		seen[u.Address] = true
	}
	outcome := Completed
	for i, t := range c.Targets {
		if seen[t.Address] {
			return fmt.Errorf("targets[%d].address: a collection stands once in a certificate", i)
		}
		seen[t.Address] = true
		if err := t.validate(c.ReceivedAt, c.IssuedAt); err != nil {
			return fmt.Errorf("targets[%d].%w", i, err)
		}
		if o := t.outcome(); o == Incomplete || outcome == Completed {
			outcome = o
		}
	}
	if c.Outcome != outcome {
		return fmt.Errorf("outcome: the targets say %s", outcome)
	}
	return nil
}

func (t Target) outcome() Outcome {
	for _, r := range t.Residuals {
		if r.Until == nil {
			return Incomplete
		}
	}
	switch {
	case t.Open > 0 || t.Verification == None:
		return Incomplete
	case t.Kept > 0:
		return CompletedWithRetention
	}
	return Completed
}

func (t Target) validate(received, issued time.Time) error {
	if !t.Address.Valid() || !codeForm.MatchString(string(t.Kind)) || !codeForm.MatchString(string(t.Class)) {
		return errors.New("address, kind, class: store/collection and two codes")
	}
	switch t.Method {
	case Deleted, Masked, DeletedObjects, Service, AttestedByPerson:
	default:
		return errors.New("method: it is none of the methods")
	}
	left := t.Located
	for _, n := range []int64{t.Erased, t.Masked, t.Absent, t.Kept, t.Open} {
		if n < 0 || n > left { // a sum could overflow
			return errors.New("located: erased, masked, absent, kept and open add up to it")
		}
		left -= n
	}
	if left != 0 {
		return errors.New("located: erased, masked, absent, kept and open add up to it")
	}
	kept := t.Kept
	for i, r := range t.Residuals {
		if r.Count < 1 || r.Count > kept || !codeForm.MatchString(string(r.Ground)) || !r.Words.Valid() {
			return fmt.Errorf("residuals[%d]: it has a count within kept, a ground and words", i)
		}
		if r.Reviewed != nil && r.Reviewed.After(issued) {
			return fmt.Errorf("residuals[%d].reviewed: it is not after issued_at", i)
		}
		kept -= r.Count
	}
	if kept != 0 {
		return errors.New("residuals: their counts add up to kept")
	}
	return t.validateProof(received, issued)
}

// validateProof holds the three instants and what is said of them together.
func (t Target) validateProof(received, issued time.Time) error {
	last := received
	for _, at := range []*time.Time{t.AcceptedAt, t.ErasedAt, t.VerifiedAt} {
		if at == nil {
			continue
		}
		if at.Before(last) || at.After(issued) {
			return errors.New("accepted_at, erased_at, verified_at: in this order, between received_at and issued_at")
		}
		last = *at
	}
	if t.Erased+t.Masked > 0 && (t.AcceptedAt == nil || t.ErasedAt == nil) {
		return errors.New("accepted_at, erased_at: what was erased was accepted and erased at some time")
	}
	byPerson := t.Method == AttestedByPerson
	switch t.Verification {
	case Verified:
		if byPerson || t.Kind == "manual" {
			return errors.New("verification: what a person attests is never verified")
		}
	case Attested:
		if !byPerson {
			return errors.New("verification: only what a person did is attested")
		}
	case None:
	default:
		return errors.New("verification: it is verified, attested or none")
	}
	switch {
	case (t.Verification == Verified) != (t.VerifiedAt != nil):
		return errors.New("verified_at: it stands where verification is verified, and nowhere else")
	case t.Verification != None && t.EvidenceDigest.IsZero():
		return errors.New("evidence_digest: verification needs evidence")
	case t.Verification != None && t.Open > 0:
		return errors.New("verification: it is none while records are open")
	}
	return nil
}

// Valid says whether a certificate can quote it: one line without "@".
func (w Words) Valid() bool {
	return w != "" && len(w) <= 1000 && utf8.ValidString(string(w)) && !strings.ContainsRune(string(w), '@') && !strings.ContainsFunc(string(w), unicode.IsControl)
}

// Valid says whether a certificate can name it.
func (l Label) Valid() bool { return labelForm.MatchString(string(l)) }

// Valid says whether a certificate can name it.
func (a Address) Valid() bool { return addressForm.MatchString(string(a)) }
