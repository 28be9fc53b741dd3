package request_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/cases/request"
)

func TestALetterIsReadOnlyWhereItsWordsNameOneRight(t *testing.T) {
	t.Parallel()
	for letter, want := range map[string]struct {
		right    request.Right
		language string
	}{
		"Please delete my account":                                {request.Erasure, "en"},
		"Bitte löschen Sie meine Daten":                           {request.Erasure, "de"},
		"Veuillez effacer mes données":                            {request.Erasure, "fr"},
		"Solicito eliminar mis datos, por favor":                  {request.Erasure, "es"},
		"I want a copy of my data":                                {request.Access, "en"},
		"Ich bitte um Auskunft über meine Daten":                  {request.Access, "de"},
		"Do not sell my personal information":                     {request.OptOut, "en"},
		"Please do not delete my account":                         {"", "en"},
		"Send a copy of my data, then delete it":                  {"", "en"},
		"Hello\n> please delete":                                  {"", "en"},
		"":                                                        {"", "en"},
		"\x00\xff\u202e":                                          {"", "en"},
		"Please don't erase anything before I have talked to you": {"", "en"},
	} {
		right, decided := request.ReadRight(letter)
		require.Equal(t, want.right, right, letter)
		require.Equal(t, want.right != "", decided, letter)
		require.Equal(t, want.language, request.LanguageOf(letter), letter)
	}
}
