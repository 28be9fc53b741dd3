package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/google/uuid"

	"github.com/atlascloudai/docket/core/estate"
	"github.com/atlascloudai/docket/erasure"
	"github.com/atlascloudai/docket/erasure/places"
	"github.com/atlascloudai/docket/erasure/postgres"
)

// estateCmd is about the map of where personal data lives. It talks to the stores themselves, never to the API: whoever runs
// it has the connections that a worker has.
type estateCmd struct {
	Check estateCheckCmd `cmd:"" help:"Hold the estate against itself and against every live store. Exits with 1 on findings, with 3 where a store cannot be reached."`
	Init  estateInitCmd  `cmd:"" help:"Draft the estate of a PostgreSQL database from its live schema. What a person has to decide is marked."`
	Order estateOrderCmd `cmd:"" help:"Show where a request looks and in which order it erases, without asking any store."`
}

// estateFiles are how the commands find the estate: as a worker does.
type estateFiles struct {
	Estate []string `env:"DOCKET_ESTATE" type:"existingfile" help:"Files of the estate (YAML): Docket's own, and fideslang datasets."`
}

func (f estateFiles) read() (*estate.Estate, error) {
	if len(f.Estate) == 0 {
		return nil, usage("no estate is named: set DOCKET_ESTATE, or give --estate")
	}
	return readEstate(f.Estate)
}

type estateCheckCmd struct {
	estateFiles
	Connections string        `env:"DOCKET_ESTATE_CONNECTIONS" type:"existingfile" help:"File with the connections to the stores (YAML)."`
	Offline     bool          `help:"Hold the estate against itself alone."`
	Timeout     time.Duration `default:"1m" help:"How long one store may take to answer."`
	JSON        bool          `help:"Print JSON."`
}

// checkedStore is what the check found at one store; the estate itself has no name.
type checkedStore struct {
	Store    string           `json:"store"`
	Findings []estate.Finding `json:"findings"`
	// Unreachable says why the store could not be asked.
	Unreachable string `json:"unreachable,omitempty"`
}

// unreachable is an installation or a store that cannot be reached; the exit code is 3.
type unreachable string

// Error implements error.
func (u unreachable) Error() string { return string(u) }

// ExitCode is the process's exit code.
func (unreachable) ExitCode() int { return 3 }

// Run implements docket estate check.
func (k estateCheckCmd) Run(ctx context.Context, out io.Writer) error {
	declared, err := k.read()
	if err != nil {
		return err
	}
	checked, err := k.check(ctx, *declared)
	if err != nil {
		return err
	}
	if k.JSON {
		err = json.NewEncoder(out).Encode(map[string]any{"stores": checked})
	} else {
		printFindings(out, checked)
	}
	findings, away := 0, 0
	for _, one := range checked {
		findings += len(estate.Wrong(one.Findings))
		if one.Unreachable != "" {
			away++
		}
	}
	switch {
	case err != nil:
		return err
	case away > 0:
		return unreachable(fmt.Sprintf("%d of the stores cannot be asked, and there are %d findings", away, findings))
	case findings > 0:
		return fmt.Errorf("the estate has %d findings; put them right before a request runs", findings)
	}
	if k.JSON {
		return nil
	}
	if k.Offline {
		fmt.Fprintln(out, "The estate holds together; the stores were not asked.")
	} else {
		fmt.Fprintln(out, "The estate holds together, and the stores are as it says.")
	}
	return nil
}

// check holds the estate against itself, and then against the stores: on an estate with findings of its own, live ones would
// be of what is not meant.
func (k estateCheckCmd) check(ctx context.Context, declared estate.Estate) ([]checkedStore, error) {
	connections, err := readConnections(k.Connections)
	if err != nil {
		return nil, err
	}
	found := declared.Validate()
	live := !k.Offline && len(found) == 0
	if !k.Offline {
		found = append(found, connections.Fit(declared)...)
	}
	checked := grouped(declared, found)
	if !live {
		return checked, nil
	}
	stores := places.New(declared, connections, nil, nil)
	defer stores.Close()
	for i, store := range declared.Stores {
		one := &checked[i+1]
		if len(one.Findings) > 0 {
			continue // It cannot be opened, which was told.
		}
		asked, cancel := context.WithTimeout(ctx, k.Timeout)
		opened, err := stores.Open(asked, store.ID, uuid.Nil)
		if err == nil {
			var found []estate.Finding
			found, err = opened.Check(asked, store)
			one.Findings = append(one.Findings, found...)
		}
		cancel()
		if failure, ok := errors.AsType[*erasure.Error](err); ok {
			one.Unreachable = failure.Error()
		} else if err != nil {
			one.Unreachable = "no answer that can be read"
		}
	}
	return checked, nil
}

// grouped is what was found by store, in the order of the estate; first what is about all of it.
func grouped(declared estate.Estate, found []estate.Finding) []checkedStore {
	checked := []checkedStore{{Findings: []estate.Finding{}}}
	for _, store := range declared.Stores {
		checked = append(checked, checkedStore{Store: store.ID, Findings: []estate.Finding{}})
	}
	for _, f := range found {
		id, _, _ := strings.Cut(f.At, "/")
		at := max(0, slices.IndexFunc(checked, func(one checkedStore) bool { return one.Store == id }))
		checked[at].Findings = append(checked[at].Findings, f)
	}
	return checked
}

func printFindings(out io.Writer, checked []checkedStore) {
	table := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	for _, one := range checked {
		switch {
		case one.Unreachable != "":
			fmt.Fprintf(table, "%s: %s\n", plain(one.Store), plain(one.Unreachable))
		case len(one.Findings) > 0 && one.Store == "":
			fmt.Fprintln(table, "the estate:")
		case len(one.Findings) > 0:
			fmt.Fprintf(table, "%s:\n", plain(one.Store))
		}
		for _, f := range one.Findings {
			detail := plain(f.Detail)
			if f.Advice {
				detail = "(advice) " + detail
			}
			fmt.Fprintf(table, "  %s\t%s\t%s\n", f.Code, plain(f.At), detail)
		}
	}
	// A terminal that is gone has nobody to tell.
	_ = table.Flush()
}

type estateInitCmd struct {
	URL    string `arg:"" help:"The database, postgres://user@host/database; a password may stand in the environment as PGPASSWORD or in ~/.pgpass."`
	Schema string `default:"public" help:"Schema to draft."`
	File   string `default:"-" help:"File to write, which must not exist yet; - prints."`
}

// guesses are the lines of a draft that hold a guess.
var guesses = regexp.MustCompile(`(?m)^.*: [^#\n]+` + regexp.QuoteMeta(postgres.Guess) + `$`)

// Run implements docket estate init. Nothing of the address is in the draft but the database's name, as the store's id.
func (n estateInitCmd) Run(ctx context.Context, out io.Writer) error {
	store, err := postgres.Draft(ctx, n.URL, n.Schema)
	if failure, ok := errors.AsType[*erasure.Error](err); ok && failure.Class == erasure.Transient {
		return unreachable(failure.Error())
	}
	if err != nil {
		return err
	}
	text, err := estate.Write(estate.Estate{Stores: []estate.Store{store}})
	if err != nil {
		return err
	}
	text = guesses.ReplaceAll(text, []byte("$0 # decide: take the mark away where the guess is right, else correct it"))
	if n.File == "-" {
		_, err = out.Write(text)
		return err
	}
	file, err := os.OpenFile(n.File, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return fmt.Errorf("cannot write the draft: %w", err)
	}
	_, err = file.Write(text)
	return errors.Join(err, file.Close())
}

type estateOrderCmd struct {
	estateFiles
	Identities []string `arg:"" optional:"" help:"Kinds of identifier that a request has, e.g. email account_id; all that the estate knows if left out."`
}

// Run implements docket estate order.
func (o estateOrderCmd) Run(out io.Writer) error {
	declared, err := o.read()
	if err != nil {
		return err
	}
	known := declared.Identities()
	if len(o.Identities) == 0 {
		o.Identities = known
	}
	for _, kind := range o.Identities {
		if !slices.Contains(known, kind) {
			return usage(fmt.Sprintf("no collection of the estate is found by %q; it knows %s", kind, strings.Join(known, ", ")))
		}
	}
	targets, err := declared.Order(o.Identities)
	if err != nil {
		return err
	}
	printOrder(out, targets)
	for _, missed := range declared.Unreached(o.Identities) {
		why := "none of these identifiers leads there"
		if missed.Why != "" {
			why = missed.Why + "; instead: " + missed.Instead
		}
		fmt.Fprintf(out, "\nnot looked into: %s (%s)", plain(string(missed.Address)), plain(why))
	}
	fmt.Fprintln(out)
	return nil
}

// printOrder shows the targets as they are erased, in rounds: those of one round wait for none of each other.
func printOrder(out io.Writer, targets []estate.Target) {
	erased := map[estate.Address]bool{}
	for round := 1; len(erased) < len(targets); round++ {
		var now []estate.Target
		for _, t := range targets {
			if !erased[t.Address] && !slices.ContainsFunc(t.EraseAfter, func(a estate.Address) bool { return !erased[a] }) {
				now = append(now, t)
			}
		}
		fmt.Fprintf(out, "%d.\n", round)
		for i, t := range now {
			erased[t.Address] = true
			branch, stem := "├─", "│ "
			if i == len(now)-1 {
				branch, stem = "└─", "  "
			}
			fmt.Fprintf(out, "   %s %s  %s\n", branch, plain(string(t.Address)), plain(does(t.Collection)))
			fmt.Fprintf(out, "   %s    found by %s\n", stem, plain(strings.Join(each(t.Paths, foundBy), ", ")))
			if len(t.EraseAfter) > 0 {
				fmt.Fprintf(out, "   %s    waits for %s\n", stem, plain(strings.Join(each(t.EraseAfter, func(a estate.Address) string { return string(a) }), ", ")))
			}
		}
	}
}

// does is what erasing does to a collection's records.
func does(c estate.Collection) string {
	what := "delete"
	if c.Strategy == estate.MaskFields {
		what = "mask"
	}
	if c.Retention != nil {
		what += ", keep on " + c.Retention.Ground + " for " + c.Retention.Period
	}
	if c.Root {
		what += ", root"
	}
	return what
}

func foundBy(p estate.Path) string {
	if p.Identity != "" {
		return p.Identity
	}
	return fmt.Sprintf("%s of %s", p.FromField, p.From)
}

func each[T any](of []T, say func(T) string) []string {
	said := make([]string, len(of))
	for i, one := range of {
		said[i] = say(one)
	}
	return said
}
