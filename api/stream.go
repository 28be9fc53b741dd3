package api

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"
	"github.com/gin-gonic/gin"

	"github.com/atlascloudai/docket/core/problem"
)

// mostExports is how many files are sent at once: each holds a connection to the database for as long as its reader takes.
const mostExports = 2

// stream answers with a file that is sent as it is written, however long that takes, in memory that does not grow with
// it. What is refused before the first bytes left is a problem like any other; what fails later cuts the connection, so
// that half a file is never taken for a whole one.
func (s *surface) stream(kind, name string, write func(context.Context, io.Writer) error) (*huma.StreamResponse, error) {
	if s.sign == nil {
		return nil, problem.New(problem.Unavailable, "this server is not told the installation's signing key; configure it, so that what is exported can be checked")
	}
	return &huma.StreamResponse{Body: func(hctx huma.Context) {
		c := humagin.Unwrap(hctx)
		select {
		case s.exporting <- struct{}{}:
			defer func() { <-s.exporting }()
		default:
			s.refuse(c, newProblem(problem.Unavailable, "as many exports as this server makes at once are under way"))
			return
		}
		to := &patient{c: c, kind: kind, name: name, patience: s.timeout}
		buffer := bufio.NewWriterSize(to, 32<<10)
		err := write(context.WithoutCancel(hctx.Context()), buffer)
		if err == nil {
			err = buffer.Flush()
		}
		switch {
		case err == nil:
		case !to.begun:
			s.refuse(c, s.explain(hctx.Context(), err))
		default:
			s.logger.WarnContext(hctx.Context(), "an export was cut off", "request", requestID(hctx.Context()), "error", err.Error())
			panic(http.ErrAbortHandler)
		}
	}}, nil
}

// patient waits for a slow reader, but for none who has stopped reading.
type patient struct {
	c          *gin.Context
	kind, name string
	patience   time.Duration
	begun      bool
}

// Write implements io.Writer.
func (p *patient) Write(part []byte) (int, error) {
	if !p.begun {
		p.begun = true
		p.c.Header("Content-Type", p.kind)
		p.c.Header("Content-Disposition", `attachment; filename="`+p.name+`"`)
		p.c.Status(http.StatusOK)
	}
	// A recorder in a test has no deadlines.
	_ = http.NewResponseController(p.c.Writer).SetWriteDeadline(time.Now().Add(p.patience))
	return p.c.Writer.Write(part)
}
