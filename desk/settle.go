package desk

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/cases"
	"github.com/atlascloudai/docket/core/cases/campaign"
	"github.com/atlascloudai/docket/core/duty"
	"github.com/atlascloudai/docket/core/problem"
	"github.com/atlascloudai/docket/store"
)

// PauseCampaign holds a running sending back, within one batch.
func (d *Desk) PauseCampaign(ctx context.Context, actor access.Actor, key string, caseID, campaignID uuid.UUID, in ReasonInput) (Receipt, error) {
	return d.onCampaign(ctx, actor, key, access.CampaignPause, caseID, campaignID, in, campaign.Running, campaign.Paused)
}

// ResumeCampaign lets a paused sending go on.
func (d *Desk) ResumeCampaign(ctx context.Context, actor access.Actor, key string, caseID, campaignID uuid.UUID, in ReasonInput) (Receipt, error) {
	return d.onCampaign(ctx, actor, key, access.CampaignResume, caseID, campaignID, in, campaign.Paused, campaign.Running)
}

// StopCampaign ends a sending for good; what was not sent is cancelled, what is owed stays owed.
func (d *Desk) StopCampaign(ctx context.Context, actor access.Actor, key string, caseID, campaignID uuid.UUID, in ReasonInput) (Receipt, error) {
	return d.onCampaign(ctx, actor, key, access.CampaignStop, caseID, campaignID, in, "", campaign.Stopped)
}

func (d *Desk) onCampaign(ctx context.Context, actor access.Actor, key string, action access.Action, caseID, campaignID uuid.UUID, in ReasonInput, from, to campaign.State) (Receipt, error) {
	return d.command(ctx, actor, key, action, caseID, within(campaignID, in), func(w *work) (Receipt, error) {
		p, err := w.Campaign(ctx, campaignID)
		if err != nil {
			return Receipt{}, err
		}
		if p.Case != w.c.ID {
			return Receipt{}, problem.Missing("campaign")
		}
		running := p.State == string(campaign.Running) || p.State == string(campaign.Paused)
		if !running || from != "" && p.State != string(from) {
			return Receipt{}, problem.Blocked(problem.Blocker{Code: "wrong_campaign_state", Ref: campaignID.String(), Detail: "the sending is " + p.State})
		}
		receipt := Receipt{ID: &campaignID}
		if to == campaign.Stopped {
			if receipt.Count, err = w.stop(ctx, p); err != nil {
				return Receipt{}, err
			}
		} else {
			if to == campaign.Running && w.c.Kind == KindChange && w.c.Now.After(w.change.SendBy) {
				return Receipt{}, problem.Blocked(problem.Blocker{Code: "send_by_passed", Ref: campaignID.String(),
					Detail: "its letters say dates counted from " + w.change.SendBy.Format(time.RFC3339) + ", which has passed: stop it, prolong the change, and send to those who are left anew"})
			}
			if err := w.SetCampaign(ctx, campaignID, string(to), nil); err != nil {
				return Receipt{}, err
			}
			w.write("campaign."+string(to), time.Time{}, map[string]any{"campaign": campaignID}, map[string]any{"reason": in.Reason})
		}
		return receipt, w.Ring(ctx, campaignBell(w.c, p, w.trace))
	})
}

// stop ends a sending for good, and says how many it leaves out.
func (w *work) stop(ctx context.Context, p store.Campaign) (left int, err error) {
	if left, err = w.CancelPlanned(ctx, p.ID); err != nil {
		return 0, err
	}
	return left, firstError(w.Unassign(ctx, w.c.ID, p.ID), w.endCampaign(ctx, p, campaign.Stopped))
}

// SettleDelivery settles what became of a delivery when a person found out, or has it sent again.
func (d *Desk) SettleDelivery(ctx context.Context, actor access.Actor, key string, caseID, deliveryID uuid.UUID, in SettleInput) (Receipt, error) {
	return d.command(ctx, actor, key, access.DeliverySettle, caseID, within(deliveryID, in), func(w *work) (Receipt, error) {
		one, err := w.delivery(ctx, deliveryID)
		if err != nil {
			return Receipt{}, err
		}
		if one.Campaign == nil || one.Claim != nil || one.Attempt == 0 || !slices.Contains(unsettled, one.State) {
			return Receipt{}, problem.Blocked(problem.Blocker{Code: "not_to_settle", Ref: deliveryID.String(),
				Detail: "only what was tried, is not under way and was not taken by the other side is settled; it is " + one.State})
		}
		switch in.Outcome {
		case "accepted":
			if !one.PossibleDuplicate && one.State != "unknown" && one.State != "handed_on" {
				return Receipt{}, problem.Blocked(problem.Blocker{Code: "answer_was_seen", Ref: deliveryID.String(),
					Detail: "the other side's answer was seen, and it was not an acceptance; only an outcome that could not be seen is settled as accepted"})
			}
			one.State, one.AcceptedAt = "accepted", &w.c.Now
			if one.Transport == string(duty.Relay) {
				one.DeliveredAt = &w.c.Now // Behind a relay, what a person saw is that it arrived.
			}
		case "refused":
			one.State = "refused"
		case "resend":
			p, err := w.Campaign(ctx, *one.Campaign)
			if err != nil {
				return Receipt{}, err
			}
			if p.State == string(campaign.Stopped) {
				return Receipt{}, problem.Blocked(problem.Blocker{Code: "wrong_campaign_state", Ref: p.ID.String(),
					Detail: "its sending was stopped and sends nothing more; draft a notice to those who are still owed one"})
			}
			one.State, one.NextAt, one.PossibleDuplicate = "deferred", w.c.Now, true
		default:
			return Receipt{}, problem.InvalidField("outcome", "must be accepted, refused or resend")
		}
		if err := w.SetDelivery(ctx, one); err != nil {
			return Receipt{}, err
		}
		if err := d.came(ctx, w, one, "settled_"+in.Outcome, w.c.Now, map[string]any{"outcome": in.Outcome}, in.Reason); err != nil {
			return Receipt{}, err
		}
		switch in.Outcome {
		case "resend":
			return Receipt{ID: &deliveryID}, d.resume(ctx, w, *one.Campaign)
		case "refused":
			return Receipt{ID: &deliveryID}, d.trouble(ctx, w, one, Answer{Outcome: "refused"})
		}
		return Receipt{ID: &deliveryID}, firstError(d.weigh(ctx, w.Tx, one), d.follow(ctx, w), d.heard(ctx, w, one))
	})
}

// unsettled are the states in which nobody has seen the recipient's side take the message.
var unsettled = []string{"deferred", "unknown", "handed_on", "refused", "bounced"}

// delivery reads a delivery of the case for a decision about it: a sender's outcome that comes at the same
// time is waited for and not overwritten.
func (w *work) delivery(ctx context.Context, id uuid.UUID) (store.Delivery, error) {
	one, err := w.LockDelivery(ctx, id)
	if err == nil && one.Case != w.c.ID {
		err = problem.Missing("delivery")
	}
	return one, err
}

// AcknowledgeDelivery records that the recipient acknowledged.
func (d *Desk) AcknowledgeDelivery(ctx context.Context, actor access.Actor, key string, caseID, deliveryID uuid.UUID, in AcknowledgeInput) (Receipt, error) {
	return d.command(ctx, actor, key, access.DeliveryAcknowledge, caseID, within(deliveryID, in), func(w *work) (Receipt, error) {
		one, err := w.delivery(ctx, deliveryID)
		if err != nil {
			return Receipt{}, err
		}
		if in.At.After(w.c.Now) {
			return Receipt{}, problem.InvalidField("at", "lies in the future")
		}
		if one.Attempt == 0 || one.FirstAttemptAt == nil || in.At.Before(*one.FirstAttemptAt) {
			return Receipt{}, problem.InvalidField("at", "lies before the notice was first sent")
		}
		if one.AcknowledgedAt != nil && !in.At.Before(*one.AcknowledgedAt) {
			return Receipt{ID: &deliveryID}, nil // The first acknowledgement is the one that counts.
		}
		one.AcknowledgedAt = utc(&in.At)
		if one.State != "in_flight" { // What is under way ends as acknowledged, whatever its answer.
			one.State, one.Claim, one.LeaseUntil = "acknowledged", nil, nil
		}
		if err := w.SetDelivery(ctx, one); err != nil {
			return Receipt{}, err
		}
		if err := d.came(ctx, w, one, "acknowledged", in.At, struct{}{}, in.Evidence); err != nil {
			return Receipt{}, err
		}
		return Receipt{ID: &deliveryID}, firstError(d.weigh(ctx, w.Tx, one), d.follow(ctx, w), d.heard(ctx, w, one))
	})
}

// came appends to ledger and chain what did not come from a sender: a page of one row, sealed at once.
func (d *Desk) came(ctx context.Context, w *work, one store.Delivery, kind string, at time.Time, body any, said string) error {
	raw, err := json.Marshal(body)
	if err != nil {
		return err
	}
	e := store.Event{Delivery: one.ID, Case: w.c.ID, Page: newID(), Attempt: one.Attempt, At: at, Kind: kind, Body: raw}
	if said != "" {
		if e.Sealed, err = w.key.SealJSON(deliveryPlace(one.ID)+"/words", words{Reply: said}); err != nil {
			return err
		}
	}
	if err := w.InsertEvent(ctx, e); err != nil {
		return err
	}
	w.write("delivery."+kind, at, map[string]any{"delivery": one.ID}, nil)
	return w.seal(ctx, e.Page, one.Campaign)
}

// ReportInput is what came back for a delivery: a delivery report, a complaint, a reply.
type ReportInput struct {
	// Kind is delivered, relayed, bounced, delayed, complaint, auto_reply or human_reply.
	Kind string
	// Status is the enhanced status code (RFC 3463), if the report has one.
	Status string
	At     time.Time
	// Words is what the other side wrote; it is sealed.
	Words string
	// Digest is that of the report as it came in.
	Digest [32]byte
}

// Report records what came back for a delivery. A report that came before changes nothing; a bounce after
// the acceptance re-opens what had been met, also on a closed case, and opens the next contact.
func (d *Desk) Report(ctx context.Context, deliveryID uuid.UUID, in ReportInput) error {
	var c store.Case
	err := d.store.Do(ctx, func(tx *store.Tx) error {
		one, err := tx.LockDelivery(ctx, deliveryID)
		if err == nil {
			c, err = tx.Case(ctx, Docket, one.Case)
		}
		return err
	})
	if err != nil {
		return err
	}
	if len(c.Wrapped) == 0 {
		return d.Unmatched(ctx, in.Digest, "its case was erased")
	}
	_, err = d.process(ctx, access.DeliveryRecord, c.ID, func(w *work) (int, error) {
		one, err := w.LockDelivery(ctx, deliveryID)
		if err != nil {
			return 0, err
		}
		if one.Attempt == 0 {
			return 0, w.Unmatched(ctx, in.Digest[:], "nothing was sent under this return path")
		}
		if known, err := w.reported(ctx, one, in); err != nil || known {
			return 0, err
		}
		now, state := w.c.Now, one.State
		switch in.Kind {
		case "delivered", "relayed":
			if one.DeliveredAt = &now; one.State == "handed_on" || one.State == "accepted" {
				state = "delivered"
			}
		case "bounced":
			one.BouncedAt, state = &now, "bounced"
		case "complaint":
			state = "complained"
		}
		if one.Claim == nil { // The state of what is under way is its sender's to end.
			one.State = state
		}
		if err := w.SetDelivery(ctx, one); err != nil {
			return 0, err
		}
		if err := d.came(ctx, w, one, in.Kind, now, reportBody{Status: in.Status, Report: hex.EncodeToString(in.Digest[:])}, in.Words); err != nil {
			return 0, err
		}
		reopened, err := d.weighed(ctx, w.Tx, one)
		if err = firstError(err, d.follow(ctx, w), d.heard(ctx, w, one)); err != nil || in.Kind != "bounced" {
			return 0, err
		}
		raise := store.Raise{Key: cases.RaiseRefused + "@" + one.ID.String(), Kind: cases.RaiseRefused, DueAt: now, Count: 1}
		if len(reopened) > 0 {
			raise.Key, raise.Kind, raise.Count = fmt.Sprintf("%s@%s/%d", cases.RaiseReopened, one.ID, one.Attempt), cases.RaiseReopened, len(reopened)
			// A deadline that passed while the duty was met has been missed after all.
			again := clocks{}
			for _, owed := range reopened {
				again.add(owed)
			}
			if err := w.AddMilestones(ctx, w.c.ID, again.milestones(now)); err != nil {
				return 0, err
			}
			w.write("duty.reopened", now, map[string]any{"duties": ids(reopened, func(x store.Duty) uuid.UUID { return x.ID })}, nil)
		}
		if opened, left, err := d.openNext(ctx, w, one); err != nil {
			return 0, err
		} else if !opened && !left {
			if raise.Kind = cases.RaiseUnreachable; len(reopened) == 0 {
				raise.Key = cases.RaiseUnreachable + "@" + one.ID.String()
			}
		}
		return 0, d.raise(ctx, w, raise)
	})
	return err
}

// reportBody is what the ledger's row of a report says in clear.
type reportBody struct {
	Status string `json:"status"`
	// Report is the digest of the report as it came in.
	Report string `json:"report"`
}

// reported says whether a report tells nothing new: the same mail came before, or it repeats what stands.
func (w *work) reported(ctx context.Context, one store.Delivery, in ReportInput) (bool, error) {
	stands := one.DeliveredAt != nil && (one.BouncedAt == nil || one.DeliveredAt.After(*one.BouncedAt))
	if (in.Kind == "delivered" || in.Kind == "relayed") && stands {
		return true, nil
	}
	events, err := w.Events(ctx, one.ID)
	for _, e := range events {
		var body reportBody
		if e.Kind == in.Kind && json.Unmarshal(e.Body, &body) == nil && body.Report == hex.EncodeToString(in.Digest[:]) {
			return true, nil
		}
	}
	return false, err
}

// Unmatched records mail that came back and belongs to nothing that was sent: it changes no state.
func (d *Desk) Unmatched(ctx context.Context, digest [32]byte, reason string) error {
	return d.store.Do(ctx, func(tx *store.Tx) error { return tx.Unmatched(ctx, digest[:], reason) })
}
