package desk

import (
	"time"

	"github.com/google/uuid"

	"github.com/atlascloudai/docket/core/letters"
)

// OpenInput opens an incident.
type OpenInput struct {
	Title           string     `json:"title" minLength:"1" maxLength:"200" doc:"What happened, in a line"`
	Summary         string     `json:"summary,omitempty" maxLength:"20000" doc:"What is known"`
	Severity        string     `json:"severity,omitempty" enum:"low,medium,high,critical" doc:"Severity, if it is known already"`
	SuspectedBreach bool       `json:"suspected_breach,omitempty" doc:"Personal data may be touched"`
	DetectedAt      *time.Time `json:"detected_at,omitempty" doc:"When it was detected; now if absent"`
	Restricted      bool       `json:"restricted,omitempty" doc:"Only members see the case"`
	Drill           bool       `json:"drill,omitempty" doc:"An exercise: its clock can be moved and nothing leaves the house"`
	// Upstream is given where a sub-processor or AI provider reported an incident of its own.
	Upstream *UpstreamInput `json:"upstream,omitempty" doc:"What a sub-processor or AI provider told us of an incident of its own"`
}

// TriageInput takes an incident up.
type TriageInput struct {
	Severity        string `json:"severity,omitempty" enum:"low,medium,high,critical" doc:"Severity as assessed"`
	SuspectedBreach bool   `json:"suspected_breach,omitempty" doc:"Personal data may be touched"`
}

// DismissInput ends what was no incident.
type DismissInput struct {
	Verdict string `json:"verdict" enum:"false_positive,benign,test,insufficient_data,managed_externally" doc:"Why it is no incident"`
	Reason  string `json:"reason" minLength:"1" maxLength:"5000" doc:"Part of the record"`
}

// DeclareInput makes it an incident.
type DeclareInput struct {
	Severity  string `json:"severity,omitempty" enum:"low,medium,high,critical" doc:"Severity; the triaged one if absent"`
	Commander string `json:"commander,omitempty" maxLength:"63" doc:"Handle of the incident commander; whoever declares if absent"`
}

// PartyInput is one affected party.
type PartyInput struct {
	Kind     string   `json:"kind,omitempty" enum:"customer,account_holders,group" doc:"customer if absent"`
	Customer string   `json:"customer,omitempty" maxLength:"120" doc:"Account reference of the customer"`
	Service  string   `json:"service,omitempty" maxLength:"120" doc:"Service that was touched"`
	Touched  []string `json:"touched" minItems:"1" maxItems:"10" doc:"customer_content, customer_personal_data, account_data, billing_data, operational_metadata, availability"`
	// People is the approximate number of affected people by country, where the company is controller.
	People    map[string]int   `json:"people,omitempty" doc:"Approximate number of affected people by ISO 3166 country, where the company is controller"`
	Numbers   map[string]int64 `json:"numbers,omitempty" doc:"Approximate numbers per category: data_subjects, records"`
	From      *time.Time       `json:"from,omitempty" doc:"Begin of the window in which they were affected"`
	To        *time.Time       `json:"to,omitempty" doc:"End of that window"`
	Certainty string           `json:"certainty,omitempty" enum:"suspected,confirmed" doc:"confirmed if absent"`
	Evidence  string           `json:"evidence,omitempty" maxLength:"5000" doc:"What shows that they are affected"`
}

// PartiesInput records a wave of affected parties.
type PartiesInput struct {
	Parties []PartyInput `json:"parties" minItems:"1" maxItems:"100000" doc:"The parties of this wave; those already recorded are left as they are"`
	// Governs is counsel's choice of the instant that later-found parties' clocks count from.
	Governs string `json:"governs,omitempty" enum:"incident,found" doc:"For a later wave: do clocks count from the incident's start facts or from when the party was found? Undecided if absent"`
	Reason  string `json:"reason,omitempty" maxLength:"5000" doc:"Why that instant governs"`
}

// StartInput records when a start word became true.
type StartInput struct {
	Word     string    `json:"word" enum:"aware_controller,aware_processor,aware_significant,assessed_notifiable,classified_major,confirmed_processor,determined_incident,determined_material,discovered_constructive,fix_available,handling_concluded,information_available,knew_data_affected,noticed,notified_by_other,payment_made,service_disrupted,suspected" doc:"Start word, as the law or the agreement has it: aware_processor (we knew of a breach of customers' data), confirmed_processor (we confirmed it), aware_controller (reasonable certainty, for data of our own), aware_significant (NIS2), classified_major (DORA), determined_material (SEC), and so on; docs/legal-time.md lists them"`
	At       time.Time `json:"at,omitzero" required:"false" doc:"When it became true, with its offset; the candidate's instant if absent"`
	Zone     string    `json:"zone,omitempty" maxLength:"60" doc:"IANA zone in which it was said, e.g. Europe/Berlin; the candidate's if absent"`
	Evidence string    `json:"evidence" minLength:"1" maxLength:"5000" doc:"What shows it"`
	Reason   string    `json:"reason,omitempty" maxLength:"5000" doc:"Why this instant among the candidates on record, or why an earlier record is corrected"`
	// Candidate is the one that the decision takes; every candidate on record is named in the chain.
	Candidate *uuid.UUID `json:"candidate,omitempty" doc:"The candidate that the decision takes"`
}

// CandidateInput records an instant that awareness may be counted from.
type CandidateInput struct {
	Kind     string    `json:"kind" enum:"first_alert,ticket,report,finding,other" doc:"What it is: a system's first alert, a ticket, somebody's report, a finding of the inquiry, something else"`
	At       time.Time `json:"at" doc:"When, with its offset"`
	Zone     string    `json:"zone" minLength:"1" maxLength:"60" doc:"IANA zone in which it was said"`
	Evidence string    `json:"evidence" minLength:"1" maxLength:"5000" doc:"What shows it"`
}

// UpstreamInput is what a sub-processor or AI provider told us of an incident of its own.
type UpstreamInput struct {
	Who       string     `json:"who" minLength:"1" maxLength:"200" doc:"Who told us"`
	AwareAt   *time.Time `json:"aware_at,omitempty" doc:"When they became aware, with its offset, if they said so; it starts no clock of ours"`
	ToldUsAt  time.Time  `json:"told_us_at" doc:"When they told us, with its offset: the start word notified_by_other, and a candidate for our own awareness"`
	Zone      string     `json:"zone" minLength:"1" maxLength:"60" doc:"IANA zone in which it was said"`
	Reference string     `json:"reference,omitempty" maxLength:"500" doc:"Their reference"`
	Evidence  string     `json:"evidence" minLength:"1" maxLength:"5000" doc:"What shows it: their message, and who read it"`
	Reason    string     `json:"reason,omitempty" maxLength:"5000" doc:"Why an earlier record is corrected"`
}

// RiskInput assesses the risk to people.
type RiskInput struct {
	Risk   string `json:"risk" enum:"unlikely,risk,high_risk" doc:"A risk to people is unlikely, likely, or likely and high"`
	Reason string `json:"reason" minLength:"1" maxLength:"5000" doc:"What was weighed; part of the record"`
}

// RuleOutInput says that there was no breach.
type RuleOutInput struct {
	Reason string `json:"reason" minLength:"1" maxLength:"5000" doc:"Part of the record"`
}

// TechnicalInput records a milestone of the technical work.
type TechnicalInput struct {
	Milestone string     `json:"milestone" enum:"contained,eradicated,recovered" doc:"What was reached"`
	At        *time.Time `json:"at,omitempty" doc:"When; now if absent"`
	Note      string     `json:"note,omitempty" maxLength:"5000" doc:"How"`
}

// ResolveInput ends the technical work.
type ResolveInput struct {
	Recovery string `json:"recovery" minLength:"1" maxLength:"5000" doc:"How service was recovered"`
}

// ReviewInput finishes or waives the post-incident review.
type ReviewInput struct {
	Waive bool   `json:"waive,omitempty" doc:"Waive the review; the note says why"`
	Note  string `json:"note" minLength:"1" maxLength:"20000" doc:"The review's result, or why it is waived"`
}

// CloseInput closes the case.
type CloseInput struct{}

// ReasonInput is a command that needs nothing but a reason.
type ReasonInput struct {
	Reason string `json:"reason" minLength:"1" maxLength:"5000" doc:"Part of the record"`
}

// AssignInput hands command over.
type AssignInput struct {
	Commander string `json:"commander" minLength:"1" maxLength:"63" doc:"Handle of the new incident commander"`
}

// RestrictInput says who may see a restricted case; the caller is always among them.
type RestrictInput struct {
	Restricted bool     `json:"restricted" doc:"Only members see the case"`
	Members    []string `json:"members,omitempty" maxItems:"500" doc:"Handles of the members"`
}

// SummaryInput replaces title and summary; IfMatch is the version that was read.
type SummaryInput struct {
	Title   string `json:"title" minLength:"1" maxLength:"200" doc:"What happened, in a line"`
	Summary string `json:"summary" maxLength:"20000" doc:"What is known"`
	IfMatch int    `json:"-"`
}

// AdvanceInput moves a drill's clock forward.
type AdvanceInput struct {
	To *time.Time `json:"to,omitempty" doc:"Case instant to move to; the next milestone if absent"`
}

// DecideInput confirms proposed duties as required or not, in bulk per rule.
type DecideInput struct {
	Rule     string      `json:"rule,omitempty" maxLength:"120" doc:"All proposed duties of this rule"`
	Duties   []uuid.UUID `json:"duties,omitempty" maxItems:"10000" doc:"Or these duties"`
	Required bool        `json:"required" doc:"Whether they are required"`
	Reason   string      `json:"reason" minLength:"1" maxLength:"5000" doc:"Part of the record"`
}

// ChooseStartInput is counsel's choice for duties whose start is undecided.
type ChooseStartInput struct {
	Governs string      `json:"governs" enum:"incident,found" doc:"Which instant the clock counts from"`
	Duties  []uuid.UUID `json:"duties,omitempty" maxItems:"10000" doc:"These duties; all undecided ones if absent"`
	Reason  string      `json:"reason" minLength:"1" maxLength:"5000" doc:"Part of the record"`
}

// WaiveInput ends a duty without meeting it.
type WaiveInput struct {
	Exemption string `json:"exemption" minLength:"1" maxLength:"60" doc:"Code of the ground; the duty's rule has to know it, else the refusal names those that fit"`
	Reason    string `json:"reason" minLength:"1" maxLength:"5000" doc:"Part of the record"`
	// Instead is demanded by GDPR art. 34(3)(c).
	Instead string `json:"instead,omitempty" maxLength:"5000" doc:"What is done in place of the notice, where the ground demands that: a public communication"`
}

// ExemptionInput looks at exemptions again, in bulk per rule.
type ExemptionInput struct {
	Rule     string      `json:"rule,omitempty" maxLength:"120" doc:"All exempted duties of this rule"`
	Duties   []uuid.UUID `json:"duties,omitempty" maxItems:"10000" doc:"Or these duties"`
	Required bool        `json:"required" doc:"They are required again; else the exemptions stand on the facts as they are now"`
	Reason   string      `json:"reason" minLength:"1" maxLength:"5000" doc:"Part of the record"`
}

// FileInput records a notice or filing that a person made by hand.
type FileInput struct {
	FiledAt time.Time `json:"filed_at" doc:"When it was filed, with its offset"`
	Zone    string    `json:"zone" minLength:"1" maxLength:"60" doc:"IANA zone"`
	How     string    `json:"how" minLength:"1" maxLength:"200" doc:"Portal, phone, post, supplier portal"`
	// One of DelayReason and ReasonsFollowBy is demanded where an authority is told after the limit (GDPR art. 33(1)).
	DelayReason     string     `json:"delay_reason,omitempty" maxLength:"5000" doc:"Why it is late; this or reasons_follow_by is demanded where an authority is told after the limit"`
	ReasonsFollowBy *time.Time `json:"reasons_follow_by,omitempty" doc:"Or by when the reasons follow: it opens a duty to whom was told"`
	// Unknown is what the filing leaves open (GDPR art. 33(4)); it opens a duty of its own.
	Unknown   []letters.Promise `json:"unknown,omitempty" maxItems:"20" doc:"What was filed as not yet known, and by when it will be: it opens a duty to whom was told"`
	Reference string            `json:"reference" minLength:"1" maxLength:"500" doc:"Reference the other side gave"`
	Receipt   []byte            `json:"receipt" minLength:"1" maxLength:"2000000" doc:"The receipt, base64; its hash goes into the chain"`
}

// NoticeInput drafts a notice.
type NoticeInput struct {
	// From is an earlier notice of the case whose text is taken over.
	From    *uuid.UUID      `json:"from,omitempty" doc:"Take over the text of this earlier notice of the case"`
	Content *letters.Notice `json:"content,omitempty" doc:"The text: languages, subjects and required elements"`
	Update  bool            `json:"update,omitempty" doc:"It keeps what earlier notices promised, and goes to those who are owed nothing else; any other notice goes to everybody else who is owed one"`
}

// EditNoticeInput replaces a notice's text; IfMatch is the version that was read.
type EditNoticeInput struct {
	Content letters.Notice `json:"content" doc:"The whole text"`
	IfMatch int            `json:"-"`
}

// SubmitInput hands a draft to its approver.
type SubmitInput struct{}

// ApproveInput approves a notice: its text, its recipients and each one's own values, bound by their digest.
type ApproveInput struct {
	Digest string `json:"digest" minLength:"64" maxLength:"64" doc:"Digest of what was approved, from the preview"`
	Delay
}

// Delay is why a notice to customers comes late. It stays in the case unless the approver has it printed.
type Delay struct {
	Reason map[string]string `json:"delay_reason,omitempty" doc:"Why it comes late, by language; kept in the case"`
	Print  bool              `json:"print_delay_reason,omitempty" doc:"Print it in the letters that go after their limit; the approval's digest binds it"`
}

// PreviewInput asks how one recipient will read a notice.
type PreviewInput struct {
	Index int `json:"index,omitempty" minimum:"0" doc:"Which recipient's letter to show, from 0"`
	Delay
}

// DelayReasonInput records why a notice came late.
type DelayReasonInput struct {
	Reason string `json:"reason" minLength:"1" maxLength:"5000" doc:"Why it came late; part of the record, never printed"`
}

// ReleaseInput starts the sending of an approved notice.
type ReleaseInput struct {
	Lane  string `json:"lane,omitempty" enum:"urgent,bulk" doc:"urgent if absent"`
	First int    `json:"first,omitempty" minimum:"1" doc:"How many customers are sent it first; the rest waits, paused, until it is resumed. All if absent"`
}

// SettleInput settles a delivery whose outcome could not be seen.
type SettleInput struct {
	Outcome string `json:"outcome" enum:"accepted,refused,resend" doc:"What a person found out, or resend"`
	Reason  string `json:"reason" minLength:"1" maxLength:"5000" doc:"What shows it"`
}

// AcknowledgeInput records that the recipient acknowledged.
type AcknowledgeInput struct {
	At       time.Time `json:"at" doc:"When they acknowledged, with its offset"`
	Evidence string    `json:"evidence" minLength:"1" maxLength:"5000" doc:"What shows it: a reply, a call, a signed receipt"`
}

// AnswerInput acknowledges a raise: somebody took it.
type AnswerInput struct {
	Note string `json:"note,omitempty" maxLength:"2000" doc:"What will be done"`
}
