package packs

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/atlascloudai/docket/core/clock"
)

// Change is one difference between two packs.
type Change struct {
	// Rule is the rule's id, or "calendar" and the calendar's name, or "zone data".
	Rule string
	// Field is the field of the rule that differs, as the Go record names it, or the date that does in a calendar; "" where
	// the rule or the calendar is new or gone.
	Field string
	// From and To are the values; "" where there is none.
	From, To string
}

// Diff says what a newer pack changes about the rules of an older one, by rule and field, about its calendars, by day, and
// whether its zone data is of another release.
func Diff(older, newer *Pack) []Change {
	var changes []Change
	for _, was := range older.Rules() {
		is, kept := newer.Rule(was.ID)
		if !kept {
			changes = append(changes, Change{Rule: was.ID, From: was.Citation})
			continue
		}
		changes = append(changes, changedFields(was, is)...)
	}
	for _, is := range newer.Rules() {
		if _, known := older.Rule(is.ID); !known {
			changes = append(changes, Change{Rule: is.ID, To: is.Citation})
		}
	}
	for name := range older.calendars {
		is, kept := newer.calendars[name]
		if !kept {
			changes = append(changes, Change{Rule: "calendar " + name, From: older.calendars[name].Place})
			continue
		}
		changes = append(changes, changedDays(older.calendars[name], is)...)
	}
	for name, is := range newer.calendars {
		if _, known := older.calendars[name]; !known {
			changes = append(changes, Change{Rule: "calendar " + name, To: is.Place})
		}
	}
	if older.ZoneVersion != newer.ZoneVersion {
		changes = append(changes, Change{Rule: "zone data", Field: "release", From: older.ZoneVersion, To: newer.ZoneVersion})
	}
	slices.SortStableFunc(changes, func(a, b Change) int { return strings.Compare(a.Rule, b.Rule) })
	return changes
}

func changedFields(was, is clock.Rule) []Change {
	var changes []Change
	before, after := reflect.ValueOf(was), reflect.ValueOf(is)
	for i := range before.NumField() {
		field := before.Type().Field(i).Name
		from, to := before.Field(i).Interface(), after.Field(i).Interface()
		if field == "PackVersion" || field == "ZoneData" || reflect.DeepEqual(from, to) {
			continue
		}
		changes = append(changes, Change{Rule: was.ID, Field: field, From: written(from), To: written(to)})
	}
	return changes
}

// changedDays are the days that are off by one calendar only or by another name, and the days of which only one speaks.
func changedDays(was, is clock.Calendar) []Change {
	name := "calendar " + was.Name
	var changes []Change
	for field, days := range map[string][2]clock.Date{"known from": {was.KnownFrom, is.KnownFrom}, "known until": {was.KnownUntil, is.KnownUntil}} {
		if days[0] != days[1] {
			changes = append(changes, Change{Rule: name, Field: field, From: days[0].String(), To: days[1].String()})
		}
	}
	if !slices.Equal(was.Weekend, is.Weekend) {
		changes = append(changes, Change{Rule: name, Field: "weekend", From: written(was.Weekend), To: written(is.Weekend)})
	}
	days := map[clock.Date]bool{}
	for _, off := range []map[clock.Date]string{was.Holidays, was.Closed, is.Holidays, is.Closed} {
		for day := range off {
			days[day] = true
		}
	}
	for day := range days {
		if from, to := dayOff(was, day), dayOff(is, day); from != to {
			changes = append(changes, Change{Rule: name, Field: day.String(), From: from, To: to})
		}
	}
	slices.SortFunc(changes, func(a, b Change) int { return strings.Compare(a.Field, b.Field) })
	return changes
}

// dayOff says why a day is off besides the weekend.
func dayOff(calendar clock.Calendar, day clock.Date) string {
	switch closed := calendar.Closed[day]; {
	case day.Before(calendar.KnownFrom) || calendar.KnownUntil.Before(day):
		return "not known"
	case closed != "":
		return "closed, " + closed
	}
	return cmp.Or(calendar.Holidays[day], "not off")
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
		return period.String()
	}
	return fmt.Sprintf("%v", value)
}
