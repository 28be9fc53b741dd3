package main

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/atlascloudai/docket/cmd/docket/client"
	"github.com/atlascloudai/docket/desk"
)

type deliveryListCmd struct {
	caseArg
	State  string `help:"Only deliveries in this state."`
	Paging paging `embed:""`
}

// Run lists deliveries.
func (c *deliveryListCmd) Run(ctx context.Context, p *caseCmd, out io.Writer) error {
	query := url.Values{}
	if c.State != "" {
		query.Set("state", c.State)
	}
	return list(ctx, &p.Remote, c.Paging, out, c.path("deliveries"), query, "CUSTOMER\tCHANNEL\tSTATE\tEVIDENCE\tATTEMPT\tCODE\tCONFIRMED\tNEXT\tID\t", func(v desk.DeliveryView) []string {
		return []string{v.Customer, v.Channel, v.State + yes(v.PossibleDuplicate, ", possibly twice"), v.Evidence, strconv.Itoa(v.Attempt), number(v.Code), confirmed(v), when(v.NextAt), v.ID.String()}
	})
}

// confirmed is the strongest thing that the other side has said, with its instant.
func confirmed(v desk.DeliveryView) string {
	for _, said := range []struct {
		word string
		at   *time.Time
	}{{"acknowledged", v.AcknowledgedAt}, {"bounced", v.BouncedAt}, {"delivered", v.DeliveredAt}, {"accepted", v.AcceptedAt}, {"handed on", v.HandedOnAt}} {
		if said.at != nil {
			return said.word + " " + when(said.at)
		}
	}
	return ""
}

type deliveryCmd struct {
	Show        deliveryShowCmd    `cmd:"" help:"Show a delivery with everything that was tried and answered."`
	Settle      deliverySettleCmd  `cmd:"" help:"Settle an attempt whose outcome could not be seen."`
	Acknowledge deliveryAckCmd     `cmd:"" help:"Record that the recipient acknowledged."`
	Confirm     deliveryConfirmCmd `cmd:"" name:"confirm-filing" help:"Confirm a filing made by hand, as the second person."`
}

// deliveryArg is the delivery a command is about.
type deliveryArg struct {
	caseArg
	Delivery uuid.UUID `arg:"" help:"Id of the delivery."`
}

func (a deliveryArg) path(parts ...string) string {
	return a.caseArg.path(append([]string{"deliveries", a.Delivery.String()}, parts...)...)
}

type deliveryShowCmd struct {
	deliveryArg
}

// Run shows the delivery.
func (c *deliveryShowCmd) Run(ctx context.Context, p *caseCmd, out io.Writer) error {
	return read(ctx, &p.Remote, out, c.path(), nil, func(out io.Writer, v desk.DeliveryView) {
		fields(out, "Delivery", v.ID.String(), "Customer", v.Customer, "Channel", v.Channel+" "+v.Transport, "State", v.State,
			"Evidence", v.Evidence, "Attempts", strconv.Itoa(v.Attempt), "Last answer", strings.TrimSpace(number(v.Code)+" "+v.Class),
			"Confirmed", confirmed(v), "Next attempt", when(v.NextAt), "Duplicate", yes(v.PossibleDuplicate, "it may have arrived twice"))
		for _, event := range v.Events {
			fmt.Fprintf(out, "  %s  %d  %s  %s\n", when(&event.At), event.Attempt, plain(event.Kind), plain(event.Reply))
		}
	})
}

type deliverySettleCmd struct {
	deliveryArg
	Outcome string `arg:"" enum:"accepted,refused,resend" help:"What you found out, or resend: ${enum}."`
	reasonFlag
}

// Run settles.
func (c *deliverySettleCmd) Run(ctx context.Context, p *caseCmd, out io.Writer) error {
	return decide(ctx, &p.Remote, out, client.Call{Path: c.path("settle"), Body: desk.SettleInput{Outcome: c.Outcome, Reason: c.Reason}})
}

type deliveryAckCmd struct {
	deliveryArg
	At       time.Time `required:"" help:"When they acknowledged, with its offset."`
	Evidence string    `required:"" help:"What shows it: a reply, a call, a signed receipt."`
}

// Run records the acknowledgement.
func (c *deliveryAckCmd) Run(ctx context.Context, p *caseCmd, out io.Writer) error {
	return decide(ctx, &p.Remote, out, client.Call{Path: c.path("acknowledge"), Body: desk.AcknowledgeInput{At: c.At, Evidence: c.Evidence}})
}

type deliveryConfirmCmd struct {
	deliveryArg
	reasonFlag
}

// Run confirms the filing.
func (c *deliveryConfirmCmd) Run(ctx context.Context, p *caseCmd, out io.Writer) error {
	return decide(ctx, &p.Remote, out, client.Call{Path: c.path("confirm-filing"), Body: c.input()})
}

type raiseListCmd struct {
	caseArg
}

// Run lists raises.
func (c *raiseListCmd) Run(ctx context.Context, p *caseCmd, out io.Writer) error {
	return list(ctx, &p.Remote, paging{}, out, c.path("raises"), nil, "ABOUT\tDUE\tDUTIES\tSTEP\tRAISED\tNEXT STEP\tTAKEN\tPAGES OPEN\tID\t", func(v desk.RaiseView) []string {
		return []string{v.Kind, when(&v.DueAt), strconv.Itoa(v.Count), strconv.Itoa(v.Step), strings.Join(v.Roles, ", "), when(v.NextStepAt), when(v.AcknowledgedAt), strconv.Itoa(v.PagesOpen), v.ID.String()}
	})
}

type raiseAckCmd struct {
	caseArg
	Raise uuid.UUID `arg:"" help:"Id of the raise."`
	Note  string    `help:"What will be done."`
}

// Run takes the raise.
func (c *raiseAckCmd) Run(ctx context.Context, p *caseCmd, out io.Writer) error {
	return decide(ctx, &p.Remote, out, client.Call{Path: c.path("raises", c.Raise.String(), "acknowledge"), Body: desk.AnswerInput{Note: c.Note}})
}
