package duty_test

import (
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/atlascloudai/docket/core/clock"
	"github.com/atlascloudai/docket/core/duty"
)

func TestCustomersWithOneKeyShareOneResolution(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s, subject := anySet(t), anySubject(t)
		accepted := duty.Set{Documents: reversed(s.Documents), Terms: reversed(s.Terms), Accepted: map[string]time.Time{}}
		for _, d := range s.Documents {
			accepted.Accepted[d.ID] = incident.Add(-time.Duration(rapid.IntRange(0, 1000).Draw(t, "hours")) * time.Hour)
		}
		require.Equal(t, s.Key(subject), accepted.Key(subject), "neither row order nor the date of acceptance is in the key")
		require.Equal(t, duty.Resolve(s, subject), duty.Resolve(accepted, subject))

		other := anySet(t)
		if s.Key(subject) == other.Key(subject) {
			require.Equal(t, duty.Resolve(s, subject), duty.Resolve(other, subject))
		}
	})
}

func TestTheKeyDependsOnWhatIsInForceAtTheInstant(t *testing.T) {
	t.Parallel()
	s := set(document("dpa", duty.DPA, "2026-11-10"), term("dpa", 48))
	before, after := content("chat"), content("chat")
	after.At = incident.AddDate(0, 0, 2)
	require.NotEqual(t, s.Key(before), s.Key(after))
	s.Accepted = map[string]time.Time{"dpa": after.At.AddDate(0, 0, 1)}
	require.Equal(t, s.Key(before), s.Key(after), "the customer accepts it later still")
}

// Every field of a document and of a term is in the key: a field added later
// fails here until the key covers it.
func TestEveryFieldChangesTheKey(t *testing.T) {
	t.Parallel()
	filled := func() (duty.Document, duty.Term) {
		d, p := document("dpa", duty.DPA, "2025-01-01"), term("dpa", 48, "chat")
		p.Content = []string{"nature"}
		return d, p
	}
	d, p := filled()
	original := set(d, p).Key(content("chat"))
	check := func(owner any, change func(field reflect.Value), key func() string, name string) {
		field := reflect.ValueOf(owner).Elem().FieldByName(name)
		require.True(t, field.CanSet(), name)
		change(field)
		require.NotEqual(t, original, key(), name)
	}
	earlier := incident.Add(-time.Hour)
	later := incident.Add(time.Hour)
	change := func(field reflect.Value) {
		switch value := field.Interface().(type) {
		case time.Time:
			field.Set(reflect.ValueOf(value.Add(-time.Hour)))
		case clock.Date:
			field.Set(reflect.ValueOf(clock.Date{Year: value.Year - 1, Month: 1, Day: 1}))
		case *clock.Period:
			field.Set(reflect.ValueOf(&clock.Period{Amount: 48, Unit: clock.UnitCalendarDay}))
		case duty.Scope:
			field.Set(reflect.ValueOf(duty.Scope{Touched: value.Touched}))
		case map[string]string:
			field.Set(reflect.ValueOf(map[string]string{"weekend_relief": "true"}))
		case int:
			field.SetInt(int64(value) + 1)
		case string:
			field.SetString(value + "x")
		default:
			switch field.Kind() {
			case reflect.String:
				field.SetString(field.String() + "x")
			case reflect.Slice:
				field.Set(reflect.Append(field, reflect.Zero(field.Type().Elem())))
			default:
				t.Fatalf("a field of type %s needs a change of its own", field.Type())
			}
		}
	}
	optional := func(name string) func(reflect.Value) {
		switch name {
		case "EffectiveTo":
			return func(field reflect.Value) { field.Set(reflect.ValueOf(&later)) }
		case "EffectiveFrom":
			return func(field reflect.Value) {
				if field.Kind() == reflect.Pointer {
					field.Set(reflect.ValueOf(&earlier))
				} else {
					change(field)
				}
			}
		default:
			return change
		}
	}
	for _, field := range reflect.VisibleFields(reflect.TypeFor[duty.Document]()) {
		d, p := filled()
		check(&d, optional(field.Name), func() string { return set(d, p).Key(content("chat")) }, field.Name)
	}
	for _, field := range reflect.VisibleFields(reflect.TypeFor[duty.Term]()) {
		d, p := filled()
		check(&p, optional(field.Name), func() string { return set(d, p).Key(content("chat")) }, field.Name)
	}
	touched := content("chat")
	touched.Touched = append(touched.Touched, duty.Availability)
	require.NotEqual(t, original, set(d, p).Key(touched))
	require.NotEqual(t, original, set(d, p).Key(content("video")))
}
