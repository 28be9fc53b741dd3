package api

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/noticepage"
	"github.com/atlascloudai/docket/core/problem"
	"github.com/atlascloudai/docket/desk"
)

const (
	noticeToken = "k1.c2lnbmVk.dG9rZW4"
	noticeLink  = "/notice/" + noticeToken
	formKind    = "application/x-www-form-urlencoded"
)

// noticeDesk has one notice behind one link, and keeps what it is asked.
type noticeDesk struct {
	Desk
	shown    int
	answers  []desk.NoticeAnswer
	err      error // of an answer
	away     error // of everything
	language string
}

func (d *noticeDesk) NoticePage(_ context.Context, token string) (desk.NoticePageView, error) {
	d.shown++
	if d.away != nil {
		return desk.NoticePageView{}, d.away
	}
	if token != noticeToken {
		return desk.NoticePageView{}, problem.Missing("notice")
	}
	sent := time.Date(2026, 12, 1, 9, 0, 0, 0, time.UTC)
	closes := sent.AddDate(0, 0, 30)
	v := desk.NoticePageView{
		Company: "Example GmbH", Contact: "privacy@example.com", Language: d.language, Customer: "Acme <GmbH>", Reference: "N-4711",
		Versions: []desk.NoticeVersion{{At: sent, Subject: "A new provider", Text: "It is <new>."}},
		SentAt:   &sent, WindowCloses: &closes, Effective: &closes, MayObject: true, Log: "https://log.example/1",
	}
	for _, answer := range d.answers {
		if answer.Acknowledge {
			v.AcknowledgedAt = &sent
		}
		if answer.Object {
			v.Answer, v.AnsweredAt, v.MayObject = "objected", &sent, false
		}
	}
	return v, nil
}

func (d *noticeDesk) AnswerNotice(ctx context.Context, token string, in desk.NoticeAnswer) (desk.NoticePageView, error) {
	if d.err != nil {
		return desk.NoticePageView{}, d.err
	}
	if d.away == nil && token == noticeToken {
		d.answers = append(d.answers, in)
	}
	v, err := d.NoticePage(ctx, token)
	d.shown--
	return v, err
}

// noticeBench is an API with one notice, and how a browser posts its forms.
func noticeBench(t *testing.T) (*bench, *noticeDesk, func(link string, fields ...string) response) {
	t.Helper()
	d := &noticeDesk{language: "en"}
	b := setup(t, func(o *Options) { o.Desk, o.Company = d, "Example & Co" })
	return b, d, func(link string, fields ...string) response {
		t.Helper()
		typed := url.Values{}
		for i := 0; i < len(fields); i += 2 {
			typed.Set(fields[i], fields[i+1])
		}
		r := b.ask("POST", link, typed.Encode(), "Authorization", "", "Content-Type", formKind, "Sec-Fetch-Site", "same-origin", "Origin", "null")
		noticeHeaders(t, r)
		return r
	}
}

// noticeHeaders holds an answer to what every page behind a link promises.
func noticeHeaders(t *testing.T, r response) {
	t.Helper()
	require.Equal(t, "text/html; charset=utf-8", r.Header.Get("Content-Type"), string(r.body))
	require.Equal(t, noticepage.SecurityPolicy, r.Header.Get("Content-Security-Policy"))
	require.Equal(t, "no-store", r.Header.Get("Cache-Control"))
	require.Equal(t, "no-referrer", r.Header.Get("Referrer-Policy"))
	require.Equal(t, "nosniff", r.Header.Get("X-Content-Type-Options"))
	require.Equal(t, "noindex, nofollow", r.Header.Get("X-Robots-Tag"))
	require.Empty(t, r.Header.Values("Set-Cookie"))
	require.NotContains(t, string(r.body), "<script")
	require.NotContains(t, string(r.body), noticeToken)
}

// A mail scanner opens every link: it learns the company's name, and the desk is not even asked.
func TestLookingAtANoticesLinkTellsAndDoesNothing(t *testing.T) {
	t.Parallel()
	b, d, _ := noticeBench(t)
	first := b.ask("GET", noticeLink, "", "Authorization", "")
	require.Equal(t, 200, first.StatusCode)
	require.Contains(t, string(first.body), "Example &amp; Co")
	require.Contains(t, string(first.body), `<button name="do" value="show">`)
	require.NotContains(t, string(first.body), "Acme")
	for _, link := range []string{noticeLink + "?do=acknowledge", noticeLink + "?do=object&name=a&words=b", "/notice/forged", "/notice/%F0%9F%98%80"} {
		r := b.ask("GET", link, "", "Authorization", "")
		noticeHeaders(t, r)
		require.Equal(t, 200, r.StatusCode)
		require.Equal(t, string(first.body), string(r.body), "every link looks the same")
		head := b.ask("HEAD", link, "", "Authorization", "")
		require.Equal(t, 200, head.StatusCode)
		require.Empty(t, head.body)
	}
	require.Contains(t, string(b.ask("GET", noticeLink, "", "Accept-Language", "de-AT,en;q=0.5").body), `<html lang="de">`)
	require.Zero(t, d.shown)
	require.Empty(t, d.answers)
	b.problem(b.ask("PUT", noticeLink, "do=acknowledge", "Content-Type", formKind), 405, MethodNotAllowed)
}

func TestANoticeIsShownAcknowledgedAndObjectedToByPost(t *testing.T) {
	t.Parallel()
	b, d, post := noticeBench(t)
	shown := post(noticeLink, "do", "show")
	require.Equal(t, 200, shown.StatusCode)
	require.Contains(t, string(shown.body), "Acme &lt;GmbH&gt;")
	require.Contains(t, string(shown.body), "It is &lt;new&gt;.")
	require.Empty(t, d.answers, "to look is no answer")

	acknowledged := post(noticeLink, "do", "acknowledge")
	require.Equal(t, 200, acknowledged.StatusCode)
	require.Contains(t, string(acknowledged.body), `role="status"`)
	require.Contains(t, string(acknowledged.body), "You acknowledged the notice")
	require.Equal(t, []desk.NoticeAnswer{{Acknowledge: true}}, d.answers)

	objected := post(noticeLink, "do", "object", "name", "A. Müller", "words", "We do not want it.\r\nAsk <us>.")
	require.Equal(t, 200, objected.StatusCode)
	require.Contains(t, string(objected.body), "We recorded your objection")
	require.NotContains(t, string(objected.body), "<form", "nothing is left to answer")
	require.Equal(t, []desk.NoticeAnswer{{Acknowledge: true}, {Object: true, Name: "A. Müller", Words: "We do not want it.\nAsk <us>."}}, d.answers, "each once")

	d.language = "fr"
	require.Contains(t, string(post(noticeLink, "do", "show").body), `<html lang="fr">`, "its own language, whatever the browser's")
	log := b.log.String()
	require.Contains(t, log, `"route":"/notice/:token"`)
	for _, secret := range []string{noticeToken, "Müller", "do not want", "Acme"} {
		require.NotContains(t, log, secret)
	}
}

// Forged, expired, unknown: the desk does not say which, and so does the page, whatever was asked.
func TestAForgedLinkGetsOneNeutralAnswer(t *testing.T) {
	t.Parallel()
	_, d, post := noticeBench(t)
	first := post("/notice/forged", "do", "show")
	require.Equal(t, 404, first.StatusCode)
	require.Contains(t, string(first.body), "This link cannot be used.")
	require.NotContains(t, string(first.body), "<form")
	for _, r := range []response{post("/notice/x"+noticeToken, "do", "acknowledge"), post("/notice/"+noticeToken+"x", "do", "object", "name", "a", "words", "b")} {
		require.Equal(t, 404, r.StatusCode)
		require.Equal(t, string(first.body), string(r.body))
	}
	require.Empty(t, d.answers)
}

// What may not be answered says why, above the notice as it stands; what was typed is not typed again.
func TestWhatTheDeskRefusesIsSaidOnThePage(t *testing.T) {
	t.Parallel()
	_, d, post := noticeBench(t)
	for code, says := range map[string]string{
		"window_over": "Your time to object is over", "answered": "You answered before", "no_window": "give no time to object",
		"not_told": "have not been given this notice", "another": "This cannot be done now",
	} {
		d.err = problem.Blocked(problem.Blocker{Code: code, Detail: "for the team alone"})
		r := post(noticeLink, "do", "object", "name", "A", "words", "B")
		require.Equal(t, 409, r.StatusCode)
		require.Contains(t, string(r.body), `role="alert"`)
		require.Contains(t, string(r.body), says)
		require.Contains(t, string(r.body), "It is &lt;new&gt;.")
		require.NotContains(t, string(r.body), "for the team alone")
	}
	for _, field := range []string{"name", "words"} {
		d.err = problem.InvalidField(field, "is required")
		r := post(noticeLink, "do", "object", "name", "A. <Example>", "words", "B & C")
		require.Equal(t, 400, r.StatusCode)
		require.Contains(t, string(r.body), `aria-describedby="`+field+`-fault"`)
		require.Contains(t, string(r.body), `value="A. &lt;Example&gt;"`)
		require.Contains(t, string(r.body), "B &amp; C</textarea>")
	}
	require.Empty(t, d.answers)
}

func TestWhatIsNoneOfThePagesFormsGetsNowhere(t *testing.T) {
	t.Parallel()
	b, d, _ := noticeBench(t)
	ask := func(status int, body string, headers ...string) {
		t.Helper()
		r := b.ask("POST", noticeLink, body, append([]string{"Authorization", "", "Content-Type", formKind}, headers...)...)
		noticeHeaders(t, r)
		require.Equal(t, status, r.StatusCode, body)
		require.Contains(t, string(r.body), `role="alert"`)
		require.NotContains(t, string(r.body), "Acme")
	}
	for _, body := range []string{"", "do=", "do=erase", "do=show&do=object", "do=%zz", "do=object&name=%ff&words=x", "do=object&name=%00&words=x"} {
		ask(400, body)
	}
	for _, kind := range []string{"", "application/json", "text/plain", "multipart/form-data; boundary=x", formKind + "; charset=utf-16"} {
		ask(415, "do=acknowledge", "Content-Type", kind)
	}
	ask(413, "do=object&name=a&words="+strings.Repeat("x", noticeBody))
	ask(403, "do=acknowledge", "Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example")
	ask(403, "do=acknowledge", "Sec-Fetch-Site", "same-site")
	ask(403, "do=acknowledge", "Sec-Fetch-Site", "cross-site", "Origin", "null")
	ask(403, "do=acknowledge", "Origin", "https://evil.example")
	require.Zero(t, d.shown)
	require.Empty(t, d.answers)

	old := b.ask("POST", noticeLink, "do=acknowledge", "Content-Type", formKind, "Origin", "null")
	require.Equal(t, 200, old.StatusCode, "a browser that knows no Sec-Fetch-Site and was told no-referrer")
	longest := url.Values{"do": {"object"}, "name": {strings.Repeat("😀", noticepage.LongestName)}, "words": {strings.Repeat("😀", noticepage.LongestWords)}}.Encode()
	require.Equal(t, 200, b.ask("POST", noticeLink, longest, "Content-Type", formKind).StatusCode)
	require.Len(t, d.answers, 2)
}

func TestAFaultOfOursIsSaidAndTellsNothing(t *testing.T) {
	t.Parallel()
	b, d, post := noticeBench(t)
	d.away = errInside
	r := post(noticeLink, "do", "acknowledge")
	require.Equal(t, 500, r.StatusCode)
	require.Contains(t, string(r.body), "Please try again later")
	require.NotContains(t, string(r.body), "db-7")
	require.NotContains(t, b.log.String(), noticeToken)

	d.away = &problem.Error{Code: problem.RateLimited, RetryAfter: 7 * time.Second}
	r = post(noticeLink, "do", "show")
	require.Equal(t, 429, r.StatusCode)
	require.Equal(t, "7", r.Header.Get("Retry-After"))

	d.err = problem.Blocked(problem.Blocker{Code: "window_over"})
	require.Equal(t, 429, post(noticeLink, "do", "object").StatusCode, "the notice cannot be shown with it")
}

// What counts requests knows the route, never the link.
func TestANoticesLinkIsInNoFigure(t *testing.T) {
	t.Parallel()
	_, _, post := noticeBench(t)
	post(noticeLink, "do", "show")
	recorder := httptest.NewRecorder()
	Metrics(&fakeDesk{}).ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	require.Contains(t, recorder.Body.String(), `route="/notice/:token"`)
	require.NotContains(t, recorder.Body.String(), noticeToken)
}
