package request_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/cases/request"
)

// Equal identifiers are equal however they are typed; what is none is refused by its field.
func TestIdentifiersHaveOneForm(t *testing.T) {
	t.Parallel()
	for _, row := range [][3]string{
		{"email", " Ana+News@Example.Test ", "ana+news@example.test"},
		{"phone", "+49 (30) 123-4567", "+49301234567"},
		{"account_id", " A-1 ", "A-1"},
	} {
		one, err := request.Identity{Kind: row[0], Value: row[1]}.Normal()
		require.NoError(t, err)
		require.Equal(t, request.Identity{Kind: row[0], Value: row[2]}, one)
	}
	for _, wrong := range [][2]string{{"email", "a@b.test, c@d.test"}, {"email", "Ana <ana@example.test>"}, {"email", "a@b.test\r\nBcc: c@d.test"}, {"email", "ana"},
		{"phone", "030 1234567"}, {"phone", "+٤٩٣٠١٢٣٤٥٦٧"}, {"account_id", "  "}, {"e-mail", "ana@example.test"}} {
		_, err := request.Identity{Kind: wrong[0], Value: wrong[1]}.Normal()
		require.Error(t, err, wrong)
	}
}
