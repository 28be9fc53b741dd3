package noticepage

import (
	"crypto/sha256"
	"encoding/base64"
	"html"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	htmlnode "golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"github.com/atlascloudai/docket/core/cases/change"
)

// hostile is what somebody would write to get into a reader's page.
const hostile = `</title></textarea><script>alert("1")</script>'"><img src=x onerror=alert(1)> & {{.Company}}`

func at(text string) *time.Time {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		panic(err)
	}
	return &t
}

// sample is a notice that was corrected once, and whose customer said nothing yet.
func sample(t *testing.T) View {
	zone, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	return View{
		Company: "Example & Co", Contact: "privacy@example.com", Language: "en", Customer: "Acme GmbH", Reference: "N-4711",
		Letters: []Letter{
			{At: *at("2026-12-03T09:00:00Z"), Subject: "Correction: a new provider", Text: "It is in the EU.\n\nIt is new."},
			{At: *at("2026-12-01T09:00:00Z"), Subject: "A new provider", Text: "It is elsewhere.", Superseded: true},
		},
		SentAt: at("2026-12-03T09:00:05Z"), WindowCloses: at("2026-12-31T22:59:59Z"), TerminationUntil: at("2027-03-31T21:59:59Z"), Effective: at("2027-02-01T00:00:00+01:00"),
		Zone: zone, MayObject: true, Log: "https://log.example/changes/1",
	}
}

func page(t *testing.T, v View, turn Turn) string {
	t.Helper()
	var text strings.Builder
	require.NoError(t, Page(&text, v, turn))
	return text.String()
}

func door(t *testing.T, company, accepted string, said Said) string {
	t.Helper()
	var text strings.Builder
	require.NoError(t, Door(&text, company, accepted, said))
	return text.String()
}

// elements are all elements of a page.
func elements(t *testing.T, page string) (all []*htmlnode.Node) {
	t.Helper()
	root, err := htmlnode.Parse(strings.NewReader(page))
	require.NoError(t, err)
	for node := range root.Descendants() {
		if node.Type == htmlnode.ElementNode {
			all = append(all, node)
		}
	}
	return all
}

func attribute(node *htmlnode.Node, name string) string {
	for _, a := range node.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func textOf(node *htmlnode.Node) string {
	var text strings.Builder
	for inner := range node.Descendants() {
		if inner.Type == htmlnode.TextNode {
			text.WriteString(inner.Data)
		}
	}
	return text.String()
}

// says is all that the first element with this tag says.
func says(t *testing.T, page string, tag atom.Atom) string {
	t.Helper()
	all := elements(t, page)
	i := slices.IndexFunc(all, func(n *htmlnode.Node) bool { return n.DataAtom == tag })
	require.GreaterOrEqual(t, i, 0, tag.String())
	return textOf(all[i])
}

// everyPage is the page in each language and in each way it can look.
func everyPage(t *testing.T) map[string]string {
	all := map[string]string{}
	for _, w := range languages {
		for said := range w.Said {
			all[w.Lang+" door "+string(said)] = door(t, "Example & Co", w.Lang, said)
			v := sample(t)
			v.Language, v.Drill = w.Lang, true
			all[w.Lang+" "+string(said)] = page(t, v, Turn{Said: said, Field: "words", Name: "A. Example", Words: "x"})
			v.AcknowledgedAt, v.Answer, v.AnsweredAt, v.MayObject, v.Withdrawn = v.SentAt, "objected", v.SentAt, false, true
			all[w.Lang+" answered "+string(said)] = page(t, v, Turn{Said: said})
		}
		all[w.Lang+" bare"] = page(t, View{Language: w.Lang}, Turn{})
	}
	return all
}

func TestThePageIsReadByAnyBrowserWithoutAScript(t *testing.T) {
	t.Parallel()
	for name, page := range everyPage(t) {
		count, ids, targets := map[atom.Atom]int{}, map[string]bool{}, []string{}
		for _, element := range elements(t, page) {
			count[element.DataAtom]++
			if id := attribute(element, "id"); id != "" {
				require.False(t, ids[id], "%s has two of %s", name, id)
				ids[id] = true
			}
			for _, a := range element.Attr {
				require.False(t, strings.HasPrefix(a.Key, "on") || a.Key == "style", "%s: %s", name, a.Key)
				switch {
				case a.Key == "href" && strings.HasPrefix(a.Val, "#"):
					targets = append(targets, a.Val[1:])
				case a.Key == "for" || a.Key == "aria-describedby" || a.Key == "aria-labelledby":
					targets = append(targets, a.Val)
				}
			}
			switch element.DataAtom {
			case atom.Script, atom.Img, atom.Iframe, atom.Base, atom.Link, atom.Object:
				t.Errorf("%s has a <%s>", name, element.Data)
			case atom.Html:
				require.Equal(t, name[:2], attribute(element, "lang"))
			case atom.Form:
				require.Equal(t, "post", attribute(element, "method"), name)
				require.Empty(t, attribute(element, "action"), "the link stands in the address alone")
			case atom.Time:
				_, err := time.Parse(time.RFC3339, attribute(element, "datetime"))
				require.NoError(t, err, name)
			case atom.Style:
				sum := sha256.Sum256([]byte(textOf(element)))
				require.Contains(t, SecurityPolicy, "'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+"'", "the style is let through")
			}
		}
		for _, one := range []atom.Atom{atom.H1, atom.Main, atom.Title} {
			require.Equal(t, 1, count[one], "%s: %s", name, one)
		}
		for _, target := range targets {
			require.True(t, ids[target], "%s: nothing is called %s", name, target)
		}
		require.NotContains(t, page, "ZgotmplZ", name)
	}
	require.NotContains(t, SecurityPolicy, "unsafe")
}

// Whoever uses a keyboard and hears the page finds each field by its label, and what is wrong at the top and at the field.
func TestEveryFieldHasItsLabelAndItsFault(t *testing.T) {
	t.Parallel()
	for name, page := range everyPage(t) {
		labels := map[string]string{}
		for _, element := range elements(t, page) {
			if element.DataAtom == atom.Label {
				labels[attribute(element, "for")] = textOf(element)
			}
		}
		for _, element := range elements(t, page) {
			switch element.DataAtom {
			case atom.Input, atom.Textarea:
				require.NotEmpty(t, labels[attribute(element, "id")], name)
			case atom.Button:
				require.NotEmpty(t, textOf(element), name)
				require.Contains(t, []string{"show", "acknowledge", "object"}, attribute(element, "value"), name)
			}
			require.Contains(t, []string{"", "-1"}, attribute(element, "tabindex"), "the order is that of the page")
		}
	}
	for _, field := range []string{"name", "words"} {
		faulty := page(t, sample(t), Turn{Said: Incomplete, Field: field, Name: "A. <Example>", Words: "\nWe & they"})
		require.Contains(t, faulty, "<title>Error: ")
		require.Contains(t, faulty, `role="alert" tabindex="-1" autofocus`)
		require.Contains(t, faulty, `<a href="#`+field+`">`)
		require.Contains(t, faulty, `aria-invalid="true" aria-describedby="`+field+`-fault"`)
		require.Contains(t, faulty, `id="`+field+`-fault">`+english.Faults[field])
		require.Contains(t, faulty, `value="A. &lt;Example&gt;"`)
		require.Equal(t, "\nWe & they", says(t, faulty, atom.Textarea), "nobody types it again")
	}
}

// Before the click there is the company's name, a sentence and a button, and nothing else.
func TestTheDoorShowsNothingOfTheNotice(t *testing.T) {
	t.Parallel()
	body := says(t, door(t, "Example & Co", "", Nothing), atom.Body)
	require.Equal(t, []string{"Skip to the content", "Example & Co", "Notice of a change", english.DoorSays, "Show the notice"}, strings.FieldsFunc(body, func(r rune) bool { return r == '\n' }))
	unknown := door(t, "", "", Unknown)
	require.Contains(t, unknown, english.Said[Unknown])
	require.NotContains(t, unknown, "<form", "there is nothing behind it")
}

func TestThePageShowsTheCustomersOwnDatesInItsZone(t *testing.T) {
	t.Parallel()
	text := page(t, sample(t), Turn{})
	for _, row := range []string{
		`<dt>You were told</dt><dd><time datetime="2026-12-03T10:00:05&#43;01:00">3 December 2026, 10:00 (Europe/Berlin, UTC&#43;01:00)</time></dd>`,
		`<dt>You can object until</dt><dd><time datetime="2026-12-31T23:59:59&#43;01:00">31 December 2026, 23:59 (`,
		`<dt>Takes effect for you at the earliest</dt><dd><time datetime="2027-02-01T00:00:00&#43;01:00">1 February 2027, 00:00 (`,
		`<dt>You can terminate because of the change until</dt><dd><time datetime="2027-03-31T23:59:59&#43;02:00">31 March 2027, 23:59 (Europe/Berlin, UTC&#43;02:00)`,
		`<dd dir="auto">Acme GmbH</dd>`, `<dd>N-4711</dd>`, `<a href="https://log.example/changes/1">`, `<a href="mailto:privacy@example.com">`,
	} {
		require.Contains(t, text, row)
	}
	require.NotContains(t, text, english.Taken)
	require.NotContains(t, text, english.Drill)

	v := sample(t)
	v.Zone, v.TakenAt, v.Drill, v.TerminationUntil = nil, at("2027-02-02T08:00:00+01:00"), true, nil
	text = page(t, v, Turn{})
	require.Contains(t, text, `<dt>In effect for you since</dt><dd><time datetime="2027-02-02T07:00:00Z">2 February 2027, 07:00 (UTC)</time>`)
	require.Contains(t, text, english.Drill)
	require.NotContains(t, text, english.TerminationUntil)

	v.Withdrawn, v.TakenAt = true, nil
	text = page(t, v, Turn{})
	require.Contains(t, text, english.Withdrawn)
	require.NotContains(t, text, english.Effective, "it takes effect at no time")
	require.NotContains(t, text, english.WindowCloses)
	require.NotContains(t, text, `value="acknowledge"`)

	v.Corrected = true
	text = page(t, v, Turn{})
	require.Contains(t, text, english.Corrected)
	require.NotContains(t, text, english.Withdrawn, "it comes, as another notice says")
}

func TestEveryVersionIsThereAndTheEarlierOnesAreMarked(t *testing.T) {
	t.Parallel()
	text := page(t, sample(t), Turn{})
	before, after, found := strings.Cut(text, "<details>")
	require.True(t, found)
	require.Contains(t, before, `<h3 dir="auto">Correction: a new provider</h3>`)
	require.Contains(t, before, "It is in the EU.\n\nIt is new.</p>")
	require.Contains(t, after, "<summary>"+english.Superseded)
	require.Contains(t, after, `<h3 dir="auto">A new provider</h3>`)
	require.Equal(t, 1, strings.Count(text, "</details>"))
}

// What can be answered is what was not answered yet.
func TestThePageAsksForWhatIsOpenAndSaysWhatWasAnswered(t *testing.T) {
	t.Parallel()
	v := sample(t)
	open := page(t, v, Turn{})
	require.Contains(t, open, `value="acknowledge"`)
	require.Contains(t, open, `value="object"`)
	require.NotContains(t, open, english.Stands)

	v.AcknowledgedAt = at("2026-12-04T09:00:00Z")
	acknowledged := page(t, v, Turn{Said: Acknowledged})
	require.Contains(t, acknowledged, `role="status" tabindex="-1" autofocus>`+english.Said[Acknowledged])
	require.Contains(t, acknowledged, english.AcknowledgedAt+`: <time datetime="2026-12-04T10:00:00&#43;01:00">`)
	require.NotContains(t, acknowledged, "<title>Error")
	require.NotContains(t, acknowledged, `value="acknowledge"`)
	require.Contains(t, acknowledged, `value="object"`, "who acknowledged has not agreed")

	v.MayObject, v.AnsweredAt = false, at("2026-12-05T09:00:00Z")
	for _, answer := range append(change.Ends(), change.Objected) {
		v.Answer = string(answer)
		text := page(t, v, Turn{})
		require.Contains(t, text, `<p>`+english.Answers[v.Answer]+` Since: <time datetime="2026-12-05T10:00:00&#43;01:00">`)
		require.NotContains(t, text, "<form")
	}

	v = sample(t)
	v.SentAt, v.MayObject = nil, false
	require.NotContains(t, page(t, v, Turn{}), "<form", "who was not told has nothing to answer")
}

// Names, letters and what was typed are data, in every place where they stand.
func TestWhatPeopleWroteIsShownAndNeverRun(t *testing.T) {
	t.Parallel()
	v := sample(t)
	v.Company, v.Contact, v.Customer, v.Reference, v.Log = hostile, hostile, hostile, hostile, "javascript:alert(1)"
	v.Language = `en" onclick="alert(1)`
	v.Letters[0] = Letter{Subject: hostile, Text: hostile}
	text := page(t, v, Turn{Said: Incomplete, Field: "name", Name: hostile, Words: hostile})
	for _, element := range elements(t, text) {
		require.NotContains(t, []atom.Atom{atom.Script, atom.Img}, element.DataAtom)
		require.NotContains(t, attribute(element, "href"), "javascript:")
		require.Empty(t, attribute(element, "onclick"))
	}
	require.Contains(t, says(t, text, atom.H3), hostile)
	require.Equal(t, hostile, says(t, text, atom.Textarea))
	require.Contains(t, says(t, text, atom.Title), hostile)
	require.NotContains(t, door(t, hostile, hostile, Nothing), hostile)
	require.Contains(t, door(t, hostile, hostile, Nothing), html.EscapeString("<script>"))
}

// Every language says all that English says.
func TestEveryLanguageHasAllWords(t *testing.T) {
	t.Parallel()
	placeholder := regexp.MustCompile(`\{\w+\}`)
	for _, w := range languages {
		require.Len(t, w.Months, 12, w.Lang)
		require.ElementsMatch(t, placeholder.FindAllString(english.Date, -1), placeholder.FindAllString(w.Date, -1), w.Lang)
		of := reflect.ValueOf(w)
		for i := range of.NumField() {
			name, value := of.Type().Field(i).Name, of.Field(i)
			require.False(t, value.IsZero(), "%s: %s", w.Lang, name)
			if value.Kind() != reflect.Map {
				continue
			}
			require.Equal(t, reflect.ValueOf(english).Field(i).Len(), value.Len(), "%s: %s", w.Lang, name)
			for _, key := range reflect.ValueOf(english).Field(i).MapKeys() {
				require.True(t, value.MapIndex(key).IsValid() && value.MapIndex(key).Len() > 0, "%s: %s: %s", w.Lang, name, key)
			}
		}
		for _, answer := range append(change.Ends(), change.Objected) {
			require.NotEmpty(t, w.Answers[string(answer)], "%s: %s", w.Lang, answer)
		}
	}
}

func TestTheLanguageIsTheCustomersOrEnglish(t *testing.T) {
	t.Parallel()
	for asked, lang := range map[string]string{"de": "de", "de-AT": "de", "fr-CA": "fr", "en-GB": "en", "ja": "en", "": "en", "nonsense;;": "en"} {
		v := sample(t)
		v.Language = asked
		require.Contains(t, page(t, v, Turn{}), `<html lang="`+lang+`">`, asked)
	}
	require.Contains(t, door(t, "", "ja, fr;q=0.8, de;q=0.9", Nothing), german.Show, "what the browser likes best")
	v := sample(t)
	v.Language = "ja"
	require.Contains(t, page(t, v, Turn{}), `<article lang="ja">`, "a letter is in its own language")
	v.Language = "de"
	require.Contains(t, page(t, v, Turn{}), "31. Dezember 2026, 23:59 Uhr (Europe/Berlin, UTC&#43;01:00)")
}
