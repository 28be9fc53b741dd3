package desk

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/cases/request"
	"github.com/atlascloudai/docket/core/erasing"
	"github.com/atlascloudai/docket/core/estate"
	"github.com/atlascloudai/docket/core/letters/person"
	"github.com/atlascloudai/docket/core/problem"
	"github.com/atlascloudai/docket/store"
)

// ScopeRequest asks for a plan: whatever is held about the verified identities is located, and nothing else is touched.
func (d *Desk) ScopeRequest(ctx context.Context, actor access.Actor, key string, caseID uuid.UUID) (Receipt, error) {
	return d.onRequest(ctx, actor, key, access.RequestWork, caseID, nil, func(w *work) (Receipt, error) {
		if err := w.decideRequest(ctx, request.Scope{}); err != nil {
			return Receipt{}, err
		}
		return Receipt{}, w.LayOut(ctx, w.c.ID, nil) // What an earlier plan located is forgotten.
	})
}

// DueTargets are the targets of a request that can be worked on side by side now; a plan that has none yet gets them from
// the estate first.
func (d *Desk) DueTargets(ctx context.Context, caseID uuid.UUID) (due []uuid.UUID, err error) {
	_, err = d.process(ctx, access.RequestRecord, caseID, func(w *work) (int, error) {
		counts, err := w.RequestCounts(ctx, w.c.ID, w.c.Now)
		if err != nil {
			return 0, err
		}
		if counts.Targets == 0 && w.request.Status == request.Scoping && w.request.Plan != nil {
			if err := d.layOut(ctx, w); err != nil {
				return 0, err
			}
		}
		if w.request.Status == request.Scoping { // A customer's data is not searched further.
			said, err := w.signals(ctx)
			if err != nil {
				return 0, err
			}
			if ended, err := d.controlled(ctx, w, said); ended || err != nil {
				return 0, err
			}
		}
		due, err = w.DueTargets(ctx, w.c.ID, w.c.Now)
		return len(due), err
	})
	return due, err
}

// layOut makes the targets that the verified identities reach.
func (d *Desk) layOut(ctx context.Context, w *work) error {
	if d.estate == nil {
		return problem.New(problem.Unavailable, "this process has no estate; set ESTATE for the worker")
	}
	all, err := w.Identities(ctx, w.c.ID)
	if err != nil {
		return err
	}
	var kinds []string
	for _, i := range all {
		if i.State == "verified" && !slices.Contains(kinds, i.Kind) {
			kinds = append(kinds, i.Kind)
		}
	}
	order, err := d.estate.Order(kinds)
	if err != nil {
		return err
	}
	if len(order) == 0 {
		sum := sha256.Sum256([]byte(d.estate.Version))
		return w.decideRequest(ctx, request.PlanMade{Digest: hex.EncodeToString(sum[:]), Wide: []string{"nothing_searched"}, Unsearched: d.unsearchedFor(kinds)})
	}
	targets := make([]store.Target, 0, len(order))
	for _, one := range order {
		of := spec{Store: one.Store.ID, Collection: one.Collection, Paths: one.Paths, LocateAfter: one.LocateAfter, EraseAfter: one.EraseAfter, Lead: one.Lead}
		if w.request.Right.Exported() {
			of.Lead = append(of.Lead, exportedFields(of, one.Store.Kind)...)
		}
		t := store.Target{ID: newID(), Address: string(one.Address), Kind: string(one.Store.Kind), Class: string(one.Collection.Class), Estate: d.estate.Version, State: store.TargetLocating, NextAt: w.c.Now}
		if t.Spec, err = json.Marshal(of); err != nil {
			return err
		}
		targets = append(targets, t)
	}
	w.write("targets.laid_out", time.Time{}, map[string]any{"targets": len(targets), "estate": d.estate.Version}, nil)
	return w.LayOut(ctx, w.c.ID, targets)
}

// MakePlan completes a plan once everything was located: counts for people, and the digest that an approval is bound to.
func (d *Desk) MakePlan(ctx context.Context, caseID uuid.UUID) (int, error) {
	return d.process(ctx, access.RequestRecord, caseID, func(w *work) (int, error) {
		targets, err := d.planned(ctx, w)
		if err != nil {
			return 0, err
		}
		said, err := w.signals(ctx)
		if err != nil {
			return 0, err
		}
		if ended, err := d.controlled(ctx, w, said); ended || err != nil {
			return 0, err
		}
		made := request.PlanMade{}
		if w.request.Right.Destroys() {
			made.Care = cares(said)
		}
		var reaches []request.Reach
		for _, t := range targets {
			made.Located += t.Located
			made.Erase += t.Erase
			made.Mask += t.Mask
			made.Keep += t.Keep
			reaches = append(reaches, request.Reach{Located: t.Located, Total: t.total, Root: t.root})
		}
		identities, err := w.Identities(ctx, w.c.ID)
		if err != nil {
			return 0, err
		}
		var kinds []string
		shared := false
		for _, i := range identities {
			one, err := w.named(i)
			if err != nil {
				return 0, err
			}
			if i.State == "verified" {
				shared, kinds = shared || one.Shared(d.staff), append(kinds, i.Kind)
			}
		}
		made.Unsearched = d.unsearchedFor(kinds)
		made.Wide = d.bounds.Beyond(reaches, shared)
		if made.Digest, err = w.planDigest(ctx); err != nil {
			return 0, err
		}
		return 1, w.decideRequest(ctx, made)
	})
}

// plannedTarget is what a plan does at one address.
type plannedTarget struct {
	Located, Erase, Mask, Keep int64
	// kept says on which grounds records stay, and until when the last of each.
	kept  []KeptView
	total int64
	root  bool
}

// keep counts a record that stays.
func (t *plannedTarget) keep(record KeptView) {
	t.Keep++
	at := slices.IndexFunc(t.kept, func(k KeptView) bool {
		return k.Ground == record.Ground && (k.Hold == nil) == (record.Hold == nil) && (record.Hold == nil || *k.Hold == *record.Hold)
	})
	if at < 0 {
		t.kept = append(t.kept, record)
		return
	}
	one := &t.kept[at]
	one.Records++
	if record.Until == nil { // Of one of them nobody can say until when.
		one.Until = nil
	} else if one.Until != nil && record.Until.After(*one.Until) {
		one.Until = record.Until
	}
}

// planned is what the plan does at each address, page by page: what has to stay is counted as it is now.
func (d *Desk) planned(ctx context.Context, w *work) (map[string]plannedTarget, error) {
	plan := map[string]plannedTarget{}
	err := w.eachSpec(ctx, func(t store.Target, of spec) error {
		one := plannedTarget{Located: t.Located, total: t.Total, root: of.Collection.Root}
		if plan[t.Address] = one; w.request.Right.Exported() {
			return nil // Nothing is erased, whatever stays.
		}
		held := false
		if w.request.BegunAt == nil { // What a hold keeps from then on, the pages say.
			var err error
			if held, err = w.AnyHolding(ctx, t.Address, w.c.Now); err != nil {
				return err
			}
		}
		if of.Collection.Retention != nil || held {
			if err := w.EachPage(ctx, w.c.ID, t.Address, func(page store.TargetPage) error {
				items, err := openItems(w.key, page)
				if err != nil {
					return err
				}
				records, err := d.staying(ctx, w, t.Address, of.Collection.Retention, items, held)
				for _, record := range records {
					if record != nil {
						one.keep(*record)
					}
				}
				return err
			}); err != nil {
				return err
			}
		}
		if rest := t.Located - one.Keep; of.Collection.Strategy == "mask" {
			one.Mask = rest
		} else {
			one.Erase = rest
		}
		plan[t.Address] = one
		return nil
	})
	return plan, err
}

// staying says of each of some records why it stays as it is now: a hold keeps it, or the estate does for a time or cannot say
// until when. It is nil for one that goes.
func (d *Desk) staying(ctx context.Context, w *work, address string, r *estate.Retention, items []erasing.Item, held bool) ([]*KeptView, error) {
	var commits [][]byte
	var holds map[string]store.RecordHold
	if held {
		var err error
		commits = d.commits(address, items)
		if holds, err = w.Holding(ctx, address, commits, w.c.Now); err != nil {
			return nil, err
		}
	}
	records := make([]*KeptView, len(items))
	for i, item := range items {
		if len(holds) > 0 {
			h, stands := holds[string(commits[i])]
			if !stands {
				h, stands = holds[""]
			}
			if stands {
				records[i] = &KeptView{Records: 1, Ground: h.Ground, Words: holdWords(h.Ground), Until: h.Until, Hold: &h.ID}
				continue
			}
		}
		if r != nil {
			if until, err := retainedUntil(*r, item); err != nil {
				records[i] = &KeptView{Records: 1, Ground: r.Ground, Words: r.Words}
			} else if until.After(w.c.Now) {
				records[i] = &KeptView{Records: 1, Ground: r.Ground, Words: r.Words, Until: &until}
			}
		}
	}
	return records, nil
}

// planDigest binds an approval to the estate, the verified identities and every record that was located.
func (w *work) planDigest(ctx context.Context) (string, error) {
	sum := sha256.New()
	identities, err := w.Identities(ctx, w.c.ID)
	if err != nil {
		return "", err
	}
	for _, i := range identities {
		if i.State == "verified" {
			fmt.Fprintf(sum, "identity %s %x\n", i.Kind, i.Commit)
		}
	}
	targets, err := w.Targets(ctx, w.c.ID)
	if err != nil {
		return "", err
	}
	for _, t := range targets {
		fmt.Fprintf(sum, "target %s %s %s\n", t.Address, t.Estate, t.Spec)
	}
	err = w.PageDigests(ctx, w.c.ID, func(address string, number int, digest []byte) {
		fmt.Fprintf(sum, "page %s %d %x\n", address, number, digest)
	})
	return hex.EncodeToString(sum.Sum(nil)), err
}

// SampleView is some of what a plan reaches at one place.
type SampleView struct {
	Address string         `json:"address" doc:"store/collection of the estate"`
	Key     string         `json:"key" doc:"Key of the record"`
	Values  map[string]any `json:"values,omitempty" doc:"Fields that were read with it"`
	Kept    *KeptView      `json:"kept,omitempty" doc:"Why the record stays and until when; absent for one that does not"`
}

// perPlace is how many records of each place a sample shows: of those that go, and of those that stay.
const perPlace = 3

// SamplePlan shows some records of each place that a plan reaches, and which of them stay, to whoever may approve it; that it
// did is recorded.
func (d *Desk) SamplePlan(ctx context.Context, actor access.Actor, caseID uuid.UUID) (sample []SampleView, err error) {
	_, err = d.onRequest(ctx, actor, "", access.RequestApprove, caseID, nil, func(w *work) (Receipt, error) {
		if err := w.decideRequest(ctx, request.Sample{}); err != nil {
			return Receipt{}, err
		}
		return Receipt{}, w.eachSpec(ctx, func(t store.Target, of spec) error {
			page, err := w.PageAfter(ctx, w.c.ID, t.Address, 0)
			if err != nil || page == nil {
				return err
			}
			items, err := openItems(w.key, *page)
			if err != nil {
				return err
			}
			kept := make([]*KeptView, len(items))
			if w.request.Right.Destroys() {
				if kept, err = d.staying(ctx, w, t.Address, of.Collection.Retention, items, true); err != nil {
					return err
				}
			}
			shown := map[bool]int{}
			for i, item := range items {
				if stays := kept[i] != nil; shown[stays] < perPlace {
					shown[stays]++
					sample = append(sample, SampleView{Address: t.Address, Key: item.Key, Values: item.Values, Kept: kept[i]})
				}
			}
			return nil
		})
	})
	return sample, err
}

// DigestInput approves what was previewed.
type DigestInput struct {
	Digest string `json:"digest" minLength:"64" maxLength:"64" doc:"Digest of what was looked at"`
}

// ApprovePlan approves exactly the plan of a digest, tells the account's other contacts, and lets the cooling-off begin.
func (d *Desk) ApprovePlan(ctx context.Context, actor access.Actor, key string, caseID uuid.UUID, in DigestInput) (Receipt, error) {
	return d.onRequest(ctx, actor, key, access.RequestApprove, caseID, in, func(w *work) (Receipt, error) {
		cooling, err := d.coolingOff(ctx, w)
		if err != nil {
			return Receipt{}, err
		}
		if err := w.decideRequest(ctx, request.Approve{Digest: in.Digest, Cooling: cooling}); err != nil {
			return Receipt{}, err
		}
		if w.request.Status != request.Restricting {
			return Receipt{Pending: w.pending()}, nil
		}
		told, err := d.tellContacts(ctx, w)
		return Receipt{Count: told}, err
	})
}

// coolingOff is how long other contacts have: as the company says, and never beyond the first third of what is left.
func (d *Desk) coolingOff(ctx context.Context, w *work) (time.Duration, error) {
	owed, err := w.answerDuty(ctx)
	if err != nil || owed == nil || owed.Target == nil || !w.request.Right.Destroys() {
		return 0, err
	}
	return max(0, min(d.cooling, owed.Target.Sub(w.c.Now)/3)), nil
}

// tellContacts writes to every other mail address of the account, that it is about to be erased.
func (d *Desk) tellContacts(ctx context.Context, w *work) (int, error) {
	if !w.request.Right.Destroys() || w.request.Instructed != "" { // A controller's people hear from the controller.
		return 0, nil
	}
	said, err := w.content()
	if err != nil {
		return 0, err
	}
	targets, err := w.Targets(ctx, w.c.ID)
	if err != nil {
		return 0, err
	}
	addresses := map[string]bool{}
	for _, t := range targets {
		var of spec
		if err := json.Unmarshal(t.Spec, &of); err != nil {
			return 0, err
		}
		if !of.Collection.Root {
			continue
		}
		err := w.EachPage(ctx, w.c.ID, t.Address, func(page store.TargetPage) error {
			items, err := openItems(w.key, page)
			for _, f := range of.Collection.Fields {
				if f.Identity != request.EmailIdentity {
					continue
				}
				for _, value := range valuesOf(items, f.Name) {
					addresses[strings.ToLower(value)] = true
				}
			}
			return err
		})
		if err != nil {
			return 0, err
		}
	}
	identities, err := w.Identities(ctx, w.c.ID)
	if err != nil {
		return 0, err
	}
	for _, i := range identities {
		if one, err := w.named(i); err == nil && i.Kind == request.EmailIdentity && i.State == "verified" {
			addresses[one.Value] = true
		}
	}
	delete(addresses, strings.ToLower(said.ReplyTo))
	v, err := d.letterValues(ctx, w, said)
	if err != nil {
		return 0, err
	}
	v.Name, v.ExpiresAt = "", w.request.CoolUntil
	told := 0
	for address := range addresses {
		if _, err := (request.Identity{Kind: request.EmailIdentity, Value: address}).Normal(); err != nil {
			continue // What the store holds there is no address.
		}
		if err := d.mail(ctx, w, person.ContactTold, address, v, nil); err != nil {
			return told, err
		}
		told++
	}
	w.write("contacts.told", time.Time{}, map[string]any{"contacts": told}, nil)
	return told, nil
}

// StartErasing closes the snapshot once the cooling-off is over: identifiers and locators are sealed, and from here on
// destructive calls are allowed.
func (d *Desk) StartErasing(ctx context.Context, caseID uuid.UUID) (int, error) {
	return d.process(ctx, access.RequestRecord, caseID, func(w *work) (int, error) {
		if w.request.Status != request.Restricting {
			return 0, nil // Somebody cancelled it.
		}
		snapshot, err := w.planDigest(ctx)
		if err != nil {
			return 0, err
		}
		if w.request.Plan.Located == 0 {
			snapshot = w.request.Plan.Digest
		}
		if err := w.decideRequest(ctx, request.Start{Snapshot: snapshot}); err != nil {
			return 0, err
		}
		identities, err := w.Identities(ctx, w.c.ID)
		if err != nil {
			return 0, err
		}
		verified := slices.DeleteFunc(identities, func(i store.Identity) bool { return i.State != "verified" })
		return 1, firstError(w.BeginTargets(ctx, w.c.ID, w.c.Now), w.Suppress(ctx, w.c.ID, w.c.Now, verified))
	})
}

// CarryRequest takes the status that the targets have come to; an end that says what was done gets its certificate, and so does
// what went of the rest since.
func (d *Desk) CarryRequest(ctx context.Context, caseID uuid.UUID) (int, error) {
	return d.process(ctx, access.RequestRecord, caseID, func(w *work) (int, error) {
		counts, err := w.RequestCounts(ctx, w.c.ID, w.c.Now)
		if err != nil {
			return 0, err
		}
		before, more := w.request.Status, w.request.Uncertified(counts)
		if err := w.decideRequest(ctx, request.Carry{}); err != nil || w.request.Status == before && !more {
			return 0, err
		}
		left, err := w.UnsealedErasures(ctx, w.c.ID)
		for _, page := range left { // What a worker that was lost wrote last.
			err = firstError(err, w.sealErasures(ctx, page))
		}
		if err != nil || !w.request.Status.Ended() {
			return 1, err
		}
		return 1, firstError(d.certify(ctx, w), d.supplement(ctx, w))
	})
}

// RetryTarget asks for another try of one target now; the others are left alone.
func (d *Desk) RetryTarget(ctx context.Context, actor access.Actor, key string, caseID, targetID uuid.UUID) (Receipt, error) {
	return d.onRequest(ctx, actor, key, access.RequestWork, caseID, within(targetID, nil), func(w *work) (Receipt, error) {
		t, err := w.TargetByID(ctx, targetID)
		if err != nil {
			return Receipt{}, err
		}
		if t.Case != w.c.ID {
			return Receipt{}, problem.Missing("target")
		}
		if w.request.Status != request.Scoping && w.request.BegunAt == nil {
			return Receipt{}, problem.Blocked(problem.Blocker{Code: "wrong_status", Ref: targetID.String(), Detail: "nothing is tried again for a request that is " + string(w.request.Status)})
		}
		if t.ErrorClass == nil {
			return Receipt{}, problem.Blocked(problem.Blocker{Code: "not_failed", Ref: targetID.String(), Detail: "the target has not failed; it is " + t.State})
		}
		w.write("target.retried", time.Time{}, map[string]any{"target": targetID}, nil)
		return Receipt{ID: &targetID}, w.WakeTarget(ctx, targetID, w.c.Now)
	})
}
