package clock

import (
	"maps"
	"slices"
)

// explainStart says which event the clock hangs on.
func (c *count) explainStart() {
	stage := ""
	if c.Rule.Follows != "" {
		stage = " (rule " + c.Rule.Follows + ")"
	}
	c.explain(&c.At, c.Rule.Citation, "The clock starts when %s%s: start word %s.", c.Rule.Start.Happening(), stage, c.Rule.Start)
	if c.Options[OptionExtended] == "true" {
		c.explain(nil, c.Rule.Extension.Citation, "Extended: the whole period is %s from the original start, and only if notice of it with reasons was given in the first period.", c.period)
	}
	for _, variant := range c.Rule.Variants {
		if c.Options[variant.Option] == "true" {
			c.explain(nil, variant.Citation, "The period is %s, because of the option %s.", c.period, variant.Option)
		}
	}
}

// explainStanding says what a reader must know about the rule itself before relying on the instants.
func (c *count) explainStanding() {
	rule := c.Rule
	for _, name := range slices.Sorted(maps.Keys(c.Facts)) {
		if !rule.weighs(name) {
			c.explain(nil, rule.Citation, "The fact %s plays no part in this rule.", name)
		}
	}
	if c.Options[OptionRight] != "" && rule.Pause == nil {
		c.explain(nil, rule.Citation, "The right that the request is about plays no part in this rule.")
	}
	if reason := notInForce(c.Request); reason != "" {
		c.explain(nil, "", "Not in force: rule %s %s; computed because it was asked for.", rule.ID, reason)
	}
	if rule.Adoption == nil {
		c.explain(nil, "", "Unadopted: nobody has adopted rule %s, so no case opens a duty from it.", rule.ID)
	}
	switch rule.Confidence {
	case ConfidenceSecondary:
		c.explain(nil, "", "Confidence V2: read in secondary sources only.")
	case ConfidenceGeneral:
		c.explain(nil, "", "Confidence G: general knowledge, not verified.")
	}
	c.explain(nil, c.Calendar.Source, "Local time by IANA release %s, zone %s; calendar %s (%s).", rule.ZoneData, c.Zone, c.Calendar.Name, c.Calendar.Place)
}

// weighs says whether a fact can move the rule's clock.
func (r Rule) weighs(fact string) bool {
	return r.Cap != nil && r.Cap.Fact == fact || r.Reset != nil && slices.Contains(r.Reset.Facts, fact) ||
		r.Pause != nil && (r.Pause.Asked == fact || r.Pause.Answered == fact)
}
