package desk

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/atlascloudai/docket/core/clock"
	"github.com/atlascloudai/docket/core/duty"
	"github.com/atlascloudai/docket/core/letters"
	"github.com/atlascloudai/docket/core/problem"
	"github.com/atlascloudai/docket/store"
)

// People whose data the company controls are an audience of their own (GDPR art. 34). Their addresses are not held here:
// one text is drafted, approved and released for all of them, and a person records how it reached them, with the receipt
// of the company's own mailer or of a publication; a second person confirms.

func toPeople(counterparty string) bool {
	return strings.HasPrefix(counterparty, string(clock.ToPeople)+"/")
}

// ownZone is the company's own zone, in which people read the times of a notice.
func (d *Desk) ownZone() string { return cmp.Or(d.company.Zone, "UTC") }

// people walks over the duties to people that a notice is for, and over its languages: each is a letter that is approved.
func (d *Desk) people(ctx context.Context, tx *store.Tx, c store.Case, n store.Notice, text letters.Notice, v visitor) (audience, error) {
	var a audience
	approval := letters.NewApproval(text)
	duties, err := tx.OwedToPeople(ctx, c.ID, n.ID)
	if err != nil {
		return a, err
	}
	for _, one := range duties {
		for _, language := range slices.Sorted(maps.Keys(text.Languages)) {
			values, err := d.located(letters.Values{
				Customer: one.Counterparty, Reference: reference(c.ID, one.ID), Zone: d.ownZone(), Language: language, Drill: c.Drill,
			})
			if err != nil {
				return a, err
			}
			if len(text.DelayReason) > 0 && one.Limit != nil {
				values.LateAfter = one.Limit.UTC()
			}
			r := recipient{RecipientKey: letters.RecipientKey{DutyID: one.ID.String(), Channel: string(duty.ByHand), Address: one.Counterparty, Values: values}}
			approval.Add(r.RecipientKey)
			a.recipients++
			if v == nil {
				continue
			}
			if err := v.visit(ctx, r); err != nil {
				return a, err
			}
		}
	}
	a.digest = approval.Sum()
	return a, nil
}

// coverPeople holds a text against what the duties to people ask: art. 34(2), or what was promised.
func coverPeople(ctx context.Context, tx *store.Tx, c store.Case, n store.Notice, text letters.Notice) (coverage, error) {
	duties, err := tx.OwedToPeople(ctx, c.ID, n.ID)
	if err != nil {
		return coverage{}, err
	}
	bodies, err := tx.Resolutions(ctx, ids(duties, func(one store.Duty) string { return one.Resolution }))
	if err != nil {
		return coverage{}, err
	}
	var covers coverage
	wanted := letters.Wanted(letters.People, nil)
	if n.FollowUp {
		wanted = nil
	}
	for _, one := range duties {
		if end := cmp.Or(one.Limit, one.Target); end != nil && end.Before(c.Now) {
			covers.late = true
		}
		if one.StartWord != startPromised {
			continue
		}
		var resolved duty.Resolution
		if err := json.Unmarshal(bodies[one.Resolution], &resolved); err != nil {
			return covers, fmt.Errorf("cannot read what was resolved: %w", err)
		}
		wanted = append(wanted, resolved.Term.Content...)
	}
	covers.gaps = text.Gaps(wanted, c.Now)
	return covers, nil
}

// late counts whom a notice reaches late: customers, or duties to people.
func (w *work) late(ctx context.Context, n store.Notice, released bool) (count int, err error) {
	if n.Kind != letters.IncidentPeople {
		return w.LateCustomers(ctx, n, released, w.c.Now)
	}
	duties, err := w.OwedToPeople(ctx, w.c.ID, n.ID)
	for _, one := range duties {
		if one.Limit != nil && one.Limit.Before(w.c.Now) {
			count++
		}
	}
	return count, err
}

// releaseByHand hands an approved notice to whoever sends or publishes it. Its duties are met by what is recorded of that.
func (d *Desk) releaseByHand(ctx context.Context, w *work, n *store.Notice, text letters.Notice, late int) (Receipt, error) {
	audience, err := d.audience(ctx, w.Tx, w.c, *n, text, nil)
	if err != nil {
		return Receipt{}, err
	}
	if !bytes.Equal(audience.digest[:], n.Approval) {
		return Receipt{}, problem.Blocked(problem.Blocker{Code: "approval_void", Ref: n.ID.String(),
			Detail: "what is owed to people, or a value of it, changed since the approval; preview and approve again"})
	}
	duties, err := w.OwedToPeople(ctx, w.c.ID, n.ID)
	if err != nil {
		return Receipt{}, err
	}
	these := ids(duties, func(one store.Duty) uuid.UUID { return one.ID })
	n.State = noticeReleased
	w.write("notice.released", time.Time{}, map[string]any{
		"notice": n.ID, "version": n.Version, "by_hand": true, "duties": these, "recipients": audience.recipients, "late": late,
	}, nil)
	return Receipt{ID: &n.ID, Count: len(duties)}, w.AssignByHand(ctx, n.ID, these)
}
