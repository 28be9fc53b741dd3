package desk

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/cases"
	"github.com/atlascloudai/docket/core/estate"
	"github.com/atlascloudai/docket/core/problem"
	"github.com/atlascloudai/docket/store"
)

// RecordHoldInput keeps records from being destroyed.
type RecordHoldInput struct {
	Address  string     `json:"address" minLength:"3" maxLength:"200" doc:"store/collection of the estate"`
	Key      string     `json:"key,omitempty" maxLength:"1000" doc:"Key of the record as a sample of the plan shows it; a key of one value may stand alone; absent: every record of the collection"`
	Ground   string     `json:"ground" minLength:"1" maxLength:"60" doc:"Code of the ground (GDPR art 17(3)), e.g. legal_claims"`
	Reason   string     `json:"reason" minLength:"1" maxLength:"5000" doc:"What has to be kept, and for which matter"`
	ReviewAt time.Time  `json:"review_at" doc:"When counsel looks at it again"`
	Until    *time.Time `json:"until,omitempty" doc:"When it ends by itself"`
}

// Every record hold has a data key of its own, for its words.
func recordHoldPlace(id uuid.UUID) string { return "record_hold/" + id.String() }

// PlaceRecordHold keeps a record, or a whole collection, from being destroyed for any request. Counsel's own word is the
// approval.
func (d *Desk) PlaceRecordHold(ctx context.Context, actor access.Actor, key string, in RecordHoldInput) (Receipt, error) {
	if err := access.May(actor, access.RequestHold); err != nil {
		return Receipt{}, err
	}
	switch {
	case !slices.Contains(estate.Grounds, estate.Ground(in.Ground)):
		return Receipt{}, problem.InvalidField("ground", "must be one of %v", estate.Grounds)
	case in.Reason == "":
		return Receipt{}, problem.InvalidField("reason", "say what has to be kept, and for which matter")
	}
	digest, err := digestOf(uuid.Nil, in)
	if err != nil {
		return Receipt{}, err
	}
	who, err := uuid.Parse(actor.ID)
	if err != nil {
		return Receipt{}, err
	}
	var receipt Receipt
	err = d.store.Do(ctx, func(tx *store.Tx) error {
		return once(ctx, tx, actor, key, string(access.RequestHold), digest, &receipt, func() error {
			now, err := tx.Now(ctx)
			if err != nil {
				return err
			}
			switch {
			case !in.ReviewAt.After(now):
				return problem.InvalidField("review_at", "give an instant ahead")
			case in.Until != nil && !in.Until.After(now):
				return problem.InvalidField("until", "give an instant ahead")
			}
			record, err := d.heldKey(ctx, tx, in.Address, in.Key)
			if err != nil {
				return err
			}
			id := newID()
			dataKey, err := d.newKey(ctx, tx, id)
			if err != nil {
				return err
			}
			h := store.RecordHold{ID: id, Address: in.Address, Commit: []byte{}, Ground: in.Ground, PlacedAt: now, PlacedBy: who, ApprovedBy: &who, ReviewAt: in.ReviewAt,
				Until: in.Until, Sealed: dataKey.Seal(recordHoldPlace(id), []byte(in.Reason))}
			if record != "" {
				h.Commit = d.recordCommit(in.Address, record)
			}
			receipt = Receipt{ID: &id}
			return firstError(tx.InsertRecordHold(ctx, h), d.tellPlaced(ctx, tx, actor, h))
		})
	})
	return receipt, err
}

// heldKey is the key of a record as its store writes it. An address or a key that can mean no record is refused: such a hold
// would keep nothing, and nobody would know before it is too late.
func (d *Desk) heldKey(ctx context.Context, tx *store.Tx, address, key string) (string, error) {
	if d.estate == nil {
		return key, nil
	}
	var kind estate.Kind
	parts := 1
	for _, s := range d.estate.Stores {
		for _, c := range s.Collections {
			if string(estate.AddressOf(s.ID, c.Name)) == address {
				kind, parts = s.Kind, max(1, len(c.Key))
			}
		}
	}
	switch {
	case kind == "": // A plan may have been made from an estate that knew it.
		at, err := tx.CasesAt(ctx, address)
		if err == nil && len(at) == 0 {
			err = problem.InvalidField("address", "is no collection of the estate; write store/collection as a plan shows it")
		}
		return key, err
	case key == "" || kind != estate.S3 && kind != estate.Postgres:
		return key, nil
	case kind == estate.S3:
		parts = 3 // The object's key, its version or upload, and which of them it is.
	}
	var values []string
	if json.Unmarshal([]byte(key), &values) != nil && parts == 1 {
		values = []string{key}
	}
	if len(values) != parts {
		return "", problem.InvalidField("key", "write the key as a sample of the plan shows it: a JSON array of %d texts", parts)
	}
	whole, err := json.Marshal(values)
	return string(whole), err
}

// tellPlaced writes a hold into the chain of every request that still works where it stands. What it keeps of each, the ledger says.
func (d *Desk) tellPlaced(ctx context.Context, tx *store.Tx, actor access.Actor, h store.RecordHold) error {
	cases, err := tx.CasesAt(ctx, h.Address)
	if err != nil {
		return err
	}
	for _, caseID := range cases {
		if _, err := d.locked(ctx, tx, Docket, caseID, func(w *work) (Receipt, error) {
			w.actor = actor // Docket sees every case; whose decision it is, the chain says.
			w.write("hold.record_placed", time.Time{}, map[string]any{"hold": h.ID, "address": h.Address, "whole": len(h.Commit) == 0, "ground": h.Ground,
				"review_at": h.ReviewAt.UTC(), "until": utc(h.Until)}, nil)
			return Receipt{}, nil
		}); err != nil {
			return err
		}
	}
	return nil
}

// ReviewHolds raises counsel about the holds on a request's records whose review date has come.
func (d *Desk) ReviewHolds(ctx context.Context, caseID uuid.UUID) (int, error) {
	return d.process(ctx, access.RaiseOpen, caseID, func(w *work) (int, error) {
		due, err := w.DueReviews(ctx, w.c.ID, w.c.Now)
		for _, one := range due {
			err = firstError(err, d.raise(ctx, w, store.Raise{Key: one.Key, Kind: cases.RaiseHoldReview, DueAt: one.At, Count: one.Records}))
		}
		return len(due), err
	})
}

// HoldReviewInput is counsel's word that a hold still stands.
type HoldReviewInput struct {
	Reason   string    `json:"reason" minLength:"1" maxLength:"5000" doc:"Why it is still needed"`
	ReviewAt time.Time `json:"review_at" doc:"When counsel looks at it again"`
}

// ReviewRecordHold records that counsel looked at a hold again and that it stands, until another review date.
func (d *Desk) ReviewRecordHold(ctx context.Context, actor access.Actor, key string, holdID uuid.UUID, in HoldReviewInput) (Receipt, error) {
	if in.Reason == "" {
		return Receipt{}, problem.InvalidField("reason", "say why it is still needed")
	}
	return d.onRecordHold(ctx, actor, key, "hold.record_reviewed", in.Reason, holdID, in, func(tx *store.Tx, _ uuid.UUID) (map[uuid.UUID]map[string]any, error) {
		h, err := standing(ctx, tx, holdID)
		if err != nil {
			return nil, err
		}
		now, err := tx.Now(ctx)
		if err != nil {
			return nil, err
		}
		if !in.ReviewAt.After(now) {
			return nil, problem.InvalidField("review_at", "give an instant ahead")
		}
		h.ReviewAt = in.ReviewAt
		held, err := tx.CasesHeldBy(ctx, holdID)
		told := map[uuid.UUID]map[string]any{}
		for _, id := range held {
			told[id] = map[string]any{"hold": holdID, "review_at": in.ReviewAt.UTC()}
		}
		return told, firstError(err, tx.SetRecordHold(ctx, h))
	})
}

// standing reads a hold that was not released.
func standing(ctx context.Context, tx *store.Tx, holdID uuid.UUID) (store.RecordHold, error) {
	h, err := tx.RecordHold(ctx, holdID)
	if err == nil && h.ReleasedAt != nil {
		err = problem.Blocked(problem.Blocker{Code: "already_released", Ref: holdID.String(), Detail: "the hold was released before"})
	}
	return h, err
}

// ReleaseRecordHold ends a hold: the requests that waited for it go on by themselves, and each of their chains says why.
func (d *Desk) ReleaseRecordHold(ctx context.Context, actor access.Actor, key string, holdID uuid.UUID, in ReasonInput) (Receipt, error) {
	if in.Reason == "" {
		return Receipt{}, problem.InvalidField("reason", "say why it is no longer needed")
	}
	return d.onRecordHold(ctx, actor, key, "hold.record_released", in.Reason, holdID, in, func(tx *store.Tx, who uuid.UUID) (map[uuid.UUID]map[string]any, error) {
		return releaseHold(ctx, tx, holdID, who)
	})
}

// onRecordHold decides about a hold, and writes what f answers into the chain of every request with records that it keeps.
func (d *Desk) onRecordHold(ctx context.Context, actor access.Actor, key, kind, reason string, holdID uuid.UUID, in any, f func(*store.Tx, uuid.UUID) (map[uuid.UUID]map[string]any, error)) (Receipt, error) {
	if err := access.May(actor, access.RequestHold); err != nil {
		return Receipt{}, err
	}
	who, err := uuid.Parse(actor.ID)
	if err != nil {
		return Receipt{}, err
	}
	digest, err := digestOf(holdID, in)
	if err != nil {
		return Receipt{}, err
	}
	receipt := Receipt{ID: &holdID}
	err = d.store.Do(ctx, func(tx *store.Tx) error {
		return once(ctx, tx, actor, key, kind, digest, &receipt, func() error {
			cases, err := tx.CasesHeldBy(ctx, holdID)
			if err != nil {
				return err
			}
			for _, id := range cases { // A case is locked before its targets, as by everybody else.
				if _, err := tx.LockCase(ctx, Docket, id); err != nil {
					return err
				}
			}
			told, err := f(tx, who)
			if err != nil {
				return err
			}
			receipt.Count = 0
			for caseID, body := range told {
				if records, ok := body["records"].(int); ok {
					receipt.Count += records
				}
				if _, err := d.locked(ctx, tx, Docket, caseID, func(w *work) (Receipt, error) {
					w.actor = actor // Docket sees every case; whose decision it is, the chain says.
					w.write(kind, time.Time{}, body, map[string]any{"reason": reason})
					return Receipt{}, nil
				}); err != nil {
					return err
				}
			}
			return nil
		})
	})
	return receipt, err
}

// releaseHold ends a hold, wakes what it kept, and says of each case how many records that is.
func releaseHold(ctx context.Context, tx *store.Tx, holdID, who uuid.UUID) (map[uuid.UUID]map[string]any, error) {
	h, err := standing(ctx, tx, holdID)
	if err != nil {
		return nil, err
	}
	now, err := tx.Now(ctx)
	if err != nil {
		return nil, err
	}
	h.ReleasedAt, h.ReleasedBy = &now, &who
	// A worker that is about to split a record off for this hold ends first, or sees that it was released.
	if err := tx.LockTargetsAt(ctx, h.Address); err != nil {
		return nil, err
	}
	pages, err := tx.PagesHeldBy(ctx, holdID)
	if err != nil {
		return nil, err
	}
	held, told := map[uuid.UUID]int{}, map[uuid.UUID]map[string]any{}
	for _, page := range pages {
		c, err := tx.Case(ctx, Docket, page.Case)
		if err != nil {
			return nil, err
		}
		page.NextAt = c.Now
		if err := firstError(tx.SetTargetPage(ctx, page), tx.WakeTarget(ctx, page.Target, c.Now)); err != nil {
			return nil, err
		}
		held[c.ID] += page.Items
	}
	for id, records := range held {
		told[id] = map[string]any{"hold": holdID, "records": records}
	}
	return told, tx.SetRecordHold(ctx, h)
}

// RecordHoldView is a hold as people see it. Of a record it says only that it is one: its key is not stored.
type RecordHoldView struct {
	ID         uuid.UUID  `json:"id" doc:"Id of the hold"`
	Address    string     `json:"address" doc:"store/collection of the estate"`
	Whole      bool       `json:"whole,omitempty" doc:"It keeps every record of the collection, not one"`
	Ground     string     `json:"ground" doc:"Code of the ground (GDPR art 17(3))"`
	Reason     string     `json:"reason" doc:"What has to be kept, and for which matter"`
	PlacedAt   time.Time  `json:"placed_at" doc:"When it was placed"`
	PlacedBy   uuid.UUID  `json:"placed_by" doc:"Id of the person who placed it"`
	ReviewAt   time.Time  `json:"review_at" doc:"When counsel looks at it again"`
	ReviewDue  bool       `json:"review_due,omitempty" doc:"That instant has passed, and it stands"`
	Until      *time.Time `json:"until,omitempty" doc:"When it ends by itself"`
	ReleasedAt *time.Time `json:"released_at,omitempty" doc:"When it was released"`
}

// RecordHolds lists holds on records, those that stand first.
func (d *Desk) RecordHolds(ctx context.Context, actor access.Actor) (views []RecordHoldView, err error) {
	if err := access.May(actor, access.RequestHold); err != nil {
		return nil, err
	}
	err = d.store.Read(ctx, func(tx *store.Tx) error {
		now, err := tx.Now(ctx)
		if err != nil {
			return err
		}
		all, err := tx.RecordHolds(ctx, maxPageSize)
		if err != nil {
			return err
		}
		for _, h := range all {
			key, err := d.keyOf(ctx, tx, h.ID)
			if err != nil {
				return err
			}
			reason, err := key.Open(recordHoldPlace(h.ID), h.Sealed)
			if err != nil {
				return err
			}
			stands := h.ReleasedAt == nil && (h.Until == nil || h.Until.After(now))
			views = append(views, RecordHoldView{ID: h.ID, Address: h.Address, Whole: len(h.Commit) == 0, Ground: h.Ground, Reason: string(reason), PlacedAt: h.PlacedAt, PlacedBy: h.PlacedBy,
				ReviewAt: h.ReviewAt, ReviewDue: stands && !h.ReviewAt.After(now), Until: h.Until, ReleasedAt: h.ReleasedAt})
		}
		return nil
	})
	return views, err
}
