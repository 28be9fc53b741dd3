package estate_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/atlascloudai/docket/core/estate"
	"github.com/atlascloudai/docket/core/problem"
)

func TestAGroundHoldsUntil(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		period  string
		yearEnd bool
		from    string
		until   string
	}{
		{"P10Y", true, "2024-03-05T10:00:00+01:00", "2035-01-01T00:00:00+01:00"},
		{"P10Y", true, "2024-01-01T00:00:00+01:00", "2035-01-01T00:00:00+01:00"},
		{"P10Y", false, "2024-03-05T10:00:00+01:00", "2034-03-05T10:00:00+01:00"},
		{"P1Y", false, "2024-02-29T00:00:00Z", "2025-02-28T00:00:00Z"},
		{"P1M", false, "2026-01-31T00:00:00Z", "2026-02-28T00:00:00Z"},
		{"P13M", false, "2026-12-31T00:00:00Z", "2028-01-31T00:00:00Z"},
		{"P1Y2M3W4D", false, "2026-01-01T00:00:00Z", "2027-03-26T00:00:00Z"},
		{"P35D", false, "2026-11-28T12:00:00Z", "2027-01-02T12:00:00Z"},
		{"P0D", false, "2026-11-28T12:00:00Z", "2026-11-28T12:00:00Z"},
	} {
		from, err := time.Parse(time.RFC3339, row.from)
		require.NoError(t, err)
		until, err := estate.Retention{Period: row.period, YearEnd: row.yearEnd}.Until(from)
		require.NoError(t, err)
		require.Equal(t, row.until, until.Format(time.RFC3339), "%s from %s", row.period, row.from)
	}
	for _, nonsense := range []string{"", "P", "10Y", "P10", "P-1Y", "P1D1Y", "PT1H", "P1.5Y", "p1y", "P99999Y", "P1Y "} {
		_, err := estate.Retention{Period: nonsense}.Until(time.Unix(0, 0))
		require.Equal(t, problem.Invalid, problem.CodeOf(err), nonsense)
	}
}

func TestMonthsEndOnTheSameDayOrOnTheLast(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		from := time.Unix(rapid.Int64Range(0, 4e9).Draw(t, "from"), 0).UTC()
		until, err := estate.Retention{Period: rapid.StringMatching(`P\d{1,3}M`).Draw(t, "period")}.Until(from)
		require.NoError(t, err)
		require.False(t, until.Before(from))
		require.True(t, until.Day() == from.Day() || until.Day() < from.Day() && until.AddDate(0, 0, 1).Day() == 1)
	})
}

func TestEveryGroundHasItsLetterAndItsTerm(t *testing.T) {
	t.Parallel()
	for _, ground := range estate.Grounds {
		require.Contains(t, "abcde", ground.Letter())
		require.Len(t, ground.Letter(), 1)
		require.NotEmpty(t, ground.DPV())
	}
	require.Empty(t, estate.Ground("we like it").Letter())
}
