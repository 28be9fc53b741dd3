package api

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"html/template"
	"io"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"
	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"github.com/atlascloudai/docket/core/changelog"
	"github.com/atlascloudai/docket/core/problem"
)

const (
	htmlType = "text/html; charset=utf-8"
	textType = "text/plain; charset=utf-8"
	// textSuffix at the end of a version's address asks for its bytes alone.
	textSuffix = ".txt"
	// forNow is for how long anybody may keep what grows, forGood for what never changes.
	forNow  = "public, max-age=300"
	forGood = "public, max-age=31536000, immutable"
)

// excerpt writes what an address names of the log; not found if the log has no such thing.
type excerpt func(c *gin.Context, w io.Writer, log changelog.Log) error

// changeLog puts the public change log on the router: for everybody, without a token.
func (s *surface) changeLog() {
	s.open("/changes", s.rendered(htmlType, forNow, allOf(changelog.Page)))
	s.open("/changes/feed.json", s.rendered("application/feed+json", forNow, allOf(changelog.JSONFeed)))
	s.open("/changes/feed.atom", s.rendered("application/atom+xml", forNow, allOf(changelog.Atom)))
	s.open("/changes/:id", s.rendered(htmlType, forNow, writeEntry))
	s.open("/changes/documents/:name", s.rendered(htmlType, forNow, writeDocument))
	page, text := s.rendered(htmlType, forNow, writeVersion), s.rendered(textType, forGood, writeText)
	s.open("/changes/documents/:name/:number", func(c *gin.Context) {
		if strings.HasSuffix(c.Param("number"), textSuffix) {
			text(c)
		} else {
			page(c)
		}
	})
	s.banner()
}

// open puts what anybody may read on the router.
func (s *surface) open(path string, show gin.HandlerFunc) {
	s.engine.GET(path, show)
	s.engine.HEAD(path, show)
}

// allOf is what takes nothing from its address.
func allOf(write func(io.Writer, changelog.Log) error) excerpt {
	return func(_ *gin.Context, w io.Writer, log changelog.Log) error { return write(w, log) }
}

func writeEntry(c *gin.Context, w io.Writer, log changelog.Log) error {
	id, err := uuid.Parse(c.Param("id"))
	if err != nil || id.String() != c.Param("id") { // One page has one address.
		return problem.Missing("entry")
	}
	return changelog.EntryPage(w, log, id)
}

func writeDocument(c *gin.Context, w io.Writer, log changelog.Log) error {
	return changelog.DocumentPage(w, log, c.Param("name"))
}

func writeVersion(c *gin.Context, w io.Writer, log changelog.Log) error {
	number, err := versionNumber(c.Param("number"))
	if err != nil {
		return err
	}
	return changelog.VersionPage(w, log, c.Param("name"), number)
}

func writeText(c *gin.Context, w io.Writer, log changelog.Log) error {
	number, err := versionNumber(strings.TrimSuffix(c.Param("number"), textSuffix))
	if err != nil {
		return err
	}
	d, err := log.Document(c.Param("name"))
	if err != nil {
		return err
	}
	version, err := d.Version(number)
	if err != nil {
		return err
	}
	_, err = io.WriteString(w, version.Text)
	return err
}

// versionNumber reads the number as addresses have it: 2, never +2 or 02.
func versionNumber(text string) (int, error) {
	number, err := strconv.Atoi(text)
	if err != nil || strconv.Itoa(number) != text {
		return 0, problem.Missing("version")
	}
	return number, nil
}

// rendered answers with what is written of the log, whole or not at all. Its ETag is the SHA-256 of its bytes: for a version's
// text, the digest that its page shows.
func (s *surface) rendered(kind, keep string, write excerpt) gin.HandlerFunc {
	return func(c *gin.Context) {
		var body bytes.Buffer
		log, err := s.publicLog.get(c.Request.Context(), s.desk)
		if err == nil {
			err = write(c, &body, log)
		}
		if err != nil {
			s.withhold(c, kind, err)
			return
		}
		sum := sha256.Sum256(body.Bytes())
		c.Header("ETag", strconv.Quote(hex.EncodeToString(sum[:])))
		c.Header("Content-Type", kind)
		c.Header("Cache-Control", keep)
		if kind == htmlType {
			c.Header("Content-Security-Policy", changelog.SecurityPolicy)
		}
		// It answers If-None-Match, HEAD and ranges.
		http.ServeContent(c.Writer, c.Request, "", time.Time{}, bytes.NewReader(body.Bytes()))
	}
}

// withhold says to people in words why there is no page, and to programs by a problem.
func (s *surface) withhold(c *gin.Context, kind string, err error) {
	p := s.explain(c.Request.Context(), err)
	if kind != htmlType {
		s.refuse(c, p)
		return
	}
	says := "This does not work at the moment. Please try again later."
	if p.Status == http.StatusNotFound {
		says = "There is nothing at this address."
	}
	c.Header("Content-Type", htmlType)
	c.Status(p.Status)
	// Whoever has gone away gets no page.
	_ = noPage.Execute(c.Writer, says)
}

var noPage = template.Must(template.New("none").Parse(`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta name="robots" content="noindex"><title>Change log</title></head>
<body><main><h1>Change log</h1><p>{{.}}</p></main></body></html>
`))

// bannerView is what a product shows its users of changes.
type bannerView struct {
	Notices []changelog.Notice `json:"notices" doc:"Material changes of the last 30 days, and those still ahead for somebody; newest first"`
}

// banner puts the banner on the router. The page of any product may ask for it: it is public, and the same for whoever asks.
func (s *surface) banner() {
	const path = "/v1/banner"
	show := s.rendered(jsonType, forNow, allOf(func(w io.Writer, log changelog.Log) error {
		return json.NewEncoder(w).Encode(bannerView{changelog.Banner(log, time.Now())})
	}))
	shared := func(c *gin.Context) {
		c.Header("Access-Control-Allow-Origin", "*")
		show(c)
	}
	schema := s.huma.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[bannerView](), true, "")
	huma.Register(s.huma, huma.Operation{
		Method: http.MethodGet, Path: path, OperationID: "readBanner", Tags: []string{tag(path)},
		Summary:   "Read what a product's own banner says of changes; for everybody, without a token",
		Responses: map[string]*huma.Response{"200": {Description: "OK", Content: map[string]*huma.MediaType{jsonType: {Schema: schema}}}},
	}, func(context.Context, *struct{}) (*huma.StreamResponse, error) {
		return &huma.StreamResponse{Body: func(ctx huma.Context) { shared(humagin.Unwrap(ctx)) }}, nil
	})
	s.engine.HEAD(path, shared)
}

// logAge is how old what is shown of the log may be.
const logAge = 10 * time.Second

// publicLog keeps the log for logAge: anybody may ask as often as they like, so the database is not asked for each. Whoever comes
// while it is read waits for that one reading. A failure is not kept.
type publicLog struct {
	mutex sync.Mutex
	log   changelog.Log
	// asked is when the database was asked for log; zero if it never was.
	asked time.Time
}

func (p *publicLog) get(ctx context.Context, from changes) (changelog.Log, error) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if now := time.Now(); p.asked.IsZero() || now.Sub(p.asked) >= logAge {
		log, err := from.ChangeLog(ctx)
		if err != nil {
			return changelog.Log{}, err
		}
		p.log, p.asked = log, now
	}
	return p.log, nil
}
