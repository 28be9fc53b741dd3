package incident_test

import (
	"encoding/json"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/atlascloudai/docket/core/cases"
	"github.com/atlascloudai/docket/core/cases/incident"
	"github.com/atlascloudai/docket/core/duty"
	"github.com/atlascloudai/docket/core/problem"
)

var (
	now      = time.Date(2026, 3, 9, 22, 0, 0, 0, time.UTC)
	statuses = []incident.Status{incident.New, incident.InTriage, incident.Active, incident.Resolved, incident.Closed, incident.Dismissed}
)

// at is an incident in a status, with everything that its commands ask for in place.
func at(status incident.Status) incident.State {
	contained := now.Add(-time.Hour)
	return incident.State{
		Status: status, Severity: incident.Low, Assessment: incident.NotAssessed, OpenedBy: "opener",
		Contained: cases.Span{First: &contained, Last: &contained},
	}
}

func decide(state incident.State, counts incident.Counts, actor string, c incident.Command) (incident.State, []cases.Event, error) {
	return incident.Apply(incident.Decision{State: state, Counts: counts, Actor: actor, Now: now}, c)
}

// commands are all commands with input that a status can only refuse for being the wrong one.
var commands = map[string]incident.Command{
	"triage":    incident.Triage{Severity: incident.Low},
	"dismiss":   incident.Dismiss{Verdict: incident.Benign, Reason: "a known scanner"},
	"declare":   incident.Declare{Severity: incident.High},
	"parties":   incident.Parties{},
	"start":     incident.RecordStart{Word: "aware_processor", At: now.Add(-time.Hour), Zone: "UTC", Evidence: "alert 4711", Breach: true},
	"rule out":  incident.RuleOut{Reason: "the bucket was empty"},
	"candidate": incident.AddCandidate{ID: "c", Kind: incident.FirstAlert, At: now.Add(-time.Hour), Zone: "UTC", Evidence: "alert 4711"},
	"risk":      incident.AssessRisk{Risk: duty.RiskLikely, Reason: "names and addresses"},
	"waive":     incident.Waive{Duty: "d", Exemption: "risk_unlikely", Reason: "the file was encrypted"},
	"technical": incident.Technical{Milestone: incident.MilestoneContained, At: now},
	"assign":    incident.Assign{Commander: "commander"},
	"resolve":   incident.Resolve{Recovery: "restored from the replica"},
	"review":    incident.Review{Note: "two actions"},
	"close":     incident.Close{},
	"reopen":    incident.Reopen{Reason: "a further bucket"},
	"working":   incident.Working{What: "drafting"},
}

func TestEachStatusAllowsItsCommandsAndNamesWhatStandsInTheWayOfOthers(t *testing.T) {
	t.Parallel()
	open := []incident.Status{incident.New, incident.InTriage, incident.Active, incident.Resolved}
	allowed := map[string][]incident.Status{
		"triage": {incident.New, incident.InTriage}, "dismiss": {incident.New, incident.InTriage}, "declare": {incident.New, incident.InTriage},
		"parties": open, "start": open, "working": open, "candidate": open, "risk": open, "waive": statuses,
		"rule out":  {incident.InTriage, incident.Active, incident.Resolved},
		"technical": {incident.Active, incident.Resolved},
		"assign":    statuses,
		"resolve":   {incident.Active}, "review": {incident.Resolved}, "close": {incident.Resolved},
		"reopen": {incident.Resolved, incident.Closed, incident.Dismissed},
	}
	becomes := map[string]incident.Status{
		"triage": incident.InTriage, "dismiss": incident.Dismissed, "declare": incident.Active, "resolve": incident.Resolved,
		"close": incident.Closed, "reopen": incident.Active,
	}
	require.ElementsMatch(t, slices.Collect(maps.Keys(commands)), slices.Collect(maps.Keys(allowed)))
	for name, command := range commands {
		for _, status := range statuses {
			t.Run(name+" while "+string(status), func(t *testing.T) {
				t.Parallel()
				after, events, err := decide(at(status), incident.Counts{}, "somebody", command)
				if !slices.Contains(allowed[name], status) {
					refusedFor(t, err, map[bool]string{true: "not_resolved", false: "wrong_status"}[name == "close"])
					require.Empty(t, events)
					return
				}
				require.NoError(t, err)
				want, moves := becomes[name]
				if !moves {
					want = status
				}
				require.Equal(t, want, after.Status)
				if name != "working" && name != "parties" {
					require.Len(t, events, 1, "every decision is one line of the timeline")
				}
			})
		}
	}
}

// refusedFor wants a conflict whose blockers are exactly these, in this order, each with a remedy.
func refusedFor(t require.TestingT, err error, codes ...string) {
	var refusal *problem.Error
	require.ErrorAs(t, err, &refusal)
	require.Equal(t, problem.Conflict, refusal.Code)
	var got []string
	for _, blocker := range refusal.Blockers {
		require.NotEmpty(t, blocker.Detail)
		got = append(got, blocker.Code)
	}
	require.Equal(t, codes, got)
}

func TestWrongInputNamesItsField(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		status  incident.Status
		command incident.Command
		field   string
	}{
		{incident.New, incident.Triage{Severity: "awful"}, "severity"},
		{incident.New, incident.Dismiss{Verdict: "bored", Reason: "x"}, "verdict"},
		{incident.New, incident.Dismiss{Verdict: incident.Benign}, "reason"},
		{incident.InTriage, incident.Declare{Severity: "awful"}, "severity"},
		{incident.Active, incident.Technical{Milestone: "repaired", At: now}, "milestone"},
		{incident.Active, incident.Technical{Milestone: incident.MilestoneContained, At: now.Add(time.Second)}, "at"},
		{incident.Active, incident.Assign{}, "commander"},
		{incident.Active, incident.Resolve{}, "recovery"},
		{incident.Resolved, incident.Review{Waive: true}, "note"},
		{incident.Closed, incident.Reopen{}, "reason"},
		{incident.Active, incident.RuleOut{}, "reason"},
		{incident.Active, incident.RecordStart{Word: "aware_processor", Evidence: "x"}, "at"},
		{incident.Active, incident.RecordStart{Word: "aware_processor", At: now.Add(time.Second), Evidence: "x"}, "at"},
		{incident.Active, incident.RecordStart{Word: "aware_processor", At: now}, "evidence"},
		{incident.Active, incident.RecordStart{Word: "aware_processor", At: now, Evidence: "x", Breach: true, Candidates: []string{"c"}}, "reason"},
		{incident.Active, incident.AddCandidate{Kind: incident.Ticket}, "at"},
		{incident.Active, incident.AddCandidate{Kind: incident.Ticket, At: now.Add(time.Second)}, "at"},
		{incident.Active, incident.AssessRisk{Risk: "low", Reason: "x"}, "risk"},
		{incident.Active, incident.AssessRisk{Risk: duty.RiskHigh}, "reason"},
		{incident.Active, incident.Waive{Duty: "d", Exemption: "risk_unlikely"}, "reason"},
	} {
		_, events, err := decide(at(c.status), incident.Counts{}, "somebody", c.command)
		var refusal *problem.Error
		require.ErrorAs(t, err, &refusal, "%#v", c.command)
		require.Equal(t, problem.Invalid, refusal.Code)
		require.Equal(t, c.field, refusal.Field, "%#v", c.command)
		require.Empty(t, events)
	}
}

func TestASevereSignalIsDismissedByTwoPeople(t *testing.T) {
	t.Parallel()
	for name, weighty := range map[string]func(*incident.State){
		"high":             func(s *incident.State) { s.Severity = incident.High },
		"critical":         func(s *incident.State) { s.Severity = incident.Critical },
		"suspected breach": func(s *incident.State) { s.SuspectedBreach = true },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			state := at(incident.InTriage)
			weighty(&state)
			benign := incident.Dismiss{Verdict: incident.Benign, Reason: "a known scanner"}
			state, events, err := decide(state, incident.Counts{}, "first", benign)
			require.NoError(t, err)
			require.Equal(t, incident.InTriage, state.Status)
			require.Equal(t, "incident.dismissal_proposed", events[0].Kind)

			again, _, err := decide(state, incident.Counts{}, "first", benign)
			require.NoError(t, err)
			require.Equal(t, incident.InTriage, again.Status, "one person saying it twice is one person")

			other, _, err := decide(state, incident.Counts{}, "second", incident.Dismiss{Verdict: incident.Test, Reason: "an exercise"})
			require.NoError(t, err)
			require.Equal(t, incident.InTriage, other.Status, "another verdict is another matter")

			state, events, err = decide(state, incident.Counts{}, "second", benign)
			require.NoError(t, err)
			require.Equal(t, incident.Dismissed, state.Status)
			require.Equal(t, incident.Benign, state.Verdict)
			require.Equal(t, "incident.dismissed", events[0].Kind)
			require.Empty(t, state.Pending)
		})
	}
}

func TestWhatIsOwedKeepsAnIncidentFromBeingDismissed(t *testing.T) {
	t.Parallel()
	_, _, err := decide(at(incident.InTriage), incident.Counts{OpenDuties: 3, FirstOpenDuty: "duty"}, "first", commands["dismiss"])
	refusedFor(t, err, "open_duties")
}

func TestAnEarlierAwarenessAppliesAtOnceAndALaterOneTakesTwoPeople(t *testing.T) {
	t.Parallel()
	known := now.Add(-10 * time.Hour)
	aware := func(t time.Time, reason string) incident.RecordStart {
		return incident.RecordStart{Word: "aware_processor", At: t, Zone: "UTC", Evidence: "mail of the hoster", Reason: reason, Current: &known, Breach: true}
	}
	state := at(incident.Active)
	state.Assessment, state.AwareAt = incident.Aware, &known

	_, _, err := decide(state, incident.Counts{}, "first", aware(known.Add(-time.Hour), ""))
	require.Equal(t, problem.Invalid, problem.CodeOf(err), "a correction has a reason")

	earlier, events, err := decide(state, incident.Counts{}, "first", aware(known.Add(-time.Hour), "an older alert was found"))
	require.NoError(t, err)
	require.Equal(t, known.Add(-time.Hour), *earlier.AwareAt)
	require.Equal(t, "start.recorded", events[0].Kind)
	require.Equal(t, known.Add(-time.Hour), events[0].HappenedAt)

	later := aware(known.Add(time.Hour), "the alert was another customer's")
	proposed, events, err := decide(state, incident.Counts{}, "first", later)
	require.NoError(t, err)
	require.Equal(t, known, *proposed.AwareAt, "until the second word the recorded instant stands")
	require.Equal(t, "start.later_proposed", events[0].Kind)

	again, _, err := decide(proposed, incident.Counts{}, "first", later)
	require.NoError(t, err)
	require.Equal(t, known, *again.AwareAt)

	other, _, err := decide(proposed, incident.Counts{}, "second", aware(known.Add(2*time.Hour), "later still"))
	require.NoError(t, err)
	require.Equal(t, known, *other.AwareAt, "another instant is another matter")

	agreed, events, err := decide(proposed, incident.Counts{}, "second", later)
	require.NoError(t, err)
	require.Equal(t, known.Add(time.Hour), *agreed.AwareAt)
	require.Equal(t, "start.recorded", events[0].Kind)
	require.Empty(t, agreed.Pending)
}

func TestAfterAwarenessABreachIsRuledOutByTwoPeopleAndMayComeBack(t *testing.T) {
	t.Parallel()
	known := now.Add(-time.Hour)
	state := at(incident.Active)
	state.Assessment = incident.Suspected
	alone, _, err := decide(state, incident.Counts{}, "first", commands["rule out"])
	require.NoError(t, err)
	require.Equal(t, incident.RuledOut, alone.Assessment, "before awareness one person may")

	state.Assessment, state.AwareAt = incident.Aware, &known
	by := func(state incident.State, actor string, lead bool) (incident.State, []cases.Event, error) {
		return incident.Apply(incident.Decision{State: state, Actor: actor, PrivacyLead: lead, Now: now}, commands["rule out"])
	}
	var ruled incident.State
	for name, lead := range map[string][2]bool{"the first": {true, false}, "the second": {false, true}, "neither": {false, false}} {
		proposed, events, err := by(state, "first", lead[0])
		require.NoError(t, err)
		require.Equal(t, incident.Aware, proposed.Assessment)
		require.Equal(t, "breach.rule_out_proposed", events[0].Kind)
		again, _, err := by(proposed, "first", true)
		require.NoError(t, err)
		require.Equal(t, incident.Aware, again.Assessment, "one person saying it twice is one person")
		agreed, _, err := by(proposed, "second", lead[1])
		if name == "neither" {
			refusedFor(t, err, "privacy_lead_needed")
			continue
		}
		require.NoError(t, err, "%s is the privacy lead", name)
		require.Equal(t, incident.RuledOut, agreed.Assessment)
		ruled = agreed
	}

	back, _, err := decide(ruled, incident.Counts{}, "first", commands["start"])
	require.NoError(t, err)
	require.Equal(t, incident.Aware, back.Assessment, "new facts bring it back")
}

func TestClosingNamesEverythingThatIsInTheWayAtOnce(t *testing.T) {
	t.Parallel()
	state := at(incident.Active)
	state.Assessment, state.Severity = incident.Aware, incident.Medium
	counts := incident.Counts{OpenDuties: 4, UndecidedStarts: 2, DraftNotices: 1, RunningCampaigns: 1, UnknownOutcomes: 3, ExemptionsToReview: 2}
	_, events, err := decide(state, counts, "commander", incident.Close{})
	refusedFor(t, err, "not_resolved", "open_duties", "undecided_starts", "draft_notices", "running_campaigns", "unknown_outcomes", "exemptions_to_review", "review_missing", "privacy_lead_needed")
	require.Empty(t, events)

	state.Status, state.Review = incident.Resolved, "waived"
	_, _, err = decide(state, incident.Counts{}, "commander", incident.Close{})
	refusedFor(t, err, "privacy_lead_needed")
	closed, _, err := incident.Apply(incident.Decision{State: state, Actor: "privacy", PrivacyLead: true, Now: now}, incident.Close{})
	require.NoError(t, err)
	require.Equal(t, incident.Closed, closed.Status)
}

func TestOnlyASmallIncidentWithoutABreachIsClosedWithoutAReview(t *testing.T) {
	t.Parallel()
	for severity, needs := range map[incident.Severity]bool{incident.Low: false, incident.Medium: true, incident.High: true, incident.Critical: true} {
		state := at(incident.Resolved)
		state.Severity = severity
		_, _, err := decide(state, incident.Counts{}, "commander", incident.Close{})
		if needs {
			refusedFor(t, err, "review_missing")
		} else {
			require.NoError(t, err)
		}
	}
}

func TestReopeningKeepsAwarenessAndEveryFirstInstant(t *testing.T) {
	t.Parallel()
	known := now.Add(-40 * time.Hour)
	state := at(incident.Closed)
	state.Assessment, state.AwareAt, state.ConfirmedAt, state.Review = incident.Aware, &known, &known, "finished"
	again, _, err := decide(state, incident.Counts{}, "commander", incident.Reopen{Reason: "a further bucket"})
	require.NoError(t, err)
	require.Equal(t, incident.Active, again.Status)
	require.Equal(t, incident.Aware, again.Assessment)
	require.Equal(t, known, *again.AwareAt)
	require.Equal(t, known, *again.ConfirmedAt)
	require.Equal(t, state.Contained, again.Contained)
	require.Empty(t, again.Review, "what is found now is reviewed anew")
	require.Equal(t, 1, again.Reopened)
}

func TestResolvingNeedsContainment(t *testing.T) {
	t.Parallel()
	state := at(incident.Active)
	state.Contained = cases.Span{}
	_, _, err := decide(state, incident.Counts{}, "commander", commands["resolve"])
	refusedFor(t, err, "not_contained")
}

func TestACorrectedTechnicalInstantNeverLosesTheFirst(t *testing.T) {
	t.Parallel()
	state := at(incident.Active)
	first := *state.Contained.First
	state, _, err := decide(state, incident.Counts{}, "somebody", incident.Technical{Milestone: incident.MilestoneContained, At: now})
	require.NoError(t, err)
	require.Equal(t, first, *state.Contained.First)
	require.Equal(t, now, *state.Contained.Last)
}

// Whatever is refused leaves state and timeline as they were: the caller's own copy included.
func TestARefusedCommandChangesNothing(t *testing.T) {
	t.Parallel()
	names := slices.Sorted(maps.Keys(commands))
	rapid.Check(t, func(t *rapid.T) {
		state := at(rapid.SampledFrom(statuses).Draw(t, "status"))
		state.Severity = rapid.SampledFrom([]incident.Severity{"", incident.Low, incident.High}).Draw(t, "severity")
		state.Assessment = rapid.SampledFrom([]incident.Assessment{incident.NotAssessed, incident.Aware, incident.RuledOut}).Draw(t, "assessment")
		state.Pending = map[string]incident.Pending{"dismiss": {By: "first", Value: "benign"}, "rule_out": {By: "first"}}
		counts := incident.Counts{OpenDuties: rapid.IntRange(0, 1).Draw(t, "open"), DraftNotices: rapid.IntRange(0, 1).Draw(t, "drafts")}
		before, err := json.Marshal(state)
		require.NoError(t, err)
		command := commands[rapid.SampledFrom(names).Draw(t, "command")]
		_, events, refusal := decide(state, counts, rapid.SampledFrom([]string{"first", "second"}).Draw(t, "actor"), command)
		after, err := json.Marshal(state)
		require.NoError(t, err)
		require.JSONEq(t, string(before), string(after), "a decision works on its own copy")
		if refusal != nil {
			require.Empty(t, events)
			require.NotEmpty(t, problem.CodeOf(refusal), "a refusal is never an internal error: %v", refusal)
		}
	})
}

// What leaves no notice is decided by two: the chain holds both entries, and the second names the first.
func TestADutyIsWaivedByTwoPeopleOnOneGround(t *testing.T) {
	t.Parallel()
	waive := incident.Waive{Duty: "d", Exemption: "risk_unlikely", Reason: "the file was encrypted"}
	proposed, events, err := decide(at(incident.Active), incident.Counts{}, "first", waive)
	require.NoError(t, err)
	require.Equal(t, "duty.waiver_proposed", events[0].Kind)

	_, events, err = decide(proposed, incident.Counts{}, "first", waive)
	require.NoError(t, err)
	require.Equal(t, "duty.waiver_proposed", events[0].Kind, "one person saying it twice is one person")
	other := waive
	other.Exemption = "not_in_scope"
	_, events, err = decide(proposed, incident.Counts{}, "second", other)
	require.NoError(t, err)
	require.Equal(t, "duty.waiver_proposed", events[0].Kind, "another ground is another matter")

	waived, events, err := decide(proposed, incident.Counts{}, "second", waive)
	require.NoError(t, err)
	require.Equal(t, "duty.waived", events[0].Kind)
	require.Equal(t, "first", events[0].Body.(map[string]any)["proposed_by"])
	require.Empty(t, waived.Pending)

	proposed.Pending["rule_out"] = incident.Pending{By: "first"}
	proposed.DropWaivers()
	require.Len(t, proposed.Pending, 1, "a proposal on facts that changed is made anew; other matters stay")
}

func TestTheChoiceAmongCandidatesNamesThemAll(t *testing.T) {
	t.Parallel()
	_, events, err := decide(at(incident.Active), incident.Counts{}, "somebody", incident.RecordStart{
		Word: "aware_processor", At: now, Evidence: "the engineer's note", Reason: "only then it was clear", Breach: true, Candidates: []string{"alert", "ticket"}, Chosen: "ticket",
	})
	require.NoError(t, err)
	body := events[0].Body.(map[string]any)
	require.Equal(t, []string{"alert", "ticket"}, body["candidates"])
	require.Equal(t, "ticket", body["chosen"])
}

func TestEachAssessmentOfTheRiskIsAVersionThatNamesTheOneBefore(t *testing.T) {
	t.Parallel()
	state, _, err := decide(at(incident.Active), incident.Counts{}, "somebody", incident.AssessRisk{Risk: duty.RiskUnlikely, Reason: "encrypted"})
	require.NoError(t, err)
	state, events, err := decide(state, incident.Counts{}, "somebody", incident.AssessRisk{Risk: duty.RiskHigh, Reason: "the key leaked too"})
	require.NoError(t, err)
	require.Equal(t, duty.RiskHigh, state.Risk)
	require.Equal(t, 2, state.RiskVersion)
	require.Equal(t, duty.RiskUnlikely, events[0].Body.(map[string]any)["before"])
}
