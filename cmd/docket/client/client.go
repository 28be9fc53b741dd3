// Package client calls Docket's API. A decision is sent with one idempotency key until it is
// answered, so that a lost answer, a restart or a busy moment never makes it happen twice.
package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/atlascloudai/docket/api"
	"github.com/atlascloudai/docket/core/problem"
)

// Client calls one installation. It is safe for concurrent use.
type Client struct {
	// URL is where the API listens, e.g. http://127.0.0.1:8080.
	URL string
	// Token is an API token.
	Token string
	// Patience is how long a call is repeated while nobody answers, the service is unavailable
	// or the same decision is being worked on. Zero: asked once.
	Patience time.Duration
	// HTTP sends; one with a timeout of a minute if nil. Redirects are never followed, because the
	// token is meant for this address only.
	HTTP *http.Client
}

// Refusal is the API's answer no.
type Refusal struct{ api.Problem }

// Error says what was refused, every blocker and what removes it.
func (r *Refusal) Error() string {
	var b strings.Builder
	b.WriteString(r.Title)
	if r.Detail != "" && !strings.EqualFold(r.Detail, r.Title) {
		b.WriteString(": " + r.Detail)
	}
	for _, fault := range r.Errors[min(len(r.Errors), 1):] {
		b.WriteString("\n  " + fault.Field + ": " + fault.Detail)
	}
	for _, blocker := range r.Blockers {
		b.WriteString("\n  " + blocker.Code)
		if blocker.Count > 1 {
			b.WriteString(" (" + strconv.Itoa(blocker.Count) + ")")
		}
		b.WriteString(": " + blocker.Detail)
		if blocker.Ref != "" {
			b.WriteString(" [" + blocker.Ref + "]")
		}
	}
	if r.Code == api.Internal && r.Instance != "" {
		b.WriteString("\n  the server's log has it under " + strings.TrimPrefix(r.Instance, "urn:uuid:"))
	}
	return b.String()
}

// ExitCode is the process's exit code: 1, refused.
func (r *Refusal) ExitCode() int { return 1 }

// Unreachable says that nobody answered. Whether a decision was taken is not known: the same key asks again without harm.
type Unreachable struct {
	URL, Key string
	Err      error
}

// Error implements error.
func (u *Unreachable) Error() string {
	text := fmt.Sprintf("no answer from %s: %v", u.URL, u.Err)
	if u.Key != "" {
		text += "\n  It is not known whether this was done. Ask again with --idempotency-key " + u.Key + ", which does nothing twice."
	}
	return text
}

// Unwrap gives the cause.
func (u *Unreachable) Unwrap() error { return u.Err }

// ExitCode is the process's exit code: 3, unreachable.
func (u *Unreachable) ExitCode() int { return 3 }

// Call is one request.
type Call struct {
	Method string
	// Path is escaped; see Path.
	Path  string
	Query url.Values
	// Body is sent as JSON; nil sends none.
	Body any
	// Key is the idempotency key; one is made for a POST or PUT without.
	Key string
	// Version is the version of the text that was read, for If-Match; sent if Match is set.
	Version int
	Match   bool
}

// Path joins the parts of an address, each escaped.
func Path(parts ...string) string {
	var b strings.Builder
	for _, part := range parts {
		b.WriteString("/" + url.PathEscape(part))
	}
	return b.String()
}

// Get reads what is at the path.
func Get[T any](ctx context.Context, c *Client, path string, query url.Values) (T, error) {
	return Send[T](ctx, c, Call{Method: http.MethodGet, Path: path, Query: query})
}

// Send makes a call and decodes its answer. It returns *Refusal or *Unreachable.
func Send[T any](ctx context.Context, c *Client, call Call) (T, error) {
	var out T
	body, err := c.Raw(ctx, call)
	if err != nil || len(body) == 0 {
		return out, err
	}
	if err := json.Unmarshal(body, &out); err != nil {
		return out, &Unreachable{URL: c.URL, Err: fmt.Errorf("the answer is not Docket's: %w", err)}
	}
	return out, nil
}

// Raw makes a call and gives its answer as it came.
func (c *Client) Raw(ctx context.Context, call Call) ([]byte, error) {
	var body []byte
	if call.Body != nil {
		var err error
		if body, err = json.Marshal(call.Body); err != nil {
			return nil, fmt.Errorf("cannot encode request: %w", err)
		}
	}
	if call.Key == "" && (call.Method == http.MethodPost || call.Method == http.MethodPut) {
		call.Key = uuid.NewString()
	}
	until := time.Now().Add(c.Patience)
	for wait := 200 * time.Millisecond; ; wait = min(2*wait, 3*time.Second) {
		answer, again, err := c.once(ctx, call, body)
		if err == nil {
			return answer, nil
		}
		if again < 0 {
			return nil, err
		}
		pause := max(wait, again)
		if time.Now().Add(pause).After(until) {
			return nil, err
		}
		select {
		case <-ctx.Done():
			return nil, err
		case <-time.After(pause):
		}
	}
}

// never says that a call is not to be repeated.
const never = time.Duration(-1)

// once makes the call; again is how long to wait before another try, or never.
func (c *Client) once(ctx context.Context, call Call, body []byte) (answer []byte, again time.Duration, err error) {
	away := func(err error) error { return &Unreachable{URL: c.URL, Key: call.Key, Err: err} }
	address := strings.TrimSuffix(c.URL, "/") + call.Path
	if len(call.Query) > 0 {
		address += "?" + call.Query.Encode()
	}
	request, err := http.NewRequestWithContext(ctx, call.Method, address, bytes.NewReader(body))
	if err != nil {
		return nil, never, away(err)
	}
	request.Header.Set("Authorization", "Bearer "+c.Token)
	request.Header.Set("Accept", "application/json")
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	if call.Key != "" {
		request.Header.Set("Idempotency-Key", call.Key)
	}
	if call.Match {
		request.Header.Set("If-Match", strconv.Quote(strconv.Itoa(call.Version)))
	}
	response, err := c.http().Do(request)
	if err != nil {
		return nil, 0, away(reason(err))
	}
	defer response.Body.Close()
	answer, err = io.ReadAll(response.Body)
	switch {
	case err != nil:
		return nil, 0, away(err)
	case response.StatusCode < 300:
		return answer, 0, nil
	}
	refusal := &Refusal{}
	if err := json.Unmarshal(answer, &refusal.Problem); err != nil || refusal.Code == "" {
		again := never
		if response.StatusCode >= http.StatusBadGateway {
			again = 0
		}
		return nil, again, away(fmt.Errorf("the answer is not Docket's: %s", response.Status))
	}
	if refusal.Code == problem.Unavailable || refusal.Code == problem.InFlight {
		seconds, _ := strconv.Atoi(response.Header.Get("Retry-After"))
		return nil, time.Duration(seconds) * time.Second, refusal
	}
	return nil, never, refusal
}

// reason is the cause without the address, which may hold a reference.
func reason(err error) error {
	if e, ok := errors.AsType[*url.Error](err); ok {
		return e.Err
	}
	return err
}

func (c *Client) http() *http.Client {
	if c.HTTP != nil {
		return c.HTTP
	}
	return &http.Client{
		Timeout:       time.Minute,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}
