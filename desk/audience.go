package desk

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/atlascloudai/docket/core/duty"
	"github.com/atlascloudai/docket/core/letters"
	"github.com/atlascloudai/docket/core/seal"
	"github.com/atlascloudai/docket/store"
)

// audience is who a notice goes to, bound by a digest over text, recipients and each one's own values.
type audience struct {
	digest                [32]byte
	recipients, customers int
	// gaps are the references of customers who are owed the notice and have no address.
	gaps []string
}

// recipient is one contact with its own values.
type recipient struct {
	letters.RecipientKey
	Customer, Contact uuid.UUID
	Rank              int
	// Owed is the duty that the letter carries out, with its customer.
	Owed store.Owed
}

// visitor sees each recipient in the one fixed order in which the digest is made.
type visitor interface {
	visit(ctx context.Context, r recipient) error
}

// audiencePage is how many customers are looked at together.
const audiencePage = 1000

// audience walks over everybody who is owed the notice, in pages, so that memory does not grow with customers.
func (d *Desk) audience(ctx context.Context, tx *store.Tx, c store.Case, n store.Notice, text letters.Notice, v visitor) (audience, error) {
	if n.Kind == letters.IncidentPeople {
		return d.people(ctx, tx, c, n, text, v)
	}
	var a audience
	starts, err := tx.Starts(ctx, c.ID)
	if err != nil {
		return a, err
	}
	ofChange, err := d.changeLetters(ctx, tx, c)
	if err != nil {
		return a, err
	}
	approval := letters.NewApproval(text)
	var after uuid.UUID
	for {
		owed, err := tx.Owed(ctx, c.ID, n.ID, after, audiencePage)
		if err != nil || len(owed) == 0 {
			a.digest = approval.Sum()
			return a, err
		}
		after = owed[len(owed)-1].Customer
		if err := ofChange.read(ctx, tx, owed); err != nil {
			return a, err
		}
		for len(owed) > 0 {
			mine := owed[:contactsOf(owed)]
			owed = owed[len(mine):]
			recipients, err := d.recipients(c, starts, mine, len(text.DelayReason) > 0, ofChange)
			if err != nil {
				return a, err
			}
			a.customers++
			if len(recipients) == 0 {
				a.gaps = append(a.gaps, mine[0].Ref)
			}
			for _, r := range recipients {
				approval.Add(r.RecipientKey)
				a.recipients++
				if v == nil {
					continue
				}
				if err := v.visit(ctx, r); err != nil {
					return a, err
				}
			}
		}
	}
}

// contactsOf is how many of the first rows are of one customer.
func contactsOf(owed []store.Owed) int {
	for i, o := range owed {
		if o.Customer != owed[0].Customer {
			return i
		}
	}
	return len(owed)
}

// recipients are the contacts of one customer, ranked: those whom the agreement names first are told at
// once, the others when nobody of the rank before can be reached.
func (d *Desk) recipients(c store.Case, starts map[string]time.Time, owed []store.Owed, delayPrinted bool, ofChange *changeLetters) ([]recipient, error) {
	first := owed[0]
	key, err := d.keys.Unwrap(first.Customer.String(), seal.Wrapped{KEK: first.KEK, Bytes: first.Wrapped})
	if err != nil {
		return nil, fmt.Errorf("cannot open the key of customer %s: %w", first.Ref, err)
	}
	values, err := d.values(c, starts, key, first)
	if err != nil {
		return nil, err
	}
	if delayPrinted && first.LateAfter != nil {
		values.LateAfter = first.LateAfter.UTC()
	}
	var asked asks
	if err := json.Unmarshal(first.Evidence, &asked); err != nil {
		return nil, fmt.Errorf("cannot read what meets the duty: %w", err)
	}
	order := slices.Clone(asked.Notify)
	for _, role := range duty.ContactRoles {
		if !slices.Contains(order, role) {
			order = append(order, role)
		}
	}
	held := map[duty.ContactRole]bool{}
	for _, o := range owed {
		held[duty.ContactRole(o.ContactRole)] = true
	}
	order = slices.DeleteFunc(order, func(role duty.ContactRole) bool { return !held[role] })
	var recipients []recipient
	for _, o := range owed {
		if o.Contact == uuid.Nil {
			continue
		}
		address, err := key.Open(contactPlace(o.Customer), o.ContactSealed)
		if err != nil {
			return nil, fmt.Errorf("cannot open a contact of customer %s: %w", o.Ref, err)
		}
		own := values
		own.Change = ofChange.dates(o)
		if o.Language != "" {
			own.Language = o.Language
		}
		rank := slices.Index(order, duty.ContactRole(o.ContactRole))
		if asked.Contacts == duty.AllContacts && slices.Contains(asked.Notify, duty.ContactRole(o.ContactRole)) {
			rank = 0
		}
		if i := slices.IndexFunc(recipients, func(r recipient) bool { return strings.EqualFold(r.Address, string(address)) }); i >= 0 {
			recipients[i].Rank = min(recipients[i].Rank, rank) // One mailbox under two roles is told once.
			continue
		}
		recipients = append(recipients, recipient{
			RecipientKey: letters.RecipientKey{DutyID: first.Duty.String(), ContactID: o.Contact.String(), Channel: string(duty.Email), Address: string(address), Values: own},
			Customer:     o.Customer, Contact: o.Contact, Rank: rank, Owed: first,
		})
	}
	return recipients, nil
}

// values are what one customer's letter shows. The reference is the customer's own: never the case's code.
func (d *Desk) values(c store.Case, starts map[string]time.Time, key seal.Key, o store.Owed) (letters.Values, error) {
	var customer duty.Customer
	if err := json.Unmarshal(o.CustomerBody, &customer); err != nil {
		return letters.Values{}, fmt.Errorf("cannot read customer %s: %w", o.Ref, err)
	}
	name, err := key.Open(customerPlace(o.Customer), o.CustomerSealed)
	if err != nil {
		return letters.Values{}, fmt.Errorf("cannot open customer %s: %w", o.Ref, err)
	}
	var why reasons
	if err := json.Unmarshal(o.Why, &why); err != nil {
		return letters.Values{}, fmt.Errorf("cannot read why the duty exists: %w", err)
	}
	var party partyBody
	if err := json.Unmarshal(o.PartyBody, &party); err != nil {
		return letters.Values{}, fmt.Errorf("cannot read the party: %w", err)
	}
	document, clause, _ := strings.Cut(cmp.Or(why.Under, why.Clause), ", ")
	if document == companyDefault { // No agreement of the customer's speaks of it.
		document = ""
	}
	v := letters.Values{
		Customer: string(name), Reference: reference(c.ID, o.Customer), Contract: letters.Contract{Document: document, Clause: clause},
		Aware: starts["aware_processor"].UTC(), Confirmed: starts["confirmed_processor"].UTC(), Zone: customer.Zone, Language: customer.Language, Drill: c.Drill,
	}
	if n, ok := party.Numbers["data_subjects"]; ok {
		v.DataSubjects = &n
	}
	if n, ok := party.Numbers["records"]; ok {
		v.Records = &n
	}
	return d.located(v)
}

// located adds the zone's data, which is not stored with the values.
func (d *Desk) located(v letters.Values) (letters.Values, error) {
	location, err := d.pack.Zone(v.Zone)
	v.Location = location
	return v, err
}

// reference is a customer's own reference of a case: another customer's tells nothing of it.
func reference(caseID, customer uuid.UUID) string {
	id := uuid.NewSHA1(caseID, customer[:])
	return "REF-" + strings.ToUpper(id.String()[:8])
}

// planner plans the delivery of each recipient, and opens what the notice promises each customer.
type planner struct {
	*work
	campaign   store.Campaign
	promised   *promise // nil where everything is known
	deliveries []store.Delivery
	customers  []uuid.UUID
	follow     []store.Duty
	// rest is the sending of those after the first few customers, written when the first of them comes; nil where all are sent at once.
	// told counts customers.
	rest        *store.Campaign
	first, told int
	// link makes a recipient's link to its own page; nil where letters have none.
	link  func(contact uuid.UUID) []byte
	links []store.NoticeLink
}

// planned is what a delivery's sealed column holds: everything its message is made from.
type planned struct {
	Address string         `json:"address"`
	Values  letters.Values `json:"values"`
	// Letter is a letter to one person, written when it was approved.
	Letter *letters.Letter `json:"letter,omitempty"`
}

func (p *planner) visit(ctx context.Context, r recipient) error {
	if last := len(p.customers) - 1; last < 0 || p.customers[last] != r.Customer {
		if len(p.deliveries) >= chunk { // Between two customers: what one is promised is opened after it was assigned the notice.
			if err := p.write(ctx); err != nil {
				return err
			}
		}
		p.customers = append(p.customers, r.Customer)
		if p.told++; p.rest != nil && p.told == p.first+1 { // Where there is no rest, nothing is left for a person to resume.
			if err := p.InsertCampaign(ctx, *p.rest); err != nil {
				return err
			}
			p.campaign = *p.rest
		}
		if p.promised != nil {
			follow, err := p.promised.toCustomer(r.Owed)
			if err != nil {
				return err
			}
			p.follow = append(p.follow, follow)
		}
	}
	id := newID()
	sealed, err := p.key.SealJSON(deliveryPlace(id), planned{Address: r.Address, Values: r.Values})
	if err != nil {
		return err
	}
	if p.link != nil {
		p.links = append(p.links, store.NoticeLink{Hash: p.link(r.Contact), Case: p.c.ID, Customer: r.Customer, Contact: r.Contact})
	}
	state := "planned"
	if r.Rank > 0 {
		state = "reserve"
	}
	sending := p.campaign // A copy: the next customers may be of another sending.
	p.deliveries = append(p.deliveries, store.Delivery{
		ID: id, Case: p.c.ID, Campaign: &sending.ID, Notice: &sending.Notice, Version: p.campaign.Version, Customer: &r.Customer, Contact: &r.Contact,
		Channel: r.Channel, Rank: r.Rank, State: state, Language: r.Values.Language, Sealed: sealed, Deadline: r.Owed.Target, NextAt: p.campaign.CreatedAt,
	})
	return nil
}

// write stores what was planned so far and says which notice these customers' duties wait for; what the notice promises
// them waits for the next one.
func (p *planner) write(ctx context.Context) error {
	if err := p.InsertDeliveries(ctx, p.deliveries); err != nil {
		return err
	}
	if len(p.links) > 0 {
		if err := p.InsertLinks(ctx, p.links); err != nil {
			return err
		}
	}
	if err := p.Assign(ctx, p.c.ID, p.campaign.Notice, p.customers); err != nil {
		return err
	}
	if err := p.promised.open(ctx, p.follow); err != nil {
		return err
	}
	p.deliveries, p.customers, p.follow, p.links = p.deliveries[:0], p.customers[:0], p.follow[:0], p.links[:0]
	return nil
}

// looker keeps the recipient that a preview shows.
type looker struct {
	index, at int
	found     *recipient
}

func (l *looker) visit(_ context.Context, r recipient) error {
	if l.at == l.index {
		l.found = &r
	}
	l.at++
	return nil
}
