package desk

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/cases"
	"github.com/atlascloudai/docket/core/cases/campaign"
	"github.com/atlascloudai/docket/core/cases/change"
	"github.com/atlascloudai/docket/core/letters"
	"github.com/atlascloudai/docket/core/problem"
	"github.com/atlascloudai/docket/core/seal"
	"github.com/atlascloudai/docket/store"
)

// The states of a notice.
const (
	noticeDraft     = "draft"
	noticeAwaiting  = "awaiting_approval"
	noticeApproved  = "approved"
	noticeReleasing = "releasing"
	noticeReleased  = "released"
	noticeWithdrawn = "withdrawn"
)

// notReleased are the states in which a notice is still worked on.
var notReleased = []string{noticeDraft, noticeAwaiting, noticeApproved}

// DraftNotice begins a notice, from an earlier one's text or from what is given.
func (d *Desk) DraftNotice(ctx context.Context, actor access.Actor, key string, caseID uuid.UUID, in NoticeInput) (Receipt, error) {
	if (in.From == nil) == (in.Content == nil) {
		return Receipt{}, problem.InvalidField("content", "give the text, or name in `from` the notice to take it from: exactly one of them")
	}
	return d.command(ctx, actor, key, access.NoticeDraft, caseID, in, func(w *work) (Receipt, error) {
		if err := w.working(ctx, "drafting a notice"); err != nil {
			return Receipt{}, err
		}
		who, err := uuid.Parse(actor.ID)
		if err != nil {
			return Receipt{}, err
		}
		text := in.Content
		if in.From != nil {
			earlier, err := w.Notice(ctx, w.c.ID, *in.From)
			if err != nil {
				return Receipt{}, err
			}
			taken, err := textOf(w.key, earlier)
			if err != nil {
				return Receipt{}, err
			}
			text = &taken
		}
		kind := cmp.Or(text.Template, letters.IncidentCustomer)
		if w.c.Kind == KindChange {
			kind = cmp.Or(text.Template, letters.ChangeCustomer)
		}
		if (w.c.Kind == KindChange) != (kind == letters.ChangeCustomer) {
			return Receipt{}, problem.InvalidField("content.template", "a notice of change has the template %s, and nothing else has", letters.ChangeCustomer)
		}
		n := store.Notice{ID: newID(), Case: w.c.ID, Kind: kind, State: noticeDraft, Version: 1, CreatedAt: w.c.Now, FollowUp: in.Update}
		if err := w.sealText(&n, *text); err != nil {
			return Receipt{}, err
		}
		w.write("notice.drafted", time.Time{}, map[string]any{"notice": n.ID, "version": 1, "text": textDigest(n.Sealed)}, nil)
		return Receipt{ID: &n.ID, Version: 1}, w.InsertNotice(ctx, n, who)
	})
}

// sealText checks what can be checked of a draft and seals it as the notice's current version.
func (w *work) sealText(n *store.Notice, text letters.Notice) error {
	if text.Template == "" {
		text.Template, text.TemplateVersion = n.Kind, letters.LatestTemplate(n.Kind)
	}
	if letters.Required(text.Template) == nil {
		return problem.InvalidField("content.template", "the templates are %s, %s and %s", letters.IncidentCustomer, letters.IncidentPeople, letters.ChangeCustomer)
	}
	if text.Template != n.Kind {
		return problem.InvalidField("content.template", "it is for others than the notice was drafted for (%s): draft another", n.Kind)
	}
	if len(text.Languages) == 0 {
		return problem.InvalidField("content.languages", "write the notice in at least one language")
	}
	text.Version = n.Version
	sealed, err := w.key.SealJSON(noticePlace(n.ID, n.Version), text)
	n.Sealed = sealed
	return err
}

// textDigest names a stored text in the chain: the hash of its ciphertext, which verifies without a key.
func textDigest(sealed []byte) string {
	sum := sha256.Sum256(sealed)
	return hex.EncodeToString(sum[:])
}

// textOf opens a notice's text, with the reason of its delay where the approver has that printed.
func textOf(key seal.Key, n store.Notice) (text letters.Notice, err error) {
	if err = key.OpenJSON(noticePlace(n.ID, n.Version), n.Sealed, &text); err == nil && n.DelayReason != nil {
		err = key.OpenJSON(delayPlace(n), n.DelayReason, &text.DelayReason)
	}
	return text, err
}

// EditNotice replaces a notice's text. Whatever was approved is void.
func (d *Desk) EditNotice(ctx context.Context, actor access.Actor, key string, caseID, noticeID uuid.UUID, in EditNoticeInput) (Receipt, error) {
	return d.onNotice(ctx, actor, key, access.NoticeEdit, caseID, noticeID, in, func(w *work, n *store.Notice) (Receipt, error) {
		if err := allowed(*n, "editing", notReleased...); err != nil {
			return Receipt{}, err
		}
		if in.IfMatch != n.Version {
			return Receipt{}, stale(n.Version)
		}
		who, err := uuid.Parse(actor.ID)
		if err != nil {
			return Receipt{}, err
		}
		voided := n.State == noticeApproved
		if voided && w.c.Kind == KindChange {
			if err := w.decideChange(ctx, change.Void{}); err != nil {
				return Receipt{}, err
			}
		}
		n.Version++
		if n.State != noticeDraft {
			n.State = noticeAwaiting
		}
		n.ApprovedBy, n.ApprovedAt, n.Approval, n.DelayReason = nil, nil, nil, nil
		if err := w.sealText(n, in.Content); err != nil {
			return Receipt{}, err
		}
		w.write("notice.edited", time.Time{}, map[string]any{"notice": n.ID, "version": n.Version, "text": textDigest(n.Sealed), "approval_voided": voided}, nil)
		return Receipt{ID: &n.ID, Version: n.Version}, w.InsertNoticeVersion(ctx, *n, who, w.c.Now)
	})
}

// onNotice decides one command about one notice and writes it back.
func (d *Desk) onNotice(ctx context.Context, actor access.Actor, key string, action access.Action, caseID, noticeID uuid.UUID, in any, f func(*work, *store.Notice) (Receipt, error)) (Receipt, error) {
	return d.command(ctx, actor, key, action, caseID, within(noticeID, in), func(w *work) (Receipt, error) {
		if err := w.working(ctx, "work on a notice"); err != nil {
			return Receipt{}, err
		}
		n, err := w.Notice(ctx, w.c.ID, noticeID)
		if err != nil {
			return Receipt{}, err
		}
		receipt, err := f(w, &n)
		if err != nil {
			return Receipt{}, err
		}
		return receipt, w.UpdateNotice(ctx, n)
	})
}

func allowed(n store.Notice, what string, states ...string) error {
	if slices.Contains(states, n.State) {
		return nil
	}
	return problem.Blocked(problem.Blocker{Code: "wrong_notice_state", Ref: n.ID.String(),
		Detail: fmt.Sprintf("%s is not possible while the notice is %s; it is possible in %v", what, n.State, states)})
}

// SubmitNotice hands a complete draft to its approver.
func (d *Desk) SubmitNotice(ctx context.Context, actor access.Actor, key string, caseID, noticeID uuid.UUID, in SubmitInput) (Receipt, error) {
	return d.onNotice(ctx, actor, key, access.NoticeSubmit, caseID, noticeID, in, func(w *work, n *store.Notice) (Receipt, error) {
		if err := allowed(*n, "submitting", noticeDraft); err != nil {
			return Receipt{}, err
		}
		text, err := textOf(w.key, *n)
		if err != nil {
			return Receipt{}, err
		}
		covers, err := cover(ctx, w.Tx, w.c, *n, text)
		if err != nil {
			return Receipt{}, err
		}
		if blockers := covers.blockers(text); len(blockers) > 0 {
			return Receipt{}, problem.Blocked(blockers...)
		}
		n.State = noticeAwaiting
		w.write("notice.submitted", time.Time{}, map[string]any{"notice": n.ID, "version": n.Version}, nil)
		return Receipt{ID: &n.ID}, nil
	})
}

// ApproveNotice approves exactly what was previewed: text, languages, recipients and each one's own values.
// Nobody who wrote any version of it may.
func (d *Desk) ApproveNotice(ctx context.Context, actor access.Actor, key string, caseID, noticeID uuid.UUID, in ApproveInput) (Receipt, error) {
	digest, err := hex.DecodeString(in.Digest)
	if err != nil {
		return Receipt{}, problem.InvalidField("digest", "give the preview's digest, 64 hexadecimal digits")
	}
	return d.onNotice(ctx, actor, key, access.NoticeApprove, caseID, noticeID, in, func(w *work, n *store.Notice) (Receipt, error) {
		// An approval that is void, because recipients or values changed since, is given again.
		if err := allowed(*n, "approving", noticeAwaiting, noticeApproved); err != nil {
			return Receipt{}, err
		}
		who, err := uuid.Parse(actor.ID)
		if err != nil {
			return Receipt{}, err
		}
		editors, err := w.Editors(ctx, n.ID)
		if err != nil {
			return Receipt{}, err
		}
		if slices.Contains(editors, who) {
			return Receipt{}, problem.New(problem.Forbidden, "whoever wrote a notice cannot approve it; a second person does")
		}
		text, err := textOf(w.key, *n)
		if err != nil {
			return Receipt{}, err
		}
		covers, err := cover(ctx, w.Tx, w.c, *n, text)
		if err != nil {
			return Receipt{}, err
		}
		if blockers := covers.blockers(text); len(blockers) > 0 {
			return Receipt{}, problem.Blocked(blockers...)
		}
		if text, err = in.with(text); err != nil {
			return Receipt{}, err
		}
		audience, err := d.audience(ctx, w.Tx, w.c, *n, text, nil)
		if err != nil {
			return Receipt{}, err
		}
		if audience.recipients == 0 {
			return Receipt{}, problem.Blocked(problem.Blocker{Code: "no_recipients", Detail: "nobody is owed this notice now; record affected parties first, or draft an update for those who were promised one"})
		}
		if !bytes.Equal(audience.digest[:], digest) {
			return Receipt{}, problem.Blocked(problem.Blocker{Code: "digest_differs", Ref: n.ID.String(),
				Detail: "text, recipients or their values are no longer what was previewed; preview again"})
		}
		late, err := w.late(ctx, *n, false)
		if err != nil {
			return Receipt{}, err
		}
		printed, err := sealDelay(w.key, n, text)
		if err != nil {
			return Receipt{}, err
		}
		if w.c.Kind == KindChange {
			if err := w.decideChange(ctx, change.Approve{Digest: in.Digest}); err != nil {
				return Receipt{}, err
			}
		}
		n.State, n.ApprovedBy, n.ApprovedAt, n.Approval = noticeApproved, &who, &w.c.Now, audience.digest[:]
		w.write("notice.approved", time.Time{}, map[string]any{
			"notice": n.ID, "version": n.Version, "digest": in.Digest, "recipients": audience.recipients, "customers": audience.customers,
			"late": late, "warnings": covers.warnings(), "printed": printed,
		}, delayContent(in.Reason))
		return Receipt{ID: &n.ID, Count: audience.recipients}, nil
	})
}

// ReleaseNotice starts the sending of exactly what was approved, and opens what it promises. If recipients or values
// changed since, the approval is void and a person looks again. Nothing in its content blocks a late notice from going.
func (d *Desk) ReleaseNotice(ctx context.Context, actor access.Actor, key string, caseID, noticeID uuid.UUID, in ReleaseInput) (Receipt, error) {
	if in.First < 0 {
		return Receipt{}, problem.InvalidField("first", "say how many customers are sent it first; all at once if absent")
	}
	return d.onNotice(ctx, actor, key, access.NoticeRelease, caseID, noticeID, in, func(w *work, n *store.Notice) (Receipt, error) {
		if in.Lane == "" {
			in.Lane = map[bool]string{true: "bulk", false: "urgent"}[w.c.Kind == KindChange] // An incident's mail never waits for it.
		}
		if err := allowed(*n, "releasing", noticeApproved); err != nil {
			return Receipt{}, err
		}
		text, err := textOf(w.key, *n)
		if err != nil {
			return Receipt{}, err
		}
		covers, err := cover(ctx, w.Tx, w.c, *n, text)
		if err != nil {
			return Receipt{}, err
		}
		if blockers := covers.blockers(text); len(blockers) > 0 {
			return Receipt{}, problem.Blocked(blockers...)
		}
		late, err := w.late(ctx, *n, false)
		if err != nil {
			return Receipt{}, err
		}
		if n.Kind == letters.IncidentPeople {
			return d.releaseByHand(ctx, w, n, text, late)
		}
		sending := store.Campaign{ID: newID(), Case: w.c.ID, Notice: n.ID, Version: n.Version, Lane: in.Lane, State: string(campaign.Running), CreatedAt: w.c.Now}
		if err := w.InsertCampaign(ctx, sending); err != nil {
			return Receipt{}, err
		}
		plan := &planner{work: w, campaign: sending, promised: w.promisedUpdate(n.ID, w.c.Now, text.Promises()), first: in.First}
		if in.First > 0 {
			plan.rest = &store.Campaign{ID: newID(), Case: w.c.ID, Notice: n.ID, Version: n.Version, Lane: in.Lane, State: string(campaign.Paused), CreatedAt: w.c.Now}
		}
		if w.c.Kind == KindChange {
			plan.link = func(contact uuid.UUID) []byte { return linkHash(d.noticeToken(w.c.ID, contact)) }
		}
		audience, err := d.audience(ctx, w.Tx, w.c, *n, text, plan)
		if err != nil {
			return Receipt{}, err
		}
		if !bytes.Equal(audience.digest[:], n.Approval) {
			return Receipt{}, problem.Blocked(problem.Blocker{Code: "approval_void", Ref: n.ID.String(),
				Detail: "recipients or their values changed since the approval; edit or preview and approve again"})
		}
		if err := plan.write(ctx); err != nil {
			return Receipt{}, err
		}
		if w.c.Kind == KindChange {
			if err := d.sendChange(ctx, w, audience.customers); err != nil {
				return Receipt{}, err
			}
		}
		promised, err := plan.promised.done(ctx)
		if err != nil {
			return Receipt{}, err
		}
		if audience.recipients >= chunk {
			if err := w.RefreshStatistics(ctx); err != nil {
				return Receipt{}, err
			}
		}
		n.State = noticeReleasing
		w.write("notice.released", time.Time{}, map[string]any{
			"notice": n.ID, "version": n.Version, "campaign": sending.ID, "recipients": audience.recipients, "customers": audience.customers, "lane": in.Lane,
			"without_address": len(audience.gaps), "late": late, "promised": promised, "first": in.First,
		}, nil)
		if n := len(audience.gaps); n > 0 { // They are owed it too, and this sending cannot reach them.
			err := d.raise(ctx, w, store.Raise{Key: cases.RaiseUnreachable + "@" + sending.ID.String(), Kind: cases.RaiseUnreachable, DueAt: w.c.Now, Count: n})
			if err != nil {
				return Receipt{}, err
			}
		}
		return Receipt{ID: &sending.ID, Count: audience.recipients, Skipped: len(audience.gaps)}, w.Ring(ctx, campaignBell(w.c, sending, w.trace))
	})
}

// WithdrawNotice ends a notice that was not released.
func (d *Desk) WithdrawNotice(ctx context.Context, actor access.Actor, key string, caseID, noticeID uuid.UUID, in ReasonInput) (Receipt, error) {
	return d.onNotice(ctx, actor, key, access.NoticeWithdraw, caseID, noticeID, in, func(w *work, n *store.Notice) (Receipt, error) {
		if err := allowed(*n, "withdrawing", notReleased...); err != nil {
			return Receipt{}, err
		}
		n.State = noticeWithdrawn
		w.write("notice.withdrawn", time.Time{}, map[string]any{"notice": n.ID}, map[string]any{"reason": in.Reason})
		return Receipt{ID: &n.ID}, nil
	})
}

// Notices lists a case's notices with their sendings.
func (d *Desk) Notices(ctx context.Context, actor access.Actor, caseID uuid.UUID) ([]NoticeView, error) {
	var views []NoticeView
	err := d.read(ctx, actor, access.CaseRead, caseID, func(tx *store.Tx, c store.Case, key seal.Key) error {
		notices, err := tx.Notices(ctx, c.ID)
		if err != nil {
			return err
		}
		counts, err := tx.CampaignCounts(ctx, c.ID)
		if err != nil {
			return err
		}
		for _, n := range notices {
			view, err := noticeView(ctx, tx, c, key, n, counts)
			if err != nil {
				return err
			}
			views = append(views, view)
		}
		return nil
	})
	return views, err
}

// Notice reads one notice with its text.
func (d *Desk) Notice(ctx context.Context, actor access.Actor, caseID, noticeID uuid.UUID) (view NoticeView, err error) {
	err = d.read(ctx, actor, access.CaseRead, caseID, func(tx *store.Tx, c store.Case, key seal.Key) error {
		n, err := tx.Notice(ctx, c.ID, noticeID)
		if err != nil {
			return err
		}
		counts, err := tx.CampaignCounts(ctx, c.ID)
		if err != nil {
			return err
		}
		view, err = noticeView(ctx, tx, c, key, n, counts)
		return err
	})
	return view, err
}

func noticeView(ctx context.Context, tx *store.Tx, c store.Case, key seal.Key, n store.Notice, counts []store.CampaignCount) (NoticeView, error) {
	text, err := textOf(key, n)
	if err != nil {
		return NoticeView{}, err
	}
	view := NoticeView{ID: n.ID, State: n.State, Version: n.Version, Update: n.FollowUp, Content: text, DelayReason: text.DelayReason, ApprovedAt: n.ApprovedAt}
	if n.ApprovedBy != nil {
		view.ApprovedBy = n.ApprovedBy.String()
	}
	if slices.Contains(notReleased, n.State) {
		covers, err := cover(ctx, tx, c, n, text)
		if err != nil {
			return NoticeView{}, err
		}
		for _, blocker := range covers.blockers(text) {
			view.Blockers = append(view.Blockers, strings.TrimPrefix(blocker.Ref+": "+blocker.Detail, ": "))
		}
		view.Warnings = covers.warnings()
	}
	for _, c := range counts {
		if c.Notice != n.ID {
			continue
		}
		if last := len(view.Campaigns) - 1; last < 0 || view.Campaigns[last].ID != c.Campaign {
			view.Campaigns = append(view.Campaigns, CampaignSummary{ID: c.Campaign, State: c.State, Counts: map[string]int{}})
		}
		if c.Delivery != "" {
			view.Campaigns[len(view.Campaigns)-1].Counts[c.Delivery] = c.Count
		}
	}
	return view, nil
}
