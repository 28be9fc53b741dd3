package scale

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/desk"
	"github.com/atlascloudai/docket/testkit"
)

// mixed are agreements whose clocks differ in length, unit, start word and calendar; a customer accepted one of them.
const mixed = `documents:
  - {id: mixed-24, kind: standard_terms, title: Terms A, version: "1", effective_from: 2025-02-01, terms: [{id: mixed-24-t,
      start: aware_processor, period: 24 hours, notify: [incident_notice], channels: [email], clause: "1"}]}
  - {id: mixed-48, kind: standard_terms, title: Terms B, version: "1", effective_from: 2025-02-01, terms: [{id: mixed-48-t,
      start: aware_processor, period: 48 hours, notify: [incident_notice], channels: [email], clause: "1"}]}
  - {id: mixed-days, kind: standard_terms, title: Terms C, version: "1", effective_from: 2025-02-01, terms: [{id: mixed-days-t,
      start: aware_processor, period: 5 days, notify: [incident_notice], channels: [email], clause: "1"}]}
  - {id: mixed-business, kind: standard_terms, title: Terms D, version: "1", effective_from: 2025-02-01, terms: [{id: mixed-business-t,
      start: aware_processor, period: 3 business days, calendar: DE-BY, notify: [incident_notice], channels: [email], clause: "1"}]}
  - {id: mixed-words, kind: standard_terms, title: Terms E, version: "1", effective_from: 2025-02-01, terms: [{id: mixed-words-t,
      start: aware_processor, words: without undue delay, notify: [incident_notice], channels: [email], clause: "1"}]}
  - {id: mixed-confirmed, kind: standard_terms, title: Terms F, version: "1", effective_from: 2025-02-01, terms: [{id: mixed-confirmed-t,
      start: confirmed_processor, period: 72 hours, notify: [incident_notice], channels: [email], clause: "1"}]}
`

var mixedDocuments = []string{"mixed-24", "mixed-48", "mixed-days", "mixed-business", "mixed-words", "mixed-confirmed"}

// Recount is one wave of customers with mixed agreements, resolved and stored in one decision, and awareness moved
// earlier, which counts them all again in one more.
type Recount struct {
	Customers   int
	Open, Again Cost
}

// Stages are what it took, by name.
func (r Recount) Stages() map[string]Cost { return map[string]Cost{"open": r.Open, "again": r.Again} }

// String is a recount as one reads it.
func (r Recount) String() string {
	text := fmt.Sprintf("%d customers with %d kinds of agreement\n", r.Customers, len(mixedDocuments))
	for _, name := range []string{"open", "again"} {
		c := r.Stages()[name]
		each := c.Per(r.Customers)
		text += fmt.Sprintf("  %-8s %7.1f s (%.2f ms each), each %.0f buffers, %.0f allocations; largest live heap %.0f MiB\n",
			name, c.Seconds, 1000*each.Seconds, each.Buffers, each.Allocations, float64(c.Peak)/(1<<20))
	}
	return text
}

// PlayRecount plays it.
func PlayRecount(t testing.TB, n int) Recount {
	t.Helper()
	h := testkit.NewHouse(t)
	if n < 10_000 {
		still(t, h, customerTables...)
	}
	ctx := context.Background()
	report, err := h.Desk.ImportAgreements(ctx, h.As(access.LegalCounsel), map[string][]byte{"mixed.yaml": []byte(mixed)})
	require.NoError(t, err)
	require.Empty(t, report.Errors)
	wave := Wave(customersOf(t, h, n, mixedDocuments...))
	opened := h.Declared(t)
	aware := time.Now().Add(-time.Hour).Truncate(time.Microsecond)
	h.Aware(t, opened.Case, aware)

	run := Recount{Customers: n}
	run.Open = at(t, h, func(d *desk.Desk) {
		receipt, err := d.RecordParties(ctx, h.As(access.PrivacyLead), "", opened.Case, wave)
		require.NoError(t, err)
		require.Equal(t, n, receipt.Count)
	})
	before := targets(t, h)
	earlier := aware.Add(-3 * time.Hour)
	run.Again = at(t, h, func(d *desk.Desk) {
		receipt, err := d.RecordStart(ctx, h.As(access.PrivacyLead), "", opened.Case, desk.StartInput{
			Word: "aware_processor", At: earlier, Zone: "Europe/Berlin", Evidence: "an alert of three hours before", Reason: "the alert was read then",
		})
		require.NoError(t, err)
		require.Equal(t, n-n/len(mixedDocuments), receipt.Count, "all but those whose word is another, the last of each six")
	})
	after := targets(t, h)
	for _, one := range []string{"mixed-24-t", "mixed-48-t", "mixed-words-t"} {
		require.Equal(t, before[one].Add(-3*time.Hour), after[one], one)
	}
	require.Equal(t, earlier.Add(24*time.Hour).UTC(), after["mixed-24-t"])
	require.False(t, after["mixed-days-t"].After(before["mixed-days-t"]))
	require.False(t, after["mixed-business-t"].After(before["mixed-business-t"]))
	return run
}

// targets are the targets of all duties by term: customers with one agreement in one zone share one.
func targets(t testing.TB, h *testkit.House) map[string]time.Time {
	t.Helper()
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, h.Database.Owner)
	require.NoError(t, err)
	defer conn.Close(ctx)
	rows, err := conn.Query(ctx, `SELECT term_id, min(target), max(target) FROM duty WHERE target IS NOT NULL GROUP BY 1`)
	require.NoError(t, err)
	all := map[string]time.Time{}
	var term string
	var first, last time.Time
	_, err = pgx.ForEachRow(rows, []any{&term, &first, &last}, func() error {
		require.Equal(t, first, last, term)
		all[term] = first.UTC()
		return nil
	})
	require.NoError(t, err)
	return all
}
