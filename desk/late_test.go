package desk_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/desk"
	"github.com/atlascloudai/docket/testkit"
)

// The limit of an authority's duty passes while nobody works. Filing it then demands the reasons, or by when they follow
// (GDPR art. 33(1)); what was put off so is due by its own instant.
func TestALateFilingGivesTheReasonsOrSaysWhenTheyFollow(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.start("aware_controller", r.ago(71*time.Hour), "")
	owed := r.authority()
	r.advance(4 * time.Hour)
	_, err := r.Desk.RaiseDue(r.ctx, r.Case)
	require.NoError(t, err)
	overdue := r.entries("duty.overdue")
	require.Len(t, overdue, 1)
	require.Equal(t, *owed.Limit, overdue[0].HappenedAt.UTC(), "as of the instant that was missed, not of its discovery")

	in := filedInput(r.ago(0))
	file := func() (desk.Receipt, error) {
		return r.Desk.FileByHand(r.ctx, r.As(access.PrivacyLead), "", r.Case, owed.ID, in)
	}
	r.unchanged(func() {
		_, err := file()
		names(t, "delay_reason", err)
		require.ErrorContains(t, err, "reasons_follow_by", "the remedy is named")
		in.ReasonsFollowBy = &in.FiledAt
		_, err = file()
		names(t, "reasons_follow_by", err)
	})
	by := in.FiledAt.Add(48 * time.Hour).UTC()
	in.ReasonsFollowBy = &by
	filed, err := file()
	require.NoError(t, err)
	confirm := func(filing uuid.UUID) {
		_, err := r.Desk.ConfirmFiling(r.ctx, r.As(access.LegalCounsel), "", r.Case, filing, desk.ReasonInput{Reason: "the receipt was read"})
		require.NoError(t, err)
	}
	confirm(*filed.ID)
	met := r.duty("authority/lead SA IE")
	require.Equal(t, "met", met.State)
	require.True(t, met.Late)
	require.Greater(t, met.MetAt.Sub(*met.Limit), 89*time.Minute)
	var body struct {
		Late            bool
		Promised        int
		ReasonsFollowBy time.Time `json:"reasons_follow_by"`
	}
	require.NoError(t, json.Unmarshal(r.entries("duty.filed")[0].Body, &body))
	require.True(t, body.Late)
	require.Equal(t, 1, body.Promised)
	require.True(t, by.Equal(body.ReasonsFollowBy))

	const reasons = "authority/lead SA IE promised-reasons"
	follow := r.duty(reasons)
	require.Equal(t, "required", follow.State)
	require.Equal(t, "on_track", follow.Clock)
	require.Equal(t, by, *follow.Limit)
	require.Equal(t, met.ID, *follow.Follows)
	require.Contains(t, follow.Clause, "reasons for the delay")
	ok, problem := r.verify()
	require.True(t, ok, problem)

	in = filedInput(r.now())
	in.ReasonsFollowBy = &by
	_, err = r.Desk.FileByHand(r.ctx, r.As(access.PrivacyLead), "", r.Case, follow.ID, in)
	names(t, "reasons_follow_by", err) // The reasons themselves come in time.
	in.ReasonsFollowBy, in.DelayReason = nil, "The engine was down, and so was the person on call."
	sent, err := r.Desk.FileByHand(r.ctx, r.As(access.PrivacyLead), "", r.Case, follow.ID, in)
	require.NoError(t, err)
	confirm(*sent.ID)
	require.Equal(t, "met", r.duty(reasons).State)
	require.False(t, r.duty(reasons).Late)
}

// tooLate is a room in which the limit of C-1001 has passed, of C-1010 not, and a notice waits for its approval.
func tooLate(t *testing.T) (*room, uuid.UUID) {
	r := newRoom(t)
	r.Aware(t, r.Case, r.ago(50*time.Hour))
	r.Parties(t, r.Case, "C-1001", "C-1010")
	notice := r.draft(access.CommsLead, testkit.Text())
	require.NoError(t, r.submit(notice))
	return r, notice
}

var delay = desk.Delay{Reason: map[string]string{"en": "We looked for the cause before we told anybody."}}

func (r *room) approveDelayed(notice uuid.UUID, digest string, why desk.Delay) error {
	_, err := r.Desk.ApproveNotice(r.ctx, r.As(access.PrivacyLead), "", r.Case, notice, desk.ApproveInput{Digest: digest, Delay: why})
	return err
}

// letters are what each customer's recipients read, as their sender makes them.
func (r *room) letters(notice uuid.UUID) map[string]string {
	r.t.Helper()
	read := map[string]string{}
	r.send(r.sending(notice), "direct", func(job desk.Job) desk.Answer {
		read[job.To] = job.Letter.Text
		return accepted
	})
	return read
}

func TestTheReasonOfALateNoticeStaysInTheCase(t *testing.T) {
	t.Parallel()
	r, notice := tooLate(t)
	require.NoError(t, r.approveDelayed(notice, r.digest(notice), delay))
	entry := r.entries("notice.approved")[0]
	require.Equal(t, 1, r.approvedBody().Late)
	require.NotContains(t, string(entry.Body), "cause", "the body holds how many, never why")
	require.Contains(t, string(entry.Content), delay.Reason["en"])
	require.NoError(t, r.release(notice), "nothing is asked that could hold it back")
	for address, letter := range r.letters(notice) {
		require.NotContains(t, letter, delay.Reason["en"], address)
		require.NotContains(t, letter, "comes late", address)
	}
	require.True(t, r.duty("C-1001").Late)
	require.False(t, r.duty("C-1010").Late)

	_, err := r.Desk.ExplainDelay(r.ctx, r.As(access.PrivacyLead), "", r.Case, notice, desk.DelayReasonInput{Reason: "The alert went to a mailbox that nobody reads."})
	require.NoError(t, err)
	later := r.entries("notice.delay_explained")
	require.Len(t, later, 1)
	require.JSONEq(t, `{"notice":"`+notice.String()+`","late":1}`, string(later[0].Body))
	require.Contains(t, string(later[0].Content), "nobody reads")
	ok, problem := r.verify()
	require.True(t, ok, problem)
}

func TestTheReasonIsPrintedInLateLettersIfTheApproverSaysSo(t *testing.T) {
	t.Parallel()
	r, notice := tooLate(t)
	printed := delay
	printed.Print = true
	plain := r.digest(notice)
	r.unchanged(func() {
		refused(t, r.approveDelayed(notice, plain, printed), "digest_differs")
		names(t, "delay_reason.en", r.approveDelayed(notice, plain, desk.Delay{Print: true}))
	})
	read := map[string]string{}
	var digest string
	for index := range 3 {
		preview, err := r.Desk.PreviewDelayed(r.ctx, r.As(access.PrivacyLead), r.Case, notice, desk.PreviewInput{Index: index, Delay: printed})
		require.NoError(t, err)
		read[preview.Address], digest = preview.Letter.Text, preview.Digest
	}
	require.NotEqual(t, plain, digest)
	require.NoError(t, r.approveDelayed(notice, digest, printed))
	require.Equal(t, digest, r.digest(notice), "the preview of what was approved shows it too")

	// Another word, or none, is another approval.
	other := desk.Delay{Print: true, Reason: map[string]string{"en": "We were asleep."}}
	refused(t, r.approveDelayed(notice, digest, other), "digest_differs")
	require.NoError(t, r.approveDelayed(notice, plain, delay))
	require.Equal(t, plain, r.digest(notice))
	require.NoError(t, r.approveDelayed(notice, digest, printed))

	require.NoError(t, r.release(notice))
	for address, letter := range r.letters(notice) {
		if address == "datenschutz@alder-finch.test" {
			require.Contains(t, letter, "Why this notice comes late\n\n"+delay.Reason["en"])
			require.Contains(t, read[address], delay.Reason["en"])
			continue
		}
		require.NotContains(t, letter, delay.Reason["en"], "%s is told in time", address)
		require.NotContains(t, read[address], delay.Reason["en"])
	}
	require.True(t, r.duty("C-1001").Late)
	ok, problem := r.verify()
	require.True(t, ok, problem)
	r.tamper(`UPDATE notice SET delay_sealed = set_byte(delay_sealed, 20, (get_byte(delay_sealed, 20) + 1) % 256) WHERE case_id = $1`)
	ok, problem = r.verify()
	require.False(t, ok)
	require.Contains(t, problem, "delay_reason")
}

// An edit takes the reason away with the approval that it was bound to.
func TestAnEditVoidsThePrintedReasonToo(t *testing.T) {
	t.Parallel()
	r, notice := tooLate(t)
	printed := delay
	printed.Print = true
	preview, err := r.Desk.PreviewDelayed(r.ctx, r.As(access.PrivacyLead), r.Case, notice, desk.PreviewInput{Delay: printed})
	require.NoError(t, err)
	require.NoError(t, r.approveDelayed(notice, preview.Digest, printed))
	require.NoError(t, r.edit(access.CommsLead, notice, 1, testkit.Text()))
	require.NoError(t, r.approve(access.PrivacyLead, notice, r.digest(notice)))
	require.NoError(t, r.release(notice))
	for _, letter := range r.letters(notice) {
		require.NotContains(t, letter, delay.Reason["en"])
	}
}
