package local

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// canListMembers says whether postgresIn sees anything on this system.
const canListMembers = true

// dieWithParent makes the kernel send sig to cmd when the thread that starts it ends.
func dieWithParent(cmd *exec.Cmd, sig syscall.Signal) error {
	cmd.SysProcAttr.Pdeathsig = sig
	return nil
}

// isZombie says whether the process has ended without being waited for (proc(5), stat).
func isZombie(pid int) bool {
	stat, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		return false
	}
	// The second field is the name in parentheses and may itself hold any character.
	fields := string(stat)
	_, state, ok := strings.Cut(fields[strings.LastIndexByte(fields, ')')+1:], " ")
	return ok && strings.HasPrefix(state, "Z")
}

// isPostgresIn says whether pid is a PostgreSQL process of this cluster: each
// of them works in the cluster directory.
func isPostgresIn(pid int, cluster string) bool {
	proc := filepath.Join("/proc", strconv.Itoa(pid))
	dir, err := os.Readlink(filepath.Join(proc, "cwd"))
	if err != nil || dir != cluster {
		return false
	}
	program, err := os.Readlink(filepath.Join(proc, "exe"))
	// After an upgrade of the package the kernel adds " (deleted)".
	return err == nil && filepath.Base(strings.TrimSuffix(program, " (deleted)")) == "postgres"
}

// postgresIn lists the living PostgreSQL processes of a cluster.
func postgresIn(cluster string) []int {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil
	}
	var pids []int
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err == nil && isPostgresIn(pid, cluster) {
			pids = append(pids, pid)
		}
	}
	return pids
}
