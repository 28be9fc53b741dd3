package packs

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/atlascloudai/docket/core/clock"
	"github.com/atlascloudai/docket/core/problem"
)

// What a rule may write in place of a period or of an adoption.
const (
	fromContract = "from the contract"
	noNumber     = "none"
	unadopted    = "unadopted"
)

// ruleID is the form of a rule's id: lower-case words and numbers joined by hyphens.
var ruleID = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

// readRules reads one file of rules. written are the same rules as the file writes them, one text each.
func readRules(file string, text []byte) (rules []clock.Rule, written []string, err error) {
	root, broken := document(file, text)
	if broken != nil {
		return nil, nil, broken
	}
	var nodes []yaml.Node
	if broken := (fields{"rules": &nodes}).read(root); broken != nil {
		return nil, nil, broken.in(file)
	}
	lines := strings.Split(string(text), "\n")
	for i := range nodes {
		rule, broken := readRule(&nodes[i])
		if broken != nil {
			broken.Rule = rule.ID
			if rule.ID == "" {
				broken.Rule = fmt.Sprintf("#%d", i+1)
			}
			return nil, nil, broken.in(file)
		}
		last := len(lines)
		if i+1 < len(nodes) {
			last = nodes[i+1].Line - 1
		}
		rules = append(rules, rule)
		written = append(written, strings.TrimRight(strings.Join(lines[nodes[i].Line-1:last], "\n"), "\n "))
	}
	return rules, written, nil
}

// readRule reads one rule and checks it. The rule it returns beside an error has as much as was read.
func readRule(node *yaml.Node) (clock.Rule, *SchemaError) {
	var rule clock.Rule
	keys := fields{
		"id": &rule.ID, "regime": &rule.Regime, "citation": &rule.Citation, "legal_text": &rule.LegalText, "source": &rule.Source,
		"recipient": &rule.Recipient, "addressee": &rule.Addressee, "role": &rule.Role, "start": &rule.Start, "follows": &rule.Follows,
		"words": &rule.Words, "outer_limit": &rule.OuterLimit, "counting": &rule.Counting, "from_year_end": &rule.FromYearEnd,
		"cut_off": &rule.CutOff, "roll": &rule.Roll, "direction": &rule.Direction, "zone": &rule.Zone, "calendar": &rule.Calendar,
		"in_force": &rule.InForce, "confidence": &rule.Confidence, "note": &rule.Note,
	}
	optional := []string{"addressee", "follows", "words", "outer_limit", "from_year_end", "cut_off", "zone", "calendar", "note"}
	optional = append(optional, readTerms(keys, &rule)...)
	if broken := keys.read(node, optional...); broken != nil {
		return rule, broken
	}
	if !ruleID.MatchString(rule.ID) {
		return rule, &SchemaError{Field: "id", Detail: fmt.Sprintf("%q is not lower-case words joined by hyphens", rule.ID)}
	}
	if rule.Adoption != nil && rule.Confidence != clock.ConfidenceVerified {
		return rule, &SchemaError{Field: "adoption", Detail: "a rule that was not read in its source ships unadopted: a person adopts it"}
	}
	if err := rule.Validate(); err != nil {
		return rule, fromProblem(err)
	}
	return rule, nil
}

// fromProblem keeps the field and the detail of a refusal.
func fromProblem(err error) *SchemaError {
	if refusal, ok := errors.AsType[*problem.Error](err); ok {
		return &SchemaError{Field: refusal.Field, Detail: refusal.Detail}
	}
	return &SchemaError{Detail: err.Error()}
}
