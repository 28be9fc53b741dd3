// Package changelog renders the public change log: pages, feeds, and what a product's banner says. It is pure.
package changelog

import (
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/atlascloudai/docket/core/problem"
)

// Log is all that is public.
type Log struct {
	// Company is who publishes it. Base is the address of the log, absolute and without a slash at its end: everything in it is
	// linked from there, for good.
	Company, Base string
	// Entries are newest first.
	Entries   []Entry
	Documents []Document
}

// Entry is one change, or the correction of one.
type Entry struct {
	ID uuid.UUID
	// Published is when it was first public, Updated when its words last changed; zero if never.
	Published, Updated time.Time
	// Kind is what changes: policy_change, subprocessor, model_provider, retention, region.
	Kind string
	// Title and Summary are one line each. Body is plain text; a blank line begins a paragraph.
	Title, Summary, Body string
	// Material is what counsel decided, and Reason why.
	Material bool
	Reason   string
	// EffectiveFrom and EffectiveLast are when the change takes effect for the first and for the last customer; nil where it is at
	// once or not known.
	EffectiveFrom, EffectiveLast *time.Time
	// Document names what the change is a new Version of, and Before is the version before it; empty and 0 for none.
	Document        string
	Version, Before int
	// Corrects is the entry that this one takes the place of.
	Corrects *uuid.UUID
}

// LastChange is when its words last changed, which is never before they were public.
func (e Entry) LastChange() time.Time {
	if e.Updated.After(e.Published) {
		return e.Updated.UTC()
	}
	return e.Published.UTC()
}

// Document is a published text in all its versions, newest first. Name is its part of an address.
type Document struct {
	Name, Title string
	Versions    []Version
}

// Version is one text of a document, which never changes. Effective is when it came into force; nil if that is not known.
type Version struct {
	Number    int
	Published time.Time
	Effective *time.Time
	Text      string
}

// Hex is the SHA-256 of the text's bytes, as sha256sum prints it.
func (v Version) Hex() string {
	sum := sha256.Sum256([]byte(v.Text))
	return hex.EncodeToString(sum[:])
}

// Digest is Hex with the name of its algorithm.
func (v Version) Digest() string { return "sha-256:" + v.Hex() }

// EntryURL is the permanent address of an entry.
func (l Log) EntryURL(id uuid.UUID) string { return l.Base + "/" + id.String() }

// DocumentURL is the permanent address of all versions of a document.
func (l Log) DocumentURL(name string) string { return l.Base + "/documents/" + url.PathEscape(name) }

// VersionURL is the permanent address of one version.
func (l Log) VersionURL(name string, number int) string {
	return l.DocumentURL(name) + "/" + strconv.Itoa(number)
}

// TextURL is where the bytes of one version are, and nothing else: what its digest is over.
func (l Log) TextURL(name string, number int) string { return l.VersionURL(name, number) + ".txt" }

// JSONFeedURL is the address of the JSON feed.
func (l Log) JSONFeedURL() string { return l.Base + "/feed.json" }

// AtomURL is the address of the Atom feed.
func (l Log) AtomURL() string { return l.Base + "/feed.atom" }

// Entry finds an entry; not found if the log has none of this id.
func (l Log) Entry(id uuid.UUID) (Entry, error) {
	for _, e := range l.Entries {
		if e.ID == id {
			return e, nil
		}
	}
	return Entry{}, problem.Missing("entry")
}

// CorrectedBy is the entry that takes the place of another, nil if none does.
func (l Log) CorrectedBy(id uuid.UUID) *Entry {
	for i := range l.Entries {
		if corrects := l.Entries[i].Corrects; corrects != nil && *corrects == id {
			return &l.Entries[i]
		}
	}
	return nil
}

// Document finds a document; not found if the log has none of this name.
func (l Log) Document(name string) (Document, error) {
	for _, d := range l.Documents {
		if d.Name == name {
			return d, nil
		}
	}
	return Document{}, problem.Missing("document")
}

// Version finds a version of a document; not found if there is none of this number.
func (d Document) Version(number int) (Version, error) {
	for _, v := range d.Versions {
		if v.Number == number {
			return v, nil
		}
	}
	return Version{}, problem.Missing("version")
}
