package person

import (
	"maps"
	"reflect"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// Every language says all that English says, with the same values in the same letters.
func TestEveryLanguageHasAllWords(t *testing.T) {
	t.Parallel()
	english := languages()[fallback]
	for language, w := range languages() {
		require.Len(t, w.Months, 12, language)
		for _, of := range []reflect.Value{reflect.ValueOf(w), reflect.ValueOf(w.Lines), reflect.ValueOf(w.Instructed)} {
			for i := range of.NumField() {
				require.False(t, of.Field(i).IsZero(), "%s: %s", language, of.Type().Field(i).Name)
			}
		}
		require.Len(t, w.Subjects, len(english.Subjects), language)
		for kind, subject := range english.Subjects {
			require.Equal(t, placeholders(subject), placeholders(w.Subjects[kind]), "%s: %s", language, kind)
		}
		require.Len(t, w.Rights, len(english.Rights), language)
		for right := range english.Rights {
			require.NotEmpty(t, w.Rights[right].Asks, "%s: %s", language, right)
			require.NotEmpty(t, w.Rights[right].Answer, "%s: %s", language, right)
		}
		for name, pair := range map[string][2]map[string]string{"classes": {english.Classes, w.Classes}, "grounds": {english.Grounds, w.Grounds}, "remedies": {english.Remedies, w.Remedies}} {
			require.ElementsMatch(t, slices.Collect(maps.Keys(pair[0])), slices.Collect(maps.Keys(pair[1])), "%s: %s", language, name)
		}
		require.Len(t, w.Letters, len(english.Letters), language)
		for kind, paragraphs := range english.Letters {
			require.Len(t, w.Letters[kind], len(paragraphs), "%s: %s", language, kind)
			for i, paragraph := range paragraphs {
				require.ElementsMatch(t, placeholders(paragraph), placeholders(w.Letters[kind][i]), "%s: %s: %s", language, kind, w.Letters[kind][i])
			}
		}
		for i, lines := 0, reflect.ValueOf(w.Lines); i < lines.NumField(); i++ {
			require.Equal(t, placeholders(reflect.ValueOf(english.Lines).Field(i).String()), placeholders(lines.Field(i).String()), "%s: %s", language, lines.Type().Field(i).Name)
		}
	}
}

func placeholders(phrase string) []string { return placeholder.FindAllString(phrase, -1) }
