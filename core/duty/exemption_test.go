package duty_test

import (
	"fmt"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/atlascloudai/docket/core/duty"
	"github.com/atlascloudai/docket/core/problem"
)

// Each rule knows its own grounds. A processor's duty to its customer (GDPR art. 33(2)) has no threshold of risk.
func TestARuleTakesOnlyTheGroundsThatItKnows(t *testing.T) {
	t.Parallel()
	for rule, want := range map[string][]string{
		"gdpr-33-1":              {"risk_unlikely", "controller_notifies", "not_in_scope"},
		"uk-gdpr-33-1":           {"risk_unlikely", "controller_notifies", "not_in_scope"},
		"gdpr-33-2":              {"not_in_scope"},
		"gdpr-34-1":              {"risk_not_high", "data_unintelligible", "measures_taken", "disproportionate_effort", "controller_notifies", "law_enforcement", "not_in_scope"},
		"dpa-incident":           {"customer_consent", "not_in_scope"},
		"dpa-incident-no-number": {"customer_consent", "not_in_scope"},
		"nydfs-500-17-a":         {"not_in_scope"},
	} {
		var fit []string
		for _, e := range duty.Exemptions() {
			require.NotEmpty(t, e.Source, e.Code)
			if _, err := duty.Exempt(rule, e.Code, "a public notice"); err == nil {
				fit = append(fit, e.Code)
			}
		}
		require.Equal(t, want, fit, rule)
	}
}

func TestAGroundThatDoesNotFitIsRefusedWithThoseThatDo(t *testing.T) {
	t.Parallel()
	for _, code := range []string{"law_enforcement", "we are busy", ""} {
		_, err := duty.Exempt("gdpr-33-1", code, "")
		var refusal *problem.Error
		require.ErrorAs(t, err, &refusal)
		require.Equal(t, "exemption", refusal.Field)
		require.Contains(t, refusal.Detail, "risk_unlikely, controller_notifies, not_in_scope")
	}
}

// GDPR art. 34(3)(c): "instead, there shall be a public communication or similar measure".
func TestDisproportionateEffortDemandsAPublicCommunicationInstead(t *testing.T) {
	t.Parallel()
	_, err := duty.Exempt("gdpr-34", "disproportionate_effort", "")
	var refusal *problem.Error
	require.ErrorAs(t, err, &refusal)
	require.Equal(t, "instead", refusal.Field)
	_, err = duty.Exempt("gdpr-34", "disproportionate_effort", "a notice on the status page and in two newspapers")
	require.NoError(t, err)
}

func TestEveryGroundIsDocumented(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/deciding.md")
	require.NoError(t, err)
	for _, e := range duty.Exemptions() {
		term := "none"
		if e.DPV != "" {
			term = "`" + e.DPV + "`"
		}
		require.Contains(t, string(page), fmt.Sprintf("| `%s` | %s | %s |\n", e.Code, e.Source, term))
	}
}
