// Package textdiff shows what changed between two versions of a document, line by line and word by word. It is pure.
package textdiff

import (
	"regexp"
	"strings"

	"github.com/aymanbagabas/go-udiff/lcs"
)

// Op says which of the two versions has a piece of text.
type Op string

// The ops.
const (
	Same    Op = "same"    // Both versions have it.
	Removed Op = "removed" // Only the version before.
	Added   Op = "added"   // Only the version after.
)

// Span is a piece of a line.
type Span struct {
	Op   Op     `json:"op" enum:"same,removed,added" doc:"Which of the versions has it"`
	Text string `json:"text" doc:"The piece, as it stands there"`
}

// Line is a line of one version or of both, without its line feed. In a removed or an added line, spans that are the same
// stand in the other version, too.
type Line struct {
	Op    Op     `json:"op" enum:"same,removed,added" doc:"same: both versions have the line; removed: only the one before; added: only the one after"`
	Spans []Span `json:"spans" doc:"The line in pieces: in a changed line, those that are the same stand in the other version too"`
}

// Between compares two versions. The lines that are not added, joined by line feeds, are the version before; those that are not
// removed are the version after. Time grows with the length of the documents, whatever is in them: where little is alike, what is
// shown as changed can be more than the least that would do.
func Between(before, after string) []Line {
	a, b := split(before), split(after)
	var lines []Line
	at := 0
	same := func(until int) {
		for _, text := range a[at:until] {
			lines = append(lines, Line{Same, []Span{{Same, text}}})
		}
	}
	for _, change := range changes(a, b) {
		same(change.Start)
		removed, added := words(a[change.Start:change.End], b[change.ReplStart:change.ReplEnd])
		lines = append(append(lines, removed...), added...)
		at = change.End
	}
	same(len(a))
	return lines
}

// split gives no line for an empty document, so that a first version is all added.
func split(document string) []string {
	if document == "" {
		return nil
	}
	return strings.Split(document, "\n")
}

// changes finds what differs. The library gives up after a hundred differences and leaves a middle that it did not look at;
// that is compared again, as long as anything in it is found to be alike.
func changes(a, b []string) (all []lcs.Diff) {
	var look func(lcs.Diff)
	look = func(in lcs.Diff) {
		for _, d := range lcs.DiffLines(a[in.Start:in.End], b[in.ReplStart:in.ReplEnd]) {
			d = lcs.Diff{Start: in.Start + d.Start, End: in.Start + d.End, ReplStart: in.ReplStart + d.ReplStart, ReplEnd: in.ReplStart + d.ReplEnd}
			if d == in || d.Start == d.End || d.ReplStart == d.ReplEnd {
				all = append(all, d)
			} else {
				look(d)
			}
		}
	}
	look(lcs.Diff{End: len(a), ReplEnd: len(b)})
	return all
}

// word is a run of letters and digits, a line feed, a run of other white space, or one character else.
var word = regexp.MustCompile(`(?s)[\pL\pM\pN]+|\n|[^\S\n]+|.`)

// words marks in changed lines the words that changed. Lines that have little in common are marked whole: a shared "the" here and
// there explains nothing.
func words(before, after []string) (removed, added []Line) {
	one, other := strings.Join(before, "\n"), strings.Join(after, "\n")
	a, b := word.FindAllString(one, -1), word.FindAllString(other, -1)
	differ := changes(a, b)
	changed := 0
	for _, d := range differ {
		changed += weight(a[d.Start:d.End]) + weight(b[d.ReplStart:d.ReplEnd])
	}
	if 2*changed > weight(a)+weight(b) {
		differ = []lcs.Diff{{End: len(a), ReplEnd: len(b)}}
	}
	gone, come := make([]bool, len(a)), make([]bool, len(b))
	for _, d := range differ {
		mark(gone, d.Start, d.End)
		mark(come, d.ReplStart, d.ReplEnd)
	}
	if len(before) > 0 {
		removed = marked(Removed, one, a, gone)
	}
	if len(after) > 0 {
		added = marked(Added, other, b, come)
	}
	return removed, added
}

// weight is how much there is to read.
func weight(words []string) (bytes int) {
	for _, w := range words {
		bytes += len(strings.TrimSpace(w))
	}
	return bytes
}

func mark(marks []bool, from, until int) {
	for i := from; i < until; i++ {
		marks[i] = true
	}
}

// marked puts the words of a text together to lines again. The space between two changed words changed with them.
func marked(op Op, text string, words []string, changed []bool) []Line {
	lines := []Line{{Op: op}}
	at := 0
	for i, w := range words {
		begin := at
		at += len(w)
		if w == "\n" {
			lines = append(lines, Line{Op: op})
			continue
		}
		between := i > 0 && i+1 < len(words) && changed[i-1] && changed[i+1] && strings.TrimSpace(w) == ""
		is := Same
		if changed[i] || between {
			is = op
		}
		line := &lines[len(lines)-1]
		if last := len(line.Spans) - 1; last >= 0 && line.Spans[last].Op == is {
			line.Spans[last].Text = text[begin-len(line.Spans[last].Text) : at]
		} else {
			line.Spans = append(line.Spans, Span{is, text[begin:at]})
		}
	}
	return lines
}
