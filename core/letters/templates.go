package letters

import (
	"crypto/sha256"
	"embed"
	"encoding/json"
	"fmt"
	htmltemplate "html/template"
	"io/fs"
	"path"
	"strconv"
	"strings"
	"sync"
	texttemplate "text/template"
)

// The fixed texts, as templates/<template>/<version>/<language>/. A version that
// was ever approved is never edited: its bytes are part of every approval.
//
//go:embed templates
var fixedTexts embed.FS

// words are the phrases of one language that are put together in code.
type words struct {
	Heading       string
	Drill         string
	Months        []string
	Instant       string
	NotYetKnown   string `json:"not_yet_known"`
	NotApplicable string `json:"not_applicable"`
	Aware         string
	Confirmed     string
	Resources     string
	DataSubjects  string `json:"data_subjects"`
	Records       string
	Delay         string
	Titles        map[string]string
}

// form is the fixed text of one template version in one language.
type form struct {
	words   words
	subject *texttemplate.Template
	text    *texttemplate.Template
	html    *htmltemplate.Template
}

// edition is one version of a template in all its languages.
type edition struct {
	digest [32]byte
	forms  map[string]form
}

type editionKey struct {
	template string
	version  int
}

var editions = sync.OnceValue(func() map[editionKey]edition {
	all := map[editionKey]edition{}
	for _, template := range folders("templates") {
		for _, version := range folders(path.Join("templates", template)) {
			number, err := strconv.Atoi(version)
			if err != nil {
				panic(fmt.Sprintf("template version %q is not a number", version))
			}
			all[editionKey{template, number}] = readEdition(path.Join("templates", template, version))
		}
	}
	return all
})

// LatestTemplate is the newest version of a template, or 0 if there is none.
func LatestTemplate(template string) int {
	latest := 0
	for key := range editions() {
		if key.template == template {
			latest = max(latest, key.version)
		}
	}
	return latest
}

// templateDigest is the SHA-256 over all files of one template version; zero for
// one that does not exist.
func templateDigest(template string, version int) [32]byte {
	return editions()[editionKey{template, version}].digest
}

// readEdition parses what is embedded in the binary, so that an error is a
// mistake of ours that the first test meets.
func readEdition(root string) edition {
	sum := sha256.New()
	e := edition{forms: map[string]form{}}
	for _, language := range folders(root) {
		file := func(name string) string {
			content, err := fixedTexts.ReadFile(path.Join(root, language, name))
			if err != nil {
				panic(fmt.Sprintf("cannot read template: %v", err))
			}
			fmt.Fprintf(sum, "%s/%s %d\n", language, name, len(content))
			sum.Write(content)
			return string(content)
		}
		var f form
		if err := json.Unmarshal([]byte(file("words.json")), &f.words); err != nil {
			panic(fmt.Sprintf("cannot read words of %s/%s: %v", root, language, err))
		}
		subject := strings.TrimSuffix(file("subject.tmpl"), "\n")
		f.subject = texttemplate.Must(texttemplate.New("subject").Parse(subject))
		f.text = texttemplate.Must(texttemplate.New("text").Parse(file("text.tmpl")))
		f.html = htmltemplate.Must(htmltemplate.New("html").Parse(file("html.tmpl")))
		e.forms[language] = f
	}
	e.digest = [32]byte(sum.Sum(nil))
	return e
}

// folders lists the folders in dir in the order of their names.
func folders(dir string) []string {
	entries, err := fs.ReadDir(fixedTexts, dir)
	if err != nil {
		panic(fmt.Sprintf("cannot list templates: %v", err))
	}
	var names []string
	for _, entry := range entries {
		if entry.IsDir() {
			names = append(names, entry.Name())
		}
	}
	return names
}
