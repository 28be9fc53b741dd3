package request

import (
	"slices"
	"time"

	"github.com/atlascloudai/docket/core/cases/incident"
	"github.com/atlascloudai/docket/core/problem"
)

// DefaultAccountability is for how many years after its end a request keeps who asked for what, so that the company can show
// how it answered (GDPR art 5(2)): claims of people lapse in three years in most places.
const DefaultAccountability = 3

// AccountableUntil is when the identifying half of an ended request may be erased; nil for one that has not ended.
func (s State) AccountableUntil(years int) *time.Time {
	if s.EndedAt == nil {
		return nil
	}
	return new(s.EndedAt.AddDate(years, 0, 0))
}

// Shredding is a first person's word that the identifying half of a request is to be erased.
type Shredding struct {
	By     string `json:"by"`
	Ground string `json:"ground"`
}

// Shred erases who asked: identifiers, letters, words, records' keys. The chain, counts, certificates and duties stay. The
// privacy lead begins, a second person confirms the same ground; before the accountability period is over only an order or
// a mistake is one.
type Shred struct {
	Ground string
	// Holds is how many legal holds stand; Years how long the company keeps accounts.
	Holds, Years int
	// PrivacyLead says that the actor is one.
	PrivacyLead bool
}

func (c Shred) decide(d *Decision) error {
	if !slices.Contains([]string{incident.RetentionOver, incident.ErasureOrder, incident.OpenedInError}, c.Ground) {
		return problem.InvalidField("ground", "must be one of retention_over, erasure_order, opened_in_error")
	}
	ends := slices.DeleteFunc(Statuses(), func(s Status) bool { return !s.Ended() })
	if err := d.in("shredding", ends...); err != nil {
		return err
	}
	until := d.State.AccountableUntil(c.Years)
	switch {
	case c.Holds > 0:
		return incident.Held(c.Holds)
	case d.State.BegunAt != nil && d.Counts.Gone < d.Counts.Targets: // Without its key nobody could erase what stays for a time.
		return problem.Blocked(problem.Blocker{Code: "records_kept", Count: d.Counts.Targets - d.Counts.Gone,
			Detail: "records stay on a ground or a hold; they are erased on their date, and the request can be shredded then"})
	case d.Counts.OpenDuties > 0:
		return problem.Blocked(problem.Blocker{Code: "open_duties", Count: d.Counts.OpenDuties, Detail: "an answer is still owed"})
	case c.Ground == incident.RetentionOver && (until == nil || until.After(d.Now)):
		return problem.Blocked(problem.Blocker{Code: "accountability_period", Detail: "the accountability period is not over; before its end only erasure_order or opened_in_error is a ground"})
	}
	first := d.State.Shredding
	second := first != nil && first.By != d.Actor && first.Ground == c.Ground
	if !second && !c.PrivacyLead {
		return problem.New(problem.Forbidden, "the privacy lead begins the shredding of a request; a second person confirms it")
	}
	kind := "case.shredded"
	if d.State.Shredding = nil; !second {
		kind, d.State.Shredding = "case.shred_proposed", &Shredding{By: d.Actor, Ground: c.Ground}
	}
	d.write(kind, map[string]any{"ground": c.Ground}, nil)
	return nil
}
