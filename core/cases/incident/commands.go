package incident

import (
	"fmt"
	"slices"
	"time"

	"github.com/atlascloudai/docket/core/cases"
	"github.com/atlascloudai/docket/core/problem"
)

// Decision is what a command is decided on: the state, the counts, who and when.
type Decision struct {
	State  State
	Counts Counts
	// Actor is the id of who decides; PrivacyLead whether that person holds the role.
	Actor       string
	PrivacyLead bool
	// Now is case time, taken once after the case was locked.
	Now time.Time

	events []cases.Event
}

// Command is one decision about an incident.
type Command interface{ decide(d *Decision) error }

// Apply decides one command: the new state and what to write, or a refusal with named blockers that changes nothing.
func Apply(d Decision, c Command) (State, []cases.Event, error) {
	pending := d.State.Pending
	d.State.Pending = make(map[string]Pending, len(pending))
	for k, v := range pending {
		d.State.Pending[k] = v
	}
	d.events = nil
	if err := c.decide(&d); err != nil {
		return State{}, nil, err
	}
	return d.State, d.events, nil
}

func (d *Decision) write(kind string, at time.Time, body, content any) {
	d.events = append(d.events, cases.Event{Kind: kind, HappenedAt: at, Body: body, Content: content})
}

func (d *Decision) in(what string, allowed ...Status) error {
	if slices.Contains(allowed, d.State.Status) {
		return nil
	}
	return problem.Blocked(problem.Blocker{
		Code:   "wrong_status",
		Detail: fmt.Sprintf("%s is not possible while the incident is %s; it is possible in %v", what, d.State.Status, allowed),
	})
}

// second reports whether this is the second person's word on the same matter; the first word is kept as pending.
func (d *Decision) second(matter, value string) bool {
	first, ok := d.State.Pending[matter]
	if ok && first.Value == value && first.By != d.Actor {
		delete(d.State.Pending, matter)
		return true
	}
	d.State.Pending[matter] = Pending{By: d.Actor, Value: value, PrivacyLead: d.PrivacyLead}
	return false
}

func needReason(reason string) error {
	if reason == "" {
		return problem.InvalidField("reason", "say why: the reason is part of the record")
	}
	return nil
}

func needSeverity(severity Severity) error {
	if severityRank[severity] == 0 {
		return problem.InvalidField("severity", "must be one of low, medium, high, critical")
	}
	return nil
}

// Triage is somebody taking the incident up; severity and suspicion may be given with it.
type Triage struct {
	Severity        Severity
	SuspectedBreach bool
}

func (c Triage) decide(d *Decision) error {
	if err := d.in("triage", New, InTriage); err != nil {
		return err
	}
	if c.Severity != "" {
		if err := needSeverity(c.Severity); err != nil {
			return err
		}
		d.State.Severity = c.Severity
	}
	d.State.SuspectedBreach = d.State.SuspectedBreach || c.SuspectedBreach
	if d.State.SuspectedBreach && d.State.Assessment == NotAssessed {
		d.State.Assessment = Suspected
	}
	d.State.Status = InTriage
	d.State.Triaged.Mark(d.Now)
	d.write("incident.triaged", d.Now, map[string]any{"severity": d.State.Severity, "suspected_breach": d.State.SuspectedBreach}, nil)
	return nil
}

// Dismiss ends what turned out to be no incident. With severity high or above, or a suspected breach, it takes two people.
type Dismiss struct {
	Verdict Verdict
	Reason  string
}

func (c Dismiss) decide(d *Decision) error {
	if err := d.in("dismissal", New, InTriage); err != nil {
		return err
	}
	if !verdicts[c.Verdict] {
		return problem.InvalidField("verdict", "must be one of false_positive, benign, test, insufficient_data, managed_externally")
	}
	if err := needReason(c.Reason); err != nil {
		return err
	}
	if d.Counts.OpenDuties > 0 {
		return problem.Blocked(openDuties(d.Counts))
	}
	body := map[string]any{"verdict": c.Verdict}
	content := map[string]any{"reason": c.Reason}
	weighty := severityRank[d.State.Severity] >= severityRank[High] || d.State.SuspectedBreach
	if weighty && !d.second("dismiss", string(c.Verdict)) {
		d.write("incident.dismissal_proposed", d.Now, body, content)
		return nil
	}
	d.State.Status, d.State.Verdict = Dismissed, c.Verdict
	d.write("incident.dismissed", d.Now, body, content)
	return nil
}

// Declare makes it an incident: a severity and a commander are set from here on.
type Declare struct {
	Severity  Severity
	Commander string
}

func (c Declare) decide(d *Decision) error {
	if err := d.in("declaring", New, InTriage); err != nil {
		return err
	}
	if c.Severity == "" {
		c.Severity = d.State.Severity
	}
	if err := needSeverity(c.Severity); err != nil {
		return err
	}
	if c.Commander == "" {
		c.Commander = d.Actor
	}
	d.State.Status, d.State.Severity, d.State.Commander = Active, c.Severity, c.Commander
	d.State.Declared.Mark(d.Now)
	d.write("incident.declared", d.Now, map[string]any{"severity": c.Severity, "commander": c.Commander}, nil)
	return nil
}

// Technical records that the incident was contained, eradicated or recovered from.
type Technical struct {
	Milestone string
	At        time.Time
	Note      string
}

func (c Technical) decide(d *Decision) error {
	if err := d.in("recording technical work", Active, Resolved); err != nil {
		return err
	}
	if c.At.After(d.Now) {
		return problem.InvalidField("at", "lies in the future; record it once it has happened")
	}
	spans := map[string]*cases.Span{
		MilestoneContained: &d.State.Contained, MilestoneEradicated: &d.State.Eradicated, MilestoneRecovered: &d.State.Recovered,
	}
	span, ok := spans[c.Milestone]
	if !ok {
		return problem.InvalidField("milestone", "must be contained, eradicated or recovered")
	}
	span.Mark(c.At)
	d.write("incident."+c.Milestone, c.At, struct{}{}, map[string]any{"note": c.Note})
	return nil
}

// Assign hands command of the incident over; there is exactly one commander.
type Assign struct{ Commander string }

func (c Assign) decide(d *Decision) error {
	if c.Commander == "" {
		return problem.InvalidField("commander", "name the person who takes over")
	}
	d.write("incident.assigned", d.Now, map[string]any{"commander": c.Commander, "before": d.State.Commander}, nil)
	d.State.Commander = c.Commander
	return nil
}

// Resolve says that the technical work is done. Duties go on.
type Resolve struct{ Recovery string }

func (c Resolve) decide(d *Decision) error {
	if err := d.in("resolving", Active); err != nil {
		return err
	}
	if c.Recovery == "" {
		return problem.InvalidField("recovery", "note how service was recovered")
	}
	if d.State.Contained.First == nil {
		return problem.Blocked(problem.Blocker{Code: "not_contained", Detail: "record when the incident was contained"})
	}
	d.State.Status = Resolved
	d.State.ResolvedAt.Mark(d.Now)
	d.write("incident.resolved", d.Now, struct{}{}, map[string]any{"recovery": c.Recovery})
	return nil
}

// Review finishes the post-incident review, or waives it with a reason.
type Review struct {
	Waive bool
	Note  string
}

func (c Review) decide(d *Decision) error {
	if err := d.in("the review", Resolved); err != nil {
		return err
	}
	if c.Note == "" {
		return problem.InvalidField("note", "give the review's result, or why it is waived")
	}
	d.State.Review = "finished"
	if c.Waive {
		d.State.Review = "waived"
	}
	d.write("incident.review_"+d.State.Review, d.Now, struct{}{}, map[string]any{"note": c.Note})
	return nil
}

// Close ends the case. Everything in its way is named at once. Where a breach was assessed
// the commander's word is the resolving and the privacy lead's word is the closing.
type Close struct{}

func (c Close) decide(d *Decision) error {
	var blockers []problem.Blocker
	add := func(when bool, b problem.Blocker) {
		if when {
			blockers = append(blockers, b)
		}
	}
	add(d.State.Status != Resolved, problem.Blocker{Code: "not_resolved", Detail: "resolve the incident first; it is " + string(d.State.Status)})
	add(d.Counts.OpenDuties > 0, openDuties(d.Counts))
	add(d.Counts.UndecidedStarts > 0, problem.Blocker{Code: "undecided_starts", Count: d.Counts.UndecidedStarts,
		Detail: "counsel has to choose which instant governs for the parties found later"})
	add(d.Counts.DraftNotices > 0, problem.Blocker{Code: "draft_notices", Count: d.Counts.DraftNotices, Ref: d.Counts.FirstDraft,
		Detail: "release or withdraw the notices that are not released"})
	add(d.Counts.RunningCampaigns > 0, problem.Blocker{Code: "running_campaigns", Count: d.Counts.RunningCampaigns, Detail: "wait for the sending to end, or stop it"})
	add(d.Counts.UnknownOutcomes > 0, problem.Blocker{Code: "unknown_outcomes", Count: d.Counts.UnknownOutcomes, Detail: "settle the deliveries whose outcome could not be seen"})
	add(d.Counts.ExemptionsToReview > 0, problem.Blocker{Code: "exemptions_to_review", Count: d.Counts.ExemptionsToReview,
		Detail: "facts changed since these duties were found not to be owed: confirm that, or make them required again"})
	breach := d.State.Assessment == Aware
	add((severityRank[d.State.Severity] >= severityRank[Medium] || breach) && d.State.Review == "",
		problem.Blocker{Code: "review_missing", Detail: "finish the review, or waive it with a reason"})
	add(breach && !d.PrivacyLead, problem.Blocker{Code: "privacy_lead_needed", Detail: "a breach was assessed: the privacy lead closes"})
	if len(blockers) > 0 {
		return problem.Blocked(blockers...)
	}
	d.State.Status = Closed
	d.State.ClosedAt.Mark(d.Now)
	d.write("incident.closed", d.Now, struct{}{}, nil)
	return nil
}

// Reopen takes a case up again. Awareness and every clock stay as they were.
type Reopen struct{ Reason string }

func (c Reopen) decide(d *Decision) error {
	if err := d.in("re-opening", Resolved, Closed, Dismissed); err != nil {
		return err
	}
	if err := needReason(c.Reason); err != nil {
		return err
	}
	d.State.Status, d.State.Verdict, d.State.Review = Active, "", ""
	d.State.Reopened++
	delete(d.State.Pending, "shred") // Who began an erasure meant the case as it was.
	d.write("incident.reopened", d.Now, struct{}{}, map[string]any{"reason": c.Reason})
	return nil
}

func openDuties(c Counts) problem.Blocker {
	return problem.Blocker{Code: "open_duties", Count: c.OpenDuties, Ref: c.FirstOpenDuty,
		Detail: "every duty has to be met, waived or decided not required"}
}

// Parties records one more wave of affected parties.
type Parties struct{}

func (c Parties) decide(d *Decision) error {
	if err := d.in("recording affected parties", New, InTriage, Active, Resolved); err != nil {
		return err
	}
	d.State.Waves++
	return nil
}

// Working is a decision about duties or notices, which the machine allows while the case is open.
type Working struct{ What string }

func (c Working) decide(d *Decision) error { return d.in(c.What, New, InTriage, Active, Resolved) }
