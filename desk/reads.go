package desk

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/cases/change"
	"github.com/atlascloudai/docket/core/cases/incident"
	"github.com/atlascloudai/docket/core/cases/request"
	"github.com/atlascloudai/docket/core/problem"
	"github.com/atlascloudai/docket/core/seal"
	"github.com/atlascloudai/docket/store"
)

const (
	pageSize    = 50
	maxPageSize = 500
)

func size(limit int) int {
	if limit <= 0 {
		return pageSize
	}
	return min(limit, maxPageSize)
}

// after reads a cursor that is an id.
func after(cursor string) (uuid.UUID, error) {
	if cursor == "" {
		return uuid.Nil, nil
	}
	id, err := uuid.Parse(cursor)
	if err != nil {
		return uuid.Nil, problem.InvalidField("cursor", "give back the cursor of the page before, unchanged")
	}
	return id, nil
}

// pageOf makes a page of what was read with a limit one above the page's size.
func pageOf[T any](items []T, size int, cursor func(T) string) Page[T] {
	if len(items) <= size {
		return Page[T]{Items: append([]T{}, items...)}
	}
	return Page[T]{Items: items[:size], Next: cursor(items[size-1])}
}

// Case reads a case by its id or by the short code that people say.
func (d *Desk) Case(ctx context.Context, actor access.Actor, ref string) (view CaseView, err error) {
	if err := access.May(actor, access.CaseRead); err != nil {
		return view, err
	}
	err = d.store.Do(ctx, func(tx *store.Tx) error {
		var c store.Case
		if id, notID := uuid.Parse(ref); notID == nil {
			c, err = tx.Case(ctx, actor, id)
		} else {
			c, err = tx.CaseByCode(ctx, actor, strings.ToUpper(ref))
		}
		if err != nil {
			return err
		}
		return d.opened(ctx, tx, actor, access.CaseRead, c, func(tx *store.Tx, c store.Case, key seal.Key) error {
			if view, err = caseView(c, key); err != nil {
				return err
			}
			candidates, err := candidateViews(ctx, tx, c, key)
			if err != nil {
				return err
			}
			view.Upstream = upstreamView(candidates)
			if c.PackVersion != d.pack.Version {
				view.NewestPack = d.pack.Version
			}
			standing, err := tx.Standing(ctx, c.ID, c.Offset)
			view.Counts, view.NextMilestone, view.DueNow, view.NextDue = standing.Counts, standing.NextInstant, standing.DueNow, standing.NextDue
			return err
		})
	})
	return view, err
}

func caseView(c store.Case, key seal.Key) (CaseView, error) {
	view := CaseView{
		ID: c.ID, Code: c.Code, Kind: c.Kind, Status: c.Status, SummaryVersion: c.SummaryVersion, Restricted: c.Restricted, Drill: c.Drill,
		Now: c.Now.UTC(), OpenedAt: c.OpenedAt.UTC(), PackVersion: c.PackVersion, Entries: c.NextSeq - 1,
	}
	var words content
	err := key.OpenJSON(casePlace(c.ID), c.Sealed, &words)
	if view.Erased = errors.Is(err, seal.ErrShredded); err != nil && !view.Erased {
		return view, fmt.Errorf("cannot open the case: %w", err)
	}
	view.Title, view.Summary = words.Title, words.Summary
	return view, json.Unmarshal(c.State, &view.State)
}

// Cases lists the cases that the actor sees, the newest first.
func (d *Desk) Cases(ctx context.Context, actor access.Actor, status, cursor string, limit int) (page Page[CaseView], err error) {
	if err := access.May(actor, access.CaseRead); err != nil {
		return page, err
	}
	if status != "" && !incident.Status(status).Known() && !request.Status(status).Known() && !slices.Contains(change.Statuses(), change.Status(status)) {
		return page, problem.InvalidField("status", "%q is no status; of incidents there are new, triage, active, resolved, closed, dismissed, of requests %v, of changes %v", status, request.Statuses(), change.Statuses())
	}
	before, err := after(cursor)
	if err != nil {
		return page, err
	}
	err = d.store.Do(ctx, func(tx *store.Tx) error {
		found, err := tx.Cases(ctx, actor, store.CaseFilter{Status: status, Before: before, Limit: size(limit) + 1})
		if err != nil {
			return err
		}
		views := make([]CaseView, 0, len(found))
		for _, c := range found {
			if c.Restricted && actor.Kind != access.Worker {
				if err := tx.Access(ctx, actor, c.ID, "case.list"); err != nil {
					return err
				}
			}
			key, err := d.caseKey(c)
			if err != nil && !errors.Is(err, seal.ErrShredded) {
				return err
			}
			view, err := caseView(c, key)
			if err != nil {
				return err
			}
			views = append(views, view)
		}
		page = pageOf(views, size(limit), func(v CaseView) string { return v.ID.String() })
		return nil
	})
	return page, err
}

// Timeline reads a case's chain, the first entry first.
func (d *Desk) Timeline(ctx context.Context, actor access.Actor, caseID uuid.UUID, cursor string, limit int) (page Page[EntryView], err error) {
	seq := int64(0)
	if cursor != "" {
		if seq, err = strconv.ParseInt(cursor, 10, 64); err != nil {
			return page, problem.InvalidField("cursor", "give back the cursor of the page before, unchanged")
		}
	}
	err = d.read(ctx, actor, access.CaseRead, caseID, func(tx *store.Tx, c store.Case, key seal.Key) error {
		entries, err := tx.Timeline(ctx, c.ID, seq, size(limit)+1)
		if err != nil {
			return err
		}
		views := make([]EntryView, 0, len(entries))
		for _, e := range entries {
			e.Drill = c.Drill
			view := entryView(e)
			if e.Sealed != nil {
				if view.Content, err = key.Open(timelinePlace(c.ID, e.Kind), e.Sealed); err != nil && !errors.Is(err, seal.ErrShredded) {
					return fmt.Errorf("cannot open entry %d: %w", e.Seq, err)
				}
			}
			views = append(views, view)
		}
		page = pageOf(views, size(limit), func(v EntryView) string { return strconv.FormatInt(v.Seq, 10) })
		return nil
	})
	return page, err
}

// entryView is an entry as readers of the case see it: who is in the legal circle only the circle reads, and counsel's log says.
func entryView(e store.Entry) EntryView {
	body := json.RawMessage(e.Body)
	if e.Kind == circleNamed {
		body = json.RawMessage(`{}`)
	}
	return EntryView{
		Case: uuid.MustParse(e.Case), Seq: e.Seq, HappenedAt: e.HappenedAt, RecordedAt: e.RecordedAt, Kind: e.Kind, Actor: e.Actor,
		Body: body, Drill: e.Drill, Hash: hex.EncodeToString(e.Hash[:]), Cursor: fmt.Sprintf("%d.%d", e.XID, e.Feed),
	}
}

// Feed reads what happened over all cases that the actor sees, after a cursor: ids and instants, no content.
// Who follows the cursor misses nothing.
func (d *Desk) Feed(ctx context.Context, actor access.Actor, cursor string, limit int) (page Page[EntryView], err error) {
	if err := access.May(actor, access.FeedRead); err != nil {
		return page, err
	}
	var xid uint64
	var feed int64
	if cursor != "" {
		if n, err := fmt.Sscanf(cursor, "%d.%d", &xid, &feed); n != 2 || err != nil {
			return page, problem.InvalidField("cursor", "give back the cursor of the last entry that was read, unchanged")
		}
	}
	err = d.store.Read(ctx, func(tx *store.Tx) error {
		entries, err := tx.Feed(ctx, actor, xid, feed, size(limit))
		page.Items = make([]EntryView, 0, len(entries))
		page.Next = cursor
		for _, e := range entries {
			view := entryView(e)
			page.Items, page.Next = append(page.Items, view), view.Cursor
		}
		return err
	})
	return page, err
}
