package desk_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/duty"
	"github.com/atlascloudai/docket/core/letters"
	"github.com/atlascloudai/docket/desk"
)

// toPeople is a notice to the people themselves that answers these elements in English and German.
func toPeople(elements ...string) letters.Notice {
	text := letters.Notice{Template: letters.IncidentPeople, TemplateVersion: letters.LatestTemplate(letters.IncidentPeople), Fallback: "en", Languages: map[string]letters.Content{}}
	for _, language := range []string{"en", "de"} {
		content := letters.Content{Subject: "Your account data", Elements: map[string]letters.Fill{}}
		for _, element := range elements {
			content.Elements[element] = letters.Fill{State: letters.Filled, Text: element + " in " + language}
		}
		text.Languages[language] = content
	}
	return text
}

// Who holds an account with the company is told apart from customers: a text of their own, with what art. 34(2) asks, that
// is approved like any other, goes out by hand, and is shown by a receipt that a second person confirms.
func TestPeopleAtHighRiskAreAnAudienceOfTheirOwn(t *testing.T) {
	t.Parallel()
	r := companyOf(t)
	r.start("aware_controller", r.ago(time.Hour), "")
	r.record(holders(map[string]int{"DE": 10}))
	early := r.draft(access.CommsLead, toPeople(letters.Wanted(letters.People, nil)...))
	require.NoError(t, r.submit(early))
	refused(t, r.approve(access.PrivacyLead, early, r.digest(early)), "no_recipients")

	_, err := r.Desk.AssessRisk(r.ctx, r.As(access.PrivacyLead), "", r.Case, desk.RiskInput{Risk: "high_risk", Reason: "passwords in clear"})
	require.NoError(t, err)
	r.confirm("gdpr-34")
	owed := r.byRule("gdpr-34")[0]
	require.Equal(t, "people/people affected", owed.Counterparty)

	short := r.draft(access.CommsLead, toPeople(letters.Nature, letters.ContactPoint))
	refused(t, r.submit(short), "element_missing", "element_missing", "element_missing", "element_missing")
	notice := early
	refused(t, r.approve(access.PrivacyLead, notice, "0000000000000000000000000000000000000000000000000000000000000000"), "digest_differs")
	code(t, "forbidden", r.approve(access.CommsLead, notice, r.digest(notice)))
	preview, err := r.Desk.Preview(r.ctx, r.As(access.PrivacyLead), r.Case, notice, 0)
	require.NoError(t, err)
	require.Equal(t, 2, preview.Recipients, "the letter in each of its languages")
	require.Contains(t, preview.Letter.Text, "Was geschehen ist")
	require.NotContains(t, preview.Letter.Text, "people/people affected")
	require.NoError(t, r.approve(access.PrivacyLead, notice, preview.Digest))
	require.NoError(t, r.release(notice))
	r.verified()
	view, err := r.Desk.Notice(r.ctx, r.As(access.PrivacyLead), r.Case, notice)
	require.NoError(t, err)
	require.Equal(t, "released", view.State)
	require.Empty(t, view.Campaigns, "nothing is sent from here: nobody's address is held")
	owed = r.byRule("gdpr-34")[0]
	require.Equal(t, notice, *owed.Notice)
	require.Equal(t, "required", owed.State, "released is not told")

	// A notice to customers does not stand in for it, nor the other way round.
	pack, err := r.Desk.ByHand(r.ctx, r.As(access.PrivacyLead), r.Case, owed.ID)
	require.NoError(t, err)
	require.Contains(t, pack.Letter.Text, "What it may mean for you")
	require.Empty(t, pack.Lacks)
	authority, err := r.Desk.ByHand(r.ctx, r.As(access.PrivacyLead), r.Case, r.byRule("gdpr-33-1")[0].ID)
	require.NoError(t, err)
	require.Empty(t, authority.Letter.Text)

	r.file(owed, r.ago(time.Second))
	require.Equal(t, "met", r.byRule("gdpr-34")[0].State)
	r.verified()
}

// What is wrong with a text to people keeps it back only as long as nobody is told late.
func TestALateNoticeToPeopleGoes(t *testing.T) {
	t.Parallel()
	r := companyOf(t, duty.HIPAACoveredEntity)
	r.start("discovered_constructive", r.ago(70*24*time.Hour), "")
	r.record(holders(map[string]int{"US": 700}))
	notice := r.draft(access.CommsLead, toPeople(letters.Nature))
	require.NoError(t, r.submit(notice))
	require.NoError(t, r.approve(access.PrivacyLead, notice, r.digest(notice)))
	require.NoError(t, r.release(notice))
	r.verified()
}

// An edit cannot turn a notice to customers into one to people.
func TestANoticeStaysWithItsAudience(t *testing.T) {
	t.Parallel()
	r := aboutToSend(t)
	notice := r.draft(access.CommsLead, saying(letters.Elements()[:9]...))
	names(t, "content.template", r.edit(access.CommsLead, notice, 1, toPeople(letters.Nature)))
	other := toPeople(letters.Nature)
	other.Template = "incident-anybody"
	_, err := r.Desk.DraftNotice(r.ctx, r.As(access.CommsLead), "", r.Case, desk.NoticeInput{Content: &other})
	names(t, "content.template", err)
}
