package local

import (
	"os"
	"syscall"
)

// identity says as whom PostgreSQL's programs run and where their cluster is.
type identity struct {
	// dir is the cluster directory; only the fallback user has another than the one asked for.
	dir string
	// uid owns the files, as seen from outside.
	uid int
	// gid owns the files, as seen from outside.
	gid int
	// become changes the attributes of a child process into those of this identity.
	become func(*syscall.SysProcAttr)
}

// itself runs the programs as whoever we are.
func itself(dir string) identity {
	return identity{dir: dir, uid: os.Geteuid(), gid: os.Getegid(), become: func(*syscall.SysProcAttr) {}}
}

// attributes are those of a child in a session of its own, so that a Ctrl-C in
// our terminal reaches us alone and the order of the end stays ours.
func (i identity) attributes() *syscall.SysProcAttr {
	attributes := &syscall.SysProcAttr{Setsid: true}
	i.become(attributes)
	return attributes
}

// own gives a directory that we just made to the identity.
func (i identity) own(path string) error { return os.Chown(path, i.uid, i.gid) }
