package register

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/atlascloudai/docket/core/audit"
	"github.com/atlascloudai/docket/core/cells"
)

// columns are the fields of every line; what a line does not have is empty. `record` says what the line is.
var columns = []string{
	"breach", "record", "what", "state", "at", "recorded_at", "earlier", "zone", "owed_to", "clause", "rule", "started_at", "target", "limit",
	"met_at", "late_seconds", "exemption", "reason", "text", "wave", "parties", "people", "numbers", "from", "to", "by", "id", "entry",
}

// row is one line by column.
type row map[string]string

// book is a register as CSV (RFC 4180): a line for everything that the JSON form says.
type book struct {
	sheet
	// breach is the code of the breach that lines belong to.
	breach string
}

func openCSV(to io.Writer, head Head) (Book, error) {
	b := &book{sheet: newSheet(to, "register", "csv", head)}
	b.text(cells.Line(columns))
	return b, b.err
}

// Breach implements Book.
func (b *book) Breach(x Breach) error {
	b.breach = x.Code
	b.count++
	state := x.Status
	if x.Verdict != "" {
		state += ": " + x.Verdict
	}
	title := x.Title
	if x.Erased {
		title = "(the words were erased)"
	}
	b.add("breach", row{"what": title, "state": state, "at": at(&x.DetectedAt), "text": x.Summary, "parties": strconv.Itoa(x.Customers), "id": x.Case})
	b.add("assessment_now", row{"what": x.Assessment})
	for _, a := range x.Assessments {
		b.add("assessment", row{"what": a.Assessment, "at": at(&a.At), "recorded_at": at(&a.RecordedAt), "reason": a.Reason, "entry": entry(a.Entry)})
	}
	for _, i := range x.Instants {
		b.add("instant", row{
			"what": i.Word, "state": i.State, "at": at(&i.At), "zone": i.Zone, "recorded_at": at(&i.RecordedAt), "earlier": at(i.Earlier), "reason": i.Reason, "text": i.Evidence, "id": i.Chosen, "entry": entry(i.Entry),
		})
	}
	for _, c := range x.Candidates {
		b.add("candidate", row{
			"what": c.Candidate, "at": at(&c.At), "zone": c.Zone, "recorded_at": at(&c.RecordedAt), "by": c.Who, "reason": c.Reference, "text": c.Evidence, "id": c.ID, "entry": entry(c.Entry),
		})
	}
	for _, a := range x.Affected {
		b.add("affected", row{
			"what": strings.Join(a.Touched, "; "), "state": a.Certainty, "wave": strconv.Itoa(a.Wave), "parties": strconv.Itoa(a.Parties), "text": strings.TrimSpace(a.Kind + " " + a.Service),
			"people": counted(a.People), "numbers": counted(a.Numbers), "from": at(a.From), "to": at(a.To),
		})
	}
	for _, e := range x.Effects {
		b.add("effect", row{"what": "as notified", "at": at(&e.At), "text": e.Text, "id": e.Notice})
	}
	for _, m := range x.Measures {
		b.add("measure", row{"what": m.Measure, "at": at(&m.At), "recorded_at": at(&m.RecordedAt), "text": m.Text, "entry": entry(m.Entry)})
	}
	for _, d := range x.Decisions {
		b.add("decision", row{
			"what": d.Decision, "state": d.Outcome, "at": at(&d.At), "rule": d.Rule, "exemption": d.Exemption, "to": at(d.Until), "text": d.Agency, "reason": d.Reason,
			"parties": entry(int64(d.Count)), "by": strings.Join(d.By, "; "), "id": d.Duty, "entry": entry(d.Entry),
		})
	}
	return b.err
}

// Duty implements Book.
func (b *book) Duty(d Duty) error {
	late := ""
	if d.Late {
		late = strconv.FormatInt(d.LateSeconds, 10)
	}
	b.add("duty", row{
		"owed_to": d.OwedTo, "clause": d.Clause, "rule": d.Rule, "state": d.State, "what": d.Clock, "started_at": at(d.StartedAt), "target": at(d.Target), "limit": at(d.Limit),
		"met_at": at(d.MetAt), "late_seconds": late, "exemption": d.Exemption, "reason": d.Reason, "text": strings.Join(d.DelayReasons, "\n"), "id": d.ID,
	})
	for _, e := range d.Earlier {
		b.add("earlier_due", row{"owed_to": d.OwedTo, "rule": d.Rule, "target": at(e.Target), "limit": at(e.Limit), "what": e.Reason, "recorded_at": at(&e.RecordedAt), "id": d.ID})
	}
	return b.err
}

// Close implements Book.
func (b *book) Close(sign audit.Signer) error { return b.sign(sign) }

func (b *book) add(record string, r row) {
	r["breach"], r["record"] = b.breach, record
	values := make([]string, len(columns))
	for i, column := range columns {
		values[i] = r[column]
	}
	b.text(cells.Line(values))
}

func at(t *time.Time) string {
	if t == nil || t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}

func entry(n int64) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatInt(n, 10)
}

// counted is "DE 10; FR 5".
func counted(numbers map[string]int64) string {
	parts := make([]string, 0, len(numbers))
	for _, name := range slices.Sorted(maps.Keys(numbers)) {
		parts = append(parts, fmt.Sprintf("%s %d", name, numbers[name]))
	}
	return strings.Join(parts, "; ")
}
