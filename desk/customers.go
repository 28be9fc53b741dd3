package desk

import (
	"context"

	"github.com/google/uuid"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/duty"
	"github.com/atlascloudai/docket/core/problem"
	"github.com/atlascloudai/docket/store"
)

// Customers lists customers by reference.
func (d *Desk) Customers(ctx context.Context, actor access.Actor, cursor string, limit int) (page Page[CustomerView], err error) {
	if err := access.May(actor, access.CustomerRead); err != nil {
		return page, err
	}
	err = d.store.Read(ctx, func(tx *store.Tx) error {
		customers, err := tx.Customers(ctx, cursor, size(limit)+1)
		if err != nil {
			return err
		}
		views := make([]CustomerView, 0, len(customers))
		for _, c := range customers {
			known, err := customerOf(c)
			if err != nil {
				return err
			}
			ref, name, err := d.nameOf(c)
			if err != nil {
				return err
			}
			views = append(views, CustomerView{ID: c.ID, Ref: ref, Name: name, Plan: known.Plan, Language: known.Language, Zone: known.Zone, Contacts: c.Contacts})
		}
		page = pageOf(views, size(limit), func(v CustomerView) string { return v.Ref })
		return nil
	})
	return page, err
}

// Explain says what a customer is owed under its agreements, by when, under which clause and why.
func (d *Desk) Explain(ctx context.Context, actor access.Actor, ref, kind, service string) (view ExplainView, err error) {
	if err := access.May(actor, access.AgreementRead); err != nil {
		return view, err
	}
	if kind != duty.IncidentNotice {
		return view, problem.InvalidField("kind", "the one kind of term is %s", duty.IncidentNotice)
	}
	err = d.store.Read(ctx, func(tx *store.Tx) error {
		found, err := tx.CustomersByRef(ctx, []string{ref})
		if err != nil {
			return err
		}
		c, ok := found[ref]
		if !ok {
			return problem.Missing("customer")
		}
		now, err := tx.Now(ctx)
		if err != nil {
			return err
		}
		b, err := openBook(ctx, tx, now)
		if err != nil {
			return err
		}
		accepted, err := tx.Acceptances(ctx, []uuid.UUID{c.ID})
		if err != nil {
			return err
		}
		customer, err := customerOf(c)
		if err != nil {
			return err
		}
		contacts, err := tx.Contacts(ctx, c.ID)
		if err != nil {
			return err
		}
		question := duty.Question{
			Customer: customer, Set: b.set(accepted[c.ID]), Subject: duty.Subject{Kind: kind, Service: service, At: now},
		}
		_, question.Resolution = b.owed(accepted[c.ID], service, nil)
		for _, k := range contacts {
			question.Contacts = append(question.Contacts, duty.Contact{ID: k.ID.String(), Role: duty.ContactRole(k.Role), Language: k.Language, LastProven: k.LastProvenAt})
		}
		view = ExplainView{Customer: ref, Kind: kind, Text: duty.Explain(question)}
		return nil
	})
	return view, err
}
