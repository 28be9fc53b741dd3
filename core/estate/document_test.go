package estate

import (
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestTheReferenceForgetsNothing: docs/estate.md has a row for every member, and names every word that a member may have and
// every ground with its letter and term; its examples read.
func TestTheReferenceForgetsNothing(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/estate.md")
	require.NoError(t, err)
	document := string(text)

	for _, name := range members(reflect.TypeFor[Estate]()) {
		require.Contains(t, document, "\n| `"+name+"` | ", "a member")
	}
	for _, list := range []any{Kinds, Classes, Masks, []Strategy{Delete, MaskFields}, []Direction{From, To}, []string{FidesUnsupported, FidesUndecided}} {
		for i := range reflect.ValueOf(list).Len() {
			require.Contains(t, document, "`"+reflect.ValueOf(list).Index(i).String()+"`", "a word")
		}
	}
	for _, ground := range Grounds {
		require.Regexp(t, "\n\\| `"+string(ground)+"` \\| art 17\\(3\\)\\("+ground.Letter()+"\\)[^|]*\\| "+ground.DPV()+" \\|", document)
	}
	for _, c := range fidesClasses {
		require.Contains(t, document, "`"+c.category+"`", "a category")
	}
	examples := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(document, -1)
	require.Len(t, examples, 2)
	whole, err := Read([]byte(examples[0][1]))
	require.NoError(t, err)
	require.Empty(t, whole.Validate())
	_, err = Read([]byte(examples[1][1]))
	require.NoError(t, err)
}

// members are the names that a file may write, of a type and all below it.
func members(of reflect.Type) []string {
	for of.Kind() == reflect.Slice || of.Kind() == reflect.Pointer {
		of = of.Elem()
	}
	if of.Kind() != reflect.Struct {
		return nil
	}
	var names []string
	for _, field := range reflect.VisibleFields(of) {
		if name, _, _ := strings.Cut(field.Tag.Get("yaml"), ","); name != "-" {
			names = append(append(names, name), members(field.Type)...)
		}
	}
	return names
}
