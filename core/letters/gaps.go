package letters

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/atlascloudai/docket/core/problem"
)

// Gaps says which of the wanted elements this notice leaves unanswered, in any of
// its languages, in the letter's order; nothing where it may be approved for
// whoever wants them. What one language answers the others must answer too. Not
// applicable with a reason and not yet known by an instant that is still to come
// are answers. Ref is language/element.
func (n Notice) Gaps(wanted []string, now time.Time) []problem.Blocker {
	var found []problem.Blocker
	for _, language := range slices.Sorted(maps.Keys(n.Languages)) {
		for _, requirement := range Required(n.Template) {
			id := requirement.ID
			fill, given := n.Languages[language].Elements[id]
			code, detail := "element_missing", "fill it, mark it not applicable with a reason, or not yet known with an instant"
			switch {
			case !given && !slices.Contains(wanted, id) && !n.answersSomewhere(id):
				continue
			case given && fill.empty() != "":
				code, detail = "element_empty", fill.empty()
			case given && fill.State == NotYetKnown && !fill.By.After(now):
				code, detail = "promise_passed", "the instant by which it was to be known has passed: fill it, or say by when it will be known"
			case given:
				continue
			}
			found = append(found, problem.Blocker{Code: code, Ref: language + "/" + id, Detail: detail})
		}
	}
	return found
}

func (n Notice) answersSomewhere(id string) bool {
	for _, content := range n.Languages {
		if _, given := content.Elements[id]; given {
			return true
		}
	}
	return false
}

// empty says what an answer lacks, "" if nothing.
func (f Fill) empty() string {
	switch {
	case f.State == Filled && strings.TrimSpace(f.Text) == "":
		return "write the text, or mark it not applicable or not yet known"
	case f.State == NotApplicable && strings.TrimSpace(f.Reason) == "":
		return "say why it is not applicable"
	case f.State == NotYetKnown && (f.By == nil || f.By.IsZero()):
		return "say by when it will be known"
	}
	return ""
}

// Promise is what a notice, or a filing, leaves open and says by when it will be known.
type Promise struct {
	// Element is its id, such as LikelyConsequences.
	Element string `json:"element" minLength:"1" maxLength:"60" doc:"Element that is not yet known, e.g. likely_consequences"`
	// By is when it will be known.
	By time.Time `json:"by" doc:"By when it will be known, with its offset"`
}

// Promises are what this notice calls not yet known, in the letter's order, each
// with the earliest instant that any language gives.
func (n Notice) Promises() []Promise {
	var promises []Promise
	for _, requirement := range Required(n.Template) {
		var by time.Time
		for _, content := range n.Languages {
			fill := content.Elements[requirement.ID]
			if fill.State == NotYetKnown && fill.By != nil && (by.IsZero() || fill.By.Before(by)) {
				by = *fill.By
			}
		}
		if !by.IsZero() {
			promises = append(promises, Promise{requirement.ID, by.UTC()})
		}
	}
	return promises
}

// PrintDelay is the notice with the reason of its lateness, to be printed in late
// letters. It is refused as invalid where a language has none, or where the fixed
// text has no place for it.
func (n Notice) PrintDelay(reason map[string]string) (Notice, error) {
	known := editions()[editionKey{n.Template, n.TemplateVersion}]
	for _, language := range slices.Sorted(maps.Keys(n.Languages)) {
		field := "delay_reason." + language
		switch said := reason[language]; {
		case strings.TrimSpace(said) == "":
			return n, problem.InvalidField(field, "the notice is written in %s: give the reason in it too, or do not have it printed", language)
		case len(said) > MaxElement:
			return n, problem.InvalidField(field, "shorten it to %d bytes", MaxElement)
		case unprintable(said, true):
			return n, problem.InvalidField(field, "remove control and text direction characters")
		case known.forms[language].words.Delay == "":
			return n, problem.InvalidField("print_delay_reason", "version %d of the template has no place for it: edit the notice onto version %d, or do not have it printed",
				n.TemplateVersion, LatestTemplate(n.Template))
		}
	}
	for language := range reason {
		if _, written := n.Languages[language]; !written {
			return n, problem.InvalidField("delay_reason."+language, "the notice is not written in this language; leave it out")
		}
	}
	n.DelayReason = reason
	return n, nil
}
