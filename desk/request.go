package desk

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/cases"
	"github.com/atlascloudai/docket/core/cases/request"
	"github.com/atlascloudai/docket/core/estate"
	"github.com/atlascloudai/docket/core/problem"
	"github.com/atlascloudai/docket/core/seal"
	"github.com/atlascloudai/docket/store"
)

// IdentityInput is one identifier that a request names.
type IdentityInput struct {
	Kind  string `json:"kind" minLength:"1" maxLength:"63" doc:"email, phone, account_id, or another kind that the estate knows"`
	Value string `json:"value" minLength:"1" maxLength:"320" doc:"The identifier"`
}

// RequestInput records a request of a person.
type RequestInput struct {
	Right      string          `json:"right" enum:"erasure,access,portability,rectification,restriction,objection,opt_out,appeal,complaint,authority_inquiry" doc:"What is asked for"`
	Regime     string          `json:"regime,omitempty" maxLength:"30" doc:"The law it is counted by; proposed from the country if absent"`
	Country    string          `json:"country,omitempty" maxLength:"6" doc:"Where the person lives, as far as known: DE, US-CA"`
	Language   string          `json:"language,omitempty" maxLength:"8" doc:"Language of the letters; en if absent"`
	Channel    string          `json:"channel,omitempty" enum:"mail,api,letter,phone,in_person,agent" doc:"How it came in; api if absent"`
	ReceivedAt *time.Time      `json:"received_at,omitempty" doc:"When it reached the company, wherever it did; now if absent"`
	Evidence   string          `json:"evidence,omitempty" maxLength:"5000" doc:"What shows when and how it came in; needed with received_at"`
	Name       string          `json:"name,omitempty" maxLength:"200" doc:"How the person calls themselves"`
	Words      string          `json:"words,omitempty" maxLength:"20000" doc:"What was asked, in the person's own words"`
	ReplyTo    string          `json:"reply_to,omitempty" maxLength:"320" doc:"Mail address for the letters; the first mail identity if absent"`
	Identities []IdentityInput `json:"identities" minItems:"1" maxItems:"50" doc:"Identifiers that the request names; each is shown to be the person's on its own"`
	// Agent is given where somebody else asks for the person.
	Agent *uuid.UUID `json:"agent,omitempty" doc:"Id of the agent who asks for the person; its authorisation is on record"`
	// Concerns is the earlier request of an appeal, a complaint or an inquiry.
	Concerns string `json:"concerns,omitempty" maxLength:"64" doc:"Id or code of the earlier request, for an appeal, a complaint or an authority's inquiry"`
	// InstructedBy is the controller whose instruction it is. The person is never written to: answers go to the controller.
	InstructedBy string   `json:"instructed_by,omitempty" maxLength:"120" doc:"Account reference of the customer who instructs it as the controller. The person is never written to: answers go to reply_to, or to the customer's privacy contact"`
	Care         []string `json:"care,omitempty" maxItems:"5" doc:"Why a person must look before anything is destroyed: sole_owner, abuse_investigation"`
	Drill        bool     `json:"drill,omitempty" doc:"An exercise: its clock can be moved and nothing leaves the house"`
}

// requestContent is what a request's sealed column holds.
type requestContent struct {
	content
	Name     string        `json:"name,omitempty"`
	Words    string        `json:"words,omitempty"`
	Evidence string        `json:"evidence,omitempty"`
	ReplyTo  string        `json:"reply_to,omitempty"`
	Agent    *agentContent `json:"agent,omitempty"`
}

// OpenRequest records a request: its clock runs from the instant at which it reached the company, whoever asks.
func (d *Desk) OpenRequest(ctx context.Context, actor access.Actor, key string, in RequestInput) (Receipt, error) {
	if err := access.May(actor, access.RequestOpen); err != nil {
		return Receipt{}, err
	}
	named, err := in.check()
	if err != nil {
		return Receipt{}, err
	}
	digest, err := d.keyedDigest(in)
	if err != nil {
		return Receipt{}, err
	}
	if in.Right == string(request.Unclear) {
		return Receipt{}, problem.InvalidField("right", "must be one of %v", request.Rights())
	}
	var receipt Receipt
	err = d.retryCode(func() error {
		return d.store.Do(ctx, func(tx *store.Tx) error {
			return once(ctx, tx, actor, key, string(access.RequestOpen), digest, &receipt, func() error {
				receipt, err = d.openRequest(ctx, tx, actor, in, named)
				return err
			})
		})
	})
	return receipt, err
}

// keyedDigest digests an input that says who somebody is: without the key nobody can find out by guessing.
func (d *Desk) keyedDigest(in any) ([]byte, error) {
	digest, err := digestOf(uuid.Nil, in)
	keyed := seal.Commit(d.lookup, "input/"+string(digest))
	return keyed[:], err
}

// check refuses what cannot be recorded, and fills in what follows from the rest.
func (in *RequestInput) check() ([]request.Identity, error) {
	right := request.Right(in.Right)
	if !slices.Contains(request.Rights(), right) && right != request.Unclear {
		return nil, problem.InvalidField("right", "must be one of %v", request.Rights())
	}
	var err error
	if in.Country, err = countryOf(in.Country); err != nil {
		return nil, err
	}
	for i, one := range in.Care { // It stands beside the request in the clear: a code, and no words about anybody.
		if !slices.Contains([]estate.Signal{estate.SoleOwner, estate.AbuseInvestigation}, estate.Signal(one)) {
			return nil, problem.InvalidField(fmt.Sprintf("care[%d]", i), "must be %s or %s", estate.SoleOwner, estate.AbuseInvestigation)
		}
	}
	if in.Regime == "" {
		in.Regime = string(request.RegimeOf(in.Country))
	}
	if _, known := request.ProfileOf(request.Regime(in.Regime)); !known {
		return nil, problem.InvalidField("regime", "must be one of %v", request.Regimes())
	}
	if in.Language == "" {
		in.Language = "en"
	}
	if in.Channel == "" {
		in.Channel = string(request.API)
	}
	if !slices.Contains(request.Channels(), request.Channel(in.Channel)) {
		return nil, problem.InvalidField("channel", "must be one of %v", request.Channels())
	}
	if in.ReceivedAt != nil && in.Evidence == "" {
		return nil, problem.InvalidField("evidence", "say what shows that it came in then: a postmark, a call's record, who took it")
	}
	if right.Linked() && in.Concerns == "" {
		return nil, problem.InvalidField("concerns", "name the earlier request that it is about")
	}
	if len(in.Identities) == 0 || len(in.Identities) > 50 {
		return nil, problem.InvalidField("identities", "name 1 to 50 identifiers")
	}
	named := make([]request.Identity, 0, len(in.Identities))
	for i, one := range in.Identities {
		normal, err := request.Identity(one).Normal()
		if refused, ok := errors.AsType[*problem.Error](err); ok {
			return nil, problem.InvalidField(fmt.Sprintf("identities[%d].%s", i, refused.Field), "%s", refused.Detail)
		}
		if !slices.Contains(named, normal) { // Named twice, it would be asked twice.
			named = append(named, normal)
		}
	}
	if in.InstructedBy != "" && in.Agent != nil {
		return nil, problem.InvalidField("agent", "a controller instructs for itself; leave the agent out")
	}
	if in.InstructedBy != "" && in.ReplyTo != "" && slices.ContainsFunc(named, func(one request.Identity) bool { return strings.EqualFold(one.Value, in.ReplyTo) }) {
		return nil, problem.InvalidField("reply_to", "is the person's; a controller's instruction is answered to the controller")
	}
	if in.ReplyTo == "" && in.InstructedBy == "" {
		for _, one := range named {
			if one.Kind == request.EmailIdentity {
				in.ReplyTo = one.Value
				break
			}
		}
	}
	if in.ReplyTo != "" {
		if _, err := (request.Identity{Kind: request.EmailIdentity, Value: in.ReplyTo}).Normal(); err != nil {
			return nil, problem.InvalidField("reply_to", "is not one mail address")
		}
	}
	return named, nil
}

// places are how a country, or a part of one, is written (ISO 3166).
var places = regexp.MustCompile(`^([A-Z]{2}(-[A-Z0-9]{1,3})?)?$`)

// countryOf is where a person lives as the state of a request holds it.
func countryOf(said string) (string, error) {
	if said = strings.ToUpper(strings.TrimSpace(said)); !places.MatchString(said) {
		return "", problem.InvalidField("country", "write the country's two letters, or those of a part of it: DE, US-CA")
	}
	return said, nil
}

func (d *Desk) openRequest(ctx context.Context, tx *store.Tx, actor access.Actor, in RequestInput, named []request.Identity) (Receipt, error) {
	now, err := tx.Now(ctx)
	if err != nil {
		return Receipt{}, err
	}
	received := now
	if in.ReceivedAt != nil {
		if received = in.ReceivedAt.UTC(); received.After(now) {
			return Receipt{}, problem.InvalidField("received_at", "lies in the future")
		}
	}
	state := request.State{
		Status: request.Received, Right: request.Right(in.Right), Regime: request.Regime(in.Regime), Channel: request.Channel(in.Channel), Country: in.Country,
		Language: in.Language, OpenedBy: actor.ID, Care: in.Care,
	}
	if in.Concerns != "" {
		earlier, err := caseByRef(ctx, tx, actor, in.Concerns)
		if err != nil || earlier.Kind != KindRequest {
			return Receipt{}, firstError(problemOtherThan(err, problem.NotFound), problem.InvalidField("concerns", "there is no such request"))
		}
		state.Concerns = earlier.ID.String()
	}
	var asks *agentContent
	if in.Agent != nil {
		if asks, err = d.agent(ctx, tx, *in.Agent, now); err != nil {
			return Receipt{}, err
		}
		state.Agent = in.Agent.String()
		if in.ReplyTo == "" {
			in.ReplyTo = asks.ReplyTo
		}
	}
	if in.InstructedBy != "" {
		customer, answerTo, err := d.instructedBy(ctx, &work{Tx: tx}, in.InstructedBy)
		if err != nil {
			return Receipt{}, err
		}
		state.Instructed, in.ReplyTo = customer.String(), cmp.Or(in.ReplyTo, answerTo)
	}
	said := requestContent{content: content{Title: "Request: " + in.Right}, Name: in.Name, Words: in.Words, Evidence: in.Evidence, ReplyTo: in.ReplyTo, Agent: asks}
	w, err := d.begin(ctx, tx, actor, store.Case{Kind: KindRequest, Code: "REQ-" + strings.TrimPrefix(shortCode(), "INC-"), Status: string(state.Status), Drill: in.Drill, OpenedAt: received, Now: now}, state, said)
	if err != nil {
		return Receipt{}, err
	}
	w.write("request.opened", received, map[string]any{
		"code": w.c.Code, "right": in.Right, "regime": in.Regime, "country": in.Country, "channel": in.Channel, "identities": len(named), "drill": in.Drill,
		"agent": state.Agent, "instructed": state.Instructed, "concerns": state.Concerns, "pack_version": d.pack.Version,
	}, map[string]any{"words": in.Words, "evidence": in.Evidence})
	for _, one := range named {
		if err := d.name(ctx, w, one); err != nil {
			return Receipt{}, err
		}
	}
	if err := d.owe(ctx, w, received); err != nil {
		if refused, ok := errors.AsType[*problem.Error](err); ok && refused.Code == problem.Invalid {
			err = problem.InvalidField("received_at", "no period can be counted from it: %s", refused.Detail)
		}
		return Receipt{}, err
	}
	if w.request.Right == request.Unclear { // Nobody is written to before a person has read it: it may be anything.
		err = d.raise(ctx, w, store.Raise{Key: cases.RaiseUnclear, Kind: cases.RaiseUnclear, DueAt: w.c.Now, Count: 1})
	} else {
		err = firstError(w.decideRequest(ctx, request.Begin{}), d.greet(ctx, w))
	}
	if err != nil {
		return Receipt{}, err
	}
	if err := w.save(ctx); err != nil {
		return Receipt{}, err
	}
	return w.opened(), nil
}

// name adds an identifier to a request. What it is lies sealed; its commitment is how equal ones find each other.
func (d *Desk) name(ctx context.Context, w *work, one request.Identity) error {
	id := newID()
	sealed, err := w.key.SealJSON(identityPlace(id), one)
	if err != nil {
		return err
	}
	w.write("identity.named", time.Time{}, map[string]any{"identity": id, "kind": one.Kind}, nil)
	return w.InsertIdentity(ctx, store.Identity{ID: id, Case: w.c.ID, Kind: one.Kind, Sealed: sealed, Commit: d.identityCommit(one), State: "named", RecordedAt: w.c.Now})
}

func identityPlace(id uuid.UUID) string { return "identity/" + id.String() }

// content opens what a request says in words.
func (w *work) content() (said requestContent, err error) {
	err = w.key.OpenJSON(casePlace(w.c.ID), w.c.Sealed, &said)
	return said, err
}

// onRequest decides one command about a request.
func (d *Desk) onRequest(ctx context.Context, actor access.Actor, key string, action access.Action, caseID uuid.UUID, in any, f func(*work) (Receipt, error)) (Receipt, error) {
	return d.command(ctx, actor, key, action, caseID, in, func(w *work) (Receipt, error) {
		if w.c.Kind != KindRequest {
			return Receipt{}, problem.Missing("request")
		}
		return f(w)
	})
}

// simpleRequest decides a command that changes nothing but the machine's state.
func (d *Desk) simpleRequest(ctx context.Context, actor access.Actor, key string, action access.Action, caseID uuid.UUID, in any, c request.Command) (Receipt, error) {
	return d.onRequest(ctx, actor, key, action, caseID, in, func(w *work) (Receipt, error) {
		if err := w.decideRequest(ctx, c); err != nil {
			return Receipt{}, err
		}
		return Receipt{Pending: w.pending()}, nil
	})
}

// DenyInput denies a request.
type DenyInput struct {
	Reason string `json:"reason" enum:"identity_not_verified,no_match,manifestly_unfounded,excessive,suspected_fraud,outside_jurisdiction,claim_not_covered,not_the_controller,legally_exempt" doc:"Why, as a code"`
	Words  string `json:"words" minLength:"1" maxLength:"5000" doc:"Why, in words; the person is owed them"`
}

// DenyRequest denies a request for a coded reason.
func (d *Desk) DenyRequest(ctx context.Context, actor access.Actor, key string, caseID uuid.UUID, in DenyInput) (Receipt, error) {
	return d.simpleRequest(ctx, actor, key, access.RequestEnd, caseID, in, request.Deny{Reason: request.Reason(in.Reason), Words: in.Words})
}

// CancelRequest ends a request that the person no longer makes; possible until the first destructive call.
func (d *Desk) CancelRequest(ctx context.Context, actor access.Actor, key string, caseID uuid.UUID, in ReasonInput) (Receipt, error) {
	return d.simpleRequest(ctx, actor, key, access.RequestEnd, caseID, in, request.Withdraw{Reason: in.Reason})
}

// LapseRequest ends a request whose person never showed who they are.
func (d *Desk) LapseRequest(ctx context.Context, actor access.Actor, key string, caseID uuid.UUID, in ReasonInput) (Receipt, error) {
	return d.simpleRequest(ctx, actor, key, access.RequestEnd, caseID, in, request.Lapse{Reason: in.Reason})
}

// DoneInput says that a task was carried out.
type DoneInput struct {
	Evidence string `json:"evidence" minLength:"1" maxLength:"5000" doc:"What was done, and what shows it"`
}

// DoneRequest records that a person carried out what was asked.
func (d *Desk) DoneRequest(ctx context.Context, actor access.Actor, key string, caseID uuid.UUID, in DoneInput) (Receipt, error) {
	return d.simpleRequest(ctx, actor, key, access.RequestWork, caseID, in, request.Done{Evidence: in.Evidence})
}

// CareRequest lets a request that needs care go on.
func (d *Desk) CareRequest(ctx context.Context, actor access.Actor, key string, caseID uuid.UUID, in ReasonInput) (Receipt, error) {
	return d.simpleRequest(ctx, actor, key, access.RequestApprove, caseID, in, request.Careful{Reason: in.Reason})
}

// AssigneeInput gives a request to somebody.
type AssigneeInput struct {
	Assignee string `json:"assignee" minLength:"1" maxLength:"63" doc:"Handle of the person"`
}

// AssignRequest gives a request to somebody.
func (d *Desk) AssignRequest(ctx context.Context, actor access.Actor, key string, caseID uuid.UUID, in AssigneeInput) (Receipt, error) {
	return d.onRequest(ctx, actor, key, access.RequestWork, caseID, in, func(w *work) (Receipt, error) {
		who, err := w.person(ctx, "assignee", in.Assignee)
		if err != nil {
			return Receipt{}, err
		}
		return Receipt{}, w.decideRequest(ctx, request.Assign{Assignee: who})
	})
}

// DuplicateInput links a request to the one that it repeats.
type DuplicateInput struct {
	Of string `json:"of" minLength:"1" maxLength:"64" doc:"Id or code of the earlier request of the same verified person"`
}

// LinkRequest makes a request a duplicate of an earlier one, where both share an identity that was verified in each.
func (d *Desk) LinkRequest(ctx context.Context, actor access.Actor, key string, caseID uuid.UUID, in DuplicateInput) (Receipt, error) {
	return d.onRequest(ctx, actor, key, access.RequestWork, caseID, in, func(w *work) (Receipt, error) {
		if err := w.LockLinking(ctx); err != nil { // Else each of two could be linked to the other at once.
			return Receipt{}, err
		}
		earlier, err := caseByRef(ctx, w.Tx, actor, in.Of)
		if err != nil {
			return Receipt{}, err
		}
		shared, err := w.SharedWith(ctx, w.c.ID)
		if err != nil {
			return Receipt{}, err
		}
		var theirs request.State
		if earlier.Kind == KindRequest {
			if err := json.Unmarshal(earlier.State, &theirs); err != nil {
				return Receipt{}, err
			}
		}
		if !slices.Contains(shared, earlier.ID) || theirs.Right != w.request.Right || theirs.Instructed != w.request.Instructed || earlier.Drill != w.c.Drill {
			return Receipt{}, problem.Blocked(problem.Blocker{Code: "not_the_same", Ref: earlier.ID.String(),
				Detail: "only requests for the same right that share an identity verified in both are linked, and none with an exercise or with what another instructs"})
		}
		if theirs.Canonical != "" {
			return Receipt{}, problem.InvalidField("of", "is a duplicate itself; name the request that it repeats")
		}
		if theirs.Status.Ended() { // What was written since would be looked for by neither.
			return Receipt{}, problem.Blocked(problem.Blocker{Code: "ended", Ref: earlier.ID.String(), Detail: "the earlier request is " + string(theirs.Status) + "; carry this one out"})
		}
		more, err := w.ShownBeyond(ctx, w.c.ID, earlier.ID)
		if err != nil {
			return Receipt{}, err
		}
		if more > 0 {
			return Receipt{}, problem.Blocked(problem.Blocker{Code: "more_identities", Ref: earlier.ID.String(), Count: more,
				Detail: "identities were verified here that the earlier request does not know; verify them there too, or carry this one out"})
		}
		return Receipt{}, w.decideRequest(ctx, request.Link{Canonical: earlier.ID.String()})
	})
}

// caseByRef reads a case by its id or by the code that people say.
func caseByRef(ctx context.Context, tx *store.Tx, actor access.Actor, ref string) (store.Case, error) {
	if id, err := uuid.Parse(ref); err == nil {
		return tx.Case(ctx, actor, id)
	}
	return tx.CaseByCode(ctx, actor, strings.ToUpper(ref))
}

// problemOtherThan is err unless it is a problem of the code.
func problemOtherThan(err error, code problem.Code) error {
	if refused, ok := errors.AsType[*problem.Error](err); ok && refused.Code == code {
		return nil
	}
	return err
}
