package duty

import (
	"cmp"
	"slices"
	"time"
)

// Transport is how a message travels, which decides what a reply proves.
type Transport string

// The transports.
const (
	// Direct: we speak to the recipient's own server; its 250 or 2xx is acceptance.
	Direct Transport = "direct"
	// Relay: we speak to our own relay; its 250 says only that the relay has it.
	Relay Transport = "relay"
	// Manual: a person files it; nothing counts until a second person confirms.
	Manual Transport = "by_hand"
)

// DeliveryState is what is known about one message to one contact on one
// channel. Each instant is that of the other side's answer, nil while there is none.
type DeliveryState struct {
	// Contact is the contact's id.
	Contact   string
	Channel   Channel
	Transport Transport
	// DispatchedAt is when an attempt began. It proves nothing to any term:
	// the outcome of an attempt without a reply is unknown.
	DispatchedAt *time.Time
	// HandedOnAt is when our own relay took the message over.
	HandedOnAt *time.Time
	// AcceptedAt is when the recipient's own server took it.
	AcceptedAt *time.Time
	// DeliveredAt is when a delivery report or the relay's event named it delivered.
	DeliveredAt *time.Time
	// AcknowledgedAt is when the recipient acknowledged it.
	AcknowledgedAt *time.Time
	// BouncedAt is when a report said that it did not arrive. It takes back what was
	// known before it, but for an acknowledgement: a person who said they have it has it.
	BouncedAt *time.Time
	// FiledAt and FilingConfirmedAt: a named person filed it, a second one confirmed the receipt.
	FiledAt           *time.Time
	FilingConfirmedAt *time.Time
}

// Terms is what an agreement asks of a delivery.
type Terms struct {
	// Channels that count; a message on any other is a copy.
	Channels []Channel
	Contacts ContactsRule
	Evidence Evidence
	// Owed are the ids of the contacts that must be told. Empty: every contact
	// that has a delivery on a channel that counts.
	Owed []string
}

// Asks is what the term asks of the deliveries to the contacts that are owed.
func (t Term) Asks(owed []string) Terms {
	return Terms{Channels: t.Channels, Contacts: t.Contacts, Evidence: t.Meets, Owed: owed}
}

// Proof is the delivery that met the terms for one contact.
type Proof struct {
	Contact string
	Channel Channel
	// Evidence is the rung that was reached at At, never higher than what is held.
	Evidence Evidence
	At       time.Time
}

// Meets says whether the deliveries meet the terms, at which instant, and by
// which proof for each contact. With AnyContact the instant is the earliest
// proof, with AllContacts the latest contact's earliest. Dispatch counts from
// the hand-over that was answered, not from the attempt. A bounce takes back what
// came before it, whenever it arrives.
func Meets(terms Terms, deliveries []DeliveryState) (met bool, at time.Time, by []Proof) {
	owed := make(map[string]*Proof)
	for _, contact := range terms.Owed {
		owed[contact] = nil
	}
	for _, delivery := range deliveries {
		earliest, counted := owed[delivery.Contact]
		if !slices.Contains(terms.Channels, delivery.Channel) || len(terms.Owed) > 0 && !counted {
			continue
		}
		proof, holds := delivery.proof(terms.Evidence)
		if holds && (earliest == nil || proof.At.Before(earliest.At)) {
			earliest = &proof
		}
		owed[delivery.Contact] = earliest
	}
	for _, proof := range owed {
		if proof != nil {
			by = append(by, *proof)
		}
	}
	slices.SortFunc(by, func(a, b Proof) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Contact, b.Contact)) })
	switch {
	case len(by) == 0:
		return false, time.Time{}, nil
	case terms.Contacts == AnyContact:
		return true, by[0].At, by
	case len(by) == len(owed):
		return true, by[len(by)-1].At, by
	default:
		return false, time.Time{}, nil
	}
}

// proof is the earliest evidence in the delivery that is at least the asked one.
func (d DeliveryState) proof(asked Evidence) (Proof, bool) {
	var found *Proof
	for _, rung := range d.rungs() {
		if slices.Index(Evidences, rung.Evidence) < slices.Index(Evidences, asked) || slices.Index(Evidences, asked) < 0 {
			continue
		}
		if found == nil || rung.At.Before(found.At) {
			found = &rung
		}
	}
	if found == nil {
		return Proof{}, false
	}
	return *found, true
}

// rungs is the evidence held, each rung with its instant, without what a bounce took back.
func (d DeliveryState) rungs() []Proof {
	var held []Proof
	hold := func(evidence Evidence, at *time.Time) {
		takenBack := d.BouncedAt != nil && evidence != Acknowledgement && at != nil && !at.After(*d.BouncedAt)
		if at != nil && !takenBack {
			held = append(held, Proof{Contact: d.Contact, Channel: d.Channel, Evidence: evidence, At: *at})
		}
	}
	switch d.Transport {
	case Direct:
		hold(Acceptance, d.AcceptedAt)
		hold(Receipt, d.DeliveredAt)
	case Relay:
		hold(Dispatch, d.HandedOnAt)
		hold(Receipt, d.DeliveredAt)
	case Manual:
		// A receipt with a reference is the other side's own word; the filing
		// counts from when it was made, but only once it was confirmed.
		if d.FilingConfirmedAt != nil {
			hold(Receipt, d.FiledAt)
		}
	}
	hold(Acknowledgement, d.AcknowledgedAt)
	return held
}
