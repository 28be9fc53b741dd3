package sheet

import (
	"fmt"
	"slices"

	"github.com/atlascloudai/docket/core/duty"
)

// otherService stands for every service that no term names; no service can be called so.
const otherService = "-"

// review is what is looked for in a book that is understood.
type review struct {
	draft    *draft
	report   Report
	sets     map[string]duty.Set
	contacts map[string][]Contact
	// resolved keeps answers, one for each of duty.Touches, by agreements and
	// service, because most customers share their agreements.
	resolved map[string][]duty.Resolution
	// disputes holds the contradictions found so far, by their two terms.
	disputes map[[2]string]*dispute
}

// dispute is one contradiction: where it stands in the report, how many
// customers have it, and the last of them.
type dispute struct {
	index, customers int
	last             string
}

// review looks for what will be missing when an incident comes, and for terms
// between which nothing decides. It asks what an incident will ask.
func (d *draft) review() (gaps, contradictions []Finding) {
	r := review{
		draft: d, sets: d.book.Sets(), contacts: make(map[string][]Contact), resolved: make(map[string][]duty.Resolution),
		disputes: make(map[[2]string]*dispute),
	}
	r.documents()
	for _, contact := range d.book.Contacts {
		r.contacts[contact.Customer] = append(r.contacts[contact.Customer], contact)
		if contact.LastProven == nil {
			r.gap("contact "+contact.ID, "last_proven", contact.Customer,
				fmt.Sprintf("contact %s of customer %s was never proven; send a test message and record the answer", contact.ID, contact.Customer))
		}
	}
	for _, customer := range d.book.Customers {
		r.customer(customer.Customer)
	}
	for _, found := range r.disputes {
		if found.customers > 1 {
			r.report.Contradictions[found.index].Text += fmt.Sprintf(" (%d customers)", found.customers)
		}
	}
	slices.SortStableFunc(r.report.Gaps, byPlace)
	slices.SortStableFunc(r.report.Contradictions, byPlace)
	return r.report.Gaps, r.report.Contradictions
}

func (r *review) gap(thing, field, customer, text string) {
	at := r.draft.places[thing]
	r.report.Gaps = append(r.report.Gaps, Finding{File: at.file, Line: at.line, Field: field, Customer: customer, Text: text})
}

// documents finds terms without a number and documents that bind nobody.
func (r *review) documents() {
	signed := make(map[string]bool)
	for _, a := range r.draft.book.Acceptances {
		signed[a.Document] = true
	}
	for _, document := range r.draft.book.Documents {
		if !signed[document.ID] && !published(document.Kind) {
			r.gap("document "+document.ID, "", "", "document "+document.ID+" binds nobody; name its customer, or record who accepted it")
		}
	}
	for _, term := range r.draft.book.Terms {
		if term.Period == nil {
			r.gap("term "+term.ID, "period", "", "term "+term.ID+" of document "+term.Document+
				" has no number; the company's own internal target applies, so agree on a number when the document is next amended")
		}
	}
}

// customer finds what one customer lacks, and what its agreements leave open.
func (r *review) customer(customer duty.Customer) {
	thing := "customer " + customer.Ref
	if customer.Language == "" {
		r.gap(thing, "language", customer.Ref, "customer "+customer.Ref+" has no language; its letters go out in the notice's fallback language until one is recorded")
	}
	if customer.Zone == "" {
		r.gap(thing, "zone", customer.Ref, "customer "+customer.Ref+" has no time zone; its instants are shown in UTC until one is recorded")
	}
	set := r.sets[customer.Ref]
	lastResort, unreachable := false, make(map[string]bool)
	used := customer.Services
	if len(used) == 0 {
		used = []string{otherService}
	}
	agreements := set.Key(duty.Subject{Kind: duty.IncidentNotice, At: r.draft.at})
	for _, service := range services(set, used) {
		for _, resolution := range r.resolve(agreements, set, service) {
			if resolution.Disputed {
				r.contradiction(customer.Ref, resolution.Candidates)
			}
			lastResort = lastResort || resolution.LastResort && slices.Contains(used, service)
			for _, term := range resolution.Candidates {
				if !unreachable[term.ID] && !r.reaches(customer.Ref, term) {
					unreachable[term.ID] = true
					r.gap(thing, "contacts", customer.Ref, fmt.Sprintf("customer %s has no contact with role %s on %s, whom term %s notifies; add one",
						customer.Ref, words(term.Notify), words(term.Channels), term.ID))
				}
			}
		}
	}
	if lastResort {
		r.gap(thing, "", customer.Ref, "customer "+customer.Ref+" has no agreement in force that speaks of incidents in every service it uses; section 12 of the policy applies "+
			"as a last resort, so record its agreement or its acceptance of the standard terms")
	}
}

// services are those that the customer uses, those that a term of the set
// names, and one that none does.
func services(set duty.Set, used []string) []string {
	named := append(slices.Clone(used), otherService)
	for _, term := range set.Terms {
		for _, service := range term.Scope.Services {
			if !slices.Contains(named, service) {
				named = append(named, service)
			}
		}
	}
	return named
}

// resolve asks about each touch of a service; agreements is the key of the set.
func (r *review) resolve(agreements string, set duty.Set, service string) []duty.Resolution {
	key := agreements + " " + service
	answers, known := r.resolved[key]
	if !known {
		for _, touch := range duty.Touches {
			answers = append(answers, duty.Resolve(set, duty.Subject{
				Kind: duty.IncidentNotice, Service: service, Touched: []duty.Touch{touch}, At: r.draft.at,
			}))
		}
		r.resolved[key] = answers
	}
	return answers
}

// reaches says whether the customer has a contact that the term notifies on a channel that counts.
func (r *review) reaches(customer string, term duty.Term) bool {
	return slices.ContainsFunc(r.contacts[customer], func(c Contact) bool {
		return slices.Contains(term.Notify, c.Role) && slices.Contains(term.Channels, c.Channel)
	})
}

// contradiction reports two terms once, however many customers have them both.
func (r *review) contradiction(customer string, candidates []duty.Term) {
	first := candidates[0]
	for _, other := range candidates[1:] {
		pair := [2]string{first.ID, other.ID}
		if found, known := r.disputes[pair]; known {
			if found.last != customer {
				found.customers, found.last = found.customers+1, customer
			}
			continue
		}
		r.disputes[pair] = &dispute{index: len(r.report.Contradictions), customers: 1, last: customer}
		at := r.draft.places["term "+first.ID]
		r.report.Contradictions = append(r.report.Contradictions, Finding{File: at.file, Line: at.line, Field: "terms", Customer: customer, Text: fmt.Sprintf(
			"customer %s: term %s of document %s and term %s of document %s stand at equal rank and differ; the earlier target governs and the duty is disputed "+
				"until a precedence clause is recorded, one document is said to amend the other, or counsel chooses",
			customer, first.ID, first.Document, other.ID, other.Document)})
	}
}
