package s3

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/atlascloudai/docket/erasure"
)

// template is a collection's prefix: text with names in braces. One that ends in "/" means all that lies below it; any
// other means the object of exactly that key.
type template string

var braces = regexp.MustCompile(`\{([^{}]*)\}`)

// names are those in braces, in their order.
func (t template) names() (names []string) {
	for _, found := range braces.FindAllStringSubmatch(string(t), -1) {
		names = append(names, found[1])
	}
	return names
}

// exact says that the template means one key.
func (t template) exact() bool { return !strings.HasSuffix(string(t), "/") }

// valid refuses what could mean everything.
func (t template) valid() *erasure.Error {
	rest := braces.ReplaceAllString(string(t), "")
	switch names := t.names(); {
	case len(names) == 0:
		return mismatch("the prefix %q holds no name in braces: it would mean everybody's objects", t)
	case slices.Contains(names, "") || strings.ContainsAny(rest, "{}"):
		return mismatch("the braces of the prefix %q hold no name", t)
	case strings.HasSuffix(string(t), "}"):
		return mismatch("the prefix %q has to end on \"/\": \"t/1\" is also the beginning of \"t/10\"", t)
	default:
		return nil
	}
}

// prefixes are where the objects that the matches mean lie: every name has its values, and every combination is one
// prefix, in order. A value is refused where it could mean more than one segment of a key.
func (t template) prefixes(matches []erasure.Match) ([]string, error) {
	if err := t.valid(); err != nil {
		return nil, err
	}
	values := map[string][]string{}
	for _, match := range matches {
		if len(match.Values) == 0 {
			return nil, mismatch("no value is given for {%s}", match.Field)
		}
		values[match.Field] = append(values[match.Field], match.Values...)
	}
	names := t.names()
	for _, given := range slices.Sorted(maps.Keys(values)) {
		if !slices.Contains(names, given) {
			return nil, mismatch("the prefix %q has no {%s}", t, given)
		}
	}
	prefixes := []string{string(t)}
	for _, name := range names {
		if len(values[name]) == 0 {
			return nil, mismatch("no value is given for {%s}", name)
		}
		var filled []string
		for _, value := range values[name] {
			if !segment(value) {
				return nil, mismatch("a value of {%s} cannot be part of a key: it is empty, or holds \"/\", \"..\", a brace or what cannot be printed", name)
			}
			for _, prefix := range prefixes {
				filled = append(filled, strings.ReplaceAll(prefix, "{"+name+"}", value))
			}
		}
		prefixes = filled
	}
	slices.Sort(prefixes)
	return slices.Compact(prefixes), nil
}

// segment says whether a value is one segment of a key and nothing else.
func segment(value string) bool {
	return value != "" && value != "." && utf8.ValidString(value) && !strings.Contains(value, "/") &&
		!strings.Contains(value, "..") && !strings.ContainsAny(value, "{}") && !strings.ContainsFunc(value, func(r rune) bool { return !unicode.IsPrint(r) })
}

// pattern is what a key of the collection looks like, whoever it is about.
func (t template) pattern() (*regexp.Regexp, error) {
	if err := t.valid(); err != nil {
		return nil, err
	}
	return t.regexp(t.exact()), nil
}

// regexp has one segment for each name, and nothing behind it where the whole key is meant.
func (t template) regexp(whole bool) *regexp.Regexp {
	text := regexp.MustCompile(`\\\{[^{}]*\\\}`).ReplaceAllLiteralString(regexp.QuoteMeta(string(t)), `[^/]+`)
	if whole {
		text += `\z`
	}
	return regexp.MustCompile(`\A` + text)
}
