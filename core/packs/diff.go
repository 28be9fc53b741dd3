package packs

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"unicode"

	"github.com/atlascloudai/docket/core/clock"
)

// Change is one difference between two packs.
type Change struct {
	// Name is the rule's id, "calendar NAME", or "zone data".
	Name string
	// Field is what differs: a key of the rule as the pack writes it, or of a calendar a day, "known", "weekend" or
	// "closed" and a day; "" where the rule or the calendar is new or gone.
	Field string
	// From and To are the values; "" where there is none.
	From, To string
}

// Diff says what a newer pack changes about the rules, the calendars and the zone data of an older one, by name and field.
// Versions of packs do not count.
func Diff(older, newer *Pack) []Change {
	var changes []Change
	for _, was := range older.Rules() {
		is, kept := newer.Rule(was.ID)
		if !kept {
			changes = append(changes, Change{Name: was.ID, From: was.Citation})
			continue
		}
		changes = append(changes, changedFields(was, is)...)
	}
	for _, is := range newer.Rules() {
		if _, known := older.Rule(is.ID); !known {
			changes = append(changes, Change{Name: is.ID, To: is.Citation})
		}
	}
	slices.SortStableFunc(changes, func(a, b Change) int { return strings.Compare(a.Name, b.Name) })
	changes = append(changes, changedCalendars(older, newer)...)
	if older.ZoneVersion != newer.ZoneVersion {
		changes = append(changes, Change{Name: "zone data", Field: "version", From: older.ZoneVersion, To: newer.ZoneVersion})
	}
	return changes
}

// changedFields compares a rule key by key. That a number comes from the contract is a matter of the key "period".
func changedFields(was, is clock.Rule) []Change {
	var changes []Change
	before, after := reflect.ValueOf(was), reflect.ValueOf(is)
	for i := range before.NumField() {
		field := before.Type().Field(i).Name
		from, to := before.Field(i).Interface(), after.Field(i).Interface()
		switch {
		case field == "PackVersion" || field == "ZoneData" || field == "FromContract":
			continue
		case field == "Period":
			from, to = numberOf(was), numberOf(is)
		}
		if !reflect.DeepEqual(from, to) {
			changes = append(changes, Change{Name: was.ID, Field: keyOf(field), From: written(from), To: written(to)})
		}
	}
	return changes
}

func numberOf(rule clock.Rule) string {
	if rule.FromContract {
		return fromContract
	}
	return written(rule.Period)
}

// keyOf is the pack's key for a field of the record, e.g. "outer_limit" for OuterLimit.
func keyOf(field string) string {
	if field == "ID" {
		return "id"
	}
	var key strings.Builder
	for i, letter := range field {
		if i > 0 && unicode.IsUpper(letter) {
			key.WriteByte('_')
		}
		key.WriteRune(unicode.ToLower(letter))
	}
	return key.String()
}

// written is a value as a reader may compare it.
func written(value any) string {
	if v := reflect.ValueOf(value); v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return "none"
		}
		value = v.Elem().Interface()
	}
	if period, is := value.(clock.Period); is {
		if period == (clock.Period{}) || period.Unit == clock.UnitNone {
			return noNumber
		}
		return period.String()
	}
	if value == "" {
		return "none"
	}
	return fmt.Sprintf("%v", value)
}

// changedCalendars compares day by day: what moves an instant is a day that is off in one pack and not in the other.
func changedCalendars(older, newer *Pack) []Change {
	var changes []Change
	names := older.Calendars()
	for _, name := range newer.Calendars() {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		was, kept := older.calendars[name]
		is, there := newer.calendars[name]
		subject := "calendar " + name
		switch {
		case !there:
			changes = append(changes, Change{Name: subject, From: was.Place})
			continue
		case !kept:
			changes = append(changes, Change{Name: subject, To: is.Place})
			continue
		}
		change := func(field, from, to string) {
			if from != to {
				changes = append(changes, Change{Name: subject, Field: field, From: from, To: to})
			}
		}
		change("known", fmt.Sprintf("%s to %s", was.KnownFrom, was.KnownUntil), fmt.Sprintf("%s to %s", is.KnownFrom, is.KnownUntil))
		change("weekend", fmt.Sprint(was.Weekend), fmt.Sprint(is.Weekend))
		for _, days := range []struct {
			of       string
			from, to map[clock.Date]string
		}{{"", was.Holidays, is.Holidays}, {"closed ", was.Closed, is.Closed}} {
			all := maps.Clone(days.from)
			if all == nil {
				all = map[clock.Date]string{}
			}
			maps.Copy(all, days.to)
			for _, day := range slices.SortedFunc(maps.Keys(all), func(a, b clock.Date) int { return b.DaysUntil(a) }) {
				if (days.from[day] == "") != (days.to[day] == "") {
					change(days.of+day.String(), orNone(days.from[day]), orNone(days.to[day]))
				}
			}
		}
	}
	return changes
}

func orNone(name string) string {
	if name == "" {
		return "none"
	}
	return name
}
