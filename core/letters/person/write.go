package person

import (
	"cmp"
	_ "embed"
	"fmt"
	"html/template"
	"net/url"
	"regexp"
	"strings"

	"github.com/atlascloudai/docket/core/letters"
	"github.com/atlascloudai/docket/core/problem"
)

// style is how a block is shown; letter.html knows each.
type style string

const (
	heading2 style = "heading"
	item     style = "item"
	quote    style = "quote"
	link     style = "link"
	code     style = "code"
)

// block is a paragraph, or what Style says.
type block struct {
	Style style
	Text  string
}

//go:embed letter.html
var frame string

var document = template.Must(template.New("letter").Parse(frame))

var placeholder = regexp.MustCompile(`\{[a-z]+\}`)

// Write makes a letter in a language as a BCP 47 tag ("de-AT" reads "de"), or in English where there is none in it, and says
// so. Nothing in the values is read as a template, as HTML or as a header. It refuses values that lack what the kind has to
// say as invalid, naming the field.
func Write(kind Kind, language string, v Values) (letters.Letter, error) {
	if err := v.check(kind); err != nil {
		return letters.Letter{}, err
	}
	language, foreign := letters.Match(language, fallback, func(tag string) bool { _, ok := languages()[tag]; return ok })
	w := languages()[language].to(v)
	values := w.values(v)
	said := w.compose(kind, v, values)
	if foreign {
		said = append([]block{{Text: fallbackSaid}}, said...)
	}
	subject := w.Subjects["default"]
	if own, ok := w.Subjects[string(kind)]; ok {
		subject = own
	}
	letter := letters.Letter{Subject: put(subject, values), Text: plain(said), Language: language, FallbackUsed: foreign}
	var html strings.Builder
	err := document.Execute(&html, struct {
		Language, Title string
		Blocks          []block
	}{language, letter.Subject, said})
	if err != nil {
		return letters.Letter{}, fmt.Errorf("cannot render HTML: %w", err)
	}
	letter.HTML = html.String()
	return letter, nil
}

// to are the words for whoever reads: the person, or the controller who instructed.
func (w words) to(v Values) words {
	if v.Instructed {
		w.Lines.Nothing, w.Lines.NothingFound, w.Lines.NotShown, w.Lines.Held = w.Instructed.Nothing, w.Instructed.NothingFound, w.Instructed.NotShown, w.Instructed.Held
	}
	return w
}

// check refuses what a letter of the kind cannot do without.
func (v Values) check(kind Kind) error {
	if _, ok := languages()[fallback].Letters[kind]; !ok {
		return problem.InvalidField("kind", "there is no letter of this kind; use one of those that the package names")
	}
	if v.Zone == nil {
		return problem.InvalidField("zone", "name the time zone in which the person reads dates")
	}
	given := v.given()
	for _, field := range needed(kind) {
		if !given[field] {
			return problem.InvalidField(field, "a letter of the kind %s says it; give it", kind)
		}
	}
	if len(strings.Fields(v.Code)) > 1 || letters.Printable(v.Code, false) != v.Code {
		return problem.InvalidField("code", "it must be one word without control characters")
	}
	if page, err := url.Parse(v.Link); v.Link != "" && (err != nil || page.Host == "" || page.Scheme != "https" && page.Scheme != "http") {
		return problem.InvalidField("link", "it must be an http or https address")
	}
	return nil
}

// given says which fields hold something that can be shown.
func (v Values) given() map[string]bool {
	shown := func(s string) bool { return letters.Printable(s, true) != "" }
	return map[string]bool{
		"company": shown(v.Company), "reference": shown(v.Reference), "contact": shown(v.Contact), "customer": shown(v.Customer),
		"code": shown(v.Code), "link": shown(v.Link), "words": shown(v.Words), "received_at": !v.ReceivedAt.IsZero(),
		"due_at": v.DueAt != nil && !v.DueAt.IsZero(), "expires_at": v.ExpiresAt != nil && !v.ExpiresAt.IsZero(),
		"going": len(v.Going) > 0 && shown(v.Going[0].Where),
	}
}

// needed are the fields without which a letter of the kind would not say what it is for.
func needed(kind Kind) []string {
	all := []string{"company", "reference"}
	switch kind {
	case Acknowledgement:
		return append(all, "received_at")
	case Identity, ExportReady:
		return append(all, "code", "link", "expires_at")
	case ContactTold:
		return append(all, "contact")
	case Denial:
		return append(all, "words")
	case Extension:
		return append(all, "words", "due_at")
	case Forwarded:
		return append(all, "customer")
	case ToCustomer:
		return append(all, "customer", "contact", "received_at")
	case Task:
		return []string{"company", "going"}
	default:
		return all
	}
}

// values are what a phrase may show, each harmless and on one line but for the words; an absent one is "".
func (w words) values(v Values) map[string]string {
	right, ok := w.Rights[v.Right]
	if !ok {
		right = w.Rights["other"]
	}
	values := map[string]string{
		"company": v.Company, "contact": v.Contact, "name": v.Name, "reference": v.Reference, "customer": v.Customer,
		"code": v.Code, "link": v.Link, "right": right.Asks, "answer": right.Answer, "remedies": w.Remedies[remedy(v)],
		"received": w.day(&v.ReceivedAt, v.Zone), "due": w.day(v.DueAt, v.Zone), "expires": w.instant(v.ExpiresAt, v.Zone),
	}
	if v.Instructed {
		values["answer"], values["remedies"] = w.Instructed.Answer, ""
	}
	if len(v.Going) > 0 {
		values["where"] = v.Going[0].Where
	}
	for name, value := range values {
		values[name] = letters.Printable(value, false)
	}
	for name, value := range map[string]string{"words": v.Words, "quote": v.Words} {
		values[name] = letters.Printable(value, true)
	}
	return values
}

// remedy names where whoever asked may complain.
func remedy(v Values) string {
	switch v.Regime {
	case "colorado", "virginia", "connecticut", "texas", "iowa":
		if v.Right == "appeal" {
			return "us_appeal"
		}
		return "us_state"
	}
	return v.Regime
}

// compose puts a letter together: a paragraph whose values are not all given is left out; each of its lines is a block.
func (w words) compose(kind Kind, v Values, values map[string]string) []block {
	said := []block{{Text: w.Hello}}
	switch kind {
	case Identity, ContactTold, ToCustomer, Task: // Whoever reads it is another, or was not shown to be that person.
	default:
		said[0].Text = cmp.Or(put(w.HelloName, values), w.Hello)
	}
	for _, paragraph := range w.Letters[kind] {
		if paragraph == "{lines}" {
			said = append(said, w.became(v)...)
			continue
		}
		if put(paragraph, values) == "" {
			continue
		}
		for phrase := range strings.SplitSeq(paragraph, "\n") {
			b := block{Text: put(phrase, values)}
			if alone := style(strings.Trim(phrase, "{}")); alone == quote || alone == link || alone == code {
				b.Style = alone
			}
			said = append(said, b)
		}
	}
	if reference := put(w.Reference, values); reference != "" {
		said = append(said, block{Text: reference})
	}
	return append(said, block{Text: values["company"]})
}

// put fills a phrase; without one of its values there is no phrase. A value is never read as a phrase.
func put(phrase string, values map[string]string) string {
	missing := false
	filled := placeholder.ReplaceAllStringFunc(phrase, func(found string) string {
		value := values[strings.Trim(found, "{}")]
		missing = missing || value == ""
		return value
	})
	if missing {
		return ""
	}
	return filled
}

// plain is the letter in plain text. A quote is marked on each line, so that it cannot pose as the letter.
func plain(said []block) string {
	var text strings.Builder
	for i, b := range said {
		between := "\n\n"
		if b.Style == item {
			between, b.Text = "\n", "- "+b.Text
		}
		if b.Style == quote {
			b.Text = "> " + strings.ReplaceAll(b.Text, "\n", "\n> ")
		}
		if i > 0 {
			text.WriteString(between)
		}
		text.WriteString(b.Text)
	}
	return text.String() + "\n"
}
