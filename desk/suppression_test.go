package desk_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/problem"
	"github.com/atlascloudai/docket/desk"
)

// flagged asks about mail addresses as a pipeline would, and answers with those that must not come back.
func (c *counter) flagged(addresses ...string) (flagged []string) {
	c.t.Helper()
	in := desk.SuppressionInput{}
	for _, address := range addresses {
		in.Identities = append(in.Identities, desk.IdentityInput{Kind: "email", Value: address})
	}
	flags, err := c.Desk.CheckSuppressed(c.ctx, c.As(access.Integration), in)
	require.NoError(c.t, err)
	require.Len(c.t, flags, len(addresses))
	for i, flag := range flags {
		if flag.Suppressed {
			flagged = append(flagged, addresses[i])
		}
	}
	return flagged
}

func (c *counter) lifts(address string) desk.Receipt {
	c.t.Helper()
	done, err := c.Desk.LiftSuppression(c.ctx, c.As(access.Integration), "", desk.LiftInput{Identity: desk.IdentityInput{Kind: "email", Value: address}, Evidence: "signed up on the site"})
	require.NoError(c.t, err)
	return done
}

// What was erased is flagged when somebody is about to write it back, until its person signs up anew.
func TestWhatWasErasedIsFlaggedUntilItsPersonSignsUpAnew(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	c.asks("erasure", "ana@example.test")
	c.planned()
	c.approves()
	require.Empty(t, c.flagged("ana@example.test"))
	c.advance(73 * time.Hour)
	c.runs()
	require.Equal(t, []string{"ANA@example.test"}, c.flagged("ben@example.test", "ANA@example.test", "cas@example.test"))
	require.False(t, c.view().Identities[0].Suppressed, "a request is not held up by itself")
	first := c.Case
	c.asks("access", "ana@example.test")
	require.True(t, c.view().Identities[0].Suppressed)
	c.Case = first

	require.Equal(t, 1, c.lifts("ana@example.test").Count)
	require.Zero(t, c.lifts("ana@example.test").Count)
	require.Empty(t, c.flagged("ana@example.test"))
	require.Equal(t, []string{"integration"}, scanAll[string](t, c.Database.Superuser, `SELECT p.handle FROM timeline e JOIN principal p ON p.id::text = e.actor WHERE e.kind = 'suppression.lifted' AND e.case_id = $1`, c.Case))
	c.verified()
}

// A request that was cancelled before anything was erased suppresses nothing.
func TestACancelledRequestSuppressesNothing(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	c.asks("erasure", "ana@example.test")
	c.planned()
	c.approves()
	_, err := c.Desk.CancelRequest(c.ctx, c.As(access.PrivacyLead), "", c.Case, desk.ReasonInput{Reason: "changed their mind"})
	require.NoError(t, err)
	c.advance(100 * time.Hour)
	c.runs()
	require.Empty(t, c.flagged("ana@example.test"))
}

// Nonsense names its place in the list, and who may not is refused.
func TestWhoMayAskWhatWasErased(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	ask := desk.SuppressionInput{Identities: []desk.IdentityInput{{Kind: "email", Value: "ana@example.test"}, {Kind: "email", Value: "nobody"}}}
	_, err := c.Desk.CheckSuppressed(c.ctx, c.As(access.Integration), ask)
	names(t, "identities[1].value", err)
	_, err = c.Desk.CheckSuppressed(c.ctx, c.As(access.Integration), desk.SuppressionInput{})
	names(t, "identities", err)
	_, err = c.Desk.LiftSuppression(c.ctx, c.As(access.Integration), "", desk.LiftInput{Identity: ask.Identities[0]})
	names(t, "evidence", err)
	for _, role := range []access.Role{access.Auditor, access.Observer, access.CommsLead} {
		_, err = c.Desk.CheckSuppressed(c.ctx, c.As(role), ask)
		require.Equal(t, problem.Forbidden, problem.CodeOf(err), fmt.Sprint(role))
		_, err = c.Desk.LiftSuppression(c.ctx, c.As(role), "", desk.LiftInput{Identity: ask.Identities[0], Evidence: "x"})
		require.Equal(t, problem.Forbidden, problem.CodeOf(err), fmt.Sprint(role))
	}
}
