package request

import (
	"fmt"
	"slices"
	"time"

	"github.com/atlascloudai/docket/core/cases"
	"github.com/atlascloudai/docket/core/problem"
)

// Counts is what the tables know of the request at the moment of a decision.
type Counts struct {
	// Identities were named; Verified of them were shown to be the person's, Asked still wait for the person's answer.
	Identities int `json:"identities"`
	Verified   int `json:"verified"`
	Asked      int `json:"asked"`
	// Targets are all; Locating are not located yet, Located wait for approval.
	Targets  int `json:"targets"`
	Locating int `json:"locating"`
	// Failed retry after an error. Erasing, Checking and Waiting are under way, Kept stay on a ground, Gone are done.
	Failed   int `json:"failed"`
	Erasing  int `json:"erasing"`
	Checking int `json:"checking"`
	Waiting  int `json:"waiting"`
	Kept     int `json:"kept"`
	Gone     int `json:"gone"`
	// FirstFailed names one that failed.
	FirstFailed string `json:"first_failed,omitempty"`
	// Seen are the records, not targets, that were seen to be gone or attested.
	Seen       int64 `json:"seen"`
	OpenDuties int   `json:"open_duties"`
	// AnswerDue is the earliest instant at which an answer is open; nil where none is.
	AnswerDue *time.Time `json:"answer_due,omitempty"`
}

// Decision is what a command is decided on.
type Decision struct {
	State  State
	Counts Counts
	// Actor is the id of who decides.
	Actor string
	// Now is case time, taken once after the case was locked.
	Now time.Time

	events []cases.Event
}

// Command is one decision about a request.
type Command interface{ decide(d *Decision) error }

// Apply decides one command: the new state and what to write, or a refusal with named blockers that changes nothing.
func Apply(d Decision, c Command) (State, []cases.Event, error) {
	if d.State.Plan != nil {
		plan := *d.State.Plan
		d.State.Plan = &plan
	}
	if d.State.Export != nil {
		export := *d.State.Export
		d.State.Export = &export
	}
	d.events = nil
	before := d.State.Status
	if err := c.decide(&d); err != nil {
		return State{}, nil, err
	}
	if d.State.Status != before {
		if d.State.EndedAt, d.State.Shredding = nil, nil; d.State.Status.Ended() {
			d.State.EndedAt = &d.Now
		}
	}
	return d.State, d.events, nil
}

func (d *Decision) write(kind string, body, content any) {
	d.events = append(d.events, cases.Event{Kind: kind, HappenedAt: d.Now, Body: body, Content: content})
}

func (d *Decision) in(what string, allowed ...Status) error {
	if slices.Contains(allowed, d.State.Status) {
		return nil
	}
	return problem.Blocked(problem.Blocker{
		Code:   "wrong_status",
		Detail: fmt.Sprintf("%s is not possible while the request is %s; it is possible in %v", what, d.State.Status, allowed),
	})
}

// open are the statuses before anything was destroyed.
var open = []Status{Received, VerifyingIdentity, Scoping, AwaitingApproval, Restricting, InHand}

// known refuses what would search, disclose or erase for somebody who was not shown to be the person.
func (d *Decision) known(what string) error {
	if d.Counts.Verified > 0 {
		return nil
	}
	return problem.Blocked(problem.Blocker{Code: string(IdentityNotVerified),
		Detail: what + " needs an identity that was shown to be the person's; ask for it with a mailed link or code, or record a check"})
}

// Read says what a letter asks for that said so unclearly.
type Read struct{ Right Right }

func (c Read) decide(d *Decision) error {
	if err := d.in("reading what is asked for", Received); err != nil {
		return err
	}
	if d.State.Right != Unclear {
		return problem.Blocked(problem.Blocker{Code: "clear", Detail: fmt.Sprintf("it asks for %s", d.State.Right)})
	}
	if !slices.Contains(Rights(), c.Right) || c.Right.Linked() {
		return problem.InvalidField("right", "must be one of erasure, access, portability, rectification, restriction, objection, opt_out; an appeal or a complaint is opened beside it, with the request that it concerns")
	}
	d.State.Right = c.Right
	d.write("request.read", map[string]any{"right": c.Right}, nil)
	return nil
}

// Dismiss ends a letter that asks for nothing: advertising, a wrong address.
type Dismiss struct{ Reason string }

func (c Dismiss) decide(d *Decision) error {
	if err := d.in("dismissing", Received); err != nil {
		return err
	}
	if d.State.Right != Unclear {
		return problem.Blocked(problem.Blocker{Code: "clear", Detail: fmt.Sprintf("it asks for %s: deny it, or cancel it", d.State.Right)})
	}
	if err := needReason(c.Reason); err != nil {
		return err
	}
	d.State.Status = Cancelled
	d.write("request.dismissed", struct{}{}, map[string]any{"reason": c.Reason})
	return nil
}

// Begin is intake's first word: whether it has to be known who asks.
type Begin struct{}

func (Begin) decide(d *Decision) error {
	if err := d.in("taking a request up", Received); err != nil {
		return err
	}
	switch {
	case d.State.Right.NeedsIdentity() && d.Counts.Verified == 0:
		d.State.Status = VerifyingIdentity
	case d.State.Right.Searched():
		d.State.Status = Scoping
	default:
		d.State.Status = InHand
	}
	d.write("request.taken_up", map[string]any{"status": d.State.Status}, nil)
	return nil
}

// Shown says that an identity was shown to be the person's.
type Shown struct{ Identity, Method string }

func (c Shown) decide(d *Decision) error {
	if !d.State.Verifies() {
		return problem.Blocked(problem.Blocker{Code: "wrong_status", Detail: fmt.Sprintf("nothing more is verified for a request that is %s; what belongs to another identity is asked for anew", d.State.Status)})
	}
	d.write("identity.verified", map[string]any{"identity": c.Identity, "method": c.Method}, nil)
	d.State.Plan = nil // A plan that was made, or is being made, was made without it.
	if d.State.CaredBy != "" && d.Counts.Verified > 1 {
		d.State.CaredBy = "" // Whoever looked did so without it.
		d.write("care.needed", map[string]any{"care": d.State.Care}, nil)
	}
	if d.State.Status == Received || d.State.Status == VerifyingIdentity || d.State.Status == AwaitingApproval {
		if d.State.Status = InHand; d.State.Right.Searched() {
			d.State.Status = Scoping
		}
	}
	return nil
}

// Scope asks for a plan: everything held about the verified identities is located.
type Scope struct{}

func (Scope) decide(d *Decision) error {
	if !d.State.Right.Searched() {
		return problem.Blocked(problem.Blocker{Code: "not_searched", Detail: fmt.Sprintf("a request of %s is a person's task; nothing is searched for it", d.State.Right)})
	}
	if err := d.known("searching"); err != nil {
		return err
	}
	if err := d.in("making a plan", Scoping, AwaitingApproval); err != nil {
		return err
	}
	if slices.Contains(d.State.Care, CareController) && d.State.CaredBy == "" {
		return problem.Blocked(problem.Blocker{Code: "controller_shown",
			Detail: "the account's data shows that a customer decides about it: forward the request to that customer, or say why it is the company's own"})
	}
	d.State.Status, d.State.Plan = Scoping, &Plan{By: d.Actor}
	d.write("plan.asked", struct{}{}, nil)
	return nil
}

// PlanMade is what locating came to.
type PlanMade struct {
	Digest                     string
	Located, Erase, Mask, Keep int64
	Wide                       []string
	Unsearched                 []Unsearched
	// Care is why a person must look, as the located records show it.
	Care []string
}

func (c PlanMade) decide(d *Decision) error {
	if err := d.in("completing a plan", Scoping); err != nil {
		return err
	}
	if d.State.Plan == nil || d.Counts.Locating > 0 {
		return problem.Blocked(problem.Blocker{Code: "not_located", Detail: "not everything was located yet"})
	}
	plan := d.State.Plan
	plan.At, plan.Digest, plan.Located, plan.Erase, plan.Mask, plan.Keep, plan.Wide = &d.Now, c.Digest, c.Located, c.Erase, c.Mask, c.Keep, c.Wide
	plan.Unsearched = c.Unsearched
	d.care(c.Care)
	d.State.Status = AwaitingApproval
	d.write("plan.made", map[string]any{"digest": c.Digest, "located": c.Located, "erase": c.Erase, "mask": c.Mask, "keep": c.Keep, "wide": c.Wide, "targets": d.Counts.Targets}, nil)
	return nil
}

// Approve approves exactly the plan of a digest. Nobody approves a plan that they asked for, and a wide one takes two.
type Approve struct {
	Digest string
	// Cooling is how long other contacts have to object.
	Cooling time.Duration
}

func (c Approve) decide(d *Decision) error {
	if d.State.Right.Exported() {
		return problem.Blocked(problem.Blocker{Code: "release_instead", Detail: fmt.Sprintf("a plan of %s destroys nothing: a named reviewer releases its export", d.State.Right)})
	}
	if err := d.approve(c.Digest); err != nil {
		return err
	}
	plan := d.State.Plan
	if !plan.Approved() {
		d.write("plan.approval_proposed", map[string]any{"digest": c.Digest, "wide": plan.Wide}, nil)
		return nil
	}
	until := d.Now.Add(c.Cooling)
	d.State.Status, d.State.CoolUntil = Restricting, &until
	d.write("plan.approved", map[string]any{"digest": c.Digest, "cool_until": until.UTC()}, nil)
	return nil
}

// approve adds one person's word for exactly the plan of a digest.
func (d *Decision) approve(digest string) error {
	if err := d.in("approving a plan", AwaitingApproval); err != nil {
		return err
	}
	if err := d.known("approving"); err != nil {
		return err
	}
	plan := d.State.Plan
	switch {
	case plan.Digest != digest:
		return problem.Blocked(problem.Blocker{Code: "digest_differs", Detail: "the plan is no longer the one that was previewed; look at it again"})
	case plan.By == d.Actor:
		return problem.New(problem.Forbidden, "whoever asked for a plan cannot approve it; a second person does")
	case plan.ApprovedBy == d.Actor:
		return problem.New(problem.Forbidden, "a plan beyond its bounds needs the word of a second approver")
	case len(d.State.Care) > 0 && d.State.CaredBy == "":
		return problem.Blocked(problem.Blocker{Code: "care_needed", Detail: fmt.Sprintf("a person has to look first: %v", d.State.Care)})
	case plan.ApprovedBy != "" && !slices.Contains(plan.Sampled, d.Actor):
		return problem.Blocked(problem.Blocker{Code: "sample_not_seen", Detail: "whoever approves a plan beyond its bounds as the second person looks at a sample of its records first"})
	}
	if plan.ApprovedBy == "" {
		plan.ApprovedBy = d.Actor
	} else {
		plan.SecondBy = d.Actor
	}
	return nil
}

// CareController is the care of a request whose account's data shows that a customer decides about it.
const CareController = "controller"

// care adds why a person must look. Who looked at other reasons looks again.
func (d *Decision) care(reasons []string) {
	var fresh []string
	for _, reason := range reasons {
		if !slices.Contains(d.State.Care, reason) {
			fresh = append(fresh, reason)
		}
	}
	if len(fresh) == 0 {
		return
	}
	d.State.Care, d.State.CaredBy = append(slices.Clone(d.State.Care), fresh...), ""
	d.write("care.needed", map[string]any{"care": fresh}, nil)
}

// ControllerShown says that the account's data shows a customer who decides about it: nothing more is searched until a person
// has forwarded the request, or has said why it is the company's own.
type ControllerShown struct {
	// Customer is its id; empty where the data names nobody who is known.
	Customer string
}

func (c ControllerShown) decide(d *Decision) error {
	if err := d.in("ending a search", Scoping); err != nil {
		return err
	}
	d.State.Plan = nil
	d.write("controller.shown", map[string]any{"customer": c.Customer}, nil)
	d.care([]string{CareController})
	return nil
}

// Sample is somebody's look at a sample of a plan's records.
type Sample struct{}

func (Sample) decide(d *Decision) error {
	if err := d.in("looking at a sample", AwaitingApproval); err != nil {
		return err
	}
	if !slices.Contains(d.State.Plan.Sampled, d.Actor) {
		d.State.Plan.Sampled = append(slices.Clone(d.State.Plan.Sampled), d.Actor)
	}
	d.write("plan.sampled", map[string]any{"digest": d.State.Plan.Digest}, nil)
	return nil
}

// Careful is a person's word that a request which needs care may go on.
type Careful struct{ Reason string }

func (c Careful) decide(d *Decision) error {
	if err := d.in("looking at what needs care", open...); err != nil {
		return err
	}
	if len(d.State.Care) == 0 {
		return problem.Blocked(problem.Blocker{Code: "no_care_needed", Detail: "nothing about this request asks for it"})
	}
	if err := needReason(c.Reason); err != nil {
		return err
	}
	d.State.CaredBy = d.Actor
	d.write("care.taken", map[string]any{"care": d.State.Care}, map[string]any{"reason": c.Reason})
	return nil
}

// Start closes the snapshot and allows the first destructive call, once the cooling-off is over.
type Start struct{ Snapshot string }

func (c Start) decide(d *Decision) error {
	if err := d.in("beginning", Restricting); err != nil {
		return err
	}
	if err := d.known("beginning"); err != nil {
		return err
	}
	if !d.State.Right.Destroys() || !d.State.Plan.Approved() {
		return problem.New(problem.Forbidden, "nothing is destroyed for a request that does not ask for it, or whose plan was not approved")
	}
	if d.State.CoolUntil == nil || d.State.CoolUntil.After(d.Now) {
		return problem.Blocked(problem.Blocker{Code: "cooling_off", Detail: "the cooling-off has not ended"})
	}
	if c.Snapshot != d.State.Plan.Digest {
		return problem.Blocked(problem.Blocker{Code: "digest_differs", Detail: "what is to be erased is not what was approved"})
	}
	d.State.Status, d.State.BegunAt = Executing, &d.Now
	d.write("request.begun", map[string]any{"snapshot": c.Snapshot}, nil)
	return nil
}

// Carry takes the status that the targets have come to. It is the only way to an end that says something was done.
type Carry struct{}

func (Carry) decide(d *Decision) error {
	if !d.State.Status.Begun() || d.State.BegunAt == nil {
		return d.in("going on", Executing, Verifying, ActionRequired, AwaitingExpiry, CompletedWithRetention)
	}
	status := Standing(d.Counts)
	if status == d.State.Status {
		return nil
	}
	body := map[string]any{"status": status, "gone": d.Counts.Gone, "kept": d.Counts.Kept, "failed": d.Counts.Failed}
	d.State.Status = status
	d.write("request."+string(status), body, nil)
	return nil
}

// Standing is the status that targets under way come to. A failure is never hidden behind what succeeded.
func Standing(c Counts) Status {
	switch {
	case c.Failed > 0:
		return ActionRequired
	case c.Erasing+c.Locating > 0:
		return Executing
	case c.Checking > 0:
		return Verifying
	case c.Waiting > 0:
		return AwaitingExpiry
	case c.Kept > 0:
		return CompletedWithRetention
	default:
		return Completed
	}
}

// Uncertified says that more was seen to be gone than the newest certificate says: what a hold kept went, and something else
// still stays, so that the status is the same as before.
func (s State) Uncertified(c Counts) bool {
	return s.Status == CompletedWithRetention && Standing(c) == s.Status && s.Certificate > 0 && c.Seen > s.Certified
}

// Deny refuses the request for a coded reason; the answer to the person is a duty of its own.
type Deny struct {
	Reason Reason
	Words  string
}

func (c Deny) decide(d *Decision) error {
	if err := d.in("denying", open...); err != nil {
		return err
	}
	if !c.Reason.CanDeny() {
		return problem.InvalidField("reason", "must be one of identity_not_verified, no_match, manifestly_unfounded, excessive, suspected_fraud, outside_jurisdiction, claim_not_covered, not_the_controller, legally_exempt")
	}
	if c.Reason == IdentityNotVerified && d.Counts.Verified > 0 {
		return problem.InvalidField("reason", "an identity was verified; deny for another reason")
	}
	if c.Words == "" {
		return problem.InvalidField("words", "say why: the person is owed the reasons (GDPR art 12(4))")
	}
	d.State.Status, d.State.Reason = Denied, c.Reason
	d.write("request.denied", map[string]any{"reason": c.Reason}, map[string]any{"words": c.Words})
	return nil
}

// Withdraw ends a request that the person no longer makes; possible until the first destructive call.
type Withdraw struct{ Reason string }

func (c Withdraw) decide(d *Decision) error {
	if err := d.in("cancelling", open...); err != nil {
		return err
	}
	if err := needReason(c.Reason); err != nil {
		return err
	}
	d.State.Status, d.State.Reason = Cancelled, WithdrawnByRequester
	d.write("request.cancelled", struct{}{}, map[string]any{"reason": c.Reason})
	return nil
}

// Extend says that the letter with the reasons was accepted within the first period: only then the answer may take longer.
type Extend struct{ Letter string }

func (c Extend) decide(d *Decision) error {
	if d.State.Extended {
		return nil
	}
	d.State.Extended = true
	d.write("request.extended", map[string]any{"letter": c.Letter}, nil)
	return nil
}

// Unextend says that the letter came back: it did not reach the person, and the first period is the one that counts.
type Unextend struct{ Letter string }

func (c Unextend) decide(d *Decision) error {
	d.State.Extended = false
	d.write("request.extension_came_back", map[string]any{"letter": c.Letter}, nil)
	return nil
}

// Lapse ends a request whose person never showed who they are.
type Lapse struct{ Reason string }

func (c Lapse) decide(d *Decision) error {
	if err := d.in("letting a request lapse", VerifyingIdentity); err != nil {
		return err
	}
	if d.Counts.Verified > 0 || d.Counts.Asked > 0 {
		return problem.Blocked(problem.Blocker{Code: "still_asked", Detail: "the person can still answer; it lapses once every link and code has expired"})
	}
	if err := needReason(c.Reason); err != nil {
		return err
	}
	d.State.Status, d.State.Reason = Expired, IdentityNotVerified
	d.write("request.expired", struct{}{}, map[string]any{"reason": c.Reason})
	return nil
}

// Link makes the request a duplicate of an earlier one. The desk has seen that both share a verified identity.
type Link struct{ Canonical string }

func (c Link) decide(d *Decision) error {
	if err := d.in("linking a duplicate", open...); err != nil {
		return err
	}
	if err := d.known("linking"); err != nil {
		return err
	}
	d.State.Status, d.State.Canonical = Duplicate, c.Canonical
	d.write("request.duplicate", map[string]any{"canonical": c.Canonical}, nil)
	return nil
}

// Forward hands the request to the customer who is the controller. Nothing is searched.
type Forward struct{ Customer string }

func (c Forward) decide(d *Decision) error {
	if err := d.in("forwarding", Received, VerifyingIdentity, Scoping, InHand); err != nil {
		return err
	}
	if d.Counts.Targets > 0 {
		return problem.Blocked(problem.Blocker{Code: "searched", Detail: "the estate was searched for this request already; deny or carry it out"})
	}
	d.State.Status, d.State.Customer = Forwarded, c.Customer
	d.write("request.forwarded", map[string]any{"customer": c.Customer}, nil)
	return nil
}

// Done is a person's word that a task was carried out, with what shows it.
type Done struct{ Evidence string }

func (c Done) decide(d *Decision) error {
	if err := d.in("carrying out a task", InHand); err != nil {
		return err
	}
	if d.State.Right.NeedsIdentity() {
		if err := d.known("carrying it out"); err != nil {
			return err
		}
	}
	if c.Evidence == "" {
		return problem.InvalidField("evidence", "say what was done and what shows it")
	}
	d.State.Status = Completed
	d.write("request.carried_out", struct{}{}, map[string]any{"evidence": c.Evidence})
	return nil
}

// Assign gives the request to somebody.
type Assign struct{ Assignee string }

func (c Assign) decide(d *Decision) error {
	if d.State.Assignee == c.Assignee {
		return nil
	}
	d.State.Assignee = c.Assignee
	d.write("request.assigned", map[string]any{"assignee": c.Assignee}, nil)
	return nil
}

func needReason(reason string) error {
	if reason == "" {
		return problem.InvalidField("reason", "say why: the reason is part of the record")
	}
	return nil
}
