package desk_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/problem"
	"github.com/atlascloudai/docket/desk"
)

// owed is the duty of a request under a rule.
func (c *counter) owed(rule string) desk.DutyView {
	c.t.Helper()
	page, err := c.Desk.Duties(c.ctx, c.As(access.PrivacyLead), c.Case, "", "", 50)
	require.NoError(c.t, err)
	for _, owed := range page.Items {
		if owed.Rule == rule {
			return owed
		}
	}
	c.t.Fatalf("nothing is owed under %s: %+v", rule, page.Items)
	return desk.DutyView{}
}

// opens opens a request as it is given.
func (c *counter) opens(in desk.RequestInput) desk.Receipt {
	c.t.Helper()
	in.Drill = true
	if in.Identities == nil {
		in.Identities = []desk.IdentityInput{{Kind: "email", Value: "ana@example.test"}}
	}
	done, err := c.Desk.OpenRequest(c.ctx, c.As(access.Responder), "", in)
	require.NoError(c.t, err)
	c.Case = done.Case
	return done
}

// The clock runs from the instant at which the request reached the company, wherever it did.
func TestTheClockRunsFromTheReceiptWhereverItWas(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	received := time.Now().UTC().Add(-10 * 24 * time.Hour).Truncate(time.Microsecond)
	_, err := c.Desk.OpenRequest(c.ctx, c.As(access.Responder), "", desk.RequestInput{Right: "erasure", ReceivedAt: &received, Identities: []desk.IdentityInput{{Kind: "email", Value: "a@example.test"}}})
	require.Equal(t, problem.Invalid, problem.CodeOf(err), "an earlier receipt needs evidence")
	c.opens(desk.RequestInput{Right: "erasure", Country: "DE", Channel: "letter", ReceivedAt: &received, Evidence: "postmark, opened by the front desk"})
	require.Equal(t, received, c.owed("gdpr-12-3").StartedAt.UTC())
}

// Under the UK GDPR proof of identity starts the month anew (art 12A); under the GDPR it does not.
func TestProofOfIdentityStartsTheMonthAnewWhereTheLawSaysSo(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	c.opens(desk.RequestInput{Right: "erasure", Country: "GB"})
	before := c.owed("uk-gdpr-12-3")
	c.advance(48 * time.Hour)
	c.proves()
	require.True(t, c.owed("uk-gdpr-12-3").Limit.After(*before.Limit))
	c.opens(desk.RequestInput{Right: "erasure", Country: "DE"})
	before = c.owed("gdpr-12-3")
	c.advance(48 * time.Hour)
	c.proves()
	require.Equal(t, before.Limit, c.owed("gdpr-12-3").Limit)
	c.verified()
}

// Under the UK GDPR the month stands still from the day on which the person was asked what they mean to the day of their answer,
// both included (art 12A(5)): for a copy only, and under no other law.
func TestAClarificationStopsTheClockWhereTheLawSaysSoAndNowhereElse(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	day := func(d int) *time.Time { return new(time.Date(2026, 6, d, 12, 0, 0, 0, time.UTC)) }
	clarify := func(what string, at *time.Time) error {
		_, err := c.Desk.ClarifyRequest(c.ctx, c.As(access.Responder), "", c.Case, desk.ClarificationInput{What: what, At: at, Evidence: "which account is meant, ticket 7"})
		return err
	}
	opens := func(right, country, rule string) time.Time {
		c.opens(desk.RequestInput{Right: right, Country: country, Channel: "letter", ReceivedAt: day(1), Evidence: "postmark"})
		return *c.owed(rule).Limit
	}
	const uk = "uk-gdpr-12-3"
	first := opens("access", "GB", uk)
	names(t, "what", clarify("received", day(15)))
	names(t, "at", clarify("asked", new(time.Now().Add(time.Hour))))
	names(t, "at", clarify("asked", new(day(1).Add(-time.Minute))))
	require.NoError(t, clarify("asked", day(8)))
	require.Nil(t, c.owed(uk).Limit, "nobody can say when it ends before the person has answered")
	_, err := c.Desk.DraftLetter(c.ctx, c.As(access.Responder), "", c.Case, desk.LetterInput{Kind: "extension", Words: "many places"})
	refused(t, err, "no_last_day")
	names(t, "at", clarify("received", day(7)))
	require.NoError(t, clarify("received", day(15)))
	require.Equal(t, first.AddDate(0, 0, 8), *c.owed(uk).Limit)
	names(t, "at", clarify("asked", day(20)))
	require.Equal(t, first.AddDate(0, 0, 8), *c.owed(uk).Limit, "a second question stops nothing")
	c.verified()

	for _, other := range [][3]string{{"erasure", "GB", uk}, {"portability", "GB", uk}, {"access", "DE", "gdpr-12-3"}} {
		first := opens(other[0], other[1], other[2])
		require.NoError(t, clarify("asked", day(8)))
		require.Equal(t, first, *c.owed(other[2]).Limit, other)
		require.NoError(t, clarify("received", day(15)))
		require.Equal(t, first, *c.owed(other[2]).Limit, other)
	}
}

// A period is longer only once the letter with the reasons was accepted within the first one.
func TestAnExtensionCountsOnceItsLetterWasAcceptedInTime(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	c.opens(desk.RequestInput{Right: "erasure", Country: "DE"})
	first := c.owed("gdpr-12-3").Limit
	_, err := c.Desk.DraftLetter(c.ctx, c.As(access.Responder), "", c.Case, desk.LetterInput{Kind: "extension"})
	require.Equal(t, problem.Invalid, problem.CodeOf(err), "the person is owed the reasons")
	drafted, err := c.Desk.DraftLetter(c.ctx, c.As(access.Responder), "", c.Case, desk.LetterInput{Kind: "extension", Words: "many requests at once"})
	require.NoError(t, err)
	letters, err := c.Desk.Letters(c.ctx, c.As(access.PrivacyLead), c.Case)
	require.NoError(t, err)
	digest := desk.DigestInput{Digest: letters[len(letters)-1].Digest}
	_, err = c.Desk.ApproveLetter(c.ctx, c.As(access.Responder), "", c.Case, *drafted.ID, digest)
	require.Equal(t, problem.Forbidden, problem.CodeOf(err), "never by whoever drafted it")
	_, err = c.Desk.ApproveLetter(c.ctx, c.As(access.PrivacyLead), "", c.Case, *drafted.ID, digest)
	require.NoError(t, err)
	require.Equal(t, first, c.owed("gdpr-12-3").Limit, "approved is not delivered")
	c.jobs(func(desk.Job) {})
	extended := c.owed("gdpr-12-3").Limit
	require.Equal(t, 2, int(extended.Sub(*first).Hours()/24/28), "three months from the receipt")
	require.Equal(t, 1, c.view().Counts.OpenDuties)
	c.verified()

	c.opens(desk.RequestInput{Right: "erasure", Country: "DE"})
	first = c.owed("gdpr-12-3").Limit
	drafted, err = c.Desk.DraftLetter(c.ctx, c.As(access.Responder), "", c.Case, desk.LetterInput{Kind: "extension", Words: "many requests at once"})
	require.NoError(t, err)
	letters, err = c.Desk.Letters(c.ctx, c.As(access.PrivacyLead), c.Case)
	require.NoError(t, err)
	_, err = c.Desk.ApproveLetter(c.ctx, c.As(access.PrivacyLead), "", c.Case, *drafted.ID, desk.DigestInput{Digest: letters[len(letters)-1].Digest})
	require.NoError(t, err)
	c.advance(40 * 24 * time.Hour)
	c.jobs(func(desk.Job) {})
	require.Equal(t, first, c.owed("gdpr-12-3").Limit, "accepted after the first period is no extension")
	_, err = c.Desk.DraftLetter(c.ctx, c.As(access.Responder), "", c.Case, desk.LetterInput{Kind: "extension", Words: "late"})
	require.Equal(t, problem.Conflict, problem.CodeOf(err), "the first period is over")
}

// California asks for an acknowledgement within ten business days, which the first letter meets; an opt-out needs no identity.
func TestCaliforniaIsAcknowledgedAndAnOptOutNeedsNoIdentity(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	c.opens(desk.RequestInput{Right: "erasure", Country: "US-CA"})
	require.Equal(t, "required", c.owed("ccpa-7021-acknowledge").State)
	c.jobs(func(desk.Job) {})
	require.Equal(t, "met", c.owed("ccpa-7021-acknowledge").State)
	require.Equal(t, "required", c.owed("ccpa-7021-respond").State)

	c.opens(desk.RequestInput{Right: "opt_out", Country: "US-CA"})
	require.Equal(t, "in_hand", c.view().Status)
	require.Equal(t, "required", c.owed("ccpa-7026-opt-out").State)
	_, err := c.Desk.DoneRequest(c.ctx, c.As(access.Responder), "", c.Case, desk.DoneInput{Evidence: "the flag is set, ticket 12"})
	require.NoError(t, err)
	require.Equal(t, "completed", c.view().Status)
}

// A complaint in the United Kingdom is acknowledged by its first letter (DPA 2018 s.164A), and still has to be answered: the
// answer is drafted by itself in the last third of its own period.
func TestAComplaintIsAcknowledgedAndStillAnswered(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	earlier := c.opens(desk.RequestInput{Right: "erasure", Country: "GB"})
	c.opens(desk.RequestInput{Right: "complaint", Country: "GB", Concerns: earlier.Code})
	c.jobs(func(desk.Job) {})
	require.Equal(t, "met", c.owed("uk-dpa-164a-acknowledge").State)
	require.Equal(t, "required", c.owed("uk-gdpr-12-3").State)
	c.advance(22 * 24 * time.Hour)
	c.runs()
	answer := c.newest()
	require.Equal(t, "answer", answer.Kind)
	_, err := c.Desk.ApproveLetter(c.ctx, c.As(access.PrivacyLead), "", c.Case, answer.ID, desk.DigestInput{Digest: answer.Digest})
	require.NoError(t, err)
	c.jobs(func(desk.Job) {})
	require.Equal(t, "met", c.owed("uk-gdpr-12-3").State)
	c.verified()
}

// Where nobody has adopted a regime's own rule, the person is given what the company gives under the GDPR.
func TestARegimeThatNobodyAdoptedIsCountedByTheGDPR(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	c.opens(desk.RequestInput{Right: "erasure", Country: "US-IA"})
	require.Equal(t, "required", c.owed("gdpr-12-3").State)
	c.verified()

	// But never later than the regime's own rule would have it: 1 August 2026 is a Saturday, and thirty days end before it.
	at := time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)
	c.opens(desk.RequestInput{Right: "erasure", Country: "CA-QC", ReceivedAt: &at, Evidence: "a postmark"})
	require.Equal(t, "2026-07-31", c.owed("gdpr-12-3").Target.Format(time.DateOnly))
	c.verified()
}

// A person who has no mailbox is answered by hand, with a receipt that a second person confirms.
func TestAnAnswerByHandMeetsTheDutyOnceItIsConfirmed(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	c.opens(desk.RequestInput{Right: "rectification", Country: "DE", Channel: "letter", Identities: []desk.IdentityInput{{Kind: "account_id", Value: "1"}}})
	owed := c.owed("gdpr-12-3")
	filed, err := c.Desk.FileByHand(c.ctx, c.As(access.PrivacyLead), "", c.Case, owed.ID, desk.FileInput{
		FiledAt: time.Now().Add(-time.Minute), Zone: "Europe/Berlin", How: "registered letter", Reference: "RR 1", Receipt: []byte("receipt")})
	require.NoError(t, err)
	_, err = c.Desk.ConfirmFiling(c.ctx, c.As(access.LegalCounsel), "", c.Case, *filed.ID, desk.ReasonInput{Reason: "seen"})
	require.NoError(t, err)
	require.Equal(t, "met", c.owed("gdpr-12-3").State)
	c.verified()
}

// A letter that came back extended nothing; one that a relay took extends once it arrived, and not before.
func TestAnExtensionStandsOnlyWhileItsLetterReachedThePerson(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	sends := func() {
		drafted, err := c.Desk.DraftLetter(c.ctx, c.As(access.Responder), "", c.Case, desk.LetterInput{Kind: "extension", Words: "many requests at once"})
		require.NoError(t, err)
		_, err = c.Desk.ApproveLetter(c.ctx, c.As(access.PrivacyLead), "", c.Case, *drafted.ID, desk.DigestInput{Digest: c.newest().Digest})
		require.NoError(t, err)
	}
	c.opens(desk.RequestInput{Right: "erasure", Country: "DE"})
	c.jobs(func(desk.Job) {})
	first := *c.owed("gdpr-12-3").Limit
	var sent desk.Job
	sends()
	c.jobs(func(job desk.Job) { sent = job })
	require.True(t, c.view().State.Extended)
	require.NoError(t, c.Desk.Report(c.ctx, sent.Delivery, desk.ReportInput{Kind: "bounced", Status: "5.1.1", Words: "no such mailbox", Digest: [32]byte{1}}))
	require.False(t, c.view().State.Extended)
	require.Equal(t, first, *c.owed("gdpr-12-3").Limit)

	sends()
	sending := scan[uuid.UUID](t, c.Database.Superuser, `SELECT id FROM campaign WHERE case_id = $1 AND state = 'running'`, c.Case)
	jobs, err := c.Desk.Claim(c.ctx, sending, uuid.New(), 10)
	require.NoError(t, err)
	require.NoError(t, c.Desk.Begin(c.ctx, jobs[0], [32]byte{1}, "relay"))
	require.NoError(t, c.Desk.Finish(c.ctx, jobs[0], desk.Answer{Outcome: "handed_on", Code: 250}))
	require.NoError(t, c.Desk.Seal(c.ctx, sending))
	require.NoError(t, c.Desk.FinishCampaign(c.ctx, sending))
	require.Equal(t, first, *c.owed("gdpr-12-3").Limit, "our own relay is not the person's")
	require.NoError(t, c.Desk.Report(c.ctx, jobs[0].Delivery, desk.ReportInput{Kind: "delivered", Status: "2.0.0", Digest: [32]byte{2}}))
	require.True(t, c.owed("gdpr-12-3").Limit.After(first))
	require.NoError(t, c.Desk.Report(c.ctx, sent.Delivery, desk.ReportInput{Kind: "bounced", Status: "5.1.1", Words: "again", Digest: [32]byte{3}}))
	require.True(t, c.view().State.Extended, "it came back from the letter before")
	c.verified()
}
