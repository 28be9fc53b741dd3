package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"reflect"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/problem"
	"github.com/atlascloudai/docket/desk"
)

const (
	allRequests = "/v1/requests"
	oneRequest  = allRequests + "/{case}"

	// joseType is a signature in its compact form (RFC 7515 section 9.2.1).
	joseType = "application/jose"
)

// requests puts the life of a person's request on the router.
func (s *surface) requests() {
	opens(s, post(allRequests, "openRequest", "Record a request of a person", access.RequestOpen).makes(), Desk.OpenRequest)
	s.openRequests(post(allRequests+"/batch", "openRequests", "Record many requests, each by itself: one that is refused holds none of the others back", access.RequestOpen).onceOnly().large(s))
	s.actOnRequests(post(allRequests+"/actions", "actOnRequests", "Do the same with many requests, each by itself", access.RequestWork).onceOnly())
	s.readRequests()

	command(s, post(oneRequest+"/read", "readRequest", "Say what a letter asks for that said so unclearly", access.RequestWork), Desk.ReadRequest)
	command(s, post(oneRequest+"/dismiss", "dismissRequest", "End a letter that asks for nothing", access.RequestWork), Desk.DismissRequest)
	command(s, post(oneRequest+"/assign", "assignRequest", "Give a request to somebody", access.RequestWork), Desk.AssignRequest)
	item(s, post(oneRequest+"/identities/{id}/ask", "askIdentity", "Mail a link with a code to an address that the request names; an earlier code ends with it", access.RequestWork).onceOnly(), withoutInput(Desk.AskIdentity))
	item(s, post(oneRequest+"/identities/{id}/verify", "verifyIdentity", "Record that an identity was shown by other means than a mailed code", access.RequestVerify), Desk.VerifyIdentity)
	command(s, post(oneRequest+"/scope", "scopeRequest", "Make a plan: what is held is located, and nothing is touched; one that was made before is forgotten", access.RequestWork).onceOnly(), withoutBody(Desk.ScopeRequest))
	register(s, post(oneRequest+"/sample", "samplePlan", "Look at a sample of the records that a plan reaches; that you did is recorded", access.RequestApprove), list(s, Desk.SamplePlan))
	command(s, post(oneRequest+"/approve", "approvePlan", "Approve exactly the plan of a digest; the cooling-off begins", access.RequestApprove), Desk.ApprovePlan)
	command(s, post(oneRequest+"/care", "careRequest", "Let a request that needs care go on", access.RequestApprove), Desk.CareRequest)
	command(s, post(oneRequest+"/deny", "denyRequest", "Deny a request for a coded reason", access.RequestEnd), Desk.DenyRequest)
	command(s, post(oneRequest+"/cancel", "cancelRequest", "End a request that the person no longer makes; possible until the first destructive call", access.RequestEnd), Desk.CancelRequest)
	command(s, post(oneRequest+"/lapse", "lapseRequest", "End a request whose person never showed who they are", access.RequestEnd), Desk.LapseRequest)
	command(s, post(oneRequest+"/done", "doneRequest", "Record that a person carried out what was asked", access.RequestWork), Desk.DoneRequest)
	command(s, post(oneRequest+"/clarification", "clarifyRequest", "Record that the person was asked what they mean, or that their answer came; the clock stands still where the law says so", access.RequestWork), Desk.ClarifyRequest)
	command(s, post(oneRequest+"/duplicate", "linkRequest", "Link a request to the one that it repeats, of the same verified person", access.RequestWork), Desk.LinkRequest)
	command(s, post(oneRequest+"/controller", "nameController", "Record whose customer's data it is: it is owed to that customer that the request is forwarded", access.RequestWork), Desk.NameController)
	command(s, post(oneRequest+"/forward", "forwardRequest", "Send a request to the customer that is the controller", access.RequestWork), Desk.ForwardRequest)
	item(s, post(oneRequest+"/targets/{id}/retry", "retryTarget", "Ask for another try of one place alone", access.RequestWork), withoutInput(Desk.RetryTarget))

	register(s, get(oneRequest+"/letters", "listLetters", "List the letters of a request with the digests that approvals are bound to", access.CaseRead), list(s, Desk.Letters))
	command(s, post(oneRequest+"/letters", "draftLetter", "Draft an answer, a denial or an extension from what is true now", access.RequestWork).makes(), Desk.DraftLetter)
	item(s, post(oneRequest+"/letters/{id}/approve", "approveLetter", "Approve exactly the letter of a digest; it is sent", access.RequestApprove), Desk.ApproveLetter)

	register(s, get(oneRequest+"/tasks", "listTasks", "List the tasks of systems' owners, without identifiers", access.RequestTask), list(s, Desk.Tasks))
	s.showTask(post(oneRequest+"/tasks/{id}/show", "showTask", "Show the identifiers of a task, once; that it was shown is recorded", access.RequestTask))
	item(s, post(oneRequest+"/tasks/{id}/done", "taskDone", "Say that a task was carried out, with the evidence", access.RequestTask).large(s), Desk.TaskDone)
	item(s, post(oneRequest+"/tasks/{id}/check", "checkTask", "Check the evidence of a task as a second person", access.RequestTask), Desk.CheckTask)
}

// NoInput is the body of a command whose address says it all.
type NoInput struct{}

// withoutBody is a command on a case whose address says it all.
func withoutBody(do func(Desk, context.Context, access.Actor, string, uuid.UUID) (desk.Receipt, error)) func(Desk, context.Context, access.Actor, string, uuid.UUID, NoInput) (desk.Receipt, error) {
	return func(d Desk, ctx context.Context, actor access.Actor, key string, id uuid.UUID, _ NoInput) (desk.Receipt, error) {
		return do(d, ctx, actor, key, id)
	}
}

// withoutInput is a command on a part whose address says it all.
func withoutInput(do func(Desk, context.Context, access.Actor, string, uuid.UUID, uuid.UUID) (desk.Receipt, error)) func(Desk, context.Context, access.Actor, string, uuid.UUID, uuid.UUID, NoInput) (desk.Receipt, error) {
	return func(d Desk, ctx context.Context, actor access.Actor, key string, caseID, id uuid.UUID, _ NoInput) (desk.Receipt, error) {
		return do(d, ctx, actor, key, caseID, id)
	}
}

type plainInput[In any] struct {
	KeyHeader
	Body In
}

// opens puts a command that makes a thing outside any case on the router.
func opens[In any](s *surface, r route, do func(Desk, context.Context, access.Actor, string, In) (desk.Receipt, error)) {
	register(s, r, func(ctx context.Context, actor access.Actor, in *plainInput[In]) (*receiptAnswer, error) {
		if err := in.need(r); err != nil {
			return nil, err
		}
		done, err := do(s.desk, ctx, actor, in.Key, in.Body)
		if err != nil {
			return nil, err
		}
		out := receipt(done)
		made := done.Case
		if done.ID != nil {
			made = *done.ID
		}
		out.Location = r.path + "/" + made.String()
		return out, nil
	})
}

// PartParam is a thing that belongs to no case.
type PartParam struct {
	ID uuid.UUID `path:"id" doc:"Its id"`
}

type partCommand[In any] struct {
	PartParam
	KeyHeader
	Body In
}

// part puts a decision about a thing that belongs to no case on the router.
func part[In any](s *surface, r route, do func(Desk, context.Context, access.Actor, string, uuid.UUID, In) (desk.Receipt, error)) {
	register(s, r, func(ctx context.Context, actor access.Actor, in *partCommand[In]) (*receiptAnswer, error) {
		if err := in.need(r); err != nil {
			return nil, err
		}
		done, err := do(s.desk, ctx, actor, in.Key, in.ID, in.Body)
		if err != nil {
			return nil, err
		}
		return receipt(done), nil
	})
}

type worklistInput struct {
	PageParams
	Status   []string `query:"status,explode" maxItems:"20" doc:"Only requests of these statuses; may be given several times"`
	Assignee string   `query:"assignee" maxLength:"63" doc:"Only those of this person, by handle"`
	Right    string   `query:"right" maxLength:"30" doc:"Only those that ask for this"`
	Waiting  string   `query:"waiting_for" enum:"person,team,approver,stores,nobody" doc:"Only those that wait for them"`
	Blocker  string   `query:"blocker" maxLength:"200" doc:"Only those with this in the way, such as target_failed"`
}

// certificateAnswer is a certificate as it was signed.
type certificateAnswer struct {
	ContentType string `header:"Content-Type"`
	Body        []byte
}

func (s *surface) readRequests() {
	register(s, get(allRequests, "listRequests", "List requests by their next clock, those without one last", access.CaseRead),
		func(ctx context.Context, actor access.Actor, in *worklistInput) (*answer[desk.Page[desk.RequestView]], error) {
			return page(s.desk.Requests(ctx, actor, desk.WorklistInput{Statuses: in.Status, Assignee: in.Assignee, Right: in.Right, Waiting: in.Waiting, Blocker: in.Blocker, Cursor: in.Cursor, Limit: in.Limit}))
		})
	register(s, get(oneRequest, "getRequest", "Read a request: whom it names, where data lies, and what became of it", access.CaseRead),
		func(ctx context.Context, actor access.Actor, in *CaseParam) (*answer[desk.RequestView], error) {
			view, err := s.desk.Request(ctx, actor, in.Case)
			if err != nil {
				return nil, err
			}
			return &answer[desk.RequestView]{Body: view}, nil
		})
	register(s, get(oneRequest+"/certificate", "getCertificate", "Read the certificate: one signed version on each line, oldest first", access.CaseRead),
		func(ctx context.Context, actor access.Actor, in *CaseParam) (*certificateAnswer, error) {
			id, err := s.resolve(ctx, actor, in.Case)
			if err != nil {
				return nil, err
			}
			file, err := s.desk.Certificates(ctx, actor, id)
			if err != nil {
				return nil, err
			}
			return &certificateAnswer{ContentType: joseType, Body: file}, nil
		})
	// huma takes every answer for JSON.
	success := s.huma.OpenAPI().Paths[oneRequest+"/certificate"].Get.Responses["200"]
	success.Headers, success.Content = nil, map[string]*huma.MediaType{joseType: {Schema: &huma.Schema{Type: huma.TypeString}}}
}

func (s *surface) showTask(r route) {
	register(s, r, func(ctx context.Context, actor access.Actor, in *itemCommand[NoInput]) (*answer[desk.TaskView], error) {
		id, err := s.resolve(ctx, actor, in.Case)
		if err != nil {
			return nil, err
		}
		view, err := s.desk.ShowTask(ctx, actor, in.Key, id, in.ID)
		if err != nil {
			return nil, err
		}
		return &answer[desk.TaskView]{Body: view}, nil
	})
}

// RequestBatch is many requests at once.
type RequestBatch struct {
	// Requests are read one by one: a malformed one holds none of the others back.
	Requests []json.RawMessage `json:"requests" minItems:"1" maxItems:"500" doc:"The requests, each as the body of openRequest"`
}

// BatchItem is what became of one of many requests.
type BatchItem struct {
	Index   int           `json:"index" doc:"Place in the input, from 0"`
	Case    string        `json:"case,omitempty" doc:"The request as the input named it"`
	Receipt *desk.Receipt `json:"receipt,omitempty" doc:"What was recorded"`
	Problem *Problem      `json:"problem,omitempty" doc:"Why it was not"`
}

func (s *surface) openRequests(r route) {
	register(s, r, func(ctx context.Context, actor access.Actor, in *plainInput[RequestBatch]) (*answer[desk.Page[BatchItem]], error) {
		if err := in.need(r); err != nil {
			return nil, err
		}
		// One that cannot be read stands as an empty one, which the desk refuses too: the others keep their places.
		all, malformed := make([]desk.RequestInput, len(in.Body.Requests)), map[int]error{}
		for i, raw := range in.Body.Requests {
			var err error
			if all[i], err = s.entry(raw); err != nil {
				malformed[i] = err
			}
		}
		done, err := s.desk.OpenRequests(ctx, actor, in.Key, all)
		if err != nil {
			return nil, err
		}
		items := make([]BatchItem, len(done))
		for i, one := range done {
			items[i] = BatchItem{Index: one.Index, Receipt: one.Receipt}
			if refused := malformed[i]; refused != nil {
				items[i] = BatchItem{Index: i, Problem: s.explain(ctx, refused)}
			} else if one.Problem != nil {
				items[i].Problem = s.explain(ctx, one.Problem)
			}
		}
		return page(desk.Page[BatchItem]{Items: items}, nil)
	})
}

// entry reads one request of a batch, held to the same schema as one that comes alone.
func (s *surface) entry(raw json.RawMessage) (in desk.RequestInput, err error) {
	var value any
	if err := json.Unmarshal(raw, &value); err != nil {
		return in, problem.InvalidField("requests", "is not JSON")
	}
	registry, path, result := s.huma.OpenAPI().Components.Schemas, huma.NewPathBuffer(nil, 0), &huma.ValidateResult{}
	huma.Validate(registry, registry.Schema(reflect.TypeFor[desk.RequestInput](), true, ""), path, huma.ModeWriteToServer, value, result)
	if len(result.Errors) > 0 {
		if detail, ok := errors.AsType[*huma.ErrorDetail](result.Errors[0]); ok {
			return in, problem.InvalidField(detail.Location, "%s", detail.Message)
		}
		return in, problem.InvalidField("requests", "is not a request")
	}
	if err := json.Unmarshal(raw, &in); err != nil {
		return desk.RequestInput{}, problem.InvalidField("requests", "is not a request")
	}
	return in, nil
}

// RequestActions is one decision about many requests.
type RequestActions struct {
	Action   string   `json:"action" enum:"assign,scope" doc:"assign: give them to the assignee; scope: make a plan of each"`
	Cases    []string `json:"cases" minItems:"1" maxItems:"100" doc:"Ids or codes of the requests"`
	Assignee string   `json:"assignee,omitempty" maxLength:"63" doc:"Handle of the person; needed for assign"`
}

func (s *surface) actOnRequests(r route) {
	register(s, r, func(ctx context.Context, actor access.Actor, in *plainInput[RequestActions]) (*answer[desk.Page[BatchItem]], error) {
		if err := in.need(r); err != nil {
			return nil, err
		}
		if in.Body.Action == "assign" && in.Body.Assignee == "" {
			return nil, problem.InvalidField("assignee", "name the person whom they are given to")
		}
		items := make([]BatchItem, len(in.Body.Cases))
		for i, ref := range in.Body.Cases {
			items[i] = BatchItem{Index: i, Case: ref}
			done, err := s.actOnRequest(ctx, actor, in.Key, ref, in.Body)
			if err == nil {
				items[i].Receipt = &done
				continue
			}
			if items[i].Problem = s.explain(ctx, err); items[i].Problem.Status >= http.StatusInternalServerError {
				return nil, err // The rest would fail alike; repeated with the same key, nothing is done twice.
			}
		}
		return page(desk.Page[BatchItem]{Items: items}, nil)
	})
}

// actOnRequest decides for one of many, with a key of its own that a repetition makes again.
func (s *surface) actOnRequest(ctx context.Context, actor access.Actor, key, ref string, in RequestActions) (desk.Receipt, error) {
	id, err := s.resolve(ctx, actor, ref)
	if err != nil {
		return desk.Receipt{}, err
	}
	if key != "" {
		key = uuid.NewSHA1(id, []byte(key)).String()
	}
	if in.Action == "assign" {
		return s.desk.AssignRequest(ctx, actor, key, id, desk.AssigneeInput{Assignee: in.Assignee})
	}
	return s.desk.ScopeRequest(ctx, actor, key, id)
}
