package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/atlascloudai/docket/api"
	"github.com/atlascloudai/docket/cmd/docket/client"
	"github.com/atlascloudai/docket/desk"
)

// requestCmd is the way through a person's request, as a client of the API.
type requestCmd struct {
	Remote remote `embed:""`

	Open     requestOpenCmd     `cmd:"" help:"Record a request of a person."`
	Batch    requestBatchCmd    `cmd:"" help:"Record many requests from a file, each by itself. Exit code 1 if one was refused."`
	List     requestListCmd     `cmd:"" help:"List requests by their next clock."`
	Show     requestShowCmd     `cmd:"" help:"Show a request: whom it names, where data lies, what became of it, what stays and why."`
	Timeline requestTimelineCmd `cmd:"" help:"Show the timeline."`

	Read       requestReadCmd       `cmd:"" help:"Say what a letter asks for that said so unclearly."`
	Dismiss    requestDismissCmd    `cmd:"" help:"End a letter that asks for nothing."`
	Assign     requestAssignCmd     `cmd:"" help:"Give requests to somebody."`
	Ask        requestAskCmd        `cmd:"" help:"Mail a link with a code to an address that the request names."`
	Verify     requestVerifyCmd     `cmd:"" help:"Record that an identity was shown by other means than a mailed code."`
	Clarify    requestClarifyCmd    `cmd:"" help:"Record that the person was asked what they mean, or that their answer came."`
	Scope      requestScopeCmd      `cmd:"" help:"Make a plan: what is held is located, and nothing is touched."`
	Sample     requestSampleCmd     `cmd:"" help:"Look at a sample of the records that a plan reaches; that you did is recorded."`
	Approve    requestApproveCmd    `cmd:"" help:"Show the plan, or approve exactly the plan of a digest."`
	Care       requestCareCmd       `cmd:"" help:"Let a request that needs care go on."`
	Deny       requestDenyCmd       `cmd:"" help:"Deny a request for a coded reason."`
	Cancel     requestCancelCmd     `cmd:"" help:"End a request that the person no longer makes."`
	Lapse      requestLapseCmd      `cmd:"" help:"End a request whose person never showed who they are."`
	Done       requestDoneCmd       `cmd:"" help:"Record that you carried out what was asked."`
	Duplicate  requestDuplicateCmd  `cmd:"" help:"Link a request to the one that it repeats."`
	Controller requestControllerCmd `cmd:"" help:"Record whose customer's data it is."`
	Release    requestReleaseCmd    `cmd:"" help:"Release a copy of what is held to the person, as it was previewed."`
	Offer      requestOfferCmd      `cmd:"" help:"Offer the copy again, with a new code."`
	Forward    requestForwardCmd    `cmd:"" help:"Send a request to the customer that is the controller."`
	Retry      requestRetryCmd      `cmd:"" help:"Ask for another try of one place alone."`

	Letters     letterListCmd         `cmd:"" help:"Show the letters of a request with their digests."`
	Letter      letterCmd             `cmd:"" help:"Draft or approve a letter to the person."`
	Tasks       taskListCmd           `cmd:"" help:"List the tasks of systems' owners."`
	Task        taskCmd               `cmd:"" help:"Show, finish or check a task of a system's owner."`
	Certificate requestCertificateCmd `cmd:"" help:"Write the certificate to a file, with all its versions."`

	Agent agentCmd      `cmd:"" help:"Record or revoke somebody who asks for others."`
	Hold  recordHoldCmd `cmd:"" help:"Keep records from being destroyed for any request."`
}

// requestArg is the request a command is about.
type requestArg struct {
	Request string `arg:"" help:"Short code of the request, such as REQ-7K3FM, or its id."`
}

// path is an address below the request.
func (a requestArg) path(parts ...string) string {
	return client.Path(append([]string{"v1", "requests", a.Request}, parts...)...)
}

type requestOpenCmd struct {
	Right        string     `arg:"" optional:"" help:"What is asked for: erasure, access, portability, rectification, restriction, objection, opt_out, appeal, complaint, authority_inquiry."`
	Identity     []string   `sep:"none" placeholder:"KIND=VALUE" help:"Identifier that the request names, such as email=jo.sample@example.com; once for each."`
	File         string     `help:"YAML or JSON file with the whole request instead, so that others on this machine do not see whom it names; - is standard input."`
	Regime       string     `help:"The law it is counted by; proposed from the country if absent."`
	Country      string     `help:"Where the person lives, as far as known: DE, US-CA."`
	Language     string     `help:"Language of the letters."`
	Channel      string     `enum:",mail,api,letter,phone,in_person,agent" default:"" help:"How it came in: mail, api, letter, phone, in_person, agent."`
	ReceivedAt   *time.Time `help:"When it reached the company, wherever it did, with its offset; now if absent."`
	Evidence     string     `help:"What shows when and how it came in; needed with --received-at."`
	Name         string     `help:"How the person calls themselves."`
	Words        string     `help:"What was asked, in the person's own words."`
	ReplyTo      string     `help:"Mail address for the letters; the first mail identity if absent."`
	Agent        *uuid.UUID `help:"Id of the agent who asks for the person."`
	Concerns     string     `help:"The earlier request of an appeal, a complaint or an inquiry."`
	InstructedBy string     `help:"Account reference of the customer who instructs it as the controller; the person is never written to."`
	Care         []string   `help:"Why a person must look before anything is destroyed: sole_owner, abuse_investigation."`
	Drill        bool       `help:"An exercise: its clock can be moved and nothing leaves the house."`
}

// Run records the request.
func (c *requestOpenCmd) Run(ctx context.Context, p *requestCmd, in io.Reader, out io.Writer) error {
	call := client.Call{Path: "/v1/requests"}
	if c.File != "" {
		body, err := document(in, c.File)
		if err != nil {
			return err
		}
		call.Body = body
		return decide(ctx, &p.Remote, out, call)
	}
	if c.Right == "" || len(c.Identity) == 0 {
		return usage("say what is asked for, and whom with --identity; or give both with --file")
	}
	body := desk.RequestInput{
		Right: c.Right, Regime: c.Regime, Country: c.Country, Language: c.Language, Channel: c.Channel, ReceivedAt: c.ReceivedAt, Evidence: c.Evidence,
		Name: c.Name, Words: c.Words, ReplyTo: c.ReplyTo, Agent: c.Agent, Concerns: c.Concerns, InstructedBy: c.InstructedBy, Care: c.Care, Drill: c.Drill,
	}
	for _, one := range c.Identity {
		kind, value, found := strings.Cut(one, "=")
		if !found {
			return usage("give --identity as KIND=VALUE, such as email=jo.sample@example.com")
		}
		body.Identities = append(body.Identities, desk.IdentityInput{Kind: kind, Value: value})
	}
	call.Body = body
	return decide(ctx, &p.Remote, out, call)
}

type requestBatchCmd struct {
	File string `arg:"" help:"CSV file (*.csv) with a line of column names, or YAML or JSON file in the form that the API takes, of up to 500 requests; - is standard input."`
}

// Run records the requests.
func (c *requestBatchCmd) Run(ctx context.Context, p *requestCmd, in io.Reader, out io.Writer) error {
	var all json.RawMessage
	text, err := os.ReadFile(c.File)
	if table := strings.EqualFold(filepath.Ext(c.File), ".csv"); table && err != nil {
		return usage(err.Error())
	} else if table {
		all, err = requestsOf(text)
	} else {
		all, err = document(in, c.File)
	}
	if err != nil {
		return err
	}
	return decideMany(ctx, &p.Remote, out, client.Call{Path: "/v1/requests/batch", Body: map[string]json.RawMessage{"requests": all}})
}

// decideMany sends a decision about many requests and prints what became of each; if one was refused, the exit code says so.
func decideMany(ctx context.Context, r *remote, out io.Writer, call client.Call) error {
	call.Method, call.Key = http.MethodPost, r.Key
	body, err := r.client().Raw(ctx, call)
	if err != nil {
		return err
	}
	var page desk.Page[api.BatchItem]
	if err := json.Unmarshal(body, &page); err != nil {
		return &client.Unreachable{URL: r.URL, Err: fmt.Errorf("the answer is not Docket's: %w", err)}
	}
	refused := 0
	for _, one := range page.Items {
		if one.Problem != nil {
			refused++
		}
	}
	if r.JSON {
		err = printJSON(out, body)
	} else {
		err = table(out, "INDEX\tREQUEST\tSTATUS\tREFUSED\t", page.Items, func(v api.BatchItem) []string {
			cells := []string{fmt.Sprint(v.Index), v.Case, "", ""}
			if v.Receipt != nil {
				cells[1], cells[2] = v.Receipt.Code, v.Receipt.Status
			}
			if v.Problem != nil {
				cells[3] = strings.ReplaceAll((&client.Refusal{Problem: *v.Problem}).Error(), "\n", ";")
			}
			return cells
		})
	}
	if err == nil && refused > 0 {
		return fmt.Errorf("%d of %d were refused", refused, len(page.Items))
	}
	return err
}

type requestListCmd struct {
	Status   []string `help:"Only requests of these statuses, such as verifying_identity,action_required."`
	Assignee string   `help:"Only those of this person, by handle."`
	Right    string   `help:"Only those that ask for this, such as erasure."`
	Waiting  string   `name:"waiting-for" enum:",person,team,approver,stores,nobody" default:"" help:"Only those that wait for them: person, team, approver, stores, nobody."`
	Blocker  string   `help:"Only those with this in the way, such as target_failed or care_needed."`
	Paging   paging   `embed:""`
}

// Run prints the worklist.
func (c *requestListCmd) Run(ctx context.Context, p *requestCmd, out io.Writer) error {
	query := url.Values{}
	if len(c.Status) > 0 {
		query["status"] = c.Status
	}
	for name, value := range map[string]string{"assignee": c.Assignee, "right": c.Right, "waiting_for": c.Waiting, "blocker": c.Blocker} {
		if value != "" {
			query.Set(name, value)
		}
	}
	return list(ctx, &p.Remote, c.Paging, out, "/v1/requests", query, "CODE\tRIGHT\tSTATUS\tWAITING FOR\tBLOCKER\tDUE\tASSIGNEE\t", func(v desk.RequestView) []string {
		return []string{v.Code + yes(v.Drill, " (drill)"), v.Right, v.Status, v.Waiting, v.Blocker, when(v.Due), v.Assignee}
	})
}

type requestTimelineCmd struct {
	caseTimelineCmd
}

// Run shows the timeline.
func (c *requestTimelineCmd) Run(ctx context.Context, p *requestCmd, out io.Writer) error {
	return c.caseTimelineCmd.Run(ctx, &caseCmd{Remote: p.Remote}, out)
}

type requestCertificateCmd struct {
	requestArg
	File string `arg:"" help:"Where to write it; - is standard output."`
}

// Run writes the certificate. docket certificate verify checks it.
func (c *requestCertificateCmd) Run(ctx context.Context, p *requestCmd, out io.Writer) error {
	file, err := p.Remote.client().Raw(ctx, client.Call{Method: http.MethodGet, Path: c.path("certificate")})
	if err != nil {
		return err
	}
	if c.File == "-" {
		_, err = out.Write(file)
		return err
	}
	if err := os.WriteFile(c.File, file, 0o600); err != nil {
		return fmt.Errorf("cannot write %s: %w", c.File, err)
	}
	fmt.Fprintf(out, "%s: %d versions; docket certificate verify FILE --key checks it\n", plain(c.File), strings.Count(string(file), "\n"))
	return nil
}
