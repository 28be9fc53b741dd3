package desk_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/desk"
)

// acknowledgeAll is somebody taking every raise of a kind.
func (r *room) acknowledgeAll(kind string) {
	r.t.Helper()
	for _, one := range r.raises(kind) {
		_, err := r.Desk.AcknowledgeRaise(r.ctx, r.As(access.PrivacyLead), "", r.Case, one.ID, desk.AnswerInput{Note: "on it"})
		require.NoError(r.t, err)
	}
}

// governed records a later wave whose clock counts from the incident, by counsel's choice.
func (r *room) governed(ref string) {
	r.t.Helper()
	_, err := r.Desk.RecordParties(r.ctx, r.As(access.LegalCounsel), "", r.Case, desk.PartiesInput{
		Governs: "incident", Reason: "the same data", Parties: []desk.PartyInput{{Customer: ref, Service: "chat", Touched: []string{"customer_content", "customer_personal_data"}}},
	})
	require.NoError(r.t, err)
}

// Somebody has acknowledged that one customer's limit passed. Nobody has been told of the one who joins it now.
func TestADutyThatJoinsALimitAfterItWasRaisedIsRaisedToo(t *testing.T) {
	t.Parallel()
	for name, join := range map[string]func(r *room){
		"in a wave that brings its choice": func(r *room) { r.governed("C-1003") },
		"by counsel's choice": func(r *room) {
			r.Parties(r.t, r.Case, "C-1003")
			require.Zero(r.t, r.raiseDue(), "until the choice it has a clock of its own")
			_, err := r.Desk.ChooseStart(r.ctx, r.As(access.LegalCounsel), "", r.Case, desk.ChooseStartInput{Governs: "incident", Reason: "the same data"})
			require.NoError(r.t, err)
		},
		"by a bounce": func(r *room) {
			require.NoError(r.t, r.Desk.Report(r.ctx, r.deliveries("C-1002")[0].ID, bounce(1)))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRoom(t)
			aware := r.ago(time.Hour)
			r.start("aware_processor", aware, "")
			limit := aware.Add(48 * time.Hour).UTC()
			r.Parties(t, r.Case, "C-1002")
			r.send(r.Released(t, r.Case), "direct", all(accepted))
			r.Parties(t, r.Case, "C-1001")
			r.advance(48 * time.Hour)
			require.Positive(t, r.raiseDue())
			require.Len(t, r.raises("limit"), 1)
			r.acknowledgeAll("limit")

			join(r)
			require.Equal(t, 1, r.raiseDue(), "it is told once how late it is")
			raised := r.raises("limit")
			require.Len(t, raised, 2)
			require.Equal(t, []int{1, 2}, []int{raised[0].Count, raised[1].Count})
			require.Nil(t, raised[1].AcknowledgedAt)
			missed := r.entries("duty.overdue")
			require.Len(t, missed, 2)
			for i, entry := range missed {
				require.Equal(t, limit, raised[i].DueAt)
				require.Equal(t, limit, entry.HappenedAt)
			}
			require.Zero(t, r.raiseDue())
		})
	}
}

// 36 hours from awareness and 24 from a confirmation twelve hours later are two clocks with one limit.
func TestADutyWhoseOwnClockEndsAtALimitThatWasRaisedIsRaisedToo(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	aware := r.ago(13 * time.Hour)
	r.start("aware_processor", aware, "")
	r.start("confirmed_processor", aware.Add(12*time.Hour), "")
	r.Parties(t, r.Case, "C-1009")
	r.advance(24 * time.Hour)
	r.raiseDue()
	require.Len(t, r.raises("limit"), 1)
	r.governed("C-1011")
	require.Equal(t, *r.duty("C-1009").Limit, *r.duty("C-1011").Limit)
	r.raiseDue()
	require.Len(t, r.raises("limit"), 2)
	require.Len(t, r.entries("duty.overdue"), 2)
}

func TestWhoeverJoinsAClockLateIsToldOnceHowLateItIs(t *testing.T) {
	t.Parallel()
	for name, before := range map[string][]string{"a clock that runs": {"C-1001"}, "a clock of its own": nil} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRoom(t)
			r.start("aware_processor", r.ago(time.Hour), "")
			if before != nil {
				r.Parties(t, r.Case, before...)
			}
			r.advance(46 * time.Hour)
			require.Equal(t, 3*len(before), r.raiseDue())

			r.Parties(t, r.Case, "C-1002")
			require.Equal(t, 1, r.raiseDue())
			require.Len(t, r.raises("nine_tenths"), len(before)+1)
			require.Len(t, r.raises("half"), len(before), "what only warned of it is past")
			require.Len(t, r.raises("three_quarters"), len(before))
			r.advance(time.Hour)
			require.Equal(t, 1, r.raiseDue())
			require.Equal(t, len(before)+1, r.raises("limit")[0].Count, "the limit is ahead of all of them")
		})
	}
}
