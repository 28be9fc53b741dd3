package desk_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/problem"
	"github.com/atlascloudai/docket/desk"
)

// A change of one service opens nothing for another, and reaches nobody who does not use it.
func TestAChangeOfOneServiceOpensNothingForAnother(t *testing.T) {
	t.Parallel()
	a := announces(t, func(in *desk.OpenChangeInput) { in.Services = []string{"image-studio"} })
	a.judged()
	a.sends(a.released(), nil)
	a.runs()
	a.later(300 * day)
	require.Equal(t, "effective", a.view().Status)
	may := func(customer, service string) bool {
		view, err := a.Desk.May(a.ctx, a.As(access.Integration), desk.MayInput{Subject: "example-models", Customer: customer, Service: service})
		require.NoError(t, err)
		return view.May
	}
	require.Less(t, a.view().Customers, 15)
	require.True(t, may("C-1015", "image-studio"))
	require.False(t, may("C-1015", "chat-api"), "it uses it, and was told of another")
	a.comes()
	require.True(t, may("T-00001", "image-studio"))
	require.False(t, may("T-00001", "chat-api"))
}

// What is still prepared closes no gateway that a notice before it opened.
func TestAPreparedChangeClosesNothing(t *testing.T) {
	t.Parallel()
	a := announces(t, nil)
	a.judged()
	a.sends(a.released(), nil)
	a.runs()
	a.later(300 * day)
	require.True(t, a.may("C-1001").May)
	opened, err := a.Desk.OpenChange(a.ctx, a.As(access.CommsLead), "", newProvider())
	require.NoError(t, err)
	a.Case = opened.Case
	a.judged()
	require.True(t, a.may("C-1001").May, "nobody has sent it")
	a.sends(a.released(), nil)
	a.runs()
	require.False(t, a.may("C-1001").May, "the newest that was sent decides")
}

// A gateway that names no service hears no yes from a change of some services alone.
func TestAQuestionWithoutAServiceIsNotAnsweredByOneServicesChange(t *testing.T) {
	t.Parallel()
	a := announces(t, func(in *desk.OpenChangeInput) { in.Services = []string{"image-studio"} })
	a.judged()
	a.sends(a.released(), nil)
	a.runs()
	a.later(300 * day)
	require.False(t, a.may("C-1015").May)
	require.Contains(t, a.may("C-1015").Why, "name the one")
	a.comes()
	require.False(t, a.may("T-00001").May)
}

// What counsel called not material may be used from the planned day on; whoever wrote it does not judge it.
func TestWhatIsNotMaterialMayBeUsedFromItsDayOn(t *testing.T) {
	t.Parallel()
	a := announces(t, nil)
	writer := a.Person(t, "writer", access.CommsLead, access.LegalCounsel)
	_, err := a.Desk.EditChange(a.ctx, writer, "", a.Case, newProvider())
	require.NoError(t, err)
	_, err = a.Desk.SubmitChange(a.ctx, a.As(access.CommsLead), "", a.Case)
	require.NoError(t, err)
	_, err = a.Desk.JudgeChange(a.ctx, writer, "", a.Case, desk.JudgeInput{Reason: "r"})
	require.Equal(t, problem.Forbidden, problem.CodeOf(err))
	_, err = a.Desk.JudgeChange(a.ctx, a.As(access.LegalCounsel), "", a.Case, desk.JudgeInput{Reason: "it sees no customer's data"})
	require.NoError(t, err)
	require.False(t, a.may("C-1001").May)
	a.later(61 * day)
	require.True(t, a.may("C-1001").May)
	require.Contains(t, a.may("C-1001").Why, "not material")
}
