package main

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/atlascloudai/docket/desk"
)

// changeCmd works on notices of change, as a client of the API.
type changeCmd struct {
	Remote remote `embed:""`

	Dates changeDatesCmd `cmd:"" help:"Show whom a change would have to be told by when, and from when it could take effect for each. It decides nothing."`
	Log   changeLogCmd   `cmd:"" help:"Show the public change log, as everybody reads it; without a token."`
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
