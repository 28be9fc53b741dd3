package desk_test

import (
	"crypto/sha256"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/packs"
	"github.com/atlascloudai/docket/core/problem"
	"github.com/atlascloudai/docket/core/seal"
	"github.com/atlascloudai/docket/desk"
	"github.com/atlascloudai/docket/testkit"
)

func TestIntakeOfLetters(t *testing.T) {
	t.Parallel()
	h := testkit.NewHouse(t)
	lookup, err := seal.NewCommitKey([]byte("0123456789abcdef0123456789abcdef"), "identities")
	require.NoError(t, err)
	pack, err := packs.Load()
	require.NoError(t, err)
	d := desk.New(desk.Options{Store: h.Store, Keys: h.Keys, Pack: pack, Lookup: lookup, PublicURL: "https://privacy.example.com", CompanyName: "Example", Contact: "privacy@example.com"})
	lead := h.As(access.PrivacyLead)
	letter := func(id, subject, text string) desk.LetterMail {
		return desk.LetterMail{From: "ann@example.test", Name: "Ann", Subject: subject, Text: text, MessageID: id, Digest: sha256.Sum256([]byte(id)), ReceivedAt: time.Now().Add(time.Hour)}
	}
	cases := func(state string) int {
		return scan[int](t, h.Database.App, "SELECT count(*)::int FROM intake_mail WHERE state = $1", state)
	}

	first := letter("1@example.test", "Hello", "Please delete my data")
	require.NoError(t, d.TakeLetter(t.Context(), first))
	first.Digest = sha256.Sum256([]byte("another Received header"))
	require.NoError(t, d.TakeLetter(t.Context(), first), "it comes again after a lost answer")
	require.Equal(t, 1, cases("opened"))
	reference := scan[string](t, h.Database.App, "SELECT code FROM cases WHERE kind = 'request'")

	require.NoError(t, d.TakeLetter(t.Context(), letter("2@example.test", "Re: "+reference, "And please erase the backup")))
	require.Equal(t, 1, cases("added"))
	stranger := letter("3@example.test", "Re: "+reference, "What is this about?")
	stranger.From = "eve@example.test"
	require.NoError(t, d.TakeLetter(t.Context(), stranger))
	page, err := d.Requests(t.Context(), lead, desk.WorklistInput{Statuses: []string{"received"}, Limit: 10})
	require.NoError(t, err)
	require.Len(t, page.Items, 1, "who is no identity of the request adds nothing to it")
	unclear := page.Items[0]
	require.Equal(t, "unclear", unclear.Right)
	require.Equal(t, "unclear", unclear.Blocker, "somebody has to read it")
	require.NotNil(t, unclear.Due, "its clock runs though nobody has read it")
	require.Zero(t, scan[int](t, h.Database.App, "SELECT count(*)::int FROM campaign WHERE case_id = $1", unclear.ID), "nobody is written to before")
	_, err = d.DismissRequest(t.Context(), lead, "", unclear.ID, desk.ReasonInput{})
	code(t, problem.Invalid, err)
	_, err = d.ReadRequest(t.Context(), lead, "", unclear.ID, desk.ReadInput{Right: "opt_out", Country: "US-CA"})
	require.NoError(t, err)
	require.Equal(t, []string{"ccpa-7026-opt-out required", "gdpr-12-3 superseded"},
		scan[[]string](t, h.Database.App, "SELECT array_agg(rule || ' ' || state ORDER BY rule) FROM duty WHERE case_id = $1", unclear.ID))
	_, err = d.DismissRequest(t.Context(), lead, "", unclear.ID, desk.ReasonInput{Reason: "advertising"})
	code(t, problem.Conflict, err)

	require.NoError(t, d.TakeLetter(t.Context(), letter("5@example.test", "Offer", "Buy one, get two")))
	spam := scan[uuid.UUID](t, h.Database.App, "SELECT id FROM cases WHERE status = 'received'")
	_, err = d.DismissRequest(t.Context(), lead, "", spam, desk.ReasonInput{Reason: "advertising"})
	require.NoError(t, err)
	for _, id := range []uuid.UUID{unclear.ID, spam} {
		held, err := d.VerifyCase(t.Context(), h.As(access.Auditor), id)
		require.NoError(t, err)
		require.True(t, held.OK, held.Problem)
	}

	query(t, h.Database.Owner, "UPDATE data_key SET wrapped = NULL, shredded_at = now() WHERE scope = (SELECT id FROM cases WHERE code = '"+reference+"')")
	require.NoError(t, d.TakeLetter(t.Context(), letter("4@example.test", "Re: "+reference, "Are you done?")))
	require.Equal(t, 4, cases("opened"), "a letter to a request whose words were erased is a letter of its own")
}
