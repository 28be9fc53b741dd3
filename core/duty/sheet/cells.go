package sheet

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/atlascloudai/docket/core/clock"
)

// token is what references, ids and names of services look like.
var token = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

// longestText is more than any title or address needs.
const longestText = 500

// refuse records an error.
func (d *draft) refuse(at place, field, text string) {
	d.errors = append(d.errors, Finding{File: at.file, Line: at.line, Field: field, Text: text})
}

// allow refuses every key that is not one of the fields.
func (d *draft) allow(r row, fields []string) {
	for key, c := range r.cells {
		if !slices.Contains(fields, key) {
			d.refuse(place{r.file, c.line}, fieldName(key), "is unknown here; the keys are "+strings.Join(fields, ", "))
		}
	}
}

// fields reads the cells of one record.
type fields struct {
	row
	draft *draft
}

func (f fields) refuse(field, text string) {
	at := f.place
	if c, given := f.cells[field]; given {
		at.line = c.line
	}
	f.draft.refuse(at, field, text)
}

// text is a one-line text, "" if it is not given.
func (f fields) text(field string) string {
	c := f.cells[field]
	if c.items != nil || c.nested != nil {
		f.refuse(field, "must be one text, not a list")
		return ""
	}
	if len(c.text) > longestText || strings.ContainsFunc(c.text, unicode.IsControl) {
		f.refuse(field, "must be one line of at most 500 characters")
		return ""
	}
	return c.text
}

// required is a text that must be given.
func (f fields) required(field string) string {
	if !f.given(field) {
		f.refuse(field, "is missing")
	}
	return f.text(field)
}

// given says whether the record has anything in the field, be it wrong.
func (f fields) given(field string) bool {
	c := f.cells[field]
	return c.text != "" || len(c.items)+len(c.nested) > 0
}

// token is an id or reference, "" if it is not given.
func (f fields) token(field string) string {
	text := f.text(field)
	if text != "" && !token.MatchString(text) {
		f.refuse(field, "must be letters, digits, dots, hyphens and underscores, at most 64")
		return ""
	}
	return text
}

// id is a token that must be given.
func (f fields) id(field string) string {
	if !f.given(field) {
		f.refuse(field, "is missing")
	}
	return f.token(field)
}

// list is the items of a list; in CSV and in a single text they are separated by semicolons.
func (f fields) list(field string) []string {
	c := f.cells[field]
	if c.nested != nil {
		f.refuse(field, "must be a list of texts")
		return nil
	}
	items := c.items
	if items == nil && c.text != "" {
		items = strings.Split(c.text, ";")
	}
	var read []string
	for _, item := range items {
		item = strings.TrimSpace(item)
		if !token.MatchString(item) {
			f.refuse(field, "holds an item that is not letters, digits, dots, hyphens and underscores")
			return nil
		}
		if slices.Contains(read, item) {
			f.refuse(field, "holds an item twice")
			return nil
		}
		read = append(read, item)
	}
	return read
}

// choice is one of the known words, or the default if none is given.
func choice[T ~string](f fields, field string, known []T, otherwise T) T {
	if otherwise == "" {
		f.required(field)
	}
	text := f.text(field)
	if text == "" {
		return otherwise
	}
	if !slices.Contains(known, T(text)) {
		f.refuse(field, "must be one of "+words(known))
		return otherwise
	}
	return T(text)
}

// choices is a list of known words.
func choices[T ~string](f fields, field string, known []T) []T {
	var read []T
	for _, item := range f.list(field) {
		if !slices.Contains(known, T(item)) {
			f.refuse(field, "may hold "+words(known))
			return nil
		}
		read = append(read, T(item))
	}
	return read
}

func words[T ~string](list []T) string {
	texts := make([]string, len(list))
	for i, word := range list {
		texts[i] = string(word)
	}
	return strings.Join(texts, ", ")
}

// number is a whole number from 1, or 0 if it is not given.
func (f fields) number(field string) int {
	text := f.text(field)
	if text == "" {
		return 0
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		f.refuse(field, "must be a whole number from 1")
		return 0
	}
	return n
}

// date is a civil date, zero if it is not given.
func (f fields) date(field string) clock.Date {
	text := f.text(field)
	if text == "" {
		return clock.Date{}
	}
	date, err := clock.ParseDate(text)
	if err != nil {
		f.refuse(field, "must be a date, YYYY-MM-DD")
	}
	return date
}

// instant is a moment, nil if it is not given: an instant with an offset, or a
// civil date, which begins when its day begins in the zone.
func (f fields) instant(field string, zone *time.Location) *time.Time {
	text := f.text(field)
	if text == "" {
		return nil
	}
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		return &at
	}
	date, err := clock.ParseDate(text)
	if err != nil {
		f.refuse(field, "must be a date, YYYY-MM-DD, or an instant with an offset, 2026-03-01T09:00:00+01:00")
		return nil
	}
	at := beginning(date, zone)
	return &at
}

// end is a moment from which something no longer holds, nil if it is not given. A
// civil date is the last day on which it holds.
func (f fields) end(field string, zone *time.Location) *time.Time {
	at := f.instant(field, zone)
	if at == nil {
		return nil
	}
	if date, err := clock.ParseDate(f.text(field)); err == nil {
		date.Day++
		next := beginning(date, zone)
		return &next
	}
	return at
}

// beginning is the first instant of a civil date in a zone.
func beginning(date clock.Date, zone *time.Location) time.Time {
	return time.Date(date.Year, date.Month, date.Day, 0, 0, 0, 0, zone).UTC()
}
