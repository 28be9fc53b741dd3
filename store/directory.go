package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// Customer is one customer; its name is sealed under its own key.
type Customer struct {
	ID       uuid.UUID
	Ref      string
	Body     json.RawMessage
	Sealed   []byte
	KEK      string
	Wrapped  []byte
	Contacts int
}

// Contact is one contact of a customer; its address is sealed under the customer's key.
type Contact struct {
	ID           uuid.UUID
	Customer     uuid.UUID
	Role         string
	Channel      string
	Language     string
	Sealed       []byte
	Commit       []byte
	LastProvenAt *time.Time
}

// UpsertCustomer writes a customer by its reference and answers its id.
func (tx *Tx) UpsertCustomer(ctx context.Context, c Customer) error {
	_, err := tx.Exec(ctx, `INSERT INTO customer (id, ref, body, sealed) VALUES ($1, $2, $3, $4)
		ON CONFLICT (ref) DO UPDATE SET body = excluded.body, sealed = excluded.sealed`, c.ID, c.Ref, c.Body, c.Sealed)
	if err != nil {
		return fmt.Errorf("cannot write the customer: %w", err)
	}
	return nil
}

// UpsertContact writes a contact by customer, role and address.
func (tx *Tx) UpsertContact(ctx context.Context, c Contact) error {
	_, err := tx.Exec(ctx, `INSERT INTO contact (id, customer_id, role, channel, language, sealed, address_commit, last_proven_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		ON CONFLICT (customer_id, role, channel, address_commit) DO UPDATE SET language = excluded.language, ended_at = NULL,
			last_proven_at = greatest(contact.last_proven_at, excluded.last_proven_at)`,
		c.ID, c.Customer, c.Role, c.Channel, c.Language, c.Sealed, c.Commit, c.LastProvenAt)
	if err != nil {
		return fmt.Errorf("cannot write the contact: %w", err)
	}
	return nil
}

// EndContacts ends the contacts of a customer that an import no longer names.
func (tx *Tx) EndContacts(ctx context.Context, customer uuid.UUID, keep []Contact) error {
	roles, channels, commits := make([]string, 0, len(keep)), make([]string, 0, len(keep)), make([][]byte, 0, len(keep))
	for _, k := range keep {
		roles, channels, commits = append(roles, k.Role), append(channels, k.Channel), append(commits, k.Commit)
	}
	_, err := tx.Exec(ctx, `UPDATE contact SET ended_at = clock_timestamp() WHERE customer_id = $1 AND ended_at IS NULL
		AND (role, channel, address_commit) NOT IN (SELECT * FROM unnest($2::text[], $3::text[], $4::bytea[]))`, customer, roles, channels, commits)
	if err != nil {
		return fmt.Errorf("cannot end the contacts: %w", err)
	}
	return nil
}

// Contacts lists a customer's contacts.
func (tx *Tx) Contacts(ctx context.Context, customer uuid.UUID) ([]Contact, error) {
	rows, err := tx.Query(ctx, `SELECT id, customer_id, role, channel, language, sealed, address_commit, last_proven_at FROM contact
		WHERE customer_id = $1 AND ended_at IS NULL ORDER BY role, id`, customer)
	if err != nil {
		return nil, fmt.Errorf("cannot list the contacts: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[Contact])
}

const customerSelect = `SELECT c.id, c.ref, c.body, c.sealed, y.kek, y.wrapped,
	(SELECT count(*) FROM contact k WHERE k.customer_id = c.id AND k.ended_at IS NULL)::int FROM customer c JOIN data_key y ON y.scope = c.id `

// CustomersByRef reads customers by their references, in pages of the caller's making.
func (tx *Tx) CustomersByRef(ctx context.Context, refs []string) (map[string]Customer, error) {
	rows, err := tx.Query(ctx, customerSelect+`WHERE c.ref = ANY($1)`, refs)
	if err != nil {
		return nil, fmt.Errorf("cannot read the customers: %w", err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Customer])
	byRef := make(map[string]Customer, len(found))
	for _, c := range found {
		byRef[c.Ref] = c
	}
	return byRef, err
}

// CustomersByID reads customers by their ids.
func (tx *Tx) CustomersByID(ctx context.Context, ids []uuid.UUID) (map[uuid.UUID]Customer, error) {
	rows, err := tx.Query(ctx, customerSelect+`WHERE c.id = ANY($1)`, ids)
	if err != nil {
		return nil, fmt.Errorf("cannot read the customers: %w", err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Customer])
	byID := make(map[uuid.UUID]Customer, len(found))
	for _, c := range found {
		byID[c.ID] = c
	}
	return byID, err
}

// Customers lists customers by reference, by keyset.
func (tx *Tx) Customers(ctx context.Context, after string, limit int) ([]Customer, error) {
	rows, err := tx.Query(ctx, customerSelect+`WHERE c.ref > $1 ORDER BY c.ref LIMIT $2`, after, limit)
	if err != nil {
		return nil, fmt.Errorf("cannot list the customers: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[Customer])
}

// UpsertDocument writes a document as core/duty reads it; UpsertTerm a term, Accept a customer's acceptance.
func (tx *Tx) UpsertDocument(ctx context.Context, id string, body []byte) error {
	_, err := tx.Exec(ctx, `INSERT INTO document (id, body) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET body = excluded.body`, id, body)
	if err != nil {
		return fmt.Errorf("cannot write the document: %w", err)
	}
	return nil
}

// UpsertTerm writes a term of a document.
func (tx *Tx) UpsertTerm(ctx context.Context, id, document string, body []byte) error {
	_, err := tx.Exec(ctx, `INSERT INTO term (id, document_id, body) VALUES ($1, $2, $3)
		ON CONFLICT (id) DO UPDATE SET document_id = excluded.document_id, body = excluded.body`, id, document, body)
	if err != nil {
		return fmt.Errorf("cannot write the term: %w", err)
	}
	return nil
}

// Accept writes that a customer accepted or executed a document, and when.
func (tx *Tx) Accept(ctx context.Context, customer uuid.UUID, document string, at time.Time) error {
	body, err := json.Marshal(at.UTC())
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO acceptance (customer_id, document_id, body) VALUES ($1, $2, $3)
		ON CONFLICT (customer_id, document_id) DO UPDATE SET body = excluded.body`, customer, document, body)
	if err != nil {
		return fmt.Errorf("cannot write the acceptance: %w", err)
	}
	return nil
}

// Agreements are all documents and terms, as JSON by id: they are few, customers are many.
func (tx *Tx) Agreements(ctx context.Context) (documents, terms map[string]json.RawMessage, err error) {
	documents, terms = map[string]json.RawMessage{}, map[string]json.RawMessage{}
	for query, into := range map[string]map[string]json.RawMessage{`SELECT id, body FROM document`: documents, `SELECT id, body FROM term`: terms} {
		rows, err := tx.Query(ctx, query)
		if err != nil {
			return nil, nil, fmt.Errorf("cannot read the agreements: %w", err)
		}
		var id string
		var body json.RawMessage
		if _, err := pgx.ForEachRow(rows, []any{&id, &body}, func() error { into[id] = append(json.RawMessage(nil), body...); return nil }); err != nil {
			return nil, nil, fmt.Errorf("cannot read the agreements: %w", err)
		}
	}
	return documents, terms, nil
}

// Acceptances are the documents that customers accepted, with the instants, by customer.
func (tx *Tx) Acceptances(ctx context.Context, customers []uuid.UUID) (map[uuid.UUID]map[string]time.Time, error) {
	rows, err := tx.Query(ctx, `SELECT customer_id, document_id, body FROM acceptance WHERE customer_id = ANY($1)`, customers)
	if err != nil {
		return nil, fmt.Errorf("cannot read the acceptances: %w", err)
	}
	accepted := map[uuid.UUID]map[string]time.Time{}
	var customer uuid.UUID
	var document string
	var body json.RawMessage
	_, err = pgx.ForEachRow(rows, []any{&customer, &document, &body}, func() error {
		var at time.Time
		if err := json.Unmarshal(body, &at); err != nil {
			return err
		}
		if accepted[customer] == nil {
			accepted[customer] = map[string]time.Time{}
		}
		accepted[customer][document] = at
		return nil
	})
	return accepted, err
}
