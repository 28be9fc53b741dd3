package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/atlascloudai/docket/cmd/docket/drill"
	"github.com/atlascloudai/docket/core/packs"
	"github.com/atlascloudai/docket/samples"
)

// drillCmd plays a scenario on a stack of its own, whose transports are sinks.
type drillCmd struct {
	Scenario   string `arg:"" optional:"" help:"A file, or the name of a shipped scenario (see --list)."`
	List       bool   `help:"List the shipped scenarios."`
	Agreements string `type:"existingdir" placeholder:"DIR" help:"Try the customers and agreements in this folder (YAML and CSV, as an import takes them) in place of the scenario's."`
	Rules      string `type:"existingdir" placeholder:"DIR" help:"Try the rule pack in this folder, laid out as core/packs, in place of the one that this binary carries."`
	Dir        string `placeholder:"DIR" help:"Play on the stack that keeps its data here, with its customers and agreements; a throw-away one with the samples if absent."`
	Keep       bool   `help:"Keep the stack up after the story until Ctrl-C, to look at the case."`
	JSON       bool   `help:"Print the report as JSON, and nothing else."`
}

// Run implements docket drill.
func (d drillCmd) Run(ctx context.Context, out io.Writer) error {
	pack, err := packs.Load()
	if err == nil && d.Rules != "" {
		if pack, err = packs.LoadFrom(os.DirFS(d.Rules)); err != nil {
			return usage("--rules " + d.Rules + ": " + err.Error())
		}
	}
	if err != nil {
		return err
	}
	if d.List {
		return listDrills(out, pack)
	}
	if d.Scenario == "" {
		return usage("name a scenario: a file, or one of docket drill --list")
	}
	from, name := d.place()
	story, err := drill.Read(from, name, pack, time.Now())
	if errors.Is(err, fs.ErrNotExist) {
		return usage(fmt.Sprintf("there is no scenario %q: name a file, or one of docket drill --list", d.Scenario))
	}
	if err != nil {
		return usage(err.Error())
	}
	if d.Agreements != "" {
		if story.Files, err = drill.AgreementsIn(os.DirFS(d.Agreements), "."); err != nil {
			return usage("--agreements " + d.Agreements + ": " + err.Error())
		}
	}
	if d.Dir != "" && (d.Rules != "" || len(story.Adopts) > 0) {
		return usage("rules are tried on a throw-away stack, where no other case is decided by them: leave --dir out")
	}
	s := &stack{dir: d.Dir, traits: story.Company, pack: pack}
	if d.Dir == "" {
		if s.dir, err = os.MkdirTemp("", "docket-drill-"); err != nil {
			return fmt.Errorf("cannot make a place for the drill: %w", err)
		}
		defer os.RemoveAll(s.dir)
		s.throwaway = true
		if story.Files == nil {
			story.Files = samples.Agreements()
		}
	}
	progress := out
	if d.JSON {
		progress = io.Discard
	}
	return whileUp(ctx, progress, s, func(ctx context.Context, s *stack) error {
		played := d.play(ctx, s, story, out, progress)
		if d.Keep && ctx.Err() == nil {
			s.print(progress)
			fmt.Fprintln(progress, "\nRunning. Ctrl-C stops everything.")
			<-ctx.Done()
		}
		return played
	})
}

// place is where a scenario is: a file of whoever typed, or one of those that are shipped.
func (d drillCmd) place() (fs.FS, string) {
	if strings.ContainsAny(d.Scenario, `/\.`) {
		return os.DirFS(filepath.Dir(d.Scenario)), filepath.Base(d.Scenario)
	}
	return samples.Drills(), d.Scenario + ".yaml"
}

func listDrills(out io.Writer, pack *packs.Pack) error {
	names, err := fs.Glob(samples.Drills(), "*.yaml")
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, name := range names {
		var story drill.Scenario
		if story, err = drill.Read(samples.Drills(), name, pack, time.Now()); err != nil {
			return err
		}
		fmt.Fprintf(w, "%s\t%s\n", strings.TrimSuffix(name, ".yaml"), story.Title)
	}
	return cmp.Or(err, w.Flush())
}

// play plays the story and prints the report.
func (d drillCmd) play(ctx context.Context, s *stack, story drill.Scenario, out, progress io.Writer) error {
	p := &drill.Player{Desk: s.plant.desk, Out: progress}
	if err := p.Hire(ctx); err != nil {
		return err
	}
	if story.Files != nil {
		if _, err := p.Import(ctx, story.Files); err != nil {
			return err
		}
	}
	fmt.Fprintln(progress)
	report, err := p.Play(ctx, story, s.mail)
	if ctx.Err() != nil {
		return errors.New("stopped before the story ended")
	}
	if err != nil {
		return err
	}
	if d.JSON {
		text, err := json.MarshalIndent(report, "", "  ")
		if err != nil {
			return err
		}
		fmt.Fprintln(out, string(text))
	} else {
		fmt.Fprintln(out)
		report.Print(out)
		fmt.Fprintln(out, "\n"+drill.Limits)
	}
	return report.Verdict()
}
