package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/url"

	"github.com/atlascloudai/docket/cmd/docket/client"
	"github.com/atlascloudai/docket/desk"
)

// auditCmd checks what was recorded.
type auditCmd struct {
	Remote remote `embed:""`

	Verify auditVerifyCmd `cmd:"" help:"Check the chains of cases against what is stored; exit code 1 if anything does not hold."`
}

type auditVerifyCmd struct {
	Case []string `arg:"" optional:"" help:"Short codes or ids of cases."`
	All  bool     `help:"Every case that you may see."`
}

// broken is a chain that does not hold.
type broken struct{ failed, checked int }

// Error implements error.
func (b *broken) Error() string {
	return fmt.Sprintf("%d of %d chains do not hold", b.failed, b.checked)
}

// ExitCode is the process's exit code.
func (b *broken) ExitCode() int { return 1 }

// Run checks one case after the other and prints what was checked of each.
func (c *auditVerifyCmd) Run(ctx context.Context, p *auditCmd, out io.Writer) error {
	if c.All == (len(c.Case) > 0) {
		return usage("name cases, or --all")
	}
	r := &p.Remote
	names := c.Case
	if c.All {
		var err error
		if names, err = everyCase(ctx, r.client()); err != nil {
			return err
		}
	}
	results := make([]desk.VerifyView, 0, len(names))
	failed := 0
	for _, name := range names {
		view, err := client.Get[desk.VerifyView](ctx, r.client(), client.Path("v1", "cases", name, "verify"), nil)
		if err != nil {
			return fmt.Errorf("cannot verify %s: %w", plain(name), err)
		}
		results = append(results, view)
		if !view.OK {
			failed++
		}
		if !r.JSON {
			said := "holds"
			if !view.OK {
				said = "DOES NOT HOLD: " + plain(view.Problem)
			}
			fmt.Fprintf(out, "%s  %d entries, %d sealed pages, %d ledger rows, head %.16s…  %s\n", plain(name), view.Entries, view.Pages, view.Rows, plain(view.Head), said)
		}
	}
	if r.JSON {
		body, err := json.Marshal(results)
		if err != nil {
			return fmt.Errorf("cannot encode results: %w", err)
		}
		if err := printJSON(out, body); err != nil {
			return err
		}
	}
	if failed > 0 {
		return &broken{failed: failed, checked: len(names)}
	}
	if !r.JSON {
		fmt.Fprintf(out, "%d chains checked, all hold\n", len(names))
	}
	return nil
}

// everyCase names every case that the caller may see.
func everyCase(ctx context.Context, c *client.Client) ([]string, error) {
	var names []string
	query := url.Values{"limit": {"500"}}
	for {
		page, err := client.Get[desk.Page[desk.CaseView]](ctx, c, "/v1/cases", query)
		if err != nil {
			return nil, err
		}
		for _, view := range page.Items {
			names = append(names, view.Code)
		}
		if page.Next == "" {
			return names, nil
		}
		query.Set("cursor", page.Next)
	}
}
