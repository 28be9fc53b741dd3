package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/atlascloudai/docket/cmd/docket/client"
	"github.com/atlascloudai/docket/desk"
)

type changeSubmitCmd struct {
	changeArg
}

// Run submits.
func (c *changeSubmitCmd) Run(ctx context.Context, p *changeCmd, out io.Writer) error {
	return decide(ctx, &p.Remote, out, client.Call{Path: c.path("submit")})
}

type changeJudgeCmd struct {
	changeArg
	Material    bool `help:"Customers are told one by one." xor:"verdict" required:""`
	NotMaterial bool `help:"The change log alone tells it; the case ends." xor:"verdict" required:""`
	reasonFlag
}

// Run judges.
func (c *changeJudgeCmd) Run(ctx context.Context, p *changeCmd, out io.Writer) error {
	return decide(ctx, &p.Remote, out, client.Call{Path: c.path("judge"), Body: desk.JudgeInput{Material: c.Material, Reason: c.Reason}})
}

type changeHastenCmd struct {
	changeArg
	Clause string `required:"" help:"The clause that opens the emergency path."`
	reasonFlag
}

// Run takes the emergency path.
func (c *changeHastenCmd) Run(ctx context.Context, p *changeCmd, out io.Writer) error {
	return decide(ctx, &p.Remote, out, client.Call{Path: c.path("hasten"), Body: desk.HastenInput{Clause: c.Clause, Reason: c.Reason}})
}

type changeAudienceCmd struct {
	changeArg
}

// Run counts.
func (c *changeAudienceCmd) Run(ctx context.Context, p *changeCmd, out io.Writer) error {
	return decide(ctx, &p.Remote, out, client.Call{Path: c.path("audience")})
}

type changeReviseCmd struct {
	changeArg
	reasonFlag
}

// Run takes it back to a draft.
func (c *changeReviseCmd) Run(ctx context.Context, p *changeCmd, out io.Writer) error {
	return decide(ctx, &p.Remote, out, client.Call{Path: c.path("revise"), Body: c.input()})
}

type changeProlongCmd struct {
	changeArg
	SendBy time.Time `required:"" help:"The last instant at which the notice may leave to those who were not told yet, with its offset."`
	reasonFlag
}

// Run prolongs.
func (c *changeProlongCmd) Run(ctx context.Context, p *changeCmd, out io.Writer) error {
	return decide(ctx, &p.Remote, out, client.Call{Path: c.path("prolong"), Body: desk.ProlongInput{SendBy: c.SendBy, Reason: c.Reason}})
}

type changeWithdrawCmd struct {
	changeArg
	reasonFlag
}

// Run withdraws.
func (c *changeWithdrawCmd) Run(ctx context.Context, p *changeCmd, out io.Writer) error {
	return decide(ctx, &p.Remote, out, client.Call{Path: c.path("withdraw"), Body: c.input()})
}

type changeArchiveCmd struct {
	changeArg
}

// Run archives.
func (c *changeArchiveCmd) Run(ctx context.Context, p *changeCmd, out io.Writer) error {
	return decide(ctx, &p.Remote, out, client.Call{Path: c.path("archive")})
}

// changedArg is the customer of a notice of change a command is about.
type changedArg struct {
	changeArg
	Customer string `arg:"" help:"Account reference of the customer."`
}

func (a changedArg) path(parts ...string) string {
	return a.changeArg.path(append([]string{"customers", a.Customer}, parts...)...)
}

type changeObjectionCmd struct {
	changedArg
	At       time.Time `required:"" help:"When it reached the company, with its offset."`
	Words    string    `required:"" help:"What the customer said."`
	Evidence string    `required:"" help:"What shows it: the letter, the call."`
}

// Run records the objection.
func (c *changeObjectionCmd) Run(ctx context.Context, p *changeCmd, out io.Writer) error {
	return decide(ctx, &p.Remote, out, client.Call{Path: c.path("objection"), Body: desk.ObjectionInput{At: c.At, Words: c.Words, Evidence: c.Evidence}})
}

type changeEndObjectionCmd struct {
	changedArg
	End string `arg:"" enum:"accommodated,withdrawn,customer_terminates,waived" help:"How: accommodated (the customer is spared the change), withdrawn (it took its word back), customer_terminates, waived (the window is over and the agreement lets the change take effect)."`
	reasonFlag
}

// Run ends the objection.
func (c *changeEndObjectionCmd) Run(ctx context.Context, p *changeCmd, out io.Writer) error {
	return decide(ctx, &p.Remote, out, client.Call{Path: c.path("objection", "end"), Body: desk.EndObjectionInput{End: c.End, Reason: c.Reason}})
}

type changeTakeCmd struct {
	changedArg
	reasonFlag
}

// Run lets it take effect.
func (c *changeTakeCmd) Run(ctx context.Context, p *changeCmd, out io.Writer) error {
	return decide(ctx, &p.Remote, out, client.Call{Path: c.path("take"), Body: c.input()})
}

type changeMayCmd struct {
	Subject  string `arg:"" help:"Code of the provider, sub-processor or region."`
	Customer string `arg:"" help:"Account reference of the customer."`
	Service  string `help:"The service that would use it."`
}

// Run asks. An answer no is a failed command, so that a script that forgets to read it does not go on.
func (c *changeMayCmd) Run(ctx context.Context, p *changeCmd, out io.Writer) error {
	query := url.Values{"subject": {c.Subject}, "customer": {c.Customer}}
	if c.Service != "" {
		query.Set("service", c.Service)
	}
	body, err := p.Remote.client().Raw(ctx, client.Call{Method: http.MethodGet, Path: "/v1/may", Query: query})
	if err != nil {
		return err
	}
	var v desk.MayView
	if err := json.Unmarshal(body, &v); err != nil {
		return &client.Unreachable{URL: p.Remote.URL, Err: fmt.Errorf("the answer is not Docket's: %w", err)}
	}
	if p.Remote.JSON {
		err = printJSON(out, body)
	} else {
		word, from := "no", "expected from "
		if v.May {
			word, from = "yes", "since "
		}
		fmt.Fprintf(out, "%s%s: %s%s\n", word, yes(v.From != nil, ", "+from+when(v.From)), plain(v.Why), yes(v.Change != "", " ("+plain(v.Change)+")"))
	}
	if err == nil && !v.May {
		return errors.New("it may not be used for this customer now")
	}
	return err
}
