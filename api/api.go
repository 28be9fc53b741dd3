// Package api is Docket's HTTP surface: it decodes, asks the desk, and encodes. It decides nothing.
// Every route names its row of the permission table, and the OpenAPI document is made from the
// types that serve it.
package api

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"
	"github.com/gin-gonic/gin"

	"github.com/atlascloudai/docket/core/audit"
	"github.com/atlascloudai/docket/core/problem"
)

// Options is what the API is put together from.
type Options struct {
	// Desk decides and reads. It is required.
	Desk Desk
	// TrustedProxies are the addresses and networks (CIDR) of proxies whose X-Forwarded-For is believed. Empty: none.
	TrustedProxies []string
	// BodyLimit bounds bulk input (waves of parties, receipts, agreement files) in bytes; 32 MiB if zero.
	// Every other body is bounded at 1 MiB, or at this if it is smaller.
	BodyLimit int64
	// Timeout bounds the work on one request; 30 seconds if zero.
	Timeout time.Duration
	// Logger gets one line a request, without addresses, query strings or personal data. slog.Default if nil.
	Logger *slog.Logger
	// Ready says whether the schema is one that this program knows; nil if nobody needs to ask.
	Ready func(ctx context.Context) error
	// Published reads the heads that were published outside the database, for ending a quarantine; without it
	// nobody can end one here.
	Published func(ctx context.Context) (*audit.Trail, error)
	// Company is who runs this, by its legal name, as the page behind a link in a notice of change says it; empty leaves it out.
	Company string
	// Sign signs what is exported with the installation's key; without it nothing is exported here.
	Sign audit.Signer
}

// surface is one API as it is being put together and while it serves.
type surface struct {
	desk      Desk
	engine    *gin.Engine
	huma      huma.API
	logger    *slog.Logger
	bodyLimit int64
	ready     func(context.Context) error
	published func(context.Context) (*audit.Trail, error)
	company   string
	sign      audit.Signer
	// timeout bounds each step of what is sent as it is read; exporting has a place for each such file.
	timeout   time.Duration
	exporting chan struct{}
	publicLog publicLog
}

// New puts the API together. It panics when a trusted proxy is no address, which is a fault of the configuration.
func New(o Options) http.Handler { return build(o).engine }

func build(o Options) *surface {
	if o.BodyLimit == 0 {
		o.BodyLimit = 32 << 20
	}
	if o.Timeout == 0 {
		o.Timeout = 30 * time.Second
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	s := &surface{desk: o.Desk, logger: o.Logger, bodyLimit: o.BodyLimit, ready: o.Ready, published: o.Published, company: o.Company, sign: o.Sign, timeout: o.Timeout, exporting: make(chan struct{}, mostExports)}
	s.engine = engine(o.TrustedProxies)
	s.engine.Use(s.observe(), s.recovery(), s.guard(o.Timeout))
	s.engine.NoRoute(func(c *gin.Context) { s.refuse(c, newProblem(problem.NotFound, "there is nothing at this address")) })
	s.engine.NoMethod(func(c *gin.Context) {
		s.refuse(c, newProblem(MethodNotAllowed, "this address does not take the method "+c.Request.Method))
	})
	s.huma = humagin.New(s.engine, document())
	s.cases()
	s.duties()
	s.notices()
	s.deliveries()
	s.legal()
	s.copies()
	s.requests()
	s.intake()
	s.registry()
	s.changes()
	s.changeLog()
	s.suppression()
	s.rules()
	s.installation()
	s.health()
	s.identity()
	s.noticePage()
	s.serveDocument()
	return s
}

// engine is gin without what it does on its own: it logs nothing, redirects nothing, recovers
// nothing and believes no proxy that is not named.
func engine(proxies []string) *gin.Engine {
	gin.SetMode(gin.ReleaseMode)
	e := gin.New()
	e.ContextWithFallback = true
	e.HandleMethodNotAllowed = true
	e.RedirectTrailingSlash = false
	// A customer's reference may hold a slash, which its address escapes.
	e.UseEscapedPath = true
	e.UnescapePathValues = true
	if len(proxies) == 0 {
		proxies = nil
	}
	if err := e.SetTrustedProxies(proxies); err != nil {
		panic("trusted proxies: " + err.Error())
	}
	return e
}

// Server is an http.Server for the API with every limit that keeps a slow or endless client from
// holding a connection: timeout bounds the reading of a request, and its answer a little longer.
func Server(addr string, handler http.Handler, timeout time.Duration, logger *slog.Logger) *http.Server {
	return &http.Server{
		Addr: addr, Handler: handler,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       timeout,
		WriteTimeout:      2*timeout + 5*time.Second,
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    32 << 10,
		ErrorLog:          slog.NewLogLogger(logger.Handler(), slog.LevelWarn),
	}
}
