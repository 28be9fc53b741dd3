package drill

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/atlascloudai/docket/core/duty"
	"github.com/atlascloudai/docket/desk"
)

// Report is what a case came to: what was due, sent, late and missed.
type Report struct {
	// Drill marks it wherever it is passed on; it is always true.
	Drill bool      `json:"drill"`
	Case  string    `json:"case"`
	Began time.Time `json:"began"`
	Ended time.Time `json:"ended"`
	// Zone is where the people of the story are; every instant is shown there.
	Zone   string `json:"zone"`
	Duties []Duty `json:"duties"`
	// Totals counts duties by their state, Raised raises by kind, Mails deliveries by what the other side confirmed.
	Totals map[State]int  `json:"totals"`
	Raised map[string]int `json:"raised"`
	Mails  map[string]int `json:"mails"`
	// Raises is who was raised about what, in the order of time.
	Raises []desk.RaiseView `json:"raises"`
	// Failed names every expectation that was not met.
	Failed []string `json:"failed,omitempty"`

	zone *time.Location
}

// State is where a duty stands at the end of a story.
type State string

// The states. A duty that ended otherwise (not_required, waived, superseded) keeps its own word.
const (
	// Met in time.
	Met State = "met"
	// Late: met after its limit.
	Late State = "late"
	// Missed: still open past its limit, or past the company's own target where the words give no number.
	Missed State = "missed"
	// Waiting: the word that starts its clock was never recorded.
	Waiting State = "waiting"
	// Open: still ahead of its limit when the story ended.
	Open State = "open"
)

// Duty is one line of the report.
type Duty struct {
	// To is the customer's reference, or the authority.
	To       string     `json:"to"`
	Clause   string     `json:"clause"`
	Start    string     `json:"start_word"`
	Target   *time.Time `json:"target,omitempty"`
	Limit    *time.Time `json:"limit,omitempty"`
	Internal bool       `json:"internal"`
	MetAt    *time.Time `json:"met_at,omitempty"`
	// Margin is the time left when it was met or the story ended, in seconds; negative past the limit.
	Margin   *float64 `json:"margin_seconds,omitempty"`
	Evidence string   `json:"evidence,omitempty"`
	// Promised says that a notice or filing promised it, for what was not yet known.
	Promised bool  `json:"promised,omitempty"`
	State    State `json:"state"`
	// Words say the state for people.
	Words string `json:"words"`
}

// Report reads what the case came to.
func (p *Player) Report(ctx context.Context) (Report, error) {
	view, err := p.View(ctx)
	if err != nil {
		return Report{}, err
	}
	duties, err := p.Duties(ctx)
	if err != nil {
		return Report{}, err
	}
	deliveries, err := p.Deliveries(ctx)
	if err != nil {
		return Report{}, err
	}
	r := Report{
		Drill: true, Case: p.Code, Began: p.Began.UTC(), Ended: view.Now, Zone: p.zone().String(), zone: p.zone(),
		Totals: map[State]int{}, Raised: map[string]int{}, Mails: map[string]int{},
	}
	for _, d := range duties {
		line := lineOf(d, deliveries, view.Now)
		r.Totals[line.State]++
		r.Duties = append(r.Duties, line)
	}
	slices.SortStableFunc(r.Duties, func(a, b Duty) int { return cmp.Or(earlier(a.due(), b.due()), cmp.Compare(a.To, b.To)) })
	for _, one := range deliveries {
		if one.Channel == "email" {
			r.Mails[one.State]++
		}
	}
	r.Raises, err = p.Raises(ctx)
	for _, raise := range r.Raises {
		r.Raised[raise.Kind]++
	}
	return r, err
}

// earlier orders instants; clocks that wait come last.
func earlier(a, b *time.Time) int {
	switch {
	case a == nil && b == nil:
		return 0
	case a == nil:
		return 1
	case b == nil:
		return -1
	default:
		return a.Compare(*b)
	}
}

// due is the instant that lateness is told from; nil while the clock waits.
func (d Duty) due() *time.Time {
	if d.Limit != nil {
		return d.Limit
	}
	return d.Target
}

// whom is the customer's reference, or the name of whoever else is owed: an authority, people, an insurer.
func whom(d desk.DutyView) string {
	_, name, _ := strings.Cut(d.Counterparty, "/")
	return cmp.Or(d.Customer, name)
}

func lineOf(d desk.DutyView, deliveries []desk.DeliveryView, now time.Time) Duty {
	line := Duty{
		To: whom(d), Clause: d.Clause, Start: d.StartWord, Target: d.Target, Limit: d.Limit, Internal: d.Internal, MetAt: d.MetAt,
		Promised: d.StartWord == "promised", Evidence: proof(d, deliveries),
	}
	due, at := line.due(), now
	if d.MetAt != nil {
		at = *d.MetAt
	}
	left := time.Duration(0)
	if due != nil {
		left = due.Sub(at)
		seconds := left.Seconds()
		line.Margin = &seconds
	}
	switch {
	case d.State == "met" && d.Late:
		line.State, line.Words = Late, "late by "+Span(left)
	case d.State == "met" && left < 0:
		line.State, line.Words = Met, "met, "+Span(left)+" past own target"
	case d.State == "met":
		line.State, line.Words = Met, "met"
	case d.State != "proposed" && d.State != "required":
		line.State, line.Words, line.Margin = State(d.State), strings.ReplaceAll(d.State, "_", " "), nil
	case due == nil:
		line.State, line.Words = Waiting, "waiting: "+d.StartWord+" was never recorded"
	case d.Clock == "overdue":
		line.State, line.Words = Missed, "missed: open for "+Span(left)+" past its "+kindOf(d)
	default:
		line.State, line.Words = Open, "open: "+Span(left)+" left"
	}
	if d.State == "proposed" {
		line.Words += ", undecided"
	}
	return line
}

func kindOf(d desk.DutyView) string {
	if d.Limit == nil {
		return "target"
	}
	return "limit"
}

// proof is what a duty's deliveries hold, in the words of the evidence ladder.
func proof(d desk.DutyView, deliveries []desk.DeliveryView) string {
	var by []struct{ Contact, Evidence string }
	if json.Unmarshal([]byte(d.MetBy), &by) == nil && len(by) > 0 && d.Customer == "" {
		i := slices.IndexFunc(deliveries, func(one desk.DeliveryView) bool { return one.ID.String() == by[0].Contact })
		if i < 0 || deliveries[i].Channel != string(duty.Email) {
			return "filed by hand, confirmed"
		}
		return told(deliveries[i])
	}
	var parts []string
	for _, one := range deliveries {
		if one.Customer != d.Customer || d.Customer == "" || one.State == "reserve" ||
			d.Notice != nil && one.Notice != nil && *one.Notice != *d.Notice {
			continue
		}
		parts = append(parts, told(one))
	}
	return strings.Join(parts, ", ")
}

// told is what the other side of one delivery confirmed.
func told(one desk.DeliveryView) string {
	part := one.Evidence + " " + one.State
	if one.Code > 0 {
		part += fmt.Sprintf(" %d", one.Code)
	}
	if one.Attempt > 1 {
		part += fmt.Sprintf(" after %d tries", one.Attempt)
	}
	return part
}

// Print shows the report to people.
func (r Report) Print(out io.Writer) {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "TO\tCLAUSE\tDUE (%s)\tMET AT\tMARGIN\tSTATE\tEVIDENCE\n", r.Zone)
	kept := 0
	for _, d := range r.Duties {
		if d.Promised && d.State == Met { // A line each would say the same of everybody.
			kept++
			continue
		}
		met, margin := "-", "-"
		if d.MetAt != nil {
			met = r.clock(*d.MetAt)
		}
		if d.Margin != nil {
			margin = Span(time.Duration(*d.Margin * float64(time.Second)))
			if *d.Margin < 0 {
				margin = "-" + margin
			}
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", d.To, short(d.Clause), r.dueWords(d), met, margin, d.Words, cmp.Or(d.Evidence, "-"))
	}
	w.Flush()
	if kept > 0 {
		fmt.Fprintf(out, "and %d promised updates were given in time\n", kept)
	}
	fmt.Fprintf(out, "\n%s: %s\n", counting(len(r.Duties), "duty", "duties"), cmp.Or(Counted(r.Totals), "nothing is owed to anybody"))
	fmt.Fprintf(out, "raised: %s\n", cmp.Or(Counted(r.Raised), "nobody"))
	fmt.Fprintf(out, "mails: %s\n", cmp.Or(Counted(r.Mails), "none"))
}

// dueWords are target and limit, in one where they are one.
func (r Report) dueWords(d Duty) string {
	switch {
	case d.Target == nil:
		return "-"
	case d.Limit == nil:
		return r.clock(*d.Target) + " (own target)"
	case !d.Limit.Equal(*d.Target):
		return r.clock(*d.Target) + ", limit " + r.clock(*d.Limit)
	default:
		return r.clock(*d.Limit)
	}
}

func (r Report) clock(at time.Time) string { return at.In(r.zone).Format("Mon 02 Jan 15:04") }

// Counted is numbers by kind for people.
func Counted[K ~string](counts map[K]int) string {
	var parts []string
	for _, kind := range slices.Sorted(maps.Keys(counts)) {
		parts = append(parts, fmt.Sprintf("%d %s", counts[kind], strings.ReplaceAll(string(kind), "_", " ")))
	}
	return strings.Join(parts, ", ")
}

func short(clause string) string {
	if runes := []rune(clause); len(runes) > 42 {
		return "…" + string(runes[len(runes)-41:])
	}
	return clause
}

// Limits is what a drill does not do: whoever reads its report has to know.
const Limits = `This was a drill. Nothing left this machine, nobody outside was told, and no figure or register
counts it. It shows what your agreements and rules ask for and what Docket does about it; whether
people answer at night, and whether real mail servers take a notice, it does not show.`

// Verdict is nil where everything was as expected, and else names what was not.
func (r Report) Verdict() error {
	if len(r.Failed) == 0 {
		return nil
	}
	return fmt.Errorf("not as expected:\n  %s", strings.Join(r.Failed, "\n  "))
}
