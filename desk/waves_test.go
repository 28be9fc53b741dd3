package desk_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/problem"
	"github.com/atlascloudai/docket/desk"
)

func TestALaterWaveOpensOnlyWhatIsNewAndSendsOnlyToTheNew(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.Aware(t, r.Case, r.ago(time.Hour))
	require.Equal(t, 2, r.Parties(t, r.Case, "C-1001", "C-1002").Count)
	require.Equal(t, 2, r.send(r.Released(t, r.Case), "direct", all(accepted)))
	before := r.duties()

	require.Equal(t, 1, r.Parties(t, r.Case, "C-1001", "C-1003", "C-1002", "C-1003").Count, "who is known is left as they are")
	after := r.duties()
	require.Len(t, after, 3)
	require.Equal(t, before["C-1001"], after["C-1001"])
	require.Equal(t, before["C-1002"], after["C-1002"])
	require.Equal(t, "required", after["C-1003"].State)

	var to []string
	r.send(r.Released(t, r.Case), "direct", func(job desk.Job) desk.Answer { to = append(to, job.To); return accepted })
	require.Equal(t, []string{"security@cobalt.example.com"}, to)
	require.Equal(t, 0, r.Parties(t, r.Case, "C-1001").Count)
}

func TestThePartiesOfAWaveAreListedWithTheirWave(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.Parties(t, r.Case, "C-1001")
	r.Parties(t, r.Case, "C-1002", "C-1003")
	page, err := r.Desk.Parties(r.ctx, r.As(access.Observer), r.Case, "", 2)
	require.NoError(t, err)
	require.Len(t, page.Items, 2)
	rest, err := r.Desk.Parties(r.ctx, r.As(access.Observer), r.Case, page.Next, 2)
	require.NoError(t, err)
	require.Empty(t, rest.Next)
	waves := map[string]int{}
	for _, p := range append(page.Items, rest.Items...) {
		waves[p.Customer] = p.Wave
	}
	require.Equal(t, map[string]int{"C-1001": 1, "C-1002": 2, "C-1003": 2}, waves)
}

// foundLate is a second wave whose duties would be overdue if they counted from the incident.
func foundLate(t *testing.T) (r *room, aware time.Time) {
	r = newRoom(t)
	aware = r.ago(60 * time.Hour)
	r.start("aware_processor", aware, "")
	r.Parties(t, r.Case, "C-1008")
	r.Parties(t, r.Case, "C-1001")
	return r, aware
}

func TestNoDutyIsBornOverdueWithoutARecordedChoice(t *testing.T) {
	t.Parallel()
	r, aware := foundLate(t)
	owed := r.duty("C-1001")
	require.Equal(t, "proposed", owed.State)
	require.Equal(t, "undecided", owed.Governs)
	require.True(t, owed.Disputed)
	require.NotEqual(t, "overdue", owed.Clock)
	var why struct {
		FromIncident, FromFound desk.DueView
	}
	var raw map[string]json.RawMessage
	require.NoError(t, json.Unmarshal(owed.Why, &raw))
	require.NoError(t, json.Unmarshal(raw["from_incident"], &why.FromIncident))
	require.NoError(t, json.Unmarshal(raw["from_found"], &why.FromFound))
	require.Equal(t, aware.Add(48*time.Hour).UTC(), *why.FromIncident.Limit, "both instants are shown")
	require.Equal(t, *owed.Limit, *why.FromFound.Limit, "the clock runs from when the party was found")
	require.Equal(t, 48*time.Hour, owed.Limit.Sub(*owed.StartedAt))
	raised := r.raises("start_undecided")
	require.Len(t, raised, 1)
	require.Equal(t, 1, raised[0].Count)
	require.Equal(t, []string{"legal_counsel"}, raised[0].Roles)

	_, err := r.Desk.DecideDuties(r.ctx, r.As(access.PrivacyLead), "", r.Case, desk.DecideInput{Duties: ids(owed), Required: true, Reason: "x"})
	refused(t, err, "nothing_proposed")
	view, err := r.Desk.Case(r.ctx, r.As(access.PrivacyLead), r.Code)
	require.NoError(t, err)
	require.Equal(t, 1, view.Counts.UndecidedStarts, "closing waits for the choice")
}

func TestCounselChoosesWhichStartGoverns(t *testing.T) {
	t.Parallel()
	for governs, overdue := range map[string]bool{"found": false, "incident": true} {
		t.Run(governs, func(t *testing.T) {
			t.Parallel()
			r, aware := foundLate(t)
			choose := func(role access.Role) (desk.Receipt, error) {
				return r.Desk.ChooseStart(r.ctx, r.As(role), "", r.Case, desk.ChooseStartInput{Governs: governs, Reason: "the clause speaks of awareness of a breach of their data"})
			}
			_, err := choose(access.CommsLead)
			code(t, problem.Forbidden, err)
			receipt, err := choose(access.LegalCounsel)
			require.NoError(t, err)
			require.Equal(t, 1, receipt.Count)
			owed := r.duty("C-1001")
			require.Equal(t, governs, owed.Governs)
			require.Equal(t, "required", owed.State, "what was only waiting for the choice is required now")
			require.False(t, owed.Disputed)
			require.Equal(t, overdue, owed.Clock == "overdue")
			if overdue {
				require.Equal(t, aware.Add(48*time.Hour).UTC(), *owed.Limit)
			}
			_, err = choose(access.LegalCounsel)
			refused(t, err, "nothing_undecided")
		})
	}
}

func TestAWaveMayBringItsChoiceWithItButOnlyCounselsAndWithAReason(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.start("aware_processor", r.ago(60*time.Hour), "")
	r.Parties(t, r.Case, "C-1008")
	in := desk.PartiesInput{Governs: "found", Parties: []desk.PartyInput{{Customer: "C-1001", Service: "chat", Touched: []string{"customer_content"}}}}
	_, err := r.Desk.RecordParties(r.ctx, r.As(access.Responder), "", r.Case, in)
	code(t, problem.Forbidden, err)
	_, err = r.Desk.RecordParties(r.ctx, r.As(access.LegalCounsel), "", r.Case, in)
	code(t, problem.Invalid, err)
	in.Reason = "they were not named before"
	_, err = r.Desk.RecordParties(r.ctx, r.As(access.LegalCounsel), "", r.Case, in)
	require.NoError(t, err)
	require.Equal(t, "found", r.duty("C-1001").Governs)
	require.Equal(t, "required", r.duty("C-1001").State)
	require.Empty(t, r.raises("start_undecided"))
}

// A later wave may be recorded before anybody knows since when the company was aware.
func TestAStartThatWouldMakeALaterWaveOverdueAtBirthWaitsForCounselToo(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.Parties(t, r.Case, "C-1008")
	r.Parties(t, r.Case, "C-1001")
	r.start("aware_processor", r.ago(60*time.Hour), "")
	require.Equal(t, "overdue", r.duty("C-1008").Clock, "the first wave counts from the incident, whatever that means")
	require.Equal(t, "undecided", r.duty("C-1001").Governs)
	require.Equal(t, "proposed", r.duty("C-1001").State)
	require.Len(t, r.raises("start_undecided"), 1)
}

// A deadline that passed while nobody was concerned is missed by those for whom counsel chooses it.
func TestADeadlineThatIsChosenAfterItPassedIsRecordedAsMissedAtItsInstant(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	aware := r.ago(30 * time.Hour)
	r.start("aware_processor", aware, "")
	r.Parties(t, r.Case, "C-1002")
	r.send(r.Released(t, r.Case), "direct", all(accepted))
	r.advance(30 * time.Hour)
	_, err := r.Desk.RaiseDue(r.ctx, r.Case)
	require.NoError(t, err)
	require.Empty(t, r.raises("limit"), "the one customer was told in time")

	r.Parties(t, r.Case, "C-1001")
	_, err = r.Desk.ChooseStart(r.ctx, r.As(access.LegalCounsel), "", r.Case, desk.ChooseStartInput{Governs: "incident", Reason: "same data"})
	require.NoError(t, err)
	_, err = r.Desk.RaiseDue(r.ctx, r.Case)
	require.NoError(t, err)
	missed := r.raises("limit")
	require.Len(t, missed, 1)
	require.Equal(t, aware.Add(48*time.Hour).UTC(), missed[0].DueAt)
	require.Equal(t, 1, missed[0].Count)
}
