package packs_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/atlascloudai/docket/core/clock"
)

// TestAnExplanationSaysWhatWasDone asks after sentences that would be untrue of other facts.
func TestAnExplanationSaysWhatWasDone(t *testing.T) {
	t.Parallel()
	const (
		request = `{"id":"w","rule":"uk-gdpr-12-3","at":"2026-06-01T12:00:00+01:00","zone":"Europe/London","calendar":"GB-ENG"`
		clarify = `"clarification_asked":"2026-06-08T12:00:00+01:00","clarification_received":"2026-06-15T12:00:00+01:00"`
		initial = `{"id":"w","rule":"dora-initial","zone":"Europe/Amsterdam","calendar":"NL","options":{"weekend_relief":true}`
	)
	for question, sentence := range map[string]string{
		request + `}`: "Limit: Wednesday 2026-07-01 is a working day by calendar GB-ENG, so nothing rolls.",
		request + `,"facts":{"identity_confirmed":"2026-05-31T12:00:00+01:00"}}`:                                                                                        "The fact identity_confirmed does not start the period anew: it did not come later.",
		`{"id":"w","rule":"uk-gdpr-12-3","at":"2026-01-05T12:00:00Z","zone":"Europe/London","calendar":"GB-ENG","facts":{"identity_confirmed":"2026-03-01T12:00:00Z"}}`: "for events from 2026-02-05 only",
		request + `,"facts":{` + clarify + `}}`:                                                                                              "the right that the request is about was not given",
		request + `,"options":{"right":"erasure"},"facts":{` + clarify + `}}`:                                                                "for access only, and the request is about erasure",
		request + `,"options":{"right":"access"},"facts":{` + clarify + `}}`:                                                                 "and 8 days that do not count; the last day is Thursday 2026-07-09",
		request + `,"options":{"right":"access"},"facts":{` + clarify + `,"identity_confirmed":"2026-06-20T12:00:00+01:00"}}`:                "it came before the period began",
		`{"id":"w","rule":"gdpr-12-3","at":"2026-06-01T12:00:00+02:00","zone":"Europe/Berlin","calendar":"DE","options":{"right":"access"}}`: "The right that the request is about plays no part in this rule.",
		`{"id":"w","rule":"gdpr-12-3","at":"2026-06-01T12:00:00+02:00","zone":"Europe/Berlin","calendar":"NONE"}`:                            "no calendar was named, so nothing rolls over days off",
		`{"id":"w","rule":"gdpr-33-1","at":"2026-06-01T12:00:00+02:00","zone":"Europe/Berlin","calendar":"DE"}`:                              "the event is of the full hour: the period begins with it",
		`{"id":"w","rule":"hipaa-164-408-small","at":"2023-06-01T10:00:00-04:00","zone":"America/New_York","calendar":"NONE"}`:               "after Sunday 2023-12-31, which is not counted",
		`{"id":"w","rule":"policy-change-notice","at":"2026-06-01T12:00:00Z","zone":"UTC","calendar":"NONE","period":"48 hours"}`:            "Not before: acting is too early until this is over.",
		`{"id":"w","rule":"policy-change-notice","at":"2030-12-20T12:00:00Z","zone":"UTC","calendar":"DE","period":"20 business days"}`:      "so wait longer",
		`{"id":"w","rule":"dpa-subprocessor-notice","at":"2027-03-01T00:00:00Z","zone":"UTC","calendar":"NONE","period":"1 month"}`:          "Target: the same date as the day before the event, Sunday 2027-02-28, counted back; Thursday 2027-01-28.",
		initial + `,"at":"2026-09-10T10:00:00+02:00"}`:                                                                                       "The relief changes nothing: Thursday 2026-09-10 is a working day by calendar NL.",
		initial + `,"at":"2026-09-12T10:00:00+02:00"}`:                                                                                       "Saturday 2026-09-12 is a day off (weekend); for whoever may use the relief the period ends at noon of the next working day",
		`{"id":"w","rule":"jp-appi-preliminary","at":"2026-06-01T10:00:00+09:00","zone":"Asia/Tokyo","calendar":"JP-ADM"}`:                   "Target: 3 days as the strict reading of 5 days",
		`{"id":"w","rule":"hipaa-164-404","at":"2026-01-15T09:00:00-05:00","zone":"America/New_York","calendar":"NONE"}`:                     "Internal target: 720 hours, the company's own, in place of the later one; it is not a legal limit.",
	} {
		require.Contains(t, said(answer(t, question).Why), sentence)
	}
	waiting := said(answer(t, request+`,"options":{"right":"access"},"facts":{"clarification_asked":"2026-06-08T12:00:00+01:00"}}`).Why)
	require.Contains(t, waiting, "the clock stands still")
	require.NotContains(t, waiting, "provisional", "the calendar is not what is not known")
}

// TestAnExplanationArrivesAtItsAnswer: the target and the limit are instants of steps, and a limit that is withheld is
// not told on the way.
func TestAnExplanationArrivesAtItsAnswer(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		request := drawRequest(t)
		if request.Rule.Pause != nil && rapid.Bool().Draw(t, "unanswered") {
			delete(request.Facts, request.Rule.Pause.Answered)
		}
		result, err := clock.Compute(request)
		require.NoError(t, err)
		var instants []time.Time
		for _, step := range result.Why {
			if step.Instant != nil {
				instants = append(instants, *step.Instant)
			}
			if result.Limit == nil && request.Rule.Relief == nil { // A relief moves a limit that is told before.
				require.NotContains(t, step.Text, "Limit: ")
			}
		}
		require.Contains(t, instants, result.Target)
		if result.Limit != nil {
			require.Contains(t, instants, *result.Limit)
		}
	})
}

// TestATargetIsBoundByAwarenessThoughTheLimitIsWithheld: the relief asks a calendar that does not reach that far.
func TestATargetIsBoundByAwarenessThoughTheLimitIsWithheld(t *testing.T) {
	t.Parallel()
	line, answered := load(t).AnswerLine([]byte(`{"id":"w","rule":"dora-initial","at":"2031-01-03T23:00:00+01:00","zone":"Europe/Amsterdam","calendar":"NL",
		"facts":{"aware":"2031-01-03T01:00:00+01:00"},"options":{"weekend_relief":true}}`))
	require.True(t, answered, string(line))
	var got struct{ Target, Limit *string }
	require.NoError(t, json.Unmarshal(line, &got))
	require.Nil(t, got.Limit)
	require.Equal(t, "2031-01-04T01:00:00+01:00", *got.Target)
}
