package desk_test

import (
	"encoding/json"
	"maps"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/letters"
	"github.com/atlascloudai/docket/core/problem"
	"github.com/atlascloudai/docket/testkit"
)

// saying is a notice that answers these elements alone.
func saying(elements ...string) letters.Notice {
	text := testkit.Text()
	answers := map[string]letters.Fill{}
	for _, id := range elements {
		answers[id] = text.Languages["en"].Elements[id]
	}
	maps.DeleteFunc(text.Languages["en"].Elements, func(id string, _ letters.Fill) bool { _, keep := answers[id]; return !keep })
	return text
}

// agreed is what the agreement of C-1012 lists, usual what the standard terms list more.
var (
	agreed = []string{letters.Nature, letters.MeasuresTaken, letters.ContactPoint}
	usual  = []string{letters.Timeline, letters.ResourcesAffected, letters.CategoriesAndNumbers, letters.LikelyConsequences, letters.UnknownsAndNext}
)

func blockers(t testing.TB, err error) map[string]problem.Blocker {
	t.Helper()
	var refusal *problem.Error
	require.ErrorAs(t, err, &refusal)
	byRef := map[string]problem.Blocker{}
	for _, one := range refusal.Blockers {
		byRef[one.Ref] = one
	}
	return byRef
}

// What a notice must say is what the agreements of those who get it list, and everything where one lists nothing.
func TestTheAgreementsOfThoseWhoAreToldDecideWhatANoticeMustSay(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.Aware(t, r.Case, r.ago(time.Hour))
	r.Parties(t, r.Case, "C-1012")
	notice := r.draft(access.CommsLead, saying(agreed...))
	require.NoError(t, r.submit(notice))
	require.NoError(t, r.approve(access.PrivacyLead, notice, r.digest(notice)), "its agreement asks for no more")

	r.Parties(t, r.Case, "C-1001", "C-1002")
	r.unchanged(func() {
		found := blockers(t, r.approve(access.PrivacyLead, notice, r.digest(notice)))
		require.Len(t, found, len(usual))
		for _, element := range usual {
			one := found["en/"+element]
			require.Equal(t, "element_missing", one.Code, element)
			require.Equal(t, 2, one.Count)
			require.Contains(t, one.Detail, "Standard Data Processing Terms 2025.2, 7.1")
		}
	})
	r.Parties(t, r.Case, "C-1015") // Nothing but the published policy, which has no list.
	found := blockers(t, r.approve(access.PrivacyLead, notice, r.digest(notice)))
	require.Equal(t, 1, found["en/"+letters.RecommendedMeasures].Count)
	require.Equal(t, 3, found["en/"+letters.Timeline].Count)
	view, err := r.Desk.Notice(r.ctx, r.As(access.CommsLead), r.Case, notice)
	require.NoError(t, err)
	require.Len(t, view.Blockers, len(usual)+1, "the drafter reads it before anybody refuses")

	require.NoError(t, r.edit(access.CommsLead, notice, 1, testkit.Text()))
	require.NoError(t, r.approve(access.PrivacyLead, notice, r.digest(notice)))
}

// The list is the one that was agreed when the duty was opened.
func TestALaterAgreementChangesNoListOfARunningDuty(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.Aware(t, r.Case, r.ago(time.Hour))
	r.Parties(t, r.Case, "C-1012")
	r.reimport("content: [nature, measures_taken, contact_point]", "content: [nature, timeline]")
	notice := r.draft(access.CommsLead, saying(agreed...))
	require.NoError(t, r.submit(notice))
	require.NoError(t, r.approve(access.PrivacyLead, notice, r.digest(notice)))
}

// approvedBody is what the chain says of the last approval.
func (r *room) approvedBody() (body struct {
	Late     int
	Warnings []string
	Printed  string
}) {
	r.t.Helper()
	entries := r.entries("notice.approved")
	require.NoError(r.t, json.Unmarshal(entries[len(entries)-1].Body, &body))
	return body
}

func TestNothingKeepsALateNoticeBack(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		customer string
		late     int
	}{
		"after the limit":                       {"C-1001", 1},
		"after the target of what has no limit": {"C-1012", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRoom(t)
			r.Aware(t, r.Case, r.ago(time.Hour))
			r.Parties(t, r.Case, c.customer)
			passed := r.ago(0)
			text := saying(letters.MeasuresTaken, letters.ContactPoint)
			text.Languages["en"].Elements[letters.LikelyConsequences] = letters.Fill{State: letters.NotYetKnown, By: &passed}
			notice := r.draft(access.CommsLead, text)
			r.unchanged(func() {
				found := blockers(t, r.submit(notice))
				require.Equal(t, "element_missing", found["en/nature"].Code)
				require.Equal(t, "promise_passed", found["en/likely_consequences"].Code)
			})
			r.advance(50 * time.Hour)
			require.NoError(t, r.submit(notice))
			require.NoError(t, r.approve(access.PrivacyLead, notice, r.digest(notice)))
			body := r.approvedBody()
			require.Equal(t, c.late, body.Late)
			require.Contains(t, body.Warnings, "element_missing en/nature")
			require.Contains(t, body.Warnings, "promise_passed en/likely_consequences")
			view, err := r.Desk.Notice(r.ctx, r.As(access.CommsLead), r.Case, notice)
			require.NoError(t, err)
			require.Empty(t, view.Blockers)
			require.Equal(t, body.Warnings, view.Warnings)
			require.NoError(t, r.release(notice))
			r.send(r.sending(notice), "direct", all(accepted))
			require.Equal(t, "met", r.duty(c.customer).State)
			ok, problem := r.verify()
			require.True(t, ok, problem)
		})
	}
}

// sending is the campaign of a released notice.
func (r *room) sending(notice uuid.UUID) uuid.UUID {
	r.t.Helper()
	view, err := r.Desk.Notice(r.ctx, r.As(access.CommsLead), r.Case, notice)
	require.NoError(r.t, err)
	require.NotEmpty(r.t, view.Campaigns)
	return view.Campaigns[len(view.Campaigns)-1].ID
}
