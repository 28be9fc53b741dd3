package desk_test

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/problem"
	"github.com/atlascloudai/docket/desk"
)

// secret is the reason for which the estate of these tests proposes to leave the tickets' text out.
const secret = "may hold what others wrote"

// gathers brings a request for a copy to a plan that waits for its release.
func gathers(t *testing.T, right string) *counter {
	t.Helper()
	c := newCounter(t)
	c.Options.Estate.Stores[0].Collections[2].Fields[2].Redact = secret
	c.asks(right, "ana@example.test")
	require.Equal(t, "awaiting_approval", c.planned().Status)
	return c
}

// releases releases what was gathered, by the privacy lead.
func (c *counter) releases(include ...string) {
	c.t.Helper()
	_, err := c.Desk.ReleaseExport(c.ctx, c.As(access.PrivacyLead), "", c.Case, desk.ExportInput{Digest: c.view().State.Plan.Digest, Include: include})
	require.NoError(c.t, err)
}

// fetches types a code and reads what comes.
func (c *counter) fetches(challenge uuid.UUID, code string) (map[string][]byte, error) {
	c.t.Helper()
	var body bytes.Buffer
	if err := c.Desk.FetchExport(c.ctx, challenge, code, &body); err != nil {
		require.Zero(c.t, body.Len(), "a refusal writes nothing")
		return nil, err
	}
	archive, err := zip.NewReader(bytes.NewReader(body.Bytes()), int64(body.Len()))
	require.NoError(c.t, err)
	files := map[string][]byte{}
	for _, f := range archive.File {
		r, err := f.Open()
		require.NoError(c.t, err)
		files[f.Name], err = io.ReadAll(r)
		require.NoError(c.t, err)
	}
	return files, nil
}

// A person gets their own rows, all of them and nobody else's, once, by a code that was mailed for it; what others wrote is
// left out and told; then everything that was gathered is emptied.
func TestACopyHoldsThePersonsRowsAndNobodyElsesAndIsFetchedOnce(t *testing.T) {
	t.Parallel()
	c := gathers(t, "access")
	_, err := c.Desk.ApprovePlan(c.ctx, c.As(access.PrivacyLead), "", c.Case, desk.DigestInput{Digest: c.view().State.Plan.Digest})
	refused := requireProblem(t, err)
	require.Equal(t, "release_instead", refused.Blockers[0].Code)
	require.Equal(t, []desk.RedactionView{{Field: "app/tickets.body", Why: secret}}, c.view().Redactions)
	require.Zero(t, c.view().State.Plan.Erase+c.view().State.Plan.Keep)
	c.releases()
	require.Equal(t, "in_hand", c.view().Status)
	require.Equal(t, 1, c.view().Counts.OpenDuties)
	challenge, code := c.mailed()
	require.Zero(t, c.view().Counts.OpenDuties, "its acceptance is the answer")
	c.runs()
	files, err := c.fetches(challenge, code)
	require.NoError(t, err)
	c.verified()

	for table, fields := range map[string][]string{
		"accounts": {"account_id", "email", "recovery", "name"}, "prompts": {"id", "account_id", "body", "embedding"}, "tickets": {"id", "account_id"},
		"invoices": {"id", "account_id", "issued", "amount", "note"},
	} {
		var got []map[string]any
		require.NoError(t, json.Unmarshal(files["data/app/"+table+".json"], &got))
		shown := make([]string, len(fields))
		for i, f := range fields { // A store answers with text; what has parts keeps them.
			if shown[i] = f; f != "embedding" {
				shown[i] = f + "::text AS " + f
			}
		}
		want := scan[string](t, c.Database.Superuser, fmt.Sprintf(`SELECT json_agg(r) FROM (SELECT %s FROM live.%s WHERE account_id = 1 ORDER BY %[2]s.%[3]s) r`, strings.Join(shown, ", "), table, fields[0]))
		again, err := json.Marshal(got)
		require.NoError(t, err)
		require.JSONEq(t, want, string(again), table)
		lines, err := csv.NewReader(bytes.NewReader(files["data/app/"+table+".csv"])).ReadAll()
		require.NoError(t, err)
		require.Equal(t, fields, lines[0])
		require.Len(t, lines, len(got)+1)
	}
	index := string(files["index.html"])
	require.Contains(t, index, "body: "+secret)
	require.Contains(t, index, "kept for ten years")
	var manifest struct {
		Files []struct{ Name, SHA256 string }
	}
	require.NoError(t, json.Unmarshal(files["manifest.json"], &manifest))
	require.Len(t, manifest.Files, len(files)-1)
	for _, f := range manifest.Files {
		sum := sha256.Sum256(files[f.Name])
		require.Equal(t, hex.EncodeToString(sum[:]), f.SHA256, f.Name)
	}
	require.EqualValues(t, 30, c.rows("prompts", "true"), "nothing is destroyed")

	_, err = c.fetches(challenge, code)
	require.ErrorIs(t, err, desk.ErrCode, "it is fetched once")
	_, err = c.Desk.OfferExport(c.ctx, c.As(access.PrivacyLead), "", c.Case, desk.ReasonInput{Reason: "the download broke"})
	require.NoError(t, err)
	again, code := c.mailed()
	require.NotEqual(t, challenge, again)
	_, err = c.fetches(again, code)
	require.NoError(t, err)

	require.NotZero(t, scan[int](t, c.Database.Superuser, `SELECT sum(octet_length(sealed)) FROM target_page WHERE case_id = $1`, c.Case))
	c.advance(25 * time.Hour)
	c.runs()
	view := c.view()
	require.Equal(t, "completed", view.Status)
	require.NotNil(t, view.State.Export.WipedAt)
	require.EqualValues(t, 16, view.State.Plan.Located, "counts stay")
	c.wiped()
	_, err = c.Desk.OfferExport(c.ctx, c.As(access.PrivacyLead), "", c.Case, desk.ReasonInput{Reason: "again"})
	require.Equal(t, problem.Conflict, problem.CodeOf(err))
	c.verified()
}

// wiped says that nothing of what was gathered is left, sealed or not.
func (c *counter) wiped() {
	c.t.Helper()
	require.Zero(c.t, scan[int](c.t, c.Database.Superuser, `SELECT coalesce(sum(octet_length(sealed)), 0) FROM target_page WHERE case_id = $1`, c.Case))
	require.Zero(c.t, scan[int](c.t, c.Database.Superuser, `SELECT count(*) FROM target WHERE case_id = $1 AND cursor IS NOT NULL`, c.Case))
	require.Zero(c.t, scan[int](c.t, c.Database.Superuser, `SELECT count(*) FROM target_key k JOIN target t ON t.id = k.target_id WHERE t.case_id = $1`, c.Case))
	for _, table := range scanAll[string](c.t, c.Database.Superuser, `SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'`) {
		for _, word := range []string{"prompt 3", "call Ana", "ana.old@example.test"} {
			require.Zero(c.t, scan[int](c.t, c.Database.Superuser, fmt.Sprintf(`SELECT count(*) FROM public.%q x WHERE strpos(x::text, $1) > 0 OR strpos(x::text, encode(convert_to($1, 'UTF8'), 'hex')) > 0`, table), word), table)
		}
	}
}

func requireProblem(t testing.TB, err error) *problem.Error {
	t.Helper()
	var refused *problem.Error
	require.ErrorAs(t, err, &refused)
	return refused
}

// What a reviewer includes is in it; what nobody proposed to leave out cannot be included; whoever asked for the plan, and
// whoever saw another plan, releases nothing.
func TestANamedReviewerOtherThanThePreparerReleases(t *testing.T) {
	t.Parallel()
	c := gathers(t, "portability")
	digest := c.view().State.Plan.Digest
	for name, one := range map[string]struct {
		role access.Role
		in   desk.ExportInput
		code problem.Code
	}{
		"unknown field":    {access.PrivacyLead, desk.ExportInput{Digest: digest, Include: []string{"app/accounts.email"}}, problem.Invalid},
		"another plan":     {access.PrivacyLead, desk.ExportInput{Digest: strings.Repeat("0", 64)}, problem.Conflict},
		"whoever asked":    {access.Responder, desk.ExportInput{Digest: digest}, problem.Forbidden},
		"nobody's machine": {"", desk.ExportInput{Digest: digest}, problem.Forbidden},
	} {
		actor := access.Actor{ID: uuid.NewString(), Kind: access.Machine}
		if one.role != "" {
			actor = c.As(one.role)
		}
		_, err := c.Desk.ReleaseExport(c.ctx, actor, "", c.Case, one.in)
		require.Equal(t, one.code, problem.CodeOf(err), name)
	}
	c.releases("app/tickets.body")
	challenge, code := c.mailed()
	files, err := c.fetches(challenge, code)
	require.NoError(t, err)
	require.Contains(t, string(files["data/app/tickets.json"]), `"body": "a"`)
	require.NotContains(t, string(files["index.html"]), secret)
	c.verified()
}

// A code is tried a few times and in its time only, and never for what it was not mailed for.
func TestACodeForACopyIsTriedAFewTimesInItsTimeAndForNothingElse(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	c.asks("access", "ana@example.test")
	first, proof := c.mailed()
	_, err := c.fetches(first, proof)
	require.ErrorIs(t, err, desk.ErrCode)
	require.NoError(t, c.Desk.ProveIdentity(c.ctx, first, proof))
	require.NoError(t, c.scopes())
	c.runs()
	c.releases()
	challenge, code := c.mailed()
	require.ErrorIs(t, c.Desk.ProveIdentity(c.ctx, challenge, code), desk.ErrCode)
	_, err = c.fetches(first, proof)
	require.ErrorIs(t, err, desk.ErrCode)
	_, err = c.fetches(uuid.New(), code)
	require.ErrorIs(t, err, desk.ErrCode)
	for range 5 {
		_, err := c.fetches(challenge, "0000000000")
		require.ErrorIs(t, err, desk.ErrCode)
	}
	_, err = c.fetches(challenge, code)
	require.ErrorIs(t, err, desk.ErrCode, "it is locked")
	_, err = c.Desk.OfferExport(c.ctx, c.As(access.PrivacyLead), "", c.Case, desk.ReasonInput{Reason: "mistyped"})
	require.NoError(t, err)
	challenge, code = c.mailed()
	c.advance(15 * 24 * time.Hour)
	_, err = c.fetches(challenge, code)
	require.ErrorIs(t, err, desk.ErrCode, "its time is over")
	c.runs()
	require.Equal(t, "completed", c.view().Status)
	c.wiped()
	c.verified()
}

// Nobody is given anything who was not shown to be the person: not before the proof, and not at an address that was only named
// as where to reply to.
func TestACopyGoesToNobodyWhoWasNotShownToBeThePerson(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	c.asks("access", "ana@example.test")
	challenge, code := c.mailed()
	_, err := c.fetches(challenge, code)
	require.ErrorIs(t, err, desk.ErrCode)
	for _, release := range []error{c.scopes(), c.tries()} {
		require.Equal(t, problem.Conflict, problem.CodeOf(release))
	}

	done, err := c.Desk.OpenRequest(c.ctx, c.As(access.Responder), "", desk.RequestInput{
		Right: "access", Country: "DE", ReplyTo: "mallory@example.test", Identities: []desk.IdentityInput{{Kind: "email", Value: "ana@example.test"}}, Drill: true,
	})
	require.NoError(t, err)
	c.Case = done.Case
	c.planned()
	c.releases()
	c.jobs(func(job desk.Job) { require.Equal(t, "ana@example.test", job.To) })

	done, err = c.Desk.OpenRequest(c.ctx, c.As(access.Responder), "", desk.RequestInput{
		Right: "access", Country: "DE", ReplyTo: "mallory@example.test", Identities: []desk.IdentityInput{{Kind: "account_id", Value: "1"}}, Drill: true,
	})
	require.NoError(t, err)
	c.Case = done.Case
	_, err = c.Desk.VerifyIdentity(c.ctx, c.As(access.PrivacyLead), "", c.Case, c.view().Identities[0].ID, desk.VerifyInput{Method: "call_back", Evidence: "called on the number on record"})
	require.NoError(t, err)
	require.NoError(t, c.scopes())
	c.runs()
	require.Equal(t, "no_address", requireProblem(t, c.tries()).Blockers[0].Code)
}

func (c *counter) scopes() error {
	_, err := c.Desk.ScopeRequest(c.ctx, c.As(access.Responder), "", c.Case)
	return err
}

func (c *counter) tries() error {
	digest := strings.Repeat("0", 64)
	if plan := c.view().State.Plan; plan != nil {
		digest = plan.Digest
	}
	_, err := c.Desk.ReleaseExport(c.ctx, c.As(access.PrivacyLead), "", c.Case, desk.ExportInput{Digest: digest})
	return err
}

// What was gathered for a request that ends without a release is emptied too.
func TestWhatWasGatheredForACancelledRequestIsWiped(t *testing.T) {
	t.Parallel()
	c := gathers(t, "access")
	_, err := c.Desk.CancelRequest(c.ctx, c.As(access.PrivacyLead), "", c.Case, desk.ReasonInput{Reason: "withdrawn"})
	require.NoError(t, err)
	c.runs()
	require.Equal(t, "cancelled", c.view().Status)
	c.wiped()
	c.verified()
}

// An identity that is shown after the release changes nothing of it: what is fetched and wiped is what was released.
func TestAnIdentityThatIsShownAfterTheReleaseLeavesItAsItIs(t *testing.T) {
	t.Parallel()
	c := namesTwo(t)
	c.releases()
	challenge, code := c.mailed()
	refused(t, c.showsTheOther(), "wrong_status")
	_, err := c.Desk.AskIdentity(c.ctx, c.As(access.PrivacyLead), "", c.Case, c.view().Identities[1].ID)
	refused(t, err, "wrong_status")
	_, err = c.fetches(challenge, code)
	require.NoError(t, err)
	c.advance(25 * time.Hour)
	c.runs()
	require.Equal(t, "completed", c.view().Status)
	c.wiped()
	c.verified()
}

// What was gathered by a plan that an identity made void is forgotten with it, however the request ends.
func TestWhatAVoidPlanGatheredIsForgotten(t *testing.T) {
	t.Parallel()
	c := namesTwo(t)
	require.NoError(t, c.showsTheOther())
	c.wiped()
	_, err := c.Desk.CancelRequest(c.ctx, c.As(access.PrivacyLead), "", c.Case, desk.ReasonInput{Reason: "withdrawn"})
	require.NoError(t, err)
	c.runs()
	require.Empty(t, c.view().Targets)
	c.verified()
}

// namesTwo brings a request for a copy to a plan by the first of the two identities that it names.
func namesTwo(t *testing.T) *counter {
	t.Helper()
	c := newCounter(t)
	c.opens(desk.RequestInput{Right: "access", Country: "DE", Identities: []desk.IdentityInput{{Kind: "email", Value: "ana@example.test"}, {Kind: "account_id", Value: "1"}}})
	require.Equal(t, "awaiting_approval", c.planned().Status)
	return c
}

// showsTheOther records a check of the second identity.
func (c *counter) showsTheOther() error {
	c.t.Helper()
	_, err := c.Desk.VerifyIdentity(c.ctx, c.As(access.PrivacyLead), "", c.Case, c.view().Identities[1].ID, desk.VerifyInput{Method: "call_back", Evidence: "answered"})
	return err
}
