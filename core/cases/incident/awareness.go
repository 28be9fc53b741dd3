package incident

import (
	"time"

	"github.com/atlascloudai/docket/core/problem"
)

// RecordStart records when a clock's start word became true (aware, confirmed, …), with evidence.
//
// An earlier instant applies at once. A later one moves clocks later, which only two people
// together may do, with a reason; until the second word the recorded instant stands.
type RecordStart struct {
	Word     string
	At       time.Time
	Zone     string
	Evidence string
	Reason   string
	// Current is the instant on record, nil when there is none; Party the party it is about, "" for the case.
	Current *time.Time
	Party   string
	// Breach says that the word is the company's awareness of a personal data breach.
	Breach bool
	// Confirms says that the word is the confirmation.
	Confirms bool
	// Candidates are the ids of those on record at the decision; Chosen the one it takes, "" for none of them.
	Candidates []string
	Chosen     string
}

func (c RecordStart) decide(d *Decision) error {
	if d.State.Status == Dismissed || d.State.Status == Closed {
		return d.in("recording a start", New, InTriage, Active, Resolved)
	}
	if c.At.IsZero() {
		return problem.InvalidField("at", "give the instant with its offset, e.g. 2026-03-09T22:00:00+01:00")
	}
	if c.At.After(d.Now) {
		return problem.InvalidField("at", "lies in the future; a clock starts from what has happened")
	}
	if c.Evidence == "" {
		return problem.InvalidField("evidence", "say what shows it: an alert, a ticket, a message, and who read it")
	}
	body := map[string]any{"word": c.Word, "at": c.At.UTC(), "zone": c.Zone}
	if c.Party != "" {
		body["party"] = c.Party
	}
	if len(c.Candidates) > 0 && (c.Breach || c.Chosen != "") {
		body["candidates"], body["chosen"] = c.Candidates, c.Chosen
	}
	content := map[string]any{"evidence": c.Evidence, "reason": c.Reason}
	if c.Current != nil || body["candidates"] != nil { // A correction, or a choice.
		if err := needReason(c.Reason); err != nil {
			return err
		}
	}
	if c.Current != nil {
		body["before"] = c.Current.UTC()
		later := c.At.After(*c.Current)
		if later && !d.second("later:"+c.Party+":"+c.Word, said(c.Current)+" to "+said(&c.At)) {
			d.write("start.later_proposed", d.Now, body, content)
			return nil
		}
	}
	d.write("start.recorded", c.At, body, content)
	if c.Party != "" {
		return nil
	}
	if c.Breach {
		d.State.Assessment, d.State.AwareAt = Aware, &c.At
	}
	if c.Confirms {
		d.State.ConfirmedAt = &c.At
	}
	return nil
}

// said is an instant as a second person has to mean it too.
func said(at *time.Time) string {
	if at == nil {
		return ""
	}
	return at.UTC().Format(time.RFC3339Nano)
}

// RuleOut says that there was no breach after all. After awareness it takes the privacy lead
// and a second person; notices that went out stay visible.
type RuleOut struct{ Reason string }

func (c RuleOut) decide(d *Decision) error {
	if err := d.in("ruling a breach out", InTriage, Active, Resolved); err != nil {
		return err
	}
	if err := needReason(c.Reason); err != nil {
		return err
	}
	content := map[string]any{"reason": c.Reason}
	if d.State.Assessment == Aware {
		first := d.State.Pending["rule_out"]
		if !d.second("rule_out", said(d.State.AwareAt)) {
			d.write("breach.rule_out_proposed", d.Now, struct{}{}, content)
			return nil
		}
		if !first.PrivacyLead && !d.PrivacyLead {
			return problem.Blocked(problem.Blocker{Code: "privacy_lead_needed", Detail: "the company was aware of a breach: one of the two who rule it out is the privacy lead"})
		}
	}
	d.State.Assessment = RuledOut
	d.write("breach.ruled_out", d.Now, struct{}{}, content)
	return nil
}
