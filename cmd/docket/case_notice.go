package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/google/uuid"

	"github.com/atlascloudai/docket/cmd/docket/client"
	"github.com/atlascloudai/docket/core/letters"
	"github.com/atlascloudai/docket/desk"
)

type noticeListCmd struct {
	caseArg
}

// Run lists notices.
func (c *noticeListCmd) Run(ctx context.Context, p *caseCmd, out io.Writer) error {
	return read(ctx, &p.Remote, out, c.path("notices"), nil, func(out io.Writer, v desk.Page[desk.NoticeView]) {
		for _, notice := range v.Items {
			showNotice(out, notice)
		}
	})
}

func showNotice(out io.Writer, v desk.NoticeView) {
	fields(out, "Notice", v.ID.String(), "State", v.State, "Version", strconv.Itoa(v.Version),
		"For", yes(v.Update, "those who were promised an update"), "Template", v.Content.Template, "Approved by", v.ApprovedBy, "Approved", when(v.ApprovedAt),
		"Blocked by", strings.Join(v.Blockers, "; "), "Goes late without", strings.Join(v.Warnings, "; "))
	for _, campaign := range v.Campaigns {
		fmt.Fprintf(out, "  campaign %s  %s  %v\n", campaign.ID, plain(campaign.State), campaign.Counts)
	}
}

type noticeCmd struct {
	Skeleton    noticeSkeletonCmd `cmd:"" help:"Print an empty notice with everything that it has to say, to be filled in."`
	Draft       noticeDraftCmd    `cmd:"" help:"Begin a notice from a file, or from an earlier notice of the case."`
	Show        noticeShowCmd     `cmd:"" help:"Show a notice."`
	Edit        noticeEditCmd     `cmd:"" help:"Replace a notice's text; an approval is void."`
	Submit      noticeSubmitCmd   `cmd:"" help:"Hand a draft to its approver."`
	Preview     noticePreviewCmd  `cmd:"" help:"Read it as one recipient will, with the digest that an approval binds."`
	Test        noticeTestCmd     `cmd:"" help:"Send one recipient's letter to somebody of the company."`
	Approve     noticeApproveCmd  `cmd:"" help:"Approve exactly what was previewed."`
	Release     noticeReleaseCmd  `cmd:"" help:"Start the sending."`
	DelayReason noticeDelayCmd    `cmd:"" help:"Record in the case why it comes late."`
	Withdraw    noticeWithdrawCmd `cmd:"" help:"Withdraw a notice that was not released."`
}

// noticeArg is the notice a command is about.
type noticeArg struct {
	caseArg
	Notice uuid.UUID `arg:"" help:"Id of the notice."`
}

func (a noticeArg) path(parts ...string) string {
	return a.caseArg.path(append([]string{"notices", a.Notice.String()}, parts...)...)
}

type noticeSkeletonCmd struct {
	Template string   `default:"incident-customer" help:"Which letter."`
	Language []string `default:"en" help:"Languages of the text; the first is the fallback."`
}

// Run prints the skeleton. It asks nobody.
func (c *noticeSkeletonCmd) Run(out io.Writer) error {
	required := letters.Required(c.Template)
	if required == nil {
		return usage(fmt.Sprintf("there is no template %q", c.Template))
	}
	fmt.Fprintf(out, "template: %s\ntemplate_version: %d\nversion: 0\nfallback: %s\nlanguages:\n", c.Template, letters.LatestTemplate(c.Template), c.Language[0])
	for _, language := range c.Language {
		fmt.Fprintf(out, "  %s:\n    subject: \"\"\n    elements:\n", language)
		for _, element := range required {
			fmt.Fprintf(out, "      # %s (%s)\n      # filled: text; not_applicable: reason; not_yet_known: by, with its offset\n      %s:\n        state: filled\n        text: \"\"\n", element.Title, element.Source, element.ID)
		}
	}
	return nil
}

type noticeDraftCmd struct {
	caseArg
	File string     `help:"YAML or JSON file with the text, as skeleton prints it; - is standard input." xor:"text" required:""`
	From *uuid.UUID `help:"Take over the text of this earlier notice of the case." xor:"text" required:""`
	// Update chooses whom it is for.
	Update bool `help:"It keeps what earlier notices promised, and goes to those who were promised it."`
}

// Run drafts.
func (c *noticeDraftCmd) Run(ctx context.Context, p *caseCmd, in io.Reader, out io.Writer) error {
	if c.From != nil {
		return decide(ctx, &p.Remote, out, client.Call{Path: c.path("notices"), Body: desk.NoticeInput{From: c.From, Update: c.Update}})
	}
	content, err := document(in, c.File)
	if err != nil {
		return err
	}
	return decide(ctx, &p.Remote, out, client.Call{Path: c.path("notices"), Body: map[string]any{"content": content, "update": c.Update}})
}

type noticeShowCmd struct {
	noticeArg
	Content bool `help:"Print the text as YAML, to be edited."`
}

// Run shows the notice.
func (c *noticeShowCmd) Run(ctx context.Context, p *caseCmd, out io.Writer) error {
	if !c.Content {
		return read(ctx, &p.Remote, out, c.path(), nil, showNotice)
	}
	view, err := client.Get[desk.NoticeView](ctx, p.Remote.client(), c.path(), nil)
	if err != nil {
		return err
	}
	body, err := json.Marshal(view.Content)
	if err != nil {
		return fmt.Errorf("cannot encode notice: %w", err)
	}
	text, err := yaml.JSONToYAML(body)
	if err != nil {
		return fmt.Errorf("cannot encode notice: %w", err)
	}
	_, err = fmt.Fprintf(out, "# edit with --if-version %d\n%s", view.Version, text)
	return err
}

type noticeEditCmd struct {
	noticeArg
	File      string `required:"" help:"YAML or JSON file with the whole text; - is standard input."`
	IfVersion int    `required:"" help:"The version that you have read, from show."`
}

// Run replaces the text.
func (c *noticeEditCmd) Run(ctx context.Context, p *caseCmd, in io.Reader, out io.Writer) error {
	content, err := document(in, c.File)
	if err != nil {
		return err
	}
	return decide(ctx, &p.Remote, out, client.Call{
		Method: http.MethodPut, Path: c.path(), Match: true, Version: c.IfVersion,
		Body: map[string]json.RawMessage{"content": content},
	})
}

type noticeSubmitCmd struct {
	noticeArg
}

// Run submits.
func (c *noticeSubmitCmd) Run(ctx context.Context, p *caseCmd, out io.Writer) error {
	return decide(ctx, &p.Remote, out, client.Call{Path: c.path("submit"), Body: desk.SubmitInput{}})
}

// delayFlags say why a notice comes late, and whether its letters do.
type delayFlags struct {
	DelayReason      map[string]string `mapsep:"none" placeholder:"LANGUAGE=WHY" help:"Why it comes late, once for each language; kept in the case."`
	PrintDelayReason bool              `help:"Print it in the letters that go after their limit."`
}

func (f delayFlags) input() desk.Delay {
	return desk.Delay{Reason: f.DelayReason, Print: f.PrintDelayReason}
}

type noticePreviewCmd struct {
	noticeArg
	delayFlags
	Index int  `help:"Which recipient's letter, from 0."`
	HTML  bool `help:"Print the HTML part."`
}

// Run previews.
func (c *noticePreviewCmd) Run(ctx context.Context, p *caseCmd, out io.Writer) error {
	call := client.Call{Method: http.MethodGet, Path: c.path("preview"), Query: url.Values{"index": {strconv.Itoa(c.Index)}}}
	if c.PrintDelayReason {
		call = client.Call{Method: http.MethodPost, Path: c.path("preview"), Body: desk.PreviewInput{Index: c.Index, Delay: c.input()}}
	}
	return ask(ctx, &p.Remote, out, call, func(out io.Writer, v desk.PreviewView) {
		fields(out, "Digest", v.Digest, "Recipients", strconv.Itoa(v.Recipients), "Customers", strconv.Itoa(v.Customers),
			"No address", strings.Join(v.Gaps, ", "), "Shown", strconv.Itoa(v.Index), "To", v.Address, "Subject", v.Letter.Subject)
		body := v.Letter.Text
		if c.HTML {
			body = v.Letter.HTML
		}
		fmt.Fprintln(out, "\n"+lines(body))
	})
}

type noticeTestCmd struct {
	noticeArg
	To        string `required:"" help:"Mail address at one of the company's own domains."`
	Recipient int    `help:"Whose letter: the recipient's number in the preview, from 0."`
}

// Run sends the letter. It tells no customer anything.
func (c *noticeTestCmd) Run(ctx context.Context, p *caseCmd, out io.Writer) error {
	return decide(ctx, &p.Remote, out, client.Call{Path: c.path("test"), Body: desk.TestNoticeInput{Address: c.To, Recipient: c.Recipient}})
}

type noticeApproveCmd struct {
	noticeArg
	Digest string `required:"" help:"The digest that the preview showed."`
	delayFlags
}

// Run approves.
func (c *noticeApproveCmd) Run(ctx context.Context, p *caseCmd, out io.Writer) error {
	return decide(ctx, &p.Remote, out, client.Call{Path: c.path("approve"), Body: desk.ApproveInput{Digest: c.Digest, Delay: c.input()}})
}

type noticeReleaseCmd struct {
	noticeArg
	Lane  string `enum:",urgent,bulk" default:"" help:"urgent if absent, or bulk."`
	First int    `placeholder:"CUSTOMERS" help:"How many customers are sent it first; the rest waits, paused, until campaign resume. All if absent."`
}

// Run releases.
func (c *noticeReleaseCmd) Run(ctx context.Context, p *caseCmd, out io.Writer) error {
	return decide(ctx, &p.Remote, out, client.Call{Path: c.path("release"), Body: desk.ReleaseInput{Lane: c.Lane, First: c.First}})
}

type noticeDelayCmd struct {
	noticeArg
	reasonFlag
}

// Run records the reason.
func (c *noticeDelayCmd) Run(ctx context.Context, p *caseCmd, out io.Writer) error {
	return decide(ctx, &p.Remote, out, client.Call{Path: c.path("delay-reason"), Body: desk.DelayReasonInput{Reason: c.Reason}})
}

type noticeWithdrawCmd struct {
	noticeArg
	reasonFlag
}

// Run withdraws.
func (c *noticeWithdrawCmd) Run(ctx context.Context, p *caseCmd, out io.Writer) error {
	return decide(ctx, &p.Remote, out, client.Call{Path: c.path("withdraw"), Body: c.input()})
}

type campaignCmd struct {
	Pause  campaignPauseCmd  `cmd:"" help:"Hold a sending back."`
	Resume campaignResumeCmd `cmd:"" help:"Let a paused sending go on."`
	Stop   campaignStopCmd   `cmd:"" help:"End a sending; what was not sent stays unsent."`
}

// campaignArg is the sending a command is about, and why.
type campaignArg struct {
	caseArg
	Campaign uuid.UUID `arg:"" help:"Id of the sending, from notice show."`
	reasonFlag
}

func (a campaignArg) call(what string) client.Call {
	return client.Call{Path: a.path("campaigns", a.Campaign.String(), what), Body: a.input()}
}

type campaignPauseCmd struct{ campaignArg }

// Run pauses.
func (c *campaignPauseCmd) Run(ctx context.Context, p *caseCmd, out io.Writer) error {
	return decide(ctx, &p.Remote, out, c.call("pause"))
}

type campaignResumeCmd struct{ campaignArg }

// Run resumes.
func (c *campaignResumeCmd) Run(ctx context.Context, p *caseCmd, out io.Writer) error {
	return decide(ctx, &p.Remote, out, c.call("resume"))
}

type campaignStopCmd struct{ campaignArg }

// Run stops.
func (c *campaignStopCmd) Run(ctx context.Context, p *caseCmd, out io.Writer) error {
	return decide(ctx, &p.Remote, out, c.call("stop"))
}
