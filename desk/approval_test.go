package desk_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/letters"
	"github.com/atlascloudai/docket/core/problem"
	"github.com/atlascloudai/docket/desk"
	"github.com/atlascloudai/docket/samples"
	"github.com/atlascloudai/docket/testkit"
)

// aboutToSend is a room in which two customers are owed a notice.
func aboutToSend(t *testing.T) *room {
	r := newRoom(t)
	r.Aware(t, r.Case, r.ago(time.Hour))
	r.Parties(t, r.Case, "C-1001", "C-1002")
	return r
}

func (r *room) draft(by access.Role, text letters.Notice) uuid.UUID {
	r.t.Helper()
	drafted, err := r.Desk.DraftNotice(r.ctx, r.As(by), "", r.Case, desk.NoticeInput{Content: &text})
	require.NoError(r.t, err)
	return *drafted.ID
}

func (r *room) submit(notice uuid.UUID) error {
	_, err := r.Desk.SubmitNotice(r.ctx, r.As(access.CommsLead), "", r.Case, notice, desk.SubmitInput{})
	return err
}

func (r *room) edit(by access.Role, notice uuid.UUID, version int, text letters.Notice) error {
	_, err := r.Desk.EditNotice(r.ctx, r.As(by), "", r.Case, notice, desk.EditNoticeInput{Content: text, IfMatch: version})
	return err
}

func (r *room) digest(notice uuid.UUID) string {
	r.t.Helper()
	preview, err := r.Desk.Preview(r.ctx, r.As(access.PrivacyLead), r.Case, notice, 0)
	require.NoError(r.t, err)
	return preview.Digest
}

func (r *room) approve(by access.Role, notice uuid.UUID, digest string) error {
	_, err := r.Desk.ApproveNotice(r.ctx, r.As(by), "", r.Case, notice, desk.ApproveInput{Digest: digest})
	return err
}

func (r *room) release(notice uuid.UUID) error {
	_, err := r.Desk.ReleaseNotice(r.ctx, r.As(access.CommsLead), "", r.Case, notice, desk.ReleaseInput{})
	return err
}

func TestNobodyWhoWroteAnyVersionApproves(t *testing.T) {
	t.Parallel()
	r := aboutToSend(t)
	notice := r.draft(access.PrivacyLead, testkit.Text())
	require.NoError(t, r.submit(notice))
	r.unchanged(func() { code(t, problem.Forbidden, r.approve(access.PrivacyLead, notice, r.digest(notice))) })
	require.NoError(t, r.edit(access.LegalCounsel, notice, 1, testkit.Text()))
	r.unchanged(func() {
		code(t, problem.Forbidden, r.approve(access.LegalCounsel, notice, r.digest(notice)))
		code(t, problem.Forbidden, r.approve(access.PrivacyLead, notice, r.digest(notice)))
	})
	other := r.Person(t, "second.counsel", access.LegalCounsel)
	_, err := r.Desk.ApproveNotice(r.ctx, other, "", r.Case, notice, desk.ApproveInput{Digest: r.digest(notice)})
	require.NoError(t, err)
}

func TestAnEditAfterTheApprovalVoidsIt(t *testing.T) {
	t.Parallel()
	r := aboutToSend(t)
	notice := r.Approved(t, r.Case)
	approved := r.digest(notice)
	changed := testkit.Text()
	changed.Languages["en"] = letters.Content{Subject: "Security incident, corrected", Elements: changed.Languages["en"].Elements}
	r.unchanged(func() { code(t, problem.Stale, r.edit(access.CommsLead, notice, 7, changed)) })
	require.NoError(t, r.edit(access.CommsLead, notice, 1, changed))
	view, err := r.Desk.Notice(r.ctx, r.As(access.CommsLead), r.Case, notice)
	require.NoError(t, err)
	require.Equal(t, "awaiting_approval", view.State)
	require.Empty(t, view.ApprovedBy)
	require.Equal(t, 2, view.Version)
	r.unchanged(func() {
		refused(t, r.release(notice), "wrong_notice_state")
		refused(t, r.approve(access.PrivacyLead, notice, approved), "digest_differs")
	})
	require.NoError(t, r.approve(access.PrivacyLead, notice, r.digest(notice)))
	require.NoError(t, r.release(notice))
}

// What leaves is exactly what was previewed and approved: whom it goes to, and what each one reads.
func TestAChangeOfRecipientsOrValuesVoidsPreviewAndApproval(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(r *room){
		"one more customer":        func(r *room) { r.Parties(r.t, r.Case, "C-1003") },
		"one customer less":        func(r *room) { r.waive(r.duty("C-1002").ID, "customer_consent") },
		"the instant of awareness": func(r *room) { r.start("aware_processor", r.ago(2*time.Hour), "an older alert") },
		"a customer's address": func(r *room) {
			r.reimport("security@borealis.test", "soc@borealis.test")
		},
		"a customer's name": func(r *room) { r.reimport("Borealis Sample AB", "Borealis Renamed AB") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := aboutToSend(t)
			notice := r.draft(access.CommsLead, testkit.Text())
			require.NoError(t, r.submit(notice))
			previewed := r.digest(notice)
			change(r)
			r.unchanged(func() { refused(t, r.approve(access.PrivacyLead, notice, previewed), "digest_differs") })
			require.NotEqual(t, previewed, r.digest(notice))
		})
		t.Run(name+" after the approval", func(t *testing.T) {
			t.Parallel()
			r := aboutToSend(t)
			notice := r.Approved(t, r.Case)
			change(r)
			r.unchanged(func() { refused(t, r.release(notice), "approval_void") })
			require.NoError(t, r.approve(access.PrivacyLead, notice, r.digest(notice)), "a person looks again, and it goes")
			require.NoError(t, r.release(notice))
		})
	}
}

// reimport imports the samples with one text replaced by another.
func (r *room) reimport(old, replacement string) {
	r.t.Helper()
	files, found := samples.Agreements(), false
	for name, content := range files {
		found = found || strings.Contains(string(content), old)
		files[name] = []byte(strings.ReplaceAll(string(content), old, replacement))
	}
	require.True(r.t, found)
	report, err := r.Desk.ImportAgreements(r.ctx, r.As(access.LegalCounsel), files)
	require.NoError(r.t, err)
	require.Empty(r.t, report.Errors)
}

func TestEveryRequiredElementIsFilledNotApplicableOrNotYetKnown(t *testing.T) {
	t.Parallel()
	r := aboutToSend(t)
	by := r.now().Add(24 * time.Hour)
	answers := map[string]letters.Fill{
		"not applicable": {State: letters.NotApplicable, Reason: "no measures are needed"},
		"not yet known":  {State: letters.NotYetKnown, By: &by},
		"filled":         {State: letters.Filled, Text: "Rotate your keys."},
	}
	for name, fill := range answers {
		text := testkit.Text()
		text.Languages["en"].Elements[letters.RecommendedMeasures] = fill
		notice := r.draft(access.CommsLead, text)
		require.NoError(t, r.submit(notice), name)
		require.NoError(t, r.approve(access.PrivacyLead, notice, r.digest(notice)), name)
	}
	for name, change := range map[string]func(map[string]letters.Fill){
		"element_missing":       func(e map[string]letters.Fill) { delete(e, letters.Nature) },
		"element_empty":         func(e map[string]letters.Fill) { e[letters.Nature] = letters.Fill{State: letters.NotYetKnown} },
		"element_state_unknown": func(e map[string]letters.Fill) { e[letters.Nature] = letters.Fill{Text: "x"} },
	} {
		text := testkit.Text()
		change(text.Languages["en"].Elements)
		notice := r.draft(access.CommsLead, text)
		r.unchanged(func() { refused(t, r.submit(notice), name) })
	}
}

// A complete notice that is made incomplete while it waits is not approved either.
func TestATextThatLostAnElementWhileItWaitedIsNotApproved(t *testing.T) {
	t.Parallel()
	r := aboutToSend(t)
	notice := r.draft(access.CommsLead, testkit.Text())
	require.NoError(t, r.submit(notice))
	previewed := r.digest(notice)
	text := testkit.Text()
	delete(text.Languages["en"].Elements, letters.ContactPoint)
	require.NoError(t, r.edit(access.CommsLead, notice, 1, text))
	r.unchanged(func() { refused(t, r.approve(access.PrivacyLead, notice, previewed), "element_missing") })
	view, err := r.Desk.Notice(r.ctx, r.As(access.PrivacyLead), r.Case, notice)
	require.NoError(t, err)
	require.Len(t, view.Blockers, 1)
	require.Contains(t, view.Blockers[0], "en/contact_point")
}

func TestANoticeThatNobodyIsOwedIsNotApproved(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	notice := r.draft(access.CommsLead, testkit.Text())
	require.NoError(t, r.submit(notice))
	refused(t, r.approve(access.PrivacyLead, notice, r.digest(notice)), "no_recipients")
}

func TestAPreviewShowsEachRecipientItsOwnValuesAndNoOthers(t *testing.T) {
	t.Parallel()
	r := aboutToSend(t)
	notice := r.draft(access.CommsLead, testkit.Text())
	seen := map[string]string{}
	for index := range 2 {
		preview, err := r.Desk.Preview(r.ctx, r.As(access.CommsLead), r.Case, notice, index)
		require.NoError(t, err)
		require.Equal(t, 2, preview.Recipients)
		seen[preview.Address] = preview.Letter.Text
	}
	require.Contains(t, seen["datenschutz@alder-finch.test"], "Alder & Finch Beispiel GmbH")
	require.Contains(t, seen["security@borealis.test"], "Borealis Sample AB")
	for _, text := range seen {
		require.False(t, strings.Contains(text, "Alder") && strings.Contains(text, "Borealis"))
		require.NotContains(t, text, r.Code, "a customer sees a reference of its own, never the case's code")
	}
	_, err := r.Desk.Preview(r.ctx, r.As(access.CommsLead), r.Case, notice, 2)
	code(t, problem.Invalid, err)
}
