package desk

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/atlascloudai/docket/core/cases/incident"
	"github.com/atlascloudai/docket/core/letters"
	"github.com/atlascloudai/docket/core/register"
	"github.com/atlascloudai/docket/core/seal"
	"github.com/atlascloudai/docket/store"
)

// telling is a case as the register tells it, from facts alone: the entries of its chain, its parties and its released
// notices. Reviews are no facts, and what is privileged cannot get here: nothing reads it.
type telling struct {
	breach register.Breach
	key    seal.Key
	// waived is by duty.
	waived map[string]register.Decision
	// proposed is who said the first of two words on the case's dismissal.
	proposed string
	// delays are reasons by duty; approved and late by notice, from its last approval and from what was explained beside it.
	delays, approved, late map[string][]string
}

func (d *Desk) tell(ctx context.Context, tx *store.Tx, c store.Case) (*telling, error) {
	key, err := d.caseKey(c)
	if err != nil && !errors.Is(err, seal.ErrShredded) {
		return nil, err
	}
	view, err := caseView(c, key)
	if err != nil {
		return nil, err
	}
	t := &telling{key: key, waived: map[string]register.Decision{}, delays: map[string][]string{}, approved: map[string][]string{}, late: map[string][]string{}}
	t.breach = register.Breach{
		Case: c.ID.String(), Code: c.Code, Status: c.Status, Verdict: string(view.State.Verdict), Severity: string(view.State.Severity),
		Title: view.Title, Summary: view.Summary, Erased: view.Erased, DetectedAt: view.OpenedAt, Assessment: string(view.State.Assessment),
		Assessments: []register.Assessment{}, Instants: []register.Instant{}, Candidates: []register.Candidate{}, Effects: []register.Effect{}, Measures: []register.Measure{}, Decisions: []register.Decision{},
	}
	var seq int64
	for {
		entries, err := tx.Timeline(ctx, c.ID, seq, maxPageSize)
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			seq = e.Seq
			if err := t.hear(c.ID, e); err != nil {
				return nil, err
			}
		}
		if len(entries) < maxPageSize {
			break
		}
	}
	if n := len(t.breach.Assessments); t.breach.Assessment == string(incident.NotAssessed) && n > 0 {
		t.breach.Assessment = t.breach.Assessments[n-1].Assessment
	}
	if err := t.notified(ctx, tx, c.ID); err != nil {
		return nil, err
	}
	if t.breach.Customers, err = tx.AffectedCustomers(ctx, c.ID); err != nil {
		return nil, err
	}
	t.breach.Affected, err = affected(ctx, tx, c.ID)
	return t, err
}

// told is what entries say in clear, and in their sealed content.
type told struct {
	Word, Zone, Party, Rule, Duty, Exemption, Verdict, Risk, Notice, Governs, Form, Chosen string
	// ProposedBy is who waived first, Until how long an authority's request counts.
	ProposedBy string `json:"proposed_by"`
	Until      *time.Time
	// Before is the earlier instant of a start, or the earlier assessment of the risk.
	Before          json.RawMessage
	Required        bool
	SuspectedBreach bool `json:"suspected_breach"`
	Count           int
	// The content.
	Evidence, Reason, Note, Recovery, Agency string
	// DelayReason is a text, or the printed one by language.
	DelayReason json.RawMessage `json:"delay_reason"`
}

// delay is why something came late, in one of the languages in which that was said.
func (t told) delay() string {
	var text string
	var byLanguage map[string]string
	if json.Unmarshal(t.DelayReason, &text) != nil && json.Unmarshal(t.DelayReason, &byLanguage) == nil {
		for _, language := range slices.Sorted(maps.Keys(byLanguage)) {
			return byLanguage[language]
		}
	}
	return text
}

// hear takes one entry of the chain.
func (t *telling) hear(caseID uuid.UUID, e store.Entry) error {
	switch e.Kind {
	case "incident.opened", "incident.triaged", "incident.dismissed", "incident.contained", "incident.eradicated", "incident.recovered",
		"incident.resolved", "start.recorded", "breach.ruled_out", "party.ruled_out", "duties.decided", "duty.waived", "duty.filed",
		"duty.delayed", "duty.required_again", "risk.assessed", "notice.approved", "notice.delay_explained", "duties.start_chosen",
		"exemptions.confirmed", "incident.dismissal_proposed":
	case "candidate.recorded":
		return t.candidate(caseID, e)
	default:
		return nil
	}
	var said told
	if err := json.Unmarshal(e.Body, &said); err != nil {
		return fmt.Errorf("cannot read entry %d: %w", e.Seq, err)
	}
	if e.Sealed != nil && !t.breach.Erased {
		if err := t.key.OpenJSON(timelinePlace(caseID, e.Kind), e.Sealed, &said); err != nil {
			return fmt.Errorf("cannot open entry %d: %w", e.Seq, err)
		}
	}
	b := &t.breach
	switch e.Kind {
	case "incident.opened", "incident.triaged":
		if said.SuspectedBreach && len(b.Assessments) == 0 {
			t.assess(incident.Suspected, e, "")
		}
	case "start.recorded":
		if said.Party == "" {
			t.started(said, e)
		}
	case "breach.ruled_out":
		t.assess(incident.RuledOut, e, said.Reason)
	case "incident.contained", "incident.eradicated", "incident.recovered", "incident.resolved":
		b.Measures = append(b.Measures, register.Measure{
			Measure: strings.TrimPrefix(e.Kind, "incident."), At: e.HappenedAt, RecordedAt: e.RecordedAt, Text: said.Note + said.Recovery, Entry: e.Seq,
		})
	case "duty.filed":
		if why := said.delay(); why != "" {
			t.delays[said.Duty] = append(t.delays[said.Duty], why)
		}
	case "notice.approved":
		delete(t.approved, said.Notice) // An edit voided the approval before, and its reason with it.
		if why := said.delay(); why != "" {
			t.approved[said.Notice] = []string{why}
		}
	case "notice.delay_explained":
		if why := said.delay(); why != "" {
			t.late[said.Notice] = append(t.late[said.Notice], why)
		}
	case "incident.dismissal_proposed":
		t.proposed = e.Actor
	default:
		t.decided(said, e)
	}
	return nil
}

// decided takes a decision; it is named after its entry where nothing else is said here.
func (t *telling) decided(said told, e store.Entry) {
	_, name, _ := strings.Cut(e.Kind, ".")
	decision := register.Decision{Decision: name, At: e.HappenedAt, Rule: said.Rule, Duty: said.Duty, Count: said.Count, Reason: said.Reason, By: []string{e.Actor}, Entry: e.Seq}
	first := ""
	switch e.Kind {
	case "risk.assessed":
		decision.Decision, decision.Outcome = "risk_assessed", said.Risk
	case "duty.delayed":
		decision.Outcome, decision.Until, decision.Agency = said.Form, utc(said.Until), said.Agency
	case "duty.required_again":
		delete(t.waived, said.Duty)
	case "duty.waived":
		decision.Exemption, first = said.Exemption, said.ProposedBy
		t.waived[said.Duty] = decision
	case "duties.decided":
		if said.Required {
			return
		}
		decision.Decision = "not_required"
	case "exemptions.confirmed":
		decision.Decision = "exemption_confirmed"
	case "duties.start_chosen":
		decision.Outcome = said.Governs
	case "party.ruled_out":
		decision.Decision = "party_ruled_out"
	case "incident.dismissed":
		decision.Outcome, first = said.Verdict, t.proposed
	}
	if first != "" && first != e.Actor {
		decision.By = []string{first, e.Actor}
	}
	t.breach.Decisions = append(t.breach.Decisions, decision)
}

// candidate takes an instant that awareness may be counted from, with what upstream said.
func (t *telling) candidate(caseID uuid.UUID, e store.Entry) error {
	var body struct{ Candidate, Kind, Zone string }
	var content struct{ Evidence shown }
	if err := json.Unmarshal(e.Body, &body); err != nil {
		return fmt.Errorf("cannot read entry %d: %w", e.Seq, err)
	}
	if !t.breach.Erased {
		if err := t.key.OpenJSON(timelinePlace(caseID, e.Kind), e.Sealed, &content); err != nil {
			return fmt.Errorf("cannot open entry %d: %w", e.Seq, err)
		}
	}
	line := register.Candidate{
		ID: body.Candidate, Candidate: body.Kind, At: e.HappenedAt, Zone: body.Zone, RecordedAt: e.RecordedAt, Evidence: content.Evidence.Evidence, Entry: e.Seq,
	}
	if upstream := content.Evidence.Upstream; upstream != nil {
		line.Who, line.Reference = upstream.Who, upstream.Reference
	}
	t.breach.Candidates = append(t.breach.Candidates, line)
	return nil
}

func (t *telling) assess(to incident.Assessment, e store.Entry, reason string) {
	t.breach.Assessments = append(t.breach.Assessments, register.Assessment{Assessment: string(to), At: e.HappenedAt, RecordedAt: e.RecordedAt, Reason: reason, Entry: e.Seq})
}

// started takes a start fact; the one of the same word before it is superseded and stays.
func (t *telling) started(said told, e store.Entry) {
	b := &t.breach
	var earlier *time.Time
	if err := json.Unmarshal(said.Before, &earlier); err != nil {
		earlier = nil // There was none.
	}
	for i := range b.Instants {
		if b.Instants[i].Word == said.Word {
			b.Instants[i].State = "superseded"
		}
	}
	b.Instants = append(b.Instants, register.Instant{
		Word: said.Word, State: "standing", At: e.HappenedAt, Zone: said.Zone, RecordedAt: e.RecordedAt, Earlier: utc(earlier), Evidence: said.Evidence, Reason: said.Reason, Chosen: said.Chosen, Entry: e.Seq,
	})
	var last string
	if n := len(b.Assessments); n > 0 {
		last = b.Assessments[n-1].Assessment
	}
	switch said.Word {
	case "aware_processor", "aware_controller":
		if last != string(incident.Aware) {
			t.assess(incident.Aware, e, "")
		}
	case "suspected":
		if last == "" {
			t.assess(incident.Suspected, e, "")
		}
	}
}

// notified takes effects and measures from the notices that were released: what the company said it knew.
func (t *telling) notified(ctx context.Context, tx *store.Tx, caseID uuid.UUID) error {
	if t.breach.Erased {
		return nil
	}
	notices, err := tx.Notices(ctx, caseID)
	if err != nil {
		return err
	}
	for _, n := range notices {
		if n.ApprovedAt == nil || n.State != noticeReleased && n.State != noticeReleasing {
			continue
		}
		text, err := textOf(t.key, n)
		if err != nil {
			return err
		}
		elements := text.Languages[text.Fallback].Elements
		if said := answered(elements[letters.LikelyConsequences]); said != "" {
			t.breach.Effects = append(t.breach.Effects, register.Effect{Notice: n.ID.String(), At: n.ApprovedAt.UTC(), Text: said})
		}
		if said := answered(elements[letters.MeasuresTaken]); said != "" {
			t.breach.Measures = append(t.breach.Measures, register.Measure{Measure: "as_notified", At: n.ApprovedAt.UTC(), RecordedAt: n.ApprovedAt.UTC(), Text: said})
		}
	}
	return nil
}

func answered(f letters.Fill) string {
	if f.State == letters.NotApplicable {
		return f.Reason
	}
	return f.Text
}

// affected adds up what each wave found: parties of one kind, service, certainty and of what was touched are one line.
func affected(ctx context.Context, tx *store.Tx, caseID uuid.UUID) ([]register.Affected, error) {
	groups := map[string]*register.Affected{}
	after := uuid.Nil
	for {
		parties, err := tx.Parties(ctx, caseID, after, maxPageSize)
		if err != nil {
			return nil, err
		}
		for _, p := range parties {
			after = p.ID
			var body partyBody
			if err := json.Unmarshal(p.Body, &body); err != nil {
				return nil, fmt.Errorf("cannot read the party: %w", err)
			}
			touched := texts(body.Touched)
			slices.Sort(touched)
			name := fmt.Sprintf("%06d\x00%s\x00%s\x00%s\x00%s", p.Wave, p.Kind, p.Service, p.Certainty, strings.Join(touched, "\x00"))
			if groups[name] == nil {
				groups[name] = &register.Affected{Wave: p.Wave, Kind: p.Kind, Service: p.Service, Certainty: p.Certainty, Touched: touched, People: map[string]int64{}, Numbers: map[string]int64{}}
			}
			addParty(groups[name], body)
		}
		if len(parties) < maxPageSize {
			break
		}
	}
	lines := make([]register.Affected, 0, len(groups))
	for _, g := range groups {
		lines = append(lines, *g)
	}
	slices.SortFunc(lines, func(a, b register.Affected) int {
		return cmp.Or(cmp.Compare(a.Wave, b.Wave), strings.Compare(a.Kind, b.Kind), strings.Compare(a.Service, b.Service), strings.Compare(a.Certainty, b.Certainty), slices.Compare(a.Touched, b.Touched))
	})
	return lines, nil
}

func addParty(g *register.Affected, body partyBody) {
	g.Parties++
	for country, n := range body.People {
		g.People[country] += int64(n)
	}
	for category, n := range body.Numbers {
		g.Numbers[category] += n
	}
	if body.From != nil && (g.From == nil || body.From.Before(*g.From)) {
		g.From = utc(body.From)
	}
	if body.To != nil && (g.To == nil || body.To.After(*g.To)) {
		g.To = utc(body.To)
	}
}
