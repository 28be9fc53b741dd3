package desk

import (
	"time"

	"github.com/google/uuid"

	"github.com/atlascloudai/docket/core/clock"
	"github.com/atlascloudai/docket/core/textdiff"
)

// OpenChangeInput opens a notice of change, or replaces what a draft says.
type OpenChangeInput struct {
	Kind    string `json:"kind" enum:"policy,subprocessor,provider,retention,region" doc:"What changes"`
	Title   string `json:"title" minLength:"1" maxLength:"200" doc:"One line, as the public change log shows it"`
	Summary string `json:"summary" minLength:"1" maxLength:"5000" doc:"What changes and for whom, as the public change log shows it"`
	// Subject is what a gateway asks about: the code of the provider, sub-processor or region that is new.
	Subject  string    `json:"subject,omitempty" maxLength:"63" pattern:"^[a-z0-9][a-z0-9._-]*$" doc:"Code of the provider, sub-processor or region that is new: what a gateway asks about. Needed for subprocessor, provider and region"`
	Mode     string    `json:"mode,omitempty" enum:"switchable,at_once" doc:"switchable: each customer by its own windows; at_once: for all after the last. switchable if absent"`
	Planned  time.Time `json:"planned" doc:"When it is to take effect"`
	SendBy   time.Time `json:"send_by" doc:"The last instant at which the notice may leave: what letters say is counted from it"`
	Services []string  `json:"services,omitempty" maxItems:"50" doc:"Services that change; all if empty"`
	Replaces []string  `json:"replaces,omitempty" maxItems:"50" doc:"Providers that are replaced; customers that use none of them are left out"`
	Regions  []string  `json:"regions,omitempty" maxItems:"50" doc:"Regions that change; customers of other regions are left out"`
	// Document is the published document that gets another version, and Text that version.
	Document string `json:"document,omitempty" maxLength:"63" pattern:"^[a-z0-9][a-z0-9-]*$" doc:"Name of the published document that gets another version, e.g. data-retention-policy"`
	Text     string `json:"text,omitempty" maxLength:"500000" doc:"The whole text of that version"`
	Corrects string `json:"corrects,omitempty" maxLength:"64" doc:"Id or code of the notice of change that this one takes the place of"`
	Drill    bool   `json:"drill,omitempty" doc:"An exercise: its clock can be moved and nothing leaves the house"`
}

// JudgeInput is counsel's word on a change.
type JudgeInput struct {
	Material bool   `json:"material" doc:"Whether customers are told one by one; what is not material is told by the change log alone"`
	Reason   string `json:"reason" minLength:"1" maxLength:"5000" doc:"Why"`
}

// HastenInput takes the emergency path.
type HastenInput struct {
	Clause string `json:"clause" minLength:"1" maxLength:"200" doc:"The clause that opens it"`
	Reason string `json:"reason" minLength:"1" maxLength:"5000" doc:"Why it cannot wait"`
}

// ProlongInput names a later day by which the notice leaves.
type ProlongInput struct {
	SendBy time.Time `json:"send_by" doc:"The last instant at which the notice may leave to those who were not told yet: what their letters say is counted from it"`
	Reason string    `json:"reason" minLength:"1" maxLength:"5000" doc:"Why it did not leave in time"`
}

// ObjectionInput records what a customer said by other ways than its page.
type ObjectionInput struct {
	At       time.Time `json:"at" doc:"When its objection reached the company"`
	Words    string    `json:"words" minLength:"1" maxLength:"20000" doc:"What it said"`
	Evidence string    `json:"evidence" minLength:"1" maxLength:"5000" doc:"What shows it: the letter, the call"`
}

// EndObjectionInput ends an objection.
type EndObjectionInput struct {
	End    string `json:"end" enum:"accommodated,withdrawn,customer_terminates,waived" doc:"accommodated: the customer is spared the change; withdrawn: it took its word back; customer_terminates; waived: the window is over and the agreement lets the change take effect"`
	Reason string `json:"reason" minLength:"1" maxLength:"5000" doc:"Why, and what shows it"`
}

// TestNoticeInput sends one recipient's letter to somebody of the company.
type TestNoticeInput struct {
	Address   string `json:"address" minLength:"3" maxLength:"320" doc:"Mail address at one of the company's own domains"`
	Recipient int    `json:"recipient,omitempty" minimum:"0" doc:"Whose letter: the recipient's number in the preview"`
}

// ChangeView is a notice of change as the team sees it.
type ChangeView struct {
	ID        uuid.UUID  `json:"id" doc:"Id of the case"`
	Code      string     `json:"code" doc:"Code of the case, CHG-…"`
	Status    string     `json:"status" doc:"draft, in_review, approved, sending, objection_window, effective, archived, withdrawn"`
	Kind      string     `json:"kind" doc:"What changes"`
	Title     string     `json:"title" doc:"One line"`
	Summary   string     `json:"summary" doc:"What changes and for whom"`
	Subject   string     `json:"subject,omitempty" doc:"What a gateway asks about"`
	Mode      string     `json:"mode" doc:"switchable or at_once"`
	Planned   time.Time  `json:"planned" doc:"When it is to take effect"`
	SendBy    time.Time  `json:"send_by" doc:"The last instant at which the notice may leave"`
	Services  []string   `json:"services,omitempty" doc:"Services that change"`
	Replaces  []string   `json:"replaces,omitempty" doc:"Providers that are replaced"`
	Regions   []string   `json:"regions,omitempty" doc:"Regions that change"`
	Document  string     `json:"document,omitempty" doc:"The document that gets another version"`
	Version   int        `json:"version,omitempty" doc:"Number of that version"`
	Material  *bool      `json:"material,omitempty" doc:"Counsel's word; absent before"`
	Reason    string     `json:"reason,omitempty" doc:"Why counsel said so"`
	Emergency string     `json:"emergency,omitempty" doc:"The clause of the emergency path"`
	Corrects  string     `json:"corrects,omitempty" doc:"Code of the notice that this one takes the place of"`
	FrozenAt  *time.Time `json:"frozen_at,omitempty" doc:"When sending began: the audience is what it was then"`
	// LastEffective is the latest of all customers' effective dates.
	FirstLastSending *time.Time `json:"first_last_sending,omitempty" doc:"The earliest last sending date of all customers"`
	LastEffective    *time.Time `json:"last_effective,omitempty" doc:"The latest effective date of all customers"`
	// Counts.
	Customers   int `json:"customers" doc:"Customers in the audience"`
	Told        int `json:"told" doc:"Customers who have been given the notice"`
	Untold      int `json:"untold" doc:"Customers who wait for it or cannot be reached"`
	Late        int `json:"late" doc:"Customers whose last sending date lies before the sending: for them it takes effect later"`
	Waiting     int `json:"waiting" doc:"Customers who were told and whose windows run"`
	Objected    int `json:"objected" doc:"Customers with an objection that has no end"`
	Spared      int `json:"spared" doc:"Customers for whom it never takes effect"`
	Taken       int `json:"taken" doc:"Customers for whom it has taken effect"`
	Provisional int `json:"provisional" doc:"Customers whose dates rest on a calendar that does not reach far enough"`
	// Diff is what is new in the document against the version in force.
	Diff []textdiff.Line `json:"-"`
	// Stale says that agreements, customers or what they use changed since the audience was counted.
	Stale bool `json:"stale,omitempty" doc:"Customers or agreements changed since the audience was counted: count it anew before approving"`
}

// ChangeSummary is one notice of change in a list.
type ChangeSummary struct {
	ID      uuid.UUID `json:"id" doc:"Id of the case"`
	Code    string    `json:"code" doc:"Code of the case"`
	Status  string    `json:"status" doc:"Where it stands"`
	Kind    string    `json:"kind" doc:"What changes"`
	Subject string    `json:"subject,omitempty" doc:"What a gateway asks about"`
	Title   string    `json:"title" doc:"One line"`
	Planned time.Time `json:"planned" doc:"When it is to take effect"`
	SendBy  time.Time `json:"send_by" doc:"The last instant at which the notice may leave"`
}

// ChangeFilter narrows a list of notices of change.
type ChangeFilter struct {
	Status, Kind, Cursor string
	Limit                int
}

// ChangeCustomerView is where one customer stands in a notice of change.
type ChangeCustomerView struct {
	Customer         string       `json:"customer" doc:"Account reference"`
	Clauses          []string     `json:"clauses" doc:"Clauses that count, or company default"`
	LastSending      time.Time    `json:"last_sending" doc:"Last instant at which the notice may leave for the change to take effect as planned"`
	State            string       `json:"state" doc:"untold, waiting, objected, spared, ready, taken"`
	SentAt           *time.Time   `json:"sent_at,omitempty" doc:"When it was given the notice, as the evidence shows"`
	WindowCloses     *time.Time   `json:"window_closes,omitempty" doc:"Last instant of its window to object"`
	TerminationUntil *time.Time   `json:"termination_until,omitempty" doc:"Last instant at which it may terminate because of the change"`
	Effective        time.Time    `json:"effective" doc:"First instant at which the change may take effect for it"`
	Provisional      bool         `json:"provisional,omitempty" doc:"A calendar does not reach far enough: it may be later, and a person decides"`
	AcknowledgedAt   *time.Time   `json:"acknowledged_at,omitempty" doc:"When it acknowledged"`
	Answer           string       `json:"answer,omitempty" doc:"objected, or the end of its objection"`
	AnsweredAt       *time.Time   `json:"answered_at,omitempty" doc:"When it answered, or its objection ended"`
	ResolveBy        *time.Time   `json:"resolve_by,omitempty" doc:"By when a way is to be found after its objection"`
	Words            string       `json:"words,omitempty" doc:"What it said"`
	TakenAt          *time.Time   `json:"taken_at,omitempty" doc:"When the change took effect for it"`
	Why              []clock.Step `json:"why" doc:"How the dates came about"`
}

// ChangeCustomersFilter narrows the customers of a notice of change.
type ChangeCustomersFilter struct {
	State, Cursor string
	Limit         int
}

// MayInput is what a gateway asks.
type MayInput struct {
	Subject  string `json:"subject" minLength:"1" maxLength:"63" doc:"Code of the provider, sub-processor or region"`
	Customer string `json:"customer" minLength:"1" maxLength:"120" doc:"Account reference"`
	Service  string `json:"service,omitempty" maxLength:"63" doc:"The service that would use it"`
}

// MayView is the answer.
type MayView struct {
	May    bool       `json:"may" doc:"Whether it may be used for this customer now"`
	From   *time.Time `json:"from,omitempty" doc:"Since when it may, or from when it is expected to; absent where nothing says so"`
	Why    string     `json:"why" doc:"Why"`
	Change string     `json:"change,omitempty" doc:"Code of the notice of change that decides"`
}

// NoticePageView is what a customer's own page about a notice of change shows.
type NoticePageView struct {
	Company, Contact string
	Language         string
	Customer         string
	Reference        string
	Drill            bool
	// Versions are the letters as this customer was sent them, newest first.
	Versions []NoticeVersion
	// The customer's own dates: those that hold.
	SentAt, WindowCloses, TerminationUntil *time.Time
	Effective                              *time.Time
	TakenAt                                *time.Time
	// Zone is where its instants are read.
	Zone           *time.Location
	AcknowledgedAt *time.Time
	// Answer is "", objected, or the end of the objection.
	Answer     string
	AnsweredAt *time.Time
	// MayObject says that its window is open and that it did not object yet.
	MayObject bool
	// Withdrawn says that the change does not come; Corrected that another notice takes its place, and is on its way to the customer.
	Withdrawn, Corrected bool
	// Log is the address of the public entry.
	Log string
}

// NoticeVersion is one letter about a change.
type NoticeVersion struct {
	At      time.Time
	Subject string
	Text    string
	// Superseded says that a later version takes its place.
	Superseded bool
}

// NoticeAnswer is what a customer does on its page: exactly one of them.
type NoticeAnswer struct {
	Acknowledge, Object bool
	// Name is who answers for the customer, Words why it objects; both are data and are sealed.
	Name, Words string
}
