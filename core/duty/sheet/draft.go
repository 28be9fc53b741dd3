package sheet

import (
	"fmt"
	"maps"
	"net/mail"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"time"

	"github.com/atlascloudai/docket/core/duty"
)

// The fields of each record.
var (
	companyFields       = []string{"eu_main_establishment", "uk"}
	establishmentFields = []string{"country", "authority"}
	customerFields      = []string{"ref", "name", "plan", "language", "zone", "services", "regions", "providers", "traits"}
	contactFields       = []string{"id", "role", "channel", "address", "language", "last_proven"}
	acceptanceFields    = []string{"customer", "document", "at"}
	groupFields         = []string{"ref", "kind", "holds", "people"}
)

var (
	language = regexp.MustCompile(`^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$`)
	country  = regexp.MustCompile(`^[A-Z]{2}$`)
)

// draft is the book while it is read.
type draft struct {
	pack   Pack
	at     time.Time
	book   Book
	errors []Finding
	// zones is each customer's zone, by Ref.
	zones map[string]*time.Location
	// places is where each thing stands, by kind and id.
	places map[string]place
}

// fill reads the records; customers first, because dates are read in their zones.
func (d *draft) fill(rows map[string][]row) {
	for _, r := range rows["company"] {
		d.company(fields{r, d})
	}
	for _, r := range rows["customers"] {
		d.customer(fields{r, d})
	}
	for _, r := range rows["contacts"] {
		d.allow(r, append([]string{"customer"}, contactFields...))
		f := fields{r, d}
		d.contact(f, f.id("customer"))
	}
	for _, r := range rows["documents"] {
		d.document(fields{r, d})
	}
	for _, r := range rows["acceptances"] {
		d.acceptance(fields{r, d})
	}
	for _, r := range rows["groups"] {
		d.group(fields{r, d})
	}
}

// claim remembers where a thing stands and refuses a second of the same id.
func (d *draft) claim(f fields, field, kind, id string) {
	if id == "" {
		return
	}
	if first, taken := d.places[kind+id]; taken {
		f.refuse(field, fmt.Sprintf("%s %s is given twice, first in %s, line %d", kind, id, first.file, first.line))
		return
	}
	d.places[kind+id] = f.place
}

func (d *draft) company(f fields) {
	d.allow(f.row, companyFields)
	if d.book.Company != nil {
		f.draft.refuse(f.place, "company", "is given twice; keep one")
		return
	}
	profile := duty.CompanyProfile{UK: choice(f, "uk", []string{"true", "false"}, "false") == "true"}
	for _, r := range f.cells["eu_main_establishment"].nested {
		d.allow(r, establishmentFields)
		in := fields{r, d}
		profile.EUMainEstablishment = &duty.Establishment{Country: in.country("country"), Authority: in.id("authority")}
	}
	d.book.Company = &profile
}

func (d *draft) customer(f fields) {
	d.allow(f.row, append([]string{"contacts"}, customerFields...))
	c := Customer{Name: f.required("name"), Customer: duty.Customer{
		Ref: f.id("ref"), Plan: f.id("plan"), Language: f.language(), Zone: f.text("zone"),
		Services: f.list("services"), Regions: f.list("regions"), Providers: f.list("providers"), Traits: choices(f, "traits", duty.Traits),
	}}
	d.claim(f, "ref", "customer ", c.Ref)
	d.zones[c.Ref] = f.zone()
	d.book.Customers = append(d.book.Customers, c)
	if given := f.cells["contacts"]; given.text != "" || given.items != nil {
		f.refuse("contacts", "must be a list of records")
	}
	for _, r := range f.cells["contacts"].nested {
		d.allow(r, contactFields)
		d.contact(fields{r, d}, c.Ref)
	}
}

func (d *draft) contact(f fields, customer string) {
	c := Contact{
		Customer: customer, Channel: choice(f, "channel", duty.Channels, duty.Email), Address: f.required("address"),
		Contact: duty.Contact{
			ID: f.id("id"), Role: choice(f, "role", duty.ContactRoles, ""),
			Language: f.language(), LastProven: f.instant("last_proven", time.UTC),
		},
	}
	if c.Address != "" && !reachable(c.Channel, c.Address) {
		f.refuse("address", "is no address of its channel: email takes one mailbox, webhook an https URL")
	}
	d.claim(f, "id", "contact ", c.ID)
	d.book.Contacts = append(d.book.Contacts, c)
}

// reachable says whether the address has the channel's form.
func reachable(channel duty.Channel, address string) bool {
	switch channel {
	case duty.Email:
		parsed, err := mail.ParseAddress(address)
		return err == nil && parsed.Address == address
	case duty.Webhook:
		parsed, err := url.Parse(address)
		return err == nil && parsed.Scheme == "https" && parsed.Host != "" && parsed.User == nil
	default:
		return true
	}
}

func (d *draft) acceptance(f fields) {
	d.allow(f.row, acceptanceFields)
	a := Acceptance{Customer: f.id("customer"), Document: f.id("document")}
	if !f.given("at") {
		f.refuse("at", "is missing")
	}
	if at := f.instant("at", d.zoneOf(a.Customer)); at != nil {
		a.At = *at
	}
	d.accept(f, a)
}

// accept records that a document binds a customer, once.
func (d *draft) accept(f fields, a Acceptance) {
	d.claim(f, "document", "acceptance ", a.Customer+" of "+a.Document)
	d.book.Acceptances = append(d.book.Acceptances, a)
}

func (d *draft) group(f fields) {
	d.allow(f.row, groupFields)
	g := Group{
		Ref: f.id("ref"), Kind: choice(f, "kind", []duty.PartyKind{duty.PartyAccountHolders, duty.PartyGroup}, ""),
		Holds: choices(f, "holds", duty.Touches), People: map[string]int{},
	}
	if !f.given("holds") {
		f.refuse("holds", "is missing")
	}
	d.claim(f, "ref", "group ", g.Ref)
	for _, r := range f.cells["people"].nested {
		in := fields{r, d}
		for _, code := range slices.Sorted(maps.Keys(r.cells)) {
			number, err := strconv.Atoi(r.cells[code].text)
			if !country.MatchString(code) || err != nil || number < 0 {
				in.draft.refuse(place{r.file, r.cells[code].line}, "people", "holds whole numbers by country, e.g. DE: 1200")
				continue
			}
			g.People[code] = number
		}
	}
	d.book.Groups = append(d.book.Groups, g)
}

func (f fields) country(field string) string {
	text := f.required(field)
	if text != "" && !country.MatchString(text) {
		f.refuse(field, "must be an ISO 3166-1 code of two capital letters, e.g. DE")
	}
	return text
}

func (f fields) language() string {
	text := f.text("language")
	if text != "" && !language.MatchString(text) {
		f.refuse("language", "must be a BCP 47 tag, e.g. de or pt-BR")
		return ""
	}
	return text
}

// zone is the record's own zone, UTC if it names none.
func (f fields) zone() *time.Location {
	name := f.text("zone")
	if name == "" {
		return time.UTC
	}
	zone, err := f.draft.pack.Zone(name)
	if err != nil {
		f.refuse("zone", "must be an IANA zone, e.g. Europe/Berlin")
		return time.UTC
	}
	return zone
}

// zoneOf is a customer's zone, UTC if there is no such customer.
func (d *draft) zoneOf(customer string) *time.Location {
	if zone, known := d.zones[customer]; known {
		return zone
	}
	return time.UTC
}
