package request

import (
	"regexp"
	"strings"
	"unicode"

	"github.com/atlascloudai/docket/core/problem"
)

// Kinds of identity that a request may name. An estate may know others; their values are taken as they stand.
const (
	EmailIdentity   = "email"
	PhoneIdentity   = "phone"
	AccountIdentity = "account_id"
)

var kindOfIdentity = regexp.MustCompile(`^[a-z][a-z0-9_]{0,62}$`)

// Identity is one identifier that a request names.
type Identity struct {
	Kind  string `json:"kind"`
	Value string `json:"value"`
}

// Normal is the identity in the form in which equal identifiers are equal: addresses in lower case, phone numbers as
// E.164 writes them. Errors are on the fields kind and value.
func (i Identity) Normal() (Identity, error) {
	i.Kind, i.Value = strings.TrimSpace(i.Kind), strings.TrimSpace(i.Value)
	if !kindOfIdentity.MatchString(i.Kind) {
		return i, problem.InvalidField("kind", "name the kind of identifier in lower-case letters, digits and underscores, e.g. email, phone, account_id")
	}
	if i.Value == "" || len(i.Value) > 320 || strings.IndexFunc(i.Value, unicode.IsControl) >= 0 {
		return i, problem.InvalidField("value", "give the identifier itself, 1 to 320 characters without control characters")
	}
	switch i.Kind {
	case EmailIdentity:
		local, domain, found := strings.Cut(i.Value, "@")
		if !found || local == "" || !strings.Contains(domain, ".") || strings.ContainsAny(i.Value, " <>,;\"") || strings.Contains(domain, "@") {
			return i, problem.InvalidField("value", "is not one mail address")
		}
		i.Value = strings.ToLower(i.Value)
	case PhoneIdentity:
		digits := strings.Map(func(r rune) rune {
			if '0' <= r && r <= '9' {
				return r
			}
			return -1
		}, i.Value)
		if !strings.HasPrefix(i.Value, "+") || len(digits) < 7 || len(digits) > 15 {
			return i, problem.InvalidField("value", "give the number with its country code, e.g. +49 30 1234567")
		}
		i.Value = "+" + digits
	}
	return i, nil
}

// shared are local parts of addresses that several people read (RFC 2142 and practice).
var shared = map[string]bool{"admin": true, "administrator": true, "billing": true, "contact": true, "finance": true, "help": true, "hello": true, "hostmaster": true,
	"info": true, "it": true, "legal": true, "mail": true, "marketing": true, "noreply": true, "no-reply": true, "office": true, "postmaster": true, "privacy": true,
	"root": true, "sales": true, "security": true, "service": true, "support": true, "team": true, "webmaster": true, "abuse": true, "accounts": true, "dev": true}

// Shared says that an identity looks like no single person's: a role's address, or one of the company's own staff.
func (i Identity) Shared(company []string) bool {
	local, domain, found := strings.Cut(i.Value, "@")
	if i.Kind != EmailIdentity || !found {
		return false
	}
	name, _, _ := strings.Cut(local, "+")
	for _, own := range company {
		if strings.EqualFold(own, domain) {
			return true
		}
	}
	return shared[name]
}
