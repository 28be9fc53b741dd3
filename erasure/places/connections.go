package places

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"go.yaml.in/yaml/v3"

	"github.com/atlascloudai/docket/core/estate"
	"github.com/atlascloudai/docket/erasure"
	httpstore "github.com/atlascloudai/docket/erasure/http"
	"github.com/atlascloudai/docket/erasure/postgres"
	"github.com/atlascloudai/docket/erasure/s3"
)

// The codes of what Fit finds between an estate and connections.
const (
	NoConnection      = "no_connection"
	WrongConnection   = "wrong_connection"
	UnknownConnection = "unknown_connection"
)

// Connections are how the stores of an estate are reached, by their ids.
type Connections map[string]Connection

// Connection is how one store is reached: exactly one of its members is there.
type Connection struct {
	Postgres *Postgres
	S3       *s3.Options
	HTTP     *httpstore.Config
}

// Postgres is how a PostgreSQL store is reached.
type Postgres struct {
	// URL is the address that locates and erases, VerifyURL the one that verifies, or "" for the same.
	URL, VerifyURL string
}

// ReadConnections reads the file with the connections: a mapping from the ids of stores to one of
//
//	postgres: {url_file | url, verify_url_file}
//	s3: {endpoint, region, access_key_file, secret_key_file, ca_file}
//	http: {url, secret_file, previous_secret_file, timeout, ca_file}
//
// A member that ends in _file names a file, from the folder of this one where the path is relative. Reading is strict; the
// error names every store and member that is wrong, and repeats no value.
func ReadConnections(path string) (Connections, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("cannot read connections: %w", err)
	}
	var stores map[string]map[string]map[string]string
	if err := yaml.Unmarshal(text, &stores); err != nil {
		return nil, fmt.Errorf("cannot read connections: %s: write each store as id: {kind: {member: value}}", line(err))
	}
	read, wrong := Connections{}, []error(nil)
	for _, id := range slices.Sorted(maps.Keys(stores)) {
		e := entry{id: id, dir: filepath.Dir(path)}
		read[id] = e.connection(stores[id])
		wrong = append(wrong, e.wrong...)
	}
	if err := errors.Join(wrong...); err != nil {
		return nil, fmt.Errorf("cannot read connections: %w", err)
	}
	return read, nil
}

// line is where YAML could not be read; the reader's own words may repeat a value.
func line(err error) string {
	return cmp.Or(regexp.MustCompile(`line \d+`).FindString(err.Error()), "the file")
}

// entry is one store of the file while it is read.
type entry struct {
	id, dir, kind string
	given         map[string]string
	known         []string
	wrong         []error
}

func (e *entry) refuse(member, detail string) {
	at := strings.Join(slices.DeleteFunc([]string{e.id, e.kind, member}, func(part string) bool { return part == "" }), ".")
	e.wrong = append(e.wrong, fmt.Errorf("%s %s", at, detail))
}

func (e *entry) connection(kinds map[string]map[string]string) (c Connection) {
	if len(kinds) != 1 {
		e.refuse("", "must have exactly one of postgres, s3 and http")
		return c
	}
	for e.kind, e.given = range kinds {
	}
	switch estate.Kind(e.kind) {
	case estate.Postgres:
		c.Postgres = e.postgres()
	case estate.S3:
		c.S3 = e.s3()
	case estate.HTTP:
		c.HTTP = e.http()
	default:
		e.refuse("", "is no kind that has a connection; they are postgres, s3 and http")
		return c
	}
	for _, member := range slices.Sorted(maps.Keys(e.given)) {
		if !slices.Contains(e.known, member) {
			e.refuse(member, "is unknown; the members are "+strings.Join(e.known, ", "))
		}
	}
	return c
}

func (e *entry) postgres() *Postgres {
	plain, secret := e.text("url"), e.file("url_file")
	if plain != "" && !bare(plain) {
		e.refuse("url", "must be postgres://user@host/database without a password; write one with a password into a file, and name it in url_file")
	}
	if plain != "" && secret != "" {
		e.refuse("url_file", "and url are given both; take one away")
	}
	c := &Postgres{URL: e.needed("url_file", cmp.Or(secret, plain)), VerifyURL: e.file("verify_url_file")}
	for member, address := range map[string]string{"url": plain, "url_file": secret, "verify_url_file": c.VerifyURL} {
		if exposed(address) {
			e.refuse(member, "reaches a database over the network; add sslmode=verify-full, so that nobody can stand in between")
		}
	}
	return c
}

// exposed says whether a database may be reached over a network by a connection that anybody could answer.
func exposed(address string) bool {
	c, err := pgconn.ParseConfig(address)
	if err != nil || address == "" {
		return false // Opening it says what is wrong.
	}
	open := func(host string, encrypted *tls.Config) bool {
		return !strings.HasPrefix(host, "/") && !local(host) && (encrypted == nil || encrypted.InsecureSkipVerify)
	}
	return open(c.Host, c.TLSConfig) || slices.ContainsFunc(c.Fallbacks, func(f *pgconn.FallbackConfig) bool { return open(f.Host, f.TLSConfig) })
}

// local says whether a host is this machine.
func local(host string) bool {
	return host == "localhost" || net.ParseIP(host).IsLoopback()
}

// bare says whether a database's address is a URL that holds no password.
func bare(address string) bool {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "postgres" && u.Scheme != "postgresql" {
		return false
	}
	_, given := u.User.Password()
	return !given && !u.Query().Has("password") && !u.Query().Has("sslpassword")
}

func (e *entry) s3() *s3.Options {
	c := &s3.Options{
		Endpoint: e.text("endpoint"), Region: cmp.Or(e.text("region"), "us-east-1"),
		AccessKey: e.needed("access_key_file", e.file("access_key_file")), SecretKey: e.needed("secret_key_file", e.file("secret_key_file")),
	}
	if ca := e.file("ca_file"); ca != "" {
		c.CA = []byte(ca)
	}
	if u, err := url.Parse(c.Endpoint); c.Endpoint != "" && (err != nil || u.Scheme != "https" && (u.Scheme != "http" || !local(u.Hostname()))) {
		e.refuse("endpoint", "must begin with https://; http:// is for this machine only")
	}
	return c
}

func (e *entry) http() *httpstore.Config {
	c := &httpstore.Config{URL: e.needed("url", e.text("url")), Secret: e.needed("secret_file", e.file("secret_file")), PreviousSecret: e.file("previous_secret_file")}
	if timeout := e.text("timeout"); timeout != "" {
		var err error
		if c.Timeout, err = time.ParseDuration(timeout); err != nil || c.Timeout <= 0 {
			e.refuse("timeout", "must be a duration such as 30s")
		}
	}
	if ca := e.file("ca_file"); ca != "" {
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM([]byte(ca)) {
			e.refuse("ca_file", "holds no certificate in PEM")
		}
	}
	return c
}

func (e *entry) text(member string) string {
	e.known = append(e.known, member)
	return e.given[member]
}

// file is what stands in the file that a member names.
func (e *entry) file(member string) string {
	path := e.text(member)
	if path == "" {
		return ""
	}
	if !filepath.IsAbs(path) {
		path = filepath.Join(e.dir, path)
	}
	content, err := os.ReadFile(path)
	text := strings.TrimSpace(string(content))
	if err != nil || text == "" {
		e.refuse(member, "names a file that is empty or cannot be read")
		return "unread" // so that it is not called missing too
	}
	return text
}

func (e *entry) needed(member, value string) string {
	if value == "" {
		e.refuse(member, "is needed")
	}
	return value
}

// kind is the kind of store that the connection is for.
func (c Connection) kind() estate.Kind {
	switch {
	case c.Postgres != nil:
		return estate.Postgres
	case c.S3 != nil:
		return estate.S3
	default:
		return estate.HTTP
	}
}

func (c Connection) open(ctx context.Context, declared estate.Store, maskingKey []byte) (erasure.Store, error) {
	switch c.kind() {
	case estate.Postgres:
		return opened(postgres.Open(ctx, c.Postgres.URL, declared, postgres.Options{VerifyDSN: c.Postgres.VerifyURL, MaskingKey: maskingKey}))
	case estate.S3:
		return opened(s3.Open(ctx, *c.S3, declared))
	default:
		return opened(httpstore.Open(*c.HTTP))
	}
}

// opened keeps a store that is nil from becoming an interface that is not.
func opened[S erasure.Store](s S, err error) (erasure.Store, error) {
	if err != nil {
		return nil, err
	}
	return s, nil
}

// Fit finds what keeps the stores of an estate from being reached: a store without a connection or with one of another kind, and a
// connection whose store the estate does not have.
func (c Connections) Fit(declared estate.Estate) (findings []estate.Finding) {
	ids := map[string]bool{}
	for _, store := range declared.Stores {
		ids[store.ID] = store.Kind != estate.Manual
		connection, there := c[store.ID]
		switch {
		case store.Kind == estate.Manual:
		case !there:
			findings = append(findings, estate.Finding{At: store.ID, Code: NoConnection, Detail: noConnection(store)})
		case connection.kind() != store.Kind:
			findings = append(findings, estate.Finding{At: store.ID, Code: WrongConnection, Detail: wrongConnection(store)})
		}
	}
	for _, id := range slices.Sorted(maps.Keys(c)) {
		if !ids[id] {
			findings = append(findings, estate.Finding{At: id, Code: UnknownConnection,
				Detail: "the estate has no store of this id that is reached by a connection: correct the id, or take the connection out"})
		}
	}
	return findings
}

func noConnection(s estate.Store) string {
	return fmt.Sprintf("the store %s has no connection: add %s: {%s: …} to the file that DOCKET_ESTATE_CONNECTIONS names", s.ID, s.ID, s.Kind)
}

func wrongConnection(s estate.Store) string {
	return fmt.Sprintf("the connection of the store %s is of another kind: the estate says %s", s.ID, s.Kind)
}
