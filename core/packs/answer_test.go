package packs_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/atlascloudai/docket/core/clock"
	"github.com/atlascloudai/docket/core/packs"
)

// whole is a question that is answered; tests change one member of it.
const whole = `{"id":"q","rule":"dpa-incident","at":"2026-03-07T21:00:00-08:00","zone":"America/Los_Angeles","calendar":"NONE","period":"48 hours"}`

func TestAnAnswerHasExactlyTheFiveMembers(t *testing.T) {
	t.Parallel()
	line, answered := load(t).AnswerLine([]byte(whole))
	require.True(t, answered)
	members := map[string]json.RawMessage{}
	require.NoError(t, json.Unmarshal(line, &members))
	require.Len(t, members, 5)
	require.JSONEq(t, `"q"`, string(members["id"]))
	require.JSONEq(t, `"2026-03-09T22:00:00-07:00"`, string(members["target"]))
	require.JSONEq(t, `"2026-03-09T22:00:00-07:00"`, string(members["limit"]))
	require.Contains(t, string(members["why"]), "48 hours")
}

func TestADutyWithoutANumberIsAnsweredWithoutALimit(t *testing.T) {
	t.Parallel()
	for _, rule := range []string{"gdpr-33-2", "dpa-incident-no-number"} {
		line, answered := load(t).AnswerLine([]byte(with("rule", `"`+rule+`"`, "period", "")))
		require.True(t, answered, string(line))
		require.Contains(t, string(line), `"limit":null`)
		require.Contains(t, string(line), "without undue delay")
		require.Contains(t, string(line), "Internal target: 24 hours")
	}
}

func TestAnUnadoptedRuleIsComputedWhenNamedAndSaysSo(t *testing.T) {
	t.Parallel()
	for _, rule := range []string{"uk-gdpr-33-1", "in-cert-in"} {
		line, answered := load(t).AnswerLine([]byte(with("rule", `"`+rule+`"`, "period", "")))
		require.True(t, answered, string(line))
		require.Contains(t, string(line), "Unadopted")
		require.Contains(t, string(line), "secondary sources")
	}
}

func TestABadQuestionIsAnErrorThatNamesTheMember(t *testing.T) {
	t.Parallel()
	for question, field := range map[string]string{
		with("rule", `"no-such-rule"`):                         "rule",
		with("rule", `""`):                                     "rule",
		with("rule", ""):                                       "rule",
		with("zone", `"Mars/Olympus"`):                         "zone",
		with("zone", `"Local"`):                                "zone",
		with("zone", ""):                                       "zone",
		with("calendar", `"XX"`):                               "calendar",
		with("calendar", ""):                                   "calendar",
		with("at", `"2026-03-07T21:00:00"`):                    "at",
		with("at", `"2026-03-07"`):                             "at",
		with("at", `"2026-03-07T9:00:00Z"`):                    "at",
		with("at", `"2026-03-07T09:00:00+24:00"`):              "at",
		with("at", `"2026-03-07T09:00:00.0000000001Z"`):        "at",
		with("at", `"2026-02-30T09:00:00Z"`):                   "at",
		with("at", `"2026-03-07T09:00:00,5Z"`):                 "at",
		with("at", `"9999-12-31T23:59:59Z"`):                   "at",
		with("at", `1772946000`):                               "at",
		with("at", ""):                                         "at",
		with("period", `"soon"`):                               "period",
		with("period", `"-48 hours"`):                          "period",
		with("period", `"0 hours"`):                            "period",
		with("period", `48`):                                   "period",
		with("period", `null`):                                 "period",
		with("period", `"30 fortnights"`):                      "period",
		with("period", ""):                                     "period",
		with("rule", `"gdpr-33-1"`):                            "period",
		with("facts", `{"aware":"2026-03-07T21:00:00"}`):       "facts.aware",
		with("facts", `{"awaer":"2026-03-07T21:00:00Z"}`):      "facts.awaer",
		with("facts", `[]`):                                    "facts",
		with("options", `{"weekend_relief":true}`):             "options.weekend_relief",
		with("options", `{"include_not_in_force":1}`):          "options.include_not_in_force",
		with("options", `{"extended":true,"extended":false}`):  "options.extended",
		with("Zone", `"UTC"`):                                  "Zone",
		with("expect", `{}`):                                   "expect",
		with("id", ""):                                         "id",
		with("id", `7`):                                        "id",
		strings.Replace(whole, `"id"`, `"zone":"UTC","id"`, 1): "zone",
		with("rule", `"gdpr-33-1"`, "period", "", "at", `"2017-01-01T00:00:00Z"`): "rule",
		"[]":          "",
		"null":        "",
		"{":           "",
		"":            "",
		`{"id":"q"`:   "",
		`{"id":"q",}`: "",
		whole + "{}":  "",
		whole + "x":   "",
	} {
		line, answered := load(t).AnswerLine([]byte(question))
		require.False(t, answered, question)
		var failure packs.Failure
		require.NoError(t, json.Unmarshal(line, &failure), question)
		require.Equal(t, field, failure.Error.Field, question)
		require.Equal(t, "invalid", string(failure.Error.Code), question)
		require.NotEmpty(t, failure.Error.Detail, question)
	}
}

func TestAnErrorKeepsTheQuestionsID(t *testing.T) {
	t.Parallel()
	for _, question := range []string{
		with("at", `7`), with("aa", `7`), with("rule", `"no-such-rule"`), strings.TrimSuffix(whole, "}"),
		`{"zone":5,"id":"q"}`, whole + whole,
	} {
		line, answered := load(t).AnswerLine([]byte(question))
		require.False(t, answered)
		require.Contains(t, string(line), `{"id":"q","error":{`, question)
	}
}

func TestAFactThatARuleDoesNotWeighIsNamed(t *testing.T) {
	t.Parallel()
	// Verification runs inside the 45 days of 11 CCR 7021.
	got := answer(t, `{"id":"c","rule":"ccpa-7021-respond","at":"2026-03-02T09:00:00-08:00","zone":"America/Los_Angeles","calendar":"NONE",
		"facts":{"identity_confirmed":"2026-03-20T09:00:00-07:00"}}`)
	require.Equal(t, "2026-04-16T23:59:59-07:00", *got.Limit)
	require.Equal(t, "2026-04-15T23:59:59-07:00", *got.Target, "the text begins on the day of receipt, which some count")
	require.Contains(t, said(got.Why), "identity_confirmed plays no part")
}

func TestInstantsThatRFC3339CannotShowLocallyAreShownInUTC(t *testing.T) {
	t.Parallel()
	// Until 1937 Amsterdam stood at +00:19:32.
	answer := answer(t, with("at", `"1930-01-01T00:00:00.25Z"`, "zone", `"Europe/Amsterdam"`))
	require.Equal(t, "1930-01-03T00:00:00.25Z", *answer.Target)
}

// TestAnyQuestionIsAnsweredOrRefused draws well-formed questions of every rule and checks what an answer promises.
func TestAnyQuestionIsAnsweredOrRefused(t *testing.T) {
	t.Parallel()
	names := zoneNames(t)
	rapid.Check(t, func(t *rapid.T) {
		rule := rapid.SampledFrom(load(t).Rules()).Draw(t, "rule")
		at, zone := drawInstant(t), drawZone(t, names)
		question := map[string]any{
			"id": "q", "rule": rule.ID, "at": at.UTC().Format(time.RFC3339Nano),
			"zone": zone.String(), "calendar": "NONE", "options": map[string]any{"include_not_in_force": true},
		}
		if rule.FromContract {
			question["period"] = rapid.SampledFrom([]string{"1 hour", "48 hours", "87600 hours"}).Draw(t, "period")
		}
		text, err := json.Marshal(question)
		require.NoError(t, err)
		answer := answer(t, string(text))
		require.NotNil(t, answer.Target)
		asItRead := rule.On(clock.DateIn(at, zone)) // An earlier text may have had no number.
		require.Equal(t, asItRead.HasNumber(), answer.Limit != nil, "with no calendar named, nothing is unknown")
	})
}

// FuzzAnswerLine holds that no line panics, that each line gets exactly one line of JSON, and that an answer has a
// target, a version and a reason.
func FuzzAnswerLine(f *testing.F) {
	pack := load(f)
	f.Add([]byte(whole))
	f.Add([]byte(with("period", `"soon"`)))
	f.Add([]byte(with("rule", `"gdpr-33-1"`, "period", "", "facts", `{"aware":"2026-03-07T21:00:00Z"}`)))
	f.Add([]byte(with("rule", `"gdpr-33-2"`, "period", "", "options", `{"internal_target":"12 hours"}`)))
	f.Add([]byte(with("at", `"0000-01-01T00:00:00Z"`)))
	for _, vector := range readVectors(f) {
		f.Add(vector.question)
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		out, answered := pack.AnswerLine(line)
		require.False(t, bytes.ContainsRune(out, '\n'))
		if !answered {
			var failure packs.Failure
			require.NoError(t, json.Unmarshal(out, &failure))
			require.NotEmpty(t, failure.Error.Detail)
			return
		}
		var answer packs.Answer
		require.NoError(t, json.Unmarshal(out, &answer))
		require.NotNil(t, answer.Target)
		require.Equal(t, pack.Version, answer.RuleVersion)
		require.NotEmpty(t, answer.Why)
		parse(t, *answer.Target)
	})
}

// with is the whole question with members given in pairs of name and JSON value; an empty value takes the member out.
func with(pairs ...string) string {
	members := map[string]json.RawMessage{}
	if err := json.Unmarshal([]byte(whole), &members); err != nil {
		panic(err)
	}
	for i := 0; i < len(pairs); i += 2 {
		members[pairs[i]] = json.RawMessage(pairs[i+1])
		if pairs[i+1] == "" {
			delete(members, pairs[i])
		}
	}
	var text strings.Builder
	for name, value := range members {
		text.WriteString(`,"` + name + `":` + string(value))
	}
	return "{" + strings.TrimPrefix(text.String(), ",") + "}"
}

// TestTheStepToTheTargetNamesThePeriodThatItCounts: where a stricter reading has a shorter period, the step says that one.
func TestTheStepToTheTargetNamesThePeriodThatItCounts(t *testing.T) {
	t.Parallel()
	answer := answer(t, `{"id":"a","rule":"jp-appi-preliminary","at":"2026-09-14T16:00:00+09:00","zone":"Asia/Tokyo","calendar":"JP-ADM"}`)
	require.Equal(t, "2026-09-16T23:59:59+09:00", *answer.Target)
	require.Contains(t, answer.Why[1].Text, "Target: 3 days as the strict reading of 5 days (APPI art 26(1)")
	require.Contains(t, answer.Why[2].Text, "Limit: 5 days")
}
