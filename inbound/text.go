package inbound

import (
	"encoding/base64"
	"io"
	"mime"
	"mime/quotedprintable"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/emersion/go-message/textproto"
)

// plainText is the beginning of the first text/plain part, or "". Character sets
// other than UTF-8 and ASCII are not converted: their bytes above ASCII are
// replaced, because a converter is one more parser that strangers can feed.
func plainText(header textproto.Header, body io.Reader, depth int) string {
	media, params, err := mime.ParseMediaType(header.Get("Content-Type"))
	if err != nil {
		media = "text/plain"
	}
	switch {
	case media == "text/plain":
		data, _ := io.ReadAll(io.LimitReader(transferDecoded(header, body), maxTextBytes))
		return short(readable(string(data)), maxTextBytes)
	case strings.HasPrefix(media, "multipart/") && depth < maxDepth && params["boundary"] != "" && len(params["boundary"]) <= maxBoundary:
		reader := textproto.NewMultipartReader(body, params["boundary"])
		for range maxParts {
			p, err := reader.NextPart()
			if err != nil {
				break
			}
			if text := plainText(p.Header, p, depth+1); text != "" {
				return text
			}
		}
	}
	return ""
}

// transferDecoded undoes a Content-Transfer-Encoding (RFC 2045 section 6).
func transferDecoded(header textproto.Header, body io.Reader) io.Reader {
	switch strings.ToLower(firstToken(header.Get("Content-Transfer-Encoding"))) {
	case "base64":
		return base64.NewDecoder(base64.StdEncoding, body)
	case "quoted-printable":
		return quotedprintable.NewReader(body)
	}
	return body
}

// decoded is a header value with its encoded words (RFC 2047) read.
func decoded(value string) string {
	words := mime.WordDecoder{}
	if text, err := words.DecodeHeader(value); err == nil {
		value = text
	}
	return clipped(value)
}

// afterType drops the type in front of a typed field ("dns; mx.example.com",
// RFC 3464 section 2.1.2).
func afterType(value string) string {
	if _, rest, found := strings.Cut(value, ";"); found {
		value = rest
	}
	return clipped(strings.TrimSpace(value))
}

// firstToken is the value up to the first blank, comment or parameter.
func firstToken(value string) string {
	value = strings.TrimSpace(value)
	if i := strings.IndexAny(value, " \t;("); i >= 0 {
		value = value[:i]
	}
	return value
}

// clipped is one line of at most maxValueBytes.
func clipped(value string) string {
	return short(strings.Join(strings.Fields(readable(value)), " "), maxValueBytes)
}

// short is at most limit bytes of the text, whole characters only.
func short(text string, limit int) string {
	if len(text) > limit {
		text = strings.ToValidUTF8(text[:limit], "")
	}
	return text
}

// readable is valid UTF-8 without control characters other than line ends and tabs.
func readable(text string) string {
	text = strings.ToValidUTF8(text, string(utf8.RuneError))
	return strings.Map(func(r rune) rune {
		if r == '\r' || (unicode.IsControl(r) && r != '\n' && r != '\t') {
			return -1
		}
		return r
	}, text)
}
