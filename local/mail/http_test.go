package mail_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/local/mail"
)

// call makes one request and decodes a JSON answer into the given place, if any.
func call(t *testing.T, s *mail.Server, method, path, body string, into any, headers ...string) int {
	t.Helper()
	response := ask(t, s, method, path, body, headers...)
	defer response.Body.Close()
	if into != nil {
		require.NoError(t, json.NewDecoder(response.Body).Decode(into))
	}
	return response.StatusCode
}

func ask(t *testing.T, s *mail.Server, method, path, body string, headers ...string) *http.Response {
	t.Helper()
	request, err := http.NewRequest(method, s.URL()+path, strings.NewReader(body))
	require.NoError(t, err)
	request.Close = true // leaves no idle connection behind
	for i := 0; i < len(headers); i += 2 {
		if headers[i] == "Host" {
			request.Host = headers[i+1]
		}
		request.Header.Set(headers[i], headers[i+1])
	}
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	return response
}

func page(t *testing.T, s *mail.Server, path string) string {
	t.Helper()
	response := ask(t, s, "GET", path, "")
	defer response.Body.Close()
	require.Equal(t, http.StatusOK, response.StatusCode)
	text, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return string(text)
}

type listing struct {
	Messages []mail.Message
	After    int64
}

func TestMachinesReadTheListPageByPage(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	var empty listing
	require.Equal(t, 200, call(t, s, "GET", "messages", "", &empty))
	require.NotNil(t, empty.Messages, "an empty list, not null")
	for i := range 5 {
		require.NoError(t, deliver(s, fmt.Sprintf("r%d@customer%d.example", i, i%2), letter))
	}
	var got []mail.Message
	after := int64(0)
	for {
		var p listing
		require.Equal(t, 200, call(t, s, "GET", fmt.Sprintf("messages?limit=2&after=%d", after), "", &p))
		if len(p.Messages) == 0 {
			require.Equal(t, after, p.After)
			break
		}
		got, after = append(got, p.Messages...), p.After
	}
	require.Equal(t, s.Messages(), got, "JSON says the same as the Go type")

	var some listing
	require.Equal(t, 200, call(t, s, "GET", "messages?to=@Customer1.", "", &some))
	require.Len(t, some.Messages, 2)
	for _, wrong := range []string{"after=-1", "limit=1001", "limit=many"} {
		require.Equal(t, 400, call(t, s, "GET", "messages?"+wrong, "", nil), wrong)
	}
}

func TestAMessageIsShownAsItArrivedAndRunsNothing(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	evil := strings.Replace(letter, "=?utf-8?q?Vorfall_=C3=BC?=", "<script>alert(1)</script>", 1)
	require.NoError(t, deliver(s, `"<b>x</b>"@customer.example`, evil))

	response := ask(t, s, "GET", "messages/1", "")
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.Equal(t, evil, string(text))
	require.Equal(t, "text/plain; charset=utf-8", response.Header.Get("Content-Type"))
	require.Equal(t, "nosniff", response.Header.Get("X-Content-Type-Options"))
	require.Contains(t, response.Header.Get("Content-Security-Policy"), "default-src 'none'")

	html := page(t, s, "")
	require.NotContains(t, html, "<script>")
	require.NotContains(t, html, "<b>")
	require.Contains(t, html, "&lt;script&gt;alert(1)&lt;/script&gt;")
	for _, missing := range []string{"messages/2", "messages/0", "messages/x", "elsewhere"} {
		require.Equal(t, 404, call(t, s, "GET", missing, "", nil), missing)
	}
}

func TestPeopleSeeTheNewestFirst(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	require.Contains(t, page(t, s, ""), "Nothing here")
	for i := range 101 {
		message := strings.Replace(letter, "=?utf-8?q?Vorfall_=C3=BC?=", fmt.Sprintf("Subject-%03d.", i), 1)
		require.NoError(t, deliver(s, fmt.Sprintf("r%03d@customer.example", i), message))
	}
	html := page(t, s, "")
	require.Contains(t, html, "101 messages")
	require.Less(t, strings.Index(html, "Subject-100."), strings.Index(html, "Subject-001."))
	require.NotContains(t, html, "Subject-000.")
	require.Contains(t, page(t, s, "?before=2"), "Subject-000.")
	require.Contains(t, html, `href="/?before=2&amp;to="`)
	some := page(t, s, "?to=r042@")
	require.Contains(t, some, "Subject-042.")
	require.NotContains(t, some, "Subject-043.")
	require.Contains(t, page(t, s, "style.css"), "color-scheme")
}

func TestTheScriptIsReadAndWrittenOverHTTP(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	var rules []mail.Rule
	require.Equal(t, 200, call(t, s, "GET", "rules", "", &rules))
	require.Empty(t, rules)
	require.Equal(t, 200, call(t, s, "POST", "rules", `{"to":"a@customer.example","answers":["451","250"]}`, &rules))
	require.Equal(t, 200, call(t, s, "POST", "rules", `[{"to":"customer.example","at":"data","answers":["cut_before_250"],"then":"250"}]`, &rules))
	require.Equal(t, []mail.Rule{
		{To: "a@customer.example", Answers: []string{"451", "250"}},
		{To: "customer.example", At: mail.AtData, Answers: []string{"cut_before_250"}, Then: "250"},
	}, rules)
	require.Equal(t, "451 4.0.0", attempt(s, "a@customer.example"))
	require.Equal(t, "cut", attempt(s, "b@customer.example"))

	for _, wrong := range []string{``, `{`, `"x"`, `[{"to":"*"}]`, `{"to":"*","answers":["250"],"colour":"red"}`} {
		var problem struct{ Detail string }
		require.Equal(t, 400, call(t, s, "POST", "rules", wrong, &problem), wrong)
		require.NotEmpty(t, problem.Detail)
	}
	require.Equal(t, 204, call(t, s, "DELETE", "rules", "", nil))
	require.Equal(t, 200, call(t, s, "GET", "rules", "", &rules))
	require.Empty(t, rules)
}

func TestReportsAreSentOverHTTP(t *testing.T) {
	t.Parallel()
	bounces := start(t, nil)
	s := start(t, func(o *mail.Options) { o.BounceTo = bounces.Addr() })
	require.NoError(t, deliver(s, recipient, letter))
	require.Equal(t, 204, call(t, s, "POST", "messages/1/bounce", `{"status":"5.2.2"}`, nil))
	require.Equal(t, 204, call(t, s, "POST", "messages/1/bounce", "", nil))
	require.Equal(t, 204, call(t, s, "POST", "messages/1/delivered", "", nil))
	for i, status := range []string{"5.2.2", "5.1.1", "2.0.0"} {
		received(t, bounces, 3)
		require.Equal(t, status, report(t, bounces, int64(i)+1).DeliveryStatus.RecipientDSNs[0].Get("Status"))
	}
	require.Equal(t, 400, call(t, s, "POST", "messages/1/bounce", `{"status":"2.0.0"}`, nil))
	require.Equal(t, 404, call(t, s, "POST", "messages/7/bounce", "", nil))
	require.NoError(t, bounces.Rules(mail.Rule{To: "*", Answers: []string{"550 5.1.1 no"}}))
	require.Equal(t, 502, call(t, s, "POST", "messages/1/delivered", "", nil))
}

func TestOtherSitesReachNothing(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	rule := `{"to":"*","answers":["550"]}`
	require.Equal(t, 403, call(t, s, "POST", "rules", rule, nil, "Sec-Fetch-Site", "cross-site"))
	require.Equal(t, 403, call(t, s, "POST", "rules", rule, nil, "Origin", "https://evil.example"))
	require.Equal(t, 403, call(t, s, "GET", "messages", "", nil, "Host", "evil.example"))
	require.Equal(t, 200, call(t, s, "GET", "messages", "", nil, "Host", "localhost:8025"))
	require.Equal(t, "250", attempt(s, recipient))
}
