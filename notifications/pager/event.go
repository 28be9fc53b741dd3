package pager

import (
	"encoding/json"
	"net/url"
	"regexp"
	"time"

	"github.com/atlascloudai/docket/core/problem"
)

// Event is one page. It carries codes and instants only; the person who is raised
// reads the rest after signing in. There is no field for free text, and the codes
// are checked for their form, so that no personal data can leave this way.
type Event struct {
	// ID is stable over all attempts and becomes the webhook-id. One to 64
	// characters of A-Z a-z 0-9 . _ -
	ID string
	// At is when the reason to page arose, not when it is sent.
	At time.Time
	// Kind says why, e.g. "deadline_near".
	Kind string
	// Case is the code that people say, e.g. "INC-7K3F". It is left out of the
	// body when the case is restricted.
	Case string
	// CaseURL leads to the case in the console. It is left out, too, when restricted.
	CaseURL string
	// Milestone names the point on the clock, e.g. "25_percent_left".
	Milestone string
	// Step is the escalation step, from 1; 0 when this is no escalation.
	Step int
	// Count is how many duties it concerns.
	Count int
	// DueAt is the earliest limit among them, or zero.
	DueAt time.Time
	// Drill says that this is an exercise.
	Drill bool
	// Restricted says that only a named circle may know of the case. Then the page
	// says that something is due, and not for which case.
	Restricted bool
}

// payload is the body: type, timestamp and data as Standard Webhooks advises.
type payload struct {
	Type      string    `json:"type"`
	Timestamp time.Time `json:"timestamp"`
	Data      data      `json:"data"`
}

type data struct {
	ID         string     `json:"id"`
	Kind       string     `json:"kind"`
	Case       string     `json:"case,omitempty"`
	CaseURL    string     `json:"case_url,omitempty"`
	Milestone  string     `json:"milestone,omitempty"`
	Step       int        `json:"step,omitempty"`
	Count      int        `json:"count,omitempty"`
	DueAt      *time.Time `json:"due_at,omitempty"`
	Drill      bool       `json:"drill"`
	Restricted bool       `json:"restricted"`
}

var (
	idForm   = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)
	codeForm = regexp.MustCompile(`^[A-Za-z0-9_.:%+-]{1,64}$`)
	caseForm = regexp.MustCompile(`^[A-Z0-9-]{1,16}$`)
)

// Body is the event as JSON. It is a pure function of the event, so that every
// attempt has the same bytes. It refuses with a *problem.Error that names the field.
func (e Event) Body() ([]byte, error) {
	switch {
	case !idForm.MatchString(e.ID):
		return nil, problem.InvalidField("id", "must be 1 to 64 characters of A-Z a-z 0-9 . _ -")
	case e.At.IsZero():
		return nil, problem.InvalidField("at", "must be an instant")
	case !codeForm.MatchString(e.Kind):
		return nil, problem.InvalidField("kind", "must be a code without blanks")
	case e.Milestone != "" && !codeForm.MatchString(e.Milestone):
		return nil, problem.InvalidField("milestone", "must be a code without blanks")
	case e.Case != "" && !caseForm.MatchString(e.Case):
		return nil, problem.InvalidField("case", "must be a case code such as INC-7K3F")
	}
	body := payload{
		Type: "docket.raise", Timestamp: e.At.UTC(),
		Data: data{
			ID: e.ID, Kind: e.Kind, Milestone: e.Milestone, Step: e.Step,
			Count: e.Count, Drill: e.Drill, Restricted: e.Restricted,
		},
	}
	if !e.DueAt.IsZero() {
		due := e.DueAt.UTC()
		body.Data.DueAt = &due
	}
	if !e.Restricted {
		if link, err := url.Parse(e.CaseURL); err != nil || link.User != nil || link.RawQuery != "" {
			return nil, problem.InvalidField("case_url", "must be a URL without user and query")
		}
		body.Data.Case, body.Data.CaseURL = e.Case, e.CaseURL
	}
	return json.Marshal(body)
}
