package acceptance_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/letters"
	"github.com/atlascloudai/docket/desk"
	"github.com/atlascloudai/docket/local/mail"
	"github.com/atlascloudai/docket/testkit"
)

// announced releases a notice of change to everybody whom it reaches, and answers its case.
func announced(t *testing.T, h *testkit.House) uuid.UUID {
	t.Helper()
	ctx := context.Background()
	opened, err := h.Desk.OpenChange(ctx, h.As(access.CommsLead), "", desk.OpenChangeInput{
		Kind: "subprocessor", Title: "Example Models becomes a sub-processor", Summary: "Example Models answers prompts.", Subject: "example-models",
		Planned: time.Now().AddDate(0, 0, 60), SendBy: time.Now().AddDate(0, 0, 2),
	})
	require.NoError(t, err)
	_, err = h.Desk.SubmitChange(ctx, h.As(access.CommsLead), "", opened.Case)
	require.NoError(t, err)
	_, err = h.Desk.JudgeChange(ctx, h.As(access.LegalCounsel), "", opened.Case, desk.JudgeInput{Material: true, Reason: "it sees prompts"})
	require.NoError(t, err)
	elements := map[string]letters.Fill{}
	for _, required := range letters.Required(letters.ChangeCustomer) {
		elements[required.ID] = letters.Fill{State: letters.Filled, Text: "About " + required.Title + "."}
	}
	text := letters.Notice{Template: letters.ChangeCustomer, TemplateVersion: letters.LatestTemplate(letters.ChangeCustomer), Version: 1, Fallback: "en",
		Languages: map[string]letters.Content{"en": {Subject: "A new sub-processor", Elements: elements}}}
	drafted, err := h.Desk.DraftNotice(ctx, h.As(access.CommsLead), "", opened.Case, desk.NoticeInput{Content: &text})
	require.NoError(t, err)
	_, err = h.Desk.SubmitNotice(ctx, h.As(access.CommsLead), "", opened.Case, *drafted.ID, desk.SubmitInput{})
	require.NoError(t, err)
	preview, err := h.Desk.Preview(ctx, h.As(access.PrivacyLead), opened.Case, *drafted.ID, 0)
	require.NoError(t, err)
	_, err = h.Desk.ApproveNotice(ctx, h.As(access.PrivacyLead), "", opened.Case, *drafted.ID, desk.ApproveInput{Digest: preview.Digest})
	require.NoError(t, err)
	_, err = h.Desk.ReleaseNotice(ctx, h.As(access.CommsLead), "", opened.Case, *drafted.ID, desk.ReleaseInput{})
	require.NoError(t, err)
	return opened.Case
}

// An incident's notices do not wait behind a notice of change to many: they have a lane of their own.
func TestAnIncidentsNoticesOvertakeANoticeOfChange(t *testing.T) {
	t.Parallel()
	h := testkit.NewHouse(t)
	e := testkit.NewEngine(t, h, testkit.EngineOptions{SilenceLimit: 20 * time.Second})
	customers := h.ImportCustomers(t, 400)
	require.NoError(t, e.Mail.Rules(mail.Rule{To: "*", Answers: []string{"slow:1s"}}))
	changed := announced(t, h)
	e.StartWorker(t)
	testkit.Await(t, "the notice of change is under way", func() bool { return len(e.Notices()) >= 20 })
	incident := h.DeclaredInEarnest(t).Case
	h.Aware(t, incident, time.Now().Add(-time.Hour))
	h.Parties(t, incident, testkit.Refs(customers[:5])...)
	h.Released(t, incident)
	told := func(caseID uuid.UUID) int {
		return e.Count(t, `SELECT count(*) FROM delivery WHERE case_id = $1 AND state = 'accepted'`, caseID)
	}
	testkit.Await(t, "everybody whom the incident reached is told", func() bool { return told(incident) == 5 })
	require.Less(t, told(changed), 200, "the notice of change is still on its way")
}
