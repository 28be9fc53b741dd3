package desk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/cases/request"
	"github.com/atlascloudai/docket/core/problem"
	"github.com/atlascloudai/docket/core/seal"
	"github.com/atlascloudai/docket/store"
)

// RequestView is one request as people work on it.
type RequestView struct {
	ID       uuid.UUID  `json:"id" doc:"Id of the request"`
	Code     string     `json:"code" doc:"Short code that people say"`
	Status   string     `json:"status" doc:"Where it stands"`
	OpenDSR  string     `json:"opendsr_status" doc:"The status in OpenDSR 2.0"`
	DPV      string     `json:"dpv_status" doc:"The status in W3C DPV 2.3"`
	Right    string     `json:"right" doc:"What is asked for"`
	Regime   string     `json:"regime" doc:"The law it is counted by"`
	Drill    bool       `json:"drill,omitempty" doc:"An exercise"`
	Received time.Time  `json:"received_at" doc:"When it reached the company"`
	Due      *time.Time `json:"due,omitempty" doc:"The earliest instant of an open duty"`
	// AccountableUntil is only on a request that has ended.
	AccountableUntil *time.Time      `json:"accountable_until,omitempty" doc:"When who asked may be erased; what was done stays"`
	Erased           bool            `json:"erased,omitempty" doc:"Who asked was erased with its key; what was done stays"`
	Waiting          string          `json:"waiting_for" doc:"Who is waited for: person, team, approver, stores, nobody"`
	Blocker          string          `json:"blocker,omitempty" doc:"What stands in the way"`
	Assignee         string          `json:"assignee,omitempty" doc:"Who works on it"`
	State            request.State   `json:"state" doc:"The machine's state"`
	Counts           *request.Counts `json:"counts,omitempty" doc:"What it holds; only on one request"`
	Name             string          `json:"name,omitempty" doc:"How the person calls themselves; only on one request"`
	Words            string          `json:"words,omitempty" doc:"What was asked; only on one request"`
	ReplyTo          string          `json:"reply_to,omitempty" doc:"Where letters go; only on one request"`
	// Identities and Targets are only on one request.
	Identities []IdentityView  `json:"identities,omitempty" doc:"Identifiers that it names; only on one request"`
	Targets    []TargetView    `json:"targets,omitempty" doc:"Where data of the person lies; only on one request"`
	Redactions []RedactionView `json:"redactions,omitempty" doc:"Fields that an export leaves out unless its reviewer includes them; only on one request"`
	// Repeats is the request that this one was linked to.
	Repeats *LinkedView `json:"repeats,omitempty" doc:"The request that this one repeats, and where that stands; only on one request"`
	SameAs  []string    `json:"same_person,omitempty" doc:"Codes of other requests that share a verified identity; only on one request"`
}

// IdentityView is one identifier and how far it was shown.
type IdentityView struct {
	ID         uuid.UUID  `json:"id" doc:"Id of the identity"`
	Kind       string     `json:"kind" doc:"Kind of identifier"`
	Value      string     `json:"value" doc:"The identifier"`
	State      string     `json:"state" doc:"named, asked, verified, locked"`
	Method     string     `json:"method,omitempty" doc:"How it was shown"`
	VerifiedAt *time.Time `json:"verified_at,omitempty" doc:"When"`
	Suppressed bool       `json:"suppressed,omitempty" doc:"It was erased by an earlier request, and has not signed up anew"`
}

// TargetView is one place and what became of it.
type TargetView struct {
	ID         uuid.UUID  `json:"id" doc:"Id of the target"`
	Address    string     `json:"address" doc:"store/collection of the estate"`
	Kind       string     `json:"kind" doc:"Kind of store"`
	Class      string     `json:"class" doc:"Data class"`
	State      string     `json:"state" doc:"locating, located, working, sweeping, resting, done"`
	Located    int64      `json:"located" doc:"Records found"`
	Erase      int64      `json:"erase" doc:"Records that the plan erases"`
	Mask       int64      `json:"mask" doc:"Records whose fields the plan masks"`
	Keep       int64      `json:"keep" doc:"Records that the plan keeps on a ground"`
	Gone       int64      `json:"gone" doc:"Records seen to be gone or attested"`
	Kept       []KeptView `json:"kept,omitempty" doc:"What stays, or would by the plan, why and until when"`
	AcceptedAt *time.Time `json:"accepted_at,omitempty" doc:"When the store took the order"`
	ErasedAt   *time.Time `json:"erased_at,omitempty" doc:"When it confirmed"`
	VerifiedAt *time.Time `json:"verified_at,omitempty" doc:"When another path saw nothing"`
	Error      string     `json:"error,omitempty" doc:"Class of the last failure"`
	Detail     string     `json:"detail,omitempty" doc:"The last answer, redacted"`
	Attempt    int        `json:"attempt,omitempty" doc:"Failures in a row"`
	NextAt     *time.Time `json:"next_at,omitempty" doc:"When it is tried next"`
	WaitsFor   []string   `json:"waits_for,omitempty" doc:"Places that go before it"`
}

// LinkedView is another request, and where it stands.
type LinkedView struct {
	Code   string `json:"code" doc:"Code of the request"`
	Status string `json:"status" doc:"Where it stands"`
}

// KeptView is what stays at one place.
type KeptView struct {
	Records int64      `json:"records" doc:"How many records"`
	Ground  string     `json:"ground" doc:"Code of the ground"`
	Words   string     `json:"words,omitempty" doc:"The ground in words"`
	Until   *time.Time `json:"until,omitempty" doc:"When they come back by themselves"`
	Hold    *uuid.UUID `json:"hold,omitempty" doc:"The hold that keeps them"`
}

// waiting says who is waited for, and what stands in the way.
func waiting(s request.State, c request.Counts) (who, blocker string) {
	switch s.Status {
	case request.VerifyingIdentity:
		if c.Asked > 0 {
			return "person", "identity_asked"
		}
		return "team", "identity_not_verified"
	case request.Scoping:
		switch {
		case s.Plan == nil:
			return "team", "no_plan"
		case c.Failed > 0:
			return "team", "target_failed: " + c.FirstFailed
		}
		return "stores", "locating"
	case request.AwaitingApproval:
		if len(s.Care) > 0 && s.CaredBy == "" {
			return "approver", "care_needed: " + strings.Join(s.Care, ", ")
		}
		return "approver", "plan_not_approved"
	case request.Restricting:
		return "person", "cooling_off"
	case request.ActionRequired:
		return "team", "target_failed: " + c.FirstFailed
	case request.Executing, request.Verifying, request.AwaitingExpiry:
		return "stores", string(s.Status)
	case request.InHand:
		if s.Export != nil && s.Export.Until != nil {
			return "person", "export_to_be_fetched"
		}
		return "team", "to_be_carried_out"
	case request.Received:
		return "team", "unclear"
	}
	if c.OpenDuties > 0 {
		return "team", "answer_not_sent"
	}
	return "nobody", ""
}

// Request reads one request, by id or code.
func (d *Desk) Request(ctx context.Context, actor access.Actor, ref string) (view RequestView, err error) {
	if err := access.May(actor, access.CaseRead); err != nil {
		return view, err
	}
	err = d.store.Do(ctx, func(tx *store.Tx) error {
		c, err := caseByRef(ctx, tx, actor, ref)
		if err != nil || c.Kind != KindRequest {
			return firstError(problemOtherThan(err, problem.NotFound), problem.Missing("request"))
		}
		return d.opened(ctx, tx, actor, access.CaseRead, c, func(tx *store.Tx, c store.Case, key seal.Key) error {
			view, err = d.requestView(ctx, tx, c, key)
			return err
		})
	})
	return view, err
}

func (d *Desk) requestView(ctx context.Context, tx *store.Tx, c store.Case, key seal.Key) (RequestView, error) {
	w := &work{Tx: tx, c: c, key: key}
	counts, err := tx.RequestCounts(ctx, c.ID, c.Now)
	if err != nil {
		return RequestView{}, err
	}
	view, err := requestRow(c, counts)
	if err != nil {
		return view, err
	}
	w.request = view.State
	view.Counts, view.Due = &counts, counts.AnswerDue
	view.AccountableUntil = utc(view.State.AccountableUntil(d.accountability))
	said, err := w.content()
	if view.Erased = errors.Is(err, seal.ErrShredded); err != nil && !view.Erased {
		return view, err
	}
	view.Name, view.Words, view.ReplyTo = said.Name, said.Words, said.ReplyTo
	if view.Identities, err = w.identityViews(ctx); err != nil {
		return view, err
	}
	if id, err := uuid.Parse(view.State.Canonical); err == nil {
		canonical, err := tx.Case(ctx, Docket, id)
		if err != nil {
			return view, err
		}
		view.Repeats = &LinkedView{Code: canonical.Code, Status: canonical.Status}
	}
	shared, err := tx.SharedWith(ctx, c.ID)
	if err != nil {
		return view, err
	}
	for _, id := range shared {
		if other, err := tx.Case(ctx, Docket, id); err == nil && !other.Restricted {
			view.SameAs = append(view.SameAs, other.Code)
		}
	}
	if view.Targets, err = d.targetViews(ctx, w); err != nil {
		return view, err
	}
	view.Redactions, err = w.redactions(ctx)
	return view, err
}

func requestRow(c store.Case, counts request.Counts) (RequestView, error) {
	view := RequestView{ID: c.ID, Code: c.Code, Status: c.Status, Drill: c.Drill, Received: c.OpenedAt.UTC()}
	if err := json.Unmarshal(c.State, &view.State); err != nil {
		return view, fmt.Errorf("cannot read the request's state: %w", err)
	}
	wire := view.State.Status.Wire()
	view.OpenDSR, view.DPV = wire.OpenDSR, wire.DPV
	view.Right, view.Regime, view.Assignee = string(view.State.Right), string(view.State.Regime), view.State.Assignee
	view.Waiting, view.Blocker = waiting(view.State, counts)
	return view, nil
}

func (w *work) identityViews(ctx context.Context) ([]IdentityView, error) {
	all, err := w.Identities(ctx, w.c.ID)
	if err != nil {
		return nil, err
	}
	var views []IdentityView
	for _, i := range all {
		one, err := w.named(i)
		if err != nil && !errors.Is(err, seal.ErrShredded) {
			return nil, err
		}
		by, suppressed, err := w.Suppressed(ctx, i.Kind, i.Commit)
		if err != nil {
			return nil, err
		}
		views = append(views, IdentityView{ID: i.ID, Kind: i.Kind, Value: one.Value, State: i.State, Method: i.Method, VerifiedAt: i.VerifiedAt, Suppressed: suppressed && by != w.c.ID})
	}
	return views, nil
}

func (d *Desk) targetViews(ctx context.Context, w *work) ([]TargetView, error) {
	targets, err := w.Targets(ctx, w.c.ID)
	if err != nil || len(targets) == 0 {
		return nil, err
	}
	plan, err := d.planned(ctx, w)
	if err != nil && !errors.Is(err, seal.ErrShredded) { // What a plan would have kept was told by the records' own instants.
		return nil, err
	}
	sums, err := w.PageSums(ctx, w.c.ID)
	if err != nil {
		return nil, err
	}
	var views []TargetView
	for _, t := range targets {
		view := TargetView{ID: t.ID, Address: t.Address, Kind: t.Kind, Class: t.Class, State: t.State, Located: t.Located, Attempt: t.Attempt,
			AcceptedAt: t.AcceptedAt, ErasedAt: t.ErasedAt, VerifiedAt: t.VerifiedAt}
		view.Erase, view.Mask, view.Keep = plan[t.Address].Erase, plan[t.Address].Mask, plan[t.Address].Keep
		if t.ErrorClass != nil {
			view.Error, view.Detail = *t.ErrorClass, *t.ErrorDetail
		}
		if t.State != store.TargetDone {
			view.NextAt = &t.NextAt
		}
		var of spec
		if err := json.Unmarshal(t.Spec, &of); err != nil {
			return nil, err
		}
		for _, address := range of.EraseAfter {
			view.WaitsFor = append(view.WaitsFor, string(address))
		}
		for _, s := range sums {
			if s.Target != t.ID || s.Items == 0 {
				continue
			}
			switch s.State {
			case "verified", "attested":
				view.Gone += s.Items
			case "kept", "held":
				view.Kept = append(view.Kept, KeptView{Records: s.Items, Ground: deref(s.Ground), Words: deref(s.Words), Until: s.Until, Hold: s.Hold})
			}
		}
		if w.request.BegunAt == nil {
			view.Kept = plan[t.Address].kept
		}
		views = append(views, view)
	}
	return views, nil
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// WorklistInput narrows the worklist.
type WorklistInput struct {
	Statuses []string
	Assignee string
	// Right is what is asked for; Waiting who is waited for; Blocker how what stands in the way begins.
	Right, Waiting, Blocker string
	Cursor                  string
	Limit                   int
}

// manyRequests is how many requests are looked at together.
const manyRequests = 2000

// waits are who can be waited for.
var waits = []string{"person", "team", "approver", "stores", "nobody"}

// filter refuses what no request can be, and reads where the page before ended.
func (in WorklistInput) filter() (f store.WorklistFilter, err error) {
	f = store.WorklistFilter{Statuses: in.Statuses, Right: in.Right, Limit: size(in.Limit) + 1}
	for _, status := range in.Statuses {
		if !request.Status(status).Known() {
			return f, problem.InvalidField("status", "must be among %v", request.Statuses())
		}
	}
	if in.Right != "" && in.Right != string(request.Unclear) && !slices.Contains(request.Rights(), request.Right(in.Right)) {
		return f, problem.InvalidField("right", "must be one of %v", request.Rights())
	}
	if in.Waiting != "" && !slices.Contains(waits, in.Waiting) {
		return f, problem.InvalidField("waiting_for", "must be one of %v", waits)
	}
	due, id, found := strings.Cut(in.Cursor, "~")
	if !found {
		return f, nil
	}
	wrong := problem.InvalidField("cursor", "give the cursor of the page before as it was")
	if f.After, err = uuid.Parse(id); err != nil {
		return f, wrong
	}
	if due != "" {
		at, err := time.Parse(time.RFC3339Nano, due)
		if err != nil {
			return f, wrong
		}
		f.AfterDue = &at
	}
	return f, nil
}

// Requests is the worklist: requests by their next clock, those without one last. Who is waited for and what stands in the way
// is told by each request's counts, which are read for a page at a time.
func (d *Desk) Requests(ctx context.Context, actor access.Actor, in WorklistInput) (page Page[RequestView], err error) {
	if err := access.May(actor, access.CaseRead); err != nil {
		return page, err
	}
	filter, err := in.filter()
	if err != nil {
		return page, err
	}
	err = d.store.Do(ctx, func(tx *store.Tx) error {
		if in.Assignee != "" {
			who, err := tx.PrincipalByHandle(ctx, in.Assignee)
			if err != nil {
				return err
			}
			filter.Assignee = who.ID.String()
		}
		views, wanted := []RequestView{}, filter.Limit
		if in.Waiting != "" || in.Blocker != "" { // What they wait for is looked at afterwards, of many at once.
			filter.Limit = manyRequests
		}
		for len(views) < wanted {
			rows, err := d.worklist(ctx, tx, actor, filter)
			if err != nil {
				return err
			}
			for _, v := range rows {
				if (in.Waiting == "" || v.Waiting == in.Waiting) && strings.HasPrefix(v.Blocker, in.Blocker) && len(views) < wanted {
					views = append(views, v)
				}
			}
			if len(rows) < filter.Limit {
				break
			}
			last := rows[len(rows)-1]
			filter.AfterDue, filter.After = last.Due, last.ID
		}
		page = pageOf(views, size(in.Limit), func(v RequestView) string {
			due := ""
			if v.Due != nil {
				due = v.Due.UTC().Format(time.RFC3339Nano)
			}
			return due + "~" + v.ID.String()
		})
		return nil
	})
	return page, err
}

// worklist is one stretch of the worklist with what each request holds.
func (d *Desk) worklist(ctx context.Context, tx *store.Tx, actor access.Actor, filter store.WorklistFilter) ([]RequestView, error) {
	rows, err := tx.Worklist(ctx, actor, filter)
	if err != nil {
		return nil, err
	}
	counts, err := tx.CountsOfRequests(ctx, ids(rows, func(r store.WorklistRow) uuid.UUID { return r.Case.ID }), ids(rows, func(r store.WorklistRow) time.Time { return r.Case.Now }))
	if err != nil {
		return nil, err
	}
	views := make([]RequestView, 0, len(rows))
	for _, row := range rows {
		view, err := requestRow(row.Case, counts[row.Case.ID])
		if err != nil {
			return nil, err
		}
		view.Due, view.AccountableUntil = row.Due, utc(view.State.AccountableUntil(d.accountability))
		views = append(views, view)
	}
	return views, nil
}
