package main

import (
	"context"
	"fmt"
	"io"

	"github.com/google/uuid"

	"github.com/atlascloudai/docket/cmd/docket/client"
	"github.com/atlascloudai/docket/desk"
)

type letterListCmd struct {
	requestArg
}

// Run shows the letters.
func (c *letterListCmd) Run(ctx context.Context, p *requestCmd, out io.Writer) error {
	return read(ctx, &p.Remote, out, c.path("letters"), nil, func(out io.Writer, v desk.Page[desk.LetterView]) {
		for _, letter := range v.Items {
			fields(out, "Letter", letter.ID.String(), "Kind", letter.Kind, "State", letter.State, "To", letter.To, "Language", letter.Language, "Digest", letter.Digest, "Subject", letter.Subject)
			fmt.Fprintln(out, "\n"+lines(letter.Text)+"\n")
		}
	})
}

type letterCmd struct {
	Draft   letterDraftCmd   `cmd:"" help:"Draft an answer, a denial or an extension from what is true now."`
	Approve letterApproveCmd `cmd:"" help:"Approve exactly the letter of a digest; it is sent."`
}

type letterDraftCmd struct {
	requestArg
	Kind  string `arg:"" enum:"answer,denial,extension" help:"What it is for: ${enum}."`
	Words string `help:"The reasons, for a denial or an extension; more to say, in an answer."`
}

// Run drafts.
func (c *letterDraftCmd) Run(ctx context.Context, p *requestCmd, out io.Writer) error {
	return decide(ctx, &p.Remote, out, client.Call{Path: c.path("letters"), Body: desk.LetterInput{Kind: c.Kind, Words: c.Words}})
}

type letterApproveCmd struct {
	requestArg
	Letter uuid.UUID `arg:"" help:"Id of the letter, from letters."`
	Digest string    `required:"" help:"The digest of the letter as it was shown."`
}

// Run approves.
func (c *letterApproveCmd) Run(ctx context.Context, p *requestCmd, out io.Writer) error {
	return decide(ctx, &p.Remote, out, client.Call{Path: c.path("letters", c.Letter.String(), "approve"), Body: desk.DigestInput{Digest: c.Digest}})
}

type requestReadCmd struct {
	requestArg
	Right   string `arg:"" enum:"erasure,access,portability,rectification,restriction,objection,opt_out" help:"What is asked for: ${enum}."`
	Country string `help:"Where the person lives, as far as known: DE, US-CA."`
}

// Run says what a letter asks for.
func (c *requestReadCmd) Run(ctx context.Context, p *requestCmd, out io.Writer) error {
	return decide(ctx, &p.Remote, out, client.Call{Path: c.path("read"), Body: desk.ReadInput{Right: c.Right, Country: c.Country}})
}

type requestDismissCmd struct {
	requestArg
	reasonFlag
}

// Run dismisses.
func (c *requestDismissCmd) Run(ctx context.Context, p *requestCmd, out io.Writer) error {
	return decide(ctx, &p.Remote, out, client.Call{Path: c.path("dismiss"), Body: desk.ReasonInput{Reason: c.Reason}})
}

type requestReleaseCmd struct {
	requestArg
	Digest  string   `required:"" help:"The digest of the plan as it was shown."`
	Include []string `help:"Fields that would be left out and are given all the same, as store/collection.field."`
}

// Run releases a copy of what is held.
func (c *requestReleaseCmd) Run(ctx context.Context, p *requestCmd, out io.Writer) error {
	return decide(ctx, &p.Remote, out, client.Call{Path: c.path("release"), Body: desk.ExportInput{Digest: c.Digest, Include: c.Include}})
}

type requestOfferCmd struct {
	requestArg
	reasonFlag
}

// Run offers the copy again.
func (c *requestOfferCmd) Run(ctx context.Context, p *requestCmd, out io.Writer) error {
	return decide(ctx, &p.Remote, out, client.Call{Path: c.path("offer"), Body: desk.ReasonInput{Reason: c.Reason}})
}
