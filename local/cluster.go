package local

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// postgresDefaults are the settings of every private cluster. DETAIL lines carry
// values of rows and therefore stay out of the log (log_error_verbosity).
var postgresDefaults = map[string]string{
	"listen_addresses":        "",
	"unix_socket_permissions": "0700",
	"port":                    "5432",
	"max_connections":         "200",
	"timezone":                "UTC",
	"log_timezone":            "UTC",
	"log_error_verbosity":     "terse",
	"log_line_prefix":         "%m [%p] ",
	"logging_collector":       "off",
	"cluster_name":            "docket",
}

func (p *Postgres) settings() map[string]string {
	settings := maps.Clone(postgresDefaults)
	settings["unix_socket_directories"] = p.socket
	maps.Copy(settings, p.opt.Settings)
	return settings
}

func (p *Postgres) arguments() []string {
	args := []string{"-D", p.cluster}
	settings := p.settings()
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		args = append(args, "-c", name+"="+settings[name])
	}
	return args
}

// command is one of PostgreSQL's programs, run as whom it accepts, away from our
// terminal's signals and from the caller's PG* variables.
func (p *Postgres) command(program string, args ...string) *exec.Cmd {
	cmd := exec.Command(p.bin.program(program), args...)
	cmd.SysProcAttr = p.as.attributes()
	for _, variable := range os.Environ() {
		if !strings.HasPrefix(variable, "PG") {
			cmd.Env = append(cmd.Env, variable)
		}
	}
	return cmd
}

// locate finds where the cluster is and which programs can read it.
func (p *Postgres) locate() error {
	var err error
	if p.cluster, err = realPath(p.as.dir); err != nil {
		return fmt.Errorf("cannot find the place for PostgreSQL: %w", err)
	}
	p.socket, p.port = p.opt.SocketDir, p.settings()["port"]
	if p.socket == "" {
		p.socket = shortSocketDir(p.cluster)
	}
	version, err := os.ReadFile(filepath.Join(p.cluster, "PG_VERSION"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("cannot read the cluster %s: %w", p.cluster, err)
	}
	if p.bin, err = findPostgres(strings.TrimSpace(string(version))); err != nil {
		return fmt.Errorf("cannot open the cluster %s: %w", p.cluster, err)
	}
	return nil
}

// realPath is dir without symbolic links, whether it exists yet or not: the name
// under which the kernel lists a process that works there.
func realPath(dir string) (string, error) {
	path, err := filepath.EvalSymlinks(dir)
	if !errors.Is(err, fs.ErrNotExist) {
		return path, err
	}
	parent, err := filepath.EvalSymlinks(filepath.Dir(dir))
	return filepath.Join(parent, filepath.Base(dir)), err
}

// initialize makes the cluster when there is none. It is made under another name
// first: a directory that bears the name is always a whole cluster.
func (p *Postgres) initialize(ctx context.Context) error {
	if _, err := os.Stat(filepath.Join(p.cluster, "PG_VERSION")); err == nil {
		return nil
	}
	fmt.Fprintf(p.opt.Log, "making a PostgreSQL %d cluster in %s\n", p.bin.major, p.cluster)
	half := p.cluster + ".new"
	if err := os.RemoveAll(half); err != nil {
		return fmt.Errorf("cannot make the cluster: %w", err)
	}
	if err := os.Mkdir(half, 0o700); err != nil {
		return fmt.Errorf("cannot make the cluster: %w", err)
	}
	if err := p.as.own(half); err != nil {
		return fmt.Errorf("cannot make the cluster: %w", err)
	}
	args := []string{
		"--pgdata", half, "--username", superuser, "--encoding", "UTF8", "--locale", "C",
		"--data-checksums", "--auth-local", "trust", "--auth-host", "scram-sha-256",
	}
	if p.opt.Settings["fsync"] == "off" {
		args = append(args, "--no-sync")
	}
	cmd := p.command("initdb", args...)
	cmd.Dir = half
	var said strings.Builder
	cmd.Stdout, cmd.Stderr = &said, &said
	initdb, err := launch(cmd)
	if err != nil {
		return fmt.Errorf("cannot run initdb: %w", err)
	}
	select {
	case <-initdb.done:
	case <-ctx.Done():
		initdb.signal(syscall.SIGTERM) // initdb takes its own children and files away
		<-initdb.done
		return fmt.Errorf("cannot make the cluster: %w", ctx.Err())
	}
	if initdb.err != nil {
		return fmt.Errorf("cannot make the cluster: %w: %s", initdb.err, said.String())
	}
	// An empty directory may stand where the cluster goes; anything else stays and is an error.
	if err := os.Rename(half, p.cluster); err != nil {
		return fmt.Errorf("cannot put the new cluster in its place: %w", err)
	}
	return nil
}

// pidFile is what a postmaster writes about itself into its cluster.
type pidFile struct {
	pid          int
	port, socket string
}

func (p *Postgres) readPIDFile() (pidFile, bool) {
	text, err := os.ReadFile(filepath.Join(p.cluster, "postmaster.pid"))
	if err != nil {
		return pidFile{}, false
	}
	lines := strings.Split(string(text), "\n")
	pid, err := strconv.Atoi(strings.TrimSpace(lines[0]))
	if err != nil || pid <= 0 || len(lines) < 5 {
		return pidFile{}, false
	}
	return pidFile{pid: pid, port: strings.TrimSpace(lines[3]), socket: strings.TrimSpace(lines[4])}, true
}

// takeOver adopts a server that still runs in the cluster. False means that none
// does, or that the one that did was just ending.
func (p *Postgres) takeOver(ctx context.Context) (bool, error) {
	left, ok := p.readPIDFile()
	if !ok || !isPostgresIn(left.pid, p.cluster) {
		return false, nil
	}
	adopted, err := adopt(left.pid)
	if err != nil {
		return false, nil // it ended in between
	}
	fmt.Fprintf(p.opt.Log, "taking over the PostgreSQL that was left running (process %d)\n", left.pid)
	p.process, p.socket, p.port = adopted, left.socket, left.port
	err = p.answers(ctx)
	if errors.Is(err, errEnded) {
		return false, p.locate()
	}
	if err != nil {
		return false, fmt.Errorf("cannot take over PostgreSQL (process %d) in %s: %w", left.pid, p.cluster, err)
	}
	return true, nil
}

// clearRemains ends backends that outlived a killed postmaster and takes away
// its pid file and its socket's, whose number may by now belong to another
// process: a machine or container that starts anew hands out the same small
// numbers, and a killed child that nobody waits for keeps its own.
func (p *Postgres) clearRemains(ctx context.Context) error {
	if !canListMembers {
		return nil // PostgreSQL's own checks decide
	}
	if err := p.killMembersUntil(ctx.Done()); err != nil {
		return err
	}
	remains := []string{filepath.Join(p.cluster, "postmaster.pid")}
	if p.opt.SocketDir == "" { // a directory that others named may be shared
		remains = append(remains, filepath.Join(p.socket, ".s.PGSQL."+p.port+".lock"))
	}
	for _, path := range remains {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("cannot clear the remains of a killed PostgreSQL: %w", err)
		}
	}
	return nil
}

// killMembers ends what is left of a server whose postmaster is gone.
func (p *Postgres) killMembers() error {
	limit, cancel := context.WithTimeout(context.Background(), 15*time.Second)
	defer cancel()
	return p.killMembersUntil(limit.Done())
}

func (p *Postgres) killMembersUntil(end <-chan struct{}) error {
	retry := time.NewTicker(10 * time.Millisecond)
	defer retry.Stop()
	for {
		left := postgresIn(p.cluster)
		if len(left) == 0 {
			return nil
		}
		for _, pid := range left {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
		select {
		case <-end:
			return fmt.Errorf("cannot end the PostgreSQL processes %v in %s", left, p.cluster)
		case <-retry.C:
		}
	}
}

// openLog opens the server's log to append to, afresh when it has grown.
func openLog(path string) (*os.File, error) {
	const most = 16 << 20
	if info, err := os.Stat(path); err == nil && info.Size() > most {
		if err := os.Rename(path, path+".1"); err != nil {
			return nil, fmt.Errorf("cannot put PostgreSQL's log aside: %w", err)
		}
	}
	log, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("cannot open PostgreSQL's log: %w", err)
	}
	return log, nil
}

// tail is what was written to the log after offset, at most its last 2 KiB.
func tail(path string, offset int64) string {
	log, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer func() { _ = log.Close() }()
	if _, err := log.Seek(offset, io.SeekStart); err != nil {
		return ""
	}
	text, err := io.ReadAll(log)
	if err != nil || len(text) == 0 {
		return ""
	}
	return "\n" + strings.TrimSpace(string(text[max(0, len(text)-2048):]))
}
