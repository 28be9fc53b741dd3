package desk

import (
	"context"
	"encoding/hex"
	"errors"
	"regexp"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/cases/request"
	"github.com/atlascloudai/docket/core/problem"
	"github.com/atlascloudai/docket/core/seal"
	"github.com/atlascloudai/docket/store"
)

// LetterMail is a person's letter to the privacy address. From is forgeable: it names an identity and shows none.
type LetterMail struct {
	From, Name, Subject, Text string
	// MessageID is its own, Answers those of the letters that it answers; without brackets.
	MessageID  string
	Answers    []string
	Digest     [32]byte
	ReceivedAt time.Time
	// Drill says that what it opens is an exercise: on the one-machine stack everything is.
	Drill bool
}

var requestCode = regexp.MustCompile(`\bREQ-[2-9A-HJKMNP-TV-Z]{5}\b`)

// TakeLetter makes a letter what it is: correspondence of an open request that it answers, a new request where its words
// name one right, or else a letter that waits for a person. The same letter twice is one.
func (d *Desk) TakeLetter(ctx context.Context, in LetterMail) error {
	once := in.MessageID
	if once == "" {
		once = string(in.Digest[:])
	}
	commit := seal.Commit(d.lookup, strings.Join([]string{"letter", in.From, once, in.Subject, in.Text}, "\x00"))
	return d.retryCode(func() error {
		return d.store.Do(ctx, func(tx *store.Tx) error {
			known, err := tx.KnowsMail(ctx, commit[:])
			if err != nil || known {
				return err
			}
			now, err := tx.Now(ctx)
			if err != nil {
				return err
			}
			if in.ReceivedAt.After(now) { // the listener's clock may be ahead of the database's
				in.ReceivedAt = now
			}
			row := store.IntakeMail{ID: newID(), Commit: commit[:], Digest: in.Digest[:], ReceivedAt: in.ReceivedAt}
			if err := d.settleLetter(ctx, tx, &row, in); err != nil {
				return err
			}
			return tx.InsertMail(ctx, row)
		})
	})
}

func (d *Desk) settleLetter(ctx context.Context, tx *store.Tx, row *store.IntakeMail, in LetterMail) error {
	answered, err := d.answers(ctx, tx, in)
	if err != nil {
		return err
	}
	if answered != nil {
		row.Case, row.State = answered, "added"
		return nil
	}
	right, clear := request.ReadRight(in.Subject + "\n" + in.Text)
	if !clear {
		right = request.Unclear
	}
	receipt, err := d.openLetter(ctx, tx, in, right)
	row.Case, row.State = &receipt.Case, "opened"
	return err
}

// answers adds a letter to the open request that it answers. One to an ended request is a new letter, so that nothing asked
// there is lost.
func (d *Desk) answers(ctx context.Context, tx *store.Tx, in LetterMail) (*uuid.UUID, error) {
	deliveries := []uuid.UUID{}
	for _, id := range in.Answers {
		local, _, _ := strings.Cut(id, "@")
		if delivery, err := uuid.Parse(local); err == nil {
			deliveries = append(deliveries, delivery)
		}
	}
	from, err := request.Identity{Kind: request.EmailIdentity, Value: in.From}.Normal()
	if err != nil {
		return nil, err
	}
	commit := seal.Commit(d.lookup, from.Kind+"/"+from.Value)
	found, err := tx.RequestsAnswered(ctx, deliveries, requestCode.FindAllString(strings.ToUpper(in.Subject), -1), commit[:])
	if err != nil {
		return nil, err
	}
	for _, id := range found {
		_, err := d.locked(ctx, tx, Docket, id, func(w *work) (Receipt, error) {
			if w.c.Kind != KindRequest || w.request.Status.Ended() {
				return Receipt{}, errEnded
			}
			w.write("correspondence.received", in.ReceivedAt, map[string]any{"channel": "mail", "digest": in.Digest[:]},
				map[string]any{"from": in.From, "words": in.words(), "message_id": in.MessageID})
			return Receipt{}, nil
		})
		if err == nil {
			return &id, nil
		}
		// A refusal, e.g. because its words were erased, comes before anything is written.
		if _, refused := errors.AsType[*problem.Error](err); !refused && !errors.Is(err, errEnded) {
			return nil, err
		}
	}
	return nil, nil
}

var errEnded = errors.New("the request has ended")

func (in LetterMail) words() string { return strings.TrimSpace(in.Subject + "\n\n" + in.Text) }

func (d *Desk) openLetter(ctx context.Context, tx *store.Tx, in LetterMail, right request.Right) (Receipt, error) {
	opening := RequestInput{
		Right: string(right), Language: request.LanguageOf(in.Text), Channel: string(request.Mail),
		ReceivedAt: &in.ReceivedAt, Evidence: "mail, Message-ID " + in.MessageID + ", sha256 " + hex.EncodeToString(in.Digest[:]), Name: in.Name, Words: in.words(),
		Identities: []IdentityInput{{Kind: request.EmailIdentity, Value: in.From}}, Drill: in.Drill,
	}
	named, err := opening.check()
	if err != nil {
		return Receipt{}, err
	}
	return d.openRequest(ctx, tx, Docket, opening, named)
}

// ReadInput says what a letter asks for.
type ReadInput struct {
	Right   string `json:"right" enum:"erasure,access,portability,rectification,restriction,objection,opt_out" doc:"What is asked for"`
	Country string `json:"country,omitempty" maxLength:"6" doc:"Where the person lives, as far as known: DE, US-CA"`
}

// ReadRequest says what a letter asks for that said so unclearly. Its clock has run since it arrived; only now the person is
// written to.
func (d *Desk) ReadRequest(ctx context.Context, actor access.Actor, key string, caseID uuid.UUID, in ReadInput) (Receipt, error) {
	return d.onRequest(ctx, actor, key, access.RequestWork, caseID, in, func(w *work) (Receipt, error) {
		if err := w.decideRequest(ctx, request.Read{Right: request.Right(in.Right)}); err != nil {
			return Receipt{}, err
		}
		if in.Country != "" {
			var err error
			if w.request.Country, err = countryOf(in.Country); err != nil {
				return Receipt{}, err
			}
			w.request.Regime = request.RegimeOf(w.request.Country)
		}
		if err := d.oweInstead(ctx, w); err != nil {
			return Receipt{}, err
		}
		return Receipt{}, firstError(w.decideRequest(ctx, request.Begin{}), d.greet(ctx, w))
	})
}

// DismissRequest ends a letter that asks for nothing; nobody is owed an answer to it.
func (d *Desk) DismissRequest(ctx context.Context, actor access.Actor, key string, caseID uuid.UUID, in ReasonInput) (Receipt, error) {
	return d.onRequest(ctx, actor, key, access.RequestWork, caseID, in, func(w *work) (Receipt, error) {
		if err := w.decideRequest(ctx, request.Dismiss{Reason: in.Reason}); err != nil {
			return Receipt{}, err
		}
		duties, err := w.LockDuties(ctx, w.c.ID, store.DutyFilter{States: []string{"required"}, Limit: chunk})
		for _, owed := range duties {
			owed.State = "not_required"
			err = firstError(err, w.SetDuty(ctx, owed))
		}
		w.write("duties.decided", time.Time{}, map[string]any{"required": false, "count": len(duties)}, map[string]any{"reason": in.Reason})
		return Receipt{Count: len(duties)}, err
	})
}

// retryCode tries again where a short code was taken already.
func (d *Desk) retryCode(f func() error) (err error) {
	for range 5 {
		err = f()
		if constraint, taken := store.Unique(err); !taken || constraint != "cases_code_key" {
			break
		}
	}
	return err
}
