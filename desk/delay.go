package desk

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/cases"
	"github.com/atlascloudai/docket/core/clock"
	"github.com/atlascloudai/docket/core/problem"
	"github.com/atlascloudai/docket/store"
)

// DelayInput is an authority's request to wait with a notice.
type DelayInput struct {
	Official string    `json:"official" minLength:"1" maxLength:"200" doc:"Who asked, by name and office"`
	Agency   string    `json:"agency" minLength:"1" maxLength:"200" doc:"For which authority"`
	Form     string    `json:"form" enum:"written,oral" doc:"In which form; an oral request counts for as long as the rule allows at most"`
	Received time.Time `json:"received" doc:"When the request was received, with its offset"`
	Until    time.Time `json:"until" doc:"Until when the authority asks to wait"`
	File     []byte    `json:"file,omitempty" maxLength:"2000000" doc:"The request, base64; demanded for a written one. Its hash goes into the chain"`
	Reason   string    `json:"reason" minLength:"1" maxLength:"5000" doc:"What the authority said notice would impede"`
}

// delayed is why a duty's instants moved.
const delayed = "delayed by an authority"

// DelayDuty records that an authority asked to wait, where the rule knows the ground (e.g. 45 CFR 164.412). The undelayed
// instants stay in the duty's history; every other duty, contract duties above all, keeps running, and counsel is asked.
func (d *Desk) DelayDuty(ctx context.Context, actor access.Actor, key string, caseID, dutyID uuid.UUID, in DelayInput) (Receipt, error) {
	return d.command(ctx, actor, key, access.DutyDelay, caseID, within(dutyID, in), func(w *work) (Receipt, error) {
		one, err := w.openDuty(ctx, dutyID)
		if err != nil {
			return Receipt{}, err
		}
		starts, err := w.Starts(ctx, w.c.ID)
		if err != nil {
			return Receipt{}, err
		}
		l, err := d.ledger(ctx, w, starts)
		if err != nil {
			return Receipt{}, err
		}
		first, err := w.FirstOralDelay(ctx, w.c.ID, dutyID)
		if err != nil {
			return Receipt{}, err
		}
		until, err := allowedDelay(l.law.rules[one.Rule], in, first, w.c.Now)
		if err != nil {
			return Receipt{}, err
		}
		if one.Target == nil {
			return Receipt{}, problem.Blocked(problem.Blocker{Code: "clock_waits", Ref: dutyID.String(), Detail: "its clock has not started; record its start word first"})
		}
		if one.Limit != nil && in.Received.After(*one.Limit) {
			return Receipt{}, problem.Blocked(problem.Blocker{Code: "limit_passed", Ref: dutyID.String(),
				Detail: "its limit had passed when the request was received: it is late already; name the request among the reasons when it is filed"})
		}
		digest := sha256.Sum256(in.File)
		w.write("duty.delayed", in.Received, map[string]any{
			"duty": dutyID, "form": in.Form, "until": until.UTC(), "asked_until": in.Until.UTC(), "file": hex.EncodeToString(digest[:]),
		}, map[string]any{"official": in.Official, "agency": in.Agency, "reason": in.Reason, "file": in.File})
		if in.Form == "written" || one.DelayedUntil == nil || until.After(*one.DelayedUntil) {
			one.DelayedUntil = utc(&until) // The newest written request is the authority's word; an oral one shortens none.
		}
		again := []store.Duty{one}
		if err := l.rederive(ctx, again, ""); err != nil {
			return Receipt{}, err
		}
		one = again[0]
		clocks, dues := clocks{}, newDues()
		clocks.add(one)
		dues.add(one, delayed)
		others, err := w.OpenBeside(ctx, w.c.ID, dutyID)
		if err != nil {
			return Receipt{}, err
		}
		if others > 0 {
			err = d.raise(ctx, w, store.Raise{Key: cases.RaiseDelay + "@" + dutyID.String() + "/" + until.UTC().Format(time.RFC3339), Kind: cases.RaiseDelay, DueAt: w.c.Now, Count: others})
		}
		return Receipt{ID: &dutyID, Count: others}, firstError(err, w.MoveDuties(ctx, []store.Duty{one}, dues.page, delayed, w.c.Now), dues.seal(w),
			w.AddMilestones(ctx, w.c.ID, clocks.milestones(w.c.Now)))
	})
}

// allowedDelay is until when the rule lets the authority's request count. What is asked orally counts from the first such
// request: another does not make it longer (45 CFR 164.412(b)).
func allowedDelay(rule clock.Rule, in DelayInput, first *time.Time, now time.Time) (time.Time, error) {
	if rule.Delay == nil {
		return time.Time{}, problem.Blocked(problem.Blocker{Code: "no_delay", Ref: rule.ID,
			Detail: "the rule knows no delay at an authority's request; counsel decides how to answer it, and the clock runs on"})
	}
	if in.Received.After(now) {
		return time.Time{}, problem.InvalidField("received", "lies in the future")
	}
	if !in.Until.After(in.Received) {
		return time.Time{}, problem.InvalidField("until", "has to lie after the request was received")
	}
	most, from := rule.Delay.Written, in.Received
	if in.Form == "oral" {
		if most = rule.Delay.Oral; most == (clock.Period{}) {
			return time.Time{}, problem.InvalidField("form", "the rule counts no oral request (%s); ask for it in writing", rule.Delay.Citation)
		}
		if first != nil && first.Before(from) {
			from = *first
		}
	} else if len(in.File) == 0 {
		return time.Time{}, problem.InvalidField("file", "attach the written request")
	}
	if most == (clock.Period{}) {
		return in.Until, nil
	}
	latest := from.AddDate(0, 0, most.Amount)
	if most.Unit == clock.UnitHour {
		latest = from.Add(time.Duration(most.Amount) * time.Hour)
	}
	if in.Until.After(latest) {
		return latest, nil
	}
	return in.Until, nil
}

// delay keeps a duty's instants from being earlier than an authority's request allows, and says what they would be.
func (r *deriver) delay(owed *store.Duty) error {
	if owed.DelayedUntil == nil || owed.Target == nil {
		return nil
	}
	var why reasons
	if err := json.Unmarshal(owed.Why, &why); err != nil {
		return fmt.Errorf("cannot read why the duty is due: %w", err)
	}
	step := clock.Step{Text: "An authority asked to wait until then. Without that the target is " + owed.Target.UTC().Format(time.RFC3339), Instant: owed.DelayedUntil}
	if owed.Limit != nil {
		step.Text += " and the limit " + owed.Limit.UTC().Format(time.RFC3339)
	}
	if rule := r.law.rules[owed.Rule]; rule.Delay != nil {
		step.Cite = rule.Delay.Citation
	}
	step.Text += "."
	if owed.Target.Before(*owed.DelayedUntil) {
		owed.Target = owed.DelayedUntil
	}
	if owed.Limit != nil && owed.Limit.Before(*owed.DelayedUntil) {
		owed.Limit = owed.DelayedUntil
	}
	var err error
	why.Steps = append(why.Steps, step)
	owed.Why, err = json.Marshal(why)
	return err
}
