package main

import (
	"context"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/api"
	"github.com/atlascloudai/docket/core/changelog"
)

// publicDesk gives what is public to whoever asks, and panics when it is asked for anything else, a token included.
type publicDesk struct {
	api.Desk
	log changelog.Log
}

func (d publicDesk) ChangeLog(context.Context) (changelog.Log, error) { return d.log, nil }

// The log is a table of what the feed says, read without a token.
func TestThePublicChangeLogIsATable(t *testing.T) {
	t.Parallel()
	behind := publicDesk{log: changelog.Log{Company: "Example", Base: "https://trust.example/changes", Entries: []changelog.Entry{
		{ID: uuid.MustParse(anID), Published: time.Date(2026, 6, 1, 9, 30, 0, 0, time.UTC), Kind: "model_provider", Title: "Another\x1b[2J provider", Material: true},
		{ID: uuid.MustParse(aCase), Published: time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC), Kind: "policy_change", Title: "A comma"},
	}}}
	server := httptest.NewServer(api.New(api.Options{Desk: behind, Logger: slog.New(slog.DiscardHandler)}))
	t.Cleanup(server.Close)

	got := enter(t, "change", "log", "--url", server.URL)
	require.Zero(t, got.code, got.problems)
	rows := strings.Split(strings.TrimSuffix(got.out, "\n"), "\n")
	require.Len(t, rows, 3)
	require.Equal(t, []string{"PUBLISHED", "KIND", "MATERIAL", "TITLE", "ADDRESS"}, strings.Fields(rows[0]))
	require.Equal(t, []string{"2026-06-01", "09:30:00Z", "model_provider", "yes", "Another\uFFFD[2J", "provider", "https://trust.example/changes/" + anID}, strings.Fields(rows[1]))
	require.Equal(t, []string{"2026-05-01", "00:00:00Z", "policy_change", "A", "comma", "https://trust.example/changes/" + aCase}, strings.Fields(rows[2]))

	asJSON := enter(t, "change", "log", "--json", "--url", server.URL)
	require.Zero(t, asJSON.code, asJSON.problems)
	require.Contains(t, asJSON.out, `"version": "https://jsonfeed.org/version/1.1"`)
	require.Contains(t, asJSON.out, `"id": "urn:uuid:`+anID+`"`)
}
