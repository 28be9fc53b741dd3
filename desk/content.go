package desk

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/duty"
	"github.com/atlascloudai/docket/core/letters"
	"github.com/atlascloudai/docket/core/problem"
	"github.com/atlascloudai/docket/core/seal"
	"github.com/atlascloudai/docket/store"
)

// coverage is what a notice leaves unanswered for those whom it is for.
type coverage struct {
	// gaps name each element with how many customers are owed it, and under which clause the first of them is.
	gaps []problem.Blocker
	// late: somebody's limit has passed, so that nothing may keep the notice back.
	late bool
}

// cover holds a notice's text against the lists of everybody who is owed it; while nobody is, against everything.
func cover(ctx context.Context, tx *store.Tx, c store.Case, n store.Notice, text letters.Notice) (coverage, error) {
	if n.Kind == letters.IncidentPeople {
		return coverPeople(ctx, tx, c, n, text)
	}
	if n.Kind == letters.ChangeCustomer {
		return coverage{gaps: text.Gaps(letters.Wanted(letters.Changed, nil), c.Now)}, nil
	}
	wants, err := tx.Wants(ctx, c.ID, n.ID, c.Now)
	if err != nil {
		return coverage{}, err
	}
	type demand struct {
		customers int
		clause    string
	}
	wanted, late := map[string]demand{}, false
	for _, these := range wants {
		late = late || these.Passed
		elements := map[string]bool{}
		for _, agreed := range these.Lists {
			for _, element := range letters.Wanted(letters.Customer, agreed) {
				elements[element] = true
			}
		}
		for element := range elements {
			one := wanted[element]
			if one.customers == 0 {
				one.clause = these.Clause
			}
			one.customers += these.Customers
			wanted[element] = one
		}
	}
	if len(wants) == 0 {
		for _, element := range letters.Wanted(letters.Customer, nil) {
			wanted[element] = demand{}
		}
	}
	gaps := text.Gaps(slices.Collect(maps.Keys(wanted)), c.Now)
	for i := range gaps {
		_, element, _ := strings.Cut(gaps[i].Ref, "/")
		if by := wanted[element]; by.customers > 0 {
			gaps[i].Count = by.customers
			gaps[i].Detail = fmt.Sprintf("owed to %d customers, first under %s: %s", by.customers, by.clause, gaps[i].Detail)
		}
	}
	return coverage{gaps: gaps, late: late}, nil
}

// lacks are the elements that one duty's party is owed and that the text does not answer in its fallback language, for a
// notice that is made by hand.
func lacks(ctx context.Context, tx *store.Tx, c store.Case, dutyID uuid.UUID, text letters.Notice) ([]string, error) {
	duties, err := tx.Duties(ctx, c.ID, store.DutyFilter{IDs: []uuid.UUID{dutyID}, Limit: 1})
	if err != nil || len(duties) == 0 {
		return nil, err
	}
	one := duties[0]
	bodies, err := tx.Resolutions(ctx, []string{one.Resolution})
	if err != nil {
		return nil, err
	}
	var resolved duty.Resolution
	if err := json.Unmarshal(bodies[one.Resolution], &resolved); err != nil {
		return nil, fmt.Errorf("cannot read what was resolved: %w", err)
	}
	wanted := resolved.Term.Content
	switch {
	case one.StartWord == startPromised: // What was promised, and no more.
	case one.Rule == ruleChange:
		wanted = letters.Wanted(letters.Changed, nil)
	case one.Customer != nil:
		wanted = letters.Wanted(letters.Customer, wanted)
	case strings.HasPrefix(one.Counterparty, "authority/"):
		wanted = letters.Wanted(letters.Authority, nil)
	default:
		wanted = letters.Wanted(letters.People, nil)
	}
	var open []string
	for _, gap := range text.Gaps(wanted, c.Now) {
		if element, ours := strings.CutPrefix(gap.Ref, text.Fallback+"/"); ours && slices.Contains(wanted, element) {
			open = append(open, element)
		}
	}
	return open, nil
}

// blockers are what keeps a notice back: that no letter can be made of it, and, as long as nobody is told late, what it
// leaves unanswered.
func (c coverage) blockers(text letters.Notice) []problem.Blocker {
	if c.late {
		return text.Blockers()
	}
	return append(text.Blockers(), c.gaps...)
}

// warnings are the gaps with which a late notice goes, as the chain and people read them.
func (c coverage) warnings() []string {
	var all []string
	for _, gap := range c.gaps {
		if c.late {
			all = append(all, gap.Code+" "+gap.Ref)
		}
	}
	return all
}

// with is the text as letters are made of it: with the reason of its delay where that is printed.
func (in Delay) with(text letters.Notice) (letters.Notice, error) {
	if !in.Print {
		text.DelayReason = nil
		return text, nil
	}
	return text.PrintDelay(in.Reason)
}

// delayContent is the reason of a delay as the chain seals it; nothing where none was given.
func delayContent(reason map[string]string) any {
	if len(reason) == 0 {
		return nil
	}
	return map[string]any{"delay_reason": reason}
}

// delayPlace binds the printed reason to its notice and version.
func delayPlace(n store.Notice) string { return noticePlace(n.ID, n.Version) + "/delay_reason" }

// sealDelay seals the printed reason with the approval, and names it for the chain; nothing where none is printed.
func sealDelay(key seal.Key, n *store.Notice, text letters.Notice) (digest string, err error) {
	n.DelayReason = nil
	if len(text.DelayReason) == 0 {
		return "", nil
	}
	n.DelayReason, err = key.SealJSON(delayPlace(*n), text.DelayReason)
	return textDigest(n.DelayReason), err
}

// ExplainDelay records in the case why a notice comes late. It changes no letter: what is printed, the approver decides.
func (d *Desk) ExplainDelay(ctx context.Context, actor access.Actor, key string, caseID, noticeID uuid.UUID, in DelayReasonInput) (Receipt, error) {
	return d.onNotice(ctx, actor, key, access.NoticeApprove, caseID, noticeID, in, func(w *work, n *store.Notice) (Receipt, error) {
		late, err := w.late(ctx, *n, n.State == noticeReleasing || n.State == noticeReleased)
		if err != nil {
			return Receipt{}, err
		}
		w.write("notice.delay_explained", time.Time{}, map[string]any{"notice": n.ID, "late": late}, map[string]any{"delay_reason": in.Reason})
		return Receipt{ID: &n.ID, Count: late}, nil
	})
}

// Preview shows a notice as one recipient will read it, and the digest that an approval is bound to.
func (d *Desk) Preview(ctx context.Context, actor access.Actor, caseID, noticeID uuid.UUID, index int) (PreviewView, error) {
	return d.PreviewDelayed(ctx, actor, caseID, noticeID, PreviewInput{Index: index})
}

// PreviewDelayed is Preview with a reason of the delay as it would be printed: it is part of letter and digest.
func (d *Desk) PreviewDelayed(ctx context.Context, actor access.Actor, caseID, noticeID uuid.UUID, in PreviewInput) (PreviewView, error) {
	var view PreviewView
	err := d.read(ctx, actor, access.CaseRead, caseID, func(tx *store.Tx, c store.Case, key seal.Key) error {
		n, err := tx.Notice(ctx, c.ID, noticeID)
		if err != nil {
			return err
		}
		text, err := textOf(key, n)
		if err != nil {
			return err
		}
		if in.Print {
			if text, err = in.with(text); err != nil {
				return err
			}
		}
		look := &looker{index: in.Index}
		audience, err := d.audience(ctx, tx, c, n, text, look)
		if err != nil {
			return err
		}
		view = PreviewView{
			Digest: hex.EncodeToString(audience.digest[:]), Recipients: audience.recipients, Customers: audience.customers, Index: in.Index,
			Gaps: audience.gaps,
		}
		if look.found == nil {
			if in.Index > 0 {
				return problem.InvalidField("index", "there are %d recipients; count from 0", audience.recipients)
			}
			return nil
		}
		view.Address = look.found.Address
		view.Letter, err = letters.Render(text, d.unanswerable(c.ID, look.found.Values), c.Now)
		return err
	})
	return view, err
}
