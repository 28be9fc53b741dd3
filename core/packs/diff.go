package packs

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/atlascloudai/docket/core/clock"
)

// Change is one difference between two packs.
type Change struct {
	// Rule is the rule's id.
	Rule string
	// Field is the field of the rule that differs, as the Go record names it; "" where the rule is new or gone.
	Field string
	// From and To are the values; "" where there is none.
	From, To string
}

// Diff says what a newer pack changes about the rules of an older one, by rule and field. Versions do not count.
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
