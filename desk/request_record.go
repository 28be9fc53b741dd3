package desk

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/audit"
	"github.com/atlascloudai/docket/core/cases"
	"github.com/atlascloudai/docket/core/erasing"
	"github.com/atlascloudai/docket/core/estate"
	"github.com/atlascloudai/docket/store"
)

// lockGround is the ground of what a store's own lock keeps: it is none in law, and the request waits for its end.
const lockGround = "store_lock"

// onStep writes what a store answered, where the claim still holds, and decides on the step after it in the same transaction.
func (d *Desk) onStep(ctx context.Context, step *Step, kind string, f func(*stepping) (map[string]any, error)) error {
	return d.store.Do(ctx, func(tx *store.Tx) error {
		c, err := tx.Case(ctx, Docket, step.Case)
		if err != nil {
			return err
		}
		t, err := tx.TargetByID(ctx, step.Target)
		if err != nil {
			return err
		}
		s := &stepping{Tx: tx, desk: d, t: t, c: c, key: step.key, claim: step.Claim}
		if err := json.Unmarshal(t.Spec, &s.spec); err != nil {
			return fmt.Errorf("cannot read the target: %w", err)
		}
		body, err := f(s)
		if err != nil {
			return err
		}
		if err := s.goOn(ctx, step); err != nil {
			return err
		}
		raw, err := json.Marshal(body)
		if err != nil {
			return err
		}
		event := store.ErasureEvent{Case: step.Case, Target: step.Target, Page: step.Claim, At: c.Now, Kind: kind, Body: raw}
		return firstError(tx.SetTarget(ctx, s.t, step.Claim, targetLease), tx.InsertErasureEvent(ctx, event))
	})
}

// goOn decides on the step after one that was answered.
func (s *stepping) goOn(ctx context.Context, step *Step) error {
	if step.Last || s.t.ErrorClass != nil {
		return nil
	}
	if i, err := s.Installation(ctx); err != nil || i != nil && i.QuarantinedAt != nil {
		return err
	}
	then, _, err := s.next(ctx)
	step.Then = then
	return err
}

// calm forgets the failures before a success.
func (s *stepping) calm() { s.t.Attempt, s.t.ErrorClass, s.t.ErrorDetail = 0, nil, nil }

// StepLocated keeps what a store answered to a question, and where to go on.
func (d *Desk) StepLocated(ctx context.Context, step *Step, page erasing.Page) error {
	return d.onStep(ctx, step, "located", func(s *stepping) (map[string]any, error) {
		s.calm()
		s.t.Total = max(s.t.Total, step.Total)
		items, err := s.unknown(ctx, page.Items)
		if err != nil {
			return nil, err
		}
		at := step.at
		if at.Store = page.Next; page.End {
			if at.Store = ""; at.Path == 0 {
				at = locating{Path: 1}
			} else if at.Parent, err = s.parentAfter(ctx, at); err != nil {
				return nil, err
			}
		}
		if s.t.Cursor, err = s.key.SealJSON(targetPlace(s.t.ID), at); err != nil {
			return nil, err
		}
		if s.t.Located += int64(len(items)); len(items) == 0 {
			return map[string]any{"items": 0, "end": page.End}, nil
		}
		kept := store.TargetPage{ID: newID(), Target: s.t.ID, Case: s.t.Case, State: "located", NextAt: s.c.Now}
		if err := firstError(sealItems(s.key, &kept, items), s.InsertTargetPage(ctx, kept)); err != nil {
			return nil, err
		}
		return map[string]any{"page": kept.ID, "items": len(items), "end": page.End}, nil
	})
}

// parentAfter is the page of the collection that leads here which was just asked about.
func (s *stepping) parentAfter(ctx context.Context, at locating) (int, error) {
	path := references(s.spec.Paths)[at.Path-1]
	for number := at.Parent; ; {
		parent, err := s.PageAfter(ctx, s.t.Case, string(path.From), number)
		if err != nil || parent == nil {
			return number, err
		}
		items, err := openItems(s.key, *parent)
		if err != nil {
			return number, err
		}
		if number = parent.Number; len(valuesOf(items, path.FromField)) > 0 {
			return number, nil
		}
	}
}

// unknown leaves out what the target holds already: where several ways lead to a record, and in a sweep what stays.
func (s *stepping) unknown(ctx context.Context, items []erasing.Item) ([]erasing.Item, error) {
	sweeping := s.t.State == store.TargetSweeping
	several := len(s.spec.Paths) > 1 || s.spec.Collection.Strategy == estate.MaskFields
	if len(items) == 0 || !several && !sweeping {
		return items, nil
	}
	commits := s.desk.commits(s.t.Address, items)
	var fresh, stays map[string]bool
	var err error
	if several {
		fresh, err = s.NewKeys(ctx, s.t.ID, commits)
	} else {
		stays, err = s.Staying(ctx, s.t.ID, commits)
	}
	if err != nil {
		return nil, err
	}
	var out []erasing.Item
	for i, item := range items {
		if commit := string(commits[i]); several && !fresh[commit] || stays[commit] {
			continue
		}
		out = append(out, item)
	}
	return out, nil
}

// StepErased keeps what a store confirmed. None of it says that a record is gone. Where an earlier answer was lost, what the
// store finds absent now is what it erased then: the ledger shows the attempt.
func (d *Desk) StepErased(ctx context.Context, step *Step, results []erasing.Result) error {
	return d.onStep(ctx, step, "erased", func(s *stepping) (map[string]any, error) {
		page, err := s.TargetPage(ctx, step.page)
		if err != nil {
			return nil, err
		}
		s.calm()
		counts := map[erasing.Outcome]int{}
		var rest, locked []erasing.Item
		until := s.c.Now.Add(24 * time.Hour) // A lock that does not say when it ends is asked about daily.
		for i, result := range results {
			outcome := result.Outcome
			if outcome == erasing.Absent && page.Tries > 1 {
				outcome = erasing.Erased
			}
			counts[outcome]++
			if outcome == erasing.Held {
				if locked = append(locked, step.Order.Items[i]); result.Until != nil {
					until = *result.Until
				}
				continue
			}
			rest = append(rest, step.Order.Items[i])
		}
		if err := s.lock(ctx, &page, rest, locked, until); err != nil {
			return nil, err
		}
		page.Erased, page.Masked, page.Absent = counts[erasing.Erased], counts[erasing.Masked], counts[erasing.Absent]
		page.State, page.NextAt, page.AcceptedAt = "erased", s.c.Now, &s.c.Now
		if counts[erasing.Accepted] == 0 {
			page.ErasedAt = &s.c.Now
		}
		if len(rest) == 0 {
			page.State, page.AcceptedAt, page.ErasedAt, page.VerifiedAt = "verified", nil, nil, &s.c.Now
		}
		return map[string]any{"page": page.ID, "try": page.Tries, "outcomes": counts}, s.SetTargetPage(ctx, page)
	})
}

// lock splits off what the store's own lock keeps; it comes back when the lock ends.
func (s *stepping) lock(ctx context.Context, page *store.TargetPage, rest, locked []erasing.Item, until time.Time) error {
	if len(locked) == 0 {
		return nil
	}
	ground, words := lockGround, "the store's own lock keeps it"
	split := store.TargetPage{Words: &words, ID: newID(), Target: s.t.ID, Case: s.t.Case, State: "kept", Ground: &ground, Until: &until, NextAt: until}
	return firstError(sealItems(s.key, &split, locked), s.InsertTargetPage(ctx, split), s.Stay(ctx, s.t.ID, s.desk.commits(s.t.Address, locked), true),
		sealItems(s.key, page, rest))
}

// StepVerified keeps what was seen by another path.
func (d *Desk) StepVerified(ctx context.Context, step *Step, findings []erasing.Finding) error {
	return d.onStep(ctx, step, "verified", func(s *stepping) (map[string]any, error) {
		page, err := s.TargetPage(ctx, step.page)
		if err != nil {
			return nil, err
		}
		s.calm()
		counts := map[erasing.State]int{}
		evidence := sha256.New()
		var rest, locked []erasing.Item
		until := s.c.Now.Add(24 * time.Hour)
		var retryAt *time.Time
		for i, finding := range findings {
			counts[finding.State]++
			evidence.Write(finding.Evidence)
			if finding.RetryAt != nil {
				retryAt = finding.RetryAt
			}
			if finding.State == erasing.StillHeld {
				if locked = append(locked, step.Order.Items[i]); finding.Until != nil {
					until = *finding.Until
				}
				continue
			}
			rest = append(rest, step.Order.Items[i])
		}
		if err := s.lock(ctx, &page, rest, locked, until); err != nil {
			return nil, err
		}
		page.Evidence = evidence.Sum(nil)
		if counts[erasing.Pending] > 0 { // A task that was checked while its store was asked is asked about again at once.
			task, err := s.TaskOfOrder(ctx, page.ID.String())
			if err != nil {
				return nil, err
			}
			if task != nil && task.CheckedAt != nil {
				retryAt = &s.c.Now
			}
		}
		s.judge(&page, counts, retryAt)
		if counts[erasing.Residue] > 0 { // What came back may have brought along what it leads to, which goes before it.
			if _, err := s.SweepBehind(ctx, s.t.Case, s.t.Address, s.c.Now); err != nil {
				return nil, err
			}
		}
		return map[string]any{"page": page.ID, "findings": counts, "evidence": fmt.Sprintf("%x", page.Evidence)}, s.SetTargetPage(ctx, page)
	})
}

// judge says what verification makes of a page.
func (s *stepping) judge(page *store.TargetPage, counts map[erasing.State]int, again *time.Time) {
	switch {
	case counts[erasing.Residue] > 0:
		page.Residues++
		page.State, page.NextAt = "located", s.c.Now.Add(backoff(page.Residues))
		if page.Residues >= 3 { // It comes back as often as it is erased: a person has to look.
			class, detail := "residue", fmt.Sprintf("still there after it was erased %d times", page.Residues)
			s.t.ErrorClass, s.t.ErrorDetail = &class, &detail
		}
	case counts[erasing.Pending] > 0:
		if page.NextAt = s.c.Now.Add(patience(s.t.Kind)); again != nil {
			page.NextAt = *again
		}
	default:
		page.VerifiedAt, page.NextAt = &s.c.Now, s.c.Now
		if page.ErasedAt == nil {
			page.ErasedAt = &s.c.Now
		}
		if page.State = "verified"; counts[erasing.Attested] > 0 {
			page.State = "attested"
		}
		if page.Keep {
			page.State, page.NextAt = "kept", *page.Until
		}
	}
}

// StepFailed keeps why a store did not answer, and when to come again. It never ends a target.
func (d *Desk) StepFailed(ctx context.Context, step *Step, class, detail string, retryAt *time.Time) error {
	var attempt int
	err := d.onStep(ctx, step, "failed", func(s *stepping) (map[string]any, error) {
		s.t.Attempt++
		attempt = s.t.Attempt
		s.t.ErrorClass, s.t.ErrorDetail, s.t.NextAt = &class, &detail, s.c.Now.Add(backoff(attempt))
		if retryAt != nil && retryAt.After(s.t.NextAt) {
			s.t.NextAt = *retryAt
		}
		return map[string]any{"op": step.Op, "class": class, "attempt": attempt, "next_at": s.t.NextAt.UTC()}, nil
	})
	if err != nil || attempt != 3 && (attempt != 1 || class == string(erasing.Transient)) {
		return err
	}
	_, err = d.process(ctx, access.RequestRecord, step.Case, func(w *work) (int, error) {
		return 1, d.raise(ctx, w, store.Raise{Key: fmt.Sprintf("%s@%s/%d", cases.RaiseTarget, step.Target, attempt), Kind: cases.RaiseTarget, DueAt: w.c.Now, Count: 1})
	})
	return err
}

// backoff is how long to wait after so many failures: from half a minute to an hour.
func backoff(attempt int) time.Duration {
	return min(30*time.Second<<min(attempt-1, 10), time.Hour)
}

// patience is how long to wait before asking again how far the other side has come.
func patience(kind string) time.Duration {
	if kind == "manual" {
		return time.Hour
	}
	return time.Minute
}

// EndSteps gives a target back and seals what was written about it: one entry of the chain vouches for the rows.
func (d *Desk) EndSteps(ctx context.Context, caseID, target, claim uuid.UUID) error {
	if err := d.store.Do(ctx, func(tx *store.Tx) error { return tx.ReleaseTarget(ctx, target, claim) }); err != nil {
		return err
	}
	_, err := d.process(ctx, access.RequestRecord, caseID, func(w *work) (int, error) {
		return 1, w.sealErasures(ctx, claim)
	})
	return err
}

// erasurePrefix names the table whose rows a sealed page of the ledger of erasing holds.
const erasurePrefix = "erasure_event/"

func (w *work) sealErasures(ctx context.Context, page uuid.UUID) error {
	digest, counts, err := digestErasures(ctx, w.Tx, page)
	if err != nil || digest.Count() == 0 {
		return err
	}
	vouched, err := digest.Seal(counts)
	if err != nil {
		return err
	}
	w.write("erasures.sealed", time.Time{}, vouched, nil)
	return w.SealErasures(ctx, page, w.c.ID, w.c.NextSeq+int64(len(w.events))-1)
}

func digestErasures(ctx context.Context, tx *store.Tx, page uuid.UUID) (*audit.RowsDigest, map[string]int64, error) {
	digest, counts := audit.NewRowsDigest(erasurePrefix+page.String()), map[string]int64{}
	err := tx.EachErasureEvent(ctx, page, func(e store.ErasureEvent) error {
		digest.Add(fmt.Sprint(e.ID), e.Bytes())
		counts[e.Kind]++
		return nil
	})
	return digest, counts, err
}
