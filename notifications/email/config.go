// Package email sends one message to one recipient by SMTP (RFC 5321) and reports
// what the other side really said. A connection is encrypted and proves the other
// side's name, or nothing is sent.
package email

import (
	"context"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/mail"
	"net/netip"
	"strings"
	"time"
)

// Transport is who takes the message from us, and so what a 250 means.
type Transport string

// The transports.
const (
	// Direct: we speak to the recipient's own mail exchanger; its 250 is accepted.
	Direct Transport = "direct"
	// Relay: we speak to a relay of ours; its 250 is handed_on.
	Relay Transport = "relay"
)

// Secret is a credential that does not print.
type Secret string

const redacted = "[redacted]"

// String implements fmt.Stringer and hides the secret.
func (Secret) String() string { return redacted }

// GoString implements fmt.GoStringer and hides the secret.
func (Secret) GoString() string { return redacted }

// LogValue implements slog.LogValuer and hides the secret.
func (Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText implements encoding.TextMarshaler and hides the secret.
func (Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// Resolver answers what DNS says. *net.Resolver is one.
type Resolver interface {
	// LookupMX lists the mail exchangers of a domain. A *net.DNSError says whether
	// the domain does not exist or the answer could not be had.
	LookupMX(ctx context.Context, domain string) ([]*net.MX, error)
	// LookupHost lists the addresses of a host.
	LookupHost(ctx context.Context, host string) ([]string, error)
}

// Config is how a Channel sends. The zero value of a field that names a default
// means that default.
type Config struct {
	// Transport is Direct or Relay.
	Transport Transport
	// From is the author, as recipients see it.
	From mail.Address
	// ReplyTo is where answers go, if not to From.
	ReplyTo *mail.Address
	// BounceDomain is the domain of the return path b+<token>@BounceDomain.
	BounceDomain string
	// HeloName is the fully qualified name that we introduce ourselves with.
	HeloName string
	// DKIM are the keys that sign. None leaves messages unsigned.
	DKIM []DKIMKey

	// Port is the port of mail exchangers; "25" by default.
	Port string
	// Resolver finds mail exchangers and hosts; net.DefaultResolver by default.
	Resolver Resolver
	// RelayAddr is the relay as host:port.
	RelayAddr string
	// RelayImplicitTLS speaks TLS from the first byte (RFC 8314 section 3.3, port
	// 465) instead of STARTTLS.
	RelayImplicitTLS bool
	// Username and Password are for the relay; without Username we do not log in.
	Username string
	Password Secret

	// TLS holds root certificates and the like; ServerName is set for each host.
	TLS *tls.Config
	// AllowPlaintext goes on unencrypted where a server offers no STARTTLS. It is
	// for a mail server on the same machine, and needs OnlyHosts. Credentials are
	// never sent that way, and a failed handshake is never followed by plaintext.
	AllowPlaintext bool
	// OnlyHosts lists the only addresses that may be dialled, as IP or IP:port, or
	// "localhost" for any loopback address; empty means any.
	OnlyHosts []string

	// ConnectTimeout bounds one TCP connect or TLS handshake; 10 seconds by default.
	ConnectTimeout time.Duration
	// CommandTimeout bounds the reply to one command; 30 seconds by default.
	CommandTimeout time.Duration
	// DataTimeout bounds the sending of the message, and again the reply to its
	// end; 60 seconds by default. RFC 5321 section 4.5.3.2.6 allows a server ten
	// minutes; who takes longer than this ends as unknown.
	DataTimeout time.Duration
	// AttemptTimeout bounds everything before the message itself, over all hosts;
	// 2 minutes by default.
	AttemptTimeout time.Duration

	// MaxConnsPerHost is how many connections to one host there may be; 4 by default.
	MaxConnsPerHost int
	// MaxPerConn is after how many messages a connection is replaced; 100 by default.
	MaxPerConn int
	// MaxIdle is how many idle connections are kept over all hosts; 64 by default.
	MaxIdle int
	// IdleTimeout is how long an idle connection is kept; 15 seconds by default.
	IdleTimeout time.Duration
	// MaxMessage is the largest message in bytes; 1 MiB by default.
	MaxMessage int
	// Now gives the instant of an answer; time.Now by default.
	Now func() time.Time
}

// Channel sends mail. It is safe for use by many goroutines.
type Channel struct {
	config    Config
	from      mail.Address
	messageID string // domain of Message-IDs
	only      []allowed
	pool      *pool
}

// allowed is one entry of OnlyHosts; a zero port means any port.
type allowed struct {
	loopback bool
	addr     netip.Addr
	port     string
}

// Name implements notifications.Channel.
func (*Channel) Name() string { return "email" }

// Close ends the idle connections. Send must not be called after it.
func (c *Channel) Close() { c.pool.close() }

// New checks the configuration as a whole and opens nothing.
func New(config Config) (*Channel, error) {
	config.setDefaults()
	c := &Channel{config: config}
	var problems []error
	fail := func(format string, args ...any) { problems = append(problems, fmt.Errorf(format, args...)) }

	address, domain, err := parseAddress(config.From.Address)
	if err != nil {
		fail("From: %w", err)
	}
	c.from = mail.Address{Name: config.From.Name, Address: address}
	c.messageID = domain
	if hiddenRune(config.From.Name) {
		fail("From: the name has control or text direction characters")
	}
	if config.ReplyTo != nil {
		reply, _, err := parseAddress(config.ReplyTo.Address)
		if err != nil || hiddenRune(config.ReplyTo.Name) {
			fail("ReplyTo: not a plain address")
		}
		c.config.ReplyTo = &mail.Address{Name: config.ReplyTo.Name, Address: reply}
	}
	if !hostName(config.BounceDomain) {
		fail("BounceDomain: %q is not a domain", config.BounceDomain)
	}
	if !hostName(config.HeloName) {
		fail("HeloName: %q is not a host name", config.HeloName)
	}
	for _, key := range config.DKIM {
		if err := key.check(); err != nil {
			fail("DKIM %q: %w", key.Selector, err)
		}
	}
	switch config.Transport {
	case Direct:
		if config.Username != "" {
			fail("Username: credentials are for the relay transport")
		}
	case Relay:
		if _, _, err := net.SplitHostPort(config.RelayAddr); err != nil {
			fail("RelayAddr: not host:port")
		}
	default:
		fail("Transport: %q is neither direct nor relay", config.Transport)
	}
	if config.AllowPlaintext && len(config.OnlyHosts) == 0 {
		fail("AllowPlaintext: name the hosts in OnlyHosts")
	}
	for _, entry := range config.OnlyHosts {
		parsed, err := parseAllowed(entry)
		if err != nil {
			fail("OnlyHosts: %w", err)
		}
		c.only = append(c.only, parsed)
	}
	if len(problems) > 0 {
		return nil, fmt.Errorf("cannot configure mail: %w", errors.Join(problems...))
	}
	c.pool = newPool(config.MaxConnsPerHost, config.MaxIdle, config.IdleTimeout)
	return c, nil
}

func (c *Config) setDefaults() {
	defaults := func(d *time.Duration, value time.Duration) {
		if *d <= 0 {
			*d = value
		}
	}
	defaults(&c.ConnectTimeout, 10*time.Second)
	defaults(&c.CommandTimeout, 30*time.Second)
	defaults(&c.DataTimeout, 60*time.Second)
	defaults(&c.AttemptTimeout, 2*time.Minute)
	defaults(&c.IdleTimeout, 15*time.Second)
	counts := func(n *int, value int) {
		if *n <= 0 {
			*n = value
		}
	}
	counts(&c.MaxConnsPerHost, 4)
	counts(&c.MaxPerConn, 100)
	counts(&c.MaxIdle, 64)
	counts(&c.MaxMessage, 1<<20)
	if c.Port == "" {
		c.Port = "25"
	}
	if c.Resolver == nil {
		c.Resolver = net.DefaultResolver
	}
	if c.Now == nil {
		c.Now = time.Now
	}
}

func (k DKIMKey) check() error {
	if !hostName(k.Domain) || !hostName(k.Selector) {
		return errors.New("needs a domain and a selector")
	}
	if k.Signer == nil {
		return errors.New("needs a key")
	}
	switch public := k.Signer.Public().(type) {
	case *rsa.PublicKey:
		if public.N.BitLen() < 2048 {
			return errors.New("an RSA key needs 2048 bits or more")
		}
	case ed25519.PublicKey:
	default:
		return errors.New("the key is neither RSA nor Ed25519")
	}
	return nil
}

func parseAllowed(entry string) (allowed, error) {
	host, port := entry, ""
	if h, p, err := net.SplitHostPort(entry); err == nil {
		host, port = h, p
	}
	if strings.EqualFold(host, "localhost") {
		return allowed{loopback: true, port: port}, nil
	}
	addr, err := netip.ParseAddr(strings.Trim(host, "[]"))
	if err != nil {
		return allowed{}, fmt.Errorf("%q is not an IP address; a name could point elsewhere", entry)
	}
	return allowed{addr: addr.Unmap(), port: port}, nil
}

// mayDial looks at the address itself, after DNS has spoken.
func (c *Channel) mayDial(addr netip.Addr, port string) bool {
	if len(c.only) == 0 {
		return true
	}
	for _, entry := range c.only {
		if entry.port != "" && entry.port != port {
			continue
		}
		if entry.loopback && addr.Unmap().IsLoopback() || entry.addr == addr.Unmap() {
			return true
		}
	}
	return false
}
