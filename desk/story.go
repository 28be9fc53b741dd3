package desk

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/atlascloudai/docket/core/audit"
	"github.com/atlascloudai/docket/store"
)

// story is what a case's chain says happened, to be held against the rows that people read: a row that was changed
// behind the chain's back no longer fits it.
type story struct {
	// starts, by word; filed, confirmed and candidates, by id.
	starts, filed, confirmed, candidates map[string]time.Time
	// waived is on which ground, by duty.
	waived map[string]string
	// texts are the digests of the notices' versions.
	texts map[string]string
	// notRequired is how many duties were decided to be none, promised how many a notice or filing opened by its promises,
	// toReview how many exemptions were decided on other facts.
	notRequired, promised, toReview int
	legal                           legalStory
	request                         requestStory
	change                          changeStory
}

func newStory() *story {
	return &story{starts: map[string]time.Time{}, filed: map[string]time.Time{}, confirmed: map[string]time.Time{}, candidates: map[string]time.Time{}, waived: map[string]string{}, texts: map[string]string{}, legal: newLegalStory(), request: requestStory{verified: map[string]bool{}}, change: newChangeStory()}
}

// hear takes one entry of the chain.
func (s *story) hear(e store.Entry) error {
	var body struct {
		Word, Party, Delivery, Duty, Notice, Text, Printed string
		Candidate, Exemption, Was                          string
		Version, Count, Promised                           int
		Required, Review                                   bool
	}
	switch e.Kind {
	case "start.recorded", "duty.filed", "duty.filing_confirmed", "duty.waived", "notice.drafted", "notice.edited", "notice.approved", "notice.released",
		"duties.decided", "candidate.recorded", "exemptions.review_due", "exemptions.confirmed", "duty.required_again":
		if err := json.Unmarshal(e.Body, &body); err != nil {
			return &mismatch{e.Seq, err}
		}
	}
	switch e.Kind {
	case "start.recorded":
		if body.Party == "" {
			s.starts[body.Word] = e.HappenedAt
		}
	case "duty.filed":
		s.filed[body.Delivery] = e.HappenedAt
		s.promised += body.Promised
	case "duty.filing_confirmed":
		s.confirmed[body.Delivery] = e.HappenedAt
	case "duty.waived":
		s.waived[body.Duty] = body.Exemption
	case "candidate.recorded":
		s.candidates[body.Candidate] = e.HappenedAt
	case "exemptions.review_due":
		s.toReview = body.Count
	case "exemptions.confirmed":
		s.toReview -= body.Count
	case "duty.required_again":
		if delete(s.waived, body.Duty); body.Was == "not_required" {
			s.notRequired--
		}
		if body.Review {
			s.toReview--
		}
	case "notice.drafted", "notice.edited":
		s.texts[fmt.Sprintf("%s/%d", body.Notice, body.Version)] = body.Text
	case "notice.approved":
		s.texts[body.Notice+"/delay_reason"] = body.Printed
	case "notice.released":
		s.promised += body.Promised
	case "duties.decided":
		if !body.Required {
			s.notRequired += body.Count
		}
	}
	return firstError(s.legal.hear(e), s.request.hear(e), s.change.hear(e))
}

// hold holds the rows against the story: start facts, texts of notices, and every duty with its clock and its proof.
func (s *story) hold(ctx context.Context, tx *store.Tx, c store.Case) error {
	starts, err := tx.Starts(ctx, c.ID)
	if err != nil {
		return err
	}
	for word, at := range starts {
		if said, ok := s.starts[word]; !ok || !said.Equal(at) {
			return &mismatch{c.NextSeq - 1, fmt.Errorf("the start %s is not the one that the chain records", word)}
		}
	}
	candidates, err := tx.Candidates(ctx, c.ID)
	if err != nil {
		return err
	}
	if len(candidates) != len(s.candidates) {
		return &mismatch{c.NextSeq - 1, fmt.Errorf("%d candidates are stored, the chain records %d", len(candidates), len(s.candidates))}
	}
	for _, one := range candidates {
		if said, ok := s.candidates[one.ID.String()]; !ok || !said.Equal(one.At) {
			return &mismatch{c.NextSeq - 1, fmt.Errorf("candidate %s is not the one that the chain records", one.ID)}
		}
	}
	texts, err := tx.NoticeTexts(ctx, c.ID)
	if err != nil {
		return err
	}
	for name, sealed := range texts {
		if s.texts[name] != textDigest(sealed) {
			return &mismatch{c.NextSeq - 1, fmt.Errorf("the text of notice %s is not the one that the chain records", name)}
		}
	}
	if err := s.legal.hold(ctx, tx, c); err != nil {
		return err
	}
	if err := firstError(s.request.hold(ctx, tx, c), s.change.hold(ctx, tx, c)); err != nil {
		return err
	}
	return s.duties(ctx, tx, c)
}

// duties derives again what each duty's row says: its instants from those that the chain vouches for, its end from
// the deliveries, theirs from the ledger.
func (s *story) duties(ctx context.Context, tx *store.Tx, c store.Case) error {
	exempt, err := tx.Exemptions(ctx, c.ID, nil)
	if err != nil {
		return err
	}
	toReview := 0
	for _, e := range exempt {
		if e.ReviewSince != nil {
			toReview++
		}
	}
	if toReview != s.toReview {
		return &mismatch{c.NextSeq - 1, fmt.Errorf("%d exemptions are to be looked at again, the chain records %d", toReview, s.toReview)}
	}
	notRequired, promised := 0, 0
	filter := store.DutyFilter{Limit: maxPageSize}
	for {
		duties, err := tx.Duties(ctx, c.ID, filter)
		if err != nil {
			return err
		}
		if len(duties) == 0 {
			break
		}
		filter.After = duties[len(duties)-1].ID
		these := ids(duties, func(d store.Duty) uuid.UUID { return d.ID })
		latest, err := tx.LatestDue(ctx, these)
		if err != nil {
			return err
		}
		deliveries, err := tx.DeliveriesOfDuties(ctx, c.ID, these)
		if err != nil {
			return err
		}
		if err := s.proofs(ctx, tx, deliveries); err != nil {
			return err
		}
		for _, one := range duties {
			if one.StartWord == startPromised {
				promised++
			}
			due := latest[one.ID]
			before := one
			changed, err := settle(&one, deliveries[one.ID])
			if err != nil {
				return err
			}
			decided := before.State == "waived" || before.State == "not_required" || before.State == "superseded"
			ground, waived := s.waived[one.ID.String()]
			code := exempt[one.ID].Code
			switch {
			case !sameClock(store.Duty{StartedAt: due.StartedAt, Target: due.Target, Limit: due.Limit},
				store.Duty{StartedAt: before.StartedAt, Target: before.Target, Limit: before.Limit}):
				return &mismatch{c.NextSeq - 1, fmt.Errorf("the instants of duty %s are not those that were derived", one.ID)}
			case changed && !decided:
				return &mismatch{c.NextSeq - 1, fmt.Errorf("the end of duty %s is not what its deliveries come to", one.ID)}
			case waived != (before.State == "waived"), waived && (code == nil || *code != ground):
				return &mismatch{c.NextSeq - 1, fmt.Errorf("duty %s is not waived as the chain records", one.ID)}
			case before.State == "not_required":
				notRequired++
			}
		}
	}
	if promised != s.promised {
		return &mismatch{c.NextSeq - 1, fmt.Errorf("%d duties follow from promises, the chain records %d", promised, s.promised)}
	}
	if notRequired != s.notRequired {
		return &mismatch{c.NextSeq - 1, fmt.Errorf("%d duties are not required, the chain records %d", notRequired, s.notRequired)}
	}
	return nil
}

// proofs holds the instants of deliveries against the ledger's rows, and filings made by hand against the chain.
func (s *story) proofs(ctx context.Context, tx *store.Tx, of map[uuid.UUID][]store.Delivery) error {
	var all []store.Delivery
	for _, deliveries := range of {
		all = append(all, deliveries...)
	}
	events, err := tx.EventsOf(ctx, ids(all, func(d store.Delivery) uuid.UUID { return d.ID }))
	if err != nil {
		return err
	}
	for _, d := range all {
		proven := func(at *time.Time, kinds string) bool {
			for _, e := range events[d.ID] {
				if at != nil && strings.Contains(kinds, "|"+e.Kind+"|") && e.At.Equal(*at) {
					return true
				}
			}
			return at == nil
		}
		byHand := func(at *time.Time, told map[string]time.Time) bool {
			said, ok := told[d.ID.String()]
			return at == nil || ok && said.Equal(*at)
		}
		if !proven(d.AcceptedAt, "|accepted|settled_accepted|in_flight|") || !proven(d.HandedOnAt, "|handed_on|in_flight|") ||
			!proven(d.DeliveredAt, "|delivered|relayed|settled_accepted|") || !proven(d.AcknowledgedAt, "|acknowledged|") ||
			!proven(d.BouncedAt, "|bounced|") || !byHand(d.FiledAt, s.filed) || !byHand(d.FilingConfirmedAt, s.confirmed) {
			return &mismatch{0, fmt.Errorf("delivery %s claims an instant that nothing in the ledger shows", d.ID)}
		}
	}
	return nil
}

// verifyDues hashes again the due instants that one decision derived.
func verifyDues(ctx context.Context, tx *store.Tx, e store.Entry) error {
	var vouched audit.PageSeal
	if err := json.Unmarshal(e.Body, &vouched); err != nil {
		return &mismatch{e.Seq, err}
	}
	page, err := uuid.Parse(strings.TrimPrefix(vouched.Page, duePrefix))
	if err != nil {
		return &mismatch{e.Seq, err}
	}
	again, counts := audit.NewRowsDigest(vouched.Page), map[string]int64{}
	err = tx.EachDue(ctx, page, func(id uuid.UUID, due store.Due) error {
		again.Add(id.String(), dueBytes(due.StartedAt, due.Target, due.Limit, due.Reason))
		counts[due.Reason]++
		return nil
	})
	if err != nil {
		return err
	}
	if err := vouched.Check(again, counts); err != nil {
		return &mismatch{e.Seq, err}
	}
	return nil
}
