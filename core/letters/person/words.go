package person

import (
	"embed"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/goccy/go-yaml"
)

//go:embed words
var files embed.FS

// fallback is the language of whoever asked for one that there is none of; the letter begins with saying so.
const (
	fallback     = "en"
	fallbackSaid = "We have no letter in the language that you asked for, so this one is in English."
)

// words are what one language says.
type words struct {
	Months    []string
	Date      string
	Instant   string
	Hello     string
	HelloName string `yaml:"hello_name"`
	Reference string
	// Subjects are of a Kind, or "default".
	Subjects map[string]string
	// Rights are of a right of core/cases/request, or "other".
	Rights map[string]struct{ Asks, Answer string }
	// Letters are each letter's paragraphs.
	Letters map[Kind][]string
	// Lines say what became of data.
	Lines struct {
		Nothing      string
		NothingFound string `yaml:"nothing_found"`
		Searching    string
		NotShown     string `yaml:"not_shown"`
		Gone         string
		Going        string
		Held         string
		Kept         string
		Unsearched   string
		Unreached    string
		Records      string
		Seen         string
		SeenAt       string `yaml:"seen_at"`
		Attested     string
		AttestedAt   string `yaml:"attested_at"`
		By           string
		Why          string
		Until        string
		Open         string
	}
	// Instructed is what a controller reads in the place of what the person would.
	Instructed struct {
		Answer       string
		Nothing      string
		NothingFound string `yaml:"nothing_found"`
		NotShown     string `yaml:"not_shown"`
		Held         string
	}
	// Classes are of a data class of core/estate, Grounds of one of its grounds or "store_lock", Waits of a Wait.
	Classes map[string]string
	Grounds map[string]string
	Waits   map[Wait]string
	// Remedies are of a regime of core/cases/request, or "us_state" and, for whoever appealed before, "us_appeal".
	Remedies map[string]string
}

// languages are all words by language. They are embedded in the binary, so that an error is a mistake of ours that the first
// test meets.
var languages = sync.OnceValue(func() map[string]words {
	all := map[string]words{}
	entries, err := files.ReadDir("words")
	if err != nil {
		panic(fmt.Sprintf("cannot list words: %v", err))
	}
	for _, entry := range entries {
		content, err := files.ReadFile("words/" + entry.Name())
		if err != nil {
			panic(fmt.Sprintf("cannot read words: %v", err))
		}
		var w words
		if err := yaml.UnmarshalWithOptions(content, &w, yaml.Strict()); err != nil {
			panic(fmt.Sprintf("cannot read words of %s: %v", entry.Name(), err))
		}
		all[strings.TrimSuffix(entry.Name(), ".yaml")] = w
	}
	return all
})

// day is a date as people in the zone read it; "" where there is none.
func (w words) day(t *time.Time, zone *time.Location) string {
	return w.write(w.Date, t, zone)
}

// instant is to the minute; the offset tells the two readings of the repeated hour apart.
func (w words) instant(t *time.Time, zone *time.Location) string {
	return w.write(w.Instant, t, zone)
}

func (w words) write(form string, t *time.Time, zone *time.Location) string {
	if t == nil || t.IsZero() {
		return ""
	}
	local := t.In(zone)
	return strings.NewReplacer(
		"{day}", strconv.Itoa(local.Day()), "{month}", w.Months[local.Month()-1], "{year}", local.Format("2006"),
		"{hour}", local.Format("15"), "{minute}", local.Format("04"), "{offset}", local.Format("-07:00"),
	).Replace(form)
}
