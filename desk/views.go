package desk

import (
	"encoding/json"
	"time"

	"github.com/google/uuid"

	"github.com/atlascloudai/docket/core/cases/incident"
	"github.com/atlascloudai/docket/core/clock"
	"github.com/atlascloudai/docket/core/letters"
)

// CaseView is a case as its reader sees it.
type CaseView struct {
	ID             uuid.UUID       `json:"id" doc:"Id (UUIDv7)"`
	Code           string          `json:"code" doc:"Short code that people say"`
	Kind           string          `json:"kind" doc:"incident"`
	Status         string          `json:"status" doc:"Where it stands"`
	Title          string          `json:"title" doc:"What happened, in a line"`
	Summary        string          `json:"summary,omitempty" doc:"What is known"`
	SummaryVersion int             `json:"summary_version" doc:"Version of title and summary, for If-Match"`
	Restricted     bool            `json:"restricted" doc:"Only members see it"`
	Drill          bool            `json:"drill" doc:"An exercise"`
	Erased         bool            `json:"erased,omitempty" doc:"Its words were erased with their key; codes, instants and the chain remain"`
	Now            time.Time       `json:"now" doc:"Case time: the clock that its duties run on"`
	OpenedAt       time.Time       `json:"opened_at" doc:"When it was opened"`
	PackVersion    string          `json:"pack_version" doc:"Version of the rules it began with"`
	NewestPack     string          `json:"newest_pack,omitempty" doc:"Version of the newest rules, where it is another one: newer-rules says what they would change"`
	State          incident.State  `json:"state" doc:"The machine's state"`
	Counts         incident.Counts `json:"counts" doc:"What it holds"`
	NextDue        *time.Time      `json:"next_due,omitempty" doc:"The earliest target of an open duty"`
	NextMilestone  *time.Time      `json:"next_milestone,omitempty" doc:"When the process next has something to do"`
	DueNow         int             `json:"due_now" doc:"How much is due now and not carried out yet: milestones, steps, pages, recipients"`
	Entries        int64           `json:"entries" doc:"Number of timeline entries"`
	// Upstream keeps their awareness and ours apart: ours is in State.
	Upstream *UpstreamView `json:"upstream,omitempty" doc:"What a sub-processor or AI provider told us of an incident of its own; in a list it is left out"`
}

// UpstreamView is what a sub-processor or AI provider told us of an incident of its own.
type UpstreamView struct {
	Who       string     `json:"who" doc:"Who told us"`
	AwareAt   *time.Time `json:"aware_at,omitempty" doc:"When they became aware; absent while it is not known"`
	ToldUsAt  time.Time  `json:"told_us_at" doc:"When they told us"`
	Zone      string     `json:"zone" doc:"IANA zone in which it was said"`
	Reference string     `json:"reference,omitempty" doc:"Their reference"`
	Evidence  string     `json:"evidence" doc:"What shows it"`
}

// CandidateView is an instant that awareness may be counted from.
type CandidateView struct {
	ID         uuid.UUID     `json:"id" doc:"Id of the candidate"`
	Kind       string        `json:"kind" doc:"first_alert, ticket, report, finding, upstream_told_us, upstream_aware (never an instant of ours) or other"`
	At         time.Time     `json:"at" doc:"When"`
	Zone       string        `json:"zone" doc:"IANA zone in which it was said"`
	Evidence   string        `json:"evidence" doc:"What shows it"`
	Upstream   *UpstreamView `json:"upstream,omitempty" doc:"What upstream said, where they told us"`
	RecordedAt time.Time     `json:"recorded_at" doc:"When it was recorded"`
	RecordedBy uuid.UUID     `json:"recorded_by" doc:"Id of who recorded it"`
}

// Page is one page of a list, with the cursor of the next; empty on the last.
type Page[T any] struct {
	Items []T    `json:"items" doc:"The items of this page"`
	Next  string `json:"next,omitempty" doc:"Cursor of the next page; absent on the last"`
}

// EntryView is one line of the timeline.
type EntryView struct {
	Case       uuid.UUID       `json:"case" doc:"Id of the case"`
	Seq        int64           `json:"seq" doc:"Its number in the case's chain"`
	HappenedAt time.Time       `json:"happened_at" doc:"When it happened"`
	RecordedAt time.Time       `json:"recorded_at" doc:"When it was recorded"`
	Kind       string          `json:"kind" doc:"What it is, e.g. incident.declared"`
	Actor      string          `json:"actor" doc:"Id of who did it"`
	Body       json.RawMessage `json:"body" doc:"Ids, codes and instants"`
	Content    json.RawMessage `json:"content,omitempty" doc:"Free text, where the reader may see it"`
	Hash       string          `json:"hash" doc:"Its hash in the chain, hex"`
	Drill      bool            `json:"drill,omitempty" doc:"The case is an exercise: nothing of it counts"`
	// Cursor is where a feed goes on after this entry.
	Cursor string `json:"cursor,omitempty" doc:"Where the feed goes on after this entry"`
}

// DutyView is one duty and its clock.
type DutyView struct {
	ID           uuid.UUID       `json:"id" doc:"Id of the duty"`
	Party        uuid.UUID       `json:"party" doc:"The affected party it is owed for"`
	Customer     string          `json:"customer,omitempty" doc:"Account reference of the customer"`
	Name         string          `json:"name,omitempty" doc:"Name of the customer"`
	Counterparty string          `json:"counterparty" doc:"To whom it is owed"`
	Rule         string          `json:"rule" doc:"Rule that computes its clock"`
	Term         string          `json:"term" doc:"Term of the agreement, or the rule's provision"`
	Clause       string          `json:"clause" doc:"Clause in words that people quote"`
	StartWord    string          `json:"start_word" doc:"What starts its clock"`
	Governs      string          `json:"governs" doc:"Which start governs: incident, found or undecided"`
	StartedAt    *time.Time      `json:"started_at,omitempty" doc:"When its clock started; absent while it waits for the start word"`
	Target       *time.Time      `json:"target,omitempty" doc:"The strict reading: what is aimed at"`
	Limit        *time.Time      `json:"limit,omitempty" doc:"The last permitted instant; absent where the words give no number"`
	Internal     bool            `json:"internal" doc:"The target is the company's own: the words give no number, or an outer limit only"`
	Clock        string          `json:"clock" doc:"waiting, on_track, at_risk, overdue or ended: a view of the clock, never stored"`
	State        string          `json:"state" doc:"proposed, required, not_required, met, waived or superseded"`
	Disputed     bool            `json:"disputed" doc:"Terms differ and counsel has not chosen"`
	Notice       *uuid.UUID      `json:"notice,omitempty" doc:"The notice that was released for it"`
	Follows      *uuid.UUID      `json:"follows,omitempty" doc:"The duty that it follows, for what was promised when that was met"`
	MetAt        *time.Time      `json:"met_at,omitempty" doc:"When the evidence met it"`
	MetBy        string          `json:"met_by,omitempty" doc:"The deliveries whose evidence met it"`
	Late         bool            `json:"late" doc:"It was met after its limit"`
	DelayedUntil *time.Time      `json:"delayed_until,omitempty" doc:"Until when an authority asked to wait; the undelayed instants are in the history"`
	Exemption    *ExemptionView  `json:"exemption,omitempty" doc:"The ground on which it was waived"`
	Review       string          `json:"review,omitempty" doc:"due: facts changed since it was found not to be owed, and nobody has looked at that again"`
	Why          json.RawMessage `json:"why" doc:"How the duty and its instants came about, step by step"`
	History      []DueView       `json:"history,omitempty" doc:"Every due instant it ever had"`
}

// ExemptionView is a ground on which a duty is not met.
type ExemptionView struct {
	Code   string `json:"code" doc:"Code of the ground"`
	Source string `json:"source" doc:"The provision that gives it"`
	DPV    string `json:"dpv,omitempty" doc:"Term of the W3C Data Privacy Vocabulary; absent where none says the same"`
}

// DueView is one due instant that a duty had.
type DueView struct {
	StartedAt  *time.Time `json:"started_at,omitempty" doc:"From when it counted"`
	Target     *time.Time `json:"target,omitempty" doc:"Target then"`
	Limit      *time.Time `json:"limit,omitempty" doc:"Limit then"`
	Reason     string     `json:"reason" doc:"Why it was computed"`
	RecordedAt time.Time  `json:"recorded_at" doc:"When"`
}

// PartyView is one affected party.
type PartyView struct {
	ID        uuid.UUID        `json:"id" doc:"Id of the party"`
	Wave      int              `json:"wave" doc:"In which wave it was found"`
	Kind      string           `json:"kind" doc:"customer, account_holders or group"`
	Customer  string           `json:"customer,omitempty" doc:"Account reference"`
	Service   string           `json:"service,omitempty" doc:"Service that was touched"`
	Touched   []string         `json:"touched" doc:"What was touched"`
	People    map[string]int   `json:"people,omitempty" doc:"Approximate number of people by country"`
	Numbers   map[string]int64 `json:"numbers,omitempty" doc:"Approximate numbers per category"`
	Certainty string           `json:"certainty" doc:"suspected, confirmed or ruled_out"`
	Evidence  string           `json:"evidence,omitempty" doc:"What shows it"`
	FoundAt   time.Time        `json:"found_at" doc:"When it was recorded"`
}

// NoticeView is one notice with its text.
type NoticeView struct {
	ID       uuid.UUID      `json:"id" doc:"Id of the notice"`
	State    string         `json:"state" doc:"draft, awaiting_approval, approved, releasing, released, withdrawn"`
	Version  int            `json:"version" doc:"Version of the text, for If-Match"`
	Content  letters.Notice `json:"content" doc:"The text"`
	Update   bool           `json:"update,omitempty" doc:"It keeps what earlier notices promised"`
	Blockers []string       `json:"blockers,omitempty" doc:"What keeps it from being submitted and approved"`
	Warnings []string       `json:"warnings,omitempty" doc:"What it leaves unanswered although somebody is owed it: it goes all the same, because it is late"`
	// DelayReason is what the approver has printed.
	DelayReason map[string]string `json:"delay_reason,omitempty" doc:"Why it comes late, by language, as late letters print it"`
	ApprovedBy  string            `json:"approved_by,omitempty" doc:"Who approved it"`
	ApprovedAt  *time.Time        `json:"approved_at,omitempty" doc:"When"`
	Campaigns   []CampaignSummary `json:"campaigns,omitempty" doc:"Its sendings"`
}

// CampaignSummary is one sending, with counts by state.
type CampaignSummary struct {
	ID     uuid.UUID      `json:"id" doc:"Id of the sending"`
	State  string         `json:"state" doc:"running, paused, stopped or done"`
	Counts map[string]int `json:"counts" doc:"Deliveries by state"`
}

// PreviewView is a notice as one recipient will read it, and the digest that an approval is bound to.
type PreviewView struct {
	Digest     string         `json:"digest" doc:"Digest over text, languages, recipients and each one's own values"`
	Recipients int            `json:"recipients" doc:"How many recipients"`
	Customers  int            `json:"customers" doc:"How many customers"`
	Index      int            `json:"index" doc:"Which recipient is shown"`
	Address    string         `json:"address,omitempty" doc:"The recipient's address"`
	Letter     letters.Letter `json:"letter" doc:"What the recipient will read"`
	Gaps       []string       `json:"gaps,omitempty" doc:"Customers who are owed the notice and have no address, by reference"`
}

// DeliveryView is one delivery, as far as the other side has shown.
type DeliveryView struct {
	ID                uuid.UUID   `json:"id" doc:"Id of the delivery"`
	Notice            *uuid.UUID  `json:"notice,omitempty" doc:"The notice"`
	Customer          string      `json:"customer,omitempty" doc:"Account reference"`
	Channel           string      `json:"channel" doc:"email or by_hand"`
	Transport         string      `json:"transport,omitempty" doc:"direct or relay"`
	Rank              int         `json:"rank" doc:"0 is sent at once, higher ranks when the lower ones failed"`
	State             string      `json:"state" doc:"What the other side really confirmed"`
	Evidence          string      `json:"evidence" doc:"Rung of the evidence ladder, E0 to E5 or B1 to B3"`
	Attempt           int         `json:"attempt" doc:"How often it was tried"`
	Code              int         `json:"code,omitempty" doc:"Last reply code"`
	Class             string      `json:"class,omitempty" doc:"Class of the last answer"`
	NextAt            *time.Time  `json:"next_at,omitempty" doc:"When it is tried next"`
	AcceptedAt        *time.Time  `json:"accepted_at,omitempty" doc:"When the recipient's own server took it"`
	HandedOnAt        *time.Time  `json:"handed_on_at,omitempty" doc:"When the relay took it"`
	DeliveredAt       *time.Time  `json:"delivered_at,omitempty" doc:"When a report said so"`
	AcknowledgedAt    *time.Time  `json:"acknowledged_at,omitempty" doc:"When the recipient acknowledged"`
	BouncedAt         *time.Time  `json:"bounced_at,omitempty" doc:"When it came back"`
	PossibleDuplicate bool        `json:"possible_duplicate" doc:"It may have arrived twice"`
	Events            []EventView `json:"events,omitempty" doc:"What was tried and answered"`
}

// EventView is one row of the ledger.
type EventView struct {
	At      time.Time       `json:"at" doc:"When"`
	Attempt int             `json:"attempt" doc:"Which attempt"`
	Kind    string          `json:"kind" doc:"in_flight, accepted, refused, …"`
	Body    json.RawMessage `json:"body" doc:"Code, class, TLS"`
	Reply   string          `json:"reply,omitempty" doc:"What the other side said"`
	Host    string          `json:"host,omitempty" doc:"The server that said it"`
	QueueID string          `json:"queue_id,omitempty" doc:"Under which name it queued the message"`
	Reason  string          `json:"reason,omitempty" doc:"Our own word where the other side said nothing"`
}

// RaiseView is somebody having been raised.
type RaiseView struct {
	ID             uuid.UUID  `json:"id" doc:"Id of the raise"`
	Kind           string     `json:"kind" doc:"half, three_quarters, nine_tenths, target, limit or a delivery's trouble"`
	DueAt          time.Time  `json:"due_at" doc:"The instant it is about"`
	RecordedAt     time.Time  `json:"recorded_at" doc:"When it was noticed"`
	Count          int        `json:"count" doc:"How many duties it is about"`
	Step           int        `json:"step" doc:"Step of the escalation"`
	Roles          []string   `json:"roles" doc:"Who was raised last"`
	NextStepAt     *time.Time `json:"next_step_at,omitempty" doc:"When it goes further unless somebody acknowledges"`
	AcknowledgedAt *time.Time `json:"acknowledged_at,omitempty" doc:"When somebody took it"`
	AcknowledgedBy string     `json:"acknowledged_by,omitempty" doc:"Who took it"`
	LedBy          *uuid.UUID `json:"led_by,omitempty" doc:"The raise with which this one was missed: that one is paged and acknowledged for both"`
	PagesOpen      int        `json:"pages_open" doc:"Pages that nobody's pager has taken yet"`
}

// CustomerView is a customer.
type CustomerView struct {
	ID       uuid.UUID `json:"id" doc:"Id of the customer"`
	Ref      string    `json:"ref" doc:"Account reference"`
	Name     string    `json:"name" doc:"Name"`
	Plan     string    `json:"plan" doc:"standard or enterprise_zdr"`
	Language string    `json:"language" doc:"Language of its letters"`
	Zone     string    `json:"zone" doc:"Time zone"`
	Contacts int       `json:"contacts" doc:"Number of contacts"`
}

// ExplainView says what a customer is owed under its agreements, and why.
type ExplainView struct {
	Customer string       `json:"customer" doc:"Account reference"`
	Kind     string       `json:"kind" doc:"What is owed, e.g. incident-notice"`
	Text     string       `json:"text" doc:"The explanation, in sentences"`
	Why      []clock.Step `json:"why,omitempty" doc:"How the clock is counted"`
}

// VerifyView is the result of checking a case's chain.
type VerifyView struct {
	Case    uuid.UUID `json:"case" doc:"Id of the case"`
	OK      bool      `json:"ok" doc:"Everything checked holds"`
	Entries int64     `json:"entries" doc:"Entries checked"`
	Pages   int       `json:"pages" doc:"Sealed pages of the ledger checked"`
	Rows    int64     `json:"rows" doc:"Ledger rows checked"`
	Head    string    `json:"head" doc:"Head of the chain, hex"`
	// Published is the entry up to which the signed heads outside the database vouch.
	Published int64  `json:"published" doc:"Entry up to which signed heads outside the database vouch; 0 while none was published"`
	Problem   string `json:"problem,omitempty" doc:"The first thing that does not hold"`
}
