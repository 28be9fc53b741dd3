package email

import (
	"context"
	"errors"
	"net"
	"slices"
	"strings"

	"github.com/atlascloudai/docket/notifications"
)

// maxHosts and maxAddresses bound one attempt: so many mail exchangers, and so
// many addresses of each.
const (
	maxHosts     = 4
	maxAddresses = 3
)

// route lists the hosts to try for a recipient's domain, best first. Without one
// the answer says why.
func (c *Channel) route(ctx context.Context, domain string) ([]net.MX, *notifications.Answer) {
	records, err := c.config.Resolver.LookupMX(ctx, domain)
	if len(records) == 0 {
		if err != nil && !notFound(err) {
			return nil, &deferred(atHello, lost(ctx, notifications.DNS), "the domain's mail exchangers could not be looked up").answer
		}
		return c.implicit(ctx, domain)
	}
	if len(records) == 1 && strings.TrimSuffix(records[0].Host, ".") == "" {
		return nil, &notifications.Answer{
			Outcome: notifications.Refused, Class: notifications.DNS, Enhanced: "5.1.10",
			Reason: "the domain says that it takes no mail (null MX, RFC 7505)",
		}
	}
	hosts := make([]net.MX, 0, len(records))
	for _, record := range records {
		if host := strings.ToLower(strings.TrimSuffix(record.Host, ".")); hostName(host) {
			hosts = append(hosts, net.MX{Host: host, Pref: record.Pref})
		}
	}
	slices.SortStableFunc(hosts, func(a, b net.MX) int { return int(a.Pref) - int(b.Pref) })
	if len(hosts) == 0 {
		return nil, &deferred(atHello, notifications.DNS, "the domain's mail exchangers have no valid names").answer
	}
	return hosts[:min(len(hosts), maxHosts)], nil
}

// implicit is a domain without MX records: the domain itself is the host, if it
// exists (RFC 5321 section 5.1).
func (c *Channel) implicit(ctx context.Context, domain string) ([]net.MX, *notifications.Answer) {
	addresses, err := c.config.Resolver.LookupHost(ctx, domain)
	if err != nil && !notFound(err) {
		return nil, &deferred(atHello, lost(ctx, notifications.DNS), "the domain could not be looked up").answer
	}
	if len(addresses) == 0 {
		return nil, &notifications.Answer{
			Outcome: notifications.Refused, Class: notifications.DNS, Enhanced: "5.1.2",
			Reason: "the domain does not exist or has no mail server",
		}
	}
	return []net.MX{{Host: domain}}, nil
}

func notFound(err error) bool {
	var dns *net.DNSError
	return errors.As(err, &dns) && dns.IsNotFound && !dns.IsTemporary && !dns.IsTimeout
}
