package packs

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestADiffNamesRulesCalendarsAndZoneData: whatever can change an instant is named by what it changes.
func TestADiffNamesRulesCalendarsAndZoneData(t *testing.T) {
	t.Parallel()
	pack, err := Load()
	require.NoError(t, err)
	require.Empty(t, Diff(pack, pack))
	for _, edit := range []struct {
		file, from, to string
		want           []Change
	}{
		{"rules/eu.yaml", "period: 96 hours", "period: 95 hours", []Change{{Rule: "gdpr-33-1-omnibus", Field: "Period", From: "96 hours", To: "95 hours"}}},
		{"calendars.yaml", "{name: German Unity Day, on: 10-03}", "{name: German Unity Day, on: 2026-10-05}", []Change{
			{Rule: "calendar DE", Field: "2026-10-03", From: "German Unity Day", To: "not off"},
			{Rule: "calendar DE", Field: "2026-10-05", From: "not off", To: "German Unity Day"},
			{Rule: "calendar DE-BY", Field: "2026-10-05", From: "not off", To: "German Unity Day"},
		}},
		{"calendars.yaml", "name: DE-BB", "name: DE-XX", []Change{{Rule: "calendar DE-BB", From: "Germany, Brandenburg"}, {Rule: "calendar DE-XX", To: "Germany, Brandenburg"}}},
		{"zones/release.yaml", pack.ZoneVersion, "2099z", []Change{{Rule: "zone data", Field: "release", From: pack.ZoneVersion, To: "2099z"}}},
	} {
		newer, err := LoadFrom(changed(t, edit.file, edit.from, edit.to))
		require.NoError(t, err)
		changes := Diff(pack, newer)
		for _, want := range edit.want {
			require.Contains(t, changes, want)
		}
		require.Equal(t, changes, Diff(pack, newer), "in the same order each time")
	}
}
