//go:build !linux

package local

import (
	"errors"
	"os"
)

// chooseIdentity runs PostgreSQL as ourselves. It refuses to run as root, and
// only Linux has user namespaces.
func chooseIdentity(dir string, _ postgresPrograms) (identity, error) {
	if os.Geteuid() == 0 {
		return identity{}, errors.New("cannot run PostgreSQL as root on this system; start Docket as an ordinary user")
	}
	return itself(dir), nil
}
