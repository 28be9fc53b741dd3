package textdiff

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"strings"
	"unicode"
)

// leftOut is a run of lines that an excerpt does not show.
const leftOut Op = "left out"

// excerpt is the changed lines with so many lines around them as context says; all lines where it is negative.
func excerpt(lines []Line, context int) (shown []Line) {
	near := make([]bool, len(lines))
	for i, line := range lines {
		switch {
		case context < 0:
			near[i] = true
		case line.Op != Same:
			mark(near, max(0, i-context), min(len(lines), i+context+1))
		}
	}
	for i, line := range lines {
		switch {
		case near[i]:
			shown = append(shown, line)
		case i == 0 || near[i-1]:
			shown = append(shown, Line{Op: leftOut})
		}
	}
	return shown
}

// Text writes the changed lines and their context for a terminal; a negative context is everything. Each line begins with "- ", "+ "
// or two spaces; "…" stands where lines were left out.
func Text(w io.Writer, lines []Line, context int) error {
	signs := map[Op]string{Same: "  ", Removed: "- ", Added: "+ ", leftOut: "…"}
	for _, line := range excerpt(lines, context) {
		var text strings.Builder
		for _, span := range line.Spans {
			text.WriteString(span.Text)
		}
		if _, err := fmt.Fprintln(w, signs[line.Op]+plain(text.String())); err != nil {
			return err
		}
	}
	return nil
}

// plain shows what cannot be seen, so that an approver reads what is there: nothing steers a terminal, hides or turns around.
func plain(text string) string {
	return strings.Map(func(r rune) rune {
		if r != '\t' && (unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp)) {
			return unicode.ReplacementChar
		}
		return r
	}, text)
}

//go:embed diff.html
var form string

var fragment = template.Must(template.New("diff").Funcs(template.FuncMap{"plain": plain}).Parse(form))

// HTML is what Text is, for a page, with the changed words marked: one paragraph a line, of the class same, removed, added or
// left-out. Nothing in the text is read as HTML. It is told apart by signs and by <del> and <ins>, so it needs no style.
func HTML(lines []Line, context int) template.HTML {
	var text strings.Builder
	if err := fragment.Execute(&text, excerpt(lines, context)); err != nil {
		panic(fmt.Sprintf("the diff's own template: %v", err)) // Its values are strings, and a builder takes all of them.
	}
	return template.HTML(text.String())
}
