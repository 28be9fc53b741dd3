package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/atlascloudai/docket/api"
	"github.com/atlascloudai/docket/cmd/docket/client"
	"github.com/atlascloudai/docket/core/letters"
	"github.com/atlascloudai/docket/desk"
	"github.com/atlascloudai/docket/notifications/byhand"
)

type dutyListCmd struct {
	caseArg
	State  string `help:"Only duties in this state: proposed, required, not_required, met, waived, superseded."`
	Paging paging `embed:""`
}

// Run lists duties.
func (c *dutyListCmd) Run(ctx context.Context, p *caseCmd, out io.Writer) error {
	query := url.Values{}
	if c.State != "" {
		query.Set("state", c.State)
	}
	return list(ctx, &p.Remote, c.Paging, out, c.path("duties"), query, "OWED TO\tCLAUSE\tSTATE\tCLOCK\tTARGET\tLIMIT\tMET\tID\t", func(v desk.DutyView) []string {
		return []string{owed(v), v.Clause, v.State + yes(v.Disputed, ", disputed") + yes(v.Governs == "undecided", ", start undecided") + yes(v.Review == "due", ", review due"), v.Clock, when(v.Target) + yes(v.Internal, " (internal)"), when(v.Limit), when(v.MetAt) + yes(v.Late, " late"), v.ID.String()}
	})
}

// owed is to whom the duty is owed, as short as it is clear.
func owed(v desk.DutyView) string {
	if v.Customer != "" {
		return v.Customer
	}
	return v.Counterparty
}

type dutyCmd struct {
	Show        dutyShowCmd   `cmd:"" help:"Show a duty, why it is owed and every due instant it ever had."`
	Decide      dutyDecideCmd `cmd:"" help:"Confirm proposed duties as required or not."`
	ChooseStart dutyStartCmd  `cmd:"" help:"Choose which start governs undecided duties."`
	Waive       dutyWaiveCmd  `cmd:"" help:"End a duty under an exemption; a second person approves."`

	ConfirmExemption dutyConfirmExemptionCmd `cmd:"" help:"Confirm that exempted duties need not be met though facts changed."`
	RequireAgain     dutyRequireAgainCmd     `cmd:"" help:"Make exempted duties required again."`

	Pack  dutyPackCmd  `cmd:"" help:"Print what is prepared for a notice that is made by hand."`
	Delay dutyDelayCmd `cmd:"" help:"Record that an authority asked to wait, where the rule knows that."`
	File  dutyFileCmd  `cmd:"" help:"Record a notice or filing made by hand, with its receipt."`
}

// dutyArg is the duty a command is about.
type dutyArg struct {
	caseArg
	Duty uuid.UUID `arg:"" help:"Id of the duty."`
}

func (a dutyArg) path(parts ...string) string {
	return a.caseArg.path(append([]string{"duties", a.Duty.String()}, parts...)...)
}

type dutyShowCmd struct {
	dutyArg
}

// Run shows the duty.
func (c *dutyShowCmd) Run(ctx context.Context, p *caseCmd, out io.Writer) error {
	return read(ctx, &p.Remote, out, c.path(), nil, func(out io.Writer, v desk.DutyView) {
		fields(out,
			"Duty", v.ID.String(), "Owed to", owed(v), "Name", v.Name, "Clause", v.Clause, "Rule", v.Rule,
			"State", v.State+yes(v.Disputed, ", disputed")+yes(v.Review == "due", ", review due: facts changed"), "Exemption", exemption(v.Exemption), "Clock", v.Clock, "Starts with", v.StartWord+" ("+v.Governs+")",
			"Started", when(v.StartedAt), "Target", when(v.Target)+yes(v.Internal, " (internal: the words give no number)"),
			"Limit", when(v.Limit), "Delayed until", when(v.DelayedUntil), "Met", when(v.MetAt)+yes(v.Late, " late"), "Met by", v.MetBy, "Follows", id(v.Follows))
		for _, due := range v.History {
			fmt.Fprintf(out, "  %s  target %s  limit %s  %s\n", when(&due.RecordedAt), when(due.Target), when(due.Limit), plain(due.Reason))
		}
		var why struct {
			Why   []string
			Steps []struct {
				Text, Cite string
				Instant    *time.Time
			}
		}
		if json.Unmarshal(v.Why, &why) == nil {
			for _, reason := range why.Why {
				fmt.Fprintln(out, "  why  "+plain(reason))
			}
			for _, step := range why.Steps {
				fmt.Fprintln(out, "  - "+yes(step.Instant != nil, when(step.Instant)+"  ")+plain(step.Text)+yes(step.Cite != "", " ["+plain(step.Cite)+"]"))
			}
		}
	})
}

// id prints an id that may be absent.
func id(of *uuid.UUID) string {
	if of == nil {
		return ""
	}
	return of.String()
}

type dutyDecideCmd struct {
	caseArg
	Duties      []uuid.UUID `arg:"" optional:"" help:"Ids of duties; or --rule."`
	Rule        string      `help:"All proposed duties of this rule."`
	Required    bool        `help:"They are required." xor:"verdict" required:""`
	NotRequired bool        `help:"They are not." xor:"verdict" required:""`
	reasonFlag
}

// Run decides.
func (c *dutyDecideCmd) Run(ctx context.Context, p *caseCmd, out io.Writer) error {
	return decide(ctx, &p.Remote, out, client.Call{Path: c.path("duties", "decide"), Body: desk.DecideInput{Rule: c.Rule, Duties: c.Duties, Required: c.Required, Reason: c.Reason}})
}

type dutyStartCmd struct {
	caseArg
	Governs string      `arg:"" enum:"incident,found" help:"Which instant the clock counts from: ${enum}."`
	Duties  []uuid.UUID `arg:"" optional:"" help:"Ids of duties; all undecided ones if absent."`
	reasonFlag
}

// Run chooses.
func (c *dutyStartCmd) Run(ctx context.Context, p *caseCmd, out io.Writer) error {
	return decide(ctx, &p.Remote, out, client.Call{Path: c.path("duties", "choose-start"), Body: desk.ChooseStartInput{Governs: c.Governs, Duties: c.Duties, Reason: c.Reason}})
}

type dutyWaiveCmd struct {
	dutyArg
	Exemption string `required:"" help:"Code of the ground; one that the rule does not know is refused with those that fit."`
	Instead   string `help:"What is done in place of the notice, where the ground demands that: a public communication."`
	reasonFlag
}

func exemption(v *desk.ExemptionView) string {
	if v == nil {
		return ""
	}
	return v.Code + ": " + v.Source
}

// Run waives.
func (c *dutyWaiveCmd) Run(ctx context.Context, p *caseCmd, out io.Writer) error {
	return decide(ctx, &p.Remote, out, client.Call{Path: c.path("waive"), Body: desk.WaiveInput{Exemption: c.Exemption, Reason: c.Reason, Instead: c.Instead}})
}

type dutyPackCmd struct {
	dutyArg
	HTML bool   `help:"Print the HTML part."`
	Out  string `type:"path" help:"Write the pack as a zip: letter, values for a portal's fields, and what to record."`
}

// Run prints the pack.
func (c *dutyPackCmd) Run(ctx context.Context, p *caseCmd, out io.Writer) error {
	var failed error
	err := read(ctx, &p.Remote, out, c.path("pack"), nil, func(out io.Writer, v api.Pack) {
		fields(out, "Owed to", owed(v.Duty), "Name", v.Duty.Name, "Clause", v.Duty.Clause, "Target", when(v.Duty.Target), "Limit", when(v.Duty.Limit),
			"Lacks", strings.Join(v.Lacks, ", "), "Subject", v.Letter.Subject)
		body := v.Letter.Text
		if c.HTML {
			body = v.Letter.HTML
		}
		if body == "" {
			body = "No notice of this case has been approved yet: what leaves the company is approved."
		}
		fmt.Fprintln(out, "\n"+lines(body))
		if c.Out != "" {
			failed = c.write(v)
		}
	})
	return errors.Join(err, failed)
}

// write puts the pack into a file: the same pack whenever it is prepared.
func (c *dutyPackCmd) write(v api.Pack) error {
	filing := byhand.Filing{
		ID: v.Duty.ID.String(), Addressee: owed(v.Duty), Means: "portal, post or phone, as the addressee or the agreement asks", Duty: v.Duty.Clause,
		Location: time.UTC, Letter: v.Letter, Values: v.Values,
	}
	if v.Duty.Target != nil {
		filing.Target = *v.Duty.Target
	}
	if v.Duty.Limit != nil {
		filing.Limit = *v.Duty.Limit
	}
	if len(v.Duty.History) > 0 {
		filing.Instant = v.Duty.History[0].RecordedAt
	}
	pack, _, err := byhand.Pack(filing)
	if err != nil {
		return err
	}
	return os.WriteFile(c.Out, pack, 0o600)
}

type dutyFileCmd struct {
	dutyArg
	FiledAt   time.Time `required:"" help:"When it was filed, with its offset."`
	Zone      string    `required:"" env:"DOCKET_ZONE" help:"IANA zone."`
	How       string    `required:"" help:"Portal, phone, post, supplier portal."`
	Reference string    `required:"" help:"Reference the other side gave."`
	Why       string    `help:"Why it is late; this or --reasons-follow-by is demanded where an authority is told after the limit."`
	Receipt   string    `required:"" type:"existingfile" help:"File with the receipt; its hash goes into the chain."`
	// What follows is due by its own instant.
	ReasonsFollowBy *time.Time           `help:"By when the reasons follow, with its offset."`
	Unknown         map[string]time.Time `placeholder:"ELEMENT=INSTANT" help:"What was filed as not yet known, and by when it will be, e.g. likely_consequences=2026-06-04T12:00:00+02:00."`
}

// Run records the filing.
func (c *dutyFileCmd) Run(ctx context.Context, p *caseCmd, out io.Writer) error {
	receipt, err := os.ReadFile(c.Receipt)
	if err != nil {
		return usage(err.Error())
	}
	in := desk.FileInput{
		FiledAt: c.FiledAt, Zone: c.Zone, How: c.How, Reference: c.Reference, Receipt: receipt, DelayReason: c.Why, ReasonsFollowBy: c.ReasonsFollowBy,
	}
	for _, element := range slices.Sorted(maps.Keys(c.Unknown)) {
		in.Unknown = append(in.Unknown, letters.Promise{Element: element, By: c.Unknown[element]})
	}
	return decide(ctx, &p.Remote, out, client.Call{Path: c.path("file"), Body: in})
}

type dutyDelayCmd struct {
	dutyArg
	Official string    `required:"" help:"Who asked, by name and office."`
	Agency   string    `required:"" help:"For which authority."`
	Form     string    `required:"" enum:"written,oral" help:"In which form: ${enum}."`
	Received time.Time `required:"" help:"When the request was received, with its offset."`
	Until    time.Time `required:"" help:"Until when the authority asks to wait, with its offset."`
	File     string    `type:"existingfile" help:"File with the written request; its hash goes into the chain."`
	reasonFlag
}

// Run records the delay.
func (c *dutyDelayCmd) Run(ctx context.Context, p *caseCmd, out io.Writer) error {
	in := desk.DelayInput{Official: c.Official, Agency: c.Agency, Form: c.Form, Received: c.Received, Until: c.Until, Reason: c.Reason}
	if c.File != "" {
		var err error
		if in.File, err = os.ReadFile(c.File); err != nil {
			return usage(err.Error())
		}
	}
	return decide(ctx, &p.Remote, out, client.Call{Path: c.path("delay"), Body: in})
}
