package desk

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/audit"
	"github.com/atlascloudai/docket/core/letters"
	"github.com/atlascloudai/docket/core/seal"
	"github.com/atlascloudai/docket/store"
)

// VerifyCase re-hashes every stored entry of a case's chain and every ledger row that an entry vouches for.
// It needs no key: what is hashed is ciphertext, so a shredded case verifies like any other.
func (d *Desk) VerifyCase(ctx context.Context, actor access.Actor, caseID uuid.UUID) (view VerifyView, err error) {
	view.Case = caseID
	if err := access.May(actor, access.AuditVerify); err != nil {
		return view, err
	}
	err = d.store.Read(ctx, func(tx *store.Tx) error {
		c, err := tx.Case(ctx, actor, caseID)
		if err != nil {
			return err
		}
		err = verify(ctx, tx, c, &view)
		if err == nil {
			err = d.outside(ctx, tx, c, &view)
		}
		if broken, ok := errors.AsType[*audit.Broken](err); ok {
			view.Problem = broken.Error()
			return nil
		}
		if differs, ok := errors.AsType[*mismatch](err); ok {
			view.Problem = differs.Error()
			return nil
		}
		view.OK = err == nil
		return err
	})
	return view, err
}

// mismatch is a chain that is whole in itself and differs from the rows that it vouches for, or from what was published.
type mismatch struct {
	seq   int64
	cause error
}

func (e *mismatch) Error() string { return fmt.Sprintf("entry %d: %v", e.seq, e.cause) }

func verify(ctx context.Context, tx *store.Tx, c store.Case, view *VerifyView) error {
	verifier := audit.NewVerifier(c.ID.String())
	head, err := audit.ReadDigest(c.Head)
	if err != nil {
		return err
	}
	verifier.Expect(audit.Head{Case: c.ID.String(), Seq: c.NextSeq - 1, Hash: head})
	var seq int64
	sealed := map[uuid.UUID]bool{}
	told := newStory()
	for {
		entries, err := tx.Timeline(ctx, c.ID, seq, maxPageSize)
		if err != nil {
			return err
		}
		for _, e := range entries {
			seq = e.Seq
			if err := verifier.Add(e.Entry); err != nil {
				return err
			}
			view.Entries++
			switch e.Kind {
			case "deliveries.sealed":
				err = verifyPage(ctx, tx, e, view, sealed)
			case "erasures.sealed":
				err = verifyErasures(ctx, tx, e, view)
			case "duties.derived":
				err = verifyDues(ctx, tx, e)
			default:
				err = told.hear(e)
			}
			if err != nil {
				return err
			}
		}
		if len(entries) < maxPageSize {
			break
		}
	}
	if err := verifier.Finish(); err != nil {
		return err
	}
	done := verifier.Head()
	view.Head = hex.EncodeToString(done.Hash[:])
	if err := lostSeal(ctx, tx, c, sealed); err != nil {
		return err
	}
	return told.hold(ctx, tx, c)
}

// outside holds a chain against the signed heads that were published outside the database: whoever rewrote
// the whole chain, hashes and all, could not rewrite those.
func (d *Desk) outside(ctx context.Context, tx *store.Tx, c store.Case, view *VerifyView) error {
	if d.published == nil {
		return nil
	}
	// After a reconciliation what was published before counts no more, and the next file has not come yet.
	if anew, err := tx.BeginsAnew(ctx); err != nil || anew {
		return err
	}
	trail, err := d.published()
	if err != nil {
		return &mismatch{0, err}
	}
	for _, head := range trail.Heads() {
		if head.Case != c.ID.String() {
			continue
		}
		view.Published = head.Seq
		stored, err := tx.HashAt(ctx, head.Case, head.Seq)
		if err != nil {
			return err
		}
		if !bytes.Equal(stored, head.Hash[:]) {
			return &mismatch{head.Seq, errors.New("the chain does not pass through the head that was signed and published")}
		}
	}
	return nil
}

func verifyPage(ctx context.Context, tx *store.Tx, e store.Entry, view *VerifyView, sealed map[uuid.UUID]bool) error {
	var vouched audit.PageSeal
	if err := json.Unmarshal(e.Body, &vouched); err != nil {
		return &mismatch{e.Seq, err}
	}
	name, found := strings.CutPrefix(vouched.Page, pagePrefix)
	page, err := uuid.Parse(name)
	if !found || err != nil {
		return &mismatch{e.Seq, fmt.Errorf("%q names no page", vouched.Page)}
	}
	again, counts, err := digestPage(ctx, tx, page)
	if err != nil {
		return err
	}
	if err := vouched.Check(again, counts); err != nil {
		return &mismatch{e.Seq, err}
	}
	sealed[page] = true
	view.Pages++
	view.Rows += again.Count()
	return nil
}

// lostSeal finds ledger rows that claim to be sealed and that no entry of the chain vouches for.
func lostSeal(ctx context.Context, tx *store.Tx, c store.Case, sealed map[uuid.UUID]bool) error {
	pages, err := tx.SealedPages(ctx, c.ID)
	for _, page := range pages {
		if !sealed[page] {
			return &mismatch{0, fmt.Errorf("no entry vouches for page %s, which is marked as sealed", page)}
		}
	}
	return err
}

func digestPage(ctx context.Context, tx *store.Tx, page uuid.UUID) (*audit.RowsDigest, map[string]int64, error) {
	digest := audit.NewRowsDigest(pageName(page))
	counts := map[string]int64{}
	err := tx.EachOfPage(ctx, page, func(e store.Event) error {
		digest.Add(fmt.Sprint(e.ID), e.Bytes())
		counts[e.Kind]++
		return nil
	})
	return digest, counts, err
}

// Draft is what a person needs to file a duty by hand: the letter of the newest notice that was approved,
// with the values of whom it is owed to. The letter is empty while none was: what leaves the house is approved.
type Draft struct {
	Letter letters.Letter
	Values letters.Values
	Duty   DutyView
	// Lacks are the elements that are owed and that the letter does not answer, Unknown those that it promises.
	Lacks   []string
	Unknown []letters.Promise
}

// ByHand prepares what a person needs to make a notice or filing by hand.
func (d *Desk) ByHand(ctx context.Context, actor access.Actor, caseID, dutyID uuid.UUID) (draft Draft, err error) {
	if draft.Duty, err = d.Duty(ctx, actor, caseID, dutyID); err != nil {
		return draft, err
	}
	kind := letters.IncidentCustomer
	if toPeople(draft.Duty.Counterparty) {
		kind = letters.IncidentPeople
	}
	err = d.read(ctx, actor, access.CaseRead, caseID, func(tx *store.Tx, c store.Case, key seal.Key) error {
		if c.Kind == KindChange {
			kind = letters.ChangeCustomer
		}
		notices, err := tx.Notices(ctx, c.ID)
		if err != nil {
			return err
		}
		starts, err := tx.Starts(ctx, c.ID)
		if err != nil {
			return err
		}
		for i := len(notices) - 1; i >= 0; i-- {
			if notices[i].Approval == nil || notices[i].State == noticeWithdrawn || notices[i].Kind != kind {
				continue
			}
			text, err := textOf(key, notices[i])
			if err != nil {
				return err
			}
			name := draft.Duty.Name
			if name == "" {
				name = draft.Duty.Counterparty
			}
			zone := "UTC"
			if kind == letters.IncidentPeople {
				zone = d.ownZone()
			}
			values, err := d.located(letters.Values{
				Customer: name, Reference: reference(c.ID, dutyID), Contract: letters.Contract{Clause: draft.Duty.Clause},
				Aware: starts["aware_processor"].UTC(), Confirmed: starts["confirmed_processor"].UTC(), Zone: zone, Language: text.Fallback, Drill: c.Drill,
			})
			if err == nil && kind == letters.ChangeCustomer {
				err = d.datesByHand(ctx, tx, c, draft.Duty, &values)
			}
			if err != nil {
				return err
			}
			if len(text.DelayReason) > 0 && draft.Duty.Limit != nil {
				values.LateAfter = *draft.Duty.Limit
			}
			draft.Values, draft.Unknown = values, text.Promises()
			if draft.Letter, err = letters.Render(text, values, c.Now); err != nil {
				return err
			}
			draft.Lacks, err = lacks(ctx, tx, c, dutyID, text)
			return err
		}
		return nil
	})
	return draft, err
}
