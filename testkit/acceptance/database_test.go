package acceptance_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/local/mail"
	"github.com/atlascloudai/docket/testkit"
)

// PostgreSQL stopped as in a crash and started again, twice, while 200 notices are on their way: everybody gets
// the notice, and a second copy only where the first one's answer could not be kept.
func TestADatabaseThatCrashesWhileNoticesAreUnderWayLosesNone(t *testing.T) {
	t.Parallel()
	cluster := testkit.NewCluster(t)
	h := testkit.NewHouseIn(t, cluster.DSN("postgres"))
	e := testkit.NewEngine(t, h, testkit.EngineOptions{Lease: 3 * time.Second})
	customers := h.ImportCustomers(t, 200)
	require.NoError(t, e.Mail.Rules(mail.Rule{To: "*", Answers: []string{"slow:30ms"}}))
	caseID := affected(t, h, customers)
	h.Released(t, caseID)
	e.StartWorker(t)
	for _, arrived := range []int{40, 110} {
		testkit.Await(t, "the sending is under way", func() bool { return len(e.Notices()) >= arrived })
		require.NoError(t, cluster.StopHard())
		require.NoError(t, cluster.Restart(t.Context()))
	}
	e.Quiet(t)
	sendAll(t, e, caseID)
	for _, c := range customers {
		require.GreaterOrEqual(t, copiesFor(e, c), 1, c.Ref)
	}
	for _, owed := range duties(t, h, caseID) {
		require.Equal(t, "met", owed.State, owed.Customer)
	}
	testkit.Check(t, h, e.Mail)
}
