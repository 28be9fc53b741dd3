package api

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/google/uuid"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/problem"
	"github.com/atlascloudai/docket/desk"
)

// installation puts who may use Docket, and how it is, on the router.
func (s *surface) installation() {
	register(s, created(post("/v1/principals", "createPrincipal", "Make a person or machine known", access.TokenManage)),
		func(ctx context.Context, actor access.Actor, in *principalInput) (*answer[Principal], error) {
			id, err := s.desk.CreatePrincipal(ctx, actor, in.Body.Handle, in.Body.Kind, in.Body.Roles)
			if err != nil {
				return nil, err
			}
			return &answer[Principal]{Body: Principal{ID: id}}, nil
		})
	register(s, created(post("/v1/tokens", "createToken", "Make an API token; it is shown this once", access.TokenManage)),
		func(ctx context.Context, actor access.Actor, in *tokenInput) (*answer[Token], error) {
			token, err := s.desk.CreateToken(ctx, actor, in.Body.Handle, in.Body.Scopes, in.Body.Expires)
			if err != nil {
				return nil, err
			}
			return &answer[Token]{Body: Token{Token: token}}, nil
		})
	register(s, remove("/v1/tokens/{prefix}", "revokeToken", "Revoke an API token, at once", access.TokenManage),
		func(ctx context.Context, actor access.Actor, in *prefixInput) (*struct{}, error) {
			return nil, s.desk.RevokeToken(ctx, actor, in.Prefix)
		})
	register(s, get("/v1/status", "readStatus", "Read how the engine is", access.OpsRead),
		func(ctx context.Context, actor access.Actor, _ *struct{}) (*answer[desk.StatusView], error) {
			view, err := s.desk.Status(ctx, actor)
			if err != nil {
				return nil, err
			}
			return &answer[desk.StatusView]{Body: view}, nil
		})
	reconcile := post("/v1/reconcile", "reconcile", "End the quarantine of a restored or cloned database", access.InstallationReconcile)
	reconcile.status = http.StatusNoContent
	register(s, reconcile, func(ctx context.Context, actor access.Actor, in *reconcileInput) (*struct{}, error) {
		if s.published == nil {
			return nil, problem.New(problem.Unavailable, "this server is not told where heads are published; configure it, so that the database can be held against them")
		}
		trail, err := s.published(ctx)
		if err != nil {
			return nil, fmt.Errorf("cannot read the published heads: %w", err)
		}
		return nil, s.desk.Reconcile(ctx, actor, in.Body.Reason, trail)
	})
}

func created(r route) route {
	r.status = http.StatusCreated
	return r
}

type principalInput struct {
	Body NewPrincipal
}

// NewPrincipal is a person or machine that is to be known.
type NewPrincipal struct {
	Handle string        `json:"handle" minLength:"1" maxLength:"63" doc:"What staff call them"`
	Kind   string        `json:"kind" enum:"person,machine" doc:"A machine can do nothing that needs a named person"`
	Roles  []access.Role `json:"roles,omitempty" maxItems:"20" doc:"Roles held on every case"`
}

// Principal is who was made known.
type Principal struct {
	ID uuid.UUID `json:"id" doc:"Id of the principal, which is what chains and logs carry"`
}

type tokenInput struct {
	Body NewToken
}

// NewToken is an API token that is to be made.
type NewToken struct {
	Handle  string         `json:"handle" minLength:"1" maxLength:"63" doc:"Whose token it is"`
	Scopes  []access.Scope `json:"scopes" minItems:"1" maxItems:"20" doc:"What it may be used for, whatever the roles allow"`
	Expires *time.Time     `json:"expires,omitempty" doc:"When it ends; never if absent"`
}

// Token is a token, on the one occasion on which it is shown.
type Token struct {
	Token string `json:"token" doc:"The token: keep it like a password. Only its hash is stored"`
}

type prefixInput struct {
	Prefix string `path:"prefix" maxLength:"40" doc:"The middle part of the token, which is no secret"`
}

type reconcileInput struct {
	Body desk.ReasonInput
}
