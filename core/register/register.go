// Package register is the register of personal data breaches (GDPR art. 33(5)) as a file: what it says of a breach, how
// it is written as JSON and as CSV, and how either is signed and checked without a server. It is written as it is read,
// one breach and one duty at a time.
package register

import (
	"fmt"
	"io"
	"time"

	"github.com/atlascloudai/docket/core/audit"
)

// Head says which register this is.
type Head struct {
	// Format is the name and version of this form.
	Format string `json:"format"`
	// Installation is the id of the installation that keeps the register.
	Installation string `json:"installation"`
	// At is the instant as of which everything is said.
	At time.Time `json:"at"`
	// ExportedBy is the id of who exported it: the register holds what that person may see.
	ExportedBy string `json:"exported_by"`
}

// Version is the Format of what this package writes.
const Version = "docket.register.v1"

// Breach is what is recorded of one breach, suspected and ruled out ones included: "the facts relating to the personal
// data breach, its effects and the remedial action taken" (GDPR art. 33(5)). Entry, wherever it stands, is the number of
// the entry of the case's chain that vouches for the line.
type Breach struct {
	Case     string `json:"case"`
	Code     string `json:"code"`
	Status   string `json:"status"`
	Verdict  string `json:"verdict,omitempty"`
	Severity string `json:"severity,omitempty"`
	Title    string `json:"title,omitempty"`
	Summary  string `json:"summary,omitempty"`
	// Erased: the words were erased with their key; codes, instants and numbers remain.
	Erased     bool      `json:"erased,omitempty"`
	DetectedAt time.Time `json:"detected_at"`
	// Assessment is how the breach is assessed now, Assessments how it was, the first one first.
	Assessment  string       `json:"assessment"`
	Assessments []Assessment `json:"assessments"`
	Instants    []Instant    `json:"instants"`
	// Candidates are the instants from which awareness could have been counted, with what upstream said.
	Candidates []Candidate `json:"candidates"`
	// Customers is how many customers are not ruled out.
	Customers int        `json:"customers"`
	Affected  []Affected `json:"affected"`
	Effects   []Effect   `json:"effects"`
	Measures  []Measure  `json:"measures"`
	Decisions []Decision `json:"decisions"`
}

// Assessment is one step of the assessment: suspected, aware or ruled_out.
type Assessment struct {
	Assessment string    `json:"assessment"`
	At         time.Time `json:"at"`
	RecordedAt time.Time `json:"recorded_at"`
	Reason     string    `json:"reason,omitempty"`
	Entry      int64     `json:"entry"`
}

// Instant is a start fact as it was recorded, earlier values included: awareness above all. State is standing, or
// superseded by a later record.
type Instant struct {
	Word       string     `json:"word"`
	State      string     `json:"state"`
	At         time.Time  `json:"at"`
	Zone       string     `json:"zone"`
	RecordedAt time.Time  `json:"recorded_at"`
	Earlier    *time.Time `json:"earlier,omitempty"`
	Evidence   string     `json:"evidence,omitempty"`
	Reason     string     `json:"reason,omitempty"`
	// Chosen is the id of the candidate that was taken, where one was.
	Chosen string `json:"chosen,omitempty"`
	Entry  int64  `json:"entry"`
}

// Candidate is an instant that awareness may be counted from. Who is the sub-processor or provider that told the company
// of it, Reference theirs.
type Candidate struct {
	ID         string    `json:"id"`
	Candidate  string    `json:"candidate"`
	At         time.Time `json:"at"`
	Zone       string    `json:"zone"`
	RecordedAt time.Time `json:"recorded_at"`
	Who        string    `json:"who,omitempty"`
	Reference  string    `json:"reference,omitempty"`
	Evidence   string    `json:"evidence,omitempty"`
	Entry      int64     `json:"entry"`
}

// Affected is what one wave found of one kind: what was touched, and approximate numbers.
type Affected struct {
	Wave      int      `json:"wave"`
	Kind      string   `json:"kind"`
	Service   string   `json:"service,omitempty"`
	Certainty string   `json:"certainty"`
	Touched   []string `json:"touched"`
	Parties   int      `json:"parties"`
	// People is the approximate number of people by country, Numbers that by category.
	People  map[string]int64 `json:"people,omitempty"`
	Numbers map[string]int64 `json:"numbers,omitempty"`
	From    *time.Time       `json:"from,omitempty"`
	To      *time.Time       `json:"to,omitempty"`
}

// Effect is what a released notice said of the likely consequences.
type Effect struct {
	Notice string    `json:"notice"`
	At     time.Time `json:"at"`
	Text   string    `json:"text"`
}

// Measure is remedial action: containment, eradication, recovery, and what a released notice said of it.
type Measure struct {
	Measure    string    `json:"measure"`
	At         time.Time `json:"at"`
	RecordedAt time.Time `json:"recorded_at"`
	Text       string    `json:"text,omitempty"`
	Entry      int64     `json:"entry,omitempty"`
}

// Decision is a decision that somebody is not told, or not yet, or no longer, or after all (not_required, waived,
// exemption_confirmed, delayed, required_again, party_ruled_out, dismissed), each assessment of the risk (risk_assessed, with
// its outcome), and from when clocks of parties that were found later count (start_chosen).
type Decision struct {
	Decision  string    `json:"decision"`
	At        time.Time `json:"at"`
	Rule      string    `json:"rule,omitempty"`
	Duty      string    `json:"duty,omitempty"`
	Exemption string    `json:"exemption,omitempty"`
	Outcome   string    `json:"outcome,omitempty"`
	// Until is the instant until which an authority's request to wait counts, Agency that authority.
	Until  *time.Time `json:"until,omitempty"`
	Agency string     `json:"agency,omitempty"`
	Count  int        `json:"count,omitempty"`
	Reason string     `json:"reason,omitempty"`
	// By are the ids of who decided: where it took two people, the one who proposed it comes first.
	By    []string `json:"by"`
	Entry int64    `json:"entry"`
}

// Duty is what one party was owed because of the breach, and how it ended.
type Duty struct {
	ID string `json:"id"`
	// OwedTo is a customer by its account reference, or an authority.
	OwedTo    string     `json:"owed_to"`
	Clause    string     `json:"clause"`
	Rule      string     `json:"rule"`
	State     string     `json:"state"`
	Clock     string     `json:"clock"`
	StartedAt *time.Time `json:"started_at,omitempty"`
	Target    *time.Time `json:"target,omitempty"`
	Limit     *time.Time `json:"limit,omitempty"`
	MetAt     *time.Time `json:"met_at,omitempty"`
	// Late: it was met after its limit, or is open after it; LateSeconds is by how much, until the register's instant.
	Late        bool  `json:"late"`
	LateSeconds int64 `json:"late_seconds,omitempty"`
	// DelayReasons are the reasons for the delay that were given with a filing (GDPR art. 33(1)).
	DelayReasons []string `json:"delay_reasons,omitempty"`
	// Exemption and Reason are those of a waived duty.
	Exemption string `json:"exemption,omitempty"`
	Reason    string `json:"reason,omitempty"`
	// Earlier are the due instants that it had before.
	Earlier []Due `json:"earlier,omitempty"`
}

// Due is a due instant that a duty had.
type Due struct {
	Target     *time.Time `json:"target,omitempty"`
	Limit      *time.Time `json:"limit,omitempty"`
	Reason     string     `json:"reason"`
	RecordedAt time.Time  `json:"recorded_at"`
}

// Book takes breaches, each followed by its duties, and writes them as they come.
type Book interface {
	// Breach begins a breach; the duties that follow are its own.
	Breach(Breach) error
	Duty(Duty) error
	// Close signs what was written and ends the file. A file that was not closed does not verify.
	Close(audit.Signer) error
}

// Open begins a register in one of the formats "json" and "csv".
func Open(format string, to io.Writer, head Head) (Book, error) {
	switch format {
	case "json":
		return OpenJSON(to, "register", head)
	case "csv":
		return openCSV(to, head)
	}
	return nil, fmt.Errorf("cannot write a register as %q: json and csv are known", format)
}
