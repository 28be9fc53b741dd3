package packs_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/atlascloudai/docket/core/clock"
	"github.com/atlascloudai/docket/core/packs"
)

// fallsBack are the rules under which a later event can have an earlier limit, because the law itself makes it so: the
// noon relief moves a limit on a Saturday to Monday noon and leaves one on Monday morning where it is
// (Del. Reg. (EU) 2025/301 art 5(4)).
var fallsBack = []string{"dora-final", "dora-initial", "dora-intermediate"}

func TestTheRulesUnderWhichALaterEventCanEndEarlierAreNamed(t *testing.T) {
	t.Parallel()
	var relieved []string
	for _, rule := range load(t).Rules() {
		if rule.Relief != nil {
			relieved = append(relieved, rule.ID)
		}
	}
	require.Equal(t, fallsBack, relieved)
	saturday := answer(t, `{"id":"a","rule":"dora-intermediate","at":"2026-09-09T10:00:00+02:00","zone":"Europe/Amsterdam","calendar":"NL","options":{"weekend_relief":true}}`)
	monday := answer(t, `{"id":"b","rule":"dora-intermediate","at":"2026-09-11T08:00:00+02:00","zone":"Europe/Amsterdam","calendar":"NL","options":{"weekend_relief":true}}`)
	require.Greater(t, instant(t, *saturday.Limit), instant(t, *monday.Limit))
}

// TestTargetAndLimitStandOnTheRightSidesOfEachOther: a target is never later than a deadline's limit, a not-before
// clock's never earlier, and a period counted backward ends before its event.
func TestTargetAndLimitStandOnTheRightSidesOfEachOther(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		request := drawRequest(t)
		result, err := clock.Compute(request)
		require.NoError(t, err)
		require.NotZero(t, result.Target)
		if result.Limit == nil {
			require.True(t, !request.Rule.HasNumber() || result.Internal || result.Provisional || request.Facts != nil, "a limit is withheld with a reason only")
			return
		}
		switch request.Rule.Direction {
		case clock.DirectionNotAfter:
			require.False(t, result.Target.After(*result.Limit))
			require.False(t, result.Target.Before(request.At))
		case clock.DirectionNotBefore:
			require.False(t, result.Target.Before(*result.Limit))
			require.False(t, result.Limit.Before(request.At))
		case clock.DirectionBackward:
			require.False(t, result.Target.After(*result.Limit))
			require.True(t, result.Limit.Before(request.At))
		}
	})
}

// TestALaterEventNeverHasAnEarlierLimit but for the relief that the test above names.
func TestALaterEventNeverHasAnEarlierLimit(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		request := drawRequest(t)
		if request.Rule.Relief != nil {
			delete(request.Options, request.Rule.Relief.Option)
		}
		later := request
		later.At = request.At.Add(time.Duration(rapid.Int64Range(0, int64(90*24*time.Hour)).Draw(t, "later")))
		first, err := clock.Compute(request)
		require.NoError(t, err)
		second, err := clock.Compute(later)
		if err != nil || first.Limit == nil || second.Limit == nil {
			return // The facts do not fit the later event, or a calendar ends between the two.
		}
		require.False(t, second.Limit.Before(*first.Limit), "%s at %s: %s, at %s: %s", request.Rule.ID, request.At, first.Limit, later.At, second.Limit)
	})
}

// TestAPeriodInHoursIsTheSameWhereverClocksChange moves the clock change of the zone, and the zone.
func TestAPeriodInHoursIsTheSameWhereverClocksChange(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		request := drawRequest(t, func(r clock.Rule) bool {
			return r.Period.Unit == clock.UnitHour && r.Counting == clock.CountElapsed && r.Relief == nil && r.Earlier == nil
		})
		before, err := clock.Compute(request)
		require.NoError(t, err)
		request.Zone = rapid.SampledFrom([]*time.Location{time.UTC, time.FixedZone("", 20_700), drawZone(t, zoneNames(t))}).Draw(t, "elsewhere")
		request.Options[clock.OptionIncludeNotInForce] = "true"
		after, err := clock.Compute(request)
		require.NoError(t, err)
		require.True(t, before.Target.Equal(after.Target))
		require.True(t, before.Limit.Equal(*after.Limit))
	})
}

// TestMonthsClampAndSkipNone: the strict last day of n months lies in the n-th month, on the same date or its last.
func TestMonthsClampAndSkipNone(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		request := drawRequest(t)
		request.Rule, _ = load(t).Rule(rapid.SampledFrom([]string{"gdpr-12-3", "nis2-final-report", "uk-gdpr-12-3"}).Draw(t, "months"))
		request.Facts, request.Period, request.Options = nil, nil, map[string]string{clock.OptionIncludeNotInForce: "true"}
		result, err := clock.Compute(request)
		require.NoError(t, err)
		from, to := clock.DateIn(request.At, request.Zone), clock.DateIn(result.Target, request.Zone)
		months := (to.Year-from.Year)*12 + int(to.Month) - int(from.Month)
		require.Equal(t, 1, months)
		require.True(t, to.Day == from.Day || to.Day < from.Day && to.AddDays(1).Day == 1, "%s to %s", from, to)
	})
}

// TestWhatIsSentByTheBackwardLimitMayTakeEffectInTime is the round trip of a notice of change: counted backward from
// the change, and forward again from the sending.
func TestWhatIsSentByTheBackwardLimitMayTakeEffectInTime(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		request := drawRequest(t)
		request.Facts, request.Options = nil, nil
		request.Period = drawPeriod(t)
		request.Rule, _ = load(t).Rule("dpa-subprocessor-notice")
		back, err := clock.Compute(request)
		require.NoError(t, err)
		if back.Limit == nil {
			return
		}
		nominal := back.Limit.AddDate(0, 0, 1)
		require.True(t, nominal.Before(request.At) || request.Period.Unit == clock.UnitHour, "nothing rolls later")

		sent := back.Limit.Add(-time.Duration(rapid.Int64Range(0, int64(60*24*time.Hour)).Draw(t, "earlier")))
		forward := request
		forward.Rule, _ = load(t).Rule("policy-change-notice")
		forward.At = sent
		wait, err := clock.Compute(forward)
		require.NoError(t, err)
		if wait.Limit != nil {
			require.False(t, wait.Limit.After(request.At), "sent %s, may take effect after %s, wanted at %s", sent, wait.Limit, request.At)
		}
	})
}

// TestANotBeforeClockNeverRollsEarlier holds that neither of its instants is before the bare count of days or months.
func TestANotBeforeClockNeverRollsEarlier(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		request := drawRequest(t, func(r clock.Rule) bool { return r.Direction == clock.DirectionNotBefore })
		period := request.Rule.Period
		if request.Period != nil {
			period = *request.Period
		}
		last := clock.DateIn(request.At, request.Zone)
		switch period.Unit {
		case clock.UnitMonth:
			last = last.AddMonths(period.Amount)
		case clock.UnitHour:
			last = clock.DateIn(request.At.Add(time.Duration(period.Amount)*time.Hour), request.Zone)
		default:
			last = last.AddDays(period.Amount)
		}
		result, err := clock.Compute(request)
		require.NoError(t, err)
		require.False(t, clock.DateIn(result.Target, request.Zone).Before(last), "%s: target %s", request.Rule.ID, result.Target)
		if result.Limit != nil {
			require.False(t, clock.DateIn(*result.Limit, request.Zone).Before(last), "%s: limit %s", request.Rule.ID, result.Limit)
		}
	})
}

// TestBeyondTheKnownYearsALimitIsWithheldAndSaysSo asks in 2031, for which no calendar speaks.
func TestBeyondTheKnownYearsALimitIsWithheldAndSaysSo(t *testing.T) {
	t.Parallel()
	got := answer(t, `{"id":"y","rule":"gdpr-12-3","at":"2031-04-30T10:00:00+02:00","zone":"Europe/Berlin","calendar":"DE"}`)
	require.Nil(t, got.Limit)
	require.Equal(t, "2031-05-30T23:59:59+02:00", *got.Target)
	require.Contains(t, said(got.Why), "Calendar provisional")
	business := answer(t, `{"id":"y","rule":"lgpd-incident","at":"2031-09-05T10:00:00-03:00","zone":"America/Sao_Paulo","calendar":"BR"}`)
	require.Nil(t, business.Limit)
	require.Equal(t, "2031-09-10T23:59:59-03:00", *business.Target, "weekends only, though 7 September would be a holiday")
}

// said is an explanation as one text.
func said(why []packs.Reason) string {
	var text strings.Builder
	for _, reason := range why {
		text.WriteString(reason.Text + "\n")
	}
	return text.String()
}

// drawRequest draws a question that can be answered: a rule of the pack, an event, a place, and whatever the rule knows.
func drawRequest(t *rapid.T, wanted ...func(clock.Rule) bool) clock.Request {
	pack := load(t)
	rules := pack.Rules()
	for _, want := range wanted {
		rules = slices.DeleteFunc(rules, func(r clock.Rule) bool { return !want(r) })
	}
	rule := rapid.SampledFrom(rules).Draw(t, "rule")
	names := make([]string, 0, len(calendarNames))
	calendar, err := pack.Calendar(rapid.SampledFrom(append(names, calendarNames...)).Draw(t, "calendar"))
	require.NoError(t, err)
	request := clock.Request{
		Rule: rule, Calendar: calendar, Zone: drawZone(t, zoneNames(t)), Options: map[string]string{clock.OptionIncludeNotInForce: "true"},
		At: time.Unix(rapid.Int64Range(1_704_067_200, 1_924_905_600).Draw(t, "at"), rapid.Int64Range(0, 999_999_999).Draw(t, "nanoseconds")),
	}
	if rule.FromContract {
		request.Period = drawPeriod(t)
	}
	options := []string{}
	if rule.Extension != nil {
		options = append(options, clock.OptionExtended)
	}
	for _, variant := range rule.Variants {
		options = append(options, variant.Option)
	}
	if len(options) > 0 && rapid.Bool().Draw(t, "with an option") {
		request.Options[rapid.SampledFrom(options).Draw(t, "option")] = "true"
	}
	if rule.Relief != nil && rapid.Bool().Draw(t, "relief") {
		request.Options[rule.Relief.Option] = "true"
	}
	if rule.Start == clock.StartRequestReceived {
		request.Options[clock.OptionRight] = rapid.SampledFrom(clock.Rights).Draw(t, "right")
	}
	span := func(name string) time.Duration {
		return time.Duration(rapid.Int64Range(0, int64(30*24*time.Hour)).Draw(t, name))
	}
	if rule.Cap != nil && rapid.Bool().Draw(t, "with a fact") {
		request.Facts = map[string]time.Time{rule.Cap.Fact: request.At.Add(-span("before"))}
	}
	if rule.Reset != nil && rapid.Bool().Draw(t, "with a reset") {
		request.Facts = map[string]time.Time{rule.Reset.Facts[0]: request.At.Add(span("after"))}
	}
	if rule.Pause != nil && rapid.Bool().Draw(t, "with a pause") {
		asked := request.At.Add(span("asked"))
		request.Facts = map[string]time.Time{rule.Pause.Asked: asked, rule.Pause.Answered: asked.Add(span("answered"))}
	}
	return request
}

func drawPeriod(t *rapid.T) *clock.Period {
	unit := rapid.SampledFrom([]clock.Unit{clock.UnitHour, clock.UnitCalendarDay, clock.UnitBusinessDay, clock.UnitMonth}).Draw(t, "unit")
	return &clock.Period{Amount: rapid.IntRange(1, 40).Draw(t, "amount"), Unit: unit}
}

// calendarNames are calendars of every kind: none, plain, extended, with closing days, with another weekend.
var calendarNames = []string{"NONE", "DE", "DE-BY", "BE", "IE", "GB-ENG", "US-FED", "US-CA", "BR", "BR+PF", "JP-ADM", "AU", "CA", "SE"}
