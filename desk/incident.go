package desk

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/google/uuid"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/cases/incident"
	"github.com/atlascloudai/docket/core/clock"
	"github.com/atlascloudai/docket/core/problem"
	"github.com/atlascloudai/docket/store"
)

// content is what a case's sealed column holds.
type content struct {
	Title   string `json:"title"`
	Summary string `json:"summary"`
}

// Open opens an incident: one transaction, whether or not anything else is up.
func (d *Desk) Open(ctx context.Context, actor access.Actor, key string, in OpenInput) (Receipt, error) {
	if err := access.May(actor, access.CaseOpen); err != nil {
		return Receipt{}, err
	}
	if err := checkTitle(in.Title); err != nil {
		return Receipt{}, err
	}
	digest, err := digestOf(uuid.Nil, in)
	if err != nil {
		return Receipt{}, err
	}
	var receipt Receipt
	kept := false
	for range 5 { // A short code may be taken already; the next one is as good.
		err = d.store.Do(ctx, func(tx *store.Tx) error {
			return once(ctx, tx, actor, key, string(access.CaseOpen), digest, &receipt, func() error {
				receipt, err = d.open(ctx, tx, actor, in)
				kept = err == nil
				return err
			})
		})
		if constraint, taken := store.Unique(err); !taken || constraint != "cases_code_key" {
			break
		}
	}
	if err == nil && kept { // A receipt that was only told again kept nothing.
		d.packKept.Store(true)
	}
	return receipt, err
}

func (d *Desk) open(ctx context.Context, tx *store.Tx, actor access.Actor, in OpenInput) (Receipt, error) {
	now, err := tx.Now(ctx)
	if err != nil {
		return Receipt{}, err
	}
	detected := now
	if in.DetectedAt != nil {
		if detected = *in.DetectedAt; detected.After(now) {
			return Receipt{}, problem.InvalidField("detected_at", "lies in the future")
		}
	}
	state := incident.State{
		Status: incident.New, Severity: incident.Severity(in.Severity), SuspectedBreach: in.SuspectedBreach,
		Assessment: incident.NotAssessed, OpenedBy: actor.ID,
	}
	if in.SuspectedBreach {
		state.Assessment = incident.Suspected
	}
	words := content{Title: in.Title, Summary: in.Summary}
	w, err := d.begin(ctx, tx, actor, store.Case{Kind: KindIncident, Code: shortCode(), Status: string(state.Status), Restricted: in.Restricted, Drill: in.Drill, OpenedAt: detected, Now: now}, state, words)
	if err != nil {
		return Receipt{}, err
	}
	if in.Restricted {
		who, err := uuid.Parse(actor.ID)
		if err != nil {
			return Receipt{}, err
		}
		if err := tx.SetMembers(ctx, w.c.ID, []uuid.UUID{who}); err != nil {
			return Receipt{}, err
		}
	}
	w.write("incident.opened", detected, map[string]any{
		"code": w.c.Code, "severity": in.Severity, "suspected_breach": in.SuspectedBreach, "restricted": in.Restricted, "drill": in.Drill,
		"pack_version": d.pack.Version,
	}, words)
	if in.Upstream != nil {
		if _, err := d.upstream(ctx, w, *in.Upstream); err != nil {
			return Receipt{}, err
		}
	}
	if err := w.save(ctx); err != nil {
		return Receipt{}, err
	}
	return w.opened(), nil
}

// shortCode is what people say: random, never running, without letters that are mistaken for others.
func shortCode() string {
	const alphabet = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
	random := make([]byte, 5)
	rand.Read(random)
	for i, b := range random {
		random[i] = alphabet[int(b)%len(alphabet)]
	}
	return "INC-" + string(random)
}

// simple decides a command that changes nothing but the machine's state.
func (d *Desk) simple(ctx context.Context, actor access.Actor, key string, action access.Action, caseID uuid.UUID, in any, c incident.Command) (Receipt, error) {
	return d.command(ctx, actor, key, action, caseID, in, func(w *work) (Receipt, error) {
		if err := w.apply(ctx, c); err != nil {
			return Receipt{}, err
		}
		return Receipt{Pending: w.pending()}, nil
	})
}

// Triage takes an incident up.
func (d *Desk) Triage(ctx context.Context, actor access.Actor, key string, caseID uuid.UUID, in TriageInput) (Receipt, error) {
	return d.simple(ctx, actor, key, access.IncidentTriage, caseID, in, incident.Triage{Severity: incident.Severity(in.Severity), SuspectedBreach: in.SuspectedBreach})
}

// Dismiss ends what was no incident.
func (d *Desk) Dismiss(ctx context.Context, actor access.Actor, key string, caseID uuid.UUID, in DismissInput) (Receipt, error) {
	return d.simple(ctx, actor, key, access.IncidentDismiss, caseID, in, incident.Dismiss{Verdict: incident.Verdict(in.Verdict), Reason: in.Reason})
}

// Declare makes it an incident with a severity and a commander.
func (d *Desk) Declare(ctx context.Context, actor access.Actor, key string, caseID uuid.UUID, in DeclareInput) (Receipt, error) {
	return d.command(ctx, actor, key, access.IncidentDeclare, caseID, in, func(w *work) (Receipt, error) {
		commander, err := w.person(ctx, "commander", in.Commander)
		if err != nil {
			return Receipt{}, err
		}
		if err := w.apply(ctx, incident.Declare{Severity: incident.Severity(in.Severity), Commander: commander}); err != nil {
			return Receipt{}, err
		}
		return Receipt{}, w.admit(ctx)
	})
}

// Assign hands the command of an incident over.
func (d *Desk) Assign(ctx context.Context, actor access.Actor, key string, caseID uuid.UUID, in AssignInput) (Receipt, error) {
	return d.command(ctx, actor, key, access.IncidentAssign, caseID, in, func(w *work) (Receipt, error) {
		commander, err := w.person(ctx, "commander", in.Commander)
		if err != nil {
			return Receipt{}, err
		}
		if err := w.apply(ctx, incident.Assign{Commander: commander}); err != nil {
			return Receipt{}, err
		}
		return Receipt{}, w.admit(ctx)
	})
}

// admit lets the commander see a restricted case.
func (w *work) admit(ctx context.Context) error {
	commander, err := uuid.Parse(w.state.Commander)
	if err != nil {
		return fmt.Errorf("cannot read the commander's id: %w", err)
	}
	return w.AddMember(ctx, w.c.ID, commander)
}

// person turns a handle into an id; an empty handle stays empty.
func (w *work) person(ctx context.Context, field, handle string) (string, error) {
	if handle == "" {
		return "", nil
	}
	p, err := w.PrincipalByHandle(ctx, handle)
	if problem.CodeOf(err) == problem.NotFound {
		return "", problem.InvalidField(field, "nobody has the handle %q", handle)
	}
	return p.ID.String(), err
}

// RuleOut says that there was no breach.
func (d *Desk) RuleOut(ctx context.Context, actor access.Actor, key string, caseID uuid.UUID, in RuleOutInput) (Receipt, error) {
	return d.simple(ctx, actor, key, access.IncidentRuleOut, caseID, in, incident.RuleOut{Reason: in.Reason})
}

// RecordTechnical records that the incident was contained, eradicated or recovered from.
func (d *Desk) RecordTechnical(ctx context.Context, actor access.Actor, key string, caseID uuid.UUID, in TechnicalInput) (Receipt, error) {
	return d.command(ctx, actor, key, access.IncidentMilestone, caseID, in, func(w *work) (Receipt, error) {
		at := w.c.Now
		if in.At != nil {
			at = *in.At
		}
		return Receipt{}, w.apply(ctx, incident.Technical{Milestone: in.Milestone, At: at, Note: in.Note})
	})
}

// Resolve ends the technical work; duties go on.
func (d *Desk) Resolve(ctx context.Context, actor access.Actor, key string, caseID uuid.UUID, in ResolveInput) (Receipt, error) {
	return d.simple(ctx, actor, key, access.IncidentResolve, caseID, in, incident.Resolve{Recovery: in.Recovery})
}

// Review finishes or waives the post-incident review.
func (d *Desk) Review(ctx context.Context, actor access.Actor, key string, caseID uuid.UUID, in ReviewInput) (Receipt, error) {
	return d.simple(ctx, actor, key, access.IncidentReview, caseID, in, incident.Review{Waive: in.Waive, Note: in.Note})
}

// Close closes the case, or names everything that is in the way.
func (d *Desk) Close(ctx context.Context, actor access.Actor, key string, caseID uuid.UUID, in CloseInput) (Receipt, error) {
	return d.simple(ctx, actor, key, access.IncidentClose, caseID, in, incident.Close{})
}

// Reopen takes a case up again; awareness and clocks stay.
func (d *Desk) Reopen(ctx context.Context, actor access.Actor, key string, caseID uuid.UUID, in ReasonInput) (Receipt, error) {
	return d.command(ctx, actor, key, access.IncidentReopen, caseID, in, func(w *work) (Receipt, error) {
		if err := w.apply(ctx, incident.Reopen{Reason: in.Reason}); err != nil {
			return Receipt{}, err
		}
		return Receipt{}, d.factsChanged(ctx, w, "reopened")
	})
}

// Restrict says who may see a case; the caller is always among them.
func (d *Desk) Restrict(ctx context.Context, actor access.Actor, key string, caseID uuid.UUID, in RestrictInput) (Receipt, error) {
	return d.command(ctx, actor, key, access.IncidentRestrict, caseID, in, func(w *work) (Receipt, error) {
		who, err := uuid.Parse(w.actor.ID)
		if err != nil {
			return Receipt{}, err
		}
		members := []uuid.UUID{who}
		for _, handle := range in.Members {
			id, err := w.person(ctx, "members", handle)
			if err != nil {
				return Receipt{}, err
			}
			members = append(members, uuid.MustParse(id))
		}
		w.c.Restricted = in.Restricted
		w.write("case.restricted", time.Time{}, map[string]any{"restricted": in.Restricted, "members": members}, nil)
		return Receipt{Count: len(members)}, w.SetMembers(ctx, w.c.ID, members)
	})
}

// EditSummary replaces title and summary, unless somebody else did so since they were read.
func (d *Desk) EditSummary(ctx context.Context, actor access.Actor, key string, caseID uuid.UUID, in SummaryInput) (Receipt, error) {
	return d.command(ctx, actor, key, access.CaseSummary, caseID, in, func(w *work) (Receipt, error) {
		if in.IfMatch != w.c.SummaryVersion {
			return Receipt{}, stale(w.c.SummaryVersion)
		}
		if err := checkTitle(in.Title); err != nil {
			return Receipt{}, err
		}
		words := content{Title: in.Title, Summary: in.Summary}
		sealed, err := w.key.SealJSON(casePlace(w.c.ID), words)
		if err != nil {
			return Receipt{}, err
		}
		w.c.Sealed = sealed
		w.c.SummaryVersion++
		w.write("case.summary_edited", time.Time{}, map[string]any{"version": w.c.SummaryVersion}, words)
		return Receipt{Version: w.c.SummaryVersion}, nil
	})
}

// checkTitle wants one line of text that a list can show.
func checkTitle(title string) error {
	if strings.TrimSpace(title) == "" || strings.ContainsFunc(title, unicode.IsControl) {
		return problem.InvalidField("title", "say in one line what happened")
	}
	return nil
}

func stale(version int) error {
	return problem.New(problem.Stale, "somebody else changed it: it is at version %d; read it again and merge", version)
}

// AdvanceClock moves a drill's clock forward and rings everything that may be due by then.
func (d *Desk) AdvanceClock(ctx context.Context, actor access.Actor, key string, caseID uuid.UUID, in AdvanceInput) (Receipt, error) {
	return d.command(ctx, actor, key, access.ClockAdvance, caseID, in, func(w *work) (Receipt, error) {
		if !w.c.Drill {
			return Receipt{}, problem.Blocked(problem.Blocker{Code: "not_a_drill", Detail: "only a drill's clock can be moved"})
		}
		to := in.To
		if to == nil {
			next, err := w.NextInstant(ctx, w.c.ID, w.c.Offset)
			if err != nil {
				return Receipt{}, err
			}
			if to = next; to == nil {
				return Receipt{}, problem.Blocked(problem.Blocker{Code: "nothing_ahead", Detail: "no milestone lies ahead; name an instant to move to"})
			}
		}
		if to.After(w.c.Now.AddDate(10, 0, 0)) {
			return Receipt{}, problem.InvalidField("to", "lies more than ten years ahead")
		}
		if step := to.Sub(w.c.Now); step > 0 {
			w.c.Offset += step
		} else if in.To != nil {
			return Receipt{}, problem.InvalidField("to", "lies in the past of the case; its clock only goes forward")
		}
		w.write("clock.advanced", *to, map[string]any{"to": to.UTC()}, nil)
		return Receipt{}, w.RingCase(ctx, w.c.ID)
	})
}

// RecordStart records when a start word became true, and derives every clock again that it starts.
func (d *Desk) RecordStart(ctx context.Context, actor access.Actor, key string, caseID uuid.UUID, in StartInput) (Receipt, error) {
	action := access.IncidentAware
	if in.Word == "confirmed_processor" {
		action = access.IncidentConfirm
	}
	if !clock.StartWord(in.Word).Known() {
		return Receipt{}, problem.InvalidField("word", "%q starts no clock; see the list of start words", in.Word)
	}
	return d.command(ctx, actor, key, action, caseID, in, func(w *work) (Receipt, error) {
		candidates, err := w.Candidates(ctx, w.c.ID)
		if err != nil {
			return Receipt{}, err
		}
		chosen, err := in.choose(candidates)
		if err != nil {
			return Receipt{}, err
		}
		if _, err := d.pack.Zone(in.Zone); err != nil {
			return Receipt{}, err
		}
		starts, err := w.Starts(ctx, w.c.ID)
		if err != nil {
			return Receipt{}, err
		}
		err = w.recordStart(ctx, in, starts, incident.RecordStart{
			Breach: in.Word == "aware_processor" || in.Word == "aware_controller", Confirms: in.Word == "confirmed_processor",
			Candidates: ids(candidates, func(c store.Candidate) string { return c.ID.String() }), Chosen: chosen,
		})
		if err != nil || w.pending() {
			return Receipt{Pending: true}, err
		}
		return d.start(ctx, w, in, starts)
	})
}

func (d *Desk) start(ctx context.Context, w *work, in StartInput, starts map[string]time.Time) (Receipt, error) {
	who, err := uuid.Parse(w.actor.ID)
	if err != nil {
		return Receipt{}, errors.New("cannot record a start: only people and machines do")
	}
	id := newID()
	sealed, err := w.key.SealJSON(factPlace(id), map[string]string{"evidence": in.Evidence, "reason": in.Reason})
	if err != nil {
		return Receipt{}, err
	}
	err = w.RecordFact(ctx, store.Fact{
		ID: id, Case: w.c.ID, Word: in.Word, HappenedAt: in.At, Zone: in.Zone, RecordedAt: w.c.Now, RecordedBy: who, Sealed: sealed,
	})
	if err != nil {
		return Receipt{}, err
	}
	starts[in.Word] = in.At
	before, err := w.Counts(ctx, w.c.ID)
	if err != nil {
		return Receipt{}, err
	}
	beside, err := w.StartedBy(ctx, w.c.ID, in.Word)
	if err != nil {
		return Receipt{}, err
	}
	these := store.DutyFilter{Word: in.Word, Beside: beside, States: []string{"proposed", "required", "met"}}
	moved, err := d.rederive(ctx, w, starts, these, "", "start "+in.Word+" recorded")
	if err != nil {
		return Receipt{}, err
	}
	if word := clock.StartWord(in.Word); word.Aware() {
		capped, err := d.rederiveCapped(ctx, w, starts, "start "+in.Word+" recorded")
		if err != nil {
			return Receipt{}, err
		}
		moved += capped
	} else if word.Contingent() {
		if _, err := d.proposeToAll(ctx, w, word); err != nil {
			return Receipt{}, err
		}
	}
	if err := d.factsChanged(ctx, w, "start "+in.Word); err != nil {
		return Receipt{}, err
	}
	after, err := w.Counts(ctx, w.c.ID)
	if err == nil && after.UndecidedStarts > before.UndecidedStarts {
		err = d.raise(ctx, w, undecidedRaise(w, after.UndecidedStarts))
	}
	return Receipt{ID: &id, Count: moved}, err
}
