package audit

import (
	"fmt"
	"maps"
	"slices"
)

const rowsFormat = "docket.audit.rows.v1"

// RowsDigest hashes a page of append-only rows (delivery, access or erasure
// events) as they are stored, so that one chain entry can vouch for all of
// them. The order counts: the writer and the verifier read the page in the same
// order. Memory does not grow with the page.
type RowsDigest struct {
	page   string
	fields fields
	count  int64
}

// NewRowsDigest begins a page. The page's name (for example "delivery_events"
// and the page's id) is hashed with it, so that one page cannot stand for another.
func NewRowsDigest(page string) *RowsDigest {
	d := &RowsDigest{page: page, fields: newFields(rowsFormat)}
	d.fields.text(page)
	return d
}

// Add hashes the next row: its id and its stored bytes, ciphertext where a column is sealed.
func (d *RowsDigest) Add(id string, stored []byte) {
	d.fields.text(id)
	d.fields.bytes(stored)
	d.count++
}

// Count is the number of rows so far.
func (d *RowsDigest) Count() int64 { return d.count }

// Sum is the hash over the page's name and the rows so far. More rows may follow.
func (d *RowsDigest) Sum() Digest { return d.fields.sum() }

// PageSeal is what a chain entry's Body says about a page of rows.
type PageSeal struct {
	// Page is the name that the page was hashed with.
	Page string `json:"page"`
	// Rows is the number of rows.
	Rows int64 `json:"rows"`
	// Counts is the number of rows by outcome; it adds up to Rows.
	Counts map[string]int64 `json:"counts"`
	// Digest is RowsDigest.Sum over the rows.
	Digest Digest `json:"digest"`
}

// Seal closes the page. counts is the number of rows by outcome and must add up
// to the rows that were hashed.
func (d *RowsDigest) Seal(counts map[string]int64) (PageSeal, error) {
	var total int64
	for _, n := range counts {
		total += n
	}
	if total != d.count {
		return PageSeal{}, fmt.Errorf("cannot seal page %s: outcomes add up to %d, rows are %d", d.page, total, d.count)
	}
	return PageSeal{Page: d.page, Rows: d.count, Counts: maps.Clone(counts), Digest: d.Sum()}, nil
}

// Check compares the seal with rows that were read and hashed again, and with
// their counts by outcome. The error says what differs.
func (s PageSeal) Check(again *RowsDigest, counts map[string]int64) error {
	switch {
	case again.Count() != s.Rows:
		return fmt.Errorf("page %s: %d rows are stored, %d were sealed", s.Page, again.Count(), s.Rows)
	case again.Sum() != s.Digest:
		return fmt.Errorf("page %s: the rows give %s, sealed was %s", s.Page, again.Sum(), s.Digest)
	}
	// Both sides' counts add up to the same rows, so an outcome that the seal does
	// not know leaves another one short.
	for _, outcome := range slices.Sorted(maps.Keys(s.Counts)) {
		if counts[outcome] != s.Counts[outcome] {
			return fmt.Errorf("page %s: %d rows are %s, sealed were %d", s.Page, counts[outcome], outcome, s.Counts[outcome])
		}
	}
	return nil
}
