package desk_test

import (
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/problem"
	"github.com/atlascloudai/docket/desk"
)

// Every sample customer is owed a notice by its own instant: hours are elapsed hours from the word that its
// agreement uses, to the microsecond.
func TestEachCustomerHasItsOwnInstant(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	aware, confirmed := r.ago(5*time.Hour), r.ago(2*time.Hour)
	for ref, service := range map[string]string{"C-1001": "chat-api", "C-1008": "chat-api", "C-1009": "chat-api", "C-1010": "chat-api",
		"C-1011": "chat-api", "C-1012": "chat-api", "C-1013": "chat-api", "C-1015": "image-studio"} {
		_, err := r.Desk.RecordParties(r.ctx, r.As(access.PrivacyLead), "", r.Case, desk.PartiesInput{Parties: []desk.PartyInput{
			{Customer: ref, Service: service, Touched: []string{"customer_content", "customer_personal_data"}},
		}})
		require.NoError(t, err)
	}
	for ref, waiting := range r.duties() {
		require.Equal(t, "waiting", waiting.Clock, "%s: nothing runs before its start word is recorded", ref)
		require.Nil(t, waiting.Target)
		require.Equal(t, "required", waiting.State)
	}
	r.start("aware_processor", aware, "")
	require.Equal(t, "waiting", r.duty("C-1010").Clock, "awareness does not start a clock that counts from the confirmation")
	r.start("confirmed_processor", confirmed, "")

	for ref, want := range map[string]struct {
		word     string
		from     time.Time
		hours    int
		internal bool
		clause   string
	}{
		"C-1001": {"aware_processor", aware, 48, false, "Standard Data Processing Terms 2025.2, 7.1"},
		"C-1008": {"aware_processor", aware, 24, false, "Data Processing Addendum 3.0, 6.2"},
		"C-1009": {"aware_processor", aware, 36, false, "Data Processing Addendum 2.1, 8.3"},
		"C-1010": {"confirmed_processor", confirmed, 72, false, "Data Processing Agreement 1.4, 10.1"},
		"C-1011": {"confirmed_processor", confirmed, 24, false, "Auftragsverarbeitungsvertrag 2.0, 9 Abs. 2"},
		"C-1012": {"aware_processor", aware, 24, true, "Master Services Agreement 1.0, 12.3"},
		"C-1013": {"aware_processor", aware, 24, false, "Enterprise Zero Data Retention Addendum 1.2, 4.5"},
		"C-1015": {"confirmed_processor", confirmed, 24, true, "Data Retention & Enterprise Zero Data Retention Policy June 2026, 12"},
	} {
		owed := r.duty(ref)
		due := want.from.Add(time.Duration(want.hours) * time.Hour).UTC()
		require.Equal(t, want.word, owed.StartWord, ref)
		require.Equal(t, want.from.UTC(), *owed.StartedAt, ref)
		require.Equal(t, due, *owed.Target, ref)
		require.Equal(t, want.clause, owed.Clause, ref)
		require.Equal(t, want.internal, owed.Internal, "%s: an instant of our own making is labelled so", ref)
		if want.internal {
			require.Nil(t, owed.Limit, "%s: where the words give no number there is no limit", ref)
		} else {
			require.Equal(t, due, *owed.Limit, ref)
		}
	}
}

func TestAnEarlierAwarenessMovesClocksAtOnceAndTheOldInstantStaysReadable(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	aware := r.ago(2 * time.Hour)
	r.start("aware_processor", aware, "")
	r.Parties(t, r.Case, "C-1001")
	earlier := aware.Add(-3 * time.Hour)
	_, err := r.Desk.RecordStart(r.ctx, r.As(access.PrivacyLead), "", r.Case, startInput("aware_processor", earlier, ""))
	code(t, problem.Invalid, err)
	require.Equal(t, 1, r.start("aware_processor", earlier, "an older alert was found").Count)

	owed := r.duty("C-1001")
	require.Equal(t, earlier.Add(48*time.Hour).UTC(), *owed.Limit)
	require.Len(t, owed.History, 2)
	require.Equal(t, aware.Add(48*time.Hour).UTC(), *owed.History[0].Limit)
	require.Equal(t, "start aware_processor recorded", owed.History[1].Reason)
	require.Equal(t, 2, scan[int](t, r.Database.Superuser, `SELECT count(*)::int FROM fact`), "the corrected fact is kept")
}

func TestALaterAwarenessTakesTwoPeopleAndUntilThenTheOldInstantStands(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	aware := r.ago(10 * time.Hour)
	r.start("aware_processor", aware, "")
	r.Parties(t, r.Case, "C-1001")
	later := startInput("aware_processor", aware.Add(4*time.Hour), "the alert was another customer's")

	proposed, err := r.Desk.RecordStart(r.ctx, r.As(access.PrivacyLead), "", r.Case, later)
	require.NoError(t, err)
	require.True(t, proposed.Pending)
	again, err := r.Desk.RecordStart(r.ctx, r.As(access.PrivacyLead), "", r.Case, later)
	require.NoError(t, err)
	require.True(t, again.Pending, "one person saying it twice is one person")
	require.Equal(t, aware.Add(48*time.Hour).UTC(), *r.duty("C-1001").Limit)

	agreed, err := r.Desk.RecordStart(r.ctx, r.As(access.LegalCounsel), "", r.Case, later)
	require.NoError(t, err)
	require.False(t, agreed.Pending)
	owed := r.duty("C-1001")
	require.Equal(t, aware.Add(52*time.Hour).UTC(), *owed.Limit)
	require.Equal(t, aware.Add(48*time.Hour).UTC(), *owed.History[0].Limit)
}

func TestReopeningMovesNoClock(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.Aware(t, r.Case, r.ago(time.Hour))
	r.Parties(t, r.Case, "C-1001")
	r.send(r.Released(t, r.Case), "direct", all(accepted))
	r.closeCase()
	before := r.duty("C-1001")
	r.advance(time.Hour)
	_, err := r.Desk.Reopen(r.ctx, r.As(access.IncidentCommander), "", r.Case, desk.ReasonInput{Reason: "a further bucket"})
	require.NoError(t, err)
	require.Equal(t, before, r.duty("C-1001"))
	view, err := r.Desk.Case(r.ctx, r.As(access.Auditor), r.Code)
	require.NoError(t, err)
	require.NotNil(t, view.State.AwareAt)
}

// A sender commits an outcome without the case's lock. A decision that moves clocks at the same time waits for
// it and does not write over it.
func TestADecisionAboutDutiesDoesNotOverwriteAnOutcomeThatComesAtTheSameTime(t *testing.T) {
	t.Parallel()
	for name, decide := range map[string]func(r *room, owed desk.DutyView) error{
		"an earlier awareness": func(r *room, _ desk.DutyView) error {
			_, err := r.Desk.RecordStart(r.ctx, r.As(access.PrivacyLead), "", r.Case, startInput("aware_processor", r.ago(3*time.Hour), "an older alert"))
			return err
		},
		"a waiver": func(r *room, owed desk.DutyView) error {
			_, err := r.Desk.WaiveDuty(r.ctx, r.As(access.LegalCounsel), "", r.Case, owed.ID, desk.WaiveInput{Exemption: "not_in_scope", Reason: "x"})
			if problem.CodeOf(err) == problem.Conflict {
				return nil
			}
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRoom(t)
			r.Aware(t, r.Case, r.ago(time.Hour))
			r.Parties(t, r.Case, "C-1001")
			owed := r.duty("C-1001")
			sender, err := pgx.Connect(t.Context(), r.Database.App)
			require.NoError(t, err)
			defer sender.Close(t.Context())
			_, err = sender.Exec(t.Context(), `BEGIN`)
			require.NoError(t, err)
			_, err = sender.Exec(t.Context(), `UPDATE duty SET state = 'met', met_at = clock_timestamp(), met_by = '[]' WHERE id = $1`, owed.ID)
			require.NoError(t, err)

			done := make(chan error, 1)
			go func() { done <- decide(r, owed) }()
			require.Eventually(t, func() bool {
				return scan[int](t, r.Database.Superuser, `SELECT count(*)::int FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`) == 1
			}, 10*time.Second, 10*time.Millisecond, "the decision waits for the sender")
			_, err = sender.Exec(t.Context(), `COMMIT`)
			require.NoError(t, err)
			require.NoError(t, <-done)
			require.Equal(t, "met", r.duty("C-1001").State)
		})
	}
}
