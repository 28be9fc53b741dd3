package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"
	"go.opentelemetry.io/otel/propagation"

	"github.com/atlascloudai/docket/core/problem"
)

// actorKey is where a request's actor is kept for the log, by id.
const actorKey = "actor"

type requestKey struct{}

// observe writes one line a request and counts it. It knows the route, never the address: an
// address may hold a customer's reference, a query string anything.
func (s *surface) observe() gin.HandlerFunc {
	return func(c *gin.Context) {
		began := time.Now()
		id := uuid.NewString()
		c.Header("Request-Id", id)
		ctx := context.WithValue(c.Request.Context(), requestKey{}, id)
		c.Request = c.Request.WithContext(propagation.TraceContext{}.Extract(ctx, propagation.HeaderCarrier(c.Request.Header)))
		c.Next()
		route := c.FullPath()
		if route == "" {
			route = "none"
		}
		status := c.Writer.Status()
		requests.WithLabelValues(method(c.Request.Method), route, strconv.Itoa(status)).Inc()
		s.logger.InfoContext(ctx, "request",
			"request", id, "method", method(c.Request.Method), "route", route, "status", status,
			"bytes", max(c.Writer.Size(), 0), "took_ms", time.Since(began).Milliseconds(), "actor", c.GetString(actorKey))
	}
}

// method keeps invented methods out of logs and labels.
func method(m string) string {
	switch m {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return m
	}
	return "other"
}

// recovery turns a panic into an internal error. The log gets the stack; of the value only what
// the runtime itself says, because another one may quote what the request held.
func (s *surface) recovery() gin.HandlerFunc {
	return func(c *gin.Context) {
		defer func() {
			value := recover()
			if value == nil {
				return
			}
			if err, ok := value.(error); ok && errors.Is(err, http.ErrAbortHandler) {
				panic(value)
			}
			said := fmt.Sprintf("a %T", value)
			if err, ok := value.(runtime.Error); ok {
				said = err.Error()
			}
			s.logger.ErrorContext(c.Request.Context(), "panic", "request", requestID(c.Request.Context()), "said", said, "stack", string(debug.Stack()))
			if c.Writer.Written() {
				panic(http.ErrAbortHandler)
			}
			s.refuse(c, newProblem(Internal, "internal error"))
		}()
		c.Next()
	}
}

// guard sets what every answer carries, bounds the time, and refuses what no route could mean.
func (s *surface) guard(timeout time.Duration) gin.HandlerFunc {
	return func(c *gin.Context) {
		header := c.Writer.Header()
		header.Set("Cache-Control", "no-store")
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("Referrer-Policy", "no-referrer")
		header.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; sandbox")
		query, err := url.QueryUnescape(c.Request.URL.RawQuery)
		if text := c.Request.URL.Path + query; err != nil || !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
			s.refuse(c, newProblem(problem.Invalid, "the address is not valid UTF-8 text"))
			return
		}
		ctx, cancel := context.WithTimeout(c.Request.Context(), timeout)
		defer cancel()
		c.Request = c.Request.WithContext(ctx)
		c.Next()
	}
}

// requestID is the id that the log and the problem share.
func requestID(ctx context.Context) string {
	id, _ := ctx.Value(requestKey{}).(string)
	return id
}

// explain makes the problem of an error, and logs what the problem leaves out.
func (s *surface) explain(ctx context.Context, err error) *Problem {
	p := problemOf(err)
	if id := requestID(ctx); id != "" {
		p.Instance = "urn:uuid:" + id
	}
	if p.Code == Internal {
		s.logger.ErrorContext(ctx, "internal error", "request", requestID(ctx), "error", err.Error())
	}
	return p
}

// refuse ends a request with a problem.
func (s *surface) refuse(c *gin.Context, p *Problem) {
	if p.Instance == "" {
		p.Instance = "urn:uuid:" + requestID(c.Request.Context())
	}
	for name, values := range p.headers {
		c.Writer.Header()[name] = values
	}
	body, err := json.Marshal(p)
	if err != nil {
		// Strings, integers and slices of them always encode.
		panic(fmt.Sprintf("cannot encode problem: %v", err))
	}
	c.Data(p.Status, p.ContentType(""), append(body, '\n'))
	c.Abort()
}
