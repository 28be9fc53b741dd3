// Package incident is the life of an incident as a pure machine: which command
// each status allows, what stands in the way, and what is written down.
// Words and guards follow NIST SP 800-61r3, OCSF and the project's vocabulary.
package incident

import (
	"slices"
	"time"

	"github.com/atlascloudai/docket/core/cases"
	"github.com/atlascloudai/docket/core/duty"
)

// Status is where an incident stands.
type Status string

// The statuses of an incident.
const (
	New       Status = "new"
	InTriage  Status = "triage"
	Active    Status = "active"
	Resolved  Status = "resolved"
	Closed    Status = "closed"
	Dismissed Status = "dismissed"
)

// Known says whether it is one of the statuses.
func (s Status) Known() bool {
	return slices.Contains([]Status{New, InTriage, Active, Resolved, Closed, Dismissed}, s)
}

// Severity is the impact as assessed, lowest first.
type Severity string

// Severities; empty means not yet assessed.
const (
	Low      Severity = "low"
	Medium   Severity = "medium"
	High     Severity = "high"
	Critical Severity = "critical"
)

var severityRank = map[Severity]int{Low: 1, Medium: 2, High: 3, Critical: 4}

// Verdict says why a signal was dismissed (OCSF verdict, narrowed).
type Verdict string

// Verdicts of a dismissal.
const (
	FalsePositive     Verdict = "false_positive"
	Benign            Verdict = "benign"
	Test              Verdict = "test"
	InsufficientData  Verdict = "insufficient_data"
	ManagedExternally Verdict = "managed_externally"
)

var verdicts = map[Verdict]bool{FalsePositive: true, Benign: true, Test: true, InsufficientData: true, ManagedExternally: true}

// Assessment is the breach axis, apart from the status.
type Assessment string

// Assessments of a personal data breach.
const (
	NotAssessed Assessment = "not_assessed"
	Suspected   Assessment = "suspected"
	Aware       Assessment = "aware"
	RuledOut    Assessment = "ruled_out"
)

// Pending is a decision that one person has made and a second person must confirm.
type Pending struct {
	By    string `json:"by"`
	Value string `json:"value"`
	// PrivacyLead says that the first person holds that role, for matters in which one of the two has to.
	PrivacyLead bool `json:"privacy_lead,omitempty"`
}

// State is what the incident knows of itself. It holds no list that grows with customers.
type State struct {
	Status          Status             `json:"status"`
	Severity        Severity           `json:"severity,omitempty"`
	Verdict         Verdict            `json:"verdict,omitempty"`
	SuspectedBreach bool               `json:"suspected_breach"`
	Assessment      Assessment         `json:"assessment"`
	Commander       string             `json:"commander,omitempty"`
	OpenedBy        string             `json:"opened_by"`
	AwareAt         *time.Time         `json:"aware_at,omitempty"`
	ConfirmedAt     *time.Time         `json:"confirmed_at,omitempty"`
	Triaged         cases.Span         `json:"triaged"`
	Declared        cases.Span         `json:"declared"`
	Contained       cases.Span         `json:"contained"`
	Eradicated      cases.Span         `json:"eradicated"`
	Recovered       cases.Span         `json:"recovered"`
	ResolvedAt      cases.Span         `json:"resolved"`
	ClosedAt        cases.Span         `json:"closed"`
	Review          string             `json:"review,omitempty"`
	Waves           int                `json:"waves"`
	Reopened        int                `json:"reopened"`
	Pending         map[string]Pending `json:"pending,omitempty"`
	// Risk is the assessment that stands, RiskVersion how often it was made.
	Risk        duty.Risk `json:"risk,omitempty"`
	RiskVersion int       `json:"risk_version,omitempty"`
}

// Counts is what the tables know of the incident at the moment of a decision.
type Counts struct {
	OpenDuties       int    `json:"open_duties"`
	ProposedDuties   int    `json:"proposed_duties"`
	UndecidedStarts  int    `json:"undecided_starts"`
	DraftNotices     int    `json:"draft_notices"`
	RunningCampaigns int    `json:"running_campaigns"`
	UnknownOutcomes  int    `json:"unknown_outcomes"`
	OpenRaises       int    `json:"open_raises"`
	FirstOpenDuty    string `json:"first_open_duty,omitempty"`
	FirstDraft       string `json:"first_draft,omitempty"`
	// ExemptionsToReview is how many exemptions were decided on facts that changed since.
	ExemptionsToReview int `json:"exemptions_to_review"`
}

// Milestones of the technical work that a person may record.
const (
	MilestoneContained  = "contained"
	MilestoneEradicated = "eradicated"
	MilestoneRecovered  = "recovered"
)
