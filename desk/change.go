package desk

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/cases/change"
	"github.com/atlascloudai/docket/core/duty"
	"github.com/atlascloudai/docket/core/problem"
	"github.com/atlascloudai/docket/core/seal"
	"github.com/atlascloudai/docket/core/textdiff"
	"github.com/atlascloudai/docket/store"
)

// changeContent is what a notice of change's sealed column holds until it is public: its words, and the text of a new version.
type changeContent struct {
	content
	Text string `json:"text,omitempty"`
	// Judged is why counsel said that it is material, or not.
	Judged string `json:"judged,omitempty"`
}

// OpenChange opens a notice of change as a draft. Nobody is told by it.
func (d *Desk) OpenChange(ctx context.Context, actor access.Actor, key string, in OpenChangeInput) (Receipt, error) {
	if err := access.May(actor, access.ChangeWork); err != nil {
		return Receipt{}, err
	}
	if d.publicURL == "" || d.companyName == "" {
		return Receipt{}, problem.New(problem.Unavailable, "letters about a change lead to each customer's own page, which names the company: set DOCKET_PUBLIC_URL and DOCKET_COMPANY_NAME")
	}
	digest, err := digestOf(uuid.Nil, in)
	if err != nil {
		return Receipt{}, err
	}
	var receipt Receipt
	err = d.retryCode(func() error {
		return d.store.Do(ctx, func(tx *store.Tx) error {
			return once(ctx, tx, actor, key, string(access.ChangeWork), digest, &receipt, func() error {
				receipt, err = d.openChange(ctx, tx, actor, in)
				return err
			})
		})
	})
	return receipt, err
}

func (d *Desk) openChange(ctx context.Context, tx *store.Tx, actor access.Actor, in OpenChangeInput) (Receipt, error) {
	now, err := tx.Now(ctx)
	if err != nil {
		return Receipt{}, err
	}
	state := change.State{Status: change.Draft, OpenedBy: actor.ID}
	if err := d.drafted(ctx, tx, actor, &state, in, now); err != nil {
		return Receipt{}, err
	}
	words := changeContent{content: content{Title: in.Title, Summary: in.Summary}, Text: in.Text}
	w, err := d.begin(ctx, tx, actor, store.Case{Kind: KindChange, Code: "CHG-" + strings.TrimPrefix(shortCode(), "INC-"), Status: string(state.Status), Drill: in.Drill, OpenedAt: now, Now: now}, state, words)
	if err != nil {
		return Receipt{}, err
	}
	w.write("change.opened", time.Time{}, map[string]any{"code": w.c.Code, "drill": in.Drill, "pack_version": d.pack.Version, "state": state}, words)
	if err := w.save(ctx); err != nil {
		return Receipt{}, err
	}
	return w.opened(), nil
}

// drafted writes into a draft's state what is given, and refuses what makes no change.
func (d *Desk) drafted(ctx context.Context, tx *store.Tx, actor access.Actor, state *change.State, in OpenChangeInput, now time.Time) error {
	kind, mode := duty.ChangeKind(in.Kind), change.Mode(cmp.Or(in.Mode, string(change.Switchable)))
	switch {
	case !slices.Contains(duty.ChangeKinds, kind):
		return problem.InvalidField("kind", "must be one of %v", duty.ChangeKinds)
	case !slices.Contains(change.Modes(), mode):
		return problem.InvalidField("mode", "must be one of %v", change.Modes())
	case strings.TrimSpace(in.Title) == "":
		return problem.InvalidField("title", "say in one line what changes")
	case strings.TrimSpace(in.Summary) == "":
		return problem.InvalidField("summary", "say what changes and for whom")
	case in.Planned.IsZero():
		return problem.InvalidField("planned", "say when the change is to take effect")
	case !in.Planned.After(now):
		return problem.InvalidField("planned", "lies in the past: what has happened is told otherwise")
	case in.SendBy.IsZero():
		return problem.InvalidField("send_by", "say by when the notice leaves: what letters say is counted from it")
	case !in.SendBy.After(now):
		return problem.InvalidField("send_by", "lies in the past")
	case in.Subject == "" && slices.Contains([]duty.ChangeKind{duty.SubprocessorChange, duty.ProviderChange, duty.RegionChange}, kind):
		return problem.InvalidField("subject", "name the code of what is new: it is what a gateway asks about")
	case kind == duty.PolicyChange && in.Document == "":
		return problem.InvalidField("document", "name the document that gets another version")
	case (in.Document == "") != (in.Text == ""):
		return problem.InvalidField("text", "a document and the whole text of its new version come together")
	}
	state.Kind, state.Mode, state.Subject, state.Planned, state.SendBy = kind, mode, in.Subject, in.Planned.UTC().Truncate(time.Microsecond), in.SendBy.UTC().Truncate(time.Microsecond)
	state.Services, state.Replaces, state.Regions, state.Document = in.Services, in.Replaces, in.Regions, in.Document
	if !slices.Contains(state.Writers, actor.ID) {
		state.Writers = append(state.Writers, actor.ID)
	}
	if state.Base = 0; in.Document != "" {
		newest, err := tx.NewestVersion(ctx, in.Document)
		if err != nil {
			return err
		}
		if newest != nil {
			state.Base = newest.Number
		}
	}
	state.Corrects = ""
	if in.Corrects == "" {
		return nil
	}
	earlier, err := caseByRef(ctx, tx, actor, in.Corrects)
	if err != nil || earlier.Kind != KindChange {
		return firstError(problemOtherThan(err, problem.NotFound), problem.InvalidField("corrects", "there is no such notice of change"))
	}
	var corrected change.State
	if err := json.Unmarshal(earlier.State, &corrected); err != nil {
		return fmt.Errorf("cannot read the change's state: %w", err)
	}
	if earlier.Drill != in.Drill {
		return problem.InvalidField("corrects", "an exercise takes no real notice's place, and no exercise's place is taken by a real one")
	}
	if corrected.FrozenAt == nil || corrected.Status != change.Sending && corrected.Status != change.ObjectionWindow {
		return problem.InvalidField("corrects", "nobody was told of it, or it is over: revise it, or open a notice of its own")
	}
	state.Corrects = earlier.ID.String()
	return nil
}

// onChange decides one command about a notice of change.
func (d *Desk) onChange(ctx context.Context, actor access.Actor, key string, action access.Action, id uuid.UUID, in any, f func(*work) (Receipt, error)) (Receipt, error) {
	return d.command(ctx, actor, key, action, id, in, func(w *work) (Receipt, error) {
		if w.c.Kind != KindChange {
			return Receipt{}, problem.Missing("change")
		}
		return f(w)
	})
}

// simpleChange decides a command that changes nothing but the machine's state.
func (d *Desk) simpleChange(ctx context.Context, actor access.Actor, key string, action access.Action, id uuid.UUID, in any, c change.Command) (Receipt, error) {
	return d.onChange(ctx, actor, key, action, id, within(id, map[string]any{"command": fmt.Sprintf("%T", c), "in": in}), func(w *work) (Receipt, error) {
		return Receipt{}, w.decideChange(ctx, c)
	})
}

// words opens what a notice of change says.
func (w *work) words() (said changeContent, err error) {
	err = w.key.OpenJSON(casePlace(w.c.ID), w.c.Sealed, &said)
	return said, err
}

// say seals what a notice of change says.
func (w *work) say(said changeContent) (err error) {
	w.c.Sealed, err = w.key.SealJSON(casePlace(w.c.ID), said)
	return err
}

// EditChange replaces what a draft says.
func (d *Desk) EditChange(ctx context.Context, actor access.Actor, key string, id uuid.UUID, in OpenChangeInput) (Receipt, error) {
	return d.onChange(ctx, actor, key, access.ChangeWork, id, in, func(w *work) (Receipt, error) {
		if w.change.Status != change.Draft {
			return Receipt{}, problem.Blocked(problem.Blocker{Code: "wrong_status", Detail: "only a draft is edited; revise the change first"})
		}
		if in.Drill != w.c.Drill {
			return Receipt{}, problem.InvalidField("drill", "an exercise stays one, and nothing else becomes one")
		}
		if err := d.drafted(ctx, w.Tx, actor, &w.change, in, w.c.Now); err != nil {
			return Receipt{}, err
		}
		said := changeContent{content: content{Title: in.Title, Summary: in.Summary}, Text: in.Text}
		w.write("change.edited", time.Time{}, map[string]any{"state": w.change}, said)
		return Receipt{}, w.say(said)
	})
}

// SubmitChange hands a draft to counsel.
func (d *Desk) SubmitChange(ctx context.Context, actor access.Actor, key string, id uuid.UUID) (Receipt, error) {
	return d.simpleChange(ctx, actor, key, access.ChangeWork, id, nil, change.Submit{})
}

// ReviseChange takes a change back to a draft: whatever was judged and approved is void.
func (d *Desk) ReviseChange(ctx context.Context, actor access.Actor, key string, id uuid.UUID, in ReasonInput) (Receipt, error) {
	return d.onChange(ctx, actor, key, access.ChangeWork, id, map[string]any{"revise": in}, func(w *work) (Receipt, error) {
		return Receipt{}, firstError(w.decideChange(ctx, change.Revise{Reason: in.Reason}), w.VoidApprovals(ctx, w.c.ID))
	})
}

// HastenChange takes the emergency path: the notice periods of emergency clauses count, where agreements have them.
func (d *Desk) HastenChange(ctx context.Context, actor access.Actor, key string, id uuid.UUID, in HastenInput) (Receipt, error) {
	return d.onChange(ctx, actor, key, access.ChangeJudge, id, in, func(w *work) (Receipt, error) {
		if err := w.decideChange(ctx, change.Hasten{Clause: in.Clause, Reason: in.Reason}); err != nil {
			return Receipt{}, err
		}
		if w.change.Judged == nil {
			return Receipt{}, nil
		}
		return d.count(ctx, w)
	})
}

// JudgeChange records counsel's word. A material change has its audience counted; any other is told by the change log alone, and at once.
func (d *Desk) JudgeChange(ctx context.Context, actor access.Actor, key string, id uuid.UUID, in JudgeInput) (Receipt, error) {
	return d.onChange(ctx, actor, key, access.ChangeJudge, id, in, func(w *work) (Receipt, error) {
		if err := w.decideChange(ctx, change.Judge{Material: in.Material, Reason: in.Reason}); err != nil {
			return Receipt{}, err
		}
		said, err := w.words()
		if err != nil {
			return Receipt{}, err
		}
		said.Judged = in.Reason
		if err := w.say(said); err != nil {
			return Receipt{}, err
		}
		if !in.Material { // What was counted before is owed to nobody.
			return Receipt{}, firstError(d.ended(ctx, w), d.publish(ctx, w))
		}
		return d.count(ctx, w)
	})
}

// CountAudience counts anew whom the change reaches, and everybody's own dates. What was approved on others is void.
func (d *Desk) CountAudience(ctx context.Context, actor access.Actor, key string, id uuid.UUID) (Receipt, error) {
	return d.onChange(ctx, actor, key, access.ChangeWork, id, nil, func(w *work) (Receipt, error) {
		if w.change.Judged == nil {
			return Receipt{}, problem.Blocked(problem.Blocker{Code: "not_judged", Detail: "counsel has to say whether the change is material"})
		}
		return d.count(ctx, w)
	})
}

// WithdrawChange ends a change before it takes effect for anybody. Those who were told read it on their pages, and people are raised
// to write to them.
func (d *Desk) WithdrawChange(ctx context.Context, actor access.Actor, key string, id uuid.UUID, in ReasonInput) (Receipt, error) {
	return d.onChange(ctx, actor, key, access.ChangeEnd, id, map[string]any{"withdraw": in}, func(w *work) (Receipt, error) {
		return Receipt{}, firstError(w.decideChange(ctx, change.Withdraw{Reason: in.Reason}), d.ended(ctx, w))
	})
}

// ArchiveChange ends a change that has taken effect.
func (d *Desk) ArchiveChange(ctx context.Context, actor access.Actor, key string, id uuid.UUID) (Receipt, error) {
	return d.simpleChange(ctx, actor, key, access.ChangeEnd, id, nil, change.Archive{})
}

// Change reads a notice of change.
func (d *Desk) Change(ctx context.Context, actor access.Actor, id uuid.UUID) (view ChangeView, err error) {
	err = d.readChange(ctx, actor, id, func(w *work) error {
		said, err := w.words()
		if err != nil {
			return err
		}
		totals, err := w.ChangeTotals(ctx, w.c.ID, w.change.Mode, w.c.Now)
		if err != nil {
			return err
		}
		s := w.change
		view = ChangeView{
			ID: w.c.ID, Code: w.c.Code, Status: w.c.Status, Kind: string(s.Kind), Title: said.Title, Summary: said.Summary, Subject: s.Subject, Mode: string(s.Mode),
			Planned: s.Planned, SendBy: s.SendBy, Services: s.Services, Replaces: s.Replaces, Regions: s.Regions, Document: s.Document, Version: s.Version,
			Reason: said.Judged, FrozenAt: s.FrozenAt,
			Customers: totals.Customers, Told: totals.Told, Untold: totals.Untold, Waiting: totals.Waiting, Objected: totals.Objected, Spared: totals.Spared,
			Taken: totals.Taken, Provisional: totals.Provisional,
		}
		if s.Judged != nil {
			view.Material = &s.Judged.Material
		}
		if s.Emergency != nil {
			view.Emergency = s.Emergency.Clause
		}
		if s.Audience != nil {
			view.Late, view.FirstLastSending, view.LastEffective = s.Audience.Late, s.Audience.FirstLastSending, s.Audience.LastEffective
		}
		if s.Audience != nil && s.FrozenAt == nil && !s.Status.Ended() {
			counted, err := d.audienceNow(ctx, w)
			if err != nil {
				return err
			}
			view.Stale = counted.audience.Digest != s.Audience.Digest
		}
		if s.Corrects != "" {
			if earlier, err := caseByRef(ctx, w.Tx, actor, s.Corrects); err == nil {
				view.Corrects = earlier.Code
			}
		}
		if s.Document == "" {
			return nil
		}
		view.Diff, view.Version, err = w.diff(ctx, said.Text)
		return err
	})
	return view, err
}

// diff holds a document's new version against the one before it: what is in force while the new one is a draft.
func (w *work) diff(ctx context.Context, text string) (lines []textdiff.Line, number int, err error) {
	if number = w.change.Version; number == 0 {
		newest, err := w.NewestVersion(ctx, w.change.Document)
		if err != nil {
			return nil, 0, err
		}
		if number = 1; newest != nil {
			number = newest.Number + 1
		}
	}
	before, err := w.VersionBefore(ctx, w.change.Document, number)
	if err != nil || before == nil {
		return textdiff.Between("", text), number, err
	}
	return textdiff.Between(before.Text, text), number, nil
}

// readChange runs f with a notice of change as it stands; nothing of it is written.
func (d *Desk) readChange(ctx context.Context, actor access.Actor, id uuid.UUID, f func(*work) error) error {
	return d.read(ctx, actor, access.CaseRead, id, func(tx *store.Tx, c store.Case, key seal.Key) error {
		if c.Kind != KindChange {
			return problem.Missing("change")
		}
		w := &work{Tx: tx, c: c, key: key, actor: actor}
		if err := json.Unmarshal(c.State, &w.change); err != nil {
			return fmt.Errorf("cannot read the change's state: %w", err)
		}
		return f(w)
	})
}

// Changes lists the notices of change that the actor sees, newest first.
func (d *Desk) Changes(ctx context.Context, actor access.Actor, f ChangeFilter) (page Page[ChangeSummary], err error) {
	if err := access.May(actor, access.CaseRead); err != nil {
		return page, err
	}
	before := uuid.Max
	if f.Cursor != "" {
		if before, err = after(f.Cursor); err != nil {
			return page, err
		}
	}
	err = d.store.Do(ctx, func(tx *store.Tx) error {
		found, err := tx.ChangesList(ctx, actor, f.Status, f.Kind, before, size(f.Limit)+1)
		if err != nil {
			return err
		}
		views := make([]ChangeSummary, 0, len(found))
		for _, c := range found {
			if c.Restricted && actor.Kind != access.Worker {
				if err := tx.Access(ctx, actor, c.ID, "case.list"); err != nil {
					return err
				}
			}
			view := ChangeSummary{ID: c.ID, Code: c.Code, Status: c.Status}
			var state change.State
			if err := json.Unmarshal(c.State, &state); err != nil {
				return fmt.Errorf("cannot read the change's state: %w", err)
			}
			view.Kind, view.Subject, view.Planned, view.SendBy = string(state.Kind), state.Subject, state.Planned, state.SendBy
			if key, err := d.caseKey(c); err == nil {
				var said changeContent
				if err := key.OpenJSON(casePlace(c.ID), c.Sealed, &said); err != nil {
					return err
				}
				view.Title = said.Title
			}
			views = append(views, view)
		}
		page = pageOf(views, size(f.Limit), func(v ChangeSummary) string { return v.ID.String() })
		return nil
	})
	return page, err
}
