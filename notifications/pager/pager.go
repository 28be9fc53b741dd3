// Package pager raises people through one generic webhook, signed as Standard
// Webhooks prescribes, and pings the dead man's switch. Any on-call service that
// takes a webhook can stand behind it.
package pager

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/atlascloudai/docket/core/problem"
	"github.com/atlascloudai/docket/notifications"
)

// Config says whom to page.
type Config struct {
	// URL takes the pages. It may hold a secret, so it is never logged nor part of
	// an answer. Empty means that nobody can be paged; Ping still works.
	URL string
	// Secret signs them: "whsec_" and 24 to 64 bytes in base64.
	Secret string
	// PreviousSecret signs beside Secret while receivers change over, or is "".
	PreviousSecret string
	// Timeout bounds one attempt from dialling to the last byte. Defaults to 15 seconds.
	Timeout time.Duration
	// AllowPrivate allows plain http, any port and any address, also of this
	// machine. For development and tests.
	AllowPrivate bool
	// RootCAs are the authorities to trust, or nil for the system's.
	RootCAs *x509.CertPool
}

// Pager pages through one webhook. It is safe for concurrent use.
type Pager struct {
	cfg    Config
	keys   [][]byte
	client *http.Client
}

// New checks the configuration. It refuses with a *problem.Error that names the
// field and never its value.
func New(cfg Config) (*Pager, error) {
	if cfg.Timeout <= 0 {
		cfg.Timeout = 15 * time.Second
	}
	p := &Pager{cfg: cfg, client: guarded(cfg)}
	if cfg.URL == "" {
		return p, nil
	}
	if _, err := checkedURL(cfg.URL, cfg.AllowPrivate); err != nil {
		return nil, problem.InvalidField("url", "%v", err)
	}
	key, err := signingKey(cfg.Secret)
	if err != nil {
		return nil, problem.InvalidField("secret", "%v", err)
	}
	p.keys = append(p.keys, key)
	if cfg.PreviousSecret != "" {
		key, err := signingKey(cfg.PreviousSecret)
		if err != nil {
			return nil, problem.InvalidField("previous_secret", "%v", err)
		}
		p.keys = append(p.keys, key)
	}
	return p, nil
}

// Page makes one attempt to deliver the event, and says what is known:
// Accepted for 2xx; Refused for 3xx (no redirect is followed), 410 and what the
// receiver cannot take at all; Deferred for 408, 425, 429, 5xx, a wrong address or
// secret, and whatever failed before the body was on its way; Unknown when the
// answer was lost after that. Every attempt has the same webhook-id and the same
// body, so a receiver can tell a repetition. The body begins to go out only while
// ctx holds; from then on the attempt runs to its own timeout.
func (p *Pager) Page(ctx context.Context, event Event) notifications.Answer {
	if p.cfg.URL == "" {
		return notifications.Answer{
			Outcome: notifications.Deferred, Class: notifications.Config,
			Reason: "no pager is configured", At: time.Now(),
		}
	}
	body, err := event.Body()
	if err != nil {
		return notifications.Answer{
			Outcome: notifications.Refused, Class: notifications.Permanent,
			Reason: err.Error(), At: time.Now(),
		}
	}
	return p.attempt(ctx, http.MethodPost, p.cfg.URL, body, func(header http.Header) {
		at := time.Now()
		header.Set("Content-Type", "application/json")
		header.Set("webhook-id", event.ID)
		header.Set("webhook-timestamp", strconv.FormatInt(at.Unix(), 10))
		header.Set("webhook-signature", signatures(p.keys, event.ID, at, body))
	})
}

// Ping makes one GET, which tells a dead man's switch that somebody is alive here.
// The same guards and the same answers as for Page hold.
func (p *Pager) Ping(ctx context.Context, address string) notifications.Answer {
	if _, err := checkedURL(address, p.cfg.AllowPrivate); err != nil {
		return notifications.Answer{
			Outcome: notifications.Deferred, Class: notifications.Config,
			Reason: err.Error(), At: time.Now(),
		}
	}
	return p.attempt(ctx, http.MethodGet, address, nil, func(http.Header) {})
}

// attempt makes one request. gate decides between two things that cannot both be
// true: the caller withdrew, or the body began to go out.
func (p *Pager) attempt(ctx context.Context, method, address string, body []byte, sign func(http.Header)) notifications.Answer {
	if ctx.Err() != nil { // AfterFunc below runs beside us, and may come too late.
		return notifications.Answer{Outcome: notifications.Deferred, Class: notifications.Cancelled, Reason: "withdrawn before anything was sent", At: time.Now()}
	}
	limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), p.cfg.Timeout)
	defer cancel()
	var g gate
	defer context.AfterFunc(ctx, func() {
		if g.withdraw() {
			cancel()
		}
	})()

	answer := notifications.Answer{}
	target, err := url.Parse(address)
	if err == nil {
		answer.Host = target.Hostname()
	}
	var reader io.Reader
	if body != nil {
		reader = &gatedBody{gate: &g, rest: bytes.NewReader(body)}
	}
	request, err := http.NewRequestWithContext(traced(limited, &g, body == nil), method, address, reader)
	if err != nil {
		answer.Outcome, answer.Class, answer.Reason = notifications.Deferred, notifications.Config, "the address is not a URL"
		answer.At = time.Now()
		return answer
	}
	request.ContentLength = int64(len(body))
	request.Header.Set("User-Agent", "docket")
	sign(request.Header)

	response, err := p.client.Do(request)
	answer.At = time.Now()
	if err != nil {
		return failed(answer, err, g.passed(), ctx.Err() != nil)
	}
	// The status is the answer. The body may be endless, and is nobody's business.
	_ = response.Body.Close()
	if response.TLS != nil {
		answer.TLS = tlsName(response.TLS)
	}
	return judged(answer, response)
}

// errWithdrawn ends a request whose caller withdrew before its body went out.
var errWithdrawn = errors.New("withdrawn")

// gate is open, then either passed or withdrawn, for good.
type gate struct{ state atomic.Int32 }

const (
	gatePassed    = 1
	gateWithdrawn = 2
)

func (g *gate) pass() bool {
	return g.state.CompareAndSwap(0, gatePassed) || g.state.Load() == gatePassed
}
func (g *gate) withdraw() bool { return g.state.CompareAndSwap(0, gateWithdrawn) }
func (g *gate) passed() bool   { return g.state.Load() == gatePassed }

// gatedBody passes the gate with its first byte. Without its body a signed request
// has no effect, so what fails before this is known to have done nothing.
type gatedBody struct {
	gate *gate
	rest *bytes.Reader
}

func (b *gatedBody) Read(p []byte) (int, error) {
	if !b.gate.pass() {
		return 0, errWithdrawn
	}
	return b.rest.Read(p)
}

// traced passes the gate of a request that has no body once a connection stands.
func traced(ctx context.Context, g *gate, bodiless bool) context.Context {
	if !bodiless {
		return ctx
	}
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { g.pass() },
	})
}

// checkedURL parses an address that requests may go to. Its errors do not repeat it.
func checkedURL(address string, private bool) (*url.URL, error) {
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Hostname() == "" || u.Opaque != "":
		return nil, errors.New("must be a complete URL")
	case u.User != nil:
		return nil, errors.New("must not hold a user name or password")
	case u.Scheme != "https" && (!private || u.Scheme != "http"):
		return nil, errors.New("must begin with https://")
	}
	return u, nil
}
