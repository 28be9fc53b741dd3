package email

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"net/mail"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/emersion/go-message"

	"github.com/atlascloudai/docket/core/letters"
	"github.com/atlascloudai/docket/core/problem"
	"github.com/atlascloudai/docket/notifications"
)

var (
	idForm       = regexp.MustCompile(`^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$`)
	tokenForm    = regexp.MustCompile(`^[a-z0-9-]{1,62}$`)
	languageForm = regexp.MustCompile(`^[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*$`)
	fieldForm    = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9-]{0,63}$`)
)

// maxSubject and maxField, in bytes, keep a header far below what servers take.
const (
	maxSubject = 400
	maxField   = 2000
)

// ownFields are the header fields that only the channel itself, or a server on
// the way, may write.
var ownFields = map[string]bool{
	"from": true, "to": true, "cc": true, "bcc": true, "subject": true, "date": true,
	"message-id": true, "mime-version": true, "auto-submitted": true, "sender": true,
	"reply-to": true, "return-path": true, "received": true, "authentication-results": true,
	"dkim-signature": true,
}

type field struct{ name, value string }

// Prepare implements notifications.Channel. The same Outbound under the same
// configuration gives the same bytes, signatures included: the boundary comes from
// the content, Date and the signatures' t= from Instant, and the key that signs is
// the one in use at Instant.
func (c *Channel) Prepare(o notifications.Outbound) (notifications.Prepared, error) {
	to, err := checkOutbound(o)
	if err != nil {
		return notifications.Prepared{}, err
	}
	o.To = to
	body, err := compose(c.fields(o), o)
	if err != nil {
		return notifications.Prepared{}, fmt.Errorf("cannot compose message: %w", err)
	}
	signed, err := c.sign(body, o.Instant)
	if err != nil {
		return notifications.Prepared{}, err
	}
	if len(signed) > c.config.MaxMessage {
		return notifications.Prepared{}, problem.New(problem.TooLarge, "the message has %d bytes; %d are allowed", len(signed), c.config.MaxMessage)
	}
	if err := checkLines(signed); err != nil {
		return notifications.Prepared{}, err
	}
	return notifications.Prepared{Outbound: o, Bytes: signed, Digest: sha256.Sum256(signed)}, nil
}

// checkOutbound refuses what cannot be sent safely, and gives the recipient's
// address in its ASCII form.
func checkOutbound(o notifications.Outbound) (to string, err error) {
	to, _, err = parseAddress(o.To)
	if err != nil {
		return "", problem.InvalidField("to", "%s", err)
	}
	switch {
	case len(o.ID) > 64 || !idForm.MatchString(o.ID):
		return "", problem.InvalidField("id", "1 to 64 of A-Z a-z 0-9 _ - and single dots between them")
	case strings.TrimSpace(o.Subject) == "" || len(o.Subject) > maxSubject:
		return "", problem.InvalidField("subject", "needs 1 to %d bytes", maxSubject)
	case hiddenRune(o.Subject):
		return "", problem.InvalidField("subject", "has line breaks, control or text direction characters")
	case strings.TrimSpace(o.Text) == "":
		return "", problem.InvalidField("text", "is empty")
	case binaryRune(o.Text):
		return "", problem.InvalidField("text", "has control characters or broken UTF-8")
	case binaryRune(o.HTML):
		return "", problem.InvalidField("html", "has control characters or broken UTF-8")
	case o.Language != "" && !languageForm.MatchString(o.Language):
		return "", problem.InvalidField("language", "is not a language tag such as en or de-AT")
	case o.Instant.Year() < 1970 || o.Instant.Year() > 9999:
		return "", problem.InvalidField("instant", "is not the instant of the first attempt")
	case !tokenForm.MatchString(o.ReturnToken):
		return "", problem.InvalidField("return_token", "is not a token of letters.ReturnToken")
	}
	seen := map[string]bool{}
	for _, name := range slices.Sorted(maps.Keys(o.Headers)) {
		lower := strings.ToLower(name)
		if !fieldForm.MatchString(name) || ownFields[lower] || seen[lower] ||
			strings.HasPrefix(lower, "content-") || strings.HasPrefix(lower, "resent-") || strings.HasPrefix(lower, "arc-") {
			return "", problem.InvalidField("headers", "a field has no valid name, is given twice, or belongs to the channel")
		}
		seen[lower] = true
		if value := o.Headers[name]; strings.TrimSpace(value) == "" || len(value) > maxField || hiddenRune(value) {
			return "", problem.InvalidField("headers", "the value of %s is empty, too long or has control characters", name)
		}
	}
	return to, nil
}

// fields are the header fields in the order in which they stand.
func (c *Channel) fields(o notifications.Outbound) []field {
	list := []field{
		{"Date", o.Instant.UTC().Format("Mon, 02 Jan 2006 15:04:05 +0000")},
		{"From", addressField(c.from)},
		{"To", "<" + o.To + ">"},
	}
	if c.config.ReplyTo != nil {
		list = append(list, field{"Reply-To", addressField(*c.config.ReplyTo)})
	}
	list = append(list,
		field{"Message-ID", "<" + o.ID + "@" + c.messageID + ">"},
		field{"Subject", encodeText(strings.TrimSpace(o.Subject))},
		field{"Auto-Submitted", "auto-generated"}, // RFC 3834 section 5
	)
	if o.Language != "" {
		list = append(list, field{"Content-Language", o.Language})
	}
	for _, name := range slices.Sorted(maps.Keys(o.Headers)) {
		list = append(list, field{name, encodeText(strings.TrimSpace(o.Headers[name]))})
	}
	return append(list, field{"MIME-Version", "1.0"})
}

// compose writes the message with its text, and beside it the HTML where there is
// one (multipart/alternative, RFC 2046 section 5.1.4).
func compose(list []field, o notifications.Outbound) ([]byte, error) {
	text, html := lineEnds(o.Text), lineEnds(o.HTML)
	var header message.Header
	for _, f := range slices.Backward(list) { // the library adds at the top
		header.Add(f.name, f.value)
	}
	var out bytes.Buffer
	if html == "" {
		describe(&header, "text/plain")
		w, err := message.CreateWriter(&out, header)
		if err != nil {
			return nil, err
		}
		return writeAll(&out, w, text)
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\x00%d\x00%s%s", o.ID, len(text), text, html))
	header.SetContentType("multipart/alternative", map[string]string{"boundary": fmt.Sprintf("docket_%x", sum[:16])})
	w, err := message.CreateWriter(&out, header)
	if err != nil {
		return nil, err
	}
	for _, part := range []struct{ media, body string }{{"text/plain", text}, {"text/html", html}} {
		var h message.Header
		describe(&h, part.media)
		p, err := w.CreatePart(h)
		if err != nil {
			return nil, err
		}
		if _, err := writeAll(&out, p, part.body); err != nil {
			return nil, err
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

func describe(h *message.Header, media string) {
	h.Set("Content-Transfer-Encoding", "quoted-printable")
	h.SetContentType(media, map[string]string{"charset": "utf-8"})
}

func writeAll(out *bytes.Buffer, w *message.Writer, body string) ([]byte, error) {
	if _, err := w.Write([]byte(body)); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// lineEnds makes every CRLF, bare CR and bare LF one CRLF, and ends the last line.
// A bare CR reaches the wire through go-smtp as it is, and servers differ in what
// they take it for.
func lineEnds(s string) string {
	s = strings.NewReplacer("\r\n", "\r\n", "\r", "\r\n", "\n", "\r\n").Replace(s)
	if s != "" && !strings.HasSuffix(s, "\r\n") {
		s += "\r\n"
	}
	return s
}

func addressField(a mail.Address) string {
	if a.Name == "" {
		return "<" + a.Address + ">"
	}
	name := encodeText(a.Name)
	if name == a.Name {
		name = `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(name) + `"`
	}
	return name + " <" + a.Address + ">"
}

// encodeText leaves printable ASCII as it is and writes everything else as encoded
// words (RFC 2047), also what looks like an encoded word: the reader would decode
// it into something that nobody checked.
func encodeText(s string) string {
	plain := !strings.Contains(s, "=?") && !strings.Contains(s, "  ")
	for _, r := range s {
		plain = plain && r >= ' ' && r <= '~'
	}
	if plain {
		return s
	}
	var encoded []string
	for s != "" {
		end := 0
		for end < len(s) {
			_, size := utf8.DecodeRuneInString(s[end:])
			if end+size > 42 { // 42 bytes become 56 characters; a word may have 75
				break
			}
			end += size
		}
		encoded = append(encoded, "=?utf-8?b?"+base64.StdEncoding.EncodeToString([]byte(s[:end]))+"?=")
		s = s[end:]
	}
	return strings.Join(encoded, " ")
}

// checkLines holds the finished message to RFC 5322 section 2.1.1: lines of at
// most 998 octets that end in CRLF, and no CR or LF but in a CRLF.
func checkLines(m []byte) error {
	for line := range bytes.SplitSeq(m, []byte("\r\n")) {
		if bytes.ContainsAny(line, "\r\n\x00") {
			return errors.New("cannot compose message: a line end is not CRLF")
		}
		if len(line) > 998 {
			return problem.New(problem.Invalid, "a header field has a line of more than 998 bytes")
		}
	}
	return nil
}

// returnPath is the envelope sender of a message.
func (c *Channel) returnPath(o notifications.Outbound) string {
	return letters.ReturnPrefix + o.ReturnToken + "@" + c.config.BounceDomain
}
