package duty

import (
	"slices"
	"strings"

	"github.com/atlascloudai/docket/core/problem"
)

// Exemption is a ground on which a duty ends without being met.
type Exemption struct {
	// Code is what people and interfaces say, e.g. "risk_unlikely".
	Code string
	// Source is the provision that gives the ground.
	Source string
	// DPV is the term of the W3C Data Privacy Vocabulary 2 (its extension "justifications"), empty where none says the same.
	DPV string
	// Instead says that the ground demands something in place of the notice, which has to be named.
	Instead bool
	// rules are the rules that know the ground, each with those whose id goes on with a dash; none: every rule.
	rules []string
}

// The rules that know a ground of the GDPR, by whom is told.
var (
	toAuthority = []string{ruleGDPR, ruleUKGDPR}
	toPeople    = []string{"gdpr-34", "uk-gdpr-34"}
)

// exemptions is the closed list. Article 33(2), the processor's duty to its customer, has no threshold and so appears nowhere.
var exemptions = []Exemption{
	{Code: "risk_unlikely", Source: "GDPR art. 33(1): unlikely to result in a risk to people", DPV: "justifications:RightsFreedomsImpactUnlikely", rules: toAuthority},
	{Code: "risk_not_high", Source: "GDPR art. 34(1): no high risk is likely", rules: toPeople},
	{Code: "data_unintelligible", Source: "GDPR art. 34(3)(a): measures such as encryption make the data unintelligible", DPV: "justifications:ProcessSafeguarded", rules: toPeople},
	{Code: "measures_taken", Source: "GDPR art. 34(3)(b): measures taken since make a high risk no longer likely", DPV: "justifications:ProcessSafeguarded", rules: toPeople},
	{Code: "disproportionate_effort", Source: "GDPR art. 34(3)(c): disproportionate effort; a public communication or similar measure instead", DPV: "justifications:DisproportionateEffortRequired", Instead: true, rules: toPeople},
	{Code: "controller_notifies", Source: "GDPR art. 33(1), 34(1): the duty is the controller's, whose processor the company is", rules: slices.Concat(toAuthority, toPeople)},
	{Code: "law_enforcement", Source: "law under GDPR art. 23(1)(d), such as the UK Data Protection Act 2018, Schedule 2, paragraph 2", DPV: "justifications:CrimeInvestigationImpaired", rules: toPeople},
	{Code: "customer_consent", Source: "the agreement: the customer does without this notice in writing", rules: []string{"dpa-incident"}},
	{Code: "not_in_scope", Source: "the act's or agreement's own scope: it does not reach this party or these data", DPV: "justifications:NotRequiredJustification"},
}

// Exemptions are all grounds, in the order of the documentation.
func Exemptions() []Exemption { return slices.Clone(exemptions) }

// ExemptionOf finds a ground by its code; ok is false for one that is not on the list.
func ExemptionOf(code string) (e Exemption, ok bool) {
	i := slices.IndexFunc(exemptions, func(e Exemption) bool { return e.Code == code })
	if i < 0 {
		return Exemption{}, false
	}
	return exemptions[i], true
}

// Fits says whether a rule knows the ground.
func (e Exemption) Fits(rule string) bool {
	return len(e.rules) == 0 || slices.ContainsFunc(e.rules, func(known string) bool { return rule == known || strings.HasPrefix(rule, known+"-") })
}

// Exempt finds the ground under which a duty of a rule may end, or refuses with those that fit. instead is what is
// done in place of the notice, where the ground demands that.
func Exempt(rule, code, instead string) (Exemption, error) {
	e, known := ExemptionOf(code)
	if !known || !e.Fits(rule) {
		var fit []string
		for _, other := range exemptions {
			if other.Fits(rule) {
				fit = append(fit, other.Code)
			}
		}
		return Exemption{}, problem.InvalidField("exemption", "%q is no ground that %s knows; those that fit are %s", code, rule, strings.Join(fit, ", "))
	}
	if e.Instead && instead == "" {
		return Exemption{}, problem.InvalidField("instead", "%s demands something in place of the notice (%s): say what is done", code, e.Source)
	}
	return e, nil
}
