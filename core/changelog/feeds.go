package changelog

import (
	"encoding/json"
	"encoding/xml"
	"io"
	"time"
)

// JSONFeed writes the log as JSON Feed 1.1 (https://www.jsonfeed.org/version/1.1/; application/feed+json).
func JSONFeed(w io.Writer, log Log) error {
	type author struct {
		Name string `json:"name"`
		URL  string `json:"url"`
	}
	type item struct {
		ID        string    `json:"id"`
		URL       string    `json:"url"`
		Title     string    `json:"title"`
		Summary   string    `json:"summary,omitempty"`
		HTML      string    `json:"content_html"`
		Published time.Time `json:"date_published"`
		Modified  time.Time `json:"date_modified"`
		Tags      []string  `json:"tags"`
	}
	feed := struct {
		Version  string   `json:"version"`
		Title    string   `json:"title"`
		Home     string   `json:"home_page_url"`
		Self     string   `json:"feed_url"`
		Authors  []author `json:"authors"`
		Language string   `json:"language"`
		Items    []item   `json:"items"`
	}{"https://jsonfeed.org/version/1.1", log.title(), log.Base, log.JSONFeedURL(), []author{{log.Company, log.Base}}, "en", []item{}}
	for _, e := range log.Entries {
		html, err := article(log, e)
		if err != nil {
			return err
		}
		feed.Items = append(feed.Items, item{e.urn(), log.EntryURL(e.ID), e.Title, e.Summary, html, e.Published.UTC(), e.LastChange(), e.tags()})
	}
	return json.NewEncoder(w).Encode(feed)
}

// Atom writes the log as an Atom feed (RFC 4287; application/atom+xml).
func Atom(w io.Writer, log Log) error {
	type link struct {
		Rel  string `xml:"rel,attr"`
		Type string `xml:"type,attr"`
		Href string `xml:"href,attr"`
	}
	type category struct {
		Term string `xml:"term,attr"`
	}
	type text struct {
		Type string `xml:"type,attr"`
		Text string `xml:",chardata"`
	}
	type entry struct {
		ID         string     `xml:"id"`
		Title      string     `xml:"title"`
		Published  time.Time  `xml:"published"`
		Updated    time.Time  `xml:"updated"`
		Link       link       `xml:"link"`
		Categories []category `xml:"category"`
		Summary    string     `xml:"summary,omitempty"`
		Content    text       `xml:"content"`
	}
	feed := struct {
		XMLName xml.Name  `xml:"http://www.w3.org/2005/Atom feed"`
		Lang    string    `xml:"xml:lang,attr"`
		ID      string    `xml:"id"`
		Title   string    `xml:"title"`
		Updated time.Time `xml:"updated"`
		Author  string    `xml:"author>name"`
		URI     string    `xml:"author>uri"`
		Links   []link    `xml:"link"`
		Entries []entry   `xml:"entry"`
	}{
		// An empty log has to name an instant, too (RFC 4287, section 4.1.1).
		Lang: "en", ID: log.Base, Title: log.title(), Updated: time.Unix(0, 0).UTC(), Author: log.Company, URI: log.Base,
		Links: []link{{"self", "application/atom+xml", log.AtomURL()}, {"alternate", "text/html", log.Base}},
	}
	for _, e := range log.Entries {
		html, err := article(log, e)
		if err != nil {
			return err
		}
		one := entry{e.urn(), e.Title, e.Published.UTC(), e.LastChange(), link{"alternate", "text/html", log.EntryURL(e.ID)}, nil, e.Summary, text{"html", html}}
		for _, tag := range e.tags() {
			one.Categories = append(one.Categories, category{tag})
		}
		feed.Entries = append(feed.Entries, one)
		if one.Updated.After(feed.Updated) {
			feed.Updated = one.Updated
		}
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	return xml.NewEncoder(w).Encode(feed)
}

// urn is the same in both feeds, and stays when the log moves to another address (RFC 4287, section 4.2.6).
func (e Entry) urn() string { return e.ID.URN() }

func (e Entry) tags() []string {
	if e.Material {
		return []string{e.Kind, "material"}
	}
	return []string{e.Kind}
}
