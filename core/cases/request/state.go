// Package request is the life of a data subject request as a pure machine: who asks for what under which law, what each
// status allows, what stands in the way, and what is written down. Words follow GDPR art 12 to 23, W3C DPV 2.3 and
// OpenDSR 2.0.
package request

import (
	"slices"
	"time"
)

// Status is where a request stands.
type Status string

// The statuses of a request.
const (
	// Received: it is on record, nobody has looked at it.
	Received Status = "received"
	// VerifyingIdentity: nothing is disclosed or erased until it is known who asks.
	VerifyingIdentity Status = "verifying_identity"
	// Scoping: what is held about the person is being found.
	Scoping Status = "scoping"
	// AwaitingApproval: the plan waits for somebody other than its preparer.
	AwaitingApproval Status = "awaiting_approval"
	// Restricting: approved; other contacts were told and the cooling-off runs. Nothing was destroyed yet.
	Restricting Status = "restricting"
	// Executing: destructive calls have begun.
	Executing Status = "executing"
	// Verifying: everything was erased, and is looked for by another path.
	Verifying Status = "verifying"
	// ActionRequired: a target failed and keeps retrying; a person has to look. It is never shown as success.
	ActionRequired Status = "action_required"
	// AwaitingExpiry: what is left goes away by itself at a known instant.
	AwaitingExpiry Status = "awaiting_expiry"
	// InHand: a person carries it out (rectification, restriction, objection, opt-out, appeal, complaint, inquiry).
	InHand Status = "in_hand"
	// Completed: everything that was located was seen to be gone.
	Completed Status = "completed"
	// CompletedWithRetention: what stays has a ground, a person and an instant; it comes back by itself.
	CompletedWithRetention Status = "completed_with_retention"
	// Forwarded: it went to the customer who is the controller.
	Forwarded Status = "forwarded_to_controller"
	// Duplicate: the same verified person asked the same before.
	Duplicate Status = "duplicate"
	// Denied, Expired (who asks was never shown) and Cancelled are ends without a deed.
	Denied    Status = "denied"
	Expired   Status = "expired"
	Cancelled Status = "cancelled"
)

// Statuses are all statuses, in the order of a request's life.
func Statuses() []Status {
	return []Status{Received, VerifyingIdentity, Scoping, AwaitingApproval, Restricting, Executing, Verifying, ActionRequired, AwaitingExpiry,
		InHand, Completed, CompletedWithRetention, Forwarded, Duplicate, Denied, Expired, Cancelled}
}

// Known says whether it is one of the statuses.
func (s Status) Known() bool { return slices.Contains(Statuses(), s) }

// Ended says whether nothing is left to carry out. What was kept may still come back on its date.
func (s Status) Ended() bool {
	return slices.Contains([]Status{Completed, CompletedWithRetention, Forwarded, Duplicate, Denied, Expired, Cancelled}, s)
}

// Begun says whether a destructive call may have been made: from here on nothing is cancelled.
func (s Status) Begun() bool {
	return slices.Contains([]Status{Executing, Verifying, ActionRequired, AwaitingExpiry, Completed, CompletedWithRetention}, s)
}

// Right is what a person asks for.
type Right string

// The rights.
const (
	Erasure       Right = "erasure"
	Access        Right = "access"
	Portability   Right = "portability"
	Rectification Right = "rectification"
	Restriction   Right = "restriction"
	Objection     Right = "objection"
	OptOut        Right = "opt_out"
	// Appeal, Complaint and Inquiry are about a request that went before.
	Appeal    Right = "appeal"
	Complaint Right = "complaint"
	Inquiry   Right = "authority_inquiry"
	// Unclear: a letter from which a person must still read what it asks for. Its clock runs all the same.
	Unclear Right = "unclear"
)

// Rights are all rights that somebody can ask for.
func Rights() []Right {
	return []Right{Erasure, Access, Portability, Rectification, Restriction, Objection, OptOut, Appeal, Complaint, Inquiry}
}

// Searched says whether the engine carries the right out over the estate; the others are a person's task.
func (r Right) Searched() bool { return r == Erasure || r == Access || r == Portability }

// Linked says whether it is about an earlier request.
func (r Right) Linked() bool { return r == Appeal || r == Complaint || r == Inquiry }

// NeedsIdentity says whether it has to be known who asks: not to opt out (11 CCR 7026(d)), and not for what follows an
// earlier request, which discloses nothing by itself.
func (r Right) NeedsIdentity() bool { return r != OptOut && !r.Linked() }

// Channel is how a request came in.
type Channel string

// The channels.
const (
	Mail   Channel = "mail"
	API    Channel = "api"
	Letter Channel = "letter"
	Phone  Channel = "phone"
	Desk   Channel = "in_person"
	Agent  Channel = "agent"
)

// Channels are all channels.
func Channels() []Channel { return []Channel{Mail, API, Letter, Phone, Desk, Agent} }

// Plan is what a person is asked to approve: counts only; the records are sealed rows.
type Plan struct {
	// By is who asked for it. It is nobody who approves it.
	By string `json:"by"`
	// At is when it was complete; nil while it is being made.
	At *time.Time `json:"at,omitempty"`
	// Digest binds an approval to estate, identities, targets and every located record.
	Digest  string `json:"digest,omitempty"`
	Located int64  `json:"located"`
	Erase   int64  `json:"erase"`
	Mask    int64  `json:"mask"`
	Keep    int64  `json:"keep"`
	// Wide names the bounds that it goes beyond: a second person approves too.
	Wide []string `json:"wide,omitempty"`
	// Sampled are who was shown a sample of the records of a wide plan.
	Sampled []string `json:"sampled,omitempty"`
	// Unsearched are the places that were not looked into.
	Unsearched []Unsearched `json:"unsearched,omitempty"`
	ApprovedBy string       `json:"approved_by,omitempty"`
	SecondBy   string       `json:"second_by,omitempty"`
}

// Approved says whether everybody whose word it needs has given it.
func (p *Plan) Approved() bool {
	return p != nil && p.ApprovedBy != "" && (len(p.Wide) == 0 || p.SecondBy != "")
}

// State is what the request knows of itself.
type State struct {
	Status  Status  `json:"status"`
	Right   Right   `json:"right"`
	Regime  Regime  `json:"regime"`
	Channel Channel `json:"channel"`
	// Country is where the person lives, as far as it was said: it decides the place of the clock.
	Country  string `json:"country,omitempty"`
	Language string `json:"language"`
	// OpenedBy is who entered it; Assignee who works on it; Agent who asks for the person, if an agent does.
	OpenedBy string `json:"opened_by"`
	Assignee string `json:"assignee,omitempty"`
	Agent    string `json:"agent,omitempty"`
	// Concerns is the earlier request that it is about; Canonical the one that it repeats.
	Concerns  string `json:"concerns,omitempty"`
	Canonical string `json:"canonical,omitempty"`
	// Customer is the controller whose request it is, where the company is the processor.
	Customer string `json:"customer,omitempty"`
	// Instructed is the customer who, as the controller, instructs us to carry it out; the person is never written to.
	Instructed string `json:"instructed,omitempty"`
	// Care names why a person must look before anything is destroyed: sole_owner, abuse_investigation, or controller, where the
	// account's data shows that a customer decides about it.
	Care    []string `json:"care,omitempty"`
	CaredBy string   `json:"cared_by,omitempty"`
	Plan    *Plan    `json:"plan,omitempty"`
	// Export is what a person may fetch, for a right that gives them a copy.
	Export *Export `json:"export,omitempty"`
	// CoolUntil ends the cooling-off.
	CoolUntil *time.Time `json:"cool_until,omitempty"`
	// BegunAt is when the snapshot was closed and the first destructive call was allowed.
	BegunAt *time.Time `json:"begun_at,omitempty"`
	// EndedAt is when it came to the end that it is at; nil for one that has not ended.
	EndedAt   *time.Time `json:"ended_at,omitempty"`
	Shredding *Shredding `json:"shredding,omitempty"`
	// Certificate is the newest version; Certified is how many records it says were seen to be gone.
	Certificate int    `json:"certificate,omitempty"`
	Certified   int64  `json:"certified,omitempty"`
	Reason      Reason `json:"reason,omitempty"`
	// Extended says that the letter with the reasons was delivered in the first period.
	Extended bool `json:"extended,omitempty"`
}

// Verifies says whether an identity that is shown now can still change what is done: not once a plan was approved, or an export
// released.
func (s State) Verifies() bool {
	return slices.Contains(open, s.Status) && s.Status != Restricting && (s.Status != InHand || !s.Right.Exported())
}

// Destroys says whether carrying it out destroys anything: then other contacts of the account are told before it.
func (r Right) Destroys() bool { return r == Erasure }
