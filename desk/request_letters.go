package desk

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/atlascloudai/docket/core/cases/campaign"
	"github.com/atlascloudai/docket/core/duty"
	"github.com/atlascloudai/docket/core/letters"
	"github.com/atlascloudai/docket/core/letters/person"
	"github.com/atlascloudai/docket/core/problem"
	"github.com/atlascloudai/docket/store"
)

// personal is a letter to one person as its sealed version holds it.
type personal struct {
	Kind   person.Kind    `json:"kind"`
	To     string         `json:"to"`
	Letter letters.Letter `json:"letter"`
	// Duty is what its acceptance meets.
	Duty *uuid.UUID `json:"duty,omitempty"`
}

// noticePersonal begins the kind of notice that a letter to one person is.
const noticePersonal = "person/"

// letterValues are what every letter of a request may show.
func (d *Desk) letterValues(ctx context.Context, w *work, said requestContent) (person.Values, error) {
	if d.companyName == "" || d.contact == "" {
		return person.Values{}, problem.New(problem.Unavailable, "letters to people need the company's name and privacy address: set DOCKET_COMPANY_NAME and DOCKET_COMPANY_PRIVACY_CONTACT")
	}
	starts, err := w.Starts(ctx, w.c.ID)
	if err != nil {
		return person.Values{}, err
	}
	zone, err := d.pack.Zone(duty.PlaceOf(w.request.Country, d.company).Zone)
	if err != nil {
		return person.Values{}, err
	}
	v := person.Values{
		Company: d.companyName, Contact: d.contact, Name: said.Name, Reference: w.c.Code, Right: string(w.request.Right), Regime: string(w.request.Regime), Instructed: w.request.Instructed != "", ReceivedAt: starts[requestReceived], Zone: zone,
	}
	owed, err := w.answerDuty(ctx)
	if err == nil && owed != nil {
		v.DueAt = owed.Target
		if owed.Limit != nil {
			v.DueAt = owed.Limit
		}
	}
	return v, err
}

// answerDuty is the duty to answer the person; nil where there is none. One that was counted before it was known what is asked for
// is none.
func (w *work) answerDuty(ctx context.Context) (*store.Duty, error) {
	duties, err := w.Duties(ctx, w.c.ID, store.DutyFilter{Limit: chunk})
	if err != nil {
		return nil, err
	}
	for _, owed := range duties {
		if owed.Counterparty == toRequester && owed.State != "superseded" && !strings.Contains(owed.Rule, "acknowledge") {
			return &owed, nil
		}
	}
	return nil, nil
}

// draftLetter writes a letter to one person as a notice that waits for approval.
func (d *Desk) draftLetter(ctx context.Context, w *work, state string, letter personal) (store.Notice, error) {
	who, err := uuid.Parse(w.actor.ID)
	if err != nil {
		who = uuid.Nil // Docket itself.
	}
	n := store.Notice{ID: newID(), Case: w.c.ID, Kind: noticePersonal + string(letter.Kind), State: state, Version: 1, CreatedAt: w.c.Now}
	if n.Sealed, err = w.key.SealJSON(noticePlace(n.ID, n.Version), letter); err != nil {
		return n, err
	}
	w.write("notice.drafted", time.Time{}, map[string]any{"notice": n.ID, "version": 1, "text": textDigest(n.Sealed), "letter": letter.Kind}, nil)
	return n, w.InsertNotice(ctx, n, who)
}

// sendLetter hands a letter to the senders. Whether it may go was decided by whoever calls.
func (d *Desk) sendLetter(ctx context.Context, w *work, n store.Notice, letter personal) (uuid.UUID, error) {
	to, err := mailAddress(letter.To)
	if err != nil {
		return uuid.Nil, err
	}
	sending := store.Campaign{ID: newID(), Case: w.c.ID, Notice: n.ID, Version: n.Version, Lane: "urgent", State: string(campaign.Running), CreatedAt: w.c.Now}
	if err := w.InsertCampaign(ctx, sending); err != nil {
		return uuid.Nil, err
	}
	one := store.Delivery{ID: newID(), Case: w.c.ID, Campaign: &sending.ID, Notice: &n.ID, Version: n.Version, Duty: letter.Duty, Channel: string(duty.Email),
		State: "planned", Language: letter.Letter.Language, NextAt: w.c.Now}
	if one.Sealed, err = w.key.SealJSON(deliveryPlace(one.ID), planned{Address: to, Letter: &letter.Letter}); err != nil {
		return uuid.Nil, err
	}
	if err := w.InsertDeliveries(ctx, []store.Delivery{one}); err != nil {
		return uuid.Nil, err
	}
	w.write("notice.released", time.Time{}, map[string]any{"notice": n.ID, "version": n.Version, "campaign": sending.ID, "recipients": 1, "letter": letter.Kind}, nil)
	return sending.ID, w.Ring(ctx, campaignBell(w.c, sending, w.trace))
}

// mail writes a letter whose text nobody has to approve one by one, and sends it: what a request sets off by itself.
func (d *Desk) mail(ctx context.Context, w *work, kind person.Kind, to string, v person.Values, meets *uuid.UUID) error {
	letter := personal{Kind: kind, To: to, Duty: meets}
	var err error
	if letter.Letter, err = person.Write(kind, w.request.Language, v); err != nil {
		return err
	}
	n, err := d.draftLetter(ctx, w, noticeReleasing, letter)
	if err == nil {
		_, err = d.sendLetter(ctx, w, n, letter)
	}
	return err
}

// letterOf opens a letter to one person.
func (w *work) letterOf(n store.Notice) (letter personal, err error) {
	if !strings.HasPrefix(n.Kind, noticePersonal) {
		return letter, problem.Missing("letter")
	}
	err = w.key.OpenJSON(noticePlace(n.ID, n.Version), n.Sealed, &letter)
	return letter, err
}

func mailAddress(address string) (string, error) {
	if address == "" {
		return "", problem.Blocked(problem.Blocker{Code: "no_address", Detail: "the request names no mail address to write to; record the answer by hand, or name one"})
	}
	return address, nil
}

// letterDigest is what an approval of a letter is bound to: its stored text and whom it goes to.
func letterDigest(n store.Notice) []byte {
	digest, _ := json.Marshal(textDigest(n.Sealed))
	return digest
}
