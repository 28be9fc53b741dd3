package config_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/config"
)

const webhookSecret = "whsec_c2FtcGxlIHNlY3JldCBvZiB0d2VudHktZm91cg=="

// smallest is an environment with nothing but what has no default.
func smallest(t *testing.T) map[string]string {
	return map[string]string{
		"DOCKET_DATABASE_URL":      "postgres://docket_app:hunter2@127.0.0.1:5432/docket",
		"DOCKET_KEYS_DIR":          t.TempDir(),
		"DOCKET_PUBLISH_DIR":       t.TempDir(),
		"DOCKET_MAIL_FROM_ADDRESS": "notices@provider.example",
		"DOCKET_BOUNCE_DOMAIN":     "bounces.provider.example",
		"DOCKET_PAGER_URL":         "https://pager.example/raise/hunter2",
		"DOCKET_PAGER_SECRETS":     webhookSecret,
		"PATH":                     "/bin",
	}
}

func with(environ map[string]string, more map[string]string) map[string]string {
	environ = maps.Clone(environ)
	for name, value := range more {
		environ["DOCKET_"+name] = value
	}
	return environ
}

func file(t *testing.T, content string) string {
	path := filepath.Join(t.TempDir(), "value")
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	return path
}

// The smallest environment gives safe defaults.
func TestDefaultsAreSafe(t *testing.T) {
	c, err := config.Read(smallest(t))
	require.NoError(t, err)
	require.Equal(t, 16, c.DatabaseConns)
	require.Equal(t, 2, c.DatabaseReserve)
	require.Equal(t, config.Direct, c.Mail.Transport)
	require.False(t, c.Mail.AllowPlaintext)
	require.Equal(t, "bounces.provider.example", c.Mail.HeloName)
	require.False(t, c.Dev)
	require.Empty(t, c.API.TrustedProxies)
	require.Equal(t, "127.0.0.1:9464", c.Metrics.Listen)
	require.Equal(t, 15*time.Second, c.Watchdog.Interval)
	require.Equal(t, 24, c.Clock.InternalTargetHours)
	require.Equal(t, slog.LevelInfo, c.LogLevel)
	require.Equal(t, filepath.Join(c.KeysDir, "signing.pem"), c.SigningKeyPath())
	require.Equal(t, "postgres://docket_app:hunter2@127.0.0.1:5432/docket", c.DatabaseURL.Reveal())
}

// A value of every kind is read, lists with spaces and lines too.
func TestValuesAreRead(t *testing.T) {
	signing := file(t, "a key")
	c, err := config.Read(with(smallest(t), map[string]string{
		"API_TRUSTED_PROXIES": "10.0.0.0/8, fd00::/8", "MAIL_ONLY_HOSTS": "127.0.0.1:25,\n127.0.0.2\n",
		"WATCHDOG_INTERVAL": "1m", "LOG_LEVEL": "debug", "COMPANY_MAIN_ESTABLISHMENT": "IE", "COMPANY_ZONE": "Europe/Dublin",
		"MAIL_TRANSPORT": "relay", "MAIL_RELAY_ADDRESS": "relay.provider.example:587", "SIGNING_KEY_FILE": signing,
	}))
	require.NoError(t, err)
	require.Equal(t, []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}, c.API.TrustedProxies)
	require.Equal(t, []string{"127.0.0.1:25", "127.0.0.2"}, c.Mail.OnlyHosts)
	require.Equal(t, time.Minute, c.Watchdog.Interval)
	require.Equal(t, slog.LevelDebug, c.LogLevel)
	require.Equal(t, signing, c.SigningKeyPath())
}

// serve knows where the connections to the estate's stores would be, and starts without the file: it has none.
func TestServeStartsWithoutTheConnectionsOfTheEstate(t *testing.T) {
	declared := file(t, "version: \"1\"")
	c, err := config.Read(with(smallest(t), map[string]string{
		"COMPANY_NAME": "Provider", "COMPANY_PRIVACY_CONTACT": "privacy@provider.example", "ESTATE": declared + ", " + declared, "ESTATE_CONNECTIONS": "/nowhere/connections.yaml", "REQUESTS_STAFF_DOMAINS": "provider.example",
	}))
	require.NoError(t, err)
	require.Equal(t, []string{declared, declared}, c.Estate.Files)
	require.Equal(t, 72*time.Hour, c.Requests.Cooling)
	require.EqualValues(t, 10_000, c.Requests.MaxRecords)
	for variable, extra := range map[string]map[string]string{
		"DOCKET_ESTATE: ":                  {"COMPANY_NAME": "Provider", "COMPANY_PRIVACY_CONTACT": "privacy@provider.example", "ESTATE": "/nowhere/estate.yaml"},
		"DOCKET_ESTATE: is not set":        {"ESTATE_CONNECTIONS": "/nowhere/connections.yaml"},
		"DOCKET_REQUESTS_COOLING: ":        {"REQUESTS_COOLING": "0s"},
		"DOCKET_REQUESTS_STAFF_DOMAINS: ":  {"REQUESTS_STAFF_DOMAINS": "a@provider.example"},
		"DOCKET_COMPANY_PRIVACY_CONTACT: ": {"COMPANY_PRIVACY_CONTACT": "privacy"},
	} {
		_, err := config.Read(with(smallest(t), extra))
		require.ErrorContains(t, err, variable)
	}
}

// A secret comes from its file, one or several; set twice, or from no file, it is refused.
func TestSecretsComeFromFiles(t *testing.T) {
	environ := smallest(t)
	delete(environ, "DOCKET_DATABASE_URL")
	delete(environ, "DOCKET_PAGER_SECRETS")
	c, err := config.Read(with(environ, map[string]string{
		"DATABASE_URL_FILE":  file(t, "postgres://docket_app@/docket?host=/run/postgresql\n"),
		"PAGER_SECRETS_FILE": file(t, webhookSecret+"\n"+webhookSecret+"\n"),
	}))
	require.NoError(t, err)
	require.Equal(t, "postgres://docket_app@/docket?host=/run/postgresql", c.DatabaseURL.Reveal())
	require.Len(t, c.Pager.Secrets, 2)
	require.Equal(t, webhookSecret, c.Pager.Secrets[1].Reveal())

	for want, path := range map[string]string{"cannot read its file": "/nowhere", "is empty": file(t, "\n"), "set twice": file(t, "x")} {
		extra := map[string]string{"DATABASE_URL_FILE": path, "PAGER_SECRETS": webhookSecret}
		if want == "set twice" {
			extra["DATABASE_URL"] = "postgres://docket_app@/docket"
		}
		_, err := config.Read(with(environ, extra))
		require.ErrorContains(t, err, "DOCKET_DATABASE_URL: ")
		require.ErrorContains(t, err, want)
		require.Len(t, err, 1, "one problem, told once")
	}
}

// All problems come at once, each with its variable, in the order of the documentation.
func TestAllProblemsAtOnce(t *testing.T) {
	_, err := config.Read(map[string]string{
		"DOCKET_DEV": "perhaps", "DOCKET_LOG_LEVEL": "loud", "DOCKET_DATABASE_CONNS": "many", "DOCKET_DATABASE_RESERVE": "0",
		"DOCKET_API_LISTEN": "8080", "DOCKET_API_TRUSTED_PROXIES": "everyone", "DOCKET_API_REQUEST_TIMEOUT": "60",
		"DOCKET_WATCHDOG_INTERVAL": "1h", "DOCKET_MAIL_TRANSPORT": "pigeon", "DOCKET_MAIL_FROM_ADDRESS": "",
	})
	var problems config.Problems
	require.ErrorAs(t, err, &problems)
	var got []string
	for _, p := range problems {
		got = append(got, strings.TrimPrefix(p.Variable, "DOCKET_")+": "+p.Detail)
	}
	require.Equal(t, []string{
		"DEV: cannot be read; write true or false",
		"LOG_LEVEL: cannot be read; write debug, info, warn or error",
		"KEYS_DIR: is not set",
		"PUBLISH_DIR: is not set",
		"DATABASE_URL: is not set",
		"DATABASE_CONNS: cannot be read; write a whole number",
		"DATABASE_RESERVE: is 0; write 1 to 100",
		`API_LISTEN: is "8080"; write host:port, such as 127.0.0.1:8080`,
		"API_TRUSTED_PROXIES: cannot be read; write networks such as 10.0.0.0/8, comma-separated",
		"API_REQUEST_TIMEOUT: cannot be read; write a duration such as 30s or 5m",
		"WATCHDOG_INTERVAL: is 1h0m0s; write 1s to 5m",
		`MAIL_TRANSPORT: is "pigeon"; write one of direct, relay`,
		"MAIL_FROM_ADDRESS: is empty",
		"BOUNCE_DOMAIN: is not set",
	}, got)
	require.Contains(t, err.Error(), "14 problem(s)")
}

// What is wrong by itself or together is refused, with the variable and the remedy, and no secret is repeated.
func TestRefusals(t *testing.T) {
	for name, c := range map[string]struct {
		set            map[string]string
		variable, want string
	}{
		"database over an open network": {map[string]string{"DATABASE_URL": "postgres://app:hunter2@db.example/docket"}, "DATABASE_URL", "sslmode=verify-full"},
		"encrypted but unverified":      {map[string]string{"DATABASE_URL": "postgres://app:hunter2@db.example/docket?sslmode=require"}, "DATABASE_URL", "sslmode=verify-full"},
		"a second host over it":         {map[string]string{"DATABASE_URL": "postgres://app:hunter2@localhost/docket?host=/tmp,db.example"}, "DATABASE_URL", "sslmode=verify-full"},
		"no URL":                        {map[string]string{"DATABASE_URL": "host=db password=hunter2"}, "DATABASE_URL", "postgres://"},
		"a URL that does not parse":     {map[string]string{"DATABASE_URL": "postgres://app:hunter2@[::/docket"}, "DATABASE_URL", "postgres://"},
		"owner is the application":      {map[string]string{"OWNER_DATABASE_URL": "postgres://docket_app:hunter2@localhost/docket"}, "OWNER_DATABASE_URL", "must not own"},
		"reserve eats the pool":         {map[string]string{"DATABASE_CONNS": "4", "DATABASE_RESERVE": "3"}, "DATABASE_RESERVE", "more than half"},
		"keys dir missing":              {map[string]string{"KEYS_DIR": "/nowhere"}, "KEYS_DIR", "not there"},
		"keys dir is a file":            {map[string]string{"KEYS_DIR": file(t, "")}, "KEYS_DIR", "no directory"},
		"public over http":              {map[string]string{"PUBLIC_URL": "http://docket.example"}, "PUBLIC_URL", "https://"},
		"metrics on the API's address":  {map[string]string{"METRICS_LISTEN": "127.0.0.1:8080"}, "METRICS_LISTEN", "of their own"},
		"Temporal in clear":             {map[string]string{"TEMPORAL_ADDRESS": "temporal.example:7233"}, "TEMPORAL_TLS", "set it to true"},
		"certificate without key":       {map[string]string{"TEMPORAL_TLS": "true", "TEMPORAL_CERT_FILE": file(t, "")}, "TEMPORAL_CERT_FILE", "both or neither"},
		"certificate without TLS":       {map[string]string{"TEMPORAL_CA_FILE": file(t, "")}, "TEMPORAL_TLS", "set it to true"},
		"port too large":                {map[string]string{"API_LISTEN": "127.0.0.1:80800"}, "API_LISTEN", "65535"},
		"pager unsigned":                {map[string]string{"PAGER_SECRETS": ""}, "PAGER_SECRETS", "signature"},
		"pager secret is no secret":     {map[string]string{"PAGER_SECRETS": "hunter2"}, "PAGER_SECRETS", "whsec_"},
		"pager secret too short":        {map[string]string{"PAGER_SECRETS": "whsec_aHVudGVyMg=="}, "PAGER_SECRETS", "24 to 64"},
		"pager over http":               {map[string]string{"PAGER_URL": "http://pager.example/hunter2"}, "PAGER_URL", "https://"},
		"three pager secrets":           {map[string]string{"PAGER_SECRETS": strings.Repeat(webhookSecret+",", 3)}, "PAGER_SECRETS", "more than two"},
		"pager over local http":         {map[string]string{"PAGER_URL": "http://127.0.0.1:9000/hunter2"}, "PAGER_URL", "outside docket dev"},
		"switch over local http":        {map[string]string{"WATCHDOG_DEAD_MANS_SWITCH_URL": "http://localhost/hunter2"}, "WATCHDOG_DEAD_MANS_SWITCH_URL", "outside docket dev"},
		"nobody to raise":               {map[string]string{"PAGER_URL": "", "PAGER_SECRETS": ""}, "PAGER_URL", "nobody could be told"},
		"switch over http":              {map[string]string{"WATCHDOG_DEAD_MANS_SWITCH_URL": "http://alive.example/hunter2"}, "WATCHDOG_DEAD_MANS_SWITCH_URL", "https://"},
		"password in a URL":             {map[string]string{"WATCHDOG_DEAD_MANS_SWITCH_URL": "https://me:hunter2@alive.example"}, "WATCHDOG_DEAD_MANS_SWITCH_URL", "without user"},
		"relay without address":         {map[string]string{"MAIL_TRANSPORT": "relay"}, "MAIL_RELAY_ADDRESS", "needs one"},
		"relay that is not used":        {map[string]string{"MAIL_RELAY_ADDRESS": "relay.example:587"}, "MAIL_TRANSPORT", "set it to relay"},
		"user without password": {
			map[string]string{"MAIL_TRANSPORT": "relay", "MAIL_RELAY_ADDRESS": "r.example:587", "MAIL_RELAY_USER": "u"},
			"MAIL_RELAY_PASSWORD", "both or neither",
		},
		"name in the address":       {map[string]string{"MAIL_FROM_ADDRESS": "Provider <notices@provider.example>"}, "MAIL_FROM_ADDRESS", "an address alone"},
		"line break in the address": {map[string]string{"MAIL_FROM_ADDRESS": "a@provider.example\r\nBcc: b@x.example"}, "MAIL_FROM_ADDRESS", "an address alone"},
		"bounces to no domain":      {map[string]string{"BOUNCE_DOMAIN": ""}, "BOUNCE_DOMAIN", "is empty"},
		"half of a certificate":     {map[string]string{"BOUNCE_CERT_FILE": file(t, "")}, "BOUNCE_CERT_FILE", "both or neither"},
		"plaintext to anybody":      {map[string]string{"MAIL_ALLOW_PLAINTEXT": "true"}, "MAIL_ALLOW_PLAINTEXT", "DOCKET_MAIL_ONLY_HOSTS"},
		"another port of anybody":   {map[string]string{"MAIL_MX_PORT": "2525"}, "MAIL_MX_PORT", "DOCKET_MAIL_ONLY_HOSTS"},
		"a name as only host":       {map[string]string{"MAIL_ONLY_HOSTS": "mx.example:25"}, "MAIL_ONLY_HOSTS", "could point elsewhere"},
		"letters from nobody":       {map[string]string{"ESTATE": file(t, "version: 1")}, "COMPANY_PRIVACY_CONTACT", "letters to people"},
		"half of DKIM":              {map[string]string{"DKIM_DOMAIN": "provider.example"}, "DKIM_DOMAIN", "all three or none"},
		"DKIM key missing":          {map[string]string{"DKIM_KEY_FILE": "/nowhere"}, "DKIM_KEY_FILE", "cannot be read"},
		"host with a space":         {map[string]string{"BOUNCE_DOMAIN": "bounces example"}, "BOUNCE_DOMAIN", "host name"},
		"country in words":          {map[string]string{"COMPANY_COUNTRY": "Germany"}, "COMPANY_COUNTRY", "two capital letters"},
		"no member state":           {map[string]string{"COMPANY_MAIN_ESTABLISHMENT": "US"}, "COMPANY_MAIN_ESTABLISHMENT", "write one of AT BE"},
		"no zone":                   {map[string]string{"COMPANY_ZONE": "CEST"}, "COMPANY_ZONE", "IANA zone"},
		"dev without its own host":  {map[string]string{"DEV": "true"}, "MAIL_ONLY_HOSTS", "own mail server"},
		"dev to the world":          {map[string]string{"DEV": "true", "MAIL_ONLY_HOSTS": "[::1]:2525,192.0.2.1:25"}, "MAIL_ONLY_HOSTS", "192.0.2.1:25"},
		"dev to a relay": {
			map[string]string{"DEV": "true", "MAIL_ONLY_HOSTS": "127.0.0.1:2525", "MAIL_TRANSPORT": "relay", "MAIL_RELAY_ADDRESS": "r.example:25"},
			"MAIL_RELAY_ADDRESS", "refuses any relay but its own",
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := config.Read(with(smallest(t), c.set))
			var problems config.Problems
			require.ErrorAs(t, err, &problems)
			require.Len(t, problems, 1, err)
			require.Equal(t, "DOCKET_"+c.variable, problems[0].Variable)
			require.Contains(t, problems[0].Detail, c.want)
			require.NotContains(t, err.Error(), "hunter2")
		})
	}
}

// What is published never lies among the keys.
func TestPublishingPlaceIsNotAmongTheKeys(t *testing.T) {
	environ := smallest(t)
	for _, dir := range []string{"", "heads"} {
		place := filepath.Join(environ["DOCKET_KEYS_DIR"], dir)
		require.NoError(t, os.MkdirAll(place, 0o700))
		_, err := config.Read(with(environ, map[string]string{"PUBLISH_DIR": place}))
		require.ErrorContains(t, err, "DOCKET_PUBLISH_DIR: lies in the keys directory")
	}
}

// The one-machine stack speaks to itself in clear, and to nobody else.
func TestDevStack(t *testing.T) {
	c, err := config.Read(with(smallest(t), map[string]string{
		"DEV": "true", "MAIL_ONLY_HOSTS": "127.0.0.1:2525", "MAIL_MX_PORT": "2525", "MAIL_ALLOW_PLAINTEXT": "true",
		"PAGER_URL": "http://127.0.0.1:9000/raise",
	}))
	require.NoError(t, err)
	require.True(t, c.Dev)
}

// Migrations need both roles of the database and nothing else.
func TestMigrationsNeedTheOwner(t *testing.T) {
	environ := map[string]string{"DOCKET_DATABASE_URL": "postgres://docket_app@/docket"}
	_, err := config.ReadDatabase(environ)
	require.ErrorContains(t, err, "DOCKET_OWNER_DATABASE_URL: is not set")
	d, err := config.ReadDatabase(with(environ, map[string]string{"OWNER_DATABASE_URL": "postgres://docket_owner@/docket"}))
	require.NoError(t, err)
	require.Equal(t, "postgres://docket_owner@/docket", d.OwnerDatabaseURL.Reveal())
}

// Load reads this process's own environment.
func TestLoadReadsTheProcess(t *testing.T) {
	for name, value := range smallest(t) {
		t.Setenv(name, value)
	}
	c, err := config.Load()
	require.NoError(t, err)
	require.Equal(t, "notices@provider.example", c.Mail.FromAddress)
}

// A configuration can be printed, logged and encoded without a secret in it.
func TestSecretsHideThemselves(t *testing.T) {
	environ := with(smallest(t), map[string]string{
		"OWNER_DATABASE_URL": "postgres://owner:hunter2@localhost/docket", "MAIL_TRANSPORT": "relay",
		"MAIL_RELAY_ADDRESS": "r.example:587", "MAIL_RELAY_USER": "u", "MAIL_RELAY_PASSWORD": "hunter2",
	})
	c, err := config.Read(environ)
	require.NoError(t, err)
	encoded, err := json.Marshal(c)
	require.NoError(t, err)
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("configuration", "config", c, "database", c.DatabaseURL)
	for _, text := range []string{fmt.Sprintf("%v %+v %#v %s", c, c, c, c.DatabaseURL), string(encoded), log.String()} {
		require.NotContains(t, text, "hunter2")
		require.NotContains(t, text, webhookSecret)
		require.Contains(t, text, "(hidden)")
	}
}
