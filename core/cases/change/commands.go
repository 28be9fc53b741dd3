package change

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/atlascloudai/docket/core/cases"
	"github.com/atlascloudai/docket/core/problem"
)

// Counts is what the tables know of the change at the moment of a decision.
type Counts struct {
	// Customers are in the audience; Told have been given the notice, Untold wait for it or cannot be reached.
	Customers int `json:"customers"`
	Told      int `json:"told"`
	Untold    int `json:"untold"`
	// Waiting are told, and a window or period of theirs runs; Objected have an objection without an end.
	Waiting  int `json:"waiting"`
	Objected int `json:"objected"`
	// Spared are those for whom the change never takes effect, Taken those for whom it has.
	Spared int `json:"spared"`
	Taken  int `json:"taken"`
	// Opens is the earliest instant at which the change may take effect for somebody for whom it has not: in a change at once,
	// the latest over all.
	Opens *time.Time `json:"opens,omitempty"`
	// Provisional customers' dates rest on a calendar that does not reach far enough.
	Provisional int `json:"provisional"`
	// Sendings are under way.
	Sendings int `json:"sendings"`
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

// Command is one decision about a notice of change.
type Command interface{ decide(d *Decision) error }

// Apply decides one command: the new state and what to write, or a refusal with named blockers that changes nothing.
func Apply(d Decision, c Command) (State, []cases.Event, error) {
	d.events = nil
	if err := c.decide(&d); err != nil {
		return State{}, nil, err
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
	return problem.Blocked(problem.Blocker{Code: "wrong_status",
		Detail: fmt.Sprintf("%s is not possible while the change is %s; it is possible in %v", what, d.State.Status, allowed)})
}

// another refuses the one whose own work would be judged.
func (d *Decision) another(what string) error {
	if d.Actor == d.State.SubmittedBy || slices.Contains(d.State.Writers, d.Actor) {
		return problem.New(problem.Forbidden, "whoever wrote or submitted a change cannot %s it; a second person does", what)
	}
	return nil
}

func needReason(reason string) error {
	if strings.TrimSpace(reason) == "" {
		return problem.InvalidField("reason", "say why")
	}
	return nil
}

// prepared are the statuses in which nobody was told.
var prepared = []Status{Draft, InReview, Approved}

// Working refuses work on what has ended.
type Working struct{ What string }

func (c Working) decide(d *Decision) error {
	if d.State.Status.Ended() {
		return d.in(c.What, Draft, InReview, Approved, Sending, ObjectionWindow, Effective)
	}
	return nil
}

// Submit hands the draft to counsel.
type Submit struct{}

func (Submit) decide(d *Decision) error {
	if err := d.in("submitting", Draft); err != nil {
		return err
	}
	d.State.Status, d.State.SubmittedBy = InReview, d.Actor
	d.write("change.submitted", struct{}{}, nil)
	return nil
}

// Revise takes the change back to a draft: whatever was judged and approved is void.
type Revise struct{ Reason string }

func (c Revise) decide(d *Decision) error {
	if err := d.in("revising", InReview, Approved); err != nil {
		return err
	}
	if err := needReason(c.Reason); err != nil {
		return err
	}
	voided := d.State.ApprovedBy != ""
	d.State.Status, d.State.SubmittedBy, d.State.Judged, d.State.Emergency, d.State.ApprovedBy = Draft, "", nil, nil, ""
	d.write("change.revised", map[string]any{"approval_voided": voided}, map[string]any{"reason": c.Reason})
	return nil
}

// Judge says whether the change is material: a legal decision, with a person and a reason. What is not material is told by the
// change log alone.
type Judge struct {
	Material bool
	Reason   string
}

func (c Judge) decide(d *Decision) error {
	if err := d.in("judging", InReview); err != nil {
		return err
	}
	if err := d.another("judge"); err != nil {
		return err
	}
	if err := needReason(c.Reason); err != nil {
		return err
	}
	d.State.Judged = &Judgement{Material: c.Material, By: d.Actor, At: d.Now}
	d.write("change.judged", map[string]any{"material": c.Material}, map[string]any{"reason": c.Reason})
	if !c.Material {
		d.State.Status = Archived
		d.write("change.logged", struct{}{}, nil)
	}
	return nil
}

// Hasten takes the emergency path, by a clause that opens it.
type Hasten struct{ Clause, Reason string }

func (c Hasten) decide(d *Decision) error {
	if err := d.in("the emergency path", InReview); err != nil {
		return err
	}
	if err := d.another("hasten"); err != nil {
		return err
	}
	if strings.TrimSpace(c.Clause) == "" {
		return problem.InvalidField("clause", "name the clause that opens the emergency path")
	}
	if err := needReason(c.Reason); err != nil {
		return err
	}
	d.State.Emergency = &Emergency{Clause: c.Clause, By: d.Actor, At: d.Now}
	d.write("change.hastened", map[string]any{"clause": c.Clause}, map[string]any{"reason": c.Reason})
	return nil
}

// Approve binds the word of a second person to text, languages, audience and every recipient's own dates.
type Approve struct{ Digest string }

func (c Approve) decide(d *Decision) error {
	if err := d.in("approving", InReview, Approved, Sending, ObjectionWindow, Effective); err != nil {
		return err
	}
	if err := d.another("approve"); err != nil {
		return err
	}
	if d.State.Judged == nil {
		return problem.Blocked(problem.Blocker{Code: "not_judged", Detail: "counsel has to say whether the change is material"})
	}
	if d.State.ApprovedBy = d.Actor; d.State.Status == InReview { // Another notice to those who were not reached changes no status.
		d.State.Status = Approved
	}
	d.write("change.approved", map[string]any{"digest": c.Digest}, nil)
	return nil
}

// Void takes an approval back, because the text that was approved is no longer the text.
type Void struct{}

func (Void) decide(d *Decision) error {
	if d.State.ApprovedBy = ""; d.State.Status == Approved {
		d.State.Status = InReview
	}
	return nil
}

// Count writes down whom the change reaches, before anybody was told.
type Count struct{ Audience Audience }

func (c Count) decide(d *Decision) error {
	if err := d.in("counting the audience", InReview, Approved); err != nil {
		return err
	}
	before := d.State.Audience
	d.State.Audience = &c.Audience
	if before == nil || before.Digest != c.Audience.Digest {
		if d.State.ApprovedBy, d.State.Status = "", InReview; before != nil {
			d.write("change.audience_changed", map[string]any{"before": before.Digest}, nil)
		}
	}
	d.write("change.audience", c.Audience, nil)
	return nil
}

// Send freezes the audience: sending begins.
type Send struct{ Customers int }

func (c Send) decide(d *Decision) error {
	if err := d.in("sending", Approved, Sending, ObjectionWindow, Effective); err != nil {
		return err
	}
	if d.State.ApprovedBy == "" {
		return problem.Blocked(problem.Blocker{Code: "not_approved", Detail: "a second person approves what is sent"})
	}
	if d.Now.After(d.State.SendBy) {
		return problem.Blocked(problem.Blocker{Code: "send_by_passed", Detail: "its letters say dates counted from " + d.State.SendBy.Format(time.RFC3339) + ", which has passed: revise it with another send_by"})
	}
	if c.Customers == 0 {
		return problem.Blocked(problem.Blocker{Code: "no_recipients", Detail: "nobody uses what changes; tell it in the change log"})
	}
	if d.State.Status != Effective { // Whom a late bounce left untold is told, and the rest stays as it is.
		d.State.Status = Sending
	}
	if d.State.FrozenAt == nil {
		d.State.FrozenAt = &d.Now
	}
	d.write("change.sending", map[string]any{"customers": c.Customers}, nil)
	return nil
}

// Prolong names a later day by which the notice leaves, for those who were not told: what they are told is counted from it.
type Prolong struct {
	SendBy time.Time
	Reason string
}

func (c Prolong) decide(d *Decision) error {
	if err := d.in("prolonging", Sending, ObjectionWindow, Effective); err != nil {
		return err
	}
	if d.Counts.Sendings > 0 {
		return problem.Blocked(problem.Blocker{Code: "sending", Count: d.Counts.Sendings, Detail: "letters are on their way that say the earlier dates: stop the sending first"})
	}
	if !c.SendBy.After(d.Now) || !c.SendBy.After(d.State.SendBy) {
		return problem.InvalidField("send_by", "must be later than now and than the one before, %s", d.State.SendBy.Format(time.RFC3339))
	}
	if err := needReason(c.Reason); err != nil {
		return err
	}
	d.State.SendBy, d.State.ApprovedBy = c.SendBy.UTC().Truncate(time.Microsecond), ""
	d.write("change.prolonged", map[string]any{"send_by": d.State.SendBy}, map[string]any{"reason": c.Reason})
	return nil
}

// Carry takes the status that the customers have come to: everybody was told, it took effect for everybody, nothing is left.
type Carry struct{}

func (Carry) decide(d *Decision) error {
	before := d.State.Status
	if before == Sending && d.Counts.Sendings == 0 && d.Counts.Told > 0 {
		d.State.Status, d.State.ToldAt = ObjectionWindow, &d.Now
		d.write("change.told", map[string]any{"told": d.Counts.Told, "untold": d.Counts.Untold}, nil)
	}
	settled := d.Counts.Untold+d.Counts.Waiting+d.Counts.Objected == 0 && d.Counts.Taken+d.Counts.Spared == d.Counts.Customers
	if d.State.Status == ObjectionWindow && settled {
		d.State.Status, d.State.EffectiveAt = Effective, &d.Now
		d.write("change.effective", map[string]any{"taken": d.Counts.Taken, "spared": d.Counts.Spared}, nil)
	}
	return nil
}

// Archive ends what has taken effect.
type Archive struct{}

func (Archive) decide(d *Decision) error {
	if err := d.in("archiving", Effective); err != nil {
		return err
	}
	if open := d.Counts.Untold + d.Counts.Waiting + d.Counts.Objected; open > 0 { // A late objection or a late bounce opened it again.
		return problem.Blocked(problem.Blocker{Code: "not_settled", Count: open, Detail: "customers objected, turned out not to have been told, or wait for it to take effect again"})
	}
	d.State.Status = Archived
	d.write("change.archived", struct{}{}, nil)
	return nil
}

// Withdraw ends a change before it took effect for everybody. Who was told is owed a word that it does not come.
type Withdraw struct{ Reason string }

func (c Withdraw) decide(d *Decision) error {
	if err := d.in("withdrawing", append(slices.Clone(prepared), Sending, ObjectionWindow)...); err != nil {
		return err
	}
	if err := needReason(c.Reason); err != nil {
		return err
	}
	if d.Counts.Taken > 0 {
		return problem.Blocked(problem.Blocker{Code: "taken", Count: d.Counts.Taken, Detail: "it took effect for some customers: taking it back is a change of its own"})
	}
	d.State.Status = Withdrawn
	d.write("change.withdrawn", map[string]any{"told": d.Counts.Told}, map[string]any{"reason": c.Reason})
	return nil
}

// Correct ends a change whose place another notice takes, before it took effect for anybody.
type Correct struct{ By string }

func (c Correct) decide(d *Decision) error {
	if err := (Withdraw{Reason: "corrected"}).decide(d); err != nil {
		return err
	}
	d.State.CorrectedBy = c.By
	d.write("change.corrected", map[string]any{"by": c.By}, nil)
	return nil
}
