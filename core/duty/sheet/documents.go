package sheet

import (
	"cmp"
	"errors"
	"slices"
	"time"

	"github.com/atlascloudai/docket/core/clock"
	"github.com/atlascloudai/docket/core/duty"
	"github.com/atlascloudai/docket/core/letters"
	"github.com/atlascloudai/docket/core/problem"
)

var (
	documentFields = []string{
		"id", "kind", "title", "version", "customer", "executed", "effective_from", "effective_to", "zone",
		"amends", "precedence", "precedence_clause", "terms",
	}
	termFields = []string{
		"id", "kind", "start", "touched", "services", "changes", "emergency", "period", "words", "rule", "notify", "channels", "contacts", "meets",
		"content", "clause", "page", "calendar", "effective_from", "effective_to",
	}
)

// document reads one document with its terms. A document that names a customer
// was executed with that customer alone; its civil dates are read in its own
// zone, else in the customer's.
func (d *draft) document(f fields) {
	d.allow(f.row, documentFields)
	customer, zone := f.token("customer"), f.zone()
	if !f.given("zone") {
		zone = d.zoneOf(customer)
	}
	document := duty.Document{
		ID: f.id("id"), Kind: choice(f, "kind", duty.Kinds, ""), Title: f.required("title"), Version: f.required("version"),
		Executed: f.date("executed"), EffectiveTo: f.end("effective_to", zone), Amends: f.token("amends"),
		Precedence: choices(f, "precedence", duty.Kinds), PrecedenceClause: f.text("precedence_clause"),
	}
	d.claim(f, "id", "document ", document.ID)
	switch from := f.instant("effective_from", zone); {
	case from != nil:
		document.EffectiveFrom = *from
	case !document.Executed.IsZero():
		document.EffectiveFrom = beginning(document.Executed, zone)
	case !f.given("effective_from") && !f.given("executed"):
		f.refuse("effective_from", "is missing; a document that nobody executes needs it")
	}
	d.judge(f, document, customer)
	d.book.Documents = append(d.book.Documents, document)
	if customer != "" && !document.Executed.IsZero() {
		d.accept(f, Acceptance{Customer: customer, Document: document.ID, At: beginning(document.Executed, zone)})
	}
	if given := f.cells["terms"]; given.text != "" || given.items != nil {
		f.refuse("terms", "must be a list of records")
	}
	for _, r := range f.cells["terms"].nested {
		d.term(fields{r, d}, document, zone)
	}
}

// judge refuses a document that contradicts itself.
func (d *draft) judge(f fields, document duty.Document, customer string) {
	if document.EffectiveTo != nil && !document.EffectiveFrom.Before(*document.EffectiveTo) {
		f.refuse("effective_to", "lies before effective_from")
	}
	if (document.Kind == duty.Amendment) != (document.Amends != "") {
		f.refuse("amends", "names the amended document, in an amendment and only there")
	}
	if (len(document.Precedence) > 0) != (document.PrecedenceClause != "") {
		f.refuse("precedence_clause", "cites the clause that gives the order in precedence; both or neither")
	}
	if slices.Contains(document.Precedence, duty.Amendment) {
		f.refuse("precedence", "cannot hold amendment: an amendment stands where the document stands that it amends")
	}
	switch {
	case published(document.Kind) && customer != "":
		f.refuse("customer", "nobody executes a policy or service documentation; leave it out")
	case customer != "" && !f.given("executed"):
		f.refuse("executed", "is missing; it is the date on which the last party signed")
	}
}

// term reads one term of a document.
func (d *draft) term(f fields, document duty.Document, zone *time.Location) {
	d.allow(f.row, termFields)
	term := duty.Term{
		ID: f.id("id"), Document: document.ID, Kind: choice(f, "kind", duty.TermKinds, duty.IncidentNotice),
		Scope: duty.Scope{Touched: choices(f, "touched", duty.Touches), Services: f.list("services"), Changes: choices(f, "changes", duty.ChangeKinds), Emergency: choice(f, "emergency", []string{"true", "false"}, "false") == "true"},
		Words: f.text("words"), Rule: f.token("rule"),
		Notify: choices(f, "notify", duty.ContactRoles), Channels: choices(f, "channels", duty.Channels),
		Contacts: choice(f, "contacts", []duty.ContactsRule{duty.AnyContact, duty.AllContacts}, duty.AnyContact),
		Meets:    choice(f, "meets", duty.Evidences, duty.Acceptance),
		Content:  choices(f, "content", letters.Elements()), Clause: f.required("clause"), Page: f.number("page"), Calendar: f.text("calendar"),
		EffectiveFrom: f.instant("effective_from", zone), EffectiveTo: f.end("effective_to", zone),
	}
	d.claim(f, "id", "term ", term.ID)
	rule, start := duty.ClockOf(term.Kind)
	term.Rule, term.Start = cmp.Or(term.Rule, rule), clock.StartWord(f.text("start"))
	if term.Start = cmp.Or(term.Start, start); term.Start == "" {
		f.refuse("start", "is missing")
	}
	for _, field := range []string{"notify", "channels"} {
		if !f.given(field) && (term.Kind == duty.IncidentNotice || term.Kind == duty.ChangeNotice) {
			f.refuse(field, "is missing")
		}
	}
	if term.Kind == duty.IncidentNotice && (len(term.Scope.Changes) > 0 || term.Scope.Emergency) {
		f.refuse("changes", "are for terms about changes; leave changes and emergency out")
	}
	if term.Scope.Emergency && term.Kind != duty.ChangeNotice {
		f.refuse("emergency", "is the shorter notice of a change-notice; no other term has one")
	}
	if document.Kind == duty.ZDRAddendum && len(term.Scope.Services) == 0 {
		f.refuse("services", "is missing; a ZDR Addendum binds for the services it names")
	}
	d.measure(f, &term)
	d.book.Terms = append(d.book.Terms, term)
}

// measure reads the term's time, and tries its clock: a term whose clock cannot be
// computed is found now and not during an incident.
func (d *draft) measure(f fields, term *duty.Term) {
	if f.given("period") {
		period, err := clock.ParsePeriod(f.text("period"))
		if err != nil {
			f.refuse("period", "must be a number with a unit, e.g. 48 hours")
			return
		}
		term.Period = &period
	}
	if term.Period == nil && term.Kind != duty.IncidentNotice {
		f.refuse("period", "is missing; a term about changes is counted, e.g. 30 days. Without one the company's own default holds")
		return
	}
	if term.Period == nil && !f.given("words") {
		f.refuse("period", "is missing; where the clause gives no number, quote its measure as words, e.g. without undue delay")
		return
	}
	if !term.Start.Known() || term.Start == clock.StartFilingSubmitted {
		f.refuse("start", "must be a start word, e.g. aware_processor or confirmed_processor")
		return
	}
	if term.Rule == "" {
		term.Rule = "dpa-incident"
		if term.Period == nil {
			term.Rule = "dpa-incident-no-number"
		}
	}
	resolution := duty.Resolution{Owed: true, Term: *term, Candidates: []duty.Term{*term}}
	if _, err := duty.Due(resolution, duty.Starts{term.Start: d.at}, time.UTC, d.pack, d.pack.Rule); err != nil {
		field := "rule"
		if refused, ok := errors.AsType[*problem.Error](err); ok && refused.Field == "calendar" {
			field = "calendar"
		} else if term.Period != nil {
			field = "period"
		}
		f.refuse(field, "no clock can be computed: "+detail(err))
	}
}

// detail is the sentence of a refusal without its code.
func detail(err error) string {
	if refused, ok := errors.AsType[*problem.Error](err); ok {
		return refused.Field + " " + refused.Detail
	}
	return "the rule is not usable"
}

// connect follows the references between records.
func (d *draft) connect() {
	refer := func(from, field, kind, id string) {
		if _, known := d.places[kind+id]; !known && id != "" {
			d.refuse(d.places[from], field, "there is no "+kind+id+" in these files")
		}
	}
	kinds := make(map[string]duty.Kind)
	amends := make(map[string]string)
	for _, document := range d.book.Documents {
		refer("document "+document.ID, "amends", "document ", document.Amends)
		kinds[document.ID], amends[document.ID] = document.Kind, document.Amends
	}
	for _, document := range d.book.Documents {
		steps := 0
		for id := document.Amends; id != "" && steps <= len(amends); id = amends[id] {
			steps++
		}
		if steps > len(amends) {
			d.refuse(d.places["document "+document.ID], "amends", "documents amend each other in a ring; an amendment goes back to a document that amends nothing")
		}
	}
	for _, contact := range d.book.Contacts {
		refer("contact "+contact.ID, "customer", "customer ", contact.Customer)
	}
	for _, acceptance := range d.book.Acceptances {
		from := "acceptance " + acceptance.Customer + " of " + acceptance.Document
		refer(from, "customer", "customer ", acceptance.Customer)
		refer(from, "document", "document ", acceptance.Document)
		if published(kinds[acceptance.Document]) {
			d.refuse(d.places[from], "document", "nobody accepts a policy or service documentation; it binds by itself")
		}
	}
}
