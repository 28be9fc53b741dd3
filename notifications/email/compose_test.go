package email_test

import (
	"bytes"
	"crypto/sha256"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/atlascloudai/docket/core/problem"
	"github.com/atlascloudai/docket/notifications"
	"github.com/atlascloudai/docket/notifications/email"
)

// parts reads a message as a mail program would: its header, and each part by media type.
func parts(t require.TestingT, raw []byte) (mail.Header, map[string]string) {
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	require.NoError(t, err)
	media, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	require.NoError(t, err)
	found := map[string]string{}
	if media == "text/plain" {
		body, err := io.ReadAll(quotedprintable.NewReader(m.Body))
		require.NoError(t, err)
		found[media] = string(body)
		return m.Header, found
	}
	require.Equal(t, "multipart/alternative", media)
	for r := multipart.NewReader(m.Body, params["boundary"]); ; {
		part, err := r.NextPart() // decodes quoted-printable
		if err == io.EOF {
			return m.Header, found
		}
		require.NoError(t, err)
		body, err := io.ReadAll(part)
		require.NoError(t, err)
		kind, _, err := mime.ParseMediaType(part.Header.Get("Content-Type"))
		require.NoError(t, err)
		found[kind] = string(body)
	}
}

func plainChannel(t *testing.T) *email.Channel { return channel(t, func(*email.Config) {}) }

func TestALetterSaysInItsHeaderWhatItIs(t *testing.T) {
	o := outbound("notices@recipient.test")
	o.Subject, o.Language = "Meldung: Müller & Söhne <GmbH> + mehr", "de"
	o.Headers = map[string]string{"In-Reply-To": "<earlier@sender.test>"}
	p, err := plainChannel(t).Prepare(o)
	require.NoError(t, err)
	header, found := parts(t, p.Bytes)
	subject, err := new(mime.WordDecoder).DecodeHeader(header.Get("Subject"))
	require.NoError(t, err)
	require.Equal(t, o.Subject, subject, "a subject is not HTML")
	for name, value := range map[string]string{
		"From": `"Example Cloud Security" <security@sender.test>`, "To": "<notices@recipient.test>",
		"Date": "Fri, 20 Nov 2026 08:30:00 +0000", "Message-Id": "<" + o.ID + "@sender.test>",
		"Auto-Submitted": "auto-generated", "Content-Language": "de", "Mime-Version": "1.0",
		"In-Reply-To": "<earlier@sender.test>",
	} {
		require.Equal(t, []string{value}, header[name], name)
	}
	require.Equal(t, "Dear customer,\r\n\r\nsomething happened.\r\n", found["text/plain"])
	require.Contains(t, found["text/html"], "<p>Dear customer,</p>")
	require.Equal(t, sha256.Sum256(p.Bytes), p.Digest)
}

func TestEveryLineEndReachesTheOtherSideAsOne(t *testing.T) {
	ca := newAuthority(t)
	m := serve(t, "127.0.0.1:0", ca.issue(t, time.Now().Add(time.Hour), "mx.recipient.test"))
	c := trusting(t, ca, m)
	for _, text := range []string{"a\r.\rb", "a\n.\nb", "a\r\n.\r\nb", "a\r\n.\r\nMAIL FROM:<x@y.test>\r\nb", ".", "..\r\n.", "a\rb\n\rc"} {
		for _, html := range []string{"", text} {
			before := len(m.messages())
			o := outbound("notices@recipient.test")
			o.Text, o.HTML = text, html
			p, err := c.Prepare(o)
			require.NoError(t, err)
			require.Equal(t, notifications.Accepted, c.Send(t.Context(), p).Outcome)
			took := m.messages()
			require.Len(t, took, before+1, "exactly one message arrived")
			require.Equal(t, p.Bytes, took[before].data)
			for line := range bytes.SplitSeq(p.Bytes, []byte("\r\n")) {
				require.False(t, bytes.ContainsAny(line, "\r\n"))
				require.LessOrEqual(t, len(line), 998)
			}
		}
	}
}

func TestWhatCannotBeSentSafelyIsRefusedByItsField(t *testing.T) {
	c := plainChannel(t)
	for name, row := range map[string]struct {
		change func(*notifications.Outbound)
		field  string
	}{
		"two recipients":          {func(o *notifications.Outbound) { o.To = "a@x.test, b@x.test" }, "to"},
		"a display name":          {func(o *notifications.Outbound) { o.To = "A <a@x.test>" }, "to"},
		"a quoted local part":     {func(o *notifications.Outbound) { o.To = `"a b"@x.test` }, "to"},
		"an address literal":      {func(o *notifications.Outbound) { o.To = "a@[192.0.2.1]" }, "to"},
		"a bare IP":               {func(o *notifications.Outbound) { o.To = "a@192.0.2.1" }, "to"},
		"a source route":          {func(o *notifications.Outbound) { o.To = "@x.test:a@y.test" }, "to"},
		"a local part not ASCII":  {func(o *notifications.Outbound) { o.To = "jürgen@x.test" }, "to"},
		"a domain of one label":   {func(o *notifications.Outbound) { o.To = "root@localhost" }, "to"},
		"a header of the channel": {func(o *notifications.Outbound) { o.Headers = map[string]string{"bcc": "a@x.test"} }, "headers"},
		"a part's header":         {func(o *notifications.Outbound) { o.Headers = map[string]string{"Content-Type": "text/html"} }, "headers"},
		"a header name that ends": {func(o *notifications.Outbound) { o.Headers = map[string]string{"X: a\r\nBcc": "b"} }, "headers"},
		"a turned subject":        {func(o *notifications.Outbound) { o.Subject = "a\u202eb" }, "subject"},
		"no text":                 {func(o *notifications.Outbound) { o.Text = " \n" }, "text"},
		"a zero byte":             {func(o *notifications.Outbound) { o.Text = "a\x00" }, "text"},
		"broken UTF-8":            {func(o *notifications.Outbound) { o.HTML = "a\xff" }, "html"},
		"no instant":              {func(o *notifications.Outbound) { o.Instant = time.Time{} }, "instant"},
		"no return path":          {func(o *notifications.Outbound) { o.ReturnToken = "" }, "return_token"},
		"a forged return path":    {func(o *notifications.Outbound) { o.ReturnToken = "a@b> X" }, "return_token"},
		"a language that ends":    {func(o *notifications.Outbound) { o.Language = "en\r\nX: y" }, "language"},
	} {
		o := outbound("notices@recipient.test")
		row.change(&o)
		_, err := c.Prepare(o)
		var refusal *problem.Error
		require.ErrorAs(t, err, &refusal, name)
		require.Equal(t, row.field, refusal.Field, name)
	}
	o := outbound("notices@recipient.test")
	o.Text = strings.Repeat("0123456789\n", 200_000)
	_, err := c.Prepare(o)
	require.Equal(t, problem.TooLarge, problem.CodeOf(err))
}

func TestADomainInItsOwnScriptIsWrittenInASCII(t *testing.T) {
	p, err := plainChannel(t).Prepare(outbound("notices@bücher.test"))
	require.NoError(t, err)
	require.Equal(t, "notices@xn--bcher-kva.test", p.Outbound.To)
	require.Contains(t, string(p.Bytes), "To: <notices@xn--bcher-kva.test>\r\n")
}

func TestWhatLooksEncodedIsNotDecodedIntoSomethingElse(t *testing.T) {
	o := outbound("notices@recipient.test")
	o.Subject = "=?utf-8?q?a=0D=0ABcc:_x@y.test?="
	p, err := plainChannel(t).Prepare(o)
	require.NoError(t, err)
	header, _ := parts(t, p.Bytes)
	subject, err := new(mime.WordDecoder).DecodeHeader(header.Get("Subject"))
	require.NoError(t, err)
	require.Equal(t, o.Subject, subject)
}

func TestAnyTextArrivesAsItWasWritten(t *testing.T) {
	c := plainChannel(t)
	visible := rapid.StringMatching(`[^\x00-\x1f\x7f-\x{9f}\x{2028}\x{2029}\x{202a}-\x{202e}\x{2066}-\x{2069}\s][^\x00-\x1f\x7f-\x{9f}\x{2028}\x{2029}\x{202a}-\x{202e}\x{2066}-\x{2069}]{0,80}`)
	rapid.Check(t, func(t *rapid.T) {
		o := outbound("notices@recipient.test")
		o.Subject = strings.TrimSpace(visible.Draw(t, "subject"))
		o.Text = visible.Draw(t, "text") + "\n" + visible.Draw(t, "more")
		o.HTML = rapid.SampledFrom([]string{"", "<p>" + visible.Draw(t, "html") + "</p>"}).Draw(t, "document")
		p, err := c.Prepare(o)
		require.NoError(t, err)
		header, found := parts(t, p.Bytes)
		subject, err := new(mime.WordDecoder).DecodeHeader(header.Get("Subject"))
		require.NoError(t, err)
		require.Equal(t, o.Subject, subject)
		require.Equal(t, strings.ReplaceAll(o.Text, "\n", "\r\n")+"\r\n", found["text/plain"])
		if o.HTML != "" {
			require.Equal(t, o.HTML+"\r\n", found["text/html"])
		}
	})
}

// FuzzHeaderBoundary looks for input that adds a field, or changes one, instead of
// being refused.
func FuzzHeaderBoundary(f *testing.F) {
	f.Add("Notice", "notices@recipient.test", "In-Reply-To", "<a@b.test>", "Security")
	f.Add("a\r\nBcc: x@y.test", "a@b.test\r\nCc: c@d.test", "X: y\r\nBcc", "v\nBcc: x@y.test", "n\rBcc: z@y.test")
	f.Add("=?utf-8?q?=0D=0ABcc:x?=", "\"a\r\n\"@b.test", "X-Case", "a\u2028Bcc: x", "=?x?q?a?=")
	f.Add(strings.Repeat("x ", 190), "a@b.test", "X", strings.Repeat("y", 1900), "\"\\")
	f.Add("a\x0bBcc: x", "a(b)@c.test", "Subject", "b", "<x@y.test>")
	f.Fuzz(func(t *testing.T, subject, to, name, value, from string) {
		config := email.Config{Transport: email.Direct, BounceDomain: "b.sender.test", HeloName: "out.sender.test"}
		config.From = mail.Address{Name: from, Address: "security@sender.test"}
		c, err := email.New(config)
		if err != nil {
			return
		}
		o := outbound(to)
		o.Subject, o.Headers = subject, map[string]string{name: value}
		p, err := c.Prepare(o)
		if err != nil {
			require.NotEmpty(t, problem.CodeOf(err), "a refusal is one that may be shown: %v", err)
			return
		}
		header, found := parts(t, p.Bytes)
		want := map[string]bool{}
		for _, field := range []string{"Date", "From", "To", "Subject", "Message-Id", "Auto-Submitted", "Content-Language", "Mime-Version", "Content-Type"} {
			want[field] = true
			require.Len(t, header[field], 1, field)
		}
		require.LessOrEqual(t, len(header), len(want)+1, "no field but the one asked for was added: %v", header)
		author, err := header.AddressList("From")
		require.NoError(t, err)
		require.Len(t, author, 1)
		require.Equal(t, "security@sender.test", author[0].Address)
		recipients, err := header.AddressList("To")
		require.NoError(t, err)
		require.Len(t, recipients, 1)
		require.Equal(t, p.Outbound.To, recipients[0].Address)
		decoded, err := new(mime.WordDecoder).DecodeHeader(header.Get("Subject"))
		require.NoError(t, err)
		require.Equal(t, strings.TrimSpace(subject), decoded)
		require.Equal(t, "Dear customer,\r\n\r\nsomething happened.\r\n", found["text/plain"])
	})
}
