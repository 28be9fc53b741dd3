package drill_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/atlascloudai/docket/cmd/docket/drill"
	"github.com/atlascloudai/docket/core/packs"
)

func TestAMomentCountsElapsedTimeFromTheBeginning(t *testing.T) {
	t.Parallel()
	began := time.Date(2033, time.October, 29, 18, 0, 0, 0, time.UTC)
	for text, want := range map[string]time.Time{
		"+0m": began, "+90m": began.Add(90 * time.Minute), "+1d 6h": began.Add(30 * time.Hour), "+1d": began.Add(24 * time.Hour),
		"-40h": began.Add(-40 * time.Hour), "+2h 30m": began.Add(150 * time.Minute), "+15s": began.Add(15 * time.Second),
		"2033-10-30T02:30:00+01:00": time.Date(2033, time.October, 30, 1, 30, 0, 0, time.UTC),
	} {
		var m drill.Moment
		require.NoError(t, yaml.Unmarshal([]byte(text), &m), text)
		require.True(t, m.In(began).Equal(want), "%s is %s", text, m.In(began))
	}
}

func TestATimeOfDayIsTheNextOneOnTheWall(t *testing.T) {
	t.Parallel()
	pack, err := packs.Load()
	require.NoError(t, err)
	berlin, err := pack.Zone("Europe/Berlin")
	require.NoError(t, err)
	var three drill.Beginning
	require.NoError(t, yaml.Unmarshal([]byte(`"03:00"`), &three))
	for now, want := range map[string]string{
		"2033-10-28T01:00:00Z": "2033-10-29T03:00:00+02:00", // it is three: the next one
		"2033-10-28T00:59:59Z": "2033-10-28T03:00:00+02:00",
		"2033-10-29T10:00:00Z": "2033-10-30T03:00:00+01:00", // the night has 25 hours
	} {
		at, err := time.Parse(time.RFC3339, now)
		require.NoError(t, err)
		began, err := three.After(at, berlin)
		require.NoError(t, err)
		require.Equal(t, want, began.Format(time.RFC3339))
	}
}
