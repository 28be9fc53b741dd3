package main

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"go.temporal.io/sdk/client"

	"github.com/atlascloudai/docket/config"
	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/packs"
	"github.com/atlascloudai/docket/migrations"
	"github.com/atlascloudai/docket/worker"
)

// migrateCmd brings the schema up.
type migrateCmd struct{}

// Run implements docket migrate.
func (migrateCmd) Run(ctx context.Context, out io.Writer) error {
	c, err := config.LoadDatabase()
	if err != nil {
		return err
	}
	applied, err := migrations.Up(ctx, c.OwnerDatabaseURL.Reveal())
	if err != nil {
		return err
	}
	newest, err := migrations.Newest()
	fmt.Fprintf(out, "applied %d migrations; the schema is at version %d\n", len(applied), newest)
	return err
}

// keysCmd makes and checks keys.
type keysCmd struct {
	Check  keysCheckCmd  `cmd:"" help:"Check the keys directory: forms, permissions, what is missing."`
	New    keysNewCmd    `cmd:"" help:"Make every key that a new installation needs; what is there is left as it is."`
	Add    keysAddCmd    `cmd:"" help:"Add a key-encryption key; make it current once every process has it."`
	Use    keysUseCmd    `cmd:"" help:"Make a key the one that new data keys are wrapped with."`
	Public keysPublicCmd `cmd:"" help:"Print the public half of the signing key, with which others check heads, registers and exports."`
	Sign   keysSignCmd   `cmd:"" name:"rotate-signing" help:"Make a new signing key; the old one's public half is kept to check what it signed."`
}

type keysDir struct {
	Dir string `arg:"" env:"DOCKET_KEYS_DIR" help:"The keys directory."`
}

type keysCheckCmd struct{ keysDir }

// Run implements docket keys check.
func (k keysCheckCmd) Run(out io.Writer) error {
	report, err := config.CheckKeys(k.Dir)
	if err != nil {
		return err
	}
	fmt.Fprintln(out, report)
	return report.Err()
}

type keysNewCmd struct{ keysDir }

// Run implements docket keys new.
func (k keysNewCmd) Run(out io.Writer) error {
	if err := newKeys(k.Dir); err != nil {
		return err
	}
	fmt.Fprintln(out, "the keys are in", k.Dir)
	fmt.Fprintln(out, "Back them up apart from the database: without them its content cannot be read.")
	return nil
}

// newKeys makes what a keys directory lacks.
func newKeys(dir string) error {
	for _, ring := range []string{dir, filepath.Join(dir, "payload")} {
		if err := os.MkdirAll(ring, 0o700); err != nil {
			return err
		}
		if _, err := config.LoadKeyring(ring); err == nil {
			continue
		}
		id := "key-" + strings.ToLower(time.Now().UTC().Format("20060102"))
		if err := config.NewKey(ring, id); err != nil {
			return err
		}
		if err := config.MakeCurrent(ring, id); err != nil {
			return err
		}
	}
	if _, err := os.Stat(filepath.Join(dir, config.LookupSecret)); errors.Is(err, fs.ErrNotExist) {
		if err := config.NewLookupSecret(dir); err != nil {
			return err
		}
	}
	signing := filepath.Join(dir, "signing.pem")
	if _, err := os.Stat(signing); errors.Is(err, fs.ErrNotExist) {
		if _, err := config.NewSigningKey(signing); err != nil {
			return err
		}
	}
	return nil
}

// newPagerSecret is a Standard Webhooks secret.
func newPagerSecret() string {
	random := make([]byte, 32)
	rand.Read(random)
	return "whsec_" + base64.StdEncoding.EncodeToString(random)
}

type keysAddCmd struct {
	keysDir
	ID string `arg:"" help:"Id of the new key, e.g. key-20270101."`
}

// Run implements docket keys add.
func (k keysAddCmd) Run() error { return config.NewKey(k.Dir, k.ID) }

type keysUseCmd struct {
	keysDir
	ID string `arg:"" help:"Id of a key that every process has already."`
}

// Run implements docket keys use.
func (k keysUseCmd) Run() error { return config.MakeCurrent(k.Dir, k.ID) }

type keysPublicCmd struct{ keysDir }

// Run implements docket keys public.
func (k keysPublicCmd) Run(out io.Writer) error {
	key, _, err := config.LoadSigningKey(filepath.Join(k.Dir, config.SigningKey))
	if err != nil {
		return err
	}
	public, err := config.PublicPEM(key)
	if err != nil {
		return err
	}
	_, err = out.Write(public)
	return err
}

type keysSignCmd struct{ keysDir }

// Run implements docket keys rotate-signing.
func (k keysSignCmd) Run(out io.Writer) error {
	id, err := config.RotateSigningKey(k.Dir)
	if err == nil {
		fmt.Fprintln(out, "heads are signed by key", id, "once serve and worker have started again")
	}
	return err
}

// configCmd checks the configuration.
type configCmd struct {
	Check configCheckCmd `cmd:"" help:"Check every variable at once, and name the remedy for each that is wrong."`
	List  configListCmd  `cmd:"" help:"List every variable with its meaning and default."`
}

type configCheckCmd struct{}

// Run implements docket config check.
func (configCheckCmd) Run(out io.Writer) error {
	if _, err := configured(); err != nil {
		return err
	}
	fmt.Fprintln(out, "the configuration is complete")
	return nil
}

// configured is the configuration of this environment, held against the rules too, with an estate that can be read.
func configured() (config.Config, error) {
	c, err := config.Load()
	if err != nil {
		return c, err
	}
	pack, err := packs.Load()
	if err == nil {
		_, err = profile(c.Company, pack)
	}
	if err == nil {
		_, err = readEstate(c.Estate.Files)
	}
	return c, err
}

type configListCmd struct{}

// Run implements docket config list.
func (configListCmd) Run(out io.Writer) error {
	for _, v := range config.Variables() {
		fmt.Fprintf(out, "%-36s %s\n", v.Name, v.Doc)
	}
	return nil
}

// peopleCmd enrols the first people. Later ones are enrolled through the API.
type peopleCmd struct {
	Enroll enrollCmd `cmd:"" help:"Make a person or machine with a token, which is printed once."`
}

type enrollCmd struct {
	Handle string        `arg:"" help:"What staff call them: lower-case letters, digits, dots, hyphens."`
	Roles  []access.Role `required:"" help:"Roles, comma-separated; see docs/permissions.md."`
	Kind   string        `default:"person" enum:"person,machine" help:"person or machine."`
}

// Run implements docket people enroll.
func (e enrollCmd) Run(ctx context.Context, out io.Writer) error {
	c, err := config.Load()
	if err != nil {
		return err
	}
	p, err := open(ctx, c)
	if err != nil {
		return err
	}
	defer p.store.Close()
	token, err := p.desk.Enroll(ctx, e.Handle, e.Kind, e.Roles)
	if err != nil {
		return err
	}
	fmt.Fprintln(out, token)
	return nil
}

// doctorCmd looks at everything an installation needs.
type doctorCmd struct{}

// Run implements docket doctor.
func (doctorCmd) Run(ctx context.Context, out io.Writer) error {
	well := true
	say := func(what string, err error) bool {
		if err != nil {
			well = false
			fmt.Fprintf(out, "✗ %-14s %v\n", what, err)
			return false
		}
		fmt.Fprintf(out, "✓ %s\n", what)
		return true
	}
	c, err := configured()
	if say("configuration", err) {
		report, err := config.CheckKeys(c.KeysDir)
		if err == nil {
			err = report.Err()
		}
		say("keys", err)
		if len(c.Estate.Files) > 0 {
			say("estate", estateReady(c.Estate))
		}
		p, err := open(ctx, c)
		if say("database", err) {
			defer p.store.Close()
			reason, err := p.desk.Quarantine(ctx)
			if err == nil && reason != "" {
				err = errors.New(reason)
			}
			say("quarantine", err)
			say("temporal", p.reachTemporal(ctx))
		}
	}
	if !well {
		return errors.New("something is wrong; see above")
	}
	return nil
}

func (p *plant) reachTemporal(ctx context.Context) error {
	o, err := p.working(exits{})
	if err != nil {
		return err
	}
	temporal, err := worker.Dial(o.Temporal, p.log)
	if err != nil {
		return err
	}
	defer temporal.Close()
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	_, err = temporal.CheckHealth(ctx, &client.CheckHealthRequest{})
	return err
}
