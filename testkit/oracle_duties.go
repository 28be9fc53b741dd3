package testkit

import (
	"context"
	"encoding/json"
	"time"

	"github.com/google/uuid"

	"github.com/atlascloudai/docket/core/duty"
)

// ledgerDuty is one duty with its first due instant.
type ledgerDuty struct {
	id             uuid.UUID
	customer       *uuid.UUID
	state, governs string
	wave           int
	limit, met     *time.Time
	late           bool
	proofs         *string
	created        time.Time
	firstLimit     *time.Time
	notice         *uuid.UUID
	promised       bool
	asked          struct {
		Channels []duty.Channel    `json:"channels"`
		Contacts duty.ContactsRule `json:"contacts"`
		Meets    duty.Evidence     `json:"meets"`
	}
}

func (o *oracle) loadDuties(ctx context.Context) error {
	var of uuid.UUID
	var d ledgerDuty
	var evidence []byte
	return o.each(ctx, `SELECT d.case_id, d.id, d.customer_id, d.state, d.governs, p.wave, d.limit_at, d.met_at, d.late, d.met_by, d.created_at,
			(SELECT f.limit_at FROM duty_due f WHERE f.duty_id = d.id ORDER BY f.seq LIMIT 1), d.evidence, d.notice_id, d.follows IS NOT NULL
		FROM duty d JOIN party p ON p.id = d.party_id ORDER BY d.id`,
		[]any{&of, &d.id, &d.customer, &d.state, &d.governs, &d.wave, &d.limit, &d.met, &d.late, &d.proofs, &d.created, &d.firstLimit, &evidence, &d.notice, &d.promised}, func() error {
			one := d
			c := o.caseOf(of)
			err := json.Unmarshal(evidence, &one.asked)
			c.duties = append(c.duties, one)
			return err
		})
}

// duties checks that a duty is met where the ledger holds its proof, and only there, and at that instant.
func (o *oracle) duties(c *ledgerCase) {
	chosen := false
	for _, e := range c.entries {
		governs, _ := e.body["governs"].(string)
		chosen = chosen || e.kind == "duties.start_chosen" || e.kind == "parties.recorded" && governs != ""
	}
	for _, d := range c.duties {
		if d.wave > 1 && !d.promised && d.firstLimit != nil && !d.firstLimit.After(d.created) && !chosen {
			o.differ("duty", "duty %s was born overdue and nobody chose so", d.id)
		}
		if d.state != "met" && d.state != "proposed" && d.state != "required" {
			continue
		}
		proved, at, _ := duty.Meets(o.evidence(c, d))
		switch {
		case proved != (d.state == "met"):
			o.differ("duty", "duty %s is %s, and the ledger's proof says met: %t", d.id, d.state, proved)
		case proved && (d.met == nil || !d.met.Equal(at) || d.proofs == nil || *d.proofs == ""):
			o.differ("duty", "duty %s was met at %v, and the ledger's proof is of %s", d.id, d.met, at)
		case proved && d.late != (d.limit != nil && at.After(*d.limit)):
			o.differ("duty", "duty %s: late is %t, met at %s, limit %v", d.id, d.late, at, d.limit)
		}
	}
}

// evidence is what the ledger's rows (not the deliveries' own columns) say of what a duty's customer was sent.
func (o *oracle) evidence(c *ledgerCase, d ledgerDuty) (duty.Terms, []duty.DeliveryState) {
	terms := duty.Terms{Channels: d.asked.Channels, Contacts: d.asked.Contacts, Evidence: d.asked.Meets}
	var states []duty.DeliveryState
	for _, id := range o.order {
		x := o.deliveries[id]
		byHand := x.duty != nil && *x.duty == d.id
		mine := d.customer != nil && x.customer != nil && *x.customer == *d.customer
		if d.promised { // What was sent before the promise was made keeps it for nobody.
			mine = mine && d.notice != nil && x.notice != nil && *x.notice == *d.notice
		}
		if x.of != c || !byHand && !mine {
			continue
		}
		contact := x.id.String()
		if x.contact != nil {
			contact = x.contact.String()
			if x.rank == 0 && d.asked.Contacts == duty.AllContacts {
				terms.Owed = append(terms.Owed, contact)
			}
		}
		states = append(states, duty.DeliveryState{
			Contact: contact, Channel: duty.Channel(x.channel), Transport: duty.Transport(x.transport),
			DispatchedAt: x.first("in_flight"), HandedOnAt: x.first("handed_on"), AcceptedAt: x.first("accepted", "settled_accepted"),
			DeliveredAt: x.first("delivered", "relayed"), AcknowledgedAt: x.first("acknowledged"), BouncedAt: x.first("bounced"),
			FiledAt: x.filed, FilingConfirmedAt: x.confirmed,
		})
	}
	return terms, states
}
