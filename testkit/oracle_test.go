package testkit_test

import (
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/local/mail"
	"github.com/atlascloudai/docket/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// lieEnv names the lie that the test binary, started again, tells the oracle.
const lieEnv = "DOCKET_TEST_LIE"

// lies are differences between ledger, mail and timeline, each with the check that must name it.
var lies = map[string]struct{ statement, check string }{
	"a delivery that nobody tries":     {`UPDATE delivery SET state = 'deferred' WHERE rank = 0`, "N1"},
	"a dead sender's claim":            {`UPDATE delivery SET state = 'in_flight', claim = gen_random_uuid(), lease_until = now() - interval '1 minute' WHERE rank = 0`, "N1"},
	"a copy that nobody accepted":      {`UPDATE delivery_event SET kind = 'refused' WHERE kind = 'accepted'`, "N2"},
	"an attempt that was never made":   {`INSERT INTO delivery_event (delivery_id, case_id, page, attempt, at, kind, body, sealed) SELECT delivery_id, case_id, page, 2, at, 'accepted', body, sealed FROM delivery_event WHERE kind = 'accepted'`, "N2"},
	"other bytes than were made first": {`UPDATE delivery SET digest = '\x00' WHERE rank = 0`, "N3"},
	"a message before its attempt":     {`UPDATE delivery_event SET at = at + interval '1 hour' WHERE kind = 'in_flight'`, "N4"},
	"a message without a delivery":     {`DELETE FROM delivery_event; DELETE FROM delivery`, "N4"},
	"evidence that is not held":        {`UPDATE delivery SET acknowledged_at = now() WHERE rank = 0`, "N6"},
	"an acceptance without a reply":    {`UPDATE delivery_event SET sealed = NULL WHERE kind = 'accepted'`, "N6"},
	"a sending that nobody approved":   {`DELETE FROM timeline WHERE kind = 'notice.approved'`, "N7"},
	"a notice after the stop":          {`UPDATE timeline SET kind = 'campaign.stopped', recorded_at = recorded_at - interval '1 hour' WHERE kind = 'campaign.done'; UPDATE campaign SET state = 'stopped'`, "N7"},
	"an end that counts otherwise":     {`UPDATE timeline SET body = convert_to(replace(convert_from(body, 'UTF8'), '"accepted":', '"refused":'), 'UTF8') WHERE kind = 'campaign.done'`, "N8"},
	"a seal that counts otherwise":     {`UPDATE timeline SET body = convert_to(replace(convert_from(body, 'UTF8'), '"accepted":', '"refused":'), 'UTF8') WHERE kind = 'deliveries.sealed'`, "N8"},
	"a duty met without proof":         {`UPDATE delivery_event SET kind = 'deferred' WHERE kind = 'accepted'`, "duty"},
	"a proof that met nothing":         {`UPDATE duty SET state = 'required', met_at = NULL`, "duty"},
	"a duty met at another instant":    {`UPDATE duty SET met_at = met_at - interval '1 hour'`, "duty"},
	"an edited entry":                  {`UPDATE timeline SET actor = 'somebody' WHERE seq = 2`, "chain"},
	"a raise at another instant":       {`UPDATE raise SET due_at = due_at + interval '1 second'`, "raise"},
}

// The oracle finds nothing after an honest run, and names every lie that is told to it. It is told in a process of its
// own, because the oracle fails its test.
func TestTheOracleNamesEveryLie(t *testing.T) {
	if lie := os.Getenv(lieEnv); lie != "" {
		tell(t, lie)
		return
	}
	t.Parallel()
	for name, lie := range lies {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			said := run(t, name)
			require.Contains(t, said, "ledger, mail and timeline differ")
			require.Contains(t, said, lie.check+": ", "%s", said)
		})
	}
	t.Run("another customer's name", func(t *testing.T) {
		t.Parallel()
		require.Contains(t, run(t, "another customer's name"), "N5: ")
	})
	t.Run("nothing", func(t *testing.T) {
		t.Parallel()
		require.NotContains(t, run(t, "nothing"), "differ")
	})
}

func run(t *testing.T, lie string) string {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), self, "-test.run=^TestTheOracleNamesEveryLie$", "-test.count=1")
	cmd.Env = append(os.Environ(), lieEnv+"="+lie, "DOCKET_TEST_POSTGRES="+testkit.Superuser(t), "DOCKET_TEST_TEMPORAL="+testkit.SharedTemporal(t))
	said, err := cmd.CombinedOutput()
	require.Equal(t, lie != "nothing", err != nil, "%s", said)
	return string(said)
}

// tell plays a small incident through, tells one lie, and asks the oracle.
func tell(t *testing.T, name string) {
	h := testkit.NewHouse(t)
	e := testkit.NewEngine(t, h, testkit.EngineOptions{})
	customers := h.ImportCustomers(t, 3)
	require.NoError(t, e.Mail.Rules(mail.Rule{To: customers[2].Address, Answers: []string{"550 5.1.1 no such user"}}))
	caseID := h.Declared(t).Case
	h.Aware(t, caseID, time.Now().Add(-time.Hour))
	h.Parties(t, caseID, testkit.Refs(customers)...)
	h.Released(t, caseID)
	e.StartWorker(t)
	e.Quiet(t)
	statement := lies[name].statement
	if name == "another customer's name" {
		// What stands in a letter is taken for somebody else's: two customers have changed their names.
		statement = fmt.Sprintf(`UPDATE delivery SET customer_id = CASE customer_id WHEN a.id THEN b.id ELSE a.id END FROM customer a, customer b
			WHERE a.ref = '%s' AND b.ref = '%s' AND customer_id IN (a.id, b.id)`, customers[0].Ref, customers[1].Ref)
	}
	if statement != "" {
		testkit.Execute(t, h.Database.Superuser, statement)
	}
	testkit.Check(t, h, e.Mail)
}
