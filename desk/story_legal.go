package desk

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/atlascloudai/docket/core/cases/incident"
	"github.com/atlascloudai/docket/store"
)

// legalStory is what a case's chain says of the breach, of holds, of what is privileged and of erasure.
type legalStory struct {
	assessment incident.Assessment
	drill      bool
	// holds and released are the holds that were placed and released; items the digests of privileged rows by id.
	holds, released    map[string]bool
	items, commitments map[string]string
	circle             []uuid.UUID
	shredded           bool
}

func newLegalStory() legalStory {
	return legalStory{assessment: incident.NotAssessed, holds: map[string]bool{}, released: map[string]bool{}, items: map[string]string{}, commitments: map[string]string{}}
}

// hear takes one entry of the chain.
func (s *legalStory) hear(e store.Entry) error {
	var body struct {
		Word, Party, Hold, Item, Commitment, Row string
		Members                                  []uuid.UUID
		Drill                                    bool
		SuspectedBreach                          bool `json:"suspected_breach"`
	}
	switch e.Kind {
	case "incident.opened", "request.opened", "change.opened", "incident.triaged", "start.recorded", "hold.placed", "hold.released", circleNamed, "privilege.recorded":
		if err := json.Unmarshal(e.Body, &body); err != nil {
			return &mismatch{e.Seq, err}
		}
	}
	switch e.Kind {
	case "incident.opened", "request.opened", "change.opened", "incident.triaged":
		if strings.HasSuffix(e.Kind, ".opened") {
			s.drill = body.Drill
		}
		if body.SuspectedBreach && s.assessment == incident.NotAssessed {
			s.assessment = incident.Suspected
		}
	case "start.recorded":
		if body.Party == "" && (body.Word == "aware_processor" || body.Word == "aware_controller") {
			s.assessment = incident.Aware
		}
	case "breach.ruled_out":
		s.assessment = incident.RuledOut
	case "hold.placed":
		s.holds[body.Hold] = true
	case "hold.released":
		s.released[body.Hold] = true
	case circleNamed:
		s.circle = body.Members
	case "privilege.recorded":
		s.items[body.Item], s.commitments[body.Item] = body.Row, body.Commitment
	case "case.shredded":
		s.shredded = true
	}
	return nil
}

// hold holds the rows against the story.
func (s *legalStory) hold(ctx context.Context, tx *store.Tx, c store.Case) error {
	differs := func(format string, args ...any) error { return &mismatch{c.NextSeq - 1, fmt.Errorf(format, args...)} }
	var state incident.State
	if err := json.Unmarshal(c.State, &state); err != nil {
		return differs("the case's state cannot be read")
	}
	if c.Kind != KindIncident {
		s.assessment = "" // Only an incident is assessed.
	}
	if state.Assessment != s.assessment || c.Drill != s.drill {
		return differs("the case is assessed as %s (drill: %t), the chain records %s (drill: %t)", state.Assessment, c.Drill, s.assessment, s.drill)
	}
	holds, err := tx.Holds(ctx, c.ID)
	if err != nil {
		return err
	}
	placed, released := map[string]bool{}, map[string]bool{}
	for _, h := range holds {
		if placed[h.ID.String()] = true; h.ReleasedAt != nil {
			released[h.ID.String()] = true
		}
	}
	if !maps.Equal(placed, s.holds) || !maps.Equal(released, s.released) {
		return differs("the legal holds are not those that the chain records")
	}
	some, all, err := tx.Shredded(ctx, c.ID)
	if err != nil {
		return err
	}
	if s.shredded && !all || !s.shredded && some {
		return differs("the case's keys are not shredded as the chain records")
	}
	return s.privileged(ctx, tx, c, differs)
}

func (s *legalStory) privileged(ctx context.Context, tx *store.Tx, c store.Case, differs func(string, ...any) error) error {
	circle, err := tx.Circle(ctx, c.ID)
	if err != nil {
		return err
	}
	byID := func(a, b uuid.UUID) int { return slices.Compare(a[:], b[:]) }
	slices.SortFunc(s.circle, byID)
	slices.SortFunc(circle, byID)
	if !slices.Equal(circle, s.circle) {
		return differs("the legal circle is not the one that the chain records")
	}
	seen, after := 0, uuid.Nil
	for {
		items, err := tx.Privileged(ctx, c.ID, after, breachPage)
		if err != nil {
			return err
		}
		for _, item := range items {
			after = item.ID
			seen++
			if id := item.ID.String(); s.items[id] != textDigest(item.Bytes()) || s.commitments[id] != hex.EncodeToString(item.Commitment) {
				return differs("the privileged item %s is not the one that the chain records", item.ID)
			}
		}
		if len(items) < breachPage {
			break
		}
	}
	if seen != len(s.items) {
		return differs("%d privileged items are stored, the chain records %d", seen, len(s.items))
	}
	return nil
}
