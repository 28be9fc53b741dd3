package config

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/mail"
	"net/netip"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/atlascloudai/docket/core/duty"
	"github.com/atlascloudai/docket/core/packs"
)

var (
	hostName    = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$`)
	plainName   = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,62}$`)
	countryCode = regexp.MustCompile(`^[A-Z]{2}$`)
)

// memberStates are the states whose authorities take part in the GDPR's one-stop
// shop: the European Union, and Iceland, Liechtenstein and Norway (Decision of the
// EEA Joint Committee No 154/2018). ISO 3166 codes.
var memberStates = strings.Fields("AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IS IT LI LT LU LV MT NL NO PL PT RO SE SI SK")

// checks are the values of the tag "check": what a text must be where it is not empty.
var checks = map[string]func(string) error{
	"hostport": checkHostPort,
	"url":      checkURL,
	"database": checkDatabase,
	"address":  checkAddress,
	"file":     checkFile,
	"dial":     checkDial,
	"dir":      checkDir,
	"zone":     checkZone,
	"webhook":  checkWebhookSecret,
	"host":     matches(hostName, "a host name in lower case, such as mail.example.com"),
	"name":     matches(plainName, "lower-case letters, digits, dots and hyphens"),
	"country":  matches(countryCode, "a country's two capital letters (ISO 3166), such as DE"),
	"member":   checkMember,
	"trait":    checkTrait,
}

func matches(pattern *regexp.Regexp, want string) func(string) error {
	return func(text string) error {
		if !pattern.MatchString(text) {
			return fmt.Errorf("is %q; write %s", text, want)
		}
		return nil
	}
}

func checkHostPort(text string) error {
	_, port, err := net.SplitHostPort(text)
	if err != nil {
		return fmt.Errorf("is %q; write host:port, such as 127.0.0.1:8080", text)
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n > 65535 {
		return fmt.Errorf("is %q; the port is a number up to 65535", text)
	}
	return nil
}

// checkDial wants what may be dialled as an address: a name could point elsewhere later.
func checkDial(text string) error {
	host := text
	if h, _, err := net.SplitHostPort(text); err == nil {
		host = h
	}
	if _, err := netip.ParseAddr(strings.Trim(host, "[]")); err != nil && host != "localhost" {
		return fmt.Errorf("names %q; write an IP, IP:port, or localhost, since a name could point elsewhere", text)
	}
	return nil
}

// checkURL wants https, or http to this machine. It does not repeat the URL:
// those of pagers and dead man's switches hold a token.
func checkURL(text string) error {
	parsed, err := url.Parse(text)
	if err != nil || parsed.Host == "" || parsed.User != nil {
		return errors.New("is no URL; write https://host/path, without user or password")
	}
	if parsed.Scheme == "https" || parsed.Scheme == "http" && local(parsed.Hostname()) {
		return nil
	}
	return errors.New("must begin with https://; http:// is for this machine only")
}

// checkDatabase wants a URL that reaches the database over a verified connection,
// or on this machine. It never repeats the URL, which holds a password.
func checkDatabase(text string) error {
	parsed, err := url.Parse(text)
	if err != nil || parsed.Scheme != "postgres" && parsed.Scheme != "postgresql" {
		return errors.New("is no URL of a database; write postgres://user:password@host:5432/database?sslmode=verify-full")
	}
	query := parsed.Query()
	named := append([]string{parsed.Hostname()}, slices.Concat(query["host"], query["hostaddr"])...)
	remote := slices.ContainsFunc(strings.Split(strings.Join(named, ","), ","), func(host string) bool {
		return host != "" && !strings.HasPrefix(host, "/") && !local(host) // a path is a socket on this machine
	})
	if remote && query.Get("sslmode") != "verify-full" {
		return errors.New("reaches a database over the network; add sslmode=verify-full, so that nobody can stand in between")
	}
	return nil
}

func checkAddress(text string) error {
	parsed, err := mail.ParseAddress(text)
	if err != nil || parsed.Address != text {
		return fmt.Errorf("is %q; write an address alone, such as notices@example.com", text)
	}
	return nil
}

func checkFile(text string) error {
	info, err := os.Stat(text)
	if err != nil {
		return fmt.Errorf("names a file that cannot be read: %w", err)
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("names %s, which is no file", text)
	}
	return nil
}

func checkDir(text string) error {
	info, err := os.Stat(text)
	if err != nil {
		return fmt.Errorf("names a directory that is not there: %w", err)
	}
	if !info.IsDir() {
		return fmt.Errorf("names %s, which is no directory", text)
	}
	return nil
}

// checkZone asks the release of zone data that the clocks use, not the machine's.
func checkZone(text string) error {
	pack, err := packs.Load()
	if err != nil {
		return fmt.Errorf("cannot be checked: %w", err)
	}
	if _, err := pack.Zone(text); err != nil {
		return fmt.Errorf("is %q; write an IANA zone, such as Europe/Berlin", text)
	}
	return nil
}

func checkMember(text string) error {
	if !slices.Contains(memberStates, text) {
		return fmt.Errorf("is %q; write one of %s, or leave it empty", text, strings.Join(memberStates, " "))
	}
	return nil
}

// checkTrait wants a trait that the rule pack's laws ask for.
func checkTrait(text string) error {
	if !duty.Trait(text).Known() {
		return fmt.Errorf("names %q, which is no trait; they are %v", text, duty.Traits)
	}
	return nil
}

// checkWebhookSecret wants a secret as Standard Webhooks writes it: whsec_ and 24
// to 64 bytes in base64. It does not repeat the secret.
func checkWebhookSecret(text string) error {
	encoded, prefixed := strings.CutPrefix(text, "whsec_")
	raw, err := base64.StdEncoding.DecodeString(encoded)
	if !prefixed || err != nil || len(raw) < 24 || len(raw) > 64 {
		return errors.New("holds no webhook secret; write whsec_ and 24 to 64 random bytes in base64")
	}
	return nil
}

// local tells whether a host is this machine.
func local(host string) bool {
	if host == "localhost" {
		return true
	}
	address, err := netip.ParseAddr(host)
	return err == nil && address.IsLoopback()
}

// localAddress is local for a host with or without a port.
func localAddress(address string) bool {
	if host, _, err := net.SplitHostPort(address); err == nil {
		return local(host)
	}
	return local(strings.Trim(address, "[]"))
}
