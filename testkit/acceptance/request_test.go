package acceptance_test

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"io"
	"mime"
	netmail "net/mail"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/problem"
	"github.com/atlascloudai/docket/desk"
	"github.com/atlascloudai/docket/local/mail"
	"github.com/atlascloudai/docket/testkit"
)

// mailsTo are the mails to an address, as people read them, in the order in which they came.
func mailsTo(t *testing.T, e *testkit.Engine, address string) (mails []string) {
	t.Helper()
	for _, m := range e.Notices() {
		if !slices.Contains(m.To, address) {
			continue
		}
		_, body := mailOf(t, e, m)
		mails = append(mails, body)
	}
	return mails
}

// mailOf is a mail as people read it.
func mailOf(t *testing.T, e *testkit.Engine, m mail.Message) (subject, body string) {
	t.Helper()
	data, err := e.Mail.Data(m.ID)
	require.NoError(t, err)
	read, err := netmail.ReadMessage(bytes.NewReader(data))
	require.NoError(t, err)
	subject, err = new(mime.WordDecoder).DecodeHeader(read.Header.Get("Subject"))
	require.NoError(t, err)
	return subject, text(t, read.Header.Get("Content-Type"), read.Header.Get("Content-Transfer-Encoding"), read.Body)
}

// codesTo are the codes in them.
func codesTo(t *testing.T, e *testkit.Engine, address string) (codes []string) {
	t.Helper()
	for _, mail := range mailsTo(t, e, address) {
		if code := codeInMail.FindString(mail); code != "" {
			codes = append(codes, code)
		}
	}
	return codes
}

// approvesLetter approves the newest letter of a kind as a second person.
func approvesLetter(t *testing.T, e *testkit.Engine, caseID uuid.UUID, kind string) {
	t.Helper()
	letters, err := e.Desk.Letters(context.Background(), e.As(access.PrivacyLead), caseID)
	require.NoError(t, err)
	for _, letter := range slices.Backward(letters) {
		if letter.Kind == kind {
			_, err = e.Desk.ApproveLetter(context.Background(), e.As(access.PrivacyLead), "", caseID, letter.ID, desk.DigestInput{Digest: letter.Digest})
			require.NoError(t, err)
			return
		}
	}
	require.Fail(t, "there is no letter of the kind "+kind)
}

// A copy is gathered from the same estate, released by a named reviewer, fetched once by a code that was mailed for it, and
// emptied after its period.
func TestAnAccessRequestEndsInACopyFetchedOnceAndWiped(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	h := testkit.NewHouse(t)
	l := newLive(t, h)
	e := testkit.NewEngine(t, h, testkit.EngineOptions{Estate: l.estate, Connections: l.connections})
	e.StartWorker(t)
	opened, err := e.Desk.OpenRequest(ctx, e.As(access.Responder), "", desk.RequestInput{
		Right: "access", Country: "DE", Identities: []desk.IdentityInput{{Kind: "email", Value: "ana@example.test"}}, Drill: true,
	})
	require.NoError(t, err)
	caseID := opened.Case
	testkit.Await(t, "the code arrives by mail", func() bool { return len(codesTo(t, e, "ana@example.test")) == 1 })
	newest := `SELECT id FROM challenge WHERE case_id = $1 ORDER BY id DESC LIMIT 1`
	require.NoError(t, e.Desk.ProveIdentity(ctx, look[uuid.UUID](t, h, newest, caseID), codesTo(t, e, "ana@example.test")[0]))
	_, err = e.Desk.ScopeRequest(ctx, e.As(access.Responder), "", caseID)
	require.NoError(t, err)
	awaitStatus(t, e, caseID, "awaiting_approval")
	digest := request(t, e, caseID).State.Plan.Digest
	require.Equal(t, []desk.RedactionView{{Field: "app/prompts.body", Why: "may be about other people"}}, request(t, e, caseID).Redactions, "proposed to the reviewer")
	_, err = e.Desk.ReleaseExport(ctx, e.As(access.Responder), "", caseID, desk.ExportInput{Digest: digest})
	require.Equal(t, problem.Forbidden, problem.CodeOf(err), "never by whoever gathered it")
	_, err = e.Desk.ReleaseExport(ctx, e.As(access.PrivacyLead), "", caseID, desk.ExportInput{Digest: digest})
	require.NoError(t, err)
	testkit.Await(t, "the copy is offered by mail", func() bool { return len(codesTo(t, e, "ana@example.test")) == 2 })
	testkit.Await(t, "the acceptance is the answer", func() bool { return request(t, e, caseID).Counts.OpenDuties == 0 })

	challenge, code := look[uuid.UUID](t, h, newest, caseID), codesTo(t, e, "ana@example.test")[1]
	var body bytes.Buffer
	require.NoError(t, e.Desk.FetchExport(ctx, challenge, code, &body))
	archive, err := zip.NewReader(bytes.NewReader(body.Bytes()), int64(body.Len()))
	require.NoError(t, err)
	content := func(name string) string {
		file, err := archive.Open(name)
		require.NoError(t, err)
		defer file.Close()
		whole, err := io.ReadAll(file)
		require.NoError(t, err)
		return string(whole)
	}
	rows := func(name string) (rows []map[string]any) {
		require.NoError(t, json.Unmarshal([]byte(content(name)), &rows))
		return rows
	}
	require.Len(t, rows("data/app/prompts.json"), 10)
	require.NotContains(t, rows("data/app/prompts.json")[0], "body", "the reviewer left it out")
	lines, err := csv.NewReader(strings.NewReader(content("data/app/prompts.csv"))).ReadAll()
	require.NoError(t, err)
	require.Equal(t, []string{"id", "account_id"}, lines[0])
	require.Len(t, lines, 1+10)
	require.Equal(t, "Ana", rows("data/newsletter/subscribers.json")[0]["name"])
	require.Contains(t, content("index.html"), "body: may be about other people")
	for _, file := range archive.File {
		require.NotContains(t, content(file.Name), "ben@example.test", file.Name)
	}
	require.ErrorIs(t, e.Desk.FetchExport(ctx, challenge, code, &body), desk.ErrCode)

	later(t, e, caseID, 25*time.Hour)
	awaitStatus(t, e, caseID, "completed")
	require.NotNil(t, request(t, e, caseID).State.Export.WipedAt)
	require.Zero(t, look[int](t, h, `SELECT coalesce(sum(octet_length(sealed)), 0)::int FROM target_page WHERE case_id = $1`, caseID))
	require.Equal(t, 1, look[int](t, h, `SELECT count(*) FROM timeline WHERE case_id = $1 AND kind = 'export.wiped'`, caseID))
	require.Equal(t, 20, look[int](t, h, `SELECT count(*) FROM live.prompts`), "nothing is destroyed")
	verified, err := e.Desk.VerifyCase(ctx, e.As(access.Auditor), caseID)
	require.NoError(t, err)
	require.True(t, verified.OK, verified.Problem)
}

// A period is longer only once the letter with its reasons was delivered in the first one: approved, sent and refused is not.
func TestAnExtensionExistsOnceItsLetterWasDelivered(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	h := testkit.NewHouse(t)
	e := testkit.NewEngine(t, h, testkit.EngineOptions{})
	require.NoError(t, e.Mail.Rules(mail.Rule{To: "full@example.test", Answers: []string{"550 5.2.2 mailbox full"}}))
	e.StartWorker(t)
	due := func(caseID uuid.UUID) time.Time {
		return look[time.Time](t, h, `SELECT limit_at FROM duty WHERE case_id = $1 AND rule = 'gdpr-12-3'`, caseID)
	}
	ask := func(address string) uuid.UUID {
		opened, err := e.Desk.OpenRequest(ctx, e.As(access.Responder), "", desk.RequestInput{
			Right: "erasure", Country: "DE", Language: "fr", Identities: []desk.IdentityInput{{Kind: "email", Value: address}}, Drill: true,
		})
		require.NoError(t, err)
		_, err = e.Desk.DraftLetter(ctx, e.As(access.Responder), "", opened.Case, desk.LetterInput{Kind: "extension", Words: "many places"})
		require.NoError(t, err)
		before := due(opened.Case)
		approvesLetter(t, e, opened.Case, "extension")
		require.Equal(t, before, due(opened.Case))
		return opened.Case
	}
	reached, refused := ask("ana@example.test"), ask("full@example.test")
	before := due(refused)
	testkit.Await(t, "the accepted letter extends the period", func() bool { return due(reached).After(before.Add(50 * 24 * time.Hour)) })
	require.True(t, request(t, e, reached).State.Extended)
	told := strings.Join(mailsTo(t, e, "ana@example.test"), "")
	require.Contains(t, told, "Il nous faut plus de temps pour répondre à votre demande", "in the language of the request")
	require.Contains(t, told, "many places", "and in the words of whoever extends it")
	require.NotContains(t, told, "We need more time")
	e.AwaitCount(t, "people hear that the code and the letter were refused", 2, `SELECT count(*) FROM raise WHERE case_id = $1 AND kind = 'customer_unreachable'`, refused)
	require.Equal(t, before, due(refused))
	require.False(t, request(t, e, refused).State.Extended)

	later(t, e, refused, 40*24*time.Hour)
	_, err := e.Desk.DraftLetter(ctx, e.As(access.Responder), "", refused, desk.LetterInput{Kind: "extension", Words: "once more"})
	var late *problem.Error
	require.ErrorAs(t, err, &late)
	require.Equal(t, problem.Conflict, late.Code)
	require.Equal(t, "too_late", late.Blockers[0].Code, "the first period is over")
	require.Equal(t, before, due(refused))
}

// What goes after the answer is told in a supplement, drafted by itself and approved by a person; like the answer it reaches the
// person in the language in which they asked.
func TestASupplementReachesThePersonInTheirLanguage(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	h := testkit.NewHouse(t)
	l := newLive(t, h)
	e := testkit.NewEngine(t, h, testkit.EngineOptions{Estate: l.estate, Connections: l.connections})
	e.StartWorker(t)
	caseID := askedIn(t, e, "es")
	held, err := e.Desk.PlaceRecordHold(ctx, e.As(access.LegalCounsel), "", desk.RecordHoldInput{
		Address: "newsletter/subscribers", Ground: "legal_claims", Reason: "a claim is before the court", ReviewAt: time.Now().Add(365 * 24 * time.Hour),
	})
	require.NoError(t, err)
	later(t, e, caseID, coolingOff)
	attested(t, e, caseID, ana)
	awaitStatus(t, e, caseID, "completed_with_retention")
	_, err = e.Desk.DraftLetter(ctx, e.As(access.Responder), "", caseID, desk.LetterInput{Kind: "answer"})
	require.NoError(t, err)
	approvesLetter(t, e, caseID, "answer")
	testkit.Await(t, "the person is answered", func() bool { return request(t, e, caseID).Counts.OpenDuties == 0 })

	_, err = e.Desk.ReleaseRecordHold(ctx, e.As(access.LegalCounsel), "", *held.ID, desk.ReasonInput{Reason: "the claim was settled"})
	require.NoError(t, err)
	awaitStatus(t, e, caseID, "completed")
	approvesLetter(t, e, caseID, "supplement")
	arrived := func(words string) int {
		return strings.Count(strings.Join(mailsTo(t, e, "ana@example.test"), ""), words)
	}
	testkit.Await(t, "the supplement arrives", func() bool { return arrived("Esta carta completa nuestra respuesta anterior") == 1 })
	require.Equal(t, 2, arrived("Usted nos pidió borrar sus datos personales"), "in the answer and in its supplement")
	require.Equal(t, 1, arrived("Lo que queda, y por qué"), "in the answer alone: nothing stays any more")
	require.Zero(t, arrived("You asked us"))
}

// Scenario A12 without its OpenDSR wire: the controller's instruction runs the same engine and its person never hears from us;
// cancelled before it begins, refused after; a direct request goes to the controller with proof, and what comes back is flagged.
func TestAControllersInstructionAndADirectRequest(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	h := testkit.NewHouse(t)
	h.ImportSamples(t)
	l := newLive(t, h)
	e := testkit.NewEngine(t, h, testkit.EngineOptions{Estate: l.estate, Connections: l.connections})
	e.StartWorker(t)
	instructed := func() uuid.UUID {
		opened, err := e.Desk.OpenRequest(ctx, e.As(access.Responder), "", desk.RequestInput{
			Right: "erasure", Country: "DE", InstructedBy: "C-1008", Words: "erase our end user", Drill: true,
			Identities: []desk.IdentityInput{{Kind: "email", Value: "ana@example.test"}, {Kind: "external_user_id", Value: "halcyon-4711"}},
		})
		require.NoError(t, err)
		for _, named := range request(t, e, opened.Case).Identities {
			_, err = e.Desk.VerifyIdentity(ctx, e.As(access.PrivacyLead), "", opened.Case, named.ID,
				desk.VerifyInput{Method: "instruction", Evidence: "called the customer's privacy contact back"})
			require.NoError(t, err)
		}
		_, err = e.Desk.ScopeRequest(ctx, e.As(access.Responder), "", opened.Case)
		require.NoError(t, err)
		awaitStatus(t, e, opened.Case, "awaiting_approval")
		_, err = e.Desk.ApprovePlan(ctx, e.As(access.PrivacyLead), "", opened.Case, desk.DigestInput{Digest: request(t, e, opened.Case).State.Plan.Digest})
		require.NoError(t, err)
		return opened.Case
	}
	dropped := instructed()
	_, err := e.Desk.CancelRequest(ctx, e.As(access.PrivacyLead), "", dropped, desk.ReasonInput{Reason: "the controller took it back"})
	require.NoError(t, err)
	later(t, e, dropped, coolingOff)

	carried := instructed()
	later(t, e, carried, coolingOff)
	attested(t, e, carried, ana)
	_, err = e.Desk.CancelRequest(ctx, e.As(access.PrivacyLead), "", carried, desk.ReasonInput{Reason: "too late"})
	require.Equal(t, problem.Conflict, problem.CodeOf(err))
	awaitStatus(t, e, carried, "completed")
	l.erased(t, e, carried)
	require.Equal(t, "cancelled", request(t, e, dropped).Status)
	_, err = e.Desk.DraftLetter(ctx, e.As(access.Responder), "", carried, desk.LetterInput{Kind: "answer"})
	require.NoError(t, err)
	approvesLetter(t, e, carried, "answer")
	testkit.Await(t, "the controller is answered", func() bool { return request(t, e, carried).Counts.OpenDuties == 0 })

	// End users ask directly: one customer's agreement lets us name it, the other's does not.
	directly := func(address string, mayName bool) (answer string) {
		opened, err := e.Desk.OpenRequest(ctx, e.As(access.Responder), "", desk.RequestInput{
			Right: "erasure", Country: "DE", Words: "I used their shop", Identities: []desk.IdentityInput{{Kind: "email", Value: address}}, Drill: true,
		})
		require.NoError(t, err)
		direct := opened.Case
		_, err = e.Desk.ForwardRequest(ctx, e.As(access.PrivacyLead), "", direct, desk.ForwardInput{Customer: "C-1008", Evidence: "the person names their shop", MayName: mayName})
		require.NoError(t, err)
		testkit.Await(t, "the controller has it, and the person knows", func() bool { return request(t, e, direct).Counts.OpenDuties == 0 })
		require.Equal(t, "forwarded_to_controller", request(t, e, direct).Status)
		require.Empty(t, request(t, e, direct).Targets, "nothing is searched")
		forwarding := `SELECT met_at IS NOT NULL AND NOT late AND limit_at <= started_at + interval '7 days' FROM duty WHERE case_id = $1 AND rule = 'dpa-request-forwarding'`
		require.True(t, look[bool](t, h, forwarding, direct), "within two business days, which a weekend and holidays can make seven")
		// Letters have sendings of their own, and come in any order.
		testkit.Await(t, "a code, and where the request went or whom to ask", func() bool { return len(mailsTo(t, e, address)) == 2 })
		mails := mailsTo(t, e, address)
		require.NotEmpty(t, codeInMail.FindString(strings.Join(mails, "")))
		return mails[slices.IndexFunc(mails, func(mail string) bool { return codeInMail.FindString(mail) == "" })]
	}
	silent := directly("cem@example.test", false)
	require.Contains(t, silent, "turn to the company whose service or app you used")
	require.NotContains(t, silent, "Halcyon")
	require.Contains(t, directly("dia@example.test", true), "Halcyon")
	require.Empty(t, mailsTo(t, e, "ana@example.test"), "a controller's person is never written to")
	require.Len(t, mailsTo(t, e, "dpo@halcyon.test"), 3, "an answer, and two requests of their people")

	// The same identifiers turn up again, as the controller's system would send them: each is flagged until the person signs up
	// anew, and nobody else's is.
	again := []desk.IdentityInput{{Kind: "email", Value: "Ana@Example.test"}, {Kind: "external_user_id", Value: "halcyon-4711"}, {Kind: "external_user_id", Value: "halcyon-4712"}}
	flagged := func() (flagged []bool) {
		flags, err := e.Desk.CheckSuppressed(ctx, e.As(access.Integration), desk.SuppressionInput{Identities: again})
		require.NoError(t, err)
		for _, flag := range flags {
			flagged = append(flagged, flag.Suppressed)
		}
		return flagged
	}
	require.Equal(t, []bool{true, true, false}, flagged())
	_, err = e.Desk.LiftSuppression(ctx, e.As(access.PrivacyLead), "", desk.LiftInput{Identity: again[1], Evidence: "signed up on the web page"})
	require.NoError(t, err)
	require.Equal(t, []bool{true, false, false}, flagged(), "only what was signed up with")
}
