package desk_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/desk"
)

// What we stopped ourselves before anything was sent is due at once; what the other side put off waits.
func TestAWithdrawnAttemptIsDueAtOnce(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.Aware(t, r.Case, r.ago(time.Hour))
	r.Parties(t, r.Case, "C-1001")
	campaign, page := r.Released(t, r.Case), uuid.New()
	attempt := func(class string) int {
		jobs, err := r.Desk.Claim(r.ctx, campaign, page, 10)
		require.NoError(t, err)
		for _, job := range jobs {
			require.NoError(t, r.Desk.Begin(r.ctx, job, [32]byte{1}, "direct"))
			require.NoError(t, r.Desk.Finish(r.ctx, job, desk.Answer{Outcome: "deferred", Class: class}))
		}
		return len(jobs)
	}
	require.Equal(t, 1, attempt("cancelled"))
	require.Equal(t, 1, attempt("temporary"))
	require.Zero(t, attempt("temporary"))
}
