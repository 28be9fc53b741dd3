package packs_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/atlascloudai/docket/core/clock"
	"github.com/atlascloudai/docket/core/packs"
)

// edges are events at which dates, zones and calendars are most easily got wrong.
var edges = []string{
	"0001-01-01T00:00:00Z", "1582-10-15T00:00:00Z", "1900-02-28T23:59:59Z", "1937-06-30T22:00:00Z", "2011-12-29T10:00:00Z", "2011-12-30T10:00:00Z",
	"2023-12-31T23:59:59Z", "2024-01-01T00:00:00Z", "2024-01-31T12:00:00Z", "2024-02-29T23:30:00Z", "2024-12-31T12:17:00Z", "2026-02-04T23:59:59Z",
	"2026-03-08T09:59:59Z", "2026-03-29T00:59:59Z", "2026-10-25T00:30:00Z", "2026-11-01T08:30:00Z", "2026-12-31T23:59:59.999999999Z",
	"2027-12-31T12:00:00Z", "2028-01-31T18:00:00Z", "2028-02-29T00:00:00Z", "2028-12-31T23:00:00Z", "2030-12-02T00:00:00Z", "2030-12-31T23:59:59Z",
	"2031-01-01T00:00:00Z", "2037-12-31T23:59:59Z", "2040-12-31T12:30:00Z", "2100-02-28T12:00:00Z", "9989-12-31T00:00:00Z", "9999-12-31T23:59:59Z",
}

// TestNoFactsAndOptionsBreakAnAnswer asks every rule about any event near an edge, with any facts and options: it is
// refused by a member's name or answered with instants that can be read and stand on the right sides of each other.
func TestNoFactsAndOptionsBreakAnAnswer(t *testing.T) {
	t.Parallel()
	zones, rules := zoneNames(t), load(t).Rules()
	options := []string{"include_not_in_force", "internal_target", "extended", "right", "weekend_relief", "small_agent", "improper_purpose", "death", "widespread_or_critical"}
	values := []any{true, true, true, false, "true", "access", "erasure", "12 hours", "87600 hours", ""}
	periods := []string{"1 hour", "72 hours", "87600 hours", "1 day", "2 days", "3653 days", "1 business day", "2610 business days", "1 month", "120 months", "0 days"}
	rapid.Check(t, func(t *rapid.T) {
		near := func(name string, span time.Duration) string {
			at := parse(t, rapid.SampledFrom(edges).Draw(t, name)).Add(time.Duration(rapid.Int64Range(-int64(span), int64(span)).Draw(t, name+" off")))
			return at.In(time.FixedZone("", 1800*rapid.IntRange(-24, 28).Draw(t, name+" offset"))).Format(time.RFC3339Nano)
		}
		rule := rapid.SampledFrom(rules).Draw(t, "rule")
		question := map[string]any{
			"id": "q", "rule": rule.ID, "at": near("at", 36*time.Hour), "zone": drawZone(t, zones).String(),
			"calendar": rapid.SampledFrom(calendarNames).Draw(t, "calendar"),
		}
		if rule.FromContract {
			question["period"] = rapid.SampledFrom(periods).Draw(t, "period")
		}
		asked := map[string]any{"include_not_in_force": true}
		for _, name := range rapid.SliceOfNDistinct(rapid.SampledFrom(options), 0, 2, rapid.ID).Draw(t, "options") {
			asked[name] = rapid.SampledFrom(values).Draw(t, name)
		}
		question["options"] = asked
		facts := map[string]any{}
		for _, name := range rapid.SliceOfNDistinct(rapid.SampledFrom(clock.Facts), 0, 4, rapid.ID).Draw(t, "facts") {
			facts[name] = near(name, 40*24*time.Hour)
		}
		question["facts"] = facts
		text, err := json.Marshal(question)
		require.NoError(t, err)
		line, answered := load(t).AnswerLine(text)
		if !answered {
			var failure packs.Failure
			require.NoError(t, json.Unmarshal(line, &failure))
			require.Equal(t, "invalid", string(failure.Error.Code), string(line))
			require.NotEmpty(t, failure.Error.Field, string(line))
			return
		}
		var got packs.Answer
		require.NoError(t, json.Unmarshal(line, &got))
		at, target := parse(t, question["at"].(string)), parse(t, *got.Target)
		for _, reason := range got.Why {
			if reason.Instant != nil {
				parse(t, *reason.Instant)
			}
		}
		if got.Limit == nil {
			return
		}
		limit := parse(t, *got.Limit)
		switch rule.Direction {
		case clock.DirectionNotAfter:
			require.False(t, target.After(limit), string(line))
			require.False(t, limit.Before(at.Truncate(time.Second)), string(line))
		case clock.DirectionNotBefore:
			require.Equal(t, limit, target, string(line))
			require.False(t, limit.Before(at.Truncate(time.Second)), string(line))
		case clock.DirectionBackward:
			require.False(t, target.After(limit), string(line))
			require.True(t, limit.Before(at), string(line))
		}
	})
}
