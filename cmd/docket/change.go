package main

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/atlascloudai/docket/cmd/docket/client"
	"github.com/atlascloudai/docket/desk"
)

// changeCmd works on notices of change, as a client of the API.
type changeCmd struct {
	Remote remote `embed:""`

	Open  changeOpenCmd  `cmd:"" help:"Open a notice of change, as a draft."`
	Edit  changeEditCmd  `cmd:"" help:"Replace what a draft says, all of it."`
	List  changeListCmd  `cmd:"" help:"List notices of change."`
	Show  changeShowCmd  `cmd:"" help:"Show a notice of change: its dates, how its customers do, and what stands in the way."`
	Diff  changeDiffCmd  `cmd:"" help:"Show what is new in its document against the version in force."`
	Dates changeDatesCmd `cmd:"" help:"Show whom a change would have to be told by when, and from when it could take effect for each. It decides nothing."`
	Log   changeLogCmd   `cmd:"" help:"Show the public change log, as everybody reads it; without a token."`

	Submit   changeSubmitCmd   `cmd:"" help:"Hand a draft to counsel."`
	Judge    changeJudgeCmd    `cmd:"" help:"Say whether a change is material; what is not is told by the change log alone."`
	Hasten   changeHastenCmd   `cmd:"" help:"Take the emergency path, by the clause that opens it."`
	Audience changeAudienceCmd `cmd:"" help:"Count the audience and everybody's dates anew; an approval of another audience is void."`
	Revise   changeReviseCmd   `cmd:"" help:"Take a change back to a draft; whatever was judged and approved is void."`
	Prolong  changeProlongCmd  `cmd:"" help:"Name a later day by which the notice leaves to those who were not told; it needs another approval."`
	Withdraw changeWithdrawCmd `cmd:"" help:"Withdraw a change before it took effect for anybody."`
	Archive  changeArchiveCmd  `cmd:"" help:"End what has taken effect."`

	Customers    changeCustomersCmd    `cmd:"" help:"List its customers, each with its own dates and answer."`
	Objection    changeObjectionCmd    `cmd:"" help:"Record an objection that came by other ways than the customer's page."`
	EndObjection changeEndObjectionCmd `cmd:"" help:"Record how an objection ended."`
	Take         changeTakeCmd         `cmd:"" help:"Let a change take effect for a customer whose dates are provisional."`

	May changeMayCmd `cmd:"" help:"Ask, as a gateway does, whether something may be used for a customer. Exit code 0 yes, 1 no."`
}

// changeArg is the notice of change a command is about.
type changeArg struct {
	Change string `arg:"" help:"Short code of the notice of change, such as CHG-7K3FM, or its id."`
}

// path is an address below the notice of change.
func (a changeArg) path(parts ...string) string {
	return client.Path(append([]string{"v1", "changes", a.Change}, parts...)...)
}

type changeDatesCmd struct {
	Kind      string     `required:"" enum:"policy,subprocessor,provider,retention,region" help:"What changes: policy, subprocessor, provider, retention, region."`
	Planned   time.Time  `required:"" help:"When it is to take effect, with its offset."`
	Sent      *time.Time `help:"When the notice would leave, with its offset; now if absent."`
	Service   []string   `help:"Services that change; all if absent."`
	Provider  []string   `help:"Providers that are replaced: customers that use none of them are left out."`
	Region    []string   `help:"Regions that change: customers of other regions are left out."`
	Emergency bool       `help:"On the emergency path of agreements that have one."`
	Limit     int        `help:"Customers on a page, up to 500." default:"50"`
	Cursor    string     `help:"Where to go on, from the page before."`
}

// Run shows the dates: of all customers together, and of each.
func (c *changeDatesCmd) Run(ctx context.Context, p *changeCmd, out io.Writer) error {
	query := url.Values{"kind": {c.Kind}, "planned": {c.Planned.Format(time.RFC3339)}, "limit": {strconv.Itoa(c.Limit)}}
	if c.Cursor != "" {
		query.Set("cursor", c.Cursor)
	}
	if c.Sent != nil {
		query.Set("sent_at", c.Sent.Format(time.RFC3339))
	}
	for name, values := range map[string][]string{"services": c.Service, "providers": c.Provider, "regions": c.Region} {
		if len(values) > 0 {
			query.Set(name, strings.Join(values, ","))
		}
	}
	if c.Emergency {
		query.Set("emergency", "true")
	}
	return read(ctx, &p.Remote, out, "/v1/changes/dates", query, showChangeDates)
}

func showChangeDates(out io.Writer, v desk.ChangeDates) {
	fields(out, "Customers", count(int64(v.Customers)), "By the company's own period", count(int64(v.ByDefault)), "Too late for the plan", count(int64(v.Late)),
		"Send by", when(v.FirstLastSending), "For all at once from", when(v.LastEffective))
	fmt.Fprintln(out)
	_ = table(out, "CUSTOMER\tSEND BY\tWINDOW CLOSES\tEFFECTIVE\tCLAUSES\t", v.Page.Items, func(d desk.CustomerDatesView) []string {
		return []string{d.Customer, when(&d.LastSending), when(d.WindowCloses), when(&d.Effective) + yes(d.Provisional, " or later"), strings.Join(d.Clauses, "; ")}
	})
	if v.Page.Next != "" {
		fmt.Fprintln(out, "more: --cursor", v.Page.Next)
	}
}
