package letters

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/atlascloudai/docket/core/problem"
)

// section is one element as the letter shows it.
type section struct {
	Number int
	Title  string
	Body   string
}

// page is what the fixed texts may use.
type page struct {
	Words            words
	Language         string
	Subject          string
	Customer         string
	Reference        string
	Document, Clause string
	Date             string
	Zone             string
	Drill            bool
	FallbackUsed     bool
	Asked            string
	Delay            string
	Sections         []section
	// Dates are nil but in a notice of change.
	Dates *ownDates
}

// Render makes the letter of one recipient. instant is the first attempt's and is
// the letter's date. Nothing but the arguments decides the result. An element that
// the notice does not answer is left out: whether it may be is decided before
// approval (Gaps). A notice with blockers is refused as a conflict; values with
// control characters, without a name or without their zone are refused as invalid, and
// so is a notice of change without the customer's own dates; no other letter shows them.
func Render(n Notice, v Values, instant time.Time) (Letter, error) {
	if blockers := n.Blockers(); len(blockers) > 0 {
		return Letter{}, problem.Blocked(blockers...)
	}
	if err := v.check(n.Template); err != nil {
		return Letter{}, err
	}
	language, fallback := choose(n, v.Language)
	f := editions()[editionKey{n.Template, n.TemplateVersion}].forms[language]
	content := n.Languages[language]
	p := page{
		Words: f.words, Language: language, Subject: content.Subject,
		Customer: shown(v.Customer), Reference: shown(v.Reference),
		Document: shown(v.Contract.Document), Clause: shown(v.Contract.Clause),
		Date: f.words.instant(instant, v.Location), Zone: v.Zone,
		Drill: v.Drill, FallbackUsed: fallback, Asked: v.Language,
	}
	if !v.LateAfter.IsZero() && instant.After(v.LateAfter) {
		p.Delay = lines(n.DelayReason[language])
	}
	for _, requirement := range Required(n.Template) {
		fill, given := content.Elements[requirement.ID]
		if !given || fill.empty() != "" {
			continue
		}
		body := f.words.answer(fill, v.Location)
		if own := f.words.own(requirement.ID, v); own != "" {
			body += "\n\n" + own
		}
		p.Sections = append(p.Sections, section{Number: len(p.Sections) + 1, Title: f.words.Titles[requirement.ID], Body: body})
	}
	if n.Template == ChangeCustomer {
		p.Dates = f.words.dates(*v.Change, len(p.Sections)+1, v.Location)
	}
	var subject, text, html strings.Builder
	if err := f.subject.Execute(&subject, p); err != nil {
		return Letter{}, fmt.Errorf("cannot render subject: %w", err)
	}
	if err := f.text.Execute(&text, p); err != nil {
		return Letter{}, fmt.Errorf("cannot render text: %w", err)
	}
	if err := f.html.Execute(&html, p); err != nil {
		return Letter{}, fmt.Errorf("cannot render HTML: %w", err)
	}
	return Letter{
		Subject: subject.String(), Text: text.String(), HTML: html.String(),
		Language: language, FallbackUsed: fallback,
	}, nil
}

// choose takes the notice's text in the language asked for, else the fallback.
func choose(n Notice, asked string) (language string, fallback bool) {
	return Match(asked, n.Fallback, func(tag string) bool { _, ok := n.Languages[tag]; return ok })
}

// Match takes the language asked for, else its base language (RFC 4647 lookup: "de-AT" reads "de"), else the fallback. It
// says whether another language was asked for than the one taken.
func Match(asked, fallback string, has func(tag string) bool) (language string, fallbackUsed bool) {
	for tag := strings.ToLower(asked); tag != ""; {
		if has(tag) {
			return tag, false
		}
		cut := strings.LastIndexByte(tag, '-')
		if cut < 0 {
			return fallback, true
		}
		tag = tag[:cut]
	}
	return fallback, false
}

// check refuses values that could forge a header or that say too little.
func (v Values) check(template string) error {
	if strings.TrimSpace(v.Customer) == "" {
		return problem.InvalidField("customer", "the letter needs the customer's name")
	}
	if v.Location == nil || v.Location.String() != v.Zone {
		return problem.InvalidField("zone", "the letter needs the data of the customer's time zone")
	}
	named := map[string]string{
		"customer": v.Customer, "reference": v.Reference, "language": v.Language,
		"contract.document": v.Contract.Document, "contract.clause": v.Contract.Clause,
		"resources": strings.Join(v.Resources, ""),
	}
	for _, field := range []string{"customer", "reference", "contract.document", "contract.clause", "language", "resources"} {
		if unprintable(escapeDirection(named[field]), false) {
			return problem.InvalidField(field, "it has line breaks, control characters or broken UTF-8; correct the record")
		}
	}
	if template == ChangeCustomer {
		return v.Change.check()
	}
	return nil
}

// answer is what the drafter wrote, or why there is nothing to write.
func (w words) answer(f Fill, zone *time.Location) string {
	switch f.State {
	case NotApplicable:
		return strings.ReplaceAll(w.NotApplicable, "{reason}", lines(f.Reason))
	case NotYetKnown:
		known := strings.ReplaceAll(w.NotYetKnown, "{instant}", w.instant(*f.By, zone))
		if f.Text == "" {
			return known
		}
		return known + "\n" + lines(f.Text)
	default:
		return lines(f.Text)
	}
}

// own is what only this recipient's letter says about an element.
func (w words) own(element string, v Values) string {
	var said []string
	switch element {
	case Timeline:
		for _, fact := range []struct {
			phrase string
			at     time.Time
		}{{w.Aware, v.Aware}, {w.Confirmed, v.Confirmed}} {
			if !fact.at.IsZero() {
				said = append(said, strings.ReplaceAll(fact.phrase, "{instant}", w.instant(fact.at, v.Location)))
			}
		}
	case ResourcesAffected:
		if len(v.Resources) > 0 {
			said = append(said, w.Resources)
		}
		for _, resource := range v.Resources {
			said = append(said, "- "+shown(resource))
		}
	case CategoriesAndNumbers:
		if v.DataSubjects != nil {
			said = append(said, strings.ReplaceAll(w.DataSubjects, "{number}", strconv.FormatInt(*v.DataSubjects, 10)))
		}
		if v.Records != nil {
			said = append(said, strings.ReplaceAll(w.Records, "{number}", strconv.FormatInt(*v.Records, 10)))
		}
	}
	return strings.Join(said, "\n")
}

// instant writes an instant as people in the zone read it; the offset tells the
// two readings of the repeated hour apart.
func (w words) instant(t time.Time, zone *time.Location) string {
	local := t.In(zone)
	return strings.NewReplacer(
		"{day}", strconv.Itoa(local.Day()), "{month}", w.Months[local.Month()-1],
		"{year}", local.Format("2006"), "{hour}", local.Format("15"), "{minute}", local.Format("04"),
		"{zone}", zone.String(), "{offset}", local.Format("-07:00"),
	).Replace(w.Instant)
}

// lines gives the text LF line ends and no empty end.
func lines(s string) string {
	return strings.TrimSpace(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(s))
}

// shown is a value from a record as the letter prints it.
func shown(s string) string {
	return strings.TrimSpace(escapeDirection(s))
}

// Printable is a value that nobody checked as a letter can show it: in valid UTF-8, control characters as spaces, and those
// that turn the reading order made visible. With several lines, line ends and tabs stay.
func Printable(s string, several bool) string {
	s = strings.Map(func(r rune) rune {
		if several && (r == '\n' || r == '\t') || !control(r) {
			return r
		}
		return ' '
	}, lines(strings.ToValidUTF8(s, "\ufffd")))
	return shown(s)
}

// escapeDirection makes characters visible that would turn the reading order, so
// that a name cannot pose as another.
func escapeDirection(s string) string {
	if !strings.ContainsFunc(s, direction) {
		return s
	}
	var out strings.Builder
	for _, r := range s {
		if direction(r) {
			fmt.Fprintf(&out, "[U+%04X]", r)
			continue
		}
		out.WriteRune(r)
	}
	return out.String()
}
