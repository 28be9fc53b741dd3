// Package scale shows that the cost of a duty and of a recipient, and the memory of who carries them, stay the
// same as their number grows. Its tests run at a hundredth in `make test` and whole in `make scale`.
package scale

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/duty"
	"github.com/atlascloudai/docket/core/seal"
	"github.com/atlascloudai/docket/testkit"
)

const (
	// standardTerms is the sample document that these customers accepted: notice by e-mail within 48 hours.
	standardTerms = "standard-terms-2025"
	// copied is how many customers one COPY carries.
	copied = 10_000
)

// ref is the reference of the customer with a number.
func ref(i int) string { return fmt.Sprintf("S-%07d", i) }

// addressOf is where the customer with a reference is written to.
func addressOf(ref string) string { return "notice@c" + strings.TrimPrefix(ref, "S-") + ".example.com" }

// Customers writes n fictional customers by COPY, each with a data key, a sealed name, one sealed contact and its
// acceptance of the sample standard terms, and answers their references.
func Customers(t testing.TB, h *testkit.House, n int) []string {
	t.Helper()
	h.ImportSamples(t)
	return customersOf(t, h, n, standardTerms)
}

// customersOf writes n customers who accepted the documents in turn.
func customersOf(t testing.TB, h *testkit.House, n int, documents ...string) []string {
	t.Helper()
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, h.Database.App)
	require.NoError(t, err)
	defer conn.Close(ctx)
	refs := make([]string, 0, n)
	for len(refs) < n {
		part := min(copied, n-len(refs))
		require.NoError(t, copyCustomers(ctx, conn, h.Keys, len(refs), part, documents))
		for range part {
			refs = append(refs, ref(len(refs)))
		}
	}
	// What autovacuum would have done in the time in which so many customers come in.
	owner, err := pgx.Connect(ctx, h.Database.Owner)
	require.NoError(t, err)
	defer owner.Close(ctx)
	_, err = owner.Exec(ctx, `ANALYZE data_key, customer, contact, acceptance`)
	require.NoError(t, err)
	return refs
}

// rows are those of one customer in each of its tables.
type rows struct{ key, customer, contact, acceptance [][]any }

func copyCustomers(ctx context.Context, conn *pgx.Conn, keys *seal.Keyring, first, n int, documents []string) error {
	var all rows
	for i := range n {
		if err := all.add(keys, first+i, documents[(first+i)%len(documents)]); err != nil {
			return err
		}
	}
	tx, err := conn.Begin(ctx)
	if err != nil {
		return err
	}
	defer tx.Rollback(ctx)
	for _, table := range []struct {
		name    string
		columns []string
		rows    [][]any
	}{
		{"data_key", []string{"scope", "kek", "wrapped"}, all.key},
		{"customer", []string{"id", "ref", "body", "sealed"}, all.customer},
		{"contact", []string{"id", "customer_id", "role", "language", "sealed", "address_commit"}, all.contact},
		{"acceptance", []string{"customer_id", "document_id", "body"}, all.acceptance},
	} {
		if _, err := tx.CopyFrom(ctx, pgx.Identifier{table.name}, table.columns, pgx.CopyFromRows(table.rows)); err != nil {
			return fmt.Errorf("cannot copy %s: %w", table.name, err)
		}
	}
	return tx.Commit(ctx)
}

// add makes one customer as an import would; the desk opens what is sealed here only if it stands where an import puts it.
func (r *rows) add(keys *seal.Keyring, i int, document string) error {
	id := uuid.Must(uuid.NewV7())
	key, wrapped, err := keys.NewDataKey(id.String())
	if err != nil {
		return err
	}
	name := fmt.Sprintf("Sample Customer %d Ltd.", i)
	address := addressOf(ref(i))
	body, err := json.Marshal(duty.Customer{Ref: ref(i), Plan: "standard", Language: "en", Zone: "Europe/Berlin", Services: []string{"chat"}})
	if err != nil {
		return err
	}
	accepted, err := json.Marshal(time.Date(2025, 3, 1, 0, 0, 0, 0, time.UTC))
	if err != nil {
		return err
	}
	commit := seal.Commit(key.CommitKey("contact address"), address)
	r.key = append(r.key, []any{id, wrapped.KEK, wrapped.Bytes})
	r.customer = append(r.customer, []any{id, ref(i), body, key.Seal("customer/"+id.String(), []byte(name))})
	r.contact = append(r.contact, []any{uuid.Must(uuid.NewV7()), id, string(duty.RoleIncidentNotice), "en", key.Seal("contact/"+id.String(), []byte(address)), commit[:]})
	r.acceptance = append(r.acceptance, []any{id, document, accepted})
	return nil
}
