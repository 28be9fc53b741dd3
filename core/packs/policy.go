package packs

import (
	"fmt"
	"slices"
	"sync"

	"go.yaml.in/yaml/v3"

	"github.com/atlascloudai/docket/core/clock"
)

// PolicyTerms is a published policy as a pack of terms: the weakest source, which every executed agreement overrides.
type PolicyTerms struct {
	// ID names this edition of the policy, e.g. "atlas-2026-06".
	ID string
	// Title is the document's own.
	Title string
	// Publisher is the company that promises it.
	Publisher string
	// Updated is the month of the edition, as the document gives it: YYYY-MM.
	Updated string
	// Sections are in the document's order, none left out.
	Sections []PolicySection
}

// PolicySection is one section of the policy.
type PolicySection struct {
	// Number is the document's own, e.g. "3.1".
	Number string
	// Title is the document's own.
	Title string
	// Says is what the section promises, in our own words.
	Says string
	// Means is what follows from it for Docket.
	Means string
	// Terms are the promises that Docket carries out, if the section makes any.
	Terms []PolicyTerm
}

// PolicyTerm is one promise in a form that a program can act on.
type PolicyTerm struct {
	// Kind is the kind of promise.
	Kind TermKind
	// Service is the service configuration it is limited to, "standard" or "enterprise_zdr"; "" for all.
	Service string
	// Content is the content class it covers; "" where it is not about content.
	Content string
	// UpTo is how long content may be kept; nil where the section gives no number.
	UpTo *clock.Period
	// Rule is the id of the clock that runs; "" where none does.
	Rule string
	// Start is the section's own start word for that clock.
	Start clock.StartWord
	// Scope is what must be affected for the duty to arise.
	Scope string
}

// TermKind is the kind of promise a section makes.
type TermKind string

// The kinds.
const (
	// TermPrecedence: executed agreements prevail over the policy.
	TermPrecedence TermKind = "precedence"
	// TermRetention: content is kept for at most a period.
	TermRetention TermKind = "retention"
	// TermZeroRetention: content is not kept after processing.
	TermZeroRetention TermKind = "zero_retention"
	// TermZeroRetentionByAddendum: zero retention exists only where an addendum designates the service.
	TermZeroRetentionByAddendum TermKind = "zero_retention_by_addendum"
	// TermNoTraining: content is not used to train models without written permission.
	TermNoTraining TermKind = "no_training"
	// TermDocumentsOnRequest: enterprise customers may ask for documents.
	TermDocumentsOnRequest TermKind = "documents_on_request"
	// TermIncidentNotice: customers are told of incidents.
	TermIncidentNotice TermKind = "incident_notice"
	// TermChangeNotice: material changes may be communicated.
	TermChangeNotice TermKind = "change_notice"
)

var termKinds = []TermKind{
	TermPrecedence, TermRetention, TermZeroRetention, TermZeroRetentionByAddendum,
	TermNoTraining, TermDocumentsOnRequest, TermIncidentNotice, TermChangeNotice,
}

const policyFile = "policy/atlas-2026-06.yaml"

var loadPolicy = sync.OnceValues(func() (*PolicyTerms, error) {
	pack, err := Load()
	if err != nil {
		return nil, err
	}
	text, err := embedded.ReadFile(policyFile)
	if err != nil {
		return nil, fmt.Errorf("cannot read the policy: %w", err)
	}
	return readPolicy(policyFile, text, pack)
})

// Policy is the company's policy as the embedded default pack of terms. It is read only. Its error is a *SchemaError;
// a released binary has none.
func Policy() (*PolicyTerms, error) { return loadPolicy() }

// Section is the section of this number.
func (p *PolicyTerms) Section(number string) (PolicySection, bool) {
	at := slices.IndexFunc(p.Sections, func(s PolicySection) bool { return s.Number == number })
	if at < 0 {
		return PolicySection{}, false
	}
	return p.Sections[at], true
}

func readPolicy(file string, text []byte, pack *Pack) (*PolicyTerms, error) {
	root, broken := document(file, text)
	if broken != nil {
		return nil, broken
	}
	var policy PolicyTerms
	var nodes []yaml.Node
	keys := fields{
		"id": &policy.ID, "title": &policy.Title, "publisher": &policy.Publisher, "updated": &policy.Updated, "sections": &nodes,
	}
	if broken := keys.read(root); broken != nil {
		return nil, broken.in(file)
	}
	for i := range nodes {
		section, broken := readSection(&nodes[i], pack)
		if broken != nil {
			return nil, broken.under(fmt.Sprintf("sections[%s]", section.Number)).in(file)
		}
		if _, twice := policy.Section(section.Number); twice {
			return nil, &SchemaError{File: file, Field: "sections.number", Detail: fmt.Sprintf("%q is given twice", section.Number)}
		}
		policy.Sections = append(policy.Sections, section)
	}
	return &policy, nil
}

func readSection(node *yaml.Node, pack *Pack) (PolicySection, *SchemaError) {
	var section PolicySection
	var terms []yaml.Node
	keys := fields{
		"number": &section.Number, "title": &section.Title, "says": &section.Says, "means": &section.Means, "terms": &terms,
	}
	if broken := keys.read(node, "terms"); broken != nil {
		return section, broken
	}
	for i := range terms {
		term, broken := readTerm(&terms[i], pack)
		if broken != nil {
			return section, broken.under("terms")
		}
		section.Terms = append(section.Terms, term)
	}
	return section, nil
}

func readTerm(node *yaml.Node, pack *Pack) (PolicyTerm, *SchemaError) {
	var term PolicyTerm
	var upTo string
	keys := fields{
		"kind": &term.Kind, "service": &term.Service, "content": &term.Content, "up_to": &upTo,
		"rule": &term.Rule, "start": &term.Start, "scope": &term.Scope,
	}
	if broken := keys.read(node, "service", "content", "up_to", "rule", "start", "scope"); broken != nil {
		return term, broken
	}
	if !slices.Contains(termKinds, term.Kind) {
		return term, &SchemaError{Field: "kind", Detail: fmt.Sprintf("%q is none of %q", term.Kind, termKinds)}
	}
	if upTo != "" {
		period, err := clock.ParsePeriod(upTo)
		if err != nil {
			return term, &SchemaError{Field: "up_to", Detail: fromProblem(err).Detail}
		}
		term.UpTo = &period
	}
	if _, known := pack.Rule(term.Rule); term.Rule != "" && !known {
		return term, &SchemaError{Field: "rule", Detail: fmt.Sprintf("no rule %q in the pack", term.Rule)}
	}
	if (term.Rule != "") != term.Start.Known() {
		return term, &SchemaError{Field: "start", Detail: "a known start word is given with a rule and only with it"}
	}
	return term, nil
}
