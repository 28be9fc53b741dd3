package mail_test

import (
	"bufio"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/local/mail"
)

// attempt is how one attempt ended for the client: "250", a refusal's code with its
// enhanced code, "cut" or "silence".
func attempt(s *mail.Server, to string) string {
	conn, err := net.Dial("tcp", s.Addr())
	if err != nil {
		return err.Error()
	}
	defer func() { _ = conn.Close() }()
	c := smtp.NewClient(conn)
	c.CommandTimeout, c.SubmissionTimeout = 2*time.Second, 2*time.Second
	err = transact(c, to, letter)
	var refused *smtp.SMTPError
	switch {
	case err == nil:
		return "250"
	case errors.As(err, &refused):
		return reply(refused)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return "silence"
	}
	return "cut"
}

func reply(e *smtp.SMTPError) string {
	code := e.EnhancedCode
	digits := []byte{byte('0' + e.Code/100), byte('0' + e.Code/10%10), byte('0' + e.Code%10)}
	return string(digits) + " " + string([]byte{byte('0' + code[0]), '.', byte('0' + code[1]), '.', byte('0' + code[2])})
}

func TestItAnswersAsScripted(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		rules      []mail.Rule
		to         string
		want       []string // one for each attempt
		kept       int
		unanswered int
	}{
		"nothing scripted":   {nil, recipient, []string{"250", "250"}, 2, 0},
		"the last repeats":   {[]mail.Rule{{To: recipient, Answers: []string{"450 4.2.1 busy", "550 5.1.1 no such user"}}}, recipient, []string{"450 4.2.1", "550 5.1.1", "550 5.1.1"}, 0, 0},
		"then something":     {[]mail.Rule{{To: recipient, Answers: []string{"451", "451"}, Then: "250"}}, recipient, []string{"451 4.0.0", "451 4.0.0", "250", "250"}, 2, 0},
		"taken at last":      {[]mail.Rule{{To: recipient, Answers: []string{"451", "250"}}}, recipient, []string{"451 4.0.0", "250", "250"}, 2, 0},
		"another recipient":  {[]mail.Rule{{To: "other@customer.example", Answers: []string{"550"}}}, recipient, []string{"250"}, 1, 0},
		"a domain":           {[]mail.Rule{{To: "customer.example", Answers: []string{"550"}}}, recipient, []string{"550 5.0.0"}, 0, 0},
		"a domain's pattern": {[]mail.Rule{{To: "*.example", Answers: []string{"550"}}}, recipient, []string{"550 5.0.0"}, 0, 0},
		"an address pattern": {[]mail.Rule{{To: "SEC*@customer.*", Answers: []string{"550"}}}, recipient, []string{"550 5.0.0"}, 0, 0},
		"everybody":          {[]mail.Rule{{To: "*", Answers: []string{"550"}}}, recipient, []string{"550 5.0.0"}, 0, 0},
		"the first rule":     {[]mail.Rule{{To: recipient, Answers: []string{"250"}}, {To: "*", Answers: []string{"550"}}}, recipient, []string{"250"}, 1, 0},
		"refused at MAIL":    {[]mail.Rule{{To: "*", At: mail.AtMail, Answers: []string{"452 4.3.1 full"}, Then: "250"}}, recipient, []string{"452 4.3.1", "250"}, 1, 0},
		"refused after DATA": {[]mail.Rule{{To: recipient, At: mail.AtData, Answers: []string{"554 5.7.1 policy"}}}, recipient, []string{"554 5.7.1"}, 0, 0},
		"421 at the greeting": {[]mail.Rule{{To: "*", At: mail.AtGreeting, Answers: []string{"421 4.3.2 closing"}, Then: "250"}}, recipient,
			[]string{"421 4.3.2", "250"}, 1, 0},
		"421 at RCPT":             {[]mail.Rule{{To: recipient, Answers: []string{"421 4.3.2 closing"}}}, recipient, []string{"421 4.3.2"}, 0, 0},
		"cut at the greeting":     {[]mail.Rule{{To: "*", At: mail.AtGreeting, Answers: []string{"cut"}}}, recipient, []string{"cut"}, 0, 0},
		"cut at MAIL":             {[]mail.Rule{{To: "*", At: mail.AtMail, Answers: []string{"cut"}}}, recipient, []string{"cut"}, 0, 0},
		"cut at RCPT":             {[]mail.Rule{{To: recipient, Answers: []string{"cut"}}}, recipient, []string{"cut"}, 0, 0},
		"cut at DATA":             {[]mail.Rule{{To: recipient, Answers: []string{"cut_at_data"}}}, recipient, []string{"cut"}, 0, 0},
		"cut before 250":          {[]mail.Rule{{To: recipient, Answers: []string{"cut_before_250", "250"}}}, recipient, []string{"cut", "250"}, 2, 1},
		"silent after DATA":       {[]mail.Rule{{To: recipient, Answers: []string{"silent"}, Then: "250"}}, recipient, []string{"silence", "250"}, 2, 1},
		"silent at RCPT":          {[]mail.Rule{{To: recipient, At: mail.AtRcpt, Answers: []string{"silent"}}}, recipient, []string{"silence"}, 0, 0},
		"silent at the greeting":  {[]mail.Rule{{To: "*", Answers: []string{"silent_greeting"}, Then: "250"}}, recipient, []string{"silence", "250"}, 1, 0},
		"slow, but in time":       {[]mail.Rule{{To: recipient, Answers: []string{"slow:20ms"}}}, recipient, []string{"250"}, 1, 0},
		"slower than the client":  {[]mail.Rule{{To: recipient, Answers: []string{"slow:10s"}, Then: "250"}}, recipient, []string{"silence", "250"}, 2, 0},
		"slow at the greeting":    {[]mail.Rule{{To: "*", At: mail.AtGreeting, Answers: []string{"slow:20ms"}}}, recipient, []string{"250"}, 1, 0},
		"by custom: refuses":      {nil, "refuses@customer.example", []string{"550 5.1.1", "550 5.1.1"}, 0, 0},
		"by custom: defers":       {nil, "defers@customer.example", []string{"451 4.2.0", "451 4.2.0", "250", "250"}, 2, 0},
		"a rule beats the custom": {[]mail.Rule{{To: "refuses@customer.example", Answers: []string{"250"}}}, "refuses@customer.example", []string{"250"}, 1, 0},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, nil)
			require.NoError(t, s.Rules(c.rules...))
			var got []string
			for range c.want {
				got = append(got, attempt(s, c.to))
			}
			require.Equal(t, c.want, got)
			unanswered := 0
			for _, m := range received(t, s, c.kept) {
				if !m.Answered {
					unanswered++
				}
			}
			require.Equal(t, c.unanswered, unanswered)
		})
	}
}

func TestEachRecipientHasItsOwnCount(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	require.NoError(t, s.Rules(mail.Rule{To: "customer.example", Answers: []string{"451"}, Then: "250"}))
	require.Equal(t, "451 4.0.0", attempt(s, "a@customer.example"))
	require.Equal(t, "451 4.0.0", attempt(s, "b@customer.example"))
	require.Equal(t, "250", attempt(s, "A@Customer.example"))
	require.NoError(t, s.AddRules(mail.Rule{To: "*", Answers: []string{"550"}}))
	require.Equal(t, "250", attempt(s, "b@customer.example"), "further rules do not start it again")
	require.Equal(t, "550 5.0.0", attempt(s, "c@other.example"))
	require.NoError(t, s.Rules())
	require.Equal(t, "250", attempt(s, "c@other.example"))
}

func TestARuleThatMakesNoSenseIsRefusedAndChangesNothing(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	require.NoError(t, s.Rules(mail.Rule{To: "*", Answers: []string{"550"}}))
	for want, rule := range map[string]mail.Rule{
		"answers":          {To: "*"},
		"to":               {Answers: []string{"250"}},
		"at":               {To: "*", At: "quit", Answers: []string{"250"}},
		"to: no":           {To: recipient, At: mail.AtMail, Answers: []string{"451"}},
		"to: \"[":          {To: "[", Answers: []string{"451"}},
		"answers: \"maybe": {To: "*", Answers: []string{"maybe"}},
		"answers: \"slow:": {To: "*", Answers: []string{"slow:soon"}},
		"answers: \"99":    {To: "*", Answers: []string{"99 what"}},
		"answers: \"cut_b": {To: "*", At: mail.AtMail, Answers: []string{"cut_before_250"}},
		"answers: \"none":  {To: "*", Answers: []string{"250"}, Then: "none"},
	} {
		err := s.Rules(mail.Rule{To: "*", Answers: []string{"250"}}, rule)
		require.ErrorContains(t, err, "rule 2: "+strings.SplitN(want, ":", 2)[0])
		require.ErrorContains(t, err, want)
	}
	require.Equal(t, "550 5.0.0", attempt(s, recipient))
}

func TestACutConnectionLooksLikeOneWithTLSToo(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	require.NoError(t, s.Rules(mail.Rule{To: "*", Answers: []string{"cut_before_250"}}))
	c, err := smtp.DialStartTLS(s.Addr(), tlsTo(s))
	require.NoError(t, err)
	defer c.Close()
	err = transact(c, recipient, letter)
	require.Error(t, err)
	var refused *smtp.SMTPError
	require.NotErrorAs(t, err, &refused)
	require.False(t, received(t, s, 1)[0].Answered)
}

func TestASilentServerCanStillBeClosed(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	require.NoError(t, s.Rules(mail.Rule{To: "*", Answers: []string{"silent"}}))
	conn, err := net.Dial("tcp", s.Addr())
	require.NoError(t, err)
	defer conn.Close()
	require.NoError(t, conn.SetDeadline(time.Now().Add(patience)))
	_, err = io.WriteString(conn, "EHLO a.example\r\nMAIL FROM:<>\r\nRCPT TO:<"+recipient+">\r\nDATA\r\n"+letter+".\r\n")
	require.NoError(t, err)
	received(t, s, 1)
	require.NoError(t, s.Close())
	heard, err := io.ReadAll(bufio.NewReader(conn))
	if err != nil {
		require.NotErrorIs(t, err, os.ErrDeadlineExceeded)
	}
	require.True(t, strings.HasSuffix(strings.TrimSpace(string(heard)), "<CR><LF>.<CR><LF>"), "354 is the last that was said: %q", heard)
}
