package desk_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/desk"
)

// A correction says what it corrects, takes the place of what was sent, and the old text stays readable behind both links.
func TestACorrectionTakesThePlaceOfWhatWasSent(t *testing.T) {
	t.Parallel()
	a := announces(t, nil)
	a.judged()
	first := a.sends(a.released(), nil)
	a.runs()
	old := a.Case
	in := newProvider()
	in.Title, in.Corrects = "Example Models becomes a sub-processor in March", a.view().Code
	opened, err := a.Desk.OpenChange(a.ctx, a.As(access.CommsLead), "", in)
	require.NoError(t, err)
	a.Case = opened.Case
	a.judged()
	second := a.sends(a.released(), nil)
	a.runs()
	require.Len(t, second, len(first))
	require.Contains(t, second[0].Letter.Text, "takes the place of")
	require.Equal(t, a.view().Code, a.may("C-1001").Change, "the newest decides")
	corrected, err := a.Desk.Change(a.ctx, a.As(access.LegalCounsel), old)
	require.NoError(t, err)
	require.Equal(t, "withdrawn", corrected.Status)
	for _, job := range []desk.Job{first[0], second[0]} {
		page, err := a.Desk.NoticePage(a.ctx, tokenIn(t, job))
		require.NoError(t, err)
		require.Len(t, page.Versions, 2)
		require.False(t, page.Versions[0].Superseded)
		require.True(t, page.Versions[1].Superseded)
		require.False(t, page.Withdrawn)
	}
	log, err := a.Desk.ChangeLog(a.ctx)
	require.NoError(t, err)
	require.Equal(t, old, *log.Entries[0].Corrects)
	a.verified()
	a.Case = old
	a.verified()
}

// A change that does not come is told on everybody's page; what was under way stops, and who was told is written to.
func TestAWithdrawnChangeOpensForNobody(t *testing.T) {
	t.Parallel()
	a := announces(t, nil)
	a.judged()
	receipt, err := a.Desk.ReleaseNotice(a.ctx, a.As(access.CommsLead), "", a.Case, a.approved(), desk.ReleaseInput{First: 4})
	require.NoError(t, err)
	sent := a.sends(*receipt.ID, nil)
	require.Len(t, sent, 4, "the first slice; the rest waits")
	a.runs()
	require.Equal(t, "sending", a.view().Status)
	_, err = a.Desk.WithdrawChange(a.ctx, a.As(access.LegalCounsel), "", a.Case, desk.ReasonInput{Reason: "the contract fell through"})
	require.NoError(t, err)
	a.later(300 * day)
	require.Equal(t, "withdrawn", a.view().Status)
	require.False(t, a.may("C-1001").May)
	page, err := a.Desk.NoticePage(a.ctx, tokenIn(t, sent[0]))
	require.NoError(t, err)
	require.True(t, page.Withdrawn)
	require.False(t, page.MayObject)
	require.Equal(t, 1, scan[int](t, a.Database.Superuser, `SELECT count(*) FROM raise WHERE case_id = $1 AND kind = 'told_party_ruled_out' AND count = 4`, a.Case))
	require.Zero(t, scan[int](t, a.Database.Superuser, `SELECT count(*) FROM campaign WHERE state IN ('running', 'paused')`))
	a.verified()
}

// An exercise ends no real notice: it corrects exercises alone.
func TestAnExerciseTakesNoRealNoticesPlace(t *testing.T) {
	t.Parallel()
	a := announces(t, func(in *desk.OpenChangeInput) { in.Drill = false })
	a.judged()
	a.sends(a.released(), nil)
	a.runs()
	in := newProvider()
	in.Corrects = a.Case.String()
	_, err := a.Desk.OpenChange(a.ctx, a.As(access.CommsLead), "", in)
	require.Equal(t, "corrects", refusalOf(err).Field)
	in.Drill = false
	_, err = a.Desk.OpenChange(a.ctx, a.As(access.CommsLead), "", in)
	require.NoError(t, err)
}

// Between a correction and its letter a customer's page says that another notice comes, and never that the change does not.
func TestAPageBeforeItsCorrectionArrivesSaysThatOneComes(t *testing.T) {
	t.Parallel()
	a := announces(t, nil)
	a.judged()
	sent := a.sends(a.released(), nil)
	a.runs()
	in := newProvider()
	in.Corrects = a.Case.String()
	opened, err := a.Desk.OpenChange(a.ctx, a.As(access.CommsLead), "", in)
	require.NoError(t, err)
	a.Case = opened.Case
	a.judged()
	a.released()
	page, err := a.Desk.NoticePage(a.ctx, tokenIn(t, sent[0]))
	require.NoError(t, err)
	require.True(t, page.Corrected)
	require.False(t, page.MayObject)
}

// A correction ends no objection, takes back nothing that was promised, and forgets nobody whom it leaves out.
func TestACorrectionKeepsWhatCustomersAnswered(t *testing.T) {
	t.Parallel()
	a := announces(t, nil)
	a.judged()
	sent := a.sends(a.released(), nil)
	a.runs()
	object := func(customer string) {
		_, err := a.Desk.RecordObjection(a.ctx, a.As(access.CommsLead), "", a.Case, customer, desk.ObjectionInput{At: time.Now(), Words: "not with our data", Evidence: "letter"})
		require.NoError(t, err)
	}
	object("C-1001")
	object("C-1004")
	end := func(customer, how string) {
		_, err := a.Desk.EndObjection(a.ctx, a.As(access.CommsLead), "", a.Case, customer, desk.EndObjectionInput{End: how, Reason: "by phone"})
		require.NoError(t, err)
	}
	end("C-1004", "accommodated")
	old, told := a.Case, a.view().Told
	in := newProvider()
	in.Corrects, in.Services = old.String(), []string{"image-studio"}
	opened, err := a.Desk.OpenChange(a.ctx, a.As(access.CommsLead), "", in)
	require.NoError(t, err)
	a.Case = opened.Case
	a.judged()
	a.sends(a.released(), nil)
	a.runs()
	customers := a.customers()
	require.Equal(t, "not with our data", customers["C-1001"].Words)
	require.Equal(t, 1, scan[int](t, a.Database.Superuser, `SELECT count(*) FROM raise WHERE case_id = $1 AND kind = 'change_objection'`, a.Case))
	left := told - len(customers)
	require.Positive(t, left)
	require.Equal(t, left, scan[int](t, a.Database.Superuser, `SELECT count FROM raise WHERE case_id = $1 AND kind = 'told_party_ruled_out'`, old))
	for _, job := range sent {
		page, err := a.Desk.NoticePage(a.ctx, tokenIn(t, job))
		require.NoError(t, err)
		require.False(t, page.Corrected)
	}
	a.later(300 * day)
	may := func(customer string) bool {
		view, err := a.Desk.May(a.ctx, a.As(access.Integration), desk.MayInput{Subject: "example-models", Customer: customer, Service: "image-studio"})
		require.NoError(t, err)
		return view.May
	}
	require.False(t, may("C-1001"))
	require.False(t, may("C-1004"))
	require.Equal(t, "objection_window", a.view().Status, "an objection is open")
	end("C-1001", "withdrawn")
	a.runs()
	require.True(t, may("C-1001"))
	require.Equal(t, "effective", a.view().Status)
	a.verified()
	a.Case = old
	a.later(300 * day)
	require.Zero(t, scan[int](t, a.Database.Superuser, `SELECT count(*) FROM raise WHERE case_id = $1 AND kind = 'change_objection_overdue'`, old))
	a.verified()
}

// A correction that counsel finds not material takes no notice's place: what it would have corrected stays in the log and in the banner.
func TestACorrectionThatIsNotMaterialTakesNoNoticesPlace(t *testing.T) {
	t.Parallel()
	a := announces(t, nil)
	a.judged()
	a.sends(a.released(), nil)
	a.runs()
	old := a.Case
	in := newProvider()
	in.Corrects = old.String()
	opened, err := a.Desk.OpenChange(a.ctx, a.As(access.CommsLead), "", in)
	require.NoError(t, err)
	a.Case = opened.Case
	_, err = a.Desk.SubmitChange(a.ctx, a.As(access.CommsLead), "", a.Case)
	require.NoError(t, err)
	_, err = a.Desk.JudgeChange(a.ctx, a.As(access.LegalCounsel), "", a.Case, desk.JudgeInput{Reason: "a typing error"})
	require.NoError(t, err)
	log, err := a.Desk.ChangeLog(a.ctx)
	require.NoError(t, err)
	require.Nil(t, log.CorrectedBy(old))
	a.Case = old
	require.Equal(t, "objection_window", a.view().Status)
}
