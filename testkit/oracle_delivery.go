package testkit

import (
	"bytes"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
)

// outcomes are the ledger's kinds that end an attempt.
var outcomes = []string{"accepted", "handed_on", "refused", "deferred", "unknown"}

// ended are the states in which nothing is tried any more by itself. A reserve waits for the contact before it.
var ended = []string{"accepted", "handed_on", "delivered", "acknowledged", "refused", "bounced", "complained", "cancelled", "reserve", "filed", "confirmed"}

// copies sorts what the other side received by delivery (N3, N4): every message is one delivery's or one page's
// copy, and went to one recipient.
func (o *oracle) copies() {
	for _, m := range o.mail.Messages() {
		local, _, _ := strings.Cut(m.MessageID, "@")
		id, err := uuid.Parse(local)
		d, ours := o.deliveries[id]
		switch {
		case err == nil && o.pages[id]:
		case !ours:
			o.differ("N4", "message %d (%q) is nobody's delivery", m.ID, m.MessageID)
		case len(m.To) != 1 || m.To[0] != d.address:
			o.differ("N5", "a copy of delivery %s did not go to its one recipient", id)
		default:
			d.copies = append(d.copies, m)
		}
	}
}

// delivery checks one delivery against its attempts and its copies.
func (o *oracle) delivery(d *ledgerDelivery) {
	if d.campaign == nil {
		return
	}
	o.ends(d)
	o.attempts(d)
	o.received(d)
}

// ends is N1: it has come to an end, or it is known when it is tried next, and no dead sender holds it.
func (o *oracle) ends(d *ledgerDelivery) {
	state := d.of.campaigns[*d.campaign]
	switch {
	case slices.Contains(ended, d.state):
		if d.claimed {
			o.differ("N1", "delivery %s is %s and still claimed", d.id, d.state)
		}
	case d.state == "planned" || d.state == "deferred":
		if state != "running" && state != "paused" {
			o.differ("N1", "delivery %s is %s for ever: its campaign is %s", d.id, d.state, state)
		}
		now := o.now.Add(d.of.offset)
		if d.deadline != nil && d.next.After(*d.deadline) && d.next.After(now.Add(31*time.Minute)) {
			o.differ("N1", "delivery %s is tried next at %s, after its deadline %s", d.id, d.next, d.deadline)
		}
	case d.state == "unknown" && state == "stopped" && !d.claimed: // a person finds out
	case d.state == "claimed" || d.state == "in_flight":
		if d.lease == nil || d.lease.Before(o.now) {
			o.differ("N1", "delivery %s is %s by a sender whose lease ended", d.id, d.state)
		}
	default:
		o.differ("N1", "delivery %s is in the unknown state %q", d.id, d.state)
	}
}

// attempts checks that each attempt was begun once and ended once, and that the row says what came of the last.
func (o *oracle) attempts(d *ledgerDelivery) {
	begun, came := map[int]int{}, map[int]int{}
	for _, e := range d.events {
		switch {
		case e.kind == "in_flight":
			begun[e.attempt]++
		case slices.Contains(outcomes, e.kind):
			came[e.attempt]++
			if begun[e.attempt] == 0 && e.body["class"] != "config" && e.body["class"] != "poison" {
				o.differ("N4", "delivery %s: attempt %d came to %s and was never begun", d.id, e.attempt, e.kind)
			}
			if (e.kind == "accepted" || e.kind == "handed_on") && !e.reply {
				o.differ("N6", "delivery %s: attempt %d is %s without the other side's reply", d.id, e.attempt, e.kind)
			}
		}
	}
	if len(begun) != d.attempt {
		o.differ("N2", "delivery %s counts %d attempts, the ledger %d", d.id, d.attempt, len(begun))
	}
	for attempt, n := range begun {
		open := d.state == "in_flight" && attempt == d.attempt
		if n != 1 || came[attempt] > 1 || came[attempt] == 0 && !open {
			o.differ("N2", "delivery %s: attempt %d was begun %d times and ended %d times", d.id, attempt, n, came[attempt])
		}
	}
	if unknown := d.count("unknown") > 0; unknown != d.possibleDuplicate && d.count("settled_resend") == 0 {
		o.differ("N2", "delivery %s: possible duplicate is %t, and unknown attempts: %d", d.id, d.possibleDuplicate, d.count("unknown"))
	}
}

// received is N2, N3 and N4 for one delivery: as many copies as were accepted, one more at most for each attempt
// whose end could not be seen, all the same, and none before its attempt was in the ledger.
func (o *oracle) received(d *ledgerDelivery) {
	accepted, unseen := d.count("accepted", "handed_on"), d.count("unknown")
	if d.state == "in_flight" {
		unseen++
	}
	if accepted > 1 && d.count("settled_resend") == 0 {
		o.differ("N2", "delivery %s was accepted %d times", d.id, accepted)
	}
	if n := len(d.copies); n < accepted || n > accepted+unseen {
		o.differ("N2", "delivery %s (%s): %d copies arrived, %d were accepted and %d ended unseen", d.id, d.state, n, accepted, unseen)
	}
	var begun []time.Time
	for _, e := range d.events {
		if e.kind == "in_flight" {
			begun = append(begun, d.of.wall(e.at))
		}
	}
	for i, m := range d.copies {
		if m.MessageID != d.copies[0].MessageID || !bytes.Equal(m.Digest[:], d.digest) {
			o.differ("N3", "delivery %s: copy %d differs from what was first made", d.id, i+1)
		}
		if i >= len(begun) || m.ReceivedAt.Before(begun[i]) {
			o.differ("N4", "delivery %s: copy %d arrived before its attempt was in the ledger", d.id, i+1)
		}
	}
}
