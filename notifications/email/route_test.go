package email_test

import (
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/notifications"
	"github.com/atlascloudai/docket/notifications/email"
)

func TestWhatDNSSaysDecidesBeforeAnyConnection(t *testing.T) {
	ca := newAuthority(t)
	m := serve(t, "127.0.0.1:0", ca.issue(t, time.Now().Add(time.Hour), "mx.recipient.test", "bare.test"))
	dns := oneExchanger("127.0.0.1")
	dns.mx["null.test"] = []*net.MX{{Host: ".", Pref: 0}}
	dns.mx["lost.test"] = []*net.MX{{Host: "mx.nowhere.test.", Pref: 10}}
	dns.hosts["bare.test"] = []string{"127.0.0.1"}
	dns.failing = map[string]bool{"servfail.test": true}
	c := trusting(t, ca, m, func(c *email.Config) { c.Resolver = dns })

	for domain, want := range map[string]struct {
		outcome  notifications.Outcome
		class    notifications.Class
		enhanced string
	}{
		"null.test":      {notifications.Refused, notifications.DNS, "5.1.10"},
		"nxdomain.test":  {notifications.Refused, notifications.DNS, "5.1.2"},
		"servfail.test":  {notifications.Deferred, notifications.DNS, ""},
		"lost.test":      {notifications.Deferred, notifications.DNS, ""},
		"bare.test":      {notifications.Accepted, notifications.OK, "2.0.0"},
		"recipient.test": {notifications.Accepted, notifications.OK, "2.0.0"},
	} {
		t.Run(domain, func(t *testing.T) {
			answer := send(t, c, outbound("notices@"+domain))
			require.Equal(t, want.outcome, answer.Outcome, "%+v", answer)
			require.Equal(t, want.class, answer.Class)
			require.Equal(t, want.enhanced, answer.Enhanced)
		})
	}
}

func TestExchangersAreTriedInTheirOrder(t *testing.T) {
	ca := newAuthority(t)
	m := serve(t, "127.0.0.1:0", ca.issue(t, time.Now().Add(time.Hour), "second.recipient.test"))
	port := m.port(t)
	door := func(address, greeting string) {
		listen(t, net.JoinHostPort(address, port), func(c net.Conn) {
			_, _ = c.Write([]byte(greeting))
			_, _ = c.Read(make([]byte, 64))
		})
	}
	door("127.0.0.2", "554 5.7.1 we do not talk to you\r\n")
	door("127.0.0.4", "421 4.3.2 later\r\n")
	dns := zone{mx: map[string][]*net.MX{}, hosts: map[string][]string{
		"first.recipient.test": {"127.0.0.2"}, "second.recipient.test": {"127.0.0.1"},
		"dead.recipient.test": {"127.0.0.3"}, "busy.recipient.test": {"127.0.0.4"},
	}}
	c := trusting(t, ca, m, func(c *email.Config) { c.Resolver = dns })
	for name, row := range map[string]struct {
		hosts   []string
		outcome notifications.Outcome
		host    string
	}{
		"the next one after a closed door":             {[]string{"first", "second"}, notifications.Accepted, "second.recipient.test"},
		"the next one after a dead host":               {[]string{"dead", "second"}, notifications.Accepted, "second.recipient.test"},
		"refused only when every door is closed":       {[]string{"first"}, notifications.Refused, "first.recipient.test"},
		"deferred while one of them may open":          {[]string{"first", "busy"}, notifications.Deferred, "busy.recipient.test"},
		"deferred while one of them may open, reverse": {[]string{"dead", "first"}, notifications.Deferred, "dead.recipient.test"},
	} {
		t.Run(name, func(t *testing.T) {
			var records []*net.MX
			for i, host := range row.hosts { // DNS gives them in any order
				records = append([]*net.MX{{Host: host + ".recipient.test.", Pref: uint16(10 + i)}}, records...)
			}
			dns.mx["recipient.test"] = records
			answer := send(t, c, outbound("notices@recipient.test"))
			require.Equal(t, row.outcome, answer.Outcome, "%+v", answer)
			require.Equal(t, row.host, answer.Host)
		})
	}
}

func TestNobodyElseIsDialledWhereHostsAreNamed(t *testing.T) {
	ca := newAuthority(t)
	m := serve(t, "127.0.0.1:0", ca.issue(t, time.Now().Add(time.Hour), "mx.recipient.test"))
	for entry, allowed := range map[string]bool{
		"127.0.0.1": true, m.addr(): true, "localhost": true, "localhost:" + m.port(t): true, "::ffff:127.0.0.1": true,
		"127.0.0.9": false, "127.0.0.1:1": false, "192.0.2.1": false,
	} {
		before := m.listener.count()
		c := trusting(t, ca, m, func(c *email.Config) { c.OnlyHosts = []string{entry} })
		answer := send(t, c, outbound("notices@recipient.test"))
		if allowed {
			require.Equal(t, notifications.Accepted, answer.Outcome, entry)
			continue
		}
		require.Equal(t, notifications.Deferred, answer.Outcome, entry)
		require.Equal(t, notifications.Config, answer.Class)
		require.Equal(t, before, m.listener.count(), "no connection was opened")
	}
}

func TestAConfigurationThatCouldMisleadIsRefused(t *testing.T) {
	for name, change := range map[string]func(*email.Config){
		"plaintext to anybody":        func(c *email.Config) { c.AllowPlaintext, c.OnlyHosts = true, nil },
		"a host by a name":            func(c *email.Config) { c.OnlyHosts = []string{"mail.example.com"} },
		"no transport":                func(c *email.Config) { c.Transport = "" },
		"a relay without an address":  func(c *email.Config) { c.Transport = email.Relay },
		"a login at strangers":        func(c *email.Config) { c.Username = "docket" },
		"no author":                   func(c *email.Config) { c.From.Address = "" },
		"a forged author":             func(c *email.Config) { c.From.Name = "a\r\nBcc: b@example.test" },
		"no name of our own":          func(c *email.Config) { c.HeloName = "" },
		"no domain for what bounces":  func(c *email.Config) { c.BounceDomain = "a b" },
		"a signing key without a key": func(c *email.Config) { c.DKIM = []email.DKIMKey{{Domain: "sender.test", Selector: "s"}} },
	} {
		config := email.Config{
			Transport: email.Direct, BounceDomain: "bounces.sender.test", HeloName: "out.sender.test",
		}
		config.From.Address = "security@sender.test"
		_, err := email.New(config)
		require.NoError(t, err)
		change(&config)
		_, err = email.New(config)
		require.Error(t, err, name)
	}
}
