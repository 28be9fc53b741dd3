package main

import (
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/config"
	"github.com/atlascloudai/docket/core/audit"
	"github.com/atlascloudai/docket/desk"
	"github.com/atlascloudai/docket/local/mail"
	"github.com/atlascloudai/docket/testkit"
)

// raises are who was raised on a case.
func (o office) raises(t *testing.T, code string) []desk.RaiseView {
	t.Helper()
	return answer[desk.Page[desk.RaiseView]](t, o.types(t, o.first, "case", "raises", code)).Items
}

// asked waits until a campaign's process has asked what to do, found its recipients due, and asked again.
func (s *site) asked(t *testing.T, campaign string) {
	t.Helper()
	var first time.Time
	for range 2 {
		testkit.Await(t, "the process asks", func() bool {
			var wake *time.Time
			s.looks(t, &wake, `SELECT wake_at FROM bell WHERE workflow_id = 'campaign/' || $1`, campaign)
			if wake == nil || wake.Equal(first) {
				return false
			}
			first = *wake
			return true
		})
	}
}

// published follows the files outside the database.
func (s *site) published(t *testing.T) *audit.Trail {
	t.Helper()
	heads, err := headsIn(config.Config{KeysDir: s.environment["DOCKET_KEYS_DIR"], PublishDir: s.environment["DOCKET_PUBLISH_DIR"]}, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	trail, err := heads.Read()
	require.NoError(t, err)
	return trail
}

// A backup is restored by the commands of docs/operations.md. The restored installation sends nothing, neither
// notices nor pages, while people read and decide; after a person has reconciled it sends what waited, once.
func TestARestoredBackupSendsNothingUntilSomebodyReconciles(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.enrols(t)
	serve, work := s.opens(t)
	s.importSamples(t)
	require.NoError(t, s.relay.Rules(mail.Rule{To: "*@borealis.test", Answers: []string{"451 4.2.0 come again"}}))
	code := s.declares(t, time.Now(), false, "C-1001,C-1002")
	campaign := s.notifies(t, code)
	testkit.Await(t, "the relay answers", func() bool {
		return s.delivery(t, code, "C-1001").State == "handed_on" && s.delivery(t, code, "C-1002").Attempt == 1 && s.delivery(t, code, "C-1002").State == "deferred"
	})

	s.environment["BACKUP_DIR"], s.environment["KEYS_BACKUP_DIR"] = t.TempDir(), t.TempDir()
	s.follows(t, "backup")
	s.decides(t, s.first, "case", "technical", code, "contained", "--note", "after the backup")
	serve.stops(t)
	work.stops(t) // publishes the newest heads on its way out
	require.NotZero(t, s.published(t).Last().Sequence)

	// Another machine: nothing is left of the first but the backups and what was published.
	s.on(newCluster(t))
	s.environment["DOCKET_KEYS_DIR"] = filepath.Join(t.TempDir(), "keys")
	s.follows(t, "roles")
	s.follows(t, "restore")
	said := s.operator(t, "doctor")
	require.Equal(t, 1, said.code)
	require.Contains(t, said.out, "restored or copied")
	require.NoError(t, s.relay.Rules()) // everybody would take mail now
	before := len(s.relay.Messages())
	_, work = s.opens(t)
	status := answer[desk.StatusView](t, s.types(t, s.first, "installation", "status"))
	require.Contains(t, status.Quarantine, "restored or copied")

	// People read and decide.
	require.Equal(t, "active", s.view(t, code).Status)
	s.decides(t, s.first, "case", "technical", code, "contained", "--note", "entered again")
	late := s.declares(t, time.Now().Add(-23*time.Hour), false, "C-1008")
	waiting := s.notifies(t, late)
	s.passes(t)
	s.asked(t, campaign)
	s.asked(t, waiting)
	testkit.Await(t, "somebody is raised", func() bool { r := s.raises(t, late); return len(r) > 0 && r[0].PagesOpen > 0 })
	require.Len(t, s.relay.Messages(), before, "nothing was sent")

	// Only a person with a reason ends it.
	require.Equal(t, 2, s.types(t, s.first, "installation", "reconcile").code)
	said = s.types(t, s.first, "installation", "reconcile", "--reason", "the old cluster is off, relay log compared")
	require.Zero(t, said.code, said.problems)
	for code, customer := range map[string]string{code: "C-1002", late: "C-1008"} {
		testkit.Await(t, "what waited is sent", func() bool { return s.delivery(t, code, customer).State == "handed_on" })
		s.holds(t, code)
	}
	testkit.Await(t, "the page is sent", func() bool { return len(s.mailTo("oncall")) > 0 })
	for _, to := range []string{"alder-finch", "borealis"} {
		require.Len(t, s.mailTo(to), 1, to)
	}
	seen := map[string]bool{}
	for _, message := range s.relay.Messages() {
		require.False(t, seen[message.MessageID], "sent twice")
		seen[message.MessageID] = true
	}

	// What is published goes on, though the restored chains went another way than what was published before.
	old := s.published(t).Last().Sequence
	work.stops(t)
	newest := s.published(t).Last()
	require.Greater(t, newest.Sequence, old)
	require.True(t, newest.Anew, "from outside it is seen that the chains began anew")
	said = s.operator(t, "doctor")
	require.Zero(t, said.code, said.out+said.problems)
	said = s.operator(t, "worker", "restart-workflows")
	require.Zero(t, said.code, said.problems)

	// A published file that was changed is noticed.
	files, err := filepath.Glob(filepath.Join(s.environment["DOCKET_PUBLISH_DIR"], "heads", "*.jws"))
	require.NoError(t, err)
	require.NoError(t, os.Remove(files[0]))
	said = s.operator(t, "doctor")
	require.Equal(t, 1, said.code)
	require.Contains(t, said.out, "cannot be followed")
}

// A signing key that was rotated leaves what it signed verifiable.
func TestHeadsOutliveTheirSigningKey(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.enrols(t)
	serve, work := s.opens(t)
	s.importSamples(t)
	s.declares(t, time.Now(), false, "C-1001")
	work.stops(t)
	require.NotZero(t, s.published(t).Last().Sequence)
	said := s.operator(t, "keys", "rotate-signing", s.environment["DOCKET_KEYS_DIR"])
	require.Zero(t, said.code, said.problems)
	said = s.operator(t, "doctor")
	require.Zero(t, said.code, said.out+said.problems)
	serve.stops(t)
}
