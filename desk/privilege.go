package desk

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/problem"
	"github.com/atlascloudai/docket/core/seal"
	"github.com/atlascloudai/docket/store"
)

// PrivilegedText is words that counsel marked privileged. It shows itself in no text, log or JSON, whatever holds it:
// PrivilegedView alone, which only members of a case's legal circle are given, says the words.
type PrivilegedText struct{ words string }

// NewPrivilegedText marks words.
func NewPrivilegedText(words string) PrivilegedText { return PrivilegedText{words} }

const hidden = "(privileged)"

// circleNamed is the entry that names the circle's members.
const circleNamed = "privilege.circle_named"

// UnmarshalText reads the words as they come in.
func (p *PrivilegedText) UnmarshalText(words []byte) error { p.words = string(words); return nil }

// MarshalText keeps the words out of JSON.
func (PrivilegedText) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// Format keeps the words out of every fmt verb.
func (PrivilegedText) Format(state fmt.State, _ rune) { _, _ = io.WriteString(state, hidden) }

// LogValue keeps the words out of logs.
func (PrivilegedText) LogValue() slog.Value { return slog.StringValue(hidden) }

// CircleInput names the legal circle of a case.
type CircleInput struct {
	Members []string `json:"members,omitempty" maxItems:"100" doc:"Handles of the members; the caller is always among them"`
}

// PrivilegedInput marks something privileged.
type PrivilegedInput struct {
	Kind  string         `json:"kind" enum:"advice,request,communication,work_product" doc:"What it is: advice of counsel, a request for it, another communication with counsel, or work product"`
	Basis string         `json:"basis" enum:"attorney_client,work_product,common_interest" doc:"Why it is privileged, as a privilege log says it"`
	Text  PrivilegedText `json:"text" minLength:"1" maxLength:"100000" doc:"The words; only the case's legal circle reads them"`
}

// PrivilegeLogEntry says of something privileged what a privilege log says: never the words.
type PrivilegeLogEntry struct {
	ID         uuid.UUID `json:"id" doc:"Id of the item"`
	At         time.Time `json:"at" doc:"When it was marked privileged"`
	Author     string    `json:"author" doc:"Handle of who wrote it down"`
	Kind       string    `json:"kind" doc:"advice, request, communication or work_product"`
	Basis      string    `json:"basis" doc:"attorney_client, work_product or common_interest"`
	Recipients []string  `json:"recipients" doc:"Handles of everybody who has been in the legal circle since"`
	Commitment string    `json:"commitment" doc:"Commitment to the words, as in the case's chain, hex"`
}

// PrivilegedView is something privileged with its words, for members of the legal circle.
type PrivilegedView struct {
	PrivilegeLogEntry
	Text PrivilegedText `json:"text" doc:"The words"`
}

// MarshalJSON is the one place that says the words.
func (v PrivilegedView) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		PrivilegeLogEntry
		Text string `json:"text"`
	}{v.PrivilegeLogEntry, v.Text.words})
}

// privilegedWords is what the sealed column holds, and what the commitment is about.
type privilegedWords struct {
	Kind, Basis, Text string
}

func privilegedPlace(id uuid.UUID) string { return "privileged/" + id.String() }

// commitment is bound to its item: the same words twice do not look the same.
func commitment(key seal.Key, id uuid.UUID, plain []byte) []byte {
	sum := seal.Commit(key.CommitKey("privileged"), id.String()+string(plain))
	return sum[:]
}

// NameCircle is counsel's word on who reads what is privileged in a case. Nobody stands in for counsel here. Once a case
// has a circle only its members change it; for others it is not found.
func (d *Desk) NameCircle(ctx context.Context, actor access.Actor, key string, caseID uuid.UUID, in CircleInput) (Receipt, error) {
	return d.command(ctx, actor, key, access.PrivilegeCircle, caseID, in, func(w *work) (Receipt, error) {
		has, err := w.HasCircle(ctx, w.c.ID)
		if err != nil {
			return Receipt{}, err
		}
		if has {
			if _, err := w.PrivilegeScope(ctx, actor, w.c.ID); err != nil {
				return Receipt{}, err
			}
		}
		if !slices.Contains(actor.Roles, access.LegalCounsel) {
			return Receipt{}, problem.New(problem.Forbidden, "only counsel in person names the legal circle: it has to be a lawyer's")
		}
		members, err := w.circleOf(ctx, in.Members)
		if err != nil {
			return Receipt{}, err
		}
		if !has {
			scope := newID()
			if _, err := d.newKey(ctx, w.Tx, scope); err != nil {
				return Receipt{}, err
			}
			if err := w.InsertCircle(ctx, w.c.ID, scope); err != nil {
				return Receipt{}, err
			}
		}
		w.write(circleNamed, time.Time{}, map[string]any{"members": members}, nil)
		return Receipt{Count: len(members)}, w.SetCircle(ctx, w.c.ID, members)
	})
}

// circleOf turns handles into people who can see the case; whoever decides is among them.
func (w *work) circleOf(ctx context.Context, handles []string) ([]uuid.UUID, error) {
	who, err := uuid.Parse(w.actor.ID)
	if err != nil {
		return nil, err
	}
	members := []uuid.UUID{who}
	for _, handle := range handles {
		p, err := w.PrincipalByHandle(ctx, handle)
		if problem.CodeOf(err) == problem.NotFound || err == nil && p.Kind != string(access.Person) {
			return nil, problem.InvalidField("members", "no person has the handle %q", handle)
		}
		if err != nil {
			return nil, err
		}
		if !slices.Contains(members, p.ID) {
			members = append(members, p.ID)
		}
	}
	if w.c.Restricted {
		outside, err := w.NotMembers(ctx, w.c.ID, members)
		if err != nil {
			return nil, err
		}
		if len(outside) > 0 {
			return nil, problem.InvalidField("members", "%d of them do not see the restricted case; make them members of the case first", len(outside))
		}
	}
	return members, nil
}

// RecordPrivileged marks words privileged. The chain gets a commitment to them and the hash of what is stored. The
// idempotency key is held against a keyed digest, because a plain one would let words be guessed.
func (d *Desk) RecordPrivileged(ctx context.Context, actor access.Actor, key string, caseID uuid.UUID, in PrivilegedInput) (receipt Receipt, err error) {
	if err := access.May(actor, access.PrivilegeRecord); err != nil {
		return receipt, err
	}
	who, err := uuid.Parse(actor.ID)
	if err != nil {
		return receipt, err
	}
	plain, err := json.Marshal(privilegedWords{in.Kind, in.Basis, in.Text.words})
	if err != nil {
		return receipt, errors.New("cannot encode what is privileged")
	}
	err = d.store.Do(ctx, func(tx *store.Tx) error {
		_, circle, err := d.circle(ctx, tx, actor, caseID)
		if err != nil {
			return err
		}
		if err := checkPrivileged(in); err != nil {
			return err
		}
		digest := seal.Commit(circle.CommitKey("idempotency"), caseID.String()+string(plain))
		return once(ctx, tx, actor, key, string(access.PrivilegeRecord), digest[:], &receipt, func() error {
			receipt, err = d.locked(ctx, tx, actor, caseID, func(w *work) (Receipt, error) {
				id := newID()
				item := store.Privileged{
					ID: id, Case: w.c.ID, At: w.c.Now.Truncate(time.Microsecond), Author: who, Kind: in.Kind, Basis: in.Basis,
					Sealed: circle.Seal(privilegedPlace(id), plain), Commitment: commitment(circle, id, plain),
				}
				w.write("privilege.recorded", time.Time{}, map[string]any{
					"item": id, "commitment": hex.EncodeToString(item.Commitment), "row": textDigest(item.Bytes()),
				}, nil)
				return Receipt{ID: &id}, w.InsertPrivileged(ctx, item)
			})
			return err
		})
	})
	return receipt, err
}

func checkPrivileged(in PrivilegedInput) error {
	switch {
	case !slices.Contains([]string{"advice", "request", "communication", "work_product"}, in.Kind):
		return problem.InvalidField("kind", "must be advice, request, communication or work_product")
	case !slices.Contains([]string{"attorney_client", "work_product", "common_interest"}, in.Basis):
		return problem.InvalidField("basis", "must be attorney_client, work_product or common_interest")
	case in.Text.words == "":
		return problem.InvalidField("text", "give the words that are privileged")
	}
	return nil
}

// circle opens a case and the key of its legal circle, for a member. For others neither is found.
func (d *Desk) circle(ctx context.Context, tx *store.Tx, actor access.Actor, caseID uuid.UUID) (store.Case, seal.Key, error) {
	c, err := tx.Case(ctx, actor, caseID)
	if err != nil {
		return c, seal.Key{}, err
	}
	scope, err := tx.PrivilegeScope(ctx, actor, c.ID)
	if err != nil {
		return c, seal.Key{}, err
	}
	key, err := d.keyOf(ctx, tx, scope)
	return c, key, erased(err)
}

// inCircle is a read by a member of a case's legal circle; it leaves a trace.
func (d *Desk) inCircle(ctx context.Context, actor access.Actor, caseID uuid.UUID, f func(*store.Tx, store.Case, seal.Key) error) error {
	if err := access.May(actor, access.PrivilegeRead); err != nil {
		return err
	}
	return d.store.Do(ctx, func(tx *store.Tx) error {
		c, key, err := d.circle(ctx, tx, actor, caseID)
		if err != nil {
			return err
		}
		if err := tx.Access(ctx, actor, c.ID, string(access.PrivilegeRead)); err != nil {
			return err
		}
		return f(tx, c, key)
	})
}

// Circle lists the members of a case's legal circle by handle, for its members.
func (d *Desk) Circle(ctx context.Context, actor access.Actor, caseID uuid.UUID) (handles []string, err error) {
	err = d.inCircle(ctx, actor, caseID, func(tx *store.Tx, c store.Case, _ seal.Key) error {
		members, err := tx.Circle(ctx, c.ID)
		if err != nil {
			return err
		}
		names, err := tx.Handles(ctx, members)
		handles = called(names, members)
		return err
	})
	return handles, err
}

// PrivilegeLog lists what is privileged in a case, without the words, for members of its circle.
func (d *Desk) PrivilegeLog(ctx context.Context, actor access.Actor, caseID uuid.UUID, cursor string, limit int) (page Page[PrivilegeLogEntry], err error) {
	from, err := after(cursor)
	if err != nil {
		return page, err
	}
	err = d.inCircle(ctx, actor, caseID, func(tx *store.Tx, c store.Case, _ seal.Key) error {
		log, err := openLog(ctx, tx, c.ID)
		if err != nil {
			return err
		}
		items, err := tx.Privileged(ctx, c.ID, from, size(limit)+1)
		if err != nil {
			return err
		}
		views, err := log.entries(ctx, tx, items)
		page = pageOf(views, size(limit), func(e PrivilegeLogEntry) string { return e.ID.String() })
		return err
	})
	return page, err
}

// Privileged reads one thing that is privileged, for members of the case's circle.
func (d *Desk) Privileged(ctx context.Context, actor access.Actor, caseID, id uuid.UUID) (view PrivilegedView, err error) {
	err = d.inCircle(ctx, actor, caseID, func(tx *store.Tx, c store.Case, key seal.Key) error {
		log, err := openLog(ctx, tx, c.ID)
		if err != nil {
			return err
		}
		item, err := tx.PrivilegedItem(ctx, c.ID, id)
		if err != nil {
			return err
		}
		entries, err := log.entries(ctx, tx, []store.Privileged{item})
		if err != nil {
			return err
		}
		view, err = privilegedView(key, item, entries[0])
		return err
	})
	return view, err
}

// privilegedView opens the words, and holds them against their commitment.
func privilegedView(key seal.Key, item store.Privileged, e PrivilegeLogEntry) (PrivilegedView, error) {
	plain, err := key.Open(privilegedPlace(item.ID), item.Sealed)
	if err != nil {
		return PrivilegedView{}, fmt.Errorf("cannot open the privileged item %s: %w", item.ID, err)
	}
	var words privilegedWords
	if err := json.Unmarshal(plain, &words); err != nil {
		return PrivilegedView{}, fmt.Errorf("cannot read the privileged item %s", item.ID)
	}
	if string(commitment(key, item.ID, plain)) != string(item.Commitment) || words.Kind != item.Kind || words.Basis != item.Basis {
		return PrivilegedView{}, fmt.Errorf("the privileged item %s is not what the chain commits to", item.ID)
	}
	return PrivilegedView{e, PrivilegedText{words.Text}}, nil
}

// privilegeLog knows who has been in a case's circle since when.
type privilegeLog struct {
	named []store.Entry
	who   [][]uuid.UUID
}

func openLog(ctx context.Context, tx *store.Tx, caseID uuid.UUID) (log privilegeLog, err error) {
	if log.named, err = tx.EntriesOf(ctx, caseID, circleNamed); err != nil {
		return log, err
	}
	for _, e := range log.named {
		var body struct{ Members []uuid.UUID }
		if err := json.Unmarshal(e.Body, &body); err != nil {
			return log, fmt.Errorf("cannot read entry %d: %w", e.Seq, err)
		}
		log.who = append(log.who, body.Members)
	}
	return log, nil
}

// recipients is everybody who has been in the circle since an instant: whoever is in it may read all of it.
func (l privilegeLog) recipients(since time.Time) (people []uuid.UUID) {
	for i, members := range l.who {
		if i+1 < len(l.named) && !l.named[i+1].RecordedAt.After(since) {
			continue // Another circle was named before that.
		}
		for _, member := range members {
			if !slices.Contains(people, member) {
				people = append(people, member)
			}
		}
	}
	return people
}

func (l privilegeLog) entries(ctx context.Context, tx *store.Tx, items []store.Privileged) ([]PrivilegeLogEntry, error) {
	var people []uuid.UUID
	for _, item := range items {
		people = append(people, item.Author)
	}
	for _, members := range l.who {
		people = append(people, members...)
	}
	handles, err := tx.Handles(ctx, people)
	if err != nil {
		return nil, err
	}
	entries := make([]PrivilegeLogEntry, 0, len(items))
	for _, item := range items {
		entries = append(entries, PrivilegeLogEntry{
			ID: item.ID, At: item.At.UTC(), Author: handles[item.Author], Kind: item.Kind, Basis: item.Basis,
			Recipients: called(handles, l.recipients(item.At)), Commitment: hex.EncodeToString(item.Commitment),
		})
	}
	return entries, nil
}

// called is what people are called, sorted.
func called(handles map[uuid.UUID]string, people []uuid.UUID) []string {
	names := make([]string, 0, len(people))
	for _, id := range people {
		names = append(names, handles[id])
	}
	slices.Sort(names)
	return names
}
