// Package drill plays scenarios: stories of incidents that a team acts out on an advanced clock, through the same
// workflows as a real case, before it trusts a new agreement or rule, or to practise.
package drill

import (
	"cmp"
	"time"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/problem"
)

// Scenario is one story.
type Scenario struct {
	located
	Title string `yaml:"title"`
	// Teaches says what whoever plays it learns.
	Teaches string `yaml:"teaches"`
	// Zone is where the people are; UTC if it does not say.
	Zone   string    `yaml:"zone,omitempty"`
	Begins Beginning `yaml:"begins,omitempty"`
	// Agreements names a folder beside the file with customers and agreements to try, as an import takes them.
	Agreements string `yaml:"agreements,omitempty"`
	// Company is what the company is in this story, as traits of its profile: laws hang duties on them.
	Company texts `yaml:"company,omitempty"`
	// Adopts are rules that counsel adopts before the story begins.
	Adopts texts  `yaml:"adopts,omitempty"`
	Steps  []Step `yaml:"steps"`
	// Ends is until when the clock runs on after the last step.
	Ends   *Moment      `yaml:"ends,omitempty"`
	Expect *Expectation `yaml:"expect,omitempty"`

	// Files are what Agreements holds, by name.
	Files map[string][]byte

	file string
	zone *time.Location
}

func (s Scenario) zoneName() string { return cmp.Or(s.Zone, "UTC") }

// Step is one thing that somebody does.
type Step struct {
	located
	// At is when; with the step above it if it does not say.
	At *Moment `yaml:"at,omitempty"`
	// Do is the command.
	Do string `yaml:"do"`
	// As is the role of who does it; the one that usually does if it does not say.
	As access.Role `yaml:"as,omitempty"`
	// Refused is the code with which the step has to be refused: what must not be possible can be shown.
	Refused problem.Code `yaml:"refused,omitempty"`

	act act
}

func (s Step) when(began, last time.Time) time.Time {
	if s.At == nil {
		return last
	}
	return s.At.In(began)
}

// line is where a field stands, or where the step begins.
func (s Step) line(field string) int { return cmp.Or(s.lines[field], s.lines[""]) }
