package desk

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/cases/request"
	"github.com/atlascloudai/docket/core/clock"
	"github.com/atlascloudai/docket/core/duty"
	"github.com/atlascloudai/docket/core/letters/person"
	"github.com/atlascloudai/docket/core/problem"
	"github.com/atlascloudai/docket/store"
)

// forwardingRule is the rule by which a request is forwarded; forwardWithin what the company promises itself where no agreement
// gives a number.
const forwardingRule = "dpa-request-forwarding"

var forwardWithin = clock.Period{Amount: 2, Unit: clock.UnitBusinessDay}

// ControllerInput names the customer whose request it is.
type ControllerInput struct {
	Customer string `json:"customer" minLength:"1" maxLength:"120" doc:"Account reference of the customer that is the controller"`
	Evidence string `json:"evidence" minLength:"1" maxLength:"5000" doc:"What shows it: the account's data, or the person's own words"`
}

// NameController records that a customer is the controller: from the instant at which the request arrived, it is owed to that
// customer to be forwarded.
func (d *Desk) NameController(ctx context.Context, actor access.Actor, key string, caseID uuid.UUID, in ControllerInput) (Receipt, error) {
	return d.onRequest(ctx, actor, key, access.RequestWork, caseID, in, func(w *work) (Receipt, error) {
		c, err := w.customer(ctx, "customer", in.Customer)
		if err != nil {
			return Receipt{}, err
		}
		owed, err := d.named(ctx, w, c, in.Evidence)
		if err != nil {
			return Receipt{}, err
		}
		return Receipt{ID: &owed.ID}, nil
	})
}

// named records what shows that a customer is the controller.
func (d *Desk) named(ctx context.Context, w *work, c store.Customer, evidence string) (store.Duty, error) {
	if evidence == "" {
		return store.Duty{}, problem.InvalidField("evidence", "say what shows that the customer is the controller: the account's data, or the person's own words")
	}
	owed, err := d.forwarding(ctx, w, c)
	if err != nil {
		return store.Duty{}, err
	}
	w.write("controller.named", time.Time{}, map[string]any{"customer": c.ID, "duty": owed.ID}, map[string]any{"evidence": evidence})
	return owed, nil
}

// customer finds a customer by the reference that a field of the input gives.
func (w *work) customer(ctx context.Context, field, ref string) (store.Customer, error) {
	found, err := w.CustomersByRef(ctx, []string{ref})
	c, known := found[ref]
	if err == nil && !known {
		err = problem.InvalidField(field, "there is no customer %q", ref)
	}
	return c, err
}

// owedTo is the duty to forward a request to a customer; false where nothing has shown yet that the customer is the controller.
func (w *work) owedTo(ctx context.Context, c store.Customer) (store.Duty, bool, error) {
	duties, err := w.Duties(ctx, w.c.ID, store.DutyFilter{Limit: chunk})
	for _, owed := range duties {
		if owed.Customer != nil && *owed.Customer == c.ID {
			return owed, true, nil
		}
	}
	return store.Duty{}, false, err
}

// forwarding is the duty to forward a request to its controller; it is opened where it is not there yet.
func (d *Desk) forwarding(ctx context.Context, w *work, c store.Customer) (store.Duty, error) {
	if owed, shown, err := w.owedTo(ctx, c); err != nil || shown {
		return owed, err
	}
	law, err := d.law(ctx, w.Tx, w.c.PackVersion)
	if err != nil {
		return store.Duty{}, err
	}
	rule, known := law.rule(forwardingRule)
	if !known {
		return store.Duty{}, problem.InvalidField("customer", "the rule pack of this request has no rule %s", forwardingRule)
	}
	starts, err := w.Starts(ctx, w.c.ID)
	if err != nil {
		return store.Duty{}, err
	}
	received, place := starts[requestReceived], duty.PlaceOf("", d.company)
	asked := clock.Request{Rule: rule, At: received, Calendar: clock.NoCalendar, Period: &forwardWithin}
	if asked.Zone, err = d.pack.Zone(place.Zone); err != nil {
		return store.Duty{}, err
	}
	if place.Calendar != "" {
		if asked.Calendar, err = d.pack.Calendar(place.Calendar); err != nil {
			return store.Duty{}, err
		}
	}
	result, err := clock.Compute(asked)
	if err != nil {
		return store.Duty{}, fmt.Errorf("cannot count by %s: %w", forwardingRule, err)
	}
	parties, err := w.Parties(ctx, w.c.ID, uuid.Nil, 1)
	if err != nil {
		return store.Duty{}, err
	}
	owed := store.Duty{ID: newID(), Case: w.c.ID, Party: parties[0].ID, Customer: &c.ID, Counterparty: "customer/" + c.ID.String(), Rule: forwardingRule, Term: forwardingRule, StartWord: requestReceived,
		Governs: governsIncident, State: "required", CreatedAt: w.c.Now, StartedAt: utc(&received), Target: utc(&result.Target), Limit: utc(result.Limit)}
	if owed.Evidence, err = json.Marshal(asks{Channels: []duty.Channel{duty.Email, duty.ByHand}, Contacts: duty.AnyContact, Meets: duty.Acceptance}); err != nil {
		return owed, err
	}
	if owed.Why, err = json.Marshal(reasons{Clause: rule.Citation, Why: []string{"the customer is the controller of what the person asks about"}, Steps: result.Why}); err != nil {
		return owed, err
	}
	return owed, w.openNow(ctx, []store.Duty{owed})
}

// ForwardInput forwards a request to its controller.
type ForwardInput struct {
	Customer string `json:"customer" minLength:"1" maxLength:"120" doc:"Account reference of the customer that is the controller"`
	// Evidence is needed where nothing on record shows it yet.
	Evidence string `json:"evidence,omitempty" maxLength:"5000" doc:"What shows that the customer is the controller; needed unless it was recorded before, or the account's data showed it"`
	// MayName says that the agreement lets the person be told who the controller is.
	MayName bool `json:"may_name,omitempty" doc:"The agreement lets the person be told who the controller is; else the person is asked to turn to the company whose service was used"`
}

// ForwardRequest sends a request to its controller's privacy contact, and tells the person as far as the agreement permits.
// Something on record shows that the customer is the controller: nobody else is told who asked for what. Nothing is searched.
func (d *Desk) ForwardRequest(ctx context.Context, actor access.Actor, key string, caseID uuid.UUID, in ForwardInput) (Receipt, error) {
	return d.onRequest(ctx, actor, key, access.RequestApprove, caseID, in, func(w *work) (Receipt, error) {
		c, err := w.customer(ctx, "customer", in.Customer)
		if err != nil {
			return Receipt{}, err
		}
		owed, shown, err := w.owedTo(ctx, c)
		if err == nil && (!shown || in.Evidence != "") {
			owed, err = d.named(ctx, w, c, in.Evidence)
		}
		if err != nil {
			return Receipt{}, err
		}
		name, addresses, err := d.privacyContacts(ctx, w, c)
		if err != nil {
			return Receipt{}, err
		}
		if err := w.decideRequest(ctx, request.Forward{Customer: c.ID.String()}); err != nil {
			return Receipt{}, err
		}
		said, err := w.content()
		if err != nil {
			return Receipt{}, err
		}
		v, err := d.letterValues(ctx, w, said)
		if err != nil {
			return Receipt{}, err
		}
		v.Customer, v.Words = name, said.Words
		if v.Contact = said.ReplyTo; v.Contact == "" {
			v.Contact = d.contact
		}
		for _, address := range addresses {
			if err := d.mail(ctx, w, person.ToCustomer, address, v, &owed.ID); err != nil {
				return Receipt{}, err
			}
		}
		return Receipt{ID: &owed.ID, Count: len(addresses)}, d.tellForwarded(ctx, w, said, name, in.MayName)
	})
}

// tellForwarded answers the person: where the request went, or whom to ask.
func (d *Desk) tellForwarded(ctx context.Context, w *work, said requestContent, customer string, mayName bool) error {
	if said.ReplyTo == "" {
		return nil // The answer stays owed, and is given by hand.
	}
	v, err := d.letterValues(ctx, w, said)
	if err != nil {
		return err
	}
	kind := person.AskController
	if mayName {
		kind, v.Customer = person.Forwarded, customer
	}
	owed, err := w.answerDuty(ctx)
	if err != nil || owed == nil {
		return err
	}
	return d.mail(ctx, w, kind, said.ReplyTo, v, &owed.ID)
}

// privacyContacts are a customer's name and the addresses of its privacy contacts, or of those for incidents where it has none.
func (d *Desk) privacyContacts(ctx context.Context, w *work, c store.Customer) (name string, addresses []string, err error) {
	key, err := d.keyOf(ctx, w.Tx, c.ID)
	if err != nil {
		return "", nil, err
	}
	plain, err := key.Open(customerPlace(c.ID), c.Sealed)
	if err != nil {
		return "", nil, err
	}
	contacts, err := w.Contacts(ctx, c.ID)
	if err != nil {
		return "", nil, err
	}
	for _, role := range []duty.ContactRole{duty.RolePrivacy, duty.RoleIncidentNotice} {
		for _, contact := range contacts {
			if contact.Role != string(role) || contact.Channel != string(duty.Email) {
				continue
			}
			address, err := key.Open(contactPlace(c.ID), contact.Sealed)
			if err != nil {
				return "", nil, err
			}
			addresses = append(addresses, string(address))
		}
		if len(addresses) > 0 {
			return string(plain), addresses, nil
		}
	}
	return "", nil, problem.Blocked(problem.Blocker{Code: "no_contact", Ref: c.Ref, Detail: "the customer has no privacy contact and none for incidents; import one, or forward it by hand"})
}
