package desk

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/cases/request"
	"github.com/atlascloudai/docket/core/estate"
	"github.com/atlascloudai/docket/core/letters/person"
	"github.com/atlascloudai/docket/core/problem"
	"github.com/atlascloudai/docket/core/seal"
	"github.com/atlascloudai/docket/store"
)

// askAtOnce is how many mail addresses of a new request are asked by themselves; the rest a person asks.
const askAtOnce = 3

// greet writes to whoever asked, in the same way whether or not anything is held about them: the codes for the mailboxes that
// were named, or that the request arrived.
func (d *Desk) greet(ctx context.Context, w *work) error {
	if w.request.Instructed != "" { // The controller knows what it instructed, and the person hears from the controller.
		return nil
	}
	said, err := w.content()
	if err != nil {
		return err
	}
	asked := 0
	if w.request.Status == request.VerifyingIdentity {
		identities, err := w.Identities(ctx, w.c.ID)
		if err != nil {
			return err
		}
		for _, i := range identities {
			if i.Kind != request.EmailIdentity || asked == askAtOnce {
				continue
			}
			if err := d.ask(ctx, w, i); err != nil {
				return err
			}
			asked++
		}
	}
	acknowledge, err := w.dutyBy(ctx, "acknowledge")
	if err != nil || said.ReplyTo == "" || asked > 0 && acknowledge == nil {
		return err
	}
	v, err := d.letterValues(ctx, w, said)
	if err != nil {
		return err
	}
	var meets *uuid.UUID
	if acknowledge != nil {
		meets = &acknowledge.ID
	}
	return d.mail(ctx, w, person.Acknowledgement, said.ReplyTo, v, meets)
}

// dutyBy is the duty to the person whose rule has a word in its name; nil where there is none.
func (w *work) dutyBy(ctx context.Context, word string) (*store.Duty, error) {
	duties, err := w.Duties(ctx, w.c.ID, store.DutyFilter{Limit: chunk})
	i := slices.IndexFunc(duties, func(owed store.Duty) bool {
		return owed.Counterparty == toRequester && strings.Contains(owed.Rule, word)
	})
	if err != nil || i < 0 {
		return nil, err
	}
	return &duties[i], nil
}

// LetterInput drafts a letter to the person.
type LetterInput struct {
	Kind  string `json:"kind" enum:"answer,denial,extension" doc:"answer: what was done, from what is true now; denial: why not; extension: why it takes longer"`
	Words string `json:"words,omitempty" maxLength:"5000" doc:"The reasons, for a denial or an extension; more to say, in an answer"`
}

// DraftLetter drafts a letter to the person from what is true now. A draft of the same kind that was not sent ends with it.
func (d *Desk) DraftLetter(ctx context.Context, actor access.Actor, key string, caseID uuid.UUID, in LetterInput) (Receipt, error) {
	return d.onRequest(ctx, actor, key, access.RequestWork, caseID, in, func(w *work) (Receipt, error) {
		kind := person.Kind(in.Kind)
		switch {
		case kind != person.Answer && kind != person.Denial && kind != person.Extension:
			return Receipt{}, problem.InvalidField("kind", "must be answer, denial or extension")
		case kind != person.Answer && in.Words == "":
			return Receipt{}, problem.InvalidField("words", "say why: the person is owed the reasons")
		case kind == person.Denial && w.request.Status != request.Denied:
			return Receipt{}, problem.Blocked(problem.Blocker{Code: "not_denied", Detail: "deny the request first; a letter decides nothing"})
		case kind == person.Extension:
			if err := w.canExtend(ctx); err != nil {
				return Receipt{}, err
			}
		}
		n, err := d.compose(ctx, w, kind, in.Words)
		return Receipt{ID: &n.ID, Version: 1}, err
	})
}

// supplement drafts what a later version of the certificate has to tell a person who was answered already. Somebody approves it.
func (d *Desk) supplement(ctx context.Context, w *work) error {
	notices, err := w.Notices(ctx, w.c.ID)
	switch {
	case err != nil:
		return err
	case !answerSent(notices):
		return w.withdrawDrafts(ctx, notices, false) // What it said is no longer true; it is drafted anew when it is due.
	}
	_, err = d.compose(ctx, w, person.Answer, "")
	return err
}

// answerSent says whether an answer was sent, or is on its way.
func answerSent(notices []store.Notice) bool {
	return slices.ContainsFunc(notices, func(n store.Notice) bool {
		return n.Kind == noticePersonal+string(person.Answer) && (n.State == noticeReleasing || n.State == noticeReleased)
	})
}

// withdrawDrafts withdraws the letters that were not sent: those of an extension, or all others.
func (w *work) withdrawDrafts(ctx context.Context, notices []store.Notice, extension bool) error {
	for _, n := range notices {
		if !slices.Contains(notReleased, n.State) || !strings.HasPrefix(n.Kind, noticePersonal) || (n.Kind == noticePersonal+string(person.Extension)) != extension {
			continue
		}
		n.State = noticeWithdrawn
		w.write("notice.withdrawn", time.Time{}, map[string]any{"notice": n.ID}, nil)
		if err := w.UpdateNotice(ctx, n); err != nil {
			return err
		}
	}
	return nil
}

// canExtend refuses an extension that the rule does not know, or whose first period is over.
func (w *work) canExtend(ctx context.Context) error {
	owed, err := w.answerDuty(ctx)
	switch {
	case err != nil:
		return err
	case w.request.Extended:
		return problem.Blocked(problem.Blocker{Code: "extended", Detail: "the period was extended before"})
	case owed != nil && owed.Limit == nil:
		return problem.Blocked(problem.Blocker{Code: "no_last_day", Detail: "nobody can say yet when the first period ends: the clock stands still for a clarification, or the calendar does not reach that far"})
	case owed == nil || !owed.Limit.After(w.c.Now):
		return problem.Blocked(problem.Blocker{Code: "too_late", Detail: "the first period is over; an extension counts only when its letter was delivered in it"})
	}
	return nil
}

// DraftAnswer drafts an answer in the last third of the period, from what is then true. A person approves it; nothing goes by
// itself.
func (d *Desk) DraftAnswer(ctx context.Context, caseID uuid.UUID) (int, error) {
	return d.process(ctx, access.RequestRecord, caseID, func(w *work) (int, error) {
		kind := person.Answer
		if w.request.Status == request.Denied {
			kind = person.Denial
		}
		_, err := d.compose(ctx, w, kind, "")
		return 1, err
	})
}

// compose writes a letter from what is true now, in the place of one of its kind that was not sent: answer, denial and
// supplement take each other's place, an extension that of an extension.
func (d *Desk) compose(ctx context.Context, w *work, kind person.Kind, words string) (store.Notice, error) {
	notices, err := w.Notices(ctx, w.c.ID)
	if err != nil {
		return store.Notice{}, err
	}
	if kind == person.Answer && answerSent(notices) {
		kind = person.Supplement
	}
	if err := w.withdrawDrafts(ctx, notices, kind == person.Extension); err != nil {
		return store.Notice{}, err
	}
	said, err := w.content()
	if err != nil {
		return store.Notice{}, err
	}
	v, err := d.letterValues(ctx, w, said)
	if err != nil {
		return store.Notice{}, err
	}
	if v.Words = words; kind == person.Denial && words == "" {
		v.Words = w.deniedFor(ctx)
	}
	if kind == person.Answer || kind == person.Supplement {
		if err := d.tellLines(ctx, w, &v); err != nil {
			return store.Notice{}, err
		}
	}
	letter := personal{Kind: kind, To: said.ReplyTo}
	owed, err := w.answerDuty(ctx)
	switch {
	case err != nil:
		return store.Notice{}, err
	case owed != nil && kind == person.Extension:
		if v.DueAt, err = d.longer(ctx, w, *owed); err != nil {
			return store.Notice{}, err
		}
	case owed != nil:
		letter.Duty = &owed.ID
	}
	if letter.Letter, err = person.Write(kind, w.request.Language, v); err != nil {
		return store.Notice{}, err
	}
	return d.draftLetter(ctx, w, noticeAwaiting, letter)
}

// longer is until when the answer is owed once the period is extended.
func (d *Desk) longer(ctx context.Context, w *work, owed store.Duty) (*time.Time, error) {
	before := owed.Limit
	w.request.Extended = true
	err := d.requestClock(ctx, w, &owed)
	w.request.Extended = false
	if err == nil && owed.Limit != nil && owed.Limit.Equal(*before) {
		err = problem.Blocked(problem.Blocker{Code: "no_extension", Detail: "the law of this request knows no extension"})
	}
	return owed.Limit, err
}

// deniedFor are the words with which the request was denied.
func (w *work) deniedFor(ctx context.Context) string {
	entries, err := w.Timeline(ctx, w.c.ID, 0, chunk)
	if err != nil {
		return ""
	}
	for _, e := range slices.Backward(entries) {
		var content struct {
			Words string `json:"words"`
		}
		if e.Kind == "request.denied" && w.key.OpenJSON(timelinePlace(w.c.ID, e.Kind), e.Sealed, &content) == nil {
			return content.Words
		}
	}
	return ""
}

// tellLines says of every place what is true now: gone and seen to be gone, still being removed, kept on a ground. Of a duplicate
// that is what became of the request that it repeats.
func (d *Desk) tellLines(ctx context.Context, w *work, v *person.Values) error {
	w, err := w.canonical(ctx)
	if err != nil {
		return err
	}
	targets, err := w.Targets(ctx, w.c.ID)
	if err != nil {
		return err
	}
	sums, err := w.PageSums(ctx, w.c.ID)
	if err != nil {
		return err
	}
	tasks, err := w.Tasks(ctx, w.c.ID)
	if err != nil {
		return err
	}
	for _, t := range targets {
		var of spec
		if err := json.Unmarshal(t.Spec, &of); err != nil {
			return err
		}
		line := person.Line{Class: t.Class, Where: of.Store + "/" + of.Collection.Name}
		gone, going := line, underWay(line, t, tasks)
		for _, s := range sums {
			if s.Target != t.ID || s.Items == 0 {
				continue
			}
			if w.request.Right.Exported() { // Nothing is removed for a copy: it is told what is held.
				going.Count, going.Wait = going.Count+s.Items, ""
				continue
			}
			switch s.State {
			case "verified", "attested":
				gone.Count, gone.At, gone.Attested = gone.Count+s.Items, s.VerifiedAt, gone.Attested || s.State == "attested"
			case "kept", "held":
				v.Kept = append(v.Kept, keptLine(line, s))
			default:
				going.Count += s.Items
			}
		}
		if gone.Count > 0 {
			v.Gone = append(v.Gone, gone)
		}
		if going.Count > 0 {
			v.Going = append(v.Going, going)
		}
	}
	if v.Search, err = w.searched(ctx, targets); err == nil && v.Search == person.Searched {
		err = w.tellKeptBefore(ctx, targets, v)
	}
	if err != nil {
		return err
	}
	for _, place := range d.unsearched(w.request.Plan) {
		if line := (person.Line{Where: place.Address, Why: place.Instead}); place.Why == "" {
			v.Unreached = append(v.Unreached, line)
		} else {
			v.Unsearched = append(v.Unsearched, line)
		}
	}
	return nil
}

// keptLine says what keeps some records of a place, and until when.
func keptLine(line person.Line, s store.PageSum) person.Line {
	line.Count, line.Until, line.Ground = s.Items, s.Until, deref(s.Ground)
	switch {
	case s.Hold != nil:
		line.Why = fmt.Sprintf("GDPR art. 17(3)(%s)", estate.Ground(line.Ground).Letter())
	case line.Ground != lockGround:
		line.Why = deref(s.Words)
	}
	return line
}

// tellKeptBefore says what earlier requests of the same person left behind on a ground, at places where this one found nothing:
// the account that led to it is gone, and it is held all the same.
func (w *work) tellKeptBefore(ctx context.Context, targets []store.Target, v *person.Values) error {
	earlier, err := w.SharedWith(ctx, w.c.ID)
	if err != nil {
		return err
	}
	for _, id := range earlier {
		c, err := w.Case(ctx, Docket, id)
		if err != nil {
			return err
		}
		var before request.State
		if err := json.Unmarshal(c.State, &before); err != nil {
			return fmt.Errorf("cannot read the state of an earlier request: %w", err)
		}
		if c.Restricted || c.Drill != w.c.Drill || before.Instructed != w.request.Instructed {
			continue // Not the same people's to tell.
		}
		sums, err := w.PageSums(ctx, id)
		if err != nil {
			return err
		}
		left, err := w.Targets(ctx, id)
		if err != nil {
			return err
		}
		for _, t := range left {
			if slices.ContainsFunc(targets, func(own store.Target) bool { return own.Address == t.Address && own.Located > 0 }) {
				continue
			}
			for _, s := range sums {
				if s.Target == t.ID && s.Items > 0 && (s.State == "kept" || s.State == "held") {
					v.Kept = append(v.Kept, keptLine(person.Line{Class: t.Class, Where: t.Address}, s))
				}
			}
		}
	}
	return nil
}

// canonical is the request that a duplicate repeats, to be read; w itself where it repeats none.
func (w *work) canonical(ctx context.Context) (*work, error) {
	for w.request.Canonical != "" { // What it repeats may have become a duplicate since.
		id, err := uuid.Parse(w.request.Canonical)
		if err != nil {
			return nil, err
		}
		c, err := w.Case(ctx, Docket, id)
		if err != nil {
			return nil, err
		}
		w = &work{Tx: w.Tx, c: c, actor: w.actor}
		if err := json.Unmarshal(c.State, &w.request); err != nil {
			return nil, fmt.Errorf("cannot read the state of the request that it repeats: %w", err)
		}
	}
	return w, nil
}

// searched says how far the company looked for the person.
func (w *work) searched(ctx context.Context, targets []store.Target) (person.Search, error) {
	counts, err := w.RequestCounts(ctx, w.c.ID, w.c.Now)
	switch {
	case err != nil:
		return "", err
	case counts.Verified == 0:
		return person.NotShown, nil
	case w.request.Plan == nil || w.request.Plan.At == nil || slices.ContainsFunc(targets, func(t store.Target) bool { return t.State == store.TargetLocating }):
		return person.Searching, nil
	}
	return person.Searched, nil
}

// underWay says what keeps a target's records, and until when where somebody is to be done by then.
func underWay(line person.Line, t store.Target, tasks []store.OwnerTask) person.Line {
	line.Wait = person.WaitsForNothing
	if t.ErrorClass != nil {
		line.Wait = person.WaitsForSystem
	}
	for _, task := range tasks {
		if task.Address != t.Address || task.CheckedAt != nil {
			continue
		}
		if line.Wait = person.WaitsForOwner; line.Until == nil || task.DueAt.After(*line.Until) {
			line.Until = &task.DueAt
		}
	}
	return line
}

// unsearched are the places that were not looked into, as the plan has them: those that nobody can search by an identifier, where what
// is done instead is the estate's word, and those to which nothing that was shown leads. While there is no plan they are the
// former, as the estate has them.
func (d *Desk) unsearched(plan *request.Plan) []request.Unsearched {
	if plan != nil && plan.At != nil {
		return plan.Unsearched
	}
	return slices.DeleteFunc(d.unsearchedFor(nil), func(u request.Unsearched) bool { return u.Why == "" })
}

// LetterView is a letter to the person with the digest that an approval is bound to.
type LetterView struct {
	ID       uuid.UUID `json:"id" doc:"Id of the letter"`
	Kind     string    `json:"kind" doc:"What it is for"`
	State    string    `json:"state" doc:"awaiting_approval, releasing, released, withdrawn"`
	To       string    `json:"to" doc:"Whom it goes to"`
	Language string    `json:"language" doc:"Its language"`
	Subject  string    `json:"subject" doc:"Its subject"`
	Text     string    `json:"text" doc:"Its text"`
	Digest   string    `json:"digest" doc:"What an approval is bound to"`
}

// Letters are the letters of a request, the first first.
func (d *Desk) Letters(ctx context.Context, actor access.Actor, caseID uuid.UUID) (views []LetterView, err error) {
	err = d.read(ctx, actor, access.CaseRead, caseID, func(tx *store.Tx, c store.Case, key seal.Key) error {
		notices, err := tx.Notices(ctx, c.ID)
		if err != nil {
			return err
		}
		w := &work{Tx: tx, c: c, key: key}
		for _, n := range notices {
			letter, err := w.letterOf(n)
			if err != nil {
				continue
			}
			if letter.Kind == person.Identity || letter.Kind == person.ExportReady { // Who reads the code could pass for the person.
				letter.Letter.Text = ""
			}
			views = append(views, LetterView{ID: n.ID, Kind: string(letter.Kind), State: n.State, To: letter.To, Language: letter.Letter.Language,
				Subject: letter.Letter.Subject, Text: letter.Letter.Text, Digest: textDigest(n.Sealed)})
		}
		return nil
	})
	return views, err
}

// ApproveLetter approves exactly the letter of a digest and sends it. Nobody approves a letter that they drafted.
func (d *Desk) ApproveLetter(ctx context.Context, actor access.Actor, key string, caseID, letterID uuid.UUID, in DigestInput) (Receipt, error) {
	digest, err := hex.DecodeString(in.Digest)
	if err != nil {
		return Receipt{}, problem.InvalidField("digest", "give the letter's digest, 64 hexadecimal digits")
	}
	return d.onRequest(ctx, actor, key, access.RequestApprove, caseID, within(letterID, in), func(w *work) (Receipt, error) {
		n, err := w.Notice(ctx, w.c.ID, letterID)
		if err != nil {
			return Receipt{}, err
		}
		letter, err := w.letterOf(n)
		if err != nil {
			return Receipt{}, err
		}
		if err := allowed(n, "approving", noticeAwaiting); err != nil {
			return Receipt{}, err
		}
		who, err := uuid.Parse(actor.ID)
		if err != nil {
			return Receipt{}, err
		}
		editors, err := w.Editors(ctx, n.ID)
		if err != nil {
			return Receipt{}, err
		}
		if slices.Contains(editors, who) {
			return Receipt{}, problem.New(problem.Forbidden, "whoever drafted a letter cannot approve it; a second person does")
		}
		if current, _ := hex.DecodeString(textDigest(n.Sealed)); !bytes.Equal(current, digest) {
			return Receipt{}, problem.Blocked(problem.Blocker{Code: "digest_differs", Ref: letterID.String(), Detail: "the letter is no longer the one that was looked at"})
		}
		if letter.Kind == person.Extension {
			if err := w.canExtend(ctx); err != nil {
				return Receipt{}, err
			}
		}
		n.State, n.ApprovedBy, n.ApprovedAt, n.Approval = noticeReleasing, &who, &w.c.Now, digest
		w.write("notice.approved", time.Time{}, map[string]any{"notice": n.ID, "version": n.Version, "digest": in.Digest, "recipients": 1}, nil)
		if err := w.UpdateNotice(ctx, n); err != nil {
			return Receipt{}, err
		}
		sending, err := d.sendLetter(ctx, w, n, letter)
		return Receipt{ID: &sending, Count: 1}, err
	})
}

// extended lets a period be longer once a letter with the reasons reached the person within the first one, and no longer where it
// came back. notice is the letter about which something was heard.
func (d *Desk) extended(ctx context.Context, w *work, notice uuid.UUID) error {
	n, err := w.Notice(ctx, w.c.ID, notice)
	if err != nil || n.Kind != noticePersonal+string(person.Extension) {
		return err
	}
	owed, err := w.answerDuty(ctx)
	if err != nil || owed == nil {
		return err
	}
	was, first := w.request.Extended, *owed
	w.request.Extended = false
	err = d.requestClock(ctx, w, &first)
	w.request.Extended = was
	if err != nil || first.Limit == nil {
		return err
	}
	notices, err := w.Notices(ctx, w.c.ID)
	if err != nil {
		return err
	}
	letter := uuid.Nil
	for _, one := range notices {
		if one.Kind != n.Kind {
			continue
		}
		deliveries, err := w.DeliveriesOfNotice(ctx, w.c.ID, one.ID)
		if err != nil {
			return err
		}
		reached, at, _, err := meets(store.Duty{Notice: &one.ID, Evidence: owed.Evidence}, deliveries)
		if err != nil {
			return err
		}
		if reached && !at.After(*first.Limit) {
			letter = one.ID
		}
	}
	switch {
	case letter != uuid.Nil && !was:
		return firstError(w.decideRequest(ctx, request.Extend{Letter: letter.String()}), d.recount(ctx, w, "extended"))
	case letter == uuid.Nil && was:
		return firstError(w.decideRequest(ctx, request.Unextend{Letter: notice.String()}), d.recount(ctx, w, "the extension came back"))
	}
	return nil
}

// heard is what a request makes of news about a letter of its own.
func (d *Desk) heard(ctx context.Context, w *work, one store.Delivery) error {
	if w.c.Kind != KindRequest || one.Notice == nil {
		return nil
	}
	return d.extended(ctx, w, *one.Notice)
}
