package drill

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/clock"
	"github.com/atlascloudai/docket/desk"
)

// act is what a step does: one command of the desk, or one thing that the world outside does. Its yaml tags are what
// the step takes besides at, do, as and refused.
type act interface {
	// role is who usually does it.
	role() access.Role
	// do does it at the step's instant.
	do(ctx context.Context, p *play, who access.Actor, at time.Time) error
}

// verbs are the commands by their names.
var verbs = map[string]func() act{
	"open": fresh[open], "triage": fresh[triage], "declare": fresh[declare], "start": fresh[start], "rule_out": fresh[ruleOut],
	"parties": fresh[parties], "choose": fresh[choose], "decide": fresh[decide],
	"contained": technical("contained"), "eradicated": technical("eradicated"), "recovered": technical("recovered"),
	"resolve": fresh[resolve], "review": fresh[review], "close": fresh[closing], "acknowledge": fresh[acknowledge],
	"draft": fresh[draft], "submit": fresh[submit], "approve": fresh[approve], "release": fresh[release], "withdraw": fresh[withdraw],
	"file": fresh[file], "confirm": fresh[confirm], "reply": fresh[reply], "mail": fresh[mailRule], "expect": fresh[expects],
}

// Verbs are the names of the commands.
func Verbs() []string { return slices.Sorted(maps.Keys(verbs)) }

// Reference is each command with who usually does it and what it takes, as rows of the table in docs/drills.md.
func Reference() (rows []string) {
	for _, verb := range Verbs() {
		does := verbs[verb]()
		var takes []string
		for _, f := range fieldsOf(does) {
			name := "`" + f.key + "`"
			if !f.needed {
				name = "[" + name + "]"
			}
			takes = append(takes, name)
		}
		rows = append(rows, fmt.Sprintf("| `%s` | %s | %s |", verb, does.role(), strings.Join(takes, " ")))
	}
	return rows
}

// fresh makes a command that nothing was read into yet.
func fresh[T any, P interface {
	*T
	act
}]() act {
	return P(new(T))
}

// texts is one text or a list of them.
type texts []string

// UnmarshalYAML implements yaml.Unmarshaler.
func (t *texts) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind == yaml.ScalarNode {
		*t = texts{node.Value}
		return nil
	}
	return node.Decode((*[]string)(t))
}

type open struct {
	Title    string `yaml:"title"`
	Summary  string `yaml:"summary,omitempty"`
	Severity string `yaml:"severity,omitempty"`
	Breach   bool   `yaml:"breach,omitempty"`
}

func (*open) role() access.Role { return access.Responder }

func (s *open) do(ctx context.Context, p *play, who access.Actor, _ time.Time) error {
	opened, err := p.Desk.Open(ctx, who, "", desk.OpenInput{Title: s.Title, Summary: s.Summary, Severity: s.Severity, SuspectedBreach: s.Breach, Drill: true})
	p.Case, p.Code = opened.Case, opened.Code
	return err
}

type triage struct {
	Severity string `yaml:"severity,omitempty"`
	Breach   bool   `yaml:"breach,omitempty"`
}

func (*triage) role() access.Role { return access.Responder }

func (s *triage) do(ctx context.Context, p *play, who access.Actor, _ time.Time) error {
	_, err := p.Desk.Triage(ctx, who, "", p.Case, desk.TriageInput{Severity: s.Severity, SuspectedBreach: s.Breach})
	return err
}

type declare struct {
	Severity string `yaml:"severity,omitempty"`
}

func (*declare) role() access.Role { return access.IncidentCommander }

func (s *declare) do(ctx context.Context, p *play, who access.Actor, _ time.Time) error {
	_, err := p.Desk.Declare(ctx, who, "", p.Case, desk.DeclareInput{Severity: s.Severity})
	return err
}

// start records start words: when the company became aware, when it confirmed.
type start struct {
	Word     texts   `yaml:"word"`
	Since    *Moment `yaml:"since,omitempty"`
	Evidence string  `yaml:"evidence,omitempty"`
	Reason   string  `yaml:"reason,omitempty"`
}

func (*start) role() access.Role { return access.PrivacyLead }

func (s *start) check() (string, error) {
	for _, word := range s.Word {
		if !clock.StartWord(word).Known() {
			return "word", fmt.Errorf("%q starts no clock; write a start word such as aware_processor, confirmed_processor or aware_controller", word)
		}
	}
	return "", nil
}

func (s *start) do(ctx context.Context, p *play, who access.Actor, at time.Time) error {
	for _, word := range s.Word {
		_, err := p.Desk.RecordStart(ctx, who, "", p.Case, desk.StartInput{
			Word: word, At: p.since(s.Since, at), Zone: p.zone().String(), Evidence: cmp.Or(s.Evidence, "as the scenario says"), Reason: s.Reason,
		})
		if err != nil {
			return err
		}
	}
	return nil
}

type ruleOut struct {
	Reason string `yaml:"reason"`
}

func (*ruleOut) role() access.Role { return access.PrivacyLead }

func (s *ruleOut) do(ctx context.Context, p *play, who access.Actor, _ time.Time) error {
	_, err := p.Desk.RuleOut(ctx, who, "", p.Case, desk.RuleOutInput{Reason: s.Reason})
	return err
}

// milestone is one of the technical work.
type milestone struct {
	Note string `yaml:"note,omitempty"`

	reached string
}

func technical(reached string) func() act { return func() act { return &milestone{reached: reached} } }

func (*milestone) role() access.Role { return access.IncidentCommander }

func (s *milestone) do(ctx context.Context, p *play, who access.Actor, at time.Time) error {
	_, err := p.Desk.RecordTechnical(ctx, who, "", p.Case, desk.TechnicalInput{Milestone: s.reached, At: &at, Note: s.Note})
	return err
}

type resolve struct {
	Recovery string `yaml:"recovery"`
}

func (*resolve) role() access.Role { return access.IncidentCommander }

func (s *resolve) do(ctx context.Context, p *play, who access.Actor, _ time.Time) error {
	_, err := p.Desk.Resolve(ctx, who, "", p.Case, desk.ResolveInput{Recovery: s.Recovery})
	return err
}

type review struct {
	Note  string `yaml:"note"`
	Waive bool   `yaml:"waive,omitempty"`
}

func (*review) role() access.Role { return access.IncidentCommander }

func (s *review) do(ctx context.Context, p *play, who access.Actor, _ time.Time) error {
	_, err := p.Desk.Review(ctx, who, "", p.Case, desk.ReviewInput{Waive: s.Waive, Note: s.Note})
	return err
}

type closing struct{}

func (*closing) role() access.Role { return access.PrivacyLead }

func (*closing) do(ctx context.Context, p *play, who access.Actor, _ time.Time) error {
	_, err := p.Desk.Close(ctx, who, "", p.Case, desk.CloseInput{})
	return err
}

// acknowledge takes the raises that nobody took yet, of some kinds or of all.
type acknowledge struct {
	Kinds texts  `yaml:"kinds,omitempty"`
	Note  string `yaml:"note,omitempty"`
}

func (*acknowledge) role() access.Role { return access.IncidentCommander }

func (s *acknowledge) do(ctx context.Context, p *play, who access.Actor, _ time.Time) error {
	return p.Answer(ctx, who, s.Note, s.Kinds...)
}

// expects holds what stands now against what is expected now.
type expects struct{ Expectation }

func (*expects) role() access.Role { return access.Auditor }

func (s *expects) do(ctx context.Context, p *play, _ access.Actor, _ time.Time) error {
	report, err := p.Report(ctx)
	if err == nil {
		p.failed = append(p.failed, s.unmet(report, p.story.file, p.Began)...)
	}
	return err
}
