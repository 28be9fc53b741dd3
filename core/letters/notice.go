// Package letters turns an approved notice and one recipient's own values into a
// letter, and binds an approval to everything that the letters will say. It is
// pure: the same notice, values and instant give the same letter.
package letters

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"
)

// IncidentCustomer is the template of a notice of a security incident to a customer.
const IncidentCustomer = "incident-customer"

// IncidentPeople is the template of a notice of a security incident to the people whose data the company controls (GDPR
// art. 34): one text for all of them, which is sent or published by hand.
const IncidentPeople = "incident-people"

// ChangeCustomer is the template of a notice of change to a customer, told before the change takes effect. The customer's own
// dates (Values.Change) are a section of it that nobody drafts.
const ChangeCustomer = "change-customer"

// Notice is what a drafter writes and a second person approves: one version of a
// text in its languages. It is JSON for storing; Canonical is what is hashed.
type Notice struct {
	// Template names the letter's fixed text, such as IncidentCustomer.
	Template string `json:"template"`
	// TemplateVersion is the version of the fixed text (see LatestTemplate).
	TemplateVersion int `json:"template_version"`
	// Version counts the edits of this notice.
	Version int `json:"version"`
	// Languages holds the text by BCP 47 base language, such as "en".
	Languages map[string]Content `json:"languages"`
	// Fallback is the language for whoever reads none of Languages.
	Fallback string `json:"fallback"`
	// DelayReason says by language why the notice comes late. Only the approver decides that letters print it, so
	// it is stored with the approval and not with the text; it is part of what is hashed.
	DelayReason map[string]string `json:"-"`
}

// Content is the text of a notice in one language.
type Content struct {
	// Subject is one line; the letter adds the customer's reference to it.
	Subject string `json:"subject"`
	// Elements answers what Required lists, by its ids.
	Elements map[string]Fill `json:"elements"`
}

// Canonical is the notice as JSON in one form only: keys in order, instants in
// UTC, no escapes beyond JSON's own. Equal notices give equal bytes.
func (n Notice) Canonical() []byte {
	type fill struct {
		By     string `json:"by"`
		Reason string `json:"reason"`
		State  State  `json:"state"`
		Text   string `json:"text"`
	}
	type content struct {
		Elements map[string]fill `json:"elements"`
		Subject  string          `json:"subject"`
	}
	languages := make(map[string]content, len(n.Languages))
	for tag, c := range n.Languages {
		elements := make(map[string]fill, len(c.Elements))
		for id, f := range c.Elements {
			by := ""
			if f.By != nil {
				by = f.By.UTC().Format(time.RFC3339Nano)
			}
			elements[id] = fill{By: by, Reason: f.Reason, State: f.State, Text: f.Text}
		}
		languages[tag] = content{Elements: elements, Subject: c.Subject}
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(struct {
		DelayReason     map[string]string  `json:"delay_reason,omitempty"`
		Fallback        string             `json:"fallback"`
		Languages       map[string]content `json:"languages"`
		Template        string             `json:"template"`
		TemplateVersion int                `json:"template_version"`
		Version         int                `json:"version"`
	}{n.DelayReason, n.Fallback, languages, n.Template, n.TemplateVersion, n.Version})
	if err != nil {
		// Strings, integers and maps of them always encode.
		panic(fmt.Sprintf("cannot encode notice: %v", err))
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n"))
}
