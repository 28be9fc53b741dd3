package desk_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/desk"
	"github.com/atlascloudai/docket/testkit"
)

// dump is every row of every table of Docket's own as text; octets are shown as the text that they would be.
func dump(t testing.TB, dsn string) string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	require.NoError(t, err)
	defer conn.Close(context.Background())
	_, err = conn.Exec(t.Context(), `SET bytea_output = 'escape'`)
	require.NoError(t, err)
	var all strings.Builder
	for _, table := range scanAll[string](t, dsn, `SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1`) {
		rows, err := conn.Query(t.Context(), `SELECT x::text FROM public.`+pgx.Identifier{table}.Sanitize()+` x`)
		require.NoError(t, err)
		texts, err := pgx.CollectRows(rows, pgx.RowTo[string])
		require.NoError(t, err)
		all.WriteString(strings.Join(texts, "\n"))
	}
	return all.String()
}

// After a whole life of a request, with an agent, places that fail and repeat a value in their error, a hold, letters, a denial
// and somebody who signs up anew, no name, address or word of the people is in a readable column, in the chain, in a
// certificate, in a log, in a page or in the subject of a mail.
func TestNothingOfThePersonIsOutsideSealedColumnsAndLetters(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	secrets := []string{"marmoset.ocelot@example.test", "old.marmoset@example.test", "axolotl@example.test", "Marmoset Ocelot", "Axolotl", "pangolin", "quagga", "okapi", "numbat", "aardwolf"}
	_, err := c.live.Exec(c.ctx, `UPDATE live.accounts SET email = 'marmoset.ocelot@example.test', recovery = 'old.marmoset@example.test', name = 'Marmoset Ocelot' WHERE account_id = 1;
		UPDATE live.invoices SET note = 'call Marmoset Ocelot'; UPDATE live.tickets SET body = 'Marmoset Ocelot asks'`)
	require.NoError(t, err)
	log := &testkit.Transcript{}
	c.work.Log = testkit.Debug(log)
	place := c.trouble()
	var subjects, pages strings.Builder
	sent := func(job desk.Job) { subjects.WriteString(job.Letter.Subject + "\n") }

	agent, err := c.Desk.RecordAgent(c.ctx, c.As(access.PrivacyLead), "agent-1", desk.AgentInput{
		Name: "Axolotl", Authorisation: "a mandate signed at quagga", ReplyTo: "axolotl@example.test", ValidUntil: time.Now().Add(time.Hour)})
	require.NoError(t, err)
	in := desk.RequestInput{Right: "erasure", Country: "DE", Name: "Marmoset Ocelot", Words: "forget my pangolin", ReplyTo: "marmoset.ocelot@example.test", Drill: true,
		Identities: []desk.IdentityInput{{Kind: "email", Value: "Marmoset.Ocelot@example.test"}},
		Agent:      agent.ID}
	opened, err := c.Desk.OpenRequest(c.ctx, c.As(access.Responder), "open-1", in)
	require.NoError(t, err)
	c.Case = opened.Case
	identity := c.view().Identities[0].ID
	_, err = c.Desk.VerifyIdentity(c.ctx, c.As(access.PrivacyLead), "verify-1", c.Case, identity, desk.VerifyInput{Method: "call_back", Evidence: "numbat answered the phone"})
	require.NoError(t, err)
	c.jobs(sent)
	_, err = c.Desk.ScopeRequest(c.ctx, c.As(access.Responder), "scope-1", c.Case)
	require.NoError(t, err)
	place.before = func(op, collection string) error {
		if collection == "tickets" {
			return errors.New("no route for marmoset.ocelot@example.test of Marmoset Ocelot")
		}
		return nil
	}
	for range 4 {
		c.runs()
		c.advance(2 * time.Hour)
	}
	place.before = nil
	c.runs()
	c.approves()
	_, err = c.Desk.PlaceRecordHold(c.ctx, c.As(access.LegalCounsel), "hold-1", desk.RecordHoldInput{Address: "app/tickets", Key: `["2"]`, Ground: "legal_claims", Reason: "okapi against us", ReviewAt: time.Now().AddDate(1, 0, 0)})
	require.NoError(t, err)
	c.jobs(sent)
	c.advance(73 * time.Hour)
	place.after = func(op, collection string) error {
		if op == "erase" && collection == "prompts" && place.deletes["prompts"] == 1 {
			return errors.New("lost the answer for marmoset.ocelot@example.test")
		}
		return nil
	}
	c.runs()
	c.advance(time.Hour)
	c.runs()
	require.Equal(t, "completed_with_retention", c.view().Status)
	drafted, err := c.Desk.DraftLetter(c.ctx, c.As(access.Responder), "draft-1", c.Case, desk.LetterInput{Kind: "answer", Words: "aardwolf"})
	require.NoError(t, err)
	letters, err := c.Desk.Letters(c.ctx, c.As(access.PrivacyLead), c.Case)
	require.NoError(t, err)
	_, err = c.Desk.ApproveLetter(c.ctx, c.As(access.PrivacyLead), "approve-1", c.Case, *drafted.ID, desk.DigestInput{Digest: letters[len(letters)-1].Digest})
	require.NoError(t, err)
	c.jobs(sent)
	_, err = c.Desk.LiftSuppression(c.ctx, c.As(access.Integration), "lift-1", desk.LiftInput{Identity: in.Identities[0], Evidence: "pangolin signed up anew"})
	require.NoError(t, err)
	certificates, err := c.Desk.Certificates(c.ctx, c.As(access.Auditor), c.Case)
	require.NoError(t, err)
	in.Words, in.Agent = "aardwolf", nil
	denied, err := c.Desk.OpenRequest(c.ctx, c.As(access.Responder), "open-2", in)
	require.NoError(t, err)
	_, err = c.Desk.DenyRequest(c.ctx, c.As(access.PrivacyLead), "deny-1", denied.Case, desk.DenyInput{Reason: "excessive", Words: "quagga asks daily"})
	require.NoError(t, err)

	require.NoError(t, json.NewEncoder(&pages).Encode(c.pages))
	places := map[string]string{"the database": dump(t, c.Database.Superuser), "the log": log.String(), "the subjects": subjects.String(), "the pages": pages.String(), "the certificates": decoded(t, certificates)}
	for place, text := range places {
		for _, secret := range secrets {
			require.NotContains(t, strings.ToLower(text), strings.ToLower(secret), "%s holds what is sealed", place)
		}
	}
	// The look is worth something only if each place would show what it holds.
	require.Contains(t, places["the database"], "app/tickets")
	require.Contains(t, places["the database"], "identity.verified")
	require.Contains(t, places["the log"], "a store failed")
	require.NotEmpty(t, places["the subjects"])
	require.Contains(t, places["the pages"], "target")
	require.Contains(t, places["the certificates"], "app/tickets")
	c.verified()
}

// decoded is what certificates say, without their envelopes.
func decoded(t testing.TB, file []byte) string {
	t.Helper()
	var all strings.Builder
	for line := range strings.Lines(string(file)) {
		payload, err := base64.RawURLEncoding.DecodeString(strings.Split(strings.TrimSpace(line), ".")[1])
		require.NoError(t, err)
		all.Write(payload)
	}
	return all.String()
}
