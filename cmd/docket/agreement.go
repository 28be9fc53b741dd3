package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"

	"github.com/atlascloudai/docket/api"
	"github.com/atlascloudai/docket/cmd/docket/client"
	"github.com/atlascloudai/docket/desk"
)

// agreementCmd imports and explains agreements, as a client of the API.
type agreementCmd struct {
	Remote remote `embed:""`

	Import    agreementImportCmd    `cmd:"" help:"Import customers, contacts and agreements from YAML and CSV files."`
	Explain   agreementExplainCmd   `cmd:"" help:"Explain what a customer is owed, and by which clause."`
	Customers agreementCustomersCmd `cmd:"" help:"List customers."`
}

type agreementImportCmd struct {
	Files []string `arg:"" type:"existingfile" help:"*.yaml, customers.csv, contacts.csv, acceptances.csv. They are read together: all or nothing."`
}

// faulty is an import that was refused because of what its files say.
type faulty int

// Error implements error.
func (f faulty) Error() string { return fmt.Sprintf("nothing was imported: mend %d errors", int(f)) }

// ExitCode is the process's exit code.
func (f faulty) ExitCode() int { return 1 }

// Run imports the files and prints what is to be mended. Gaps and contradictions do not stop an import.
func (c *agreementImportCmd) Run(ctx context.Context, p *agreementCmd, out io.Writer) error {
	files := api.ImportFiles{Files: map[string][]byte{}}
	for _, name := range c.Files {
		base := filepath.Base(name)
		if _, twice := files.Files[base]; twice {
			return usage(fmt.Sprintf("two files are called %s; give them different names", base))
		}
		content, err := os.ReadFile(name)
		if err != nil {
			return usage(err.Error())
		}
		files.Files[base] = content
	}
	r := &p.Remote
	body, err := r.client().Raw(ctx, client.Call{Method: http.MethodPost, Path: "/v1/agreements/import", Body: files, Key: r.Key})
	if err != nil {
		return err
	}
	var report api.ImportReport
	if err := json.Unmarshal(body, &report); err != nil {
		return &client.Unreachable{URL: r.URL, Err: fmt.Errorf("the answer is not Docket's: %w", err)}
	}
	if r.JSON {
		err = printJSON(out, body)
	} else {
		showReport(out, report)
	}
	if err == nil && !report.Imported {
		err = faulty(len(report.Errors))
	}
	return err
}

func showReport(out io.Writer, report api.ImportReport) {
	for _, part := range []struct {
		word     string
		findings []api.ImportFinding
	}{{"error", report.Errors}, {"contradiction", report.Contradictions}, {"gap", report.Gaps}} {
		for _, f := range part.findings {
			place := f.File
			if f.Line > 0 {
				place = fmt.Sprintf("%s:%d", f.File, f.Line)
			}
			for _, more := range []string{f.Customer, f.Field} {
				if more != "" {
					place += " " + more
				}
			}
			fmt.Fprintf(out, "%s  %s: %s\n", part.word, plain(place), plain(f.Text))
		}
	}
	if report.Imported {
		fmt.Fprintf(out, "imported, with %d gaps and %d contradictions\n", len(report.Gaps), len(report.Contradictions))
	}
}

type agreementExplainCmd struct {
	Customer string `arg:"" help:"Account reference of the customer."`
	Kind     string `arg:"" help:"What is owed, such as incident-notice."`
	Service  string `help:"Service that the incident touched."`
}

// Run explains.
func (c *agreementExplainCmd) Run(ctx context.Context, p *agreementCmd, out io.Writer) error {
	query := url.Values{}
	if c.Service != "" {
		query.Set("service", c.Service)
	}
	return read(ctx, &p.Remote, out, client.Path("v1", "customers", c.Customer, "agreements", c.Kind), query, func(out io.Writer, v desk.ExplainView) {
		fmt.Fprintln(out, lines(v.Text))
		for _, step := range v.Why {
			fmt.Fprintln(out, "  - "+plain(step.Text)+yes(step.Cite != "", " ["+plain(step.Cite)+"]"))
		}
	})
}

type agreementCustomersCmd struct {
	Paging paging `embed:""`
}

// Run lists customers.
func (c *agreementCustomersCmd) Run(ctx context.Context, p *agreementCmd, out io.Writer) error {
	return list(ctx, &p.Remote, c.Paging, out, "/v1/customers", nil, "REF\tNAME\tPLAN\tLANGUAGE\tZONE\tCONTACTS\t", func(v desk.CustomerView) []string {
		return []string{v.Ref, v.Name, v.Plan, v.Language, v.Zone, fmt.Sprint(v.Contacts)}
	})
}
