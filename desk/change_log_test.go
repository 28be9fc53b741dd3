package desk_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/textdiff"
	"github.com/atlascloudai/docket/desk"
	"github.com/atlascloudai/docket/testkit"
)

// A draft shows what is new against the version in force; what was published stays as it was.
func TestADraftIsHeldAgainstTheVersionInForce(t *testing.T) {
	t.Parallel()
	a := announces(t, func(in *desk.OpenChangeInput) {
		in.Kind, in.Subject, in.Document, in.Text = "policy", "", "data-retention-policy", "We keep content for seven days.\nWe keep logs for a year.\n"
	})
	_, err := a.Desk.SubmitChange(a.ctx, a.As(access.CommsLead), "", a.Case)
	require.NoError(t, err)
	_, err = a.Desk.JudgeChange(a.ctx, a.As(access.LegalCounsel), "", a.Case, desk.JudgeInput{Reason: "the first version on record"})
	require.NoError(t, err)
	in := newProvider()
	in.Kind, in.Subject, in.Document, in.Text = "policy", "", "data-retention-policy", "We keep content for ten days.\nWe keep logs for a year.\n"
	opened, err := a.Desk.OpenChange(a.ctx, a.As(access.CommsLead), "", in)
	require.NoError(t, err)
	first := a.Case
	a.Case = opened.Case
	view := a.view()
	require.Equal(t, 2, view.Version)
	var shown strings.Builder
	require.NoError(t, textdiff.Text(&shown, view.Diff, 3))
	require.Contains(t, shown.String(), "- We keep content for")
	require.Contains(t, shown.String(), "+ We keep content for")
	log, err := a.Desk.ChangeLog(a.ctx)
	require.NoError(t, err)
	require.Len(t, log.Documents[0].Versions, 1, "a draft is nobody's to read")
	a.judged()
	a.released()
	log, err = a.Desk.ChangeLog(a.ctx)
	require.NoError(t, err)
	require.Len(t, log.Documents[0].Versions, 2)
	require.Equal(t, 1, log.Entries[0].Before)
	a.verified()
	a.Case = first
	require.Equal(t, 1, a.view().Version)
	a.verified()
	_, err = a.Desk.Case(a.ctx, a.As(access.Auditor), a.view().Code)
	require.NoError(t, err)
	cases, err := a.Desk.Cases(a.ctx, a.As(access.Auditor), "archived", "", 10)
	require.NoError(t, err)
	require.Len(t, cases.Items, 1)
}

// A text that was withdrawn was never in force: nothing is held against it, and no page says from when it was.
func TestAWithdrawnTextWasNeverInForce(t *testing.T) {
	t.Parallel()
	text := func(says string) func(*desk.OpenChangeInput) {
		return func(in *desk.OpenChangeInput) { in.Document, in.Text = "subprocessors", says }
	}
	a := announces(t, text("Old Models\n"))
	a.judged()
	a.released()
	next := func(says string) {
		in := newProvider()
		text(says)(&in)
		opened, err := a.Desk.OpenChange(a.ctx, a.As(access.CommsLead), "", in)
		require.NoError(t, err)
		a.Case = opened.Case
	}
	next("Wrong Models\n")
	a.judged()
	a.released()
	_, err := a.Desk.WithdrawChange(a.ctx, a.As(access.LegalCounsel), "", a.Case, desk.ReasonInput{Reason: "a wrong name"})
	require.NoError(t, err)
	next("Old Models\nNew Models\n")
	require.Equal(t, 3, a.view().Version)
	var shown strings.Builder
	require.NoError(t, textdiff.Text(&shown, a.view().Diff, 3))
	require.Contains(t, shown.String(), "New Models")
	require.NotContains(t, shown.String(), "Wrong Models", "what never held is not taken out")
	a.judged()
	a.released()
	log, err := a.Desk.ChangeLog(a.ctx)
	require.NoError(t, err)
	require.Equal(t, 1, log.Entries[0].Before)
	versions := log.Documents[0].Versions
	require.NotNil(t, versions[0].Effective)
	require.Nil(t, versions[1].Effective)
	require.NotNil(t, versions[2].Effective)
}

// Two drafts of one document do not overlook each other: the second is written anew from what the first published.
func TestADraftFromAnEarlierVersionIsNotPublished(t *testing.T) {
	t.Parallel()
	a := announces(t, func(in *desk.OpenChangeInput) { in.Document, in.Text = "subprocessors", "Example Models\n" })
	in := newProvider()
	in.Document, in.Text = "subprocessors", "Sample Models\n"
	other, err := a.Desk.OpenChange(a.ctx, a.As(access.CommsLead), "", in)
	require.NoError(t, err)
	a.judged()
	a.released()
	first := a.Case
	a.Case = other.Case
	a.judged()
	notice := a.approved()
	require.Equal(t, "document_moved", blockerOf(second(a.Desk.ReleaseNotice(a.ctx, a.As(access.CommsLead), "", a.Case, notice, desk.ReleaseInput{}))))
	_, err = a.Desk.ReviseChange(a.ctx, a.As(access.CommsLead), "", a.Case, desk.ReasonInput{Reason: "the list has moved on"})
	require.NoError(t, err)
	in.Text = "Example Models\nSample Models\n"
	_, err = a.Desk.EditChange(a.ctx, a.As(access.CommsLead), "", a.Case, in)
	require.NoError(t, err)
	a.judged()
	a.approves(notice)
	require.NoError(t, second(a.Desk.ReleaseNotice(a.ctx, a.As(access.CommsLead), "", a.Case, notice, desk.ReleaseInput{})))
	a.verified()
	a.Case = first
	a.verified()

	testkit.Execute(t, a.Database.Superuser, `UPDATE change_entry SET body = jsonb_set(body, '{title}', '"Nothing changes"') WHERE case_id = '`+first.String()+`'`)
	verified, err := a.Desk.VerifyCase(a.ctx, a.As(access.Auditor), first)
	require.NoError(t, err)
	require.Contains(t, verified.Problem, "the change log")
}
