package desk

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/audit"
	"github.com/atlascloudai/docket/core/cases"
	"github.com/atlascloudai/docket/core/cases/change"
	"github.com/atlascloudai/docket/core/cases/incident"
	"github.com/atlascloudai/docket/core/cases/request"
	"github.com/atlascloudai/docket/core/problem"
	"github.com/atlascloudai/docket/core/seal"
	"github.com/atlascloudai/docket/store"
)

// Docket is the actor of whatever carries out what people decided.
var Docket = access.Actor{ID: "docket", Kind: access.Worker, Handle: "docket"}

// work is one decision in its transaction: the case is locked, its time is taken.
type work struct {
	*store.Tx
	c   store.Case
	key seal.Key
	// state is an incident's, request a request's, change a notice of change's: which of them the case's kind says.
	state   incident.State
	request request.State
	change  change.State
	actor   access.Actor
	events  []cases.Event
	trace   string
}

// command decides one command of one case: authorise, make a repetition harmless, lock, decide,
// write state and timeline, ring. Whatever f refuses changes nothing.
func (d *Desk) command(ctx context.Context, actor access.Actor, key string, action access.Action, caseID uuid.UUID, in any, f func(*work) (Receipt, error)) (Receipt, error) {
	if err := access.May(actor, action); err != nil {
		return Receipt{}, err
	}
	digest, err := digestOf(caseID, in)
	if err != nil {
		return Receipt{}, err
	}
	var receipt Receipt
	err = d.store.Do(ctx, func(tx *store.Tx) error {
		return once(ctx, tx, actor, key, string(action), digest, &receipt, func() error {
			receipt, err = d.locked(ctx, tx, actor, caseID, func(w *work) (Receipt, error) {
				if !belongs(action, w.c.Kind) {
					return Receipt{}, problem.Missing("incident")
				}
				return f(w)
			})
			return err
		})
	})
	return receipt, err
}

// belongs says whether an action is one of a kind of case. A request has words, letters and a life of its own; a notice of change
// has notices as an incident has.
func belongs(action access.Action, kind string) bool {
	notices := strings.HasPrefix(string(action), "notice.")
	incidents := action != access.IncidentRestrict && strings.HasPrefix(string(action), "incident.") || action == access.CaseSummary
	return kind == KindIncident || !incidents && (kind == KindChange || !notices)
}

// begin writes a new case with a data key of its own, its state and its sealed words, and answers the first work on it. c says what
// kind it is, its code and status, and when it began.
func (d *Desk) begin(ctx context.Context, tx *store.Tx, actor access.Actor, c store.Case, state, words any) (w *work, err error) {
	c.ID, c.PackVersion, c.NextSeq, c.SummaryVersion = newID(), d.pack.Version, 1, 1
	genesis := audit.Genesis(c.ID.String())
	c.Head = genesis[:]
	key, err := d.newKey(ctx, tx, c.ID)
	if err != nil {
		return nil, err
	}
	if c.State, err = json.Marshal(state); err != nil {
		return nil, fmt.Errorf("cannot write the case's state: %w", err)
	}
	if c.Sealed, err = key.SealJSON(casePlace(c.ID), words); err != nil {
		return nil, err
	}
	w = &work{Tx: tx, c: c, key: key, actor: actor, trace: traceOf(ctx)}
	return w, firstError(d.keepPack(ctx, tx), tx.InsertCase(ctx, c), json.Unmarshal(c.State, w.machine()))
}

// opened is the receipt of a case that was just begun and saved.
func (w *work) opened() Receipt {
	return Receipt{Case: w.c.ID, Code: w.c.Code, Status: w.c.Status, Entry: w.c.NextSeq - 1}
}

// locked runs f with the case locked and writes back what it decided.
func (d *Desk) locked(ctx context.Context, tx *store.Tx, actor access.Actor, caseID uuid.UUID, f func(*work) (Receipt, error)) (Receipt, error) {
	c, err := tx.LockCase(ctx, actor, caseID)
	if err != nil {
		return Receipt{}, err
	}
	w := &work{Tx: tx, c: c, actor: actor, trace: traceOf(ctx)}
	if w.key, err = d.caseKey(c); err != nil {
		return Receipt{}, erased(err)
	}
	if err := json.Unmarshal(c.State, w.machine()); err != nil {
		return Receipt{}, fmt.Errorf("cannot read the case's state: %w", err)
	}
	receipt, err := f(w)
	if err != nil {
		return Receipt{}, err
	}
	if err := w.save(ctx); err != nil {
		return Receipt{}, err
	}
	receipt.Case, receipt.Code, receipt.Status, receipt.Entry = w.c.ID, w.c.Code, w.c.Status, w.c.NextSeq-1
	return receipt, nil
}

// save writes the state, appends the events to the chain and rings the case's process.
func (w *work) save(ctx context.Context) error {
	entries := make([]audit.Entry, 0, len(w.events))
	for _, event := range w.events {
		entry, err := w.entry(event)
		if err != nil {
			return err
		}
		entries = append(entries, entry)
	}
	state, err := json.Marshal(w.machine())
	if err != nil {
		return fmt.Errorf("cannot write the case's state: %w", err)
	}
	w.c.State = state
	switch w.c.Kind {
	case KindRequest:
		w.c.Status = string(w.request.Status)
	case KindChange:
		w.c.Status = string(w.change.Status)
	default:
		w.c.Status = string(w.state.Status)
	}
	return w.SaveCase(ctx, &w.c, entries, caseBell(w.c, w.trace))
}

func (w *work) entry(event cases.Event) (audit.Entry, error) {
	body, err := json.Marshal(event.Body)
	if err != nil {
		return audit.Entry{}, fmt.Errorf("cannot write the entry %s: %w", event.Kind, err)
	}
	e := audit.Entry{HappenedAt: event.HappenedAt, RecordedAt: w.c.Now, Kind: event.Kind, Actor: w.actor.ID, Body: body}
	if e.HappenedAt.IsZero() {
		e.HappenedAt = w.c.Now
	}
	if event.Content != nil {
		if e.Sealed, err = w.key.SealJSON(timelinePlace(w.c.ID, event.Kind), event.Content); err != nil {
			return audit.Entry{}, err
		}
	}
	return e, nil
}

func (w *work) write(kind string, at time.Time, body, content any) {
	w.events = append(w.events, cases.Event{Kind: kind, HappenedAt: at, Body: body, Content: content})
}

// apply decides one command of the machine and keeps its events.
func (w *work) apply(ctx context.Context, c incident.Command) error {
	if w.c.Kind != KindIncident {
		return problem.Missing("incident")
	}
	counts, err := w.Counts(ctx, w.c.ID)
	if err != nil {
		return err
	}
	state, events, err := incident.Apply(incident.Decision{
		State: w.state, Counts: counts, Actor: w.actor.ID, PrivacyLead: w.actor.Has(access.PrivacyLead), Now: w.c.Now,
	}, c)
	if err != nil {
		return err
	}
	w.state, w.events = state, append(w.events, events...)
	return nil
}

// machine is the state that the case's kind has.
func (w *work) machine() any {
	switch w.c.Kind {
	case KindRequest:
		return &w.request
	case KindChange:
		return &w.change
	}
	return &w.state
}

// working refuses work on the notices of a case that has ended.
func (w *work) working(ctx context.Context, what string) error {
	if w.c.Kind == KindChange {
		return w.decideChange(ctx, change.Working{What: what})
	}
	return w.apply(ctx, incident.Working{What: what})
}

// decideChange decides one command of a notice of change's machine and keeps its events.
func (w *work) decideChange(ctx context.Context, c change.Command) error {
	if w.c.Kind != KindChange {
		return problem.Missing("change")
	}
	totals, err := w.ChangeTotals(ctx, w.c.ID, w.change.Mode, w.c.Now)
	if err != nil {
		return err
	}
	state, events, err := change.Apply(change.Decision{State: w.change, Counts: totals.Counts, Actor: w.actor.ID, Now: w.c.Now}, c)
	if err != nil {
		return err
	}
	w.change, w.events = state, append(w.events, events...)
	return nil
}

// decideRequest decides one command of a request's machine and keeps its events.
func (w *work) decideRequest(ctx context.Context, c request.Command) error {
	if w.c.Kind != KindRequest {
		return problem.Missing("request")
	}
	counts, err := w.RequestCounts(ctx, w.c.ID, w.c.Now)
	if err != nil {
		return err
	}
	state, events, err := request.Apply(request.Decision{State: w.request, Counts: counts, Actor: w.actor.ID, Now: w.c.Now}, c)
	if err != nil {
		return err
	}
	before := w.request.Status
	w.request, w.events = state, append(w.events, events...)
	if state.Status == before || !state.Status.Ended() {
		return nil
	}
	notices, err := w.Notices(ctx, w.c.ID)
	return firstError(err, w.withdrawDrafts(ctx, notices, false)) // What they say is no longer true.
}

// pending reports whether the last event is a first person's word that waits for a second's.
func (w *work) pending() bool {
	return len(w.events) > 0 && bytes.HasSuffix([]byte(w.events[len(w.events)-1].Kind), []byte("_proposed"))
}

// once makes a repeated call harmless: same key and body give the same receipt, another body is refused,
// and a call that is still running is not waited for. A crash frees the key, because it is part of the transaction.
func once(ctx context.Context, tx *store.Tx, actor access.Actor, key, operation string, digest []byte, receipt *Receipt, f func() error) error {
	if key == "" {
		return f()
	}
	if len(key) > 255 {
		return problem.InvalidField("Idempotency-Key", "at most 255 characters")
	}
	who, err := uuid.Parse(actor.ID)
	if err != nil {
		return problem.New(problem.Forbidden, "only people and machines use idempotency keys")
	}
	free, used, err := tx.TakeKey(ctx, who, key)
	if err != nil {
		return err
	}
	if !free {
		return &problem.Error{Code: problem.InFlight, Detail: "the same Idempotency-Key is being worked on; ask again", RetryAfter: time.Second}
	}
	if used != nil {
		if used.Operation != operation || !bytes.Equal(used.Digest, digest) {
			return problem.New(problem.Mismatch, "this Idempotency-Key was used for another request; use a new one")
		}
		return json.Unmarshal(used.Receipt, receipt)
	}
	if err := f(); err != nil {
		return err
	}
	stored, err := json.Marshal(receipt)
	if err != nil {
		return fmt.Errorf("cannot write the receipt: %w", err)
	}
	return tx.UseKey(ctx, who, key, store.Used{Operation: operation, Digest: digest, Receipt: stored})
}

func digestOf(subject uuid.UUID, in any) ([]byte, error) {
	body, err := json.Marshal(in)
	if err != nil {
		return nil, fmt.Errorf("cannot digest the request: %w", err)
	}
	sum := sha256.Sum256(append(subject[:], body...))
	return sum[:], nil
}

// read runs f on one snapshot with the case as the actor sees it; reading a restricted case leaves a trace.
func (d *Desk) read(ctx context.Context, actor access.Actor, action access.Action, caseID uuid.UUID, f func(*store.Tx, store.Case, seal.Key) error) error {
	if err := access.May(actor, action); err != nil {
		return err
	}
	return d.store.Do(ctx, func(tx *store.Tx) error {
		c, err := tx.Case(ctx, actor, caseID)
		if err != nil {
			return err
		}
		return d.opened(ctx, tx, actor, action, c, f)
	})
}

func (d *Desk) opened(ctx context.Context, tx *store.Tx, actor access.Actor, action access.Action, c store.Case, f func(*store.Tx, store.Case, seal.Key) error) error {
	if c.Restricted && actor.Kind != access.Worker {
		if err := tx.Access(ctx, actor, c.ID, string(action)); err != nil {
			return err
		}
	}
	key, err := d.caseKey(c)
	if err != nil && !errors.Is(err, seal.ErrShredded) {
		return err
	}
	return erased(f(tx, c, key))
}

// caseKey opens the data key of a case that was read.
func (d *Desk) caseKey(c store.Case) (seal.Key, error) {
	return d.keys.Unwrap(c.ID.String(), seal.Wrapped{KEK: c.KEK, Bytes: c.Wrapped})
}

// keyOf opens the data key of a scope: a case or a customer.
func (d *Desk) keyOf(ctx context.Context, tx *store.Tx, scope uuid.UUID) (seal.Key, error) {
	kek, wrapped, err := tx.DataKey(ctx, scope)
	if err != nil {
		return seal.Key{}, err
	}
	return d.keys.Unwrap(scope.String(), seal.Wrapped{KEK: kek, Bytes: wrapped})
}

// newKey makes and stores the data key of a new scope.
func (d *Desk) newKey(ctx context.Context, tx *store.Tx, scope uuid.UUID) (seal.Key, error) {
	key, wrapped, err := d.keys.NewDataKey(scope.String())
	if err != nil {
		return seal.Key{}, err
	}
	return key, tx.InsertDataKey(ctx, scope, wrapped.KEK, wrapped.Bytes)
}

// Places bind a sealed value to where it stands, so that it cannot be moved.
func timelinePlace(caseID uuid.UUID, kind string) string {
	return "timeline/" + caseID.String() + "/" + kind
}
func casePlace(caseID uuid.UUID) string            { return "case/" + caseID.String() }
func partyPlace(id uuid.UUID) string               { return "party/" + id.String() }
func factPlace(id uuid.UUID) string                { return "fact/" + id.String() }
func noticePlace(id uuid.UUID, version int) string { return fmt.Sprintf("notice/%s/%d", id, version) }
func deliveryPlace(id uuid.UUID) string            { return "delivery/" + id.String() }
func customerPlace(id uuid.UUID) string            { return "customer/" + id.String() }
func contactPlace(customer uuid.UUID) string       { return "contact/" + customer.String() }

// newID is a UUIDv7: sortable by time, unguessable enough to name a row.
func newID() uuid.UUID { return uuid.Must(uuid.NewV7()) }
