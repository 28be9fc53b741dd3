package local

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"syscall"
)

// superuser is the role that owns a private cluster.
const superuser = "postgres"

// maxSocketPath is what fits a Unix socket address on Linux (unix(7)), less its end byte.
const maxSocketPath = 107

// DSN is a connection URL to one database as the superuser, for pgx, goose and
// PostgreSQL's own programs.
func (p *Postgres) DSN(database string) string { return p.DSNAs(database, superuser) }

// DSNAs is a connection URL to one database as role. There is no password: whoever
// may open the socket's directory may be any role.
func (p *Postgres) DSNAs(database, role string) string {
	address := url.URL{
		Scheme:   "postgres",
		User:     url.User(role),
		Path:     "/" + database,
		RawQuery: url.Values{"host": {p.socket}, "port": {p.port}}.Encode(),
	}
	return address.String()
}

// BinDir is the directory of the programs (pg_dump, psql, …) of the server's own version.
func (p *Postgres) BinDir() string { return p.bin.dir }

func shortSocketDir(cluster string) string {
	sum := sha256.Sum256([]byte(cluster))
	return filepath.Join(os.TempDir(), "docket-"+hex.EncodeToString(sum[:6]))
}

// makeSocketDir makes the socket's directory, or checks that one that is there
// is ours alone: the place is shared, and whoever owns it reads our database.
func (p *Postgres) makeSocketDir() error {
	if path := filepath.Join(p.socket, ".s.PGSQL."+p.port); len(path) > maxSocketPath {
		return fmt.Errorf("cannot make the socket %s: its path is longer than %d bytes; name a shorter directory", path, maxSocketPath)
	}
	err := os.Mkdir(p.socket, 0o700)
	if err == nil {
		err = p.as.own(p.socket)
	} else if os.IsExist(err) {
		err = nil
	}
	if err != nil {
		return fmt.Errorf("cannot make the socket directory: %w", err)
	}
	info, err := os.Lstat(p.socket)
	if err != nil {
		return fmt.Errorf("cannot look at the socket directory: %w", err)
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	if !info.IsDir() || !ok || int(owner.Uid) != p.as.uid || info.Mode().Perm()&0o077 != 0 {
		return fmt.Errorf("cannot use the socket directory %s: it is not a directory of mode 0700 that belongs to us; remove it", p.socket)
	}
	return nil
}
