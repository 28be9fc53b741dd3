package acceptance_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/desk"
	"github.com/atlascloudai/docket/local/mail"
	"github.com/atlascloudai/docket/testkit"
)

// answered runs one thing that a person does, which has to answer at once.
func answered(t *testing.T, what string, command func() error) {
	t.Helper()
	begun := time.Now()
	require.NoError(t, command(), what)
	require.Less(t, time.Since(begun), 5*time.Second, "%s waited for something", what)
}

// With Temporal away, everything that people do answers, from intake to the release of a notice; when Temporal
// is there, what was decided is carried out, once. Then it goes away again, with all that it knew.
func TestWhatPeopleDoAnswersWithoutTemporal(t *testing.T) {
	t.Parallel()
	temporal := testkit.NewTemporal(t)
	h := testkit.NewHouse(t)
	e := testkit.NewEngine(t, h, testkit.EngineOptions{Temporal: temporal})
	customers := h.ImportCustomers(t, 20)
	e.StartWorker(t)

	ctx := context.Background()
	var caseID uuid.UUID
	opened, err := h.Desk.Open(ctx, h.As(access.Responder), "", desk.OpenInput{Title: "Storage bucket was public", Severity: "high", SuspectedBreach: true, Drill: true})
	require.NoError(t, err)
	caseID = opened.Case
	answered(t, "triage", func() error {
		_, err := h.Desk.Triage(ctx, h.As(access.Responder), "", caseID, desk.TriageInput{Severity: "high"})
		return err
	})
	answered(t, "declare", func() error {
		_, err := h.Desk.Declare(ctx, h.As(access.IncidentCommander), "", caseID, desk.DeclareInput{})
		return err
	})
	answered(t, "awareness", func() error { h.Aware(t, caseID, time.Now().Add(-time.Hour)); return nil })
	answered(t, "parties", func() error { h.Parties(t, caseID, testkit.Refs(customers[:10])...); return nil })
	var campaign uuid.UUID
	answered(t, "notice", func() error { campaign = h.Released(t, caseID); return nil })
	answered(t, "pause", func() error {
		_, err := h.Desk.PauseCampaign(ctx, h.As(access.CommsLead), "", caseID, campaign, desk.ReasonInput{Reason: "the text is looked at again"})
		return err
	})
	answered(t, "resume", func() error {
		_, err := h.Desk.ResumeCampaign(ctx, h.As(access.CommsLead), "", caseID, campaign, desk.ReasonInput{Reason: "it is right"})
		return err
	})
	answered(t, "reading", func() error {
		_, err := h.Desk.Case(ctx, h.As(access.Auditor), caseID.String())
		return err
	})
	require.Empty(t, e.Notices())

	temporal.Start(t)
	e.Quiet(t)
	require.Equal(t, 10, len(e.Notices()))

	temporal.Kill()
	answered(t, "the second wave", func() error { h.Parties(t, caseID, testkit.Refs(customers[10:])...); return nil })
	answered(t, "the second notice", func() error { h.Released(t, caseID); return nil })
	answered(t, "the containment", func() error {
		_, err := h.Desk.RecordTechnical(ctx, h.As(access.Responder), "", caseID, desk.TechnicalInput{Milestone: "contained", Note: "bucket closed"})
		return err
	})
	answered(t, "the clock", func() error { advanceTo(t, h, caseID, time.Now().Add(13*time.Hour)); return nil })
	temporal.Start(t)
	e.Quiet(t)
	require.Equal(t, 20, len(e.Notices()))
	testkit.Check(t, h, e.Mail)
}

// Temporal is killed with all that it knew under 50 running cases: half have a notice on its way, the others
// deadlines ahead, one of which passes while Temporal is away. A server that knows nothing takes its place, and
// every case goes on from PostgreSQL: nothing is lost, sent twice or raised twice.
func TestRunningCasesGoOnAfterTemporalForgotEverything(t *testing.T) {
	t.Parallel()
	const cases, each = 50, 6
	temporal := testkit.NewTemporal(t)
	temporal.Start(t)
	h := testkit.NewHouse(t)
	e := testkit.NewEngine(t, h, testkit.EngineOptions{Temporal: temporal, Lease: 15 * time.Second})
	customers := h.ImportCustomers(t, each)
	require.NoError(t, e.Mail.Rules(mail.Rule{To: "*", Answers: []string{"slow:200ms"}}))
	e.StartWorker(t)

	aware := time.Now().Add(-time.Hour)
	half := aware.Add(12 * time.Hour)
	var sending, waiting []uuid.UUID
	for i := range cases {
		caseID := h.Declared(t).Case
		h.Aware(t, caseID, aware)
		h.Parties(t, caseID, testkit.Refs(customers)...)
		if i%2 == 0 {
			waiting = append(waiting, caseID)
			continue
		}
		sending = append(sending, caseID)
	}
	e.Quiet(t)
	for _, caseID := range sending {
		h.Released(t, caseID)
	}
	testkit.Await(t, "the sendings are under way", func() bool { return len(e.Notices()) >= len(sending)*each/4 })
	// The shortest term's half is eight seconds away.
	advanceTo(t, h, waiting[0], half.Add(-8*time.Second))
	e.AwaitCount(t, "the case's process hears of it", 1, `SELECT count(*) FROM bell WHERE case_id = $1 AND heard = seq`, waiting[0])
	temporal.Kill()
	require.Less(t, e.Count(t, `SELECT count(*) FROM campaign WHERE state = 'done'`), len(sending), "the server was killed too late")
	e.AwaitCount(t, "a deadline passes while Temporal is away", 1, `SELECT count(*) FROM milestone m JOIN cases c ON c.id = m.case_id
		WHERE m.raised_at IS NULL AND m.at <= clock_timestamp() + c.clock_offset`)
	temporal.Start(t)
	for _, caseID := range waiting[1:] {
		advanceTo(t, h, caseID, half.Add(time.Minute))
	}
	e.Quiet(t)

	for _, caseID := range sending {
		for _, owed := range duties(t, h, caseID) {
			require.Equal(t, "met", owed.State, "case %s, customer %s", caseID, owed.Customer)
		}
	}
	for _, caseID := range waiting {
		require.Equal(t, map[string]int{"half": 1}, raises(t, h, caseID), "case %s", caseID)
	}
	arrived := map[string]int{}
	for _, m := range e.Notices() {
		arrived[m.MessageID]++
	}
	require.Len(t, arrived, len(sending)*each)
	for id, n := range arrived {
		require.Equal(t, 1, n, fmt.Sprintf("copies of %s", id))
	}
	testkit.Check(t, h, e.Mail)
}
