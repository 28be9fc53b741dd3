package desk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/cases/request"
	"github.com/atlascloudai/docket/core/estate"
	"github.com/atlascloudai/docket/core/export"
	"github.com/atlascloudai/docket/core/letters/person"
	"github.com/atlascloudai/docket/core/problem"
	"github.com/atlascloudai/docket/store"
)

// ExportInput releases what was previewed.
type ExportInput struct {
	Digest  string   `json:"digest" minLength:"64" maxLength:"64" doc:"Digest of the plan that was looked at"`
	Include []string `json:"include,omitempty" maxItems:"1000" doc:"Fields that are not to be left out although the estate proposes it, as store/collection.field"`
}

// RedactionView is a field that an export leaves out unless its reviewer includes it.
type RedactionView struct {
	Field    string `json:"field" doc:"store/collection.field"`
	Why      string `json:"why" doc:"Why the estate proposes to leave it out"`
	Included bool   `json:"included,omitempty" doc:"A reviewer released it"`
}

// objectName is under what an export shows the key of an object, which has no fields of its own; objectContent what its listing says.
const (
	objectName    = "object"
	objectContent = "content"
)

// exportedFields are what is read of a collection for an export.
func exportedFields(of spec, kind estate.Kind) []string {
	switch kind {
	case estate.S3:
		return []string{objectContent}
	case estate.Manual:
		return nil // Only its owner can read there.
	}
	fields := make([]string, 0, len(of.Collection.Fields))
	for _, f := range of.Collection.Fields {
		fields = append(fields, f.Name)
	}
	return fields
}

// unsearchedFor are the places that a search by these kinds of identifier does not look into.
func (d *Desk) unsearchedFor(kinds []string) (places []request.Unsearched) {
	if d.estate == nil {
		return nil
	}
	for _, u := range d.estate.Unreached(kinds) {
		places = append(places, request.Unsearched{Address: string(u.Address), Why: u.Why, Instead: u.Instead})
	}
	return places
}

// eachSpec calls f for every target of the request.
func (w *work) eachSpec(ctx context.Context, f func(store.Target, spec) error) error {
	targets, err := w.Targets(ctx, w.c.ID)
	for _, t := range targets {
		var of spec
		if err = json.Unmarshal(t.Spec, &of); err == nil {
			err = f(t, of)
		}
		if err != nil {
			return err
		}
	}
	return err
}

// redactions are the fields that the estate proposes to leave out.
func (w *work) redactions(ctx context.Context) (views []RedactionView, err error) {
	if !w.request.Right.Exported() {
		return nil, nil
	}
	err = w.eachSpec(ctx, func(t store.Target, of spec) error {
		for _, f := range of.Collection.Fields {
			if name := t.Address + "." + f.Name; f.Redact != "" {
				views = append(views, RedactionView{Field: name, Why: f.Redact, Included: w.request.Export != nil && slices.Contains(w.request.Export.Include, name)})
			}
		}
		return nil
	})
	return views, err
}

// ReleaseExport lets the person fetch exactly what the plan of a digest located, but for the fields that are left out, once. The
// acceptance of the letter that says so meets the duty to answer.
func (d *Desk) ReleaseExport(ctx context.Context, actor access.Actor, key string, caseID uuid.UUID, in ExportInput) (Receipt, error) {
	return d.onRequest(ctx, actor, key, access.RequestApprove, caseID, in, func(w *work) (Receipt, error) {
		proposed, err := w.redactions(ctx)
		if err != nil {
			return Receipt{}, err
		}
		include := slices.Compact(slices.Sorted(slices.Values(in.Include)))
		for i, name := range include {
			if !slices.ContainsFunc(proposed, func(r RedactionView) bool { return r.Field == name }) {
				return Receipt{}, problem.InvalidField(fmt.Sprintf("include[%d]", i), "names none of the fields that are proposed to be left out; give store/collection.field")
			}
		}
		if err := w.decideRequest(ctx, request.Release{Digest: in.Digest, Include: include}); err != nil {
			return Receipt{}, err
		}
		if w.request.Status != request.InHand {
			return Receipt{Pending: true}, nil
		}
		challenge, err := d.offer(ctx, w)
		return Receipt{ID: &challenge}, err
	})
}

// OfferExport mails a new code for an export that is released: a letter was lost, a code locked, or a download broke. The code
// mailed before ends with it.
func (d *Desk) OfferExport(ctx context.Context, actor access.Actor, key string, caseID uuid.UUID, in ReasonInput) (Receipt, error) {
	return d.onRequest(ctx, actor, key, access.RequestApprove, caseID, in, func(w *work) (Receipt, error) {
		if in.Reason == "" {
			return Receipt{}, problem.InvalidField("reason", "say why it is offered anew")
		}
		if err := w.decideRequest(ctx, request.Offer{}); err != nil {
			return Receipt{}, err
		}
		w.write("export.offered_anew", time.Time{}, struct{}{}, map[string]any{"reason": in.Reason})
		challenge, err := d.offer(ctx, w)
		return Receipt{ID: &challenge}, err
	})
}

// offer mails a code to an address that was shown to be the person's, what was only named as a reply address is told nothing; or to
// the controller who instructs it, whose people are never written to.
func (d *Desk) offer(ctx context.Context, w *work) (uuid.UUID, error) {
	said, err := w.content()
	if err != nil {
		return uuid.Nil, err
	}
	to, identity, err := w.provenAddress(ctx, said.ReplyTo)
	if err != nil {
		return uuid.Nil, err
	}
	code := mailedCode()
	c := store.Challenge{ID: newID(), Identity: identity, Case: w.c.ID, Purpose: store.ForExport, AskedAt: w.c.Now, ExpiresAt: *w.request.Export.Until}
	c.Hash = d.codeHash(c.ID, code)
	if err := w.InsertChallenge(ctx, c); err != nil {
		return uuid.Nil, err
	}
	w.write("export.offered", time.Time{}, map[string]any{"challenge": c.ID, "identity": identity, "expires_at": c.ExpiresAt.UTC()}, nil)
	v, err := d.letterValues(ctx, w, said)
	if err != nil {
		return uuid.Nil, err
	}
	v.Code, v.Link, v.ExpiresAt = code, d.publicURL+"/export/"+c.ID.String(), &c.ExpiresAt
	owed, err := w.answerDuty(ctx)
	if err != nil {
		return uuid.Nil, err
	}
	var meets *uuid.UUID
	if owed != nil {
		meets = &owed.ID
	}
	return c.ID, d.mail(ctx, w, person.ExportReady, to, v, meets)
}

// provenAddress is the reply address where it was shown to be the person's, else the first mail address that was. A controller's own
// address was shown with its instruction.
func (w *work) provenAddress(ctx context.Context, reply string) (to string, identity uuid.UUID, err error) {
	all, err := w.Identities(ctx, w.c.ID)
	if err != nil {
		return "", uuid.Nil, err
	}
	for _, i := range all {
		if i.State == "verified" && w.request.Instructed != "" {
			return reply, i.ID, nil
		}
		if i.Kind != request.EmailIdentity || i.State != "verified" {
			continue
		}
		one, err := w.named(i)
		if err != nil {
			return "", uuid.Nil, err
		}
		if to == "" || strings.EqualFold(one.Value, reply) {
			to, identity = one.Value, i.ID
		}
	}
	if to == "" {
		return "", uuid.Nil, problem.Blocked(problem.Blocker{Code: "no_address",
			Detail: "no mail address was shown to be the person's: have one shown, or hand a copy over by hand and record that it was carried out"})
	}
	return to, identity, nil
}

// FetchExport takes the code that was mailed with a release, and then writes the export as a ZIP, page by page. It answers
// ErrCode to whatever is wrong, before the first byte. What fails later is an archive that is not whole; the code is used, and a
// person can offer the export anew.
func (d *Desk) FetchExport(ctx context.Context, challengeID uuid.UUID, code string, to io.Writer) error {
	var archive *export.Archive
	var places []gathered
	err := d.redeem(ctx, challengeID, code, store.ForExport, "verified", func(w *work, _ store.Identity) error {
		if i, err := w.Installation(ctx); err != nil || i != nil && i.QuarantinedAt != nil {
			return firstError(err, ErrCode) // A clone or a restored copy discloses nothing.
		}
		if err := w.decideRequest(ctx, request.Fetch{Challenge: challengeID.String()}); err != nil {
			return err
		}
		head := export.Head{Company: d.companyName, Contact: d.contact, Reference: w.c.Code, Language: w.request.Language, At: w.c.Now}
		for _, u := range w.request.Plan.Unsearched {
			head.Unsearched = append(head.Unsearched, export.Unsearched(u))
		}
		archive, places = export.New(to, head), nil
		return w.eachSpec(ctx, func(t store.Target, of spec) error {
			places = append(places, w.gathered(t, of))
			return nil
		})
	}, func(w *work, i store.Identity) error {
		w.write("export.locked", time.Time{}, map[string]any{"challenge": challengeID, "identity": i.ID}, nil)
		return nil
	})
	for _, place := range places {
		err = firstError(err, archive.Add(place.Place, d.pagesOf(ctx, place)))
		if err != nil {
			return err
		}
	}
	if err != nil {
		return err
	}
	return archive.Close()
}

// gathered is one place of an export and where its pages lie.
type gathered struct {
	export.Place
	w       *work
	address string
}

// gathered is what an export shows of one target.
func (w *work) gathered(t store.Target, of spec) gathered {
	place := export.Place{Store: of.Store, Collection: of.Collection.Name, Class: of.Collection.Class, ByHand: t.Kind == string(estate.Manual), Listed: t.Kind == string(estate.S3)}
	if r := of.Collection.Retention; r != nil {
		place.Kept = r.Words
	}
	if place.Listed {
		place.Fields = []string{objectName, objectContent}
		return gathered{place, w, t.Address}
	}
	for _, f := range of.Collection.Fields {
		if f.Redact != "" && !slices.Contains(w.request.Export.Include, t.Address+"."+f.Name) {
			place.LeftOut = append(place.LeftOut, export.LeftOut{Field: f.Name, Why: f.Redact})
			continue
		}
		place.Fields = append(place.Fields, f.Name)
	}
	return gathered{place, w, t.Address}
}

// errWiped ends an export whose pages are emptied while it is written.
var errWiped = errors.New("what was gathered was wiped meanwhile")

// pagesOf reads the pages of one place, each in a transaction of its own: a slow reader holds none.
func (d *Desk) pagesOf(ctx context.Context, of gathered) export.Pages {
	return func(f func([]export.Record) error) error {
		for number := 0; ; {
			var page *store.TargetPage
			err := d.store.Do(ctx, func(tx *store.Tx) (err error) {
				page, err = tx.PageAfter(ctx, of.w.c.ID, of.address, number)
				return err
			})
			if err != nil || page == nil {
				return err
			}
			if len(page.Sealed) == 0 {
				return errWiped
			}
			items, err := openItems(of.w.key, *page)
			if err != nil {
				return err
			}
			records := make([]export.Record, 0, len(items))
			for _, item := range items {
				record := export.Record(item.Values)
				if of.Listed {
					record = export.Record{objectName: item.Key, objectContent: item.Values[objectContent]}
				}
				records = append(records, record)
			}
			if err := f(records); err != nil {
				return err
			}
			number = page.Number
		}
	}
}

// WipeExport empties what was gathered once it was fetched, its period is over, or the request ended without a release.
func (d *Desk) WipeExport(ctx context.Context, caseID uuid.UUID) (int, error) {
	return d.process(ctx, access.RequestRecord, caseID, func(w *work) (int, error) {
		before := len(w.events)
		if err := w.decideRequest(ctx, request.Wipe{}); err != nil || len(w.events) == before {
			return 0, err
		}
		return 1, w.WipeTargets(ctx, w.c.ID)
	})
}
