package testkit

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/letters"
	"github.com/atlascloudai/docket/desk"
)

// ChangeCustomer is one generated customer of a notice of change.
type ChangeCustomer struct {
	Customer
	// Agreement is the id of the document that it accepted, one of ChangeAgreements; "" for none.
	Agreement string
	// Language is the one that it asks for, Zone the IANA name of where its days are counted.
	Language, Zone string
}

// ChangeAgreements are the ids of what these customers accepted, in turn: six pairs of notice and objection terms, one with a notice
// alone, and no agreement at all.
var ChangeAgreements = []string{"ten", "fifteen", "thirty", "by-hand", "ninety", "half-year", "notice-only", ""}

// changeAgreements are their terms. What is handed over by a person counts in one of them.
const changeAgreements = `documents:
  - {id: ten, kind: standard_terms, title: Terms of ten days, version: "1", effective_from: 2025-02-01, terms: [
      {id: ten-notice, kind: change-notice, period: 10 days, notify: [privacy], channels: [email], clause: "1"},
      {id: ten-objection, kind: objection-window, period: 8 days, clause: "2"}]}
  - {id: fifteen, kind: standard_terms, title: Terms of fifteen days, version: "1", effective_from: 2025-02-01, terms: [
      {id: fifteen-notice, kind: change-notice, period: 15 days, notify: [privacy], channels: [email], clause: "1"},
      {id: fifteen-objection, kind: objection-window, period: 10 business days, clause: "2"}]}
  - {id: thirty, kind: standard_terms, title: Terms of thirty days, version: "1", effective_from: 2025-02-01, terms: [
      {id: thirty-notice, kind: change-notice, period: 30 days, notify: [privacy], channels: [email], clause: "1"},
      {id: thirty-objection, kind: objection-window, period: 14 days, clause: "2"},
      {id: thirty-termination, kind: termination-window, period: 30 days, clause: "3"}]}
  - {id: by-hand, kind: standard_terms, title: Terms that count what is handed over, version: "1", effective_from: 2025-02-01, terms: [
      {id: by-hand-notice, kind: change-notice, period: 30 days, notify: [privacy], channels: [email, by_hand], clause: "1"},
      {id: by-hand-objection, kind: objection-window, period: 15 days, clause: "2"}]}
  - {id: ninety, kind: standard_terms, title: Terms of ninety days, version: "1", effective_from: 2025-02-01, terms: [
      {id: ninety-notice, kind: change-notice, period: 90 days, notify: [privacy], channels: [email], clause: "1"},
      {id: ninety-objection, kind: objection-window, period: 30 days, clause: "2"},
      {id: ninety-resolution, kind: objection-resolution, period: 30 days, clause: "3"},
      {id: ninety-termination, kind: termination-window, period: 90 days, clause: "4"}]}
  - {id: half-year, kind: standard_terms, title: Terms of six months, version: "1", effective_from: 2025-02-01, terms: [
      {id: half-year-notice, kind: change-notice, period: 6 months, notify: [privacy], channels: [email], clause: "1"},
      {id: half-year-objection, kind: objection-window, period: 90 days, clause: "2"}]}
  - {id: notice-only, kind: standard_terms, title: Terms without a window, version: "1", effective_from: 2025-02-01, terms: [
      {id: notice-only-notice, kind: change-notice, period: 30 days, notify: [privacy], channels: [email], clause: "1"}]}
`

// ImportChangeCustomers imports n generated customers, numbered from 1, through the files that a person would hand in. Agreements,
// languages and zones go through all their combinations; who asks for Spanish is written to in the fallback.
func (h *House) ImportChangeCustomers(t testing.TB, n int) []ChangeCustomer {
	t.Helper()
	languages, zones := []string{"en", "de", "fr", "es"}, []string{"Europe/Berlin", "America/New_York", "Asia/Tokyo"}
	customers := make([]ChangeCustomer, n)
	people, contacts, acceptances := table("ref", "name", "plan", "language", "zone", "services", "regions"),
		table("id", "customer", "role", "channel", "address", "language", "last_proven"), table("customer", "document", "at")
	for i := range customers {
		kinds := len(ChangeAgreements)
		c := ChangeCustomer{Customer: NewCustomer(i + 1), Agreement: ChangeAgreements[i%kinds], Language: languages[i/kinds%4], Zone: zones[i/kinds/4%3]}
		customers[i] = c
		people.add(c.Ref, c.Name, "standard", c.Language, c.Zone, "chat", "eu-central")
		contacts.add(c.Ref+"-privacy", c.Ref, "privacy", "email", c.Address, "", "2025-10-08")
		contacts.add(c.Ref+"-account", c.Ref, "account", "email", c.Second, "", "2025-10-08")
		if c.Agreement != "" {
			acceptances.add(c.Ref, c.Agreement, "2025-02-03")
		}
	}
	report, err := h.Desk.ImportAgreements(context.Background(), h.As(access.LegalCounsel), map[string][]byte{
		"agreements.yaml": []byte(changeAgreements), "customers.csv": people.bytes(t), "contacts.csv": contacts.bytes(t), "acceptances.csv": acceptances.bytes(t),
	})
	require.NoError(t, err)
	require.Empty(t, report.Errors)
	require.Empty(t, report.Contradictions)
	return customers
}

// NewChangeHouse puts a desk together on a fresh database of an installation of exercises alone, so that a gateway speaks of them.
func NewChangeHouse(t testing.TB) *House {
	t.Helper()
	h := NewHouse(t)
	h.Options.Drills = true
	h.Desk = desk.New(h.Options)
	return h
}

// ChangeSubject is what a gateway asks about.
const ChangeSubject = "example-models"

// Changes opens a change of a sub-processor as an exercise.
func (h *House) Changes(t testing.TB, sendBy, planned time.Time) uuid.UUID {
	t.Helper()
	opened, err := h.Desk.OpenChange(context.Background(), h.As(access.CommsLead), "", desk.OpenChangeInput{
		Kind: "subprocessor", Title: "Example Models becomes a sub-processor", Summary: "Example Models answers prompts of the chat service.",
		Subject: ChangeSubject, Planned: planned, SendBy: sendBy, Drill: true,
	})
	require.NoError(t, err)
	return opened.Case
}

// Judged submits a change and has counsel say that it is material, which counts its audience.
func (h *House) Judged(t testing.TB, caseID uuid.UUID) {
	t.Helper()
	ctx := context.Background()
	_, err := h.Desk.SubmitChange(ctx, h.As(access.CommsLead), "", caseID)
	require.NoError(t, err)
	_, err = h.Desk.JudgeChange(ctx, h.As(access.LegalCounsel), "", caseID, desk.JudgeInput{Material: true, Reason: "another company sees prompts"})
	require.NoError(t, err)
}

// ChangeSubjects are the subjects of the letters of ChangeText, by language.
var ChangeSubjects = map[string]string{"en": "A new sub-processor", "de": "Ein neuer Unterauftragsverarbeiter", "fr": "Un nouveau sous-traitant"}

// ChangeText is a complete notice of change in three languages.
func ChangeText() letters.Notice {
	n := letters.Notice{Template: letters.ChangeCustomer, TemplateVersion: letters.LatestTemplate(letters.ChangeCustomer), Version: 1, Fallback: "en", Languages: map[string]letters.Content{}}
	for language, subject := range ChangeSubjects {
		content := letters.Content{Subject: subject, Elements: map[string]letters.Fill{}}
		for _, required := range letters.Required(letters.ChangeCustomer) {
			content.Elements[required.ID] = letters.Fill{State: letters.Filled, Text: language + ": about " + required.Title + "."}
		}
		n.Languages[language] = content
	}
	return n
}

// ChangeReleased drafts, submits, previews, approves and releases a notice of change to everybody who was not told. Of first customers,
// if it is not zero, the rest waits.
func (h *House) ChangeReleased(t testing.TB, caseID uuid.UUID, first int) uuid.UUID {
	t.Helper()
	text := ChangeText()
	receipt, err := h.Desk.ReleaseNotice(context.Background(), h.As(access.CommsLead), "", caseID, h.approved(t, caseID, text), desk.ReleaseInput{First: first})
	require.NoError(t, err)
	return *receipt.ID
}
