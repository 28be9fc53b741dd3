package main

import (
	"crypto/ed25519"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"text/tabwriter"
	"time"

	"github.com/atlascloudai/docket/config"
	"github.com/atlascloudai/docket/core/audit"
	"github.com/atlascloudai/docket/core/certificate"
)

// certificateCmd checks what was certified of an erasure.
type certificateCmd struct {
	Verify certificateVerifyCmd `cmd:"" help:"Check a certificate with the installation's public key alone. Exit code 0 it holds, 1 one byte differs, 2 a file cannot be read."`
}

type certificateVerifyCmd struct {
	File string   `arg:"" type:"path" help:"A certificate, with all its versions."`
	Key  []string `required:"" type:"path" help:"The installation's public key, from docket keys public, or a signing-*.pub that an earlier key left; again for versions signed before a rotation."`
	JSON bool     `name:"json" help:"Print every version as JSON."`
}

// Run verifies, without a server.
func (c *certificateVerifyCmd) Run(out io.Writer) error {
	keys := map[string]ed25519.PublicKey{}
	for _, name := range c.Key {
		public, err := config.LoadPublicKey(name)
		if err != nil {
			return usage(err.Error())
		}
		keys[audit.KeyID(public)] = public
	}
	file, err := os.ReadFile(c.File)
	if err != nil {
		return usage(err.Error())
	}
	versions, err := certificate.Verify(file, keys)
	if err != nil {
		return err
	}
	if c.JSON {
		body, err := json.Marshal(versions)
		if err != nil {
			return fmt.Errorf("cannot encode certificate: %w", err)
		}
		return printJSON(out, body)
	}
	return showCertificate(out, versions[len(versions)-1])
}

// showCertificate prints the newest version.
func showCertificate(out io.Writer, c certificate.Certificate) error {
	fmt.Fprintf(out, "holds: %s version %d, %s, issued %s\n", c.Request, c.Version, c.Outcome, c.IssuedAt.Format(time.RFC3339))
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "TARGET\tMETHOD\tLOCATED\tERASED\tMASKED\tABSENT\tKEPT\tOPEN\tPROOF\tVERIFIED AT")
	for _, t := range c.Targets {
		fmt.Fprintf(table, "%s\t%s\t%d\t%d\t%d\t%d\t%d\t%d\t%s\t%s\n",
			t.Address, t.Method, t.Located, t.Erased, t.Masked, t.Absent, t.Kept, t.Open, t.Verification, when(t.VerifiedAt))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	for _, t := range c.Targets {
		for _, r := range t.Residuals {
			fmt.Fprintf(out, "%s keeps %d until %s: %s (%s)\n", t.Address, r.Count, when(r.Until), r.Ground, plain(string(r.Words)))
		}
	}
	for _, u := range c.Unsearched {
		fmt.Fprintf(out, "%s was not searched: %s; instead: %s\n", u.Address, plain(string(u.Why)), plain(string(u.Instead)))
	}
	return nil
}
