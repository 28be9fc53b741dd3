package desk

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/google/uuid"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/duty/sheet"
	"github.com/atlascloudai/docket/core/problem"
	"github.com/atlascloudai/docket/core/seal"
	"github.com/atlascloudai/docket/store"
)

// ImportAgreements reads customers, contacts and agreements from YAML and CSV. With a single error nothing is
// imported; gaps and contradictions are reported and imported as they are. Importing the same again changes nothing.
func (d *Desk) ImportAgreements(ctx context.Context, actor access.Actor, files map[string][]byte) (sheet.Report, error) {
	if err := access.May(actor, access.AgreementImport); err != nil {
		return sheet.Report{}, err
	}
	if len(files) == 0 {
		return sheet.Report{}, problem.InvalidField("files", "name at least one YAML or CSV file")
	}
	var report sheet.Report
	err := d.store.Do(ctx, func(tx *store.Tx) error {
		now, err := tx.Now(ctx)
		if err != nil {
			return err
		}
		var book sheet.Book
		if book, report = sheet.Read(files, now, d.pack); len(report.Errors) > 0 {
			return nil
		}
		return d.keep(ctx, tx, book)
	})
	return report, err
}

func (d *Desk) keep(ctx context.Context, tx *store.Tx, book sheet.Book) error {
	for _, document := range book.Documents {
		body, err := json.Marshal(document)
		if err != nil {
			return err
		}
		if err := tx.UpsertDocument(ctx, document.ID, body); err != nil {
			return err
		}
	}
	for _, term := range book.Terms {
		body, err := json.Marshal(term)
		if err != nil {
			return err
		}
		if err := tx.UpsertTerm(ctx, term.ID, term.Document, body); err != nil {
			return err
		}
	}
	contacts := map[string][]sheet.Contact{}
	for _, contact := range book.Contacts {
		contacts[contact.Customer] = append(contacts[contact.Customer], contact)
	}
	kept := make(map[string]uuid.UUID, len(book.Customers))
	for begin := 0; begin < len(book.Customers); begin += chunk {
		part := book.Customers[begin:min(begin+chunk, len(book.Customers))]
		refs := make([]string, 0, len(part))
		for _, c := range part {
			refs = append(refs, c.Ref)
		}
		known, err := tx.CustomersByRef(ctx, refs)
		if err != nil {
			return err
		}
		for _, c := range part {
			id, err := d.keepCustomer(ctx, tx, c, known, contacts[c.Ref])
			if err != nil {
				return err
			}
			kept[c.Ref] = id
		}
	}
	for _, a := range book.Acceptances {
		if err := tx.Accept(ctx, kept[a.Customer], a.Document, a.At); err != nil {
			return err
		}
	}
	return nil
}

func (d *Desk) keepCustomer(ctx context.Context, tx *store.Tx, c sheet.Customer, known map[string]store.Customer, contacts []sheet.Contact) (uuid.UUID, error) {
	row, exists := known[c.Ref]
	var key seal.Key
	var err error
	if exists {
		key, err = d.keys.Unwrap(row.ID.String(), seal.Wrapped{KEK: row.KEK, Bytes: row.Wrapped})
	} else {
		row = store.Customer{ID: newID(), Ref: c.Ref}
		key, err = d.newKey(ctx, tx, row.ID)
	}
	if err != nil {
		return uuid.Nil, err
	}
	if row.Body, err = json.Marshal(c.Customer); err != nil {
		return uuid.Nil, err
	}
	row.Sealed = key.Seal(customerPlace(row.ID), []byte(c.Name))
	if err := tx.UpsertCustomer(ctx, row); err != nil {
		return uuid.Nil, err
	}
	commits := key.CommitKey("contact address")
	keep := make([]store.Contact, 0, len(contacts))
	for _, contact := range contacts {
		commit := seal.Commit(commits, strings.ToLower(contact.Address))
		language := contact.Language
		if language == "" {
			language = c.Language
		}
		row := store.Contact{
			ID: newID(), Customer: row.ID, Role: string(contact.Role), Channel: string(contact.Channel), Language: language,
			Sealed: key.Seal(contactPlace(row.ID), []byte(contact.Address)), Commit: commit[:], LastProvenAt: contact.LastProven,
		}
		keep = append(keep, row)
		if err := tx.UpsertContact(ctx, row); err != nil {
			return uuid.Nil, err
		}
	}
	return row.ID, tx.EndContacts(ctx, row.ID, keep)
}
