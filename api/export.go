package api

import (
	"bufio"
	"context"
	"errors"
	"html/template"
	"io"
	"net/http"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/problem"
	"github.com/atlascloudai/docket/desk"
)

// requestExports are a person's copy of their data: released by a reviewer, fetched by the person with a mailed code.
type requestExports interface {
	ReleaseExport(ctx context.Context, actor access.Actor, key string, caseID uuid.UUID, in desk.ExportInput) (desk.Receipt, error)
	OfferExport(ctx context.Context, actor access.Actor, key string, caseID uuid.UUID, in desk.ReasonInput) (desk.Receipt, error)
	FetchExport(ctx context.Context, challengeID uuid.UUID, code string, to io.Writer) error
}

// copies puts a person's copy on the router. The page is for people without a token: whatever its address names, showing it
// changes nothing and tells nothing.
func (s *surface) copies() {
	const one = "/v1/requests/{case}"
	command(s, post(one+"/release", "releaseExport", "Release the copy that a request for access or portability gathered", access.RequestApprove), Desk.ReleaseExport)
	command(s, post(one+"/offer", "offerExport", "Mail a new code for a released copy", access.RequestApprove).onceOnly(), Desk.OfferExport)
	look := func(c *gin.Context) { s.codePage(c, http.StatusOK, "") }
	s.engine.GET("/export/:id", look)
	s.engine.HEAD("/export/:id", look)
	s.engine.POST("/export/:id", s.fetchCopy)
}

// fetchCopy takes the code and sends the copy as it is written. Half a file is never taken for a whole one: its connection is cut.
func (s *surface) fetchCopy(c *gin.Context) {
	code := typedCode(c)
	id, err := uuid.Parse(c.Param("id"))
	if err != nil || code == "" {
		s.codePage(c, http.StatusForbidden, desk.ErrCode.Detail)
		return
	}
	select { // Before the code is used.
	case s.exporting <- struct{}{}:
		defer func() { <-s.exporting }()
	default:
		s.codePage(c, http.StatusServiceUnavailable, "Too many files are being sent at this moment; please try again.")
		return
	}
	to := &patient{c: c, kind: "application/zip", name: "export.zip", patience: s.timeout}
	buffer := bufio.NewWriterSize(to, 32<<10)
	if err = s.desk.FetchExport(context.WithoutCancel(c.Request.Context()), id, code, buffer); err == nil {
		err = buffer.Flush()
	}
	refused, _ := errors.AsType[*problem.Error](err)
	switch {
	case err == nil:
	case to.begun:
		s.logger.WarnContext(c.Request.Context(), "a copy was cut off", "request", requestID(c.Request.Context()), "error", err.Error())
		panic(http.ErrAbortHandler)
	case refused != nil && refused.Code == problem.Forbidden:
		s.codePage(c, http.StatusForbidden, refused.Detail)
	default:
		s.refuse(c, s.explain(c.Request.Context(), err))
	}
}

// codePage shows the form for a code.
func (s *surface) codePage(c *gin.Context, status int, said string) {
	c.Header("Content-Security-Policy", "default-src 'none'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
	c.Header("Content-Type", "text/html; charset=utf-8")
	c.Status(status)
	if err := codeForm.Execute(c.Writer, said); err != nil {
		s.logger.WarnContext(c.Request.Context(), "a page was cut off", "request", requestID(c.Request.Context()), "error", err.Error())
	}
}

var codeForm = template.Must(template.New("code").Parse(`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Your data</title></head><body>
<h1>Your data</h1>
{{with .}}<p role="alert">{{.}}</p>
{{end}}<p>Type the code from our letter. The file can be fetched once.</p>
<form method="post"><label>Code <input name="code" autocomplete="one-time-code" maxlength="40" required></label> <button>Fetch</button></form>
</body></html>
`))
