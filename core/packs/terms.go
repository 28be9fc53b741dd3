package packs

import (
	"fmt"

	"go.yaml.in/yaml/v3"

	"github.com/atlascloudai/docket/core/clock"
	"github.com/atlascloudai/docket/core/duty"
)

// readTerms adds the keys that are more than one value, and answers which of them a rule may leave out.
func readTerms(keys fields, rule *clock.Rule) (optional []string) {
	keys["period"] = reader(func(node *yaml.Node) *SchemaError {
		switch node.Value {
		case fromContract:
			rule.FromContract = true
			return nil
		case noNumber:
			rule.Period = clock.Period{Unit: clock.UnitNone}
			return nil
		}
		return readPeriod(node, &rule.Period)
	})
	keys["validity"] = validity(&rule.Validity)
	keys["adoption"] = adoption(rule)
	keys["binds"] = reader(func(node *yaml.Node) *SchemaError { return readBinds(node, &rule.Binds) })
	for key, read := range map[string]reader{
		"internal_target": period(&rule.InternalTarget),
		"arises_after":    period(&rule.ArisesAfter),
		"strict": func(node *yaml.Node) *SchemaError {
			strict := &rule.Strict
			return fields{"period": period(&strict.Period), "counting": &strict.Counting}.read(node, "period", "counting")
		},
		"relief": func(node *yaml.Node) *SchemaError {
			rule.Relief = &clock.Relief{}
			return fields{"option": &rule.Relief.Option, "roll": &rule.Relief.Roll, "citation": &rule.Relief.Citation}.read(node)
		},
		"cap": func(node *yaml.Node) *SchemaError {
			rule.Cap = &clock.Cap{}
			return fields{"fact": &rule.Cap.Fact, "period": period(&rule.Cap.Period), "unless_passed": &rule.Cap.UnlessPassed, "citation": &rule.Cap.Citation}.read(node, "unless_passed")
		},
		"extension": func(node *yaml.Node) *SchemaError {
			rule.Extension = &clock.Extension{}
			return fields{"period": period(&rule.Extension.Period), "notice": &rule.Extension.Notice, "citation": &rule.Extension.Citation}.read(node, "notice")
		},
		"reset": func(node *yaml.Node) *SchemaError {
			rule.Reset = &clock.Reset{}
			return fields{"facts": &rule.Reset.Facts, "from": date(&rule.Reset.From), "citation": &rule.Reset.Citation}.read(node, "from")
		},
		"pause": func(node *yaml.Node) *SchemaError {
			rule.Pause = &clock.Pause{}
			p := rule.Pause
			return fields{"asked": &p.Asked, "answered": &p.Answered, "rights": &p.Rights, "from": date(&p.From), "citation": &p.Citation}.read(node, "from")
		},
		"delay": func(node *yaml.Node) *SchemaError {
			rule.Delay = &clock.Delay{}
			d := rule.Delay
			return fields{"ground": &d.Ground, "written": period(&d.Written), "oral": period(&d.Oral), "citation": &d.Citation}.read(node, "written", "oral")
		},
		"variants": each(&rule.Variants, func(v *clock.Variant, node *yaml.Node) *SchemaError {
			return fields{"option": &v.Option, "period": period(&v.Period), "citation": &v.Citation}.read(node)
		}),
		"earlier": each(&rule.Earlier, func(was *clock.Earlier, node *yaml.Node) *SchemaError {
			number := reader(func(node *yaml.Node) *SchemaError {
				if node.Value == noNumber {
					was.Period = clock.Period{Unit: clock.UnitNone}
					return nil
				}
				return readPeriod(node, &was.Period)
			})
			keys := fields{"validity": validity(&was.Validity), "words": &was.Words, "period": number, "internal_target": period(&was.InternalTarget), "citation": &was.Citation}
			return keys.read(node, "words", "internal_target")
		}),
	} {
		keys[key] = read
		optional = append(optional, key)
	}
	return optional
}

// readBinds reads whom a rule binds; traits and what was touched are words that core/duty knows.
func readBinds(node *yaml.Node, binds *clock.Binds) *SchemaError {
	keys := fields{
		"to": &binds.To, "company": &binds.Company, "customer": &binds.Customer, "people": &binds.People, "at_least": &binds.AtLeast,
		"touched": &binds.Touched, "high_risk": &binds.HighRisk,
	}
	if broken := keys.read(node, "company", "customer", "people", "at_least", "touched", "high_risk"); broken != nil {
		return broken
	}
	for field, trait := range map[string]string{"company": binds.Company, "customer": binds.Customer} {
		if trait != "" && !duty.Trait(trait).Known() {
			return &SchemaError{Field: field, Detail: fmt.Sprintf("%q is no trait of a profile", trait)}
		}
	}
	for _, touch := range binds.Touched {
		if !duty.Touch(touch).Known() {
			return &SchemaError{Field: "touched", Detail: fmt.Sprintf("%q is none of %q", touch, duty.Touches)}
		}
	}
	return nil
}

// period reads a period into a variable.
func period(into *clock.Period) reader {
	return func(node *yaml.Node) *SchemaError { return readPeriod(node, into) }
}

func readPeriod(node *yaml.Node, into *clock.Period) *SchemaError {
	if node.Kind != yaml.ScalarNode {
		return &SchemaError{Detail: fmt.Sprintf("line %d: must be a period, e.g. \"72 hours\"", node.Line)}
	}
	var err error
	if *into, err = clock.ParsePeriod(node.Value); err != nil {
		return &SchemaError{Detail: fromProblem(err).Detail}
	}
	return nil
}

func date(into *clock.Date) reader {
	return func(node *yaml.Node) (broken *SchemaError) {
		var err error
		if *into, err = clock.ParseDate(node.Value); err != nil {
			broken = &SchemaError{Detail: fromProblem(err).Detail}
		}
		return broken
	}
}

func validity(into *clock.Validity) reader {
	return func(node *yaml.Node) *SchemaError {
		return fields{"from": date(&into.From), "to": date(&into.To), "confidence": &into.Confidence}.read(node, "from", "to")
	}
}

func adoption(rule *clock.Rule) reader {
	return func(node *yaml.Node) *SchemaError {
		if node.Kind == yaml.ScalarNode && node.Value == unadopted {
			return nil
		}
		rule.Adoption = &clock.Adoption{}
		return fields{"by": &rule.Adoption.By, "on": date(&rule.Adoption.On)}.read(node)
	}
}

// each reads a list of mappings.
func each[T any](into *[]T, read func(*T, *yaml.Node) *SchemaError) reader {
	return func(node *yaml.Node) *SchemaError {
		if node.Kind != yaml.SequenceNode {
			return &SchemaError{Detail: fmt.Sprintf("line %d: must be a list", node.Line)}
		}
		*into = make([]T, len(node.Content))
		for i, item := range node.Content {
			if broken := read(&(*into)[i], item); broken != nil {
				return broken
			}
		}
		return nil
	}
}
