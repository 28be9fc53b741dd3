package desk

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/atlascloudai/docket/core/cases/change"
	"github.com/atlascloudai/docket/core/changelog"
	"github.com/atlascloudai/docket/core/problem"
	"github.com/atlascloudai/docket/store"
)

// publicEntry is what the public change log says of a notice of change: nothing that is not public is in it.
type publicEntry struct {
	Kind          string     `json:"kind"`
	Title         string     `json:"title"`
	Summary       string     `json:"summary"`
	Material      bool       `json:"material"`
	EffectiveFrom *time.Time `json:"effective_from,omitempty"`
	EffectiveLast *time.Time `json:"effective_last,omitempty"`
	Document      string     `json:"document,omitempty"`
	Version       int        `json:"version,omitempty"`
	Before        int        `json:"before,omitempty"`
	Corrects      string     `json:"corrects,omitempty"`
	Withdrawn     bool       `json:"withdrawn,omitempty"`
}

// public says whether what a case says of a change is public: exercises are not, except where there is nothing else.
func (d *Desk) public(c store.Case) bool { return !c.Drill || d.drills }

// publish writes what the public change log says of the change now. A document's new version is public from the first time on.
func (d *Desk) publish(ctx context.Context, w *work) error {
	if !d.public(w.c) {
		return nil
	}
	said, err := w.words()
	if err != nil {
		return err
	}
	s := &w.change
	entry := publicEntry{Kind: string(s.Kind), Title: said.Title, Summary: said.Summary, Document: s.Document, Corrects: s.Corrects,
		Material: s.Judged != nil && s.Judged.Material, Withdrawn: s.Status == change.Withdrawn && s.CorrectedBy == ""}
	if s.FrozenAt == nil { // What is not sent takes no notice's place.
		entry.Corrects = ""
	}
	from := s.Planned
	if entry.EffectiveFrom = &from; s.Audience != nil {
		entry.EffectiveLast = s.Audience.LastEffective
		if s.Mode == change.AtOnce && s.Audience.LastEffective != nil {
			entry.EffectiveFrom = s.Audience.LastEffective
		}
	}
	if s.EffectiveAt != nil {
		entry.EffectiveLast = s.EffectiveAt
	}
	if s.Document != "" {
		newest, err := w.NewestVersion(ctx, s.Document)
		if err != nil {
			return err
		}
		if s.Version == 0 { // Not public yet.
			if s.Version = 1; newest != nil {
				s.Version = newest.Number + 1
			}
			if s.Version != s.Base+1 {
				return problem.Blocked(problem.Blocker{Code: "document_moved", Ref: s.Document,
					Detail: fmt.Sprintf("version %d of the document was published since this text was written: revise the change, and write it anew from that version", s.Version-1)})
			}
			digest := sha256.Sum256([]byte(said.Text))
			version := store.DocumentVersion{Name: s.Document, Number: s.Version, Case: w.c.ID, PublishedAt: w.c.Now, EffectiveAt: *entry.EffectiveFrom, Text: said.Text, Digest: digest[:]}
			if err := w.InsertVersion(ctx, version); err != nil {
				return err
			}
			w.write("document.published", time.Time{}, map[string]any{"document": s.Document, "version": s.Version, "sha256": fmt.Sprintf("%x", digest)}, nil)
		}
		entry.Version = s.Version
		before, err := w.VersionBefore(ctx, s.Document, s.Version)
		if err != nil {
			return err
		}
		if before != nil {
			entry.Before = before.Number
		}
	}
	body, err := json.Marshal(entry)
	if err != nil {
		return err
	}
	w.write("entry.published", time.Time{}, map[string]any{"sha256": fmt.Sprintf("%x", sha256.Sum256(body))}, nil)
	return w.PublishEntry(ctx, store.ChangeEntry{Case: w.c.ID, PublishedAt: w.c.Now, Body: body})
}

// ChangeLog is the public change log: everything in it is public.
func (d *Desk) ChangeLog(ctx context.Context) (log changelog.Log, err error) {
	log = changelog.Log{Company: d.companyName, Base: d.publicURL + "/changes"}
	err = d.store.Read(ctx, func(tx *store.Tx) error {
		entries, err := tx.ChangeEntries(ctx)
		if err != nil {
			return err
		}
		for _, e := range entries {
			entry, err := entryOf(e)
			if err != nil {
				return err
			}
			log.Entries = append(log.Entries, entry)
		}
		versions, err := tx.Versions(ctx)
		if err != nil {
			return err
		}
		for _, v := range versions {
			if last := len(log.Documents) - 1; last < 0 || log.Documents[last].Name != v.Name {
				log.Documents = append(log.Documents, changelog.Document{Name: v.Name, Title: titleOf(v.Name)})
			}
			document := &log.Documents[len(log.Documents)-1]
			version := changelog.Version{Number: v.Number, Published: v.PublishedAt.UTC(), Text: v.Text}
			if !v.Withdrawn {
				version.Effective = utc(&v.EffectiveAt)
			}
			document.Versions = append(document.Versions, version)
		}
		return nil
	})
	return log, err
}

// said reads what an entry says.
func said(e store.ChangeEntry) (said publicEntry, err error) {
	if err = json.Unmarshal(e.Body, &said); err != nil {
		err = fmt.Errorf("cannot read the entry of the change log: %w", err)
	}
	return said, err
}

func entryOf(e store.ChangeEntry) (changelog.Entry, error) {
	said, err := said(e)
	if err != nil {
		return changelog.Entry{}, err
	}
	entry := changelog.Entry{
		ID: e.Case, Published: e.PublishedAt.UTC(), Updated: e.UpdatedAt.UTC(), Kind: said.Kind, Title: said.Title, Summary: said.Summary, Material: said.Material,
		EffectiveFrom: said.EffectiveFrom, EffectiveLast: said.EffectiveLast, Document: said.Document, Version: said.Version, Before: said.Before,
	}
	if said.Withdrawn {
		entry.Title, entry.EffectiveFrom, entry.EffectiveLast = "Withdrawn: "+entry.Title, nil, nil
	}
	if said.Corrects != "" {
		corrects, err := uuid.Parse(said.Corrects)
		if err != nil {
			return entry, fmt.Errorf("cannot read the entry of the change log: %w", err)
		}
		entry.Corrects = &corrects
	}
	return entry, nil
}

// titleOf is a document's title from its name: data-retention-policy is "Data retention policy".
func titleOf(name string) string {
	words := strings.ReplaceAll(name, "-", " ")
	return strings.ToUpper(words[:1]) + words[1:]
}
