package desk_test

import (
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/problem"
	"github.com/atlascloudai/docket/desk"
	"github.com/atlascloudai/docket/testkit"
)

func TestTheSameKeyAndBodyGiveTheSameReceiptAndOneEffect(t *testing.T) {
	t.Parallel()
	h := testkit.NewHouse(t)
	in := desk.OpenInput{Title: "Storage bucket was public", Drill: true}
	first, err := h.Desk.Open(t.Context(), h.As(access.Responder), "key-1", in)
	require.NoError(t, err)
	again, err := h.Desk.Open(t.Context(), h.As(access.Responder), "key-1", in)
	require.NoError(t, err)
	require.Equal(t, first, again)
	require.Equal(t, 1, scan[int](t, h.Database.Superuser, `SELECT count(*)::int FROM cases`))

	triage := desk.TriageInput{Severity: "high"}
	first, err = h.Desk.Triage(t.Context(), h.As(access.Responder), "key-2", first.Case, triage)
	require.NoError(t, err)
	before := rows(t, h.Database.Superuser)
	again, err = h.Desk.Triage(t.Context(), h.As(access.Responder), "key-2", first.Case, triage)
	require.NoError(t, err)
	require.Equal(t, first, again)
	require.Equal(t, before, rows(t, h.Database.Superuser))
}

func TestAKeyIsGoodForOneRequestOnly(t *testing.T) {
	t.Parallel()
	h := testkit.NewHouse(t)
	open := func(actor access.Actor, title string) (desk.Receipt, error) {
		return h.Desk.Open(t.Context(), actor, "key", desk.OpenInput{Title: title})
	}
	first, err := open(h.As(access.Responder), "Bucket was public")
	require.NoError(t, err)
	_, err = open(h.As(access.Responder), "Another bucket was public")
	code(t, problem.Mismatch, err)
	_, err = h.Desk.Triage(t.Context(), h.As(access.Responder), "key", first.Case, desk.TriageInput{})
	code(t, problem.Mismatch, err)
	require.Equal(t, 1, scan[int](t, h.Database.Superuser, `SELECT count(*)::int FROM cases`))

	other, err := open(h.As(access.SecurityLead), "Another bucket was public")
	require.NoError(t, err, "another person's keys are their own")
	require.NotEqual(t, first.Case, other.Case)
}

func TestTheSameBodyForAnotherCaseIsAnotherRequest(t *testing.T) {
	t.Parallel()
	h := testkit.NewHouse(t)
	one, two := h.Declared(t), h.Declared(t)
	_, err := h.Desk.RecordTechnical(t.Context(), h.As(access.Responder), "key", one.Case, desk.TechnicalInput{Milestone: "contained"})
	require.NoError(t, err)
	_, err = h.Desk.RecordTechnical(t.Context(), h.As(access.Responder), "key", two.Case, desk.TechnicalInput{Milestone: "contained"})
	code(t, problem.Mismatch, err)
}

func TestACallThatIsStillRunningIsNotWaitedForAndACrashFreesItsKey(t *testing.T) {
	t.Parallel()
	h := testkit.NewHouse(t)
	in := desk.OpenInput{Title: "Storage bucket was public"}
	actor := h.As(access.Responder)

	// Another process works on the same key: it holds the key's lock in a transaction that is still open.
	other, err := pgx.Connect(t.Context(), h.Database.App)
	require.NoError(t, err)
	_, err = other.Exec(t.Context(), `BEGIN`)
	require.NoError(t, err)
	_, err = other.Exec(t.Context(), `SELECT pg_advisory_xact_lock(hashtextextended($1 || '/' || $2, 0))`, actor.ID, "key")
	require.NoError(t, err)

	_, err = h.Desk.Open(t.Context(), actor, "key", in)
	code(t, problem.InFlight, err)
	var refusal *problem.Error
	require.ErrorAs(t, err, &refusal)
	require.Positive(t, refusal.RetryAfter)
	_, err = h.Desk.Open(t.Context(), actor, "another key", in)
	require.NoError(t, err, "other keys are free")

	// The process is gone, its transaction with it.
	require.NoError(t, other.Close(t.Context()))
	require.Eventually(t, func() bool {
		_, err := h.Desk.Open(t.Context(), actor, "key", in)
		return err == nil
	}, 10*time.Second, 20*time.Millisecond)
	require.Equal(t, 2, scan[int](t, h.Database.Superuser, `SELECT count(*)::int FROM cases`))
}

func TestWhatWasRefusedDoesNotUseItsKeyUp(t *testing.T) {
	t.Parallel()
	h := testkit.NewHouse(t)
	opened := h.Declared(t)
	resolve := func() error {
		_, err := h.Desk.Resolve(t.Context(), h.As(access.IncidentCommander), "key", opened.Case, desk.ResolveInput{Recovery: "restored"})
		return err
	}
	refused(t, resolve(), "not_contained")
	_, err := h.Desk.RecordTechnical(t.Context(), h.As(access.Responder), "", opened.Case, desk.TechnicalInput{Milestone: "contained"})
	require.NoError(t, err)
	require.NoError(t, resolve())
}
