package desk

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/cases/request"
	"github.com/atlascloudai/docket/core/clock"
	"github.com/atlascloudai/docket/core/letters/person"
	"github.com/atlascloudai/docket/core/problem"
	"github.com/atlascloudai/docket/core/seal"
	"github.com/atlascloudai/docket/store"
)

const (
	// codeLasts is how long a mailed code may be used, in case time; maxTries how often it may be tried.
	codeLasts = 72 * time.Hour
	maxTries  = 5
	// freshLogin is how old the login of an account holder may be.
	freshLogin = 15 * time.Minute
)

// AskIdentity mails a link with a code to one mail address that a request names. A code that was mailed before ends with it.
func (d *Desk) AskIdentity(ctx context.Context, actor access.Actor, key string, caseID, identityID uuid.UUID) (Receipt, error) {
	return d.onRequest(ctx, actor, key, access.RequestWork, caseID, within(identityID, nil), func(w *work) (Receipt, error) {
		one, err := w.identity(ctx, identityID)
		if err != nil {
			return Receipt{}, err
		}
		if !w.request.Verifies() {
			return Receipt{}, problem.Blocked(problem.Blocker{Code: "wrong_status", Detail: "nothing more is verified for a request that is " + string(w.request.Status)})
		}
		return Receipt{ID: &identityID}, d.ask(ctx, w, one)
	})
}

// identity reads one identity of the case.
func (w *work) identity(ctx context.Context, id uuid.UUID) (store.Identity, error) {
	all, err := w.Identities(ctx, w.c.ID)
	if err != nil {
		return store.Identity{}, err
	}
	for _, one := range all {
		if one.ID == id {
			return one, nil
		}
	}
	return store.Identity{}, problem.Missing("identity")
}

// named opens an identity.
func (w *work) named(i store.Identity) (one request.Identity, err error) {
	err = w.key.OpenJSON(identityPlace(i.ID), i.Sealed, &one)
	return one, err
}

// ask mails a code for one identity.
func (d *Desk) ask(ctx context.Context, w *work, i store.Identity) error {
	one, err := w.named(i)
	if err != nil {
		return err
	}
	if one.Kind != request.EmailIdentity {
		return problem.Blocked(problem.Blocker{Code: "no_way_to_ask", Ref: i.ID.String(), Detail: "a code is mailed to mail addresses only; record a check by other means"})
	}
	if i.State == "verified" || i.State == "locked" {
		return problem.Blocked(problem.Blocker{Code: "not_to_ask", Ref: i.ID.String(), Detail: "the identity is " + i.State})
	}
	if w.request.Instructed != "" {
		return problem.Blocked(problem.Blocker{Code: "instructed", Ref: i.ID.String(), Detail: "a controller's people are not written to; record the controller's instruction"})
	}
	said, err := w.content()
	if err != nil {
		return err
	}
	code := mailedCode()
	c := store.Challenge{ID: newID(), Identity: i.ID, Case: w.c.ID, Purpose: store.ForIdentity, AskedAt: w.c.Now, ExpiresAt: w.c.Now.Add(codeLasts)}
	c.Hash = d.codeHash(c.ID, code)
	if err := firstError(w.InsertChallenge(ctx, c), w.SetIdentity(ctx, i.ID, "asked", "mailed_code", nil)); err != nil {
		return err
	}
	w.write("identity.asked", time.Time{}, map[string]any{"identity": i.ID, "challenge": c.ID, "expires_at": c.ExpiresAt.UTC()}, nil)
	v, err := d.letterValues(ctx, w, said)
	if err != nil {
		return err
	}
	v.Code, v.Link, v.ExpiresAt = code, d.publicURL+"/identity/"+c.ID.String(), &c.ExpiresAt
	v.Name = "" // Whoever reads the mailbox was not shown to be that person.
	return d.mail(ctx, w, person.Identity, one.Value, v, nil)
}

// mailedCode is what a person types: ten letters and digits that are not mistaken for each other, about 49 bits.
func mailedCode() string {
	const alphabet = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
	code := make([]byte, 0, 10)
	for len(code) < cap(code) {
		var random [16]byte
		rand.Read(random[:])
		for _, b := range random {
			if len(code) < cap(code) && int(b) < 8*len(alphabet) { // Every letter is as likely as any other.
				code = append(code, alphabet[int(b)%len(alphabet)])
			}
		}
	}
	return string(code)
}

func (d *Desk) codeHash(challenge uuid.UUID, code string) []byte {
	hash := seal.Commit(d.lookup, "code/"+challenge.String()+"/"+code)
	return hash[:]
}

// ErrCode is the one answer to every code that does not count, whatever the reason: nothing is told about what exists.
var ErrCode = problem.New(problem.Forbidden, "this code is not valid, was used, or has expired")

// ProveIdentity takes the code that was mailed to an address. It is the only thing a person without an account can do, and it
// answers the same to whatever is wrong.
func (d *Desk) ProveIdentity(ctx context.Context, challengeID uuid.UUID, code string) error {
	return d.redeem(ctx, challengeID, code, store.ForIdentity, "asked", func(w *work, i store.Identity) error {
		return d.shown(ctx, w, i, "mailed_code")
	}, func(w *work, i store.Identity) error {
		w.write("identity.locked", time.Time{}, map[string]any{"identity": i.ID, "challenge": challengeID}, nil)
		return w.SetIdentity(ctx, i.ID, "locked", i.Method, nil)
	})
}

// redeem takes a mailed code for its purpose: once, in its time, from an identity in a state. right carries out what it is good
// for; locked notes the try that was one too many. Every other end is ErrCode.
func (d *Desk) redeem(ctx context.Context, challengeID uuid.UUID, code, purpose, state string, right, locked func(*work, store.Identity) error) error {
	var caseID, identityID uuid.UUID
	err := d.store.Do(ctx, func(tx *store.Tx) (err error) {
		caseID, identityID, err = tx.ChallengeCase(ctx, challengeID)
		return err
	})
	if err != nil {
		return firstError(problemOtherThan(err, problem.NotFound), ErrCode)
	}
	valid := false
	_, err = d.process(ctx, access.RequestRecord, caseID, func(w *work) (int, error) {
		i, err := w.identity(ctx, identityID)
		if err != nil {
			return 0, err
		}
		c, err := w.LatestChallenge(ctx, identityID, purpose)
		if err != nil {
			return 0, err
		}
		if c == nil || c.ID != challengeID || c.UsedAt != nil || !c.ExpiresAt.After(w.c.Now) || i.State != state || c.Tries >= maxTries {
			return 0, nil
		}
		if valid = bytes.Equal(c.Hash, d.codeHash(challengeID, code)); valid {
			return 1, firstError(w.TryChallenge(ctx, challengeID, &w.c.Now), right(w, i))
		}
		if err := w.TryChallenge(ctx, challengeID, nil); err != nil || c.Tries+1 < maxTries {
			return 0, err
		}
		return 1, locked(w, i)
	})
	if err == nil && !valid {
		return ErrCode
	}
	if refused, ok := errors.AsType[*problem.Error](err); ok && refused.Code == problem.Conflict {
		return ErrCode
	}
	return err
}

// ChallengeStands says whether a mailed link can still be used. Showing it changes nothing.
func (d *Desk) ChallengeStands(ctx context.Context, challengeID uuid.UUID) (stands bool, err error) {
	err = d.store.Do(ctx, func(tx *store.Tx) error {
		caseID, identityID, err := tx.ChallengeCase(ctx, challengeID)
		if err != nil {
			return problemOtherThan(err, problem.NotFound)
		}
		c, err := tx.Case(ctx, Docket, caseID)
		if err != nil {
			return err
		}
		latest, err := tx.LatestChallenge(ctx, identityID, store.ForIdentity)
		stands = err == nil && latest != nil && latest.ID == challengeID && latest.UsedAt == nil && latest.Tries < maxTries && latest.ExpiresAt.After(c.Now)
		return err
	})
	return stands, err
}

// shown records that an identity was shown to be the person's, and counts anew what weighs it.
func (d *Desk) shown(ctx context.Context, w *work, i store.Identity, method string) error {
	if err := w.SetIdentity(ctx, i.ID, "verified", method, &w.c.Now); err != nil {
		return err
	}
	planned := w.request.Plan != nil
	if err := w.decideRequest(ctx, request.Shown{Identity: i.ID.String(), Method: method}); err != nil {
		return err
	}
	if planned { // What was located without it is forgotten.
		if err := w.LayOut(ctx, w.c.ID, nil); err != nil {
			return err
		}
	}
	starts, err := w.Starts(ctx, w.c.ID)
	if _, before := starts[clock.FactIdentityConfirmed]; err != nil || before {
		return err
	}
	who, err := uuid.Parse(w.actor.ID)
	if err != nil {
		who = uuid.Nil
	}
	return firstError(w.fact(ctx, clock.FactIdentityConfirmed, w.c.Now, who), d.recount(ctx, w, "identity_confirmed"))
}

// VerifyInput records how an identity was shown by other means than a mailed code.
type VerifyInput struct {
	Method   string     `json:"method" enum:"login,call_back,known_contact,document,instruction" doc:"login: the account holder logged in just now; call_back: called on a number on record; known_contact: answered from an address on record; document: a document was looked at; instruction: the controller who instructs the request was shown to have given it"`
	LoginAt  *time.Time `json:"login_at,omitempty" doc:"When the account holder logged in; for login"`
	Evidence string     `json:"evidence" minLength:"1" maxLength:"5000" doc:"Who checked what, and how"`
	// DocumentDeleted is needed with a document: it is not kept.
	DocumentDeleted bool `json:"document_deleted,omitempty" doc:"The document was deleted after the check; needed for document"`
}

// VerifyIdentity records that an identity was shown by other means.
func (d *Desk) VerifyIdentity(ctx context.Context, actor access.Actor, key string, caseID, identityID uuid.UUID, in VerifyInput) (Receipt, error) {
	return d.onRequest(ctx, actor, key, access.RequestVerify, caseID, within(identityID, in), func(w *work) (Receipt, error) {
		i, err := w.identity(ctx, identityID)
		if err != nil {
			return Receipt{}, err
		}
		switch {
		case in.Evidence == "":
			return Receipt{}, problem.InvalidField("evidence", "say who checked what, and how")
		case !slices.Contains([]string{"login", "call_back", "known_contact", "document", "instruction"}, in.Method):
			return Receipt{}, problem.InvalidField("method", "must be login, call_back, known_contact, document or instruction")
		case (in.Method == "instruction") != (w.request.Instructed != ""):
			return Receipt{}, problem.InvalidField("method", "instruction is for what a controller instructs, and nothing else is")
		case actor.Kind != access.Person && in.Method != "login":
			return Receipt{}, problem.New(problem.Forbidden, "a machine can attest a login only; other checks are a person's")
		case in.Method == "document" && !in.DocumentDeleted:
			return Receipt{}, problem.InvalidField("document_deleted", "delete the document after the check, and say so")
		case in.Method == "login" && (in.LoginAt == nil || in.LoginAt.After(w.c.Now) || w.c.Now.Sub(*in.LoginAt) > freshLogin):
			return Receipt{}, problem.InvalidField("login_at", "the login is to be at most 15 minutes old")
		case i.State == "verified":
			return Receipt{ID: &identityID}, nil
		}
		w.write("identity.checked", time.Time{}, map[string]any{"identity": i.ID, "method": in.Method}, map[string]any{"evidence": in.Evidence})
		return Receipt{ID: &identityID}, d.shown(ctx, w, i, in.Method)
	})
}
