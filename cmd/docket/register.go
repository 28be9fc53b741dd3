package main

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/atlascloudai/docket/config"
	"github.com/atlascloudai/docket/core/audit"
	"github.com/atlascloudai/docket/core/register"
)

// registerCmd exports the register of breaches (GDPR art. 33(5)) and checks exports.
type registerCmd struct {
	Export registerExportCmd `cmd:"" help:"Export every breach that you may see, signed. Drills are not in it."`
	Verify registerVerifyCmd `cmd:"" help:"Check an export with the installation's public key alone; exit code 1 if one byte differs."`
}

type registerExportCmd struct {
	Remote remote `embed:""`
	Format string `enum:"json,csv" default:"json" help:"json, or csv for spreadsheets."`
	Out    string `required:"" type:"path" help:"File to write. It is confidential: nobody else may read it."`
}

// Run exports.
func (c *registerExportCmd) Run(ctx context.Context, out io.Writer) error {
	return download(ctx, &c.Remote, out, "/v1/register", url.Values{"format": {c.Format}}, c.Out)
}

// download writes a signed file under its name only once it has arrived whole.
func download(ctx context.Context, r *remote, out io.Writer, path string, query url.Values, name string) error {
	file, err := os.CreateTemp(filepath.Dir(name), ".docket-*") // readable by its owner alone
	if err != nil {
		return fmt.Errorf("cannot write %s: %w", name, err)
	}
	defer os.Remove(file.Name())
	defer file.Close()
	if err := r.client().Download(ctx, path, query, file); err != nil {
		return err
	}
	size, err := file.Seek(0, io.SeekEnd)
	if err != nil {
		return fmt.Errorf("cannot read %s: %w", name, err)
	}
	seal, _, err := register.Read(file, size)
	if err != nil {
		return fmt.Errorf("the file did not arrive whole: %w", err)
	}
	if err := errors.Join(file.Sync(), file.Close()); err != nil {
		return fmt.Errorf("cannot write %s: %w", name, err)
	}
	if err := os.Rename(file.Name(), name); err != nil {
		return fmt.Errorf("cannot write %s: %w", name, err)
	}
	fmt.Fprintf(out, "%s: %d cases as of %s\n", plain(name), seal.Breaches, seal.At.UTC().Format(time.RFC3339))
	return nil
}

type registerVerifyCmd struct {
	File string `arg:"" type:"path" help:"An exported register, or an export for counsel."`
	Key  string `required:"" type:"path" help:"The installation's public key, from docket keys public, or a signing-*.pub that an earlier key left."`
}

// Run verifies, without a server.
func (c *registerVerifyCmd) Run(out io.Writer) error {
	public, err := config.LoadPublicKey(c.Key)
	if err != nil {
		return usage(err.Error())
	}
	file, err := os.Open(c.File)
	if err != nil {
		return usage(err.Error())
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return usage(err.Error())
	}
	id := audit.KeyID(public)
	seal, err := register.Verify(file, info.Size(), map[string]ed25519.PublicKey{id: public})
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "holds: %s of installation %s as of %s, %d cases, signed by %s\n",
		plain(seal.What), plain(seal.Installation), seal.At.UTC().Format(time.RFC3339), seal.Breaches, id)
	return nil
}
