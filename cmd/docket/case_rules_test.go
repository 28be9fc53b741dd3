package main

import (
	"context"
	"log/slog"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/api"
	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/problem"
	"github.com/atlascloudai/docket/desk"
)

// lawDesk answers about rules alone.
type lawDesk struct {
	emptyDesk
	adopted *desk.AdoptInput
	word    *desk.StartInput
}

func (d lawDesk) AdoptRule(_ context.Context, _ access.Actor, rule string, in desk.AdoptInput) error {
	if rule != "uk-gdpr-33-1" {
		return problem.Missing("rule " + rule)
	}
	*d.adopted = in
	return nil
}

func (d lawDesk) RecordStart(_ context.Context, _ access.Actor, _ string, _ uuid.UUID, in desk.StartInput) (desk.Receipt, error) {
	*d.word = in
	return desk.Receipt{Code: "INC-7K3F", Status: "active", Entry: 7}, nil
}

func (lawDesk) NewerRules(context.Context, access.Actor, uuid.UUID) ([]desk.NewerView, error) {
	limit, newer := time.Date(2026, 6, 2, 0, 0, 0, 0, time.UTC), time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	return []desk.NewerView{{Duty: uuid.MustParse(anID), Rule: "nis2-early-warning", Limit: &limit, NewLimit: &newer}, {Duty: uuid.MustParse(anID), Rule: "old-act", Gone: true}}, nil
}

func (lawDesk) Estimates(context.Context, access.Actor, uuid.UUID, string, int) (desk.Page[desk.EstimateView], error) {
	return desk.Page[desk.EstimateView]{Items: []desk.EstimateView{{
		Customer: "C-7001", Rule: "nydfs-500-17-a", Citation: "23 NYCRR 500.17(a)", Recipient: "the superintendent", Target: time.Date(2026, 6, 4, 0, 0, 0, 0, time.UTC),
	}}}, nil
}

// What laws mean for a case, and what the company made its own, from the command line through the API.
func TestRulesAreAdoptedAndReadThroughTheAPI(t *testing.T) {
	t.Parallel()
	law := lawDesk{adopted: &desk.AdoptInput{}, word: &desk.StartInput{}}
	server := httptest.NewServer(api.New(api.Options{Desk: law, Logger: slog.New(slog.DiscardHandler), Sign: func(string, []byte) (string, error) { return "", nil }}))
	t.Cleanup(server.Close)
	types := func(args ...string) typed {
		return enter(t, append(args, "--url", server.URL, "--token", "dkt_a_b")...)
	}

	got := types("clock", "adopt", "uk-gdpr-33-1", "--reason", "article 33 was read")
	require.Zero(t, got.code, got.problems)
	require.Equal(t, "uk-gdpr-33-1 is adopted\n", got.out)
	require.Equal(t, desk.AdoptInput{Adopted: true, Reason: "article 33 was read"}, *law.adopted)
	require.Equal(t, "uk-gdpr-33-1 is no longer adopted\n", types("clock", "adopt", "uk-gdpr-33-1", "--take-back", "--reason", "r").out)
	require.False(t, law.adopted.Adopted)
	require.Equal(t, 1, types("clock", "adopt", "no-such-rule", "--reason", "r").code)

	got = types("case", "newer-rules", aCase)
	require.Zero(t, got.code, got.problems)
	require.Regexp(t, `nis2-early-warning +2026-06-02 00:00:00Z +2026-06-01 12:00:00Z`, got.out)
	require.Contains(t, got.out, "old-act (gone)")

	got = types("case", "estimates", aCase)
	require.Zero(t, got.code, got.problems)
	require.Regexp(t, `C-7001 +nydfs-500-17-a .*not yet, counted from now +2026-06-04`, got.out)

	got = types("case", "start", aCase, "classified_major", "--at", "2026-06-01T09:30:00+02:00", "--zone", "Europe/Berlin", "--evidence", "minutes of the board")
	require.Zero(t, got.code, got.problems)
	require.Equal(t, "classified_major", law.word.Word)
}
