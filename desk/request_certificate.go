package desk

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/audit"
	"github.com/atlascloudai/docket/core/certificate"
	"github.com/atlascloudai/docket/core/estate"
	"github.com/atlascloudai/docket/core/problem"
	"github.com/atlascloudai/docket/core/seal"
	"github.com/atlascloudai/docket/store"
)

// certify signs the next version of a request's certificate: what was seen of every place, and what stays.
func (d *Desk) certify(ctx context.Context, w *work) error {
	if d.sign == nil {
		return problem.New(problem.Unavailable, "this process has no signing key; certificates are signed by the worker")
	}
	before, err := w.Certificates(ctx, w.c.ID)
	if err != nil {
		return err
	}
	targets, err := w.certified(ctx)
	if err != nil || len(targets) == 0 { // Nothing was searched, so nothing is certified.
		return err
	}
	plan, err := hex.DecodeString(w.request.Plan.Digest)
	if err != nil {
		return err
	}
	head, err := audit.ReadDigest(w.c.Head)
	if err != nil {
		return err
	}
	planned, err := audit.ReadDigest(plan)
	if err != nil {
		return err
	}
	starts, err := w.Starts(ctx, w.c.ID)
	if err != nil {
		return err
	}
	c := certificate.Certificate{
		ID: certificate.ID(uuid.NewSHA1(w.c.ID, []byte("certificate")).String()), Request: certificate.Reference(w.c.Code), Version: len(before) + 1, IssuedAt: w.c.Now,
		Right: certificate.Code(w.request.Right), Regime: certificate.Code(w.request.Regime), Outcome: certificate.Completed, PlanDigest: planned,
		ReceivedAt: starts[requestReceived], Chain: certificate.Head{Seq: w.c.NextSeq - 1, Hash: head}, Targets: targets,
	}
	for _, t := range targets {
		if t.Kept > 0 {
			c.Outcome = certificate.CompletedWithRetention
		}
	}
	if len(before) > 0 {
		c.Previous = audit.FileDigest(string(before[len(before)-1]))
	}
	if all, err := w.Targets(ctx, w.c.ID); err == nil && len(all) > 0 {
		c.EstateVersion = certificate.Label(all[0].Estate)
	}
	for _, place := range d.unsearched(w.request.Plan) {
		if place.Why == "" {
			place.Why, place.Instead = "nothing that was shown leads there", "a request that shows another identifier looks there"
		}
		c.Unsearched = append(c.Unsearched, certificate.Unsearched{Address: certificate.Address(place.Address), Why: certificate.Words(place.Why), Instead: certificate.Words(place.Instead)})
	}
	line, err := certificate.Sign(c, d.sign)
	if err != nil {
		return fmt.Errorf("cannot sign the certificate: %w", err)
	}
	w.write("certificate.issued", time.Time{}, map[string]any{"version": c.Version, "outcome": c.Outcome, "digest": audit.FileDigest(line)}, nil)
	counts, err := w.RequestCounts(ctx, w.c.ID, w.c.Now)
	if err != nil {
		return err
	}
	w.request.Certificate, w.request.Certified = c.Version, counts.Seen
	return w.InsertCertificate(ctx, w.c.ID, c.Version, w.c.Now, []byte(line))
}

// methods are how each kind of store erases, in the certificate's words.
var methods = map[estate.Kind]certificate.Method{
	estate.Postgres: certificate.Deleted, estate.S3: certificate.DeletedObjects, estate.HTTP: certificate.Service, estate.Manual: certificate.AttestedByPerson,
}

// certified is what was seen of every place.
func (w *work) certified(ctx context.Context) ([]certificate.Target, error) {
	targets, err := w.Targets(ctx, w.c.ID)
	if err != nil {
		return nil, err
	}
	sums, err := w.PageSums(ctx, w.c.ID)
	if err != nil {
		return nil, err
	}
	var all []certificate.Target
	for _, t := range targets {
		var of spec
		if err := json.Unmarshal(t.Spec, &of); err != nil {
			return nil, fmt.Errorf("cannot read the target: %w", err)
		}
		one := certificate.Target{Address: certificate.Address(t.Address), Kind: certificate.Code(t.Kind), Class: certificate.Code(t.Class), Method: methods[estate.Kind(t.Kind)],
			AcceptedAt: t.AcceptedAt, ErasedAt: t.ErasedAt, Verification: certificate.Verified, VerifiedAt: t.VerifiedAt}
		if of.Collection.Strategy == estate.MaskFields {
			one.Method = certificate.Masked
		}
		if estate.Kind(t.Kind) == estate.Manual {
			one.Method, one.Verification, one.VerifiedAt = certificate.AttestedByPerson, certificate.Attested, nil
		}
		for _, s := range sums {
			if s.Target == t.ID {
				count(&one, s)
			}
		}
		if one.Erased+one.Masked == 0 { // What is only kept was not erased, whenever its fields were masked.
			one.AcceptedAt, one.ErasedAt = nil, nil
		}
		if one.EvidenceDigest, err = answeredBy(ctx, w.Tx, t.ID); err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, nil
}

// count adds what became of some pages. What was accepted and is gone now was erased by the other side.
func count(one *certificate.Target, s store.PageSum) {
	one.Located += s.Items
	switch s.State {
	case "verified", "attested":
		one.Masked += s.Masked
		one.Absent += s.Absent
		one.Erased += s.Items - s.Masked - s.Absent
	case "kept", "held":
		one.Kept += s.Items
		one.Residuals = append(one.Residuals, certificate.Residual{Count: s.Items, Ground: certificate.Code(deref(s.Ground)), Words: certificate.Words(deref(s.Words)), Until: s.Until})
	default:
		one.Open += s.Items
	}
}

// answeredBy digests everything that a target's store answered, as the ledger has it.
func answeredBy(ctx context.Context, tx *store.Tx, target uuid.UUID) (audit.Digest, error) {
	sum := sha256.New()
	err := tx.EachErasureOf(ctx, target, func(e store.ErasureEvent) error {
		sum.Write(e.Bytes())
		return nil
	})
	if err != nil {
		return audit.Digest{}, err
	}
	return audit.ReadDigest(sum.Sum(nil))
}

// Certificates is the chain of a request's certificates: one JWS per line, the first version first.
func (d *Desk) Certificates(ctx context.Context, actor access.Actor, caseID uuid.UUID) (file []byte, err error) {
	err = d.read(ctx, actor, access.CaseRead, caseID, func(tx *store.Tx, c store.Case, _ seal.Key) error {
		lines, err := tx.Certificates(ctx, c.ID)
		if err == nil && len(lines) == 0 {
			return problem.Missing("certificate")
		}
		file = append(bytes.Join(lines, []byte("\n")), '\n')
		return err
	})
	return file, err
}
