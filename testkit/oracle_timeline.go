package testkit

import (
	"maps"
	"time"

	"github.com/google/uuid"
)

// ledgerRaise is one raise.
type ledgerRaise struct {
	id   uuid.UUID
	kind string
	due  time.Time
}

// hold is how long after a pause or a stop was decided its own transaction may have taken: an attempt that was
// begun meanwhile did not see it.
const hold = time.Second

// timeline holds one case's chain of decisions against its ledger: N7, N8 and the raises.
func (o *oracle) timeline(c *ledgerCase) {
	sealed := map[string]int64{}
	for _, e := range c.entries {
		if e.kind != "deliveries.sealed" {
			continue
		}
		counts, _ := e.body["counts"].(map[string]any)
		for kind, n := range counts {
			count, _ := n.(float64)
			sealed[kind] += int64(count)
		}
	}
	if !maps.Equal(sealed, c.events) {
		o.differ("N8", "case %s: its seals count %v, its ledger %v", c.id, sealed, c.events)
	}
	for campaign, state := range c.campaigns {
		o.permitted(c, campaign)
		o.ended(c, campaign, state)
	}
	for _, r := range c.raises {
		o.raised(c, r)
	}
}

// unapproved are the letters to one person whose text nobody approves one by one: what a request or a decision about it sets off.
var unapproved = map[string]bool{"identity": true, "acknowledgement": true, "contact_told": true, "forwarded": true, "ask_controller": true, "to_customer": true, "export_ready": true}

// permitted is N7: what left was approved and released before, and nothing left while it was held or after its stop.
func (o *oracle) permitted(c *ledgerCase, campaign uuid.UUID) {
	var released, approved *ledgerEntry
	for i, e := range c.entries {
		if e.kind == "notice.released" && (e.refers("campaign", campaign) || e.refers("rest", campaign)) {
			released = &c.entries[i]
			break
		}
	}
	if released == nil {
		o.differ("N7", "campaign %s was never released", campaign)
		return
	}
	for i, e := range c.entries[:released.seq-1] {
		if e.kind == "notice.approved" && e.body["notice"] == released.body["notice"] && e.body["version"] == released.body["version"] {
			approved = &c.entries[i]
		}
	}
	if letter, _ := released.body["letter"].(string); approved == nil && !unapproved[letter] {
		o.differ("N7", "campaign %s was released without an approval of what it sends", campaign)
	}
	for _, id := range o.order {
		d := o.deliveries[id]
		if d.campaign == nil || *d.campaign != campaign {
			continue
		}
		for _, e := range d.events {
			if e.kind != "in_flight" {
				continue
			}
			if e.at.Before(released.recorded) {
				o.differ("N7", "delivery %s left before its notice was released", d.id)
			}
			if held := c.held(campaign, e.at); held != "" {
				o.differ("N7", "delivery %s left at %s, after its campaign was %s", d.id, e.at, held)
			}
		}
	}
}

// held is the state of a campaign at an instant, unless it runs; "" too within hold of the decision.
func (c *ledgerCase) held(campaign uuid.UUID, at time.Time) (state string) {
	for _, e := range c.entries {
		if !e.refers("campaign", campaign) || e.recorded.Add(hold).After(at) && e.kind != "campaign.running" || e.recorded.After(at) {
			continue
		}
		switch e.kind {
		case "campaign.paused", "campaign.stopped":
			state = e.kind
		case "campaign.running":
			state = ""
		}
	}
	return state
}

// ended is N8 for one campaign: its end counted what the ledger holds.
func (o *oracle) ended(c *ledgerCase, campaign uuid.UUID, state string) {
	var last *ledgerEntry
	for i, e := range c.entries {
		if (e.kind == "campaign.done" || e.kind == "campaign.stopped") && e.refers("campaign", campaign) {
			last = &c.entries[i]
		}
	}
	switch {
	case state == "done" || state == "stopped":
		if last == nil || last.kind != "campaign."+state {
			o.differ("N8", "campaign %s is %s and its timeline does not say so", campaign, state)
			return
		}
	default:
		return
	}
	counts, _ := last.body["counts"].(map[string]any)
	said := map[string]int{}
	for outcome, n := range counts {
		count, _ := n.(float64)
		said[outcome] = int(count)
	}
	// What was under way when it was stopped ends after the entry.
	if state == "done" && !o.changedSince(campaign, last.recorded) {
		o.reported("the end's entry", campaign, said)
	}
}

func (o *oracle) changedSince(campaign uuid.UUID, at time.Time) bool {
	for _, d := range o.deliveries {
		if d.campaign == nil || *d.campaign != campaign {
			continue
		}
		for _, e := range d.events {
			if e.at.After(at) {
				return true
			}
		}
	}
	return false
}

// reported compares counts by state that somebody is shown with the ledger's and with what arrived.
func (o *oracle) reported(where string, campaign uuid.UUID, counts map[string]int) {
	held, arrived := map[string]int{}, 0
	for _, d := range o.deliveries {
		if d.campaign == nil || *d.campaign != campaign {
			continue
		}
		held[d.state]++
		if len(d.copies) > 0 {
			arrived++
		}
	}
	if !maps.Equal(held, counts) {
		o.differ("N8", "campaign %s: %s counts %v, the ledger %v", campaign, where, counts, held)
	}
	if counts["accepted"] > arrived {
		o.differ("N8", "campaign %s: %s counts %d accepted, and %d recipients have it", campaign, where, counts["accepted"], arrived)
	}
}

// raised checks that a raise stands in the timeline once, at the instant that it is about.
func (o *oracle) raised(c *ledgerCase, r ledgerRaise) {
	kind := "raise.opened"
	if r.kind == "limit" {
		kind = "duty.overdue"
	}
	n := 0
	for _, e := range c.entries {
		if !e.refers("raise", r.id) || e.kind != "raise.opened" && e.kind != "duty.overdue" {
			continue
		}
		if n++; e.kind != kind || !e.happened.Equal(r.due) {
			o.differ("raise", "%s of case %s stands as %s at %s, its instant is %s", r.kind, c.id, e.kind, e.happened, r.due)
		}
	}
	if n != 1 {
		o.differ("raise", "%s of case %s at %s stands %d times in the timeline", r.kind, c.id, r.due, n)
	}
}
