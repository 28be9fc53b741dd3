package packs_test

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"hash/crc32"
	"io/fs"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/atlascloudai/docket/core/clock"
	"github.com/atlascloudai/docket/core/problem"
)

func TestEveryZoneOfTheReleaseLoads(t *testing.T) {
	t.Parallel()
	names := zoneNames(t)
	require.Greater(t, len(names), 500)
	for _, name := range names {
		zone, err := load(t).Zone(name)
		require.NoError(t, err)
		require.Equal(t, name, zone.String())
	}
}

func TestTheZoneDataIsTheReleaseItIsRecordedAs(t *testing.T) {
	t.Parallel()
	archive, err := os.ReadFile("zones/zoneinfo.zip")
	require.NoError(t, err)
	record, err := os.ReadFile("zones/release.yaml")
	require.NoError(t, err)
	sum := sha256.Sum256(archive)
	require.Contains(t, string(record), "sha256: "+hex.EncodeToString(sum[:]))
	require.Contains(t, string(record), "version: "+load(t).ZoneVersion+"\n")

	// Release 2025b split America/Coyhaique off; it stands at -03 in the southern winter.
	zone, err := load(t).Zone("America/Coyhaique")
	require.NoError(t, err)
	_, offset := time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC).In(zone).Zone()
	require.Equal(t, -3*60*60, offset)
}

func TestOnlyIANANamesAreZones(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"", "Local", "europe/berlin", "Berlin", "../Europe/Berlin", "Europe/", "CEST", "+02:00"} {
		_, err := load(t).Zone(name)
		var refused *problem.Error
		require.ErrorAs(t, err, &refused, name)
		require.Equal(t, "zone", refused.Field)
	}
}

// TestTheMachinesOwnZoneDataNeverDecides gives the machine a false Europe/Berlin that stands at Tokyo time.
func TestTheMachinesOwnZoneDataNeverDecides(t *testing.T) {
	poisoned := t.TempDir() + "/zoneinfo.zip"
	writeZone(t, poisoned, "Europe/Berlin", readZone(t, "Asia/Tokyo"))
	t.Setenv("ZONEINFO", poisoned)
	machine, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	_, offset := time.Unix(1_790_000_000, 0).In(machine).Zone()
	require.Equal(t, 9*60*60, offset, "the machine's data must be false for this test to show anything")

	answer := answer(t, `{"id":"z","rule":"gdpr-33-1","at":"2026-10-23T09:15:00+02:00","zone":"Europe/Berlin","calendar":"DE"}`)
	require.Equal(t, "2026-10-26T08:15:00+01:00", *answer.Target)
}

func TestAnHourClockIsTheSameInstantInEveryZone(t *testing.T) {
	t.Parallel()
	names := zoneNames(t)
	rapid.Check(t, func(t *rapid.T) {
		at := drawInstant(t)
		for _, id := range []string{"gdpr-33-1", "uk-gdpr-33-1"} {
			rule, _ := load(t).Rule(id)
			here, there := compute(t, rule, at, drawZone(t, names)), compute(t, rule, at, drawZone(t, names))
			require.True(t, here.Target.Equal(at.Add(72*time.Hour)))
			require.True(t, here.Target.Equal(there.Target))
			if rule.Counting == clock.CountElapsed {
				require.True(t, here.Limit.Equal(here.Target))
				require.True(t, there.Limit.Equal(*here.Limit))
			}
		}
	})
}

func TestALimitIsLessThanAnHourAfterItsTargetAndNeverBeforeAnEarlierEventsLimit(t *testing.T) {
	t.Parallel()
	names := zoneNames(t)
	rule, _ := load(t).Rule("gdpr-33-1")
	rapid.Check(t, func(t *rapid.T) {
		zone, at := drawZone(t, names), drawInstant(t)
		if _, change := at.In(zone).ZoneBounds(); !change.IsZero() && rapid.Bool().Draw(t, "near a change of the clocks") {
			at = change.Add(time.Duration(rapid.Int64Range(-int64(2*time.Hour), int64(2*time.Hour)).Draw(t, "around")))
		}
		later := at.Add(time.Duration(rapid.Int64Range(0, int64(3*time.Hour)).Draw(t, "later")))
		first, second := compute(t, rule, at, zone), compute(t, rule, later, zone)
		require.False(t, first.Limit.Before(first.Target))
		require.Less(t, first.Limit.Sub(first.Target), time.Hour)
		require.False(t, second.Target.Before(first.Target))
		require.False(t, second.Limit.Before(*first.Limit))
	})
}

// TestTheHourOfTheEventEndsByTheLocalClock holds the cases that truncating in UTC, or trusting that an hour always
// has sixty minutes on the wall, would get wrong.
func TestTheHourOfTheEventEndsByTheLocalClock(t *testing.T) {
	t.Parallel()
	rule, _ := load(t).Rule("gdpr-33-1")
	for name, hour := range map[string]struct{ zone, at, begin string }{
		"a zone at a quarter hour":                             {"Asia/Kathmandu", "2026-03-01T13:05:00+05:45", "2026-03-01T14:00:00+05:45"},
		"the first 02:30 of the night the clocks go back":      {"Europe/Berlin", "2026-10-25T02:30:00+02:00", "2026-10-25T02:00:00+01:00"},
		"the second 02:30 of that night":                       {"Europe/Berlin", "2026-10-25T02:30:00+01:00", "2026-10-25T03:00:00+01:00"},
		"the hour before the gap":                              {"Europe/Berlin", "2026-03-29T01:30:00+01:00", "2026-03-29T03:00:00+02:00"},
		"a change of half an hour, forward: sixty minutes end": {"Australia/Lord_Howe", "2026-10-04T01:40:00+10:30", "2026-10-04T02:30:00+11:00"},
		"a change of half an hour, back: sixty minutes end":    {"Australia/Lord_Howe", "2026-04-05T01:40:00+11:00", "2026-04-05T01:30:00+10:30"},
		"the last day of a leap year":                          {"Europe/Berlin", "2024-12-31T12:17:00+01:00", "2024-12-31T13:00:00+01:00"},
		"the last hour of a leap year":                         {"America/New_York", "2028-12-31T23:30:00-05:00", "2029-01-01T00:00:00-05:00"},
		"a half hour at the turn of the year":                  {"Australia/Adelaide", "2041-01-01T10:20:00+10:30", "2041-01-01T11:00:00+10:30"},
		"half an hour taken out of the hour itself":            {"Asia/Pyongyang", "2018-05-04T23:10:00+08:30", "2018-05-05T00:00:00+09:00"},
	} {
		zone, err := load(t).Zone(hour.zone)
		require.NoError(t, err)
		at, begin := parse(t, hour.at), parse(t, hour.begin)
		rule.Validity.From = clock.Date{}
		result := compute(t, rule, at, zone)
		require.Equal(t, begin.Add(72*time.Hour).UTC(), result.Limit.UTC(), name)
	}
}

func compute(t require.TestingT, rule clock.Rule, at time.Time, zone *time.Location) clock.Result {
	result, err := clock.Compute(clock.Request{Rule: rule, At: at, Zone: zone, Calendar: clock.NoCalendar,
		Options: map[string]string{clock.OptionIncludeNotInForce: "true"}})
	require.NoError(t, err)
	return result
}

func drawZone(t *rapid.T, names []string) *time.Location {
	zone, err := load(t).Zone(rapid.SampledFrom(names).Draw(t, "zone"))
	require.NoError(t, err)
	return zone
}

// drawInstant is any instant from 1890, when zones stood at odd seconds, to 2100, and often one at the turn of a year.
func drawInstant(t *rapid.T) time.Time {
	if rapid.IntRange(0, 3).Draw(t, "turn of the year") == 0 {
		turn := time.Date(rapid.IntRange(1890, 2100).Draw(t, "year"), time.January, 1, 0, 0, 0, 0, time.UTC)
		return turn.Add(time.Duration(rapid.Int64Range(-int64(48*time.Hour), int64(48*time.Hour)).Draw(t, "around")))
	}
	return time.Unix(rapid.Int64Range(-2_524_608_000, 4_102_444_800).Draw(t, "at"), rapid.Int64Range(0, 999_999_999).Draw(t, "ns"))
}

func parse(t require.TestingT, text string) time.Time {
	at, err := time.Parse(time.RFC3339, text)
	require.NoError(t, err)
	return at
}

func zoneNames(t require.TestingT) []string {
	names, err := listZones()
	require.NoError(t, err)
	return names
}

var listZones = sync.OnceValues(func() (names []string, err error) {
	reader, err := zip.OpenReader("zones/zoneinfo.zip")
	if err != nil {
		return nil, err
	}
	defer reader.Close()
	for _, file := range reader.File {
		names = append(names, file.Name)
	}
	return names, nil
})

// readZone is a zone's data as it lies in the archive.
func readZone(t *testing.T, name string) []byte {
	reader, err := zip.OpenReader("zones/zoneinfo.zip")
	require.NoError(t, err)
	defer reader.Close()
	text, err := fs.ReadFile(reader, name)
	require.NoError(t, err)
	return text
}

// writeZone writes an archive of one zone, uncompressed as Go expects it.
func writeZone(t *testing.T, path, name string, text []byte) {
	var archive bytes.Buffer
	writer := zip.NewWriter(&archive)
	file, err := writer.CreateRaw(&zip.FileHeader{
		Name: name, Method: zip.Store, CRC32: crc32.ChecksumIEEE(text),
		CompressedSize64: uint64(len(text)), UncompressedSize64: uint64(len(text)),
	})
	require.NoError(t, err)
	_, err = file.Write(text)
	require.NoError(t, err)
	require.NoError(t, writer.Close())
	require.NoError(t, os.WriteFile(path, archive.Bytes(), 0o600))
}
