package desk

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/atlascloudai/docket/core/clock"
	"github.com/atlascloudai/docket/core/duty"
	"github.com/atlascloudai/docket/store"
)

// Which start governs a duty's clock.
const (
	governsIncident  = "incident"
	governsFound     = "found"
	governsUndecided = "undecided"
)

// reasons is why a duty exists and why it is due when it is.
type reasons struct {
	Clause string `json:"clause"`
	// Under is the clause of the duty that a promise follows: what letters cite.
	Under    string       `json:"under,omitempty"`
	Document string       `json:"document,omitempty"`
	Why      []string     `json:"why,omitempty"`
	Steps    []clock.Step `json:"steps,omitempty"`
	// FromIncident and FromFound are the instants from both possible starts of a later-found party.
	FromIncident *DueView `json:"from_incident,omitempty"`
	FromFound    *DueView `json:"from_found,omitempty"`
}

// deriver computes clocks in one decision. Duties that share agreements, zone and wave share the result.
type deriver struct {
	desk   *Desk
	law    *law
	starts duty.Starts
	now    time.Time
	known  map[derivation]derived
}

type derivation struct {
	resolution, zone, governs string
	found, chained            int64
	later                     bool
}

// derived is a clock and its explanation, as the duty's row holds them.
type derived struct {
	clock   duty.Clock
	governs string
	why     json.RawMessage
}

func (d *Desk) deriver(law *law, starts map[string]time.Time, now time.Time) *deriver {
	words := duty.Starts{}
	for word, at := range starts {
		words[clock.StartWord(word)] = at
	}
	return &deriver{desk: d, law: law, starts: words, now: now, known: map[derivation]derived{}}
}

// set derives the clock of one duty and writes it into the row. governs is the choice on record, "" where
// there is none: then a party of a later wave counts from the incident, unless that would have it born
// overdue, which only a recorded choice may do. A stage counts from the submission of the one before it.
func (r *deriver) set(owed *store.Duty, key string, resolution duty.Resolution, zone string, party store.Party, governs string) error {
	at := derivation{resolution: key, zone: zone, governs: governs, found: party.RecordedAt.UnixMicro(), later: party.Wave > 1}
	starts := r.starts
	if owed.ChainedAt != nil {
		at.chained, at.later, party.Wave = owed.ChainedAt.UnixMicro(), false, 1
		starts = duty.Starts{clock.StartFilingSubmitted: *owed.ChainedAt}
	}
	result, known := r.known[at]
	if !known {
		var err error
		if result, err = r.derive(resolution, starts, zone, party, governs); err != nil {
			return err
		}
		r.known[at] = result
	}
	owed.Governs, owed.Why, owed.Internal = result.governs, result.why, result.clock.Internal
	owed.StartedAt, owed.Target, owed.Limit = nil, nil, nil
	if result.clock.Waiting == "" {
		owed.StartedAt, owed.Target, owed.Limit = utc(&result.clock.Start), utc(&result.clock.Target), utc(result.clock.Limit)
	}
	if err := r.delay(owed); err != nil {
		return err
	}
	if owed.MetAt != nil {
		owed.Late = owed.Limit != nil && owed.MetAt.After(*owed.Limit)
	}
	return nil
}

func (r *deriver) derive(resolution duty.Resolution, starts duty.Starts, zone string, party store.Party, governs string) (derived, error) {
	location, err := r.desk.pack.Zone(zone)
	if err != nil {
		return derived{}, err
	}
	rules := duty.Rules(r.law.rule).WithInternalTarget(clock.Hours(int(r.desk.internal.Hours())))
	ours, err := duty.Due(resolution, starts, location, r.desk.pack, rules)
	if err != nil {
		return derived{}, err
	}
	why := reasons{Clause: clauseOf(resolution), Document: resolution.Document.ID, Why: resolution.Why}
	result := derived{clock: ours, governs: governsIncident}
	if party.Wave > 1 && ours.Waiting == "" {
		found := duty.Starts{}
		for word := range starts {
			found[word] = party.RecordedAt
		}
		theirs, err := duty.Due(resolution, found, location, r.desk.pack, rules)
		if err != nil {
			return derived{}, err
		}
		why.FromIncident, why.FromFound = dueOf(ours), dueOf(theirs)
		if result.governs = governs; governs == "" {
			result.governs = governsIncident
			if !last(ours).After(r.now) {
				result.governs = governsUndecided
			}
		}
		if result.governs != governsIncident {
			result.clock = theirs
		}
	}
	why.Steps = result.clock.Why
	result.why, err = json.Marshal(why)
	return result, err
}

// clauseOf cites a term as people quote it.
func clauseOf(r duty.Resolution) string {
	if r.Document.Title == "" {
		return r.Term.Clause
	}
	return fmt.Sprintf("%s %s, %s", r.Document.Title, r.Document.Version, r.Term.Clause)
}

// last is the instant after which a duty is overdue.
func last(c duty.Clock) time.Time {
	if c.Limit != nil {
		return *c.Limit
	}
	return c.Target
}

func dueOf(c duty.Clock) *DueView {
	return &DueView{StartedAt: utc(&c.Start), Target: utc(&c.Target), Limit: utc(c.Limit)}
}

func utc(t *time.Time) *time.Time {
	if t == nil {
		return nil
	}
	at := t.UTC().Truncate(time.Microsecond)
	return &at
}
