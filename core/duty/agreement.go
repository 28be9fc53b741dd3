package duty

import (
	"time"

	"github.com/atlascloudai/docket/core/clock"
)

// Kind is the kind of a document in an agreement set. It decides the default
// order of precedence.
type Kind string

// The kinds of documents.
const (
	// Policy is the company's published policy; every executed agreement prevails over it (policy section 1).
	Policy Kind = "policy"
	// ServiceDocumentation describes a service; it prevails over the policy only.
	ServiceDocumentation Kind = "service_documentation"
	// StandardTerms is one versioned document that many customers accepted.
	StandardTerms Kind = "standard_terms"
	// EnterpriseAgreement is a master agreement negotiated with one customer.
	EnterpriseAgreement Kind = "enterprise_agreement"
	// OrderForm is one purchase under an agreement.
	OrderForm Kind = "order_form"
	// DPA is a data processing addendum (GDPR art. 28).
	DPA Kind = "dpa"
	// ZDRAddendum is an Enterprise Zero Data Retention Addendum: it binds for the services it names (policy section 4.2).
	ZDRAddendum Kind = "zdr_addendum"
	// SCC is a set of standard contractual clauses; their own clause 5 puts them above related agreements.
	SCC Kind = "scc"
	// Amendment changes an earlier document and stands where that document stands.
	Amendment Kind = "amendment"
)

// Kinds lists every Kind, weakest first.
var Kinds = []Kind{Policy, ServiceDocumentation, StandardTerms, EnterpriseAgreement, OrderForm, DPA, ZDRAddendum, SCC, Amendment}

// Document is one version of one agreement or publication. It is never edited:
// another version is another Document.
type Document struct {
	// ID is stable and unique over all customers.
	ID      string
	Kind    Kind
	Title   string
	Version string
	// Executed is the civil date on which the last party signed, zero where nobody
	// signs (policy, service documentation; for standard terms each customer's
	// acceptance is in Set.Accepted).
	Executed clock.Date
	// EffectiveFrom is the first instant at which the document binds.
	EffectiveFrom time.Time
	// EffectiveTo is the first instant at which it no longer binds, nil if it has no end.
	EffectiveTo *time.Time
	// Amends is the id of the document that an Amendment changes.
	Amends string
	// Precedence is the document's own order of kinds, strongest first; empty
	// where it has no such clause. PrecedenceClause cites it.
	Precedence       []Kind
	PrecedenceClause string
}

// inForce says whether the document binds at the instant. The end is exclusive.
func (d Document) inForce(at time.Time) bool {
	return !at.Before(d.EffectiveFrom) && (d.EffectiveTo == nil || at.Before(*d.EffectiveTo))
}

// compareDates orders documents by execution, and those of one day, or that
// nobody signed, by the instant from which they bind.
func compareDates(a, b Document) int {
	switch {
	case a.Executed.Before(b.Executed):
		return -1
	case b.Executed.Before(a.Executed):
		return 1
	default:
		return a.EffectiveFrom.Compare(b.EffectiveFrom)
	}
}

// Scope is what must happen, and where, for a term to apply.
type Scope struct {
	// Touched: the term applies when the incident reached one of these; empty means anything.
	Touched []Touch
	// Services: the term applies to these services; empty means all.
	Services []string
	// Changes: a term about changes applies to these kinds; empty means all.
	Changes []ChangeKind
	// Emergency: the term is the shorter notice of an emergency clause, and applies on that path alone.
	Emergency bool
}

// Term is one promise of one document.
type Term struct {
	// ID is stable and unique over all documents.
	ID string
	// Document is the id of the Document that holds the term.
	Document string
	// Kind is what is promised, e.g. IncidentNotice.
	Kind string
	// Start is the word that starts the clock, as the clause has it.
	Start clock.StartWord
	Scope Scope
	// Period is how long the clock runs; nil where the clause has no number.
	Period *clock.Period
	// Words is the clause's own measure where it has no number, e.g. "without undue delay".
	Words string
	// Rule is the id of the rule that computes the clock, e.g. "dpa-incident".
	Rule string
	// Zone and Calendar are those of the place where the act must be done, as the clause or the law has it: "" means the
	// customer's zone and no calendar, so that nothing rolls and business days are Monday to Friday.
	Zone, Calendar string
	// Options are choices that the rule knows, e.g. "weekend_relief": "true"; nil for none.
	Options map[string]string
	// Notify is who must be told.
	Notify []ContactRole
	// Channels are those that count; a message on any other is a copy.
	Channels []Channel
	// Contacts says whether one of the contacts is enough.
	Contacts ContactsRule
	// Meets is the least evidence that ends the duty.
	Meets Evidence
	// Content lists the elements that the notice must carry.
	Content []string
	// Clause and Page say where the promise stands.
	Clause string
	Page   int
	// EffectiveFrom and EffectiveTo narrow the document's own dates; nil leaves them as they are.
	EffectiveFrom *time.Time
	EffectiveTo   *time.Time
}

// inForce says whether the term binds at the instant, given that its document does.
func (t Term) inForce(at time.Time) bool {
	return (t.EffectiveFrom == nil || !at.Before(*t.EffectiveFrom)) &&
		(t.EffectiveTo == nil || at.Before(*t.EffectiveTo))
}

// Set is every document that one customer accepted or executed, with the terms
// of those documents. Documents that nobody executes (policy, service
// documentation) may be in it too.
type Set struct {
	Documents []Document
	// Accepted is when this customer accepted or executed a document, by
	// document id. A document without an entry binds by its own dates alone.
	Accepted map[string]time.Time
	Terms    []Term
}

// InForce is the part of the set that binds at the instant: documents accepted
// by then and inside their dates, and the terms of those inside theirs, each in
// the order of their ids.
func (s Set) InForce(at time.Time) Set {
	binding := Set{Accepted: s.Accepted}
	held := make(map[string]bool, len(s.Documents))
	for _, document := range byID(s.Documents, func(d Document) string { return d.ID }) {
		accepted, dated := s.Accepted[document.ID]
		if document.inForce(at) && (!dated || !at.Before(accepted)) {
			binding.Documents = append(binding.Documents, document)
			held[document.ID] = true
		}
	}
	for _, term := range byID(s.Terms, func(t Term) string { return t.ID }) {
		if held[term.Document] && term.inForce(at) {
			binding.Terms = append(binding.Terms, term)
		}
	}
	return binding
}

// document finds a document of the set by its id.
func (s Set) document(id string) (Document, bool) {
	for _, document := range s.Documents {
		if document.ID == id {
			return document, true
		}
	}
	return Document{}, false
}
