package duty

import (
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"maps"
	"slices"
	"strconv"
	"time"
)

// Key is the same for every customer whose agreements in force answer the
// subject alike: resolve once per key, not once per customer. It covers every
// field of the documents and terms in force at the subject's instant, and
// the subject; not the dates on which the customer accepted them.
func (s Set) Key(subject Subject) string {
	binding := s.InForce(subject.At)
	b := make(digest, 0, 2048)
	b.text(subject.Kind)
	b.text(subject.Service)
	list(&b, sorted(subject.Touched))
	b.number(len(binding.Documents))
	for _, document := range binding.Documents {
		b.document(document)
	}
	b.number(len(binding.Terms))
	for _, term := range binding.Terms {
		b.term(term)
	}
	// Amendments point to documents that may have ended; what they amend decides their rank.
	for _, document := range byID(s.Documents, func(d Document) string { return d.ID }) {
		b.text(document.ID)
		b.text(string(document.Kind))
		b.text(document.Amends)
	}
	sum := sha256.Sum256(b)
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

func byID[T any](list []T, id func(T) string) []T {
	if slices.IsSortedFunc(list, func(a, b T) int { return cmp.Compare(id(a), id(b)) }) {
		return list
	}
	return slices.SortedFunc(slices.Values(list), func(a, b T) int { return cmp.Compare(id(a), id(b)) })
}

// digest is the unambiguous bytes that are hashed: every text with its length, every list with its count.
type digest []byte

func (b *digest) text(s string) {
	b.number(len(s))
	*b = append(*b, s...)
}

func (b *digest) number(n int) {
	*b = append(strconv.AppendInt(*b, int64(n), 10), ':')
}

func (b *digest) instant(at *time.Time) {
	if at == nil {
		b.text("")
		return
	}
	b.text(at.UTC().Format(time.RFC3339Nano))
}

func list[T ~string](b *digest, items []T) {
	b.number(len(items))
	for _, item := range items {
		b.text(string(item))
	}
}

func (b *digest) document(d Document) {
	for _, s := range []string{d.ID, string(d.Kind), d.Title, d.Version, d.Amends, d.PrecedenceClause} {
		b.text(s)
	}
	b.text(d.Executed.String())
	b.instant(&d.EffectiveFrom)
	b.instant(d.EffectiveTo)
	list(b, d.Precedence)
}

func (b *digest) term(t Term) {
	for _, s := range []string{t.ID, t.Document, t.Kind, string(t.Start), t.Words, t.Rule, string(t.Contacts), string(t.Meets), t.Clause, t.Zone, t.Calendar} {
		b.text(s)
	}
	b.number(t.Page)
	list(b, t.Scope.Touched)
	list(b, t.Scope.Services)
	if len(t.Scope.Changes) > 0 || t.Scope.Emergency { // Where they say nothing they are no part, and earlier keys stand.
		list(b, t.Scope.Changes)
		b.text(strconv.FormatBool(t.Scope.Emergency))
	}
	b.number(len(t.Options))
	for _, name := range slices.Sorted(maps.Keys(t.Options)) {
		b.text(name)
		b.text(t.Options[name])
	}
	list(b, t.Notify)
	list(b, t.Channels)
	list(b, t.Content)
	if t.Period == nil {
		b.text("")
	} else {
		b.text(string(t.Period.Unit))
		b.number(t.Period.Amount)
	}
	b.instant(t.EffectiveFrom)
	b.instant(t.EffectiveTo)
}
