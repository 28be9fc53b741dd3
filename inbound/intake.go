package inbound

import (
	"context"
	"io"
	"mime"
	"net/mail"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/emersion/go-message/textproto"
	"golang.org/x/net/html"
	"golang.org/x/text/encoding/charmap"
)

// Letter is one message of a person to an intake address. Everything but the
// digest and the instant is personal data: it belongs in sealed columns and in no log.
type Letter struct {
	// From is the address in the From header, or the envelope's where there is not
	// exactly one. It is forgeable, so it shows nothing about who wrote.
	From string
	// FromName is what the sender calls themselves, one line of at most 200 bytes; may be "".
	FromName string
	// Subject is one decoded line of at most 1,000 bytes.
	Subject string
	// Text is the beginning of what was written, at most 16 KiB; HTML is read as text.
	Text string
	// MessageID is the Message-ID header without its brackets, or "".
	MessageID string
	// Answers are the Message-IDs of In-Reply-To and References, at most 20, without brackets.
	Answers []string
	// At is when this listener had received the message.
	At time.Time
	// Digest is the SHA-256 of the message as received.
	Digest [32]byte
}

// IntakeRecorder keeps letters of people. A nil error says that the letter is
// committed; after any other the sender is told to come again (451), so it must
// ignore a letter that it has recorded before.
type IntakeRecorder interface {
	RecordLetter(ctx context.Context, letter Letter) error
}

// ReasonAutomatic: it came to an intake address, and a machine or we ourselves wrote it.
const ReasonAutomatic = "automatic mail to an intake address"

const maxNameBytes = 200

func (c Config) takes(address string) bool {
	return c.Letters != nil && slices.ContainsFunc(c.Intake, func(one string) bool { return strings.EqualFold(one, address) })
}

// ours says that an address is one that Docket itself writes from or reads: an answer to it could go round for ever.
func (c Config) ours(address string) bool {
	local, domain, _ := strings.Cut(strings.ToLower(address), "@")
	return strings.EqualFold(domain, c.Domain) || local == "mailer-daemon" || local == "postmaster" ||
		slices.ContainsFunc(slices.Concat(c.Intake, c.Own), func(one string) bool { return strings.EqualFold(one, address) })
}

// letter records a message to an intake address.
func (s *session) letter(ctx context.Context, raw []byte, digest [32]byte, at time.Time) error {
	s.parsing <- struct{}{}
	letter, auto, err := readLetter(raw, s.from)
	<-s.parsing
	letter.At, letter.Digest = at, digest
	switch {
	case err != nil:
		return replyHeader
	case auto || s.cfg.ours(letter.From) || s.cfg.ours(s.from):
		return s.answer(s.recorder.RecordUnmatched(ctx, letter.Digest, ReasonAutomatic))
	case letter.From == "":
		return replyNoSender
	}
	return s.answer(s.cfg.Letters.RecordLetter(ctx, letter))
}

// readLetter reads a message to an intake address, and says whether a machine wrote it (RFC 3834 section 2).
func readLetter(raw []byte, envelope string) (letter Letter, auto bool, err error) {
	header, body, err := splitHeader(raw)
	if err != nil {
		return Letter{}, false, err
	}
	media, _, _ := mime.ParseMediaType(header.Get("Content-Type"))
	auto = envelope == "" || byMachine(header) || media == "multipart/report"
	sender := mail.Address{Address: envelope}
	if written := header.Values("From"); len(written) == 1 {
		if list, err := mail.ParseAddressList(written[0]); err == nil && len(list) == 1 {
			sender = *list[0]
		}
	}
	if letter.From = plainAddress(sender.Address); letter.From == "" {
		letter.From = plainAddress(envelope)
	}
	letter.FromName = short(clipped(strings.Map(visible, sender.Name)), maxNameBytes)
	letter.Subject = decoded(header.Get("Subject"))
	letter.MessageID = clipped(strings.Trim(strings.TrimSpace(header.Get("Message-ID")), "<>"))
	for _, id := range strings.Fields(header.Get("In-Reply-To") + " " + header.Get("References")) {
		if len(letter.Answers) < maxParts {
			letter.Answers = append(letter.Answers, clipped(strings.Trim(id, "<>")))
		}
	}
	plain, marked := written(header, body, 0)
	if letter.Text = strings.TrimSpace(plain); letter.Text == "" {
		letter.Text = strings.TrimSpace(marked)
	}
	return letter, auto, nil
}

// plainAddress is the address where it is one that a request can name, else "".
func plainAddress(address string) string {
	_, domain, found := strings.Cut(address, "@")
	if !found || len(address) > 320 || strings.HasPrefix(address, "@") || !strings.Contains(domain, ".") || strings.ContainsAny(address, " <>,;\"") ||
		strings.Contains(domain, "@") || readable(address) != address || strings.ContainsAny(address, "\r\n\t") {
		return ""
	}
	return strings.ToLower(address)
}

// visible drops what changes how a name looks without being seen, e.g. a turn of the writing direction.
func visible(r rune) rune {
	if unicode.Is(unicode.Cf, r) {
		return -1
	}
	return r
}

// written is the beginning of the first text/plain and of the first text/html part.
func written(header textproto.Header, body io.Reader, depth int) (plain, marked string) {
	media, params, err := mime.ParseMediaType(header.Get("Content-Type"))
	if err != nil {
		media = "text/plain"
	}
	switch {
	case media == "text/plain":
		data, _ := io.ReadAll(io.LimitReader(transferDecoded(header, body), maxTextBytes))
		return short(readable(inUTF8(data, params["charset"])), maxTextBytes), ""
	case media == "text/html":
		data, _ := io.ReadAll(io.LimitReader(transferDecoded(header, body), maxPageBytes))
		return "", short(readable(shown(inUTF8(data, params["charset"]))), maxTextBytes)
	case strings.HasPrefix(media, "multipart/") && depth < maxDepth && params["boundary"] != "" && len(params["boundary"]) <= maxBoundary:
		reader := textproto.NewMultipartReader(body, params["boundary"])
		for range maxParts {
			p, err := reader.NextPart()
			if err != nil {
				break
			}
			text, page := written(p.Header, p, depth+1)
			if strings.TrimSpace(text) != "" {
				return text, marked
			}
			if marked == "" {
				marked = page
			}
		}
	}
	return plain, marked
}

// inUTF8 reads the one other character set that people's mail programs still send: Windows-1252, which holds Latin-1.
func inUTF8(data []byte, charset string) string {
	switch strings.ToLower(charset) {
	case "iso-8859-1", "iso-8859-15", "latin1", "windows-1252":
		if text, err := charmap.Windows1252.NewDecoder().Bytes(data); err == nil {
			return string(text)
		}
	}
	return string(data)
}

// shown is the text of a page, without its markup, scripts and styles.
func shown(page string) string {
	var text strings.Builder
	tokens := html.NewTokenizer(strings.NewReader(page))
	hidden := ""
	for text.Len() < maxTextBytes {
		kind := tokens.Next()
		if kind == html.ErrorToken {
			break
		}
		name, _ := tokens.TagName()
		switch tag := string(name); {
		case kind == html.StartTagToken && hidden == "" && (tag == "script" || tag == "style" || tag == "title"):
			hidden = tag
		case kind == html.EndTagToken && tag == hidden:
			hidden = ""
		case kind == html.TextToken && hidden == "":
			text.WriteString(strings.Join(strings.Fields(html.UnescapeString(string(tokens.Raw()))), " ") + " ")
		case tag == "br" || tag == "p" || tag == "div" || tag == "li" || tag == "tr":
			text.WriteByte('\n')
		}
	}
	return text.String()
}
