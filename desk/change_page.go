package desk

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/cases/change"
	"github.com/atlascloudai/docket/core/duty"
	"github.com/atlascloudai/docket/core/letters"
	"github.com/atlascloudai/docket/core/noticepage"
	"github.com/atlascloudai/docket/core/problem"
	"github.com/atlascloudai/docket/core/seal"
	"github.com/atlascloudai/docket/store"
)

// leads is what a link to a customer's own page leads to: the newest notice in its line of corrections that this contact was sent.
type leads struct {
	store.NoticeLink
	letters []store.Delivery
	c       store.Case
	row     store.ChangeCustomer
}

// follows finds what a link leads to. A link that nobody was sent leads nowhere, like one that was made up.
func (d *Desk) follows(ctx context.Context, tx *store.Tx, token string) (l leads, err error) {
	if l.NoticeLink, err = tx.Link(ctx, linkHash(token)); err != nil {
		return l, err
	}
	line, err := tx.CorrectedFrom(ctx, l.Case)
	if err != nil {
		return l, err
	}
	if l.letters, err = tx.LettersTo(ctx, line, l.Contact); err != nil {
		return l, err
	}
	if len(l.letters) == 0 {
		return l, problem.Missing("notice")
	}
	if l.c, err = tx.Case(ctx, Docket, l.letters[0].Case); err != nil {
		return l, err
	}
	rows, err := tx.ChangeCustomersOf(ctx, l.c.ID, []uuid.UUID{l.Customer})
	l.row = rows[l.Customer]
	return l, err
}

// NoticePage is what a customer's own page about a notice of change shows: every version of it that this contact was sent, and the
// dates that hold.
func (d *Desk) NoticePage(ctx context.Context, token string) (view NoticePageView, err error) {
	err = d.store.Read(ctx, func(tx *store.Tx) error {
		l, err := d.follows(ctx, tx, token)
		if err == nil {
			view, err = d.noticePageOf(ctx, tx, l)
		}
		return err
	})
	return view, err
}

func (d *Desk) noticePageOf(ctx context.Context, tx *store.Tx, l leads) (view NoticePageView, err error) {
	var state change.State
	if err := json.Unmarshal(l.c.State, &state); err != nil {
		return view, fmt.Errorf("cannot read the change's state: %w", err)
	}
	effective := l.row.Effective.UTC()
	view = NoticePageView{
		Company: d.companyName, Contact: d.contact, Drill: l.c.Drill, SentAt: utc(l.row.SentAt), WindowCloses: utc(l.row.WindowCloses), TerminationUntil: utc(l.row.TerminationUntil),
		Effective: &effective, TakenAt: utc(l.row.TakenAt), Answer: l.row.Answer, AnsweredAt: utc(l.row.AnsweredAt), Withdrawn: state.Status == change.Withdrawn, Log: d.publicURL + "/changes/" + l.c.ID.String(),
	}
	if !d.public(l.c) {
		view.Log = ""
	}
	if state.CorrectedBy != "" {
		by, err := uuid.Parse(state.CorrectedBy)
		if err != nil {
			return view, fmt.Errorf("cannot read what takes its place: %w", err)
		}
		reached, err := tx.ChangeCustomersOf(ctx, by, []uuid.UUID{l.Customer})
		if err != nil {
			return view, err
		}
		view.Corrected = len(reached) > 0 // Whom it leaves out the change does not reach any more.
	}
	if view.Zone, err = d.pack.Zone(l.row.Zone); err != nil {
		return view, err
	}
	if !view.Withdrawn {
		_, refused := l.row.Stands().Object(l.c.Now)
		view.MayObject = refused == nil
	}
	keys := map[uuid.UUID]seal.Key{}
	for i, one := range l.letters {
		key, known := keys[one.Case]
		if !known {
			c, err := tx.Case(ctx, Docket, one.Case)
			if err != nil {
				return view, err
			}
			if key, err = d.caseKey(c); err != nil {
				return view, erased(err)
			}
			keys[one.Case] = key
		}
		values, letter, err := d.letterOf(ctx, tx, key, one)
		if err != nil {
			return view, err
		}
		view.Versions = append(view.Versions, NoticeVersion{At: one.FirstAttemptAt.UTC(), Subject: letter.Subject, Text: letter.Text, Superseded: i > 0})
		if one.AcknowledgedAt != nil && one.Case == l.c.ID && (view.AcknowledgedAt == nil || one.AcknowledgedAt.Before(*view.AcknowledgedAt)) {
			view.AcknowledgedAt = utc(one.AcknowledgedAt)
		}
		if i == 0 {
			view.Customer, view.Reference, view.Language = values.Customer, values.Reference, letter.Language
		}
	}
	return view, nil
}

// letterOf makes a letter as it was sent.
func (d *Desk) letterOf(ctx context.Context, tx *store.Tx, key seal.Key, one store.Delivery) (values letters.Values, letter letters.Letter, err error) {
	n, err := tx.NoticeText(ctx, *one.Notice, one.Version)
	if err != nil {
		return values, letter, err
	}
	text, err := textOf(key, n)
	if err != nil {
		return values, letter, err
	}
	var plan planned
	if err := key.OpenJSON(deliveryPlace(one.ID), one.Sealed, &plan); err != nil {
		return values, letter, err
	}
	if values, err = d.located(plan.Values); err == nil {
		letter, err = letters.Render(text, values, one.FirstAttemptAt.UTC())
	}
	return values, letter, err
}

// AnswerNotice records what a customer does on its page: that it acknowledges, or that it objects.
func (d *Desk) AnswerNotice(ctx context.Context, token string, in NoticeAnswer) (view NoticePageView, err error) {
	if in.Acknowledge == in.Object {
		return view, problem.InvalidField("do", "acknowledge or object: exactly one of them")
	}
	switch in.Name, in.Words = strings.TrimSpace(in.Name), strings.TrimSpace(in.Words); {
	case utf8.RuneCountInString(in.Name) > noticepage.LongestName:
		return view, problem.InvalidField("name", "at most %d characters", noticepage.LongestName)
	case utf8.RuneCountInString(in.Words) > noticepage.LongestWords:
		return view, problem.InvalidField("words", "at most %d characters", noticepage.LongestWords)
	case in.Object && in.Name == "":
		return view, problem.InvalidField("name", "say who objects for the customer")
	case in.Object && in.Words == "":
		return view, problem.InvalidField("words", "say why you object")
	}
	var l leads
	err = d.store.Read(ctx, func(tx *store.Tx) error { l, err = d.follows(ctx, tx, token); return err })
	if err != nil {
		return view, err
	}
	if in.Acknowledge {
		_, err = d.AcknowledgeDelivery(ctx, Docket, "", l.c.ID, l.letters[0].ID, AcknowledgeInput{At: l.c.Now, Evidence: "on the customer's own page" + by(in.Name)})
	} else {
		_, err = d.process(ctx, access.ChangeTake, l.c.ID, func(w *work) (int, error) {
			c, err := w.ChangeCustomer(ctx, w.c.ID, l.row.Ref)
			if err != nil {
				return 0, err
			}
			return 1, d.object(ctx, w, c, w.c.Now, changeWords{Name: in.Name, Words: in.Words, Evidence: "on the customer's own page"})
		})
	}
	if err != nil {
		return view, err
	}
	return d.NoticePage(ctx, token)
}

func by(name string) string {
	if name == "" {
		return ""
	}
	return ", by " + name
}

// TestNotice sends one recipient's letter to somebody of the company, as that recipient would read it. It carries out nothing.
func (d *Desk) TestNotice(ctx context.Context, actor access.Actor, key string, caseID, noticeID uuid.UUID, in TestNoticeInput) (Receipt, error) {
	_, domain, _ := strings.Cut(in.Address, "@")
	ours := false
	for _, one := range d.staff {
		ours = ours || strings.EqualFold(domain, one)
	}
	if !ours {
		return Receipt{}, problem.InvalidField("address", "is at none of the company's own domains: a customer's letter is shown to nobody else")
	}
	return d.onNotice(ctx, actor, key, access.NoticeSubmit, caseID, noticeID, in, func(w *work, n *store.Notice) (Receipt, error) {
		text, err := textOf(w.key, *n)
		if err != nil {
			return Receipt{}, err
		}
		look := &looker{index: in.Recipient}
		audience, err := d.audience(ctx, w.Tx, w.c, *n, text, look)
		if err != nil {
			return Receipt{}, err
		}
		if look.found == nil {
			return Receipt{}, problem.InvalidField("recipient", "there are %d recipients; count from 0", audience.recipients)
		}
		values := d.unanswerable(w.c.ID, look.found.Values)
		letter, err := letters.Render(text, values, w.c.Now)
		if err != nil {
			return Receipt{}, err
		}
		letter.Subject = "[TEST] " + letter.Subject
		sending := store.Campaign{ID: newID(), Case: w.c.ID, Notice: n.ID, Version: n.Version, Lane: "bulk", State: "running", CreatedAt: w.c.Now, Test: true}
		id := newID()
		sealed, err := w.key.SealJSON(deliveryPlace(id), planned{Address: in.Address, Values: values, Letter: &letter})
		if err != nil {
			return Receipt{}, err
		}
		one := store.Delivery{ID: id, Case: w.c.ID, Campaign: &sending.ID, Notice: &n.ID, Version: n.Version, Channel: string(duty.Email), State: "planned",
			Language: letter.Language, Sealed: sealed, NextAt: w.c.Now}
		w.write("notice.tested", w.c.Now, map[string]any{"notice": n.ID, "version": n.Version, "campaign": sending.ID, "recipient": in.Recipient}, nil)
		err = firstError(w.InsertCampaign(ctx, sending), w.InsertDeliveries(ctx, []store.Delivery{one}), w.Ring(ctx, campaignBell(w.c, sending, w.trace)))
		return Receipt{ID: &sending.ID, Count: 1}, err
	})
}
