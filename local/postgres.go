// Package local runs on one machine what a team would run as services: a
// private PostgreSQL and a Temporal server, each a child process that ends with
// us or is found again after us. `docket dev`, the demo and the tests use it; a
// production installation does not.
package local

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// startLimit is how long a start may take, crash recovery included, when the
// context names no earlier end.
const startLimit = 2 * time.Minute

// PostgresOptions describe a private PostgreSQL cluster.
type PostgresOptions struct {
	// Dir is the cluster directory; it is made when it does not exist. Beside it
	// stand Dir.log (what PostgreSQL says, without row values) and Dir.lock.
	// Where only the fallback user can run PostgreSQL, the cluster itself is
	// under /var/lib/docket instead.
	Dir string
	// SocketDir holds the Unix socket. A socket's path may have at most some 100
	// bytes; "" takes a short directory under os.TempDir, the same for every
	// start on Dir.
	SocketDir string
	// Settings are server settings by name, in place of the defaults and of
	// postgresql.conf. There is no TCP unless listen_addresses says so. They
	// apply to a server that is started, not to one that is taken over.
	Settings map[string]string
	// DieWithParent ends the server at once when this process ends, however it
	// ends. Without it the server outlives a killed parent, and the next start
	// takes it over. Linux only.
	DieWithParent bool
	// Log receives a line for each thing that takes time or may surprise; nil drops them.
	Log io.Writer
}

// Postgres is a running (or stopped) private cluster. Its methods are for one
// goroutine at a time.
type Postgres struct {
	opt     PostgresOptions
	lock    *os.File
	bin     postgresPrograms
	as      identity
	cluster string // where the cluster really is, without symbolic links
	socket  string
	port    string
	process *process
}

// StartPostgres starts the cluster in opt.Dir and returns when it answers. A
// server that an earlier, killed process left running there is taken over: Stop
// stops it like one of our own. One process at a time may hold a directory.
func StartPostgres(ctx context.Context, opt PostgresOptions) (*Postgres, error) {
	if opt.Dir == "" {
		return nil, errors.New("cannot start PostgreSQL: no cluster directory is named")
	}
	dir, err := filepath.Abs(opt.Dir)
	if err != nil {
		return nil, fmt.Errorf("cannot start PostgreSQL: %w", err)
	}
	opt.Dir = dir
	if opt.Log == nil {
		opt.Log = io.Discard
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o700); err != nil {
		return nil, fmt.Errorf("cannot make the place for PostgreSQL: %w", err)
	}
	p := &Postgres{opt: opt}
	if err := p.start(ctx); err != nil {
		p.release()
		return nil, err
	}
	return p, nil
}

func (p *Postgres) start(ctx context.Context) (err error) {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	if p.lock == nil {
		if p.lock, err = lockFile(p.opt.Dir + ".lock"); err != nil {
			return fmt.Errorf("cannot start PostgreSQL in %s: %w", p.opt.Dir, err)
		}
	}
	if p.bin, err = findPostgres(""); err != nil {
		return err
	}
	if p.as, err = chooseIdentity(p.opt.Dir, p.bin); err != nil {
		return err
	}
	if err := p.locate(); err != nil {
		return err
	}
	taken, err := p.takeOver(ctx)
	if err != nil || taken {
		return err
	}
	if err := p.clearRemains(ctx); err != nil {
		return err
	}
	if err := p.initialize(ctx); err != nil {
		return err
	}
	return p.launch(ctx)
}

// launch starts the postmaster and waits until it answers. One that does not is
// ended again.
func (p *Postgres) launch(ctx context.Context) error {
	if err := p.makeSocketDir(); err != nil {
		return err
	}
	log, err := openLog(p.opt.Dir + ".log")
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }()
	said, err := log.Seek(0, io.SeekEnd)
	if err != nil {
		return fmt.Errorf("cannot read PostgreSQL's log: %w", err)
	}
	cmd := p.command("postgres", p.arguments()...)
	cmd.Dir = p.cluster
	// A file, not a pipe through us: the server goes on writing when we are gone.
	cmd.Stdout, cmd.Stderr = log, log
	if p.opt.DieWithParent {
		if err := dieWithParent(cmd, syscall.SIGQUIT); err != nil {
			return fmt.Errorf("cannot start PostgreSQL: %w", err)
		}
	}
	if p.process, err = launch(cmd); err != nil {
		return fmt.Errorf("cannot start PostgreSQL: %w", err)
	}
	if err := p.answers(ctx); err != nil {
		_ = p.StopHard()
		return fmt.Errorf("cannot start PostgreSQL in %s: %w%s", p.cluster, err, tail(p.opt.Dir+".log", said))
	}
	return nil
}

// errEnded says that the postmaster ended while somebody waited for it to answer.
var errEnded = errors.New("the server ended")

// answers returns when the server answers a query; errEnded when it ended instead.
func (p *Postgres) answers(ctx context.Context) error {
	retry := time.NewTicker(20 * time.Millisecond)
	defer retry.Stop()
	for {
		err := p.ping(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-p.process.done:
			return errEnded
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", ctx.Err(), err)
		case <-retry.C:
		}
	}
}

func (p *Postgres) ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, p.DSN("postgres"))
	if err != nil {
		return fmt.Errorf("it does not answer: %w", err)
	}
	defer func() { _ = conn.Close(ctx) }()
	return conn.Ping(ctx)
}

// Exited is closed when the server's present run has ended, for whatever reason.
func (p *Postgres) Exited() <-chan struct{} { return p.process.done }

// PID is the postmaster's process id, for tests that hurt it.
func (p *Postgres) PID() int { return p.process.pid }

// Stop shuts the server down in order (clients are cut, a checkpoint is written),
// waits until no process of it is left and lets go of the directory. When ctx
// ends first the server is stopped the hard way and the error says so.
func (p *Postgres) Stop(ctx context.Context) error {
	defer p.release()
	err := p.shutDown(ctx)
	if p.opt.SocketDir == "" {
		_ = os.RemoveAll(p.socket) // of a killed server the socket itself is left
	}
	return err
}

// Discard ends the server without ceremony and deletes its cluster: for tests.
func (p *Postgres) Discard() error {
	defer p.release()
	if err := p.Kill(); err != nil {
		return err
	}
	for _, path := range []string{p.socket, p.cluster, p.opt.Dir + ".log", p.opt.Dir + ".lock"} {
		if err := os.RemoveAll(path); err != nil {
			return fmt.Errorf("cannot delete the cluster: %w", err)
		}
	}
	return nil
}

func (p *Postgres) shutDown(ctx context.Context) error {
	p.process.signal(syscall.SIGINT)
	select {
	case <-p.process.done:
		return p.killMembers()
	default:
	}
	select {
	case <-p.process.done:
		return p.killMembers()
	case <-ctx.Done():
		if err := p.StopHard(); err != nil {
			return err
		}
		return fmt.Errorf("PostgreSQL did not stop in time and was stopped hard: %w", ctx.Err())
	}
}

// StopHard stops the server at once without a checkpoint, as after a crash of
// the server alone (PostgreSQL's "immediate shutdown"), and waits. The next
// start recovers from the log. The directory stays held, for Restart.
func (p *Postgres) StopHard() error {
	p.process.signal(syscall.SIGQUIT)
	select {
	case <-p.process.done:
		return p.killMembers()
	case <-time.After(15 * time.Second):
		return p.Kill()
	}
}

// Kill ends the postmaster and all its children by SIGKILL and waits until they
// are gone. The directory stays held, for Restart.
func (p *Postgres) Kill() error {
	p.process.signal(syscall.SIGKILL)
	select {
	case <-p.process.done:
	case <-time.After(15 * time.Second):
		return fmt.Errorf("cannot kill PostgreSQL: process %d does not end", p.process.pid)
	}
	return p.killMembers()
}

// Restart starts the server again; one that still runs is shut down in order first.
func (p *Postgres) Restart(ctx context.Context) error {
	if err := p.shutDown(ctx); err != nil {
		return err
	}
	return p.start(ctx)
}

// release lets go of the directory.
func (p *Postgres) release() {
	if p.lock != nil {
		unlockFile(p.lock)
		p.lock = nil
	}
}
