// Package sheet reads agreements, customers and contacts from files that people
// keep by hand, YAML and CSV, and reports what is wrong, missing or contradictory
// in them before anything depends on it.
package sheet

import (
	"cmp"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/atlascloudai/docket/core/clock"
	"github.com/atlascloudai/docket/core/duty"
)

// Book is what the files say, as plain data to store.
type Book struct {
	// Company decides which authorities are competent; nil if no file says.
	Company     *duty.CompanyProfile
	Documents   []duty.Document
	Terms       []duty.Term
	Customers   []Customer
	Contacts    []Contact
	Acceptances []Acceptance
	// Groups are the people whose data the company itself decides about.
	Groups []Group
}

// Customer is a customer with its name.
type Customer struct {
	duty.Customer
	// Name is personal data where the customer is a person; it never enters a Report.
	Name string
}

// Contact is a contact with its address.
type Contact struct {
	duty.Contact
	// Customer is the customer's Ref.
	Customer string
	Channel  duty.Channel
	// Address is what the channel takes: a mailbox, an https URL, a Slack channel
	// id, or for by_hand a few words. It never enters a Report.
	Address string
}

// Acceptance binds a customer to a document.
type Acceptance struct {
	// Customer is the customer's Ref, Document the document's id.
	Customer string
	Document string
	// At is when the customer accepted or executed it.
	At time.Time
}

// Group is a group of people whose data the company controls, as an affected
// party to be.
type Group struct {
	// Ref is the reference that people use, e.g. "G-ACCOUNTS".
	Ref  string
	Kind duty.PartyKind
	// Holds is what the company keeps about them.
	Holds []duty.Touch
	// People is their approximate number by ISO 3166-1 alpha-2 country.
	People map[string]int
}

// Sets is, by customer Ref, every document that binds the customer: those it
// accepted, and those that nobody executes.
func (b Book) Sets() map[string]duty.Set {
	documents := make(map[string]duty.Document, len(b.Documents))
	terms := make(map[string][]duty.Term, len(b.Documents))
	for _, term := range b.Terms {
		terms[term.Document] = append(terms[term.Document], term)
	}
	var everybody duty.Set
	for _, document := range b.Documents {
		documents[document.ID] = document
		if published(document.Kind) {
			everybody.Documents = append(everybody.Documents, document)
			everybody.Terms = append(everybody.Terms, terms[document.ID]...)
		}
	}
	sets := make(map[string]duty.Set, len(b.Customers))
	for _, customer := range b.Customers {
		sets[customer.Ref] = duty.Set{
			Documents: slices.Clone(everybody.Documents), Terms: slices.Clone(everybody.Terms), Accepted: make(map[string]time.Time),
		}
	}
	for _, a := range b.Acceptances {
		set := sets[a.Customer]
		set.Accepted[a.Document] = a.At
		set.Documents = append(set.Documents, documents[a.Document])
		set.Terms = append(set.Terms, terms[a.Document]...)
		sets[a.Customer] = set
	}
	return sets
}

// published says whether documents of this kind bind everybody without being executed.
func published(kind duty.Kind) bool {
	return kind == duty.Policy || kind == duty.ServiceDocumentation
}

// Finding is one thing that the files should say otherwise.
type Finding struct {
	// File and Line are where; Line is 0 where no single line is at fault.
	File string
	Line int
	// Field is the key or column, where one is at fault.
	Field string
	// Customer is the reference of the customer concerned, if it is one.
	Customer string
	// Text is a sentence that names the remedy. It holds references and ids, never a name or an address.
	Text string
}

// Report says what is to be mended.
type Report struct {
	// Errors: the files cannot be understood as they are. With any, the Book is empty.
	Errors []Finding
	// Gaps: understood, and something will be missing when it is needed.
	Gaps []Finding
	// Contradictions: terms in force between which nothing decides.
	Contradictions []Finding
}

// Pack is what rules and zones are looked up in; *packs.Pack is one.
type Pack interface {
	Rule(id string) (clock.Rule, bool)
	duty.Places
}

// Read reads the files, by name: any *.yaml or *.yml, and customers.csv,
// contacts.csv and acceptances.csv. The same things may stand in several files;
// references between files are followed. at is the instant whose agreements the
// gaps and contradictions are about. With a single error the Book is empty, so
// that nothing is imported by halves.
func Read(files map[string][]byte, at time.Time, pack Pack) (Book, Report) {
	draft := draft{pack: pack, at: at, zones: map[string]*time.Location{}, places: map[string]place{}}
	tables := tables{draft: &draft, rows: map[string][]row{}}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		switch strings.ToLower(path.Ext(name)) {
		case ".yaml", ".yml":
			tables.readYAML(name, files[name])
		case ".csv":
			tables.readCSV(name, files[name])
		default:
			draft.refuse(place{file: name}, "", "is neither YAML nor CSV; name it *.yaml, customers.csv, contacts.csv or acceptances.csv")
		}
	}
	draft.fill(tables.rows)
	draft.connect()
	if len(draft.errors) > 0 {
		slices.SortStableFunc(draft.errors, byPlace)
		return Book{}, Report{Errors: slices.Compact(draft.errors)}
	}
	gaps, contradictions := draft.review()
	return draft.book, Report{Gaps: gaps, Contradictions: contradictions}
}

func byPlace(a, b Finding) int {
	return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Field, b.Field))
}
