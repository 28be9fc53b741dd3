package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/atlascloudai/docket/core/problem"
)

// deepest is how far objects and arrays may be nested; a notice, the deepest input, has six levels.
const deepest = 32

// level is one open object or array.
type level struct {
	seen  map[string]bool // nil in an array
	name  string
	index int
	value bool // in an object: a name was read, its value comes next
}

// strict refuses JSON that two readers could understand differently (RFC 8259 section 4 leaves
// duplicate names open) and JSON that costs more than it says: duplicate names, deep nesting,
// numbers that no float64 holds, broken UTF-8, and the character U+0000, which PostgreSQL's text
// cannot keep. It names the field.
func strict(body []byte) error {
	if !utf8.Valid(body) {
		return problem.New(problem.Invalid, "the body is not valid UTF-8")
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	var open []level
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) && len(open) == 0 {
			return nil
		}
		if err != nil {
			return malformed(open, err)
		}
		if text, ok := token.(string); ok && strings.ContainsRune(text, 0) {
			return problem.InvalidField(place(open), "has the character U+0000")
		}
		if open, err = step(open, token); err != nil {
			return err
		}
		if len(open) == 0 && len(bytes.TrimSpace(body[decoder.InputOffset():])) > 0 {
			return problem.New(problem.Invalid, "the body has more than one JSON value")
		}
	}
}

// step takes one token into account.
func step(open []level, token json.Token) ([]level, error) {
	top := len(open) - 1
	if delim, ok := token.(json.Delim); ok && (delim == '}' || delim == ']') {
		return closed(open[:top]), nil
	}
	if top >= 0 && open[top].seen != nil && !open[top].value {
		name, _ := token.(string)
		open[top].name = name
		if open[top].seen[name] {
			return nil, problem.InvalidField(place(open), "is given twice")
		}
		open[top].seen[name], open[top].value = true, true
		return open, nil
	}
	if delim, ok := token.(json.Delim); ok {
		if len(open) >= deepest {
			return nil, problem.New(problem.Invalid, "the body is nested deeper than %d levels", deepest)
		}
		next := level{}
		if delim == '{' {
			next.seen = map[string]bool{}
		}
		return append(open, next), nil
	}
	return closed(open), nil
}

// closed moves on after a value has ended.
func closed(open []level) []level {
	if top := len(open) - 1; top >= 0 {
		if open[top].seen == nil {
			open[top].index++
		}
		open[top].value = false
	}
	return open
}

// malformed names the place where the reader stopped.
func malformed(open []level, err error) error {
	if e, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return problem.InvalidField(place(open), "%s is not a number that can be kept", e.Value)
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return problem.InvalidField(place(open), "the body ends here, early")
	}
	return problem.InvalidField(place(open), "is not valid JSON: %s", strings.TrimPrefix(err.Error(), "json: "))
}

// place names where the reader stands, in the form of every other refusal: parties[3].kind.
func place(open []level) string {
	var b strings.Builder
	for _, l := range open {
		switch {
		case l.seen == nil:
			b.WriteString("[" + strconv.Itoa(l.index) + "]")
		case l.name != "":
			b.WriteString("." + l.name)
		}
	}
	return strings.TrimPrefix(b.String(), ".")
}
