package clock_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/atlascloudai/docket/core/clock"
)

// statute is a rule like GDPR art 33(1); the tests change what they are about.
func statute() clock.Rule {
	return clock.Rule{
		ID: "sample-1", Regime: "Sample", Citation: "Sample Act s.1", LegalText: "sample", Recipient: "the authority",
		Role: clock.RoleController, Start: clock.StartAwareController, Period: clock.Hours(72),
		Counting: clock.CountReg1182, Roll: clock.RollNone, Direction: clock.DirectionNotAfter,
		Validity: clock.Validity{From: clock.Date{Year: 2018, Month: time.May, Day: 25}, Confidence: clock.ConfidenceVerified},
		InForce:  true, Confidence: clock.ConfidenceVerified,
		Adoption:    &clock.Adoption{By: "A. Sample", On: clock.Date{Year: 2026, Month: time.January, Day: 2}},
		PackVersion: "2026.11.0", ZoneData: "2025c",
	}
}

// contract is a rule whose period the agreement gives.
func contract() clock.Rule {
	rule := statute()
	rule.Period, rule.FromContract, rule.Counting, rule.Start = clock.Period{}, true, clock.CountElapsed, clock.StartAwareProcessor
	return rule
}

// promptly is a rule without a number.
func promptly() clock.Rule {
	rule := statute()
	rule.Period, rule.InternalTarget, rule.Words = clock.Period{Unit: clock.UnitNone}, clock.Hours(24), "without undue delay"
	return rule
}

// request is a rule like UK GDPR art 12(3), with every term that it can have.
func request() clock.Rule {
	rule := statute()
	rule.Start, rule.Period, rule.Roll = clock.StartRequestReceived, clock.Period{Amount: 1, Unit: clock.UnitMonth}, clock.RollNextWorkingDay
	rule.Extension = &clock.Extension{Period: clock.Period{Amount: 3, Unit: clock.UnitMonth}, Citation: "Sample Act s.3"}
	rule.Variants = []clock.Variant{{Option: "small_agent", Period: clock.Period{Amount: 2, Unit: clock.UnitMonth}, Citation: "Sample Act s.4"}}
	rule.Reset = &clock.Reset{Facts: []string{clock.FactIdentityConfirmed}, From: clock.Date{Year: 2026, Month: time.February, Day: 5}, Citation: "Sample Act s.5"}
	rule.Pause = &clock.Pause{
		Asked: clock.FactClarificationAsked, Answered: clock.FactClarificationReceived, Rights: []string{"access"},
		From: clock.Date{Year: 2026, Month: time.February, Day: 5}, Citation: "Sample Act s.6",
	}
	return rule
}

// capped is a rule like DORA's initial notification.
func capped() clock.Rule {
	rule := statute()
	rule.Period, rule.Counting = clock.Hours(4), clock.CountElapsed
	rule.Cap = &clock.Cap{Fact: clock.FactAware, Period: clock.Hours(24), UnlessPassed: true, Citation: "Sample Act s.7"}
	return rule
}

// notice is a contract's period before a change.
func notice() clock.Rule {
	rule := contract()
	rule.Start, rule.Direction, rule.Validity.From = clock.StartChangeEffective, clock.DirectionBackward, clock.Date{}
	return rule
}

func ask(rule clock.Rule) clock.Request {
	return clock.Request{
		Rule: rule, At: time.Date(2026, 6, 12, 13, 20, 0, 0, time.UTC), Zone: time.UTC, Calendar: clock.NoCalendar,
	}
}

func TestTargetIsElapsedTimeAndLimitLeavesTheHourOfTheEventOut(t *testing.T) {
	t.Parallel()
	for name, hour := range map[string]struct {
		offset          time.Duration
		at, target, end string
	}{
		"inside an hour":                    {0, "2026-06-12T13:20:00Z", "2026-06-15T13:20:00Z", "2026-06-15T14:00:00Z"},
		"exactly on the hour":               {0, "2026-06-12T13:00:00Z", "2026-06-15T13:00:00Z", "2026-06-15T13:00:00Z"},
		"the last nanosecond of an hour":    {0, "2026-06-12T12:59:59.999999999Z", "2026-06-15T12:59:59.999999999Z", "2026-06-15T13:00:00Z"},
		"a zone at a half hour":             {5*time.Hour + 30*time.Minute, "2026-06-12T13:20:00+05:30", "2026-06-15T13:20:00+05:30", "2026-06-15T14:00:00+05:30"},
		"full in UTC, not full on the wall": {5*time.Hour + 45*time.Minute, "2026-06-12T13:00:00Z", "2026-06-15T13:00:00Z", "2026-06-15T13:15:00Z"},
	} {
		request := ask(statute())
		request.At, request.Zone = instant(t, hour.at), time.FixedZone("local", int(hour.offset.Seconds()))
		result, err := clock.Compute(request)
		require.NoError(t, err, name)
		require.Equal(t, instant(t, hour.target), result.Target.UTC(), name)
		require.Equal(t, instant(t, hour.end), result.Limit.UTC(), name)
		require.False(t, result.Internal, name)
	}
}

func TestAContractGivesThePeriodAndNoRelaxation(t *testing.T) {
	t.Parallel()
	request, period := ask(contract()), clock.Hours(36)
	request.Period = &period
	result, err := clock.Compute(request)
	require.NoError(t, err)
	require.Equal(t, request.At.Add(36*time.Hour), result.Target)
	require.Equal(t, result.Target, *result.Limit)
}

func TestARuleWithoutANumberHasAnInternalTargetAndNoLimit(t *testing.T) {
	t.Parallel()
	request := ask(promptly())
	result, err := clock.Compute(request)
	require.NoError(t, err)
	require.True(t, result.Internal)
	require.Nil(t, result.Limit)
	require.Equal(t, request.At.Add(24*time.Hour), result.Target)
	require.Contains(t, told(result), "without undue delay")
	require.Contains(t, told(result), "Internal target: 24 hours, the company's own; it is not a legal limit.")

	request.Options = map[string]string{clock.OptionInternalTarget: "12 hours"}
	result, err = clock.Compute(request)
	require.NoError(t, err)
	require.Equal(t, request.At.Add(12*time.Hour), result.Target)
	require.Nil(t, result.Limit)
}

func TestWhyNamesTheEventTheProvisionsAndWhatTheRuleIsWorth(t *testing.T) {
	t.Parallel()
	rule := statute()
	rule.Adoption, rule.Confidence, rule.InForce = nil, clock.ConfidenceGeneral, false
	request := ask(rule)
	request.Options = map[string]string{clock.OptionIncludeNotInForce: "true"}
	result, err := clock.Compute(request)
	require.NoError(t, err)
	require.Equal(t, "2026.11.0", result.RuleVersion)
	require.Equal(t, "2025c", result.ZoneData)
	for _, words := range []string{"aware_controller", "72 hours", "Unadopted", "Not in force", "Confidence G", "2025c"} {
		require.Contains(t, told(result), words)
	}
	instants := map[string]time.Time{}
	for _, step := range result.Why {
		if step.Instant != nil {
			instants[step.Cite] = *step.Instant
		}
	}
	require.Equal(t, result.Target, instants["Sample Act s.1"])
	require.Equal(t, request.At.Add(40*time.Minute), instants["Reg. 1182/71 art 3(1)"])
	require.Equal(t, *result.Limit, instants["Reg. 1182/71 art 3(2)(a), 3(4)"])
}

func TestComputeRefusesAndNamesThePart(t *testing.T) {
	t.Parallel()
	hours, none, negative := clock.Hours(48), clock.Period{Unit: clock.UnitNone}, clock.Hours(-1)
	for name, bad := range map[string]struct {
		field  string
		rule   clock.Rule
		change func(*clock.Request)
	}{
		"nothing at all":                    {"rule", clock.Rule{}, func(*clock.Request) {}},
		"no zone":                           {"zone", statute(), func(r *clock.Request) { r.Zone = nil }},
		"no calendar":                       {"calendar", statute(), func(r *clock.Request) { r.Calendar = clock.Calendar{} }},
		"no event":                          {"at", statute(), func(r *clock.Request) { r.At = time.Time{} }},
		"an end after the year 9999":        {"at", statute(), func(r *clock.Request) { r.At = time.Date(9999, 12, 30, 0, 0, 0, 0, time.UTC) }},
		"a period for a rule that has one":  {"period", statute(), func(r *clock.Request) { r.Period = &hours }},
		"no period from the contract":       {"period", contract(), func(*clock.Request) {}},
		"a contract without a number":       {"period", contract(), func(r *clock.Request) { r.Period = &none }},
		"a negative period":                 {"period", contract(), func(r *clock.Request) { r.Period = &negative }},
		"a number for a rule that has none": {"period", promptly(), func(r *clock.Request) { r.Period = &hours }},
		"a fact that nobody knows":          {"facts.awaer", statute(), func(r *clock.Request) { r.Facts = map[string]time.Time{"awaer": r.At} }},
		"a fact before the year 1":          {"facts.aware", statute(), func(r *clock.Request) { r.Facts = map[string]time.Time{"aware": {}} }},
		"awareness after what it bounds":    {"facts.aware", capped(), func(r *clock.Request) { r.Facts = map[string]time.Time{"aware": r.At.Add(1)} }},
		"an answer without a question":      {"facts.clarification_asked", request(), func(r *clock.Request) { r.Facts = map[string]time.Time{"clarification_received": r.At} }},
		"a question before the request":     {"facts.clarification_asked", request(), func(r *clock.Request) { r.Facts = map[string]time.Time{"clarification_asked": r.At.Add(-1)} }},
		"an answer before its question": {"facts.clarification_received", request(), func(r *clock.Request) {
			r.Facts = map[string]time.Time{"clarification_asked": r.At.Add(2), "clarification_received": r.At.Add(1)}
		}},
		"a right that nobody has":            {"options.right", request(), func(r *clock.Request) { r.Options = map[string]string{"right": "peace"} }},
		"an extension that is not one":       {"options.extended", request(), func(r *clock.Request) { r.Options = map[string]string{"extended": "yes"} }},
		"an extension that no rule knows":    {"options.extended", statute(), func(r *clock.Request) { r.Options = map[string]string{"extended": "true"} }},
		"two periods at once":                {"options.small_agent", request(), func(r *clock.Request) { r.Options = map[string]string{"extended": "true", "small_agent": "true"} }},
		"a beginning before the year 1":      {"at", notice(), func(r *clock.Request) { r.At, r.Period = time.Date(1, 1, 2, 0, 0, 0, 0, time.UTC), &hours }},
		"an option it does not know":         {"options.weekend_relief", statute(), func(r *clock.Request) { r.Options = map[string]string{"weekend_relief": "true"} }},
		"an internal target beside a number": {"options.internal_target", statute(), func(r *clock.Request) { r.Options = map[string]string{"internal_target": "1 hour"} }},
		"an internal target of nonsense":     {"options.internal_target", promptly(), func(r *clock.Request) { r.Options = map[string]string{"internal_target": "soon"} }},
		"an internal target in days":         {"options.internal_target", promptly(), func(r *clock.Request) { r.Options = map[string]string{"internal_target": "1 day"} }},
		"a choice that is not one":           {"options.include_not_in_force", statute(), func(r *clock.Request) { r.Options = map[string]string{"include_not_in_force": "perhaps"} }},
		"an event before the rule applied":   {"rule", statute(), func(r *clock.Request) { r.At = time.Date(2018, 5, 24, 23, 59, 59, 0, time.UTC) }},
		"a rule that is not law":             {"rule", statute(), func(r *clock.Request) { r.Rule.InForce = false }},
		"a rule after its end":               {"rule", statute(), func(r *clock.Request) { r.Rule.Validity.To = clock.Date{Year: 2026, Month: time.June, Day: 11} }},
	} {
		request := ask(bad.rule)
		bad.change(&request)
		result, err := clock.Compute(request)
		require.Error(t, err, name)
		require.Equal(t, bad.field, refusal(t, err).Field, name)
		require.Equal(t, clock.Result{}, result, name)
	}
}

func TestComputeNeverPanicsAndNeverGivesALimitBeforeItsTarget(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		rule := rapid.SampledFrom([]clock.Rule{{}, statute(), contract(), promptly()}).Draw(t, "rule")
		rule.Counting = rapid.SampledFrom([]clock.Convention{rule.Counting, clock.CountElapsed, "else"}).Draw(t, "counting")
		rule.Period.Amount += rapid.SampledFrom([]int{0, 0, 1, -100, 1 << 40}).Draw(t, "more")
		request := clock.Request{
			Rule:     rule,
			At:       time.Unix(rapid.Int64().Draw(t, "seconds"), rapid.Int64().Draw(t, "nanoseconds")),
			Zone:     rapid.SampledFrom([]*time.Location{nil, time.UTC, time.FixedZone("odd", 20_700)}).Draw(t, "zone"),
			Calendar: rapid.SampledFrom([]clock.Calendar{{}, clock.NoCalendar}).Draw(t, "calendar"),
			Options: rapid.MapOf(
				rapid.SampledFrom([]string{"include_not_in_force", "internal_target", "else"}),
				rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"true", "12 hours"})),
			).Draw(t, "options"),
		}
		if rapid.Bool().Draw(t, "sensible year") {
			request.At = time.Unix(rapid.Int64Range(1_600_000_000, 4_000_000_000).Draw(t, "at"), 0)
		}
		if rapid.Bool().Draw(t, "with a period") {
			request.Period = &clock.Period{Amount: rapid.Int().Draw(t, "amount"), Unit: clock.UnitHour}
		}
		result, err := clock.Compute(request)
		if err != nil {
			require.NotEmpty(t, refusal(t, err).Field)
			return
		}
		require.False(t, result.Target.Before(request.At))
		require.Equal(t, result.Internal, result.Limit == nil, "hours never rest on a calendar")
		if result.Limit != nil {
			require.False(t, result.Limit.Before(result.Target))
			require.Less(t, result.Limit.Sub(result.Target), time.Hour)
		}
	})
}

// told is the explanation as one text.
func told(result clock.Result) string {
	var text strings.Builder
	for _, step := range result.Why {
		text.WriteString(step.Text + "\n")
	}
	return text.String()
}

func instant(t require.TestingT, text string) time.Time {
	at, err := time.Parse(time.RFC3339, text)
	require.NoError(t, err)
	return at.UTC()
}
