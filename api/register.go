package api

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"
	"github.com/google/uuid"

	"github.com/atlascloudai/docket/api/auth"
	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/problem"
	"github.com/atlascloudai/docket/desk"
)

// route is what is particular to one address; everything else is the same for all.
type route struct {
	method, path, id, says string
	// actions are the rows of the permission table of which one must admit the token.
	actions []access.Action
	// status is that of success.
	status int
	// keyed refuses a request without Idempotency-Key: repeated, it would make a second thing.
	keyed bool
	// limit bounds the body; types are the ones that it may have.
	limit int64
	types []string
}

func get(path, id, says string, actions ...access.Action) route {
	return route{method: http.MethodGet, path: path, id: id, says: says, actions: actions, status: http.StatusOK}
}

func post(path, id, says string, actions ...access.Action) route {
	return route{
		method: http.MethodPost, path: path, id: id, says: says, actions: actions, status: http.StatusOK,
		limit: ordinaryBody, types: []string{jsonType},
	}
}

func put(path, id, says string, actions ...access.Action) route {
	r := post(path, id, says, actions...)
	r.method = http.MethodPut
	return r
}

func remove(path, id, says string, actions ...access.Action) route {
	r := get(path, id, says, actions...)
	r.method, r.status = http.MethodDelete, http.StatusNoContent
	return r
}

// makes marks a route that makes a thing of its own each time.
func (r route) makes() route {
	r.status = http.StatusCreated
	return r.onceOnly()
}

// onceOnly marks a route that is never to be repeated by accident.
func (r route) onceOnly() route {
	r.keyed = true
	return r
}

// large lets a body be as large as the installation allows.
func (r route) large(s *surface) route {
	r.limit = s.bodyLimit
	return r
}

// register is the only way onto the router: it authenticates, looks at the scope, reads the body
// strictly, and turns every error into a problem.
func register[I, O any](s *surface, r route, do func(context.Context, access.Actor, *I) (*O, error)) {
	actions := make([]string, len(r.actions))
	for i, action := range r.actions {
		actions[i] = string(action)
	}
	op := huma.Operation{
		Method: r.method, Path: r.path, OperationID: r.id, Summary: r.says, DefaultStatus: r.status,
		Tags:        []string{tag(r.path)},
		Security:    []map[string][]string{{"token": {}}},
		Extensions:  map[string]any{"x-docket-actions": actions},
		Middlewares: huma.Middlewares{s.admit(r.actions)},
		// The body is read and bounded by readBody.
		MaxBodyBytes: -1, BodyReadTimeout: -1,
	}
	if r.limit > 0 {
		op.Middlewares = append(op.Middlewares, s.readBody(min(r.limit, s.bodyLimit), r.types...))
	}
	if len(r.types) > 1 {
		op.RequestBody, op.SkipValidateBody = importBodies(s.huma), true
	}
	huma.Register(s.huma, op, func(ctx context.Context, in *I) (*O, error) {
		out, err := do(ctx, auth.Actor(ctx), in)
		if err != nil {
			return nil, s.explain(ctx, err)
		}
		return out, nil
	})
	if r.limit > 0 {
		s.documentNeeds(r)
	}
}

// documentNeeds says in the document which headers are refused when they are missing. huma would
// refuse them too, but not by the code that tells the client what to do.
func (s *surface) documentNeeds(r route) {
	path := s.huma.OpenAPI().Paths[r.path]
	op := path.Post
	if r.method == http.MethodPut {
		op = path.Put
	}
	for _, p := range op.Parameters {
		p.Required = p.Required || p.Name == "If-Match" || r.keyed && p.Name == "Idempotency-Key"
	}
}

// tag groups the routes of the document by what they are about.
func tag(path string) string {
	parts := strings.Split(strings.TrimPrefix(path, "/v1/"), "/")
	if parts[0] == "cases" && len(parts) > 2 {
		switch parts[2] {
		case "duties", "notices", "campaigns", "deliveries", "raises":
			return parts[2]
		}
	}
	return parts[0]
}

// admit puts the actor into the context, or ends the request.
func (s *surface) admit(actions []access.Action) func(huma.Context, func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		c := humagin.Unwrap(ctx)
		actor, err := s.authenticate(c.Request)
		if err == nil {
			c.Set(actorKey, actor.ID)
			err = auth.Admit(actor, actions...)
		}
		if err != nil {
			s.refuse(c, s.explain(ctx.Context(), err))
			return
		}
		next(huma.WithContext(ctx, auth.With(ctx.Context(), actor)))
	}
}

func (s *surface) authenticate(r *http.Request) (access.Actor, error) {
	token, err := auth.Token(r)
	if err != nil {
		return access.Actor{}, err
	}
	return s.desk.Authenticate(r.Context(), token)
}

// CaseParam is the case in the address. It and the like are exported because huma reads embedded structs only so.
type CaseParam struct {
	Case string `path:"case" maxLength:"64" example:"INC-7K3F" doc:"Id of the case, or the short code that people say; the code needs the right to read the case"`
}

// ItemParam is one thing of a case in the address.
type ItemParam struct {
	CaseParam
	ID uuid.UUID `path:"id" doc:"Id of the part of the case that the address names: a duty, a notice, an identity, a target"`
}

// KeyHeader makes a repeated command harmless.
type KeyHeader struct {
	Key string `header:"Idempotency-Key" minLength:"8" maxLength:"255" pattern:"^[!-~]+$" patternDescription:"printable ASCII without spaces" doc:"Chosen by the client, new for every decision: the same key with the same body gives the same receipt and does nothing twice"`
}

// need refuses a missing key where a repetition would make a second thing.
func (k KeyHeader) need(r route) error {
	if r.keyed && k.Key == "" {
		return problem.InvalidField("Idempotency-Key", "is required here: without it a repeated request would make a second one")
	}
	return nil
}

// MatchHeader is the version of a text that the editor has read (RFC 9110 section 13.1.1).
type MatchHeader struct {
	IfMatch string `header:"If-Match" maxLength:"20" example:"\"3\"" doc:"ETag of the text as it was read; without it the edit is refused with 428"`
}

// version reads the header; a missing one is 428 (RFC 6585 section 3), so that nobody overwrites
// what they have not seen.
func (m MatchHeader) version() (int, error) {
	if m.IfMatch == "" {
		p := newProblem(PreconditionRequired, "send If-Match with the ETag of the text that was read")
		p.Field = "If-Match"
		return 0, p
	}
	quoted, ok := strings.CutPrefix(m.IfMatch, `"`)
	quoted, closed := strings.CutSuffix(quoted, `"`)
	version, err := strconv.Atoi(quoted)
	if !ok || !closed || err != nil || version < 0 {
		return 0, problem.InvalidField("If-Match", `is one ETag as it was read, such as "3"`)
	}
	return version, nil
}

// etag is a text's version as an ETag.
func etag(version int) string { return `"` + strconv.Itoa(version) + `"` }

// PageParams is where a list goes on, and how long a page is.
type PageParams struct {
	Cursor string `query:"cursor" maxLength:"500" doc:"Where to go on: next of the page before"`
	Limit  int    `query:"limit" minimum:"1" maximum:"500" default:"50" doc:"Items on a page"`
}

// answer is a body of success.
type answer[T any] struct {
	Body T
}

// receiptAnswer is what a command did, and where the thing is that it made.
type receiptAnswer struct {
	Location string `header:"Location" doc:"Address of what was made"`
	ETag     string `header:"ETag" doc:"The new version of the text, for If-Match"`
	Body     desk.Receipt
}

func receipt(r desk.Receipt) *receiptAnswer {
	out := &receiptAnswer{Body: r}
	if r.Version > 0 {
		out.ETag = etag(r.Version)
	}
	return out
}

type caseCommand[In any] struct {
	CaseParam
	KeyHeader
	Body In
}

type itemCommand[In any] struct {
	ItemParam
	KeyHeader
	Body In
}

// command puts one of the desk's decisions about a case on the router.
func command[In any](s *surface, r route, do func(Desk, context.Context, access.Actor, string, uuid.UUID, In) (desk.Receipt, error)) {
	register(s, r, func(ctx context.Context, actor access.Actor, in *caseCommand[In]) (*receiptAnswer, error) {
		if err := in.need(r); err != nil {
			return nil, err
		}
		id, err := s.resolve(ctx, actor, in.Case)
		if err != nil {
			return nil, err
		}
		done, err := do(s.desk, ctx, actor, in.Key, id, in.Body)
		if err != nil {
			return nil, err
		}
		out := receipt(done)
		if r.status == http.StatusCreated && done.ID != nil {
			out.Location = strings.Replace(r.path, "{case}", id.String(), 1) + "/" + done.ID.String()
		}
		return out, nil
	})
}

// item puts one of the desk's decisions about a part of a case on the router.
func item[In any](s *surface, r route, do func(Desk, context.Context, access.Actor, string, uuid.UUID, uuid.UUID, In) (desk.Receipt, error)) {
	register(s, r, func(ctx context.Context, actor access.Actor, in *itemCommand[In]) (*receiptAnswer, error) {
		if err := in.need(r); err != nil {
			return nil, err
		}
		id, err := s.resolve(ctx, actor, in.Case)
		if err != nil {
			return nil, err
		}
		done, err := do(s.desk, ctx, actor, in.Key, id, in.ID, in.Body)
		if err != nil {
			return nil, err
		}
		return receipt(done), nil
	})
}

// resolve turns the short code into the id. A code is looked up as the reader would, so that one
// that may not be seen is not found; an id goes to the desk as it is, which looks in the same way.
func (s *surface) resolve(ctx context.Context, actor access.Actor, ref string) (uuid.UUID, error) {
	if id, err := uuid.Parse(ref); err == nil && len(ref) == 36 {
		return id, nil
	}
	view, err := s.desk.Case(ctx, actor, ref)
	return view.ID, err
}

// page gives an empty list as [], never as null.
func page[T any](p desk.Page[T], err error) (*answer[desk.Page[T]], error) {
	if err != nil {
		return nil, err
	}
	if p.Items == nil {
		p.Items = []T{}
	}
	return &answer[desk.Page[T]]{Body: p}, nil
}
