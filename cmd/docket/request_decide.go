package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/atlascloudai/docket/api"
	"github.com/atlascloudai/docket/cmd/docket/client"
	"github.com/atlascloudai/docket/desk"
)

// requestsArg is one request or several that are decided alike, each by itself.
type requestsArg struct {
	Requests []string `arg:"" help:"Short codes of the requests, such as REQ-7K3FM, or their ids."`
}

func (a requestsArg) one() requestArg { return requestArg{Request: a.Requests[0]} }

type requestAssignCmd struct {
	requestsArg
	To string `required:"" help:"Handle of the person."`
}

// Run assigns.
func (c *requestAssignCmd) Run(ctx context.Context, p *requestCmd, out io.Writer) error {
	if len(c.Requests) == 1 {
		return decide(ctx, &p.Remote, out, client.Call{Path: c.one().path("assign"), Body: desk.AssigneeInput{Assignee: c.To}})
	}
	return decideMany(ctx, &p.Remote, out, client.Call{Path: "/v1/requests/actions", Body: api.RequestActions{Action: "assign", Cases: c.Requests, Assignee: c.To}})
}

type requestScopeCmd struct {
	requestsArg
}

// Run asks for plans.
func (c *requestScopeCmd) Run(ctx context.Context, p *requestCmd, out io.Writer) error {
	if len(c.Requests) == 1 {
		return decide(ctx, &p.Remote, out, client.Call{Path: c.one().path("scope")})
	}
	return decideMany(ctx, &p.Remote, out, client.Call{Path: "/v1/requests/actions", Body: api.RequestActions{Action: "scope", Cases: c.Requests}})
}

type requestSampleCmd struct {
	requestArg
}

// Run shows the sample.
func (c *requestSampleCmd) Run(ctx context.Context, p *requestCmd, out io.Writer) error {
	return ask(ctx, &p.Remote, out, client.Call{Method: http.MethodPost, Path: c.path("sample"), Body: struct{}{}}, func(out io.Writer, page desk.Page[desk.SampleView]) {
		for _, one := range page.Items {
			fmt.Fprintf(out, "%s %s", plain(one.Address), plain(one.Key))
			for _, field := range slices.Sorted(maps.Keys(one.Values)) {
				fmt.Fprintf(out, "  %s=%s", plain(field), plain(fmt.Sprint(one.Values[field])))
			}
			if one.Kept != nil {
				fmt.Fprintf(out, "  stays %s", untilWhen(*one.Kept))
			}
			fmt.Fprintln(out)
		}
	})
}

type requestCareCmd struct {
	requestArg
	reasonFlag
}

// Run lets it go on.
func (c *requestCareCmd) Run(ctx context.Context, p *requestCmd, out io.Writer) error {
	return decide(ctx, &p.Remote, out, client.Call{Path: c.path("care"), Body: c.input()})
}

type requestDenyCmd struct {
	requestArg
	Reason string `required:"" enum:"identity_not_verified,no_match,manifestly_unfounded,excessive,suspected_fraud,outside_jurisdiction,claim_not_covered,not_the_controller,legally_exempt" help:"Why: ${enum}."`
	Words  string `required:"" help:"Why, in words; the person is owed them."`
}

// Run denies.
func (c *requestDenyCmd) Run(ctx context.Context, p *requestCmd, out io.Writer) error {
	return decide(ctx, &p.Remote, out, client.Call{Path: c.path("deny"), Body: desk.DenyInput{Reason: c.Reason, Words: c.Words}})
}

type requestCancelCmd struct {
	requestArg
	reasonFlag
}

// Run cancels.
func (c *requestCancelCmd) Run(ctx context.Context, p *requestCmd, out io.Writer) error {
	return decide(ctx, &p.Remote, out, client.Call{Path: c.path("cancel"), Body: c.input()})
}

type requestLapseCmd struct {
	requestArg
	reasonFlag
}

// Run lets it lapse.
func (c *requestLapseCmd) Run(ctx context.Context, p *requestCmd, out io.Writer) error {
	return decide(ctx, &p.Remote, out, client.Call{Path: c.path("lapse"), Body: c.input()})
}

type requestDoneCmd struct {
	requestArg
	Evidence string `required:"" help:"What was done, and what shows it."`
}

// Run records it.
func (c *requestDoneCmd) Run(ctx context.Context, p *requestCmd, out io.Writer) error {
	return decide(ctx, &p.Remote, out, client.Call{Path: c.path("done"), Body: desk.DoneInput{Evidence: c.Evidence}})
}

type requestClarifyCmd struct {
	requestArg
	What     string     `arg:"" enum:"asked,received" help:"asked: the person was asked what they mean; received: their answer came."`
	At       *time.Time `help:"When, with its offset. Now if absent."`
	Evidence string     `required:"" help:"What was asked and why it is needed, or what was answered, and what shows it."`
}

// Run records it.
func (c *requestClarifyCmd) Run(ctx context.Context, p *requestCmd, out io.Writer) error {
	return decide(ctx, &p.Remote, out, client.Call{Path: c.path("clarification"), Body: desk.ClarificationInput{What: c.What, At: c.At, Evidence: c.Evidence}})
}

type requestDuplicateCmd struct {
	requestArg
	Of string `required:"" help:"Code or id of the earlier request of the same verified person."`
}

// Run links.
func (c *requestDuplicateCmd) Run(ctx context.Context, p *requestCmd, out io.Writer) error {
	return decide(ctx, &p.Remote, out, client.Call{Path: c.path("duplicate"), Body: desk.DuplicateInput{Of: c.Of}})
}

type requestControllerCmd struct {
	requestArg
	Customer string `required:"" help:"Account reference of the customer that is the controller."`
	Evidence string `required:"" help:"What shows it: the account's data, or the person's own words."`
}

// Run names the controller.
func (c *requestControllerCmd) Run(ctx context.Context, p *requestCmd, out io.Writer) error {
	return decide(ctx, &p.Remote, out, client.Call{Path: c.path("controller"), Body: desk.ControllerInput{Customer: c.Customer, Evidence: c.Evidence}})
}

type requestForwardCmd struct {
	requestArg
	Customer string `required:"" help:"Account reference of the customer that is the controller."`
	Evidence string `help:"What shows it; needed unless it was recorded before, or the account's data showed it."`
	MayName  bool   `help:"The agreement lets the person be told who the controller is."`
}

// Run forwards.
func (c *requestForwardCmd) Run(ctx context.Context, p *requestCmd, out io.Writer) error {
	return decide(ctx, &p.Remote, out, client.Call{Path: c.path("forward"), Body: desk.ForwardInput{Customer: c.Customer, Evidence: c.Evidence, MayName: c.MayName}})
}

type requestRetryCmd struct {
	requestArg
	Target uuid.UUID `arg:"" help:"Id of the target, from show."`
}

// Run retries.
func (c *requestRetryCmd) Run(ctx context.Context, p *requestCmd, out io.Writer) error {
	return decide(ctx, &p.Remote, out, client.Call{Path: c.path("targets", c.Target.String(), "retry")})
}
