//go:build !linux

package local

import (
	"errors"
	"os/exec"
	"syscall"
)

// canListMembers is false: without /proc the pid file alone tells who runs.
const canListMembers = false

func dieWithParent(*exec.Cmd, syscall.Signal) error {
	return errors.New("ending with the parent needs Linux")
}

func isZombie(int) bool { return false }

// isPostgresIn believes the pid file.
func isPostgresIn(pid int, _ string) bool { return syscall.Kill(pid, 0) == nil }

func postgresIn(string) []int { return nil }
