// Package postgres is the kind of store whose collections are the tables of one schema of a PostgreSQL database.
//
// Names of tables, columns and types come from the catalog alone and are always quoted; values are always parameters: they
// travel as text and are cast to the column's own type, so that its indexes serve. A record is named by its primary key.
package postgres

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/atlascloudai/docket/core/estate"
	"github.com/atlascloudai/docket/erasure"
)

// Options are what the estate does not say.
type Options struct {
	// VerifyDSN is the address that Verify reads by: a role that may only read, or a standby. Empty is the store's own.
	VerifyDSN string
	// MaskingKey is the key of estate.HMAC. It never reaches the database. Needed where the estate masks so.
	MaskingKey []byte
	// StatementTimeout bounds every statement; a minute if zero.
	StatementTimeout time.Duration
	// LockTimeout bounds every wait for another's lock; five seconds if zero.
	LockTimeout time.Duration
}

// Store is one schema of one database.
type Store struct {
	id, schema string
	maskingKey []byte
	// work locates and erases; witness verifies, in connections that nothing was ever written by.
	work, witness *pgxpool.Pool
}

var _ erasure.Store = (*Store)(nil)

// Open connects to the store twice: to work, and to verify by connections of their own that only read. TLS is as the
// addresses say. Errors are *erasure.Error.
func Open(ctx context.Context, dsn string, declared estate.Store, o Options) (*Store, error) {
	s := &Store{id: declared.ID, schema: schemaOf(declared), maskingKey: o.MaskingKey}
	var err error
	if s.work, err = connect(ctx, dsn, o, false); err != nil {
		return nil, err
	}
	if s.witness, err = connect(ctx, cmp.Or(o.VerifyDSN, dsn), o, true); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// Close ends all connections.
func (s *Store) Close() {
	s.work.Close()
	if s.witness != nil {
		s.witness.Close()
	}
}

func schemaOf(declared estate.Store) string { return cmp.Or(declared.Schema, "public") }

// operators are the schemas whose operators compare types: without that of citext, two citext would compare as text and
// a person would not be found.
const operators = `SELECT set_config('search_path', 'pg_catalog' || coalesce(string_agg(DISTINCT ', ' || quote_ident(nspname), ''), ''), false)
	FROM pg_operator o JOIN pg_namespace n ON n.oid = o.oprnamespace WHERE oprname = '=' AND nspname <> 'pg_catalog'`

func connect(ctx context.Context, dsn string, o Options, readOnly bool) (*pgxpool.Pool, error) {
	config, err := pgxpool.ParseConfig(dsn)
	if err != nil {
		return nil, &erasure.Error{Class: erasure.Refused, Detail: "the store's address cannot be read: write postgres://user@host/database", Cause: err}
	}
	milliseconds := func(d, otherwise time.Duration) string {
		return strconv.FormatInt(cmp.Or(d, otherwise).Milliseconds(), 10)
	}
	maps.Copy(config.ConnConfig.RuntimeParams, map[string]string{
		"application_name":                    "docket-erasure",
		"statement_timeout":                   milliseconds(o.StatementTimeout, time.Minute),
		"lock_timeout":                        milliseconds(o.LockTimeout, 5*time.Second),
		"idle_in_transaction_session_timeout": milliseconds(o.StatementTimeout, time.Minute),
		"default_transaction_read_only":       strconv.FormatBool(readOnly),
		// Rows that a policy hides are an error, never an absence.
		"row_security": "off",
		// Keys are text: the same record has the same key in every session.
		"timezone": "UTC", "datestyle": "ISO", "intervalstyle": "postgres", "bytea_output": "hex", "extra_float_digits": "1",
	})
	config.AfterConnect = func(ctx context.Context, conn *pgx.Conn) error {
		_, err := conn.Exec(ctx, operators)
		return err
	}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err == nil {
		if err = pool.Ping(ctx); err != nil {
			pool.Close()
		}
	}
	if err != nil {
		return nil, failure(err)
	}
	return pool, nil
}

// inTransaction runs do in one transaction and speaks of what failed in a store's words.
func inTransaction(ctx context.Context, pool *pgxpool.Pool, o pgx.TxOptions, do func(pgx.Tx) error) error {
	return failure(pgx.BeginTxFunc(ctx, pool, o, do))
}

// snapshot only reads, and reads all of one instant.
var snapshot = pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}

func quote(names ...string) string { return pgx.Identifier(names).Sanitize() }

func mismatch(format string, args ...any) error {
	return &erasure.Error{Class: erasure.Mismatch, Detail: fmt.Sprintf(format, args...)}
}

// arguments are a statement's values; add answers the placeholder of one.
type arguments []any

func (a *arguments) add(value any) string {
	*a = append(*a, value)
	return "$" + strconv.Itoa(len(*a))
}

func list[T any](of []T, separator string, say func(int, T) string) string {
	parts := make([]string, len(of))
	for i, one := range of {
		parts[i] = say(i, one)
	}
	return strings.Join(parts, separator)
}
