package changelog

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
	"io"
	"regexp"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"github.com/atlascloudai/docket/core/textdiff"
)

//go:embed pages.html
var forms string

//go:embed style.css
var style string

var pages = template.Must(template.New("pages").Funcs(template.FuncMap{
	"style":      func() template.CSS { return template.CSS(style) },
	"kind":       kind,
	"paragraphs": paragraphs,
}).Parse(forms))

// SecurityPolicy is the Content-Security-Policy that the pages are served under: their own style, and nothing else.
var SecurityPolicy = func() string {
	sum := sha256.Sum256([]byte(style))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
}()

// diffContext is how many unchanged lines are shown around a change.
const diffContext = 2

// view is what a page is made of: the log, and of the rest what the page is about.
type view struct {
	Log Log
	// Title is the page's only first heading, and Here its permanent address.
	Title, Here string
	Entry       Entry
	// Corrected is the entry that this one corrects, CorrectedBy the one that corrects it; nil if there is none.
	Corrected, CorrectedBy *Entry
	Document               Document
	Version                Version
	Diff                   template.HTML
}

// about is the view of one entry.
func about(log Log, e Entry) view {
	v := view{Log: log, Title: e.Title, Here: log.EntryURL(e.ID), Entry: e, CorrectedBy: log.CorrectedBy(e.ID)}
	if e.Corrects != nil {
		if corrected, err := log.Entry(*e.Corrects); err == nil {
			v.Corrected = &corrected
		}
	}
	v.Document, _ = log.Document(e.Document) // Where there is none, none is named.
	return v
}

func (l Log) title() string { return "Change log of " + l.Company }

// Page writes every entry, newest first, and every document.
func Page(w io.Writer, log Log) error {
	return pages.ExecuteTemplate(w, "log", view{Log: log, Title: log.title(), Here: log.Base})
}

// EntryPage writes one entry, with what changed in its document where the log has both versions; not found if the log has none of
// this id.
func EntryPage(w io.Writer, log Log, id uuid.UUID) error {
	e, err := log.Entry(id)
	if err != nil {
		return err
	}
	v := about(log, e)
	if after, err := v.Document.Version(e.Version); err == nil {
		if before, err := v.Document.Version(e.Before); err == nil {
			v.Diff = textdiff.HTML(textdiff.Between(before.Text, after.Text), diffContext)
		}
	}
	return pages.ExecuteTemplate(w, "entry", v)
}

// DocumentPage writes all versions of a document; not found if the log has none of this name.
func DocumentPage(w io.Writer, log Log, name string) error {
	d, err := log.Document(name)
	if err != nil {
		return err
	}
	return pages.ExecuteTemplate(w, "document", view{Log: log, Title: d.Title, Here: log.DocumentURL(name), Document: d})
}

// VersionPage writes the text of one version, and how to check it; not found if the log has none of this name and number.
func VersionPage(w io.Writer, log Log, name string, number int) error {
	d, err := log.Document(name)
	if err != nil {
		return err
	}
	version, err := d.Version(number)
	if err != nil {
		return err
	}
	title := d.Title + ", version " + strconv.Itoa(number)
	return pages.ExecuteTemplate(w, "version", view{Log: log, Title: title, Here: log.VersionURL(name, number), Document: d, Version: version})
}

// article is an entry as feeds carry it, in HTML that stands alone.
func article(log Log, e Entry) (string, error) {
	var text strings.Builder
	err := pages.ExecuteTemplate(&text, "article", about(log, e))
	return text.String(), err
}

// kind is a Kind as people read it.
func kind(code string) string {
	words := strings.ReplaceAll(code, "_", " ")
	if words == "" {
		return ""
	}
	return strings.ToUpper(words[:1]) + words[1:]
}

var blankLine = regexp.MustCompile(`\n\s*\n`)

func paragraphs(text string) []string {
	text = strings.TrimSpace(text)
	if text == "" {
		return nil
	}
	return blankLine.Split(text, -1)
}
