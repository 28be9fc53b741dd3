package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/atlascloudai/docket/cmd/docket/client"
	"github.com/atlascloudai/docket/core/clock"
	"github.com/atlascloudai/docket/core/packs"
	"github.com/atlascloudai/docket/desk"
)

// clockRulesCmd lists the rules that this binary carries.
type clockRulesCmd struct {
	Words      []string `arg:"" optional:"" help:"Only rules whose id, regime, citation or recipient holds every word."`
	Start      string   `help:"Only rules with this start word."`
	Confidence string   `enum:",V,V2,G" default:"" help:"Only rules of this label: V read in its source, V2 in secondary sources only, G general knowledge."`
	YAML       bool     `help:"Print the rules as the pack writes them; docs/legal-time.md explains every key."`
	Unadopted  bool     `help:"Only rules that ship unadopted: no case opens a duty from them before counsel adopts them."`
	Diff       string   `type:"existingdir" help:"Say what the pack in this folder would change (laid out as core/packs: pack.yaml, calendars.yaml, rules, zones, policy)."`
}

// Run lists or compares.
func (c *clockRulesCmd) Run(out io.Writer) error {
	pack, err := packs.Load()
	if err != nil {
		return fmt.Errorf("cannot load the rule pack: %w", err)
	}
	if c.Start != "" && !clock.StartWord(c.Start).Known() {
		return usage(fmt.Sprintf("start: %q is no start word; they are %v", c.Start, clock.StartWords()))
	}
	if c.Diff != "" {
		return c.compare(pack, out)
	}
	if c.YAML {
		return c.asWritten(pack, out)
	}
	table := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(table, "RULE\tCITATION\tSTARTS WHEN\tPERIOD\tTO\tLABEL\tADOPTED\t")
	shown := 0
	for _, rule := range pack.Rules() {
		if !c.wants(rule) {
			continue
		}
		shown++
		period := rule.Period.String()
		if rule.FromContract {
			period = "from the contract"
		}
		adopted := "no" + yes(!rule.InForce, ", not in force")
		if rule.Adoption != nil {
			adopted = rule.Adoption.On.String()
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t\n", rule.ID, rule.Citation, rule.Start, period, rule.Binds.To, rule.Confidence, adopted)
	}
	if err := table.Flush(); err != nil {
		return fmt.Errorf("cannot write the rules: %w", err)
	}
	fmt.Fprintf(out, "%d rules of pack %s, zone data %s. Engineering, not legal advice: a rule opens duties once a named person has adopted it.\n", shown, pack.Version, pack.ZoneVersion)
	return nil
}

// asWritten prints the rules with the file in which each stands: those of the ids that are given, or else those found.
func (c *clockRulesCmd) asWritten(pack *packs.Pack, out io.Writer) error {
	exact := slices.ContainsFunc(pack.Rules(), func(r clock.Rule) bool { return slices.Contains(c.Words, r.ID) })
	for _, rule := range pack.Rules() {
		if exact && !slices.Contains(c.Words, rule.ID) || !exact && !c.wants(rule) {
			continue
		}
		text, file := pack.Written(rule.ID)
		if _, err := fmt.Fprintf(out, "# %s\n%s\n", file, text); err != nil {
			return fmt.Errorf("cannot write the rules: %w", err)
		}
	}
	return nil
}

func (c *clockRulesCmd) wants(rule clock.Rule) bool {
	text := strings.ToLower(strings.Join([]string{rule.ID, rule.Regime, rule.Citation, rule.Recipient}, " "))
	for _, word := range c.Words {
		if !strings.Contains(text, strings.ToLower(word)) {
			return false
		}
	}
	return (c.Start == "" || c.Start == string(rule.Start)) && (c.Confidence == "" || c.Confidence == string(rule.Confidence)) &&
		(!c.Unadopted || rule.Adoption == nil)
}

// compare prints what another pack would change.
func (c *clockRulesCmd) compare(pack *packs.Pack, out io.Writer) error {
	other, err := packs.LoadFrom(os.DirFS(c.Diff))
	if err != nil {
		return usage(err.Error())
	}
	changes := packs.Diff(pack, other)
	for _, change := range changes {
		switch {
		case change.Field != "":
			fmt.Fprintf(out, "%s  %s: %s → %s\n", change.Name, change.Field, change.From, change.To)
		case change.To == "":
			fmt.Fprintf(out, "%s  is gone (%s)\n", change.Name, change.From)
		default:
			fmt.Fprintf(out, "%s  is new (%s)\n", change.Name, change.To)
		}
	}
	fmt.Fprintf(out, "%d changes from pack %s to pack %s\n", len(changes), pack.Version, other.Version)
	return nil
}

// clockAdoptCmd makes a rule the company's own.
type clockAdoptCmd struct {
	Remote   remote `embed:""`
	Rule     string `arg:"" help:"Id of the rule."`
	TakeBack bool   `help:"Take the adoption back: no case opens a duty from it any more."`
	reasonFlag
}

// Run records the adoption.
func (c *clockAdoptCmd) Run(ctx context.Context, out io.Writer) error {
	_, err := c.Remote.client().Raw(ctx, client.Call{
		Method: http.MethodPost, Path: "/v1/rules/" + url.PathEscape(c.Rule) + "/adoption", Body: desk.AdoptInput{Adopted: !c.TakeBack, Reason: c.Reason},
	})
	if err == nil {
		fmt.Fprintf(out, "%s is %sadopted\n", c.Rule, yes(c.TakeBack, "no longer "))
	}
	return err
}
