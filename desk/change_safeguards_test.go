package desk_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/desk"
)

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
