package migrations

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// The two roles of an installation. The owner runs migrations; the application's can neither
// UPDATE nor DELETE the ledger and the audit trail.
const (
	OwnerRole = "docket_owner"
	AppRole   = "docket_app"
)

// Bootstrap makes the two roles and the database, as a superuser; what is there already is left as it is.
// In production a database administrator does the same by hand, with passwords: see docs/operations.md.
func Bootstrap(ctx context.Context, superuserDSN, database string) error {
	conn, err := pgx.Connect(ctx, superuserDSN)
	if err != nil {
		return fmt.Errorf("cannot reach the database cluster: %w", err)
	}
	defer conn.Close(ctx)
	for _, statement := range []string{
		"CREATE ROLE " + OwnerRole + " LOGIN",
		"CREATE ROLE " + AppRole + " LOGIN",
		"CREATE DATABASE " + pgx.Identifier{database}.Sanitize() + " OWNER " + OwnerRole,
	} {
		if _, err := conn.Exec(ctx, statement); err != nil && !exists(err) {
			return fmt.Errorf("cannot prepare the database: %w", err)
		}
	}
	return nil
}

// exists: somebody made the role or database already, or is doing so right now.
func exists(err error) bool {
	pg, ok := errors.AsType[*pgconn.PgError](err)
	return ok && (pg.Code == "42710" || pg.Code == "42P04" || pg.Code == "23505")
}
