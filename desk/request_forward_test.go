package desk_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/problem"
	"github.com/atlascloudai/docket/desk"
)

// Where a customer is the controller, the request goes to its privacy contact with proof, the person is told, and nothing is
// searched.
func TestARequestAboutACustomersDataIsForwardedAndNothingIsSearched(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	c.ImportSamples(t)
	ref := scan[string](t, c.Database.Superuser, `SELECT c.ref FROM customer c JOIN contact k ON k.customer_id = c.id WHERE k.role = 'privacy' LIMIT 1`)
	c.asks("erasure", "ana@example.test")
	_, err := c.Desk.NameController(c.ctx, c.As(access.Responder), "", c.Case, desk.ControllerInput{Customer: "nobody", Evidence: "the person says so"})
	require.Equal(t, problem.Invalid, problem.CodeOf(err))
	_, err = c.Desk.ForwardRequest(c.ctx, c.As(access.PrivacyLead), "", c.Case, desk.ForwardInput{Customer: ref, MayName: true})
	names(t, "evidence", err)
	require.Equal(t, 1, c.view().Counts.OpenDuties, "nothing shows that it is this customer's: who asked for what is not its business")
	_, err = c.Desk.NameController(c.ctx, c.As(access.Responder), "", c.Case, desk.ControllerInput{Customer: ref, Evidence: "the person says so"})
	require.NoError(t, err)
	require.Equal(t, 2, c.view().Counts.OpenDuties, "to answer the person, and to forward to the customer")
	_, err = c.Desk.ForwardRequest(c.ctx, c.As(access.PrivacyLead), "", c.Case, desk.ForwardInput{Customer: ref, MayName: true})
	require.NoError(t, err)
	require.Equal(t, 2, c.view().Counts.OpenDuties, "nobody took anything yet")
	c.jobs(func(desk.Job) {})
	view := c.view()
	require.Equal(t, "forwarded_to_controller", view.Status)
	require.Zero(t, view.Counts.OpenDuties)
	require.Empty(t, view.Targets)
	_, err = c.Desk.ScopeRequest(c.ctx, c.As(access.PrivacyLead), "", c.Case)
	require.Equal(t, problem.Conflict, problem.CodeOf(err))
	c.verified()
}

// Where the person named the customer, that is said with the forwarding itself; what one customer was shown to control is not
// forwarded to another.
func TestWhatShowsTheControllerIsRecordedWithTheForwarding(t *testing.T) {
	t.Parallel()
	c := signalling(t)
	c.says("customer_ref", "C-1008")
	c.asks("erasure", "ana@example.test")
	c.planned()
	_, err := c.Desk.ForwardRequest(c.ctx, c.As(access.PrivacyLead), "", c.Case, desk.ForwardInput{Customer: "C-1009"})
	names(t, "evidence", err)

	c.asks("erasure", "ben@example.test")
	_, err = c.Desk.ForwardRequest(c.ctx, c.As(access.PrivacyLead), "", c.Case, desk.ForwardInput{Customer: "C-1008", Evidence: "\"I used their shop\""})
	require.NoError(t, err)
	require.Equal(t, "forwarded_to_controller", c.view().Status)
	require.Equal(t, 1, scan[int](t, c.Database.Superuser, `SELECT count(*) FROM timeline WHERE case_id = $1 AND kind = 'controller.named'`, c.Case))
	c.verified()
}
