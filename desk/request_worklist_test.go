package desk_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/problem"
	"github.com/atlascloudai/docket/desk"
)

// The worklist goes page by page in the order of the next clocks, misses nothing and repeats nothing, and is narrowed by whom a
// request waits for and what stands in its way.
func TestTheWorklistGoesByTheNextClock(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	opened := map[string]bool{}
	for i := range 7 {
		at := time.Now().Add(-time.Duration(i%3) * 24 * time.Hour)
		right := []string{"erasure", "access"}[i%2]
		done, err := c.Desk.OpenRequest(c.ctx, c.As(access.Responder), "", desk.RequestInput{
			Right: right, Country: "DE", ReceivedAt: &at, Evidence: "postmark", Identities: []desk.IdentityInput{{Kind: "email", Value: "ana@example.test"}}, Drill: true,
		})
		require.NoError(t, err)
		opened[done.Code] = true
		c.Case = done.Case
	}
	_, err := c.Desk.DenyRequest(c.ctx, c.As(access.PrivacyLead), "", c.Case, desk.DenyInput{Reason: "excessive", Words: "the seventh this week"})
	require.NoError(t, err)
	list := func(in desk.WorklistInput) (all []desk.RequestView) {
		for {
			page, err := c.Desk.Requests(c.ctx, c.As(access.PrivacyLead), in)
			require.NoError(t, err)
			require.LessOrEqual(t, len(page.Items), max(in.Limit, 1))
			all = append(all, page.Items...)
			if in.Cursor = page.Next; page.Next == "" {
				return all
			}
		}
	}
	for _, limit := range []int{1, 2, 3, 7, 500} {
		all := list(desk.WorklistInput{Limit: limit})
		seen := map[string]bool{}
		for i, one := range all {
			seen[one.Code] = true
			if i > 0 && one.Due != nil && all[i-1].Due != nil {
				require.False(t, one.Due.Before(*all[i-1].Due))
			}
		}
		require.Equal(t, opened, seen)
		require.Len(t, all, 7)
	}
	require.Len(t, list(desk.WorklistInput{Waiting: "person", Limit: 2}), 6, "their codes were mailed")
	require.Len(t, list(desk.WorklistInput{Waiting: "team", Limit: 2}), 1, "a denial is a letter")
	require.Len(t, list(desk.WorklistInput{Right: "access", Waiting: "person", Limit: 1}), 3)
	require.Len(t, list(desk.WorklistInput{Blocker: "identity_", Limit: 5}), 6)
	require.Empty(t, list(desk.WorklistInput{Blocker: "target_failed", Limit: 5}))
	for field, in := range map[string]desk.WorklistInput{
		"waiting_for": {Waiting: "weather"}, "right": {Right: "wealth"}, "status": {Statuses: []string{"lost"}}, "cursor": {Cursor: "x~y"},
	} {
		_, err := c.Desk.Requests(c.ctx, c.As(access.PrivacyLead), in)
		require.Equal(t, problem.Invalid, problem.CodeOf(err))
		require.Equal(t, field, refusalOf(err).Field)
	}
}

// The list of all cases knows the statuses of every kind.
func TestCasesAreListedByTheStatusesOfEveryKind(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	asked := c.asks("erasure", "ana@example.test")
	page, err := c.Desk.Cases(c.ctx, c.As(access.PrivacyLead), "verifying_identity", "", 10)
	require.NoError(t, err)
	require.Equal(t, asked.Code, page.Items[0].Code)
	_, err = c.Desk.Cases(c.ctx, c.As(access.PrivacyLead), "lost", "", 10)
	require.Equal(t, "status", refusalOf(err).Field)
}
