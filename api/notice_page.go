package api

import (
	"bytes"
	"cmp"
	"context"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/gin-gonic/gin"

	"github.com/atlascloudai/docket/core/noticepage"
	"github.com/atlascloudai/docket/core/problem"
	"github.com/atlascloudai/docket/desk"
)

// noticePages are what customers see of a notice of change and answer to it; the token in their link is what counts.
type noticePages interface {
	NoticePage(ctx context.Context, token string) (desk.NoticePageView, error)
	AnswerNotice(ctx context.Context, token string, in desk.NoticeAnswer) (desk.NoticePageView, error)
}

// noticeBody holds the longest answer in any script: a character is four bytes at most, and each of them three in a form.
const noticeBody = 12*(noticepage.LongestName+noticepage.LongestWords) + 1<<10

// noticePage serves the page behind a link in a notice of change. A mail scanner that opens every link learns nothing and does
// nothing: before a button is pressed nobody is asked, and every link looks the same.
func (s *surface) noticePage() {
	look := func(c *gin.Context) { s.noticeDoor(c, http.StatusOK, noticepage.Nothing) }
	s.engine.GET("/notice/:token", look)
	s.engine.HEAD("/notice/:token", look)
	s.engine.POST("/notice/:token", s.answerNotice)
}

// answerNotice does what the pressed button says and shows the notice with what was recorded.
func (s *surface) answerNotice(c *gin.Context) {
	if !sameSite(c.Request) {
		s.noticeDoor(c, http.StatusForbidden, noticepage.Elsewhere)
		return
	}
	typed, err := noticeForm(c)
	turn := noticepage.Turn{Name: typed.Get("name"), Words: strings.ReplaceAll(typed.Get("words"), "\r\n", "\n")}
	ctx, token := c.Request.Context(), c.Param("token")
	var view desk.NoticePageView
	switch does := typed.Get("do"); {
	case err != nil:
	case does == "show":
		view, err = s.desk.NoticePage(ctx, token)
	case does == "acknowledge":
		turn.Said = noticepage.Acknowledged
		view, err = s.desk.AnswerNotice(ctx, token, desk.NoticeAnswer{Acknowledge: true})
	case does == "object":
		turn.Said = noticepage.Objected
		view, err = s.desk.AnswerNotice(ctx, token, desk.NoticeAnswer{Object: true, Name: turn.Name, Words: turn.Words})
	default:
		err = problem.InvalidField("do", "is show, acknowledge or object")
	}
	if err == nil {
		s.showNotice(c, http.StatusOK, view, turn)
		return
	}
	p := s.explain(ctx, err)
	turn.Said, turn.Field = noticeSays(p)
	if turn.Field != "" || p.Code == problem.Conflict {
		if view, err = s.desk.NoticePage(ctx, token); err == nil {
			s.showNotice(c, p.Status, view, turn)
			return
		}
		p = s.explain(ctx, err)
		turn.Said, _ = noticeSays(p)
	}
	maps.Copy(c.Writer.Header(), p.headers)
	s.noticeDoor(c, p.Status, turn.Said)
}

// sameSite says that no other site sent the form. Under no-referrer a browser calls the origin of its own form null (Fetch,
// "append a request Origin header"), so of a browser too old for Sec-Fetch-Site that word says nothing.
func sameSite(r *http.Request) bool {
	if r.Header.Get("Origin") == "null" {
		r.Header.Del("Origin")
	}
	return http.NewCrossOriginProtection().Check(r) == nil
}

// noticeForm reads one of the page's forms.
func noticeForm(c *gin.Context) (url.Values, error) {
	if kind, ok := mediaType(c.Request); !ok || kind != "application/x-www-form-urlencoded" {
		return nil, newProblem(UnsupportedMediaType, "send the page's own form")
	}
	body, err := io.ReadAll(http.MaxBytesReader(c.Writer, c.Request.Body, noticeBody))
	if err != nil {
		return nil, unread(err, noticeBody)
	}
	typed, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, problem.New(problem.Invalid, "the body is not a form")
	}
	for name, values := range typed {
		if text := name + values[0]; len(values) != 1 || !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
			return nil, problem.New(problem.Invalid, "the form has a field twice, or what is not valid UTF-8 text")
		}
	}
	return typed, nil
}

// noticeSays is what the page says of a refusal, and of which of its fields.
func noticeSays(p *Problem) (said noticepage.Said, field string) {
	known := []noticepage.Said{noticepage.WindowOver, noticepage.Answered, noticepage.NoWindow, noticepage.NotTold}
	switch {
	case p.Code == problem.NotFound:
		return noticepage.Unknown, ""
	case p.Code == problem.TooLarge:
		return noticepage.TooLong, ""
	case p.Code == problem.Invalid && slices.Contains([]string{"name", "words"}, p.Field):
		return noticepage.Incomplete, p.Field
	case p.Code == problem.Invalid, p.Code == UnsupportedMediaType:
		return noticepage.Unreadable, ""
	case p.Code == problem.Conflict:
		for _, b := range p.Blockers {
			if slices.Contains(known, noticepage.Said(b.Code)) {
				return noticepage.Said(b.Code), ""
			}
		}
		return noticepage.Refused, ""
	}
	return noticepage.Away, ""
}

// noticeDoor shows nothing of the notice.
func (s *surface) noticeDoor(c *gin.Context, status int, said noticepage.Said) {
	s.sendNotice(c, status, func(w io.Writer) error {
		return noticepage.Door(w, s.company, c.GetHeader("Accept-Language"), said)
	})
}

// showNotice shows the notice, and what was just done.
func (s *surface) showNotice(c *gin.Context, status int, v desk.NoticePageView, turn noticepage.Turn) {
	shown := noticepage.View{
		Company: cmp.Or(v.Company, s.company), Contact: v.Contact, Language: v.Language, Customer: v.Customer, Reference: v.Reference, Drill: v.Drill,
		SentAt: v.SentAt, WindowCloses: v.WindowCloses, TerminationUntil: v.TerminationUntil, Effective: v.Effective, TakenAt: v.TakenAt, Zone: v.Zone,
		AcknowledgedAt: v.AcknowledgedAt, Answer: v.Answer, AnsweredAt: v.AnsweredAt, MayObject: v.MayObject, Withdrawn: v.Withdrawn, Corrected: v.Corrected, Log: v.Log,
	}
	for _, version := range v.Versions {
		shown.Letters = append(shown.Letters, noticepage.Letter(version))
	}
	s.sendNotice(c, status, func(w io.Writer) error { return noticepage.Page(w, shown, turn) })
}

// sendNotice sends a page whole.
func (s *surface) sendNotice(c *gin.Context, status int, write func(io.Writer) error) {
	var page bytes.Buffer
	if err := write(&page); err != nil {
		s.refuse(c, s.explain(c.Request.Context(), err))
		return
	}
	c.Header("Content-Security-Policy", noticepage.SecurityPolicy)
	c.Header("X-Robots-Tag", "noindex, nofollow")
	c.Data(status, "text/html; charset=utf-8", page.Bytes())
}
