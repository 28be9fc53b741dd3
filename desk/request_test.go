package desk_test

import (
	"crypto/ed25519"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/certificate"
	"github.com/atlascloudai/docket/core/problem"
	"github.com/atlascloudai/docket/desk"
)

// A deletion request goes from the mail to an end at which everything that was located was seen to be gone, and the tax
// authorities' invoice stays with its ground and its date, without the note that nobody asks to keep.
func TestAnErasureEndsWithEverythingSeenToBeGoneAndWhatMustStayKept(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	c.asks("erasure", "Ana@example.test")
	plan := c.planned()
	require.Equal(t, "awaiting_approval", plan.Status)
	require.EqualValues(t, 1+10+3+2, plan.State.Plan.Located)
	require.EqualValues(t, 1, plan.State.Plan.Keep)
	require.EqualValues(t, 30, c.rows("prompts", "true"), "a plan touches nothing")
	c.approves()
	require.Equal(t, "restricting", c.view().Status)
	c.runs()
	require.EqualValues(t, 30, c.rows("prompts", "true"), "the cooling-off runs")
	c.advance(73 * time.Hour)
	c.runs()
	done := c.view()
	require.Equal(t, "completed_with_retention", done.Status, "%+v", done.Targets)
	require.Zero(t, c.rows("accounts", "account_id = 1")+c.rows("prompts", "account_id = 1")+c.rows("tickets", "account_id = 1"))
	require.EqualValues(t, 20, c.rows("prompts", "account_id IN (2, 10)"))
	require.EqualValues(t, 1, c.rows("invoices", "account_id = 1 AND id = 2 AND note IS NULL AND amount = 20"))
	require.EqualValues(t, 1, c.rows("invoices", "account_id = 2 AND note = 'call Ben'"))
	c.verified()

	// On its date it comes back by itself.
	c.advance(9 * 365 * 24 * time.Hour)
	c.runs()
	require.Equal(t, "completed", c.view().Status)
	require.Zero(t, c.rows("invoices", "account_id = 1"))
	c.verified()
}

// The answer to the person is a duty of its own: a letter that somebody else approved meets it when the other side took it.
func TestTheAnswerIsADutyThatAnAcceptedLetterMeets(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	c.asks("erasure", "ana@example.test")
	c.planned()
	c.approves()
	c.advance(22 * 24 * time.Hour)
	c.runs()
	letters, err := c.Desk.Letters(c.ctx, c.As(access.PrivacyLead), c.Case)
	require.NoError(t, err)
	draft := letters[len(letters)-1]
	require.Equal(t, "answer", draft.Kind, "drafted by itself in the last third")
	require.Equal(t, "awaiting_approval", draft.State)
	_, err = c.Desk.ApproveLetter(c.ctx, c.As(access.PrivacyLead), "", c.Case, draft.ID, desk.DigestInput{Digest: draft.Digest})
	require.NoError(t, err)
	require.Equal(t, 1, c.view().Counts.OpenDuties)
	c.jobs(func(desk.Job) {})
	require.Zero(t, c.view().Counts.OpenDuties)
	c.verified()
}

// verified holds the request's chain against what is stored.
func (c *counter) verified() {
	c.t.Helper()
	view, err := c.Desk.VerifyCase(c.ctx, c.As(access.Auditor), c.Case)
	require.NoError(c.t, err)
	require.True(c.t, view.OK, "%+v", view)
}

// The certificate says of every place what was seen, its versions follow each other, and one changed byte shows.
func TestTheCertificateIsCheckedWithoutAServer(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	c.asks("erasure", "ana@example.test")
	c.planned()
	c.approves()
	c.advance(73 * time.Hour)
	c.runs()
	c.advance(9 * 365 * 24 * time.Hour)
	c.runs()
	file, err := c.Desk.Certificates(c.ctx, c.As(access.Auditor), c.Case)
	require.NoError(t, err)
	keys := map[string]ed25519.PublicKey{"test": c.Signing.Public().(ed25519.PublicKey)}
	versions, err := certificate.Verify(file, keys)
	require.NoError(t, err)
	require.Len(t, versions, 2)
	first, last := versions[0], versions[1]
	require.Equal(t, certificate.CompletedWithRetention, first.Outcome)
	require.Equal(t, certificate.Completed, last.Outcome)
	invoices := func(v certificate.Certificate) certificate.Target {
		i := slices.IndexFunc(v.Targets, func(t certificate.Target) bool { return t.Address == "app/invoices" })
		return v.Targets[i]
	}
	require.EqualValues(t, 2, invoices(first).Located)
	require.EqualValues(t, 1, invoices(first).Kept)
	require.Equal(t, certificate.Code("tax_law"), invoices(first).Residuals[0].Ground)
	require.EqualValues(t, 2, invoices(last).Erased)
	for _, target := range first.Targets {
		require.Equal(t, certificate.Verified, target.Verification)
		require.NotNil(t, target.VerifiedAt)
	}
	require.NotContains(t, string(file), "ana@example.test")
	file[len(file)/2] ^= 1
	_, err = certificate.Verify(file, keys)
	require.Error(t, err)
}

// To see what is held destroys nothing, whoever approves it.
func TestAccessDestroysNothing(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	c.asks("access", "ana@example.test")
	require.Equal(t, "awaiting_approval", c.planned().Status)
	_, err := c.Desk.ApprovePlan(c.ctx, c.As(access.PrivacyLead), "", c.Case, desk.DigestInput{Digest: c.view().State.Plan.Digest})
	if err == nil {
		c.advance(100 * time.Hour)
		c.runs()
	}
	for _, target := range c.view().Targets {
		c.target(target.ID)
	}
	require.EqualValues(t, 3, c.rows("accounts", "true"))
	require.EqualValues(t, 30, c.rows("prompts", "true"))
	require.EqualValues(t, 4, c.rows("tickets", "true"))
	require.EqualValues(t, 3, c.rows("invoices", "note IS NOT NULL"))
}

// Whoever asked for a plan cannot approve it, a plan is bound to its digest, and one beyond the bounds takes two.
func TestAPlanIsApprovedByOthersAndAWideOneByTwo(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	c.asks("erasure", "ana@example.test")
	c.proves()
	_, err := c.Desk.ScopeRequest(c.ctx, c.As(access.PrivacyLead), "", c.Case)
	require.NoError(t, err)
	c.runs()
	digest := desk.DigestInput{Digest: c.view().State.Plan.Digest}
	_, err = c.Desk.ApprovePlan(c.ctx, c.As(access.PrivacyLead), "", c.Case, digest)
	require.Equal(t, problem.Forbidden, problem.CodeOf(err))
	_, err = c.Desk.ApprovePlan(c.ctx, c.As(access.LegalCounsel), "", c.Case, desk.DigestInput{Digest: strings.Repeat("a", 64)})
	require.Equal(t, problem.Conflict, problem.CodeOf(err))
	_, err = c.Desk.ApprovePlan(c.ctx, c.As(access.LegalCounsel), "", c.Case, digest)
	require.NoError(t, err)

	_, err = c.live.Exec(c.ctx, `INSERT INTO live.accounts VALUES (20, 'info@example.test', NULL, 'Shared')`)
	require.NoError(t, err)
	c.asks("erasure", "info@example.test")
	require.Equal(t, []string{"shared_address"}, c.planned().State.Plan.Wide)
	digest.Digest = c.view().State.Plan.Digest
	first, err := c.Desk.ApprovePlan(c.ctx, c.As(access.PrivacyLead), "", c.Case, digest)
	require.NoError(t, err)
	require.True(t, first.Pending)
	_, err = c.Desk.ApprovePlan(c.ctx, c.As(access.PrivacyLead), "", c.Case, digest)
	require.Equal(t, problem.Forbidden, problem.CodeOf(err))
	require.Equal(t, "awaiting_approval", c.view().Status)
	_, err = c.Desk.ApprovePlan(c.ctx, c.As(access.LegalCounsel), "", c.Case, digest)
	refused(t, err, "sample_not_seen")
	sample, err := c.Desk.SamplePlan(c.ctx, c.As(access.LegalCounsel), c.Case)
	require.NoError(t, err)
	require.Equal(t, `["20"]`, sample[0].Key)
	_, err = c.Desk.ApprovePlan(c.ctx, c.As(access.LegalCounsel), "", c.Case, digest)
	require.NoError(t, err)
	require.Equal(t, "restricting", c.view().Status)
}

// Until the first destructive call a request can be cancelled; after it nothing is.
func TestARequestCanBeCancelledUntilTheFirstDestructiveCall(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	c.asks("erasure", "ana@example.test")
	c.planned()
	c.approves()
	_, err := c.Desk.CancelRequest(c.ctx, c.As(access.PrivacyLead), "", c.Case, desk.ReasonInput{Reason: "the person wrote again"})
	require.NoError(t, err)
	c.advance(100 * time.Hour)
	c.runs()
	require.Equal(t, "cancelled", c.view().Status)
	require.EqualValues(t, 3, c.rows("accounts", "true"))

	c.asks("erasure", "ana@example.test")
	c.planned()
	c.approves()
	c.advance(100 * time.Hour)
	c.runs()
	_, err = c.Desk.CancelRequest(c.ctx, c.As(access.PrivacyLead), "", c.Case, desk.ReasonInput{Reason: "too late"})
	require.Equal(t, problem.Conflict, problem.CodeOf(err))
}

// The account's other contacts are told before anything is destroyed, and a request that needs care waits for a person.
func TestOtherContactsAreToldAndCareIsTaken(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	done, err := c.Desk.OpenRequest(c.ctx, c.As(access.Responder), "", desk.RequestInput{
		Right: "erasure", Country: "DE", Drill: true, Care: []string{"sole_owner"}, Identities: []desk.IdentityInput{{Kind: "email", Value: "ana@example.test"}},
	})
	require.NoError(t, err)
	c.Case = done.Case
	c.planned()
	digest := desk.DigestInput{Digest: c.view().State.Plan.Digest}
	_, err = c.Desk.ApprovePlan(c.ctx, c.As(access.PrivacyLead), "", c.Case, digest)
	require.Equal(t, problem.Conflict, problem.CodeOf(err))
	_, err = c.Desk.CareRequest(c.ctx, c.As(access.LegalCounsel), "", c.Case, desk.ReasonInput{Reason: "the organisation was handed over"})
	require.NoError(t, err)
	told, err := c.Desk.ApprovePlan(c.ctx, c.As(access.PrivacyLead), "", c.Case, digest)
	require.NoError(t, err)
	require.Equal(t, 1, told.Count)
	var to []string
	c.jobs(func(job desk.Job) { to = append(to, job.To) })
	require.Equal(t, []string{"ana.old@example.test"}, to)
}

// Why it takes longer and what was done are two letters: a draft of one does not end the other's.
func TestAnAnswersDraftLeavesAnExtensionsAlone(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	c.asks("erasure", "ana@example.test")
	draft := func(kind string) {
		_, err := c.Desk.DraftLetter(c.ctx, c.As(access.Responder), "", c.Case, desk.LetterInput{Kind: kind, Words: "many places"})
		require.NoError(t, err)
	}
	for _, kind := range []string{"extension", "answer", "answer", "extension"} {
		draft(kind)
	}
	letters, err := c.Desk.Letters(c.ctx, c.As(access.PrivacyLead), c.Case)
	require.NoError(t, err)
	waiting := map[string]int{}
	for _, letter := range letters {
		if letter.State == "awaiting_approval" {
			waiting[letter.Kind]++
		}
	}
	require.Equal(t, map[string]int{"extension": 1, "answer": 1}, waiting)
}
