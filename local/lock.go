package local

import (
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"
)

// lockWait is how long a lock may still be held by a process that is just
// ending, or by a child of it that has not yet come to its own program.
const lockWait = 2 * time.Second

// ErrHeld says that another process holds the directory of a PostgreSQL cluster.
var ErrHeld = errors.New("another process of Docket holds it")

// lockFile takes a lock that the kernel frees when this process ends, however it ends.
func lockFile(path string) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("cannot open the lock: %w", err)
	}
	retry := time.NewTicker(20 * time.Millisecond)
	defer retry.Stop()
	for giveUp := time.After(lockWait); ; {
		err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return file, nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR) {
			_ = file.Close()
			return nil, fmt.Errorf("cannot lock %s: %w", path, err)
		}
		select {
		case <-retry.C:
		case <-giveUp:
			_ = file.Close()
			return nil, fmt.Errorf("%w (%s); stop that one first", ErrHeld, path)
		}
	}
}

// unlockFile lets go at once. Closing alone would not while a child that was
// forked a moment ago still has its copy of the file.
func unlockFile(file *os.File) {
	_ = syscall.Flock(int(file.Fd()), syscall.LOCK_UN)
	_ = file.Close()
}
