package desk

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/atlascloudai/docket/core/audit"
	"github.com/atlascloudai/docket/core/cases/request"
	"github.com/atlascloudai/docket/store"
)

// requestStory is what a request's chain says of who was shown to ask, what was approved and when destroying began.
type requestStory struct {
	verified map[string]bool
	approved string
	begun    *time.Time
	issued   int
	// released is the plan whose export was released; fetched and wiped are how often.
	released       string
	fetched, wiped int
}

func (s *requestStory) hear(e store.Entry) error {
	var body struct{ Identity, Digest string }
	switch e.Kind {
	case "identity.verified", "plan.approved", "export.released":
		if err := json.Unmarshal(e.Body, &body); err != nil {
			return &mismatch{e.Seq, err}
		}
	}
	switch e.Kind {
	case "identity.verified":
		s.verified[body.Identity] = true
	case "plan.approved":
		s.approved = body.Digest
	case "request.begun":
		s.begun = &e.HappenedAt
	case "export.released":
		s.released = body.Digest
	case "export.fetched":
		s.fetched++
	case "export.wiped":
		s.wiped++
	case "certificate.issued":
		s.issued++
	}
	return nil
}

// hold holds a request's rows against the story.
func (s *requestStory) hold(ctx context.Context, tx *store.Tx, c store.Case) error {
	if c.Kind != KindRequest {
		return nil
	}
	differs := func(format string, args ...any) error { return &mismatch{c.NextSeq - 1, fmt.Errorf(format, args...)} }
	var state request.State
	if err := json.Unmarshal(c.State, &state); err != nil {
		return differs("the request's state cannot be read")
	}
	identities, err := tx.Identities(ctx, c.ID)
	if err != nil {
		return err
	}
	verified := map[string]bool{}
	for _, i := range identities {
		if i.State == "verified" {
			verified[i.ID.String()] = true
		}
	}
	switch {
	case !maps.Equal(verified, s.verified):
		return differs("the identities that were verified are not those that the chain records")
	case (state.BegunAt == nil) != (s.begun == nil) || s.begun != nil && !state.BegunAt.Equal(*s.begun):
		return differs("destroying did not begin when the chain records it")
	case state.BegunAt != nil && (state.Plan == nil || state.Plan.Digest != s.approved):
		return differs("what was begun is not the plan whose approval the chain records")
	}
	if err := s.holdExport(ctx, tx, c, state, differs); err != nil {
		return err
	}
	certificates, err := tx.Certificates(ctx, c.ID)
	if err == nil && len(certificates) != s.issued {
		return differs("%d certificates are stored, the chain records %d", len(certificates), s.issued)
	}
	return err
}

// holdExport holds what was released, fetched and wiped against the story.
func (s *requestStory) holdExport(ctx context.Context, tx *store.Tx, c store.Case, state request.State, differs func(string, ...any) error) error {
	e := state.Export
	if e == nil {
		e = &request.Export{}
	}
	switch {
	case e.ReleasedBy != "" && (state.Plan == nil || state.Plan.Digest != s.released), e.ReleasedBy == "" && s.released != "":
		return differs("what was released is not the plan whose release the chain records")
	case e.FetchedAt != nil && s.fetched == 0:
		return differs("an export was fetched, and the chain does not record it")
	case (e.WipedAt != nil) != (s.wiped > 0):
		return differs("what was gathered was not wiped when the chain records it")
	case s.wiped == 0:
		return nil
	}
	left, err := tx.Unwiped(ctx, c.ID)
	if err == nil && left > 0 {
		return differs("%d pages hold records although the chain records that they were wiped", left)
	}
	return err
}

// verifyErasures re-hashes the rows of the ledger of erasing that one entry vouches for.
func verifyErasures(ctx context.Context, tx *store.Tx, e store.Entry, view *VerifyView) error {
	var vouched audit.PageSeal
	if err := json.Unmarshal(e.Body, &vouched); err != nil {
		return &mismatch{e.Seq, err}
	}
	name, found := strings.CutPrefix(vouched.Page, erasurePrefix)
	page, err := uuid.Parse(name)
	if !found || err != nil {
		return &mismatch{e.Seq, fmt.Errorf("%q names no page", vouched.Page)}
	}
	again, counts, err := digestErasures(ctx, tx, page)
	if err != nil {
		return err
	}
	if err := vouched.Check(again, counts); err != nil {
		return &mismatch{e.Seq, err}
	}
	view.Pages++
	view.Rows += again.Count()
	return nil
}
