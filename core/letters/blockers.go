package letters

import (
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/atlascloudai/docket/core/problem"
)

// Limits of a notice's text, in bytes of UTF-8.
const (
	// MaxSubject keeps the subject, with the reference, within what mail programs show.
	MaxSubject = 200
	// MaxElement is the longest answer to one element.
	MaxElement = 20_000
)

// Blockers says what keeps this notice from being approved, in one fixed order;
// none means that every required element is answered in every language. Ref is
// the language, or language/element.
func (n Notice) Blockers() []problem.Blocker {
	requirements := Required(n.Template)
	known, exists := editions()[editionKey{n.Template, n.TemplateVersion}]
	if requirements == nil || !exists {
		return []problem.Blocker{{
			Code: "template_unknown", Ref: n.Template,
			Detail: "there is no such template in this version; choose one that exists",
		}}
	}
	var found []problem.Blocker
	if len(n.Languages) == 0 {
		found = append(found, problem.Blocker{Code: "language_missing", Detail: "write the notice in at least one language"})
	}
	if _, ok := n.Languages[n.Fallback]; !ok {
		found = append(found, problem.Blocker{
			Code: "fallback_missing", Ref: n.Fallback,
			Detail: "the fallback must be one of the languages that the notice is written in",
		})
	}
	for _, language := range slices.Sorted(maps.Keys(n.Languages)) {
		if _, ok := known.forms[language]; !ok {
			found = append(found, problem.Blocker{
				Code: "language_without_template", Ref: language,
				Detail: "the template has no fixed text in this language; remove it or use another template version",
			})
		}
		found = append(found, n.Languages[language].blockers(language, requirements)...)
	}
	return found
}

// blockers checks one language against what the template requires.
func (c Content) blockers(language string, requirements []Requirement) []problem.Blocker {
	var found []problem.Blocker
	add := func(code, ref, detail string) {
		found = append(found, problem.Blocker{Code: code, Ref: ref, Detail: detail})
	}
	subject := language + "/subject"
	switch {
	case strings.TrimSpace(c.Subject) == "":
		add("subject_empty", subject, "write a subject")
	case len(c.Subject) > MaxSubject:
		add("subject_too_long", subject, "shorten the subject to 200 bytes")
	case unprintable(c.Subject, false):
		add("control_character", subject, "remove line breaks, control and text direction characters from the subject")
	}
	required := map[string]bool{}
	for _, requirement := range requirements {
		required[requirement.ID] = true
		ref := language + "/" + requirement.ID
		fill, given := c.Elements[requirement.ID]
		if !given {
			add("element_missing", ref, "fill it, mark it not applicable with a reason, or not yet known with an instant")
			continue
		}
		if code, detail := fill.blocker(); code != "" {
			add(code, ref, detail)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(c.Elements)) {
		if !required[id] {
			add("element_unknown", language+"/"+id, "the template would not show this element; remove it")
		}
	}
	return found
}

// blocker checks one answer; an empty code means that it may be approved.
func (f Fill) blocker() (code, detail string) {
	if len(f.Text) > MaxElement || len(f.Reason) > MaxElement {
		return "element_too_long", "shorten it to 20000 bytes"
	}
	if unprintable(f.Text, true) || unprintable(f.Reason, true) {
		return "control_character", "remove control and text direction characters"
	}
	switch f.State {
	case Filled:
		if strings.TrimSpace(f.Text) == "" {
			return "element_empty", "write the text, or mark it not applicable or not yet known"
		}
	case NotApplicable:
		if strings.TrimSpace(f.Reason) == "" {
			return "element_empty", "say why it is not applicable"
		}
	case NotYetKnown:
		if f.By == nil || f.By.IsZero() {
			return "element_empty", "say by when it will be known"
		}
	default:
		return "element_state_unknown", "use filled, not_applicable or not_yet_known"
	}
	return "", ""
}

// unprintable finds what could forge a header, hide text or turn its reading
// order: control characters, text direction overrides, broken UTF-8.
func unprintable(s string, lines bool) bool {
	if !utf8.ValidString(s) {
		return true
	}
	return strings.ContainsFunc(s, func(r rune) bool {
		if lines && (r == '\n' || r == '\r' || r == '\t') {
			return false
		}
		return control(r) || direction(r)
	})
}

// control is C0, DEL, C1, and the two line separators that Unicode adds.
func control(r rune) bool {
	return r < ' ' || r >= 0x7f && r <= 0x9f || r == '\u2028' || r == '\u2029'
}

// direction is the embeddings, overrides and isolates of the bidirectional
// algorithm (Unicode Standard Annex 9, section 2).
func direction(r rune) bool {
	return r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069'
}
