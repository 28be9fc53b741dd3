package desk

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/atlascloudai/docket/core/cases/change"
	"github.com/atlascloudai/docket/core/letters"
	"github.com/atlascloudai/docket/core/seal"
	"github.com/atlascloudai/docket/store"
)

// changeLetters gives each recipient of a notice of change its own dates and the address of its own page; nil for other notices.
type changeLetters struct {
	desk     *Desk
	c        store.Case
	sendBy   time.Time
	corrects time.Time
	rows     map[uuid.UUID]store.ChangeCustomer
}

// changeLetters begins them for a case; nil where it is none.
func (d *Desk) changeLetters(ctx context.Context, tx *store.Tx, c store.Case) (*changeLetters, error) {
	if c.Kind != KindChange {
		return nil, nil
	}
	var state change.State
	if err := json.Unmarshal(c.State, &state); err != nil {
		return nil, fmt.Errorf("cannot read the change's state: %w", err)
	}
	of := &changeLetters{desk: d, c: c, sendBy: state.SendBy}
	if state.Corrects == "" {
		return of, nil
	}
	id, err := uuid.Parse(state.Corrects)
	if err != nil {
		return nil, fmt.Errorf("cannot read what is corrected: %w", err)
	}
	earlier, err := tx.Case(ctx, Docket, id)
	if err != nil {
		return nil, err
	}
	var corrected change.State
	if err := json.Unmarshal(earlier.State, &corrected); err != nil {
		return nil, fmt.Errorf("cannot read the change's state: %w", err)
	}
	of.corrects = *corrected.FrozenAt
	return of, nil
}

// read reads the dates of the next customers.
func (l *changeLetters) read(ctx context.Context, tx *store.Tx, owed []store.Owed) (err error) {
	if l == nil {
		return nil
	}
	l.rows, err = tx.ChangeCustomersOf(ctx, l.c.ID, ids(owed, func(o store.Owed) uuid.UUID { return o.Customer }))
	return err
}

// dates are one recipient's.
func (l *changeLetters) dates(o store.Owed) *letters.ChangeDates {
	if l == nil {
		return nil
	}
	row := l.rows[o.Customer]
	own := &letters.ChangeDates{SendBy: l.sendBy, Effective: row.SaidEffective.UTC(), Page: l.desk.noticePage(l.c.ID, o.Contact), Corrects: l.corrects}
	if row.SaidCloses != nil {
		own.WindowCloses = row.SaidCloses.UTC()
	}
	if row.SaidUntil != nil {
		own.TerminationUntil = row.SaidUntil.UTC()
	}
	return own
}

// noticePage is the address of one contact's own page: what stands in it nobody can make who has not the installation's key, and it
// names neither case nor customer.
func (d *Desk) noticePage(caseID, contact uuid.UUID) string {
	return d.publicURL + "/notice/" + d.noticeToken(caseID, contact)
}

// unanswerable is what others than the recipient read of a letter before it leaves: its link leads nowhere, because whoever holds a
// customer's own link answers for the customer.
func (d *Desk) unanswerable(caseID uuid.UUID, values letters.Values) letters.Values {
	if values.Change != nil {
		own := *values.Change
		own.Page, values.Change = d.noticePage(caseID, uuid.Nil), &own
	}
	return values
}

func (d *Desk) noticeToken(caseID, contact uuid.UUID) string {
	token := seal.Commit(d.lookup, "notice/"+caseID.String()+"/"+contact.String())
	return base64.RawURLEncoding.EncodeToString(token[:])
}

// linkHash is what is stored of a link: who reads the database cannot open anybody's page.
func linkHash(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}

// datesByHand gives a letter that goes by hand its customer's own zone and dates, counted from now; it leads to the public change log, since
// nobody is mailed a link.
func (d *Desk) datesByHand(ctx context.Context, tx *store.Tx, c store.Case, owed DutyView, values *letters.Values) error {
	row, err := tx.ChangeCustomer(ctx, c.ID, owed.Customer)
	if err != nil {
		return err
	}
	var state change.State
	if err := json.Unmarshal(c.State, &state); err != nil {
		return fmt.Errorf("cannot read the change's state: %w", err)
	}
	bodies, err := tx.Resolutions(ctx, []string{row.Resolution})
	if err != nil {
		return err
	}
	state.SendBy = c.Now
	if err := d.sayAnew(state, &row, bodies[row.Resolution]); err != nil {
		return err
	}
	of := &changeLetters{desk: d, c: c, sendBy: c.Now.UTC(), rows: map[uuid.UUID]store.ChangeCustomer{row.Customer: row}}
	values.Zone, values.Reference, values.Change = row.Zone, reference(c.ID, row.Customer), of.dates(store.Owed{Customer: row.Customer})
	values.Change.Page = d.publicURL + "/changes/" + c.ID.String()
	*values, err = d.located(*values)
	return err
}
