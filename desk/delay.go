package desk

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
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
		l, err := d.ledger(ctx, w, nil)
		if err != nil {
			return Receipt{}, err
		}
		until, err := allowedDelay(l.law.rules[one.Rule], in, w.c.Now)
		if err != nil {
			return Receipt{}, err
		}
		if one.Target == nil {
			return Receipt{}, problem.Blocked(problem.Blocker{Code: "clock_waits", Ref: dutyID.String(), Detail: "its clock has not started; record its start word first"})
		}
		digest := sha256.Sum256(in.File)
		w.write("duty.delayed", in.Received, map[string]any{
			"duty": dutyID, "form": in.Form, "until": until.UTC(), "asked_until": in.Until.UTC(), "file": hex.EncodeToString(digest[:]),
		}, map[string]any{"official": in.Official, "agency": in.Agency, "reason": in.Reason, "file": in.File})
		one.DelayedUntil = utc(&until)
		l.deriver.delay(&one)
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

// allowedDelay is until when the rule lets the authority's request count.
func allowedDelay(rule clock.Rule, in DelayInput, now time.Time) (time.Time, error) {
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
	most := rule.Delay.Written
	if in.Form == "oral" {
		if most = rule.Delay.Oral; most == (clock.Period{}) {
			return time.Time{}, problem.InvalidField("form", "the rule counts no oral request (%s); ask for it in writing", rule.Delay.Citation)
		}
	} else if len(in.File) == 0 {
		return time.Time{}, problem.InvalidField("file", "attach the written request")
	}
	if most == (clock.Period{}) {
		return in.Until, nil
	}
	latest := in.Received.AddDate(0, 0, most.Amount)
	if most.Unit == clock.UnitHour {
		latest = in.Received.Add(time.Duration(most.Amount) * time.Hour)
	}
	if in.Until.After(latest) {
		return latest, nil
	}
	return in.Until, nil
}

// delay keeps a duty's instants from being earlier than an authority's request allows.
func (r *deriver) delay(owed *store.Duty) {
	if owed.DelayedUntil == nil || owed.Target == nil {
		return
	}
	if owed.Target.Before(*owed.DelayedUntil) {
		owed.Target = owed.DelayedUntil
	}
	if owed.Limit != nil && owed.Limit.Before(*owed.DelayedUntil) {
		owed.Limit = owed.DelayedUntil
	}
}
