package email

import (
	"errors"
	"net/mail"
	"net/netip"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

var (
	errAddress = errors.New("not one plain address such as name@example.com")
	errUTF8    = errors.New("the part before the @ is not ASCII, which mail servers need not take (RFC 6531); deliver by hand or record another address")
)

// parseAddress takes one bare address and gives it with its domain in ASCII (RFC
// 5890). Display names, groups, comments, quoted local parts and address literals
// are refused: none is needed, and each has been a way to say two things at once.
func parseAddress(s string) (address, domain string, err error) {
	local, domain, found := strings.Cut(s, "@")
	if !found || local == "" || len(local) > 64 || len(s) > 254 {
		return "", "", errAddress
	}
	for _, r := range local {
		if r >= utf8.RuneSelf {
			return "", "", errUTF8
		}
	}
	domain, err = idna.Lookup.ToASCII(domain)
	if err != nil || !hostName(domain) || !strings.Contains(domain, ".") {
		return "", "", errAddress
	}
	address = local + "@" + domain
	parsed, err := mail.ParseAddress(address)
	if err != nil || parsed.Name != "" || parsed.Address != address || strings.ContainsAny(local, "\"\\() <>,:;[]\t") {
		return "", "", errAddress
	}
	return address, domain, nil
}

// hostName is a name of letters, digits and hyphens (RFC 1123 section 2.1) that is
// not an IP address.
func hostName(s string) bool {
	if s == "" || len(s) > 253 {
		return false
	}
	if _, err := netip.ParseAddr(s); err == nil {
		return false
	}
	for label := range strings.SplitSeq(s, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		for _, r := range label {
			if (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '_' {
				return false
			}
		}
	}
	return true
}

// hiddenRune finds what ends a header line or hides or turns its text: control
// characters, Unicode's line separators, text direction overrides, broken UTF-8.
func hiddenRune(s string) bool {
	return !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool {
		return r < ' ' || r >= 0x7f && r <= 0x9f || r == '\u2028' || r == '\u2029' ||
			r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069'
	})
}

// binaryRune finds control characters other than line ends and tabs.
func binaryRune(s string) bool {
	return !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool {
		return r < ' ' && r != '\n' && r != '\r' && r != '\t' || r >= 0x7f && r <= 0x9f
	})
}
