package packs

import (
	"errors"
	"fmt"
	"regexp"

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

// readRules reads one file of rules.
func readRules(file string, text []byte) ([]clock.Rule, error) {
	root, broken := document(file, text)
	if broken != nil {
		return nil, broken
	}
	var nodes []yaml.Node
	if broken := (fields{"rules": &nodes}).read(root); broken != nil {
		return nil, broken.in(file)
	}
	rules := make([]clock.Rule, 0, len(nodes))
	for i := range nodes {
		rule, broken := readRule(&nodes[i])
		if broken != nil {
			broken.Rule = rule.ID
			if rule.ID == "" {
				broken.Rule = fmt.Sprintf("#%d", i+1)
			}
			return nil, broken.in(file)
		}
		rules = append(rules, rule)
	}
	return rules, nil
}

// readRule reads one rule and checks it. The rule it returns beside an error has as much as was read.
func readRule(node *yaml.Node) (clock.Rule, *SchemaError) {
	var rule clock.Rule
	var period, internalTarget string
	var validity, adoption yaml.Node
	keys := fields{
		"id": &rule.ID, "regime": &rule.Regime, "citation": &rule.Citation, "legal_text": &rule.LegalText,
		"recipient": &rule.Recipient, "role": &rule.Role, "start": &rule.Start, "stage": &rule.Stage,
		"words": &rule.Words, "period": &period, "internal_target": &internalTarget,
		"counting": &rule.Counting, "roll": &rule.Roll, "direction": &rule.Direction,
		"validity": &validity, "in_force": &rule.InForce, "confidence": &rule.Confidence,
		"adoption": &adoption, "note": &rule.Note,
	}
	if broken := keys.read(node, "stage", "words", "internal_target", "note"); broken != nil {
		return rule, broken
	}
	if !ruleID.MatchString(rule.ID) {
		return rule, &SchemaError{Field: "id", Detail: fmt.Sprintf("%q is not lower-case words joined by hyphens", rule.ID)}
	}
	if broken := readPeriods(&rule, period, internalTarget); broken != nil {
		return rule, broken
	}
	if broken := readValidity(&validity, &rule.Validity).under("validity"); broken != nil {
		return rule, broken
	}
	if broken := readAdoption(&adoption, &rule).under("adoption"); broken != nil {
		return rule, broken
	}
	if err := rule.Validate(); err != nil {
		return rule, fromProblem(err)
	}
	return rule, nil
}

func readPeriods(rule *clock.Rule, period, internalTarget string) *SchemaError {
	var err error
	switch period {
	case fromContract:
		rule.FromContract = true
	case noNumber:
		rule.Period = clock.Period{Unit: clock.UnitNone}
	default:
		if rule.Period, err = clock.ParsePeriod(period); err != nil {
			return fromProblem(err)
		}
	}
	if internalTarget != "" {
		if rule.InternalTarget, err = clock.ParsePeriod(internalTarget); err != nil {
			broken := fromProblem(err)
			broken.Field = "internal_target"
			return broken
		}
	}
	return nil
}

func readValidity(node *yaml.Node, validity *clock.Validity) *SchemaError {
	var from, to string
	keys := fields{"from": &from, "to": &to, "confidence": &validity.Confidence}
	if broken := keys.read(node, "from", "to"); broken != nil {
		return broken
	}
	if broken := readDate("from", from, &validity.From); broken != nil {
		return broken
	}
	return readDate("to", to, &validity.To)
}

func readAdoption(node *yaml.Node, rule *clock.Rule) *SchemaError {
	if node.Kind == yaml.ScalarNode && node.Value == unadopted {
		return nil
	}
	var on string
	adoption := clock.Adoption{}
	if broken := (fields{"by": &adoption.By, "on": &on}).read(node); broken != nil {
		return broken
	}
	rule.Adoption = &adoption
	return readDate("on", on, &adoption.On)
}

// readDate reads a date that may be left out.
func readDate(field, text string, date *clock.Date) *SchemaError {
	if text == "" {
		return nil
	}
	var err error
	if *date, err = clock.ParseDate(text); err != nil {
		return &SchemaError{Field: field, Detail: fromProblem(err).Detail}
	}
	return nil
}

// fromProblem keeps the field and the detail of a refusal.
func fromProblem(err error) *SchemaError {
	if refusal, ok := errors.AsType[*problem.Error](err); ok {
		return &SchemaError{Field: refusal.Field, Detail: refusal.Detail}
	}
	return &SchemaError{Detail: err.Error()}
}
