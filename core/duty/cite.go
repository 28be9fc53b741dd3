package duty

import "fmt"

// cite names the clause of a term: document, version, date, section and page.
func cite(term Term, document Document) string {
	text := document.Name()
	if text == "" {
		text = term.Document
	}
	if !document.Executed.IsZero() {
		text += " (executed " + document.Executed.String() + ")"
	}
	if term.Clause != "" {
		text += ", " + clauseName(term.Clause)
	}
	if term.Page > 0 {
		text += fmt.Sprintf(", page %d", term.Page)
	}
	return text
}

// promise says in words what a term promises: its measure, where it starts and what meets it.
func promise(term Term) string {
	measure := term.Words + ", no number"
	if term.Words == "" {
		measure = "no time is stated"
	}
	if term.Period != nil {
		measure = "within " + term.Period.String()
	}
	return fmt.Sprintf("%s, starting when %s", measure, term.Start.Happening())
}
