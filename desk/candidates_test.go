package desk_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/problem"
	"github.com/atlascloudai/docket/desk"
)

// candidate records one and answers its id.
func (r *room) candidate(kind string, at time.Time) uuid.UUID {
	r.t.Helper()
	receipt, err := r.Desk.AddCandidate(r.ctx, r.As(access.Responder), "", r.Case, desk.CandidateInput{Kind: kind, At: at, Zone: "Europe/Berlin", Evidence: "what the " + kind + " says"})
	require.NoError(r.t, err)
	return *receipt.ID
}

func (r *room) view() desk.CaseView {
	r.t.Helper()
	view, err := r.Desk.Case(r.ctx, r.As(access.Auditor), r.Code)
	require.NoError(r.t, err)
	return view
}

func TestAwarenessIsDecidedAmongCandidatesThatAreKept(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.Parties(t, r.Case, "C-1001")
	alert, ticket := r.candidate("first_alert", r.ago(9*time.Hour)), r.candidate("ticket", r.ago(5*time.Hour))
	require.Equal(t, "waiting", r.duty("C-1001").Clock, "a candidate starts no clock")
	kept, err := r.Desk.Candidates(r.ctx, r.As(access.Observer), r.Case)
	require.NoError(t, err)
	require.Len(t, kept, 2)
	require.Equal(t, "what the ticket says", kept[1].Evidence)

	aware := desk.StartInput{Word: "aware_processor", Candidate: &ticket, Evidence: "the engineer's note in the ticket"}
	r.unchanged(func() {
		_, err := r.Desk.RecordStart(r.ctx, r.As(access.PrivacyLead), "k", r.Case, aware)
		names(t, "reason", err)
		other := aware
		other.At, other.Reason = kept[0].At, "x"
		_, err = r.Desk.RecordStart(r.ctx, r.As(access.PrivacyLead), "k", r.Case, other)
		names(t, "at", err)
		unknown := uuid.New()
		other.Candidate = &unknown
		_, err = r.Desk.RecordStart(r.ctx, r.As(access.PrivacyLead), "k", r.Case, other)
		names(t, "candidate", err)
	})
	aware.Reason = "only then it was reasonably certain"
	_, err = r.Desk.RecordStart(r.ctx, r.As(access.PrivacyLead), "", r.Case, aware)
	require.NoError(t, err)

	require.Equal(t, kept[1].At, r.view().State.AwareAt.UTC())
	require.Equal(t, kept[1].At.Add(48*time.Hour), *r.duty("C-1001").Limit)
	entry := r.entries("start.recorded")[0]
	require.Equal(t, r.As(access.PrivacyLead).ID, entry.Actor)
	require.Contains(t, string(entry.Body), `"candidates":["`+alert.String()+`","`+ticket.String()+`"],"chosen":"`+ticket.String()+`"`)
	require.Contains(t, string(entry.Content), aware.Reason)
	r.verified()
}

func TestAnInstantThatNobodyRecordedAsACandidateMayBeDecidedToo(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.candidate("first_alert", r.ago(9*time.Hour))
	r.start("aware_processor", r.ago(time.Hour), "the alert was noise; the log of this hour shows it")
	require.Contains(t, string(r.entries("start.recorded")[0].Body), `"chosen":""`)
	_, err := r.Desk.AddCandidate(r.ctx, r.As(access.Observer), "", r.Case, desk.CandidateInput{Kind: "ticket", At: r.ago(time.Hour), Zone: "UTC", Evidence: "x"})
	code(t, problem.Forbidden, err)
	_, err = r.Desk.AddCandidate(r.ctx, r.As(access.Responder), "", r.Case, desk.CandidateInput{Kind: "upstream_aware", At: r.ago(time.Hour), Zone: "UTC", Evidence: "x"})
	names(t, "kind", err)
}

// What is overdue once awareness is corrected was overdue at its own instant, not when somebody found out.
func TestAnEarlierAwarenessMakesOverdueAsOfTheDueInstant(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	aware := r.ago(time.Hour)
	r.start("aware_processor", aware, "")
	r.Parties(t, r.Case, "C-1001", "C-1008")
	require.Zero(t, r.raiseDue())
	earlier := aware.Add(-30 * time.Hour)
	r.start("aware_processor", earlier, "an older alert was found")

	overdue := earlier.Add(24 * time.Hour).UTC()
	require.Equal(t, "overdue", r.duty("C-1008").Clock)
	require.Equal(t, "on_track", r.duty("C-1001").Clock)
	require.Positive(t, r.raiseDue())
	require.Len(t, r.raises("limit"), 1)
	require.Equal(t, overdue, r.raises("limit")[0].DueAt)
	missed := r.entries("duty.overdue")
	require.Len(t, missed, 1)
	require.Equal(t, overdue, missed[0].HappenedAt, "recorded as of the due instant")
	require.True(t, missed[0].RecordedAt.After(overdue.Add(5*time.Hour)))
	r.verified()
}

func TestAfterAwarenessABreachIsRuledOutByThePrivacyLeadAndAnotherPerson(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.Aware(t, r.Case, r.ago(time.Hour))
	r.Parties(t, r.Case, "C-1001")
	r.send(r.Released(t, r.Case), "direct", all(accepted))
	ruleOut := func(actor access.Actor) (desk.Receipt, error) {
		return r.Desk.RuleOut(r.ctx, actor, "", r.Case, desk.RuleOutInput{Reason: "the bucket held test data"})
	}
	_, err := ruleOut(r.As(access.IncidentCommander))
	code(t, problem.Forbidden, err)
	for range 2 {
		first, err := ruleOut(r.As(access.PrivacyLead))
		require.NoError(t, err)
		require.True(t, first.Pending, "one person saying it twice is one person")
	}
	require.EqualValues(t, "aware", r.view().State.Assessment)
	second, err := ruleOut(r.Person(t, "counsel-two", access.LegalCounsel))
	require.NoError(t, err)
	require.False(t, second.Pending)
	require.EqualValues(t, "ruled_out", r.view().State.Assessment)
	require.Equal(t, "met", r.duty("C-1001").State, "what was sent stays visible")
	require.NotEmpty(t, r.deliveries("C-1001"))
	r.verified()
}

// An incident of an AI provider: when it became aware and when it told us are kept, and ours is decided by a person.
func TestUpstreamsAwarenessAndOursAreKeptApart(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	theirs, told := r.ago(70*time.Hour).UTC(), r.ago(6*time.Hour).UTC()
	said := desk.UpstreamInput{Who: "Sample Models Inc.", AwareAt: &theirs, ToldUsAt: told, Zone: "America/New_York", Reference: "SM-2026-118", Evidence: "their mail to security@example.com"}
	opened, err := r.Desk.Open(r.ctx, r.As(access.Integration), "", desk.OpenInput{Title: "A provider reported a leak", SuspectedBreach: true, Drill: true, Upstream: &said})
	require.NoError(t, err)
	r.Case, r.Code = opened.Case, opened.Code
	r.Parties(t, r.Case, "C-1001")

	require.Equal(t, &desk.UpstreamView{Who: said.Who, AwareAt: &theirs, ToldUsAt: told, Zone: said.Zone, Reference: said.Reference, Evidence: said.Evidence}, r.view().Upstream)
	require.Nil(t, r.view().State.AwareAt, "a person decides about ours")
	require.Equal(t, "waiting", r.duty("C-1001").Clock)
	require.Equal(t, told, scan[time.Time](t, r.Database.Superuser, `SELECT happened_at FROM fact WHERE word = 'notified_by_other' AND NOT superseded`).UTC())
	kept, err := r.Desk.Candidates(r.ctx, r.As(access.PrivacyLead), r.Case)
	require.NoError(t, err)
	require.Equal(t, []string{"upstream_aware", "upstream_told_us"}, []string{kept[0].Kind, kept[1].Kind})

	choose := desk.StartInput{Word: "aware_processor", Candidate: &kept[0].ID, Evidence: "their mail", Reason: "x"}
	_, err = r.Desk.RecordStart(r.ctx, r.As(access.PrivacyLead), "", r.Case, choose)
	names(t, "candidate", err)
	choose.Candidate, choose.Reason = &kept[1].ID, "their mail names our account"
	_, err = r.Desk.RecordStart(r.ctx, r.As(access.PrivacyLead), "", r.Case, choose)
	require.NoError(t, err)
	require.Equal(t, told.Add(48*time.Hour), *r.duty("C-1001").Limit)
	require.NotContains(t, string(r.entries("candidate.recorded")[0].Body), "Sample Models", "names are sealed")
	r.verified()
}

func TestWhatUpstreamSaysLaterIsAddedAndALaterInstantTakesTwo(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	told := r.ago(6 * time.Hour).UTC()
	said := desk.UpstreamInput{Who: "Sample Models Inc.", ToldUsAt: told, Zone: "UTC", Evidence: "a call"}
	record := func(role access.Role, in desk.UpstreamInput) desk.Receipt {
		receipt, err := r.Desk.RecordUpstream(r.ctx, r.As(role), "", r.Case, in)
		require.NoError(t, err)
		return receipt
	}
	record(access.Responder, said)
	require.Nil(t, r.view().Upstream.AwareAt, "not known yet")
	theirs := told.Add(-40 * time.Hour)
	said.AwareAt = &theirs
	record(access.Responder, said)
	require.Equal(t, theirs, *r.view().Upstream.AwareAt)
	require.Len(t, r.entries("start.recorded"), 1, "the same instant is no new start")

	said.ToldUsAt, said.Reason = told.Add(time.Hour), "the first call was about something else"
	_, err := r.Desk.RecordUpstream(r.ctx, r.As(access.Responder), "", r.Case, said)
	code(t, problem.Forbidden, err)
	require.True(t, record(access.PrivacyLead, said).Pending)
	require.Equal(t, told, r.view().Upstream.ToldUsAt)
	require.False(t, record(access.LegalCounsel, said).Pending)
	require.Equal(t, told.Add(time.Hour), r.view().Upstream.ToldUsAt)
	after := said.ToldUsAt.Add(time.Minute)
	said.AwareAt, said.Reason = &after, "x"
	_, err = r.Desk.RecordUpstream(r.ctx, r.As(access.PrivacyLead), "", r.Case, said)
	names(t, "aware_at", err)
	r.verified()
}
