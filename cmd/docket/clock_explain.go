package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/atlascloudai/docket/core/clock"
	"github.com/atlascloudai/docket/core/packs"
	"github.com/atlascloudai/docket/core/problem"
)

// clockExplainCmd tells step by step how one instant comes about.
type clockExplainCmd struct {
	Rule     string            `arg:"" help:"Id of the rule, such as gdpr-33-1; docket clock rules lists them."`
	At       string            `required:"" help:"Instant of the event, with its offset, such as 2026-10-23T09:15:00+02:00."`
	Zone     string            `help:"IANA zone of the place where the act must be done; the rule's own if it fixes one."`
	Calendar string            `help:"Calendar of that place, such as DE or US-FED; the rule's own if it fixes one, else NONE."`
	Period   string            `help:"The agreement's period, such as \"48 hours\", for a rule that takes it from a contract."`
	Fact     map[string]string `help:"Further instants that the rule weighs, such as aware=2026-09-08T08:00:00+02:00."`
	Option   map[string]string `help:"Choices that the rule knows, such as extended=true or right=access."`
}

// Run prints the explanation.
func (c *clockExplainCmd) Run(out io.Writer) error {
	pack, err := packs.Load()
	if err != nil {
		return fmt.Errorf("cannot load the rule pack: %w", err)
	}
	rule, known := pack.Rule(c.Rule)
	if !known {
		return usage(fmt.Sprintf("rule: no rule %q in pack %s; docket clock rules lists them", c.Rule, pack.Version))
	}
	question := map[string]any{"id": c.Rule, "rule": c.Rule, "at": c.At, "zone": cmp.Or(c.Zone, rule.Zone, "UTC"), "calendar": cmp.Or(c.Calendar, rule.Calendar, "NONE")}
	if c.Period != "" {
		question["period"] = c.Period
	}
	if len(c.Fact) > 0 {
		question["facts"] = c.Fact
	}
	if len(c.Option) > 0 {
		question["options"] = c.Option
	}
	line, err := json.Marshal(question)
	if err != nil {
		return fmt.Errorf("cannot ask: %w", err)
	}
	asked, err := packs.ParseQuestion(line)
	if err != nil {
		return usage(refusalOf(err))
	}
	zone, err := pack.Zone(asked.Zone)
	if err != nil {
		return usage(refusalOf(err))
	}
	rule = rule.On(clock.DateIn(asked.At, zone))
	answer, err := pack.Answer(asked)
	if err != nil {
		return usage(refusalOf(err))
	}
	fields(out, "Rule", rule.ID, "Law", lawOf(rule), "To", rule.Recipient, "It says", rule.Words, "Kind", kinds[rule.Direction],
		"Target", shown(answer.Target)+yes(answer.Internal, ", the company's own"), "Limit", limitOf(rule, answer), "Pack", answer.RuleVersion,
		"Zone", yes(c.Zone == "" && rule.Zone == "", "UTC, because none was given and the rule fixes none"))
	for i, reason := range answer.Why {
		fmt.Fprintf(out, "%2d. %s%s\n", i+1, reason.Text, yes(reason.Cite != "", " ["+reason.Cite+"]"))
		if reason.Instant != nil {
			fmt.Fprintf(out, "    → %s\n", shown(reason.Instant))
		}
	}
	if rule.Note != "" {
		fmt.Fprintln(out, "Note:", strings.TrimSpace(rule.Note))
	}
	fmt.Fprintln(out, "Engineering, not legal advice.")
	return nil
}

// kinds says what an instant means where it is no deadline.
var kinds = map[clock.Direction]string{
	clock.DirectionNotBefore: "waiting period: acting by these instants is too early",
	clock.DirectionBackward:  "counted back from the event: sent after these instants is too late",
}

// lawOf cites the rule.
func lawOf(rule clock.Rule) string {
	text := rule.Citation + yes(rule.LegalText != rule.Citation, " ("+rule.LegalText+")")
	return yes(!strings.HasPrefix(text, rule.Regime), rule.Regime+", ") + text
}

// limitOf is the limit, or why there is none.
func limitOf(rule clock.Rule, answer packs.Answer) string {
	switch {
	case answer.Limit != nil:
		return shown(answer.Limit)
	case answer.Provisional:
		return "withheld: the calendar does not reach that far"
	case answer.Internal:
		return "none: no number is given"
	case rule.Pause != nil:
		return "open: the clock stands still"
	default:
		return "none"
	}
}

// shown is an instant with its day of the week.
func shown(instant *string) string {
	if instant == nil {
		return ""
	}
	at, err := time.Parse(time.RFC3339, *instant)
	if err != nil {
		return *instant
	}
	return at.Format("Mon ") + *instant
}

func refusalOf(err error) string {
	if refused, ok := errors.AsType[*problem.Error](err); ok {
		return refused.Field + ": " + refused.Detail
	}
	return err.Error()
}
