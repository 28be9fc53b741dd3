package mail

import (
	"bytes"
	"io"
	"mime"
	"slices"
	"strings"

	"github.com/emersion/go-message"
)

// maxCanaries bounds what is kept of a message that is full of them.
const maxCanaries = 32

// inspect reads what a list shows: subject, Message-ID and canaries. A message
// that is no MIME is kept all the same, without them.
func inspect(m *Message, data []byte, options Options) {
	entity, err := message.Read(bytes.NewReader(data))
	if entity == nil || (err != nil && !message.IsUnknownCharset(err) && !message.IsUnknownEncoding(err)) {
		m.find(options, data)
		return
	}
	// Copies of their own, so that a few bytes do not hold the whole message in memory.
	m.MessageID = strings.Clone(strings.Trim(strings.TrimSpace(entity.Header.Get("Message-Id")), "<>"))
	if !options.DigestOnly {
		m.Subject = subject(entity.Header.Get("Subject"))
	}
	if options.Canary == nil {
		return
	}
	m.find(options, data)
	_ = entity.Walk(func(_ []int, part *message.Entity, err error) error {
		if part == nil || part.MultipartReader() != nil {
			return nil
		}
		text, _ := io.ReadAll(part.Body)
		m.find(options, text)
		return nil
	})
}

func (m *Message) find(options Options, text []byte) {
	if options.Canary == nil {
		return
	}
	for _, match := range options.Canary.FindAll(text, -1) {
		found := string(match)
		if len(m.Canaries) < maxCanaries && !slices.Contains(m.Canaries, found) {
			m.Canaries = append(m.Canaries, found)
		}
	}
}

func subject(value string) string {
	var words mime.WordDecoder
	if text, err := words.DecodeHeader(value); err == nil {
		value = text
	}
	return strings.Clone(strings.ToValidUTF8(value, "\uFFFD"))
}
