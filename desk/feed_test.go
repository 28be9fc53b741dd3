package desk_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/core/problem"
	"github.com/atlascloudai/docket/desk"
	"github.com/atlascloudai/docket/testkit"
)

// follow reads the feed from a cursor to its present end.
func follow(t *testing.T, h *testkit.House, cursor string) (seen []string, next string) {
	t.Helper()
	for {
		page, err := h.Desk.Feed(t.Context(), h.As(access.Auditor), cursor, 2)
		require.NoError(t, err)
		if len(page.Items) == 0 {
			require.Equal(t, cursor, page.Next)
			return seen, cursor
		}
		for _, e := range page.Items {
			require.Empty(t, e.Content, "the feed carries ids and instants, no content")
			seen = append(seen, fmt.Sprintf("%s/%d", e.Case, e.Seq))
		}
		cursor = page.Next
	}
}

// followUntil follows until so many entries were seen: whatever runs elsewhere in the cluster holds the feed back a moment.
func followUntil(t *testing.T, h *testkit.House, cursor string, count int) (seen []string, next string) {
	t.Helper()
	require.Eventually(t, func() bool {
		var more []string
		more, cursor = follow(t, h, cursor)
		seen = append(seen, more...)
		return len(seen) >= count
	}, 20*time.Second, 20*time.Millisecond)
	return seen, cursor
}

func TestWhoFollowsTheFeedMissesNothingThatASlowTransactionCommitsLater(t *testing.T) {
	t.Parallel()
	h := testkit.NewHouse(t)
	first := h.Declared(t)
	seen, cursor := followUntil(t, h, "", 3)
	require.Equal(t, []string{
		fmt.Sprintf("%s/1", first.Case), fmt.Sprintf("%s/2", first.Case), fmt.Sprintf("%s/3", first.Case),
	}, seen)

	// A slow decision has begun and written before others, and commits after them.
	slow, err := pgx.Connect(t.Context(), h.Database.App)
	require.NoError(t, err)
	defer slow.Close(t.Context())
	_, err = slow.Exec(t.Context(), `BEGIN`)
	require.NoError(t, err)
	_, err = slow.Exec(t.Context(), `INSERT INTO timeline (case_id, seq, happened_at, recorded_at, kind, actor, body, prev, hash)
		SELECT case_id, 4, happened_at, recorded_at, 'incident.slow', actor, body, prev, hash FROM timeline WHERE case_id = $1 AND seq = 3`, first.Case)
	require.NoError(t, err)

	second := h.Declared(t)
	early, cursor := follow(t, h, cursor)
	require.Empty(t, early, "what comes after a transaction that still runs is held back")
	_, err = slow.Exec(t.Context(), `COMMIT`)
	require.NoError(t, err)

	late, cursor := followUntil(t, h, cursor, 4)
	require.Equal(t, []string{
		fmt.Sprintf("%s/4", first.Case), fmt.Sprintf("%s/1", second.Case), fmt.Sprintf("%s/2", second.Case), fmt.Sprintf("%s/3", second.Case),
	}, late)
	again, _ := follow(t, h, cursor)
	require.Empty(t, again)
}

func TestManyDecisionsAtOnceAreEachSeenOnceInTheOrderOfTheirCases(t *testing.T) {
	t.Parallel()
	h := testkit.NewHouse(t)
	const cases, entries = 4, 10
	done := make(chan error, cases)
	for range cases {
		opened, err := h.Desk.Open(t.Context(), h.As(access.Responder), "", desk.OpenInput{Title: "x"})
		require.NoError(t, err)
		go func() {
			var err error
			for i := 0; i < entries-1 && err == nil; i++ {
				_, err = h.Desk.Triage(t.Context(), h.As(access.Responder), "", opened.Case, desk.TriageInput{})
			}
			done <- err
		}()
	}
	var seen []string
	cursor, running := "", cases
	require.Eventually(t, func() bool {
		select {
		case err := <-done:
			require.NoError(t, err)
			running--
		default:
		}
		var more []string
		more, cursor = follow(t, h, cursor)
		seen = append(seen, more...)
		return running == 0 && len(seen) >= cases*entries
	}, 30*time.Second, 5*time.Millisecond)
	next := map[string]int{}
	for _, entry := range seen {
		id, seq, _ := strings.Cut(entry, "/")
		next[id]++
		require.Equal(t, fmt.Sprint(next[id]), seq)
	}
	require.Len(t, next, cases)
	_, err := h.Desk.Feed(t.Context(), h.As(access.Auditor), "elsewhere", 0)
	code(t, problem.Invalid, err)
	_, err = h.Desk.Feed(t.Context(), h.As(access.Responder), "", 0)
	code(t, problem.Forbidden, err)
}

// Whoever is fed tells an exercise from an incident by every single entry.
func TestEveryEntryOfADrillIsMarked(t *testing.T) {
	t.Parallel()
	h := testkit.NewHouse(t)
	drill := h.Declared(t)
	earnest, err := h.Desk.Open(t.Context(), h.As(access.Responder), "", desk.OpenInput{Title: "A disk was full"})
	require.NoError(t, err)
	followUntil(t, h, "", 4)
	page, err := h.Desk.Feed(t.Context(), h.As(access.Auditor), "", 500)
	require.NoError(t, err)
	for _, e := range page.Items {
		require.Equal(t, e.Case == drill.Case, e.Drill, e.Kind)
	}
	for id, marked := range map[uuid.UUID]bool{drill.Case: true, earnest.Case: false} {
		timeline, err := h.Desk.Timeline(t.Context(), h.As(access.Auditor), id, "", 500)
		require.NoError(t, err)
		for _, e := range timeline.Items {
			require.Equal(t, marked, e.Drill, e.Kind)
		}
	}
}
