package desk

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/cases/incident"
	"github.com/atlascloudai/docket/core/clock"
	"github.com/atlascloudai/docket/core/problem"
	"github.com/atlascloudai/docket/core/seal"
	"github.com/atlascloudai/docket/store"
)

// shown is what the sealed column of a candidate holds: what shows it, and what upstream said if it came from there.
type shown struct {
	Evidence string        `json:"evidence"`
	Upstream *UpstreamView `json:"upstream,omitempty"`
}

// AddCandidate records an instant that awareness may be counted from. It starts no clock: a person decides.
func (d *Desk) AddCandidate(ctx context.Context, actor access.Actor, key string, caseID uuid.UUID, in CandidateInput) (Receipt, error) {
	kind := incident.CandidateKind(in.Kind)
	if !kind.Given() {
		return Receipt{}, problem.InvalidField("kind", "must be first_alert, ticket, report, finding or other; what upstream said is recorded as such")
	}
	return d.command(ctx, actor, key, access.IncidentCandidate, caseID, in, func(w *work) (Receipt, error) {
		id, err := d.candidate(ctx, w, kind, in.At, in.Zone, shown{Evidence: in.Evidence})
		return Receipt{ID: &id}, err
	})
}

func (d *Desk) candidate(ctx context.Context, w *work, kind incident.CandidateKind, at time.Time, zone string, evidence shown) (uuid.UUID, error) {
	id := newID()
	if _, err := d.pack.Zone(zone); err != nil {
		return id, err
	}
	who, err := uuid.Parse(w.actor.ID)
	if err != nil {
		return id, err
	}
	if err := w.apply(ctx, incident.AddCandidate{ID: id.String(), Kind: kind, At: at, Zone: zone, Evidence: evidence}); err != nil {
		return id, err
	}
	sealed, err := w.key.SealJSON(candidatePlace(id), evidence)
	if err != nil {
		return id, err
	}
	return id, w.InsertCandidate(ctx, store.Candidate{
		ID: id, Case: w.c.ID, Kind: string(kind), At: at, Zone: zone, RecordedAt: w.c.Now, RecordedBy: who, Sealed: sealed,
	})
}

// RecordUpstream records what a sub-processor or AI provider told us of an incident of its own. When they told us is a
// start fact and a candidate for our awareness; when they became aware is a candidate that starts no clock of ours.
func (d *Desk) RecordUpstream(ctx context.Context, actor access.Actor, key string, caseID uuid.UUID, in UpstreamInput) (Receipt, error) {
	return d.command(ctx, actor, key, access.IncidentUpstream, caseID, in, func(w *work) (Receipt, error) {
		return d.upstream(ctx, w, in)
	})
}

func (d *Desk) upstream(ctx context.Context, w *work, in UpstreamInput) (Receipt, error) {
	if _, err := d.pack.Zone(in.Zone); err != nil {
		return Receipt{}, err
	}
	if in.AwareAt != nil && in.AwareAt.After(in.ToldUsAt) {
		return Receipt{}, problem.InvalidField("aware_at", "lies after the instant at which they told us")
	}
	starts, err := w.Starts(ctx, w.c.ID)
	if err != nil {
		return Receipt{}, err
	}
	told := StartInput{Word: string(clock.StartNotifiedByOther), At: *utc(&in.ToldUsAt), Zone: in.Zone, Evidence: in.Evidence, Reason: in.Reason}
	current, known := starts[told.Word]
	moved := !known || !current.Equal(told.At)
	if moved {
		if err := w.recordStart(ctx, told, starts, incident.RecordStart{}); err != nil || w.pending() {
			return Receipt{Pending: true}, err
		}
	}
	said := UpstreamView{Who: in.Who, AwareAt: utc(in.AwareAt), ToldUsAt: told.At, Zone: in.Zone, Reference: in.Reference, Evidence: in.Evidence}
	if in.AwareAt != nil {
		if _, err := d.candidate(ctx, w, incident.UpstreamAware, *said.AwareAt, in.Zone, shown{Evidence: in.Evidence}); err != nil {
			return Receipt{}, err
		}
	}
	id, err := d.candidate(ctx, w, incident.UpstreamToldUs, told.At, in.Zone, shown{Evidence: in.Evidence, Upstream: &said})
	if err != nil || !moved {
		return Receipt{ID: &id}, err
	}
	_, err = d.start(ctx, w, told, starts)
	return Receipt{ID: &id}, err
}

// recordStart decides a start word against the instant on record; c says what is particular to the word.
func (w *work) recordStart(ctx context.Context, in StartInput, starts map[string]time.Time, c incident.RecordStart) error {
	c.Word, c.At, c.Zone, c.Evidence, c.Reason = in.Word, in.At, in.Zone, in.Evidence, in.Reason
	if current, ok := starts[in.Word]; ok {
		c.Current = &current
		if in.At.After(current) {
			if err := access.May(w.actor, access.IncidentAwareLater); err != nil {
				return err
			}
		}
	}
	return w.apply(ctx, c)
}

// choose fills in a start from the candidate that it names.
func (in *StartInput) choose(candidates []store.Candidate) (chosen string, err error) {
	if in.Candidate == nil {
		return "", nil
	}
	i := slices.IndexFunc(candidates, func(c store.Candidate) bool { return c.ID == *in.Candidate })
	switch {
	case i < 0:
		return "", problem.InvalidField("candidate", "the case has no such candidate; see the list of candidates")
	case candidates[i].Kind == string(incident.UpstreamAware):
		return "", problem.InvalidField("candidate", "is when upstream became aware, which starts no clock of ours; choose when they told us, or another one")
	case !in.At.IsZero() && !in.At.Equal(candidates[i].At):
		return "", problem.InvalidField("at", "differs from the candidate's instant %s: leave it out, or name no candidate", candidates[i].At.UTC().Format(time.RFC3339))
	}
	in.At, in.Zone = candidates[i].At, candidates[i].Zone
	return in.Candidate.String(), nil
}

// Candidates lists the instants that awareness may be counted from, in the order in which they were recorded.
func (d *Desk) Candidates(ctx context.Context, actor access.Actor, caseID uuid.UUID) (views []CandidateView, err error) {
	err = d.read(ctx, actor, access.CaseRead, caseID, func(tx *store.Tx, c store.Case, key seal.Key) error {
		views, err = candidateViews(ctx, tx, c, key)
		return err
	})
	return views, err
}

func candidateViews(ctx context.Context, tx *store.Tx, c store.Case, key seal.Key) ([]CandidateView, error) {
	candidates, err := tx.Candidates(ctx, c.ID)
	if err != nil {
		return nil, err
	}
	views := make([]CandidateView, 0, len(candidates))
	for _, one := range candidates {
		var evidence shown
		if err := key.OpenJSON(candidatePlace(one.ID), one.Sealed, &evidence); err != nil {
			return nil, err
		}
		views = append(views, CandidateView{
			ID: one.ID, Kind: one.Kind, At: one.At.UTC(), Zone: one.Zone, Evidence: evidence.Evidence, Upstream: evidence.Upstream,
			RecordedAt: one.RecordedAt.UTC(), RecordedBy: one.RecordedBy,
		})
	}
	return views, nil
}

// upstreamView is what upstream said last; nil where the incident is not from there.
func upstreamView(views []CandidateView) (last *UpstreamView) {
	for _, v := range views {
		if v.Upstream != nil {
			last = v.Upstream
		}
	}
	return last
}

func candidatePlace(id uuid.UUID) string { return "candidate/" + id.String() }
