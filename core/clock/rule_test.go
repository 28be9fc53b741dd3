package clock_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/clock"
)

func TestARuleThatContradictsItselfIsRefused(t *testing.T) {
	t.Parallel()
	require.NoError(t, statute().Validate())
	require.NoError(t, contract().Validate())
	require.NoError(t, promptly().Validate())
	for field, change := range map[string]func(*clock.Rule){
		"id":                  func(r *clock.Rule) { r.ID = "" },
		"citation":            func(r *clock.Rule) { r.Citation = "" },
		"start":               func(r *clock.Rule) { r.Start = "whenever" },
		"follows":             func(r *clock.Rule) { r.Start = clock.StartFilingSubmitted },
		"role":                func(r *clock.Rule) { r.Role = "bystander" },
		"counting":            func(r *clock.Rule) { r.Counting = "" },
		"direction":           func(r *clock.Rule) { r.Direction = "sideways" },
		"confidence":          func(r *clock.Rule) { r.Confidence = "sure" },
		"validity.confidence": func(r *clock.Rule) { r.Validity.Confidence = "" },
		"validity.to":         func(r *clock.Rule) { r.Validity.To = clock.Date{Year: 2017, Month: time.May, Day: 1} },
		"adoption":            func(r *clock.Rule) { r.Adoption = &clock.Adoption{By: "A. Sample"} },
		"period":              func(r *clock.Rule) { r.FromContract = true },
		"words":               func(r *clock.Rule) { r.Period = clock.Period{Unit: clock.UnitNone} },
		"internal_target":     func(r *clock.Rule) { r.InternalTarget = clock.Hours(24) },
		"roll":                func(r *clock.Rule) { r.Roll = clock.RollNextWorkingDay },
		"binds.to":            func(r *clock.Rule) { r.Binds.To = "somebody" },
		"outer_limit":         func(r *clock.Rule) { *r = promptly(); r.OuterLimit = true },
		"cut_off":             func(r *clock.Rule) { *r = request(); r.CutOff = "noon" },
		"strict.counting":     func(r *clock.Rule) { *r = request(); r.Strict.Counting = "else" },
		"strict.period":       func(r *clock.Rule) { *r = request(); r.Strict.Period = clock.Hours(24) },
		"arises_after":        func(r *clock.Rule) { r.ArisesAfter = clock.Hours(-1) },
		"relief":              func(r *clock.Rule) { r.Relief = &clock.Relief{Option: "weekend_relief"} },
		"cap":                 func(r *clock.Rule) { r.Cap = &clock.Cap{Fact: "guess", Period: clock.Hours(24)} },
		"extension.period":    func(r *clock.Rule) { r.Extension = &clock.Extension{Period: clock.Hours(72)} },
		"variants":            func(r *clock.Rule) { r.Variants = []clock.Variant{{Option: "small_agent"}} },
		"reset.facts":         func(r *clock.Rule) { r.Reset = &clock.Reset{Facts: []string{"guess"}} },
		"pause":               func(r *clock.Rule) { *r = request(); r.Pause.Rights = nil },
		"earlier.period":      func(r *clock.Rule) { r.Earlier = []clock.Earlier{{}} },
		"earlier.validity":    func(r *clock.Rule) { r.Earlier = []clock.Earlier{{Period: clock.Hours(24), Validity: r.Validity}} },
	} {
		rule := statute()
		change(&rule)
		require.Equal(t, field, refusal(t, rule.Validate()).Field, field)
	}
}

func TestTermsThatACountWouldPassOverAreRefused(t *testing.T) {
	t.Parallel()
	for name, bad := range map[string]struct {
		field  string
		change func(*clock.Rule)
	}{
		"days of disruption":                {"arises_after", func(r *clock.Rule) { r.ArisesAfter = clock.Period{Amount: 4, Unit: clock.UnitCalendarDay} }},
		"a stricter reading of hours":       {"strict", func(r *clock.Rule) { r.Strict.Period = clock.Hours(24) }},
		"a cut-off counted backward":        {"direction", func(r *clock.Rule) { *r = notice(); r.CutOff = "17:30" }},
		"a window without a number":         {"direction", func(r *clock.Rule) { *r = promptly(); r.Direction = clock.DirectionNotBefore }},
		"a cap of a window":                 {"cap", func(r *clock.Rule) { *r = capped(); r.Direction = clock.DirectionNotBefore }},
		"a relief that rolls to no one day": {"relief", func(r *clock.Rule) { r.Relief = &clock.Relief{Option: "weekend_relief", Roll: "someday"} }},
	} {
		rule := statute()
		bad.change(&rule)
		require.Equal(t, bad.field, refusal(t, rule.Validate()).Field, name)
	}
}

// TestARollToNoonEndsAtNoon, by the rule itself as by a relief.
func TestARollToNoonEndsAtNoon(t *testing.T) {
	t.Parallel()
	rule := request()
	rule.Roll = clock.RollNoonNextWorkingDay
	asked := ask(rule)
	asked.At = time.Date(2026, 8, 12, 15, 0, 0, 0, time.UTC)
	asked.Calendar = clock.Calendar{
		Name: "XX", Weekend: []time.Weekday{time.Saturday, time.Sunday},
		KnownFrom: clock.Date{Year: 2026, Month: time.January, Day: 1}, KnownUntil: clock.Date{Year: 2026, Month: time.December, Day: 31},
	}
	result, err := clock.Compute(asked)
	require.NoError(t, err)
	require.Equal(t, "2026-09-14T12:00:00Z", result.Limit.Format(time.RFC3339))
	require.Contains(t, told(result), "ends at noon of the next working day, Monday 2026-09-14")
}

func TestDatesAreCivilDatesOfAZone(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 9, 30, 22, 30, 0, 0, time.UTC)
	require.Equal(t, "2026-09-30", clock.DateIn(at, time.UTC).String())
	require.Equal(t, "2026-10-01", clock.DateIn(at, time.FixedZone("", 7200)).String())

	earlier, err := clock.ParseDate("2025-12-31")
	require.NoError(t, err)
	require.True(t, earlier.Before(clock.DateIn(at, time.UTC)))
	require.False(t, earlier.Before(earlier))
	for _, text := range []string{"", "2026-02-30", "0000-01-01", "31.12.2025"} {
		_, err := clock.ParseDate(text)
		require.Equal(t, "date", refusal(t, err).Field, text)
	}
}
