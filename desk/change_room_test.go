package desk_test

import (
	"context"
	"fmt"
	"regexp"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/letters"
	"github.com/atlascloudai/docket/desk"
	"github.com/atlascloudai/docket/testkit"
)

// announcement is a notice of change on a desk with the sample agreements, carried by hand as its process would.
type announcement struct {
	*testkit.House
	t    testing.TB
	ctx  context.Context
	Case uuid.UUID
}

// announces opens a change of a sub-processor as an exercise on an installation of exercises alone.
func announces(t testing.TB, change func(*desk.OpenChangeInput)) *announcement {
	t.Helper()
	h := testkit.NewHouse(t)
	h.ImportSamples(t)
	h.Options.Drills, h.Options.StaffDomains = true, []string{"example.test"}
	h.Desk = desk.New(h.Options)
	a := &announcement{House: h, t: t, ctx: context.Background()}
	in := newProvider()
	if change != nil {
		change(&in)
	}
	opened, err := h.Desk.OpenChange(a.ctx, h.As(access.CommsLead), "", in)
	require.NoError(t, err)
	a.Case = opened.Case
	return a
}

func newProvider() desk.OpenChangeInput {
	now := time.Now()
	return desk.OpenChangeInput{
		Kind: "subprocessor", Title: "Example Models becomes a sub-processor", Summary: "Example Models answers prompts of the chat service.",
		Subject: "example-models", Planned: now.AddDate(0, 0, 60), SendBy: now.AddDate(0, 0, 2), Drill: true,
	}
}

// changeText is a complete notice of change in English.
func changeText() letters.Notice {
	elements := map[string]letters.Fill{}
	for _, required := range letters.Required(letters.ChangeCustomer) {
		elements[required.ID] = letters.Fill{State: letters.Filled, Text: "About " + required.Title + "."}
	}
	return letters.Notice{
		Template: letters.ChangeCustomer, TemplateVersion: letters.LatestTemplate(letters.ChangeCustomer), Version: 1, Fallback: "en",
		Languages: map[string]letters.Content{"en": {Subject: "A new sub-processor", Elements: elements}},
	}
}

func (a *announcement) judged() {
	a.t.Helper()
	_, err := a.Desk.SubmitChange(a.ctx, a.As(access.CommsLead), "", a.Case)
	require.NoError(a.t, err)
	_, err = a.Desk.JudgeChange(a.ctx, a.As(access.LegalCounsel), "", a.Case, desk.JudgeInput{Material: true, Reason: "it sees prompts"})
	require.NoError(a.t, err)
}

// approved drafts, submits, previews and approves a text.
func (a *announcement) approved() uuid.UUID {
	a.t.Helper()
	text := changeText()
	drafted, err := a.Desk.DraftNotice(a.ctx, a.As(access.CommsLead), "", a.Case, desk.NoticeInput{Content: &text})
	require.NoError(a.t, err)
	_, err = a.Desk.SubmitNotice(a.ctx, a.As(access.CommsLead), "", a.Case, *drafted.ID, desk.SubmitInput{})
	require.NoError(a.t, err)
	a.approves(*drafted.ID)
	return *drafted.ID
}

func (a *announcement) approves(notice uuid.UUID) {
	a.t.Helper()
	preview, err := a.Desk.Preview(a.ctx, a.As(access.PrivacyLead), a.Case, notice, 0)
	require.NoError(a.t, err)
	_, err = a.Desk.ApproveNotice(a.ctx, a.As(access.PrivacyLead), "", a.Case, notice, desk.ApproveInput{Digest: preview.Digest})
	require.NoError(a.t, err)
}

// released begins the sending, and answers its campaign.
func (a *announcement) released() uuid.UUID {
	a.t.Helper()
	receipt, err := a.Desk.ReleaseNotice(a.ctx, a.As(access.CommsLead), "", a.Case, a.approved(), desk.ReleaseInput{})
	require.NoError(a.t, err)
	return *receipt.ID
}

// sends lets a sending's other side take everything but what is refused, and ends it.
func (a *announcement) sends(campaign uuid.UUID, refuses func(desk.Job) bool) (sent []desk.Job) {
	a.t.Helper()
	page := uuid.Must(uuid.NewV7())
	for {
		jobs, err := a.Desk.Claim(a.ctx, campaign, page, 100)
		require.NoError(a.t, err)
		if len(jobs) == 0 {
			break
		}
		for _, job := range jobs {
			require.Empty(a.t, job.Poison)
			require.NoError(a.t, a.Desk.Begin(a.ctx, job, [32]byte{1}, "direct"))
			answer := desk.Answer{Outcome: "accepted", Code: 250}
			if refuses != nil && refuses(job) {
				answer = desk.Answer{Outcome: "refused", Code: 550}
			}
			require.NoError(a.t, a.Desk.Finish(a.ctx, job, answer))
			sent = append(sent, job)
		}
	}
	require.NoError(a.t, a.Desk.Seal(a.ctx, campaign))
	require.NoError(a.t, a.Desk.FinishCampaign(a.ctx, campaign))
	return sent
}

// runs carries out what is due, as the process would.
func (a *announcement) runs() {
	a.t.Helper()
	stages := map[string]func(context.Context, uuid.UUID) (int, error){
		"dates": a.Desk.CountDates, "take": a.Desk.TakeEffect, "status": a.Desk.CarryChange, "objections": a.Desk.RaiseObjections, "raise": a.Desk.RaiseDue, "escalate": a.Desk.EscalateDue,
	}
	for range 50 {
		next, err := a.Desk.NextChange(a.ctx, a.Case, 0)
		require.NoError(a.t, err)
		moved := 0
		for _, name := range next.Stages {
			if stage := stages[name]; stage != nil {
				n, err := stage(a.ctx, a.Case)
				require.NoError(a.t, err, name)
				moved += n
			}
		}
		if moved == 0 {
			return
		}
	}
	require.Fail(a.t, "the change comes to no rest")
}

// later moves the clock on, and lets the process do what is due.
func (a *announcement) later(d time.Duration) {
	a.t.Helper()
	testkit.Execute(a.t, a.Database.Superuser, fmt.Sprintf(`UPDATE cases SET clock_offset = clock_offset + interval '%d seconds' WHERE id = '%s'`, int64(d.Seconds()), a.Case))
	a.runs()
}

func (a *announcement) view() desk.ChangeView {
	a.t.Helper()
	view, err := a.Desk.Change(a.ctx, a.As(access.LegalCounsel), a.Case)
	require.NoError(a.t, err)
	return view
}

func (a *announcement) customers() map[string]desk.ChangeCustomerView {
	a.t.Helper()
	page, err := a.Desk.ChangeCustomers(a.ctx, a.As(access.LegalCounsel), a.Case, desk.ChangeCustomersFilter{Limit: 500})
	require.NoError(a.t, err)
	by := map[string]desk.ChangeCustomerView{}
	for _, c := range page.Items {
		by[c.Customer] = c
	}
	return by
}

func (a *announcement) may(customer string) desk.MayView {
	a.t.Helper()
	view, err := a.Desk.May(a.ctx, a.As(access.Integration), desk.MayInput{Subject: "example-models", Customer: customer})
	require.NoError(a.t, err)
	return view
}

func (a *announcement) verified() {
	a.t.Helper()
	verified, err := a.Desk.VerifyCase(a.ctx, a.As(access.Auditor), a.Case)
	require.NoError(a.t, err)
	require.True(a.t, verified.OK, verified.Problem)
}

func blockerOf(err error) string { return refusalOf(err).Blockers[0].Code }

// comes lets one more customer sign up.
func (a *announcement) comes() { a.ImportCustomers(a.t, 1) }

var linkInLetter = regexp.MustCompile(`/notice/([A-Za-z0-9_-]+)`)

// tokenIn is what stands in the link of a letter.
func tokenIn(t testing.TB, job desk.Job) string {
	t.Helper()
	found := linkInLetter.FindStringSubmatch(job.Letter.Text)
	require.NotNil(t, found)
	return found[1]
}

// second is the error of two results.
func second[T any](_ T, err error) error { return err }
