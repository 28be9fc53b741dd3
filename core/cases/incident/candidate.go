package incident

import (
	"slices"
	"time"

	"github.com/atlascloudai/docket/core/problem"
)

// CandidateKind is what an instant is that awareness may be counted from.
type CandidateKind string

// The kinds of candidates.
const (
	// FirstAlert: a system gave the first alert.
	FirstAlert CandidateKind = "first_alert"
	// Ticket: somebody opened a ticket.
	Ticket CandidateKind = "ticket"
	// Report: somebody told us, inside or outside the company.
	Report CandidateKind = "report"
	// Finding: the inquiry found something.
	Finding CandidateKind = "finding"
	// UpstreamToldUs: a sub-processor or AI provider told us of an incident of its own.
	UpstreamToldUs CandidateKind = "upstream_told_us"
	// UpstreamAware: that provider became aware. It is never an instant of ours.
	UpstreamAware CandidateKind = "upstream_aware"
	// Other: anything else; the evidence says what.
	Other CandidateKind = "other"
)

// given are the kinds that a person or machine records as such; those of upstream come with what upstream said.
var given = []CandidateKind{FirstAlert, Ticket, Report, Finding, Other}

// Given says whether candidates of the kind are recorded by themselves.
func (k CandidateKind) Given() bool { return slices.Contains(given, k) }

// AddCandidate records an instant that awareness may be counted from. It starts no clock: a person decides (RecordStart).
type AddCandidate struct {
	ID   string
	Kind CandidateKind
	At   time.Time
	Zone string
	// Evidence shows it; it is sealed.
	Evidence any
}

func (c AddCandidate) decide(d *Decision) error {
	if err := d.in("recording a candidate", New, InTriage, Active, Resolved); err != nil {
		return err
	}
	if c.At.IsZero() {
		return problem.InvalidField("at", "give the instant with its offset, e.g. 2026-03-09T22:00:00+01:00")
	}
	if c.At.After(d.Now) {
		return problem.InvalidField("at", "lies in the future; record it once it has happened")
	}
	d.write("candidate.recorded", c.At, map[string]any{"candidate": c.ID, "kind": c.Kind, "at": c.At.UTC(), "zone": c.Zone}, map[string]any{"evidence": c.Evidence})
	return nil
}
