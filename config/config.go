// Package config is everything that whoever runs Docket can set: one typed
// struct, read from the environment once, validated once, and documented by its
// own tags (docs/configuration.md is generated from them).
//
// Every variable begins with DOCKET_. A secret can be given in a file instead:
// DOCKET_X_FILE names the file that holds DOCKET_X.
package config

import (
	"log/slog"
	"net/netip"
	"time"
)

// Prefix begins the name of every variable.
const Prefix = "DOCKET_"

// Config is the whole configuration. Zero values mean what the tags say.
type Config struct {
	// Dev is the one-machine stack of docket dev.
	Dev bool `env:"DEV" envDefault:"false" doc:"The one-machine stack of docket dev. Allows plain HTTP, a plaintext mail server and sink transports, all on this machine only. It is of exercises alone: the public change log and the answers to gateways speak of them."`
	// PublicURL is where people reach this installation.
	PublicURL string `env:"PUBLIC_URL" envDefault:"http://127.0.0.1:8080" check:"url" doc:"Where people reach this installation; links in notices and pages begin with it. https, except on this machine."`
	// LogLevel is the least level that is logged.
	LogLevel slog.Level `env:"LOG_LEVEL" envDefault:"info" doc:"Least level that is logged: debug, info, warn or error. Logs are JSON lines and carry ids, never names, addresses or text."`
	// KeysDir holds every key this process needs.
	KeysDir string `env:"KEYS_DIR,required,notEmpty" check:"dir" doc:"Directory with the keys: key-encryption keys, payload keys in payload/, signing.pem, lookup.secret. Readable by this process only. See docket keys check."`
	// PublishDir is outside the database's backups.
	PublishDir string `env:"PUBLISH_DIR,required,notEmpty" check:"dir" doc:"Directory for what is published outside the database: signed heads every minute, and the erasure journal. Put it on other storage than the database."`

	Database `title:"Database"`

	Temporal Temporal `envPrefix:"TEMPORAL_" title:"Temporal"`
	API      API      `envPrefix:"API_" title:"API"`
	Metrics  Metrics  `envPrefix:"METRICS_" title:"Metrics"`
	Signing  Signing  `envPrefix:"SIGNING_" title:"Signing"`
	Pager    Pager    `envPrefix:"PAGER_" title:"Raising people"`
	Watchdog Watchdog `envPrefix:"WATCHDOG_" title:"Watchdog"`
	Mail     Mail     `envPrefix:"MAIL_" title:"Mail"`
	Bounce   Bounce   `envPrefix:"BOUNCE_" title:"Bounces"`
	Intake   Intake   `envPrefix:"INTAKE_" title:"Requests by mail"`
	DKIM     DKIM     `envPrefix:"DKIM_" title:"DKIM"`
	Company  Company  `envPrefix:"COMPANY_" title:"The company"`
	Clock    Clock    `envPrefix:"CLOCK_" title:"Clocks"`
	Estate   Estate   `title:"The estate"`
	Requests Requests `envPrefix:"REQUESTS_" title:"Requests of people"`
}

// Database is PostgreSQL, reached under two roles.
type Database struct {
	// DatabaseURL connects as the role of the application.
	DatabaseURL Secret `env:"DATABASE_URL,required,notEmpty" check:"database" doc:"PostgreSQL as postgres:// URL, as the application's role, which cannot change or delete ledger and audit rows. Over a network it needs sslmode=verify-full."`
	// OwnerDatabaseURL connects as the owner of the tables, for migrations.
	OwnerDatabaseURL Secret `env:"OWNER_DATABASE_URL" check:"database" doc:"The same database as the owner of its tables. Needed by docket migrate only; serve and worker are better off without it."`
	// DatabaseConns is the number of connections of one process.
	DatabaseConns int `env:"DATABASE_CONNS" envDefault:"16" min:"4" max:"1000" doc:"Connections that one process opens at most."`
	// DatabaseReserve is how many of DatabaseConns are kept for the watchdog and the bells.
	DatabaseReserve int `env:"DATABASE_RESERVE" envDefault:"2" min:"1" max:"100" doc:"How many of these are kept for the watchdog and the bells, so that a busy pool never silences them."`
	// StatementTimeout ends a statement that takes too long.
	StatementTimeout time.Duration `env:"STATEMENT_TIMEOUT" envDefault:"30s" min:"1s" max:"10m" doc:"A statement that takes longer is ended."`
}

// Temporal is the engine that makes progress.
type Temporal struct {
	// Address is host:port of the frontend.
	Address string `env:"ADDRESS" envDefault:"127.0.0.1:7233" check:"hostport" doc:"Temporal's frontend, host:port."`
	// Namespace holds all workflows of this installation.
	Namespace string `env:"NAMESPACE" envDefault:"default" doc:"Namespace of this installation's workflows."`
	// QueuePrefix begins the name of every task queue.
	QueuePrefix string `env:"QUEUE_PREFIX" envDefault:"docket" check:"name" doc:"First part of every task queue's name; two installations in one namespace need two."`
	// TLS asks for TLS to the frontend.
	TLS bool `env:"TLS" envDefault:"false" doc:"Speak TLS to the frontend. Required unless the frontend is on this machine."`
	// CAFile, CertFile and KeyFile are for mutual TLS.
	CAFile   string `env:"CA_FILE" check:"file" doc:"Certificates that sign the frontend's certificate (PEM); empty for the system's."`
	CertFile string `env:"CERT_FILE" check:"file" doc:"This process's client certificate (PEM), for mutual TLS."`
	KeyFile  string `env:"KEY_FILE" check:"file" doc:"Key of that certificate (PEM)."`
}

// API is the HTTP server that people and machines call.
type API struct {
	// Listen is host:port.
	Listen string `env:"LISTEN" envDefault:"127.0.0.1:8080" check:"hostport" doc:"Address the API listens on, host:port."`
	// TrustedProxies may say for whom they forward. Empty: nobody may.
	TrustedProxies []netip.Prefix `env:"TRUSTED_PROXIES" doc:"Networks of the proxies in front, comma-separated (10.0.0.0/8). Only these may say whom they forward for; empty: nobody."`
	// BodyLimit is in bytes.
	BodyLimit int64 `env:"BODY_LIMIT" envDefault:"33554432" min:"1024" max:"268435456" doc:"Largest request body in bytes; a larger one is answered with 413."`
	// RequestTimeout bounds one request.
	RequestTimeout time.Duration `env:"REQUEST_TIMEOUT" envDefault:"60s" min:"1s" max:"10m" doc:"A request that takes longer is ended."`
	// ShutdownTimeout is how long a stopping process waits for requests in hand.
	ShutdownTimeout time.Duration `env:"SHUTDOWN_TIMEOUT" envDefault:"20s" min:"1s" max:"10m" doc:"How long a stopping process waits for what it has in hand."`
}

// Metrics is the listener for Prometheus and probes of the operator, never the public one.
type Metrics struct {
	// Listen is host:port; empty for none.
	Listen string `env:"LISTEN" envDefault:"127.0.0.1:9464" check:"hostport" doc:"Address for /metrics, host:port; empty for none. Never the API's, and never one that the public reaches."`
}

// Signing is the Ed25519 key for heads and certificates.
type Signing struct {
	// KeyFile is a PKCS #8 PEM file; empty for signing.pem in KeysDir.
	KeyFile string `env:"KEY_FILE" check:"file" doc:"Ed25519 key that signs heads and certificates (PKCS #8 PEM); empty for signing.pem in the keys directory."`
}

// Pager is the one signed webhook through which people are raised.
type Pager struct {
	// URL receives a POST for every raise; empty for mail only. It may hold a token.
	URL Secret `env:"URL" check:"url" doc:"Receives a signed POST (Standard Webhooks) for every raise; empty: people are raised by mail only."`
	// Secrets sign it: the newest first and, during a rotation, the one before it.
	Secrets []Secret `env:"SECRETS" check:"webhook" doc:"Secrets that sign it, each whsec_ and base64, comma-separated or one a line, the newest first. Two during a rotation: both signatures are sent."`
	// CopyTo is the staff's address that gets every raise as mail too.
	CopyTo string `env:"COPY_TO" check:"address" doc:"The staff's address that gets every raise by mail as well; for several people, a group's. Subjects name no case."`
}

// Watchdog raises what no workflow raised, and tells an outsider that it lives.
type Watchdog struct {
	// Interval is how often it looks.
	Interval time.Duration `env:"INTERVAL" envDefault:"15s" min:"1s" max:"5m" doc:"How often the watchdog looks for milestones that nobody raised."`
	// DeadMansSwitchURL gets one GET a minute; its silence is the alarm. It may hold a token.
	DeadMansSwitchURL Secret `env:"DEAD_MANS_SWITCH_URL" check:"url" doc:"Gets one GET a minute while the watchdog works; whoever runs that URL raises people when it falls silent. Empty for none."`
}

// Clock is about clocks that the agreements leave without a number.
type Clock struct {
	// InternalTargetHours is the company's own target for them.
	InternalTargetHours int `env:"INTERNAL_TARGET_HOURS" envDefault:"24" min:"1" max:"720" doc:"The company's own target, in hours, for duties without a number (\"without undue delay\"). It is labelled as internal wherever it is shown."`
	// ChangeNoticeDays is the company's own notice of a change.
	ChangeNoticeDays int `env:"CHANGE_NOTICE_DAYS" envDefault:"30" min:"1" max:"365" doc:"The company's own notice of a change, in days, for customers whose agreements say nothing about it."`
}
