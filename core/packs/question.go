package packs

import (
	"bytes"
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/atlascloudai/docket/core/clock"
	"github.com/atlascloudai/docket/core/problem"
)

// Question asks when one duty is due. It is one line of `docket clock due`.
type Question struct {
	// ID is the asker's own name for the question; the answer repeats it.
	ID string
	// Rule is the id of a rule of the pack.
	Rule string
	// At is the instant of the event; it is written with its offset, because a local time that happens twice
	// in a night of a clock change would be ambiguous without.
	At time.Time
	// Zone is an IANA name.
	Zone string
	// Calendar is a calendar of the pack.
	Calendar string
	// Period is what the agreement says, e.g. "48 hours"; "" if it is not given.
	Period string
	// Facts are further instants, by name.
	Facts map[string]time.Time
	// Options are named choices; a JSON true is kept as "true".
	Options map[string]string
}

// ParseQuestion reads one JSON object. Unknown, repeated and wrongly typed members are refused with a *problem.Error
// that names the member; the Question it returns then still has the ID, if one could be read.
func ParseQuestion(line []byte) (Question, error) {
	var question Question
	members, err := readObject(line, "")
	if id, given := members["id"]; given {
		if text, err := readText("id", id); err == nil {
			question.ID = text
		}
	}
	if err != nil {
		return question, err
	}
	for _, name := range sortedNames(members) {
		if err := question.set(name, members[name]); err != nil {
			return question, err
		}
	}
	for _, name := range []string{"id", "rule", "at", "zone", "calendar"} {
		if _, given := members[name]; !given {
			return question, problem.InvalidField(name, "is missing")
		}
	}
	return question, nil
}

// set takes one member of the object.
func (q *Question) set(name string, value json.RawMessage) error {
	var err error
	switch name {
	case "id":
		q.ID, err = readText(name, value)
	case "rule":
		q.Rule, err = readText(name, value)
	case "at":
		q.At, err = readInstant(name, value)
	case "zone":
		q.Zone, err = readText(name, value)
	case "calendar":
		q.Calendar, err = readText(name, value)
	case "period":
		q.Period, err = readText(name, value)
	case "facts":
		q.Facts, err = readMap(name, value, readInstant)
	case "options":
		q.Options, err = readMap(name, value, readOption)
	default:
		err = problem.InvalidField(name, "is not a member of a question; they are id, rule, at, zone, calendar, period, facts and options")
	}
	return err
}

// request looks up in the pack what the question names.
func (p *Pack) request(question Question) (clock.Request, error) {
	request := clock.Request{At: question.At, Facts: question.Facts, Options: question.Options}
	var known bool
	if request.Rule, known = p.Rule(question.Rule); !known {
		return request, problem.InvalidField("rule", "no rule %q in pack %s", question.Rule, p.Version)
	}
	var err error
	if request.Zone, err = p.Zone(question.Zone); err != nil {
		return request, err
	}
	if request.Calendar, err = p.Calendar(question.Calendar); err != nil {
		return request, err
	}
	if question.Period != "" {
		period, err := clock.ParsePeriod(question.Period)
		if err != nil {
			return request, err
		}
		request.Period = &period
	}
	return request, nil
}

// readObject splits a JSON object into its members. It does what encoding/json does not: it refuses a member given twice
// and tells names apart by case. Beside an error it returns the members read so far.
func readObject(text []byte, field string) (map[string]json.RawMessage, error) {
	broken := problem.InvalidField(field, "must be one JSON object")
	rest, opened := bytes.CutPrefix(trim(text), []byte("{"))
	if !opened {
		return nil, broken
	}
	members := map[string]json.RawMessage{}
	for end := byte(','); end == ','; {
		var quoted, value []byte
		quoted, end, rest = cut(rest)
		if end == '}' && len(quoted) == 0 && len(members) == 0 {
			break
		}
		name, isName := unquote(quoted)
		if end != ':' || !isName {
			return members, broken
		}
		if value, end, rest = cut(rest); !json.Valid(value) {
			return members, broken
		}
		if _, twice := members[name]; twice {
			return members, problem.InvalidField(under(field, name), "is given twice")
		}
		if members[name] = value; end != ',' && end != '}' {
			return members, broken
		}
	}
	if len(trim(rest)) > 0 {
		return members, broken
	}
	return members, nil
}

// cut is what comes before the first colon, comma or closing brace outside of strings, arrays and objects, with that sign
// and what comes after it. Where there is none, it is the whole text with the sign 0.
func cut(text []byte) (part []byte, end byte, rest []byte) {
	depth, quoted := 0, false
	for i := 0; i < len(text); i++ {
		switch sign := text[i]; {
		case quoted && sign == '\\':
			i++
		case sign == '"':
			quoted = !quoted
		case quoted:
		case depth == 0 && (sign == ':' || sign == ',' || sign == '}'):
			return trim(text[:i]), sign, text[i+1:]
		case sign == '{' || sign == '[':
			depth++
		case sign == '}' || sign == ']':
			depth--
		}
	}
	return trim(text), 0, nil
}

// trim takes off what JSON counts as white space.
func trim(text []byte) []byte { return bytes.Trim(text, " \t\r\n") }

// unquote reads a JSON string.
func unquote(quoted []byte) (text string, isString bool) {
	if len(quoted) < 2 || quoted[0] != '"' {
		return "", false
	}
	special := func(r rune) bool { return r < ' ' || r == '"' || r == '\\' || r == utf8.RuneError }
	if plain := quoted[1 : len(quoted)-1]; quoted[len(quoted)-1] == '"' && !bytes.ContainsFunc(plain, special) {
		return string(plain), true
	}
	err := json.Unmarshal(quoted, &text)
	return text, err == nil
}

// readMap reads an object whose values are all of one kind.
func readMap[V any](field string, value json.RawMessage, read func(string, json.RawMessage) (V, error)) (map[string]V, error) {
	members, err := readObject(value, field)
	if err != nil {
		return nil, err
	}
	values := make(map[string]V, len(members))
	for _, name := range sortedNames(members) {
		if values[name], err = read(under(field, name), members[name]); err != nil {
			return nil, err
		}
	}
	return values, nil
}

// rfc3339 is the form of an instant. Go's parser alone would also take hours of one digit, a comma before the fraction,
// offsets of 24 hours, and would cut what is finer than a nanosecond.
var rfc3339 = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]([01]\d|2[0-3]):\d\d)$`)

func readText(field string, value json.RawMessage) (string, error) {
	text, isString := unquote(value)
	if !isString || text == "" {
		return "", problem.InvalidField(field, "must be text and not empty")
	}
	return text, nil
}

func readInstant(field string, value json.RawMessage) (time.Time, error) {
	text, err := readText(field, value)
	if err != nil {
		return time.Time{}, err
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil || !rfc3339.MatchString(text) {
		return time.Time{}, problem.InvalidField(field,
			"%q is not an RFC 3339 instant with its offset, e.g. \"2026-11-20T23:30:00Z\" or \"2026-11-20T23:30:00+01:00\"", text)
	}
	return at, nil
}

func readOption(field string, value json.RawMessage) (string, error) {
	switch word := string(value); word {
	case "true", "false":
		return word, nil
	}
	if text, err := readText(field, value); err == nil {
		return text, nil
	}
	return "", problem.InvalidField(field, "must be true, false or text")
}

// sortedNames are the names of members in the order in which they are read, so that the same question has the same refusal.
func sortedNames(members map[string]json.RawMessage) []string {
	names := slices.AppendSeq(make([]string, 0, len(members)), maps.Keys(members))
	slices.Sort(names)
	return names
}

// under is the name of a member inside a field.
func under(field, name string) string {
	if field == "" {
		return name
	}
	return field + "." + name
}
