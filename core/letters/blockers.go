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

// Blockers says what keeps letters from being made of this notice, in one fixed
// order: no letter goes without a subject, nor with a text that could forge one. What
// it has to say beyond that depends on who is told (Gaps). Ref is the language, or
// language/element.
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

// blockers checks one language against what the template can show.
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
	for _, id := range slices.Sorted(maps.Keys(c.Elements)) {
		ref := language + "/" + id
		if !slices.ContainsFunc(requirements, func(r Requirement) bool { return r.ID == id }) {
			add("element_unknown", ref, "the template would not show this element; remove it")
		} else if code, detail := c.Elements[id].blocker(); code != "" {
			add(code, ref, detail)
		}
	}
	return found
}

// blocker checks the form of one answer; an empty code means that it can be printed.
func (f Fill) blocker() (code, detail string) {
	switch {
	case len(f.Text) > MaxElement || len(f.Reason) > MaxElement:
		return "element_too_long", "shorten it to 20000 bytes"
	case unprintable(f.Text, true) || unprintable(f.Reason, true):
		return "control_character", "remove control and text direction characters"
	case f.State != Filled && f.State != NotApplicable && f.State != NotYetKnown:
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
