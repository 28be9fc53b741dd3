package packs

import (
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/atlascloudai/docket/core/clock"
	"github.com/atlascloudai/docket/core/duty"
)

// TestLegalTimeForgetsNothing: docs/legal-time.md names every start word with what it means, every trait, every key of a
// rule, every choice, calendar, fact and right, and every source that a rule rests on.
func TestLegalTimeForgetsNothing(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/legal-time.md")
	require.NoError(t, err)
	document := string(text)
	pack, err := Load()
	require.NoError(t, err)

	for _, word := range clock.StartWords() {
		require.Contains(t, document, "\n| `"+string(word)+"` | "+word.Happening(), "the start word and what it means")
	}
	for _, trait := range duty.Traits {
		require.Contains(t, document, "\n| `"+string(trait)+"` |")
	}
	_, contingent, _ := strings.Cut(section(document, "## Whom a rule binds"), "**Words that only some incidents know**")
	contingent, _, _ = strings.Cut(contingent, ". ")
	for _, word := range clock.StartWords() {
		require.Equal(t, word.Contingent(), strings.Contains(contingent, "`"+string(word)+"`"), "a word that only some incidents know: %s", word)
	}
	require.Equal(t, len(clock.StartWords()), rows(document, "## Start words"), "no start word that is gone")
	require.Equal(t, len(duty.Traits), rows(document, "## Traits"), "no trait that is gone")

	keys := keysOf(reflect.TypeFor[clock.Rule](), "")
	anatomy := section(document, "## Anatomy of a rule")
	for _, key := range keys {
		require.Regexp(t, "(?m)^\\|[^|]*`"+regexp.QuoteMeta(key)+"`[^|]*\\|", anatomy, "a key of a rule")
	}
	for _, used := range usedKeys(t) {
		require.Contains(t, keys, used, "the keys are those that packs use")
	}

	for _, name := range pack.Calendars() {
		require.Contains(t, document, "`"+name+"`", "a calendar")
	}
	for _, fact := range clock.Facts {
		require.Contains(t, document, "`"+fact+"`", "a fact")
	}
	for _, right := range clock.Rights {
		require.Contains(t, document, "`"+right+"`", "a right")
	}
	for _, choice := range []any{
		clock.CountElapsed, clock.CountReg1182, clock.CountDayAfter, clock.CountDayOfEvent, clock.RollNone, clock.RollNextWorkingDay, clock.RollNoonNextWorkingDay,
		clock.DirectionNotAfter, clock.DirectionNotBefore, clock.DirectionBackward, clock.RoleController, clock.RoleProcessor, clock.RoleEntity, clock.RoleSupplier,
		clock.ToAuthority, clock.ToCustomer, clock.ToPeople, clock.ToPublic, clock.ToInsurer, clock.ToOurselves,
		clock.ConfidenceVerified, clock.ConfidenceSecondary, clock.ConfidenceGeneral, clock.OptionExtended, clock.OptionRight, clock.OptionInternalTarget, clock.OptionIncludeNotInForce,
	} {
		require.Contains(t, document, "`"+reflect.ValueOf(choice).String()+"`", "a choice")
	}

	sources := section(document, "## Sources")
	reference := regexp.MustCompile(`\bR\d+b?\b`)
	for _, rule := range pack.Rules() {
		for _, ref := range reference.FindAllString(rule.Source, -1) {
			require.Regexp(t, `(?m)^\| [^|]*\b`+ref+`\b[^|]*\|`, sources, "%s rests on it", rule.ID)
		}
	}
	for _, page := range []string{"../../docs/legal-time.md", "../../README.md", "pack.yaml"} {
		text, err := os.ReadFile(page)
		require.NoError(t, err)
		require.Contains(t, string(text), "not legal advice", page)
	}
}

// keysOf are the keys of the record as the pack writes them, nested ones with a dot.
func keysOf(record reflect.Type, above string) []string {
	var keys []string
	for i := range record.NumField() {
		field := record.Field(i)
		switch field.Name {
		case "FromContract", "PackVersion", "ZoneData": // part of "period"; what loading adds
			continue
		}
		keys = append(keys, above+keyOf(field.Name))
		nested := field.Type
		if nested.Kind() == reflect.Pointer || nested.Kind() == reflect.Slice {
			nested = nested.Elem()
		}
		if above == "" && nested.Kind() == reflect.Struct && nested != reflect.TypeFor[clock.Period]() {
			keys = append(keys, keysOf(nested, keyOf(field.Name)+".")...)
		}
	}
	return keys
}

// usedKeys are the keys that the rules of the pack have.
func usedKeys(t *testing.T) []string {
	t.Helper()
	names, err := embedded.ReadDir("rules")
	require.NoError(t, err)
	var keys []string
	for _, name := range names {
		text, err := embedded.ReadFile("rules/" + name.Name())
		require.NoError(t, err)
		var file struct{ Rules []map[string]any }
		require.NoError(t, yaml.Unmarshal(text, &file))
		for _, rule := range file.Rules {
			for key, value := range rule {
				keys = append(keys, key)
				nested, _ := value.(map[string]any)
				if list, is := value.([]any); is && len(list) > 0 {
					nested, _ = list[0].(map[string]any)
				}
				for below := range nested {
					keys = append(keys, key+"."+below)
				}
			}
		}
	}
	return keys
}

// section is the text below a heading, to the next of its rank.
func section(document, heading string) string {
	_, below, _ := strings.Cut(document, "\n"+heading+"\n")
	text, _, _ := strings.Cut(below, "\n## ")
	return text
}

// rows counts the rows of a section's table.
func rows(document, heading string) int {
	return strings.Count(section(document, heading), "\n| `")
}
