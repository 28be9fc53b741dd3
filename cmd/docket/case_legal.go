package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/atlascloudai/docket/cmd/docket/client"
	"github.com/atlascloudai/docket/desk"
)

// privilegeCmd is about what counsel marks privileged: only the case's legal circle finds it.
type privilegeCmd struct {
	Circle privilegeCircleCmd `cmd:"" help:"Name the legal circle, or list it."`
	Add    privilegeAddCmd    `cmd:"" help:"Mark words privileged: advice, a request for it, work product."`
	List   privilegeListCmd   `cmd:"" help:"List what is privileged, without the words."`
	Read   privilegeReadCmd   `cmd:"" help:"Read something privileged. That you did is recorded."`
}

type privilegeCircleCmd struct {
	caseArg
	Members []string `arg:"" optional:"" help:"Handles of the members; you are always among them. None: list who is in it."`
	Alone   bool     `help:"Nobody but you."`
}

// Run names or lists the circle.
func (c *privilegeCircleCmd) Run(ctx context.Context, p *caseCmd, out io.Writer) error {
	if len(c.Members) > 0 || c.Alone {
		return decide(ctx, &p.Remote, out, client.Call{Method: http.MethodPut, Path: c.path("privileged", "circle"), Body: desk.CircleInput{Members: c.Members}})
	}
	return list(ctx, &p.Remote, paging{}, out, c.path("privileged", "circle"), nil, "MEMBER\t", func(handle string) []string { return []string{handle} })
}

type privilegeAddCmd struct {
	caseArg
	Kind  string `enum:"advice,request,communication,work_product" default:"advice" help:"What it is: ${enum}."`
	Basis string `enum:"attorney_client,work_product,common_interest" default:"attorney_client" help:"Why it is privileged: ${enum}."`
	File  string `required:"" help:"File with the words; - is standard input. They are not taken from the command line, which others can see."`
}

// Run marks words privileged.
func (c *privilegeAddCmd) Run(ctx context.Context, p *caseCmd, in io.Reader, out io.Writer) error {
	var words []byte
	var err error
	if c.File == "-" {
		words, err = io.ReadAll(in)
	} else {
		words, err = os.ReadFile(c.File)
	}
	if err != nil {
		return usage(fmt.Sprintf("cannot read %s: %v", c.File, err))
	}
	// desk.PrivilegedInput does not say its words to anybody, to JSON neither.
	return decide(ctx, &p.Remote, out, client.Call{Path: c.path("privileged"), Body: map[string]string{"kind": c.Kind, "basis": c.Basis, "text": string(words)}})
}

type privilegeListCmd struct {
	caseArg
	Paging paging `embed:""`
}

// Run lists.
func (c *privilegeListCmd) Run(ctx context.Context, p *caseCmd, out io.Writer) error {
	return list(ctx, &p.Remote, c.Paging, out, c.path("privileged"), url.Values{}, "MARKED\tAUTHOR\tKIND\tBASIS\tRECIPIENTS\tID\t", func(e desk.PrivilegeLogEntry) []string {
		return []string{when(&e.At), e.Author, e.Kind, e.Basis, strings.Join(e.Recipients, ", "), e.ID.String()}
	})
}

type privilegeReadCmd struct {
	caseArg
	Item uuid.UUID `arg:"" help:"Id of the item, from the list."`
}

// Run reads.
func (c *privilegeReadCmd) Run(ctx context.Context, p *caseCmd, out io.Writer) error {
	type item struct {
		desk.PrivilegeLogEntry
		Text string
	}
	return read(ctx, &p.Remote, out, c.path("privileged", c.Item.String()), nil, func(out io.Writer, v item) {
		fields(out, "PRIVILEGED", v.Kind+", "+v.Basis, "Marked", when(&v.At), "Author", v.Author, "Recipients", strings.Join(v.Recipients, ", "), "Commitment", v.Commitment)
		fmt.Fprintln(out, "\n"+lines(v.Text))
	})
}

// caseCounselCmd exports for counsel.
type caseCounselCmd struct {
	caseArg
	Out     string `required:"" type:"path" help:"File to write. It is confidential: nobody else may read it."`
	Content bool   `help:"With the words of what is privileged, for members of the legal circle."`
}

// Run exports.
func (c *caseCounselCmd) Run(ctx context.Context, p *caseCmd, out io.Writer) error {
	query := url.Values{}
	if c.Content {
		query.Set("content", "true")
	}
	return download(ctx, &p.Remote, out, c.path("counsel"), query, c.Out)
}

// holdCmd is about legal holds.
type holdCmd struct {
	Place   holdPlaceCmd   `cmd:"" help:"Place a legal hold: nothing of the case is shredded while it stands."`
	Release holdReleaseCmd `cmd:"" help:"Release a legal hold."`
	List    holdListCmd    `cmd:"" help:"List every hold that was placed."`
}

type holdPlaceCmd struct {
	caseArg
	ReviewAt time.Time `required:"" help:"When counsel looks at it again, with its offset."`
	reasonFlag
}

// Run places.
func (c *holdPlaceCmd) Run(ctx context.Context, p *caseCmd, out io.Writer) error {
	return decide(ctx, &p.Remote, out, client.Call{Path: c.path("holds"), Body: desk.HoldInput{Reason: c.Reason, ReviewAt: c.ReviewAt}})
}

type holdReleaseCmd struct {
	caseArg
	Hold uuid.UUID `arg:"" help:"Id of the hold."`
	reasonFlag
}

// Run releases.
func (c *holdReleaseCmd) Run(ctx context.Context, p *caseCmd, out io.Writer) error {
	return decide(ctx, &p.Remote, out, client.Call{Path: c.path("holds", c.Hold.String(), "release"), Body: c.input()})
}

type holdListCmd struct {
	caseArg
}

// Run lists.
func (c *holdListCmd) Run(ctx context.Context, p *caseCmd, out io.Writer) error {
	return list(ctx, &p.Remote, paging{}, out, c.path("holds"), nil, "PLACED\tBY\tREVIEW\tRELEASED\tREASON\tID\t", func(v desk.HoldView) []string {
		return []string{when(&v.PlacedAt), v.PlacedBy, when(&v.ReviewAt) + yes(v.ReviewDue, " (due)"), when(v.ReleasedAt) + yes(v.ReleasedBy != "", " by "+v.ReleasedBy), v.Reason, v.ID.String()}
	})
}

type caseShredCmd struct {
	caseArg
	Ground string `required:"" enum:"retention_over,erasure_order,opened_in_error" help:"Why: ${enum}."`
}

// Run shreds.
func (c *caseShredCmd) Run(ctx context.Context, p *caseCmd, out io.Writer) error {
	return decide(ctx, &p.Remote, out, client.Call{Path: c.path("shred"), Body: desk.ShredInput{Ground: c.Ground}})
}
