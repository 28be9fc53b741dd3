package desk_test

import (
	"crypto/ed25519"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/certificate"
	"github.com/atlascloudai/docket/core/problem"
	"github.com/atlascloudai/docket/desk"
)

// erased brings a request to its end with its answer accepted; only the invoice of 2024 stays.
func erased(t testing.TB) *counter {
	t.Helper()
	c := newCounter(t)
	c.asks("erasure", "ana@example.test")
	c.planned()
	c.approves()
	c.advance(73 * time.Hour)
	c.runs()
	done, err := c.Desk.DraftLetter(c.ctx, c.As(access.Responder), "", c.Case, desk.LetterInput{Kind: "answer"})
	require.NoError(t, err)
	letters, err := c.Desk.Letters(c.ctx, c.As(access.PrivacyLead), c.Case)
	require.NoError(t, err)
	_, err = c.Desk.ApproveLetter(c.ctx, c.As(access.PrivacyLead), "", c.Case, *done.ID, desk.DigestInput{Digest: letters[len(letters)-1].Digest})
	require.NoError(t, err)
	c.jobs(func(desk.Job) {})
	return c
}

func (c *counter) shreds(role access.Role, ground string) (desk.Receipt, error) {
	return c.Desk.ShredCase(c.ctx, c.As(role), "", c.Case, desk.ShredInput{Ground: ground})
}

// The identifying half of a request goes once the accountability period is over and nothing is kept any more: two people, no
// hold. What was done, its certificates and its chain stay, and nothing joins them to the person again.
func TestWhoAskedIsShreddedAndWhatWasDoneStays(t *testing.T) {
	t.Parallel()
	c := erased(t)
	_, err := c.shreds(access.PrivacyLead, "retention_over")
	refused(t, err, "records_kept")
	c.advance(9 * 365 * 24 * time.Hour) // The invoice goes, and the period begins anew.
	c.runs()
	before := c.view()
	require.Equal(t, "completed", before.Status)
	require.WithinDuration(t, before.State.EndedAt.AddDate(3, 0, 0), *before.AccountableUntil, time.Second)
	_, err = c.shreds(access.PrivacyLead, "retention_over")
	refused(t, err, "accountability_period")
	_, err = c.shreds(access.SecurityLead, "erasure_order")
	require.Equal(t, problem.Forbidden, problem.CodeOf(err), "the privacy lead begins")

	held, err := c.Desk.PlaceHold(c.ctx, c.As(access.LegalCounsel), "", c.Case, desk.HoldInput{Reason: "Okapi v. us", ReviewAt: time.Now().AddDate(20, 0, 0)})
	require.NoError(t, err)
	_, err = c.shreds(access.PrivacyLead, "erasure_order")
	refused(t, err, "legal_hold")
	_, err = c.Desk.ReleaseHold(c.ctx, c.As(access.LegalCounsel), "", c.Case, *held.ID, desk.ReasonInput{Reason: "settled"})
	require.NoError(t, err)

	for range 2 { // The same person twice is one person.
		done, err := c.shreds(access.PrivacyLead, "erasure_order")
		require.NoError(t, err)
		require.True(t, done.Pending)
	}
	c.asks("access", "ana@example.test") // Another request of the same person.
	c.proves()
	require.Len(t, c.view().SameAs, 1)
	other := c.Case
	c.Case = before.ID
	done, err := c.shreds(access.SecurityLead, "erasure_order")
	require.NoError(t, err)
	require.False(t, done.Pending)

	after := c.view()
	require.True(t, after.Erased)
	require.Empty(t, after.Name+after.Words+after.ReplyTo+after.Identities[0].Value)
	require.Equal(t, before.Status, after.Status)
	require.Equal(t, before.Targets[0].Located, after.Targets[0].Located)
	require.Equal(t, *before.Counts, *after.Counts)
	file, err := c.Desk.Certificates(c.ctx, c.As(access.Auditor), c.Case)
	require.NoError(t, err)
	versions, err := certificate.Verify(file, map[string]ed25519.PublicKey{"test": c.Signing.Public().(ed25519.PublicKey)})
	require.NoError(t, err)
	require.Len(t, versions, 2)
	c.verified()
	_, err = c.Desk.Letters(c.ctx, c.As(access.PrivacyLead), c.Case)
	require.NoError(t, err)
	_, err = c.shreds(access.PrivacyLead, "erasure_order")
	refused(t, err, "case_shredded")

	// Nothing leads from the person to the request: not another request of theirs, and not what must not come back.
	require.Equal(t, []string{"ana@example.test"}, c.flagged("ana@example.test"))
	require.Equal(t, 1, c.lifts("ana@example.test").Count)
	require.Zero(t, scan[int](t, c.Database.Superuser, `SELECT count(*)::int FROM suppression WHERE case_id <> $1`, uuid.Nil))
	require.Zero(t, scan[int](t, c.Database.Superuser, `SELECT count(*)::int FROM target_key k JOIN target t ON t.id = k.target_id WHERE t.case_id = $1`, c.Case))
	c.Case = other
	require.Empty(t, c.view().SameAs)
}

// A request that still has work to do, or whose answer is owed, keeps who asked.
func TestAnOpenRequestIsNotShredded(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	c.asks("erasure", "ana@example.test")
	_, err := c.shreds(access.PrivacyLead, "opened_in_error")
	refused(t, err, "wrong_status")
	_, err = c.Desk.CancelRequest(c.ctx, c.As(access.PrivacyLead), "", c.Case, desk.ReasonInput{Reason: "opened twice"})
	require.NoError(t, err)
	_, err = c.shreds(access.PrivacyLead, "opened_in_error")
	refused(t, err, "open_duties")
	_, err = c.shreds(access.PrivacyLead, "bored")
	names(t, "ground", err)
}
