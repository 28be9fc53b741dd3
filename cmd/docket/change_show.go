package main

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"strconv"
	"strings"

	"github.com/atlascloudai/docket/core/cases/change"
	"github.com/atlascloudai/docket/core/textdiff"
	"github.com/atlascloudai/docket/desk"
)

type changeListCmd struct {
	Status string `enum:",draft,in_review,approved,sending,objection_window,effective,archived,withdrawn" default:"" help:"Only those that stand there: draft, in_review, approved, sending, objection_window, effective, archived, withdrawn."`
	Kind   string `enum:",policy,subprocessor,provider,retention,region" default:"" help:"Only those of this kind: policy, subprocessor, provider, retention, region."`
	Paging paging `embed:""`
}

// Run lists notices of change.
func (c *changeListCmd) Run(ctx context.Context, p *changeCmd, out io.Writer) error {
	query := url.Values{}
	if c.Status != "" {
		query.Set("status", c.Status)
	}
	if c.Kind != "" {
		query.Set("kind", c.Kind)
	}
	return list(ctx, &p.Remote, c.Paging, out, "/v1/changes", query, "CODE\tSTATUS\tKIND\tSUBJECT\tSEND BY\tPLANNED\tTITLE\t", func(v desk.ChangeSummary) []string {
		return []string{v.Code, v.Status, v.Kind, v.Subject, when(&v.SendBy), when(&v.Planned), v.Title}
	})
}

type changeShowCmd struct {
	changeArg
}

// Run shows the notice of change.
func (c *changeShowCmd) Run(ctx context.Context, p *changeCmd, out io.Writer) error {
	return read(ctx, &p.Remote, out, c.path(), nil, showChange)
}

func showChange(out io.Writer, v desk.ChangeView) {
	fields(out,
		"Change", v.Code+"  "+v.ID.String(), "Title", v.Title, "Status", v.Status, "Kind", v.Kind, "Subject", v.Subject, "Mode", v.Mode,
		"Services", strings.Join(v.Services, ", "), "Replaces", strings.Join(v.Replaces, ", "), "Regions", strings.Join(v.Regions, ", "), "Document", v.Document+yes(v.Version > 0, ", version "+strconv.Itoa(v.Version)),
		"Material", judged(v), "Emergency", v.Emergency, "Takes the place of", v.Corrects)
	fmt.Fprintln(out, "\n"+lines(v.Summary)+"\n")
	fields(out, "Send by", when(&v.SendBy), "Planned", when(&v.Planned), "Earliest last sending", when(v.FirstLastSending),
		"For all at once from", when(v.LastEffective), "Sending began", when(v.FrozenAt))
	if v.Customers > 0 {
		fmt.Fprintln(out)
		// A terminal that is gone has nobody to tell.
		_ = table(out, "CUSTOMERS\tTOLD\tUNTOLD\tLATE\tWAITING\tOBJECTED\tSPARED\tTAKEN\tPROVISIONAL\t", []desk.ChangeView{v}, func(v desk.ChangeView) (row []string) {
			for _, n := range []int{v.Customers, v.Told, v.Untold, v.Late, v.Waiting, v.Objected, v.Spared, v.Taken, v.Provisional} {
				row = append(row, strconv.Itoa(n))
			}
			return row
		})
	}
	if open := waitsFor(v); len(open) > 0 {
		fmt.Fprintln(out)
		for _, one := range open {
			fmt.Fprintln(out, plain(one))
		}
	}
}

// judged is counsel's word, and why.
func judged(v desk.ChangeView) string {
	if v.Material == nil {
		return ""
	}
	word := "yes"
	if !*v.Material {
		word = "no"
	}
	return word + yes(v.Reason != "", ": "+v.Reason)
}

// waitsFor is what a change waits for people to do or to know, each with the command that does or shows it.
func waitsFor(v desk.ChangeView) (open []string) {
	status := change.Status(v.Status)
	if status.Ended() {
		return nil
	}
	add := func(is bool, what string, args ...any) {
		if is {
			open = append(open, fmt.Sprintf(what, args...))
		}
	}
	begun := v.FrozenAt != nil
	add(status == change.Draft, "It is a draft: docket change submit hands it to counsel")
	add(status == change.InReview && v.Material == nil, "Nobody said whether it is material: docket change judge")
	add(v.Stale, "Customers or agreements changed since the audience was counted: docket change audience counts it anew")
	add(v.Late > 0, "Too late for the plan: %d. For them it takes effect later: docket change customers", v.Late)
	add(begun && v.Untold > 0, "Not told: %d. They wait for the notice or cannot be reached: docket change customers --state untold", v.Untold)
	add(v.Objected > 0, "Objections without an end: %d. A person looks for a way: docket change customers --state objected", v.Objected)
	add(begun && v.Provisional > 0, "Provisional: %d. Their calendars do not reach far enough, and a person decides: docket change take", v.Provisional)
	add(status == change.Effective, "It took effect for everybody for whom it may: docket change archive ends it")
	return open
}

type changeDiffCmd struct {
	changeArg
	Context int  `default:"3" help:"Unchanged lines around a changed one."`
	All     bool `help:"The whole document."`
}

// Run shows the diff.
func (c *changeDiffCmd) Run(ctx context.Context, p *changeCmd, out io.Writer) error {
	if c.All {
		c.Context = -1
	}
	return read(ctx, &p.Remote, out, c.path("diff"), nil, func(out io.Writer, v desk.Page[textdiff.Line]) {
		if len(v.Items) == 0 {
			fmt.Fprintln(out, "No document gets another version.")
		}
		// A terminal that is gone has nobody to tell.
		_ = textdiff.Text(out, v.Items, c.Context)
	})
}

type changeCustomersCmd struct {
	changeArg
	State  string `enum:",untold,waiting,objected,spared,ready,taken" default:"" help:"Only customers who stand there: untold, waiting, objected, spared, ready, taken."`
	Paging paging `embed:""`
}

// Run lists the customers.
func (c *changeCustomersCmd) Run(ctx context.Context, p *changeCmd, out io.Writer) error {
	query := url.Values{}
	if c.State != "" {
		query.Set("state", c.State)
	}
	return list(ctx, &p.Remote, c.Paging, out, c.path("customers"), query, "CUSTOMER\tSTATE\tLAST SENDING\tSENT\tWINDOW CLOSES\tEFFECTIVE\tANSWER\t", func(v desk.ChangeCustomerView) []string {
		return []string{v.Customer, v.State, when(&v.LastSending), when(v.SentAt), when(v.WindowCloses), when(&v.Effective) + yes(v.Provisional, " or later"), answered(v)}
	})
}

// answered is what a customer made of the notice, as far as it said.
func answered(v desk.ChangeCustomerView) string {
	switch {
	case v.Answer == string(change.Objected):
		return v.Answer + " " + when(v.AnsweredAt) + yes(v.ResolveBy != nil, ", a way by "+when(v.ResolveBy))
	case v.Answer != "":
		return v.Answer + " " + when(v.AnsweredAt)
	case v.AcknowledgedAt != nil:
		return "acknowledged " + when(v.AcknowledgedAt)
	}
	return ""
}
