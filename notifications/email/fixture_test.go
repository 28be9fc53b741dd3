package email_test

import (
	"context"
	"crypto/tls"
	"net"
	"net/mail"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/letters"
	"github.com/atlascloudai/docket/notifications"
	"github.com/atlascloudai/docket/notifications/email"
)

const secret = "correct-horse-battery"

// zone is the DNS of one test.
type zone struct {
	mx      map[string][]*net.MX
	hosts   map[string][]string
	failing map[string]bool
}

func (z zone) missing(name string) error {
	if z.failing[name] {
		return &net.DNSError{Err: "server misbehaving", Name: name, IsTemporary: true}
	}
	return &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
}

func (z zone) LookupMX(_ context.Context, domain string) ([]*net.MX, error) {
	if records := z.mx[domain]; len(records) > 0 {
		return records, nil
	}
	return nil, z.missing(domain)
}

func (z zone) LookupHost(_ context.Context, host string) ([]string, error) {
	if addresses := z.hosts[host]; len(addresses) > 0 {
		return addresses, nil
	}
	return nil, z.missing(host)
}

// oneExchanger sends the mail of recipient.test to one address.
func oneExchanger(address string) zone {
	return zone{
		mx:    map[string][]*net.MX{"recipient.test": {{Host: "mx.recipient.test.", Pref: 10}}},
		hosts: map[string][]string{"mx.recipient.test": {address}},
	}
}

// channel is a channel whose limits a busy machine keeps; change adapts its configuration.
func channel(t *testing.T, change func(*email.Config)) *email.Channel {
	t.Helper()
	config := email.Config{
		Transport:    email.Direct,
		From:         mail.Address{Name: "Example Cloud Security", Address: "security@sender.test"},
		BounceDomain: "bounces.sender.test", HeloName: "out.sender.test",
		Resolver:       oneExchanger("127.0.0.1"),
		ConnectTimeout: 10 * time.Second, CommandTimeout: 10 * time.Second, DataTimeout: 10 * time.Second,
	}
	change(&config)
	c, err := email.New(config)
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}

// trusting speaks to a mailbox as the recipient's exchanger, over TLS.
func trusting(t *testing.T, ca *authority, m *mailbox, change ...func(*email.Config)) *email.Channel {
	return channel(t, func(c *email.Config) {
		c.TLS = &tls.Config{RootCAs: ca.pool}
		c.Port = m.port(t)
		for _, f := range change {
			f(c)
		}
	})
}

var returnKey = []byte("a key of the tests, thirty-two b")

func outbound(to string) notifications.Outbound {
	return notifications.Outbound{
		ID: "0198c5e0-7a11-7bbb-8c3d-2f60a1b2c3d4", To: to,
		Subject: "Notice of a security incident", Text: "Dear customer,\n\nsomething happened.\n",
		HTML: "<!DOCTYPE html><html><body><p>Dear customer,</p></body></html>", Language: "en",
		Instant:     time.Date(2026, 11, 20, 9, 30, 0, 0, time.FixedZone("", 3600)),
		ReturnToken: letters.ReturnToken(returnKey, "0198c5e0-7a11-7bbb-8c3d-2f60a1b2c3d4"),
	}
}

func send(t *testing.T, c *email.Channel, o notifications.Outbound) notifications.Answer {
	t.Helper()
	p, err := c.Prepare(o)
	require.NoError(t, err)
	return c.Send(t.Context(), p)
}

// listen plays a server that the SMTP library would not: serve gets each connection.
func listen(t *testing.T, address string, serve func(net.Conn)) string {
	t.Helper()
	listener, err := net.Listen("tcp", address)
	require.NoError(t, err)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() { defer conn.Close(); serve(conn) }()
		}
	}()
	t.Cleanup(func() { _ = listener.Close(); <-done })
	_, port, err := net.SplitHostPort(listener.Addr().String())
	require.NoError(t, err)
	return port
}
