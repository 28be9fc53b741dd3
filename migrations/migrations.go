// Package migrations holds Docket's schema as forward-only SQL files and applies them.
// A release may only expand; what it no longer needs is contracted by a later release,
// because two releases run side by side for the length of a deploy.
package migrations

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

//go:embed *.sql
var files embed.FS

// Up applies every missing migration as the owner role, one at a time under a
// session lock, so that any number of starters may call it together. It answers
// with the versions that it applied.
func Up(ctx context.Context, ownerDSN string) ([]int64, error) {
	provider, db, err := open(ownerDSN)
	if err != nil {
		return nil, err
	}
	defer db.Close()
	results, err := provider.Up(ctx)
	if err != nil {
		return nil, fmt.Errorf("cannot apply migrations: %w", err)
	}
	applied := make([]int64, 0, len(results))
	for _, result := range results {
		applied = append(applied, result.Source.Version)
	}
	return applied, nil
}

// Newest is the version this build was made for.
func Newest() (int64, error) {
	names, err := fs.Glob(files, "*.sql")
	if err != nil || len(names) == 0 {
		return 0, fmt.Errorf("cannot list migrations: %w", err)
	}
	return goose.NumericComponent(names[len(names)-1])
}

// ErrNewer says that a later release has migrated the database. A process does not start on it; one that runs
// already goes on, because a release only adds.
var ErrNewer = errors.New("the schema is newer than this build")

// Check refuses a schema that is newer than this build, or one that lacks a migration.
func Check(ctx context.Context, conn interface {
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}) error {
	newest, err := Newest()
	if err != nil {
		return err
	}
	var have int64
	if err := conn.QueryRow(ctx, `SELECT max(version_id) FROM goose_db_version WHERE is_applied`).Scan(&have); err != nil {
		return fmt.Errorf("cannot read the schema's version (run `docket migrate`): %w", err)
	}
	switch {
	case have > newest:
		return fmt.Errorf("%w: it is at version %d and this build knows %d: run the newer release", ErrNewer, have, newest)
	case have < newest:
		return fmt.Errorf("the schema is at version %d and this build needs %d: run `docket migrate`", have, newest)
	}
	return nil
}

func open(dsn string) (*goose.Provider, *sql.DB, error) {
	config, err := pgx.ParseConfig(dsn)
	if err != nil {
		return nil, nil, fmt.Errorf("cannot read the owner's database address: %w", err)
	}
	db := stdlib.OpenDB(*config)
	locker, err := lock.NewPostgresSessionLocker()
	if err != nil {
		db.Close()
		return nil, nil, fmt.Errorf("cannot make the migration lock: %w", err)
	}
	provider, err := goose.NewProvider(goose.DialectPostgres, db, files,
		goose.WithSessionLocker(locker), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		db.Close()
		return nil, nil, fmt.Errorf("cannot read migrations: %w", err)
	}
	return provider, db, nil
}

// Digest is the content of every migration, to name what was made from them.
func Digest() ([]byte, error) {
	names, err := fs.Glob(files, "*.sql")
	if err != nil {
		return nil, err
	}
	var all []byte
	for _, name := range names {
		content, err := files.ReadFile(name)
		if err != nil {
			return nil, err
		}
		all = append(append(all, name...), content...)
	}
	return all, nil
}
