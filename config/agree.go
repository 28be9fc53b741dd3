package config

import (
	"net/url"
	"path/filepath"
	"strings"
)

// rules collects the problems of values that are sound each, but not together.
type rules struct{ problems Problems }

// refuse adds a problem where the condition holds.
func (r *rules) refuse(when bool, variable, detail string) {
	if when {
		r.problems = append(r.problems, Problem{Prefix + variable, detail})
	}
}

// agree checks what no single value shows.
func (c Config) agree() Problems {
	var r rules
	r.problems = c.Database.agree()
	keys, publish := filepath.Clean(c.KeysDir), filepath.Clean(c.PublishDir)
	r.refuse(keys == publish || strings.HasPrefix(publish, keys+string(filepath.Separator)), "PUBLISH_DIR",
		"lies in the keys directory; what is published is read by others, keys are not")
	r.refuse(c.Metrics.Listen == c.API.Listen, "METRICS_LISTEN",
		"is the API's address; metrics need a listener of their own that the public does not reach")
	c.Temporal.agree(&r)
	r.refuse(c.Estate.Connections != "" && len(c.Estate.Files) == 0, "ESTATE",
		"is not set, but DOCKET_ESTATE_CONNECTIONS is; name the estate that they connect to")
	r.refuse(len(c.Estate.Files) > 0 && (c.Company.Name == "" || c.Company.PrivacyContact == ""), "COMPANY_PRIVACY_CONTACT",
		"and DOCKET_COMPANY_NAME are needed with DOCKET_ESTATE; letters to people name the company and where to write")
	c.raising(&r)
	c.mailing(&r)
	if c.Dev {
		c.dev(&r)
	}
	return r.problems
}

func (d Database) agree() Problems {
	var r rules
	r.refuse(d.DatabaseReserve > d.DatabaseConns/2, "DATABASE_RESERVE",
		"is more than half of DOCKET_DATABASE_CONNS; leave the larger part for the work")
	r.refuse(d.OwnerDatabaseURL != "" && user(d.OwnerDatabaseURL) == user(d.DatabaseURL), "OWNER_DATABASE_URL",
		"has the user of DOCKET_DATABASE_URL; the application's role must not own the tables, or it could rewrite the ledger")
	return r.problems
}

func user(database Secret) string {
	parsed, err := url.Parse(database.Reveal())
	if err != nil {
		return ""
	}
	if name := parsed.User.Username(); name != "" {
		return name
	}
	return parsed.Query().Get("user")
}

func (t Temporal) agree(r *rules) {
	r.refuse(!t.TLS && !localAddress(t.Address), "TEMPORAL_TLS",
		"is off, but the frontend is on another machine; set it to true")
	r.refuse((t.CertFile == "") != (t.KeyFile == ""), "TEMPORAL_CERT_FILE",
		"and DOCKET_TEMPORAL_KEY_FILE go together; set both or neither")
	r.refuse(!t.TLS && (t.CAFile != "" || t.CertFile != ""), "TEMPORAL_TLS",
		"is off, but certificates are given; set it to true or unset them")
}

// raising makes sure that somebody can be woken.
func (c Config) raising(r *rules) {
	r.refuse(c.Pager.URL != "" && len(c.Pager.Secrets) == 0, "PAGER_SECRETS",
		"is not set; the pager cannot know that a raise is ours without a signature")
	r.refuse(len(c.Pager.Secrets) > 2, "PAGER_SECRETS",
		"holds more than two; the newest comes first, and beside it the one that receivers are leaving")
	plain := func(address Secret) bool { return !c.Dev && strings.HasPrefix(address.Reveal(), "http://") }
	r.refuse(plain(c.Pager.URL), "PAGER_URL", "must begin with https:// outside docket dev")
	r.refuse(plain(c.Watchdog.DeadMansSwitchURL), "WATCHDOG_DEAD_MANS_SWITCH_URL", "must begin with https:// outside docket dev")
	r.refuse(c.Pager.URL == "" && c.Pager.CopyTo == "", "PAGER_URL",
		"is not set, and DOCKET_PAGER_COPY_TO neither; nobody could be told that a deadline is near")
}

func (c Config) mailing(r *rules) {
	relay := c.Mail.Transport == Relay
	r.refuse(relay && c.Mail.RelayAddress == "", "MAIL_RELAY_ADDRESS",
		"is not set; the transport relay needs one")
	r.refuse(!relay && (c.Mail.RelayAddress != "" || c.Mail.RelayUser != ""), "MAIL_TRANSPORT",
		"is direct, but a relay is given; set it to relay or unset DOCKET_MAIL_RELAY_ADDRESS and DOCKET_MAIL_RELAY_USER")
	r.refuse((c.Mail.RelayUser == "") != (c.Mail.RelayPassword == ""), "MAIL_RELAY_PASSWORD",
		"and DOCKET_MAIL_RELAY_USER go together; set both or neither")
	r.refuse(len(c.Mail.OnlyHosts) == 0 && c.Mail.AllowPlaintext, "MAIL_ALLOW_PLAINTEXT",
		"is true for any server; name those that may get mail unencrypted in DOCKET_MAIL_ONLY_HOSTS")
	r.refuse(len(c.Mail.OnlyHosts) == 0 && c.Mail.MXPort != 25, "MAIL_MX_PORT",
		"is not the port of mail; name the servers that listen there in DOCKET_MAIL_ONLY_HOSTS")
	r.refuse((c.Bounce.CertFile == "") != (c.Bounce.KeyFile == ""), "BOUNCE_CERT_FILE",
		"and DOCKET_BOUNCE_KEY_FILE go together; set both or neither")
	r.refuse(len(c.Intake.Addresses) > 0 && c.Bounce.Listen == "", "INTAKE_ADDRESSES",
		"are set, but nothing listens; set DOCKET_BOUNCE_LISTEN")
	given := 0
	for _, part := range []string{c.DKIM.Domain, c.DKIM.Selector, c.DKIM.KeyFile} {
		if part != "" {
			given++
		}
	}
	r.refuse(given != 0 && given != 3, "DKIM_DOMAIN",
		"DOCKET_DKIM_SELECTOR and DOCKET_DKIM_KEY_FILE go together; set all three or none")
}

// dev keeps the one-machine stack on its machine: it must never reach a real recipient.
func (c Config) dev(r *rules) {
	r.refuse(len(c.Mail.OnlyHosts) == 0, "MAIL_ONLY_HOSTS",
		"is not set; the stack of docket dev speaks to its own mail server only")
	for _, host := range c.Mail.OnlyHosts {
		r.refuse(!localAddress(host), "MAIL_ONLY_HOSTS",
			"names "+host+", which is not on this machine; the stack of docket dev speaks to its own mail server only")
	}
	r.refuse(c.Mail.RelayAddress != "" && !localAddress(c.Mail.RelayAddress), "MAIL_RELAY_ADDRESS",
		"is not on this machine; the stack of docket dev refuses any relay but its own")
}
