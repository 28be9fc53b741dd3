package local

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// fallbackDir holds the clusters that the user postgres owns.
const fallbackDir = "/var/lib/docket"

// chooseIdentity decides as whom PostgreSQL runs. It refuses to run as root, so
// root (the usual user in a container) runs it in a user namespace in which our
// own id bears an unprivileged user's number; the files stay ours. Where the
// kernel or the container refuses such namespaces, or the directory is not
// reachable without root's privileges, the user postgres runs it elsewhere.
func chooseIdentity(dir string, bin postgresPrograms) (identity, error) {
	if os.Geteuid() != 0 {
		return itself(dir), nil
	}
	outsider, errOutsider := asUserPostgres(dir)
	if errOutsider == nil && holdsCluster(outsider.dir) && !holdsCluster(dir) {
		return outsider, nil // stay with the cluster there is
	}
	insider, err := asRootInNamespace(dir)
	if err == nil {
		err = insider.probe(filepath.Dir(dir), bin)
	}
	if err == nil {
		return insider, nil
	}
	if errOutsider == nil {
		errOutsider = makeFallback(outsider)
	}
	if errOutsider != nil {
		return identity{}, fmt.Errorf("cannot run PostgreSQL as root: user namespace: %w; user postgres: %w; start Docket as an ordinary user", err, errOutsider)
	}
	return outsider, nil
}

func holdsCluster(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, "PG_VERSION"))
	return err == nil
}

// asRootInNamespace maps our ids to those of a user that exists: initdb asks for its name.
func asRootInNamespace(dir string) (identity, error) {
	uid, gid, err := lookup("postgres")
	if err != nil {
		uid, gid, err = lookup("nobody")
	}
	if err != nil {
		return identity{}, err
	}
	as := itself(dir)
	as.become = func(attributes *syscall.SysProcAttr) {
		attributes.Cloneflags |= syscall.CLONE_NEWUSER
		attributes.UidMappings = []syscall.SysProcIDMap{{ContainerID: uid, HostID: os.Geteuid(), Size: 1}}
		attributes.GidMappings = []syscall.SysProcIDMap{{ContainerID: gid, HostID: os.Getegid(), Size: 1}}
	}
	return as, nil
}

// asUserPostgres is the user that the package postgresql made, with a place of its own per directory.
func asUserPostgres(dir string) (identity, error) {
	uid, gid, err := lookup("postgres")
	if err != nil {
		return identity{}, err
	}
	sum := sha256.Sum256([]byte(dir))
	return identity{
		dir: filepath.Join(fallbackDir, hex.EncodeToString(sum[:6])),
		uid: uid,
		gid: gid,
		become: func(attributes *syscall.SysProcAttr) {
			attributes.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
		},
	}, nil
}

func makeFallback(as identity) error {
	if err := os.MkdirAll(filepath.Dir(as.dir), 0o755); err != nil {
		return fmt.Errorf("cannot make the place for the user postgres: %w", err)
	}
	return nil
}

// probe tries whether the identity may run PostgreSQL and write into place.
func (i identity) probe(place string, bin postgresPrograms) error {
	cmd := exec.Command("/bin/sh", "-c", `test -w "$1" && exec "$2" --version`, "sh", place, bin.program("postgres"))
	cmd.SysProcAttr = i.attributes()
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("cannot write to %s or run %s: %w", place, bin.program("postgres"), err)
	}
	return nil
}

func lookup(name string) (uid, gid int, err error) {
	found, err := user.Lookup(name)
	if err != nil {
		return 0, 0, fmt.Errorf("cannot find the user %s: %w", name, err)
	}
	uid, errUID := strconv.Atoi(found.Uid)
	gid, errGID := strconv.Atoi(found.Gid)
	return uid, gid, errors.Join(errUID, errGID)
}
