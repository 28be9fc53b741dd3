package desk

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/atlascloudai/docket/core/cases/change"
	"github.com/atlascloudai/docket/store"
)

// changeStory is what a notice of change's chain says of its audience, and of each customer: dates, answer, since when it holds.
type changeStory struct {
	audience  string
	dated     map[uuid.UUID]dated
	answers   map[uuid.UUID]string
	taken     map[uuid.UUID]time.Time
	published string
	// entry is the digest of what the change log says.
	entry string
}

func newChangeStory() changeStory {
	return changeStory{dated: map[uuid.UUID]dated{}, answers: map[uuid.UUID]string{}, taken: map[uuid.UUID]time.Time{}}
}

func (s *changeStory) hear(e store.Entry) (err error) {
	switch e.Kind {
	case "change.audience":
		var said change.Audience
		err = json.Unmarshal(e.Body, &said)
		s.audience = said.Digest
	case "change.dated":
		var said struct{ Customers []dated }
		err = json.Unmarshal(e.Body, &said)
		for _, one := range said.Customers {
			if s.dated[one.Customer] = one; one.Sent == nil {
				delete(s.taken, one.Customer)
			}
		}
	case "change.answered":
		var said struct {
			Customer uuid.UUID
			Answer   string
		}
		err = json.Unmarshal(e.Body, &said)
		s.answers[said.Customer] = said.Answer
	case "change.taken":
		var said struct{ Customers []uuid.UUID }
		err = json.Unmarshal(e.Body, &said)
		for _, id := range said.Customers {
			s.taken[id] = e.RecordedAt
		}
	case "entry.published":
		var said struct{ SHA256 string }
		err = json.Unmarshal(e.Body, &said)
		s.entry = said.SHA256
	case "document.published":
		var said struct{ SHA256 string }
		err = json.Unmarshal(e.Body, &said)
		s.published = said.SHA256
	}
	if err != nil {
		return &mismatch{e.Seq, err}
	}
	return nil
}

// hold holds a change's rows against the story.
func (s *changeStory) hold(ctx context.Context, tx *store.Tx, c store.Case) error {
	if c.Kind != KindChange {
		return nil
	}
	differs := func(format string, args ...any) error { return &mismatch{c.NextSeq - 1, fmt.Errorf(format, args...)} }
	var all []store.ChangeCustomer
	for after := uuid.Nil; ; {
		page, err := tx.ChangeCustomers(ctx, c.ID, after, chunk)
		if err != nil {
			return err
		}
		if len(page) == 0 {
			break
		}
		after = page[len(page)-1].Customer
		for _, row := range page {
			if err := s.one(row, differs); err != nil {
				return err
			}
			delete(s.dated, row.Customer)
			delete(s.answers, row.Customer)
			delete(s.taken, row.Customer)
			row.Why, row.Sealed = nil, nil
			all = append(all, row)
		}
	}
	switch {
	case s.audience != "" && digestOfAudience(all) != s.audience:
		return differs("the audience and its dates are not those that the chain records")
	case len(s.dated)+len(s.answers)+len(s.taken) > 0:
		return differs("the chain records customers who are not in the audience")
	}
	return s.holdText(ctx, tx, c, differs)
}

// one holds one customer's row against what the chain says of it.
func (s *changeStory) one(row store.ChangeCustomer, differs func(string, ...any) error) error {
	told, known := s.dated[row.Customer]
	if !known { // Nothing was counted from a sending: what letters say stands.
		told = dated{Closes: row.SaidCloses, Until: row.SaidUntil, Effective: row.SaidEffective, Provisional: row.Provisional}
	}
	taken, took := s.taken[row.Customer]
	switch {
	case !sameInstant(told.Sent, row.SentAt) || !sameInstant(told.Closes, row.WindowCloses) || !sameInstant(told.Until, row.TerminationUntil) ||
		!told.Effective.Equal(row.Effective) || told.Provisional != row.Provisional:
		return differs("the dates of customer %s are not those that the chain records", row.Customer)
	case s.answers[row.Customer] != row.Answer:
		return differs("the answer of customer %s is not the one that the chain records", row.Customer)
	case took != (row.TakenAt != nil) || took && !taken.Equal(*row.TakenAt):
		return differs("the change does not hold for customer %s since when the chain records it", row.Customer)
	}
	return nil
}

func sameInstant(a, b *time.Time) bool {
	return a == nil && b == nil || a != nil && b != nil && a.Equal(*b)
}

// holdText holds the published text of a document against the chain.
func (s *changeStory) holdText(ctx context.Context, tx *store.Tx, c store.Case, differs func(string, ...any) error) error {
	versions, err := tx.Versions(ctx)
	if err != nil {
		return err
	}
	found := false
	for _, v := range versions {
		if v.Case != c.ID {
			continue
		}
		found = true
		if sum := sha256.Sum256([]byte(v.Text)); fmt.Sprintf("%x", sum) != s.published || !bytes.Equal(sum[:], v.Digest) {
			return differs("the published text of %s, version %d, is not the one that the chain records", v.Name, v.Number)
		}
	}
	if s.published != "" && !found {
		return differs("the text that the chain records as published is gone")
	}
	return s.holdEntry(ctx, tx, c, differs)
}

// holdEntry holds what the change log says against the chain.
func (s *changeStory) holdEntry(ctx context.Context, tx *store.Tx, c store.Case, differs func(string, ...any) error) error {
	entries, err := tx.ChangeEntries(ctx)
	if err != nil {
		return err
	}
	stored := ""
	for _, e := range entries {
		if e.Case != c.ID {
			continue
		}
		says, err := said(e)
		if err != nil {
			return differs("what the change log says cannot be read")
		}
		body, err := json.Marshal(says)
		if err != nil {
			return err
		}
		stored = fmt.Sprintf("%x", sha256.Sum256(body))
	}
	if stored != s.entry {
		return differs("what the change log says is not what the chain records")
	}
	return nil
}
