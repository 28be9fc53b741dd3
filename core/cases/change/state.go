package change

import (
	"time"

	"github.com/atlascloudai/docket/core/duty"
)

// Status is where a notice of change stands.
type Status string

// The statuses, in the order of a life.
const (
	Draft Status = "draft"
	// InReview: counsel looks at text and audience, and says whether the change is material.
	InReview Status = "in_review"
	Approved Status = "approved"
	Sending  Status = "sending"
	// ObjectionWindow: everybody was told, and windows or notice periods run.
	ObjectionWindow Status = "objection_window"
	// Effective: the change took effect for everybody for whom it may.
	Effective Status = "effective"
	// Archived: nothing is left to do; also a change that is not material, which only the change log tells.
	Archived  Status = "archived"
	Withdrawn Status = "withdrawn"
)

// Statuses lists them.
func Statuses() []Status {
	return []Status{Draft, InReview, Approved, Sending, ObjectionWindow, Effective, Archived, Withdrawn}
}

// Ended says whether nothing more is decided.
func (s Status) Ended() bool { return s == Archived || s == Withdrawn }

// Mode is how a change takes effect.
type Mode string

// The modes.
const (
	// Switchable: routing can withhold it from each customer until its own windows are over (a model, a provider).
	Switchable Mode = "switchable"
	// AtOnce: it takes effect for all together, after the last window (hosting, the company).
	AtOnce Mode = "at_once"
)

// Modes lists both.
func Modes() []Mode { return []Mode{Switchable, AtOnce} }

// Answer is what a customer made of the change, where it said anything.
type Answer string

// The answers, and the ends of an objection.
const (
	// Objected: a person looks for a way; the change is held back from this customer.
	Objected Answer = "objected"
	// Accommodated: a way was found that spares the customer the change: it never takes effect for it.
	Accommodated Answer = "accommodated"
	// TakenBack: the customer withdrew its objection.
	TakenBack Answer = "withdrawn"
	// Terminates: the customer uses its right to terminate.
	Terminates Answer = "customer_terminates"
	// Waived: the window is over without a way, and a person decided that the agreement lets the change take effect.
	Waived Answer = "waived"
)

// Ends are the ends of an objection.
func Ends() []Answer { return []Answer{Accommodated, TakenBack, Terminates, Waived} }

// Blocks says whether an answer holds the change back from the customer.
func (a Answer) Blocks() bool { return a == Objected || a == Accommodated || a == Terminates }

// Judgement is counsel's word on whether a change is material.
type Judgement struct {
	Material bool      `json:"material"`
	By       string    `json:"by"`
	At       time.Time `json:"at"`
}

// Emergency is the path with shorter notice, by the clause that opens it.
type Emergency struct {
	Clause string    `json:"clause"`
	By     string    `json:"by"`
	At     time.Time `json:"at"`
}

// Audience is what was counted of those whom the change reaches: their number, and everybody's own dates under one digest.
type Audience struct {
	Customers        int        `json:"customers"`
	Late             int        `json:"late"`
	Digest           string     `json:"digest"`
	At               time.Time  `json:"at"`
	FirstLastSending *time.Time `json:"first_last_sending,omitempty"`
	LastEffective    *time.Time `json:"last_effective,omitempty"`
}

// State is what a notice of change knows of itself.
type State struct {
	Status Status          `json:"status"`
	Kind   duty.ChangeKind `json:"kind"`
	// Subject is what a gateway asks about: the code of the provider, sub-processor or region that is new.
	Subject  string   `json:"subject,omitempty"`
	Services []string `json:"services,omitempty"`
	Replaces []string `json:"replaces,omitempty"`
	Regions  []string `json:"regions,omitempty"`
	// Document is the published document that gets another version.
	Document string `json:"document,omitempty"`
	Version  int    `json:"version,omitempty"`
	// Base is the version that was the newest when the text was written: another that is published meanwhile is not overlooked.
	Base int  `json:"base,omitempty"`
	Mode Mode `json:"mode"`
	// Planned is when the change is to take effect, where no customer's own dates say later.
	Planned time.Time `json:"planned"`
	// SendBy is the last instant at which the notice may leave: what letters say is counted from it.
	SendBy   time.Time `json:"send_by"`
	OpenedBy string    `json:"opened_by"`
	// SubmittedBy handed it to counsel, Writers wrote any of it: none of them judges or approves it.
	SubmittedBy string     `json:"submitted_by,omitempty"`
	Writers     []string   `json:"writers,omitempty"`
	Judged      *Judgement `json:"judged,omitempty"`
	Emergency   *Emergency `json:"emergency,omitempty"`
	Audience    *Audience  `json:"audience,omitempty"`
	ApprovedBy  string     `json:"approved_by,omitempty"`
	// FrozenAt is when sending began: the audience is what it was then.
	FrozenAt    *time.Time `json:"frozen_at,omitempty"`
	ToldAt      *time.Time `json:"told_at,omitempty"`
	EffectiveAt *time.Time `json:"effective_at,omitempty"`
	// Corrects is the notice of change that this one takes the place of, CorrectedBy the one that took this one's.
	Corrects    string `json:"corrects,omitempty"`
	CorrectedBy string `json:"corrected_by,omitempty"`
}

// About is the change as agreements look at it.
func (s State) About() duty.About {
	return duty.About{Kind: s.Kind, Services: s.Services, Providers: s.Replaces, Regions: s.Regions, Emergency: s.Emergency != nil}
}
