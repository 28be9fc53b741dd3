package desk

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/atlascloudai/docket/core/duty"
	"github.com/atlascloudai/docket/store"
)

// chunk is how many customers are read at a time.
const chunk = 5000

// book answers who is owed what. Documents and terms are few and read once; customers come in chunks,
// and those with the same agreements in force share one answer.
type book struct {
	documents map[string]duty.Document
	terms     map[string][]duty.Term
	// common are the documents that nobody executes.
	common   []string
	resolved map[string]duty.Resolution
	at       time.Time
}

// openBook reads the agreements; at is the instant whose agreements count.
func openBook(ctx context.Context, tx *store.Tx, at time.Time) (*book, error) {
	documents, terms, err := tx.Agreements(ctx)
	if err != nil {
		return nil, err
	}
	b := &book{documents: map[string]duty.Document{}, terms: map[string][]duty.Term{}, resolved: map[string]duty.Resolution{}, at: at}
	for id, body := range documents {
		var document duty.Document
		if err := json.Unmarshal(body, &document); err != nil {
			return nil, fmt.Errorf("cannot read document %s: %w", id, err)
		}
		b.documents[id] = document
		if document.Kind == duty.Policy || document.Kind == duty.ServiceDocumentation {
			b.common = append(b.common, id)
		}
	}
	slices.Sort(b.common)
	for id, body := range terms {
		var term duty.Term
		if err := json.Unmarshal(body, &term); err != nil {
			return nil, fmt.Errorf("cannot read term %s: %w", id, err)
		}
		b.terms[term.Document] = append(b.terms[term.Document], term)
	}
	for _, of := range b.terms {
		slices.SortFunc(of, func(x, y duty.Term) int { return strings.Compare(x.ID, y.ID) })
	}
	return b, nil
}

// set is what one customer accepted, with what binds everybody.
func (b *book) set(accepted map[string]time.Time) duty.Set {
	ids := slices.Clone(b.common)
	for id := range accepted {
		if _, known := b.documents[id]; known && !slices.Contains(b.common, id) {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	set := duty.Set{Accepted: accepted}
	for _, id := range ids {
		set.Documents = append(set.Documents, b.documents[id])
		set.Terms = append(set.Terms, b.terms[id]...)
	}
	return set
}

// owed resolves what a customer is owed, once for all customers with the same agreements. The key names the answer.
func (b *book) owed(accepted map[string]time.Time, service string, touched []duty.Touch) (string, duty.Resolution) {
	set := b.set(accepted)
	subject := duty.Subject{Kind: duty.IncidentNotice, Service: service, Touched: touched, At: b.at}
	key := set.Key(subject)
	resolution, known := b.resolved[key]
	if !known {
		resolution = duty.Resolve(set, subject)
		b.resolved[key] = resolution
	}
	return key, resolution
}

// customerOf is a customer as core/duty knows it.
func customerOf(c store.Customer) (duty.Customer, error) {
	var customer duty.Customer
	if err := json.Unmarshal(c.Body, &customer); err != nil {
		return customer, fmt.Errorf("cannot read customer %s: %w", c.Ref, err)
	}
	customer.ID, customer.Ref = c.ID.String(), c.Ref
	return customer, nil
}

func ids[T, ID any](of []T, id func(T) ID) []ID {
	out := make([]ID, 0, len(of))
	for _, x := range of {
		out = append(out, id(x))
	}
	return out
}
