package desk_test

import (
	"fmt"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/problem"
	"github.com/atlascloudai/docket/desk"
	"github.com/atlascloudai/docket/testkit"
)

// A restricted case does not exist for others: every read says so in the words for what is not there.
func TestARestrictedCaseDoesNotExistForOthers(t *testing.T) {
	t.Parallel()
	h := testkit.NewHouse(t)
	h.ImportSamples(t)
	ctx := t.Context()
	opened, err := h.Desk.Open(ctx, h.As(access.Responder), "", desk.OpenInput{Title: "An insider copied data", Restricted: true})
	require.NoError(t, err)

	_, err = h.Desk.Declare(ctx, h.As(access.Responder), "", opened.Case, desk.DeclareInput{Severity: "high"})
	require.NoError(t, err)
	add := func(actor access.Actor) error {
		_, err := h.Desk.RecordParties(ctx, actor, "", opened.Case, desk.PartiesInput{Parties: []desk.PartyInput{{Customer: "C-1001", Touched: []string{"customer_content"}}}})
		return err
	}
	require.NoError(t, add(h.As(access.Responder)))

	reads := map[string]func(access.Actor) error{
		"case": func(a access.Actor) error { _, err := h.Desk.Case(ctx, a, opened.Case.String()); return err },
		"code": func(a access.Actor) error { _, err := h.Desk.Case(ctx, a, opened.Code); return err },
		"timeline": func(a access.Actor) error {
			_, err := h.Desk.Timeline(ctx, a, opened.Case, "", 0)
			return err
		},
		"duties": func(a access.Actor) error { _, err := h.Desk.Duties(ctx, a, opened.Case, "", "", 0); return err },
		"parties": func(a access.Actor) error {
			_, err := h.Desk.Parties(ctx, a, opened.Case, "", 0)
			return err
		},
		"deliveries": func(a access.Actor) error {
			_, err := h.Desk.Deliveries(ctx, a, opened.Case, "", "", 0)
			return err
		},
		"notices": func(a access.Actor) error { _, err := h.Desk.Notices(ctx, a, opened.Case); return err },
		"raises":  func(a access.Actor) error { _, err := h.Desk.Raises(ctx, a, opened.Case); return err },
	}
	others := map[string]access.Actor{}
	for _, role := range access.Roles() {
		if role != access.Responder {
			others[string(role)] = h.As(role)
		}
	}
	for who, actor := range others {
		for what, read := range reads {
			require.Equal(t, access.NoCase().Error(), read(actor).Error(), "%s reads %s", who, what)
		}
		list, err := h.Desk.Cases(ctx, actor, "", "", 0)
		require.NoError(t, err)
		require.Empty(t, list.Items, who)
	}
	code(t, problem.NotFound, add(h.As(access.PrivacyLead)))
	_, err = h.Desk.VerifyCase(ctx, h.As(access.Auditor), opened.Case)
	require.Equal(t, access.NoCase().Error(), err.Error())
	feed, err := h.Desk.Feed(ctx, h.As(access.Auditor), "", 0)
	require.NoError(t, err)
	require.Empty(t, feed.Items)
	status, err := h.Desk.Status(ctx, h.As(access.Admin))
	require.NoError(t, err)
	require.Empty(t, status.Duties, "nor in any figure")

	for what, read := range reads {
		before := scan[int](t, h.Database.Superuser, `SELECT count(*)::int FROM access_event`)
		require.NoError(t, read(h.As(access.Responder)), what)
		require.Equal(t, before+1, scan[int](t, h.Database.Superuser, `SELECT count(*)::int FROM access_event`), "reading %s leaves a trace", what)
	}
	before := scan[int](t, h.Database.Superuser, `SELECT count(*)::int FROM access_event`)
	list, err := h.Desk.Cases(ctx, h.As(access.Responder), "", "", 0)
	require.NoError(t, err)
	require.Len(t, list.Items, 1)
	require.Equal(t, before+1, scan[int](t, h.Database.Superuser, `SELECT count(*)::int FROM access_event`), "a list shows titles")
	require.Equal(t, h.As(access.Responder).ID, scan[uuid.UUID](t, h.Database.Superuser, `SELECT DISTINCT principal_id FROM access_event`).String())
}

func TestWhoIsMadeAMemberSeesTheCaseAndWhoIsNoLongerOneDoesNot(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	restrict := func(members ...string) {
		_, err := r.Desk.Restrict(r.ctx, r.As(access.IncidentCommander), "", r.Case, desk.RestrictInput{Restricted: true, Members: members})
		require.NoError(t, err)
	}
	restrict("privacy_lead", "auditor")
	_, err := r.Desk.Case(r.ctx, r.As(access.PrivacyLead), r.Code)
	require.NoError(t, err)
	followUntil(t, r.House, "", 4)
	restrict("privacy_lead")
	_, err = r.Desk.Case(r.ctx, r.As(access.Auditor), r.Code)
	code(t, problem.NotFound, err)
	_, err = r.Desk.Restrict(r.ctx, r.As(access.SecurityLead), "", r.Case, desk.RestrictInput{})
	code(t, problem.NotFound, err)
	_, err = r.Desk.Restrict(r.ctx, r.As(access.PrivacyLead), "", r.Case, desk.RestrictInput{})
	require.NoError(t, err)
	_, err = r.Desk.Case(r.ctx, r.As(access.Auditor), r.Code)
	require.NoError(t, err)
}

func TestListsGoOnWhereTheirCursorSays(t *testing.T) {
	t.Parallel()
	h := testkit.NewHouse(t)
	for i := range 7 {
		_, err := h.Desk.Open(t.Context(), h.As(access.Responder), "", desk.OpenInput{Title: fmt.Sprintf("Incident %d", i)})
		require.NoError(t, err)
	}
	var titles []string
	for cursor, pages := "", 0; pages == 0 || cursor != ""; pages++ {
		page, err := h.Desk.Cases(t.Context(), h.As(access.Observer), "", cursor, 3)
		require.NoError(t, err)
		for _, c := range page.Items {
			titles = append(titles, c.Title)
		}
		cursor = page.Next
	}
	require.Equal(t, []string{"Incident 6", "Incident 5", "Incident 4", "Incident 3", "Incident 2", "Incident 1", "Incident 0"}, titles)
	_, err := h.Desk.Cases(t.Context(), h.As(access.Observer), "", "not a cursor", 3)
	code(t, problem.Invalid, err)
}
