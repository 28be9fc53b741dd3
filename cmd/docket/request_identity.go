package main

import (
	"context"
	"io"
	"time"

	"github.com/google/uuid"

	"github.com/atlascloudai/docket/cmd/docket/client"
	"github.com/atlascloudai/docket/desk"
)

// identityArg is the identity a command is about.
type identityArg struct {
	requestArg
	Identity uuid.UUID `arg:"" help:"Id of the identity, from show."`
}

func (a identityArg) path(what string) string {
	return a.requestArg.path("identities", a.Identity.String(), what)
}

type requestAskCmd struct {
	identityArg
}

// Run mails a code.
func (c *requestAskCmd) Run(ctx context.Context, p *requestCmd, out io.Writer) error {
	return decide(ctx, &p.Remote, out, client.Call{Path: c.path("ask")})
}

type requestVerifyCmd struct {
	identityArg
	Method          string     `required:"" enum:"login,call_back,known_contact,document,instruction" help:"How it was shown: ${enum}."`
	LoginAt         *time.Time `help:"When the account holder logged in, with its offset; for login."`
	Evidence        string     `required:"" help:"Who checked what, and how."`
	DocumentDeleted bool       `help:"The document was deleted after the check; needed for document."`
}

// Run records the check.
func (c *requestVerifyCmd) Run(ctx context.Context, p *requestCmd, out io.Writer) error {
	return decide(ctx, &p.Remote, out, client.Call{Path: c.path("verify"), Body: desk.VerifyInput{
		Method: c.Method, LoginAt: c.LoginAt, Evidence: c.Evidence, DocumentDeleted: c.DocumentDeleted,
	}})
}

type agentCmd struct {
	Record agentRecordCmd `cmd:"" help:"Record an agent with what authorises it."`
	List   agentListCmd   `cmd:"" help:"List agents with what authorises them."`
	Revoke agentRevokeCmd `cmd:"" help:"End an agent's authorisation: it opens no more requests."`
}

type agentRecordCmd struct {
	Name          string    `required:"" help:"Who the agent is."`
	Authorisation string    `required:"" help:"What shows that the agent may act: the mandate, its date, who checked it."`
	ReplyTo       string    `help:"The agent's mail address."`
	ValidUntil    time.Time `required:"" help:"When the authorisation ends, with its offset."`
}

// Run records the agent.
func (c *agentRecordCmd) Run(ctx context.Context, p *requestCmd, out io.Writer) error {
	return decide(ctx, &p.Remote, out, client.Call{Path: "/v1/agents", Body: desk.AgentInput{
		Name: c.Name, Authorisation: c.Authorisation, ReplyTo: c.ReplyTo, ValidUntil: c.ValidUntil,
	}})
}

type agentRevokeCmd struct {
	Agent uuid.UUID `arg:"" help:"Id of the agent."`
}

// Run revokes.
func (c *agentRevokeCmd) Run(ctx context.Context, p *requestCmd, out io.Writer) error {
	return decide(ctx, &p.Remote, out, client.Call{Path: client.Path("v1", "agents", c.Agent.String(), "revoke")})
}

type agentListCmd struct{}

// Run lists agents.
func (agentListCmd) Run(ctx context.Context, p *requestCmd, out io.Writer) error {
	return list(ctx, &p.Remote, paging{}, out, "/v1/agents", nil, "AGENT\tNAME\tVALID UNTIL\tREVOKED\tREPLY TO\tAUTHORISATION\t", func(v desk.AgentView) []string {
		return []string{v.ID.String(), v.Name, when(&v.ValidUntil), when(v.RevokedAt), v.ReplyTo, v.Authorisation}
	})
}
