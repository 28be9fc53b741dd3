package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"reflect"
	"time"

	"github.com/atlascloudai/docket/cmd/docket/client"
	"github.com/atlascloudai/docket/desk"
)

// changeText is what a notice of change says: in a file, or in flags.
type changeText struct {
	File     string     `help:"YAML or JSON file with all of it, in the form that the API takes; - is standard input."`
	Kind     string     `enum:",policy,subprocessor,provider,retention,region" default:"" help:"What changes: policy, subprocessor, provider, retention, region."`
	Title    string     `help:"One line, as the public change log shows it."`
	Summary  string     `help:"What changes and for whom, as the public change log shows it."`
	Subject  string     `help:"Code of the provider, sub-processor or region that is new: what a gateway asks about."`
	Mode     string     `enum:",switchable,at_once" default:"" help:"switchable: each customer by its own windows; at_once: for all after the last. switchable if absent."`
	Planned  *time.Time `help:"When it is to take effect, with its offset."`
	SendBy   *time.Time `help:"The last instant at which the notice may leave, with its offset: what letters say is counted from it."`
	Service  []string   `help:"Services that change; all if absent."`
	Replaces []string   `help:"Providers that are replaced: customers that use none of them are left out."`
	Region   []string   `help:"Regions that change: customers of other regions are left out."`
	Document string     `help:"Name of the published document that gets another version, e.g. data-retention-policy."`
	TextFile string     `help:"File with the whole text of that version; also beside --file."`
	Corrects string     `help:"Code or id of the notice of change that this one takes the place of."`
	Drill    bool       `help:"An exercise: its clock can be moved and nothing leaves the house."`
}

// flags is what the flags say.
func (c *changeText) flags() desk.OpenChangeInput {
	said := desk.OpenChangeInput{
		Kind: c.Kind, Title: c.Title, Summary: c.Summary, Subject: c.Subject, Mode: c.Mode,
		Services: c.Service, Replaces: c.Replaces, Regions: c.Region, Document: c.Document, Corrects: c.Corrects, Drill: c.Drill,
	}
	if c.Planned != nil {
		said.Planned = *c.Planned
	}
	if c.SendBy != nil {
		said.SendBy = *c.SendBy
	}
	return said
}

// body is the input as the API takes it.
func (c *changeText) body(in io.Reader) (any, error) {
	var text []byte
	if c.TextFile != "" {
		var err error
		if text, err = os.ReadFile(c.TextFile); err != nil {
			return nil, usage(fmt.Sprintf("cannot read %s: %v", c.TextFile, err))
		}
	}
	said := c.flags()
	if c.File == "" {
		if c.Kind == "" || c.Title == "" || c.Summary == "" || c.Planned == nil || c.SendBy == nil {
			return nil, usage("give --kind, --title, --summary, --planned and --send-by; or all of it with --file")
		}
		said.Text = string(text)
		return said, nil
	}
	if !reflect.ValueOf(said).IsZero() {
		return nil, usage("beside --file only --text-file says anything: put the rest into the file")
	}
	all, err := document(in, c.File)
	if err != nil || text == nil {
		return all, err
	}
	var members map[string]any
	if err := json.Unmarshal(all, &members); err != nil || members == nil {
		return nil, usage(c.File + " is no set of names and values")
	}
	members["text"] = string(text)
	return members, nil
}

type changeOpenCmd struct {
	changeText
}

// Run opens the notice of change.
func (c *changeOpenCmd) Run(ctx context.Context, p *changeCmd, in io.Reader, out io.Writer) error {
	body, err := c.body(in)
	if err != nil {
		return err
	}
	return decide(ctx, &p.Remote, out, client.Call{Path: "/v1/changes", Body: body})
}

type changeEditCmd struct {
	changeArg
	changeText
}

// Run replaces what the draft says.
func (c *changeEditCmd) Run(ctx context.Context, p *changeCmd, in io.Reader, out io.Writer) error {
	body, err := c.body(in)
	if err != nil {
		return err
	}
	return decide(ctx, &p.Remote, out, client.Call{Method: http.MethodPut, Path: c.path(), Body: body})
}
