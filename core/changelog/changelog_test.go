package changelog_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"html"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	htmlnode "golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"github.com/atlascloudai/docket/core/changelog"
	"github.com/atlascloudai/docket/core/problem"
)

const base = "https://trust.example/changes"

var (
	policyEntry     = uuid.MustParse("0197a000-0000-7000-8000-000000000001")
	providerEntry   = uuid.MustParse("0197a000-0000-7000-8000-000000000002")
	correctionEntry = uuid.MustParse("0197a000-0000-7000-8000-000000000003")
)

func at(text string) time.Time {
	instant, err := time.Parse(time.RFC3339, text)
	if err != nil {
		panic(err)
	}
	return instant
}

func on(text string) *time.Time {
	instant := at(text)
	return &instant
}

// hostile is what somebody would put in a title to get into a reader's page.
const hostile = `</title><script>alert("1")</script>'"><img src=x> & more`

func sample() changelog.Log {
	return changelog.Log{
		Company: "Example & Co", Base: base,
		Entries: []changelog.Entry{
			{
				ID: correctionEntry, Published: at("2026-11-20T10:00:00+01:00"), Kind: "model_provider", Title: "Correction: the provider's region",
				Summary: "It is in the EU.", Body: "We named the wrong region.", Material: true, Reason: "It tells customers where their data is.", Corrects: &providerEntry,
			},
			{
				ID: providerEntry, Published: at("2026-11-01T00:00:00Z"), Updated: at("2026-11-02T00:00:00Z"), Kind: "model_provider", Title: hostile,
				Summary: hostile, Body: hostile + "\n\nSecond paragraph.", Material: true, Reason: hostile,
				EffectiveFrom: on("2026-12-01T00:00:00Z"), EffectiveLast: on("2027-02-01T00:00:00Z"),
			},
			{
				ID: policyEntry, Published: at("2026-06-01T00:00:00Z"), Updated: at("2026-05-01T00:00:00Z"), Kind: "policy_change", Title: "Content is kept for longer",
				Summary: "Thirty days in place of seven.", Document: "retention policy", Version: 2, Before: 1,
				EffectiveFrom: on("2026-07-01T00:00:00Z"), EffectiveLast: on("2026-07-01T00:00:00Z"),
			},
		},
		Documents: []changelog.Document{{Name: "retention policy", Title: "Data <retention> policy", Versions: []changelog.Version{
			{Number: 2, Published: at("2026-06-01T00:00:00Z"), Effective: on("2026-07-01T00:00:00Z"), Text: "1. Content\n\nContent is kept for up to 30 days.\n"},
			{Number: 1, Published: at("2026-01-01T00:00:00Z"), Text: "\n1. Content\n\nContent is kept for up to 7 days.\n"},
		}}},
	}
}

func written(t *testing.T, write func(io.Writer) error) string {
	t.Helper()
	var text strings.Builder
	require.NoError(t, write(&text))
	return text.String()
}

// everyPage is each page of a log under its permanent address.
func everyPage(t *testing.T, log changelog.Log) map[string]string {
	all := map[string]string{log.Base: written(t, func(w io.Writer) error { return changelog.Page(w, log) })}
	for _, e := range log.Entries {
		all[log.EntryURL(e.ID)] = written(t, func(w io.Writer) error { return changelog.EntryPage(w, log, e.ID) })
	}
	for _, d := range log.Documents {
		all[log.DocumentURL(d.Name)] = written(t, func(w io.Writer) error { return changelog.DocumentPage(w, log, d.Name) })
		for _, v := range d.Versions {
			all[log.VersionURL(d.Name, v.Number)] = written(t, func(w io.Writer) error { return changelog.VersionPage(w, log, d.Name, v.Number) })
		}
	}
	return all
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

func TestEveryPageIsReadByAnyBrowser(t *testing.T) {
	t.Parallel()
	all := everyPage(t, sample())
	require.Len(t, all, 7)
	for here, page := range all {
		count := map[atom.Atom]int{}
		for _, element := range elements(t, page) {
			count[element.DataAtom]++
			switch element.DataAtom {
			case atom.Script, atom.Img, atom.Iframe, atom.Form, atom.Base:
				t.Errorf("%s has a <%s>", here, element.Data)
			case atom.Html:
				require.Equal(t, "en", attribute(element, "lang"))
			case atom.Main:
				require.Equal(t, "content", attribute(element, "id"))
			case atom.Time:
				require.NotPanics(t, func() { at(attribute(element, "datetime")) })
			case atom.A:
				require.True(t, strings.HasPrefix(attribute(element, "href"), base) || strings.HasPrefix(attribute(element, "href"), "#"), attribute(element, "href"))
			case atom.Link:
				require.Contains(t, []string{"canonical", "alternate"}, attribute(element, "rel"), "nothing else is loaded")
				if attribute(element, "rel") == "canonical" {
					require.Equal(t, here, attribute(element, "href"))
				}
			case atom.Style:
				sum := sha256.Sum256([]byte(textOf(element)))
				require.Contains(t, changelog.SecurityPolicy, "'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+"'", "the style is let through")
			}
			require.Empty(t, attribute(element, "style")+attribute(element, "onclick"))
		}
		for _, one := range []atom.Atom{atom.H1, atom.Main, atom.Header, atom.Nav, atom.Footer, atom.Title} {
			require.Equal(t, 1, count[one], "%s: %s", here, one)
		}
		require.Contains(t, page, `<a class="skip" href="#content">`)
	}
}

// Whatever a page of the log links to is there.
func TestEveryLinkLeadsSomewhere(t *testing.T) {
	t.Parallel()
	log := sample()
	all := everyPage(t, log)
	others := []string{log.JSONFeedURL(), log.AtomURL(), log.TextURL("retention policy", 1), log.TextURL("retention policy", 2)}
	for here, page := range all {
		for _, element := range elements(t, page) {
			href := attribute(element, "href")
			if href == "" || strings.HasPrefix(href, "#") || slices.Contains(others, href) {
				continue
			}
			require.Contains(t, all, href, "on %s", here)
		}
	}
	require.Equal(t, base+"/documents/retention%20policy/2", log.VersionURL("retention policy", 2))
}

func TestThePageHoldsEveryEntryAndDocument(t *testing.T) {
	t.Parallel()
	log := sample()
	page := everyPage(t, log)[base]
	for _, e := range log.Entries {
		require.Contains(t, page, `<h3><a href="`+log.EntryURL(e.ID)+`">`+html.EscapeString(e.Title)+`</a></h3>`)
		require.Contains(t, page, html.EscapeString(e.Summary))
	}
	require.Contains(t, page, `<a href="`+log.DocumentURL("retention policy")+`">Data &lt;retention&gt; policy</a>, version 2 of`)
	require.Contains(t, page, "Policy change. Published")
	require.Contains(t, page, "Model provider, material. Published")
	require.NotContains(t, page, hostile)

	require.Contains(t, written(t, func(w io.Writer) error { return changelog.Page(w, changelog.Log{Company: "Example", Base: base}) }), "No change has been published yet.")
}

func TestAnEntryShowsWhatChangedAndWhen(t *testing.T) {
	t.Parallel()
	log := sample()
	all := everyPage(t, log)
	policy := all[log.EntryURL(policyEntry)]
	require.Contains(t, policy, "Content is kept for up to <del>7</del> days.</p>")
	require.Contains(t, policy, "Content is kept for up to <ins>30</ins> days.</p>")
	require.Contains(t, policy, `<dt>Takes effect</dt><dd>from <time datetime="2026-07-01T00:00:00Z">2026-07-01 00:00 UTC</time></dd>`)
	require.NotContains(t, policy, "last changed", "words cannot change before they are public")

	provider := all[log.EntryURL(providerEntry)]
	require.Contains(t, provider, `from <time datetime="2026-12-01T00:00:00Z">2026-12-01 00:00 UTC</time> for the first customers to <time datetime="2027-02-01T00:00:00Z">`)
	require.Contains(t, provider, `last changed <time datetime="2026-11-02T00:00:00Z">`)
	require.Contains(t, provider, `<p class="words">Second paragraph.</p>`)
	require.Contains(t, provider, `<dt>Corrected by</dt><dd><a href="`+log.EntryURL(correctionEntry)+`">`)
	require.NotContains(t, provider, "What changed in the text")

	correction := all[log.EntryURL(correctionEntry)]
	require.Contains(t, correction, `<dt>Corrects</dt><dd><a href="`+log.EntryURL(providerEntry)+`">`)
	require.Contains(t, correction, `<dt>Published</dt><dd><time datetime="2026-11-20T09:00:00Z">`)
}

func TestTheDigestOfAVersionIsThatOfItsText(t *testing.T) {
	t.Parallel()
	log := sample()
	written := everyPage(t, log)
	for _, v := range log.Documents[0].Versions {
		page := written[log.VersionURL("retention policy", v.Number)]
		all := elements(t, page)
		first := slices.IndexFunc(all, func(n *htmlnode.Node) bool { return n.DataAtom == atom.Pre })
		sum := sha256.Sum256([]byte(textOf(all[first])))
		require.Equal(t, "sha-256:"+hex.EncodeToString(sum[:]), v.Digest(), "what the browser shows, byte by byte")
		require.Contains(t, page, "<code>"+v.Digest()+"</code>")
		require.Contains(t, page, "curl -fsS '"+log.TextURL("retention policy", v.Number)+"' | sha256sum")
		require.Contains(t, written[log.DocumentURL("retention policy")], v.Digest())
	}
	require.Contains(t, written[log.VersionURL("retention policy", 1)], "There is a newer version:")
	require.NotContains(t, written[log.VersionURL("retention policy", 2)], "There is a newer version:")
}

func TestWhatIsNotInTheLogIsNotFound(t *testing.T) {
	t.Parallel()
	for _, err := range []error{
		changelog.EntryPage(io.Discard, sample(), uuid.New()),
		changelog.DocumentPage(io.Discard, sample(), "other"),
		changelog.VersionPage(io.Discard, sample(), "other", 1),
		changelog.VersionPage(io.Discard, sample(), "retention policy", 3),
	} {
		require.Equal(t, problem.NotFound, problem.CodeOf(err))
	}
}

// What RFC 4287 asks of a feed (section 4.1.1) and of an entry (4.1.2).
func TestTheAtomFeedHoldsWhatItsStandardAsks(t *testing.T) {
	t.Parallel()
	type link struct {
		Rel  string `xml:"rel,attr"`
		Href string `xml:"href,attr"`
	}
	type feed struct {
		XMLName xml.Name  `xml:"http://www.w3.org/2005/Atom feed"`
		Lang    string    `xml:"http://www.w3.org/XML/1998/namespace lang,attr"`
		ID      []string  `xml:"id"`
		Title   []string  `xml:"title"`
		Updated time.Time `xml:"updated"`
		Authors []string  `xml:"author>name"`
		Links   []link    `xml:"link"`
		Entries []struct {
			ID         []string  `xml:"id"`
			Title      []string  `xml:"title"`
			Published  time.Time `xml:"published"`
			Updated    time.Time `xml:"updated"`
			Links      []link    `xml:"link"`
			Categories []struct {
				Term string `xml:"term,attr"`
			} `xml:"category"`
			Summary string `xml:"summary"`
			Content struct {
				Type string `xml:"type,attr"`
				Text string `xml:",chardata"`
			} `xml:"content"`
		} `xml:"entry"`
	}
	log := sample()
	read := func(log changelog.Log) (f feed) {
		text := written(t, func(w io.Writer) error { return changelog.Atom(w, log) })
		require.NoError(t, xml.Unmarshal([]byte(text), &f))
		require.Equal(t, 1, strings.Count(text, "<author>"))
		return f
	}
	f := read(log)
	require.Equal(t, []string{base}, f.ID)
	require.Equal(t, []string{"Change log of Example & Co"}, f.Title)
	require.Equal(t, "en", f.Lang)
	require.Equal(t, []string{"Example & Co"}, f.Authors)
	require.Equal(t, []link{{"self", base + "/feed.atom"}, {"alternate", base}}, f.Links)
	require.Len(t, f.Entries, len(log.Entries))
	seen := map[string]bool{}
	for i, e := range f.Entries {
		require.Equal(t, []string{"urn:uuid:" + log.Entries[i].ID.String()}, e.ID)
		require.False(t, seen[e.ID[0]])
		seen[e.ID[0]] = true
		require.Equal(t, []string{log.Entries[i].Title}, e.Title)
		require.Equal(t, []link{{"alternate", log.EntryURL(log.Entries[i].ID)}}, e.Links)
		require.True(t, log.Entries[i].Published.Equal(e.Published))
		require.False(t, e.Updated.Before(e.Published))
		require.False(t, f.Updated.Before(e.Updated))
		require.Equal(t, log.Entries[i].Kind, e.Categories[0].Term)
		require.Equal(t, log.Entries[i].Summary, e.Summary)
		require.Equal(t, "html", e.Content.Type)
		require.NotContains(t, e.Content.Text, hostile, "its HTML is safe, too")
	}
	require.Contains(t, f.Entries[1].Content.Text, "Second paragraph.")

	log.Base, log.Entries[0].Title = "https://moved.example", "another title"
	moved := read(log)
	for i := range f.Entries {
		require.Equal(t, f.Entries[i].ID, moved.Entries[i].ID, "an entry stays the same wherever it moves, and whatever it is called")
	}
	require.False(t, read(changelog.Log{Company: "Example", Base: base}).Updated.IsZero())
}

// What JSON Feed 1.1 asks: version, title and items; of an item an id and its content.
func TestTheJSONFeedHoldsWhatItsStandardAsks(t *testing.T) {
	t.Parallel()
	log := sample()
	var f struct {
		Version string `json:"version"`
		Title   string `json:"title"`
		Home    string `json:"home_page_url"`
		Self    string `json:"feed_url"`
		Authors []struct{ Name string }
		Items   []struct {
			ID        string    `json:"id"`
			URL       string    `json:"url"`
			Title     string    `json:"title"`
			Content   string    `json:"content_html"`
			Published time.Time `json:"date_published"`
			Modified  time.Time `json:"date_modified"`
			Tags      []string  `json:"tags"`
		} `json:"items"`
	}
	require.NoError(t, json.Unmarshal([]byte(written(t, func(w io.Writer) error { return changelog.JSONFeed(w, log) })), &f))
	require.Equal(t, "https://jsonfeed.org/version/1.1", f.Version)
	require.Equal(t, "Change log of Example & Co", f.Title)
	require.Equal(t, base, f.Home)
	require.Equal(t, base+"/feed.json", f.Self)
	require.Equal(t, "Example & Co", f.Authors[0].Name)
	require.Len(t, f.Items, len(log.Entries))
	seen := map[string]bool{}
	for i, item := range f.Items {
		require.Equal(t, "urn:uuid:"+log.Entries[i].ID.String(), item.ID, "as in the Atom feed")
		require.False(t, seen[item.ID])
		seen[item.ID] = true
		require.Equal(t, log.EntryURL(log.Entries[i].ID), item.URL)
		require.Equal(t, log.Entries[i].Title, item.Title)
		require.NotEmpty(t, item.Content)
		require.NotContains(t, item.Content, hostile)
		require.False(t, item.Modified.Before(item.Published))
	}
	require.Equal(t, []string{"model_provider", "material"}, f.Items[0].Tags)
	require.Equal(t, []string{"policy_change"}, f.Items[2].Tags)

	require.Contains(t, written(t, func(w io.Writer) error { return changelog.JSONFeed(w, changelog.Log{Base: base}) }), `"items":[]`)
}

func TestABannerShowsWhatIsMaterialAndStillNews(t *testing.T) {
	t.Parallel()
	shown := func(log changelog.Log, now string) (ids []uuid.UUID) {
		for _, n := range changelog.Banner(log, at(now)) {
			ids = append(ids, n.ID)
		}
		return ids
	}
	log := sample()
	require.Empty(t, shown(log, "2026-06-02T00:00:00Z"), "not material")
	require.Equal(t, []uuid.UUID{correctionEntry}, shown(log, "2026-12-19T00:00:00Z"), "its correction speaks for what was corrected")
	require.Empty(t, shown(log, "2026-12-21T00:00:00Z"))

	log.Entries = log.Entries[1:]
	require.Empty(t, shown(log, "2026-10-31T00:00:00Z"), "not public yet")
	require.Equal(t, []uuid.UUID{providerEntry}, shown(log, "2026-11-10T00:00:00Z"))
	require.Equal(t, []uuid.UUID{providerEntry}, shown(log, "2027-01-31T00:00:00Z"), "months old, but ahead for the last customer")
	require.Empty(t, shown(log, "2027-02-01T00:00:00Z"))

	body, err := json.Marshal(changelog.Banner(log, at("2027-01-31T00:00:00Z"))[0])
	require.NoError(t, err)
	require.Contains(t, string(body), `"url":"`+base+"/"+providerEntry.String()+`","effective_from":"2026-12-01T00:00:00Z","effective_last":"2027-02-01T00:00:00Z"`)
	require.NotNil(t, changelog.Banner(changelog.Log{}, at("2027-01-31T00:00:00Z")), "an empty list, never null")
}
