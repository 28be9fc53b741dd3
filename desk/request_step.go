package desk

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/atlascloudai/docket/core/cases/request"
	"github.com/atlascloudai/docket/core/erasing"
	"github.com/atlascloudai/docket/core/estate"
	"github.com/atlascloudai/docket/core/problem"
	"github.com/atlascloudai/docket/core/seal"
	"github.com/atlascloudai/docket/store"
)

// What a step asks a store for.
const (
	OpLocate = "locate"
	OpErase  = "erase"
	OpVerify = "verify"
)

const (
	// pageOfRecords is how many records one call is about: what a worker holds in memory. Rows that lead to nothing else
	// are small and go many at a time.
	pageOfRecords, pageOfRows = 1000, 5000
	// targetLease is how long a worker's claim on a target holds, counted anew with every step.
	targetLease = 2 * time.Minute
)

// Step is one call to one store, decided on and committed before it is made.
type Step struct {
	Case, Target uuid.UUID
	// Claim is the worker's hold on the target, and the page of the ledger that it writes.
	Claim uuid.UUID
	Op    string
	Store string
	// Query, Cursor and Limit are for locating.
	Query  erasing.Query
	Cursor string
	Limit  int
	// Total is about how many records the collection holds, where its store says so.
	Total int64
	// Order is for erasing and verifying.
	Order erasing.Order
	// Last asks for no step after this one: the worker's turn is over.
	Last bool
	// Then is the step after this one, where it was decided on and committed together with this one's answer; nil to ask
	// NextStep.
	Then *Step

	page uuid.UUID
	at   locating
	key  seal.Key
}

// spec is how a target is located and what it waits for, as its row holds it.
type spec struct {
	Store       string            `json:"store"`
	Collection  estate.Collection `json:"collection"`
	Paths       []estate.Path     `json:"paths"`
	LocateAfter []estate.Address  `json:"locate_after"`
	EraseAfter  []estate.Address  `json:"erase_after"`
	Lead        []string          `json:"lead"`
}

// locating is where locating stands: identities first, then each path from another collection, page by page of that one.
type locating struct {
	Path   int    `json:"path"`
	Parent int    `json:"parent"`
	Store  string `json:"store"`
}

func targetPlace(id uuid.UUID) string { return "target/" + id.String() }
func recordPlace(id uuid.UUID) string { return "target_page/" + id.String() }

// NextStep claims a target and decides what is asked of its store next; nil where nothing is to be done now.
func (d *Desk) NextStep(ctx context.Context, target, claim uuid.UUID) (step *Step, err error) {
	for step == nil {
		more := false
		err = d.store.Do(ctx, func(tx *store.Tx) error {
			t, c, key, err := d.claimed(ctx, tx, target, claim)
			if err != nil {
				return err
			}
			if t == nil { // It moved on to where it waits: whoever comes next need not wait for the lease too.
				return tx.ReleaseTarget(ctx, target, claim)
			}
			s := &stepping{Tx: tx, desk: d, t: *t, c: c, key: key, claim: claim}
			if err := json.Unmarshal(t.Spec, &s.spec); err != nil {
				return fmt.Errorf("cannot read the target: %w", err)
			}
			step, more, err = s.next(ctx)
			if err != nil {
				return err
			}
			if err := tx.SetTarget(ctx, s.t, claim, targetLease); err != nil || step != nil || more {
				return err
			}
			return tx.ReleaseTarget(ctx, target, claim) // Nothing is asked now: whoever comes next need not wait for the lease.
		})
		if err != nil || !more {
			break
		}
	}
	return step, err
}

func (d *Desk) claimed(ctx context.Context, tx *store.Tx, target, claim uuid.UUID) (*store.Target, store.Case, seal.Key, error) {
	t, err := tx.TargetByID(ctx, target)
	if err != nil {
		return nil, store.Case{}, seal.Key{}, err
	}
	c, err := tx.Case(ctx, Docket, t.Case)
	if err != nil {
		return nil, c, seal.Key{}, err
	}
	if i, err := tx.Installation(ctx); err != nil || i != nil && i.QuarantinedAt != nil {
		return nil, c, seal.Key{}, err // A clone or a restored copy destroys nothing.
	}
	key, err := d.caseKey(c)
	if err != nil {
		return nil, c, key, err
	}
	held, err := tx.ClaimTarget(ctx, target, claim, c.Now, targetLease)
	return held, c, key, err
}

// stepping decides one step of one target, in one transaction that holds its row.
type stepping struct {
	*store.Tx
	desk  *Desk
	t     store.Target
	c     store.Case
	key   seal.Key
	claim uuid.UUID
	spec  spec
}

// next is the step that is due; more says that the target moved on without asking its store and is to be looked at again.
func (s *stepping) next(ctx context.Context) (step *Step, more bool, err error) {
	switch s.t.State {
	case store.TargetLocating, store.TargetSweeping:
		return s.locate(ctx)
	case store.TargetResting:
		s.t.State = store.TargetWorking
		fallthrough
	case store.TargetWorking:
		return s.work(ctx)
	}
	return nil, false, nil
}

func (s *stepping) step(op string) *Step {
	return &Step{Case: s.t.Case, Target: s.t.ID, Claim: s.claim, Op: op, Store: s.spec.Store, key: s.key}
}

// locate asks for the next page of what the person's identities, or records located before, lead to.
func (s *stepping) locate(ctx context.Context) (*Step, bool, error) {
	var at locating
	if len(s.t.Cursor) > 0 {
		if err := s.key.OpenJSON(targetPlace(s.t.ID), s.t.Cursor, &at); err != nil {
			return nil, false, err
		}
	}
	query, at, err := s.query(ctx, at)
	if err != nil {
		return nil, false, err
	}
	if query == nil {
		more, err := s.located(ctx)
		return nil, more, err
	}
	step := s.step(OpLocate)
	step.Query, step.Cursor, step.Limit, step.at = *query, at.Store, s.pageSize(), at
	return step, false, nil
}

func (s *stepping) pageSize() int {
	if s.t.Kind == string(estate.Postgres) && len(s.spec.Lead) == 0 {
		return pageOfRows
	}
	return pageOfRecords
}

// query is what is asked where locating stands; nil behind the last.
func (s *stepping) query(ctx context.Context, at locating) (*erasing.Query, locating, error) {
	q := &erasing.Query{Collection: s.spec.Collection, Fields: s.fields()}
	if at.Path == 0 {
		matches, err := s.identities(ctx)
		if err != nil || len(matches) > 0 {
			q.Matches = matches
			return q, at, err
		}
		at = locating{Path: 1}
	}
	others := references(s.spec.Paths)
	for ; at.Path <= len(others); at = (locating{Path: at.Path + 1}) {
		path := others[at.Path-1]
		for {
			parent, err := s.PageAfter(ctx, s.t.Case, string(path.From), at.Parent)
			if err != nil {
				return nil, at, err
			}
			if parent == nil {
				break
			}
			items, err := openItems(s.key, *parent)
			if err != nil {
				return nil, at, err
			}
			if values := valuesOf(items, path.FromField); len(values) > 0 {
				q.Matches = []erasing.Match{{Field: path.Field, Values: values}}
				return q, at, nil
			}
			at.Parent = parent.Number
		}
	}
	return nil, at, nil
}

// references are the paths that lead from other collections.
func references(paths []estate.Path) []estate.Path {
	return slices.DeleteFunc(slices.Clone(paths), func(p estate.Path) bool { return p.From == "" })
}

// identities are the matches by what was verified. What was only named is never searched for.
func (s *stepping) identities(ctx context.Context) ([]erasing.Match, error) {
	all, err := s.Identities(ctx, s.t.Case)
	if err != nil {
		return nil, err
	}
	var matches []erasing.Match
	for _, path := range s.spec.Paths {
		match := erasing.Match{Field: path.Field}
		for _, i := range all {
			if path.Identity == "" || i.Kind != path.Identity || i.State != "verified" {
				continue
			}
			var one struct{ Value string }
			if err := s.key.OpenJSON(identityPlace(i.ID), i.Sealed, &one); err != nil {
				return nil, err
			}
			match.Values = append(match.Values, one.Value)
		}
		if len(match.Values) > 0 {
			matches = append(matches, match)
		}
	}
	return matches, nil
}

// fields are what is read with each record: what leads on, and what decides how long it stays.
func (s *stepping) fields() []string {
	fields := slices.Clone(s.spec.Lead)
	if r := s.spec.Collection.Retention; r != nil {
		fields = append(fields, r.From)
	}
	for _, f := range s.spec.Collection.Fields {
		// Other contacts of the account are told before it goes.
		if f.Signal != "" || s.spec.Collection.Root && f.Identity != "" {
			fields = append(fields, f.Name)
		}
	}
	slices.Sort(fields)
	return slices.Compact(fields)
}

// located ends locating: for a plan, or as a sweep that looked for what was left. more is false where others go first.
func (s *stepping) located(ctx context.Context) (more bool, err error) {
	s.t.Cursor, s.t.Attempt, s.t.ErrorClass, s.t.ErrorDetail = nil, 0, nil, nil
	if s.t.State == store.TargetLocating {
		s.t.State, s.t.NextAt = store.TargetLocated, s.c.Now
		return true, nil
	}
	working, _, err := s.PagesAhead(ctx, s.t.ID)
	if err != nil {
		return false, err
	}
	if working == nil {
		return true, s.rest(ctx)
	}
	// The sweep found more: what that leads to is looked for as well, and goes before it.
	s.t.State, s.t.NextAt = store.TargetWorking, s.c.Now
	led, err := s.SweepBehind(ctx, s.t.Case, s.t.Address, s.c.Now)
	return led == 0, err
}

// work erases and verifies page by page; when no page is left it looks once more for what the identities lead to.
func (s *stepping) work(ctx context.Context) (*Step, bool, error) {
	var state request.State
	if err := json.Unmarshal(s.c.State, &state); err != nil {
		return nil, false, fmt.Errorf("cannot read the request's state: %w", err)
	}
	if state.BegunAt == nil || !state.Right.Destroys() || !state.Plan.Approved() {
		return nil, false, problem.New(problem.Forbidden, "nothing was approved to be erased")
	}
	page, err := s.DuePage(ctx, s.t.ID, s.c.Now)
	if err != nil {
		return nil, false, err
	}
	if page == nil {
		working, _, err := s.PagesAhead(ctx, s.t.ID)
		switch {
		case err != nil:
			return nil, false, err
		case working != nil:
			s.t.NextAt = *working
			return nil, false, nil
		case !s.sweeps():
			return nil, false, s.rest(ctx)
		}
		s.t.State, s.t.Cursor, s.t.NextAt = store.TargetSweeping, nil, s.c.Now
		s.t.Sweeps++
		if s.spec.Collection.Strategy != estate.MaskFields {
			err = s.ForgetKeys(ctx, s.t.ID)
		}
		return nil, true, err
	}
	items, err := openItems(s.key, *page)
	if err != nil {
		return nil, false, err
	}
	page.Sealed = nil // Written again only where some are split off.
	if page.State == "erased" {
		step := s.step(OpVerify)
		step.page, step.Order = page.ID, s.order(*page, items)
		return step, false, nil
	}
	if page.State == "kept" || page.State == "held" { // Its date has come.
		if err := s.Stay(ctx, s.t.ID, s.desk.commits(s.t.Address, items), false); err != nil {
			return nil, false, err
		}
		page.State, page.Keep, page.Ground, page.Words, page.Until, page.Hold = "located", false, nil, nil, nil, nil
	}
	items, err = s.divide(ctx, page, items)
	if blocked, ok := errors.AsType[*problem.Error](err); ok && blocked.Code == problem.Conflict {
		class := string(erasing.Mismatch)
		s.t.Attempt++
		s.t.ErrorClass, s.t.ErrorDetail, s.t.NextAt = &class, &blocked.Blockers[0].Detail, s.c.Now.Add(backoff(s.t.Attempt))
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	if len(items) == 0 {
		page.State, page.VerifiedAt, page.NextAt = "verified", &s.c.Now, s.c.Now
		return nil, true, s.SetTargetPage(ctx, *page)
	}
	page.State, page.TriedAt, page.NextAt = "tried", &s.c.Now, s.c.Now
	page.Tries++
	step := s.step(OpErase)
	step.page, step.Order = page.ID, s.order(*page, items)
	return step, false, s.SetTargetPage(ctx, *page)
}

// sweeps says whether looking once more means anything: a person cannot be asked to look for what they say is gone, and a
// record that is masked is found again by what leads to it.
func (s *stepping) sweeps() bool { return s.t.Kind != string(estate.Manual) }

func (s *stepping) order(page store.TargetPage, items []erasing.Item) erasing.Order {
	return erasing.Order{ID: page.ID.String(), Collection: s.spec.Collection, Keep: page.Keep, Items: items}
}

// rest ends the work on a target for now: everything was seen to be gone, or what stays has an instant.
func (s *stepping) rest(ctx context.Context) error {
	_, staying, err := s.PagesAhead(ctx, s.t.ID)
	if err != nil {
		return err
	}
	if s.t.AcceptedAt, s.t.ErasedAt, err = s.TargetInstants(ctx, s.t.ID); err != nil {
		return err
	}
	s.t.Attempt, s.t.ErrorClass, s.t.ErrorDetail, s.t.VerifiedAt = 0, nil, nil, &s.c.Now
	if s.t.State, s.t.NextAt = store.TargetDone, s.c.Now; staying != nil {
		s.t.State, s.t.NextAt = store.TargetResting, *staying
	}
	return nil
}

// forEver is the instant of what has none.
var forEver = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)

// divide splits off a page what must stay, on the ground of a hold or of the estate, and answers with the rest.
func (s *stepping) divide(ctx context.Context, page *store.TargetPage, items []erasing.Item) ([]erasing.Item, error) {
	commits, holds, err := s.holding(ctx, items)
	if err != nil {
		return nil, err
	}
	var rest []erasing.Item
	apart := map[apartKey][]erasing.Item{}
	for i, item := range items {
		hold, held := holds[""]
		if len(holds) > 0 {
			if one, has := holds[string(commits[i])]; has {
				hold, held = one, true
			}
		}
		if held {
			key := apartKey{hold: hold.ID, ground: hold.Ground, until: instantOf(hold.Until), review: hold.ReviewAt.UTC()}
			apart[key] = append(apart[key], item)
			continue
		}
		if r := s.spec.Collection.Retention; r != nil && !page.Keep {
			until, err := retainedUntil(*r, item)
			if err != nil {
				return nil, err
			}
			if until.After(s.c.Now) {
				key := apartKey{ground: r.Ground, until: until}
				apart[key] = append(apart[key], item)
				continue
			}
		}
		rest = append(rest, item)
	}
	if len(apart) == 0 {
		return rest, nil
	}
	for key, these := range apart {
		split := store.TargetPage{ID: newID(), Target: s.t.ID, Case: s.t.Case, State: "held", Ground: &key.ground, Until: &key.until, NextAt: key.until}
		switch {
		case key.hold != uuid.Nil:
			words := holdWords(key.ground)
			if split.Hold, split.Words = &key.hold, &words; key.until.Equal(forEver) {
				split.Until = &key.review
			}
		case s.masks():
			split.State, split.Keep, split.NextAt, split.Words = "located", true, s.c.Now, &s.spec.Collection.Retention.Words
		default:
			split.State, split.Words = "kept", &s.spec.Collection.Retention.Words
		}
		if err := firstError(s.keepItems(&split, these), s.InsertTargetPage(ctx, split), s.Stay(ctx, s.t.ID, s.desk.commits(s.t.Address, these), true)); err != nil {
			return nil, err
		}
		if err := s.tell(ctx, "kept", map[string]any{"page": split.ID, "from": page.ID, "ground": key.ground, "hold": split.Hold, "until": split.Until, "items": len(these)}); err != nil {
			return nil, err
		}
	}
	return rest, s.keepItems(page, rest)
}

// holdWords is the ground of a hold in words.
func holdWords(ground string) string {
	return fmt.Sprintf("%s, GDPR art 17(3)(%s)", strings.ReplaceAll(ground, "_", " "), estate.Ground(ground).Letter())
}

// holding are the holds that stand on some of these records, and the records' commitments where there are any.
func (s *stepping) holding(ctx context.Context, items []erasing.Item) ([][]byte, map[string]store.RecordHold, error) {
	any, err := s.AnyHolding(ctx, s.t.Address, s.c.Now)
	if err != nil || !any {
		return nil, nil, err
	}
	commits := s.desk.commits(s.t.Address, items)
	holds, err := s.Holding(ctx, s.t.Address, commits, s.c.Now)
	return commits, holds, err
}

// tell appends a row to the ledger.
func (s *stepping) tell(ctx context.Context, kind string, body map[string]any) error {
	raw, err := json.Marshal(body)
	if err != nil {
		return err
	}
	return s.InsertErasureEvent(ctx, store.ErasureEvent{Case: s.t.Case, Target: s.t.ID, Page: s.claim, At: s.c.Now, Kind: kind, Body: raw})
}

// apartKey is what keeps records: a hold or a ground, and until when.
type apartKey struct {
	hold   uuid.UUID
	ground string
	until  time.Time
	// review is when counsel looks at a hold again that has no end.
	review time.Time
}

func instantOf(at *time.Time) time.Time {
	if at == nil {
		return forEver
	}
	return at.UTC()
}

// masks says whether a record that stays has fields that do not.
func (s *stepping) masks() bool {
	return slices.ContainsFunc(s.spec.Collection.Fields, func(f estate.Field) bool { return f.Mask != nil })
}

func (s *stepping) keepItems(page *store.TargetPage, items []erasing.Item) (err error) {
	return sealItems(s.key, page, items)
}

// sealItems seals the records of a page and digests what they are.
func sealItems(key seal.Key, page *store.TargetPage, items []erasing.Item) (err error) {
	if page.Sealed, err = key.SealJSON(recordPlace(page.ID), items); err != nil {
		return err
	}
	sum, commitKey := sha256.New(), key.CommitKey("record")
	for _, item := range items {
		commit := seal.Commit(commitKey, item.Key)
		sum.Write(commit[:])
	}
	page.Digest, page.Items = sum.Sum(nil), len(items)
	return nil
}

// openItems opens the records of a page; numbers keep every digit.
func openItems(key seal.Key, page store.TargetPage) (items []erasing.Item, err error) {
	plain, err := key.Open(recordPlace(page.ID), page.Sealed)
	if err != nil {
		return nil, err
	}
	decoder := json.NewDecoder(bytes.NewReader(plain))
	decoder.UseNumber()
	if err := decoder.Decode(&items); err != nil {
		return nil, fmt.Errorf("cannot read what was located: %w", err)
	}
	return items, nil
}

// commits are keyed hashes of records' keys, by which holds and sweeps know them.
func (d *Desk) commits(address string, items []erasing.Item) [][]byte {
	commits := make([][]byte, 0, len(items))
	for _, item := range items {
		commit := d.recordCommit(address, item.Key)
		commits = append(commits, commit)
	}
	return commits
}

func (d *Desk) recordCommit(address, key string) []byte {
	commit := seal.Commit(d.lookup, "record/"+address+"/"+key)
	return commit[:]
}

// valuesOf are the distinct values of one field of records, as text.
func valuesOf(items []erasing.Item, field string) []string {
	var values []string
	seen := map[string]bool{}
	for _, item := range items {
		value, has := item.Values[field]
		if !has || value == nil {
			continue
		}
		if text := fmt.Sprint(value); text != "" && !seen[text] {
			seen[text] = true
			values = append(values, text)
		}
	}
	return values
}

// retainedUntil is until when the law asks to keep a record. A record without the instant to count from is not erased by
// guess: people have to look.
func retainedUntil(r estate.Retention, item erasing.Item) (time.Time, error) {
	text := fmt.Sprint(item.Values[r.From])
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02 15:04:05.999999999-07", "2006-01-02 15:04:05.999999999Z07:00", "2006-01-02 15:04:05.999999999", time.DateOnly} {
		if from, err := time.Parse(layout, text); err == nil {
			return r.Until(from)
		}
	}
	return time.Time{}, problem.Blocked(problem.Blocker{Code: "no_retention_instant", Detail: "a record has no instant in the field " + r.From + ", from which its retention counts"})
}
