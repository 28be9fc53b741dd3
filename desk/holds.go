package desk

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/problem"
	"github.com/atlascloudai/docket/core/seal"
	"github.com/atlascloudai/docket/store"
)

// HoldInput places a legal hold.
type HoldInput struct {
	Reason   string    `json:"reason" minLength:"1" maxLength:"5000" doc:"What has to be kept, and for which matter. Whoever reads the case reads it: advice belongs among what is privileged"`
	ReviewAt time.Time `json:"review_at" doc:"When counsel looks again whether it is still needed, with its offset"`
}

// HoldView is one legal hold.
type HoldView struct {
	ID            uuid.UUID  `json:"id" doc:"Id of the hold"`
	PlacedAt      time.Time  `json:"placed_at" doc:"When it was placed"`
	PlacedBy      string     `json:"placed_by" doc:"By whom"`
	Reason        string     `json:"reason" doc:"What has to be kept"`
	ReviewAt      time.Time  `json:"review_at" doc:"When counsel looks at it again"`
	ReviewDue     bool       `json:"review_due" doc:"It stands, and that instant has come"`
	ReleasedAt    *time.Time `json:"released_at,omitempty" doc:"When it was released; absent while it stands"`
	ReleasedBy    string     `json:"released_by,omitempty" doc:"By whom"`
	ReleaseReason string     `json:"release_reason,omitempty" doc:"Why"`
}

func holdPlace(id uuid.UUID) string    { return "legal_hold/" + id.String() }
func releasePlace(id uuid.UUID) string { return "legal_hold_release/" + id.String() }

// PlaceHold keeps everything of a case, closed or not, from being shredded until counsel releases it.
func (d *Desk) PlaceHold(ctx context.Context, actor access.Actor, key string, caseID uuid.UUID, in HoldInput) (Receipt, error) {
	return d.command(ctx, actor, key, access.HoldPlace, caseID, in, func(w *work) (Receipt, error) {
		if in.Reason == "" {
			return Receipt{}, problem.InvalidField("reason", "say what has to be kept, and for which matter")
		}
		if !in.ReviewAt.After(w.c.Now) {
			return Receipt{}, problem.InvalidField("review_at", "give an instant ahead, at which counsel looks at the hold again")
		}
		who, err := uuid.Parse(actor.ID)
		if err != nil {
			return Receipt{}, err
		}
		id := newID()
		hold := store.Hold{ID: id, Case: w.c.ID, PlacedAt: w.c.Now, PlacedBy: who, ReviewAt: in.ReviewAt, Sealed: w.key.Seal(holdPlace(id), []byte(in.Reason))}
		if err := w.PlaceHold(ctx, hold); err != nil {
			return Receipt{}, err
		}
		delete(w.state.Pending, "shred")
		w.request.Shredding = nil // Who began an erasure did not know of the hold.
		w.write("hold.placed", time.Time{}, map[string]any{"hold": id, "review_at": in.ReviewAt.UTC()}, map[string]any{"reason": in.Reason})
		return Receipt{ID: &id}, nil
	})
}

// ReleaseHold ends a hold; others on the same case stand.
func (d *Desk) ReleaseHold(ctx context.Context, actor access.Actor, key string, caseID, holdID uuid.UUID, in ReasonInput) (Receipt, error) {
	return d.command(ctx, actor, key, access.HoldRelease, caseID, within(holdID, in), func(w *work) (Receipt, error) {
		if in.Reason == "" {
			return Receipt{}, problem.InvalidField("reason", "say why it is no longer needed")
		}
		holds, err := w.Holds(ctx, w.c.ID)
		if err != nil {
			return Receipt{}, err
		}
		for _, h := range holds {
			switch {
			case h.ID != holdID:
				continue
			case h.ReleasedAt != nil:
				return Receipt{}, problem.Blocked(problem.Blocker{Code: "already_released", Ref: holdID.String(), Detail: "the hold was released before"})
			}
			who, err := uuid.Parse(actor.ID)
			if err != nil {
				return Receipt{}, err
			}
			w.write("hold.released", time.Time{}, map[string]any{"hold": holdID}, map[string]any{"reason": in.Reason})
			return Receipt{ID: &holdID}, w.ReleaseHold(ctx, holdID, w.c.Now, who, w.key.Seal(releasePlace(holdID), []byte(in.Reason)))
		}
		return Receipt{}, problem.Missing("legal hold")
	})
}

// Holds lists every hold that was ever placed on a case.
func (d *Desk) Holds(ctx context.Context, actor access.Actor, caseID uuid.UUID) (views []HoldView, err error) {
	err = d.read(ctx, actor, access.CaseRead, caseID, func(tx *store.Tx, c store.Case, key seal.Key) error {
		holds, err := tx.Holds(ctx, c.ID)
		if err != nil {
			return err
		}
		var people []uuid.UUID
		for _, h := range holds {
			if people = append(people, h.PlacedBy); h.ReleasedBy != nil {
				people = append(people, *h.ReleasedBy)
			}
		}
		handles, err := tx.Handles(ctx, people)
		if err != nil {
			return err
		}
		for _, h := range holds {
			reason, err := key.Open(holdPlace(h.ID), h.Sealed)
			if err != nil {
				return err
			}
			view := HoldView{ID: h.ID, PlacedAt: h.PlacedAt.UTC(), PlacedBy: handles[h.PlacedBy], Reason: string(reason), ReviewAt: h.ReviewAt.UTC(), ReleasedAt: utc(h.ReleasedAt)}
			if view.ReviewDue = h.ReleasedAt == nil && !h.ReviewAt.After(c.Now); h.ReleasedAt != nil {
				if reason, err = key.Open(releasePlace(h.ID), h.Release); err != nil {
					return err
				}
				view.ReleasedBy, view.ReleaseReason = handles[*h.ReleasedBy], string(reason)
			}
			views = append(views, view)
		}
		return nil
	})
	return views, err
}

// standing counts the holds that stand on a case.
func (w *work) standing(ctx context.Context) (n int, err error) {
	holds, err := w.Holds(ctx, w.c.ID)
	for _, h := range holds {
		if h.ReleasedAt == nil {
			n++
		}
	}
	return n, err
}
