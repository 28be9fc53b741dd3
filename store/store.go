// Package store holds every SQL statement against Docket's own database, one file per subject.
// Every read of case content takes the actor: what an actor may not see is not found.
package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/problem"
)

// Store is the database as the application's role sees it.
type Store struct {
	pool    *pgxpool.Pool
	reserve *pgxpool.Pool
}

// Options is the connection budget of one process.
type Options struct {
	// DSN is the address, for the application's role.
	DSN string
	// Conns is how many connections ordinary work may use, Reserve how many are kept for
	// the watchdog and the bells, so that a busy API can never silence them.
	Conns, Reserve int32
	// StatementTimeout ends a statement that takes longer; none if zero.
	StatementTimeout time.Duration
}

// Open connects. It fails when the database does not answer.
func Open(ctx context.Context, o Options) (*Store, error) {
	pool, err := open(ctx, o, max(o.Conns, 2))
	if err != nil {
		return nil, err
	}
	reserve, err := open(ctx, o, max(o.Reserve, 1))
	if err != nil {
		pool.Close()
		return nil, err
	}
	return &Store{pool: pool, reserve: reserve}, nil
}

func open(ctx context.Context, o Options, conns int32) (*pgxpool.Pool, error) {
	config, err := pgxpool.ParseConfig(o.DSN)
	if err != nil {
		return nil, fmt.Errorf("cannot read the database address: %w", err)
	}
	config.MaxConns = conns
	config.ConnConfig.ConnectTimeout = 5 * time.Second
	if o.StatementTimeout > 0 {
		config.ConnConfig.RuntimeParams["statement_timeout"] = strconv.FormatInt(o.StatementTimeout.Milliseconds(), 10)
	}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("cannot open the database: %w", err)
	}
	if err := pool.Ping(ctx); err != nil {
		pool.Close()
		return nil, fmt.Errorf("cannot reach the database: %w", err)
	}
	return pool, nil
}

// Close ends every connection.
func (s *Store) Close() {
	s.pool.Close()
	s.reserve.Close()
}

// Ping says whether the database answers.
func (s *Store) Ping(ctx context.Context) error { return s.pool.Ping(ctx) }

// QueryRow lets the schema check read its version.
func (s *Store) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	return s.pool.QueryRow(ctx, sql, args...)
}

// Tx is one transaction; every statement is one of its methods.
type Tx struct{ pgx.Tx }

// Do runs f in a transaction of ordinary work.
func (s *Store) Do(ctx context.Context, f func(*Tx) error) error {
	return run(ctx, s.pool, pgx.TxOptions{}, f)
}

// Read runs f in a read-only transaction on one snapshot.
func (s *Store) Read(ctx context.Context, f func(*Tx) error) error {
	return run(ctx, s.pool, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, f)
}

// Reserved runs f on the connections kept for the watchdog and the bells.
func (s *Store) Reserved(ctx context.Context, f func(*Tx) error) error {
	return run(ctx, s.reserve, pgx.TxOptions{}, f)
}

func run(ctx context.Context, pool *pgxpool.Pool, options pgx.TxOptions, f func(*Tx) error) error {
	err := pgx.BeginTxFunc(ctx, pool, options, func(tx pgx.Tx) error { return f(&Tx{tx}) })
	return away(err)
}

// away turns a database that is gone into the one refusal that says "come again".
func away(err error) error {
	if err == nil || problem.CodeOf(err) != "" {
		return err
	}
	if _, ok := errors.AsType[*pgconn.ConnectError](err); ok {
		return &problem.Error{Code: problem.Unavailable, Detail: "the database does not answer; nothing was changed", RetryAfter: 5 * time.Second}
	}
	if gone(err) {
		return &problem.Error{Code: problem.Unavailable, Detail: "the database went away; ask again with the same key, which does nothing twice", RetryAfter: time.Second}
	}
	return discreet(err)
}

// discreet takes out of an error's text what the database said: its message may repeat a value that it refused, and
// errors are logged. The code and the constraint stay, and the error itself can still be asked for.
func discreet(err error) error {
	said, ok := errors.AsType[*pgconn.PgError](err)
	if !ok {
		return err
	}
	return &refused{err, strings.ReplaceAll(err.Error(), said.Error(), strings.TrimSpace("database error "+said.Code+" "+said.ConstraintName))}
}

// refused is an error of the database with a text that may be logged.
type refused struct {
	cause error
	text  string
}

func (r *refused) Error() string { return r.text }
func (r *refused) Unwrap() error { return r.cause }

// gone says whether the connection ended under a transaction. Whether one that was being committed was committed
// is then not known.
func gone(err error) bool {
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		// Connection exceptions, and a server that is stopping, has crashed or is starting (PostgreSQL, appendix A).
		return strings.HasPrefix(pg.Code, "08") || pg.Code == "57P01" || pg.Code == "57P02" || pg.Code == "57P03"
	}
	for _, cut := range []error{io.EOF, io.ErrUnexpectedEOF, net.ErrClosed, syscall.ECONNRESET, syscall.EPIPE} {
		if errors.Is(err, cut) {
			return true
		}
	}
	return pgconn.SafeToRetry(err)
}

// sees is the predicate of invariant 11 over `cases c`: $1 is the actor's id, $2 whether it is Docket's own worker.
const sees = `(NOT c.restricted OR $2 OR EXISTS (SELECT 1 FROM case_member m WHERE m.case_id = c.id AND m.principal_id = $1))`

// viewer gives the two arguments of sees.
func viewer(a access.Actor) (uuid.UUID, bool) {
	id, err := uuid.Parse(a.ID)
	if err != nil {
		id = uuid.Nil
	}
	return id, a.Kind == access.Worker
}

// one maps "no row" to what an outsider reads, whether it does not exist or is not his to see.
func one(err error, what string) error {
	if errors.Is(err, pgx.ErrNoRows) {
		return problem.Missing(what)
	}
	if err != nil {
		return fmt.Errorf("cannot read the %s: %w", what, err)
	}
	return nil
}

// Unique says whether err is a unique key's refusal, and of which constraint.
func Unique(err error) (constraint string, ok bool) {
	pg, ok := errors.AsType[*pgconn.PgError](err)
	if !ok || pg.Code != "23505" {
		return "", false
	}
	return pg.ConstraintName, true
}

// Checked says whether err is a check constraint's refusal.
func Checked(err error) bool {
	pg, ok := errors.AsType[*pgconn.PgError](err)
	return ok && pg.Code == "23514"
}
