package api

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/problem"
	"github.com/atlascloudai/docket/desk"
)

const opening = `{"right":"erasure","identities":[{"kind":"email","value":"jo.sample@example.com"}]}`

// A request is opened once for its key, and the answer says where it is.
func TestRequestsAreOpenedOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	p := b.problem(b.ask("POST", "/v1/requests", opening), 400, problem.Invalid)
	require.Equal(t, "Idempotency-Key", p.Field)
	r := b.ask("POST", "/v1/requests", opening, "Idempotency-Key", "my-key-0001")
	require.Equal(t, 201, r.StatusCode, string(r.body))
	require.Equal(t, "/v1/requests/"+theCase.String(), r.Header.Get("Location"))
	require.Equal(t, "my-key-0001", b.desk.key)
}

// Each request of a batch has its own outcome, in the words of every other refusal.
func TestABatchTellsEachOutcome(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.problem(b.ask("POST", "/v1/requests/batch", `{"requests":[]}`, "Idempotency-Key", "my-key-0001"), 400, problem.Invalid)
	many := `{"requests":[` + strings.Repeat(opening+",", 500) + opening + `]}`
	b.problem(b.ask("POST", "/v1/requests/batch", many, "Idempotency-Key", "my-key-0001"), 400, problem.Invalid)
	r := b.ask("POST", "/v1/requests/batch", `{"requests":[`+opening+`,`+opening+`]}`, "Idempotency-Key", "my-key-0001")
	require.Equal(t, 200, r.StatusCode, string(r.body))
	var page desk.Page[BatchItem]
	require.NoError(t, json.Unmarshal(r.body, &page))
	require.Equal(t, "INC-7K3F", page.Items[0].Receipt.Code)
	require.Nil(t, page.Items[0].Problem)
	require.Nil(t, page.Items[1].Receipt)
	require.Equal(t, "docket:problem:invalid", page.Items[1].Problem.Type)
	require.Equal(t, "reply_to", page.Items[1].Problem.Field)

	r = b.ask("POST", "/v1/requests/batch", `{"requests":[`+opening+`,{"right":"everything","identities":[]},7]}`, "Idempotency-Key", "my-key-0002")
	require.Equal(t, 200, r.StatusCode, string(r.body))
	page = desk.Page[BatchItem]{}
	require.NoError(t, json.Unmarshal(r.body, &page))
	require.NotNil(t, page.Items[0].Receipt, "one that cannot be read holds the others back nowhere")
	for _, item := range page.Items[1:] {
		require.Equal(t, "docket:problem:invalid", item.Problem.Type)
	}
}

// One decision about many requests is one decision about each: with a key of its own, and an outcome of its own.
func TestActionsDecideEachByItself(t *testing.T) {
	t.Parallel()
	b := setup(t)
	const actions = "/v1/requests/actions"
	p := b.problem(b.ask("POST", actions, `{"action":"assign","cases":["INC-7K3F"]}`), 400, problem.Invalid)
	require.Equal(t, "Idempotency-Key", p.Field, "what is made twice by accident starts a plan anew")
	p = b.problem(b.ask("POST", actions, `{"action":"assign","cases":["INC-7K3F"]}`, "Idempotency-Key", "my-key-0001"), 400, problem.Invalid)
	require.Equal(t, "assignee", p.Field)
	ask := func() (page desk.Page[BatchItem]) {
		r := b.ask("POST", actions, `{"action":"assign","assignee":"a.example","cases":["INC-0000","INC-7K3F"]}`, "Idempotency-Key", "my-key-0001")
		require.Equal(t, 200, r.StatusCode, string(r.body))
		require.NoError(t, json.Unmarshal(r.body, &page))
		return page
	}
	page := ask()
	require.Equal(t, problem.NotFound, page.Items[0].Problem.Code)
	require.Equal(t, "INC-0000", page.Items[0].Case)
	require.Equal(t, theCase, page.Items[1].Receipt.Case)
	require.Equal(t, desk.AssigneeInput{Assignee: "a.example"}, b.desk.in)
	key := b.desk.key
	require.NotEqual(t, "my-key-0001", key)
	ask()
	require.Equal(t, key, b.desk.key, "a repetition is the same decision")
	// When the store is away the whole is refused, to be asked again.
	b.desk.err = errInside
	b.problem(b.ask("POST", actions, `{"action":"scope","cases":["INC-7K3F"]}`, "Idempotency-Key", "my-key-0002"), 500, Internal)
}

func TestTheWorklistIsNarrowedByWhatTheAddressSays(t *testing.T) {
	t.Parallel()
	b := setup(t)
	require.Equal(t, 200, b.ask("GET", "/v1/requests?status=executing&status=verifying&assignee=a.example&right=erasure&waiting_for=team&blocker=target_failed&limit=3&cursor=x", "").StatusCode)
	require.Equal(t, desk.WorklistInput{Statuses: []string{"executing", "verifying"}, Assignee: "a.example", Right: "erasure", Waiting: "team", Blocker: "target_failed", Cursor: "x", Limit: 3}, b.desk.in)
}

func TestACertificateIsSentAsItWasSigned(t *testing.T) {
	t.Parallel()
	b := setup(t)
	r := b.ask("GET", "/v1/requests/INC-7K3F/certificate", "")
	require.Equal(t, "application/jose", r.Header.Get("Content-Type"))
	require.Equal(t, "a.b.c\nd.e.f\n", string(r.body))
}

// A command whose address says it all takes no input but a key.
func TestCommandsWithoutInput(t *testing.T) {
	t.Parallel()
	b := setup(t)
	part := "01960000-0000-7000-8000-000000000009"
	path := "/v1/requests/INC-7K3F/targets/" + part + "/retry"
	require.Equal(t, 200, b.ask("POST", path, "").StatusCode)
	require.Equal(t, part, b.desk.part.String())
	b.problem(b.ask("POST", path, `{"force":true}`), 400, problem.Invalid)
}

const link = "/identity/01960000-0000-7000-8000-0000000000c1"

// Looking at a mailed link uses nothing up, says nothing about anybody, and an unknown link looks like a used one.
func TestLookingAtALinkConsumesNothing(t *testing.T) {
	t.Parallel()
	b := setup(t)
	used := b.ask("GET", link, "", "Authorization", "")
	require.Equal(t, 200, used.StatusCode)
	require.Contains(t, string(used.body), "this link can no longer be used")
	for _, unknown := range []string{"/identity/none", "/identity/" + uuid.NewString()} {
		r := b.ask("GET", unknown, "", "Authorization", "")
		require.Equal(t, used.StatusCode, r.StatusCode)
		require.Equal(t, string(used.body), string(r.body))
	}
	b.desk.stands = true
	stands := b.ask("GET", link, "", "Authorization", "")
	require.Contains(t, string(stands.body), `<form method="post"`)
	require.NotContains(t, string(stands.body), "<script")
	require.Equal(t, "no-store", stands.Header.Get("Cache-Control"))
	require.Equal(t, "no-referrer", stands.Header.Get("Referrer-Policy"))
	require.Contains(t, stands.Header.Get("Content-Security-Policy"), "default-src 'none'; form-action 'self'")
	require.Equal(t, 200, b.ask("HEAD", link, "", "Authorization", "").StatusCode)
	require.Empty(t, b.desk.codes)
}

// The code counts however it is typed; whatever is wrong is answered the same.
func TestACodeIsTypedIntoAForm(t *testing.T) {
	t.Parallel()
	b := setup(t)
	const form = "application/x-www-form-urlencoded"
	post := func(body, kind string) response {
		return b.ask("POST", link, body, "Authorization", "", "Content-Type", kind)
	}
	require.Contains(t, string(post(url.Values{"code": {"abcde-fgh 23"}}.Encode(), form).body), "Thank you")
	require.Equal(t, 200, post(`{"code":"ABCDEFGH23"}`, "application/json").StatusCode)
	require.Equal(t, []string{theCode, theCode}, b.desk.codes)

	wrong := post("code=WRONG", form)
	require.Equal(t, 403, wrong.StatusCode)
	require.NotContains(t, string(wrong.body), "WRONG")
	asked := len(b.desk.codes)
	for kind, bodies := range map[string][]string{
		form:               {"", "code=", "code=%zz", "code=" + strings.Repeat("A", codeBody)},
		"application/json": {"", "{", "[]", `{"code":1}`, `{"code":"ABCDEFGH23","code":"ABCDEFGH23"}`},
		"text/plain":       {"code=" + theCode},
	} {
		for _, body := range bodies {
			r := post(body, kind)
			require.Equal(t, 403, r.StatusCode, "%s %s", kind, body)
			require.Equal(t, string(wrong.body), string(r.body))
		}
	}
	r := b.ask("POST", "/identity/none", "code="+theCode, "Authorization", "", "Content-Type", form)
	require.Equal(t, string(wrong.body), string(r.body))
	require.Len(t, b.desk.codes, asked, "nothing that is no code gets to the desk")

	b.desk.err = errInside
	away := post("code="+theCode, form)
	require.Equal(t, 500, away.StatusCode)
	require.Contains(t, string(away.body), "try again later")
	require.NotContains(t, string(away.body), "db-7")
	require.NotContains(t, b.log.String(), theCode)
	require.NotContains(t, b.log.String(), strings.TrimPrefix(link, "/identity/"))
}
