package desk_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/problem"
	"github.com/atlascloudai/docket/desk"
	"github.com/atlascloudai/docket/testkit"
)

// Every customer's dates come from its own agreements: the longest notice, the customer's own window, the company's own period
// where nothing is agreed. What is expected is counted by hand from the samples' clauses.
func TestAChangeHasEveryCustomersOwnDates(t *testing.T) {
	t.Parallel()
	h := testkit.NewHouse(t)
	h.ImportSamples(t)
	planned, sent := time.Date(2031, 7, 1, 0, 0, 0, 0, time.UTC), time.Date(2031, 5, 1, 9, 0, 0, 0, time.UTC)
	in := desk.ChangeInput{Kind: "subprocessor", Planned: planned, SentAt: sent}
	all, err := h.Desk.ChangeDates(t.Context(), h.As(access.LegalCounsel), in, "", 500)
	require.NoError(t, err)
	require.Equal(t, 15, all.Customers)
	require.Empty(t, all.Page.Next)
	own := map[string]desk.CustomerDatesView{}
	for _, one := range all.Page.Items {
		own[one.Customer] = one
		require.NotEmpty(t, one.Why)
		require.False(t, one.Effective.Before(planned))
	}
	day := func(t time.Time) string { return t.Format(time.DateOnly) }

	alder := own["C-1001"] // Berlin: 30 June is there the last day before 1 July 02:00.
	require.Equal(t, []string{"Standard Data Processing Terms 2025.2, 11.2", "Standard Data Processing Terms 2025.2, 11.3"}, alder.Clauses)
	require.Equal(t, "2031-05-31", day(alder.LastSending))
	require.Equal(t, "2031-05-15T23:59:59.999999+02:00", alder.WindowCloses.Format(time.RFC3339Nano))
	require.True(t, alder.Effective.Equal(planned))

	halcyon := own["C-1008"] // 90 days, and the notice left too late for them.
	require.Equal(t, "2031-04-01", day(halcyon.LastSending))
	require.Equal(t, "2031-05-31", day(*halcyon.WindowCloses))
	require.Equal(t, "2031-07-30", day(*halcyon.TerminationUntil))
	require.Equal(t, "2031-07-31", day(halcyon.Effective))

	require.Equal(t, "2031-11-02", day(own["C-1011"].Effective), "six months after 1 May end with 1 November")
	require.Equal(t, []string{"company default"}, own["C-1015"].Clauses)
	require.Equal(t, 2, all.Late, "Halcyon and Kestrel")
	require.Equal(t, own["C-1011"].LastSending, *all.FirstLastSending)
	require.Equal(t, own["C-1011"].Effective, *all.LastEffective)

	in.Emergency = true
	hastened, err := h.Desk.ChangeDates(t.Context(), h.As(access.LegalCounsel), in, "C-1007", 1)
	require.NoError(t, err)
	require.Equal(t, "C-1008", hastened.Page.Items[0].Customer, "the page after a cursor")
	require.Equal(t, "C-1008", hastened.Page.Next)
	require.True(t, hastened.Page.Items[0].Effective.Equal(planned), "its emergency clause asks for five days")
	require.Equal(t, 1, hastened.Late, "Kestrel has no such clause")

	in = desk.ChangeInput{Kind: "region", Planned: planned, SentAt: sent, Regions: []string{"eu-west"}}
	some, err := h.Desk.ChangeDates(t.Context(), h.As(access.LegalCounsel), in, "", 500)
	require.NoError(t, err)
	for _, one := range some.Page.Items {
		require.NotContains(t, []string{"C-1001", "C-1003"}, one.Customer, "they are elsewhere")
	}
	require.Less(t, some.Customers, 15)
}

func TestAChangeWithoutADateOrOfNoKindHasNoDates(t *testing.T) {
	t.Parallel()
	h := testkit.NewHouse(t)
	_, err := h.Desk.ChangeDates(t.Context(), h.As(access.LegalCounsel), desk.ChangeInput{Kind: "mood", Planned: time.Now()}, "", 1)
	require.Equal(t, problem.Invalid, problem.CodeOf(err))
	_, err = h.Desk.ChangeDates(t.Context(), h.As(access.LegalCounsel), desk.ChangeInput{Kind: "policy"}, "", 1)
	require.Equal(t, problem.Invalid, problem.CodeOf(err))
	_, err = h.Desk.ChangeDates(t.Context(), access.Actor{}, desk.ChangeInput{Kind: "policy", Planned: time.Now()}, "", 1)
	require.Equal(t, problem.Unauthenticated, problem.CodeOf(err))
}
