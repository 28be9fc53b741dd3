package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/atlascloudai/docket/erasure"
)

// failure says in a store's words why PostgreSQL did not answer. The server's own message may repeat a value and stays in the cause.
func failure(err error) error {
	if err == nil {
		return nil
	}
	if known, ok := errors.AsType[*erasure.Error](err); ok {
		return known
	}
	class, detail := erasure.Transient, "the database does not answer: look at its address, its network and whether it runs"
	if answer, ok := errors.AsType[*pgconn.PgError](err); ok {
		class, detail = classOf(answer.Code), told(answer)
	} else if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		detail = "the call was withdrawn or its time was up"
	}
	return &erasure.Error{Class: class, Detail: detail, Cause: err}
}

// classOf reads an SQLSTATE (PostgreSQL manual, appendix A).
func classOf(code string) erasure.Class {
	switch kind := code[:min(2, len(code))]; {
	case kind == "28" || code == "42501": // authorisation; insufficient privilege, or a policy that hides rows
		return erasure.Refused
	// Connection, rollback (deadlock, serialisation), resources, operator, system; lock timeout, object in use; a server that only reads.
	case slices.Contains([]string{"08", "40", "53", "57", "58"}, kind) || code == "55P03" || code == "55006" || code == "25006":
		return erasure.Transient
	// No such database or schema, syntax or names, values that do not fit a type, constraints.
	case slices.Contains([]string{"3D", "3F", "42", "22", "23"}, kind):
		return erasure.Mismatch
	}
	return erasure.Broken
}

// told is what the server said without the record's values.
func told(answer *pgconn.PgError) string {
	switch table := quote(answer.SchemaName, answer.TableName); {
	case answer.Code == "23503":
		return fmt.Sprintf("rows of table %s still refer to the rows (constraint %q): let the estate erase it before, by references or erase_after",
			table, answer.ConstraintName)
	case answer.ConstraintName != "":
		return fmt.Sprintf("constraint %q of table %s does not allow it (SQLSTATE %s)", answer.ConstraintName, table, answer.Code)
	case answer.ColumnName != "":
		return fmt.Sprintf("column %q of table %s does not allow it (SQLSTATE %s)", answer.ColumnName, table, answer.Code)
	case answer.Code == "42501":
		return "the role may not do this, or a policy hides rows from it: grant it the right, or BYPASSRLS"
	case strings.HasPrefix(answer.Code, "28"):
		return "the database refuses the role: look at its credentials"
	case strings.HasPrefix(answer.Code, "22"):
		return fmt.Sprintf("a value does not fit the type of its column (SQLSTATE %s)", answer.Code)
	}
	return "the database answered SQLSTATE " + answer.Code
}
